import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { readSettings } from './environment.ts';
import type { Platform } from './platform.ts';

/** What a rule of the central bus knows an event of ours by. */
export interface CentralEvent {
  source: 'dr-chatops';
  detailType: string;
}

/** Puts events of one kind on the central bus. @throws when the bus did not take one. */
export function centralBus(
  platform: Platform,
  { source, detailType }: CentralEvent,
): (detail: Record<string, unknown>) => Promise<void> {
  const { EVENT_BUS_ARN } = readSettings(platform.environment, 'EVENT_BUS_ARN');
  const events = new EventBridgeClient({ credentials: platform.credentials });

  return async (detail) => {
    const { FailedEntryCount, Entries } = await events.send(
      new PutEventsCommand({
        Entries: [
          { EventBusName: EVENT_BUS_ARN, Source: source, DetailType: detailType, Detail: JSON.stringify(detail) },
        ],
      }),
    );
    if ((FailedEntryCount ?? 0) > 0) throw new Error(`The bus did not take it: ${Entries?.[0]?.ErrorCode}`);
  };
}
