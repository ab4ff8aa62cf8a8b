import { realPause } from './virtual-globals.ts';

/* `node test/simulation/run.ts --seeds 50`: runs seeds one after the other. */

const { parseArgs } = await import('node:util');
const { simulate } = await import('./simulate.ts');
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});
const print = (text: string) => process.stdout.write(`${text}\n`);
await realPause(1);
if (values.seed !== undefined) {
  const run = await simulate(Number(values.seed));
  for (const line of run.lines) print(line);
  print(`${run.hash} ${Math.round(run.realMs)} ms`);
} else {
  const first = Number(values.first);
  let broken = 0;
  const cpu = process.cpuUsage();
  for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
    const run = await simulate(seed);
    const ends = run.executions.map(({ verb, status }) => `${verb} ${status}`).join(', ');
    if (process.env.VERBOSE)
      print(`${seed} ${run.hash} ${Math.round(run.realMs)} ms, ${run.calls} calls: ${ends} [${run.faults}]`);
    if (run.violations.length > 0) {
      broken += 1;
      print(`seed ${seed} [${run.faults}]`);
      for (const { rule, what } of run.violations.slice(0, 6)) print(`    ${rule}: ${what}`);
    }
  }
  const used = process.cpuUsage(cpu);
  print(
    `${broken} of ${values.seeds} broken; ${Math.round((used.user + used.system) / 1000 / Number(values.seeds))} ms CPU a seed`,
  );
}
