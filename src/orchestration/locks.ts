import { DrError } from '../domain/errors.ts';
import type { ExecutionRecord, PlanRecord } from '../domain/records.ts';
import { lockNameOf } from '../domain/request.ts';
import { isBatchTerminal } from '../domain/status.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { Run } from './run.ts';

/** Which servers of which accounts are meant. */
export type LockedBatches = readonly {
  accountId: string;
  region: string;
  servers: readonly { sourceServerId: string; hostname: string }[];
}[];

/**
 * Takes every server of a plan, so that nobody else does anything with it: one execution at a time for each server, across
 * plans and entrances. What is taken already stays taken when another one is held: it is freed with the execution.
 * @returns who holds which servers, as sentences; empty when all are the owner's now
 */
export async function lockServers(store: ExecutionStore, batches: LockedBatches, owner: string): Promise<string[]> {
  const names = new Map(batches.flatMap(({ servers }) => servers.map((one) => [one.sourceServerId, one.hostname])));
  const heldBy = new Map<string, string[]>();
  for (const [place, ids] of byPlace(batches)) {
    for (const { serverId, owner: other } of await store.lockServers(placeOf(place), ids, owner)) {
      heldBy.set(other, [...(heldBy.get(other) ?? []), names.get(serverId) ?? serverId]);
    }
  }
  return await Promise.all([...heldBy].map(async ([other, hostnames]) => heldText(hostnames, await holderOf(other))));

  async function holderOf(other: string): Promise<string> {
    const execution = await store.getExecution(other);
    if (execution === undefined) return `the direct call ${other.replace(/^run-/, '')}`;
    const { verb, application, selection } = execution;
    return `the ${verb} of ${selection ?? (application || 'other tags')} (${other.slice(0, 8)})`;
  }
}

/**
 * Takes the servers of a direct run again that was redriven: they were freed when it failed, and somebody else may have taken
 * them. Of all its accounts, so that nothing is launched where it cannot go on as a whole. An execution holds its servers all
 * the time.
 * @throws {DrError} ServersHeld, naming who holds which; then nothing more is to be started.
 */
export async function takeServersAgain(store: ExecutionStore, run: Run, plan: PlanRecord): Promise<void> {
  const { direct, executionId, redrives = 0 } = run;
  if (!direct || redrives === 0) return;
  await store.noteRunResumed(executionId, redrives);
  const open = (await store.getBatches(plan)).filter(({ status }) => !isBatchTerminal(status));
  const held = await lockServers(store, open, executionId);
  if (held.length === 0) return;
  throw new DrError('ServersHeld', `${held.join(' ')} Nothing more was started: try again once they are free.`);
}

/** Frees whatever an execution holds: its application, and the servers of all its plans. Repeated, it changes nothing. */
export async function releaseLocks(
  store: ExecutionStore,
  execution: Pick<ExecutionRecord, 'executionId' | 'application' | 'tags' | 'planRevision'>,
): Promise<void> {
  const { executionId, planRevision } = execution;
  // A revision that was frozen and never put to people may hold some, too.
  const revisions = Array.from({ length: planRevision + 1 }, (_, at) => at + 1);
  const plans = await Promise.all(revisions.map((revision) => store.getPlan(executionId, revision)));
  await releaseServers(
    store,
    plans.flatMap((plan) => plan ?? []),
    executionId,
  );
  await store.unlockApplication(lockNameOf(execution), executionId);
}

/** Frees the servers of these plans, or of these accounts. */
export async function releaseServers(
  store: ExecutionStore,
  plans: readonly { accounts: readonly { accountId: string; region: string }[] }[],
  owner: string,
): Promise<void> {
  const places = new Set(
    plans.flatMap(({ accounts }) => accounts.map(({ accountId, region }) => `${accountId}/${region}`)),
  );
  for (const place of places) await store.unlockServers(placeOf(place), owner);
}

function byPlace(batches: LockedBatches): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const { accountId, region, servers } of batches) {
    const place = `${accountId}/${region}`;
    places.set(place, [...(places.get(place) ?? []), ...servers.map(({ sourceServerId }) => sourceServerId)]);
  }
  return places;
}

function placeOf(place: string): { accountId: string; region: string } {
  const [accountId = '', region = ''] = place.split('/');
  return { accountId, region };
}

function heldText(hostnames: string[], holder: string): string {
  const shown = hostnames.slice(0, 3).join(', ');
  const names = hostnames.length > 3 ? `${shown} and ${hostnames.length - 3} more` : shown;
  return `${names} ${hostnames.length === 1 ? 'is' : 'are'} held by ${holder}: wait until it is over, or cancel it.`;
}
