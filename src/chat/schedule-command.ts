import { name } from '../../blocks/message.ts';
import type { Timing } from '../domain/schedule.ts';
import { PLANNED_VERBS } from '../domain/vocabulary.ts';
import { DEFAULT_TIME_ZONE, readTimeZone, readTiming } from '../requests/timing.ts';
import type { Wanted } from './command.ts';
import type { Word } from './words.ts';

/** When a schedule runs, with what was typed for it. */
export type TypedTiming = Timing & { typed: string };

/** What somebody wants of schedules. */
export type ScheduleWanted =
  | { what: 'list' }
  | { what: 'delete'; scheduleId: string }
  | { what: 'make'; wanted: Wanted; timing: TypedTiming };

/** What was typed after `/dr schedule`, with the words of the drill that are still to be read. */
export type ScheduleWords =
  | Exclude<ScheduleWanted, { what: 'make' }>
  | { what: 'make'; words: Word[]; timing: TypedTiming }
  | { problem: string };

/** Fewer characters name nothing; ids have eight. */
const SCHEDULE_ID = /^[0-9a-f]{4,8}$/;
/** `every sunday, monday and thursday at 06:00` has fewer words. */
const MOST_TIMING_WORDS = 16;

/** Reads what follows `/dr schedule`: nothing, `delete <id>`, or `drill <application> <when> [zone <place>] …`. */
export function readScheduleWords(words: readonly Word[]): ScheduleWords {
  const [first, application, ...rest] = words;
  if (first === undefined || keyword(first) === 'list') return { what: 'list' };
  if (keyword(first) === 'delete') return readDelete(application, rest);
  const verb = PLANNED_VERBS.find((known) => known === keyword(first));
  if (verb === undefined) return { problem: `I do not understand “${name(first.text)}”.` };
  if (verb !== 'drill') return { problem: `Only drills are scheduled: nobody asks for a ${verb} by the clock.` };
  if (application === undefined) return { problem: 'Which application is meant?' };
  const when = takeTiming(rest);
  const zone = takeZone(when.rest);
  if ('problem' in zone) return zone;
  const timing = readTiming(when.typed);
  if ('problem' in timing) return timing;
  const { timeZone, rest: others } = zone;
  return { what: 'make', words: [application, ...others], timing: { ...timing, timeZone, typed: when.typed } };
}

function readDelete(typed: Word | undefined, [more]: readonly Word[]): ScheduleWords {
  const id = typed?.text.toLowerCase() ?? '';
  if (more !== undefined) return { problem: `I do not understand “${name(more.text)}”.` };
  return SCHEDULE_ID.test(id)
    ? { what: 'delete', scheduleId: id }
    : { problem: 'Which schedule? `/dr schedule` lists them with their ids.' };
}

/** The words that say when: one in quotation marks, `cron(…)`, or `every` up to a time of day. */
function takeTiming(words: readonly Word[]): { typed: string; rest: Word[] } {
  const [first] = words;
  if (first === undefined) return { typed: '', rest: [] };
  if (first.quoted) return { typed: first.text, rest: words.slice(1) };
  const isLast = first.text.toLowerCase().startsWith('cron(')
    ? ({ text }: Word) => text.endsWith(')')
    : ({ text }: Word) => /^\d{1,2}:\d{2}$/.test(text);
  const end = words.slice(0, MOST_TIMING_WORDS).findIndex(isLast);
  const count = end < 0 ? 0 : end + 1;
  const typed = words.slice(0, count).map(({ text }) => text);
  return { typed: typed.join(' '), rest: words.slice(count) };
}

/** `zone <place>`, right after the time or before the reason. */
function takeZone(words: readonly Word[]): { timeZone: string; rest: Word[] } | { problem: string } {
  const reason = words.findIndex((word) => keyword(word) === 'reason');
  const at = words.findIndex((word) => keyword(word) === 'zone');
  if (at < 0 || (reason >= 0 && reason < at)) return { timeZone: DEFAULT_TIME_ZONE, rest: [...words] };
  const typed = words[at + 1]?.text ?? '';
  const timeZone = readTimeZone(typed);
  if (timeZone === undefined) {
    return { problem: `“${name(typed)}” is no time zone: they are called like Europe/Berlin.` };
  }
  return { timeZone, rest: [...words.slice(0, at), ...words.slice(at + 2)] };
}

function keyword({ quoted, text }: Word): string | undefined {
  return quoted ? undefined : text.toLowerCase();
}
