/** Groups in the order of first appearance. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * Cuts items into chunks whose weights sum up to at most `most`, in their order. An item that weighs more than `most`
 * by itself has a chunk of its own.
 */
export function chunksOf<T>(items: readonly T[], most: number, weightOf: (item: T) => number = () => 1): T[][] {
  const chunks: T[][] = [];
  let weight = 0;
  for (const item of items) {
    const last = chunks.at(-1);
    if (last === undefined || weight + weightOf(item) > most) {
      chunks.push([item]);
      weight = weightOf(item);
    } else {
      last.push(item);
      weight += weightOf(item);
    }
  }
  return chunks;
}
