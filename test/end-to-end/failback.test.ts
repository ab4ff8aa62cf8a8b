import { describe, expect, test } from 'vitest';
import { serverRecord } from '../local/aws/aws-world.ts';
import { allowDirect, call, listed } from './component-call.ts';
import { startWorld } from './world.ts';

const TAGS = { 'DR-Application': 'Connectors', 'DR-Wave': '1' };
const FAILBACK = { action: 'failback', tags: TAGS };
const ORIGIN = { accountId: '555555555555', region: 'us-east-1' };

/** Connectors wave 1 runs on live recovery instances in two staging accounts: its servers came from another Region of AWS. */
async function failedOver() {
  const world = await startWorld();
  allowDirect(world, ['failback']);
  const { fleet, drs } = world.practice;
  const servers = world
    .serversOf('Connectors', 1)
    .filter((server) => server.tags['DR-Enabled'] !== 'false')
    .map(({ sourceServerId, accountId, hostname }) => ({
      sourceServerId,
      accountId,
      hostname,
      instanceId: fleet.addRecoveryInstance(sourceServerId, { isDrill: false }).instanceId,
    }));
  const reversedIdOf = ({ instanceId }: { instanceId: string }) =>
    fleet.recoveryInstance(instanceId)?.reversedServerId ?? '';
  return {
    world,
    servers,
    /** The copies of these servers are complete; hours are not waited for. */
    completeCopies: (those: typeof servers) => {
      for (const server of those) fleet.setReplication(reversedIdOf(server), { state: 'CONTINUOUS' });
    },
    atOrigin: ({ instanceId }: { instanceId: string }) =>
      fleet
        .recoveryInstancesOf(reversedIdOf({ instanceId }), ORIGIN.accountId, ORIGIN.region)
        .map((record) => record.instanceId),
    originJobs: () => drs.jobs.list(ORIGIN.accountId, ORIGIN.region),
  };
}

describe('a failback of servers that came from AWS', () => {
  test('copies back first, and is launched by a later call when all copies are complete', async () => {
    const { world, servers, completeCopies, atOrigin, originJobs } = await failedOver();
    const first = await call(world, FAILBACK, 'first');
    expect(first.status).toBe('SUCCEEDED');
    expect(first.output).toMatchObject({
      status: 'partial',
      nextPhaseReady: false,
      isDrill: false,
      recoveryInstances: [],
      failedServers: [],
      summary: { totalServers: 20, succeeded: 0, failed: 0, skipped: 20 },
    });
    const said = first.output?.skippedServers.map(({ reason }) => reason) ?? [];
    expect(said.filter((reason) => reason.startsWith('copying back to us-east-1 of 555555555555 ('))).toHaveLength(19);

    // One account's copies are complete, the other's are not: the application would run in two Regions.
    const half = servers.filter((server) => server.accountId === '111111111111');
    completeCopies(half);
    const second = await call(world, FAILBACK, 'second');
    expect(second.output).toMatchObject({ status: 'partial', nextPhaseReady: false, recoveryInstances: [] });
    expect(
      second.output?.skippedServers.filter(
        ({ reason }) => reason === 'its copy is complete; it waits for 9 other servers that are still copying',
      ),
    ).toHaveLength(half.length);
    expect(originJobs()).toEqual([]);

    completeCopies(servers);
    const third = await call(world, FAILBACK, 'third');
    expect(third.output).toMatchObject({
      status: 'success',
      nextPhaseReady: true,
      failedServers: [],
      summary: { totalServers: 20, succeeded: 19, skipped: 1 },
    });
    for (const server of servers) {
      const told = third.output?.recoveryInstances.find((one) => one.sourceServerId === server.sourceServerId);
      expect([told?.recoveryInstanceId]).toEqual(atOrigin(server));
      expect(told).toMatchObject({ status: 'launched', privateIp: expect.any(String) });
    }
    expect(originJobs().map(({ tags }) => tags['DR-ExecutionId'])).toEqual(['run-third', 'run-third']);
    expect(world.calls.filter(({ action }) => action === 'ReverseReplication')).toHaveLength(19);
    for (const { output } of [first, second, third]) {
      const all = output === undefined ? [] : listed(output);
      expect(new Set(all).size).toBe(20);
      expect(all).toHaveLength(20);
    }
    // What runs in the DR Region goes on until somebody ends it.
    for (const { instanceId } of servers) expect(world.practice.fleet.ec2Instance(instanceId)?.state).toBe('running');
  });

  test('goes beside one on premises in the same account, and leaves a drill’s instance alone', async () => {
    const { world, servers, completeCopies } = await failedOver();
    const { fleet } = world.practice;
    const onPremises = fleet.addSourceServer(serverRecord('conn-onprem-001', { tags: TAGS }));
    const live = fleet.addRecoveryInstance(onPremises.sourceServerId, { isDrill: false });
    fleet.setFailback(live.instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    const drilled = fleet.addSourceServer(serverRecord('conn-drilled-001', { tags: TAGS }));
    const drill = fleet.addRecoveryInstance(drilled.sourceServerId, { isDrill: true });

    const first = await call(world, FAILBACK, 'first');
    expect(first.output).toMatchObject({ status: 'partial', nextPhaseReady: false });
    expect(first.output?.recoveryInstances.map((one) => one.sourceServerId)).toEqual([onPremises.sourceServerId]);
    expect(first.output?.failedServers).toMatchObject([
      { sourceServerId: drilled.sourceServerId, errorCode: 'DrillInstance' },
    ]);
    expect(fleet.recoveryInstance(live.instanceId)?.failback.state).toBe('FAILBACK_COMPLETED');
    expect(fleet.recoveryInstance(drill.instanceId)?.reversedServerId).toBeUndefined();

    completeCopies(servers);
    const second = await call(world, { ...FAILBACK, options: { continueOnFailure: true } }, 'second');
    const launched = second.output?.recoveryInstances.map((one) => one.sourceServerId) ?? [];
    expect(launched).toEqual(expect.arrayContaining(servers.map((server) => server.sourceServerId)));
    expect(new Set(second.output === undefined ? [] : listed(second.output)).size).toBe(22);
  });

  test('ends with what is known when its function cannot go on, and launches nothing twice', async () => {
    const { world, servers, completeCopies, originJobs } = await failedOver();
    await call(world, FAILBACK, 'first');
    completeCopies(servers);
    const { faults } = world.practice.drs;
    const stop = world.practice.host.onInvoke(({ functionName }) => {
      if (!functionName.endsWith('failback-origin') || originJobs().length < 2) return;
      stop();
      faults.failNext(1_000, { operation: 'DescribeJobs', accountId: ORIGIN.accountId });
    });
    const { output } = await call(world, FAILBACK, 'second');
    expect(output).toMatchObject({ status: 'failed', recoveryInstances: [] });
    const jobs = originJobs().map(({ jobId }) => jobId);
    expect(jobs).toHaveLength(2);
    for (const { errorMessage } of output?.failedServers ?? []) {
      expect(jobs.some((jobId) => errorMessage.includes(jobId))).toBe(true);
    }
  });
});
