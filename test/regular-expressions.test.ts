import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { wordsOf } from '../src/chat/words.ts';

/**
 * What people type and what names are called is matched by regular expressions. One whose repetition stands within another
 * may take as long as two to the power of the text's length; here each is looked at for that, by its form and not by time.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Expressions with a repetition in a repetition that are safe, and why. */
const SAFE = new Map([
  [
    String.raw`"([^"]*)"|(?<=^|\s)'([^']*)'(?=\s|$)|([^\s"]+(?:"[^"]*"[^\s"]*)*)`,
    'each round begins with a quotation mark, which nothing else in it takes, and what follows may always end it',
  ],
  [String.raw`^[a-z]{2}(-[a-z]+)+-\d$`, 'each round begins with a dash, which nothing else in it takes'],
]);

const LITERAL =
  /(?<=[(,=:[!&|?{;]\s*|\breturn\s+|^\s*)\/(?![/*\s])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/([dgimsuvy]*)(?![\w/])/gm;

/** The expressions of the product's code that comes from outside into: not those of practice mode. */
function expressions(): string[] {
  const files = ['src', 'blocks', 'infra', 'scripts'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const code = files.filter((file) => file.endsWith('.ts') && !file.startsWith(join('src', 'local')));
  return code.flatMap((file) => {
    const lines = readFileSync(join(ROOT, file), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
    return [...lines.matchAll(LITERAL)].flatMap(([, source = '', flags]) =>
      isExpression(source, flags ?? '') ? [source] : [],
    );
  });
}

function isExpression(source: string, flags: string): boolean {
  try {
    new RegExp(source, flags);
    return true;
  } catch {
    return false;
  }
}

/** True where a group that may be repeated without end has in it what may be repeated without end. */
function repeatsWhatRepeats(source: string): boolean {
  const plain = source.replace(/\\u\{[0-9a-f]+\}|\\[pP]\{[^}]*\}|\\./gi, 'x').replace(/\[[^\]]*\]/g, 'x');
  const open: boolean[] = [false];
  for (let at = 0; at < plain.length; at += 1) {
    const rest = plain.slice(at);
    if (rest.startsWith('(')) open.push(false);
    const isGroup = rest.startsWith(')');
    const hasRepetition = isGroup ? (open.pop() ?? false) : false;
    const isRepeated = /^.(?:[*+]|\{\d+,\})/.test(rest) && !rest.startsWith('(');
    if (isGroup && isRepeated && hasRepetition) return true;
    if (hasRepetition || isRepeated) open[open.length - 1] = true;
  }
  return false;
}

it('a repetition in a repetition is found', () => {
  for (const source of ['(a+)+', '(?:a*b?)*c', '((a|b)+,?){2,}', String.raw`(\s+x)*`]) {
    expect(repeatsWhatRepeats(source), source).toBe(true);
  }
  for (const source of ['a+b+', '(ab)+', String.raw`\(a+\)+`, '[(a+)]+', '(a+){2}']) {
    expect(repeatsWhatRepeats(source), source).toBe(false);
  }
});

it('no expression repeats what repeats, but those that are known to be safe', () => {
  const all = expressions();
  expect(all.length).toBeGreaterThan(100);
  expect(new Set(all.filter(repeatsWhatRepeats))).toEqual(new Set(SAFE.keys()));
});

it('a command of every kind of quotation mark, as long as a request may be, is read in its words', () => {
  expect(wordsOf(`"${"a'“ ".repeat(50_000)}`).words.length).toBeGreaterThan(0);
  expect(wordsOf('a"b"'.repeat(50_000)).words).toHaveLength(1);
});
