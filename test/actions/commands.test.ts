import { describe, expect, it } from 'vitest';
import { create } from '../../src/actions/take-action.ts';
import { ACTIONS_ROLE } from '../../src/local/accounts.ts';
import { MINUTE, role, STAGING, startWorld } from './world.ts';

const COMMAND = {
  actionType: 'command',
  documentName: 'AWS-RunShellScript',
  parameters: { commands: ['/opt/hrp/check --drill={{ isDrill }}'] },
  timeoutMinutes: 20,
} as const;

describe('a command', () => {
  it('is sent once to every instance of the wave, at most 50 a call, and has to succeed on each', async () => {
    const { begin, ssm, callsOf, instanceIds } = await startWorld({ launched: 60 });
    const command = await begin([COMMAND]);
    expect(await command.step()).toEqual({ next: 'wait', seconds: 5 });
    const { sent } = ssm.runCommand;
    expect(sent.map((one) => one.instanceIds.length)).toEqual([50, 10]);
    expect(sent.flatMap((one) => one.instanceIds)).toEqual([...instanceIds].sort());
    expect(sent[0]?.parameters).toEqual({ commands: ['/opt/hrp/check --drill=true'] });
    expect(callsOf('SendCommand').map(({ identity }) => identity.roleArn)).toEqual(
      Array(2).fill(role(STAGING, ACTIONS_ROLE)),
    );
    expect((await command.record())?.references).toEqual(sent.map(({ commandId }) => commandId));
    await command.toTheEnd();
    expect(await command.told()).toBe('succeeded: AWS-RunShellScript succeeded on 60 instances.');
    expect(callsOf('SendCommand')).toHaveLength(2);
  });

  it('that fails on one instance has failed: which, how, and where its output is', async () => {
    const { begin, ssm, instanceIds } = await startWorld({ launched: 3 });
    const [, broken = ''] = instanceIds;
    ssm.runCommand.failNext(1, broken);
    const command = await begin([COMMAND]);
    await command.toTheEnd();
    expect(await command.told()).toBe(
      `failed: AWS-RunShellScript did not succeed on 1 of 3 instances (${broken}: Failed, exit code 1). Command ${ssm.runCommand.sent[0]?.commandId} in Systems Manager has its output.`,
    );
  });

  it('waits for agents that do not answer yet, and says which when its time is over', async () => {
    const { begin, loseAgents, findAgents, callsOf, clock, instanceIds } = await startWorld({ launched: 2 });
    const [first = '', second = ''] = instanceIds;
    loseAgents(first, second);
    const command = await begin([COMMAND]);
    await command.step();
    expect(callsOf('SendCommand')).toEqual([]);
    expect((await command.record())?.hindrance).toContain('2 of 2 instances cannot be reached by Systems Manager');
    await clock.advance(MINUTE);
    findAgents();
    await command.toTheEnd();
    expect(await command.told()).toBe('succeeded: AWS-RunShellScript succeeded on 2 instances.');
    expect(await command.record()).not.toHaveProperty('hindrance');
  });

  it('that could not be sent in time is not sent then', async () => {
    const { begin, loseAgents, findAgents, callsOf, clock, instanceIds } = await startWorld({ launched: 1 });
    loseAgents(...instanceIds);
    const command = await begin([COMMAND]);
    await command.step();
    await clock.advance(20 * MINUTE);
    findAgents();
    expect(await command.step()).toEqual({ next: 'done' });
    expect(await command.told()).toMatch(/^timed out: It was not done within 20 minutes: 1 of 1 instance cannot be/);
    expect(callsOf('SendCommand')).toEqual([]);
  });

  it('that is still running at its deadline has timed out, and is named', async () => {
    const { begin, ssm, instanceIds } = await startWorld({ launched: 1 });
    ssm.runCommand.takes(60 * MINUTE);
    const command = await begin([COMMAND]);
    await command.toTheEnd();
    expect(await command.told()).toBe(
      `timed out: It was not done within 20 minutes: AWS-RunShellScript has not ended on 1 instance (${instanceIds[0]}).`,
    );
  });

  it('is not for a wave that has launched nothing', async () => {
    const { begin, store } = await startWorld({ launched: 1 });
    const command = await begin([COMMAND]);
    const plan = await store.getPlan(command.event.executionId, 1);
    const [batch] = plan === undefined ? [] : await store.getBatches(plan);
    if (batch === undefined) throw new Error('there is no batch');
    await store.replaceBatch({ ...batch, servers: batch.servers.map((server) => ({ ...server, state: 'failed' })) });
    expect(await command.step()).toEqual({ next: 'done' });
    expect(await command.told()).toBe('failed: Wave 1 has launched no instance to send a command to.');
  });
});

