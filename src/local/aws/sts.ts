import { type LocalRequest, type LocalResponse, serve } from '../http.ts';
import { notAuthorized, ServiceError, type ServiceOptions } from '../services/service.ts';
import type { Identity, RequestContext } from './identities.ts';
import { toXml, type XmlValue } from './query-protocol.ts';
import { seeded } from './seeded.ts';

/** A role that can be assumed. */
export interface LocalRole {
  /** e.g. `arn:aws:iam::111111111111:role/DRS-Orchestration-Role` */
  roleArn: string;
  /** ARNs of the roles that its trust policy names, or a rule over the caller's role ARN. */
  trustedPrincipals: readonly string[] | ((callerRoleArn: string) => boolean);
  /** The ExternalId that its trust policy asks for, or a rule over what the caller sent. @default - none is asked for */
  externalId?: string | ((sent: string | undefined, callerRoleArn: string) => boolean);
}

/** AWS Security Token Service on a loopback port, with the roles that it has been told of. */
export interface LocalSts {
  /** For `AWS_ENDPOINT_URL_STS`. */
  url: string;
  /** Adds a role, or replaces the one of the same ARN. */
  addRole(role: LocalRole): void;
  /** Deletes a role: assuming it is denied from now on. Credentials already given stay good, as in AWS. */
  removeRole(roleArn: string): void;
  close(): Promise<void>;
}

const XML_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Limits of AssumeRole (STS API reference). All callers are roles themselves, and role chaining is limited to an hour. */
const DURATION_SECONDS = { least: 900, most: 43_200, mostWhenChained: 3600, unasked: 3600 } as const;
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

interface Answer {
  resource: string;
  result: XmlValue;
}

/** Starts STS with AssumeRole and GetCallerIdentity (awsQuery). */
export async function startSts(options: ServiceOptions): Promise<LocalSts> {
  const { clock, identities } = options;
  const roles = new Map<string, LocalRole>();
  let answered = 0;

  function assumeRole(parameters: URLSearchParams, caller: Identity): Answer {
    const roleArn = required(parameters, 'RoleArn', ROLE_ARN);
    const sessionName = required(parameters, 'RoleSessionName', SESSION_NAME);
    const externalId = parameters.has('ExternalId') ? required(parameters, 'ExternalId', EXTERNAL_ID) : undefined;
    const seconds = durationSeconds(parameters);
    const role = roles.get(roleArn);
    // AWS does not tell a role that does not exist from one that does not trust the caller.
    if (role === undefined || !trusts(role, caller.roleArn, externalId)) {
      const because = 'no resource-based policy allows the sts:AssumeRole action';
      throw new ServiceError('AccessDenied', notAuthorized(caller, 'sts:AssumeRole', roleArn, because), 403);
    }
    const accountId = accountOf(roleArn);
    const credentials = identities.issue({ accountId, roleArn });
    return {
      resource: roleArn,
      result: {
        AssumedRoleUser: {
          Arn: sessionArn(roleArn, sessionName),
          AssumedRoleId: `${uniqueId(roleArn)}:${sessionName}`,
        },
        Credentials: {
          AccessKeyId: credentials.accessKeyId,
          SecretAccessKey: credentials.secretAccessKey,
          SessionToken: credentials.sessionToken,
          // Real time: the SDK compares it with the machine's clock, and would otherwise ask again at every call.
          Expiration: new Date(Date.now() + seconds * 1000).toISOString(),
        },
      },
    };
  }

  function getCallerIdentity(_parameters: URLSearchParams, { accountId, roleArn }: Identity): Answer {
    const result = { Arn: sessionArn(roleArn, 'session'), UserId: `${uniqueId(roleArn)}:session`, Account: accountId };
    return { resource: '*', result };
  }

  const operations = new Map([
    ['AssumeRole', assumeRole],
    ['GetCallerIdentity', getCallerIdentity],
  ]);

  async function handle(request: LocalRequest): Promise<LocalResponse> {
    const release = clock.hold();
    try {
      return answer(request, seeded('sts', answered++).uuid());
    } finally {
      release();
    }
  }

  function answer(request: LocalRequest, requestId: string): LocalResponse {
    const parameters = new URLSearchParams(request.body.toString('utf8'));
    const action = parameters.get('Action') ?? '';
    const caller = identities.signer(request.headers.authorization);
    if (caller === undefined) {
      const message = 'The security token included in the request is invalid.';
      return errorResponse(new ServiceError('InvalidClientTokenId', message, 403), requestId);
    }
    const record = (resource: string, outcome: string): void =>
      options.onCall?.({
        service: 'sts',
        action,
        identity: caller,
        resource,
        outcome,
        authorizations: [{ action: `sts:${action}`, resource, context: contextOf(parameters) }],
      });
    try {
      const operation = operations.get(action);
      if (operation === undefined) {
        throw new ServiceError('InvalidAction', `Could not find operation ${action} for version 2011-06-15`);
      }
      const { resource, result } = operation(parameters, caller);
      record(resource, 'ok');
      return okResponse(action, result, requestId);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      record(parameters.get('RoleArn') ?? '*', error.code);
      return errorResponse(error, requestId);
    }
  }

  const server = await serve(handle);
  return {
    url: server.url,
    addRole: (role) => void roles.set(role.roleArn, role),
    removeRole: (roleArn) => void roles.delete(roleArn),
    close: () => server.close(),
  };
}

