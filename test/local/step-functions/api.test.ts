import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ExecutionAlreadyExists,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  paginateGetExecutionHistory,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsCall, Identities } from '../../../src/local/aws/identities.ts';
import { type LocalServer, serve } from '../../../src/local/http.ts';
import { stepFunctionsApi } from '../../../src/local/step-functions/api.ts';
import { ACCOUNT, callback, only, ROLE, World } from './world.ts';

const OTHER_ROLE = 'arn:aws:iam::111111111111:role/other';

let world: World;
let server: LocalServer;
let calls: AwsCall[];
let client: SFNClient;
let stranger: SFNClient;

beforeEach(async () => {
  world = new World();
  calls = [];
  const identities = new Identities();
  const handler = stepFunctionsApi({ engine: world.engine, identities, onCall: (call) => calls.push(call) });
  server = await serve(handler);
  const open = (roleArn: string) =>
    new SFNClient({
      region: 'us-east-2',
      endpoint: server.url,
      credentials: identities.forRole(roleArn),
      maxAttempts: 1,
    });
  client = open(ROLE);
  stranger = open(OTHER_ROLE);
});

afterEach(async () => {
  client.destroy();
  stranger.destroy();
  await server.close();
});

/** The name of the error that a call ends with. */
async function errorOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: Error) => error.name,
  );
}

