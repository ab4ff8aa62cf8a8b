import { describe, expect, it } from 'vitest';
import { nextCronTime, parseCron } from '../../../src/local/services/cron.ts';

/** The next `count` times of an expression, in UTC. */
function times(fields: string, from: string, timezone = 'UTC', count = 3): string[] {
  const cron = parseCron(fields);
  const found: string[] = [];
  let after: number | undefined = Date.parse(from);
  while (found.length < count) {
    after = nextCronTime(cron, after, timezone);
    if (after === undefined) break;
    found.push(new Date(after).toISOString().slice(0, 16));
  }
  return found;
}

// The examples of the EventBridge user guide, "Cron expressions reference"; 2026-03-02 is a Monday.
describe("AWS's cron expressions", () => {
  it.each<[string, string, string[]]>([
    ['0 10 * * ? *', '2026-03-02T10:00:00Z', ['2026-03-03T10:00', '2026-03-04T10:00', '2026-03-05T10:00']],
    ['15 12 * * ? *', '2026-03-02T12:14:59Z', ['2026-03-02T12:15', '2026-03-03T12:15', '2026-03-04T12:15']],
    ['0 18 ? * MON-FRI *', '2026-03-05T18:00:00Z', ['2026-03-06T18:00', '2026-03-09T18:00', '2026-03-10T18:00']],
    ['0 8 1 * ? *', '2026-11-15T00:00:00Z', ['2026-12-01T08:00', '2027-01-01T08:00', '2027-02-01T08:00']],
    ['0/15 * * * ? *', '2026-03-02T23:40:00Z', ['2026-03-02T23:45', '2026-03-03T00:00', '2026-03-03T00:15']],
    ['0/10 * ? * MON-FRI *', '2026-03-06T23:45:00Z', ['2026-03-06T23:50', '2026-03-09T00:00', '2026-03-09T00:10']],
    ['0/5 8-17 ? * MON-FRI *', '2026-03-06T17:50:00Z', ['2026-03-06T17:55', '2026-03-09T08:00', '2026-03-09T08:05']],
    ['0 9 ? * 2#1 *', '2026-03-02T09:00:00Z', ['2026-04-06T09:00', '2026-05-04T09:00', '2026-06-01T09:00']],
    // "1/10: every tenth minute, starting from the first minute of the hour".
    ['1/10 0 1 1 ? 2027', '2026-03-02T00:00:00Z', ['2027-01-01T00:01', '2027-01-01T00:11', '2027-01-01T00:21']],
    // "3#2 would be the second Tuesday of the month".
    ['0 0 ? * 3#2 *', '2026-03-01T00:00:00Z', ['2026-03-10T00:00', '2026-04-14T00:00', '2026-05-12T00:00']],
    // The Scheduler user guide: "10:15 AM on the last Friday of each month during the years 2022 to 2023".
    ['15 10 ? * 6L 2022-2023', '2023-10-31T00:00:00Z', ['2023-11-24T10:15', '2023-12-29T10:15']],
    ['0 0 L FEB,MAR ? *', '2027-12-01T00:00:00Z', ['2028-02-29T00:00', '2028-03-31T00:00', '2029-02-28T00:00']],
    ['0 0 ? * L *', '2026-03-02T00:00:00Z', ['2026-03-07T00:00', '2026-03-14T00:00', '2026-03-21T00:00']],
    // The weekday closest to the third, first and last day: Saturday goes back, Sunday forward, never out of the month.
    ['0 0 3W * ? 2026', '2026-04-01T00:00:00Z', ['2026-04-03T00:00', '2026-05-04T00:00', '2026-06-03T00:00']],
    ['0 0 1W AUG ? 2026', '2026-07-01T00:00:00Z', ['2026-08-03T00:00']],
    ['0 0 31W MAY,JUN ? 2026', '2026-03-02T00:00:00Z', ['2026-05-29T00:00']],
    ['0 0 30 2 ? *', '2026-03-02T00:00:00Z', []],
  ])('%s', (fields, from, expected) => {
    expect(times(fields, from)).toEqual(expected);
  });

  it('are read in a time zone, on both sides of a change of its clocks', () => {
    const summer = ['2026-03-28T07:00', '2026-03-29T06:00', '2026-03-30T06:00'];
    expect(times('0 8 * * ? *', '2026-03-28T00:00:00Z', 'Europe/Berlin')).toEqual(summer);
    expect(times('30 18 * * ? *', '2026-03-02T00:00:00Z', 'Asia/Kolkata', 1)).toEqual(['2026-03-02T13:00']);
  });

  // Scheduler user guide, "Daylight savings time": a time that does not exist is skipped; one that comes twice runs once.
  it('skip the hour that a time zone skips, and do not repeat the one that it repeats', () => {
    const spring = times('30 2 * * ? *', '2026-03-07T00:00:00Z', 'America/New_York');
    expect(spring).toEqual(['2026-03-07T07:30', '2026-03-09T06:30', '2026-03-10T06:30']);
    const autumn = times('30 1 * * ? *', '2026-10-31T00:00:00Z', 'America/New_York');
    expect(autumn).toEqual(['2026-10-31T05:30', '2026-11-01T05:30', '2026-11-02T06:30']);
  });

  it.each([
    ['0 10 * * ?', 'six fields'],
    ['0 10 * * * *', '? in one of'],
    ['0 10 ? * ? *', '? in one of'],
    ['60 10 * * ? *', '"60" is not valid in the field minutes'],
    ['0 24 * * ? *', 'hours'],
    ['0 0 0 * ? *', 'day-of-month'],
    ['0 0 LW * ? *', 'day-of-month'],
    ['0 0 * FOO ? *', 'month'],
    ['0 0 ? * 8 *', 'day-of-week'],
    ['0 0 ? * 3#1,6#3 *', 'day-of-week'],
    ['0 0 * * ? 1969', 'year'],
    ['5-1 0 * * ? *', 'minutes'],
    ['0/0 0 * * ? *', 'minutes'],
  ])('are refused when they are wrong: %s', (fields, text) => {
    expect(() => parseCron(fields)).toThrow(text);
  });
});
