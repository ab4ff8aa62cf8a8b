import { describe, expect, it } from 'vitest';
import {
  type DrillProof,
  isNewProof,
  newestDrillOf,
  planContentOf,
  proofOf,
  serverSetOf,
  verificationOf,
  withProof,
} from '../../src/domain/drill-proof.ts';
import type { BatchRecord } from '../../src/domain/records.ts';
import { runOf } from '../../src/domain/recovery-run.ts';
import { anExecution, minutes, START } from '../blocks/views.ts';
import { aBatch, aBatchServer, aServer } from './fleet.ts';
import { aGroup, aPlan, aWave } from './plans.ts';

const DAY = 24 * minutes(60);

/** A drill of these waves, each with the servers of these numbers. */
function aProof(waves: Record<number, number[]>, differs: Partial<DrillProof> = {}): DrillProof {
  return {
    executionId: 'drill-1',
    endedAt: START,
    waves: Object.entries(waves).map(([wave, numbers]) => ({
      wave: Number(wave),
      servers: numbers.length,
      set: setOf(...numbers),
    })),
    plan: { planId: 'hrp', version: 1, content: 'content-1' },
    ...differs,
  };
}

function setOf(...numbers: number[]): string {
  return serverSetOf(numbers.map((number) => aServer(number)));
}

describe('the set of a wave’s servers', () => {
  it('is the same in any order, and another one with any other server', () => {
    expect(setOf(1, 2, 3)).toBe(setOf(3, 1, 2, 2));
    expect(setOf(1, 2)).not.toBe(setOf(1, 2, 3));
    expect(setOf()).not.toBe(setOf(1));
  });
});

describe('what a plan is run like', () => {
  const plans = (differs: Parameters<typeof aWave>[1] = {}) => ({
    plans: [aPlan([aWave(1, differs)])],
    groups: [aGroup('g1', '1')],
  });
  const contentOf = (differs: Parameters<typeof aWave>[1], groups = [aGroup('g1', '1')]) => {
    const [plan] = plans(differs).plans;
    if (plan === undefined) throw new Error('there is no plan');
    const stored = { plan, version: 1, changedBy: { arn: 'x' }, changedAt: START };
    return planContentOf(runOf(stored, { plans: [plan], groups }).waves);
  };

  it('changes with a pause and with the tags of a group, and not with a name', () => {
    expect(contentOf({ waveName: 'Databases' })).toBe(contentOf({}));
    expect(contentOf({ pauseBeforeWave: true })).not.toBe(contentOf({}));
    expect(contentOf({}, [aGroup('g1', '2')])).not.toBe(contentOf({}));
  });

  it('is the same once it was stored and read', () => {
    const waves = [
      { wave: 1, waveName: 'W', selectors: [{ tags: { a: '1' } }], preWaveActions: [], postWaveActions: [] },
    ];
    expect(planContentOf(JSON.parse(JSON.stringify(waves)))).toBe(planContentOf(waves));
  });
});

describe('what a drill has shown', () => {
  const over = anExecution({ status: 'completed', endTime: START + 1, waves: [1, 2] });
  const batch = (wave: number, ...numbers: number[]) =>
    ({ ...aBatch({ servers: numbers.map((number) => aBatchServer(number)) }), wave }) as BatchRecord;

  it('is read from its batches, wave by wave', () => {
    const proof = proofOf(over, [batch(1, 1, 2), batch(2, 4), batch(1, 3)], undefined);
    expect(proof).toEqual({
      executionId: over.executionId,
      endedAt: START + 1,
      waves: [
        { wave: 1, servers: 3, set: setOf(1, 2, 3) },
        { wave: 2, servers: 1, set: setOf(4) },
      ],
    });
  });

  it('is nothing for a failover, for what is not over, and for what did not bring everything', () => {
    expect(proofOf({ ...over, verb: 'failover' }, [], undefined)).toBeUndefined();
    expect(proofOf({ ...over, status: 'partial' }, [], undefined)).toBeUndefined();
    expect(proofOf(anExecution({ status: 'executing' }), [], undefined)).toBeUndefined();
  });

  it.each([
    ['of named servers', { options: { ...over.options, sourceServerIds: ['s-00000000000000001'] } }],
    ['of what further tags select', { tags: { ...over.tags, 'DR-Tier': 'Critical' } }],
    [
      'of what another one has left',
      { recoveryPlan: { planId: 'hrp', planName: 'the rest of HRP', version: 0, waves: [] } },
    ],
  ])('is nothing for one %s: the rest of the wave was not there', (_, differs) => {
    expect(proofOf(over, [batch(1, 1), batch(2, 4)], undefined)).toBeDefined();
    expect(proofOf({ ...over, ...differs }, [batch(1, 1), batch(2, 4)], undefined)).toBeUndefined();
  });
});

