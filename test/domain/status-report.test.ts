import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputSchema } from '../../src/domain/contract.ts';
import type { AccountDiscovery } from '../../src/domain/plan.ts';
import { buildStatusOutput, dataAgeSeconds, type StatusContext } from '../../src/domain/status-report.ts';
import { ACCOUNT, anInstance, anyFleet, aServer, DEFAULT_OPTIONS, discovered, OTHER_ACCOUNT, REGION } from './fleet.ts';

const NOW = Date.parse('2026-03-02T14:00:00Z');

function statusOf(discoveries: AccountDiscovery[], differs: Partial<StatusContext> = {}) {
  return buildStatusOutput({
    input: { metadata: {}, options: DEFAULT_OPTIONS },
    discoveries,
    now: NOW,
    startedAt: NOW - 2_000,
    endedAt: NOW,
    resultLocation: 's3://results/run-1/wave-01.json',
    ...differs,
  });
}

const inWave = (wave: string) => ({ 'DR-Application': 'HRP', 'DR-Wave': wave });

describe('the status', () => {
  it('says of each server how it is', () => {
    const lastLaunch = { at: '2026-02-01T10:00:00Z', type: 'DRILL', status: 'SUCCEEDED', jobId: 'drsjob-1' };
    const server = aServer(1, {
      replicationState: 'BACKLOG',
      lagDuration: 'PT5M',
      lastSeen: '2026-03-02T13:59:30Z',
      lastLaunch,
      activeJobId: 'drsjob-2',
      existingInstances: [
        anInstance({ isDrill: true }),
        anInstance({ recoveryInstanceId: 'i-0000000f', state: 'TERMINATED' }),
      ],
    });
    expect(statusOf(discovered([server])).servers).toEqual([
      {
        sourceServerId: server.sourceServerId,
        sourceServerHostname: 'hrp-001',
        stagingAccountId: ACCOUNT,
        region: REGION,
        replicationState: 'BACKLOG',
        replicationHealth: 'lagging',
        lagDuration: 'PT5M',
        dataAgeSeconds: 300,
        lastSeen: '2026-03-02T13:59:30Z',
        lastLaunch,
        lastDrill: lastLaunch,
        recoveryInstances: [
          { recoveryInstanceId: 'i-00000001', ec2InstanceId: 'i-00000001', state: 'RUNNING', isDrill: true },
        ],
        jobInProgress: 'drsjob-2',
        tags: server.tags,
      },
    ]);
  });

  it('takes a recovery for no drill', () => {
    const lastLaunch = { at: '2026-02-01T10:00:00Z', type: 'RECOVERY', status: 'SUCCEEDED' };
    const [server] = statusOf(discovered([aServer(1, { lastLaunch })])).servers ?? [];
    expect(server?.lastLaunch).toEqual(lastLaunch);
    expect(server).not.toHaveProperty('lastDrill');
  });

  it('sums up by account, with what is left of the quotas', () => {
    const servers = [
      aServer(1, { lagDuration: 'PT10S', activeJobId: 'drsjob-1', existingInstances: [anInstance()] }),
      aServer(2, { lagDuration: 'PT1H', replicationState: 'STALLED', activeJobId: 'drsjob-1' }),
      aServer(3, { existingInstances: [anInstance({ isDrill: true })] }),
    ];
    const use = (limit: number, inUse: number) => ({ limit, inUse });
    const quotas = { jobs: use(20, 1), servers: use(500, 2), replicating: use(300, 310), vcpus: use(64, 60) };
    const { accounts, warnings } = statusOf([
      { accountId: ACCOUNT, region: REGION, servers, quotas, maxServers: 300 },
      { accountId: OTHER_ACCOUNT, region: REGION, servers: [] },
    ]);
    expect(accounts).toEqual([
      {
        accountId: ACCOUNT,
        region: REGION,
        servers: 3,
        healthy: 2,
        notHealthy: 1,
        recoveryInstances: 2,
        liveInstances: 1,
        jobsInProgress: 1,
        worstDataAgeSeconds: 3_600,
        maxServers: 300,
        quotas: {
          jobs: { limit: 20, inUse: 1, free: 19 },
          servers: { limit: 500, inUse: 2, free: 498 },
          replicating: { limit: 300, inUse: 310, free: 0 },
          vcpus: { limit: 64, inUse: 60, free: 4 },
        },
      },
    ]);
    expect(warnings).toEqual(['Account 111111111111 has 310 servers; it is meant for 300 at most.']);
  });

  it('sums up by wave, in the order of the numbers', () => {
    const servers = ['10', '2', '2', ''].map((wave, index) =>
      aServer(index + 1, { tags: wave === '' ? {} : inWave(wave) }),
    );
    expect(statusOf(discovered(servers)).waves?.map(({ wave, servers: count }) => [wave, count])).toEqual([
      ['', 1],
      ['2', 2],
      ['10', 1],
    ]);
  });

  it('is a success that the next phase may build on', () => {
    expect(statusOf(discovered([aServer(1)]))).toMatchObject({
      status: 'success',
      action: 'status',
      isDrill: false,
      nextPhaseReady: true,
      summary: { totalServers: 1, succeeded: 1, failed: 0, skipped: 0 },
      timing: { durationSeconds: 2 },
    });
  });

  it('is never a success with an account missing', () => {
    const unread = { accountId: OTHER_ACCOUNT, region: REGION, servers: [], unreachable: 'no access' };
    expect(statusOf([...discovered([aServer(1)]), unread])).toMatchObject({
      status: 'partial',
      nextPhaseReady: false,
      missingAccounts: [{ accountId: OTHER_ACCOUNT, region: REGION, reason: 'no access' }],
    });
    expect(statusOf([unread]).status).toBe('failed');
  });

  it('says that nothing matches', () => {
    expect(statusOf([])).toMatchObject({
      status: 'success',
      message: 'No servers found matching the specified tags',
    });
    const options = { ...DEFAULT_OPTIONS, minServers: 1 };
    expect(statusOf([], { input: { metadata: {}, options } })).toMatchObject({
      status: 'failed',
      message: 'Only 0 source servers match; at least 1 were asked for.',
    });
  });

  it('has every server once, sums that agree, and is what the contract says, for any fleet', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const output = statusOf(discovered(fleet));
        expect(outputSchema.safeParse(output).error).toBeUndefined();
        const records = new Set(fleet.map((server) => `${server.accountId}/${server.region}/${server.sourceServerId}`));
        const { servers = [], accounts = [], waves = [], skippedServers, summary } = output;
        expect(servers.length + skippedServers.length).toBe(records.size);
        expect(summary).toEqual({
          totalServers: records.size,
          succeeded: servers.length,
          failed: 0,
          skipped: skippedServers.length,
        });
        for (const sums of [accounts, waves]) {
          expect(sums.reduce((total, { servers: count }) => total + count, 0)).toBe(servers.length);
          for (const one of sums) expect(one.healthy + one.notHealthy).toBe(one.servers);
        }
      }),
    );
  });
});

describe('the age of a server’s data', () => {
  it.each([
    { name: 'the moment of the copy', server: { dataAgeAt: '2026-03-02T13:59:00Z', lagDuration: 'PT9H' }, age: 60 },
    { name: 'the lag where the moment is not known', server: { lagDuration: 'PT9H' }, age: 32_400 },
    { name: 'the lag where the moment is none', server: { dataAgeAt: 'soon', lagDuration: 'PT1M' }, age: 60 },
    { name: 'nothing', server: {}, age: undefined },
    { name: 'never negative', server: { dataAgeAt: '2026-03-02T14:00:09Z' }, age: 0 },
    { name: 'a lag that is none', server: { lagDuration: 'some' }, age: undefined },
  ])('is by $name', ({ server, age }) => {
    expect(dataAgeSeconds(server, NOW)).toBe(age);
  });
});
