import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importOwn, OWN_FORMAT } from '../../src/domain/plan-import/own.ts';
import {
  applyChanges,
  changesOf,
  checkChanges,
  type Library,
  type LibraryChange,
  planSetOf,
} from '../../src/domain/plan-library.ts';
import type { ProtectionGroup } from '../../src/domain/protection-group.ts';
import type { PlanSet, RecoveryPlan } from '../../src/domain/recovery-plan.ts';
import { validatePlanSet } from '../../src/domain/validate-plan.ts';
import { aGroup, anAutomation, anyPlanSet, aPlan, aWave } from './plans.ts';

const server = (wave: number, tags: Record<string, string> = {}) => ({
  sourceServerId: `s-${String(wave).padStart(17, '0')}`,
  hostname: `host-${wave}`,
  accountId: '111111111111',
  region: 'us-east-2',
  tags: { Wave: String(wave), ...tags },
});
const CONTEXT = { regions: ['us-east-2'], servers: [1, 2, 3].map((wave) => server(wave)) };

const putGroup = (group: ProtectionGroup): LibraryChange => ({ kind: 'put group', group });
const putPlan = (plan: RecoveryPlan): LibraryChange => ({ kind: 'put plan', plan });

function libraryOf({ plans, groups }: PlanSet): Library {
  const stamp = { version: 1, changedBy: { arn: 'arn:aws:iam::900000000000:user/anna' }, changedAt: 0 };
  return {
    version: 1,
    plans: plans.map((plan) => ({ plan, ...stamp })),
    groups: groups.map((group) => ({ group, ...stamp })),
  };
}

const G1 = aGroup('g1', '1');
const G2 = aGroup('g2', '2');
const HRP = aPlan([aWave(1), aWave(2)], { application: 'HRP' });
const STORED = libraryOf({ plans: [HRP], groups: [G1, G2] });

/** What checking comes to, as text. */
function problems(changes: LibraryChange[], library = STORED, context: Parameters<typeof checkChanges>[2] = CONTEXT) {
  return checkChanges(library, changes, context).problems.map(
    ({ planId, groupId, wave, field, message }) =>
      `${planId ?? '-'} ${groupId ?? '-'} ${wave ?? '-'} ${field}: ${message}`,
  );
}

