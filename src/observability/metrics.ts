import type { ComponentOutput } from '../domain/contract.ts';
import type { Gate } from '../domain/gate.ts';
import { groupBy } from '../domain/groups.ts';
import type { FleetReadiness } from '../domain/readiness.ts';

/**
 * Namespace of every metric of the product (seed 4 §10.1). Seed 2's `AWS/…` is reserved for AWS. An environment has its own:
 * two in one account and Region must not raise each other's alarms.
 */
export function metricNamespace(environment: string | undefined): string {
  return environment === undefined ? 'DRS/Orchestration' : `DRS/Orchestration/${environment}`;
}

/** Names of the metrics with what they mean; the first five are seed 4's (§10.1), the last three seed 2's. */
export type MetricName =
  /** One a run of the recovery component. */
  | 'ExecutionCount'
  /** Servers of the frozen batches, whatever became of them. */
  | 'ServersProcessed'
  | 'FailedServers'
  | 'ExecutionDuration'
  /** From the start of a server's job until its instance ran, one value a server. */
  | 'RecoveryLaunchTime'
  /** How far behind the worst server's copy was when it was launched. */
  | 'DataAgeSeconds'
  /** Executions that are not over, at the moment. */
  | 'ActiveExecutions'
  /** Share of a wave's servers that ended as asked. */
  | 'WaveCompletionRate'
  /** Pieces of work that were done in a staging account through an assumed role. */
  | 'CrossAccountOperations'
  /** Gates that are decided and whose machine could not be told for a minute. */
  | 'LateBells'
  /** From a gate's decision, as it was recorded, until Step Functions took the bell; one value a gate. */
  | 'SettleDelaySeconds'
  /** Gates that wait for people, at the moment. */
  | 'GatesWaiting'
  /** How long the oldest of them has waited; 0 without one. */
  | 'OldestGateAgeSeconds'
  /** Minutes until the first of them expires; not written without one. */
  | 'GateMinutesLeft'
  /** Those that expire soon (see {@link aboutToExpire}). */
  | 'GatesAboutToExpire'
  /** From a change in the table until Slack took the message that shows it; one value a message. */
  | 'SlackDeliverySeconds'
  /** Messages that Slack has not taken for minutes, at the moment. */
  | 'UndeliveredMessages'
  /** Messages that Slack will never take: nobody tries again. */
  | 'UndeliverableMessages'
  /** Runs of an executor that failed, were stopped, ran out of time, or could not be started. */
  | 'ExecutorFailures'
  /** Applications that are not ready, or of which it is not known, at the moment. */
  | 'UnreadyApplications'
  /** Applications that were ready, or at risk, and are not ready any more. */
  | 'ReadinessLost'
  /** Servers whose replication has stalled, at the moment. */
  | 'StalledServers'
  /** Servers without a complete copy, at the moment. */
  | 'UnprotectedServers'
  /** How far behind the worst server's copy is, at the moment. */
  | 'WorstDataAgeSeconds'
  /** What is free of the tightest quota, at the moment. */
  | 'QuotaHeadroomPercent'
  /** Staging accounts that could not be read, at the moment. */
  | 'UnreachableAccounts';

/** One metric with its values and the one set of dimensions that they are filed under. */
export interface Metric {
  name: MetricName;
  unit: 'Count' | 'Seconds' | 'Percent' | 'None';
  /** At least one. */
  values: number[];
  /** No more than these: an id of an execution would make each execution a metric of its own. */
  dimensions: Partial<Record<'Action' | 'Status' | 'StagingAccount', string>>;
}

/** A server that was launched: when its job started and when its instance ran. Milliseconds since the epoch. */
export interface Launch {
  stagingAccountId: string;
  jobStartedAt: number;
  runningAt: number;
}

/** What the metrics need beyond the output. */
export interface MetricFacts {
  /** Of the servers that were launched, where both moments are known. */
  launches: readonly Launch[];
  /** Seconds that each server's copy was behind right before its launch, where DRS says so. */
  dataAges: readonly number[];
}

/** The parts of an output that are counted; none of them is emptied when the lists are truncated. */
export type CountedOutput = Pick<ComponentOutput, 'status' | 'action' | 'timing' | 'stagingAccountResults'>;

