import { createHash } from 'node:crypto';
import jsonata from 'jsonata';
import type { Json } from './json.ts';

/** A source of random numbers from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

/** The algorithms of `$hash` and their names in Node. Source: developer guide, JSONata functions provided by Step Functions. */
const HASHES: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

const formatMillis = jsonata('$fromMillis($millis, $picture, $timezone)');

/** Thrown inside an expression; JSONata passes it on as the reason why the expression failed. */
function refuse(message: string): never {
  throw new TypeError(message);
}

function requireInteger(value: unknown, what: string): number {
  return Number.isInteger(value) ? (value as number) : refuse(`${what} must be an integer`);
}

function partition(list: unknown, size: unknown): unknown {
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) return refuse('the first argument of $partition must be an array');
  const length = requireInteger(size, 'the second argument of $partition');
  if (length < 1) return refuse('the second argument of $partition must be greater than 0');
  const parts: unknown[][] = [];
  for (let from = 0; from < list.length; from += length) parts.push(list.slice(from, from + length));
  return parts;
}

function range(first: unknown, last: unknown, step: unknown): number[] {
  const from = requireInteger(first, 'the first argument of $range');
  const to = requireInteger(last, 'the second argument of $range');
  const by = requireInteger(step, 'the third argument of $range');
  if (by === 0) return refuse('the third argument of $range must not be 0');
  const numbers: number[] = [];
  for (let value = from; by > 0 ? value <= to : value >= to; value += by) numbers.push(value);
  return numbers;
}

function hash(data: unknown, algorithm: unknown): unknown {
  if (data === undefined) return undefined;
  if (typeof data !== 'string') return refuse('the first argument of $hash must be a string');
  const name = typeof algorithm === 'string' ? HASHES[algorithm] : undefined;
  if (name === undefined)
    return refuse(`the second argument of $hash must be one of ${Object.keys(HASHES).join(', ')}`);
  return createHash(name).update(data).digest('hex');
}

function parse(text: unknown): unknown {
  if (text === undefined) return undefined;
  if (typeof text !== 'string') return refuse('the argument of $parse must be a string');
  return JSON.parse(text);
}

/** A number from 0 to 1 that depends on `seed` only (one step of mulberry32). */
function seededRandom(seed: number): number {
  let mixed = (seed + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

/** A version 4 UUID whose digits come from `random`, so that a seeded run repeats itself. */
export function uuidFrom(random: Random): string {
  const digit = () => Math.floor(random() * 16).toString(16);
  const variant = () => '89ab'.charAt(Math.floor(random() * 4));
  return 'xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx'.replace(/[xv]/g, (place) => (place === 'x' ? digit() : variant()));
}

/**
 * The functions that Step Functions adds to JSONata, and JSONata's own clock functions on the simulated clock. They are
 * bound anew for each evaluation, so `$now` and `$millis` do not move within one expression.
 */
export function awsFunctions(now: number, random: Random): Record<string, (...given: Json[]) => unknown> {
  return {
    partition,
    range,
    hash,
    parse,
    random: (seed) => (typeof seed === 'number' ? seededRandom(seed) : random()),
    uuid: () => uuidFrom(random),
    millis: () => now,
    now: (picture, timezone) => formatMillis.evaluate(undefined, { millis: now, picture, timezone }),
  };
}
