import { describe, expect, test } from 'vitest';
import { VOTE_ACTION } from '../../blocks/action-ids.ts';
import type { ExecutionRecord, WaveRecord } from '../../src/domain/records.ts';
import { isTerminal } from '../../src/domain/status.ts';
import { type ExecutionOutput, executionOutputSchema } from '../../src/domain/waves.ts';
import { deployedName } from '../../src/local/names.ts';
import { fleetOf } from '../bench/component-size.ts';
import { call, listed } from './component-call.ts';
import { startWorld, type World } from './world.ts';

/** What people decide about a wave that failed, by presses of the buttons. */

/** Two staging accounts, with one server of each wave in each: one that fails is half of its wave, which is too much. */
function application(world: World): Map<number, string[]> {
  const { fleet } = world.practice;
  const accounts = world.inventory.stagingAccounts.map(({ accountId }) => fleet.sourceServers(accountId));
  return new Map(
    [1, 2].map((wave, index) => {
      const ids = accounts.flatMap((servers) => servers[index]?.sourceServerId ?? []);
      for (const id of ids) fleet.setTags(id, { 'DR-Application': 'Small', 'DR-Wave': String(wave) });
      return [wave, ids];
    }),
  );
}

/** A drill of both waves, approved. A machine asks for it, and wants people to be asked. */
async function running(world: World, correlationId: string): Promise<string> {
  const { executionId } = (await world.practice.host.invoke(deployedName('request-recovery'), {
    ...{ action: 'drill', tags: { 'DR-Application': 'Small' }, waves: [1, 2], onWaveFailure: 'ask' },
    metadata: { correlationId, attempt: 7 },
  })) as { executionId: string };
  await world.clock.runUntil(() => world.openGateCards().length > 0, { what: 'a question', withinMs: 600_000 });
  await world.presses('approver', 'approve', world.openGateCards()[0]);
  return executionId;
}

async function until(
  world: World,
  id: string,
  holds: (execution: ExecutionRecord) => boolean,
): Promise<ExecutionRecord> {
  for (let looks = 0; looks < 2_000; looks += 1) {
    const execution = await world.table.execution(id);
    if (execution !== undefined && holds(execution)) return execution;
    await world.clock.advance(30_000);
  }
  throw new Error('it did not come true');
}

const isOver = ({ status }: ExecutionRecord) => isTerminal(status);
const isPaused = ({ status }: ExecutionRecord) => status === 'paused' || isTerminal(status);

/** The open question what now. */
function question(world: World) {
  const card = world.questions().at(-1);
  if (card === undefined) throw new Error('nobody is asked what now');
  return card;
}

/** Waits for the question, and presses one of its buttons. */
async function decides(world: World, id: string, choice: 'retry' | 'continue' | 'stop'): Promise<void> {
  expect(await until(world, id, isPaused)).toMatchObject({ status: 'paused' });
  await world.drawn();
  await world.practice.workspace.as('approver').click(question(world), VOTE_ACTION[choice]);
}

function resultOf({ practice }: World, { resultLocation = '' }: ExecutionRecord): ExecutionOutput {
  const key = resultLocation.replace(`s3://${practice.bucket}/`, '');
  return executionOutputSchema.parse(JSON.parse(practice.s3.read(practice.bucket, key)?.toString() ?? ''));
}

const listedIn = ({ waves }: ExecutionOutput) => waves.flatMap(({ output }) => listed(output)).toSorted();
/** How often each server was launched by the jobs of an execution, and how many jobs these are. */
function launchesOf(world: World, executionId: string) {
  const jobs = world.jobs().filter(({ tags }) => tags['DR-ExecutionId'] === executionId);
  const launched = jobs.flatMap(({ participants }) =>
    participants.filter(({ launchStatus }) => launchStatus === 'LAUNCHED').map(({ sourceServerId }) => sourceServerId),
  );
  return { jobs: jobs.length, launched: launched.toSorted() };
}

