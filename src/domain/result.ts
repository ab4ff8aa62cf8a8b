import type {
  AccountResult,
  ComponentInput,
  ComponentOutput,
  FailedServer,
  MissingAccount,
  RecoveryInstanceResult,
  SkippedServer,
  STATUS_CHECKS,
} from './contract.ts';
import { isoDuration } from './duration.ts';
import { groupBy } from './groups.ts';
import type { Finding, FindingKind, Plan, PlannedFailure, PlannedServer, PlannedSkip } from './plan.ts';
import { type BatchStatus, isDone, type ServerState } from './status.ts';
import type { Outcome, PlannedVerb } from './vocabulary.ts';

/** A server of a batch with what is known of it. */
export interface BatchServer extends PlannedServer {
  state: ServerState;
  privateIp?: string;
  /** ISO 8601. */
  launchTime?: string;
  instanceType?: string;
  /** EC2's status checks when they were last read. */
  statusChecks?: (typeof STATUS_CHECKS)[number];
  /** The point in time that it was launched from, ISO 8601. */
  pointInTime?: string;
  /** Failback to AWS: all of it has been copied back, and it is launched when the others' copies are complete, too. */
  isCopied?: true;
  errorCode?: string;
  /** Why it failed or was skipped; of a server that is still copying: how far it is. */
  errorMessage?: string;
}

/** A batch as it is stored: one DRS job's worth of servers of one account. */
export interface Batch {
  batchId: string;
  accountId: string;
  region: string;
  status: BatchStatus;
  jobId?: string;
  servers: BatchServer[];
}

export interface OutputContext {
  input: { action: PlannedVerb } & Pick<ComponentInput, 'metadata' | 'options'>;
  batches: Batch[];
  /** Servers that the plan itself left out. */
  skipped: PlannedSkip[];
  /** Servers that the plan itself found to fail. */
  failed: PlannedFailure[];
  missingAccounts: MissingAccount[];
  warnings: string[];
  /** Set when nothing may be done although servers were found (or too few were): the reasons. */
  stops: string[];
  /** Set when the wave was not begun: why. Its batches say it of each server. */
  notBegun?: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number;
  resultLocation: string;
  monitoringUrl?: string;
}

/**
 * The component's output. Every discovered server is in exactly one of recoveryInstances, failedServers and
 * skippedServers.
 */
export function buildOutput(context: OutputContext): ComponentOutput {
  const { input, batches, stops } = context;
  const servers = batches.flatMap((batch) => batch.servers.map((server) => ({ batch, server, verb: input.action })));
  const recoveryInstances = servers.filter(({ server }) => isDone(server.state)).map(done);
  const failedServers = [
    ...context.failed.map(({ region: _, wave: __, ...server }) => server),
    ...servers.filter(({ server }) => hasFailed(server.state)).map(failed),
  ];
  const skippedServers = [
    ...context.skipped.map(({ wave: _, ...server }) => server),
    ...servers.filter(({ server }) => isSkipped(server.state)).map(skipped),
  ];
  const total = servers.length + context.failed.length;
  const copying = servers.filter(({ server }) => server.state === 'copying').length;
  const status = outcomeOf({
    done: recoveryInstances.length,
    notDone: total - recoveryInstances.length,
    copying,
    timedOut: failedServers.some((server) => server.errorCode === 'JobTimeout'),
    stopped: stops.length > 0 || context.notBegun !== undefined,
    accountsMissing: context.missingAccounts.length > 0,
  });
  const message = messageOf(context, total);
  return {
    status,
    action: input.action,
    isDrill: input.action === 'drill',
    summary: {
      totalServers: total + context.skipped.length,
      succeeded: recoveryInstances.length,
      failed: failedServers.length,
      skipped: skippedServers.length,
    },
    timing: timing(context.startedAt, context.endedAt),
    recoveryInstances,
    failedServers,
    skippedServers,
    stagingAccountResults: accountResults(batches, context.failed),
    missingAccounts: context.missingAccounts,
    warnings: context.warnings,
    metadata: input.metadata,
    nextPhaseReady: copying === 0 && isNextPhaseReady(status, { done: recoveryInstances.length, total }, context),
    truncated: false,
    resultLocation: context.resultLocation,
    ...(context.monitoringUrl === undefined ? {} : { monitoringUrl: context.monitoringUrl }),
    ...(message === undefined ? {} : { message }),
  };
}

