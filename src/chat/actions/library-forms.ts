import type { App, BlockAction, ButtonAction, ViewSubmitAction } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import {
  ADD_WAVE_ACTION,
  DISCARD_DRAFT_ACTION,
  EDIT_DRAFT_ACTION,
  EDIT_GROUP_ACTION,
  EDIT_PLAN_ACTION,
  EDIT_WAVE_ACTION,
  IMPORT_AGAIN_ACTION,
  IMPORT_PLAN_ACTION,
  MOVE_WAVE_ACTION,
  NEW_PLAN_ACTION,
  PREVIEW_GROUP_ACTION,
  REMOVE_WAVE_ACTION,
  STORE_DRAFT_ACTION,
} from '../../../blocks/action-ids.ts';
import { CHECKING_TEXT, DRAFT_GONE_TEXT } from '../../../blocks/draft.ts';
import { GROUP_FIELD, GROUP_FORM } from '../../../blocks/group-modal.ts';
import { context, section, sentence } from '../../../blocks/message.ts';
import { answerModal } from '../../../blocks/modal.ts';
import {
  FILE_FIELD,
  IMPORT_FORM,
  PLAN_FIELD,
  PLAN_FORM,
  PLAN_TEXT_FORM,
  TEXT_FIELD,
  WAVE_FIELD,
  WAVE_FORM,
} from '../../../blocks/plan-modal.ts';
import type { Person } from '../../domain/access.ts';
import { messageOf } from '../../domain/errors.ts';
import { pathText } from '../../domain/plan-import/import.ts';
import { importOwn, isOwn, OWN_FORMAT } from '../../domain/plan-import/own.ts';
import type { Draft } from '../../domain/plan-library.ts';
import type { RecoveryPlan } from '../../domain/recovery-plan.ts';
import { readPlanText } from '../../platform/plan-text.ts';
import { personOf } from '../asked.ts';
import { askWorker, groupIn, ownDraft, planIn, type WorkerQuestion, withGroupId, withPlanId } from '../drafts.ts';
import { type FieldErrors, type FormState, filesIn, readFormState, typedIn } from '../form-state.ts';
import { groupFormView, readGroup } from '../group-form.ts';
import { editGroup, editPlan, newPlan, openImport, plannableApplications } from '../library.ts';
import { visiblePlans } from '../library-rights.ts';
import {
  emptyPlan,
  movedUp,
  nextWave,
  planFormView,
  readPlan,
  readWave,
  waveFormView,
  waveNumberIn,
  without,
} from '../plan-form.ts';
import { type ChatTools, explain, explainPlainly } from '../tools.ts';
import { type Pressed, pressed } from './draft-buttons.ts';
import { answerPress } from './press.ts';

/** What has a listener here or among the buttons of drafts. */
export const LIBRARY_ACTIONS: readonly string[] = [
  STORE_DRAFT_ACTION,
  DISCARD_DRAFT_ACTION,
  EDIT_DRAFT_ACTION,
  IMPORT_AGAIN_ACTION,
  EDIT_PLAN_ACTION,
  EDIT_GROUP_ACTION,
  NEW_PLAN_ACTION,
  IMPORT_PLAN_ACTION,
  ADD_WAVE_ACTION,
  EDIT_WAVE_ACTION,
  MOVE_WAVE_ACTION,
  REMOVE_WAVE_ACTION,
  PREVIEW_GROUP_ACTION,
];

/** The most that is said beside one input, in characters. */
const MAX_ERROR = 600;

type View = ViewSubmitAction['view'];

/** How a submission ends: errors at the fields, another view in its place, or back to the form below. */
type Outcome = { errors: FieldErrors } | { view: ModalView } | 'back';

/**
 * The forms of recovery plans and protection groups. What is filled in is kept as a draft, whose differences a worker
 * shows; nothing is stored here. What is wrong is said at its field, and the form stays open with everything typed.
 */
