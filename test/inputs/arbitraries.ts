import { readFileSync } from 'node:fs';
import fc from 'fast-check';

/** What the entrances are given: nasty texts and values by themselves, and well-formed documents with something nasty in them. */

/** A value as JSON can say it. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A file of the corpus: named regressions. */
export function corpusOf<T>(file: string): [name: string, value: T][] {
  const text = readFileSync(new URL(`corpus/${file}.json`, import.meta.url), 'utf8');
  return Object.entries(JSON.parse(text) as Record<string, T>);
}

/** Texts that mean something elsewhere: to Slack, to JSON and YAML, to JavaScript, to people who read them. */
export const NASTY_TEXTS: readonly string[] = corpusOf<string>('texts').map(([, text]) => text);

/** Lengths beside limits of Slack (75, 3,000), of tags (128, 256), of DynamoDB's keys (1,024, 2,048), and of a whole request. */
const LENGTHS = [24, 25, 64, 75, 76, 128, 129, 256, 257, 300, 301, 1_025, 2_049, 3_001, 9_000];

const long = fc
  .tuple(fc.constantFrom('x', '&', '"', '<', '\n', 'ä', '😀', 'a b ', 'i-0', '\u202e'), fc.constantFrom(...LENGTHS))
  .map(([part, length]) => part.repeat(Math.ceil(length / part.length)).slice(0, length));

/** Any text. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...NASTY_TEXTS) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 })
      .map((points) => String.fromCodePoint(...points)),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 40 }) },
  // Halves of characters among them.
  {
    weight: 1,
    arbitrary: fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
      .map((units) => String.fromCharCode(...units)),
  },
  { weight: 1, arbitrary: long },
);

/** Any number that JSON.parse gives, infinity among them: it is what 1e400 is read as. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, -0, -1, 0.5, 1e21, 1e-200, 1e308, -1e308, Infinity, -Infinity, 99, 100, 2 ** 31, 2 ** 53, 2 ** 64),
  fc.integer(),
  fc.double({ noNaN: true }),
);

/** So many lists inside each other. It stands as a text until {@link textOf} writes it: by recursion nothing could be done with it. */
export function nested(depth: number): Json {
  return `@nested ${depth}@`;
}

const anyName = fc.oneof(anyText, fc.constantFrom('__proto__', 'constructor', 'tags', 'id', ''));

