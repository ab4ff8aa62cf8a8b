import { DescribeExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import {
  DescribeAutomationExecutionsCommand,
  GetAutomationExecutionCommand,
  SSMClient,
  StartAutomationExecutionCommand,
  type StartAutomationExecutionCommandInput,
  StopAutomationExecutionCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { CENTRAL_ACCOUNT } from '../../../src/local/accounts.ts';
import { serve } from '../../../src/local/http.ts';
import { startSsm } from '../../../src/local/services/ssm.ts';
import { stepFunctionsApi } from '../../../src/local/step-functions/api.ts';
import { StepFunctionsEngine } from '../../../src/local/step-functions/engine.ts';
import { closing, simulatedAws } from './simulated-aws.ts';

interface ApiCall {
  operation: string;
  parameters: Readonly<Record<string, unknown>>;
  roleArn: string;
}

/** `answer` is what AWS answers; a thrown error is a refused call. */
async function world(answer: (operation: string, count: number) => unknown = () => ({})) {
  const aws = simulatedAws();
  const apiCalls: ApiCall[] = [];
  const ssm = closing(
    await startSsm({
      ...aws.options,
      async callApi(service, api, parameters, { roleArn }) {
        const operation = `${service}:${api}`;
        apiCalls.push({ operation, parameters, roleArn });
        return answer(operation, apiCalls.filter((call) => call.operation === operation).length);
      },
    }),
  );
  const client = new SSMClient(aws.client(ssm.url));
  const get = async (AutomationExecutionId: string | undefined) => {
    const { AutomationExecution } = await client.send(new GetAutomationExecutionCommand({ AutomationExecutionId }));
    return {
      ...AutomationExecution,
      status: AutomationExecution?.AutomationExecutionStatus,
      steps: AutomationExecution?.StepExecutions?.map(({ StepName, StepStatus }) => [StepName, StepStatus]),
    };
  };
  const start = async (content: object, input: Partial<StartAutomationExecutionCommandInput> = {}) => {
    ssm.automation.createDocument('Recover', { schemaVersion: '0.3', ...content });
    const request = new StartAutomationExecutionCommand({ DocumentName: 'Recover', ...input });
    const { AutomationExecutionId } = await client.send(request);
    return AutomationExecutionId;
  };
  /** Runs a runbook to its end. */
  const run = async (content: object, Parameters?: Record<string, string[]>) => {
    const id = await start(content, { Parameters });
    await aws.clock.runUntil(async () => !['InProgress', 'Cancelling'].includes((await get(id)).status ?? ''));
    return get(id);
  };
  return { ...aws, ssm, client, apiCalls, get, start, run };
}

const MACHINE = 'arn:aws:states:us-east-2:900000000000:stateMachine:recovery';
const describeVolumes = { Service: 'ec2', Api: 'DescribeVolumes' };
const step = (name: string, more: object = {}) => ({
  name,
  action: 'aws:executeAwsApi',
  inputs: { Service: 'ec2', Api: name },
  ...more,
});
const failing = (operation: string) => {
  if (operation === 'ec2:Fail') throw Object.assign(new Error('denied'), { name: 'UnauthorizedOperation' });
  return {};
};

describe('an execution of a runbook', () => {
  it('calls AWS with its parameters and hands outputs on, as its role', async () => {
    const { run, apiCalls, ssm, clock } = await world(() => ({
      Images: [{ ImageId: 'ami-1', Tags: { a: 1 } }],
      Count: 2,
    }));
    ssm.put('/app/kind', 'web');
    const roleArn = `arn:aws:iam::${CENTRAL_ACCOUNT}:role/runbook`;
    const ended = await run(
      {
        assumeRole: '{{ AutomationAssumeRole }}',
        parameters: {
          AutomationAssumeRole: { type: 'AWS::IAM::Role::Arn', default: '' },
          Names: { type: 'StringList' },
          Count: { type: 'Integer', default: 3 },
        },
        mainSteps: [
          {
            name: 'getImage',
            action: 'aws:executeAwsApi',
            inputs: {
              Service: 'ec2',
              Api: 'describe_images',
              Filters: [{ Name: 'name', Values: ['{{ Names }}', 'x'] }],
              Text: '{{Count}} {{ Names }} {{ global:ACCOUNT_ID }} {{global:DATE_TIME}} {{ssm:/app/kind}}',
              Token: '{{automation:EXECUTION_ID}}',
            },
            outputs: [
              { Name: 'ImageId', Selector: '$.Images[0].ImageId', Type: 'String' },
              { Name: 'Tags', Selector: '$.Images[0].Tags', Type: 'StringMap' },
              { Name: 'All', Selector: '$..ImageId', Type: 'StringList' },
            ],
          },
          step('RunInstances', {
            inputs: {
              Service: 'ec2',
              Api: 'RunInstances',
              ImageId: '{{ getImage.ImageId }}',
              Tags: '{{getImage.Tags}}',
              MinCount: '{{ Count }}',
            },
          }),
        ],
        outputs: ['getImage.ImageId', 'getImage.All', 'getImage.None'],
      },
      { AutomationAssumeRole: [roleArn], Names: ['a', 'b'] },
    );
    expect(apiCalls).toEqual([
      {
        operation: 'ec2:DescribeImages',
        parameters: {
          Filters: [{ Name: 'name', Values: ['a', 'b', 'x'] }],
          Text: `3 ["a","b"] ${CENTRAL_ACCOUNT} 2026-03-02_03.00.00 web`,
          Token: ended.AutomationExecutionId,
        },
        roleArn,
      },
      { operation: 'ec2:RunInstances', parameters: { ImageId: 'ami-1', Tags: { a: 1 }, MinCount: 3 }, roleArn },
    ]);
    expect(ended).toMatchObject({
      status: 'Success',
      DocumentVersion: '1',
      Outputs: { 'getImage.ImageId': ['ami-1'], 'getImage.All': ['ami-1'] },
      Parameters: { Names: ['a', 'b'], Count: ['3'], AutomationAssumeRole: [roleArn] },
      ExecutedBy: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/tester`,
    });
    expect(ended.ExecutionEndTime).toEqual(new Date(clock.now()));
    expect(ended.StepExecutions?.[0]?.Inputs?.Api).toBe('"describe_images"');
  });

  it('starts a state machine, waits for its end and gives its output', async () => {
    const { run, apiCalls, clock } = await world((operation, count) => {
      if (operation === 'stepfunctions:StartExecution') return { executionArn: 'arn:execution' };
      const status = count < 4 ? 'RUNNING' : 'SUCCEEDED';
      return { executionArn: 'arn:execution', status, output: '{"ok":true}', startDate: new Date(0) };
    });
    const before = clock.now();
    const ended = await run(
      {
        parameters: { Plan: { type: 'String' } },
        mainSteps: [
          {
            name: 'recover',
            action: 'aws:executeStateMachine',
            inputs: { stateMachineArn: MACHINE, input: '{"plan":"{{Plan}}"}', name: 'run-{{automation:EXECUTION_ID}}' },
          },
        ],
        outputs: ['recover.output', 'recover.status', 'recover.startDate'],
      },
      { Plan: ['shop'] },
    );
    expect(apiCalls[0]?.parameters).toEqual({
      stateMachineArn: MACHINE,
      input: '{"plan":"shop"}',
      name: `run-${ended.AutomationExecutionId}`,
    });
    expect(clock.now() - before).toBe(90_000);
    expect(ended).toMatchObject({
      status: 'Success',
      Outputs: {
        'recover.output': ['{"ok":true}'],
        'recover.status': ['SUCCEEDED'],
        'recover.startDate': ['1970-01-01T00:00:00.000Z'],
      },
    });
  });

  it('fails with the state machine, and stops it when the step takes too long', async () => {
    const machine = (timeoutSeconds?: number) => ({
      mainSteps: [
        { name: 'recover', action: 'aws:executeStateMachine', timeoutSeconds, inputs: { stateMachineArn: MACHINE } },
      ],
    });
    const answer = (status: string) => () => ({ executionArn: 'arn:execution', status });
    const failed = await world(answer('FAILED'));
    const ended = await failed.run(machine());
    expect([ended.status, ended.FailureMessage]).toEqual(['Failed', expect.stringContaining('ended as FAILED')]);
    expect(failed.apiCalls.map(({ operation }) => operation)).not.toContain('stepfunctions:StopExecution');
    const slow = await world(answer('RUNNING'));
    expect(await slow.run(machine(100))).toMatchObject({ status: 'TimedOut', steps: [['recover', 'TimedOut']] });
    expect(slow.apiCalls.at(-1)).toMatchObject({
      operation: 'stepfunctions:StopExecution',
      parameters: { executionArn: 'arn:execution' },
    });
  });

  it('waits for a property, asserts one, and times out after an hour unless told otherwise', async () => {
    const property = { ...describeVolumes, PropertySelector: '$.Volumes..State', DesiredValues: ['available'] };
    const wait = { name: 'wait', action: 'aws:waitForAwsResourceProperty', inputs: property };
    const check = { name: 'check', action: 'aws:assertAwsResourceProperty', inputs: property };
    const volumes = (...states: string[]) => ({ Volumes: states.map((State) => ({ State })) });
    const soon = await world((_operation, count) => volumes('available', count < 3 ? 'creating' : 'available'));
    expect(await soon.run({ mainSteps: [wait, check] })).toMatchObject({ status: 'Success' });
    expect(soon.apiCalls.map(({ parameters }) => parameters)).toEqual(Array(4).fill({}));
    const never = await world(() => volumes('creating'));
    const before = never.clock.now();
    expect(await never.run({ mainSteps: [wait] })).toMatchObject({ status: 'TimedOut' });
    expect(never.clock.now() - before).toBe(3_600_000);
    expect(await never.run({ mainSteps: [check] })).toMatchObject({
      status: 'Failed',
      FailureMessage: expect.stringContaining('which is not in the desired values ["available"]'),
    });
    expect(await (await world(() => volumes())).run({ mainSteps: [check] })).toMatchObject({ status: 'Failed' });
  });

  it('sleeps for a duration, and until a time', async () => {
    const { run, clock } = await world();
    const sleep = (name: string, inputs: object) => ({ name, action: 'aws:sleep', inputs });
    const ended = await run({
      mainSteps: [
        sleep('a', { Duration: 'PT10M' }),
        sleep('b', { Timestamp: '2026-03-02T04:00:00Z' }),
        sleep('c', { Timestamp: '2020-01-01T01:00:00Z' }),
      ],
    });
    expect([ended.status, new Date(clock.now()).toISOString()]).toEqual(['Success', '2026-03-02T04:00:00.000Z']);
    const long = await run({ mainSteps: [sleep('a', { Duration: 'P8D' })] });
    expect([long.status, new Date(clock.now()).toISOString()]).toEqual(['Failed', '2026-03-02T04:00:00.000Z']);
  });

  // The user guide's examples, "Using conditional statements in runbooks".
  it.each<[string, object, string]>([
    ['StringEquals', { Variable: '{{Os}}', StringEquals: 'Linux' }, 'Hit'],
    ['case', { Variable: '{{Os}}', StringEquals: 'linux' }, 'Miss'],
    ['EqualsIgnoreCase', { Variable: '{{Os}}', EqualsIgnoreCase: 'LINUX' }, 'Hit'],
    ['StartsWith', { Variable: '{{Os}}', StartsWith: 'Lin' }, 'Hit'],
    ['EndsWith', { Variable: '{{Os}}', EndsWith: 'Lin' }, 'Miss'],
    ['Contains', { Variable: '{{Os}}', Contains: 'inu' }, 'Hit'],
    ['NumericEquals', { Variable: '{{N}}', NumericEquals: 5 }, 'Hit'],
    ['NumericGreater', { Variable: '{{N}}', NumericGreater: 5 }, 'Miss'],
    ['NumericLesser', { Variable: '{{N}}', NumericLesser: 10 }, 'Hit'],
    ['NumericGreaterOrEquals', { Variable: '{{N}}', NumericGreaterOrEquals: 5 }, 'Hit'],
    ['NumericLesserOrEquals', { Variable: '{{N}}', NumericLesserOrEquals: 4 }, 'Miss'],
    ['BooleanEquals', { Variable: '{{B}}', BooleanEquals: true }, 'Hit'],
    ['Not', { Not: { Variable: '{{Os}}', StringEquals: 'Linux' } }, 'Miss'],
    [
      'And',
      {
        And: [
          { Variable: '{{B}}', BooleanEquals: true },
          { Variable: '{{N}}', NumericEquals: 4 },
        ],
      },
      'Miss',
    ],
    [
      'Or',
      {
        Or: [
          { Variable: '{{B}}', BooleanEquals: false },
          { Variable: '{{N}}', NumericEquals: 5 },
        ],
      },
      'Hit',
    ],
  ])('branches: %s', async (_name, condition, expected) => {
    const { run, apiCalls } = await world();
    await run(
      {
        parameters: { Os: { type: 'String' }, N: { type: 'Integer' }, B: { type: 'Boolean' } },
        mainSteps: [
          {
            name: 'choose',
            action: 'aws:branch',
            inputs: { Choices: [{ NextStep: 'Hit', ...condition }], Default: 'Miss' },
          },
          step('Miss', { isEnd: true }),
          step('Hit'),
        ],
      },
      { Os: ['Linux'], N: ['5'], B: ['true'] },
    );
    expect(apiCalls.map(({ operation }) => operation)).toEqual([`ec2:${expected}`]);
  });
});

describe('a runbook in front of the local Step Functions', () => {
  async function machineWorld() {
    const aws = simulatedAws();
    const integrations = {
      invokeLambda: async () => null,
      sdk: async () => ({}),
      putEvents: async () => ({ FailedEntryCount: 0, Entries: [] }),
    };
    const engine = new StepFunctionsEngine({ clock: aws.clock, region: 'us-east-2', integrations });
    const stateMachineArn = engine.createStateMachine({
      name: 'recovery',
      accountId: CENTRAL_ACCOUNT,
      roleArn: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/machine`,
      definition: JSON.stringify({
        QueryLanguage: 'JSONata',
        StartAt: 'Wait',
        States: {
          Wait: { Type: 'Wait', Seconds: 45, Next: 'Done' },
          Done: { Type: 'Pass', Output: { plan: '{% $states.input.plan %}' }, End: true },
        },
      }),
      substitutions: {},
    });
    const states = closing(await serve(stepFunctionsApi({ engine, identities: aws.identities })));
    const sfn = new SFNClient(aws.client(states.url));
    const commands: Record<string, (input: object) => Promise<unknown>> = {
      StartExecution: (input) => sfn.send(new StartExecutionCommand({ stateMachineArn, ...input })),
      DescribeExecution: (input) => sfn.send(new DescribeExecutionCommand({ executionArn: undefined, ...input })),
      StopExecution: (input) => sfn.send(new StopExecutionCommand({ executionArn: undefined, ...input })),
    };
    const callApi = async (_service: string, api: string, parameters: object) => commands[api]?.(parameters);
    const ssm = closing(await startSsm({ ...aws.options, callApi }));
    ssm.automation.createDocument('Recover', {
      schemaVersion: '0.3',
      parameters: { Plan: { type: 'String' } },
      mainSteps: [
        {
          name: 'recover',
          action: 'aws:executeStateMachine',
          inputs: { stateMachineArn, input: '{"plan":"{{Plan}}"}' },
        },
      ],
      outputs: ['recover.output', 'recover.startDate', 'recover.executionArn'],
    });
    const client = new SSMClient(aws.client(ssm.url));
    const request = new StartAutomationExecutionCommand({ DocumentName: 'Recover', Parameters: { Plan: ['shop'] } });
    const { AutomationExecutionId } = await client.send(request);
    const get = async () => {
      const answer = await client.send(new GetAutomationExecutionCommand({ AutomationExecutionId }));
      return answer.AutomationExecution;
    };
    return { ...aws, engine, stateMachineArn, client, AutomationExecutionId, get };
  }

  it('runs an execution and gives its output', async () => {
    const { clock, get } = await machineWorld();
    await clock.advance(60_000);
    expect(await get()).toMatchObject({
      AutomationExecutionStatus: 'Success',
      Outputs: { 'recover.output': ['{"plan":"shop"}'], 'recover.startDate': ['2026-03-02T03:00:00.000Z'] },
    });
  });

  it('stops the execution when it is stopped itself', async () => {
    const { clock, get, client, engine, stateMachineArn, AutomationExecutionId } = await machineWorld();
    await clock.advance(10_000);
    await client.send(new StopAutomationExecutionCommand({ AutomationExecutionId }));
    await clock.idle();
    expect((await get())?.AutomationExecutionStatus).toBe('Cancelled');
    expect(engine.listExecutions({ stateMachineArn }).map(({ status }) => status)).toEqual(['ABORTED']);
  });
});

describe('a failed step', () => {
  const run = async (mainSteps: object[]) => {
    const { run: start } = await world(failing);
    const { status, steps } = await start({ mainSteps });
    return [status, ...(steps ?? []).map(([, stepStatus]) => stepStatus)];
  };

  it('ends the automation, unless it says otherwise', async () => {
    expect(await run([step('Fail'), step('next')])).toEqual(['Failed', 'Failed', 'Pending']);
    expect(await run([step('Fail', { isCritical: false }), step('next')])).toEqual(['Failed', 'Failed', 'Pending']);
  });

  it('is passed over by Continue, which does not fail the automation unless the step is critical', async () => {
    const go = { onFailure: 'Continue' };
    expect(await run([step('Fail', go), step('next')])).toEqual(['Success', 'Failed', 'Success']);
    expect(await run([step('Fail', { ...go, isCritical: true }), step('next')])).toEqual([
      'Failed',
      'Failed',
      'Success',
    ]);
    expect(await run([step('Fail', { ...go, isEnd: true }), step('next')])).toEqual(['Success', 'Failed', 'Pending']);
  });

  it('leads to the step that it names, and fails the automation in the end when it is critical', async () => {
    const jump = { onFailure: 'step:repair', nextStep: 'next' };
    const steps = (more: object) => [step('Fail', { ...jump, ...more }), step('next'), step('repair')];
    expect(await run(steps({}))).toEqual(['Failed', 'Failed', 'Pending', 'Success']);
    expect(await run(steps({ isCritical: false }))).toEqual(['Success', 'Failed', 'Pending', 'Success']);
  });

  it('is tried as often as it says', async () => {
    const { run: start, apiCalls } = await world((_operation, count) => {
      if (count < 3) throw new Error('busy');
      return {};
    });
    expect(await start({ mainSteps: [step('try', { maxAttempts: 3 })] })).toMatchObject({ status: 'Success' });
    expect(apiCalls).toHaveLength(3);
  });

  it('is one whose variables or outputs are not there', async () => {
    const { run: start, apiCalls } = await world();
    const inputs = { ...describeVolumes, Id: '{{ earlier.Id }}' };
    const missing = await start({ mainSteps: [step('a', { inputs })] });
    expect([missing.status, missing.FailureMessage]).toEqual(['Failed', expect.stringContaining('earlier.Id')]);
    expect(apiCalls).toEqual([]);
    const outputs = [{ Name: 'Id', Selector: '$.Volumes[0].Id', Type: 'String' }];
    expect(await start({ mainSteps: [step('a', { outputs })] })).toMatchObject({ status: 'Failed' });
  });
});

describe('the API of Automation', () => {
  const sleeping = { mainSteps: [{ name: 'sleep', action: 'aws:sleep', inputs: { Duration: 'PT1H' } }, step('next')] };

  it('shows what is running, and stops it', async () => {
    const { start, get, client, clock, calls } = await world();
    const id = await start(sleeping);
    await clock.advance(60_000);
    expect(await get(id)).toMatchObject({
      status: 'InProgress',
      CurrentStepName: 'sleep',
      CurrentAction: 'aws:sleep',
      steps: [
        ['sleep', 'InProgress'],
        ['next', 'Pending'],
      ],
    });
    const stop = new StopAutomationExecutionCommand({ AutomationExecutionId: id });
    await client.send(stop);
    await clock.idle();
    const steps = [
      ['sleep', 'Cancelled'],
      ['next', 'Pending'],
    ];
    expect(await get(id)).toMatchObject({ status: 'Cancelled', steps, ExecutionEndTime: new Date(clock.now()) });
    await expect(client.send(stop)).rejects.toMatchObject({ name: 'InvalidAutomationStatusUpdateException' });
    expect(calls[0]).toMatchObject({
      service: 'ssm',
      action: 'StartAutomationExecution',
      resource: `arn:aws:ssm:us-east-2:${CENTRAL_ACCOUNT}:document/Recover`,
    });
  });

  it('stops the state machine of an execution that is stopped', async () => {
    const { start, client, clock, apiCalls } = await world(() => ({
      executionArn: 'arn:execution',
      status: 'RUNNING',
    }));
    const action = 'aws:executeStateMachine';
    const id = await start({ mainSteps: [{ name: 'recover', action, inputs: { stateMachineArn: MACHINE } }] });
    await clock.advance(45_000);
    await client.send(new StopAutomationExecutionCommand({ AutomationExecutionId: id }));
    await clock.idle();
    expect(apiCalls.at(-1)?.operation).toBe('stepfunctions:StopExecution');
  });

  it('answers a repeated start with the same execution, and refuses a different one with its token', async () => {
    const { start, client } = await world();
    const ClientToken = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const id = await start(sleeping, { ClientToken });
    const again = (input: object) =>
      client.send(new StartAutomationExecutionCommand({ DocumentName: 'Recover', ClientToken, ...input }));
    expect((await again({ ClientToken: ClientToken.toUpperCase() })).AutomationExecutionId).toBe(id);
    await expect(again({ Mode: 'Auto' })).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' });
  });

  it('lists executions, newest first, filtered and in pages', async () => {
    const { start, client, clock, stagingClient, ssm } = await world();
    const first = await start(sleeping);
    await clock.advance(7_200_000);
    const second = await start(sleeping);
    const list = async (input: object, asked = client) => {
      const answer = await asked.send(new DescribeAutomationExecutionsCommand(input));
      return [answer.AutomationExecutionMetadataList?.map((item) => item.AutomationExecutionId), answer.NextToken];
    };
    expect(await list({ MaxResults: 1 })).toEqual([[second], '1']);
    expect(await list({ MaxResults: 1, NextToken: '1' })).toEqual([[first], undefined]);
    expect(await list({ Filters: [{ Key: 'ExecutionStatus', Values: ['Success'] }] })).toEqual([[first], undefined]);
    expect(await list({ Filters: [{ Key: 'DocumentNamePrefix', Values: ['Other'] }] })).toEqual([[], undefined]);
    const staging = new SSMClient(stagingClient(ssm.url));
    expect(await list({}, staging)).toEqual([[], undefined]);
    const get = staging.send(new GetAutomationExecutionCommand({ AutomationExecutionId: first }));
    await expect(get).rejects.toMatchObject({ name: 'AutomationExecutionNotFoundException' });
    await expect(list({ Filters: [{ Key: 'TagKey', Values: ['a'] }] })).rejects.toMatchObject({
      name: 'InvalidFilterKey',
    });
  });

  it.each<[string, object, Record<string, string[]>]>([
    ['is missing', { type: 'String' }, {}],
    ['is not defined', { type: 'String', default: '' }, { Q: ['x'] }],
    ['not one of the allowed values', { type: 'String', allowedValues: ['a', 'b'] }, { P: ['c'] }],
    ['does not match', { type: 'String', allowedPattern: '^i-[0-9a-f]+$' }, { P: ['x'] }],
    ['not of the type Integer', { type: 'Integer' }, { P: ['1.5'] }],
    ['not of the type Boolean', { type: 'Boolean' }, { P: ['yes'] }],
    ['not of the type StringMap', { type: 'StringMap' }, { P: ['[]'] }],
    ['not of the type MapList', { type: 'MapList' }, { P: ['{"a":1}', '2'] }],
    ['one value', { type: 'String' }, { P: ['a', 'b'] }],
    ['too short or too long', { type: 'StringList', maxItems: 1 }, { P: ['a', 'b'] }],
  ])('refuses parameters that do not fit: %s', async (text, P, Parameters) => {
    const { start } = await world();
    const started = start({ parameters: { P }, mainSteps: [step('a')] }, { Parameters });
    await expect(started).rejects.toMatchObject({
      name: 'InvalidAutomationExecutionParametersException',
      message: expect.stringContaining(text),
    });
  });

  it('says that a runbook or its version does not exist, and what is not simulated', async () => {
    const { start, client } = await world();
    const other = client.send(new StartAutomationExecutionCommand({ DocumentName: 'Other' }));
    await expect(other).rejects.toMatchObject({ name: 'AutomationDefinitionNotFoundException' });
    await expect(start(sleeping, { DocumentVersion: '7' })).rejects.toMatchObject({
      name: 'AutomationDefinitionVersionNotFoundException',
    });
    await expect(start(sleeping, { Mode: 'Interactive' })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a runbook', () => {
  it.each<[string, object]>([
    ['schemaVersion', { schemaVersion: '0.2', mainSteps: [step('a')] }],
    ['action', { mainSteps: [step('a', { action: 'aws:executeScript' })] }],
    ['onCancel', { mainSteps: [step('a', { onCancel: 'Abort' })] }],
    ['two steps', { mainSteps: [step('a'), step('a')] }],
    ['does not exist', { mainSteps: [step('a', { nextStep: 'b' })] }],
    [
      'circle: a -> b -> a',
      { mainSteps: [step('a', { onFailure: 'step:b', isEnd: true }), step('b', { nextStep: 'a' })] },
    ],
    [
      'one operation',
      {
        mainSteps: [
          { name: 'a', action: 'aws:branch', inputs: { Choices: [{ NextStep: 'a', Variable: 'x', Equals: 'x' }] } },
        ],
      },
    ],
  ])('is refused when it could not run: %s', async (text, content) => {
    const { ssm } = await world();
    expect(() => ssm.automation.createDocument('R', { schemaVersion: '0.3', ...content })).toThrow(text);
  });
});
