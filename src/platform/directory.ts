import { WebClient } from '@slack/web-api';
import { z } from 'zod';
import {
  type Access,
  type Person,
  type Standing,
  type UserGroupMembers,
  untouchedGroups,
  userGroupsOf,
  withMembers,
} from '../domain/access.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { type Configuration, configuration } from './configuration.ts';
import type { Platform } from './platform.ts';
import { slackClientOptions, slackSecrets } from './slack.ts';

/** How long an answer of Slack's is kept, in milliseconds: at most a minute (the rule for memberships). */
const KEPT_MS = 60_000;
/** In real milliseconds: people wait for the answer, and Slack for ours, 3 s. */
const CALL_TIMEOUT_MS = 1_500;

const userGroupSchema = z.object({
  id: z.string(),
  users: z.array(z.string()).optional(),
  updated_by: z.string().nullish(),
  date_update: z.number().nullish(),
  /** Seconds since the epoch when it was disabled; 0 while it is not. */
  date_delete: z.number().nullish(),
});

const userSchema = z.object({
  team_id: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  is_stranger: z.boolean().optional(),
});

/** Who people are and what they may do at this moment, as far as Slack knows it. */
export interface Directory {
  /**
   * Who has which role now: the access document with the members of its user groups. For a request, a group that its
   * requester changed after it does not count.
   * @throws {DrError} ConfigurationError when the document is wrong; DirectoryUnavailable when Slack cannot tell who is
   *   in a group.
   */
  access(request?: { requester: Person; startTime: number }): Promise<Access>;
  /**
   * What kind of account this is. People of other workspaces are told apart without asking Slack. `workspace`: the one
   * that counts, where it is known already.
   * @throws {DrError} DirectoryUnavailable when Slack cannot tell.
   */
  standingOf(person: Person, workspace?: Pick<Access, 'teamId'>): Promise<Standing>;
}

/** The directory, with what Slack said kept for at most a minute. */
export function directory(platform: Platform, config: Configuration = configuration(platform)): Directory {
  const secrets = slackSecrets(platform);
  const groups = kept(readGroups);
  const standings = new Map<string, () => Promise<Standing>>();

  return {
    async access(request) {
      const document = await config.accessDocument();
      if (userGroupsOf(document).length === 0) return withMembers(document, []);
      const members = await groups();
      return withMembers(document, request === undefined ? members : untouchedGroups(members, request));
    },
    async standingOf({ userId, teamId }, workspace) {
      const ours = (workspace ?? (await config.accessDocument())).teamId;
      if (teamId !== ours) return 'other workspace';
      const ask = standings.get(userId) ?? kept(() => readStanding(userId, ours));
      standings.set(userId, ask);
      return await ask();
    },
  };

  async function readGroups(): Promise<UserGroupMembers[]> {
    const answer = await ask('who is in a user group', (slack) => slack.usergroups.list({ include_users: true }));
    const parsed = z.array(userGroupSchema).parse(answer.usergroups ?? []);
    return parsed
      .filter((group) => (group.date_delete ?? 0) === 0)
      .map(({ id, users, updated_by, date_update }) => ({
        userGroupId: id,
        userIds: users ?? [],
        ...(updated_by == null ? {} : { updatedBy: updated_by }),
        ...(date_update == null ? {} : { updatedAt: date_update * 1_000 }),
      }));
  }

  async function readStanding(userId: string, teamId: string): Promise<Standing> {
    const answer = await ask(`what kind of account ${userId} is`, (slack) => slack.users.info({ user: userId }));
    const user = userSchema.parse(answer.user ?? {});
    if (user.deleted === true) return 'deactivated';
    if (user.is_bot === true || userId === 'USLACKBOT') return 'bot';
    if (user.is_stranger === true || (user.team_id !== undefined && user.team_id !== teamId)) return 'other workspace';
    return user.is_restricted === true || user.is_ultra_restricted === true ? 'guest' : 'member';
  }

  async function ask<T>(what: string, call: (slack: WebClient) => Promise<T>): Promise<T> {
    try {
      const { botToken } = await secrets.read();
      return await call(new WebClient(botToken, { ...slackClientOptions(platform.log), timeout: CALL_TIMEOUT_MS }));
    } catch (cause) {
      throw new DrError(
        'DirectoryUnavailable',
        `Slack could not tell ${what} (${messageOf(cause)}). Nothing was recorded: try again in a moment.`,
        { cause },
      );
    }
  }

  /** Asks once in {@link KEPT_MS}. What fails is not kept. */
  function kept<T>(read: () => Promise<T>): () => Promise<T> {
    let last: { value: Promise<T>; until: number } | undefined;
    return () => {
      if (last === undefined || platform.now() >= last.until) {
        const asked = { value: read(), until: platform.now() + KEPT_MS };
        last = asked;
        asked.value.catch(() => {
          if (last === asked) last = undefined;
        });
      }
      return last.value;
    };
  }
}
