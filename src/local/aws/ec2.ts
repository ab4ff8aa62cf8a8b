import { type LocalRequest, type LocalResponse, serve } from '../http.ts';
import type { InstanceState } from '../inventory.ts';
import { ServiceError, type ServiceOptions } from '../services/service.ts';
import type { Ec2Instance, Fleet } from './fleet.ts';
import type { Identity } from './identities.ts';
import { isoTime } from './iso-time.ts';
import { listParameter, toXml, type XmlValue } from './query-protocol.ts';
import { seeded } from './seeded.ts';

/** EC2 on a loopback port: the machines of a {@link Fleet}, each account's its own. */
export interface LocalEc2 {
  /** For `AWS_ENDPOINT_URL_EC2`. */
  url: string;
  /** Refuses every call in an account with UnauthorizedOperation, until {@link allowAccount}. */
  denyAccount(accountId: string): void;
  /** Ends {@link denyAccount}. */
  allowAccount(accountId: string): void;
  close(): Promise<void>;
}

const XML_NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** Limits of DescribeInstances (EC2 API reference). */
const MAX_RESULTS = { least: 5, most: 1000 } as const;
const MAX_FILTER_VALUES = 200;

const STATE_CODES: Record<InstanceState, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** Starts EC2 with DescribeInstances (ec2Query). */
export async function startEc2(options: ServiceOptions & { fleet: Fleet }): Promise<LocalEc2> {
  const { clock, fleet, identities } = options;
  const denied = new Set<string>();
  let answered = 0;

  function describeInstances(parameters: URLSearchParams, { accountId }: Identity): XmlValue {
    const wantedIds = listParameter(parameters, 'InstanceId');
    const maxResults = maxResultsOf(parameters, wantedIds);
    const filters = filtersOf(parameters);
    const all = wantedIds.length === 0 ? fleet.ec2Instances(accountId) : byIds(fleet, wantedIds, accountId);
    const found = all.filter((instance) => filters.every((filter) => filter(instance)));
    const after = tokenOf(parameters);
    const rest = found.filter(({ order }) => order > after);
    const page = rest.slice(0, maxResults);
    const last = page.at(-1);
    return {
      reservationSet: page.map((instance) => reservation(instance, fleet.region)),
      nextToken: last !== undefined && page.length < rest.length ? writeToken(last.order) : undefined,
    };
  }

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
    const caller = identities.signer(request.headers.authorization);
    if (caller === undefined) {
      const message = 'AWS was not able to validate the provided access credentials';
      return errorResponse(new ServiceError('AuthFailure', message, 401), requestId);
    }
    const record = (outcome: string): void =>
      options.onCall?.({ service: 'ec2', action, identity: caller, resource: '*', outcome });
    try {
      if (action !== 'DescribeInstances') {
        throw new ServiceError('InvalidAction', `The action ${action} is not valid for this web service.`);
      }
      if (denied.has(caller.accountId)) {
        throw new ServiceError('UnauthorizedOperation', 'You are not authorized to perform this operation.', 403);
      }
      const result = describeInstances(parameters, caller);
      record('ok');
      return okResponse(action, result, requestId);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      record(error.code);
      return errorResponse(error, requestId);
    }
  }

  const server = await serve(handle);
  return {
    url: server.url,
    denyAccount: (accountId) => void denied.add(accountId),
    allowAccount: (accountId) => void denied.delete(accountId),
    close: () => server.close(),
  };
}

type InstanceFilter = (instance: Ec2Instance) => boolean;

/** What the simulated filters look at; the real EC2 has many more. */
const FILTERED: Record<string, (instance: Ec2Instance) => string[]> = {
  'instance-id': ({ instanceId }) => [instanceId],
  'instance-state-name': ({ state }) => [state],
  'instance-state-code': ({ state }) => [String(STATE_CODES[state])],
  'instance-type': ({ instanceType }) => [instanceType],
  'private-ip-address': ({ privateIp }) => [privateIp],
  'tag-key': ({ tags }) => Object.keys(tags),
};

