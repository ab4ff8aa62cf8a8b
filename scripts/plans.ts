/**
 * Recovery plans and protection groups as files and as they are stored: `npm run plans -- --help`. `check`, `convert` and
 * `diff` need nothing but the files, of every format that can be imported; the others work on a deployment's tables.
 */
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf, nameOf } from '../src/domain/errors.ts';
import { differences } from '../src/domain/plan-differences.ts';
import { ownFile } from '../src/domain/plan-export.ts';
import { validatePlanSet } from '../src/domain/validate-plan.ts';
import type { Inventory } from '../src/local/inventory.ts';
import {
  contextOf,
  importProblems,
  inventoryOf,
  notRunnableLines,
  problemLines,
  type Reading,
  readPlans,
  serversIn,
  summaryOf,
  together,
  UnreadableFile,
} from './plans/files.ts';
import { type Confirm, EXIT, type PlansRun } from './plans/run.ts';
import { exportPlans, historyOf, importFiles, listPlans, type OnDeployment } from './plans/stored.ts';

const DEFAULT_INVENTORY = fileURLToPath(new URL('../practice/inventory.json', import.meta.url));

const HELP = `Files alone:

npm run plans -- check FILE…           checks plans and groups together, and what they match
npm run plans -- convert FILE          prints them as our own file
npm run plans -- diff OLD NEW          says what NEW would change

  --inventory FILE                     the servers that groups and host names are looked up in (practice/inventory.json)
  --manifest-tags select|label         what Tags mean in a DR Orchestrator manifest
  --to own                             the form to convert to; there is one

What is stored, with your AWS credentials, in their Region:

npm run plans -- import FILE…          stores them, all or nothing, after it has shown what changes and what cannot be run
npm run plans -- export PLAN           prints a stored plan with its groups and the plans that it runs; --all: everything
npm run plans -- list                  says which plans and groups are stored
npm run plans -- history PLAN          says who changed a plan, when, and what

  --environment NAME                   the environment of the deployment's file, where it has one
  --yes                                import: stores without asking; without it, yes is typed in a terminal
  --inventory FILE                     import: the servers that groups and host names are looked up in
  --unchecked                          import: stores although it could not be checked what groups and waves match

An import looks the servers up in the staging accounts. Their roles usually trust the central functions alone: then it says
that it cannot read them, and stores nothing unless --inventory or --unchecked is given. An import in Slack reads them, and looks
whether the SSM documents of actions are there; an import here says which ones it did not look for.

It ends with 0 when all is well, 1 when something is wrong (nothing is stored then), 2 for wrong usage, 3 when an import was
right, but nobody said yes.`;

interface Options extends OnDeployment {
  inventory: () => Inventory;
}

/** Runs the command. `argv`: what stands after `plans`; `confirm`: asks somebody, where there is somebody. */
export async function runPlans(argv: string[], confirm?: Confirm): Promise<PlansRun> {
  const wrong = (why: string): PlansRun => ({ exitCode: EXIT.wrongUsage, out: [], err: [why, '', HELP] });
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return wrong(messageOf(error));
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { exitCode: EXIT.ok, out: [HELP], err: [] };
  const [name, ...things] = positionals;
  const manifestTags = values['manifest-tags'];
  if (manifestTags !== undefined && manifestTags !== 'select' && manifestTags !== 'label') {
    return wrong('--manifest-tags is select or label.');
  }
  if (values.to !== undefined && values.to !== 'own') return wrong('--to takes only own.');
  const command = COMMANDS.get(name ?? '');
  if (command === undefined) return wrong(name === undefined ? 'What is to be done?' : `There is no command ${name}.`);
  const foreign = Object.keys(values).find((option) => !command.options.includes(option));
  if (foreign !== undefined) return wrong(`${name} does not take --${foreign}.`);
  if (!command.takes(things.length, values)) return wrong(command.needs);
  try {
    return await command.run(things, {
      inventory: () => inventoryOf(values.inventory ?? DEFAULT_INVENTORY),
      inventoryFile: values.inventory,
      manifestTags,
      environment: values.environment,
      yes: values.yes === true,
      unchecked: values.unchecked === true,
      ...(confirm === undefined ? {} : { confirm }),
    });
  } catch (error) {
    return { exitCode: EXIT.problems, out: [], err: whatWentWrong(error) };
  }
}

function whatWentWrong(error: unknown): string[] {
  if (error instanceof UnreadableFile) return error.lines;
  const hint = 'Are --environment and the Region (AWS_REGION) those of the deployment?';
  return [`${nameOf(error)}: ${messageOf(error)}`, ...(nameOf(error) === 'ResourceNotFoundException' ? [hint] : [])];
}

