import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { messageOf } from '../domain/errors.ts';
import type { Log } from '../platform/platform.ts';

/** Whether cards can be shown somewhere. `unknown`: Slack did not say so in time, and who asks is not kept waiting. */
export type Membership = 'member' | 'not a member' | 'no channel' | 'unknown';

const answerSchema = z.object({
  channel: z.object({
    is_member: z.boolean().optional(),
    is_im: z.boolean().optional(),
    is_mpim: z.boolean().optional(),
  }),
});

/** What Slack answers where the bot sees nothing at all, e.g. a private channel. */
const UNSEEN = ['channel_not_found', 'not_in_channel'];

/** Looks whether the bot is in a channel. Never throws: not knowing is no reason to refuse a recovery. */
export async function membershipIn(slack: WebClient, channelId: string, log: Log): Promise<Membership> {
  if (channelId.startsWith('D')) return 'no channel';
  try {
    const { channel } = answerSchema.parse(await slack.conversations.info({ channel: channelId }));
    if (channel.is_im === true || channel.is_mpim === true) return 'no channel';
    return channel.is_member === false ? 'not a member' : 'member';
  } catch (error) {
    if (UNSEEN.includes(slackErrorOf(error))) return 'not a member';
    log.warn('Slack did not say whether the bot is in a channel', { channelId, error: messageOf(error) });
    return 'unknown';
  }
}

function slackErrorOf(error: unknown): string {
  const parsed = z.object({ data: z.object({ error: z.string() }) }).safeParse(error);
  return parsed.success ? parsed.data.data.error : '';
}
