import { differences } from '../../src/domain/plan-differences.ts';
import { ownFile } from '../../src/domain/plan-export.ts';
import {
  type ChangedBy,
  changesOf,
  checkChanges,
  type LibraryChange,
  planSetOf,
  withParts,
} from '../../src/domain/plan-library.ts';
import type { PlanSet } from '../../src/domain/recovery-plan.ts';
import type { PlanLibrary } from '../../src/platform/plan-library.ts';
import { storedPlans } from './deployment.ts';
import { importProblems, notRunnableLines, problemLines, type Reading, readPlans, together } from './files.ts';
import { type Confirm, EXIT, type PlansRun } from './run.ts';

/** How a command on stored plans is run. */
export interface OnDeployment {
  environment: string | undefined;
  inventoryFile: string | undefined;
  manifestTags: Reading['manifestTags'];
  /** Store without asking. */
  yes: boolean;
  /** Store although some things could not be checked. */
  unchecked: boolean;
  /** Left out where nobody can answer. */
  confirm?: Confirm;
}

/** Stores the plans and groups of files, all or nothing. */
export async function importFiles(files: string[], options: OnDeployment): Promise<PlansRun> {
  const warnings: string[] = [];
  const deployment = await storedPlans(options.environment, (line) => warnings.push(line));
  const { library, region } = deployment;
  const { context, unchecked } = await deployment.surroundings(options.inventoryFile);
  const reading = { region, servers: context.servers ?? [], manifestTags: options.manifestTags };
  const read = files.map((file) => readPlans(file, reading));
  const stored = await library.read();
  const changes = changesOf(together(read), stored);
  const checked = checkChanges(stored, changes, context);
  const wrong = [...read.flatMap(importProblems), ...problemLines(read, checked.problems)];
  const out = checked.differences.length === 0 ? ['Nothing would change.'] : checked.differences;
  const err = [...read.flatMap(notRunnableLines), ...documentsIn(changes), ...unchecked, ...wrong];
  const nothingStored = (exitCode: number, why: string): PlansRun => ({
    exitCode,
    out,
    err: [...err, `Nothing was stored. ${why}`],
  });

  if (wrong.length > 0) return nothingStored(EXIT.problems, 'Put this right first.');
  if (changes.length === 0) return { exitCode: EXIT.ok, out, err };
  if (unchecked.length > 0 && !options.unchecked) {
    const why = 'Name the servers by --inventory FILE, or import in Slack; --unchecked stores it as it is.';
    return nothingStored(EXIT.problems, why);
  }
  if (!options.yes) {
    if (options.confirm === undefined) return nothingStored(EXIT.notConfirmed, 'Nobody said yes: --yes does.');
    const isConfirmed = await options.confirm({ out, err });
    if (!isConfirmed) return { exitCode: EXIT.notConfirmed, out: [], err: ['Nothing was stored.'] };
  }
  const by = await deployment.whoAmI();
  const answer = await library.apply({ baseVersion: stored.version, changes, by, at: Date.now() });
  // What was shown with the question is not printed again.
  const shown = options.yes ? { out, err } : { out: [], err: [] };
  if (answer.stored) return { exitCode: EXIT.ok, out: [...shown.out, 'Stored.'], err: [...shown.err, ...warnings] };
  const why =
    'Nothing was stored. Plans or groups were changed meanwhile: import again, and look at the differences again.';
  return { exitCode: EXIT.problems, out: shown.out, err: [...shown.err, why] };
}

/** Documents are looked up by a role that trusts a central function alone. */
function documentsIn(changes: readonly LibraryChange[]): string[] {
  const names = changes.flatMap((change) =>
    change.kind === 'put plan'
      ? change.plan.waves
          .flatMap(({ preWaveActions, postWaveActions }) => [...preWaveActions, ...postWaveActions])
          .flatMap((action) => ('documentName' in action ? [action.documentName] : []))
      : [],
  );
  if (names.length === 0) return [];
  return [`It was not checked whether these SSM documents are there: ${[...new Set(names)].join(', ')}.`];
}

/** Prints a plan with all that it needs, or everything, as our own file. */
export async function exportPlans([wanted]: string[], options: OnDeployment): Promise<PlansRun> {
  const { library } = await storedPlans(options.environment, ignore);
  const all = planSetOf(await library.read());
  if (wanted === undefined) return printed(ownFile(all).trimEnd());
  const planId = planIdOf(wanted, all);
  return planId === undefined ? noPlan(wanted) : printed(ownFile(withParts(planId, all)).trimEnd());
}

/** Prints what there is. */
export async function listPlans(_: string[], options: OnDeployment): Promise<PlansRun> {
  const { library } = await storedPlans(options.environment, ignore);
  const { plans, groups } = await library.read();
  const lines = [
    ...plans.map(({ plan, ...stored }) => {
      const application = plan.application === undefined ? [] : [`application ${plan.application}`];
      return [
        'plan',
        plan.planId,
        plan.planName,
        ...application,
        plan.waves.length === 1 ? '1 wave' : `${plan.waves.length} waves`,
        storedAs(stored),
      ];
    }),
    ...groups.map(({ group, ...stored }) => ['group', group.groupId, group.groupName, group.region, storedAs(stored)]),
  ].map((parts) => parts.join(' · '));
  return printed(...(lines.length === 0 ? ['Nothing is stored.'] : lines));
}

/** Prints every version of a plan, newest first, with what it changed. */
export async function historyOf([wanted = '']: string[], options: OnDeployment): Promise<PlansRun> {
  const { library } = await storedPlans(options.environment, ignore);
  // A plan that was deleted is known by its id alone.
  const planId = planIdOf(wanted, planSetOf(await library.read())) ?? wanted;
  const versions = await library.versionsOf(planId);
  if (versions.length === 0) return noPlan(wanted);
  const lines: string[] = [];
  for (const { deleted, ...version } of versions) {
    lines.push(deleted ? `${storedAs(version)}: deleted` : storedAs(version));
    if (deleted === true) continue;
    lines.push(...(await changesIn(library, planId, version.version)).map((line) => `  ${line}`));
  }
  return printed(...lines);
}

async function changesIn(library: PlanLibrary, planId: string, version: number): Promise<string[]> {
  const [before, after] = await Promise.all([
    library.planVersion(planId, version - 1),
    library.planVersion(planId, version),
  ]);
  const setOf = (plan: typeof before): PlanSet => ({ plans: plan === undefined ? [] : [plan], groups: [] });
  return differences(setOf(before), setOf(after));
}

/** The id of the plan that is called so, by its id or its name. */
function planIdOf(wanted: string, { plans }: PlanSet): string | undefined {
  const byId = plans.find(({ planId }) => planId === wanted);
  const found = byId ?? plans.find(({ planName }) => planName.toLowerCase() === wanted.toLowerCase());
  return found?.planId;
}

function storedAs({
  version,
  changedBy,
  changedAt,
}: {
  version: number;
  changedBy: ChangedBy;
  changedAt: number;
}): string {
  const who = 'arn' in changedBy ? changedBy.arn : `${changedBy.userId} of Slack workspace ${changedBy.teamId}`;
  return `version ${version} of ${new Date(changedAt).toISOString()} by ${who}`;
}

function printed(...out: string[]): PlansRun {
  return { exitCode: EXIT.ok, out, err: [] };
}

function noPlan(wanted: string): PlansRun {
  return { exitCode: EXIT.problems, out: [], err: [`There is no plan ${wanted}. list says which there are.`] };
}

/** Reading settles nothing, and so has nothing to warn of. */
function ignore(): void {}
