import type { Clock } from '../clock.ts';
import type { Resource, TaskState } from './definition.ts';
import { IntegrationError, LambdaError, StatesError, textOf } from './errors.ts';
import type { Execution } from './execution.ts';
import { expected, type Frame, type Visit } from './frame.ts';
import type { Integrations, TaskCall } from './integrations.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { TaskTokens } from './task-tokens.ts';
import type { Settle } from './track.ts';

/** What a Task needs from the engine around it. */
export interface TaskServices {
  clock: Clock;
  region: string;
  tokens: TaskTokens;
  integrations: Integrations;
  /** Starts an execution for a `.sync` Task, as the principal `caller`. @throws {IntegrationError} */
  startChild(caller: { accountId: string; roleArn: string }, request: ChildRequest, parent: Execution): Execution;
  /** Stops an execution that `caller` started. */
  stopChild(caller: { accountId: string; roleArn: string }, child: Execution): void;
  /** Called with everything that was thrown and should not have been. */
  defect(error: unknown): void;
}

/** Arguments of `states:startExecution`. */
export interface ChildRequest {
  stateMachineArn: string;
  name: string | undefined;
  /** The input as text. */
  input: string;
}

interface Attempt {
  services: TaskServices;
  frame: Frame;
  state: TaskState;
  arguments: Json;
  token: string | undefined;
  timeoutSeconds: number | undefined;
  heartbeatSeconds: number | undefined;
  credentialsRole: string | undefined;
  /** `{resource, resourceType}` as they stand in events. */
  names: { resource: string; resourceType: string };
}

/**
 * One attempt at a Task: schedules it, calls, waits, and answers its result.
 * @throws {StatesError} when it failed or timed out
 */
export async function runTask(services: TaskServices, frame: Frame, state: TaskState, visit: Visit): Promise<Json> {
  const attempt = await prepare(services, frame, state, visit);
  recordScheduled(attempt);
  frame.record('TaskStarted', { taskStartedEventDetails: attempt.names });
  try {
    const result = await frame.track.wait<Json>((settle) => begin(attempt, settle));
    frame.checkSize(result, attempt.names.resourceType);
    frame.record('TaskSucceeded', {
      taskSucceededEventDetails: {
        ...attempt.names,
        output: JSON.stringify(result),
        outputDetails: { truncated: false },
      },
    });
    return result;
  } catch (error) {
    if (error instanceof StatesError) recordFailure(attempt, error);
    throw error;
  }
}

async function prepare(services: TaskServices, frame: Frame, state: TaskState, visit: Visit): Promise<Attempt> {
  const { execution } = frame;
  const waits = state.resource.kind === 'lambda' && state.resource.waitForTaskToken;
  const token = waits
    ? services.tokens.issue({ arn: execution.arn, accountId: execution.machine.accountId })
    : undefined;
  const seconds = async (template: TaskState['timeoutSeconds'], field: string) =>
    template === undefined ? undefined : frame.evaluateAs(expected.seconds, template, field, visit);
  const given =
    state.arguments === undefined
      ? frame.progress.input
      : await frame.evaluate(state.arguments, 'Arguments', { ...visit, token });
  frame.checkSize(given, state.name);
  const timeoutSeconds = await seconds(state.timeoutSeconds, 'TimeoutSeconds');
  const heartbeatSeconds = await seconds(state.heartbeatSeconds, 'HeartbeatSeconds');
  if (timeoutSeconds !== undefined && heartbeatSeconds !== undefined && heartbeatSeconds >= timeoutSeconds) {
    throw frame.evaluationError(visit, 'HeartbeatSeconds', 'HeartbeatSeconds must be smaller than TimeoutSeconds.');
  }
  const credentialsRole =
    state.credentialsRole === undefined
      ? undefined
      : await frame.evaluateAs(expected.string, state.credentialsRole, 'Credentials/RoleArn', visit);
  const names = namesOf(state.resource);
  return {
    services,
    frame,
    state,
    arguments: given,
    token,
    timeoutSeconds,
    heartbeatSeconds,
    credentialsRole,
    names,
  };
}

