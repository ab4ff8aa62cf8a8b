import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import type { ActionRecord, ExecutionRecord, WaveRecord } from '../../src/domain/records.ts';
import { waveActionSchema } from '../../src/domain/recovery-plan.ts';
import { CLOSE_EVENT } from '../../src/orchestration/close-event.ts';
import { create } from '../../src/orchestration/close-execution.ts';
import { create as createFinish } from '../../src/orchestration/finish.ts';
import { SWEEP_EVENT } from '../../src/orchestration/sweep-event.ts';
import { startWorld } from '../requests/world.ts';

const ID = '11111111-0000-8000-8000-000000000000';
const ARN = 'arn:aws:states:us-east-2:900000000000:stateMachine:dr-execution';
const DIED = { detail: { name: ID, status: 'ABORTED' } };
const ASKED = { 'detail-type': CLOSE_EVENT.detailType, detail: { executionId: ID } };
const PLACE = { accountId: '111111111111', region: 'us-east-2' };
const HOUR_MS = 3_600_000;
const SUMMARY = { totalServers: 1, succeeded: 1, failed: 0, skipped: 0 };
const SOMEBODY = { userId: 'U1', teamId: 'T1' };
const ACTION = waveActionSchema.parse({ actionType: 'tcp', actionName: 'Portal answers', host: 'hrp', port: 443 });

/** An execution of one wave, which went well, and after which something is to be done. */
async function begunWorld(over: Partial<ExecutionRecord> = {}) {
  const world = await startWorld();
  const { platform, store, clock } = world;
  let machine: { status: string; error?: string; cause?: string } = { status: 'ABORTED' };
  world.breakStepFunctions(() => async () => ({ status: 200, body: JSON.stringify(machine) }));
  const environment = { ...platform.environment, DR_EXECUTION_ARN: ARN, RESULT_BUCKET: 'results' };
  await store.createRecoveryPlan({
    executionId: ID,
    version: 1,
    applications: ['HRP'],
    waves: [{ wave: 1, waveName: 'Databases', selectors: [], preWaveActions: [], postWaveActions: [ACTION] }],
  });
  await store.freezePlan(ID, { revision: 1, verb: 'failover', waves: [1], accounts: [], batches: [] } as never);
  await store.createExecution({
    executionId: ID,
    status: 'executing',
    startTime: clock.now(),
    launchStartedAt: clock.now(),
    currentWave: 1,
    verb: 'failover',
    application: 'HRP',
    waves: [1],
    recoveryPlan: { planId: 'hrp', planName: 'HRP', version: 1, waves: [{ wave: 1, waveName: 'Databases' }] },
    tags: { 'DR-Application': 'HRP' },
    options: {} as ExecutionRecord['options'],
    requester: SOMEBODY,
    channelId: 'C1',
    correlationId: ID,
    planRevision: 1,
    ...over,
  });
  await store.recordWave({
    ...{ executionId: ID, wave: 1, planRevision: 1, outcome: 'success', summary: SUMMARY, nextPhaseReady: true },
    ...{ resultLocation: 's3://results/wave-01.json', startedAt: clock.now(), endedAt: clock.now() },
  } satisfies WaveRecord);
  world.configure(`staging-accounts/${PLACE.accountId}`, {
    ...PLACE,
    roleArn: `arn:aws:iam::${PLACE.accountId}:role/reader`,
    invokeRoleArn: `arn:aws:iam::${PLACE.accountId}:role/invoke`,
    executorArn: `arn:aws:states:us-east-2:${PLACE.accountId}:stateMachine:executor`,
    failbackRoleArn: `arn:aws:iam::${PLACE.accountId}:role/failback`,
    externalId: 'dr-chatops',
    maxServers: 300,
    priority: 1,
  });
  return {
    ...world,
    /** Which servers of the place are held, by whom. */
    async serversHeld(): Promise<unknown> {
      const db = DynamoDBDocumentClient.from(new DynamoDBClient({ credentials: platform.credentials }));
      const Key = { executionId: `LOCK#${PLACE.accountId}#${PLACE.region}`, item: 'LOCK' };
      const { Item } = await db.send(new GetCommand({ TableName: platform.environment.EXECUTION_TABLE, Key }));
      return Item?.holders;
    },
    close: create({ ...platform, environment }),
    finish: createFinish({ ...platform, environment }),
    /** What Step Functions says of it from now on. */
    machineIs(status: string, failure: { error?: string; cause?: string } = {}): void {
      machine = { status, ...failure };
    },
    async stored(): Promise<ExecutionRecord> {
      const execution = await store.getExecution(ID);
      if (execution === undefined) throw new Error('it is gone');
      return execution;
    },
  };
}

