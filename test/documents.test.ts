import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const markdownIn = (directory: string) =>
  readdirSync(path.join(ROOT, directory))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(directory, name));
const DOCUMENTS = [...markdownIn('.'), ...markdownIn('docs')];

/** A document without its examples: what stands there is no heading and no link. */
const proseOf = (file: string): string => read(file).replaceAll(/^ *```.*?^ *```$/gms, '');

/** The anchor of a heading, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\d _-]/gu, '')
    .replaceAll(' ', '-');
}

const headingsOf = (file: string) => [...proseOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);

function linksOf(file: string): string[] {
  return [...proseOf(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target);
}

describe.each(DOCUMENTS)('%s', (file) => {
  it('links to files and headings that there are', () => {
    const broken = linksOf(file).filter((target) => {
      const [name = '', anchor] = target.split('#');
      const linked = name === '' ? file : path.join(path.dirname(file), name);
      if (!existsSync(path.join(ROOT, linked))) return true;
      return anchor !== undefined && !headingsOf(linked).map(anchorOf).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('has no two headings of one name', () => {
    const headings = headingsOf(file);
    expect(headings.filter((heading, index) => headings.indexOf(heading) < index)).toEqual([]);
  });
});

it('every script that a document names can be run', () => {
  const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
  for (const file of DOCUMENTS) {
    const run = [...read(file).matchAll(/npm run (?:-s |--silent )?([a-z][a-z-]*)/g)].map(([, script = '']) => script);
    expect(
      run.filter((script) => !scripts.includes(script)),
      file,
    ).toEqual([]);
  }
});

it('operations.md names every section of it at its top', () => {
  const file = 'docs/operations.md';
  const [contents = '', ...sections] = proseOf(file).split(/^(?=## )/m);
  expect(sections.length).toBeGreaterThan(15);
  const anchors = sections.map((section) => anchorOf(section.slice(3, section.indexOf('\n'))));
  expect(anchors.filter((anchor) => !contents.includes(`(#${anchor})`))).toEqual([]);
});
