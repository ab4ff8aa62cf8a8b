import { DrsClient, type Job } from '@aws-sdk/client-drs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { onTestFinished } from 'vitest';
import { REGION, STAGING_ACCOUNTS } from '../../../src/local/accounts.ts';
import { startDrs } from '../../../src/local/aws/drs/drs.ts';
import { startEc2 } from '../../../src/local/aws/ec2.ts';
import type { DrsEvent } from '../../../src/local/aws/events.ts';
import { Fleet, type SourceServer } from '../../../src/local/aws/fleet.ts';
import { type AwsCall, Identities } from '../../../src/local/aws/identities.ts';
import { seeded } from '../../../src/local/aws/seeded.ts';
import { VirtualClock } from '../../../src/local/clock.ts';
import type { InventoryServer } from '../../../src/local/inventory.ts';

export const [ACCOUNT, OTHER_ACCOUNT] = STAGING_ACCOUNTS;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** Where the servers that run in AWS come from: an account and Region without staging servers. */
export const ORIGIN = { accountId: '555555555555', region: 'us-east-1', availabilityZone: 'us-east-1b' } as const;

/** A healthy Linux server called `hostname`. */
export function serverRecord(hostname: string, changes: Partial<InventoryServer> = {}): InventoryServer {
  return {
    sourceServerId: `s-${seeded(hostname).hex(17)}`,
    hostname,
    accountId: ACCOUNT,
    ip: '10.0.0.10',
    os: 'Ubuntu 22.04',
    instanceType: 'm5.large',
    cpus: 2,
    ramGiB: 8,
    diskGiB: [50],
    replication: { state: 'CONTINUOUS', lagDuration: 'PT2S', lastSeenAgo: 'PT10S' },
    tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
    ...changes,
  };
}

/** A fleet without servers behind DRS and EC2, on a clock that stands still, and clients of the staging accounts. */
export async function awsWorld(options: { seed?: string } = {}) {
  const clock = new VirtualClock();
  const identities = new Identities();
  const fleet = new Fleet({ clock, ...options });
  const calls: AwsCall[] = [];
  const events: DrsEvent[] = [];
  const shared = { clock, identities, fleet, onCall: (call: AwsCall) => void calls.push(call) };
  const drs = await startDrs({ ...shared, ...options });
  const ec2 = await startEc2(shared);
  fleet.onEvent((event) => void events.push(event));
  onTestFinished(async () => {
    await drs.close();
    await ec2.close();
  });
  const settings = (endpoint: string, accountId: string, maxAttempts: number, region: string = REGION) => ({
    endpoint,
    region,
    maxAttempts,
    credentials: identities.forRole(`arn:aws:iam::${accountId}:role/executor`),
  });
  return {
    clock,
    identities,
    fleet,
    calls,
    events,
    drs,
    ec2,
    drsClient: (accountId: string = ACCOUNT, maxAttempts = 1, region?: string) =>
      new DrsClient(settings(drs.url, accountId, maxAttempts, region)),
    ec2Client: (accountId: string = ACCOUNT, region?: string) => new EC2Client(settings(ec2.url, accountId, 1, region)),
    /** Adds `count` healthy servers to an account. */
    addServers: (count: number, accountId: string = ACCOUNT): SourceServer[] =>
      Array.from({ length: count }, (_, at) =>
        fleet.addSourceServer(serverRecord(`${accountId}-${at}`, { accountId })),
      ),
    /** Lets time pass until no job is active. */
    finishJobs: () =>
      clock.runUntil(() => drs.jobs.list().every(({ status }) => status === 'COMPLETED'), {
        what: 'the end of all jobs',
      }),
  };
}

/** StartRecovery's list of servers. */
export function startList(servers: readonly SourceServer[]): { sourceServerID: string }[] {
  return servers.map(({ sourceServerId }) => ({ sourceServerID: sourceServerId }));
}

/** Launch status of each server in a job. */
export function statuses(job: Job | undefined): (string | undefined)[] {
  return (job?.participatingServers ?? []).map(({ launchStatus }) => launchStatus);
}
