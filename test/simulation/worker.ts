import './virtual-globals.ts';
import type { AwsCall } from '../../src/local/aws/identities.ts';

/*
 * Runs seeds one after the other and writes a line of JSON for each: the half of `npm run simulate` that lives in simulated
 * time. `node worker.ts run <first> <step> <until>`, `show <seed>`, `planted <name>`.
 */

const { PLANTED: PLANTED_IN_ALL } = await import('./planted.ts');
const { PLANTED_IN_PLANS } = await import('./planted-plans.ts');
const { simulate } = await import('./simulate.ts');

const PLANTED = [...PLANTED_IN_ALL, ...PLANTED_IN_PLANS];
const known = new Set<string>();

/** Calls of a kind that no run before has made: by whom, what, on what kind of thing, under which condition keys. */
function newAmong(calls: readonly AwsCall[]): AwsCall[] {
  return calls.filter((call) => {
    const { identity, service, action, authorizations = [] } = call;
    const asked = authorizations.map(({ resource, context }) => [kindOf(resource), ...Object.keys(context)]);
    const key = JSON.stringify([identity.roleArn, service, action, kindOf(call.resource), asked]);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

/** A resource's ARN without what tells it from others of its kind. */
function kindOf(resource: string): string {
  return resource.replaceAll(/[0-9a-f]{8,}(-[0-9a-f]{4,})*/g, '*');
}

const [, , what = '', ...given] = process.argv;
// Thousands of errors are made and caught; where they come from is read of a run that is shown.
if (what !== 'show') Error.stackTraceLimit = 0;

const write = (line: unknown) => process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);

if (what === 'run') {
  const [first = 1, step = 1, until = 1] = given.map(Number);
  for (let seed = first; seed <= until; seed += step) {
    const { lines, calls, ...run } = await simulate(seed);
    write({ ...run, steps: lines.length, calls: calls.length, newCalls: newAmong(calls) });
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
