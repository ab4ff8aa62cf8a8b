import type { ModalView } from '@slack/types';
import { stringify } from 'yaml';
import { LOOKING_TEXT, mayNotText } from '../../blocks/answers.ts';
import { CHECKING_TEXT } from '../../blocks/draft.ts';
import { name, sentence } from '../../blocks/message.ts';
import { MAX_TYPED } from '../../blocks/modal.ts';
import { importModal, planTextModal } from '../../blocks/plan-modal.ts';
import { type Access, may, type Permission, type Person, VIEW_PERMISSION } from '../domain/access.ts';
import { messageOf } from '../domain/errors.ts';
import { ownFile } from '../domain/plan-export.ts';
import type { Library, LibraryChange } from '../domain/plan-library.ts';
import type { ProtectionGroup } from '../domain/protection-group.ts';
import type { RecoveryPlan } from '../domain/recovery-plan.ts';
import type { Asked, OpenView } from './asked.ts';
import { type AskedAt, askWorker, beginDraft, refusalToChange, type WorkerQuestion } from './drafts.ts';
import { type FormState, formState } from './form-state.ts';
import { emptyGroup, groupFormView } from './group-form.ts';
import type { LibraryWanted } from './library-command.ts';
import { findByName } from './library-names.ts';
import { mayPlanSomewhere, visibleGroups, visiblePlans } from './library-rights.ts';
import { emptyPlan, planFormView } from './plan-form.ts';
import { refused } from './refusal.ts';
import { managersOf, maySomewhere } from './rights.ts';
import type { ChatTools } from './tools.ts';

/** Somebody who wants something of plans and groups, and where. */
export interface LibraryAsked extends AskedAt {
  access: Access;
  /** What was typed or pressed, for the audit. */
  text: string;
  /** Left out where Slack lets no form be opened. */
  openView?: OpenView;
}

const NO_FORM_TEXT =
  'A mention opens no form and changes nothing. Type it as `/dr …` in the channel: the form opens on your screen.';

/**
 * Recovery plans and protection groups: what is only looked at is passed on to a worker, what is changed begins with a
 * form or a draft. The answer is for who asked; undefined when a form was opened.
 */
export async function library(
  tools: ChatTools,
  asked: Asked,
  wanted: LibraryWanted,
  access: Access,
): Promise<string | undefined> {
  const at: LibraryAsked = { ...asked, access };
  if (!maySomewhere(access, asked.asker, VIEW_PERMISSION)) {
    const refusal = { person: asked.asker, what: `/dr ${wanted.what}`, why: 'no permission', text: asked.text };
    return await refused(tools, refusal, mayNotText('look at recovery plans', managersOf(access)));
  }
  const look = async (question: WorkerQuestion) => {
    await askWorker(tools, question, asked);
    return LOOKING_TEXT;
  };
  switch (wanted.what) {
    case 'plans':
      return await look({ kind: 'recovery plans', args: {} });
    case 'groups':
      return await look({ kind: 'protection groups', args: {} });
    case 'show plan': {
      const { plan, version } = wanted;
      return await look({ kind: 'recovery plan', args: { plan, ...(version === undefined ? {} : { version }) } });
    }
    case 'show group':
      return await look({ kind: 'protection group', args: { group: wanted.group } });
    case 'export plan':
      return await look({ kind: 'plan export', args: { plan: wanted.plan } });
    default:
      return asked.openView === undefined ? NO_FORM_TEXT : await change(tools, at, wanted);
  }
}

/** What begins a change. */
type Change = Exclude<LibraryWanted, { what: 'plans' | 'groups' | 'show plan' | 'show group' | 'export plan' }>;

