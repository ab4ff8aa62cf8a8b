/**
 * Says what is right and what is wrong with the Slack app of a deployment, or of practice mode in a real workspace, and with
 * what is deployed in AWS: `npm run doctor`. It only asks; it changes nothing.
 */
import { parseArgs } from 'node:util';
import { type WebAPICallResult, WebClient } from '@slack/web-api';
import { z } from 'zod';
import { type Deployment, DeploymentError, readDeployment } from '../infra/deployment.ts';
import { BOT_SCOPES } from '../infra/slack-manifest.ts';
import { messageOf } from '../src/domain/errors.ts';
import { type Finding, ok, skipped, wrong } from '../src/domain/finding.ts';
import type { Log } from '../src/platform/platform.ts';
import { slackClientOptions } from '../src/platform/slack.ts';
import { examineAws } from './doctor/aws.ts';

const HELP = `Checks the Slack app: token, scopes, app-level token, channels, and the deployment's file against the workspace.
With --aws also what is deployed: functions, parameters, secret, audit, alarms, and every account.

  SLACK_BOT_TOKEN=xoxb-… [SLACK_APP_TOKEN=xapp-…] npm run doctor -- [options]

  --config FILE   the deployment's file: is it valid, and does everybody in it exist in the workspace?
  --channel ID    a channel that the bot is to be in; may be given several times. Those of the file, for
                  requests and for the daily message, are looked at too.
  --aws           what is deployed of the file, too, with your AWS credentials (AWS_PROFILE and the like). Slack is then
                  looked at only where SLACK_BOT_TOKEN is set
  --help          this

It ends with 0 when nothing is wrong, 1 otherwise, 2 for wrong usage. Tokens are never printed.`;

/** What is looked at. */
export interface Patient {
  botToken?: string;
  appToken?: string;
  /** Channel ids. */
  channels: string[];
  /** Path of the deployment's file. */
  configFile?: string;
  /** @default - SLACK_API_URL, or Slack's own */
  apiUrl?: string;
}

/** The workspace that the bot's token belongs to. */
interface Team {
  id: string;
  name: string;
  botName: string;
}

/** Refusals are what the report is about: the client's own lines about them would only be in the way. */
const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

const refused = z.object({ data: z.object({ error: z.string() }) });

/** Slack's error code, e.g. `invalid_auth`, or why Slack could not be asked. */
function codeOf(error: unknown): string {
  const parsed = refused.safeParse(error);
  return parsed.success ? parsed.data.data.error : `Slack cannot be asked: ${messageOf(error)}`;
}

const REINSTALL =
  'Take the manifest of `npm run manifest` over at api.slack.com/apps → App Manifest, and install the app again';

/** Looks at everything. Never throws for what Slack or the file says; one finding for each check, in order. */
export async function examine(patient: Patient): Promise<Finding[]> {
  const options = {
    ...slackClientOptions(quiet),
    ...(patient.apiUrl === undefined ? {} : { slackApiUrl: patient.apiUrl }),
  };
  const slack = patient.botToken === undefined ? undefined : new WebClient(patient.botToken, options);
  const { findings, team } = await tokenFindings(slack);
  const deployment = patient.configFile === undefined ? undefined : deploymentOf(patient.configFile);
  const configured = deployment !== undefined && 'access' in deployment ? deployment : undefined;
  const fromFile = [configured?.requests.channelId, configured?.readiness.digest?.channelId];
  const channels = [...new Set([...patient.channels, ...fromFile.filter((channel) => channel !== undefined)])];
  return [
    ...findings,
    await appTokenFinding(patient.appToken === undefined ? undefined : new WebClient(patient.appToken, options)),
    ...(await channelFindings(team === undefined ? undefined : slack, team, channels)),
    ...(deployment === undefined
      ? [skipped('Configuration: not checked. Give the deployment’s file with --config FILE.')]
      : 'state' in deployment
        ? [deployment]
        : [ok(`Configuration: ${patient.configFile} is valid.`)]),
    ...(configured === undefined || slack === undefined || team === undefined
      ? []
      : await accessFindings(slack, team, configured)),
  ];
}

