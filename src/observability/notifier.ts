import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { messageOf, nameOf } from '../domain/errors.ts';
import type { Platform } from '../platform/platform.ts';
import { type NotificationFacts, type NotificationKind, notificationOf } from './notifications.ts';

/** Longest that a topic may take, in milliseconds, with all attempts: a recovery does not wait for its messages. */
const GIVE_UP_AFTER_MS = 10_000;

/** Tells a topic what happened. True when SNS has taken it. Never throws: what fails is logged, the recovery goes on. */
export type Notify = <Kind extends NotificationKind>(
  topicArn: string,
  kind: Kind,
  facts: NotificationFacts[Kind],
) => Promise<boolean>;

/** Publishes notifications to SNS topics. A state that is tried again may publish twice, as SNS itself may deliver twice. */
export function notifier(platform: Pick<Platform, 'credentials' | 'log'>): Notify {
  const clients = new Map<string, SNSClient>();

  return async (topicArn, kind, facts) => {
    const { executionId, correlationId } = facts;
    try {
      const { subject, message, attributes } = notificationOf(kind, facts);
      await clientOf(topicArn).send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: subject,
          Message: message,
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]),
          ),
        }),
        { abortSignal: AbortSignal.timeout(GIVE_UP_AFTER_MS) },
      );
      return true;
    } catch (error) {
      platform.log.error('A notification could not be published; the recovery goes on', {
        kind,
        topicArn,
        executionId,
        correlationId,
        error: nameOf(error),
        cause: messageOf(error),
      });
      return false;
    }
  };

  /** SNS takes messages only in the Region of the topic. */
  function clientOf(topicArn: string): SNSClient {
    const region = topicArn.split(':')[3] ?? '';
    const client = clients.get(region) ?? new SNSClient({ region, credentials: platform.credentials });
    clients.set(region, client);
    return client;
  }
}
