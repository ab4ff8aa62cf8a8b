import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { ComponentOutput } from '../../src/domain/contract.ts';
import { EXECUTOR_ROLE, READER_ROLE } from '../../src/local/accounts.ts';
import { allowDirect, call, ended, listed, start, tagged, wholeResult } from './component-call.ts';
import { startWorld, type World, type WorldOptions, wholeInventory } from './world.ts';

const SECOND_LOOKS = 'DescribeRecoveryInstances';
/** What both discovery and a drill's last looks read of DRS. */
const READS = ['DescribeJobs', 'DescribeRecoveryInstances'] as const;

/** A world that only the component runs in. */
const componentWorld = (options: WorldOptions = {}) => startWorld({ wire: 'http', ...options, lookedAfter: false });

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
    const world = await componentWorld();
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
    const world = await componentWorld();
    const input = {
      action: 'drill',
      tags: { 'DR-Application': 'MemberPortal', 'DR-Wave': '1' },
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
      summary: { totalServers: 2, succeeded: 2 },
      monitoringUrl: expect.stringContaining('execution:drs-orchestration-main:drill-2026-001'),
    });
    expect(output?.recoveryInstances).toHaveLength(2);
    expect(output?.stagingAccountResults.map(({ jobIds }) => jobIds.length)).toEqual([1, 1]);
    expect(world.jobs()[0]?.tags).toMatchObject({
      'DR-Orchestration': 'true',
      'DR-CorrelationId': 'drill-2026-001',
    });
    expect(new Set(world.jobs().map(({ createdAt }) => createdAt)).size).toBe(1);
    expect(world.cards()).toHaveLength(0);
  });

  test('no matching servers are a success, as the contract says', async () => {
    const world = await componentWorld();
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'none' } }, 'none');
    expect(output).toMatchObject({
      status: 'success',
      summary: { totalServers: 0 },
      nextPhaseReady: true,
      message: 'No servers found matching the specified tags',
    });
  });

  test('healthy and unhealthy servers: partial, both lists filled, and ready for more by the share that succeeded', async () => {
    const world = await componentWorld();
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
    const world = await componentWorld();
    tagged(world, 'stuck', 2, ['111111111111', '222222222222']);
    world.practice.drs.jobs.stickNextJob('111111111111');
    const input = { action: 'drill', tags: { 'DR-Test': 'stuck' }, options: { maxWaitMinutes: 15 } };
    const { output } = await call(world, input, 'stuck');
    const [job] = world.practice.drs.jobs.list('111111111111');
    expect(output).toMatchObject({
      status: 'timeout',
      nextPhaseReady: false,
      summary: { succeeded: 1, failed: 1 },
      failedServers: [{ errorCode: 'JobTimeout', errorMessage: expect.stringContaining(job?.jobId ?? 'no job') }],
      timing: { durationFormatted: 'PT15M' },
    });
  });
});

