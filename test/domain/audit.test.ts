import { describe, expect, it } from 'vitest';
import {
  AUDIT_KINDS,
  type AuditKind,
  auditEventsOf,
  differencesOf,
  type EventDraft,
  notUnderstood,
  refusedDayOf,
  type TableChange,
} from '../../src/domain/audit.ts';
import type { WaveRecord } from '../../src/domain/records.ts';
import { anAction, SWITCH_DNS } from '../blocks/fixtures/recovery.ts';
import {
  APPROVER,
  aGate,
  anExecution,
  aPlan,
  EXECUTION_ID,
  minutes,
  REQUESTER,
  START,
  TASK_TOKEN,
} from '../blocks/views.ts';

const TEAM = 'T0PRACTICE1';
const approver = { userId: APPROVER, teamId: TEAM };
const requester = { userId: REQUESTER, teamId: TEAM };
const SOON = START + minutes(5);
const WRITTEN = '2026-03-02T02:06:00.000Z';

function change(item: string, before: object | undefined, after: object | undefined, key = EXECUTION_ID): TableChange {
  return {
    key,
    item,
    sequence: '100000000000000000042',
    at: Date.parse(WRITTEN),
    before: before as TableChange['before'],
    after: after as TableChange['after'],
  };
}

const gate = aGate({ policyVersion: '0a1b2c3d4e5f', typedName: 'HRP' });
const vote = { ...approver, choice: 'approve' as const, at: SOON };
const message = {
  executionId: EXECUTION_ID,
  key: 'card',
  channelId: 'C0INCIDENT1',
  status: 'intent',
  startTime: START,
};
const note = {
  executionId: EXECUTION_ID,
  kind: 'refused',
  at: SOON,
  person: approver,
  what: 'vote: approve',
  why: 'settled',
};
const wave: WaveRecord = {
  ...{ executionId: EXECUTION_ID, wave: 1, planRevision: 1, outcome: 'success', nextPhaseReady: true },
  summary: { totalServers: 3, succeeded: 3, failed: 0, skipped: 0 },
  resultLocation: 's3://results/1.json',
  ...{ startedAt: START, endedAt: SOON },
};
const action = anAction(SWITCH_DNS, { wave: 2 }, { status: 'running', accountId: '111111111111', region: 'us-east-2' });
const drill = anExecution({ status: 'completed', endTime: SOON });
const stopped = { code: 'States.Runtime', message: 'it was stopped', at: SOON };
const policies = { name: 'policies', version: 'v1', document: { drill: { quorum: 1 } }, seenAt: START };

const schedule = {
  ...{ scheduleId: '1a2b3c4d', application: 'HRP', waves: [1], cron: '0 6 * * SUN', timeZone: 'UTC' },
  ...{ typed: 'every sunday 06:00', channelId: 'C0INCIDENT1', madeBy: approver, madeAt: START, nextAt: START },
};

