/**
 * AWS's list prices for us-east-2 (Ohio) in US dollars, without free tiers and discounts. `page` is where AWS says it. Most of
 * these pages fill their figures in by script, so that a stored copy lacks them; `readIn` is then where the figure was read.
 */

/** When the prices were read. Who changes one changes this. */
export const PRICES_READ_ON = '2026-11-21';

/** A price: `usd` for `per` of `unit`. */
export interface Price {
  /** What is paid for, as a row of the table names it. */
  name: string;
  /** What is counted. */
  unit: string;
  usd: number;
  per: number;
  page: string;
  /** @default - the page itself */
  readIn?: string;
}

const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const DYNAMODB = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';
const KMS = 'https://aws.amazon.com/kms/pricing/';
const S3 = 'https://aws.amazon.com/s3/pricing/';
const SECRETS = 'https://aws.amazon.com/secrets-manager/pricing/';
const LAMBDA_COPY = 'https://cloudchipr.com/blog/aws-lambda-pricing';
const DYNAMODB_COPY = 'https://airbyte.com/data-engineering-resources/dynamodb-pricing';
const CLOUDWATCH_COPY = 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/';
const KMS_COPY = 'https://www.wring.co/blog/aws-kms-pricing-guide';
const SECRETS_COPY = 'https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms';
const S3_COPY = 'https://c3x.dev/blog/s3-request-fees-explained';
const MILLION = 1_000_000;

export const PRICES = {
  stateTransitions: {
    ...{ name: 'Step Functions, Standard', unit: 'state transitions', usd: 0.025, per: 1_000 },
    page: 'https://aws.amazon.com/step-functions/pricing/',
  },
  lambdaSeconds: {
    ...{ name: 'Lambda, Arm', unit: 'GB-seconds', usd: 0.0000133334, per: 1 },
    ...{ page: LAMBDA, readIn: LAMBDA_COPY },
  },
  lambdaRequests: {
    ...{ name: 'Lambda', unit: 'requests', usd: 0.2, per: MILLION },
    ...{ page: LAMBDA, readIn: LAMBDA_COPY },
  },
  dynamodbWrites: {
    ...{ name: 'DynamoDB, with indexes', unit: 'write request units', usd: 0.625, per: MILLION },
    ...{ page: DYNAMODB, readIn: DYNAMODB_COPY },
  },
  dynamodbReads: {
    ...{ name: 'DynamoDB', unit: 'read request units', usd: 0.125, per: MILLION },
    ...{ page: DYNAMODB, readIn: DYNAMODB_COPY },
  },
  s3Writes: { name: 'S3', unit: 'PUT and LIST requests', usd: 0.005, per: 1_000, page: S3, readIn: S3_COPY },
  s3Reads: { name: 'S3', unit: 'GET requests', usd: 0.0004, per: 1_000, page: S3, readIn: S3_COPY },
  kmsRequests: { name: 'KMS', unit: 'requests', usd: 0.03, per: 10_000, page: KMS, readIn: KMS_COPY },
  events: {
    ...{ name: 'EventBridge', unit: 'events', usd: 1, per: MILLION },
    page: 'https://aws.amazon.com/eventbridge/pricing/',
    readIn: 'https://cloudburn.io/blog/amazon-eventbridge-pricing',
  },
  notifications: {
    ...{ name: 'SNS', unit: 'messages', usd: 0.5, per: MILLION },
    page: 'https://aws.amazon.com/sns/pricing/',
    readIn: 'https://www.factualminds.com/blog/amazon-sns-pricing-publishes-fanout-protocols/',
  },
  apiRequests: {
    ...{ name: 'API Gateway, HTTP API', unit: 'requests', usd: 1, per: MILLION },
    page: 'https://aws.amazon.com/api-gateway/pricing/',
    readIn: 'https://awsforengineers.com/blog/aws-api-gateway-pricing-explained',
  },
  secretReads: {
    name: 'Secrets Manager',
    unit: 'requests',
    usd: 0.05,
    per: 10_000,
    page: SECRETS,
    readIn: SECRETS_COPY,
  },
  logGigabytes: {
    ...{ name: 'CloudWatch Logs', unit: 'GB taken in', usd: 0.5, per: 1 },
    ...{ page: CLOUDWATCH, readIn: CLOUDWATCH_COPY },
  },
  metricHours: {
    ...{ name: 'CloudWatch, metrics of ours', unit: 'metric-hours', usd: 0.3, per: 730 },
    ...{ page: CLOUDWATCH, readIn: 'https://signoz.io/guides/cloudwatch-pricing' },
  },
  traces: {
    ...{ name: 'X-Ray', unit: 'traces', usd: 5, per: MILLION },
    page: 'https://aws.amazon.com/xray/pricing/',
  },
  kmsKeys: { name: 'KMS', unit: 'keys', usd: 1, per: 1, page: KMS, readIn: KMS_COPY },
  secrets: { name: 'Secrets Manager', unit: 'secrets', usd: 0.4, per: 1, page: SECRETS, readIn: SECRETS_COPY },
  alarmMetrics: {
    ...{ name: 'CloudWatch alarms', unit: 'metrics looked at', usd: 0.1, per: 1 },
    ...{ page: CLOUDWATCH, readIn: CLOUDWATCH_COPY },
  },
  dashboards: {
    ...{ name: 'CloudWatch', unit: 'dashboards', usd: 3, per: 1 },
    ...{ page: CLOUDWATCH, readIn: CLOUDWATCH_COPY },
  },
} as const satisfies Record<string, Price>;

export type PriceKey = keyof typeof PRICES;

/** How much was used, by what is paid for. What is left out was not used. */
export type Usage = Partial<Record<PriceKey, number>>;

/** Of what is not the product's: named beside its cost, in US dollars. For the example only: not read again on that day. */
export const OTHERS_PRICES = {
  /** A replicating source server an hour. */
  replicatedServerHour: { usd: 0.028, page: 'https://aws.amazon.com/disaster-recovery/pricing/' },
  /** An instance of the type `t3.large`, Linux, on demand, an hour. */
  t3LargeHour: { usd: 0.0832, page: 'https://aws.amazon.com/ec2/pricing/on-demand/' },
  /** A GB of gp3 a month of 730 hours. */
  gp3GigabyteMonth: { usd: 0.08, page: 'https://aws.amazon.com/ebs/pricing/' },
} as const;

/** US dollars for each part of a usage, in the order of the price list. */
export function costsOf(usage: Usage): { key: PriceKey; amount: number; usd: number }[] {
  return (Object.keys(PRICES) as PriceKey[]).flatMap((key) => {
    const amount = usage[key];
    const { usd, per } = PRICES[key];
    return amount === undefined || amount === 0 ? [] : [{ key, amount, usd: (amount * usd) / per }];
  });
}

/** US dollars for a usage. */
export function costOf(usage: Usage): number {
  return costsOf(usage).reduce((sum, { usd }) => sum + usd, 0);
}
