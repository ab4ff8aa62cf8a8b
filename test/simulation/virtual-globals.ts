import crypto from 'node:crypto';
import { createRequire, syncBuiltinESMExports } from 'node:module';

/*
 * Real time, real timers and real randomness are taken out of this process: whoever asks for them, the AWS SDK and the
 * Slack client included, gets the simulation's. This has to be the first import of a process: packages keep what they found.
 */

/** What the process's time and chance come from, from now on. */
export interface Source {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once, in so many milliseconds of {@link now}; the answer cancels it. */
  after(ms: number, task: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
}

const RealDate = Date;
const realPerformanceNow = performance.now.bind(performance);
const realSetImmediate = setImmediate;

let source: Source = {
  now: () => RealDate.parse('2026-03-02T03:00:00Z'),
  after: () => () => {},
  random: () => 0.5,
};

/** From now on everything in this process happens in the time and by the chance of `next`. */
export function liveBy(next: Source): void {
  source = next;
}

/** Real milliseconds, for measuring. */
export function realMilliseconds(): number {
  return realPerformanceNow();
}

/** What Node calls a file that is being read: modules that are loaded for the first time, settings of the SDK. */
const READING = /^(FS|FILE|CLOSEREQ|DIRHANDLE)/i;

/** Turns of the real event loop, until every promise that can go on has gone on and no file is being read. */
export async function realTurn(): Promise<void> {
  await turn();
  while (process.getActiveResourcesInfo().some((name) => READING.test(name))) {
    await turn();
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => realSetImmediate(resolve));
}

class VirtualDate extends RealDate {
  constructor(...given: [] | ConstructorParameters<typeof RealDate>) {
    if (given.length === 0) super(source.now());
    else super(...given);
  }

  static override now(): number {
    return source.now();
  }
}

/** A timer as Node's: it can be cancelled by itself, and nobody waits for it at the end of the process. */
class VirtualTimer {
  #cancel: (() => void) | undefined;

  constructor(ms: number, task: () => void) {
    this.#cancel = source.after(ms, task);
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

function startTimer(task: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): VirtualTimer {
  return new VirtualTimer(Math.max(1, Number(ms) || 0), () => task(...given));
}

function cancelTimer(timer: unknown): void {
  if (timer instanceof VirtualTimer) timer.cancel();
}

function bytes(size: number): Buffer {
  const made = Buffer.allocUnsafe(size);
  for (let index = 0; index < size; index += 1) made[index] = Math.floor(source.random() * 256);
  return made;
}

function uuid(): string {
  const hex = bytes(16).toString('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function fillRandomly<T extends ArrayBufferView>(array: T): T {
  const { buffer, byteOffset, byteLength } = array;
  new Uint8Array(buffer, byteOffset, byteLength).set(bytes(byteLength));
  return array;
}

/** A signal that is aborted in the simulation's time. */
function timeoutSignal(ms: number): AbortSignal {
  const controller = new AbortController();
  source.after(ms, () => {
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  });
  return controller.signal;
}

function replace(owner: object, members: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: true });
  }
}

const timers = {
  setTimeout: startTimer,
  clearTimeout: cancelTimer,
  setImmediate: (task: (...given: unknown[]) => void, ...given: unknown[]) => startTimer(task, 1, ...given),
  clearImmediate: cancelTimer,
};
const chance = { randomUUID: uuid, getRandomValues: fillRandomly };

replace(globalThis, { Date: VirtualDate, ...timers });
replace(createRequire(import.meta.url)('node:timers') as object, timers);
replace(performance, { now: () => source.now() });
replace(Math, { random: () => source.random() });
replace(globalThis.crypto, chance);
replace(AbortSignal, { timeout: timeoutSignal });
replace(crypto, {
  randomUUID: uuid,
  randomBytes: bytes,
  randomInt: (from: number, to?: number) => {
    const [least, most] = to === undefined ? [0, from] : [from, to];
    return least + Math.floor(source.random() * (most - least));
  },
});
syncBuiltinESMExports();
