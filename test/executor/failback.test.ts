import { describe, expect, test } from 'vitest';
import type { FailbackState } from '../../src/local/aws/fleet.ts';
import { ACCOUNT, EXECUTION_ID, executorWorld, instanceBatch, MINUTE, statusesOf } from './world.ts';

/** Servers from on premises that run in AWS, their failback being where `states` says, and a batch of them. */
async function failbackWorld(...states: FailbackState[]) {
  const world = await executorWorld();
  const recovered = world.addRecovered(states.length, false);
  recovered.forEach(({ instanceId }, at) => {
    world.fleet.setFailback(instanceId, states[at] ?? 'FAILBACK_NOT_STARTED');
  });
  return { world, recovered, batch: instanceBatch('b1', recovered, false) };
}

describe('a failback to on premises', () => {
  test('launches what is ready, tagged to be found again, and waits for FAILBACK_COMPLETED', async () => {
    const { world, recovered, batch } = await failbackWorld('FAILBACK_READY_FOR_LAUNCH', 'FAILBACK_READY_FOR_LAUNCH');
    const run = world.start('failback', [batch]);
    const output = await world.ended(run);
    expect(world.requests(run, 'startFailbackLaunch')).toEqual([
      {
        RecoveryInstanceIDs: recovered.map(({ instanceId }) => instanceId),
        Tags: {
          'DR-Orchestration': 'true',
          'DR-CorrelationId': 'drill-2026-001',
          'DR-ExecutionId': EXECUTION_ID,
          'DR-BatchId': 'b1',
        },
      },
    ]);
    expect(output.finished).toEqual([
      {
        batchId: 'b1',
        outcome: 'finished',
        jobId: world.jobs()[0]?.jobId,
        servers: recovered.map(({ server, instanceId }) => ({
          id: server.sourceServerId,
          status: 'LAUNCHED',
          instanceId,
        })),
        excluded: [],
      },
    ]);
  });

  test('waits until what is still copied back is ready', async () => {
    const { world, recovered, batch } = await failbackWorld('FAILBACK_IN_PROGRESS');
    world.clock.after(50 * MINUTE, () => {
      world.fleet.setFailback(recovered[0]?.instanceId ?? '', 'FAILBACK_READY_FOR_LAUNCH');
    });
    const run = world.start('failback', [batch]);
    const output = await world.ended(run);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
    expect(world.minutes(run)).toBeGreaterThan(50);
  });

  test('that never gets ready is refused at the deadline, and its state is named', async () => {
    const { world, batch } = await failbackWorld('FAILBACK_NOT_READY_FOR_LAUNCH');
    const run = world.start('failback', [batch], { maxWaitMinutes: 60 });
    const output = await world.ended(run);
    expect(output.finished).toMatchObject([
      {
        outcome: 'refused',
        error: 'ServerNotReady',
        excluded: [{ cause: 'Still FAILBACK_NOT_READY_FOR_LAUNCH when the time allowed was over.' }],
      },
    ]);
    expect(world.callsOf('StartFailbackLaunch')).toEqual([]);
    expect(world.minutes(run)).toBe(60);
  });

  test('leaves out what was terminated since it was approved, ready or not, and waits for neither', async () => {
    const { world, recovered, batch } = await failbackWorld(
      'FAILBACK_READY_FOR_LAUNCH',
      'FAILBACK_READY_FOR_LAUNCH',
      'FAILBACK_IN_PROGRESS',
    );
    const [standing, ...terminated] = recovered;
    for (const { instanceId } of terminated) world.fleet.setInstanceState(instanceId, 'terminated');
    const run = world.start('failback', [batch]);
    const output = await world.ended(run);
    expect(world.requests(run, 'startFailbackLaunch')).toMatchObject([{ RecoveryInstanceIDs: [standing?.instanceId] }]);
    expect(output.finished[0]?.excluded).toEqual(
      terminated.map(({ server, instanceId }) => ({
        id: server.sourceServerId,
        error: 'ServerNotReady',
        cause: `${instanceId} is terminated.`,
      })),
    );
  });

  test('leaves out a drill, an error and what DRS no longer knows, each by name', async () => {
    const { world, recovered } = await failbackWorld('FAILBACK_READY_FOR_LAUNCH', 'FAILBACK_ERROR');
    const drills = world.addRecovered(1, true);
    const gone = world.addRecovered(1, false);
    world.fleet.forgetRecoveryInstance(gone[0]?.instanceId ?? '');
    const batches = [instanceBatch('b1', [...recovered, ...drills], false), instanceBatch('b2', gone, false)];
    const run = world.start('failback', batches, { continueOnFailure: true });
    const output = await world.ended(run);
    expect(world.requests(run, 'startFailbackLaunch')).toMatchObject([
      { RecoveryInstanceIDs: [recovered[0]?.instanceId] },
    ]);
    expect(output.finished.flatMap(({ excluded }) => excluded.map(({ error }) => error)).sort()).toEqual([
      'DrillInstance',
      'ServerNotReady',
      'ServerNotReady',
    ]);
    expect(output.finished.map(({ batchId, outcome }) => `${batchId} ${outcome}`).sort()).toEqual([
      'b1 finished',
      'b2 refused',
    ]);
  });

  test('that DRS ends with an error is a failure, with its state', async () => {
    const { world, recovered, batch } = await failbackWorld('FAILBACK_READY_FOR_LAUNCH', 'FAILBACK_READY_FOR_LAUNCH');
    const [failing] = recovered;
    world.drs.jobs.failNextLaunch(failing?.server.sourceServerId ?? '');
    const output = await world.run('failback', [batch]);
    expect(output.finished).toMatchObject([
      {
        outcome: 'finished',
        cause: `After the job: ${failing?.instanceId} is FAILBACK_ERROR.`,
        servers: [{ status: 'FAILED' }, { status: 'LAUNCHED' }],
      },
    ]);
  });

  test('that sticks is a timeout at the deadline', async () => {
    const { world, batch } = await failbackWorld('FAILBACK_READY_FOR_LAUNCH');
    world.drs.jobs.stickNextJob(ACCOUNT);
    const run = world.start('failback', [batch], { maxWaitMinutes: 60 });
    const output = await world.ended(run);
    expect(output.finished).toMatchObject([{ outcome: 'timeout', jobId: world.jobs()[0]?.jobId }]);
    expect(world.minutes(run)).toBe(60);
  });

  test('needs no job for what is back already', async () => {
    const { world, batch } = await failbackWorld('FAILBACK_COMPLETED');
    const output = await world.run('failback', [batch]);
    expect(world.jobs()).toEqual([]);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test('starts no second job when the answer is lost', async () => {
    const { world, batch } = await failbackWorld('FAILBACK_READY_FOR_LAUNCH');
    world.drs.faults.dropNextAnswer(1, { operation: 'StartFailbackLaunch' });
    const output = await world.run('failback', [batch]);
    expect(world.jobs()).toHaveLength(1);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });
});
