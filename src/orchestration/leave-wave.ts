import { applyNotBegun } from '../domain/account-outcome.ts';
import { DrError } from '../domain/errors.ts';
import type { BatchRecord, ExecutionRecord, PlanRecord, Problem } from '../domain/records.ts';
import { isBatchTerminal } from '../domain/status.ts';
import { notBegunText } from '../domain/waves.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import { type Results, runOfWave } from './results.ts';

/** What it takes to leave a wave. */
export interface LeaveTools {
  store: ExecutionStore;
  results: Results;
  now: () => number;
}

/**
 * Records that a wave is not begun: each of its servers is skipped by name with the reason, and the wave has its result.
 * Repeated, it changes nothing more.
 */
export async function leaveWave(
  { store, results, now }: LeaveTools,
  of: { execution: ExecutionRecord; plan: PlanRecord; wave: number },
  problem: Problem,
): Promise<void> {
  const { execution, plan, wave } = of;
  const reason = notBegunText(problem, [wave]);
  for (const batch of await store.getBatches(plan, { wave })) await leave(batch);
  await results.conclude({ ...runOfWave(execution, plan, wave), startedAt: now() }, problem);

  async function leave(batch: BatchRecord): Promise<void> {
    if (isBatchTerminal(batch.status) || (await store.replaceBatch(applyNotBegun(batch, reason)))) return;
    const current = await store.getBatch(batch.executionId, batch.batchId);
    if (current === undefined) throw new DrError('NotFound', `The batch ${batch.batchId} is gone.`);
    await leave(current);
  }
}
