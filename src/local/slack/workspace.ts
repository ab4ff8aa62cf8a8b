import type { Clock } from '../clock.ts';
import type { LocalHandler } from '../http.ts';
import type { AppEventType } from './events.ts';
import { Files, type StoredFile } from './files.ts';
import { ResponseUrls, Triggers } from './interactions.ts';
import { Messages } from './messages.ts';
import type {
  AppShortcut,
  Channel,
  MessageMetadata,
  SlackBlock,
  SlackFile,
  SlackMessage,
  SlackView,
  UserGroup,
  WorkspaceEvent,
} from './model.ts';
import { type Account, PEOPLE, type Person, WORKSPACE } from './people.ts';
import { PersonClient, type SlackApp } from './person.ts';
import { Rates } from './rates.ts';
import { SocketMode } from './socket-mode.ts';
import { Timestamps } from './timestamps.ts';
import { Views } from './views.ts';
import { handleSlackRequest, type RateRule } from './web-api.ts';

export interface WorkspaceOptions {
  /** The token that the Web API accepts, e.g. `xoxb-practice`. */
  botToken: string;
  /** Real time in milliseconds; Slack's limits and signatures never follow a simulated clock. */
  now?: () => number;
  /** Held while a request is handled, so that a virtual clock does not jump. */
  clock?: Clock;
  /** How long a trigger id opens a view, in milliseconds. @default 3000, as Slack's */
  triggerMs?: number;
  /** @default - one channel with everybody and the bot in it */
  channels?: readonly Channel[];
  /** @default - the people of practice mode */
  people?: readonly Person[];
  /** @default - none, as on a free plan */
  userGroups?: readonly UserGroup[];
  /**
   * The time that messages and files are stamped with, in milliseconds. Everything else that Slack counts (signatures,
   * trigger ids, response_urls, `action_ts`) stays in real time.
   * @default - real time
   */
  timestampClock?: { now(): number };
  /**
   * Slash commands of the app.
   * @default ['/dr']
   */
  commands?: readonly string[];
  /**
   * Global shortcuts of the app.
   * @default - none
   */
  shortcuts?: readonly AppShortcut[];
  /**
   * Says whether a call comes too soon.
   * @default - no rate limits
   */
  rateRule?: RateRule;
  /**
   * Whether Slack's own rate limits ({@link Rates}) are kept, after `rateRule`.
   * @default 'none'
   */
  rates?: 'slack' | 'none';
  /**
   * The time in which Slack's rate limits are counted.
   * @default - real time
   */
  rateClock?: { now(): number };
  /**
   * The events that the app subscribes to; others are not sent to it.
   * @default - none
   */
  events?: readonly AppEventType[];
  /**
   * The app's app-level token, e.g. `xapp-practice`: Socket Mode is on, and what would go to the app's request URL goes
   * through its WebSocket.
   * @default - Socket Mode is off
   */
  appToken?: string;
  /**
   * The scopes of the bot's token: told with every answer, and kept.
   * @default - every method may be called
   */
  scopes?: readonly string[];
}

/** What a new message is made of. */
export interface MessageDraft {
  channel: string;
  /** User id of the author. */
  user: string;
  text: string;
  blocks?: SlackBlock[];
  /** The only person who sees it. */
  visibleTo?: string;
  threadTs?: string;
  subtype?: string;
  metadata?: MessageMetadata;
  files?: SlackFile[];
}

/** What an update changes; `undefined` removes, an absent member stays. */
export type MessageChange = Partial<
  Pick<SlackMessage, 'text' | 'blocks' | 'metadata' | 'edited' | 'subtype' | 'files'>
>;

/**
 * A Slack workspace in memory. The bot reaches it through its Web API ({@link SlackWorkspace.handle}), people through
 * {@link PersonClient}. Its rules come from Slack's documentation; it knows nothing of the product. What Slack keeps for
 * ever is kept here up to the numbers of `KEPT` (limits.ts), so that a day of practice fits in memory.
 */
