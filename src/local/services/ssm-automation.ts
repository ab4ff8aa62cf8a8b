import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { CENTRAL_ACCOUNT } from '../accounts.ts';
import type { Authorization, Identity, RequestContext } from '../aws/identities.ts';
import type { Clock } from '../clock.ts';
import { type AutomationDocument, type DocumentStep, readDocument, readParameters } from './automation-document.ts';
import {
  type CallApi,
  runStep,
  StepCancelledError,
  StepFailedError,
  type StepResult,
  StepTimedOutError,
} from './automation-steps.ts';
import { asText, asTexts, substitute } from './automation-values.ts';
import { type Operation, operation } from './json-service.ts';
import { ServiceError } from './service.ts';
import { documentArnOf } from './ssm-documents.ts';

/** What Systems Manager Automation is started with. */
export interface AutomationOptions {
  clock: Clock;
  /** Where runbooks are created that name no Region. */
  region: string;
  callApi: CallApi;
  /** A parameter of Parameter Store, for `{{ ssm:name }}`. */
  parameter(name: string, accountId: string): string | undefined;
}

/** Systems Manager Automation: runbooks and their executions. */
export interface LocalAutomation {
  /**
   * Creates a runbook of an account (default: the central one) and Region from parsed YAML or JSON, or its next version.
   * @throws {Error} when it is no runbook of schema version 0.3, or has an action or property that is not simulated
   */
  createDocument(name: string, content: unknown, accountId?: string, region?: string): void;
  /** The next `times` executions of runbooks with this name, wherever they are, fail at a step (default: the first). */
  failNext(name: string, times: number, failure?: { step?: string; message?: string }): void;
  /** How many executions of runbooks with this name have begun. */
  count(name: string): number;
}

type Status = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelling' | 'Cancelled';

interface StepRecord {
  id: string;
  step: DocumentStep;
  status: Status;
  startedAt?: number;
  endedAt?: number;
  /** As resolved. */
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  failure?: string;
}

interface Execution {
  id: string;
  documentName: string;
  version: string;
  document: AutomationDocument;
  parameters: Record<string, unknown>;
  region: string;
  /** Who started it. */
  starter: Identity;
  /** Whom it runs as: its assumeRole, or else who started it. */
  caller: Identity;
  status: Status;
  steps: StepRecord[];
  startedAt: number;
  endedAt?: number;
  failure?: string;
  /** The step that fails whatever it does. */
  fault?: { step: string; message: string };
  /** Ends the wait that the running step is in. */
  interrupt?: () => void;
}

interface StoredDocument {
  document: AutomationDocument;
  version: number;
}

/** A runbook as DescribeDocument tells of it. */
export interface KnownRunbook {
  version: number;
}

const PAGE_LIMIT = 50;
/** "The default timeout value for this action is 3600 seconds" (user guide, aws:waitForAwsResourceProperty). */
const PROPERTY_TIMEOUT_SECONDS = 3600;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const FILTERS: Readonly<Record<string, (execution: Execution, value: string) => boolean>> = {
  DocumentNamePrefix: ({ documentName }, value) => documentName.startsWith(value),
  ExecutionStatus: ({ status }, value) => status === value,
  ExecutionId: ({ id }, value) => id === value,
  StartTimeAfter: ({ startedAt }, value) => startedAt >= Date.parse(value),
  StartTimeBefore: ({ startedAt }, value) => startedAt <= Date.parse(value),
};

/**
 * Automation with StartAutomationExecution, GetAutomationExecution, StopAutomationExecution and
 * DescribeAutomationExecutions. Not simulated: aws:executeScript and other actions than {@link ACTIONS}, variables, onCancel,
 * rate control (targets), automations that span accounts and Regions, the mode Interactive, stopping with the type Complete, and the retries
 * that AWS adds when an operation is throttled. Callers see what is in their own account and the
 * Region that they sign for.
 */
