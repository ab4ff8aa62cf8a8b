/** Text that other people wrote (tag values, host names, error messages), made fit for mail, pagers and SNS. */

/** What no pager shows: control and format characters, lone surrogates, noncharacters. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\uFFFE\uFFFF]+/gu;
const ELLIPSIS = '...';

/** One line of shown characters, at most `longest` UTF-16 units; what is longer is cut at a word. May be empty. */
export function plainLine(text: string, longest: number): string {
  const line = text.replaceAll(UNSHOWABLE, ' ').replaceAll(/\s+/g, ' ').trim();
  // The cut may have left half of a character.
  return cut(line, longest).replaceAll(/\p{Cs}/gu, '');
}

/** The same in printable ASCII: letters lose their accents, a run of anything else becomes a question mark. */
export function asciiLine(text: string, longest: number): string {
  const ascii = text
    .replaceAll(UNSHOWABLE, ' ')
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\x20-\x7e]+/g, '?');
  return plainLine(ascii, longest);
}

/** A first word that does not fit is cut within. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const kept = text.slice(0, longest - ELLIPSIS.length + 1);
  const space = kept.lastIndexOf(' ');
  return `${space > 0 ? kept.slice(0, space) : kept.slice(0, -1)}${ELLIPSIS}`;
}
