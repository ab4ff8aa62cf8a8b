import type { Person } from './access.ts';

/** Drills that are asked for by the clock. Each run is a request like another: people approve it, or nothing happens. */

/** Partition of the schedules. */
export const SCHEDULES_KEY = 'SCHEDULES';

/** When something is due, in a time zone. */
export interface Timing {
  /**
   * Five fields as in cron: minute, hour, day of the month, month, weekday. Weekdays have EventBridge's numbers, 1 for
   * Sunday.
   */
  cron: string;
  /** Name of the IANA time zone, e.g. `Europe/Berlin`. */
  timeZone: string;
}

/** `SCHEDULE#<id>` under {@link SCHEDULES_KEY}: which drill is asked for, and when. */
export interface ScheduleRecord extends Timing {
  /** Eight hexadecimal digits. */
  scheduleId: string;
  application: string;
  /** Those that were named; empty for all there are at each run: of the recovery plan, or by tag. */
  waves: number[];
  reason?: string;
  ticket?: string;
  cleanUpAfterHours?: number;
  /** When, as it was typed: for showing. */
  typed: string;
  /** Where each run's card is shown. */
  channelId: string;
  madeBy: Person;
  /** Milliseconds since the epoch. */
  madeAt: number;
  /** The next run, in milliseconds since the epoch; moves with each run. */
  nextAt: number;
  /** Who deleted it: it runs no more. `at`: milliseconds since the epoch. */
  deleted?: Person & { at: number };
}
