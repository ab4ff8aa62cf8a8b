import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { executionStateSchema } from '../../src/domain/execution-state.ts';
import type { ExecutionRecord, WaveRecord } from '../../src/domain/records.ts';
import { aGate, anExecution, aPlan, aView, ended, LAUNCHING, minutes } from '../blocks/views.ts';
import { CHANNEL, CLOSED_CHANNEL, startWorld, type World } from './world.ts';

const EXECUTIONS = { kind: 'executions' as const, args: {} };
const HOME = { kind: 'home' as const, args: {}, channelId: undefined };

/** Everybody may look at everything, and two may decide. */
function everybody(world: World): void {
  world.setAccess([
    { role: 'DRSOperator', users: [world.idOf('requester')] },
    { role: 'DRSRecoveryManager', users: [world.idOf('approver')] },
    { role: 'DRSReadOnly', users: [world.idOf('reader')] },
  ]);
}

async function withEverybody(options?: Parameters<typeof startWorld>[0]): Promise<World> {
  const world = await startWorld(options);
  everybody(world);
  return world;
}

const statusOf = async (world: World, queryId: string) => (await world.store.getQuery(queryId))?.status;
/** An execution of another id and application. */
const another = (id: string, application: string, differs = {}) =>
  anExecution({ executionId: `${id}-2345-8678-8abc-def012345678`, application, ...differs });

