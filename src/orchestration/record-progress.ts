import { z } from 'zod';
import { isBatchTerminal, laterServerState, serverStateOf } from '../domain/status.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';

/** Detail of the event "DR Batch Progress" that executors put on the central bus. */
const eventSchema = z.object({
  account: z.string(),
  detail: z.strictObject({
    executionId: z.string(),
    accountId: z.string(),
    batches: z.array(
      z.strictObject({
        batchId: z.string(),
        jobId: z.string(),
        status: z.string(),
        servers: z.array(z.strictObject({ id: z.string(), status: z.string() })),
      }),
    ),
  }),
});

/**
 * Records what an executor saw, for the cards. States only move forward, so that late and repeated events change
 * nothing; final states are written by "Record the account's result" alone.
 */
export const create: CreateHandler<unknown, void> = (platform) => {
  const store = executionStore(platform);

  return async (event) => {
    const { account, detail } = eventSchema.parse(event);
    if (account !== detail.accountId) {
      platform.log.warn('A progress event of one account speaks of another; ignored', {
        account,
        accountId: detail.accountId,
      });
      return;
    }
    for (const report of detail.batches) await record(detail.executionId, detail.accountId, report);
  };

  async function record(
    executionId: string,
    accountId: string,
    report: z.infer<typeof eventSchema>['detail']['batches'][number],
  ): Promise<void> {
    const batch = await store.getBatch(executionId, report.batchId);
    if (batch === undefined || batch.accountId !== accountId || isBatchTerminal(batch.status)) return;
    const reported = new Map(report.servers.map((server) => [server.id, server.status]));
    const servers = batch.servers.map((server) => {
      const status = reported.get(server.sourceServerId);
      const state = status === undefined ? server.state : serverStateOf(status);
      return { ...server, state: laterServerState(server.state, state) };
    });
    const stored = await store.replaceBatch({ ...batch, status: 'running', jobId: report.jobId, servers });
    if (!stored) await record(executionId, accountId, report);
  }
};

export const handler = onLambda(create);
