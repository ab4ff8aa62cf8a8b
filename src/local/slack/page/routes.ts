import type { LocalRequest, LocalResponse } from '../../http.ts';
import { bundle } from '../../web-page/bundle.ts';
import { asset, html, answer as json } from '../../web-page/shell.ts';
import { NoSuchButtonError } from '../errors.ts';
import { isObject, type JsonObject, parseJson } from '../json.ts';
import type { SlackView } from '../model.ts';
import type { PersonClient } from '../person.ts';
import { wireFile } from '../wire.ts';
import type { SlackWorkspace } from '../workspace.ts';
import type { PageControls } from './controls.ts';
import type { FeedOptions } from './feed.ts';
import { type FilledIn, filledIn, inputOptions } from './inputs.ts';
import type { PageAnswer, TypedInputs } from './protocol.ts';

export type PageOptions = FeedOptions;

/** What the page's requests reach, beside the workspace. */
export interface PageHost {
  /** Absent when the page may not change the practice. */
  controls?: PageControls;
  /** Called after a change of time or faults, so that every open page shows it. */
  onPracticeChange?: () => void;
}

const page = () => bundle(new URL('.', import.meta.url));

function answer(status: number, body: PageAnswer): LocalResponse {
  return json(status, body);
}

const NOT_UNDERSTOOD = answer(400, { problem: 'The page sent something that is not understood. Reload it.' });

/** What a person does in the workspace, by path. */
const ACTIONS: Readonly<Record<string, (actor: Actor, body: JsonObject) => Promise<LocalResponse>>> = {
  '/page/command': type,
  '/page/click': click,
  '/page/home': openHome,
  '/page/submit': submit,
  '/page/choose': choose,
  '/page/suggest': suggest,
  '/page/upload': upload,
  '/page/shortcut': takeShortcut,
  '/page/view-click': clickInView,
  '/page/close': closeModal,
};

/** What changes the practice itself, by path. */
const CHANGES: Readonly<Record<string, (controls: PageControls, body: JsonObject) => LocalResponse>> = {
  '/page/time': changeTime,
  '/page/fault': switchFault,
};

/** Answers a request of the page; undefined when it is not for the page. */
export async function handlePageRequest(
  workspace: SlackWorkspace,
  request: LocalRequest,
  host: PageHost = {},
): Promise<LocalResponse | undefined> {
  const { method, path } = request;
  if (method === 'GET' && (path === '/' || path.startsWith('/archives/'))) {
    return html('Practice Slack', '/page/app.js', '/page/style.css');
  }
  if (path === '/page/app.js') return asset('text/javascript', (await page()).script);
  if (path === '/page/style.css') return asset('text/css', (await page()).style);
  const action = ACTIONS[path];
  if (action !== undefined) {
    const body = sentBody(request);
    const person = workspace.person(String(body?.as));
    if (body === undefined || person === undefined) return NOT_UNDERSTOOD;
    return action({ workspace, client: workspace.as(person) }, body);
  }
  const change = CHANGES[path];
  if (change === undefined) return undefined;
  const body = sentBody(request);
  if (body === undefined || host.controls === undefined) return NOT_UNDERSTOOD;
  const changed = change(host.controls, body);
  host.onPracticeChange?.();
  return changed;
}

/** A posted JSON object; JSON only, so that no other site's form can send one. */
function sentBody(request: LocalRequest): JsonObject | undefined {
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  const body = isJson && request.method === 'POST' ? parseJson(request.body.toString('utf8')) : undefined;
  return isObject(body) ? body : undefined;
}

/** The host's refusal as a sentence for the person. */
function tried(change: () => void): LocalResponse {
  try {
    change();
    return answer(200, {});
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return answer(400, { problem: `That cannot be set: ${error.message}.` });
  }
}

function changeTime(controls: PageControls, { speed, next, letWait }: JsonObject): LocalResponse {
  if (typeof speed === 'number') return tried(() => controls.setSpeed(speed));
  if (next !== true) return NOT_UNDERSTOOD;
  if (controls.nextEvent(letWait === true)) return answer(200, {});
  const problem = controls.time().waitingForPerson
    ? 'A gate waits for a person: decide it first, then time can jump.'
    : 'There is nothing to jump to: nothing is due.';
  return answer(409, { problem });
}

