import { type LocalRequest, type LocalResponse, serve } from '../http.ts';
import { ServiceError, type ServiceOptions } from '../services/service.ts';
import { ec2Operations, tagsOf } from './ec2-operations.ts';
import type { Fleet } from './fleet.ts';
import { type Authorization, type Identity, requestTags, resourceTags } from './identities.ts';
import { listParameter, toXml, type XmlValue } from './query-protocol.ts';
import { seeded } from './seeded.ts';
import { signedRegion } from './signed-region.ts';

/** EC2 on a loopback port: the machines of a {@link Fleet}, each account's its own. */
export interface LocalEc2 {
  /** For `AWS_ENDPOINT_URL_EC2`. */
  url: string;
  /** Refuses the calls in an account (of one action, or of all) with UnauthorizedOperation, until {@link allowAccount}. */
  denyAccount(accountId: string, action?: string): void;
  /** Ends {@link denyAccount}. */
  allowAccount(accountId: string): void;
  /** Refuses the next `times` calls (of an account, of an action) with RequestLimitExceeded. */
  throttleNext(times: number, scope?: { accountId?: string; action?: string }): void;
  close(): Promise<void>;
}

const XML_NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/**
 * Starts EC2 with DescribeInstances, DescribeInstanceStatus, DescribeLaunchTemplateVersions and DescribeSubnets (ec2Query).
 * The account is the signer's, the Region that of the signature.
 */
export async function startEc2(options: ServiceOptions & { fleet: Fleet }): Promise<LocalEc2> {
  const { clock, fleet, identities } = options;
  const operations = ec2Operations({ clock, fleet });
  const denied = new Map<string, Set<string>>();
  const throttles: { remaining: number; accountId?: string; action?: string }[] = [];
  let answered = 0;

  async function handle(request: LocalRequest): Promise<LocalResponse> {
    const release = clock.hold();
    try {
      return answer(request, seeded('ec2', answered++).uuid());
    } finally {
      release();
    }
  }

  function answer(request: LocalRequest, requestId: string): LocalResponse {
    const parameters = new URLSearchParams(request.body.toString('utf8'));
    const action = parameters.get('Action') ?? '';
    const { authorization } = request.headers;
    const caller = identities.signer(authorization);
    if (caller === undefined) {
      const message = 'AWS was not able to validate the provided access credentials';
      return errorResponse(new ServiceError('AuthFailure', message, 401), requestId);
    }
    const region = signedRegion(authorization) ?? fleet.region;
    // Asked before the call: it changes what is asked about.
    const authorizations = action === 'CreateTags' ? ofCreateTags(parameters, { ...caller, region }, fleet) : undefined;
    const record = (outcome: string): void =>
      options.onCall?.({
        service: 'ec2',
        action,
        identity: caller,
        resource: authorizations?.length === 1 ? (authorizations[0]?.resource ?? '*') : '*',
        outcome,
        ...(authorizations === undefined ? {} : { authorizations }),
      });
    try {
      const operation = operations.get(action);
      if (operation === undefined) {
        throw new ServiceError('InvalidAction', `The action ${action} is not valid for this web service.`);
      }
      refuseIfAsked(caller, action);
      const result = operation(parameters, { accountId: caller.accountId, region });
      record('ok');
      return okResponse(action, result, requestId);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      record(error.code);
      return errorResponse(error, requestId);
    }
  }

  function refuseIfAsked({ accountId }: Identity, action: string): void {
    const actions = denied.get(accountId);
    if (actions?.has('*') || actions?.has(action)) {
      throw new ServiceError('UnauthorizedOperation', 'You are not authorized to perform this operation.', 403);
    }
    const throttle = throttles.find(
      (one) => one.remaining > 0 && (one.accountId ?? accountId) === accountId && (one.action ?? action) === action,
    );
    if (throttle === undefined) return;
    throttle.remaining -= 1;
    throw new ServiceError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  }

  const server = await serve(handle);
  return {
    url: server.url,
    denyAccount: (accountId, action = '*') =>
      void denied.set(accountId, new Set([...(denied.get(accountId) ?? []), action])),
    allowAccount: (accountId) => void denied.delete(accountId),
    throttleNext: (times, scope = {}) => void throttles.push({ remaining: times, ...scope }),
    close: () => server.close(),
  };
}

/** What IAM is asked about CreateTags: each instance, with the tags that it has and those that it is given. */
function ofCreateTags(
  parameters: URLSearchParams,
  { accountId, region }: { accountId: string; region: string },
  fleet: Fleet,
): Authorization[] {
  return listParameter(parameters, 'ResourceId').map((id) => ({
    action: 'ec2:CreateTags',
    resource: `arn:aws:ec2:${region}:${accountId}:instance/${id}`,
    context: {
      ...resourceTags(fleet.ec2Instance(id, accountId, region)?.tags ?? {}),
      ...requestTags(tagsOf(parameters)),
    },
  }));
}

function okResponse(action: string, result: XmlValue, requestId: string): LocalResponse {
  const body = { requestId, ...(typeof result === 'object' && !Array.isArray(result) ? result : {}) };
  return xmlResponse(200, toXml(`${action}Response`, body, { listItem: 'item', xmlns: XML_NAMESPACE }));
}

function errorResponse(error: ServiceError, requestId: string): LocalResponse {
  const body = { Errors: { Error: { Code: error.code, Message: error.message } }, RequestID: requestId };
  return xmlResponse(error.status, toXml('Response', body, { listItem: 'item' }));
}

function xmlResponse(status: number, body: string): LocalResponse {
  return { status, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body };
}
