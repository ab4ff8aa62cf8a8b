import { closest, distance } from 'fastest-levenshtein';
import { applicationsText, USAGE, wavesText } from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import type { Catalogue } from '../domain/records.ts';
import { CHAT_VERBS, type ChatVerb, isChatVerb, VERBS } from '../domain/vocabulary.ts';

/** What somebody typed after `/dr`, understood or not. */
export type Command =
  | { kind: 'help' }
  | { kind: 'request'; verb: ChatVerb; application: string; wave: number; reason?: string }
  /** Not understood: what is wrong, what exists, the right form. */
  | { kind: 'problem'; text: string };

type Problem = Extract<Command, { kind: 'problem' }>;
type Application = Catalogue['applications'][number];

/** Longest reason that is kept, in characters: it stands on the card. */
const MAX_REASON = 300;
const MOST_SUGGESTED = 5;

/**
 * Understands `/dr …`. Case and quotes are forgiven, nothing is guessed. With no catalogue (a first deployment), names
 * are taken as they are and discovery has the last word.
 */
export function parseCommand(text: string, catalogue: Catalogue | undefined): Command {
  const { words, reason, problem: unclosed } = split(text);
  const [verb, application, ...rest] = words;
  if (verb === undefined || verb.toLowerCase() === 'help') return { kind: 'help' };
  const known = VERBS.find((candidate) => candidate === verb.toLowerCase());
  if (known === undefined) return unknownVerb(verb);
  if (!isChatVerb(known)) {
    return problem(`*${known}* is not available in this version. Available: ${CHAT_VERBS.join(', ')}.`);
  }
  if (unclosed !== undefined) return problem(unclosed);
  if (reason !== undefined && reason.length > MAX_REASON)
    return problem(`The reason is longer than ${MAX_REASON} characters.`);
  if (application === undefined || application.trim() === '' || isWaveWord(application)) {
    return problem(`Which application is to be drilled? ${applicationsText(catalogue)}`);
  }
  const found = findApplication(application, catalogue);
  if ('kind' in found) return found;
  const wave = parseWave(found, rest);
  return typeof wave === 'number'
    ? { kind: 'request', verb: known, application: found.name, wave, ...(reason === undefined ? {} : { reason }) }
    : wave;
}

function problem(text: string): Problem {
  return { kind: 'problem', text: `${text}\nThe form is ${USAGE}.` };
}

/** Words, with `"…"` (also as phones type it) kept together, and the text after `reason`. */
function split(text: string): { words: string[]; reason?: string; problem?: string } {
  const straight = text
    .replace(/[“”„«»]/g, '"')
    .replace(/[‘’]/g, "'")
    .trim();
  if ((straight.match(/"/g) ?? []).length % 2 === 1)
    return { words: straight.replaceAll('"', ' ').split(/\s+/), problem: 'A quotation mark is not closed.' };
  const tokens = [...straight.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
  // An application may be called "reason": the word counts from the third place on.
  const at = tokens.findIndex((token, index) => index >= 2 && token.toLowerCase() === 'reason');
  if (at < 0) return { words: tokens };
  const reason = tokens
    .slice(at + 1)
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
  return reason === ''
    ? { words: tokens.slice(0, at), problem: 'The reason is missing.' }
    : { words: tokens.slice(0, at), reason };
}

function unknownVerb(verb: string): Problem {
  const near = closest(verb.toLowerCase(), [...VERBS, 'help']);
  const hint = distance(verb.toLowerCase(), near) <= 3 ? ` Did you mean \`${near}\`?` : '';
  return problem(`I do not know “${name(verb)}”.${hint} I know: ${[...CHAT_VERBS, 'help'].join(', ')}.`);
}

function findApplication(typed: string, catalogue: Catalogue | undefined): Application | Problem {
  const applications = catalogue?.applications ?? [];
  if (applications.length === 0) return { name: typed, waves: [] };
  const same = applications.filter((application) => application.name.toLowerCase() === typed.toLowerCase());
  // Two names that differ only in case are two applications: one of them has to be typed as it is written.
  const found = same.find((application) => application.name === typed) ?? (same.length === 1 ? same[0] : undefined);
  if (found !== undefined) return found;
  const near = applications
    .map((application) => application.name)
    .filter((candidate) => distance(candidate.toLowerCase(), typed.toLowerCase()) <= Math.max(2, candidate.length / 3))
    .slice(0, MOST_SUGGESTED);
  const hint = near.length > 0 ? ` Did you mean ${near.map(name).join(' or ')}?` : '';
  const asOf =
    catalogue === undefined
      ? ''
      : ` (as of ${new Date(catalogue.refreshedAt).toISOString().slice(11, 16)} UTC, read anew every 5 minutes)`;
  return problem(`There is no application “${name(typed)}”.${hint}\n${applicationsText(catalogue)}${asOf}`);
}

function parseWave(application: Application, words: string[]): number | Problem {
  const [keyword, value, ...more] = words;
  const exists =
    application.waves.length === 0 ? '' : ` ${name(application.name)} has ${wavesText(application.waves)}.`;
  if (keyword === undefined) return problem(`Which wave of ${name(application.name)}?${exists}`);
  if (!isWaveWord(keyword)) {
    return problem(`After the application comes \`wave <number>\`, not “${name(keyword)}”.${exists}`);
  }
  if (value === undefined) return problem(`The number of the wave is missing.${exists}`);
  if (more.length > 0) return problem(`I do not understand “${name(more.join(' '))}”.`);
  const range = /^(\d+)\s*[-–]\s*(\d+)$/.exec(value);
  if (range !== null) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    return from > to
      ? problem(
          `“${name(value)}” counts backwards: a range of waves goes from the lower to the higher number. One wave at a time can be drilled in this version.${exists}`,
        )
      : problem(`One wave at a time can be drilled in this version, not ${name(value)}.${exists}`);
  }
  if (!/^\d+$/.test(value)) return problem(`“${name(value)}” is no number of a wave.${exists}`);
  const wave = Number(value);
  if (!Number.isSafeInteger(wave)) return problem(`“${name(value)}” is no number of a wave.${exists}`);
  if (wave < 1) return problem(`Waves are counted from 1, not from ${value}.${exists}`);
  if (application.waves.length > 0 && !application.waves.some((candidate) => candidate.wave === wave)) {
    return problem(`${name(application.name)} has no wave ${wave}.${exists}`);
  }
  return wave;
}

function isWaveWord(word: string): boolean {
  return /^waves?$/i.test(word);
}
