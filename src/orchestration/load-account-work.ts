import { createHash } from 'node:crypto';
import { z } from 'zod';
import { executorWork } from '../domain/batches.ts';
import { DrError } from '../domain/errors.ts';
import { EXECUTOR_INPUT_FORM, type ExecutorInput } from '../domain/executor-contract.ts';
import { configuration } from '../platform/configuration.ts';
import { readSettings } from '../platform/environment.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { takeServersAgain } from './locks.ts';
import { type Run, runNameOf, runSchema } from './run.ts';

const eventSchema = z.strictObject({
  run: runSchema,
  account: z.strictObject({ accountId: z.string(), region: z.string() }),
});

/** What the executor may take beyond maxWaitMinutes to end by itself, in seconds. */
const MARGIN_SECONDS = 600;

export interface AccountWork {
  accountId: string;
  region: string;
  invokeRoleArn: string;
  executorArn: string;
  executorName: string;
  timeoutSeconds: number;
  executorInput: ExecutorInput;
}

/**
 * State "Load the account's work": the batches of one staging account that are not over yet, as the executor's input. Before
 * them, and in "Take the servers again", a direct run that was redriven takes its servers.
 */
export const create: CreateHandler<unknown, AccountWork> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const { EVENT_BUS_ARN } = readSettings(platform.environment, 'EVENT_BUS_ARN');

  return async (event) => {
    const { run, account } = eventSchema.parse(event);
    const stagingAccount = (await config.stagingAccounts()).find(
      (candidate) => candidate.accountId === account.accountId && candidate.region === account.region,
    );
    if (stagingAccount === undefined) {
      throw new DrError('ConfigurationError', `The staging account ${account.accountId} is no longer configured.`);
    }
    const plan = await store.getPlan(run.executionId, run.planRevision);
    if (plan === undefined) throw new DrError('NotFound', `The plan of ${run.executionId} is gone.`);
    await takeServersAgain(store, run, plan);
    const { attempt = 1 } = run;
    const batches = await store.getBatches(plan, { wave: run.wave, attempt, ...account });
    if (batches.some((batch) => batch.planHash !== plan.hash)) {
      throw new DrError(
        'PlanChanged',
        `The batches of ${account.accountId} are not those of the plan. Nothing was started there.`,
      );
    }
    const { maxWaitMinutes, parallelism, continueOnFailure, replaceLive } = run.options;
    return {
      ...account,
      invokeRoleArn: stagingAccount.invokeRoleArn,
      executorArn: stagingAccount.executorArn,
      executorName: executorName(run, account.accountId),
      timeoutSeconds: maxWaitMinutes * 60 + MARGIN_SECONDS,
      executorInput: {
        form: EXECUTOR_INPUT_FORM,
        executionId: run.executionId,
        ...account,
        correlationId: run.correlationId,
        eventBusArn: EVENT_BUS_ARN,
        startedAt: new Date(run.startedAt).toISOString(),
        options: { maxWaitMinutes, parallelism, continueOnFailure, replaceLive },
        ...executorWork(plan.verb, batches),
      },
    };
  };
};

/** At most 60 characters, so that the number of the try still fits into the 80 of a name (Step Functions). */
function executorName({ executionId, wave, attempt }: Run, accountId: string): string {
  const name = `${executionId}-${runNameOf(wave, attempt)}-${accountId}`;
  if (name.length <= 60) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `${executionId.slice(0, 30)}-${digest}-${accountId}`;
}

export const handler = onLambda(create);
