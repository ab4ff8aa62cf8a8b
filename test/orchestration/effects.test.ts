import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import { create } from '../../src/orchestration/effects.ts';
import { startWorld } from '../requests/world.ts';

const ID = '11111111-0000-8000-8000-000000000000';
const SOMEBODY = { userId: 'U1', teamId: 'T1' };
const AN_EXECUTION: ExecutionRecord = {
  ...{ executionId: ID, status: 'executing', startTime: 0, verb: 'drill', application: 'HRP', waves: [1] },
  ...{ tags: { 'DR-Application': 'HRP' }, options: {} as ExecutionRecord['options'], requester: SOMEBODY },
  ...{ channelId: 'C1', correlationId: ID, planRevision: 1 },
};

/** A change of the execution, as the stream delivers it. */
function changed(execution: ExecutionRecord): DynamoDBStreamEvent {
  const NewImage = marshall({ ...execution, item: 'EXECUTION' }, { removeUndefinedValues: true });
  return { Records: [{ eventName: 'MODIFY', dynamodb: { NewImage, SequenceNumber: '1' } }] } as DynamoDBStreamEvent;
}

describe('an execution whose machine has died', () => {
  test('is set going again once for each Resume, also when the change is delivered again after another death', async () => {
    const { platform, store, breakStepFunctions } = await startWorld();
    const redriven: string[] = [];
    breakStepFunctions(() => async ({ body }) => {
      redriven.push((JSON.parse(body.toString()) as { clientToken: string }).clientToken);
      return { status: 200, body: JSON.stringify({ redriveDate: 0 }) };
    });
    const environment = {
      ...platform.environment,
      DR_EXECUTION_ARN: 'arn:aws:states:us-east-2:900000000000:stateMachine:dr-execution',
      EVENT_BUS_ARN: 'arn:aws:events:us-east-2:900000000000:event-bus/dr-chatops',
    };
    const effects = create({ ...platform, environment });
    await store.createExecution(AN_EXECUTION);
    await store.noteMachineStopped(ID, { code: 'ABORTED', message: 'Stopped', at: 1 });
    await store.requestResume(ID, { ...SOMEBODY, at: 2 });
    const resumed = await store.getExecution(ID);
    if (resumed === undefined) throw new Error('it is gone');
    expect(await effects(changed(resumed))).toEqual({ batchItemFailures: [] });
    expect(redriven).toEqual([`${ID}-1`]);
    expect(await store.getExecution(ID)).not.toHaveProperty('machineStopped');

    await store.noteMachineStopped(ID, { code: 'ABORTED', message: 'Stopped', at: 3 });
    expect(await effects(changed(resumed))).toEqual({ batchItemFailures: [] });
    expect(redriven).toEqual([`${ID}-1`]);
    expect(await store.getExecution(ID)).toMatchObject({ machineStopped: { at: 3 } });
  });
});
