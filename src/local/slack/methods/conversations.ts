import type { CallArguments } from '../call-arguments.ts';
import { SlackRefusal } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { LIMITS } from '../limits.ts';
import type { SlackMessage } from '../model.ts';
import type { WebApiMethod } from '../web-api.ts';
import { wireChannel, wireMessage } from '../wire.ts';
import type { SlackWorkspace } from '../workspace.ts';
import { channelOf, joinedChannelOf } from './channel.ts';

interface Page<T> {
  items: T[];
  /** Empty on the last page. */
  nextCursor: string;
}

/** A cursor is opaque to the caller; as at Slack it is the base64 of where the next page starts. */
function cursorOf(args: CallArguments, start: RegExp): string | undefined {
  const cursor = args.text('cursor');
  if (cursor === undefined) return undefined;
  const place = start.exec(Buffer.from(cursor, 'base64').toString('utf8'))?.[1];
  if (place === undefined) throw new SlackRefusal('invalid_cursor');
  return place;
}

function encoded(place: string): string {
  return Buffer.from(place).toString('base64');
}

function pageOf<T>(items: readonly T[], args: CallArguments, fallback: number): Page<T> {
  const start = Number(cursorOf(args, /^offset:(\d+)$/) ?? 0);
  const end = start + args.limit('limit', fallback, LIMITS.historyPage);
  return {
    items: items.slice(start, end),
    nextCursor: end < items.length ? encoded(`offset:${end}`) : '',
  };
}

/** The next page starts at a message, not at a place in the list: what is posted meanwhile moves nothing. */
function messagePage(messages: readonly SlackMessage[], args: CallArguments, fallback: number): Page<SlackMessage> {
  const next = cursorOf(args, /^next_ts:(\d+)$/);
  const found = next === undefined ? 0 : messages.findIndex(({ ts }) => microseconds(ts) === next);
  // The message that the page would have started with is gone.
  if (found === -1) throw new SlackRefusal('invalid_cursor');
  const end = found + args.limit('limit', fallback, LIMITS.historyPage);
  const following = messages[end];
  return {
    items: messages.slice(found, end),
    nextCursor: following === undefined ? '' : encoded(`next_ts:${microseconds(following.ts)}`),
  };
}

function microseconds(ts: string): string {
  return ts.replace('.', '');
}

function tsArgument(args: CallArguments, name: 'oldest' | 'latest'): number | undefined {
  const value = args.text(name);
  if (value === undefined) return undefined;
  const ts = Number(value);
  if (!Number.isFinite(ts) || ts < 0) throw new SlackRefusal(`invalid_ts_${name}`);
  return ts;
}

/** Says which messages are between `oldest` and `latest`; as text, timestamps of different lengths would compare wrongly. */
function betweenOf(args: CallArguments): (message: SlackMessage) => boolean {
  const oldest = tsArgument(args, 'oldest') ?? 0;
  const latest = tsArgument(args, 'latest') ?? Number.POSITIVE_INFINITY;
  const isInclusive = args.flag('inclusive');
  return (message) => {
    const ts = Number(message.ts);
    return isInclusive ? ts >= oldest && ts <= latest : ts > oldest && ts < latest;
  };
}

function history(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const channel = joinedChannelOf(workspace, args);
  const withMetadata = args.flag('include_all_metadata');
  const summaries = workspace.stored.messages.summaries(channel.id);
  const messages = workspace.stored.messages.top(channel.id).filter(betweenOf(args));
  const { items, nextCursor } = messagePage(messages.toReversed(), args, 100);
  return {
    messages: items.map((message) => wireMessage(message, withMetadata, summaries.get(message.ts))),
    has_more: nextCursor !== '',
    pin_count: 0,
    response_metadata: { next_cursor: nextCursor },
  };
}

function replies(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const channel = joinedChannelOf(workspace, args);
  const asked = workspace.stored.messages.find(channel.id, args.required('ts'));
  if (asked === undefined) throw new SlackRefusal('thread_not_found');
  const first = asked.thread_ts ?? asked.ts;
  const withMetadata = args.flag('include_all_metadata');
  const summary = workspace.stored.messages.summaries(channel.id).get(first);
  const isBetween = betweenOf(args);
  const thread = workspace.thread(channel.id, first).filter((message) => message.ts === first || isBetween(message));
  const { items, nextCursor } = messagePage(thread, args, LIMITS.historyPage);
  return {
    messages: items.map((message) => wireMessage(message, withMetadata, message.ts === first ? summary : undefined)),
    has_more: nextCursor !== '',
    response_metadata: { next_cursor: nextCursor },
  };
}

function members(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const { items, nextCursor } = pageOf(channelOf(workspace, args).memberIds, args, 100);
  return { members: items, response_metadata: { next_cursor: nextCursor } };
}

/** Methods `conversations.*`. */
export const conversationMethods: Readonly<Record<string, WebApiMethod>> = {
  'conversations.history': history,
  'conversations.replies': replies,
  'conversations.info': (workspace, args) => ({ channel: wireChannel(channelOf(workspace, args)) }),
  'conversations.members': members,
};
