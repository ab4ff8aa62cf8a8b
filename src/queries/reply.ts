import type { HomeView } from '@slack/types';
import { z } from 'zod';
import type { Message } from '../../blocks/message.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import type { QueryRecord } from '../domain/query.ts';
import type { QueryTools } from './tools.ts';

/** A wait that Slack asks for is kept up to this long, in seconds: somebody waits for the answer. */
const LONGEST_WAIT_S = 5;
/** In real milliseconds, for an answer to a slash command's own address. */
const CALL_TIMEOUT_MS = 10_000;
/** Slack takes answers to a slash command for this long, in milliseconds. */
const RESPONSE_URL_LIVES_MS = 30 * 60_000;

const rateLimited = z.object({ code: z.literal('slack_webapi_rate_limited_error'), retryAfter: z.number() });

/** Answers to those who asked, and what they are to find in a thread. */
export type Replies = ReturnType<typeof replies>;

export function replies(tools: QueryTools) {
  const { now, sleep, log } = tools;

  return {
    /**
     * Sends an answer to the asker alone: by the command's own address, which works where the bot is not a member, else as
     * a message that only they see.
     * @throws {Error} when Slack takes it in neither way
     */
    async toAsker(query: QueryRecord, { text, blocks }: Message): Promise<void> {
      const { queryId, responseUrl, askedAt, channelId, threadTs, asker } = query;
      if (responseUrl !== undefined && now() - askedAt < RESPONSE_URL_LIVES_MS) {
        try {
          return await respond(responseUrl, { text, blocks });
        } catch (error) {
          log.warn("An answer did not pass by the command's address", { queryId, error: messageOf(error) });
        }
      }
      if (channelId === undefined) throw new DrError('NotFound', 'There is no place to answer this query in.');
      const slack = await tools.slack();
      await inSlacksTime(() =>
        slack.chat.postEphemeral({
          channel: channelId,
          user: asker.userId,
          text,
          blocks,
          ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
        }),
      );
    },

    /** Draws somebody's App Home. */
    async publishHome(userId: string, view: HomeView): Promise<void> {
      const slack = await tools.slack();
      await inSlacksTime(() => slack.views.publish({ user_id: userId, view }));
    },

    /** Posts a message that everybody sees into a thread. */
    async toThread(channel: string, threadTs: string, { text, blocks }: Message): Promise<void> {
      const slack = await tools.slack();
      const links = { unfurl_links: false, unfurl_media: false };
      await inSlacksTime(() => slack.chat.postMessage({ channel, thread_ts: threadTs, text, blocks, ...links }));
    },

    /** Shares files in a thread, in one message, where everybody sees them. */
    async filesToThread(channel: string, threadTs: string, files: { name: string; content: string }[]): Promise<void> {
      const slack = await tools.slack();
      const uploads = files.map(({ name, content }) => ({ file: Buffer.from(content), filename: name, title: name }));
      await inSlacksTime(() =>
        slack.files.uploadV2({ channel_id: channel, thread_ts: threadTs, file_uploads: uploads }),
      );
    },

    /** The address of a message; undefined when Slack does not give one, which is no reason not to answer. */
    async permalink(channel: string, ts: string): Promise<string | undefined> {
      try {
        const slack = await tools.slack();
        const { permalink } = await slack.chat.getPermalink({ channel, message_ts: ts });
        return permalink;
      } catch (error) {
        log.warn('A message has no address', { channel, error: messageOf(error) });
        return undefined;
      }
    },
  };

  /** Does it again, once, after the wait that Slack asks for. */
  async function inSlacksTime<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const limited = rateLimited.safeParse(error);
      if (sleep === undefined || !limited.success || limited.data.retryAfter > LONGEST_WAIT_S) throw error;
      await sleep(limited.data.retryAfter * 1_000);
      return await call();
    }
  }
}

/** The address itself is part of no error: whoever knows it can post with it. */
async function respond(url: string, { text, blocks }: Message): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text, blocks }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`Slack answered with ${answer.status}`);
}
