import { describe, expect, it } from 'vitest';
import { cleanUpIdOf, terminationIdOf, terminationOf } from '../../src/domain/clean-up.ts';
import type { Plan, PlannedServer } from '../../src/domain/plan.ts';
import type { Policies } from '../../src/domain/policy.ts';
import type { ExecutionRecord, PlanRecord } from '../../src/domain/records.ts';
import { create as createOpenGate } from '../../src/gates/open-gate.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { create } from '../../src/requests/clean-up-drills.ts';
import { APPROVER, anExecution, aPlan, EXECUTION_ID, minutes, REQUESTER } from '../blocks/views.ts';
import { ACCOUNT, aBatch, aBatchServer } from '../domain/fleet.ts';
import { startWorld as startEmptyWorld } from './world.ts';

const TEAM = 'T0PRACTICE1';
const CLEAN_UP = cleanUpIdOf(EXECUTION_ID);
const HOURS = 4;
const bell = { taskToken: 'token', enteredTime: '2026-03-02T02:00:00Z', retryCount: 0, redriveCount: 0 };

/** A drill with a clean-up that has just ended, approved at its gate. */
async function startWorld({ policies = {}, cleanUp = true }: { policies?: Policies; cleanUp?: boolean } = {}) {
  const world = await startEmptyWorld();
  const { store, clock } = world;
  world.configure('policies', policies);
  world.configure('access', {
    teamId: TEAM,
    grants: [{ role: 'DRSRecoveryManager', users: [REQUESTER, APPROVER] }],
  });
  const environment = { ...world.platform.environment, SLACK_SECRET_ID: 'slack' };
  const platform: Platform = { ...world.platform, environment };
  const openGate = createOpenGate(platform);
  const start = clock.now();
  await store.createExecution(
    anExecution({
      status: 'awaiting approval',
      startTime: start,
      planRevision: 1,
      ...(cleanUp ? { cleanUp: { afterHours: HOURS } } : {}),
    }),
  );
  await freeze(EXECUTION_ID, { verb: 'drill' }, [server(1), server(2)]);
  await openGate({ executionId: EXECUTION_ID, gateId: 'approval-1', ...bell });

  /** Freezes a plan of these servers. */
  async function freeze(executionId: string, differs: Partial<Plan>, servers: PlannedServer[]): Promise<PlanRecord> {
    const { batchIds: _, frozenAt: __, executionId: ___, ...plan } = aPlan(differs);
    return await store.freezePlan(executionId, {
      ...plan,
      batches: [{ batchId: `r1-w1-${ACCOUNT}-01`, wave: 1, accountId: ACCOUNT, region: aBatch().region, servers }],
    });
  }

  return {
    ...world,
    sweep: create(platform),
    /** Somebody approves the drill; its servers are launched and it ends. */
    async drillEnds(): Promise<ExecutionRecord> {
      const gate = await store.getGate(EXECUTION_ID, 'approval-1');
      if (gate === undefined) throw new Error('nobody was asked');
      const votes = [{ userId: APPROVER, teamId: TEAM, choice: 'approve' as const, at: clock.now() }];
      await store.decideGate({ ...gate, status: 'approved', votes, answer: 'approve' }, { version: gate.version });
      const plan = await store.getPlan(EXECUTION_ID, 1);
      for (const batch of plan === undefined ? [] : await store.getBatches(plan)) {
        const servers = batch.servers.map((one, at) => ({
          ...one,
          state: 'launched' as const,
          recoveryInstanceId: `i-0000000${at + 1}`,
          ec2InstanceId: `i-0000000${at + 1}`,
        }));
        await store.replaceBatch({ ...batch, servers });
      }
      await store.moveExecution(EXECUTION_ID, 'executing');
      const at = clock.now() + HOURS * minutes(60);
      const changes = cleanUp ? { cleanUp: { afterHours: HOURS, at } } : {};
      await store.moveExecution(EXECUTION_ID, 'completed', { endTime: clock.now(), ...changes });
      const drill = await store.getExecution(EXECUTION_ID);
      if (drill === undefined) throw new Error('the drill is gone');
      return drill;
    },
    /** Stores a termination of the drill's instances that somebody has asked for. */
    async asked(differs: Partial<ExecutionRecord>): Promise<void> {
      const [drill, plan] = await Promise.all([store.getExecution(EXECUTION_ID), store.getPlan(EXECUTION_ID, 1)]);
      if (drill === undefined || plan === undefined) throw new Error('the drill is gone');
      const executionId = terminationIdOf(EXECUTION_ID, 1);
      const request = { executionId, requester: drill.requester, now: clock.now(), reason: 'now' };
      const made = terminationOf(drill, await store.getBatches(plan), request);
      if (made !== undefined) await store.createExecution({ ...made.execution, ...differs });
    },
    /** What the clean-up's plan would end is frozen, and its gate is opened. */
    async cleanUpGate(...servers: PlannedServer[]) {
      await freeze(CLEAN_UP, { verb: 'terminate', hash: 'f'.repeat(64) }, servers);
      await store.moveExecution(CLEAN_UP, 'awaiting approval', { planRevision: 1 });
      await openGate({ executionId: CLEAN_UP, gateId: 'approval-1', ...bell });
      return await store.getGate(CLEAN_UP, 'approval-1');
    },
  };
}

