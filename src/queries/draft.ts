import { type AgainButton, DRAFT_GONE_TEXT, type DraftView, draftAnswer, isTooLong } from '../../blocks/draft.ts';
import { outsideText } from '../../blocks/library.ts';
import type { Message } from '../../blocks/message.ts';
import { lackingRight } from '../chat/library-rights.ts';
import { isSamePerson } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import { inWords } from '../domain/plan-import/import.ts';
import {
  applyChanges,
  type ChangedBy,
  type CheckedChanges,
  checkChanges,
  type Draft,
  type Library,
  type LibraryChange,
  planSetOf,
} from '../domain/plan-library.ts';
import { membersOf, type ProtectionGroup, protectionGroupSchema, recordsOutside } from '../domain/protection-group.ts';
import type { QueryOf } from '../domain/query.ts';
import { orderOf, type PlanSet, recoveryPlanSchema } from '../domain/recovery-plan.ts';
import { executionIdOf } from '../domain/request.ts';
import { type PlanContext, type PlanProblem, serversOf } from '../domain/validate-plan.ts';
import { sourceServerIdSchema } from '../domain/vocabulary.ts';
import type { ServerName } from '../platform/server-details.ts';
import { findServer } from './find-server.ts';
import { checkContext, readFleet } from './fleet.ts';
import { told } from './library.ts';
import type { Looker } from './looker.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

/** What an import tells beside what any draft tells. */
export interface ImportNotes {
  format: string;
  /** A line each. */
  notRunnable: readonly string[];
  /** Where a problem stands in what was imported, e.g. `line 12`. */
  placeOf: (problem: PlanProblem) => string | undefined;
}

/** What a draft would change, or what is wrong with it. */
export async function draftCheck(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  query: QueryOf<'draft'>,
): Promise<Message> {
  const draft = await tools.library.getDraft(query.args.draftId);
  if (draft === undefined || draft.changes.length === 0 || !isBy(draft, looker)) return told(DRAFT_GONE_TEXT);
  return await differencesOf(tools, replies, looker, { queryId: query.queryId, draft });
}

function isBy({ by }: Draft, { person }: Looker): boolean {
  return 'userId' in by && isSamePerson(by, person);
}

/**
 * Checks changes against everything that is stored and every server, and shows what is wrong or what they would change.
 * What is shown is kept as a draft of its own, which nothing changes: only that can be stored.
 * @throws {DrError} AccessDenied when they may not be stored by who has prepared them
 */
export async function differencesOf(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { queryId, draft, imported }: { queryId: string; draft: Draft; imported?: ImportNotes },
): Promise<Message> {
  const [library, fleet] = await Promise.all([tools.library.read(), readFleet(tools)]);
  const { access, person } = looker;
  const lacking = lackingRight(access, person, draft.changes, library);
  if (lacking !== undefined) {
    throw new DrError('AccessDenied', `You may not ${lacking.todo}. \`/dr access\` shows what you may do.`);
  }
  const context = await checkContext(tools, fleet);
  const { changes, problems: unknown } = withServerIds(draft.changes, fleet.servers);
  const unfit = [...unknown, ...misfits(changes)];
  const after = applyChanges(planSetOf(library), changes);
  const { problems, differences } =
    unfit.length > 0
      ? { problems: unfit, differences: [] }
      : withProblems(
          checkChanges(library, changes, context),
          await documentProblems(tools, changes, { ...context, ...after }),
        );
  const again = againFor(draft, queryId, imported);
  const storeId = executionIdOf('shown', queryId);
  const isStorable = problems.length === 0 && differences.length > 0;
  if (isStorable) {
    await tools.library.createDraft({ ...draft, draftId: storeId, changes, baseVersion: library.version });
  }
  const about = aboutOf(changes, library);
  const isSent = isStorable && isTooLong(differences);
  if (isSent) {
    const file = { name: 'differences.txt', content: `${differences.join('\n')}\n` };
    await replies.filesToPerson(person.userId, `${about}: every difference, as a file.`, [file]);
  }
  return draftAnswer({
    about,
    problems: problems.map((problem) => problemLine(problem, after, library, imported)),
    differences,
    summaries: summariesOf(changes, after, context),
    notRunnable: imported?.notRunnable ?? [],
    overtaken: overtakenIn(draft, library),
    unread: fleet.unread,
    isSent,
    ...(imported === undefined ? {} : { format: imported.format }),
    ...(again === undefined ? {} : { again }),
    ...(isStorable ? { storeId } : {}),
  });
}

