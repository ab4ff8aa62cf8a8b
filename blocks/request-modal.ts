import type { InputBlock, KnownBlock, ModalView, PlainTextOption } from '@slack/types';
import type { Catalogue } from '../src/domain/records.ts';
import type { PlannedVerb } from '../src/domain/vocabulary.ts';
import { COMMANDS } from './commands.ts';
import { knownWavesText } from './help.ts';
import { context, count, cut, oneLine, section } from './message.ts';
import { type Field, plain, textInput, title } from './modal.ts';
import { capital } from './verbs.ts';

/** By what Slack tells us that this form was submitted. Stays the same: a form may be open while we deploy. */
export const REQUEST_FORM = 'request_recovery_form';

/** Where each part of a request stands. The waves' block is another one for each application: see {@link wavesField}. */
export const REQUEST_FIELD = {
  verb: { blockId: 'verb', actionId: 'request_verb' },
  application: { blockId: 'application', actionId: 'request_application' },
  waves: { blockId: 'waves', actionId: 'request_waves' },
  live: { blockId: 'live', actionId: 'request_live' },
  replace: { blockId: 'replace', actionId: 'request_replace' },
  reason: { blockId: 'reason', actionId: 'request_reason' },
  ticket: { blockId: 'ticket', actionId: 'request_ticket' },
  channel: { blockId: 'channel', actionId: 'request_channel' },
} as const satisfies Record<string, Field>;

/** The option that means every wave. */
export const ALL_WAVES = 'all';

type Application = Catalogue['applications'][number];

/** An application with the waves that can be chosen: of its recovery plan by their names, else by tag with their servers. */
export interface ChosenApplication {
  name: string;
  planName?: string;
  waves: { wave: number; servers?: number; waveName?: string }[];
}

/** Slack's limits: options of a menu, an option's text and value. */
const MOST_OPTIONS = 100;
const MAX_OPTION_TEXT = 75;
const MAX_OPTION_VALUE = 150;
const MAX_REASON = 300;
const MAX_TICKET = 64;

/** What the form shows; what somebody has typed stays with Slack as long as its block is the same. */
export interface RequestForm {
  verb: PlannedVerb;
  /** The verbs that this person may ask for. */
  verbs: readonly PlannedVerb[];
  /** The application that is chosen. */
  application?: ChosenApplication;
  /** The channel that is proposed. */
  channelId?: string;
}

/** A request by menus: it makes the same as the command does. */
export function requestModal({ verb, verbs, application, channelId }: RequestForm): ModalView {
  return {
    type: 'modal',
    callback_id: REQUEST_FORM,
    private_metadata: '',
    title: title('Ask to drill or recover'),
    submit: title('Ask'),
    close: plain('Cancel'),
    blocks: [
      verbInput(verb, verbs),
      context(COMMANDS[verb].about),
      applicationInput(application),
      application === undefined ? section('The waves follow when the application is chosen.') : wavesInput(application),
      ...more(verb),
      textInput(REQUEST_FIELD.reason, 'Reason', { length: { min: 0, max: MAX_REASON }, optional: true }),
      textInput(REQUEST_FIELD.ticket, 'Ticket', {
        hint: 'For example INC0012345.',
        length: { min: 0, max: MAX_TICKET },
        optional: true,
      }),
      channelInput(channelId),
    ],
  };
}

/** The waves' field of an application: what was chosen for another one is not taken over. */
export function wavesField(application: string): Field {
  return { blockId: cut(`waves:${application}`, 255), actionId: REQUEST_FIELD.waves.actionId };
}

/** The applications whose name contains what is typed, as options of the menu, the first of them. */
export function applicationOptions(applications: readonly Application[], typed: string): PlainTextOption[] {
  return applications
    .filter((application) => application.name.length <= MAX_OPTION_VALUE)
    .filter((application) => application.name.toLowerCase().includes(typed.trim().toLowerCase()))
    .slice(0, MOST_OPTIONS)
    .map(applicationOption);
}

