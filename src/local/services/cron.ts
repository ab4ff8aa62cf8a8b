/**
 * AWS's cron expressions: `minutes hours day-of-month month day-of-week year`. Source: EventBridge Scheduler user guide,
 * "Schedule types", and EventBridge user guide, "Cron expressions reference".
 */
export interface CronExpression {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  months: ReadonlySet<number>;
  years: ReadonlySet<number>;
  /** Whether a day of a month (the latter from 1) is meant. */
  matchesDay(year: number, month: number, day: number): boolean;
}

interface Range {
  name: string;
  least: number;
  most: number;
  names?: readonly string[];
}

const MINUTES: Range = { name: 'minutes', least: 0, most: 59 };
const HOURS: Range = { name: 'hours', least: 0, most: 23 };
const DAYS: Range = { name: 'day-of-month', least: 1, most: 31 };
const MONTH_NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const MONTHS: Range = { name: 'month', least: 1, most: 12, names: MONTH_NAMES };
const WEEKDAYS: Range = {
  name: 'day-of-week',
  least: 1,
  most: 7,
  names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
};
const YEARS: Range = { name: 'year', least: 1970, most: 2199 };

const DAY_MS = 86_400_000;
/** No time zone has ever moved its clocks by more than this at once, apart from the day that some islands skipped. */
const LARGEST_SHIFT_MS = 3 * 3_600_000;

/** Reads the six fields of a cron expression. @throws {Error} when they are not AWS's */
export function parseCron(fields: string): CronExpression {
  const [minutes, hours, days, months, weekdays, years, ...others] = fields.trim().split(/\s+/);
  if (years === undefined || others.length > 0) throw new Error(`cron(${fields}) must have six fields`);
  // "If you specify a value or * in one of the fields, you must use a ? in the other."
  if ((days === '?') === (weekdays === '?')) {
    throw new Error(`cron(${fields}) must have ? in one of day-of-month and day-of-week`);
  }
  return {
    minutes: setOf(minutes, MINUTES),
    hours: setOf(hours, HOURS),
    months: setOf(months, MONTHS),
    years: setOf(years, YEARS),
    matchesDay: days === '?' ? weekdayRule(weekdays ?? '') : dayRule(days ?? ''),
  };
}

function dayRule(field: string): CronExpression['matchesDay'] {
  if (field === 'L') return (year, month, day) => day === lastDay(year, month);
  const weekday = /^(\d+)W$/.exec(field)?.[1];
  if (weekday === undefined) {
    const days = setOf(field, DAYS);
    return (_year, _month, day) => days.has(day);
  }
  const wanted = number(weekday, DAYS);
  return (year, month, day) => day === nearestWeekday(year, month, wanted);
}

/** "3W specifies the weekday closest to the third day of the month"; as in every cron that has W, in the same month. */
function nearestWeekday(year: number, month: number, wanted: number): number | undefined {
  const last = lastDay(year, month);
  if (wanted > last) return undefined;
  const weekday = weekdayOf(year, month, wanted);
  if (weekday === 7) return wanted === 1 ? 3 : wanted - 1;
  if (weekday === 1) return wanted === last ? wanted - 2 : wanted + 1;
  return wanted;
}

function weekdayRule(field: string): CronExpression['matchesDay'] {
  const [, lastOne] = /^(\w+)L$/.exec(field) ?? [];
  if (lastOne !== undefined) {
    const wanted = number(lastOne, WEEKDAYS);
    return (year, month, day) => weekdayOf(year, month, day) === wanted && day + 7 > lastDay(year, month);
  }
  // "The # wildcard specifies a certain instance of the day of the week within a month": 3#2 is the second Tuesday.
  const [, instanceOf, instance] = /^(\w+)#([1-5])$/.exec(field) ?? [];
  if (instanceOf !== undefined) {
    const wanted = number(instanceOf, WEEKDAYS);
    return (year, month, day) => weekdayOf(year, month, day) === wanted && Math.ceil(day / 7) === Number(instance);
  }
  const weekdays = setOf(field === 'L' ? '7' : field, WEEKDAYS);
  return (year, month, day) => weekdays.has(weekdayOf(year, month, day));
}

/** 1 is Sunday. */
function weekdayOf(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
}

function lastDay(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function setOf(field: string | undefined, range: Range): ReadonlySet<number> {
  return new Set((field ?? '').split(',').flatMap((part) => numbers(part, range)));
}

/** One part of a list: a number, a name, a range, everything, or one of these with an increment. */
function numbers(part: string, range: Range): number[] {
  const [, from = '', to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
  const least = from === '*' ? range.least : number(from, range);
  const alone = from !== '*' && step === undefined ? least : range.most;
  const most = to === undefined ? alone : number(to, range);
  const increment = step === undefined ? 1 : Number(step);
  if (most < least || increment < 1) throw wrong(part, range);
  return Array.from({ length: Math.floor((most - least) / increment) + 1 }, (_, index) => least + index * increment);
}

function number(text: string, range: Range): number {
  const named = range.names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + range.least : Number(text);
  if (!/^\w+$/.test(text) || !Number.isInteger(value) || value < range.least || value > range.most) {
    throw wrong(text, range);
  }
  return value;
}

function wrong(text: string, range: Range): Error {
  return new Error(`"${text}" is not valid in the field ${range.name} of a cron expression`);
}

/**
 * The first moment after `after` (both milliseconds since the epoch) that an expression means in a time zone; undefined
 * when there is none. A time that the clocks skip in spring is left out; one that they repeat in autumn happens once, the
 * first time (EventBridge Scheduler user guide, "Daylight savings time").
 */
export function nextCronTime(cron: CronExpression, after: number, timezone: string): number | undefined {
  const hours = sorted(cron.hours);
  const minutes = sorted(cron.minutes);
  const localNow = after + offsetAt(after, timezone);
  const end = Date.UTC(Math.max(...cron.years) + 1, 0, 1);
  for (let day = startOfDay(localNow - LARGEST_SHIFT_MS); day < end; day += DAY_MS) {
    const date = new Date(day);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
    if (!cron.years.has(year) || !cron.months.has(month)) continue;
    if (!cron.matchesDay(year, month, date.getUTCDate())) continue;
    for (const local of hours.flatMap((hour) => minutes.map((minute) => day + (hour * 60 + minute) * 60_000))) {
      const instant = local > localNow - LARGEST_SHIFT_MS ? toInstant(local, timezone) : undefined;
      if (instant !== undefined && instant > after) return instant;
    }
  }
  return undefined;
}

function sorted(values: ReadonlySet<number>): number[] {
  return [...values].sort((a, b) => a - b);
}

function startOfDay(local: number): number {
  return Math.floor(local / DAY_MS) * DAY_MS;
}

/**
 * The instant of a local time, which is written as if it were UTC; undefined when the clocks skip it, the earlier one when
 * it comes twice.
 */
export function toInstant(local: number, timezone: string): number | undefined {
  const candidates = [local - DAY_MS, local + DAY_MS].map((near) => local - offsetAt(near, timezone));
  const instants = candidates.filter((instant) => instant + offsetAt(instant, timezone) === local);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a time zone's clocks show beyond UTC at an instant, in milliseconds. @throws {RangeError} when there is no such zone */
export function offsetAt(instant: number, timezone: string): number {
  if (timezone === 'UTC') return 0;
  const format =
    formats.get(timezone) ?? new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  formats.set(timezone, format);
  const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes, seconds] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? [];
  const total = (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
  return sign === '-' ? -total : total;
}
