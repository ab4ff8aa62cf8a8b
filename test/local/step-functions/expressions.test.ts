import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/local/step-functions/json.ts';
import { only, World } from './world.ts';

function pass(output: unknown): object {
  return only({ Type: 'Pass', Output: output, End: true });
}

async function value(expression: string, input: Json = {}): Promise<Json> {
  return new World().output(pass(`{% ${expression} %}`), input);
}

describe('expressions', () => {
  it('are evaluated wherever they stand in a value, and nowhere else (States Language spec, "JSONata")', async () => {
    const output = await new World().output(
      pass({ list: ['{% $states.input.a %}', 'plain'], deep: { b: '{%$states.input.a + 1%}' }, text: 'a {% 1 %} b' }),
      { a: 1 },
    );
    expect(output).toEqual({ list: [1, 'plain'], deep: { b: 2 }, text: 'a {% 1 %} b' });
  });

  it('that give nothing fail the state (developer guide, JSONata: undefined is States.QueryEvaluationError)', async () => {
    const failure = await new World().failure(pass({ result: '{% $doesNotExist %}' }));
    expect(failure).toEqual({
      error: 'States.QueryEvaluationError',
      cause:
        "An error occurred while executing the state 'Only' (entered at the event id #2). The JSONata expression '$doesNotExist' specified for the field 'Output/result' returned nothing (undefined).",
    });
  });

  it('may give null (States Language spec, "JSONata")', async () => {
    expect(await value('null')).toBe(null);
  });

  it('that throw say why (developer guide, States.QueryEvaluationError)', async () => {
    const failure = await new World().failure(pass('{% $sum("a") %}'));
    expect(failure.error).toBe('States.QueryEvaluationError');
    expect(failure.cause).toContain('threw an error during evaluation. T0412: Argument 1 of function "sum"');
  });

  it('that give a function are refused, also inside a value', async () => {
    const failure = await new World().failure(pass('{% {"f": [function($x) { $x }]} %}'));
    expect(failure.cause).toContain('returned an unsupported result type.');
  });

  it('collapse a sequence of one unless it is wrapped (JSONata, Sequences)', async () => {
    const input = {
      items: [
        { n: 1, on: true },
        { n: 2, on: false },
      ],
    };
    expect(await value('$states.input.items[on].n', input)).toBe(1);
    expect(await value('[$states.input.items[on].n]', input)).toEqual([1]);
  });

  it('see the context object (developer guide, Accessing execution data from the Context object)', async () => {
    const world = new World();
    const arn = world.startMachine(world.machine(pass('{% $states.context %}')), { a: 1 }, 'my-run');
    await world.ended(arn);
    expect(world.outputOf(arn)).toEqual({
      Execution: {
        Id: 'arn:aws:states:us-east-2:900000000000:execution:machine:my-run',
        Input: { a: 1 },
        Name: 'my-run',
        RoleArn: 'arn:aws:iam::900000000000:role/machine',
        StartTime: '2026-03-02T03:00:00.000Z',
        RedriveCount: 0,
      },
      State: { EnteredTime: '2026-03-02T03:00:00.000Z', Name: 'Only', RetryCount: 0 },
      StateMachine: { Id: 'arn:aws:states:us-east-2:900000000000:stateMachine:machine', Name: 'machine' },
    });
  });

  it('take $now and $millis from the simulated clock', async () => {
    expect(await value('[$now(), $fromMillis($millis()), $now("[Y]")]')).toEqual([
      '2026-03-02T03:00:00.000Z',
      '2026-03-02T03:00:00.000Z',
      '2026',
    ]);
  });
});

describe('functions that Step Functions adds to JSONata (developer guide, JSONata functions provided by Step Functions)', () => {
  it.each<[string, Json]>([
    ['$partition([1, 2, 3, 4, 5], 2)', [[1, 2], [3, 4], [5]]],
    ['$partition([1], 2)', [[1]]],
    ['$range(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['$range(5, 1, -2)', [5, 3, 1]],
    ['$hash("input data", "SHA-1")', 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['$hash("", "MD5")', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['$parse("{\\"a\\": [1]}")', { a: [1] }],
    ['$random(7) = $random(7)', true],
    ['$random() >= 0 and $random() < 1', true],
    ['$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) ? true : false', true],
  ])('%s', async (expression, expected) => {
    expect(await value(expression)).toEqual(expected);
  });

  it.each(['$partition(1, 2)', '$partition([1], 0)', '$range(1, 2, 0)', '$hash("a", "SHA-3")', '$parse("{")'])(
    '%s is refused',
    async (expression) => {
      const failure = await new World().failure(pass(`{% ${expression} %}`));
      expect(failure.error).toBe('States.QueryEvaluationError');
    },
  );

  it('repeat themselves when the source of randomness does', async () => {
    const run = () => new World({ random: () => 0.5 }).output(pass('{% [$uuid(), $random()] %}'));
    expect(await run()).toEqual(await run());
  });
});
