import { expect, test } from 'vitest';
import type { ExecutionView } from '../../src/domain/records.ts';
import type { ExecutionStore } from '../../src/platform/execution-store.ts';
import { expectedDurations } from '../../src/projection/durations.ts';

const MINUTE = 60_000;

test('its own run is no earlier one’s, also when it ended by a clock that is behind', async () => {
  const runs = [{ executionId: 'own', endedAt: 4_000, ms: MINUTE }];
  const store = { getDurations: async () => [{ wave: 1, version: 1, runs }], putDuration: async () => true };
  const asked = { application: 'HRP', waves: [1], tags: { 'DR-Application': 'HRP' }, options: {} };
  const view = { execution: { executionId: 'own', ...asked, startTime: 5_000 }, waves: [] } as unknown as ExecutionView;
  expect(await expectedDurations(store as unknown as ExecutionStore, view)).toEqual(new Map());
});

test('what a later run took is no earlier run’s: a card that is drawn again says what it said', async () => {
  const run = (executionId: string, endedAt: number, minutes: number) => ({
    executionId,
    endedAt,
    ms: minutes * MINUTE,
  });
  const runs = [run('later', 9_000, 30), run('during', 6_000, 40), run('own', 7_000, 50), run('earlier', 4_000, 20)];
  const store = { getDurations: async () => [{ wave: 1, version: 1, runs }], putDuration: async () => true };
  const asked = { application: 'HRP', waves: [1], tags: { 'DR-Application': 'HRP' }, options: {} };
  const execution = { executionId: 'own', ...asked, startTime: 5_000 };
  const view = { execution, waves: [] } as unknown as ExecutionView;
  expect(await expectedDurations(store as unknown as ExecutionStore, view)).toEqual(
    new Map([[1, { ms: 20 * MINUTE, from: 'history' }]]),
  );
});
