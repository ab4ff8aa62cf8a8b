import type { Plan } from './plan.ts';
import type { Batch, BatchServer } from './result.ts';
import { isBatchTerminal, isLeftOut } from './status.ts';

/**
 * What an approved failover becomes when the fleet is looked at again (design §7): servers that are gone are named
 * failures, new matches are named and not launched, and nobody is asked again, because the disaster does not wait.
 * Whether `now` may run at all is for its `stops` to say; what happens to a server that is still there is seen by the
 * executor, right before it starts it.
 */
export function keepToApproved<T extends Batch>(approved: T[], now: Plan): { batches: T[]; warnings: string[] } {
  const present = new Map<string, string>();
  for (const batch of now.batches) {
    for (const server of batch.servers) present.set(keyOf(batch.accountId, server), server.hostname);
  }
  for (const server of now.failed) present.set(keyOf(server.stagingAccountId, server), server.sourceServerHostname);
  const unread = new Set(now.missingAccounts.map(({ accountId, region }) => `${accountId}/${region}`));
  const known = new Set(approved.flatMap((batch) => batch.servers.map((server) => keyOf(batch.accountId, server))));
  return {
    batches: approved.map((batch) =>
      isBatchTerminal(batch.status) || unread.has(`${batch.accountId}/${batch.region}`)
        ? batch
        : without(batch, (server) => !present.has(keyOf(batch.accountId, server))),
    ),
    warnings: [...present]
      .filter(([key]) => !known.has(key))
      .map(([key, hostname]) => `${hostname} (${key}) matches since the approval; it is not launched.`),
  };
}

/** The batch without the servers that are gone; one that has none left is over: nobody would settle it. */
function without<T extends Batch>(batch: T, isGone: (server: BatchServer) => boolean): T {
  const servers = batch.servers.map((server) => (server.state === 'planned' && isGone(server) ? gone(server) : server));
  return servers.every(isLeftOut) ? { ...batch, status: 'not started', servers } : { ...batch, servers };
}

function gone(server: BatchServer): BatchServer {
  return {
    ...server,
    state: 'failed',
    errorCode: 'ServerGone',
    errorMessage: 'It was approved, but it matched no longer when the fleet was looked at again. It was not launched.',
  };
}

function keyOf(accountId: string, server: { sourceServerId: string }): string {
  return `${accountId}/${server.sourceServerId}`;
}
