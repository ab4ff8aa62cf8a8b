import { type Access, hasRole, isSamePerson, mayAll, type Permission, type Person, type Role } from './access.ts';

/** Where a gate stands. It leaves `pending` once and never moves again. */
export const GATE_STATUSES = ['pending', 'approved', 'rejected', 'expired', 'cancelled'] as const;
export type GateStatus = (typeof GATE_STATUSES)[number];

/**
 * What a gate asks. `approval`: may this plan run? `pause`: may it go on with the next wave? `decision`: a wave did not
 * go as it should; what now?
 */
export const GATE_KINDS = ['approval', 'pause', 'decision'] as const;
export type GateKind = (typeof GATE_KINDS)[number];

/** The answers to each kind of question; the last one says no. */
export const CHOICES = {
  approval: ['approve', 'reject'],
  pause: ['resume', 'stop'],
  decision: ['retry', 'continue', 'stop'],
} as const satisfies Record<GateKind, readonly string[]>;
export type Choice = (typeof CHOICES)[GateKind][number];

/** What a person decides. Who rejects, and who breaks the glass, says why. */
export type Decision =
  | { choice: 'approve'; typedName?: string }
  | { choice: 'approve'; breakGlass: true; reason: string; typedName?: string }
  | { choice: 'reject'; reason: string }
  | { choice: 'resume' | 'retry' | 'continue' | 'stop'; reason?: string };

/** One person's decision, as it is kept. */
export interface Vote extends Person {
  choice: Choice;
  /** Why, whole, as it was typed. */
  reason?: string;
  /** Set when the question was passed by one person alone, as its policy allows in an emergency. */
  breakGlass?: true;
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

/** A question to people. Everything that decides it is frozen with it. */
export interface Gate {
  executionId: string;
  gateId: string;
  kind: GateKind;
  status: GateStatus;
  /** Optimistic lock: moves with every write. */
  version: number;
  /** Moves only with the question; the buttons carry it. */
  planRevision: number;
  planHash: string;
  /** The wave that a pause or a decision is about. */
  wave?: number;
  /** Set for a pause that is after the last wave, not before `wave`. */
  afterWave?: true;
  /** The action of the wave that has failed, where the decision is about one. */
  action?: { phase: 'pre' | 'post'; index: number; attempt: number };
  /** What the question says of a drill: hours after its end at which its instances are ended, too. */
  cleanUpAfterHours?: number;
  /** The gate whose votes these are: of the drill that said what is done here. */
  from?: { executionId: string; gateId: string };
  application: string;
  /** Applications for which somebody needs the permissions besides. */
  otherApplications?: string[];
  requester: Person;
  /** When it was asked for, in milliseconds since the epoch. */
  requestedAt: number;
  /** Everything that somebody needs for `application` to decide. */
  permissions: Permission[];
  /** Roles whose votes count; left out: every role with the permissions. */
  roles?: Role[];
  /** Votes needed. */
  quorum: number;
  /** Whether the requester's own vote counts. */
  selfApproval?: boolean;
  /** What has to be typed to approve. */
  typedName?: string;
  /** Who may pass it alone, as they were when it opened. */
  breakGlass?: { roles: Role[]; userIds: string[]; byRequester: boolean };
  /** Which policy document it was frozen from. */
  policyVersion?: string;
  /** Slack user ids of those who are asked: who may decide at the moment when the gate opens. Nobody else's vote counts. */
  approvers: string[];
  /** Milliseconds since the epoch. */
  openedAt: number;
  expiresAt: number;
  /** Minutes until the first reminder; each further wait is twice the one before. Left out: nobody is reminded. */
  remindAfterMinutes?: number;
  /** When they were reminded, in milliseconds since the epoch. */
  reminders?: number[];
  /** Whom the question is taken to, and when, in milliseconds since the epoch. */
  escalation?: { at: number; users: string[]; userGroups: string[] };
  escalatedAt?: number;
  votes: Vote[];
  settledAt?: number;
  /** What was chosen, once it is settled by votes. */
  answer?: Choice;
  /** Who cancelled it, when a person did. */
  cancelledBy?: Person;
}

/** What a press of a button leads to. */
export type VoteResult = { kind: 'recorded'; gate: Gate } | { kind: 'refused'; reason: Refusal };

export const REFUSALS = [
  'own request',
  'no permission',
  'not asked',
  'already voted',
  'settled',
  'expired',
  'old card',
  'wrong name',
  'no break-glass',
  'bot',
  'guest',
  'other workspace',
  'deactivated',
] as const;
export type Refusal = (typeof REFUSALS)[number];

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
  const isOwn = isSamePerson(person, gate.requester) && gate.selfApproval !== true;
  if (isOwn) return 'own request';
  if (!isEligible(gate, person, access)) return 'no permission';
  if (!gate.approvers.includes(person.userId)) return 'not asked';
  return closedFor(gate, { person, planRevision }, now);
}

