import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import {
  DISCARD_DRAFT_ACTION,
  EDIT_DRAFT_ACTION,
  IMPORT_AGAIN_ACTION,
  STORE_DRAFT_ACTION,
} from '../../../blocks/action-ids.ts';
import { notMemberText } from '../../../blocks/answers.ts';
import { CHECKING_TEXT, DISCARDED_TEXT, DRAFT_GONE_TEXT, MOVED_TEXT, storedText } from '../../../blocks/draft.ts';
import { isSamePerson } from '../../domain/access.ts';
import { DrError, messageOf } from '../../domain/errors.ts';
import type { Draft, Library, LibraryChange } from '../../domain/plan-library.ts';
import { personOf } from '../asked.ts';
import { askWorker, groupIn, ownDraft, planIn, refusalToChange } from '../drafts.ts';
import { editGroup, type LibraryAsked, openImport, openPlan } from '../library.ts';
import { refused } from '../refusal.ts';
import { type ChatTools, explain } from '../tools.ts';
import { answerPress, type PressContext } from './press.ts';

/** What a press led to: a text in the place of what was pressed, or beside it. */
type Outcome = { replaced: string } | { told: string };

/** Store, Discard, Edit Again and Import Again, below what a worker has said of a draft. Every press is answered. */
export function draftButtons(app: App, tools: ChatTools): void {
  const listen = (actionId: string, press: (tools: ChatTools, at: Pressed) => Promise<Outcome | undefined>) =>
    app.action<BlockAction<ButtonAction>>(actionId, async ({ ack, action, body, client, respond }) => {
      const told = await pressed(tools, { body, client, respond }, action.value ?? '')
        .then((at) => press(tools, at))
        .catch((error: unknown): Outcome => ({ told: explain(error, tools.log) }));
      await ack();
      if (told === undefined) return;
      if ('told' in told) await answerPress({ body, client, respond }, told.told, tools);
      else await respond({ response_type: 'ephemeral', replace_original: true, text: told.replaced });
    });
  listen(STORE_DRAFT_ACTION, store);
  listen(DISCARD_DRAFT_ACTION, discard);
  listen(EDIT_DRAFT_ACTION, editAgain);
  listen(IMPORT_AGAIN_ACTION, importAgain);
}

/** Somebody who has pressed a button below a draft, or below a plan or group. */
export interface Pressed extends LibraryAsked {
  /** What the button carries. */
  value: string;
  openView: NonNullable<LibraryAsked['openView']>;
}

/** Who pressed what, and what they may do now. @throws {DrError} AccessDenied for who is no member; as `Directory.access`. */
export async function pressed(tools: ChatTools, { body, client }: PressContext, value: string): Promise<Pressed> {
  const [action] = body.actions;
  const channelId = body.channel?.id;
  const asker = personOf(body);
  const [access, standing] = await Promise.all([tools.directory.access(), tools.directory.standingOf(asker)]);
  if (standing !== 'member') {
    const text = notMemberText(standing);
    throw new DrError(
      'AccessDenied',
      await refused(tools, { person: asker, what: action?.action_id ?? '', why: standing }, text),
    );
  }
  return {
    asker,
    access,
    text: action?.action_id ?? '',
    value,
    key: body.trigger_id,
    ...(channelId === undefined ? {} : { channelId }),
    openView: (view) => client.views.open({ trigger_id: body.trigger_id, view }),
  };
}

/** Stores what was shown, if nothing was stored since; else the new differences are shown. */
async function store(tools: ChatTools, at: Pressed): Promise<Outcome> {
  const { asker, access } = at;
  const [draft, stored] = await Promise.all([ownDraft(tools, at.value, asker), tools.library.read()]);
  if (draft === undefined) return { told: DRAFT_GONE_TEXT };
  const refusal = await refusalToChange(tools, { access, person: asker, text: at.text }, draft.changes, stored);
  if (refusal !== undefined) return { told: refusal };
  const { baseVersion, changes } = draft;
  const applied = await tools.library.apply({ baseVersion, changes, by: asker, at: tools.now() });
  if (!applied.stored) {
    await askWorker(tools, { kind: 'draft', args: { draftId: draft.draftId } }, at);
    return { replaced: MOVED_TEXT };
  }
  return { replaced: storedText(await settle(tools, draft, stored)) };
}

