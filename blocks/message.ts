import type { Button, KnownBlock } from '@slack/types';

/** A Slack message: `text` is all that a push notification shows; the blocks are what is read in the channel. */
export interface Message {
  text: string;
  blocks: KnownBlock[];
  /** For programs that read the channel: stored with the message as its metadata. */
  state?: Record<string, string>;
}

/** Slack's limits (block kit reference), and ours for a whole message, below the 13,200 characters at which Slack fails. */
export const LIMITS = {
  blocks: 50,
  messageCharacters: 12_000,
  header: 150,
  section: 3_000,
  contextElements: 10,
  pushText: 300,
} as const;

/** Thrown when a card would be refused by Slack: a defect of the card, found by its tests. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/** @throws {MessageError} when the text is empty or the message is larger than Slack takes. */
export function message(text: string, blocks: KnownBlock[], state?: Record<string, string>): Message {
  if (text.trim() === '') throw new MessageError('a message needs a text: it is what a phone shows');
  if (blocks.length > LIMITS.blocks) throw new MessageError(`${blocks.length} blocks; Slack takes ${LIMITS.blocks}`);
  const size = JSON.stringify(blocks).length;
  if (size > LIMITS.messageCharacters)
    throw new MessageError(`${size} characters of blocks; ${LIMITS.messageCharacters} at most`);
  return { text: cut(text, LIMITS.pushText), blocks, ...(state === undefined ? {} : { state }) };
}

/** Text for mrkdwn in which nothing of `value` has a meaning (Slack: escaping text). Tags and names come from outside. */
export function escapeText(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `value` in at most `length` characters. */
export function cut(value: string, length: number): string {
  return value.length <= length ? value : `${value.slice(0, length - 1)}…`;
}

export function header(text: string): KnownBlock {
  return { type: 'header', text: { type: 'plain_text', text: cut(text, LIMITS.header), emoji: true } };
}

export function section(mrkdwn: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: cut(mrkdwn, LIMITS.section) } };
}

export function context(...mrkdwn: string[]): KnownBlock {
  return {
    type: 'context',
    elements: mrkdwn
      .slice(0, LIMITS.contextElements)
      .map((text) => ({ type: 'mrkdwn', text: cut(text, LIMITS.section) })),
  };
}

export function actions(blockId: string, buttons: Button[]): KnownBlock {
  return { type: 'actions', block_id: blockId, elements: buttons };
}

/** A moment in the reader's own time, with UTC for clients that cannot. `at` is in milliseconds since the epoch. */
export function moment(at: number): string {
  const utc = `${new Date(at).toISOString().slice(11, 16)} UTC`;
  return `<!date^${Math.floor(at / 1_000)}^{time}|${utc}>`;
}

/** At most `most` lines, and how many more there are. */
export function lines(all: string[], most: number): string {
  const shown = all.slice(0, most);
  const rest = all.length - shown.length;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
}

/** `1 server`, `2 servers`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}
