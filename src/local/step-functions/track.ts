import type { Clock, Release } from '../clock.ts';

/** Thrown inside a track whose scope was cancelled. It never leaves the engine. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** A part of an execution that can be given up as a whole: a Map with its iterations, an execution with everything in it. */
export class Scope {
  #cancelled = false;
  readonly #listeners = new Set<() => void>();

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** A scope that is cancelled together with this one. Call `leave` when it has ended. */
  inner(): { scope: Scope; leave: Release } {
    const scope = new Scope();
    return { scope, leave: this.onCancel(() => scope.cancel()) };
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }

  /** Calls `listener` when the scope is cancelled, at once if it is already; the answer stops that. */
  onCancel(listener: () => void): Release {
    if (this.#cancelled) {
      listener();
      return () => {};
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** How a wait of a track ends. Only the first call counts. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * One line of control of an execution. It holds the clock while it works, which takes no simulated time, and lets go of it
 * while it waits.
 */
export class Track {
  readonly scope: Scope;
  readonly #clock: Clock;
  #release: Release;

  constructor(clock: Clock, scope: Scope) {
    this.#clock = clock;
    this.scope = scope;
    this.#release = clock.hold();
  }

  /** Lets go of the clock for good. */
  end(): void {
    this.#release();
  }

  /** @throws {Cancelled} when the track is no longer wanted */
  check(): void {
    if (this.scope.cancelled) throw new Cancelled();
  }

  /**
   * Waits until what `begin` started settles. What `begin` answers is called as soon as the wait has ended, however it ended.
   * @throws {Cancelled} as soon as the scope is cancelled
   */
  async wait<T>(begin: (settle: Settle<T>) => (() => void) | undefined): Promise<T> {
    this.check();
    return new Promise<T>((resolve, reject) => {
      let settled = false;
      let cleanUp: (() => void) | undefined;
      const finish = (action: () => void) => {
        if (settled) return;
        settled = true;
        // Held again before anything else happens, so that a virtual clock cannot jump past the work that follows.
        this.#release();
        this.#release = this.#clock.hold();
        stopListening();
        cleanUp?.();
        action();
      };
      const stopListening = this.scope.onCancel(() => finish(() => reject(new Cancelled())));
      cleanUp = begin({
        resolve: (value) => finish(() => resolve(value)),
        reject: (error) => finish(() => reject(error)),
      });
      if (settled) cleanUp?.();
      else this.#release();
    });
  }

  /** Lets `milliseconds` of simulated time pass. */
  async sleep(milliseconds: number): Promise<void> {
    await this.wait<void>((settle) => this.#clock.after(milliseconds, () => settle.resolve()));
  }
}