function switchFault(controls: PageControls, { id, active }: JsonObject): LocalResponse {
  if (typeof id !== 'string' || typeof active !== 'boolean') return NOT_UNDERSTOOD;
  return tried(() => controls.setFault(id, active));
}

/** A person at the page. */
interface Actor {
  workspace: SlackWorkspace;
  client: PersonClient;
}

/** The channel that is meant, when the person is in it. */
function channelIdOf({ workspace, client }: Actor, { channel: id }: JsonObject): string | undefined {
  const channel = typeof id === 'string' ? workspace.channel(id) : undefined;
  return channel?.memberIds.includes(client.person.userId) === true ? channel.id : undefined;
}

const MESSAGE_GONE = answer(409, { problem: 'That message is no longer there.' });

async function type(actor: Actor, body: JsonObject): Promise<LocalResponse> {
  const { workspace, client } = actor;
  const channelId = channelIdOf(actor, body);
  if (channelId === undefined) return NOT_UNDERSTOOD;
  const text = String(body.text).trim();
  if (text === '') return answer(400, { problem: 'There is nothing to send.' });
  const first =
    body.threadTs === undefined ? undefined : workspace.stored.messages.find(channelId, String(body.threadTs));
  if (body.threadTs !== undefined && first === undefined) return MESSAGE_GONE;
  const threadTs = first?.thread_ts ?? first?.ts;
  const command = /^(\/\S+)\s*(.*)$/s.exec(text);
  if (command === null) client.say(text, channelId, threadTs);
  else await client.command(command[1] ?? '', command[2] ?? '', channelId, threadTs);
  return answer(200, {});
}

/** The app is told, and publishes when it likes: retries may take minutes, nobody waits for them. */
async function openHome({ client }: Actor): Promise<LocalResponse> {
  void client.openHome();
  return answer(200, {});
}

async function click(actor: Actor, body: JsonObject): Promise<LocalResponse> {
  const { workspace, client } = actor;
  const { ts, blockId, actionId } = body;
  const channelId = channelIdOf(actor, body);
  if (channelId === undefined) return NOT_UNDERSTOOD;
  const { messages } = workspace.stored;
  const ephemeral = messages.findEphemeral(channelId, String(ts));
  const message = ephemeral?.ephemeral_user === client.person.userId ? ephemeral : messages.find(channelId, String(ts));
  if (message === undefined) return MESSAGE_GONE;
  try {
    await client.click(message, { actionId: String(actionId), blockId: String(blockId) });
    return answer(200, {});
  } catch (error) {
    if (!(error instanceof NoSuchButtonError)) throw error;
    return answer(409, { problem: 'That button is no longer there: the card has changed.' });
  }
}

const MODAL_GONE = answer(409, { problem: 'That modal is no longer open.' });
const NO_CONNECTION = 'We had some trouble connecting. Try again?';

function modalOf({ workspace, client }: Actor, viewId: unknown) {
  return workspace.modals(client.person.userId).find(({ id }) => id === viewId);
}

function typedInputs(sent: unknown): TypedInputs {
  const entries = Object.entries(isObject(sent) ? sent : {});
  return Object.fromEntries(
    entries.flatMap(([blockId, typed]) => (Array.isArray(typed) ? [[blockId, typed.map(String)]] : [])),
  );
}

function viewOf(actor: Actor, viewId: unknown): SlackView | undefined {
  const home = actor.workspace.home(actor.client.person.userId);
  return home?.id === viewId ? home : modalOf(actor, viewId);
}

/** What is filled in into a view so far, as Slack sends it. */
function filledInto({ workspace }: Actor, view: SlackView, inputs: unknown): FilledIn {
  const { views, files } = workspace.stored;
  return filledIn(view.blocks, typedInputs(inputs), views.offeredIn(view.id), (fileId) => {
    const file = files.find(fileId)?.file;
    return file === undefined ? undefined : wireFile(file);
  });
}