/** The condition keys of AssumeRole. */
function contextOf(parameters: URLSearchParams): RequestContext {
  const keys = { 'sts:ExternalId': 'ExternalId', 'sts:RoleSessionName': 'RoleSessionName' };
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, name]) => {
      const value = parameters.get(name);
      return value === null ? [] : [[key, [value]]];
    }),
  );
}

function trusts(role: LocalRole, callerRoleArn: string, sent: string | undefined): boolean {
  const { trustedPrincipals, externalId } = role;
  const isPrincipal =
    typeof trustedPrincipals === 'function'
      ? trustedPrincipals(callerRoleArn)
      : trustedPrincipals.includes(callerRoleArn);
  if (!isPrincipal) return false;
  if (typeof externalId === 'function') return externalId(sent, callerRoleArn);
  return externalId === undefined || externalId === sent;
}

function required(parameters: URLSearchParams, name: string, pattern: RegExp): string {
  const value = parameters.get(name) ?? '';
  if (pattern.test(value)) return value;
  throw validationError(`Value '${value}' at '${name}' failed to satisfy constraint: must match ${pattern.source}`);
}

function durationSeconds(parameters: URLSearchParams): number {
  const seconds = Number(parameters.get('DurationSeconds') ?? DURATION_SECONDS.unasked);
  if (!Number.isInteger(seconds) || seconds < DURATION_SECONDS.least || seconds > DURATION_SECONDS.most) {
    throw validationError(`DurationSeconds must be from ${DURATION_SECONDS.least} to ${DURATION_SECONDS.most}`);
  }
  if (seconds > DURATION_SECONDS.mostWhenChained) {
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  }
  return seconds;
}

function validationError(message: string): ServiceError {
  return new ServiceError('ValidationError', message);
}

function accountOf(roleArn: string): string {
  return roleArn.split(':')[4] ?? '';
}

function sessionArn(roleArn: string, sessionName: string): string {
  const roleName = roleArn.split('/').at(-1) ?? '';
  return `arn:aws:sts::${accountOf(roleArn)}:assumed-role/${roleName}/${sessionName}`;
}

/** The id that AWS gives a role, in shape: always the same for one ARN. */
function uniqueId(roleArn: string): string {
  return `AROA${seeded('role', roleArn).hex(17).toUpperCase()}`;
}

function okResponse(action: string, result: XmlValue, requestId: string): LocalResponse {
  const body = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } };
  return xmlResponse(200, toXml(`${action}Response`, body, { listItem: 'member', xmlns: XML_NAMESPACE }));
}

function errorResponse(error: ServiceError, requestId: string): LocalResponse {
  const body = { Error: { Type: 'Sender', Code: error.code, Message: error.message }, RequestId: requestId };
  return xmlResponse(error.status, toXml('ErrorResponse', body, { listItem: 'member', xmlns: XML_NAMESPACE }));
}

function xmlResponse(status: number, body: string): LocalResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
