import { describe, expect, test } from 'vitest';
import { executionCard } from '../../blocks/execution-card.ts';
import { milestones } from '../../blocks/thread.ts';
import {
  actionEndedText,
  actionsLine,
  failedActions,
  isAllOver,
  plannedActionText,
  totalOf,
} from '../../blocks/wave-actions.ts';
import { waveProgress } from '../../blocks/waves.ts';
import type { ExecutionView } from '../../src/domain/records.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { anAction, DB_PORT, SMOKE_TEST, STATUS_CHECKS, STOP_BATCH, SWITCH_DNS } from './fixtures/recovery.ts';
import { headline, readable } from './views.ts';

function viewOf(name: string): ExecutionView {
  const view = EXECUTION_VIEWS[`by plan: ${name}`];
  if (view === undefined) throw new Error(`there is no view ${name}`);
  return view;
}
const cardOf = (name: string) => readable(executionCard(viewOf(name)));
const running = { isOver: false };

describe('the actions of a wave in its card', () => {
  test('before anything is launched: which one runs since when, and that the wave is not begun', () => {
    const view = viewOf('an action before wave 1 runs');
    expect(headline(executionCard(view))).toBe(
      '⏳ Drill: HRP waves 1–3 · before wave 1 (1 of 3): “Stop the batch jobs”',
    );
    expect(waveProgress(view)[0]).toMatchObject({ state: 'running', startedAt: undefined });
    expect(readable(executionCard(view))).toMatch(
      /⚙️ before it 0 of 1 action done, \*Stop the batch jobs\* runs since <!date[^>]*> · 2 actions after it/,
    );
    expect(readable(executionCard(view))).toContain('Its actions come first');
    expect(readable(executionCard(view))).not.toMatch(/still running|by account/);
  });

  test('one line for a wave: how many are done, and by name which failed', () => {
    expect(actionsLine(viewOf('wave 2 runs and is late'), 1, running)).toBe(
      '⚙️ before it 1 action done · after it 1 of 2 actions done, ❌ *Database port* failed',
    );
    expect(actionsLine(viewOf('wave 2 runs and is late'), 2, running)).toBe(
      '⚙️ before it 1 action done · 1 action after it',
    );
    expect(actionsLine(viewOf('wave 2 runs and is late'), 3, running)).toBe('');
  });

  test('what was not begun when it is over will not be', () => {
    expect(actionsLine(viewOf('wave 1 runs'), 2, { isOver: true })).toBe(
      '⚙️ 1 action before it not done · 1 action after it not done',
    );
  });

  test('those that failed are named with what they said; not one that went well when it was done again', () => {
    const text = cardOf('wave 2 runs and is late');
    expect(text).toContain(
      '*Failed actions*\n• *Database port* after wave 1: failed after 1 min: hrp-db.dr.example:5432 did not answer in 10 s',
    );
    expect(text).not.toContain('AccessDenied');
    expect(
      failedActions(viewOf('an action before wave 2 needs a decision')).map(({ action }) => action.actionName),
    ).toEqual(['Database port', 'Switch DNS to the DR Region']);
  });

  test('after its servers: the first line says which one runs', () => {
    expect(headline(executionCard(viewOf('an action after wave 2 runs')))).toContain(
      'after wave 2 (2 of 3): “Smoke test”',
    );
  });

  test('are all over when the last one is done, or passed over by its rule, the request or people', () => {
    const place = { wave: 2, phase: 'pre' } as const;
    const view = viewOf('an action before wave 2 needs a decision');
    expect(isAllOver(view, place)).toBe(false);
    const decided = (answer: 'continue' | 'retry') => ({
      ...view,
      gates: view.gates.map((gate) =>
        gate.action === undefined ? gate : { ...gate, status: 'approved' as const, answer },
      ),
    });
    expect(isAllOver(decided('continue'), place)).toBe(true);
    expect(isAllOver(decided('retry'), place)).toBe(false);
    const { execution } = view;
    const options = { ...execution.options, continueOnFailure: true };
    expect(isAllOver({ ...view, execution: { ...execution, options } }, place)).toBe(true);
    expect(isAllOver(viewOf('wave 2 runs and is late'), { wave: 1, phase: 'post' })).toBe(true);
    expect(isAllOver(viewOf('wave 1 runs'), { wave: 1, phase: 'post' })).toBe(false);
  });

  test('are as many as the plan has, also before the first is begun', () => {
    expect(totalOf(viewOf('wave 1 runs'), { wave: 1, phase: 'post' })).toBe(2);
    expect(totalOf(viewOf('wave 1 runs'), { wave: 3, phase: 'pre' })).toBe(0);
  });
});

