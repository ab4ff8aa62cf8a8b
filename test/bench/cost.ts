/** Counts what drills use and what that costs, prints it and writes docs/cost.md: `npm run cost`. No network is needed. */
import { writeFileSync } from 'node:fs';
import { exampleDeployment, synthesize } from '../infra/synthesized.ts';
import type { Size } from './component-size.ts';
import { type Counted, documentOf } from './cost/document.ts';
import { type Measured, measure } from './cost/measure.ts';
import type { Usage } from './cost/prices.ts';

/** The page that the command writes. */
export const COST_DOCUMENT = new URL('../../docs/cost.md', import.meta.url);

const SIZES: readonly Size[] = [
  { accounts: 1, serversEach: 10 },
  { accounts: 1, serversEach: 150 },
  { accounts: 4, serversEach: 250 },
];

/** The deployment that is looked at for memory and for what is paid for by the month. */
function deployed() {
  return synthesize(exampleDeployment()).central;
}

/** The memory of each function, in MB. */
export function deployedMemory(): Map<string, number> {
  const functions = deployed().all('AWS::Lambda::Function');
  return new Map(functions.map(({ Properties }) => [String(Properties.FunctionName), Number(Properties.MemorySize)]));
}

/** What a deployment pays for each month whatever it does. An alarm costs by the metrics that it looks at. */
export function fixedMonth(): Usage {
  const central = deployed();
  const alarmMetrics = central.all('AWS::CloudWatch::Alarm').map(({ Properties }) => {
    const { Metrics = [] } = Properties as { Metrics?: { MetricStat?: unknown }[] };
    return Math.max(1, Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length);
  });
  return {
    kmsKeys: central.all('AWS::KMS::Key').length,
    secrets: central.all('AWS::SecretsManager::Secret').length,
    alarmMetrics: alarmMetrics.reduce((sum, metrics) => sum + metrics, 0),
    dashboards: central.all('AWS::CloudWatch::Dashboard').length,
  };
}

async function main(): Promise<void> {
  const fleets: Measured[] = [];
  for (const size of SIZES) {
    process.stderr.write(`cost: ${size.accounts * size.serversEach} servers …\n`);
    fleets.push(await measure(size, deployedMemory()));
  }
  const counted: Counted = { countedOn: new Date().toISOString().slice(0, 10), fixedMonth: fixedMonth(), fleets };
  const document = documentOf(counted);
  writeFileSync(COST_DOCUMENT, document);
  const [, readable = ''] = /^# .*?\n([\s\S]*?)## How it is counted/.exec(document) ?? [];
  process.stdout.write(`${readable.trim()}\n\nWritten to docs/cost.md.\n`);
}

if (import.meta.main) await main();
