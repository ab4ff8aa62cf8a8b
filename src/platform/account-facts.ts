import type { SourceServer as DrsSourceServer, Job, RecoveryInstance } from '@aws-sdk/client-drs';
import type { Instance } from '@aws-sdk/client-ec2';
import { type ExistingInstance, ORIGINS, type SourceServer } from '../domain/server.ts';
import { vcpusInUse } from './account-quotas.ts';
import type { StagingAccount } from './configuration.ts';

/** The tag that DRS puts on the EC2 instances that it launches. */
export const SOURCE_SERVER_TAG = 'AWSElasticDisasterRecoverySourceServerID';

/** States in which DRS does not hear of the server any more. */
const SILENT_STATES = ['STALLED', 'DISCONNECTED'];

/** What was read beside the servers. */
export interface Surroundings {
  /** Recovery instances as DRS knows them. */
  known: RecoveryInstance[];
  /** EC2 instances with DRS's source-server tag. */
  tagged: Instance[];
  jobs: Job[];
}

/** A source server as the rules know it, from the answers of DRS and EC2. */
export function toSourceServer(
  server: DrsSourceServer,
  account: Pick<StagingAccount, 'accountId' | 'region'>,
  { known, tagged, jobs }: Surroundings,
): SourceServer {
  const id = server.sourceServerID ?? '';
  const { dataReplicationInfo, lifeCycle, sourceProperties } = server;
  return {
    sourceServerId: id,
    hostname: sourceProperties?.identificationHints?.hostname ?? id,
    accountId: account.accountId,
    region: account.region,
    arn: server.arn ?? id,
    stagingSourceServerArn: server.stagingArea?.stagingSourceServerArn,
    replicationState: dataReplicationInfo?.dataReplicationState ?? 'unknown',
    lagDuration: dataReplicationInfo?.lagDuration,
    dataAgeAt: dataAgeAt(server),
    lastSeen: lifeCycle?.lastSeenByServiceDateTime,
    lastLaunch: lastLaunchOf(server),
    cores: coresOf(server),
    origin: server.sourceCloudProperties?.originAccountID === undefined ? 'ON_PREMISES' : 'AWS',
    tags: server.tags ?? {},
    existingInstances: existingInstances(id, known, tagged),
    activeJobId: jobs.find((job) => isActiveOn(job, id))?.jobID,
  };
}

/** Where DRS gives no lag for a server that it does not hear of: nothing is newer than the last that it heard. */
function dataAgeAt({ dataReplicationInfo, lifeCycle }: DrsSourceServer): string | undefined {
  if (dataReplicationInfo?.lagDuration !== undefined) return undefined;
  return SILENT_STATES.includes(dataReplicationInfo?.dataReplicationState ?? '')
    ? lifeCycle?.lastSeenByServiceDateTime
    : undefined;
}

function lastLaunchOf({ lifeCycle, lastLaunchResult }: DrsSourceServer): SourceServer['lastLaunch'] {
  const { apiCallDateTime, jobID, type } = lifeCycle?.lastLaunch?.initiated ?? {};
  if (apiCallDateTime === undefined || type === undefined) return undefined;
  return { at: apiCallDateTime, type, status: lastLaunchResult ?? 'unknown', jobId: jobID };
}

/** The source's own: DRS launches a machine with as many, unless its launch template says otherwise. */
function coresOf({ sourceProperties }: DrsSourceServer): number | undefined {
  const cores = (sourceProperties?.cpus ?? []).map((cpu) => cpu.cores);
  if (cores.length === 0) return undefined;
  return cores.reduce<number | undefined>(
    (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
    0,
  );
}

/**
 * What a launch of this server would clean up: DRS's recovery instances, and EC2 instances with DRS's source-server tag
 * that DRS no longer knows (disconnected, or deleted there): those count as live.
 */
function existingInstances(sourceServerId: string, known: RecoveryInstance[], tagged: Instance[]): ExistingInstance[] {
  const ofServer = known.filter((instance) => instance.sourceServerID === sourceServerId);
  const inDrs: ExistingInstance[] = ofServer.map((instance) => ({
    recoveryInstanceId: instance.recoveryInstanceID ?? '',
    ec2InstanceId: instance.ec2InstanceID ?? '',
    state: instance.ec2InstanceState ?? 'UNKNOWN',
    isDrill: instance.isDrill === true,
    originEnvironment: ORIGINS.find((origin) => origin === instance.originEnvironment),
    failbackState: instance.failback?.state,
    vcpus: vcpusOf(tagged.find(({ InstanceId }) => InstanceId === instance.ec2InstanceID)),
  }));
  const onlyInEc2: ExistingInstance[] = tagged
    .filter((instance) => instance.Tags?.some((tag) => tag.Key === SOURCE_SERVER_TAG && tag.Value === sourceServerId))
    .filter((instance) => !ofServer.some((other) => other.ec2InstanceID === instance.InstanceId))
    .map((instance) => ({
      recoveryInstanceId: instance.InstanceId ?? '',
      ec2InstanceId: instance.InstanceId ?? '',
      state: (instance.State?.Name ?? 'unknown').toUpperCase(),
      isDrill: false,
      onlyInEc2: true,
    }));
  return [...inDrs, ...onlyInEc2];
}

function vcpusOf(instance: Instance | undefined): number | undefined {
  return instance === undefined ? undefined : vcpusInUse(instance);
}

function isActiveOn(job: Job, sourceServerId: string): boolean {
  return (
    job.status !== 'COMPLETED' &&
    (job.participatingServers ?? []).some((participant) => participant.sourceServerID === sourceServerId)
  );
}
