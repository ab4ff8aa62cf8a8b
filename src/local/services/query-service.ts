import { randomUUID } from 'node:crypto';
import type { Identity } from '../aws/identities.ts';
import { toXml, type XmlValue } from '../aws/query-protocol.ts';
import { type LocalRequest, type LocalResponse, type LocalServer, serve } from '../http.ts';
import { ServiceError, type ServiceOptions } from './service.ts';

/** One operation of an awsQuery service: what a request is about, and how it is answered. */
export interface QueryOperation {
  /** ARN of what the request is about, or `*`. */
  resource(parameters: URLSearchParams, caller: Identity): string;
  run(parameters: URLSearchParams, caller: Identity): XmlValue;
}

/** An awsQuery service: its name in IAM, the namespace of its answers, and its operations by name. */
export interface QueryService {
  service: string;
  xmlns: string;
  operations: Readonly<Record<string, QueryOperation>>;
}

/**
 * Serves an awsQuery service on a loopback port. An unknown signer is answered with InvalidClientTokenId (403), an
 * operation that is not simulated with InvalidAction (400).
 */
export function serveQuery(service: QueryService, options: ServiceOptions): Promise<LocalServer> {
  return serve(async (request) => {
    const release = options.clock.hold();
    try {
      return answer(service, options, request);
    } finally {
      release();
    }
  });
}

function answer(service: QueryService, options: ServiceOptions, request: LocalRequest): LocalResponse {
  const parameters = new URLSearchParams(request.body.toString('utf8'));
  const action = parameters.get('Action') ?? '';
  const caller = options.identities.signer(request.headers.authorization);
  if (caller === undefined) {
    const message = 'The security token included in the request is invalid.';
    return errorResponse(service, new ServiceError('InvalidClientTokenId', message, 403));
  }
  let resource = '*';
  const record = (outcome: string): void =>
    options.onCall?.({ service: service.service, action, identity: caller, resource, outcome });
  try {
    const operation = Object.hasOwn(service.operations, action) ? service.operations[action] : undefined;
    if (operation === undefined) {
      throw new ServiceError('InvalidAction', `${service.service}:${action} is not simulated`);
    }
    resource = operation.resource(parameters, caller);
    const result = operation.run(parameters, caller);
    record('ok');
    const body = { [`${action}Result`]: result, ResponseMetadata: { RequestId: randomUUID() } };
    return xmlResponse(200, toXml(`${action}Response`, body, { listItem: 'member', xmlns: service.xmlns }));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    record(error.code);
    return errorResponse(service, error);
  }
}

function errorResponse({ xmlns }: QueryService, error: ServiceError): LocalResponse {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  const body = { Error: { Type: type, Code: error.code, Message: error.message }, RequestId: randomUUID() };
  return xmlResponse(error.status, toXml('ErrorResponse', body, { listItem: 'member', xmlns }));
}

function xmlResponse(status: number, body: string): LocalResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
