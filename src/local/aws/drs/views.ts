import { type Ec2Instance, type Fleet, lastSeenAt, type RecoveryInstance, type SourceServer } from '../fleet.ts';
import { durationMs, isoTime } from '../iso-time.ts';
import type { Job, LogItem } from './jobs.ts';
import type {
  JobLogShape,
  JobShape,
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
export function sourceServerView(server: SourceServer, fleet: Fleet, now: number): SourceServerShape {
  const { lastLaunch, origin, replication } = server;
  const stagingAccountID = server.extendedFrom?.split(':')[4] ?? server.accountId;
  const hasData = !['INITIATING', 'INITIAL_SYNC'].includes(replication.state);
  return {
    sourceServerID: server.sourceServerId,
    arn: server.arn,
    tags: { ...server.tags },
    recoveryInstanceId: server.recoveryInstanceId,
    lastLaunchResult: lastLaunch === undefined ? 'NOT_STARTED' : LAUNCH_RESULTS[lastLaunch.status],
    dataReplicationInfo: {
      lagDuration: replication.lagDuration,
      replicatedDisks: replicatedDisks(server),
      dataReplicationState: replication.state,
      dataReplicationError:
        replication.state === 'STALLED'
          ? { error: 'AGENT_NOT_SEEN', rawError: 'The AWS Replication Agent has not been seen.' }
          : undefined,
      stagingAvailabilityZone: `${fleet.region}a`,
    },
    lifeCycle: {
      addedToServiceDateTime: isoTime(server.addedAt),
      firstByteDateTime: isoTime(server.addedAt),
      elapsedReplicationDuration: hasData ? `PT${Math.floor((now - server.addedAt) / 1000)}S` : undefined,
      lastSeenByServiceDateTime: isoTime(lastSeenAt(server, now)),
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
      lastUpdatedDateTime: isoTime(lastSeenAt(server, now)),
      recommendedInstanceType: server.instanceType,
      identificationHints: { hostname: server.hostname, fqdn: server.hostname },
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
    replicationDirection: 'FAILOVER',
    agentVersion: AGENT_VERSION,
  };
}

function replicatedDisks(server: SourceServer): SourceServerShape['dataReplicationInfo']['replicatedDisks'] {
  const lagMs = durationMs(server.replication.lagDuration ?? 'PT0S') ?? 0;
  return server.diskGiB.map((gib, at) => ({
    deviceName: deviceName(at),
    totalStorageBytes: gib * GIB,
    replicatedStorageBytes: gib * GIB,
    rescannedStorageBytes: 0,
    // All of the backlog is shown on the last disk, where data usually is.
    backloggedStorageBytes: at === server.diskGiB.length - 1 ? Math.min(gib * GIB, Math.round(lagMs * WRITE_RATE)) : 0,
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
    initiatedBy:
      job.type === 'TERMINATE' ? 'TERMINATE_RECOVERY_INSTANCES' : job.isDrill ? 'START_DRILL' : 'START_RECOVERY',
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

/** A recovery instance as DRS describes it; `machine` is its EC2 instance, if EC2 still shows it. */
export function recoveryInstanceView(
  record: RecoveryInstance,
  machine: Ec2Instance | undefined,
  now: number,
): RecoveryInstanceShape {
  const { server } = record;
  return {
    ec2InstanceID: record.instanceId,
    ec2InstanceState: ec2State(machine),
    jobID: record.jobId,
    recoveryInstanceID: record.instanceId,
    sourceServerID: record.sourceServerId,
    arn: record.arn,
    tags: { ...record.tags },
    failback: { state: 'FAILBACK_NOT_STARTED' },
    dataReplicationInfo: { dataReplicationState: 'NOT_STARTED' },
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
