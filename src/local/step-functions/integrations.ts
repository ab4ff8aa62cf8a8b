import type { Json, JsonObject } from './json.ts';

/** The state machine on whose behalf a call is made. */
export interface MachineIdentity {
  arn: string;
  accountId: string;
  roleArn: string;
}

/** What every call of a Task says about itself. */
export interface TaskCall {
  machine: MachineIdentity;
  executionArn: string;
  /**
   * Lets `milliseconds` of simulated time pass inside the call, e.g. for a slow function. A call that does not use it
   * takes no simulated time, however long it runs.
   */
  sleep(milliseconds: number): Promise<void>;
}

/** What the engine asks of the simulated AWS around it. */
export interface Integrations {
  /**
   * Runs a function and answers its result. `functionArn` is a full ARN, perhaps with a version or alias at the end.
   * @throws {LambdaError} when the function failed
   * @throws {IntegrationError} when the function could not be invoked
   */
  invokeLambda(call: TaskCall & { functionArn: string; payload: Json }): Promise<unknown>;
  /**
   * Calls an AWS service. `service` and `action` are as in the resource ARN (`drs`, `describeJobs`); arguments and answer
   * have PascalCase keys. `roleArn` is the role in the Task's Credentials, if it has them.
   * @throws {IntegrationError} e.g. `Drs.ThrottlingException`
   */
  sdk(call: TaskCall & { service: string; action: string; arguments: JsonObject; roleArn?: string }): Promise<unknown>;
  /**
   * Puts events on a bus; `Detail` is text already, and the machine's and the execution's ARN stand in `Resources`.
   * Answers `{FailedEntryCount, Entries}`.
   * @throws {IntegrationError} when the call as a whole was refused
   */
  putEvents(call: TaskCall & { entries: JsonObject[] }): Promise<unknown>;
  /**
   * Assumes the role in the Credentials of a `states:startExecution.sync:2` Task. `externalId` is the ARN of the calling
   * state machine, as Step Functions sets sts:ExternalId. Without this function every such Task fails.
   * @throws {IntegrationError} when the role may not be assumed: the Task then fails with States.TaskFailed
   */
  assumeRole?(
    call: TaskCall & { roleArn: string; externalId: string },
  ): Promise<{ accountId: string; roleArn: string }>;
}
