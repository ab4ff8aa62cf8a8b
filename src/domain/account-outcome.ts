import { instancesOf } from './batches.ts';
import type { ExecutorOutput, FinishedBatch } from './executor-contract.ts';
import type { Batch, BatchServer } from './result.ts';
import { isGone } from './server.ts';
import { isBatchTerminal, isDone, isLeftOut, serverStateOf } from './status.ts';
import type { PlannedVerb } from './vocabulary.ts';

/**
 * How the executor's answer, or what DRS says after an executor died, becomes the final state of each server. The rules
 * are pure: the facts come as data.
 */

/** What is said of one server, or of one of its instances. */
export interface Participant {
  /** Source server id; empty where only the instance is named. */
  id: string;
  status: string;
  instanceId?: string;
}

/** A DRS job as it was found by its tags. */
export interface FoundJob {
  batchId: string;
  jobId: string;
  status: string;
  participants: Participant[];
}

/** A recovery instance as DRS has it now. */
export interface FoundInstance {
  recoveryInstanceId: string;
  /** EC2 state, upper case. */
  state: string;
}

/** The reason that the executor gives for batches which it had no time to start. */
const NO_TIME = 'the time allowed was over';

/** The batch as the executor left it. A batch that is over already is given back as it is. */
export function applyExecutorResult<T extends Batch>(batch: T, result: ExecutorOutput, verb: PlannedVerb): T {
  return settled(batch, () => settledBy(batch, result, verb));
}

/** The batch as `settle` leaves it, unless it is over already; servers that were left out before stay as they are. */
function settled<T extends Batch>(batch: T, settle: () => Batch): T {
  if (isBatchTerminal(batch.status)) return batch;
  const leftOut = new Map(batch.servers.filter(isLeftOut).map((server) => [server.sourceServerId, server]));
  const { status, jobId, servers } = settle();
  return { ...batch, status, jobId, servers: servers.map((server) => leftOut.get(server.sourceServerId) ?? server) };
}

function settledBy(batch: Batch, result: ExecutorOutput, verb: PlannedVerb): Batch {
  const finished = result.finished.find((candidate) => candidate.batchId === batch.batchId);
  if (finished !== undefined) return applyFinished(batch, finished, verb);
  const reason =
    result.notStarted.find((candidate) => candidate.batchId === batch.batchId)?.reason ??
    'the executor did not report it';
  if (batch.jobId !== undefined) return withJobOutOfSight(batch, batch.jobId, reason);
  const servers = batch.servers.map((server) =>
    reason === NO_TIME
      ? fail(server, 'JobTimeout', 'Not started: the time allowed was over.')
      : skipped(server, `not started: ${reason}`),
  );
  return { ...batch, status: reason === NO_TIME ? 'timeout' : 'not started', servers };
}

function applyFinished(batch: Batch, finished: FinishedBatch, verb: PlannedVerb): Batch {
  const jobId = finished.jobId ?? batch.jobId;
  const ended = (otherwise: Otherwise): BatchServer[] =>
    batch.servers.map((server) => {
      const excluded = finished.excluded.find((candidate) => candidate.id === server.sourceServerId);
      // A server that was seen to be done needs no second start: being left out of one does not undo it.
      return excluded === undefined || isDone(server.state)
        ? withParticipants(server, finished.servers, verb, otherwise)
        : fail(server, excluded.error, excluded.cause);
    });
  switch (finished.outcome) {
    case 'refused': {
      const cause = finished.cause ?? 'The batch was refused.';
      if (batch.jobId !== undefined) return withJobOutOfSight(batch, batch.jobId, cause);
      return { ...batch, jobId, status: 'refused', servers: refused(batch, finished, cause) };
    }
    case 'timeout':
      return {
        ...batch,
        jobId,
        status: 'timeout',
        servers: ended((server, status) =>
          status !== undefined && serverStateOf(status, verb) === 'failed'
            ? failedIn(server, status, jobId, verb)
            : fail(server, 'JobTimeout', timeoutWords(verb, jobId)),
        ),
      };
    case 'finished':
      return {
        ...batch,
        jobId,
        status: 'finished',
        servers: ended((server, status) => failedIn(server, status, jobId, verb)),
      };
  }
}

/** The servers that are the cause have failed, each with its own reason; the others were not started. */
function refused(batch: Batch, finished: FinishedBatch, cause: string): BatchServer[] {
  const all = batch.servers.map((server) => server.sourceServerId);
  const excluded = new Map(finished.excluded.map((server) => [server.id, server]));
  const culprits = finished.serverIds ?? (excluded.size > 0 ? [] : all);
  return batch.servers.map((server) => {
    const own = excluded.get(server.sourceServerId);
    if (own !== undefined) return fail(server, own.error, own.cause);
    return culprits.includes(server.sourceServerId)
      ? fail(server, finished.error ?? 'DRSServiceError', cause)
      : skipped(server, `its batch was refused: ${cause}`);
  });
}

