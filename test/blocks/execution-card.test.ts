import { describe, expect, test } from 'vitest';
import { executionCard } from '../../blocks/execution-card.ts';
import { spokenMinutes } from '../../blocks/words.ts';
import { ACCOUNT, aBatchServer, aServer, OTHER_ACCOUNT, REGION } from '../domain/fleet.ts';
import {
  aBatchRecord,
  aDecidedGate,
  aGate,
  aPlan,
  aRejection,
  aView,
  ended,
  headline,
  LAUNCHING,
  minutes,
  readable,
  START,
  viewsOfEveryState,
} from './views.ts';

const views = viewsOfEveryState();
const cardOf = (state: string) => {
  const view = views[state];
  if (view === undefined) throw new Error(`no view of ${state}`);
  return executionCard(view);
};

test('an execution that is over and has left servers has a button for exactly those', () => {
  const partial = views.partial ?? aView();
  const shown = (left?: number) => JSON.stringify(executionCard(partial, left === undefined ? {} : { left }).blocks);
  expect(shown(3)).toContain('Drill What Is Left (3)');
  expect(shown(3)).toContain('the 3 servers that this one did not launch, and of nothing else');
  for (const none of [0, undefined]) expect(shown(none)).not.toContain('What Is Left');
});

describe('the first line of an execution’s card', () => {
  test.each([
    ['planning', '🔎 Drill: HRP wave 1 · looking for the servers'],
    ['preflight stopped', '🛑 Drill: HRP wave 1 · stopped, nothing launched'],
    ['awaiting approval', '✋ Drill: HRP wave 1 · waiting for approval'],
    ['executing', '⏳ Drill: HRP wave 1 · launching'],
    ['completed', '✅ Drill: HRP wave 1 · completed'],
    ['partial', '⚠️ Drill: HRP wave 1 · partly launched'],
    ['failed', '❌ Drill: HRP wave 1 · failed'],
    ['timeout', '⌛ Drill: HRP wave 1 · timed out'],
    ['rejected', '🚫 Drill: HRP wave 1 · rejected'],
    ['expired', '⌛ Drill: HRP wave 1 · expired unanswered'],
    ['cancelled', '🚫 Drill: HRP wave 1 · cancelled'],
    ['paused', '⏸️ Drill: HRP wave 1 · paused'],
  ])('%s: action, scope and state', (state, line) => {
    expect(headline(cardOf(state))).toBe(line);
  });

  test('keeps the state, however long the application’s name is', () => {
    const card = executionCard(aView({ application: 'A'.repeat(256), status: 'awaiting approval' }));
    expect(headline(card)).toMatch(/^✋ Drill: A+… wave 1 · waiting for approval$/);
  });
});

describe('what a phone shows', () => {
  test.each([
    ['planning', 'Drill: HRP wave 1: looking for the servers.'],
    [
      'preflight stopped',
      'Drill: HRP wave 1: stopped, nothing launched. Preflight stopped the drill. Nothing was launched.',
    ],
    ['awaiting approval', 'Drill: HRP wave 1: waiting for approval. 3 servers.'],
    ['completed', 'Drill: HRP wave 1: completed. 3 of 3 servers launched.'],
    ['partial', 'Drill: HRP wave 1: partly launched. 2 of 3 servers launched.'],
  ])('%s: the state and the numbers', (state, text) => {
    expect(cardOf(state).text).toBe(text);
  });
});

