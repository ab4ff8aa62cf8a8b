import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FUNCTIONS } from '../../src/functions.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { startPractice } from '../../src/local/practice.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { call } from '../end-to-end/component-call.ts';
import { fleetOf } from './component-size.ts';
import { countsIn, documentOf } from './cost/document.ts';
import { meterOf } from './cost/meter.ts';
import { costOf, costsOf, PRICES } from './cost/prices.ts';
import { COST_DOCUMENT } from './cost.ts';
import { costReport } from './cost-benchmark.ts';

/** As if every function had the same. */
const MEMORY = new Map(Object.keys(FUNCTIONS).map((name) => [`dr-chatops-${name}`, 512]));

const page = readFileSync(COST_DOCUMENT, 'utf8');

describe('docs/cost.md', () => {
  test('is what today’s prices and formulas make of the counts in it; `npm run cost` counts again', () => {
    expect(documentOf(countsIn(page))).toBe(page);
  });

  test('has 10, 150 and 1,000 servers, and everything that a drill uses', () => {
    const { fleets } = countsIn(page);
    expect(fleets.map(({ accounts, serversEach }) => accounts * serversEach)).toEqual([10, 150, 1_000]);
    for (const { drill, idleHour } of fleets) {
      for (const key of ['stateTransitions', 'lambdaSeconds', 'dynamodbWrites', 's3Writes', 'kmsRequests'] as const) {
        expect(drill[key], key).toBeGreaterThan(0);
      }
      expect(idleHour.lambdaRequests).toBeGreaterThan(100);
      expect(idleHour.stateTransitions).toBe(0);
    }
  });
});

test('docs/benchmarks.md compares the month with the seed’s', () => {
  const { markdown, ratios } = costReport(countsIn(page));
  expect(markdown).toContain('| **a month with 50 such drills** |');
  const [small = 0, middle = 0, large = 0] = Object.values(ratios);
  // Of the seed's $30; it goes up to $70.
  expect([small < middle, middle < large, large < 70 / 30]).toEqual([true, true, true]);
  expect(markdown).toContain(`| … of seed 5's $30 | ${Math.round(small * 100)} % |`);
});

describe('the formula', () => {
  test('is amount × price, part by part, and leaves out what was not used', () => {
    // 4,000 transitions at $0.025 a thousand, 2 million write units at $0.625 a million, 730 metric-hours at $0.30.
    const usage = { stateTransitions: 4_000, dynamodbWrites: 2_000_000, metricHours: 730, s3Reads: 0 };
    expect(costsOf(usage).map(({ key, usd }) => [key, Number(usd.toFixed(6))])).toEqual([
      ['stateTransitions', 0.1],
      ['dynamodbWrites', 1.25],
      ['metricHours', 0.3],
    ]);
    expect(costOf(usage)).toBeCloseTo(1.65);
  });

  test('has a source at AWS for each price', () => {
    for (const { page: source, usd, per } of Object.values(PRICES)) {
      expect(source).toMatch(/^https:\/\/aws\.amazon\.com\/.*pricing\//);
      expect(usd / per).toBeGreaterThan(0);
    }
  });
});

test('what a practice does is counted in AWS’s units, from the start of the count', async () => {
  const clock = new VirtualClock();
  const meter = meterOf(() => clock.now());
  const size = { accounts: 1, serversEach: 2 };
  const practice = await startPractice({
    ...{ clock, wallClock: clock, inventory: fleetOf(size), schedules: [] },
    ...meter.options,
  });
  onTestFinished(() => practice.close());
  meter.start(practice);
  expect(meter.read(MEMORY).usage).toMatchObject({
    lambdaRequests: 0,
    dynamodbReads: 0,
    stateTransitions: 0,
  });

  await practice.workspace.as('requester').command('/dr', 'help', WORKSPACE.channelId);
  expect(meter.read(MEMORY).usage).toMatchObject({ lambdaRequests: 1, apiRequests: 1, stateTransitions: 0 });

  const { executionArn } = await call({ clock, practice }, { action: 'status', tags: { 'DR-Wave': '1' } }, 'one');
  const entered = practice.engine
    .getExecutionHistory(executionArn)
    .filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails !== undefined);
  const { usage, metrics } = meter.read(MEMORY);
  expect(usage.stateTransitions).toBe(entered.length + 1);
  // The result, kept by one function and read by nobody.
  expect(usage).toMatchObject({ s3Writes: 1, s3Reads: 0 });
  expect(usage.lambdaSeconds).toBeGreaterThan(1);
  expect(metrics).toContain('CrossAccountOperations StagingAccount=100000000001');
  expect(meter.read(MEMORY, metrics).usage.metricHours).toBe(0);
  expect(usage.metricHours).toBe(metrics.length);
});
