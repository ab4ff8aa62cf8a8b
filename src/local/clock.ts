/**
 * Simulated time for practice mode.
 *
 * Everything that happens in the simulated AWS (jobs, waits, timeouts, deadlines) is timed by a {@link Clock}. Two exist:
 * {@link ScaledClock} runs at a multiple of real time, {@link VirtualClock} jumps from timer to timer and is used by tests.
 * Slack's own limits and request signatures are never on this clock: they are always in real time.
 */
export interface Clock {
  /** Simulated time, milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `task` once, `delayMs` simulated milliseconds from now (0 or less: as soon as possible). */
  after(delayMs: number, task: () => void): CancelTimer;
  /**
   * Says that work is under way which takes no simulated time (a function call, an HTTP request). A virtual clock does
   * not jump while anything is held; a scaled clock ignores it. Call the answer once when the work has ended.
   */
  hold(): Release;
  /**
   * Says that a person is being waited for. While at least one such wait is open, a scaled clock runs at 1×, so that a
   * gate does not expire in a second of the reader's life. A virtual clock ignores it: tests decide when time passes.
   */
  waitForPerson(): Release;
}

export type CancelTimer = () => void;
export type Release = () => void;

function once(action: () => void): Release {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}

interface ScaledTimer {
  due: number;
  task: () => void;
  handle: NodeJS.Timeout | undefined;
}

/** `setTimeout` takes at most a signed 32-bit number of milliseconds; longer waits are re-armed. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/**
 * A clock that runs `speed` simulated seconds in each real second, and at 1× while a person is being waited for. It can be
 * paused, and can jump to what is due next.
 */
export class ScaledClock implements Clock {
  #speed: number;
  #rate: number;
  #realBase = performance.now();
  #simulatedBase: number;
  #people = 0;
  #paused = false;
  #stopped = false;
  readonly #timers = new Set<ScaledTimer>();
  readonly #listeners = new Set<(rate: number) => void>();

  constructor(options: { speed: number; startAt?: number }) {
    if (!(options.speed > 0)) throw new RangeError(`speed must be greater than 0, not ${options.speed}`);
    this.#speed = options.speed;
    this.#rate = options.speed;
    this.#simulatedBase = options.startAt ?? Date.now();
  }

  /** Simulated seconds per real second at this moment: the speed asked for, or 1 while a person is being waited for. */
  get rate(): number {
    return this.#rate;
  }

