import { latestAttempts } from '../domain/batches.ts';
import { DrError } from '../domain/errors.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** What a wave has launched in one account and Region, by EC2 ids. */
export interface LaunchedThere {
  accountId: string;
  region: string;
  instanceIds: string[];
}

/**
 * The instances that a wave has launched, each server's of its last attempt, by account and Region, always in the same
 * order. Empty when it has launched none.
 * @throws {DrError} NotFound when the plan is gone
 */
export async function launchedInstances(
  store: Pick<ExecutionStore, 'getPlan' | 'getBatches'>,
  { executionId, planRevision }: Pick<ExecutionRecord, 'executionId' | 'planRevision'>,
  wave: number,
): Promise<LaunchedThere[]> {
  const plan = await store.getPlan(executionId, planRevision);
  if (plan === undefined) throw new DrError('NotFound', `The plan of ${executionId} is gone.`);
  const places = new Map<string, LaunchedThere>();
  for (const { accountId, region, servers } of latestAttempts(await store.getBatches(plan, { wave }))) {
    const launched = servers.flatMap(({ state, ec2InstanceId }) =>
      state === 'launched' && ec2InstanceId !== undefined ? [ec2InstanceId] : [],
    );
    const place = places.get(`${accountId}/${region}`) ?? { accountId, region, instanceIds: [] };
    places.set(`${accountId}/${region}`, { ...place, instanceIds: [...place.instanceIds, ...launched].sort() });
  }
  return [...places.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, place]) => (place.instanceIds.length === 0 ? [] : [place]));
}