export function automation(options: AutomationOptions): LocalAutomation & {
  operations: Record<string, Operation>;
  runbook(name: string, accountId: string, region: string): KnownRunbook | undefined;
} {
  const { clock } = options;
  const documents = new Map<string, StoredDocument>();
  const executions = new Map<string, Execution>();
  const tokens = new Map<string, { request: string; id: string }>();
  const faults: { name: string; times: number; step: string | undefined; message: string }[] = [];
  const documentArn = (name: string, accountId: string, region: string) =>
    `arn:aws:ssm:${region}:${accountId}:document/${name}`;
  const executionArn = (id: string, accountId: string, region: string) =>
    `arn:aws:ssm:${region}:${accountId}:automation-execution/${id}`;
  const find = (id: string, { accountId }: Identity, region: string): Execution => {
    const execution = executions.get(id);
    const isThere = execution?.starter.accountId === accountId && execution.region === region;
    if (execution !== undefined && isThere) return execution;
    throw new ServiceError('AutomationExecutionNotFoundException', `Execution not found with ID: ${id}`);
  };

  const startRequest = z.strictObject({
    DocumentName: z.string(),
    DocumentVersion: z.string().nullish(),
    Parameters: z.record(z.string(), z.array(z.string())).nullish(),
    ClientToken: z.string().regex(UUID).nullish(),
    Mode: z.literal('Auto').nullish(),
    Tags: z.array(z.unknown()).max(5).nullish(),
  });
  const startAutomationExecution = operation(
    startRequest,
    ({ DocumentName }, { accountId }, region) => documentArnOf({ name: DocumentName, accountId, region }),
    (request, caller, region) => {
      const { ClientToken, ...content } = request;
      const key = `${caller.accountId}/${region}/${ClientToken?.toLowerCase()}`;
      const before = ClientToken == null ? undefined : tokens.get(key);
      if (before !== undefined && before.request !== JSON.stringify(content)) {
        const message = 'The parameters do not match those of the earlier request with this client token.';
        throw new ServiceError('IdempotentParameterMismatch', message);
      }
      if (before !== undefined) return { AutomationExecutionId: before.id };
      const execution = newExecution(request, caller, region);
      executions.set(execution.id, execution);
      if (ClientToken != null) tokens.set(key, { request: JSON.stringify(content), id: execution.id });
      new Runner(execution, options).start();
      return { AutomationExecutionId: execution.id };
    },
    ofStart,
  );

  /** The document, one version of its definition, the execution to be, and the role that the document is given (user guide, "Setting up Automation"). */
  function ofStart(request: z.infer<typeof startRequest>, { accountId }: Identity, region: string): Authorization[] {
    const { DocumentName, DocumentVersion, Parameters } = request;
    const action = 'ssm:StartAutomationExecution';
    const context: RequestContext = DocumentVersion == null ? {} : { 'ssm:DocumentVersion': [DocumentVersion] };
    const role = roleToPass(documents.get(documentArn(DocumentName, accountId, region))?.document, Parameters ?? {});
    const document = documentArnOf({ name: DocumentName, accountId, region });
    const definition = `${document.replace(':document/', ':automation-definition/')}:${DocumentVersion ?? '$DEFAULT'}`;
    return [
      { action, resource: document, context },
      { action, resource: definition, context },
      { action, resource: executionArn('new', accountId, region), context },
      ...(role === '' ? [] : [passing(role)]),
    ];
  }

  function newExecution(request: z.infer<typeof startRequest>, starter: Identity, region: string): Execution {
    const { DocumentName, DocumentVersion, Parameters } = request;
    const stored = documents.get(documentArn(DocumentName, starter.accountId, region));
    if (stored === undefined) {
      throw new ServiceError('AutomationDefinitionNotFoundException', `The document ${DocumentName} does not exist.`);
    }
    const { document, version } = stored;
    if (!['$DEFAULT', '$LATEST', String(version)].includes(DocumentVersion ?? '$DEFAULT')) {
      const message = `The document ${DocumentName} has no version ${DocumentVersion}.`;
      throw new ServiceError('AutomationDefinitionVersionNotFoundException', message);
    }
    const parameters = invalidAsServiceError(() => readParameters(document, Parameters ?? {}));
    const roleArn = assumedRole(document, parameters);
    const fault = faultOf(DocumentName, document);
    return {
      id: randomUUID(),
      documentName: DocumentName,
      version: String(version),
      document,
      parameters,
      region,
      ...(fault === undefined ? {} : { fault }),
      starter,
      // "If no role is specified, Systems Manager Automation uses your IAM permissions to run this document."
      caller: roleArn === '' ? starter : { accountId: roleArn.split(':')[4] ?? '', roleArn },
      status: 'InProgress',
      steps: document.mainSteps.map((step) => ({ id: randomUUID(), step, status: 'Pending', inputs: {}, outputs: {} })),
      startedAt: clock.now(),
    };
  }

  function faultOf(name: string, { mainSteps }: AutomationDocument): Execution['fault'] {
    const fault = faults.find((candidate) => candidate.name === name && candidate.times > 0);
    if (fault === undefined) return undefined;
    fault.times -= 1;
    return { step: fault.step ?? mainSteps[0]?.name ?? '', message: fault.message };
  }

  const getAutomationExecution = operation(
    z.object({ AutomationExecutionId: z.string() }),
    ({ AutomationExecutionId }, { accountId }, region) => executionArn(AutomationExecutionId, accountId, region),
    ({ AutomationExecutionId }, caller, region) => ({
      AutomationExecution: describe(find(AutomationExecutionId, caller, region)),
    }),
  );

  const stopAutomationExecution = operation(
    z.strictObject({ AutomationExecutionId: z.string(), Type: z.literal('Cancel').nullish() }),
    ({ AutomationExecutionId }, { accountId }, region) => executionArn(AutomationExecutionId, accountId, region),
    ({ AutomationExecutionId }, caller, region) => {
      const execution = find(AutomationExecutionId, caller, region);
      if (execution.status !== 'InProgress') {
        const message = `Automation execution ${execution.id} is ${execution.status} and cannot be stopped.`;
        throw new ServiceError('InvalidAutomationStatusUpdateException', message);
      }
      execution.status = 'Cancelling';
      execution.interrupt?.();
      return {};
    },
  );

  const describeAutomationExecutions = operation(
    z.object({
      Filters: z.array(z.object({ Key: z.string(), Values: z.array(z.string()).min(1).max(10) })).nullish(),
      MaxResults: z.int().min(1).max(PAGE_LIMIT).nullish(),
      NextToken: z.string().regex(/^\d+$/).nullish(),
    }),
    () => '*',
    ({ Filters, MaxResults, NextToken }, { accountId }, region) => {
      const tests = (Filters ?? []).map(({ Key, Values }) => filterOf(Key, Values));
      const found = [...executions.values()]
        .filter((execution) => execution.starter.accountId === accountId && execution.region === region)
        .filter((execution) => tests.every((test) => test(execution)))
        .reverse();
      const start = Number(NextToken ?? 0);
      const end = start + (MaxResults ?? PAGE_LIMIT);
      return {
        AutomationExecutionMetadataList: found.slice(start, end).map(describeBriefly),
        ...(end < found.length ? { NextToken: String(end) } : {}),
      };
    },
  );

  return {
    operations: {
      StartAutomationExecution: startAutomationExecution,
      GetAutomationExecution: getAutomationExecution,
      StopAutomationExecution: stopAutomationExecution,
      DescribeAutomationExecutions: describeAutomationExecutions,
    },
    createDocument(name, content, accountId = CENTRAL_ACCOUNT, region = options.region) {
      const arn = documentArn(name, accountId, region);
      documents.set(arn, { document: readDocument(content), version: (documents.get(arn)?.version ?? 0) + 1 });
    },
    failNext(name, times, { step, message = 'the step was made to fail' } = {}) {
      faults.push({ name, times, step, message });
    },
    count: (name) => [...executions.values()].filter(({ documentName }) => documentName === name).length,
    runbook: (name, accountId, region) => documents.get(documentArn(name, accountId, region)),
  };
}

