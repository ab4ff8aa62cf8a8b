import { PEOPLE, WORKSPACE } from './people.ts';

/** Block Kit as lines of a terminal. Only what it shows matters: buttons are the caller's business. */
export function terminalLines(blocks: unknown): string[] {
  if (!Array.isArray(blocks)) return [];
  return blocks.flatMap((block: unknown) => linesOf(block as Block));
}

interface Text {
  text?: string;
}

interface Block {
  type: string;
  text?: Text;
  fields?: Text[];
  elements?: Text[];
}

function linesOf(block: Block): string[] {
  switch (block.type) {
    case 'header':
      return [plain(block.text), '─'.repeat(Math.min(72, plain(block.text).length))];
    case 'section':
      return [...plain(block.text).split('\n'), ...(block.fields ?? []).map(plain)];
    case 'context':
      return (block.elements ?? []).map(plain);
    default:
      return [];
  }
}

function plain(text: Text | undefined): string {
  return plainText(text?.text ?? '');
}

/** mrkdwn without its marks: mentions become names, dates become their text. */
export function plainText(mrkdwn: string): string {
  return mrkdwn
    .replace(/<@([UW][A-Z0-9]+)>/g, (_, userId: string) => `@${nameOf(userId)}`)
    .replace(/<!date\^(\d+)\^[^|>]*\|([^>]*)>/g, (_, __, fallback: string) => fallback)
    .replace(/[*`]/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function nameOf(userId: string): string {
  if (userId === WORKSPACE.botUserId) return WORKSPACE.botName;
  return PEOPLE.find((person) => person.userId === userId)?.name ?? userId;
}
