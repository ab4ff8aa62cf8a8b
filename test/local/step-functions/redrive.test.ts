import { describe, expect, it } from 'vitest';
import { LambdaError } from '../../../src/local/step-functions/errors.ts';
import type { Json } from '../../../src/local/step-functions/json.ts';
import { callback, codeOf, invoke, only, World } from './world.ts';

/** A world whose function fails while it is `broken`, and notes its payloads. */
function repairable() {
  const world = new World();
  const seen: Json[] = [];
  const state = { broken: true };
  world.lambda = (payload) => {
    seen.push(payload);
    if (state.broken && payload !== 'fine') throw new LambdaError({ errorType: 'Boom', errorMessage: '' });
    return payload;
  };
  const redrive = async (arn: string) => {
    state.broken = false;
    world.engine.redriveExecution(arn);
    await world.ended(arn);
  };
  return { world, seen, redrive };
}

const payload = '{% $states.result.Payload %}';

describe('RedriveExecution (API reference, RedriveExecution; developer guide, Restarting executions with redrive)', () => {
  it('goes on in the state that failed, with the variables and input it had', async () => {
    const { world, seen, redrive } = repairable();
    const arn = await world.run({
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { x: 5 }, Output: 'work', Next: 'Do' },
        Do: invoke({ Output: { x: '{% $x %}', did: payload }, End: true }),
      },
    });
    await redrive(arn);
    expect(world.outputOf(arn)).toEqual({ x: 5, did: 'work' });
    expect(seen).toEqual(['work', 'work']);
    expect(world.engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
    expect(world.types(arn)).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'ExecutionFailed',
      'ExecutionRedriven',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('does not run finished iterations of an Inline Map again, only those that failed or were aborted', async () => {
    const { world, seen, redrive } = repairable();
    const map = {
      Type: 'Map',
      MaxConcurrency: 1,
      ItemProcessor: only(invoke({ Output: payload, End: true })),
      End: true,
    };
    const arn = await world.run({ StartAt: 'M', States: { M: map } }, ['fine', 'bad', 'late']);
    expect(seen).toEqual(['fine', 'bad']);
    await redrive(arn);
    expect(seen).toEqual(['fine', 'bad', 'bad', 'late']);
    expect(world.outputOf(arn)).toEqual(['fine', 'bad', 'late']);
  });

  it('does not run finished branches of a Parallel again', async () => {
    const { world, seen, redrive } = repairable();
    const work = (what: string) => ({
      ...invoke({ Output: payload, End: true }),
      Arguments: { FunctionName: 'f', Payload: what },
    });
    const done = { StartAt: 'A', States: { A: work('fine') } };
    const failing = { StartAt: 'Later', States: { Later: { Type: 'Wait', Seconds: 1, Next: 'B' }, B: work('bad') } };
    const arn = await world.run(only({ Type: 'Parallel', Branches: [done, failing], End: true }));
    await redrive(arn);
    expect([world.outputOf(arn), seen]).toEqual([
      ['fine', 'bad'],
      ['fine', 'bad', 'bad'],
    ]);
  });

  it('counts retries from 0 again', async () => {
    const { world, seen } = repairable();
    const arn = await world.run(only(invoke({ Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 1 }], End: true })), 'x');
    world.engine.redriveExecution(arn);
    await world.ended(arn);
    expect([world.status(arn), seen.length]).toEqual(['FAILED', 4]);
  });

  it('gives a Task that waits a new token, and RedriveCount to the context object', async () => {
    const world = new World();
    const seen: { token: string; redrives: number }[] = [];
    world.lambda = (given) => {
      seen.push(given as { token: string; redrives: number });
    };
    const task = callback({ TimeoutSeconds: 10, End: true });
    const asked = {
      FunctionName: 'f',
      Payload: { token: '{% $states.context.Task.Token %}', redrives: '{% $states.context.Execution.RedriveCount %}' },
    };
    const arn = await world.run(only({ ...task, Arguments: asked }));
    world.engine.redriveExecution(arn);
    await world.clock.idle();
    expect(seen.map((entry) => entry.redrives)).toEqual([0, 1]);
    expect(seen[0]?.token).not.toBe(seen[1]?.token);
  });

  it('restarts an execution that was stopped, or timed out, with the whole time-out again', async () => {
    const world = new World();
    const wait = { Type: 'Wait', Seconds: 20, End: true };
    const stopped = world.start(only(wait));
    await world.clock.advance(5000);
    world.engine.stopExecution({ executionArn: stopped });
    world.engine.redriveExecution(stopped);
    await world.ended(stopped);
    expect(world.status(stopped)).toBe('SUCCEEDED');

    const machine = world.machine(
      { ...only({ ...wait, Seconds: '{% $states.input.s %}' }), TimeoutSeconds: 30 },
      'timed',
    );
    const timedOut = world.startMachine(machine, { s: 40 });
    await world.ended(timedOut);
    world.engine.redriveExecution(timedOut);
    await world.clock.advance(29_000);
    expect(world.status(timedOut)).toBe('RUNNING');
    await world.clock.advance(1000);
    expect(world.status(timedOut)).toBe('TIMED_OUT');
  });

  it('right after a stop is not disturbed by what was stopped', async () => {
    const world = new World();
    let calls = 0;
    world.lambda = async (_payload, call) => {
      calls += 1;
      await call.sleep(10_000);
      return calls;
    };
    const map = { Type: 'Map', Items: [1, 2], ItemProcessor: only(invoke({ Output: payload, End: true })), End: true };
    const arn = world.start({ StartAt: 'M', States: { M: map } });
    await world.clock.advance(5000);
    world.engine.stopExecution({ executionArn: arn });
    world.engine.redriveExecution(arn);
    await world.ended(arn);
    expect([world.outputOf(arn), world.seconds(arn), calls]).toEqual([[4, 4], 15, 4]);
    expect(world.types(arn).filter((type) => type === 'ExecutionSucceeded')).toHaveLength(1);
  });

  it('is ExecutionNotRedrivable for one that runs or has succeeded, and 14 days after the end', async () => {
    const world = new World();
    const running = world.start(only({ Type: 'Wait', Seconds: 60, End: true }));
    const redrive = (arn: string) => codeOf(() => world.engine.redriveExecution(arn));
    expect(redrive(running)).toBe('ExecutionNotRedrivable');
    await world.ended(running);
    expect(redrive(running)).toBe('ExecutionNotRedrivable');
    const failed = world.startMachine(world.machine(only({ Type: 'Fail' }), 'failing'));
    await world.ended(failed);
    await world.clock.advance(14 * 86_400_000);
    expect(world.engine.describeExecution(failed).redriveStatus).toBe('REDRIVABLE');
    await world.clock.advance(1);
    expect(redrive(failed)).toBe('ExecutionNotRedrivable');
  });

  it('tells of RUNNING again', async () => {
    const { world, redrive } = repairable();
    const arn = await world.run(only(invoke()), 'x');
    await redrive(arn);
    expect(world.changes.map(({ detail }) => [detail.status, detail.redriveCount])).toEqual([
      ['RUNNING', 0],
      ['FAILED', 0],
      ['RUNNING', 1],
      ['SUCCEEDED', 1],
    ]);
  });
});
