import { createHash } from 'node:crypto';
import type { ChatPostMessageArguments, ChatUpdateArguments, WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Message } from '../../blocks/message.ts';
import { messageOf } from '../domain/errors.ts';
import type { ExecutionRecord, MessageRecord } from '../domain/records.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { Log } from '../platform/platform.ts';
import type { Drawing } from './drawing.ts';

/** What a message's metadata says, by which a post whose answer was lost is found again. */
const EVENT_TYPE = 'dr_chatops_message';
/** Slack's history page: enough to find what was posted moments ago. */
const HISTORY_LIMIT = 100;

/**
 * Errors of Slack that do not go away by trying again. Those of the token and of membership are not among them: a token is
 * rotated, a bot is invited.
 */
const PERMANENT_ERRORS = [
  'cant_update_message',
  'edit_window_closed',
  'invalid_blocks',
  'is_archived',
  'message_not_found',
  'msg_blocks_too_long',
  'msg_too_long',
  'restricted_action',
];

/** A message that could not be shown this long after its execution's end is given up. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000;
/** Longer than a call of Slack may take (10 s), so that a claim outlives the post it is for. */
const CLAIM_MS = 30_000;

const platformError = z.object({ data: z.object({ error: z.string() }) });

/** What Slack's client throws when Slack asks to come back later; `retryAfter` in seconds. */
const rateLimited = z.object({ code: z.literal('slack_webapi_rate_limited_error'), retryAfter: z.number() });
/**
 * A wait that Slack asks for is kept on the spot up to this long: the pace of one message is 3 s, of a channel 1 s. For a longer
 * one the message is stored as dirty, because other cards wait behind this one.
 */
const LONGEST_WAIT_S = 5;

/** What became of a drawing. `retry` means that it is stored as dirty and will be drawn again. */
export type Delivered = { status: 'shown'; ts: string } | { status: 'retry' } | { status: 'undeliverable' };

export interface DeliveryTools {
  store: ExecutionStore;
  slack: WebClient;
  /** The execution's messages as they are stored. */
  messages: MessageRecord[];
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Waits; where it is absent nothing waits. */
  sleep?: (ms: number) => Promise<void>;
  log: Log;
}

