import type { Ec2Instance, Fleet, RecoveryInstance, Replication, SourceServer } from '../fleet.ts';
import { durationMs, isoTime } from '../iso-time.ts';
import { copiedPart, lagAt, lastSeenAt } from '../sync.ts';
import type { Job, LogItem } from './jobs.ts';
import type {
  JobLogShape,
  JobShape,
  LaunchConfigurationShape,
  RecoveryInstanceShape,
  RecoverySnapshotShape,
  SourceServerShape,
} from './model.ts';
import type { RecoverySnapshot } from './snapshots.ts';

const GIB = 1024 ** 3;
const AGENT_VERSION = '4.12.7';
const CPU_MODEL = 'Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz';

/** Bytes written while a server lags, per millisecond of lag: 2 MiB a second. */
const WRITE_RATE = (2 * 1024 ** 2) / 1000;

const LAUNCH_RESULTS = {
  PENDING: 'PENDING',
  IN_PROGRESS: 'PENDING',
  LAUNCHED: 'SUCCEEDED',
  TERMINATED: 'SUCCEEDED',
  FAILED: 'FAILED',
} as const;

/** A source server as DRS describes it at `now`. */
export function sourceServerView(server: SourceServer, now: number): SourceServerShape {
  const { lastLaunch, origin, replication } = server;
  const stagingAccountID = server.extendedFrom?.split(':')[4] ?? server.accountId;
  const hasData = !['INITIATING', 'INITIAL_SYNC'].includes(replication.state);
  const firstByteAt = replication.sync?.transferAt ?? server.addedAt;
  return {
    sourceServerID: server.sourceServerId,
    arn: server.arn,
    tags: { ...server.tags },
    recoveryInstanceId: server.recoveryInstanceId,
    lastLaunchResult: lastLaunch === undefined ? 'NOT_STARTED' : LAUNCH_RESULTS[lastLaunch.status],
    dataReplicationInfo: replicationInfo(replication, server, `${server.region}a`, now),
    lifeCycle: {
      addedToServiceDateTime: isoTime(server.addedAt),
      firstByteDateTime: firstByteAt <= now ? isoTime(firstByteAt) : undefined,
      elapsedReplicationDuration: hasData ? elapsed(firstByteAt, now) : undefined,
      lastSeenByServiceDateTime: isoTime(lastSeenAt(replication, now)),
      lastLaunch:
        lastLaunch === undefined
          ? undefined
          : {
              initiated: {
                apiCallDateTime: isoTime(lastLaunch.at),
                jobID: lastLaunch.jobId,
                type: lastLaunch.isDrill ? 'DRILL' : 'RECOVERY',
              },
              status: lastLaunch.status,
            },
    },
    sourceProperties: {
      lastUpdatedDateTime: isoTime(lastSeenAt(replication, now)),
      recommendedInstanceType: server.instanceType,
      identificationHints: { hostname: server.hostname, fqdn: server.hostname, awsInstanceID: origin?.instanceId },
      networkInterfaces: [{ macAddress: macAddress(server.ip), ips: [server.ip], isPrimary: true }],
      disks: server.diskGiB.map((gib, at) => ({ deviceName: deviceName(at), bytes: gib * GIB })),
      ...hardware(server),
      supportsNitroInstances: true,
    },
    stagingArea: {
      status: server.extendedFrom === undefined ? 'NOT_EXTENDED' : 'EXTENDED',
      stagingAccountID,
      stagingSourceServerArn: server.extendedFrom,
    },
    sourceCloudProperties:
      origin === undefined
        ? undefined
        : {
            originAccountID: origin.accountId,
            originRegion: origin.region,
            originAvailabilityZone: origin.availabilityZone,
          },
    replicationDirection: server.direction,
    reversedDirectionSourceServerArn: server.oppositeArn,
    agentVersion: AGENT_VERSION,
  };
}

function elapsed(since: number, now: number): string {
  return `PT${Math.floor((now - since) / 1000)}S`;
}

function replicationInfo(
  replication: Replication,
  { diskGiB }: SourceServer,
  stagingAvailabilityZone: string,
  now: number,
): SourceServerShape['dataReplicationInfo'] {
  const { state, sync } = replication;
  return {
    lagDuration: lagAt(replication, now),
    etaDateTime: state === 'INITIAL_SYNC' && sync !== undefined ? isoTime(sync.doneAt) : undefined,
    replicatedDisks: replicatedDisks(replication, diskGiB, now),
    dataReplicationState: state,
    dataReplicationError:
      state === 'STALLED'
        ? { error: 'AGENT_NOT_SEEN', rawError: 'The AWS Replication Agent has not been seen.' }
        : undefined,
    stagingAvailabilityZone,
  };
}