function namesOf(resource: Resource): { resource: string; resourceType: string } {
  switch (resource.kind) {
    case 'lambda':
      return { resource: resource.waitForTaskToken ? 'invoke.waitForTaskToken' : 'invoke', resourceType: 'lambda' };
    case 'startExecution':
      return { resource: 'startExecution.sync:2', resourceType: 'states' };
    case 'putEvents':
      return { resource: 'putEvents', resourceType: 'events' };
    case 'sdk':
      return { resource: resource.action, resourceType: `aws-sdk:${resource.service}` };
  }
}

function recordScheduled(attempt: Attempt): void {
  attempt.frame.record('TaskScheduled', {
    taskScheduledEventDetails: {
      ...attempt.names,
      region: attempt.services.region,
      parameters: JSON.stringify(attempt.arguments),
      ...(attempt.timeoutSeconds === undefined ? {} : { timeoutInSeconds: attempt.timeoutSeconds }),
      ...(attempt.heartbeatSeconds === undefined ? {} : { heartbeatInSeconds: attempt.heartbeatSeconds }),
      ...(attempt.credentialsRole === undefined ? {} : { taskCredentials: { roleArn: attempt.credentialsRole } }),
    },
  });
}

function recordSubmitted(attempt: Attempt, output: Json): void {
  attempt.frame.record('TaskSubmitted', {
    taskSubmittedEventDetails: {
      ...attempt.names,
      output: JSON.stringify(output),
      outputDetails: { truncated: false },
    },
  });
}

function recordFailure(attempt: Attempt, error: StatesError): void {
  const details = { ...attempt.names, error: error.error, cause: error.causeText };
  if (error.error === 'States.Timeout') attempt.frame.record('TaskTimedOut', { taskTimedOutEventDetails: details });
  else attempt.frame.record('TaskFailed', { taskFailedEventDetails: details });
}

/** Starts the work of an attempt and its timers; the answer ends both. */
function begin(attempt: Attempt, settle: Settle<Json>): () => void {
  const { clock } = attempt.services;
  const { timeoutSeconds } = attempt;
  const cancelTimeout =
    timeoutSeconds === undefined
      ? undefined
      : clock.after(timeoutSeconds * 1000, () => settle.reject(new StatesError('States.Timeout')));
  const endWork = beginWork(attempt, settle);
  return () => {
    cancelTimeout?.();
    endWork?.();
  };
}

function beginWork(attempt: Attempt, settle: Settle<Json>): (() => void) | undefined {
  const { resource } = attempt.state;
  if (resource.kind === 'startExecution') return beginChild(attempt, settle);
  if (attempt.token !== undefined) return beginCallback(attempt, attempt.token, settle);
  startCall(attempt, (call) => request(attempt, resource, call)).then(settle.resolve, settle.reject);
  return undefined;
}

function request(attempt: Attempt, resource: Resource, call: TaskCall): Promise<Json> {
  switch (resource.kind) {
    case 'lambda':
      return invoke(attempt, call);
    case 'putEvents':
      return putEvents(attempt, call);
    case 'sdk':
      return callSdk(attempt, resource, call);
    case 'startExecution':
      throw new Error('startExecution is not a request with one answer');
  }
}

/**
 * Runs a call to the outside. It holds the clock, except while it sleeps in simulated time, and goes on holding it when the
 * Task has stopped waiting for it. Whatever it throws becomes a {@link StatesError}.
 */
async function startCall<T>(attempt: Attempt, work: (call: TaskCall) => Promise<T>): Promise<T> {
  const { clock } = attempt.services;
  const { arn, accountId, roleArn } = attempt.frame.execution.machine;
  let release = clock.hold();
  let sleepers = 0;
  const sleep = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      clock.after(milliseconds, () => {
        sleepers -= 1;
        if (sleepers === 0) release = clock.hold();
        resolve();
      });
      sleepers += 1;
      release();
    });
  try {
    return await work({ machine: { arn, accountId, roleArn }, executionArn: attempt.frame.execution.arn, sleep });
  } catch (error) {
    throw statesErrorOf(attempt, error);
  } finally {
    release();
  }
}

function statesErrorOf(attempt: Attempt, error: unknown): StatesError {
  if (error instanceof StatesError) return error;
  if (error instanceof LambdaError) {
    const { errorType, errorMessage, trace } = error;
    return new StatesError(errorType, JSON.stringify({ errorType, errorMessage, ...(trace ? { trace } : {}) }));
  }
  if (error instanceof IntegrationError) return new StatesError(error.error, error.causeText);
  attempt.services.defect(error);
  return new StatesError('States.Runtime', `An internal error occurred in the simulated service: ${textOf(error)}`);
}

