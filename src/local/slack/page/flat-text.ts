import { slackDate } from './date.ts';
import { type Inline, parseMrkdwn } from './mrkdwn.ts';
import type { Directory } from './protocol.ts';

function nameOf(id: string, { people, bot, channel }: Directory): string {
  if (id === channel.id) return channel.name;
  return id === bot.userId ? bot.name : (people.find(({ userId }) => userId === id)?.name ?? id);
}

function flat(piece: Inline, directory: Directory): string {
  switch (piece.kind) {
    case 'text':
    case 'code':
    case 'mention':
      return piece.text;
    case 'bold':
    case 'italic':
    case 'strike':
      return piece.inside.map((inside) => flat(inside, directory)).join('');
    case 'user':
      return `@${nameOf(piece.id, directory)}`;
    case 'channel':
      return `#${nameOf(piece.id, directory)}`;
    case 'link':
      return piece.label;
    case 'date':
      return slackDate(piece.format, piece.at);
  }
}

/** A `mrkdwn` text without its formatting, as a phone's notification shows it: names instead of ids, no markers. */
export function flatText(text: string, directory: Directory): string {
  return parseMrkdwn(text)
    .map((passage) =>
      passage.kind === 'pre' ? passage.text : passage.inside.map((piece) => flat(piece, directory)).join(''),
    )
    .join('\n');
}
