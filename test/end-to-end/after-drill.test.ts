import { describe, expect, it } from 'vitest';
import { KEEP_INSTANCES, TERMINATE_DRILL } from '../../blocks/action-ids.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { executionIdOf, startWorld, type World } from './world.ts';

const HOUR = 3_600_000;
/** A due clean-up is found within five minutes; ending some instances takes less than the rest. */
const SOON = HOUR / 4;

/** The people and what they do: asked for, approved, run to its end, drawn. */
function actors(world: World) {
  const { clock, practice, inventory } = world;
  const instances = () =>
    inventory.stagingAccounts.flatMap(({ accountId }) =>
      practice.fleet.recoveryInstances(accountId).map(({ instanceId }) => instanceId),
    );
  const before = new Set(instances());
  const card = (executionId: string) => world.cards().find((one) => executionIdOf(one) === executionId);
  return {
    card,
    stored: (executionId: string) => world.table.execution(executionId),
    /** What is there that was not before. */
    running: () => instances().filter((id) => !before.has(id)),
    /** A drill, approved by one person and run to its end. */
    async drill(text: string): Promise<string> {
      await world.says('requester', text);
      await world.untilAsked();
      const gate = world.openGateCards()[0];
      await world.presses('approver', 'approve', gate);
      await world.untilStatus('completed');
      await world.drawn();
      return executionIdOf(world.cards().at(-1));
    },
    /** Presses a button of a card; the answer is what only this person sees. */
    async press(person: string, action: string, on: SlackMessage | undefined): Promise<string> {
      if (on === undefined) throw new Error('there is no card');
      await practice.workspace.as(person).click(on, action);
      const said = practice.workspace.ephemerals(on.channel, practice.workspace.as(person).person.userId);
      return said.at(-1)?.text ?? '';
    },
    later: (ms: number) => clock.advance(ms),
  };
}

describe('after a drill', () => {
  it('its instances are ended at their time by the votes of its own approval, unless somebody keeps them', async () => {
    const world = await startWorld({ schedules: ['clean-up-drills', 'run-schedules'] });
    const { card, stored, running, drill, press, later } = actors(world);

    const first = await drill('drill MemberPortal wave 1 cleanup 1h');
    const ofFirst = running();
    expect(ofFirst.length).toBeGreaterThan(0);
    expect(await stored(first)).toMatchObject({ runningCost: { instances: ofFirst.length, unpriced: [] } });
    expect((await stored(first))?.runningCost?.usdPerDay).toBeGreaterThan(0);
    // What it has shown is kept: its plan would be verified by it.
    expect(await world.table.item('DRILL-PROOFS', 'APPLICATION#MemberPortal')).toMatchObject({
      proofs: [{ executionId: first, waves: [{ wave: 1, servers: ofFirst.length }] }],
    });
    const second = await drill('drill SharedServices wave 2 cleanup 1h');
    const ofSecond = running().filter((id) => !ofFirst.includes(id));
    expect(await press('reader', KEEP_INSTANCES, card(second))).toContain('You may not keep');
    expect(await press('requester', KEEP_INSTANCES, card(second))).toContain('are kept');
    expect(running()).toEqual(expect.arrayContaining([...ofFirst, ...ofSecond]));

    const asked = world.gateCards().length;
    await later(HOUR + SOON);
    expect(running().sort()).toEqual(ofSecond.sort());
    const { cleanUp } = (await stored(first)) ?? {};
    expect(await stored(cleanUp?.executionId ?? '')).toMatchObject({ verb: 'terminate', status: 'completed' });
    expect(await world.table.gates(cleanUp?.executionId ?? '')).toMatchObject([
      { status: 'approved', from: { executionId: first, gateId: 'approval-1' } },
    ]);
    expect(world.gateCards().length).toBe(asked);
    expect((await stored(second))?.cleanUp).not.toHaveProperty('executionId');

    // Somebody ends them by the button: asked about as any termination, and once.
    expect(await press('requester', TERMINATE_DRILL, card(second))).toContain('You may not');
    expect(await press('approver', TERMINATE_DRILL, card(second))).toContain('before somebody else approves');
    expect(await press('second-approver', TERMINATE_DRILL, card(second))).toContain('being ended already');
    await world.untilAsked();
    await world.approves('second-approver', world.openGateCards()[0]);
    await world.untilStatus('completed');
    await world.drawn();
    expect(running()).toEqual([]);
    expect(await press('approver', TERMINATE_DRILL, card(second))).toContain('Nothing is left');
  });
});
