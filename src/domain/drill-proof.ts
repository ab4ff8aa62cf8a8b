import { createHash } from 'node:crypto';
import { canonicalJson } from './audit-chain.ts';
import { groupBy } from './groups.ts';
import type { BatchRecord, ExecutionRecord, RecoveryPlanRecord } from './records.ts';
import type { RunWave } from './recovery-run.ts';
import { isOfWholeWaves, runsOf } from './request.ts';
import type { SourceServer } from './server.ts';

/** What a successful drill has shown: which servers of which waves, run how. A plan is verified by it until either changes. */

/** One successful drill, as it is kept of its application. All of it can be made again from the execution's own items. */
export interface DrillProof {
  executionId: string;
  /** Milliseconds since the epoch. */
  endedAt: number;
  /** In ascending order; 0 for the one run of a request that names none. */
  waves: { wave: number; servers: number /** Hash of its servers' ids. */; set: string }[];
  /** The recovery plan that was run, where it was one. */
  plan?: { planId: string; version: number /** Hash of its waves as they were run. */; content: string };
}

/** Kept of an application: the newest drill of each choice of waves, at most this many. */
const MOST_PROOFS = 20;

/** Tells the servers of a wave from any others: SHA-256 over their ids, in whatever order they come. */
export function serverSetOf(servers: readonly Pick<SourceServer, 'sourceServerId'>[]): string {
  const ids = [...new Set(servers.map(({ sourceServerId }) => sourceServerId))].sort();
  return createHash('sha256').update(ids.join('\n')).digest('hex');
}

/**
 * Tells what is run from anything else that could be: the waves in their order, what selects their servers, pauses,
 * thresholds, targets and actions, also of the plans and groups that it names. A name or a description alone is no change.
 */
export function planContentOf(waves: readonly RunWave[]): string {
  const run = waves.map(({ waveName: _, ...wave }) => wave);
  return createHash('sha256').update(canonicalJson(run)).digest('hex');
}

/** True for a drill of whole waves that has brought back all that they have: one of some servers says nothing of the others. */
export function showsWholeWaves(execution: ExecutionRecord): boolean {
  const { verb, status, endTime } = execution;
  return verb === 'drill' && status === 'completed' && endTime !== undefined && isOfWholeWaves(execution);
}

/** What an execution has shown; undefined where {@link showsWholeWaves} does not hold. */
export function proofOf(
  execution: ExecutionRecord,
  batches: readonly BatchRecord[],
  recoveryPlan: Pick<RecoveryPlanRecord, 'waves'> | undefined,
): DrillProof | undefined {
  const { executionId, endTime, recoveryPlan: plan } = execution;
  if (endTime === undefined || !showsWholeWaves(execution)) return undefined;
  const byWave = groupBy(batches, ({ wave }) => String(wave));
  const waves = runsOf(execution.waves).map((wave) => {
    const servers = (byWave.get(String(wave)) ?? []).flatMap((batch) => batch.servers);
    const ids = new Set(servers.map(({ sourceServerId }) => sourceServerId));
    return { wave, servers: ids.size, set: serverSetOf(servers) };
  });
  return {
    executionId,
    endedAt: endTime,
    waves: waves.sort((a, b) => a.wave - b.wave),
    ...(plan === undefined || recoveryPlan === undefined
      ? {}
      : { plan: { planId: plan.planId, version: plan.version, content: planContentOf(recoveryPlan.waves) } }),
  };
}

/** What is needed of an execution to tell whether it says anything new. */
export type ProofKey = Pick<DrillProof, 'executionId' | 'endedAt'> & { planId?: string; waves: readonly number[] };

/** False for what is kept already, or shows only what a newer drill of the same waves has shown. */
export function isNewProof(kept: readonly DrillProof[], { executionId, endedAt, planId, waves }: ProofKey): boolean {
  if (kept.some((proof) => proof.executionId === executionId)) return false;
  const same = kept.find((proof) => keyOf(proof.plan?.planId, numbersOf(proof)) === keyOf(planId, waves));
  if (same !== undefined) return endedAt > same.endedAt;
  return kept.length < MOST_PROOFS || kept.some((proof) => proof.endedAt < endedAt);
}

/** The proofs with another one, newest first: it takes the place of an older one of the same waves. */
export function withProof(kept: readonly DrillProof[], proof: DrillProof): DrillProof[] {
  const { executionId, endedAt, plan } = proof;
  if (!isNewProof(kept, { executionId, endedAt, planId: plan?.planId, waves: numbersOf(proof) })) return [...kept];
  const key = keyOf(plan?.planId, numbersOf(proof));
  const others = kept.filter((one) => keyOf(one.plan?.planId, numbersOf(one)) !== key);
  return [...others, proof].sort((a, b) => b.endedAt - a.endedAt).slice(0, MOST_PROOFS);
}

function numbersOf({ waves }: DrillProof): number[] {
  return waves.map(({ wave }) => wave);
}

function keyOf(planId: string | undefined, waves: readonly number[]): string {
  return `${planId ?? ''}/${waves.toSorted((a, b) => a - b).join(',')}`;
}

/** The newest drill of all these waves, whatever servers they had; undefined when there was none. */
export function newestDrillOf(proofs: readonly DrillProof[], waves: readonly number[]): DrillProof | undefined {
  const covering = proofs.filter((proof) => {
    const drilled = numbersOf(proof);
    return waves.every((wave) => drilled.includes(wave));
  });
  return covering.toSorted((a, b) => b.endedAt - a.endedAt)[0];
}

/** A recovery plan as it would be run now. */
export interface PlanAsRun {
  planId: string;
  /** See {@link planContentOf}. */
  content: string;
  /** In ascending order; `set` is left out where nobody can tell now which servers it has. */
  waves: { wave: number; set?: string }[];
}

/** Whether a plan is verified, and by which drill; or why it is not. `at`: when that drill ended, in milliseconds since the epoch. */
export type Verification =
  | { verified: true; executionId: string; at: number }
  | { verified: false; why: 'not drilled' }
  /** `waves`: those that have other servers now. */
  | { verified: false; why: 'other servers'; waves: number[]; executionId: string; at: number }
  | { verified: false; why: 'changed'; executionId: string; at: number }
  | { verified: false; why: 'servers not known'; executionId: string; at: number };

/** A plan is verified by a successful drill of all its waves, with the servers and the content that it has now. */
export function verificationOf(plan: PlanAsRun, proofs: readonly DrillProof[]): Verification {
  const ofPlan = proofs.filter((proof) => proof.plan?.planId === plan.planId);
  const numbers = plan.waves.map(({ wave }) => wave);
  const whole = ofPlan.filter((proof) => newestDrillOf([proof], numbers) !== undefined);
  const same = newestDrillOf(
    whole.filter((proof) => proof.plan?.content === plan.content),
    numbers,
  );
  if (same === undefined) {
    const last = newestDrillOf(whole, numbers);
    if (last === undefined || numbers.length === 0) return { verified: false, why: 'not drilled' };
    return { verified: false, why: 'changed', executionId: last.executionId, at: last.endedAt };
  }
  const drill = { executionId: same.executionId, at: same.endedAt };
  const setThen = new Map(same.waves.map(({ wave, set }) => [wave, set]));
  const others = plan.waves.filter(({ wave, set }) => set !== undefined && set !== setThen.get(wave));
  if (others.length > 0) {
    return { verified: false, why: 'other servers', waves: others.map(({ wave }) => wave), ...drill };
  }
  if (plan.waves.some(({ set }) => set === undefined)) return { verified: false, why: 'servers not known', ...drill };
  return { verified: true, ...drill };
}
