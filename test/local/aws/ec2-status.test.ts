import { StartRecoveryCommand } from '@aws-sdk/client-drs';
import {
  DescribeInstanceStatusCommand,
  type DescribeInstanceStatusCommandInput,
  DescribeInstancesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, awsWorld, MINUTE, ORIGIN, OTHER_ACCOUNT, startList } from './aws-world.ts';

async function statusWorld() {
  const world = await awsWorld();
  const [one, two] = world.addServers(2).map(({ sourceServerId }) => sourceServerId);
  const fresh = world.fleet.addRecoveryInstance(one ?? '', { isDrill: true });
  const stopped = world.fleet.addRecoveryInstance(two ?? '', { isDrill: true, state: 'stopped' });
  const ask = async (input: DescribeInstanceStatusCommandInput = {}) =>
    (await world.ec2Client().send(new DescribeInstanceStatusCommand(input))).InstanceStatuses ?? [];
  const checks = async (instanceId: string) => {
    const [found] = await ask({ InstanceIds: [instanceId], IncludeAllInstances: true });
    return [found?.InstanceStatus?.Status, found?.SystemStatus?.Status];
  };
  return { ...world, fresh, stopped, ask, checks };
}

// EC2 API reference, DescribeInstanceStatus.
describe('DescribeInstanceStatus', () => {
  it('is initializing at first and ok some minutes later', async () => {
    const { ask, clock, fresh } = await statusWorld();
    const details = (status: string) => ({ Details: [{ Name: 'reachability', Status: status }] });
    expect(await ask({ InstanceIds: [fresh.instanceId] })).toMatchObject([
      {
        InstanceId: fresh.instanceId,
        InstanceState: { Name: 'running', Code: 16 },
        AvailabilityZone: 'us-east-2a',
        InstanceStatus: { Status: 'initializing', ...details('initializing') },
        SystemStatus: { Status: 'initializing', ...details('initializing') },
      },
    ]);
    await clock.advance(5 * MINUTE);
    expect(await ask()).toMatchObject([{ InstanceStatus: { Status: 'ok', ...details('passed') } }]);
  });

  it('counts from when the machine began to run, not from its launch', async () => {
    const { clock, fleet, stopped, checks } = await statusWorld();
    await clock.advance(60 * MINUTE);
    fleet.setInstanceState(stopped.instanceId, 'running');
    expect(await checks(stopped.instanceId)).toEqual(['initializing', 'initializing']);
    await clock.advance(5 * MINUTE);
    expect(await checks(stopped.instanceId)).toEqual(['ok', 'ok']);
  });

  it('says impaired for as long as it is made to', async () => {
    const { clock, fleet, fresh, checks } = await statusWorld();
    await clock.advance(5 * MINUTE);
    fleet.setInstanceStatus(fresh.instanceId, { instance: 'impaired' });
    expect(await checks(fresh.instanceId)).toEqual(['impaired', 'ok']);
    fleet.setInstanceStatus(fresh.instanceId, undefined);
    expect(await checks(fresh.instanceId)).toEqual(['ok', 'ok']);
  });

  it('shows machines that are not running when asked for all', async () => {
    const { ask, fresh, stopped } = await statusWorld();
    expect((await ask()).map(({ InstanceId }) => InstanceId)).toEqual([fresh.instanceId]);
    expect(await ask({ InstanceIds: [stopped.instanceId] })).toEqual([]);
    const all = await ask({ IncludeAllInstances: true });
    expect(all.map(({ InstanceStatus }) => InstanceStatus?.Status)).toEqual(['initializing', 'not-applicable']);
  });

  it('filters by state and by the outcome of the checks', async () => {
    const { ask, fleet, fresh } = await statusWorld();
    const ids = async (Name: string, Value: string) =>
      (await ask({ Filters: [{ Name, Values: [Value] }], IncludeAllInstances: true })).map(
        ({ InstanceId }) => InstanceId,
      );
    fleet.setInstanceStatus(fresh.instanceId, { system: 'impaired' });
    expect(await ids('system-status.status', 'impaired')).toEqual([fresh.instanceId]);
    expect(await ids('system-status.reachability', 'failed')).toEqual([fresh.instanceId]);
    expect(await ids('instance-status.status', 'impaired')).toEqual([]);
    expect(await ids('instance-state-name', 'stop*')).toHaveLength(1);
  });

  it('refuses ids that do not exist, and more than 100', async () => {
    const { ask } = await statusWorld();
    const unknown = 'i-00000000000000000';
    await expect(ask({ InstanceIds: [unknown] })).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
    const InstanceIds = Array.from({ length: 101 }, () => unknown);
    await expect(ask({ InstanceIds })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('goes on with a machine that a job has launched', async () => {
    const { drsClient, ask, addServers, finishJobs, clock } = await statusWorld();
    const servers = startList(addServers(1, OTHER_ACCOUNT));
    await drsClient(OTHER_ACCOUNT).send(new StartRecoveryCommand({ sourceServers: servers }));
    await finishJobs();
    expect(await ask()).toHaveLength(1);
    await clock.advance(5 * MINUTE);
    expect((await ask())[0]?.InstanceStatus?.Status).toBe('ok');
  });
});

describe('calls of EC2 that go wrong', () => {
  it('are throttled as often as asked', async () => {
    const { ec2, ask } = await statusWorld();
    ec2.throttleNext(1, { accountId: ACCOUNT, action: 'DescribeInstanceStatus' });
    await expect(ask()).rejects.toMatchObject({ name: 'RequestLimitExceeded', $metadata: { httpStatusCode: 503 } });
    expect(await ask()).toHaveLength(1);
  });

  it('are denied for one action only', async () => {
    const { ec2, ec2Client, ask } = await statusWorld();
    ec2.denyAccount(ACCOUNT, 'DescribeInstanceStatus');
    await expect(ask()).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
    await ec2Client().send(new DescribeInstancesCommand({}));
    ec2.allowAccount(ACCOUNT);
    expect(await ask()).toHaveLength(1);
  });

  it('see the machines of the Region they are signed for only', async () => {
    const { ec2Client } = await statusWorld();
    const { Reservations } = await ec2Client(ACCOUNT, ORIGIN.region).send(new DescribeInstancesCommand({}));
    expect(Reservations).toEqual([]);
  });
});
