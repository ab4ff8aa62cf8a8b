import { expect, it } from 'vitest';
import { CENTRAL_ACCOUNT, STAGING_ACCOUNTS } from '../../src/local/accounts.ts';
import { allowDirect, call, tagged } from '../end-to-end/component-call.ts';
import { executionIdOf, startWorld } from '../end-to-end/world.ts';
import { allowedResources, exampleDeployment, synthesize } from './synthesized.ts';

it('every call of a drill, of looks at it, of a failover, a termination and a status is allowed to the role that makes it', async () => {
  const { central, staging } = synthesize(exampleDeployment());
  const stackOf = new Map<string, typeof central>([[CENTRAL_ACCOUNT, central]]);
  STAGING_ACCOUNTS.forEach((account, index) => {
    const stack = staging[index];
    if (stack !== undefined) stackOf.set(account, stack);
  });

  const world = await startWorld();
  await world.says('requester', 'drill HRP wave 1');
  await world.untilAsked();
  await world.presses('approver', 'approve', world.openGateCards()[0]);
  await world.untilStatus('completed');
  const id = executionIdOf(world.cards()[0]).slice(0, 8);
  const [server] = world.serversOf('HRP', 1);
  const looks = ['plan drill HRP wave 1', 'status HRP', 'executions', `server ${server?.hostname}`, `logs ${id}`];
  for (const look of looks) await world.says('approver', look);
  await world.says('approver', `audit ${id}`);
  for (const look of ['plans', 'groups', 'plan export HRP']) await world.says('approver', look);
  // Its form offers the staging accounts; the draft is stored.
  await world.says('lead', 'group new HRP');
  await world.drawn();
  expect(world.calls.map(({ action }) => action)).toContain('DescribeJobLogItems');
  allowDirect(world, ['status', 'failover', 'terminate']);
  tagged(world, 'all', 2);
  const tags = { 'DR-Test': 'all' };
  const pointInTime = new Date(world.clock.now() - 7_200_000).toISOString();
  for (const input of [
    { action: 'status', tags },
    { action: 'failover', tags, options: { statusChecks: true, pointInTime } },
    { action: 'terminate', tags, options: { terminateLive: true } },
  ]) {
    expect((await call(world, input, input.action)).output?.status).toBe('success');
  }

  const refused = world.calls
    .map(({ identity, service, action }) => ({
      ...identity,
      role: identity.roleArn.split('/')[1] ?? '',
      action: `${service}:${action}`,
    }))
    // The caller of the component is somebody of the central account.
    .filter(({ role }) => role !== 'operator')
    .filter(({ accountId, role, action }) => {
      const stack = stackOf.get(accountId);
      return stack === undefined || allowedResources(stack.rightsOf(role), action).length === 0;
    })
    .map(({ accountId, role, action }) => `${accountId} ${role}: ${action}`);
  expect(world.calls.length).toBeGreaterThan(100);
  expect([...new Set(refused)]).toEqual([]);
});