function replicatedDisks(
  replication: Replication,
  diskGiB: readonly number[],
  now: number,
): SourceServerShape['dataReplicationInfo']['replicatedDisks'] {
  const lagMs = durationMs(lagAt(replication, now) ?? 'PT0S') ?? 0;
  const copied = copiedPart(replication, now);
  return diskGiB.map((gib, at) => ({
    deviceName: deviceName(at),
    totalStorageBytes: gib * GIB,
    replicatedStorageBytes: Math.floor(gib * GIB * copied),
    rescannedStorageBytes: 0,
    // All of the backlog is shown on the last disk, where data usually is.
    backloggedStorageBytes: at === diskGiB.length - 1 ? Math.min(gib * GIB, Math.round(lagMs * WRITE_RATE)) : 0,
  }));
}

function hardware(server: SourceServer): Pick<SourceServerShape['sourceProperties'], 'cpus' | 'ramBytes' | 'os'> {
  return {
    cpus: [{ cores: server.cpus, modelName: CPU_MODEL }],
    ramBytes: server.ramGiB * GIB,
    os: { fullString: server.os },
  };
}

function deviceName(at: number): string {
  return `/dev/sd${String.fromCharCode(97 + (at % 26))}${at < 26 ? '' : Math.floor(at / 26)}`;
}

function macAddress(ip: string): string {
  const octets = ip.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['00', '50', ...octets].join(':');
}

/** A job as DRS describes it. */
export function jobView(job: Job): JobShape {
  return {
    jobID: job.jobId,
    arn: job.arn,
    type: job.type,
    initiatedBy: job.initiatedBy,
    creationDateTime: isoTime(job.createdAt),
    endDateTime: job.endedAt === undefined ? undefined : isoTime(job.endedAt),
    status: job.status,
    participatingServers: job.participants.map(({ sourceServerId, recoveryInstanceId, launchStatus }) => ({
      sourceServerID: sourceServerId,
      recoveryInstanceID: recoveryInstanceId,
      launchStatus,
    })),
    tags: { ...job.tags },
  };
}

/** An entry of a job's log as DRS describes it. */
export function logItemView(item: LogItem): JobLogShape {
  const { sourceServerId, conversionServerId, targetInstanceId, rawError } = item;
  return {
    logDateTime: isoTime(item.at),
    event: item.event,
    eventData:
      sourceServerId === undefined
        ? undefined
        : {
            sourceServerID: sourceServerId,
            conversionServerID: conversionServerId,
            targetInstanceID: targetInstanceId,
            rawError,
          },
  };
}

/** A recovery instance as DRS describes it at `now`. */
export function recoveryInstanceView(record: RecoveryInstance, fleet: Fleet, now: number): RecoveryInstanceShape {
  const { server } = record;
  const machine = fleet.ec2Instance(record.instanceId, record.accountId, record.region);
  return {
    ec2InstanceID: record.instanceId,
    ec2InstanceState: ec2State(machine),
    jobID: record.jobId,
    recoveryInstanceID: record.instanceId,
    sourceServerID: record.sourceServerId,
    arn: record.arn,
    tags: { ...record.tags },
    ...failbackViews(record, fleet, now),
    recoveryInstanceProperties: {
      lastUpdatedDateTime: isoTime(now),
      identificationHints: { hostname: server.hostname, fqdn: server.hostname, awsInstanceID: record.instanceId },
      networkInterfaces:
        machine === undefined
          ? []
          : [{ macAddress: macAddress(machine.privateIp), ips: [machine.privateIp], isPrimary: true }],
      ...hardware(server),
    },
    pointInTimeSnapshotDateTime: isoTime(record.pointInTime),
    isDrill: record.isDrill,
    originEnvironment: server.origin === undefined ? 'ON_PREMISES' : 'AWS',
    originAvailabilityZone: server.origin?.availabilityZone,
  };
}

type FailbackViews = Pick<RecoveryInstanceShape, 'failback' | 'dataReplicationInfo'>;

