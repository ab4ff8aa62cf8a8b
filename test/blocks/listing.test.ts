import { describe, expect, test } from 'vitest';
import { dotted, listing, spokenAge } from '../../blocks/listing.ts';

const textsOf = (lines: string[], most: number, characters?: number) =>
  listing(lines, most, characters).map((block) => (block.type === 'section' ? (block.text?.text ?? '') : ''));

describe('a list in sections', () => {
  test('stands in one section while it fits there', () => {
    expect(textsOf(['a', 'b'], 5)).toEqual(['a\nb']);
  });

  test('goes on in the next section, and cuts no line in two', () => {
    const lines = Array.from({ length: 10 }, (_, index) => String(index).repeat(500));
    const texts = textsOf(lines, 10);
    expect(texts.length).toBeGreaterThan(1);
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(3_000);
    expect(texts.join('\n').split('\n')).toEqual(lines);
  });

  test('says how many lines there are beyond', () => {
    expect(textsOf(['a', 'b', 'c'], 2)).toEqual(['a\nb\n… and 1 more']);
    expect(textsOf(['a'.repeat(50), 'b'.repeat(50)], 9, 60)).toEqual([`${'a'.repeat(50)}\n… and 1 more`]);
  });

  test('is no section at all when there is nothing', () => {
    expect(listing([], 5)).toEqual([]);
  });
});

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3_599, '59 min'],
  [3_600, '1 h'],
  [7_500, '2 h 5 min'],
  [86_400, '1 d'],
  [100_000, '1 d 3 h'],
])('%i seconds are %s', (seconds, spoken) => {
  expect(spokenAge(seconds)).toBe(spoken);
});

test('dots stand between the parts that there are', () => {
  expect(dotted('a', undefined, '', 'b')).toBe('a · b');
});
