import type { SkippedServer } from './contract.ts';
import { groupBy } from './groups.ts';
import type { AccountDiscovery } from './plan.ts';
import { type WaveSelection, waveAmong } from './request.ts';
import { isLive, type SourceServer, startRank } from './server.ts';
import { TAG } from './vocabulary.ts';

/** The servers that are meant, each once. */
export interface Selection {
  /** In the order in which they start. */
  servers: SourceServer[];
  skipped: { server: SourceServer; reason: string }[];
  /** Servers of which nobody can tell which record is meant, in words. */
  ambiguous: string[];
}

/** What was discovered, without servers that are in none of a request's waves. */
export function inWaves(discoveries: AccountDiscovery[], selection: WaveSelection): AccountDiscovery[] {
  return discoveries.map((discovery) => ({
    ...discovery,
    servers: discovery.servers.filter((server) => waveAmong(selection, server) !== undefined),
  }));
}

/**
 * The servers to act on, each once. A server with DR-Enabled=false on any of its records is skipped by name. An extended
 * source server is known in two accounts under the same stagingSourceServerArn: it is launched where it really
 * replicates; a live instance or a running job of either record counts. When none or several of its records are that one, nobody
 * can tell which to launch.
 */
export function selectServers(discoveries: AccountDiscovery[]): Selection {
  const discovered = eachOnce(discoveries.flatMap((discovery) => discovery.servers));
  const servers: SourceServer[] = [];
  const skipped: Selection['skipped'] = [];
  const ambiguous: string[] = [];
  for (const records of groupBy(discovered, physicalServer).values()) {
    if (records.some((record) => record.tags[TAG.enabled] === 'false')) {
      skipped.push(...records.map((server) => ({ server, reason: `its tag ${TAG.enabled} is false` })));
      continue;
    }
    const originals = records.filter((record) => record.arn === physicalServer(record));
    const chosen = originals[0] ?? records[0];
    if (chosen === undefined) continue;
    if (records.length > 1 && originals.length !== 1) {
      const known = records.map((record) => `${record.sourceServerId} in ${record.accountId}`).join(', ');
      ambiguous.push(
        `${chosen.hostname} is known ${records.length} times (${known}) and it cannot be told which record to launch.`,
      );
    }
    const others = records.filter((record) => record !== chosen);
    servers.push({
      ...chosen,
      existingInstances: [
        ...chosen.existingInstances,
        ...others.flatMap((record) => record.existingInstances.filter(isLive)),
      ],
      activeJobId: records.find((record) => record.activeJobId !== undefined)?.activeJobId,
    });
    const reason = `the same server as ${chosen.sourceServerId} in ${chosen.accountId}`;
    skipped.push(...others.map((server) => ({ server, reason })));
  }
  return { servers: servers.sort(startOrder(discoveries)), skipped, ambiguous };
}

/** A server that is left out, as the output names it. */
export function skippedServer({ server, reason }: Selection['skipped'][number]): SkippedServer {
  return {
    sourceServerId: server.sourceServerId,
    sourceServerHostname: server.hostname,
    stagingAccountId: server.accountId,
    reason,
  };
}

/** Accounts by their configured priority; in an account by DR-Priority, then by host name. */
function startOrder(discoveries: AccountDiscovery[]): (a: SourceServer, b: SourceServer) => number {
  const placeOf = ({ accountId, region }: { accountId: string; region: string }) => `${accountId}/${region}`;
  const priorities = new Map(discoveries.map((discovery) => [placeOf(discovery), discovery.priority ?? 1]));
  const priorityOf = (server: SourceServer) => priorities.get(placeOf(server)) ?? 1;
  return (a, b) =>
    priorityOf(a) - priorityOf(b) ||
    a.accountId.localeCompare(b.accountId) ||
    startRank(a.tags[TAG.priority]) - startRank(b.tags[TAG.priority]) ||
    a.hostname.localeCompare(b.hostname) ||
    a.sourceServerId.localeCompare(b.sourceServerId);
}

/** A record that was read twice (pages may overlap while a fleet changes) counts once, as it was seen last. */
function eachOnce(discovered: SourceServer[]): SourceServer[] {
  return [
    ...new Map(
      discovered.map((server) => [`${server.accountId}/${server.region}/${server.sourceServerId}`, server]),
    ).values(),
  ];
}

function physicalServer(server: SourceServer): string {
  return server.stagingSourceServerArn === undefined || server.stagingSourceServerArn === ''
    ? server.arn
    : server.stagingSourceServerArn;
}
