import { describe, expect, test } from 'vitest';
import {
  CANCEL_ACTION,
  CLOSE_EXECUTION,
  KEEP_INSTANCES,
  PAUSE_ACTION,
  RESUME_MACHINE,
  TERMINATE_DRILL,
} from '../../blocks/action-ids.ts';
import { executionCard } from '../../blocks/execution-card.ts';
import { milestones } from '../../blocks/thread.ts';
import { type Expected, waveProgress } from '../../blocks/waves.ts';
import type { ExecutionView } from '../../src/domain/records.ts';
import { buttonsOf, messageBlocks } from '../../src/local/slack/blocks.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { aWave, betweenGate, scene } from './fixtures/fleet.ts';
import { headline, minutes, readable, START } from './views.ts';

function viewOf(name: string): ExecutionView {
  const view = EXECUTION_VIEWS[name];
  if (view === undefined) throw new Error(`there is no view ${name}`);
  return view;
}
const expected = new Map<number, Expected>([
  [1, { ms: minutes(13), from: 'history' }],
  [2, { ms: minutes(16), from: 'history' }],
]);
const textOf = (name: string) => readable(executionCard(viewOf(name), { expected }));
const statesOf = (view: ExecutionView) => waveProgress(view).map(({ state }) => state);
const buttons = (view: ExecutionView) =>
  buttonsOf(messageBlocks(executionCard(view).blocks)).map(({ button }) => button);

describe('the waves of an execution', () => {
  test.each([
    ['executing three waves with failures', ['ended', 'running', 'to come']],
    ['paused before wave 2', ['ended', 'to come', 'to come']],
    ['cancel asked for while wave 2 runs', ['ended', 'running', 'not begun']],
    ['partial, wave 3 not begun', ['ended', 'ended', 'not begun']],
    ['completed, three waves', ['ended', 'ended', 'ended']],
    ['awaiting approval, three waves of a failover', ['to come', 'to come', 'to come']],
  ])('%s', (name, states) => {
    expect(statesOf(viewOf(name))).toEqual(states);
  });

  test('a wave that runs began when the pause before it was released', () => {
    const released = betweenGate('pause', 2, { status: 'approved', answer: 'resume', settledAt: START + minutes(40) });
    const view = scene({
      waves: [1, 2],
      states: [{ launched: 30 }, { launching: 48 }],
      ended: [aWave(1, 'success', [10, 24])],
      gates: [released],
      execution: { status: 'executing', launchStartedAt: START + minutes(10), currentWave: 2 },
    });
    expect(waveProgress(view)[1]).toMatchObject({ state: 'running', startedAt: START + minutes(40) });
  });

  test('an execution that was ended from outside leaves no wave running', () => {
    const view = viewOf('executing three waves with failures');
    const closed = { ...view, execution: { ...view.execution, endTime: START + minutes(50) } };
    expect(statesOf(closed)).toEqual(['ended', 'ended', 'not begun']);
  });
});

describe('the card of several waves', () => {
  test('says in the first line which wave runs, or what it waits for', () => {
    const first = (name: string) => headline(executionCard(viewOf(name)));
    expect(first('executing three waves with failures')).toBe('⏳ Failover: HRP waves 1–3 · launching wave 2 (2 of 3)');
    expect(first('paused before wave 2')).toBe('⏸️ Failover: HRP waves 1–3 · paused before wave 2');
    expect(first('wave 2 needs a decision')).toBe('❓ Failover: HRP waves 1–3 · wave 2 needs a decision');
    expect(first('cancel asked for while wave 2 runs')).toContain('cancelling, what runs goes on');
  });

  test('has a bar, counts, elapsed and expected time for each, and the slowest', () => {
    const text = textOf('executing three waves with failures');
    expect(text).toContain('✅ *Wave 1* ██████████ 30/30 · 14 min · earlier runs took 13 min · slowest hrp-db-030');
    expect(text).toMatch(
      /⏳ \*Wave 2\* ████░░░░░░ 21\/48 · \*2 failed\*\nSince <!date\^\d+\^\{time\} \(\{ago\}\)\|02:24 UTC> · expected until <[^>]*\|02:40 UTC> \(earlier runs took 16 min\) · 25 still running, slowest hrp-app-0\d\d \(waits for its turn\)/,
    );
    // Nothing is said where no earlier run is known.
    expect(text).toContain('⚪ *Wave 3* ░░░░░░░░░░ 0/42 · to come\n');
  });

  test('of one that is tried again shows that it runs, with the attempt, from the decision on', () => {
    const first = textOf('wave 2 is tried again');
    expect(first).toContain('launching wave 2 (2 of 3)');
    expect(first).toMatch(
      /⏳ \*Wave 2\* █████████░ 45\/48\nAttempt 2 · since <!date\^\d+\^\{time\} \(\{ago\}\)\|02:44 UTC> · still running: hrp-app-0/,
    );
    expect(first).not.toContain('expected until');
  });

  test('says why a wave was not begun', () => {
    expect(textOf('partial, wave 3 not begun')).toContain('0/42 · not begun, because wave 2 ended with partial');
    expect(textOf('cancelled under way')).toContain('0/42 · not begun, because <@U0PREQUEST1> cancelled it');
  });

  test('names the last few that a wave waits for', () => {
    expect(textOf('executing one wave, the last few')).toMatch(
      /[sS]till running: hrp-db-0\d\d \(waits for its turn\), /,
    );
  });

  test('tells failures with the same reason together', () => {
    expect(textOf('failed')).toMatch(/• \*6 servers:\* conversion failed: [^\n]*\nhrp-db-001, hrp-db-004/);
  });
});

