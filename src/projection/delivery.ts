import { createHash } from 'node:crypto';
import type { ChatPostMessageArguments, ChatUpdateArguments, WebClient } from '@slack/web-api';
import { z } from 'zod';
import { type Message, meantFor } from '../../blocks/message.ts';
import { messageOf } from '../domain/errors.ts';
import type { ExecutionRecord, MessageRecord } from '../domain/records.ts';
import { type Metric, slackDeliveryMetric, undeliverableMetric } from '../observability/metrics.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { Log } from '../platform/platform.ts';
import {
  CLOSED_CHANNEL,
  slackErrorCode as errorCode,
  isChannelClosed,
  isUnanswered,
  UNSEEN_CHANNEL,
} from '../platform/slack-refusals.ts';
import { CARD, type Drawing } from './drawing.ts';

/** What a message's metadata says, by which a post whose answer was lost is found again. */
const EVENT_TYPE = 'dr_chatops_message';
/** Slack's history page: enough to find what was posted moments ago. */
const HISTORY_LIMIT = 100;

/** Errors of Slack that do not go away by trying again. Those of the token are not among them: a token is rotated. */
const PERMANENT_ERRORS = [
  'cant_update_message',
  'edit_window_closed',
  'invalid_blocks',
  'message_not_found',
  'msg_blocks_too_long',
  'msg_too_long',
];

/** A message that could not be shown this long after its execution's end is given up. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000;
/** Why a card that is shown stays dirty: others that link to it have no address of it yet. */
const NO_ADDRESS = 'its address is not known';
/** Longer than a call of Slack may take (10 s), so that a claim outlives the post it is for. */
const CLAIM_MS = 30_000;
/**
 * How long nothing is posted again after a post that Slack did not answer in time: it may still carry it out, and what stands in
 * the channel by then is found there. In milliseconds.
 */
const UNANSWERED_MS = 20_000;
/** How often it is tried again in a channel that the bot is not in, in milliseconds: that is mended by people. */
const UNSEEN_EVERY_MS = 60_000;
/** At most one chat.update of a message in this time (facts: slack §2), in milliseconds. */
const UPDATE_EVERY_MS = 3_000;

/** What Slack's client throws when Slack asks to come back later; `retryAfter` in seconds. */
const rateLimited = z.object({ code: z.literal('slack_webapi_rate_limited_error'), retryAfter: z.number() });

/** Where a message stands. */
export interface Place {
  channelId: string;
  /** The channel that it was meant for, when that is another. */
  movedFrom?: string;
  ts: string;
}

/** What became of a drawing. */
export type Delivered =
  | ({ status: 'shown' } & Place)
  /** Slack wants a pause first, in milliseconds of its time. */
  | { status: 'later'; waitMs: number }
  /** It is stored as dirty and will be drawn again. */
  | { status: 'retry' }
  | { status: 'undeliverable' };

export interface DeliveryTools {
  store: ExecutionStore;
  slack: WebClient;
  /** The execution's messages as they are stored. */
  messages: MessageRecord[];
  /** When what is drawn was stored, where that is known. Milliseconds since the epoch. */
  changedAt?: number;
  /** Takes what is measured: how long Slack's messages took, and which it never takes. */
  measure: (metric: Metric) => void;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** The time in which Slack counts its calls, in milliseconds. */
  slackNow: () => number;
  /**
   * Waits in Slack's time, in milliseconds; false where the wait is too long, or there is no time for it. Left out where
   * nothing waits: then updates keep no pace of their own either.
   */
  wait?: (ms: number) => Promise<boolean>;
  /** Where messages go whose channel is closed to us; undefined when there is no such channel. */
  fallbackChannel: () => Promise<string | undefined>;
  log: Log;
}

