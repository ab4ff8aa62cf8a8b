import { expect, test } from 'vitest';
import { brokenLongPlanLimits, measureLongPlan } from '../bench/long-plan.ts';

// All 20 waves, with pauses of up to a week: `npm run bench -- long-plan`, which checks the same limits.
test('a plan whose pauses wait for days stays within Step Functions’ limits, as if it had 20 waves', async () => {
  const measured = await measureLongPlan({ waves: 4, pauseHours: 50 });
  expect(brokenLongPlanLimits(measured, 20)).toEqual([]);
  expect(measured.pausedHours).toHaveLength(3);
  // Far below the limits: a week for each of 20 pauses, and a plan of more servers, have room too.
  expect(measured.events).toBeLessThan(2_000);
  expect(measured.largest.bytes).toBeLessThan(32 * 1_024);
});
