import {
  type ExecutorInput,
  type FailbackBatch,
  type LaunchBatch,
  MAX_SERVERS_IN_JOB,
  type TerminateBatch,
} from './executor-contract.ts';
import { chunksOf, groupBy } from './groups.ts';
import { type PlannedBatch, type PlannedInstance, type PlannedServer, type PlanRequest, plannedWave } from './plan.ts';
import type { Batch, BatchServer } from './result.ts';
import { isBatchTerminal, isLeftOut } from './status.ts';
import type { Verdict } from './verdict.ts';
import type { PlannedVerb } from './vocabulary.ts';

/** Which batches of a plan are meant: of a wave, of one attempt of it, or of one account in that. */
export type BatchScope =
  | { wave: number; attempt?: number }
  | { wave: number; attempt: number; accountId: string; region?: string };

/**
 * How the ids of a plan's batches begin; of one wave's, of one attempt's or of one account's in that, when that is given.
 * Those of a first attempt do not name it: all of a wave's begin alike.
 */
export function batchIdStart(revision: number, of?: BatchScope): string {
  if (of === undefined) return `r${revision}-`;
  const { wave, attempt = 1 } = of;
  const parts = [`r${revision}`, `w${wave}`, attempt > 1 ? `a${attempt}` : [], 'accountId' in of ? of.accountId : []];
  return `${parts.flat().join('-')}-`;
}

/** What the id of a batch says of it. */
export function batchNameOf(batchId: string): { wave: number; attempt: number } {
  const [, wave, attempt = '1'] = /^r\d+-w(\d+)-(?:a(\d+)-)?/.exec(batchId) ?? [];
  return { wave: Number(wave), attempt: Number(attempt) };
}

/** The last attempt of a wave that has been frozen; 1 for one that was never retried. */
export function lastAttemptOf({ batchIds }: { batchIds: readonly string[] }, wave: number): number {
  const names = batchIds.map(batchNameOf).filter((name) => name.wave === wave);
  return Math.max(1, ...names.map(({ attempt }) => attempt));
}

/**
 * The batches with each server in one of them only: a server that was tried again stands where it was tried last. Every
 * batch stays, because its job was one of the wave's.
 */
export function latestAttempts<T extends Batch>(batches: readonly T[]): T[] {
  const last = new Map<string, number>();
  const keyOf = ({ batchId, accountId, region }: Batch, { sourceServerId }: PlannedServer) =>
    [batchNameOf(batchId).wave, accountId, region, sourceServerId].join('/');
  for (const batch of batches) {
    const { attempt } = batchNameOf(batch.batchId);
    for (const server of batch.servers) {
      const key = keyOf(batch, server);
      last.set(key, Math.max(attempt, last.get(key) ?? 1));
    }
  }
  return batches.map((batch) => {
    const { attempt } = batchNameOf(batch.batchId);
    const servers = batch.servers.filter((server) => last.get(keyOf(batch, server)) === attempt);
    return servers.length === batch.servers.length ? batch : { ...batch, servers };
  });
}

/**
 * Cuts the planned servers into batches of one wave, account and Region, of at most 100 and the request's parallelism, in the
 * order of their start. Servers that have to be waited for come last, in batches of their own, so that nobody waits with
 * them; origins do not mix, because servers go back to each in another way.
 */
export function cutIntoBatches(
  request: Pick<PlanRequest, 'revision' | 'waves' | 'recoveryPlan' | 'options'>,
  planned: Verdict['planned'],
): PlannedBatch[] {
  const located = planned.map(({ server, plan }): Located => {
    const { accountId, region } = server;
    return { wave: plannedWave(request, server), accountId, region, plan };
  });
  return cut(request, 1, located);
}

/**
 * What is left of a wave, cut into the batches of its next attempt: by the rules of the first, from the servers as they
 * were approved, so that snapshots and instances are the plan's.
 */
export function cutForRetry(
  plan: { revision: number; verb: PlannedVerb; options: Pick<PlanRequest['options'], 'parallelism'> },
  of: { wave: number; attempt: number },
  left: readonly { accountId: string; region: string; server: BatchServer }[],
): PlannedBatch[] {
  const located = left.map(({ accountId, region, server }): Located => {
    return { wave: of.wave, accountId, region, plan: asPlanned(server, plan.verb) };
  });
  return cut(plan, of.attempt, located);
}

/** A server without what became of it. A launch is planned without any instance: one that it has is a result. */
function asPlanned(server: BatchServer, verb: PlannedVerb): PlannedServer {
  const { sourceServerId, hostname, tags, recoverySnapshotId, waitForReady, origin } = server;
  const { recoveryInstanceId, ec2InstanceId, isDrill, otherInstances } = server;
  const isLaunch = verb === 'drill' || verb === 'failover';
  return {
    ...{ sourceServerId, hostname, tags },
    ...(recoverySnapshotId === undefined ? {} : { recoverySnapshotId }),
    ...(waitForReady === undefined ? {} : { waitForReady }),
    ...(origin === undefined ? {} : { origin }),
    ...(isLaunch || recoveryInstanceId === undefined ? {} : { recoveryInstanceId }),
    ...(isLaunch || ec2InstanceId === undefined ? {} : { ec2InstanceId }),
    ...(isLaunch || isDrill === undefined ? {} : { isDrill }),
    ...(isLaunch || otherInstances === undefined ? {} : { otherInstances }),
  };
}

