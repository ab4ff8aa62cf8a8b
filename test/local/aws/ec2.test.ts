import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  DescribeRegionsCommand,
  type EC2Client,
  type Instance,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, awsWorld, MINUTE, OTHER_ACCOUNT, serverRecord } from './aws-world.ts';

async function describeInstances(client: EC2Client, input: DescribeInstancesCommandInput = {}): Promise<Instance[]> {
  const { Reservations } = await client.send(new DescribeInstancesCommand(input));
  return (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
}

/** Three servers, each with a machine: a running drill, a stopped one, and a live one that DRS has forgotten. */
async function ec2World() {
  const world = await awsWorld();
  const { fleet, addServers } = world;
  const [one, two, three] = addServers(3).map(({ sourceServerId }) => sourceServerId);
  const drill = fleet.addRecoveryInstance(one ?? '', { isDrill: true });
  const stopped = fleet.addRecoveryInstance(two ?? '', { isDrill: true, state: 'stopped' });
  const forgotten = fleet.addRecoveryInstance(three ?? '', { isDrill: false });
  fleet.forgetRecoveryInstance(forgotten.instanceId);
  return { ...world, client: world.ec2Client(), drill, stopped, forgotten, serverOfForgotten: three ?? '' };
}

describe('DescribeInstances', () => {
  it('shows the machines that DRS has launched, also one that DRS has no record of any more', async () => {
    const { client, drill, stopped, forgotten, clock } = await ec2World();
    const instances = await describeInstances(client);
    expect(instances.map(({ InstanceId, State }) => [InstanceId, State?.Name])).toEqual([
      [drill.instanceId, 'running'],
      [stopped.instanceId, 'stopped'],
      [forgotten.instanceId, 'running'],
    ]);
    expect(instances[0]).toMatchObject({
      PrivateIpAddress: drill.privateIp,
      InstanceType: 'm5.large',
      LaunchTime: new Date(clock.now()),
      Placement: { AvailabilityZone: 'us-east-2a' },
    });
  });

  it('tags them as DRS does, with the tags of the source server', async () => {
    const { client, fleet } = await ec2World();
    const tags = { Note: 'a < b & "c"' };
    const server = fleet.addSourceServer(serverRecord('hrp-db-001', { tags }));
    const { instanceId } = fleet.addRecoveryInstance(server.sourceServerId, { isDrill: true });
    const [instance] = await describeInstances(client, { InstanceIds: [instanceId] });
    expect(Object.fromEntries((instance?.Tags ?? []).map(({ Key, Value }) => [Key, Value]))).toEqual({
      Name: 'hrp-db-001',
      Note: 'a < b & "c"',
      AWSElasticDisasterRecoverySourceServerID: server.sourceServerId,
      AWSElasticDisasterRecoveryManaged: 'drs.amazonaws.com',
    });
  });

  it('filters by tag, by tag key, by state and by id, all together', async () => {
    const { client, drill, stopped, forgotten, serverOfForgotten } = await ec2World();
    const ids = async (...filters: [string, ...string[]][]) => {
      const Filters = filters.map(([Name, ...Values]) => ({ Name, Values }));
      return (await describeInstances(client, { Filters })).map(({ InstanceId }) => InstanceId);
    };
    const all = [drill, stopped, forgotten].map(({ instanceId }) => instanceId);
    const tag = 'AWSElasticDisasterRecoverySourceServerID';
    expect(await ids([`tag:${tag}`, serverOfForgotten])).toEqual([forgotten.instanceId]);
    expect(await ids([`tag:${tag}`, serverOfForgotten, drill.sourceServerId])).toEqual([all[0], all[2]]);
    expect(await ids(['tag-key', tag])).toEqual(all);
    expect(await ids(['tag-key', 'nothing'])).toEqual([]);
    expect(await ids(['tag:DR-Application', 'H?P*'])).toEqual(all);
    expect(await ids(['tag:DR-Application', 'H.P'])).toEqual([]);
    expect(await ids(['instance-state-name', 'pending', 'running'])).toEqual([all[0], all[2]]);
    expect(await ids(['tag-key', tag], ['instance-state-name', 'stopped'])).toEqual([all[1]]);
    expect(await ids(['instance-id', ...all.slice(1)])).toEqual(all.slice(1));
  });

  it('pages through everything once', async () => {
    const { ec2Client, fleet, addServers } = await awsWorld();
    const added = addServers(12).map(
      ({ sourceServerId }) => fleet.addRecoveryInstance(sourceServerId, { isDrill: true }).instanceId,
    );
    const seen: (string | undefined)[] = [];
    for await (const { Reservations } of paginateDescribeInstances({ client: ec2Client() }, { MaxResults: 5 })) {
      seen.push(
        ...(Reservations ?? []).flatMap(({ Instances }) => (Instances ?? []).map(({ InstanceId }) => InstanceId)),
      );
    }
    expect(seen).toEqual(added);
  });

  it('shows a terminated machine for an hour, without its address', async () => {
    const { client, fleet, drill, clock } = await ec2World();
    fleet.setInstanceState(drill.instanceId, 'terminated');
    const [instance] = await describeInstances(client, { InstanceIds: [drill.instanceId] });
    expect(instance?.State?.Name).toBe('terminated');
    expect(instance?.PrivateIpAddress).toBeUndefined();
    await clock.advance(60 * MINUTE);
    await expect(describeInstances(client, { InstanceIds: [drill.instanceId] })).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
    });
  });

  it('shows each account its own machines', async () => {
    const { ec2Client, drill } = await ec2World();
    expect(await describeInstances(ec2Client(OTHER_ACCOUNT))).toEqual([]);
    const call = describeInstances(ec2Client(OTHER_ACCOUNT), { InstanceIds: [drill.instanceId] });
    await expect(call).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  });

  it.each([
    ['a filter that does not exist', { Filters: [{ Name: 'colour', Values: ['red'] }] }, 'InvalidParameterValue'],
    ['an id of the wrong form', { InstanceIds: ['i-xyz'] }, 'InvalidInstanceID.Malformed'],
    ['pages of 4', { MaxResults: 4 }, 'InvalidParameterValue'],
    ['ids on pages', { MaxResults: 5, InstanceIds: ['i-00000000000000000'] }, 'InvalidParameterCombination'],
    ['a token that is made up', { NextToken: 'abc' }, 'InvalidParameterValue'],
    ['201 values in a filter', { Filters: [{ Name: 'tag-key', Values: Array(201).fill('a') }] }, 'FilterLimitExceeded'],
  ])('refuses %s', async (_what, input, name) => {
    const { ec2Client } = await awsWorld();
    await expect(describeInstances(ec2Client(), input)).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: 400 },
    });
  });
});

describe('EC2', () => {
  it('does not know other operations', async () => {
    const { ec2Client, calls } = await awsWorld();
    await expect(ec2Client().send(new DescribeRegionsCommand({}))).rejects.toMatchObject({ name: 'InvalidAction' });
    expect(calls).toMatchObject([{ service: 'ec2', action: 'DescribeRegions', outcome: 'InvalidAction' }]);
  });

  it('can be denied in an account', async () => {
    const { ec2, ec2Client } = await awsWorld();
    ec2.denyAccount(ACCOUNT);
    await expect(describeInstances(ec2Client())).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
    expect(await describeInstances(ec2Client(OTHER_ACCOUNT))).toEqual([]);
    ec2.allowAccount(ACCOUNT);
    expect(await describeInstances(ec2Client())).toEqual([]);
  });
});
