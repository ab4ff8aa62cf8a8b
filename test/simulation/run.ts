import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { AwsCall } from '../../src/local/aws/identities.ts';
import type { Run } from './simulate.ts';

/*
 * `npm run simulate -- --seeds 2000`: the whole product in simulated time, with what a seed says goes wrong, and what must
 * hold after each run. `--first N` begins with another seed, `--seed N` shows one run, `--planted` looks for planted bugs.
 */

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
const USAGE = `npm run simulate -- [--seeds 2000] [--first 1] [--workers 2]   runs seeds, and says which broke a rule
npm run simulate -- --seed N [--bug NAME]                      shows one run, moment by moment
npm run simulate -- --planted                                  looks for the planted bugs`;
/** Seconds between two lines of progress. */
const PROGRESS_MS = 20_000;
/** Broken rules of one run that are printed. */
const MOST_VIOLATIONS = 6;

/** What a worker writes of a run. */
export type RunLine = Omit<Run, 'lines' | 'calls'> & { steps: number; calls: number; newCalls: AwsCall[] };

/** What a worker writes of a planted bug. */
interface PlantedLine {
  name: string;
  breaks: string;
  within: number;
  foundBy?: number;
  said: string;
  cpuMs: number;
}

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Runs a worker; `onLine` is given what it writes. @throws {Error} when it dies */
async function work(given: readonly string[], onLine: (line: string) => void): Promise<void> {
  // Most of what is made lives as long as one run: a large nursery keeps it from being copied.
  const flags = ['--max-semi-space-size=64', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, WORKER, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) onLine(line);
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== 0) throw new Error(`a worker ended with ${child.exitCode ?? child.signalCode}`);
}

/** Runs seeds in several processes. True when no rule was broken. */
async function runSeeds(first: number, seeds: number, workers: number): Promise<boolean> {
  const began = performance.now();
  const until = first + seeds - 1;
  const runs: RunLine[] = [];
  const timer = setInterval(() => print(`… ${runs.length} of ${seeds} seeds`), PROGRESS_MS);
  const take = (line: string): void => {
    const run = JSON.parse(line) as RunLine;
    runs.push(run);
    if (run.violations.length > 0) print(brokenText(run));
  };
  try {
    const share = (index: number) => work(['run', String(first + index), String(workers), String(until)], take);
    await Promise.all(Array.from({ length: Math.min(workers, seeds) }, (_, index) => share(index)));
  } finally {
    clearInterval(timer);
  }
  const broken = runs.filter(({ violations }) => violations.length > 0);
  const seconds = (performance.now() - began) / 1000;
  const sum = (of: (run: RunLine) => number) => runs.reduce((total, run) => total + of(run), 0);
  const executions = sum((run) => run.executions.length);
  print(
    `${runs.length} seeds (${first} to ${until}) in ${seconds.toFixed(0)} s, ${Math.round((runs.length / seconds) * 60)} a minute: ` +
      `${executions} executions, ${sum(({ calls }) => calls)} AWS calls, ${sum(({ faulty }) => faulty)} of them or of Slack's gone wrong.`,
  );
  print(outcomesText(runs));
  print(exercisedText(runs));
  print(
    broken.length === 0
      ? 'No rule was broken.'
      : `${broken.length} seeds broke a rule: ${broken.map(({ seed }) => seed).join(', ')}.`,
  );
  const refused = await refusedByPolicies(runs.flatMap(({ newCalls }) => newCalls));
  print(
    refused.length === 0
      ? 'Every call is allowed by the deployed policies.'
      : `The deployed policies refuse:\n    ${refused.join('\n    ')}`,
  );
  return broken.length === 0 && refused.length === 0 && runs.length === seeds;
}

/** What the policies of a deployment like practice mode's do not allow of these calls. Loaded late: the CDK takes seconds. */
async function refusedByPolicies(calls: readonly AwsCall[]): Promise<string[]> {
  const { deployedOrganisation } = await import('../infra/iam/organisation.ts');
  const { practiceDeployment } = await import('../infra/iam/practice-deployment.ts');
  const { askedAbout, refusals } = await import('../infra/iam/proof.ts');
  const organisation = deployedOrganisation(practiceDeployment());
  return refusals(askedAbout(calls, organisation), organisation);
}

function brokenText({ seed, faults, violations }: RunLine): string {
  const lines = violations.slice(0, MOST_VIOLATIONS).map(({ rule, what }) => `    ${rule}: ${what}`);
  return [`seed ${seed} (${faults})`, ...lines, `    npm run simulate -- --seed ${seed}`].join('\n');
}

function outcomesText(runs: readonly RunLine[]): string {
  const counts = new Map<string, number>();
  for (const { verb, status } of runs.flatMap((run) => run.executions)) {
    counts.set(`${verb} ${status}`, (counts.get(`${verb} ${status}`) ?? 0) + 1);
  }
  return [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([what, times]) => `${times} × ${what}`)
    .join(', ');
}

function exercisedText(runs: readonly RunLine[]): string {
  const counts = new Map<string, number>();
  for (const [what, times] of runs.flatMap(({ exercised }) => Object.entries(exercised))) {
    counts.set(what, (counts.get(what) ?? 0) + times);
  }
  return [...counts].map(([what, times]) => `${times} × ${what}`).join(', ');
}

/** Looks for every planted bug. True when each was found in time. */
async function runPlanted(): Promise<boolean> {
  const found: PlantedLine[] = [];
  await work(['planted'], (line) => {
    const bug = JSON.parse(line) as PlantedLine;
    found.push(bug);
    const how =
      bug.foundBy === undefined ? `NOT FOUND in ${bug.within} seeds` : `found by seed ${bug.foundBy} of ${bug.within}`;
    print(`${bug.breaks.padEnd(32)} ${bug.name}: ${how}`);
  });
  return found.length > 0 && found.every(({ foundBy }) => foundBy !== undefined);
}

function wholeNumber(text: string, name: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new RangeError(`--${name} takes a whole number above 0, not ${text}`);
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '2000' },
      first: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      seed: { type: 'string' },
      bug: { type: 'string' },
      planted: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return print(USAGE);
  if (values.planted) return await runPlanted();
  if (values.seed !== undefined) {
    const seed = String(wholeNumber(values.seed, 'seed'));
    await work(['show', seed, ...(values.bug === undefined ? [] : [values.bug])], print);
    return true;
  }
  const { first, seeds, workers } = values;
  return await runSeeds(wholeNumber(first, 'first'), wholeNumber(seeds, 'seeds'), wholeNumber(workers, 'workers'));
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 2;
}
