import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { messageOf } from '../domain/errors.ts';
import { STREAM_ITEMS } from '../functions.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { executionDrawer } from './draw-execution.ts';
import { CARD } from './drawing.ts';

/**
 * What is not drawn so long after a delivery came, in real milliseconds, is left to the sweep: the function has a minute, and a
 * Slack that answers nothing must not hold up the stream.
 */
const DRAWS_FOR_MS = 40_000;

/**
 * Draws cards and threads from the table's stream: many changes of an execution are one drawing of its newest state. An
 * execution that cannot be drawn is left to the sweep, so that it holds up no other.
 */
export const create: CreateHandler<DynamoDBStreamEvent, DynamoDBBatchResponse> = (platform) => {
  const store = executionStore(platform);
  const draw = executionDrawer(platform);

  return async (event) => {
    const deadline = Date.now() + DRAWS_FOR_MS;
    const executions = new Map<string, DynamoDBRecord['dynamodb']>();
    for (const record of event.Records) {
      const changed = changedExecution(record);
      // The oldest change: what came after it is drawn with it.
      if (changed !== undefined && !executions.has(changed)) executions.set(changed, record.dynamodb);
    }
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const [executionId, change] of executions) {
      const seconds = change?.ApproximateCreationDateTime;
      const changedAt = seconds === undefined ? undefined : seconds * 1_000;
      try {
        await draw(executionId, deadline, changedAt).catch(async (error: unknown) => {
          platform.log.error('An execution could not be drawn', { executionId, error: messageOf(error) });
          await store.markDirty(executionId, CARD, messageOf(error), { changedAt });
        });
      } catch (error) {
        platform.log.error('The table cannot be reached', { executionId, error: messageOf(error) });
        batchItemFailures.push({ itemIdentifier: change?.SequenceNumber ?? '' });
      }
    }
    return { batchItemFailures };
  };
};

function changedExecution(record: DynamoDBRecord): string | undefined {
  const item = record.dynamodb?.Keys?.item?.S ?? '';
  return STREAM_ITEMS.projector.some((prefix) => item.startsWith(prefix))
    ? record.dynamodb?.Keys?.executionId?.S
    : undefined;
}

export const handler = onLambda(create);
