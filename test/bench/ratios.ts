/**
 * What a benchmark is compared by, each with a name that says of what against what: ours divided by something that was
 * measured in the same run, so that a faster machine changes nothing. Smaller is better.
 */
export type Ratios = Readonly<Record<string, number>>;

/** A benchmark's ratios, with when and where they were measured. */
export interface StoredRatios {
  /** `yyyy-mm-dd`. */
  date: string;
  machine: string;
  ratios: Ratios;
}

/** Everything that docs/benchmarks.json holds, by the benchmark's name. */
export type Stored = Readonly<Record<string, StoredRatios>>;

/** How many times the committed ratio a measured one may be. */
export const MOST_TIMES = 1.2;

/**
 * A sentence for each ratio of one benchmark that got worse by more than 20 %, or that cannot be compared because it is
 * new or gone.
 */
export function worseRatios(committed: Ratios, measured: Ratios): string[] {
  const names = [...new Set([...Object.keys(committed), ...Object.keys(measured)])];
  return names.flatMap((name) => {
    const [before, now] = [committed[name], measured[name]];
    if (before === undefined)
      return [`“${name}” has no committed ratio: run the benchmark without --check and commit it.`];
    if (now === undefined) return [`“${name}” was committed as ${shown(before)} and is no longer measured.`];
    if (now <= before * MOST_TIMES) return [];
    return [`“${name}” is ${shown(now)}, and was committed as ${shown(before)}: worse by ${percentMore(before, now)}.`];
  });
}

/** Of two measurements of the same, the better ratio of each: what disturbs a machine makes it slower, never faster. */
export function betterOf(one: Ratios, other: Ratios): Ratios {
  return Object.fromEntries(Object.entries(one).map(([name, ratio]) => [name, Math.min(ratio, other[name] ?? ratio)]));
}

/** Rounded to as many digits as two runs may agree in. */
export function rounded(ratios: Ratios): Ratios {
  return Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toPrecision(4))]));
}

function percentMore(before: number, now: number): string {
  return before === 0 ? 'more than can be said in percent' : `${((now / before - 1) * 100).toFixed(0)} %`;
}

function shown(ratio: number): string {
  return String(Number(ratio.toPrecision(3)));
}
