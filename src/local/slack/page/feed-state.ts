import type { PageEvent, PageMessage, Snapshot } from './protocol.ts';

/** A message with the replies to it, and what only this person sees in its thread. */
export interface Thread {
  first: PageMessage;
  replies: PageMessage[];
}

/** The screen after `event`; undefined until the first snapshot has come. */
export function afterEvent(screen: Snapshot | undefined, event: PageEvent): Snapshot | undefined {
  if (event.kind === 'snapshot') return event.snapshot;
  if (screen === undefined || event.kind === 'notice') return screen;
  if (event.kind === 'banner') return { ...screen, banner: event.text };
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

/** Messages as the channel shows them: each with its replies; a reply whose first message is not shown stands alone. */
export function threadsOf(messages: readonly PageMessage[]): Thread[] {
  const threads = new Map<string, Thread>();
  for (const message of messages) {
    const parent = message.thread_ts === message.ts ? undefined : threads.get(message.thread_ts ?? '');
    if (parent === undefined) threads.set(message.ts, { first: message, replies: [] });
    else parent.replies.push(message);
  }
  return [...threads.values()];
}

/** The element id of a message, as in Slack's permalinks: `p1700000000000100`. */
export function anchorOf(ts: string): string {
  return `p${ts.replace('.', '')}`;
}
