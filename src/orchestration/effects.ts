import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { messageOf, nameOf } from '../domain/errors.ts';
import type { ExecutionRecord, GateRecord } from '../domain/records.ts';
import { isTerminal } from '../domain/status.ts';
import { bellRinger } from '../gates/ring.ts';
import { readSettings } from '../platform/environment.ts';
import { ITEM, QUERY_ITEM, queryIdOf } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { queryTeller } from '../queries/query-event.ts';
import { parentAnswerer } from '../requests/answer-parent.ts';

/**
 * What follows a stored decision, from the table's stream: a new execution starts its machine, a settled gate rings its
 * bell, the end of an execution answers the parent that waits for it, what somebody wants to look at goes to who answers it. All may be repeated; what fails is delivered again, in order.
 */
export const create: CreateHandler<DynamoDBStreamEvent, DynamoDBBatchResponse> = (platform) => {
  const { DR_EXECUTION_ARN } = readSettings(platform.environment, 'DR_EXECUTION_ARN');
  const sfn = new SFNClient({ credentials: platform.credentials });
  const ring = bellRinger(platform);
  const answerParent = parentAnswerer(platform);
  const tellQuery = queryTeller(platform);

  return async (event) => {
    for (const record of event.Records) {
      try {
        await follow(record);
      } catch (error) {
        platform.log.error('An effect failed and will be tried again', {
          executionId: record.dynamodb?.Keys?.executionId?.S,
          error: nameOf(error),
          message: messageOf(error),
        });
        return { batchItemFailures: [{ itemIdentifier: record.dynamodb?.SequenceNumber ?? '' }] };
      }
    }
    return { batchItemFailures: [] };
  };

  async function follow(record: DynamoDBRecord): Promise<void> {
    const image = record.dynamodb?.NewImage;
    if (image === undefined) return;
    const stored = unmarshall(image as Parameters<typeof unmarshall>[0]) as { executionId: string; item: string };
    if (record.eventName === 'INSERT' && stored.item === ITEM.execution) await start(stored.executionId);
    if (record.eventName === 'INSERT' && stored.item === QUERY_ITEM) await tell(queryIdOf(stored.executionId));
    if (stored.item === ITEM.execution && isTerminal((stored as unknown as ExecutionRecord).status)) {
      await answerParent(stored.executionId);
    }
    // A token that comes when the execution is over, e.g. of a parent that was redriven.
    if (stored.item === ITEM.parent) await answerParent(stored.executionId);
    if (stored.item.startsWith('GATE#')) await ring(stored as unknown as GateRecord);
  }

  /** What people want to look at holds up nothing that they decide: a query that cannot be passed on is only noted. */
  async function tell(queryId: string): Promise<void> {
    try {
      await tellQuery(queryId);
    } catch (error) {
      platform.log.error('A query could not be passed on: whoever asked has to ask again', {
        queryId,
        error: messageOf(error),
      });
    }
  }

  /** The name is the execution's id: Step Functions takes it once. */
  async function start(executionId: string): Promise<void> {
    try {
      await sfn.send(
        new StartExecutionCommand({
          stateMachineArn: DR_EXECUTION_ARN,
          name: executionId,
          input: JSON.stringify({ executionId }),
        }),
      );
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }
};

export const handler = onLambda(create);
