/**
 * Recovery plans and protection groups as files: `npm run plans -- check FILE…`, `convert FILE`, `diff OLD NEW`. It reads
 * every format that can be imported, and needs nothing but the files.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Document, isCollection, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import { messageOf } from '../src/domain/errors.ts';
import { differences } from '../src/domain/plan-differences.ts';
import { ownFile } from '../src/domain/plan-export.ts';
import { importPlans, type PlanFormat } from '../src/domain/plan-import/formats.ts';
import { type ImportContext, type Imported, type Path, pathText } from '../src/domain/plan-import/import.ts';
import { type PlanSet, wavesInOrder } from '../src/domain/recovery-plan.ts';
import { type PlanContext, type PlanProblem, serversOf, validatePlanSet } from '../src/domain/validate-plan.ts';
import { type Inventory, InventoryError, loadInventory } from '../src/local/inventory.ts';

/** What the command ends with. */
const EXIT = { ok: 0, problems: 1, wrongUsage: 2 } as const;

const DEFAULT_INVENTORY = fileURLToPath(new URL('../practice/inventory.json', import.meta.url));

const HELP = `npm run plans -- check FILE…           checks plans and groups together, and what they match
npm run plans -- convert FILE          prints them as our own file
npm run plans -- diff OLD NEW          says what NEW would change

  --inventory FILE                     the servers that groups and host names are looked up in (practice/inventory.json)
  --manifest-tags select|label         what Tags mean in a DR Orchestrator manifest
  --to own                             the form to convert to; there is one`;

/** What a run prints, and how it ends. */
export interface PlansRun {
  exitCode: number;
  out: string[];
  err: string[];
}

interface Options {
  inventory: Inventory;
  manifestTags: ImportContext['manifestTags'];
}

/** A file with what it holds; `lineOf` gives the line of the nearest thing that is there. */
interface ReadFile {
  file: string;
  imported: Imported & { format?: PlanFormat };
  lineOf: (where: Path) => number;
}

/** Runs the command. `argv`: what stands after `plans`. */
export function runPlans(argv: string[]): PlansRun {
  const wrong = (why: string): PlansRun => ({ exitCode: EXIT.wrongUsage, out: [], err: [why, '', HELP] });
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return wrong(messageOf(error));
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { exitCode: EXIT.ok, out: [HELP], err: [] };
  const [command, ...files] = positionals;
  const manifestTags = values['manifest-tags'];
  if (manifestTags !== undefined && manifestTags !== 'select' && manifestTags !== 'label') {
    return wrong('--manifest-tags is select or label.');
  }
  if (values.to !== undefined && (command !== 'convert' || values.to !== 'own')) {
    return wrong('Only convert takes --to, and only --to own.');
  }
  const run = COMMANDS.get(command ?? '');
  if (run === undefined)
    return wrong(command === undefined ? 'What is to be done?' : `There is no command ${command}.`);
  if (!run.takes(files.length)) return wrong(run.needs);
  try {
    return run.run(files, { inventory: inventoryOf(values.inventory ?? DEFAULT_INVENTORY), manifestTags });
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    return { exitCode: EXIT.problems, out: [], err: error.lines };
  }
}

function parse(argv: string[]) {
  return parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      inventory: { type: 'string' },
      'manifest-tags': { type: 'string' },
      to: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

interface Command {
  takes: (files: number) => boolean;
  needs: string;
  run: (files: string[], options: Options) => PlansRun;
}

const COMMANDS = new Map<string, Command>([
  ['check', { takes: (files) => files > 0, needs: 'Which files are to be checked?', run: check }],
  ['convert', { takes: (files) => files === 1, needs: 'convert takes one file.', run: convert }],
  ['diff', { takes: (files) => files === 2, needs: 'diff takes two files, the old one first.', run: diff }],
]);

/** All files together: a plan may name the groups of another file, and a server is in one group only. */
function check(files: string[], options: Options): PlansRun {
  const read = files.map((file) => readPlans(file, options));
  const set = together(read);
  const context = contextOf(options);
  const lines = [...read.flatMap(importProblems), ...problemLines(read, set, context)];
  const left = read.flatMap(notRunnableLines);
  const seen = read.map(({ file, imported }) => `${file}: ${imported.format ?? 'nothing that can be read'}`);
  if (lines.length > 0) return { exitCode: EXIT.problems, out: seen, err: [...left, ...lines] };
  return { exitCode: EXIT.ok, out: [...seen, ...summaryOf(set, context), 'ok'], err: left };
}

/** Prints our own file as far as it can be made; what is wrong with it only shows when it is checked with its groups. */
function convert([file = '']: string[], options: Options): PlansRun {
  const read = readPlans(file, options);
  const problems = importProblems(read);
  const text = ownFile(read.imported);
  const err = [...notRunnableLines(read), ...problems];
  if (problems.length > 0) return { exitCode: EXIT.problems, out: [], err };
  return { exitCode: EXIT.ok, out: [text.trimEnd()], err };
}

function diff([older = '', newer = '']: string[], options: Options): PlansRun {
  const [before, after] = [readPlans(older, options), readPlans(newer, options)];
  const problems = [before, after].flatMap(importProblems);
  if (problems.length > 0) return { exitCode: EXIT.problems, out: [], err: problems };
  const sentences = differences(before.imported, after.imported);
  return {
    exitCode: EXIT.ok,
    out: sentences.length === 0 ? ['Nothing would change.'] : sentences,
    err: [before, after].flatMap(notRunnableLines),
  };
}

/** A file that is no JSON and no YAML, or that is not there. */
class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  readonly lines: string[];
  constructor(lines: string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

function inventoryOf(file: string): Inventory {
  try {
    return loadInventory(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof InventoryError) throw new UnreadableFile(error.message.split('\n'));
    throw new UnreadableFile([`${file} cannot be read: ${messageOf(error)}`]);
  }
}

function readPlans(file: string, { inventory, manifestTags }: Options): ReadFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UnreadableFile([`${file} cannot be read: ${messageOf(error)}`]);
  }
  const lines = new LineCounter();
  // JSON is YAML, too.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const what = file.endsWith('.json') ? 'JSON' : 'YAML';
    throw new UnreadableFile(
      document.errors.map(({ pos: [at], message }) => `${file}:${lines.linePos(at).line} is not ${what}: ${message}`),
    );
  }
  const value = contentOf(file, document);
  const imported = importPlans(value, {
    name: path.basename(file).replace(/\.[^.]*$/, ''),
    region: inventory.region,
    servers: serversIn(inventory),
    manifestTags,
  });
  return { file, imported, lineOf: (where) => lines.linePos(offsetOf(document, where)).line };
}

