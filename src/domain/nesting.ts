/**
 * True when lists and objects stand in more than `most` others. JSON.parse takes any depth; what walks through it by
 * recursion, JSON.stringify among it, ends in a RangeError at some thousand levels.
 * @param value as JSON.parse gives it: nothing is in itself
 */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? Object.values(one).filter((inner) => typeof inner === 'object') : [],
    );
  }
  return false;
}
