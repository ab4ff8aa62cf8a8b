import type { BatchRecord, ExecutionRecord, GateRecord } from '../../src/domain/records.ts';
import { isGone } from '../../src/local/aws/fleet.ts';
import { type Item, type Report, short } from './checks.ts';
import { ORIGIN } from './failback.ts';
import type { Return } from './returns.ts';
import type { World } from './world.ts';

type StoredServer = BatchRecord['servers'][number];

/** A failback with what is stored of it. */
interface StoredFailback {
  execution: ExecutionRecord;
  batches: BatchRecord[];
  gates: GateRecord[];
}

/** What must hold of servers that go back, by DRS's own records in both Regions. */
export function checkReturns(world: World, items: Item[], executions: ExecutionRecord[], report: Report): void {
  const failbacks = executions
    .filter(({ verb }) => verb === 'failback')
    .map((execution): StoredFailback => {
      const own = items.filter(({ executionId }) => executionId === execution.executionId);
      return {
        execution,
        batches: own.filter(({ item }) => item.startsWith('BATCH#')) as unknown as BatchRecord[],
        gates: own.filter(({ item }) => item.startsWith('GATE#')) as unknown as GateRecord[],
      };
    });
  const executionsById = new Map(executions.map((execution) => [execution.executionId, execution]));
  for (const going of world.returns.all) checkAsked(world, going, { failbacks, executionsById }, report);
  checkOnce(world.returns.all, report);
  checkOriginCalls(world, report);
  for (const failback of failbacks) {
    for (const batch of failback.batches) {
      for (const server of batch.servers) checkOutcome(world, failback, { batch, server }, report);
    }
    checkNothingEnded(world, failback, report);
  }
}

/** What was asked of DRS: for an approved failback, of live recovery instances and complete copies only. */
function checkAsked(
  world: World,
  going: Return,
  known: { failbacks: StoredFailback[]; executionsById: Map<string, ExecutionRecord> },
  report: Report,
): void {
  const { action, tags, ids, at } = going;
  const what = `${action} of ${ids.join(', ')}`;
  const named = known.executionsById.get(tags['DR-ExecutionId'] ?? '');
  if (named !== undefined && named.verb !== 'failback') {
    report('the verb decides', `${what} for ${short(named.executionId)}, a ${named.verb}`);
  }
  if (going.isDrill === true) report('the verb decides', `${what} is a drill`);
  for (const wrong of going.wrong) report('fail closed', `${what} was asked although ${wrong}`);
  const instances = ids.map((id) => instanceOf(world, going, id));
  const isApproved = known.failbacks.some(({ execution, batches, gates }) => {
    if (named !== undefined && named.executionId !== execution.executionId) return false;
    const planned = batches.flatMap(({ servers }) => servers.map(({ sourceServerId }) => sourceServerId));
    const approval = gates.find(
      ({ kind, status, settledAt }) => kind === 'approval' && status === 'approved' && (settledAt ?? 0) <= at + 60_000,
    );
    return approval !== undefined && instances.every(({ serverId }) => planned.includes(serverId));
  });
  if (!isApproved) report('no gate below its policy', `${what} was asked without an approval of it`);
}

/** The recovery instance that goes back, and the server it was launched from in the DR Region. */
function instanceOf({ practice: { fleet } }: World, { action }: Return, id: string): { serverId: string } {
  if (action !== 'StartRecovery') {
    // DRS forgets what is gone, and EC2 an hour later.
    const serverId = fleet.recoveryInstance(id)?.sourceServerId ?? fleet.ec2Instance(id)?.sourceServerId;
    return { serverId: serverId ?? '' };
  }
  const opposite = fleet.sourceServer(id)?.oppositeArn ?? '';
  return { serverId: fleet.sourceServerByArn(opposite)?.sourceServerId ?? '' };
}

function checkOnce(all: readonly Return[], report: Report): void {
  const taken = new Map<string, number>();
  for (const { action, isTaken, tags, accountId, region, ids } of all) {
    if (!isTaken) continue;
    const key =
      action === 'ReverseReplication'
        ? `the replication of ${ids.join()}`
        : `${short(tags['DR-ExecutionId'] ?? '')} ${tags['DR-BatchId']} in ${region} of ${accountId}`;
    taken.set(key, (taken.get(key) ?? 0) + 1);
  }
  for (const [key, times] of taken) if (times > 1) report('never twice', `${key} was begun ${times} times`);
}

