import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { messageOf } from '../domain/errors.ts';
import type { QueryRecord } from '../domain/query.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { answerer } from './answers.ts';
import { queryTools } from './tools.ts';

/** Key of a query's items in the table: `QUERY#<queryId>`. */
const KEY = /^QUERY#(.+)$/;

/**
 * Answers what people want to look at, from the table's stream: side by side, each only to who asked. A query that cannot
 * be answered is told why and holds up no other.
 */
export const create: CreateHandler<DynamoDBStreamEvent, DynamoDBBatchResponse> = (platform) => {
  const tools = queryTools(platform);
  const answer = answerer(tools);

  return async (event) => {
    const asked = event.Records.flatMap((record) => {
      const queryId = newQuery(record);
      return queryId === undefined ? [] : [{ queryId, sequenceNumber: record.dynamodb?.SequenceNumber ?? '' }];
    });
    const failures = await Promise.all(
      asked.map(async ({ queryId, sequenceNumber }) => {
        try {
          const query = await tools.store.getQuery(queryId);
          if (query?.status === 'waiting') await settle(query);
          return [];
        } catch (error) {
          platform.log.error('The table cannot be reached', { queryId, error: messageOf(error) });
          return [{ itemIdentifier: sequenceNumber }];
        }
      }),
    );
    return { batchItemFailures: failures.flat() };
  };

  async function settle(query: QueryRecord): Promise<void> {
    const status = await answer(query);
    if (!(await tools.store.markQuery(query.queryId, status))) {
      platform.log.warn('A query was answered twice', { queryId: query.queryId, kind: query.kind });
    }
  }
};

/** The query that a change of the table tells of; undefined for a change of one that is stored already. */
function newQuery({ eventName, dynamodb }: DynamoDBRecord): string | undefined {
  return eventName === 'INSERT' ? KEY.exec(dynamodb?.Keys?.executionId?.S ?? '')?.[1] : undefined;
}

export const handler = onLambda(create);
