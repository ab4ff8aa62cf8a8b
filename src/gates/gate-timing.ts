import { type Gate, type GateKind, nextDueAt } from '../domain/gate.ts';
import type { ActionKey } from '../domain/records.ts';

/**
 * Longest wait for a bell of a young gate, in seconds: a bell that was lost is noticed at the next tick, if nothing has rung
 * it again by then.
 */
const TICK_SECONDS: Record<GateKind, number> = { approval: 300, pause: 21_600, decision: 3_600 };
/**
 * Waits grow to this part of a gate's age, up to {@link MOST_TICK_SECONDS}: a question may stand for weeks, and each tick
 * costs history events (Step Functions: 25,000).
 */
const TICK_PART = 10;
const MOST_TICK_SECONDS = 21_600;

/** What a gate's id says: its kind, and the revision or the wave that it is about. */
export type GateName =
  | { kind: 'approval'; revision: number }
  | { kind: 'pause'; wave: number; afterWave?: true }
  | { kind: 'decision'; wave: number; attempt: number }
  | { kind: 'decision'; wave: number; action: Omit<ActionKey, 'wave'> };

/** The gate that asks about a revision of the plan. */
export function gateIdOf(planRevision: number): string {
  return `approval-${planRevision}`;
}

/** The gate that asks whether to go on with a wave. */
export function pauseGateIdOf(wave: number): string {
  return `pause-${wave}`;
}

/** The gate that asks whether the last wave is to be left as it is. */
export function pauseAfterGateIdOf(wave: number): string {
  return `pause-after-${wave}`;
}

/** The gate that asks what is to become of an action that failed. */
export function actionGateIdOf({ wave, phase, index, attempt }: ActionKey): string {
  return `action-${wave}-${phase}-${index}-${attempt}`;
}

/** The gate that asks what is to become of a wave that did not go as it should; `attempt` from 1. */
export function decisionGateIdOf(wave: number, attempt: number): string {
  return `decision-${wave}-${attempt}`;
}

/** What a gate's id says; undefined for one that is none. */
export function gateNameOf(gateId: string): GateName | undefined {
  const [, ofWave, phase, index, attempt] = /^action-(\d{1,6})-(pre|post)-(\d{1,6})-(\d{1,6})$/.exec(gateId) ?? [];
  if (phase === 'pre' || phase === 'post') {
    const action = { phase, index: Number(index), attempt: Number(attempt) } as const;
    return { kind: 'decision', wave: Number(ofWave), action };
  }
  const [, after] = /^pause-after-(\d{1,6})$/.exec(gateId) ?? [];
  if (after !== undefined) return { kind: 'pause', wave: Number(after), afterWave: true };
  const [, kind, first, second] = /^(approval|pause|decision)-(\d{1,6})(?:-(\d{1,6}))?$/.exec(gateId) ?? [];
  const number = Number(first);
  if (kind === 'approval' && second === undefined) return { kind, revision: number };
  if (kind === 'pause' && second === undefined) return { kind, wave: number };
  if (kind === 'decision' && second !== undefined) return { kind, wave: number, attempt: Number(second) };
  return undefined;
}

/** Seconds from now until the gate is looked at again, at the latest when something is due at it. */
export function nextTickSeconds(gate: Gate, now: number): number {
  const grown = Math.min(MOST_TICK_SECONDS, Math.floor((now - gate.openedAt) / 1_000 / TICK_PART));
  const longest = Math.max(TICK_SECONDS[gate.kind], grown);
  return Math.max(1, Math.min(longest, Math.ceil((nextDueAt(gate) - now) / 1_000)));
}

/** The first tick of a gate that is about to be opened under `policy`. */
export function firstTickSeconds(policy: { expiresAfterMinutes: number; remindAfterMinutes: number }): number {
  return Math.min(TICK_SECONDS.approval, policy.expiresAfterMinutes * 60, policy.remindAfterMinutes * 60);
}
