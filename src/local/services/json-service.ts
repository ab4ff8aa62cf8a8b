import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { REGION } from '../accounts.ts';
import type { Authorization, Identity } from '../aws/identities.ts';
import { type LocalRequest, type LocalResponse, type LocalServer, serve } from '../http.ts';
import { ServiceError, type ServiceOptions } from './service.ts';

/** One operation of a service, bound to a request's input: what it is about, and how to do it. */
interface PreparedCall {
  resource: string;
  /** What IAM is asked, where that is more than the action on the resource. */
  authorizations: readonly Authorization[] | undefined;
  run(): unknown;
}

/** One operation of an awsJson service; `region` is the one that the request was signed for. Make it with {@link operation}. */
export type Operation = (input: unknown, caller: Identity, region: string) => PreparedCall;

/**
 * An operation whose input is checked by `input` (a failure is AWS's ValidationException), is about the ARN that
 * `resource` gives, and is answered with what `run` gives. `authorizations` is what IAM is asked, where that is more than
 * the action on the resource.
 */
export function operation<Input>(
  input: z.ZodType<Input>,
  resource: (input: Input, caller: Identity, region: string) => string,
  run: (input: Input, caller: Identity, region: string) => unknown,
  authorizations?: (input: Input, caller: Identity, region: string) => readonly Authorization[],
): Operation {
  return (body, caller, region) => {
    const checked = input.safeParse(body);
    if (!checked.success) {
      const what = checked.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
      throw new ServiceError('ValidationException', `${what.length} validation error(s) detected: ${what.join('; ')}`);
    }
    return {
      resource: resource(checked.data, caller, region),
      authorizations: authorizations?.(checked.data, caller, region),
      run: () => run(checked.data, caller, region),
    };
  };
}

/** An awsJson 1.1 service: its name in IAM, the prefix of its `X-Amz-Target` header, and its operations by name. */
export interface JsonService {
  service: string;
  targetPrefix: string;
  operations: Readonly<Record<string, Operation>>;
}

/**
 * Serves an awsJson 1.1 service on a loopback port. An unknown signer is answered with UnrecognizedClientException, an
 * operation that is not simulated with UnknownOperationException, both 400.
 */
export function serveJson(service: JsonService, options: ServiceOptions): Promise<LocalServer> {
  return serve(async (request) => {
    const release = options.clock.hold();
    try {
      return await answer(service, options, request);
    } finally {
      release();
    }
  });
}

async function answer(service: JsonService, options: ServiceOptions, request: LocalRequest): Promise<LocalResponse> {
  const caller = options.identities.signer(request.headers.authorization);
  if (caller === undefined) return errorResponse(unknownSigner());
  const action = String(request.headers['x-amz-target'] ?? '').replace(`${service.targetPrefix}.`, '');
  let resource = '*';
  let authorizations: readonly Authorization[] | undefined;
  const record = (outcome: string): void =>
    options.onCall?.({
      service: service.service,
      action,
      identity: caller,
      resource,
      outcome,
      ...(authorizations === undefined ? {} : { authorizations }),
    });
  try {
    const prepare = Object.hasOwn(service.operations, action) ? service.operations[action] : undefined;
    if (prepare === undefined) {
      throw new ServiceError('UnknownOperationException', `${service.service}:${action} is not simulated`);
    }
    const call = prepare(parseBody(request.body), caller, signedRegion(request.headers.authorization));
    ({ resource, authorizations } = call);
    const output = await call.run();
    record('ok');
    return jsonResponse(200, output);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    record(error.code);
    return errorResponse(error);
  }
}

/** The Region in the credential scope of an Authorization header: `Credential=key/date/region/service/aws4_request`. */
function signedRegion(authorization: string | undefined): string {
  return /Credential=[^/]+\/[^/]+\/([^/]+)\//.exec(authorization ?? '')?.[1] ?? REGION;
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8') || '{}');
  } catch {
    throw new ServiceError('SerializationException', 'the body is not JSON');
  }
}

/** The error of a request whose access key nobody has been given. */
export function unknownSigner(): ServiceError {
  return new ServiceError('UnrecognizedClientException', 'The security token included in the request is invalid.');
}

/** `error` as an awsJson answer. */
export function errorResponse(error: ServiceError): LocalResponse {
  return jsonResponse(error.status, { __type: error.code, message: error.message });
}

function jsonResponse(status: number, body: unknown): LocalResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify(body),
  };
}
