import { z } from 'zod';
import type { Identity } from '../aws/identities.ts';
import { durationMs } from '../aws/iso-time.ts';
import { type BranchCondition, type BranchOperator, type DocumentStep, readBranch } from './automation-document.ts';
import { asText, select, UnresolvedValueError } from './automation-values.ts';

/**
 * Calls an operation of AWS for a runbook. `service` is the namespace that the AWS SDK for Python uses (Step Functions is
 * `stepfunctions`), `api` the operation as in the API reference, `parameters` its members as they stand in the runbook, and
 * `caller` the role that the runbook runs with. The answer is what selectors read; a refused call is a thrown error.
 */
export type CallApi = (
  service: string,
  api: string,
  parameters: Readonly<Record<string, unknown>>,
  caller: Identity,
) => Promise<unknown>;

/** What a running step may do. */
export interface StepContext {
  callApi(service: string, api: string, parameters: Readonly<Record<string, unknown>>): Promise<unknown>;
  now(): number;
  /** Lets simulated time pass. @throws {StepTimedOutError | StepCancelledError} */
  wait(ms: number): Promise<void>;
}

/** What a step has come to: its outputs, and the step that aws:branch has chosen. */
export interface StepResult {
  outputs: Record<string, unknown>;
  nextStep?: string;
}

/** Thrown when a step's action fails. */
export class StepFailedError extends Error {
  override readonly name = 'StepFailedError';
}

/** Thrown by {@link StepContext.wait} when the step's timeoutSeconds are over. */
export class StepTimedOutError extends Error {
  override readonly name = 'StepTimedOutError';
}

/** Thrown by {@link StepContext.wait} when somebody stops the execution. */
export class StepCancelledError extends Error {
  override readonly name = 'StepCancelledError';
}

/** How often the simulator looks at what it waits for; AWS does not publish its own interval. */
const POLL_MS = 30_000;
/** "Automation supports a maximum delay of 604800 seconds (7 days)" (user guide, aws:sleep). */
const LONGEST_SLEEP_MS = 604_800_000;

const apiInputs = z.looseObject({ Service: z.string().min(1), Api: z.string().min(1) });
const propertyInputs = apiInputs.extend({
  PropertySelector: z.string(),
  DesiredValues: z.array(z.unknown()).min(1),
});
const machineInputs = z.strictObject({
  stateMachineArn: z.string().min(1),
  name: z.string().optional(),
  input: z.string().optional(),
});
const sleepInputs = z.strictObject({ Duration: z.string().optional(), Timestamp: z.string().optional() });
const startedExecution = z.looseObject({ executionArn: z.string() });
const describedExecution = z.looseObject({ status: z.string() });

/** Members of DescribeExecution that are outputs of the step (user guide, aws:executeStateMachine). */
const EXECUTION_OUTPUTS = [
  'executionArn',
  'input',
  'name',
  'output',
  'startDate',
  'stateMachineArn',
  'status',
  'stopDate',
];

/** Runs a step's action once. `inputs` are its inputs with all variables replaced. */
export async function runStep(step: DocumentStep, inputs: unknown, context: StepContext): Promise<StepResult> {
  switch (step.action) {
    case 'aws:executeAwsApi':
      return { outputs: selectOutputs(step, await call(inputs, context)) };
    case 'aws:assertAwsResourceProperty':
      return assertProperty(inputs, context);
    case 'aws:waitForAwsResourceProperty':
      return waitForProperty(inputs, context);
    case 'aws:executeStateMachine':
      return executeStateMachine(inputs, context);
    case 'aws:branch':
      return branch(inputs);
    case 'aws:sleep':
      return sleep(inputs, context);
  }
}

