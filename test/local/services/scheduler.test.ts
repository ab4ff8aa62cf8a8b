import { describe, expect, it } from 'vitest';
import { type ScheduleAttempt, type ScheduleDefinition, Scheduler } from '../../../src/local/services/scheduler.ts';
import { hostFunction, simulatedAws } from './simulated-aws.ts';

const INPUT = JSON.stringify({
  schedule: '<aws.scheduler.schedule-arn>',
  time: '<aws.scheduler.scheduled-time>',
  execution: '<aws.scheduler.execution-id>',
  attempt: '<aws.scheduler.attempt-number>',
});

interface Received {
  execution: string;
  attempt: string;
  time: string;
}

/** The clock starts on Monday, 2026-03-02 at 03:00 UTC. */
function world() {
  const aws = simulatedAws();
  const scheduler = new Scheduler({ clock: aws.clock, host: aws.host });
  const received: Received[] = [];
  const attempts: ScheduleAttempt[] = [];
  hostFunction(aws.host, 'drill', (event) => received.push(event as Received));
  scheduler.onAttempt((attempt) => attempts.push(attempt));
  const create = (expression: string, more: Partial<ScheduleDefinition> = {}) =>
    scheduler.createSchedule({ name: 's', expression, target: { functionName: 'drill', input: INPUT }, ...more });
  return { ...aws, scheduler, received, attempts, create };
}

const HOUR = 3_600_000;

describe('EventBridge Scheduler', () => {
  it('invokes a function at the times of a cron expression, with the context attributes replaced', async () => {
    const { create, clock, received, scheduler } = world();
    const arn = create('cron(0 8 ? * MON-FRI *)', { timezone: 'Europe/Berlin' });
    expect(arn).toBe('arn:aws:scheduler:us-east-2:900000000000:schedule/default/s');
    expect(scheduler.nextInvocation('s')).toBe(Date.parse('2026-03-02T07:00:00Z'));
    await clock.advance(48 * HOUR);
    expect(received).toMatchObject([
      { schedule: arn, time: '2026-03-02T07:00:00Z', attempt: '1' },
      { schedule: arn, time: '2026-03-03T07:00:00Z', attempt: '1' },
    ]);
    expect(received[0]?.execution).toMatch(/^[0-9a-z]{16}$/);
    expect(received[0]?.execution).not.toBe(received[1]?.execution);
  });

  // Scheduler user guide, "Rate-based schedules": without a StartDate, the target is invoked at once.
  it('invokes at a rate, at once and without drifting', async () => {
    const { create, clock, received, scheduler } = world();
    create('rate(5 minutes)');
    await clock.advance(11 * 60_000);
    expect(received.map(({ time }) => time.slice(11, 16))).toEqual(['03:00', '03:05', '03:10']);
    expect(scheduler.nextInvocation('s')).toBe(Date.parse('2026-03-02T03:15:00Z'));
  });

  it('begins at its start date', async () => {
    const { create, clock, received } = world();
    create('rate(2 hours)', { startDate: Date.parse('2026-03-02T04:10:00Z') });
    create('cron(0 * * * ? *)', { name: 'hourly', startDate: Date.parse('2026-03-02T05:00:00Z') });
    create('rate(2 hours)', { name: 'old', startDate: Date.parse('2026-03-01T00:30:00Z') });
    await clock.advance(3 * HOUR);
    const times = ['04:10', '04:30', '05:00', '06:00'];
    expect(received.map(({ time }) => time.slice(11, 16))).toEqual(times);
  });

  it('invokes once at a time', async () => {
    const { create, clock, received, scheduler } = world();
    create('at(2026-03-02T05:30:00)', { timezone: 'Europe/Berlin' });
    await clock.advance(24 * HOUR);
    expect(received.map(({ time }) => time)).toEqual(['2026-03-02T04:30:00Z']);
    expect(scheduler.nextInvocation('s')).toBeUndefined();
  });

  it('tries a failed delivery again with the same execution id, later and later', async () => {
    const { create, clock, received, attempts, scheduler } = world();
    create('at(2026-03-02T04:00:00)');
    scheduler.failNext('s', 3);
    await clock.advance(HOUR + 6999);
    expect(received).toEqual([]);
    await clock.advance(1);
    expect(received).toMatchObject([{ attempt: '4', time: '2026-03-02T04:00:00Z' }]);
    expect(attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'failed'],
      [4, 'delivered'],
    ]);
    expect(new Set(attempts.map(({ executionId }) => executionId))).toEqual(new Set([received[0]?.execution]));
  });

  it('gives up after the most retries, or when the event is too old', async () => {
    const { create, clock, received, attempts, scheduler } = world();
    create('at(2026-03-02T04:00:00)', { retryPolicy: { maximumRetryAttempts: 2 } });
    create('at(2026-03-02T04:00:00)', { name: 'old', retryPolicy: { maximumEventAgeSeconds: 60 } });
    scheduler.failNext('s', 100);
    scheduler.failNext('old', 100);
    await clock.advance(24 * HOUR);
    expect(received).toEqual([]);
    const last = (name: string) => attempts.filter(({ scheduleName }) => scheduleName === name).at(-1);
    expect(last('s')).toMatchObject({ attempt: 3, outcome: 'given up' });
    // 1 + 2 + 4 + 8 + 16 seconds have passed; 32 more would be over the minute.
    expect(last('old')).toMatchObject({ attempt: 6, outcome: 'given up' });
  });

  it("leaves a failing function to Lambda's own retries, with the same event", async () => {
    const { create, clock, received, host } = world();
    create('at(2026-03-02T04:00:00)');
    host.crashNext('drill', 'after');
    await clock.advance(2 * HOUR);
    expect(received).toHaveLength(2);
    expect(received[1]).toEqual(received[0]);
  });

  it('delivers an invocation twice when told to', async () => {
    const { create, clock, received, scheduler } = world();
    create('rate(1 hour)');
    scheduler.duplicateNext('s');
    await clock.advance(HOUR);
    expect(received.map(({ execution }) => execution === received[0]?.execution)).toEqual([true, true, false]);
    expect(received[1]).toEqual(received[0]);
  });

  it('stops', async () => {
    const { create, clock, received, scheduler } = world();
    create('rate(1 hour)');
    create('rate(1 hour)', { name: 'other' });
    scheduler.deleteSchedule('s');
    await clock.advance(HOUR - 1);
    scheduler.stop();
    await clock.advance(24 * HOUR);
    expect(received).toHaveLength(1);
    expect(() => scheduler.deleteSchedule('s')).toThrow('no schedule');
  });

  it.each<[string, Partial<ScheduleDefinition>]>([
    ['exists', { name: 'taken' }],
    ['name', { name: 'a b' }],
    ['rate', { expression: 'rate(0 minutes)' }],
    ['rate', { expression: 'rate(5 seconds)' }],
    ['schedule expression', { expression: 'every day' }],
    ['six fields', { expression: 'cron(0 8 * * ?)' }],
    ['exists in America/New_York', { expression: 'at(2026-03-08T02:30:00)', timezone: 'America/New_York' }],
    ['time zone', { timezone: 'Mars/Base' }],
    ['JSON', { target: { functionName: 'drill', input: '{' } }],
    ['0 to 185', { retryPolicy: { maximumRetryAttempts: 186 } }],
    ['60 to 86400', { retryPolicy: { maximumEventAgeSeconds: 59 } }],
  ])('refuses what is not valid: %s', (text, more) => {
    const { create } = world();
    create('rate(1 hour)', { name: 'taken' });
    expect(() => create('rate(1 hour)', more)).toThrow(text);
  });
});
