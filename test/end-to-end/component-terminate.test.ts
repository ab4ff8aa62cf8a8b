import { describe, expect, test } from 'vitest';
import { allowDirect, call, tagged } from './component-call.ts';
import { startWorld, type World } from './world.ts';

/** Servers with the tag DR-Test, each with a recovery instance of a drill or a live one. */
async function worldWith(...kinds: ('drill' | 'live' | 'none')[]): Promise<World & { instances: string[] }> {
  const world = await startWorld();
  allowDirect(world, ['terminate']);
  const instances = tagged(world, 'over', kinds.length).map(({ sourceServerId }, index) =>
    kinds[index] === 'none'
      ? ''
      : world.practice.fleet.addRecoveryInstance(sourceServerId, { isDrill: kinds[index] === 'drill' }).instanceId,
  );
  return { ...world, instances };
}

const INPUT = { action: 'terminate', tags: { 'DR-Test': 'over' } };
const stateOf = (world: World, instanceId: string | undefined) =>
  world.practice.fleet.ec2Instance(instanceId ?? '')?.state ?? 'terminated';

describe('a termination', () => {
  test('takes drill instances; live ones and servers without any are skipped by name', async () => {
    const world = await worldWith('drill', 'live', 'none');
    const [drill, live] = world.instances;
    const { output } = await call(world, INPUT, 'drills');
    expect(output).toMatchObject({
      status: 'success',
      summary: { totalServers: 3, succeeded: 1, skipped: 2 },
      recoveryInstances: [{ recoveryInstanceId: drill, status: 'terminated' }],
    });
    expect(output?.skippedServers.map(({ reason }) => reason).sort()).toEqual([
      `${live} is live; terminateLive was not set`,
      'no recovery instance',
    ]);
    expect([stateOf(world, drill), stateOf(world, live)]).toEqual(['terminated', 'running']);
  });

  test('takes live instances too when terminateLive says so', async () => {
    const world = await worldWith('drill', 'live');
    const { output } = await call(world, { ...INPUT, options: { terminateLive: true } }, 'live');
    expect(output).toMatchObject({ status: 'success', summary: { succeeded: 2 } });
    expect(world.instances.map((id) => stateOf(world, id))).toEqual(['terminated', 'terminated']);
  });

  test('takes a subset of the instances; an id that is none of them stops it', async () => {
    const world = await worldWith('drill', 'drill');
    const [first, second] = world.instances;
    const wrong = await call(world, { ...INPUT, options: { instanceIds: [first, 'i-0000000000000000f'] } }, 'wrong');
    expect(wrong.output).toMatchObject({ status: 'failed', message: expect.stringContaining('i-0000000000000000f') });
    expect([stateOf(world, first), stateOf(world, second)]).toEqual(['running', 'running']);

    const { output } = await call(world, { ...INPUT, options: { instanceIds: [first] } }, 'subset');
    expect(output).toMatchObject({ status: 'success', summary: { totalServers: 2, succeeded: 1, skipped: 1 } });
    expect([stateOf(world, first), stateOf(world, second)]).toEqual(['terminated', 'running']);
  });

  test('says of an instance that DRS was made to forget that it still runs', async () => {
    const world = await worldWith('drill', 'drill');
    const [forgotten, known] = world.instances;
    world.onceAfter('load-account-work', () => world.practice.fleet.forgetRecoveryInstance(forgotten ?? ''));
    const { output } = await call(world, INPUT, 'forgotten');
    expect(output).toMatchObject({
      status: 'partial',
      recoveryInstances: [{ recoveryInstanceId: known }],
      failedServers: [
        {
          errorCode: 'NotInDrs',
          errorMessage: `DRS no longer knows ${forgotten}, which still runs: it can only be terminated in EC2.`,
        },
      ],
    });
    expect([stateOf(world, forgotten), stateOf(world, known)]).toEqual(['running', 'terminated']);
  });

  test('whose executor dies is settled by what the instances say', async () => {
    const world = await worldWith('drill');
    world.onceAfter('load-account-work', () =>
      world.practice.sts.removeRole(`arn:aws:iam::111111111111:role/dr-chatops-executor-invoke`),
    );
    const { output } = await call(world, INPUT, 'dead');
    expect(output).toMatchObject({
      status: 'failed',
      failedServers: [{ errorCode: 'DRSServiceError', errorMessage: expect.stringContaining('running') }],
    });
    expect(stateOf(world, world.instances[0])).toBe('running');
    const failures = world.metricLines.map((line) => JSON.parse(line)).filter((line) => 'ExecutorFailures' in line);
    expect(failures.map(({ StagingAccount }) => StagingAccount)).toEqual(['111111111111', undefined]);
  });
});