function filterOf(key: string, values: readonly string[]): (execution: Execution) => boolean {
  const filter = Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
  if (filter === undefined) throw new ServiceError('InvalidFilterKey', `The filter ${key} is not simulated.`);
  return (execution) => values.some((value) => filter(execution, value));
}

function invalidAsServiceError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ServiceError('InvalidAutomationExecutionParametersException', message);
  }
}

/** The role that a caller of StartAutomationExecution passes; empty where there is none, or the call is refused anyway. */
function roleToPass(document: AutomationDocument | undefined, given: Record<string, string[]>): string {
  if (document === undefined) return '';
  try {
    return assumedRole(document, readParameters(document, given));
  } catch {
    return '';
  }
}

function passing(roleArn: string): Authorization {
  const context = { 'iam:PassedToService': ['ssm.amazonaws.com'] };
  return { action: 'iam:PassRole', resource: roleArn, context };
}

/** The role of a runbook: an ARN, or a parameter that holds one; empty when there is none. */
function assumedRole(document: AutomationDocument, parameters: Readonly<Record<string, unknown>>): string {
  const role = invalidAsServiceError(() => substitute(document.assumeRole ?? '', (name) => parameters[name]));
  return asText(role);
}

/** Runs the steps of one execution. */
class Runner {
  readonly #execution: Execution;
  readonly #options: AutomationOptions;
  #release = (): void => {};
  /** Of the first critical step that failed or timed out; the execution ends with it. */
  #worst: { status: 'Failed' | 'TimedOut'; failure: string } | undefined;

