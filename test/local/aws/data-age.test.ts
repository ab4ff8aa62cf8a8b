import {
  DescribeRecoveryInstancesCommand,
  DescribeRecoverySnapshotsCommand,
  DescribeSourceServersCommand,
  type DrsClient,
  StartRecoveryCommand,
} from '@aws-sdk/client-drs';
import { describe, expect, it } from 'vitest';
import { durationMs } from '../../../src/local/aws/iso-time.ts';
import { awsWorld, HOUR, MINUTE, serverRecord, startList } from './aws-world.ts';

async function dataOf(client: DrsClient) {
  const { items } = await client.send(new DescribeSourceServersCommand({}));
  const server = items?.[0];
  return {
    lagMs: durationMs(server?.dataReplicationInfo?.lagDuration ?? '') ?? 0,
    lastSeen: Date.parse(server?.lifeCycle?.lastSeenByServiceDateTime ?? ''),
  };
}

async function newestSnapshot(client: DrsClient, sourceServerID: string): Promise<number> {
  const { items } = await client.send(new DescribeRecoverySnapshotsCommand({ sourceServerID, maxResults: 1 }));
  return Date.parse(items?.[0]?.timestamp ?? '');
}

describe('the age of the data', () => {
  it('grows with the lag when a server stalls, while its newest data stays the same', async () => {
    const { clock, fleet, drsClient } = await awsWorld();
    const client = drsClient();
    const { sourceServerId } = fleet.addSourceServer(serverRecord('app'));
    const stalledAt = clock.now();
    fleet.setReplication(sourceServerId, { state: 'STALLED', lagDuration: 'PT20M' });
    const snapshotThen = await newestSnapshot(client, sourceServerId);
    expect(snapshotThen).toBeLessThanOrEqual(stalledAt - 20 * MINUTE);
    await clock.advance(3 * HOUR + 5000);
    const { lagMs, lastSeen } = await dataOf(client);
    expect(lastSeen).toBe(stalledAt);
    expect(clock.now() - lagMs).toBe(stalledAt - 20 * MINUTE);
    expect(await newestSnapshot(client, sourceServerId)).toBeLessThanOrEqual(stalledAt - 20 * MINUTE);
  });

  it('stands still when replication is paused, although the agent is still heard', async () => {
    const { clock, fleet, drsClient } = await awsWorld();
    const { sourceServerId } = fleet.addSourceServer(serverRecord('app'));
    const pausedAt = clock.now();
    fleet.setReplication(sourceServerId, { state: 'PAUSED', lagDuration: 'PT1M' });
    await clock.advance(2 * HOUR);
    const { lagMs, lastSeen } = await dataOf(drsClient());
    expect(lastSeen).toBe(clock.now());
    expect(clock.now() - lagMs).toBe(pausedAt - MINUTE);
  });

  it.each([
    ['CONTINUOUS', 'PT2S', 'PT10S'],
    ['BACKLOG', 'PT40M', 'PT5S'],
    ['STALLED', 'PT3H', 'PT1H'],
  ] as const)('is on the recovery instance what it was at the launch: %s', async (state, lagDuration, lastSeenAgo) => {
    const { clock, fleet, drsClient, finishJobs } = await awsWorld();
    const client = drsClient();
    const server = fleet.addSourceServer(serverRecord('app', { replication: { state, lagDuration, lastSeenAgo } }));
    await clock.advance(25 * MINUTE);
    const start = clock.now();
    const before = await dataOf(client);
    await client.send(new StartRecoveryCommand({ sourceServers: startList([server]) }));
    await finishJobs();
    const { items } = await client.send(new DescribeRecoveryInstancesCommand({}));
    const launchedFrom = Date.parse(items?.[0]?.pointInTimeSnapshotDateTime ?? '');
    const newest = Math.min(before.lastSeen, start - before.lagMs);
    // A stalled server is launched from its last snapshot; another from data that is copied while the job runs.
    if (state === 'STALLED') {
      expect(launchedFrom).toBeLessThanOrEqual(newest);
      expect(newest - launchedFrom).toBeLessThan(HOUR);
    } else {
      expect(launchedFrom).toBeGreaterThanOrEqual(newest);
      expect(launchedFrom).toBeLessThan(clock.now());
    }
  });

  it('of a recovery cleans up what earlier launches left, drills and live ones, but not what is protected', async () => {
    const { fleet, drsClient, addServers, finishJobs } = await awsWorld();
    const [server] = addServers(1);
    const sourceServerID = server?.sourceServerId ?? '';
    const drill = fleet.addRecoveryInstance(sourceServerID, { isDrill: true });
    const live = fleet.addRecoveryInstance(sourceServerID, { isDrill: false });
    const kept = fleet.addRecoveryInstance(sourceServerID, { isDrill: false, terminationProtection: true });
    await drsClient().send(new StartRecoveryCommand({ sourceServers: [{ sourceServerID }], isDrill: false }));
    await finishJobs();
    expect([drill, live, kept].map(({ state }) => state)).toEqual(['terminated', 'terminated', 'running']);
    const { items } = await drsClient().send(new DescribeRecoveryInstancesCommand({}));
    expect(items?.map(({ isDrill }) => isDrill)).toEqual([false, false]);
  });
});

// API reference, DescribeRecoverySnapshots and StartRecovery.
describe('points in time', () => {
  it('are found by time, newest first, in pages', async () => {
    const { clock, drsClient, addServers } = await awsWorld();
    const client = drsClient();
    const sourceServerID = addServers(1)[0]?.sourceServerId;
    const filters = {
      fromDateTime: new Date(clock.now() - 5 * HOUR).toISOString(),
      toDateTime: new Date(clock.now() - 2 * HOUR).toISOString(),
    };
    const seen: number[] = [];
    let nextToken: string | undefined;
    do {
      const input = { sourceServerID, filters, order: 'DESC' as const, maxResults: 3, nextToken };
      const page = await client.send(new DescribeRecoverySnapshotsCommand(input));
      expect(page.items?.length).toBeLessThanOrEqual(3);
      seen.push(...(page.items ?? []).map(({ timestamp }) => clock.now() - Date.parse(timestamp ?? '')));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(seen).toEqual([2, 3, 4, 5].map((hours) => hours * HOUR));
  });

  it('of another server cannot be launched from', async () => {
    const { drsClient, addServers, drs } = await awsWorld();
    const client = drsClient();
    const [one, two] = addServers(2);
    const ofTwo = { sourceServerID: two?.sourceServerId };
    const recoverySnapshotID = (await client.send(new DescribeRecoverySnapshotsCommand(ofTwo))).items?.[0]?.snapshotID;
    const sourceServers = [{ sourceServerID: one?.sourceServerId, recoverySnapshotID }];
    await expect(client.send(new StartRecoveryCommand({ sourceServers }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(drs.jobs.list()).toEqual([]);
  });
});
