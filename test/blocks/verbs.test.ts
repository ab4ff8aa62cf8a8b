import { describe, expect, test } from 'vitest';
import { executionCard } from '../../blocks/execution-card.ts';
import { gateCard } from '../../blocks/gate-card.ts';
import { rejectModal } from '../../blocks/reject-modal.ts';
import { milestones, resultFileName } from '../../blocks/thread.ts';
import { askedBy } from '../../blocks/verbs.ts';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import type { PlannedVerb } from '../../src/domain/vocabulary.ts';
import { ACCOUNT, aBatchServer } from '../domain/fleet.ts';
import {
  aBatchRecord,
  aDecidedGate,
  aGate,
  anExecution,
  aPlan,
  aView,
  EXECUTION_ID,
  ended,
  headline,
  LAUNCHING,
  REQUESTER,
  readable,
} from './views.ts';

type Plan = Partial<ReturnType<typeof aPlan>>;
type Server = Parameters<typeof aBatchServer>[1];

/** A question about a plan of this verb, asked by a machine. */
function asked(verb: PlannedVerb, plan: Plan = {}, servers: Server[] = [{}, {}, {}]) {
  const execution: Partial<ExecutionRecord> = {
    verb,
    status: 'awaiting approval',
    planRevision: 1,
    service: { initiatedBy: 'enterprise-dr' },
  };
  const batches = [aBatchRecord({ verb, servers: servers.map((differs, index) => aBatchServer(index + 1, differs)) })];
  return aView(execution, { plan: aPlan({ verb, ...plan }), gates: [aGate()], batches });
}

const questionOf = (view: ReturnType<typeof asked>) => gateCard(view, aGate());

describe('a question about', () => {
  test.each<[PlannedVerb, string, string | undefined]>([
    ['drill', 'launch 3 drill instances in 1 account', undefined],
    ['failover', 'launch 3 recovery instances in 1 account', 'This is no drill.'],
    ['failback', 'fail back 3 servers in 1 account', 'what is there now is replaced'],
    ['terminate', 'terminate 3 recovery instances in 1 account', 'This cannot be undone:'],
  ])('a %s says what is done, and the danger before anything else', (verb, what, danger) => {
    const question = questionOf(asked(verb));
    const title = `${verb.charAt(0).toUpperCase()}${verb.slice(1)} HRP wave 1`;
    expect(question.text).toBe(
      `Approve? ${title}: ${what}. Asked by a machine (“enterprise-dr”). <@U0PAPPROVE1> <@U0PAPPROVE2>: decide in this message.`,
    );
    expect(headline(question)).toBe(`✋ Approve? ${title}`);
    const text = readable(question);
    expect(text).toContain('Asked by a machine (“enterprise-dr”), which never votes.');
    if (danger === undefined) expect(text).not.toContain('🔴');
    else expect(text.indexOf(danger)).toBeLessThan(text.indexOf('Asked by'));
    expect(text).toContain(
      `and nothing is ${verb === 'terminate' ? 'terminated' : verb === 'failback' ? 'failed back' : 'launched'}.`,
    );
  });

  test('a failover names every live instance that it would destroy', () => {
    const replaced = ['i-0000000000000000a', 'i-0000000000000000b'];
    const line = `🔴 *Destroys and replaces 2 live instances:* ${replaced.join(', ')}.`;
    const view = asked('failover', { replaced });
    expect(readable(questionOf(view))).toContain(line);
    expect(readable(executionCard(view))).toContain(line);
    const many = Array.from({ length: 14 }, (_, index) => `i-000000000000000${String(index).padStart(2, '0')}`);
    expect(readable(questionOf(asked('failover', { replaced: many })))).toContain(' and 4 more.');
  });

  test('a termination says which instances are live', () => {
    const live = { recoveryInstanceId: 'i-0000000000000000a', isDrill: false };
    const text = readable(questionOf(asked('terminate', {}, [live, { isDrill: true }])));
    expect(text).toContain('🔴 *1 of them is live:*\nhrp-001 (i-0000000000000000a)');
    expect(readable(questionOf(asked('terminate', {}, [{ isDrill: true }])))).not.toContain('live:*');
  });

  test('a failover says who cannot be part of it, and which accounts are not known', () => {
    const failed = {
      sourceServerId: 's-00000000000000009',
      sourceServerHostname: 'hrp-009',
      stagingAccountId: ACCOUNT,
      region: 'us-east-2',
      wave: 1,
      errorCode: 'LiveInstance',
      errorMessage: 'a live instance runs already',
    };
    const missingAccounts = [{ accountId: '222222222222', region: 'us-east-2', reason: 'denied' }];
    const view = asked('failover', { failed: [failed], missingAccounts, warnings: ['Account 1 is full.'] });
    const question = readable(questionOf(view));
    expect(question).toContain('*1 server cannot be part of it.*');
    expect(question).toContain('*1 account could not be read:* its servers are left out.');
    expect(question).toContain('*1 warning.*');
    const card = readable(executionCard(view));
    expect(card).toContain('*Cannot be done*\n• hrp-009: a live instance runs already');
    expect(card).toContain('*Warnings*\n• Account 1 is full.');
  });
});

