import { messageBlocks } from '../blocks.ts';
import type { CallArguments } from '../call-arguments.ts';
import { SlackRefusal } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import { LIMITS } from '../limits.ts';
import type { Channel, MessageMetadata, SlackBlock, SlackMessage } from '../model.ts';
import { WORKSPACE } from '../people.ts';
import type { WebApiMethod } from '../web-api.ts';
import { wireMessage } from '../wire.ts';
import type { MessageChange, SlackWorkspace } from '../workspace.ts';
import { channelOf, postableChannelOf, threadOf } from './channel.ts';

function blocksOf(args: CallArguments): SlackBlock[] | undefined {
  const sent = args.json('blocks', 'invalid_blocks_format');
  return sent === undefined ? undefined : messageBlocks(sent);
}

/** The metadata argument; an empty object, which removes metadata on an update, gives null. */
function metadataOf(args: CallArguments): MessageMetadata | null | undefined {
  const sent = args.json('metadata', 'invalid_metadata_format');
  if (sent === undefined) return undefined;
  if (!isObject(sent)) throw new SlackRefusal('invalid_metadata_format');
  if (Object.keys(sent).length === 0) return null;
  const { event_type, event_payload } = sent;
  if (typeof event_type !== 'string' || !isObject(event_payload)) throw new SlackRefusal('invalid_metadata_schema');
  return { event_type, event_payload };
}

/** The text and blocks of a new message: there must be one of them. */
function newContent(args: CallArguments): { text: string; blocks: SlackBlock[] | undefined } {
  const text = args.text('text') ?? '';
  const blocks = blocksOf(args);
  if (text === '' && (blocks === undefined || blocks.length === 0)) throw new SlackRefusal('no_text');
  return { text: text.slice(0, LIMITS.postedText), blocks };
}

/** "Sending a message to a user": their id as the channel means the conversation with the bot. */
function directOrChannel(workspace: SlackWorkspace, args: CallArguments): Channel {
  const wanted = args.required('channel');
  const isPerson = workspace.people.some(({ userId }) => userId === wanted);
  return isPerson ? workspace.directChannel(wanted) : postableChannelOf(workspace, args);
}

function postMessage(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const channel = directOrChannel(workspace, args);
  const threadTs = threadOf(workspace, channel, args);
  const message = workspace.post({
    channel: channel.id,
    user: WORKSPACE.botUserId,
    ...newContent(args),
    threadTs,
    subtype: threadTs !== undefined && args.flag('reply_broadcast') ? 'thread_broadcast' : undefined,
    metadata: metadataOf(args) ?? undefined,
  });
  const cut = (args.text('text') ?? '').length > LIMITS.postedText;
  return {
    channel: channel.id,
    ts: message.ts,
    message: wireMessage(message, true),
    ...(cut ? { warning: 'message_truncated', response_metadata: { warnings: ['message_truncated'] } } : {}),
  };
}

function postEphemeral(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const channel = postableChannelOf(workspace, args);
  const visibleTo = args.required('user');
  if (!channel.memberIds.includes(visibleTo)) throw new SlackRefusal('user_not_in_channel');
  const threadTs = threadOf(workspace, channel, args);
  const content = newContent(args);
  const message = workspace.post({ channel: channel.id, user: WORKSPACE.botUserId, ...content, visibleTo, threadTs });
  return { message_ts: message.ts };
}

/** A message that the bot may change: its own, and never an ephemeral one. */
function ownMessage(workspace: SlackWorkspace, args: CallArguments, refusal: string): SlackMessage {
  const channel = channelOf(workspace, args);
  const message = workspace.stored.messages.find(channel.id, args.required('ts'));
  if (message === undefined) throw new SlackRefusal('message_not_found');
  if (message.user !== WORKSPACE.botUserId) throw new SlackRefusal(refusal);
  return message;
}

/** Text without blocks removes the blocks; blocks without text remove the text (the method's page, `blocks` and `text`). */
function changeOf(workspace: SlackWorkspace, args: CallArguments): MessageChange {
  const text = args.text('text');
  const blocks = blocksOf(args);
  const metadata = metadataOf(args);
  if (text === undefined && blocks === undefined && metadata === undefined) throw new SlackRefusal('no_text');
  if (text !== undefined && text.length > LIMITS.updatedText) throw new SlackRefusal('msg_too_long');
  const hasBlocks = blocks !== undefined && blocks.length > 0;
  const isContent = text !== undefined || blocks !== undefined;
  return {
    ...(isContent ? { text: text ?? '', blocks: hasBlocks ? blocks : undefined } : {}),
    ...(metadata === undefined ? {} : { metadata: metadata ?? undefined }),
    // Slack marks a message as edited only when its text was changed, not when blocks were redrawn.
    ...(text !== undefined && !hasBlocks
      ? { edited: { user: WORKSPACE.botUserId, ts: workspace.messageTimestamp() } }
      : {}),
  };
}

function update(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const previous = ownMessage(workspace, args, 'cant_update_message');
  if (workspace.channel(previous.channel)?.isArchived === true) throw new SlackRefusal('is_inactive');
  const message = workspace.update(previous, changeOf(workspace, args));
  return { channel: message.channel, ts: message.ts, text: message.text, message: wireMessage(message, true) };
}

function remove(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const message = ownMessage(workspace, args, 'cant_delete_message');
  if (workspace.thread(message.channel, message.ts).length > 1) {
    // The replies stay, below a stone that says there was something.
    workspace.update(message, {
      subtype: 'tombstone',
      text: 'This message was deleted.',
      blocks: undefined,
      metadata: undefined,
      files: undefined,
    });
  } else {
    workspace.remove(message);
  }
  return { channel: message.channel, ts: message.ts };
}

function getPermalink(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const channel = channelOf(workspace, args);
  const message = workspace.stored.messages.find(channel.id, args.required('message_ts'));
  if (message === undefined) throw new SlackRefusal('message_not_found');
  const link = `${workspace.url}/archives/${channel.id}/p${message.ts.replace('.', '')}`;
  const isReply = message.thread_ts !== undefined && message.thread_ts !== message.ts;
  const permalink = isReply ? `${link}?thread_ts=${message.thread_ts}&cid=${channel.id}` : link;
  return { channel: channel.id, permalink };
}

/** Methods `chat.*`. */
export const chatMethods: Readonly<Record<string, WebApiMethod>> = {
  'chat.postMessage': postMessage,
  'chat.postEphemeral': postEphemeral,
  'chat.update': update,
  'chat.delete': remove,
  'chat.getPermalink': getPermalink,
};
