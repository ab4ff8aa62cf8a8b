import type { AskedOfPlan, ExecutionRecord, RecoveryPlanRecord } from '../domain/records.ts';
import type { ExecutionStore } from './execution-store.ts';

/**
 * Stores a request as an execution, after what its recovery plan is: what is stored of one that can be read is whole.
 *
 * The plan that is stored first stays. Whoever stored it may have died before the execution was, and the stored plans may
 * have changed until the same request comes again: then the execution is made of the plan that is stored for it, so that
 * it never says one plan and runs another.
 * @returns false when the execution is stored already
 */
export async function storeExecution(
  store: Pick<ExecutionStore, 'createExecution' | 'createRecoveryPlan' | 'getRecoveryPlan'>,
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