function parse(argv: string[]) {
  return parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      inventory: { type: 'string' },
      'manifest-tags': { type: 'string' },
      to: { type: 'string' },
      environment: { type: 'string' },
      all: { type: 'boolean' },
      yes: { type: 'boolean' },
      unchecked: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

interface Command {
  /** Whether it can be done with so many files or names. */
  takes: (things: number, values: ReturnType<typeof parse>['values']) => boolean;
  needs: string;
  options: readonly string[];
  run: (things: string[], options: Options) => PlansRun | Promise<PlansRun>;
}

const READING = ['inventory', 'manifest-tags'];
const COMMANDS = new Map<string, Command>([
  ['check', { takes: (files) => files > 0, needs: 'Which files are to be checked?', options: READING, run: check }],
  [
    'convert',
    { takes: (files) => files === 1, needs: 'convert takes one file.', options: [...READING, 'to'], run: convert },
  ],
  [
    'diff',
    { takes: (files) => files === 2, needs: 'diff takes two files, the old one first.', options: READING, run: diff },
  ],
  [
    'import',
    {
      takes: (files) => files > 0,
      needs: 'Which files are to be imported?',
      options: [...READING, 'environment', 'yes', 'unchecked'],
      run: importFiles,
    },
  ],
  [
    'export',
    {
      takes: (plans, { all }) => (all === true ? plans === 0 : plans === 1),
      needs: 'export takes one plan, or --all.',
      options: ['environment', 'all'],
      run: exportPlans,
    },
  ],
  [
    'list',
    { takes: (things) => things === 0, needs: 'list takes nothing more.', options: ['environment'], run: listPlans },
  ],
  [
    'history',
    { takes: (plans) => plans === 1, needs: 'history takes one plan.', options: ['environment'], run: historyOf },
  ],
]);

function readingOf({ inventory, manifestTags }: Options): Reading & { inventory: Inventory } {
  const known = inventory();
  return { inventory: known, region: known.region, servers: serversIn(known), manifestTags };
}

/** All files together: a plan may name the groups of another file, and a server is in one group only. */
function check(files: string[], options: Options): PlansRun {
  const reading = readingOf(options);
  const read = files.map((file) => readPlans(file, reading));
  const set = together(read);
  const context = contextOf(reading.inventory);
  const lines = [...read.flatMap(importProblems), ...problemLines(read, validatePlanSet(set, context))];
  const left = read.flatMap(notRunnableLines);
  const seen = read.map(({ file, imported }) => `${file}: ${imported.format ?? 'nothing that can be read'}`);
  if (lines.length > 0) return { exitCode: EXIT.problems, out: seen, err: [...left, ...lines] };
  return { exitCode: EXIT.ok, out: [...seen, ...summaryOf(set, context), 'ok'], err: left };
}

/** Prints our own file as far as it can be made; what is wrong with it only shows when it is checked with its groups. */
function convert([file = '']: string[], options: Options): PlansRun {
  const read = readPlans(file, readingOf(options));
  const problems = importProblems(read);
  const text = ownFile(read.imported);
  const err = [...notRunnableLines(read), ...problems];
  if (problems.length > 0) return { exitCode: EXIT.problems, out: [], err };
  return { exitCode: EXIT.ok, out: [text.trimEnd()], err };
}

function diff([older = '', newer = '']: string[], options: Options): PlansRun {
  const reading = readingOf(options);
  const [before, after] = [readPlans(older, reading), readPlans(newer, reading)];
  const problems = [before, after].flatMap(importProblems);
  if (problems.length > 0) return { exitCode: EXIT.problems, out: [], err: problems };
  const sentences = differences(before.imported, after.imported);
  return {
    exitCode: EXIT.ok,
    out: sentences.length === 0 ? ['Nothing would change.'] : sentences,
    err: [before, after].flatMap(notRunnableLines),
  };
}

function print({ out, err }: Pick<PlansRun, 'out' | 'err'>): void {
  if (out.length > 0) process.stdout.write(`${out.join('\n')}\n`);
  if (err.length > 0) process.stderr.write(`${err.join('\n')}\n`);
}

/** Nothing but `yes` is a yes. */
async function askInTerminal(lines: Parameters<Confirm>[0]): Promise<boolean> {
  print(lines);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question('Store this? Type yes: ')).trim() === 'yes';
  } finally {
    terminal.close();
  }
}

if (import.meta.main) {
  const run = await runPlans(process.argv.slice(2), process.stdin.isTTY ? askInTerminal : undefined);
  print(run);
  process.exitCode = run.exitCode;
}
