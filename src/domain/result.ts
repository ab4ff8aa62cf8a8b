import type {
  AccountResult,
  ComponentInput,
  ComponentOutput,
  FailedServer,
  RecoveryInstanceResult,
  SkippedServer,
} from './contract.ts';
import { groupBy } from './plan.ts';
import type { BatchStatus, ServerState } from './status.ts';
import type { Outcome } from './vocabulary.ts';

/** A server of a batch with what is known of its launch. */
export interface BatchServer {
  sourceServerId: string;
  hostname: string;
  tags: Record<string, string>;
  state: ServerState;
  recoveryInstanceId?: string;
  ec2InstanceId?: string;
  privateIp?: string;
  /** ISO 8601. */
  launchTime?: string;
  errorCode?: string;
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

/** Share of servers, in percent, that must be launched for the next phase after a partial result (seed 4 §11.3). */
const READY_ABOVE_PERCENT = 50;

export interface OutputContext {
  input: Pick<ComponentInput, 'action' | 'metadata' | 'options'>;
  batches: Batch[];
  skipped: SkippedServer[];
  /** Set when nothing may be launched although servers were found (or too few were): the reasons. */
  stops: string[];
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number;
  resultLocation: string;
}

/**
 * The component's output. Every discovered server is in exactly one of recoveryInstances, failedServers and
 * skippedServers.
 */
export function buildOutput(context: OutputContext): ComponentOutput {
  const servers = context.batches.flatMap((batch) => batch.servers.map((server) => ({ batch, server })));
  const recoveryInstances = servers.filter(({ server }) => server.state === 'launched').map(launched);
  const failedServers = servers
    .filter(({ server }) => server.state !== 'launched' && server.state !== 'skipped')
    .map(failed);
  const skippedServers = [
    ...context.skipped,
    ...servers.filter(({ server }) => server.state === 'skipped').map(skipped),
  ];
  const counts = { launched: recoveryInstances.length, failed: failedServers.length };
  const timedOut = failedServers.some((server) => server.errorCode === 'JobTimeout');
  const notLaunched = servers.length - counts.launched;
  const status = outcomeOf({ ...counts, notLaunched, timedOut, stopped: context.stops.length > 0 });
  return {
    status,
    action: context.input.action,
    summary: {
      totalServers: servers.length + context.skipped.length,
      succeeded: counts.launched,
      failed: counts.failed,
      skipped: skippedServers.length,
    },
    timing: timing(context.startedAt, context.endedAt),
    recoveryInstances,
    failedServers,
    skippedServers,
    stagingAccountResults: accountResults(context.batches),
    metadata: context.input.metadata,
    nextPhaseReady: isNextPhaseReady(status, counts.launched, servers.length),
    truncated: false,
    resultLocation: context.resultLocation,
    ...(context.stops.length > 0 ? { message: `Nothing was launched. ${context.stops.join(' ')}` } : {}),
    ...(context.stops.length === 0 && servers.length === 0
      ? { message: 'No servers found matching the specified tags' }
      : {}),
  };
}

/**
 * The outcome of a launch. Zero servers are a success for a direct caller (seed 4 §14.1); a request from the chat never
 * comes this far with none.
 */
export function outcomeOf(counts: {
  launched: number;
  failed: number;
  notLaunched: number;
  timedOut: boolean;
  stopped: boolean;
}): Outcome {
  if (counts.stopped) return 'failed';
  if (counts.timedOut) return 'timeout';
  if (counts.notLaunched === 0) return 'success';
  return counts.launched > 0 ? 'partial' : 'failed';
}

function isNextPhaseReady(status: Outcome, launchedCount: number, total: number): boolean {
  return status === 'success' || (status === 'partial' && launchedCount * 100 > total * READY_ABOVE_PERCENT);
}

interface ServerOfBatch {
  batch: Batch;
  server: BatchServer;
}

function launched({ batch, server }: ServerOfBatch): RecoveryInstanceResult {
  return {
    sourceServerId: server.sourceServerId,
    sourceServerHostname: server.hostname,
    recoveryInstanceId: server.recoveryInstanceId ?? '',
    ec2InstanceId: server.ec2InstanceId ?? '',
    stagingAccountId: batch.accountId,
    status: 'launched',
    ...(server.privateIp === undefined ? {} : { privateIp: server.privateIp }),
    ...(server.launchTime === undefined ? {} : { launchTime: server.launchTime }),
    tags: server.tags,
  };
}

function failed({ batch, server }: ServerOfBatch): FailedServer {
  return {
    sourceServerId: server.sourceServerId,
    sourceServerHostname: server.hostname,
    stagingAccountId: batch.accountId,
    errorCode: server.errorCode ?? 'DRSServiceError',
    errorMessage:
      server.errorMessage ?? `The launch ended in the state ${server.state}; the job is ${batch.jobId ?? 'unknown'}.`,
  };
}

function skipped({ batch, server }: ServerOfBatch): SkippedServer {
  return {
    sourceServerId: server.sourceServerId,
    sourceServerHostname: server.hostname,
    stagingAccountId: batch.accountId,
    reason: server.errorMessage ?? 'not started',
  };
}

function accountResults(batches: Batch[]): AccountResult[] {
  return [...groupBy(batches, (batch) => `${batch.accountId}/${batch.region}`).values()].map((ofAccount) => {
    const servers = ofAccount.flatMap((batch) => batch.servers);
    const jobIds = ofAccount.flatMap((batch) => (batch.jobId === undefined ? [] : [batch.jobId]));
    const succeeded = servers.filter((server) => server.state === 'launched').length;
    const skippedCount = servers.filter((server) => server.state === 'skipped').length;
    return {
      accountId: ofAccount[0]?.accountId ?? '',
      region: ofAccount[0]?.region ?? '',
      serversProcessed: servers.length,
      succeeded,
      failed: servers.length - succeeded - skippedCount,
      jobId: jobIds[0] ?? '',
      jobIds,
    };
  });
}

function timing(startedAt: number, endedAt: number): ComponentOutput['timing'] {
  const durationSeconds = Math.max(0, Math.round((endedAt - startedAt) / 1_000));
  return {
    startTime: new Date(startedAt).toISOString(),
    endTime: new Date(endedAt).toISOString(),
    durationSeconds,
    durationFormatted: isoDuration(durationSeconds),
  };
}

/** Seconds as an ISO 8601 duration, e.g. 2730 as `PT45M30S`. */
export function isoDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = seconds % 60;
  const text = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest > 0 || seconds === 0 ? `${rest}S` : ''}`;
  return `PT${text}`;
}
