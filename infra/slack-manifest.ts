import type { AppsManifestCreateArguments } from '@slack/web-api';
import { REQUEST_SHORTCUT } from '../blocks/action-ids.ts';

/** A Slack app manifest, as Slack's own client knows it. */
export type SlackManifest = AppsManifestCreateArguments['manifest'];

/** How Slack reaches the bot: by requests to the deployed stack's URL, or by a WebSocket that the bot opens. */
export type SlackConnection = { requestUrl: string } | 'socket mode';

/** Something that the bot's token may do, and for what it is asked for. */
export interface BotScope {
  scope: string;
  why: string;
}

/**
 * Every scope of the bot's token. Whoever installs the app is shown these, and an approver reviews them: one that nothing
 * uses is not asked for. What each method of the Web API needs is in Slack's reference,
 * `https://docs.slack.dev/reference/methods/<method>`.
 */
export const BOT_SCOPES = [
  { scope: 'commands', why: '/dr and the shortcut' },
  { scope: 'app_mentions:read', why: 'somebody mentions the bot (event app_mention)' },
  { scope: 'chat:write', why: 'cards, threads and their updates' },
  { scope: 'files:write', why: 'the report of a drill with many servers, as a file in its thread' },
  {
    scope: 'files:read',
    why: 'recovery plans that somebody imports from a file; the names of files in a thread, so that a report whose upload had no answer is not uploaded twice',
  },
  {
    scope: 'channels:history',
    why: 'a card whose post had no answer is looked for in the channel before it is posted again',
  },
  { scope: 'groups:history', why: 'the same in private channels' },
  { scope: 'channels:read', why: 'whether the bot is in the channel that requests are shown in (npm run doctor)' },
  { scope: 'groups:read', why: 'the same for private channels' },
  { scope: 'users:read', why: 'whether who decides is a full member of this workspace: guests and bots do not count' },
  { scope: 'usergroups:read', why: 'who is in a user group that has a role at this moment' },
] as const satisfies readonly BotScope[];

/** The events that the bot is told of. */
const BOT_EVENTS = ['app_mention', 'app_home_opened'] as const;

const NAME = 'dr-chatops';
const DESCRIPTION = 'Disaster recovery with AWS Elastic Disaster Recovery: ask, approve, follow.';
const LONG_DESCRIPTION = [
  'Ask for drills and recoveries of servers that AWS Elastic Disaster Recovery replicates, approve what others ask for, and',
  'follow each run on one card in the incident channel. Nothing is launched before the people whom the policy names have',
  'approved the plan that they were shown. Start with',
].join(' ');

/**
 * The manifest of the Slack app. Both forms come from here and differ only in how Slack reaches the bot. It stands beside the
 * stacks because it is installed once, like them; no function reads it.
 *
 * @param environment that of the deployment's file, where it has one: in a workspace a command belongs to one app
 */
export function slackManifest(connection: SlackConnection, environment?: string): SlackManifest {
  const named = (base: string): string => (environment === undefined ? base : `${base}-${environment}`);
  const isSocketMode = connection === 'socket mode';
  const to = <Key extends string>(key: Key) =>
    (isSocketMode ? {} : { [key]: connection.requestUrl }) as Partial<Record<Key, string>>;
  return {
    _metadata: { major_version: 1 },
    display_information: {
      name: named(NAME),
      description: DESCRIPTION,
      long_description: `${LONG_DESCRIPTION} ${named('/dr')} help.`,
      background_color: '#1b3a4b',
    },
    features: {
      app_home: {
        home_tab_enabled: true,
        // The bot may write to a person; it reads no direct messages.
        messages_tab_enabled: true,
        messages_tab_read_only_enabled: true,
      },
      bot_user: { display_name: named(NAME), always_online: true },
      shortcuts: [
        {
          type: 'global',
          // Slack shows 24 characters at most.
          name: 'Ask to drill or recover',
          callback_id: REQUEST_SHORTCUT,
          description: 'Ask for a drill or a recovery by a form',
        },
      ],
      slash_commands: [
        {
          command: named('/dr'),
          description: 'Disaster recovery: ask, decide, or see what there is',
          usage_hint: 'help | drill HRP wave 1 | status | plan …',
          should_escape: false,
          ...to('url'),
        },
      ],
    },
    oauth_config: { scopes: { bot: BOT_SCOPES.map(({ scope }) => scope) } },
    settings: {
      event_subscriptions: { ...to('request_url'), bot_events: [...BOT_EVENTS] },
      interactivity: { is_enabled: true, ...to('request_url') },
      org_deploy_enabled: false,
      socket_mode_enabled: isSocketMode,
      // The secret holds one token; nothing renews one that expires.
      token_rotation_enabled: false,
    },
  };
}
