import type { Message } from '../../blocks/message.ts';
import { LIMITS as OURS } from '../../blocks/message.ts';
import { DeploymentError } from '../../infra/deployment.ts';
import { DrError } from '../../src/domain/errors.ts';
import { InventoryError } from '../../src/local/inventory.ts';
import { messageBlocks } from '../../src/local/slack/blocks.ts';
import { LIMITS } from '../../src/local/slack/limits.ts';
import { Views } from '../../src/local/slack/views.ts';
import { mrkdwnOf } from '../blocks/views.ts';

/** What is promised of whatever comes in. Each throws when the promise is broken, and says how. */

/** The errors that a reader of ours may throw: each names what is wrong in words. */
const TYPED = [DrError, InventoryError, DeploymentError];

/** What a reader makes of an input; undefined where it refused it, by an error of ours. */
export function readOrRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    refusalOf(error);
    return undefined;
  }
}

/** The message of a refusal. @throws what is none of our errors */
export function refusalOf(error: unknown): string {
  const isOurs = TYPED.some((type) => error instanceof type);
  if (!isOurs) throw new Error('something that is no error of ours was thrown', { cause: error });
  const { message } = error as Error;
  if (message.trim() === '') throw new Error('the error says nothing');
  return message;
}

/** What we write with a meaning for Slack: moments, links to cards of ours, mentions of people, groups and channels by id. */
const OF_OURS =
  /<!date\^\d+\^[^|<>]*\|[-\d: ]*UTC>|<https?:\/\/(?:slack\.com|127\.0\.0\.1:\d+)\/archives\/[^|<>]*\|[^<>]*>|<!subteam\^S[A-Z0-9]+>|<[@#][A-Z0-9]{3,}>/g;

/** Controls, what turns text around, what nobody sees, and halves of characters; not line ends, nor the joiner of an emoji. */
const UNSEEN = /(?![\n\u200d])[\p{Cc}\p{Cf}\p{Cs}]/u;

/** Nothing in mrkdwn has a meaning but what we put there. `people`: who may be mentioned; left out: whoever. */
export function expectPlain(mrkdwn: string, people?: readonly string[]): void {
  const rest = mrkdwn.replace(OF_OURS, (ours) => {
    const [, person] = /^<@([A-Z0-9]+)>$/.exec(ours) ?? [];
    return person === undefined || people === undefined || people.includes(person) ? '' : ours;
  });
  const [meant] = /[<>]|&(?!amp;|lt;|gt;)/.exec(rest) ?? [];
  if (meant !== undefined) throw new Error(`“${meant}” has a meaning for Slack in: ${mrkdwn}`);
  const [unseen] = UNSEEN.exec(mrkdwn) ?? [];
  if (unseen !== undefined) {
    throw new Error(`U+${unseen.codePointAt(0)?.toString(16)} cannot be seen in: ${JSON.stringify(mrkdwn)}`);
  }
}

/** What somebody is told by words alone. */
export function expectAnswer(mrkdwn: string, people?: readonly string[]): void {
  if (mrkdwn.trim() === '') throw new Error('nothing is said');
  if (mrkdwn.length > LIMITS.postedText) throw new Error(`an answer of ${mrkdwn.length} characters`);
  expectPlain(mrkdwn, people);
}

/** Slack would take the message as it is. */
export function expectCard(message: Message, people?: readonly string[]): void {
  if (message.text.trim() === '') throw new Error('the message has no text: a phone shows nothing');
  if (message.text.length > LIMITS.updatedText) throw new Error(`a text of ${message.text.length} characters`);
  const size = JSON.stringify(message.blocks).length;
  if (size > OURS.messageCharacters) throw new Error(`${size} characters of blocks`);
  messageBlocks(message.blocks);
  for (const mrkdwn of mrkdwnOf(message)) expectPlain(mrkdwn, people);
}

/** Slack would show the form as it is. */
export function expectForm(view: unknown): void {
  new Views().put(view, 'modal', 'U0PAPPROVE1');
}
