import { describe, expect, it } from 'vitest';
import { LambdaError } from '../../../src/local/step-functions/errors.ts';
import { ACCOUNT, callback, FUNCTION, invoke, only, ROLE, World } from './world.ts';

/** Events as AWS gives them, without their times. */
function events(world: World, arn: string): object[] {
  return world.history(arn).map(({ timestamp, ...event }) => event);
}

/** `[id, previousEventId, type]` of each event. */
function lines(world: World, arn: string): unknown[] {
  return world.history(arn).map((event) => [event.id, event.previousEventId, event.type]);
}

const truncated = { truncated: false };

describe('the history (API reference, HistoryEvent; order and links as recorded from AWS)', () => {
  it('of a Task that succeeds', async () => {
    const world = new World();
    world.lambda = () => ({ x: 1 });
    const arn = await world.run(
      only(invoke({ Assign: { kept: [1] }, TimeoutSeconds: 60, Output: 'done', End: true })),
      5,
    );
    const names = { resource: 'invoke', resourceType: 'lambda' };
    const result = '{"ExecutedVersion":"7","Payload":{"x":1},"StatusCode":200}';
    expect(events(world, arn)).toEqual([
      {
        id: 1,
        previousEventId: 0,
        type: 'ExecutionStarted',
        executionStartedEventDetails: { input: '5', inputDetails: truncated, roleArn: ROLE },
      },
      {
        id: 2,
        previousEventId: 0,
        type: 'TaskStateEntered',
        stateEnteredEventDetails: { name: 'Only', input: '5', inputDetails: truncated },
      },
      {
        id: 3,
        previousEventId: 2,
        type: 'TaskScheduled',
        taskScheduledEventDetails: {
          ...names,
          region: 'us-east-2',
          parameters: JSON.stringify({ FunctionName: FUNCTION, Payload: 5 }),
          timeoutInSeconds: 60,
        },
      },
      { id: 4, previousEventId: 3, type: 'TaskStarted', taskStartedEventDetails: names },
      {
        id: 5,
        previousEventId: 4,
        type: 'TaskSucceeded',
        taskSucceededEventDetails: { ...names, output: result, outputDetails: truncated },
      },
      {
        id: 6,
        previousEventId: 5,
        type: 'TaskStateExited',
        stateExitedEventDetails: {
          name: 'Only',
          output: '"done"',
          outputDetails: truncated,
          assignedVariables: { kept: '[1]' },
          assignedVariablesDetails: truncated,
        },
      },
      {
        id: 7,
        previousEventId: 6,
        type: 'ExecutionSucceeded',
        executionSucceededEventDetails: { output: '"done"', outputDetails: truncated },
      },
    ]);
  });

  it('of a Task that fails and is caught', async () => {
    const world = new World();
    world.lambda = () => {
      throw new LambdaError({ errorType: 'Boom', errorMessage: 'x' });
    };
    const task = invoke({ Catch: [{ ErrorEquals: ['Boom'], Next: 'End' }], End: true });
    const arn = await world.run({ StartAt: 'T', States: { T: task, End: { Type: 'Succeed' } } });
    expect(lines(world, arn).slice(4)).toEqual([
      [5, 4, 'TaskFailed'],
      [6, 5, 'TaskStateExited'],
      [7, 6, 'SucceedStateEntered'],
      [8, 7, 'SucceedStateExited'],
      [9, 8, 'ExecutionSucceeded'],
    ]);
  });

  it('of a Task that waits for a token and times out', async () => {
    const world = new World();
    const arn = await world.run(only(callback({ TimeoutSeconds: 5, End: true })));
    expect(lines(world, arn).slice(2)).toEqual([
      [3, 2, 'TaskScheduled'],
      [4, 3, 'TaskStarted'],
      [5, 4, 'TaskSubmitted'],
      [6, 5, 'TaskTimedOut'],
      [7, 6, 'ExecutionFailed'],
    ]);
    expect(events(world, arn)[5]).toMatchObject({
      taskTimedOutEventDetails: {
        error: 'States.Timeout',
        resource: 'invoke.waitForTaskToken',
        resourceType: 'lambda',
      },
    });
  });

  it('of an expression that fails', async () => {
    const world = new World();
    const arn = await world.run(only({ Type: 'Pass', Output: '{% $nothing %}', End: true }));
    expect(events(world, arn)[2]).toMatchObject({
      type: 'EvaluationFailed',
      evaluationFailedEventDetails: {
        state: 'Only',
        location: 'Output',
        error: 'States.QueryEvaluationError',
        cause: expect.stringContaining('returned nothing (undefined).'),
      },
    });
    expect(world.types(arn)[3]).toBe('ExecutionFailed');
  });

  it('of a Map', async () => {
    const world = new World();
    const map = { Type: 'Map', MaxConcurrency: 1, ItemProcessor: only({ Type: 'Pass', End: true }), End: true };
    const arn = await world.run({ StartAt: 'M', States: { M: map } }, [1, 2]);
    expect(lines(world, arn)).toEqual([
      [1, 0, 'ExecutionStarted'],
      [2, 0, 'MapStateEntered'],
      [3, 2, 'MapStateStarted'],
      [4, 3, 'MapIterationStarted'],
      [5, 4, 'PassStateEntered'],
      [6, 5, 'PassStateExited'],
      [7, 6, 'MapIterationSucceeded'],
      [8, 7, 'MapIterationStarted'],
      [9, 8, 'PassStateEntered'],
      [10, 9, 'PassStateExited'],
      [11, 10, 'MapIterationSucceeded'],
      [12, 11, 'MapStateSucceeded'],
      [13, 11, 'MapStateExited'],
      [14, 13, 'ExecutionSucceeded'],
    ]);
    expect(events(world, arn)[3]).toMatchObject({ mapIterationStartedEventDetails: { name: 'M', index: 0 } });
    expect(events(world, arn)[2]).toMatchObject({ mapStateStartedEventDetails: { length: 2 } });
  });

  it('of a Map that fails after a retry', async () => {
    const world = new World();
    const map = {
      Type: 'Map',
      ItemProcessor: only({ Type: 'Fail', Error: 'Boom' }),
      Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 1 }],
      End: true,
    };
    const arn = await world.run({ StartAt: 'M', States: { M: map } }, [1]);
    expect(lines(world, arn).slice(2)).toEqual([
      [3, 2, 'MapStateStarted'],
      [4, 3, 'MapIterationStarted'],
      [5, 4, 'FailStateEntered'],
      [6, 5, 'MapIterationFailed'],
      [7, 5, 'MapStateStarted'],
      [8, 7, 'MapIterationStarted'],
      [9, 8, 'FailStateEntered'],
      [10, 9, 'MapIterationFailed'],
      [11, 9, 'MapStateFailed'],
      [12, 11, 'ExecutionFailed'],
    ]);
  });

  it('of a Parallel that fails and is caught', async () => {
    const world = new World();
    const branch = { StartAt: 'B', States: { B: { Type: 'Fail', Error: 'Boom' } } };
    const parallel = {
      Type: 'Parallel',
      Branches: [branch],
      Catch: [{ ErrorEquals: ['Boom'], Next: 'End' }],
      End: true,
    };
    const arn = await world.run({ StartAt: 'P', States: { P: parallel, End: { Type: 'Pass', End: true } } });
    expect(lines(world, arn).slice(1, 7)).toEqual([
      [2, 0, 'ParallelStateEntered'],
      [3, 2, 'ParallelStateStarted'],
      [4, 3, 'FailStateEntered'],
      [5, 4, 'ParallelStateFailed'],
      [6, 5, 'ParallelStateExited'],
      [7, 6, 'PassStateEntered'],
    ]);
  });

  it('of a child execution', async () => {
    const world = new World();
    const machine = world.machine(only({ Type: 'Pass', End: true }), 'child');
    const task = {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Arguments: { StateMachineArn: machine, Name: 'c' },
      End: true,
    };
    const arn = await world.run(only(task));
    expect(events(world, arn)[4]).toEqual({
      id: 5,
      previousEventId: 4,
      type: 'TaskSubmitted',
      taskSubmittedEventDetails: {
        resource: 'startExecution.sync:2',
        resourceType: 'states',
        output: JSON.stringify({
          ExecutionArn: `arn:aws:states:us-east-2:${ACCOUNT}:execution:child:c`,
          StartDate: Date.parse('2026-03-02T03:00:00Z'),
        }),
        outputDetails: truncated,
      },
    });
  });

  it('cuts error and cause to their longest (API reference, ExecutionFailedEventDetails)', async () => {
    const world = new World();
    const arn = await world.run(only({ Type: 'Fail', Error: 'e'.repeat(300), Cause: 'c'.repeat(40_000) }));
    const { error, cause } = world.engine.describeExecution(arn);
    expect([error?.length, cause?.length]).toEqual([256, 32_768]);
  });
});
