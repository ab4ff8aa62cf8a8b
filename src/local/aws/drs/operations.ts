import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { Fleet, RecoveryInstance, SourceServer } from '../fleet.ts';
import type { Authorization } from '../identities.ts';
import { ofRecoveryInstances, ofReversal, ofStartRecovery, ofTermination } from './authorizations.ts';
import { DrsError, notFound, validation } from './errors.ts';
import { failbackLaunch, refuseWhileReversed, reverseReplication } from './failback.ts';
import type { DrsJobs, Job, ServerToLaunch } from './jobs.ts';
import { type AnswerOf, answers, type OperationName, type RequestOf, requests } from './model.ts';
import { paginate } from './pages.ts';
import { type RecoverySnapshot, snapshotsOf } from './snapshots.ts';
import {
  jobView,
  launchConfigurationView,
  logItemView,
  recoveryInstanceView,
  snapshotView,
  sourceServerView,
} from './views.ts';

/** What the operations work on. */
export interface DrsWorld {
  clock: Clock;
  fleet: Fleet;
  jobs: DrsJobs;
}

/** Where a call is carried out: in the signer's account, in the Region of the signature. */
export interface Scope {
  accountId: string;
  region: string;
}

/** An operation of DRS: how it is reached, and what it does in an account and Region. */
export interface Operation {
  readonly name: OperationName;
  readonly method: 'GET' | 'POST';
  /** HTTP status of the answer (API model). */
  readonly status: number;
  /**
   * ARN of what the call is about, for its record; `*` where there is none; and what IAM is asked, where that is more.
   * @throws {DrsError} ValidationException when the input does not fit the model.
   */
  check(
    input: unknown,
    scope: Scope,
  ): { resource: string; authorizations: readonly Authorization[] | undefined; run(): unknown };
}

