import type { HistoryEvent, HistoryEventType } from '@aws-sdk/client-sfn';
import { StatesError } from './errors.ts';
import { redactTaskTokens } from './task-tokens.ts';

/** Most events in the history of an execution. Source: developer guide, Service quotas, "Maximum execution history size". */
export const MOST_EVENTS = 25_000;

/** Longest `error` and `cause` in an event. Source: API reference, ExecutionFailedEventDetails. */
const LONGEST_ERROR = 256;
const LONGEST_CAUSE = 32_768;

/** The details of an event, e.g. `{stateEnteredEventDetails: {…}}`. */
export type EventDetails = Omit<HistoryEvent, 'id' | 'previousEventId' | 'timestamp' | 'type'>;

/** Error and cause as they stand in events and descriptions, cut to the lengths AWS allows and without task tokens. */
export function failureDetails(failure: { error?: string; cause?: string }): { error?: string; cause?: string } {
  return {
    ...(failure.error === undefined ? {} : { error: redactTaskTokens(failure.error).slice(0, LONGEST_ERROR) }),
    ...(failure.cause === undefined ? {} : { cause: redactTaskTokens(failure.cause).slice(0, LONGEST_CAUSE) }),
  };
}

/** The events of one execution, in AWS's shapes. Task tokens are replaced: whoever may read a history may not answer gates. */
export class History {
  readonly #events: HistoryEvent[] = [];
  readonly #now: () => number;
  #characters = 0;

  /** `now` gives simulated milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** How much text the events hold: nearly all of the memory they take. */
  get characters(): number {
    return this.#characters;
  }

  /**
   * Adds an event and answers its id.
   * @throws {StatesError} States.Runtime when only the last event, the one that ends the execution, still fits
   */
  record(type: HistoryEventType, previousEventId: number, details: EventDetails = {}): number {
    if (this.#events.length >= MOST_EVENTS - 1) {
      throw new StatesError(
        'States.Runtime',
        `The execution reached the maximum number of history events (${MOST_EVENTS}).`,
      );
    }
    return this.#add(type, previousEventId, details);
  }

  /** Adds the event that ends the execution, for which a place is always kept. */
  recordEnd(type: HistoryEventType, previousEventId: number, details: EventDetails = {}): number {
    return this.#add(type, previousEventId, details);
  }

  #add(type: HistoryEventType, previousEventId: number, details: EventDetails): number {
    const id = this.#events.length + 1;
    const shown = withoutTokens(details);
    this.#events.push({ id, previousEventId, timestamp: new Date(this.#now()), type, ...shown });
    this.#characters += lengthOf(shown);
    return id;
  }
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, field) => sum + lengthOf(field), 0);
}

function withoutTokens<T>(value: T): T {
  if (typeof value === 'string') return redactTaskTokens(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutTokens(field)])) as T;
}
