import { z } from 'zod';
import { CENTRAL_ACCOUNT, REGION } from '../accounts.ts';
import type { Identity } from '../aws/identities.ts';
import type { CallApi } from './automation-steps.ts';
import { type Operation, operation, serveJson } from './json-service.ts';
import { notAuthorized, ServiceError, type ServiceOptions } from './service.ts';
import { automation, type LocalAutomation } from './ssm-automation.ts';
import { documentArnOf } from './ssm-documents.ts';
import { type LocalRunCommand, type ManagedNode, runCommand } from './ssm-run-command.ts';

/** How calls go wrong: refused, throttled, not taken, or done with the answer lost on its way. */
export type SsmFault = 'denied' | 'throttled' | 'broken' | 'lost';

/**
 * A Systems Manager on a loopback port: Parameter Store, Automation and Run Command. Each account has parameters and
 * documents of its own.
 */
export interface LocalParameterStore {
  /** For `AWS_ENDPOINT_URL_SSM`. */
  url: string;
  /** Sets a parameter (type String) of an account (default: the central one), as if by PutParameter with Overwrite. */
  put(name: string, value: string, accountId?: string): void;
  /** The newest value of a parameter. */
  get(name: string, accountId?: string): string | undefined;
  automation: LocalAutomation;
  runCommand: LocalRunCommand;
  /** The next `times` calls of an operation (of an account) go wrong. */
  failCalls(action: string, times: number, how: SsmFault, accountId?: string): void;
  close(): Promise<void>;
}

type ParameterType = 'String' | 'StringList' | 'SecureString';

interface Parameter {
  name: string;
  type: ParameterType;
  value: string;
  version: number;
  /** Milliseconds since the epoch. */
  modifiedAt: number;
}

/** A parameter of the standard tier holds this much (Parameter Store quotas); the advanced tier is not simulated. */
const STANDARD_LIMIT_BYTES = 4096;
const PAGE_LIMIT = 10;

/**
 * Starts Systems Manager with GetParameter, GetParameters, GetParametersByPath, PutParameter and DescribeDocument, and the
 * operations of {@link automation} and {@link runCommand}. `callApi` is how runbooks call AWS; without it, every such step
 * fails. `nodes` are the instances with an agent; without it there is none.
 */
