import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { type ExecutionStatus, isTerminal } from '../domain/status.ts';
import type { Outcome } from '../domain/vocabulary.ts';
import { CANCELLED } from '../domain/waves.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { afterDrill } from './after-drill.ts';
import { announcer } from './announce.ts';
import { releaseLocks } from './locks.ts';
import { results } from './results.ts';

const eventSchema = z.strictObject({ executionId: z.string() });

/** How an outcome of the recovery component is called as an execution's status. */
export const STATUS_OF_OUTCOME: Record<Outcome, ExecutionStatus> = {
  success: 'completed',
  partial: 'partial',
  failed: 'failed',
  timeout: 'failed',
};

/** State "Finish": the final status over all waves, from what is stored of each, and its locks are freed. */
export const create: CreateHandler<unknown, { executionId: string; status: ExecutionStatus }> = (platform) => {
  const store = executionStore(platform);
  const { concludeExecution } = results(platform, store);
  const announce = announcer(platform);
  const after = afterDrill(platform, store);

  return async (event) => {
    const { executionId } = eventSchema.parse(event);
    const execution = await store.getExecution(executionId);
    if (execution === undefined) throw new DrError('NotFound', `There is no execution ${executionId}.`);
    if (!isTerminal(execution.status)) {
      const plan = await store.getPlan(executionId, execution.planRevision);
      if (plan === undefined) throw new DrError('NotFound', `The plan of ${executionId} is gone.`);
      const ending = await concludeExecution(execution, plan);
      const { outcome, summary, resultLocation, problem } = ending;
      const status = problem?.code === CANCELLED ? 'cancelled' : STATUS_OF_OUTCOME[outcome];
      const endTime = platform.now();
      const moved = await store.moveExecution(executionId, status, {
        outcome,
        summary,
        resultLocation,
        endTime,
        problem,
        ...(await after.changesAt(execution, plan, endTime)),
      });
      if (moved) await announce.executionEnded(execution, ending);
    }
    await releaseLocks(store, execution);
    await after.prove(executionId);
    await after.price(executionId);
    const status = (await store.getExecution(executionId))?.status ?? execution.status;
    return { executionId, status };
  };
};

export const handler = onLambda(create);
