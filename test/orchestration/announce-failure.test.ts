import { describe, expect, test } from 'vitest';
import { create } from '../../src/orchestration/announce-failure.ts';
import { lockServers } from '../../src/orchestration/locks.ts';
import { startWorld } from '../requests/world.ts';

const BATCH = {
  ...{ accountId: '111111111111', region: 'us-east-2' },
  servers: [{ sourceServerId: 's-1', hostname: 'host1' }],
};
const ARN = 'arn:aws:states:us-east-2:900000000000:execution:drs-orchestration-main:nightly';
/** As EventBridge tells of a machine with a key of ours: without what it was started with, and why it failed. */
const FAILED = {
  detail: {
    executionArn: ARN,
    name: 'nightly',
    status: 'ABORTED',
    startDate: 0,
    stopDate: 60_000,
    input: null,
    error: null,
    cause: null,
  },
};

/** A world in which the run had this input, as Step Functions tells it. */
async function failedWorld() {
  const world = await startWorld();
  const announceFailure = create(world.platform);
  return {
    ...world,
    failed: async (
      input?: unknown,
      differs: { status?: string; redriveDate?: number } = {},
      redriveCount = 0,
    ): Promise<void> => {
      const run = { executionArn: ARN, status: 'ABORTED', input: JSON.stringify(input), ...differs };
      world.breakStepFunctions(() => async () => ({ status: 200, body: JSON.stringify(run) }));
      await announceFailure({ detail: { ...FAILED.detail, redriveCount } });
    },
  };
}

describe('the servers of a direct call that has died', () => {
  test('are free, although it died before its plan was stored, or takes them after it', async () => {
    const { failed, store } = await failedWorld();
    await lockServers(store, [BATCH], 'run-nightly');
    expect(await lockServers(store, [BATCH], 'run-other')).toHaveLength(1);
    await failed({ action: 'drill', tags: { 'DR-Application': 'HRP' } });
    expect(await lockServers(store, [BATCH], 'run-other')).toEqual([]);
    await store.noteRunEnded('run-other');
    // A step that was under way when the run was stopped.
    expect(await lockServers(store, [BATCH], 'run-nightly')).toEqual([]);
    expect(await lockServers(store, [BATCH], 'run-third')).toEqual([]);
  });

  test('are freed where nobody knows its input; a run of an execution frees nothing', async () => {
    const { failed, store } = await failedWorld();
    await lockServers(store, [BATCH], 'run-nightly');
    await failed({ action: 'drill', tags: { a: 'b' }, metadata: { executionId: 'exec-1' } });
    expect(await lockServers(store, [BATCH], 'run-other')).toHaveLength(1);
    await failed();
    expect(await lockServers(store, [BATCH], 'run-other')).toEqual([]);
  });

  test.each(['RUNNING', 'SUCCEEDED', 'FAILED'])(
    'stay its own where it was redriven since (it is %s)',
    async (status) => {
      const { failed, store } = await failedWorld();
      await lockServers(store, [BATCH], 'run-nightly');
      await failed({ action: 'drill', tags: { 'DR-Application': 'HRP' } }, { status, redriveDate: 61 });
      expect(await lockServers(store, [BATCH], 'run-other')).toHaveLength(1);
    },
  );

  test('stay its own where the word comes late and Step Functions is behind; its next death frees them', async () => {
    const { failed, store } = await failedWorld();
    const input = { action: 'drill', tags: { 'DR-Application': 'HRP' } };
    await failed(input);
    expect(await store.noteRunResumed('run-nightly', 1)).toBe(true);
    await lockServers(store, [BATCH], 'run-nightly');
    await failed(input);
    expect(await lockServers(store, [BATCH], 'run-other')).toHaveLength(1);
    await failed(input, {}, 1);
    expect(await lockServers(store, [BATCH], 'run-other')).toEqual([]);
    // A step of the dead run that was under way brings nothing back.
    expect(await store.noteRunResumed('run-nightly', 1)).toBe(false);
  });

  test('are free also where Step Functions does not say yet that it has ended; then it is asked again', async () => {
    const { failed, store } = await failedWorld();
    await lockServers(store, [BATCH], 'run-nightly');
    // Redriven once before the end that is told of.
    const asked = failed(
      { action: 'drill', tags: { 'DR-Application': 'HRP' } },
      { status: 'RUNNING', redriveDate: 30 },
    );
    await expect(asked).rejects.toThrow('does not say yet that nightly has ended');
    expect(await lockServers(store, [BATCH], 'run-other')).toEqual([]);
  });
});
