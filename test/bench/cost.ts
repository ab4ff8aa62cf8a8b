/** Counts what drills use and what that costs, prints it and writes docs/cost.md: `npm run cost`. No network is needed. */
import { writeFileSync } from 'node:fs';
import type { Size } from './component-size.ts';
import { type Counted, documentOf } from './cost/document.ts';
import { type Measured, measure } from './cost/measure.ts';
import { deployedMemory, fixedMonth } from './deployed.ts';

/** The page that the command writes. */
export const COST_DOCUMENT = new URL('../../docs/cost.md', import.meta.url);

const SIZES: readonly Size[] = [
  { accounts: 1, serversEach: 10 },
  { accounts: 1, serversEach: 150 },
  { accounts: 4, serversEach: 250 },
];

/** Counts what drills of each size use; `say` takes a line about how far it is. */
export async function countCosts(say: (line: string) => void): Promise<Counted> {
  const fleets: Measured[] = [];
  for (const size of SIZES) {
    say(`${size.accounts * size.serversEach} servers …`);
    fleets.push(await measure(size, deployedMemory()));
  }
  return { countedOn: new Date().toISOString().slice(0, 10), fixedMonth: fixedMonth(), fleets };
}

/** Writes docs/cost.md; answers what it wrote. */
export function writeCosts(counted: Counted): string {
  const document = documentOf(counted);
  writeFileSync(COST_DOCUMENT, document);
  return document;
}

async function main(): Promise<void> {
  const document = writeCosts(await countCosts((line) => void process.stderr.write(`cost: ${line}\n`)));
  const [, readable = ''] = /^# .*?\n([\s\S]*?)## How it is counted/.exec(document) ?? [];
  process.stdout.write(`${readable.trim()}\n\nWritten to docs/cost.md.\n`);
}

if (import.meta.main) await main();
