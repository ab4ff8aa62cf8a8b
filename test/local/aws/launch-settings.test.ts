import {
  DescribeJobLogItemsCommand,
  DescribeRecoveryInstancesCommand,
  GetLaunchConfigurationCommand,
  StartRecoveryCommand,
} from '@aws-sdk/client-drs';
import {
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { REGION } from '../../../src/local/accounts.ts';
import type { LaunchSettings } from '../../../src/local/aws/fleet.ts';
import { ACCOUNT, awsWorld, OTHER_ACCOUNT, serverRecord } from './aws-world.ts';

const SUBNET = {
  accountId: ACCOUNT,
  subnetId: 'subnet-0123456789abcdef0',
  vpcId: 'vpc-0123456789abcdef0',
  cidrBlock: '10.9.0.0/28',
  availabilityZone: `${REGION}b`,
};

async function settingsWorld(settings: Partial<LaunchSettings> = {}) {
  const world = await awsWorld();
  const server = world.fleet.addSourceServer(serverRecord('hrp-db-001', { ip: '10.1.2.3' }));
  world.fleet.setLaunchSettings(server.sourceServerId, settings);
  const sourceServerID = server.sourceServerId;
  const client = world.drsClient();
  const ec2 = world.ec2Client();
  const launch = async () => {
    const { job } = await client.send(new StartRecoveryCommand({ sourceServers: [{ sourceServerID }], isDrill: true }));
    await world.finishJobs();
    const { items } = await client.send(new DescribeJobLogItemsCommand({ jobID: job?.jobID }));
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({}));
    return { log: items ?? [], machine: Reservations?.[0]?.Instances?.[0] };
  };
  const subnet = async (SubnetIds?: string[]) =>
    (await ec2.send(new DescribeSubnetsCommand({ SubnetIds }))).Subnets ?? [];
  return { ...world, server, sourceServerID, client, ec2Api: ec2, launch, subnet };
}

describe('GetLaunchConfiguration', () => {
  it('gives the launch settings of a source server', async () => {
    const { client, fleet, server, sourceServerID } = await settingsWorld();
    const get = async () => {
      const { $metadata, ...configuration } = await client.send(new GetLaunchConfigurationCommand({ sourceServerID }));
      return configuration;
    };
    expect(await get()).toEqual({
      sourceServerID,
      name: 'hrp-db-001',
      ec2LaunchTemplateID: server.launchTemplateId,
      launchDisposition: 'STARTED',
      targetInstanceTypeRightSizingMethod: 'BASIC',
      copyPrivateIp: false,
      copyTags: true,
      licensing: { osByol: false },
      postLaunchEnabled: false,
      launchIntoInstanceProperties: {},
    });
    fleet.setLaunchSettings(sourceServerID, { copyPrivateIp: true, launchIntoInstanceId: 'i-0123456789abcdef0' });
    expect(await get()).toMatchObject({
      copyPrivateIp: true,
      launchIntoInstanceProperties: { launchIntoEC2InstanceID: 'i-0123456789abcdef0' },
    });
  });

  it('does not know a server of another account', async () => {
    const { drsClient, sourceServerID } = await settingsWorld();
    const call = drsClient(OTHER_ACCOUNT).send(new GetLaunchConfigurationCommand({ sourceServerID }));
    await expect(call).rejects.toMatchObject({ name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } });
  });
});

// DRS user guide, "Launch settings": copy private IP, transfer server tags, start instance upon launch.
describe('a launch', () => {
  it('copies tags but not the address by default, and the other way round when told to', async () => {
    const tagsOf = (machine: { Tags?: { Key?: string }[] } | undefined) =>
      (machine?.Tags ?? []).map(({ Key }) => Key).sort();
    const drsTags = ['AWSElasticDisasterRecoveryManaged', 'AWSElasticDisasterRecoverySourceServerID', 'Name'];
    const standard = await (await settingsWorld()).launch();
    expect(standard.machine?.PrivateIpAddress).toBe('10.100.0.10');
    expect(tagsOf(standard.machine)).toEqual([...drsTags, 'DR-Application', 'DR-Wave'].sort());
    const changed = await (await settingsWorld({ copyPrivateIp: true, copyTags: false })).launch();
    expect(changed.machine?.PrivateIpAddress).toBe('10.1.2.3');
    expect(tagsOf(changed.machine)).toEqual(drsTags);
  });

  it('leaves the machine stopped when the disposition says so', async () => {
    const { launch, client } = await settingsWorld({ launchDisposition: 'STOPPED' });
    expect((await launch()).machine?.State?.Name).toBe('stopped');
    const { items } = await client.send(new DescribeRecoveryInstancesCommand({}));
    expect(items?.[0]?.ec2InstanceState).toBe('STOPPED');
  });

  it('goes into the subnet of the launch template, and takes an address there', async () => {
    const { fleet, launch, sourceServerID, subnet } = await settingsWorld();
    fleet.addSubnet(SUBNET);
    fleet.setLaunchSettings(sourceServerID, { subnetId: SUBNET.subnetId });
    expect((await subnet([SUBNET.subnetId]))[0]?.AvailableIpAddressCount).toBe(11);
    const { machine } = await launch();
    expect(machine).toMatchObject({
      SubnetId: SUBNET.subnetId,
      VpcId: SUBNET.vpcId,
      Placement: { AvailabilityZone: SUBNET.availabilityZone },
    });
    expect((await subnet([SUBNET.subnetId]))[0]?.AvailableIpAddressCount).toBe(10);
    fleet.setInstanceState(machine?.InstanceId ?? '', 'terminated');
    expect((await subnet([SUBNET.subnetId]))[0]?.AvailableIpAddressCount).toBe(11);
  });

  it('fails without a free address, and in a subnet that does not exist', async () => {
    const { fleet, launch, sourceServerID } = await settingsWorld();
    fleet.addSubnet({ ...SUBNET, freeAddresses: 0 });
    fleet.setLaunchSettings(sourceServerID, { subnetId: SUBNET.subnetId });
    const failed = (await launch()).log.find(({ event }) => event === 'LAUNCH_FAILED');
    expect(failed?.eventData?.rawError).toContain('InsufficientFreeAddressesInSubnet');
    fleet.setLaunchSettings(sourceServerID, { subnetId: 'subnet-00000000000000000' });
    const gone = (await launch()).log.find(({ event }) => event === 'LAUNCH_FAILED');
    expect(gone?.eventData?.rawError).toContain('InvalidSubnetID.NotFound');
    fleet.setLaunchSettings(sourceServerID, { subnetId: SUBNET.subnetId });
    fleet.setFreeAddresses(SUBNET.subnetId, undefined);
    expect((await launch()).machine?.SubnetId).toBe(SUBNET.subnetId);
  });
});

