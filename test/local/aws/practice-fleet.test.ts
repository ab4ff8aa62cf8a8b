import { readFileSync } from 'node:fs';
import {
  DescribeRecoveryInstancesCommand,
  DrsClient,
  paginateDescribeRecoveryInstances,
  paginateDescribeSourceServers,
  StartRecoveryCommand,
} from '@aws-sdk/client-drs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { REGION, STAGING_ACCOUNTS } from '../../../src/local/accounts.ts';
import { startDrs } from '../../../src/local/aws/drs/drs.ts';
import { Fleet } from '../../../src/local/aws/fleet.ts';
import { Identities } from '../../../src/local/aws/identities.ts';
import { VirtualClock } from '../../../src/local/clock.ts';
import { loadInventory } from '../../../src/local/inventory.ts';
import { startList } from './aws-world.ts';

async function practiceWorld() {
  const text = readFileSync(new URL('../../../practice/inventory.json', import.meta.url), 'utf8');
  const clock = new VirtualClock();
  const identities = new Identities();
  const fleet = new Fleet({ clock, inventory: loadInventory(text, 'inventory.json') });
  const drs = await startDrs({ clock, identities, fleet });
  onTestFinished(() => drs.close());
  const clientOf = (accountId: string) =>
    new DrsClient({
      endpoint: drs.url,
      region: REGION,
      maxAttempts: 1,
      credentials: identities.forRole(`arn:aws:iam::${accountId}:role/executor`),
    });
  return { clock, fleet, drs, clientOf };
}

describe('the practice fleet', () => {
  it('is described whole, each server once and in its account', async () => {
    const { clientOf } = await practiceWorld();
    const seen: (string | undefined)[] = [];
    for (const accountId of STAGING_ACCOUNTS) {
      for await (const { items } of paginateDescribeSourceServers({ client: clientOf(accountId) }, {})) {
        for (const item of items ?? []) {
          expect(item.arn).toContain(`:${accountId}:`);
          seen.push(item.sourceServerID);
        }
      }
    }
    expect(seen).toHaveLength(1000);
    expect(new Set(seen).size).toBe(1000);
  });

  it('shows the live instance of the inventory with the age it has there', async () => {
    const { clock, fleet, clientOf } = await practiceWorld();
    const server = STAGING_ACCOUNTS.flatMap((accountId) => fleet.sourceServers(accountId)).find(
      ({ hostname }) => hostname === 'hrp-web-009',
    );
    const filters = { sourceServerIDs: [server?.sourceServerId ?? ''] };
    const call = new DescribeRecoveryInstancesCommand({ filters });
    const { items } = await clientOf(server?.accountId ?? '').send(call);
    expect(items).toHaveLength(1);
    expect(items?.[0]).toMatchObject({ isDrill: false, ec2InstanceState: 'RUNNING' });
    expect(clock.now() - (server?.lastLaunch?.at ?? 0)).toBe((2 * 24 + 6) * 3_600_000);
  });

  it('can be launched whole, in jobs of 100 that run at the same time', async () => {
    const { clock, drs, fleet, clientOf } = await practiceWorld();
    for (const accountId of STAGING_ACCOUNTS) {
      const servers = startList(fleet.sourceServers(accountId));
      for (let at = 0; at < servers.length; at += 100) {
        const sourceServers = servers.slice(at, at + 100);
        await clientOf(accountId).send(new StartRecoveryCommand({ sourceServers, isDrill: true }));
      }
    }
    await clock.runUntil(() => drs.jobs.list().every(({ status }) => status === 'COMPLETED'));

    const participants = drs.jobs.list().flatMap((job) => job.participants);
    expect(participants).toHaveLength(1000);
    // One server has no data yet, and one has lost its data with its replication.
    expect(participants.filter(({ launchStatus }) => launchStatus === 'FAILED')).toHaveLength(2);
    const instances = new Set<string | undefined>();
    for (const accountId of STAGING_ACCOUNTS) {
      const addresses = fleet.ec2Instances(accountId).map(({ privateIp }) => privateIp);
      expect(new Set(addresses).size).toBe(addresses.length);
      for await (const { items } of paginateDescribeRecoveryInstances({ client: clientOf(accountId) }, {})) {
        for (const item of items ?? []) instances.add(item.recoveryInstanceID);
      }
    }
    expect(instances.size).toBe(998);
  });
});