describe('what people asked of it', () => {
  test('cancel: who, when, why, and what goes on', () => {
    const text = textOf('cancel asked for while wave 2 runs');
    expect(text).toMatch(/Cancel asked by <@U0PREQUEST1> at <[^>]*\|02:26 UTC>\*: “wrong application”\./);
    expect(text).toContain('What runs goes on, because a DRS job cannot be stopped; nothing more is begun.');
  });

  test('pause: who, when, and that it comes before the next wave', () => {
    expect(textOf('pause asked for')).toMatch(/Pause asked by <@U0PREQUEST1> at .* It waits before the next wave/);
  });
});

test('an execution that one person let begin alone says so on its card', () => {
  const sentence = '🚨 *Break-glass:* passed by <@U0PAPPROVE1> alone at';
  expect(textOf('executing after break-glass')).toContain(sentence);
  expect(textOf('executing one wave')).not.toContain('Break-glass');
});

describe('the buttons of a card', () => {
  test.each([
    ['planning', [CANCEL_ACTION]],
    ['awaiting approval', [CANCEL_ACTION]],
    ['executing one wave', [CANCEL_ACTION]],
    ['executing three waves with failures', [PAUSE_ACTION, CANCEL_ACTION]],
    ['pause asked for', [CANCEL_ACTION]],
    ['paused before wave 2', [CANCEL_ACTION]],
    ['cancel asked for while wave 2 runs', []],
    ['completed', [TERMINATE_DRILL]],
    ['failed', []],
    ['failover, completed', []],
    ['by plan: completed, to be terminated', [KEEP_INSTANCES, TERMINATE_DRILL]],
    ['by plan: completed, kept, some not priced', [TERMINATE_DRILL]],
    ['by plan: completed, being terminated', []],
    ['by plan: stands still', [RESUME_MACHINE, CLOSE_EXECUTION]],
    ['by plan: stands still for good', [CLOSE_EXECUTION]],
    ['by plan: goes on after it stood still', [PAUSE_ACTION, CANCEL_ACTION]],
  ])('%s', (name, actions) => {
    const view = viewOf(name);
    expect(buttons(view).map(({ action_id }) => action_id)).toEqual(actions);
    for (const { value } of buttons(view)) expect(value).toBe(view.execution.executionId);
  });

  test('cancel asks first, and says what goes on', () => {
    const [, cancel] = buttons(viewOf('executing three waves with failures'));
    expect(cancel).toMatchObject({ style: 'danger', confirm: { text: { type: 'plain_text' } } });
    expect(JSON.stringify(cancel?.confirm)).toContain('a DRS job cannot be stopped');
    expect(JSON.stringify(buttons(viewOf('awaiting approval'))[0]?.confirm)).toContain('Nothing is launched yet');
  });
});

describe('the story of several waves', () => {
  const story = (name: string) => milestones(viewOf(name));

  test('tells each wave’s beginning and end once, and shows the channel only what needs people', () => {
    expect(story('partial, wave 3 not begun').map(({ key, needsPeople }) => [key, needsPeople])).toEqual([
      ['plan-1', false],
      ['opened-approval-1', false],
      ['decided-approval-1', false],
      ['wave-1-begun', false],
      ['wave-1-ended', false],
      ['wave-2-begun', false],
      ['wave-2-ended', true],
      ['problem', false],
      ['result', true],
    ]);
  });

  test('tells that it was cancelled, and a pause with its question', () => {
    const cancelled = story('cancelled under way');
    expect(cancelled.slice(-2).map(({ key }) => key)).toEqual(['cancel-asked', 'result']);
    expect(cancelled.at(-1)?.message.text).toContain('Failover HRP waves 1–3 was cancelled and ended after 31 min');
    const keys = story('paused before wave 2').map(({ key }) => key);
    expect(keys.slice(-3)).toEqual(['wave-1-begun', 'wave-1-ended', 'opened-pause-2']);
  });

  test.each(['rejected', 'expired', 'stopped at preflight'])('%s: the channel is told that it is over', (name) => {
    expect(story(name).filter(({ needsPeople }) => needsPeople)).toHaveLength(1);
  });
});
