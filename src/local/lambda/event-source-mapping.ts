import { z } from 'zod';
import type { CancelTimer, Clock, Release } from '../clock.ts';
import type { ChangeFeed, StreamRecord } from '../dynamodb/change-feed.ts';
import { type FunctionHost, PAYLOAD_LIMIT_BYTES } from './function-host.ts';

/** How a stream is delivered to a function, in the words of Lambda's event source mappings. */
export interface EventSourceMappingOptions {
  feed: ChangeFeed;
  host: FunctionHost;
  functionName: string;
  /** Times the batching window and the pauses between retries. */
  clock: Clock;
  /** Records a batch, at most. */
  batchSize: number;
  /** How long records are collected after the first one, milliseconds. 0: whatever is there is delivered at once. */
  windowMs: number;
  /** How often records that make no progress are delivered again before they are given up. Default 10 (Lambda's own: for ever). */
  maxRetries?: number;
  /** Halve a batch that failed as a whole, so that one bad record cannot take others with it. Default false. */
  bisect?: boolean;
  /** Records for which it is false are passed over. */
  filter?: (record: StreamRecord) => boolean;
  /** The on-failure destination: told of records that were given up. */
  onDiscard?: (discarded: { records: StreamRecord[]; error: unknown }) => void;
}

interface Batch {
  records: StreamRecord[];
  /** Deliveries that have already failed at the first record. */
  retries: number;
}

/** Where a delivery failed: the place of the first record that was not processed, and why. */
interface Failure {
  at: number;
  error: unknown;
}

/** Lambda retries with a growing pause and does not say how long; ours doubles from half a second to a minute. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
const DEFAULT_MAX_RETRIES = 10;

/**
 * Delivers a stream to a function in batches, one at a time and in order, as one shard does. The function may report
 * `batchItemFailures`; delivery then goes on from the lowest sequence number reported. A thrown error fails the whole
 * batch. A record that keeps failing holds up only this mapping, and only until its retries are used up.
 *
 * From a record's arrival until it is settled the clock is held or has a timer of ours.
 */
export class EventSourceMapping {
  readonly #options: EventSourceMappingOptions;
  readonly #unsubscribe: CancelTimer;
  #waiting: { record: StreamRecord; arrivedAt: number }[] = [];
  #delivering = false;
  #stopped = false;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: EventSourceMappingOptions) {
    this.#options = options;
    this.#unsubscribe = options.feed.subscribe((record) => this.#accept(record));
  }

  /** Delivers nothing any more; a delivery under way is left to end. */
  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancelTimer?.();
    this.#waiting = [];
  }

  #accept(record: StreamRecord): void {
    if (this.#options.filter?.(record) === false) return;
    this.#waiting.push({ record, arrivedAt: this.#options.clock.now() });
    this.#next();
  }

  /** Delivers a batch when it is full or its window is over; otherwise sees to it that it is looked at then. */
  #next(): void {
    const first = this.#waiting[0];
    if (first === undefined || this.#delivering || this.#stopped) return;
    const { clock, windowMs, batchSize } = this.#options;
    const left = first.arrivedAt + windowMs - clock.now();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (left <= 0 || this.#waiting.length >= batchSize) void this.#deliver(this.#takeBatch());
    else this.#cancelTimer = clock.after(left, () => this.#next());
  }

  /** As many waiting records as fit into a batch and into an event; at least one. */
  #takeBatch(): Batch {
    const records: StreamRecord[] = [];
    let bytes = Buffer.byteLength('{"Records":[]}');
    for (const { record } of this.#waiting.slice(0, this.#options.batchSize)) {
      bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
      if (records.length > 0 && bytes > PAYLOAD_LIMIT_BYTES) break;
      records.push(record);
    }
    this.#waiting.splice(0, records.length);
    return { records, retries: 0 };
  }

  async #deliver(batch: Batch): Promise<void> {
    this.#delivering = true;
    let release = this.#options.clock.hold();
    const unsettled = [batch];
    for (let current = unsettled.shift(); current !== undefined && !this.#stopped; current = unsettled.shift()) {
      const failure = await this.#attempt(current.records);
      if (failure === undefined) continue;
      unsettled.unshift(...this.#afterFailure(current, failure));
      const retries = unsettled[0]?.retries ?? 0;
      if (retries === 0) continue;
      const paused = this.#pause(Math.min(FIRST_PAUSE_MS * 2 ** (retries - 1), LONGEST_PAUSE_MS));
      release();
      release = await paused;
    }
    this.#delivering = false;
    this.#next();
    release();
  }

  /** Waits, and holds the clock again before it can go on. */
  #pause(ms: number): Promise<Release> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      this.#cancelTimer = clock.after(ms, () => resolve(clock.hold()));
    });
  }

  /** What is left to deliver of a failed batch, in order. */
  #afterFailure({ records, retries }: Batch, { at, error }: Failure): Batch[] {
    const rest = records.slice(at);
    const noProgress = at === 0;
    if (noProgress && this.#options.bisect && rest.length > 1) {
      // Halving does not count as a retry, as on AWS.
      const middle = Math.ceil(rest.length / 2);
      return [rest.slice(0, middle), rest.slice(middle)].map((half) => ({ records: half, retries }));
    }
    const again = { records: rest, retries: noProgress ? retries + 1 : 1 };
    if (again.retries <= (this.#options.maxRetries ?? DEFAULT_MAX_RETRIES)) return [again];
    this.#options.onDiscard?.({ records: rest, error });
    return [];
  }

  async #attempt(records: StreamRecord[]): Promise<Failure | undefined> {
    try {
      const answer = await this.#options.host.invoke(this.#options.functionName, { Records: records });
      const at = firstFailure(records, answer);
      return at === undefined ? undefined : { at, error: new Error('reported in batchItemFailures') };
    } catch (error) {
      return { at: 0, error };
    }
  }
}

const report = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() }).nullish();

/**
 * The place of the first record that a function reports as failed, or `undefined` when all went well. As on AWS no
 * report is a success, and a malformed report or an unknown sequence number is a failure of the whole batch.
 */
function firstFailure(records: readonly StreamRecord[], answer: unknown): number | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { data, success } = report.safeParse(answer);
  if (!success) return 0;
  const places = (data?.batchItemFailures ?? []).map((failure) =>
    records.findIndex((record) => record.dynamodb.SequenceNumber === failure.itemIdentifier),
  );
  return places.length === 0 ? undefined : Math.max(0, Math.min(...places));
}
