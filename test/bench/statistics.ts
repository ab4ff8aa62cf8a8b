/** The middle of some numbers; 0 of none. */
export function median(values: readonly number[]): number {
  return sorted(values)[Math.floor(values.length / 2)] ?? 0;
}

/** The smallest of some numbers that at least `percent` % of them do not exceed (nearest rank); 0 of none. */
export function percentile(values: readonly number[], percent: number): number {
  return sorted(values)[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)] ?? 0;
}

/** All of them together. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** How often each text is there, in the order in which they come first. */
export function counted(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((one, other) => one - other);
}
