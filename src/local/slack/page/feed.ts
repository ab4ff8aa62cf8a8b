import type { ServerResponse } from 'node:http';
import type { Channel, SlackMessage, SlackView, WorkspaceEvent } from '../model.ts';
import { type Person, WORKSPACE } from '../people.ts';
import type { SlackWorkspace } from '../workspace.ts';
import type { PageControls } from './controls.ts';
import { newestOf } from './feed-state.ts';
import type { CommandUsage, PageEvent, PageHome, PageMessage, PageModal, PracticeState, Snapshot } from './protocol.ts';

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
  /**
   * The forms of the app's commands, which the composer shows while somebody types one.
   * @default - none
   */
  commands?: readonly CommandUsage[];
  /**
   * Address of a page that shows what happens behind Slack; the practice bar leads there.
   * @default - no such page
   */
  behindTheScenes?: string;
  /**
   * What people may change of the practice from the page.
   * @default - nothing: the page shows neither time nor faults
   */
  controls?: PageControls;
}

/** What the bot's practice configuration lets people do; shown, never enforced here. */
const MAY_DO: Readonly<Record<string, string>> = {
  requester: 'may ask',
  approver: 'may approve',
  'second-approver': 'may approve',
  lead: 'may approve, break glass',
  reader: 'may only read',
  stranger: 'may do nothing',
};

/** A page that was closed without saying so is noticed when something is written to it. */
const SILENCE_TICKS = 15;
const TICK_MS = 1_000;
/** A page that takes nothing any more is cut off before this many bytes wait for it; it connects again by itself. */
const MOST_UNSENT_BYTES = 16 * 1024 * 1024;

interface Connection {
  userId: string;
  outgoing: ServerResponse;
}

/** Tells every open page what its person sees, by Server-Sent Events: everything at first, then each change. */
export class PageFeed {
  readonly #workspace: SlackWorkspace;
  readonly #options: FeedOptions;
  readonly #connections = new Set<Connection>();
  readonly #unsubscribe: () => void;
  readonly #forgetRate: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;
  #banner = '';
  #ticks = 0;

