import { describe, expect, test } from 'vitest';
import { snapshotsOf } from '../../src/local/aws/drs/snapshots.ts';
import type { SourceServer } from '../../src/local/aws/fleet.ts';
import { ACCOUNT, executorWorld, idsOf, largestData, launchBatch, MINUTE, statusesOf, type World } from './world.ts';

describe('a job', () => {
  test('that sticks ends as timeout at the deadline, to the poll, with what is known of every server', async () => {
    const world = await executorWorld();
    world.drs.jobs.stickNextJob(ACCOUNT);
    const servers = world.addServers(2);
    const run = world.start('drill', [launchBatch('b1', servers), launchBatch('b2', world.addServers(1))], {
      maxWaitMinutes: 30,
      parallelism: 2,
    });
    const output = await world.ended(run);
    expect(output).toMatchObject({
      finished: [
        {
          batchId: 'b1',
          outcome: 'timeout',
          jobId: world.jobs()[0]?.jobId,
          servers: idsOf(servers).map((id) => ({ id, status: 'PENDING' })),
        },
      ],
      notStarted: [{ batchId: 'b2', reason: 'the time allowed was over' }],
    });
    expect(world.minutes(run)).toBe(30);
  });

  test('that cannot be looked at for a while is followed nevertheless', async () => {
    const world = await executorWorld();
    const run = world.start('failover', [launchBatch('b1', world.addServers(2))]);
    await world.clock.advance(2 * MINUTE);
    world.drs.faults.throttleNext(20, { operation: 'DescribeJobs' });
    const output = await world.ended(run);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
  });

  test.each([
    [false, ['b1'], ['b2']],
    [true, ['b1', 'b2'], []],
  ])('with a failed server: continueOnFailure %s', async (continueOnFailure, finished, notStarted) => {
    const world = await executorWorld();
    const servers = world.addServers(2);
    world.drs.jobs.failNextLaunch(idsOf(servers)[0] ?? '');
    const output = await world.run('failover', [launchBatch('b1', servers), launchBatch('b2', world.addServers(2))], {
      continueOnFailure,
      parallelism: 2,
    });
    expect(statusesOf(output, 'b1')).toEqual(['FAILED', 'LAUNCHED']);
    expect(output.finished.map(({ batchId }) => batchId)).toEqual(finished);
    expect(output.notStarted).toEqual(
      notStarted.map((batchId) => ({ batchId, reason: 'servers of an earlier batch failed to launch' })),
    );
  });

  test('that runs already when another one fails is followed to its end', async () => {
    const world = await executorWorld();
    const servers = world.addServers(1);
    world.drs.jobs.failNextLaunch(idsOf(servers)[0] ?? '', { at: 'snapshot' });
    const output = await world.run('drill', [
      launchBatch('b1', servers),
      launchBatch('b2', world.addServers(1, { os: 'Windows Server 2019' })),
    ]);
    expect(output.finished.map(({ batchId, outcome }) => [batchId, outcome])).toEqual([
      ['b1', 'finished'],
      ['b2', 'finished'],
    ]);
    expect(statusesOf(output, 'b2')).toEqual(['LAUNCHED']);
  });
});

test('a job whose servers are all done is looked at every 10 s, for a minute; then every 30 s again', async () => {
  const world = await executorWorld();
  const run = world.start('drill', [launchBatch('b1', world.addServers(2))]);
  const looks = () =>
    world
      .history(run)
      .filter(({ taskScheduledEventDetails: details }) => details?.resource === 'describeJobs')
      .map(({ timestamp }) => Number(timestamp) / 1_000);
  const gaps = () =>
    looks()
      .slice(1)
      .map((at, index) => at - (looks()[index] ?? 0));
  const isLaunched = () =>
    world.jobs()[0]?.participants.every(({ launchStatus }) => launchStatus === 'LAUNCHED') === true;
  await world.clock.runUntil(isLaunched, { what: 'the launch of both' });
  const [, ...before] = gaps();
  expect(new Set(before)).toEqual(new Set([30]));
  world.drs.jobs.stickJob(world.jobs()[0]?.jobId ?? '');
  await world.clock.advance(5 * MINUTE);
  expect(gaps().slice(before.length + 1, before.length + 10)).toEqual([30, 10, 10, 10, 10, 10, 10, 30, 30]);
  world.drs.jobs.releaseAll();
  expect(statusesOf(await world.ended(run), 'b1')).toEqual(['LAUNCHED']);
});