/**
 * The outcome of what was done. Zero servers are a success for a direct caller (seed 4 §14.1); a request from the chat
 * never comes this far with none. Where an account is missing nobody knows whether all was done. What still copies has
 * not failed.
 */
export function outcomeOf(counts: {
  done: number;
  notDone: number;
  /** Of those not done: servers whose failback is still copying. */
  copying: number;
  timedOut: boolean;
  stopped: boolean;
  accountsMissing: boolean;
}): Outcome {
  if (counts.stopped) return 'failed';
  if (counts.timedOut) return 'timeout';
  if (counts.notDone === 0 && !counts.accountsMissing) return 'success';
  return counts.done + counts.copying > 0 ? 'partial' : 'failed';
}

/**
 * Seed 4 §11.3: after a partial result, when more than the asked-for share succeeded. With an account missing the share
 * is not known, so only a caller who allowed that goes on.
 */
function isNextPhaseReady(
  status: Outcome,
  { done, total }: { done: number; total: number },
  { input: { options }, missingAccounts }: OutputContext,
): boolean {
  if (status !== 'partial') return status === 'success';
  if (missingAccounts.length > 0 && !options.allowMissingAccounts) return false;
  return done * 100 > total * options.successThresholdPercent;
}

/** What is said when nothing came of it. */
export const NOTHING_DONE: Record<PlannedVerb, string> = {
  drill: 'Nothing was launched.',
  failover: 'Nothing was launched.',
  failback: 'Nothing was failed back.',
  terminate: 'Nothing was terminated.',
};

function messageOf(
  { input, stops, skipped, missingAccounts, notBegun }: OutputContext,
  total: number,
): string | undefined {
  const nothing = NOTHING_DONE[input.action];
  if (notBegun !== undefined) return `${nothing} ${notBegun}.`;
  if (stops.length > 0) return `${nothing} ${stops.join(' ')}`;
  if (total > 0) return undefined;
  if (missingAccounts.length > 0) return `${nothing} No servers were found in the accounts that could be read.`;
  if (skipped.length > 0)
    return `${nothing} All ${skipped.length} matching servers were skipped; skippedServers says why.`;
  return 'No servers found matching the specified tags';
}

const FINDING_CODES: Record<FindingKind, string> = {
  'live instance': 'LiveInstance',
  replication: 'ServerNotReady',
  'running job': 'ConflictException',
  snapshot: 'NoSnapshot',
  'launch settings': 'LaunchSettings',
  failback: 'ServerNotReady',
  unchecked: 'NotChecked',
};

/** The batches of a plan that may not run: the servers that stop it have failed, the others are skipped. */
export function stoppedBatches<T extends Batch>(batches: T[], plan: Pick<Plan, 'verb' | 'findings' | 'stops'>): T[] {
  if (plan.stops.length === 0) return batches;
  const stoppers = new Map<string, Finding[]>();
  for (const finding of plan.findings.filter(({ severity }) => severity === 'stop')) {
    const key = `${finding.accountId}/${finding.sourceServerId}`;
    stoppers.set(key, [...(stoppers.get(key) ?? []), finding]);
  }
  return batches.map((batch) => ({
    ...batch,
    servers: batch.servers.map((server): BatchServer => {
      const findings = stoppers.get(`${batch.accountId}/${server.sourceServerId}`);
      const [first] = findings ?? [];
      if (first === undefined) {
        return { ...server, state: 'skipped', errorMessage: `the ${plan.verb} was stopped before anything was done` };
      }
      return {
        ...server,
        state: 'failed',
        errorCode: FINDING_CODES[first.kind],
        errorMessage: findings?.map(({ message }) => message).join('; '),
      };
    }),
  }));
}