export function libraryForms(app: App, tools: ChatTools): void {
  const onSubmit = (
    callbackId: string,
    firstBlockId: string,
    submit: (submission: Submission) => Promise<Outcome>,
  ): void => {
    app.view<ViewSubmitAction>({ callback_id: callbackId, type: 'view_submission' }, async ({ ack, body, client }) => {
      const { view } = body;
      const state = readFormState(view.private_metadata);
      const outcome: Outcome =
        state === undefined
          ? { view: answerModal('Not understood', DRAFT_GONE_TEXT) }
          : await submit({ tools, client, view, state, person: personOf(body) }).catch(
              (error: unknown): Outcome => ({ errors: { [firstBlockId]: explainPlainly(error, tools.log) } }),
            );
      if (outcome === 'back') await ack();
      else if ('view' in outcome) await ack({ response_action: 'update', view: outcome.view });
      else await ack({ response_action: 'errors', errors: shortened(outcome.errors) });
    });
  };
  onSubmit(GROUP_FORM, GROUP_FIELD.name.blockId, submitGroup);
  onSubmit(PLAN_FORM, PLAN_FIELD.name.blockId, submitPlan);
  onSubmit(WAVE_FORM, WAVE_FIELD.name.blockId, submitWave);
  onSubmit(PLAN_TEXT_FORM, TEXT_FIELD.blockId, submitText);
  onSubmit(IMPORT_FORM, TEXT_FIELD.blockId, submitImport);

  const onPressInForm = (actionId: string, press: (at: InForm) => Promise<void>): void => {
    app.action<BlockAction<ButtonAction>>(actionId, async ({ ack, action, body, client }) => {
      const { view } = body;
      const state = readFormState(view?.private_metadata ?? '');
      if (view !== undefined && state !== undefined) {
        const at = {
          tools,
          client,
          view,
          state,
          person: personOf(body),
          value: action.value ?? '',
          triggerId: body.trigger_id,
        };
        // The form stays as it was, with everything typed.
        await press(at).catch((error: unknown) => say(at, explain(error, tools.log)));
      }
      await ack();
    });
  };
  onPressInForm(PREVIEW_GROUP_ACTION, preview);
  onPressInForm(ADD_WAVE_ACTION, openWave);
  onPressInForm(EDIT_WAVE_ACTION, openWave);
  onPressInForm(MOVE_WAVE_ACTION, (at) => redrawPlan(at, (plan) => movedUp(plan, Number(at.value))));
  onPressInForm(REMOVE_WAVE_ACTION, (at) => redrawPlan(at, (plan) => without(plan, Number(at.value))));

  const onOpen = (actionId: string, open: (at: Pressed) => Promise<string | undefined>): void => {
    app.action<BlockAction<ButtonAction>>(actionId, async ({ ack, action, body, client, respond }) => {
      const text = await pressed(tools, { body, client, respond }, action.value ?? '')
        .then(open)
        .catch((error: unknown) => explain(error, tools.log));
      await ack();
      if (text !== undefined) await answerPress({ body, client, respond }, text, tools);
    });
  };
  onOpen(NEW_PLAN_ACTION, (at) => newPlan(tools, at, emptyPlan('')));
  onOpen(IMPORT_PLAN_ACTION, (at) => openImport(tools, at));
  onOpen(EDIT_PLAN_ACTION, async (at) => {
    const stored = await tools.library.read();
    const plan = stored.plans.find((one) => one.plan.planId === at.value)?.plan;
    return plan === undefined ? DRAFT_GONE_TEXT : await editPlan(tools, at, plan, stored);
  });
  onOpen(EDIT_GROUP_ACTION, async (at) => {
    const stored = await tools.library.read();
    const group = stored.groups.find((one) => one.group.groupId === at.value)?.group;
    return group === undefined ? DRAFT_GONE_TEXT : await editGroup(tools, at, group, stored);
  });
}

/** A form, and who has it on their screen. */
interface InView {
  tools: ChatTools;
  client: WebClient;
  state: FormState;
  person: Person;
}

type Submission = InView & { view: View };

/** A press of a button inside a form. */
type InForm = InView & { view: NonNullable<BlockAction['view']>; value: string; triggerId: string };

function shortened(errors: FieldErrors): FieldErrors {
  return Object.fromEntries(
    Object.entries(errors).map(([blockId, error]) => [
      blockId,
      error.length > MAX_ERROR ? `${error.slice(0, MAX_ERROR)}…` : error,
    ]),
  );
}

const GONE: Outcome = { view: answerModal('Not kept', DRAFT_GONE_TEXT) };

async function draftOf({ tools, state, person }: InView): Promise<Draft | undefined> {
  return state.draftId === undefined ? undefined : await ownDraft(tools, state.draftId, person);
}

async function submitGroup(at: Submission): Promise<Outcome> {
  const [draft, stored] = await Promise.all([draftOf(at), at.tools.library.read()]);
  const before = draft && groupIn(draft);
  if (draft === undefined || before === undefined) return GONE;
  const { group, errors } = readGroup(at.view, before);
  if (Object.keys(errors).length > 0) return { errors };
  return await check(at, { ...draft, changes: [{ kind: 'put group', group: withGroupId(group, stored) }] });
}

