import { describe, expect, it } from 'vitest';
import { readPlanText } from '../../src/platform/plan-text.ts';

const problemsOf = (text: string): string[] => {
  const read = readPlanText(text);
  return 'problems' in read ? read.problems : [];
};

/** Ten times as much a line, as nine lines. */
const BILLION_LAUGHS = `a: &a [${'x,'.repeat(9)}x]\n${[...'bcdefghi']
  .map((letter, at) => `${letter}: &${letter} [${Array(10).fill(`*${'abcdefgh'[at]}`).join(', ')}]`)
  .join('\n')}`;

describe('a text of recovery plans', () => {
  it('is refused where a few lines stand for a billion things', () => {
    expect(problemsOf(BILLION_LAUGHS)).toEqual([expect.stringContaining('Excessive alias count')]);
  });

  it('is refused where something stands inside itself', () => {
    expect(problemsOf('a: &a [*a]')).toEqual(['Something in it stands inside itself.']);
  });

  it('is refused, and throws nothing, however deep it goes', () => {
    expect(problemsOf(`${'['.repeat(20_000)}${']'.repeat(20_000)}`).length).toBeGreaterThan(0);
    expect(problemsOf('{"a":'.repeat(20_000)).length).toBeGreaterThan(0);
  });

  it('is refused where a key stands twice, with the line of the second', () => {
    expect(problemsOf('a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n')).toEqual(['Line 5 cannot be read: “c” is there already.']);
    expect(problemsOf('{"a": 1,\n"a": 2}')).toEqual(['Line 2 cannot be read: “a” is there already.']);
  });

  it('is refused where a key is one that means something to JavaScript', () => {
    expect(problemsOf('tags:\n  __proto__: x\n')).toEqual(['Line 2 cannot be read: nothing is called “__proto__”.']);
    expect(problemsOf('constructor: {prototype: {x: 1}}')).toEqual([]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('makes no code and no object of its own: a tag of YAML is passed over', () => {
    expect(readPlanText('a: !!js/function "x"')).toMatchObject({ document: { a: 'x' } });
  });
});