describe('progress', () => {
  test('is reported when something changes, and only then', async () => {
    const world = await executorWorld();
    await world.run('drill', [launchBatch('b1', world.addServers(2))]);
    const seen = world.progress.map(({ batches }) => JSON.stringify(batches));
    expect(new Set(seen).size).toBe(seen.length);
    expect(world.progress.at(-1)?.batches).toMatchObject([
      { batchId: 'b1', status: 'COMPLETED', servers: [{ status: 'LAUNCHED' }, { status: 'LAUNCHED' }] },
    ]);
  });

  test('that cannot be sent changes nothing', async () => {
    const world = await executorWorld();
    world.bus.refuses = true;
    const output = await world.run('failover', [launchBatch('b1', world.addServers(2))]);
    expect(statusesOf(output, 'b1')).toEqual(['LAUNCHED']);
    expect(world.progress).toEqual([]);
  });
});

/** Step Functions, Service quotas: maximum execution history size. */
const MOST_EVENTS = 25_000;
/** Design, principle 8: small payloads. */
const MOST_BYTES = 32_768;

/** At most so many events has the history after a day: the waits do not get shorter, so no later hour has more than the sixth. */
async function eventsOfADay(world: World, run: string): Promise<number> {
  await world.clock.advance(5 * 60 * MINUTE);
  const afterFiveHours = world.history(run).length;
  await world.clock.advance(60 * MINUTE);
  const afterSix = world.history(run).length;
  expect(world.engine.describeExecution(run).status).toBe('RUNNING');
  return afterSix + 18 * (afterSix - afterFiveHours);
}

describe('a day of waiting stays within the history of an execution', () => {
  test('for jobs that stick', async () => {
    const world = await executorWorld();
    const batches = Array.from({ length: 10 }, (_, at) => launchBatch(`b${at}`, world.addServers(1)));
    for (let job = 0; job < 10; job += 1) {
      world.onceAfter('StartRecovery', () => {
        for (const { jobId } of world.jobs()) world.drs.jobs.stickJob(jobId);
      });
    }
    const run = world.start('failover', batches, { maxWaitMinutes: 1440 });
    const output = await world.ended(run);
    expect(output.finished.map(({ outcome }) => outcome)).toEqual(batches.map(() => 'timeout'));
    expect(world.history(run).length).toBeLessThan(MOST_EVENTS);
    expect(world.minutes(run)).toBe(1440);
  });

  test('for room, with many jobs to look at', async () => {
    const world = await executorWorld();
    for (let job = 0; job < 20; job += 1) {
      const toLaunch = world.addServers(1).map((server) => ({ server }));
      const { jobId } = world.drs.jobs.startLaunch(ACCOUNT, toLaunch, { isDrill: true, tags: {} });
      world.drs.jobs.stickJob(jobId);
    }
    const run = world.start('drill', [launchBatch('b1', world.addServers(1))], { maxWaitMinutes: 1440 });
    expect(await eventsOfADay(world, run)).toBeLessThan(MOST_EVENTS);
  });

  test('for looks that fail', async () => {
    const world = await executorWorld();
    const run = world.start('drill', [launchBatch('b1', world.addServers(1))], { maxWaitMinutes: 1440 });
    await world.clock.advance(2 * MINUTE);
    world.drs.faults.denyAccount(ACCOUNT);
    expect(await eventsOfADay(world, run)).toBeLessThan(MOST_EVENTS);
  });
});

describe('with 300 servers', () => {
  test.each(['drill', 'failover'] as const)('no data of a state is over 32 KiB (%s)', async (verb) => {
    const world = await executorWorld();
    const servers = world.addServers(300);
    const batches = [0, 100, 200].map((from) => {
      const part = servers.slice(from, from + 100);
      return launchBatch(`hrp-w01-111111111111-${from}`, part, {
        snapshots: verb === 'drill' ? {} : newestSnapshots(part, world.clock.now()),
      });
    });
    const run = world.start(verb, batches, { parallelism: 300 });
    const output = await world.ended(run);
    expect(output.finished.flatMap(({ servers: launched }) => launched)).toHaveLength(300);
    expect(largestData(world.history(run))).toBeLessThan(MOST_BYTES);
  });
});

function newestSnapshots(servers: readonly SourceServer[], now: number): Record<string, string> {
  return Object.fromEntries(
    servers.map((server) => [server.sourceServerId, snapshotsOf(server, now).at(-1)?.snapshotId ?? '']),
  );
}
