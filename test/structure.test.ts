import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { LONG_FILES } from './long-first.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  /** File that imports, from the root, e.g. `src/chat/command.ts`. */
  from: string;
  /** A file from the root, or a package's name as it is written. */
  to: string;
  isPackage: boolean;
  /** True when nothing of it is left at run time. */
  typesOnly: boolean;
}

const STATIC = /^(?:import|export)\s+(?<what>(?:type\s+)?(?:[\w*{}\s,]+?))\s*from\s+'(?<target>[^']+)'/gm;
const FOR_EFFECT = /^import\s+'(?<target>[^']+)'/gm;
const DYNAMIC = /\bimport\(\s*(?<target>[^)]*)\)/g;

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name).split(sep).join('/'));
}

function isTypesOnly(what: string): boolean {
  if (what.startsWith('type ')) return true;
  const named = /^\{(.*)\}$/s
    .exec(what.trim())?.[1]
    ?.split(',')
    .filter((part) => part.trim() !== '');
  return named?.every((part) => part.trim().startsWith('type ')) ?? false;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = [...text.matchAll(STATIC), ...text.matchAll(FOR_EFFECT)];
  return found.map(({ groups }) => {
    const target = groups?.target ?? '';
    const isPackage = !target.startsWith('.');
    const path = relative(ROOT, resolve(ROOT, file, '..', target))
      .split(sep)
      .join('/');
    return { from: file, to: isPackage ? target : path, isPackage, typesOnly: isTypesOnly(groups?.what ?? '') };
  });
}

const importsBelow = (folder: string): Import[] => filesBelow(folder).flatMap(importsOf);
const isBelow = (path: string, ...folders: string[]): boolean =>
  folders.some((folder) => path.startsWith(`${folder}/`));
/** The imports as lines, which is what a failure shows. */
const shown = (imports: Import[]): string[] => imports.map(({ from, to }) => `${from} imports ${to}`);

const ALL = ['src', 'blocks', 'infra'].flatMap(importsBelow);
const SIMULATORS = ['aws', 'dynamodb', 'lambda', 'services', 'slack', 'step-functions'].map(
  (name) => `src/local/${name}`,
);

test('imports are found, of every form', () => {
  expect(importsOf('src/chat/ingress.ts')).toContainEqual({
    from: 'src/chat/ingress.ts',
    to: 'src/chat/receiver.ts',
    isPackage: false,
    typesOnly: false,
  });
  expect(importsOf('blocks/gate-card.ts')).toContainEqual({
    from: 'blocks/gate-card.ts',
    to: 'src/domain/records.ts',
    isPackage: false,
    typesOnly: true,
  });
  expect(isTypesOnly('{ type A, type B }')).toBe(true);
  expect(isTypesOnly('{ type A, b }')).toBe(false);
  expect(isTypesOnly('* as all')).toBe(false);
});

describe('the rules', () => {
  test('import nothing of ours', () => {
    const wrong = importsBelow('src/domain').filter(({ to, isPackage }) => !isPackage && !isBelow(to, 'src/domain'));
    expect(shown(wrong)).toEqual([]);
  });

  test('need no package but the one that checks data, and hashing', () => {
    const packages = importsBelow('src/domain').filter(({ isPackage }) => isPackage);
    expect(new Set(packages.map(({ to }) => to))).toEqual(new Set(['zod', 'node:crypto']));
  });
});

describe('the cards', () => {
  const imports = importsBelow('blocks');

  test('import types of the rules and nothing else of ours', () => {
    const wrong = imports.filter(
      ({ to, isPackage, typesOnly }) =>
        !isPackage && !isBelow(to, 'blocks') && !(isBelow(to, 'src/domain') && typesOnly),
    );
    expect(shown(wrong)).toEqual([]);
  });

  test('need no package at run time: no AWS, no Slack client', () => {
    expect(shown(imports.filter(({ isPackage, typesOnly }) => isPackage && !typesOnly))).toEqual([]);
  });
});

describe('practice mode', () => {
  test('is imported by no product code', () => {
    const wrong = ALL.filter(({ from, to }) => !isBelow(from, 'src/local') && isBelow(to, 'src/local'));
    expect(shown(wrong)).toEqual([]);
  });

  test('simulators know nothing of the product: neither its rules nor its cards', () => {
    const wrong = SIMULATORS.flatMap(importsBelow).filter(
      ({ to, isPackage }) => !isPackage && !isBelow(to, 'src/local'),
    );
    expect(shown(wrong)).toEqual([]);
  });

  test('simulators do not know who hosts them', () => {
    const hosts = ['practice', 'drill', 'start', 'command-line', 'real-workspace'].map(
      (name) => `src/local/${name}.ts`,
    );
    expect(shown(SIMULATORS.flatMap(importsBelow).filter(({ to }) => hosts.includes(to)))).toEqual([]);
  });

  // real-workspace.ts gives the product's listeners what people do in a real workspace: it simulates nothing.
  test('only its host, its two commands and the way into a real workspace meet the product', () => {
    const meeting = ALL.filter(
      ({ from, to, isPackage }) => isBelow(from, 'src/local') && !isPackage && !isBelow(to, 'src/local'),
    );
    const allowed = ['practice', 'drill', 'start', 'command-line', 'real-workspace'].map(
      (name) => `src/local/${name}.ts`,
    );
    expect(shown(meeting.filter(({ from }) => !allowed.includes(from)))).toEqual([]);
  });

  test('only its host imports by a computed name, the functions of the one list, and the entries what they may not need', () => {
    const dynamic = ['src', 'blocks', 'infra']
      .flatMap(filesBelow)
      .flatMap((file) =>
        [...readFileSync(join(ROOT, file), 'utf8').matchAll(DYNAMIC)].map(({ groups }) => `${file}: ${groups?.target}`),
      )
      .filter((line) => !/: '(?!\.)[^']*'$/.test(line));
    expect([...new Set(dynamic)]).toEqual([
      "src/local/drill.ts: './practice.ts'",
      'src/local/practice.ts: fileOf(file',
      "src/local/start.ts: './real-workspace.ts'",
      "src/local/start.ts: './practice.ts'",
    ]);
  });
});

test('the files that begin first are there', () => {
  expect(LONG_FILES.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
