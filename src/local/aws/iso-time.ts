const DURATION = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds (`P1DT2H`); undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const parts = DURATION.exec(text);
  if (parts === null || text.length < 3) return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}

/** A moment (milliseconds since the epoch) as DRS and EC2 write it, e.g. `2026-03-02T03:00:00.000Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Milliseconds as an ISO 8601 duration of hours, minutes and whole seconds, e.g. `PT48M12S`. */
export function isoDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'H'],
    [Math.floor(seconds / 60) % 60, 'M'],
    [seconds % 60, 'S'],
  ] as const;
  const shown = parts.filter(([value]) => value > 0).map(([value, unit]) => `${value}${unit}`);
  return `PT${shown.length === 0 ? '0S' : shown.join('')}`;
}
