import { Cron } from 'croner';
import type { Timing } from '../domain/schedule.ts';

/** When schedules run: what people type for it, and the moments that it means. */

/** The time zone of a schedule that names none. */
export const DEFAULT_TIME_ZONE = 'UTC';
/** Days in which two schedules of an application are looked at for runs on the same day: a year, so that any pair shows. */
const COMPARED_DAYS = 366;
const DAY_MS = 24 * 3_600_000;

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const ORDINALS = ['first', 'second', 'third', 'fourth'];
const EXAMPLES = '`every sunday 06:00`, `every first monday 06:00` or `"cron(0 6 ? * SUN *)"`';

/**
 * Reads when a schedule runs, at most once a day: `every day|weekday|sunday|monday,thursday|first monday 06:00`, or a cron
 * expression as EventBridge takes it (user guide, "Cron expressions"), for every year.
 * @returns the five fields, or what is wrong, in mrkdwn without anything of what was typed
 */
export function readTiming(typed: string): { cron: string } | { problem: string } {
  const text = typed.trim().replace(/\s+/g, ' ').toLowerCase();
  const [, fields] = /^cron\((.*)\)$/.exec(text) ?? [];
  const read = fields === undefined ? readPlainForm(text) : readCron(fields.trim().toUpperCase());
  if ('problem' in read) return read;
  try {
    if (nextRunAfter({ ...read, timeZone: DEFAULT_TIME_ZONE }, Date.UTC(2024, 0, 1)) !== undefined) return read;
    return { problem: 'There is no such day: it would never run.' };
  } catch {
    return { problem: `That is no time that I can read. Examples: ${EXAMPLES}.` };
  }
}

function readPlainForm(text: string): { cron: string } | { problem: string } {
  const [, days = '', hours = '', minutes = ''] = /^every (.+?)(?: at)? (\d{1,2}):(\d{2})$/.exec(text) ?? [];
  const weekdays = days === '' ? undefined : weekdaysOf(days);
  if (weekdays === undefined) return { problem: `When is it to run? For example ${EXAMPLES}.` };
  if (Number(hours) > 23 || Number(minutes) > 59) return { problem: 'The time of day is from 00:00 to 23:59.' };
  return { cron: `${Number(minutes)} ${Number(hours)} * * ${weekdays}` };
}

/** The last field of a cron expression; undefined for what is no day. */
function weekdaysOf(days: string): string | undefined {
  if (days === 'day') return '*';
  if (days === 'weekday') return 'MON-FRI';
  const [first = '', day = ''] = days.split(' ');
  const nth = first === 'last' ? 'L' : String(ORDINALS.indexOf(first) + 1);
  if (nth !== '0' && WEEKDAYS.includes(day)) return `${shortDay(day)}#${nth}`;
  const named = days.split(/ ?, ?| and /);
  return named.every((one) => WEEKDAYS.includes(one)) ? named.map(shortDay).join(',') : undefined;
}

function shortDay(day: string): string {
  return day.slice(0, 3).toUpperCase();
}

function readCron(fields: string): { cron: string } | { problem: string } {
  const [minute = '', hour = '', day = '', month = '', weekday = '', year, ...more] = fields.split(' ');
  if (year === undefined || more.length > 0) {
    return { problem: 'A cron expression has six fields: minute, hour, day of the month, month, weekday, year.' };
  }
  if (year !== '*') return { problem: 'A schedule is for every year: the last field is `*`.' };
  if (!/^\d{1,2}$/.test(minute) || !/^\d{1,2}$/.test(hour)) {
    return { problem: 'A drill is scheduled at most once a day: minute and hour are one number each.' };
  }
  if ((day === '?') === (weekday === '?')) {
    return { problem: 'One of the fields for the day of the month and for the weekday is `?`, as EventBridge has it.' };
  }
  // The last Friday is `6L` to EventBridge.
  const ofWeek = weekday.replace(/^([A-Z]{3}|[1-7])L$/, '$1#L');
  if (!/^[0-9A-Z,*/-]+$/.test(month) || !/^[0-9,*/LW?-]+$/.test(day) || !/^[0-9A-Z,*#?-]+$/.test(ofWeek)) {
    return { problem: `That is no cron expression that I can read. Examples: ${EXAMPLES}.` };
  }
  const any = (field: string) => (field === '?' ? '*' : field);
  return { cron: `${minute} ${hour} ${any(day)} ${month} ${any(ofWeek)}` };
}

/** A time zone by the name that IANA has for it; undefined for one that there is not. */
export function readTimeZone(typed: string): string | undefined {
  // Offsets have no summer time: what is meant is a place.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(typed)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: typed }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The first run after `after`, both in milliseconds since the epoch; undefined when there is none. A time that does not
 * exist on a day, because clocks are put forward, is an hour later then; of one that is there twice the first counts.
 */
export function nextRunAfter({ cron, timeZone }: Timing, after: number): number | undefined {
  return cronOf({ cron, timeZone }).nextRun(new Date(after))?.getTime();
}

/** The runs after `after` and not after `until`, at most `most`; in milliseconds since the epoch. */
export function runsBetween(timing: Timing, after: number, until: number, most: number): number[] {
  const cron = cronOf(timing);
  const runs: number[] = [];
  for (let next = cron.nextRun(new Date(after)); next !== null && runs.length < most; next = cron.nextRun(next)) {
    if (next.getTime() > until) break;
    runs.push(next.getTime());
  }
  return runs;
}

function cronOf({ cron, timeZone }: Timing): Cron {
  return new Cron(cron, { timezone: timeZone, alternativeWeekdays: true, mode: '5-part', paused: true });
}

/**
 * The first day on which two schedules both run, by the first one's time zone, e.g. `2026-11-22`; undefined for none within
 * a year.
 */
export function firstSharedDay(a: Timing, b: Timing, after: number): string | undefined {
  const days = (timing: Timing) => {
    const format = new Intl.DateTimeFormat('en-CA', { timeZone: a.timeZone, dateStyle: 'short' });
    const runs = runsBetween(timing, after, after + COMPARED_DAYS * DAY_MS, COMPARED_DAYS);
    return runs.map((run) => format.format(run));
  };
  const others = new Set(days(b));
  return days(a).find((day) => others.has(day));
}
