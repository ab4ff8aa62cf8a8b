import { formOf } from '../../blocks/commands.ts';
import { name } from '../../blocks/message.ts';
import { CLEAN_UP_HOURS } from '../domain/clean-up.ts';
import { instanceIdSchema, type PlannedVerb } from '../domain/vocabulary.ts';
import type { Word } from './words.ts';

/** What follows the application in a request, in whatever order. */
export interface Clauses {
  /** The numbers as they were typed, in order; `all` for every wave that there is. */
  waves?: number[] | 'all';
  reason?: string;
  ticket?: string;
  /** `live` of a termination. */
  terminateLive?: true;
  /** The instances that a failover may replace. */
  replaceLive?: string[];
  /** `cleanup` of a drill: whole hours after its end. */
  cleanUpAfterHours?: number;
}

/** What could not be understood, for mrkdwn. */
export interface NotUnderstood {
  problem: string;
}

/** Longest reason to ask for something, in characters: it stands on the card. */
export const MAX_REASON = 300;
/** A ticket of any system: `INC0012345`, `OPS-17`, `group/project#3`. */
const TICKET = /^[A-Za-z0-9][\w./#:-]{0,63}$/;
/** Most waves that are named at once: no recovery plan has more, and a range is counted out. */
const MOST_WAVES = 99;

const CLAUSE_WORDS = ['wave', 'waves', 'all', 'reason', 'ticket', 'live', 'replace', 'cleanup'] as const;
type ClauseWord = (typeof CLAUSE_WORDS)[number];

/** The word that a clause begins with; undefined for any other, and for one in quotation marks. */
export function clauseWordOf(word: Word | undefined): ClauseWord | undefined {
  if (word === undefined || word.quoted) return undefined;
  return CLAUSE_WORDS.find((known) => known === word.text.toLowerCase());
}

/** Words that are still to be read. */
class Reader {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  get next(): Word | undefined {
    return this.#words[this.#at];
  }

  get rest(): readonly Word[] {
    return this.#words.slice(this.#at);
  }

  take(): Word | undefined {
    const word = this.next;
    this.#at += 1;
    return word;
  }

  takeAll(): void {
    this.#at = this.#words.length;
  }
}

/**
 * Reads what follows the application. Nothing is guessed: what is said twice, or belongs to another verb, is a problem.
 * `text` is the whole command, from which a reason without quotation marks is taken as it stands.
 */
export function readClauses(verb: PlannedVerb, words: readonly Word[], text: string): Clauses | NotUnderstood {
  const reader = new Reader(words);
  const clauses: Clauses = {};
  for (let word = reader.take(); word !== undefined; word = reader.take()) {
    const problem = readClause(verb, word, reader, clauses, text);
    if (problem !== undefined) return { problem };
  }
  return clauses;
}

function readClause(verb: PlannedVerb, word: Word, reader: Reader, clauses: Clauses, text: string): string | undefined {
  switch (clauseWordOf(word)) {
    case 'wave':
    case 'waves':
      return readWaves(reader, clauses);
    case 'all': {
      // `all waves` says the same as `all`.
      const following = clauseWordOf(reader.next);
      const isAllWaves = following === 'waves' && !/^\d/.test(reader.rest[1]?.text ?? '');
      if (isAllWaves) reader.take();
      return setWaves(clauses, 'all');
    }
    case 'reason':
      return readReasonClause(reader, clauses, text);
    case 'ticket':
      return readTicket(reader, clauses);
    case 'live':
      if (verb !== 'terminate') return `\`live\` is a word of ${formOf('terminate')} only.`;
      clauses.terminateLive = true;
      return undefined;
    case 'replace':
      return verb === 'failover'
        ? readReplaced(reader, clauses)
        : `\`replace\` is a word of ${formOf('failover')} only.`;
    case 'cleanup':
      return verb === 'drill' ? readCleanUp(reader, clauses) : `\`cleanup\` is a word of ${formOf('drill')} only.`;
    case undefined:
      return !word.quoted && /^\d/.test(word.text) && clauses.waves === undefined
        ? `Before the number of a wave comes \`wave\`: “${name(word.text)}” alone could be anything.`
        : `I do not understand “${name(word.text)}”.`;
  }
}

function readWaves(reader: Reader, clauses: Clauses): string | undefined {
  const word = reader.next;
  if (clauseWordOf(word) === 'all') {
    reader.take();
    return setWaves(clauses, 'all');
  }
  if (word === undefined || clauseWordOf(word) !== undefined) return 'The number of the wave is missing.';
  const waves = readNumbers(takeNumbers(reader));
  return 'problem' in waves ? waves.problem : setWaves(clauses, waves.numbers);
}

/** `1, 3` and `1 - 3` are one list: a comma or a dash at the end or the beginning of a word takes the next one with it. */
function takeNumbers(reader: Reader): string {
  let typed = reader.take()?.text ?? '';
  while (reader.next !== undefined && (/[,–—-]$/.test(typed) || /^[,–—-]/.test(reader.next.text))) {
    typed += reader.take()?.text ?? '';
  }
  return typed;
}

function readNumbers(typed: string): { numbers: number[] } | NotUnderstood {
  const numbers = new Set<number>();
  for (const part of typed.split(',')) {
    const range = /^(\d+)(?:[–—-](\d+))?$/.exec(part);
    const from = Number(range?.[1]);
    const to = Number(range?.[2] ?? range?.[1]);
    if (range === null || !Number.isSafeInteger(from) || !Number.isSafeInteger(to)) {
      return { problem: `“${name(typed)}” is no number of a wave.` };
    }
    if (from < 1) return { problem: `Waves are counted from 1, not from ${name(String(range[1]))}.` };
    if (from > to) {
      return {
        problem: `“${name(part)}” counts backwards: a range of waves goes from the lower to the higher number.`,
      };
    }
    if (to - from >= MOST_WAVES || numbers.size >= MOST_WAVES) {
      return { problem: `“${name(typed)}” are more than ${MOST_WAVES} waves: use \`all\` if every wave is meant.` };
    }
    for (let wave = from; wave <= to; wave += 1) numbers.add(wave);
  }
  return { numbers: [...numbers].sort((a, b) => a - b) };
}

function setWaves(clauses: Clauses, waves: number[] | 'all'): string | undefined {
  if (clauses.waves !== undefined) return 'The waves are named twice.';
  clauses.waves = waves;
  return undefined;
}

function readReasonClause(reader: Reader, clauses: Clauses, text: string): string | undefined {
  if (clauses.reason !== undefined) return 'The reason is given twice.';
  const first = reader.next;
  if (first === undefined) return 'The reason is missing.';
  if (!first.quoted && reader.rest.some((word) => clauseWordOf(word) !== undefined)) {
    return 'I cannot tell where the reason ends: put it in quotation marks, `reason "…"`.';
  }
  const typed = first.quoted ? first.text : text.slice(first.at);
  if (first.quoted) reader.take();
  else reader.takeAll();
  const reason = typed.replace(/\s+/g, ' ').trim();
  if (reason === '') return 'The reason is missing.';
  if ([...reason].length > MAX_REASON) return `The reason is longer than ${MAX_REASON} characters.`;
  clauses.reason = reason;
  return undefined;
}

function readTicket(reader: Reader, clauses: Clauses): string | undefined {
  if (clauses.ticket !== undefined) return 'The ticket is given twice.';
  const word = reader.take();
  if (word === undefined || clauseWordOf(word) !== undefined) return 'The number of the ticket is missing.';
  const ticket = readTicketNumber(word.text);
  if (ticket === undefined) return `“${name(word.text)}” is no ticket: I know forms such as INC0012345 and OPS-17.`;
  clauses.ticket = ticket;
  return undefined;
}

/** `4h`, `4`, `4 hours`. */
function readCleanUp(reader: Reader, clauses: Clauses): string | undefined {
  if (clauses.cleanUpAfterHours !== undefined) return '`cleanup` is given twice.';
  const word = reader.take();
  if (word === undefined || clauseWordOf(word) !== undefined) return 'After how many hours? For example `cleanup 4h`.';
  const [, digits] = /^(\d{1,4})(?:h|hours?)?$/i.exec(word.text) ?? [];
  const hours = Number(digits);
  const { min, max } = CLEAN_UP_HOURS;
  if (digits === undefined) return `“${name(word.text)}” is no number of hours: for example \`cleanup 4h\`.`;
  if (hours < min || hours > max)
    return `Instances are ended ${min} to ${max} whole hours after a drill, not ${hours}.`;
  if (/^\d+$/.test(word.text) && /^(h|hours?)$/i.test(reader.next?.text ?? '')) reader.take();
  clauses.cleanUpAfterHours = hours;
  return undefined;
}

/** A ticket's number as it was typed; undefined when it is none. */
export function readTicketNumber(typed: string): string | undefined {
  const ticket = typed.trim();
  return TICKET.test(ticket) ? ticket : undefined;
}

function readReplaced(reader: Reader, clauses: Clauses): string | undefined {
  const ids: string[] = [...(clauses.replaceLive ?? [])];
  const before = ids.length;
  while (reader.next !== undefined && clauseWordOf(reader.next) === undefined) {
    const found = readInstanceIds(reader.take()?.text ?? '');
    if ('problem' in found) return found.problem;
    ids.push(...found.ids);
  }
  if (ids.length === before) return 'Which live instances may be replaced? Their ids follow `replace`: i-… i-…';
  clauses.replaceLive = [...new Set(ids)];
  return undefined;
}

/** Ids of instances, with commas or spaces between them. */
export function readInstanceIds(typed: string): { ids: string[] } | NotUnderstood {
  const ids = typed.split(/[\s,]+/).filter((id) => id !== '');
  const wrong = ids.find((id) => !instanceIdSchema.safeParse(id).success);
  if (wrong !== undefined)
    return { problem: `“${name(wrong)}” is no id of an instance: it is i- and 8 or more hexadecimal digits.` };
  return { ids: [...new Set(ids)] };
}