describe('what a card says below', () => {
  test.each([
    ['planning', 'Nothing is launched yet.'],
    ['preflight stopped', '*What stops it*\n• hrp-001 (s-00000000000000001): live instance i-00000001 (running).'],
    ['awaiting approval', 'Would launch *3 drill instances* in 1 staging account, in 1 DRS job.'],
    ['executing', '*1 of 3 servers launched* · since <!date^1772417400^{time} ({ago})|02:10 UTC>'],
    ['executing', '███░░░░░░░ 1/3 · `111111111111` · 1 launching'],
    ['completed', '*3 of 3 servers launched* in 24 min'],
    ['completed', '██████████ 3/3 · `111111111111`'],
    ['completed', 'The whole result is in the thread.'],
    ['partial', '*2 of 3 servers launched* in 24 min · *1 failed*'],
    ['partial', '*Failed*\n• hrp-003 (s-00000000000000003): conversion failed'],
    ['failed', '*Not started:* hrp-003'],
    ['timeout', '• *2 servers:* drsjob-1 was still running\nhrp-002, hrp-003'],
    ['rejected', '*Nothing was launched.* Rejected by <@U0PAPPROVE1>: “too many people work at this hour”.'],
    ['expired', 'Nobody decided in time. *Nothing was launched.*'],
    ['cancelled', '*Nothing was launched.*'],
  ])('%s: %j', (state, text) => {
    expect(readable(cardOf(state))).toContain(text);
  });

  test.each(Object.keys(views))('%s: who asked, when, and the id to speak of it', (state) => {
    expect(readable(cardOf(state))).toContain(
      'Asked by <@U0PREQUEST1> at <!date^1772416800^{time}|02:00 UTC> · abcdef01',
    );
  });

  test('repeats the reason that was given', () => {
    expect(readable(executionCard(aView({ reason: 'quarterly test' })))).toContain('“quarterly test”');
  });

  test('says what a launch cleans up, what is left out, and each warning', () => {
    const server = aServer(7);
    const plan = aPlan({
      cleanups: ['i-00000001', 'i-00000002'],
      skipped: [
        {
          sourceServerId: server.sourceServerId,
          sourceServerHostname: server.hostname,
          stagingAccountId: ACCOUNT,
          wave: 1,
          reason: 'its tag DR-Enabled is false',
        },
      ],
      findings: [
        {
          severity: 'warning',
          kind: 'replication',
          sourceServerId: aServer(8).sourceServerId,
          hostname: aServer(8).hostname,
          accountId: ACCOUNT,
          message: 'replication lagging, 1 h behind',
        },
      ],
    });
    const text = readable(executionCard(aView({ status: 'awaiting approval' }, { plan })));
    expect(text).toContain('clean up *2 instances of earlier drills*');
    expect(text).toContain('Left out:\n• hrp-007: its tag DR-Enabled is false');
    expect(text).toContain('*Warnings*\n• hrp-008: replication lagging, 1 h behind');
  });

  test('has a line for each account, and says which could not be read', () => {
    const [first] = aPlan().accounts;
    if (first === undefined) throw new Error('no account');
    const plan = aPlan({
      accounts: [
        { ...first, servers: 3, healthy: 1, lagging: 2, cleanups: 1 },
        { ...first, accountId: OTHER_ACCOUNT, servers: 0, unreachable: 'AccessDenied' },
      ],
    });
    expect(readable(executionCard(aView({ status: 'awaiting approval' }, { plan })))).toContain(
      '`111111111111` 3 servers · 1 healthy · *2 not in sync* · 1 to clean up\n⚠️ `222222222222` could not be read',
    );
  });

  test('has a bar for each account, in the order of their ids', () => {
    const batches = [
      aBatchRecord({ accountId: OTHER_ACCOUNT, servers: [aBatchServer(1, { state: 'launched' }), aBatchServer(2)] }),
      aBatchRecord({ servers: [aBatchServer(3, { state: 'failed' })] }),
      aBatchRecord({ accountId: OTHER_ACCOUNT, region: REGION, servers: [aBatchServer(4), aBatchServer(5)] }),
    ];
    expect(readable(executionCard(aView(LAUNCHING, { plan: aPlan(), batches })))).toContain(
      '░░░░░░░░░░ 0/1 · `111111111111` · *1 failed*\n██░░░░░░░░ 1/4 · `222222222222`',
    );
  });

  test('names ten servers of a long list and counts the others', () => {
    const servers = Array.from({ length: 25 }, (_, index) => aBatchServer(index + 1, { state: 'failed' }));
    const text = readable(executionCard(aView(LAUNCHING, { plan: aPlan(), batches: [aBatchRecord({ servers })] })));
    expect(text).toContain('hrp-010');
    expect(text).not.toContain('hrp-011');
    expect(text).toContain('hrp-010 and 15 more');
  });

  test('a card without a plan or a batch is still a card', () => {
    for (const status of ['awaiting approval', 'rejected', 'expired', 'cancelled', 'failed', 'executing'] as const) {
      expect(executionCard(aView({ status })).blocks.length).toBeGreaterThan(1);
      expect(executionCard(aView({ ...LAUNCHING, status })).blocks.length).toBeGreaterThan(1);
    }
  });

  test('an execution that is cancelled while it launches does not say that nothing was launched', () => {
    const batches = [aBatchRecord({ servers: [aBatchServer(1, { state: 'launched' })] })];
    const view = aView({ ...LAUNCHING, status: 'cancelled', endTime: START + minutes(20) }, { plan: aPlan(), batches });
    const text = readable(executionCard(view));
    expect(text).toContain('*1 of 1 server launched*');
    expect(text).not.toContain('Nothing was launched');
  });

  test('what went wrong after the launch stands beside what was launched', () => {
    const problem = { code: 'ABORTED', message: 'an operator stopped it' };
    const text = readable(
      executionCard(
        aView(ended('partial', { succeeded: 1, failed: 0 }, { problem }), {
          plan: aPlan(),
          gates: [aDecidedGate('approve')],
          batches: [aBatchRecord({ servers: [aBatchServer(1, { state: 'launched' })] })],
        }),
      ),
    );
    expect(text).toContain('⚠️ an operator stopped it');
    expect(text).toContain('1 of 1');
  });

  test('the newest question decides who rejected it', () => {
    const gates = [
      aDecidedGate('approve'),
      aDecidedGate('reject', {
        gateId: 'approval-2',
        votes: [{ userId: 'U0PAPPROVE2', teamId: 'T0PRACTICE1', choice: 'reject', at: START }],
      }),
    ];
    expect(readable(executionCard(aView({ status: 'rejected' }, { plan: aPlan(), gates })))).toContain(
      'Rejected by <@U0PAPPROVE2>.',
    );
  });
});

