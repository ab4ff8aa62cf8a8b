import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { executorOutputSchema } from '../domain/executor-contract.ts';
import { crossAccountMetrics, executorFailureMetrics } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { logAbout } from '../observability/redact.ts';
import { type CreateHandler, onLambda, printerOf } from '../platform/platform.ts';
import { runSchema } from './run.ts';
import { type AccountCounts, type AccountOutcome, settleAccount, settleTools } from './settle-account.ts';

const eventSchema = z.strictObject({
  run: runSchema,
  accountId: z.string(),
  region: z.string(),
  outcome: z.union([
    z.strictObject({ result: executorOutputSchema }),
    z.strictObject({ error: z.string(), cause: z.string() }),
  ]),
});

/** State "Record the account's result": every server of the account gets its final state; counts go on. */
export const create: CreateHandler<unknown, { accountId: string } & AccountCounts> = (platform) => {
  const tools = settleTools(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });

  return async (event) => {
    const { run, accountId, region, outcome } = eventSchema.parse(event);
    const plan = await tools.store.getPlan(run.executionId, run.planRevision);
    if (plan === undefined) throw new DrError('NotFound', `The plan of ${run.executionId} is gone.`);
    const { executionId, correlationId } = run;
    const log = logAbout(platform.log, { executionId, correlationId, accountId, region });
    if ('error' in outcome) log.error('An executor failed', { error: outcome.error });
    const account: AccountOutcome =
      'result' in outcome ? { result: outcome.result } : { failure: `The executor ended with ${outcome.error}.` };
    const { wave, attempt = 1 } = run;
    const counts = await settleAccount({ ...tools, log }, plan, { wave, attempt, accountId, region }, account);
    // The executor's start, and the look at what it left.
    const failures = 'error' in outcome ? executorFailureMetrics(accountId) : [];
    writeMetrics([...crossAccountMetrics(accountId, 2), ...failures], { executionId, correlationId });
    return { accountId, ...counts };
  };
};

export const handler = onLambda(create);
