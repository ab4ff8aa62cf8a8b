import { describe, expect, it } from 'vitest';
import { invoke, only, World } from './world.ts';

const big = 'x'.repeat(262_144);

describe('Pass and Succeed', () => {
  it('pass on their input when they have no Output (States Language spec, "Pass State", "Succeed State")', async () => {
    const machine = { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Succeed' } } };
    expect(await new World().output(machine, { a: 1 })).toEqual({ a: 1 });
  });

  it('give their Output (States Language spec, "Succeed State")', async () => {
    expect(await new World().output(only({ Type: 'Succeed', Output: { done: true } }))).toEqual({ done: true });
  });
});

describe('Fail', () => {
  it('takes Error and Cause from expressions (States Language spec, "Fail State")', async () => {
    const fail = { Type: 'Fail', Error: '{% $states.input.what %}', Cause: '{% "because of " & $states.input.what %}' };
    expect(await new World().failure(only(fail), { what: 'Smoke' })).toEqual({
      error: 'Smoke',
      cause: 'because of Smoke',
    });
  });

  it('may have neither (States Language spec, "Fail State")', async () => {
    expect(await new World().failure(only({ Type: 'Fail' }))).toEqual({});
  });
});

describe('Choice', () => {
  const machine = {
    StartAt: 'Choose',
    States: {
      Choose: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.n > 10 %}', Next: 'Show', Assign: { by: 'first' }, Output: { size: 'big' } },
          { Condition: '{% $states.input.n > 5 %}', Next: 'Show', Assign: { by: 'second' } },
        ],
        Default: 'Show',
        Assign: { by: 'default' },
        Output: { size: 'small' },
      },
      Show: { Type: 'Pass', Output: { by: '{% $by %}', input: '{% $states.input %}' }, End: true },
    },
  };

  it('takes the first rule that is true, with its own Assign and Output (States Language spec, "Choice State")', async () => {
    expect(await new World().output(machine, { n: 11 })).toEqual({ by: 'first', input: { size: 'big' } });
    expect(await new World().output(machine, { n: 6 })).toEqual({ by: 'second', input: { n: 6 } });
  });

  it('uses its own Assign and Output on the way to Default (States Language spec, "Choice State")', async () => {
    expect(await new World().output(machine, { n: 1 })).toEqual({ by: 'default', input: { size: 'small' } });
  });

  it('fails when nothing matches and there is no Default (States Language spec, States.NoChoiceMatched)', async () => {
    const choice = { Type: 'Choice', Choices: [{ Condition: false, Next: 'End' }] };
    const failure = await new World().failure({ StartAt: 'C', States: { C: choice, End: { Type: 'Succeed' } } });
    expect(failure.error).toBe('States.NoChoiceMatched');
  });

  it('fails when a condition is not a boolean (developer guide, States.QueryEvaluationError)', async () => {
    const choice = { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'End' }], Default: 'End' };
    const failure = await new World().failure({ StartAt: 'C', States: { C: choice, End: { Type: 'Succeed' } } });
    expect(failure.error).toBe('States.QueryEvaluationError');
    expect(failure.cause).toContain("Expected 'boolean', but was 'number' for value: 1");
  });
});

