import type { Imported, Path } from '../../../src/domain/plan-import/import.ts';
import { pathText } from '../../../src/domain/plan-import/import.ts';
import { aServer } from '../fleet.ts';

export const CONTEXT = {
  name: 'Portal',
  region: 'us-east-2',
  servers: [
    aServer(1, { hostname: 'web-01', tags: { Wave: '1', Tier: 'web' } }),
    aServer(2, { hostname: 'web-02', tags: { Wave: '1', Tier: 'web' } }),
    aServer(9, { hostname: 'web-01', region: 'us-west-2', tags: { Wave: '1', Tier: 'web' } }),
    aServer(3, { hostname: 'db-01', tags: { Wave: '2' } }),
    aServer(4, { hostname: 'twin', tags: {} }),
    aServer(5, { hostname: 'TWIN', accountId: '222222222222', tags: {} }),
  ],
};

/** Every leaf of a document, an empty list or object included. */
function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return inner.length === 0 ? [path] : inner.flatMap(([key, item]) => leavesOf(item, [...path, key]));
}

function objectsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  const below = inner.flatMap(([key, item]) => objectsOf(item, [...path, key]));
  return Array.isArray(value) ? below : [path, ...below];
}

function changedAt(document: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return change(document);
  if (Array.isArray(document)) return document.map((item, at) => (at === first ? changedAt(item, rest, change) : item));
  return Object.fromEntries(
    Object.entries(document as object).map(([key, item]) => [
      key,
      key === first ? changedAt(item, rest, change) : item,
    ]),
  );
}

function another(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 60;
  return Array.isArray(value) ? ['another'] : `${String(value)}x`;
}

/**
 * Leaves of which nothing is left after an import: another value there gives the same plans, groups and problems, and
 * neither the leaf nor anything around it is named.
 */
export function droppedLeaves(document: unknown, read: (document: unknown) => Imported): string[] {
  const before = read(document);
  const made = ({ plans, groups, problems }: Imported) => JSON.stringify({ plans, groups, problems });
  return leavesOf(document)
    .filter((leaf) => !isNamed(before, leaf))
    .filter((leaf) => made(read(changedAt(document, leaf, another))) === made(before))
    .map(pathText);
}

/** Objects in which a field that no format has is dropped. */
export function droppedNewFields(document: unknown, read: (document: unknown) => Imported): string[] {
  return objectsOf(document)
    .filter((path) => {
      const imported = read(changedAt(document, path, (value) => ({ ...(value as object), brandNew: ['7'] })));
      const isNew = [...path, 'brandNew'];
      const isTag = JSON.stringify([imported.plans, imported.groups]).includes('brandNew');
      return !isTag && !isNamed(imported, isNew) && !imported.problems.some(({ where }) => startsWith(isNew, where));
    })
    .map(pathText);
}

function isNamed({ notRunnable }: Imported, leaf: Path): boolean {
  return notRunnable.some(({ where }) => startsWith(leaf, where));
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((part, at) => path[at] === part);
}

/** `path: message` of each problem. */
export function problemsOf({ problems }: Imported): string[] {
  return problems.map(({ where, message }) => `${pathText(where)}: ${message}`);
}

/** Where something is named as not run. */
export function leftOut({ notRunnable }: Imported): string[] {
  return notRunnable.map(({ where }) => pathText(where));
}