/** Why this person cannot pass the gate alone now; undefined when they can. */
export function breakGlassRefusalOf(
  gate: Gate,
  { person, planRevision }: Voter,
  access: Access,
  now: number,
): Refusal | undefined {
  if (!mayBreakGlass(gate, person, access)) {
    return isSamePerson(person, gate.requester) ? 'own request' : 'no break-glass';
  }
  return closedFor(gate, { person, planRevision }, now, { mayHaveVoted: true });
}

function closedFor(
  gate: Gate,
  { person, planRevision }: Voter,
  now: number,
  { mayHaveVoted = false } = {},
): Refusal | undefined {
  if (planRevision !== gate.planRevision) return 'old card';
  if (gate.status === 'expired' || (gate.status === 'pending' && now >= gate.expiresAt)) return 'expired';
  if (gate.status !== 'pending') return 'settled';
  if (!mayHaveVoted && gate.votes.some((earlier) => isSamePerson(earlier, person))) return 'already voted';
  return undefined;
}

/**
 * The rules of a vote. The answer's gate is to be written under the condition that the stored version is still the given
 * one.
 */
export function castVote(gate: Gate, vote: Voter & { decision: Decision }, access: Access, now: number): VoteResult {
  const { decision, person } = vote;
  const isBreakGlass = 'breakGlass' in decision;
  const refusal = isBreakGlass ? breakGlassRefusalOf(gate, vote, access, now) : refusalOf(gate, vote, access, now);
  if (refusal !== undefined) return { kind: 'refused', reason: refusal };
  // A button of another kind of question: its card is not this gate's.
  if (!(CHOICES[gate.kind] as readonly string[]).includes(decision.choice))
    return { kind: 'refused', reason: 'old card' };
  if (decision.choice === 'approve' && !isTyped(gate, decision.typedName)) {
    return { kind: 'refused', reason: 'wrong name' };
  }

  const { userId, teamId } = person;
  const kept: Vote = {
    userId,
    teamId,
    choice: decision.choice,
    ...('reason' in decision && decision.reason !== undefined ? { reason: decision.reason } : {}),
    ...(isBreakGlass ? { breakGlass: true as const } : {}),
    at: now,
  };
  // Who has approved already may still break the glass: one person is then counted once, by the later word.
  const votes = [...gate.votes.filter((earlier) => !isSamePerson(earlier, person)), kept];
  const next: Gate = { ...gate, votes, version: gate.version + 1 };
  const settled = decide(next, access);
  return { kind: 'recorded', gate: settled === undefined ? next : { ...next, ...settled, settledAt: now } };
}

/** True when what was typed is the name that the gate asks for, whatever the case (phones write capitals by themselves). */
export function isTyped(gate: Pick<Gate, 'typedName'>, typed: string | undefined): boolean {
  if (gate.typedName === undefined) return true;
  return plain(typed ?? '') === plain(gate.typedName);
}

function plain(text: string): string {
  return text.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();
}

/**
 * One eligible No settles; so does one who may break the glass and did, and so do as many eligible votes for one answer
 * as the quorum. Each voter is checked at this moment.
 */
function decide(gate: Gate, access: Access): { status: GateStatus; answer: Choice } | undefined {
  const no = refusingChoice(gate.kind);
  const eligible = gate.votes.filter((vote) => counts(gate, vote, access));
  if (eligible.some((vote) => vote.choice === no)) return { status: 'rejected', answer: no };
  const alone = gate.votes.find((vote) => vote.breakGlass === true && mayBreakGlass(gate, vote, access));
  if (alone !== undefined) return { status: 'approved', answer: alone.choice };
  const answer = CHOICES[gate.kind].find(
    (choice) => choice !== no && eligible.filter((vote) => vote.choice === choice).length >= gate.quorum,
  );
  return answer === undefined ? undefined : { status: 'approved', answer };
}

/** The answer that says no to a kind of question. */
export function refusingChoice(kind: GateKind): Choice {
  return kind === 'approval' ? 'reject' : 'stop';
}

function counts(gate: Gate, vote: Vote, access: Access): boolean {
  if (isSamePerson(vote, gate.requester) && gate.selfApproval !== true) return false;
  return gate.approvers.includes(vote.userId) && isEligible(gate, vote, access);
}

