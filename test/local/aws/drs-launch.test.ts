import {
  DescribeJobLogItemsCommand,
  DescribeJobsCommand,
  DescribeRecoveryInstancesCommand,
  DescribeRecoverySnapshotsCommand,
  DescribeSourceServersCommand,
  type DrsClient,
  type Job,
  StartRecoveryCommand,
  TerminateRecoveryInstancesCommand,
} from '@aws-sdk/client-drs';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import type { SourceServer } from '../../../src/local/aws/fleet.ts';
import { ACCOUNT, awsWorld, MINUTE, serverRecord, startList, statuses } from './aws-world.ts';

async function startDrill(client: DrsClient, servers: readonly SourceServer[]): Promise<string> {
  const { job } = await client.send(new StartRecoveryCommand({ sourceServers: startList(servers), isDrill: true }));
  return job?.jobID ?? '';
}

async function jobOf(client: DrsClient, jobId: string): Promise<Job | undefined> {
  const { items } = await client.send(new DescribeJobsCommand({ filters: { jobIDs: [jobId] } }));
  return items?.[0];
}

async function logOf(client: DrsClient, jobID: string) {
  const { items } = await client.send(new DescribeJobLogItemsCommand({ jobID }));
  return items ?? [];
}

describe('a launch', () => {
  it('is accepted with 202 and goes from PENDING over STARTED to COMPLETED', async () => {
    const { clock, drs, drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const servers = addServers(3);
    const answer = await client.send(new StartRecoveryCommand({ sourceServers: startList(servers), isDrill: true }));
    expect(answer.$metadata.httpStatusCode).toBe(202);
    expect(answer.job).toMatchObject({ status: 'PENDING', type: 'LAUNCH', initiatedBy: 'START_DRILL' });
    expect(statuses(answer.job)).toEqual(['PENDING', 'PENDING', 'PENDING']);

    const jobId = answer.job?.jobID ?? '';
    await clock.runUntil(() => drs.jobs.get(jobId)?.status === 'STARTED');
    const started = await jobOf(client, jobId);
    expect(statuses(started)).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'IN_PROGRESS']);
    expect(started?.endDateTime).toBeUndefined();

    await finishJobs();
    const completed = await jobOf(client, jobId);
    expect(statuses(completed)).toEqual(['LAUNCHED', 'LAUNCHED', 'LAUNCHED']);
    expect(completed?.endDateTime).toBe(new Date(clock.now()).toISOString());
  });

  it('takes each Linux server 6 to 18 simulated minutes, and Windows longer', async () => {
    const { clock, fleet, addServers, drsClient, finishJobs, events } = await awsWorld();
    const windows = fleet.addSourceServer(serverRecord('win', { os: 'Microsoft Windows Server 2019' }));
    const start = clock.now();
    await startDrill(drsClient(), [...addServers(40), windows]);
    await finishJobs();
    const minutes = (arn: string) =>
      events.filter(({ resources }) => resources[0] === arn).map(({ time }) => (Date.parse(time) - start) / MINUTE);
    const linux = events.map(({ resources }) => resources[0]).filter((arn) => arn !== windows.arn);
    expect(linux).toHaveLength(40);
    // A job waits up to a minute before it starts.
    for (const arn of linux) expect(minutes(arn)[0]).toSatisfy((taken: number) => taken >= 6 && taken <= 19);
    expect(minutes(windows.arn)[0]).toSatisfy((taken: number) => taken >= 12 && taken <= 46);
  });

  it('goes the same way again with the same seed, and another way with another', async () => {
    const run = async (seed: string) => {
      const { drsClient, addServers, finishJobs, drs, clock } = await awsWorld({ seed });
      const start = clock.now();
      await startDrill(drsClient(), addServers(5));
      await finishJobs();
      return drs.jobs.list().map(({ jobId, log }) => ({ jobId, log: log.map(({ at, event }) => [at - start, event]) }));
    };
    expect(await run('one')).toEqual(await run('one'));
    expect(await run('one')).not.toEqual(await run('two'));
  });

  it('writes its log in the order of what it does', async () => {
    const { drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const jobId = await startDrill(client, addServers(1));
    await finishJobs();
    expect((await logOf(client, jobId)).map(({ event }) => event)).toEqual([
      'JOB_START',
      'SNAPSHOT_START',
      'SNAPSHOT_END',
      'CONVERSION_START',
      'CONVERSION_END',
      'LAUNCH_START',
      'JOB_END',
    ]);
  });

  it('leaves a recovery instance in DRS and a tagged machine in EC2', async () => {
    const { drsClient, ec2Client, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const [server] = addServers(1);
    const jobId = await startDrill(client, server === undefined ? [] : [server]);
    await finishJobs();
    const instanceId = (await jobOf(client, jobId))?.participatingServers?.[0]?.recoveryInstanceID ?? '';
    const { items } = await client.send(new DescribeRecoveryInstancesCommand({}));
    expect(items).toHaveLength(1);
    expect(items?.[0]).toMatchObject({
      recoveryInstanceID: instanceId,
      ec2InstanceID: instanceId,
      ec2InstanceState: 'RUNNING',
      sourceServerID: server?.sourceServerId,
      jobID: jobId,
      isDrill: true,
      originEnvironment: 'ON_PREMISES',
    });
    const { Reservations } = await ec2Client().send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    const machine = Reservations?.[0]?.Instances?.[0];
    expect(machine).toMatchObject({
      State: { Name: 'running' },
      PrivateIpAddress: '10.100.0.10',
      InstanceType: 'm5.large',
    });
    expect(machine?.Tags).toContainEqual({
      Key: 'AWSElasticDisasterRecoverySourceServerID',
      Value: server?.sourceServerId,
    });
  });

  it('shows in the life cycle of the source server', async () => {
    const { drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const servers = addServers(1);
    const describeServer = async () => (await client.send(new DescribeSourceServersCommand({}))).items?.[0];
    expect(await describeServer()).toMatchObject({ lastLaunchResult: 'NOT_STARTED' });
    const jobId = await startDrill(client, servers);
    const initiated = { jobID: jobId, type: 'DRILL' };
    expect(await describeServer()).toMatchObject({
      lastLaunchResult: 'PENDING',
      lifeCycle: { lastLaunch: { initiated, status: 'PENDING' } },
    });
    await finishJobs();
    expect(await describeServer()).toMatchObject({
      lastLaunchResult: 'SUCCEEDED',
      lifeCycle: { lastLaunch: { initiated, status: 'LAUNCHED' } },
    });
  });

  it('gives the tags of its job back in DescribeJobs', async () => {
    const { drsClient, addServers } = await awsWorld();
    const client = drsClient();
    const tags = { 'dr-batch': 'exec-1/111111111111/01' };
    await client.send(new StartRecoveryCommand({ sourceServers: startList(addServers(1)), isDrill: true, tags }));
    expect((await client.send(new DescribeJobsCommand({}))).items?.map((job) => job.tags)).toEqual([tags]);
  });

  it('emits an event for each server in the shape that EventBridge delivers', async () => {
    const { drsClient, drs, addServers, finishJobs, events } = await awsWorld();
    const [good, bad] = addServers(2);
    drs.jobs.failNextLaunch(bad?.sourceServerId ?? '');
    const jobId = await startDrill(
      drsClient(),
      [good, bad].flatMap((server) => server ?? []),
    );
    await finishJobs();
    const common = { source: 'aws.drs', account: ACCOUNT, 'detail-type': 'DRS Source Server Launch Result' };
    const detail = { 'job-id': jobId, 'is-drill': 'TRUE' };
    expect(events).toHaveLength(2);
    expect(events).toContainEqual(
      expect.objectContaining({
        ...common,
        resources: [good?.arn],
        detail: { ...detail, state: 'RECOVERY_LAUNCH_SUCCEEDED' },
      }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({
        ...common,
        resources: [bad?.arn],
        detail: { ...detail, state: 'RECOVERY_LAUNCH_FAILED' },
      }),
    );
  });
});

describe('earlier recovery instances', () => {
  it('are all cleaned up by a new launch: drills, live ones, and those that DRS has forgotten', async () => {
    const { fleet, drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const servers = addServers(1);
    const serverId = servers[0]?.sourceServerId ?? '';
    const drill = fleet.addRecoveryInstance(serverId, { isDrill: true });
    const live = fleet.addRecoveryInstance(serverId, { isDrill: false });
    const forgotten = fleet.addRecoveryInstance(serverId, { isDrill: false });
    fleet.forgetRecoveryInstance(forgotten.instanceId);

    const jobId = await startDrill(client, servers);
    await finishJobs();

    expect([drill, live, forgotten].map(({ state }) => state)).toEqual(['terminated', 'terminated', 'terminated']);
    const { items } = await client.send(new DescribeRecoveryInstancesCommand({}));
    expect(items?.map((item) => item.jobID)).toEqual([jobId]);
    const events = (await logOf(client, jobId)).map(({ event }) => event);
    expect(events.filter((event) => event === 'CLEANUP_START')).toHaveLength(3);
    expect(events.lastIndexOf('CLEANUP_END')).toBeLessThan(events.indexOf('SNAPSHOT_START'));
  });

  it('survive a new launch under termination protection', async () => {
    const { fleet, drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const servers = addServers(1);
    const kept = fleet.addRecoveryInstance(servers[0]?.sourceServerId ?? '', {
      isDrill: false,
      terminationProtection: true,
    });
    const jobId = await startDrill(client, servers);
    await finishJobs();
    expect(kept.state).toBe('running');
    expect((await logOf(client, jobId)).map(({ event }) => event)).toContain('CLEANUP_FAIL');
    expect(statuses(await jobOf(client, jobId))).toEqual(['LAUNCHED']);
    expect((await client.send(new DescribeRecoveryInstancesCommand({}))).items).toHaveLength(2);
  });

  it('that EC2 has ended already are dropped from DRS by a new launch', async () => {
    const { fleet, drsClient, addServers, finishJobs } = await awsWorld();
    const servers = addServers(1);
    const ended = fleet.addRecoveryInstance(servers[0]?.sourceServerId ?? '', { isDrill: false });
    fleet.setInstanceState(ended.instanceId, 'terminated');
    const jobId = await startDrill(drsClient(), servers);
    await finishJobs();
    const { items } = await drsClient().send(new DescribeRecoveryInstancesCommand({}));
    expect(items?.map((item) => item.jobID)).toEqual([jobId]);
  });

  it('of other servers stay', async () => {
    const { fleet, drsClient, addServers, finishJobs } = await awsWorld();
    const [server, other] = addServers(2);
    const stays = fleet.addRecoveryInstance(other?.sourceServerId ?? '', { isDrill: true });
    await startDrill(drsClient(), server === undefined ? [] : [server]);
    await finishJobs();
    expect(stays.state).toBe('running');
  });
});

describe('a launch that goes wrong', () => {
  it.each([
    ['snapshot', 'SNAPSHOT_FAIL'],
    ['conversion', 'CONVERSION_FAIL'],
    ['launch', 'LAUNCH_FAILED'],
  ] as const)('at the %s fails that server only, in a job that is COMPLETED', async (at, event) => {
    const { drs, drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const servers = addServers(2);
    drs.jobs.failNextLaunch(servers[0]?.sourceServerId ?? '', { at, rawError: 'no capacity' });
    const jobId = await startDrill(client, servers);
    await finishJobs();
    const job = await jobOf(client, jobId);
    expect(job?.status).toBe('COMPLETED');
    expect(statuses(job)).toEqual(['FAILED', 'LAUNCHED']);
    expect(job?.participatingServers?.[0]?.recoveryInstanceID).toBeUndefined();
    expect((await logOf(client, jobId)).find((item) => item.event === event)?.eventData).toMatchObject({
      sourceServerID: servers[0]?.sourceServerId,
      rawError: 'no capacity',
    });
  });

  it('fails where no data has been copied yet', async () => {
    const { fleet, drsClient, finishJobs } = await awsWorld();
    const replication = { state: 'INITIAL_SYNC', lastSeenAgo: 'PT1S' } as const;
    const jobId = await startDrill(drsClient(), [fleet.addSourceServer(serverRecord('new', { replication }))]);
    await finishJobs();
    expect(statuses(await jobOf(drsClient(), jobId))).toEqual(['FAILED']);
  });

  it('launches a stalled server from its last snapshot', async () => {
    const { clock, fleet, drsClient, finishJobs } = await awsWorld();
    const client = drsClient();
    const lastHeard = clock.now() - 3 * 60 * MINUTE;
    const replication = { state: 'STALLED', lagDuration: 'PT3H', lastSeenAgo: 'PT3H' } as const;
    const jobId = await startDrill(client, [fleet.addSourceServer(serverRecord('stalled', { replication }))]);
    await finishJobs();
    expect((await logOf(client, jobId)).map(({ event }) => event)).toContain('USING_PREVIOUS_SNAPSHOT');
    const { items } = await client.send(new DescribeRecoveryInstancesCommand({}));
    expect(Date.parse(items?.[0]?.pointInTimeSnapshotDateTime ?? '')).toBeLessThanOrEqual(lastHeard);
  });

  it('hangs for as long as its job is stuck', async () => {
    const { clock, drs, drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    drs.jobs.stickNextJob(ACCOUNT);
    const jobId = await startDrill(client, addServers(1));
    await clock.advance(24 * 60 * MINUTE);
    expect((await jobOf(client, jobId))?.status).toBe('PENDING');
    drs.jobs.releaseJob(jobId);
    await finishJobs();
    expect(statuses(await jobOf(client, jobId))).toEqual(['LAUNCHED']);
  });

  it('hangs half-way when its job is stopped half-way', async () => {
    const { clock, drs, drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const jobId = await startDrill(client, addServers(2));
    await clock.advance(4 * MINUTE);
    drs.jobs.stickJob(jobId);
    await clock.advance(24 * 60 * MINUTE);
    expect(statuses(await jobOf(client, jobId))).toEqual(['IN_PROGRESS', 'IN_PROGRESS']);
    drs.jobs.releaseJob(jobId);
    await finishJobs();
    expect(statuses(await jobOf(client, jobId))).toEqual(['LAUNCHED', 'LAUNCHED']);
  });
});

describe('points in time', () => {
  it('are every 10 minutes for an hour, every hour for a day, every day for a week', async () => {
    const { drsClient, addServers } = await awsWorld();
    const sourceServerID = addServers(1)[0]?.sourceServerId;
    const list = async (order: 'ASC' | 'DESC') =>
      (await drsClient().send(new DescribeRecoverySnapshotsCommand({ sourceServerID, order }))).items ?? [];
    const times = (await list('ASC')).map(({ expectedTimestamp }) => String(expectedTimestamp));
    expect(times).toEqual([...times].sort());
    // It is 3 o'clock, and the newest data is of some seconds before: 5 times after 2 o'clock, 23 hours, 6 earlier days.
    expect(times).toHaveLength(5 + 23 + 6);
    expect((await list('DESC')).map(({ snapshotID }) => snapshotID).reverse()).toEqual(
      (await list('ASC')).map(({ snapshotID }) => snapshotID),
    );
  });

  it('can be launched from', async () => {
    const { drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const sourceServerID = addServers(1)[0]?.sourceServerId;
    const { items } = await client.send(new DescribeRecoverySnapshotsCommand({ sourceServerID, order: 'ASC' }));
    const [oldest] = items ?? [];
    const sourceServers = [{ sourceServerID, recoverySnapshotID: oldest?.snapshotID }];
    await client.send(new StartRecoveryCommand({ sourceServers, isDrill: true }));
    await finishJobs();
    const launched = (await client.send(new DescribeRecoveryInstancesCommand({}))).items?.[0];
    expect(launched?.pointInTimeSnapshotDateTime).toBe(oldest?.expectedTimestamp);
    const gone = [{ sourceServerID, recoverySnapshotID: 'pit-00000000000000000' }];
    await expect(client.send(new StartRecoveryCommand({ sourceServers: gone }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('a termination', () => {
  it('is a job that ends the machines and DRS records of them', async () => {
    const { fleet, drsClient, ec2Client, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const instances = addServers(2).map(({ sourceServerId }) =>
      fleet.addRecoveryInstance(sourceServerId, { isDrill: true }),
    );
    const recoveryInstanceIDs = instances.map(({ instanceId }) => instanceId);
    const { job } = await client.send(new TerminateRecoveryInstancesCommand({ recoveryInstanceIDs }));
    expect(job).toMatchObject({ type: 'TERMINATE', initiatedBy: 'TERMINATE_RECOVERY_INSTANCES', status: 'PENDING' });
    await finishJobs();
    expect(statuses(await jobOf(client, job?.jobID ?? ''))).toEqual(['TERMINATED', 'TERMINATED']);
    expect((await client.send(new DescribeRecoveryInstancesCommand({}))).items).toEqual([]);
    const { Reservations } = await ec2Client().send(new DescribeInstancesCommand({}));
    const machines = Reservations?.flatMap(({ Instances }) => Instances ?? []);
    expect(machines?.map(({ State }) => State?.Name)).toEqual(['terminated', 'terminated']);
  });

  it('fails for a protected machine', async () => {
    const { fleet, drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const serverId = addServers(1)[0]?.sourceServerId ?? '';
    const { instanceId } = fleet.addRecoveryInstance(serverId, { isDrill: true, terminationProtection: true });
    const { job } = await client.send(new TerminateRecoveryInstancesCommand({ recoveryInstanceIDs: [instanceId] }));
    await finishJobs();
    expect(statuses(await jobOf(client, job?.jobID ?? ''))).toEqual(['FAILED']);
    expect((await client.send(new DescribeRecoveryInstancesCommand({}))).items).toHaveLength(1);
  });

  it('ends a live machine like one of a drill, and says so in its log', async () => {
    const { fleet, drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const { instanceId } = fleet.addRecoveryInstance(addServers(1)[0]?.sourceServerId ?? '', { isDrill: false });
    const { job } = await client.send(new TerminateRecoveryInstancesCommand({ recoveryInstanceIDs: [instanceId] }));
    await finishJobs();
    const log = await logOf(client, job?.jobID ?? '');
    expect(log.map(({ event }) => event)).toEqual(['JOB_START', 'CLEANUP_START', 'CLEANUP_END', 'JOB_END']);
    expect(log[1]?.eventData?.targetInstanceID).toBe(instanceId);
    expect(fleet.ec2Instance(instanceId)?.state).toBe('terminated');
  });

  it('is refused for a server that is in another job, for the 21st job, and for more than 200 instances', async () => {
    const { fleet, drsClient, addServers, drs } = await awsWorld();
    const client = drsClient();
    const servers = addServers(21);
    const ids = servers.map(
      ({ sourceServerId }) => fleet.addRecoveryInstance(sourceServerId, { isDrill: true }).instanceId,
    );
    const terminate = (...recoveryInstanceIDs: string[]) =>
      client.send(new TerminateRecoveryInstancesCommand({ recoveryInstanceIDs }));
    for (const id of ids.slice(0, 20)) await terminate(id);
    await expect(terminate(ids[0] ?? '')).rejects.toMatchObject({
      name: 'ConflictException',
      resourceId: servers[0]?.sourceServerId,
    });
    await expect(terminate(ids[20] ?? '')).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      quotaCode: 'L-D88FAC3A',
    });
    const many = Array.from({ length: 201 }, (_, at) => `i-${String(at).padStart(17, '0')}`);
    await expect(terminate(...many)).rejects.toMatchObject({ name: 'ValidationException' });
    expect(drs.jobs.list()).toHaveLength(20);
  });

  it('of something that DRS does not know is refused', async () => {
    const { drsClient } = await awsWorld();
    const call = new TerminateRecoveryInstancesCommand({ recoveryInstanceIDs: ['i-00000000000000000'] });
    await expect(drsClient().send(call)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
