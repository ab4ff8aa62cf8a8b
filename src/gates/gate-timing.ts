import type { ApprovalPolicy } from '../domain/policy.ts';

/** Longest wait for a bell, in seconds: a bell that was lost is noticed at the next tick. */
const TICK_SECONDS = 300;

/** The gate that asks about a revision of the plan. */
export function gateIdOf(planRevision: number): string {
  return `approval-${planRevision}`;
}

/** Seconds from now until the gate is looked at again, at the latest at its deadline. */
export function nextTickSeconds(expiresAt: number, now: number): number {
  return Math.max(1, Math.min(TICK_SECONDS, Math.ceil((expiresAt - now) / 1_000)));
}

/** The first tick of a gate that is about to be opened under `policy`. */
export function firstTickSeconds(policy: Pick<ApprovalPolicy, 'expiresAfterMinutes'>): number {
  return Math.min(TICK_SECONDS, policy.expiresAfterMinutes * 60);
}
