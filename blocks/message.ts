import type { Button, ConfirmationDialog, KnownBlock, MrkdwnElement } from '@slack/types';

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
  buttonText: 75,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  /** Rows of a table, its first line among them; Slack documents 100. */
  tableRows: 100,
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

/** How much of a list is shown where a message has no room for all, the most first. */
const ROOMS = [1, 0.6, 0.35, 0.2];

/**
 * The blocks with as much room for their lists as one message takes. `draw` is given that room, from 1 downwards; the least
 * room is drawn last, whether it fits or not.
 */
export function fitted(draw: (room: number) => KnownBlock[]): KnownBlock[] {
  const fits = (blocks: KnownBlock[]) =>
    blocks.length <= LIMITS.blocks && JSON.stringify(blocks).length <= LIMITS.messageCharacters;
  let blocks: KnownBlock[] = [];
  for (const room of ROOMS) {
    blocks = draw(room);
    if (fits(blocks)) break;
  }
  return blocks;
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

/** What nobody sees, and what turns text around: format characters and empty letters; not the joiner within an emoji. */
const UNSEEN =
  /(?<!\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\ufe0f)?)\u200d|(?!\u200d)\p{Cf}|[\u115f\u1160\u2800\u3164\uffa0]/gu;

/**
 * `value` on one line: no line of a card can be made up by a name. What is there and cannot be seen shows as a sign, so that
 * no name looks like another, or reads backwards.
 */
export function oneLine(value: string): string {
  return value
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(UNSEEN, '\ufffd')
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

/** A button of ours. `value` is opaque to Slack; `confirm` is asked before the press is sent. */
export function button(
  actionId: string,
  text: string,
  value: string,
  { style, confirm }: Pick<Button, 'style' | 'confirm'> = {},
): Button {
  return {
    type: 'button',
    action_id: actionId,
    text: { type: 'plain_text', text: cut(text, LIMITS.buttonText) },
    value,
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined ? {} : { confirm }),
  };
}

/** What Slack asks before it sends a press: in plain text, so that no name in it has a meaning. */
export function confirmation(question: { title: string; text: string; yes: string; no: string }): ConfirmationDialog {
  const plain = (text: string, length: number) => ({ type: 'plain_text' as const, text: cut(text, length) });
  return {
    title: plain(question.title, LIMITS.confirmTitle),
    text: plain(question.text, LIMITS.confirmText),
    confirm: plain(question.yes, LIMITS.confirmButton),
    deny: plain(question.no, LIMITS.confirmButton),
  };
}

/** The message with a last line that says where it was meant to be: it stands elsewhere, because that is closed to us. */
export function meantFor(given: Message, channelId: string): Message {
  const told = context(
    `⚠️ Meant for <#${channelId}>, where it cannot be shown: the channel is archived or gone, or the bot is no longer in it.`,
  );
  return { ...given, blocks: [...given.blocks.slice(0, LIMITS.blocks - 1), told] };
}

/** `<@A> <@B> and 3 others`: mentions of people by their Slack user ids. */
export function mentions(userIds: readonly string[], most: number): string {
  const named = userIds.slice(0, most).map((userId) => `<@${userId}>`);
  const rest = userIds.length - named.length;
  return `${named.join(' ')}${rest > 0 ? ` and ${count(rest, 'other')}` : ''}`;
}

/** A link of ours in mrkdwn; the words alone where there is no address. */
export function link(url: string | undefined, words: string): string {
  return url === undefined ? words : `<${url}|${words}>`;
}

/** A moment in the reader's own time, with UTC for clients that cannot. `at` is in milliseconds since the epoch. */
export function moment(at: number): string {
  const utc = `${new Date(at).toISOString().slice(11, 16)} UTC`;
  return `<!date^${Math.floor(at / 1_000)}^{time}|${utc}>`;
}

/** A moment and how long it is ago, which Slack counts for each reader: it does not grow old on the card. */
export function since(at: number): string {
  const utc = `${new Date(at).toISOString().slice(11, 16)} UTC`;
  return `<!date^${Math.floor(at / 1_000)}^{time} ({ago})|${utc}>`;
}

/** A moment that may be on another day, e.g. a deadline: `today at 12:14`. */
export function dayAndMoment(at: number): string {
  const utc = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `<!date^${Math.floor(at / 1_000)}^{date_short_pretty} at {time}|${utc}>`;
}

/** The first of `all`: at most `most`, of together at most `length` characters as JSON. */
export function firstThatFit(all: readonly string[], most: number, length: number): string[] {
  const shown: string[] = [];
  let left = length;
  for (const one of all.slice(0, most)) {
    left -= JSON.stringify(one).length;
    if (left < 0) break;
    shown.push(one);
  }
  return shown;
}

/** At most `most` lines, of together at most `length` characters as JSON, and how many more there are. */
export function lines(all: string[], most: number, length: number = LIMITS.list): string {
  const shown = firstThatFit(all, most, length);
  const rest = all.length - shown.length;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
}

/** `1 server`, `2 servers`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}
