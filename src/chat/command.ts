import { closest, distance } from 'fastest-levenshtein';
import { COMMAND_WORDS, type CommandWord, formOf, isCommandWord } from '../../blocks/commands.ts';
import { applicationsText, knownWavesText } from '../../blocks/help.ts';
import { name } from '../../blocks/message.ts';
import { REASON_LENGTH } from '../domain/gate.ts';
import type { Catalogue } from '../domain/records.ts';
import { PLANNED_VERBS, type PlannedVerb } from '../domain/vocabulary.ts';
import { clauseWordOf, readClauses } from './clauses.ts';
import { type LibraryWanted, planWordOf, readLibraryCommand, readPlanCommand } from './library-command.ts';
import { readScheduleWords, type ScheduleWanted } from './schedule-command.ts';
import { type Word, wordsOf } from './words.ts';

/** What somebody wants done, or planned. */
export interface Wanted {
  verb: PlannedVerb;
  application: string;
  /** In order; empty for all there are: of the recovery plan, or by the servers' tags. */
  waves: number[];
  reason?: string;
  ticket?: string;
  terminateLive?: true;
  replaceLive?: string[];
  /** Of a drill: whole hours after its end at which its instances are ended, unless somebody keeps them. */
  cleanUpAfterHours?: number;
}

/** Words by which an execution is decided about or steered. */
const DECISION_WORDS = ['approve', 'reject', 'resume', 'pause', 'cancel'] as const satisfies CommandWord[];
export type DecisionWord = (typeof DECISION_WORDS)[number];

/** What somebody typed after `/dr` or a mention, understood or not. Executions are named by their first characters. */
export type Command =
  | { kind: 'help'; about?: CommandWord }
  | { kind: 'access' }
  | { kind: 'request'; wanted: Wanted }
  | { kind: 'plan'; wanted: Wanted }
  /** Recovery plans and protection groups. */
  | { kind: 'library'; wanted: LibraryWanted }
  | { kind: 'decision'; word: DecisionWord; execution: string; reason?: string }
  /** At most one of the two, unless it may be either. */
  | { kind: 'status'; application?: string; execution?: string }
  | { kind: 'executions'; application?: string; archived?: true }
  | { kind: 'readiness'; application?: string }
  | { kind: 'server'; hostname: string }
  | { kind: 'logs'; execution: string; server?: string }
  | { kind: 'audit'; execution: string }
  | { kind: 'export'; execution: string }
  | { kind: 'accounts'; what: 'list' | 'validate'; accountId?: string }
  | { kind: 'schedule'; wanted: ScheduleWanted }
  /** `undo`: it is to be listed again. */
  | { kind: 'archive'; execution: string; undo?: true }
  /** Not understood: what is wrong, what exists, the right form. */
  | { kind: 'problem'; text: string };

type Problem = Extract<Command, { kind: 'problem' }>;
type Application = Catalogue['applications'][number];

const MOST_SUGGESTED = 5;
/** Fewer characters of an execution's id name nothing. */
const EXECUTION = /^[0-9a-f][0-9a-f-]{3,35}$/;

/**
 * Understands `/dr …`. Case, quotes and the order of what follows the application are forgiven, nothing is guessed. With
 * no catalogue (a first deployment), names are taken as they are and discovery has the last word.
 */
