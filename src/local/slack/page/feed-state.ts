import { SLACKBOT_USER_ID } from '../model.ts';
import { flatText } from './flat-text.ts';
import type { Directory, PageEvent, PageMessage, Snapshot } from './protocol.ts';

/** A message with the replies to it, and what only this person sees in its thread. */
export interface Thread {
  first: PageMessage;
  replies: PageMessage[];
  /** The first message of the thread that `first` replies in, where the reply is shown in the channel, too. */
  repliesTo?: PageMessage;
}

/** Older messages of a channel stay in the workspace; the page shows the newest. */
export const SHOWN_MESSAGES = 500;

/**
 * The newest messages of one channel, oldest first, with the first message of every thread that one of them replies in: at
 * most twice {@link SHOWN_MESSAGES}, and the list itself when it is short enough.
 */
export function newestOf<M extends Pick<PageMessage, 'ts' | 'thread_ts'>>(messages: M[], most = SHOWN_MESSAGES): M[] {
  if (messages.length <= most) return messages;
  const newest = messages.slice(-most);
  const firsts = new Set(newest.map(threadOf));
  return [...messages.slice(0, -most).filter(({ ts }) => firsts.has(ts)), ...newest];
}

/** The messages of a channel. */
export function messagesIn(messages: readonly PageMessage[], channelId: string): PageMessage[] {
  return messages.filter(({ channel }) => channel === channelId);
}

/** How many messages go by before the page forgets the oldest of a channel: it does so in steps, not with each message. */
const FORGETTING_STEP = 100;

function withNew(messages: PageMessage[], message: PageMessage): PageMessage[] {
  const all = [...messages, message];
  const inChannel = messagesIn(all, message.channel);
  if (inChannel.length < SHOWN_MESSAGES || inChannel.length % FORGETTING_STEP !== 0) return all;
  const kept = new Set(newestOf(inChannel));
  return all.filter((shown) => shown.channel !== message.channel || kept.has(shown));
}

/** The screen after `event`; undefined until the first snapshot has come. A message that did not change stays the same object. */
export function afterEvent(screen: Snapshot | undefined, event: PageEvent): Snapshot | undefined {
  if (event.kind === 'snapshot') return event.snapshot;
  if (screen === undefined) return screen;
  if (event.kind === 'banner') return { ...screen, banner: event.text };
  if (event.kind === 'modals') return { ...screen, modals: event.modals };
  if (event.kind === 'home') return { ...screen, home: event.home };
  if (event.kind === 'practice') return { ...screen, practice: event.practice };
  if (event.kind === 'removed') {
    return { ...screen, messages: screen.messages.filter(({ ts }) => ts !== event.ts) };
  }
  const { message } = event;
  const isKnown = screen.messages.some(({ ts }) => ts === message.ts);
  return {
    ...screen,
    messages: isKnown
      ? screen.messages.map((shown) => (shown.ts === message.ts ? message : shown))
      : withNew(screen.messages, message),
  };
}

/** The `ts` of the message whose thread `message` is a reply in; undefined for a message of the channel. */
export function threadOf({ thread_ts, ts }: Pick<PageMessage, 'thread_ts' | 'ts'>): string | undefined {
  return thread_ts === ts ? undefined : thread_ts;
}

/** Where somebody's eyes are. */
export interface Seen {
  /** The channel that is shown. */
  place: string;
  /** `ts` of the first message of the thread that is open. */
  openThread: string | undefined;
}

/**
 * What a screen reader says of the newest message: the first line of what answers the person and of replies in the thread
 * that they have open. What their phone shows is said there, and everything else would be too much.
 */
export function announcementOf(
  newest: PageMessage | undefined,
  directory: Directory,
  { place, openThread }: Seen,
): string {
  if (newest === undefined || newest.channel !== place || isPushed(newest, directory)) return '';
  const me = directory.people.find(({ name }) => name === directory.me)?.userId;
  const thread = threadOf(newest);
  const isForMe = newest.ephemeral_user !== undefined && newest.ephemeral_user === me;
  const isInOpenThread = thread !== undefined && thread === openThread && newest.user !== me;
  return isForMe || isInOpenThread ? firstLine(flatText(newest.text, directory)) : '';
}