export class SlackWorkspace {
  readonly botToken: string;
  readonly now: () => number;
  readonly clock: Clock | undefined;
  readonly channels: readonly Channel[];
  readonly commands: readonly string[];
  readonly shortcuts: readonly AppShortcut[];
  readonly rateRule: RateRule | undefined;
  /** Slack's own rate limits; undefined when they are not kept. */
  readonly rates: Rates | undefined;
  /** The events that the app subscribes to. */
  readonly events: readonly AppEventType[];
  readonly appToken: string | undefined;
  /** The scopes of the bot's token; undefined when every method may be called. */
  readonly scopes: readonly string[] | undefined;
  /** Slack's end of Socket Mode; undefined when it is off. */
  readonly socketMode: SocketMode | undefined;
  /** The stores behind the queries below, for the Web API and for {@link PersonClient}. */
  readonly stored = { messages: new Messages(), files: new Files(), views: new Views() };
  readonly triggers: Triggers;
  readonly responseUrls: ResponseUrls;
  /** The Web API, uploads, response_urls and files: everything of the workspace below `/api`, `/upload`, … */
  readonly handle: LocalHandler;
  readonly #messageTimestamps: Timestamps;
  /** The same as of messages, unless these have a time of their own. */
  readonly #timestamps: Timestamps;
  readonly #listeners = new Set<(event: WorkspaceEvent) => void>();
  readonly #stampNow: () => number;
  #people: readonly Person[];
  #userGroups: UserGroup[];
  #url: string | undefined;
  #app: SlackApp | undefined;

  constructor(options: WorkspaceOptions) {
    this.botToken = options.botToken;
    this.now = options.now ?? Date.now;
    this.clock = options.clock;
    this.#people = options.people ?? PEOPLE;
    this.channels = options.channels ?? [everybodysChannel(this.people)];
    this.#userGroups = [...(options.userGroups ?? [])];
    this.commands = options.commands ?? ['/dr'];
    this.shortcuts = options.shortcuts ?? [];
    this.rateRule = options.rateRule;
    this.rates = options.rates === 'slack' ? new Rates(options.rateClock ?? { now: Date.now }) : undefined;
    this.events = options.events ?? [];
    this.appToken = options.appToken;
    this.scopes = options.scopes;
    this.socketMode = options.appToken === undefined ? undefined : new SocketMode();
    this.triggers = new Triggers(this.now, options.triggerMs);
    this.responseUrls = new ResponseUrls(this.now);
    const { timestampClock } = options;
    this.#stampNow = timestampClock === undefined ? this.now : () => timestampClock.now();
    this.#timestamps = new Timestamps(this.now);
    this.#messageTimestamps =
      timestampClock === undefined ? this.#timestamps : new Timestamps(() => timestampClock.now());
    this.handle = async (request) => {
      const release = this.clock?.hold();
      try {
        return await handleSlackRequest(this, request);
      } finally {
        release?.();
      }
    };
  }

