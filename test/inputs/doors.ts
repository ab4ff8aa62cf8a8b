import { readFileSync } from 'node:fs';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import fc from 'fast-check';
import * as ids from '../../blocks/action-ids.ts';
import { APPROVE_FORM, NAME_INPUT } from '../../blocks/approve-modal.ts';
import { BREAK_GLASS_FORM } from '../../blocks/break-glass-modal.ts';
import { GROUP_FIELD, GROUP_FORM } from '../../blocks/group-modal.ts';
import {
  IMPORT_FORM,
  PLAN_FIELD,
  PLAN_FORM,
  PLAN_TEXT_FORM,
  TEXT_FIELD,
  WAVE_FIELD,
  WAVE_FORM,
} from '../../blocks/plan-modal.ts';
import { REASON_INPUT, REJECT_FORM } from '../../blocks/reject-modal.ts';
import { REQUEST_FIELD, REQUEST_FORM, wavesField } from '../../blocks/request-modal.ts';
import { create as audit } from '../../src/audit/audit.ts';
import { create as ingress } from '../../src/chat/ingress.ts';
import type { ScheduleRecord } from '../../src/domain/schedule.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { loadInventory } from '../../src/local/inventory.ts';
import { deployedName } from '../../src/local/names.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import type { SlackMessage, SlackView } from '../../src/local/slack/model.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { slackSignature } from '../../src/local/slack/signature.ts';
import { create as effects } from '../../src/orchestration/effects.ts';
import { create as recordProgress } from '../../src/orchestration/record-progress.ts';
import { create as validateInput } from '../../src/orchestration/validate-input.ts';
import { type Configuration, configuration } from '../../src/platform/configuration.ts';
import { executionStore, QUERY_ITEM, queryIdOf } from '../../src/platform/execution-store.ts';
import type { CreateHandler } from '../../src/platform/platform.ts';
import { create as projector } from '../../src/projection/projector.ts';
import { create as answerQuery } from '../../src/queries/answer-query.ts';
import { create as requestRecovery } from '../../src/requests/request-recovery.ts';
import { create as runSchedules } from '../../src/requests/run-schedules.ts';
import { anyText, brokenText, changed, type Json, NASTY_TEXTS, textCorpusOf, textOf, unfolded } from './arbitraries.ts';
import { type Entrance, entrance } from './entrance.ts';
import { expectAnswer, expectForm, expectPlain, refusalOf } from './promises.ts';
import { requestDocuments, typedText } from './readers.ts';

/** Entrances of the deployed functions, in one practice whose applications are called whatever a tag can say. */

const CHANNEL = WORKSPACE.channelId;
/** Each input may make as many calls of AWS as this; a request is answered within Slack's 3 s. */
const MOST_CALLS = 60;
const WRITES = [
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'TransactWriteItems',
  'BatchWriteItem',
  'StartExecution',
  'StartRecovery',
];
/** What nobody can do anything about who reads it. */
const UNEXPECTED = [
  'An unexpected error',
  'A request from Slack failed',
  'An unhandled error occurred while Bolt processed',
];
/** What Slack answers when a form was closed or changed meanwhile: no fault of the input, and who pressed is told. */
const SLACK_IS_BUSY = /hash_conflict|not_found|push_limit_reached|ratelimited|_trigger_id/;

/** HRP with a healthy first wave, and applications with nasty names. */
function hostileInventory() {
  const file = new URL('../../practice/inventory.json', import.meta.url);
  const whole = loadInventory(readFileSync(file, 'utf8'), 'practice/inventory.json');
  const hrp = whole.sourceServers.filter(({ tags }) => tags['DR-Application'] === 'HRP' && tags['DR-Wave'] === '1');
  const others = whole.sourceServers.filter(({ tags }) => tags['DR-Application'] !== 'HRP');
  const names = NASTY_TEXTS.filter((text) => text.trim() !== '').map((text) => text.slice(0, 256));
  return {
    ...whole,
    sourceServers: [
      ...hrp.slice(0, 4),
      ...names.flatMap((name, at) => {
        const server = others[at];
        return server === undefined
          ? []
          : [
              {
                ...server,
                tags: { ...server.tags, Name: name, 'DR-Application': name, 'DR-Role': name, 'DR-Wave': '1' },
              },
            ];
      }),
    ],
  };
}

/** The functions themselves: what hosts them would make their events JSON again, which has no infinity. */
const CREATED = {
  'slack-ingress': ingress,
  'request-recovery': requestRecovery,
  'validate-input': validateInput,
  'record-progress': recordProgress,
  'answer-query': answerQuery,
  effects,
  projector,
  audit,
  'run-schedules': runSchedules,
} as unknown as Record<
  | 'slack-ingress'
  | 'request-recovery'
  | 'validate-input'
  | 'record-progress'
  | 'answer-query'
  | 'effects'
  | 'projector'
  | 'audit'
  | 'run-schedules',
  CreateHandler<unknown, unknown>
>;

