import type {
  DescribeExecutionOutput,
  DescribeStateMachineOutput,
  ExecutionListItem,
  ExecutionStatus,
  HistoryEvent,
  HistoryEventType,
  StateMachineListItem,
} from '@aws-sdk/client-sfn';
import type { Authorization, AwsCall } from '../aws/identities.ts';
import type { Clock } from '../clock.ts';
import { type Random, uuidFrom } from './aws-functions.ts';
import {
  describeExecution,
  describeStateMachine,
  type ExecutionStatusChange,
  INITIAL_REVISION,
  listItem,
  redriveState,
  statusChange,
} from './descriptions.ts';
import { IntegrationError, StatesError, StepFunctionsError, textOf } from './errors.ts';
import { type Execution, type StateMachine, startOf } from './execution.ts';
import { type EventDetails, failureDetails, History } from './history.ts';
import type { Integrations } from './integrations.ts';
import { Interpreter } from './interpreter.ts';
import { type Json, LARGEST_PAYLOAD_BYTES } from './json.ts';
import { loadDefinition, substitute } from './load-definition.ts';
import { checkName, parseArn } from './names.ts';
import type { ChildRequest } from './task.ts';
import { TaskTokens } from './task-tokens.ts';
import { Cancelled, Scope } from './track.ts';

/**
 * Finished executions that are kept unless said otherwise, each with its nested ones: a long day of practice. AWS keeps 90 days.
 */
const DEFAULT_FINISHED_KEPT = 200;
/**
 * Characters in the histories of finished executions that are kept unless said otherwise. A drill of 30 servers has about
 * 3.5 million, so that some 50 of those are kept, and fewer larger ones. The newest is always kept.
 */
const DEFAULT_CHARACTERS_KEPT = 200_000_000;

/** What the engine runs in. */
export interface EngineOptions {
  clock: Clock;
  region: string;
  integrations: Integrations;
  /** Where jitter, `$random`, `$uuid` and generated names come from; give a seeded one to repeat a run. @default Math.random */
  random?: Random;
  /** How many finished executions are kept, with their histories, names and nested executions. @default 200 */
  finishedKept?: number;
  /** How many characters of finished histories are kept. @default 200 million */
  charactersKept?: number;
  /** Called when an execution starts, is redriven, or ends, with the event that EventBridge would deliver. */
  onStatusChange?: (event: ExecutionStatusChange) => void;
  /** Called for calls to Step Functions that a Task made: StartExecution, DescribeExecution and StopExecution of `.sync` children. */
  onCall?: (call: AwsCall) => void;
  /**
   * Called with what should never have been thrown: a bug of the engine, of an integration or of a listener. The execution,
   * if one is concerned, fails with States.Runtime as well. @default thrown again where nothing catches it
   */
  onDefect?: (error: unknown) => void;
}

/** Who calls: an account, and the role that is written into {@link AwsCall}s. */
interface Caller {
  accountId: string;
  roleArn: string;
}

/**
 * Step Functions as a library: Standard workflows in JSONata, on simulated time. Methods are named as the operations of the
 * API and throw {@link StepFunctionsError} with the API's error codes.
 */
