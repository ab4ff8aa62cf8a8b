import { beforeAll, describe, expect, test } from 'vitest';
import { outputSchema } from '../../src/domain/contract.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { fleetOf } from '../bench/component-size.ts';
import { startWorld, type World } from './world.ts';

describe('preflight', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ shared: true });
    return () => world.practice.close();
  });

  /** Asks for a drill; the answer is its card, once it says that the drill has failed. */
  async function stopped(request: string): Promise<SlackMessage | undefined> {
    const before = world.cards().length;
    await world.says('requester', request);
    await world.clock.runUntil(() => world.cards().length > before, { what: 'a new card', withinMs: 60_000 });
    await world.untilStatus('failed');
    await world.drawn();
    return world.cards().at(-1);
  }

  test('stops before anybody is asked when a live instance exists, and names it', async () => {
    const card = await stopped('drill HRP wave 3');
    expect(world.textOf(card)).toMatch(/hrp-web-009 \(s-[0-9a-zA-Z]{17}\): live instance i-[0-9a-f]+/);
    expect(world.gateCards()).toHaveLength(0);
    expect(world.jobs()).toHaveLength(0);
  });

  test('stops on a stalled server and names it', async () => {
    const card = await stopped('drill HRP wave 2');
    expect(world.textOf(card)).toContain('hrp-app-017');
    expect(world.textOf(card)).toContain('replication stalled');
    expect(world.gateCards()).toHaveLength(0);
  });

  test('stops when nothing matches any more, although the catalogue still knows the wave', async () => {
    for (const server of world.serversOf('ClaimsIntake', 1))
      world.practice.fleet.removeSourceServer(server.sourceServerId);
    const card = await stopped('drill ClaimsIntake wave 1');
    expect(world.textOf(card)).toContain('No source server matches ClaimsIntake wave 1');
    expect(world.gateCards()).toHaveLength(0);
  });

  test('stops when an account cannot be read, and names the account', async () => {
    world.practice.drs.faults.denyAccount('444444444444');
    const card = await stopped('drill HealthEdge wave 1');
    expect(world.textOf(card)).toContain('Account 444444444444 could not be read');
    expect(world.gateCards()).toHaveLength(0);
  });

  test('leaves out a server with DR-Enabled=false by name', async () => {
    const world = await startWorld();
    await world.says('requester', 'drill HRP wave 4');
    await world.untilAsked();
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.untilStatus('completed', 'partial');
    await world.drawn();
    expect(world.result().skippedServers).toMatchObject([
      { sourceServerHostname: 'hrp-batch-030', reason: expect.stringContaining('DR-Enabled') },
    ]);
    const totalServers = world.serversOf('HRP', 4).length;
    expect(world.result().summary).toMatchObject({ totalServers, succeeded: totalServers - 1, skipped: 1 });
  });
});

describe('between the approval and the launch', () => {
  test('a live instance that appears while people think stops the drill after the approval', async () => {
    const world = await startWorld();
    const [victim] = world.serversOf('HealthEdge', 1);
    await world.says('requester', 'drill HealthEdge wave 1');
    await world.untilAsked();
    world.practice.fleet.addRecoveryInstance(victim?.sourceServerId ?? '', { isDrill: false });
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.untilStatus('failed');
    expect(world.textOf(world.cards()[0])).toContain(victim?.hostname);
    expect(world.textOf(world.cards()[0])).toContain('looked at again after the approval');
    expect(world.jobs()).toHaveLength(0);
  });

  test.each(['in DRS', 'in EC2 only'])(
    'a live instance that appears %s right before StartRecovery stops the batch',
    async (where) => {
      const world = await startWorld({ inventory: fleetOf({ accounts: 3, serversEach: 2 }) });
      const victim = world.serversOf('Large', 1).find((server) => server.accountId === '100000000002');
      if (victim === undefined) throw new Error('the second account has no server');
      await world.says('requester', 'drill Large wave 1');
      await world.untilAsked();
      world.onceAfter('load-account-work', () => {
        const instance = world.practice.fleet.addRecoveryInstance(victim.sourceServerId, { isDrill: false });
        if (where === 'in EC2 only') world.practice.fleet.forgetRecoveryInstance(instance.instanceId);
      });
      await world.presses('approver', 'approve', world.openGateCards()[0]);
      await world.untilStatus('partial', 'failed', 'completed');
      await world.drawn();

      const result = outputSchema.parse(world.result());
      expect(result.failedServers).toMatchObject([
        { sourceServerId: victim.sourceServerId, errorCode: 'LiveInstance' },
      ]);
      expect(result.summary).toMatchObject({ totalServers: 6, succeeded: 4, failed: 1, skipped: 1 });
      expect(
        world
          .jobs()
          .some((job) => job.participants.some((participant) => participant.sourceServerId === victim.sourceServerId)),
      ).toBe(false);
      expect(world.textOf(world.cards()[0])).toContain(victim.hostname);
    },
  );

  test('a fleet that has changed is asked about again, with what changed, and only the new plan is launched', async () => {
    const world = await startWorld();
    const [gone, model] = world.serversOf('HealthEdge', 1);
    if (gone === undefined || model === undefined) throw new Error('HealthEdge wave 1 is empty');
    await world.says('requester', 'drill HealthEdge wave 1');
    await world.untilAsked();
    const oldCard = world.openGateCards()[0];
    world.practice.fleet.removeSourceServer(gone.sourceServerId);
    world.practice.fleet.addSourceServer({
      ...model,
      sourceServerId: 's-0000000000000new1',
      hostname: 'hrp-db-new',
      recoveryInstance: undefined,
    });
    await world.presses('approver', 'approve', oldCard);
    await world.untilAsked(2);
    expect(world.jobs()).toHaveLength(0);
    const newCard = world.openGateCards()[0];
    expect(world.textOf(newCard)).toContain('hrp-db-new (s-0000000000000new1) is new');
    expect(world.textOf(newCard)).toContain(`${gone.hostname} (${gone.sourceServerId}) is gone`);

    // The old question stays decided, whoever presses its buttons.
    expect(await world.presses('second-approver', 'approve', oldCard)).toContain('decided already');
    await world.drawn();
    expect(world.jobs()).toHaveLength(0);

    await world.presses('second-approver', 'approve', newCard);
    await world.untilStatus('completed');
    await world.drawn();
    const launched = world.result().recoveryInstances.map((instance) => instance.sourceServerId);
    expect(launched).toContain('s-0000000000000new1');
    expect(launched).not.toContain(gone.sourceServerId);
    expect(launched).toHaveLength(2);
  });

  test('health that flickers while people think does not ask again', async () => {
    const world = await startWorld();
    const [server] = world.serversOf('HealthEdge', 1);
    await world.says('requester', 'drill HealthEdge wave 1');
    await world.untilAsked();
    world.practice.fleet.setReplication(server?.sourceServerId ?? '', { state: 'BACKLOG', lagDuration: 'PT2M' });
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.clock.runUntil(() => world.jobs().length === 2, { what: 'both jobs', withinMs: 600_000 });
    expect(world.gateCards()).toHaveLength(1);
  });
});
