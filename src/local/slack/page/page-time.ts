let ahead = 0;

/** Takes over the practice's time, which messages and cards are written in. */
export function setPageTime(now: number): void {
  ahead = now - Date.now();
}

/** The time of the messages: milliseconds since the epoch. Real time where the practice has none of its own. */
export function pageNow(): number {
  return Date.now() + ahead;
}
