import { type Random, seeded } from '../../src/local/aws/seeded.ts';

/** Repeatable chance for one topic of one seed: what is drawn for one does not move what is drawn for another. */
export interface Chance extends Random {
  /** True with this probability. */
  happens(probability: number): boolean;
  /** One of them, each as likely. @throws {RangeError} when there is none */
  pick<T>(from: readonly T[]): T;
  /** Each of them with this probability, in their order. */
  some<T>(from: readonly T[], probability: number): T[];
}

/** Makes the chance of a topic. */
export function chanceOf(seed: number, topic: string): Chance {
  const random = seeded('simulation', seed, topic);
  return {
    ...random,
    happens: (probability) => random.next() < probability,
    pick(from) {
      const picked = from[random.integer(0, from.length - 1)];
      if (picked === undefined) throw new RangeError('there is nothing to pick from');
      return picked;
    },
    some: (from, probability) => from.filter(() => random.next() < probability),
  };
}