/** Every simulated operation by its path; those on tags are at `/tags/`, followed by the resource's ARN. */
export function drsOperations(world: DrsWorld): ReadonlyMap<string, Operation> {
  const { clock, fleet, jobs } = world;

  function operation<Name extends OperationName>(
    name: Name,
    options: {
      method?: 'GET' | 'POST';
      status?: number;
      resource?: (input: RequestOf<Name>, scope: Scope) => string;
      authorizations?: (input: RequestOf<Name>, scope: Scope) => Authorization[];
      run: (input: RequestOf<Name>, scope: Scope) => AnswerOf<Name>;
    },
  ): Operation {
    const { method = 'POST', status = 200, resource = () => '*', authorizations, run } = options;
    const request = requests[name] as unknown as z.ZodType<RequestOf<Name>>;
    return {
      name,
      method,
      status,
      check(input, scope) {
        const checked = checkRequest(request, input);
        return {
          resource: resource(checked, scope),
          authorizations: authorizations?.(checked, scope),
          run: () => checkAnswer(name, run(checked, scope)),
        };
      },
    };
  }

  const describeSourceServers = operation('DescribeSourceServers', {
    run(input, { accountId, region }) {
      const { sourceServerIDs, stagingAccountIDs, hardwareId } = input.filters ?? {};
      const inStagingAccount = wanted(stagingAccountIDs);
      const named = isFilter(sourceServerIDs)
        ? inOrderOfCreation(sourceServerIDs, (id) => fleet.sourceServer(id, accountId, region))
        : fleet.sourceServers(accountId, region);
      const found = named.filter(
        (server) =>
          inStagingAccount(server.extendedFrom?.split(':')[4] ?? accountId) &&
          // The servers have no hardware ids, so that none matches one.
          hardwareId === undefined,
      );
      const { items, nextToken } = paginate(found, `${accountId} ${region} DescribeSourceServers`, input);
      return { items: items.map((server) => sourceServerView(server, clock.now())), nextToken };
    },
  });

  const startRecovery = operation('StartRecovery', {
    status: 202,
    resource: ({ sourceServers }, { accountId, region }) =>
      fleet.arn(
        accountId,
        oneOrAll(
          'source-server',
          sourceServers.map(({ sourceServerID }) => sourceServerID),
        ),
        region,
      ),
    authorizations: ({ sourceServers, tags = {} }, scope) =>
      ofStartRecovery(
        { sourceServerIds: sourceServers.map(({ sourceServerID }) => sourceServerID), tags },
        scope,
        fleet,
      ),
    run(input, { accountId, region }) {
      refuseRepeated(
        'sourceServers',
        input.sourceServers.map(({ sourceServerID }) => sourceServerID),
      );
      const toLaunch = input.sourceServers.map(({ sourceServerID, recoverySnapshotID }): ServerToLaunch => {
        const server = knownServer(fleet, sourceServerID, { accountId, region });
        return { server, pointInTime: pointInTime(server, recoverySnapshotID, clock.now()) };
      });
      const job = jobs.startLaunch(accountId, toLaunch, { isDrill: input.isDrill ?? false, tags: input.tags ?? {} });
      return { job: jobView(job) };
    },
  });

  const describeJobs = operation('DescribeJobs', {
    run(input, { accountId, region }) {
      const { jobIDs, fromDate, toDate } = input.filters ?? {};
      const isHere = (job: Job | undefined) => job?.accountId === accountId && job.region === region;
      const named = isFilter(jobIDs)
        ? inOrderOfCreation(jobIDs, (id) => jobs.get(id)).filter(isHere)
        : jobs.list(accountId, region);
      const found = named.filter(({ createdAt }) => isBetween(createdAt, fromDate, toDate));
      const { items, nextToken } = paginate(found, `${accountId} ${region} DescribeJobs`, input);
      return { items: items.map(jobView), nextToken };
    },
  });

  const describeJobLogItems = operation('DescribeJobLogItems', {
    resource: ({ jobID }, { accountId, region }) => fleet.arn(accountId, `job/${jobID}`, region),
    run(input, { accountId, region }) {
      const job = jobs.get(input.jobID);
      if (job?.accountId !== accountId || job.region !== region) {
        throw validation('other', `Job ${input.jobID} does not exist.`, [{ name: 'jobID', message: 'does not exist' }]);
      }
      const { items, nextToken } = paginate(job.log, `${job.jobId} DescribeJobLogItems`, input);
      return { items: items.map(logItemView), nextToken };
    },
  });

  const describeRecoveryInstances = operation('DescribeRecoveryInstances', {
    run(input, { accountId, region }) {
      const { recoveryInstanceIDs, sourceServerIDs } = input.filters ?? {};
      const ofServer = wanted(sourceServerIDs);
      const found = candidates().filter(({ sourceServerId }) => ofServer(sourceServerId));
      const { items, nextToken } = paginate(found, `${accountId} ${region} DescribeRecoveryInstances`, input);
      return { items: items.map((record) => recoveryInstanceView(record, fleet, clock.now())), nextToken };

      function candidates(): RecoveryInstance[] {
        if (isFilter(recoveryInstanceIDs)) {
          return inOrderOfCreation(recoveryInstanceIDs, (id) => fleet.recoveryInstance(id, accountId, region));
        }
        if (!isFilter(sourceServerIDs)) return fleet.recoveryInstances(accountId, region);
        return [...new Set(sourceServerIDs)]
          .flatMap((id) => fleet.recoveryInstancesOf(id, accountId, region))
          .sort((a, b) => a.order - b.order);
      }
    },
  });

  const terminateRecoveryInstances = operation('TerminateRecoveryInstances', {
    resource: ({ recoveryInstanceIDs }, { accountId, region }) =>
      fleet.arn(accountId, oneOrAll('recovery-instance', recoveryInstanceIDs), region),
    authorizations: ({ recoveryInstanceIDs }, scope) => [
      ...ofRecoveryInstances({ action: 'TerminateRecoveryInstances', instanceIds: recoveryInstanceIDs }, scope, fleet),
      ...ofTermination(scope),
    ],
    run({ recoveryInstanceIDs }, scope) {
      refuseRepeated('recoveryInstanceIDs', recoveryInstanceIDs);
      const instances = recoveryInstanceIDs.map((instanceId) => knownInstance(fleet, instanceId, scope));
      for (const record of instances) refuseWhileReversed(record, fleet);
      return { job: jobView(jobs.startTerminate(scope.accountId, instances)) };
    },
  });

  const describeRecoverySnapshots = operation('DescribeRecoverySnapshots', {
    resource: ({ sourceServerID }, { accountId, region }) =>
      fleet.arn(accountId, `source-server/${sourceServerID}`, region),
    run(input, { accountId, region }) {
      const server = fleet.sourceServer(input.sourceServerID, accountId, region);
      if (server === undefined) {
        const message = `Source server ${input.sourceServerID} does not exist.`;
        throw validation('other', message, [{ name: 'sourceServerID', message: 'does not exist' }]);
      }
      const { fromDateTime, toDateTime } = input.filters ?? {};
      const found = snapshotsOf(server, clock.now()).filter(({ at }) => isBetween(at, fromDateTime, toDateTime));
      const { items, nextToken } = paginate(
        inOrder(found, input.order ?? 'DESC'),
        `${server.arn} DescribeRecoverySnapshots`,
        input,
      );
      return { items: items.map((snapshot) => snapshotView(server, snapshot)), nextToken };
    },
  });

  const startFailbackLaunch = operation('StartFailbackLaunch', {
    status: 202,
    resource: ({ recoveryInstanceIDs }, { accountId, region }) =>
      fleet.arn(accountId, oneOrAll('recovery-instance', recoveryInstanceIDs), region),
    authorizations: ({ recoveryInstanceIDs, tags }, scope) =>
      ofRecoveryInstances({ action: 'StartFailbackLaunch', instanceIds: recoveryInstanceIDs, tags }, scope, fleet),
    run({ recoveryInstanceIDs, tags = {} }, { accountId, region }) {
      refuseRepeated('recoveryInstanceIDs', recoveryInstanceIDs);
      const records = recoveryInstanceIDs.map((id) =>
        failbackLaunch(id, fleet.recoveryInstance(id, accountId, region)),
      );
      return { job: jobView(jobs.startFailback(accountId, records, tags)) };
    },
  });

  const reverse = operation('ReverseReplication', {
    resource: ({ recoveryInstanceID }, { accountId, region }) =>
      fleet.arn(accountId, `recovery-instance/${recoveryInstanceID}`, region),
    authorizations: ({ recoveryInstanceID }, scope) => [
      ...ofRecoveryInstances({ action: 'ReverseReplication', instanceIds: [recoveryInstanceID] }, scope, fleet),
      ...ofReversal(),
    ],
    run({ recoveryInstanceID }, scope) {
      const record = knownInstance(fleet, recoveryInstanceID, scope);
      return { reversedDirectionSourceServerArn: reverseReplication(record, world).arn };
    },
  });

  const getLaunchConfiguration = operation('GetLaunchConfiguration', {
    resource: ({ sourceServerID }, { accountId, region }) =>
      fleet.arn(accountId, `source-server/${sourceServerID}`, region),
    run: ({ sourceServerID }, scope) => launchConfigurationView(knownServer(fleet, sourceServerID, scope)),
  });

  const listTagsForResource = operation('ListTagsForResource', {
    method: 'GET',
    resource: ({ resourceArn }) => resourceArn,
    run: ({ resourceArn }, scope) => ({ tags: { ...tagged(world, resourceArn, scope).tags } }),
  });

  const tagResource = operation('TagResource', {
    resource: ({ resourceArn }) => resourceArn,
    run({ resourceArn, tags }, scope) {
      Object.assign(tagged(world, resourceArn, scope).tags, tags);
      return {};
    },
  });

  const named = [
    describeSourceServers,
    startRecovery,
    describeJobs,
    describeJobLogItems,
    describeRecoveryInstances,
    terminateRecoveryInstances,
    describeRecoverySnapshots,
    startFailbackLaunch,
    reverse,
    getLaunchConfiguration,
  ].map((one): [string, Operation] => [`${one.method} /${one.name}`, one]);
  return new Map([...named, [`GET ${TAGS_PATH}`, listTagsForResource], [`POST ${TAGS_PATH}`, tagResource]]);
}

