/** How each token of Slack's date format is written; `_pretty` ones say today, yesterday and tomorrow. */
const FORMATS: Readonly<Record<string, Intl.DateTimeFormatOptions>> = {
  date_num: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date: { year: 'numeric', month: 'long', day: 'numeric' },
  date_short: { year: 'numeric', month: 'short', day: 'numeric' },
  date_long: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  time: { hour: '2-digit', minute: '2-digit' },
  time_secs: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
};

const DAY_MS = 86_400_000;

/** Midnight before a time, in the reader's time zone. */
export function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** `today`, `yesterday` or `tomorrow`, or undefined for any other day. */
function nearDay(at: number, now: number): string | undefined {
  // Rounded, because a day on which the clocks change is an hour shorter or longer.
  const days = Math.round((startOfDay(at) - startOfDay(now)) / DAY_MS);
  return { '-1': 'yesterday', '0': 'today', '1': 'tomorrow' }[days];
}

function ago(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1_000);
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

/**
 * A `<!date^…>` of a message in the reader's own time and language.
 * @param format with Slack's tokens, e.g. `{date_short_pretty} at {time}`
 * @param at milliseconds since the Unix epoch
 */
export function slackDate(format: string, at: number, now: number = Date.now()): string {
  return format.replace(/\{(\w+)\}/g, (token: string, name: string) => {
    if (name === 'ago') return ago(at, now);
    const plain = name.replace(/_pretty$/, '');
    const near = plain === name ? undefined : nearDay(at, now);
    const options = FORMATS[plain];
    return near ?? (options === undefined ? token : new Date(at).toLocaleString(undefined, options));
  });
}

/** When a message was posted: the time, and the day too when it was not today. */
export function postedAt(ts: string, now: number = Date.now()): string {
  const at = Number(ts) * 1_000;
  return slackDate(nearDay(at, now) === 'today' ? '{time}' : '{date_short_pretty} {time}', at, now);
}
