import { describe, expect, test } from 'vitest';
import { asciiLine, plainLine } from '../../src/observability/plain-text.ts';

describe('a plain line', () => {
  test.each([
    ['fits', 10, 'fits'],
    ['one two three', 10, 'one two...'],
    ['one two three', 13, 'one two three'],
    ['one two', 6, 'one...'],
    ['onlyoneword', 8, 'onlyo...'],
    ['  two\r\nlines\u2028and\u0000more ', 40, 'two lines and more'],
    ['zero\u200bwidth \ufffe end', 40, 'zero width end'],
    ['broken \ud800 half', 40, 'broken half'],
    ['\n\t', 10, ''],
  ])('%j in %i characters is %j', (text, longest, shown) => {
    expect(plainLine(text, longest)).toBe(shown);
  });

  test('is not cut within a character', () => {
    expect(plainLine('😀😀😀😀', 6)).toBe('😀...');
    expect(plainLine('😀😀😀😀', 7)).toBe('😀😀...');
  });
});

test.each([
  ['Zürich', 'Zurich'],
  ['naïve café', 'naive cafe'],
  ['½ 支払い ok', '1?2 ? ok'],
])('%j in ASCII is %j', (text, shown) => {
  expect(asciiLine(text, 99)).toBe(shown);
});
