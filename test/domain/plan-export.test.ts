import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownFile } from '../../src/domain/plan-export.ts';
import { importPlans } from '../../src/domain/plan-import/formats.ts';
import type { PlanSet } from '../../src/domain/recovery-plan.ts';
import { aGroup, anAutomation, anyPlanSet, aPlan, aWave } from './plans.ts';

const byKey = <T>(items: readonly T[], keyOf: (item: T) => string | number) =>
  items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
/** The same set in the file's order. */
const inOrder = ({ plans, groups }: PlanSet) => ({
  groups: byKey(groups, ({ groupId }) => groupId),
  plans: byKey(plans, ({ planId }) => planId).map((plan) => ({
    ...plan,
    waves: byKey(plan.waves, ({ waveNumber }) => waveNumber),
  })),
});

describe('our own file', () => {
  test('gives back what was written to it, and the same text again', () => {
    fc.assert(
      fc.property(anyPlanSet, (set) => {
        const text = ownFile(set);
        const read = importPlans(JSON.parse(text), { name: 'a file', region: 'us-east-2' });
        expect(read.problems).toEqual([]);
        expect(read.notRunnable).toEqual([]);
        const { plans, groups } = read;
        expect({ plans, groups }).toEqual(inOrder(set));
        expect(ownFile(read)).toBe(text);
      }),
    );
  });

  test('is the same text in whatever order things stand', () => {
    const groups = [aGroup('b', '1', { tagCriteria: { x: '1', a: '2' } }), aGroup('a', '2')];
    const waves = [aWave(2, { preWaveActions: [anAutomation({ parameters: { b: ['2', '1'], a: [] } })] }), aWave(1)];
    const tagged = (tagCriteria: Record<string, string>) => aWave(3, { tagCriteria });
    const plans = [aPlan([...waves, tagged({ x: '1', a: '2' })]), aPlan([], { planId: 'a' })];
    const turned = {
      groups: groups.toReversed().map((group) => Object.fromEntries(Object.entries(group).reverse()) as typeof group),
      plans: [aPlan([], { planId: 'a' }), aPlan([tagged({ a: '2', x: '1' }), ...waves.toReversed()])],
    };
    expect(ownFile(turned)).toBe(ownFile({ groups, plans }));
  });

  test('says in which of drill and failover an action is done where it is not both', () => {
    const verbsOf = (verbs: ('drill' | 'failover')[]) =>
      /"verbs": \[([^\]]*)\]/.exec(
        ownFile({ groups: [], plans: [aPlan([aWave(1, { preWaveActions: [anAutomation({ verbs })] })])] }),
      )?.[1];
    expect(verbsOf(['failover'])?.trim()).toBe('"failover"');
    expect(verbsOf(['drill', 'failover'])).toBeUndefined();
  });

  test('says only what is different from saying nothing', () => {
    const text = ownFile({ groups: [], plans: [aPlan([aWave(1, { successThresholdPercent: 0 })])] });
    expect(JSON.parse(text)).toEqual({
      format: 'dr-chatops-plans/1',
      protectionGroups: [],
      recoveryPlans: [
        {
          planId: 'hrp',
          planName: 'HRP',
          waves: [{ waveNumber: 1, waveName: 'Wave 1', protectionGroupIds: ['g1'], successThresholdPercent: 0 }],
        },
      ],
    });
  });
});