describe('changes', () => {
  it('that are right are said in sentences, against what is stored', () => {
    const G3 = aGroup('g3', '3');
    const changed = aPlan([aWave(1), aWave(2, { pauseBeforeWave: true }), aWave(3)], { application: 'HRP' });
    expect(checkChanges(STORED, [putPlan(changed), putGroup(G3)], CONTEXT)).toEqual({
      problems: [],
      differences: [
        'Group Group g3 is new.',
        'Plan HRP, wave 2 (Wave 2): pauseBeforeWave changes from no to yes.',
        'Plan HRP, wave 3 (Wave 3) is new.',
      ],
    });
    expect(checkChanges(STORED, [], CONTEXT)).toEqual({ problems: [], differences: [] });
  });

  it('are refused with everything that is wrong at once, by wave and field', () => {
    const wrong = aPlan(
      [
        aWave(1, { dependsOn: [2] }),
        aWave(2, { dependsOn: [1], preWaveActions: [anAutomation({ region: 'eu-west-1' })] }),
      ],
      { planId: 'crm', planName: 'hrp', application: 'hrp' },
    );
    const found = problems([
      putPlan(wrong),
      putGroup(aGroup('g4', '4', { region: 'us-west-2', groupName: 'GROUP G1' })),
    ]);
    expect(found.toSorted()).toEqual([
      '- g4 - groupName: Another group is called GROUP G1, too.',
      '- g4 - region: The central stack cannot drive us-west-2, only us-east-2.',
      '- g4 - tagCriteria: It matches no server.',
      'crm - - application: hrp has the plan HRP already: an application has one recovery plan.',
      'crm - - planName: Another plan is called hrp, too.',
      'crm - 1 dependsOn: Waves wait for each other: 1 → 2 → 1.',
      'crm - 2 preWaveActions[0].region: The central stack cannot drive eu-west-1, only us-east-2.',
    ]);
  });

  it('say once what is wrong with a group that many waves name', () => {
    const crm = aPlan([aWave(1)], { planId: 'crm', planName: 'CRM' });
    const library = libraryOf({ plans: [HRP, crm], groups: [G1, G2] });
    expect(problems([putGroup(aGroup('g1', '9'))], library)).toEqual([
      'hrp g1 1 protectionGroupIds: Group Group g1: It matches no server.',
    ]);
  });

  it('say of the changed group what it shares with another one, which has not changed', () => {
    expect(problems([putGroup(aGroup('g3', '2'))])).toEqual([
      '- g3 - tagCriteria: host-2 is also in the group Group g2: a server is in one group only.',
    ]);
    expect(problems([putGroup(aGroup('g1', '2'))])).toEqual([
      'hrp g1 1 protectionGroupIds: Group Group g1: host-2 is also in the group Group g2: a server is in one group only.',
      'hrp - 2 protectionGroupIds: host-2 is also in wave 1: a server is in one wave only.',
    ]);
  });

  it('are not stopped by what was wrong before somewhere else', () => {
    const lost = aPlan([aWave(1, { protectionGroupIds: [], tagCriteria: { Wave: '9' } })], {
      planId: 'lost',
      planName: 'Lost',
    });
    const library = libraryOf({ plans: [HRP, lost], groups: [G1, G2, aGroup('g9', '9')] });
    expect(problems([putPlan({ ...HRP, description: 'new' })], library)).toEqual([]);
    expect(problems([putPlan({ ...lost, description: 'new' })], library)).toEqual([
      'lost - 1 tagCriteria: They match no server.',
    ]);
    const crm = aPlan([aWave(9)], { planId: 'crm', planName: 'CRM' });
    expect(problems([putPlan(crm)], library)).toEqual([
      'crm g9 9 protectionGroupIds: Group Group g9: It matches no server.',
    ]);
    // What the changes affect is looked at as it is now.
    expect(problems([{ kind: 'delete plan', planId: 'lost' }], library)).toEqual([]);
  });

  it('delete no group in use, unless what uses it goes, too', () => {
    const change: LibraryChange = { kind: 'delete group', groupId: 'g1' };
    expect(problems([change])).toEqual(['- g1 - groupId: Wave 1 of the plan HRP has it: take it out there first.']);
    expect(problems([change, { kind: 'delete plan', planId: 'hrp' }])).toEqual([]);
    expect(problems([change, putPlan(aPlan([aWave(2)]))])).toEqual([]);
    expect(problems([{ kind: 'delete group', groupId: 'g7' }])).toEqual(['- g7 - groupId: There is no group g7.']);
  });

  it('delete no plan that another one runs', () => {
    const all = aPlan([aWave(1, { protectionGroupIds: [], recoveryPlanId: 'hrp' })], {
      planId: 'all',
      planName: 'All',
    });
    const library = libraryOf({ plans: [HRP, all], groups: [G1, G2] });
    const change: LibraryChange = { kind: 'delete plan', planId: 'hrp' };
    expect(problems([change], library)).toEqual([
      'hrp - - planId: Wave 1 of the plan All runs it: take it out there first.',
    ]);
    expect(problems([change, { kind: 'delete plan', planId: 'all' }], library)).toEqual([]);
    expect(problems([{ kind: 'delete plan', planId: 'crm' }])).toEqual(['crm - - planId: There is no plan crm.']);
  });

  it('are of each thing once', () => {
    expect(problems([putPlan(HRP), putGroup(G1), putPlan(HRP), putGroup(G1)])).toEqual([
      'hrp - - planId: The plan hrp is there twice. Leave one of the two out.',
      '- g1 - groupId: The group g1 is there twice. Leave one of the two out.',
    ]);
    // A plan and a group may have the same id.
    const both = [putPlan(aPlan([aWave(1)], { planId: 'g1', planName: 'Other' })), putGroup(G1)];
    expect(problems(both)).toEqual([]);
  });
});