  /** Where the workspace is served, e.g. `http://127.0.0.1:40123`; it goes into upload and response URLs. */
  get url(): string {
    if (this.#url === undefined) throw new Error('the practice workspace is not served yet: set its url');
    return this.#url;
  }

  set url(url: string) {
    this.#url = url;
  }

  /** Says where people's requests go; needed for {@link SlackWorkspace.as} only. */
  install(app: SlackApp): void {
    this.#app = app;
  }

  /**
   * Acts as a person.
   * @throws {Error} when no app is installed, or nobody has that name or user id
   */
  as(person: Person | string): PersonClient {
    const found = typeof person === 'string' ? this.person(person) : person;
    if (found === undefined) throw new Error(`nobody in the practice workspace is called ${String(person)}`);
    if (this.#app === undefined) throw new Error('no app is installed in the practice workspace');
    return new PersonClient({ workspace: this, person: found, ...this.#app });
  }

  /** Everybody of the workspace, with what their accounts are at this moment. */
  get people(): readonly Person[] {
    return this.#people;
  }

  /** Makes somebody's account another one; undefined: a plain member's. */
  setAccount(nameOrId: string, account: Account | undefined): void {
    const found = this.person(nameOrId);
    this.#people = this.#people.map((person) => (person === found ? { ...person, account } : person));
  }

  /** The user groups, each with its members of this moment. */
  get userGroups(): readonly UserGroup[] {
    return this.#userGroups;
  }

  /** Adds a user group. */
  addUserGroup(group: UserGroup): void {
    this.#userGroups = [...this.#userGroups, group];
  }

  /** Makes `userIds` the whole membership of a user group; `by` is the user id of who does it. */
  setGroupMembers(groupId: string, userIds: readonly string[], by?: string): void {
    const change = { userIds, updatedBy: by, updatedAt: Math.floor(this.#stampNow() / 1_000) };
    this.#userGroups = this.#userGroups.map((group) => (group.id === groupId ? { ...group, ...change } : group));
  }

  /** Calls `listener` after each change; the answer stops that. */
  subscribe(listener: (event: WorkspaceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Somebody by name (`approver`) or user id. */
  person(nameOrId: string): Person | undefined {
    return this.people.find(({ name, userId }) => name === nameOrId || userId === nameOrId);
  }

  /** A channel by id or name, with or without `#`; a direct conversation by its id. */
  channel(idOrName: string): Channel | undefined {
    const name = idOrName.replace(/^#/, '');
    const found = this.channels.find((channel) => channel.id === idOrName || channel.name === name);
    if (found !== undefined || !idOrName.startsWith('D')) return found;
    return this.people.map(({ userId }) => this.directChannel(userId)).find(({ id }) => id === idOrName);
  }

  /** The direct conversation of somebody and the bot. */
  directChannel(userId: string): Channel {
    return {
      id: `D${userId.slice(1)}`,
      name: WORKSPACE.botName,
      memberIds: [WORKSPACE.botUserId, userId],
      isDirect: true,
    };
  }

  /** Everything that everybody sees in a channel, replies among it, oldest first. */
  messages(channelId: string): SlackMessage[] {
    return this.stored.messages.all(channelId);
  }

  /** The first message of a thread and its replies, oldest first. */
  thread(channelId: string, ts: string): SlackMessage[] {
    return this.stored.messages.thread(channelId, ts);
  }

  /** The messages of a channel that only this person sees, oldest first. */
  ephemerals(channelId: string, userId: string): SlackMessage[] {
    return this.stored.messages.ephemerals(channelId, userId);
  }

  /** Finished uploads with their bytes, oldest first. */
  files(): StoredFile[] {
    return this.stored.files.all();
  }

  /** The modals on a person's screen, the topmost last. */
  modals(userId: string): SlackView[] {
    return this.stored.views.modalsOf(userId);
  }

  /** A person's App Home tab, when the app has published one. */
  home(userId: string): SlackView | undefined {
    return this.stored.views.homeOf(userId);
  }

  /** Stores a new message and tells the subscribers. */
  post(draft: MessageDraft): SlackMessage {
    const isBot = draft.user === WORKSPACE.botUserId;
    const message: SlackMessage = {
      channel: draft.channel,
      ...(draft.visibleTo === undefined ? {} : { ephemeral_user: draft.visibleTo }),
      type: 'message',
      ...(draft.subtype === undefined ? {} : { subtype: draft.subtype }),
      user: draft.user,
      ...(isBot ? { bot_id: WORKSPACE.botId, app_id: WORKSPACE.appId } : {}),
      team: WORKSPACE.teamId,
      ts: this.messageTimestamp(),
      text: draft.text,
      ...(draft.blocks === undefined || draft.blocks.length === 0 ? {} : { blocks: draft.blocks }),
      ...(draft.threadTs === undefined ? {} : { thread_ts: draft.threadTs }),
      ...(draft.metadata === undefined ? {} : { metadata: draft.metadata }),
      ...(draft.files === undefined ? {} : { files: draft.files }),
    };
    this.stored.messages.put(message);
    this.emit({ type: 'message_posted', message });
    return message;
  }

  /** Stores a changed message in the place of `previous` and tells the subscribers. */
  update(previous: SlackMessage, change: MessageChange): SlackMessage {
    const message: SlackMessage = { ...previous, ...change };
    this.stored.messages.put(message);
    this.emit({ type: 'message_updated', message, previous });
    return message;
  }

  remove(message: SlackMessage): void {
    this.stored.messages.remove(message);
    this.emit({ type: 'message_deleted', message });
  }

  /** A new timestamp of something that people do to what is there, e.g. for `action_ts`: real time. */
  timestamp(): string {
    return this.#timestamps.next();
  }

  /** A timestamp that no message has, in the time of messages. */
  messageTimestamp(): string {
    return this.#messageTimestamps.next();
  }

  /** Tells the subscribers of something that has been stored. */
  emit(event: WorkspaceEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function everybodysChannel(people: readonly Person[]): Channel {
  return {
    id: WORKSPACE.channelId,
    name: WORKSPACE.channelName,
    memberIds: [WORKSPACE.botUserId, ...people.map(({ userId }) => userId)],
  };
}
