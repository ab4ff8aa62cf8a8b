import type { JsonObject } from './json.ts';
import type { ThreadSummary } from './messages.ts';
import type { Channel, SlackFile, SlackMessage, UserGroup } from './model.ts';
import { type Person, WORKSPACE } from './people.ts';

/** A message as the Web API and interaction payloads show it. */
export function wireMessage(message: SlackMessage, withMetadata = false, summary?: ThreadSummary): JsonObject {
  const { channel: _channel, ephemeral_user: _ephemeral, metadata, ...shown } = message;
  return {
    ...shown,
    ...(withMetadata && metadata !== undefined ? { metadata } : {}),
    ...(summary === undefined
      ? {}
      : {
          thread_ts: message.ts,
          reply_count: summary.replyCount,
          reply_users_count: summary.replyUsers.length,
          reply_users: summary.replyUsers,
          latest_reply: summary.latestReply,
        }),
  };
}

export function wireChannel(channel: Channel): JsonObject {
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.isDirect !== true,
    is_group: false,
    is_im: channel.isDirect === true,
    is_mpim: false,
    is_private: false,
    is_archived: channel.isArchived === true,
    is_general: false,
    is_member: channel.memberIds.includes(WORKSPACE.botUserId),
    context_team_id: WORKSPACE.teamId,
    num_members: channel.memberIds.length,
  };
}

export function wirePerson({ userId, name, realName, account }: Person): JsonObject {
  return {
    ...user(userId, name, realName),
    deleted: account === 'deactivated',
    is_restricted: account === 'guest',
    is_bot: account === 'bot',
  };
}

/** The bot's own user. */
export function wireBot(): JsonObject {
  return { ...user(WORKSPACE.botUserId, WORKSPACE.botName, WORKSPACE.botName), is_bot: true };
}

function user(id: string, name: string, realName: string): JsonObject {
  return {
    id,
    team_id: WORKSPACE.teamId,
    name,
    real_name: realName,
    deleted: false,
    tz: 'Etc/UTC',
    tz_label: 'UTC',
    tz_offset: 0,
    profile: { real_name: realName, display_name: name, team: WORKSPACE.teamId },
    is_admin: false,
    is_owner: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_app_user: false,
  };
}

export function wireUserGroup(group: UserGroup, withUsers: boolean): JsonObject {
  return {
    id: group.id,
    team_id: WORKSPACE.teamId,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    user_count: group.userIds.length,
    ...(group.updatedBy === undefined ? {} : { updated_by: group.updatedBy }),
    ...(group.updatedAt === undefined ? {} : { date_update: group.updatedAt }),
    date_delete: 0,
    ...(withUsers ? { users: group.userIds } : {}),
  };
}

export function wireFile(file: SlackFile): JsonObject {
  return {
    ...file,
    timestamp: file.created,
    filetype: file.name.split('.').at(-1) ?? '',
    mode: 'hosted',
    is_external: false,
    is_public: true,
    url_private_download: file.url_private,
  };
}