const runningAction = (startedAt: number): ActionRecord => ({
  ...{ executionId: ID, wave: 1, phase: 'post', index: 1, attempt: 1 },
  ...{ version: 1, action: ACTION, status: 'running', startedAt },
});

describe('an execution whose machine is said to have died', () => {
  test('is left alone when the machine runs: the word was late, and somebody has set it going again', async () => {
    const { close, stored, machineIs } = await begunWorld();
    machineIs('RUNNING');
    await close(DIED);
    expect(await stored()).not.toHaveProperty('machineStopped');
    machineIs('ABORTED');
    await close(DIED);
    expect(await stored()).toMatchObject({ status: 'executing', machineStopped: { code: 'ABORTED' } });
  });

  test('is told with the error that Step Functions knows: the event has none', async () => {
    const { close, stored, machineIs } = await begunWorld();
    machineIs('FAILED', { error: 'States.Runtime', cause: 'no such field' });
    await close({ detail: { ...DIED.detail, status: 'FAILED', error: null, cause: null } });
    expect((await stored()).machineStopped).toMatchObject({
      code: 'States.Runtime',
      message: 'The execution stopped with States.Runtime: no such field',
    });
  });

  test('is not closed while the machine runs, whoever wants it', async () => {
    const { close, stored, machineIs } = await begunWorld();
    await close(DIED);
    machineIs('RUNNING');
    await close(ASKED);
    const execution = await stored();
    expect(execution.status).toBe('executing');
    expect(execution).not.toHaveProperty('machineStopped');
  });

  test('may be resumed for an hour; a resume at its end has an hour of its own', async () => {
    const { close, stored, store, clock } = await begunWorld();
    await close(DIED);
    await clock.advance(HOUR_MS - 1_000);
    expect(await store.requestResume(ID, { ...SOMEBODY, at: clock.now() })).toBe(true);
    await clock.advance(HOUR_MS - 1_000);
    expect(await close(SWEEP_EVENT)).toEqual({ closed: [] });
    expect(await stored()).toMatchObject({ status: 'executing' });
    await clock.advance(1_000);
    expect(await close(SWEEP_EVENT)).toEqual({ closed: [ID] });
  });

  test('is closed by the clock when it was cancelled, although nobody was told of that', async () => {
    const { close, stored, store, clock } = await begunWorld();
    await close(DIED);
    await store.requestCancel(ID, { ...SOMEBODY, at: clock.now() });
    expect(await close(SWEEP_EVENT)).toEqual({ closed: [ID] });
    expect(await stored()).toMatchObject({ problem: { code: 'ABORTED' } });
  });
});

describe('an execution whose machine died while its plan was made', () => {
  test('holds no server any more, although no plan says in which accounts it took some', async () => {
    const { close, store, serversHeld } = await begunWorld({ status: 'planning', launchStartedAt: undefined });
    expect(await store.lockServers(PLACE, ['s-1', 's-2'], ID)).toEqual([]);
    expect(await serversHeld()).toEqual({ 's-1': ID, 's-2': ID });
    await close(DIED);
    expect(await serversHeld()).toEqual({});
  });
});

