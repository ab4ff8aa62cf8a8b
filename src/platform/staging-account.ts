import {
  DescribeJobLogItemsCommand,
  DescribeJobsCommand,
  DescribeRecoveryInstancesCommand,
  DescribeRecoverySnapshotsCommand,
  DescribeSourceServersCommand,
  DrsClient,
  type SourceServer as DrsSourceServer,
  type Job,
  type JobLog,
  type RecoveryInstance,
} from '@aws-sdk/client-drs';
import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  EC2Client,
  type Instance,
  type InstanceStatus,
} from '@aws-sdk/client-ec2';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { FoundInstance } from '../domain/account-outcome.ts';
import { messageOf } from '../domain/errors.ts';
import { groupBy } from '../domain/groups.ts';
import type { AccountDiscovery } from '../domain/plan.ts';
import type { MeantServer } from '../domain/recovery-run.ts';
import type { BatchServer } from '../domain/result.ts';
import { matchesTags, type RecoverySnapshot, type SourceServer } from '../domain/server.ts';
import { SOURCE_SERVER_TAG, toSourceServer } from './account-facts.ts';
import { type InUse, readQuotas } from './account-quotas.ts';
import { asRole, explainingAccess, madeOnce } from './assumed-role.ts';
import { concurrently } from './concurrently.ts';
import type { StagingAccount } from './configuration.ts';
import { launchSettingsReader } from './launch-settings.ts';
import { inChunks, pages } from './pages.ts';
import type { Log, Platform } from './platform.ts';
import { nameOfServer, type ServerDetails, type ServerName, toServerDetails } from './server-details.ts';

/** Jobs older than this have ended: the longest launch (Windows first boot) takes under two hours. */
const JOB_LOOKBACK_MS = 24 * 3_600_000;
/** States of EC2 instances that still exist and are not on their way out. */
const EXISTING_STATES = ['pending', 'running', 'stopping', 'stopped'];
/** Most instances that one DescribeInstanceStatus names (EC2 API reference). */
const MAX_STATUS_IDS = 100;
/** In real milliseconds: where servers came from may be the place that is down, and nothing waits for it. */
const ORIGIN_ANSWERS_WITHIN_MS = 10_000;
/** Snapshots of servers are asked for one by one: the API has no other way. This many at the same time. */
const MOST_SNAPSHOT_QUESTIONS = 10;

/** What is to be found out beyond servers, their instances and their jobs. */
export interface Questions {
  launchSettings?: boolean;
  quotas?: boolean;
  /** The newest snapshot at or before a moment (ISO 8601); or all of them, where one server matches. */
  snapshots?: { until: string } | 'all';
}

/** What is read of a launched server. */
export type LaunchedInstance = Pick<
  BatchServer,
  'privateIp' | 'launchTime' | 'instanceType' | 'statusChecks' | 'pointInTime'
> & {
  sourceServerId: string;
  recoveryInstanceId: string;
  ec2InstanceId: string;
};

/** Tags of EC2 instances by the id of the source server that came from them. */
type OriginTags = Record<string, Record<string, string>>;

/** A staging account's servers as they replicate. */
export interface Replication extends Pick<AccountDiscovery, 'servers' | 'quotas' | 'quotasUnreadable'> {
  originTags: OriginTags;
  /** Servers that came from EC2 and whose instance could not be looked at. */
  uncompared: number;
}

/** Reads DRS and EC2 of one staging account, through its reader role. */
export type StagingAccountReader = ReturnType<typeof stagingAccountReader>;

/**
 * Readers of the staging accounts, one for each account and Region, made once: a client keeps its assumed role's
 * credentials, a new one would assume the role again.
 */
export function stagingAccountReaders(platform: Platform): (account: StagingAccount) => StagingAccountReader {
  return madeOnce((account: StagingAccount) => stagingAccountReader(platform, account));
}

