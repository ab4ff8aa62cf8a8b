import { z } from 'zod';
import { executorResultSchema } from '../domain/account-outcome.ts';
import { DrError } from '../domain/errors.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { runSchema } from './run.ts';
import { type AccountOutcome, settleAccount, settleTools } from './settle-account.ts';

const eventSchema = z.strictObject({
  run: runSchema,
  accountId: z.string(),
  region: z.string(),
  outcome: z.union([
    z.strictObject({ result: executorResultSchema }),
    z.strictObject({ error: z.string(), cause: z.string() }),
  ]),
});

/** State "Record the account's result": every server of the account gets its final state; counts go on. */
export const create: CreateHandler<
  unknown,
  { accountId: string; launched: number; failed: number; skipped: number }
> = (platform) => {
  const tools = settleTools(platform);

  return async (event) => {
    const { run, accountId, region, outcome } = eventSchema.parse(event);
    const plan = await tools.store.getPlan(run.executionId, run.planRevision);
    if (plan === undefined) throw new DrError('NotFound', `The plan of ${run.executionId} is gone.`);
    if ('error' in outcome) {
      platform.log.error('An executor failed', { executionId: run.executionId, accountId, error: outcome.error });
    }
    const account: AccountOutcome =
      'result' in outcome ? { result: outcome.result } : { failure: `The executor ended with ${outcome.error}.` };
    return { accountId, ...(await settleAccount(tools, plan, { accountId, region }, account)) };
  };
};

export const handler = onLambda(create);
