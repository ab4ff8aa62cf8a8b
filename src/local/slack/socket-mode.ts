import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AppRequest, AppResponse } from './app-request.ts';
import { slackId } from './ids.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import { WORKSPACE } from './people.ts';
import { ServerWebSocket } from './web-socket.ts';

/** What Slack sends over the WebSocket, without its id ("Using Socket Mode", "Receiving events"). */
interface Envelope {
  type: 'slash_commands' | 'interactive' | 'events_api';
  payload: JsonObject;
  /** False: an answer with a payload is not looked at. */
  accepts_response_payload: boolean;
  retry_attempt?: number;
  retry_reason?: string;
}

/** The request that would go to the app's request URL, as an envelope. */
function envelopeOf({ contentType, body, headers = {} }: AppRequest): Envelope {
  if (contentType === 'application/json') {
    return {
      type: 'events_api',
      payload: objectOf(body),
      accepts_response_payload: false,
      retry_attempt: Number(headers['x-slack-retry-num'] ?? 0),
      retry_reason: headers['x-slack-retry-reason'] ?? '',
    };
  }
  const form = Object.fromEntries(new URLSearchParams(body));
  if (form.payload === undefined) return { type: 'slash_commands', payload: form, accepts_response_payload: true };
  const payload = objectOf(form.payload);
  return { type: 'interactive', payload, accepts_response_payload: payload.type === 'view_submission' };
}

function objectOf(json: string): JsonObject {
  const value = parseJson(json);
  if (!isObject(value)) throw new Error('what Slack sends to an app is a JSON object');
  return value;
}

/**
 * Slack's end of Socket Mode: an app opens a WebSocket with a URL from `apps.connections.open`, which works once, is sent
 * commands, interactions and events through it, and acknowledges each by its envelope's id.
 */
export class SocketMode {
  readonly #tickets = new Set<string>();
  readonly #connections = new Set<ServerWebSocket>();
  readonly #waiting = new Map<string, (payload: unknown) => void>();

  /** How many connections the app has. */
  get connections(): number {
    return this.#connections.size;
  }

  /** A URL for one connection. */
  open(workspaceUrl: string): string {
    const ticket = crypto.randomUUID();
    this.#tickets.add(ticket);
    return `${workspaceUrl.replace(/^http/, 'ws')}/link/?ticket=${ticket}&app_id=${WORKSPACE.appId}`;
  }

  /** Takes a connection whose ticket is good, and says hello; any other is cut off. */
  accept(request: IncomingMessage, socket: Duplex): void {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (!this.#tickets.delete(url.searchParams.get('ticket') ?? '')) {
      socket.destroy();
      return;
    }
    const connection = new ServerWebSocket(request, socket, {
      onText: (text) => this.#acknowledge(text),
      onEnd: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    const hello = {
      type: 'hello',
      connection_info: { app_id: WORKSPACE.appId },
      num_connections: this.#connections.size,
      debug_info: { host: 'applink-1', build_number: 10, approximate_connection_time: 18_060 },
    };
    connection.send(JSON.stringify(hello));
  }

  /**
   * Sends one request to the app, through any one of its connections, and waits for the acknowledgement. What the app answered
   * looks as if it had come by HTTP: people see no difference. Never throws.
   */
  async send(request: AppRequest, answerMs: number): Promise<AppResponse> {
    const started = performance.now();
    const response = (outcome: Pick<AppResponse, 'status' | 'body' | 'failure'>): AppResponse => ({
      headers: new Headers({ 'content-type': 'application/json' }),
      elapsedMs: performance.now() - started,
      ...outcome,
    });
    const [connection] = this.#connections;
    if (connection === undefined) return response({ status: 0, body: '', failure: 'connection' });
    const envelope = envelopeOf(request);
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<'late' | { payload: unknown }>();
    this.#waiting.set(id, (payload) => resolve({ payload }));
    const timer = setTimeout(() => resolve('late'), answerMs);
    connection.send(JSON.stringify({ envelope_id: id, ...envelope }));
    const answer = await promise;
    clearTimeout(timer);
    this.#waiting.delete(id);
    if (answer === 'late') return response({ status: 0, body: '', failure: 'timeout' });
    const isEmpty = !isObject(answer.payload) || Object.keys(answer.payload).length === 0;
    const body = isEmpty || !envelope.accepts_response_payload ? '' : JSON.stringify(answer.payload);
    return response({ status: 200, body });
  }

  /** Asks the app to connect anew, as Slack does every few hours, and ends the connections that it has. */
  refresh(): void {
    for (const connection of this.#connections) {
      connection.send(
        JSON.stringify({ type: 'disconnect', reason: 'refresh_requested', debug_info: { host: slackId('wss') } }),
      );
      connection.close();
      this.#connections.delete(connection);
    }
  }

  /** Ends every connection at once. */
  close(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #acknowledge(text: string): void {
    const answer = parseJson(text);
    if (isObject(answer)) this.#waiting.get(String(answer.envelope_id))?.(answer.payload);
  }
}