export async function startSsm(
  options: ServiceOptions & {
    region?: string;
    callApi?: CallApi;
    nodes?: (accountId: string, region: string) => ManagedNode[];
  },
): Promise<LocalParameterStore> {
  const { clock, region = REGION } = options;
  const accounts = new Map<string, Map<string, Parameter>>();
  const parametersOf = (accountId: string): Map<string, Parameter> => {
    const parameters = accounts.get(accountId) ?? new Map<string, Parameter>();
    accounts.set(accountId, parameters);
    return parameters;
  };
  const arnOf = (name: string, accountId: string): string =>
    name.startsWith('arn:') ? name : `arn:aws:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`;
  const find = (nameOrArn: string, accountId: string): Parameter | undefined =>
    [...parametersOf(accountId).values()].find(({ name }) =>
      nameOrArn.startsWith('arn:') ? arnOf(name, accountId) === nameOrArn : name === nameOrArn,
    );
  const describe = (parameter: Parameter, accountId: string): object => ({
    ARN: arnOf(parameter.name, accountId),
    DataType: 'text',
    LastModifiedDate: parameter.modifiedAt / 1000,
    Name: parameter.name,
    Type: parameter.type,
    Value: parameter.value,
    Version: parameter.version,
  });
  const store = (name: string, value: string, type: ParameterType, accountId: string): Parameter => {
    const version = (find(name, accountId)?.version ?? 0) + 1;
    const parameter = { name, type, value, version, modifiedAt: clock.now() };
    parametersOf(accountId).set(name, parameter);
    return parameter;
  };

  const getParameter = operation(
    z.object({ Name: z.string() }),
    ({ Name }, { accountId }) => arnOf(Name, accountId),
    ({ Name }, { accountId }) => {
      const found = find(Name, accountId);
      if (found === undefined) throw new ServiceError('ParameterNotFound', `Parameter ${Name} not found.`);
      return { Parameter: describe(found, accountId) };
    },
  );

  const getParameters = operation(
    z.object({ Names: z.array(z.string()).min(1).max(PAGE_LIMIT) }),
    ({ Names }, { accountId }) => (Names.length === 1 ? arnOf(Names[0] ?? '', accountId) : '*'),
    ({ Names }, { accountId }) => {
      const found = Names.flatMap((name) => find(name, accountId) ?? []);
      return {
        Parameters: found.map((parameter) => describe(parameter, accountId)),
        InvalidParameters: Names.filter((name) => find(name, accountId) === undefined),
      };
    },
    ({ Names }, { accountId }) =>
      Names.map((name) => ({ action: 'ssm:GetParameters', resource: arnOf(name, accountId), context: {} })),
  );

  const getParametersByPath = operation(
    z.object({
      Path: z.string().startsWith('/'),
      Recursive: z.boolean().nullish(),
      MaxResults: z.int().min(1).max(PAGE_LIMIT).nullish(),
      NextToken: z.string().regex(/^\d+$/).nullish(),
    }),
    ({ Path }, { accountId }) => arnOf(Path, accountId),
    ({ Path, Recursive, MaxResults, NextToken }, { accountId }) => {
      const prefix = Path.endsWith('/') ? Path : `${Path}/`;
      const below = [...parametersOf(accountId).values()]
        .filter(({ name }) => name.startsWith(prefix) && (Recursive || !name.slice(prefix.length).includes('/')))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const start = Number(NextToken ?? 0);
      const end = start + (MaxResults ?? PAGE_LIMIT);
      return {
        Parameters: below.slice(start, end).map((parameter) => describe(parameter, accountId)),
        ...(end < below.length ? { NextToken: String(end) } : {}),
      };
    },
  );

  const putParameter = operation(
    z.object({
      Name: z.string(),
      Value: z.string(),
      Type: z.enum(['String', 'StringList', 'SecureString']).nullish(),
      Overwrite: z.boolean().nullish(),
    }),
    ({ Name }, { accountId }) => arnOf(Name, accountId),
    ({ Name, Value, Type, Overwrite }, { accountId }) => {
      const existing = find(Name, accountId);
      if (existing !== undefined && !Overwrite) {
        throw new ServiceError(
          'ParameterAlreadyExists',
          'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
        );
      }
      const type = Type ?? existing?.type;
      if (type === undefined) {
        throw new ServiceError('ValidationException', 'A parameter type is required when you create a parameter.');
      }
      if (Buffer.byteLength(Value) > STANDARD_LIMIT_BYTES) {
        throw new ServiceError(
          'ValidationException',
          'Standard tier parameters support a maximum parameter value of 4096 characters.',
        );
      }
      return { Tier: 'Standard', Version: store(Name, Value, type, accountId).version };
    },
  );

  const runbooks = automation({
    clock,
    region,
    callApi: options.callApi ?? notWired,
    parameter: (name, accountId) => find(name, accountId)?.value,
  });
  const commands = runCommand({ clock, nodes: options.nodes ?? (() => []) });
  const describeDocument = operation(
    z.object({ Name: z.string(), DocumentVersion: z.string().nullish() }),
    ({ Name }, { accountId }, signedRegion) => documentArnOf({ name: Name, accountId, region: signedRegion }),
    ({ Name, DocumentVersion }, { accountId }, signedRegion) => {
      const runbook = runbooks.runbook(Name, accountId, signedRegion);
      const command = commands.document(Name, accountId, signedRegion);
      if (runbook === undefined && command === undefined) {
        throw new ServiceError('InvalidDocument', `Document with name ${Name} does not exist.`);
      }
      const version = String(runbook?.version ?? 1);
      if (!['$DEFAULT', '$LATEST', version].includes(DocumentVersion ?? '$DEFAULT')) {
        throw new ServiceError('InvalidDocumentVersion', `The document ${Name} has no version ${DocumentVersion}.`);
      }
      const DocumentType = runbook === undefined ? 'Command' : 'Automation';
      return { Document: { Name, DocumentType, DocumentVersion: version, Status: 'Active' } };
    },
  );

  const faults: { action: string; times: number; how: SsmFault; accountId: string | undefined }[] = [];
  const withFaults =
    (action: string, of: Operation): Operation =>
    (input, caller, signedRegion) => {
      const call = of(input, caller, signedRegion);
      return { ...call, run: () => runWith(takeFault(action, caller.accountId), call, { action, caller }) };
    };
  const takeFault = (action: string, accountId: string): SsmFault | undefined => {
    const fault = faults.find(
      (one) => one.times > 0 && one.action === action && (one.accountId ?? accountId) === accountId,
    );
    if (fault !== undefined) fault.times -= 1;
    return fault?.how;
  };
  const operations: Record<string, Operation> = {
    GetParameter: getParameter,
    GetParameters: getParameters,
    GetParametersByPath: getParametersByPath,
    PutParameter: putParameter,
    DescribeDocument: describeDocument,
    ...runbooks.operations,
    ...commands.operations,
  };
  const server = await serveJson(
    {
      service: 'ssm',
      targetPrefix: 'AmazonSSM',
      operations: Object.fromEntries(
        Object.entries(operations).map(([action, of]) => [action, withFaults(action, of)]),
      ),
    },
    options,
  );
  return {
    url: server.url,
    put(name, value, accountId = CENTRAL_ACCOUNT) {
      store(name, value, 'String', accountId);
    },
    get: (name, accountId = CENTRAL_ACCOUNT) => find(name, accountId)?.value,
    automation: runbooks,
    runCommand: commands,
    failCalls: (action, times, how, accountId) => void faults.push({ action, times, how, accountId }),
    close: () => server.close(),
  };
}

async function runWith(
  fault: SsmFault | undefined,
  call: ReturnType<Operation>,
  { action, caller }: { action: string; caller: Identity },
): Promise<unknown> {
  if (fault === 'denied') {
    const because = 'no identity-based policy allows the action';
    throw new ServiceError('AccessDeniedException', notAuthorized(caller, `ssm:${action}`, call.resource, because));
  }
  if (fault === 'throttled') throw new ServiceError('ThrottlingException', 'Rate exceeded');
  const answer = fault === 'broken' ? undefined : await call.run();
  if (fault === undefined) return answer;
  throw new ServiceError('InternalServerError', 'An error occurred on the server side.', 500);
}

async function notWired(service: string, api: string): Promise<never> {
  throw new ServiceError('UnknownOperationException', `${service}:${api} is not simulated`);
}
