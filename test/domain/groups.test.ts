import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf, groupBy } from '../../src/domain/groups.ts';

describe('grouping', () => {
  it('keeps every item in its order, and groups in the order of first appearance', () => {
    const groups = groupBy(['b1', 'a1', 'b2'], (item) => item.slice(0, 1));
    expect([...groups]).toEqual([
      ['b', ['b1', 'b2']],
      ['a', ['a1']],
    ]);
  });
});

describe('cutting into chunks', () => {
  it('keeps every item in its order, and no chunk is too heavy but one of a single item', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 12 }), (items, most) => {
        const chunks = chunksOf(items, most, (item) => item);
        expect(chunks.flat()).toEqual(items);
        for (const chunk of chunks) {
          const weight = chunk.reduce((sum, item) => sum + item, 0);
          expect(chunk.length === 1 || weight <= most).toBe(true);
        }
      }),
    );
  });

  it('of nothing is nothing', () => {
    expect(chunksOf([], 10)).toEqual([]);
  });
});