const FORM = 'application/x-www-form-urlencoded';
const PEOPLE_IDS = [...PEOPLE.map(({ userId }) => userId), 'U0NOBODY001'];
const LEAD = PEOPLE.find(({ name }) => name === 'lead')?.userId ?? '';
const VOTES: readonly string[] = [...Object.values(ids.VOTE_ACTION), ids.BREAK_GLASS_ACTION];
const ACTION_IDS = Object.values(ids).filter((id) => typeof id === 'string');
const FORM_ACTIONS = [
  ids.ADD_WAVE_ACTION,
  ids.EDIT_WAVE_ACTION,
  ids.MOVE_WAVE_ACTION,
  ids.REMOVE_WAVE_ACTION,
  ids.PREVIEW_GROUP_ACTION,
  REQUEST_FIELD.verb.actionId,
  REQUEST_FIELD.application.actionId,
];
/** So that Slack's rates are kept: what is refused for them shows nothing. */
const BETWEEN_MS = 700;
/** What is only known when a request is sent: it is good for one. */
const TRIGGER = '@trigger@';
const RESPONSE = '@response@';
const VIEW = '@view@';
const HASH = '@hash@';

const COMMAND: Record<string, string> = {
  command: '/dr',
  user_id: LEAD,
  team_id: WORKSPACE.teamId,
  channel_id: CHANNEL,
  trigger_id: TRIGGER,
  response_url: RESPONSE,
};

const acted = (userId: string): Record<string, Json> => ({
  user: { id: userId, team_id: WORKSPACE.teamId, name: 'x' },
  team: { id: WORKSPACE.teamId },
  api_app_id: WORKSPACE.appId,
  trigger_id: TRIGGER,
});

type Values = Record<string, Record<string, Json>>;

function viewOf(callbackId: string, state: string | undefined, values: Values): Record<string, Json> {
  return {
    id: 'V0INPUTS',
    type: 'modal',
    hash: '1.x',
    callback_id: callbackId,
    private_metadata: state ?? '',
    root_view_id: null,
    state: { values },
    blocks: [],
  };
}

function pressed(actionId: string, value: string, userId: string): Json {
  return {
    ...acted(userId),
    type: 'block_actions',
    container: { type: 'message', message_ts: '1.2', channel_id: CHANNEL },
    channel: { id: CHANNEL },
    response_url: RESPONSE,
    actions: [{ type: 'button', action_id: actionId, block_id: 'b', value, action_ts: '1.2' }],
  };
}

function inForm(actionId: string, value: string, state: string | undefined, values: Values = {}): Json {
  return {
    ...acted(LEAD),
    type: 'block_actions',
    container: { type: 'view', view_id: VIEW },
    view: viewOf(PLAN_FORM, state, values),
    actions: [{ type: 'button', action_id: actionId, block_id: 'b', value, action_ts: '1.2' }],
  };
}

function submitted(callbackId: string, state: string | undefined, values: Values, userId = LEAD): Json {
  return { ...acted(userId), type: 'view_submission', view: viewOf(callbackId, state, values), response_urls: [] };
}

/** What may be filled into an input. */
const anyInput: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: anyText.map((value) => ({ type: 'plain_text_input', value })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('HRP', '1', '-1', '1e400', '0,5', 'key=value', '- actionType: http', 'all')
      .map((value) => ({ value })),
  },
  { weight: 1, arbitrary: fc.constant({ value: null }) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(anyText, fc.constantFrom('HRP', 'drill', 'failover', '1', 'us-east-2', 'before'))
      .map((value) => ({ selected_option: { value } })),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.oneof(anyText, fc.constantFrom('1', '2', '1e400', 'all')), { maxLength: 3 })
      .map((all) => ({ selected_options: all.map((value) => ({ value })) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(CHANNEL, 'C0GENERAL01', 'D0LEAD00001', 'x')
      .map((selected_conversation) => ({ selected_conversation })),
  },
);

type Fields = Record<string, { blockId: string; actionId: string }>;

/** What may be filled into these fields. */
function valuesOf(...fields: Fields[]): fc.Arbitrary<Values> {
  const all = fields.flatMap((some) => Object.values(some));
  return fc
    .array(fc.tuple(fc.constantFrom(...all), anyInput), { maxLength: all.length })
    .map((filled) =>
      Object.fromEntries(filled.map(([{ blockId, actionId }, value]) => [blockId, { [actionId]: value }])),
    );
}

function submission(callbackId: string, state: string | undefined, fields: Fields): fc.Arbitrary<Json> {
  return fc
    .tuple(
      valuesOf(fields),
      fc.oneof({ weight: 5, arbitrary: fc.constant(state) }, { weight: 1, arbitrary: anyText }),
      fc.constantFrom(LEAD, LEAD, ...PEOPLE_IDS),
    )
    .map(([values, metadata, userId]) => submitted(callbackId, metadata, values, userId));
}

/** The state of the form of a wave of a plan's draft. */
function waveState(planState: string | undefined): string {
  return JSON.stringify({ ...(JSON.parse(planState ?? '{}') as object), wave: 1 });
}

function delivered(event: Json): Json {
  return {
    team_id: WORKSPACE.teamId,
    api_app_id: WORKSPACE.appId,
    event,
    type: 'event_callback',
    event_id: TRIGGER,
    event_time: 1,
    authorizations: [{ enterprise_id: null, team_id: WORKSPACE.teamId, user_id: WORKSPACE.botUserId, is_bot: true }],
  };
}

/** For a form; a half of a character becomes what stands for it. */
function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** What somebody is told in the answer to a request. */
function expectTold(told: { text?: string; view?: unknown; errors?: Record<string, string> }): void {
  if (told.text !== undefined) expectAnswer(told.text);
  if (told.view !== undefined) expectForm(told.view);
  for (const error of Object.values(told.errors ?? {})) {
    if (error.trim() === '' || error.length > 2_000)
      throw new Error(`an error of ${error.length} characters at a field`);
  }
}

/** Why a function refused; undefined where it did not. @throws what is no error of ours */
async function refusedBy(call: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return refusalOf(error);
  }
}

