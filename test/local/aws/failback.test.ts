import {
  DescribeJobLogItemsCommand,
  DescribeJobsCommand,
  DescribeRecoveryInstancesCommand,
  DescribeRecoverySnapshotsCommand,
  DescribeSourceServersCommand,
  type DrsClient,
  ReverseReplicationCommand,
  StartFailbackLaunchCommand,
  StartRecoveryCommand,
  TagResourceCommand,
  TerminateRecoveryInstancesCommand,
} from '@aws-sdk/client-drs';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { REGION } from '../../../src/local/accounts.ts';
import { ACCOUNT, awsWorld, HOUR, MINUTE, ORIGIN, serverRecord, statuses } from './aws-world.ts';

async function instanceOf(client: DrsClient, recoveryInstanceID: string) {
  const filters = { recoveryInstanceIDs: [recoveryInstanceID] };
  return (await client.send(new DescribeRecoveryInstancesCommand({ filters }))).items?.[0];
}

async function onlyServer(client: DrsClient) {
  const { items } = await client.send(new DescribeSourceServersCommand({}));
  expect(items).toHaveLength(1);
  return items?.[0];
}

/** A server on premises whose live recovery instance runs in AWS. */
async function onPremises() {
  const world = await awsWorld();
  const server = world.fleet.addSourceServer(serverRecord('claims-db-001', { diskGiB: [100, 200] }));
  const { instanceId } = world.fleet.addRecoveryInstance(server.sourceServerId, { isDrill: false });
  const client = world.drsClient();
  const launch = (recoveryInstanceIDs = [instanceId], tags?: Record<string, string>) =>
    client.send(new StartFailbackLaunchCommand({ recoveryInstanceIDs, tags }));
  return { ...world, server, instanceId, client, launch, describe: () => instanceOf(client, instanceId) };
}

/** A server of us-east-1 whose live recovery instance runs in the recovery Region; DRS has been set up in both. */
async function fromAws(options: { isDrill?: boolean; initialized?: boolean } = {}) {
  const world = await awsWorld();
  const { isDrill = false, initialized = true } = options;
  if (initialized) world.fleet.initializeAccount(ORIGIN.accountId, ORIGIN.region);
  const server = world.fleet.addSourceServer(serverRecord('conn-db-001', { origin: ORIGIN, diskGiB: [100, 200] }));
  const { instanceId } = world.fleet.addRecoveryInstance(server.sourceServerId, { isDrill });
  const client = world.drsClient();
  const originClient = world.drsClient(ORIGIN.accountId, 1, ORIGIN.region);
  const reverse = async (recoveryInstanceID = instanceId) => {
    const answer = await client.send(new ReverseReplicationCommand({ recoveryInstanceID }));
    return answer.reversedDirectionSourceServerArn ?? '';
  };
  return {
    ...world,
    server,
    instanceId,
    client,
    originClient,
    reverse,
    describe: () => instanceOf(client, instanceId),
  };
}

