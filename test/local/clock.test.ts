import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { APPROVE_ACTION } from '../../blocks/action-ids.ts';
import { ClockStoppedError, ScaledClock, VirtualClock } from '../../src/local/clock.ts';
import { readInventory } from '../../src/local/command-line.ts';
import { startPractice } from '../../src/local/practice.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { MemoryDynamoDB } from '../simulation/dynamodb/memory.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

describe('ScaledClock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const real = (ms: number) => vi.advanceTimersByTime(ms);

  test('runs at its speed from where it starts', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 5_000 });
    expect(clock.now()).toBe(5_000);
    real(2 * SECOND);
    expect(clock.now()).toBe(5_000 + 2 * MINUTE);
    expect(clock.rate).toBe(60);
  });

  test('starts now when no moment is given', () => {
    expect(new ScaledClock({ speed: 1 }).now()).toBe(Date.now());
  });

  test.each([0, -1, Number.NaN])('a speed of %d is none', (speed) => {
    expect(() => new ScaledClock({ speed })).toThrow(RangeError);
    expect(() => new ScaledClock({ speed: 1 }).setSpeed(speed)).toThrow(RangeError);
  });

  test('fires a timer once, when its simulated time has come and not before', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    const task = vi.fn();
    clock.after(MINUTE, task);
    real(999);
    expect(task).not.toHaveBeenCalled();
    real(1);
    expect(task).toHaveBeenCalledOnce();
    expect(clock.now()).toBeGreaterThanOrEqual(MINUTE);
    real(10 * SECOND);
    expect(task).toHaveBeenCalledOnce();
  });

  test.each([0, -5])('a delay of %i is as soon as possible, and not at once', (delay) => {
    const clock = new ScaledClock({ speed: 60 });
    const task = vi.fn();
    clock.after(delay, task);
    expect(task).not.toHaveBeenCalled();
    real(1);
    expect(task).toHaveBeenCalledOnce();
  });

  test('a cancelled timer does not fire, and can be cancelled again', () => {
    const clock = new ScaledClock({ speed: 60 });
    const task = vi.fn();
    const cancel = clock.after(MINUTE, task);
    cancel();
    cancel();
    real(DAY);
    expect(task).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a timer further away than a timeout can be waits its time', () => {
    const clock = new ScaledClock({ speed: 1, startAt: 0 });
    const task = vi.fn();
    clock.after(40 * DAY, task);
    real(30 * DAY);
    expect(task).not.toHaveBeenCalled();
    real(10 * DAY);
    expect(task).toHaveBeenCalledOnce();
  });

  test('a slow clock takes longer', () => {
    const clock = new ScaledClock({ speed: 0.5, startAt: 0 });
    const task = vi.fn();
    clock.after(SECOND, task);
    real(SECOND);
    expect(task).not.toHaveBeenCalled();
    real(SECOND);
    expect(task).toHaveBeenCalledOnce();
  });

  test('runs at 1× while a person is waited for, without a jump, and then at its speed again', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    real(SECOND);
    const release = clock.waitForPerson();
    expect(clock.rate).toBe(1);
    expect(clock.now()).toBe(MINUTE);
    real(30 * SECOND);
    expect(clock.now()).toBe(MINUTE + 30 * SECOND);
    release();
    expect(clock.rate).toBe(60);
    expect(clock.now()).toBe(MINUTE + 30 * SECOND);
    real(SECOND);
    expect(clock.now()).toBe(2 * MINUTE + 30 * SECOND);
  });

  test('runs at 1× until the last of several waits is over, each counted once', () => {
    const clock = new ScaledClock({ speed: 60 });
    const [first, second] = [clock.waitForPerson(), clock.waitForPerson()];
    first();
    first();
    expect(clock.rate).toBe(1);
    second();
    expect(clock.rate).toBe(60);
  });

  test('timers keep their simulated time when the rate changes', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    const task = vi.fn();
    clock.after(2 * MINUTE, task);
    real(SECOND);
    const release = clock.waitForPerson();
    real(59 * SECOND);
    expect(task).not.toHaveBeenCalled();
    release();
    // A second of simulated time is left: 17 ms of real time.
    real(16);
    expect(task).not.toHaveBeenCalled();
    real(1);
    expect(task).toHaveBeenCalledOnce();
  });

  test('a timer set while a person is waited for goes faster when the wait is over', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    const release = clock.waitForPerson();
    const task = vi.fn();
    clock.after(2 * MINUTE, task);
    real(MINUTE);
    release();
    real(SECOND);
    expect(task).toHaveBeenCalledOnce();
  });

  test('a new speed counts at once, or when nobody is waited for any more', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    const task = vi.fn();
    clock.after(10 * MINUTE, task);
    clock.setSpeed(600);
    real(SECOND);
    expect(task).toHaveBeenCalledOnce();
    const release = clock.waitForPerson();
    clock.setSpeed(120);
    expect(clock.rate).toBe(1);
    release();
    expect(clock.rate).toBe(120);
  });

  test('tells who listens of each change of the rate, and of nothing else', () => {
    const clock = new ScaledClock({ speed: 60 });
    const rates: number[] = [];
    const stop = clock.onRateChange((rate) => rates.push(rate));
    const [first, second] = [clock.waitForPerson(), clock.waitForPerson()];
    first();
    second();
    clock.setSpeed(60);
    clock.setSpeed(30);
    stop();
    clock.setSpeed(10);
    expect(rates).toEqual([1, 60, 30]);
  });

  test('stands still while it is paused, and goes on from there', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    let fired = 0;
    clock.after(60_000, () => {
      fired += 1;
    });
    clock.pause();
    vi.advanceTimersByTime(10_000);
    expect(clock.now()).toBe(0);
    expect(fired).toBe(0);
    clock.resume();
    vi.advanceTimersByTime(1_001);
    expect(fired).toBe(1);
  });

  test('jumps to what is due next, also while it is paused, and leaves the rest', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    const fired: string[] = [];
    clock.after(120_000, () => fired.push('later'));
    clock.after(60_000, () => fired.push('next'));
    clock.pause();
    expect(clock.skipToNext()).toBe(true);
    expect(fired).toEqual(['next']);
    expect(clock.now()).toBe(60_000);
    expect(clock.skipToNext()).toBe(true);
    expect(fired).toEqual(['next', 'later']);
    expect(clock.skipToNext()).toBe(false);
  });

  test('never jumps while a person is waited for', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    clock.after(60_000, () => {});
    const release = clock.waitForPerson();
    expect(clock.skipToNext()).toBe(false);
    expect(clock.now()).toBe(0);
    release();
    expect(clock.skipToNext()).toBe(true);
  });

  test('jumps while a person is waited for when they are to be let wait, and then goes on at 1×', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    clock.after(60_000, () => {});
    clock.waitForPerson();
    expect(clock.skipToNext({ letWait: true })).toBe(true);
    expect(clock.now()).toBe(60_000);
    expect(clock.rate).toBe(1);
  });

  test('holding work does not stop it', () => {
    const clock = new ScaledClock({ speed: 60, startAt: 0 });
    const release = clock.hold();
    real(SECOND);
    expect(clock.now()).toBe(MINUTE);
    release();
  });

  test('once stopped, no timer keeps the process alive, nor a later one', () => {
    const clock = new ScaledClock({ speed: 60 });
    const task = vi.fn();
    clock.after(MINUTE, task);
    const release = clock.waitForPerson();
    clock.stop();
    release();
    clock.after(MINUTE, task)();
    clock.after(0, task);
    expect(vi.getTimerCount()).toBe(0);
    real(DAY);
    expect(task).not.toHaveBeenCalled();
  });
});