const ROLE = 'arn:aws:iam::111111111111:role/x';
/** SSM takes no more in a parameter. */
const MOST_OF_A_PARAMETER = 4_096;
/** What SSM has, by the path of each document. */
const DOCUMENTS: Record<string, Json> = {
  access: { teamId: 'T0PRACTICE1', grants: [{ role: 'DRSOperator', users: ['U0PREQUEST1'], applications: ['HRP'] }] },
  policies: { drill: { quorum: 1 }, applications: { HRP: { failover: { quorum: 2 } } } },
  component: { directActions: ['status', 'drill'], notificationTopicArns: ['arn:aws:sns:us-east-2:111111111111:x'] },
  requests: { channelId: CHANNEL },
  'staging-accounts/111111111111': {
    accountId: '111111111111',
    region: 'us-east-2',
    roleArn: ROLE,
    invokeRoleArn: ROLE,
    executorArn: 'arn:aws:states:us-east-2:111111111111:stateMachine:x',
    externalId: 'dr-chatops-practice',
    maxServers: 300,
    priority: 1,
  },
  'origins/555555555555/us-east-1': {
    accountId: '555555555555',
    region: 'us-east-1',
    roleArn: ROLE,
    externalId: 'abc',
  },
  'target-accounts/111111111111': {
    accountId: '111111111111',
    roleArn: ROLE,
    documentsRoleArn: ROLE,
    externalId: 'abc',
    regions: ['us-east-2'],
    documents: [{ name: 'AWS-StopRdsInstance', type: 'Automation' }],
  },
};

/** Reads what stands at a path, as the functions do. */
async function read(config: Configuration, path: string): Promise<unknown> {
  switch (path.split('/')[0]) {
    case 'access':
      return await config.accessDocument();
    case 'policies':
      return await config.policies();
    case 'component':
      return await config.component();
    case 'requests':
      return await config.requests();
    case 'staging-accounts':
      return await config.stagingAccounts();
    case 'origins':
      return await config.origins();
    default:
      return await config.targetAccounts();
  }
}

/** More than an item, a key or a machine's input holds. */
function tooMuch(): [name: string, text: string][] {
  const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
  const tags = { 'DR-Application': 'HRP' };
  const request = (fields: object, name: string) =>
    JSON.stringify({ action: 'drill', tags, metadata: { correlationId: name }, ...fields });
  const id = (at: number) => at.toString(16).padStart(17, '0');
  return [
    ['instances', request({ action: 'failover', options: { replaceLive: many(30_000, (at) => `i-${id(at)}`) } }, 'a')],
    ['servers', request({ options: { sourceServerIds: many(30_000, (at) => `s-${id(at)}`) } }, 'b')],
    ['waves', request({ waves: many(100_000, (at) => at + 1) }, 'c')],
    [
      'tags that are longer than a key',
      request({ tags: Object.fromEntries(many(40, (at) => [`tag-${at}`, 'x'.repeat(250)])) }, 'd'),
    ],
    ['tags', request({ tags: Object.fromEntries(many(9_000, (at) => [`tag-${at}`, 'x'.repeat(250)])) }, 'e')],
    ['a long application', request({ tags: { 'DR-Application': 'x'.repeat(300_000) } }, 'f')],
    ['a long name of a tag', request({ tags: { ['x'.repeat(70_000)]: 'y' } }, 'g')],
  ];
}

/** Items of the table as they may be, each with what the others have. */
const STORED: Json[] = [
  {
    status: 'failed',
    outcome: 'failed',
    startTime: 1_772_416_800_000,
    verb: 'drill',
    application: 'HRP',
    waves: [1],
    tags: { 'DR-Application': 'HRP' },
    options: { minServers: 1 },
    requester: { userId: LEAD, teamId: WORKSPACE.teamId },
    channelId: CHANNEL,
    correlationId: 'x',
    planRevision: 1,
    machineStopped: { code: 'x', message: 'x', at: 1 },
  },
  {
    gateId: 'approval-1',
    kind: 'approval',
    status: 'approved',
    planRevision: 1,
    planHash: 'x',
    quorum: 1,
    votes: [{ userId: LEAD, teamId: WORKSPACE.teamId, choice: 'approve', at: 1 }],
    openedAt: 1,
    expiresAt: 2,
    settledAt: 1,
  },
  { wave: 1, startTime: 1, endTime: 2, outcome: 'success', summary: { totalServers: 1 } },
  { kind: 'refused', what: 'vote', why: 'x', person: { userId: LEAD, teamId: WORKSPACE.teamId }, at: 1 },
  { key: 'card', channelId: CHANNEL, ts: '1.2', status: 'shown', startTime: 1 },
];
const STREAM_KEY = '5f0c1a2b-0000-8000-8000-000000000000';

