import type { CallArguments } from '../call-arguments.ts';
import { SlackRefusal } from '../errors.ts';
import type { Channel } from '../model.ts';
import { WORKSPACE } from '../people.ts';
import type { SlackWorkspace } from '../workspace.ts';

/** @throws {SlackRefusal} `channel_not_found` */
export function channelOf(workspace: SlackWorkspace, args: CallArguments, name = 'channel'): Channel {
  const channel = workspace.channel(args.required(name));
  if (channel === undefined) throw new SlackRefusal('channel_not_found');
  return channel;
}

/**
 * A channel that the bot is in.
 * @throws {SlackRefusal} `channel_not_found`, `not_in_channel`
 */
export function joinedChannelOf(workspace: SlackWorkspace, args: CallArguments, name = 'channel'): Channel {
  const channel = channelOf(workspace, args, name);
  if (!channel.memberIds.includes(WORKSPACE.botUserId)) throw new SlackRefusal('not_in_channel');
  return channel;
}

/**
 * A channel that the bot may post in.
 * @throws {SlackRefusal} `channel_not_found`, `not_in_channel`, `is_archived`
 */
export function postableChannelOf(workspace: SlackWorkspace, args: CallArguments): Channel {
  const channel = joinedChannelOf(workspace, args);
  if (channel.isArchived === true) throw new SlackRefusal('is_archived');
  return channel;
}

/**
 * Where a reply goes: a reply to a reply belongs to the thread's first message.
 * @throws {SlackRefusal} `thread_not_found`
 */
export function threadOf(workspace: SlackWorkspace, channel: Channel, args: CallArguments): string | undefined {
  const ts = args.text('thread_ts');
  if (ts === undefined) return undefined;
  const message = workspace.stored.messages.find(channel.id, ts);
  if (message === undefined) throw new SlackRefusal('thread_not_found');
  return message.thread_ts ?? message.ts;
}