describe('a query', () => {
  test('is answered to the asker alone, and marked', async () => {
    const world = await withEverybody();
    await world.put(aView(LAUNCHING));
    const queryId = await world.ask('reader', EXECUTIONS);
    await world.deliver(queryId);
    expect(world.told('reader').at(-1)?.text).toBe('1 execution, newest first.');
    expect(world.workspace.messages(CHANNEL)).toEqual([]);
    expect(world.told('approver')).toEqual([]);
    expect(await statusOf(world, queryId)).toBe('answered');
  });

  test('is answered once, however often it is delivered', async () => {
    const world = await withEverybody();
    const queryId = await world.ask('reader', EXECUTIONS);
    await world.deliver(queryId);
    await world.deliver(queryId);
    expect(world.told('reader')).toHaveLength(1);
  });

  test("is answered by the command's address where there is one, also where the bot is no member", async () => {
    const world = await withEverybody();
    const { responseUrl } = world;
    await world.deliver(await world.ask('reader', { ...EXECUTIONS, responseUrl, channelId: CLOSED_CHANNEL }));
    expect(world.responses.map(({ body }) => body)).toEqual([
      expect.objectContaining({
        response_type: 'ephemeral',
        replace_original: false,
        text: expect.stringContaining('Nothing has run'),
      }),
    ]);
    expect(world.calls).not.toContain('chat.postEphemeral');
  });

  test('is answered to no address that is not Slack’s, whatever is stored', async () => {
    const world = await withEverybody();
    const fetched = vi.spyOn(globalThis, 'fetch');
    onTestFinished(() => fetched.mockRestore());
    const responseUrl = 'https://evil.example/commands';
    await world.deliver(await world.ask('reader', { ...EXECUTIONS, responseUrl }));
    expect(fetched.mock.calls.map(([to]) => String(to))).not.toContain(responseUrl);
    expect(world.told('reader')).toHaveLength(1);
    expect(world.logLines.join()).not.toContain('evil.example');
  });

  test('is answered in the channel when the address no longer works, and that is never logged', async () => {
    const world = await withEverybody();
    const { responseUrl } = world;
    world.refuseNext('/response', { status: 404, body: 'expired_url' });
    const queryId = await world.ask('reader', { ...EXECUTIONS, responseUrl });
    await world.deliver(queryId);
    expect(world.told('reader')).toHaveLength(1);
    expect(await statusOf(world, queryId)).toBe('answered');
    expect(world.logLines.join()).toContain('404');
    expect(world.logLines.join()).not.toContain(responseUrl);
  });

  test('that is half an hour old does not use up the address', async () => {
    const world = await withEverybody();
    const queryId = await world.ask('reader', { ...EXECUTIONS, responseUrl: world.responseUrl });
    await world.advance(30 * 60_000);
    await world.deliver(queryId);
    expect(world.responses).toEqual([]);
    expect(world.told('reader')).toHaveLength(1);
  });

  test('that came by a mention is answered in its thread', async () => {
    const world = await withEverybody();
    const { ts } = world.workspace.post({ channel: CHANNEL, user: world.idOf('reader'), text: '@dr executions' });
    await world.deliver(await world.ask('reader', { ...EXECUTIONS, threadTs: ts }));
    expect(world.told('reader').at(-1)?.thread_ts).toBe(ts);
  });

  test('waits the few seconds that Slack asks for', async () => {
    const waits: number[] = [];
    const world = await withEverybody({ sleep: async (ms) => void waits.push(ms) });
    world.refuseNext('chat.postEphemeral', { status: 429, headers: { 'retry-after': '2' }, body: '{"ok":false}' });
    const queryId = await world.ask('reader', EXECUTIONS);
    await world.deliver(queryId);
    expect(waits).toEqual([2_000]);
    expect(await statusOf(world, queryId)).toBe('answered');
  });

  test('that nobody can be told is over all the same, and holds up no other', async () => {
    const world = await withEverybody();
    // Neither where it was asked nor in the bot's own messages to this person.
    const refused = JSON.stringify({ ok: false, error: 'restricted_action' });
    world.refuseNext('chat.postMessage', { status: 200, body: refused }, 9);
    const lost = await world.ask('reader', { ...EXECUTIONS, channelId: CLOSED_CHANNEL });
    const broken = await world.ask('reader', { kind: 'of another version' as never, args: {} });
    const good = await world.ask('reader', EXECUTIONS);
    await world.deliver(lost, broken, good);
    expect(await Promise.all([lost, broken, good].map((id) => statusOf(world, id)))).toEqual([
      'failed',
      'failed',
      'answered',
    ]);
    const told = world.told('reader').map(({ text }) => text);
    expect(told).toEqual(
      expect.arrayContaining([
        expect.stringContaining('Nothing has run'),
        expect.stringMatching(/something went wrong on our side \(error [0-9a-f]{8}\)\. Nothing was changed/),
      ]),
    );
  });

  test('is delivered again when the table cannot be reached', async () => {
    const world = await withEverybody();
    const queryId = await world.ask('reader', EXECUTIONS);
    await world.loseTable();
    await expect(world.deliver(queryId)).rejects.toThrow();
  });
});

describe('the last executions', () => {
  test('are twenty, the newest first, of whatever status', async () => {
    const world = await withEverybody();
    const statuses = ['completed', 'failed', 'executing', 'rejected', 'planning'] as const;
    for (let number = 0; number < 25; number += 1) {
      const status = statuses[number % statuses.length];
      const id = `aaaaaa${String(number).padStart(2, '0')}`;
      await world.put({ ...aView(), execution: another(id, 'HRP', { status, startTime: 1_000 + number }) });
    }
    expect(await world.askAndDeliver('reader', { kind: 'executions', args: { application: 'HRP' } })).toBe(
      '20 executions of HRP, newest first.',
    );
    const shown = JSON.stringify(world.told('reader').at(-1)?.blocks).match(/aaaaaa\d\d/g);
    expect(shown).toEqual(Array.from({ length: 20 }, (_, index) => `aaaaaa${24 - index < 10 ? '0' : ''}${24 - index}`));
  });

  test('of one status are the newest of it, however many there are', async () => {
    const world = await withEverybody();
    for (const [index, id] of ['aaaaaa01', 'aaaaaa02', 'aaaaaa03'].entries()) {
      await world.put({ ...aView(), execution: another(id, 'HRP', { startTime: 1_000 + index }) });
    }
    const found = await world.store.newestExecutions({ statuses: ['planning'], limit: 2 });
    expect(found.map(({ executionId }) => executionId.slice(0, 8))).toEqual(['aaaaaa03', 'aaaaaa02']);
  });

  test('of an application are found by its name in any case', async () => {
    const world = await withEverybody();
    await world.store.putCatalogue({ refreshedAt: 1, applications: [{ name: 'HRP', waves: [] }] });
    await world.put(aView());
    expect(await world.askAndDeliver('reader', { kind: 'executions', args: { application: 'hrp' } })).toBe(
      '1 execution of HRP, newest first.',
    );
  });
});