/**
 * The batch of a launch or a failback after its executor died: from the job with its tags where there is one. Servers
 * that are still launching are failures with the job named, because nobody watches them any more.
 */
export function applyFoundJobs<T extends Batch>(batch: T, jobs: FoundJob[], cause: string, verb: PlannedVerb): T {
  return settled(batch, () => settledByJobs(batch, jobs, cause, verb));
}

function settledByJobs(batch: Batch, jobs: FoundJob[], cause: string, verb: PlannedVerb): Batch {
  const job = jobs.find((candidate) => candidate.batchId === batch.batchId);
  if (job === undefined && batch.jobId !== undefined) return withJobOutOfSight(batch, batch.jobId, cause);
  if (job === undefined) {
    const servers = batch.servers.map((server) =>
      fail(server, 'DRSServiceError', `No job was started for it. ${cause}`),
    );
    return { ...batch, status: 'not started', servers };
  }
  const servers = batch.servers.map((known) =>
    withParticipants(known, job.participants, verb, (server, status) =>
      fail(
        server,
        'DRSServiceError',
        `The job ${job.jobId} (${job.status}) had it as ${status ?? 'unknown'} when its executor ended. ${cause}`,
      ),
    ),
  );
  return { ...batch, jobId: job.jobId, status: 'finished', servers };
}

/**
 * The batch of a termination after its executor died. TERMINATE jobs carry no tags, so what the instances say now
 * counts: one that DRS no longer has is gone. `instances` are those of the batch that DRS still knows.
 */
export function applyFoundInstances<T extends Batch>(batch: T, instances: FoundInstance[], cause: string): T {
  const states = new Map(instances.map((instance) => [instance.recoveryInstanceId, instance.state]));
  const servers = batch.servers.map((server): BatchServer => {
    const left = instancesOf(server).flatMap(({ recoveryInstanceId }) => {
      const state = states.get(recoveryInstanceId);
      return state === undefined || isGone(state) ? [] : [`${recoveryInstanceId} was ${state.toLowerCase()}`];
    });
    return left.length === 0
      ? { ...server, state: 'terminated' }
      : fail(server, 'DRSServiceError', `${left.join(', ')} when its executor ended. ${cause}`);
  });
  return settled(batch, () => ({ ...batch, status: 'finished', servers }));
}

/** How far the failback of one server to AWS is, as the origin Region says it. */
export type OriginFailback = { sourceServerId: string } & (
  | { state: 'copying'; detail: string }
  | { state: 'launched'; instanceId: string }
  | { state: 'failed'; errorCode: string; errorMessage: string }
);

/** The batch of a failback to AWS as a call leaves it. What is still copying is for a later call; nothing was lost. */
export function applyOriginFailback<T extends Batch>(batch: T, known: OriginFailback[]): T {
  const servers = batch.servers.map((server) =>
    withOriginFailback(
      server,
      known.find((candidate) => candidate.sourceServerId === server.sourceServerId),
    ),
  );
  return settled(batch, () => ({ ...batch, status: 'finished', servers }));
}

function withOriginFailback(server: BatchServer, now: OriginFailback | undefined): BatchServer {
  switch (now?.state) {
    case 'copying':
      return { ...server, state: 'copying', errorMessage: now.detail };
    case 'launched':
      return { ...server, state: 'launched', recoveryInstanceId: now.instanceId, ec2InstanceId: now.instanceId };
    case 'failed':
      return fail(server, now.errorCode, now.errorMessage);
    case undefined:
      return fail(server, 'DRSServiceError', 'Its failback was not begun: nothing is known of it.');
  }
}

/** The batch of a wave that is not begun: nothing was done with its servers, and `reason` says why. */
export function applyNotBegun<T extends Batch>(batch: T, reason: string): T {
  const servers = batch.servers.map((server) => skipped(server, reason));
  return settled(batch, () => ({ ...batch, status: 'not started', servers }));
}

/**
 * A batch that is over, as DRS has it by now: what was launched, or is gone, after its time had come is done. Nothing else
 * changes. `participants`: of its job, or of a termination its instances that are gone.
 */
export function applyLate<T extends Batch>(batch: T, participants: Participant[], verb: PlannedVerb): T {
  const servers = batch.servers.map((server): BatchServer => {
    if (isDone(server.state) || server.state === 'copying') return server;
    const later = withParticipants(server, participants, verb, (unchanged) => unchanged);
    if (later === server) return server;
    const { errorCode: _, errorMessage: __, ...done } = later;
    return done;
  });
  return servers.every((server, index) => server === batch.servers[index]) ? batch : { ...batch, servers };
}

/**
 * The batch of a termination with what EC2 says: an instance that DRS does not know is not gone for that. `standing`: ids of
 * the servers' instances that EC2 has.
 */
