import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DrillProof, serverSetOf } from '../../src/domain/drill-proof.ts';
import type { Library } from '../../src/domain/plan-library.ts';
import {
  type AccountLook,
  type ApplicationReadiness,
  assessReadiness,
  changeOf,
  READINESS_STATES,
  type ReadinessFacts,
  stateAt,
  verificationAt,
} from '../../src/domain/readiness.ts';
import { readinessSettingsSchema } from '../../src/domain/readiness-settings.ts';
import type { RecoveryPlan } from '../../src/domain/recovery-plan.ts';
import { healthOf, type SourceServer } from '../../src/domain/server.ts';
import { minutes, START } from '../blocks/views.ts';
import { ACCOUNT, anyFleet, aServer, discovered, OTHER_ACCOUNT, REGION, servers } from './fleet.ts';
import { aGroup, aPlan, aWave } from './plans.ts';

const DAY = 24 * minutes(60);
const FREE = { limit: 1_000, inUse: 0 };
const QUOTAS = { jobs: FREE, servers: FREE, replicating: FREE, vcpus: FREE };
const NO_PLANS: Library = { version: 0, plans: [], groups: [] };

function aLook(own: SourceServer[], differs: Partial<AccountLook> = {}): AccountLook {
  return {
    ...{ accountId: ACCOUNT, region: REGION, servers: own, state: 'read', quotas: QUOTAS, maxServers: 300 },
    ...{ originTags: {}, uncompared: 0, isBusy: false },
    ...differs,
  };
}

/** An account that could not be read. */
function unread(state: AccountLook['state'], accountId = OTHER_ACCOUNT): AccountLook {
  return aLook([], { accountId, state, unreachable: 'access denied', quotas: undefined });
}

function drillOf(numbers: number[], differs: Partial<DrillProof> = {}): DrillProof {
  return {
    executionId: 'drill-1',
    endedAt: START - DAY,
    waves: [{ wave: 1, servers: numbers.length, set: serverSetOf(numbers.map((number) => aServer(number))) }],
    ...differs,
  };
}

function facts(looks: AccountLook[], differs: Partial<ReadinessFacts> = {}): ReadinessFacts {
  return {
    now: START,
    looks,
    library: NO_PLANS,
    settings: readinessSettingsSchema.parse({}),
    known: [],
    drills: new Map([['HRP', [drillOf([1, 2, 3])]]]),
    regions: [REGION],
    ...differs,
  };
}

function assess(
  looks: AccountLook[],
  differs: Partial<ReadinessFacts> = {},
  application = 'HRP',
): ApplicationReadiness {
  const found = assessReadiness(facts(looks, differs)).applications.find((one) => one.application === application);
  if (found === undefined) throw new Error(`${application} was not looked at`);
  return found;
}

const kindsOf = ({ findings }: Pick<ApplicationReadiness, 'findings'>) => findings.map(({ kind }) => kind);

