import {
  type CommandWord,
  formOf,
  GROUP_WORDS,
  type GroupWord,
  PLAN_WORDS,
  type PlanWord,
  planFormOf,
} from '../../blocks/commands.ts';
import { name } from '../../blocks/message.ts';
import type { Word } from './words.ts';

/** What somebody wants of recovery plans and protection groups; these are named as they were typed. */
export type LibraryWanted =
  | { what: 'plans' }
  | { what: 'show plan'; plan: string; version?: number }
  | { what: 'new plan'; name?: string }
  | { what: 'edit plan'; plan: string; asText: boolean }
  | { what: 'copy plan'; plan: string; as?: string }
  | { what: 'delete plan'; plan: string }
  | { what: 'import' }
  | { what: 'export plan'; plan: string }
  | { what: 'groups' }
  | { what: 'show group'; group: string }
  | { what: 'new group'; name?: string }
  | { what: 'edit group'; group: string }
  | { what: 'delete group'; group: string };

/** What is wrong with what was typed, with the right form, for mrkdwn. */
interface Wrong {
  problem: string;
}

/** The word after `plan` by which a recovery plan is meant; undefined for any other, and for one in quotation marks. */
export function planWordOf(word: Word | undefined): PlanWord | undefined {
  return keyword(word, PLAN_WORDS);
}

/** `/dr plan show …` and the like. `words`: what follows that word. */
export function readPlanCommand(word: PlanWord, words: readonly Word[]): LibraryWanted | Wrong {
  const wrong = (why: string): Wrong => ({ problem: `${why}\nThe form is ${planFormOf(word)}.` });
  const { name: plan, tail } = named(words, word === 'show' ? ['version'] : word === 'new' ? [] : ['as']);
  const [next] = tail;
  if (word === 'import') return plan === '' ? { what: 'import' } : wrong(notUnderstood(words[0]));
  if (word === 'new') return next === undefined ? { what: 'new plan', ...given(plan) } : wrong(notUnderstood(next));
  if (plan === '') return wrong('Which recovery plan is meant? `/dr plans` lists them.');
  const last = tail[2];
  switch (word) {
    case 'show': {
      if (next === undefined) return { what: 'show plan', plan };
      const version = Number(tail[1]?.text);
      if (!Number.isInteger(version) || version < 1) return wrong('The version is to be a number.');
      return last === undefined ? { what: 'show plan', plan, version } : wrong(notUnderstood(last));
    }
    case 'edit': {
      if (next === undefined) return { what: 'edit plan', plan, asText: false };
      const isText = tail[1]?.text.toLowerCase() === 'text' && last === undefined;
      return isText ? { what: 'edit plan', plan, asText: true } : wrong(notUnderstood(tail[1] ?? next));
    }
    case 'copy': {
      if (next === undefined) return { what: 'copy plan', plan };
      const copy = textOf(tail.slice(1));
      return copy === '' ? wrong('The name of the copy is missing.') : { what: 'copy plan', plan, as: copy };
    }
    case 'delete':
      return next === undefined ? { what: 'delete plan', plan } : wrong(notUnderstood(next));
    case 'export':
      return next === undefined ? { what: 'export plan', plan } : wrong(notUnderstood(next));
  }
}

/** `/dr plans`, `/dr groups`, `/dr group show …` and the like. `words`: what follows the first word. */
export function readLibraryCommand(word: 'plans' | 'groups' | 'group', words: readonly Word[]): LibraryWanted | Wrong {
  const [first, ...rest] = words;
  if (first === undefined && word !== 'group') return { what: word };
  if (word === 'plans') return wrongFor(word, notUnderstood(first));
  const todo = keyword(first, GROUP_WORDS);
  if (todo === undefined) {
    return wrongFor('group', first === undefined ? 'What is to be done with which group?' : notUnderstood(first));
  }
  return readGroupCommand(todo, rest);
}

function readGroupCommand(word: GroupWord, words: readonly Word[]): LibraryWanted | Wrong {
  const {
    name: group,
    tail: [next],
  } = named(words, []);
  if (next !== undefined) return wrongFor('group', notUnderstood(next));
  if (word === 'new') return { what: 'new group', ...given(group) };
  if (group === '') return wrongFor('group', 'Which protection group is meant? `/dr groups` lists them.');
  return { what: `${word} group`, group };
}

function wrongFor(word: CommandWord, why: string): Wrong {
  return { problem: `${why}\nThe form is ${formOf(word)}.` };
}

function notUnderstood(word: Word | undefined): string {
  return `I do not understand “${name(word?.text ?? '')}”.`;
}

function keyword<const Known extends string>(word: Word | undefined, known: readonly Known[]): Known | undefined {
  return word?.quoted === false ? known.find((one) => one === word.text.toLowerCase()) : undefined;
}

/** A name in quotation marks, or all words up to a keyword (which then begins `tail`): names have spaces. */
function named(words: readonly Word[], keywords: readonly string[]): { name: string; tail: readonly Word[] } {
  const [first, ...rest] = words;
  if (first?.quoted === true) return { name: first.text.trim(), tail: rest };
  const at = words.findIndex((word, index) => index > 0 && keyword(word, keywords) !== undefined);
  const end = at === -1 ? words.length : at;
  return { name: textOf(words.slice(0, end)), tail: words.slice(end) };
}

function textOf(words: readonly Word[]): string {
  return words
    .map(({ text }) => text)
    .join(' ')
    .trim();
}

function given(name: string): { name?: string } {
  return name === '' ? {} : { name };
}
