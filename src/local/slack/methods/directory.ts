import type { CallArguments } from '../call-arguments.ts';
import { SlackRefusal } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { UserGroup } from '../model.ts';
import { WORKSPACE } from '../people.ts';
import type { WebApiMethod } from '../web-api.ts';
import { wireBot, wirePerson, wireUserGroup } from '../wire.ts';
import type { SlackWorkspace } from '../workspace.ts';

function authTest(workspace: SlackWorkspace): JsonObject {
  return {
    url: `${workspace.url}/`,
    team: WORKSPACE.teamDomain,
    user: WORKSPACE.botName,
    team_id: WORKSPACE.teamId,
    user_id: WORKSPACE.botUserId,
    bot_id: WORKSPACE.botId,
    is_enterprise_install: false,
  };
}

function usersInfo(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const userId = args.required('user');
  if (userId === WORKSPACE.botUserId) return { user: wireBot() };
  const person = workspace.people.find((candidate) => candidate.userId === userId);
  if (person === undefined) throw new SlackRefusal('user_not_found');
  return { user: wirePerson(person) };
}

function userGroupsList(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const withUsers = args.flag('include_users');
  return { usergroups: workspace.userGroups.map((group) => wireUserGroup(group, withUsers)) };
}

/** @throws {SlackRefusal} `no_such_subteam` */
function userGroupOf(workspace: SlackWorkspace, args: CallArguments): UserGroup {
  const id = args.required('usergroup');
  const group = workspace.userGroups.find((candidate) => candidate.id === id);
  if (group === undefined) throw new SlackRefusal('no_such_subteam');
  return group;
}

function userGroupUsersList(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  return { users: userGroupOf(workspace, args).userIds };
}

/** Replaces every member of a group; a group cannot be emptied, only disabled (page of usergroups.users.update). */
function userGroupUsersUpdate(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const group = userGroupOf(workspace, args);
  const sent = args.text('users');
  if (sent === undefined) throw new SlackRefusal('no_users_provided');
  const userIds = [...new Set(sent.split(',').map((userId) => userId.trim()))];
  const isKnown = (userId: string) => workspace.people.some((person) => person.userId === userId);
  if (!userIds.every(isKnown)) throw new SlackRefusal('invalid_users');
  workspace.setGroupMembers(group.id, userIds);
  return { usergroup: wireUserGroup({ ...group, userIds }, true) };
}

/** Who the bot is, who people are, and which groups they are in. */
export const directoryMethods: Readonly<Record<string, WebApiMethod>> = {
  'auth.test': authTest,
  'users.info': usersInfo,
  'usergroups.list': userGroupsList,
  'usergroups.users.list': userGroupUsersList,
  'usergroups.users.update': userGroupUsersUpdate,
};
