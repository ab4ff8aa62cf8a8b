import { describe, expect, test } from 'vitest';
import { call, listed, tagged, wholeResult } from './component-call.ts';
import { startWorld, wholeInventory } from './world.ts';

/** Calls of DRS and EC2 that only read. */
const READS = /^(Describe|Get|List)/;

describe('a status', () => {
  test('with minimal input says how every server, account and wave stands, and changes nothing', async () => {
    const world = await startWorld({ inventory: wholeInventory() });
    const before = world.calls.length;
    const { output } = await call(world, { action: 'status', tags: { 'DR-Wave': '1' } }, 'wave-1');
    expect(output).toMatchObject({ status: 'success', action: 'status', truncated: true, servers: [] });
    const whole = wholeResult(world, output);
    const matching = world.inventory.sourceServers.filter(({ tags }) => tags['DR-Wave'] === '1');
    expect(whole.servers?.length).toBe(whole.summary.succeeded);
    expect((whole.servers?.length ?? 0) + listed(whole).length).toBe(matching.length);
    expect(whole.summary.totalServers).toBe(matching.length);
    expect(whole.waves).toMatchObject([{ wave: '1', servers: whole.servers?.length }]);
    expect(whole.accounts?.map(({ servers }) => servers).reduce((sum, count) => sum + count)).toBe(
      whole.servers?.length,
    );
    expect(whole.accounts?.[0]).toMatchObject({
      quotas: { jobs: { limit: 20, free: 20 }, servers: { limit: 500 }, replicating: { limit: 300 } },
    });

    const made = world.calls.slice(before).filter(({ service }) => ['drs', 'ec2', 'servicequotas'].includes(service));
    expect(made.length).toBeGreaterThan(0);
    expect(made.filter(({ action }) => !READS.test(action))).toEqual([]);
    expect(world.calls.slice(before).filter(({ action }) => ['PutItem', 'UpdateItem'].includes(action))).toEqual([]);
  });

  test('tells of drills, jobs that run, and live instances', async () => {
    const world = await startWorld();
    const [drilled, live, busy] = tagged(world, 'state', 3);
    const { fleet, drs } = world.practice;
    const { instanceId } = fleet.addRecoveryInstance(drilled?.sourceServerId ?? '', { isDrill: true });
    fleet.addRecoveryInstance(live?.sourceServerId ?? '', { isDrill: false });
    const job = drs.jobs.startLaunch('111111111111', busy === undefined ? [] : [{ server: busy }], {
      isDrill: true,
      tags: {},
    });
    const { output } = await call(world, { action: 'status', tags: { 'DR-Test': 'state' } }, 'state');
    const statusOf = (server: typeof drilled) =>
      output?.servers?.find(({ sourceServerId }) => sourceServerId === server?.sourceServerId);
    expect(statusOf(drilled)).toMatchObject({
      lastDrill: { type: 'DRILL', status: 'SUCCEEDED' },
      recoveryInstances: [{ recoveryInstanceId: instanceId, isDrill: true }],
    });
    expect(statusOf(live)).toMatchObject({ recoveryInstances: [{ isDrill: false }] });
    expect(statusOf(live)).not.toHaveProperty('lastDrill');
    expect(statusOf(busy)).toMatchObject({ jobInProgress: job.jobId });
    expect(output?.accounts).toMatchObject([
      { recoveryInstances: 2, liveInstances: 1, jobsInProgress: 1, quotas: { jobs: { inUse: 1 } } },
    ]);
  });

  test('names an account that cannot be read, and is then no success', async () => {
    const world = await startWorld();
    world.practice.drs.faults.denyAccount('333333333333');
    const { output } = await call(world, { action: 'status', tags: { 'DR-Application': 'HRP' } }, 'missing');
    expect(output).toMatchObject({ status: 'partial', missingAccounts: [{ accountId: '333333333333' }] });
  });
});
