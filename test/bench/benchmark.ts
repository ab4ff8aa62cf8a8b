import type { Ratios } from './ratios.ts';

/** One benchmark: a file of its own beside `run.ts`, and an entry in its list. */
export interface Benchmark {
  /** As it is named on the command line and in docs/benchmarks.md, e.g. `component-size`. */
  name: string;
  /** One line for `--help`. */
  summary: string;
  /**
   * Whether its ratios are of real time, which differs from run to run: one that seems worse is then measured twice.
   * @default false
   */
  isTimed?: boolean;
  run(how: Run): Promise<Report>;
}

/** How a benchmark is to run. */
export interface Run {
  /** Takes a line about how far it is. */
  say: (line: string) => void;
  /** Whether documents of its own are to be written, beside the section of docs/benchmarks.md. */
  writes: boolean;
}

/** What a benchmark found. */
export interface Report {
  /** Heading of its section in docs/benchmarks.md. */
  title: string;
  /** Body of the section, in Markdown. */
  markdown: string;
  /** A sentence for each limit that is broken; empty when all hold. */
  broken: string[];
  /** By which `--check` compares it. */
  ratios: Ratios;
}

/** A Markdown table; every row has as many cells as `head`. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** `document` with the section `name` replaced, or added at its end where it has none. */
export function withSection(document: string, name: string, section: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const marked = `${begin}\n${section.trim()}\n${end}`;
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) return `${document.trimEnd()}\n\n${marked}\n`;
  return `${document.slice(0, from)}${marked}${document.slice(to + end.length)}`;
}

/** 1234567 as 1,234,567. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