describe('VirtualClock', () => {
  /** A clock at 0 and what has happened on it, with when. */
  function started() {
    const clock = new VirtualClock(0);
    const happened: string[] = [];
    const at = (delay: number, what: string) => clock.after(delay, () => happened.push(`${what} at ${clock.now()}`));
    return { clock, happened, at };
  }

  test('stands still until it is told to run', async () => {
    const { clock, happened, at } = started();
    at(0, 'a');
    await clock.idle();
    expect([clock.now(), happened]).toEqual([0, []]);
  });

  test('fires timers in the order of their time, and those of one moment in the order in which they were set', async () => {
    const { clock, happened, at } = started();
    at(20, 'c');
    at(10, 'a');
    at(10, 'b');
    at(-5, 'first');
    await clock.advance(30);
    expect(happened).toEqual(['first at 0', 'a at 10', 'b at 10', 'c at 20']);
    expect(clock.now()).toBe(30);
  });

  test('fires what is set while it runs, if it is due', async () => {
    const { clock, happened, at } = started();
    clock.after(10, () => {
      at(5, 'in time');
      at(50, 'too late');
    });
    await clock.advance(20);
    expect(happened).toEqual(['in time at 15']);
  });

  test('a cancelled timer does not fire, not even when another of its moment cancels it', async () => {
    const { clock, happened, at } = started();
    let cancel = (): void => {};
    clock.after(10, () => cancel());
    cancel = at(10, 'cancelled');
    at(10, 'kept');
    await clock.advance(10);
    expect(happened).toEqual(['kept at 10']);
  });

  test('does not jump while work is held, and goes on when it is released', async () => {
    const { clock, happened, at } = started();
    at(10, 'timer');
    const release = clock.hold();
    const advanced = clock.advance(10);
    await turnsOfTheEventLoop(20);
    expect(happened).toEqual([]);
    happened.push('work done');
    release();
    release();
    await advanced;
    expect(happened).toEqual(['work done', 'timer at 10']);
  });

  test('waits for work that is taken on by work', async () => {
    const { clock, happened, at } = started();
    at(10, 'timer');
    const first = clock.hold();
    setImmediate(() => {
      const second = clock.hold();
      first();
      setImmediate(() => {
        happened.push('work done');
        second();
      });
    });
    await clock.advance(10);
    expect(happened).toEqual(['work done', 'timer at 10']);
  });

  test('waiting for a person changes nothing: tests decide when time passes', async () => {
    const { clock, happened, at } = started();
    const release = clock.waitForPerson();
    at(10, 'timer');
    await clock.advance(10);
    release();
    expect(happened).toEqual(['timer at 10']);
  });

  test('runs until a condition holds, and no further', async () => {
    const { clock, happened, at } = started();
    at(10, 'a');
    at(20, 'b');
    await clock.runUntil(() => happened.length === 1);
    expect([clock.now(), happened]).toEqual([10, ['a at 10']]);
    await clock.runUntil(async () => true);
    expect(clock.now()).toBe(10);
  });

  test('says so when nothing is left to happen', async () => {
    const { clock, at } = started();
    at(10, 'a');
    await expect(clock.runUntil(() => false, { what: 'the end' })).rejects.toThrow(
      new ClockStoppedError('the end did not come true: nothing is left to happen'),
    );
  });

  test('says so when the time given is over, and fires nothing that is later', async () => {
    const { clock, happened, at } = started();
    at(10, 'a');
    at(21, 'b');
    const waiting = clock.runUntil(() => false, { withinMs: 20 });
    await expect(waiting).rejects.toThrow('the condition did not come true by 1970-01-01T00:00:00.020Z');
    expect(happened).toEqual(['a at 10']);
  });

  test('gives up after a day of simulated time when nothing else is said', async () => {
    const { clock } = started();
    const tick = (): void => {
      clock.after(60 * MINUTE, tick);
    };
    tick();
    await expect(clock.runUntil(() => false)).rejects.toThrow(ClockStoppedError);
    expect(clock.now()).toBe(DAY);
  });

  test('any timers fire in order, each once, and time never goes back', async () => {
    const delays = fc.array(fc.integer({ min: -10, max: 1_000 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(delays, async (all) => {
        const clock = new VirtualClock(0);
        const fired: { index: number; at: number }[] = [];
        for (const [index, delay] of all.entries()) clock.after(delay, () => fired.push({ index, at: clock.now() }));
        await clock.advance(1_000);
        const expected = all
          .map((delay, index) => ({ index, at: Math.max(0, delay) }))
          .sort((a, b) => a.at - b.at || a.index - b.index);
        expect(fired).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the clock of practice mode', () => {
  test('runs at 1× while a gate waits for a person, and then at its speed again', async () => {
    // Not faster: what a state machine allows a function is simulated time, and a busy machine needs it.
    const clock = new ScaledClock({ speed: 200 });
    // Slack's pace, which is real time otherwise, is quicker here: nothing is learnt by waiting for it.
    const wallClock = new ScaledClock({ speed: 50 });
    const whole = readInventory(undefined);
    const sourceServers = whole.sourceServers.filter(({ tags }) => tags['DR-Application'] === 'HRP');
    const inventory = { ...whole, sourceServers };
    const database = new MemoryDynamoDB();
    const practice = await startPractice({
      clock,
      wallClock,
      inventory,
      database,
      launchPace: 5,
      slackWaitsMs: 60_000,
    });
    onTestFinished(async () => {
      clock.stop();
      wallClock.stop();
      await practice.close();
    });
    const rates: number[] = [];
    clock.onRateChange((rate) => rates.push(rate));
    const { workspace } = practice;
    const shown = (what: (message: SlackMessage) => boolean) =>
      new Promise<SlackMessage>((resolve) => {
        workspace.subscribe((event) => {
          if ((event.type === 'message_posted' || event.type === 'message_updated') && what(event.message)) {
            resolve(event.message);
          }
        });
      });
    const question = shown(({ blocks }) => JSON.stringify(blocks ?? []).includes(APPROVE_ACTION));
    const launching = shown(({ metadata }) => metadata?.event_payload.status === 'executing');
    const completed = shown(({ metadata }) => metadata?.event_payload.status === 'completed');

    await workspace.as('requester').command('/dr', 'drill HRP wave 1', WORKSPACE.channelId);
    const card = await question;
    expect(clock.rate).toBe(1);
    const [simulated, real] = [clock.now(), performance.now()];
    // Somebody who may not decide is answered, and is no reason to hurry.
    await workspace.as('requester').click(card, APPROVE_ACTION);
    expect(clock.now() - simulated).toBeLessThanOrEqual(performance.now() - real + 1);
    expect(rates).toEqual([1]);

    await workspace.as('approver').click(card, APPROVE_ACTION);
    await launching;
    expect(clock.rate).toBe(200);
    await completed;
    expect(rates).toEqual([1, 200]);
  });
});

async function turnsOfTheEventLoop(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