/** Path of the operations on tags; the resource's ARN follows. */
export const TAGS_PATH = '/tags/';

function checkRequest<Request>(schema: z.ZodType<Request>, input: unknown): Request {
  const checked = schema.safeParse(input);
  if (checked.success) return checked.data;
  const fields = checked.error.issues.map(({ path, message }) => ({ name: path.join('.') || 'request', message }));
  throw validation(
    'fieldValidationFailed',
    `${fields.length} validation error(s): ${fields.map(({ name, message }) => `${name}: ${message}`).join('; ')}`,
    fields,
  );
}

/**
 * An answer that does not fit the model is a defect of the simulator: it must not reach the product as if AWS gave it. 501,
 * because the SDK does not retry it.
 */
function checkAnswer(name: OperationName, answer: unknown): unknown {
  const checked = answers[name].safeParse(answer);
  if (checked.success) return checked.data;
  const message = `the answer of ${name} does not fit the API model: ${z.prettifyError(checked.error)}`;
  throw new DrsError('SimulatorDefect', 501, message);
}

/** DRS takes an empty list of ids for no filter. */
function isFilter(ids: readonly string[] | undefined): ids is readonly string[] {
  return ids !== undefined && ids.length > 0;
}

/** What a filter by ids lets through. */
function wanted(ids: readonly string[] | undefined): (id: string) => boolean {
  if (!isFilter(ids)) return () => true;
  const set = new Set(ids);
  return (id) => set.has(id);
}

