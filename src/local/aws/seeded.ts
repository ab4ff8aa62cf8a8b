import { hash } from 'node:crypto';

/** A stream of repeatable random numbers. Make it with {@link seeded}. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [from, to). */
  between(from: number, to: number): number;
  /** A whole number, uniform in [from, to]. */
  integer(from: number, to: number): number;
  /** Log-normal with the given median; `sigma` is the standard deviation of its logarithm. */
  logNormal(median: number, sigma: number): number;
  /** `length` random hexadecimal digits. */
  hex(length: number): string;
  /** A UUID in shape; its version digits are random too. */
  uuid(): string;
}

/**
 * Random numbers that depend on nothing but `parts`. Naming what a number is for (the seed, the job, the server) instead
 * of drawing from one shared stream keeps each value the same when other things happen in another order.
 */
export function seeded(...parts: readonly (string | number)[]): Random {
  let state = hash('sha256', parts.join('/'), 'buffer').readUInt32LE(0);

  // mulberry32: 32 bits of state are plenty for the few numbers that each stream gives.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (from: number, to: number): number => from + next() * (to - from);
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const hex = (length: number): string => Array.from({ length }, () => integer(0, 15).toString(16)).join('');
  return {
    next,
    between,
    integer,
    hex,
    logNormal(median, sigma) {
      // Box-Muller; 1 - next() because the logarithm of 0 does not exist.
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return median * Math.exp(sigma * normal);
    },
    uuid: () => [8, 4, 4, 4, 12].map(hex).join('-'),
  };
}
