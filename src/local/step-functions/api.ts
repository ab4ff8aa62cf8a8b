import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { AwsCall, Identities, Identity } from '../aws/identities.ts';
import type { LocalHandler, LocalRequest, LocalResponse } from '../http.ts';
import type { StepFunctionsEngine } from './engine.ts';
import { StepFunctionsError } from './errors.ts';
import { parseArn } from './names.ts';
import { type Member, page, type RequestMembers, readRequest, type Shape } from './requests.ts';
import { LONGEST_TASK_TOKEN } from './task-tokens.ts';

const TARGET_PREFIX = 'AWSStepFunctions.';

/** Lengths and ranges of members. Source: API reference of Step Functions. */
const LONGEST_ARN = 256;
const LONGEST_DATA = 262_144;
const LONGEST_ERROR = 256;
const LONGEST_CAUSE = 32_768;
const MOST_RESULTS = 1000;

const EXECUTION_STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'] as const;
const REDRIVE_FILTERS = ['REDRIVEN', 'NOT_REDRIVEN'] as const;

const arn: Member = { kind: 'text', required: true, shortest: 1, longest: LONGEST_ARN };
const taskToken: Member = { kind: 'text', required: true, shortest: 1, longest: LONGEST_TASK_TOKEN, secret: true };
const failure: Shape = {
  error: { kind: 'text', longest: LONGEST_ERROR },
  cause: { kind: 'text', longest: LONGEST_CAUSE },
};
const maxResults: Member = { kind: 'integer', least: 0, most: MOST_RESULTS };

function pagedBy(longestToken: number): Shape {
  return { maxResults, nextToken: { kind: 'text', shortest: 1, longest: longestToken } };
}

interface Operation {
  shape: Shape;
  /** The member that holds the ARN of what is acted on, and what kind of ARN it is; without it the resource is `*`. */
  resource?: { member: string; kind: 'stateMachine' | 'execution' };
  run(engine: StepFunctionsEngine, request: RequestMembers, caller: Identity): object;
}

const onMachine = { member: 'stateMachineArn', kind: 'stateMachine' } as const;
const onExecution = { member: 'executionArn', kind: 'execution' } as const;

const OPERATIONS: Record<string, Operation> = {
  StartExecution: {
    shape: {
      stateMachineArn: arn,
      name: { kind: 'text', shortest: 1, longest: 80 },
      input: { kind: 'text', longest: LONGEST_DATA },
      traceHeader: { kind: 'text', longest: 256 },
    },
    resource: onMachine,
    run: (engine, request) =>
      engine.startExecution({
        stateMachineArn: request.text('stateMachineArn'),
        name: request.optionalText('name'),
        input: request.optionalText('input'),
      }),
  },
  DescribeExecution: {
    shape: { executionArn: arn },
    resource: onExecution,
    run: (engine, request) => engine.describeExecution(request.text('executionArn')),
  },
  GetExecutionHistory: {
    shape: {
      executionArn: arn,
      reverseOrder: { kind: 'boolean' },
      includeExecutionData: { kind: 'boolean' },
      ...pagedBy(1024),
    },
    resource: onExecution,
    run: getExecutionHistory,
  },
  ListExecutions: {
    shape: {
      stateMachineArn: arn,
      statusFilter: { kind: 'choice', values: EXECUTION_STATUSES },
      redriveFilter: { kind: 'choice', values: REDRIVE_FILTERS },
      ...pagedBy(3096),
    },
    resource: onMachine,
    run: listExecutions,
  },
  StopExecution: {
    shape: { executionArn: arn, ...failure },
    resource: onExecution,
    run: (engine, request) =>
      engine.stopExecution({
        executionArn: request.text('executionArn'),
        error: request.optionalText('error'),
        cause: request.optionalText('cause'),
      }),
  },
  RedriveExecution: {
    shape: { executionArn: arn, clientToken: { kind: 'text', shortest: 1, longest: 64 } },
    resource: onExecution,
    run: (engine, request) => engine.redriveExecution(request.text('executionArn')),
  },
  DescribeStateMachine: {
    shape: { stateMachineArn: arn },
    resource: onMachine,
    run: (engine, request) => engine.describeStateMachine(request.text('stateMachineArn')),
  },
  ListStateMachines: { shape: pagedBy(1024), run: listStateMachines },
  SendTaskSuccess: {
    shape: { taskToken, output: { kind: 'text', required: true, longest: LONGEST_DATA } },
    run: (engine, request, { accountId }) => {
      engine.sendTaskSuccess({ taskToken: request.text('taskToken'), output: request.text('output'), accountId });
      return {};
    },
  },
  SendTaskFailure: {
    shape: { taskToken, ...failure },
    run: (engine, request, { accountId }) => {
      engine.sendTaskFailure({
        taskToken: request.text('taskToken'),
        error: request.optionalText('error'),
        cause: request.optionalText('cause'),
        accountId,
      });
      return {};
    },
  },
  SendTaskHeartbeat: {
    shape: { taskToken },
    run: (engine, request, { accountId }) => {
      engine.sendTaskHeartbeat({ taskToken: request.text('taskToken'), accountId });
      return {};
    },
  },
};

