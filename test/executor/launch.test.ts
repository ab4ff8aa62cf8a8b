import { describe, expect, test } from 'vitest';
import { snapshotsOf } from '../../src/local/aws/drs/snapshots.ts';
import { ACCOUNT, EXECUTION_ID, executorWorld, idsOf, launchBatch, MINUTE, statusesOf } from './world.ts';

describe('a launch', () => {
  test.each([
    ['drill', true],
    ['failover', false],
  ] as const)('of a %s says IsDrill %s to DRS, tags its job, and reports every server', async (verb, isDrill) => {
    const world = await executorWorld();
    const servers = world.addServers(3);
    const run = world.start(verb, [launchBatch('b1', servers)]);
    const output = await world.ended(run);
    expect(world.requests(run, 'startRecovery')).toEqual([
      {
        IsDrill: isDrill,
        SourceServers: idsOf(servers).map((id) => ({ SourceServerID: id })),
        Tags: {
          'DR-Orchestration': 'true',
          'DR-CorrelationId': 'drill-2026-001',
          'DR-ExecutionId': EXECUTION_ID,
          'DR-BatchId': 'b1',
        },
      },
    ]);
    const [job] = world.jobs();
    expect(job?.isDrill).toBe(isDrill);
    expect(output).toEqual({
      accountId: ACCOUNT,
      finished: [
        {
          batchId: 'b1',
          outcome: 'finished',
          jobId: job?.jobId,
          servers: idsOf(servers).map((id) => ({
            id,
            status: 'LAUNCHED',
            instanceId: world.fleet.sourceServer(id)?.recoveryInstanceId,
          })),
          excluded: [],
        },
      ],
      notStarted: [],
    });
  });

  test('of one server is a list of one everywhere', async () => {
    const world = await executorWorld();
    const servers = world.addServers(1);
    const run = world.start('failover', [launchBatch('b1', servers)]);
    const output = await world.ended(run);
    expect(output.finished).toMatchObject([{ outcome: 'finished', servers: [{ status: 'LAUNCHED' }], excluded: [] }]);
    expect(world.progress.at(-1)?.batches).toMatchObject([{ batchId: 'b1', servers: [{ status: 'LAUNCHED' }] }]);
  });

  test('takes an input without the fields that came later', async () => {
    const world = await executorWorld();
    const servers = world.addServers(2);
    const output = await world.run('drill', [{ batchId: 'b1', serverIds: idsOf(servers) }]);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test('of a later form of the input is refused, with what to do, before anything is looked at', async () => {
    const world = await executorWorld();
    const run = world.start('drill', [launchBatch('b1', world.addServers(1))], {}, undefined, { form: 2 });
    await expect(world.ended(run)).rejects.toThrow(
      /form 2, and this executor knows form 1 .* Nothing was started\. Deploy the stack of this staging account/,
    );
    expect(world.calls).toEqual([]);
  });

  test('passes the snapshot of each server that has one', async () => {
    const world = await executorWorld();
    const servers = world.addServers(2);
    const [first] = idsOf(servers);
    const [oldest] = servers[0] === undefined ? [] : snapshotsOf(servers[0], world.clock.now());
    const snapshotId = oldest?.snapshotId ?? '';
    const run = world.start('failover', [launchBatch('b1', servers, { snapshots: { [String(first)]: snapshotId } })]);
    await world.ended(run);
    expect(world.requests(run, 'startRecovery')[0]?.SourceServers).toEqual([
      { SourceServerID: first, RecoverySnapshotID: snapshotId },
      { SourceServerID: servers[1]?.sourceServerId },
    ]);
  });
});

describe('the last look at live instances', () => {
  test('stops a drill: the whole batch is refused and no other batch starts, whatever the options', async () => {
    const world = await executorWorld();
    const [recovered] = world.addRecovered(1, false);
    const others = world.addServers(2);
    const live = recovered === undefined ? [] : [recovered.server];
    const output = await world.run(
      'drill',
      [launchBatch('b1', [...live, ...others]), launchBatch('b2', world.addServers(1))],
      { continueOnFailure: true },
    );
    expect(world.jobs()).toEqual([]);
    expect(output.finished).toMatchObject([
      {
        batchId: 'b1',
        outcome: 'refused',
        error: 'LiveInstance',
        serverIds: idsOf(live),
        cause: expect.stringContaining(recovered?.instanceId ?? ''),
        servers: [],
        excluded: [],
      },
    ]);
    expect(output.notStarted).toMatchObject([{ batchId: 'b2', reason: expect.stringContaining('b1 was refused') }]);
  });

  test('finds an EC2 instance that DRS has forgotten', async () => {
    const world = await executorWorld();
    const [recovered] = world.addRecovered(1, false);
    world.fleet.forgetRecoveryInstance(recovered?.instanceId ?? '');
    const output = await world.run('drill', [launchBatch('b1', recovered === undefined ? [] : [recovered.server])]);
    expect(output.finished[0]).toMatchObject({ outcome: 'refused', error: 'LiveInstance' });
    expect(world.jobs()).toEqual([]);
  });

  test('lets an earlier drill be cleaned up', async () => {
    const world = await executorWorld();
    const servers = world.addRecovered(2, true).map(({ server }) => server);
    const output = await world.run('drill', [launchBatch('b1', servers)]);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test('leaves a server out of a failover and launches the others; then nothing more starts', async () => {
    const world = await executorWorld();
    const [recovered] = world.addRecovered(1, false);
    const others = world.addServers(2);
    const live = recovered === undefined ? [] : [recovered.server];
    const output = await world.run('failover', [
      launchBatch('b1', [...live, ...others]),
      launchBatch('b2', world.addServers(1)),
    ]);
    expect(output.finished).toMatchObject([
      {
        outcome: 'finished',
        servers: idsOf(others).map((id) => ({ id, status: 'LAUNCHED' })),
        excluded: [
          {
            id: idsOf(live)[0],
            error: 'LiveInstance',
            cause: `${recovered?.instanceId} is live and not to be replaced.`,
          },
        ],
      },
    ]);
    expect(output.notStarted).toMatchObject([{ batchId: 'b2', reason: expect.stringContaining('LiveInstance') }]);
    expect(world.fleet.ec2Instance(recovered?.instanceId ?? '')?.state).toBe('running');
  });

  test('lets a failover launch over the instances that the request replaces, and over no other', async () => {
    const world = await executorWorld();
    const [replaced, kept] = world.addRecovered(2, false);
    const servers = [replaced, kept].flatMap((one) => one?.server ?? []);
    const output = await world.run('failover', [launchBatch('b1', servers)], {
      replaceLive: [replaced?.instanceId ?? ''],
    });
    expect(output.finished[0]?.servers.map(({ id }) => id)).toEqual([replaced?.server.sourceServerId]);
    expect(output.finished[0]?.excluded.map(({ id }) => id)).toEqual([kept?.server.sourceServerId]);
  });

  test.each([
    ['drill', 'EC2'],
    ['failover', 'EC2'],
    ['drill', 'DRS'],
    ['failover', 'DRS'],
  ] as const)('that fails refuses the batch of a %s (%s)', async (verb, service) => {
    const world = await executorWorld();
    const servers = world.addServers(2);
    if (service === 'EC2') world.ec2.denyAccount(ACCOUNT);
    else world.drs.faults.failNext(6, { operation: 'DescribeRecoveryInstances' });
    const output = await world.run(verb, [launchBatch('b1', servers)]);
    expect(output.finished).toMatchObject([
      { outcome: 'refused', servers: [], cause: expect.stringContaining('so nothing of this batch was started') },
    ]);
    expect(world.callsOf('StartRecovery')).toEqual([]);
  });

  test.each(['drill', 'failover'] as const)('that cannot read the jobs refuses the batch of a %s', async (verb) => {
    const world = await executorWorld();
    world.drs.faults.denyAccount(ACCOUNT);
    const output = await world.run(verb, [launchBatch('b1', world.addServers(1))]);
    expect(output.finished).toMatchObject([
      { outcome: 'refused', cause: expect.stringContaining('nothing of this batch was started') },
    ]);
  });
});

describe('a server in another job', () => {
  test.each(['drill', 'failover'] as const)('is left out of a %s by name, and the rest is sent', async (verb) => {
    const world = await executorWorld();
    const servers = world.addServers(3);
    const [busy] = servers;
    const other = world.drs.jobs.startLaunch(ACCOUNT, busy === undefined ? [] : [{ server: busy }], {
      isDrill: true,
      tags: {},
    });
    world.drs.jobs.stickJob(other.jobId);
    const output = await world.run(verb, [launchBatch('b1', servers)]);
    expect(output.finished).toMatchObject([
      {
        batchId: 'b1',
        outcome: 'finished',
        servers: idsOf(servers.slice(1)).map((id) => ({ id, status: 'LAUNCHED' })),
        excluded: [
          { id: idsOf(servers)[0], error: 'ConflictException', cause: `It is in the running job ${other.jobId}.` },
        ],
      },
    ]);
  });

  test('is found out by DRS when its job begins after the look: it is named then, and the rest is sent', async () => {
    const world = await executorWorld();
    const servers = world.addServers(3);
    const [busy] = servers;
    world.onceAfter('DescribeInstances', () => {
      const job = world.drs.jobs.startLaunch(ACCOUNT, busy === undefined ? [] : [{ server: busy }], {
        isDrill: true,
        tags: {},
      });
      world.drs.jobs.stickJob(job.jobId);
    });
    const output = await world.run('failover', [launchBatch('b1', servers)]);
    expect(world.callsOf('StartRecovery').map(({ outcome }) => outcome)).toEqual(['ConflictException', 'ok']);
    expect(output.finished[0]?.excluded).toMatchObject([
      { id: idsOf(servers)[0], cause: expect.stringContaining(world.jobs()[0]?.jobId ?? '-') },
    ]);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test('refuses the batch after three looks when DRS says conflict and no job is to be found', async () => {
    const world = await executorWorld();
    const servers = world.addServers(2);
    const [busy] = servers;
    const toLaunch = busy === undefined ? [] : [{ server: busy }];
    world.drs.jobs.stickJob(world.drs.jobs.startLaunch(ACCOUNT, toLaunch, { isDrill: true, tags: {} }).jobId);
    // Older than what the executor looks back to.
    await world.clock.advance(7 * 60 * MINUTE);
    const output = await world.run('failover', [launchBatch('b1', servers)]);
    expect(world.callsOf('StartRecovery').map(({ outcome }) => outcome)).toEqual(Array(3).fill('ConflictException'));
    expect(output.finished).toMatchObject([
      { outcome: 'refused', error: 'ConflictException', cause: expect.stringContaining('no other job was found') },
    ]);
  });

  test('refuses a batch of which nothing is left', async () => {
    const world = await executorWorld();
    const servers = world.addServers(2);
    const other = world.drs.jobs.startLaunch(
      ACCOUNT,
      servers.map((server) => ({ server })),
      { isDrill: true, tags: {} },
    );
    world.drs.jobs.stickJob(other.jobId);
    const output = await world.run('drill', [launchBatch('b1', servers), launchBatch('b2', world.addServers(1))], {
      continueOnFailure: true,
    });
    expect(output.finished).toMatchObject([
      {
        batchId: 'b1',
        outcome: 'refused',
        error: 'ConflictException',
        serverIds: idsOf(servers),
        cause: expect.stringContaining(other.jobId),
      },
      { batchId: 'b2', outcome: 'finished' },
    ]);
    expect(output.finished[0]?.excluded).toHaveLength(2);
  });
});

describe('a batch that waits for its first copy', () => {
  test('is launched when it is ready; other batches do not wait for it', async () => {
    const world = await executorWorld();
    const [slow] = world.addServers(1, { replication: { state: 'INITIAL_SYNC', lastSeenAgo: 'PT10S' } });
    const slowServers = slow === undefined ? [] : [slow];
    world.clock.after(40 * MINUTE, () =>
      world.fleet.setReplication(slow?.sourceServerId ?? '', { state: 'CONTINUOUS', lagDuration: 'PT1S' }),
    );
    const run = world.start('failover', [
      launchBatch('slow', slowServers, { waitForReady: true }),
      launchBatch('ready', world.addServers(2)),
    ]);
    const output = await world.ended(run);
    expect(output.finished.map(({ batchId }) => batchId)).toEqual(['ready', 'slow']);
    expect(statusesOf(output, 'slow')).toEqual(['LAUNCHED']);
    expect(world.minutes(run)).toBeGreaterThan(40);
    expect(world.minutes(run)).toBeLessThan(70);
  });

  test('is refused at the deadline with what each server was, and nothing of it was sent to DRS', async () => {
    const world = await executorWorld();
    const [slow] = world.addServers(1, { replication: { state: 'INITIAL_SYNC', lastSeenAgo: 'PT10S' } });
    const [ready] = world.addServers(1);
    const servers = [slow, ready].flatMap((server) => server ?? []);
    const run = world.start('failover', [launchBatch('b1', servers, { waitForReady: true })], { maxWaitMinutes: 45 });
    const output = await world.ended(run);
    expect(output).toMatchObject({
      finished: [
        {
          batchId: 'b1',
          outcome: 'refused',
          error: 'ServerNotReady',
          serverIds: [slow?.sourceServerId],
          excluded: [
            {
              id: slow?.sourceServerId,
              error: 'ServerNotReady',
              cause: 'Still INITIAL_SYNC when the time allowed was over.',
            },
          ],
        },
      ],
      notStarted: [],
    });
    expect(world.callsOf('StartRecovery')).toEqual([]);
    expect(world.minutes(run)).toBe(45);
  });
});
