import { describe, expect, test } from 'vitest';
import { EXTERNAL_ID, INVOKE_ROLE, READER_ROLE, REGION } from '../../src/local/accounts.ts';
import { allowDirect, call, ended, start, tagged } from './component-call.ts';
import { startWorld, type World } from './world.ts';

const [FIRST, SECOND] = ['111111111111', '222222222222'] as const;

async function worldForFailover(): Promise<World> {
  const world = await startWorld({ lookedAfter: false });
  allowDirect(world, ['failover']);
  return world;
}

describe('a failover', () => {
  test('launches recovery instances, whatever the lag, and says how old the data are', async () => {
    const world = await worldForFailover();
    const [stalled] = tagged(world, 'disaster', 2, [FIRST, SECOND]);
    world.practice.fleet.setReplication(stalled?.sourceServerId ?? '', { state: 'STALLED', lagDuration: 'PT40M' });
    const { output } = await call(world, { action: 'failover', tags: { 'DR-Test': 'disaster' } }, 'disaster');
    expect(output).toMatchObject({
      status: 'success',
      isDrill: false,
      summary: { succeeded: 2 },
      nextPhaseReady: true,
    });
    expect(world.launches()).toHaveLength(2);
    expect(world.jobs().map(({ initiatedBy }) => initiatedBy)).toEqual(['START_RECOVERY', 'START_RECOVERY']);
    const old = output?.recoveryInstances.find(({ sourceServerId }) => sourceServerId === stalled?.sourceServerId);
    expect(Date.parse(old?.launchTime ?? '') - Date.parse(old?.pointInTime ?? '')).toBeGreaterThan(40 * 60_000);
    const ages = world.metricLines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const worst = ages.map(({ DataAgeSeconds }) => Number(DataAgeSeconds)).filter((age) => !Number.isNaN(age));
    expect(worst[0]).toBeGreaterThanOrEqual(40 * 60);
  });

  test('never launches over a live instance; where replaceLive names it, it is replaced', async () => {
    const world = await worldForFailover();
    const [live, other] = tagged(world, 'live', 2);
    const { instanceId } = world.practice.fleet.addRecoveryInstance(live?.sourceServerId ?? '', { isDrill: false });
    const input = { action: 'failover', tags: { 'DR-Test': 'live' } };

    const refused = await call(world, input, 'refused');
    expect(refused.output).toMatchObject({ status: 'failed', summary: { failed: 1, skipped: 1 } });
    expect(world.jobs()).toHaveLength(0);

    const partly = await call(world, { ...input, options: { continueOnFailure: true } }, 'partly');
    expect(partly.output).toMatchObject({
      status: 'partial',
      failedServers: [{ sourceServerId: live?.sourceServerId, errorCode: 'LiveInstance' }],
      recoveryInstances: [{ sourceServerId: other?.sourceServerId }],
    });
    expect(world.practice.fleet.ec2Instance(instanceId)?.state).toBe('running');

    const launched = partly.output?.recoveryInstances[0]?.recoveryInstanceId ?? '';
    const all = await call(world, { ...input, options: { replaceLive: [instanceId, launched] } }, 'all');
    expect(all.output).toMatchObject({ status: 'success', summary: { succeeded: 2 } });
    expect(world.practice.fleet.ec2Instance(instanceId)?.state ?? 'terminated').toBe('terminated');
  });

  test('leaves out a server that becomes live right before the launch; the rest goes', async () => {
    const world = await worldForFailover();
    const [late] = tagged(world, 'late', 2);
    world.onceAfter('load-account-work', () => {
      world.practice.fleet.addRecoveryInstance(late?.sourceServerId ?? '', { isDrill: false });
    });
    const { output } = await call(world, { action: 'failover', tags: { 'DR-Test': 'late' } }, 'late');
    expect(output).toMatchObject({
      status: 'partial',
      failedServers: [{ sourceServerId: late?.sourceServerId, errorCode: 'LiveInstance' }],
      summary: { succeeded: 1 },
    });
  });

  test('names the job that holds a server, and launches the others', async () => {
    const world = await worldForFailover();
    const [busy] = tagged(world, 'busy', 3);
    world.practice.drs.jobs.stickNextJob(FIRST);
    const { accountId } = busy ?? { accountId: '' };
    world.practice.drs.jobs.startLaunch(accountId, busy === undefined ? [] : [{ server: busy }], {
      isDrill: true,
      tags: {},
    });
    const [job] = world.jobs();
    const { output } = await call(world, { action: 'failover', tags: { 'DR-Test': 'busy' } }, 'busy');
    expect(output).toMatchObject({
      status: 'partial',
      summary: { succeeded: 2, failed: 1 },
      failedServers: [
        { errorCode: 'ConflictException', errorMessage: expect.stringContaining(job?.jobId ?? 'no job') },
      ],
    });
  });

  test('waits for a server whose first copy is not complete', async () => {
    const world = await worldForFailover();
    const [fresh] = tagged(world, 'fresh', 2);
    world.practice.fleet.setReplication(fresh?.sourceServerId ?? '', { state: 'INITIAL_SYNC' });
    const run = await start(world, { action: 'failover', tags: { 'DR-Test': 'fresh' } }, 'fresh');
    await world.clock.advance(15 * 60_000);
    world.practice.fleet.setReplication(fresh?.sourceServerId ?? '', { state: 'CONTINUOUS' });
    const { output } = await ended(world, run);
    expect(output).toMatchObject({ status: 'success', summary: { succeeded: 2 } });
    expect(world.jobs()).toHaveLength(2);
  });

  test('goes on without an account that cannot be read, and is never a success', async () => {
    const world = await worldForFailover();
    tagged(world, 'missing', 2, [FIRST, SECOND]);
    world.practice.drs.faults.denyAccount(SECOND);
    const input = { action: 'failover', tags: { 'DR-Test': 'missing' } };
    const { output } = await call(world, input, 'missing');
    expect(output).toMatchObject({
      status: 'partial',
      nextPhaseReady: false,
      summary: { totalServers: 1, succeeded: 1 },
      missingAccounts: [{ accountId: SECOND, region: 'us-east-2', reason: expect.stringContaining('denied') }],
    });
  });
});

