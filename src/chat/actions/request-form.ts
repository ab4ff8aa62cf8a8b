import type {
  App,
  BlockAction,
  BlockSuggestion,
  ButtonAction,
  GlobalShortcut,
  SlackViewAction,
  ViewSubmitAction,
} from '@slack/bolt';
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { OPEN_REQUEST_ACTION, REQUEST_SHORTCUT } from '../../../blocks/action-ids.ts';
import { noRoleText, notMemberText } from '../../../blocks/answers.ts';
import { answerModal, type Field } from '../../../blocks/modal.ts';
import {
  ALL_WAVES,
  applicationOptions,
  type ChosenApplication,
  chooseAgainText,
  REQUEST_FIELD,
  REQUEST_FORM,
  requestModal,
  wavesField,
} from '../../../blocks/request-modal.ts';
import { type Access, ASK_PERMISSION, may, type Person } from '../../domain/access.ts';
import { messageOf } from '../../domain/errors.ts';
import type { Library } from '../../domain/plan-library.ts';
import type { Catalogue } from '../../domain/records.ts';
import { recoveryRunOf } from '../../domain/requested-run.ts';
import { PLANNED_VERBS, type PlannedVerb } from '../../domain/vocabulary.ts';
import { personOf } from '../asked.ts';
import { membershipIn } from '../channel.ts';
import { readInstanceIds, readTicketNumber } from '../clauses.ts';
import type { Wanted } from '../command.ts';
import { refused } from '../refusal.ts';
import { type About, requestRecovery } from '../request.ts';
import { commandsOf, managersOf } from '../rights.ts';
import { type ChatTools, explain, explainPlainly } from '../tools.ts';

type View = SlackViewAction['view'];

/** What was filled in, or what has to be put right first. */
type Filled = { wanted: Wanted } | { problem: string; field: Field };

/** The form is over and says so, says why not above itself, or stays open with what has to be put right. */
type Outcome = { update: ModalView } | { push: ModalView } | { problem: string; field: Field };

/**
 * The form for a request: opened by the shortcut and from App Home, with menus of what is known. Its waves follow the
 * application, and what it asks for goes the way of the command.
 */
export function requestForm(app: App, tools: ChatTools): void {
  app.shortcut<GlobalShortcut>({ callback_id: REQUEST_SHORTCUT, type: 'shortcut' }, async ({ ack, body, client }) => {
    await open(tools, client, body.trigger_id, personOf(body));
    await ack();
  });
  app.action<BlockAction<ButtonAction>>(OPEN_REQUEST_ACTION, async ({ ack, body, client }) => {
    await open(tools, client, body.trigger_id, personOf(body));
    await ack();
  });
  for (const { actionId } of [REQUEST_FIELD.verb, REQUEST_FIELD.application]) {
    app.action<BlockAction>(actionId, async ({ ack, body, client }) => {
      await redraw(tools, client, body);
      await ack();
    });
  }
  app.options<'block_suggestion'>(REQUEST_FIELD.application.actionId, async ({ ack, body }) => {
    await ack({ options: await suggestions(tools, body) });
  });
  app.view<ViewSubmitAction>({ callback_id: REQUEST_FORM, type: 'view_submission' }, async ({ ack, body, client }) => {
    const outcome = await submit(tools, client, body).catch(
      (error: unknown): Outcome => ({ problem: explainPlainly(error, tools.log), field: REQUEST_FIELD.application }),
    );
    if ('problem' in outcome) {
      await ack({ response_action: 'errors', errors: { [outcome.field.blockId]: outcome.problem } });
    } else if ('push' in outcome) await ack({ response_action: 'push', view: outcome.push });
    else await ack({ response_action: 'update', view: outcome.update });
  });
}

async function open(tools: ChatTools, client: WebClient, triggerId: string, person: Person): Promise<void> {
  const view = await firstView(tools, person).catch((error: unknown) =>
    answerModal('Not opened', explain(error, tools.log)),
  );
  try {
    await client.views.open({ trigger_id: triggerId, view });
  } catch (error) {
    // There is nowhere else to say it; Slack shows that the shortcut did nothing.
    tools.log.warn('The form for a request could not be opened', { userId: person.userId, error: messageOf(error) });
  }
}