export function parseCommand(typed: string, catalogue: Catalogue | undefined): Command {
  const { words, text, isUnclosed } = wordsOf(typed);
  const [first, ...rest] = words;
  if (first === undefined) return { kind: 'help' };
  const word = first.text.toLowerCase();
  if (!isCommandWord(word)) return unknownCommand(first.text);
  if (isUnclosed) return problem(word, 'A quotation mark is not closed.');
  switch (word) {
    case 'help': {
      const about = rest[0]?.text.toLowerCase() ?? '';
      return isCommandWord(about) ? { kind: 'help', about } : { kind: 'help' };
    }
    case 'access':
      return rest[0] === undefined ? { kind: 'access' } : notUnderstood(word, rest[0]);
    case 'plan':
      return parsePlan(rest, text, catalogue);
    case 'plans':
    case 'groups':
    case 'group': {
      const wanted = readLibraryCommand(word, rest);
      return 'problem' in wanted ? { kind: 'problem', text: wanted.problem } : { kind: 'library', wanted };
    }
    case 'schedule':
      return parseSchedule(rest, text, catalogue);
    case 'status':
      return parseStatus(rest, catalogue);
    case 'executions':
      return parseExecutions(rest, catalogue);
    case 'readiness':
      return parseReadiness(rest, catalogue);
    case 'server':
      return parseServer(rest);
    case 'logs':
      return parseLogs(rest);
    case 'audit':
    case 'export':
      return parseRecord(word, rest);
    case 'accounts':
      return parseAccounts(rest);
    case 'archive':
      return parseArchive(rest);
    case 'approve':
    case 'reject':
    case 'resume':
    case 'pause':
    case 'cancel':
      return parseDecision(word, rest, text);
    default:
      return parseWanted(word, word, rest, text, catalogue);
  }
}

function problem(word: CommandWord, text: string): Problem {
  return { kind: 'problem', text: `${text}\nThe form is ${formOf(word)}.` };
}

function notUnderstood(word: CommandWord, { text }: Word): Problem {
  return problem(word, `I do not understand “${name(text)}”.`);
}

function unknownCommand(typed: string): Problem {
  const near = closest(typed.toLowerCase(), COMMAND_WORDS);
  const hint = distance(typed.toLowerCase(), near) <= Math.min(3, near.length - 2) ? ` Did you mean \`${near}\`?` : '';
  return { kind: 'problem', text: `I do not know “${name(typed)}”.${hint} I know: ${COMMAND_WORDS.join(', ')}.` };
}

function parsePlan(words: Word[], text: string, catalogue: Catalogue | undefined): Command {
  const [first, ...rest] = words;
  const planWord = planWordOf(first);
  if (planWord !== undefined) {
    const isWhole = rest.length === 0 && (planWord === 'new' || planWord === 'import');
    const same = !isWhole && isForApplication(rest) ? namesakes(planWord, catalogue) : [];
    if (same.length > 0) return problem('plan', inQuotes(same));
    const wanted = readPlanCommand(planWord, rest);
    return 'problem' in wanted ? { kind: 'problem', text: wanted.problem } : { kind: 'library', wanted };
  }
  const verb = first?.quoted === false ? PLANNED_VERBS.find((known) => known === first.text.toLowerCase()) : undefined;
  // Only one of the two can be meant: an application that is called like a verb is asked about.
  if (verb !== undefined && isForApplication(rest)) {
    const same = namesakes(verb, catalogue);
    if (same.length > 0) return problem('plan', inQuotes(same));
  }
  const parsed =
    verb === undefined
      ? parseWanted('plan', 'drill', words, text, catalogue)
      : parseWanted('plan', verb, rest, text, catalogue);
  return parsed.kind === 'request' ? { kind: 'plan', wanted: parsed.wanted } : parsed;
}

/** True when nothing names what a word before it would be done with: the word itself may be the application. */
function isForApplication([next]: Word[]): boolean {
  return next === undefined || clauseWordOf(next) !== undefined;
}