describe('the reason of a rejection', () => {
  const rejectedWith = (reason: string) =>
    readable(
      executionCard(
        aView(
          { status: 'rejected' },
          { plan: aPlan(), gates: [aDecidedGate('reject', { votes: [aRejection(reason)] })] },
        ),
      ),
    );

  test('is shown in 300 characters, on one line, and means nothing to Slack', () => {
    expect(rejectedWith('x'.repeat(300))).toContain(`“${'x'.repeat(300)}”.`);
    expect(rejectedWith('x'.repeat(301))).toContain(`“${'x'.repeat(299)}…”.`);
    expect(rejectedWith('<!channel>\n✅ Approved')).toContain('“&lt;!channel&gt; ✅ Approved”.');
  });
});

describe('the state for programs', () => {
  test('says status and outcome, and whether a result file comes', () => {
    expect(cardOf('awaiting approval').state).toEqual({ status: 'awaiting approval', outcome: '', result_file: '' });
    expect(cardOf('timeout').state).toEqual({ status: 'failed', outcome: 'timeout', result_file: 'in the thread' });
  });
});

describe('a card while a gate is open', () => {
  test('changes nothing of itself when people vote: the question has a message of its own', () => {
    const view = aView({ status: 'awaiting approval' }, { plan: aPlan(), gates: [aGate({ quorum: 2 })] });
    const voted = { ...view, gates: [aGate({ quorum: 2, votes: aDecidedGate('approve').votes })] };
    expect(executionCard(voted)).toEqual(executionCard(view));
  });
});

test.each([
  [0, '1 min'],
  [minutes(24.4), '24 min'],
  [minutes(59.4), '59 min'],
  [minutes(60), '1 h'],
  [minutes(125), '2 h 5 min'],
])('%i ms are spoken as %s', (ms, words) => {
  expect(spokenMinutes(ms)).toBe(words);
});