/** True when a person has, at this moment, the permissions and one of the roles that the gate asks for. */
export function isEligible(
  gate: Pick<Gate, 'permissions' | 'roles' | 'application' | 'otherApplications'>,
  person: Person,
  access: Access,
): boolean {
  const { permissions, roles, application, otherApplications = [] } = gate;
  return [application, ...otherApplications].every(
    (one) => mayAll(access, person, permissions, one) && (roles === undefined || hasRole(access, person, roles, one)),
  );
}

/** True when this person may pass the gate alone at this moment. Never for a question whose policy does not say so. */
export function mayBreakGlass(gate: Gate, person: Person, access: Access): boolean {
  const { breakGlass } = gate;
  if (breakGlass === undefined || gate.kind !== 'approval') return false;
  if (isSamePerson(person, gate.requester) && !breakGlass.byRequester) return false;
  const { application, otherApplications = [] } = gate;
  return (
    breakGlass.userIds.includes(person.userId) &&
    [application, ...otherApplications].every((one) => hasRole(access, person, breakGlass.roles, one))
  );
}

/**
 * The gate as it is at `now`: expired when its time is over and nobody has decided (unanswered is never yes), with one
 * more reminder when that is due, and escalated when its time has come. The same gate when nothing is due.
 */
export function tick(gate: Gate, now: number): Gate {
  if (gate.status !== 'pending') return gate;
  if (now >= gate.expiresAt) return { ...gate, status: 'expired', settledAt: now, version: gate.version + 1 };
  const remind = now >= nextReminderAt(gate);
  const escalate = gate.escalation !== undefined && gate.escalatedAt === undefined && now >= gate.escalation.at;
  if (!remind && !escalate) return gate;
  return {
    ...gate,
    ...(remind ? { reminders: [...(gate.reminders ?? []), now] } : {}),
    ...(escalate ? { escalatedAt: now } : {}),
    version: gate.version + 1,
  };
}

/** When something is due at a pending gate, in milliseconds since the epoch: a reminder, the escalation or its end. */
export function nextDueAt(gate: Gate): number {
  const escalation = gate.escalatedAt === undefined ? gate.escalation?.at : undefined;
  return Math.min(gate.expiresAt, nextReminderAt(gate), escalation ?? Number.POSITIVE_INFINITY);
}

/** 15 minutes, then twice as long each time (facts: slack §3, item 9). */
function nextReminderAt({ openedAt, reminders = [], remindAfterMinutes }: Gate): number {
  if (remindAfterMinutes === undefined) return Number.POSITIVE_INFINITY;
  return (reminders.at(-1) ?? openedAt) + remindAfterMinutes * 60_000 * 2 ** reminders.length;
}

/** The gate, cancelled; unchanged when it is settled. */
export function cancelled(gate: Gate, now: number, by?: Person): Gate {
  if (gate.status !== 'pending') return gate;
  return {
    ...gate,
    status: 'cancelled',
    settledAt: now,
    version: gate.version + 1,
    ...(by === undefined ? {} : { cancelledBy: { userId: by.userId, teamId: by.teamId } }),
  };
}

/**
 * True when the stored gate really carries what its frozen policy asks for, for the plan that is about to run: the last
 * word before anything launches, independent of how the status came to be written.
 */
export function isApproved(gate: Gate, plan: { hash: string; revision: number }): boolean {
  return (
    gate.kind === 'approval' && gate.planHash === plan.hash && gate.planRevision === plan.revision && isPassed(gate)
  );
}

/** True when a gate of whatever kind carries the votes that its frozen policy asks for, for one answer, and no No. */
export function isPassed(gate: Gate): boolean {
  return CHOICES[gate.kind].some((choice) => isPassedWith(gate, choice));
}

/** True when a gate carries the votes that its frozen policy asks for, for this answer, and no No. */
export function isPassedWith(gate: Gate, choice: Choice): boolean {
  const no = refusingChoice(gate.kind);
  if (gate.status !== 'approved' || choice === no || gate.votes.some((vote) => vote.choice === no)) return false;
  const asked = gate.votes.filter(
    (vote) =>
      gate.approvers.includes(vote.userId) && (gate.selfApproval === true || !isSamePerson(vote, gate.requester)),
  );
  const those = asked.filter((vote) => vote.choice === choice).map((vote) => `${vote.teamId}/${vote.userId}`);
  if (new Set(those).size >= gate.quorum) return true;
  return choice === 'approve' && gate.votes.some((vote) => isBreakGlassVote(gate, vote));
}

function isBreakGlassVote(gate: Gate, vote: Vote): boolean {
  const { breakGlass } = gate;
  if (breakGlass === undefined || gate.kind !== 'approval') return false;
  if (vote.breakGlass !== true || vote.choice !== 'approve' || vote.reason === undefined) return false;
  return breakGlass.userIds.includes(vote.userId) && (breakGlass.byRequester || !isSamePerson(vote, gate.requester));
}
