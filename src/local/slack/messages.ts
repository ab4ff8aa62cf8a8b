import { KEPT } from './limits.ts';
import type { SlackMessage } from './model.ts';

/** What a thread's first message says about its replies. */
export interface ThreadSummary {
  replyCount: number;
  replyUsers: string[];
  latestReply: string;
}

function trim(messages: Map<string, SlackMessage>, most: number): void {
  for (const oldest of messages.keys()) {
    if (messages.size <= most) return;
    messages.delete(oldest);
  }
}

/** The messages of every channel, and those that only one person sees; the oldest are forgotten when there are too many. */
export class Messages {
  /** By channel and ts, in the order of posting: an update keeps the place. */
  readonly #posted = new Map<string, SlackMessage>();
  readonly #ephemeral = new Map<string, SlackMessage>();

  /** Stores a message, new or changed. */
  put(message: SlackMessage): void {
    const store = message.ephemeral_user === undefined ? this.#posted : this.#ephemeral;
    store.set(`${message.channel} ${message.ts}`, message);
    trim(this.#posted, KEPT.messages);
    trim(this.#ephemeral, KEPT.ephemerals);
  }

  remove(message: SlackMessage): void {
    this.#posted.delete(`${message.channel} ${message.ts}`);
    this.#ephemeral.delete(`${message.channel} ${message.ts}`);
  }

  /** A message that everybody in the channel sees. */
  find(channelId: string, ts: string): SlackMessage | undefined {
    return this.#posted.get(`${channelId} ${ts}`);
  }

  /** An ephemeral message, whoever sees it. */
  findEphemeral(channelId: string, ts: string): SlackMessage | undefined {
    return this.#ephemeral.get(`${channelId} ${ts}`);
  }

  /** All messages of a channel, replies among them, oldest first. */
  all(channelId: string): SlackMessage[] {
    return [...this.#posted.values()].filter((message) => message.channel === channelId);
  }

  /** What the channel itself shows: no replies, except those also sent to the channel. */
  top(channelId: string): SlackMessage[] {
    return this.all(channelId).filter((message) => isTopLevel(message));
  }

  /** The first message of a thread and its replies, oldest first; empty when there is no such message. */
  thread(channelId: string, ts: string): SlackMessage[] {
    const first = this.find(channelId, ts);
    if (first === undefined) return [];
    return [first, ...this.all(channelId).filter((message) => message.thread_ts === ts && message.ts !== ts)];
  }

  ephemerals(channelId: string, userId: string): SlackMessage[] {
    return [...this.#ephemeral.values()].filter(
      (message) => message.channel === channelId && message.ephemeral_user === userId,
    );
  }

  /** The replies of each thread of a channel, by the first message's ts. */
  summaries(channelId: string): Map<string, ThreadSummary> {
    const summaries = new Map<string, ThreadSummary>();
    for (const { ts, thread_ts, user } of this.all(channelId)) {
      if (thread_ts === undefined || thread_ts === ts) continue;
      const before = summaries.get(thread_ts);
      summaries.set(thread_ts, {
        replyCount: (before?.replyCount ?? 0) + 1,
        replyUsers: [...new Set([...(before?.replyUsers ?? []), user])],
        latestReply: ts,
      });
    }
    return summaries;
  }
}

function isTopLevel(message: SlackMessage): boolean {
  return message.thread_ts === undefined || message.thread_ts === message.ts || message.subtype === 'thread_broadcast';
}
