import {
  DescribeJobsCommand,
  DescribeRecoveryInstancesCommand,
  DescribeSourceServersCommand,
  GetLaunchConfigurationCommand,
  StartRecoveryCommand,
  TagResourceCommand,
  TerminateRecoveryInstancesCommand,
} from '@aws-sdk/client-drs';
import { DescribeInstanceStatusCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { ACCOUNT, awsWorld, serverRecord } from './aws-world.ts';

const ACCOUNTS = 40;
const SERVERS_IN_ACCOUNT = 100;

/** Notes which of `items` are looked at, until the test ends. */
function watch(items: readonly object[], key: string, looked: Set<object>): void {
  for (const item of items) {
    let value: unknown = Reflect.get(item, key);
    Object.defineProperty(item, key, {
      configurable: true,
      enumerable: true,
      get() {
        looked.add(item);
        return value;
      },
      set(changed: unknown) {
        value = changed;
      },
    });
  }
}

/** 4,000 servers over 40 accounts, each with a recovery instance, and what of them has been looked at. */
async function bigWorld() {
  const world = await awsWorld();
  const { fleet } = world;
  const accounts = Array.from({ length: ACCOUNTS }, (_, at) => (at === 0 ? ACCOUNT : String(700_000_000_000 + at)));
  for (const accountId of accounts) {
    fleet.initializeAccount(accountId);
    for (let server = 0; server < SERVERS_IN_ACCOUNT; server += 1) {
      const added = fleet.addSourceServer(serverRecord(`${accountId}-${server}`, { accountId }));
      fleet.addRecoveryInstance(added.sourceServerId, { isDrill: true });
    }
  }
  const looked = new Set<object>();
  for (const accountId of accounts) {
    watch(fleet.sourceServers(accountId), 'sourceServerId', looked);
    watch(fleet.recoveryInstances(accountId), 'sourceServerId', looked);
    watch(fleet.ec2Instances(accountId), 'terminatedAt', looked);
  }
  looked.clear();
  return { ...world, accounts, looked };
}

it('a call about some servers looks at those only, among 4,000 over 40 accounts', async () => {
  const { fleet, drsClient, ec2Client, looked } = await bigWorld();
  const client = drsClient();
  const ec2 = ec2Client();
  const [server, other] = fleet.sourceServers(ACCOUNT);
  const sourceServerID = server?.sourceServerId ?? '';
  const instanceId = server?.recoveryInstanceId ?? '';
  const calls: [string, () => Promise<unknown>, number][] = [
    [
      'servers',
      () => client.send(new DescribeSourceServersCommand({ filters: { sourceServerIDs: [sourceServerID] } })),
      1,
    ],
    [
      'instances of a server',
      () => client.send(new DescribeRecoveryInstancesCommand({ filters: { sourceServerIDs: [sourceServerID] } })),
      2,
    ],
    [
      'instances',
      () => client.send(new DescribeRecoveryInstancesCommand({ filters: { recoveryInstanceIDs: [instanceId] } })),
      2,
    ],
    ['settings', () => client.send(new GetLaunchConfigurationCommand({ sourceServerID })), 1],
    ['tags', () => client.send(new TagResourceCommand({ resourceArn: server?.arn, tags: { a: '1' } })), 1],
    ['machines', () => ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] })), 1],
    ['status', () => ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [instanceId] })), 1],
    ['launch', () => client.send(new StartRecoveryCommand({ sourceServers: [{ sourceServerID }] })), 1],
    [
      'termination',
      () =>
        client.send(new TerminateRecoveryInstancesCommand({ recoveryInstanceIDs: [other?.recoveryInstanceId ?? ''] })),
      2,
    ],
  ];
  for (const [what, call, most] of calls) {
    looked.clear();
    await call();
    expect(looked.size, what).toBeLessThanOrEqual(most);
  }
});

it('a job looks at its own servers only, from its start to its end', async () => {
  const { fleet, drsClient, finishJobs, looked } = await bigWorld();
  const sourceServers = fleet
    .sourceServers(ACCOUNT)
    .slice(0, 5)
    .map(({ sourceServerId }) => ({ sourceServerID: sourceServerId }));
  looked.clear();
  await drsClient().send(new StartRecoveryCommand({ sourceServers, isDrill: true }));
  await finishJobs();
  // For each server: itself, the record and the machine that its earlier launch left.
  expect(looked.size).toBeLessThanOrEqual(3 * 5);
});

it('listing the jobs of an account does not go through those of others', async () => {
  const { drsClient, drs, fleet, accounts, looked } = await bigWorld();
  for (const accountId of accounts.slice(1)) {
    const [server] = fleet.sourceServers(accountId);
    drs.jobs.startLaunch(accountId, server === undefined ? [] : [{ server }], { isDrill: true, tags: {} });
  }
  const others = drs.jobs.list();
  expect(others).toHaveLength(ACCOUNTS - 1);
  watch(others, 'accountId', looked);
  watch(others, 'status', looked);
  looked.clear();
  expect((await drsClient().send(new DescribeJobsCommand({}))).items).toEqual([]);
  expect(looked.size).toBe(0);
});
