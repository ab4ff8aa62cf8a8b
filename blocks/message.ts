import type { Button, KnownBlock, MrkdwnElement } from '@slack/types';

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
  /** Ours: what selects an execution's servers. */
  selection: 100,
  /** Ours: a name, a sentence and a list of them that come from outside, so that no card grows out of a message. */
  name: 80,
  sentence: 250,
  list: 1_600,
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
  return { text: cutMrkdwn(text, LIMITS.pushText), blocks, ...(state === undefined ? {} : { state }) };
}

/** Text for mrkdwn in which nothing of `value` has a meaning (Slack: escaping text). Tags and names come from outside. */
export function escapeText(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `value` in at most `length` characters. */
export function cut(value: string, length: number): string {
  if (value.length <= length) return value;
  // Not through the middle of a character that is two code units long.
  return `${value.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Cuts mrkdwn, and not through the middle of `&amp;` or `<@…>`, which would be shown as they are written. */
function cutMrkdwn(mrkdwn: string, length: number): string {
  return mrkdwn.length <= length ? mrkdwn : cut(mrkdwn, length).replace(/(?:&[a-z]*|<[^<>]*)…$/, '…');
}

/** `value` on one line: no line of a card can be made up by a name. */
export function oneLine(value: string): string {
  return value
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/** A name that comes from outside (a hostname, a tag's value), for mrkdwn. */
export function name(value: string): string {
  return escapeText(cut(oneLine(value), LIMITS.name));
}

/** A sentence that comes from outside or names things of outside (a reason, a cause), for mrkdwn. */
export function sentence(value: string, length: number = LIMITS.sentence): string {
  return escapeText(cut(oneLine(value), length));
}

export function header(text: string): KnownBlock {
  return { type: 'header', text: { type: 'plain_text', text: cut(text, LIMITS.header), emoji: true } };
}

/** `verbatim`: else Slack also links what looks like a URL, a channel or a mention in names that come from outside. */
function mrkdwnText(mrkdwn: string): MrkdwnElement {
  return { type: 'mrkdwn', text: cutMrkdwn(mrkdwn, LIMITS.section), verbatim: true };
}

export function section(mrkdwn: string): KnownBlock {
  return { type: 'section', text: mrkdwnText(mrkdwn) };
}

export function context(...mrkdwn: string[]): KnownBlock {
  return { type: 'context', elements: mrkdwn.slice(0, LIMITS.contextElements).map(mrkdwnText) };
}

export function actions(blockId: string, buttons: Button[]): KnownBlock {
  return { type: 'actions', block_id: blockId, elements: buttons };
}

/** A moment in the reader's own time, with UTC for clients that cannot. `at` is in milliseconds since the epoch. */
export function moment(at: number): string {
  const utc = `${new Date(at).toISOString().slice(11, 16)} UTC`;
  return `<!date^${Math.floor(at / 1_000)}^{time}|${utc}>`;
}

/** A moment that may be on another day, e.g. a deadline: `today at 12:14`. */
export function dayAndMoment(at: number): string {
  const utc = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `<!date^${Math.floor(at / 1_000)}^{date_short_pretty} at {time}|${utc}>`;
}

/** At most `most` lines, of together at most `length` characters as JSON, and how many more there are. */
export function lines(all: string[], most: number, length: number = LIMITS.list): string {
  const shown: string[] = [];
  let left = length;
  for (const line of all.slice(0, most)) {
    left -= JSON.stringify(line).length;
    if (left < 0) break;
    shown.push(line);
  }
  const rest = all.length - shown.length;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
}

/** `1 server`, `2 servers`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}
