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

/** A cursor is opaque to the caller; here it is the base64 of the position. */
function pageOf<T>(items: readonly T[], args: CallArguments, fallback: number): Page<T> {
  const cursor = args.text('cursor');
  const start = cursor === undefined ? 0 : Number(Buffer.from(cursor, 'base64').toString('utf8'));
  if (!Number.isInteger(start)) throw new SlackRefusal('invalid_cursor');
  const end = start + args.limit('limit', fallback, LIMITS.historyPage);
  return {
    items: items.slice(start, end),
    nextCursor: end < items.length ? Buffer.from(String(end)).toString('base64') : '',
  };
}

/** Timestamps are fixed-point numbers: compared as text they would be wrong when their lengths differ. */
function isBetween(message: SlackMessage, args: CallArguments): boolean {
  const ts = Number(message.ts);
  const oldest = Number(args.text('oldest') ?? 0);
  const latest = Number(args.text('latest') ?? Number.POSITIVE_INFINITY);
  return args.flag('inclusive') ? ts >= oldest && ts <= latest : ts > oldest && ts < latest;
}

function history(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const channel = joinedChannelOf(workspace, args);
  const withMetadata = args.flag('include_all_metadata');
  const summaries = workspace.stored.messages.summaries(channel.id);
  const messages = workspace.stored.messages.top(channel.id).filter((message) => isBetween(message, args));
  const { items, nextCursor } = pageOf(messages.toReversed(), args, 100);
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
  const thread = workspace
    .thread(channel.id, first)
    .filter((message) => message.ts === first || isBetween(message, args));
  const { items, nextCursor } = pageOf(thread, args, LIMITS.historyPage);
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
