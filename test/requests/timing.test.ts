import { describe, expect, it } from 'vitest';
import { firstSharedDay, nextRunAfter, readTimeZone, readTiming, runsBetween } from '../../src/requests/timing.ts';

const at = (text: string) => Date.parse(text);
const cronOf = (typed: string) => {
  const read = readTiming(typed);
  return 'cron' in read ? read.cron : read.problem;
};
/** The first runs after a moment, as text. */
const runs = (typed: string, timeZone: string, after: string, most = 2) =>
  runsBetween({ cron: cronOf(typed), timeZone }, at(after), Number.MAX_SAFE_INTEGER, most).map((run) =>
    new Date(run).toISOString().slice(0, 16),
  );

describe('when a schedule runs', () => {
  it.each([
    ['every day 06:00', '0 6 * * *'],
    ['every weekday at 6:30', '30 6 * * MON-FRI'],
    ['Every Sunday 06:00', '0 6 * * SUN'],
    ['every monday, thursday 23:59', '59 23 * * MON,THU'],
    ['every monday and thursday 23:59', '59 23 * * MON,THU'],
    ['every first monday 06:00', '0 6 * * MON#1'],
    ['every last friday 06:00', '0 6 * * FRI#L'],
    ['cron(0 6 ? * SUN *)', '0 6 * * SUN'],
    ['cron(0 6 ? * 6L *)', '0 6 * * 6#L'],
    ['cron(0 6 ? * fri#2 *)', '0 6 * * FRI#2'],
    ['CRON( 0 6 L 1,7 ? * )', '0 6 L 1,7 *'],
  ])('%s is understood', (typed, cron) => {
    expect(cronOf(typed)).toBe(cron);
  });

  it.each([
    ['', 'When is it to run?'],
    ['every sunday', 'When is it to run?'],
    ['every sumday 06:00', 'When is it to run?'],
    ['every fifth monday 06:00', 'When is it to run?'],
    ['every sunday 24:00', 'from 00:00 to 23:59'],
    ['every sunday 06:60', 'from 00:00 to 23:59'],
    ['cron(0 6 * * SUN)', 'six fields'],
    ['cron(0 6 ? * SUN 2026)', 'for every year'],
    ['cron(0/5 6 ? * SUN *)', 'at most once a day'],
    ['cron(0 6,18 ? * SUN *)', 'at most once a day'],
    ['cron(0 * ? * SUN *)', 'at most once a day'],
    ['cron(0 6 * * * *)', 'One of the fields'],
    ['cron(0 6 ? * ? *)', 'One of the fields'],
    ['cron(0 26 ? * SUN *)', 'no time that I can read'],
    ['cron(0 6 ? * SUNDAY *)', 'no time that I can read'],
    ['cron(0 6 ? * <b> *)', 'no cron expression'],
    ['cron(0 6 30 2 ? *)', 'never run'],
  ])('“%s” is refused', (typed, why) => {
    expect(readTiming(typed)).toEqual({ problem: expect.stringContaining(why) });
  });

  it('counts weekdays as EventBridge does', () => {
    expect(runs('cron(0 6 ? * 1 *)', 'UTC', '2026-11-16T00:00:00Z')).toEqual(['2026-11-22T06:00', '2026-11-29T06:00']);
    expect(runs('cron(0 6 ? * 6L *)', 'UTC', '2026-11-16T00:00:00Z')).toEqual(['2026-11-27T06:00', '2026-12-25T06:00']);
  });

  it('goes by the clocks of its time zone, in summer and winter', () => {
    expect(runs('every sunday 06:00', 'Europe/Berlin', '2026-03-20T00:00:00Z')).toEqual([
      '2026-03-22T05:00',
      '2026-03-29T04:00',
    ]);
  });

  it('runs once on a day on which its time is skipped or comes twice', () => {
    expect(runs('every day 02:30', 'Europe/Berlin', '2026-03-28T12:00:00Z')).toEqual([
      '2026-03-29T01:30',
      '2026-03-30T00:30',
    ]);
    expect(runs('every day 02:30', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  it('is after the moment, never at it', () => {
    const timing = { cron: '0 6 * * *', timeZone: 'UTC' };
    expect(nextRunAfter(timing, at('2026-11-22T06:00:00Z'))).toBe(at('2026-11-23T06:00:00Z'));
    expect(runsBetween(timing, at('2026-11-22T06:00:00Z'), at('2026-11-24T06:00:00Z'), 10)).toHaveLength(2);
  });

  it('knows time zones by the names of places', () => {
    expect(readTimeZone('europe/berlin')).toBe('Europe/Berlin');
    expect(readTimeZone('UTC')).toBe('UTC');
    for (const wrong of ['', 'Mars/Phobos', '+02:00', '<b>']) expect(readTimeZone(wrong)).toBeUndefined();
  });

  it('may share a day with another schedule', () => {
    const sundays = { cron: '0 6 * * SUN', timeZone: 'Europe/Berlin' };
    const after = at('2026-11-16T00:00:00Z');
    expect(firstSharedDay(sundays, { cron: '0 20 * * SUN', timeZone: 'UTC' }, after)).toBe('2026-11-22');
    expect(firstSharedDay(sundays, { cron: '0 6 * * MON', timeZone: 'UTC' }, after)).toBeUndefined();
    // Saturday evening in New York is Sunday in Berlin.
    expect(firstSharedDay(sundays, { cron: '0 20 * * SAT', timeZone: 'America/New_York' }, after)).toBe('2026-11-22');
    expect(firstSharedDay(sundays, { cron: '0 6 24 12 *', timeZone: 'UTC' }, after)).toBeUndefined();
  });
});
