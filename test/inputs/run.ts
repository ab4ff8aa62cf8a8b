import { parseArgs } from 'node:util';
import { messageOf } from '../../src/domain/errors.ts';
import { UsageError } from '../../src/local/command-line.ts';
import { openDoors } from './doors.ts';
import type { Entrance } from './entrance.ts';
import { READERS } from './readers.ts';
import { SEED } from './seed.ts';

/** Bad input, as much as is asked for: `npm run inputs -- --runs 100000 --seed 7`. */

const HELP = `Gives bad input to every entrance of the product, in practice mode.

  npm run inputs [-- --runs N] [--seed N] [--only TEXT]

  --runs N     inputs in all, shared out as in npm test; default: as many as there
  --seed N     another one gives other inputs, the same one the same; default ${SEED}
  --only TEXT  only entrances whose name has this in it, each with its share

Exit code: 0 every promise was kept, 1 one was broken (with the seed and the smallest input), 2 wrong usage.`;
const EXIT = { kept: 0, broken: 1, wrongUsage: 2 } as const;

interface Wanted {
  runs?: number;
  seed: number;
  only: string;
}

/** @throws {UsageError} with what is wrong and the right form. */
function wanted(args: string[]): Wanted | 'help' {
  const { values } = parsed(args);
  if (values.help === true) return 'help';
  const number = (name: 'runs' | 'seed'): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} is a number, not ${text}.\n\n${HELP}`);
    return Number(text);
  };
  const runs = number('runs');
  return { ...(runs === undefined ? {} : { runs }), seed: number('seed') ?? SEED, only: values.only ?? '' };
}

function parsed(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args, options: { help: { type: 'boolean', short: 'h' }, runs: text, seed: text, only: text } });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${HELP}`);
  }
}

async function tryEach(all: readonly Entrance[], { runs, seed, only }: Wanted): Promise<number> {
  const usual = all.reduce((sum, entrance) => sum + entrance.runs, 0);
  let [given, broken] = [0, 0];
  for (const { name, runs: share, tryAll } of all.filter((entrance) => entrance.name.includes(only))) {
    try {
      const count = await tryAll(runs === undefined ? share : Math.ceil((share * runs) / usual), seed);
      given += count;
      process.stdout.write(`${String(count).padStart(8)}  ${name}\n`);
    } catch (error) {
      broken += 1;
      process.stdout.write(`  BROKEN  ${name}\n${reasonsOf(error).join('\n')}\n`);
    }
  }
  process.stdout.write(
    `${given} inputs, seed ${seed}: ${broken === 0 ? 'every promise was kept' : `${broken} broken`}\n`,
  );
  return broken === 0 ? EXIT.kept : EXIT.broken;
}

/** What was broken, and why: the smallest input first. */
function reasonsOf(error: unknown): string[] {
  if (error === undefined) return [];
  return [messageOf(error), ...reasonsOf(error instanceof Error ? error.cause : undefined)];
}

async function main(): Promise<number> {
  const asked = wanted(process.argv.slice(2));
  if (asked === 'help') {
    process.stdout.write(`${HELP}\n`);
    return EXIT.kept;
  }
  const doors = await openDoors();
  try {
    return await tryEach([...READERS, ...doors.entrances], asked);
  } finally {
    await doors.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : `It could not be run: ${messageOf(error)}`}\n`);
  process.exitCode = error instanceof UsageError ? EXIT.wrongUsage : EXIT.broken;
}
