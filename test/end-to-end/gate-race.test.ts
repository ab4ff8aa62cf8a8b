import { expect, test } from 'vitest';
import { APPROVE_ACTION } from '../../blocks/action-ids.ts';
import { PEOPLE, type Person, WORKSPACE } from '../../src/local/slack/people.ts';
import { executionIdOf, startWorld, type WorldOptions, wholeInventory } from './world.ts';

const CROWD: Person[] = Array.from({ length: 20 }, (_, index) => ({
  name: `approver-${index}`,
  userId: `U0PCROWD${String(index).padStart(3, '0')}`,
  realName: `Approver ${index}`,
}));
/** As many at the same moment as there may be people with a finger on the button. */
const AT_ONCE = 10;

/** HRP wave 1 alone: of the rest nothing is asked. */
function wave() {
  const whole = wholeInventory();
  const isOfWave = (tags: Record<string, string>) => tags['DR-Application'] === 'HRP' && tags['DR-Wave'] === '1';
  return { ...whole, sourceServers: whole.sourceServers.filter(({ tags }) => isOfWave(tags)) };
}

/** Clicks of the crowd in so many rounds, about a gate that needs three of them. */
async function race(rounds: number, options: WorldOptions): Promise<void> {
  const world = await startWorld({ people: [...PEOPLE, ...CROWD], inventory: wave(), ...options });
  const { ssm, configPath, workspace } = world.practice;
  const access = {
    teamId: WORKSPACE.teamId,
    grants: [
      { role: 'DRSOperator', users: ['U0PREQUEST1'] },
      { role: 'DRSRecoveryManager', users: CROWD.map(({ userId }) => userId) },
    ],
  };
  ssm.put(`${configPath}/access`, JSON.stringify(access));
  ssm.put(`${configPath}/policies`, JSON.stringify({ drill: { quorum: 3 } }));
  await world.says('requester', 'drill HRP wave 1');
  await world.untilAsked();
  const card = world.openGateCards()[0];
  if (card === undefined) throw new Error('nobody was asked');

  let recorded = 0;
  for (let round = 0; round < rounds; round += 1) {
    const clicks = Array.from({ length: AT_ONCE }, async (_, index) => {
      const { name } = CROWD[(round + index) % CROWD.length] ?? CROWD[0] ?? { name: '' };
      await workspace.as(name).click(card, APPROVE_ACTION);
    });
    await Promise.all(clicks);
  }
  for (const { userId } of CROWD) {
    const told = workspace.ephemerals(WORKSPACE.channelId, userId).map(({ text }) => text ?? '');
    expect(told).toHaveLength((AT_ONCE * rounds) / CROWD.length);
    recorded += told.filter((text) => /Your approval is recorded(?! already)/.test(text)).length;
  }

  await world.untilStatus('completed');
  const [gate, ...others] = await world.table.gates(executionIdOf(world.cards()[0]));
  expect(others).toEqual([]);
  expect(recorded).toBe(3);
  expect(gate).toMatchObject({ status: 'approved', answer: 'approve' });
  expect(gate?.votes).toHaveLength(3);
  expect(new Set(gate?.votes.map(({ userId }) => userId)).size).toBe(3);
  expect(world.launches()).toHaveLength(3);
}

test('a thousand clicks of twenty people give one decision, by three of them, and one job a batch', async () => {
  await race(100, {});
});

// The conditional writes that decide are here those of a database that others wrote, and HTTP is on the way to it.
test('so do two hundred over HTTP, with dynalite for a database', async () => {
  await race(20, { database: 'dynalite', wire: 'http' });
});
