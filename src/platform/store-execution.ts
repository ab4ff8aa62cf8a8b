import type { AskedOfPlan, ExecutionRecord, RecoveryPlanRecord } from '../domain/records.ts';
import { lockNameOf } from '../domain/request.ts';
import { isTerminal } from '../domain/status.ts';
import type { ExecutionStore } from './execution-store.ts';

type Store = Pick<
  ExecutionStore,
  'createExecution' | 'createRecoveryPlan' | 'getExecution' | 'getRecoveryPlan' | 'unlockApplication'
>;

/**
 * Stores a request as an execution, whose application it holds, after what its recovery plan is: what is stored of one that
 * can be read is whole.
 *
 * The plan that is stored first stays. Whoever stored it may have died before the execution was, and the stored plans may
 * have changed until the same request comes again: then the execution is made of the plan that is stored for it, so that
 * it never says one plan and runs another. One that is over, because it comes again or was never to begin, gives its
 * application back: whoever took it in this request's name may have died, and nobody else would.
 * @returns false when the execution is stored already
 */
export async function storeExecution(
  store: Store,
  execution: ExecutionRecord,
  recoveryPlan: Omit<RecoveryPlanRecord, 'executionId'> | undefined,
): Promise<boolean> {
  const isNew = await create(store, execution, recoveryPlan);
  const { executionId } = execution;
  const stored = isNew ? execution : await store.getExecution(executionId);
  if (stored !== undefined && isTerminal(stored.status))
    await store.unlockApplication(lockNameOf(execution), executionId);
  return isNew;
}

async function create(
  store: Store,
  execution: ExecutionRecord,
  recoveryPlan: Omit<RecoveryPlanRecord, 'executionId'> | undefined,
): Promise<boolean> {
  if (recoveryPlan === undefined) return await store.createExecution(execution);
  const { executionId } = execution;
  const { asked, rest } = parted(execution);
  if (await store.createRecoveryPlan({ ...recoveryPlan, executionId, asked })) {
    return await store.createExecution(execution);
  }
  const stored = await store.getRecoveryPlan(executionId);
  return await store.createExecution({ ...rest, ...(stored?.asked ?? asked) });
}

/** What an execution has from its recovery plan, and everything else. */
function parted(execution: ExecutionRecord): { asked: AskedOfPlan; rest: Omit<ExecutionRecord, keyof AskedOfPlan> } {
  const { waves, tags, recoveryPlan, otherApplications, pauseBefore, cleanUp, ...rest } = execution;
  const asked: AskedOfPlan = {
    waves,
    tags,
    ...(recoveryPlan === undefined ? {} : { recoveryPlan }),
    ...(otherApplications === undefined ? {} : { otherApplications }),
    ...(pauseBefore === undefined ? {} : { pauseBefore }),
    ...(cleanUp === undefined ? {} : { cleanUp }),
  };
  return { asked, rest };
}