async function firstView(tools: ChatTools, person: Person): Promise<ModalView> {
  const [access, standing, settings] = await Promise.all([
    tools.directory.access(),
    tools.directory.standingOf(person),
    tools.configuration.requests(),
  ]);
  const refusal = { person, what: 'request form' };
  if (standing !== 'member') {
    const text = await refused(tools, { ...refusal, why: standing }, notMemberText(standing));
    return answerModal('Not opened', text);
  }
  const verbs = verbsOf(access, person);
  const [verb] = verbs;
  if (verb === undefined) {
    const text = await refused(tools, { ...refusal, why: 'no permission' }, noRoleText(managersOf(access)));
    return answerModal('Not opened', text);
  }
  const { channelId } = settings;
  return requestModal({ verb, verbs, ...(channelId === undefined ? {} : { channelId }) });
}

function verbsOf(access: Access, person: Person): PlannedVerb[] {
  const words = commandsOf(access, person);
  return PLANNED_VERBS.filter((verb) => words.includes(verb));
}

/** Draws the form again for the verb and the application that are chosen now; of two choices at once the later one stays. */
async function redraw(tools: ChatTools, client: WebClient, body: BlockAction): Promise<void> {
  const { view } = body;
  if (view === undefined) return;
  try {
    const [access, catalogue, library] = await Promise.all([
      tools.directory.access(),
      tools.store.getCatalogue(),
      tools.library.read(),
    ]);
    const verbs = verbsOf(access, personOf(body));
    const verb = verbIn(view) ?? verbs[0];
    if (verb === undefined) return;
    const application = applicationIn(view, catalogue, library);
    const channelId = valueIn(view, REQUEST_FIELD.channel)?.selected_conversation ?? undefined;
    await client.views.update({
      view_id: view.id,
      hash: view.hash,
      view: requestModal({
        verb,
        verbs: verbs.includes(verb) ? verbs : [...verbs, verb],
        ...(application === undefined ? {} : { application }),
        ...(channelId === undefined ? {} : { channelId }),
      }),
    });
  } catch (error) {
    // The form stays as it was; submitting it says which part is missing.
    tools.log.warn('The form for a request could not be drawn again', { error: messageOf(error) });
  }
}

async function suggestions(tools: ChatTools, body: BlockSuggestion): Promise<ReturnType<typeof applicationOptions>> {
  try {
    const [access, catalogue] = await Promise.all([tools.directory.access(), tools.store.getCatalogue()]);
    const person = personOf(body);
    const own = (catalogue?.applications ?? []).filter(({ name }) => may(access, person, ASK_PERMISSION, name));
    return applicationOptions(own, body.value);
  } catch (error) {
    // A menu can show nothing but options: an empty one, and the log says why.
    tools.log.error('The applications could not be suggested', { error: messageOf(error) });
    return [];
  }
}

async function submit(tools: ChatTools, client: WebClient, body: ViewSubmitAction): Promise<Outcome> {
  const asker = personOf(body);
  const channelId = valueIn(body.view, REQUEST_FIELD.channel)?.selected_conversation;
  if (typeof channelId !== 'string') return { problem: 'Choose a channel.', field: REQUEST_FIELD.channel };
  // Slack waits 3 s: what can be asked at the same time is.
  const [access, standing, catalogue, library, membership] = await Promise.all([
    tools.directory.access(),
    tools.directory.standingOf(asker),
    tools.store.getCatalogue(),
    tools.library.read(),
    membershipIn(client, channelId, tools.log),
  ]);
  const filled = read(body.view, catalogue, library);
  if ('problem' in filled) return filled;
  const { wanted } = filled;
  const request = { asker, wanted, channelId, membership, key: body.view.id, text: commandOf(wanted) };
  const answer = await requestRecovery(tools, { ...request, standing, access, catalogue });
  if (answer.kind === 'accepted') return { update: answerModal('Asked', answer.text) };
  const field = FIELD_OF[answer.about];
  return field === undefined
    ? { push: answerModal('Nothing was started', answer.text) }
    : { problem: withoutMarks(answer.text), field };
}

