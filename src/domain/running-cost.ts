import type { RunningCost } from './records.ts';

/** A running instance, as far as its price depends on it. */
export interface RunningInstance {
  /** Absent when EC2 has not told it. */
  instanceType?: string;
  region: string;
}

/** US dollars an hour of an instance type in a Region; undefined when nobody knows. */
export type HourlyPrice = (instanceType: string, region: string) => number | undefined;

const HOURS_A_DAY = 24;
/** How instances are called whose type nobody knows. */
const UNKNOWN_TYPE = 'unknown';

/** Each pair of instance type and Region once: what prices are asked for. */
export function pricedTypesOf(instances: readonly RunningInstance[]): { instanceType: string; region: string }[] {
  const types = instances.flatMap(({ instanceType, region }) =>
    instanceType === undefined ? [] : [[`${region}/${instanceType}`, { instanceType, region }] as const],
  );
  return [...new Map(types).values()];
}

/**
 * What instances cost a day while they run, without disks and traffic: the sum over those whose price is known, in whole
 * cents, and the others by their type.
 * @param pricedAt when the prices were read, in milliseconds since the epoch
 */
export function runningCostOf(
  instances: readonly RunningInstance[],
  hourlyPrice: HourlyPrice,
  pricedAt: number,
): RunningCost {
  const unpriced = new Map<string, number>();
  let usdPerHour = 0;
  for (const { instanceType, region } of instances) {
    const price = instanceType === undefined ? undefined : hourlyPrice(instanceType, region);
    if (price === undefined) {
      const type = instanceType ?? UNKNOWN_TYPE;
      unpriced.set(type, (unpriced.get(type) ?? 0) + 1);
    } else usdPerHour += price;
  }
  return {
    usdPerDay: Math.round(usdPerHour * HOURS_A_DAY * 100) / 100,
    instances: instances.length,
    unpriced: [...unpriced]
      .map(([instanceType, count]) => ({ instanceType, instances: count }))
      .sort((a, b) => (a.instanceType < b.instanceType ? -1 : 1)),
    pricedAt,
  };
}
