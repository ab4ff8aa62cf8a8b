import { describe, expect, it } from 'vitest';
import { IntegrationError, LambdaError, StatesError } from '../../../src/local/step-functions/errors.ts';
import { matches } from '../../../src/local/step-functions/retry.ts';
import { invoke, only, World } from './world.ts';

const boom = new LambdaError({ errorType: 'Boom', errorMessage: 'it broke', trace: ['at work'] });

/** A world whose function fails with `error`, and the simulated seconds at which it was called. */
function failing(error: Error, options: ConstructorParameters<typeof World>[0] = {}) {
  const world = new World(options);
  const start = world.clock.now();
  const at: number[] = [];
  world.lambda = () => {
    at.push((world.clock.now() - start) / 1000);
    throw error;
  };
  return { world, at };
}

describe('Retry', () => {
  it('waits IntervalSeconds and multiplies by BackoffRate, at most MaxAttempts times (States Language spec, "Retrying after error")', async () => {
    const { world, at } = failing(boom);
    const retry = [{ ErrorEquals: ['Boom'], IntervalSeconds: 3, MaxAttempts: 3, BackoffRate: 2 }];
    const failure = await world.failure(only(invoke({ Retry: retry, End: true })));
    expect(at).toEqual([0, 3, 9, 21]);
    expect(failure.error).toBe('Boom');
  });

  it('has 1 s, 3 attempts and rate 2 as defaults (States Language spec, "Retrying after error")', async () => {
    const { world, at } = failing(boom);
    await world.run(only(invoke({ Retry: [{ ErrorEquals: ['States.ALL'] }], End: true })));
    expect(at).toEqual([0, 1, 3, 7]);
  });

  it('never waits longer than MaxDelaySeconds (States Language spec, "Retrying after error")', async () => {
    const { world, at } = failing(boom);
    const retry = [{ ErrorEquals: ['Boom'], IntervalSeconds: 3, MaxAttempts: 4, MaxDelaySeconds: 5 }];
    await world.run(only(invoke({ Retry: retry, End: true })));
    expect(at).toEqual([0, 3, 8, 13, 18]);
  });

  it('waits anything up to the delay with full jitter (States Language spec, JitterStrategy)', async () => {
    const { world, at } = failing(boom, { random: () => 0.25 });
    const retry = [{ ErrorEquals: ['Boom'], IntervalSeconds: 4, MaxAttempts: 2, JitterStrategy: 'FULL' }];
    await world.run(only(invoke({ Retry: retry, End: true })));
    expect(at).toEqual([0, 1, 3]);
  });

  it('does not retry with MaxAttempts 0 (States Language spec, "Retrying after error")', async () => {
    const { world, at } = failing(boom);
    await world.run(only(invoke({ Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 0 }], End: true })));
    expect(at).toEqual([0]);
  });

  it('counts each retrier by itself, and asks no other when one is used up (States Language spec, "Complex retry scenarios")', async () => {
    const world = new World();
    const errors = ['A', 'B', 'A', 'A'];
    let calls = 0;
    world.lambda = () => {
      throw new LambdaError({ errorType: errors[calls++] ?? 'none', errorMessage: '' });
    };
    const retry = [
      { ErrorEquals: ['A'], MaxAttempts: 2 },
      { ErrorEquals: ['States.ALL'], MaxAttempts: 5 },
    ];
    const failure = await world.failure(only(invoke({ Retry: retry, End: true })));
    expect([calls, failure.error]).toEqual([4, 'A']);
  });

  it('counts in $states.context.State.RetryCount (developer guide, Context object)', async () => {
    const world = new World();
    const seen: unknown[] = [];
    world.lambda = (payload) => {
      seen.push(payload);
      throw boom;
    };
    const task = invoke({ Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 2 }], End: true }) as {
      Arguments: object;
    };
    await world.run(
      only({ ...task, Arguments: { FunctionName: 'f', Payload: '{% $states.context.State.RetryCount %}' } }),
    );
    expect(seen).toEqual([0, 1, 2]);
  });

  it('runs a whole Map again (States Language spec, "Retrying after error": Map and Parallel)', async () => {
    const world = new World();
    let calls = 0;
    world.lambda = () => {
      calls += 1;
      if (calls <= 2) throw boom;
      return calls;
    };
    const map = {
      Type: 'Map',
      Items: [1, 2],
      MaxConcurrency: 1,
      ItemProcessor: only(invoke({ Output: '{% $states.result.Payload %}', End: true })),
      Retry: [{ ErrorEquals: ['Boom'] }],
      End: true,
    };
    expect(await world.output({ StartAt: 'M', States: { M: map } })).toEqual([3, 4]);
  });
});