async function submitPlan(at: Submission): Promise<Outcome> {
  const [draft, stored] = await Promise.all([draftOf(at), at.tools.library.read()]);
  const before = draft && planIn(draft);
  if (draft === undefined || before === undefined) return GONE;
  const { plan, errors } = readPlan(at.view, before);
  if (plan.waves.length === 0) errors[PLAN_FIELD.name.blockId] ??= 'The plan has no waves yet: add one below.';
  if (Object.keys(errors).length > 0) return { errors };
  return await check(at, { ...draft, changes: [{ kind: 'put plan', plan: withPlanId(plan, stored) }] });
}

/** Keeps what was filled in and has a worker show what it would change. */
async function check(at: Submission, draft: Draft): Promise<Outcome> {
  await at.tools.library.replaceDraft(draft);
  await ask(at, { kind: 'draft', args: { draftId: draft.draftId } });
  return { view: answerModal('Checking', CHECKING_TEXT) };
}

async function ask({ tools, state, person, view }: Submission, question: WorkerQuestion): Promise<void> {
  const { channelId, threadTs } = state;
  await askWorker(tools, question, {
    asker: person,
    key: `${view.id} ${view.hash}`,
    ...(channelId === undefined ? {} : { channelId }),
    ...(threadTs === undefined ? {} : { threadTs }),
  });
}

/** Puts the wave into the plan of the form below, which shows it then. */
async function submitWave(at: Submission): Promise<Outcome> {
  const { tools, view, state } = at;
  const [draft, stored] = await Promise.all([draftOf(at), tools.library.read()]);
  const plan = draft && planIn(draft);
  const number = state.wave;
  if (draft === undefined || plan === undefined || number === undefined) return GONE;
  const before = plan.waves.find(({ waveNumber }) => waveNumber === number);
  const { wave, errors } = readWave(view, number, before);
  if (Object.keys(errors).length > 0) return { errors };
  const others = plan.waves.filter(({ waveNumber }) => waveNumber !== number);
  const changed = { ...plan, waves: [...others, wave] };
  await keepPlan(at, draft, changed);
  const { wave: _, ...below } = state;
  const redrawn = await planView(at, changed, stored, below);
  if (view.root_view_id !== null) await at.client.views.update({ view_id: view.root_view_id, view: redrawn });
  return 'back';
}

async function keepPlan({ tools }: InView, draft: Draft, plan: RecoveryPlan): Promise<void> {
  await tools.library.replaceDraft({ ...draft, changes: [{ kind: 'put plan', plan }] });
}

async function planView(
  { tools, person }: InView,
  plan: RecoveryPlan,
  stored: Parameters<typeof planFormView>[1],
  state: FormState,
): Promise<ModalView> {
  const applications = await plannableApplications(tools, await tools.directory.access(), person);
  return planFormView(plan, stored, { state, applications });
}

/** Opens the form of a wave on top of the plan's; what was typed into that is kept, too. */
async function openWave(at: InForm): Promise<void> {
  const { client, tools, view, state, value, triggerId, person } = at;
  const [draft, stored] = await Promise.all([draftOf(at), tools.library.read()]);
  const before = draft && planIn(draft);
  if (draft === undefined || before === undefined) return await sayGone(at);
  const { plan } = readPlan(view, before);
  const number = value === 'new' ? nextWave(plan) : waveNumberIn(value);
  if (number === undefined && value !== 'new') return await sayGone(at);
  if (number === undefined) return await say(at, 'A recovery plan has at most 99 waves. Nothing was added.');
  const access = await tools.directory.access();
  const plans = visiblePlans(access, person, stored);
  await keepPlan(at, draft, plan);
  const form = waveFormView(plan, number, { ...stored, plans }, state);
  await client.views.push({ trigger_id: triggerId, view: form });
}

/** Changes the plan of the form and shows it. */
async function redrawPlan(at: InForm, change: (plan: RecoveryPlan) => RecoveryPlan): Promise<void> {
  const { client, tools, view, state } = at;
  const [draft, stored] = await Promise.all([draftOf(at), tools.library.read()]);
  const before = draft && planIn(draft);
  if (draft === undefined || before === undefined) return await sayGone(at);
  const plan = change(readPlan(view, before).plan);
  // Of two presses at once the second one finds the form changed, and changes nothing itself.
  await client.views.update({ view_id: view.id, hash: view.hash, view: await planView(at, plan, stored, state) });
  await keepPlan(at, draft, plan);
}

