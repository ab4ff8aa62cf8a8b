import { expect, test } from 'vitest';
import type { PlanRecord } from '../../src/domain/records.ts';
import { call, tagged } from './component-call.ts';
import { startWorld } from './world.ts';

const FIRST = '111111111111';
const SECOND = '222222222222';

test('servers start in the order of DR-Priority, and accounts in that of their configured priority', async () => {
  const world = await startWorld();
  const { practice } = world;
  const place = (accountId: string) => `${practice.configPath}/staging-accounts/${accountId}`;
  const servers = tagged(world, 'order', 6, [FIRST, SECOND]);
  const ofAccount = (accountId: string) => servers.filter((server) => server.accountId === accountId);
  // The last by name and by account number goes first.
  for (const accountId of [FIRST, SECOND]) {
    const byName = ofAccount(accountId).sort((a, b) => a.hostname.localeCompare(b.hostname));
    for (const [index, priority] of ['low', 'medium', 'HIGH'].entries()) {
      const server = byName[index];
      practice.fleet.setTags(server?.sourceServerId ?? '', { ...server?.tags, 'DR-Priority': priority });
    }
  }
  for (const [accountId, priority] of [
    [FIRST, 9],
    [SECOND, 1],
  ] as const) {
    const configured = JSON.parse(practice.ssm.get(place(accountId)) ?? '{}') as object;
    practice.ssm.put(place(accountId), JSON.stringify({ ...configured, priority }));
  }

  const input = { action: 'drill', tags: { 'DR-Test': 'order' }, options: { parallelism: 1 } };
  const { output } = await call(world, input, 'order');
  expect(output?.status).toBe('success');
  // The accounts are taken up in the plan's order.
  const plan = await world.table.item<PlanRecord>('run-order', 'PLAN#01');
  expect(plan?.accounts.filter((account) => account.servers > 0).map(({ accountId }) => accountId)).toEqual([
    SECOND,
    FIRST,
  ]);
  for (const accountId of [FIRST, SECOND]) {
    const started = world
      .launches()
      .filter(({ resource }) => resource.includes(`:${accountId}:`))
      .map(({ resource }) => practice.fleet.sourceServer(resource.split('/').at(-1) ?? '')?.tags['DR-Priority']);
    expect(started).toEqual(['HIGH', 'medium', 'low']);
  }
});

test('what a drill replaces makes room for it in a quota that is full', async () => {
  const world = await startWorld();
  tagged(world, 'again', 2);
  const again = (action: string, name: string) => call(world, { action, tags: { 'DR-Test': 'again' } }, name);
  expect((await again('drill', 'first')).output?.status).toBe('success');
  const { output: now } = await again('status', 'between');
  const inUse = now?.accounts?.[0]?.quotas?.vcpus.inUse ?? 0;
  expect(inUse).toBeGreaterThan(0);

  const quota = { accountId: FIRST, serviceCode: 'ec2', quotaCode: 'L-1216C47A' };
  world.practice.serviceQuotas.setQuota({ ...quota, value: inUse });
  expect((await again('drill', 'second')).output).toMatchObject({ status: 'success', summary: { succeeded: 2 } });
  world.practice.serviceQuotas.setQuota({ ...quota, value: inUse - 1 });
  expect((await again('drill', 'third')).output).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('by instances that the launch replaces'),
  });
});

test('every line of the log about an account says whose run it is', async () => {
  const world = await startWorld();
  const { drs, ec2 } = world.practice;
  tagged(world, 'logged', 2);
  const drill = (name: string, options: object) =>
    call(world, { action: 'drill', tags: { 'DR-Test': 'logged' }, options, metadata: { correlationId: name } }, name);
  drs.faults.denyAccount('333333333333');
  drs.faults.denyOperation('DescribeRecoverySnapshots');
  await drill('discovery', { allowMissingAccounts: true, pointInTime: new Date(world.clock.now()).toISOString() });
  drs.faults.allowAccount('333333333333');
  ec2.denyAccount(FIRST, 'DescribeInstanceStatus');
  await drill('settling', {});

  const lines = world.logLines
    .map((line) => JSON.parse(line) as Record<string, string>)
    .filter(({ message }) => message?.includes('could not be read'));
  const about = (name: string, accountId: string, message: string) =>
    expect.objectContaining({ message, executionId: `run-${name}`, correlationId: name, accountId });
  expect(lines).toContainEqual(about('discovery', '333333333333', 'A staging account could not be read'));
  expect(lines).toContainEqual(about('discovery', FIRST, 'Snapshots could not be read'));
  expect(lines).toContainEqual(about('settling', FIRST, 'The launched instances could not be read'));
  expect(lines.filter(({ correlationId }) => correlationId === undefined)).toEqual([]);
});
