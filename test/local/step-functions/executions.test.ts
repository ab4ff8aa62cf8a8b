import { describe, expect, it } from 'vitest';
import { ACCOUNT, codeOf, invoke, only, World } from './world.ts';

const waitAMinute = { Type: 'Wait', Seconds: 60, End: true };
const pass = { Type: 'Pass', End: true };

describe('StartExecution', () => {
  it('answers the running execution for the same name and input (API reference, StartExecution, idempotency)', async () => {
    const world = new World();
    const machine = world.machine(only(waitAMinute));
    const first = world.engine.startExecution({ stateMachineArn: machine, name: 'one', input: '{"a":1}' });
    await world.clock.advance(1000);
    expect(world.engine.startExecution({ stateMachineArn: machine, name: 'one', input: '{"a":1}' })).toEqual(first);
    expect(world.engine.listExecutions({ stateMachineArn: machine })).toHaveLength(1);
  });

  it('is ExecutionAlreadyExists with another input, or when that one has ended (API reference, StartExecution)', async () => {
    const world = new World();
    const machine = world.machine(only(waitAMinute));
    const start = (input: string) =>
      codeOf(() => world.engine.startExecution({ stateMachineArn: machine, name: 'one', input }));
    expect([start('{}'), start('{"a":1}')]).toEqual(['none', 'ExecutionAlreadyExists']);
    await world.clock.advance(60_000);
    expect(start('{}')).toBe('ExecutionAlreadyExists');
  });

  it.each(['a b', 'a/b', 'a:b', 'a#b', 'a*b', 'a<b', '', 'x'.repeat(81), 'a\u0007'])(
    'refuses the name "%s" (API reference, StartExecution, name)',
    (name) => {
      const world = new World();
      const machine = world.machine(only(pass));
      expect(codeOf(() => world.engine.startExecution({ stateMachineArn: machine, name }))).toBe('InvalidName');
    },
  );

  it('gives a name when there is none, and {} as input (API reference, StartExecution)', async () => {
    const world = new World();
    const { executionArn } = world.engine.startExecution({ stateMachineArn: world.machine(only(pass)) });
    await world.ended(executionArn);
    const { name, input } = world.engine.describeExecution(executionArn);
    expect([name, input]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), '{}']);
  });

  it('wants JSON of at most 256 KiB as input (API reference, InvalidExecutionInput)', () => {
    const world = new World();
    const machine = world.machine(only(pass));
    const start = (input: string) => codeOf(() => world.engine.startExecution({ stateMachineArn: machine, input }));
    expect([start('not json'), start(''), start(`"${'é'.repeat(131_072)}"`), start('null')]).toEqual([
      'InvalidExecutionInput',
      'InvalidExecutionInput',
      'InvalidExecutionInput',
      'none',
    ]);
  });

  it('knows which machines there are (API reference, StateMachineDoesNotExist, InvalidArn)', () => {
    const world = new World();
    const start = (stateMachineArn: string) => codeOf(() => world.engine.startExecution({ stateMachineArn }));
    expect(start(`arn:aws:states:us-east-2:${ACCOUNT}:stateMachine:none`)).toBe('StateMachineDoesNotExist');
    expect(start('none')).toBe('InvalidArn');
    expect(start(`arn:aws:states:us-east-2:${ACCOUNT}:execution:a:b`)).toBe('InvalidArn');
  });
});

describe('TimeoutSeconds of a machine', () => {
  it('ends the execution as TIMED_OUT (States Language spec, "Timeouts", top-level TimeoutSeconds)', async () => {
    const world = new World();
    const arn = await world.run({ ...only(waitAMinute), TimeoutSeconds: 30 });
    expect([world.status(arn), world.seconds(arn)]).toEqual(['TIMED_OUT', 30]);
    expect(world.types(arn).at(-1)).toBe('ExecutionTimedOut');
  });

  it('does nothing to an execution that has ended', async () => {
    const world = new World();
    const arn = await world.run({ ...only(waitAMinute), TimeoutSeconds: 90 });
    await world.clock.advance(60_000);
    expect(world.status(arn)).toBe('SUCCEEDED');
  });
});