/** Where a refusal is shown; what is about a person, or names people, needs a place where they can be mentioned. */
const FIELD_OF: Record<About, Field | undefined> = {
  asker: undefined,
  application: undefined,
  verb: REQUEST_FIELD.verb,
  reason: REQUEST_FIELD.reason,
  ticket: REQUEST_FIELD.ticket,
  channel: REQUEST_FIELD.channel,
};

/** Beside an input Slack shows plain text. */
function withoutMarks(mrkdwn: string): string {
  return mrkdwn.replace(/[`*]/g, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function read(view: View, catalogue: Catalogue | undefined, library: Library): Filled {
  const verb = verbIn(view);
  const application = applicationIn(view, catalogue, library);
  if (verb === undefined) return { problem: 'Choose what is to be done.', field: REQUEST_FIELD.verb };
  if (application === undefined) return { problem: 'Choose an application.', field: REQUEST_FIELD.application };
  const chosen = valueIn(view, wavesField(application.name))?.selected_options?.map(({ value }) => value);
  if (chosen === undefined) return { problem: chooseAgainText(application.name), field: REQUEST_FIELD.application };
  const known = application.waves.map(({ wave }) => wave).sort((a, b) => a - b);
  const waves = chosen.includes(ALL_WAVES) ? [] : known.filter((wave) => chosen.includes(String(wave)));
  if (waves.length === 0 && !chosen.includes(ALL_WAVES))
    return { problem: 'Choose at least one wave.', field: wavesField(application.name) };
  const reason = (valueIn(view, REQUEST_FIELD.reason)?.value ?? '').replace(/\s+/g, ' ').trim();
  const typedTicket = (valueIn(view, REQUEST_FIELD.ticket)?.value ?? '').trim();
  const ticket = typedTicket === '' ? undefined : readTicketNumber(typedTicket);
  if (typedTicket !== '' && ticket === undefined) {
    return { problem: 'This is no ticket: I know forms such as INC0012345 and OPS-17.', field: REQUEST_FIELD.ticket };
  }
  const replaced = readInstanceIds(valueIn(view, REQUEST_FIELD.replace)?.value ?? '');
  if ('problem' in replaced) return { problem: withoutMarks(replaced.problem), field: REQUEST_FIELD.replace };
  const isLive = (valueIn(view, REQUEST_FIELD.live)?.selected_options ?? []).length > 0;
  return {
    wanted: {
      verb,
      application: application.name,
      waves,
      ...(reason === '' ? {} : { reason }),
      ...(ticket === undefined ? {} : { ticket }),
      // The form is drawn again for each verb: what another one had left is not taken.
      ...(verb === 'terminate' && isLive ? { terminateLive: true as const } : {}),
      ...(verb === 'failover' && replaced.ids.length > 0 ? { replaceLive: replaced.ids } : {}),
    },
  };
}

function verbIn(view: View): PlannedVerb | undefined {
  const value = valueIn(view, REQUEST_FIELD.verb)?.selected_option?.value;
  return PLANNED_VERBS.find((verb) => verb === value);
}

function applicationIn(view: View, catalogue: Catalogue | undefined, library: Library): ChosenApplication | undefined {
  const value = valueIn(view, REQUEST_FIELD.application)?.selected_option?.value;
  const application = catalogue?.applications.find(({ name }) => name === value);
  if (application === undefined) return undefined;
  const run = recoveryRunOf(application.name, library);
  if (run === undefined) return application;
  const { planName, waves } = run;
  return { name: application.name, planName, waves: waves.map(({ wave, waveName }) => ({ wave, waveName })) };
}

function valueIn(view: View, { blockId, actionId }: Field) {
  return view.state.values[blockId]?.[actionId];
}

/** What the same request is as a command, for the audit. */
function commandOf({ verb, application, waves, reason, ticket, terminateLive, replaceLive }: Wanted): string {
  return [
    `${verb} "${application}"${waves.length === 0 ? '' : ` waves ${waves.join(',')}`}`,
    ...(terminateLive === undefined ? [] : ['live']),
    ...(replaceLive === undefined ? [] : [`replace ${replaceLive.join(' ')}`]),
    ...(ticket === undefined ? [] : [`ticket ${ticket}`]),
    ...(reason === undefined ? [] : [`reason "${reason}"`]),
  ].join(' ');
}