export function requireGone<T extends Batch>(batch: T, standing: readonly string[]): T {
  const servers = batch.servers.map((server) => {
    const left = instancesOf(server).filter(({ recoveryInstanceId }) => standing.includes(recoveryInstanceId));
    if (server.state !== 'terminated' || left.length === 0) return server;
    const ids = left.map(({ recoveryInstanceId }) => recoveryInstanceId).join(', ');
    return fail(server, 'NotInDrs', `DRS no longer knows ${ids}, which still runs: it can only be terminated in EC2.`);
  });
  return { ...batch, servers };
}

/** With options.statusChecks: a launched server whose status checks have not passed has failed; its instance stays. */
export function requireStatusChecks<T extends Batch>(batch: T): T {
  const servers = batch.servers.map((server) =>
    server.state !== 'launched' || server.statusChecks === 'ok'
      ? server
      : fail(
          server,
          'StatusChecksFailed',
          `It was launched as ${server.recoveryInstanceId ?? 'an unknown instance'}, but its EC2 status checks are ${server.statusChecks ?? 'not known'}. The instance still runs.`,
        ),
  );
  return { ...batch, servers };
}

/**
 * The batch when progress has seen its job, but nobody tells how it ended: an executor that was tried again had no time
 * for it, or the job is too old to be found. What was seen to be done is done; nothing says "not started".
 */
function withJobOutOfSight(batch: Batch, jobId: string, why: string): Batch {
  const outOfTime = why === NO_TIME;
  const servers = batch.servers.map((server) =>
    isDone(server.state)
      ? server
      : fail(
          server,
          outOfTime ? 'JobTimeout' : 'DRSServiceError',
          `The job ${jobId} was started for it, but its end was not seen: ${why}`,
        ),
  );
  return { ...batch, status: outOfTime ? 'timeout' : 'finished', servers };
}

type Otherwise = (server: BatchServer, status: string | undefined) => BatchServer;

/** The server as its participants say; `otherwise` for one that is not done. */
function withParticipants(
  server: BatchServer,
  participants: Participant[],
  verb: PlannedVerb,
  otherwise: Otherwise,
): BatchServer {
  const instanceIds = instancesOf(server).map(({ recoveryInstanceId }) => recoveryInstanceId);
  const own = participants.filter(({ id, instanceId = '' }) =>
    id === '' ? instanceIds.includes(instanceId) : id === server.sourceServerId,
  );
  // The last look may have missed the job: what was seen to be done before stays done.
  if (own.length === 0 && isDone(server.state)) return server;
  if (verb === 'terminate') return withTerminated(server, own, otherwise);
  const [participant] = own;
  if (participant === undefined || !isDone(serverStateOf(participant.status, verb))) {
    return otherwise(server, participant?.status);
  }
  const instance = participant.instanceId ?? server.recoveryInstanceId;
  return {
    ...server,
    state: 'launched',
    recoveryInstanceId: instance,
    ec2InstanceId: server.ec2InstanceId ?? instance,
  };
}

/** A server is terminated when each of its instances is. */
function withTerminated(server: BatchServer, own: Participant[], otherwise: Otherwise): BatchServer {
  const statuses = instancesOf(server).map(
    ({ recoveryInstanceId }) =>
      own.find(({ instanceId }) => instanceId === undefined || instanceId === recoveryInstanceId)?.status,
  );
  const left = statuses.findIndex((status) => status !== 'TERMINATED');
  return left === -1 && statuses.length > 0 ? { ...server, state: 'terminated' } : otherwise(server, statuses[left]);
}

const FAILURES: Record<PlannedVerb, { code: string; what: string }> = {
  drill: { code: 'LaunchFailed', what: 'launch' },
  failover: { code: 'LaunchFailed', what: 'launch' },
  failback: { code: 'FailbackFailed', what: 'failback' },
  terminate: { code: 'TerminateFailed', what: 'termination' },
};

function failedIn(
  server: BatchServer,
  status: string | undefined,
  jobId: string | undefined,
  verb: PlannedVerb,
): BatchServer {
  const { code, what } = FAILURES[verb];
  const where = jobId === undefined ? '' : ` in the job ${jobId}; its log says why`;
  return fail(server, code, `The ${what} ended as ${status ?? 'unknown'}${where}.`);
}

function timeoutWords(verb: PlannedVerb, jobId: string | undefined): string {
  const notDone = `The ${FAILURES[verb].what} was not over when the time allowed was.`;
  return jobId === undefined ? notDone : `${notDone} The job ${jobId} goes on: DRS cannot stop it.`;
}

function fail(server: BatchServer, errorCode: string, errorMessage: string): BatchServer {
  return { ...server, state: 'failed', errorCode, errorMessage };
}

function skipped(server: BatchServer, reason: string): BatchServer {
  return { ...server, state: 'skipped', errorMessage: reason };
}
