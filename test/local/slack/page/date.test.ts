import { describe, expect, test } from 'vitest';
import { postedAt, slackDate } from '../../../../src/local/slack/page/date.ts';

/** Local time, as the reader's clock shows it. */
const at = (day: number, hour: number, minute = 0) => new Date(2026, 2, day, hour, minute).getTime();
const NOW = at(10, 14, 2);

describe('slackDate', () => {
  test.each([
    ['{date_short_pretty}', at(10, 23), 'today'],
    ['{date_pretty}', at(9, 0), 'yesterday'],
    ['{date_long_pretty}', at(11, 0), 'tomorrow'],
    ['{moon_phase}', NOW, '{moon_phase}'],
  ])('%s', (format, time, expected) => {
    expect(slackDate(format, time, NOW)).toBe(expected);
  });

  test.each([
    [at(10, 14, 17), 15, 'minute'],
    [at(10, 13, 2), -1, 'hour'],
    [at(8, 14, 2), -2, 'day'],
  ] as const)("writes {ago} in the reader's language", (time, count, unit) => {
    const expected = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(count, unit);
    expect(slackDate('{ago}', time, NOW)).toBe(expected);
  });

  test("writes dates and times as the reader's language does", () => {
    const time = at(3, 4, 5);
    const day = new Date(time).toLocaleString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
    const clock = new Date(time).toLocaleString(undefined, { hour: '2-digit', minute: '2-digit' });
    expect(slackDate('{date_short_pretty} at {time}', time, NOW)).toBe(`${day} at ${clock}`);
  });
});

test('a message of another day says which day', () => {
  const stamp = (time: number) => `${time / 1_000}.000100`;
  expect(postedAt(stamp(at(10, 9)), NOW)).not.toContain('today');
  expect(postedAt(stamp(at(9, 9)), NOW)).toContain('yesterday');
});
