/**
 * The shapes of the DRS API, version 2020-02-26, that the simulator reads and writes: required members, unknown members,
 * enums, patterns, lengths and ranges as in AWS's API model. Optional members that the simulator never writes are left
 * out of the answers; all members are there in the requests.
 */
import { z } from 'zod';
import { REPLICATION_STATES } from '../../inventory.ts';

const accountId = z.string().regex(/^\d{12}$/);
const arn = z.string().regex(/^arn:.{16,2044}$/);
const sourceServerId = z.string().regex(/^s-[0-9a-zA-Z]{17}$/);
const jobId = z.string().regex(/^drsjob-[0-9a-zA-Z]{17}$/);
const snapshotId = z.string().regex(/^pit-[0-9a-zA-Z]{17}$/);
const recoveryInstanceId = z
  .string()
  .max(19)
  .regex(/^i-[0-9a-fA-F]{8,}$/);
const ec2InstanceId = z
  .string()
  .max(255)
  .regex(/^i-[0-9a-fA-F]{8,}$/);
const dateTime = z
  .string()
  .min(19)
  .max(32)
  .regex(
    /^[1-9][0-9]*-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([0-1][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?Z$/,
  );
const duration = z.string().min(1).max(64);
const bounded = z.string().max(256);
const largeBounded = z.string().max(65_536);
const availabilityZone = z
  .string()
  .max(255)
  .regex(
    /^(us(-gov)?|ap|ca|cn|eu|eusc|sa|af|me|il)-([a-z]{2}-)?(central|north|(north(?:east|west))|south|south(?:east|west)|east|west)-[0-9][a-z]$/,
  );
const awsRegion = z
  .string()
  .max(255)
  .regex(
    /^(us(-gov)?|ap|ca|cn|eu|eusc|sa|af|me|il)-([a-z]{2}-)?(central|north|(north(?:east|west))|south|south(?:east|west)|east|west)-[0-9]$/,
  );
const tagsMap = z.record(z.string().max(256), z.string().max(256));
const size = z.int().min(0);
const launchStatus = z.enum(['PENDING', 'IN_PROGRESS', 'LAUNCHED', 'FAILED', 'TERMINATED']);

const paging = {
  maxResults: z.int().min(1).max(2_147_483_647).optional(),
  nextToken: z.string().max(2048).optional(),
};
const page = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), nextToken: z.string().max(2048).optional() });

const identificationHints = z.strictObject({
  fqdn: bounded.optional(),
  hostname: bounded.optional(),
  awsInstanceID: ec2InstanceId.optional(),
});
const networkInterfaces = z
  .array(z.strictObject({ macAddress: bounded.optional(), ips: z.array(bounded), isPrimary: z.boolean() }))
  .max(32);
const cpus = z.array(z.strictObject({ cores: size, modelName: bounded })).max(256);
const os = z.strictObject({ fullString: bounded });

const lastLaunch = z.strictObject({
  initiated: z.strictObject({ apiCallDateTime: dateTime, jobID: jobId, type: z.enum(['RECOVERY', 'DRILL']) }),
  status: launchStatus,
});

const dataReplicationInfo = z.strictObject({
  lagDuration: duration.optional(),
  etaDateTime: dateTime.optional(),
  replicatedDisks: z
    .array(
      z.strictObject({
        deviceName: bounded,
        totalStorageBytes: size,
        replicatedStorageBytes: size,
        rescannedStorageBytes: size,
        backloggedStorageBytes: size,
      }),
    )
    .max(60),
  dataReplicationState: z.enum(REPLICATION_STATES),
  dataReplicationError: z
    .strictObject({ error: z.enum(['AGENT_NOT_SEEN', 'NOT_CONVERGING', 'UNSTABLE_NETWORK']), rawError: largeBounded })
    .optional(),
  stagingAvailabilityZone: availabilityZone,
});