describe('Wait', () => {
  it.each([
    ['a number of seconds', { Seconds: 90 }],
    ['an expression', { Seconds: '{% $states.input.delay %}' }],
    ['a time', { Timestamp: '2026-03-02T03:01:30Z' }],
    ['an expression for a time, with an offset', { Timestamp: '{% $states.input.at %}' }],
  ])('waits for %s (States Language spec, "Wait State")', async (_what, fields) => {
    const world = new World();
    const input = { delay: 90, at: '2026-03-02T05:01:30+02:00' };
    const arn = await world.run(only({ Type: 'Wait', ...fields, End: true }), input);
    expect(world.seconds(arn)).toBe(90);
  });

  it('goes on at once when the time has passed (States Language spec, "Wait State")', async () => {
    const world = new World();
    const arn = await world.run(only({ Type: 'Wait', Timestamp: '2020-01-01T00:00:00Z', End: true }));
    expect(world.seconds(arn)).toBe(0);
  });

  it('fails on a time that is none (developer guide, States.QueryEvaluationError)', async () => {
    const wait = only({ Type: 'Wait', Timestamp: '{% "2016-13-05T21:29:29Z" %}', End: true });
    const failure = await new World().failure(wait);
    expect(failure.cause).toContain('cannot be parsed as an ISO-8601 extended offset date-time format string');
  });

  it('does not hold the clock while it waits, and holds it while states run', async () => {
    const world = new World();
    const arn = world.start(only({ Type: 'Wait', Seconds: 60, End: true }));
    await world.clock.advance(59_999);
    expect(world.status(arn)).toBe('RUNNING');
    await world.clock.advance(1);
    expect(world.status(arn)).toBe('SUCCEEDED');
  });
});

describe('variables', () => {
  it('are assigned after both Assign and Output have seen the old ones (developer guide, Evaluation order)', async () => {
    const output = await new World().output({
      StartAt: 'First',
      States: {
        First: { Type: 'Pass', Assign: { x: 1, y: 2 }, Next: 'Swap' },
        Swap: {
          Type: 'Pass',
          Assign: { x: '{% $y %}', y: '{% $x %}' },
          Output: { before: '{% [$x, $y] %}' },
          Next: 'Show',
        },
        Show: { Type: 'Pass', Output: { before: '{% $states.input.before %}', after: '{% [$x, $y] %}' }, End: true },
      },
    });
    expect(output).toEqual({ before: [1, 2], after: [2, 1] });
  });

  it('of an outer scope are read in an inner one, and inner ones are not seen outside (developer guide, Variable scope)', async () => {
    const world = new World();
    const machine = {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { factor: 10 }, Next: 'Map' },
        Map: {
          Type: 'Map',
          Items: [1, 2],
          ItemProcessor: {
            StartAt: 'Inner',
            States: {
              Inner: { Type: 'Pass', Assign: { own: '{% $states.input * $factor %}' }, Next: 'Read' },
              Read: { Type: 'Pass', Output: '{% $own + $factor %}', End: true },
            },
          },
          Next: 'Show',
        },
        Show: {
          Type: 'Pass',
          Output: { results: '{% $states.input %}', inner: '{% $exists($own) %}' },
          End: true,
        },
      },
    };
    expect(await world.output(machine)).toEqual({ results: [20, 30], inner: false });
  });
});

describe('the limit of 256 KiB (developer guide, Service quotas)', () => {
  it('fails a state whose output is over it', async () => {
    const failure = await new World().failure(only({ Type: 'Pass', Output: big, End: true }));
    expect(failure).toEqual({
      error: 'States.DataLimitExceeded',
      cause: "The state/task 'Only' returned a result with a size exceeding the maximum number of bytes service limit.",
    });
  });

  it('counts bytes of UTF-8', async () => {
    const failure = await new World().failure(only({ Type: 'Pass', Output: 'é'.repeat(131_072), End: true }));
    expect(failure.error).toBe('States.DataLimitExceeded');
  });

  it('accepts exactly that much', async () => {
    expect(await new World().output(only({ Type: 'Pass', Output: big.slice(2), End: true }))).toBe(big.slice(2));
  });

  it.each([
    ['the result of a Task', invoke(), () => big],
    ['the arguments of a Task', { ...invoke(), Arguments: { FunctionName: 'f', Payload: big } }, () => null],
    ['an assignment', invoke({ Assign: { x: big }, End: true }), () => null],
  ])('fails a state when %s is over it', async (_what, state, lambda) => {
    const world = new World();
    world.lambda = lambda;
    expect((await world.failure(only(state))).error).toBe('States.DataLimitExceeded');
  });
});
