import type { Directory, PageEvent, PageMessage, Snapshot } from './protocol.ts';

/** A message with the replies to it, and what only this person sees in its thread. */
export interface Thread {
  first: PageMessage;
  replies: PageMessage[];
}

/** The screen after `event`; undefined until the first snapshot has come. */
export function afterEvent(screen: Snapshot | undefined, event: PageEvent): Snapshot | undefined {
  if (event.kind === 'snapshot') return event.snapshot;
  if (screen === undefined) return screen;
  if (event.kind === 'banner') return { ...screen, banner: event.text };
  if (event.kind === 'modals') return { ...screen, modals: event.modals };
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
      : [...screen.messages, message],
  };
}

/** The `ts` of the message whose thread `message` is a reply in; undefined for a message of the channel. */
export function threadOf({ thread_ts, ts }: Pick<PageMessage, 'thread_ts' | 'ts'>): string | undefined {
  return thread_ts === ts ? undefined : thread_ts;
}

/** Messages as the channel shows them: each with its replies; a reply whose first message is not shown stands alone. */
export function threadsOf(messages: readonly PageMessage[]): Thread[] {
  const threads = new Map<string, Thread>();
  for (const message of messages) {
    const parent = threads.get(threadOf(message) ?? '');
    if (parent === undefined) threads.set(message.ts, { first: message, replies: [] });
    else parent.replies.push(message);
  }
  return [...threads.values()];
}

/** The element id of a message, as in Slack's permalinks: `p1700000000000100`. */
export function anchorOf(ts: string): string {
  return `p${ts.replace('.', '')}`;
}

/** The first line of a message that is not empty, to stand for the whole. */
export function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

/** Whether a message calls this person: by name, by a user group, or as everybody. Slack looks into the blocks too. */
function mentions(message: PageMessage, userId: string): boolean {
  const written = message.text + JSON.stringify(message.blocks ?? []);
  return written.includes(`<@${userId}>`) || /<!(here|channel|everyone|subteam\^)/.test(written);
}

/**
 * Whether somebody's phone would show a push for a new message: it is not their own, and it mentions them, or it is new in
 * the channel, or in a thread for their eyes only. An ephemeral message of the channel answers what they have just done.
 */
export function isPushed(message: PageMessage, directory: Directory): boolean {
  const me = directory.people.find(({ name }) => name === directory.me)?.userId;
  if (me === undefined || message.user === me) return false;
  if (mentions(message, me)) return true;
  const isReply = threadOf(message) !== undefined;
  return message.ephemeral_user === undefined ? !isReply : isReply;
}