async function tokenFindings(slack: WebClient | undefined): Promise<{ findings: Finding[]; team?: Team }> {
  if (slack === undefined) {
    const todo = 'Set it to the Bot User OAuth Token (xoxb-…) of api.slack.com/apps → OAuth & Permissions';
    return { findings: [wrong('Bot token: SLACK_BOT_TOKEN is not set, so nothing in Slack could be checked', todo)] };
  }
  try {
    const answer = await slack.auth.test();
    const { team_id: id = '', team: name = '', user: botName = '' } = answer;
    if (answer.bot_id === undefined) {
      const todo = 'Take the Bot User OAuth Token (xoxb-…), not a person’s';
      return { findings: [wrong('Bot token: SLACK_BOT_TOKEN is not a bot’s', todo)] };
    }
    const valid = ok(`Bot token: @${botName} in the workspace ${name} (${id}).`);
    return { findings: [valid, scopeFinding(answer)], team: { id, name, botName } };
  } catch (error) {
    const todo = 'Copy the Bot User OAuth Token (xoxb-…) of api.slack.com/apps → OAuth & Permissions again';
    return { findings: [wrong(`Bot token: Slack does not accept it (${codeOf(error)})`, todo)] };
  }
}

/** Slack tells a token's scopes with every answer. */
function scopeFinding({ response_metadata }: WebAPICallResult): Finding {
  const granted = response_metadata?.scopes;
  if (granted === undefined) return skipped('Scopes: Slack did not say which the token has.');
  const needed: string[] = BOT_SCOPES.map(({ scope }) => scope);
  const missing = BOT_SCOPES.filter(({ scope }) => !granted.includes(scope)).map(
    ({ scope, why }) => `${scope} (${why})`,
  );
  if (missing.length > 0) return wrong(`Scopes: the token lacks ${missing.join(', ')}`, REINSTALL);
  const more = granted.filter((scope) => !needed.includes(scope));
  return ok(`Scopes: all ${needed.length}${more.length === 0 ? '' : `; not needed: ${more.join(', ')}`}.`);
}

async function appTokenFinding(slack: WebClient | undefined): Promise<Finding> {
  if (slack === undefined) return skipped('App-level token: SLACK_APP_TOKEN is not set. Only Socket Mode needs it.');
  try {
    await slack.apps.connections.open({});
    return ok('App-level token: Socket Mode can be used.');
  } catch (error) {
    const todo =
      'Make one with the scope connections:write at api.slack.com/apps → Basic Information → App-Level Tokens (xapp-…), and turn Socket Mode on';
    return wrong(`App-level token: Slack does not accept it (${codeOf(error)})`, todo);
  }
}

async function channelFindings(
  slack: WebClient | undefined,
  team: Team | undefined,
  channels: string[],
): Promise<Finding[]> {
  if (channels.length === 0) return [skipped('Channels: none given. Name those of the incidents with --channel C….')];
  if (slack === undefined || team === undefined) {
    return [skipped(`Channels: ${channels.join(', ')} not checked without a valid bot token.`)];
  }
  return await Promise.all(channels.map((channel) => channelFinding(slack, team, channel)));
}

async function channelFinding(slack: WebClient, team: Team, id: string): Promise<Finding> {
  const invite = `Type /invite @${team.botName} in it`;
  try {
    const { channel } = await slack.conversations.info({ channel: id });
    const name = `#${channel?.name ?? id} (${id})`;
    if (channel?.is_archived === true) return wrong(`Channel: ${name} is archived`, 'Name another one');
    if (channel?.is_member !== true) return wrong(`Channel: the bot is not in ${name}`, invite);
    return ok(`Channel: the bot is in ${name}.`);
  } catch (error) {
    const code = codeOf(error);
    // Slack tells a bot nothing of a private channel that it is not in.
    return code === 'channel_not_found'
      ? wrong(`Channel: there is no ${id}, or it is private and the bot is not in it`, invite)
      : wrong(`Channel: ${id} could not be looked at (${code})`, REINSTALL);
  }
}

/** `isToldAlready`: whether what is wrong with the file has been said. */
async function deployedFindings(configFile: string, isToldAlready: boolean): Promise<Finding[]> {
  const deployment = deploymentOf(configFile);
  if (!('state' in deployment)) return await examineAws(deployment);
  return isToldAlready ? [] : [deployment];
}

function deploymentOf(file: string): Deployment | Finding {
  try {
    return readDeployment(file);
  } catch (error) {
    if (!(error instanceof DeploymentError)) throw error;
    const problems = error.message.split('\n').map((line) => line.trim());
    return wrong(`Configuration: ${problems.join(' · ')}`, `\`npm run check-config -- ${file}\` shows the lines`);
  }
}

