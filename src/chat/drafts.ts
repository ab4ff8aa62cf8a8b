import { mayNotText } from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import { type Access, grantees, isSamePerson, type Person } from '../domain/access.ts';
import { idOf } from '../domain/plan-import/import.ts';
import type { Draft, Library, LibraryChange } from '../domain/plan-library.ts';
import type { ProtectionGroup } from '../domain/protection-group.ts';
import type { QueryRecord } from '../domain/query.ts';
import type { RecoveryPlan } from '../domain/recovery-plan.ts';
import { executionIdOf } from '../domain/request.ts';
import type { Asked } from './asked.ts';
import { lackingRight } from './library-rights.ts';
import { refused } from './refusal.ts';
import type { ChatTools } from './tools.ts';

/** Where somebody has asked, and where the answer goes. */
export type AskedAt = Pick<Asked, 'asker' | 'key'> & Partial<Pick<Asked, 'channelId' | 'threadTs' | 'responseUrl'>>;

/** What a worker is asked, as it is stored. */
export type WorkerQuestion = {
  [Kind in QueryRecord['kind']]: Pick<Extract<QueryRecord, { kind: Kind }>, 'kind' | 'args'>;
}[QueryRecord['kind']];

/** Has a worker look at something; its answer goes to who asked. The same question that is delivered twice is one. */
export async function askWorker(tools: ChatTools, question: WorkerQuestion, at: AskedAt): Promise<void> {
  const { asker, key, channelId, threadTs, responseUrl } = at;
  await tools.store.createQuery({
    ...question,
    queryId: executionIdOf('query', asker.teamId, key),
    asker,
    ...(channelId === undefined ? {} : { channelId }),
    ...(threadTs === undefined ? {} : { threadTs }),
    ...(responseUrl === undefined ? {} : { responseUrl }),
    askedAt: tools.now(),
    status: 'waiting',
  });
}

/** Begins a draft. `key`: by which Slack's deliveries of what it follows are known. */
export async function beginDraft(
  tools: ChatTools,
  { asker, key }: Pick<AskedAt, 'asker' | 'key'>,
  { baseVersion, changes, at }: Pick<Draft, 'baseVersion' | 'changes'> & { at?: number },
): Promise<Draft> {
  const draftId = executionIdOf('draft', asker.teamId, asker.userId, key);
  const draft: Draft = { draftId, by: asker, at: at ?? tools.now(), baseVersion, changes };
  await tools.library.createDraft(draft);
  return draft;
}

/** A draft of this person that says something; undefined for one that is stored, discarded, too old, or somebody else’s. */
export async function ownDraft(tools: ChatTools, draftId: string, person: Person): Promise<Draft | undefined> {
  const draft = await tools.library.getDraft(draftId);
  if (draft === undefined || draft.changes.length === 0) return undefined;
  return 'userId' in draft.by && isSamePerson(draft.by, person) ? draft : undefined;
}

/** The only thing that a draft puts; undefined for drafts of something else. */
export function planIn({ changes }: Pick<Draft, 'changes'>): RecoveryPlan | undefined {
  const [change, ...more] = changes;
  return change?.kind === 'put plan' && more.length === 0 ? change.plan : undefined;
}

/** The same of a group. */
export function groupIn({ changes }: Pick<Draft, 'changes'>): ProtectionGroup | undefined {
  const [change, ...more] = changes;
  return change?.kind === 'put group' && more.length === 0 ? change.group : undefined;
}

/** The plan with an id of its own, made of its name, where it has none yet. */
export function withPlanId(plan: RecoveryPlan, { plans }: Library): RecoveryPlan {
  if (plan.planId !== '') return plan;
  return {
    ...plan,
    planId: freeId(
      plan.planName,
      plans.map((stored) => stored.plan.planId),
    ),
  };
}

/** The same of a group. */
export function withGroupId(group: ProtectionGroup, { groups }: Library): ProtectionGroup {
  if (group.groupId !== '') return group;
  return {
    ...group,
    groupId: freeId(
      group.groupName,
      groups.map((stored) => stored.group.groupId),
    ),
  };
}

function freeId(called: string, taken: readonly string[]): string {
  const base = idOf(called);
  const used = new Set(taken.map((id) => id.toLowerCase()));
  if (!used.has(base)) return base;
  for (let number = 2; ; number += 1) {
    const id = `${base.slice(0, 60)}-${number}`;
    if (!used.has(id)) return id;
  }
}

/** What somebody is told who may not store these changes, and it is noted; undefined for who may. */
export async function refusalToChange(
  tools: ChatTools,
  { access, person, text }: { access: Access; person: Person; text: string },
  changes: readonly LibraryChange[],
  library: Library,
): Promise<string | undefined> {
  const lacking = lackingRight(access, person, changes, library);
  if (lacking === undefined) return undefined;
  const { permission, application, todo } = lacking;
  // It may concern every application's servers.
  const why = application === '' ? ', which needs a role that is not limited to applications' : '';
  return await refused(
    tools,
    { person, what: todo, why: 'no permission', text },
    mayNotText(`${name(todo)}${why}`, grantees(access, permission, application)),
  );
}