function stagingAccountReader(platform: Platform, account: StagingAccount) {
  const settings = { region: account.region, credentials: asRole(platform, account), retryMode: 'adaptive' };
  const drs = new DrsClient(settings);
  const ec2 = new EC2Client(settings);
  const quotas = new ServiceQuotasClient(settings);
  const readLaunchSettings = launchSettingsReader({ drs, ec2 });

  async function allSourceServers(): Promise<DrsSourceServer[]> {
    return await pages((nextToken) =>
      drs.send(new DescribeSourceServersCommand({ filters: {}, maxResults: 200, nextToken })),
    );
  }

  async function recoveryInstances(sourceServerIDs: string[]): Promise<RecoveryInstance[]> {
    return await inChunks(sourceServerIDs, (chunk) => describeRecoveryInstances({ sourceServerIDs: chunk }));
  }

  async function describeRecoveryInstances(
    filters: { sourceServerIDs: string[] } | { recoveryInstanceIDs: string[] },
  ): Promise<RecoveryInstance[]> {
    return await pages((nextToken) =>
      drs.send(new DescribeRecoveryInstancesCommand({ filters, maxResults: 100, nextToken })),
    );
  }

  async function ec2Instances(sourceServerIds: string[]): Promise<Instance[]> {
    return await inChunks(sourceServerIds, (chunk) =>
      pages(async (NextToken) => {
        const page = await ec2.send(
          new DescribeInstancesCommand({
            Filters: [
              { Name: `tag:${SOURCE_SERVER_TAG}`, Values: chunk },
              { Name: 'instance-state-name', Values: EXISTING_STATES },
            ],
            NextToken,
          }),
        );
        return {
          items: (page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []),
          nextToken: page.NextToken,
        };
      }),
    );
  }

  /**
   * Tags of the EC2 instances that these servers came from, by source server id: of this account alone, whatever the Region.
   * A Region that cannot be read leaves its servers out, with a line in the log.
   */
  async function originTags(servers: readonly DrsSourceServer[], log: Log): Promise<OriginTags> {
    const tags: OriginTags = {};
    for (const [region, own] of groupBy(servers, ({ sourceCloudProperties }) =>
      originRegionOf(sourceCloudProperties),
    )) {
      if (region === '') continue;
      const byInstance = new Map(own.map((server) => [originInstanceOf(server), server.sourceServerID ?? '']));
      try {
        const found = await originInstances(region, [...byInstance.keys()]);
        for (const { InstanceId = '', Tags = [] } of found) {
          const pairs = Tags.flatMap(({ Key, Value = '' }) => (Key === undefined ? [] : [[Key, Value] as const]));
          tags[byInstance.get(InstanceId) ?? ''] = Object.fromEntries(pairs);
        }
      } catch (error) {
        const { accountId } = account;
        log.warn('The EC2 instances of source servers could not be read', {
          accountId,
          region,
          error: messageOf(error),
        });
      }
    }
    return tags;
  }

  async function originInstances(region: string, instanceIds: string[]): Promise<Instance[]> {
    const there = new EC2Client({ ...settings, region, maxAttempts: 1 });
    return await inChunks(instanceIds, (chunk) =>
      pages(async (NextToken) => {
        // By a filter: one that is gone is no error then.
        const page = await there.send(
          new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: chunk }], NextToken }),
          { abortSignal: AbortSignal.timeout(ORIGIN_ANSWERS_WITHIN_MS) },
        );
        return {
          items: (page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []),
          nextToken: page.NextToken,
        };
      }),
    );
  }

  /** EC2's status checks by instance. An instance that does not run has none. */
  async function statusChecks(ec2InstanceIds: string[]): Promise<Map<string, BatchServer['statusChecks']>> {
    const statuses = await inChunks(
      ec2InstanceIds,
      async (InstanceIds) => {
        const page = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds, IncludeAllInstances: true }));
        return page.InstanceStatuses ?? [];
      },
      MAX_STATUS_IDS,
    );
    return new Map(statuses.map((status) => [status.InstanceId ?? '', summaryOf(status)]));
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
     * The source servers that are meant, each with its existing instances and its running job, and what
     * `questions` ask for beyond, with a log that says for whom. What was asked for and could not be read is part of the answer, and no error.
     * @throws {DrError} CrossAccountAccessDenied when the account does not let us in.
     */
    async discover(
      isMeant: (server: MeantServer) => boolean,
      questions: Questions,
      log: Log,
    ): Promise<Pick<AccountDiscovery, 'servers' | 'quotas' | 'quotasUnreadable'>> {
      return await explainingAccess(account.roleArn, async () => {
        const all = await allSourceServers();
        const { accountId, region } = account;
        const matching = all.filter(({ sourceServerID = '', tags = {} }) =>
          isMeant({ sourceServerId: sourceServerID, accountId, region, tags }),
        );
        if (matching.length === 0) return { servers: [] };
        const ids = matching.map((server) => server.sourceServerID ?? '');
        const [known, tagged, jobs, launchSettings, snapshots] = await Promise.all([
          recoveryInstances(ids),
          ec2Instances(ids),
          jobsSince(platform.now() - JOB_LOOKBACK_MS),
          questions.launchSettings === true ? readLaunchSettings(ids) : undefined,
          snapshotsOf(ids, questions.snapshots, log),
        ]);
        const servers: SourceServer[] = matching.map((server) => ({
          ...toSourceServer(server, account, { known, tagged, jobs }),
          launchSettings: launchSettings?.get(server.sourceServerID ?? ''),
          snapshots: snapshots.get(server.sourceServerID ?? ''),
        }));
        return { servers, ...(questions.quotas === true ? await quotasOf({ servers: all, jobs }) : {}) };
      });
    },

    /**
     * Every source server as it replicates, without instances and jobs, for a look that needs none of the rates of DRS that
     * a recovery needs: a page of servers, and with `quotas` one of jobs. With it also the tags of the EC2 instances that the
     * servers came from, where they are of this account.
     * @throws {DrError} CrossAccountAccessDenied when the account does not let us in.
     */
    async replication(quotas: boolean, log: Log): Promise<Replication> {
      return await explainingAccess(account.roleArn, async () => {
        const all = await allSourceServers();
        const servers = all.map((server) => toSourceServer(server, account, { known: [], tagged: [], jobs: [] }));
        const fromAws = all.filter(({ sourceCloudProperties }) => sourceCloudProperties?.originAccountID !== undefined);
        if (!quotas) return { servers, originTags: {}, uncompared: 0 };
        const comparable = fromAws.filter(
          (server) =>
            server.sourceCloudProperties?.originAccountID === account.accountId && originInstanceOf(server) !== '',
        );
        const jobs = await jobsSince(platform.now() - JOB_LOOKBACK_MS);
        const tags = await originTags(comparable, log);
        const uncompared = fromAws.length - Object.keys(tags).length;
        return { servers, originTags: tags, uncompared, ...(await quotasOf({ servers: all, jobs })) };
      });
    },

    /** Every source server by its names: for looking one up. */
    async serverNames(): Promise<ServerName[]> {
      return await explainingAccess(account.roleArn, async () =>
        (await allSourceServers()).map((server) => nameOfServer(server, account)),
      );
    },

    /** One source server with its instances, its job, its disks and its machine; undefined when DRS knows none with this id. */
    async server(sourceServerId: string): Promise<ServerDetails | undefined> {
      return await explainingAccess(account.roleArn, async () => {
        const [[server], known, tagged, jobs] = await Promise.all([
          pages((nextToken) =>
            drs.send(new DescribeSourceServersCommand({ filters: { sourceServerIDs: [sourceServerId] }, nextToken })),
          ),
          recoveryInstances([sourceServerId]),
          ec2Instances([sourceServerId]),
          jobsSince(platform.now() - JOB_LOOKBACK_MS),
        ]);
        return server === undefined ? undefined : toServerDetails(server, account, { known, tagged, jobs });
      });
    },

    /** What DRS noted of a job, oldest first. */
    async jobLog(jobID: string): Promise<JobLog[]> {
      return await explainingAccess(account.roleArn, () =>
        pages((nextToken) => drs.send(new DescribeJobLogItemsCommand({ jobID, maxResults: 200, nextToken }))),
      );
    },

    /** Number of servers by their value of every tag in `keys`, over the whole account. */
    async allTags(): Promise<Record<string, string>[]> {
      return await explainingAccess(account.roleArn, async () =>
        (await allSourceServers()).map((server) => server.tags ?? {}),
      );
    },

    /** The jobs since a moment (milliseconds since the epoch) that carry all of `tags`. */
    async jobsWithTags(tags: Record<string, string>, since: number): Promise<Job[]> {
      return await explainingAccess(account.roleArn, async () =>
        (await jobsSince(since)).filter((job) => matchesTags(job.tags ?? {}, tags)),
      );
    },

    /** The jobs with these ids that DRS still knows. */
    async jobs(jobIDs: string[]): Promise<Job[]> {
      if (jobIDs.length === 0) return [];
      return await explainingAccess(account.roleArn, () =>
        pages((nextToken) => drs.send(new DescribeJobsCommand({ filters: { jobIDs }, maxResults: 100, nextToken }))),
      );
    },

    /** Those of these recovery instances that DRS still knows. */
    async instances(recoveryInstanceIds: string[]): Promise<FoundInstance[]> {
      return await explainingAccess(account.roleArn, async () => {
        const found = await inChunks(recoveryInstanceIds, (chunk) =>
          describeRecoveryInstances({ recoveryInstanceIDs: chunk }),
        );
        return found.map((instance) => ({
          recoveryInstanceId: instance.recoveryInstanceID ?? '',
          state: instance.ec2InstanceState ?? 'UNKNOWN',
        }));
      });
    },

    /** EC2's status checks of these instances; one that EC2 does not show is left out. */
    async statusChecks(ec2InstanceIds: string[]): Promise<Map<string, BatchServer['statusChecks']>> {
      return await explainingAccess(account.roleArn, () => statusChecks(ec2InstanceIds));
    },

    /** Ids of the instances of these servers that stand in EC2, also of those that DRS knows no more. */
    async standingInstances(sourceServerIds: string[]): Promise<string[]> {
      const found = await explainingAccess(account.roleArn, () => ec2Instances(sourceServerIds));
      return found.flatMap(({ InstanceId }) => InstanceId ?? []);
    },

    /** Details of the recovery instances that exist now for these servers, drill instances among them. */
    async launchedInstances(sourceServerIds: string[]): Promise<LaunchedInstance[]> {
      return await explainingAccess(account.roleArn, async () => {
        const [known, tagged] = await Promise.all([recoveryInstances(sourceServerIds), ec2Instances(sourceServerIds)]);
        const byId = new Map(tagged.map((instance) => [instance.InstanceId ?? '', instance]));
        const checks = await statusChecks([...byId.keys()]);
        return known.map((instance) => {
          const ec2InstanceId = instance.ec2InstanceID ?? '';
          const ec2Instance = byId.get(ec2InstanceId);
          return {
            sourceServerId: instance.sourceServerID ?? '',
            recoveryInstanceId: instance.recoveryInstanceID ?? '',
            ec2InstanceId,
            privateIp: ec2Instance?.PrivateIpAddress,
            launchTime: ec2Instance?.LaunchTime?.toISOString(),
            instanceType: ec2Instance?.InstanceType,
            statusChecks: checks.get(ec2InstanceId),
            pointInTime: instantOf(instance.pointInTimeSnapshotDateTime),
          };
        });
      });
    },
  };

  /** A server whose snapshots cannot be read is not in the answer. */
  async function snapshotsOf(
    ids: string[],
    question: Questions['snapshots'],
    log: Log,
  ): Promise<Map<string, RecoverySnapshot[]>> {
    // All the snapshots are of use for a single server only: the plan refuses more.
    if (question === undefined || (question === 'all' && ids.length > 1)) return new Map();
    const read = await concurrently(ids, MOST_SNAPSHOT_QUESTIONS, async (sourceServerID) => {
      try {
        return { sourceServerID, snapshots: await snapshotsOfServer(sourceServerID, question) };
      } catch (error) {
        log.warn('Snapshots could not be read', { sourceServerID, error: messageOf(error) });
        return { sourceServerID };
      }
    });
    return new Map(read.flatMap(({ sourceServerID, snapshots }) => (snapshots ? [[sourceServerID, snapshots]] : [])));
  }

  async function snapshotsOfServer(
    sourceServerID: string,
    question: NonNullable<Questions['snapshots']>,
  ): Promise<RecoverySnapshot[]> {
    const ask = (more: { maxResults?: number; nextToken?: string; filters?: { toDateTime: string } }) =>
      drs.send(new DescribeRecoverySnapshotsCommand({ sourceServerID, order: 'DESC', ...more }));
    const found =
      question === 'all'
        ? await pages((nextToken) => ask({ nextToken }))
        : (await ask({ maxResults: 1, filters: { toDateTime: new Date(question.until).toISOString() } })).items;
    return (found ?? []).map((snapshot) => ({
      id: snapshot.snapshotID ?? '',
      at: instantOf(snapshot.expectedTimestamp) ?? '',
    }));
  }

  async function quotasOf(inUse: InUse): Promise<Pick<AccountDiscovery, 'quotas' | 'quotasUnreadable'>> {
    try {
      return { quotas: await readQuotas({ quotas, ec2 }, inUse) };
    } catch (error) {
      return { quotasUnreadable: messageOf(error) };
    }
  }
}

function originRegionOf(origin: DrsSourceServer['sourceCloudProperties']): string {
  return origin?.originRegion ?? '';
}

/** The EC2 instance that a server came from; empty where DRS does not say it. */
function originInstanceOf({ sourceProperties }: DrsSourceServer): string {
  return sourceProperties?.identificationHints?.awsInstanceID ?? '';
}

/** Both of EC2's checks as one: the worse of them. */
function summaryOf({ InstanceStatus, SystemStatus }: InstanceStatus): BatchServer['statusChecks'] {
  const both = [InstanceStatus?.Status, SystemStatus?.Status];
  const order = ['impaired', 'insufficient-data', 'initializing', 'not-applicable'] as const;
  return order.find((status) => both.includes(status)) ?? (both.every((status) => status === 'ok') ? 'ok' : undefined);
}

/** DRS's date as ISO 8601 in the form of all others. */
function instantOf(date: string | undefined): string | undefined {
  const at = Date.parse(date ?? '');
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
