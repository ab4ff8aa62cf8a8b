import { expect, test } from 'vitest';
import { seeded } from '../../src/local/aws/seeded.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { largestData } from '../executor/world.ts';
import { call, listed, wholeResult } from './component-call.ts';
import { startWorld } from './world.ts';

/** As many staging accounts with as many healthy servers each. */
function fleetOf(accounts: number, serversEach: number): Inventory {
  const stagingAccounts = Array.from({ length: accounts }, (_, index) => ({
    accountId: String(100_000_000_001 + index),
    name: `staging-${index + 1}`,
  }));
  return {
    region: 'us-east-2',
    stagingAccounts,
    sourceServers: stagingAccounts.flatMap(({ accountId }, account) =>
      Array.from({ length: serversEach }, (_, index) => {
        const hostname = `app-${account + 1}-${index + 1}`;
        return {
          sourceServerId: `s-${seeded(hostname).hex(17)}`,
          hostname,
          accountId,
          ip: `10.${account + 1}.0.${index + 1}`,
          os: 'Ubuntu 22.04',
          instanceType: 't3.large',
          cpus: 2,
          ramGiB: 8,
          diskGiB: [20],
          replication: { state: 'CONTINUOUS' as const, lagDuration: 'PT0S', lastSeenAgo: 'PT5S' },
          tags: { 'DR-Application': 'Large', 'DR-Wave': '1' },
        };
      }),
    ),
  };
}

test('4,000 servers in 40 accounts in one call: each launched once, small states, calls by pages', async () => {
  // Without DRS's events, which may be lost anyway: polling is enough.
  const world = await startWorld({ inventory: fleetOf(40, 100), drsEvents: false });
  const input = { action: 'drill', tags: { 'DR-Wave': '1' }, options: { parallelism: 100 } };
  const { output, executionArn } = await call(world, input, 'large');
  expect(output).toMatchObject({
    status: 'success',
    truncated: true,
    summary: { totalServers: 4_000, succeeded: 4_000 },
  });
  const whole = wholeResult(world, output);
  expect(new Set(listed(whole)).size).toBe(4_000);
  expect(world.jobs()).toHaveLength(40);
  const started = world.jobs().map(({ createdAt }) => createdAt);
  const longest = Math.max(...world.jobs().map(({ endedAt = 0 }) => endedAt));
  expect(Math.max(...started) - Math.min(...started)).toBeLessThan(60_000);
  expect((output?.timing.durationSeconds ?? 0) * 1_000 - (longest - Math.min(...started))).toBeLessThan(5 * 60_000);

  const { engine } = world.practice;
  expect(largestData(engine.getExecutionHistory(executionArn))).toBeLessThanOrEqual(128 * 1_024);
  const history = engine.getExecutionHistory(executionArn);
  expect(history.length).toBeLessThan(2_000);

  const count = (action: string) =>
    world.calls.filter((made) => made.service === 'drs' && made.action === action).length;
  expect(count('StartRecovery')).toBe(40);
  // One a server and plan: DRS has no other way to tell its launch settings.
  expect(count('GetLaunchConfiguration')).toBe(4_000);
  // Catalogue and discovery.
  expect(count('DescribeSourceServers')).toBeLessThanOrEqual(3 * 40 + 40 * 12);
}, 300_000);