describe('a direct call of the recovery component', () => {
  test('launches nothing when a live instance exists; every server is in one list', async () => {
    const world = await componentWorld();
    const { output } = await call(
      world,
      { action: 'drill', tags: { 'DR-Application': 'HRP', 'DR-Wave': '3' } },
      'live',
    );
    const totalServers = world.serversOf('HRP', 3).length;
    expect(output).toMatchObject({
      status: 'failed',
      nextPhaseReady: false,
      summary: { totalServers, succeeded: 0, failed: 1, skipped: totalServers - 1 },
    });
    expect(output?.failedServers).toMatchObject([{ sourceServerHostname: 'hrp-web-009', errorCode: 'LiveInstance' }]);
    expect(world.jobs()).toHaveLength(0);
  });

  test('with the same name is the same run; with another name it is another one', async () => {
    const world = await componentWorld();
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

describe('a direct call for a thousand servers', () => {
  let world: World;
  beforeAll(async () => {
    world = await componentWorld({ inventory: wholeInventory(), shared: true });
    return () => world.practice.close();
  });

  test('leaves the lists out of an output that is too large, and says where the whole is', async () => {
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
    const before = world.jobs();
    for (const { accountId } of world.inventory.stagingAccounts)
      world.practice.ec2.denyAccount(accountId, 'DescribeLaunchTemplateVersions');
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Enabled': 'true' } }, 'stopped');
    expect(output).toMatchObject({ status: 'failed', truncated: true });
    expect(Buffer.byteLength(JSON.stringify(output))).toBeLessThan(32 * 1_024);
    expect(world.jobs()).toEqual(before);
  });
});

describe('a direct call that is wrong or not allowed', () => {
  let world: World;
  beforeAll(async () => {
    world = await componentWorld({ shared: true });
    return () => world.practice.close();
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
    const called = await call(world, input, name.replaceAll(' ', '-'));
    expect(called).toMatchObject({ status: 'FAILED', error, cause: expect.stringContaining(why) });
    expect(world.jobs()).toHaveLength(0);
  });
});

/** Who holds which server of a place. */
interface Locks {
  holders: Record<string, string>;
}

describe('exactly once', () => {
  test('an answer that is lost after DRS has taken the job starts no second one', async () => {
    const world = await componentWorld();
    tagged(world, 'lost', 3);
    world.practice.drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'lost' } }, 'lost');
    expect(output).toMatchObject({ status: 'success', summary: { succeeded: 3 } });
    expect(world.jobs()).toHaveLength(1);
  });

  test('a death of every function after its work changes nothing', async () => {
    const world = await componentWorld();
    const names = [
      'validate-input',
      'discover-servers',
      'load-account-work',
      'record-account-result',
      'check-instances',
      'aggregate-results',
    ] as const;
    const seen: string[] = [];
    world.practice.host.onInvoke(({ functionName }) => seen.push(functionName));
    const invoked = (name: string) => seen.filter((one) => one === `dr-chatops-${name}`).length;
    tagged(world, 'crashed', 2);
    for (const name of names) world.practice.host.crashNext(`dr-chatops-${name}`, 'after');
    const input = { action: 'drill', tags: { 'DR-Test': 'crashed' }, options: { statusChecks: true } };
    const { output } = await call(world, input, 'crashed');
    expect(output).toMatchObject({ status: 'success', summary: { totalServers: 2, succeeded: 2 } });
    expectWhole(wholeResult(world, output));
    expect(world.jobs()).toHaveLength(1);
    // Each died once, and ran again.
    for (const name of names) expect(invoked(name), name).toBeGreaterThan(1);
  });

  test('a run that failed after its launch, and is redriven, takes up the job that it finds', async () => {
    const world = await componentWorld();
    const servers = tagged(world, 'redriven', 3, ['111111111111', '222222222222']);
    // More often than the state is tried again, in both accounts together.
    for (let time = 0; time < 30; time += 1) {
      world.practice.host.crashNext('dr-chatops-record-account-result', 'before');
    }
    const input = { action: 'drill', tags: { 'DR-Test': 'redriven' } };
    const failed = await call(world, input, 'redriven');
    expect(failed.status).toBe('FAILED');
    const launched = world.jobs().map(({ jobId }) => jobId);
    expect(launched).toHaveLength(2);

    world.practice.host.endCrashes('dr-chatops-record-account-result');
    world.practice.engine.redriveExecution(failed.executionArn);
    const { output } = await ended(world, failed.executionArn);
    const whole = wholeResult(world, output);
    expect(whole).toMatchObject({ status: 'success', summary: { totalServers: 3, succeeded: 3 } });
    expectWhole(whole);
    expect(listed(whole).sort()).toEqual(servers.map(({ sourceServerId }) => sourceServerId).sort());
    expect(whole.stagingAccountResults.flatMap(({ jobIds }) => jobIds).sort()).toEqual(launched.sort());
    expect(world.jobs()).toHaveLength(2);
  });

  test('a run that is stopped while its jobs run, and redriven, follows these jobs and starts no others', async () => {
    const world = await componentWorld();
    const servers = tagged(world, 'stopped', 3, ['111111111111', '222222222222']);
    const executionArn = await start(world, { action: 'drill', tags: { 'DR-Test': 'stopped' } }, 'stopped');
    await world.clock.runUntil(() => world.jobs().length === 2, { what: 'both jobs', withinMs: 600_000 });
    const { engine } = world.practice;
    engine.stopExecution({ executionArn });
    await world.clock.advance(60_000);
    engine.redriveExecution(executionArn);
    const { output } = await ended(world, executionArn);
    const whole = wholeResult(world, output);
    expect(whole).toMatchObject({ status: 'success', summary: { totalServers: 3, succeeded: 3 } });
    expect(listed(whole).sort()).toEqual(servers.map(({ sourceServerId }) => sourceServerId).sort());
    expect(world.launches()).toHaveLength(2);
  });

  test('a run that is redriven holds its servers again, and starts nothing where somebody else has taken one', async () => {
    const world = await componentWorld();
    const { engine } = world.practice;
    const accounts = ['111111111111', '222222222222'] as const;
    const holders = async () => {
      const places = accounts.map((accountId) => `LOCK#${accountId}#us-east-2`);
      const locks = await Promise.all(places.map((place) => world.table.item<Locks>(place, 'LOCK')));
      return locks.flatMap((lock) => Object.values(lock?.holders ?? {}));
    };

    // Stopped while its executors ran.
    tagged(world, 'again', 3, accounts);
    const first = await start(world, { action: 'drill', tags: { 'DR-Test': 'again' } }, 'again');
    await world.clock.runUntil(() => world.jobs().length === 2, { what: 'both jobs', withinMs: 600_000 });
    engine.stopExecution({ executionArn: first });
    await world.clock.advance(60_000);
    expect(await holders()).toEqual([]);
    engine.redriveExecution(first);
    await world.clock.advance(10_000);
    expect(await holders()).toEqual(['run-again', 'run-again', 'run-again']);
    // Nobody takes them over from it as from a dead one.
    expect(await world.table.item('run-again', 'ENDED')).not.toHaveProperty('endedAt');
    expect((await ended(world, first)).output).toMatchObject({ status: 'success', summary: { succeeded: 3 } });
    expect(world.launches()).toHaveLength(2);
    expect(await holders()).toEqual([]);

    // Dead before anything was started, and somebody else was faster.
    tagged(world, 'taken', 3, accounts);
    const { host } = world.practice;
    for (let time = 0; time < 30; time += 1) host.crashNext('dr-chatops-load-account-work', 'before');
    const input = { action: 'drill', tags: { 'DR-Test': 'taken' } };
    const { executionArn: second } = await call(world, input, 'taken');
    host.endCrashes('dr-chatops-load-account-work');
    await world.clock.advance(60_000);
    const winner = await start(world, input, 'faster');
    await world.clock.runUntil(() => world.jobs().length === 4, { what: 'jobs of the other', withinMs: 600_000 });
    engine.redriveExecution(second);
    expect((await ended(world, second)).status).toBe('FAILED');
    expect(engine.describeExecution(second)).toMatchObject({
      error: 'ServersHeld',
      cause: expect.stringMatching(/held by the direct call faster.*Nothing more was started/),
    });
    expect((await ended(world, winner)).output).toMatchObject({ status: 'success', summary: { succeeded: 3 } });
    expect(world.launches()).toHaveLength(4);
  });

  test('two runs at once, whose tags select the same servers, launch each of them once', async () => {
    const world = await componentWorld();
    tagged(world, 'both', 3);
    const run = (name: string, more: object) =>
      start(world, { action: 'drill', tags: { 'DR-Test': 'both', ...more } }, name);
    const runs = [await run('one', {}), await run('two', { 'DR-Enabled': 'true' })];
    const outputs = [];
    for (const arn of runs) outputs.push((await ended(world, arn)).output);
    const [lost] = outputs.filter((output) => output?.status !== 'success');
    expect(outputs.map((output) => output?.status).sort()).toEqual(['failed', 'success']);
    for (const output of outputs) expectWhole(wholeResult(world, output));
    expect(world.jobs()).toHaveLength(1);
    expect(lost?.skippedServers).toHaveLength(3);
    expect(lost?.message).toMatch(/are held by the direct call (one|two): wait until it is over/);
  });

  test('errors of DRS itself are waited out: in discovery, at the looks before the start, and at the start', async () => {
    const world = await componentWorld();
    const { faults } = world.practice.drs;
    for (const fault of ['failNext', 'unavailableNext'] as const) {
      tagged(world, fault, 2);
      for (const operation of READS) faults[fault](1, { operation, accountId: '111111111111' });
      world.onceAfter('discover-servers', () => {
        for (const operation of [...READS, 'StartRecovery'] as const) faults[fault](2, { operation });
      });
      const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': fault } }, fault);
      expect(output, fault).toMatchObject({ status: 'success', summary: { totalServers: 2, succeeded: 2 } });
    }
    expect(world.jobs()).toHaveLength(2);
    for (const error of ['InternalServerException', 'ServiceUnavailable']) {
      const met = world.calls.filter(({ outcome }) => outcome === error);
      const metBy = (role: string) =>
        met.filter(({ identity }) => identity.roleArn.endsWith(`/${role}`)).map(({ action }) => action);
      expect(new Set(metBy(READER_ROLE)), error).toEqual(new Set(READS));
      expect(new Set(metBy(EXECUTOR_ROLE)), error).toEqual(new Set([...READS, 'StartRecovery']));
    }
  });

  test('throttling is waited out', async () => {
    const world = await componentWorld();
    tagged(world, 'throttled', 2);
    // The SDK waits in real time before it tries again, by chance between nothing and a second: now it is nothing.
    vi.spyOn(Math, 'random').mockReturnValue(0);
    world.practice.drs.faults.throttleNext(4, { operation: 'StartRecovery', retryAfterSeconds: null });
    world.practice.drs.faults.throttleNext(2, { operation: SECOND_LOOKS, retryAfterSeconds: null });
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'throttled' } }, 'throttled');
    expect(output).toMatchObject({ status: 'success' });
    expect(world.jobs()).toHaveLength(1);
  });

  test('a quota that is full is waited for', async () => {
    const world = await componentWorld();
    tagged(world, 'full', 2);
    world.practice.drs.faults.exceedQuotaNext(2, { operation: 'StartRecovery' });
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'full' } }, 'full');
    expect(output).toMatchObject({ status: 'success' });
    expect(world.jobs()).toHaveLength(1);
  });
});