/**
 * The metrics of one run of the recovery component. `ServersProcessed` is also filed by its account alone, because the
 * dashboard of seed 4 §10.2 asks for it so and CloudWatch adds nothing up over dimensions.
 */
export function metricsOf(output: CountedOutput, facts: MetricFacts): Metric[] {
  const Action = output.action;
  return [
    count('ExecutionCount', 1, { Action, Status: output.status }),
    seconds('ExecutionDuration', [output.timing.durationSeconds], { Action }),
    ...byAccount(output).flatMap(({ accountId: StagingAccount, processed, failed }) => [
      count('ServersProcessed', processed, { Action, StagingAccount }),
      count('ServersProcessed', processed, { StagingAccount }),
      count('FailedServers', failed, { Action, StagingAccount }),
    ]),
    ...completionRate(output),
    ...launchTimes(facts.launches),
    ...(facts.dataAges.length === 0 ? [] : [seconds('DataAgeSeconds', [Math.max(...facts.dataAges)], { Action })]),
  ];
}

/** The gauge of executions that are not over. To be written again and again: CloudWatch keeps no last value. */
export function activeExecutionsMetric(executions: number): Metric {
  return count('ActiveExecutions', executions, {});
}

/** The gauge of decisions that did not reach their machine, at the moment. More than none is an alarm. */
export function lateBellsMetric(bells: number): Metric {
  return count('LateBells', bells, {});
}

/** What of a gate says how long it waits, and until when. Milliseconds since the epoch. */
export type WaitingGate = Pick<Gate, 'openedAt' | 'expiresAt'>;

/** An unanswered question ends an execution, and nobody may know of it: from here on it is an alarm. In milliseconds. */
const EXPIRES_SOON_MS = 10 * 60_000;

/**
 * True in the last ten minutes of a question's time, as its policy gave it; of one that has less than twenty, in the second
 * half. A pause of a week counts ten minutes before its end, not for a week.
 */
export function aboutToExpire({ openedAt, expiresAt }: WaitingGate, now: number): boolean {
  return expiresAt - now <= Math.min(EXPIRES_SOON_MS, (expiresAt - openedAt) / 2);
}

/** The gauges of the gates that wait for people. To be written again and again: CloudWatch keeps no last value. */
export function waitingGateMetrics(gates: readonly WaitingGate[], now: number): Metric[] {
  const ages = gates.map(({ openedAt }) => (now - openedAt) / 1_000);
  // One whose time is over is expired by its machine; until then nothing is left.
  const minutesLeft = gates.map(({ expiresAt }) => Math.max(0, (expiresAt - now) / 60_000));
  return [
    count('GatesWaiting', gates.length, {}),
    seconds('OldestGateAgeSeconds', [Math.max(0, ...ages)], {}),
    count('GatesAboutToExpire', gates.filter((gate) => aboutToExpire(gate, now)).length, {}),
    ...(gates.length === 0 ? [] : [gauge('GateMinutesLeft', Math.min(...minutesLeft))]),
  ];
}

/** How long a decision took to reach its machine; both moments in milliseconds since the epoch. */
export function settleDelayMetric(settledAt: number, rungAt: number): Metric {
  return seconds('SettleDelaySeconds', [(rungAt - settledAt) / 1_000], {});
}

/** How long a change took to be seen in Slack; both moments in milliseconds since the epoch. */
export function slackDeliveryMetric(changedAt: number, acceptedAt: number): Metric {
  return seconds('SlackDeliverySeconds', [Math.max(0, acceptedAt - changedAt) / 1_000], {});
}

/** The gauge of messages that Slack has not taken for minutes. */
export function undeliveredMetric(messages: number): Metric {
  return count('UndeliveredMessages', messages, {});
}

/** A message that Slack will never take. */
export function undeliverableMetric(): Metric {
  return count('UndeliverableMessages', 1, {});
}

/** A failed run of an executor. Filed by account, and without dimensions for the alarm: CloudWatch adds nothing up. */
export function executorFailureMetrics(stagingAccountId: string): Metric[] {
  return [count('ExecutorFailures', 1, { StagingAccount: stagingAccountId }), count('ExecutorFailures', 1, {})];
}

/**
 * What a check of readiness found. Of an account that could not be read nothing is said but that. What alarms look at is
 * also filed without dimensions, as a sum or the worst: an alarm looks at no more than ten metrics.
 * @param lost applications that have lost their readiness since the check before
 */
