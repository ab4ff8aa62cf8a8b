import { draftAnswer } from '../../blocks/draft.ts';
import type { Message } from '../../blocks/message.ts';
import { DrError } from '../domain/errors.ts';
import { ownFile } from '../domain/plan-export.ts';
import { importPlans } from '../domain/plan-import/formats.ts';
import { type Imported, type Path, pathText } from '../domain/plan-import/import.ts';
import { changesOf, planSetOf } from '../domain/plan-library.ts';
import type { QueryArgs, QueryOf } from '../domain/query.ts';
import { executionIdOf } from '../domain/request.ts';
import type { PlanProblem } from '../domain/validate-plan.ts';
import { type ReadText, readPlanText } from '../platform/plan-text.ts';
import { differencesOf } from './draft.ts';
import { readFleet } from './fleet.ts';
import { findPlan, told } from './library.ts';
import type { Looker } from './looker.ts';
import type { Replies } from './reply.ts';
import { type GivenFile, readGivenFile } from './slack-file.ts';
import type { QueryTools } from './tools.ts';

/** How a plan is called that neither its format nor a file gives a name. */
const PASTED = 'imported';

/**
 * Reads plans and groups of any format that can be imported, and shows what they would change, or what is wrong with
 * them. What a format says that cannot be run is named.
 */
export async function importAnswer(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  query: QueryOf<'plan import'>,
): Promise<Message> {
  const { name, text } = await given(tools, looker, query.args);
  const again = { importedBy: query.queryId };
  const nothing = {
    about: 'The import',
    differences: [],
    summaries: [],
    overtaken: [],
    unread: [],
    isSent: false,
    again,
  };
  const read = readPlanText(text);
  if ('problems' in read) return draftAnswer({ ...nothing, problems: read.problems, notRunnable: [] });
  const [{ servers, unread }, library] = await Promise.all([readFleet(tools), tools.library.read()]);
  const imported = importPlans(read.document, {
    name: name.replace(/\.[^.]*$/, ''),
    region: tools.region,
    servers,
  });
  const notRunnable = imported.notRunnable.map(({ where, what, why }) => `${placed(read, where)}: “${what}”. ${why}`);
  const problems = imported.problems.map(({ where, message }) => `${placed(read, where)}: ${message}`);
  const format = imported.format === undefined ? {} : { format: imported.format };
  if (problems.length > 0) return draftAnswer({ ...nothing, ...format, unread, problems, notRunnable });
  const changes = changesOf(imported, library);
  if (changes.length === 0) return draftAnswer({ ...nothing, ...format, problems: [], notRunnable });
  return await differencesOf(tools, replies, looker, {
    queryId: query.queryId,
    draft: {
      draftId: executionIdOf('import', query.queryId),
      by: query.asker,
      at: query.askedAt,
      baseVersion: library.version,
      changes,
    },
    imported: {
      format: imported.format ?? 'our own file',
      notRunnable,
      placeOf: (problem) => placeOfProblem(read, imported, problem),
    },
  });
}

async function given(
  tools: QueryTools,
  { person }: Looker,
  { fileId, text }: QueryArgs['plan import'],
): Promise<GivenFile> {
  if (fileId !== undefined) return await readGivenFile(await tools.slack(), fileId, person);
  if (text !== undefined) return { name: PASTED, text };
  throw new DrError('ValidationError', 'There is nothing to import: give a file or a text.');
}

function placed({ lineOf }: ReadText, where: Path): string {
  return where.length === 0 ? 'The document' : `Line ${lineOf(where)}, ${pathText(where)}`;
}

/** The line of the field where our own file has it, else of the wave, the plan or the group. */
function placeOfProblem(
  { lineOf }: ReadText,
  { places }: Imported,
  { planId, groupId, wave, field }: PlanProblem,
): string | undefined {
  const place = places.find((one) =>
    planId === undefined ? one.groupId === groupId : one.planId === planId && one.wave === wave,
  );
  if (place === undefined) return undefined;
  const path = field
    .split(/[.[\]]+/)
    .flatMap((part) => (part === '' ? [] : [/^\d+$/.test(part) ? Number(part) : part]));
  return `line ${lineOf([...place.where, ...path])}`;
}

/** Sends a plan and its groups to who asked, as our own file. */
export async function planExportAnswer(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { plan: typed }: QueryArgs['plan export'],
): Promise<Message> {
  const library = await tools.library.read();
  const found = findPlan(looker, library, typed);
  if ('problem' in found) return told(found.problem);
  const { plan, version } = found.found;
  const named = new Set(plan.waves.flatMap(({ protectionGroupIds }) => protectionGroupIds));
  const groups = planSetOf(library).groups.filter(({ groupId }) => named.has(groupId));
  const name = `${plan.planId}-v${version}.json`;
  await replies.filesToPerson(looker.person.userId, `Recovery plan ${plan.planName}, version ${version}.`, [
    { name, content: ownFile({ plans: [plan], groups }) },
  ]);
  return told(`📄 The file ${name} is in your messages with me: look there for the plan and its groups.`);
}
