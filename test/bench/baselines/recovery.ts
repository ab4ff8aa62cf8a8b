import {
  DescribeJobsCommand,
  DescribeRecoveryInstancesCommand,
  DescribeSourceServersCommand,
  DrsClient,
  type Job,
  StartRecoveryCommand,
} from '@aws-sdk/client-drs';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { Practice } from '../../../src/local/practice.ts';

/** Most servers that DRS takes in a job. */
const JOB_SERVERS = 100;
/** The end of the ARN of the role by which a baseline calls DRS and EC2. */
export const BASELINE_ROLE = ':role/baseline';
const OVER = ['LAUNCHED', 'FAILED', 'TERMINATED'];

/** The servers of one wave in one staging account. */
export interface Group {
  accountId: string;
  serverIds: readonly string[];
}

/** Waves, one after the other; of each what is launched together. */
export type Waves = readonly (readonly Group[])[];

/** What a baseline works with: simulated DRS and EC2, simulated time, and a place to count what is only said and not done. */
export interface Bench {
  practice: Practice;
  /** Simulated time, milliseconds since the epoch. */
  now(): number;
  /** Lets so many simulated milliseconds pass. Nothing else that it does takes any. */
  pass(ms: number): Promise<void>;
  /** Notes calls of services that the baseline would call and that are not simulated for it. */
  note(service: string, times?: number): void;
}

/** A job that was started, and where. */
export interface StartedJob {
  accountId: string;
  jobId: string;
}

/** What every one of the loops does with DRS, as the seeds write it: with real calls, by the SDK. */
export function recovery({ practice, note }: Bench) {
  const credentials = (accountId: string) => practice.identities.forRole(`arn:aws:iam::${accountId}${BASELINE_ROLE}`);
  /** A client of the account: a function assumes its role each time that it runs (seed 2, "Cross-Account Session Management"). */
  const drsOf = (accountId: string): DrsClient => {
    note('sts');
    return new DrsClient({ credentials: credentials(accountId) });
  };

  return {
    /** Finds the servers by their tags: DRS has no filter for them, so all are listed (seed 4, discovery). */
    async discover(accountIds: readonly string[]): Promise<void> {
      note('lambda');
      for (const accountId of accountIds) {
        const drs = drsOf(accountId);
        let nextToken: string | undefined;
        do {
          ({ nextToken } = await drs.send(
            new DescribeSourceServersCommand({ filters: {}, maxResults: 200, nextToken }),
          ));
        } while (nextToken !== undefined);
      }
    },

    /** Starts a wave: a job for each account, of at most as many servers as DRS takes. */
    async start(wave: readonly Group[]): Promise<StartedJob[]> {
      const started: StartedJob[] = [];
      for (const { accountId, serverIds } of wave) {
        const drs = drsOf(accountId);
        for (let from = 0; from < serverIds.length; from += JOB_SERVERS) {
          const sourceServers = serverIds.slice(from, from + JOB_SERVERS).map((sourceServerID) => ({ sourceServerID }));
          const { job } = await drs.send(new StartRecoveryCommand({ isDrill: true, sourceServers }));
          started.push({ accountId, jobId: String(job?.jobID) });
        }
      }
      return started;
    },

    /** Looks at a wave's jobs, one call for each account and page; answers whether all of them are over. */
    async isOver(jobs: readonly StartedJob[]): Promise<boolean> {
      const found: Job[] = [];
      for (const [accountId, own] of Map.groupBy(jobs, (job) => job.accountId)) {
        const drs = drsOf(accountId);
        const filters = { jobIDs: own.map(({ jobId }) => jobId) };
        let nextToken: string | undefined;
        do {
          const page = await drs.send(new DescribeJobsCommand({ filters, nextToken }));
          found.push(...(page.items ?? []));
          nextToken = page.nextToken;
        } while (nextToken !== undefined);
      }
      return found.every(
        ({ status, participatingServers = [] }) =>
          status === 'COMPLETED' && participatingServers.every(({ launchStatus = '' }) => OVER.includes(launchStatus)),
      );
    },

    /** Reads which instances a wave has brought (seed 4, "GetRecoveryInstances"; seed 5 reads them at EC2, too). */
    async readInstances(wave: readonly Group[]): Promise<void> {
      for (const { accountId, serverIds } of wave) {
        const sourceServerIDs = [...serverIds];
        const drs = drsOf(accountId);
        const { items = [] } = await drs.send(new DescribeRecoveryInstancesCommand({ filters: { sourceServerIDs } }));
        const ec2 = new EC2Client({ credentials: credentials(accountId) });
        const InstanceIds = items.flatMap(({ ec2InstanceID }) => ec2InstanceID ?? []);
        await ec2.send(new DescribeInstancesCommand({ InstanceIds }));
      }
    },
  };
}
