import { Cron } from 'croner';

/** A moment that every expression is looked at from, so that the same file is right or wrong on every day. */
const LOOKED_AT_FROM = new Date('2026-01-01T00:00:00Z');

/**
 * Why EventBridge Scheduler would not take an expression, or would never make a run of it; undefined where it would
 * (EventBridge Scheduler user guide, "Schedule types"). The time zone is looked at by whoever calls.
 */
export function scheduleProblem(expression: string): string | undefined {
  const [, kind = '', content = ''] = /^(cron|rate|at)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'rate') return rateProblem(content);
  if (kind === 'at') return atProblem(content);
  return kind === 'cron' ? cronProblem(content) : 'cron(…), rate(…) or at(…)';
}

function rateProblem(content: string): string | undefined {
  return /^[1-9]\d* (minutes?|hours?|days?)$/.test(content)
    ? undefined
    : 'a rate is a whole number and minutes, hours or days, such as rate(7 days)';
}

function atProblem(content: string): string | undefined {
  const wellFormed = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(content);
  // A day that does not exist, the 30th of February, becomes one of the next month.
  const exists = wellFormed && new Date(`${content}Z`).toJSON()?.startsWith(content);
  return exists ? undefined : 'a moment is at(yyyy-mm-ddThh:mm:ss), of a day that there is';
}

function cronProblem(content: string): string | undefined {
  const fields = content.trim().split(/\s+/);
  if (fields.length !== 6) return 'cron(…) has six fields: minute, hour, day of the month, month, weekday, year';
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = fields;
  if ((day === '?') === (weekday === '?')) return 'of day of the month and weekday in cron(…) one is ?';
  // The last Friday is `6L` to EventBridge.
  const ofWeek = weekday.replace(/^([A-Za-z]{3}|[1-7])L$/, '$1#L');
  const any = (field: string) => (field === '?' ? '*' : field);
  try {
    const cron = new Cron([0, minute, hour, any(day), month, any(ofWeek), year].join(' '), {
      ...{ mode: '7-part', alternativeWeekdays: true, paused: true, timezone: 'UTC' },
    });
    return cron.nextRun(LOOKED_AT_FROM) === null ? 'there is no such time: it would never run' : undefined;
  } catch {
    return 'a field of cron(…) has a value that EventBridge Scheduler does not know';
  }
}