describe('StopExecution', () => {
  it('ends the execution at once, with error and cause (API reference, StopExecution)', async () => {
    const world = new World();
    const arn = world.start(only(waitAMinute));
    await world.clock.advance(10_000);
    world.engine.stopExecution({ executionArn: arn, error: 'Enough', cause: 'we stop' });
    expect(world.engine.describeExecution(arn)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'we stop' });
    await world.clock.advance(60_000);
    expect(world.types(arn)).toEqual(['ExecutionStarted', 'WaitStateEntered', 'ExecutionAborted']);
  });

  it('leaves an execution alone that has ended (API reference, StopExecution)', async () => {
    const world = new World();
    const arn = await world.run(only(pass));
    const before = world.history(arn).length;
    world.engine.stopExecution({ executionArn: arn });
    expect([world.status(arn), world.history(arn).length]).toEqual(['SUCCEEDED', before]);
  });

  it('does not wait for a function that still runs', async () => {
    const world = new World();
    world.lambda = (_payload, call) => call.sleep(3_600_000);
    const arn = world.start(only(invoke()));
    await world.clock.idle();
    world.engine.stopExecution({ executionArn: arn });
    await world.clock.advance(3_600_000);
    expect([world.status(arn), world.defects]).toEqual(['ABORTED', []]);
  });
});

describe('the limit of 25,000 events (developer guide, Service quotas)', () => {
  it('fails the execution, with the failure as event 25,000', async () => {
    const world = new World();
    const arn = await world.run({
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Next: 'B' },
        B: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.never = true %}', Next: 'End' }], Default: 'A' },
        End: { Type: 'Succeed' },
      },
    });
    expect(world.engine.describeExecution(arn)).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'The execution reached the maximum number of history events (25000).',
      redriveStatus: 'NOT_REDRIVABLE',
    });
    expect(world.history(arn)).toHaveLength(25_000);
    expect(world.types(arn).at(-1)).toBe('ExecutionFailed');
  });

  it('also inside a Map', async () => {
    const world = new World();
    const loop = {
      StartAt: 'A',
      States: {
        A: { Type: 'Choice', Choices: [{ Condition: '{% $states.input = -1 %}', Next: 'End' }], Default: 'A' },
        End: { Type: 'Succeed' },
      },
    };
    const map = {
      Type: 'Map',
      Items: [1, 2],
      ItemProcessor: loop,
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
      End: true,
    };
    const arn = await world.run({ StartAt: 'M', States: { M: map, Caught: { Type: 'Succeed' } } });
    expect(world.engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(world.history(arn)).toHaveLength(25_000);
  });
});

describe('status changes (developer guide, EventBridge events for Step Functions)', () => {
  it('are told when an execution starts and ends, in the shape EventBridge delivers', async () => {
    const world = new World();
    const arn = world.startMachine(world.machine(only({ Type: 'Wait', Seconds: 5, End: true })), { a: 1 }, 'one');
    await world.ended(arn);
    expect(world.changes.map((event) => event.detail.status)).toEqual(['RUNNING', 'SUCCEEDED']);
    expect(world.changes[1]).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Step Functions Execution Status Change',
      source: 'aws.states',
      account: ACCOUNT,
      time: '2026-03-02T03:00:05Z',
      region: 'us-east-2',
      resources: [arn],
      detail: {
        executionArn: arn,
        stateMachineArn: `arn:aws:states:us-east-2:${ACCOUNT}:stateMachine:machine`,
        name: 'one',
        status: 'SUCCEEDED',
        startDate: Date.parse('2026-03-02T03:00:00Z'),
        stopDate: Date.parse('2026-03-02T03:00:05Z'),
        input: '{"a":1}',
        output: '{"a":1}',
        stateMachineVersionArn: null,
        stateMachineAliasArn: null,
        redriveCount: 0,
        redriveDate: null,
        redriveStatus: 'NOT_REDRIVABLE',
        redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
        inputDetails: { included: true },
        outputDetails: { included: true },
        error: null,
        cause: null,
      },
    });
  });

  it.each([
    ['FAILED', only({ Type: 'Fail', Error: 'Boom', Cause: 'x' }), 'Boom'],
    ['TIMED_OUT', { ...only(waitAMinute), TimeoutSeconds: 1 }, null],
  ])('say %s', async (status, machine, error) => {
    const world = new World();
    await world.run(machine);
    expect(world.changes.at(-1)?.detail).toMatchObject({ status, error, redriveStatus: 'REDRIVABLE' });
  });

  it('say nothing of input, output and error where the machine has a key of its own', async () => {
    const world = new World();
    const machine = (name: string, definition: object) =>
      world.engine.createStateMachine({
        ...{ name, accountId: ACCOUNT, roleArn: `arn:aws:iam::${ACCOUNT}:role/machine` },
        ...{
          definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
          kmsKeyId: `arn:aws:kms:us-east-2:${ACCOUNT}:key/k`,
        },
      });
    const failing = machine('failing', only({ Type: 'Fail', Error: 'Boom', Cause: 'x' }));
    const arn = world.startMachine(failing, { a: 1 });
    await world.ended(arn);
    const nothing = { input: null, output: null, error: null, cause: null, inputDetails: { included: false } };
    expect(world.changes.map(({ detail }) => detail)).toMatchObject([
      { status: 'RUNNING', ...nothing },
      { status: 'FAILED', ...nothing, outputDetails: null },
    ]);
    world.startMachine(machine('passing', only(pass)));
    await world.clock.idle();
    expect(world.changes.at(-1)?.detail).toMatchObject({ output: null, outputDetails: { included: false } });
    // Who asks is told.
    expect(world.engine.describeExecution(arn)).toMatchObject({ input: '{"a":1}', error: 'Boom', cause: 'x' });
    expect(world.engine.describeStateMachine(failing).encryptionConfiguration).toMatchObject({
      type: 'CUSTOMER_MANAGED_KMS_KEY',
    });
  });

  it('that a listener cannot take do not hurt the execution, and are shown', async () => {
    const defects: unknown[] = [];
    const world = new World({
      onStatusChange: () => {
        throw new Error('listener');
      },
      onDefect: (error) => defects.push(error),
    });
    expect(await world.output(only(pass))).toEqual({});
    expect(defects).toHaveLength(2);
  });
});

