import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { allowDirect, call, ended, start, tagged } from './component-call.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

const INPUT = { action: 'drill', tags: { 'DR-Test': 'told' } };

async function worldWithTopic(options?: WorldOptions): Promise<World & { topic: string }> {
  const world = await startWorld(options);
  tagged(world, 'told', 2);
  const topic = world.practice.sns.createTopic({ name: 'recoveries' });
  allowDirect(world, ['drill'], [topic]);
  return { ...world, topic };
}

const kindsOf = (world: World & { topic: string }) =>
  world.practice.sns.published(world.topic).map(({ attributes }) => attributes.kind?.value);

describe('the topic that a caller names', () => {
  test('is told of the start and of the end, with counts and a pointer', async () => {
    const world = await worldWithTopic();
    const input = { ...INPUT, options: { notificationArn: world.topic }, metadata: { correlationId: 'CHG-7' } };
    const { output } = await call(world, input, 'told');
    expect(kindsOf(world)).toEqual(['executionStarted', 'executionCompleted']);
    const [begun, done] = world.practice.sns.published(world.topic);
    expect(begun?.message).toContain('with 2 servers');
    expect(done?.message).toContain('2 of 2 servers succeeded');
    expect(done?.message).toContain(output?.resultLocation);
    expect(done?.attributes).toMatchObject({ correlationId: { value: 'CHG-7' }, status: { value: 'success' } });
  });

  test('is told of a partial result', async () => {
    const world = await worldWithTopic();
    const [failing] = world.practice.fleet
      .sourceServers('111111111111')
      .filter(({ tags }) => tags['DR-Test'] === 'told');
    world.practice.drs.jobs.failNextLaunch(failing?.sourceServerId ?? '');
    await call(world, { ...INPUT, options: { notificationArn: world.topic } }, 'partial');
    expect(kindsOf(world)).toEqual(['executionStarted', 'partialSuccess']);
  });

  test('is told of a run that was stopped; its caller sees what Step Functions says', async () => {
    const world = await worldWithTopic();
    const run = await start(world, { ...INPUT, options: { notificationArn: world.topic } }, 'stopped');
    await world.clock.runUntil(() => world.jobs().length > 0, { what: 'a job' });
    const credentials = world.practice.identities.forRole('arn:aws:iam::900000000000:role/operator');
    await new SFNClient({ credentials }).send(
      new StopExecutionCommand({ executionArn: run, error: 'Changed', cause: 'We changed our mind.' }),
    );
    expect(await ended(world, run)).toMatchObject({ status: 'ABORTED', error: 'Changed' });
    await world.clock.advance(1_000);
    expect(kindsOf(world)).toEqual(['executionStarted', 'executionFailed']);
  });

  test('that cannot be reached stops nothing', async () => {
    const world = await worldWithTopic();
    world.practice.sns.fail(world.topic, 'AuthorizationError');
    const { output } = await call(world, { ...INPUT, options: { notificationArn: world.topic } }, 'unreachable');
    expect(output?.status).toBe('success');
    expect(kindsOf(world)).toEqual([]);
  });
});

describe('metrics', () => {
  test('say what a run did: how often, how long, how many, in which account', async () => {
    const world = await worldWithTopic();
    await call(world, INPUT, 'measured');
    const documents = world.metricLines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const find = (name: string) => documents.filter((document) => name in document);
    expect(find('ExecutionCount')).toMatchObject([{ ExecutionCount: 1, Action: 'drill', Status: 'success' }]);
    expect(find('ExecutionDuration')).toMatchObject([{ Action: 'drill', executionId: 'run-measured' }]);
    expect(find('FailedServers')).toMatchObject([{ FailedServers: 0, StagingAccount: '111111111111' }]);
    expect(find('RecoveryLaunchTime')).toMatchObject([{ StagingAccount: '111111111111' }]);
    expect(find('RecoveryLaunchTime')[0]?.RecoveryLaunchTime).toHaveLength(2);
    expect(find('WaveCompletionRate')).toMatchObject([{ WaveCompletionRate: 100 }]);
    expect(find('CrossAccountOperations').length).toBeGreaterThan(0);
    expect(find('ActiveExecutions').length).toBeGreaterThan(0);
  });
});

describe("DRS's own events", () => {
  test('make progress faster; events of other jobs change nothing', async () => {
    const world = await worldWithTopic({ drsEvents: true });
    const [server] = world.practice.fleet
      .sourceServers('111111111111')
      .filter(({ tags }) => tags['DR-Test'] === 'told');
    let launched = false;
    world.practice.fleet.onEvent(({ resources, detail }) => {
      launched ||= resources[0] === server?.arn && detail.state === 'RECOVERY_LAUNCH_SUCCEEDED';
    });
    const states = async () => {
      const [batch] = await world.table.batches('run-events');
      return batch?.servers.filter(({ sourceServerId }) => sourceServerId === server?.sourceServerId)[0]?.state;
    };
    const run = await start(world, INPUT, 'events');
    await world.clock.runUntil(() => world.jobs().length > 0, { what: 'a job', withinMs: 600_000 });
    // A foreign job's event comes before anything has been launched.
    if (server !== undefined) {
      world.practice.fleet.emit(server, 'DRS Source Server Launch Result', {
        state: 'RECOVERY_LAUNCH_FAILED',
        'job-id': 'drsjob-00000000000000000',
        'is-drill': 'TRUE',
      });
    }
    await world.clock.advance(1_000);
    expect(await states()).not.toBe('failed');
    const looks = () => world.calls.filter(({ action }) => action === 'DescribeJobs').length;
    await world.clock.runUntil(() => launched, { what: 'the event', withinMs: 3_600_000 });
    const before = looks();
    await world.clock.runUntil(async () => (await states()) === 'launched', { what: 'progress', withinMs: 600_000 });
    expect(looks()).toBe(before);
    expect((await ended(world, run)).output?.status).toBe('success');
  });
});
