import { describe, expect, test } from 'vitest';
import { milestones, resultFileName } from '../../blocks/thread.ts';
import type { ExecutionView } from '../../src/domain/records.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { aDecidedGate, aGate, anExecution, aPlan, aView, ended, LAUNCHING, viewsOfEveryState } from './views.ts';

const told = (view: ExecutionView) =>
  milestones(view).map(({ key, message }) => ({ key, text: message.text.replace(/ at <!date[^>]*>/, '') }));
const OPENED = { key: 'opened-approval-1', text: 'Approve? Drill HRP wave 1. Asked 2 people, 1 needed.' };
const plan = aPlan();
const approved = { plan, gates: [aDecidedGate('approve')] };

describe('the story of an execution', () => {
  test('begins when the plan is known', () => {
    expect(told(aView())).toEqual([]);
    expect(told(aView({ status: 'awaiting approval' }, { plan, gates: [aGate()] }))).toEqual([
      { key: 'plan-1', text: 'Preflight passed: 3 servers, 0 warnings. Plan a1b2c3d4e5f6, revision 1.' },
      OPENED,
    ]);
  });

  test('tells who decided, the launch and the end, each with a key of its own', () => {
    expect(told(aView(ended('partial', { succeeded: 2, failed: 1 }), approved))).toEqual([
      { key: 'plan-1', text: 'Preflight passed: 3 servers, 0 warnings. Plan a1b2c3d4e5f6, revision 1.' },
      OPENED,
      { key: 'decided-approval-1', text: '✅ Approved by <@U0PAPPROVE1>.' },
      { key: 'launch', text: 'Launching 3 drill instances.' },
      {
        key: 'result',
        text: 'Drill HRP wave 1 ended with *partial* after 24 min: 2 of 3 launched, 1 failed, 0 skipped. Asked by <@U0PREQUEST1>.',
      },
    ]);
  });

  test('tells why a drill stopped, and no passed preflight', () => {
    const stopped = viewsOfEveryState()['preflight stopped'];
    if (stopped === undefined) throw new Error('no such view');
    expect(told(stopped)).toEqual([
      { key: 'problem', text: 'Preflight stopped the drill. Nothing was launched. Asked by <@U0PREQUEST1>.' },
    ]);
  });

  test.each(['rejected', 'expired', 'cancelled'])('ends with a gate that is %s', (state) => {
    const view = viewsOfEveryState()[state];
    expect(view && told(view).at(-1)?.key).toBe('decided-approval-1');
  });

  test('tells why it was rejected', () => {
    const view = viewsOfEveryState().rejected;
    expect(view && told(view).at(-1)?.text).toBe(
      '🚫 Rejected by <@U0PAPPROVE1>: “too many people work at this hour”. Nothing was launched.',
    );
  });

  test('a decision is told as it was, also when the fleet has changed since', () => {
    const changed = { plan: aPlan({ revision: 2 }), earlierPlans: [plan], gates: approved.gates };
    expect(told(aView({ status: 'awaiting approval', planRevision: 2 }, changed))).toContainEqual({
      key: 'decided-approval-1',
      text: '✅ Approved by <@U0PAPPROVE1>.',
    });
  });

  test('a plan that is asked about again is told after the decision on the first, and the first stays', () => {
    const again = { plan: aPlan({ revision: 2 }), earlierPlans: [plan], gates: approved.gates };
    const story = told(aView({ status: 'awaiting approval', planRevision: 2 }, again)).map(({ key }) => key);
    expect(story).toEqual(['plan-1', 'opened-approval-1', 'decided-approval-1', 'plan-2']);
  });

  test('what is told stays the same while more happens', () => {
    const stories = [
      aView({ status: 'awaiting approval', planRevision: 1 }, { plan, gates: [aGate()] }),
      aView({ status: 'awaiting approval', planRevision: 1 }, approved),
      aView(LAUNCHING, approved),
      aView(ended('success', { succeeded: 3, failed: 0 }), approved),
    ].map(told);
    for (const story of stories) expect(stories.at(-1)?.slice(0, story.length)).toEqual(story);
    expect(stories.map((story) => story.length)).toEqual([2, 3, 4, 5]);
  });
});

test('of a wave that is tried again the thread tells each attempt, and what was told stays', () => {
  const view = EXECUTION_VIEWS['wave 2 is tried again'] as ExecutionView;
  const [first, second] = view.waves;
  if (first === undefined || second === undefined) throw new Error('no such waves');
  const summary = { totalServers: 48, succeeded: 48, failed: 0, skipped: 0 };
  const again = { ...second, attempt: 2, outcome: 'success' as const, summary, endedAt: second.endedAt + 600_000 };
  const story = told(view);
  const later = told({ ...view, waves: [first, again], earlierAttempts: [second] });
  expect(story.slice(-4)).toEqual([
    { key: 'wave-2-begun', text: '▶️ Wave 2: launching 48 recovery instances.' },
    { key: 'wave-2-ended', text: expect.stringMatching(/^⚠️ .* after 17 min: 45 of 48 launched, \*3 failed\*\.$/) },
    { key: 'opened-decision-2-1', text: expect.stringContaining('What now after wave 2?') },
    { key: 'decided-decision-2-1', text: '🔁 To be retried: wave 2 by <@U0PAPPROVE1>.' },
  ]);
  expect(later.slice(0, story.length)).toEqual(story);
  expect(later.slice(story.length)).toEqual([
    {
      key: 'wave-2-a2-ended',
      text: expect.stringMatching(/^✅ .*, attempt 2, is over after 27 min: 48 of 48 launched\.$/),
    },
  ]);
});

test('the result file is called by the execution that people speak of', () => {
  expect(resultFileName(anExecution())).toBe('drill-result-abcdef01.json');
});
