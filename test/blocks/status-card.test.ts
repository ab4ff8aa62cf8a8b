import { describe, expect, test } from 'vitest';
import {
  type ApplicationStatus,
  applicationStatus,
  executionStatus,
  statusOverview,
  type WaveReplication,
} from '../../blocks/status-card.ts';
import type { ExecutionView } from '../../src/domain/records.ts';
import { rtoOf } from '../../src/domain/rto.ts';
import { ACCOUNT, aBatchServer } from '../domain/fleet.ts';
import { CARD_URL, expectAnswer, HOSTILE } from './sendable.ts';
import {
  APPROVER,
  aBatchRecord,
  aDecidedGate,
  aGate,
  anExecution,
  aView,
  EXECUTION_ID,
  ended,
  LAUNCHING,
  minutes,
  REQUESTER,
  readable,
  START,
} from './views.ts';

const PEOPLE = [REQUESTER, APPROVER, 'U0PAPPROVE2'];

const COUNTS = {
  servers: 10,
  continuous: 8,
  lagging: 1,
  stalled: 1,
  other: 0,
  worstDataAgeSeconds: 7_500,
  drillInstances: 2,
  liveInstances: 1,
  inJobs: 3,
};

function aWave(differs: Partial<WaveReplication> = {}): WaveReplication {
  return { wave: '1', ...COUNTS, accounts: [], ...differs };
}

function anApplication(differs: Partial<ApplicationStatus> = {}): ApplicationStatus {
  return {
    application: 'HRP',
    now: START,
    servers: 10,
    leftOut: 0,
    waves: [aWave()],
    accounts: [],
    missingAccounts: [],
    warnings: [],
    active: [],
    ...differs,
  };
}

describe('what is going on', () => {
  test('is nothing, said plainly', () => {
    expect(statusOverview({ waiting: [], running: [], now: START }).text).toBe('Nothing runs and nothing waits.');
  });

  test('says who is waited for, since when, and until when', () => {
    const view = aView({ status: 'awaiting approval' }, { gates: [aGate({ quorum: 2 })] });
    const status = statusOverview({
      waiting: [{ execution: view.execution, view, cardUrl: CARD_URL, gates: view.gates }],
      running: [{ execution: anExecution(LAUNCHING) }],
      now: START,
    });
    expect(status.text).toBe('1 execution running, 1 waiting for people.');
    expect(readable(status)).toContain(
      `asked <!date^1772416800^{time} ({ago})|02:00 UTC>: <@${APPROVER}> <@U0PAPPROVE2> · 0 of 2 votes · expires <!date^1772418600^`,
    );
    expect(readable(status)).toContain('*Running*\n*⏳ Drill: HRP wave 1 · launching*');
    expectAnswer(status, PEOPLE);
  });

  test('fits in a message, however much it is', () => {
    const execution = anExecution({ status: 'awaiting approval', selection: HOSTILE.repeat(9) });
    const many = Array.from({ length: 50 }, () => ({
      execution,
      cardUrl: CARD_URL,
      gates: [aGate({ approvers: Array.from({ length: 40 }, () => APPROVER) })],
    }));
    expectAnswer(statusOverview({ waiting: many, running: many, now: START }), PEOPLE);
  });
});

describe('the state of an execution', () => {
  test('is in short what its card says, with a link there', () => {
    const execution = anExecution(
      ended('failed', { succeeded: 0, failed: 3 }, { problem: { code: 'X', message: 'Wave 1 failed.' } }),
    );
    const status = executionStatus({ execution, cardUrl: CARD_URL }, [], START);
    expect(readable(status)).toContain('⚠️ Wave 1 failed.');
    expect(readable(status)).toContain(`<${CARD_URL}|Open the card>`);
    expectAnswer(status, PEOPLE);
  });

  test('says whom it waits for, and that a card is missing', () => {
    const execution = anExecution({ status: 'awaiting approval' });
    const gates = [aGate({ status: 'expired' }), aGate()];
    const text = readable(executionStatus({ execution }, gates, START));
    expect(text.match(/0 of 1 votes/g)).toHaveLength(1);
    expect(text).toContain('Its card is not in Slack.');
  });
});