/** What to say where a view has not what was used. */
function goneFrom(view: SlackView, what: string): LocalResponse {
  const problem = `That ${what} is no longer there: the ${view.type === 'home' ? 'Home tab' : 'modal'} has changed.`;
  return answer(409, { problem });
}

async function submit(actor: Actor, { viewId, inputs }: JsonObject): Promise<LocalResponse> {
  const view = modalOf(actor, viewId);
  if (view === undefined) return MODAL_GONE;
  const { values, errors } = filledInto(actor, view, inputs);
  if (Object.keys(errors).length > 0) return answer(200, { errors });
  const submission = await actor.client.submitView(view, values);
  if (submission.error !== undefined) return answer(200, { problem: NO_CONNECTION });
  return answer(200, { errors: submission.errors });
}

async function clickInView(actor: Actor, { viewId, inputs, blockId, actionId }: JsonObject): Promise<LocalResponse> {
  const view = viewOf(actor, viewId);
  if (view === undefined) return MODAL_GONE;
  const { values } = filledInto(actor, view, inputs);
  try {
    const button = { actionId: String(actionId), blockId: String(blockId) };
    const { error } = await actor.client.clickView(view, button, values);
    return answer(200, error === undefined ? {} : { problem: NO_CONNECTION });
  } catch (error) {
    if (!(error instanceof NoSuchButtonError)) throw error;
    return goneFrom(view, 'button');
  }
}

async function choose(actor: Actor, { viewId, inputs, blockId, actionId }: JsonObject): Promise<LocalResponse> {
  const view = viewOf(actor, viewId);
  if (view === undefined) return MODAL_GONE;
  const { values } = filledInto(actor, view, inputs);
  try {
    const input = { actionId: String(actionId), blockId: String(blockId) };
    const { error } = await actor.client.chooseInView(view, input, values);
    return answer(200, error === undefined ? {} : { problem: NO_CONNECTION });
  } catch (error) {
    if (!(error instanceof NoSuchButtonError)) throw error;
    return goneFrom(view, 'menu');
  }
}

async function suggest(actor: Actor, body: JsonObject): Promise<LocalResponse> {
  const { viewId, inputs, blockId, actionId, typed } = body;
  const view = viewOf(actor, viewId);
  if (view === undefined) return MODAL_GONE;
  const { values } = filledInto(actor, view, inputs);
  try {
    const menu = { actionId: String(actionId), blockId: String(blockId) };
    const { options, error } = await actor.client.suggestInView(view, menu, String(typed ?? ''), values);
    if (error !== undefined) return answer(200, { problem: NO_CONNECTION });
    return answer(200, { options: inputOptions(options).map(({ value, label }) => ({ value, label })) });
  } catch (error) {
    if (!(error instanceof NoSuchButtonError)) throw error;
    return goneFrom(view, 'menu');
  }
}

async function upload({ client }: Actor, { name, content }: JsonObject): Promise<LocalResponse> {
  if (typeof name !== 'string' || name === '' || typeof content !== 'string') return NOT_UNDERSTOOD;
  return answer(200, { fileId: client.upload(name, Buffer.from(content, 'base64')).id });
}

async function takeShortcut({ client }: Actor, { callbackId }: JsonObject): Promise<LocalResponse> {
  try {
    const { error } = await client.pickShortcut(String(callbackId));
    return answer(200, error === undefined ? {} : { problem: NO_CONNECTION });
  } catch (error) {
    if (!(error instanceof NoSuchButtonError)) throw error;
    return answer(409, { problem: 'The app has no such shortcut any more. Reload the page.' });
  }
}

async function closeModal(actor: Actor, { viewId, how }: JsonObject): Promise<LocalResponse> {
  const view = modalOf(actor, viewId);
  // What is to be closed is closed: the app may have been quicker.
  if (view === undefined) return answer(200, {});
  await actor.client.closeView(view, how === 'cross' ? 'cross' : 'cancel');
  return answer(200, {});
}
