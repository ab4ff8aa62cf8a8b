import { describe, expect, test } from 'vitest';
import { approveModal } from '../../blocks/approve-modal.ts';
import { executionCard } from '../../blocks/execution-card.ts';
import { gateCard } from '../../blocks/gate-card.ts';
import { expectedInAll, planLabel, waveTitle } from '../../blocks/planned-waves.ts';
import { milestones } from '../../blocks/thread.ts';
import type { Expected } from '../../blocks/waves.ts';
import type { ExecutionView } from '../../src/domain/records.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { scene, strictGate } from './fixtures/fleet.ts';
import { aGate, minutes, readable } from './views.ts';

function viewOf(name: string): ExecutionView {
  const view = EXECUTION_VIEWS[name];
  if (view === undefined) throw new Error(`there is no view ${name}`);
  return view;
}
const asked = viewOf('by plan: awaiting approval');
const question = readable(gateCard(asked, aGate()));

describe('what is approved with a recovery plan', () => {
  test('the plan and its version, and each wave with its name, size and target', () => {
    expect(question).toContain('By recovery plan *HRP full*, version 3, one wave after the other:');
    expect(question).toContain('*Wave 1 · Databases* 30 servers · RTO target 20 min');
    expect(question).toContain('*Wave 3 · Web* 42 servers');
  });

  test('each action: its name, what it is, where it is done, before or after which wave', () => {
    expect(question).toContain(
      [
        '*Wave 1 · Databases* 30 servers · RTO target 20 min',
        '      ⚙️ before it “Stop the batch jobs” (SSM document DR-StopBatch in the central account, the DR Region)',
        '      ⚙️ after it “Database port” (TCP check of hrp-db.dr.example:5432)',
        '      ⚙️ after it “Instance checks” (EC2 status checks of what the wave launched)',
        '*Wave 2 · Application servers* 48 servers · RTO target 15 min',
        '      ⏸️ waits for people before it',
        '      ⚙️ before it “Switch DNS to the DR Region” (SSM document DR-SwitchDns in `111111111111`, us-east-2)',
      ].join('\n'),
    );
  });

  test('where it waits, and a threshold or a time of its own only where it differs', () => {
    expect(question.match(/good with more than 95 % of its servers \(usually more than 50 %\)/g)).toHaveLength(1);
    expect(question).toContain('⏸️ waits for people after it');
    const { execution } = asked;
    const same = { ...execution, options: { ...execution.options, successThresholdPercent: 95 } };
    expect(readable(gateCard({ ...asked, execution: same }, aGate()))).not.toContain('good with');
  });

  test('a pause after a wave that is not the last is told once: before the next', () => {
    const { recoveryPlan, ...execution } = asked.execution;
    const waves = (recoveryPlan?.waves ?? []).map((wave) =>
      wave.wave === 1 ? { ...wave, pauseAfter: true as const } : wave,
    );
    const view = { ...asked, execution: { ...execution, recoveryPlan: recoveryPlan && { ...recoveryPlan, waves } } };
    expect(readable(gateCard(view, aGate())).match(/waits for people after it/g)).toHaveLength(1);
  });

  test('that a drill’s instances are ended after it, also in the form that asks for the name', () => {
    const text = '🧹 Its drill instances are *terminated 4 hours after its end*, unless somebody keeps them.';
    expect(question).toContain(text);
    expect(readable(executionCard(asked))).toContain(text);
    expect(JSON.stringify(approveModal(asked.execution, aGate(), 'HRP'))).toContain('terminated 4 hours after its end');
    expect(JSON.stringify(approveModal(asked.execution, aGate(), 'HRP'))).toContain(
      'recovery plan *HRP full*, version 3',
    );
    expect(readable(gateCard(viewOf('awaiting approval'), aGate()))).not.toContain('🧹');
  });

  test('only actions that are for the verb, and those of the waves that are asked for', () => {
    const failback = { ...asked, execution: { ...asked.execution, verb: 'failback' as const } };
    expect(readable(gateCard(failback, aGate()))).not.toContain('⚙️');
    const one = readable(gateCard(viewOf('by plan: one of its waves, awaiting approval'), aGate()));
    expect(one).toContain('*Wave 2 · Application servers*');
    expect(one).not.toContain('Databases');
  });

  test('of many actions name and kind; where and what is in the thread, once', () => {
    const view = viewOf('twenty waves: awaiting approval');
    const text = readable(gateCard(view, strictGate()));
    for (let wave = 1; wave <= 20; wave += 1) {
      expect(text).toContain(
        `before it Prepare layer ${wave} (SSM in 111111111111) · after it Look at layer ${wave} (HTTP)`,
      );
    }
    expect(text).toContain('Where and what each action does stands in the thread of the card.');
    const told = milestones({ ...view, earlierPlans: view.plan === undefined ? [] : [view.plan] });
    const whole = told.filter(({ key }) => key === 'actions');
    expect(whole).toHaveLength(1);
    expect(readable(whole[0]?.message ?? { text: '', blocks: [] })).toContain(
      'before it “Prepare layer 20” (SSM document DR-SwitchDns in `111111111111`, us-east-2)',
    );
    expect(milestones(asked).map(({ key }) => key)).not.toContain('actions');
  });

  test('without a plan only the pauses that were asked for', () => {
    const view = scene({ waves: [1, 2], execution: { status: 'awaiting approval', pauseBefore: [2] } });
    expect(readable(gateCard(view, aGate()))).toContain('⏸️ Waits for people before wave 2.');
  });
});

