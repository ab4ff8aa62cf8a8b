/** A recovery instance as a drill's rules need to know it. */
export interface ExistingInstance {
  /** Recovery instance id, or the EC2 instance's where DRS no longer knows it. */
  recoveryInstanceId: string;
  ec2InstanceId: string;
  /** EC2 state as DRS or EC2 gives it, upper case, e.g. RUNNING. */
  state: string;
  isDrill: boolean;
}

/** A source server with what preflight looks at. */
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

/** True for an instance that a launch would destroy although people may depend on it: not a drill's, and not gone. */
export function isLive(instance: ExistingInstance): boolean {
  return !instance.isDrill && !GONE.includes(instance.state);
}

/** True for an earlier drill's instance that a new launch would clean up. */
export function isLeftover(instance: ExistingInstance): boolean {
  return instance.isDrill && !GONE.includes(instance.state);
}

/** True when `tags` has every pair of `wanted` (seed 4 §5.1: AND, exact). */
export function matchesTags(tags: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => tags[key] === value);
}