  now(): number {
    return Math.floor(this.#simulatedBase + (performance.now() - this.#realBase) * this.#rate);
  }

  after(delayMs: number, task: () => void): CancelTimer {
    if (this.#stopped) return () => {};
    const timer: ScaledTimer = { due: this.now() + Math.max(0, delayMs), task, handle: undefined };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      clearTimeout(timer.handle);
      this.#timers.delete(timer);
    };
  }

  hold(): Release {
    return () => {};
  }

  waitForPerson(): Release {
    this.#people += 1;
    this.#applyRate();
    return once(() => {
      this.#people -= 1;
      this.#applyRate();
    });
  }

  /** Changes the speed asked for; it takes effect at once, or when nobody is waited for any more. */
  setSpeed(speed: number): void {
    if (!(speed > 0)) throw new RangeError(`speed must be greater than 0, not ${speed}`);
    this.#speed = speed;
    this.#applyRate();
  }

  /** True while {@link pause} is in force. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Stands still until {@link resume}: no timer fires. */
  pause(): void {
    this.#paused = true;
    this.#applyRate();
  }

  resume(): void {
    this.#paused = false;
    this.#applyRate();
  }

  /** True while a person is being waited for. */
  get waitingForPerson(): boolean {
    return this.#people > 0;
  }

  /** The speed that was asked for. */
  get speed(): number {
    return this.#speed;
  }

  /**
   * Jumps to the moment of the next timer, which then fires. False, and no jump, when there is none or while a person is
   * being waited for: a deadline of theirs is never jumped to, unless `letWait` says that this is what is wanted.
   */
  skipToNext({ letWait = false }: { letWait?: boolean } = {}): boolean {
    if ((this.#people > 0 && !letWait) || this.#timers.size === 0) return false;
    const now = this.now();
    // What a pause has made late fires too, but does not count as the next thing: a jump that moves no time looks broken.
    const ahead = [...this.#timers].map((timer) => timer.due).filter((due) => due > now);
    if (ahead.length > 0) this.#simulatedBase += Math.min(...ahead) - now;
    const firing = [...this.#timers].filter((timer) => timer.due <= this.now());
    for (const timer of firing) this.#fire(timer);
    for (const timer of this.#timers) this.#arm(timer);
    return true;
  }

  /** Calls `listener` with the new rate whenever it changes; the answer stops that. */
  onRateChange(listener: (rate: number) => void): Release {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Cancels every timer and takes no new one, so that the process can end. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer.handle);
    this.#timers.clear();
  }

  #applyRate(): void {
    const rate = this.#paused ? 0 : this.#people > 0 ? 1 : this.#speed;
    if (rate === this.#rate) return;
    this.#simulatedBase = this.#simulatedBase + (performance.now() - this.#realBase) * this.#rate;
    this.#realBase = performance.now();
    this.#rate = rate;
    for (const timer of this.#timers) this.#arm(timer);
    for (const listener of this.#listeners) listener(rate);
  }

  #fire(timer: ScaledTimer): void {
    clearTimeout(timer.handle);
    if (this.#timers.delete(timer)) timer.task();
  }

  #arm(timer: ScaledTimer): void {
    clearTimeout(timer.handle);
    if (this.#rate === 0) return;
    const realDelay = Math.max(0, (timer.due - this.now()) / this.#rate);
    timer.handle = setTimeout(
      () => {
        if (this.now() < timer.due) {
          this.#arm(timer);
          return;
        }
        this.#fire(timer);
      },
      Math.min(Math.ceil(realDelay), LONGEST_TIMEOUT_MS),
    );
  }
}

interface VirtualTimer {
  due: number;
  order: number;
  task: () => void;
}

/** Thrown by {@link VirtualClock.runUntil} when the condition cannot come true. */
export class ClockStoppedError extends Error {
  override readonly name = 'ClockStoppedError';
}

/** A clock that stands still until told to run, and then jumps to the next timer as soon as no work is held. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #holds = 0;
  #timers: VirtualTimer[] = [];
  #idleWaiters: (() => void)[] = [];

  constructor(startAt: number = Date.parse('2026-03-02T03:00:00Z')) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): CancelTimer {
    const timer: VirtualTimer = { due: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((candidate) => candidate !== timer);
    };
  }

  hold(): Release {
    this.#holds += 1;
    return once(() => {
      this.#holds -= 1;
      if (this.#holds === 0) {
        const waiters = this.#idleWaiters;
        this.#idleWaiters = [];
        for (const wake of waiters) wake();
      }
    });
  }

  waitForPerson(): Release {
    return () => {};
  }

  /** Resolves when no work is held, after two turns of the event loop in which nothing new was taken on. */
  async idle(): Promise<void> {
    let quietTurns = 0;
    while (quietTurns < 2) {
      if (this.#holds > 0) {
        quietTurns = 0;
        await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
      quietTurns = this.#holds > 0 ? 0 : quietTurns + 1;
    }
  }

  /**
   * Fires the timers in order until `condition` holds.
   * @throws {ClockStoppedError} when no timer is left, or when `withinMs` simulated milliseconds (default: one day) have passed.
   */
  async runUntil(
    condition: () => boolean | Promise<boolean>,
    options: { withinMs?: number; what?: string } = {},
  ): Promise<void> {
    const what = options.what ?? 'the condition';
    const end = this.#now + (options.withinMs ?? 86_400_000);
    await this.idle();
    while (!(await condition())) {
      const next = this.#next();
      if (next === undefined) throw new ClockStoppedError(`${what} did not come true: nothing is left to happen`);
      if (next.due > end) {
        throw new ClockStoppedError(`${what} did not come true by ${new Date(end).toISOString()} of simulated time`);
      }
      this.#fire(next);
      await this.idle();
    }
  }

  /** Lets `ms` simulated milliseconds pass, with everything that happens in them. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.idle();
    for (let next = this.#next(); next !== undefined && next.due <= end; next = this.#next()) {
      this.#fire(next);
      await this.idle();
    }
    this.#now = end;
  }

  #next(): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.due < next.due || (timer.due === next.due && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }

  #fire(timer: VirtualTimer): void {
    this.#timers = this.#timers.filter((candidate) => candidate !== timer);
    this.#now = Math.max(this.#now, timer.due);
    timer.task();
  }
}
