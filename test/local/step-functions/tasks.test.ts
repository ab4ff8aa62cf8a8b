import { describe, expect, it } from 'vitest';
import { LambdaError } from '../../../src/local/step-functions/errors.ts';
import { ACCOUNT, FUNCTION, invoke, only, ROLE, World } from './world.ts';

describe('lambda:invoke', () => {
  it('gives Payload, StatusCode and ExecutedVersion (developer guide, Invoke Lambda with Step Functions)', async () => {
    const world = new World();
    world.lambda = (payload) => ({ doubled: payload });
    expect(await world.output(only(invoke()), { n: 1 })).toEqual({
      ExecutedVersion: '7',
      Payload: { doubled: { n: 1 } },
      StatusCode: 200,
    });
  });

  it('says for which machine and execution it calls', async () => {
    const world = new World();
    let seen: unknown;
    world.lambda = (_payload, call) => {
      seen = { functionArn: call.functionArn, machine: call.machine, executionArn: call.executionArn };
    };
    const arn = await world.run(only(invoke()));
    expect(seen).toEqual({
      functionArn: FUNCTION,
      machine: { arn: `arn:aws:states:us-east-2:${ACCOUNT}:stateMachine:machine`, accountId: ACCOUNT, roleArn: ROLE },
      executionArn: arn,
    });
  });

  it('gives null for a function that returns nothing', async () => {
    const world = new World();
    world.lambda = () => undefined;
    expect(await world.output(only(invoke({ Output: '{% $states.result.Payload %}', End: true })))).toBe(null);
  });
});

describe('TimeoutSeconds', () => {
  it('fails a Task that takes longer with States.Timeout (States Language spec, "Timeouts")', async () => {
    const world = new World();
    world.lambda = (_payload, call) => call.sleep(60_000);
    const arn = await world.run(only(invoke({ TimeoutSeconds: 30, End: true })));
    expect(world.seconds(arn)).toBe(30);
    expect(world.engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(world.types(arn).slice(-2)).toEqual(['TaskTimedOut', 'ExecutionFailed']);
  });

  it('lets a Task through that is faster, and may be an expression (States Language spec, "Timeouts")', async () => {
    const world = new World();
    world.lambda = async (_payload, call) => {
      await Promise.all([call.sleep(10_000), call.sleep(29_000)]);
      return 'in time';
    };
    const task = invoke({
      TimeoutSeconds: '{% $states.input.limit %}',
      Output: '{% $states.result.Payload %}',
      End: true,
    });
    expect(await world.output(only(task), { limit: 30 })).toBe('in time');
  });

  it('counts anew for each attempt (States Language spec, "Timeouts")', async () => {
    const world = new World();
    world.lambda = (_payload, call) => call.sleep(60_000);
    const retry = [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1, IntervalSeconds: 5 }];
    const arn = await world.run(only(invoke({ TimeoutSeconds: 30, Retry: retry, End: true })));
    expect(world.seconds(arn)).toBe(65);
  });

  it('must be a positive integer (developer guide, States.QueryEvaluationError)', async () => {
    const failure = await new World().failure(only(invoke({ TimeoutSeconds: '{% 0 %}', End: true })));
    expect(failure.error).toBe('States.QueryEvaluationError');
  });
});

describe('aws-sdk', () => {
  it('passes service, action, arguments and the role in Credentials on (developer guide, Integrating AWS SDK services)', async () => {
    const world = new World();
    let seen: unknown;
    world.sdk = async ({ service, action, arguments: given, roleArn }) => {
      seen = { service, action, given, roleArn };
      return { Items: [{ At: new Date(0), Nothing: undefined }] };
    };
    const task = {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:drs:describeSourceServers',
      Arguments: { MaxResults: '{% $states.input.max %}' },
      Credentials: { RoleArn: '{% $states.input.role %}' },
      End: true,
    };
    expect(await world.output(only(task), { max: 5, role: ROLE })).toEqual({
      Items: [{ At: '1970-01-01T00:00:00.000Z' }],
    });
    expect(seen).toEqual({
      service: 'drs',
      action: 'describeSourceServers',
      given: { MaxResults: 5 },
      roleArn: ROLE,
    });
  });
});

