import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SERVERS_IN_JOB } from '../../src/domain/executor-contract.ts';
import { type AccountDiscovery, freezePlan } from '../../src/domain/plan.ts';
import { isLeftover, isLive, type SourceServer } from '../../src/domain/server.ts';
import {
  ACCOUNT,
  anInstance,
  anyFleet,
  anyRequest,
  aRequest,
  aServer,
  discovered,
  listsOf,
  OTHER_ACCOUNT,
  REGION,
  STATES,
  servers,
} from './fleet.ts';

const planOf = (fleet: SourceServer[], request = aRequest()) => freezePlan(request, discovered(fleet));
const hashOf = (fleet: SourceServer[], request = aRequest()) => planOf(fleet, request).hash;
const keyOf = ({ accountId, region, sourceServerId }: SourceServer) => `${accountId}/${region}/${sourceServerId}`;
const once = <T>(items: T[]) => [...new Set(items)];

describe('which servers are launched', () => {
  it('drops no server and launches none twice: each record is in a batch or skipped, for any fleet', () => {
    fc.assert(
      fc.property(anyFleet, anyRequest, (fleet, request) => {
        const plan = planOf(fleet, request);
        const { launched, skipped } = listsOf(plan);
        const records = once(fleet.map(keyOf));
        expect(once(launched)).toHaveLength(launched.length);
        expect(records).toEqual(expect.arrayContaining(launched));
        // A skipped server is named without its Region: compare what is left over in those words.
        const leftOut = records.filter((record) => !launched.includes(record));
        expect(skipped.sort()).toEqual(leftOut.map((record) => record.replace(/\/[^/]+\//, '/')).sort());
        expect(plan.totalServers).toBe(launched.length);
      }),
    );
  });

  it('never launches a server with DR-Enabled=false', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const { launched } = listsOf(planOf(fleet));
        // Of a record that was read twice the later reading counts.
        const latest = new Map(fleet.map((server) => [keyOf(server), server]));
        expect(launched.filter((key) => latest.get(key)?.tags['DR-Enabled'] === 'false')).toEqual([]);
      }),
    );
  });

  it('names a disabled server with the reason', () => {
    const plan = planOf([aServer(1), aServer(2, { tags: { 'DR-Enabled': 'false' } })]);
    expect(plan.skipped).toEqual([
      {
        sourceServerId: aServer(2).sourceServerId,
        sourceServerHostname: 'hrp-002',
        stagingAccountId: ACCOUNT,
        wave: 1,
        reason: 'its tag DR-Enabled is false',
      },
    ]);
    expect(plan.stops).toEqual([]);
  });

  it.each([['true'], ['False'], ['no'], ['']])('launches a server with DR-Enabled=%j', (value) => {
    expect(planOf([aServer(1, { tags: { 'DR-Enabled': value } })]).totalServers).toBe(1);
  });

  it('asks nothing of the health of a disabled server', () => {
    const disabled = aServer(2, { tags: { 'DR-Enabled': 'false' }, existingInstances: [anInstance()] });
    expect(planOf([aServer(1), disabled])).toMatchObject({ findings: [], stops: [], cleanups: [] });
  });

  it('launches a record once that was read twice, as it was seen last', () => {
    const plan = planOf([aServer(1, { existingInstances: [anInstance()] }), aServer(1)]);
    expect(plan).toMatchObject({ totalServers: 1, skipped: [], stops: [] });
  });

  it('launches an extended server where it really replicates', () => {
    const original = aServer(1);
    const extended = aServer(2, { accountId: OTHER_ACCOUNT, stagingSourceServerArn: original.arn });
    const plan = planOf([extended, original]);
    expect(listsOf(plan).launched).toEqual([keyOf(original)]);
    expect(plan.skipped).toMatchObject([
      {
        sourceServerId: extended.sourceServerId,
        reason: `the same server as ${original.sourceServerId} in ${ACCOUNT}`,
      },
    ]);
    expect(plan.stops).toEqual([]);
  });

  it('stops when one server is known twice and its original is not among the records', () => {
    const elsewhere = 'arn:aws:drs:us-east-2:333333333333:source-server/s-99999999999999999';
    const plan = planOf([
      aServer(1, { stagingSourceServerArn: elsewhere }),
      aServer(2, { accountId: OTHER_ACCOUNT, stagingSourceServerArn: elsewhere }),
    ]);
    expect(plan.stops).toEqual([expect.stringContaining('hrp-001 is known 2 times')]);
  });

  it('stops on a live instance that only the other record of an extended server knows', () => {
    const original = aServer(1);
    const extended = aServer(2, {
      accountId: OTHER_ACCOUNT,
      stagingSourceServerArn: original.arn,
      existingInstances: [anInstance()],
    });
    const plan = planOf([original, extended]);
    expect(plan.findings).toMatchObject([{ kind: 'live instance', sourceServerId: original.sourceServerId }]);
    expect(plan.stops).toHaveLength(1);
  });

  it('leaves an extended server out in whole when one of its records has DR-Enabled=false', () => {
    const original = aServer(1, { tags: { 'DR-Application': 'HRP', 'DR-Wave': '1', 'DR-Enabled': 'false' } });
    const extended = aServer(2, { accountId: OTHER_ACCOUNT, stagingSourceServerArn: original.arn });
    const plan = planOf([original, extended]);
    expect(plan.totalServers).toBe(0);
    expect(plan.skipped.map((server) => server.sourceServerId)).toEqual([
      original.sourceServerId,
      extended.sourceServerId,
    ]);
  });

  it('takes an empty stagingSourceServerArn for none', () => {
    const plan = planOf(servers(3, { stagingSourceServerArn: '' }));
    expect(plan).toMatchObject({ totalServers: 3, skipped: [], stops: [] });
  });
});