/** Closes a draft that is stored and notes it for the audit; what is stored now, a line each. */
async function settle(tools: ChatTools, draft: Draft, before: Library): Promise<string[]> {
  const now = await tools.library.read();
  const lines = draft.changes.map((change) => storedLine(change, before, now));
  await forget(tools, draft);
  if (!('userId' in draft.by)) return lines;
  try {
    await tools.audit.stored({ person: draft.by, what: 'stored plans and groups', text: lines.join('; ') });
  } catch (error) {
    // Each stored version says who stored it and when.
    tools.log.error('What was stored could not be noted for the audit', {
      userId: draft.by.userId,
      stored: lines,
      error: messageOf(error),
    });
  }
  return lines;
}

function storedLine(change: LibraryChange, before: Library, now: Library): string {
  switch (change.kind) {
    case 'put plan': {
      const { planId, planName } = change.plan;
      const stored = now.plans.find(({ plan }) => plan.planId === planId);
      return `recovery plan ${planName} (${planId}), version ${stored?.version ?? 'unknown'}`;
    }
    case 'delete plan': {
      const stored = before.plans.find(({ plan }) => plan.planId === change.planId);
      return `recovery plan ${stored?.plan.planName ?? ''} (${change.planId}) is deleted, its versions are kept`;
    }
    case 'put group': {
      const { groupId, groupName } = change.group;
      const stored = now.groups.find(({ group }) => group.groupId === groupId);
      return `protection group ${groupName} (${groupId}), version ${stored?.version ?? 'unknown'}`;
    }
    case 'delete group': {
      const stored = before.groups.find(({ group }) => group.groupId === change.groupId);
      return `protection group ${stored?.group.groupName ?? ''} (${change.groupId}) is deleted`;
    }
  }
}

/** Leaves nothing of a draft that could be stored. */
async function forget(tools: ChatTools, draft: Draft): Promise<void> {
  await tools.library.replaceDraft({ ...draft, changes: [] });
}

async function discard(tools: ChatTools, at: Pressed): Promise<Outcome> {
  const draft = await ownDraft(tools, at.value, at.asker);
  if (draft === undefined) return { told: DRAFT_GONE_TEXT };
  await forget(tools, draft);
  return { replaced: DISCARDED_TEXT };
}

/** Opens a draft's form with what was entered, as a draft of its own: what is shown below other messages stays. */
async function editAgain(tools: ChatTools, at: Pressed): Promise<Outcome | undefined> {
  const [draft, stored] = await Promise.all([ownDraft(tools, at.value, at.asker), tools.library.read()]);
  const plan = draft && planIn(draft);
  const group = draft && groupIn(draft);
  if (draft !== undefined && plan !== undefined) return tellIf(await openPlan(tools, at, plan, stored, draft.at));
  if (draft !== undefined && group !== undefined) return tellIf(await editGroup(tools, at, group, stored, draft.at));
  if (draft === undefined) return { told: DRAFT_GONE_TEXT };
  // It has no form: it is looked at again.
  await askWorker(tools, { kind: 'draft', args: { draftId: draft.draftId } }, at);
  return { told: CHECKING_TEXT };
}

async function importAgain(tools: ChatTools, at: Pressed): Promise<Outcome | undefined> {
  const query = await tools.store.getQuery(at.value);
  const isOwn = query?.kind === 'plan import' && isSamePerson(query.asker, at.asker);
  return tellIf(await openImport(tools, at, isOwn ? query.args.text : undefined));
}

/** What was told where no form was opened. */
export function tellIf(text: string | undefined): { told: string } | undefined {
  return text === undefined ? undefined : { told: text };
}