describe('the API, with the unmodified client-sfn over HTTP', () => {
  it('starts, describes and lists an execution, and pages through its history', async () => {
    const stateMachineArn = world.machine(only({ Type: 'Wait', Seconds: 5, End: true }));
    const started = await client.send(new StartExecutionCommand({ stateMachineArn, name: 'one', input: '{"a":1}' }));
    const executionArn = started.executionArn;
    expect(started.startDate).toEqual(new Date('2026-03-02T03:00:00Z'));
    await world.ended(executionArn ?? '');
    const described = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect(described).toMatchObject({
      status: 'SUCCEEDED',
      name: 'one',
      input: '{"a":1}',
      output: '{"a":1}',
      stopDate: new Date('2026-03-02T03:00:05Z'),
    });
    const types: unknown[] = [];
    for await (const page of paginateGetExecutionHistory({ client, pageSize: 2 }, { executionArn })) {
      expect(page.events?.length).toBeLessThanOrEqual(2);
      types.push(...(page.events ?? []).map((event) => event.type));
    }
    expect(types).toEqual(['ExecutionStarted', 'WaitStateEntered', 'WaitStateExited', 'ExecutionSucceeded']);
    const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'SUCCEEDED' }));
    expect(executions?.map((item) => item.name)).toEqual(['one']);
  });

  it('gives the history backwards, and without data', async () => {
    const executionArn = await world.run(only({ Type: 'Pass', End: true }), { a: 1 });
    const { events } = await client.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, includeExecutionData: false, maxResults: 1 }),
    );
    expect(events).toEqual([
      {
        id: 4,
        previousEventId: 3,
        type: 'ExecutionSucceeded',
        timestamp: new Date('2026-03-02T03:00:00Z'),
        executionSucceededEventDetails: { outputDetails: { truncated: false } },
      },
    ]);
  });

  it('describes and lists state machines of the caller’s account', async () => {
    const stateMachineArn = world.machine(only({ Type: 'Pass', End: true }));
    world.machine(only({ Type: 'Pass', End: true }), 'theirs', '111111111111');
    const described = await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect(described).toMatchObject({ name: 'machine', status: 'ACTIVE', type: 'STANDARD', roleArn: ROLE });
    const listed = await client.send(new ListStateMachinesCommand({}));
    expect(listed.stateMachines?.map((machine) => machine.name)).toEqual(['machine']);
  });

  it('takes answers to task tokens, once', async () => {
    let taskToken = '';
    world.lambda = (payload) => {
      taskToken = (payload as { token: string }).token;
    };
    const executionArn = world.start(only(callback({ HeartbeatSeconds: 60, End: true })));
    await world.clock.idle();
    await client.send(new SendTaskHeartbeatCommand({ taskToken }));
    expect(await errorOf(stranger.send(new SendTaskSuccessCommand({ taskToken, output: '1' })))).toBe('InvalidToken');
    expect(await errorOf(client.send(new SendTaskSuccessCommand({ taskToken, output: '{' })))).toBe('InvalidOutput');
    await client.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' }));
    await world.ended(executionArn);
    expect(world.outputOf(executionArn)).toEqual({ ok: true });
    const again = client.send(new SendTaskFailureCommand({ taskToken, error: 'x' }));
    await expect(again).rejects.toThrow(TaskTimedOut);
    await expect(again).rejects.not.toThrow(taskToken);
    expect(await errorOf(client.send(new SendTaskHeartbeatCommand({ taskToken: 'x' })))).toBe('InvalidToken');
  });

  it('stops and redrives an execution', async () => {
    const executionArn = world.start(only({ Type: 'Wait', Seconds: 5, End: true }));
    await client.send(new StopExecutionCommand({ executionArn, error: 'E', cause: 'C' }));
    expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'ABORTED',
      error: 'E',
      cause: 'C',
      redriveStatus: 'REDRIVABLE',
    });
    const { redriveDate } = await client.send(new RedriveExecutionCommand({ executionArn }));
    expect(redriveDate).toEqual(new Date('2026-03-02T03:00:00Z'));
    await world.ended(executionArn);
    const again = client.send(new RedriveExecutionCommand({ executionArn }));
    expect(await errorOf(again)).toBe('ExecutionNotRedrivable');
  });

  it('answers errors that the client knows by class', async () => {
    const stateMachineArn = world.machine(only({ Type: 'Wait', Seconds: 5, End: true }));
    await client.send(new StartExecutionCommand({ stateMachineArn, name: 'one' }));
    const again = client.send(new StartExecutionCommand({ stateMachineArn, name: 'one', input: '1' }));
    await expect(again).rejects.toThrow(ExecutionAlreadyExists);
    expect(await errorOf(client.send(new StartExecutionCommand({ stateMachineArn, name: 'a b' })))).toBe('InvalidName');
    expect(await errorOf(client.send(new StartExecutionCommand({ stateMachineArn, input: 'x' })))).toBe(
      'InvalidExecutionInput',
    );
    expect(await errorOf(client.send(new DescribeExecutionCommand({ executionArn: 'nope' })))).toBe('InvalidArn');
    const executionArn = `arn:aws:states:us-east-2:${ACCOUNT}:execution:machine:none`;
    expect(await errorOf(client.send(new DescribeExecutionCommand({ executionArn })))).toBe('ExecutionDoesNotExist');
    const missing = `${stateMachineArn}-none`;
    expect(await errorOf(client.send(new StartExecutionCommand({ stateMachineArn: missing })))).toBe(
      'StateMachineDoesNotExist',
    );
    expect(await errorOf(client.send(new ListExecutionsCommand({ stateMachineArn, nextToken: 'zzz' })))).toBe(
      'InvalidToken',
    );
  });

  it('refuses what is missing, too long, out of range or not implemented, and never repeats a token', async () => {
    const stateMachineArn = world.machine(only({ Type: 'Pass', End: true }));
    const listing = client.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1001 }));
    await expect(listing).rejects.toThrow(
      "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000",
    );
    const nameless = client.send(new StartExecutionCommand({ stateMachineArn: undefined }));
    await expect(nameless).rejects.toThrow("Value 'null' at 'stateMachineArn'");
    const mapRun = client.send(new ListExecutionsCommand({ stateMachineArn, mapRunArn: 'x' }));
    await expect(mapRun).rejects.toThrow("the member 'mapRunArn' is not implemented");
    const taskToken = 'secret'.repeat(400);
    const long = await client.send(new SendTaskHeartbeatCommand({ taskToken })).catch((error: Error) => error.message);
    expect(long).toContain("at 'taskToken' failed to satisfy constraint");
    expect(long).not.toContain('secret');
  });

  it('knows callers by their signature, and keeps accounts apart', async () => {
    const stateMachineArn = world.machine(only({ Type: 'Pass', End: true }));
    expect(await errorOf(stranger.send(new StartExecutionCommand({ stateMachineArn })))).toBe('AccessDeniedException');
    const unknown = new SFNClient({
      region: 'us-east-2',
      endpoint: server.url,
      credentials: { accessKeyId: 'ASIAUNKNOWN', secretAccessKey: 'x' },
      maxAttempts: 1,
    });
    const refused = await unknown.send(new StartExecutionCommand({ stateMachineArn })).catch((error) => error);
    expect([refused.name, refused.$metadata.httpStatusCode]).toEqual(['UnrecognizedClientException', 403]);
    unknown.destroy();
  });

  it('tells of every call, who made it, and how it ended', async () => {
    const stateMachineArn = world.machine(only({ Type: 'Pass', End: true }));
    await client.send(new StartExecutionCommand({ stateMachineArn, name: 'one' }));
    await errorOf(client.send(new SendTaskHeartbeatCommand({ taskToken: 'x' })));
    const identity = { accountId: ACCOUNT, roleArn: ROLE };
    expect(calls).toEqual([
      { service: 'states', action: 'StartExecution', identity, resource: stateMachineArn, outcome: 'ok' },
      { service: 'states', action: 'SendTaskHeartbeat', identity, resource: '*', outcome: 'InvalidToken' },
    ]);
  });

  it('says so when it does not know an operation', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSStepFunctions.CreateActivity' },
      body: '{}',
    });
    expect([response.status, await response.json()]).toEqual([
      400,
      { __type: 'UnknownOperationException', message: 'the operation is not implemented' },
    ]);
  });
});