/**
 * The HTTP front of the engine: awsJson 1.0, as `@aws-sdk/client-sfn` speaks it. The caller is whoever signed the request;
 * callers see and start only what is in their own account.
 */
export function stepFunctionsApi(options: {
  engine: StepFunctionsEngine;
  identities: Identities;
  onCall?: (call: AwsCall) => void;
}): LocalHandler {
  return async (request) => {
    const name = operationName(request);
    const identity = options.identities.signer(request.headers.authorization);
    const operation = name === undefined || !Object.hasOwn(OPERATIONS, name) ? undefined : OPERATIONS[name];
    if (name === undefined || operation === undefined) {
      return errorResponse(new StepFunctionsError('UnknownOperationException', 'the operation is not implemented'));
    }
    if (identity === undefined) {
      const problem = 'The security token included in the request is invalid.';
      return errorResponse(new StepFunctionsError('UnrecognizedClientException', problem));
    }
    let resource = '*';
    const note = (outcome: string) =>
      options.onCall?.({ service: 'states', action: name, identity, resource, outcome });
    try {
      const members = readRequest(request.body, operation.shape);
      if (operation.resource !== undefined) resource = members.text(operation.resource.member);
      else if (Object.hasOwn(operation.shape, 'taskToken')) {
        // IAM is asked about the token's machine: that is what AccessDeniedException names, and CDK's grantTaskResponse grants.
        resource = options.engine.machineOfToken(members.text('taskToken')) ?? '*';
      }
      checkAccount(operation, name, resource, identity);
      const answer = operation.run(options.engine, members, identity);
      note('ok');
      return jsonResponse(200, answer);
    } catch (error) {
      if (!(error instanceof StepFunctionsError)) throw error;
      note(error.code);
      return errorResponse(error);
    }
  };
}

function operationName(request: LocalRequest): string | undefined {
  const target = request.headers['x-amz-target'];
  return typeof target === 'string' && target.startsWith(TARGET_PREFIX)
    ? target.slice(TARGET_PREFIX.length)
    : undefined;
}

function checkAccount(operation: Operation, action: string, resource: string, caller: Identity): void {
  if (operation.resource === undefined) return;
  if (parseArn(operation.resource.kind, resource).accountId === caller.accountId) return;
  throw new StepFunctionsError(
    'AccessDeniedException',
    `User: ${caller.roleArn} is not authorized to perform: states:${action} on resource: ${resource}`,
  );
}

function getExecutionHistory(engine: StepFunctionsEngine, request: RequestMembers): object {
  const recorded = engine.getExecutionHistory(request.text('executionArn'));
  const ordered = request.flag('reverseOrder') ? [...recorded].reverse() : recorded;
  const found = page(ordered, (event) => String(event.id), pageOf(request));
  const events = request.flag('includeExecutionData') === false ? found.items.map(withoutData) : found.items;
  return { events, nextToken: found.nextToken };
}

/** Details that includeExecutionData leaves out. */
const DATA_FIELDS = ['input', 'output', 'parameters', 'assignedVariables'];

function withoutData(event: HistoryEvent): object {
  const entries = Object.entries(event).map(([name, details]) => {
    if (typeof details !== 'object' || details === null || details instanceof Date) return [name, details];
    return [name, Object.fromEntries(Object.entries(details).filter(([field]) => !DATA_FIELDS.includes(field)))];
  });
  return Object.fromEntries(entries);
}

function listExecutions(engine: StepFunctionsEngine, request: RequestMembers): object {
  const executions = engine.listExecutions({
    stateMachineArn: request.text('stateMachineArn'),
    statusFilter: request.choice('statusFilter', EXECUTION_STATUSES),
    redriveFilter: request.choice('redriveFilter', REDRIVE_FILTERS),
  });
  const found = page(executions, (execution) => String(execution.executionArn), pageOf(request));
  return { executions: found.items, nextToken: found.nextToken };
}

function listStateMachines(engine: StepFunctionsEngine, request: RequestMembers, caller: Identity): object {
  const machines = engine.listStateMachines(caller.accountId);
  const found = page(machines, (machine) => String(machine.stateMachineArn), pageOf(request));
  return { stateMachines: found.items, nextToken: found.nextToken };
}

function pageOf(request: RequestMembers): { maxResults: number | undefined; nextToken: string | undefined } {
  return { maxResults: request.integer('maxResults'), nextToken: request.optionalText('nextToken') };
}

function jsonResponse(status: number, body: object): LocalResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(withEpochSeconds(body)),
  };
}

/** awsJson 1.0 writes a time as a number of seconds, with milliseconds behind the point. */
function withEpochSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(withEpochSeconds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withEpochSeconds(field)]));
}

function errorResponse(error: StepFunctionsError): LocalResponse {
  const status = error.code === 'UnrecognizedClientException' ? 403 : 400;
  return jsonResponse(status, { __type: error.code, message: error.message });
}
