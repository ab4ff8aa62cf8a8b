import {
  type ExecutorInput,
  type FailbackBatch,
  type LaunchBatch,
  MAX_SERVERS_IN_JOB,
  type TerminateBatch,
} from './executor-contract.ts';
import { chunksOf, groupBy } from './groups.ts';
import { type PlannedBatch, type PlannedInstance, type PlannedServer, type PlanRequest, plannedWave } from './plan.ts';
import type { Batch } from './result.ts';
import { isBatchTerminal, isLeftOut } from './status.ts';
import type { Verdict } from './verdict.ts';
import type { PlannedVerb } from './vocabulary.ts';

/** How the ids of a plan's batches begin; of one wave's, or of one account's in a wave, when that is given. */
export function batchIdStart(revision: number, of?: { wave: number; accountId?: string }): string {
  const parts = [`r${revision}`, ...(of === undefined ? [] : [`w${of.wave}`, of.accountId ?? []].flat())];
  return `${parts.join('-')}-`;
}

/**
 * Cuts the planned servers into batches of one wave, account and Region, of at most 100 and the request's parallelism, in the
 * order of their start. Servers that have to be waited for come last, in batches of their own, so that nobody waits with
 * them; origins do not mix, because servers go back to each in another way.
 */
export function cutIntoBatches(
  request: Pick<PlanRequest, 'revision' | 'waves' | 'options'>,
  planned: Verdict['planned'],
): PlannedBatch[] {
  const size = Math.min(MAX_SERVERS_IN_JOB, request.options.parallelism);
  const waveOf = ({ server }: Verdict['planned'][number]) => plannedWave(request, server);
  const places = groupBy(
    planned.toSorted((a, b) => waveOf(a) - waveOf(b)),
    (one) => `${waveOf(one)}/${one.server.accountId}/${one.server.region}`,
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
  const { revision } = request;
  return chunks.flatMap((chunk) => {
    const [first] = chunk;
    if (first === undefined) return [];
    const { accountId, region } = first.server;
    const wave = waveOf(first);
    const start = batchIdStart(revision, { wave, accountId });
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