function parseWanted(
  word: CommandWord,
  verb: PlannedVerb,
  words: Word[],
  text: string,
  catalogue: Catalogue | undefined,
): Extract<Command, { kind: 'request' | 'problem' }> {
  const [typed, ...rest] = words;
  if (typed === undefined || typed.text.trim() === '') {
    return problem(word, `Which application is meant? ${applicationsText(catalogue)}`);
  }
  if (clauseWordOf(typed) !== undefined) {
    const same = namesakes(typed.text, catalogue);
    const hint = same.length === 0 ? applicationsText(catalogue) : inQuotes(same);
    return problem(word, `Which application is meant? ${hint}`);
  }
  const application = findApplication(word, typed.text, catalogue);
  if ('kind' in application) return application;
  const clauses = readClauses(verb, rest, text);
  if ('problem' in clauses) return problem(word, `${clauses.problem}${existing(application)}`);
  const { waves = 'all', ...others } = clauses;
  return {
    kind: 'request',
    wanted: { verb, application: application.name, waves: waves === 'all' ? [] : waves, ...others },
  };
}

function parseSchedule(words: Word[], text: string, catalogue: Catalogue | undefined): Command {
  const read = readScheduleWords(words);
  if ('problem' in read) return problem('schedule', read.problem);
  if (read.what !== 'make') return { kind: 'schedule', wanted: read };
  const parsed = parseWanted('schedule', 'drill', read.words, text, catalogue);
  if (parsed.kind === 'problem') return parsed;
  return { kind: 'schedule', wanted: { what: 'make', wanted: parsed.wanted, timing: read.timing } };
}

/** Applications that are called like a word of the command. */
function namesakes(word: string, catalogue: Catalogue | undefined): string[] {
  return (catalogue?.applications ?? [])
    .map((application) => application.name)
    .filter((application) => application.toLowerCase() === word.toLowerCase());
}

function inQuotes(applications: string[]): string {
  return `There is an application called like a word of the command: if it is meant, put it in quotation marks, ${applications
    .map((application) => `"${name(application)}"`)
    .join(' or ')}.`;
}

function findApplication(word: CommandWord, typed: string, catalogue: Catalogue | undefined): Application | Problem {
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
  return problem(word, `There is no application “${name(typed)}”.${hint}\n${applicationsText(catalogue)}${asOf}`);
}

function existing({ name: application, waves }: Application): string {
  return waves.length === 0 ? '' : ` ${name(application)} has ${knownWavesText(waves)}.`;
}

/** The characters that name an execution; undefined when what was typed can name none. */
function executionOf({ text }: Word): string | undefined {
  const id = text.toLowerCase().replace(/[`#]/g, '');
  return EXECUTION.test(id) ? id : undefined;
}

function noExecution(word: CommandWord, typed: Word | undefined): Problem {
  const where = 'An execution is named by the characters that its card shows below, e.g. 1a2b3c4d.';
  return problem(
    word,
    typed === undefined ? `Which execution? ${where}` : `“${name(typed.text)}” is no execution. ${where}`,
  );
}

function parseDecision(word: DecisionWord, words: Word[], text: string): Command {
  const [typed, keyword, ...rest] = words;
  const execution = typed === undefined ? undefined : executionOf(typed);
  if (execution === undefined) return noExecution(word, typed);
  if (keyword === undefined) return { kind: 'decision', word, execution };
  if (clauseWordOf(keyword) !== 'reason') return notUnderstood(word, keyword);
  if (word === 'approve' || word === 'pause') {
    return problem(word, `There is no place where the reason of \`${word}\` would be kept: leave it out.`);
  }
  const [first, ...more] = rest;
  if (first === undefined) return problem(word, 'The reason is missing.');
  if (first.quoted && more[0] !== undefined) return notUnderstood(word, more[0]);
  const reason = (first.quoted ? first.text : text.slice(first.at)).replace(/\s+/g, ' ').trim();
  if (reason === '') return problem(word, 'The reason is missing.');
  const { max } = REASON_LENGTH;
  if ([...reason].length > max) return problem(word, `The reason is longer than ${max} characters.`);
  return { kind: 'decision', word, execution, reason };
}