/** The same value as plain JSON: what an integration answers may hold dates, undefined fields, class instances. */
function plain(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}

/** An error of the definition that shows only when its Arguments are known; nothing catches it. */
function badArguments(attempt: Attempt, problem: string): StatesError {
  const { name } = attempt.state;
  return new StatesError(
    'States.Runtime',
    `An error occurred while executing the state '${name}': the Arguments ${problem}`,
  );
}

function argumentsOf(attempt: Attempt, allowed: readonly string[]): JsonObject {
  const given = attempt.arguments;
  if (!isJsonObject(given)) throw badArguments(attempt, 'must be an object');
  const unknown = Object.keys(given).find((key) => !allowed.includes(key));
  if (unknown !== undefined) throw badArguments(attempt, `have a field that is not implemented: ${unknown}`);
  return given;
}

function textArgument(attempt: Attempt, given: JsonObject, key: string): string {
  const value = given[key];
  if (typeof value !== 'string') throw badArguments(attempt, `must have a text as ${key}`);
  return value;
}

async function invoke(attempt: Attempt, call: TaskCall): Promise<Json> {
  const given = argumentsOf(attempt, ['FunctionName', 'Payload']);
  const functionArn = textArgument(attempt, given, 'FunctionName');
  const payload = given.Payload ?? {};
  const answer = await attempt.services.integrations.invokeLambda({ ...call, functionArn, payload });
  // arn:aws:lambda:region:account:function:name[:version or alias]
  const version = functionArn.split(':')[7] ?? '$LATEST';
  return { ExecutedVersion: version, Payload: plain(answer), StatusCode: 200 };
}

async function callSdk(attempt: Attempt, resource: { service: string; action: string }, call: TaskCall): Promise<Json> {
  const given = attempt.arguments;
  if (!isJsonObject(given)) throw badArguments(attempt, 'must be an object');
  const { service, action } = resource;
  const role = attempt.credentialsRole === undefined ? {} : { roleArn: attempt.credentialsRole };
  return plain(await attempt.services.integrations.sdk({ ...call, service, action, arguments: given, ...role }));
}

async function putEvents(attempt: Attempt, call: TaskCall): Promise<Json> {
  const given = argumentsOf(attempt, ['Entries']);
  if (!Array.isArray(given.Entries)) throw badArguments(attempt, 'must have an array as Entries');
  const entries = given.Entries.map((entry) => {
    if (!isJsonObject(entry)) throw badArguments(attempt, 'must have objects in Entries');
    return eventEntry(entry, [call.machine.arn, call.executionArn]);
  });
  const answer = plain(await attempt.services.integrations.putEvents({ ...call, entries }));
  if (isJsonObject(answer) && typeof answer.FailedEntryCount === 'number' && answer.FailedEntryCount > 0) {
    throw new StatesError('EventBridge.FailedEntry', JSON.stringify(answer));
  }
  return answer;
}

/** Step Functions writes Detail as text and adds the machine and the execution. Source: developer guide, EventBridge integration. */
function eventEntry(entry: JsonObject, origin: string[]): JsonObject {
  const resources = Array.isArray(entry.Resources) ? entry.Resources : [];
  const detail = entry.Detail ?? {};
  return {
    ...entry,
    Detail: typeof detail === 'string' ? detail : JSON.stringify(detail),
    Resources: [...resources, ...origin],
  };
}

/** Invokes a function with a task token and waits until somebody answers the token. */
function beginCallback(attempt: Attempt, token: string, settle: Settle<Json>): () => void {
  const { clock, tokens } = attempt.services;
  let over = false;
  let endWaitForPerson: (() => void) | undefined;
  const heartbeat = heartbeatTimer(attempt, settle);
  const close = tokens.open(token, {
    succeeded: (output) => settle.resolve(JSON.parse(output) as Json),
    failed: ({ error, cause }) => settle.reject(new StatesError(error, cause)),
    heartbeat: () => heartbeat?.restart(),
  });
  startCall(attempt, (call) => invoke(attempt, call))
    .then((answer) => {
      // The token may have been answered, or have timed out, while the function still ran.
      if (over) return;
      recordSubmitted(attempt, answer);
      endWaitForPerson = clock.waitForPerson();
    })
    .catch(settle.reject);
  return () => {
    over = true;
    close();
    heartbeat?.stop();
    endWaitForPerson?.();
  };
}