/** What happened; how the item changed; the events that are told of it. */
const CASES: [string, TableChange, Partial<EventDraft>[]][] = [
  [
    'somebody asked for an execution',
    change('EXECUTION', undefined, anExecution({ reason: 'quarterly test' })),
    [
      {
        kind: 'requested',
        by: requester,
        time: '2026-03-02T02:00:00.000Z',
        message: { channelId: 'C0INCIDENT1' },
        details: {
          verb: 'drill',
          application: 'HRP',
          waves: [1],
          reason: 'quarterly test',
          tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
        },
      },
    ],
  ],
  [
    'a machine asked: no person of Slack did',
    change(
      'EXECUTION',
      undefined,
      anExecution({ requester: { userId: '', teamId: '' }, service: { initiatedBy: 'ci' } }),
    ),
    [{ kind: 'requested', by: { machine: 'request-recovery' }, details: { service: { initiatedBy: 'ci' } } }],
  ],
  [
    'it went on',
    change('EXECUTION', anExecution(), anExecution({ status: 'awaiting approval' })),
    [{ kind: 'status changed', time: WRITTEN, details: { from: 'planning', status: 'awaiting approval' } }],
  ],
  [
    'it ended',
    change(
      'EXECUTION',
      anExecution({ status: 'executing' }),
      anExecution({ status: 'completed', endTime: SOON, outcome: 'success' }),
    ),
    [{ kind: 'ended', time: '2026-03-02T02:05:00.000Z', details: { status: 'completed', outcome: 'success' } }],
  ],
  [
    'somebody wants it cancelled, and paused',
    change(
      'EXECUTION',
      anExecution(),
      anExecution({
        cancelRequested: { ...approver, at: SOON, reason: 'wrong wave' },
        pauseRequested: { ...requester, at: START },
      }),
    ),
    [
      { kind: 'pause requested', by: requester, details: {} },
      { kind: 'cancel requested', by: approver, time: '2026-03-02T02:05:00.000Z', details: { reason: 'wrong wave' } },
    ],
  ],
  ['nothing that is told of changed', change('EXECUTION', anExecution(), anExecution({ planRevision: 1 })), []],
  [
    'preflight has frozen a plan',
    change('PLAN#01', undefined, aPlan({ stops: ['too few'], skipped: [], warnings: ['late'] })),
    [
      {
        kind: 'preflight',
        planHash: aPlan().hash,
        details: { revision: 1, totalServers: 3, batches: 1, skipped: 0, stops: ['too few'], warnings: ['late'] },
      },
    ],
  ],
  [
    'a plan was given a warning',
    change('PLAN#01', aPlan({ warnings: ['late'] }), aPlan({ warnings: ['late', 'two are gone'] })),
    [{ kind: 'warned', planHash: aPlan().hash, details: { revision: 1, warnings: ['two are gone'] } }],
  ],
  [
    'a gate was opened: the policy it was frozen from, and that a name is asked for, not which',
    change('GATE#approval-1', undefined, gate),
    [
      {
        kind: 'gate opened',
        gateId: 'approval-1',
        planHash: gate.planHash,
        messageKey: 'gate-approval-1',
        details: {
          gate: 'approval',
          quorum: 1,
          approvers: gate.approvers,
          policyVersion: '0a1b2c3d4e5f',
          typedNameAsked: true,
          expiresAt: '2026-03-02T02:30:00.000Z',
        },
      },
    ],
  ],
  [
    'its bell was changed',
    change('GATE#approval-1', gate, aGate({ bell: { ...gate.bell, retryCount: 1 } as never })),
    [],
  ],
  [
    'somebody voted, of two that are needed',
    change(
      'GATE#approval-1',
      aGate({ quorum: 2 }),
      aGate({ quorum: 2, version: 2, votes: [{ ...vote, reason: 'go' }] }),
    ),
    [
      {
        kind: 'vote',
        by: approver,
        time: '2026-03-02T02:05:00.000Z',
        details: { gate: 'approval', choice: 'approve', reason: 'go' },
      },
    ],
  ],
  [
    'the last vote decided',
    change(
      'GATE#approval-1',
      aGate(),
      aGate({ status: 'approved', answer: 'approve', settledAt: SOON, votes: [vote] }),
    ),
    [
      { kind: 'vote', by: approver },
      { kind: 'decision', by: approver, details: { status: 'approved', answer: 'approve', counted: [approver] } },
    ],
  ],
  [
    'somebody broke the glass who had approved before: marked at the vote and at the decision',
    change(
      'GATE#approval-1',
      aGate({ quorum: 2, votes: [vote] }),
      aGate({
        ...{ quorum: 2, status: 'approved', answer: 'approve', settledAt: SOON },
        votes: [{ ...vote, at: SOON + 1, breakGlass: true, reason: 'site is down' }],
      }),
    ),
    [
      {
        kind: 'break-glass',
        by: approver,
        details: { gate: 'approval', choice: 'approve', reason: 'site is down', breakGlass: true },
      },
      { kind: 'decision', details: { breakGlass: true, counted: [{ ...approver, breakGlass: true }] } },
    ],
  ],
  [
    'somebody resumed a pause',
    change(
      'GATE#pause-2',
      aGate({ gateId: 'pause-2', kind: 'pause', wave: 2 }),
      aGate({ gateId: 'pause-2', kind: 'pause', wave: 2, votes: [{ ...vote, choice: 'resume' }] }),
    ),
    [{ kind: 'resume', by: approver, gateId: 'pause-2', details: { gate: 'pause', wave: 2, choice: 'resume' } }],
  ],
  [
    'nobody answered',
    change('GATE#approval-1', aGate(), aGate({ status: 'expired', settledAt: SOON })),
    [{ kind: 'decision', by: { machine: 'read-decision' }, details: { status: 'expired', counted: [] } }],
  ],
  [
    'somebody cancelled it',
    change('GATE#approval-1', aGate(), aGate({ status: 'cancelled', settledAt: SOON, cancelledBy: requester })),
    [{ kind: 'decision', by: requester, details: { status: 'cancelled' } }],
  ],
  [
    'people were reminded and the question was taken further',
    change(
      'GATE#approval-1',
      aGate({ reminders: [START] }),
      aGate({
        reminders: [START, SOON],
        escalatedAt: SOON,
        escalation: { at: SOON, users: ['U0ONCALL000'], userGroups: [] },
      }),
    ),
    [
      { kind: 'reminder', time: '2026-03-02T02:05:00.000Z', details: { number: 2, asked: gate.approvers } },
      { kind: 'escalation', details: { gate: 'approval', users: ['U0ONCALL000'], userGroups: [] } },
    ],
  ],
  [
    'the decision was late at its machine, and then there',
    change('GATE#approval-1', gate, { ...gate, bell: { ...gate.bell, lateSince: SOON, rungAt: SOON + 1_000 } }),
    [{ kind: 'bell late' }, { kind: 'bell rung' }],
  ],
  [
    'a wave ended',
    change('WAVE#01', undefined, wave),
    [{ kind: 'wave ended', details: { wave: 1, outcome: 'success', summary: { succeeded: 3 } } }],
  ],
  [
    'an action was begun',
    change('ACTION#w02-0pre-01-a01', undefined, action),
    [
      {
        kind: 'action begun',
        time: '2026-03-02T02:10:00.000Z',
        by: { machine: 'take-action' },
        details: { wave: 2, phase: 'pre', index: 1, attempt: 1, action: { documentName: 'DR-SwitchDns' } },
      },
    ],
  ],
  ['an action goes on', change('ACTION#w02-0pre-01-a01', action, { ...action, references: ['a1'], version: 2 }), []],
  [
    'an action failed',
    change('ACTION#w02-0pre-01-a01', action, {
      ...{ ...action, status: 'failed', detail: 'AccessDenied', references: ['a1'], endedAt: SOON },
    }),
    [
      {
        kind: 'action ended',
        time: '2026-03-02T02:05:00.000Z',
        details: {
          actionName: 'Switch DNS to the DR Region',
          status: 'failed',
          detail: 'AccessDenied',
          references: ['a1'],
        },
      },
    ],
  ],
  [
    'an action that is over is written again',
    change(
      'ACTION#w02-0pre-01-a01',
      { ...action, status: 'failed', endedAt: SOON },
      { ...action, status: 'failed', endedAt: SOON },
    ),
    [],
  ],
  [
    'people are asked about an action',
    change('GATE#action-2-pre-1-1', undefined, {
      ...gate,
      ...{ gateId: 'action-2-pre-1-1', kind: 'decision', wave: 2, action: { phase: 'pre', index: 1, attempt: 1 } },
    }),
    [{ kind: 'gate opened', details: { gate: 'decision', wave: 2, action: { phase: 'pre', index: 1, attempt: 1 } } }],
  ],
  [
    'people are asked after the last wave',
    change('GATE#pause-after-3', undefined, { ...gate, kind: 'pause', wave: 3, afterWave: true }),
    [{ kind: 'gate opened', details: { gate: 'pause', wave: 3, afterWave: true } }],
  ],
  [
    'a machine died',
    change('EXECUTION', anExecution(), anExecution({ machineStopped: stopped })),
    [
      {
        kind: 'machine stopped',
        time: '2026-03-02T02:05:00.000Z',
        by: { machine: 'close-execution' },
        details: { problem: { code: 'States.Runtime', message: 'it was stopped' }, resumable: true },
      },
    ],
  ],
  [
    'a dead machine cannot be set going again',
    change(
      'EXECUTION',
      anExecution({ machineStopped: stopped }),
      anExecution({ machineStopped: { ...stopped, notResumable: true } }),
    ),
    [{ kind: 'machine stopped', by: { machine: 'effects' }, details: { resumable: false } }],
  ],
  [
    'somebody wants it set going again',
    change(
      'EXECUTION',
      anExecution({ machineStopped: stopped }),
      anExecution({ machineStopped: stopped, resumeRequested: { ...approver, at: SOON } }),
    ),
    [{ kind: 'resume requested', by: approver, time: '2026-03-02T02:05:00.000Z' }],
  ],
  [
    'it goes on',
    change(
      'EXECUTION',
      anExecution({ machineStopped: stopped, resumeRequested: { ...approver, at: SOON } }),
      anExecution({ resumeRequested: { ...approver, at: SOON } }),
    ),
    [],
  ],
  [
    'somebody keeps the instances of a drill',
    change(
      'EXECUTION',
      { ...drill, cleanUp: { afterHours: 4, at: SOON } },
      {
        ...drill,
        cleanUp: { afterHours: 4, at: SOON, kept: { ...approver, at: SOON } },
      },
    ),
    [{ kind: 'instances kept', by: approver, time: '2026-03-02T02:05:00.000Z' }],
  ],
  [
    'the instances of a drill are ended',
    change(
      'EXECUTION',
      { ...drill, cleanUp: { afterHours: 4, at: SOON } },
      {
        ...drill,
        cleanUp: { afterHours: 4, at: SOON, executionId: 'other' },
      },
    ),
    [
      {
        kind: 'clean-up begun',
        time: WRITTEN,
        by: { machine: 'clean-up-drills' },
        details: { termination: 'other', afterHours: 4 },
      },
    ],
  ],
  [
    'an execution was archived',
    change('EXECUTION', drill, { ...drill, archived: { ...approver, at: SOON } }),
    [{ kind: 'archived', by: approver, time: '2026-03-02T02:05:00.000Z' }],
  ],
  [
    'an execution is listed again',
    change(
      'EXECUTION',
      { ...drill, archived: { ...approver, at: START } },
      { ...drill, unarchived: { ...approver, at: SOON } },
    ),
    [{ kind: 'unarchived', by: approver }],
  ],
  [
    'a message was posted',
    change('MESSAGE#card', message, { ...message, ts: '1772416800.000100', status: 'shown' }),
    [
      {
        kind: 'message posted',
        message: {
          channelId: 'C0INCIDENT1',
          ts: '1772416800.000100',
          permalink: 'https://slack.com/archives/C0INCIDENT1/p1772416800000100',
        },
        details: { key: 'card' },
      },
    ],
  ],
  [
    'a message was drawn again',
    change('MESSAGE#card', { ...message, ts: '1.1' }, { ...message, ts: '1.1', drawn: 'x' }),
    [],
  ],
  [
    'something was refused',
    change('EVENT#0001-ab', undefined, note),
    [{ kind: 'refused', by: approver, executionId: EXECUTION_ID, details: { what: 'vote: approve', why: 'settled' } }],
  ],
  [
    'the policies were changed',
    change('policies', policies, { ...policies, version: 'v2', document: { drill: { quorum: 2 } } }, 'CONFIGURATION'),
    [
      {
        kind: 'policies changed',
        details: { version: 'v2', previousVersion: 'v1', changes: [{ path: 'drill.quorum', before: 1, after: 2 }] },
      },
    ],
  ],
  [
    'who may do what was seen for the first time',
    change('access', undefined, { ...policies, name: 'access' }, 'CONFIGURATION'),
    [{ kind: 'access changed', details: { version: 'v1' } }],
  ],
  [
    'the end of a drill’s instances is due, as its approval said',
    change(
      'EXECUTION',
      undefined,
      anExecution({ verb: 'terminate', cleansUp: { executionId: 'the drill', gateId: 'approval-1' } }),
    ),
    [{ kind: 'requested', by: { machine: 'clean-up-drills' }, details: { cleansUp: { executionId: 'the drill' } } }],
  ],
  [
    'a gate was opened with the votes of another: they are told of there',
    change('GATE#approval-1', undefined, {
      ...aGate({ status: 'approved', answer: 'approve', votes: [vote], settledAt: SOON }),
      from: { executionId: 'the drill', gateId: 'approval-1' },
    }),
    [
      { kind: 'gate opened', details: { from: { executionId: 'the drill' } } },
      {
        kind: 'decision',
        by: { machine: 'open-gate' },
        details: { status: 'approved', counted: [approver], from: { executionId: 'the drill', gateId: 'approval-1' } },
      },
    ],
  ],
  [
    'a schedule has made a request',
    change('EXECUTION', undefined, anExecution({ schedule: { scheduleId: '1a2b3c4d', madeBy: approver } })),
    [{ kind: 'requested', by: { machine: 'run-schedules' }, details: { schedule: { madeBy: approver } } }],
  ],
  [
    'a schedule was made',
    change('SCHEDULE#1a2b3c4d', undefined, schedule, 'SCHEDULES'),
    [
      {
        kind: 'schedule made',
        by: approver,
        time: '2026-03-02T02:00:00.000Z',
        message: { channelId: 'C0INCIDENT1' },
        details: { scheduleId: '1a2b3c4d', application: 'HRP', cron: '0 6 * * SUN', timeZone: 'UTC' },
      },
    ],
  ],
  ['a schedule has run', change('SCHEDULE#1a2b3c4d', schedule, { ...schedule, nextAt: SOON }, 'SCHEDULES'), []],
  [
    'a schedule was deleted',
    change('SCHEDULE#1a2b3c4d', schedule, { ...schedule, deleted: { ...requester, at: SOON } }, 'SCHEDULES'),
    [{ kind: 'schedule deleted', by: requester, time: '2026-03-02T02:05:00.000Z' }],
  ],
  [
    'an item was removed',
    change('GATE#approval-1', gate, undefined),
    [{ kind: 'tampered', details: { item: 'GATE#approval-1', what: 'it was removed' } }],
  ],
  ['a note was changed', change('EVENT#0001-ab', note, { ...note, why: 'other' }), [{ kind: 'tampered' }]],
  ['a batch moved on', change('BATCH#r1-w1', undefined, {}), []],
];

