import { describe, expect, it } from 'vitest';
import { LambdaError } from '../../../src/local/step-functions/errors.ts';
import { ACCOUNT, callback, codeOf, only, World } from './world.ts';

/** A world whose function keeps the tokens it is given. */
function waiting(fields: object = { End: true }) {
  const world = new World();
  const tokens: string[] = [];
  world.lambda = (payload) => {
    tokens.push((payload as { token: string }).token);
    return { accepted: true };
  };
  const late = 'Catch' in fields ? { Late: { Type: 'Pass', Output: 'late', End: true } } : {};
  const arn = world.start({ StartAt: 'Ask', States: { Ask: callback(fields), ...late } });
  const token = () => tokens.at(-1) ?? '';
  const answer = (output: string, accountId = ACCOUNT) =>
    world.engine.sendTaskSuccess({ taskToken: token(), output, accountId });
  return { world, tokens, token, arn, answer };
}

describe('a Task that waits for a token (developer guide, Wait for a callback with task token)', () => {
  it('ends with the output given to SendTaskSuccess', async () => {
    const { world, arn, answer } = waiting();
    await world.clock.advance(3_600_000);
    expect(world.status(arn)).toBe('RUNNING');
    answer('{"approved":true}');
    await world.ended(arn);
    expect(world.outputOf(arn)).toEqual({ approved: true });
  });

  it('fails with the error and cause given to SendTaskFailure', async () => {
    const { world, arn, token } = waiting();
    await world.clock.idle();
    world.engine.sendTaskFailure({ taskToken: token(), error: 'Refused', cause: 'no', accountId: ACCOUNT });
    await world.ended(arn);
    expect(world.engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'Refused', cause: 'no' });
  });

  it('may fail without a name, which gives null for Error and Cause', async () => {
    const { world, arn, token } = waiting({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Late' }], End: true });
    await world.clock.idle();
    world.engine.sendTaskFailure({ taskToken: token(), accountId: ACCOUNT });
    await world.ended(arn);
    const exited = world.history(arn).find((event) => event.type === 'TaskStateExited');
    expect(exited?.stateExitedEventDetails?.output).toBe('{"Error":null,"Cause":null}');
  });

  it('may be answered while the function still runs', async () => {
    const world = new World();
    world.lambda = async (payload, call) => {
      const { token } = payload as { token: string };
      world.engine.sendTaskSuccess({ taskToken: token, output: '"early"', accountId: ACCOUNT });
      await call.sleep(5000);
      throw new LambdaError({ errorType: 'TooLate', errorMessage: '' });
    };
    const arn = await world.run(only(callback()));
    expect([world.outputOf(arn), world.seconds(arn)]).toEqual(['early', 0]);
    await world.clock.advance(5000);
    expect(world.defects).toEqual([]);
  });

  it('fails when the function fails', async () => {
    const world = new World();
    world.lambda = () => {
      throw new LambdaError({ errorType: 'Boom', errorMessage: 'x' });
    };
    expect((await world.failure(only(callback()))).error).toBe('Boom');
  });

  it('times out after TimeoutSeconds (States Language spec, "Timeouts")', async () => {
    const { world, arn } = waiting({
      TimeoutSeconds: 600,
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }],
      End: true,
    });
    await world.ended(arn);
    expect([world.outputOf(arn), world.seconds(arn)]).toEqual(['late', 600]);
  });

  it('times out when no heartbeat comes for HeartbeatSeconds (States Language spec, "Timeouts")', async () => {
    const { world, arn, token } = waiting({
      TimeoutSeconds: 600,
      HeartbeatSeconds: 60,
      Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Late' }],
      End: true,
    });
    await world.clock.advance(50_000);
    world.engine.sendTaskHeartbeat({ taskToken: token(), accountId: ACCOUNT });
    await world.ended(arn);
    expect([world.outputOf(arn), world.seconds(arn)]).toEqual(['late', 110]);
  });

  it('holds a person’s wait on the clock until it is answered', async () => {
    const { world, arn, answer } = waiting();
    let open = 0;
    world.clock.waitForPerson = () => {
      open += 1;
      return () => {
        open -= 1;
      };
    };
    await world.clock.idle();
    expect(open).toBe(1);
    answer('1');
    await world.ended(arn);
    expect(open).toBe(0);
  });
});