/** What `find` knows of the named things, each once, as a list of all of them would have it. */
function inOrderOfCreation<Item extends { order: number }>(
  ids: readonly string[],
  find: (id: string) => Item | undefined,
): Item[] {
  return [...new Set(ids)].flatMap((id) => find(id) ?? []).sort((a, b) => a.order - b.order);
}

/** What a call is about in its record: the one thing that it names, or all of the kind. */
function oneOrAll(kind: string, ids: readonly string[]): string {
  return `${kind}/${ids.length === 1 ? ids[0] : '*'}`;
}

function isBetween(at: number, from: string | undefined, to: string | undefined): boolean {
  return (from === undefined || at >= Date.parse(from)) && (to === undefined || at <= Date.parse(to));
}

function refuseRepeated(field: string, ids: readonly string[]): void {
  const seen = new Set<string>();
  const repeated = ids.findIndex((id) => seen.size === seen.add(id).size);
  if (repeated === -1) return;
  throw validation('fieldValidationFailed', `${ids[repeated]} is given more than once.`, [
    { name: `${field}.${repeated}`, message: 'is given more than once' },
  ]);
}

function knownServer(fleet: Fleet, sourceServerId: string, { accountId, region }: Scope): SourceServer {
  const server = fleet.sourceServer(sourceServerId, accountId, region);
  if (server !== undefined) return server;
  throw notFound(`Source server ${sourceServerId} does not exist.`, 'source-server', sourceServerId);
}

function knownInstance(fleet: Fleet, instanceId: string, { accountId, region }: Scope): RecoveryInstance {
  const record = fleet.recoveryInstance(instanceId, accountId, region);
  if (record !== undefined) return record;
  throw notFound(`Recovery instance ${instanceId} does not exist.`, 'recovery-instance', instanceId);
}

function pointInTime(server: SourceServer, snapshotId: string | undefined, now: number): number | undefined {
  if (snapshotId === undefined) return undefined;
  const snapshot = snapshotsOf(server, now).find((one) => one.snapshotId === snapshotId);
  if (snapshot !== undefined) return snapshot.at;
  throw notFound(`Recovery snapshot ${snapshotId} does not exist.`, 'recovery-snapshot', snapshotId);
}

function inOrder(
  snapshots: readonly RecoverySnapshot[],
  order: 'ASC' | 'DESC',
): (RecoverySnapshot & { order: number })[] {
  const sign = order === 'ASC' ? 1 : -1;
  return snapshots.map((snapshot) => ({ ...snapshot, order: sign * snapshot.at })).sort((a, b) => a.order - b.order);
}

function tagged({ fleet, jobs }: DrsWorld, arn: string, scope: Scope): { tags: Record<string, string> } {
  const { accountId, region } = scope;
  const id = arn.split('/').at(-1) ?? '';
  const candidates = [
    fleet.sourceServer(id, accountId, region),
    fleet.recoveryInstance(id, accountId, region),
    jobs.get(id),
  ];
  const found = candidates.find((one) => one?.arn === arn && one.accountId === accountId);
  if (found !== undefined) return found;
  throw notFound(`Resource ${arn} does not exist.`, 'resource', arn);
}