describe('a command whose answer is lost', () => {
  it('is found by its comment and not sent again', async () => {
    const { begin, ssm, clock, callsOf } = await startWorld({ launched: 60 });
    ssm.failCalls('SendCommand', 1, 'lost');
    const command = await begin([COMMAND]);
    expect(await command.step()).toMatchObject({ next: 'wait' });
    expect(await command.record()).toMatchObject({ sendingSince: clock.now() });
    await clock.advance(5_000);
    await command.step();
    expect(await command.record()).not.toHaveProperty('sendingSince');
    await command.toTheEnd();
    expect(await command.told()).toBe('succeeded: AWS-RunShellScript succeeded on 60 instances.');
    expect(ssm.runCommand.sent).toHaveLength(2);
    expect(callsOf('SendCommand')).toHaveLength(2);
  });

  it('and that was never taken is sent again after a minute, not before', async () => {
    const { begin, ssm, clock } = await startWorld({ launched: 1 });
    ssm.failCalls('SendCommand', 1, 'broken');
    const command = await begin([COMMAND]);
    await command.step();
    await clock.advance(59_000);
    await command.step();
    expect(ssm.runCommand.sent).toEqual([]);
    await clock.advance(1_000);
    await command.step();
    expect(ssm.runCommand.sent).toHaveLength(1);
    await command.toTheEnd();
    expect(await command.told()).toBe('succeeded: AWS-RunShellScript succeeded on 1 instance.');
  });

  it('is sent by one of two steps at the same time', async () => {
    const { begin, ssm, platform } = await startWorld({ launched: 1 });
    const command = await begin([COMMAND]);
    await Promise.allSettled([create(platform)(command.event), create(platform)(command.event)]);
    expect(ssm.runCommand.sent).toHaveLength(1);
  });

  it('is of this attempt alone: the next one sends its own', async () => {
    const { begin, ssm } = await startWorld({ launched: 1 });
    const command = await begin([COMMAND]);
    await command.toTheEnd();
    await command.other({ attempt: 2 }).step();
    expect(ssm.runCommand.sent).toHaveLength(2);
  });
});

describe('a command that AWS refuses', () => {
  it('because of its role fails at once; nothing was sent', async () => {
    const { begin, ssm } = await startWorld({ launched: 1 });
    ssm.failCalls('SendCommand', 1, 'denied');
    const command = await begin([COMMAND]);
    expect(await command.step()).toEqual({ next: 'done' });
    expect(await command.told()).toMatch(
      /^failed: Access denied in account 111111111111, us-east-2: list AWS-RunShellScript for it under targetAccounts/,
    );
  });

  it('because of load is sent at the next step', async () => {
    const { begin, ssm, clock } = await startWorld({ launched: 1 });
    ssm.failCalls('SendCommand', 1, 'throttled');
    const command = await begin([COMMAND]);
    await command.step();
    expect(await command.record()).not.toHaveProperty('sendingSince');
    await clock.advance(5_000);
    await command.step();
    expect(ssm.runCommand.sent).toHaveLength(1);
  });

  it('for the second half of its instances says that the first was sent', async () => {
    const { begin, ssm, clock } = await startWorld({ launched: 60 });
    const command = await begin([COMMAND]);
    ssm.failCalls('SendCommand', 1, 'lost');
    await command.step();
    await clock.advance(5_000);
    ssm.failCalls('SendCommand', 1, 'denied');
    await command.step();
    expect(await command.told()).toMatch(
      /^failed: Access denied .* 1 command had been sent before and may still run\.$/,
    );
  });

  it('in an account without actions fails at once', async () => {
    const { begin, putTarget } = await startWorld({ launched: 1 });
    putTarget(STAGING, {
      accountId: STAGING,
      roleArn: role(STAGING, ACTIONS_ROLE),
      documentsRoleArn: role(STAGING, ACTIONS_ROLE),
      externalId: 'external',
      regions: ['eu-west-1'],
    });
    const command = await begin([COMMAND]);
    await command.step();
    expect(await command.told()).toContain('failed: No actions are done in us-east-2 of account 111111111111');
  });
});

describe('EC2’s status checks', () => {
  const CHECKS = { actionType: 'ec2Status', timeoutMinutes: 20 } as const;

  it('pass when every instance has passed them', async () => {
    const { begin, clock } = await startWorld({ launched: 3 });
    const checks = await begin([CHECKS]);
    const before = clock.now();
    await checks.toTheEnd();
    expect(await checks.told()).toBe("succeeded: 3 instances passed EC2's status checks.");
    // The first ones of a machine take some minutes.
    expect(clock.now() - before).toBeGreaterThanOrEqual(3 * MINUTE);
  });

  it('time out with those that have not', async () => {
    const { begin, fleet, instanceIds } = await startWorld({ launched: 3 });
    const [first = ''] = instanceIds;
    fleet.setInstanceStatus(first, { instance: 'impaired' });
    const checks = await begin([CHECKS]);
    await checks.toTheEnd();
    expect(await checks.told()).toBe(
      `timed out: It was not done within 20 minutes: 1 of 3 instances did not pass EC2's status checks (${first}: impaired).`,
    );
  });
});
