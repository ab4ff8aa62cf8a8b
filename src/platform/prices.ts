import { GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
import { z } from 'zod';
import { messageOf } from '../domain/errors.ts';
import { concurrently } from './concurrently.ts';
import type { Platform } from './platform.ts';

/**
 * Regions with an endpoint of the Price List Query API (AWS Billing user guide, "Service endpoints"): the nearest to a
 * Region, by what its name begins with. They all know the prices of every Region of the partition `aws`.
 */
const ENDPOINTS = { eu: 'eu-central-1', ap: 'ap-south-1' } as const;
const DEFAULT_ENDPOINT = 'us-east-1';
/** In real milliseconds: nobody waits for a price. */
const CALL_TIMEOUT_MS = 3_000;
const MOST_CALLS = 5;

/** What is read of a product of the price list (Price List service, "Reading the service price list file"). */
const productSchema = z.object({
  terms: z.object({
    OnDemand: z
      .record(
        z.string(),
        z.object({
          priceDimensions: z.record(
            z.string(),
            z.object({ unit: z.string(), pricePerUnit: z.record(z.string(), z.string()) }),
          ),
        }),
      )
      .optional(),
  }),
});

/** One instance type in one Region. */
export interface PricedType {
  instanceType: string;
  region: string;
}

/** AWS's list prices. */
export interface Prices {
  /**
   * US dollars an hour for Linux on demand, on shared hardware, without disks: in the order of `types`; undefined for what
   * AWS does not tell, for whatever reason.
   */
  hourly(types: readonly PricedType[]): Promise<(number | undefined)[]>;
}

/** Reads AWS's public price list. */
export function prices(platform: Platform): Prices {
  return {
    hourly: (types) =>
      concurrently(types, MOST_CALLS, async (type) => {
        try {
          return await ask(type);
        } catch (error) {
          platform.log.warn('A price could not be read', { ...type, error: messageOf(error) });
          return undefined;
        }
      }),
  };

  async function ask({ instanceType, region }: PricedType): Promise<number | undefined> {
    const client = new PricingClient({
      region: endpointFor(region),
      credentials: platform.credentials,
      maxAttempts: 2,
      requestHandler: { connectionTimeout: CALL_TIMEOUT_MS, requestTimeout: CALL_TIMEOUT_MS },
    });
    const equals = (Field: string, Value: string) => ({ Type: 'TERM_MATCH' as const, Field, Value });
    const { PriceList = [] } = await client.send(
      new GetProductsCommand({
        ServiceCode: 'AmazonEC2',
        FormatVersion: 'aws_v1',
        MaxResults: 10,
        Filters: [
          equals('regionCode', region),
          equals('instanceType', instanceType),
          equals('operatingSystem', 'Linux'),
          equals('tenancy', 'Shared'),
          equals('preInstalledSw', 'NA'),
          // Neither a capacity reservation that nobody uses nor one that is paid for already.
          equals('capacitystatus', 'Used'),
        ],
      }),
    );
    return hourlyPriceOf(PriceList.map(String));
  }
}

function endpointFor(region: string): string {
  return Object.entries(ENDPOINTS).find(([start]) => region.startsWith(`${start}-`))?.[1] ?? DEFAULT_ENDPOINT;
}

/** US dollars an hour, of products as the price list has them; undefined for none, or several that differ. */
export function hourlyPriceOf(products: readonly string[]): number | undefined {
  const found = new Set(products.flatMap(hourlyPrices));
  const [price] = found;
  return found.size === 1 ? price : undefined;
}

function hourlyPrices(product: string): number[] {
  const { OnDemand = {} } = productSchema.parse(JSON.parse(product)).terms;
  return Object.values(OnDemand)
    .flatMap(({ priceDimensions }) => Object.values(priceDimensions))
    .filter(({ unit }) => unit === 'Hrs')
    .map(({ pricePerUnit }) => Number(pricePerUnit.USD))
    .filter((price) => Number.isFinite(price) && price > 0);
}
