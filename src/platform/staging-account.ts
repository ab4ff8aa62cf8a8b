import {
  DescribeJobsCommand,
  DescribeRecoveryInstancesCommand,
  DescribeSourceServersCommand,
  DrsClient,
  type SourceServer as DrsSourceServer,
  type Job,
  type RecoveryInstance,
} from '@aws-sdk/client-drs';
import { DescribeInstancesCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { DrError, messageOf, nameOf } from '../domain/errors.ts';
import type { ExistingInstance, SourceServer } from '../domain/server.ts';
import { matchesTags } from '../domain/server.ts';
import type { StagingAccount } from './configuration.ts';
import type { Platform } from './platform.ts';

/** The tag that DRS puts on the EC2 instances that it launches. */
export const SOURCE_SERVER_TAG = 'AWSElasticDisasterRecoverySourceServerID';

/** Most ids in one filter (DRS API model). */
const MAX_FILTER_IDS = 200;
/** Jobs older than this have ended: the longest launch (Windows first boot) takes under two hours. */
const JOB_LOOKBACK_MS = 24 * 3_600_000;
/** States of EC2 instances that still exist. */
const EXISTING_STATES = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];
/** Errors that mean the role or the account does not let us in. */
const ACCESS_ERRORS = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'UnrecognizedClientException'];

/** What is read of a launched server. */
export interface LaunchedInstance {
  sourceServerId: string;
  recoveryInstanceId: string;
  ec2InstanceId: string;
  privateIp?: string;
  launchTime?: string;
}

/** Reads DRS and EC2 of one staging account, through its reader role. */
export type StagingAccountReader = ReturnType<typeof stagingAccountReader>;

/**
 * Readers of the staging accounts, one for each account and Region, made once: a client keeps its assumed role's
 * credentials, a new one would assume the role again.
 */
export function stagingAccountReaders(platform: Platform): (account: StagingAccount) => StagingAccountReader {
  const readers = new Map<string, StagingAccountReader>();
  return (account) => {
    const key = JSON.stringify(account);
    const reader = readers.get(key) ?? stagingAccountReader(platform, account);
    readers.set(key, reader);
    return reader;
  };
}

function stagingAccountReader(platform: Platform, account: StagingAccount) {
  const credentials = fromTemporaryCredentials({
    ...(platform.credentials === undefined ? {} : { masterCredentials: platform.credentials }),
    params: {
      RoleArn: account.roleArn,
      ExternalId: account.externalId,
      RoleSessionName: 'dr-chatops',
      DurationSeconds: 900,
    },
    clientConfig: { region: account.region },
  });
  const drs = new DrsClient({ region: account.region, credentials, retryMode: 'adaptive' });
  const ec2 = new EC2Client({ region: account.region, credentials, retryMode: 'adaptive' });

  async function allSourceServers(): Promise<DrsSourceServer[]> {
    return await pages((nextToken) =>
      drs.send(new DescribeSourceServersCommand({ filters: {}, maxResults: 200, nextToken })),
    );
  }

  async function recoveryInstances(sourceServerIDs: string[]): Promise<RecoveryInstance[]> {
    return await inChunks(sourceServerIDs, (chunk) =>
      pages((nextToken) =>
        drs.send(
          new DescribeRecoveryInstancesCommand({ filters: { sourceServerIDs: chunk }, maxResults: 100, nextToken }),
        ),
      ),
    );
  }

  async function ec2Instances(sourceServerIds: string[]): Promise<Instance[]> {
    return await inChunks(sourceServerIds, async (chunk) => {
      const instances: Instance[] = [];
      let NextToken: string | undefined;
      do {
        const page = await ec2.send(
          new DescribeInstancesCommand({
            Filters: [
              { Name: `tag:${SOURCE_SERVER_TAG}`, Values: chunk },
              { Name: 'instance-state-name', Values: EXISTING_STATES },
            ],
            NextToken,
          }),
        );
        instances.push(...(page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []));
        NextToken = page.NextToken;
      } while (NextToken !== undefined && NextToken !== '');
      return instances;
    });
  }

  async function jobsSince(since: number): Promise<Job[]> {
    const fromDate = new Date(since).toISOString();
    return await pages((nextToken) =>
      drs.send(new DescribeJobsCommand({ filters: { fromDate }, maxResults: 100, nextToken })),
    );
  }

  return {
    account,

    /**
     * The source servers that carry all of `tags`, each with its existing instances and its running job.
     * @throws {DrError} CrossAccountAccessDenied when the account does not let us in.
     */
    async discover(tags: Record<string, string>): Promise<SourceServer[]> {
      return await explained(account, async () => {
        const matching = (await allSourceServers()).filter((server) => matchesTags(server.tags ?? {}, tags));
        if (matching.length === 0) return [];
        const ids = matching.map((server) => server.sourceServerID ?? '');
        const [known, tagged, jobs] = await Promise.all([
          recoveryInstances(ids),
          ec2Instances(ids),
          jobsSince(platform.now() - JOB_LOOKBACK_MS),
        ]);
        return matching.map((server) => toSourceServer(server, account, { known, tagged, jobs }));
      });
    },

    /** Number of servers by their value of every tag in `keys`, over the whole account. */
    async allTags(): Promise<Record<string, string>[]> {
      return await explained(account, async () => (await allSourceServers()).map((server) => server.tags ?? {}));
    },

    /** The jobs since a moment (milliseconds since the epoch) that carry all of `tags`. */
    async jobsWithTags(tags: Record<string, string>, since: number): Promise<Job[]> {
      return await explained(account, async () =>
        (await jobsSince(since)).filter((job) => matchesTags(job.tags ?? {}, tags)),
      );
    },

    /** Details of the recovery instances that exist now for these servers, drill instances among them. */
    async launchedInstances(sourceServerIds: string[]): Promise<LaunchedInstance[]> {
      return await explained(account, async () => {
        const [known, tagged] = await Promise.all([recoveryInstances(sourceServerIds), ec2Instances(sourceServerIds)]);
        const byId = new Map(tagged.map((instance) => [instance.InstanceId ?? '', instance]));
        return known.map((instance) => {
          const ec2Instance = byId.get(instance.ec2InstanceID ?? '');
          return {
            sourceServerId: instance.sourceServerID ?? '',
            recoveryInstanceId: instance.recoveryInstanceID ?? '',
            ec2InstanceId: instance.ec2InstanceID ?? '',
            privateIp: ec2Instance?.PrivateIpAddress,
            launchTime: ec2Instance?.LaunchTime?.toISOString(),
          };
        });
      });
    },
  };
}