/** Brings drawings of one execution to Slack, each to its one message. */
export function delivery(tools: DeliveryTools) {
  const { store, slack, changedAt, measure, now, slackNow, wait, fallbackChannel, log } = tools;
  const messages = [...tools.messages];
  /**
   * A dirty card stands for its whole execution: whoever drew it last may not have come to its thread. It stays dirty until
   * all of that is drawn, so that a sweep which dies in between leaves what the next one finds.
   */
  let cardIsLeft = messages.some(({ key, status }) => key === CARD && status === 'dirty');

  return {
    /** Posts the drawing, or updates its message when what is drawn has changed. `card`: the message it hangs under. */
    async deliver(execution: ExecutionRecord, drawing: Drawing, card?: Place): Promise<Delivered> {
      return await deliver(execution, drawing, card);
    },

    /** Uploads a file to the card's thread, once. */
    async deliverFile(
      execution: ExecutionRecord,
      file: { key: string; name: string; read: () => Promise<string> },
      card: Place,
    ): Promise<Delivered> {
      const { record, mayBePosted } = await recordOf(execution, file.key, card);
      if (record.status === 'undeliverable') return { status: 'undeliverable' };
      if (record.ts !== undefined) {
        // Noted as dirty by who had just uploaded it, beside another: it is there.
        if (record.status === 'dirty')
          await keep({ ...settledRecord(record), status: 'shown', waitingSince: undefined });
        return shown(record, record.ts);
      }
      const waitMs = (record.notBefore ?? 0) - slackNow();
      if (waitMs > 0) return { status: 'later', waitMs };
      if (mayBePosted && !(await claim(record))) return { status: 'retry' };
      try {
        if (!mayBePosted || !(await isFileInThread(record.channelId, card.ts, file.name))) {
          const content = await file.read();
          await inSlacksTime(() =>
            slack.files.uploadV2({
              channel_id: record.channelId,
              thread_ts: card.ts,
              filename: file.name,
              title: file.name,
              content,
            }),
          );
        }
        await keep({ ...settledRecord(record), ts: card.ts, status: 'shown', waitingSince: undefined });
        measureTime(record);
        return shown(record, card.ts);
      } catch (error) {
        return await failed(execution, record, error);
      }
    },

    /** Everything of the execution is drawn, or stored as dirty by itself; `keys` are those of its messages by now. */
    async settle(keys: ReadonlySet<string>): Promise<void> {
      const card = messages.find(({ key }) => key === CARD);
      // One with an error could not be drawn: what it shows is old, whatever else was drawn.
      if (cardIsLeft && card?.status === 'dirty' && card.drawn !== undefined && card.error === undefined) {
        cardIsLeft = false;
        await keep({ ...card, status: 'shown', waitingSince: undefined });
      }
      // What is not to be said any more: a wave that was about to begin did not. It would be swept for ever.
      for (const record of messages.filter(({ key, status }) => status === 'dirty' && !keys.has(key))) {
        await keep({
          ...settledRecord(record),
          status: record.ts === undefined ? 'intent' : 'shown',
          waitingSince: undefined,
        });
      }
    },
  };

  async function deliver(execution: ExecutionRecord, drawing: Drawing, card?: Place): Promise<Delivered> {
    const { record, mayBePosted } = await recordOf(execution, drawing.key, card);
    if (record.status === 'undeliverable') return { status: 'undeliverable' };
    const message =
      record.movedFrom !== undefined && drawing.isCard === true
        ? meantFor(drawing.message, record.movedFrom)
        : drawing.message;
    const drawn = hashOf(message);
    // A dirty message is drawn again even when it is back at what was drawn last, or it would be swept for ever.
    if (record.ts !== undefined && record.status === 'shown' && (record.drawn === drawn || !drawing.redrawn))
      return shown(record, record.ts);
    const waitMs = waitOf(record);
    if (waitMs > 0) return { status: 'later', waitMs };
    if (record.ts === undefined && mayBePosted && !(await claim(record))) return { status: 'retry' };
    const threadTs = drawing.place === 'thread' ? card?.ts : undefined;
    try {
      const ts = record.ts ?? (mayBePosted ? await findPosted(record, threadTs) : undefined);
      const isNews = record.drawn !== drawn || record.error !== NO_ADDRESS;
      const shownTs =
        ts === undefined
          ? await post(record, message, { threadTs, broadcast: drawing.broadcast === true })
          : isNews
            ? await update(record, message, ts)
            : ts;
      const linked =
        drawing.isCard === true && record.permalink === undefined ? await linkOf(execution, record, shownTs) : {};
      const { permalink = record.permalink } = linked;
      // One that came late is known to what links to it in the next drawing. Nothing links to the card.
      const isLate = record.ts !== undefined && linked.permalink !== undefined;
      const isAgain = drawing.key !== CARD && (linked.again === true || isLate);
      const next: MessageRecord = {
        ...settledRecord(record),
        ts: shownTs,
        drawn,
        status: isAgain || (drawing.key === CARD && cardIsLeft) ? 'dirty' : 'shown',
        ...(isAgain ? { error: NO_ADDRESS } : {}),
        shownAt: slackNow(),
        waitingSince: undefined,
        permalink,
      };
      await keep(next);
      measureTime(record);
      return shown(next, shownTs);
    } catch (error) {
      const other = await otherChannel(record, error);
      if (other === undefined) return await failed(execution, record, error);
      if (drawing.isCard === true) {
        await move(record, other, error);
        return await deliver(execution, drawing, card);
      }
      // It follows its card, which is drawn again, and so learns that its channel is closed.
      await store.markDirty(record.executionId, CARD, errorCode(error), { changedAt });
      await keep({
        ...settledRecord(record),
        status: 'dirty',
        waitingSince: waitingSince(record),
        error: errorCode(error),
      });
      return { status: 'retry' };
    }
  }

  /** Until when Slack wants no call for this message: because it said so, or because of the pace of updates. */
  function waitOf({ ts, shownAt, notBefore = 0 }: MessageRecord): number {
    const pace = wait !== undefined && ts !== undefined && shownAt !== undefined ? shownAt + UPDATE_EVERY_MS : 0;
    return Math.max(notBefore, pace) - slackNow();
  }

  /**
   * The stored message, or the intent to post it. An intent that was there already may stand for a post whose answer was
   * lost. What is not posted yet goes to where the card is now.
   */
  async function recordOf(
    execution: ExecutionRecord,
    key: string,
    card: Place | undefined,
  ): Promise<{ record: MessageRecord; mayBePosted: boolean }> {
    const place = {
      channelId: card?.channelId ?? execution.channelId,
      ...(card?.movedFrom === undefined ? {} : { movedFrom: card.movedFrom }),
    };
    const read = messages.find((message) => message.key === key);
    const intent: MessageRecord = {
      executionId: execution.executionId,
      key,
      ...place,
      status: 'intent',
      startTime: now(),
      claimedUntil: now() + CLAIM_MS,
    };
    if (read === undefined && (await store.createMessage(intent))) return { record: intent, mayBePosted: false };
    const stored = read ?? (await store.getMessage(execution.executionId, key)) ?? intent;
    // A note that it has to be drawn may be all that is stored of it: it names no channel.
    const isPlaced = stored.ts !== undefined || stored.movedFrom !== undefined;
    return { record: { ...stored, ...(isPlaced ? {} : place) }, mayBePosted: true };
  }

  /** True when this drawer may post. Somebody else's claim: the message stays dirty and is looked at again. */
  async function claim(record: MessageRecord): Promise<boolean> {
    if (await store.claimMessage(record, now() + CLAIM_MS)) return true;
    await store.markDirty(record.executionId, record.key, 'another drawing is under way', { changedAt });
    return false;
  }

  /** Since when there is something that the message does not show. */
  function waitingSince(record: MessageRecord): number {
    return record.waitingSince ?? changedAt ?? now();
  }

  /** Slack has the message. Where nobody knows when what it shows was stored, nothing is measured. */
  function measureTime({ waitingSince = changedAt }: MessageRecord): void {
    if (waitingSince !== undefined) measure(slackDeliveryMetric(waitingSince, now()));
  }

  async function post(
    record: MessageRecord,
    message: Message,
    { threadTs, broadcast }: { threadTs: string | undefined; broadcast: boolean },
  ): Promise<string> {
    const content = {
      channel: record.channelId,
      text: message.text,
      blocks: message.blocks,
      unfurl_links: false,
      unfurl_media: false,
      metadata: metadataOf(record, message),
    };
    const post: ChatPostMessageArguments = { ...content, ...replyOf(threadTs, broadcast) };
    const answer = await inSlacksTime(() => slack.chat.postMessage(post));
    return z.string().parse(answer.ts);
  }

  /**
   * Posts again, once, after a short wait that Slack asks for: a channel takes one post a second, and what is posted is
   * a milestone or is drawn again anyway. An update is drawn anew instead, from the newest state.
   */
  async function inSlacksTime<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const limited = rateLimited.safeParse(error);
      if (!limited.success || wait === undefined || !(await wait(limited.data.retryAfter * 1_000))) throw error;
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
    await slack.chat.update(change);
    return ts;
  }

  /** Slack's address of a message; the message is none the worse without it. `again`: it is worth asking later. */
  async function linkOf(
    execution: ExecutionRecord,
    { channelId, executionId, key }: MessageRecord,
    ts: string,
  ): Promise<{ permalink?: string; again?: boolean }> {
    try {
      const { permalink } = await slack.chat.getPermalink({ channel: channelId, message_ts: ts });
      return permalink === undefined ? {} : { permalink };
    } catch (error) {
      const code = errorCode(error);
      log.warn('The address of a message is not known', { executionId, key, error: code });
      return { again: !PERMANENT_ERRORS.includes(code) && !isChannelClosed(error) && !isLongOver(execution) };
    }
  }

  function isLongOver({ endTime }: ExecutionRecord): boolean {
    return endTime !== undefined && now() - endTime > GIVE_UP_AFTER_MS;
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

  /** Where a message may go whose channel is closed; undefined when it is not the channel that failed, or there is no other. */
  async function otherChannel({ executionId, key, channelId, movedFrom }: MessageRecord, error: unknown) {
    // Once only: a message that has moved does not move again.
    if (movedFrom !== undefined || !isChannelClosed(error)) return undefined;
    try {
      const fallback = await fallbackChannel();
      return fallback === channelId ? undefined : fallback;
    } catch (cause) {
      log.error('The fallback channel is not known', { executionId, key, error: messageOf(cause) });
      return undefined;
    }
  }

  /** Stores the message as one that is to be posted in `channelId`. */
  async function move(record: MessageRecord, channelId: string, error: unknown): Promise<void> {
    const { executionId, key, version, startTime, channelId: movedFrom } = record;
    const code = errorCode(error);
    log.error('A channel is closed; its card goes to the fallback channel', {
      executionId,
      key,
      movedFrom,
      error: code,
    });
    await keep({
      ...{ executionId, key, version, startTime, channelId, movedFrom },
      status: 'dirty',
      waitingSince: waitingSince(record),
      error: code,
    });
  }

  /** Stores what became of a message. When somebody else has written it meanwhile, it is drawn again from the newest state. */
  async function keep(record: MessageRecord): Promise<void> {
    const { executionId, key, channelId, ts } = record;
    const next = { ...record, version: (record.version ?? 0) + 1 };
    if (await store.putMessage(record)) return remember(next);
    // The SDK tries a write again whose answer was lost, and is told that the version is not what it was.
    if (isSame(await store.getMessage(executionId, key), next)) return remember(next);
    const posted = ts === undefined ? undefined : { channelId, ts };
    await store.markDirty(executionId, key, 'another drawing wrote it meanwhile', { changedAt, posted });
    const stored = await store.getMessage(executionId, key);
    if (stored !== undefined) remember(stored);
    if (key === CARD) cardIsLeft = false;
  }

  function remember(record: MessageRecord): void {
    const at = messages.findIndex(({ key }) => key === record.key);
    if (at === -1) messages.push(record);
    else messages[at] = record;
  }

  async function failed(execution: ExecutionRecord, record: MessageRecord, error: unknown): Promise<Delivered> {
    const code = errorCode(error);
    const permanent = PERMANENT_ERRORS.includes(code) || CLOSED_CHANNEL.includes(code) || isLongOver(execution);
    const status = permanent ? 'undeliverable' : 'dirty';
    const limited = rateLimited.safeParse(error);
    const waitMs = limited.success ? limited.data.retryAfter * 1_000 : 0;
    log.error('A message could not be shown', {
      executionId: record.executionId,
      key: record.key,
      error: code,
      status,
    });
    await keep({
      ...settledRecord(record),
      status,
      waitingSince: permanent ? undefined : waitingSince(record),
      error: code,
      ...(waitMs > 0 ? { notBefore: slackNow() + waitMs } : {}),
      ...(record.ts === undefined && isUnanswered(error) ? { claimedUntil: now() + UNANSWERED_MS } : {}),
      ...(UNSEEN_CHANNEL.includes(code) ? { notBefore: slackNow() + UNSEEN_EVERY_MS } : {}),
    });
    if (permanent) {
      measure(undeliverableMetric());
      return { status: 'undeliverable' };
    }
    return waitMs > 0 ? { status: 'later', waitMs } : { status: 'retry' };
  }
}

/** What makes a post a reply, and one that the channel sees, too. */
function replyOf(threadTs: string | undefined, broadcast: boolean) {
  if (threadTs === undefined) return {};
  return broadcast ? { thread_ts: threadTs, reply_broadcast: true as const } : { thread_ts: threadTs };
}

/** True for what was stored by the very write that it is compared with. */
function isSame(stored: MessageRecord | undefined, written: MessageRecord): boolean {
  return (['version', 'status', 'ts', 'drawn', 'shownAt', 'error'] as const).every(
    (member) => stored?.[member] === written[member],
  );
}

/** The record without what only holds while a call is under way or after one that failed. */
function settledRecord(record: MessageRecord): MessageRecord {
  return { ...record, error: undefined, claimedUntil: undefined, notBefore: undefined };
}

function shown({ channelId, movedFrom }: MessageRecord, ts: string): Delivered {
  return { status: 'shown', channelId, ts, ...(movedFrom === undefined ? {} : { movedFrom }) };
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
