import { describe, expect, it } from 'vitest';
import { IntegrationError } from '../../../src/local/step-functions/errors.ts';
import { ACCOUNT, only, ROLE, World } from './world.ts';

const STAGING = '111111111111';
const STAGING_ROLE = `arn:aws:iam::${STAGING}:role/invoke`;

/** A state that runs another machine and waits for its end. */
function child(stateMachineArn: string, fields: object = {}, given: object = {}): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::states:startExecution.sync:2',
    Arguments: { StateMachineArn: stateMachineArn, Name: 'child-1', Input: { n: '{% $states.input.n %}' }, ...given },
    End: true,
    ...fields,
  };
}

const wait = (seconds: number) => only({ Type: 'Wait', Seconds: seconds, Output: { ok: true }, End: true });

describe('states:startExecution.sync:2 (developer guide, Start a new state machine execution)', () => {
  it('waits for the child and gives its description, Output parsed', async () => {
    const world = new World();
    const machine = world.machine(wait(30), 'child');
    const arn = await world.run(only(child(machine)), { n: 1 });
    expect(world.seconds(arn)).toBe(30);
    expect(world.outputOf(arn)).toEqual({
      ExecutionArn: `arn:aws:states:us-east-2:${ACCOUNT}:execution:child:child-1`,
      Input: { n: 1 },
      InputDetails: { Included: true },
      Name: 'child-1',
      Output: { ok: true },
      OutputDetails: { Included: true },
      RedriveCount: 0,
      RedriveStatus: 'NOT_REDRIVABLE',
      RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
      StartDate: Date.parse('2026-03-02T03:00:00Z'),
      StateMachineArn: machine,
      Status: 'SUCCEEDED',
      StopDate: Date.parse('2026-03-02T03:00:30Z'),
    });
  });

  it('fails with States.TaskFailed and the child’s description as cause', async () => {
    const world = new World();
    const machine = world.machine(only({ Type: 'Fail', Error: 'Broken', Cause: 'glass' }), 'child');
    const { error, cause } = await world.failure(only(child(machine)), { n: 1 });
    expect(error).toBe('States.TaskFailed');
    expect(JSON.parse(cause ?? '')).toEqual({
      ExecutionArn: `arn:aws:states:us-east-2:${ACCOUNT}:execution:child:child-1`,
      Input: '{"n":1}',
      InputDetails: { Included: true },
      Name: 'child-1',
      StartDate: Date.parse('2026-03-02T03:00:00Z'),
      StateMachineArn: machine,
      Status: 'FAILED',
      StopDate: Date.parse('2026-03-02T03:00:00Z'),
      Error: 'Broken',
      Cause: 'glass',
    });
  });

  it('fails when the child times out', async () => {
    const world = new World();
    const machine = world.machine({ ...wait(30), TimeoutSeconds: 10 }, 'child');
    const failure = await world.failure(only(child(machine)), { n: 1 });
    expect(failure.error).toBe('States.TaskFailed');
    expect(failure.cause).toContain('"Status":"TIMED_OUT"');
  });

  it('stops the child when the parent is stopped (developer guide, Run a Job (.sync))', async () => {
    const world = new World();
    world.machine(wait(3600), 'child');
    const arn = world.start(only(child(`arn:aws:states:us-east-2:${ACCOUNT}:stateMachine:child`)), { n: 1 });
    await world.clock.advance(10_000);
    world.engine.stopExecution({ executionArn: arn });
    const childArn = `arn:aws:states:us-east-2:${ACCOUNT}:execution:child:child-1`;
    expect(world.status(childArn)).toBe('ABORTED');
  });

  it('stops the child when the Task times out', async () => {
    const world = new World();
    const machine = world.machine(wait(3600), 'child');
    const failure = await world.failure(only(child(machine, { TimeoutSeconds: 60 })), { n: 1 });
    expect(failure.error).toBe('States.Timeout');
    expect(world.status(`arn:aws:states:us-east-2:${ACCOUNT}:execution:child:child-1`)).toBe('ABORTED');
  });

  it('gives the API’s errors names of Step Functions (developer guide, service integration errors)', async () => {
    const world = new World();
    const missing = `arn:aws:states:us-east-2:${ACCOUNT}:stateMachine:none`;
    const failure = await world.failure(only(child(missing)), { n: 1 });
    expect(failure.error).toBe('StepFunctions.StateMachineDoesNotExistException');
    const badInput = await new World().failure(only(child(missing, {}, { Input: 'not json', Name: 'a b' })), { n: 1 });
    expect(badInput.error).toBe('StepFunctions.StateMachineDoesNotExistException');
  });

  it('passes a text on as it is, which must be JSON', async () => {
    const world = new World();
    const machine = world.machine(only({ Type: 'Pass', End: true }), 'child');
    const output = await world.output(
      only(child(machine, { Output: '{% $states.result.Output %}' }, { Input: '{"a":[1]}' })),
      { n: 1 },
    );
    expect(output).toEqual({ a: [1] });
    const refused = only(child(machine, {}, { Input: 'text', Name: 'other' }));
    const failing = world.startMachine(world.machine(refused, 'other'));
    await world.ended(failing);
    expect(world.engine.describeExecution(failing).error).toBe('StepFunctions.InvalidExecutionInputException');
  });
});

