import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differences } from '../../src/domain/plan-differences.ts';
import { ownFile } from '../../src/domain/plan-export.ts';
import { importPlans } from '../../src/domain/plan-import/formats.ts';
import type { RecoveryPlan } from '../../src/domain/recovery-plan.ts';
import { aGroup, anAutomation, anyPlanSet, aPlan, aWave } from './plans.ts';

const between = (before: RecoveryPlan['waves'], after: RecoveryPlan['waves']) =>
  differences({ plans: [aPlan(before)], groups: [] }, { plans: [aPlan(after)], groups: [] });

describe('what an import would change', () => {
  test('is nothing for the same plans', () => {
    fc.assert(
      fc.property(anyPlanSet, (set) => {
        const again = importPlans(JSON.parse(ownFile(set)), { name: 'a file', region: 'us-east-2' });
        expect(differences(set, again)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('is told by plan, wave and field', () => {
    const before = [aWave(1), aWave(2, { maxWaitMinutes: 60 }), aWave(3)];
    const after = [aWave(1, { waveName: 'Databases' }), aWave(2, { pauseBeforeWave: true, dependsOn: [1] }), aWave(4)];
    expect(between(before, after)).toEqual([
      'Plan HRP, wave 1 (Wave 1): waveName changes from “Wave 1” to “Databases”.',
      'Plan HRP, wave 2 (Wave 2): dependsOn changes from nothing to 1.',
      'Plan HRP, wave 2 (Wave 2): pauseBeforeWave changes from no to yes.',
      'Plan HRP, wave 2 (Wave 2): maxWaitMinutes changes from 60 to nothing.',
      'Plan HRP, wave 3 (Wave 3) is removed.',
      'Plan HRP, wave 4 (Wave 4) is new.',
    ]);
  });

  test('is told of what a drill leaves, and of when an action is done', () => {
    const setOf = (
      verbs: RecoveryPlan['waves'][number]['preWaveActions'][number]['verbs'],
      cleanUpAfterHours?: number,
    ) => ({
      plans: [aPlan([aWave(1, { preWaveActions: [anAutomation({ verbs })] })], { cleanUpAfterHours })],
      groups: [],
    });
    expect(differences(setOf(['drill', 'failover']), setOf(['failover'], 24))).toEqual([
      'Plan HRP: cleanUpAfterHours changes from nothing to 24.',
      'Plan HRP, wave 1 (Wave 1), preWaveActions “Stop the source”: verbs changes from drill, failover to failover.',
    ]);
  });

  test('names actions that are new, gone, changed, or in another order', () => {
    const [stop, tell, look] = ['Stop', 'Tell', 'Look'].map((actionName) => anAutomation({ actionName }));
    if (stop === undefined || tell === undefined || look === undefined) throw new Error('three actions');
    const before = [aWave(1, { preWaveActions: [stop, tell], postWaveActions: [look] })];
    const after = [aWave(1, { preWaveActions: [tell, { ...stop, timeoutMinutes: 60 }, look] })];
    expect(between(before, after)).toEqual([
      'Plan HRP, wave 1 (Wave 1), preWaveActions “Stop”: timeoutMinutes changes from 30 to 60.',
      'Plan HRP, wave 1 (Wave 1), preWaveActions “Look” is new.',
      'Plan HRP, wave 1 (Wave 1), preWaveActions: they run in another order, Tell, Stop.',
      'Plan HRP, wave 1 (Wave 1), postWaveActions “Look” is removed.',
    ]);
  });

  test('names groups and whole plans', () => {
    const before = { groups: [aGroup('a', '1'), aGroup('b', '2')], plans: [aPlan([])] };
    const after = {
      groups: [aGroup('a', '3'), aGroup('c', '2')],
      plans: [aPlan([], { planId: 'other', planName: 'Other' })],
    };
    expect(differences(before, after)).toEqual([
      'Group Group a: tagCriteria changes from {"Wave":"1"} to {"Wave":"3"}.',
      'Group Group b is removed.',
      'Group Group c is new.',
      'Plan HRP is removed.',
      'Plan Other is new.',
    ]);
  });
});
