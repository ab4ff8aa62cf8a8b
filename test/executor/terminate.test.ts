import { describe, expect, test } from 'vitest';
import { ACCOUNT, executorWorld, instanceBatch, largestData, MINUTE, statusesOf } from './world.ts';

describe('a termination', () => {
  test('ends drill instances by one job and says of each that it is gone', async () => {
    const world = await executorWorld();
    const recovered = world.addRecovered(3, true);
    const run = world.start('terminate', [instanceBatch('b1', recovered, true)]);
    const output = await world.ended(run);
    expect(world.requests(run, 'terminateRecoveryInstances')).toEqual([
      { RecoveryInstanceIDs: recovered.map(({ instanceId }) => instanceId) },
    ]);
    expect(output.finished).toEqual([
      {
        batchId: 'b1',
        outcome: 'finished',
        jobId: world.jobs()[0]?.jobId,
        // The instance alone: its caller knows whose it is.
        servers: recovered.map(({ instanceId }) => ({ id: '', status: 'TERMINATED', instanceId })),
        excluded: [],
      },
    ]);
    expect(world.callsOf('StartRecovery')).toEqual([]);
  });

  test('ends a live instance that was approved as live', async () => {
    const world = await executorWorld();
    const output = await world.run('terminate', [instanceBatch('b1', world.addRecovered(1, false), false)]);
    expect(statusesOf(output, 'b1')).toEqual(['TERMINATED']);
  });

  test('leaves alone what is not what was approved, and ends the others', async () => {
    const world = await executorWorld();
    const drills = world.addRecovered(2, true);
    const live = world.addRecovered(1, false);
    const output = await world.run('terminate', [
      instanceBatch('b1', [...drills, ...live], true),
      instanceBatch('b2', world.addRecovered(1, true), true),
    ]);
    expect(output.finished).toMatchObject([
      {
        outcome: 'finished',
        servers: [{ status: 'TERMINATED' }, { status: 'TERMINATED' }],
        excluded: [
          {
            id: live[0]?.server.sourceServerId,
            error: 'LiveInstance',
            cause: `${live[0]?.instanceId} is live, which was not approved.`,
          },
        ],
      },
    ]);
    expect(output.notStarted).toMatchObject([{ batchId: 'b2' }]);
    expect(world.fleet.ec2Instance(live[0]?.instanceId ?? '')?.state).toBe('running');
  });

  test('refuses a batch that is nothing of what was approved', async () => {
    const world = await executorWorld();
    const output = await world.run('terminate', [instanceBatch('b1', world.addRecovered(2, false), true)]);
    expect(output.finished).toMatchObject([{ outcome: 'refused', error: 'LiveInstance', servers: [] }]);
    expect(output.finished[0]?.excluded).toHaveLength(2);
    expect(world.jobs()).toEqual([]);
  });

  test('needs no job for what is gone already', async () => {
    const world = await executorWorld();
    const recovered = world.addRecovered(2, true);
    world.fleet.forgetRecoveryInstance(recovered[0]?.instanceId ?? '');
    world.fleet.setInstanceState(recovered[1]?.instanceId ?? '', 'terminated');
    const output = await world.run('terminate', [instanceBatch('b1', recovered, true)]);
    expect(world.callsOf('TerminateRecoveryInstances')).toEqual([]);
    expect(output.finished).toMatchObject([{ outcome: 'finished', excluded: [] }]);
    expect(statusesOf(output, 'b1')).toEqual(['TERMINATED']);
  });

  test('sends only what still stands', async () => {
    const world = await executorWorld();
    const recovered = world.addRecovered(2, true);
    world.fleet.forgetRecoveryInstance(recovered[0]?.instanceId ?? '');
    const run = world.start('terminate', [instanceBatch('b1', recovered, true)]);
    const output = await world.ended(run);
    expect(world.requests(run, 'terminateRecoveryInstances')).toEqual([
      { RecoveryInstanceIDs: [recovered[1]?.instanceId] },
    ]);
    expect(output.finished[0]?.servers).toHaveLength(2);
    expect(statusesOf(output, 'b1')).toEqual(['TERMINATED']);
  });

  test('of a protected instance fails, with its state', async () => {
    const world = await executorWorld();
    const recovered = world.addRecovered(2, true);
    const [kept] = recovered;
    world.fleet.setTerminationProtection(kept?.instanceId ?? '', true);
    const output = await world.run(
      'terminate',
      [instanceBatch('b1', recovered, true), instanceBatch('b2', world.addRecovered(1, true), true)],
      { parallelism: 2 },
    );
    expect(output.finished[0]?.servers).toMatchObject([
      { id: kept?.server.sourceServerId, status: 'FAILED' },
      { status: 'TERMINATED' },
    ]);
    expect(output.finished[0]?.cause).toBe(`After the job: ${kept?.instanceId} is RUNNING.`);
    expect(output.notStarted).toEqual([{ batchId: 'b2', reason: 'instances of an earlier batch were not terminated' }]);
  });

  test('starts no second job when the answer is lost', async () => {
    const world = await executorWorld();
    world.drs.faults.dropNextAnswer(1, { operation: 'TerminateRecoveryInstances' });
    const output = await world.run('terminate', [instanceBatch('b1', world.addRecovered(2, true), true)]);
    expect(world.jobs()).toHaveLength(1);
    expect(output.finished).toMatchObject([{ jobId: world.jobs()[0]?.jobId, outcome: 'finished' }]);
    expect(statusesOf(output, 'b1')).toEqual(['TERMINATED']);
  });

  test('starts no second job in a second execution', async () => {
    const world = await executorWorld();
    const batches = [instanceBatch('b1', world.addRecovered(2, true), true)];
    const first = world.start('terminate', batches, {}, 'first');
    await world.clock.advance(MINUTE);
    world.engine.stopExecution({ executionArn: first });
    const output = await world.ended(world.start('terminate', batches, {}, 'second'));
    expect(world.jobs()).toHaveLength(1);
    expect(statusesOf(output, 'b1')).toEqual(['TERMINATED']);
  });

  test('leaves out an instance whose server is being launched, and names the job', async () => {
    const world = await executorWorld();
    const recovered = world.addRecovered(2, true);
    const [busy] = recovered;
    const job = world.drs.jobs.startLaunch(ACCOUNT, busy === undefined ? [] : [{ server: busy.server }], {
      isDrill: true,
      tags: {},
    });
    world.drs.jobs.stickJob(job.jobId);
    const run = world.start('terminate', [instanceBatch('b1', recovered, true)]);
    const output = await world.ended(run);
    expect(world.requests(run, 'terminateRecoveryInstances')).toEqual([
      { RecoveryInstanceIDs: [recovered[1]?.instanceId] },
    ]);
    expect(output.finished[0]?.excluded).toEqual([
      {
        id: busy?.server.sourceServerId,
        error: 'ConflictException',
        cause: `It is in the running job ${job.jobId}.`,
      },
    ]);
  });

  test('that sticks ends as timeout', async () => {
    const world = await executorWorld();
    world.drs.jobs.stickNextJob(ACCOUNT);
    const run = world.start('terminate', [instanceBatch('b1', world.addRecovered(1, true), true)], {
      maxWaitMinutes: 30,
    });
    const output = await world.ended(run);
    expect(output.finished).toMatchObject([{ outcome: 'timeout', jobId: world.jobs()[0]?.jobId }]);
    expect(world.minutes(run)).toBe(30);
  });

  test('of what cannot be read refuses the batch', async () => {
    const world = await executorWorld();
    world.drs.faults.failNext(6, { operation: 'DescribeRecoveryInstances' });
    const output = await world.run('terminate', [instanceBatch('b1', world.addRecovered(1, true), true)]);
    expect(output.finished).toMatchObject([
      { outcome: 'refused', cause: expect.stringContaining('could not be read') },
    ]);
    expect(world.jobs()).toEqual([]);
  });

  test('whose end cannot be read for a while is looked at again', async () => {
    const world = await executorWorld();
    world.onceAfter('TerminateRecoveryInstances', () =>
      world.drs.faults.failNext(15, { operation: 'DescribeRecoveryInstances' }),
    );
    const output = await world.run('terminate', [instanceBatch('b1', world.addRecovered(2, true), true)]);
    expect(statusesOf(output, 'b1')).toEqual(['TERMINATED']);
  });

  test('of 300 instances runs in its chunks, with no data of a state over 32 KiB', async () => {
    const world = await executorWorld();
    const recovered = world.addRecovered(300, true);
    const batches = [0, 100, 200].map((from) => instanceBatch(`b${from}`, recovered.slice(from, from + 100), true));
    const run = world.start('terminate', batches);
    const output = await world.ended(run);
    expect(world.jobs()).toHaveLength(3);
    expect(output.finished.flatMap(({ servers }) => servers.map(({ status }) => status))).toEqual(
      recovered.map(() => 'TERMINATED'),
    );
    expect(largestData(world.history(run))).toBeLessThan(32_768);
  });
});
