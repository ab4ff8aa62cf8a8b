import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { lockNameOf } from '../domain/request.ts';
import { type ExecutionStatus, isTerminal } from '../domain/status.ts';
import type { Outcome } from '../domain/vocabulary.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';

const eventSchema = z.strictObject({ executionId: z.string() });

/** How an outcome of the recovery component is called as an execution's status. */
export const STATUS_OF_OUTCOME: Record<Outcome, ExecutionStatus> = {
  success: 'completed',
  partial: 'partial',
  failed: 'failed',
  timeout: 'failed',
};

/** State "Finish": the final status from what is stored of the wave, and the application's lock is freed. */
export const create: CreateHandler<unknown, { executionId: string; status: ExecutionStatus }> = (platform) => {
  const store = executionStore(platform);
  const announce = announcer(platform);

  return async (event) => {
    const { executionId } = eventSchema.parse(event);
    const execution = await store.getExecution(executionId);
    if (execution === undefined) throw new DrError('NotFound', `There is no execution ${executionId}.`);
    if (!isTerminal(execution.status)) {
      const wave = await store.getWave(executionId, execution.wave);
      if (wave === undefined) throw new DrError('NotFound', `The wave of ${executionId} has no result yet.`);
      const moved = await store.moveExecution(executionId, STATUS_OF_OUTCOME[wave.outcome], {
        outcome: wave.outcome,
        summary: wave.summary,
        resultLocation: wave.resultLocation,
        endTime: platform.now(),
      });
      if (moved) await announce.executionEnded(execution, wave);
    }
    await store.unlockApplication(lockNameOf(execution), executionId);
    const status = (await store.getExecution(executionId))?.status ?? execution.status;
    return { executionId, status };
  };
};

export const handler = onLambda(create);