/** Which documents of the actions of plans that are put cannot be started where they are to be. */
async function documentProblems(
  tools: QueryTools,
  changes: readonly LibraryChange[],
  context: PlanContext,
): Promise<PlanProblem[]> {
  const plans = changes.flatMap((change) => (change.kind === 'put plan' ? [change.plan] : []));
  return (await Promise.all(plans.map((plan) => tools.documents.problemsOf(plan, context)))).flat();
}

function withProblems(checked: CheckedChanges, more: readonly PlanProblem[]): CheckedChanges {
  return { ...checked, problems: [...checked.problems, ...more] };
}

function againFor(
  { draftId, changes }: Draft,
  queryId: string,
  imported: ImportNotes | undefined,
): AgainButton | undefined {
  if (imported !== undefined) return { importedBy: queryId };
  const [change, ...more] = changes;
  const isForm = more.length === 0 && (change?.kind === 'put plan' || change?.kind === 'put group');
  return isForm ? { draftId } : undefined;
}

/** The changes with the ids of servers that a group names by their hostnames. */
export function withServerIds(
  changes: readonly LibraryChange[],
  servers: readonly ServerName[],
): { changes: LibraryChange[]; problems: PlanProblem[] } {
  const problems: PlanProblem[] = [];
  const known = changes.map((change): LibraryChange => {
    if (change.kind !== 'put group' || change.group.serverIds === undefined) return change;
    const { group } = change;
    const ids = change.group.serverIds.flatMap((typed) => {
      const found = serverIdOf(typed, group, servers);
      if ('id' in found) return [found.id];
      problems.push({ groupId: group.groupId, field: 'serverIds', message: found.problem });
      return [];
    });
    return { ...change, group: { ...group, serverIds: [...new Set(ids)] } };
  });
  return { changes: known, problems };
}

