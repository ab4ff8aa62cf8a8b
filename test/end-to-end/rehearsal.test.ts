import { describe, expect, test } from 'vitest';
import { VOTE_ACTION } from '../../blocks/action-ids.ts';
import { type FaultId, faultsOf } from '../../src/local/rehearsal.ts';
import { startWorld, type World } from './world.ts';

/** A world in which this goes wrong from the start. */
async function worldWith(id: FaultId): Promise<World & { fault: ReturnType<typeof faultsOf>[FaultId] }> {
  const world = await startWorld();
  const fault = faultsOf(world.practice.rehearsable)[id];
  fault.start();
  return { ...world, fault };
}

describe('a fault to rehearse', () => {
  test('a server fails to launch: the drill is partly launched and names it', async () => {
    const world = await worldWith('launch-fails');
    await world.approvedDrill('partial');
    expect(world.result().failedServers).toHaveLength(1);
    expect(world.fault.title).toContain(world.result().failedServers[0]?.sourceServerHostname ?? 'none');
  });

  test('a job sticks: people are asked; a retry waits for it, and launches again nothing that it launched late', async () => {
    const world = await worldWith('job-sticks');
    await world.approvedDrill('paused');
    const [question] = world.questions();
    if (question === undefined) throw new Error('nobody is asked');
    expect(world.textOf(question)).toContain('20 of 30 launched');
    expect(world.textOf(question)).toContain('Accept and Finish');
    await world.practice.workspace.as('approver').click(question, VOTE_ACTION.retry);
    await world.clock.advance(5 * 60_000);
    expect(world.cardStatus()).toBe('executing');
    expect(world.jobs()).toHaveLength(3);
    world.fault.stop();
    await world.untilStatus('completed');
    await world.drawn();
    expect(world.result()).toMatchObject({
      status: 'success',
      summary: { totalServers: 30, succeeded: 30, failed: 0 },
    });
    expect(world.jobs()).toHaveLength(3);
  });

  test('a job that sticks and is released goes on', async () => {
    const world = await worldWith('job-sticks');
    await world.says('requester', 'drill HRP wave 1');
    await world.untilAsked();
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.clock.advance(10 * 60_000);
    expect(world.cardStatus()).toBe('executing');
    world.fault.stop();
    await world.untilStatus('completed');
  });

  test('throttling: nothing is started twice', async () => {
    const world = await worldWith('throttling');
    await world.approvedDrill('completed');
    expect(world.jobs()).toHaveLength(3);
  });

  test.each(['account-denied', 'replication-stalls'] as const)(
    '%s: preflight stops the drill until it has ended',
    async (id) => {
      const world = await worldWith(id);
      await world.says('requester', 'drill HRP wave 1');
      await world.untilStatus('failed');
      expect(world.jobs()).toHaveLength(0);
      world.fault.stop();
      await world.drawn();
      await world.says('requester', 'drill HRP wave 1');
      await world.untilAsked();
    },
  );

  test('Slack is down: the recovery goes on, and the card is right soon after its return', async () => {
    const world = await startWorld();
    const fault = faultsOf(world.practice.rehearsable)['slack-down'];
    await world.says('requester', 'drill HRP wave 1');
    await world.untilAsked();
    const card = world.openGateCards()[0];
    fault.start();
    await world.presses('approver', 'approve', card);
    await world.clock.advance(10 * 60_000);
    expect(world.cardStatus()).toBe('awaiting approval');
    expect(world.jobs().every((job) => job.status === 'COMPLETED')).toBe(true);
    fault.stop();
    await world.clock.advance(2 * 60_000);
    expect(world.cardStatus()).toBe('completed');
    expect(world.cards()).toHaveLength(1);
    expect(world.result().summary.succeeded).toBe(30);
  });

  test('a function crashes after its work: every server is recorded and launched once', async () => {
    const world = await worldWith('function-crashes');
    await world.approvedDrill('completed');
    expect(world.jobs()).toHaveLength(3);
    expect(world.result().summary).toMatchObject({ totalServers: 30, succeeded: 30 });
  });
});
