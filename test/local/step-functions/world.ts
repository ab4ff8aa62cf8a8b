import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { AwsCall } from '../../../src/local/aws/identities.ts';
import { VirtualClock } from '../../../src/local/clock.ts';
import type { ExecutionStatusChange } from '../../../src/local/step-functions/descriptions.ts';
import { type EngineOptions, StepFunctionsEngine } from '../../../src/local/step-functions/engine.ts';
import { StepFunctionsError } from '../../../src/local/step-functions/errors.ts';
import type { Integrations } from '../../../src/local/step-functions/integrations.ts';
import type { Json } from '../../../src/local/step-functions/json.ts';

export const ACCOUNT = '900000000000';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/machine`;
export const FUNCTION = `arn:aws:lambda:us-east-2:${ACCOUNT}:function:work:7`;

type Function = (payload: Json, call: Parameters<Integrations['invokeLambda']>[0]) => unknown;

/** An engine on a virtual clock whose functions and services are what a test sets them to. */
export class World {
  readonly clock = new VirtualClock();
  readonly engine: StepFunctionsEngine;
  readonly changes: ExecutionStatusChange[] = [];
  readonly calls: AwsCall[] = [];
  readonly defects: unknown[] = [];
  /** What `lambda:invoke` runs, whatever the function's name. */
  lambda: Function = () => null;
  sdk: Integrations['sdk'] = async () => ({});
  putEvents: Integrations['putEvents'] = async () => ({ FailedEntryCount: 0, Entries: [] });
  assumeRole: NonNullable<Integrations['assumeRole']> = async ({ roleArn }) => ({
    accountId: roleArn.split(':')[4] ?? '',
    roleArn,
  });

  constructor(options: Partial<EngineOptions> = {}) {
    this.engine = new StepFunctionsEngine({
      clock: this.clock,
      region: 'us-east-2',
      integrations: {
        invokeLambda: async (call) => this.lambda(call.payload, call),
        sdk: (call) => this.sdk(call),
        putEvents: (call) => this.putEvents(call),
        assumeRole: (call) => this.assumeRole(call),
      },
      onStatusChange: (event) => this.changes.push(event),
      onCall: (call) => this.calls.push(call),
      onDefect: (error) => this.defects.push(error),
      ...options,
    });
  }

  /** Creates a machine from its fields, JSONata being understood. */
  machine(definition: object, name = 'machine', accountId = ACCOUNT): string {
    return this.engine.createStateMachine({
      name,
      accountId,
      roleArn: `arn:aws:iam::${accountId}:role/machine`,
      definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
      substitutions: {},
    });
  }

  /** Creates a machine and starts it. */
  start(definition: object, input: Json = {}): string {
    return this.startMachine(this.machine(definition), input);
  }

  startMachine(stateMachineArn: string, input: Json = {}, name?: string): string {
    return this.engine.startExecution({ stateMachineArn, name, input: JSON.stringify(input) }).executionArn;
  }

  /** Lets time pass until an execution has ended. */
  async ended(executionArn: string): Promise<void> {
    const what = `the end of ${executionArn}`;
    await this.clock.runUntil(() => this.status(executionArn) !== 'RUNNING', { what });
  }

  /** Creates a machine, runs it to its end and answers its ARN. */
  async run(definition: object, input: Json = {}): Promise<string> {
    const arn = this.start(definition, input);
    await this.ended(arn);
    return arn;
  }

  /** The output of a machine run to its end; a failure is thrown, so that a test shows it. */
  async output(definition: object, input: Json = {}): Promise<Json> {
    return this.outputOf(await this.run(definition, input));
  }

  outputOf(executionArn: string): Json {
    const { status, output, error, cause } = this.engine.describeExecution(executionArn);
    if (output === undefined) throw new Error(`the execution is ${status}: ${error}: ${cause}`);
    return JSON.parse(output) as Json;
  }

  /** Error and cause of a machine that is expected to fail. */
  async failure(definition: object, input: Json = {}): Promise<{ error?: string; cause?: string }> {
    const { error, cause } = this.engine.describeExecution(await this.run(definition, input));
    return { error, cause };
  }

  status(executionArn: string): string | undefined {
    return this.engine.describeExecution(executionArn).status;
  }

  history(executionArn: string): readonly HistoryEvent[] {
    return this.engine.getExecutionHistory(executionArn);
  }

  types(executionArn: string): (string | undefined)[] {
    return this.history(executionArn).map((event) => event.type);
  }

  /** Simulated seconds from the start of an execution to its end. */
  seconds(executionArn: string): number {
    const { startDate, stopDate } = this.engine.describeExecution(executionArn);
    return (Number(stopDate) - Number(startDate)) / 1000;
  }
}

/** A machine of one state. */
export function only(state: object): object {
  return { StartAt: 'Only', States: { Only: state } };
}

/** A state that invokes the function, with the state's input as payload. */
export function invoke(fields: object = { End: true }): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: FUNCTION, Payload: '{% $states.input %}' },
    ...fields,
  };
}

/** A state that invokes the function with a task token and waits. */
export function callback(fields: object = { End: true }): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { FunctionName: FUNCTION, Payload: { token: '{% $states.context.Task.Token %}' } },
    ...fields,
  };
}

/** The code of the API error that `action` throws. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StepFunctionsError) return error.code;
    throw error;
  }
  return 'none';
}
