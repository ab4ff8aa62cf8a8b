import type { CallArguments } from '../call-arguments.ts';
import { SlackRefusal } from '../errors.ts';
import type { JsonObject } from '../json.ts';
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

function userGroupUsersList(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const id = args.required('usergroup');
  const group = workspace.userGroups.find((candidate) => candidate.id === id);
  if (group === undefined) throw new SlackRefusal('no_such_subteam');
  return { users: group.userIds };
}

/** Who the bot is, who people are, and which groups they are in. */
export const directoryMethods: Readonly<Record<string, WebApiMethod>> = {
  'auth.test': authTest,
  'users.info': usersInfo,
  'usergroups.list': userGroupsList,
  'usergroups.users.list': userGroupUsersList,
};