describe('how servers are cut into jobs', () => {
  it('makes batches of one account and Region, of at most 100 servers and the parallelism, with ids of their own', () => {
    fc.assert(
      fc.property(anyFleet, anyRequest, (fleet, request) => {
        const { batches } = planOf(fleet, request);
        const records = new Set(fleet.map(keyOf));
        for (const { accountId, region, servers: ofBatch } of batches) {
          expect(ofBatch.length).toBeGreaterThan(0);
          expect(ofBatch.length).toBeLessThanOrEqual(Math.min(MAX_SERVERS_IN_JOB, request.options.parallelism));
          for (const { sourceServerId } of ofBatch) {
            expect(records.has(`${accountId}/${region}/${sourceServerId}`)).toBe(true);
          }
        }
        expect(once(batches.map((batch) => batch.batchId))).toHaveLength(batches.length);
      }),
    );
  });

  it.each([
    { found: 1, parallelism: 50, sizes: [1] },
    { found: 50, parallelism: 50, sizes: [50] },
    { found: 51, parallelism: 50, sizes: [50, 1] },
    { found: 100, parallelism: 500, sizes: [100] },
    { found: 101, parallelism: 500, sizes: [100, 1] },
    { found: 300, parallelism: 100, sizes: [100, 100, 100] },
    { found: 3, parallelism: 1, sizes: [1, 1, 1] },
  ])('cuts $found servers at parallelism $parallelism into $sizes', ({ found, parallelism, sizes }) => {
    const { batches } = planOf(servers(found), aRequest({ options: { parallelism } }));
    expect(batches.map((batch) => batch.servers.length)).toEqual(sizes);
  });

  it('allows no more than the quota of DRS in one job', () => {
    expect(MAX_SERVERS_IN_JOB).toBe(100);
  });

  it('names a batch by revision, wave, account and number', () => {
    const fleet = [...servers(2), aServer(3, { accountId: OTHER_ACCOUNT })];
    const { batches } = planOf(fleet, aRequest({ revision: 2, waves: [3], options: { parallelism: 1 } }));
    expect(batches.map((batch) => batch.batchId)).toEqual([
      'r2-w3-111111111111-01',
      'r2-w3-111111111111-02',
      'r2-w3-222222222222-01',
    ]);
  });

  it('goes on counting in the second Region of an account', () => {
    const { batches } = planOf([aServer(1), aServer(2, { region: 'us-west-2' })]);
    expect(batches.map(({ batchId, region }) => [batchId, region])).toEqual([
      ['r1-w1-111111111111-01', REGION],
      ['r1-w1-111111111111-02', 'us-west-2'],
    ]);
  });

  it('cuts the same way in whatever order the servers were found', () => {
    const anyOrder = fc.shuffledSubarray(servers(12), { minLength: 12 });
    const request = aRequest({ options: { parallelism: 5 } });
    fc.assert(
      fc.property(anyOrder, (fleet) => {
        expect(planOf(fleet, request).batches).toEqual(planOf(servers(12), request).batches);
      }),
    );
  });
});

