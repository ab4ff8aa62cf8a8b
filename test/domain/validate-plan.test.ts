import { describe, expect, test } from 'vitest';
import type { RecoveryPlan } from '../../src/domain/recovery-plan.ts';
import {
  type PlanContext,
  type PlanProblem,
  serversOf,
  validatePlan,
  validatePlanSet,
} from '../../src/domain/validate-plan.ts';
import { aServer } from './fleet.ts';
import { aGroup, anAutomation, aPlan, aWave } from './plans.ts';

const GROUPS = [aGroup('g1', '1'), aGroup('g2', '2'), aGroup('g3', '3')];
const SERVERS = ['1', '1', '2', '3'].map((wave, at) => aServer(at + 1, { tags: { Wave: wave, Fleet: 'all' } }));
const CONTEXT: PlanContext = { groups: GROUPS, regions: ['us-east-2'], servers: SERVERS };

/** `wave field: message`. */
const inWords = ({ wave, field, message }: PlanProblem) => `${wave ?? '-'} ${field}: ${message}`;
const problems = (waves: RecoveryPlan['waves'], differs: Partial<PlanContext> = {}, plan: Partial<RecoveryPlan> = {}) =>
  validatePlan(aPlan(waves, plan), { ...CONTEXT, ...differs }).map(inWords);

