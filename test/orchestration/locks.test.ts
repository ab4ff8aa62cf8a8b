import { describe, expect, test } from 'vitest';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import { lockServers, releaseLocks } from '../../src/orchestration/locks.ts';
import { startWorld } from '../requests/world.ts';

const PLACE = { accountId: '111111111111', region: 'us-east-2' };
const server = (n: number) => ({ sourceServerId: `s-${n}`, hostname: `host${n}` });
const batch = (...numbers: number[]) => ({ ...PLACE, servers: numbers.map(server) });

const anExecution = (executionId: string, application = 'HRP'): ExecutionRecord => ({
  executionId,
  status: 'planning',
  startTime: 0,
  verb: 'drill',
  application,
  waves: [1],
  tags: { 'DR-Application': application },
  options: {} as ExecutionRecord['options'],
  requester: { userId: 'U1', teamId: 'T1' },
  channelId: 'C1',
  correlationId: executionId,
  planRevision: 0,
});

describe('the servers of a plan', () => {
  test('are held by one at a time, across applications; who holds them is named', async () => {
    const { store } = await startWorld();
    await store.createExecution(anExecution('11111111-0000-8000-8000-000000000000'));
    expect(await lockServers(store, [batch(1, 2)], '11111111-0000-8000-8000-000000000000')).toEqual([]);
    // Taken again by the same, e.g. when a state is repeated.
    expect(await lockServers(store, [batch(1, 2, 3)], '11111111-0000-8000-8000-000000000000')).toEqual([]);
    expect(await lockServers(store, [batch(3, 4)], 'run-direct')).toEqual([
      'host3 is held by the drill of HRP (11111111): wait until it is over, or cancel it.',
    ]);
    // Nothing was taken by who was refused.
    expect(await lockServers(store, [batch(4, 5)], 'run-other')).toEqual([]);
    expect(await lockServers(store, [batch(5)], '11111111-0000-8000-8000-000000000000')).toEqual([
      'host5 is held by the direct call other: wait until it is over, or cancel it.',
    ]);
    // The same id in another account or Region is another server.
    expect(await store.lockServers({ ...PLACE, region: 'us-west-2' }, ['s-1'], 'run-other')).toEqual([]);
  });

  test('are free when their execution frees them, and taken over when it is over', async () => {
    const { store } = await startWorld();
    const [first, second] = ['11111111-0000-8000-8000-000000000000', '22222222-0000-8000-8000-000000000000'];
    for (const id of [first, second]) await store.createExecution(anExecution(id));
    await lockServers(store, [batch(1, 2)], first);
    await store.freezePlan(first, { revision: 1, accounts: [{ ...PLACE }], batches: [] } as never);
    await releaseLocks(store, anExecution(first));
    expect(await lockServers(store, [batch(1)], second)).toEqual([]);
    await store.moveExecution(second, 'failed');
    expect(await lockServers(store, [batch(1, 2)], first)).toEqual([]);
    // Of a direct call its result says that it is over.
    await lockServers(store, [batch(7)], 'run-ended');
    expect(await lockServers(store, [batch(7)], first)).toHaveLength(1);
    await store.recordWave({ executionId: 'run-ended', wave: 0, planRevision: 1 } as never);
    expect(await lockServers(store, [batch(7)], first)).toEqual([]);
  });

  test('asked for by many at the same moment go to one of them', async () => {
    const { store } = await startWorld();
    const owners = Array.from({ length: 8 }, (_, at) => `run-${at}`);
    const held = await Promise.all(owners.map((owner) => lockServers(store, [batch(1, 2)], owner)));
    expect(held.filter((texts) => texts.length === 0)).toHaveLength(1);
    expect(held.filter((texts) => texts.length === 1)).toHaveLength(7);
  });
});