async function pages<T>(
  ask: (nextToken: string | undefined) => Promise<{ items?: T[]; nextToken?: string }>,
): Promise<T[]> {
  const items: T[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ask(nextToken);
    items.push(...(page.items ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined && nextToken !== '');
  return items;
}

async function inChunks<T>(ids: string[], ask: (chunk: string[]) => Promise<T[]>): Promise<T[]> {
  const answers: T[] = [];
  for (let start = 0; start < ids.length; start += MAX_FILTER_IDS) {
    answers.push(...(await ask(ids.slice(start, start + MAX_FILTER_IDS))));
  }
  return answers;
}

async function explained<T>(account: StagingAccount, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!ACCESS_ERRORS.includes(nameOf(cause))) throw cause;
    throw new DrError('CrossAccountAccessDenied', `access denied for ${account.roleArn}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function toSourceServer(
  server: DrsSourceServer,
  account: StagingAccount,
  context: { known: RecoveryInstance[]; tagged: Instance[]; jobs: Job[] },
): SourceServer {
  const id = server.sourceServerID ?? '';
  return {
    sourceServerId: id,
    hostname: server.sourceProperties?.identificationHints?.hostname ?? id,
    accountId: account.accountId,
    region: account.region,
    arn: server.arn ?? id,
    stagingSourceServerArn: server.stagingArea?.stagingSourceServerArn,
    replicationState: server.dataReplicationInfo?.dataReplicationState ?? 'unknown',
    lagDuration: server.dataReplicationInfo?.lagDuration,
    tags: server.tags ?? {},
    existingInstances: existingInstances(id, context.known, context.tagged),
    activeJobId: context.jobs.find((job) => isActiveOn(job, id))?.jobID,
  };
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
  }));
  const onlyInEc2: ExistingInstance[] = tagged
    .filter((instance) => instance.Tags?.some((tag) => tag.Key === SOURCE_SERVER_TAG && tag.Value === sourceServerId))
    .filter((instance) => !ofServer.some((other) => other.ec2InstanceID === instance.InstanceId))
    .map((instance) => ({
      recoveryInstanceId: instance.InstanceId ?? '',
      ec2InstanceId: instance.InstanceId ?? '',
      state: (instance.State?.Name ?? 'unknown').toUpperCase(),
      isDrill: false,
    }));
  return [...inDrs, ...onlyInEc2];
}

function isActiveOn(job: Job, sourceServerId: string): boolean {
  return (
    job.status !== 'COMPLETED' &&
    (job.participatingServers ?? []).some((participant) => participant.sourceServerID === sourceServerId)
  );
}
