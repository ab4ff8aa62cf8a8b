import {
  DescribeJobsCommand,
  DescribeRecoveryInstancesCommand,
  DescribeSourceServersCommand,
  DrsClient,
  type SourceServer as DrsSourceServer,
  StartRecoveryCommand,
} from '@aws-sdk/client-drs';
import { DescribeInstancesCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import type { OriginJob, ReversedServer } from '../domain/origin-failback.ts';
import { SOURCE_SERVER_TAG, toSourceServer } from './account-facts.ts';
import { asRole, explainingAccess, madeOnce } from './assumed-role.ts';
import type { Origin } from './configuration.ts';
import { inChunks, pages } from './pages.ts';
import type { Platform } from './platform.ts';

/** Jobs older than this have ended: the longest launch (Windows first boot) takes under two hours. */
const JOB_LOOKBACK_MS = 24 * 3_600_000;

/** What runs at the origin of the instances that were launched there. */
export interface OriginInstance {
  instanceId: string;
  privateIp?: string;
  /** ISO 8601. */
  launchTime?: string;
  instanceType?: string;
}

/** What an origin Region says now. */
export interface OriginLook {
  /** Those of the asked-for source servers that DRS knows there. */
  servers: ReversedServer[];
  jobs: OriginJob[];
  instances: OriginInstance[];
}

/** Reads and launches in one origin account and Region, through its origin role. */
export type OriginRegion = ReturnType<typeof originRegion>;

/** The origin Regions, each with clients that are made once. */
export function originRegions(platform: Platform): (origin: Origin) => OriginRegion {
  return madeOnce((origin: Origin) => originRegion(platform, origin));
}

function originRegion(platform: Platform, origin: Origin) {
  const { accountId, region } = origin;
  const settings = { region, credentials: asRole(platform, origin) };
  const patient = { ...settings, retryMode: 'adaptive' };
  const drs = new DrsClient(patient);
  const ec2 = new EC2Client(patient);
  // A launch whose answer was lost is looked for by its tags before it is asked for again.
  const once = new DrsClient({ ...settings, maxAttempts: 1 });

  return {
    /**
     * The reversed source servers with these ids, what was launched from them, and the jobs since `since` (milliseconds
     * since the epoch) and of the last day. Without ids it only finds out whether DRS has been set up and lets us in.
     * @throws UninitializedAccountException (DRS) when DRS has not been set up there; {DrError}
     *   CrossAccountAccessDenied when the account does not let us in.
     */
    async look(reversedIds: string[], since: number): Promise<OriginLook> {
      return await explainingAccess(origin.roleArn, async () => {
        if (reversedIds.length === 0) {
          await drs.send(new DescribeSourceServersCommand({ maxResults: 1 }));
          return { servers: [], jobs: [], instances: [] };
        }
        const [servers, known, tagged, jobs] = await Promise.all([
          inChunks(reversedIds, (sourceServerIDs) =>
            pages((nextToken) =>
              drs.send(new DescribeSourceServersCommand({ filters: { sourceServerIDs }, maxResults: 200, nextToken })),
            ),
          ),
          inChunks(reversedIds, (sourceServerIDs) =>
            pages((nextToken) =>
              drs.send(
                new DescribeRecoveryInstancesCommand({ filters: { sourceServerIDs }, maxResults: 100, nextToken }),
              ),
            ),
          ),
          inChunks(reversedIds, taggedInstances),
          jobsSince(Math.min(since, platform.now() - JOB_LOOKBACK_MS)),
        ]);
        return {
          servers: servers.map((server) => ({
            ...progressOf(server),
            ...toSourceServer(server, { accountId, region }, { known, tagged, jobs }),
          })),
          jobs: jobs.map((job) => ({
            jobId: job.jobID ?? '',
            status: job.status ?? 'unknown',
            tags: job.tags ?? {},
            startedAt: instantOf(job.creationDateTime),
            participants: (job.participatingServers ?? []).map((server) => ({
              reversedId: server.sourceServerID ?? '',
              status: server.launchStatus ?? 'PENDING',
              instanceId: server.recoveryInstanceID,
            })),
          })),
          instances: tagged.map((instance) => ({
            instanceId: instance.InstanceId ?? '',
            privateIp: instance.PrivateIpAddress,
            launchTime: instance.LaunchTime?.toISOString(),
            instanceType: instance.InstanceType,
          })),
        };
      });
    },

    /** Launches these source servers, at most 100, as one job with these tags; the answer is its id. */
    async launch(reversedIds: string[], tags: Record<string, string>): Promise<string> {
      const sourceServers = reversedIds.map((sourceServerID) => ({ sourceServerID }));
      const { job } = await once.send(new StartRecoveryCommand({ sourceServers, isDrill: false, tags }));
      return job?.jobID ?? '';
    },
  };

  async function jobsSince(since: number) {
    const fromDate = new Date(since).toISOString();
    return await pages((nextToken) =>
      drs.send(new DescribeJobsCommand({ filters: { fromDate }, maxResults: 100, nextToken })),
    );
  }

  async function taggedInstances(reversedIds: string[]): Promise<Instance[]> {
    return await pages(async (NextToken) => {
      const page = await ec2.send(
        new DescribeInstancesCommand({
          Filters: [
            { Name: `tag:${SOURCE_SERVER_TAG}`, Values: reversedIds },
            { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
          ],
          NextToken,
        }),
      );
      return {
        items: (page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []),
        nextToken: page.NextToken,
      };
    });
  }
}

function instantOf(date: string | undefined): number | undefined {
  const at = Date.parse(date ?? '');
  return Number.isNaN(at) ? undefined : at;
}

function progressOf({ dataReplicationInfo }: DrsSourceServer): Pick<ReversedServer, 'readyAt' | 'replicationError'> {
  return {
    readyAt: dataReplicationInfo?.etaDateTime,
    replicationError: dataReplicationInfo?.dataReplicationError?.error,
  };
}
