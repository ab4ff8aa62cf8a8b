import { expect, it, onTestFinished, vi } from 'vitest';
import { startPricing } from '../../src/local/services/pricing.ts';
import { hourlyPriceOf, prices } from '../../src/platform/prices.ts';
import { closing, simulatedAws } from '../local/services/simulated-aws.ts';

const product = (...pricesPerHour: [unit: string, usd: string][]) =>
  JSON.stringify({
    product: { attributes: { instanceType: 'm5.large' } },
    terms: {
      OnDemand: Object.fromEntries(
        pricesPerHour.map(([unit, USD], at) => [`T${at}`, { priceDimensions: { D: { unit, pricePerUnit: { USD } } } }]),
      ),
      Reserved: { R: { priceDimensions: { D: { unit: 'Hrs', pricePerUnit: { USD: '0.01' } } } } },
    },
  });

async function startWorld() {
  const aws = simulatedAws();
  const pricing = await startPricing(aws.options);
  closing(pricing);
  vi.stubEnv('AWS_ENDPOINT_URL_PRICING', pricing.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const warnings: string[] = [];
  const platform = {
    environment: {},
    credentials: aws.identities.forRole('arn:aws:iam::900000000000:role/dr-chatops-finish'),
    now: () => 0,
    log: { info: () => {}, warn: (message: string) => void warnings.push(message), error: () => {} },
  };
  return { ...aws, prices: prices(platform), warnings };
}

it('reads the hourly list price of each type, and leaves open what has none', async () => {
  const world = await startWorld();
  const types = ['m5.large', 'x9.huge', 't3.large'].map((instanceType) => ({ instanceType, region: 'us-east-2' }));
  expect(await world.prices.hourly(types)).toEqual([0.096, undefined, 0.0832]);
  expect(world.calls.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(
    Array.from({ length: 3 }, () => 'GetProducts ok'),
  );
});

it('leaves open what cannot be asked', async () => {
  const world = await startWorld();
  vi.stubEnv('AWS_ENDPOINT_URL_PRICING', 'http://127.0.0.1:1');
  expect(await world.prices.hourly([{ instanceType: 'm5.large', region: 'us-east-2' }])).toEqual([undefined]);
  expect(world.warnings).toEqual(['A price could not be read']);
});

it('takes the price per hour on demand, and none where several could be meant', () => {
  expect(hourlyPriceOf([product(['Hrs', '0.0960000000'])])).toBe(0.096);
  expect(hourlyPriceOf([product(['Hrs', '0.096'], ['Quantity', '100']), product(['Hrs', '0.096'])])).toBe(0.096);
  expect(hourlyPriceOf([product(['Hrs', '0.096']), product(['Hrs', '0.2'])])).toBeUndefined();
  expect(hourlyPriceOf([product(['Hrs', '0.0000000000'])])).toBeUndefined();
  expect(hourlyPriceOf([])).toBeUndefined();
});
