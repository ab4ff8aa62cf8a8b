import type { Channel, UserGroup } from './model.ts';

/** What an account is that is no plain member's. */
export type Account = 'guest' | 'deactivated' | 'bot';

/** Somebody of the practice workspace. What they may do is the bot's configuration, not Slack's. */
export interface Person {
  /** The name they are called by on the command line and in the page's switch. */
  name: string;
  userId: string;
  realName: string;
  /**
   * What Slack says of the account beside its name.
   * @default - a member of the workspace
   */
  account?: Account;
}

/** The workspace, app and bot of practice mode; ids follow Slack's patterns. */
export const WORKSPACE = {
  teamId: 'T0PRACTICE1',
  teamDomain: 'practice',
  appId: 'A0PDRCHAT01',
  botId: 'B0PDRBOT001',
  botUserId: 'U0PDRBOT001',
  botName: 'dr-chatops',
  channelId: 'C0INCIDENT1',
  channelName: 'incident-hrp',
} as const;

export const PEOPLE: readonly Person[] = [
  { name: 'requester', userId: 'U0PREQUEST1', realName: 'Robin Requester' },
  { name: 'approver', userId: 'U0PAPPROVE1', realName: 'Alex Approver' },
  { name: 'second-approver', userId: 'U0PAPPROVE2', realName: 'Sam Second' },
  { name: 'lead', userId: 'U0PDRLEAD01', realName: 'Lee Lead' },
  { name: 'reader', userId: 'U0PREADER01', realName: 'Rene Reader' },
  { name: 'stranger', userId: 'U0PSTRANGE1', realName: 'Sky Stranger' },
];

/** The user groups of practice mode. */
export const USER_GROUPS: readonly UserGroup[] = [
  { id: 'S0PDRLEADS1', handle: 'dr-leads', name: 'DR leads', userIds: ['U0PDRLEAD01'] },
];

const EVERYBODY = PEOPLE.map(({ userId }) => userId);

/** The channels of practice mode. The bot was not invited to the last: it can be called there, but cannot post. */
export const CHANNELS: readonly Channel[] = [
  { id: WORKSPACE.channelId, name: WORKSPACE.channelName, memberIds: [WORKSPACE.botUserId, ...EVERYBODY] },
  { id: 'C0DRDRILLS1', name: 'dr-drills', memberIds: [WORKSPACE.botUserId, ...EVERYBODY] },
  { id: 'C0GENERAL01', name: 'general', memberIds: EVERYBODY },
];
