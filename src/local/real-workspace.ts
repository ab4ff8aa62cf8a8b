import { readFileSync } from 'node:fs';
import { SocketModeReceiver } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { chatTools, createApp } from '../chat/ingress.ts';
import { accessSchema } from '../domain/access.ts';
import { describeIssues } from '../domain/contract.ts';
import { messageOf } from '../domain/errors.ts';
import { policiesSchema } from '../domain/policy.ts';
import { requestSettingsSchema } from '../platform/configuration.ts';
import type { Log, Platform } from '../platform/platform.ts';
import { slackClientOptions, slackLogger } from '../platform/slack.ts';
import { UsageError } from './command-line.ts';
import type { WorkspaceDocuments } from './practice.ts';

/** What Socket Mode needs: the bot's token and the app's own. Never printed. */
export interface SlackTokens {
  botToken: string;
  appToken: string;
}

/** The workspace that the bot's token belongs to. */
export interface ConnectedTeam {
  teamId: string;
  teamName: string;
  botName: string;
}

/**
 * The tokens of a real workspace; undefined when there are none, which means the simulated one.
 * @throws {UsageError} when there is only one of the two
 */
export function readTokens(environment: Readonly<Record<string, string | undefined>>): SlackTokens | undefined {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = environment;
  if (!botToken && !appToken) return undefined;
  if (!botToken) throw new UsageError('SLACK_APP_TOKEN is set but SLACK_BOT_TOKEN is not: Socket Mode needs both.');
  if (!appToken) {
    throw new UsageError(
      'SLACK_BOT_TOKEN is set but SLACK_APP_TOKEN is not: Socket Mode needs both. Unset SLACK_BOT_TOKEN for the simulated Slack.',
    );
  }
  return { botToken, appToken };
}

/** @throws {UsageError} when Slack does not accept the bot's token, or cannot be asked */
export async function readTeam({ botToken }: SlackTokens, log: Log): Promise<ConnectedTeam> {
  try {
    const answer = await new WebClient(botToken, slackClientOptions(log)).auth.test();
    const { team_id: teamId = '', team: teamName = '', user: botName = '' } = answer;
    return { teamId, teamName, botName };
  } catch (error) {
    throw new UsageError(`Slack does not accept SLACK_BOT_TOKEN (${messageOf(error)}). npm run doctor says more.`);
  }
}

const documentsSchema = z.object({
  access: accessSchema,
  policies: policiesSchema.prefault({}),
  requests: requestSettingsSchema.prefault({}),
});

/**
 * Who may do what in the workspace: `access` of a file, with `policies` and `requests` where it has them. A deployment's file
 * has all three.
 * @throws {UsageError} when there is no file (it shows what to write into one), or it is wrong or for another workspace
 */
export function readDocuments(file: string | undefined, team: ConnectedTeam): WorkspaceDocuments {
  if (file === undefined) throw new UsageError(whatToWrite(team));
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} cannot be read as JSON: ${messageOf(error)}`);
  }
  const parsed = documentsSchema.safeParse(content);
  if (!parsed.success) throw new UsageError(describeIssues(file, parsed.error));
  const { teamId } = parsed.data.access;
  if (teamId !== team.teamId) {
    throw new UsageError(
      `${file} says who may do what in the workspace ${teamId}, but the tokens are for ${team.teamName} (${team.teamId}).`,
    );
  }
  return parsed.data;
}

/** Nobody has a role by default, not even who starts it: in a real workspace other people are there, too. */
function whatToWrite({ teamId, teamName }: ConnectedTeam): string {
  const example = {
    access: {
      teamId,
      grants: [
        { role: 'DRSOperator', users: ['who asks for drills'] },
        { role: 'DRSRecoveryManager', users: ['who asks and approves'] },
      ],
    },
    policies: { drill: { selfApproval: true } },
  };
  return [
    `Nobody may do anything yet in ${teamName}. Write who may do what to a file, and start again with --access FILE:`,
    JSON.stringify(example, null, 2),
    'In the place of the words in "users" put member IDs (in Slack: profile → ⋮ → Copy member ID). "selfApproval" is for somebody alone: as the only DRSRecoveryManager you approve what you asked for. With two people leave "policies" out.',
  ].join('\n\n');
}

/** A connection to a real workspace; `close` ends it. */
export interface Connection {
  close(): Promise<void>;
}

/**
 * Brings what people type and press in the workspace to the bot, by Socket Mode. Slack ends a connection every few hours; a
 * new one is made by itself.
 * @param options.say takes a line for the person at the terminal
 * @param options.pingTimeoutMs how long Slack may be silent; a lost connection is made again after as long. @default - the
 *   client's own 5 s
 * @throws {UsageError} when Slack does not accept the app-level token
 */
export async function connect(options: {
  tokens: SlackTokens;
  platform: Platform;
  say: (line: string) => void;
  pingTimeoutMs?: number;
}): Promise<Connection> {
  const { tokens, platform, say } = options;
  const { slackApiUrl } = slackClientOptions(platform.log);
  const receiver = new SocketModeReceiver({
    appToken: tokens.appToken,
    logger: slackLogger(platform.log),
    clientPingTimeout: options.pingTimeoutMs,
    // Not the product's own options: an attempt to connect is made again and again.
    installerOptions: { clientOptions: { slackApiUrl } },
  });
  const app = createApp(receiver, tokens.botToken, chatTools(platform));
  try {
    await app.start();
  } catch (error) {
    throw new UsageError(
      `Slack does not accept SLACK_APP_TOKEN (${messageOf(error)}). It needs the scope connections:write, and Socket Mode has to be on. npm run doctor says more.`,
    );
  }
  receiver.client.on('reconnecting', () => say('The connection to Slack has ended: connecting again.'));
  receiver.client.on('connected', () => say('Connected to Slack again.'));
  return {
    close: async () => {
      await app.stop();
    },
  };
}
