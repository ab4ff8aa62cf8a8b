import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as every simulated service sees it: the whole body, as bytes. */
export interface LocalRequest {
  method: string;
  /** Decoded path without the query, e.g. `/StartRecovery`. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface LocalResponse {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** The connection is closed instead of answering: the caller cannot know whether its request was carried out. */
  dropConnection?: boolean;
}

/** Pages that a server has beside its own. */
export interface MorePages {
  /** Answers a request: undefined when it is for somebody else, `open` when `outgoing` has been and will be written to. */
  handle(request: LocalRequest, outgoing: ServerResponse): Promise<LocalResponse | 'open' | undefined>;
  close(): void;
}

export type LocalHandler = (request: LocalRequest) => Promise<LocalResponse>;

/** A server on a free (or the given) port of the loopback interface. */
export interface LocalServer {
  /** e.g. `http://127.0.0.1:40123`, without a slash at the end. */
  url: string;
  close(): Promise<void>;
}

/** The request with its path decoded; undefined when the path cannot be. */
export function toRequest(incoming: IncomingMessage, body: Buffer): LocalRequest | undefined {
  try {
    const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    return {
      method: incoming.method ?? 'GET',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: incoming.headers,
      body,
    };
  } catch {
    return undefined;
  }
}

/** How requests reach what is served. */
export interface Transport {
  /** Takes requests for `handler` from now on, at the address that it answers. */
  serve(handler: LocalHandler, port: number): Promise<LocalServer>;
  /** Whether what has pages for people is served over HTTP all the same. @default false */
  leavesPages?: boolean;
}

let transport: Transport | undefined;

/**
 * From now on what is served in this process is reached by `by`; undefined: by HTTP on the loopback interface, as ever.
 * Whoever sets it sees to it that the clients of this process know the way.
 */
export function carryRequests(by: Transport | undefined): void {
  transport = by;
}

/** How requests are carried that do not go over the loopback interface. */
export function carriedBy(): Transport | undefined {
  return transport;
}

/**
 * Serves `handler` on 127.0.0.1, or where {@link carryRequests} says. An error thrown by the handler is a defect of the simulator: it is answered with 500
 * and its text, so that the caller sees it.
 */
export async function serve(handler: LocalHandler, port = 0): Promise<LocalServer> {
  if (transport !== undefined) return transport.serve(handler, port);
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = toRequest(incoming, Buffer.concat(chunks));
      if (request === undefined) {
        outgoing.writeHead(400).end('the path is malformed');
        return;
      }
      handler(request)
        .catch((error: unknown): LocalResponse => ({ status: 500, body: `simulator defect: ${String(error)}` }))
        .then((response) => {
          if (response.dropConnection) {
            incoming.socket.destroy();
            return;
          }
          outgoing.statusCode = response.status;
          for (const [name, value] of Object.entries(response.headers ?? {})) outgoing.setHeader(name, value);
          // With the body at hand when the headers are sent, Node says its length and writes both at once.
          outgoing.end(response.body);
        });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
