import type { ServerResponse } from 'node:http';
import type { SceneEvent } from './protocol.ts';
import type { Scenes } from './scenes.ts';

const TICK_MS = 1_000;

interface Connection {
  /** ARN, or undefined for whatever is the newest. */
  execution: string | undefined;
  outgoing: ServerResponse;
  /** What was sent last, by kind. */
  sent: Map<SceneEvent['kind'], string>;
}

/** Tells every open page what it shows, by Server-Sent Events, once a second and only what has changed. */
export class SceneFeed {
  readonly #scenes: Scenes;
  readonly #now: () => number;
  readonly #connections = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;

  /** `now` gives simulated milliseconds. */
  constructor(scenes: Scenes, now: () => number) {
    this.#scenes = scenes;
    this.#now = now;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Answers a page's request for events about an execution, or about whatever is the newest. */
  open(execution: string | undefined, outgoing: ServerResponse): void {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const connection: Connection = { execution, outgoing, sent: new Map() };
    this.#connections.add(connection);
    outgoing.once('close', () => this.#connections.delete(connection));
    this.#tell([connection]);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { outgoing } of this.#connections) outgoing.end();
    this.#connections.clear();
  }

  #tick(): void {
    if (this.#connections.size > 0) this.#tell([...this.#connections]);
  }

  #tell(connections: readonly Connection[]): void {
    const executions = this.#scenes.executions();
    const scenes = new Map<string, string>();
    const sceneOf = (arn: string): string => {
      const known = scenes.get(arn) ?? text({ kind: 'scene', scene: this.#scenes.scene(arn) ?? null });
      scenes.set(arn, known);
      return known;
    };
    for (const connection of connections) {
      const arn = connection.execution ?? executions[0]?.arn;
      send(connection, 'now', text({ kind: 'now', now: this.#now() }));
      send(connection, 'executions', text({ kind: 'executions', executions }));
      if (arn !== undefined) send(connection, 'scene', sceneOf(arn));
    }
  }
}

function text(event: SceneEvent): string {
  return JSON.stringify(event);
}

function send({ outgoing, sent }: Connection, kind: SceneEvent['kind'], json: string): void {
  if (sent.get(kind) === json) return;
  sent.set(kind, json);
  outgoing.write(`data: ${json}\n\n`);
}
