import type { Random } from './aws-functions.ts';
import type { Retrier } from './definition.ts';
import type { StatesError } from './errors.ts';

/**
 * Errors that no wildcard matches. Source: developer guide, Error handling, notes on States.ALL. AWS has been seen to let
 * States.ALL catch an oversized result of a function; a machine that works by the guide's stricter rule works either way.
 */
const TERMINAL = ['States.DataLimitExceeded', 'States.Runtime'];

/**
 * Whether an entry of Retry or Catch with these ErrorEquals is meant by `error`.
 * - States.ALL matches everything but States.DataLimitExceeded and States.Runtime.
 * - States.TaskFailed matches what States.ALL matches, without States.Timeout.
 * - States.Runtime is matched by nothing: it always ends the execution.
 */
export function matches(errorEquals: readonly string[], error: StatesError): boolean {
  const name = error.error;
  if (name === 'States.Runtime') return false;
  if (name !== undefined && errorEquals.includes(name)) return true;
  if (error.alsoKnownAs.some((alias) => errorEquals.includes(alias))) return true;
  if (name !== undefined && TERMINAL.includes(name)) return false;
  if (errorEquals.includes('States.ALL')) return true;
  return errorEquals.includes('States.TaskFailed') && name !== 'States.Timeout';
}

/**
 * Seconds until the attempt after `failures` failed ones: IntervalSeconds × BackoffRate^(failures − 1), at most
 * MaxDelaySeconds; with full jitter anything between 0 and that. Source: States Language spec, "Retrying after error".
 */
export function delaySeconds(retrier: Retrier, failures: number, random: Random): number {
  const backedOff = retrier.intervalSeconds * retrier.backoffRate ** (failures - 1);
  const capped = Math.min(backedOff, retrier.maxDelaySeconds ?? Number.POSITIVE_INFINITY);
  return retrier.fullJitter ? capped * random() : capped;
}

/** Counts the retries of one visit to a state: each retrier has its own MaxAttempts. */
export class RetryCounter {
  readonly #retriers: readonly Retrier[];
  readonly #used = new Map<Retrier, number>();
  /** All retries so far: `$states.context.State.RetryCount`. */
  total = 0;

  constructor(retriers: readonly Retrier[]) {
    this.#retriers = retriers;
  }

  /**
   * Seconds to wait before the state is tried again, or undefined when it is not: the first retrier that matches decides,
   * and when its attempts are used up the others are not asked.
   */
  next(error: StatesError, random: Random): number | undefined {
    const retrier = this.#retriers.find((candidate) => matches(candidate.errorEquals, error));
    if (retrier === undefined) return undefined;
    const failures = (this.#used.get(retrier) ?? 0) + 1;
    if (failures > retrier.maxAttempts) return undefined;
    this.#used.set(retrier, failures);
    this.total += 1;
    return delaySeconds(retrier, failures, random);
  }
}