interface Located {
  wave: number;
  accountId: string;
  region: string;
  plan: PlannedServer;
}

function cut(
  { revision, options }: { revision: number; options: Pick<PlanRequest['options'], 'parallelism'> },
  attempt: number,
  planned: readonly Located[],
): PlannedBatch[] {
  const size = Math.min(MAX_SERVERS_IN_JOB, options.parallelism);
  const places = groupBy(
    planned.toSorted((a, b) => a.wave - b.wave),
    ({ wave, accountId, region }) => `${wave}/${accountId}/${region}`,
  );
  const chunks = [...places.values()].flatMap((ofPlace) => {
    const ready = ofPlace.filter(({ plan }) => plan.waitForReady === undefined);
    const waiting = ofPlace.filter(({ plan }) => plan.waitForReady === true);
    return [ready, waiting].flatMap((some) =>
      [...groupBy(some, ({ plan }) => plan.origin ?? '').values()].flatMap((alike) =>
        chunksOf(alike, size, ({ plan }) => Math.max(1, instancesOf(plan).length)),
      ),
    );
  });
  const numbers = new Map<string, number>();
  return chunks.flatMap((chunk) => {
    const [first] = chunk;
    if (first === undefined) return [];
    const { wave, accountId, region } = first;
    const start = batchIdStart(revision, { wave, attempt, accountId });
    // Counted over the account and not its Regions: the id does not name the Region.
    const number = (numbers.get(start) ?? 0) + 1;
    numbers.set(start, number);
    return [
      {
        batchId: `${start}${String(number).padStart(2, '0')}`,
        wave,
        accountId,
        region,
        servers: chunk.map(({ plan }) => plan),
      },
    ];
  });
}

/** Every instance of a server that a plan acts on; none for a launch. */
export function instancesOf(server: PlannedServer): PlannedInstance[] {
  const { recoveryInstanceId, ec2InstanceId, isDrill } = server;
  if (recoveryInstanceId === undefined) return [];
  return [
    { recoveryInstanceId, ec2InstanceId: ec2InstanceId ?? recoveryInstanceId, isDrill: isDrill === true },
    ...(server.otherInstances ?? []),
  ];
}

/** True for a batch that central handlers fail back: servers that came from AWS go back through their origin Region. */
export function isFailedBackCentrally(batch: { servers: Pick<PlannedServer, 'origin'>[] }): boolean {
  return batch.servers.some((server) => server.origin === 'AWS');
}

type WorkOf<Input> = Input extends { action: unknown; batches: unknown } ? Pick<Input, 'action' | 'batches'> : never;
export type ExecutorWork = WorkOf<ExecutorInput>;

/**
 * What the executor is told of the batches: action and batches of its input. Batches that are over, servers that were
 * left out already and central failbacks are not its work.
 */
export function executorWork(verb: PlannedVerb, batches: Batch[]): ExecutorWork {
  const open = batches
    .filter((batch) => !isBatchTerminal(batch.status))
    .map(({ batchId, servers }) => ({ batchId, servers: servers.filter((server) => !isLeftOut(server)) }))
    .filter(({ servers }) => servers.length > 0);
  switch (verb) {
    case 'drill':
    case 'failover':
      return { action: verb, batches: open.map(launchBatch) };
    case 'terminate':
      return { action: verb, batches: open.map(terminateBatch) };
    case 'failback':
      return { action: verb, batches: open.filter((batch) => !isFailedBackCentrally(batch)).map(failbackBatch) };
  }
}

interface OpenBatch {
  batchId: string;
  servers: PlannedServer[];
}

function launchBatch({ batchId, servers }: OpenBatch): LaunchBatch {
  return {
    batchId,
    serverIds: servers.map((server) => server.sourceServerId),
    snapshots: Object.fromEntries(
      servers.flatMap(({ sourceServerId, recoverySnapshotId }) =>
        recoverySnapshotId === undefined ? [] : [[sourceServerId, recoverySnapshotId]],
      ),
    ),
    waitForReady: servers.some((server) => server.waitForReady === true),
  };
}

function terminateBatch({ batchId, servers }: OpenBatch): TerminateBatch {
  const instances = servers.flatMap((server) =>
    instancesOf(server).map(({ recoveryInstanceId, isDrill }) => ({
      id: recoveryInstanceId,
      serverId: server.sourceServerId,
      isDrill,
    })),
  );
  return { batchId, instances };
}

function failbackBatch({ batchId, servers }: OpenBatch): FailbackBatch {
  const instances = servers.flatMap((server) =>
    instancesOf(server).map(({ recoveryInstanceId }) => ({ id: recoveryInstanceId, serverId: server.sourceServerId })),
  );
  return { batchId, instances };
}
