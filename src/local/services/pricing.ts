import { z } from 'zod';
import { REGION } from '../accounts.ts';
import { operation, serveJson } from './json-service.ts';
import type { ServiceOptions } from './service.ts';

/** AWS's price list on a loopback port. */
export interface LocalPricing {
  /** For `AWS_ENDPOINT_URL_PRICING`. */
  url: string;
  close(): Promise<void>;
}

/**
 * US dollars an hour of Linux on demand in US East (Ohio), by instance type: some types of practice mode. Source:
 * aws.amazon.com/ec2/pricing/on-demand, 2025. An example, not a price list: what is missing here has no price.
 */
export const HOURLY_USD: Readonly<Record<string, number>> = {
  'm5.large': 0.096,
  'm5.2xlarge': 0.384,
  'r5.4xlarge': 1.008,
  't3.large': 0.0832,
};

/** Attributes of a product besides its type and Region, as the price list writes them. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  servicecode: 'AmazonEC2',
  operatingSystem: 'Linux',
  tenancy: 'Shared',
  preInstalledSw: 'NA',
  capacitystatus: 'Used',
  licenseModel: 'No License required',
};

/** Starts the Price List Query API with GetProducts for AmazonEC2 and filters of the type TERM_MATCH. */
export async function startPricing(options: ServiceOptions): Promise<LocalPricing> {
  const getProducts = operation(
    z.object({
      ServiceCode: z.string(),
      FormatVersion: z.string().nullish(),
      MaxResults: z.int().min(1).max(100).nullish(),
      Filters: z.array(z.object({ Type: z.literal('TERM_MATCH'), Field: z.string(), Value: z.string() })).nullish(),
    }),
    () => '*',
    ({ ServiceCode, Filters, MaxResults }) => {
      const wanted = Object.fromEntries((Filters ?? []).map(({ Field, Value }) => [Field, Value]));
      const products = Object.entries(ServiceCode === 'AmazonEC2' ? HOURLY_USD : {}).map(([instanceType, price]) => ({
        attributes: new Map(Object.entries({ ...ATTRIBUTES, instanceType, regionCode: wanted.regionCode ?? REGION })),
        price,
      }));
      const matching = products.filter(({ attributes }) =>
        Object.entries(wanted).every(([field, value]) => attributes.get(field) === value),
      );
      return {
        FormatVersion: 'aws_v1',
        PriceList: matching.slice(0, MaxResults ?? 100).map(({ attributes, price }) => productText(attributes, price)),
      };
    },
  );
  const server = await serveJson(
    { service: 'pricing', targetPrefix: 'AWSPriceListService', operations: { GetProducts: getProducts } },
    options,
  );
  return { url: server.url, close: () => server.close() };
}

/** A product with its one on-demand price, as the price list writes it. */
function productText(attributes: ReadonlyMap<string, string>, price: number): string {
  const sku = `SKU${attributes.get('instanceType') ?? ''}`;
  return JSON.stringify({
    product: { productFamily: 'Compute Instance', attributes: Object.fromEntries(attributes), sku },
    serviceCode: 'AmazonEC2',
    terms: {
      OnDemand: {
        [`${sku}.JRTCKXETXF`]: {
          priceDimensions: {
            [`${sku}.JRTCKXETXF.6YS6EN2CT7`]: {
              unit: 'Hrs',
              description: `$${price} per On Demand Linux ${attributes.get('instanceType') ?? ''} Instance Hour`,
              pricePerUnit: { USD: price.toFixed(10) },
            },
          },
          sku,
          offerTermCode: 'JRTCKXETXF',
        },
      },
    },
    version: '20250101000000',
    publicationDate: '2025-01-01T00:00:00Z',
  });
}
