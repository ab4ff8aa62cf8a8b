import { Logger } from '@aws-lambda-powertools/logger';
import { standardOutput } from '../observability/metrics-writer.ts';
import { redactingLog } from '../observability/redact.ts';
import type { Network } from './network.ts';

/** Structured log lines. Never give it secrets, task tokens, or whole events. */
export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** What a function gets from the place where it runs: its settings, its role, its clock, its log. */
export interface Platform {
  environment: Readonly<Record<string, string | undefined>>;
  /** The role's credentials; left out on Lambda, where the SDK finds them. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Milliseconds since the epoch. Deadlines, ages and records go by this clock; request signatures by the real one. */
  now: () => number;
  /**
   * Waits, in real milliseconds: Slack's pace is in real time.
   * @default - what would have to wait is put off instead
   */
  sleep?: (ms: number) => Promise<void>;
  /**
   * How addresses that people name are reached.
   * @default - the network of the place where it runs
   */
  network?: Network;
  log: Log;
  /** Takes one line of metrics; left out where nobody reads them. */
  printLine?: (line: string) => void;
}

/** Where the platform's metrics go. */
export function printerOf({ printLine }: Platform): (line: string) => void {
  return printLine ?? (() => {});
}

/** Builds a function's handler from its platform. Each function's file exports one as `create`. */
export type CreateHandler<Event, Answer> = (platform: Platform) => (event: Event) => Promise<Answer>;

/**
 * The handler that Lambda calls: built once, at the first invocation, so that an error in the configuration is reported
 * by the invocation instead of by a failed start. It has two arguments: the Node 24 runtime refuses three.
 */
export function onLambda<Event, Answer>(
  create: CreateHandler<Event, Answer>,
): (event: Event, context: unknown) => Promise<Answer> {
  let handle: ((event: Event) => Promise<Answer>) | undefined;
  return async (event, _context) => {
    handle ??= create(lambdaPlatform());
    return await handle(event);
  };
}

function lambdaPlatform(): Platform {
  const logger = new Logger();
  return {
    environment: process.env,
    now: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    log: redactingLog({
      info: (message, fields) => logger.info(message, fields ?? {}),
      warn: (message, fields) => logger.warn(message, fields ?? {}),
      error: (message, fields) => logger.error(message, fields ?? {}),
    }),
    printLine: standardOutput,
  };
}
