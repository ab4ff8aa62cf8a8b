import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccountDiscovery, freezePlan, type PlanRequest, plannedVerb } from '../../src/domain/plan.ts';
import { type ExistingInstance, isLive, type SourceServer } from '../../src/domain/server.ts';
import {
  ACCOUNT,
  anInstance,
  anyFleet,
  anyRequestOfAnyVerb,
  aRequest,
  aServer,
  discovered,
  listsOf,
  NOONS,
  OTHER_ACCOUNT,
  REGION,
  servers,
} from './fleet.ts';

type Options = Partial<PlanRequest['options']>;
const drillOf = (fleet: SourceServer[], options: Options = {}, policy: Partial<PlanRequest['policy']> = {}) => {
  const request = aRequest({ options });
  return freezePlan({ ...request, policy: { ...request.policy, ...policy } }, discovered(fleet));
};
const failoverOf = (fleet: SourceServer[], options: Options = {}) =>
  freezePlan(aRequest({ verb: 'failover', options }), discovered(fleet));
const hostsOf = (plan: ReturnType<typeof freezePlan>) =>
  plan.batches.map((batch) => batch.servers.map((server) => server.hostname));
const live = (differs = {}) => ({ existingInstances: [anInstance(differs)] });

it('a drill of named servers stops when one of them is not among those that match', () => {
  const [there, gone] = [aServer(1), aServer(2)];
  const sourceServerIds = [there.sourceServerId, gone.sourceServerId];
  expect(drillOf([there], { sourceServerIds: [there.sourceServerId] }).stops).toEqual([]);
  expect(drillOf([there], { sourceServerIds }).stops).toEqual([
    expect.stringContaining(`${gone.sourceServerId} of sourceServerIds is no source server that matches`),
  ]);
});

describe('the order of the start', () => {
  const ranked = (number: number, priority: string | undefined, differs: Partial<SourceServer> = {}) =>
    aServer(number, { tags: priority === undefined ? {} : { 'DR-Priority': priority }, ...differs });

  it('is DR-Priority, then host name', () => {
    const fleet = [ranked(1, undefined), ranked(2, 'low'), ranked(3, 'MEDIUM'), ranked(4, 'High'), ranked(5, 'high')];
    expect(hostsOf(drillOf(fleet, { parallelism: 1 })).flat()).toEqual([
      'hrp-004',
      'hrp-005',
      'hrp-003',
      'hrp-002',
      'hrp-001',
    ]);
  });

  it('takes another value for none', () => {
    expect(hostsOf(drillOf([ranked(1, 'at once'), ranked(2, 'low')])).flat()).toEqual(['hrp-002', 'hrp-001']);
  });

  it('is the accounts’ configured priority before all', () => {
    const first: AccountDiscovery = {
      accountId: ACCOUNT,
      region: REGION,
      priority: 2,
      servers: [ranked(1, 'high')],
    };
    const second = {
      ...first,
      accountId: OTHER_ACCOUNT,
      priority: 1,
      servers: [aServer(2, { accountId: OTHER_ACCOUNT })],
    };
    expect(freezePlan(aRequest(), [first, second]).batches.map(({ accountId }) => accountId)).toEqual([
      OTHER_ACCOUNT,
      ACCOUNT,
    ]);
  });
});

describe('a drill with continueOnFailure', () => {
  const stalled = { replicationState: 'STALLED' };

  it('fails a server whose replication stops it, and goes on with the rest', () => {
    const plan = drillOf([aServer(1, stalled), aServer(2)], { continueOnFailure: true });
    expect(hostsOf(plan)).toEqual([['hrp-002']]);
    expect(plan.stops).toEqual([]);
    expect(plan.failed).toMatchObject([
      {
        sourceServerId: aServer(1).sourceServerId,
        stagingAccountId: ACCOUNT,
        region: REGION,
        errorCode: 'ServerNotReady',
      },
    ]);
    expect(plan.failed[0]?.errorMessage).toContain('replication stalled');
  });

  it.each<{ name: string; differs: Partial<SourceServer> }>([
    { name: 'a live instance', differs: live() },
    { name: 'a running job', differs: { activeJobId: 'drsjob-1' } },
    { name: 'a live instance on a stalled server', differs: { ...stalled, ...live() } },
    { name: 'launch settings that cannot be read', differs: { launchSettings: { unreadable: 'throttled' } } },
  ])('stops in whole at $name', ({ differs }) => {
    const plan = drillOf([aServer(1, differs), aServer(2)], { continueOnFailure: true });
    expect(plan.stops).not.toEqual([]);
    expect(plan.failed).toEqual([]);
  });
});

