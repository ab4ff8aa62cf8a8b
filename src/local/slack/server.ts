import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  carriedBy,
  type LocalRequest,
  type LocalResponse,
  type LocalServer,
  type MorePages,
  toRequest,
} from '../http.ts';
import { PageFeed } from './page/feed.ts';
import { handlePageRequest, type PageOptions } from './page/routes.ts';
import type { SlackApp } from './person.ts';
import type { SlackWorkspace } from './workspace.ts';

export interface SlackServerOptions extends SlackApp, PageOptions {
  workspace: SlackWorkspace;
  /** @default - a free port */
  port?: number;
  /** Served on the same port; closed with the server. @default - none */
  morePages?: MorePages;
}

/** More than Slack accepts anywhere but in files, so that a mistake does not fill the memory. */
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

async function readRequest(incoming: IncomingMessage): Promise<LocalRequest | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return toRequest(incoming, Buffer.concat(chunks));
}

/**
 * Serves the workspace on 127.0.0.1: the Web API below `/api/`, uploads, response_urls and files, Socket Mode where it is
 * on, and the page for people at `/`. Sets the workspace's url and installs the app in it, so that {@link SlackWorkspace.as} works.
 * Where requests are carried by something else than HTTP there is no page, and no Socket Mode, unless pages are left out of that.
 */
export async function createSlackServer(options: SlackServerOptions): Promise<LocalServer> {
  const { workspace } = options;
  const transport = carriedBy();
  if (transport !== undefined && transport.leavesPages !== true) {
    const served = await transport.serve(workspace.handle, options.port ?? 0);
    installAt(served.url, options);
    return served;
  }
  const feed = new PageFeed(workspace, options);

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<LocalResponse | undefined> {
    const request = await readRequest(incoming);
    if (request === undefined) return { status: 400, body: 'too large, or the path is malformed' };
    if (request.path === '/page/events') {
      feed.open(request.query.get('as') ?? '', outgoing);
      return undefined;
    }
    const other = await options.morePages?.handle(request, outgoing);
    if (other !== undefined) return other === 'open' ? undefined : other;
    const page = await handlePageRequest(workspace, request, {
      controls: options.controls,
      onPracticeChange: () => feed.tellPractice(),
    });
    return page ?? workspace.handle(request);
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing)
      .catch((error: unknown): LocalResponse => ({ status: 500, body: `simulator defect: ${String(error)}` }))
      .then((response) => {
        if (response === undefined) return;
        outgoing.writeHead(response.status, response.headers);
        outgoing.end(response.body);
      });
  });
  server.on('upgrade', (incoming, socket) => {
    if (workspace.socketMode === undefined) socket.destroy();
    else workspace.socketMode.accept(incoming, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  installAt(`http://127.0.0.1:${port}`, options);
  return {
    url: workspace.url,
    close: () =>
      new Promise<void>((resolve) => {
        feed.close();
        options.morePages?.close();
        workspace.socketMode?.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function installAt(url: string, { workspace, requestUrl, signingSecret, answerMs }: SlackServerOptions): void {
  workspace.url = url;
  workspace.install({ requestUrl, signingSecret, answerMs });
}
