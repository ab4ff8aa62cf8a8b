import { type LocalRequest, type LocalResponse, serve } from '../../http.ts';
import { notAuthorized, ServiceError, type ServiceOptions } from '../../services/service.ts';
import type { Fleet } from '../fleet.ts';
import type { Authorization, Identity } from '../identities.ts';
import { seeded } from '../seeded.ts';
import { signedRegion } from '../signed-region.ts';
import {
  accessDenied,
  DrsError,
  internal,
  QUOTA_CODES,
  quotaExceeded,
  throttled,
  unavailable,
  uninitialized,
  validation,
} from './errors.ts';
import { DrsFaults, type FaultyCall } from './faults.ts';
import { DrsJobs } from './jobs.ts';
import { drsOperations, type Operation, TAGS_PATH } from './operations.ts';

/** AWS Elastic Disaster Recovery on a loopback port. Each account and Region has servers, jobs and quotas of its own. */
export interface LocalDrs {
  /** For `AWS_ENDPOINT_URL_DRS`. */
  url: string;
  /** The jobs, and how to make them fail or hang. */
  jobs: DrsJobs;
  /** How to make calls go wrong. */
  faults: DrsFaults;
  close(): Promise<void>;
}

/** What the simulated DRS is started with. */
export interface DrsOptions extends ServiceOptions {
  /** The servers it protects and the instances it launches. */
  fleet: Fleet;
  /** Durations and ids depend on it. @default practice */
  seed?: string;
  /** How many times as fast as in AWS a server is launched: a test that waits for one looks less often. @default 1 */
  launchPace?: number;
}

/**
 * Starts DRS with DescribeSourceServers, StartRecovery, DescribeJobs, DescribeJobLogItems, DescribeRecoveryInstances,
 * TerminateRecoveryInstances, DescribeRecoverySnapshots, StartFailbackLaunch, ReverseReplication, GetLaunchConfiguration,
 * ListTagsForResource and TagResource (restJson1). The account is the signer's, the Region that of the signature. Jobs and
 * copying take simulated time; answering takes none.
 */
export async function startDrs(options: DrsOptions): Promise<LocalDrs> {
  const { clock, fleet, seed = 'practice', launchPace } = options;
  const jobs = new DrsJobs({ clock, fleet, seed, launchPace });
  const faults = new DrsFaults();
  const operations = drsOperations({ clock, fleet, jobs });
  let answered = 0;

  async function handle(request: LocalRequest): Promise<LocalResponse> {
    const release = clock.hold();
    try {
      const response = answer(request);
      const requestId = seeded(seed, 'request', answered++).uuid();
      return { ...response, headers: { ...response.headers, 'x-amzn-requestid': requestId } };
    } finally {
      release();
    }
  }

  function answer(request: LocalRequest): LocalResponse {
    const caller = options.identities.signer(request.headers.authorization);
    if (caller === undefined) return errorResponse(unknownSigner());
    const operation = operations.get(
      `${request.method} ${request.path.startsWith(TAGS_PATH) ? TAGS_PATH : request.path}`,
    );
    if (operation === undefined) {
      return errorResponse(new DrsError('UnknownOperationException', 404, 'The operation is not known.'));
    }
    return call(operation, request, caller, signedRegion(request.headers.authorization) ?? fleet.region);
  }

  function call(operation: Operation, request: LocalRequest, caller: Identity, region: string): LocalResponse {
    const { accountId } = caller;
    const faulty: FaultyCall = { accountId, region, operation: operation.name };
    let resource = '*';
    let authorizations: readonly Authorization[] | undefined;
    const record = (outcome: string): void =>
      options.onCall?.({
        service: 'drs',
        action: operation.name,
        identity: caller,
        resource,
        outcome,
        ...(authorizations === undefined ? {} : { authorizations }),
      });
    try {
      const checked = operation.check(inputOf(request), { accountId, region });
      ({ resource, authorizations } = checked);
      refuseIfAsked(faulty, caller);
      if (!fleet.isInitialized(accountId, region)) throw uninitialized();
      const body = checked.run();
      record('ok');
      const dropConnection = faults.take('drop', faulty) !== undefined;
      return { ...jsonResponse(operation.status, body), dropConnection };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      record(error.code);
      return errorResponse(error);
    }
  }

  function refuseIfAsked(faulty: FaultyCall, caller: Identity): void {
    if (faults.isDenied(faulty)) {
      const because = 'no identity-based policy allows the action';
      throw accessDenied(notAuthorized(caller, `drs:${faulty.operation}`, '*', because));
    }
    const throttle = faults.take('throttle', faulty);
    if (throttle !== undefined) throw throttled(throttle.retryAfterSeconds);
    if (faults.take('internal error', faulty) !== undefined) throw internal();
    if (faults.take('unavailable', faulty) !== undefined) throw unavailable();
    const quota = faults.take('quota', faulty);
    if (quota !== undefined) {
      throw quotaExceeded(quota.quotaCode ?? QUOTA_CODES.concurrentJobs, 'A quota would be exceeded.');
    }
  }

  const server = await serve(handle);
  return { url: server.url, jobs, faults, close: () => server.close() };
}

/** The input of the call: its body, and what its path says. */
function inputOf({ path, body }: LocalRequest): unknown {
  const members = parseBody(body);
  return path.startsWith(TAGS_PATH) ? { ...members, resourceArn: path.slice(TAGS_PATH.length) } : members;
}

function parseBody(body: Buffer): object {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8') || '{}');
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Falls through: what is not JSON is as wrong as JSON that is not an object.
  }
  throw validation('cannotParse', 'The body is not a JSON object.');
}

function unknownSigner(): DrsError {
  return new DrsError('UnrecognizedClientException', 403, 'The security token included in the request is invalid.');
}

function errorResponse(error: ServiceError): LocalResponse {
  const { members, headers } = error instanceof DrsError ? error : { members: {}, headers: {} };
  const response = jsonResponse(error.status, { message: error.message, ...members });
  return { ...response, headers: { ...response.headers, 'x-amzn-errortype': error.code, ...headers } };
}

function jsonResponse(status: number, body: unknown): LocalResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
