import { describe, expect, it } from 'vitest';
import { type RecoveryPlan, recoveryPlanSchema } from '../../src/domain/recovery-plan.ts';
import { planLibrary } from '../../src/platform/plan-library.ts';
import { create } from '../../src/requests/request-recovery.ts';
import { startWorld } from './world.ts';

const FAILOVER = {
  action: 'failover',
  tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
  metadata: { correlationId: 'failover-1', initiatedBy: 'jsmith', ticketId: 'INC1' },
};

describe('a request by a machine', () => {
  it('is stored as an execution of nobody’s, with what the machine says of itself', async () => {
    const world = await startWorld();
    const answer = await create(world.platform)({ ...FAILOVER, taskToken: 'token' });
    expect(answer.status).toBe('planning');
    const stored = await world.store.getExecution(answer.executionId);
    expect(stored).toMatchObject({
      verb: 'failover',
      application: 'HRP',
      waves: [1],
      selection: 'HRP wave 1',
      requester: { userId: 'service', teamId: '' },
      service: { initiatedBy: 'jsmith' },
      metadata: FAILOVER.metadata,
      channelId: 'C0INCIDENT1',
      correlationId: 'failover-1',
    });
    expect(JSON.stringify(stored)).not.toContain('token"');
    expect(await world.store.getParent(answer.executionId)).toMatchObject({ status: 'waiting', taskToken: 'token' });
    expect(world.logLines.join()).not.toContain('"token');
  });

  it('for several waves is one execution; the same id for other waves is another request', async () => {
    const world = await startWorld();
    const request = create(world.platform);
    const waves = { ...FAILOVER, tags: { 'DR-Application': 'HRP' }, waves: [1, 2, 3], pauseBefore: [2] };
    const { executionId } = await request(waves);
    expect(await world.store.getExecution(executionId)).toMatchObject({
      waves: [1, 2, 3],
      pauseBefore: [2],
      selection: 'HRP waves 1–3',
      tags: { 'DR-Application': 'HRP' },
    });
    await expect(request(waves)).resolves.toMatchObject({ executionId });
    await expect(request({ ...waves, waves: [1, 2] })).rejects.toMatchObject({ name: 'Conflict' });
  });

  it('says whether people are asked when a wave fails; another word for it is another request', async () => {
    const world = await startWorld();
    const request = create(world.platform);
    const asking = { ...FAILOVER, onWaveFailure: 'ask' };
    const { executionId } = await request(asking);
    expect(await world.store.getExecution(executionId)).toMatchObject({ onWaveFailure: 'ask' });
    await expect(request(asking)).resolves.toMatchObject({ executionId });
    await expect(request({ ...asking, onWaveFailure: 'stop' })).rejects.toMatchObject({ name: 'Conflict' });
    await expect(request({ ...asking, onWaveFailure: 'retry' })).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('delivered twice is one execution, with the newer token', async () => {
    const world = await startWorld();
    const request = create(world.platform);
    const [first, second] = await Promise.all([request(FAILOVER), request(FAILOVER)]);
    expect(second.executionId).toBe(first.executionId);
    await request({ ...FAILOVER, taskToken: 'newer' });
    expect(await world.store.getParent(first.executionId)).toMatchObject({ taskToken: 'newer' });
  });

  it('delivered again after its recovery plan was stored, changed or removed is the same execution', async () => {
    const world = await startWorld();
    const request = create(world.platform);
    const plans = planLibrary(world.platform);
    let version = 0;
    const store = async (
      change: { kind: 'put plan'; plan: RecoveryPlan } | { kind: 'delete plan'; planId: string },
    ) => {
      await plans.apply({ baseVersion: version, changes: [change], by: { userId: 'U1', teamId: 'T1' }, at: version });
      version += 1;
    };
    const planOf = (...waves: number[]) =>
      recoveryPlanSchema.parse({
        ...{ planId: 'hrp', planName: 'HRP', application: 'HRP' },
        waves: waves.map((waveNumber) => ({ waveNumber, waveName: `Wave ${waveNumber}`, tagCriteria: { a: 'b' } })),
      });
    const byTags = await request(FAILOVER);
    await store({ kind: 'put plan', plan: planOf(2, 3) });
    await expect(request({ ...FAILOVER, taskToken: 'newer' })).resolves.toMatchObject(byTags);
    expect(await world.store.getParent(byTags.executionId)).toMatchObject({ taskToken: 'newer' });

    await world.store.moveExecution(byTags.executionId, 'failed');
    const wave3 = { ...FAILOVER, tags: { 'DR-Application': 'HRP', 'DR-Wave': '3' }, metadata: { correlationId: 'b' } };
    const byPlan = await request(wave3);
    expect(await world.store.getExecution(byPlan.executionId)).toMatchObject({
      recoveryPlan: { version: 1 },
      waves: [3],
    });
    await store({ kind: 'put plan', plan: planOf(2) });
    await expect(request(wave3)).resolves.toEqual(byPlan);
    const wave2 = { ...wave3, tags: { 'DR-Application': 'HRP', 'DR-Wave': '2' } };
    await expect(request(wave2)).rejects.toMatchObject({ name: 'Conflict' });
    await store({ kind: 'delete plan', planId: 'hrp' });
    await expect(request(wave3)).resolves.toEqual(byPlan);
  });

  it('is refused where its correlation id was another request’s', async () => {
    const world = await startWorld();
    const request = create(world.platform);
    await request(FAILOVER);
    const other = { ...FAILOVER, action: 'terminate' };
    await expect(request(other)).rejects.toMatchObject({ name: 'Conflict', message: /was used for another request/ });
  });

  it('is refused while its application, or the same tags, are busy', async () => {
    const world = await startWorld();
    const request = create(world.platform);
    await request(FAILOVER);
    const sameApplication = { ...FAILOVER, tags: { 'DR-Application': 'HRP' }, metadata: { correlationId: 'b' } };
    await expect(request(sameApplication)).rejects.toMatchObject({ name: 'Conflict', message: /^HRP is busy/ });
    const byTags = (correlationId: string) => ({ ...FAILOVER, tags: { 'DR-Wave': '1' }, metadata: { correlationId } });
    await request(byTags('c'));
    await expect(request(byTags('d'))).rejects.toMatchObject({ name: 'Conflict', message: /DR-Wave=1 is busy/ });
  });

  it('goes to the channel that it names; without any it is refused', async () => {
    const world = await startWorld();
    const request = create(world.platform);
    const { executionId } = await request({ ...FAILOVER, channelId: 'C0DRDRILLS1' });
    expect(await world.store.getExecution(executionId)).toMatchObject({ channelId: 'C0DRDRILLS1' });
    world.configure('requests', {});
    await expect(request({ ...FAILOVER, metadata: { correlationId: 'b' } })).rejects.toMatchObject({
      name: 'ConfigurationError',
    });
  });

  it('may have told only topics of the deployment’s list', async () => {
    const world = await startWorld();
    const notificationArn = 'arn:aws:sns:us-east-2:900000000000:dr';
    const told = { ...FAILOVER, options: { notificationArn } };
    await expect(create(world.platform)(told)).rejects.toMatchObject({ name: 'ValidationError' });
    world.configure('component', { notificationTopicArns: [notificationArn] });
    await expect(create(world.platform)(told)).resolves.toMatchObject({ status: 'planning' });
  });
});
