import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  type CfnStateMachine,
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { machineLogName } from '../names.ts';
import { compact, foldedDefinition } from './compact-definition.ts';
import { allow } from './grant.ts';

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

type Conditions = Record<string, Record<string, string | string[]>>;

/** With what Step Functions asks for the key of a machine's executions. */
const CONTEXT = 'kms:EncryptionContext:aws:states:stateMachineArn';

/** The key's use for the executions of one machine. */
export function ofMachine(stateMachineArn: string): Conditions {
  return { StringEquals: { [CONTEXT]: stateMachineArn } };
}

/** The same where executions are started by a version: AWS does not say whether the context then names it. */
export function ofVersionsToo(stateMachineArn: string): Conditions {
  return { StringLike: { [CONTEXT]: [stateMachineArn, `${stateMachineArn}:*`] } };
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
  /**
   * Whether executions are started by the ARN of a version. AWS does not say whether Step Functions then names the version
   * where it takes the role: both are let in.
   *
   * @default false
   */
  readonly startedByVersion?: boolean;
  /** What the machine's role may do. */
  readonly statements: readonly PolicyStatement[];
  /** How long the log is kept, in days. */
  readonly logDays: number;
  /**
   * Encrypts its definition, its executions and its log.
   *
   * @default - a key of AWS's
   */
  readonly key?: IKey;
}

/** A Standard state machine, deployed from the same file that practice mode runs, with a role of its own. */
export class StateMachineFromFile extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: StateMachineFromFileProps) {
    super(scope, id);
    const { stateMachineName, roleName, statements, logDays, key } = props;
    const definition = definitionText(props.definition);
    const { account, partition, region } = Stack.of(this);
    const stateMachineArn = `arn:${partition}:states:${region}:${account}:stateMachine:${stateMachineName}`;
    const context = props.startedByVersion === true ? ofVersionsToo(stateMachineArn) : ofMachine(stateMachineArn);
    const role = new Role(this, 'Role', {
      roleName,
      // Only on behalf of this machine, so that Step Functions cannot be made to use the role for somebody else's.
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnEquals: {
            'aws:SourceArn':
              props.startedByVersion === true ? [stateMachineArn, `${stateMachineArn}:*`] : stateMachineArn,
          },
        },
      }),
      inlinePolicies: {
        Needs: new PolicyDocument({
          statements: [
            ...statements,
            ...(key === undefined ? [] : encrypting(key, context, `arn:${partition}:logs:${region}:${account}:*`)),
          ],
        }),
      },
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
          logGroupName: machineLogName(stateMachineName),
          retention: logDays,
          ...(key === undefined ? {} : { encryptionKey: key }),
          removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        }),
      },
    });
    if (key === undefined) return;
    // By its properties: the CDK's own way would give the role's rights a second policy, and the log service more of the key.
    const resource = this.stateMachine.node.defaultChild as CfnStateMachine;
    resource.encryptionConfiguration = { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: key.keyArn };
  }
}

/**
 * What the role of an encrypted machine needs of its key (Step Functions developer guide, "Data at rest encryption"): its
 * executions, and what it logs. A condition on kms:ViaService would keep executions from running. Whoever starts, stops or
 * redrives an execution, or answers its tasks, needs nothing of the key; whoever reads one (DescribeExecution) needs
 * kms:Decrypt.
 */
function encrypting(key: IKey, context: Conditions, logGroups: string): PolicyStatement[] {
  return [
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [key.keyArn], context),
    allow(['kms:GenerateDataKey'], [key.keyArn], { StringEquals: { 'kms:EncryptionContext:SourceArn': logGroups } }),
  ];
}
