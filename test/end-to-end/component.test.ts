import { describe, expect, test } from 'vitest';
import type { ComponentOutput } from '../../src/domain/contract.ts';
import { allowDirect, call, ended, listed, start, tagged, wholeResult } from './component-call.ts';
import { startWorld, wholeInventory } from './world.ts';

const WAVE_1 = { 'DR-Application': 'HRP', 'DR-Wave': '1' };
const SECOND_LOOKS = 'DescribeRecoveryInstances';

/** Every server is in exactly one list, and the summary counts them. */
function expectWhole(whole: ComponentOutput): void {
  const ids = listed(whole);
  expect(new Set(ids).size).toBe(ids.length);
  const { totalServers, succeeded, failed, skipped } = whole.summary;
  expect(ids).toHaveLength(totalServers);
  expect([whole.recoveryInstances.length, whole.failedServers.length, whole.skippedServers.length]).toEqual([
    succeeded,
    failed,
    skipped,
  ]);
}

describe('the scenarios of the component (seed 4 §14.1)', () => {
  test('a single server is drilled, and its drill terminated', async () => {
    const world = await startWorld();
    const [server] = tagged(world, 'single', 1);
    const drilled = await call(world, { action: 'drill', tags: { 'DR-Test': 'single' } }, 'single');
    expect(drilled.output).toMatchObject({
      status: 'success',
      isDrill: true,
      summary: { totalServers: 1, succeeded: 1 },
      recoveryInstances: [
        {
          sourceServerId: server?.sourceServerId,
          status: 'launched',
          instanceType: server?.instanceType,
          privateIp: expect.stringMatching(/^10\./),
        },
      ],
    });
    const [instance] = drilled.output?.recoveryInstances ?? [];
    expect(world.practice.fleet.recoveryInstance(instance?.recoveryInstanceId ?? '')?.isDrill).toBe(true);

    allowDirect(world, ['terminate']);
    const { output } = await call(world, { action: 'terminate', tags: { 'DR-Test': 'single' } }, 'single-over');
    expect(output).toMatchObject({
      status: 'success',
      isDrill: false,
      summary: { totalServers: 1, succeeded: 1 },
      recoveryInstances: [{ status: 'terminated', recoveryInstanceId: instance?.recoveryInstanceId }],
    });
    expect(world.practice.fleet.ec2Instance(instance?.ec2InstanceId ?? '')?.state ?? 'terminated').toBe('terminated');
  });

  test('wave 1 of an application is drilled in several accounts at once; the metadata are passed on', async () => {
    const world = await startWorld();
    const input = {
      action: 'drill',
      tags: WAVE_1,
      options: { isDrill: true, maxWaitMinutes: 90 },
      metadata: { correlationId: 'drill-2026-001', initiatedBy: 'jsmith', anything: { else: true } },
    };
    const { status, output } = await call(world, input, 'drill-2026-001');
    expect(status).toBe('SUCCEEDED');
    expect(output).toMatchObject({
      status: 'success',
      action: 'drill',
      nextPhaseReady: true,
      metadata: input.metadata,
      summary: { totalServers: 30, succeeded: 30 },
      monitoringUrl: expect.stringContaining('execution:drs-orchestration-main:drill-2026-001'),
    });
    expect(output?.recoveryInstances).toHaveLength(30);
    expect(output?.stagingAccountResults.map(({ jobIds }) => jobIds.length)).toEqual([1, 1, 1]);
    expect(world.jobs()[0]?.tags).toMatchObject({
      'DR-Orchestration': 'true',
      'DR-CorrelationId': 'drill-2026-001',
    });
    expect(new Set(world.jobs().map(({ createdAt }) => createdAt)).size).toBe(1);
    expect(world.cards()).toHaveLength(0);
  });

  test('no matching servers are a success, as the contract says', async () => {
    const world = await startWorld();
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'none' } }, 'none');
    expect(output).toMatchObject({
      status: 'success',
      summary: { totalServers: 0 },
      nextPhaseReady: true,
      message: 'No servers found matching the specified tags',
    });
  });

  test('healthy and unhealthy servers: partial, both lists filled, and ready for more by the share that succeeded', async () => {
    const world = await startWorld();
    const servers = tagged(world, 'mixed', 4, ['111111111111', '222222222222']);
    const [stalled, failing] = servers;
    world.practice.fleet.setReplication(stalled?.sourceServerId ?? '', { state: 'STALLED' });
    world.practice.drs.jobs.failNextLaunch(failing?.sourceServerId ?? '');
    const input = { action: 'drill', tags: { 'DR-Test': 'mixed' }, options: { continueOnFailure: true } };
    const { output } = await call(world, { ...input }, 'mixed');
    expect(output).toMatchObject({ status: 'partial', nextPhaseReady: false, summary: { succeeded: 2, failed: 2 } });
    expect(output?.failedServers.map(({ errorCode }) => errorCode).sort()).toEqual(['LaunchFailed', 'ServerNotReady']);
    expect(output?.recoveryInstances.map(({ sourceServerId }) => sourceServerId).sort()).toEqual(
      servers
        .slice(2)
        .map(({ sourceServerId }) => sourceServerId)
        .sort(),
    );
  });

  test('a server that is stuck times out after maxWaitMinutes, with its job named', async () => {
    const world = await startWorld();
    tagged(world, 'stuck', 2, ['111111111111', '222222222222']);
    world.practice.drs.jobs.stickNextJob('111111111111');
    const input = { action: 'drill', tags: { 'DR-Test': 'stuck' }, options: { maxWaitMinutes: 45 } };
    const { output } = await call(world, input, 'stuck');
    const [job] = world.practice.drs.jobs.list('111111111111');
    expect(output).toMatchObject({
      status: 'timeout',
      nextPhaseReady: false,
      summary: { succeeded: 1, failed: 1 },
      failedServers: [{ errorCode: 'JobTimeout', errorMessage: expect.stringContaining(job?.jobId ?? 'no job') }],
      timing: { durationFormatted: 'PT45M' },
    });
  });
});

