import './lean-sdk.ts';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import type { FunctionName } from '../../src/functions.ts';
import { carryRequests, type LocalHandler, type LocalRequest, type LocalResponse } from '../../src/local/http.ts';

/** A request on its way, of whatever client. */
export interface Parcel {
  /** The service in the signature's scope (`drs`, `dynamodb`, `states`, …), `slack` or `bot`. */
  service: string;
  /** As in IAM, e.g. `StartRecovery`; a method of Slack's Web API. */
  action: string;
  request: LocalRequest;
  /** The function that sends it; undefined of machines, people and Slack. */
  by?: FunctionName;
  /** Brings it to its service. */
  deliver(): Promise<LocalResponse>;
}

/** Brings requests to their services, or not. It may be slow, refuse, lose the answer, or never end. */
export type Carry = (parcel: Parcel) => Promise<LocalResponse>;

const handlers = new Map<string, LocalHandler>();
let carry: Carry = (parcel) => parcel.deliver();

/** Forgets what was served, and carries by `by` from now on. */
export function carryBy(by: Carry): void {
  handlers.clear();
  carry = by;
}

carryRequests({
  serve: async (handler) => {
    const name = `service-${handlers.size + 1}.simulated`;
    handlers.set(name, handler);
    return { url: `http://${name}`, close: async () => {} };
  },
});

/** A request of the SDK as its handler gets it. */
export interface SdkRequest {
  method: string;
  hostname: string;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

/** What the SDK's own handler makes of a connection that was closed. */
function connectionLost(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' });
}

async function handleForSdk(given: SdkRequest): Promise<unknown> {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(given.query ?? {})) {
    for (const value of [values].flat()) query.append(name, value ?? '');
  }
  const headers = Object.fromEntries(Object.entries(given.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const request = {
    method: given.method,
    path: decodeURIComponent(given.path),
    query,
    headers,
    body: await bodyOf(given.body),
  };
  const response = await send(given.hostname, request);
  if (response.dropConnection === true) throw connectionLost();
  const bytes = Buffer.from(response.body ?? '');
  // Of an object the SDK gives its caller the stream; everything else it reads itself, from bytes as well.
  const isObject = request.method === 'GET' && request.headers.authorization?.includes('/s3/') === true;
  const body = isObject ? Readable.from([bytes]) : bytes;
  return { response: { statusCode: response.status, headers: response.headers ?? {}, body } };
}

async function bodyOf(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof URLSearchParams) return Buffer.from(body.toString());
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(await new Response(body as BodyInit).arrayBuffer());
}

/** As `fetch`: what Slack's client, people and the bot's answers use. */
async function fetchInProcess(input: string | URL, init: RequestInit = {}): Promise<Response> {
  const url = new URL(input);
  const body = new Response(init.body);
  const headers = Object.fromEntries(new Headers(init.headers).entries());
  if (init.body instanceof URLSearchParams || init.body instanceof FormData) {
    headers['content-type'] ??= body.headers.get('content-type') ?? '';
  }
  const request = {
    method: init.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers,
    body: Buffer.from(await body.arrayBuffer()),
  };
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  const response = await Promise.race([send(url.hostname, request), aborted]);
  if (response.dropConnection === true) throw new TypeError('fetch failed', { cause: connectionLost() });
  const content = response.body === undefined || response.status === 204 ? null : response.body;
  return new Response(content as BodyInit | null, { status: response.status, headers: response.headers });
}

function send(host: string, request: LocalRequest): Promise<LocalResponse> {
  const handler = handlers.get(host);
  if (handler === undefined) return Promise.reject(new TypeError(`nothing is served at ${host}`));
  return carry({
    ...nameOf(request),
    request,
    deliver: () => handler(request),
  });
}

function nameOf(request: LocalRequest): { service: string; action: string } {
  const { headers, path, body } = request;
  const service = /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1];
  if (service === undefined) {
    return path.startsWith('/slack/')
      ? { service: 'bot', action: path }
      : { service: 'slack', action: slackMethod(path) };
  }
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return { service, action: target.split('.').at(-1) ?? '' };
  if (service === 'drs') return { service, action: path.split('/')[1] ?? '' };
  if (service === 's3') return { service, action: request.method };
  return { service, action: /(?:^|&)Action=(\w+)/.exec(body.toString('latin1'))?.[1] ?? path };
}

function slackMethod(path: string): string {
  return path.startsWith('/api/') ? path.slice('/api/'.length) : (path.split('/')[1] ?? '');
}

interface Signer {
  service: string;
  credentialProvider(): Promise<{ accessKeyId: string }>;
  regionProvider(): Promise<string>;
  signRequest(request: SdkRequest, options?: SigningOptions): Promise<SdkRequest>;
}

interface SigningOptions {
  signingRegion?: string;
  signingService?: string;
}

/**
 * Says who signs, where and for which service, as a signature does, without the signature: nobody checks it here, and the
 * hashes of all the requests of a run take an eighth of its time.
 */
async function signForForm(this: Signer, request: SdkRequest, options: SigningOptions = {}): Promise<SdkRequest> {
  const { accessKeyId } = await this.credentialProvider();
  const region = options.signingRegion ?? (await this.regionProvider());
  const scope = `20260302/${region}/${options.signingService ?? this.service}/aws4_request`;
  request.headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=host, Signature=0`;
  return request;
}

// The SDK has two of each: that of DRS is older than those of the others.
const require = createRequire(import.meta.url);
const fromDrs = createRequire(require.resolve('@aws-sdk/client-drs'));
for (const load of [require, fromDrs]) {
  const { NodeHttpHandler } = load('@smithy/node-http-handler') as { NodeHttpHandler: { prototype: object } };
  Object.defineProperty(NodeHttpHandler.prototype, 'handle', { value: handleForSdk, configurable: true });
  const { SignatureV4 } = load('@smithy/signature-v4') as { SignatureV4: { prototype: Signer } };
  Object.defineProperty(SignatureV4.prototype, 'signRequest', { value: signForForm, configurable: true });
}
Object.defineProperty(globalThis, 'fetch', { value: fetchInProcess, configurable: true, writable: true });
// What is said here is not looked for in files, once for each setting of each client.
Object.assign(process.env, {
  AWS_USE_DUALSTACK_ENDPOINT: 'false',
  AWS_USE_FIPS_ENDPOINT: 'false',
  AWS_MAX_ATTEMPTS: '3',
  AWS_RETRY_MODE: 'standard',
  AWS_DEFAULTS_MODE: 'legacy',
  AWS_ACCOUNT_ID_ENDPOINT_MODE: 'disabled',
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false',
  AWS_AUTH_SCHEME_PREFERENCE: '',
});