const sourceServerArn = z
  .string()
  .min(20)
  .max(2048)
  .regex(/^arn:(?:[0-9a-zA-Z_-]+:){3}([0-9]{12,}):source-server\/(s-[0-9a-zA-Z]{17})$/);

const sourceServer = z.strictObject({
  sourceServerID: sourceServerId,
  arn,
  tags: tagsMap,
  recoveryInstanceId: recoveryInstanceId.optional(),
  lastLaunchResult: z.enum(['NOT_STARTED', 'PENDING', 'SUCCEEDED', 'FAILED']),
  dataReplicationInfo,
  lifeCycle: z.strictObject({
    addedToServiceDateTime: dateTime,
    firstByteDateTime: dateTime.optional(),
    elapsedReplicationDuration: duration.optional(),
    lastSeenByServiceDateTime: dateTime,
    lastLaunch: lastLaunch.optional(),
  }),
  sourceProperties: z.strictObject({
    lastUpdatedDateTime: dateTime,
    recommendedInstanceType: z.string().max(255),
    identificationHints,
    networkInterfaces,
    disks: z.array(z.strictObject({ deviceName: bounded, bytes: size })).max(1000),
    cpus,
    ramBytes: size,
    os,
    supportsNitroInstances: z.boolean(),
  }),
  stagingArea: z.strictObject({
    status: z.enum(['EXTENDED', 'EXTENSION_ERROR', 'NOT_EXTENDED']),
    stagingAccountID: accountId,
    stagingSourceServerArn: arn.optional(),
  }),
  sourceCloudProperties: z
    .strictObject({ originAccountID: accountId, originRegion: awsRegion, originAvailabilityZone: availabilityZone })
    .optional(),
  replicationDirection: z.enum(['FAILOVER', 'FAILBACK']),
  reversedDirectionSourceServerArn: sourceServerArn.optional(),
  agentVersion: z.string().regex(/^[0-9]{1,5}.[0-9]{1,5}.[0-9]{1,5}(.[0-9]{4}.[0-9]{3}.[0-9]{4})?$/),
});

const job = z.strictObject({
  jobID: jobId,
  arn,
  type: z.enum(['LAUNCH', 'TERMINATE', 'CREATE_CONVERTED_SNAPSHOT']),
  initiatedBy: z.enum([
    'START_RECOVERY',
    'START_DRILL',
    'FAILBACK',
    'DIAGNOSTIC',
    'TERMINATE_RECOVERY_INSTANCES',
    'TARGET_ACCOUNT',
    'CREATE_NETWORK_RECOVERY',
    'UPDATE_NETWORK_RECOVERY',
    'ASSOCIATE_NETWORK_RECOVERY',
  ]),
  creationDateTime: dateTime,
  endDateTime: dateTime.optional(),
  status: z.enum(['PENDING', 'STARTED', 'COMPLETED']),
  participatingServers: z.array(
    z.strictObject({
      sourceServerID: sourceServerId,
      recoveryInstanceID: recoveryInstanceId.optional(),
      launchStatus,
    }),
  ),
  tags: tagsMap,
});

const jobLog = z.strictObject({
  logDateTime: dateTime,
  event: z.enum([
    'JOB_START',
    'SERVER_SKIPPED',
    'CLEANUP_START',
    'CLEANUP_END',
    'CLEANUP_FAIL',
    'SNAPSHOT_START',
    'SNAPSHOT_END',
    'SNAPSHOT_FAIL',
    'USING_PREVIOUS_SNAPSHOT',
    'USING_PREVIOUS_SNAPSHOT_FAILED',
    'CONVERSION_START',
    'CONVERSION_END',
    'CONVERSION_FAIL',
    'LAUNCH_START',
    'LAUNCH_FAILED',
    'JOB_CANCEL',
    'JOB_END',
  ]),
  eventData: z
    .strictObject({
      sourceServerID: sourceServerId.optional(),
      conversionServerID: ec2InstanceId.optional(),
      targetInstanceID: ec2InstanceId.optional(),
      rawError: largeBounded.optional(),
    })
    .optional(),
});

