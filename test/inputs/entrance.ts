import fc from 'fast-check';

/** An entrance of the product, and what is promised of it for whatever comes in. */
interface Described<Input> {
  name: string;
  /** Inputs that are generated where nobody asks for more. */
  runs: number;
  /** Inputs with a name, tried first: what went wrong once, and what is known to. */
  corpus?: readonly (readonly [name: string, input: Input])[];
  inputs: fc.Arbitrary<Input>;
  /** Gives the input in. @throws when the product has not kept its promise */
  give: (input: Input) => void | Promise<void>;
}

/** An entrance whose inputs nobody outside has to know. */
export interface Entrance {
  name: string;
  runs: number;
  /** Gives in its corpus and `runs` generated inputs; how many that were. @throws with the seed and the smallest input that breaks the promise */
  tryAll(runs: number, seed: number): Promise<number>;
}

export function entrance<Input>({ name, runs, corpus = [], inputs, give }: Described<Input>): Entrance {
  return {
    name,
    runs,
    async tryAll(numRuns, seed) {
      let given = 0;
      for (const [called, input] of corpus) {
        given += 1;
        try {
          await give(input);
        } catch (error) {
          throw new Error(`${name}, of the corpus: ${called}`, { cause: error });
        }
      }
      await fc.assert(
        fc.asyncProperty(inputs, async (input) => {
          given += 1;
          await give(input);
        }),
        { numRuns, seed },
      );
      return given;
    },
  };
}
