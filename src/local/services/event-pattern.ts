import { z } from 'zod';

/**
 * An event pattern: for each field of an event, the values and comparisons of which one must hold, or the pattern of the
 * fields below it. A field that is not named matches everything; `$or` holds when one of its patterns does.
 */
export type EventPattern = { readonly [field: string]: EventPattern | readonly unknown[] | undefined };

type Scalar = string | number | boolean | null;
/** What one element of a pattern's list asks of one value; undefined stands for a field that is absent. */
type Test = (value: Scalar | undefined) => boolean;
/** What a pattern asks of an event. */
type Matcher = (event: unknown) => boolean;

const texts = z.union([z.string(), z.array(z.string()).min(1)]).transform((value) => [value].flat());
const comparison = z.tuple([z.enum(['<', '<=', '=', '>', '>=']), z.number()]);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const ignoringCase = z.strictObject({ 'equals-ignore-case': z.string() });

/** Tests of texts, by operator; a value that is no text passes none of them. */
const TEXT_TESTS: Readonly<Record<string, (wanted: string, value: string) => boolean>> = {
  prefix: (wanted, value) => value.startsWith(wanted),
  suffix: (wanted, value) => value.endsWith(wanted),
  'equals-ignore-case': (wanted, value) => value.toLowerCase() === wanted.toLowerCase(),
  wildcard: (wanted, value) => wildcard(wanted).test(value),
};

/**
 * Makes a pattern ready for matching. Its operators: exact values, `prefix` and `suffix` (also ignoring case),
 * `anything-but` (values, or prefix, suffix, equals-ignore-case, wildcard), `numeric`, `exists`, `equals-ignore-case`,
 * `wildcard` and `$or`; `cidr` is not simulated. Source: EventBridge user guide, "Comparison operators for use in event
 * patterns".
 * @throws {Error} when the pattern is not one, or uses what is not simulated
 */
export function compilePattern(pattern: EventPattern): Matcher {
  const tests = Object.entries(pattern).flatMap(([field, wanted]) =>
    wanted === undefined ? [] : [field === '$or' ? anyPattern(wanted) : fieldMatcher(field, wanted)],
  );
  return (event) => tests.every((test) => test(event));
}

function anyPattern(patterns: unknown): Matcher {
  if (!Array.isArray(patterns) || patterns.length === 0) throw new Error('$or in an event pattern must be a list');
  const tests = patterns.map((pattern: EventPattern) => compilePattern(pattern));
  return (event) => tests.some((test) => test(event));
}

function fieldMatcher(field: string, wanted: EventPattern | readonly unknown[]): Matcher {
  if (!isList(wanted)) {
    if (typeof wanted !== 'object' || wanted === null) {
      throw new Error(`"${field}" in an event pattern must be an object or a list`);
    }
    const below = compilePattern(wanted);
    // In a list of objects, one element must match (EventBridge user guide, "Matching on arrays").
    return (event) => [member(event, field)].flat().some(below);
  }
  if (wanted.length === 0) throw new Error(`"${field}" in an event pattern is an empty list`);
  const tests = wanted.map((element) => testOf(field, element));
  return (event) => {
    const value = member(event, field);
    // "If the value in the event is an array, then the event pattern matches if the intersection is non-empty."
    const values = Array.isArray(value) ? value.map(asScalar) : [asScalar(value)];
    return tests.some((test) => values.some(test));
  };
}

function isList(wanted: EventPattern | readonly unknown[]): wanted is readonly unknown[] {
  return Array.isArray(wanted);
}

function member(event: unknown, field: string): unknown {
  if (typeof event !== 'object' || event === null || !Object.hasOwn(event, field)) return undefined;
  return (event as Record<string, unknown>)[field];
}

/** Comparisons "only work on leaf nodes": an object counts as absent. */
function asScalar(value: unknown): Scalar | undefined {
  const checked = scalar.safeParse(value);
  return checked.success ? checked.data : undefined;
}

function testOf(field: string, element: unknown): Test {
  const exact = scalar.safeParse(element);
  if (exact.success) return (value) => value === exact.data;
  const [operator = '', ...others] = Object.keys(element as object);
  const operand = (element as Record<string, unknown>)[operator];
  const refuse = (): never => {
    throw new Error(`event patterns with ${JSON.stringify(element)} (on "${field}") are not simulated`);
  };
  if (others.length > 0) return refuse();
  if (operator === 'exists' && typeof operand === 'boolean') return (value) => (value !== undefined) === operand;
  if (operator === 'numeric' && Array.isArray(operand)) return numericTest(operand) ?? refuse();
  if (operator === 'anything-but') return anythingBut(operand) ?? refuse();
  return textTest(operator, operand) ?? refuse();
}

/** e.g. `[">", 0, "<=", 5]` */
function numericTest(operand: readonly unknown[]): Test | undefined {
  const pairs: z.infer<typeof comparison>[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const pair = comparison.safeParse(operand.slice(index, index + 2));
    if (!pair.success) return undefined;
    pairs.push(pair.data);
  }
  if (pairs.length === 0) return undefined;
  return (value) => typeof value === 'number' && pairs.every(([sign, bound]) => compare(value, sign, bound));
}

function compare(value: number, sign: '<' | '<=' | '=' | '>' | '>=', bound: number): boolean {
  if (sign === '=') return value === bound;
  if (sign === '<') return value < bound;
  if (sign === '<=') return value <= bound;
  return sign === '>' ? value > bound : value >= bound;
}

/** An absent field is not "anything": the field must exist to match. */
function anythingBut(operand: unknown): Test | undefined {
  const values = z.array(scalar).min(1).safeParse([operand].flat());
  if (values.success) return (value) => value !== undefined && !values.data.includes(value);
  const [operator = '', ...others] = typeof operand === 'object' && operand !== null ? Object.keys(operand) : [];
  const wanted = texts.safeParse(member(operand, operator));
  if (others.length > 0 || !wanted.success) return undefined;
  const tests = wanted.data.map((text) => textTest(operator, text));
  if (tests.some((test) => test === undefined)) return undefined;
  return (value) => value !== undefined && !tests.some((test) => test?.(value));
}

function textTest(operator: string, operand: unknown): Test | undefined {
  const test = Object.hasOwn(TEXT_TESTS, operator) ? TEXT_TESTS[operator] : undefined;
  if (test === undefined) return undefined;
  if (typeof operand === 'string') return (value) => typeof value === 'string' && test(operand, value);
  const nested = ignoringCase.safeParse(operand);
  if (!nested.success || (operator !== 'prefix' && operator !== 'suffix')) return undefined;
  const wanted = nested.data['equals-ignore-case'].toLowerCase();
  return (value) => typeof value === 'string' && test(wanted, value.toLowerCase());
}

/** `*` stands for any text; `\*` and `\\` for themselves. */
function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/\\[*\\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    const literal = part.length === 2 ? part.slice(1) : part;
    return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}