describe('a plan', () => {
  test('that is right has no problems', () => {
    const waves = [
      aWave(1, {
        preWaveActions: [anAutomation({ region: 'us-east-2' })],
        postWaveActions: [{ actionType: 'ec2Status', actionName: 'Well' }],
      }),
      aWave(2, { dependsOn: [1], pauseBeforeWave: true }),
      aWave(3, { dependsOn: [1, 2], pauseAfterWave: true }),
    ];
    expect(problems(waves, { documents: ['AWS-StopRdsInstance'], plans: [] })).toEqual([]);
  });

  test('has all of its problems named at once, by wave and field', () => {
    const waves = [
      aWave(1, { dependsOn: [2, 9], preWaveActions: [anAutomation({ documentName: 'Unknown' })] }),
      aWave(2, { dependsOn: [1], protectionGroupIds: [] }),
      aWave(3, { protectionGroupIds: ['nobody', 'g1'], waveName: 'wave 1' }),
    ];
    expect(problems(waves, { documents: [] })).toEqual([
      '1 dependsOn: It waits for wave 9, which is not there.',
      '1 preWaveActions[0].documentName: There is no document Unknown.',
      '2 protectionGroupIds: The wave is empty: it names no group, no tags and no other plan.',
      '3 waveName: Another wave is called wave 1, too.',
      '3 protectionGroupIds: There is no group nobody.',
      '3 protectionGroupIds: The group Group g1 is also in wave 1: a server is in one wave only.',
      '1 dependsOn: Waves wait for each other: 1 → 2 → 1.',
    ]);
  });

  test('needs waves, each with a number of its own', () => {
    expect(problems([])).toEqual(['- waves: The plan has no waves.']);
    expect(problems([aWave(1), aWave(1, { waveName: 'B', protectionGroupIds: ['g2'] })])).toEqual([
      '1 waveNumber: There is another wave 1.',
    ]);
  });

  test('has each circle named once, and what hangs on one not at all', () => {
    const deps = (number: number, ...dependsOn: number[]) =>
      aWave(number, { dependsOn, protectionGroupIds: [], tagCriteria: { n: String(number) } });
    const waves = [deps(5, 3), deps(3, 2), deps(2, 4), deps(4, 3), deps(6, 7), deps(7, 6), deps(8, 8)];
    const servers = waves.map(({ waveNumber }) => aServer(waveNumber, { tags: { n: String(waveNumber) } }));
    expect(problems(waves, { servers })).toEqual([
      '8 dependsOn: It waits for itself.',
      '2 dependsOn: Waves wait for each other: 2 → 4 → 3 → 2.',
      '6 dependsOn: Waves wait for each other: 6 → 7 → 6.',
    ]);
  });

  test('names groups that match nothing, servers that are not there, and Regions that cannot be driven', () => {
    const groups = [
      aGroup('g1', 'none'),
      aGroup('g2', '1', { tagCriteria: undefined, serverIds: ['s-00000000000000001', 's-00000000000000099'] }),
      aGroup('g3', '3', { region: 'eu-west-1' }),
    ];
    expect(problems([aWave(1), aWave(2), aWave(3)], { groups })).toEqual([
      '1 protectionGroupIds: Group Group g1: It matches no server.',
      '2 protectionGroupIds: Group Group g2: It names servers that are not there: s-00000000000000099.',
      '3 protectionGroupIds: Group Group g3: The central stack cannot drive eu-west-1, only us-east-2.',
      '3 protectionGroupIds: Group Group g3: It matches no server.',
    ]);
  });

  test('checks no servers where none are known', () => {
    expect(problems([aWave(1)], { servers: undefined, groups: [aGroup('g1', 'none')] })).toEqual([]);
  });

  test('has no server in two waves, by groups, tags or the plan that a wave runs', () => {
    const tagged = (number: number, tags: Record<string, string>) =>
      aWave(number, { protectionGroupIds: [], tagCriteria: tags });
    expect(problems([aWave(1), tagged(2, { Fleet: 'all' })])).toEqual([
      '2 tagCriteria: hrp-001, hrp-002 are also in wave 1: a server is in one wave only.',
    ]);
    expect(problems([tagged(1, { Fleet: 'all' }), tagged(2, { Wave: '3' })])).toEqual([
      '2 tagCriteria: hrp-004 is also in wave 1: a server is in one wave only.',
    ]);
    const other = aPlan([aWave(1)], { planId: 'other', planName: 'Other' });
    const runs = aWave(2, { protectionGroupIds: [], recoveryPlanId: 'other' });
    expect(problems([aWave(1), runs], { plans: [other] })).toEqual([
      '2 recoveryPlanId: hrp-001, hrp-002 are also in wave 1: a server is in one wave only.',
    ]);
    expect(problems([tagged(1, { Wave: 'none' })])).toEqual(['1 tagCriteria: They match no server.']);
  });

  test('has a server in one group only, also among groups of other plans', () => {
    const groups = [...GROUPS, aGroup('other', '', { tagCriteria: { Fleet: 'all' } })];
    expect(problems([aWave(1)], { groups })).toEqual([
      '1 protectionGroupIds: Group Group g1: hrp-001, hrp-002 are also in the group Group other: a server is in one group only.',
    ]);
    const byId = (groupId: string, accountId: string | undefined, ...numbers: number[]) =>
      aGroup(groupId, '', {
        tagCriteria: undefined,
        accountId,
        serverIds: numbers.map((number) => `s-${String(number).padStart(17, '0')}`),
      });
    const unknown = { servers: undefined };
    expect(
      problems([aWave(1)], { ...unknown, groups: [byId('g1', undefined, 1, 2), byId('b', '111111111111', 2)] }),
    ).toEqual([
      '1 protectionGroupIds: Group Group g1: s-00000000000000002 is also in the group Group b: a server is in one group only.',
    ]);
    const apart = [byId('g1', '222222222222', 2), byId('b', '111111111111', 2)];
    expect(problems([aWave(1)], { ...unknown, groups: apart })).toEqual([]);
  });

  test('has names that nothing else has', () => {
    const groups = [aGroup('g1', '1'), aGroup('g1', '2', { groupName: 'group G1' })];
    expect(problems([aWave(1)], { groups })).toEqual([
      '1 protectionGroupIds: Group Group g1: Another group has the id g1, too.',
      '1 protectionGroupIds: Group Group g1: Another group is called Group g1, too.',
    ]);
    const plans = [aPlan([], { planId: 'x', planName: 'hrp' }), aPlan([], { planName: 'Other' })];
    expect(problems([aWave(1)], { plans })).toEqual([
      '- planName: Another plan is called HRP, too.',
      '- planId: Another plan is called hrp, too.',
    ]);
    expect(problems([aWave(1)], { plans: [aPlan([], { planId: 'Hrp', planName: 'Other' })] })).toEqual([
      '- planId: Another plan is called hrp, too.',
    ]);
    const action = anAutomation();
    expect(problems([aWave(1, { preWaveActions: [action, action], postWaveActions: [action] })])).toEqual([
      '1 preWaveActions[1].actionName: Another action is called Stop the source, too.',
    ]);
    expect(problems([aWave(1, { protectionGroupIds: ['g1', 'g1'] })])).toEqual([
      '1 protectionGroupIds: The group g1 is named twice.',
    ]);
  });

  test('runs other plans, but neither itself nor beside servers', () => {
    const runs = (planId: string) => aWave(1, { protectionGroupIds: [], recoveryPlanId: planId });
    const a = aPlan([runs('b')], { planId: 'a', planName: 'A' });
    const b = aPlan([runs('a')], { planId: 'b', planName: 'B' });
    const plans = [a, b];
    expect(problems([runs('hrp')])).toEqual(['1 recoveryPlanId: The plan would run itself.']);
    expect(problems([runs('c')], { plans })).toEqual(['1 recoveryPlanId: There is no plan c.']);
    expect(problems([runs('c')])).toEqual([]);
    expect(validatePlan(a, { ...CONTEXT, plans }).map(inWords)).toEqual([
      '1 recoveryPlanId: The plan would run itself: b runs it, too.',
    ]);
    // A circle of others is theirs, and does not keep this check from ending.
    expect(problems([runs('a')], { plans })).toEqual([]);
    expect(problems([aWave(1, { recoveryPlanId: 'b' })])).toEqual([
      '1 recoveryPlanId: A wave runs servers or another plan, not both: give the other plan a wave of its own.',
    ]);
  });

  test('has actions that can be done: where the stack reaches, and when there is something to look at', () => {
    const far = anAutomation({ region: 'us-east-1' });
    expect(problems([aWave(1, { postWaveActions: [far] })])).toEqual([
      '1 postWaveActions[0].region: The central stack cannot drive us-east-1, only us-east-2.',
    ]);
    expect(problems([aWave(1, { preWaveActions: [far] })], { actionRegions: ['us-east-1'] })).toEqual([]);
    expect(problems([aWave(1, { preWaveActions: [{ actionType: 'ec2Status', actionName: 'Well' }] })])).toEqual([
      '1 preWaveActions[0].actionType: It needs the instances that the wave launches: make it a post-wave action.',
    ]);
  });
});

