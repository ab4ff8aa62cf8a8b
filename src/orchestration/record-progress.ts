import { z } from 'zod';
import { describeIssues } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import type { BatchRecord } from '../domain/records.ts';
import { isBatchTerminal, laterServerState, serverStateOf } from '../domain/status.ts';
import {
  type LaunchResult,
  launchResultEventSchema,
  launchResultOf,
  type ProgressEvent,
  progressEventSchema,
} from '../observability/progress-event.ts';
import { logAbout } from '../observability/redact.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';

const eventSchema = z.discriminatedUnion('source', [progressEventSchema, launchResultEventSchema]);

/**
 * Records what an executor saw, and DRS's own word of each launch, for the cards. States only move forward, so that late
 * and repeated events change nothing; final states are written by "Record the account's result" alone.
 * @throws {DrError} ValidationError that names what is wrong with an event of another form
 */
export const create: CreateHandler<unknown, void> = (platform) => {
  const store = executionStore(platform);

  return async (event) => {
    const parsed = eventSchema.safeParse(event);
    if (!parsed.success) throw new DrError('ValidationError', describeIssues('The event', parsed.error));
    const { data } = parsed;
    if (data.source === 'aws.drs') await recordLaunch(launchResultOf(data));
    else await recordReport(data);
  };

  async function recordReport({ account, detail }: ProgressEvent): Promise<void> {
    const { executionId, correlationId, accountId } = detail;
    if (account !== accountId) {
      logAbout(platform.log, { executionId, correlationId }).warn(
        'A progress event of one account speaks of another; ignored',
        { account, accountId },
      );
      return;
    }
    for (const report of detail.batches) await record(executionId, accountId, report);
  }

  async function record(
    executionId: string,
    accountId: string,
    report: ProgressEvent['detail']['batches'][number],
  ): Promise<void> {
    const batch = await store.getBatch(executionId, report.batchId);
    if (batch === undefined || batch.accountId !== accountId || isBatchTerminal(batch.status)) return;
    // DRS's own events name the job alone: this is how they find their batch.
    if (batch.jobId !== report.jobId) await store.noteJob(batch, report.jobId);
    const reported = new Map(report.servers.map((server) => [server.id, server.status]));
    const stored = await store.replaceBatch({
      ...batch,
      status: 'running',
      jobId: report.jobId,
      servers: movedForward(batch, reported),
    });
    if (!stored) await record(executionId, accountId, report);
  }

  /** A job that no report has spoken of is somebody else's, or too new: the executor will tell of it. */
  async function recordLaunch({ accountId, sourceServerId, jobId, status }: LaunchResult): Promise<void> {
    const job = await store.findJob(accountId, jobId);
    const index = job?.serverIds.indexOf(sourceServerId) ?? -1;
    if (job === undefined || index === -1) return;
    const state = serverStateOf(status, job.verb);
    await store.moveServer({ executionId: job.owner, batchId: job.batchId }, { index, sourceServerId, state });
  }
};

/** The servers with what is reported of them by id, in DRS's words. */
function movedForward(batch: BatchRecord, reported: ReadonlyMap<string, string>): BatchRecord['servers'] {
  return batch.servers.map((server) => {
    const status = reported.get(server.sourceServerId);
    const state = status === undefined ? server.state : serverStateOf(status, batch.verb);
    return { ...server, state: laterServerState(server.state, state) };
  });
}

export const handler = onLambda(create);
