import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Policies } from '../../src/domain/policy.ts';
import type { PlanWave } from '../../src/domain/recovery-plan.ts';
import { executionIdOf } from '../../src/domain/request.ts';
import type { ScheduleRecord } from '../../src/domain/schedule.ts';
import { serve } from '../../src/local/http.ts';
import { startSecretsManager } from '../../src/local/services/secrets-manager.ts';
import { planLibrary } from '../../src/platform/plan-library.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { create } from '../../src/requests/run-schedules.ts';
import { anExecution, minutes } from '../blocks/views.ts';
import { aWave } from '../domain/plans.ts';
import { closing } from '../local/services/simulated-aws.ts';
import { startWorld as startEmptyWorld } from './world.ts';

const TEAM = 'T0PRACTICE1';
const MAKER = 'U0MAKER0001';
const DAY = 24 * minutes(60);

async function startWorld(policies: Policies = {}) {
  const world = await startEmptyWorld();
  const { store, clock } = world;
  const user = { team_id: TEAM, deleted: false };
  const access = (role: string) => ({ teamId: TEAM, grants: [{ role, users: [MAKER] }] });
  world.configure('policies', policies);
  world.configure('access', access('DRSOperator'));
  const slack = await serve(async () => ({ status: 200, body: JSON.stringify({ ok: true, user }) }));
  const secretsManager = await startSecretsManager(world.services);
  for (const server of [slack, secretsManager]) closing(server);
  secretsManager.put('slack', JSON.stringify({ botToken: 'xoxb-practice', signingSecret: 'x' }));
  vi.stubEnv('SLACK_API_URL', `${slack.url}/api/`);
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', secretsManager.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const platform: Platform = {
    ...world.platform,
    environment: { ...world.platform.environment, SLACK_SECRET_ID: 'slack' },
  };
  await store.putCatalogue({
    refreshedAt: clock.now(),
    applications: [{ name: 'HRP', waves: [1, 2].map((wave) => ({ wave, servers: 3 })) }],
  });
  const dueAt = clock.now() + minutes(60);
  const schedule: ScheduleRecord = {
    scheduleId: '1a2b3c4d',
    application: 'HRP',
    waves: [],
    cron: dailyAt(dueAt),
    timeZone: 'UTC',
    typed: 'every day',
    channelId: 'C0INCIDENT1',
    madeBy: { userId: MAKER, teamId: TEAM },
    madeAt: clock.now(),
    nextAt: dueAt,
  };
  return {
    ...world,
    platform,
    user,
    access,
    schedule,
    dueAt,
    run: create(platform),
    runAt: (at: number) => store.getExecution(executionIdOf('schedule', schedule.scheduleId, String(at))),
  };
}

/** Stores HRP's recovery plan of this wave. */
async function storePlan(platform: Platform, wave: PlanWave): Promise<void> {
  const plan = { planId: 'hrp', planName: 'HRP', application: 'HRP', cleanUpAfterHours: 8, waves: [wave] };
  await planLibrary(platform).apply({
    baseVersion: 0,
    changes: [{ kind: 'put plan', plan }],
    by: { arn: 'arn:aws:iam::900000000000:role/tester' },
    at: platform.now(),
  });
}

/** Each day at this time. */
function dailyAt(at: number): string {
  const date = new Date(at);
  return `${date.getUTCMinutes()} ${date.getUTCHours()} * * *`;
}

