import { z } from 'zod';
import { messageOf } from '../domain/errors.ts';

/** The channel takes nothing more, whatever is said in it. */
export const CLOSED_CHANNEL = [
  'is_archived',
  'is_inactive',
  'restricted_action',
  'restricted_action_read_only_channel',
];
/** The bot is not in the channel, or there is none: somebody may invite it, so it is tried again where there is no other. */
export const UNSEEN_CHANNEL = ['channel_not_found', 'not_in_channel'];

const platformError = z.object({ data: z.object({ error: z.string() }) });

/** What Slack's client throws for a call that had no answer within its time; its own name for it is that of the request. */
const unanswered = z.object({ original: z.object({ name: z.literal('TimeoutError') }) });

/** Slack's code of what a call of it has thrown, e.g. `not_in_channel`; of anything else its message. */
export function slackErrorCode(error: unknown): string {
  const parsed = platformError.safeParse(error);
  return parsed.success ? parsed.data.data.error : messageOf(error);
}

/** True where it is the channel that does not take a message: another one may. */
export function isChannelClosed(error: unknown): boolean {
  return [...CLOSED_CHANNEL, ...UNSEEN_CHANNEL].includes(slackErrorCode(error));
}

/** True where Slack has not answered in time: nobody knows whether it has done, or will do, what was asked. */
export function isUnanswered(error: unknown): boolean {
  return unanswered.safeParse(error).success;
}
