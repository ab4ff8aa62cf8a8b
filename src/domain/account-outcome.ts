import { z } from 'zod';
import type { Batch, BatchServer } from './result.ts';
import { isBatchTerminal, serverStateOf } from './status.ts';

/**
 * How the executor's answer, or what DRS says after an executor died, becomes the final state of each server. The rules
 * are pure: the facts come as data.
 */

const participantSchema = z.object({ id: z.string(), status: z.string(), instanceId: z.string().optional() });

/** Output of drs-staging-account-executor. */
export const executorResultSchema = z.object({
  finished: z.array(
    z.object({
      batchId: z.string(),
      outcome: z.enum(['finished', 'refused', 'timeout']),
      jobId: z.string().optional(),
      servers: z.array(participantSchema),
      /** Of a refused batch: why, and the servers that are the cause. */
      error: z.string().optional(),
      cause: z.string().optional(),
      serverIds: z.array(z.string()).optional(),
    }),
  ),
  notStarted: z.array(z.object({ batchId: z.string(), reason: z.string() })),
});
export type ExecutorResult = z.infer<typeof executorResultSchema>;
type FinishedBatch = ExecutorResult['finished'][number];

/** A DRS job as it was found by its tags. */
export interface FoundJob {
  batchId: string;
  jobId: string;
  status: string;
  participants: { id: string; status: string; instanceId?: string }[];
}

/** The reason that the executor gives for batches which it had no time to start. */
const NO_TIME = 'the time allowed was over';

/** The batch as the executor left it. A batch that is over already is given back as it is. */
export function applyExecutorResult(batch: Batch, result: ExecutorResult): Batch {
  if (isBatchTerminal(batch.status)) return batch;
  const finished = result.finished.find((candidate) => candidate.batchId === batch.batchId);
  if (finished !== undefined) return applyFinished(batch, finished);
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

function applyFinished(batch: Batch, finished: FinishedBatch): Batch {
  const jobId = finished.jobId ?? batch.jobId;
  switch (finished.outcome) {
    case 'refused': {
      const cause = finished.cause ?? 'The batch was refused.';
      if (batch.jobId !== undefined) return withJobOutOfSight(batch, batch.jobId, cause);
      const culprits = finished.serverIds ?? batch.servers.map((server) => server.sourceServerId);
      const error = finished.error ?? 'DRSServiceError';
      const servers = batch.servers.map((server) =>
        culprits.includes(server.sourceServerId)
          ? fail(server, error, cause)
          : skipped(server, `its batch was refused: ${cause}`),
      );
      return { ...batch, jobId, status: 'refused', servers };
    }
    case 'timeout':
      return {
        ...batch,
        jobId,
        status: 'timeout',
        servers: withParticipants(batch, finished.servers, (server, status) =>
          status !== undefined && serverStateOf(status) === 'failed'
            ? launchFailed(server, status, jobId)
            : fail(
                server,
                'JobTimeout',
                `Not launched when the time allowed was over. The job ${jobId} goes on: DRS cannot stop it.`,
              ),
        ),
      };
    case 'finished':
      return {
        ...batch,
        jobId,
        status: 'finished',
        servers: withParticipants(batch, finished.servers, (server, status) => launchFailed(server, status, jobId)),
      };
  }
}

/**
 * The batch after its executor died: from the job with its tags where there is one. Servers that are still launching are
 * failures with the job named, because nobody watches them any more.
 */
export function applyFoundJobs(batch: Batch, jobs: FoundJob[], cause: string): Batch {
  if (isBatchTerminal(batch.status)) return batch;
  const job = jobs.find((candidate) => candidate.batchId === batch.batchId);
  if (job === undefined && batch.jobId !== undefined) return withJobOutOfSight(batch, batch.jobId, cause);
  if (job === undefined) {
    const servers = batch.servers.map((server) =>
      fail(server, 'DRSServiceError', `No job was started for it. ${cause}`),
    );
    return { ...batch, status: 'not started', servers };
  }
  const servers = withParticipants(batch, job.participants, (server, status) =>
    fail(
      server,
      'DRSServiceError',
      `The job ${job.jobId} (${job.status}) had it as ${status ?? 'unknown'} when its executor ended. ${cause}`,
    ),
  );
  return { ...batch, jobId: job.jobId, status: 'finished', servers };
}

/**
 * The batch when progress has seen its job, but nobody tells how it ended: an executor that was tried again had no time
 * for it, or the job is too old to be found. What was seen to be launched is launched; nothing says "not started".
 */
function withJobOutOfSight(batch: Batch, jobId: string, why: string): Batch {
  const outOfTime = why === NO_TIME;
  const servers = batch.servers.map((server) =>
    server.state === 'launched'
      ? server
      : fail(
          server,
          outOfTime ? 'JobTimeout' : 'DRSServiceError',
          `The job ${jobId} was started for it, but its end was not seen: ${why}`,
        ),
  );
  return { ...batch, status: outOfTime ? 'timeout' : 'finished', servers };
}

function withParticipants(
  batch: Batch,
  participants: { id: string; status: string; instanceId?: string }[],
  otherwise: (server: BatchServer, status: string | undefined) => BatchServer,
): BatchServer[] {
  return batch.servers.map((server) => {
    const participant = participants.find((candidate) => candidate.id === server.sourceServerId);
    // The last look may have missed the job: what was seen to be launched before stays launched.
    if (participant === undefined && server.state === 'launched') return server;
    if (participant === undefined || serverStateOf(participant.status) !== 'launched')
      return otherwise(server, participant?.status);
    const instance = participant.instanceId ?? server.recoveryInstanceId;
    return {
      ...server,
      state: 'launched',
      recoveryInstanceId: instance,
      ec2InstanceId: server.ec2InstanceId ?? instance,
    };
  });
}

function launchFailed(server: BatchServer, status: string | undefined, jobId: string | undefined): BatchServer {
  return fail(
    server,
    'LaunchFailed',
    `The launch ended as ${status ?? 'unknown'} in the job ${jobId}; its log says why.`,
  );
}

function fail(server: BatchServer, errorCode: string, errorMessage: string): BatchServer {
  return { ...server, state: 'failed', errorCode, errorMessage };
}

function skipped(server: BatchServer, reason: string): BatchServer {
  return { ...server, state: 'skipped', errorMessage: reason };
}