describe('Catch', () => {
  const handled = { Type: 'Pass', Output: { input: '{% $states.input %}', seen: '{% $seen %}' }, End: true };

  it('gives the error output to the next state by default (States Language spec, "Fallback states")', async () => {
    const { world } = failing(boom);
    const task = invoke({ Catch: [{ ErrorEquals: ['Boom'], Next: 'Handled' }], End: true });
    const output = await world.output({ StartAt: 'T', States: { T: task, Handled: { Type: 'Succeed' } } });
    expect(output).toEqual({
      Error: 'Boom',
      Cause: '{"errorType":"Boom","errorMessage":"it broke","trace":["at work"]}',
    });
  });

  it('has Output and Assign of its own, instead of the state’s (States Language spec, "Fallback states")', async () => {
    const { world } = failing(boom);
    const catcher = {
      ErrorEquals: ['Boom'],
      Assign: { seen: '{% $states.errorOutput.Error %}' },
      Output: { kept: '{% $states.input.a %}' },
      Next: 'Handled',
    };
    const task = invoke({ Catch: [catcher], Assign: { seen: 'not this' }, End: true });
    const output = await world.output({ StartAt: 'T', States: { T: task, Handled: handled } }, { a: 1 });
    expect(output).toEqual({ input: { kept: 1 }, seen: 'Boom' });
  });

  it('takes the first entry that matches (States Language spec, "Fallback states")', async () => {
    const { world } = failing(boom);
    const caught = (name: string, errors: string[]) => ({ ErrorEquals: errors, Output: name, Next: 'Handled' });
    const task = invoke({
      Catch: [caught('other', ['Other']), caught('boom', ['X', 'Boom']), caught('all', ['States.ALL'])],
      End: true,
    });
    const output = await world.output({ StartAt: 'T', States: { T: task, Handled: { Type: 'Succeed' } } });
    expect(output).toBe('boom');
  });

  it('comes after the retries (States Language spec, "Fallback states")', async () => {
    const { world, at } = failing(boom);
    const task = invoke({
      Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ['Boom'], Next: 'Handled' }],
      End: true,
    });
    const arn = await world.run({ StartAt: 'T', States: { T: task, Handled: { Type: 'Succeed' } } });
    expect([world.status(arn), at]).toEqual(['SUCCEEDED', [0, 1]]);
  });

  it('catches an expression of the state that fails, and not one of the catcher (developer guide, States.QueryEvaluationError)', async () => {
    const world = new World();
    const task = (catcher: object) => ({
      StartAt: 'T',
      States: {
        T: invoke({
          Output: '{% $nothing %}',
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Handled', ...catcher }],
          End: true,
        }),
        Handled: { Type: 'Succeed' },
      },
    });
    const output = await world.output(task({ Output: '{% $states.errorOutput.Error %}' }));
    expect(output).toBe('States.QueryEvaluationError');
    const other = new World();
    expect((await other.failure(task({ Output: '{% $nothing %}' }))).error).toBe('States.QueryEvaluationError');
  });

  it('of the Map catches the error of an iteration (developer guide, Map state, Error handling)', async () => {
    const { world } = failing(boom);
    const map = {
      Type: 'Map',
      Items: [1],
      ItemProcessor: only(invoke()),
      Catch: [{ ErrorEquals: ['Boom'], Output: 'caught', Next: 'Handled' }],
      End: true,
    };
    expect(await world.output({ StartAt: 'M', States: { M: map, Handled: { Type: 'Succeed' } } })).toBe('caught');
  });
});

describe('which errors ErrorEquals matches', () => {
  const error = (name: string | undefined, also: string[] = []) => new StatesError(name, undefined, also);

  it.each([
    ['States.ALL', 'Boom', true],
    ['States.ALL', 'States.Timeout', true],
    ['States.ALL', undefined, true],
    // Developer guide, Error handling: States.ALL does not catch these two.
    ['States.ALL', 'States.DataLimitExceeded', false],
    ['States.ALL', 'States.Runtime', false],
    ['States.DataLimitExceeded', 'States.DataLimitExceeded', true],
    // Developer guide, Error handling: States.Runtime always ends the execution.
    ['States.Runtime', 'States.Runtime', false],
    // Developer guide, Error handling: States.TaskFailed matches any known error but States.Timeout.
    ['States.TaskFailed', 'Boom', true],
    ['States.TaskFailed', 'States.TaskFailed', true],
    ['States.TaskFailed', 'States.Timeout', false],
    ['States.TaskFailed', 'States.DataLimitExceeded', false],
    ['Boom', 'boom', false],
  ])('%s and %s: %s', (name, thrown, expected) => {
    expect(matches([name], error(thrown))).toBe(expected);
  });

  it('States.HeartbeatTimeout and States.Timeout both match a missed heartbeat (developer guide, Error names)', () => {
    const missed = error('States.Timeout', ['States.HeartbeatTimeout']);
    expect([matches(['States.HeartbeatTimeout'], missed), matches(['States.Timeout'], missed)]).toEqual([true, true]);
    expect(matches(['States.HeartbeatTimeout'], error('States.Timeout'))).toBe(false);
  });

  it('States.ALL leaves an oversized result uncaught', async () => {
    const world = new World();
    world.lambda = () => 'x'.repeat(300_000);
    const task = invoke({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Handled' }], End: true });
    const failure = await world.failure({ StartAt: 'T', States: { T: task, Handled: { Type: 'Succeed' } } });
    expect(failure.error).toBe('States.DataLimitExceeded');
  });
});

it('an integration’s error keeps its name and cause (developer guide, Integrating AWS SDK services)', async () => {
  const world = new World();
  world.sdk = async () => {
    throw new IntegrationError({ error: 'Drs.ThrottlingException', cause: 'Rate exceeded' });
  };
  const task = { Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:drs:describeJobs', Arguments: {}, End: true };
  expect(await world.failure(only(task))).toEqual({ error: 'Drs.ThrottlingException', cause: 'Rate exceeded' });
});
