import { expect, test } from 'vitest';
import type { RecoveryPlanRecord } from '../../src/domain/records.ts';
import { storeExecution } from '../../src/platform/store-execution.ts';
import { anExecution } from '../blocks/views.ts';
import { startWorld } from '../requests/world.ts';

/** A request for the one wave of a version of the plan. */
function request(version: number, wave: number) {
  const waves = [{ wave, waveName: `Wave ${wave}` }];
  const record: Omit<RecoveryPlanRecord, 'executionId'> = {
    version,
    applications: ['HRP'],
    waves: waves.map((one) => ({ ...one, selectors: [], preWaveActions: [], postWaveActions: [] })),
  };
  const recoveryPlan = { planId: 'hrp', planName: 'HRP', version, waves };
  return { execution: anExecution({ waves: [wave], recoveryPlan, pauseBefore: [wave] }), record };
}

test('a request that died between its two writes keeps its plan, whatever is stored until it comes again', async () => {
  const { store } = await startWorld();
  const first = request(1, 1);
  const dying = { ...store, createExecution: () => Promise.reject(new Error('the function is gone')) };
  await expect(storeExecution(dying, first.execution, first.record)).rejects.toThrow('gone');

  const second = request(2, 3);
  expect(await storeExecution(store, second.execution, second.record)).toBe(true);
  const { executionId } = second.execution;
  expect(await store.getRecoveryPlan(executionId)).toMatchObject({ version: 1, waves: [{ wave: 1 }] });
  expect(await store.getExecution(executionId)).toMatchObject({
    ...{ waves: [1], pauseBefore: [1] },
    recoveryPlan: { version: 1, waves: [{ wave: 1 }] },
  });
  expect(await storeExecution(store, second.execution, second.record)).toBe(false);
});

test('what is over holds nothing: a request that comes again, and one that was never to begin', async () => {
  const { store } = await startWorld();
  const freed: string[] = [];
  const watched = { ...store, unlockApplication: async (name: string, id: string) => void freed.push(`${name} ${id}`) };
  const over = anExecution({ executionId: 'over', status: 'failed' });
  await store.createExecution(over);
  expect(await storeExecution(watched, { ...over, status: 'planning' }, undefined)).toBe(false);
  expect(await storeExecution(watched, anExecution({ executionId: 'not-begun', status: 'failed' }), undefined)).toBe(
    true,
  );
  expect(freed).toEqual(['HRP over', 'HRP not-begun']);

  // Of one that goes on it stays.
  const going = anExecution({ executionId: 'going', status: 'planning' });
  for (const isNew of [true, false]) expect(await storeExecution(watched, going, undefined)).toBe(isNew);
  expect(freed).toHaveLength(2);
});