describe('Credentials (developer guide, Accessing resources in other AWS accounts)', () => {
  const credentials = { Credentials: { RoleArn: STAGING_ROLE } };

  it('start the child in the role’s account; ExternalId is the ARN of the calling machine', async () => {
    const world = new World();
    const machine = world.machine(wait(5), 'executor', STAGING);
    let asked: unknown;
    world.assumeRole = async ({ roleArn, externalId }) => {
      asked = { roleArn, externalId };
      return { accountId: STAGING, roleArn };
    };
    const arn = await world.run(only(child(machine, credentials)), { n: 1 });
    expect(world.outputOf(arn)).toMatchObject({
      ExecutionArn: `arn:aws:states:us-east-2:${STAGING}:execution:executor:child-1`,
    });
    expect(asked).toEqual({
      roleArn: STAGING_ROLE,
      externalId: `arn:aws:states:us-east-2:${ACCOUNT}:stateMachine:machine`,
    });
    const scheduled = world.history(arn).find((event) => event.type === 'TaskScheduled');
    expect(scheduled?.taskScheduledEventDetails?.taskCredentials).toEqual({ roleArn: STAGING_ROLE });
  });

  it('that cannot be assumed fail the Task with States.TaskFailed', async () => {
    const world = new World();
    world.assumeRole = async () => {
      throw new IntegrationError({ error: 'Sts.AccessDenied', cause: 'no' });
    };
    const machine = world.machine(wait(5), 'executor', STAGING);
    expect(await world.failure(only(child(machine, credentials)), { n: 1 })).toEqual({
      error: 'States.TaskFailed',
      cause: `The role ${ROLE} is not authorized to assume the task state's role, ${STAGING_ROLE}.`,
    });
    expect(world.defects).toEqual([]);
  });

  it('are needed for a machine of another account', async () => {
    const world = new World();
    const machine = world.machine(wait(5), 'executor', STAGING);
    const failure = await world.failure(only(child(machine)), { n: 1 });
    expect(failure.error).toBe('StepFunctions.AWSStepFunctionsException');
    expect(failure.cause).toContain(`User: ${ROLE} is not authorized to perform: states:StartExecution`);
  });

  it('show in the calls that were made, as the role that made them', async () => {
    const world = new World();
    const machine = world.machine(wait(60), 'executor', STAGING);
    const arn = world.start(only(child(machine, credentials)), { n: 1 });
    await world.clock.advance(1000);
    world.engine.stopExecution({ executionArn: arn });
    const identity = { accountId: STAGING, roleArn: STAGING_ROLE };
    const execution = `arn:aws:states:us-east-2:${STAGING}:execution:executor:child-1`;
    expect(world.calls).toEqual([
      { service: 'states', action: 'StartExecution', identity, resource: machine, outcome: 'ok' },
      { service: 'states', action: 'DescribeExecution', identity, resource: execution, outcome: 'ok' },
      { service: 'states', action: 'StopExecution', identity, resource: execution, outcome: 'ok' },
    ]);
  });
});