/** Brings drawings of one execution to Slack, each to its one message. */
export function delivery({ store, slack, messages, now, sleep, log }: DeliveryTools) {
  return {
    /** Posts the drawing, or updates its message when what is drawn has changed. */
    async deliver(execution: ExecutionRecord, drawing: Drawing, threadTs: string | undefined): Promise<Delivered> {
      const { record, mayBePosted } = await recordOf(execution, drawing.key);
      if (record.status === 'undeliverable') return { status: 'undeliverable' };
      const drawn = hashOf(drawing.message);
      // A dirty message is drawn again even when it is back at what was drawn last, or it would be swept for ever.
      if (record.ts !== undefined && record.status === 'shown' && (record.drawn === drawn || !drawing.redrawn))
        return { status: 'shown', ts: record.ts };
      if (record.ts === undefined && mayBePosted && !(await claim(record))) return { status: 'retry' };
      try {
        const ts = record.ts ?? (mayBePosted ? await findPosted(record, threadTs) : undefined);
        const shownAt =
          ts === undefined ? await post(record, drawing.message, threadTs) : await update(record, drawing.message, ts);
        await store.putMessage({
          ...record,
          ts: shownAt,
          drawn,
          status: 'shown',
          error: undefined,
          claimedUntil: undefined,
        });
        return { status: 'shown', ts: shownAt };
      } catch (error) {
        return await failed(execution, record, error);
      }
    },

    /** Uploads a file to the card's thread, once. */
    async deliverFile(
      execution: ExecutionRecord,
      file: { key: string; name: string; read: () => Promise<string> },
      threadTs: string,
    ): Promise<Delivered> {
      const { record, mayBePosted } = await recordOf(execution, file.key);
      if (record.status === 'undeliverable') return { status: 'undeliverable' };
      if (record.ts !== undefined) return { status: 'shown', ts: record.ts };
      if (mayBePosted && !(await claim(record))) return { status: 'retry' };
      try {
        if (!mayBePosted || !(await isFileInThread(record.channelId, threadTs, file.name))) {
          await slack.files.uploadV2({
            channel_id: record.channelId,
            thread_ts: threadTs,
            filename: file.name,
            title: file.name,
            content: await file.read(),
          });
        }
        await store.putMessage({ ...record, ts: threadTs, status: 'shown', error: undefined, claimedUntil: undefined });
        return { status: 'shown', ts: threadTs };
      } catch (error) {
        return await failed(execution, record, error);
      }
    },
  };

  /**
   * The stored message, or the intent to post it. An intent that was there already may stand for a post whose answer was
   * lost.
   */
  async function recordOf(
    execution: ExecutionRecord,
    key: string,
  ): Promise<{ record: MessageRecord; mayBePosted: boolean }> {
    const stored = messages.find((message) => message.key === key);
    if (stored !== undefined) return { record: { ...stored, channelId: execution.channelId }, mayBePosted: true };
    const intent: MessageRecord = {
      executionId: execution.executionId,
      key,
      channelId: execution.channelId,
      status: 'intent',
      startTime: now(),
      claimedUntil: now() + CLAIM_MS,
    };
    if (await store.createMessage(intent)) return { record: intent, mayBePosted: false };
    return { record: (await store.getMessage(execution.executionId, key)) ?? intent, mayBePosted: true };
  }

  /** True when this drawer may post. Somebody else's claim: the message stays dirty and is looked at again. */
  async function claim(record: MessageRecord): Promise<boolean> {
    if (await store.claimMessage(record, now() + CLAIM_MS)) return true;
    await store.markDirty(record.executionId, record.key, 'another drawing is under way');
    return false;
  }

  async function post(record: MessageRecord, message: Message, threadTs: string | undefined): Promise<string> {
    const post: ChatPostMessageArguments = {
      channel: record.channelId,
      text: message.text,
      blocks: message.blocks,
      unfurl_links: false,
      unfurl_media: false,
      metadata: metadataOf(record, message),
      ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
    };
    const answer = await inSlacksTime(() => slack.chat.postMessage(post));
    return z.string().parse(answer.ts);
  }

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

  async function update(record: MessageRecord, message: Message, ts: string): Promise<string> {
    const change: ChatUpdateArguments = {
      channel: record.channelId,
      ts,
      text: message.text,
      blocks: message.blocks,
      metadata: metadataOf(record, message),
      parse: 'none',
    };
    await inSlacksTime(() => slack.chat.update(change));
    return ts;
  }

  async function findPosted(record: MessageRecord, threadTs: string | undefined): Promise<string | undefined> {
    const ask = { channel: record.channelId, limit: HISTORY_LIMIT, include_all_metadata: true };
    const answer =
      threadTs === undefined
        ? await slack.conversations.history(ask)
        : await slack.conversations.replies({ ...ask, ts: threadTs });
    const ours = (answer.messages ?? []).find((candidate) => {
      const metadata = z
        .object({
          event_type: z.literal(EVENT_TYPE),
          event_payload: z.object({ execution_id: z.string(), key: z.string() }),
        })
        .safeParse(candidate.metadata);
      return (
        metadata.success &&
        metadata.data.event_payload.execution_id === record.executionId &&
        metadata.data.event_payload.key === record.key
      );
    });
    return ours?.ts;
  }

  async function isFileInThread(channel: string, ts: string, name: string): Promise<boolean> {
    const answer = await slack.conversations.replies({ channel, ts, limit: HISTORY_LIMIT });
    return (answer.messages ?? []).some((reply) => (reply.files ?? []).some((file) => file.name === name));
  }

  async function failed(execution: ExecutionRecord, record: MessageRecord, error: unknown): Promise<Delivered> {
    const parsed = platformError.safeParse(error);
    const code = parsed.success ? parsed.data.data.error : messageOf(error);
    const isOld = execution.endTime !== undefined && now() - execution.endTime > GIVE_UP_AFTER_MS;
    const permanent = PERMANENT_ERRORS.includes(code) || isOld;
    const status = permanent ? 'undeliverable' : 'dirty';
    log.error('A message could not be shown', {
      executionId: record.executionId,
      key: record.key,
      error: code,
      status,
    });
    await store.putMessage({ ...record, status, error: code, claimedUntil: undefined });
    return { status: permanent ? 'undeliverable' : 'retry' };
  }
}

function metadataOf(record: MessageRecord, message: Message) {
  return {
    event_type: EVENT_TYPE,
    event_payload: { execution_id: record.executionId, key: record.key, ...message.state },
  };
}

function hashOf(message: Message): string {
  return createHash('sha256').update(JSON.stringify(message)).digest('hex').slice(0, 16);
}