describe('a wave that failed', () => {
  test('is retried for what failed alone, although answers are lost and functions die; then the next one runs', async () => {
    const world = await startWorld({ inventory: fleetOf({ accounts: 2, serversEach: 4 }) });
    const servers = application(world);
    const all = [...servers.values()].flat().toSorted();
    const [failing = ''] = servers.get(1) ?? [];
    const { drs, host } = world.practice;
    drs.jobs.failNextLaunch(failing);
    const id = await running(world, 'retried');
    expect(await until(world, id, isPaused)).toMatchObject({ status: 'paused', currentWave: 1 });
    await world.drawn();
    const asked = world.textOf(question(world));
    expect(asked).toContain('What now after wave 1?');
    expect(asked).toMatch(/1 of 2 launched in [^"]*1 failed/);
    expect(asked).toMatch(/The launch ended as FAILED in the job drsjob-/);
    expect(launchesOf(world, id).jobs).toBe(2);

    // The retry's own StartRecovery is done, and its answer is lost; what surrounds it dies before and after its work.
    drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    for (const name of ['begin-wave', 'load-account-work', 'record-account-result', 'aggregate-results'] as const)
      for (const when of ['before', 'after'] as const) host.crashNext(deployedName(name), when);
    await decides(world, id, 'retry');
    await world.clock.runUntil(() => launchesOf(world, id).jobs === 3, { what: 'the retry', withinMs: 600_000 });
    // An attempt that nobody has decided is not run, whoever calls the component.
    const planHash = (await world.table.gates(id))[0]?.planHash;
    const undecided = await call(
      world,
      {
        ...{ action: 'drill', tags: { 'DR-Application': 'Small', 'DR-Wave': '1' } },
        metadata: { executionId: id, gateId: 'approval-1', planHash, attempt: 3 },
      },
      'undecided',
    );
    expect(undecided).toMatchObject({ error: 'NotApproved', cause: expect.stringContaining('Nobody has decided') });
    await world.drawn();
    const card = world.cards().at(-1);
    expect(world.textOf(card)).toMatch(/⏳ \*Wave 1\*[^"]* 1\/2[^"]*Attempt 2/);

    const execution = await until(world, id, isOver);
    expect(execution).toMatchObject({ status: 'completed', outcome: 'success', summary: { totalServers: 4 } });
    expect(launchesOf(world, id)).toEqual({ jobs: 5, launched: all });
    expect((await world.table.batches(id)).map(({ batchId, servers: of }) => [batchId, of.length])).toEqual([
      ['r1-w1-100000000001-01', 1],
      ['r1-w1-100000000002-01', 1],
      ['r1-w1-a2-100000000001-01', 1],
      ['r1-w2-100000000001-01', 1],
      ['r1-w2-100000000002-01', 1],
    ]);
    // How the first attempt ended stays as it was.
    expect(await world.table.item<WaveRecord>(id, 'WAVE#01')).toMatchObject({ outcome: 'partial', retryable: 1 });
    const again = await world.table.item<WaveRecord>(id, 'WAVE#01#a2');
    expect(again).toMatchObject({
      attempt: 2,
      outcome: 'success',
      summary: { totalServers: 2, succeeded: 2, failed: 0 },
    });
    // The server of the other account is counted once.
    const processed = world.metricLines
      .map((line) => JSON.parse(line))
      .filter(({ StagingAccount, Action }) => StagingAccount === '100000000002' && Action === 'drill')
      .map(({ ServersProcessed }) => ServersProcessed)
      .filter((value) => value !== undefined);
    expect(processed).toEqual([1, 1]);
    const result = resultOf(world, execution);
    expect(result).toMatchObject({ status: 'success', nextPhaseReady: true, metadata: { attempt: 7 } });
    expect(listedIn(result)).toEqual(all);
    await world.drawn();
    const thread = JSON.stringify(world.threadOf(world.cards().at(-1) ?? ({ ts: '' } as never)));
    expect(thread).toContain('wave 1, attempt 2, is over');
    expect(thread).toContain('To be retried: wave 1 by <@U0PAPPROVE1>');
  });

  test('is left behind by a Continue, ends it when nobody decides, and is closed when its retry is stopped from outside', async () => {
    const world = await startWorld({ inventory: fleetOf({ accounts: 2, serversEach: 4 }) });
    const servers = application(world);
    const all = [...servers.values()].flat().toSorted();
    const [failing = ''] = servers.get(1) ?? [];
    const { drs, engine, ssm, configPath } = world.practice;
    ssm.put(`${configPath}/policies`, JSON.stringify({ decision: { expiresAfterMinutes: 10 } }));

    drs.jobs.failNextLaunch(failing);
    const continued = await running(world, 'continued');
    await decides(world, continued, 'continue');
    const went = await until(world, continued, isOver);
    expect(went).toMatchObject({
      status: 'partial',
      summary: { totalServers: 4, succeeded: 3, failed: 1, skipped: 0 },
    });
    expect(went.problem).toBeUndefined();
    expect(listedIn(resultOf(world, went))).toEqual(all);

    drs.jobs.failNextLaunch(failing);
    const alone = await running(world, 'alone');
    await until(world, alone, isPaused);
    const before = launchesOf(world, alone).jobs;
    const ended = await until(world, alone, isOver);
    expect(ended).toMatchObject({
      status: 'partial',
      summary: { totalServers: 4, succeeded: 1, failed: 1, skipped: 2 },
      problem: { message: 'Wave 1 ended with partial, and nobody decided about it in time: wave 2 was not begun.' },
    });
    expect(launchesOf(world, alone).jobs).toBe(before);
    expect((await world.table.gates(alone)).map(({ gateId, status }) => [gateId, status])).toEqual([
      ['approval-1', 'approved'],
      ['decision-1-1', 'expired'],
    ]);

    drs.jobs.failNextLaunch(failing);
    const stopped = await running(world, 'stopped');
    await decides(world, stopped, 'retry');
    await world.clock.runUntil(() => launchesOf(world, stopped).jobs === 3, { what: 'the retry', withinMs: 600_000 });
    const machine = engine.listStateMachines('900000000000').find(({ name }) => name === 'dr-execution');
    const [run] = engine.listExecutions({ stateMachineArn: machine?.stateMachineArn ?? '' });
    engine.stopExecution({ executionArn: run?.executionArn ?? '' });
    await world.closesStopped('approver');
    const closed = await until(world, stopped, isOver);
    const whole = resultOf(world, closed);
    expect(listedIn(whole)).toEqual(all);
    // The retry is the wave's last word: its job is named, and nobody follows it any more.
    const [first, second] = whole.waves;
    expect(first?.output.failedServers).toMatchObject([
      { sourceServerId: failing, errorMessage: expect.stringMatching(/The job drsjob-/) },
    ]);
    expect(second).toMatchObject({ begun: false });
    expect(await world.table.item<WaveRecord>(stopped, 'WAVE#01#a2')).toMatchObject({ attempt: 2 });
    expect(launchesOf(world, stopped).jobs).toBe(3);
  });
});

describe('an execution whose machine has ended unseen', () => {
  test('is closed by the clock; one that has just been asked for is left alone', async () => {
    const world = await startWorld({ inventory: fleetOf({ accounts: 2, serversEach: 4 }) });
    application(world);
    const { engine, host } = world.practice;
    const id = await running(world, 'unseen');
    await until(world, id, ({ status }) => status === 'executing');
    const machine = engine.listStateMachines('900000000000').find(({ name }) => name === 'dr-execution');
    const [run] = engine.listExecutions({ stateMachineArn: machine?.stateMachineArn ?? '' });
    // The rule’s word is lost, as often as it is tried.
    for (let n = 0; n < 3; n += 1) host.crashNext(deployedName('close-execution'), 'before');
    engine.stopExecution({ executionArn: run?.executionArn ?? '' });
    await world.clock.advance(10_000);
    expect(await world.table.execution(id)).toMatchObject({ status: 'executing' });
    host.endCrashes(deployedName('close-execution'));
    await world.clock.advance(300_000);
    // Somebody may set it going again for an hour.
    expect(await world.table.execution(id)).toMatchObject({ status: 'executing', machineStopped: { code: 'ABORTED' } });
    await world.clock.advance(3_900_000);
    expect(await world.table.execution(id)).toMatchObject({
      problem: { code: 'ABORTED' },
      endTime: expect.any(Number),
    });

    // The stream does not start its machine.
    for (let n = 0; n < 200; n += 1) host.crashNext(deployedName('effects'), 'before');
    const answer = (await host.invoke(deployedName('request-recovery'), {
      ...{ action: 'drill', tags: { 'DR-Application': 'Small', 'DR-Wave': '1' }, metadata: { correlationId: 'lost' } },
    })) as { executionId: string };
    await world.clock.advance(540_000);
    expect(await world.table.execution(answer.executionId)).toMatchObject({ status: 'planning' });
    await world.clock.advance(600_000);
    expect(await world.table.execution(answer.executionId)).toMatchObject({
      status: 'failed',
      problem: { code: 'ExecutionDoesNotExist' },
    });
    expect(world.launches().length).toBeLessThanOrEqual(2);
  });
});