function filtersOf(parameters: URLSearchParams): InstanceFilter[] {
  const numbers = [...parameters.keys()].flatMap((key) => /^Filter\.(\d+)\.Name$/.exec(key)?.[1] ?? []);
  return numbers.map((number) => {
    const name = parameters.get(`Filter.${number}.Name`) ?? '';
    const values = listParameter(parameters, `Filter.${number}.Value`);
    if (values.length > MAX_FILTER_VALUES) {
      throw new ServiceError(
        'FilterLimitExceeded',
        `The maximum length for a filter value list is ${MAX_FILTER_VALUES}.`,
      );
    }
    const read = filterSubject(name);
    const patterns = values.map(wildcard);
    return (instance) => read(instance).some((value) => patterns.some((pattern) => pattern.test(value)));
  });
}

function filterSubject(name: string): (instance: Ec2Instance) => string[] {
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return ({ tags }) => (Object.hasOwn(tags, key) ? [tags[key] ?? ''] : []);
  }
  const subject = Object.hasOwn(FILTERED, name) ? FILTERED[name] : undefined;
  if (subject !== undefined) return subject;
  throw new ServiceError('InvalidParameterValue', `The filter '${name}' is invalid`);
}

/** A filter's value with `*` and `?`, as EC2 reads it. */
function wildcard(value: string): RegExp {
  const source = value
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

function byIds(fleet: Fleet, ids: readonly string[], accountId: string): Ec2Instance[] {
  const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) throw new ServiceError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  const found = [...new Set(ids)].map((id) => ({ id, instance: fleet.ec2Instance(id, accountId) }));
  const missing = found.flatMap(({ id, instance }) => (instance === undefined ? [id] : []));
  if (missing.length > 0) {
    const what = missing.length === 1 ? `ID '${missing[0]}' does` : `IDs '${missing.join(', ')}' do`;
    throw new ServiceError('InvalidInstanceID.NotFound', `The instance ${what} not exist`);
  }
  return found.flatMap(({ instance }) => instance ?? []).sort((a, b) => a.order - b.order);
}

function maxResultsOf(parameters: URLSearchParams, ids: readonly string[]): number {
  const text = parameters.get('MaxResults');
  if (text === null) return MAX_RESULTS.most;
  if (ids.length > 0) {
    const message = 'The parameter instancesSet cannot be used with the parameter maxResults';
    throw new ServiceError('InvalidParameterCombination', message);
  }
  const maxResults = Number(text);
  if (Number.isInteger(maxResults) && maxResults >= MAX_RESULTS.least && maxResults <= MAX_RESULTS.most)
    return maxResults;
  throw new ServiceError(
    'InvalidParameterValue',
    `Value (${text}) for parameter maxResults is invalid. Expecting a value from ${MAX_RESULTS.least} to ${MAX_RESULTS.most}.`,
  );
}

/** The token names the last instance of the page before, so that changes in between hide nothing. */
function writeToken(order: number): string {
  return Buffer.from(`after ${order}`).toString('base64url');
}

function tokenOf(parameters: URLSearchParams): number {
  const token = parameters.get('NextToken');
  if (token === null) return -1;
  const order = /^after (\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (order !== undefined) return Number(order);
  throw new ServiceError('InvalidParameterValue', 'Unable to parse pagination token');
}

function reservation(instance: Ec2Instance, region: string): XmlValue {
  const { accountId, instanceId, state, windows } = instance;
  const hasAddress = state !== 'terminated' && state !== 'shutting-down';
  return {
    reservationId: `r-${instanceId.slice(2)}`,
    ownerId: accountId,
    groupSet: [],
    instancesSet: [
      {
        instanceId,
        imageId: `ami-${instanceId.slice(2)}`,
        instanceState: { code: STATE_CODES[state], name: state },
        privateDnsName: hasAddress ? `ip-${instance.privateIp.replaceAll('.', '-')}.${region}.compute.internal` : '',
        instanceType: instance.instanceType,
        launchTime: isoTime(instance.launchedAt),
        placement: { availabilityZone: `${region}a`, tenancy: 'default' },
        platform: windows ? 'windows' : undefined,
        // EC2 takes the address away as soon as an instance is going.
        privateIpAddress: hasAddress ? instance.privateIp : undefined,
        tagSet: Object.entries(instance.tags).map(([key, value]) => ({ key, value })),
      },
    ],
  };
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
