import { afterEach, describe, expect, test, vi } from 'vitest';
import { ScaledClock } from '../../src/local/clock.ts';
import { pageControls } from '../../src/local/controls.ts';

afterEach(() => vi.useRealTimers());

function world(active: string[] = []) {
  vi.useFakeTimers();
  const clock = new ScaledClock({ speed: 60, startAt: 0 });
  const log: string[] = [];
  const fault = {
    id: 'a',
    title: 'it breaks',
    expected: 'the bot says so',
    start: () => log.push('start'),
    stop: () => log.push('stop'),
  };
  return { clock, log, controls: pageControls(clock, { a: fault }, active) };
}

describe('what the page may change', () => {
  test('a speed of 0 pauses, another goes on with it', () => {
    const { controls } = world();
    controls.setSpeed(0);
    expect(controls.time()).toMatchObject({ speed: 0, rate: 0 });
    controls.setSpeed(600);
    expect(controls.time()).toMatchObject({ speed: 600, rate: 600, waitingForPerson: false });
  });

  test('while a person is waited for, the rate is 1 and the speed is kept', () => {
    const { clock, controls, log } = world();
    clock.waitForPerson();
    expect(controls.time()).toMatchObject({ speed: 60, rate: 1, waitingForPerson: true });
    clock.after(60_000, () => log.push('reminded'));
    expect(controls.nextEvent(false)).toBe(false);
    expect(controls.nextEvent(true)).toBe(true);
    expect(log).toEqual(['reminded']);
  });

  test.each([-1, Number.NaN, 10_001])('a speed of %d is refused', (speed) => {
    expect(() => world().controls.setSpeed(speed)).toThrow(RangeError);
  });

  test('a fault is started and ended once each, however often it is set', () => {
    const { controls, log } = world();
    controls.setFault('a', true);
    controls.setFault('a', true);
    expect(controls.faults()).toMatchObject([{ id: 'a', active: true }]);
    controls.setFault('a', false);
    controls.setFault('a', false);
    expect(log).toEqual(['start', 'stop']);
    expect(() => controls.setFault('b', true)).toThrow(RangeError);
  });

  test('a fault may be on from the start', () => {
    expect(world(['a']).log).toEqual(['start']);
  });
});
