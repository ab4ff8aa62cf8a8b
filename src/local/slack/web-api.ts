import type { LocalRequest, LocalResponse } from '../http.ts';
import { CallArguments } from './call-arguments.ts';
import { SlackRefusal } from './errors.ts';
import { uploadedContent } from './files.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import { chatMethods } from './methods/chat.ts';
import { conversationMethods } from './methods/conversations.ts';
import { directoryMethods } from './methods/directory.ts';
import { fileMethods } from './methods/files.ts';
import { viewMethods } from './methods/views.ts';
import { respond } from './responses.ts';
import { missingScope } from './scopes.ts';
import type { SlackWorkspace } from './workspace.ts';

/**
 * A Web API method: reads its arguments, changes the workspace, gives the answer without `ok`.
 * @throws {SlackRefusal} what Slack would answer as `error`
 */
export type WebApiMethod = (workspace: SlackWorkspace, args: CallArguments) => JsonObject;

/** A call as a rate rule sees it. */
export interface RatedCall {
  /** e.g. `chat.postMessage`. */
  method: string;
  channel?: string;
  /** The message that an update is for. */
  ts?: string;
  /** Real time, milliseconds since the Unix epoch. */
  at: number;
}

/** Decides whether a call comes too soon: the seconds to wait (`Retry-After`), or undefined when it may pass. */
export type RateRule = (call: RatedCall) => number | undefined;

const METHODS: Readonly<Record<string, WebApiMethod>> = {
  'api.test': (_workspace, args) => (args.text('foo') === undefined ? {} : { args: { foo: args.text('foo') } }),
  'apps.connections.open': (workspace) => ({ url: workspace.socketMode?.open(workspace.url) }),
  ...chatMethods,
  ...conversationMethods,
  ...directoryMethods,
  ...fileMethods,
  ...viewMethods,
};

/** Every method that there is here. */
export const METHOD_NAMES: readonly string[] = Object.keys(METHODS);

/** Answers one request to the workspace: a Web API call, an upload, an answer to a response_url, or a file's download. */
export async function handleSlackRequest(workspace: SlackWorkspace, request: LocalRequest): Promise<LocalResponse> {
  const [, area, ...rest] = request.path.split('/');
  const name = rest.join('/');
  if (area === 'api') return callMethod(workspace, name, request);
  if (area === 'upload') return receiveUpload(workspace, name, request);
  if (area === 'response') return receiveResponse(workspace, name, request);
  if (area === 'files') return sendFile(workspace, rest[0] ?? '', request);
  return { status: 404, body: 'not found' };
}

function json(status: number, body: JsonObject, headers: Record<string, string> = {}): LocalResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  };
}

function refusal(error: unknown): JsonObject {
  if (!(error instanceof SlackRefusal)) throw error;
  if (error.details.length === 0) return { ok: false, error: error.code };
  const messages = error.details.map((detail) => `[ERROR] ${detail}`);
  return { ok: false, error: error.code, errors: error.details, response_metadata: { messages } };
}

function callMethod(workspace: SlackWorkspace, name: string, request: LocalRequest): LocalResponse {
  const { scopes } = workspace;
  const headers: Record<string, string> = scopes === undefined ? {} : { 'x-oauth-scopes': scopes.join(',') };
  try {
    const method = METHODS[name];
    if (method === undefined) throw new SlackRefusal('unknown_method');
    const args = CallArguments.of(request);
    if (name !== 'api.test') authenticate(workspace, args, request, name);
    const needed = scopes === undefined ? undefined : missingScope(name, scopes);
    if (needed !== undefined) {
      return json(200, { ok: false, error: 'missing_scope', needed, provided: scopes?.join(',') }, headers);
    }
    const call: RatedCall = { method: name, channel: args.text('channel'), ts: args.text('ts'), at: workspace.now() };
    const retryAfter =
      workspace.rateRule?.(call) ?? workspace.rates?.count({ ...call, channel: channelId(workspace, call) });
    if (retryAfter !== undefined) {
      return json(429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(retryAfter) });
    }
    return json(200, { ok: true, ...method(workspace, args) }, headers);
  } catch (error) {
    return json(200, refusal(error));
  }
}

/** A channel named `#incident` counts as the same as its id. */
function channelId(workspace: SlackWorkspace, { channel }: RatedCall): string | undefined {
  return channel === undefined ? undefined : (workspace.channel(channel)?.id ?? channel);
}

/** Socket Mode's one method takes the app-level token, every other one the bot's. */
function authenticate(workspace: SlackWorkspace, args: CallArguments, request: LocalRequest, method: string): void {
  const { botToken, appToken } = workspace;
  const [wanted, other] = method === 'apps.connections.open' ? [appToken, botToken] : [botToken, appToken];
  const header = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const token = header ?? args.text('token');
  if (token === undefined) throw new SlackRefusal('not_authed');
  if (token === wanted) return;
  throw new SlackRefusal(token === other ? 'not_allowed_token_type' : 'invalid_auth');
}

async function receiveUpload(workspace: SlackWorkspace, fileId: string, request: LocalRequest): Promise<LocalResponse> {
  const upload = workspace.stored.files.upload(fileId);
  if (upload === undefined) return { status: 404, body: 'no such upload' };
  const content = await uploadedContent(request);
  if (content.length !== upload.length) {
    return { status: 400, body: `announced ${upload.length} bytes, got ${content.length}` };
  }
  workspace.stored.files.receive(upload, content);
  return { status: 200, body: `OK - ${content.length}` };
}

function receiveResponse(workspace: SlackWorkspace, id: string, request: LocalRequest): LocalResponse {
  try {
    const target = workspace.responseUrls.use(id);
    const answer = parseJson(request.body.toString('utf8'));
    if (!isObject(answer)) return json(400, { ok: false, error: 'invalid_payload' });
    respond(workspace, target, answer);
    return json(200, { ok: true });
  } catch (error) {
    const body = refusal(error);
    return json(body.error === 'expired_url' || body.error === 'used_url' ? 404 : 400, body);
  }
}

/** People read files signed in, apps with their token: another one is led to the page for signing in. */
function sendFile(workspace: SlackWorkspace, fileId: string, request: LocalRequest): LocalResponse {
  const { authorization } = request.headers;
  if (authorization !== undefined && authorization !== `Bearer ${workspace.botToken}`) {
    return {
      status: 302,
      headers: { location: `${workspace.url}/?redir=${encodeURIComponent(request.path)}` },
      body: '',
    };
  }
  const stored = workspace.stored.files.find(fileId);
  if (stored === undefined) return { status: 404, body: 'no such file' };
  const { name, mimetype } = stored.file;
  return {
    status: 200,
    headers: {
      'content-type': mimetype.startsWith('text/') ? `${mimetype}; charset=utf-8` : mimetype,
      // Never run in the page, whatever somebody uploaded.
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}`,
    },
    body: stored.content,
  };
}