function applicationOption(application: Pick<ChosenApplication, 'name' | 'waves'>): PlainTextOption {
  const text = `${oneLine(application.name)} (${knownWavesText(application.waves)})`;
  return { text: plain(cut(text, MAX_OPTION_TEXT)), value: application.name };
}

function verbInput(verb: PlannedVerb, verbs: readonly PlannedVerb[]): InputBlock {
  const { blockId, actionId } = REQUEST_FIELD.verb;
  const option = (value: PlannedVerb): PlainTextOption => ({ text: plain(capital(value)), value });
  return {
    type: 'input',
    block_id: blockId,
    dispatch_action: true,
    label: plain('What'),
    element: { type: 'static_select', action_id: actionId, options: verbs.map(option), initial_option: option(verb) },
  };
}

function applicationInput(application: ChosenApplication | undefined): InputBlock {
  const { blockId, actionId } = REQUEST_FIELD.application;
  return {
    type: 'input',
    block_id: blockId,
    dispatch_action: true,
    label: plain('Application'),
    element: {
      type: 'external_select',
      action_id: actionId,
      min_query_length: 0,
      placeholder: plain('Choose an application'),
      ...(application === undefined ? {} : { initial_option: applicationOption(application) }),
    },
  };
}

function wavesInput(application: ChosenApplication): InputBlock {
  const { blockId, actionId } = wavesField(application.name);
  const waves = application.waves.slice(0, MOST_OPTIONS - 1);
  return {
    type: 'input',
    block_id: blockId,
    label: plain('Waves'),
    hint: plain('Several are done one after the other.'),
    element: {
      type: 'multi_static_select',
      action_id: actionId,
      options: [
        { text: plain(cut(allText(application), MAX_OPTION_TEXT)), value: ALL_WAVES },
        ...waves.map((wave) => ({ text: plain(cut(waveText(wave), MAX_OPTION_TEXT)), value: String(wave.wave) })),
      ],
    },
  };
}

function allText({ planName, waves }: ChosenApplication): string {
  const all = `All ${count(waves.length, 'wave')}`;
  return planName === undefined ? all : `${all} of ${oneLine(planName)}`;
}

function waveText({ wave, servers, waveName }: ChosenApplication['waves'][number]): string {
  if (waveName !== undefined) return `Wave ${wave}: ${oneLine(waveName)}`;
  return servers === undefined ? `Wave ${wave}` : `Wave ${wave} (${count(servers, 'server')})`;
}

/** What makes a termination or a failover more dangerous than it is. */
function more(verb: PlannedVerb): KnownBlock[] {
  if (verb === 'terminate') {
    const { blockId, actionId } = REQUEST_FIELD.live;
    const option: PlainTextOption = { text: plain('Live instances too: what is on them is lost'), value: 'live' };
    return [
      {
        type: 'input',
        block_id: blockId,
        label: plain('Instances'),
        hint: plain('Without it only the instances of drills are ended.'),
        optional: true,
        element: { type: 'checkboxes', action_id: actionId, options: [option] },
      },
    ];
  }
  if (verb !== 'failover') return [];
  return [
    textInput(REQUEST_FIELD.replace, 'Live instances to replace', {
      hint: 'Ids such as i-0abc0123456789def, separated by spaces. Those that are not named are left as they are.',
      optional: true,
    }),
  ];
}

function channelInput(channelId: string | undefined): InputBlock {
  const { blockId, actionId } = REQUEST_FIELD.channel;
  return {
    type: 'input',
    block_id: blockId,
    label: plain('Channel'),
    hint: plain('Where the card is shown and people are asked. The bot has to be in it.'),
    element: {
      type: 'conversations_select',
      action_id: actionId,
      filter: { include: ['public', 'private'], exclude_bot_users: true },
      ...(channelId === undefined ? { default_to_current_conversation: true } : { initial_conversation: channelId }),
    },
  };
}

/** What is said where the chosen application's waves are not shown. */
export function chooseAgainText(application: string): string {
  return `The waves of ${oneLine(application)} are not shown: choose the application again.`;
}
