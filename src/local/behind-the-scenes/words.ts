const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });

/** e.g. `14:03:20`. */
export function timeText(at: number): string {
  return TIME.format(at);
}

/** e.g. `Mon 2 Mar, 14:03:20`. */
export function dayText(at: number): string {
  return `${DAY.format(at).replace(',', '')}, ${timeText(at)}`;
}

/** e.g. `1 h 02 min`, `3 min 20 s`, `4 s`. Less than a second, which is most of what takes no simulated time, is `0 s`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s` : `${seconds} s`;
}

/** e.g. `812 bytes`, `12.4 KB`: KB are 1024 bytes, as in Step Functions' limit of 256 KB. */
export function bytesText(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KB`;
}

/** e.g. `25,000`. */
export function numberText(value: number): string {
  return value.toLocaleString('en-US');
}

/** e.g. `1 call`, `2 calls`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** A status as a word for people: `TIMED_OUT` is `timed out`. */
export function statusText(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}
