import { z } from 'zod';

/** What an application is held to while nothing is launched, and who is told each day. */

const targetShape = {
  /** Minutes that the newest copy of a server may be old. */
  dataAgeMinutes: z.int().min(1).max(10_080),
  /** Days after which a successful drill of all waves is too long ago. */
  drillAgeDays: z.int().min(1).max(3_660),
};

/** Ours: seeds name no figure. DRS aims at seconds, and a copy that is an hour old has something wrong with it. */
const DEFAULT_DATA_AGE_MINUTES = 60;
/** Ours: once a quarter. */
const DEFAULT_DRILL_AGE_DAYS = 90;

/** The document `readiness` of a deployment; it may be missing: then the defaults hold and no digest is sent. */
export const readinessSettingsSchema = z.strictObject({
  dataAgeMinutes: targetShape.dataAgeMinutes.default(DEFAULT_DATA_AGE_MINUTES),
  drillAgeDays: targetShape.drillAgeDays.default(DEFAULT_DRILL_AGE_DAYS),
  /** Once a day, to one channel. @default - none is sent */
  digest: z
    .strictObject({
      channelId: z.string().regex(/^[CG][A-Z0-9]{8,}$/, 'a Slack channel id begins with C or G'),
      /** Time of day, e.g. `08:00`. */
      time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day from 00:00 to 23:59'),
      /** Name of an IANA time zone. */
      timezone: z.string().refine(isTimeZone, 'a time zone such as Europe/Berlin').default('UTC'),
    })
    .optional(),
  /** What differs for an application, by its name. */
  applications: z
    .record(
      z.string().min(1).max(256),
      z.strictObject({
        dataAgeMinutes: targetShape.dataAgeMinutes.optional(),
        drillAgeDays: targetShape.drillAgeDays.optional(),
      }),
    )
    .default({}),
});
export type ReadinessSettings = z.infer<typeof readinessSettingsSchema>;

/** What one application is held to. */
export type ReadinessTargets = Pick<ReadinessSettings, 'dataAgeMinutes' | 'drillAgeDays'>;

/** The targets of an application: its own, where it has some, else those of all. */
export function targetsOf(settings: ReadinessSettings, application: string): ReadinessTargets {
  const own = Object.hasOwn(settings.applications, application) ? settings.applications[application] : undefined;
  return {
    dataAgeMinutes: own?.dataAgeMinutes ?? settings.dataAgeMinutes,
    drillAgeDays: own?.drillAgeDays ?? settings.drillAgeDays,
  };
}

/** How long after its time a digest is still sent, in minutes: later it is no morning's news, and the next one is near. */
const SENT_WITHIN_MINUTES = 6 * 60;
const DAY_MINUTES = 24 * 60;
const HALF_A_DAY_MS = 12 * 60 * 60_000;

/**
 * The day whose digest is due at `now` (milliseconds since the epoch), as a date of its time zone; undefined when none is:
 * it is before its time, or more than six hours after it. Each day has one, also when clocks are changed.
 */
export function dueDigest(
  { time, timezone }: NonNullable<ReadinessSettings['digest']>,
  now: number,
): string | undefined {
  const local = localTime(now, timezone);
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const late = local.minuteOfDay - (hours * 60 + minutes);
  if (late >= 0) return late <= SENT_WITHIN_MINUTES ? local.date : undefined;
  // After midnight the evening's one may still be due. Half a day before such a night's hours it was the day before, also
  // where a day has 23 hours.
  return late + DAY_MINUTES <= SENT_WITHIN_MINUTES ? localTime(now - HALF_A_DAY_MS, timezone).date : undefined;
}

function localTime(at: number, timeZone: string): { date: string; minuteOfDay: number } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  }).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return {
    date: `${of('year')}-${of('month')}-${of('day')}`,
    minuteOfDay: Number(of('hour')) * 60 + Number(of('minute')),
  };
}

/** Offsets have no summer time: what is meant is a place, or UTC. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
