/** One word of a command. */
export interface Word {
  text: string;
  /** True when it was typed in quotation marks: then it is a name and never a word of the command. */
  quoted: boolean;
  /** Where it begins in the whole text. */
  at: number;
}

/** A command's text in words. */
export interface Words {
  words: Word[];
  /** The text with straight quotation marks. */
  text: string;
  /** True when a quotation mark has no second one. */
  isUnclosed: boolean;
}

/** Words, with `"…"` and `'…'` (also as phones type them) kept together. */
export function wordsOf(typed: string): Words {
  const text = typed
    .replace(/[“”„‟«»＂]/g, '"')
    .replace(/[‘’‚‛]/g, "'")
    .trim();
  const isUnclosed = (text.match(/"/g) ?? []).length % 2 === 1;
  const found = text.matchAll(/"([^"]*)"|(?<=^|\s)'([^']*)'(?=\s|$)|([^\s"]+(?:"[^"]*"[^\s"]*)*)/g);
  const words = [...found].map((match) => {
    const name = match[1] ?? match[2];
    return { text: name ?? match[3] ?? '', quoted: name !== undefined, at: match.index };
  });
  return { words, text, isUnclosed };
}

/** What follows the mention of the bot in a message, without the escapes and links that Slack puts around what is typed. */
export function textOfMention(message: string): string {
  const [, ...after] = message.split(/<@[A-Z0-9]+(?:\|[^<>]*)?>/);
  const typed = after.length === 0 ? message : after.join(' ');
  return typed
    .replace(/<[^<>|]*\|([^<>]*)>/g, '$1')
    .replace(/<(?:mailto:|https?:\/\/)([^<>]*)>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim();
}
