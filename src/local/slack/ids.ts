import { randomBytes } from 'node:crypto';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** A new id in Slack's form: a prefix that says what it is (`F`, `V`) and ten upper-case letters and digits. */
export function slackId(prefix: string): string {
  return `${prefix}${[...randomBytes(10)].map((byte) => LETTERS[byte % LETTERS.length]).join('')}`;
}

/** Five characters, as Slack gives to a block or action that has no id of its own. */
export function shortId(): string {
  return slackId('').slice(0, 5);
}