describe('memory', () => {
  it('keeps the newest finished executions and every running one', async () => {
    const world = new World({ finishedKept: 3 });
    const running = world.startMachine(world.machine(only({ Type: 'Wait', Seconds: 3600, End: true }), 'slow'));
    const machine = world.machine(only(pass));
    const arns: string[] = [];
    for (let run = 0; run < 5; run += 1) {
      const arn = world.startMachine(machine, {}, `run-${run}`);
      arns.push(arn);
      await world.clock.runUntil(
        () => world.engine.listExecutions({ stateMachineArn: machine, statusFilter: 'RUNNING' }).length === 0,
      );
    }
    expect(world.engine.listExecutions({ stateMachineArn: machine }).map((item) => item.name)).toEqual([
      'run-4',
      'run-3',
      'run-2',
    ]);
    expect(codeOf(() => world.engine.describeExecution(arns[0] ?? ''))).toBe('ExecutionDoesNotExist');
    expect(world.status(running)).toBe('RUNNING');
  });

  const nesting = (machine: string) =>
    only({
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Arguments: { StateMachineArn: machine, Input: '{% $states.input %}' },
      End: true,
    });

  it('keeps a finished execution with its nested ones, which do not count', async () => {
    const world = new World({ finishedKept: 2 });
    const nested = world.machine(only(pass), 'nested');
    const outer = world.machine(nesting(nested), 'outer');
    for (let run = 0; run < 3; run += 1) await world.ended(world.startMachine(outer, {}, `run-${run}`));
    const kept = world.engine.listExecutions({ stateMachineArn: outer });
    expect(kept.map(({ name }) => name)).toEqual(['run-2', 'run-1']);
    const children = world.engine.listExecutions({ stateMachineArn: nested });
    expect(children.map(({ executionArn = '' }) => world.engine.parentOf(executionArn))).toEqual(
      kept.map(({ executionArn }) => executionArn),
    );
  });

  it('keeps fewer when their histories are long, nested ones counted, but always the newest', async () => {
    const world = new World({ charactersKept: 100_000 });
    const outer = world.machine(nesting(world.machine(only(pass), 'nested')), 'outer');
    const names = () => world.engine.listExecutions({ stateMachineArn: outer }).map(({ name }) => name);
    for (const name of ['run-0', 'run-1']) await world.ended(world.startMachine(outer, {}, name));
    expect(names()).toEqual(['run-1', 'run-0']);
    await world.ended(world.startMachine(outer, { text: 'x'.repeat(50_000) }, 'long'));
    expect(names()).toEqual(['long']);
    await world.ended(world.startMachine(outer, {}, 'after'));
    expect(names()).toEqual(['after']);
  });
});