export function readinessMetrics(
  { accounts, counts }: Pick<FleetReadiness, 'accounts' | 'counts'>,
  lost: number,
): Metric[] {
  const read = accounts.filter(({ state }) => state === 'read');
  const headrooms = read.flatMap(({ headroomPercent }) => headroomPercent ?? []);
  return [
    count('UnreadyApplications', counts['not ready'] + counts['not known'], {}),
    count('ReadinessLost', lost, {}),
    // Where an execution is at work the check asks once and gives way.
    count(
      'UnreachableAccounts',
      accounts.filter(({ state, isBusy }) => state !== 'read' && isBusy !== true).length,
      {},
    ),
    count('StalledServers', sum(read.map(({ stalled }) => stalled)), {}),
    ...(headrooms.length === 0 ? [] : [percent('QuotaHeadroomPercent', Math.min(...headrooms), {})]),
    ...[...groupBy(read, ({ accountId }) => accountId)].flatMap(([StagingAccount, own]) => {
      const ages = own.flatMap(({ worstDataAgeSeconds }) => worstDataAgeSeconds ?? []);
      const free = own.flatMap(({ headroomPercent }) => headroomPercent ?? []);
      return [
        count('StalledServers', sum(own.map(({ stalled }) => stalled)), { StagingAccount }),
        count('UnprotectedServers', sum(own.map(({ unprotected }) => unprotected)), { StagingAccount }),
        ...(ages.length === 0 ? [] : [seconds('WorstDataAgeSeconds', [Math.max(...ages)], { StagingAccount })]),
        ...(free.length === 0 ? [] : [percent('QuotaHeadroomPercent', Math.min(...free), { StagingAccount })]),
      ];
    }),
  ];
}

/**
 * Pieces of work in a staging account: a discovery, a look for jobs, a read of instances, a start of the executor.
 * Filed by account, and without dimensions for the dashboard of seed 2.
 */
export function crossAccountMetrics(stagingAccountId: string, operations = 1): Metric[] {
  return [
    count('CrossAccountOperations', operations, { StagingAccount: stagingAccountId }),
    count('CrossAccountOperations', operations, {}),
  ];
}

/** Counts by account: an account's Regions are added up. */
function byAccount(output: CountedOutput): { accountId: string; processed: number; failed: number }[] {
  return [...groupBy(output.stagingAccountResults, ({ accountId }) => accountId)].map(([accountId, results]) => ({
    accountId,
    processed: sum(results.map(({ serversProcessed }) => serversProcessed)),
    failed: sum(results.map(({ failed }) => failed)),
  }));
}

/** None where there was nothing to do: no share can be taken of no servers, and to look at them completes nothing. */
function completionRate(output: CountedOutput): Metric[] {
  const processed = sum(output.stagingAccountResults.map(({ serversProcessed }) => serversProcessed));
  const succeeded = sum(output.stagingAccountResults.map((result) => result.succeeded));
  if (processed === 0 || output.action === 'status') return [];
  return [{ name: 'WaveCompletionRate', unit: 'Percent', values: [(succeeded * 100) / processed], dimensions: {} }];
}

/** A moment that cannot be right (no date, or before the job) is left out: it would spoil the average. */
function launchTimes(launches: readonly Launch[]): Metric[] {
  const took = ({ jobStartedAt, runningAt }: Launch) => (runningAt - jobStartedAt) / 1_000;
  const known = launches.filter((launch) => took(launch) >= 0);
  return [...groupBy(known, ({ stagingAccountId }) => stagingAccountId)].map(([StagingAccount, ofAccount]) =>
    seconds('RecoveryLaunchTime', ofAccount.map(took), { StagingAccount }),
  );
}

function count(name: MetricName, value: number, dimensions: Metric['dimensions']): Metric {
  return { name, unit: 'Count', values: [value], dimensions };
}

/** A number that is neither a count nor seconds. */
function gauge(name: MetricName, value: number): Metric {
  return { name, unit: 'None', values: [value], dimensions: {} };
}

function percent(name: MetricName, value: number, dimensions: Metric['dimensions']): Metric {
  return { name, unit: 'Percent', values: [value], dimensions };
}

function seconds(name: MetricName, values: number[], dimensions: Metric['dimensions']): Metric {
  return { name, unit: 'Seconds', values, dimensions };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