describe('the plan hash', () => {
  const fleet = servers(3);
  const leftover = anInstance({ isDrill: true });
  const [first, ...others] = fleet;

  it.each<{ what: string; changed: string }>([
    { what: 'the wave', changed: hashOf(fleet, aRequest({ waves: [2] })) },
    { what: 'a server more', changed: hashOf(servers(4)) },
    { what: 'a server less', changed: hashOf(others) },
    { what: 'another server instead', changed: hashOf([...others, aServer(9)]) },
    {
      what: 'the account of a server',
      changed: hashOf([...others, aServer(1, { accountId: OTHER_ACCOUNT })]),
    },
    {
      what: 'an instance that the launch would clean up',
      changed: hashOf([...others, { ...aServer(1), existingInstances: [leftover] }]),
    },
    {
      what: 'a server that was disabled',
      changed: hashOf([...others, { ...aServer(1), tags: { 'DR-Enabled': 'false' } }]),
    },
  ])('changes with $what', ({ changed }) => {
    expect(first).toEqual(aServer(1));
    expect(changed).not.toBe(hashOf(fleet));
  });

  it('changes with another instance to clean up, of as many', () => {
    const withLeftover = (id: string) => [
      ...others,
      { ...aServer(1), existingInstances: [{ ...leftover, recoveryInstanceId: id }] },
    ];
    expect(hashOf(withLeftover('i-0000000b'))).not.toBe(hashOf(withLeftover('i-0000000a')));
  });

  const { isDrill: _, ...decidingOptions } = aRequest().options;
  it.each(Object.entries(decidingOptions))('changes with the option %s', (option, value) => {
    const other = typeof value === 'boolean' ? !value : Array.isArray(value) ? ['i-0123abcd'] : Number(value) + 1;
    expect(hashOf(fleet, aRequest({ options: { [option]: other } }))).not.toBe(hashOf(fleet));
  });

  it('changes with the verb', () => {
    const hashes = (['drill', 'failover', 'terminate', 'failback'] as const).map((verb) =>
      hashOf(fleet, aRequest({ verb })),
    );
    expect(new Set(hashes).size).toBe(4);
  });

  it('does not change with host names, health, lag, running jobs, the revision or an instance that is gone', () => {
    const anyDay = fc.record({
      hostname: fc.constantFrom('hrp-a', 'hrp-b', 'hrp-c'),
      replicationState: fc.constantFrom(...STATES),
      lagDuration: fc.constantFrom(undefined, 'PT2M'),
      activeJobId: fc.constantFrom(undefined, 'drsjob-1'),
      existingInstances: fc.array(fc.constant(anInstance({ isDrill: true, state: 'TERMINATED' })), { maxLength: 1 }),
    });
    fc.assert(
      fc.property(
        fc.array(anyDay, { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 9 }),
        (days, revision) => {
          const today = days.map((day, index) => aServer(index + 1, day));
          expect(hashOf(today, aRequest({ revision }))).toBe(hashOf(fleet));
        },
      ),
    );
  });

  it('does not change with the order of accounts, servers or instances', () => {
    const orders = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(anyFleet, orders, (any, [flipAccounts, flipServers, flipInstances]) => {
        // Each record once: of two readings of one record the later counts, which is a matter of order.
        const unique = [...new Map(any.map((server) => [keyOf(server), server])).values()];
        const flipped = <T>(items: T[], flip: boolean) => (flip ? items.toReversed() : items);
        const otherOrder: AccountDiscovery[] = flipped(discovered(unique), flipAccounts).map((account) => ({
          ...account,
          servers: flipped(account.servers, flipServers).map((server) => ({
            ...server,
            existingInstances: flipped(server.existingInstances, flipInstances),
          })),
        }));
        const plan = planOf(unique);
        // Which record stands for a server that cannot be told apart is open: such a plan never runs.
        fc.pre(!plan.stops.some((stop) => stop.includes('it cannot be told')));
        expect(freezePlan(aRequest(), otherOrder).hash).toBe(plan.hash);
      }),
    );
  });
});

