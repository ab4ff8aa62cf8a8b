import { expect, test } from 'vitest';
import { deployedName } from '../../src/local/names.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { allowDirect, tagged } from './component-call.ts';
import { startWorld } from './world.ts';

test('an approved failover keeps to its plan: what is gone fails by name, what is new is named and not launched', async () => {
  const world = await startWorld();
  const { practice } = world;
  const topic = practice.sns.createTopic({ name: 'recoveries' });
  allowDirect(world, [], [topic]);
  const [kept, gone] = tagged(world, 'approved', 2);
  const { executionId } = (await practice.host.invoke(deployedName('request-recovery'), {
    action: 'failover',
    tags: { 'DR-Test': 'approved' },
    options: { notificationArn: topic, continueOnFailure: true },
    metadata: { correlationId: 'CHG-9' },
    channelId: WORKSPACE.channelId,
  })) as { executionId: string };
  await world.untilAsked();
  practice.fleet.removeSourceServer(gone?.sourceServerId ?? '');
  const [late] = tagged(world, 'approved', 1);
  await world.approves('approver', world.openGateCards()[0]);
  await world.approves('second-approver', world.openGateCards()[0]);
  await world.untilStatus('completed', 'partial', 'failed');
  await world.drawn();

  expect(world.gateCards()).toHaveLength(1);
  expect(world.result()).toMatchObject({
    status: 'partial',
    summary: { totalServers: 2, succeeded: 1, failed: 1 },
    recoveryInstances: [{ sourceServerId: kept?.sourceServerId }],
    failedServers: [{ sourceServerId: gone?.sourceServerId, errorCode: 'ServerGone' }],
    warnings: [expect.stringContaining(late?.sourceServerId ?? 'no server')],
  });
  expect(world.launches()).toHaveLength(1);
  const told = practice.sns.published(topic).map(({ attributes }) => attributes.kind?.value);
  expect(told).toEqual(['gateOpened', 'executionStarted', 'waveStarted', 'waveCompleted', 'partialSuccess']);
  expect((await world.table.execution(executionId))?.status).toBe('partial');
});
