import { type Access, mayAll, type Permission, type Person } from './access.ts';

/** Where a gate stands. It leaves `pending` once and never moves again. */
export const GATE_STATUSES = ['pending', 'approved', 'rejected', 'expired', 'cancelled'] as const;
export type GateStatus = (typeof GATE_STATUSES)[number];
export type Choice = 'approve' | 'reject';

/** What a person decides. Who rejects says why. */
export type Decision = { choice: 'approve' } | { choice: 'reject'; reason: string };

/** One person's decision, as it is kept. */
export interface Vote extends Person {
  choice: Choice;
  /** Why it was rejected, whole, as it was typed. */
  reason?: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Length of a reason in characters (ours): a word at least, and no more than a person who reads the card takes in. */
export const REASON_LENGTH = { min: 3, max: 500 } as const;

/** A typed reason without the space around it; undefined when it is too short or too long to be one. */
export function readReason(typed: string): string | undefined {
  const reason = typed.toWellFormed().trim();
  // Characters, not code units: an emoji is one to the person who types it.
  const length = [...reason].length;
  return length < REASON_LENGTH.min || length > REASON_LENGTH.max ? undefined : reason;
}

/** A question to people: may this plan run? Everything that decides it is frozen with it. */
export interface Gate {
  executionId: string;
  gateId: string;
  kind: 'approval';
  status: GateStatus;
  /** Optimistic lock: moves with every write. */
  version: number;
  /** Moves only with the question; the buttons carry it. */
  planRevision: number;
  planHash: string;
  application: string;
  requester: Person;
  /** Everything that somebody needs for `application` to decide. */
  permissions: Permission[];
  /** Approvals needed. */
  quorum: number;
  /** Milliseconds since the epoch. */
  openedAt: number;
  expiresAt: number;
  votes: Vote[];
  settledAt?: number;
}

/** What a press of a button leads to. */
export type VoteResult = { kind: 'recorded'; gate: Gate } | { kind: 'refused'; reason: Refusal };

export type Refusal = 'own request' | 'no permission' | 'already voted' | 'settled' | 'expired' | 'old card';

/** Who answers the question, and on the card of which revision. */
export interface Voter {
  person: Person;
  planRevision: number;
}

/**
 * Why this person's vote would not count now, in the order in which a person would want to hear of it; undefined when
 * it would. `now` is in milliseconds since the epoch.
 */
export function refusalOf(
  gate: Gate,
  { person, planRevision }: Voter,
  access: Access,
  now: number,
): Refusal | undefined {
  if (!mayAll(access, person, gate.permissions, gate.application)) {
    return isSame(person, gate.requester) ? 'own request' : 'no permission';
  }
  if (isSame(person, gate.requester)) return 'own request';
  if (planRevision !== gate.planRevision) return 'old card';
  if (gate.status === 'expired' || (gate.status === 'pending' && now >= gate.expiresAt)) return 'expired';
  if (gate.status !== 'pending') return 'settled';
  if (gate.votes.some((earlier) => isSame(earlier, person))) return 'already voted';
  return undefined;
}

/**
 * The rules of a vote. The answer's gate is to be written under the condition that the stored version is still the given
 * one.
 */
export function castVote(gate: Gate, vote: Voter & { decision: Decision }, access: Access, now: number): VoteResult {
  const refusal = refusalOf(gate, vote, access, now);
  if (refusal !== undefined) return { kind: 'refused', reason: refusal };

  const { userId, teamId } = vote.person;
  const votes = [...gate.votes, { userId, teamId, ...vote.decision, at: now }];
  const next: Gate = { ...gate, votes, version: gate.version + 1 };
  const status = decide(next, access);
  return { kind: 'recorded', gate: status === 'pending' ? next : { ...next, status, settledAt: now } };
}

/** One eligible Reject settles; so do as many eligible approvals as the quorum, each voter checked at this moment. */
function decide(gate: Gate, access: Access): GateStatus {
  const eligible = gate.votes.filter((vote) => counts(gate, vote, access));
  if (eligible.some((vote) => vote.choice === 'reject')) return 'rejected';
  return eligible.length >= gate.quorum ? 'approved' : 'pending';
}

function counts(gate: Gate, vote: Vote, access: Access): boolean {
  return !isSame(vote, gate.requester) && mayAll(access, vote, gate.permissions, gate.application);
}

/** The gate, expired when its time is over and nobody has decided. Unanswered is never yes. */
export function expire(gate: Gate, now: number): Gate {
  if (gate.status !== 'pending' || now < gate.expiresAt) return gate;
  return { ...gate, status: 'expired', settledAt: now, version: gate.version + 1 };
}

/**
 * True when the stored gate really carries what its frozen policy asks for, for the plan that is about to run: the last
 * word before anything launches, independent of how the status came to be written.
 */
export function isApproved(gate: Gate, plan: { hash: string; revision: number }): boolean {
  if (gate.status !== 'approved' || gate.planHash !== plan.hash || gate.planRevision !== plan.revision) return false;
  const approvers = gate.votes.filter((vote) => vote.choice === 'approve' && !isSame(vote, gate.requester));
  const distinct = new Set(approvers.map((vote) => `${vote.teamId}/${vote.userId}`));
  return distinct.size >= gate.quorum && !gate.votes.some((vote) => vote.choice === 'reject');
}

function isSame(a: Person, b: Person): boolean {
  return a.userId === b.userId && a.teamId === b.teamId;
}
