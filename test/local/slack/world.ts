import { LogLevel, type WebAPIPlatformError, WebClient, type WebClientOptions } from '@slack/web-api';
import { onTestFinished } from 'vitest';
import { type LocalRequest, type LocalResponse, type LocalServer, serve } from '../../../src/local/http.ts';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import { createSlackServer, type SlackServerOptions } from '../../../src/local/slack/server.ts';
import { SlackWorkspace, type WorkspaceOptions } from '../../../src/local/slack/workspace.ts';

export const BOT_TOKEN = 'xoxb-practice';
export const SIGNING_SECRET = 'practice-signing-secret';
export const CHANNEL = WORKSPACE.channelId;
/** A channel that the bot was not invited to. */
export const OTHER_CHANNEL = { id: 'C0ELSEWHERE', name: 'elsewhere', memberIds: ['U0PREQUEST1'] };

/** A bot that answers what it is told to and remembers what it was sent. */
export interface FakeBot {
  requests: LocalRequest[];
  /** What the next requests are answered; the default is an empty 200. */
  answer: (request: LocalRequest) => Promise<LocalResponse>;
}

export interface World {
  workspace: SlackWorkspace;
  /** The unmodified client, against the workspace's Web API. */
  client: WebClient;
  bot: FakeBot;
  server: LocalServer;
  /** Moves Slack's real time on; it stands still otherwise. */
  pass(ms: number): void;
}

/** A workspace that is served, with a bot that its requests go to; closed when the test has ended. */
export async function createWorld(
  options: Partial<WorkspaceOptions> & Pick<Partial<SlackServerOptions>, 'banner' | 'answerMs'> = {},
): Promise<World> {
  let now = Date.parse('2026-03-02T03:00:00Z');
  const bot: FakeBot = { requests: [], answer: async () => ({ status: 200 }) };
  const botServer = await serve(async (request) => {
    bot.requests.push(request);
    return bot.answer(request);
  });
  const memberIds = [WORKSPACE.botUserId, ...PEOPLE.map(({ userId }) => userId)];
  const workspace = new SlackWorkspace({
    botToken: BOT_TOKEN,
    now: () => now,
    channels: [{ id: WORKSPACE.channelId, name: WORKSPACE.channelName, memberIds }, OTHER_CHANNEL],
    ...options,
  });
  const server = await createSlackServer({
    workspace,
    requestUrl: `${botServer.url}/slack/events`,
    signingSecret: SIGNING_SECRET,
    banner: options.banner,
    answerMs: options.answerMs,
  });
  onTestFinished(async () => {
    await server.close();
    await botServer.close();
  });
  return {
    workspace,
    client: createClient(server),
    bot,
    server,
    pass: (ms) => {
      now += ms;
    },
  };
}

/** Refusals are what these tests are about; the client's own account of them would only fill the screen. */
export const SILENT: NonNullable<WebClientOptions['logger']> = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};

export function createClient(server: LocalServer, token = BOT_TOKEN): WebClient {
  return new WebClient(token, {
    slackApiUrl: `${server.url}/api/`,
    logger: SILENT,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
}

/** The error code and details with which Slack refused; fails when it did not. */
export async function refusalOf(call: Promise<unknown>): Promise<{ error: string; messages: string[] }> {
  try {
    await call;
  } catch (error) {
    const { data } = error as WebAPIPlatformError;
    return { error: data.error, messages: data.response_metadata?.messages ?? [] };
  }
  throw new Error('Slack did not refuse the call');
}

export function section(text: string) {
  return { type: 'section' as const, text: { type: 'mrkdwn' as const, text } };
}

/** A card with two buttons, as an approval has. */
export function approvalBlocks(revision = 1) {
  return [
    section('*Drill HRP wave 1*'),
    {
      type: 'actions' as const,
      block_id: `gate-${revision}`,
      elements: [
        {
          type: 'button' as const,
          action_id: 'approve',
          style: 'primary' as const,
          value: `request-1|${revision}`,
          text: { type: 'plain_text' as const, text: 'Approve Drill' },
        },
        {
          type: 'button' as const,
          action_id: 'reject',
          value: `request-1|${revision}`,
          text: { type: 'plain_text' as const, text: 'Reject' },
        },
      ],
    },
  ];
}

/** The form fields of a request to the bot. */
export function fieldsOf(request: LocalRequest | undefined): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(request?.body.toString('utf8')));
}

/** The interaction payload of a request to the bot. */
export function payloadOf(request: LocalRequest | undefined): Record<string, unknown> {
  return JSON.parse(fieldsOf(request).payload ?? '{}');
}

/** Answers a response_url, as the bot would. */
export async function answerUrl(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
