import { readFileSync } from 'node:fs';
import { CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import { chanceOf } from './chance.ts';
import type { World } from './world.ts';

/** The parents of docs/examples: one asks people for a failover and waits for the answer, one drills by direct calls. */
const PARENTS = ['parent-failover', 'parent-drill'] as const;

const definitionOf = (name: string): string =>
  readFileSync(new URL(`../../docs/examples/${name}.asl.json`, import.meta.url), 'utf8');

/** In one run of five a state machine of somebody else's asks, too; where servers go back, for that. */
export function letMachinesAsk(seed: number, { practice, clock, trace, faults, failback }: World): void {
  const chance = chanceOf(seed, 'machines');
  if (!chance.happens(0.2)) return;
  const name = chance.pick(PARENTS);
  const stateMachineArn = practice.engine.createStateMachine({
    name,
    accountId: CENTRAL_ACCOUNT,
    roleArn: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/parent`,
    definition: failback === undefined ? definitionOf(name) : definitionOf(name).replace('"failover"', '"failback"'),
  });
  const input = JSON.stringify({ application: 'HRP', wave: '1', ticketId: 'INC0012345' });
  clock.after(chance.integer(0, 300_000), () => {
    // The run is as good as over.
    if (faults.isOver) return;
    trace.note('machine', `${name} begins`);
    practice.engine.startExecution({ stateMachineArn, name: 'master-1', input });
  });
}