async function change(tools: ChatTools, at: LibraryAsked, wanted: Change): Promise<string | undefined> {
  switch (wanted.what) {
    case 'new plan':
      return await newPlan(tools, at, emptyPlan(wanted.name ?? ''));
    case 'edit plan':
      return await withPlan(tools, at, wanted.plan, (plan, stored) =>
        wanted.asText ? editAsText(tools, at, plan, stored) : editPlan(tools, at, plan, stored),
      );
    case 'copy plan':
      return await withPlan(tools, at, wanted.plan, async ({ application: _, ...plan }) =>
        // An application has one recovery plan: the copy's is chosen in the form.
        newPlan(tools, at, { ...plan, planId: '', planName: wanted.as ?? `${plan.planName} (copy)` }),
      );
    case 'delete plan':
      return await withPlan(tools, at, wanted.plan, ({ planId }, stored) =>
        propose(tools, at, stored, { kind: 'delete plan', planId }),
      );
    case 'import':
      return await openImport(tools, at);
    case 'new group':
      return await editGroup(tools, at, emptyGroup(wanted.name ?? ''), await tools.library.read());
    case 'edit group':
      return await withGroup(tools, at, wanted.group, (group, stored) => editGroup(tools, at, group, stored));
    case 'delete group':
      return await withGroup(tools, at, wanted.group, ({ groupId }, stored) =>
        propose(tools, at, stored, { kind: 'delete group', groupId }),
      );
  }
}

type Then<T> = (item: T, library: Library) => Promise<string | undefined>;

async function withPlan(tools: ChatTools, { access, asker }: LibraryAsked, typed: string, then: Then<RecoveryPlan>) {
  const stored = await tools.library.read();
  const found = findByName(typed, visiblePlans(access, asker, stored), {
    what: 'recovery plan',
    idOf: ({ plan }) => plan.planId,
    nameOf: ({ plan }) => plan.planName,
  });
  return 'problem' in found ? found.problem : await then(found.found.plan, stored);
}

async function withGroup(
  tools: ChatTools,
  { access, asker }: LibraryAsked,
  typed: string,
  then: Then<ProtectionGroup>,
) {
  const stored = await tools.library.read();
  const found = findByName(typed, visibleGroups(access, asker, stored), {
    what: 'protection group',
    idOf: ({ group }) => group.groupId,
    nameOf: ({ group }) => group.groupName,
  });
  return 'problem' in found ? found.problem : await then(found.found.group, stored);
}

/** Opens the form for a new plan. */
export async function newPlan(tools: ChatTools, at: LibraryAsked, plan: RecoveryPlan): Promise<string | undefined> {
  if (!mayPlanSomewhere(at.access, at.asker)) {
    const refusal = { person: at.asker, what: 'new recovery plan', why: 'no permission', text: at.text };
    return await refused(tools, refusal, mayNotText('make recovery plans', managersOf(at.access)));
  }
  return await openPlan(tools, at, plan, await tools.library.read());
}

/** Opens the form of a plan that is stored. */
export async function editPlan(
  tools: ChatTools,
  at: LibraryAsked,
  plan: RecoveryPlan,
  stored: Library,
): Promise<string | undefined> {
  const refusal = await refusalToChange(tools, { ...at, person: at.asker }, [{ kind: 'put plan', plan }], stored);
  return refusal ?? (await openPlan(tools, at, plan, stored));
}

/** Opens the form of a plan of a draft. `since`: when the draft was begun. */
export async function openPlan(
  tools: ChatTools,
  at: LibraryAsked,
  plan: RecoveryPlan,
  stored: Library,
  since?: number,
): Promise<string | undefined> {
  const [draft, applications] = await Promise.all([
    beginDraft(tools, at, {
      baseVersion: stored.version,
      changes: [{ kind: 'put plan', plan }],
      ...(since === undefined ? {} : { at: since }),
    }),
    plannableApplications(tools, at.access, at.asker),
  ]);
  const state = { draftId: draft.draftId, ...placeOf(at) };
  return await opened(tools, at, planFormView(plan, stored, { state, applications }));
}

/** The applications that are known and for which somebody may store a plan. */
export async function plannableApplications(tools: ChatTools, access: Access, person: Person): Promise<string[]> {
  const catalogue = await tools.store.getCatalogue();
  const permissions: Permission[] = ['drs:CreateRecoveryPlan', 'drs:UpdateRecoveryPlan'];
  return (catalogue?.applications ?? [])
    .map((application) => application.name)
    .filter((application) => permissions.some((permission) => may(access, person, permission, application)));
}