const server = (number: number): PlannedServer => {
  const { state: _, ...planned } = aBatchServer(number);
  return planned;
};
const instanceOf = (number: number, instance = number): PlannedServer => ({
  ...server(number),
  recoveryInstanceId: `i-0000000${instance}`,
  ec2InstanceId: `i-0000000${instance}`,
  isDrill: true,
});

describe('the clean-up of a drill', () => {
  it('is begun once, when it is due, as a termination of what the drill has launched', async () => {
    const world = await startWorld();
    const drill = await world.drillEnds();
    await world.clock.advance(HOURS * minutes(60) - 1);
    expect(await world.sweep({})).toEqual({ begun: [] });
    await world.clock.advance(1);
    expect(await world.sweep({})).toEqual({ begun: [EXECUTION_ID] });
    expect(await world.store.getExecution(CLEAN_UP)).toMatchObject({
      verb: 'terminate',
      status: 'planning',
      requester: drill.requester,
      channelId: drill.channelId,
      options: { instanceIds: ['i-00000001', 'i-00000002'] },
      cleansUp: { executionId: EXECUTION_ID, gateId: 'approval-1' },
      endsDrill: EXECUTION_ID,
    });
    expect(await world.store.getRecoveryPlan(CLEAN_UP)).toMatchObject({ waves: [{ wave: 1 }] });
    expect(await world.store.lockApplication('HRP', 'another')).toEqual({ locked: false, owner: CLEAN_UP });
    expect((await world.store.getExecution(EXECUTION_ID))?.cleanUp).toMatchObject({ executionId: CLEAN_UP });
    expect(await world.sweep({})).toEqual({ begun: [] });
  });

  it('is not begun when somebody keeps the instances, who can do so only before', async () => {
    const world = await startWorld();
    await world.drillEnds();
    const by = { userId: APPROVER, teamId: TEAM, at: world.clock.now() };
    expect(await world.store.keepInstances(EXECUTION_ID, by)).toBe(true);
    expect(await world.store.keepInstances(EXECUTION_ID, { ...by, userId: REQUESTER })).toBe(false);
    await world.clock.advance(HOURS * minutes(60));
    expect(await world.sweep({})).toEqual({ begun: [] });
    expect(await world.store.getExecution(CLEAN_UP)).toBeUndefined();
    expect(await world.store.beginCleanUp(EXECUTION_ID, CLEAN_UP)).toBe(false);
  });

  it('keeps nobody’s instances any more once it has begun', async () => {
    const world = await startWorld();
    await world.drillEnds();
    await world.clock.advance(HOURS * minutes(60));
    await world.sweep({});
    const by = { userId: APPROVER, teamId: TEAM, at: world.clock.now() };
    expect(await world.store.keepInstances(EXECUTION_ID, by)).toBe(false);
  });

  it('waits while the application is busy, and while terminations are frozen', async () => {
    const world = await startWorld({ policies: { terminate: { freeze: 'year end' } } });
    await world.drillEnds();
    await world.clock.advance(HOURS * minutes(60));
    expect(await world.sweep({})).toEqual({ begun: [] });
    world.configure('policies', {});
    const other = anExecution({ executionId: 'other', status: 'executing' });
    await world.store.createExecution(other);
    await world.store.lockApplication('HRP', 'other');
    expect(await world.sweep({})).toEqual({ begun: [] });
    await world.store.unlockApplication('HRP', 'other');
    expect(await world.sweep({})).toEqual({ begun: [EXECUTION_ID] });
  });

  it('goes on where it was cut off between its writes', async () => {
    const world = await startWorld();
    await world.drillEnds();
    await world.clock.advance(HOURS * minutes(60));
    await world.store.beginCleanUp(EXECUTION_ID, CLEAN_UP);
    expect(await world.sweep({})).toEqual({ begun: [EXECUTION_ID] });
    expect(await world.store.getExecution(CLEAN_UP)).toBeDefined();
  });

  it('has nothing to do when somebody has ended the instances; begins when that came to nothing', async () => {
    const world = await startWorld();
    await world.drillEnds();
    await world.asked({ status: 'completed' });
    await world.clock.advance(HOURS * minutes(60));
    expect(await world.sweep({})).toEqual({ begun: [] });
    expect((await world.store.getExecution(EXECUTION_ID))?.cleanUp?.executionId).toBe(terminationIdOf(EXECUTION_ID, 1));

    const second = await startWorld();
    await second.drillEnds();
    await second.asked({ status: 'rejected' });
    await second.clock.advance(HOURS * minutes(60));
    expect(await second.sweep({})).toEqual({ begun: [EXECUTION_ID] });
  });
});

