const ISO = /^P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/;

/** `PT1H20M` as `1 h 20 min`; text that is no ISO 8601 duration is given back as it is. */
export function spokenDuration(iso: string): string {
  const match = ISO.exec(iso);
  if (match === null) return iso;
  const units = ['d', 'h', 'min', 's'];
  const parts = units.flatMap((unit, index) => {
    const amount = Number(match[index + 1] ?? 0);
    return amount === 0 ? [] : [`${amount} ${unit}`];
  });
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
}

/** An ISO 8601 duration in whole seconds; undefined for text that is none. */
export function secondsOf(iso: string): number | undefined {
  const match = ISO.exec(iso);
  if (match === null) return undefined;
  return [86_400, 3_600, 60, 1].reduce((sum, seconds, index) => sum + seconds * Number(match[index + 1] ?? 0), 0);
}

/** Seconds as an ISO 8601 duration, e.g. 2730 as `PT45M30S`. */
export function isoDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = seconds % 60;
  const text = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest > 0 || seconds === 0 ? `${rest}S` : ''}`;
  return `PT${text}`;
}