interface Change {
  item: string;
  before: Json;
  after: Json;
  eventName: string;
}

/** A value as the stream has it. The store's own client writes no number that is larger. */
function attribute(value: Json): Record<string, unknown> {
  if (value === null) return { NULL: true };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number')
    return { N: String(Math.abs(value) > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : value) };
  if (typeof value === 'string') return { S: value };
  if (Array.isArray(value)) return { L: value.map(attribute) };
  return { M: Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, attribute(inner)])) };
}

/** A record as Lambda gets it. */
function recordOf({ item, before, after, eventName }: Change): unknown {
  const keys = { executionId: STREAM_KEY, item };
  const image = (value: Json) => ({
    ...(attribute(typeof value === 'object' && !Array.isArray(value) ? value : { value }).M as object),
    ...marshall(keys),
  });
  return {
    Records: [
      {
        eventID: '1',
        eventName,
        eventSource: 'aws:dynamodb',
        dynamodb: {
          ApproximateCreationDateTime: 1_772_416_800,
          Keys: marshall(keys),
          ...(eventName === 'INSERT' ? {} : { OldImage: image(before) }),
          ...(eventName === 'REMOVE' ? {} : { NewImage: image(after) }),
          SequenceNumber: `1${Math.random()}`,
        },
      },
    ],
  };
}

/** What people have been shown since it was looked at last. */
class Seen {
  readonly #practice: Practice;
  #messages: SlackMessage[] = [];
  #views: unknown[] = [];

  constructor(practice: Practice) {
    this.#practice = practice;
    practice.workspace.subscribe((event) => {
      if ('view' in event) this.#views.push(event.view);
      else if (event.type === 'message_posted' || event.type === 'message_updated') this.#messages.push(event.message);
    });
  }

  hasQuestion(): boolean {
    return this.#practice.workspace
      .messages(CHANNEL)
      .some(({ blocks }) => JSON.stringify(blocks ?? []).includes(ids.APPROVE_ACTION));
  }

  executionId(): string {
    const card = this.#practice.workspace
      .messages(CHANNEL)
      .find((message) => message.metadata?.event_payload?.key === 'card');
    return String(card?.metadata?.event_payload?.execution_id);
  }

