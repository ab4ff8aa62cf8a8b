import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/domain/errors.ts';
import { UsageError } from '../../src/local/command-line.ts';
import { ack } from './ack.ts';
import { type Benchmark, type Report, withSection } from './benchmark.ts';
import { componentSize } from './component-size.ts';
import { longPlan } from './long-plan.ts';

const BENCHMARKS: readonly Benchmark[] = [componentSize, ack, longPlan];
const DOCUMENT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const EXIT = { success: 0, brokenLimit: 1, wrongUsage: 2 } as const;

const HELP = `Measures in practice mode, prints tables and writes them to docs/benchmarks.md.

  npm run bench [-- <name> …]   these benchmarks, all without a name

${BENCHMARKS.map(({ name, summary }) => `  ${name.padEnd(28)}  ${summary}`).join('\n')}

Exit code: 0 all limits hold, 1 one is broken or the benchmark could not be run, 2 wrong usage.`;

/** @throws {UsageError} with what is wrong and the right form. */
function chosen(argv: string[]): readonly Benchmark[] | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help === true) return 'help';
  const unknown = positionals.filter((wanted) => !BENCHMARKS.some(({ name }) => name === wanted));
  if (unknown.length > 0) throw new UsageError(`There is no benchmark ${unknown.join(', ')}.\n\n${HELP}`);
  return positionals.length === 0 ? BENCHMARKS : BENCHMARKS.filter(({ name }) => positionals.includes(name));
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${HELP}`);
  }
}

/** A report as a section of docs/benchmarks.md, with the command and what it ran on. */
function sectionOf(name: string, { title, markdown, broken }: Report): string {
  const command = `\`npm run bench -- ${name}\``;
  const date = new Date().toISOString().slice(0, 10);
  const verdict =
    broken.length === 0 ? 'All limits hold.' : ['Broken:', ...broken.map((line) => `- ${line}`)].join('\n');
  return [
    `## ${title}`,
    `Made by ${command} on ${date}: ${availableParallelism()} cores, Node.js ${process.version}.`,
    markdown,
    verdict,
  ].join('\n\n');
}

async function main(): Promise<number> {
  const benchmarks = chosen(process.argv.slice(2));
  if (benchmarks === 'help') {
    process.stdout.write(`${HELP}\n`);
    return EXIT.success;
  }
  let holds = true;
  for (const benchmark of benchmarks) {
    const report = await benchmark.run((line) => process.stderr.write(`${benchmark.name}: ${line}\n`));
    const section = sectionOf(benchmark.name, report);
    process.stdout.write(`${section}\n`);
    // Read again for each: what was written before is kept when a later benchmark fails.
    writeFileSync(DOCUMENT, withSection(readFileSync(DOCUMENT, 'utf8'), benchmark.name, section));
    holds = holds && report.broken.length === 0;
  }
  return holds ? EXIT.success : EXIT.brokenLimit;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `${error instanceof UsageError ? error.message : `The benchmark could not be run: ${messageOf(error)}`}\n`,
  );
  // Not exitCode: a practice that failed while it started may have left servers open, which keep the process alive.
  process.exit(error instanceof UsageError ? EXIT.wrongUsage : EXIT.brokenLimit);
}