/** AWS reports a missed heartbeat as States.Timeout; ErrorEquals may also name it States.HeartbeatTimeout. */
function heartbeatTimer(attempt: Attempt, settle: Settle<Json>): { restart(): void; stop(): void } | undefined {
  const { heartbeatSeconds } = attempt;
  if (heartbeatSeconds === undefined) return undefined;
  const missed = () => settle.reject(new StatesError('States.Timeout', undefined, ['States.HeartbeatTimeout']));
  const arm = () => attempt.services.clock.after(heartbeatSeconds * 1000, missed);
  let stop = arm();
  return {
    restart: () => {
      stop();
      stop = arm();
    },
    stop: () => stop(),
  };
}

/** Starts another machine and waits for its end; giving up the Task stops the child. */
function beginChild(attempt: Attempt, settle: Settle<Json>): () => void {
  const { services } = attempt;
  let over = false;
  let started: { caller: { accountId: string; roleArn: string }; child: Execution } | undefined;
  const report = () => {
    if (started === undefined) return;
    if (started.child.status === 'SUCCEEDED') settle.resolve(childResult(started.child));
    else settle.reject(new StatesError('States.TaskFailed', JSON.stringify(childFailure(started.child))));
  };
  startCall(attempt, async (call) => {
    const caller = await callerOf(attempt, call);
    if (over) return;
    const child = services.startChild(caller, childRequest(attempt), attempt.frame.execution);
    started = { caller, child };
    recordSubmitted(attempt, { ExecutionArn: child.arn, StartDate: child.startedAt });
    if (child.status === 'RUNNING') child.onEnd.add(report);
    else report();
  }).catch(settle.reject);
  return () => {
    over = true;
    if (started === undefined) return;
    started.child.onEnd.delete(report);
    if (started.child.status === 'RUNNING') services.stopChild(started.caller, started.child);
  };
}

/** Who starts the child: the machine's own role, or the one in Credentials, assumed with the machine's ARN as ExternalId. */
async function callerOf(attempt: Attempt, call: TaskCall): Promise<{ accountId: string; roleArn: string }> {
  const { credentialsRole } = attempt;
  const { machine } = call;
  if (credentialsRole === undefined) return { accountId: machine.accountId, roleArn: machine.roleArn };
  try {
    const assumed = await attempt.services.integrations.assumeRole?.({
      ...call,
      roleArn: credentialsRole,
      externalId: machine.arn,
    });
    if (assumed !== undefined) return assumed;
  } catch (error) {
    if (!(error instanceof IntegrationError)) attempt.services.defect(error);
  }
  throw new StatesError(
    'States.TaskFailed',
    `The role ${machine.roleArn} is not authorized to assume the task state's role, ${credentialsRole}.`,
  );
}

function childRequest(attempt: Attempt): ChildRequest {
  const given = argumentsOf(attempt, ['StateMachineArn', 'Name', 'Input']);
  const input = given.Input ?? {};
  return {
    stateMachineArn: textArgument(attempt, given, 'StateMachineArn'),
    name: given.Name === undefined ? undefined : textArgument(attempt, given, 'Name'),
    // A text is passed on as it is: it must be JSON.
    input: typeof input === 'string' ? input : JSON.stringify(input),
  };
}

function childResult(child: Execution): Json {
  return {
    ...childDescription(child),
    Input: child.input,
    Output: child.outputText === undefined ? null : (JSON.parse(child.outputText) as Json),
    OutputDetails: { Included: true },
    RedriveCount: child.redriveCount,
    RedriveStatus: 'NOT_REDRIVABLE',
    RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
  };
}

function childFailure(child: Execution): Json {
  const { error, cause } = child.failure ?? {};
  return {
    ...childDescription(child),
    ...(error === undefined ? {} : { Error: error }),
    ...(cause === undefined ? {} : { Cause: cause }),
  };
}

/** The fields of DescribeExecution as `.sync` gives them: PascalCase, times in milliseconds. */
function childDescription(child: Execution): JsonObject {
  return {
    ExecutionArn: child.arn,
    Input: child.inputText,
    InputDetails: { Included: true },
    Name: child.name,
    StartDate: child.startedAt,
    StateMachineArn: child.machine.arn,
    Status: child.status,
    StopDate: child.stoppedAt ?? null,
  };
}