  #form(): SlackView | undefined {
    return this.#practice.workspace.modals(LEAD).at(-1);
  }

  /** The lead has one form open, whatever was opened before: Slack takes three on each other. */
  async leaveOneForm(): Promise<void> {
    const lead = this.#practice.workspace.as('lead');
    for (
      let form = this.#form();
      this.#practice.workspace.modals(LEAD).length > 1 && form !== undefined;
      form = this.#form()
    ) {
      await lead.closeView(form);
    }
  }

  /** A body with the trigger and the address that Slack would have put into it. */
  filled(body: string): string {
    const { workspace, pageUrl } = this.#practice;
    const trigger = () => workspace.triggers.issue(LEAD);
    const response = () => `${pageUrl}/response/${workspace.responseUrls.issue({ channelId: CHANNEL, userId: LEAD })}`;
    return body
      .replaceAll(TRIGGER, trigger)
      .replaceAll(encodeURIComponent(TRIGGER), trigger)
      .replaceAll(RESPONSE, () => (body.startsWith('payload') ? encodeURIComponent(response()) : response()))
      .replaceAll(encodeURIComponent(VIEW), () => String(this.#form()?.id))
      .replaceAll(encodeURIComponent(HASH), () => encodeURIComponent(String(this.#form()?.hash)))
      .replaceAll(encodeURIComponent(RESPONSE), () => encodeURIComponent(response()));
  }

  /** Slack has taken it; nothing in it may mean more than we said. */
  expectShown(): void {
    const shown = [this.#messages, this.#views] as const;
    [this.#messages, this.#views] = [[], []];
    // A file may come without words.
    for (const { text, files = [] } of shown[0]) if (files.length === 0) expectAnswer(text);
    for (const mrkdwn of mrkdwnIn(shown)) expectPlain(mrkdwn);
  }
}

/** Every text with marks, wherever it stands. */
function mrkdwnIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(mrkdwnIn);
  return 'type' in value && value.type === 'mrkdwn' && 'text' in value ? [String(value.text), ...inner] : inner;
}

/** A function that does nothing any more. */
function stopped({ host }: Practice, name: string): void {
  const handler = async () => ({ batchItemFailures: [] });
  host.update({ name, arn: `arn:aws:lambda:us-east-2:900000000000:function:${name}`, timeoutSeconds: 60, handler });
}

/** The doors, and how they are closed. */
export interface Doors {
  entrances: Entrance[];
  close(): Promise<void>;
}

/** Opens the doors of one practice: a failover of HRP waits in it for two people, and two drafts for their forms. */
export async function openDoors(): Promise<Doors> {
  const clock = new VirtualClock();
  const broken: string[] = [];
  let calls = 0;
  let writes: string[] = [];
  let at = '';
  const practice = await startPractice({
    clock,
    wallClock: clock,
    inventory: hostileInventory(),
    drsEvents: false,
    schedules: [],
    slackWaitsMs: 60_000,
    log: {
      info: () => {},
      warn: () => {},
      error: (message, fields) => {
        const told = `${message} ${JSON.stringify(fields)}`;
        if (UNEXPECTED.some((one) => message.startsWith(one)) && !SLACK_IS_BUSY.test(told)) broken.push(told);
      },
    },
    onCall: ({ service, action, resource, outcome, identity }) => {
      // What a function calls itself; what follows elsewhere is others' work.
      if (!identity.roleArn.endsWith(`/dr-chatops-${at}`)) return;
      calls += 1;
      if (WRITES.includes(action) && outcome === 'ok') writes.push(`${service}:${action} ${resource}`);
    },
  });
  const world = new Seen(practice);
  await practice.workspace.as('requester').command('/dr', 'failover HRP wave 1', CHANNEL);
  await clock.runUntil(() => world.hasQuestion(), { what: 'a question to the approvers', withinMs: 600_000 });
  await practice.workspace.as('lead').command('/dr', 'plan new Portal', CHANNEL);
  await practice.workspace.as('lead').command('/dr', 'group new Web', CHANNEL);
  const [planState, groupState] = practice.workspace.modals(LEAD).map(({ private_metadata: state }) => String(state));
  const executionId = world.executionId();
  const queries: string[] = [];
  practice.dynamodb.stream(practice.tableName).subscribe(({ eventName, dynamodb: { Keys } }) => {
    if (eventName === 'INSERT' && Keys.item?.S === QUERY_ITEM) queries.push(queryIdOf(String(Keys.executionId?.S)));
  });
  // From here on nothing follows from what is stored: each input is looked at by itself.
  for (const name of ['effects', 'projector', 'audit'] as const) stopped(practice, deployedName(name));

  const handlers = Object.fromEntries(
    Object.entries(CREATED).map(([name, create]) => [name, create(practice.platformOf(name as keyof typeof CREATED))]),
  ) as Record<keyof typeof CREATED, (event: unknown) => Promise<unknown>>;

  /** Gives an event to a function. Whatever comes of it, it ends within so many calls and shows nothing that Slack refuses. */
  async function invoke(name: keyof typeof CREATED, event: unknown): Promise<unknown> {
    [calls, writes, at] = [0, [], name];
    const outcome = await handlers[name](event).then(
      (answer) => ({ answer }),
      (thrown: unknown) => ({ thrown }),
    );
    if (calls > MOST_CALLS) throw new Error(`${calls} calls of AWS for one input`);
    const [first] = broken.splice(0);
    if (first !== undefined) throw new Error(first);
    world.expectShown();
    if ('thrown' in outcome) throw outcome.thrown;
    return outcome.answer;
  }

  function expectNothingDone(why: string): void {
    if (writes.length > 0) throw new Error(`${why}, and all the same: ${writes.join(', ')}`);
  }

  async function request(body: string, contentType = FORM): Promise<void> {
    const sentAt = Math.floor(Date.now() / 1_000);
    await world.leaveOneForm();
    await clock.advance(BETWEEN_MS);
    const filled = world.filled(body);
    const event = {
      headers: {
        'content-type': contentType,
        'x-slack-request-timestamp': String(sentAt),
        'x-slack-signature': slackSignature(practice.signingSecret, sentAt, filled),
      },
      body: filled,
      isBase64Encoded: false,
    };
    const answer = (await invoke('slack-ingress', event)) as APIGatewayProxyStructuredResultV2;
    const { statusCode = 0, body: told = '' } = answer;
    if (statusCode < 200 || statusCode >= 500) throw new Error(`answered with ${statusCode} ${told}`);
    if (statusCode >= 400) expectNothingDone(`refused with ${statusCode}`);
    else if (told !== '' && contentType === FORM) expectTold(JSON.parse(told));
  }

  const gate = `${executionId}|approval-1|1`;
  const question = JSON.stringify({ executionId, gateId: 'approval-1', planRevision: 1 });

  const commands = entrance({
    name: 'a command',
    runs: 50,
    inputs: fc.tuple(typedText, fc.constantFrom(...PEOPLE_IDS), fc.boolean()).map(([text, userId, isShort]) => ({
      ...COMMAND,
      user_id: userId,
      text: isShort ? text : text.replaceAll('abcdef01', executionId.slice(0, 8)),
    })),
    give: (form) => request(new URLSearchParams(form).toString()),
  });

  const tamperedForms = entrance({
    name: 'a command whose fields were changed',
    runs: 80,
    inputs: brokenText(
      changed([{ ...COMMAND, text: 'help' }]).map((form) =>
        Object.entries(typeof form === 'object' && form !== null ? form : { payload: form })
          .map(([name, value]) => `${escaped(name)}=${escaped(typeof value === 'string' ? value : textOf(value))}`)
          .join('&'),
      ),
    ),
    give: (form) => request(form),
  });

  const presses = entrance({
    name: 'a button whose value was changed',
    runs: 80,
    corpus: [
      ['a key that no table takes', pressed(ids.CANCEL_ACTION, 'x'.repeat(3_000), LEAD)],
      ['no key', pressed(ids.CANCEL_ACTION, '', LEAD)],
      ['no draft', pressed(ids.STORE_DRAFT_ACTION, '', LEAD)],
      ['a draft that no table takes', pressed(ids.STORE_DRAFT_ACTION, 'x'.repeat(2_049), LEAD)],
      ['no import', pressed(ids.IMPORT_AGAIN_ACTION, 'x'.repeat(2_049), LEAD)],
      ['a drill with no key', pressed(ids.KEEP_INSTANCES, '', LEAD)],
    ],
    inputs: fc
      .tuple(
        fc.constantFrom(...ACTION_IDS),
        fc.oneof(
          {
            weight: 3,
            arbitrary: fc.constantFrom(
              gate,
              executionId,
              `${executionId}|approval-1|99999999999999999999`,
              `${executionId}|pause-1|1`,
            ),
          },
          { weight: 2, arbitrary: anyText },
          { weight: 1, arbitrary: fc.tuple(anyText, anyText).map(([a, b]) => `${a}|${b}|1`) },
        ),
        fc.constantFrom(...PEOPLE_IDS),
      )
      // Votes with the right value are counted: they are tried elsewhere.
      .filter(([action, value]) => !VOTES.includes(action) || value !== gate)
      .map(([action, value, userId]) => pressed(action, value, userId)),
    give: (payload) => request(`payload=${encodeURIComponent(textOf(payload))}`),
  });

  const inForms = entrance({
    name: 'a button in a form',
    runs: 60,
    corpus: [
      ['a wave that is no number', inForm(ids.EDIT_WAVE_ACTION, 'x', planState)],
      ['a wave beyond all numbers', inForm(ids.EDIT_WAVE_ACTION, '1e400', planState)],
      ['half a wave', inForm(ids.EDIT_WAVE_ACTION, '0.5', planState)],
      [
        'a draft that no table takes',
        inForm(ids.ADD_WAVE_ACTION, 'new', JSON.stringify({ draftId: 'x'.repeat(2_049) })),
      ],
    ],
    inputs: fc
      .tuple(
        fc.constantFrom(...FORM_ACTIONS),
        fc.oneof(fc.constantFrom('new', '1', '99', '100', '-1'), anyText),
        fc.oneof(fc.constantFrom(planState, groupState), anyText),
        valuesOf(PLAN_FIELD, GROUP_FIELD, REQUEST_FIELD),
      )
      .map(([action, value, state, values]) => inForm(action, value, state, values)),
    give: (payload) => request(`payload=${encodeURIComponent(textOf(payload))}`),
  });

  const submissions = entrance({
    name: 'a form',
    runs: 90,
    corpus: [
      [
        'a wave that waits for what is no number',
        submitted(WAVE_FORM, waveState(planState), {
          wave_name: { wave_name: { value: 'x' } },
          wave_depends_on: { wave_depends_on: { selected_options: [{ value: 'x' }] } },
        }),
      ],
      [
        'a name of half a character',
        submitted(PLAN_FORM, planState, { plan_name: { plan_name: { value: 'x\ud83d' } } }),
      ],
    ],
    inputs: fc.oneof(
      submission(PLAN_FORM, planState, PLAN_FIELD),
      submission(WAVE_FORM, waveState(planState), WAVE_FIELD),
      submission(GROUP_FORM, groupState, GROUP_FIELD),
      submission(PLAN_TEXT_FORM, planState, { text: TEXT_FIELD }),
      submission(IMPORT_FORM, '{}', { text: TEXT_FIELD }),
      submission(REJECT_FORM, JSON.stringify({ executionId, gateId: 'approval-9', planRevision: 1 }), {
        reason: REASON_INPUT,
      }),
      submission(APPROVE_FORM, question, { name: NAME_INPUT }),
      submission(BREAK_GLASS_FORM, question, { name: NAME_INPUT, reason: REASON_INPUT }),
      submission(REQUEST_FORM, '', { ...REQUEST_FIELD, waves: wavesField('HRP') }),
    ),
    give: (payload) => request(`payload=${encodeURIComponent(textOf(payload))}`),
  });

  const tamperedPayloads = entrance({
    name: 'a payload that was changed anywhere',
    runs: 200,
    corpus: textCorpusOf('payloads'),
    inputs: brokenText(
      changed([
        pressed(ids.APPROVE_ACTION, `${executionId}|pause-1|1`, LEAD),
        pressed(ids.OPEN_REQUEST_ACTION, 'x', LEAD),
        inForm(ids.ADD_WAVE_ACTION, 'new', planState, { plan_name: { plan_name: { value: 'Portal' } } }),
        submitted(GROUP_FORM, groupState, { group_name: { group_name: { value: 'Web' } } }),
        submitted(REJECT_FORM, question, { [REASON_INPUT.blockId]: { [REASON_INPUT.actionId]: { value: 'x' } } }),
        { ...acted(LEAD), type: 'shortcut', callback_id: ids.REQUEST_SHORTCUT },
        { ...acted(LEAD), type: 'message_action', callback_id: 'x', channel: { id: CHANNEL }, message: { text: 'x' } },
        { ...acted(LEAD), type: 'view_closed', view: viewOf(PLAN_FORM, planState, {}) },
        {
          ...acted(LEAD),
          type: 'block_suggestion',
          action_id: REQUEST_FIELD.application.actionId,
          block_id: 'application',
          value: 'H',
        },
      ]).map(textOf),
    ),
    give: (text) => request(`payload=${encodeURIComponent(text.toWellFormed())}`),
  });

  const events = entrance({
    name: 'an event of Slack',
    runs: 80,
    corpus: textCorpusOf('events'),
    inputs: fc.oneof(
      fc.tuple(typedText, fc.constantFrom(...PEOPLE_IDS)).map(([text, user]) =>
        textOf(
          delivered({
            type: 'app_mention',
            user,
            channel: CHANNEL,
            text: `<@${WORKSPACE.botUserId}> ${text}`,
            ts: '1.2',
          }),
        ),
      ),
      brokenText(
        changed([
          delivered({
            type: 'app_mention',
            user: LEAD,
            channel: CHANNEL,
            text: `<@${WORKSPACE.botUserId}> help`,
            thread_ts: '1.2',
          }),
          delivered({ type: 'app_home_opened', user: LEAD, channel: 'D0LEAD00001', tab: 'home' }),
          { type: 'url_verification', challenge: 'x' },
        ]).map(textOf),
      ),
    ),
    give: (text) => request(text, 'application/json'),
  });

  const machines = entrance({
    name: 'a request of a machine, at its function',
    runs: 60,
    corpus: [...textCorpusOf('requests'), ...tooMuch()],
    inputs: changed(requestDocuments).map(textOf),
    give: async (text) => {
      const outcome = await refusedBy(() => invoke('request-recovery', JSON.parse(text)));
      if (outcome !== undefined) expectNothingDone('refused');
    },
  });

  const components = entrance({
    name: 'a run of the component, at its first function',
    runs: 120,
    inputs: changed(
      requestDocuments.map((input) => ({
        input,
        runName: 'x',
        runArn: 'arn:aws:states:us-east-2:900000000000:execution:m:x',
        startTime: '2026-03-02T02:00:00Z',
      })),
    ).map(textOf),
    give: async (text) => {
      const { input } = JSON.parse(text) ?? {};
      await refusedBy(() =>
        invoke('validate-input', { input, runName: 'x', runArn: 'x', startTime: '2026-03-02T02:00:00Z' }),
      );
      expectNothingDone('it only looks');
    },
  });

  const progress = entrance({
    name: 'an event of progress',
    runs: 80,
    corpus: textCorpusOf('progress'),
    inputs: changed([
      {
        source: 'dr-chatops.executor',
        'detail-type': 'DR Batch Progress',
        account: '111111111111',
        detail: {
          executionId,
          accountId: '111111111111',
          batches: [
            {
              batchId: 'r1-w1-111111111111-01',
              jobId: 'drsjob-1',
              status: 'STARTED',
              servers: [{ id: 's-0123456789abcdef0', status: 'LAUNCHED', instanceId: 'i-1' }],
            },
          ],
        },
      },
      {
        source: 'aws.drs',
        'detail-type': 'DRS Source Server Launch Result',
        account: '111111111111',
        region: 'us-east-2',
        resources: ['arn:aws:drs:us-east-2:111111111111:source-server/s-0123456789abcdef0'],
        detail: { state: 'RECOVERY_LAUNCH_SUCCEEDED', 'job-id': 'drsjob-1', 'is-drill': 'FALSE' },
      },
    ]).map(textOf),
    give: async (text) => {
      const outcome = await refusedBy(() => invoke('record-progress', JSON.parse(text)));
      if (outcome !== undefined) expectNothingDone('refused');
    },
  });

  const asked = entrance({
    name: 'an event of a question',
    runs: 40,
    inputs: changed([{ source: 'dr-chatops', 'detail-type': 'DR Query Asked', detail: { queryId: 'x' } }]).map(textOf),
    give: async (text) => {
      await refusedBy(() => invoke('answer-query', JSON.parse(text)));
      expectNothingDone('nobody asked');
    },
  });

  const looks = entrance({
    name: 'what somebody looks at',
    runs: 20,
    inputs: fc.oneof(
      fc
        .tuple(fc.constantFrom('status', 'executions', 'plan drill', 'schedule', 'plan show'), anyText)
        .map(([word, name]) => `${word} "${name}"`),
      fc
        .tuple(fc.constantFrom('server', 'logs', 'audit', 'export', 'accounts validate', 'group show'), anyText)
        .map(([word, name]) => `${word} ${name}`),
      fc.constantFrom(
        'status',
        'executions',
        'executions archived',
        'accounts',
        'plans',
        'groups',
        'access',
        'help',
        'status HRP',
        `logs ${executionId.slice(0, 8)}`,
        `audit ${executionId.slice(0, 8)}`,
      ),
    ),
    give: async (text) => {
      await request(new URLSearchParams({ ...COMMAND, text }).toString());
      for (const queryId of queries.splice(0)) await invoke('answer-query', { detail: { queryId } });
    },
  });

  const config = configuration(practice.platformOf('slack-ingress'));
  const documents = entrance({
    name: 'a document of the configuration in SSM',
    runs: 120,
    corpus: [
      ['nested for ever', { path: 'policies', text: unfolded('"@nested 2000@"') }],
      ['nothing', { path: 'access', text: '' }],
    ],
    inputs: fc
      .constantFrom(...Object.keys(DOCUMENTS))
      .chain((path) => brokenText(changed([DOCUMENTS[path] ?? null]).map(textOf)).map((text) => ({ path, text }))),
    give: async ({ path, text }) => {
      const name = `${practice.configPath}/${path}`;
      if (Buffer.byteLength(text) > MOST_OF_A_PARAMETER) return;
      practice.ssm.put(name, text === '' ? ' ' : text);
      try {
        await refusedBy(() => read(config, path));
      } finally {
        practice.ssm.put(name, JSON.stringify(DOCUMENTS[path]));
      }
    },
  });

  const store = executionStore(practice.platformOf('slack-ingress'));
  let made = 0;
  const schedules = entrance({
    name: 'a stored schedule whose time has come',
    runs: 15,
    inputs: changed([
      {
        scheduleId: 'abcdef01',
        application: 'HRP',
        waves: [1],
        cron: '0 6 * * SUN',
        timeZone: 'UTC',
        channelId: CHANNEL,
        typed: 'every sunday 06:00',
        madeBy: { userId: LEAD, teamId: WORKSPACE.teamId },
        madeAt: 1,
        nextAt: 2,
      },
    ]),
    give: async (schedule) => {
      made += 1;
      const scheduleId = made.toString(16).padStart(8, '0');
      const fields = typeof schedule === 'object' && !Array.isArray(schedule) ? schedule : {};
      // What the store cannot write is never due.
      await store
        .createSchedule({
          ...(JSON.parse(JSON.stringify(fields)) as ScheduleRecord),
          scheduleId,
          nextAt: clock.now() - 1,
        })
        .catch(() => false);
      await invoke('run-schedules', {});
      await store.deleteSchedule(scheduleId, { userId: LEAD, teamId: WORKSPACE.teamId, at: 1 });
    },
  });

  const overHttp = entrance({
    name: 'a signed request over HTTP',
    runs: 60,
    inputs: fc.tuple(
      brokenText(
        changed([
          pressed(ids.OPEN_REQUEST_ACTION, 'x', 'U0NOBODY001'),
          delivered({ type: 'app_home_opened', user: LEAD, tab: 'home' }),
        ]).map(textOf),
      ),
      fc.boolean(),
    ),
    give: async ([text, isForm]) => {
      const sentAt = Math.floor(Date.now() / 1_000);
      const body = isForm ? `payload=${escaped(text)}` : text.toWellFormed();
      const { status } = await fetch(practice.requestUrl, {
        method: 'POST',
        headers: {
          'content-type': isForm ? FORM : 'application/json',
          'x-slack-request-timestamp': String(sentAt),
          'x-slack-signature': slackSignature(practice.signingSecret, sentAt, body),
        },
        body,
      });
      if (status < 200 || status >= 500) throw new Error(`answered with ${status}`);
    },
  });

  const streams = (['effects', 'projector', 'audit'] as const).map((name) =>
    entrance({
      name: `records of the table’s stream, for ${name}`,
      runs: 30,
      inputs: fc
        .tuple(
          fc.constantFrom(
            'EXECUTION',
            'PLAN#01',
            'WAVE#01',
            'GATE#approval-1',
            'ACTION#w01-0pre-01-a01',
            'EVENT#1',
            'MESSAGE#card',
            'SCHEDULE#x',
            'PARENT',
            'QUERY',
            'policies',
            'access',
          ),
          changed(STORED),
          changed(STORED),
          fc.constantFrom('INSERT', 'MODIFY', 'REMOVE'),
        )
        .map(([item, before, after, eventName]) => ({ item, before, after, eventName })),
      give: async (change) => {
        const answer = (await invoke(name, recordOf(change))) as { batchItemFailures: unknown[] };
        if (!Array.isArray(answer.batchItemFailures)) throw new Error(`answered ${JSON.stringify(answer)}`);
        // What cannot be followed once cannot be followed ever: it would hold up everything behind it.
        if (answer.batchItemFailures.length > 0) throw new Error('the record would be delivered for ever');
      },
    }),
  );

  return {
    entrances: [
      commands,
      tamperedForms,
      presses,
      inForms,
      submissions,
      tamperedPayloads,
      events,
      machines,
      components,
      progress,
      asked,
      looks,
      documents,
      schedules,
      overHttp,
      ...streams,
    ],
    close: () => practice.close(),
  };
}