describe('an application', () => {
  it('is ready when nothing speaks against it', () => {
    expect(assess([aLook(servers(3))])).toMatchObject({
      ...{ state: 'ready', findings: [], servers: 3, skipped: 0, checkedAt: START },
      accounts: [{ accountId: ACCOUNT, region: REGION, servers: 3 }],
      lastDrill: { executionId: 'drill-1', endedAt: START - DAY },
    });
  });

  it.each([
    ['INITIAL_SYNC', 'not ready', 'unprotected'],
    ['STOPPED', 'not ready', 'unprotected'],
    ['STALLED', 'not ready', 'stalled'],
    ['DISCONNECTED', 'not ready', 'stalled'],
    ['BACKLOG', 'at risk', 'lagging'],
    ['PAUSED', 'at risk', 'lagging'],
    ['A_NEW_STATE', 'not known', 'replication unknown'],
  ])('with a server in %s is %s', (replicationState, state, kind) => {
    const found = assess([aLook([...servers(2), aServer(3, { replicationState, hostname: 'hrp-db' })])]);
    expect(found.state).toBe(state);
    expect(found.findings).toMatchObject([{ kind, count: 1, servers: ['hrp-db'], accounts: [ACCOUNT] }]);
    expect(found.findings[0]?.todo).not.toBe('');
  });

  it('is not ready with a copy older than its target, which may be its own', () => {
    const look = aLook(servers(3, { lagDuration: 'PT2H' }));
    expect(assess([look]).findings[0]).toMatchObject({
      kind: 'data age',
      message: expect.stringContaining('older than the 60 min that are allowed; the oldest is 2 h old'),
    });
    expect(assess([look])).toMatchObject({ state: 'not ready', worstDataAgeSeconds: 7_200 });
    const settings = readinessSettingsSchema.parse({ applications: { HRP: { dataAgeMinutes: 120 } } });
    expect(assess([look], { settings }).state).toBe('ready');
  });

  it('counts nothing that is left out by its tag', () => {
    const left = aServer(4, { replicationState: 'STALLED', tags: { ...aServer(4).tags, 'DR-Enabled': 'false' } });
    expect(assess([aLook([...servers(3), left])])).toMatchObject({ state: 'ready', servers: 3, skipped: 1 });
    expect(assessReadiness(facts([aLook([left])])).fleet.accounts).toMatchObject([{ servers: 1, stalled: 0 }]);
  });

  it('is not ready with servers in no wave, unless a plan says where they are', () => {
    const tags = { 'DR-Application': 'HRP' };
    expect(kindsOf(assess([aLook([...servers(3), aServer(4, { tags })])]))).toEqual(['no wave']);
  });

  it('that is known and has no server anywhere is not ready', () => {
    const found = assess([aLook(servers(3))], { known: ['CRM'] }, 'CRM');
    expect(found).toMatchObject({ state: 'not ready', servers: 0 });
    expect(kindsOf(found)).toContain('no servers');
    // It would be seen in an account that was read before.
    const accounts = [
      {
        ...{ accountId: OTHER_ACCOUNT, region: REGION, state: 'read' as const, servers: 1, unprotected: 0, stalled: 0 },
        readAt: START - DAY,
      },
    ];
    const blind = { known: ['CRM'], earlier: { applications: new Map(), accounts } };
    expect(assess([aLook(servers(3)), unread('denied')], blind, 'CRM').state).toBe('not ready');
    expect(assess([aLook(servers(3)), unread('denied')], { known: ['CRM'] }, 'CRM').state).toBe('not known');
  });

  it('whose servers have all lost their tags is told of for a week, and then forgotten', () => {
    const earlier = (seenAt: number) => ({
      applications: new Map([['CRM', { accounts: [], seenAt }]]),
      accounts: [],
    });
    const found = assess([aLook(servers(3))], { earlier: earlier(START - 7 * DAY) }, 'CRM');
    expect(found).toMatchObject({ state: 'not ready', seenAt: START - 7 * DAY });
    expect(kindsOf(found)).toContain('no servers');
    const { applications } = assessReadiness(facts([aLook(servers(3))], { earlier: earlier(START - 7 * DAY - 1) }));
    expect(applications).toMatchObject([{ application: 'HRP', seenAt: START }]);
  });

  it('is at risk when it was never drilled, or too long ago; a drill of some waves is named', () => {
    const look = aLook([...servers(3), aServer(4, { tags: { 'DR-Application': 'HRP', 'DR-Wave': '2' } })]);
    const partly = assess([look]);
    expect(partly.state).toBe('at risk');
    expect(partly.findings[0]?.message).toContain('The last successful one was of wave 1 alone, 1 day ago');
    expect(kindsOf(assess([look], { drills: new Map() }))).toEqual(['drill']);
    const old = new Map([['HRP', [drillOf([1], { endedAt: START - 91 * DAY })]]]);
    expect(assess([aLook(servers(3))], { drills: old }).findings[0]?.message).toContain('91 days ago');
  });
});

describe('an account that cannot be read', () => {
  const earlier = (there: number, readAt?: number): Partial<ReadinessFacts> => ({
    earlier: {
      applications: new Map([
        ['HRP', { accounts: there === 0 ? [] : [{ accountId: OTHER_ACCOUNT, region: REGION, servers: there }] }],
      ]),
      accounts: [
        {
          ...{ accountId: OTHER_ACCOUNT, region: REGION, state: 'read', servers: there, unprotected: 0, stalled: 0 },
          ...(readAt === undefined ? {} : { readAt }),
        },
      ],
    },
  });

  it.each([
    ['denied', 'not ready'],
    ['not initialised', 'not ready'],
    ['not read', 'not known'],
  ] as const)('(%s) leaves an application with servers there %s', (state, expected) => {
    const found = assess([aLook(servers(3)), unread(state)], earlier(7, START - minutes(30)));
    expect(found).toMatchObject({
      state: expected,
      findings: [{ kind: 'account', count: 7, accounts: [OTHER_ACCOUNT] }],
    });
    // What was known of where they are stays known while nobody can look.
    expect(found.accounts).toContainEqual({ accountId: OTHER_ACCOUNT, region: REGION, servers: 7 });
  });

  it('puts one without servers there at risk: a drill of it would stop', () => {
    expect(assess([aLook(servers(3)), unread('denied')], earlier(0, START - DAY)).state).toBe('at risk');
  });

  it('that never was read leaves every application unknown', () => {
    expect(assess([aLook(servers(3)), unread('denied')]).state).toBe('not known');
  });

  it('is named once for the fleet, with why', () => {
    const { fleet } = assessReadiness(facts([aLook(servers(3)), unread('denied')]));
    expect(fleet.findings).toMatchObject([{ kind: 'account', severity: 'stop', accounts: [OTHER_ACCOUNT] }]);
    expect(fleet.findings[0]?.message).toBe('The role of account 222222222222 cannot be assumed: access denied.');
    expect(fleet.accounts[1]).toEqual({
      ...{ accountId: OTHER_ACCOUNT, region: REGION, state: 'denied', why: 'access denied' },
      ...{ servers: 0, unprotected: 0, stalled: 0 },
    });
  });
});

