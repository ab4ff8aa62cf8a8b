/** A piece of text with Slack's formatting, inside a line. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; inside: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'user' | 'channel'; id: string }
  /** A user group; `label` where the text names it. */
  | { kind: 'group'; id: string; label: string | undefined }
  /** `@here` and other things that are called by name. */
  | { kind: 'mention'; text: string }
  | { kind: 'link'; href: string; label: string }
  /** `at` is in milliseconds since the Unix epoch. */
  | { kind: 'date'; at: number; format: string; href: string | undefined };

/** A part of a text that stands on lines of its own. */
export type Passage = { kind: 'lines' | 'quote'; inside: Inline[] } | { kind: 'pre'; text: string };

/** The standard emoji that cards and answers use; any other stays as it was written, as an unknown one does in Slack. */
const EMOJI: Readonly<Record<string, string>> = {
  alarm_clock: '⏰',
  arrow_right: '➡️',
  bell: '🔔',
  black_circle: '⚫',
  calendar: '📆',
  chart_with_upwards_trend: '📈',
  double_vertical_bar: '⏸️',
  eyes: '👀',
  fast_forward: '⏩',
  fire: '🔥',
  heavy_check_mark: '✔️',
  hourglass: '⌛',
  hourglass_flowing_sand: '⏳',
  information_source: 'ℹ️',
  large_blue_circle: '🔵',
  large_green_circle: '🟢',
  large_orange_circle: '🟠',
  large_yellow_circle: '🟡',
  link: '🔗',
  lock: '🔒',
  mag: '🔍',
  memo: '📝',
  no_entry: '⛔',
  no_entry_sign: '🚫',
  octagonal_sign: '🛑',
  question: '❓',
  raised_hand: '✋',
  red_circle: '🔴',
  rocket: '🚀',
  rotating_light: '🚨',
  shield: '🛡️',
  stopwatch: '⏱️',
  tada: '🎉',
  test_tube: '🧪',
  thumbsup: '👍',
  unlock: '🔓',
  warning: '⚠️',
  white_check_mark: '✅',
  white_circle: '⚪',
  wrench: '🔧',
  x: '❌',
};

/** Text as people read it: Slack's three escapes and the names of emoji are resolved, nothing is formatted. */
export function plainText(text: string): string {
  return unescapeText(text).replace(/:([a-z0-9_+-]+):/g, (written, name: string) => EMOJI[name] ?? written);
}

function unescapeText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** A marker counts only around a word: `2 * 3 * 4` and `snake_case_name` are left alone. */
function around(marker: string): string {
  const beside = `[\\p{L}\\p{N}${marker}]`;
  return `(?<!${beside})[${marker}](?![\\s${marker}])([^\\n]*?[^\\s])[${marker}](?!${beside})`;
}

const INLINE = new RegExp(
  [
    '`([^`\\n]+)`',
    '<([^<>\\n]+)>',
    around('*'),
    around('_'),
    around('~'),
    '(https?://[^\\s<>|]+[^\\s<>|.,;:!?)])',
  ].join('|'),
  'gu',
);

/** What stands between `<` and `>`: a mention, a date, or a link. */
function special(content: string): Inline {
  const bar = content.indexOf('|');
  const target = bar < 0 ? content : content.slice(0, bar);
  const label = bar < 0 ? undefined : plainText(content.slice(bar + 1));
  if (target.startsWith('@')) return { kind: 'user', id: target.slice(1) };
  if (target.startsWith('#')) return { kind: 'channel', id: target.slice(1) };
  if (!target.startsWith('!')) {
    const href = unescapeText(target);
    return { kind: 'link', href, label: label ?? href.replace(/^mailto:/, '') };
  }
  const [command = '', ...parts] = target.slice(1).split('^');
  if (command === 'subteam') return { kind: 'group', id: parts[0] ?? '', label };
  if (command !== 'date') return { kind: 'mention', text: label ?? `@${command}` };
  const [seconds, format = '', href] = parts;
  const at = Number(seconds) * 1_000;
  return Number.isFinite(at) && format !== ''
    ? { kind: 'date', at, format, href: href === undefined ? undefined : unescapeText(href) }
    : { kind: 'text', text: label ?? '' };
}

function piece(match: RegExpExecArray): Inline {
  const [whole, code, bracketed, bold, italic, strike, url] = match;
  if (code !== undefined) return { kind: 'code', text: unescapeText(code) };
  if (bracketed !== undefined) return special(bracketed);
  if (bold !== undefined) return { kind: 'bold', inside: inlines(bold) };
  if (italic !== undefined) return { kind: 'italic', inside: inlines(italic) };
  if (strike !== undefined) return { kind: 'strike', inside: inlines(strike) };
  const href = unescapeText(url ?? whole);
  return { kind: 'link', href, label: href };
}

function inlines(text: string): Inline[] {
  const pieces: Inline[] = [];
  let done = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > done) pieces.push({ kind: 'text', text: plainText(text.slice(done, match.index)) });
    pieces.push(piece(match));
    done = match.index + match[0].length;
  }
  if (done < text.length) pieces.push({ kind: 'text', text: plainText(text.slice(done)) });
  return pieces;
}

/** Lines without code blocks: runs of quoted lines (`>`) and of others. */
function passagesOfLines(text: string): Passage[] {
  const runs: { kind: 'lines' | 'quote'; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const quoted = /^(?:>|&gt;) ?(.*)$/s.exec(line)?.[1];
    const kind = quoted === undefined ? 'lines' : 'quote';
    const last = runs.at(-1);
    if (last?.kind === kind) last.lines.push(quoted ?? line);
    else runs.push({ kind, lines: [quoted ?? line] });
  }
  return runs.map(({ kind, lines }) => ({ kind, inside: inlines(lines.join('\n')) }));
}

/** Reads a text of type `mrkdwn` (Slack's documentation, "Formatting message text"). */
export function parseMrkdwn(text: string): Passage[] {
  return text.split(/```\n?([\s\S]*?)\n?```\n?/).flatMap((part, index): Passage[] => {
    if (index % 2 === 1) return [{ kind: 'pre', text: unescapeText(part) }];
    return part === '' ? [] : passagesOfLines(part.replace(/\n$/, ''));
  });
}