describe('what stops a drill before anybody is asked', () => {
  const stopsOf = (differs: Partial<SourceServer>) => planOf([aServer(1, differs), aServer(2)]).stops;

  it.each<{ name: string; differs: Partial<SourceServer>; says: string }>([
    {
      name: 'a live instance, named',
      differs: { existingInstances: [anInstance({ ec2InstanceId: 'i-0bad0bad' })] },
      says: 'live instance i-0bad0bad (running)',
    },
    {
      name: 'a live instance that is stopped',
      differs: { existingInstances: [anInstance({ state: 'STOPPED' })] },
      says: 'live instance',
    },
    {
      name: 'a live instance beside an earlier drill’s',
      differs: { existingInstances: [anInstance({ isDrill: true }), anInstance()] },
      says: 'live instance',
    },
    { name: 'a running job', differs: { activeJobId: 'drsjob-7' }, says: 'job drsjob-7 is still running on it' },
    { name: 'stalled replication', differs: { replicationState: 'STALLED' }, says: 'replication stalled' },
    { name: 'disconnected replication', differs: { replicationState: 'DISCONNECTED' }, says: 'replication stalled' },
    {
      name: 'a first copy that is not complete',
      differs: { replicationState: 'INITIAL_SYNC' },
      says: 'replication not ready (INITIAL_SYNC)',
    },
    {
      name: 'a state that nobody knows',
      differs: { replicationState: 'BRAND_NEW' },
      says: 'replication unknown (BRAND_NEW)',
    },
  ])('$name', ({ differs, says }) => {
    expect(stopsOf(differs)).toEqual([expect.stringContaining(says)]);
    expect(stopsOf(differs)[0]).toContain('hrp-001');
  });

  it.each<{ name: string; differs: Partial<SourceServer> }>([
    { name: 'a healthy server', differs: {} },
    { name: 'a server from which a snapshot is being taken', differs: { replicationState: 'CREATING_SNAPSHOT' } },
    { name: 'an earlier drill’s instance', differs: { existingInstances: [anInstance({ isDrill: true })] } },
    { name: 'a recovery instance that is gone', differs: { existingInstances: [anInstance({ state: 'TERMINATED' })] } },
    { name: 'a recovery instance not found', differs: { existingInstances: [anInstance({ state: 'NOT_FOUND' })] } },
    { name: 'a lagging server', differs: { replicationState: 'BACKLOG' } },
    { name: 'a paused server', differs: { replicationState: 'PAUSED' } },
  ])('but not $name', ({ differs }) => {
    expect(stopsOf(differs)).toEqual([]);
  });

  it('warns of a lagging server and says how far it is behind', () => {
    const { findings } = planOf([aServer(1, { replicationState: 'BACKLOG', lagDuration: 'PT1H20M' })]);
    expect(findings).toMatchObject([{ severity: 'warning', message: 'replication lagging, 1 h 20 min behind' }]);
  });

  it('stops on lagging servers when the policy says so', () => {
    const request = aRequest({ policy: { stopOn: ['lagging'] } });
    expect(planOf([aServer(1, { replicationState: 'BACKLOG' })], request).stops).toHaveLength(1);
    expect(planOf([aServer(1, { replicationState: 'STALLED' })], request).stops).toEqual([]);
  });

  it('stops on a live instance and on a running job whatever the policy', () => {
    const request = aRequest({ policy: { stopOn: [] } });
    expect(planOf([aServer(1, { existingInstances: [anInstance()] })], request).stops).toHaveLength(1);
    expect(planOf([aServer(1, { activeJobId: 'drsjob-1' })], request).stops).toHaveLength(1);
  });

  it('an account that cannot be read, named with the reason', () => {
    const unread = { accountId: OTHER_ACCOUNT, region: REGION, servers: [], unreachable: 'no access' };
    const plan = freezePlan(aRequest(), [...discovered(servers(2)), unread]);
    expect(plan.stops).toEqual([expect.stringMatching(/222222222222.*no access/)]);
    expect(plan.accounts).toMatchObject([
      { accountId: ACCOUNT },
      { accountId: OTHER_ACCOUNT, unreachable: 'no access' },
    ]);
  });

  it.each([
    { found: 0, minServers: 1, stops: ['No source server matches HRP wave 1.'] },
    {
      found: 2,
      minServers: 3,
      stops: ['Only 2 source servers match HRP wave 1; at least 3 were asked for.'],
    },
    { found: 3, minServers: 3, stops: [] },
    { found: 0, minServers: 0, stops: [] },
  ])('$found servers when at least $minServers are needed: $stops', ({ found, minServers, stops }) => {
    expect(planOf(servers(found), aRequest({ options: { minServers } })).stops).toEqual(stops);
  });

  it('disabled servers only, as if there were none', () => {
    expect(planOf(servers(3, { tags: { 'DR-Enabled': 'false' } })).stops).toHaveLength(1);
  });

  it('any live instance or running job on a server that would be launched, in any fleet', () => {
    fc.assert(
      fc.property(anyFleet, anyRequest, (fleet, request) => {
        const plan = planOf(fleet, request);
        const latest = new Map(fleet.map((server) => [keyOf(server), server]));
        const endangered = listsOf(plan).launched.some((key) => {
          const server = latest.get(key);
          return server?.activeJobId !== undefined || server?.existingInstances.some(isLive);
        });
        if (endangered) expect(plan.stops).not.toEqual([]);
      }),
    );
  });
});

