import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { readSettings } from '../platform/environment.ts';
import type { Platform } from '../platform/platform.ts';

/** By what the rule of the central bus knows that somebody wants to look at something. */
export const QUERY_EVENT = { source: 'dr-chatops', detailType: 'DR Query Asked' } as const;

/**
 * Tells the central bus that a query is stored. The worker is not a consumer of the table's stream itself: more than two
 * or three readers of a shard are throttled (DynamoDB Streams), and what people look at must not hold up what they decide.
 */
export function queryTeller(platform: Platform): (queryId: string) => Promise<void> {
  const { EVENT_BUS_ARN } = readSettings(platform.environment, 'EVENT_BUS_ARN');
  const events = new EventBridgeClient({ credentials: platform.credentials });

  return async (queryId) => {
    const { FailedEntryCount, Entries } = await events.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: EVENT_BUS_ARN,
            Source: QUERY_EVENT.source,
            DetailType: QUERY_EVENT.detailType,
            Detail: JSON.stringify({ queryId }),
          },
        ],
      }),
    );
    if ((FailedEntryCount ?? 0) > 0) throw new Error(`The bus did not take it: ${Entries?.[0]?.ErrorCode}`);
  };
}
