import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/local/clock.ts';
import { FunctionHost } from '../../../src/local/lambda/function-host.ts';
import { Schedule } from '../../../src/local/lambda/schedule.ts';
import { hostFunction } from '../services/simulated-aws.ts';

describe('Schedule', () => {
  it('invokes a function at its rate until it is cancelled', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const host = new FunctionHost({ clock });
    const runs: unknown[] = [];
    hostFunction(host, 'sweep', (event) => runs.push([event, clock.now() - start]));
    const cancel = new Schedule({ clock, host }).every(60_000, 'sweep', { what: 'all' });
    await clock.advance(150_000);
    cancel();
    await clock.advance(150_000);
    expect(runs).toEqual([
      [{ what: 'all' }, 60_000],
      [{ what: 'all' }, 120_000],
    ]);
  });

  it('refuses a rate that is not greater than 0', () => {
    const clock = new VirtualClock();
    const schedule = new Schedule({ clock, host: new FunctionHost({ clock }) });
    expect(() => schedule.every(0, 'sweep', {})).toThrow(RangeError);
  });
});