// API reference and user guide, "Failing back to on-premises environment": the failback client copies, then the launch.
describe('failback of a server on premises', () => {
  it('goes from not started over copying to ready for launch', async () => {
    const { clock, fleet, instanceId, events, describe: describeIt } = await onPremises();
    expect(await describeIt()).toMatchObject({
      originEnvironment: 'ON_PREMISES',
      failback: { state: 'FAILBACK_NOT_STARTED' },
      dataReplicationInfo: { dataReplicationState: 'NOT_STARTED' },
    });
    fleet.startFailbackReplication(instanceId);
    await clock.advance(3 * HOUR);
    const copying = await describeIt();
    expect(copying?.failback).toMatchObject({
      state: 'FAILBACK_IN_PROGRESS',
      failbackToOriginalServer: true,
      failbackInitiationTime: new Date(clock.now() - 3 * HOUR).toISOString(),
    });
    expect(copying?.dataReplicationInfo?.dataReplicationState).toBe('INITIAL_SYNC');
    const [disk] = copying?.dataReplicationInfo?.replicatedDisks ?? [];
    expect(disk?.replicatedStorageBytes).toBeGreaterThan(0);
    expect(disk?.replicatedStorageBytes).toBeLessThan(disk?.totalStorageBytes ?? 0);
    await clock.advance(Date.parse(copying?.dataReplicationInfo?.etaDateTime ?? '') - clock.now());
    expect(await describeIt()).toMatchObject({
      failback: { state: 'FAILBACK_READY_FOR_LAUNCH', elapsedReplicationDuration: expect.stringMatching(/^PT\d+S$/) },
      dataReplicationInfo: { dataReplicationState: 'CONTINUOUS', lagDuration: 'PT0S' },
    });
    expect(events.map(({ detail }) => detail)).toEqual([{ state: 'FAILBACK_IN_PROGRESS' }]);
  });

  it('is launched by a FAILBACK job, which leaves the recovery instance FAILBACK_COMPLETED', async () => {
    const { fleet, server, instanceId, client, launch, events, finishJobs, describe: describeIt } = await onPremises();
    fleet.setFailback(instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    const answer = await launch([instanceId], { 'dr-batch': 'exec-1' });
    const { job } = answer;
    expect(answer.$metadata.httpStatusCode).toBe(202);
    expect(job).toMatchObject({ type: 'LAUNCH', initiatedBy: 'FAILBACK', tags: { 'dr-batch': 'exec-1' } });
    expect(job?.participatingServers).toMatchObject([
      { sourceServerID: server.sourceServerId, recoveryInstanceID: instanceId, launchStatus: 'PENDING' },
    ]);
    expect((await describeIt())?.failback).toMatchObject({ state: 'FAILBACK_IN_PROGRESS', failbackJobID: job?.jobID });
    await finishJobs();
    const { items } = await client.send(new DescribeJobsCommand({ filters: { jobIDs: [job?.jobID ?? ''] } }));
    expect(statuses(items?.[0])).toEqual(['LAUNCHED']);
    const log = await client.send(new DescribeJobLogItemsCommand({ jobID: job?.jobID }));
    expect(log.items?.map(({ event }) => event)).toEqual([
      'JOB_START',
      'CONVERSION_START',
      'CONVERSION_END',
      'LAUNCH_START',
      'JOB_END',
    ]);
    expect((await describeIt())?.failback?.state).toBe('FAILBACK_COMPLETED');
    expect(events).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({
      source: 'aws.drs',
      'detail-type': 'DRS Recovery Instance Failback State Change',
      account: ACCOUNT,
      region: REGION,
      resources: [`arn:aws:drs:${REGION}:${ACCOUNT}:recovery-instance/${instanceId}`],
      detail: { state: 'FAILBACK_COMPLETED' },
    });
  });

  it('fails in its job when DRS is made to forget it meanwhile; the job ends', async () => {
    const { fleet, instanceId, client, launch, finishJobs } = await onPremises();
    fleet.setFailback(instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    const { job } = await launch();
    fleet.forgetRecoveryInstance(instanceId);
    await finishJobs();
    const { items } = await client.send(new DescribeJobsCommand({ filters: { jobIDs: [job?.jobID ?? ''] } }));
    expect(items?.[0]?.status).toBe('COMPLETED');
    expect(statuses(items?.[0])).toEqual(['FAILED']);
  });

  it('can fail in its job, and hang', async () => {
    const {
      clock,
      drs,
      fleet,
      server,
      instanceId,
      launch,
      events,
      finishJobs,
      describe: describeIt,
    } = await onPremises();
    fleet.setFailback(instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    drs.jobs.failNextLaunch(server.sourceServerId, { rawError: 'no boot volume' });
    drs.jobs.stickNextJob(ACCOUNT);
    const jobId = (await launch()).job?.jobID ?? '';
    await clock.advance(24 * HOUR);
    expect((await describeIt())?.failback?.state).toBe('FAILBACK_IN_PROGRESS');
    drs.jobs.releaseJob(jobId);
    await finishJobs();
    expect((await describeIt())?.failback?.state).toBe('FAILBACK_ERROR');
    expect(drs.jobs.get(jobId)?.participants.map(({ launchStatus }) => launchStatus)).toEqual(['FAILED']);
    expect(drs.jobs.get(jobId)?.log.map(({ rawError }) => rawError)).toContain('no boot volume');
    expect(events.at(-1)?.detail).toEqual({ state: 'FAILBACK_ERROR' });
  });

  it('is refused while it is not ready, when the instance is unknown, and for one from AWS', async () => {
    const { fleet, instanceId, launch, drs } = await onPremises();
    const conflict = { name: 'ConflictException', resourceId: instanceId, $metadata: { httpStatusCode: 409 } };
    await expect(launch()).rejects.toMatchObject(conflict);
    fleet.setFailback(instanceId, 'FAILBACK_NOT_READY_FOR_LAUNCH');
    await expect(launch()).rejects.toMatchObject(conflict);
    await expect(launch(['i-00000000000000000'])).rejects.toMatchObject({ name: 'ValidationException' });
    const inAws = fleet.addSourceServer(serverRecord('aws', { origin: ORIGIN }));
    const live = fleet.addRecoveryInstance(inAws.sourceServerId, { isDrill: false });
    fleet.setFailback(live.instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    await expect(launch([live.instanceId])).rejects.toMatchObject({ name: 'ValidationException' });
    expect(drs.jobs.list()).toEqual([]);
  });

  it('conflicts with another job of its server, and cannot be reversed as in AWS', async () => {
    const { fleet, instanceId, client, launch } = await onPremises();
    fleet.setFailback(instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    await launch();
    fleet.setFailback(instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    await expect(launch()).rejects.toMatchObject({ name: 'ConflictException' });
    const reverse = client.send(new ReverseReplicationCommand({ recoveryInstanceID: instanceId }));
    await expect(reverse).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('stays in the initial sync for as long as it is stuck', async () => {
    const { clock, fleet, server, instanceId, describe: describeIt } = await onPremises();
    fleet.stickFailback(server.sourceServerId);
    fleet.startFailbackReplication(instanceId);
    await clock.advance(100 * HOUR);
    expect((await describeIt())?.dataReplicationInfo?.dataReplicationState).toBe('INITIAL_SYNC');
    fleet.releaseFailback(server.sourceServerId);
    expect((await describeIt())?.failback?.state).toBe('FAILBACK_READY_FOR_LAUNCH');
  });
});

// User guide, "Performing a cross-Region failback"; API reference, ReverseReplication.
describe('failback of a server in AWS', () => {
  it('makes a source server in the account and Region that it came from', async () => {
    const { clock, server, client, originClient, reverse, describe: describeIt } = await fromAws();
    expect(await describeIt()).toMatchObject({
      originEnvironment: 'AWS',
      originAvailabilityZone: 'us-east-1b',
      failback: { state: 'FAILBACK_NOT_STARTED' },
    });
    const arn = await reverse();
    expect(arn).toMatch(/^arn:aws:drs:us-east-1:555555555555:source-server\/s-[0-9a-z]{17}$/);
    expect(await onlyServer(originClient)).toMatchObject({
      arn,
      replicationDirection: 'FAILBACK',
      reversedDirectionSourceServerArn: server.arn,
      sourceCloudProperties: { originAccountID: ACCOUNT, originRegion: REGION, originAvailabilityZone: `${REGION}a` },
      dataReplicationInfo: { dataReplicationState: 'INITIATING', stagingAvailabilityZone: 'us-east-1a' },
      sourceProperties: { identificationHints: { hostname: 'conn-db-001' } },
    });
    expect(await onlyServer(client)).toMatchObject({
      replicationDirection: 'FAILOVER',
      reversedDirectionSourceServerArn: arn,
      sourceCloudProperties: { originAccountID: ORIGIN.accountId, originRegion: ORIGIN.region },
    });
    const states: (string | undefined)[] = [];
    for (let minute = 0; minute < 12 * 60; minute += 10) {
      const state = (await onlyServer(originClient))?.dataReplicationInfo?.dataReplicationState;
      if (state !== states.at(-1)) states.push(state);
      const failback = (await describeIt())?.failback?.state;
      expect(failback).toBe(state === 'CONTINUOUS' ? 'FAILBACK_READY_FOR_LAUNCH' : 'FAILBACK_NOT_READY_FOR_LAUNCH');
      await clock.advance(10 * MINUTE);
    }
    expect(states).toEqual(['INITIATING', 'INITIAL_SYNC', 'CONTINUOUS']);
  });

  it('is launched in the origin Region by StartRecovery there, once there is data', async () => {
    const {
      clock,
      server,
      instanceId,
      originClient,
      reverse,
      ec2Client,
      finishJobs,
      events,
      describe: describeIt,
    } = await fromAws();
    const sourceServerID = (await reverse()).split('/')[1];
    const launch = async () => {
      const sourceServers = [{ sourceServerID }];
      const { job } = await originClient.send(new StartRecoveryCommand({ sourceServers }));
      await finishJobs();
      const { items } = await originClient.send(new DescribeJobsCommand({ filters: { jobIDs: [job?.jobID ?? ''] } }));
      return items?.[0];
    };
    expect(statuses(await launch())).toEqual(['FAILED']);
    await clock.advance(12 * HOUR);
    const job = await launch();
    expect(statuses(job)).toEqual(['LAUNCHED']);
    expect(job?.arn).toContain(':us-east-1:555555555555:job/');
    const failedBack = job?.participatingServers?.[0]?.recoveryInstanceID ?? '';
    expect(await instanceOf(originClient, failedBack)).toMatchObject({ isDrill: false, originEnvironment: 'AWS' });
    const [machine] =
      (
        await ec2Client(ORIGIN.accountId, ORIGIN.region).send(
          new DescribeInstancesCommand({ InstanceIds: [failedBack] }),
        )
      ).Reservations?.[0]?.Instances ?? [];
    expect(machine).toMatchObject({ State: { Name: 'running' }, Placement: { AvailabilityZone: 'us-east-1a' } });
    // The recovery instance goes on until somebody ends it; DRS shows the launch of the other direction.
    expect(await describeIt()).toMatchObject({
      ec2InstanceState: 'RUNNING',
      failback: { failbackJobID: job?.jobID, failbackLaunchType: 'RECOVERY' },
    });
    expect(events.at(-1)).toMatchObject({ account: ORIGIN.accountId, region: ORIGIN.region });
    expect(instanceId).not.toBe(failedBack);
    expect(server.recoveryInstanceId).toBe(instanceId);
  });

  it('is refused for a drill, where DRS has not been set up, twice, in a job, and when the machine is off', async () => {
    const drill = await fromAws({ isDrill: true });
    await expect(drill.reverse()).rejects.toMatchObject({ name: 'ValidationException' });
    const notSetUp = await fromAws({ initialized: false });
    await expect(notSetUp.reverse()).rejects.toMatchObject({ name: 'UninitializedAccountException' });
    await expect(onlyServer(notSetUp.originClient)).rejects.toMatchObject({ name: 'UninitializedAccountException' });

    const { fleet, drs, server, instanceId, reverse } = await fromAws();
    await expect(reverse('i-00000000000000000')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    fleet.setInstanceState(instanceId, 'stopped');
    await expect(reverse()).rejects.toMatchObject({ name: 'ConflictException' });
    fleet.setInstanceState(instanceId, 'running');
    const record = fleet.recoveryInstance(instanceId);
    const job = drs.jobs.startTerminate(ACCOUNT, record === undefined ? [] : [record]);
    drs.jobs.stickJob(job.jobId);
    await expect(reverse()).rejects.toMatchObject({ name: 'ConflictException', resourceId: server.sourceServerId });

    const twice = await fromAws();
    await twice.reverse();
    await expect(twice.reverse()).rejects.toMatchObject({ name: 'ConflictException', resourceId: twice.instanceId });
  });

  it('keeps the recovery instance from being terminated until the replication has been stopped', async () => {
    const { fleet, client, instanceId, reverse, finishJobs } = await fromAws();
    const reversedId = (await reverse()).split('/')[1] ?? '';
    const terminate = () => client.send(new TerminateRecoveryInstancesCommand({ recoveryInstanceIDs: [instanceId] }));
    await expect(terminate()).rejects.toMatchObject({ name: 'ConflictException', resourceId: instanceId });
    fleet.setReplication(reversedId, { state: 'STOPPED' });
    await terminate();
    await finishJobs();
    expect(fleet.ec2Instance(instanceId)?.state).toBe('terminated');
  });

  it('shows as an error when its copy stalls, stays ready with a lag, and is unknown without its source server', async () => {
    const { clock, fleet, reverse, describe: describeIt } = await fromAws();
    const reversedId = (await reverse()).split('/')[1] ?? '';
    const state = async () => (await describeIt())?.failback?.state;
    fleet.setReplication(reversedId, { state: 'STALLED' });
    expect(await state()).toBe('FAILBACK_ERROR');
    await clock.advance(24 * HOUR);
    expect(await state()).toBe('FAILBACK_ERROR');
    fleet.setReplication(reversedId, { state: 'CONTINUOUS' });
    fleet.setReplication(reversedId, { state: 'STALLED', lagDuration: 'PT1M' });
    expect(await state()).toBe('FAILBACK_READY_FOR_LAUNCH');
    fleet.removeSourceServer(reversedId);
    expect(await describeIt()).toMatchObject({
      failback: { state: 'FAILBACK_LAUNCH_STATE_NOT_AVAILABLE' },
      dataReplicationInfo: { dataReplicationState: 'REPLICATION_STATE_NOT_AVAILABLE' },
    });
    expect(await reverse()).not.toContain(reversedId);
  });

  it('has points in time from the end of its initial sync only', async () => {
    const { clock, originClient, reverse } = await fromAws();
    const sourceServerID = (await reverse()).split('/')[1];
    const snapshots = async () =>
      (await originClient.send(new DescribeRecoverySnapshotsCommand({ sourceServerID }))).items?.length;
    expect(await snapshots()).toBe(0);
    await clock.runUntil(
      async () => (await onlyServer(originClient))?.dataReplicationInfo?.dataReplicationState === 'CONTINUOUS',
    );
    expect(await snapshots()).toBe(0);
    await clock.advance(35 * MINUTE);
    expect([3, 4]).toContain(await snapshots());
  });

  it('is protected again by the source server that was failed over, and only that', async () => {
    const { clock, client, originClient, server, reverse, finishJobs } = await fromAws();
    const sourceServerID = (await reverse()).split('/')[1];
    await clock.advance(12 * HOUR);
    await originClient.send(new StartRecoveryCommand({ sourceServers: [{ sourceServerID }] }));
    await finishJobs();
    const { items } = await originClient.send(new DescribeRecoveryInstancesCommand({}));
    const recoveryInstanceID = items?.[0]?.recoveryInstanceID;
    const again = await originClient.send(new ReverseReplicationCommand({ recoveryInstanceID }));
    expect(again.reversedDirectionSourceServerArn).toBe(server.arn);
    expect((await onlyServer(client))?.dataReplicationInfo?.dataReplicationState).toBe('INITIATING');
  });

  it('has tags, quotas and servers of its own in each Region', async () => {
    const { originClient, client, reverse, server, drs } = await fromAws();
    const resourceArn = await reverse();
    await originClient.send(new TagResourceCommand({ resourceArn, tags: { a: '1' } }));
    expect((await onlyServer(originClient))?.tags).toEqual({ Name: 'conn-db-001', a: '1' });
    const wrongRegion = client.send(new TagResourceCommand({ resourceArn, tags: { a: '2' } }));
    await expect(wrongRegion).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const sourceServers = [{ sourceServerID: server.sourceServerId }];
    const elsewhere = originClient.send(new StartRecoveryCommand({ sourceServers }));
    await expect(elsewhere).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await client.send(new StartRecoveryCommand({ sourceServers, isDrill: true }));
    expect((await originClient.send(new DescribeJobsCommand({}))).items).toEqual([]);
    expect(drs.jobs.list(ACCOUNT, REGION)).toHaveLength(1);
    expect(drs.jobs.list(ACCOUNT, ORIGIN.region)).toEqual([]);
  });
});