/** The output without its lists, for a result that is too large to be handed on whole: it is at its resultLocation. */
export function withoutLists(output: ComponentOutput): ComponentOutput {
  const { servers: _, ...rest } = output;
  return {
    ...rest,
    recoveryInstances: [],
    failedServers: [],
    skippedServers: [],
    ...(output.servers === undefined ? {} : { servers: [] }),
    truncated: true,
  };
}

interface ServerOfBatch {
  batch: Batch;
  server: BatchServer;
  verb: PlannedVerb;
}

function isSkipped(state: ServerState): boolean {
  return state === 'skipped' || state === 'copying';
}

/** A server that was left in the middle counts as failed: nobody knows its end. */
function hasFailed(state: ServerState): boolean {
  return !isDone(state) && !isSkipped(state);
}

function nameOf({ batch, server }: ServerOfBatch) {
  return {
    sourceServerId: server.sourceServerId,
    sourceServerHostname: server.hostname,
    stagingAccountId: batch.accountId,
  };
}

function done(known: ServerOfBatch): RecoveryInstanceResult {
  const { server, verb } = known;
  const { privateIp, launchTime, instanceType, statusChecks, pointInTime } = server;
  return {
    ...nameOf(known),
    recoveryInstanceId: server.recoveryInstanceId ?? '',
    ec2InstanceId: server.ec2InstanceId ?? '',
    status: verb === 'terminate' ? 'terminated' : 'launched',
    ...(privateIp === undefined ? {} : { privateIp }),
    ...(launchTime === undefined ? {} : { launchTime }),
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(statusChecks === undefined ? {} : { statusChecks }),
    ...(pointInTime === undefined ? {} : { pointInTime }),
    tags: server.tags,
  };
}

function failed(known: ServerOfBatch): FailedServer {
  const { batch, server } = known;
  return {
    ...nameOf(known),
    errorCode: server.errorCode ?? 'DRSServiceError',
    errorMessage:
      server.errorMessage ?? `It was left in the state ${server.state}; the job is ${batch.jobId ?? 'unknown'}.`,
    ...(server.recoveryInstanceId === undefined ? {} : { recoveryInstanceId: server.recoveryInstanceId }),
  };
}

function skipped(known: ServerOfBatch): SkippedServer {
  const { server } = known;
  const otherwise = server.state === 'copying' ? 'its failback is still copying' : 'not started';
  return { ...nameOf(known), reason: server.errorMessage ?? otherwise };
}

/** By account and Region, both of the batches and of the servers that failed before any batch was cut. */
export function accountResults(batches: Batch[], failures: PlannedFailure[]): AccountResult[] {
  const shares = [
    ...batches.map(({ accountId, region, servers, jobId }) => ({
      accountId,
      region,
      states: servers.map((server) => server.state),
      jobIds: jobId === undefined ? [] : [jobId],
    })),
    ...failures.map(({ stagingAccountId, region }) => ({
      accountId: stagingAccountId,
      region,
      states: ['failed' as const],
      jobIds: [],
    })),
  ];
  return [...groupBy(shares, ({ accountId, region }) => `${accountId}/${region}`).values()].map((ofAccount) => {
    const states = ofAccount.flatMap((share) => share.states);
    const jobIds = [...new Set(ofAccount.flatMap((share) => share.jobIds))];
    return {
      accountId: ofAccount[0]?.accountId ?? '',
      region: ofAccount[0]?.region ?? '',
      serversProcessed: states.length,
      succeeded: states.filter(isDone).length,
      failed: states.filter(hasFailed).length,
      jobId: jobIds[0] ?? '',
      jobIds,
    };
  });
}

/** When something began and ended, in milliseconds since the epoch, as the output says it. */
export function timing(startedAt: number, endedAt: number): ComponentOutput['timing'] {
  const durationSeconds = Math.max(0, Math.round((endedAt - startedAt) / 1_000));
  return {
    startTime: new Date(startedAt).toISOString(),
    endTime: new Date(endedAt).toISOString(),
    durationSeconds,
    durationFormatted: isoDuration(durationSeconds),
  };
}
