import { expect, test } from 'vitest';
import { brokenLimits, drillAll, fleetOf, measurementOf } from '../bench/component-size.ts';
import { startWorld } from './world.ts';

// 1,000 servers in 4 accounts and 4,000 in 40: `npm run bench -- component-size`, which checks the same limits.
test('a drill of 3 accounts in one call: each server launched once, small states, calls by pages and jobs', async () => {
  const size = { accounts: 3, serversEach: 30 };
  const world = await startWorld({ inventory: fleetOf(size), drsEvents: false });
  world.calls.length = 0;
  const called = await drillAll(world);
  expect(called.output).toMatchObject({
    status: 'success',
    truncated: true,
    summary: { totalServers: 90, succeeded: 90 },
  });
  const measured = measurementOf(world, size, called);
  expect(brokenLimits(measured)).toEqual([]);
  expect(measured).toMatchObject({ jobs: 3, listed: 90 });
  expect(measured.drsCalls).toMatchObject({ StartRecovery: 3, GetLaunchConfiguration: 90 });
  // A fleet of this size needs far less than the limit of a thousand servers.
  expect(measured.largest.bytes).toBeLessThan(8 * 1_024);
  expect(measured.executorEvents).toBeGreaterThan(100);
});