function parseStatus(words: Word[], catalogue: Catalogue | undefined): Command {
  const [typed, more] = words;
  if (typed === undefined) return { kind: 'status' };
  if (more !== undefined) return notUnderstood('status', more);
  const execution = typed.quoted ? undefined : executionOf(typed);
  if (execution === undefined) {
    const application = findApplication('status', typed.text, catalogue);
    return 'kind' in application ? application : { kind: 'status', application: application.name };
  }
  const [application] = namesakes(typed.text, catalogue);
  return { kind: 'status', execution, ...(application === undefined ? {} : { application }) };
}

function parseReadiness([typed, more]: Word[], catalogue: Catalogue | undefined): Command {
  if (typed === undefined) return { kind: 'readiness' };
  if (more !== undefined) return notUnderstood('readiness', more);
  const application = findApplication('readiness', typed.text, catalogue);
  return 'kind' in application ? application : { kind: 'readiness', application: application.name };
}

function parseExecutions(words: Word[], catalogue: Catalogue | undefined): Command {
  const isArchived = isWord(words.at(-1), 'archived');
  // Only one of the two can be meant: an application that is called so is asked about.
  const same = isArchived && words.length === 1 ? namesakes('archived', catalogue) : [];
  if (same.length > 0) return problem('executions', inQuotes(same));
  const [typed, more] = isArchived ? words.slice(0, -1) : words;
  const archived = isArchived ? { archived: true as const } : {};
  if (typed === undefined) return { kind: 'executions', ...archived };
  if (more !== undefined) return notUnderstood('executions', more);
  const application = findApplication('executions', typed.text, catalogue);
  return 'kind' in application ? application : { kind: 'executions', application: application.name, ...archived };
}

function isWord(typed: Word | undefined, word: string): boolean {
  return typed?.quoted === false && typed.text.toLowerCase() === word;
}

function parseServer([typed, more]: Word[]): Command {
  if (typed === undefined || typed.text.trim() === '') return problem('server', 'Which server? Give its hostname.');
  return more === undefined ? { kind: 'server', hostname: typed.text.trim() } : notUnderstood('server', more);
}

function parseLogs([typed, server, more]: Word[]): Command {
  const execution = typed === undefined ? undefined : executionOf(typed);
  if (execution === undefined) return noExecution('logs', typed);
  if (more !== undefined) return notUnderstood('logs', more);
  return { kind: 'logs', execution, ...(server === undefined ? {} : { server: server.text.trim() }) };
}

function parseRecord(word: 'audit' | 'export', [typed, more]: Word[]): Command {
  const execution = typed === undefined ? undefined : executionOf(typed);
  if (execution === undefined) return noExecution(word, typed);
  return more === undefined ? { kind: word, execution } : notUnderstood(word, more);
}

function parseAccounts([typed, account, more]: Word[]): Command {
  if (typed === undefined || (isWord(typed, 'list') && account === undefined))
    return { kind: 'accounts', what: 'list' };
  if (isWord(typed, 'list') && account !== undefined) return notUnderstood('accounts', account);
  if (!isWord(typed, 'validate')) {
    return problem('accounts', `I do not understand “${name(typed.text)}”: it is \`list\` or \`validate\`.`);
  }
  if (more !== undefined) return notUnderstood('accounts', more);
  if (account === undefined) return { kind: 'accounts', what: 'validate' };
  const accountId = account.text.replaceAll('-', '');
  return /^\d{12}$/.test(accountId)
    ? { kind: 'accounts', what: 'validate', accountId }
    : problem('accounts', `“${name(account.text)}” is no AWS account: its id has 12 digits.`);
}

function parseArchive([typed, keyword, more]: Word[]): Command {
  const execution = typed === undefined ? undefined : executionOf(typed);
  if (execution === undefined) return noExecution('archive', typed);
  if (keyword === undefined) return { kind: 'archive', execution };
  if (!isWord(keyword, 'undo')) return notUnderstood('archive', keyword);
  return more === undefined ? { kind: 'archive', execution, undo: true } : notUnderstood('archive', more);
}
