/**
 * Gives out timestamps as Slack does: seconds and microseconds of its clock, each one greater than the one
 * before, so that they are unique and sort in the order of posting even when the clock is set back.
 */
export class Timestamps {
  readonly #now: () => number;
  #lastMicroseconds = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** e.g. `1700000000.000100`. */
  next(): string {
    this.#lastMicroseconds = Math.max(Math.floor(this.#now() * 1000), this.#lastMicroseconds + 1);
    const seconds = Math.floor(this.#lastMicroseconds / 1_000_000);
    const microseconds = this.#lastMicroseconds % 1_000_000;
    return `${seconds}.${String(microseconds).padStart(6, '0')}`;
  }
}