/** The operation's name: a method of the AWS SDK for Python (`start_execution`) may be given instead of it. */
function operationName(api: string): string {
  return api
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

function call(inputs: unknown, context: StepContext): Promise<unknown> {
  const { Service, Api, ...parameters } = apiInputs.parse(inputs);
  return context.callApi(Service, operationName(Api), parameters);
}

function selectOutputs(step: DocumentStep, answer: unknown): Record<string, unknown> {
  return Object.fromEntries(
    (step.outputs ?? []).map(({ Name, Selector, Type }) => {
      const value = select(Selector, answer);
      if (!hasType(value, Type))
        throw new UnresolvedValueError(`the output ${Name} (${Selector}) is not of type ${Type}`);
      return [Name, value];
    }),
  );
}

function hasType(value: unknown, type: NonNullable<DocumentStep['outputs']>[number]['Type']): boolean {
  const isMap = (item: unknown) => typeof item === 'object' && item !== null && !Array.isArray(item);
  if (type === 'Integer') return Number.isInteger(value);
  if (type === 'Boolean') return typeof value === 'boolean';
  if (type === 'String') return typeof value === 'string';
  if (type === 'StringMap') return isMap(value);
  return Array.isArray(value) && value.every((item) => (type === 'MapList' ? isMap(item) : typeof item === 'string'));
}

/** One look at a property. A list, of a deep scan, is as desired when it is not empty and each of its values is. */
async function look(inputs: unknown, context: StepContext): Promise<{ isDesired: boolean; found: unknown }> {
  const { PropertySelector, DesiredValues, ...request } = propertyInputs.parse(inputs);
  const found = select(PropertySelector, await call(request, context));
  const values: unknown[] = Array.isArray(found) ? found : found === undefined ? [] : [found];
  const desired = DesiredValues.map(asText);
  return { isDesired: values.length > 0 && values.every((value) => desired.includes(asText(value))), found };
}

async function assertProperty(inputs: unknown, context: StepContext): Promise<StepResult> {
  const { isDesired, found } = await look(inputs, context);
  if (isDesired) return { outputs: {} };
  const { DesiredValues } = propertyInputs.parse(inputs);
  throw new StepFailedError(
    `the property is ${asText(found)}, which is not in the desired values ${asText(DesiredValues)}`,
  );
}

async function waitForProperty(inputs: unknown, context: StepContext): Promise<StepResult> {
  while (!(await look(inputs, context)).isDesired) await context.wait(POLL_MS);
  return { outputs: {} };
}

/**
 * Starts an execution, waits for its end and gives what DescribeExecution says of it. That it waits, and that a step which
 * times out or is cancelled stops its execution, follows from its outputs (`output`, `stopDate`, `status`) and from the
 * permissions that it needs (states:StartExecution, DescribeExecution, StopExecution).
 */
async function executeStateMachine(inputs: unknown, context: StepContext): Promise<StepResult> {
  const request = machineInputs.parse(inputs);
  const states = (api: string, parameters: Record<string, unknown>) =>
    context.callApi('stepfunctions', api, parameters);
  const { executionArn } = startedExecution.parse(await states('StartExecution', request));
  try {
    for (;;) {
      const execution = describedExecution.parse(await states('DescribeExecution', { executionArn }));
      if (execution.status === 'SUCCEEDED') return { outputs: executionOutputs(execution) };
      if (execution.status !== 'RUNNING') {
        throw new StepFailedError(`the execution ${executionArn} ended as ${execution.status}`);
      }
      await context.wait(POLL_MS);
    }
  } catch (error) {
    const isStopped = error instanceof StepTimedOutError || error instanceof StepCancelledError;
    if (isStopped) await states('StopExecution', { executionArn });
    throw error;
  }
}

function executionOutputs(execution: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    EXECUTION_OUTPUTS.flatMap((name) => {
      const value = execution[name];
      if (value === undefined || value === null) return [];
      return [[name, value instanceof Date ? value.toISOString() : value]];
    }),
  );
}

async function sleep(inputs: unknown, context: StepContext): Promise<StepResult> {
  const { Duration, Timestamp } = sleepInputs.parse(inputs);
  const ms =
    Duration === undefined
      ? Math.max(0, Date.parse(Timestamp ?? '') - context.now())
      : (durationMs(Duration) ?? Number.NaN);
  if (!(ms <= LONGEST_SLEEP_MS)) throw new StepFailedError(`cannot sleep for ${Duration ?? Timestamp}`);
  if (ms > 0) await context.wait(ms);
  return { outputs: {} };
}

function branch(inputs: unknown): StepResult {
  const { choices, otherwise } = readBranch(inputs);
  const nextStep = choices.find(({ condition }) => holds(condition))?.nextStep ?? otherwise;
  return nextStep === undefined ? { outputs: {} } : { outputs: {}, nextStep };
}

function holds(condition: BranchCondition): boolean {
  if ('And' in condition) return condition.And.every(holds);
  if ('Or' in condition) return condition.Or.some(holds);
  if ('Not' in condition) return !holds(condition.Not);
  const { Variable, ...comparison } = condition;
  return Object.entries(comparison).every(([operator, wanted]) =>
    COMPARISONS[operator as BranchOperator](asText(Variable), asText(wanted)),
  );
}

const COMPARISONS: Readonly<Record<BranchOperator, (value: string, wanted: string) => boolean>> = {
  StringEquals: (value, wanted) => value === wanted,
  EqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StartsWith: (value, wanted) => value.startsWith(wanted),
  EndsWith: (value, wanted) => value.endsWith(wanted),
  Contains: (value, wanted) => value.includes(wanted),
  NumericEquals: (value, wanted) => Number(value) === Number(wanted),
  NumericGreater: (value, wanted) => Number(value) > Number(wanted),
  NumericLesser: (value, wanted) => Number(value) < Number(wanted),
  NumericGreaterOrEquals: (value, wanted) => Number(value) >= Number(wanted),
  NumericLesserOrEquals: (value, wanted) => Number(value) <= Number(wanted),
  BooleanEquals: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
};
