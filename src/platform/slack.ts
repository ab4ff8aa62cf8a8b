import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Logger, LogLevel, WebClient, type WebClientOptions } from '@slack/web-api';
import { z } from 'zod';
import { DrError, messageOf } from '../domain/errors.ts';
import { readSettings } from './environment.ts';
import { fetchWithOwnNames, ownEnvironment } from './own-names.ts';
import type { Log, Platform } from './platform.ts';

/** Slack and GovSlack: API, answers to commands (`hooks.`), files (`files.`), and workspaces. */
const SLACK_HOSTS = /(?:^|\.)slack(?:-gov)?\.com$/;

const secretSchema = z.object({ botToken: z.string().min(1), signingSecret: z.string().min(1) });
export type SlackSecrets = z.infer<typeof secretSchema>;

/** How long secrets are kept, in real milliseconds: a rotated one is taken up without a deploy. */
const SECRETS_KEPT_MS = 5 * 60_000;

/**
 * How long at least before they are read again for a request that they do not fit, in real milliseconds: whoever sends
 * forged requests must not have them read each time.
 */
const SECRETS_DOUBTED_AFTER_MS = 10_000;

/** Slack's secrets, from Secrets Manager. They are never logged. */
export interface SecretReader {
  read(): Promise<SlackSecrets>;
  /** Where those that `read` gave do not fit: they may have been rotated meanwhile. */
  readAgain(): Promise<SlackSecrets>;
}

/** Slack's secrets, kept for five minutes. */
export function slackSecrets(platform: Platform): SecretReader {
  const { SLACK_SECRET_ID } = readSettings(platform.environment, 'SLACK_SECRET_ID');
  const secretsManager = new SecretsManagerClient({ credentials: platform.credentials });
  let kept: { secrets: SlackSecrets; readAt: number } | undefined;
  const fetchThem = async (): Promise<SlackSecrets> => {
    const answer = await secretsManager.send(new GetSecretValueCommand({ SecretId: SLACK_SECRET_ID }));
    const secrets = parse(answer.SecretString);
    kept = { secrets, readAt: Date.now() };
    return secrets;
  };
  const youngerThan = (ms: number) => (kept !== undefined && Date.now() < kept.readAt + ms ? kept.secrets : undefined);
  return {
    read: async () => youngerThan(SECRETS_KEPT_MS) ?? (await fetchThem()),
    readAgain: async () => youngerThan(SECRETS_DOUBTED_AFTER_MS) ?? (await fetchThem()),
  };
}

function parse(text: string | undefined): SlackSecrets {
  const invalid = () =>
    new DrError(
      'ConfigurationError',
      'The Slack secret must be JSON with botToken and signingSecret. Set it in Secrets Manager.',
    );
  let content: unknown;
  try {
    content = JSON.parse(text ?? '');
  } catch {
    // The cause is left out on purpose: a parse error quotes the secret.
    throw invalid();
  }
  const parsed = secretSchema.safeParse(content);
  if (!parsed.success) throw invalid();
  return parsed.data;
}

/**
 * Options of every Slack client: a call ends in 10 s, is tried once, and a rate limit is an answer, not a wait of half
 * an hour (the client's defaults). `SLACK_API_URL` is where the API is, when it is not Slack's own. What is sent has the names
 * of the deployment's environment.
 */
export function slackClientOptions(log: Log): WebClientOptions {
  const environment = ownEnvironment();
  return {
    logger: slackLogger(log),
    timeout: 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    ...(process.env.SLACK_API_URL === undefined ? {} : { slackApiUrl: process.env.SLACK_API_URL }),
    ...(environment === undefined ? {} : { fetch: fetchWithOwnNames(environment, fetch) }),
  };
}

/**
 * True for an address that is Slack's own, or of the place that the clients are told is Slack (`SLACK_API_URL`). The bot
 * calls no other that a request names: who has stolen the signing secret could have it call anything.
 */
export function isSlacks(address: string): boolean {
  const url = URL.parse(address);
  if (url === null) return false;
  const other = process.env.SLACK_API_URL;
  if (other !== undefined && url.origin === URL.parse(other)?.origin) return true;
  return url.protocol === 'https:' && SLACK_HOSTS.test(url.hostname);
}

/** A client with the bot's token. */
export async function slackClient(secrets: Pick<SecretReader, 'read'>, log: Log): Promise<WebClient> {
  const { botToken } = await secrets.read();
  return new WebClient(botToken, slackClientOptions(log));
}

/** The logger of Bolt and of the clients. Their debug and info lines hold whole events and requests: they are dropped. */
export function slackLogger(log: Log): Logger {
  const text = (parts: unknown[]) => parts.map(messageOf).join(' ');
  return {
    debug: () => {},
    info: () => {},
    warn: (...parts) => log.warn(text(parts)),
    error: (...parts) => log.error(text(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.WARN,
    setName: () => {},
  };
}
