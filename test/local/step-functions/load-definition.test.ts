import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/local/clock.ts';
import { StepFunctionsEngine } from '../../../src/local/step-functions/engine.ts';
import { DefinitionError } from '../../../src/local/step-functions/errors.ts';
import { loadDefinition } from '../../../src/local/step-functions/load-definition.ts';
import { ACCOUNT, FUNCTION, invoke, only, ROLE, World } from './world.ts';

/** Every problem of a definition, as `path: message`. */
function problems(definition: object | string, substitutions: Record<string, string> = {}): string[] {
  const text =
    typeof definition === 'string' ? definition : JSON.stringify({ QueryLanguage: 'JSONata', ...definition });
  try {
    loadDefinition('machine', text, substitutions);
  } catch (error) {
    if (error instanceof DefinitionError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

const pass = { Type: 'Pass', End: true };

describe('loading a definition', () => {
  it('names everything that is wrong at once, with the place', () => {
    const found = problems({
      StartAt: 'First',
      States: {
        First: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', Next: 'Nowhere', Surprise: 1 },
        Lost: { Type: 'Pass', End: true, Output: '{% $states.input. %}' },
        Strange: { Type: 'Poem', End: true },
      },
    });
    expect(found).toEqual([
      '/States/First/Surprise: unknown field',
      '/States/First/Resource: arn:aws:states:::sqs:sendMessage is not implemented',
      expect.stringContaining('/States/Lost/Output: bad JSONata: S0207'),
      expect.stringContaining('/States/Strange/Type: must be one of Pass, Task'),
      '/States/First/Next: there is no state "Nowhere"',
      '/States/Lost: no state leads here',
      '/States/Strange: no state leads here',
    ]);
  });

  it('is thrown by createStateMachine as one readable message', () => {
    const engine = new StepFunctionsEngine({
      clock: new VirtualClock(),
      region: 'us-east-2',
      integrations: { invokeLambda: async () => null, sdk: async () => null, putEvents: async () => null },
    });
    const create = () =>
      engine.createStateMachine({ name: 'm', accountId: ACCOUNT, roleArn: ROLE, definition: '{"StartAt": "A"}' });
    expect(create).toThrow(/state machine m cannot be loaded:\n {2}\/QueryLanguage: only "JSONata"/);
  });

  it('refuses JSONPath, for the machine and for a state (States Language spec, "Query languages")', () => {
    expect(problems('{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}')).toEqual([
      '/QueryLanguage: only "JSONata" is implemented',
    ]);
    expect(problems(only({ ...pass, QueryLanguage: 'JSONPath' }))).toEqual([
      '/States/Only/QueryLanguage: only "JSONata" is implemented',
    ]);
  });

  it.each(['Parameters', 'ResultPath', 'InputPath', 'OutputPath', 'ResultSelector', 'Result', 'ItemsPath'])(
    'refuses the JSONPath field %s (States Language spec, table of fields in JSONata states)',
    (field) => {
      expect(problems(only({ ...pass, [field]: '$.x' }))).toEqual([
        `/States/Only/${field}: a JSONPath field cannot stand in JSONata`,
      ]);
    },
  );

  it('refuses Variable in a choice rule (States Language spec, "Choice State", JSONata)', () => {
    const rule = { Variable: '$.x', NumericEquals: 1, Next: 'End' };
    const choice = { Type: 'Choice', Choices: [rule], Default: 'End' };
    expect(problems({ StartAt: 'C', States: { C: choice, End: pass } })).toEqual([
      '/States/C/Choices/0/Variable: a JSONPath field cannot stand in JSONata',
      '/States/C/Choices/0/NumericEquals: unknown field',
      '/States/C/Choices/0/Condition: must be an expression or a boolean',
    ]);
  });

  it.each([
    'ItemReader',
    'ItemBatcher',
    'ResultWriter',
    'Label',
    'ToleratedFailureCount',
    'ToleratedFailurePercentage',
  ])('refuses %s, which belongs to a Distributed Map (developer guide, Map state in Distributed mode)', (field) => {
    const map = { Type: 'Map', End: true, ItemProcessor: only(pass), [field]: 1 };
    expect(problems({ StartAt: 'M', States: { M: map } })).toEqual([
      `/States/M/${field}: belongs to a Distributed Map, which is not implemented`,
    ]);
  });

  it('refuses the mode of a Distributed Map', () => {
    const processor = { ...only(pass), ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };
    expect(problems({ StartAt: 'M', States: { M: { Type: 'Map', End: true, ItemProcessor: processor } } })).toEqual([
      '/States/M/ItemProcessor/ProcessorConfig/ExecutionType: unknown field',
      '/States/M/ItemProcessor/ProcessorConfig/Mode: only "INLINE" is implemented',
    ]);
  });

  it('fills in placeholders and names those without a value (CloudFormation, DefinitionSubstitutions)', () => {
    const place = (name: string) => `\${${name}}`;
    const machine = { QueryLanguage: 'JSONata', ...only({ ...pass, Comment: place('Who') }), TimeoutSeconds: 'LIMIT' };
    const text = JSON.stringify(machine).replace('"LIMIT"', place('Limit'));
    expect(problems(text, { Limit: '60', Who: 'me' })).toEqual([]);
    expect(problems(text, { Limit: '60' })).toEqual([`/: ${place('Who')} has no substitution`]);
  });

  it('is loaded once for its text: other values of its placeholders make another, one that is wrong is wrong again', () => {
    const machine = { QueryLanguage: 'JSONata', ...only(pass), TimeoutSeconds: 'LIMIT' };
    const text = JSON.stringify(machine).replace('"LIMIT"', `\${${'Limit'}}`);
    const load = (limit: string) => loadDefinition('machine', text, { Limit: limit });
    expect([load('60'), load('90'), load('60')].map(({ timeoutSeconds }) => timeoutSeconds)).toEqual([60, 90, 60]);
    expect(load('60')).toBe(load('60'));
    for (const _ of ['first', 'again']) expect(() => load('0')).toThrow(DefinitionError);
  });

  it('refuses text that is not JSON, or not an object', () => {
    expect(problems('{')).toEqual([expect.stringContaining('/: not JSON')]);
    expect(problems('[]')).toEqual(['/: a definition must be a JSON object']);
  });

  it('refuses a key that stands twice, which JSON.parse would drop', () => {
    const state = '{"Type":"Pass","End":true}';
    const text = `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":${state},"A":${state}}}`;
    expect(problems(text)).toEqual(['/States/A: the key stands here twice']);
  });

  it('asks for either Next or End (States Language spec, "Transitions")', () => {
    const message = '/States/Only: must have either Next or "End": true';
    expect(problems(only({ Type: 'Pass', Next: 'Only', End: true }))).toContain(message);
    expect(problems(only({ Type: 'Pass' }))).toContain(message);
  });

  it('refuses a machine that cannot end and a state that cannot be reached (States Language spec, "Transitions")', () => {
    expect(problems(only({ Type: 'Pass', Next: 'Only' }))).toEqual(['/States: no state ends the machine']);
    expect(problems({ StartAt: 'A', States: { A: pass, B: pass } })).toEqual(['/States/B: no state leads here']);
  });

  it('limits the names of states to 80 characters (States Language spec, "States")', () => {
    const name = 'x'.repeat(81);
    expect(problems({ StartAt: name, States: { [name]: pass } })).toEqual([
      `/States/${name}: a state's name has 1 to 80 characters`,
    ]);
  });

  it('asks for names that differ in the whole machine (States Language spec, "States")', () => {
    const map = { Type: 'Map', End: true, ItemProcessor: { StartAt: 'M', States: { M: pass } } };
    expect(problems({ StartAt: 'M', States: { M: map } })).toEqual([
      '/States/M/ItemProcessor/States/M: the name is taken by /States/M',
    ]);
  });

  it('asks States.ALL to stand alone and last (States Language spec, "Errors")', () => {
    const retry = [{ ErrorEquals: ['States.ALL', 'Boom'] }, { ErrorEquals: ['Boom'] }];
    expect(problems(only(invoke({ End: true, Retry: retry })))).toEqual([
      '/States/Only/Retry/0/ErrorEquals: States.ALL must stand alone',
      '/States/Only/Retry/0/ErrorEquals: States.ALL must be in the last entry',
    ]);
  });

  it('refuses names of errors that nothing here reports, such as States.BranchFailed', () => {
    expect(problems(only(invoke({ End: true, Retry: [{ ErrorEquals: ['States.BranchFailed'] }] })))).toEqual([
      '/States/Only/Retry/0/ErrorEquals/0: States.BranchFailed is not an error that can be retried or caught here',
    ]);
  });

  it('checks the numbers of a retrier (States Language spec, "Retrying after error")', () => {
    const retrier = {
      ErrorEquals: ['Boom'],
      IntervalSeconds: 0,
      MaxAttempts: -1,
      BackoffRate: 0.5,
      MaxDelaySeconds: 1,
      JitterStrategy: 'SOME',
    };
    expect(problems(only(invoke({ End: true, Retry: [retrier] }))).map((problem) => problem.split(':')[0])).toEqual([
      '/States/Only/Retry/0/IntervalSeconds',
      '/States/Only/Retry/0/MaxDelaySeconds',
      '/States/Only/Retry/0/BackoffRate',
      '/States/Only/Retry/0/JitterStrategy',
      '/States/Only/Retry/0/MaxAttempts',
    ]);
  });

  it('asks for a heartbeat shorter than the timeout (States Language spec, "Timeouts")', () => {
    const task = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: FUNCTION },
      TimeoutSeconds: 10,
      HeartbeatSeconds: 10,
      End: true,
    };
    expect(problems(only(task))).toEqual(['/States/Only/HeartbeatSeconds: must be smaller than TimeoutSeconds']);
  });

  it('refuses a heartbeat, arguments and credentials that the engine would ignore', () => {
    const task = invoke({ End: true, HeartbeatSeconds: 5, Credentials: { RoleArn: ROLE } });
    expect(problems(only({ ...task, Arguments: { FunctionName: FUNCTION, LogType: 'Tail' } }))).toEqual([
      '/States/Only/Arguments/LogType: not an argument that is implemented',
      '/States/Only/HeartbeatSeconds: implemented only for a Task that waits for a task token',
      '/States/Only/Credentials: implemented only for aws-sdk and startExecution.sync:2',
    ]);
  });

  it('refuses to assign an outer variable in an inner scope (developer guide, Variable scope)', () => {
    const inner = { StartAt: 'In', States: { In: { ...pass, Assign: { total: 1 } } } };
    const found = problems({
      StartAt: 'Out',
      States: {
        Out: { Type: 'Pass', Assign: { total: 0 }, Next: 'Map' },
        Map: { Type: 'Map', ItemProcessor: inner, End: true },
      },
    });
    expect(found).toEqual([
      '/States/Map/ItemProcessor/States/In/Assign/total: a variable of an outer scope cannot be assigned in an inner one',
    ]);
  });

  it('lets two branches assign a variable of the same name (developer guide, Variable scope)', () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: { ...pass, Assign: { total: 1 } } } });
    expect(problems(only({ Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true }))).toEqual([]);
  });

  it.each([
    ['states', '"states" is reserved'],
    ['1st', "not a variable's name"],
    ['a.b', "not a variable's name"],
    ['x'.repeat(81), "a variable's name has at most 80 characters"],
  ])('refuses the variable %s (developer guide, Variable name syntax)', (name, message) => {
    expect(problems(only({ ...pass, Assign: { [name]: 1 } }))).toEqual([`/States/Only/Assign/${name}: ${message}`]);
  });

  it.each([
    ['$eval("1")', '$eval is not available in Step Functions: use $parse'],
    ['$$.x', '$$ is not available in Step Functions: use $states.input'],
    ['$.x', '$ has no value at the top of an expression: use $states.input'],
    ['x', 'the name x has nothing before it: use $states.input or a variable'],
    ['$states.result', '$states.result has no value in this field'],
    ['$states.errorOutput.Error', '$states.errorOutput has no value in this field'],
    ['$states.inptu', '$states.inptu does not exist'],
    [
      '$states.context.Task.Token',
      '$states.context.Task has a value only in the Arguments of a Task that waits for a task token',
    ],
    ['$states.input.a ?? 1', 'the operator ?? is not in JSONata 2.0.6, which AWS runs'],
    ['$states.input.a ?: 1', 'the operator ?: is not in JSONata 2.0.6, which AWS runs'],
  ])('refuses the expression %s (developer guide, Transforming data with JSONata)', (expression, message) => {
    expect(problems(only({ ...pass, Output: `{% ${expression} %}` }))).toEqual([`/States/Only/Output: ${message}`]);
  });

  it.each([
    '$states.input.items[price > 3].name',
    '$states.input.items^(>price).{"n": name, "p": $.price}',
    '$map($states.input.items, function($item) { $item.price })',
    '$states.input[0].x',
    '$contains($states.input.text, /a??b/)',
    '"what?? ?:"',
    '$states.input.items{kind: $count(price)}',
    '$states.input ~> |items|{"price": price * 2}|',
  ])('accepts the expression %s', (expression) => {
    expect(problems(only({ ...pass, Output: `{% ${expression} %}` }))).toEqual([]);
  });

  it('agrees with asl-validator about a machine with every kind of state', () => {
    const machine = {
      QueryLanguage: 'JSONata',
      StartAt: 'Pass',
      States: {
        Pass: { Type: 'Pass', Assign: { x: 1 }, Next: 'Task' },
        Task: invoke({ Next: 'Choice', Retry: [{ ErrorEquals: ['States.ALL'] }], TimeoutSeconds: 60 }),
        Choice: {
          Type: 'Choice',
          Choices: [{ Condition: '{% $x = 1 %}', Next: 'Wait' }],
          Default: 'Fail',
        },
        Wait: { Type: 'Wait', Seconds: '{% $x %}', Next: 'Parallel' },
        Parallel: { Type: 'Parallel', Branches: [{ StartAt: 'P', States: { P: { Type: 'Succeed' } } }], Next: 'Map' },
        Map: {
          Type: 'Map',
          Items: '{% [1, 2] %}',
          ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } },
          Next: 'Done',
        },
        Done: { Type: 'Succeed' },
        Fail: { Type: 'Fail', Error: 'Boom', Cause: '{% "because" %}' },
      },
    };
    const validate = createRequire(import.meta.url)('asl-validator') as (definition: object) => { isValid: boolean };
    expect(validate(machine).isValid).toBe(true);
    expect(problems(machine)).toEqual([]);
  });

  it('creates the same machine twice without harm, and no other under its name (API reference, CreateStateMachine)', () => {
    const world = new World();
    const first = world.machine(only(pass));
    expect(world.machine(only(pass))).toBe(first);
    expect(() => world.machine(only({ ...pass, Comment: 'other' }))).toThrow('State Machine Already Exists');
  });
});