describe('where a drill may launch', () => {
  const into = (subnetId?: string): Partial<SourceServer> => ({ launchSettings: { subnetId, copyPrivateIp: false } });
  const drillSubnets = ['subnet-0123abcd'];

  it.each<{ name: string; differs: Partial<SourceServer>; says?: string }>([
    { name: 'a subnet for drills', differs: into('subnet-0123abcd') },
    { name: 'another subnet', differs: into('subnet-0bad0bad'), says: 'it would launch into subnet-0bad0bad' },
    { name: 'no named subnet', differs: into(), says: 'name no subnet' },
    { name: 'nobody knows where', differs: {}, says: 'launch settings are not known' },
    {
      name: 'settings that cannot be read',
      differs: { launchSettings: { unreadable: 'access denied' } },
      says: 'could not be read (access denied)',
    },
  ])('$name', ({ differs, says }) => {
    const { stops } = drillOf([aServer(1, differs)], {}, { drillSubnets });
    expect(stops).toEqual(says === undefined ? [] : [expect.stringContaining(says)]);
    if (says !== undefined) expect(stops[0]).toContain('hrp-001');
  });

  it('is anywhere without a policy', () => {
    expect(drillOf([aServer(1, into('subnet-0bad0bad')), aServer(2)]).stops).toEqual([]);
  });

  it('is not limited for a failover', () => {
    const request = aRequest({ verb: 'failover', policy: { stopOn: [], drillSubnets } });
    expect(freezePlan(request, discovered([aServer(1, into('subnet-0bad0bad'))])).stops).toEqual([]);
  });

  it('is said when the address of the source would be copied', () => {
    const copies = { launchSettings: { copyPrivateIp: true } };
    expect(drillOf([aServer(1, copies)]).findings).toMatchObject([{ severity: 'warning', kind: 'launch settings' }]);
  });
});