describe('what the launch would clean up', () => {
  it('is every earlier drill’s instance of the servers to launch that still exists, and nothing else', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const plan = planOf(fleet);
        const latest = new Map(fleet.map((server) => [keyOf(server), server]));
        const leftovers = listsOf(plan).launched.flatMap((key) =>
          (latest.get(key)?.existingInstances ?? []).filter(isLeftover).map((instance) => instance.recoveryInstanceId),
        );
        expect(plan.cleanups).toEqual(leftovers.sort());
      }),
    );
  });
});

describe('the preflight table', () => {
  it('counts each account’s servers, healthy and lagging, and those with something to clean up', () => {
    const plan = planOf([
      aServer(1),
      aServer(2, { replicationState: 'BACKLOG' }),
      aServer(3, { existingInstances: [anInstance({ isDrill: true }), anInstance({ isDrill: true })] }),
      aServer(4, { accountId: OTHER_ACCOUNT }),
    ]);
    expect(plan.accounts).toEqual([
      { accountId: ACCOUNT, region: REGION, servers: 3, healthy: 2, lagging: 1, cleanups: 1 },
      { accountId: OTHER_ACCOUNT, region: REGION, servers: 1, healthy: 1, lagging: 0, cleanups: 0 },
    ]);
  });

  it('leaves out an account without servers', () => {
    const empty = { accountId: OTHER_ACCOUNT, region: REGION, servers: [] };
    expect(freezePlan(aRequest(), [...discovered(servers(1)), empty]).accounts).toHaveLength(1);
  });

  it('adds up to the servers of the plan, for any fleet', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const plan = planOf(fleet);
        const sum = (count: (account: (typeof plan.accounts)[number]) => number) =>
          plan.accounts.reduce((total, account) => total + count(account), 0);
        expect(sum((account) => account.servers)).toBe(plan.totalServers);
        expect(sum((account) => account.healthy + account.lagging)).toBe(plan.totalServers);
      }),
    );
  });
});
