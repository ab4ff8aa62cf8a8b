import { expect, test } from 'vitest';
import { brokenLimits, drillAll, fleetOf, measurementOf } from '../bench/component-size.ts';
import { allowDirect, call } from './component-call.ts';
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

test('of 300 servers in one account, the most that replicate there, no data of a state is over 32 KiB', async () => {
  const size = { accounts: 1, serversEach: 300 };
  const world = await startWorld({ inventory: fleetOf(size), drsEvents: false });
  world.calls.length = 0;
  const drill = measurementOf(world, size, await drillAll(world));
  expect(brokenLimits(drill)).toEqual([]);
  expect(drill).toMatchObject({ jobs: 3, listed: 300 });

  // A termination names instances, too.
  allowDirect(world, ['terminate']);
  const input = { action: 'terminate', tags: { 'DR-Wave': '1' }, options: { parallelism: 500 } };
  const { largest, succeeded } = measurementOf(world, size, await call(world, input, 'terminate-all'));
  expect(succeeded).toBe(300);
  expect(largest.bytes, largest.state).toBeLessThanOrEqual(32 * 1_024);
});
