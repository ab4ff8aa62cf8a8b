import type { Identity } from '../aws/identities.ts';
import { type LocalRequest, type LocalResponse, type LocalServer, serve } from '../http.ts';
import type { FunctionHost } from '../lambda/function-host.ts';
import { LambdaError } from '../lambda/lambda-error.ts';
import { notAuthorized, ServiceError, type ServiceOptions } from './service.ts';

/** What Lambda's API works on. */
export interface LambdaOptions extends ServiceOptions {
  host: FunctionHost;
  /** ARN of a function, without a version: how its account is told. */
  arnOf: (functionName: string) => string;
  /** The environment that functions were deployed with. */
  environment: () => Readonly<Record<string, string>>;
}

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/(invocations|configuration)$/;

/**
 * Starts Lambda's API with Invoke (without waiting, too) and GetFunctionConfiguration (restJson1). Functions are called in
 * this process; callers see and invoke those of their own account.
 */
export async function startLambda(options: LambdaOptions): Promise<LocalServer> {
  const { clock, host, arnOf, environment } = options;

  async function invoke(name: string, request: LocalRequest): Promise<LocalResponse> {
    const event: unknown = JSON.parse(request.body.toString('utf8') || '{}');
    const executed = { 'x-amz-executed-version': '$LATEST', 'content-type': 'application/json' };
    if (request.headers['x-amz-invocation-type'] === 'Event') {
      host.invokeAsync(name, event);
      return { status: 202, headers: executed };
    }
    try {
      return { status: 200, headers: executed, body: JSON.stringify(await host.invoke(name, event)) };
    } catch (error) {
      if (!(error instanceof LambdaError)) throw error;
      const { errorType, errorMessage, trace } = error;
      return {
        status: 200,
        headers: { ...executed, 'x-amz-function-error': 'Unhandled' },
        body: JSON.stringify({ errorType, errorMessage, trace }),
      };
    }
  }

  function configuration(name: string): LocalResponse {
    const FunctionName = name;
    const Environment = { Variables: environment() };
    const state = { State: 'Active', LastUpdateStatus: 'Successful', Runtime: 'nodejs24.x', Version: '$LATEST' };
    return jsonResponse(200, { FunctionName, FunctionArn: arnOf(name), Environment, ...state });
  }

  async function answer(request: LocalRequest): Promise<LocalResponse> {
    const caller = options.identities.signer(request.headers.authorization);
    if (caller === undefined) {
      const text = 'The security token included in the request is invalid.';
      return errorResponse(new ServiceError('UnrecognizedClientException', text, 403));
    }
    const [, nameOrArn = '', what] = PATH.exec(request.path) ?? [];
    const action = what === 'invocations' ? 'InvokeFunction' : 'GetFunctionConfiguration';
    const name = nameOrArn.replace(/^.*:function:/, '');
    const resource = arnOf(name);
    const record = (outcome: string): void =>
      options.onCall?.({ service: 'lambda', action, identity: caller, resource, outcome });
    try {
      if (what === undefined) throw new ServiceError('UnknownOperationException', 'The operation is not known.', 404);
      refuseOthers(caller, action, resource);
      if (!host.functionNames.includes(name)) {
        throw new ServiceError('ResourceNotFoundException', `Function not found: ${resource}`, 404);
      }
      const response = action === 'InvokeFunction' ? await invoke(name, request) : configuration(name);
      record('ok');
      return response;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      record(error.code);
      return errorResponse(error);
    }
  }

  return await serve(async (request) => {
    const release = clock.hold();
    try {
      return await answer(request);
    } finally {
      release();
    }
  });
}

function refuseOthers(caller: Identity, action: string, resource: string): void {
  if (resource.split(':')[4] === caller.accountId) return;
  const because = 'no resource-based policy allows the action';
  throw new ServiceError('AccessDeniedException', notAuthorized(caller, `lambda:${action}`, resource, because), 403);
}

function jsonResponse(status: number, body: unknown): LocalResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function errorResponse(error: ServiceError): LocalResponse {
  const response = jsonResponse(error.status, { Type: 'User', message: error.message });
  return { ...response, headers: { ...response.headers, 'x-amzn-errortype': error.code } };
}