describe('an account that cannot be read', () => {
  test('stops a drill, unless the caller allows it to be missing', async () => {
    const world = await startWorld({ lookedAfter: false });
    tagged(world, 'missing', 2, [FIRST, SECOND]);
    world.practice.drs.faults.denyAccount(SECOND);
    const input = { action: 'drill', tags: { 'DR-Test': 'missing' } };
    const stopped = await call(world, input, 'stopped');
    expect(stopped.output).toMatchObject({ status: 'failed', missingAccounts: [{ accountId: SECOND }] });
    expect(world.jobs()).toHaveLength(0);

    const allowed = await call(world, { ...input, options: { allowMissingAccounts: true } }, 'allowed');
    expect(allowed.output).toMatchObject({
      status: 'partial',
      nextPhaseReady: true,
      summary: { succeeded: 1 },
      missingAccounts: [{ accountId: SECOND }],
    });
  });
});

describe('what is looked at before a launch', () => {
  test('a drill outside the subnets for drills stops, naming server and subnet', async () => {
    const world = await startWorld({ lookedAfter: false });
    const [server] = tagged(world, 'subnet', 1);
    const { ssm, configPath, fleet } = world.practice;
    const subnetId = 'subnet-0123456789abcdef0';
    fleet.addSubnet({ accountId: FIRST, subnetId, vpcId: 'vpc-0123456789abcdef0', cidrBlock: '10.9.0.0/16' });
    ssm.put(`${configPath}/policies`, JSON.stringify({ drill: { quorum: 1, drillSubnets: [subnetId] } }));
    const input = { action: 'drill', tags: { 'DR-Test': 'subnet' } };
    const { output } = await call(world, input, 'outside');
    expect(output).toMatchObject({
      status: 'failed',
      message: expect.stringContaining(server?.launchSettings.subnetId ?? 'no subnet'),
      failedServers: [{ sourceServerHostname: server?.hostname, errorCode: 'LaunchSettings' }],
    });
    expect(world.jobs()).toHaveLength(0);

    fleet.setLaunchSettings(server?.sourceServerId ?? '', { subnetId });
    expect((await call(world, input, 'inside')).output?.status).toBe('success');
  });

  test.each([
    ['launch settings', (world: World) => world.practice.drs.faults.denyOperation('GetLaunchConfiguration')],
    ['launch templates', (world: World) => world.practice.ec2.denyAccount(FIRST, 'DescribeLaunchTemplateVersions')],
    ['the vCPU quota', (world: World) => world.practice.serviceQuotas.deny(FIRST)],
  ])('%s that cannot be read stop a drill; a failover goes on and says so', async (_what, spoil) => {
    const world = await worldForFailover();
    allowDirect(world, ['drill', 'failover']);
    tagged(world, 'unchecked', 1);
    spoil(world);
    const drill = await call(world, { action: 'drill', tags: { 'DR-Test': 'unchecked' } }, 'drill');
    expect(drill.output).toMatchObject({ status: 'failed', message: expect.stringContaining('could not be read') });
    expect(world.jobs()).toHaveLength(0);
    const failover = await call(world, { action: 'failover', tags: { 'DR-Test': 'unchecked' } }, 'failover');
    expect(failover.output).toMatchObject({ status: 'success', summary: { succeeded: 1 } });
  });

  test('a vCPU quota that is too small stops a drill, with the numbers', async () => {
    const world = await startWorld({ lookedAfter: false });
    const servers = tagged(world, 'vcpus', 2);
    const vcpus = { accountId: FIRST, serviceCode: 'ec2', quotaCode: 'L-1216C47A', value: 9 };
    world.practice.serviceQuotas.setQuota(vcpus);
    const needed = servers.reduce((sum, { cpus }) => sum + cpus, 0);
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'vcpus' } }, 'vcpus');
    expect(output?.status).toBe('failed');
    expect(output?.message).toMatch(new RegExp(`of 9 in use\\), but ${needed} are needed`));
    expect(world.jobs()).toHaveLength(0);
  });

  test('more servers than the account is meant for are reported', async () => {
    const world = await startWorld({ lookedAfter: false });
    tagged(world, 'many', 1);
    const { ssm, configPath } = world.practice;
    const account = {
      accountId: FIRST,
      region: REGION,
      roleArn: `arn:aws:iam::${FIRST}:role/${READER_ROLE}`,
      invokeRoleArn: `arn:aws:iam::${FIRST}:role/${INVOKE_ROLE}`,
      executorArn: `arn:aws:states:${REGION}:${FIRST}:stateMachine:drs-staging-account-executor`,
      externalId: EXTERNAL_ID,
      maxServers: 20,
    };
    ssm.put(`${configPath}/staging-accounts/${FIRST}`, JSON.stringify(account));
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'many' } }, 'many');
    expect(output?.warnings).toEqual([
      expect.stringMatching(new RegExp(`${FIRST} has \\d+ servers; it is meant for 20`)),
    ]);
  });
});

