import type { HomeView, ModalView } from '@slack/types';
import { z } from 'zod';
import { escapeText, type Message } from '../../blocks/message.ts';
import { messageOf } from '../domain/errors.ts';
import type { QueryRecord } from '../domain/query.ts';
import { drawnWithOwnNames, ownEnvironment } from '../platform/own-names.ts';
import { isSlacks } from '../platform/slack.ts';
import type { QueryTools } from './tools.ts';

/** A wait that Slack asks for is kept up to this long, in seconds: somebody waits for the answer. */
const LONGEST_WAIT_S = 5;
/** In real milliseconds, for an answer to a slash command's own address. */
const CALL_TIMEOUT_MS = 10_000;
/** Slack takes answers to a slash command for this long, in milliseconds. */
const RESPONSE_URL_LIVES_MS = 30 * 60_000;

const rateLimited = z.object({ code: z.literal('slack_webapi_rate_limited_error'), retryAfter: z.number() });

/** What Slack answers where the bot is not a member. */
const UNSEEN = ['channel_not_found', 'not_in_channel', 'is_archived'];

/** What Slack answers for a form that is another one by now, or gone. */
const OVERTAKEN = ['hash_conflict', 'not_found'];

function slackErrorOf(error: unknown): string {
  const parsed = z.object({ data: z.object({ error: z.string() }) }).safeParse(error);
  return parsed.success ? parsed.data.data.error : '';
}

/** Answers to those who asked, and what they are to find in a thread. */
export type Replies = ReturnType<typeof replies>;

export function replies(tools: QueryTools) {
  const { now, sleep, log } = tools;

  return {
    /**
     * Sends an answer to the asker alone: by the command's own address, which works where the bot is not a member, else as
     * a message that only they see; where neither can be, in the bot's messages to them.
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
      const slack = await tools.slack();
      if (channelId !== undefined) {
        try {
          await inSlacksTime(() =>
            slack.chat.postEphemeral({
              channel: channelId,
              user: asker.userId,
              text,
              blocks,
              ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
            }),
          );
          return;
        } catch (error) {
          if (!UNSEEN.includes(slackErrorOf(error))) throw error;
        }
      }
      // Asked in App Home, or where the bot is not: the answer stands in its messages to this person.
      await inSlacksTime(() => slack.chat.postMessage({ channel: asker.userId, text, blocks }));
    },

    /** Draws somebody's App Home. */
    async publishHome(userId: string, view: HomeView): Promise<void> {
      const slack = await tools.slack();
      await inSlacksTime(() => slack.views.publish({ user_id: userId, view }));
    },

    /** Draws a form again, unless it has changed since `hash` or is closed: then nobody waits for it. */
    async updateForm(viewId: string, hash: string, view: ModalView): Promise<void> {
      const slack = await tools.slack();
      try {
        await inSlacksTime(() => slack.views.update({ view_id: viewId, hash, view }));
      } catch (error) {
        if (!OVERTAKEN.includes(slackErrorOf(error))) throw error;
        log.info('A form has changed or was closed before it was drawn again', { viewId });
      }
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

    /**
     * Shares files with one person, in the bot's messages to them. `text` says what they are.
     * @throws {Error} when Slack does not take them
     */
    async filesToPerson(userId: string, text: string, files: { name: string; content: string }[]): Promise<void> {
      const slack = await tools.slack();
      // The conversation's id, which an upload needs, comes with the message: no further scope is asked for.
      const { channel, ts } = await inSlacksTime(() =>
        slack.chat.postMessage({ channel: userId, text: escapeText(text) }),
      );
      if (channel === undefined || ts === undefined) throw new Error('Slack named no conversation');
      const uploads = files.map(({ name, content }) => ({ file: Buffer.from(content), filename: name, title: name }));
      await inSlacksTime(() => slack.files.uploadV2({ channel_id: channel, thread_ts: ts, file_uploads: uploads }));
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
  if (!isSlacks(url)) throw new Error('It is no address of Slack’s');
  const drawn = drawnWithOwnNames({ text, blocks }, ownEnvironment()) as Message;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, ...drawn }),
    // No address of Slack's leads elsewhere.
    redirect: 'error',
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`Slack answered with ${answer.status}`);
}
