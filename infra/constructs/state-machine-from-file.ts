import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { compact, foldedDefinition } from './compact-definition.ts';

/** Where the definitions are: `<base name of the machine>.asl.json`. */
const DEFINITIONS = path.join(import.meta.dirname, '../state-machines');

/** The text of a machine's definition, with its placeholders. */
export function definitionText(machine: string): string {
  return readFileSync(path.join(DEFINITIONS, `${machine}.asl.json`), 'utf8');
}

/** The names of the placeholders in a definition, each once. */
export function placeholdersIn(definition: string): string[] {
  return [...new Set([...definition.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? ''))];
}

export interface StateMachineFromFileProps {
  /** Base name of the definition's file. */
  readonly definition: string;
  readonly stateMachineName: string;
  readonly roleName: string;
  /**
   * Values of the definition's placeholders.
   *
   * @default - it has none
   */
  readonly substitutions?: Record<string, string>;
  /**
   * Whether the template comes to CloudFormation without a bucket, which leaves little room: what the definition repeats is
   * then written once. The definition has no placeholders.
   *
   * @default false
   */
  readonly inlineTemplate?: boolean;
  /** What the machine's role may do. */
  readonly statements: readonly PolicyStatement[];
  /**
   * How long the log is kept.
   *
   * @default - a year
   */
  readonly logRetention?: RetentionDays;
}

/** A Standard state machine, deployed from the same file that practice mode runs, with a role of its own. */
export class StateMachineFromFile extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: StateMachineFromFileProps) {
    super(scope, id);
    const { stateMachineName, roleName, statements, logRetention = RetentionDays.ONE_YEAR } = props;
    const definition = definitionText(props.definition);
    const { account, partition, region } = Stack.of(this);
    const role = new Role(this, 'Role', {
      roleName,
      // Only on behalf of this machine, so that Step Functions cannot be made to use the role for somebody else's.
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnEquals: {
            'aws:SourceArn': `arn:${partition}:states:${region}:${account}:stateMachine:${stateMachineName}`,
          },
        },
      }),
      inlinePolicies: { Needs: new PolicyDocument({ statements: [...statements] }) },
    });
    this.stateMachine = new StateMachine(this, 'Machine', {
      stateMachineName,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(
        props.inlineTemplate === true ? foldedDefinition(definition) : compact(definition),
      ),
      definitionSubstitutions: props.substitutions,
      role,
      tracingEnabled: true,
      logs: {
        level: LogLevel.ERROR,
        // Task tokens are execution data.
        includeExecutionData: false,
        destination: new LogGroup(this, 'Log', {
          // The prefix keeps Step Functions from needing an entry of its own in the log resource policy, which is short.
          logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
          retention: logRetention,
          removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        }),
      },
    });
  }
}