test('a set has the problems of its plans, and of the groups that no plan names', () => {
  const groups = [...GROUPS, aGroup('left', 'none')];
  expect(validatePlanSet({ plans: [aPlan([aWave(1, { protectionGroupIds: [] })])], groups }, CONTEXT)).toEqual([
    { planId: 'hrp', wave: 1, field: 'protectionGroupIds', message: expect.stringContaining('The wave is empty') },
    { groupId: 'left', field: 'tagCriteria', message: 'It matches no server.' },
  ]);
});

test('a set has the problems of a group once, where a plan names it', () => {
  const set = { plans: [aPlan([aWave(1)])], groups: [aGroup('g1', 'none')] };
  expect(validatePlanSet(set, CONTEXT).map(inWords)).toEqual([
    '1 protectionGroupIds: Group Group g1: It matches no server.',
  ]);
});

test('the tags of a wave match servers of every account, in the Regions that the stack drives', () => {
  const wave = aWave(1, { protectionGroupIds: [], tagCriteria: { Wave: '1' } });
  const tags = { Wave: '1' };
  const servers = [aServer(1, { tags, accountId: '222222222222' }), aServer(2, { tags, region: 'us-west-2' })];
  expect(serversOf(wave, { ...CONTEXT, servers })).toEqual([servers[0]]);
});

test('the servers of a wave are there once', () => {
  const wave = aWave(1, { tagCriteria: { Fleet: 'all' } });
  expect(serversOf(wave, CONTEXT).map(({ hostname }) => hostname)).toEqual([
    'hrp-001',
    'hrp-002',
    'hrp-003',
    'hrp-004',
  ]);
});
