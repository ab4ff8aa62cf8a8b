import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { type Message, meantFor } from '../../blocks/message.ts';
import { readinessDigest } from '../../blocks/readiness.ts';
import { messageOf } from '../domain/errors.ts';
import { KNOWN_FOR_MS, stateAt } from '../domain/readiness.ts';
import { dueDigest } from '../domain/readiness-settings.ts';
import { undeliverableMetric } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { configuration } from '../platform/configuration.ts';
import { type CreateHandler, onLambda, printerOf } from '../platform/platform.ts';
import { readinessStore } from '../platform/readiness-store.ts';
import { slackClient, slackSecrets } from '../platform/slack.ts';
import { isChannelClosed } from '../platform/slack-refusals.ts';

/** What the message's metadata says, by which a post whose answer was lost is found again. */
const EVENT_TYPE = 'dr_chatops_digest';
/** Longer than a call of Slack may take (10 s), so that a claim outlives the post it is for. */
const CLAIM_MS = 60_000;
/** Slack's history page: a day's worth of a channel that is told of recoveries, and more. */
const HISTORY_LIMIT = 100;

const oursSchema = z.object({ event_type: z.literal(EVENT_TYPE), event_payload: z.object({ day: z.string() }) });

/**
 * Every five minutes: sends the daily message when its time has come, once a day. It is drawn from what the last check has
 * stored. What Slack does not take is tried again for six hours, and counted from the second time; an answer that was lost
 * is looked for in the channel before anything is posted again. Where the channel is closed to us it goes to the one to
 * which cards go then.
 */
export const create: CreateHandler<unknown, { sent?: string }> = (platform) => {
  const readiness = readinessStore(platform);
  const config = configuration(platform);
  const secrets = slackSecrets(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });

  return async () => {
    const { digest } = await config.readiness();
    const day = digest === undefined ? undefined : dueDigest(digest, platform.now());
    if (digest === undefined || day === undefined) return {};
    const claim = await readiness.claimDigest(day, platform.now() + CLAIM_MS);
    if (claim === undefined) return {};
    try {
      const slack = await slackClient(secrets, platform.log);
      const ts = await send(slack, digest.channelId, day, claim);
      await readiness.markDigestSent(day, ts);
      return { sent: day };
    } catch (error) {
      platform.log.error('The daily message could not be sent; it is tried again', { day, error: messageOf(error) });
      if (!claim.first || isChannelClosed(error)) writeMetrics([undeliverableMetric()], {});
      return {};
    }
  };

  async function send(slack: WebClient, channelId: string, day: string, { first }: { first: boolean }) {
    const message = await drawn(day);
    const postOnce = async (channel: string, shown: Message) =>
      (first ? undefined : await findPosted(slack, channel, day)) ?? (await post(slack, channel, day, shown));
    try {
      return await postOnce(channelId, message);
    } catch (error) {
      const other = isChannelClosed(error) ? (await config.requests()).channelId : undefined;
      if (other === undefined || other === channelId) throw error;
      platform.log.error('The channel of the daily message is closed; it goes to the fallback channel', {
        ...{ day, channelId, error: messageOf(error) },
      });
      return await postOnce(other, meantFor(message, channelId));
    }
  }

  async function post(slack: WebClient, channel: string, day: string, { text, blocks }: Message): Promise<string> {
    const answer = await slack.chat.postMessage({
      ...{ channel, text, blocks, unfurl_links: false, unfurl_media: false },
      metadata: { event_type: EVENT_TYPE, event_payload: { day } },
    });
    return z.string().parse(answer.ts);
  }

  async function drawn(day: string): Promise<Message> {
    const report = await readiness.report();
    const now = platform.now();
    const shown = (report?.applications ?? []).map((stored) => ({
      ...stored,
      state: stateAt(stored, now),
      isStale: now - stored.checkedAt > KNOWN_FOR_MS,
    }));
    return readinessDigest(day, shown, report?.fleet);
  }
};

async function findPosted(slack: WebClient, channel: string, day: string): Promise<string | undefined> {
  const answer = await slack.conversations.history({ channel, limit: HISTORY_LIMIT, include_all_metadata: true });
  return (answer.messages ?? []).find(({ metadata }) => {
    const ours = oursSchema.safeParse(metadata);
    return ours.success && ours.data.event_payload.day === day;
  })?.ts;
}

export const handler = onLambda(create);
