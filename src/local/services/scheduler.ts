import { createHash } from 'node:crypto';
import { CENTRAL_ACCOUNT, REGION } from '../accounts.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { FunctionHost } from '../lambda/function-host.ts';
import { nextCronTime, offsetAt, parseCron, toInstant } from './cron.ts';

/** A schedule of EventBridge Scheduler, in the group `default` and without a flexible time window. */
export interface ScheduleDefinition {
  /** 1 to 64 letters, digits, hyphens, underscores and periods. */
  name: string;
  /** `cron(minutes hours day-of-month month day-of-week year)`, `rate(value unit)` or `at(yyyy-mm-ddThh:mm:ss)`. */
  expression: string;
  /** Of cron and at, e.g. `Europe/Berlin`. @default - UTC */
  timezone?: string;
  /** Before this nothing is invoked, and a rate begins at it (milliseconds since the epoch); of no effect on at. @default - now */
  startDate?: number;
  target: {
    functionName: string;
    /**
     * The event as JSON text. Replaced in it at every attempt: `<aws.scheduler.schedule-arn>`,
     * `<aws.scheduler.scheduled-time>`, `<aws.scheduler.execution-id>` and `<aws.scheduler.attempt-number>`.
     */
    input: string;
  };
  /** How long the invocation of the target is tried again. @default - 185 retries within a day, which are also the most */
  retryPolicy?: { maximumRetryAttempts?: number; maximumEventAgeSeconds?: number };
}

/** What became of one attempt to invoke a schedule's target. */
export interface ScheduleAttempt {
  scheduleName: string;
  executionId: string;
  /** From 1. */
  attempt: number;
  /** Milliseconds since the epoch. */
  scheduledTime: number;
  /** `failed` by {@link Scheduler.failNext}; `given up` is the last such attempt. */
  outcome: 'delivered' | 'failed' | 'given up';
}

/** One attempt of one invocation. */
type Run = Pick<ScheduleAttempt, 'scheduledTime' | 'executionId' | 'attempt'>;

interface Schedule {
  arn: string;
  name: string;
  input: string;
  functionName: string;
  mostRetries: number;
  maximumAgeMs: number;
  next(after: number): number | undefined;
  cancel: CancelTimer;
  /** Attempts that are still to fail. */
  toFail: number;
  /** Invocations that are still to be delivered twice. */
  toDuplicate: number;
  executions: number;
}

/** Limits and defaults of a retry policy (Scheduler API reference, RetryPolicy; user guide, "Managing a schedule"). */
const RETRIES = { most: 185, leastAgeSeconds: 60, mostAgeSeconds: 86_400 } as const;
/** "Retry attempts with exponential backoff"; its lengths are not published, these are this simulator's. */
const BACKOFF_MS = { first: 1000, longest: 600_000 } as const;

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const NAME = /^[\w.-]{1,64}$/;