async function editAsText(
  tools: ChatTools,
  at: LibraryAsked,
  plan: RecoveryPlan,
  stored: Library,
): Promise<string | undefined> {
  const refusal = await refusalToChange(tools, { ...at, person: at.asker }, [{ kind: 'put plan', plan }], stored);
  if (refusal !== undefined) return refusal;
  const text = planText(plan);
  if (text.length > MAX_TYPED) {
    return `${name(plan.planName)} is longer than the 3,000 characters that a form takes. Nothing was changed: use \`/dr plan export\`, change the file, and \`/dr plan import\` it.`;
  }
  const draft = await beginDraft(tools, at, {
    baseVersion: stored.version,
    changes: [{ kind: 'put plan', plan }],
  });
  const state = formState({ draftId: draft.draftId, ...placeOf(at) });
  return await opened(tools, at, planTextModal({ state, text, planName: plan.planName }));
}

/** A plan as our own file, in YAML. */
export function planText(plan: RecoveryPlan): string {
  const { protectionGroups: _, ...file } = JSON.parse(ownFile({ plans: [plan], groups: [] })) as Record<
    string,
    unknown
  >;
  return stringify(file, { lineWidth: 0 });
}

/** Opens the form of a group: of a new one where it has no id. */
export async function editGroup(
  tools: ChatTools,
  at: LibraryAsked,
  group: ProtectionGroup,
  stored: Library,
  since?: number,
): Promise<string | undefined> {
  const refusal = await refusalToChange(tools, { ...at, person: at.asker }, [{ kind: 'put group', group }], stored);
  if (refusal !== undefined) return refusal;
  const [draft, accounts] = await Promise.all([
    beginDraft(tools, at, {
      baseVersion: stored.version,
      changes: [{ kind: 'put group', group }],
      ...(since === undefined ? {} : { at: since }),
    }),
    tools.configuration.stagingAccounts(),
  ]);
  const state = formState({ draftId: draft.draftId, ...placeOf(at) });
  return await opened(tools, at, groupFormView(group, accounts, { state }));
}

/** Opens the form of an import. `text`: what it holds already. */
export async function openImport(tools: ChatTools, at: LibraryAsked, text?: string): Promise<string | undefined> {
  const permissions: Permission[] = [
    'drs:CreateRecoveryPlan',
    'drs:UpdateRecoveryPlan',
    'drs:CreateProtectionGroup',
    'drs:UpdateProtectionGroup',
  ];
  if (!permissions.some((permission) => maySomewhere(at.access, at.asker, permission))) {
    const refusal = { person: at.asker, what: 'plan import', why: 'no permission', text: at.text };
    return await refused(tools, refusal, mayNotText('import recovery plans', managersOf(at.access)));
  }
  const state = formState(placeOf(at));
  return await opened(tools, at, importModal({ state, ...(text === undefined ? {} : { text }) }));
}

/** Keeps a change as a draft and has a worker show what it would do. */
async function propose(tools: ChatTools, at: LibraryAsked, stored: Library, change: LibraryChange): Promise<string> {
  const refusal = await refusalToChange(tools, { ...at, person: at.asker }, [change], stored);
  if (refusal !== undefined) return refusal;
  const { draftId } = await beginDraft(tools, at, { baseVersion: stored.version, changes: [change] });
  await askWorker(tools, { kind: 'draft', args: { draftId } }, at);
  return CHECKING_TEXT;
}

function placeOf({ channelId, threadTs }: AskedAt): FormState {
  return { ...(channelId === undefined ? {} : { channelId }), ...(threadTs === undefined ? {} : { threadTs }) };
}

/** Opens a form; what to tell when Slack does not. */
async function opened(tools: ChatTools, at: LibraryAsked, view: ModalView): Promise<string | undefined> {
  if (at.openView === undefined) return NO_FORM_TEXT;
  try {
    await at.openView(view);
    return undefined;
  } catch (error) {
    const why = messageOf(error);
    tools.log.warn('A form of plans or groups could not be opened', { userId: at.asker.userId, error: why });
    return `⚠️ Slack did not open the form (${sentence(why)}). Nothing was changed: try again.`;
  }
}
