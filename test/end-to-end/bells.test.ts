import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { bellRinger } from '../../src/gates/ring.ts';
import { create as watchGates } from '../../src/gates/watch-gates.ts';
import { executionIdOf, startWorld, type World } from './world.ts';

/** How the machine hears of a decision, when something on the way breaks. The decision itself is stored already. */

async function askedWorld(): Promise<World> {
  const world = await startWorld();
  await world.says('requester', 'drill HRP wave 1');
  await world.untilAsked();
  return world;
}

/** The stream cannot ring: every delivery of the decision fails until the stream gives it up. */
function silenceEffects(world: World): void {
  for (let n = 0; n < 20; n += 1) world.practice.host.crashNext('dr-chatops-effects', 'before');
}

/** A Step Functions that is down: the SDK is told so until it gives up. */
async function stepFunctionsDown(): Promise<string> {
  const server = createServer((_, response) => response.writeHead(503).end('{"__type":"ServiceUnavailable"}'));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The values of a metric, in the order in which they were written. */
function measured(world: World, name: string): number[] {
  return world.metricLines.flatMap((line) => JSON.parse(line)[name] ?? []);
}

describe('a bell', () => {
  test('that cannot be rung is late after a minute: the card says so, a metric too; then it is rung again', async () => {
    const world = await askedWorld();
    const { practice, clock } = world;
    const executionId = executionIdOf(world.cards()[0]);
    silenceEffects(world);
    // The watcher of the deployment is busy elsewhere; ours finds Step Functions down.
    practice.host.crashNext('dr-chatops-watch-gates', 'before');
    vi.stubEnv('AWS_ENDPOINT_URL_SFN', await stepFunctionsDown());
    const watch = watchGates(practice.platformOf('watch-gates'));
    onTestFinished(() => void vi.unstubAllEnvs());

    await world.presses('approver', 'approve', world.openGateCards()[0]);
    const [decided] = await world.table.gates(executionId);
    expect(decided).toMatchObject({ status: 'approved' });
    expect(await watch(undefined)).toEqual({ late: 0 });
    await clock.advance(60_000);
    const [before] = await world.table.gates(executionId);
    if (before?.bell?.rungAt === undefined) expect(await watch(undefined)).toEqual({ late: 1 });
    await world.drawn();
    expect(world.metricLines.some((line) => /"LateBells":1\b/.test(line))).toBe(true);
    expect(world.textOf(world.gateCards()[0])).toContain('has not been reached');
    expect(measured(world, 'SettleDelaySeconds')).toEqual([]);
    expect(measured(world, 'GatesWaiting').at(-1)).toBe(0);

    vi.unstubAllEnvs();
    await clock.advance(60_000);
    const [rung] = await world.table.gates(executionId);
    expect(rung?.bell?.rungAt).toBeDefined();
    await world.untilStatus('completed');
    await world.drawn();
    expect(world.textOf(world.gateCards()[0])).not.toContain('has not been reached');
    // One value for the one decision, however often its bell was tried.
    const [delay = 0, ...others] = measured(world, 'SettleDelaySeconds');
    expect(others).toEqual([]);
    expect(delay).toBeGreaterThanOrEqual(60);
    expect(delay).toBe(((rung?.bell?.rungAt ?? 0) - (rung?.settledAt ?? 0)) / 1_000);
    // By these fields docs/operations.md asks for the way of a question.
    const lines = [...world.logLines, ...world.metricLines].map((line) => JSON.parse(line));
    const way = lines.filter(
      (line) => line.executionId === executionId && (line.gateId ?? 'approval-1') === 'approval-1',
    );
    expect(way).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          message: 'A gate was voted on',
          gateId: 'approval-1',
          choice: 'approve',
          outcome: 'approved',
        }),
        expect.objectContaining({ message: 'Rang the bell of a gate', gateId: 'approval-1', decision: 'approved' }),
        expect.objectContaining({ SettleDelaySeconds: delay }),
      ]),
    );
    expect(world.jobs()).toHaveLength(3);
  });

  test('whose token is of a wait that is over is followed by the newest one', async () => {
    const world = await askedWorld();
    const { practice } = world;
    const executionId = executionIdOf(world.cards()[0]);
    await world.clock.advance(60_000);
    expect(measured(world, 'GatesWaiting')).toEqual([1]);
    expect(measured(world, 'GateMinutesLeft')[0]).toBeCloseTo(29, 0);
    // A wait that began after the decision has not waited for it: it has no delay.
    const [gate] = await world.table.gates(executionId);
    if (gate?.bell === undefined) throw new Error('the gate has no bell');
    const before = { ...gate, status: 'approved' as const, settledAt: Date.parse(gate.bell.enteredTime) - 1 };
    await bellRinger(practice.platformOf('open-gate'))(before);
    await world.clock.advance(1_000);
    expect(measured(world, 'SettleDelaySeconds')).toEqual([]);

    silenceEffects(world);
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    const [decided] = await world.table.gates(executionId);
    if (decided?.bell === undefined) throw new Error('the gate has no bell');
    // What the stream tells may be older than what is stored.
    const stale = { ...decided, bell: { ...decided.bell, taskToken: 'of-a-wait-that-is-over' } };
    await bellRinger(practice.platformOf('effects'))(stale);
    const [rung] = await world.table.gates(executionId);
    expect(rung?.bell).toMatchObject({ taskToken: decided.bell.taskToken, rungAt: expect.any(Number) });
    await world.untilStatus('completed');
  });

  test('of an entry of the state that came twice is kept once, and a newer one in its place: the drill runs once', async () => {
    const world = await askedWorld();
    const executionId = executionIdOf(world.cards()[0]);
    const [gate] = await world.table.gates(executionId);
    const { taskToken = '', enteredTime = '', retryCount = 0, redriveCount = 0 } = gate?.bell ?? {};
    const open = (differs: Record<string, unknown>) =>
      world.practice.host.invoke('dr-chatops-open-gate', {
        executionId,
        gateId: 'approval-1',
        taskToken,
        enteredTime,
        retryCount,
        redriveCount,
        ...differs,
      });
    await open({});
    // An older entry's token that comes late, and a newer one whose wait is over by now.
    await open({ taskToken: 'older', enteredTime: '2020-01-01T00:00:00.000Z' });
    expect((await world.table.gates(executionId))[0]?.bell).toMatchObject({ taskToken });
    await open({ taskToken: 'newer', redriveCount: redriveCount + 1 });
    expect((await world.table.gates(executionId))[0]?.bell).toMatchObject({ taskToken: 'newer' });
    expect(world.gateCards()).toHaveLength(1);

    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.untilStatus('completed');
    expect(world.launches()).toHaveLength(3);
    expect(world.logLines.join('\n')).not.toContain(taskToken);
  });
});