  constructor(execution: Execution, options: AutomationOptions) {
    this.#execution = execution;
    this.#options = options;
  }

  start(): void {
    this.#release = this.#options.clock.hold();
    void this.#run().finally(() => this.#release());
  }

  async #run(): Promise<void> {
    const execution = this.#execution;
    let record = execution.steps[0];
    while (record !== undefined && execution.status === 'InProgress') {
      const result = await this.#runRecord(record);
      record = this.#next(record, result);
    }
    execution.endedAt = this.#options.clock.now();
    if (execution.status === 'Cancelling') execution.status = 'Cancelled';
    else execution.status = this.#worst?.status ?? 'Success';
    execution.failure = this.#worst?.failure;
  }

  /** The step after `record`, if any (user guide, "Properties shared by all actions"). */
  #next(record: StepRecord, result: StepResult | undefined): StepRecord | undefined {
    const { step } = record;
    const { steps } = this.#execution;
    const named = (name: string) => steps.find((candidate) => candidate.step.name === name);
    const following = steps[steps.indexOf(record) + 1];
    if (result === undefined) {
      // "Abort will fail the automation when the step fails", "isEnd: … stops if the step execution failed or succeeded".
      if (step.onFailure === 'Abort' || step.isEnd) return undefined;
      if (step.onFailure.startsWith('step:')) return named(step.onFailure.slice('step:'.length));
      return step.nextStep === undefined ? following : named(step.nextStep);
    }
    if (result.nextStep !== undefined) return named(result.nextStep);
    if (step.isEnd) return undefined;
    return step.nextStep === undefined ? following : named(step.nextStep);
  }

  /** Runs a step with its attempts; undefined when it has failed in the end. */
  async #runRecord(record: StepRecord): Promise<StepResult | undefined> {
    const { clock } = this.#options;
    const { step } = record;
    record.status = 'InProgress';
    record.startedAt = clock.now();
    let failed: unknown;
    for (let attempt = 1; attempt <= step.maxAttempts; attempt += 1) {
      try {
        const { fault } = this.#execution;
        if (fault?.step === step.name) throw new StepFailedError(fault.message);
        const inputs = this.#inputsOf(step);
        record.inputs = inputs;
        const result = await this.#attempt(step, inputs);
        Object.assign(record, { status: 'Success', outputs: result.outputs, endedAt: clock.now() });
        return result;
      } catch (error) {
        failed = error;
        if (error instanceof StepCancelledError) break;
      }
    }
    record.endedAt = clock.now();
    this.#fail(record, failed);
    return undefined;
  }

  #fail(record: StepRecord, error: unknown): void {
    if (error instanceof StepCancelledError) {
      record.status = 'Cancelled';
      return;
    }
    const { step } = record;
    const status = error instanceof StepTimedOutError ? 'TimedOut' : 'Failed';
    record.status = status;
    record.failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    // isCritical is true by default, and false with "onFailure: Continue"; a step that aborts fails the automation anyway.
    const isCritical = step.isCritical ?? step.onFailure !== 'Continue';
    if (isCritical || step.onFailure === 'Abort') {
      this.#worst ??= { status, failure: `Step ${step.name} failed. ${record.failure}` };
    }
  }

  #attempt(step: DocumentStep, inputs: Record<string, unknown>): Promise<StepResult> {
    const { clock, callApi } = this.#options;
    const seconds =
      step.timeoutSeconds ?? (step.action === 'aws:waitForAwsResourceProperty' ? PROPERTY_TIMEOUT_SECONDS : undefined);
    const deadline = seconds === undefined ? Number.POSITIVE_INFINITY : clock.now() + seconds * 1000;
    return runStep(step, inputs, {
      callApi: (service, api, parameters) => callApi(service, api, parameters, this.#execution.caller),
      now: () => clock.now(),
      wait: async (ms) => {
        await this.#pass(Math.min(ms, deadline - clock.now()));
        if (this.#execution.status === 'Cancelling') throw new StepCancelledError('the execution was stopped');
        if (clock.now() >= deadline) throw new StepTimedOutError(`the step took longer than ${seconds} seconds`);
      },
    });
  }

  /** Lets time pass, until somebody stops the execution. Nothing is held meanwhile. */
  #pass(ms: number): Promise<void> {
    const { clock } = this.#options;
    const execution = this.#execution;
    return new Promise((resolve) => {
      const proceed = (): void => {
        cancel();
        delete execution.interrupt;
        this.#release = clock.hold();
        resolve();
      };
      const cancel = clock.after(ms, proceed);
      execution.interrupt = proceed;
      this.#release();
    });
  }

  #inputsOf(step: DocumentStep): Record<string, unknown> {
    const inputs = substitute(step.inputs, (variable) => this.#lookup(variable));
    return z.record(z.string(), z.unknown()).parse(inputs);
  }

  /** The value of a variable (user guide, "Automation system variables"). */
  #lookup(variable: string): unknown {
    const { parameters, id, caller, region } = this.#execution;
    const { clock } = this.#options;
    const time = new Date(clock.now()).toISOString();
    const system: Readonly<Record<string, string>> = {
      'global:ACCOUNT_ID': caller.accountId,
      'global:REGION': region,
      'global:DATE': time.slice(0, 10),
      'global:DATE_TIME': time.slice(0, 19).replace('T', '_').replaceAll(':', '.'),
      'automation:EXECUTION_ID': id,
    };
    if (Object.hasOwn(system, variable)) return system[variable];
    if (variable.startsWith('ssm:')) return this.#options.parameter(variable.slice('ssm:'.length), caller.accountId);
    const [stepName, outputName] = variable.split('.');
    if (outputName === undefined) return Object.hasOwn(parameters, variable) ? parameters[variable] : undefined;
    return outputOf(this.#execution, stepName ?? '', outputName);
  }
}