async function sayGone({ client, view }: InForm): Promise<void> {
  await client.views.update({ view_id: view.id, view: answerModal('Not kept', DRAFT_GONE_TEXT) });
}

/** Says something above the form, which stays below with everything typed. */
async function say({ client, triggerId, tools }: InForm, text: string): Promise<void> {
  try {
    await client.views.push({ trigger_id: triggerId, view: answerModal('Not done', text) });
  } catch (error) {
    // The trigger was used up, or three forms are open: there is nowhere else to say it.
    tools.log.warn('A press in a form could not be answered', { error: messageOf(error) });
  }
}

/** Has a worker look which servers the group would have; the form shows them when it knows. */
async function preview(at: InForm): Promise<void> {
  const { client, tools, view, person, triggerId, state } = at;
  const [draft, accounts] = await Promise.all([draftOf(at), tools.configuration.stagingAccounts()]);
  const before = draft && groupIn(draft);
  if (draft === undefined || before === undefined) return await sayGone(at);
  const { group, errors } = readGroup(view, before);
  await tools.library.replaceDraft({ ...draft, changes: [{ kind: 'put group', group }] });
  const { [GROUP_FIELD.name.blockId]: _, ...wrong } = errors;
  const problems = Object.values(wrong).map((problem) => section(`⚠️ ${sentence(problem)}`));
  const drawn = groupFormView(group, accounts, {
    state: view.private_metadata,
    preview: problems.length > 0 ? problems : [context('Looking which servers match…')],
  });
  const updated = await client.views.update({ view_id: view.id, hash: view.hash, view: drawn });
  if (problems.length > 0) return;
  const { channelId, threadTs } = state;
  await askWorker(
    tools,
    {
      kind: 'group preview',
      args: { viewId: view.id, hash: updated.view?.hash ?? '', draftId: draft.draftId, state: view.private_metadata },
    },
    {
      asker: person,
      key: triggerId,
      ...(channelId === undefined ? {} : { channelId }),
      ...(threadTs === undefined ? {} : { threadTs }),
    },
  );
}

/** A whole plan as text: what is wrong is said with its line. */
async function submitText(at: Submission): Promise<Outcome> {
  const draft = await draftOf(at);
  const before = draft && planIn(draft);
  if (draft === undefined || before === undefined) return GONE;
  const wrong = (...problems: string[]): Outcome => ({
    errors: { [TEXT_FIELD.blockId]: problems.slice(0, 5).join(' ') },
  });
  const read = readPlanText(typedIn(at.view, TEXT_FIELD));
  if ('problems' in read) return wrong(...read.problems);
  if (!isOwn(read.document) || read.document.format !== OWN_FORMAT) {
    return wrong(`It has to begin with “format: ${OWN_FORMAT}”.`);
  }
  const { plans, groups, removed, problems } = importOwn(read.document);
  if (problems.length > 0) {
    return wrong(...problems.map(({ where, message }) => `Line ${read.lineOf(where)}, ${pathText(where)}: ${message}`));
  }
  const [plan, ...more] = plans;
  if (plan === undefined || more.length > 0 || groups.length > 0 || removed !== undefined) {
    return wrong('Here it is one plan and nothing else: `/dr plan import` takes more.');
  }
  if (plan.planId !== before.planId)
    return wrong(`Its planId stays ${before.planId}: /dr plan copy makes another plan.`);
  return await check(at, { ...draft, changes: [{ kind: 'put plan', plan }] });
}

/** Passes a file or a text on to a worker, which reads it. */
async function submitImport(at: Submission): Promise<Outcome> {
  const text = typedIn(at.view, TEXT_FIELD);
  const [file] = filesIn(at.view, FILE_FIELD);
  if (file === undefined && text === '') {
    return { errors: { [TEXT_FIELD.blockId]: 'Give a file above, or the text here.' } };
  }
  if (file !== undefined && text !== '') {
    return { errors: { [TEXT_FIELD.blockId]: 'There is a file, too: give one of the two.' } };
  }
  const read = readPlanText(text);
  if ('problems' in read) return { errors: { [TEXT_FIELD.blockId]: read.problems.slice(0, 5).join(' ') } };
  await ask(at, { kind: 'plan import', args: file === undefined ? { text } : { fileId: file.id } });
  return { view: answerModal('Checking', CHECKING_TEXT) };
}
