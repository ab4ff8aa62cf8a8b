import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type RecoveryPlan,
  recoveryPlanSchema,
  waveActionSchema,
  wavesInOrder,
} from '../../src/domain/recovery-plan.ts';
import { anAutomation, aPlan, aWave } from './plans.ts';

const order = (waves: RecoveryPlan['waves']) => wavesInOrder(aPlan(waves)).map(({ waveNumber }) => waveNumber);

describe('the waves of a plan', () => {
  test('run by number where nothing else is said, however they are written', () => {
    expect(order([aWave(3), aWave(1), aWave(10), aWave(2)])).toEqual([1, 2, 3, 10]);
    expect(order([])).toEqual([]);
  });

  test('run after those that they depend on', () => {
    expect(order([aWave(1, { dependsOn: [3] }), aWave(2), aWave(3)])).toEqual([2, 3, 1]);
    expect(order([aWave(1, { dependsOn: [4] }), aWave(2, { dependsOn: [1] }), aWave(4), aWave(3)])).toEqual([
      3, 4, 1, 2,
    ]);
  });

  test('have no order when they wait for each other or for nothing that is there', () => {
    expect(() => order([aWave(1), aWave(2, { dependsOn: [3] }), aWave(3, { dependsOn: [2] })])).toThrow(
      'Plan HRP has no order: waves 2, 3 wait for what never runs.',
    );
    expect(() => order([aWave(1, { dependsOn: [9] })])).toThrow(expect.objectContaining({ code: 'ValidationError' }));
  });

  test('each run once, and after every wave that they depend on', () => {
    const anyWaves = fc
      .uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 12 })
      .chain((numbers) =>
        fc.tuple(
          ...numbers.map((number, at) =>
            // Only on earlier ones of the list: so there is always an order.
            fc.subarray(numbers.slice(0, at)).map((dependsOn) => aWave(number, { dependsOn })),
          ),
        ),
      )
      .chain((waves) => fc.shuffledSubarray(waves, { minLength: waves.length }));
    fc.assert(
      fc.property(anyWaves, (waves) => {
        const numbers = order(waves);
        expect(numbers.toSorted()).toEqual(waves.map(({ waveNumber }) => waveNumber).toSorted());
        for (const { waveNumber, dependsOn } of waves) {
          for (const earlier of dependsOn) expect(numbers.indexOf(earlier)).toBeLessThan(numbers.indexOf(waveNumber));
        }
      }),
    );
  });
});

describe('a plan', () => {
  test('has what it leaves out filled in', () => {
    const plan = recoveryPlanSchema.parse({ planId: 'p', planName: 'P', waves: [{ waveNumber: 1, waveName: 'W' }] });
    expect(plan.waves[0]).toEqual({
      waveNumber: 1,
      waveName: 'W',
      protectionGroupIds: [],
      dependsOn: [],
      pauseBeforeWave: false,
      pauseAfterWave: false,
      preWaveActions: [],
      postWaveActions: [],
    });
    expect(anAutomation()).toMatchObject({ timeoutMinutes: 30, onFailure: 'ask', parameters: {} });
  });

  test.each([
    [{ waveNumber: 0 }],
    [{ waveNumber: 100 }],
    [{ waveNumber: 1.5 }],
    [{ maxWaitMinutes: 1_441 }],
    [{ successThresholdPercent: 101 }],
    [{ rtoTargetMinutes: 0 }],
    [{ pauseBeforeWave: 'yes' }],
    [{ tagCriteria: {} }],
  ])('takes no wave with %j', (differs) => {
    const plan = { planId: 'p', planName: 'P', waves: [{ waveNumber: 1, waveName: 'W', ...differs }] };
    expect(recoveryPlanSchema.safeParse(plan).success).toBe(false);
  });

  test.each([
    [{ actionType: 'lambda' }],
    [{ actionType: 'automation', documentName: 'a b' }],
    [{ actionType: 'automation', documentName: 'AWS-x', documentVersion: '0' }],
    [{ actionType: 'automation', documentName: 'AWS-x', parameters: { a: 'text' } }],
    [{ actionType: 'http', url: 'ftp://example.com' }],
    [{ actionType: 'tcp', host: 'db', port: 0 }],
    [{ actionType: 'ec2Status', url: 'https://example.com' }],
  ])('takes no action that is %j', (action) => {
    expect(waveActionSchema.safeParse({ actionName: 'A', ...action }).success).toBe(false);
  });
});
