import type { ServerResponse } from 'node:http';
import { isObject } from '../json.ts';
import type { SlackMessage, SlackView, WorkspaceEvent } from '../model.ts';
import { WORKSPACE } from '../people.ts';
import type { SlackWorkspace } from '../workspace.ts';
import type { PageEvent, PageMessage, Snapshot } from './protocol.ts';

export interface FeedOptions {
  /**
   * Text of the status line, asked for once a second, e.g. `practice, 60× — 1× while a gate waits`.
   * @default - no status line
   */
  banner?: () => string;
  /**
   * What each person may do, in a few words, by name.
   * @default - the people of practice mode
   */
  mayDo?: Readonly<Record<string, string>>;
  /**
   * Commands that the composer offers.
   * @default ['/dr drill HRP wave 1']
   */
  hints?: readonly string[];
}

/** What the bot's practice configuration lets people do; shown, never enforced here. */
const MAY_DO: Readonly<Record<string, string>> = {
  requester: 'may ask',
  approver: 'may approve',
  'second-approver': 'may approve',
  reader: 'may only read',
  stranger: 'may do nothing',
};

/** A page that was closed without saying so is noticed when something is written to it. */
const SILENCE_TICKS = 15;
const TICK_MS = 1_000;
/** Older messages stay in the workspace; the page shows the newest. */
const SHOWN_MESSAGES = 300;

interface Connection {
  userId: string;
  channelId: string;
  outgoing: ServerResponse;
}

/** Tells every open page what its person sees, by Server-Sent Events: everything at first, then each change. */
export class PageFeed {
  readonly #workspace: SlackWorkspace;
  readonly #options: FeedOptions;
  readonly #connections = new Set<Connection>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #banner = '';
  #ticks = 0;

  constructor(workspace: SlackWorkspace, options: FeedOptions) {
    this.#workspace = workspace;
    this.#options = options;
    this.#unsubscribe = workspace.subscribe((event) => this.#tell(event));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Answers a page's request for events, as the person `name`; 404 when there is nobody of that name. */
  open(name: string, outgoing: ServerResponse): void {
    const person = this.#workspace.person(name);
    const channel = this.#workspace.channels[0];
    if (person === undefined || channel === undefined) {
      outgoing.writeHead(404);
      outgoing.end();
      return;
    }
    outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const connection: Connection = { userId: person.userId, channelId: channel.id, outgoing };
    this.#connections.add(connection);
    outgoing.once('close', () => this.#connections.delete(connection));
    send(connection, { kind: 'snapshot', snapshot: this.#snapshot(connection, person.name, channel.name) });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    for (const { outgoing } of this.#connections) outgoing.end();
    this.#connections.clear();
  }

  #snapshot({ channelId, userId }: Connection, me: string, channelName: string): Snapshot {
    const mayDo = this.#options.mayDo ?? MAY_DO;
    const messages = [...this.#workspace.messages(channelId), ...this.#workspace.ephemerals(channelId, userId)].sort(
      (one, other) => Number(one.ts) - Number(other.ts),
    );
    return {
      directory: {
        me,
        channel: { id: channelId, name: channelName },
        people: this.#workspace.people.map((person) => ({ ...person, may: mayDo[person.name] ?? '' })),
        bot: { userId: WORKSPACE.botUserId, name: WORKSPACE.botName },
      },
      hints: [...(this.#options.hints ?? ['/dr drill HRP wave 1'])],
      banner: this.#options.banner?.() ?? '',
      messages: messages.slice(-SHOWN_MESSAGES).map(shown),
    };
  }

  #tell(event: WorkspaceEvent): void {
    if (event.type === 'view_opened') this.#tellOfModal(event.userId, event.view);
    if (event.type !== 'message_posted' && event.type !== 'message_updated' && event.type !== 'message_deleted') return;
    const { message } = event;
    const change: PageEvent =
      event.type === 'message_deleted'
        ? { kind: 'removed', ts: message.ts }
        : { kind: 'message', message: shown(message), isNew: event.type === 'message_posted' };
    for (const connection of this.#connections) {
      const isForMe = message.ephemeral_user === undefined || message.ephemeral_user === connection.userId;
      if (isForMe && message.channel === connection.channelId) send(connection, change);
    }
  }

  /** The page draws no modals; a click that opens one must not look as if nothing had happened. */
  #tellOfModal(userId: string, view: SlackView): void {
    const title = isObject(view.title) ? String(view.title.text) : view.callback_id;
    const text = `The app opened the modal “${title}”. This page does not show modals.`;
    for (const connection of this.#connections) {
      if (connection.userId === userId) send(connection, { kind: 'notice', text });
    }
  }

  #tick(): void {
    const banner = this.#options.banner?.() ?? '';
    this.#ticks += 1;
    for (const connection of this.#connections) {
      if (banner !== this.#banner) send(connection, { kind: 'banner', text: banner });
      else if (this.#ticks % SILENCE_TICKS === 0) connection.outgoing.write(': still here\n\n');
    }
    this.#banner = banner;
  }
}

function shown(message: SlackMessage): PageMessage {
  const { metadata: _metadata, ...page } = message;
  return page;
}

function send({ outgoing }: Connection, event: PageEvent): void {
  outgoing.write(`data: ${JSON.stringify(event)}\n\n`);
}