describe('a file', () => {
  it('changes what says something else, and removes nothing by leaving it out', () => {
    const newer = aGroup('g2', '2', { description: 'new' });
    expect(changesOf({ plans: [HRP], groups: [newer] }, STORED)).toEqual([putGroup(newer)]);
    const crm = aPlan([aWave(1)], { planId: 'crm', planName: 'CRM' });
    expect(changesOf({ plans: [crm], groups: [] }, STORED)).toEqual([putPlan(crm)]);
  });

  it('removes what it says by id, where that is there, and only what nothing uses', () => {
    const read = importOwn({
      format: OWN_FORMAT,
      remove: { recoveryPlans: [HRP.planId, 'gone'], protectionGroups: ['g1', 'g2'] },
    });
    expect(read.problems).toEqual([]);
    const changes = changesOf(read, STORED);
    expect(changes).toEqual([
      { kind: 'delete plan', planId: HRP.planId },
      { kind: 'delete group', groupId: 'g1' },
      { kind: 'delete group', groupId: 'g2' },
    ]);
    expect(problems(changes)).toEqual([]);
    expect(problems(changes.slice(1))).not.toEqual([]);
  });

  it('that removes by what is no id is refused where it stands', () => {
    const { problems: wrong, removed } = importOwn({
      format: OWN_FORMAT,
      remove: { protectionGroups: [7], waves: [] },
    });
    expect(removed).toBeUndefined();
    expect(wrong.map(({ where }) => where.join('.'))).toEqual(
      expect.arrayContaining(['remove.protectionGroups.0', 'remove.waves']),
    );
  });

  it('that has the library itself changes nothing', () => {
    fc.assert(
      fc.property(anyPlanSet, (set) => {
        expect(changesOf(structuredClone(set), libraryOf(set))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

const groupId = fc.constantFrom('g1', 'g2', 'g3', 'G1');
const planId = fc.constantFrom('p1', 'p2', 'p3');
const anyName = fc.constantFrom('One', 'ONE', 'Two', 'Three');
const anyWaveNumber = fc.constantFrom('1', '2', '3', '4');
const anyChange: fc.Arbitrary<LibraryChange> = fc.oneof(
  fc
    .record({ id: groupId, groupName: anyName, wave: anyWaveNumber })
    .map(({ id, wave, groupName }) => putGroup(aGroup(id, wave, { groupName }))),
  fc
    .record({
      planId,
      planName: anyName,
      application: fc.constantFrom(undefined, 'HRP', 'hrp', 'CRM'),
      waves: fc.array(
        fc.oneof(
          groupId.map((id) => ({ protectionGroupIds: [id] })),
          planId.map((id) => ({ protectionGroupIds: [], recoveryPlanId: id })),
          anyWaveNumber.map((wave) => ({ protectionGroupIds: [], tagCriteria: { Wave: wave } })),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    })
    .map(({ waves, ...plan }) =>
      putPlan(
        aPlan(
          waves.map((wave, at) => aWave(at + 1, wave)),
          plan,
        ),
      ),
    ),
  groupId.map((id) => ({ kind: 'delete group' as const, groupId: id })),
  planId.map((id) => ({ kind: 'delete plan' as const, planId: id })),
);

const anyAttempts = fc.array(fc.array(anyChange, { minLength: 1, maxLength: 3 }), {
  minLength: 5,
  maxLength: 30,
  size: 'max',
});

it('whatever has become of the servers, what is accepted has nothing wrong with it', () => {
  const fleets = [[1, 2, 3, 4], [1, 2], []].map((waves) => ({
    ...CONTEXT,
    servers: waves.map((wave) => server(wave)),
  }));
  fc.assert(
    fc.property(anyAttempts, (attempts) => {
      let set: PlanSet = { plans: [], groups: [] };
      for (const [at, changes] of attempts.entries()) {
        const context = fleets[at % fleets.length] ?? CONTEXT;
        if (checkChanges(libraryOf(set), changes, context).problems.length > 0) continue;
        set = applyChanges(set, changes);
        const stored = changes.map((change) => [
          change.kind === 'put plan' ? change.plan.planId : undefined,
          change.kind === 'put group' ? change.group.groupId : undefined,
        ]);
        const wrong = validatePlanSet(set, context).filter(({ planId, groupId }) =>
          stored.some(
            ([plan, group]) => (plan !== undefined && plan === planId) || (group !== undefined && group === groupId),
          ),
        );
        expect(wrong).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

it('whatever is tried, what was accepted is right, and every name and application is there once', () => {
  let accepted = 0;
  fc.assert(
    fc.property(anyAttempts, (attempts) => {
      let set: PlanSet = { plans: [], groups: [] };
      for (const changes of attempts) {
        if (checkChanges(libraryOf(set), changes, CONTEXT).problems.length > 0) continue;
        set = applyChanges(set, changes);
        accepted += 1;
        expect(validatePlanSet(set, CONTEXT)).toEqual([]);
        const { plans, groups } = planSetOf(libraryOf(set));
        for (const names of [
          plans.map(({ planName }) => planName),
          plans.flatMap(({ application }) => application ?? []),
          groups.map(({ groupName }) => groupName),
        ]) {
          expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
        }
        const used = plans.flatMap(({ waves }) => waves.flatMap(({ protectionGroupIds }) => protectionGroupIds));
        expect(used.filter((id) => !groups.some((group) => group.groupId === id))).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(300);
});