describe('what an account’s quotas allow', () => {
  const quotas = (vcpus: { limit: number; inUse: number }, jobs = { limit: 20, inUse: 0 }) => ({
    jobs,
    servers: { limit: 500, inUse: 0 },
    replicating: { limit: 300, inUse: 10 },
    vcpus,
  });
  const planOf = (verb: 'drill' | 'failover', differs: Partial<AccountDiscovery>, cores: number | undefined = 8) =>
    freezePlan(aRequest({ verb }), [
      { accountId: ACCOUNT, region: REGION, servers: servers(2, { cores }), ...differs },
    ]);

  it('stops a drill that needs more vCPUs, with the numbers', () => {
    const { stops } = planOf('drill', { quotas: quotas({ limit: 64, inUse: 50 }) });
    expect(stops).toEqual(['Account 111111111111 has room for 14 vCPUs (50 of 64 in use), but 16 are needed.']);
  });

  it('is enough when it is just enough', () => {
    expect(planOf('drill', { quotas: quotas({ limit: 64, inUse: 48 }) })).toMatchObject({ stops: [], warnings: [] });
  });

  describe('counts what the launch itself frees:', () => {
    const again = (instance: Partial<ExistingInstance>, limit: number) =>
      freezePlan(aRequest(), [
        {
          accountId: ACCOUNT,
          region: REGION,
          servers: [
            aServer(1, { cores: 8, existingInstances: [anInstance({ isDrill: true, ...instance })] }),
            aServer(2, { cores: 8 }),
          ],
          quotas: quotas({ limit, inUse: 50 }),
        },
      ]);

    it('the instance of an earlier drill', () => {
      expect(again({ vcpus: 8 }, 58).stops).toEqual([]);
      expect(again({ vcpus: 8 }, 57).stops).toEqual([
        'Account 111111111111 has room for 15 vCPUs (50 of 57 in use, 8 of them by instances that the launch replaces), but 16 are needed.',
      ]);
    });

    it('not one of which nobody knows how many it takes', () => {
      expect(again({}, 58).stops).toEqual([expect.stringContaining('room for 8 vCPUs (50 of 58 in use)')]);
    });
  });

  it('stops a drill when it cannot be read, and is a warning for a failover', () => {
    const unreadable = { quotasUnreadable: 'throttled' };
    const says = [expect.stringMatching(/quotas of account 111111111111 could not be read \(throttled\)/)];
    expect(planOf('drill', unreadable).stops).toEqual(says);
    expect(planOf('failover', unreadable)).toMatchObject({ stops: [], warnings: says });
  });

  it('stops a drill when nobody knows how many vCPUs it needs', () => {
    const unknown = freezePlan(aRequest(), [
      { accountId: ACCOUNT, region: REGION, servers: servers(2), quotas: quotas({ limit: 64, inUse: 0 }) },
    ]);
    expect(unknown.stops).toEqual([expect.stringContaining('vCPUs hrp-001 and 1 more')]);
  });

  it('only warns a failover that there are too few vCPUs', () => {
    const plan = planOf('failover', { quotas: quotas({ limit: 8, inUse: 0 }) });
    expect(plan).toMatchObject({ stops: [], warnings: [expect.stringContaining('16 are needed')] });
  });

  it('of jobs only makes it wait', () => {
    const plan = planOf('drill', { quotas: quotas({ limit: 64, inUse: 0 }, { limit: 20, inUse: 20 }) });
    expect(plan).toMatchObject({ stops: [], warnings: [expect.stringContaining('limit of 20 jobs')] });
  });

  it('is not looked at where nothing is launched', () => {
    const empty = { accountId: OTHER_ACCOUNT, region: REGION, servers: [], quotasUnreadable: 'throttled' };
    expect(freezePlan(aRequest(), [...discovered(servers(1)), empty]).stops).toEqual([]);
  });

  it.each([
    { maxServers: 2, warnings: [] },
    { maxServers: 1, warnings: ['Account 111111111111 has 2 servers; it is meant for 1 at most.'] },
  ])('says when there are more servers than $maxServers', ({ maxServers, warnings }) => {
    expect(planOf('drill', { maxServers }).warnings).toEqual(warnings);
  });
});

