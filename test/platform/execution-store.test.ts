import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { freezePlan } from '../../src/domain/plan.ts';
import { anExecution, EXECUTION_ID } from '../blocks/views.ts';
import { aRequest, aServer, discovered } from '../domain/fleet.ts';
import { startWorld } from '../requests/world.ts';

const ANNA = { userId: 'U0PREQUEST1', teamId: 'T0PRACTICE1', at: 1_000 };
const BERT = { userId: 'U0PAPPROVE1', teamId: 'T0PRACTICE1', at: 2_000 };

describe('an execution', () => {
  const ids = ['0f1e2d3c-0000-8000-8000-000000000000', '0f1e2d3c-1111-8000-8000-000000000000'] as const;
  const [older, newer] = ids;

  it('is found by the eight characters of its card without looking through the others', async () => {
    const world = await startWorld();
    const { store } = world;
    await store.createExecution(anExecution({ executionId: older, startTime: 1 }));
    await store.moveExecution(older, 'failed');
    world.calls.splice(0);
    expect(await store.findExecution('0f1e2d3c')).toMatchObject([{ executionId: older, status: 'failed' }]);
    expect(world.calls.map(({ action }) => action)).toEqual(['Query', 'GetItem']);
    // Several are told apart by more characters.
    await store.createExecution(anExecution({ executionId: newer, startTime: 2 }));
    expect(await store.findExecution('0f1e2d3c')).toMatchObject([{ executionId: newer }, { executionId: older }]);
    expect(await store.findExecution('0f1e2d3c-0')).toMatchObject([{ executionId: older }]);
    expect(await store.findExecution('0f1e2d3c-2')).toEqual([]);
    expect(await store.findExecution(newer)).toMatchObject([{ executionId: newer }]);
  });

  it('is found by fewer, or as an earlier release stored it, among the recent ones', async () => {
    const { store, platform } = await startWorld();
    await store.createExecution(anExecution({ executionId: newer }));
    expect(await store.findExecution('0f1e')).toMatchObject([{ executionId: newer }]);
    const db = DynamoDBDocumentClient.from(new DynamoDBClient({ credentials: platform.credentials }));
    const Item = { ...anExecution({ executionId: 'abcdef01-0000-8000-8000-000000000000' }), item: 'EXECUTION' };
    await db.send(new PutCommand({ TableName: platform.environment.EXECUTION_TABLE, Item }));
    expect(await store.findExecution('abcdef01')).toMatchObject([{ executionId: Item.executionId }]);
  });
});

describe('what people want of an execution', () => {
  it('is kept while it is not over: who cancels first is named', async () => {
    const { store } = await startWorld();
    expect(await store.requestCancel(EXECUTION_ID, ANNA)).toBe(false);
    await store.createExecution(anExecution({ status: 'executing' }));
    expect(await store.requestCancel(EXECUTION_ID, { ...ANNA, reason: 'the wrong day' })).toBe(true);
    expect(await store.requestCancel(EXECUTION_ID, BERT)).toBe(true);
    expect(await store.getExecution(EXECUTION_ID)).toMatchObject({
      cancelRequested: { ...ANNA, reason: 'the wrong day' },
    });
    await store.moveExecution(EXECUTION_ID, 'completed');
    expect(await store.requestCancel(EXECUTION_ID, BERT)).toBe(false);
    expect(await store.requestPause(EXECUTION_ID, BERT)).toBe(false);
  });

  it('is a pause until it is taken back; a newer wish is not taken for the one that is meant', async () => {
    const { store } = await startWorld();
    await store.createExecution(anExecution({ status: 'executing' }));
    expect(await store.clearPause(EXECUTION_ID)).toBe(false);
    expect(await store.requestPause(EXECUTION_ID, ANNA)).toBe(true);
    expect(await store.requestPause(EXECUTION_ID, BERT)).toBe(true);
    expect(await store.clearPause(EXECUTION_ID, ANNA.at)).toBe(false);
    expect(await store.getExecution(EXECUTION_ID)).toMatchObject({ pauseRequested: BERT });
    expect(await store.clearPause(EXECUTION_ID, BERT.at)).toBe(true);
    expect(await store.getExecution(EXECUTION_ID)).not.toHaveProperty('pauseRequested');
  });
});

describe('the batches of a plan', () => {
  it('come in the order of its waves, or of one wave and account alone', async () => {
    const { store } = await startWorld();
    const fleet = ['10', '2', '1'].map((wave, index) =>
      aServer(index + 1, { tags: { 'DR-Application': 'HRP', 'DR-Wave': wave } }),
    );
    const plan = freezePlan(aRequest({ waves: [1, 2, 10] }), discovered(fleet));
    const frozen = await store.freezePlan(EXECUTION_ID, plan);
    const idsOf = async (of?: Parameters<typeof store.getBatches>[1]) =>
      (await store.getBatches(frozen, of)).map(({ batchId, wave }) => `${batchId} of ${wave}`);
    expect(await idsOf()).toEqual([
      'r1-w1-111111111111-01 of 1',
      'r1-w2-111111111111-01 of 2',
      'r1-w10-111111111111-01 of 10',
    ]);
    expect(await idsOf({ wave: 1 })).toEqual(['r1-w1-111111111111-01 of 1']);
    const place = { accountId: '111111111111', region: 'us-east-2' };
    expect(await idsOf({ wave: 10, ...place })).toEqual(['r1-w10-111111111111-01 of 10']);
    expect(await idsOf({ wave: 10, ...place, region: 'us-west-2' })).toEqual([]);
  });
});

it('what people only looked at is removed by DynamoDB a month later', async () => {
  const { store } = await startWorld();
  const askedAt = Date.UTC(2026, 2, 1);
  await store.createQuery({
    queryId: 'a-look',
    kind: 'executions',
    args: {},
    asker: { userId: ANNA.userId, teamId: ANNA.teamId },
    askedAt,
    status: 'waiting',
  });
  // DynamoDB wants seconds: milliseconds would be some fifty thousand years.
  expect(await store.getQuery('a-look')).toMatchObject({ removedAfter: Date.UTC(2026, 2, 31) / 1_000 });
});