/** Whether two threads would be drawn alike: messages never change, a changed one is another object. */
export function isSameThread(one: Thread, other: Thread): boolean {
  const isSameReply = (reply: PageMessage, place: number) => reply === other.replies[place];
  return (
    one.first === other.first &&
    one.repliesTo === other.repliesTo &&
    one.replies.length === other.replies.length &&
    one.replies.every(isSameReply)
  );
}

/** The `ts` up to which each channel has been read, by channel id. */
export type ReadUpTo = Readonly<Record<string, string>>;

/** The `ts` of the newest message of each channel. */
export function newestIn(messages: readonly PageMessage[]): ReadUpTo {
  return Object.fromEntries(messages.map(({ channel, ts }) => [channel, ts]));
}

/** How many messages of each channel this person has not read; their own and replies that do not call them do not count. */
export function unreadIn(
  messages: readonly PageMessage[],
  readUpTo: ReadUpTo,
  directory: Directory,
): Record<string, number> {
  const unread: Record<string, number> = {};
  for (const message of messages) {
    const isRead = Number(message.ts) <= Number(readUpTo[message.channel] ?? 0);
    if (isRead || !isPushed(message, directory)) continue;
    unread[message.channel] = (unread[message.channel] ?? 0) + 1;
  }
  return unread;
}

/** Where a permalink of this workspace leads: `/archives/<channel>/p…`. */
export interface Permalink {
  channelId: string;
  /** The message's element id. */
  anchor: string;
}

/** Reads the path of a permalink; undefined for any other path. */
export function permalinkOf(path: string): Permalink | undefined {
  const [, channelId, anchor] = /^\/archives\/([^/]+)\/(p\d+)$/.exec(path) ?? [];
  return channelId === undefined || anchor === undefined ? undefined : { channelId, anchor };
}

/**
 * Messages as the channel shows them: each with its replies; a reply whose first message is not shown stands alone, and one
 * that was also sent to the channel stands there besides.
 */
export function threadsOf(messages: readonly PageMessage[]): Thread[] {
  const threads = new Map<string, Thread>();
  for (const message of messages) {
    const parent = threads.get(threadOf(message) ?? '');
    if (parent === undefined) threads.set(message.ts, { first: message, replies: [] });
    else parent.replies.push(message);
    if (parent !== undefined && isBroadcast(message)) {
      threads.set(message.ts, { first: message, replies: [], repliesTo: parent.first });
    }
  }
  return [...threads.values()];
}

/** Whether a reply was also sent to the channel (`reply_broadcast`). */
function isBroadcast({ subtype }: PageMessage): boolean {
  return subtype === 'thread_broadcast';
}

/** The element id of a message, as in Slack's permalinks: `p1700000000000100`. */
export function anchorOf(ts: string): string {
  return `p${ts.replace('.', '')}`;
}

/** The first line of a message that is not empty, to stand for the whole. */
export function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

/** Whether a message calls this person: by name, by a user group of theirs, or as everybody. Slack looks into the blocks too. */
function mentions(message: PageMessage, userId: string, { userGroups }: Directory): boolean {
  const written = message.text + JSON.stringify(message.blocks ?? []);
  const own = userGroups.filter(({ userIds }) => userIds.includes(userId));
  if (own.some(({ id }) => written.includes(`<!subteam^${id}`))) return true;
  return written.includes(`<@${userId}>`) || /<!(here|channel|everyone)\b/.test(written);
}

/**
 * Whether somebody's phone would show a push for a new message: it is not their own, and it mentions them, or it is new in
 * the channel, or in a thread for their eyes only. An ephemeral message of the channel answers what they have just done.
 */
export function isPushed(message: PageMessage, directory: Directory): boolean {
  const me = directory.people.find(({ name }) => name === directory.me)?.userId;
  if (me === undefined || message.user === me) return false;
  const isReply = threadOf(message) !== undefined && !isBroadcast(message);
  // Slackbot answers what somebody has just done, wherever they did it.
  if (message.ephemeral_user !== undefined) return isReply && message.user !== SLACKBOT_USER_ID;
  return !isReply || mentions(message, me, directory);
}
