import {
  type Document,
  isAlias,
  isCollection,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import { messageOf } from '../domain/errors.ts';
import { isDeeperThan } from '../domain/nesting.ts';
import type { Path } from '../domain/plan-import/import.ts';

/** Ours: far more than any format of plans has. */
const MOST_LEVELS = 64;
const TOO_DEEP = 'It has too many levels inside each other.';

/** A text of recovery plans, read; `lineOf` gives the line of the nearest thing that is there, from 1. */
export interface ReadText {
  document: unknown;
  lineOf: (where: Path) => number;
}

/** Reads YAML, and so JSON, too. What is wrong with it is a line each, with where it is. */
export function readPlanText(text: string): ReadText | { problems: string[] } {
  try {
    return read(text);
  } catch (error) {
    // The parser goes one call deeper with each level.
    return { problems: [error instanceof RangeError ? TOO_DEEP : `It cannot be read: ${messageOf(error)}.`] };
  }
}

function read(text: string): ReadText | { problems: string[] } {
  const lines = new LineCounter();
  // The parser compares each key with all before it: of a file with 45,000 that takes 20 s.
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  if (parsed.errors.length > 0) {
    return {
      problems: parsed.errors.map(
        ({ pos: [at], message }) => `Line ${lines.linePos(at).line} is neither YAML nor JSON: ${message}.`,
      ),
    };
  }
  const wrongKeys = wrongKeysOf(parsed);
  if (wrongKeys.length > 0) {
    return { problems: wrongKeys.map(({ at, why }) => `Line ${lines.linePos(at).line} cannot be read: ${why}.`) };
  }
  const document: unknown = parsed.toJS();
  // YAML can name a thing inside itself; no plan does.
  if (isInItself(document)) return { problems: ['Something in it stands inside itself.'] };
  if (isDeeperThan(document, MOST_LEVELS)) return { problems: [TOO_DEEP] };
  return { document, lineOf: (where) => lines.linePos(offsetOf(parsed.contents, where)).line };
}

/** Keys that stand twice in one thing, that are no text, and the one that the checks behind this would leave out without a word. */
function wrongKeysOf(document: Document.Parsed): { at: number; why: string }[] {
  const wrong: { at: number; why: string }[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        // A name that stands elsewhere, or is a list, would only be known when it is turned into text.
        if (isAlias(key) || isCollection(key)) wrong.push({ at: startOf(key), why: 'a name is to be written as text' });
        if (!isScalar(key)) continue;
        const { value } = key;
        if (seen.has(value)) wrong.push({ at: startOf(key), why: `“${String(value)}” is there already` });
        if (value === '__proto__') wrong.push({ at: startOf(key), why: 'nothing is called “__proto__”' });
        seen.add(value);
      }
    },
  });
  return wrong;
}

function isInItself(value: unknown, around: readonly object[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return around.includes(value) || Object.values(value).some((inner) => isInItself(inner, [...around, value]));
}

/** Where in the text the thing at `where` begins, or the nearest thing around it; a field begins with its name. */
function offsetOf(contents: unknown, where: Path): number {
  let node = contents;
  let offset = startOf(node);
  for (const part of where) {
    if (!isCollection(node)) break;
    const item: unknown = node.items.find((candidate, at) => (isPair(candidate) ? keyOf(candidate.key) : at) === part);
    if (item === undefined) break;
    offset = startOf(isPair(item) ? item.key : item);
    node = isPair(item) ? item.value : item;
  }
  return offset;
}

function keyOf(key: unknown): unknown {
  return isNode(key) ? key.toJSON() : key;
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