describe('the drills that are kept', () => {
  it('are the newest of each choice of waves; the same one twice is one', () => {
    const whole = aProof({ 1: [1], 2: [2] });
    const newer = aProof({ 1: [1], 2: [2] }, { executionId: 'drill-2', endedAt: START + DAY });
    const part = aProof({ 1: [1] }, { executionId: 'drill-3', endedAt: START + 2 * DAY });
    const kept = [whole, newer, part, part, whole].reduce(withProof, [] as DrillProof[]);
    expect(kept.map(({ executionId }) => executionId)).toEqual(['drill-3', 'drill-2']);
    expect(isNewProof(kept, { executionId: 'drill-1', endedAt: START, planId: 'hrp', waves: [2, 1] })).toBe(false);
    expect(newestDrillOf(kept, [1, 2])?.executionId).toBe('drill-2');
    expect(newestDrillOf(kept, [1])?.executionId).toBe('drill-3');
    expect(newestDrillOf(kept, [1, 2, 3])).toBeUndefined();
  });

  it('are bounded: what is older than all of them is not kept', () => {
    const many = Array.from({ length: 30 }, (_, at) =>
      aProof({ [at + 1]: [at] }, { executionId: `drill-${at}`, endedAt: START + at }),
    );
    const kept = many.reduce(withProof, [] as DrillProof[]);
    expect(kept).toHaveLength(20);
    expect(kept.at(-1)?.executionId).toBe('drill-10');
    expect(withProof(kept, aProof({ 99: [1] }, { executionId: 'old', endedAt: START - 1 }))).toEqual(kept);
  });
});

describe('a plan', () => {
  const now = (waves: Record<number, number[] | undefined>, content = 'content-1') => ({
    planId: 'hrp',
    content,
    waves: Object.entries(waves).map(([wave, numbers]) => ({
      wave: Number(wave),
      ...(numbers === undefined ? {} : { set: setOf(...numbers) }),
    })),
  });
  const drill = { executionId: 'drill-1', at: START };

  it('is verified by a successful drill of all its waves', () => {
    expect(verificationOf(now({ 1: [1, 2], 2: [3] }), [aProof({ 1: [1, 2], 2: [3] })])).toEqual({
      verified: true,
      ...drill,
    });
  });

  it('is not by a drill of some of them, of another plan, or of the waves of tags', () => {
    const plan = now({ 1: [1], 2: [3] });
    const notDrilled = { verified: false, why: 'not drilled' };
    expect(verificationOf(plan, [aProof({ 1: [1] })])).toEqual(notDrilled);
    expect(verificationOf(plan, [aProof({ 1: [1], 2: [3] }, { plan: undefined })])).toEqual(notDrilled);
    const other = { planId: 'crm', version: 1, content: 'content-1' };
    expect(verificationOf(plan, [aProof({ 1: [1], 2: [3] }, { plan: other })])).toEqual(notDrilled);
  });

  it('loses it when a wave has another server, and says which wave', () => {
    expect(verificationOf(now({ 1: [1], 2: [3, 4] }), [aProof({ 1: [1], 2: [3] })])).toEqual({
      ...{ verified: false, why: 'other servers', waves: [2] },
      ...drill,
    });
    expect(verificationOf(now({ 1: [], 2: [3] }), [aProof({ 1: [1], 2: [3] })])).toMatchObject({ waves: [1] });
  });

  it('loses it when it is run in another way, and regains it by the next drill', () => {
    const proof = aProof({ 1: [1] });
    const changed = now({ 1: [1] }, 'content-2');
    expect(verificationOf(changed, [proof])).toEqual({ verified: false, why: 'changed', ...drill });
    const next = aProof({ 1: [1] }, { executionId: 'drill-2', endedAt: START + 1 });
    expect(
      verificationOf(changed, [{ ...next, plan: { planId: 'hrp', version: 2, content: 'content-2' } }, proof]),
    ).toEqual({ verified: true, executionId: 'drill-2', at: START + 1 });
  });

  it('is not known to be where its servers are not known', () => {
    const proof = aProof({ 1: [1], 2: [3] });
    expect(verificationOf(now({ 1: [1], 2: undefined }), [proof])).toMatchObject({ why: 'servers not known' });
    expect(verificationOf(now({ 1: [9], 2: undefined }), [proof])).toMatchObject({ why: 'other servers', waves: [1] });
  });
});