describe('tags', () => {
  it('of an EC2 instance that its source server lacks are named; those that decide stop', () => {
    const originTags = { [aServer(1).sourceServerId]: { 'DR-Enabled': 'false', Name: 'x' } };
    const found = assess([aLook(servers(3), { originTags })]);
    expect(found).toMatchObject({ state: 'not ready', findings: [{ kind: 'instance tags', count: 1 }] });
    expect(found.findings[0]?.message).toContain('DR-Enabled');
    const harmless = { [aServer(1).sourceServerId]: { 'DR-Tier': 'Critical', 'DR-Wave': '1' } };
    expect(assess([aLook(servers(3), { originTags: harmless })]).state).toBe('at risk');
  });

  it('of an EC2 instance say whose a server is that has none itself', () => {
    const bare = aServer(4, { tags: {}, hostname: 'bare' });
    const originTags = { [bare.sourceServerId]: { 'DR-Application': 'HRP', 'DR-Wave': '1' } };
    const { applications, fleet } = assessReadiness(
      facts([aLook([...servers(3), bare], { originTags, uncompared: 2 })]),
    );
    expect(applications[0]).toMatchObject({ state: 'not ready', servers: 3 });
    expect(applications[0]?.findings).toMatchObject([{ kind: 'instance tags', servers: ['bare'] }]);
    expect(fleet).toMatchObject({ untagged: 1, findings: [{ kind: 'no application', servers: ['bare'] }] });
  });

  it.each([
    ['by id', ['222222222222', undefined, undefined]],
    ['by name', ['staging-2', 'staging-1', 'staging-1']],
  ])('that say another staging account are named, %s', (_, said) => {
    const own = said.map((value, at) =>
      aServer(at + 1, {
        tags: { ...aServer(1).tags, ...(value === undefined ? {} : { 'DR-StagingAccount': value }) },
      }),
    );
    const others = [1, 2].map((at) =>
      aServer(at + 10, {
        accountId: OTHER_ACCOUNT,
        tags: { 'DR-Application': 'CRM', 'DR-StagingAccount': 'staging-2' },
      }),
    );
    const found = assess([aLook(own), aLook(others, { accountId: OTHER_ACCOUNT })]);
    expect(found).toMatchObject({ state: 'at risk', findings: [{ kind: 'staging account tag', count: 1 }] });
  });
});

describe('quotas', () => {
  const quota = (differs: Partial<typeof QUOTAS>) =>
    aLook(servers(3, { cores: 4 }), { quotas: { ...QUOTAS, ...differs } });

  it('that the application does not fit into stop it', () => {
    const found = assess([quota({ vcpus: { limit: 100, inUse: 90 } })]);
    expect(found).toMatchObject({ state: 'not ready' });
    expect(found.findings[0]?.message).toBe(
      'Its 3 servers in account 111111111111 need 12 vCPUs, and 10 of 100 are free.',
    );
    expect(assess([quota({ vcpus: { limit: 100, inUse: 88 } })]).state).toBe('ready');
  });

  it('with little left are a risk, and the tightest is the account’s headroom', () => {
    const look = quota({ replicating: { limit: 300, inUse: 280 } });
    expect(assess([look])).toMatchObject({ state: 'at risk', findings: [{ kind: 'quota' }] });
    expect(assessReadiness(facts([look])).fleet.accounts[0]).toMatchObject({
      headroomPercent: 7,
      tightestQuota: 'replicating servers',
    });
  });

  it('that could not be read are a risk; where an execution is at work nobody asked', () => {
    const blind = aLook(servers(3), { quotas: undefined, quotasUnreadable: 'throttled' });
    expect(assess([blind])).toMatchObject({ state: 'at risk', findings: [{ kind: 'quota' }] });
    expect(assess([{ ...blind, quotasUnreadable: undefined, isBusy: true }]).state).toBe('ready');
  });

  it('of the deployment, maxServers, are a risk', () => {
    expect(assess([aLook(servers(3), { maxServers: 2 })])).toMatchObject({
      state: 'at risk',
      findings: [{ kind: 'max servers', count: 3 }],
    });
  });
});

