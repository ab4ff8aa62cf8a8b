import { latestAttempts } from '../domain/batches.ts';
import { isNewProof, proofOf, showsWholeWaves } from '../domain/drill-proof.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { ReadinessStore } from '../platform/readiness-store.ts';

/** Keeps what a successful drill has shown, from what is stored of it; of anything else nothing. Done twice it is the same. */
export async function noteDrill(
  { store, readiness }: { store: ExecutionStore; readiness: Pick<ReadinessStore, 'addProof'> },
  execution: ExecutionRecord,
): Promise<void> {
  const { executionId, planRevision, application } = execution;
  if (application === '' || !showsWholeWaves(execution)) return;
  const [plan, recoveryPlan] = await Promise.all([
    store.getPlan(executionId, planRevision),
    store.getRecoveryPlan(executionId),
  ]);
  if (plan === undefined) return;
  const proof = proofOf(execution, latestAttempts(await store.getBatches(plan)), recoveryPlan);
  if (proof !== undefined) await readiness.addProof(application, proof);
}

/** How many drills are looked through for some that were not kept when they ended. */
const MOST_LOOKED_AT = 50;

/** Keeps drills that nobody kept at their end: of earlier versions, and where that failed. */
export async function noteMissedDrills(tools: {
  store: ExecutionStore;
  readiness: Pick<ReadinessStore, 'addProof' | 'proofs'>;
}): Promise<void> {
  const [ended, kept] = await Promise.all([
    tools.store.newestExecutions({ statuses: ['completed'], limit: MOST_LOOKED_AT, archived: 'too' }),
    tools.readiness.proofs(),
  ]);
  for (const execution of ended) {
    const { executionId, endTime, waves, recoveryPlan, application } = execution;
    if (endTime === undefined || !showsWholeWaves(execution)) continue;
    const key = {
      executionId,
      endedAt: endTime,
      planId: recoveryPlan?.planId,
      waves: waves.length === 0 ? [0] : waves,
    };
    if (isNewProof(kept.get(application) ?? [], key)) await noteDrill(tools, execution);
  }
}
