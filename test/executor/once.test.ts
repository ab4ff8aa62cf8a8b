import { describe, expect, test } from 'vitest';
import { ACCOUNT, executorWorld, idsOf, launchBatch, MINUTE, statusesOf, type World } from './world.ts';

/** A job of somebody else that stays active. */
function foreignJob(world: World, servers: number): string {
  const toLaunch = world.addServers(servers).map((server) => ({ server }));
  const { jobId } = world.drs.jobs.startLaunch(ACCOUNT, toLaunch, { isDrill: true, tags: {} });
  world.drs.jobs.stickJob(jobId);
  return jobId;
}

describe('no second job is started', () => {
  test.each(['drill', 'failover'] as const)('when the answer to StartRecovery is lost (%s)', async (verb) => {
    const world = await executorWorld();
    world.drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    const output = await world.run(verb, [launchBatch('b1', world.addServers(3))]);
    expect(world.jobs()).toHaveLength(1);
    expect(output.finished).toMatchObject([{ jobId: world.jobs()[0]?.jobId, outcome: 'finished', excluded: [] }]);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test('when the answer is lost and the jobs cannot be read for a while', async () => {
    const world = await executorWorld();
    world.drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    world.onceAfter('StartRecovery', () => world.drs.faults.failNext(15, { operation: 'DescribeJobs' }));
    const output = await world.run('failover', [launchBatch('b1', world.addServers(1))]);
    expect(world.callsOf('StartRecovery')).toHaveLength(1);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test('when the answer is lost and nobody can say what came of it: that is what the result says', async () => {
    const world = await executorWorld();
    world.drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    world.onceAfter('StartRecovery', () => world.drs.faults.denyAccount(ACCOUNT));
    const run = world.start('failover', [launchBatch('b1', world.addServers(1))], { maxWaitMinutes: 20 });
    const output = await world.ended(run);
    expect(output.finished).toMatchObject([
      { outcome: 'refused', error: 'DRSServiceError', cause: expect.stringContaining('a job may have been started') },
    ]);
    expect(world.minutes(run)).toBeLessThan(25);
  });

  test('when the answer is lost right before the deadline: the job is named', async () => {
    const world = await executorWorld();
    world.drs.faults.throttleNext(1, { operation: 'StartRecovery' });
    world.drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    const output = await world.run('drill', [launchBatch('b1', world.addServers(1))], { maxWaitMinutes: 1 / 4 });
    expect(output.finished).toMatchObject([{ outcome: 'timeout', jobId: world.jobs()[0]?.jobId }]);
    expect(output.notStarted).toEqual([]);
  });

  test.each(['while the first one runs', 'when the first one has ended'])(
    'by a second execution of the same input, %s',
    async (when) => {
      const world = await executorWorld();
      const batches = [launchBatch('b1', world.addServers(2)), launchBatch('b2', world.addServers(2))];
      const first = world.start('failover', batches, {}, 'first');
      if (when === 'when the first one has ended') await world.ended(first);
      else {
        await world.clock.advance(5 * MINUTE);
        world.engine.stopExecution({ executionArn: first });
      }
      const output = await world.ended(world.start('failover', batches, {}, 'second'));
      expect(world.jobs()).toHaveLength(2);
      expect(output.finished.map(({ jobId, outcome }) => [jobId, outcome])).toEqual(
        world.jobs().map(({ jobId }) => [jobId, 'finished']),
      );
    },
  );

  test('by a second execution, which names the servers that the first one left out', async () => {
    const world = await executorWorld();
    const [recovered] = world.addRecovered(1, false);
    const others = world.addServers(2);
    const batches = [launchBatch('b1', [...(recovered === undefined ? [] : [recovered.server]), ...others])];
    await world.ended(world.start('failover', batches, {}, 'first'));
    const output = await world.ended(world.start('failover', batches, {}, 'second'));
    expect(world.jobs()).toHaveLength(1);
    expect(output.finished[0]?.excluded).toMatchObject([{ id: recovered?.server.sourceServerId }]);
    expect(output.finished[0]?.servers.map(({ id }) => id)).toEqual(idsOf(others));
  });
});

describe('StartRecovery', () => {
  test('is tried again when DRS is throttled or fails without having taken the job', async () => {
    const world = await executorWorld();
    world.drs.faults.throttleNext(40, { operation: 'DescribeJobs' });
    world.drs.faults.throttleNext(10, { operation: 'DescribeRecoveryInstances' });
    world.drs.faults.throttleNext(5, { operation: 'StartRecovery' });
    world.drs.faults.failNext(2, { operation: 'StartRecovery' });
    const output = await world.run('drill', [launchBatch('b1', world.addServers(2))]);
    expect(world.jobs()).toHaveLength(1);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test('that fails again and again refuses the batch in plain words', async () => {
    const world = await executorWorld();
    world.drs.faults.failNext(100, { operation: 'StartRecovery' });
    const output = await world.run('failover', [launchBatch('b1', world.addServers(2))]);
    expect(world.callsOf('StartRecovery')).toHaveLength(4);
    expect(output.finished).toMatchObject([
      {
        outcome: 'refused',
        error: 'DRSServiceError',
        cause: expect.stringContaining('no job of this batch was found'),
      },
    ]);
  });

  test('that DRS refuses is not tried again', async () => {
    const world = await executorWorld();
    const servers = world.addServers(1);
    const snapshots = { [idsOf(servers)[0] ?? '']: 'pit-00000000000000000' };
    const output = await world.run('failover', [launchBatch('b1', servers, { snapshots })]);
    expect(output.finished).toMatchObject([{ outcome: 'refused', error: 'ResourceNotFoundException' }]);
    expect(world.callsOf('StartRecovery')).toHaveLength(1);
  });
});

describe('room', () => {
  test('is waited for when 20 jobs are active', async () => {
    const world = await executorWorld();
    const jobs = Array.from({ length: 20 }, () => foreignJob(world, 1));
    world.clock.after(30 * MINUTE, () => world.drs.jobs.releaseJob(jobs[0] ?? ''));
    const run = world.start('failover', [launchBatch('b1', world.addServers(1))]);
    const output = await world.ended(run);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
    expect(world.callsOf('StartRecovery').map(({ outcome }) => outcome)).toEqual(['ok']);
    expect(world.minutes(run)).toBeGreaterThan(30);
  });

  test('is waited for when 500 servers are in active jobs, until the time allowed is over', async () => {
    const world = await executorWorld();
    for (let job = 0; job < 5; job += 1) foreignJob(world, 99);
    const run = world.start('drill', [launchBatch('b1', world.addServers(6))], { maxWaitMinutes: 30 });
    const output = await world.ended(run);
    expect(output).toMatchObject({
      finished: [],
      notStarted: [{ batchId: 'b1', reason: 'the time allowed was over' }],
    });
    expect(world.callsOf('StartRecovery')).toEqual([]);
    expect(world.minutes(run)).toBe(30);
  });

  test('is waited for when DRS answers 402 although there seemed to be some', async () => {
    const world = await executorWorld();
    for (let job = 0; job < 19; job += 1) foreignJob(world, 1);
    let last = '';
    world.onceAfter('DescribeInstances', () => {
      last = foreignJob(world, 1);
    });
    world.clock.after(10 * MINUTE, () => world.drs.jobs.releaseJob(last));
    const output = await world.run('failover', [launchBatch('b1', world.addServers(1))]);
    expect(world.callsOf('StartRecovery').map(({ outcome }) => outcome)).toEqual([
      'ServiceQuotaExceededException',
      'ok',
    ]);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test('under the parallelism of the request is made by what ends', async () => {
    const world = await executorWorld();
    const batches = ['b1', 'b2', 'b3'].map((id) => launchBatch(id, world.addServers(4)));
    const run = world.start('drill', batches, { parallelism: 8 });
    await world.clock.advance(2 * MINUTE);
    expect(world.jobs()).toHaveLength(2);
    const output = await world.ended(run);
    expect(output.finished.map(({ outcome }) => outcome)).toEqual(['finished', 'finished', 'finished']);
  });
});