  constructor(workspace: SlackWorkspace, options: FeedOptions) {
    this.#workspace = workspace;
    this.#options = options;
    this.#unsubscribe = workspace.subscribe((event) => this.#tell(event));
    this.#forgetRate = options.controls?.onRateChange(() => this.tellPractice());
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Answers a page's request for events, as the person `name`; 404 when there is nobody of that name. */
  open(name: string, outgoing: ServerResponse): void {
    const person = this.#workspace.person(name);
    if (person === undefined) {
      outgoing.writeHead(404);
      outgoing.end();
      return;
    }
    outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const connection: Connection = { userId: person.userId, outgoing };
    this.#connections.add(connection);
    outgoing.once('close', () => this.#connections.delete(connection));
    send(connection, { kind: 'snapshot', snapshot: this.#snapshot(person) });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    this.#forgetRate?.();
    for (const { outgoing } of this.#connections) outgoing.end();
    this.#connections.clear();
  }

  #channelsOf(userId: string): Channel[] {
    const direct = this.#workspace.directChannel(userId);
    return [
      ...this.#workspace.channels.filter(({ memberIds }) => memberIds.includes(userId)),
      ...(this.#workspace.messages(direct.id).length === 0 ? [] : [direct]),
    ];
  }

  /** The newest messages of a channel as this person sees it, oldest first. */
  #messagesOf(channelId: string, userId: string): SlackMessage[] {
    const messages = [...this.#workspace.messages(channelId), ...this.#workspace.ephemerals(channelId, userId)];
    return newestOf(messages.sort((one, other) => Number(one.ts) - Number(other.ts)));
  }

  #snapshot({ name: me, userId }: Person): Snapshot {
    const mayDo = this.#options.mayDo ?? MAY_DO;
    const channels = this.#channelsOf(userId);
    const home = this.#workspace.home(userId);
    return {
      directory: {
        me,
        channels: channels.map(({ id, name, memberIds, isDirect }) => ({
          id,
          name,
          hasBot: memberIds.includes(WORKSPACE.botUserId),
          ...(isDirect === true ? { isDirect } : {}),
        })),
        people: this.#workspace.people.map((person) => ({ ...person, may: mayDo[person.name] ?? '' })),
        userGroups: this.#workspace.userGroups.map(({ id, handle, userIds }) => ({ id, handle, userIds })),
        bot: { userId: WORKSPACE.botUserId, name: WORKSPACE.botName },
      },
      hints: [...(this.#options.hints ?? ['/dr drill HRP wave 1'])],
      commands: [...(this.#options.commands ?? [])],
      shortcuts: [...this.#workspace.shortcuts],
      banner: this.#options.banner?.() ?? '',
      messages: channels.flatMap(({ id }) => this.#messagesOf(id, userId)).map(shown),
      modals: this.#workspace.modals(userId).map(shownModal),
      home: home === undefined ? undefined : shownHome(home),
      behindTheScenes: this.#options.behindTheScenes,
      practice: this.#practice(),
    };
  }

  #practice(): PracticeState | undefined {
    const { controls } = this.#options;
    return controls === undefined ? undefined : { time: controls.time(), faults: controls.faults() };
  }

  /** Tells every page the time and the faults, without waiting for the next second. */
  tellPractice(): void {
    const practice = this.#practice();
    if (practice === undefined) return;
    for (const connection of this.#connections) send(connection, { kind: 'practice', practice });
  }

  #tell(event: WorkspaceEvent): void {
    if ('view' in event) this.#tellOfView(event.userId, event.view);
    if (event.type !== 'message_posted' && event.type !== 'message_updated' && event.type !== 'message_deleted') return;
    const { message } = event;
    if (event.type === 'message_posted' && this.#opensConversation(message)) return;
    const change: PageEvent =
      event.type === 'message_deleted'
        ? { kind: 'removed', ts: message.ts }
        : { kind: 'message', message: shown(message), isNew: event.type === 'message_posted' };
    for (const connection of this.#connections) {
      if (this.#sees(connection.userId, message)) send(connection, change);
    }
  }

  /** Shows somebody the conversation that begins with this message; false for any other message. */
  #opensConversation({ channel }: SlackMessage): boolean {
    const direct = this.#workspace.channel(channel);
    if (direct?.isDirect !== true || this.#workspace.messages(channel).length > 1) return false;
    for (const connection of this.#connections) {
      const person = this.#workspace.person(connection.userId);
      if (person !== undefined && direct.memberIds.includes(connection.userId)) {
        send(connection, { kind: 'snapshot', snapshot: this.#snapshot(person) });
      }
    }
    return true;
  }

  #sees(userId: string, { channel, ephemeral_user }: SlackMessage): boolean {
    if (ephemeral_user !== undefined && ephemeral_user !== userId) return false;
    return this.#workspace.channel(channel)?.memberIds.includes(userId) === true;
  }

  #tellOfView(userId: string, view: SlackView): void {
    const change: PageEvent =
      view.type === 'home'
        ? { kind: 'home', home: shownHome(view) }
        : { kind: 'modals', modals: this.#workspace.modals(userId).map(shownModal) };
    for (const connection of this.#connections) {
      if (connection.userId === userId) send(connection, change);
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
    this.tellPractice();
  }
}

function shown(message: SlackMessage): PageMessage {
  const { metadata: _metadata, ...page } = message;
  return page;
}

function shownModal({ id, title, submit, close, blocks }: SlackView): PageModal {
  return { id, title, submit, close, blocks };
}

function shownHome({ id, blocks }: SlackView): PageHome {
  return { id, blocks };
}

function send({ outgoing }: Connection, event: PageEvent): void {
  if (outgoing.writableLength > MOST_UNSENT_BYTES) outgoing.destroy();
  else outgoing.write(`data: ${JSON.stringify(event)}\n\n`);
}
