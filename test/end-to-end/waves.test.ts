import { describe, expect, test } from 'vitest';
import type { ExecutionRecord, WaveRecord } from '../../src/domain/records.ts';
import { isTerminal } from '../../src/domain/status.ts';
import { type ExecutionOutput, executionOutputSchema } from '../../src/domain/waves.ts';
import { deployedName } from '../../src/local/names.ts';
import type { ExecutionStore } from '../../src/platform/execution-store.ts';
import { fleetOf } from '../bench/component-size.ts';
import { allowDirect, listed } from './component-call.ts';
import { startWorld, storeOf, type World } from './world.ts';

const SOMEBODY = { userId: 'U0PAPPROVE2', teamId: 'T0PRACTICE1' };

/** A small fleet: two staging accounts with as many servers each. */
const SIZE = { accounts: 2, serversEach: 4 };

/**
 * Gives the application Small two servers in each of these waves, one in each account; wave 0 stands for none. The answer
 * is their ids by wave.
 */
function application(world: World, waves: readonly number[]): Map<number, string[]> {
  const { fleet } = world.practice;
  const accounts = world.inventory.stagingAccounts.map(({ accountId }) => fleet.sourceServers(accountId));
  return new Map(
    waves.map((wave, index) => {
      const ids = accounts.flatMap((servers) => servers[index]?.sourceServerId ?? []);
      const tags = { 'DR-Application': 'Small', ...(wave === 0 ? {} : { 'DR-Wave': String(wave) }) };
      for (const id of ids) fleet.setTags(id, tags);
      return [wave, ids];
    }),
  );
}

/** A machine asks for a drill of waves 1 to 3. */
async function asks(world: World, correlationId: string, request: Record<string, unknown> = {}): Promise<string> {
  const answer = (await world.practice.host.invoke(deployedName('request-recovery'), {
    action: 'drill',
    tags: { 'DR-Application': 'Small' },
    waves: [1, 2, 3],
    metadata: { correlationId },
    ...request,
  })) as { executionId: string };
  return answer.executionId;
}

/** Somebody approves what was asked for last. */
async function approved(world: World): Promise<void> {
  const isOpen = () => world.openGateCards().length > 0;
  await world.clock.runUntil(isOpen, { what: 'a question to the approvers', withinMs: 600_000 });
  await world.presses('approver', 'approve', world.openGateCards()[0]);
}

/** Waits until something holds of the stored execution; it is looked at twice a minute. */
async function until(
  world: World,
  executionId: string,
  holds: (execution: ExecutionRecord) => boolean,
): Promise<ExecutionRecord> {
  for (let looks = 0; looks < 2_000; looks += 1) {
    const execution = await world.table.execution(executionId);
    if (execution !== undefined && holds(execution)) return execution;
    await world.clock.advance(30_000);
  }
  throw new Error('it did not come true');
}

const isOver = ({ status }: ExecutionRecord) => isTerminal(status);

/** The whole result of an execution of several waves, as it is kept in S3. */
function resultOf({ practice }: World, { resultLocation = '' }: ExecutionRecord): ExecutionOutput {
  const key = resultLocation.replace(`s3://${practice.bucket}/`, '');
  return executionOutputSchema.parse(JSON.parse(practice.s3.read(practice.bucket, key)?.toString() ?? ''));
}

/** Every server of a result, each list's of each wave beside the others'. */
function listedIn({ waves }: ExecutionOutput): string[] {
  return waves.flatMap(({ output }) => listed(output));
}

function endOf({ waves }: ExecutionOutput) {
  return waves.map(({ wave, begun, output: { status, summary } }) => ({ wave, begun, status, ...summary }));
}

const DONE = { begun: true, status: 'success', totalServers: 2, succeeded: 2, failed: 0, skipped: 0 };
const LEFT = { begun: false, status: 'failed', totalServers: 2, succeeded: 0, failed: 0, skipped: 2 };

