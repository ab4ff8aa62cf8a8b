import { describe, expect, it } from 'vitest';
import { pricedTypesOf, runningCostOf } from '../../src/domain/running-cost.ts';

const PRICES: Record<string, number> = { 'us-east-2/m5.large': 0.096, 'us-east-2/t3.large': 0.0832 };
const priceOf = (instanceType: string, region: string) => PRICES[`${region}/${instanceType}`];
const of = (instanceType: string | undefined, region = 'us-east-2') => ({ instanceType, region });

describe('what running instances cost a day', () => {
  it('is the sum of their hourly prices over 24 hours, in whole cents', () => {
    const instances = [of('m5.large'), of('m5.large'), of('t3.large')];
    expect(runningCostOf(instances, priceOf, 7)).toEqual({ usdPerDay: 6.6, instances: 3, unpriced: [], pricedAt: 7 });
  });

  it('leaves out what has no price, and says so by type', () => {
    const instances = [of('m5.large'), of('x9.huge'), of('x9.huge'), of('a1.tiny'), of(undefined)];
    expect(runningCostOf(instances, priceOf, 7)).toEqual({
      usdPerDay: 2.3,
      instances: 5,
      unpriced: [
        { instanceType: 'a1.tiny', instances: 1 },
        { instanceType: 'unknown', instances: 1 },
        { instanceType: 'x9.huge', instances: 2 },
      ],
      pricedAt: 7,
    });
  });

  it('goes by the Region', () => {
    expect(runningCostOf([of('m5.large', 'eu-west-1')], priceOf, 7)).toMatchObject({ usdPerDay: 0 });
  });

  it('asks for each type of a Region once', () => {
    const instances = [of('m5.large'), of('m5.large'), of('m5.large', 'eu-west-1'), of(undefined)];
    expect(pricedTypesOf(instances)).toEqual([of('m5.large'), of('m5.large', 'eu-west-1')]);
  });
});
