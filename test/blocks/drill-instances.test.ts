import { describe, expect, test } from 'vitest';
import { TERMINATE_DRILL } from '../../blocks/action-ids.ts';
import { executionCard } from '../../blocks/execution-card.ts';
import { milestones } from '../../blocks/thread.ts';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import { buttonsOf, messageBlocks } from '../../src/local/slack/blocks.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { minutes, readable, START } from './views.ts';

const viewOf = (name: string) => {
  const view = EXECUTION_VIEWS[name];
  if (view === undefined) throw new Error(`there is no view ${name}`);
  return view;
};
const over = viewOf('by plan: completed, to be terminated');
const cardWith = (differs: Partial<ExecutionRecord>) =>
  readable(executionCard({ ...over, execution: { ...over.execution, ...differs } }));
const cost = { usdPerDay: 84.1, instances: 12, unpriced: [], pricedAt: START + minutes(80) };

describe('what the result card of a drill says of its instances', () => {
  test('what they cost a day, by which prices, and what is not in it', () => {
    expect(cardWith({ runningCost: cost })).toMatch(
      /💵 \*12 drill instances run and cost about \$84\.10 a day\* \(list prices of <[^>]*\|03:20 UTC>; disks and traffic come on top\)\./,
    );
    const unpriced = [
      { instanceType: 'x2gd.metal', instances: 3 },
      { instanceType: 'm9.large', instances: 1 },
    ];
    expect(cardWith({ runningCost: { ...cost, unpriced } })).toContain(
      '*Not in it*, because their price is not known: 3 × x2gd.metal, 1 × m9.large.',
    );
    const none = { ...cost, usdPerDay: 0, instances: 3, unpriced: [{ instanceType: 'x2gd.metal', instances: 3 }] };
    expect(cardWith({ runningCost: none })).toContain(
      '*3 drill instances run*, and what they cost is not known: 3 × x2gd.metal.',
    );
    expect(cardWith({ runningCost: { ...cost, instances: 1 } })).toContain(
      '*1 drill instance runs and costs about $84.10 a day*',
    );
  });

  test('until when they run, who keeps them, or that their termination has begun', () => {
    expect(cardWith({})).toMatch(
      /🧹 They are \*terminated <[^>]*\|2026-03-02 07:16 UTC>\* unless somebody keeps them\./,
    );
    expect(readable(executionCard(viewOf('by plan: completed, kept, some not priced')))).toMatch(
      /📌 \*Kept by <@U0PREQUEST1>\* at <[^>]*\|03:30 UTC>: they run until somebody terminates them\./,
    );
    const ended = readable(executionCard(viewOf('by plan: completed, being terminated')));
    expect(ended).toContain('🧹 *Their termination has begun:* `c1ea0000`.');
    expect(ended).not.toContain('💵');
  });

  test('nothing but that they run and cost where nothing is known', () => {
    expect(cardWith({ cleanUp: undefined, runningCost: undefined })).toContain(
      'The drill instances run, and cost, until they are terminated. The whole result is in the thread.',
    );
  });

  test('to terminate them asks first, and says that only they are meant', () => {
    const buttons = buttonsOf(messageBlocks(executionCard(over).blocks)).map(({ button }) => button);
    expect(buttons.at(-1)).toMatchObject({ action_id: TERMINATE_DRILL, style: 'danger' });
    expect(JSON.stringify(buttons.at(-1)?.confirm)).toContain(
      'what this drill launched (120 instances), and of nothing else',
    );
  });
});

test('the thread tells who keeps them, and that their termination has begun', () => {
  const told = (name: string) =>
    milestones(viewOf(name))
      .map(({ key }) => key)
      .slice(-2);
  expect(told('by plan: completed, kept, some not priced')).toEqual(['result', 'instances-kept']);
  expect(told('by plan: completed, being terminated')).toEqual([
    'result',
    'clean-up-c1ea0000-2345-8678-8abc-def012345678',
  ]);
});

test('the card of their termination names the drill, whose approval it was, and no recovery plan', () => {
  const view = viewOf('termination of a drill’s instances');
  const text = readable(executionCard(view));
  expect(text).toContain('Ends what drill abcdef01 launched, and nothing else, as the approval of that drill said.');
  expect(text).toContain('✅ Approved with drill abcdef01 by <@U0PAPPROVE1> and <@U0PAPPROVE2>');
  expect(text).not.toMatch(/recovery plan/i);
  // Nobody was asked.
  expect(milestones(view).map(({ key }) => key)).not.toContain('opened-approval-1');
});
