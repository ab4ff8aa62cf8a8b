import { Logger } from '@aws-lambda-powertools/logger';
import { z } from 'zod';
import { messageOf, nameOf } from '../domain/errors.ts';
import { nobody, standardOutput } from '../observability/metrics-writer.ts';
import { redactingLog } from '../observability/redact.ts';
import type { Network } from './network.ts';

/** A line's own fields. The names that each line has already are dropped by the logger (Powertools: reserved keys). */
export type LogFields = Record<string, unknown> & {
  level?: never;
  message?: never;
  sampling_rate?: never;
  service?: never;
  timestamp?: never;
};

/** Structured log lines. Never give it secrets, task tokens, or whole events. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
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
  return printLine ?? nobody;
}

/** Builds a function's handler from its platform. Each function's file exports one as `create`. */
export type CreateHandler<Event, Answer> = (platform: Platform) => (event: Event) => Promise<Answer>;

/** Whom an event is about. A state's names the execution, or the run of the component; one of a bus has a detail. */
const ids = z.object({
  executionId: z.string(),
  correlationId: z.string().optional(),
  gateId: z.string().optional(),
});
const aboutSomebody = z.union([
  ids,
  z.object({ run: ids }).transform(({ run }) => run),
  z.object({ detail: ids }).transform(({ detail }) => detail),
]);

/**
 * The handler that Lambda calls: built once, at the first invocation, so that an error in the configuration is reported
 * by the invocation instead of by a failed start. It has two arguments: the Node 24 runtime refuses three. What it throws
 * is logged with whom it is about: the runtime's own line does not say that.
 */
export function onLambda<Event, Answer>(
  create: CreateHandler<Event, Answer>,
  platformHere: () => Platform = lambdaPlatform,
): (event: Event, context: unknown) => Promise<Answer> {
  let platform: Platform | undefined;
  let handle: ((event: Event) => Promise<Answer>) | undefined;
  return async (event, _context) => {
    platform ??= platformHere();
    try {
      handle ??= create(platform);
      return await handle(event);
    } catch (error) {
      platform.log.error('A function failed', { ...about(event), error: nameOf(error), cause: messageOf(error) });
      throw error;
    }
  };
}

/** The ids that an event carries; nothing else of it belongs into a log. */
function about(event: unknown): Partial<z.infer<typeof ids>> {
  return aboutSomebody.safeParse(event).data ?? {};
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
