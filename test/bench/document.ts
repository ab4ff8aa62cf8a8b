import { markdownTable, type Report, withSection } from './benchmark.ts';
import type { Stored } from './ratios.ts';

/** When and on what a benchmark ran. */
export interface Circumstances {
  /** `yyyy-mm-dd`. */
  date: string;
  machine: string;
  /** Of the machine at the start, for each core. */
  load: string;
}

/** Name of the section that has every benchmark's ratios. */
const RATIOS = 'ratios';

/** A report as its section of docs/benchmarks.md, with the command and what it ran on. */
export function sectionOf(name: string, { title, markdown, broken }: Report, circumstances: Circumstances): string {
  const { date, machine, load } = circumstances;
  const verdict =
    broken.length === 0 ? 'All limits hold.' : ['Broken:', ...broken.map((line) => `- ${line}`)].join('\n');
  return [
    `## ${title}`,
    `Made by \`npm run bench -- ${name}\` on ${date}: ${machine}; load at the start ${load} for each core.`,
    markdown,
    verdict,
  ].join('\n\n');
}

/** docs/benchmarks.md with a benchmark's section and the ratios of all of them. */
export function documentWith(document: string, name: string, section: string, stored: Stored): string {
  return withSection(withSection(document, RATIOS, ratiosSection(stored)), name, section);
}

function ratiosSection(stored: Stored): string {
  const rows = Object.entries(stored).flatMap(([benchmark, { date, ratios }]) =>
    Object.entries(ratios).map(([name, ratio]) => [name, String(Number(ratio.toPrecision(3))), benchmark, date]),
  );
  return [
    '## The ratios',
    `Ours against something that was measured in the same run, so that a faster machine changes nothing; smaller is better. \`npm run bench -- --check\` measures again,
writes nothing, and ends with 1 when one is worse than the committed one (docs/benchmarks.json) by more than 20 %. What is of real time and seems worse is measured twice,
and the better result counts.`,
    markdownTable(['ratio', 'is', 'benchmark', 'measured'], rows),
  ].join('\n\n');
}
