import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../src/domain/errors.ts';
import { importPlans, type PlanFormat } from '../../src/domain/plan-import/formats.ts';
import {
  type ImportContext,
  type Imported,
  type Path,
  pathText,
  type Removed,
} from '../../src/domain/plan-import/import.ts';
import type { GroupServer } from '../../src/domain/protection-group.ts';
import { type PlanSet, wavesInOrder } from '../../src/domain/recovery-plan.ts';
import { type PlanContext, type PlanProblem, serversOf } from '../../src/domain/validate-plan.ts';
import { type Inventory, InventoryError, loadInventory } from '../../src/local/inventory.ts';
import { readPlanText } from '../../src/platform/plan-text.ts';

/** What plans are checked against, groups and plans aside. */
export type Surroundings = Omit<PlanContext, 'groups' | 'plans'>;

/** What a file is read with. */
export interface Reading {
  /** The DR Region. */
  region: string;
  /** Among which host names are looked up. */
  servers: readonly GroupServer[];
  manifestTags: ImportContext['manifestTags'];
}

/** A file with what it holds; `lineOf` gives the line of the nearest thing that is there. */
export interface ReadFile {
  file: string;
  imported: Imported & { format?: PlanFormat };
  lineOf: (where: Path) => number;
}

/** A file that is no JSON and no YAML, or that is not there. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  readonly lines: string[];
  constructor(lines: string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** @throws {UnreadableFile} when the file is no inventory */
export function inventoryOf(file: string): Inventory {
  try {
    return loadInventory(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof InventoryError) throw new UnreadableFile(error.message.split('\n'));
    throw new UnreadableFile([`${file} cannot be read: ${messageOf(error)}`]);
  }
}

/** Reads the plans and groups of a file. @throws {UnreadableFile} */
export function readPlans(file: string, reading: Reading): ReadFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UnreadableFile([`${file} cannot be read: ${messageOf(error)}`]);
  }
  const read = readPlanText(text);
  if ('problems' in read) throw new UnreadableFile(read.problems.map((problem) => `${file}: ${problem}`));
  const imported = importPlans(read.document, { ...reading, name: path.basename(file).replace(/\.[^.]*$/, '') });
  return { file, imported, lineOf: read.lineOf };
}

/** The servers of an inventory, as groups know them. */
export function serversIn({ region, sourceServers }: Inventory): GroupServer[] {
  return sourceServers.map(({ sourceServerId, hostname, accountId, tags }) => ({
    sourceServerId,
    hostname,
    accountId,
    region,
    tags,
  }));
}

/** What plans can be checked against without AWS: the DR Region, and as well the Regions that servers came from for actions. */
export function contextOf(inventory: Inventory): Surroundings {
  const origins = inventory.sourceServers.flatMap(({ origin }) => origin?.region ?? []);
  return {
    regions: [inventory.region],
    actionRegions: [...new Set([inventory.region, ...origins])],
    servers: serversIn(inventory),
  };
}

/** All files as one set. */
export function together(files: readonly ReadFile[]): PlanSet & { removed: Removed } {
  return {
    plans: files.flatMap(({ imported }) => imported.plans),
    groups: files.flatMap(({ imported }) => imported.groups),
    removed: {
      recoveryPlans: files.flatMap(({ imported }) => imported.removed?.recoveryPlans ?? []),
      protectionGroups: files.flatMap(({ imported }) => imported.removed?.protectionGroups ?? []),
    },
  };
}

/** What has to be put right before a file can be taken over, a line each. */
export function importProblems({ file, imported, lineOf }: ReadFile): string[] {
  return imported.problems.map(({ where, message }) => `${file}:${lineOf(where)} ${placed(where)}${message}`);
}

/** What a file says that cannot be run yet, a line each. */
export function notRunnableLines({ file, imported, lineOf }: ReadFile): string[] {
  return imported.notRunnable.map(
    ({ where, what, why }) => `${file}:${lineOf(where)} ${placed(where)}not taken over (${what}). ${why}`,
  );
}

function placed(where: Path): string {
  return where.length === 0 ? '' : `${pathText(where)}: `;
}

/** What is wrong with plans and groups, a line each, with the place in the file that it is from. */
export function problemLines(files: readonly ReadFile[], problems: readonly PlanProblem[]): string[] {
  return problems.map((problem) => {
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
export function summaryOf({ plans, groups }: PlanSet, context: Surroundings): string[] {
  return plans.map((plan) => {
    const waves = wavesInOrder(plan).map((wave) => {
      const count = serversOf(wave, { ...context, plans, groups }).length;
      const pause = wave.pauseBeforeWave ? 'pause, ' : '';
      return `${pause}${wave.waveNumber} ${wave.waveName} (${count} server${count === 1 ? '' : 's'})${wave.pauseAfterWave ? ', pause' : ''}`;
    });
    return `${plan.planName}: ${waves.join(' → ')}`;
  });
}
