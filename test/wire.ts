import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { carryRequests, type LocalHandler, type LocalRequest, type LocalResponse } from '../src/local/http.ts';
import type { SdkRequest } from './simulation/carrier.ts';

/*
 * Requests of this process to services of this process without a socket between them: of a world's time half is HTTP. The
 * clients are the unmodified SDK and Slack's up to where they would open a connection; requests to any other host go out as
 * ever. The entrances, the gates, the attacks, the component and a whole drill ask for HTTP, so that the seam itself is tried.
 */

const HOST = /^service-\d+\.in-process$/;
const handlers = new Map<string, LocalHandler>();
let served = 0;
let starting = 0;

/** What `start` serves is reached without a socket, until it is closed; with `leavesPages` all but Slack and its page. */
export async function inProcess<T>(start: () => Promise<T>, { leavesPages = false } = {}): Promise<T> {
  starting += 1;
  carryRequests({ serve: serveHere, leavesPages });
  try {
    return await start();
  } finally {
    starting -= 1;
    if (starting === 0) carryRequests(undefined);
  }
}

async function serveHere(handler: LocalHandler) {
  served += 1;
  const name = `service-${served}.in-process`;
  handlers.set(name, handler);
  return { url: `http://${name}`, close: async () => void handlers.delete(name) };
}

/** Brings a request to its service in a turn of the event loop of its own, as a socket would: others come in between. */
async function send(host: string, request: LocalRequest): Promise<LocalResponse> {
  await nextTurn();
  const handler = handlers.get(host);
  if (handler === undefined) throw connectionFailure('ECONNREFUSED', `nothing is served at ${host}`);
  try {
    return await handler(request);
  } catch (error) {
    return { status: 500, body: `simulator defect: ${String(error)}` };
  }
}

/** What Node says of a connection that was not made, or was closed. */
function connectionFailure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

type SdkHandle = (this: object, given: SdkRequest, options?: object) => Promise<unknown>;

async function answerSdk(given: SdkRequest): Promise<unknown> {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(given.query ?? {})) {
    for (const value of [values].flat()) query.append(name, value ?? '');
  }
  const response = await send(given.hostname, {
    method: given.method,
    path: decodeURIComponent(given.path),
    query,
    headers: Object.fromEntries(Object.entries(given.headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: await bodyOf(given.body),
  });
  if (response.dropConnection === true) throw connectionFailure('ECONNRESET', 'socket hang up');
  const body = Readable.from([Buffer.from(response.body ?? '')], { objectMode: false });
  return { response: { statusCode: response.status, headers: response.headers ?? {}, body } };
}

async function bodyOf(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(await new Response(body as BodyInit).arrayBuffer());
}

const fetchByHttp = globalThis.fetch;

/** As `fetch`: what Slack's client, people and the bot's answers use. */
async function fetchHere(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const url = input instanceof Request ? undefined : new URL(input);
  if (url === undefined || !HOST.test(url.hostname)) return await fetchByHttp(input, init);
  const sent = new Request(url, { ...init, signal: undefined });
  const request = {
    method: sent.method,
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: Object.fromEntries(sent.headers.entries()),
    body: Buffer.from(await sent.arrayBuffer()),
  };
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  const response = await Promise.race([send(url.hostname, request), aborted]);
  if (response.dropConnection === true) {
    throw new TypeError('fetch failed', { cause: connectionFailure('ECONNRESET', 'other side closed') });
  }
  const content = response.status === 204 ? null : (response.body ?? null);
  return new Response(content as BodyInit | null, { status: response.status, headers: response.headers });
}

interface Signer {
  service: string;
  credentialProvider(): Promise<{ accessKeyId: string }>;
  regionProvider(): Promise<string>;
}

interface SigningOptions {
  signingRegion?: string;
  signingService?: string;
}

type Sign = (this: Signer, request: SdkRequest, options?: SigningOptions) => Promise<SdkRequest>;

/** Says who signs, where and for which service, as a signature does: nobody here checks the hash, which takes long. */
async function signForForm(signer: Signer, request: SdkRequest, options: SigningOptions = {}): Promise<SdkRequest> {
  const { accessKeyId } = await signer.credentialProvider();
  const region = options.signingRegion ?? (await signer.regionProvider());
  const scope = `20260302/${region}/${options.signingService ?? signer.service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=host, Signature=0`;
  return { ...request, headers: { ...request.headers, authorization } };
}

/** Puts `changed` in the place of a method, which it is given. */
function replace<T>(owner: { prototype: object }, name: string, changed: (original: T) => T): void {
  const { prototype } = owner as { prototype: Record<string, T> };
  const original = prototype[name];
  if (original !== undefined) prototype[name] = changed(original);
}

// The SDK has two of each: that of DRS is older than those of the others.
const require = createRequire(import.meta.url);
const fromDrs = createRequire(require.resolve('@aws-sdk/client-drs'));
for (const load of [require, fromDrs]) {
  const { NodeHttpHandler } = load('@smithy/node-http-handler') as { NodeHttpHandler: { prototype: object } };
  replace<SdkHandle>(
    NodeHttpHandler,
    'handle',
    (byHttp) =>
      function handle(this: object, given, options) {
        return HOST.test(given.hostname) ? answerSdk(given) : byHttp.call(this, given, options);
      },
  );
  const { SignatureV4 } = load('@smithy/signature-v4') as { SignatureV4: { prototype: object } };
  replace<Sign>(
    SignatureV4,
    'signRequest',
    (signed) =>
      function signRequest(this: Signer, request, options) {
        return HOST.test(request.hostname) ? signForForm(this, request, options) : signed.call(this, request, options);
      },
  );
}
globalThis.fetch = fetchHere;
