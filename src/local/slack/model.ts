import type { JsonObject } from './json.ts';

/** A Block Kit block as the workspace keeps it: as it was sent, with the `block_id` that Slack adds when there is none. */
export interface SlackBlock extends JsonObject {
  type: string;
  block_id: string;
}

/** Data that an app attaches to a message, invisible to people. */
export interface MessageMetadata {
  event_type: string;
  event_payload: JsonObject;
}

/**
 * A message of a channel, or one that only `ephemeral_user` sees. The members are Slack's; `channel` and
 * `ephemeral_user` are the workspace's own and are not sent by the Web API. A message object never changes: an update
 * stores a new one, so what a caller holds is what was on the screen at that moment.
 */
export interface SlackMessage {
  channel: string;
  ephemeral_user?: string;
  type: 'message';
  subtype?: string;
  /** User id of the author: a person, the bot, or Slackbot. */
  user: string;
  bot_id?: string;
  app_id?: string;
  team: string;
  /** The message's id within its channel, e.g. `1700000000.000100`: seconds and microseconds of the workspace's time. */
  ts: string;
  text: string;
  blocks?: SlackBlock[];
  /** `ts` of the message that this one replies to. */
  thread_ts?: string;
  metadata?: MessageMetadata;
  edited?: { user: string; ts: string };
  files?: SlackFile[];
}

/** A file of the workspace, without its content. */
export interface SlackFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  /** Bytes. */
  size: number;
  user: string;
  /** Seconds since the Unix epoch. */
  created: number;
  /** Where the content can be read. */
  url_private: string;
  permalink: string;
  /** Ids of the channels it was shared into. */
  channels: string[];
}

/** A modal or an App Home tab. */
export interface SlackView extends JsonObject {
  id: string;
  type: 'modal' | 'home';
  blocks: SlackBlock[];
  hash: string;
  callback_id: string;
  private_metadata: string;
  root_view_id: string;
  previous_view_id: string | null;
}

/** A conversation that the bot can be in. */
export interface Channel {
  id: string;
  name: string;
  /** User ids, the bot's among them if it was invited. */
  memberIds: readonly string[];
  /** Nobody can post in it any more. */
  isArchived?: boolean;
  /** It is the conversation of one person and the bot. */
  isDirect?: boolean;
}

/** A global shortcut of the app, as its manifest has it: people use it from the composer, wherever they are. */
export interface AppShortcut {
  callbackId: string;
  /** What the menu shows. */
  name: string;
  description: string;
}

/** A user group (`@dr-approvers`), which exists on paid plans only. */
export interface UserGroup {
  id: string;
  handle: string;
  name: string;
  userIds: readonly string[];
  /** User id of who changed it last. */
  updatedBy?: string;
  /** When, in whole seconds since the Unix epoch. */
  updatedAt?: number;
}

/** Something that happened in the workspace, told to every subscriber after it was stored. */
export type WorkspaceEvent =
  | { type: 'message_posted'; message: SlackMessage }
  | { type: 'message_updated'; message: SlackMessage; previous: SlackMessage }
  | { type: 'message_deleted'; message: SlackMessage }
  | { type: 'file_shared'; file: SlackFile; message: SlackMessage }
  | { type: 'view_opened' | 'view_updated' | 'view_published' | 'view_closed'; userId: string; view: SlackView };

/** Id under which Slack itself speaks to a person. */
export const SLACKBOT_USER_ID = 'USLACKBOT';
