import type { OriginFailback } from './account-outcome.ts';
import { spokenDuration } from './duration.ts';
import type { Batch, BatchServer } from './result.ts';
import { healthOf, isLive, type SourceServer } from './server.ts';
import { isDone, serverStateOf } from './status.ts';

/**
 * The rules of a failback to AWS: the recovery instance is copied back into a new source server at its origin (DRS:
 * ReverseReplication), and is launched from there when the copy is complete (StartRecovery at the origin). Pure: the facts
 * come as data.
 */

/** An account and Region of AWS that servers came from. */
export interface OriginPlace {
  accountId: string;
  region: string;
}

/** The place in words. */
export function placeName({ accountId, region }: OriginPlace): string {
  return `${region} of ${accountId}`;
}

/** A server whose recovery instance is to go back, as the DR Region knows it. */
export interface ReversibleServer {
  sourceServerId: string;
  recoveryInstanceId: string;
  isDrill: boolean;
  /** Absent when DRS does not say where it came from. */
  origin?: OriginPlace;
  /** Id of the source server at the origin into which it is copied; absent while its replication is not reversed. */
  reversedId?: string;
  /** DRS no longer knows the recovery instance. */
  isGone?: true;
}

/** A source server at the origin, into which a recovery instance is copied. */
export type ReversedServer = SourceServer & {
  /** When DRS expects the copy to be complete, ISO 8601. */
  readyAt?: string;
  /** DataReplicationErrorString of the DRS API. */
  replicationError?: string;
};

/** A DRS job at the origin. */
export interface OriginJob {
  jobId: string;
  status: string;
  tags: Record<string, string>;
  /** Milliseconds since the epoch. */
  startedAt?: number;
  participants: { reversedId: string; status: string; instanceId?: string }[];
}

/** Where the failback of one server stands: as it will be told, or on its way. */
export type Standing =
  | OriginFailback
  | ({ sourceServerId: string } /** `waitsFor`: why it is not launched now, in words. */ & (
      | { state: 'ready'; waitsFor?: string }
      | { state: 'launching'; jobId: string }
      | { state: 'skipped'; reason: string }
    ));

/** Why the instance cannot go back, found before anything is done; undefined when it can. */
export function whyNotReversible(
  sourceServerId: string,
  server: ReversibleServer | undefined,
): OriginFailback | undefined {
  const fail = (errorCode: string, errorMessage: string): OriginFailback => ({
    sourceServerId,
    state: 'failed',
    errorCode,
    errorMessage,
  });
  if (server === undefined || server.isGone === true) {
    return fail('NotInDrs', 'DRS no longer knows it or its recovery instance, so it cannot be failed back.');
  }
  const { recoveryInstanceId, isDrill, origin } = server;
  if (isDrill) {
    return fail('DrillInstance', `${recoveryInstanceId} is a drill’s instance: only a live one can be failed back.`);
  }
  if (origin === undefined) {
    return fail('OriginUnknown', `DRS does not say which account and Region ${recoveryInstanceId} came from.`);
  }
  return undefined;
}

/**
 * Where a reversed server stands at its origin. `own` is the job of this run that launches it, where there is one; a
 * server without one is never launched over a live instance, nor over a copy that is not complete: what was written since
 * would be lost.
 */
export function standingAtOrigin(
  sourceServerId: string,
  place: OriginPlace,
  reversed: ReversedServer | undefined,
  own: { job: OriginJob; reversedId: string } | undefined,
): Standing {
  if (own !== undefined) return standingInJob(sourceServerId, place, own);
  const where = placeName(place);
  const fail = (errorCode: string, errorMessage: string): Standing => ({
    sourceServerId,
    state: 'failed',
    errorCode,
    errorMessage,
  });
  if (reversed === undefined) return { sourceServerId, state: 'copying', detail: `copying back to ${where} has begun` };
  const live = reversed.existingInstances.filter(isLive).map((instance) => instance.recoveryInstanceId);
  if (live.length > 0) {
    return fail(
      'LiveInstance',
      `${live.join(', ')} was launched from it in ${where} and still exists: it was failed back before. Nothing was launched over it.`,
    );
  }
  if (reversed.activeJobId !== undefined) {
    return fail('ConflictException', `The job ${reversed.activeJobId} is still running on it in ${where}.`);
  }
  switch (healthOf(reversed.replicationState)) {
    case 'ok':
      return { sourceServerId, state: 'ready' };
    case 'stalled':
      return fail('ServerNotReady', `Its copying back to ${where} does not go on (${progressWords(reversed)}).`);
    default:
      // STOPPED is "not ready", too, but nothing is on its way.
      return reversed.replicationState === 'STOPPED'
        ? fail('ServerNotReady', `Its copying back to ${where} was stopped.`)
        : { sourceServerId, state: 'copying', detail: `copying back to ${where} (${progressWords(reversed)})` };
  }
}

