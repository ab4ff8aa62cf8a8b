import type { ScaledClock } from './clock.ts';
import type { Fault } from './rehearsal.ts';
import type { PageControls } from './slack/page/controls.ts';

/** Fastest that practice runs, in simulated seconds per real second. */
const MAX_SPEED = 10_000;

/** What the page may change: the clock, and what goes wrong. `active` are the faults that are on from the start. */
export function pageControls(
  clock: ScaledClock,
  faults: Readonly<Record<string, Fault>>,
  active: readonly string[] = [],
): PageControls {
  const on = new Set<string>();
  const controls: PageControls = {
    time: () => ({
      speed: clock.paused ? 0 : clock.speed,
      rate: clock.rate,
      now: clock.now(),
      waitingForPerson: clock.waitingForPerson,
    }),
    onRateChange: (listener) => clock.onRateChange(listener),
    setSpeed(speed) {
      if (!(speed >= 0 && speed <= MAX_SPEED)) throw new RangeError(`speed must be from 0 to ${MAX_SPEED}`);
      if (speed === 0) {
        clock.pause();
        return;
      }
      clock.setSpeed(speed);
      clock.resume();
    },
    nextEvent: (letWait) => clock.skipToNext({ letWait }),
    faults: () => Object.values(faults).map(({ id, title, expected }) => ({ id, title, expected, active: on.has(id) })),
    setFault(id, turnOn) {
      const fault = faults[id];
      if (fault === undefined) throw new RangeError(`there is no fault ${id}`);
      if (turnOn === on.has(id)) return;
      if (turnOn) {
        fault.start();
        on.add(id);
      } else {
        fault.stop();
        on.delete(id);
      }
    },
  };
  for (const id of active) controls.setFault(id, true);
  return controls;
}