describe('a failover', () => {
  const other = aServer(2);

  it.each(['BACKLOG', 'STALLED', 'DISCONNECTED', 'PAUSED', 'A_NEW_STATE'])(
    'shows replication %s and goes on',
    (state) => {
      const plan = failoverOf([aServer(1, { replicationState: state }), other]);
      expect(plan).toMatchObject({ stops: [], failed: [], totalServers: 2 });
      expect(plan.findings).toMatchObject([{ severity: 'warning', kind: 'replication' }]);
    },
  );

  it.each(['INITIAL_SYNC', 'INITIATING', 'STOPPED'])('waits for %s in a last batch of its own', (replicationState) => {
    const plan = failoverOf([aServer(1, { replicationState }), other]);
    expect(hostsOf(plan)).toEqual([['hrp-002'], ['hrp-001']]);
    expect(plan.batches[1]?.servers[0]).toMatchObject({ waitForReady: true });
    expect(plan.batches[0]?.servers[0]).not.toHaveProperty('waitForReady');
    expect(plan.stops).toEqual([]);
  });

  it('stops at a live instance that replaceLive does not name', () => {
    const plan = failoverOf([aServer(1, live({ ec2InstanceId: 'i-0bad0bad' })), other]);
    expect(plan.stops).toEqual([expect.stringMatching(/hrp-001.*i-0bad0bad.*replaceLive/)]);
    expect(plan.replaced).toEqual([]);
  });

  it('with continueOnFailure fails that server and goes on', () => {
    const plan = failoverOf([aServer(1, live()), other], { continueOnFailure: true });
    expect(plan).toMatchObject({ stops: [], failed: [{ errorCode: 'LiveInstance' }] });
    expect(hostsOf(plan)).toEqual([['hrp-002']]);
  });

  it.each(['i-0000aaaa', 'i-0000bbbb'])('replaces the live instance that is named as %s, and says so', (id) => {
    const instance = anInstance({ recoveryInstanceId: 'i-0000aaaa', ec2InstanceId: 'i-0000bbbb' });
    const plan = failoverOf([aServer(1, { existingInstances: [instance] })], { replaceLive: [id] });
    expect(plan).toMatchObject({ stops: [], failed: [], replaced: ['i-0000aaaa'], totalServers: 1 });
    expect(plan.findings).toMatchObject([{ severity: 'warning', kind: 'live instance' }]);
  });

  it('stops when one of two live instances is not named', () => {
    const both = {
      existingInstances: [anInstance(), anInstance({ recoveryInstanceId: 'i-0000000b', ec2InstanceId: 'i-0000000b' })],
    };
    const plan = failoverOf([aServer(1, both)], { replaceLive: ['i-00000001'] });
    expect(plan.stops).toHaveLength(1);
    expect(plan.replaced).toEqual([]);
  });

  it('says which id of replaceLive is no live instance', () => {
    expect(failoverOf([other], { replaceLive: ['i-0000000f'] })).toMatchObject({
      stops: [],
      warnings: ['i-0000000f of replaceLive is no live instance of a matching server.'],
    });
  });

  it('fails a server on which a job runs, named, and goes on', () => {
    const plan = failoverOf([aServer(1, { activeJobId: 'drsjob-7' }), other]);
    expect(plan.stops).toEqual([]);
    expect(plan.failed).toMatchObject([
      { errorCode: 'ConflictException', errorMessage: expect.stringContaining('drsjob-7') },
    ]);
    expect(hostsOf(plan)).toEqual([['hrp-002']]);
  });

  it('says what could not be checked and goes on', () => {
    const plan = failoverOf([aServer(1, { launchSettings: { unreadable: 'throttled' } })]);
    expect(plan.stops).toEqual([]);
    expect(plan.findings).toMatchObject([
      { severity: 'warning', kind: 'unchecked', message: 'its launch settings could not be read (throttled)' },
    ]);
  });
});

describe('an account that cannot be read', () => {
  const unread = { accountId: OTHER_ACCOUNT, region: REGION, servers: [], unreachable: 'no access' };
  const planOf = (verb: PlanRequest['verb'], allowMissingAccounts = false) =>
    freezePlan(aRequest({ verb, options: { allowMissingAccounts } }), [...discovered(servers(2)), unread]);

  it.each(['drill', 'terminate', 'failback'] as const)('stops a %s, unless the request allows it', (verb) => {
    expect(planOf(verb).stops).toHaveLength(1);
    expect(planOf(verb, true).stops).toEqual([]);
  });

  it('never stops a failover', () => {
    expect(planOf('failover').stops).toEqual([]);
  });

  it.each(['drill', 'failover', 'terminate', 'failback'] as const)('is named in the plan of a %s', (verb) => {
    expect(planOf(verb).missingAccounts).toEqual([{ accountId: OTHER_ACCOUNT, region: REGION, reason: 'no access' }]);
  });
});