describe('the history of an application', () => {
  const summary = { totalServers: 3, succeeded: 3, failed: 0, skipped: 0 };
  const recoveryPlan = {
    ...{ planId: 'hrp', planName: 'HRP nightly', version: 1, rtoTargetMinutes: 30 },
    waves: [{ wave: 1, waveName: 'Database', rtoTargetMinutes: 4 }],
  };
  const over = { ...ended('success', { succeeded: 3, failed: 0 }), currentWave: 1 };
  const waveOf = ({ executionId, launchStartedAt = 0 }: ExecutionRecord, took: number): WaveRecord => ({
    ...{ executionId, wave: 1, planRevision: 1, outcome: 'success', summary, nextPhaseReady: true },
    ...{ resultLocation: 's3://r.json', startedAt: launchStartedAt, endedAt: launchStartedAt + minutes(took) },
  });

  test('is told by recovery plan, each with its own times', async () => {
    const world = await withEverybody();
    const byPlan = another('aaaaaaa1', 'HRP', { ...over, recoveryPlan });
    const byTags = another('aaaaaaa2', 'HRP', { ...over, startTime: 1 });
    for (const [execution, took] of [
      [byPlan, 5],
      [byTags, 9],
    ] as const) {
      await world.put({ ...aView(), execution });
      await world.store.recordWave(waveOf(execution, took));
      const run = { executionId: execution.executionId, endedAt: 1, ms: minutes(took + 1) };
      await world.store.putDuration(execution, { wave: 1, runs: [run] });
    }
    // What ends the instances of a drill is of no stored plan.
    const ofDrill = { ...recoveryPlan, planId: 'a drill', planName: 'instances of a drill', version: 0 };
    const ending = another('aaaaaaa3', 'HRP', { ...over, startTime: 2, verb: 'terminate', recoveryPlan: ofDrill });
    await world.put({ ...aView(), execution: ending });
    const told = await world.askAndDeliver('reader', { kind: 'executions', args: { application: 'HRP' } });
    expect(told).toBe('3 executions of HRP, newest first.');
    const [plan = '', tags = ''] = JSON.stringify(world.told('reader').at(-1)?.blocks).split(
      '*Without a recovery plan*',
    );
    expect(plan).toContain('*Recovery plan HRP nightly*');
    expect(plan).toContain('24 min, within its target of 30 min (6 min to spare)');
    expect(plan).toContain(
      '*Wave 1 Database* · last drill 5 min, *1 min over its target of 4 min*, usually 6 min (median of 1 successful drill)',
    );
    expect(tags).toContain('aaaaaaa3');
    expect(tags).toContain('*Wave 1* · last drill 9 min, usually 10 min (median of 1 successful drill)');
  });

  test('has no recovery time of what recovers nothing', async () => {
    const world = await withEverybody();
    await world.put({
      ...aView(),
      execution: another('aaaaaaa1', 'HRP', { ...over, verb: 'terminate', recoveryPlan }),
    });
    await world.askAndDeliver('reader', { kind: 'executions', args: { application: 'HRP' } });
    const shown = JSON.stringify(world.told('reader').at(-1)?.blocks);
    expect(shown).toContain('24 min');
    expect(shown).not.toContain('its target of');
    expect(shown).not.toContain('How long its waves take');
  });
});