/** Whether the file is for this workspace, and everybody in it is somebody there. */
async function accessFindings(slack: WebClient, team: Team, { access, policies }: Deployment): Promise<Finding[]> {
  if (access.teamId !== team.id) {
    const what = `Access: the file is for the workspace ${access.teamId}, the token for ${team.name} (${team.id})`;
    return [wrong(what, 'Put the right access.teamId into the file, or take the other workspace’s token')];
  }
  const users = idsBelow('users', { access, policies });
  const groups = idsBelow('userGroups', { access, policies });
  const problems = (await inTurn(users, (userId) => userProblem(slack, team, userId))).filter(
    (finding) => finding !== undefined,
  );
  const people = problems.length > 0 ? problems : [ok(`Access: ${users.length} people, all members of ${team.name}.`)];
  return [...people, ...(groups.length === 0 ? [] : await groupFindings(slack, groups))];
}

/** Every id that stands in a list of this name, wherever in the documents, each once. */
function idsBelow(name: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const found = Object.entries(value).flatMap(([key, member]) =>
    key === name && Array.isArray(member) ? member.map(String) : idsBelow(name, member),
  );
  return [...new Set(found)];
}

/** One after the other: users.info allows a hundred a minute, and a burst of all would be refused. */
async function inTurn<Item, Result>(items: readonly Item[], each: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await each(item));
  return results;
}

async function userProblem(slack: WebClient, team: Team, userId: string): Promise<Finding | undefined> {
  const todo = 'Take them out of the file, or put in the right member ID (profile → ⋮ → Copy member ID)';
  try {
    const { user } = await slack.users.info({ user: userId });
    const name = `${userId} (${user?.real_name ?? user?.name ?? 'no name'})`;
    if (user?.deleted === true) return wrong(`Access: ${name} is deactivated`, todo);
    if (user?.is_bot === true) return wrong(`Access: ${name} is a bot; a machine never votes`, todo);
    if (user?.is_restricted === true || user?.is_ultra_restricted === true) {
      return wrong(`Access: ${name} is a guest; only full members count`, todo);
    }
    if (user?.team_id !== undefined && user.team_id !== team.id) {
      return wrong(`Access: ${name} is of another workspace (${user.team_id})`, todo);
    }
    return undefined;
  } catch (error) {
    return wrong(`Access: ${userId} could not be found (${codeOf(error)})`, todo);
  }
}

async function groupFindings(slack: WebClient, groups: string[]): Promise<Finding[]> {
  try {
    const { usergroups = [] } = await slack.usergroups.list({ include_users: true, include_disabled: false });
    const members = new Map(usergroups.map(({ id, users }) => [id, users ?? []]));
    return groups.map((id) => {
      const users = members.get(id);
      if (users === undefined) {
        return wrong(`Access: there is no user group ${id}, or it is disabled`, 'Put the right id into the file');
      }
      return users.length > 0
        ? ok(`Access: user group ${id} has ${users.length === 1 ? '1 member' : `${users.length} members`}.`)
        : wrong(`Access: nobody is in the user group ${id}`, 'Add its members in Slack');
    });
  } catch (error) {
    return [wrong(`Access: user groups could not be read (${codeOf(error)})`, REINSTALL)];
  }
}

function lineOf({ state, text }: Finding): string {
  return `${{ ok: 'ok     ', warning: 'LOOK   ', wrong: 'WRONG  ', skipped: '–      ' }[state]}${text}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      channel: { type: 'string', multiple: true },
      aws: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const { aws = false, config, channel = [] } = values;
  if (aws && config === undefined) throw new Error('--aws needs the deployment’s file: --config FILE.');
  const botToken = process.env.SLACK_BOT_TOKEN || undefined;
  const appToken = process.env.SLACK_APP_TOKEN || undefined;
  const findings = [
    ...(aws && botToken === undefined
      ? [skipped('Slack: not looked at. Set SLACK_BOT_TOKEN for that.')]
      : await examine({ botToken, appToken, channels: channel, configFile: config })),
    ...(aws && config !== undefined ? await deployedFindings(config, botToken !== undefined) : []),
  ];
  process.stdout.write(`${findings.map(lineOf).join('\n')}\n`);
  process.exitCode = findings.some(({ state }) => state === 'wrong') ? 1 : 0;
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n\n${HELP}\n`);
    process.exitCode = 2;
  });
}
