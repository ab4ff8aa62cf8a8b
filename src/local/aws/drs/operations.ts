import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { Fleet, SourceServer } from '../fleet.ts';
import { DrsError, notFound, validation } from './errors.ts';
import type { DrsJobs, ServerToLaunch } from './jobs.ts';
import { type AnswerOf, answers, type OperationName, type RequestOf, requests } from './model.ts';
import { paginate } from './pages.ts';
import { type RecoverySnapshot, snapshotsOf } from './snapshots.ts';
import { jobView, logItemView, recoveryInstanceView, snapshotView, sourceServerView } from './views.ts';

/** What the operations work on. */
export interface DrsWorld {
  clock: Clock;
  fleet: Fleet;
  jobs: DrsJobs;
}

/** An operation of DRS: how it is reached, and what it does for an account. */
export interface Operation {
  readonly name: OperationName;
  readonly method: 'GET' | 'POST';
  /** HTTP status of the answer (API model). */
  readonly status: number;
  /**
   * ARN of what the call is about, for its record; `*` where there is none.
   * @throws {DrsError} ValidationException when the input does not fit the model.
   */
  check(input: unknown, accountId: string): { resource: string; run(): unknown };
}

/** Every simulated operation by its path; those on tags are at `/tags/`, followed by the resource's ARN. */
export function drsOperations(world: DrsWorld): ReadonlyMap<string, Operation> {
  const { clock, fleet, jobs } = world;

  function operation<Name extends OperationName>(
    name: Name,
    options: {
      method?: 'GET' | 'POST';
      status?: number;
      resource?: (input: RequestOf<Name>, accountId: string) => string;
      run: (input: RequestOf<Name>, accountId: string) => AnswerOf<Name>;
    },
  ): Operation {
    const { method = 'POST', status = 200, resource = () => '*', run } = options;
    const request = requests[name] as unknown as z.ZodType<RequestOf<Name>>;
    return {
      name,
      method,
      status,
      check(input, accountId) {
        const checked = checkRequest(request, input);
        return {
          resource: resource(checked, accountId),
          run: () => checkAnswer(name, run(checked, accountId)),
        };
      },
    };
  }

  const describeSourceServers = operation('DescribeSourceServers', {
    run(input, accountId) {
      const { sourceServerIDs, stagingAccountIDs, hardwareId } = input.filters ?? {};
      const found = fleet.sourceServers(accountId).filter(
        (server) =>
          matches(sourceServerIDs, server.sourceServerId) &&
          matches(stagingAccountIDs, server.extendedFrom?.split(':')[4] ?? accountId) &&
          // The servers have no hardware ids, so that none matches one.
          hardwareId === undefined,
      );
      const { items, nextToken } = paginate(found, `${accountId} DescribeSourceServers`, input);
      return { items: items.map((server) => sourceServerView(server, fleet, clock.now())), nextToken };
    },
  });

  const startRecovery = operation('StartRecovery', {
    status: 202,
    resource: ({ sourceServers }, accountId) =>
      fleet.arn(accountId, `source-server/${sourceServers.length === 1 ? sourceServers[0]?.sourceServerID : '*'}`),
    run(input, accountId) {
      refuseRepeated(
        'sourceServers',
        input.sourceServers.map(({ sourceServerID }) => sourceServerID),
      );
      const toLaunch = input.sourceServers.map(({ sourceServerID, recoverySnapshotID }): ServerToLaunch => {
        const server = knownServer(fleet, sourceServerID, accountId);
        return { server, pointInTime: pointInTime(server, recoverySnapshotID, clock.now()) };
      });
      const job = jobs.startLaunch(accountId, toLaunch, { isDrill: input.isDrill ?? false, tags: input.tags ?? {} });
      return { job: jobView(job) };
    },
  });

  const describeJobs = operation('DescribeJobs', {
    run(input, accountId) {
      const { jobIDs, fromDate, toDate } = input.filters ?? {};
      const found = jobs
        .list(accountId)
        .filter(({ jobId, createdAt }) => matches(jobIDs, jobId) && isBetween(createdAt, fromDate, toDate));
      const { items, nextToken } = paginate(found, `${accountId} DescribeJobs`, input);
      return { items: items.map(jobView), nextToken };
    },
  });

  const describeJobLogItems = operation('DescribeJobLogItems', {
    run(input, accountId) {
      const job = jobs.get(input.jobID);
      if (job === undefined || job.accountId !== accountId) {
        throw validation('other', `Job ${input.jobID} does not exist.`, [{ name: 'jobID', message: 'does not exist' }]);
      }
      const { items, nextToken } = paginate(job.log, `${job.jobId} DescribeJobLogItems`, input);
      return { items: items.map(logItemView), nextToken };
    },
  });

  const describeRecoveryInstances = operation('DescribeRecoveryInstances', {
    run(input, accountId) {
      const { recoveryInstanceIDs, sourceServerIDs } = input.filters ?? {};
      const found = fleet
        .recoveryInstances(accountId)
        .filter(
          ({ instanceId, sourceServerId }) =>
            matches(recoveryInstanceIDs, instanceId) && matches(sourceServerIDs, sourceServerId),
        );
      const { items, nextToken } = paginate(found, `${accountId} DescribeRecoveryInstances`, input);
      return {
        items: items.map((record) =>
          recoveryInstanceView(record, fleet.ec2Instance(record.instanceId, accountId), clock.now()),
        ),
        nextToken,
      };
    },
  });

  const terminateRecoveryInstances = operation('TerminateRecoveryInstances', {
    resource: ({ recoveryInstanceIDs }, accountId) =>
      fleet.arn(accountId, `recovery-instance/${recoveryInstanceIDs.length === 1 ? recoveryInstanceIDs[0] : '*'}`),
    run({ recoveryInstanceIDs }, accountId) {
      refuseRepeated('recoveryInstanceIDs', recoveryInstanceIDs);
      const instances = recoveryInstanceIDs.map((instanceId) => {
        const record = fleet.recoveryInstance(instanceId, accountId);
        if (record !== undefined) return record;
        throw notFound(`Recovery instance ${instanceId} does not exist.`, 'recovery-instance', instanceId);
      });
      return { job: jobView(jobs.startTerminate(accountId, instances)) };
    },
  });

  const describeRecoverySnapshots = operation('DescribeRecoverySnapshots', {
    resource: ({ sourceServerID }, accountId) => fleet.arn(accountId, `source-server/${sourceServerID}`),
    run(input, accountId) {
      const server = fleet.sourceServer(input.sourceServerID, accountId);
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

  const listTagsForResource = operation('ListTagsForResource', {
    method: 'GET',
    resource: ({ resourceArn }) => resourceArn,
    run: ({ resourceArn }, accountId) => ({ tags: { ...tagged(world, resourceArn, accountId).tags } }),
  });

  const tagResource = operation('TagResource', {
    resource: ({ resourceArn }) => resourceArn,
    run({ resourceArn, tags }, accountId) {
      Object.assign(tagged(world, resourceArn, accountId).tags, tags);
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
function matches(wanted: readonly string[] | undefined, value: string): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.includes(value);
}

function isBetween(at: number, from: string | undefined, to: string | undefined): boolean {
  return (from === undefined || at >= Date.parse(from)) && (to === undefined || at <= Date.parse(to));
}

function refuseRepeated(field: string, ids: readonly string[]): void {
  const repeated = ids.findIndex((id, at) => ids.indexOf(id) !== at);
  if (repeated === -1) return;
  throw validation('fieldValidationFailed', `${ids[repeated]} is given more than once.`, [
    { name: `${field}.${repeated}`, message: 'is given more than once' },
  ]);
}

function knownServer(fleet: Fleet, sourceServerId: string, accountId: string): SourceServer {
  const server = fleet.sourceServer(sourceServerId, accountId);
  if (server !== undefined) return server;
  throw notFound(`Source server ${sourceServerId} does not exist.`, 'source-server', sourceServerId);
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

function tagged(world: DrsWorld, arn: string, accountId: string): { tags: Record<string, string> } {
  const all = [
    ...world.fleet.sourceServers(accountId),
    ...world.fleet.recoveryInstances(accountId),
    ...world.jobs.list(accountId),
  ];
  const found = all.find((one) => one.arn === arn);
  if (found !== undefined) return found;
  throw notFound(`Resource ${arn} does not exist.`, 'resource', arn);
}