describe('a direct call of the recovery component', () => {
  test('launches nothing when a live instance exists; every server is in one list', async () => {
    const world = await startWorld();
    const { output } = await call(world, { action: 'drill', tags: { ...WAVE_1, 'DR-Wave': '3' } }, 'live');
    expect(output).toMatchObject({
      status: 'failed',
      nextPhaseReady: false,
      summary: { totalServers: 42, succeeded: 0, failed: 1, skipped: 41 },
    });
    expect(output?.failedServers).toMatchObject([{ sourceServerHostname: 'hrp-web-009', errorCode: 'LiveInstance' }]);
    expect(world.jobs()).toHaveLength(0);
  });

  test('leaves the lists out of an output that is too large, and says where the whole is', async () => {
    const world = await startWorld({ inventory: wholeInventory() });
    const input = { action: 'drill', tags: { 'DR-Application': 'HealthEdge' }, options: { parallelism: 100 } };
    const { output } = await call(world, input, 'large');
    expect(output).toMatchObject({
      truncated: true,
      recoveryInstances: [],
      resultLocation: expect.stringMatching(/^s3:\/\//),
    });
    expect(output?.summary.totalServers).toBeGreaterThan(100);
    expectWhole(wholeResult(world, output));
  });

  test('keeps a message within what is handed on, however much stops it', async () => {
    const world = await startWorld({ inventory: wholeInventory() });
    for (const { accountId } of world.inventory.stagingAccounts)
      world.practice.ec2.denyAccount(accountId, 'DescribeLaunchTemplateVersions');
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Enabled': 'true' } }, 'stopped');
    expect(output).toMatchObject({ status: 'failed', truncated: true });
    expect(Buffer.byteLength(JSON.stringify(output))).toBeLessThan(32 * 1_024);
    expect(world.jobs()).toHaveLength(0);
  });

  test.each([
    ['failover', { action: 'failover', tags: { a: 'b' } }, 'NotApproved', 'may not run failover'],
    ['failback', { action: 'failback', tags: { a: 'b' } }, 'NotApproved', 'may not run failback'],
    ['terminate', { action: 'terminate', tags: { a: 'b' } }, 'NotApproved', 'may not run terminate'],
    [
      'an isDrill that contradicts the verb',
      { action: 'drill', tags: { a: 'b' }, options: { isDrill: false } },
      'ValidationError',
      'the action alone decides',
    ],
    ['an unknown field', { action: 'drill', tags: { a: 'b' }, wave: 1 }, 'ValidationError', 'wave'],
    ['no tags', { action: 'drill', tags: {} }, 'ValidationError', 'at least one tag'],
    [
      'a topic that is not on the list',
      {
        action: 'drill',
        tags: { a: 'b' },
        options: { notificationArn: 'arn:aws:sns:us-east-2:900000000000:somebodys' },
      },
      'ValidationError',
      'not on this deployment',
    ],
    [
      'an execution that is not approved',
      { action: 'drill', tags: { a: 'b' }, metadata: { executionId: 'x', gateId: 'approval-1', planHash: 'y' } },
      'NotApproved',
      'Nothing was started',
    ],
  ])('refuses %s', async (name, input, error, why) => {
    const world = await startWorld();
    const called = await call(world, input, name.replaceAll(' ', '-'));
    expect(called).toMatchObject({ status: 'FAILED', error, cause: expect.stringContaining(why) });
    expect(world.jobs()).toHaveLength(0);
  });

  test('with the same name is the same run; with another name it is another one', async () => {
    const world = await startWorld();
    tagged(world, 'twice', 1);
    const input = { action: 'drill', tags: { 'DR-Test': 'twice' } };
    const first = await start(world, input, 'same');
    expect(await start(world, input, 'same')).toBe(first);
    expect((await ended(world, first)).output?.status).toBe('success');
    expect(world.jobs()).toHaveLength(1);
    expect((await call(world, input, 'other')).output?.status).toBe('success');
    expect(world.jobs()).toHaveLength(2);
  });
});

describe('exactly once', () => {
  test('an answer that is lost after DRS has taken the job starts no second one', async () => {
    const world = await startWorld();
    tagged(world, 'lost', 3);
    world.practice.drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'lost' } }, 'lost');
    expect(output).toMatchObject({ status: 'success', summary: { succeeded: 3 } });
    expect(world.jobs()).toHaveLength(1);
  });

  test.each(['discover-servers', 'load-account-work', 'record-account-result', 'aggregate-results'] as const)(
    'a death of %s after its work changes nothing',
    async (name) => {
      const world = await startWorld();
      tagged(world, 'crash', 2);
      world.practice.host.crashNext(`dr-chatops-${name}`, 'after');
      const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'crash' } }, 'crash');
      expect(output).toMatchObject({ status: 'success', summary: { totalServers: 2, succeeded: 2 } });
      expect(world.jobs()).toHaveLength(1);
    },
  );

  test('throttling is waited out', async () => {
    const world = await startWorld();
    tagged(world, 'throttled', 2);
    world.practice.drs.faults.throttleNext(4, { operation: 'StartRecovery', retryAfterSeconds: null });
    world.practice.drs.faults.throttleNext(2, { operation: SECOND_LOOKS, retryAfterSeconds: null });
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'throttled' } }, 'throttled');
    expect(output).toMatchObject({ status: 'success' });
    expect(world.jobs()).toHaveLength(1);
  });

  test('a quota that is full is waited for', async () => {
    const world = await startWorld();
    tagged(world, 'full', 2);
    world.practice.drs.faults.exceedQuotaNext(2, { operation: 'StartRecovery' });
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'full' } }, 'full');
    expect(output).toMatchObject({ status: 'success' });
    expect(world.jobs()).toHaveLength(1);
  });
});
