import { expect, test } from 'vitest';
import { allowDirect, call, tagged } from './component-call.ts';
import { startWorld } from './world.ts';

test('a failback to on premises launches what is ready; drill instances never go back', async () => {
  const world = await startWorld();
  allowDirect(world, ['failback']);
  const { fleet } = world.practice;
  const [first, second, drilled, none] = tagged(world, 'home', 4);
  const instances = [first, second].map((server) => {
    const { instanceId } = fleet.addRecoveryInstance(server?.sourceServerId ?? '', { isDrill: false });
    fleet.setFailback(instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    return instanceId;
  });
  fleet.addRecoveryInstance(drilled?.sourceServerId ?? '', { isDrill: true });
  const { output } = await call(world, { action: 'failback', tags: { 'DR-Test': 'home' } }, 'home');
  expect(output).toMatchObject({
    status: 'partial',
    action: 'failback',
    isDrill: false,
    summary: { totalServers: 4, succeeded: 2, failed: 1, skipped: 1 },
    failedServers: [{ sourceServerId: drilled?.sourceServerId, errorCode: 'DrillInstance' }],
    skippedServers: [{ sourceServerId: none?.sourceServerId, reason: 'no recovery instance' }],
  });
  expect(output?.recoveryInstances.map(({ recoveryInstanceId }) => recoveryInstanceId).sort()).toEqual(
    instances.sort(),
  );
  expect(world.calls.filter(({ action }) => action === 'StartFailbackLaunch')).toHaveLength(1);
  expect(world.calls.filter(({ action }) => action === 'ReverseReplication')).toHaveLength(0);
  expect(world.jobs()[0]?.tags).toMatchObject({ 'DR-ExecutionId': 'run-home' });
});