describe('an archived execution', () => {
  const over = ended('success', { succeeded: 3, failed: 0 });
  const by = { userId: 'U0PAPPROVE1', teamId: 'T0PRACTICE1', at: 1 };

  test('is on no list but its own, and is found by its id', async () => {
    const world = await withEverybody();
    await world.put(aView(over));
    const { executionId } = anExecution();
    expect(await world.store.archive(executionId, by)).toBe(true);
    expect(await world.store.archive(executionId, by)).toBe(false);
    const list = (args: object) => world.askAndDeliver('reader', { kind: 'executions', args });
    expect(await list({})).toContain('Nothing has run yet');
    expect(await list({ application: 'HRP' })).toContain('Nothing has run of HRP yet');
    expect(await list({ archived: true })).toBe('1 archived execution, newest first.');
    expect(await list({ application: 'HRP', archived: true })).toBe('1 archived execution of HRP, newest first.');
    await world.deliver(await world.ask('reader', HOME));
    expect(world.homeOf('reader')).toContain('Nothing has run yet.');
    // It was a first drill all the same.
    expect(world.homeOf('reader')).not.toContain('A first drill');
    expect(await world.askAndDeliver('reader', { kind: 'status', args: { execution: 'abcdef01' } })).toContain(
      'completed',
    );
    expect(JSON.stringify(world.told('reader').at(-1)?.blocks)).toContain('Archived by <@U0PAPPROVE1>');

    expect(await world.store.unarchive(executionId, by)).toBe(true);
    expect(await world.store.unarchive(executionId, by)).toBe(false);
    expect(await list({})).toBe('1 execution, newest first.');
    expect((await world.store.getExecution(executionId))?.unarchived).toEqual(by);
  });

  test('is over: what is not is not archived', async () => {
    const world = await withEverybody();
    await world.put(aView(LAUNCHING));
    expect(await world.store.archive(anExecution().executionId, by)).toBe(false);
    expect((await world.store.getExecution(anExecution().executionId))?.archived).toBeUndefined();
  });
});

describe('who asks', () => {
  test('is looked at again: a right that was withdrawn since is gone', async () => {
    const world = await withEverybody();
    const queryId = await world.ask('reader', { kind: 'status', args: { application: 'HRP' } });
    world.setAccess([{ role: 'DRSReadOnly', users: [world.idOf('reader')], applications: ['CRM'] }]);
    await world.deliver(queryId);
    expect(world.told('reader').at(-1)?.text).toContain('You may not look at HRP.');
    expect(await statusOf(world, queryId)).toBe('failed');
  });

  test('sees only the executions of the applications that they may see', async () => {
    const world = await startWorld();
    world.setAccess([{ role: 'DRSReadOnly', users: [world.idOf('reader')], applications: ['CRM'] }]);
    await world.put(aView(ended('success', { succeeded: 3, failed: 0 })));
    await world.put({ ...aView(), execution: another('bbbbbbbb', 'CRM', LAUNCHING) });
    expect(await world.askAndDeliver('reader', EXECUTIONS)).toBe('1 execution, newest first.');
    expect(await world.askAndDeliver('reader', { kind: 'executions', args: { application: 'hrp' } })).toContain(
      'You may not look at hrp.',
    );
    expect(await world.askAndDeliver('reader', { kind: 'status', args: { execution: 'abcdef01' } })).toContain(
      'You may not look at HRP.',
    );
    expect(await world.askAndDeliver('reader', { kind: 'status', args: {} })).toBe(
      '1 execution running, 0 waiting for people.',
    );
  });

  test('has to be allowed to see every application whose servers an execution has', async () => {
    const world = await startWorld();
    world.setAccess([
      { role: 'DRSReadOnly', users: [world.idOf('reader')], applications: ['HRP'] },
      { role: 'DRSRecoveryManager', users: [world.idOf('approver')], applications: ['HRP'] },
      { role: 'DRSReadOnly', users: [world.idOf('approver')] },
    ]);
    const { execution, ...view } = aView(ended('success', { succeeded: 3, failed: 0 }));
    await world.put({ ...view, execution: { ...execution, otherApplications: ['Web'] } });
    const asked = { args: { execution: 'abcdef01' } };
    expect(await world.askAndDeliver('reader', EXECUTIONS)).toContain('Nothing has run');
    expect(await world.askAndDeliver('reader', { kind: 'export', ...asked })).toContain('You may not look at Web.');
    expect(await world.askAndDeliver('approver', { kind: 'audit', ...asked })).toContain(
      'You may not have the audit of Web',
    );
  });

  test('has to be a member: nobody of another workspace', async () => {
    const world = await withEverybody();
    const asker = { userId: world.idOf('reader'), teamId: 'T0SOMEBODY1' };
    expect(await world.askAndDeliver('reader', { ...EXECUTIONS, asker })).toContain('People of other workspaces');
  });

  test('is told when Slack cannot say who they are', async () => {
    const world = await withEverybody();
    world.refuseNext('users.info', { status: 503, body: '' });
    expect(await world.askAndDeliver('reader', EXECUTIONS)).toContain('Slack could not tell what kind of account');
  });
});

