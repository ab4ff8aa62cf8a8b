import { z } from 'zod';
import { requireStatusChecks } from '../domain/account-outcome.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import type { BatchRecord } from '../domain/records.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { runSchema } from './run.ts';
import { accountReader, settleTools } from './settle-account.ts';

const eventSchema = z.strictObject({ run: runSchema, accountId: z.string(), region: z.string() });

/** How often instances are looked at, in seconds: EC2 checks each of them every minute. */
const WAIT_SECONDS = 30;

export interface CheckAnswer {
  /** True when every launched server has passed, or the time allowed is over: then those that have not are failures. */
  over: boolean;
  /** Until the next look. */
  waitSeconds: number;
}

/**
 * State "Check the instances", with options.statusChecks: reads EC2's status checks of the launched servers of one account
 * until all have passed. A server that has not when the time allowed is over has failed; its instance stays.
 */
export const create: CreateHandler<unknown, CheckAnswer> = (platform) => {
  const tools = settleTools(platform);
  const { store } = tools;

  return async (event) => {
    const { run, ...account } = eventSchema.parse(event);
    const plan = await store.getPlan(run.executionId, run.planRevision);
    if (plan === undefined) throw new DrError('NotFound', `The plan of ${run.executionId} is gone.`);
    const { wave, attempt = 1 } = run;
    const batches = await store.getBatches(plan, { wave, attempt, ...account });
    const checks = await readChecks(run, account, batches);
    const left = run.startedAt + run.options.maxWaitMinutes * 60_000 - platform.now();
    const checked = batches.map((batch) => withChecks(batch, checks));
    const allPassed = checked.every(({ servers }) => servers.every(hasPassed));
    const over = allPassed || left <= 0;
    for (const [index, batch] of checked.entries()) {
      const ended = over ? requireStatusChecks(batch) : batch;
      if (JSON.stringify(ended) === JSON.stringify(batches[index])) continue;
      // Nobody else writes to a batch that is over: a lost race is this state, tried again.
      if (!(await store.replaceBatch(ended))) throw new Error(`the batch ${batch.batchId} has changed meanwhile`);
    }
    return { over, waitSeconds: Math.max(1, Math.min(WAIT_SECONDS, Math.ceil(left / 1_000))) };
  };

  /** What cannot be read is asked for again at the next look. */
  async function readChecks(
    run: z.infer<typeof runSchema>,
    account: { accountId: string; region: string },
    batches: BatchRecord[],
  ): Promise<Checks> {
    const ids = batches.flatMap(({ servers }) =>
      servers.flatMap((server) => (hasPassed(server) ? [] : (server.ec2InstanceId ?? []))),
    );
    try {
      return await (await accountReader(tools, account)).statusChecks(ids);
    } catch (error) {
      const { executionId, correlationId } = run;
      const about = { executionId, correlationId, ...account, error: messageOf(error) };
      platform.log.warn('Status checks could not be read', about);
      return new Map();
    }
  }
};

type Checks = Map<string, BatchRecord['servers'][number]['statusChecks']>;

/** True for a server that is not waited for: launched and fine, or not launched at all. */
function hasPassed(server: BatchRecord['servers'][number]): boolean {
  return server.state !== 'launched' || server.statusChecks === 'ok';
}

function withChecks(batch: BatchRecord, checks: Checks): BatchRecord {
  return {
    ...batch,
    servers: batch.servers.map((server) => {
      const read = checks.get(server.ec2InstanceId ?? '');
      return server.state === 'launched' && read !== undefined ? { ...server, statusChecks: read } : server;
    }),
  };
}

export const handler = onLambda(create);