describe('the approval of a clean-up', () => {
  it('is asked for with the drill, of people who may end instances, by the stricter of both policies', async () => {
    const world = await startWorld({
      policies: { drill: { quorum: 2, selfApproval: true }, terminate: { typeName: true, selfApproval: true } },
    });
    expect(await world.store.getGate(EXECUTION_ID, 'approval-1')).toMatchObject({
      quorum: 2,
      typedName: 'HRP',
      cleanUpAfterHours: HOURS,
      permissions: ['drs:ManageExecution', 'drs:TerminateInstances'],
    });
    const other = await startWorld({ cleanUp: false });
    const gate = await other.store.getGate(EXECUTION_ID, 'approval-1');
    expect(gate).toMatchObject({ quorum: 1, permissions: ['drs:ManageExecution'] });
    expect(gate).not.toHaveProperty('cleanUpAfterHours');
  });

  it('is the drill’s: nobody is asked again', async () => {
    const world = await startWorld();
    await world.drillEnds();
    await world.clock.advance(HOURS * minutes(60));
    await world.sweep({});
    expect(await world.cleanUpGate(instanceOf(1), instanceOf(2))).toMatchObject({
      status: 'approved',
      from: { executionId: EXECUTION_ID, gateId: 'approval-1' },
      votes: [{ userId: APPROVER, choice: 'approve' }],
      planHash: 'f'.repeat(64),
    });
  });

  it('is asked for when something else would be ended, too', async () => {
    const world = await startWorld();
    await world.drillEnds();
    await world.clock.advance(HOURS * minutes(60));
    await world.sweep({});
    const gate = await world.cleanUpGate(instanceOf(1), instanceOf(2, 9));
    expect(gate).toMatchObject({ status: 'pending', votes: [] });
    expect(gate).not.toHaveProperty('from');
  });

  it('is asked for when the policy of terminations has become stricter', async () => {
    const world = await startWorld();
    await world.drillEnds();
    await world.clock.advance(HOURS * minutes(60));
    await world.sweep({});
    world.configure('policies', { terminate: { typeName: true } });
    expect(await world.cleanUpGate(instanceOf(1))).toMatchObject({ status: 'pending', typedName: 'HRP' });
  });
});