describe('the state of an execution by a recovery plan', () => {
  const wave = { planRevision: 1, outcome: 'success', nextPhaseReady: true, resultLocation: 's3://r.json' } as const;
  const recoveryPlan = {
    ...{ planId: 'hrp', planName: 'HRP nightly', version: 4, rtoTargetMinutes: 30 },
    waves: [
      { wave: 1, waveName: 'Database', rtoTargetMinutes: 10 },
      { wave: 2, waveName: 'Application', preWaveActions: 1 },
      { wave: 3, waveName: 'Web', rtoTargetMinutes: 5 },
    ],
  };
  const pause = aGate({
    ...{
      gateId: 'pause-2',
      kind: 'pause',
      wave: 2,
      status: 'approved',
      answer: 'resume',
      settledAt: START + minutes(20),
    },
    votes: [{ userId: APPROVER, teamId: 'T0PRACTICE1', choice: 'resume', at: START + minutes(20) }],
  });
  const view: ExecutionView = {
    ...aView(
      { ...LAUNCHING, waves: [1, 2, 3], currentWave: 2, recoveryPlan },
      {
        gates: [aDecidedGate('approve'), pause],
        waves: [
          {
            ...{ ...wave, executionId: EXECUTION_ID, wave: 1 },
            summary: { totalServers: 1, succeeded: 1, failed: 0, skipped: 0 },
            ...{ startedAt: START + minutes(10), endedAt: START + minutes(16) },
          },
        ],
        batches: [
          aBatchRecord({ servers: [aBatchServer(1, { state: 'launched' })] }),
          aBatchRecord({
            ...{ batchId: `r1-w2-${ACCOUNT}-01`, wave: 2 },
            servers: [aBatchServer(2, { state: 'launched' }), aBatchServer(3, { state: 'failed' })],
          }),
        ],
      },
    ),
    actions: [
      {
        ...{ executionId: EXECUTION_ID, version: 2, wave: 2, phase: 'pre', index: 1, attempt: 1, status: 'succeeded' },
        action: {
          actionType: 'ec2Status',
          actionName: 'Check',
          timeoutMinutes: 30,
          onFailure: 'ask',
          verbs: ['drill'],
        },
        ...{ startedAt: START + minutes(20), endedAt: START + minutes(22) },
      },
    ],
  };
  const now = START + minutes(45);
  const shown = (of: ExecutionView) =>
    executionStatus({ execution: of.execution, view: of }, of.gates, now, rtoOf(of, now));

  test('is told wave by wave: by name, with its servers, actions and time so far', () => {
    const status = shown(view);
    expect(readable(status)).toContain(
      [
        '*Recovery plan HRP nightly, version 4*',
        'Recovery time 35 min so far, *5 min over its target of 30 min* · waited for people 10 min of it',
        '✅ *Wave 1 Database* · 1 of 1 server launched · 6 min, within its target of 10 min (4 min to spare)',
        '⏳ *Wave 2 Application* · 1 of 2 servers launched · *1 failed* · 23 min so far',
        '      ⚙️ before it 1 action done',
        '⚪ *Wave 3 Web* · 0 of 0 servers launched · target 5 min',
      ].join('\n'),
    );
    expectAnswer(status, PEOPLE);
  });

  test('says what was decided on the way', () => {
    expect(readable(shown(view))).toMatch(
      /\*Decided\*\n.*: ✅ Approved by <@U0PAPPROVE1>.*\n.*before wave 2.*: ▶️ Resumed with wave 2 by/,
    );
  });

  test('says of one that is archived by whom', () => {
    const archived = { userId: APPROVER, teamId: 'T0PRACTICE1', at: START };
    const over = aView({ ...ended('success', { succeeded: 1, failed: 0 }), archived });
    expect(readable(shown(over))).toContain(`🗄️ Archived by <@${APPROVER}>`);
    // Of a single wave by tags the first line says all.
    expect(readable(shown(over))).not.toContain('Wave 1 ·');
  });

  test('fits in a message, of however many waves and decisions', () => {
    const text = HOSTILE.repeat(9);
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
    const many: ExecutionView = {
      ...view,
      execution: {
        ...view.execution,
        ...{ waves: numbers, selection: text, problem: { code: 'X', message: text } },
        recoveryPlan: { ...recoveryPlan, planName: text, waves: numbers.map((n) => ({ wave: n, waveName: text })) },
      },
      gates: numbers.map(() => ({ ...pause, votes: pause.votes.map((vote) => ({ ...vote, reason: text })) })),
    };
    expectAnswer(shown(many), PEOPLE);
  });
});