function serverIdOf(
  typed: string,
  { region, accountId }: ProtectionGroup,
  servers: readonly ServerName[],
): { id: string } | { problem: string } {
  if (sourceServerIdSchema.safeParse(typed).success) return { id: typed };
  const own = servers.filter(
    (server) => server.region === region && (accountId === undefined || server.accountId === accountId),
  );
  const found = findServer(typed, own);
  if (found.kind === 'one') return { id: found.server.sourceServerId };
  if (found.kind === 'several') {
    const ids = found.servers.map((server) => `${server.sourceServerId} in ${server.accountId}`).join(', ');
    return { problem: `${typed} may be any of ${ids}: name it by its id.` };
  }
  const near = found.nearest.map(({ hostname }) => hostname).slice(0, 3);
  return { problem: `There is no server ${typed}.${near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`}` };
}

/** What does not even have the form of a plan or a group. */
function misfits(changes: readonly LibraryChange[]): PlanProblem[] {
  return changes.flatMap((change): PlanProblem[] => {
    if (change.kind === 'put plan') {
      const { planId, waves } = change.plan;
      return (recoveryPlanSchema.safeParse(change.plan).error?.issues ?? []).map((issue) => {
        const [first, at, ...rest] = issue.path;
        const wave = first === 'waves' && typeof at === 'number' ? waves[at]?.waveNumber : undefined;
        const path = wave === undefined ? issue.path : rest;
        return {
          planId,
          ...(wave === undefined ? {} : { wave }),
          field: path.join('.'),
          message: inWords({ ...issue, path: [] }),
        };
      });
    }
    if (change.kind === 'put group') {
      const { groupId } = change.group;
      const issues = protectionGroupSchema.safeParse(change.group).error?.issues ?? [];
      return issues.map((issue) => ({
        groupId,
        field: issue.path.join('.'),
        message: inWords({ ...issue, path: [] }),
      }));
    }
    return [];
  });
}

/** What changes are about, in a few words. */
export function aboutOf(changes: readonly LibraryChange[], library: Library): string {
  const [change, ...more] = changes;
  if (change !== undefined && more.length === 0) return nameOfChange(change, library);
  const plans = changes.filter(({ kind }) => kind.endsWith('plan')).length;
  const groups = changes.length - plans;
  const count = (n: number, noun: string) => (n === 0 ? [] : [`${n} ${noun}${n === 1 ? '' : 's'}`]);
  return [...count(plans, 'recovery plan'), ...count(groups, 'protection group')].join(' and ') || 'The import';
}

function nameOfChange(change: LibraryChange, { plans, groups }: Library): string {
  switch (change.kind) {
    case 'put plan':
      return `Recovery plan ${change.plan.planName}`;
    case 'delete plan':
      return `Deleting recovery plan ${plans.find(({ plan }) => plan.planId === change.planId)?.plan.planName ?? change.planId}`;
    case 'put group':
      return `Protection group ${change.group.groupName}`;
    case 'delete group':
      return `Deleting protection group ${groups.find(({ group }) => group.groupId === change.groupId)?.group.groupName ?? change.groupId}`;
  }
}

/** `HRP, wave 2, dependsOn: It waits for wave 9, which is not there.` */
function problemLine(
  problem: PlanProblem,
  after: PlanSet,
  library: Library,
  imported: ImportNotes | undefined,
): string {
  const { planId, groupId, wave, field, message } = problem;
  const before = planSetOf(library);
  const plan = [...after.plans, ...before.plans].find((one) => one.planId === planId);
  const group = [...after.groups, ...before.groups].find((one) => one.groupId === groupId);
  const where = [
    imported?.placeOf(problem),
    planId === undefined ? `group ${group?.groupName ?? groupId}` : `plan ${plan?.planName ?? planId}`,
    wave === undefined ? undefined : `wave ${wave}`,
    field === '' ? undefined : field,
  ];
  return `${where.filter((part) => part !== undefined).join(', ')}: ${message}`;
}

/** A line for each plan and group that is put: its waves in the order in which they run, and how many servers there are. */
function summariesOf(
  changes: readonly LibraryChange[],
  { plans, groups }: PlanSet,
  context: Omit<PlanContext, 'groups' | 'plans'>,
): string[] {
  const servers = (count: number) => `${count} server${count === 1 ? '' : 's'}`;
  return changes.flatMap((change) => {
    if (change.kind === 'put group' && context.servers !== undefined) {
      const members = membersOf(change.group, context.servers);
      const outside = outsideText(recordsOutside(members, context.servers));
      const matches = `${change.group.groupName} matches ${servers(members.length)} now`;
      return outside === '' ? [matches] : [matches, outside];
    }
    if (change.kind !== 'put plan') return [];
    const waves = orderOf(change.plan.waves).ordered.map((wave) => {
      const count = serversOf(wave, { ...context, plans, groups }).length;
      const counted = context.servers === undefined ? '' : ` (${servers(count)})`;
      return `${wave.pauseBeforeWave ? 'pause, ' : ''}${wave.waveNumber} ${wave.waveName}${counted}${wave.pauseAfterWave ? ', pause' : ''}`;
    });
    return [`${change.plan.planName} runs ${waves.join(' → ')}`];
  });
}

/** What somebody else has stored of the same things since the draft was begun. */
function overtakenIn({ changes, at, by, baseVersion }: Draft, { version, plans, groups }: Library): Overtaken[] {
  if (version === baseVersion) return [];
  const stored = [
    ...plans.map((one) => ({ ...one, kind: 'plan', id: one.plan.planId, what: one.plan.planName })),
    ...groups.map((one) => ({ ...one, kind: 'group', id: one.group.groupId, what: one.group.groupName })),
  ];
  return changes.flatMap((change) => {
    const { kind, id } = subjectOf(change);
    return stored
      .filter((one) => one.kind === kind && one.id === id && one.changedAt >= at && !isSame(one.changedBy, by))
      .map(({ what, changedBy, changedAt }) => ({ what, by: changedBy, at: changedAt }));
  });
}

type Overtaken = DraftView['overtaken'][number];

/** What a change is of. */
function subjectOf(change: LibraryChange): { kind: 'plan' | 'group'; id: string } {
  switch (change.kind) {
    case 'put plan':
      return { kind: 'plan', id: change.plan.planId };
    case 'delete plan':
      return { kind: 'plan', id: change.planId };
    case 'put group':
      return { kind: 'group', id: change.group.groupId };
    case 'delete group':
      return { kind: 'group', id: change.groupId };
  }
}

function isSame(one: ChangedBy, other: ChangedBy): boolean {
  return 'userId' in one && 'userId' in other && isSamePerson(one, other);
}