describe('a point in time', () => {
  test('is resolved server by server; one without a snapshot fails by name', async () => {
    const world = await startWorld({ lookedAfter: false });
    const [fresh, old] = tagged(world, 'time', 2);
    const { fleet } = world.practice;
    const at = new Date(world.clock.now() - 90 * 60_000);
    // Its first copy was complete only now: it has no earlier point in time.
    fleet.setReplication(fresh?.sourceServerId ?? '', { state: 'INITIAL_SYNC' });
    fleet.setReplication(fresh?.sourceServerId ?? '', { state: 'CONTINUOUS' });
    const input = {
      action: 'drill',
      tags: { 'DR-Test': 'time' },
      options: { pointInTime: at.toISOString(), continueOnFailure: true },
    };
    const { output } = await call(world, input, 'time');
    expect(output).toMatchObject({
      status: 'partial',
      recoveryInstances: [{ sourceServerId: old?.sourceServerId }],
      failedServers: [{ sourceServerId: fresh?.sourceServerId, errorCode: 'NoSnapshot' }],
    });
    const launchedFrom = Date.parse(output?.recoveryInstances[0]?.pointInTime ?? '');
    expect(launchedFrom).toBeLessThanOrEqual(at.getTime());
    expect(launchedFrom).toBeGreaterThan(at.getTime() - 3_600_000);
  });

  test('given as a snapshot is for one server', async () => {
    const world = await startWorld({ lookedAfter: false });
    tagged(world, 'snapshot', 2);
    const input = {
      action: 'drill',
      tags: { 'DR-Test': 'snapshot' },
      options: { pointInTimeSnapshot: 'pit-0123456789abcdef0' },
    };
    const { output } = await call(world, input, 'several');
    expect(output).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('is for one server, but 2 match'),
    });

    tagged(world, 'one', 1);
    const unknown = await call(world, { ...input, tags: { 'DR-Test': 'one' } }, 'unknown');
    expect(unknown.output).toMatchObject({ status: 'failed', failedServers: [{ errorCode: 'NoSnapshot' }] });
    expect(world.jobs()).toHaveLength(0);
  });
});

describe('status checks', () => {
  test('are waited for when they are asked for', async () => {
    const world = await startWorld({ lookedAfter: false });
    tagged(world, 'checks', 2, [FIRST, SECOND]);
    const input = { action: 'drill', tags: { 'DR-Test': 'checks' }, options: { statusChecks: true } };
    const { output } = await call(world, input, 'checks');
    expect(output).toMatchObject({
      status: 'success',
      recoveryInstances: [{ statusChecks: 'ok' }, { statusChecks: 'ok' }],
    });
  });

  test('that do not pass within the time allowed are a failure; the instance is named and stays', async () => {
    const world = await startWorld({ lookedAfter: false });
    const [bad] = tagged(world, 'impaired', 2);
    world.practice.fleet.onEvent(({ resources: [arn] }) => {
      const launched = world.practice.fleet.sourceServerByArn(arn);
      if (launched !== bad) return;
      world.practice.fleet.setInstanceStatus(launched?.recoveryInstanceId ?? '', { system: 'impaired' });
    });
    const input = {
      action: 'drill',
      tags: { 'DR-Test': 'impaired' },
      options: { statusChecks: true, maxWaitMinutes: 20 },
    };
    const { output } = await call(world, input, 'impaired');
    expect(output).toMatchObject({
      status: 'partial',
      summary: { succeeded: 1, failed: 1 },
      failedServers: [
        {
          sourceServerId: bad?.sourceServerId,
          errorCode: 'StatusChecksFailed',
          recoveryInstanceId: expect.stringMatching(/^i-/),
        },
      ],
      timing: { durationFormatted: 'PT20M' },
    });
    const [failed] = output?.failedServers ?? [];
    expect(world.practice.fleet.ec2Instance(failed?.recoveryInstanceId ?? '')?.state).toBe('running');
  });
});
