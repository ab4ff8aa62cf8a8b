import { describe, expect, test } from 'vitest';
import type { StoredPlan } from '../../src/domain/plan-library.ts';
import { type ProtectionGroup, protectionGroupSchema } from '../../src/domain/protection-group.ts';
import { type RecoveryPlan, type RecoveryPlanInput, recoveryPlanSchema } from '../../src/domain/recovery-plan.ts';
import { actionsFor, isSelected, runOf, settingsOf, wavesWith } from '../../src/domain/recovery-run.ts';
import { knownWavesIn, requestedRun } from '../../src/domain/requested-run.ts';

const changed = { version: 3, changedBy: { arn: 'arn:aws:iam::1:user/x' }, changedAt: 0 };
const REGION = 'us-east-2';

const group = (groupId: string, over: Partial<ProtectionGroup> = {}): ProtectionGroup =>
  protectionGroupSchema.parse({
    groupId,
    groupName: groupId,
    region: REGION,
    ...(over.serverIds === undefined ? { tagCriteria: { 'DR-Role': groupId } } : {}),
    ...over,
  });

const wave = (waveNumber: number, over: Partial<RecoveryPlanInput['waves'][number]> = {}) => ({
  waveNumber,
  waveName: `Wave ${waveNumber}`,
  protectionGroupIds: over.recoveryPlanId === undefined ? ['database'] : [],
  ...over,
});

const plan = (planId: string, waves: RecoveryPlanInput['waves'], over: Partial<RecoveryPlanInput> = {}): RecoveryPlan =>
  recoveryPlanSchema.parse({ planId, planName: planId, application: 'HRP', waves, ...over });

const stored = (of: RecoveryPlan): StoredPlan => ({ ...changed, plan: of });
const groups = [group('database'), group('web', { accountId: '111111111111' })];
const action = (actionName: string, verbs?: ('drill' | 'failover')[]) => ({
  actionType: 'http' as const,
  actionName,
  url: 'https://hrp.example.com',
  ...(verbs === undefined ? {} : { verbs }),
});

describe('a plan as it is run', () => {
  test('has its waves in the order of what they wait for, under their own numbers where that is the order', () => {
    const ordered = plan('HRP', [wave(5, { dependsOn: [2] }), wave(2, { pauseBeforeWave: true })]);
    expect(runOf(stored(ordered), { plans: [ordered], groups })).toMatchObject({
      planName: 'HRP',
      version: 3,
      applications: ['HRP'],
      waves: [
        { wave: 2, pauseBefore: true, selectors: [{ region: REGION, tags: { 'DR-Role': 'database' } }] },
        { wave: 5 },
      ],
    });
  });

  test('is numbered anew where its order is another one', () => {
    const turned = plan('HRP', [wave(1, { waveName: 'Web', dependsOn: [2] }), wave(2, { waveName: 'Database' })]);
    const { waves } = runOf(stored(turned), { plans: [turned], groups });
    expect(waves.map(({ wave: number, waveName }) => [number, waveName])).toEqual([
      [1, 'Database'],
      [2, 'Web'],
    ]);
  });

  test('has the waves of another plan in the place of the one that names it, with that one around them', () => {
    const shared = plan('shared', [wave(1, { waveName: 'AD' }), wave(2, { waveName: 'DNS', maxWaitMinutes: 10 })], {
      application: 'Shared',
    });
    const outer = plan('HRP', [
      wave(1, {
        waveName: 'Foundation',
        recoveryPlanId: 'shared',
        pauseBeforeWave: true,
        pauseAfterWave: true,
        maxWaitMinutes: 60,
        preWaveActions: [action('fence')],
        postWaveActions: [action('check')],
      }),
      wave(2, { protectionGroupIds: ['web'] }),
    ]);
    const run = runOf(stored(outer), { plans: [outer, shared], groups });
    expect(run.applications).toEqual(['HRP', 'Shared']);
    const [ad, dns, web] = run.waves;
    expect(ad).toMatchObject({ wave: 1, waveName: 'Foundation: AD', pauseBefore: true, maxWaitMinutes: 60 });
    expect(ad?.preWaveActions.map(({ actionName }) => actionName)).toEqual(['fence']);
    expect(ad?.pauseAfter).toBeUndefined();
    expect(dns).toMatchObject({ wave: 2, waveName: 'Foundation: DNS', pauseAfter: true, maxWaitMinutes: 10 });
    expect(dns?.postWaveActions.map(({ actionName }) => actionName)).toEqual(['check']);
    expect(web).toMatchObject({ wave: 3, selectors: [{ accountId: '111111111111' }] });
    // A pause after the second is one before the third.
    const asked = { verb: 'failover' as const, application: 'HRP', waves: [] };
    const library = {
      version: 1,
      plans: [stored(outer), stored(shared)],
      groups: groups.map((one) => ({ ...changed, group: one })),
    };
    expect(requestedRun(asked, library, [])).toMatchObject({
      waves: [1, 2, 3],
      ofPlan: { pauseBefore: [1, 3], otherApplications: ['Shared'] },
    });
  });

  test('that runs itself, or names what is gone, is refused', () => {
    const self = plan('HRP', [wave(1, { recoveryPlanId: 'HRP' })]);
    expect(() => runOf(stored(self), { plans: [self], groups })).toThrow(
      'the plan HRP runs itself. Nothing was started.',
    );
    const lost = plan('HRP', [wave(1, { recoveryPlanId: 'gone' })]);
    expect(() => runOf(stored(lost), { plans: [lost], groups })).toThrow('there is no plan gone');
    const empty = plan('HRP', [wave(1)]);
    expect(() => runOf(stored(empty), { plans: [empty], groups: [] })).toThrow('there is no protection group database');
  });

  test('counts the actions that are done for the verb, and carries no servers', () => {
    const acting = plan('HRP', [
      wave(1, { preWaveActions: [action('a', ['failover']), action('b')], estimatedDuration: 600 }),
    ]);
    const run = runOf(stored(acting), { plans: [acting], groups });
    expect(settingsOf(run, 'drill').waves).toEqual([
      { wave: 1, waveName: 'Wave 1', estimatedSeconds: 600, preWaveActions: 1 },
    ]);
    const [first] = run.waves;
    if (first === undefined) throw new Error('There is no wave.');
    expect(actionsFor(first, 'pre', 'failover').map(({ actionName }) => actionName)).toEqual(['a', 'b']);
    expect(actionsFor(first, 'pre', 'terminate')).toEqual([]);
  });
});

