/** Where a server ran before it was recovered, as DRS says it. */
export const ORIGINS = ['ON_PREMISES', 'AWS'] as const;
export type Origin = (typeof ORIGINS)[number];

/** A recovery instance as the rules need to know it. */
export interface ExistingInstance {
  /** Recovery instance id, or the EC2 instance's where DRS no longer knows it. */
  recoveryInstanceId: string;
  ec2InstanceId: string;
  /** EC2 state as DRS or EC2 gives it, upper case, e.g. RUNNING. */
  state: string;
  isDrill: boolean;
  /** True when only EC2 still knows it: DRS can neither terminate it nor fail it back. */
  onlyInEc2?: boolean;
  /** Where the server ran before it was recovered. */
  originEnvironment?: Origin;
  /** FailbackState of the DRS API. */
  failbackState?: string;
  /** vCPUs that it takes of the account's quota; absent when it takes none, or nobody knows how many. */
  vcpus?: number;
}

/** The last launch that DRS remembers of a server (lifeCycle.lastLaunch of the DRS API). */
export interface LastLaunch {
  /** ISO 8601. */
  at: string;
  /** RECOVERY or DRILL. */
  type: string;
  /** LastLaunchResult of the DRS API. */
  status: string;
  jobId?: string;
}

/** A point in time that a server can be launched from. */
export interface RecoverySnapshot {
  /** `pit-…` */
  id: string;
  /** ISO 8601. */
  at: string;
}

/** How DRS would launch a server; or why that could not be read. */
export type LaunchSettings =
  | { subnetId?: string; vpcId?: string; copyPrivateIp: boolean; launchTemplateId?: string; unreadable?: undefined }
  | { unreadable: string };

/** A source server with what preflight looks at. An optional fact that is absent was not asked for. */
export interface SourceServer {
  sourceServerId: string;
  hostname: string;
  accountId: string;
  region: string;
  /** ARN of the server in the staging account it was extended from; equals `arn` or is empty otherwise. */
  stagingSourceServerArn?: string;
  arn: string;
  /** DataReplicationState of the DRS API. */
  replicationState: string;
  /** How far the copy is behind, ISO 8601 duration; absent when DRS gives none. */
  lagDuration?: string;
  /** The moment up to which the copy is complete, ISO 8601. */
  dataAgeAt?: string;
  /** When DRS last heard of the server, ISO 8601. */
  lastSeen?: string;
  lastLaunch?: LastLaunch;
  /** The points in time that it can be launched from; only when the request asks for one. */
  snapshots?: RecoverySnapshot[];
  launchSettings?: LaunchSettings;
  /** vCPUs that its launch needs. */
  cores?: number;
  /** Where it runs when it is not recovered. */
  origin?: Origin;
  tags: Record<string, string>;
  existingInstances: ExistingInstance[];
  /** The active job on the server, when there is one. */
  activeJobId?: string;
}

/** Replication health in the words of the cards. */
export const ReplicationHealth = ['ok', 'lagging', 'paused', 'stalled', 'not ready', 'unknown'] as const;
export type ReplicationHealth = (typeof ReplicationHealth)[number];

const HEALTH_OF_STATE = new Map<string, ReplicationHealth>([
  ['CONTINUOUS', 'ok'],
  ['CREATING_SNAPSHOT', 'ok'],
  ['BACKLOG', 'lagging'],
  ['RESCAN', 'lagging'],
  ['PAUSED', 'paused'],
  ['STALLED', 'stalled'],
  ['DISCONNECTED', 'stalled'],
  ['STOPPED', 'not ready'],
  ['INITIATING', 'not ready'],
  ['INITIAL_SYNC', 'not ready'],
]);

/** Health of a DataReplicationState; a state that the API model does not have is `unknown`. */
export function healthOf(replicationState: string): ReplicationHealth {
  return HEALTH_OF_STATE.get(replicationState) ?? 'unknown';
}

/** EC2 states in which nothing is left to destroy (DRS: EC2InstanceState). */
const GONE = ['TERMINATED', 'NOT_FOUND'];

/** True for an EC2 state in which the instance no longer exists. */
export function isGone(state: string): boolean {
  return GONE.includes(state);
}

/** True for an instance that a launch would destroy although people may depend on it: not a drill's, and not gone. */
export function isLive(instance: ExistingInstance): boolean {
  return !instance.isDrill && !isGone(instance.state);
}

/** True for an earlier drill's instance that a new launch would clean up. */
export function isLeftover(instance: ExistingInstance): boolean {
  return instance.isDrill && !isGone(instance.state);
}

/** True when `tags` has every pair of `wanted` (seed 4 §5.1: AND, exact). */
export function matchesTags(tags: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => tags[key] === value);
}

/** In which order servers start: 0 for DR-Priority high, then medium, low, and 3 for none or another value. */
export function startRank(priority: string | undefined): number {
  const rank = ['high', 'medium', 'low'].indexOf((priority ?? '').trim().toLowerCase());
  return rank === -1 ? 3 : rank;
}