describe('one execution of several waves', () => {
  test('is approved once and runs them one after the other; before one it waits until somebody releases it', async () => {
    const world = await startWorld({ inventory: fleetOf(SIZE) });
    const store = storeOf(world);
    const servers = application(world, [3, 0, 1, 2]);
    const topic = world.practice.sns.createTopic({ name: 'recoveries' });
    allowDirect(world, [], [topic]);
    const id = await asks(world, 'three', { pauseBefore: [2], options: { notificationArn: topic } });
    await approved(world);
    const paused = await until(world, id, ({ status }) => status === 'paused' || status === 'failed');
    expect(paused).toMatchObject({ status: 'paused', currentWave: 1, selection: 'Small waves 1–3' });
    expect(await store.getWaves(id, [1, 2, 3])).toMatchObject([{ wave: 1, outcome: 'success', nextPhaseReady: true }]);
    const told = () => world.practice.sns.published(topic).map(({ attributes }) => attributes.kind?.value);
    expect(told().slice(-2)).toEqual(['gateOpened', 'paused']);
    const [, pause] = await world.table.gates(id);
    expect(pause).toMatchObject({ gateId: 'pause-2', status: 'pending' });

    // Nobody’s silence is a release.
    await world.clock.advance(600_000);
    expect(world.launches()).toHaveLength(2);
    await released(world, store, id, 2);
    const execution = await until(world, id, isOver);

    expect(execution).toMatchObject({ status: 'completed', outcome: 'success', summary: { totalServers: 6 } });
    const result = resultOf(world, execution);
    expect(endOf(result)).toEqual([1, 2, 3].map((wave) => ({ wave, ...DONE })));
    expect(result).toMatchObject({
      status: 'success',
      nextPhaseReady: true,
      summary: { totalServers: 6, succeeded: 6 },
    });
    // The server without a wave is none of theirs.
    const asked = [1, 2, 3].flatMap((wave) => servers.get(wave) ?? []);
    expect(listedIn(result).toSorted()).toEqual(asked.toSorted());
    expect((await world.table.batches(id)).map(({ batchId }) => batchId)).toEqual(
      [1, 2, 3].flatMap((wave) => [`r1-w${wave}-100000000001-01`, `r1-w${wave}-100000000002-01`]),
    );
    const jobs = world.jobs().toSorted((a, b) => a.createdAt - b.createdAt);
    expect(jobs).toHaveLength(6);
    for (const [first, second] of [
      [0, 2],
      [2, 4],
    ] as const) {
      const endedAt = Math.max(...jobs.slice(first, first + 2).map(({ endedAt: at = Number.POSITIVE_INFINITY }) => at));
      expect(jobs[second]?.createdAt).toBeGreaterThanOrEqual(endedAt);
    }
    const kinds = (await world.table.gates(id)).map(({ kind, gateId }) => `${kind} ${gateId}`);
    expect(kinds).toEqual(['approval approval-1', 'pause pause-2']);
  });

  test('begins no wave after one that failed, after it was cancelled, or where nobody releases it', async () => {
    const world = await startWorld({ inventory: fleetOf(SIZE) });
    const store = storeOf(world);
    const servers = application(world, [1, 2, 3]);
    const all = [...servers.values()].flat().toSorted();
    const ofWave = (wave: number) => servers.get(wave) ?? [];

    // Cancelled while it is planned: nobody is asked.
    const planning = await asks(world, 'planning');
    expect(await store.requestCancel(planning, { ...SOMEBODY, at: world.clock.now(), reason: 'the wrong day' })).toBe(
      true,
    );
    expect(await until(world, planning, isOver)).toMatchObject({
      status: 'cancelled',
      problem: { code: 'Cancelled', message: 'Cancelled by U0PAPPROVE2 (“the wrong day”). Nothing was launched.' },
    });
    expect(world.gateCards()).toHaveLength(0);
    expect(await store.requestCancel(planning, { ...SOMEBODY, at: world.clock.now() })).toBe(false);

    // Cancelled while its first wave runs, which is followed to its end.
    const cancelled = await asks(world, 'cancelled', { waves: [1, 2], pauseBefore: [2] });
    await approved(world);
    await until(world, cancelled, ({ currentWave }) => currentWave === 1);
    expect(await store.requestCancel(cancelled, { ...SOMEBODY, at: world.clock.now() })).toBe(true);
    const stopped = await until(world, cancelled, isOver);
    expect(stopped).toMatchObject({
      status: 'cancelled',
      outcome: 'partial',
      summary: { totalServers: 4, succeeded: 2, failed: 0, skipped: 2 },
      problem: { code: 'Cancelled', message: 'Cancelled by U0PAPPROVE2: wave 2 was not begun.' },
    });
    expect(endOf(resultOf(world, stopped))).toEqual([
      { wave: 1, ...DONE },
      { wave: 2, ...LEFT },
    ]);

    // A pause that is asked for while it runs, and that nobody releases in time.
    const alone = await asks(world, 'alone', { waves: [1, 2] });
    await approved(world);
    await until(world, alone, ({ currentWave }) => currentWave === 1);
    expect(await store.requestPause(alone, { ...SOMEBODY, at: world.clock.now() })).toBe(true);
    await until(world, alone, ({ status }) => status === 'paused');
    await settled(world, store, alone, 2, 'expired');
    const left = await until(world, alone, isOver);
    expect(left).toMatchObject({
      status: 'partial',
      problem: { message: 'Nobody released the pause before wave 2 in time: wave 2 was not begun.' },
    });
    expect(endOf(resultOf(world, left))).toEqual([
      { wave: 1, ...DONE },
      { wave: 2, ...LEFT },
    ]);

    // The first wave fails.
    for (const id of ofWave(1)) world.practice.drs.jobs.failNextLaunch(id);
    const failed = await asks(world, 'failed');
    await approved(world);
    const execution = await until(world, failed, isOver);
    const message = 'Wave 1 ended with failed: waves 2–3 were not begun.';
    expect(execution).toMatchObject({ status: 'failed', outcome: 'failed', problem: { code: 'WaveFailed', message } });
    const result = resultOf(world, execution);
    expect(result).toMatchObject({ status: 'failed', nextPhaseReady: false, message });
    expect(listedIn(result).toSorted()).toEqual(all);
    expect(result.summary).toEqual({ totalServers: 6, succeeded: 0, failed: 2, skipped: 4 });
    for (const wave of [2, 3]) {
      const { skippedServers } = result.waves[wave - 1]?.output ?? { skippedServers: [] };
      const reason = `Wave 1 ended with failed: wave ${wave} was not begun`;
      expect(skippedServers.map((server) => server.sourceServerId).toSorted()).toEqual(ofWave(wave).toSorted());
      expect(new Set(skippedServers.map((server) => server.reason))).toEqual(new Set([reason]));
      expect(await world.table.item<WaveRecord>(failed, `WAVE#0${wave}`)).toMatchObject({
        notBegun: { code: 'WaveFailed' },
      });
    }
    await world.drawn();
    expect(JSON.stringify(world.threadOf(world.cards().at(-1) ?? ({ ts: '' } as never)))).toContain('0 of 6 launched');

    // The machine is stopped while its first wave runs.
    const ended = await asks(world, 'ended', { waves: [1, 2] });
    await approved(world);
    await until(world, ended, ({ currentWave }) => currentWave === 1);
    const { engine } = world.practice;
    const machine = engine.listStateMachines('900000000000').find(({ name }) => name === 'dr-execution');
    const [running] = engine.listExecutions({ stateMachineArn: machine?.stateMachineArn ?? '' });
    engine.stopExecution({ executionArn: running?.executionArn ?? '' });
    await world.closesStopped('approver');
    const closed = await until(world, ended, isOver);
    expect(closed).toMatchObject({ status: 'failed', summary: { totalServers: 4, skipped: 2 } });
    const whole = resultOf(world, closed);
    expect(endOf(whole)[1]).toEqual({ wave: 2, ...LEFT });
    expect(listedIn(whole).toSorted()).toEqual([...ofWave(1), ...ofWave(2)].toSorted());
  });
});

/** Somebody releases a wave at its pause. */
async function released(world: World, store: ExecutionStore, executionId: string, wave: number): Promise<void> {
  await settled(world, store, executionId, wave, 'approved');
}

async function settled(
  world: World,
  store: ExecutionStore,
  executionId: string,
  wave: number,
  status: 'approved' | 'expired',
) {
  const gate = await store.getGate(executionId, `pause-${wave}`);
  if (gate === undefined) throw new Error('there is no pause');
  const at = world.clock.now();
  const votes = status === 'approved' ? [{ ...SOMEBODY, choice: 'resume' as const, at }] : [];
  await store.decideGate(
    { ...gate, status, votes, settledAt: at, version: gate.version + 1 },
    { version: gate.version },
  );
}