describe('a schedule', () => {
  it('asks for its drill once when it is due, as nobody, and moves on', async () => {
    const world = await startWorld();
    await world.store.createSchedule({ ...world.schedule, cleanUpAfterHours: 4, ticket: 'OPS-1' });
    expect(await world.run({})).toEqual({ run: [] });
    await world.clock.advance(minutes(60));
    expect(await world.run({})).toEqual({ run: ['1a2b3c4d'] });
    expect(await world.runAt(world.dueAt)).toMatchObject({
      status: 'planning',
      verb: 'drill',
      application: 'HRP',
      waves: [1, 2],
      tags: { 'DR-Application': 'HRP' },
      cleanUp: { afterHours: 4 },
      metadata: { ticketId: 'OPS-1' },
      requester: { userId: 'service', teamId: '' },
      service: { initiatedBy: 'schedule 1a2b3c4d' },
      schedule: { scheduleId: '1a2b3c4d', madeBy: { userId: MAKER, teamId: TEAM } },
      channelId: 'C0INCIDENT1',
    });
    expect(await world.run({})).toEqual({ run: [] });
    expect(await world.store.schedules()).toMatchObject([{ nextAt: world.dueAt + DAY }]);
  });

  it('runs the recovery plan where one is stored', async () => {
    const world = await startWorld();
    await storePlan(world.platform, aWave(3, { protectionGroupIds: [], tagCriteria: { Tier: 'web' } }));
    await world.store.createSchedule(world.schedule);
    await world.clock.advance(minutes(60));
    await world.run({});
    const execution = await world.runAt(world.dueAt);
    expect(execution).toMatchObject({ waves: [3], recoveryPlan: { planName: 'HRP' }, cleanUp: { afterHours: 8 } });
    expect(await world.store.getRecoveryPlan(execution?.executionId ?? '')).toMatchObject({ waves: [{ wave: 3 }] });
  });

  it('is one execution, although it was cut off before it moved on', async () => {
    const world = await startWorld();
    await world.store.createSchedule(world.schedule);
    await world.clock.advance(minutes(60));
    await Promise.all([world.run({}), world.run({})]);
    expect(await world.store.executionsWithStatus('planning')).toHaveLength(1);
    expect(await world.store.executionsWithStatus('failed')).toHaveLength(0);
    expect(await world.store.schedules()).toMatchObject([{ nextAt: world.dueAt + DAY }]);
  });

  it('does not run when it was deleted', async () => {
    const world = await startWorld();
    await world.store.createSchedule(world.schedule);
    const by = { userId: MAKER, teamId: TEAM, at: world.clock.now() };
    expect(await world.store.deleteSchedule('1a2b3c4d', by)).toBe(true);
    expect(await world.store.deleteSchedule('1a2b3c4d', by)).toBe(false);
    await world.clock.advance(minutes(60));
    expect(await world.run({})).toEqual({ run: [] });
  });

  const refusals: [string, string, (world: Awaited<ReturnType<typeof startWorld>>) => Promise<unknown> | unknown][] = [
    [
      'its application is busy',
      'busy with drill other (executing)',
      async ({ store }) => {
        await store.createExecution(anExecution({ executionId: 'other', status: 'executing' }));
        await store.lockApplication('HRP', 'other');
      },
    ],
    ['such drills are frozen', '“year end”', (world) => world.configure('policies', { drill: { freeze: 'year end' } })],
    [
      'such drills need a ticket by now',
      'need a ticket',
      (world) => world.configure('policies', { drill: { requireTicket: true } }),
    ],
    [
      'who made it may not ask any more',
      'may not ask for a drill of HRP any more',
      (world) => world.configure('access', world.access('DRSReadOnly')),
    ],
    [
      'who made it has left',
      'no member of this workspace any more',
      (world) => {
        world.user.deleted = true;
      },
    ],
    [
      'its recovery plan names a group that is gone',
      'there is no protection group g3',
      (world) => storePlan(world.platform, aWave(3)),
    ],
    [
      'nobody knows its waves',
      'not known which waves',
      (world) => world.store.putCatalogue({ refreshedAt: 0, applications: [] }),
    ],
  ];
  it.each(refusals)('tells its channel that it did not run when %s, and moves on', async (_, why, spoil) => {
    const world = await startWorld();
    await world.store.createSchedule(world.schedule);
    await spoil(world);
    await world.clock.advance(minutes(60));
    await world.run({});
    const told = await world.runAt(world.dueAt);
    expect(told).toMatchObject({ status: 'failed', endTime: world.clock.now(), channelId: 'C0INCIDENT1' });
    expect(told?.problem?.message).toContain(why);
    expect(told?.problem?.message).toContain('The next run is due');
    expect(await world.store.schedules()).toMatchObject([{ nextAt: world.dueAt + DAY }]);
  });

  it('names the runs that were missed for more than an hour, and catches none of them up', async () => {
    const world = await startWorld();
    await world.store.createSchedule(world.schedule);
    await world.clock.advance(minutes(60) + 2 * DAY + minutes(61));
    await world.run({});
    const { status, problem } = (await world.runAt(world.dueAt)) ?? {};
    expect(status).toBe('failed');
    expect(problem?.code).toBe('Missed');
    expect(problem?.message.match(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g)).toHaveLength(4);
    expect(await world.store.schedules()).toMatchObject([{ nextAt: world.dueAt + 3 * DAY }]);
    expect(await world.store.executionsWithStatus('planning')).toEqual([]);
  });

  it('runs late within the hour; one that cannot be read holds up no other', async () => {
    const world = await startWorld();
    await world.store.createSchedule({ ...world.schedule, scheduleId: '0bad0bad', cron: 'nonsense' });
    await world.store.createSchedule(world.schedule);
    await world.clock.advance(minutes(60) + minutes(59));
    expect(await world.run({})).toEqual({ run: ['1a2b3c4d'] });
    expect((await world.runAt(world.dueAt))?.status).toBe('planning');
    expect(world.logLines.join()).toContain('0bad0bad');
  });
});
