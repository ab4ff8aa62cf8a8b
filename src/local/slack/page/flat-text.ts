import { slackDate } from './date.ts';
import { type Inline, parseMrkdwn } from './mrkdwn.ts';
import type { Directory } from './protocol.ts';

function nameOf(id: string, { people, bot, channels }: Directory): string {
  const channel = channels.find((candidate) => candidate.id === id);
  if (channel !== undefined) return channel.name;
  return id === bot.userId ? bot.name : (people.find(({ userId }) => userId === id)?.name ?? id);
}

/** A user group by the name that the text gives it, or by its handle. */
export function groupName(id: string, label: string | undefined, groups: Directory['userGroups']): string {
  return label ?? `@${groups.find((group) => group.id === id)?.handle ?? id}`;
}

function flat(piece: Inline, directory: Directory, now?: number): string {
  switch (piece.kind) {
    case 'text':
    case 'code':
    case 'mention':
      return piece.text;
    case 'bold':
    case 'italic':
    case 'strike':
      return piece.inside.map((inside) => flat(inside, directory, now)).join('');
    case 'user':
      return `@${nameOf(piece.id, directory)}`;
    case 'channel':
      return `#${nameOf(piece.id, directory)}`;
    case 'group':
      return groupName(piece.id, piece.label, directory.userGroups);
    case 'link':
      return piece.label;
    case 'date':
      return slackDate(piece.format, piece.at, now);
  }
}

/** A `mrkdwn` text without its formatting, as a phone's notification shows it: names instead of ids, no markers. */
export function flatText(text: string, directory: Directory, now?: number): string {
  return parseMrkdwn(text)
    .map((passage) =>
      passage.kind === 'pre' ? passage.text : passage.inside.map((piece) => flat(piece, directory, now)).join(''),
    )
    .join('\n');
}
