import { isSamePerson, type Person } from './access.ts';
import type { Choice, Gate, Vote } from './gate.ts';
import type { ActionRecord, ExecutionRecord, GateRecord, MessageRecord, PlanRecord, WaveRecord } from './records.ts';
import { SCHEDULES_KEY, type ScheduleRecord } from './schedule.ts';
import { isTerminal } from './status.ts';

/** What an event of the audit tells. */
export const AUDIT_KINDS = [
  /** Somebody asked for an execution. */
  'requested',
  /** A plan was frozen: what preflight found. */
  'preflight',
  /** A frozen plan was given more warnings. */
  'warned',
  'gate opened',
  'vote',
  /** A vote that passes the gate alone. */
  'break-glass',
  /** A vote to go on after a pause. */
  'resume',
  /** A gate was settled: by votes, by its deadline, or cancelled. */
  'decision',
  'reminder',
  'escalation',
  /** Step Functions has taken the bell of a settled gate. */
  'bell rung',
  /** A decision has not reached its machine within a minute. */
  'bell late',
  'cancel requested',
  'pause requested',
  /** Somebody keeps a drill's instances that would have been ended. */
  'instances kept',
  /** The termination that a drill's approval promised was begun. */
  'clean-up begun',
  /** The machine of an execution has died on the way; it can be set going again, or not. */
  'machine stopped',
  /** Somebody wants a dead machine set going again. */
  'resume requested',
  'status changed',
  /** An action before or after a wave: each attempt of it. */
  'action begun',
  'action ended',
  'wave ended',
  /** The execution is over: completed, failed, rejected, expired, cancelled… */
  'ended',
  /** Somebody has taken it off the lists, or put it back; the record stays. */
  'archived',
  'unarchived',
  /** A card or a question was shown in Slack: where it stands. */
  'message posted',
  /** Something that somebody wanted and was not given; nothing was changed. */
  'refused',
  /** Something that somebody was given and that leaves no other trace. */
  'asked',
  /** Recovery plans or protection groups were stored or removed: which ones, with their versions. */
  'plans stored',
  'policies changed',
  'access changed',
  /** Somebody made a schedule, or deleted it. */
  'schedule made',
  'schedule deleted',
  /** An item was removed, or a note changed: nothing of the product may do that. */
  'tampered',
  /** A change of the table that could not be understood. */
  'not understood',
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Who did it: a person by Slack's ids, or the part of the product that did. */
export type Actor = Person | { machine: string };

/** One thing that happened, as it is kept for auditors. It names no task token and no secret. */
export interface AuditEvent {
  /** The same for the same change of the table, however often that is delivered. */
  id: string;
  kind: AuditKind;
  /** ISO 8601, UTC. */
  time: string;
  /** Left out for what belongs to no execution. */
  executionId?: string;
  by: Actor;
  /** The plan that stood then; left out before there was one. */
  planHash?: string;
  gateId?: string;
  /** Where people see it in Slack. */
  message?: MessagePlace;
  /** What is special to the kind, in words and values that JSON has. */
  details: Record<string, unknown>;
}

/** A message of Slack. */
export interface MessagePlace {
  channelId: string;
  /** Slack's timestamp of the message; left out when it was not posted yet. */
  ts?: string;
  permalink?: string;
}

/** `EVENT#…`: what leaves no other trace in the table. Written once, never changed. */
export interface AuditNote {
  /** The execution, or {@link refusedDayOf} the day where there is none. */
  executionId: string;
  kind: 'refused' | 'asked' | 'plans stored';
  /** Milliseconds since the epoch. */
  at: number;
  person: Person;
  /** What was wanted, e.g. `vote: approve` or `/dr failover`. */
  what: string;
  /** Why it was refused. */
  why?: string;
  gateId?: string;
  planHash?: string;
  /** What was typed, e.g. a command or a reason. */
  text?: string;
}

/** `policies` and `access` under `CONFIGURATION`: a document as it was seen last. */
export interface SeenDocument {
  name: 'policies' | 'access';
  version: string;
  document: Record<string, unknown>;
  /** Milliseconds since the epoch. */
  seenAt: number;
}

/** Partition of the documents that are watched. */
export const CONFIGURATION_KEY = 'CONFIGURATION';

/** Partition of the notes of a day that belong to no execution. `at` is in milliseconds since the epoch. */
export function refusedDayOf(at: number): string {
  return `REFUSED#${new Date(at).toISOString().slice(0, 10)}`;
}

/** One change of an item of the table, as the stream tells of it. */
export interface TableChange {
  /** Partition and sort key. */
  key: string;
  item: string;
  /** The stream's number of the change: the same whenever it is delivered. */
  sequence: string;
  /** When it was written, by the stream, in milliseconds since the epoch; whole seconds. */
  at: number;
  /** The item as it was and as it is; left out where there was or is none. */
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

/** An event before it has its place in the chain, which knows the plan's hash and where messages stand. */
export type EventDraft = AuditEvent & {
  /** Key of the message that shows it. */
  messageKey?: string;
};

/** Most entries of a list in an event: the whole lists are in the table; an item of it holds 400 kB. */
const MAX_ENTRIES = 500;

type Told = Pick<AuditEvent, 'kind' | 'time' | 'by' | 'details'> &
  Partial<Pick<EventDraft, 'planHash' | 'gateId' | 'message' | 'messageKey'>>;

/** The beginnings of sort keys, each with what its changes tell. */
const TELLERS: [prefix: string, tell: (change: TableChange) => Told[]][] = [
  ['EXECUTION', executionEvents],
  ['PLAN#', planEvents],
  ['WAVE#', waveEvents],
  ['ACTION#', actionEvents],
  ['GATE#', gateEvents],
  ['MESSAGE#', messageEvents],
  ['EVENT#', noteEvents],
  ['SCHEDULE#', scheduleEvents],
  ['policies', documentEvents],
  ['access', documentEvents],
];

/** The events that a change of the table stands for, in the order in which they happened; none for one that tells nothing. */
export function auditEventsOf(change: TableChange): EventDraft[] {
  const { key, item, sequence } = change;
  const tell = TELLERS.find(([prefix]) => item.startsWith(prefix))?.[1];
  if (tell === undefined) return [];
  return told(change, tell).map((event, index) => ({
    id: `${item}@${sequence}/${index + 1}`,
    ...(belongsToExecution(key) ? { executionId: key } : {}),
    ...event,
  }));
}

/** The event that stands for a change that cannot be understood: it must not be lost, nor hold up others. */
export function notUnderstood({ key, item, sequence, at }: TableChange, why: string): EventDraft {
  return {
    id: `${item}@${sequence}/1`,
    ...(belongsToExecution(key) ? { executionId: key } : {}),
    kind: 'not understood',
    time: iso(at),
    by: { machine: 'audit' },
    details: { item, why },
  };
}

function belongsToExecution(key: string): boolean {
  return key !== CONFIGURATION_KEY && key !== SCHEDULES_KEY && !key.includes('#');
}

function told(change: TableChange, tell: (change: TableChange) => Told[]): Told[] {
  if (change.after !== undefined) return tell(change);
  return change.item.startsWith('MESSAGE#') ? [] : [tampered(change, 'it was removed')];
}

function tampered({ item, at }: TableChange, what: string): Told {
  return { kind: 'tampered', time: iso(at), by: { machine: 'unknown' }, details: { item, what } };
}

function executionEvents(change: TableChange): Told[] {
  const before = change.before as unknown as ExecutionRecord | undefined;
  const after = change.after as unknown as ExecutionRecord;
  return [
    ...(before === undefined ? [requested(after)] : []),
    ...flagged('pause requested', before?.pauseRequested, after.pauseRequested),
    ...flagged('cancel requested', before?.cancelRequested, after.cancelRequested),
    ...flagged('instances kept', before?.cleanUp?.kept, after.cleanUp?.kept),
    ...cleanUpBegun(change, before, after),
    ...machineStopped(before, after),
    ...flagged('resume requested', before?.resumeRequested, after.resumeRequested),
    ...(before === undefined || before.status === after.status ? [] : [statusEvent(change, before, after)]),
    ...flagged('archived', before?.archived, after.archived),
    ...flagged('unarchived', before?.unarchived, after.unarchived),
  ];
}

function requested(execution: ExecutionRecord): Told {
  const { executionId: _, status: __, startTime, requester: ___, planRevision: ____, ...asked } = execution;
  const { item: _____, ...details } = asked as typeof asked & { item?: string };
  return {
    kind: 'requested',
    time: iso(startTime),
    by: askerOf(execution),
    messageKey: CARD_KEY,
    message: { channelId: execution.channelId },
    details,
  };
}

function askerOf({ requester, service, cleansUp, schedule }: ExecutionRecord): Actor {
  if (cleansUp !== undefined) return { machine: 'clean-up-drills' };
  if (schedule !== undefined) return { machine: 'run-schedules' };
  return service === undefined ? personOf(requester) : { machine: 'request-recovery' };
}

function flagged(kind: AuditKind, before: Flag | undefined, after: Flag | undefined): Told[] {
  if (after === undefined || after.at === before?.at) return [];
  const details = after.reason === undefined ? {} : { reason: after.reason };
  return [{ kind, time: iso(after.at), by: personOf(after), messageKey: CARD_KEY, details }];
}

function cleanUpBegun({ at }: TableChange, before: ExecutionRecord | undefined, { cleanUp }: ExecutionRecord): Told[] {
  const { executionId: termination, afterHours } = cleanUp ?? {};
  if (termination === undefined || termination === before?.cleanUp?.executionId) return [];
  const details = { termination, afterHours };
  return [{ kind: 'clean-up begun', time: iso(at), by: { machine: 'clean-up-drills' }, messageKey: CARD_KEY, details }];
}

function machineStopped(before: ExecutionRecord | undefined, { machineStopped: now }: ExecutionRecord): Told[] {
  const { at, notResumable } = before?.machineStopped ?? {};
  if (now === undefined || (now.at === at && now.notResumable === notResumable)) return [];
  const { code, message } = now;
  const details = { problem: { code, message }, resumable: now.notResumable !== true };
  const by = { machine: now.notResumable === true ? 'effects' : 'close-execution' };
  return [{ kind: 'machine stopped', time: iso(now.at), by, messageKey: CARD_KEY, details }];
}

function statusEvent({ at }: TableChange, before: ExecutionRecord, after: ExecutionRecord): Told {
  const { status, endTime, outcome, summary, resultLocation, problem, cleanUp } = after;
  const isEnd = isTerminal(status);
  return {
    kind: isEnd ? 'ended' : 'status changed',
    time: iso(isEnd ? (endTime ?? at) : at),
    by: { machine: 'dr-execution' },
    messageKey: CARD_KEY,
    details: { from: before.status, status, ...(isEnd ? { outcome, summary, resultLocation, problem, cleanUp } : {}) },
  };
}

function planEvents({ at, before: old, after: now }: TableChange): Told[] {
  const before = old as unknown as PlanRecord | undefined;
  const plan = now as unknown as PlanRecord;
  const common = { by: { machine: 'dr-execution' }, planHash: plan.hash, messageKey: CARD_KEY };
  if (before === undefined) {
    const { revision, verb, waves, totalServers, accounts, batchIds, frozenAt, skipped, failed } = plan;
    const details = {
      ...{ revision, verb, waves, totalServers, accounts, batches: batchIds.length },
      ...{ skipped: skipped.length, failed: failed.length },
      ...capped('missingAccounts', plan.missingAccounts),
      ...capped('cleanups', plan.cleanups),
      ...capped('replaced', plan.replaced),
      ...capped('stops', plan.stops),
      ...capped('findings', plan.findings),
      ...capped('warnings', plan.warnings),
      ...capped('changes', plan.changes),
    };
    return [{ kind: 'preflight', time: iso(frozenAt), ...common, details }];
  }
  const more = plan.warnings.filter((warning) => !before.warnings.includes(warning));
  if (more.length === 0) return [];
  return [
    { kind: 'warned', time: iso(at), ...common, details: { revision: plan.revision, ...capped('warnings', more) } },
  ];
}

function capped(name: string, entries: readonly unknown[]): Record<string, unknown> {
  if (entries.length <= MAX_ENTRIES) return { [name]: entries };
  return { [name]: entries.slice(0, MAX_ENTRIES), [`${name}LeftOut`]: entries.length - MAX_ENTRIES };
}

function waveEvents({ before: old, after }: TableChange): Told[] {
  const before = old as unknown as Partial<WaveRecord> | undefined;
  const {
    wave,
    attempt,
    planRevision,
    notBegun,
    outcome,
    summary,
    nextPhaseReady,
    resultLocation,
    startedAt,
    endedAt,
  } = after as unknown as Partial<WaveRecord>;
  if (endedAt === undefined || before?.endedAt === endedAt) return [];
  return [
    {
      kind: 'wave ended',
      time: iso(endedAt),
      by: { machine: 'drs-orchestration-main' },
      messageKey: CARD_KEY,
      details: {
        ...{ wave, planRevision, notBegun, outcome, summary, nextPhaseReady, resultLocation },
        ...(attempt === undefined ? {} : { attempt }),
        ...(startedAt === undefined ? {} : { startedAt: iso(startedAt) }),
      },
    },
  ];
}

function actionEvents({ before: old, after }: TableChange): Told[] {
  const before = old as unknown as ActionRecord | undefined;
  const record = after as unknown as ActionRecord;
  const { wave, phase, index, attempt, action, status, detail, accountId, region, references, startedAt, endedAt } =
    record;
  const { actionName, actionType } = action;
  const common = { by: { machine: 'take-action' }, messageKey: CARD_KEY };
  const about = { wave, phase, index, attempt, actionName, actionType };
  const begun: Told = { kind: 'action begun', time: iso(startedAt), ...common, details: { ...about, action } };
  const isOver = endedAt !== undefined && status !== 'running' && (before === undefined || before.status === 'running');
  return [
    ...(before === undefined ? [begun] : []),
    ...(isOver
      ? [
          {
            kind: 'action ended' as const,
            time: iso(endedAt),
            ...common,
            details: { ...about, status, detail, accountId, region, references },
          },
        ]
      : []),
  ];
}

function gateEvents({ before: old, after }: TableChange): Told[] {
  const before = old as unknown as GateRecord | undefined;
  const gate = after as unknown as GateRecord;
  const { gateId, planHash, kind, wave, afterWave, action } = gate;
  const about = {
    gate: kind,
    ...(wave === undefined ? {} : { wave }),
    ...(afterWave === undefined ? {} : { afterWave }),
    ...(action === undefined ? {} : { action }),
  };
  const happened: Omit<Told, 'gateId' | 'planHash' | 'messageKey'>[] = [
    ...(before === undefined ? [opened(gate)] : []),
    // Those of another gate are told of there.
    ...(gate.from === undefined ? gate.votes : [])
      .filter((vote) => !before?.votes.some((earlier) => isSameVote(earlier, vote)))
      .map(voteEvent),
    ...(gate.reminders ?? []).slice(before?.reminders?.length ?? 0).map((at) => reminded(gate, at)),
    ...(gate.escalatedAt === undefined || gate.escalatedAt === before?.escalatedAt
      ? []
      : [escalated(gate, gate.escalatedAt)]),
    ...(gate.status === 'pending' || (before !== undefined && before.status !== 'pending') ? [] : [decided(gate)]),
    ...bellEvents(before, gate),
  ];
  return happened.map((event) => ({
    ...event,
    gateId,
    planHash,
    messageKey: `gate-${gateId}`,
    details: { ...about, ...event.details },
  }));
}

type GateTold = Pick<Told, 'kind' | 'time' | 'by' | 'details'>;

function opened(gate: Gate): GateTold {
  const {
    planRevision,
    application,
    permissions,
    roles,
    quorum,
    approvers,
    policyVersion,
    selfApproval = false,
  } = gate;
  const { breakGlass, escalation, from, cleanUpAfterHours } = gate;
  return {
    kind: 'gate opened',
    time: iso(gate.openedAt),
    by: { machine: 'open-gate' },
    details: {
      ...{ planRevision, application, permissions, roles, quorum, approvers, policyVersion, selfApproval, breakGlass },
      ...{ from, cleanUpAfterHours },
      typedNameAsked: gate.typedName !== undefined,
      expiresAt: iso(gate.expiresAt),
      ...(escalation === undefined ? {} : { escalation: { ...escalation, at: iso(escalation.at) } }),
    },
  };
}

function voteEvent({ choice, reason, breakGlass, at, ...person }: Vote): GateTold {
  return {
    kind: voteKind(choice, breakGlass),
    time: iso(at),
    by: personOf(person),
    details: { choice, reason, ...(breakGlass ? { breakGlass } : {}) },
  };
}

function voteKind(choice: Choice, breakGlass: true | undefined): AuditKind {
  if (breakGlass) return 'break-glass';
  return choice === 'resume' ? 'resume' : 'vote';
}

function isSameVote(a: Vote, b: Vote): boolean {
  return isSamePerson(a, b) && a.at === b.at && a.choice === b.choice && a.breakGlass === b.breakGlass;
}

function reminded({ approvers, reminders = [] }: Gate, at: number): GateTold {
  const number = reminders.indexOf(at) + 1;
  return { kind: 'reminder', time: iso(at), by: { machine: 'read-decision' }, details: { number, asked: approvers } };
}

function escalated({ escalation }: Gate, at: number): GateTold {
  const { users, userGroups } = escalation ?? {};
  return { kind: 'escalation', time: iso(at), by: { machine: 'read-decision' }, details: { users, userGroups } };
}

function decided({ status, answer, quorum, votes, settledAt = 0, cancelledBy, from }: Gate): GateTold {
  const counted = answer === undefined ? [] : votes.filter((vote) => vote.choice === answer);
  const last = from === undefined ? counted.at(-1) : undefined;
  const machine = status === 'expired' ? 'read-decision' : from === undefined ? 'close-execution' : 'open-gate';
  const who = status === 'cancelled' ? cancelledBy : last;
  return {
    kind: 'decision',
    time: iso(settledAt),
    by: who === undefined ? { machine } : personOf(who),
    details: {
      ...{ status, answer, quorum, from },
      counted: counted.map((vote) => ({ ...personOf(vote), ...(vote.breakGlass ? { breakGlass: true } : {}) })),
      ...(counted.some((vote) => vote.breakGlass) ? { breakGlass: true } : {}),
    },
  };
}

/** Of the bell, which is a secret, only the times. */
function bellEvents(before: GateRecord | undefined, { bell, settledAt }: GateRecord): GateTold[] {
  const [rungAt, lateSince] = [bell?.rungAt, bell?.lateSince];
  const by = { machine: 'bell' };
  return [
    ...(lateSince === undefined || lateSince === before?.bell?.lateSince
      ? []
      : [
          { kind: 'bell late' as const, time: iso(lateSince), by, details: { decidedAt: iso(settledAt ?? lateSince) } },
        ]),
    ...(rungAt === undefined || rungAt === before?.bell?.rungAt
      ? []
      : [{ kind: 'bell rung' as const, time: iso(rungAt), by, details: {} }]),
  ];
}

function messageEvents({ at, before, after }: TableChange): Told[] {
  const { ts: earlier } = (before ?? {}) as Partial<MessageRecord>;
  const { key, channelId, ts } = after as unknown as MessageRecord;
  if (ts === undefined || ts === earlier) return [];
  const message = { channelId, ts, permalink: permalinkOf(channelId, ts) };
  return [{ kind: 'message posted', time: iso(at), by: { machine: 'projector' }, message, details: { key } }];
}

/**
 * As chat.getPermalink answers, but at slack.com, which leads who is signed in to their own workspace: the audit asks
 * nothing of Slack, and no workspace's address is configured. The ids beside it say the same.
 */
function permalinkOf(channelId: string, ts: string): string {
  return `https://slack.com/archives/${channelId}/p${ts.replace('.', '')}`;
}

function noteEvents(change: TableChange): Told[] {
  if (change.before !== undefined) return [tampered(change, 'it was changed')];
  const { kind, at, person, what, why, gateId, planHash, text } = change.after as unknown as AuditNote;
  return [
    {
      kind,
      time: iso(at),
      by: personOf(person),
      ...(gateId === undefined ? {} : { gateId }),
      ...(planHash === undefined ? {} : { planHash }),
      messageKey: gateId === undefined ? CARD_KEY : `gate-${gateId}`,
      details: { what, why, text },
    },
  ];
}

function documentEvents({ before: old, after }: TableChange): Told[] {
  const before = old as unknown as SeenDocument | undefined;
  const { name, version, document, seenAt } = after as unknown as SeenDocument;
  if (version === before?.version) return [];
  return [
    {
      kind: name === 'policies' ? 'policies changed' : 'access changed',
      time: iso(seenAt),
      by: { machine: 'refresh-catalogue' },
      details: {
        version,
        previousVersion: before?.version,
        changes: differencesOf(before?.document, document),
      },
    },
  ];
}

function scheduleEvents({ before, after }: TableChange): Told[] {
  const { madeBy, madeAt, deleted, ...schedule } = after as unknown as ScheduleRecord;
  const { scheduleId, application, waves, cron, timeZone, channelId, cleanUpAfterHours } = schedule;
  const details = { scheduleId, verb: 'drill', application, waves, cron, timeZone, cleanUpAfterHours };
  const message = { channelId };
  const wasDeleted = (before as unknown as ScheduleRecord | undefined)?.deleted !== undefined;
  return [
    ...(before === undefined
      ? [{ kind: 'schedule made' as const, time: iso(madeAt), by: personOf(madeBy), message, details }]
      : []),
    ...(deleted === undefined || wasDeleted
      ? []
      : [{ kind: 'schedule deleted' as const, time: iso(deleted.at), by: personOf(deleted), message, details }]),
  ];
}

/** Where two documents differ, e.g. `grants.0.users.1`, in the order of the paths. */
export function differencesOf(
  before: unknown,
  after: unknown,
  path = '',
): { path: string; before?: unknown; after?: unknown }[] {
  if (isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after)) {
    const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) =>
      differencesOf(old.get(name), now.get(name), path === '' ? name : `${path}.${name}`),
    );
  }
  if (before === after) return [];
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Key of an execution's card among its messages. */
const CARD_KEY = 'card';

/** Somebody has asked for something of a running execution. */
type Flag = NonNullable<ExecutionRecord['cancelRequested']>;

function personOf({ userId, teamId }: Person): Person {
  return { userId, teamId };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