test.each([
  [SWITCH_DNS, 'SSM document DR-SwitchDns in `111111111111`, us-east-2'],
  [STOP_BATCH, 'SSM document DR-StopBatch in the central account, the DR Region'],
  [SMOKE_TEST, 'HTTP check of https://hrp-dr.example/health'],
  [DB_PORT, 'TCP check of hrp-db.dr.example:5432'],
  [STATUS_CHECKS, 'EC2 status checks of what the wave launched'],
  [
    { ...SWITCH_DNS, actionType: 'command' as const, documentName: 'AWS-RunShellScript' },
    'SSM command AWS-RunShellScript on what the wave launched',
  ],
])('what an action is and where it is done, as it is approved', (action, text) => {
  expect(plannedActionText(action as typeof SWITCH_DNS)).toBe(text);
});

describe('the story of an action', () => {
  test('tells each attempt when it has ended, what was decided, and where it can be found; the channel hears of failures', () => {
    const story = milestones(viewOf('wave 2 runs and is late'));
    const keys = story.map(({ key }) => key);
    expect(keys.slice(keys.indexOf('wave-1-ended') + 1)).toEqual([
      'action-1-post-1-1',
      'action-1-post-2-1',
      'opened-pause-2',
      'decided-pause-2',
      'action-2-pre-1-1',
      'opened-action-2-pre-1-1',
      'decided-action-2-pre-1-1',
      'action-2-pre-1-2',
      'wave-2-begun',
    ]);
    const loud = story.filter(({ key, needsPeople }) => key.startsWith('action-') && needsPeople).map(({ key }) => key);
    expect(loud).toEqual(['action-1-post-1-1', 'action-2-pre-1-1']);
    expect(story.find(({ key }) => key === 'action-2-pre-1-2')?.message.text).toBe(
      '✅ Before wave 2, action *Switch DNS to the DR Region* (attempt 2) done after 2 min: 4 records point to the DR Region\nSSM document DR-SwitchDns in `111111111111`, us-east-2, `8f0d1c62-77a1-4e5e-9c1e-000000000002`.',
    );
  });

  test('a wave is told as begun when its servers are, not while its actions are done', () => {
    const keys = (name: string) => milestones(viewOf(name)).map(({ key }) => key);
    expect(keys('an action before wave 1 runs')).not.toContain('wave-1-begun');
    expect(keys('wave 1 runs').slice(-2)).toEqual(['action-1-pre-1-1', 'wave-1-begun']);
    const only = viewOf('an action before wave 1 runs');
    const one = { ...only, execution: { ...only.execution, waves: [1] } };
    expect(milestones(one).map(({ key }) => key)).not.toContain('launch');
  });

  test('what was told stays the same while more happens', () => {
    const told = (name: string) => milestones(viewOf(name)).map(({ key, message }) => [key, message.text]);
    const before = told('wave 2 runs and is late');
    expect(
      told('an action after wave 2 runs')
        .slice(0, before.length)
        .map(([key]) => key),
    ).toEqual(before.map(([key]) => key));
  });

  test('a time that was over is told as such, and ids of many commands are counted', () => {
    const references = ['c-1', 'c-2', 'c-3', 'c-4', 'c-5'];
    const record = anAction(STATUS_CHECKS, { wave: 2, phase: 'post' }, { to: 40, status: 'timed out', references });
    expect(actionEndedText(record)).toBe(
      '⌛ After wave 2, action *Instance checks* timed out after 30 min\nEC2 status checks of what the wave launched, `c-1`, `c-2`, `c-3` and 2 more.',
    );
    expect(actionEndedText({ ...record, references: ['a`b <x>'] })).toContain("`a'b &lt;x&gt;`");
  });
});
