import { describe, expect, test } from 'vitest';
import { executionCard } from '../../blocks/execution-card.ts';
import { milestones } from '../../blocks/thread.ts';
import { rtoOf } from '../../src/domain/rto.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { minutes, readable, START } from './views.ts';

function cardAt(name: string, at: number): string {
  const view = EXECUTION_VIEWS[name];
  if (view === undefined) throw new Error(`there is no view ${name}`);
  return readable(executionCard(view, { rto: rtoOf(view, START + minutes(at)) }));
}

describe('the target of a wave', () => {
  test('while it runs: until when, and in words when that is over', () => {
    const runs = 'by plan: wave 1 runs';
    expect(cardAt(runs, 20)).toMatch(/RTO target 20 min, until <[^>]*\|02:32 UTC>/);
    expect(cardAt(runs, 40)).toMatch(/⏰ \*late: over its RTO target 20 min since <[^>]*\|02:32 UTC>\*/);
    expect(cardAt(runs, 20)).toContain('to come · RTO target 15 min');
  });

  test('when it is over: met, by how much it was late, or not met because not all is done', () => {
    const over = cardAt('by plan: completed, to be terminated', 90);
    expect(over).toContain('30/30 · 14 min · RTO target 20 min met');
    expect(over).toContain('48/48 · 20 min · ⏰ *late: 5 min over its RTO target 15 min*');
    expect(cardAt('twenty waves: over', 220)).toMatch(/\*Wave 7 .* RTO target 10 min \*not met\*/);
  });

  test('is not said of a wave that was not begun, nor without a plan', () => {
    expect(cardAt('by plan: partial, an action failed', 90)).toMatch(/\*Wave 3 · Web\* ░+ 0\/42 · not begun, because/);
    expect(cardAt('executing three waves with failures', 40)).not.toContain('RTO');
  });
});

describe('the target of the plan', () => {
  test.each([
    ['by plan: wave 1 runs', 20, /RTO target of the plan 1 h, until <[^>]*\|03:10 UTC>/],
    ['by plan: wave 1 runs', 71, /⏰ \*Late: over the plan’s RTO target of 1 h since <[^>]*\|03:10 UTC>\*/],
    ['by plan: completed within its target', 90, /✅ \*RTO achieved: 58 min\* .*, the plan’s target is 1 h/],
    ['by plan: completed, to be terminated', 90, /⏰ \*RTO missed: 1 h 6 min, 6 min over the plan’s target of 1 h\*/],
    [
      'by plan: partial, an action failed',
      90,
      /⚠️ \*RTO not achieved:\* the plan’s target is 1 h, it ended after 56 min.*, and 42 servers are not launched/,
    ],
  ])('%s, %i min after it was asked for', (name, at, text) => {
    expect(cardAt(name, at)).toMatch(text);
  });

  test('counts up to the question after the last wave, however long that is open', () => {
    expect(cardAt('by plan: paused after the last wave', 200)).toContain('⏰ *RTO missed: 1 h 4 min, 4 min over');
  });
});

test('the thread tells what each wave and the whole came to', () => {
  const view = EXECUTION_VIEWS['by plan: completed, to be terminated'];
  if (view === undefined) throw new Error('there is no such view');
  const told = new Map(milestones(view, rtoOf(view, START)).map(({ key, message }) => [key, readable(message)]));
  expect(told.get('wave-1-begun')).toBe('▶️ Wave 1 Databases: launching 30 drill instances.');
  expect(told.get('wave-1-ended')).toContain('30 of 30 launched. Within its RTO target of 20 min.');
  expect(told.get('wave-2-ended')).toContain('48 of 48 launched. ⏰ *5 min over its RTO target of 15 min.*');
  expect(told.get('result')).toContain('⏰ *RTO missed: 1 h 6 min, 6 min over the plan’s target of 1 h*');
});
