import { GetAutomationExecutionCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it, vi } from 'vitest';
import { create } from '../../src/actions/take-action.ts';
import { ACTIONS_ROLE, CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import { MINUTE, OLD_SITE, role, startWorld } from './world.ts';

/** A runbook of two steps, of half a minute each. */
const RUNBOOK = {
  schemaVersion: '0.3',
  parameters: {
    IsDrill: { type: 'Boolean', default: false },
    Note: { type: 'String', default: '' },
    Secret: { type: 'String', default: '' },
  },
  mainSteps: ['stopWriters', 'revokeAccess'].map((name) => ({
    name,
    action: 'aws:sleep',
    inputs: { Duration: 'PT30S' },
  })),
};
const FENCE = {
  actionType: 'automation',
  actionName: 'Fence the old site',
  documentName: 'HRP-FenceOldSite',
  accountId: OLD_SITE,
  region: 'us-east-1',
  timeoutMinutes: 30,
} as const;

async function fencedWorld(options: Parameters<typeof startWorld>[0] = {}) {
  const world = await startWorld(options);
  world.ssm.automation.createDocument('HRP-FenceOldSite', RUNBOOK, OLD_SITE, 'us-east-1');
  world.ssm.automation.createDocument('HRP-FenceOldSite', RUNBOOK);
  return world;
}

/** The SDK waits in real time before it tries again, by chance between nothing and a second: now it is nothing. */
function noRealWaits(): void {
  vi.spyOn(Math, 'random').mockReturnValue(0);
}

describe('an automation', () => {
  it('is written down, started in its account and Region by the role for it, and followed to its end', async () => {
    const { begin, callsOf } = await fencedWorld();
    const fence = await begin([FENCE], { phase: 'pre' });
    expect(await fence.step()).toEqual({ next: 'wait', seconds: 5 });
    const started = await fence.record();
    expect(started).toMatchObject({ status: 'running', accountId: OLD_SITE, region: 'us-east-1', version: 2 });
    expect(started?.references).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const waits = await fence.toTheEnd();
    expect(await fence.told()).toBe('succeeded: HRP-FenceOldSite has run to its end.');
    expect(await fence.step()).toEqual({ next: 'done' });
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThanOrEqual(60);
    expect(callsOf('StartAutomationExecution').map(({ identity, resource }) => [identity.roleArn, resource])).toEqual([
      [role(OLD_SITE, ACTIONS_ROLE), `arn:aws:ssm:us-east-1:${OLD_SITE}:document/HRP-FenceOldSite`],
    ]);
  });

  it('runs in the central account and Region where it names no other', async () => {
    const { begin, callsOf } = await fencedWorld();
    const { accountId: _, region: __, ...central } = FENCE;
    await (await begin([central])).toTheEnd();
    expect(callsOf('StartAutomationExecution')[0]?.resource).toBe(
      `arn:aws:ssm:us-east-2:${CENTRAL_ACCOUNT}:document/HRP-FenceOldSite`,
    );
  });

  it('is told of the execution in its parameters; what is Systems Manager’s own stays', async () => {
    const { begin, ssm, client } = await fencedWorld({ execution: { verb: 'drill', application: 'HRP' } });
    const parameters = {
      IsDrill: ['{{isDrill}}'],
      Note: ['{{ verb }} of {{ application }}, wave {{ wave }} ({{ executionId }})'],
      Secret: ['{{ ssm:/hrp/secret }}'],
    };
    const { accountId: _, region: __, ...central } = FENCE;
    const fence = await begin([{ ...central, parameters }]);
    await fence.step();
    const { references = [] } = (await fence.record()) ?? {};
    const question = new GetAutomationExecutionCommand({ AutomationExecutionId: references[0] });
    const { AutomationExecution } = await new SSMClient(client(ssm.url)).send(question);
    expect(AutomationExecution?.Parameters).toEqual({
      IsDrill: ['true'],
      Note: [`drill of HRP, wave 1 (${fence.event.executionId})`],
      Secret: ['{{ ssm:/hrp/secret }}'],
    });
  });

  it('is started once, although the answer is lost and the step is taken again', async () => {
    const { begin, callsOf, ssm, clock } = await fencedWorld();
    const fence = await begin([FENCE]);
    // The SDK's own tries, too.
    ssm.failCalls('StartAutomationExecution', 3, 'lost');
    expect(await fence.step()).toEqual({ next: 'wait', seconds: 5 });
    expect(await fence.record()).not.toHaveProperty('references');
    await clock.advance(5_000);
    await fence.step();
    await fence.toTheEnd();
    expect(await fence.told()).toBe('succeeded: HRP-FenceOldSite has run to its end.');
    expect(callsOf('StartAutomationExecution')).toHaveLength(4);
    expect(ssm.automation.count('HRP-FenceOldSite')).toBe(1);
  });

  it('is started once by two steps at the same time; the next attempt is another one', async () => {
    const { begin, platform, ssm } = await fencedWorld();
    const fence = await begin([FENCE]);
    const both = await Promise.allSettled([create(platform)(fence.event), create(platform)(fence.event)]);
    expect(both.map(({ status }) => status)).toContain('fulfilled');
    expect(ssm.automation.count('HRP-FenceOldSite')).toBe(1);
    await fence.other({ attempt: 2 }).step();
    expect(ssm.automation.count('HRP-FenceOldSite')).toBe(2);
  });

  it('that fails names its step and what it said, without secrets and no longer than people read', async () => {
    const { begin, ssm } = await fencedWorld();
    ssm.automation.failNext('HRP-FenceOldSite', 1, {
      step: 'revokeAccess',
      message: `the security group is in use, password=hunter2 ${'x'.repeat(60)} ${'y'.repeat(300)}`,
    });
    const fence = await begin([FENCE]);
    await fence.toTheEnd();
    const told = await fence.told();
    expect(told).toMatch(
      /^failed: HRP-FenceOldSite ended as Failed at its step revokeAccess: .*the security group is in use/,
    );
    expect(told).not.toContain('hunter2');
    expect(told.length).toBeLessThan(400);
    const again = fence.other({ attempt: 2 });
    await again.toTheEnd();
    expect(await again.told()).toBe('succeeded: HRP-FenceOldSite has run to its end.');
  });

  it('that takes too long is asked to stop; no wait leads beyond its deadline', async () => {
    const { begin, ssm, clock, callsOf } = await fencedWorld();
    const slow = { ...RUNBOOK, mainSteps: [{ name: 'wait', action: 'aws:sleep', inputs: { Duration: 'PT3H' } }] };
    ssm.automation.createDocument('HRP-FenceOldSite', slow, OLD_SITE, 'us-east-1');
    const fence = await begin([{ ...FENCE, timeoutMinutes: 120 }]);
    const before = clock.now();
    const waits = await fence.toTheEnd();
    expect(clock.now() - before).toBe(120 * MINUTE);
    expect(Math.max(...waits)).toBeLessThanOrEqual(600);
    expect(waits.length).toBeLessThan(80);
    const { references = [] } = (await fence.record()) ?? {};
    expect(await fence.told()).toBe(
      `timed out: It was not done within 120 minutes. The automation ${references[0]} was asked to stop.`,
    );
    expect(callsOf('StopAutomationExecution')).toHaveLength(1);
  });

  it('that cannot be asked to stop is named', async () => {
    const { begin, ssm } = await fencedWorld();
    const slow = { ...RUNBOOK, mainSteps: [{ name: 'wait', action: 'aws:sleep', inputs: { Duration: 'PT3H' } }] };
    ssm.automation.createDocument('HRP-FenceOldSite', slow, OLD_SITE, 'us-east-1');
    ssm.failCalls('StopAutomationExecution', 1, 'denied');
    const fence = await begin([{ ...FENCE, timeoutMinutes: 1 }]);
    await fence.toTheEnd();
    expect(await fence.told()).toMatch(/^timed out: .*could not be asked to stop and may still run/);
  });

  it('that succeeded before anybody looked again, late, has succeeded', async () => {
    const { begin, clock } = await fencedWorld();
    const fence = await begin([FENCE]);
    await fence.step();
    await clock.advance(24 * 60 * MINUTE);
    expect(await fence.step()).toEqual({ next: 'done' });
    expect(await fence.told()).toBe('succeeded: HRP-FenceOldSite has run to its end.');
  });

  it('that was not started in time is not started then, and says what kept it', async () => {
    const { begin, clock, ssm, callsOf } = await fencedWorld();
    noRealWaits();
    ssm.failCalls('StartAutomationExecution', 3, 'throttled');
    const fence = await begin([FENCE]);
    expect(await fence.step()).toEqual({ next: 'wait', seconds: 5 });
    expect(await fence.record()).toMatchObject({ status: 'running', hindrance: 'Rate exceeded' });
    await clock.advance(30 * MINUTE);
    await fence.step();
    expect(await fence.told()).toBe('timed out: It was not done within 30 minutes: Rate exceeded.');
    expect(callsOf('StartAutomationExecution')).toHaveLength(3);
  });
});

describe('an automation of a cancelled execution', () => {
  const cancelled = { userId: 'U0PREQUEST1', teamId: 'T0PRACTICE1' };

  it('that runs is followed to its end', async () => {
    const { begin, store, clock } = await fencedWorld();
    const fence = await begin([FENCE]);
    await fence.step();
    await store.requestCancel(fence.event.executionId, { ...cancelled, at: clock.now() });
    await fence.toTheEnd();
    expect(await fence.told()).toBe('succeeded: HRP-FenceOldSite has run to its end.');
  });

  it('is not started', async () => {
    const { begin, store, clock, callsOf } = await fencedWorld();
    const fence = await begin([FENCE]);
    await store.requestCancel(fence.event.executionId, { ...cancelled, at: clock.now() });
    expect(await fence.step()).toEqual({ next: 'done' });
    expect(await fence.told()).toBe('failed: The execution was cancelled before it was done.');
    expect(callsOf('StartAutomationExecution')).toEqual([]);
  });
});

describe('an automation that AWS or the configuration refuses', () => {
  it.each([
    [
      'that its role may not start',
      { fault: 'denied' },
      'Access denied in account 555555555555, us-east-1: list HRP-FenceOldSite for it under targetAccounts',
    ],
    [
      'of an unknown document',
      { action: { documentName: 'HRP-Unknown' } },
      'There is no document HRP-Unknown, or not this version of it, in account 555555555555, us-east-1',
    ],
    [
      'of an unknown version',
      { action: { documentVersion: '7' } },
      'There is no document HRP-FenceOldSite, or not this version',
    ],
    [
      'with wrong parameters',
      { action: { parameters: { Color: ['red'] } } },
      'HRP-FenceOldSite does not take these parameters: correct them in the recovery plan.',
    ],
    [
      'in an account without actions',
      { action: { accountId: '666666666666' } },
      'No actions are done in account 666666666666: list it under targetAccounts',
    ],
    [
      'in a Region without actions',
      { action: { region: 'eu-west-1' } },
      'No actions are done in eu-west-1 of account 555555555555, only in us-east-1',
    ],
  ] as const)('%s fails at once and says what to do', async (_, wrong, sentence) => {
    const { begin, ssm } = await fencedWorld();
    if ('fault' in wrong) ssm.failCalls('StartAutomationExecution', 1, wrong.fault);
    const fence = await begin([{ ...FENCE, ...('action' in wrong ? wrong.action : {}) }]);
    expect(await fence.step()).toEqual({ next: 'done' });
    expect(await fence.told()).toContain(`failed: ${sentence}`);
    expect(await fence.record()).toHaveProperty('endedAt');
  });

  it('whose role does not trust us fails at once', async () => {
    const { begin, sts } = await fencedWorld();
    sts.removeRole(role(OLD_SITE, ACTIONS_ROLE));
    const fence = await begin([FENCE]);
    await fence.step();
    expect(await fence.told()).toMatch(/^failed: Access denied in account 555555555555, us-east-1: .*sts:AssumeRole/);
  });

  it('throttled while it is looked at is looked at again', async () => {
    const { begin, ssm } = await fencedWorld();
    const fence = await begin([FENCE]);
    await fence.step();
    noRealWaits();
    ssm.failCalls('GetAutomationExecution', 3, 'throttled');
    expect(await fence.step()).toMatchObject({ next: 'wait' });
    await fence.toTheEnd();
    expect(await fence.told()).toBe('succeeded: HRP-FenceOldSite has run to its end.');
  });
});

describe('which action is meant', () => {
  it('is counted among those that are for the verb', async () => {
    const { begin } = await fencedWorld({ execution: { verb: 'drill' } });
    const tcp = (host: string, verbs: string[]) => ({ actionType: 'tcp' as const, host, port: 443, verbs });
    const second = await begin([tcp('a.example.com', ['failover']), tcp('b.example.com', ['drill'])]);
    await second.step();
    expect((await second.record())?.action).toMatchObject({ host: 'b.example.com' });
  });

  it('has to be there, as has the execution; another event is refused', async () => {
    const { begin, platform } = await fencedWorld();
    const none = await begin([FENCE], { index: 2 });
    await expect(none.step()).rejects.toThrow('has no post-wave action 2');
    const takeAction = create(platform);
    await expect(takeAction({ ...none.event, executionId: 'none' })).rejects.toThrow('is gone');
    await expect(takeAction({ ...none.event, index: 0 })).rejects.toThrow();
  });
});
