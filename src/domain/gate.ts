import { type Access, APPROVE_PERMISSION, may, type Person } from './access.ts';

/** Where a gate stands. It leaves `pending` once and never moves again. */
export const GATE_STATUSES = ['pending', 'approved', 'rejected', 'expired', 'cancelled'] as const;
export type GateStatus = (typeof GATE_STATUSES)[number];
export type Choice = 'approve' | 'reject';

/** One person's press of a button. */
export interface Vote extends Person {
  choice: Choice;
  /** Milliseconds since the epoch. */
  at: number;
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

/**
 * The rules of a vote, in the order in which a person would want to hear of them. The answer's gate is to be written
 * under the condition that the stored version is still the given one.
 */
export function castVote(
  gate: Gate,
  vote: { person: Person; choice: Choice; planRevision: number },
  access: Access,
  now: number,
): VoteResult {
  const { person, choice, planRevision } = vote;
  const refused = (reason: Refusal): VoteResult => ({ kind: 'refused', reason });
  if (!may(access, person, APPROVE_PERMISSION, gate.application)) {
    return refused(isSame(person, gate.requester) ? 'own request' : 'no permission');
  }
  if (isSame(person, gate.requester)) return refused('own request');
  if (planRevision !== gate.planRevision) return refused('old card');
  if (gate.status === 'expired' || (gate.status === 'pending' && now >= gate.expiresAt)) return refused('expired');
  if (gate.status !== 'pending') return refused('settled');
  if (gate.votes.some((earlier) => isSame(earlier, person))) return refused('already voted');

  const votes = [...gate.votes, { userId: person.userId, teamId: person.teamId, choice, at: now }];
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
  return !isSame(vote, gate.requester) && may(access, vote, APPROVE_PERMISSION, gate.application);
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