/** Any value that JSON can say. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 8, arbitrary: fc.oneof(fc.constant(null), fc.boolean(), anyNumber, anyText) },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Json>([], {}, [[]], [null], [''], { length: 1 }, { toString: 1 }),
    },
    { weight: 1, arbitrary: fc.constantFrom(40, 40, 40, 5_000, 20_000).map(nested) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 101, max: 400 }).map((count): Json => Array.from({ length: count }, (_, at) => at)),
    },
    { weight: 4, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    { weight: 4, arbitrary: fc.array(fc.tuple(anyName, tie('value')), { maxLength: 4 }).map(objectOf) },
  ),
})).value;

/** An object with these as its own members, `__proto__` among them, as JSON.parse makes it. */
function objectOf(entries: readonly (readonly [string, Json])[]): { [name: string]: Json } {
  const made: { [name: string]: Json } = {};
  for (const [name, value] of entries) {
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return made;
}

type Path = (string | number)[];

function pathsOf(value: Json, path: Path = [], found: Path[] = []): Path[] {
  found.push(path);
  if (typeof value !== 'object' || value === null) return found;
  const inner: [string | number, Json][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  for (const [key, item] of inner) pathsOf(item, [...path, key], found);
  return found;
}

type Change = (value: Json | undefined) => Json | undefined;

function changedAt(value: Json, [first, ...rest]: Path, change: Change): Json | undefined {
  if (first === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => {
      const now = at === first ? changedAt(item, rest, change) : item;
      return now === undefined ? [] : [now];
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  return objectOf(
    Object.entries(value).flatMap(([key, item]) => {
      const now = key === first ? changedAt(item, rest, change) : item;
      return now === undefined ? [] : [[key, now] as const];
    }),
  );
}

const MOST_COPIES = 120;

/** What becomes of one place of a document. */
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: anyJson.map((value) => () => value) },
  {
    weight: 4,
    arbitrary: anyText.map((text) => (value: Json | undefined) => (typeof value === 'string' ? text : value)),
  },
  {
    weight: 2,
    arbitrary: anyNumber.map((number) => (value: Json | undefined) => (typeof value === 'number' ? number : value)),
  },
  { weight: 2, arbitrary: fc.constant<Change>(() => undefined) },
  {
    weight: 3,
    arbitrary: fc.tuple(anyText, anyJson).map(([name, inner]) => (value: Json | undefined) => {
      if (Array.isArray(value)) return [...value, inner];
      return typeof value === 'object' && value !== null ? objectOf([...Object.entries(value), [name, inner]]) : value;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Change>((value) =>
      Array.isArray(value)
        ? Array.from({ length: MOST_COPIES }, () => value)
            .flat()
            .slice(0, MOST_COPIES)
        : value,
    ),
  },
  { weight: 1, arbitrary: fc.constant<Change>((value) => (typeof value === 'string' ? `${value}${value}` : value)) },
);

/** A document that is as it should be, or with one to three places changed. */
export function changed(documents: readonly Json[], most = 3): fc.Arbitrary<Json> {
  return fc
    .tuple(
      fc.constantFrom(...documents),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), anyChange), { maxLength: most }),
    )
    .map(([document, changes]) =>
      changes.reduce<Json>((value, [where, change]) => {
        const paths = pathsOf(value);
        return changedAt(value, paths[Math.floor(where * paths.length)] ?? [], change) ?? null;
      }, document),
    );
}

/** JSON as it may arrive: numbers as large as they are written, and lists as deep. */
export function textOf(value: Json): string {
  // JSON.stringify has null for infinity.
  const text = JSON.stringify(value, (_, inner: unknown) =>
    inner === Infinity || inner === -Infinity ? `@number ${inner < 0 ? '-' : ''}1e400@` : inner,
  );
  return unfolded(text.replaceAll(/"@number (-?1e400)@"/g, '$1'));
}

/** The text with what {@link nested} stands for. */
export function unfolded(text: string): string {
  return text.replaceAll(
    /"@nested (\d+)@"/g,
    (_, depth: string) => '['.repeat(Number(depth)) + ']'.repeat(Number(depth)),
  );
}

/** The same of texts as they come in, with what they mean by {@link nested}. */
export function textCorpusOf(file: string): [name: string, text: string][] {
  return corpusOf<string>(file).map(([name, text]) => [name, unfolded(text)]);
}

/** What arrives of it where AWS has read the JSON. */
export function arrived(value: Json): unknown {
  return JSON.parse(textOf(value));
}

/** The text of a document, whole or broken: cut off, with a name twice, with a comment, with a mark at its beginning. */
export function brokenText(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  return fc.oneof(
    { weight: 6, arbitrary: text },
    { weight: 1, arbitrary: fc.tuple(text, part).map(([whole, at]) => whole.slice(0, Math.floor(at * whole.length))) },
    {
      weight: 1,
      arbitrary: fc.tuple(text, part, anyText).map(([whole, at, more]) => {
        const cut = Math.floor(at * whole.length);
        return whole.slice(0, cut) + more + whole.slice(cut);
      }),
    },
    { weight: 1, arbitrary: text.map((whole) => whole.replace(/"(\w+)":/, '"$1":null,"$1":')) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(text, fc.constantFrom('\ufeff', '// x\n', '# x\n', '---\n', '%YAML 1.1\n---\n'))
        .map(([whole, first]) => first + whole),
    },
  );
}