function contentOf(file: string, document: Document.Parsed): unknown {
  try {
    const content: unknown = document.toJS();
    // YAML can name a thing inside itself; no plan does.
    if (isInItself(content)) throw new Error('something in it stands inside itself');
    return content;
  } catch (error) {
    throw new UnreadableFile([`${file} cannot be read: ${messageOf(error)}`]);
  }
}

function isInItself(value: unknown, around: readonly object[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return around.includes(value) || Object.values(value).some((inner) => isInItself(inner, [...around, value]));
}

/** Where in the text the thing at `where` begins, or the nearest thing around it; a field begins with its name. */
function offsetOf(document: Document.Parsed, where: Path): number {
  let node: unknown = document.contents;
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

function serversIn({ region, sourceServers }: Inventory) {
  return sourceServers.map(({ sourceServerId, hostname, accountId, tags }) => ({
    sourceServerId,
    hostname,
    accountId,
    region,
    tags,
  }));
}

/** What plans can be checked against without AWS: the DR Region, and as well the Regions that servers came from for actions. */
function contextOf({ inventory }: Options) {
  const origins = inventory.sourceServers.flatMap(({ origin }) => origin?.region ?? []);
  return {
    regions: [inventory.region],
    actionRegions: [...new Set([inventory.region, ...origins])],
    servers: serversIn(inventory),
  };
}

function together(files: readonly ReadFile[]): PlanSet {
  return {
    plans: files.flatMap(({ imported }) => imported.plans),
    groups: files.flatMap(({ imported }) => imported.groups),
  };
}

function importProblems({ file, imported, lineOf }: ReadFile): string[] {
  return imported.problems.map(({ where, message }) => `${file}:${lineOf(where)} ${placed(where)}${message}`);
}

function notRunnableLines({ file, imported, lineOf }: ReadFile): string[] {
  return imported.notRunnable.map(
    ({ where, what, why }) => `${file}:${lineOf(where)} ${placed(where)}not taken over (${what}). ${why}`,
  );
}

function placed(where: Path): string {
  return where.length === 0 ? '' : `${pathText(where)}: `;
}

function problemLines(
  files: readonly ReadFile[],
  set: PlanSet,
  context: Omit<PlanContext, 'groups' | 'plans'>,
): string[] {
  return validatePlanSet(set, context).map((problem) => {
    const name = problem.planId === undefined ? `group ${problem.groupId}` : `plan ${problem.planId}`;
    const wave = problem.wave === undefined ? '' : `, wave ${problem.wave}`;
    return `${lineOfProblem(files, problem)} ${name}${wave}, ${problem.field}: ${problem.message}`;
  });
}

/** `file:line` of the field where our own file has it, else of the wave, the plan or the group. */
function lineOfProblem(files: readonly ReadFile[], { planId, groupId, wave, field }: PlanProblem): string {
  const fieldPath = field
    .split(/[.[\]]+/)
    .flatMap((part) => (part === '' ? [] : [/^\d+$/.test(part) ? Number(part) : part]));
  for (const { file, imported, lineOf } of files) {
    const place = imported.places.find((one) =>
      planId === undefined ? one.groupId === groupId : one.planId === planId && one.wave === wave,
    );
    if (place !== undefined) return `${file}:${lineOf([...place.where, ...fieldPath])}`;
  }
  return files.map(({ file }) => file).join(', ');
}

/** A line for each plan: its waves in the order in which they run, and how many servers each has. */
function summaryOf({ plans, groups }: PlanSet, context: Omit<PlanContext, 'groups' | 'plans'>): string[] {
  return plans.map((plan) => {
    const waves = wavesInOrder(plan).map((wave) => {
      const count = serversOf(wave, { ...context, plans, groups }).length;
      const pause = wave.pauseBeforeWave ? 'pause, ' : '';
      return `${pause}${wave.waveNumber} ${wave.waveName} (${count} server${count === 1 ? '' : 's'})${wave.pauseAfterWave ? ', pause' : ''}`;
    });
    return `${plan.planName}: ${waves.join(' → ')}`;
  });
}

if (import.meta.main) {
  const { exitCode, out, err } = runPlans(process.argv.slice(2));
  if (out.length > 0) process.stdout.write(`${out.join('\n')}\n`);
  if (err.length > 0) process.stderr.write(`${err.join('\n')}\n`);
  process.exitCode = exitCode;
}