describe('what the waves are expected to take together', () => {
  const known = (ms: number): ReadonlyMap<number, Expected> =>
    new Map([1, 2, 3].map((wave) => [wave, { ms, from: 'history' as const }]));
  test.each([
    [10, 'Expected in all: 30 min, without pauses and actions, within the plan’s RTO target of 1 h.'],
    [30, 'Expected in all: 1 h 30 min, without pauses and actions: ⏰ *longer than the plan’s RTO target of 1 h*.'],
  ])('%i min each', (each, text) => {
    expect(expectedInAll(asked, known(minutes(each)))).toBe(text);
    expect(readable(executionCard(asked, { expected: known(minutes(each)) }))).toContain(text);
  });

  test('is not said while it is not known of each', () => {
    expect(expectedInAll(asked, new Map([[1, { ms: 1, from: 'estimate' }]]))).toBe('RTO target of the plan: 1 h.');
    expect(expectedInAll(viewOf('awaiting approval'), known(1))).toBeUndefined();
  });
});

test('who reads the card sees who says what a wave takes', () => {
  const expected = new Map<number, Expected>([
    [1, { ms: minutes(13), from: 'history' }],
    [3, { ms: minutes(10), from: 'estimate' }],
  ]);
  const text = readable(executionCard(asked, { expected }));
  expect(text).toContain('*Wave 1 · Databases* 30 servers · expected 13 min (earlier runs) · RTO target 20 min');
  expect(text).toContain('*Wave 3 · Web* 42 servers · expected 10 min (the plan’s estimate)');
});

test('a plan and a wave by name', () => {
  expect(planLabel({ recoveryPlan: { planId: 'p', planName: 'A <b>', version: 2, waves: [] } })).toBe(
    'recovery plan *A &lt;b&gt;*, version 2',
  );
  expect(planLabel({ recoveryPlan: { planId: 'p', planName: 'rest', version: 0, waves: [] } })).toBe(
    'recovery plan *rest*',
  );
  expect(planLabel(viewOf('termination of a drill’s instances').execution)).toBeUndefined();
  expect(waveTitle(2, { wave: 2, waveName: 'wave 2' })).toBe('*Wave 2*');
  expect(waveTitle(2, undefined)).toBe('*Wave 2*');
});