describe('a selector', () => {
  const server = { sourceServerId: 's-1', accountId: '111111111111', region: REGION, tags: { 'DR-Role': 'web' } };

  test('means the servers that fit all that it says', () => {
    expect(isSelected({}, server)).toBe(true);
    expect(
      isSelected({ tags: { 'DR-Role': 'web' }, serverIds: ['s-1'], accountId: '111111111111', region: REGION }, server),
    ).toBe(true);
    expect(isSelected({ tags: { 'DR-Role': 'database' } }, server)).toBe(false);
    expect(isSelected({ serverIds: ['s-2'] }, server)).toBe(false);
    expect(isSelected({ accountId: '222222222222' }, server)).toBe(false);
    expect(isSelected({ region: 'us-west-2' }, server)).toBe(false);
  });

  test('tells every wave that a server is in', () => {
    const waves = [
      { wave: 1, selectors: [{ tags: { 'DR-Role': 'web' } }] },
      { wave: 2, selectors: [{ serverIds: ['s-2'] }, { serverIds: ['s-1'] }] },
      { wave: 3, selectors: [] },
    ];
    expect(wavesWith(waves, server)).toEqual([1, 2]);
  });
});

describe('what a request runs', () => {
  const hrp = plan('HRP', [wave(1), wave(2, { protectionGroupIds: ['web'], pauseAfterWave: true })], {
    cleanUpAfterHours: 4,
    rtoTargetMinutes: 60,
  });
  const library = { version: 1, plans: [stored(hrp)], groups: groups.map((one) => ({ ...changed, group: one })) };
  const none = { version: 0, plans: [], groups: [] };

  test('is the recovery plan of its application, or the waves of it that are named', () => {
    expect(requestedRun({ verb: 'drill', application: 'HRP', waves: [] }, library, [1, 2, 3, 4])).toMatchObject({
      waves: [1, 2],
      tags: { 'DR-Application': 'HRP' },
      ofPlan: {
        recoveryPlan: { planId: 'HRP', version: 3, waves: [{ wave: 1 }, { wave: 2, pauseAfter: true }] },
        cleanUpAfterHours: 4,
      },
      record: { version: 3, applications: ['HRP'] },
    });
    const whole = requestedRun({ verb: 'drill', application: 'HRP', waves: [1, 2] }, library, []);
    expect(whole).toHaveProperty('ofPlan.recoveryPlan.rtoTargetMinutes', 60);
    const part = requestedRun({ verb: 'drill', application: 'HRP', waves: [2] }, library, []);
    expect(part).not.toHaveProperty('ofPlan.recoveryPlan.rtoTargetMinutes');
    expect(requestedRun({ verb: 'drill', application: 'HRP', waves: [2] }, library, [])).toMatchObject({
      waves: [2],
      record: { waves: [{ wave: 2 }] },
    });
    expect(requestedRun({ verb: 'drill', application: 'HRP', waves: [2, 3] }, library, [3])).toEqual({
      problem: 'no such wave',
      missing: [3],
      known: [1, 2],
      planName: 'HRP',
    });
  });

  test('of a termination has no pauses and is not cleaned up after', () => {
    const run = requestedRun({ verb: 'terminate', application: 'HRP', waves: [] }, library, []);
    expect(run).toMatchObject({ ofPlan: { recoveryPlan: { planId: 'HRP' } } });
    expect(run).not.toHaveProperty('ofPlan.cleanUpAfterHours');
    expect(run).not.toHaveProperty('ofPlan.pauseBefore');
  });

  test('is made from the servers’ tags where no plan is stored', () => {
    const catalogue = {
      refreshedAt: 0,
      applications: [
        {
          name: 'HRP',
          waves: [
            { wave: 2, servers: 1 },
            { wave: 1, servers: 2 },
          ],
        },
      ],
    };
    const known = knownWavesIn(catalogue, 'HRP');
    expect(requestedRun({ verb: 'drill', application: 'HRP', waves: [] }, none, known)).toEqual({
      waves: [1, 2],
      tags: { 'DR-Application': 'HRP' },
      ofPlan: {},
    });
    expect(requestedRun({ verb: 'drill', application: 'HRP', waves: [2] }, none, known)).toMatchObject({
      tags: { 'DR-Application': 'HRP', 'DR-Wave': '2' },
    });
    expect(requestedRun({ verb: 'drill', application: 'HRP', waves: [7] }, none, known)).toMatchObject({
      missing: [7],
    });
    expect(requestedRun({ verb: 'drill', application: 'HRP', waves: [] }, none, [])).toEqual({
      problem: 'waves unknown',
    });
    // Before a catalogue exists, discovery has the last word.
    expect(requestedRun({ verb: 'drill', application: 'HRP', waves: [7] }, none, [])).toMatchObject({ waves: [7] });
  });
});
