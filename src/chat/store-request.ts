import { busyText } from '../../blocks/answers.ts';
import type { ExecutionRecord, RecoveryPlanRecord } from '../domain/records.ts';
import { lockNameOf } from '../domain/request.ts';
import { storeExecution } from '../platform/store-execution.ts';
import { cardOf } from './executions.ts';
import type { ChatTools } from './tools.ts';

/** A request that is stored as an execution. */
export interface Stored {
  execution: ExecutionRecord;
  recoveryPlan?: Omit<RecoveryPlanRecord, 'executionId'>;
}

/**
 * Takes the lock of what a request is for and stores it as an execution; everything else follows from the stored item.
 * Delivered twice, it is one execution. The answer is undefined, or, in mrkdwn, who holds it: then nothing is stored.
 */
export async function storeRequest(tools: ChatTools, { execution, recoveryPlan }: Stored): Promise<string | undefined> {
  const { store, log } = tools;
  const { executionId, verb } = execution;
  const lockName = lockNameOf(execution);
  const lock = await store.lockApplication(lockName, executionId);
  if (!lock.locked) {
    const [owner, card] = await Promise.all([store.getExecution(lock.owner), cardOf(tools, lock.owner)]);
    return busyText(lockName, owner, card);
  }
  const isNew = await storeExecution(store, execution, recoveryPlan);
  log.info('An execution was asked for', { executionId, verb, isNew });
  return undefined;
}
