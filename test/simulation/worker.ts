import './virtual-globals.ts';

/*
 * Runs seeds one after the other and writes a line of JSON for each: the half of `npm run simulate` that lives in simulated
 * time. `node worker.ts run <first> <step> <until>`, `show <seed>`, `planted <name>`.
 */

const { PLANTED } = await import('./planted.ts');
const { simulate } = await import('./simulate.ts');

const [, , what = '', ...given] = process.argv;
const write = (line: unknown) => process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);

if (what === 'run') {
  const [first = 1, step = 1, until = 1] = given.map(Number);
  for (let seed = first; seed <= until; seed += step) {
    const { lines, ...run } = await simulate(seed);
    write({ ...run, steps: lines.length });
  }
} else if (what === 'show') {
  const bug = PLANTED.find(({ name }) => name === given[1]);
  const { lines, hash } = await simulate(Number(given[0]), bug?.plant());
  for (const line of lines) write(line);
  write(`the same seed gives the same run: ${hash}`);
} else {
  for (const bug of PLANTED.filter(({ name }) => given.length === 0 || given.includes(name))) {
    const began = process.cpuUsage();
    let foundBy: number | undefined;
    let said = '';
    for (let seed = 1; seed <= bug.within && foundBy === undefined; seed += 1) {
      const { violations } = await simulate(seed, bug.plant());
      const found = violations.find(({ rule }) => rule === bug.breaks);
      if (found !== undefined) [foundBy, said] = [seed, found.what];
    }
    const { user, system } = process.cpuUsage(began);
    write({
      name: bug.name,
      breaks: bug.breaks,
      within: bug.within,
      foundBy,
      said,
      cpuMs: Math.round((user + system) / 1000),
    });
  }
}
