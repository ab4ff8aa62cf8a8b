import type { ScheduleRecord } from '../src/domain/schedule.ts';
import { count, dayAndMoment, escapeText, name } from './message.ts';
import { wavesText } from './verbs.ts';

/** What somebody is told of schedules: texts in mrkdwn, only visible to them. */

/** More would make an answer that nobody reads. */
const MOST_LISTED = 30;

/** `drill of HRP, every sunday 06:00 (Europe/Berlin)`. */
function scheduleText({ application, waves, typed, timeZone, cleanUpAfterHours }: ScheduleRecord): string {
  const which = waves.length === 0 ? '' : ` ${wavesText(waves)}`;
  const after = cleanUpAfterHours === undefined ? '' : `, cleaned up after ${count(cleanUpAfterHours, 'hour')}`;
  return `drill of ${name(application)}${which}, ${escapeText(typed)} (${escapeText(timeZone)})${after}`;
}

/** `/dr schedule`: the schedules that somebody may see, the next one first. */
export function schedulesText(schedules: readonly ScheduleRecord[]): string {
  if (schedules.length === 0) {
    return 'Nothing is scheduled. `/dr schedule drill HRP every sunday 06:00 zone Europe/Berlin` asks for a drill each Sunday.';
  }
  const shown = schedules
    .toSorted((a, b) => a.nextAt - b.nextAt)
    .slice(0, MOST_LISTED)
    .map(
      (schedule) =>
        `• \`${name(schedule.scheduleId)}\` ${scheduleText(schedule)}: next ${dayAndMoment(schedule.nextAt)} in <#${schedule.channelId}>, made by <@${schedule.madeBy.userId}>`,
    );
  const rest = schedules.length - shown.length;
  return [
    '*Schedules.* Each run asks for approval, like any request:',
    ...shown,
    ...(rest > 0 ? [`… and ${rest} more`] : []),
    '`/dr schedule delete <id>` removes one.',
  ].join('\n');
}

/** The answer to a schedule that was stored. */
export function scheduledText(schedule: ScheduleRecord): string {
  return `⏰ Stored as \`${name(schedule.scheduleId)}\`: ${scheduleText(schedule)}. Next ${dayAndMoment(schedule.nextAt)} in this channel. Each run asks for approval, and runs only while you may ask for it. \`/dr schedule delete ${name(schedule.scheduleId)}\` removes it.`;
}

/** The answer to a schedule that would run on a day on which another one of the application does. `day`: e.g. `2026-11-22`. */
export function sameDayText(other: ScheduleRecord, day: string): string {
  return `On ${day} there is a scheduled ${scheduleText(other)} already (\`${name(other.scheduleId)}\`): an application is drilled by the clock once a day at most. Nothing was stored.`;
}

/** The answer to a schedule while somebody else makes one of the same application. */
export function notAloneText(application: string): string {
  return `Somebody else is making a schedule of ${name(application)} at this moment. Nothing was stored: look at \`/dr schedule\`, and try again in a minute.`;
}

/** The answer to a schedule that was deleted. */
export function unscheduledText(schedule: ScheduleRecord): string {
  return `🗑️ Deleted: ${scheduleText(schedule)}. A run that has been asked for already goes on.`;
}

/** The answer where no schedule has such an id, or several do. */
export function noScheduleText(typed: string, found: readonly ScheduleRecord[]): string {
  const them = found.map(({ scheduleId }) => `\`${name(scheduleId)}\``).join(', ');
  return found.length === 0
    ? `There is no schedule ${name(typed)}. \`/dr schedule\` lists them. Nothing was changed.`
    : `${name(typed)} may be any of ${them}: give more of its id. Nothing was changed.`;
}