describe('the status of an application', () => {
  test('counts by wave what replicates, what does not, and what was launched', () => {
    const status = applicationStatus(anApplication({ leftOut: 2 }));
    expect(status.text).toBe('HRP: 10 servers, 2 not in continuous replication.');
    expect(readable(status)).toContain('2 take no part in recoveries');
    expect(readable(status)).toContain(
      '*Wave 1* · 10 servers · 8 continuous · ⚠️ *1 lagging* · ❌ *1 stalled* · oldest copy 2 h 5 min · 2 drill instances · *1 live instance* · 3 in a running job · no drill yet',
    );
  });

  test('is good when all is', () => {
    const good = aWave({ continuous: 10, lagging: 0, stalled: 0 });
    const status = applicationStatus(anApplication({ waves: [good] }));
    expect(status.text).toBe('HRP: 10 servers, all in continuous replication.');
    expect(readable(status)).toContain('✅ Status: HRP');
  });

  test('is not good while an account cannot be read', () => {
    const good = aWave({ continuous: 10, lagging: 0, stalled: 0 });
    const missingAccounts = [{ accountId: '111111111111', region: 'us-east-2', reason: 'no role' }];
    const text = readable(applicationStatus(anApplication({ waves: [good], missingAccounts })));
    expect(text).toContain('⚠️ Status: HRP');
    expect(text).toContain('`111111111111` could not be read: no role');
  });

  test('breaks a wave down by account where there are several', () => {
    const accounts = ['111111111111', '222222222222'].map((accountId) => ({ accountId, ...COUNTS }));
    expect(readable(applicationStatus(anApplication({ waves: [aWave({ accounts })] })))).toContain(
      '`222222222222` · 10 servers',
    );
    const text = readable(applicationStatus(anApplication({ waves: [aWave({ accounts: accounts.slice(1) })] })));
    expect(text).not.toContain('`222222222222`');
  });

  test('tells the last drill, and what failed in it', () => {
    const lastDrill = { at: START, servers: 10, failed: 2 };
    expect(readable(applicationStatus(anApplication({ waves: [aWave({ lastDrill })] })))).toContain(
      'last drill <!date^1772416800^{date_short_pretty} at {time}|2026-03-02 02:00 UTC> (*2 of 10 failed*)',
    );
  });

  test('tells how much room an account has for launches, or that nobody knows', () => {
    const left = { limit: 20, inUse: 20, free: 0 };
    const much = { limit: 10_000, inUse: 1, free: 9_999 };
    const sums = { servers: 1, healthy: 1, notHealthy: 0, recoveryInstances: 0, liveInstances: 0, jobsInProgress: 1 };
    const accounts = [
      {
        accountId: '111111111111',
        region: 'us-east-2',
        ...sums,
        quotas: { jobs: left, servers: much, replicating: much, vcpus: much },
      },
      { accountId: '222222222222', region: 'us-east-2', ...sums, quotasUnreadable: 'no answer' },
    ];
    const text = readable(applicationStatus(anApplication({ accounts })));
    expect(text).toContain('`111111111111` free: ❌ *0* of 20 jobs · 9,999 of 10,000 servers in jobs');
    expect(text).toContain('1 job of this application running');
    expect(text).toContain('`222222222222` the quotas could not be read (no answer)');
  });

  test('says so when no server is tagged so', () => {
    const status = applicationStatus(anApplication({ application: 'XYZ', servers: 0, waves: [] }));
    expect(status.text).toBe('No server is tagged as one of XYZ.');
  });

  test('fits in a message, however large and whatever the names', () => {
    const text = HOSTILE.repeat(9);
    const accountIds = Array.from({ length: 60 }, (_, index) => String(900_000_000_000 + index));
    const accounts = accountIds.map((accountId) => ({ accountId, ...COUNTS }));
    const lastDrill = { at: START, servers: 10, failed: 2 };
    const status = applicationStatus(
      anApplication({
        application: text,
        waves: Array.from({ length: 30 }, () => aWave({ wave: text, accounts, lastDrill })),
        accounts: accountIds.map((accountId) => ({
          accountId,
          region: text,
          servers: 1,
          healthy: 1,
          notHealthy: 0,
          recoveryInstances: 0,
          liveInstances: 0,
          jobsInProgress: 0,
          quotasUnreadable: text,
        })),
        missingAccounts: accountIds.map((accountId) => ({ accountId, region: text, reason: text })),
        warnings: Array.from({ length: 40 }, () => text),
        active: Array.from({ length: 40 }, () => ({ execution: anExecution({ selection: text }), cardUrl: CARD_URL })),
      }),
    );
    expectAnswer(status, PEOPLE);
  });
});