export class StepFunctionsEngine {
  readonly #options: EngineOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tokens = new TaskTokens();
  /** The revision that each machine is at, by the machine's ARN. */
  readonly #machines = new Map<string, StateMachine>();
  /** Published revisions, by the version's ARN. */
  readonly #versions = new Map<string, StateMachine>();
  readonly #executions = new Map<string, Execution>();
  /** Finished executions that no other one started, the one that finished first in front. */
  readonly #finished = new Set<Execution>();
  readonly #interpreter: Interpreter;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#random = options.random ?? Math.random;
    this.#interpreter = new Interpreter({
      clock: options.clock,
      random: this.#random,
      region: options.region,
      tokens: this.#tokens,
      integrations: options.integrations,
      startChild: (caller, request, parent) => this.#startChild(caller, request, parent),
      stopChild: (caller, child) => this.#stopChild(caller, child),
      defect: (error) => this.#defect(error),
    });
  }

  /**
   * Creates a state machine from the text of an `.asl.json` file and answers its ARN. Creating it again with the same
   * definition and role changes nothing.
   * @throws {DefinitionError} naming everything that is wrong or not implemented
   * @throws {StepFunctionsError} InvalidName, StateMachineAlreadyExists
   */
  createStateMachine(request: {
    name: string;
    accountId: string;
    roleArn: string;
    /** With `${Placeholders}`. */
    definition: string;
    substitutions?: Record<string, string>;
    /** Of a customer-managed key: then events of the machine's executions leave their data out. */
    kmsKeyId?: string;
  }): string {
    checkName(request.name);
    const { name, accountId, roleArn, kmsKeyId } = request;
    const substitutions = request.substitutions ?? {};
    const definition = loadDefinition(name, request.definition, substitutions);
    const definitionText = substitute(request.definition, substitutions, () => {});
    const arn = `arn:aws:states:${this.#options.region}:${accountId}:stateMachine:${name}`;
    const earlier = this.#machines.get(arn);
    if (earlier !== undefined) {
      if (earlier.definitionText === definitionText && earlier.roleArn === roleArn) return arn;
      throw new StepFunctionsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    const creationDate = new Date(this.#clock.now());
    const revisionId = INITIAL_REVISION;
    const machine = { arn, name, accountId, roleArn, definitionText, definition, creationDate, revisionId };
    this.#machines.set(arn, { ...machine, ...(kmsKeyId === undefined ? {} : { kmsKeyId }) });
    return arn;
  }

  /**
   * Gives a machine another definition. Executions that are running keep the one that they began with, and so do those that
   * are redriven; versions stay what they were (API reference, UpdateStateMachine and RedriveExecution).
   * @throws {DefinitionError} naming everything that is wrong or not implemented
   * @throws {StepFunctionsError} InvalidArn, StateMachineDoesNotExist
   */
  updateStateMachine(request: {
    stateMachineArn: string;
    /** With `${Placeholders}`. */
    definition: string;
    substitutions?: Record<string, string>;
  }): { revisionId: string } {
    const machine = this.#machine(request.stateMachineArn);
    const substitutions = request.substitutions ?? {};
    const definition = loadDefinition(machine.name, request.definition, substitutions);
    const definitionText = substitute(request.definition, substitutions, () => {});
    const revisionId = uuidFrom(this.#random);
    this.#machines.set(machine.arn, { ...machine, definition, definitionText, revisionId });
    return { revisionId };
  }

  /**
   * Publishes the revision that a machine is at. One that is published already keeps its version.
   * @throws {StepFunctionsError} InvalidArn, StateMachineDoesNotExist
   */
  publishStateMachineVersion(stateMachineArn: string): { stateMachineVersionArn: string } {
    const machine = this.#machine(stateMachineArn);
    const published = [...this.#versions].filter(([, version]) => version.arn === machine.arn);
    const [known] = published.find(([, version]) => version === machine) ?? [];
    const stateMachineVersionArn = known ?? `${machine.arn}:${published.length + 1}`;
    this.#versions.set(stateMachineVersionArn, machine);
    return { stateMachineVersionArn };
  }

  /** @throws {StepFunctionsError} InvalidArn, StateMachineDoesNotExist */
  describeStateMachine(stateMachineArn: string): DescribeStateMachineOutput {
    return describeStateMachine(this.#machine(stateMachineArn));
  }

  /** The machines of an account, or all, by name. */
  listStateMachines(accountId?: string): StateMachineListItem[] {
    return [...this.#machines.values()]
      .filter((machine) => accountId === undefined || machine.accountId === accountId)
      .sort((one, other) => (one.arn < other.arn ? -1 : 1))
      .map(({ arn, name, creationDate }) => ({ stateMachineArn: arn, name, type: 'STANDARD', creationDate }));
  }

  /**
   * Starts an execution. With the name and the input of one that is running, it answers that one.
   * @throws {StepFunctionsError} InvalidArn, StateMachineDoesNotExist, InvalidName, InvalidExecutionInput, ExecutionAlreadyExists
   */
  startExecution(request: { stateMachineArn: string; name?: string; input?: string }): {
    executionArn: string;
    startDate: Date;
  } {
    const execution = this.#start(request);
    return { executionArn: execution.arn, startDate: new Date(execution.startedAt) };
  }

  /** @throws {StepFunctionsError} InvalidArn, ExecutionDoesNotExist */
  describeExecution(executionArn: string): DescribeExecutionOutput {
    return describeExecution(this.#execution(executionArn), this.#clock.now());
  }

  /** Every event so far, oldest first. @throws {StepFunctionsError} InvalidArn, ExecutionDoesNotExist */
  getExecutionHistory(executionArn: string): readonly HistoryEvent[] {
    return this.#execution(executionArn).history.events;
  }

  /** ARN of the execution whose Task started this one, if one did. AWS tells it only in the parent's history. */
  parentOf(executionArn: string): string | undefined {
    return this.#executions.get(executionArn)?.parent?.arn;
  }

  /** The executions of a machine, or of one of its versions, that are still kept, newest first. @throws {StepFunctionsError} InvalidArn, StateMachineDoesNotExist */
  listExecutions(request: {
    stateMachineArn: string;
    statusFilter?: ExecutionStatus;
    redriveFilter?: 'REDRIVEN' | 'NOT_REDRIVEN';
  }): ExecutionListItem[] {
    this.#machine(request.stateMachineArn);
    return [...this.#executions.values()]
      .filter(({ machine, versionArn }) => [machine.arn, versionArn].includes(request.stateMachineArn))
      .filter((execution) => request.statusFilter === undefined || execution.status === request.statusFilter)
      .filter((execution) => matchesRedriveFilter(execution, request.redriveFilter))
      .map(listItem)
      .reverse();
  }

  /**
   * Ends a running execution as ABORTED, and with it the children that its `.sync` Tasks wait for. One that has ended stays
   * as it is.
   * @throws {StepFunctionsError} InvalidArn, ExecutionDoesNotExist
   */
  stopExecution(request: { executionArn: string; error?: string; cause?: string }): { stopDate: Date } {
    const execution = this.#execution(request.executionArn);
    const { error, cause } = request;
    this.#close(execution, 'ABORTED', { failure: { error, cause } });
    return { stopDate: new Date(execution.stoppedAt ?? this.#clock.now()) };
  }

  /**
   * Starts a failed, timed-out or aborted execution again from where it failed: states, iterations and branches that
   * succeeded are not run again, retries count from 0, task tokens are new.
   * @throws {StepFunctionsError} InvalidArn, ExecutionDoesNotExist, ExecutionNotRedrivable
   */
  redriveExecution(executionArn: string): { redriveDate: Date } {
    const execution = this.#execution(executionArn);
    const now = this.#clock.now();
    const redrive = redriveState(execution, now);
    if (redrive.status !== 'REDRIVABLE') {
      throw new StepFunctionsError('ExecutionNotRedrivable', redrive.reason ?? 'Execution cannot be redriven');
    }
    this.#finished.delete(execution);
    execution.status = 'RUNNING';
    execution.stoppedAt = undefined;
    execution.failure = undefined;
    execution.redriveCount += 1;
    execution.redrivenAt = now;
    execution.scope = new Scope();
    const redriven = execution.history.record('ExecutionRedriven', execution.history.events.length, {
      executionRedrivenEventDetails: { redriveCount: execution.redriveCount },
    });
    this.#run(execution, redriven);
    return { redriveDate: new Date(now) };
  }

  /**
   * Answers a task token with the Task's result, a JSON text.
   * @throws {StepFunctionsError} InvalidOutput, InvalidToken, TaskDoesNotExist, TaskTimedOut
   */
  sendTaskSuccess(request: { taskToken: string; output: string; accountId: string }): void {
    const holder = this.#tokens.holder(request.taskToken, request.accountId);
    try {
      JSON.parse(request.output);
    } catch {
      throw new StepFunctionsError('InvalidOutput', "Invalid Output: 'the output is not JSON'");
    }
    holder.succeeded(request.output);
  }

  /** Fails the Task of a task token. @throws {StepFunctionsError} InvalidToken, TaskDoesNotExist, TaskTimedOut */
  sendTaskFailure(request: { taskToken: string; error?: string; cause?: string; accountId: string }): void {
    const { error, cause } = request;
    this.#tokens.holder(request.taskToken, request.accountId).failed({ error, cause });
  }

  /** Restarts a Task's HeartbeatSeconds. @throws {StepFunctionsError} InvalidToken, TaskDoesNotExist, TaskTimedOut */
  sendTaskHeartbeat(request: { taskToken: string; accountId: string }): void {
    this.#tokens.holder(request.taskToken, request.accountId).heartbeat();
  }

  /** The machine whose task waits, or waited, for a token: what IAM is asked about answers to it. */
  machineOfToken(taskToken: string): string | undefined {
    const executionArn = this.#tokens.executionArn(taskToken);
    return executionArn === undefined ? undefined : this.#executions.get(executionArn)?.machine.arn;
  }

  /** The revision that a machine is at, or that of a version. */
  #machine(arn: string): StateMachine {
    parseArn('stateMachine', arn);
    const machine = this.#versions.get(arn) ?? this.#machines.get(arn);
    if (machine !== undefined) return machine;
    throw new StepFunctionsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  }

  #execution(arn: string): Execution {
    parseArn('execution', arn);
    const execution = this.#executions.get(arn);
    if (execution !== undefined) return execution;
    throw new StepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  }

  #start(request: { stateMachineArn: string; name?: string; input?: string }, parent?: Execution): Execution {
    const machine = this.#machine(request.stateMachineArn);
    const name = request.name ?? uuidFrom(this.#random);
    checkName(name);
    const inputText = request.input ?? '{}';
    const input = parseInput(inputText);
    const arn = `arn:aws:states:${this.#options.region}:${machine.accountId}:execution:${machine.name}:${name}`;
    const earlier = this.#executions.get(arn);
    if (earlier !== undefined) {
      if (earlier.status === 'RUNNING' && earlier.inputText === inputText) return earlier;
      throw new StepFunctionsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const versionArn = request.stateMachineArn === machine.arn ? undefined : request.stateMachineArn;
    const execution = this.#newExecution(machine, { arn, name, inputText, input, parent, versionArn });
    this.#executions.set(arn, execution);
    parent?.nested.push(execution);
    execution.history.record('ExecutionStarted', 0, {
      executionStartedEventDetails: {
        input: inputText,
        inputDetails: { truncated: false },
        roleArn: machine.roleArn,
        ...(versionArn === undefined ? {} : { stateMachineVersionArn: versionArn }),
      },
    });
    this.#run(execution, 0);
    return execution;
  }

  #newExecution(
    machine: StateMachine,
    given: Pick<Execution, 'arn' | 'name' | 'inputText' | 'input' | 'parent' | 'versionArn'>,
  ): Execution {
    return {
      ...given,
      machine,
      nested: [],
      status: 'RUNNING',
      startedAt: this.#clock.now(),
      stoppedAt: undefined,
      outputText: undefined,
      failure: undefined,
      redriveCount: 0,
      redrivenAt: undefined,
      history: new History(() => this.#clock.now()),
      progress: startOf(machine.definition.startAt, given.input),
      scope: new Scope(),
      onEnd: new Set(),
    };
  }

  /** Runs an execution in the background, from its start or from a redrive: `previousEventId` is what its first event follows. */
  #run(execution: Execution, previousEventId: number): void {
    const { scope } = execution;
    const { timeoutSeconds } = execution.machine.definition;
    this.#announce(execution);
    const cancelTimeout =
      timeoutSeconds === undefined
        ? undefined
        : this.#clock.after(timeoutSeconds * 1000, () => this.#close(execution, 'TIMED_OUT', {}));
    scope.onCancel(() => cancelTimeout?.());
    this.#interpreter.run(execution, previousEventId).then(
      (output) => this.#close(execution, 'SUCCEEDED', { output, run: scope }),
      (error: unknown) => this.#failed(execution, scope, error),
    );
  }

  #failed(execution: Execution, run: Scope, error: unknown): void {
    if (error instanceof StatesError) {
      this.#close(execution, 'FAILED', { failure: { error: error.error, cause: error.causeText }, run });
    } else if (!(error instanceof Cancelled)) {
      const failure = { error: 'States.Runtime', cause: `An internal error occurred in the engine: ${textOf(error)}` };
      this.#close(execution, 'FAILED', { failure, run });
      this.#defect(error);
    }
  }

  /** Ends an execution, once. `run` is given by the run that ended by itself, and must still be the current one. */
  #close(
    execution: Execution,
    status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED',
    ending: { output?: Json; failure?: { error?: string; cause?: string }; run?: Scope },
  ): void {
    if (execution.status !== 'RUNNING') return;
    if (ending.run !== undefined && ending.run !== execution.scope) return;
    execution.status = status;
    execution.stoppedAt = this.#clock.now();
    execution.outputText = ending.output === undefined ? undefined : JSON.stringify(ending.output);
    execution.failure = ending.failure;
    const [type, details] = endEvent(execution);
    execution.history.recordEnd(type, execution.history.events.length, details);
    execution.scope.cancel();
    // Only an execution that did not succeed can be redriven; the others need not keep what their states were given.
    if (status === 'SUCCEEDED') execution.progress = startOf('', null);
    if (execution.parent === undefined) this.#finished.add(execution);
    this.#forgetOldest();
    const listeners = [...execution.onEnd];
    execution.onEnd.clear();
    for (const listener of listeners) listener();
    this.#announce(execution);
  }

  #forgetOldest(): void {
    const { finishedKept = DEFAULT_FINISHED_KEPT, charactersKept = DEFAULT_CHARACTERS_KEPT } = this.#options;
    const families = [...this.#finished].map((execution) => ({ execution, family: familyOf(execution) }));
    let characters = families.reduce((sum, { family }) => sum + charactersOf(family), 0);
    for (const { execution, family } of families) {
      const isOver = this.#finished.size > finishedKept || (characters > charactersKept && this.#finished.size > 1);
      if (!isOver) return;
      characters -= charactersOf(family);
      this.#finished.delete(execution);
      for (const { arn } of family) {
        this.#executions.delete(arn);
        this.#tokens.forget(arn);
      }
    }
  }

  #announce(execution: Execution): void {
    const { onStatusChange, region } = this.#options;
    if (onStatusChange === undefined) return;
    try {
      onStatusChange(statusChange(execution, { id: uuidFrom(this.#random), region, now: this.#clock.now() }));
    } catch (error) {
      this.#defect(error);
    }
  }

  #defect(error: unknown): void {
    const { onDefect } = this.#options;
    if (onDefect !== undefined) {
      onDefect(error);
      return;
    }
    queueMicrotask(() => {
      throw error;
    });
  }

  #startChild(caller: Caller, request: ChildRequest, parent: Execution): Execution {
    const { stateMachineArn, name, input } = request;
    try {
      if (parseArn('stateMachine', stateMachineArn).accountId !== caller.accountId) {
        throw new StepFunctionsError(
          'AccessDeniedException',
          `User: ${caller.roleArn} is not authorized to perform: states:StartExecution on resource: ${stateMachineArn}`,
        );
      }
      const child = this.#start({ stateMachineArn, name, input }, parent);
      const isPolled = caller.accountId !== parent.machine.accountId;
      // The right to start a version is one to the machine: IAM knows versions by the key states:StateMachineQualifier.
      this.#noteCall(caller, 'StartExecution', child.machine.arn, 'ok', isPolled ? [] : this.#ofSync(caller));
      // Step Functions polls a `.sync` child in the name of the same role.
      this.#noteCall(caller, 'DescribeExecution', child.arn, 'ok');
      return child;
    } catch (error) {
      if (!(error instanceof StepFunctionsError)) throw error;
      this.#noteCall(caller, 'StartExecution', stateMachineArn, error.code);
      throw new IntegrationError({
        error: integrationErrorName(error.code),
        cause: `${error.message} (Service: AWSStepFunctions; Status Code: 400; Error Code: ${error.code})`,
      });
    }
  }

  /** How Step Functions learns of the end of a `.sync` child in the same account (developer guide, IAM policies for it). */
  #ofSync({ accountId }: Caller): Authorization[] {
    const rule = 'rule/StepFunctionsGetEventsForStepFunctionsExecutionRule';
    const resource = `arn:aws:events:${this.#options.region}:${accountId}:${rule}`;
    return ['PutTargets', 'PutRule', 'DescribeRule'].map((action) => ({
      action: `events:${action}`,
      resource,
      context: {},
    }));
  }

  #stopChild(caller: Caller, child: Execution): void {
    this.#noteCall(caller, 'StopExecution', child.arn, 'ok');
    this.#close(child, 'ABORTED', { failure: {} });
  }

  #noteCall(
    caller: Caller,
    action: string,
    resource: string,
    outcome: string,
    others: readonly Authorization[] = [],
  ): void {
    const authorizations = [{ action: `states:${action}`, resource, context: {} }, ...others];
    try {
      this.#options.onCall?.({
        service: 'states',
        action,
        identity: caller,
        resource,
        outcome,
        ...(others.length === 0 ? {} : { authorizations }),
      });
    } catch (error) {
      this.#defect(error);
    }
  }
}