describe('the point in time', () => {
  const pit = (number: number) => `pit-${String(number).padStart(17, '0')}`;
  const [monday, tuesday, wednesday, thursday] = NOONS as [string, string, string, string];
  const snapshots = [
    { id: pit(2), at: tuesday },
    { id: pit(1), at: monday },
    { id: pit(3), at: wednesday },
  ];
  const idsOf = (plan: ReturnType<typeof freezePlan>) =>
    plan.batches.flatMap((batch) => batch.servers.map((server) => server.recoverySnapshotId));

  it.each([
    { pointInTime: tuesday, expected: [pit(2)] },
    { pointInTime: '2026-03-03T11:59:59Z', expected: [pit(2)] },
    { pointInTime: '2026-03-03T13:30:00+01:00', expected: [pit(3)] },
    { pointInTime: thursday, expected: [pit(3)] },
  ])('$pointInTime is the newest snapshot at or before it', ({ pointInTime, expected }) => {
    expect(idsOf(drillOf([aServer(1, { snapshots })], { pointInTime }))).toEqual(expected);
  });

  it('fails a server without one, and the rest goes on', () => {
    const late = aServer(2, { snapshots: [{ id: pit(9), at: thursday }] });
    const unread = aServer(3);
    const plan = failoverOf([aServer(1, { snapshots }), late, unread], { pointInTime: tuesday });
    expect(plan.stops).toEqual([]);
    expect(plan.failed).toMatchObject([
      { sourceServerHostname: 'hrp-002', errorCode: 'NoSnapshot' },
      { sourceServerHostname: 'hrp-003', errorCode: 'NoSnapshot', errorMessage: 'Its snapshots could not be read.' },
    ]);
    expect(idsOf(plan)).toEqual([pit(2)]);
  });

  it('may be one snapshot of one server', () => {
    expect(idsOf(drillOf([aServer(1)], { pointInTimeSnapshot: pit(7) }))).toEqual([pit(7)]);
    expect(drillOf(servers(2), { pointInTimeSnapshot: pit(7) }).stops).toEqual([
      expect.stringContaining('is for one server, but 2 match'),
    ]);
    expect(drillOf([aServer(1, { snapshots })], { pointInTimeSnapshot: pit(7) }).failed).toMatchObject([
      { errorCode: 'NoSnapshot' },
    ]);
  });

  it('is not set when the latest is asked for', () => {
    expect(idsOf(drillOf([aServer(1, { snapshots })]))).toEqual([undefined]);
  });

  it('is part of the plan hash as the snapshots that it stands for', () => {
    const hash = (days: typeof snapshots) => drillOf([aServer(1, { snapshots: days })], { pointInTime: thursday }).hash;
    expect(hash(snapshots)).not.toBe(hash(snapshots.slice(0, 2)));
    expect(hash(snapshots)).toBe(hash(snapshots.toReversed()));
  });
});

describe('in any fleet', () => {
  const latestOf = (fleet: SourceServer[]) =>
    new Map(fleet.map((server) => [`${server.accountId}/${server.region}/${server.sourceServerId}`, server]));

  it('a drill that may run launches no server with a live instance', () => {
    fc.assert(
      fc.property(anyFleet, anyRequestOfAnyVerb, (fleet, request) => {
        const plan = freezePlan({ ...request, verb: 'drill' }, discovered(fleet));
        fc.pre(plan.stops.length === 0);
        const latest = latestOf(fleet);
        const endangered = listsOf(plan).launched.filter((key) => latest.get(key)?.existingInstances.some(isLive));
        expect(endangered).toEqual([]);
        expect(plan.replaced).toEqual([]);
      }),
    );
  });

  it('a failover that may run launches over a live instance only when replaceLive names it', () => {
    fc.assert(
      fc.property(anyFleet, anyRequestOfAnyVerb, (fleet, request) => {
        const plan = freezePlan({ ...request, verb: 'failover' }, discovered(fleet));
        fc.pre(plan.stops.length === 0);
        const latest = latestOf(fleet);
        const { replaceLive } = request.options;
        for (const key of listsOf(plan).launched) {
          for (const instance of latest.get(key)?.existingInstances.filter(isLive) ?? []) {
            const ids = [instance.recoveryInstanceId, instance.ec2InstanceId];
            expect(ids.some((id) => replaceLive.includes(id))).toBe(true);
            expect(plan.replaced).toContain(instance.recoveryInstanceId);
          }
        }
      }),
    );
  });
});

describe('a verb with a plan', () => {
  it('is every one but status', () => {
    expect(plannedVerb('failback')).toBe('failback');
    expect(() => plannedVerb('status')).toThrow('has no plan');
  });
});
