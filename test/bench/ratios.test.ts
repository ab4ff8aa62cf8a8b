import { describe, expect, test } from 'vitest';
import { betterOf, worseRatios } from './ratios.ts';
import { counted, median, percentile, sum } from './statistics.ts';

describe('a ratio', () => {
  test('may get worse by a fifth, and better by as much as it likes', () => {
    expect(worseRatios({ size: 0.5, time: 2 }, { size: 0.6, time: 0.1 })).toEqual([]);
  });

  test('that got worse by more is named, with both figures', () => {
    expect(worseRatios({ size: 0.5, time: 2 }, { size: 0.61, time: 2 })).toEqual([
      '“size” is 0.61, and was committed as 0.5: worse by 22 %.',
    ]);
  });

  test('that was nothing may not become something', () => {
    expect(worseRatios({ lost: 0 }, { lost: 0 })).toEqual([]);
    expect(worseRatios({ lost: 0 }, { lost: 1 })).toEqual([expect.stringContaining('“lost” is 1')]);
  });

  test('that is new, or gone, cannot be compared', () => {
    expect(worseRatios({ old: 1 }, { fresh: 1 })).toEqual([
      '“old” was committed as 1 and is no longer measured.',
      expect.stringContaining('“fresh” has no committed ratio'),
    ]);
  });

  test('measured twice counts as its better one', () => {
    expect(betterOf({ size: 2, time: 3 }, { size: 1, time: 4 })).toEqual({ size: 1, time: 3 });
  });
});

test('percentiles are values that were measured, by the nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect([50, 99, 100].map((percent) => percentile(values, percent))).toEqual([100, 198, 200]);
  expect(percentile([7], 1)).toBe(7);
  expect(percentile([], 99)).toBe(0);
});

test('one slow start is no median', () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([])).toBe(0);
});

test('what is there is counted and added up', () => {
  expect(counted(['a', 'b', 'a'])).toEqual({ a: 2, b: 1 });
  expect(sum([1, 2, 3])).toBe(6);
});
