import type { CancelTimer, Clock, Release } from '../../src/local/clock.ts';
import { realTurn } from './virtual-globals.ts';

interface Timer {
  due: number;
  order: number;
  task: (() => void) | undefined;
}

/** More timers than any schedule fires in all its time: whoever reaches it asks again and again without waiting. */
const MOST_FIRED = 400_000;

/** Thrown when a schedule does not come to rest. */
export class EndlessError extends Error {
  override readonly name = 'EndlessError';
}

/**
 * The one clock of a simulation. It stands still while any promise can go on, and then jumps to the next timer. Nothing
 * holds it: all that can be waited for in the process is a promise or one of its timers.
 */
export class SimulationClock implements Clock {
  #now: number;
  #order = 0;
  #fired = 0;
  /** A heap by time, then by order. */
  #timers: Timer[] = [];

  constructor(startAt: number) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): CancelTimer {
    const timer: Timer = { due: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#push(timer);
    return () => {
      timer.task = undefined;
    };
  }

  hold(): Release {
    return () => {};
  }

  waitForPerson(): Release {
    return () => {};
  }

  /** How many timers have fired. */
  get fired(): number {
    return this.#fired;
  }

  /** Lets `ms` milliseconds pass, or less when `until` has come true, which is asked after each timer. */
  async advance(ms: number, until: () => boolean = () => false): Promise<boolean> {
    const end = this.#now + ms;
    await realTurn();
    while (!until()) {
      const next = this.#next();
      if (next === undefined || next.due > end) {
        this.#now = end;
        return until();
      }
      this.#pop();
      this.#now = Math.max(this.#now, next.due);
      this.#fired += 1;
      if (this.#fired > MOST_FIRED) throw new EndlessError(`${MOST_FIRED} timers have fired`);
      next.task?.();
      await realTurn();
    }
    return true;
  }

  /** Fires nothing any more. */
  stop(): void {
    this.#timers = [];
  }

  #next(): Timer | undefined {
    while (this.#timers[0] !== undefined && this.#timers[0].task === undefined) this.#pop();
    return this.#timers[0];
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    heap.push(timer);
    let at = heap.length - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isEarlier(at, above)) break;
      this.#swap(at, above);
      at = above;
    }
  }

  #pop(): void {
    const heap = this.#timers;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && this.#isEarlier(left, least)) least = left;
      if (right < heap.length && this.#isEarlier(right, least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isEarlier(one: number, other: number): boolean {
    const [a, b] = [this.#timers[one], this.#timers[other]];
    if (a === undefined || b === undefined) return false;
    return a.due < b.due || (a.due === b.due && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#timers[one], this.#timers[other]];
    if (a === undefined || b === undefined) return;
    this.#timers[one] = b;
    this.#timers[other] = a;
  }
}
