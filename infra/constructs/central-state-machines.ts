import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnStateMachineVersion } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { FUNCTIONS, type FunctionName, placeholderOf } from '../../src/functions.ts';
import type { MachineName, Names } from '../names.ts';
import { allow } from './grant.ts';
import type { ProductFunction } from './product-function.ts';
import { definitionText, ofVersionsToo, placeholdersIn, StateMachineFromFile } from './state-machine-from-file.ts';

export interface CentralStateMachinesProps {
  readonly names: Names;
  readonly functions: Readonly<Record<FunctionName, ProductFunction>>;
  /** Accounts in which executors are started. */
  readonly stagingAccountIds: readonly string[];
  /** Encrypts the machines, their executions and their logs. */
  readonly key: IKey;
  /** How long their logs are kept, in days. */
  readonly logDays: number;
}

/** dr-execution, and the recovery component drs-orchestration-main that it starts. */
export class CentralStateMachines extends Construct {
  constructor(scope: Construct, id: string, props: CentralStateMachinesProps) {
    super(scope, id);
    const { names, functions, stagingAccountIds, key, logDays } = props;
    const base = (machine: MachineName) => {
      const used = functionsIn(machine);
      return {
        ...{ definition: machine, key, logDays },
        stateMachineName: names.named(machine),
        roleName: names.centralName(machine),
        // The version of this deployment: a running execution keeps the definition, and so the code, that it began with.
        substitutions: Object.fromEntries(
          used.map((name) => [placeholderOf(name), functions[name].lambda.currentVersion.functionArn]),
        ),
        // All versions: executions that are running call those of earlier deployments.
        invoke: allow(
          ['lambda:InvokeFunction'],
          used.map((name) => `${names.functionArn(name)}:*`),
        ),
      };
    };

    const main = base('drs-orchestration-main');
    const { stateMachine: orchestration } = new StateMachineFromFile(this, 'DrsOrchestrationMain', {
      ...main,
      startedByVersion: true,
      // The invoke roles of the staging accounts hold the rights to start, follow and stop their executors.
      statements: [main.invoke, allow(['sts:AssumeRole'], stagingAccountIds.map(names.invokeRoleArn))],
    });

    // An execution of several waves starts all of them by the version that was there when it began.
    const version = new CfnStateMachineVersion(this, 'DrsOrchestrationMainVersion', {
      stateMachineArn: orchestration.stateMachineArn,
      stateMachineRevisionId: orchestration.stateMachineRevisionId,
    });
    version.applyRemovalPolicy(RemovalPolicy.RETAIN);

    const execution = base('dr-execution');
    new StateMachineFromFile(this, 'DrExecution', {
      ...execution,
      substitutions: { ...execution.substitutions, DrsOrchestrationMain: version.ref },
      statements: [
        execution.invoke,
        // Of all its versions: IAM knows them by the condition key states:StateMachineQualifier only.
        allow(['states:StartExecution'], [names.machineArn('drs-orchestration-main')]),
        allow(
          ['states:DescribeExecution', 'states:StopExecution'],
          [names.machineExecutionsArn('drs-orchestration-main')],
        ),
        // The output of a run that has ended: it is read as by any caller.
        allow(['kms:Decrypt'], [key.keyArn], ofVersionsToo(names.machineArn('drs-orchestration-main'))),
        // How Step Functions learns that an execution in the same account has ended.
        allow(
          ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
          [names.arn('events', names.centralAccount, 'rule/StepFunctionsGetEventsForStepFunctionsExecutionRule')],
        ),
      ],
    });
  }
}

/** The functions that a definition names. */
function functionsIn(machine: MachineName): FunctionName[] {
  const placeholders = placeholdersIn(definitionText(machine));
  return functionNames().filter((name) => placeholders.includes(placeholderOf(name)));
}

function functionNames(): FunctionName[] {
  return Object.keys(FUNCTIONS) as FunctionName[];
}
