import type { FunctionName } from '../src/functions.ts';
import { metricNamespace } from '../src/observability/metrics.ts';
import type { Deployment } from './deployment.ts';
import { partitionOf } from './regions.ts';

/** The central state machines. */
export type MachineName = 'dr-execution' | 'drs-orchestration-main';

/** Role that central functions assume to read DRS and EC2 in a staging account. */
const READER_ROLE = 'DRS-Orchestration-Role';
/** Role that drs-orchestration-main assumes to start the executor of a staging account. */
const INVOKE_ROLE = 'dr-chatops-executor-invoke';
/** Role that the executor runs with. */
const EXECUTOR_ROLE = 'dr-chatops-executor';
/** Role with which EventBridge sends DRS's own events of a staging account to the central bus. */
const FORWARDER_ROLE = 'dr-chatops-drs-events';
/** Role that failback-origin assumes in a staging account, to have recovery instances copied back to AWS. */
const FAILBACK_ROLE = 'dr-chatops-failback';
/** Role that failback-origin assumes where servers came from, to launch there; its name ends with the Region. */
const ORIGIN_ROLE = 'dr-chatops-origin';
/** Role that take-action assumes in a target account, to start the documents that are listed for it. */
const ACTIONS_ROLE = 'dr-chatops-actions';
/** Role that answer-query assumes in a target account, to look whether a document is there. */
const ACTION_DOCUMENTS_ROLE = 'dr-chatops-action-documents';
const EXECUTOR = 'drs-staging-account-executor';

/** Central functions that read DRS and EC2 of the staging accounts. */
export const FUNCTIONS_THAT_READ_STAGING_ACCOUNTS: readonly FunctionName[] = [
  'prepare',
  'begin-wave',
  'discover-servers',
  'read-status',
  'record-account-result',
  'check-instances',
  'take-action',
  'close-execution',
  'refresh-catalogue',
  'answer-query',
  'check-readiness',
  'validate-accounts',
];

/** What is called by the deployment's environment alone: all that a command in a terminal has to know of it. */
export function environmentNames(environment: string | undefined) {
  const named = (base: string): string => (environment === undefined ? base : `${base}-${environment}`);
  return {
    named,
    /** Prefix of the SSM parameters. */
    configPath: `/${named('dr-chatops')}`,
    planTableName: named('recovery-plans'),
    groupTableName: named('protection-groups'),
  };
}

/**
 * Name of a state machine's log group. The prefix keeps AWS from needing an entry of its own for it in the log resource
 * policy, which is short.
 */
export function machineLogName(stateMachineName: string): string {
  return `/aws/vendedlogs/states/${stateMachineName}`;
}

/** Name of an API's log group, with the prefix for the same reason. */
export function apiLogName(apiName: string): string {
  return `/aws/vendedlogs/apis/${apiName}`;
}

/**
 * The names and ARNs that the stacks of a deployment know of each other. They are fixed rather than generated, because
 * stacks of different accounts cannot refer to each other's resources.
 */
export type Names = ReturnType<typeof namesOf>;

export function namesOf(deployment: Deployment) {
  const { accountId: centralAccount, region } = deployment.central;
  const partition = partitionOf(region);
  const { named, configPath, planTableName, groupTableName } = environmentNames(deployment.environment);
  const arn = (service: string, account: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const roleArn = (account: string, role: string): string => `arn:${partition}:iam::${account}:role/${role}`;
  /** Name of a function, of its role, and of a machine's role. */
  const centralName = (name: FunctionName | MachineName): string => named(`dr-chatops-${name}`);
  const busName = named('dr-chatops');
  const tableName = named('execution-history');

  return {
    /** @default - none: names have no ending */
    environment: deployment.environment,
    metricNamespace: metricNamespace(deployment.environment),
    named,
    arn,
    partition,
    region,
    centralAccount,
    centralName,
    tableName,
    planTableName,
    groupTableName,
    busName,
    executorName: named(EXECUTOR),
    readerRoleName: named(READER_ROLE),
    invokeRoleName: named(INVOKE_ROLE),
    executorRoleName: named(EXECUTOR_ROLE),
    forwarderRoleName: named(FORWARDER_ROLE),
    failbackRoleName: named(FAILBACK_ROLE),
    /** An account has one for each of its Regions that servers go back to: roles are not of a Region. */
    originRoleName: (originRegion: string): string => named(`${ORIGIN_ROLE}-${originRegion}`),
    actionsRoleName: named(ACTIONS_ROLE),
    actionDocumentsRoleName: named(ACTION_DOCUMENTS_ROLE),
    /** Of the rule that takes DRS's own events to the central bus. */
    forwarderRuleName: named(FORWARDER_ROLE),
    /** Of the SSM Automation runbook that calls the recovery component, and of its role. */
    runbookName: named('dr-chatops-recover-servers'),
    /** Of the schedules that make requests. */
    scheduleGroup: named('dr-chatops'),
    schedulerRoleName: named('dr-chatops-scheduler'),
    /** Prefix of the SSM parameters. */
    configPath,
    /** Of everything that the central stack logs: its functions, its machines, its API. */
    logGroupArns: [
      `/aws/lambda/${named('dr-chatops-*')}`,
      ...(['dr-execution', 'drs-orchestration-main'] satisfies MachineName[]).map((machine) =>
        machineLogName(named(machine)),
      ),
      apiLogName(named('dr-chatops')),
    ].map((group) => arn('logs', centralAccount, `log-group:${group}`)),

    centralRoleArn: (name: FunctionName | MachineName): string => roleArn(centralAccount, centralName(name)),
    functionArn: (name: FunctionName): string => arn('lambda', centralAccount, `function:${centralName(name)}`),
    machineArn: (name: MachineName): string => arn('states', centralAccount, `stateMachine:${named(name)}`),
    machineExecutionsArn: (name: MachineName): string => arn('states', centralAccount, `execution:${named(name)}:*`),
    busArn: arn('events', centralAccount, `event-bus/${busName}`),
    tableArn: arn('dynamodb', centralAccount, `table/${tableName}`),
    planTableArn: arn('dynamodb', centralAccount, `table/${planTableName}`),
    groupTableArn: arn('dynamodb', centralAccount, `table/${groupTableName}`),
    parameterArn: (name: string): string => arn('ssm', centralAccount, `parameter${configPath}/${name}`),

    executorArn: (account: string): string => arn('states', account, `stateMachine:${named(EXECUTOR)}`),
    executorExecutionsArn: (account: string): string => arn('states', account, `execution:${named(EXECUTOR)}:*`),
    readerRoleArn: (account: string): string => roleArn(account, named(READER_ROLE)),
    invokeRoleArn: (account: string): string => roleArn(account, named(INVOKE_ROLE)),
    executorRoleArn: (account: string): string => roleArn(account, named(EXECUTOR_ROLE)),
    forwarderRoleArn: (account: string): string => roleArn(account, named(FORWARDER_ROLE)),
    failbackRoleArn: (account: string): string => roleArn(account, named(FAILBACK_ROLE)),
    actionsRoleArn: (account: string): string => roleArn(account, named(ACTIONS_ROLE)),
    actionDocumentsRoleArn: (account: string): string => roleArn(account, named(ACTION_DOCUMENTS_ROLE)),
    roleArn,
    originRoleArn: (origin: { accountId: string; region: string }): string =>
      roleArn(origin.accountId, named(`${ORIGIN_ROLE}-${origin.region}`)),
  };
}
