import { expect, it } from 'vitest';
import { CENTRAL_ACCOUNT, STAGING_ACCOUNTS } from '../../src/local/accounts.ts';
import { startWorld } from '../end-to-end/world.ts';
import { allowedResources, exampleDeployment, synthesize } from './synthesized.ts';

it('every call of a drill is allowed to the role that makes it', async () => {
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

  const refused = world.calls
    .map(({ identity, service, action }) => ({
      ...identity,
      role: identity.roleArn.split('/')[1] ?? '',
      action: `${service}:${action}`,
    }))
    .filter(({ accountId, role, action }) => {
      const stack = stackOf.get(accountId);
      return stack === undefined || allowedResources(stack.rightsOf(role), action).length === 0;
    })
    .map(({ accountId, role, action }) => `${accountId} ${role}: ${action}`);
  expect(world.calls.length).toBeGreaterThan(100);
  expect([...new Set(refused)]).toEqual([]);
});