describe('DescribeLaunchTemplateVersions', () => {
  it('has the subnet and the instance type in the default version', async () => {
    const { ec2Api, fleet, server, sourceServerID, subnet } = await settingsWorld();
    const [first] = await subnet();
    const ask = async () => {
      const input = { LaunchTemplateId: server.launchTemplateId, Versions: ['$Default'] };
      return (await ec2Api.send(new DescribeLaunchTemplateVersionsCommand(input))).LaunchTemplateVersions ?? [];
    };
    expect(await ask()).toMatchObject([
      {
        LaunchTemplateId: server.launchTemplateId,
        VersionNumber: 1,
        DefaultVersion: true,
        LaunchTemplateData: {
          InstanceType: 'm5.large',
          NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: first?.SubnetId }],
        },
      },
    ]);
    fleet.setLaunchSettings(sourceServerID, { subnetId: undefined });
    expect((await ask())[0]?.LaunchTemplateData?.NetworkInterfaces?.[0]?.SubnetId).toBeUndefined();
  });

  it('lists the default versions of all templates in pages', async () => {
    const { ec2Api, addServers } = await settingsWorld();
    addServers(2);
    const input = { Versions: ['$Default'], MaxResults: 2 };
    const first = await ec2Api.send(new DescribeLaunchTemplateVersionsCommand(input));
    const more = { ...input, NextToken: first.NextToken };
    const second = await ec2Api.send(new DescribeLaunchTemplateVersionsCommand(more));
    const ids = [first, second].flatMap(({ LaunchTemplateVersions }) => LaunchTemplateVersions ?? []);
    expect(new Set(ids.map(({ LaunchTemplateId }) => LaunchTemplateId)).size).toBe(3);
    expect(second.NextToken).toBeUndefined();
  });

  it.each([
    ['an unknown template', { LaunchTemplateId: `lt-${'0'.repeat(17)}` }, 'InvalidLaunchTemplateId.NotFound'],
    ['an id of the wrong form', { LaunchTemplateId: 'lt-x' }, 'InvalidLaunchTemplateId.Malformed'],
    ['neither a template nor a version', {}, 'MissingParameter'],
  ])('refuses %s', async (_what, input, name) => {
    const { ec2Api } = await settingsWorld();
    await expect(ec2Api.send(new DescribeLaunchTemplateVersionsCommand(input))).rejects.toMatchObject({ name });
  });

  it('refuses a version that the template does not have', async () => {
    const { ec2Api, server } = await settingsWorld();
    const input = { LaunchTemplateId: server.launchTemplateId, Versions: ['2'] };
    const call = ec2Api.send(new DescribeLaunchTemplateVersionsCommand(input));
    await expect(call).rejects.toMatchObject({ name: 'InvalidLaunchTemplateId.VersionNotFound' });
  });
});

describe('DescribeSubnets', () => {
  it('has one subnet in each account and Region from the start, and those that are added', async () => {
    const { ec2Api, ec2Client, fleet, subnet } = await settingsWorld();
    const [first] = await subnet();
    expect(first).toMatchObject({
      CidrBlock: '10.100.0.0/16',
      State: 'available',
      OwnerId: ACCOUNT,
      AvailabilityZone: `${REGION}a`,
      AvailableIpAddressCount: 65_531,
    });
    fleet.addSubnet(SUBNET);
    const Filters = [{ Name: 'vpc-id', Values: [SUBNET.vpcId] }];
    const { Subnets } = await ec2Api.send(new DescribeSubnetsCommand({ Filters }));
    expect(Subnets?.map(({ SubnetId }) => SubnetId)).toEqual([SUBNET.subnetId]);
    const other = ec2Client(OTHER_ACCOUNT).send(new DescribeSubnetsCommand({ SubnetIds: [SUBNET.subnetId] }));
    await expect(other).rejects.toMatchObject({ name: 'InvalidSubnetID.NotFound' });
  });
});