describe('events:putEvents', () => {
  const task = {
    Type: 'Task',
    Resource: 'arn:aws:states:::events:putEvents',
    Arguments: { Entries: [{ Source: 'me', DetailType: 'x', Detail: { a: '{% 1 %}' }, Resources: ['r'] }] },
    End: true,
  };

  it('writes Detail as text and adds the machine and the execution (developer guide, EventBridge integration)', async () => {
    const world = new World();
    let seen: unknown;
    world.putEvents = async ({ entries }) => {
      seen = entries;
      return { FailedEntryCount: 0, Entries: [{ EventId: 'e1' }] };
    };
    const arn = await world.run(only(task));
    const machine = `arn:aws:states:us-east-2:${ACCOUNT}:stateMachine:machine`;
    expect(seen).toEqual([{ Source: 'me', DetailType: 'x', Detail: '{"a":1}', Resources: ['r', machine, arn] }]);
    expect(world.outputOf(arn)).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: 'e1' }] });
  });

  it('fails when an entry was refused (developer guide, EventBridge integration, Error handling)', async () => {
    const world = new World();
    world.putEvents = async () => ({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'MalformedDetail' }] });
    expect(await world.failure(only(task))).toEqual({
      error: 'EventBridge.FailedEntry',
      cause: '{"FailedEntryCount":1,"Entries":[{"ErrorCode":"MalformedDetail"}]}',
    });
  });
});

describe('defects', () => {
  it('of an integration fail the execution past every Retry and Catch, and are shown', async () => {
    const world = new World();
    const defect = new TypeError('cannot read x');
    world.lambda = () => {
      throw defect;
    };
    const all = [{ ErrorEquals: ['States.ALL'], Next: 'Handled' }];
    const task = invoke({ Retry: [{ ErrorEquals: ['States.ALL'] }], Catch: all, End: true });
    const failure = await world.failure({ StartAt: 'T', States: { T: task, Handled: { Type: 'Succeed' } } });
    expect(failure).toEqual({
      error: 'States.Runtime',
      cause: 'An internal error occurred in the simulated service: cannot read x',
    });
    expect(world.defects).toEqual([defect]);
  });

  it('of an integration are shown even when nobody waits for it any more', async () => {
    const world = new World();
    world.lambda = async (_payload, call) => {
      await call.sleep(60_000);
      throw new TypeError('too late');
    };
    await world.run(only(invoke({ TimeoutSeconds: 1, End: true })));
    await world.clock.advance(60_000);
    expect(world.defects).toHaveLength(1);
  });

  it('of the engine fail the execution and are shown', async () => {
    const defect = new RangeError('random is broken');
    const world = new World({
      random: () => {
        throw defect;
      },
      onStatusChange: undefined,
    });
    const machine = world.machine(
      only(invoke({ Retry: [{ ErrorEquals: ['States.ALL'], JitterStrategy: 'FULL' }], End: true })),
    );
    world.lambda = () => {
      throw new LambdaError({ errorType: 'Boom', errorMessage: '' });
    };
    const arn = world.startMachine(machine, {}, 'named');
    await world.ended(arn);
    expect(world.engine.describeExecution(arn)).toMatchObject({
      error: 'States.Runtime',
      cause: 'An internal error occurred in the engine: random is broken',
    });
    expect(world.defects).toEqual([defect]);
  });

  it('of Arguments that cannot be used are States.Runtime', async () => {
    const task = { ...invoke(), Arguments: '{% {"FunctionName": 1} %}' };
    expect((await new World().failure(only(task))).error).toBe('States.Runtime');
  });
});