describe('the events of a change of the table', () => {
  it.each(CASES)('%s', (_, of, expected) => {
    expect(auditEventsOf(of)).toMatchObject(expected);
  });

  it('are of every kind there is', () => {
    const told = new Set<AuditKind>(CASES.flatMap(([, of]) => auditEventsOf(of)).map(({ kind }) => kind));
    for (const kind of ['asked', 'plans stored'] as const) {
      told.add(auditEventsOf(change('EVENT#1-a', undefined, { ...note, kind }))[0]?.kind ?? 'refused');
    }
    told.add(notUnderstood(change('GATE#x', undefined, {}), 'odd').kind);
    expect([...told].sort()).toEqual([...AUDIT_KINDS].sort());
  });

  it('have ids of their own, the same whenever the change is delivered', () => {
    const both = change(
      'GATE#approval-1',
      aGate(),
      aGate({ status: 'approved', answer: 'approve', settledAt: SOON, votes: [vote] }),
    );
    const ids = auditEventsOf(both).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(auditEventsOf(both).map(({ id }) => id)).toEqual(ids);
    expect(auditEventsOf({ ...both, sequence: '100000000000000000043' }).map(({ id }) => id)).not.toContain(ids[0]);
  });

  it('never name a task token', () => {
    const settled = aGate({ status: 'approved', answer: 'approve', settledAt: SOON, votes: [vote] });
    const rung = { ...settled, bell: { ...settled.bell, rungAt: SOON, lateSince: SOON } };
    const all = [change('GATE#a', undefined, rung), change('GATE#a', gate, rung), change('GATE#a', gate, undefined)];
    expect(JSON.stringify(all.flatMap(auditEventsOf))).not.toContain(TASK_TOKEN);
  });

  it('name the beginning of a list that is too long for an item, and say how much is left out', () => {
    const stops = Array.from({ length: 501 }, (_, index) => `stop ${index}`);
    const [event] = auditEventsOf(change('PLAN#01', undefined, aPlan({ stops })));
    expect(event?.details).toMatchObject({ stops: stops.slice(0, 500), stopsLeftOut: 1 });
  });

  it('belong to no execution where a note or a document does not', () => {
    const day = refusedDayOf(SOON);
    expect(day).toBe('REFUSED#2026-03-02');
    const refused = auditEventsOf(change('EVENT#1-a', undefined, { ...note, executionId: day }, day));
    const changed = auditEventsOf(change('policies', undefined, policies, 'CONFIGURATION'));
    for (const event of [...refused, ...changed]) expect(event).not.toHaveProperty('executionId');
  });
});

describe('the difference of two documents', () => {
  it('names what came, what went and what is another', () => {
    const before = { a: 1, list: ['x', 'y'], gone: true, same: { deep: null } };
    const after = { a: 2, list: ['x'], came: { b: 1 }, same: { deep: null } };
    expect(differencesOf(before, after)).toEqual([
      { path: 'a', before: 1, after: 2 },
      { path: 'list.1', before: 'y' },
      { path: 'gone', before: true },
      { path: 'came', after: { b: 1 } },
    ]);
  });
});