/** Terminal only when the job is COMPLETED and DRS says how the server ended. */
function standingInJob(
  sourceServerId: string,
  place: OriginPlace,
  { job, reversedId }: { job: OriginJob; reversedId: string },
): Standing {
  const { jobId } = job;
  const participant = job.participants.find((candidate) => candidate.reversedId === reversedId);
  const state = serverStateOf(participant?.status ?? 'PENDING', 'failback');
  if (state === 'launched' && participant?.instanceId !== undefined) {
    return { sourceServerId, state: 'launched', instanceId: participant.instanceId };
  }
  if (state !== 'failed' || job.status !== 'COMPLETED') return { sourceServerId, state: 'launching', jobId };
  return {
    sourceServerId,
    state: 'failed',
    errorCode: 'FailbackFailed',
    errorMessage: `The failback ended as ${participant?.status ?? 'unknown'} in the job ${jobId} in ${placeName(place)}; its log says why.`,
  };
}

function progressWords({ replicationState, replicationError, lagDuration, readyAt }: ReversedServer): string {
  return [
    replicationState,
    ...(replicationError === undefined ? [] : [replicationError]),
    ...(lagDuration === undefined ? [] : [`${spokenDuration(lagDuration)} behind`]),
    ...(readyAt === undefined ? [] : [`ready at about ${readyAt}`]),
  ].join(', ');
}

/** The server of a batch with its standing. A copy that is complete and not launched yet is still `copying`. */
export function withStanding(server: BatchServer, standing: Standing | undefined): BatchServer {
  const { errorMessage: _, errorCode: __, isCopied: ___, ...rest } = server;
  switch (standing?.state) {
    case undefined:
      return server;
    case 'ready':
      return {
        ...rest,
        state: 'copying',
        isCopied: true,
        errorMessage: standing.waitsFor ?? 'its copy is complete; it is launched next',
      };
    case 'copying':
      return { ...rest, state: 'copying', errorMessage: standing.detail };
    case 'launching':
      return { ...rest, state: 'launching' };
    case 'launched':
      return {
        ...rest,
        state: 'launched',
        recoveryInstanceId: standing.instanceId,
        ec2InstanceId: standing.instanceId,
      };
    case 'skipped':
      return { ...rest, state: 'skipped', errorMessage: standing.reason };
    case 'failed':
      return { ...rest, state: 'failed', errorCode: standing.errorCode, errorMessage: standing.errorMessage };
  }
}

/** What the stored batch says of its servers, for its end. Of a server that was not begun nothing is said. */
export function rememberedFailback(batch: Batch): OriginFailback[] {
  return batch.servers.flatMap((server): OriginFailback[] => {
    const { sourceServerId, state } = server;
    if (isDone(state)) return [{ sourceServerId, state: 'launched', instanceId: server.recoveryInstanceId ?? '' }];
    switch (state) {
      case 'copying':
        return [{ sourceServerId, state, detail: server.errorMessage ?? 'its failback is still copying' }];
      case 'failed':
        return [
          {
            sourceServerId,
            state,
            errorCode: server.errorCode ?? 'DRSServiceError',
            errorMessage: server.errorMessage ?? 'It failed; why was not noted.',
          },
        ];
      case 'launching':
        return [
          {
            sourceServerId,
            state: 'failed',
            errorCode: 'DRSServiceError',
            errorMessage: `The job ${batch.jobId ?? 'that launches it'} was started at its origin, but its end was not seen. It goes on: look at it there.`,
          },
        ];
      default:
        return [];
    }
  });
}
