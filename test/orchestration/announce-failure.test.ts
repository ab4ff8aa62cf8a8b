import { describe, expect, test } from 'vitest';
import { create } from '../../src/orchestration/announce-failure.ts';
import { lockServers } from '../../src/orchestration/locks.ts';
import { startWorld } from '../requests/world.ts';

const BATCH = {
  ...{ accountId: '111111111111', region: 'us-east-2' },
  servers: [{ sourceServerId: 's-1', hostname: 'host1' }],
};
const failed = (input?: unknown) => ({
  detail: { name: 'nightly', status: 'ABORTED', startDate: 0, input: JSON.stringify(input) },
});

describe('the servers of a direct call that has died', () => {
  test('are free, although it died before its plan was stored, or takes them after it', async () => {
    const { platform, store } = await startWorld();
    const announceFailure = create(platform);
    await lockServers(store, [BATCH], 'run-nightly');
    expect(await lockServers(store, [BATCH], 'run-other')).toHaveLength(1);
    await announceFailure(failed({ action: 'drill', tags: { 'DR-Application': 'HRP' } }));
    expect(await lockServers(store, [BATCH], 'run-other')).toEqual([]);
    await store.noteRunEnded('run-other');
    // A step that was under way when the run was stopped.
    expect(await lockServers(store, [BATCH], 'run-nightly')).toEqual([]);
    expect(await lockServers(store, [BATCH], 'run-third')).toEqual([]);
  });

  test('are freed where nobody knows its input; a run of an execution frees nothing', async () => {
    const { platform, store } = await startWorld();
    const announceFailure = create(platform);
    await lockServers(store, [BATCH], 'run-nightly');
    await announceFailure(failed({ action: 'drill', tags: { a: 'b' }, metadata: { executionId: 'exec-1' } }));
    expect(await lockServers(store, [BATCH], 'run-other')).toHaveLength(1);
    await announceFailure(failed());
    expect(await lockServers(store, [BATCH], 'run-other')).toEqual([]);
  });
});