describe('an execution that is asked about', () => {
  test('is found by the first characters of its id, whatever their case', async () => {
    const world = await withEverybody();
    await world.put(aView(ended('success', { succeeded: 3, failed: 0 })));
    expect(await world.askAndDeliver('reader', { kind: 'status', args: { execution: 'ABCDEF01' } })).toContain(
      'Drill: HRP wave 1 · completed',
    );
  });

  test('that does not exist is said so', async () => {
    const world = await withEverybody();
    expect(await world.askAndDeliver('reader', { kind: 'status', args: { execution: 'ffff' } })).toContain(
      'There is no execution “ffff”',
    );
  });

  test('is asked about when several begin so', async () => {
    const world = await withEverybody();
    await world.put(aView());
    await world.put({ ...aView(), execution: another('abcdef02', 'CRM') });
    const told = await world.askAndDeliver('reader', { kind: 'logs', args: { execution: 'abcdef' } });
    expect(told).toContain('“abcdef” may be any of these');
    expect(told).toContain('abcdef02-2345-8678-8abc-def012345678');
  });

  test('reads out as a file in the thread of its card', async () => {
    const world = await withEverybody();
    await world.put(aView(LAUNCHING));
    const args = { execution: 'abcdef01' };
    expect(await world.askAndDeliver('reader', { kind: 'export', args })).toContain('Its card is not in Slack');
    const { ts } = await world.show(anExecution());
    expect(await world.askAndDeliver('reader', { kind: 'export', args })).toContain(
      'The state of Drill HRP wave 1 is in',
    );
    const [shared] = world.workspace.files();
    expect(shared?.file.name).toBe('execution-abcdef01.json');
    expect(executionStateSchema.parse(JSON.parse(shared?.content.toString() ?? ''))).toMatchObject({
      ...{ executionId: anExecution().executionId, status: 'in_progress' },
    });
    expect(world.workspace.messages(CHANNEL).filter((message) => message.thread_ts === ts)).toHaveLength(1);
  });

  test('has no log and no audit to show while its card is not in Slack', async () => {
    const world = await withEverybody();
    await world.put(aView());
    expect(await world.askAndDeliver('reader', { kind: 'logs', args: { execution: 'abcdef01' } })).toContain(
      'Its card is not in Slack',
    );
    expect(await world.askAndDeliver('approver', { kind: 'audit', args: { execution: 'abcdef01' } })).toContain(
      'Its card is not in Slack',
    );
  });

  test('has no log while no job was started for it', async () => {
    const world = await withEverybody();
    await world.put(aView());
    await world.show(anExecution());
    world.putDocument('staging-accounts/111111111111', stagingAccount('111111111111'));
    expect(await world.askAndDeliver('reader', { kind: 'logs', args: { execution: 'abcdef01' } })).toContain(
      'No DRS job was started for this execution',
    );
  });

  test('shows its audit to those who decide, and to nobody else', async () => {
    const world = await withEverybody();
    await world.put(aView());
    await world.show(anExecution());
    const audit = { kind: 'audit' as const, args: { execution: 'abcdef01' } };
    expect(await world.askAndDeliver('requester', audit)).toContain('You may not have the audit of HRP.');
    expect(await world.askAndDeliver('approver', audit)).toContain('Nothing is known of it to the audit yet.');
    expect(world.workspace.files()).toEqual([]);
  });
});