const recoveryInstance = z.strictObject({
  ec2InstanceID: ec2InstanceId,
  ec2InstanceState: z.enum(['PENDING', 'RUNNING', 'STOPPING', 'STOPPED', 'SHUTTING-DOWN', 'TERMINATED', 'NOT_FOUND']),
  jobID: jobId,
  recoveryInstanceID: recoveryInstanceId,
  sourceServerID: sourceServerId,
  arn,
  tags: tagsMap,
  failback: z.strictObject({
    state: z.enum([
      'FAILBACK_NOT_STARTED',
      'FAILBACK_IN_PROGRESS',
      'FAILBACK_READY_FOR_LAUNCH',
      'FAILBACK_COMPLETED',
      'FAILBACK_ERROR',
      'FAILBACK_NOT_READY_FOR_LAUNCH',
      'FAILBACK_LAUNCH_STATE_NOT_AVAILABLE',
    ]),
    failbackClientID: bounded.optional(),
    failbackJobID: jobId.optional(),
    failbackInitiationTime: dateTime.optional(),
    agentLastSeenByServiceDateTime: dateTime.optional(),
    failbackClientLastSeenByServiceDateTime: dateTime.optional(),
    failbackToOriginalServer: z.boolean().optional(),
    firstByteDateTime: dateTime.optional(),
    elapsedReplicationDuration: duration.optional(),
    failbackLaunchType: z.enum(['RECOVERY', 'DRILL']).optional(),
  }),
  dataReplicationInfo: z.strictObject({
    lagDuration: duration.optional(),
    etaDateTime: dateTime.optional(),
    replicatedDisks: dataReplicationInfo.shape.replicatedDisks.optional(),
    dataReplicationState: z.enum([...REPLICATION_STATES, 'REPLICATION_STATE_NOT_AVAILABLE', 'NOT_STARTED']),
    dataReplicationError: dataReplicationInfo.shape.dataReplicationError,
    stagingAvailabilityZone: availabilityZone.optional(),
  }),
  recoveryInstanceProperties: z.strictObject({
    lastUpdatedDateTime: dateTime,
    identificationHints,
    networkInterfaces,
    cpus,
    ramBytes: size,
    os,
  }),
  pointInTimeSnapshotDateTime: dateTime,
  isDrill: z.boolean(),
  originEnvironment: z.enum(['ON_PREMISES', 'AWS']),
  originAvailabilityZone: availabilityZone.optional(),
});

const recoverySnapshot = z.strictObject({
  snapshotID: snapshotId,
  sourceServerID: sourceServerId,
  expectedTimestamp: dateTime,
  timestamp: dateTime.optional(),
  ebsSnapshots: z.array(z.string().regex(/^snap-[0-9a-zA-Z]{17}$/)).optional(),
});

const launchConfiguration = z.strictObject({
  sourceServerID: sourceServerId,
  name: z.string().max(128),
  ec2LaunchTemplateID: bounded,
  launchDisposition: z.enum(['STOPPED', 'STARTED']),
  targetInstanceTypeRightSizingMethod: z.enum(['NONE', 'BASIC', 'IN_AWS']),
  copyPrivateIp: z.boolean(),
  copyTags: z.boolean(),
  licensing: z.strictObject({ osByol: z.boolean() }),
  postLaunchEnabled: z.boolean(),
  launchIntoInstanceProperties: z.strictObject({ launchIntoEC2InstanceID: ec2InstanceId.optional() }),
});

