import { describe, expect, it } from 'vitest';
import { LambdaError } from '../../../src/local/step-functions/errors.ts';
import { invoke, only, World } from './world.ts';

const wait = (fields: object = {}) => ({ Type: 'Wait', Seconds: '{% $states.input %}', End: true, ...fields });

function map(fields: object): object {
  return { StartAt: 'Map', States: { Map: { Type: 'Map', End: true, ...fields } } };
}

describe('Map', () => {
  it('runs the processor for each item of its input, results in the order of the items (States Language spec, "Map State")', async () => {
    const world = new World();
    const arn = await world.run(map({ ItemProcessor: only(wait()) }), [3, 1, 2]);
    expect([world.outputOf(arn), world.seconds(arn)]).toEqual([[3, 1, 2], 3]);
  });

  it('takes Items and ItemSelector, which sees the item in the context object (States Language spec, "Map State")', async () => {
    const output = await new World().output(
      map({
        Items: '{% $states.input.names %}',
        ItemSelector: {
          name: '{% $states.context.Map.Item.Value %}',
          at: '{% $states.context.Map.Item.Index %}',
          all: '{% $count($states.input.names) %}',
        },
        ItemProcessor: only({ Type: 'Pass', End: true }),
      }),
      { names: ['a', 'b'] },
    );
    expect(output).toEqual([
      { name: 'a', at: 0, all: 2 },
      { name: 'b', at: 1, all: 2 },
    ]);
  });

  it('shows the item of the innermost Map inside iterations (developer guide, Context object data for Map states)', async () => {
    const inner = {
      Type: 'Map',
      Items: ['x', 'y'],
      ItemProcessor: only({ Type: 'Pass', Output: '{% $states.context.Map.Item.Value %}', End: true }),
      Next: 'After',
    };
    const after = {
      Type: 'Pass',
      Output: { in: '{% $states.input %}', out: '{% $states.context.Map.Item.Value %}' },
      End: true,
    };
    const output = await new World().output(
      map({ Items: [1], ItemProcessor: { StartAt: 'Inner', States: { Inner: inner, After: after } } }),
    );
    expect(output).toEqual([{ in: ['x', 'y'], out: 1 }]);
  });

  it('gives an empty array for no items (States Language spec, "Map State")', async () => {
    expect(await new World().output(map({ Items: '{% [] %}', ItemProcessor: only(wait()) }))).toEqual([]);
  });

  it.each([
    ['{% "text" %}', "Expected 'array', but was 'string'"],
    ['{% {"a": 1} %}', "Expected 'array', but was 'object'"],
  ])('refuses Items %s (developer guide, States.QueryEvaluationError)', async (items, cause) => {
    const failure = await new World().failure(map({ Items: items, ItemProcessor: only(wait()) }));
    expect(failure.error).toBe('States.QueryEvaluationError');
    expect(failure.cause).toContain(cause);
  });

  it('refuses an input that is no array (developer guide, States.QueryEvaluationError)', async () => {
    const failure = await new World().failure(map({ ItemProcessor: only(wait()) }), { a: 1 });
    expect(failure.cause).toContain('Map state input must be an array but was: {"a":1}');
  });

  it.each([
    [1, 7],
    [2, 4],
    ['{% $count($states.input) %}', 3],
    [0, 3],
  ])(
    'runs at most MaxConcurrency %s at once: %s s (States Language spec, "Map State concurrency")',
    async (maxConcurrency, seconds) => {
      const world = new World();
      const arn = await world.run(map({ MaxConcurrency: maxConcurrency, ItemProcessor: only(wait()) }), [3, 2, 2]);
      expect(world.seconds(arn)).toBe(seconds);
    },
  );

  it('runs at most 40 at once, whatever is asked for (developer guide, Map state in Inline mode)', async () => {
    const world = new World();
    const items = Array.from({ length: 41 }, () => 10);
    const arn = await world.run(map({ MaxConcurrency: 1000, ItemProcessor: only(wait()) }), items);
    expect(world.seconds(arn)).toBe(20);
  });

  it('gives up the other iterations when one fails, and fails with its error (States Language spec, "Map State")', async () => {
    const world = new World();
    const processor = {
      StartAt: 'Choose',
      States: {
        Choose: { Type: 'Choice', Choices: [{ Condition: '{% $states.input = 2 %}', Next: 'Break' }], Default: 'Wait' },
        Break: { Type: 'Fail', Error: 'Broken' },
        Wait: { Type: 'Wait', Seconds: 60, End: true },
      },
    };
    const arn = await world.run(map({ ItemProcessor: processor }), [1, 2, 3]);
    expect(world.engine.describeExecution(arn).error).toBe('Broken');
    expect(world.seconds(arn)).toBe(0);
    expect(
      world
        .types(arn)
        .filter((type) => type?.endsWith('Aborted'))
        .sort(),
    ).toEqual(['MapIterationAborted', 'MapIterationAborted', 'WaitStateAborted', 'WaitStateAborted']);
  });

  it('does not start what had not begun when one failed', async () => {
    const world = new World();
    const seen: unknown[] = [];
    world.lambda = (payload) => {
      seen.push(payload);
      throw new LambdaError({ errorType: 'Boom', errorMessage: '' });
    };
    await world.run(map({ MaxConcurrency: 1, ItemProcessor: only(invoke()) }), [1, 2, 3]);
    expect(seen).toEqual([1]);
  });
});

describe('Parallel', () => {
  const branches = [
    { StartAt: 'Slow', States: { Slow: { Type: 'Wait', Seconds: 5, Output: '{% $states.input.n %}', End: true } } },
    { StartAt: 'Fast', States: { Fast: { Type: 'Pass', Output: '{% $states.input.n + 1 %}', End: true } } },
  ];

  it('gives each branch the Arguments, and its result in the order of the branches (States Language spec, "Parallel State")', async () => {
    const world = new World();
    const arn = await world.run(only({ Type: 'Parallel', Branches: branches, Arguments: { n: 1 }, End: true }));
    expect([world.outputOf(arn), world.seconds(arn)]).toEqual([[1, 2], 5]);
  });

  it('gives each branch its own input otherwise (States Language spec, "Parallel State")', async () => {
    const output = await new World().output(only({ Type: 'Parallel', Branches: branches, End: true }), { n: 7 });
    expect(output).toEqual([7, 8]);
  });

  it('ends the other branches when one fails (States Language spec, "Parallel State")', async () => {
    const world = new World();
    const failing = { StartAt: 'Bad', States: { Bad: { Type: 'Fail', Error: 'Broken' } } };
    const parallel = {
      Type: 'Parallel',
      Branches: [...branches, failing],
      Catch: [{ ErrorEquals: ['Broken'], Output: 'caught', Next: 'End' }],
      End: true,
    };
    const arn = await world.run({ StartAt: 'P', States: { P: parallel, End: { Type: 'Succeed' } } }, { n: 1 });
    expect([world.outputOf(arn), world.seconds(arn)]).toEqual(['caught', 0]);
  });
});
