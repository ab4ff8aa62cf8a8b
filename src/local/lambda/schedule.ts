import type { CancelTimer, Clock } from '../clock.ts';
import type { FunctionHost } from './function-host.ts';

/** Invokes functions at a fixed rate, as an EventBridge schedule `rate(…)` does. */
export class Schedule {
  readonly #clock: Clock;
  readonly #host: FunctionHost;

  constructor(options: { clock: Clock; host: FunctionHost }) {
    this.#clock = options.clock;
    this.#host = options.host;
  }

  /**
   * Invokes a function asynchronously with `event` every `ms` milliseconds of the clock, first in `ms` milliseconds.
   * A function that takes longer is invoked again nevertheless. The answer ends the schedule.
   */
  every(ms: number, functionName: string, event: unknown): CancelTimer {
    if (!(ms > 0)) throw new RangeError(`a schedule's rate must be greater than 0, not ${ms}`);
    let cancel: CancelTimer;
    const arm = (): void => {
      cancel = this.#clock.after(ms, () => {
        arm();
        this.#host.invokeAsync(functionName, event);
      });
    };
    arm();
    return () => cancel();
  }
}
