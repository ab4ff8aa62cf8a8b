import { expect, it } from 'vitest';
import type { FunctionName } from '../../src/functions.ts';
import { deployedName } from '../../src/local/names.ts';
import { allowDirect, call, tagged } from '../end-to-end/component-call.ts';
import { executionIdOf, startWorld } from '../end-to-end/world.ts';
import { refusedCalls } from './refused-calls.ts';

/** What worlds of tests leave out elsewhere. */
const BY_THE_CLOCK: FunctionName[] = [
  ...(['refresh-catalogue', 'answer-parents', 'clean-up-drills', 'run-schedules'] as const),
  ...(['check-readiness', 'send-digest'] as const),
];

it('every call of a drill, of looks at it, of a failover, a termination and a status is allowed to the role that makes it', async () => {
  const world = await startWorld({ schedules: BY_THE_CLOCK });
  await world.says('requester', 'drill HRP wave 1');
  await world.untilAsked();
  await world.presses('approver', 'approve', world.openGateCards()[0]);
  await world.untilStatus('completed');
  const id = executionIdOf(world.cards()[0]).slice(0, 8);
  const [server] = world.serversOf('HRP', 1);
  const looks = ['plan drill HRP wave 1', 'status HRP', 'executions', `server ${server?.hostname}`, `logs ${id}`];
  for (const look of looks) await world.says('approver', look);
  await world.says('approver', `audit ${id}`);
  for (const look of ['plans', 'groups', 'plan export HRP', 'readiness', 'accounts', 'accounts validate']) {
    await world.says('approver', look);
  }
  await world.practice.host.invoke(deployedName('validate-accounts'), {});
  // Its form offers the staging accounts; the draft is stored.
  await world.says('lead', 'group new HRP');
  await world.drawn();
  expect(world.calls.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['DescribeJobLogItems', 'DescribeStateMachine', 'GetEventSelectors']),
  );
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

  await world.clock.advance(300_000);
  const callers = new Set(world.calls.map(({ identity }) => identity.roleArn.split('/').at(-1)));
  expect([...callers]).toEqual(expect.arrayContaining(BY_THE_CLOCK.map(deployedName)));

  expect(world.calls.length).toBeGreaterThan(100);
  // The caller of the component is somebody of the central account.
  expect(refusedCalls(world.calls, ['operator'])).toEqual([]);
});
