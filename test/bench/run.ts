import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/domain/errors.ts';
import { UsageError } from '../../src/local/command-line.ts';
import { ack } from './ack.ts';
import type { Benchmark, Report } from './benchmark.ts';
import { componentSize } from './component-size.ts';
import { cost } from './cost-benchmark.ts';
import { decisions } from './decisions.ts';
import { documentWith, sectionOf } from './document.ts';
import { longPlan } from './long-plan.ts';
import { load, machine } from './machine.ts';
import { manyExecutions } from './many-executions.ts';
import { orchestration } from './orchestration.ts';
import { betterOf, rounded, type Stored, worseRatios } from './ratios.ts';

const BENCHMARKS: readonly Benchmark[] = [ack, orchestration, decisions, componentSize, manyExecutions, cost, longPlan];
const DOCUMENT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const RATIOS = fileURLToPath(new URL('../../docs/benchmarks.json', import.meta.url));
const EXIT = { success: 0, broken: 1, wrongUsage: 2 } as const;

const HELP = `Measures in practice mode, prints tables and writes them to docs/benchmarks.md, and the ratios to docs/benchmarks.json.

  npm run bench [-- <name> …]           these benchmarks, all without a name
  npm run bench -- --check [<name> …]   writes nothing; compares the ratios with the committed ones

${BENCHMARKS.map(({ name, summary }) => `  ${name.padEnd(36)}  ${summary}`).join('\n')}

Exit code: 0 all limits hold, 1 one is broken, a ratio is worse than the committed one by more than 20 %, or the benchmark
could not be run, 2 wrong usage.`;

/** What is asked for on the command line. */
interface Asked {
  benchmarks: readonly Benchmark[];
  check: boolean;
}

type Say = (line: string) => void;

/** @throws {UsageError} with what is wrong and the right form. */
function asked(argv: string[]): Asked | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help === true) return 'help';
  const unknown = positionals.filter((wanted) => !BENCHMARKS.some(({ name }) => name === wanted));
  if (unknown.length > 0) throw new UsageError(`There is no benchmark ${unknown.join(', ')}.\n\n${HELP}`);
  const benchmarks = BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  return { benchmarks, check: values.check === true };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, check: { type: 'boolean' } },
    });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${HELP}`);
  }
}

function storedRatios(): Stored {
  return JSON.parse(readFileSync(RATIOS, 'utf8')) as Stored;
}

/** Measures, prints and writes what was found; answers whether all limits hold. */
async function record(benchmark: Benchmark, say: Say): Promise<boolean> {
  const { name } = benchmark;
  const circumstances = { date: new Date().toISOString().slice(0, 10), machine: machine(), load: load() };
  const report = await benchmark.run({ say, writes: true });
  const section = sectionOf(name, report, circumstances);
  process.stdout.write(`${section}\n\n`);
  // Read again for each: what was written before is kept when a later benchmark fails.
  const { date } = circumstances;
  const stored = {
    ...storedRatios(),
    [name]: { date, machine: circumstances.machine, ratios: rounded(report.ratios) },
  };
  writeFileSync(RATIOS, `${JSON.stringify(stored, null, 2)}\n`);
  writeFileSync(DOCUMENT, documentWith(readFileSync(DOCUMENT, 'utf8'), name, section, stored));
  return report.broken.length === 0;
}

/** Measures and compares with what was committed; answers whether nothing is broken or worse. */
async function check(benchmark: Benchmark, say: Say): Promise<boolean> {
  const committed = storedRatios()[benchmark.name]?.ratios ?? {};
  let report: Report = await benchmark.run({ say, writes: false });
  let worse = worseRatios(committed, report.ratios);
  if (worse.length > 0 && benchmark.isTimed === true) {
    say(`${worse.join(' ')} It is measured again.`);
    const ratios = betterOf(report.ratios, (await benchmark.run({ say, writes: false })).ratios);
    report = { ...report, ratios };
    worse = worseRatios(committed, ratios);
  }
  const wrong = [...report.broken, ...worse];
  const verdict = wrong.length === 0 ? 'holds, and no ratio got worse.' : wrong.map((line) => `\n  - ${line}`).join('');
  process.stdout.write(`${benchmark.name}: ${verdict}\n`);
  return wrong.length === 0;
}

async function main(): Promise<number> {
  const wanted = asked(process.argv.slice(2));
  if (wanted === 'help') {
    process.stdout.write(`${HELP}\n`);
    return EXIT.success;
  }
  let holds = true;
  for (const benchmark of wanted.benchmarks) {
    const say: Say = (line) => void process.stderr.write(`${benchmark.name}: ${line}\n`);
    const isGood = await (wanted.check ? check(benchmark, say) : record(benchmark, say));
    holds = holds && isGood;
  }
  return holds ? EXIT.success : EXIT.broken;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `${error instanceof UsageError ? error.message : `The benchmark could not be run: ${messageOf(error)}`}\n`,
  );
  // Not exitCode: a practice that failed while it started may have left servers open, which keep the process alive.
  process.exit(error instanceof UsageError ? EXIT.wrongUsage : EXIT.broken);
}