/** Inputs of the simulated operations. */
export const requests = {
  DescribeSourceServers: z.strictObject({
    filters: z
      .strictObject({
        sourceServerIDs: z.array(sourceServerId).max(200).optional(),
        hardwareId: bounded.optional(),
        stagingAccountIDs: z.array(accountId).max(200).optional(),
      })
      .optional(),
    ...paging,
  }),
  StartRecovery: z.strictObject({
    sourceServers: z
      .array(z.strictObject({ sourceServerID: sourceServerId, recoverySnapshotID: snapshotId.optional() }))
      .min(1)
      .max(200),
    isDrill: z.boolean().optional(),
    tags: tagsMap.optional(),
  }),
  DescribeJobs: z.strictObject({
    filters: z
      .strictObject({
        jobIDs: z.array(jobId).max(1000).optional(),
        fromDate: dateTime.optional(),
        toDate: dateTime.optional(),
      })
      .optional(),
    ...paging,
  }),
  DescribeJobLogItems: z.strictObject({ jobID: jobId, ...paging }),
  DescribeRecoveryInstances: z.strictObject({
    filters: z
      .strictObject({
        recoveryInstanceIDs: z.array(recoveryInstanceId).max(200).optional(),
        sourceServerIDs: z.array(sourceServerId).optional(),
      })
      .optional(),
    ...paging,
  }),
  TerminateRecoveryInstances: z.strictObject({ recoveryInstanceIDs: z.array(recoveryInstanceId).min(1).max(200) }),
  DescribeRecoverySnapshots: z.strictObject({
    sourceServerID: sourceServerId,
    filters: z.strictObject({ fromDateTime: dateTime.optional(), toDateTime: dateTime.optional() }).optional(),
    order: z.enum(['ASC', 'DESC']).optional(),
    ...paging,
  }),
  StartFailbackLaunch: z.strictObject({
    recoveryInstanceIDs: z.array(recoveryInstanceId).min(1).max(200),
    tags: tagsMap.optional(),
  }),
  ReverseReplication: z.strictObject({ recoveryInstanceID: recoveryInstanceId }),
  GetLaunchConfiguration: z.strictObject({ sourceServerID: sourceServerId }),
  ListTagsForResource: z.strictObject({ resourceArn: arn }),
  TagResource: z.strictObject({ resourceArn: arn, tags: tagsMap }),
};

/** Outputs of the simulated operations. */
export const answers = {
  DescribeSourceServers: page(sourceServer),
  StartRecovery: z.strictObject({ job }),
  DescribeJobs: page(job),
  DescribeJobLogItems: page(jobLog),
  DescribeRecoveryInstances: page(recoveryInstance),
  TerminateRecoveryInstances: z.strictObject({ job }),
  DescribeRecoverySnapshots: page(recoverySnapshot),
  StartFailbackLaunch: z.strictObject({ job }),
  ReverseReplication: z.strictObject({ reversedDirectionSourceServerArn: sourceServerArn }),
  GetLaunchConfiguration: launchConfiguration,
  ListTagsForResource: z.strictObject({ tags: tagsMap }),
  TagResource: z.strictObject({}),
};

/** Names of the simulated operations. */
export type OperationName = keyof typeof requests;
/** Input of an operation, checked. */
export type RequestOf<Name extends OperationName> = z.infer<(typeof requests)[Name]>;
/** Output of an operation. */
export type AnswerOf<Name extends OperationName> = z.infer<(typeof answers)[Name]>;

/** A source server as DRS describes it. */
export type SourceServerShape = z.infer<typeof sourceServer>;
/** A job as DRS describes it. */
export type JobShape = z.infer<typeof job>;
/** A recovery instance as DRS describes it. */
export type RecoveryInstanceShape = z.infer<typeof recoveryInstance>;
/** An entry of a job's log as DRS describes it. */
export type JobLogShape = z.infer<typeof jobLog>;
/** Kinds of entries in a job's log. */
export type JobLogEvent = JobLogShape['event'];
/** Launch settings as DRS describes them. */
export type LaunchConfigurationShape = z.infer<typeof launchConfiguration>;
/** A point in time as DRS describes it. */
export type RecoverySnapshotShape = z.infer<typeof recoverySnapshot>;
