import { expect, test } from 'vitest';
import { deployedName } from '../../src/local/names.ts';
import { tagged } from './component-call.ts';
import { startWorld } from './world.ts';

test('a termination is asked about where practice mode is configured to, of people who may terminate, in its own words', async () => {
  const world = await startWorld();
  const { fleet, host } = world.practice;
  const [server] = tagged(world, 'over', 1);
  const { instanceId } = fleet.addRecoveryInstance(server?.sourceServerId ?? '', { isDrill: true });
  // Neither the request nor this test says in which channel.
  const { executionId } = (await host.invoke(deployedName('request-recovery'), {
    action: 'terminate',
    tags: { 'DR-Test': 'over' },
    metadata: { correlationId: 'CHG-10' },
  })) as { executionId: string };
  await world.untilAsked();

  const [gate] = await world.table.gates(executionId);
  expect(gate).toMatchObject({
    status: 'pending',
    quorum: 1,
    permissions: ['drs:ManageExecution', 'drs:TerminateInstances'],
  });
  // A machine that went on without an approval would be turned back, and say what was not done.
  const refused = { message: expect.stringMatching(/^NotApproved: .* not approved\. Nothing was terminated\.$/) };
  const { gateId } = gate ?? { gateId: '' };
  await expect(host.invoke(deployedName('begin-wave'), { executionId, gateId, wave: 0 })).rejects.toMatchObject(
    refused,
  );
  await expect(host.invoke(deployedName('prepare'), { executionId, approvedGateId: gateId })).rejects.toMatchObject(
    refused,
  );
  expect(fleet.recoveryInstance(instanceId)).toBeDefined();

  await world.presses('approver', 'approve', world.openGateCards()[0]);
  await world.untilStatus('completed');
  await world.drawn();
  expect(world.result()).toMatchObject({ status: 'success', recoveryInstances: [{ recoveryInstanceId: instanceId }] });
  await expect(host.invoke(deployedName('begin-wave'), { executionId, gateId, wave: 0 })).rejects.toMatchObject({
    message: expect.stringMatching(/is over\. Nothing more was done\.$/),
  });

  // Its instance is gone now: nobody is asked to terminate nothing.
  await host.invoke(deployedName('request-recovery'), {
    action: 'terminate',
    tags: { 'DR-Test': 'over' },
    metadata: { correlationId: 'CHG-11' },
  });
  await world.untilStatus('failed');
  await world.drawn();
  expect(world.textOf(world.cards().at(-1))).toContain(
    'There is nothing to terminate: the one matching server is left out.',
  );
  expect(world.gateCards()).toHaveLength(1);
});