describe('what was to follow a wave', () => {
  test('and runs when the execution is closed has ended with it; it is no success', async () => {
    const { close, stored, store, clock } = await begunWorld();
    await store.createAction(runningAction(clock.now()));
    await close({ executionId: ID, failure: { error: 'States.Runtime', cause: '' } });
    expect(await store.getActions(ID)).toMatchObject([
      { status: 'failed', detail: expect.stringContaining('may still run'), endedAt: clock.now() },
    ]);
    expect(await stored()).toMatchObject({
      status: 'partial',
      outcome: 'partial',
      problem: { code: 'States.Runtime' },
    });
  });

  test('and was never begun makes it partial; what was done does not', async () => {
    const { close, stored } = await begunWorld();
    await close({ executionId: ID, failure: { error: 'States.Runtime', cause: '' } });
    expect(await stored()).toMatchObject({ status: 'partial', outcome: 'partial' });

    const done = await begunWorld();
    await done.store.createAction({ ...runningAction(0), status: 'succeeded', endedAt: 0 });
    await done.close({ executionId: ID, failure: { error: 'States.Runtime', cause: '' } });
    expect(await done.stored()).toMatchObject({ status: 'completed', outcome: 'success' });
  });

  test('and was never begun because somebody cancelled it ends it as cancelled, not as a success', async () => {
    const { finish, stored, store, clock } = await begunWorld();
    await store.requestCancel(ID, { ...SOMEBODY, at: clock.now(), reason: 'enough' });
    expect(await finish({ executionId: ID })).toMatchObject({ status: 'cancelled' });
    expect((await stored()).problem?.message).toBe(
      'Cancelled by U1 (“enough”): not all was done that was to be done after wave 1.',
    );
    const late = await begunWorld();
    await late.store.createAction({ ...runningAction(0), status: 'succeeded', endedAt: 0 });
    await late.store.requestCancel(ID, { ...SOMEBODY, at: clock.now() });
    expect(await late.finish({ executionId: ID })).toMatchObject({ status: 'completed' });
  });

  test('and nobody has released does not make it a success', async () => {
    const settings = { wave: 1, waveName: 'Databases', pauseAfter: true as const };
    const recoveryPlan = { planId: 'hrp', planName: 'HRP', version: 1, waves: [settings] };
    const { close, stored, store } = await begunWorld({ recoveryPlan });
    await store.createAction({ ...runningAction(0), status: 'succeeded', endedAt: 0 });
    await close({ executionId: ID, failure: { error: 'ConfigurationError', cause: 'too few people' } });
    expect(await stored()).toMatchObject({ status: 'partial', outcome: 'partial' });

    // Cancelled when all was done, before anybody was asked to release it.
    const cancelled = await begunWorld({ recoveryPlan });
    await cancelled.store.createAction({ ...runningAction(0), status: 'succeeded', endedAt: 0 });
    await cancelled.store.requestCancel(ID, { ...SOMEBODY, at: 0 });
    expect(await cancelled.finish({ executionId: ID })).toMatchObject({ status: 'cancelled' });
    expect((await cancelled.stored()).problem?.message).toBe(
      'Cancelled by U1: nobody released the pause after wave 1.',
    );
  });

  test('and was passed over by a decision without votes is no success, and can be closed', async () => {
    const { close, stored, store } = await begunWorld();
    await store.createAction({ ...runningAction(0), status: 'failed', endedAt: 0 });
    await store.createGate({
      ...{ executionId: ID, gateId: 'action-1-post-1-1', kind: 'decision', status: 'approved', answer: 'continue' },
      ...{ version: 1, planRevision: 1, planHash: '', application: 'HRP', requester: SOMEBODY, requestedAt: 0 },
      ...{ permissions: [], quorum: 1, approvers: ['U2'], openedAt: 0, expiresAt: 0, votes: [] },
    });
    await close({ executionId: ID, failure: { error: 'NotApproved', cause: 'no votes' } });
    expect(await stored()).toMatchObject({ status: 'partial', problem: { code: 'NotApproved' } });
  });

  test('which a retry found to be done is not told anew', async () => {
    const { close, stored, store } = await begunWorld();
    const [first] = await store.getWaves(ID, [1]);
    if (first === undefined) throw new Error('the wave has no result');
    await store.recordWave({ ...first, attempt: 2, resultLocation: 's3://results/wave-01-a2.json' });
    // A result that is written would go to a bucket, and there is none here.
    await close({ executionId: ID, failure: { error: 'States.Runtime', cause: '' } });
    expect(await stored()).toMatchObject({ resultLocation: 's3://results/wave-01-a2.json' });
  });
});
