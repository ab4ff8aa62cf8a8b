import type { LocalRequest, LocalResponse } from '../../http.ts';
import { NoSuchButtonError } from '../errors.ts';
import { isObject, type JsonObject, parseJson } from '../json.ts';
import type { PersonClient } from '../person.ts';
import type { SlackWorkspace } from '../workspace.ts';
import { pageBundle } from './bundle.ts';
import type { FeedOptions } from './feed.ts';
import type { PageAnswer } from './protocol.ts';

export type PageOptions = FeedOptions;

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Practice Slack</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page/style.css">
</head>
<body>
<div id="root"><noscript>This page needs JavaScript.</noscript></div>
<script type="module" src="/page/app.js"></script>
</body>
</html>
`;

/** Nothing is loaded from anywhere else, and what a message contains is never run. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function asset(contentType: string, body: string): LocalResponse {
  return {
    status: 200,
    headers: { 'content-type': `${contentType}; charset=utf-8`, 'cache-control': 'no-store' },
    body,
  };
}

function answer(status: number, body: PageAnswer): LocalResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Answers a request of the page; undefined when it is not for the page. */
export async function handlePageRequest(
  workspace: SlackWorkspace,
  request: LocalRequest,
): Promise<LocalResponse | undefined> {
  const { method, path } = request;
  if (method === 'GET' && (path === '/' || path.startsWith('/archives/'))) {
    const page = asset('text/html', HTML);
    return { ...page, headers: { ...page.headers, 'content-security-policy': POLICY } };
  }
  if (path === '/page/app.js') return asset('text/javascript', (await pageBundle()).script);
  if (path === '/page/style.css') return asset('text/css', (await pageBundle()).style);
  if (path === '/page/command' || path === '/page/click') return act(workspace, request);
  return undefined;
}

/** A person's action; JSON only, so that no other site's form can send one. */
async function act(workspace: SlackWorkspace, request: LocalRequest): Promise<LocalResponse> {
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  const body = isJson ? parseJson(request.body.toString('utf8')) : undefined;
  const person = isObject(body) ? workspace.person(String(body.as)) : undefined;
  const channel = workspace.channels[0];
  if (request.method !== 'POST' || !isObject(body) || person === undefined || channel === undefined) {
    return answer(400, { problem: 'The page sent something that is not understood. Reload it.' });
  }
  const client = workspace.as(person);
  return request.path === '/page/click'
    ? click(workspace, client, channel.id, body)
    : type(client, channel.id, String(body.text).trim());
}

async function type(client: PersonClient, channelId: string, text: string): Promise<LocalResponse> {
  if (text === '') return answer(400, { problem: 'There is nothing to send.' });
  const command = /^(\/\S+)\s*(.*)$/s.exec(text);
  if (command === null) client.say(text, channelId);
  else await client.command(command[1] ?? '', command[2] ?? '', channelId);
  return answer(200, {});
}

async function click(
  workspace: SlackWorkspace,
  client: PersonClient,
  channelId: string,
  { ts, blockId, actionId }: JsonObject,
): Promise<LocalResponse> {
  const { messages } = workspace.stored;
  const ephemeral = messages.findEphemeral(channelId, String(ts));
  const message = ephemeral?.ephemeral_user === client.person.userId ? ephemeral : messages.find(channelId, String(ts));
  if (message === undefined) return answer(409, { problem: 'That message is no longer there.' });
  try {
    await client.click(message, { actionId: String(actionId), blockId: String(blockId) });
    return answer(200, {});
  } catch (error) {
    if (!(error instanceof NoSuchButtonError)) throw error;
    return answer(409, { problem: 'That button is no longer there: the card has changed.' });
  }
}