describe('a recovery plan', () => {
  const library = (plan: RecoveryPlan, groups = [aGroup('g1', '1', { tagCriteria: { 'DR-Wave': '1' } })]): Library => ({
    version: 1,
    plans: [{ plan, version: 1, changedBy: { arn: 'x' }, changedAt: START }],
    groups: groups.map((group) => ({ group, version: 1, changedBy: { arn: 'x' }, changedAt: START })),
  });
  const hrp = aPlan([aWave(1)], { application: 'HRP' });
  const withPlan = (looks: AccountLook[], differs: Partial<ReadinessFacts> = {}) =>
    assess(looks, { library: library(hrp), ...differs });
  /** The drill that verifies the plan as `found` has it. */
  const drillFor = ({ plan }: ApplicationReadiness, differs: Partial<DrillProof> = {}): DrillProof =>
    drillOf([1, 2, 3], { plan: { planId: 'hrp', version: 1, content: plan?.content ?? '' }, ...differs });

  it('is verified by a drill, and loses it with a server more', () => {
    const drills = new Map([['HRP', [drillFor(withPlan([aLook(servers(3))]))]]]);
    expect(withPlan([aLook(servers(3))], { drills })).toMatchObject({
      state: 'ready',
      plan: { verification: { verified: true, executionId: 'drill-1' } },
    });
    expect(withPlan([aLook(servers(4))], { drills })).toMatchObject({
      state: 'at risk',
      findings: [{ kind: 'verification' }],
      plan: { verification: { why: 'other servers', waves: [1] } },
    });
  });

  it('is told without a look: by the last check, or by a drill that is newer', () => {
    const seen = withPlan([aLook(servers(3))]);
    const drill = drillFor(seen);
    const [stored] = library(hrp).plans;
    if (stored === undefined) throw new Error('there is no plan');
    const at = (proofs: DrillProof[], of: ApplicationReadiness | undefined, now = START) =>
      verificationAt(stored, { library: library(hrp), proofs, seen: of }, now);
    expect(at([], seen)).toMatchObject({ why: 'not drilled' });
    expect(at([drill], seen)).toMatchObject({ verified: true });
    expect(at([drill], withPlan([aLook(servers(4))]))).toMatchObject({ why: 'other servers' });
    expect(at([{ ...drill, endedAt: START + 1 }], withPlan([aLook(servers(4))]), START + 2)).toMatchObject({
      verified: true,
    });
    expect(at([drill], seen, START + DAY)).toMatchObject({ why: 'servers not known' });
    expect(at([drill], undefined)).toMatchObject({ verified: true });
  });

  it('that no longer matches what is there stops the application', () => {
    const stray = aServer(4, { hostname: 'stray', tags: { 'DR-Application': 'HRP', 'DR-Wave': '2' } });
    const left = withPlan([aLook([...servers(3), stray])]);
    expect(left.state).toBe('not ready');
    expect(left.findings[0]).toMatchObject({ kind: 'plan', count: 1, servers: ['stray'] });
    const foreign = aServer(5, { hostname: 'crm-1', tags: { 'DR-Application': 'CRM', 'DR-Wave': '1' } });
    expect(withPlan([aLook([...servers(3), foreign])]).findings[0]).toMatchObject({
      ...{ kind: 'plan', count: 1, servers: [], message: expect.stringContaining('of other applications') },
    });
    // Nor where it is in two groups: who may see this application may not see that one.
    const twice = library(aPlan([aWave(1), aWave(2)], { application: 'HRP' }), [
      aGroup('g1', '1', { tagCriteria: { 'DR-Wave': '1' } }),
      aGroup('g2', '1', { tagCriteria: { 'DR-Application': 'CRM' } }),
    ]);
    const shared = withPlan([aLook([...servers(3), foreign])], { library: twice });
    expect(shared.findings[0]?.message).toContain(`${foreign.sourceServerId} is also in the group`);
    expect(JSON.stringify(shared)).not.toContain('crm-1');
    const empty = library(hrp, [aGroup('g1', '9')]);
    expect(withPlan([aLook(servers(3))], { library: empty }).findings[0]?.message).toContain('matches no server');
    const gone = withPlan([aLook(servers(3))], { library: library(hrp, []) });
    expect(gone.findings[0]?.message).toContain('there is no protection group g1');
  });

  it('has the servers that it names, although nobody has tagged them', () => {
    const ids = servers(3).map(({ sourceServerId }) => sourceServerId);
    const named = library(hrp, [aGroup('g1', '1', { tagCriteria: undefined, serverIds: ids })]);
    const { applications, fleet } = assessReadiness(facts([aLook(servers(3, { tags: {} }))], { library: named }));
    expect(applications).toMatchObject([{ application: 'HRP', servers: 3 }]);
    expect(fleet.untagged).toBe(0);
  });

  it('is not said to match nothing while an account cannot be read', () => {
    const empty = library(hrp, [aGroup('g1', '9')]);
    const found = withPlan([aLook([]), unread('denied', OTHER_ACCOUNT)], { library: empty });
    expect(kindsOf(found)).not.toContain('plan');
    expect(found.plan?.waves).toEqual([{ wave: 1 }]);
  });
});