describe('the card of', () => {
  test.each<[PlannedVerb, string, string]>([
    ['failover', '⏳ Failover: HRP wave 1 · launching', 'launched'],
    ['failback', '⏳ Failback: HRP wave 1 · failing back', 'failed back'],
    ['terminate', '⏳ Terminate: HRP wave 1 · terminating', 'terminated'],
  ])('a %s speaks of what it does', (verb, running, done) => {
    const states: Server[] = [
      { state: verb === 'terminate' ? 'terminated' : 'launched' },
      { state: verb === 'terminate' ? 'terminating' : 'launching' },
    ];
    const batches = [aBatchRecord({ verb, servers: states.map((differs, index) => aBatchServer(index + 1, differs)) })];
    const known = { plan: aPlan({ verb }), gates: [aDecidedGate('approve')], batches };
    const card = executionCard(aView({ ...LAUNCHING, verb }, known));
    expect(headline(card)).toBe(running);
    expect(readable(card)).toContain(`*1 of 2 servers ${done}*`);
    expect(readable(card)).toContain(`1/2 · \`${ACCOUNT}\` · 1 ${verb === 'terminate' ? 'terminating' : 'launching'}`);

    const over = aView(ended('partial', { succeeded: 1, failed: 1 }, { verb }), known);
    expect(headline(executionCard(over))).toContain(`partly ${done}`);
    expect(readable(executionCard(over))).not.toContain('drill instances');
    const story = milestones(over).map(({ message }) => message.text);
    expect(story.at(-1)).toContain(`1 of 2 ${done}, 1 failed`);
    expect(resultFileName(anExecution({ verb }))).toBe(`${verb}-result-abcdef01.json`);
  });

  test('a rejected termination says that nothing was terminated', () => {
    const view = aView(
      { verb: 'terminate', status: 'rejected', planRevision: 1 },
      { plan: aPlan({ verb: 'terminate' }), gates: [aDecidedGate('reject')] },
    );
    expect(readable(executionCard(view))).toContain('*Nothing was terminated.* Rejected by');
    expect(readable(gateCard(view, aDecidedGate('reject')))).toContain('Nothing was terminated.');
    expect(JSON.stringify(rejectModal(view.execution, aGate(), { min: 3, max: 500 }))).toContain(
      'nothing is terminated',
    );
  });

  test('a selection without application and wave is called by its tags', () => {
    const execution = { application: '', waves: [], selection: 'DR-Tier=Critical, DR-Wave=1' };
    expect(headline(executionCard(aView(execution)))).toBe(
      '🔎 Drill: DR-Tier=Critical, DR-Wave=1 · looking for the servers',
    );
  });

  test('an unanswered request of a machine is asked again with another correlation id', () => {
    const card = (service?: { initiatedBy: string }) =>
      readable(executionCard(aView({ status: 'expired', planRevision: 1, service }, { plan: aPlan() })));
    expect(card({ initiatedBy: 'x' })).toContain('Ask again with another correlation id.');
    expect(card()).toContain('Ask again with the same command.');
  });
});

describe('who asked', () => {
  test.each([
    [undefined, `<@${REQUESTER}>`],
    [{}, 'a machine'],
    [{ initiatedBy: 'jsmith' }, 'a machine (“jsmith”)'],
    [{ initiatedBy: '<!channel> <@U0STRANGER>' }, 'a machine (“&lt;!channel&gt; &lt;@U0STRANGER&gt;”)'],
    [{ initiatedBy: 'x'.repeat(200) }, `a machine (“${'x'.repeat(79)}…”)`],
  ])('%j', (service, text) => {
    expect(askedBy(anExecution({ service }))).toBe(text);
  });

  test('of a schedule is the schedule, with who made it', () => {
    const schedule = { scheduleId: '1a2b3c4d', madeBy: { userId: REQUESTER, teamId: 'T0PRACTICE1' } };
    const execution = anExecution({ service: { initiatedBy: 'schedule 1a2b3c4d' }, schedule });
    expect(askedBy(execution)).toBe(`the schedule \`1a2b3c4d\` of <@${REQUESTER}>`);
  });
});

test('the id on a card is that of the execution', () => {
  expect(readable(executionCard(asked('failover')))).toContain(EXECUTION_ID.slice(0, 8));
});
