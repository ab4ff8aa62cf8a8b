import type {
  DescribeExecutionOutput,
  DescribeStateMachineOutput,
  ExecutionListItem,
  ExecutionRedriveStatus,
} from '@aws-sdk/client-sfn';
import type { Execution, StateMachine } from './execution.ts';
import { failureDetails, MOST_EVENTS } from './history.ts';

/** Days after its end in which an execution can be redriven. Source: API reference, RedriveExecution. */
export const REDRIVABLE_DAYS = 14;
/** Most redrives of one execution. Source: developer guide, Service quotas. */
const MOST_REDRIVES = 1000;
const DAY_MS = 86_400_000;
/** The revision of a machine that was never updated. Source: API reference, PublishStateMachineVersion, revisionId. */
export const INITIAL_REVISION = 'INITIAL';

/** Whether an execution can be redriven now, and if not, why. Source: API reference, RedriveExecution, conditions. */
export function redriveState(execution: Execution, now: number): { status: ExecutionRedriveStatus; reason?: string } {
  const refuse = (reason: string) => ({ status: 'NOT_REDRIVABLE' as const, reason });
  const { status } = execution;
  if (status === 'RUNNING' || status === 'SUCCEEDED') return refuse(`Execution is ${status} and cannot be redriven`);
  if (now - (execution.stoppedAt ?? now) > REDRIVABLE_DAYS * DAY_MS) {
    return refuse(`Execution has exceeded the redrivable period of ${REDRIVABLE_DAYS} days`);
  }
  if (execution.redriveCount >= MOST_REDRIVES) return refuse('Execution redrive count exceeded the limit');
  // One more event and the one that ends the execution must still fit.
  if (execution.history.events.length >= MOST_EVENTS - 1) return refuse('Execution event count exceeded the limit');
  return { status: 'REDRIVABLE' };
}

/** The answer of DescribeExecution. */
export function describeExecution(execution: Execution, now: number): DescribeExecutionOutput {
  const redrive = redriveState(execution, now);
  return {
    ...listItem(execution),
    input: execution.inputText,
    inputDetails: { included: true },
    ...(execution.outputText === undefined ? {} : { output: execution.outputText, outputDetails: { included: true } }),
    ...failureDetails(execution.failure ?? {}),
    redriveStatus: redrive.status,
    ...(redrive.reason === undefined ? {} : { redriveStatusReason: redrive.reason }),
  };
}

/** One entry of ListExecutions. */
export function listItem(execution: Execution): ExecutionListItem {
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.machine.arn,
    ...(execution.versionArn === undefined ? {} : { stateMachineVersionArn: execution.versionArn }),
    name: execution.name,
    status: execution.status,
    startDate: new Date(execution.startedAt),
    ...(execution.stoppedAt === undefined ? {} : { stopDate: new Date(execution.stoppedAt) }),
    redriveCount: execution.redriveCount,
    ...(execution.redrivenAt === undefined ? {} : { redriveDate: new Date(execution.redrivenAt) }),
  };
}

/** The answer of DescribeStateMachine. */
export function describeStateMachine(machine: StateMachine): DescribeStateMachineOutput {
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    status: 'ACTIVE',
    definition: machine.definitionText,
    roleArn: machine.roleArn,
    type: 'STANDARD',
    creationDate: machine.creationDate,
    ...(machine.kmsKeyId === undefined
      ? {}
      : { encryptionConfiguration: { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: machine.kmsKeyId } }),
    ...(machine.revisionId === INITIAL_REVISION ? {} : { revisionId: machine.revisionId }),
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
  };
}

/** "Step Functions Execution Status Change", as EventBridge delivers it. */
export interface ExecutionStatusChange {
  version: '0';
  id: string;
  'detail-type': 'Step Functions Execution Status Change';
  source: 'aws.states';
  account: string;
  time: string;
  region: string;
  resources: string[];
  /** Dates are milliseconds since the epoch; input and output are JSON texts. */
  detail: {
    executionArn: string;
    stateMachineArn: string;
    name: string;
    status: string;
    startDate: number;
    stopDate: number | null;
    input: string | null;
    output: string | null;
    stateMachineVersionArn: string | null;
    stateMachineAliasArn: null;
    redriveCount: number;
    redriveDate: number | null;
    redriveStatus: string;
    redriveStatusReason: string | null;
    inputDetails: { included: boolean };
    outputDetails: { included: boolean } | null;
    error: string | null;
    cause: string | null;
  };
}

/**
 * The event for the status that `execution` has now. Source: developer guide, EventBridge events for Step Functions; of a
 * machine with a customer-managed key input, output, error and cause are left out (Data at rest encryption, FAQs).
 */
export function statusChange(
  execution: Execution,
  given: { id: string; region: string; now: number },
): ExecutionStatusChange {
  const redrive = redriveState(execution, given.now);
  const included = execution.machine.kmsKeyId === undefined;
  const failure = included ? failureDetails(execution.failure ?? {}) : {};
  return {
    version: '0',
    id: given.id,
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account: execution.machine.accountId,
    // EventBridge gives whole seconds.
    time: new Date(given.now).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region: given.region,
    resources: [execution.arn],
    detail: {
      executionArn: execution.arn,
      stateMachineArn: execution.machine.arn,
      name: execution.name,
      status: execution.status,
      startDate: execution.startedAt,
      stopDate: execution.stoppedAt ?? null,
      input: included ? execution.inputText : null,
      output: (included ? execution.outputText : undefined) ?? null,
      stateMachineVersionArn: execution.versionArn ?? null,
      stateMachineAliasArn: null,
      redriveCount: execution.redriveCount,
      redriveDate: execution.redrivenAt ?? null,
      redriveStatus: redrive.status,
      redriveStatusReason: redrive.reason ?? null,
      inputDetails: { included },
      outputDetails: execution.outputText === undefined ? null : { included },
      error: failure.error ?? null,
      cause: failure.cause ?? null,
    },
  };
}