describe('whatever the fleet', () => {
  const applicationOf = (server: SourceServer, at: number): SourceServer => {
    const { 'DR-Application': _, ...tags } = server.tags;
    return at % 3 === 0
      ? { ...server, tags }
      : { ...server, tags: { ...tags, 'DR-Application': at % 3 === 1 ? 'HRP' : 'CRM' } };
  };
  const anyLooks = fc
    .record({
      fleet: anyFleet,
      states: fc.array(fc.constantFrom('read', 'read', 'denied', 'not read', 'not initialised')),
    })
    .map(({ fleet, states }) =>
      discovered(fleet.map(applicationOf)).map(({ servers: own, ...place }, at): AccountLook => {
        const state = (states[at] ?? 'read') as AccountLook['state'];
        return state === 'read' ? aLook(own, place) : aLook([], { ...place, state, quotas: undefined });
      }),
    );

  it('each discovered server is of exactly one application, or of none', () => {
    fc.assert(
      fc.property(anyLooks, (looks) => {
        const { applications, fleet } = assessReadiness(facts(looks));
        const all = new Set(
          looks.flatMap((look) => look.servers.map((one) => `${one.accountId}/${one.region}/${one.sourceServerId}`)),
        );
        const counted = applications.reduce((sum, one) => sum + one.servers + one.skipped, 0);
        expect(counted + fleet.untagged).toBe(all.size);
        expect(fleet.servers).toBe(all.size);
        expect(Object.values(fleet.counts).reduce((sum, n) => sum + n, 0)).toBe(applications.length);
      }),
      { numRuns: 200 },
    );
  });

  it('nothing that is not known is ready', () => {
    fc.assert(
      fc.property(anyLooks, (looks) => {
        const isBlind = looks.some(({ state }) => state !== 'read');
        for (const { state, application } of assessReadiness(facts(looks)).applications) {
          const own = looks
            .flatMap((look) => look.servers)
            .filter(({ tags }) => tags['DR-Application'] === application && tags['DR-Enabled'] !== 'false');
          const isUnhealthy = own.some(({ replicationState }) => healthOf(replicationState) !== 'ok');
          if (isBlind) expect(state).not.toBe('ready');
          // One record of several may be left out: then its state does not count.
          if (isUnhealthy && own.every(({ stagingSourceServerArn }) => !stagingSourceServerArn)) {
            const disabled = looks.flatMap((look) => look.servers).some(({ tags }) => tags['DR-Enabled'] === 'false');
            if (!disabled) expect(state).not.toBe('ready');
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('what is stored', () => {
  it('is not known any more after 90 minutes', () => {
    expect(stateAt({ state: 'ready', checkedAt: START }, START + minutes(90))).toBe('ready');
    expect(stateAt({ state: 'ready', checkedAt: START }, START + minutes(91))).toBe('not known');
  });

  it('is lost and regained between what was known', () => {
    const changes = READINESS_STATES.flatMap((before) =>
      READINESS_STATES.flatMap((after) => {
        const change = changeOf(before, after);
        return change === undefined ? [] : [`${before} > ${after}: ${change}`];
      }),
    );
    expect(changes).toEqual([
      'ready > not ready: lost',
      'at risk > not ready: lost',
      'not ready > ready: regained',
      'not ready > at risk: regained',
    ]);
    expect(changeOf(undefined, 'not ready')).toBeUndefined();
  });
});
