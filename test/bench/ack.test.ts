import { expect, test } from 'vitest';
import { type Measured, median, reportOf } from './ack.ts';

const measured = (name: string, cold: number, warm: number): Measured => ({ name, cold: [cold], warm: [warm] });
const BASELINE = measured('an empty handler', 50, 0.1);

test('what is in time breaks no limit, and is told as a share of Slack’s 3 s and of the baseline', () => {
  const { broken, markdown } = reportOf(BASELINE, [measured('`/dr help`', 300, 15)]);
  expect(broken).toEqual([]);
  expect(markdown).toContain('| `/dr help` | 300 ms | 10.0 % | 6.0 × | 15.0 ms | 0.5 % | 0.3 × |');
});

test('what takes too long is named', () => {
  expect(reportOf(BASELINE, [measured('a press', 1_501, 301)]).broken).toEqual([
    'a press took 1501 ms cold; 1500 ms is the most.',
    'a press took 301 ms warm; 300 ms is the most.',
  ]);
});

test('one slow start is no median', () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([])).toBe(0);
});