describe('a task token', () => {
  it('is opaque, at most 2048 characters, and new for each attempt (API reference, SendTaskSuccess)', async () => {
    const { world, arn, tokens } = waiting({
      TimeoutSeconds: 10,
      Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }],
      End: true,
    });
    await world.ended(arn);
    expect(new Set(tokens).size).toBe(2);
    expect(tokens.every((token) => token.length <= 2048 && /^[A-Za-z0-9_-]+$/.test(token))).toBe(true);
  });

  it('is InvalidToken when it is none (API reference, SendTaskSuccess, Errors)', () => {
    const { world } = waiting();
    const send = (taskToken: string) =>
      codeOf(() => world.engine.sendTaskSuccess({ taskToken, output: '1', accountId: ACCOUNT }));
    expect([send('hello'), send('')]).toEqual(['InvalidToken', 'InvalidToken']);
  });

  it('is TaskTimedOut once answered, timed out, or its execution stopped (API reference, SendTaskSuccess, Errors)', async () => {
    const answered = waiting();
    await answered.world.clock.idle();
    answered.answer('1');
    expect(codeOf(() => answered.answer('2'))).toBe('TaskTimedOut');
    await answered.world.ended(answered.arn);
    expect(answered.world.outputOf(answered.arn)).toBe(1);

    const late = waiting({ TimeoutSeconds: 5, End: true });
    await late.world.ended(late.arn);
    expect(codeOf(() => late.answer('1'))).toBe('TaskTimedOut');

    const stopped = waiting();
    await stopped.world.clock.idle();
    stopped.world.engine.stopExecution({ executionArn: stopped.arn });
    expect(codeOf(() => stopped.answer('1'))).toBe('TaskTimedOut');
  });

  it('is TaskDoesNotExist once its execution is forgotten (API reference, SendTaskSuccess, Errors)', async () => {
    const world = new World({ finishedKept: 0 });
    let token = '';
    world.lambda = (payload) => {
      token = (payload as { token: string }).token;
    };
    const arn = world.start(only(callback()));
    await world.clock.idle();
    world.engine.stopExecution({ executionArn: arn });
    const code = codeOf(() => world.engine.sendTaskSuccess({ taskToken: token, output: '1', accountId: ACCOUNT }));
    expect(code).toBe('TaskDoesNotExist');
  });

  it('is no use to a principal of another account (developer guide, Wait for a callback with task token)', async () => {
    const { world, answer, arn } = waiting();
    await world.clock.idle();
    expect(codeOf(() => answer('1', '111111111111'))).toBe('InvalidToken');
    expect(world.status(arn)).toBe('RUNNING');
  });

  it('wants JSON as output (API reference, SendTaskSuccess, InvalidOutput)', async () => {
    const { world, answer } = waiting();
    await world.clock.idle();
    expect(codeOf(() => answer('{'))).toBe('InvalidOutput');
  });

  it('is not in the history, nor in error and cause, wherever it was written', async () => {
    const world = new World();
    let token = '';
    world.lambda = (payload) => {
      token = (payload as { token: string }).token;
      throw new LambdaError({ errorType: 'Leak', errorMessage: `the token is ${token}` });
    };
    const arn = await world.run(only(callback()));
    expect(token.length).toBeGreaterThan(100);
    expect(JSON.stringify([world.history(arn), world.engine.describeExecution(arn), world.changes])).not.toContain(
      token,
    );
    expect(JSON.stringify(world.history(arn))).toContain('(task token)');
  });
});