/** Nothing is done at the origin but to launch what goes back. */
function checkOriginCalls({ calls }: World, report: Report): void {
  for (const { service, action, identity, outcome } of calls) {
    if (identity.accountId !== ORIGIN.accountId || /^(Describe|Get|List)/.test(action)) continue;
    if (service === 'drs' && action === 'StartRecovery' && identity.roleArn.includes('dr-chatops-origin')) continue;
    report('least privilege', `${identity.roleArn} calls ${service}:${action} at the origin (${outcome})`);
  }
}

/** What is stored of a server says what DRS says of it. */
function checkOutcome(
  { practice: { fleet, drs }, byHand }: World,
  { execution: { executionId } }: StoredFailback,
  { batch, server }: { batch: BatchRecord; server: StoredServer },
  report: Report,
): void {
  const { sourceServerId, hostname, state, recoveryInstanceId = '', errorCode = '', errorMessage = '' } = server;
  const name = `${short(executionId)} ${batch.batchId}: ${hostname}`;
  const origin = fleet.sourceServer(sourceServerId)?.origin;
  const own = drs.jobs
    .list()
    .filter(({ tags }) => tags['DR-ExecutionId'] === executionId && tags['DR-BatchId'] === batch.batchId)
    .flatMap((job) => job.participants.map((participant) => ({ ...participant, jobId: job.jobId })));
  const reversedIds = new Set(
    origin === undefined
      ? []
      : fleet
          .sourceServers(origin.accountId, origin.region)
          .filter(({ oppositeArn }) => oppositeArn === fleet.sourceServer(sourceServerId)?.arn)
          .map((reversed) => reversed.sourceServerId),
  );
  const mine = own.filter((one) => one.sourceServerId === sourceServerId || reversedIds.has(one.sourceServerId));
  if (state === 'launched' && origin === undefined) {
    const now = fleet.recoveryInstance(recoveryInstanceId)?.failback.state;
    // A record that somebody has deleted since says nothing.
    if (now !== undefined && now !== 'FAILBACK_COMPLETED') report('sums agree', `${name} is back, and DRS says ${now}`);
  }
  if (state === 'launched' && origin !== undefined) {
    const machine = fleet.ec2Instance(recoveryInstanceId, origin.accountId, origin.region);
    const isThere = machine !== undefined && (!isGone(machine) || byHand.has(recoveryInstanceId));
    if (!isThere || !reversedIds.has(machine.sourceServerId)) {
      report('sums agree', `${name} is back as ${recoveryInstanceId}, and no such instance of it runs at its origin`);
    }
  }
  if (state === 'copying' && reversedIds.size === 0)
    report('sums agree', `${name} is copying, and DRS has no copy of it`);
  if (state === 'copying' && mine.length > 0) {
    report('sums agree', `${name} is said to be copying (${errorMessage}), and is in ${mine[0]?.jobId}`);
  }
  const back = mine.find(({ launchStatus }) => launchStatus === 'LAUNCHED');
  // What nobody could follow to its end has failed, and names the job that may have ended well.
  if (
    state === 'failed' &&
    back !== undefined &&
    (errorCode === 'FailbackFailed' || !errorMessage.includes(back.jobId))
  ) {
    report('sums agree', `${name} has failed (${errorMessage}), and DRS says that it is back`);
  }
  const isSaidUntouched =
    ['failed', 'skipped'].includes(state) && /not (started|begun)|nothing was started/i.test(errorMessage);
  if (isSaidUntouched && mine.length > 0) {
    report('sums agree', `${name} is said not to be started (${errorMessage}), and is in ${mine[0]?.jobId}`);
  }
}

/** A failback ends nothing: what ran in the DR Region goes on, unless something else has ended it. */
function checkNothingEnded(
  { practice: { fleet, drs }, byHand, inventory }: World,
  { execution, batches }: StoredFailback,
  report: Report,
): void {
  const planned = new Set(batches.flatMap(({ servers }) => servers.map(({ sourceServerId }) => sourceServerId)));
  const jobs = drs.jobs.list();
  for (const { accountId } of inventory.stagingAccounts) {
    for (const { instanceId, sourceServerId, state } of fleet.ec2Instances(accountId)) {
      if (!planned.has(sourceServerId) || !['shutting-down', 'terminated'].includes(state)) continue;
      const isExplained =
        byHand.has(instanceId) ||
        jobs.some(
          (job) =>
            job.initiatedBy !== 'FAILBACK' &&
            job.accountId === accountId &&
            job.participants.some((one) => one.sourceServerId === sourceServerId),
        );
      if (!isExplained)
        report('the verb decides', `${instanceId} is ${state} after ${short(execution.executionId)}, a failback`);
    }
  }
}