describe('App Home', () => {
  test('shows what waits for the person, and not for who asked or has voted', async () => {
    const world = await withEverybody();
    const gate = aGate({ openedAt: world.now(), expiresAt: world.now() + 600_000 });
    await world.put(aView({ status: 'awaiting approval', planRevision: 1 }, { plan: aPlan(), gates: [gate] }));
    for (const person of ['approver', 'requester', 'reader']) await world.deliver(await world.ask(person, HOME));
    expect(world.homeOf('approver')).toContain('gate_approve');
    expect(world.homeOf('requester')).not.toContain('gate_approve');
    expect(world.homeOf('requester')).toContain('waiting for approval');
    expect(world.homeOf('reader')).not.toContain('gate_approve');

    const { userId, teamId } = { userId: world.idOf('approver'), teamId: 'T0PRACTICE1' };
    const vote = { userId, teamId, choice: 'approve' as const, at: world.now() };
    await world.store.decideGate({ ...gate, votes: [vote], version: 2 }, { version: 1 });
    await world.deliver(await world.ask('approver', HOME));
    expect(world.homeOf('approver')).not.toContain('gate_approve');
  });

  test('shows no question whose time is over', async () => {
    const world = await withEverybody();
    const gate = aGate({ openedAt: world.now(), expiresAt: world.now() + 600_000 });
    await world.put(aView({ status: 'awaiting approval', planRevision: 1 }, { plan: aPlan(), gates: [gate] }));
    await world.advance(600_000);
    await world.deliver(await world.ask('approver', HOME));
    expect(world.homeOf('approver')).toContain('Nothing waits for your decision.');
  });

  test('is a polite page for somebody without a role', async () => {
    const world = await withEverybody();
    await world.deliver(await world.ask('stranger', HOME));
    expect(world.homeOf('stranger')).toContain('You have no role here yet');
  });

  test('says what a new deployment still needs, and less when it is there', async () => {
    const world = await withEverybody();
    await world.deliver(await world.ask('approver', HOME));
    for (const what of ['Staging accounts', 'Approval policies', 'A channel', 'Applications', 'A first drill']) {
      expect(world.homeOf('approver')).toContain(`☐ *${what}*`);
    }
    world.putDocument('staging-accounts/111111111111', stagingAccount('111111111111'));
    world.putDocument('policies', {});
    world.putDocument('requests', { channelId: CHANNEL });
    await world.store.putCatalogue({
      refreshedAt: world.now(),
      applications: [{ name: 'HRP', waves: [{ wave: 1, servers: 3 }] }],
    });
    await world.put(aView(ended('success', { succeeded: 3, failed: 0 })));
    await world.deliver(await world.ask('approver', HOME));
    expect(world.homeOf('approver')).not.toContain('☐');
  });

  test('says so when nobody has access yet', async () => {
    const world = await startWorld();
    const queryId = await world.ask('approver', HOME);
    await world.deliver(queryId);
    expect(world.homeOf('approver')).toContain('Nobody has access yet.');
    expect(await statusOf(world, queryId)).toBe('failed');
  });
});

function stagingAccount(accountId: string) {
  return {
    accountId,
    region: 'us-east-2',
    roleArn: `arn:aws:iam::${accountId}:role/reader`,
    invokeRoleArn: `arn:aws:iam::${accountId}:role/invoke`,
    executorArn: `arn:aws:states:us-east-2:${accountId}:stateMachine:executor`,
    externalId: 'practice',
  };
}