function failbackViews(record: RecoveryInstance, fleet: Fleet, now: number): FailbackViews {
  if (record.reversedServerId !== undefined) {
    return reversedViews(record, fleet.sourceServer(record.reversedServerId), now);
  }
  const { replication, failback, server } = record;
  const { state, jobId, initiatedAt } = failback;
  if (replication === undefined) return { failback: { state, failbackJobID: jobId }, dataReplicationInfo: NOT_STARTED };
  const seen = isoTime(lastSeenAt(replication, now));
  return {
    failback: {
      state,
      failbackJobID: jobId,
      failbackClientID: `failback-client-${server.hostname}`,
      failbackInitiationTime: initiatedAt === undefined ? undefined : isoTime(initiatedAt),
      agentLastSeenByServiceDateTime: seen,
      failbackClientLastSeenByServiceDateTime: seen,
      failbackToOriginalServer: true,
      ...firstByte(replication, now),
    },
    dataReplicationInfo: replicationInfo(replication, server, `${record.region}a`, now),
  };
}

const NOT_STARTED = { dataReplicationState: 'NOT_STARTED' } as const;

/**
 * Failback within AWS is the replication of the source server that ReverseReplication has made. It is synchronizing (not
 * ready), ready as soon as there is data, also with a lag, or in error; never completed (DRS user guide, "Recovery
 * instances page", "Reversed direction launch state").
 */
function reversedViews(record: RecoveryInstance, reversed: SourceServer | undefined, now: number): FailbackViews {
  if (reversed === undefined) {
    return {
      failback: { state: 'FAILBACK_LAUNCH_STATE_NOT_AVAILABLE' },
      dataReplicationInfo: { dataReplicationState: 'REPLICATION_STATE_NOT_AVAILABLE' },
    };
  }
  const { replication, lastLaunch } = reversed;
  const { state, syncedAt, sync } = replication;
  const withoutData = ['STALLED', 'STOPPED', 'DISCONNECTED'].includes(state)
    ? 'FAILBACK_ERROR'
    : 'FAILBACK_NOT_READY_FOR_LAUNCH';
  const hasData = syncedAt !== undefined && state !== 'STOPPED' && state !== 'DISCONNECTED';
  return {
    failback: {
      state: hasData ? 'FAILBACK_READY_FOR_LAUNCH' : withoutData,
      failbackJobID: lastLaunch?.jobId,
      failbackInitiationTime: sync === undefined ? undefined : isoTime(sync.startedAt),
      agentLastSeenByServiceDateTime: isoTime(lastSeenAt(replication, now)),
      failbackToOriginalServer: false,
      ...firstByte(replication, now),
      failbackLaunchType: lastLaunch === undefined ? undefined : lastLaunch.isDrill ? 'DRILL' : 'RECOVERY',
    },
    dataReplicationInfo: replicationInfo(replication, record.server, `${reversed.region}a`, now),
  };
}

function firstByte({ sync }: Replication, now: number): Partial<FailbackViews['failback']> {
  if (sync === undefined || sync.transferAt > now) return {};
  return {
    firstByteDateTime: isoTime(sync.transferAt),
    elapsedReplicationDuration: elapsed(sync.transferAt, now),
  };
}

/** Launch settings as DRS describes them. */
export function launchConfigurationView(server: SourceServer): LaunchConfigurationShape {
  const { launchDisposition, rightSizing, copyPrivateIp, copyTags, osByol, launchIntoInstanceId } =
    server.launchSettings;
  return {
    sourceServerID: server.sourceServerId,
    name: server.hostname.slice(0, 128),
    ec2LaunchTemplateID: server.launchTemplateId,
    launchDisposition,
    targetInstanceTypeRightSizingMethod: rightSizing,
    copyPrivateIp,
    copyTags,
    licensing: { osByol },
    postLaunchEnabled: false,
    launchIntoInstanceProperties: { launchIntoEC2InstanceID: launchIntoInstanceId },
  };
}

const EC2_STATES = {
  pending: 'PENDING',
  running: 'RUNNING',
  stopping: 'STOPPING',
  stopped: 'STOPPED',
  'shutting-down': 'SHUTTING-DOWN',
  terminated: 'TERMINATED',
} as const;

function ec2State(machine: Ec2Instance | undefined): RecoveryInstanceShape['ec2InstanceState'] {
  return machine === undefined ? 'NOT_FOUND' : EC2_STATES[machine.state];
}

/** A point in time as DRS describes it. */
export function snapshotView(server: SourceServer, snapshot: RecoverySnapshot): RecoverySnapshotShape {
  return {
    snapshotID: snapshot.snapshotId,
    sourceServerID: server.sourceServerId,
    expectedTimestamp: isoTime(snapshot.at),
    timestamp: isoTime(snapshot.at),
  };
}