function outputOf(execution: Execution, stepName: string, outputName: string): unknown {
  const outputs = execution.steps.find(({ step }) => step.name === stepName)?.outputs ?? {};
  return Object.hasOwn(outputs, outputName) ? outputs[outputName] : undefined;
}

/** Members that GetAutomationExecution and DescribeAutomationExecutions share. */
function describeBriefly(execution: Execution): object {
  const current = execution.steps.find(({ status }) => status === 'InProgress');
  return {
    AutomationExecutionId: execution.id,
    DocumentName: execution.documentName,
    DocumentVersion: execution.version,
    AutomationExecutionStatus: execution.status,
    ExecutionStartTime: execution.startedAt / 1000,
    ...(execution.endedAt === undefined ? {} : { ExecutionEndTime: execution.endedAt / 1000 }),
    ExecutedBy: execution.starter.roleArn,
    Mode: 'Auto',
    Outputs: outputsOf(execution),
    ...(current === undefined ? {} : { CurrentStepName: current.step.name, CurrentAction: current.step.action }),
    ...(execution.failure === undefined ? {} : { FailureMessage: execution.failure }),
  };
}

function describe(execution: Execution): object {
  return {
    ...describeBriefly(execution),
    Parameters: textsOf(execution.parameters),
    StepExecutions: execution.steps.map(describeStep),
    StepExecutionsTruncated: false,
  };
}

/** Outputs of the runbook, by `step.output`; a value that was never given is not there. */
function outputsOf(execution: Execution): Record<string, string[]> {
  const named = execution.document.outputs.map((name) => {
    const [stepName = '', outputName = ''] = name.split('.');
    return [name, outputOf(execution, stepName, outputName)] as const;
  });
  return textsOf(Object.fromEntries(named.filter(([, value]) => value !== undefined)));
}

function textsOf(values: Readonly<Record<string, unknown>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asTexts(value)]));
}

function describeStep({ id, step, status, startedAt, endedAt, inputs, outputs, failure }: StepRecord): object {
  return {
    StepExecutionId: id,
    StepName: step.name,
    Action: step.action,
    StepStatus: status,
    OnFailure: step.onFailure,
    MaxAttempts: step.maxAttempts,
    IsEnd: step.isEnd,
    ...(step.timeoutSeconds === undefined ? {} : { TimeoutSeconds: step.timeoutSeconds }),
    ...(step.nextStep === undefined ? {} : { NextStep: step.nextStep }),
    ...(startedAt === undefined ? {} : { ExecutionStartTime: startedAt / 1000 }),
    ...(endedAt === undefined ? {} : { ExecutionEndTime: endedAt / 1000 }),
    Inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, JSON.stringify(value)])),
    Outputs: textsOf(outputs),
    ...(failure === undefined ? {} : { FailureMessage: failure }),
  };
}