/**
 * EventBridge Scheduler for functions, without an API. Lambda is invoked asynchronously, so that a failed function is
 * tried again by Lambda with the very same event, and a failed delivery by Scheduler with the same execution id and the
 * next attempt number. AWS delivers at least once: {@link duplicateNext}.
 *
 * The user guide calls the execution id unique "for each attempted invocation of a target" and the attempt number a counter
 * "for the current invocation"; here one invocation keeps its execution id through its attempts.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #host: FunctionHost;
  readonly #accountId: string;
  readonly #region: string;
  readonly #schedules = new Map<string, Schedule>();
  readonly #listeners = new Set<(attempt: ScheduleAttempt) => void>();

  constructor(options: { clock: Clock; host: FunctionHost; accountId?: string; region?: string }) {
    this.#clock = options.clock;
    this.#host = options.host;
    this.#accountId = options.accountId ?? CENTRAL_ACCOUNT;
    this.#region = options.region ?? REGION;
  }

  /**
   * Creates a schedule, starts it and answers its ARN. Without a start date, a rate invokes its target at once
   * (Scheduler user guide, "Rate-based schedules").
   * @throws {Error} when it exists, or when something of it is not valid
   */
  createSchedule(definition: ScheduleDefinition): string {
    const { name, target, timezone = 'UTC', startDate = this.#clock.now(), retryPolicy = {} } = definition;
    if (!NAME.test(name)) throw new Error(`"${name}" is not a schedule's name`);
    if (this.#schedules.has(name)) throw new Error(`schedule ${name} exists`);
    const { maximumRetryAttempts = RETRIES.most, maximumEventAgeSeconds = RETRIES.mostAgeSeconds } = retryPolicy;
    checkRange('maximumRetryAttempts', maximumRetryAttempts, 0, RETRIES.most);
    checkRange('maximumEventAgeSeconds', maximumEventAgeSeconds, RETRIES.leastAgeSeconds, RETRIES.mostAgeSeconds);
    const schedule: Schedule = {
      arn: `arn:aws:scheduler:${this.#region}:${this.#accountId}:schedule/default/${name}`,
      name,
      input: checkedInput(target.input),
      functionName: target.functionName,
      mostRetries: maximumRetryAttempts,
      maximumAgeMs: maximumEventAgeSeconds * 1000,
      next: parseExpression(definition.expression, timezone, startDate),
      cancel: () => {},
      toFail: 0,
      toDuplicate: 0,
      executions: 0,
    };
    this.#schedules.set(name, schedule);
    // A rate's first time is this very moment.
    this.#arm(schedule, this.#clock.now() - 1);
    return schedule.arn;
  }

  /** Deletes a schedule; what it has begun goes on. @throws {Error} when there is none */
  deleteSchedule(name: string): void {
    this.#find(name).cancel();
    this.#schedules.delete(name);
  }

  /** When a schedule invokes its target next (milliseconds since the epoch), if ever. @throws {Error} when there is none */
  nextInvocation(name: string): number | undefined {
    return this.#find(name).next(this.#clock.now());
  }

  /** Lets the next `attempts` attempts of a schedule fail before they reach the function. @throws {Error} when there is none */
  failNext(name: string, attempts = 1): void {
    this.#find(name).toFail += attempts;
  }

  /** Lets the next invocation of a schedule be delivered twice, with the same event. @throws {Error} when there is none */
  duplicateNext(name: string): void {
    this.#find(name).toDuplicate += 1;
  }

  /** Calls `listener` after each attempt; it must not throw. The answer stops that. */
  onAttempt(listener: (attempt: ScheduleAttempt) => void): CancelTimer {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends every schedule. */
  stop(): void {
    for (const name of [...this.#schedules.keys()]) this.deleteSchedule(name);
  }

  #find(name: string): Schedule {
    const schedule = this.#schedules.get(name);
    if (schedule === undefined) throw new Error(`there is no schedule ${name}`);
    return schedule;
  }

  #arm(schedule: Schedule, after: number): void {
    const due = schedule.next(after);
    if (due === undefined) return;
    schedule.cancel = this.#clock.after(due - this.#clock.now(), () => {
      this.#arm(schedule, due);
      schedule.executions += 1;
      this.#attempt(schedule, { scheduledTime: due, executionId: executionId(schedule), attempt: 1 });
    });
  }

  #attempt(schedule: Schedule, run: Run): void {
    const outcome = schedule.toFail > 0 ? this.#fail(schedule, run) : this.#deliver(schedule, run);
    for (const listener of [...this.#listeners]) listener({ scheduleName: schedule.name, ...run, outcome });
  }

  #fail(schedule: Schedule, run: Run): ScheduleAttempt['outcome'] {
    schedule.toFail -= 1;
    const delay = Math.min(BACKOFF_MS.first * 2 ** (run.attempt - 1), BACKOFF_MS.longest);
    const isTooOld = this.#clock.now() + delay - run.scheduledTime > schedule.maximumAgeMs;
    if (run.attempt > schedule.mostRetries || isTooOld) return 'given up';
    this.#clock.after(delay, () => this.#attempt(schedule, { ...run, attempt: run.attempt + 1 }));
    return 'failed';
  }

  #deliver(schedule: Schedule, run: Run): ScheduleAttempt['outcome'] {
    const event: unknown = JSON.parse(replaceKeywords(schedule, run));
    this.#host.invokeAsync(schedule.functionName, event);
    if (schedule.toDuplicate > 0) {
      schedule.toDuplicate -= 1;
      this.#host.invokeAsync(schedule.functionName, event);
    }
    return 'delivered';
  }
}

/** Context attributes (Scheduler user guide, "Adding context attributes"): replaced as text. */
function replaceKeywords(schedule: Pick<Schedule, 'arn' | 'input'>, run: Run): string {
  return schedule.input
    .replaceAll('<aws.scheduler.schedule-arn>', schedule.arn)
    .replaceAll('<aws.scheduler.scheduled-time>', `${new Date(run.scheduledTime).toISOString().slice(0, 19)}Z`)
    .replaceAll('<aws.scheduler.execution-id>', run.executionId)
    .replaceAll('<aws.scheduler.attempt-number>', String(run.attempt));
}

/** The input of a Lambda target "must be a well-formed JSON" (Scheduler API reference, Target). */
function checkedInput(input: string): string {
  const run = { scheduledTime: 0, executionId: '0', attempt: 1 };
  try {
    JSON.parse(replaceKeywords({ arn: 'arn', input }, run));
    return input;
  } catch {
    throw new Error("the input of a schedule's target must be JSON");
  }
}

/** In the shape of the user guide's example, `d32c5kddcf5bb8c3`; repeatable, and different each time. */
function executionId({ arn, executions }: Schedule): string {
  return createHash('sha256').update(`${arn}/${executions}`).digest('hex').slice(0, 16);
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} must be from ${least} to ${most}, not ${value}`);
}

/** What an expression means: the next time after a moment. */
function parseExpression(expression: string, timezone: string, start: number): Schedule['next'] {
  // An unknown time zone is refused here rather than at the first invocation.
  offsetAt(0, timezone);
  const [, kind, content = ''] = /^(cron|rate|at)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'cron') {
    const cron = parseCron(content);
    return (after) => nextCronTime(cron, Math.max(after, start - 1), timezone);
  }
  if (kind === 'rate') {
    const interval = rateMs(content);
    return (after) => start + Math.max(0, Math.floor((after - start) / interval) + 1) * interval;
  }
  if (kind === 'at') {
    const moment = oneTime(content, timezone);
    return (after) => (moment > after ? moment : undefined);
  }
  throw new Error(`${expression} is no schedule expression`);
}

function rateMs(content: string): number {
  const [, value, unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(content) ?? [];
  const interval = Number(value ?? 0) * (UNIT_MS[unit] ?? 0);
  if (interval > 0) return interval;
  throw new Error(`rate(${content}) must be a positive number of minutes, hours or days`);
}

function oneTime(content: string, timezone: string): number {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(content);
  const local = isTime ? Date.parse(`${content}Z`) : Number.NaN;
  const moment = Number.isNaN(local) ? undefined : toInstant(local, timezone);
  if (moment !== undefined) return moment;
  throw new Error(`at(${content}) must be a time yyyy-mm-ddThh:mm:ss that exists in ${timezone}`);
}