function matchesRedriveFilter(execution: Execution, filter: 'REDRIVEN' | 'NOT_REDRIVEN' | undefined): boolean {
  return filter === undefined || (filter === 'REDRIVEN') === execution.redriveCount > 0;
}

/** An execution, and all that it and its nested ones started. */
function familyOf(execution: Execution): Execution[] {
  return [execution, ...execution.nested.flatMap(familyOf)];
}

function charactersOf(executions: readonly Execution[]): number {
  return executions.reduce((sum, { history }) => sum + history.characters, 0);
}

/** @throws {StepFunctionsError} InvalidExecutionInput */
function parseInput(text: string): Json {
  const invalid = (problem: string) =>
    new StepFunctionsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${problem}'`);
  if (Buffer.byteLength(text) > LARGEST_PAYLOAD_BYTES) {
    throw invalid(`the input is over ${LARGEST_PAYLOAD_BYTES} bytes`);
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw invalid(textOf(error));
  }
}

function endEvent(execution: Execution): [HistoryEventType, EventDetails] {
  const failure = failureDetails(execution.failure ?? {});
  switch (execution.status) {
    case 'SUCCEEDED': {
      const output = { output: execution.outputText, outputDetails: { truncated: false } };
      return ['ExecutionSucceeded', { executionSucceededEventDetails: output }];
    }
    case 'TIMED_OUT':
      return ['ExecutionTimedOut', { executionTimedOutEventDetails: failure }];
    case 'ABORTED':
      return ['ExecutionAborted', { executionAbortedEventDetails: failure }];
    default:
      return ['ExecutionFailed', { executionFailedEventDetails: failure }];
  }
}

/** Errors of the API as Task errors: modelled ones get "Exception" at the end, others the service's general name. */
function integrationErrorName(code: string): string {
  const modelled = [
    'ExecutionAlreadyExists',
    'InvalidArn',
    'InvalidExecutionInput',
    'InvalidName',
    'StateMachineDoesNotExist',
  ];
  return modelled.includes(code) ? `StepFunctions.${code}Exception` : 'StepFunctions.AWSStepFunctionsException';
}
