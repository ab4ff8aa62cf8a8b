import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const DOCUMENT = read('docs/security.md');

interface Threat {
  name: string;
  text: string;
  tests: { file: string; title: string }[];
}

const [, section = ''] = /^## Threats$(.*?)^## /ms.exec(DOCUMENT) ?? [];
const THREATS: Threat[] = section
  .split(/^### /m)
  .slice(1)
  .map((text) => ({
    name: text.slice(0, text.indexOf('\n')),
    text,
    tests: [...text.matchAll(/^ {2}- `(test\/[^`]+)`: (.+)$/gm)].map(([, file = '', title = '']) => ({ file, title })),
  }));

const known = new Map<string, string[]>();

/** The titles of a file's tests, as they are written there. */
function titlesIn(file: string): string[] {
  const titles = known.get(file) ?? readTitles(file);
  known.set(file, titles);
  return titles;
}

function readTitles(file: string): string[] {
  const called = /(?:\b(?:it|test)\(|\)\()\s*(['"`])((?:\\.|(?!\1).)*)\1,\s*(?:async\s*)?\(/g;
  return [...read(file).matchAll(called)].map(([, , title = '']) => title.replaceAll(/\\(['"`])/g, '$1'));
}

describe('the threats of docs/security.md', () => {
  it('are there', () => {
    expect(THREATS.length).toBeGreaterThan(20);
    expect(titlesIn('test/security.test.ts')).toContain('are there');
  });

  it.each(THREATS)('$name: what it wants, what stops it, what shows it, and what is left', ({ text, tests }) => {
    for (const label of ['Wants', 'Stopped by', 'Shown by', 'Left']) expect(text).toContain(`- **${label}**:`);
    expect(tests.length).toBeGreaterThan(1);
  });

  it('are shown by tests that exist under these names', () => {
    const missing = THREATS.flatMap(({ tests }) => tests).filter(
      ({ file, title }) => !existsSync(join(ROOT, file)) || !titlesIn(file).includes(title),
    );
    expect(missing).toEqual([]);
  });

  it('name files that there are', () => {
    const named = [...DOCUMENT.matchAll(/`((?:src|blocks|infra|scripts|test|\.github)\/[\w./-]+\.\w+)`/g)];
    expect(named.length).toBeGreaterThan(30);
    expect(named.flatMap(([, file = '']) => (existsSync(join(ROOT, file)) ? [] : [file]))).toEqual([]);
  });
});
