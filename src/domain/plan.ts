import { createHash } from 'node:crypto';
import type { ComponentOptions, SkippedServer } from './contract.ts';
import type { DrillPolicy } from './policy.ts';
import { healthOf, isLeftover, isLive, type ReplicationHealth, type SourceServer } from './server.ts';
import { type AvailableVerb, TAG } from './vocabulary.ts';

/** Most source servers in one DRS job (quota, not adjustable). */
export const MAX_SERVERS_IN_JOB = 100;

/** A server of a plan: what is needed to launch it and to speak of it. */
export interface PlannedServer {
  sourceServerId: string;
  hostname: string;
  tags: Record<string, string>;
}

/** At most 100 servers of one account that are launched by one DRS job. */
export interface PlannedBatch {
  /** e.g. `r1-w1-111111111111-01`; unique in the execution, carried by the DRS job as a tag. */
  batchId: string;
  accountId: string;
  region: string;
  servers: PlannedServer[];
}

/** Something that preflight found about one server. */
export interface Finding {
  severity: 'stop' | 'warning';
  kind: 'live instance' | 'replication' | 'running job';
  sourceServerId: string;
  hostname: string;
  accountId: string;
  message: string;
}

/** A staging account's line of the preflight table. */
export interface AccountSummary {
  accountId: string;
  region: string;
  servers: number;
  healthy: number;
  lagging: number;
  /** Servers of which an earlier drill's instance would be cleaned up by the launch. */
  cleanups: number;
  /** Set when the account could not be read: why. */
  unreachable?: string;
}

/** What would happen, frozen: the thing that is approved. */
export interface Plan {
  revision: number;
  hash: string;
  verb: AvailableVerb;
  wave: number;
  totalServers: number;
  accounts: AccountSummary[];
  batches: PlannedBatch[];
  skipped: SkippedServer[];
  /** Ids of the earlier drills' recovery instances that the launch would clean up. */
  cleanups: string[];
  findings: Finding[];
  /** Why the plan may not run at all; empty when it may be put to the approvers. */
  stops: string[];
  /** What is different from the plan that was approved before, server by server; empty for a first plan. */
  changes: string[];
}

/** What was discovered in one staging account. */
export interface AccountDiscovery {
  accountId: string;
  region: string;
  servers: SourceServer[];
  /** Set when the account could not be read: why. */
  unreachable?: string;
}

export interface PlanRequest {
  verb: AvailableVerb;
  wave: number;
  options: ComponentOptions;
  policy: Pick<DrillPolicy, 'stopOn'>;
  /** How the selection is called in messages, e.g. `HRP wave 1`. */
  selection: string;
  revision: number;
  /** The plan that was approved before, when the fleet is looked at again. */
  approved?: { servers: PlannedServer[]; cleanups: string[] };
}

/**
 * Freezes what a drill would do: servers, batches, findings, and the hash by which a later look tells whether the fleet
 * is still what was approved.
 */
export function freezePlan(request: PlanRequest, discoveries: AccountDiscovery[]): Plan {
  const { servers, skipped, ambiguous } = selectServers(discoveries);
  const findings = servers.flatMap((server) => findingsOf(server, request.policy));
  const cleanups = servers
    .flatMap((server) => server.existingInstances.filter(isLeftover).map((instance) => instance.recoveryInstanceId))
    .sort();
  const accounts = discoveries
    .map((discovery) => summarise(discovery, servers))
    .filter((account) => account.servers > 0 || account.unreachable !== undefined);
  return {
    revision: request.revision,
    hash: planHash(request, servers, cleanups),
    verb: request.verb,
    wave: request.wave,
    totalServers: servers.length,
    accounts,
    batches: cutIntoBatches(request, servers),
    skipped,
    cleanups,
    findings,
    stops: [
      ...unreachableStops(accounts),
      ...ambiguous,
      ...tooFewStop(request, servers.length),
      ...findingStops(findings),
    ],
    changes: request.approved === undefined ? [] : changesSince(request.approved, servers, cleanups),
  };
}

function changesSince(
  approved: { servers: PlannedServer[]; cleanups: string[] },
  servers: SourceServer[],
  cleanups: string[],
): string[] {
  const before = new Set(approved.servers.map((server) => server.sourceServerId));
  const now = new Set(servers.map((server) => server.sourceServerId));
  return [
    ...servers
      .filter((server) => !before.has(server.sourceServerId))
      .map((server) => `${server.hostname} (${server.sourceServerId}) is new`),
    ...approved.servers
      .filter((server) => !now.has(server.sourceServerId))
      .map((server) => `${server.hostname} (${server.sourceServerId}) is gone`),
    ...cleanups
      .filter((id) => !approved.cleanups.includes(id))
      .map((id) => `${id} of an earlier drill would be cleaned up`),
    ...approved.cleanups.filter((id) => !cleanups.includes(id)).map((id) => `${id} of an earlier drill is gone`),
  ];
}

/**
 * SHA-256 over verb, options, server ids and the instances that a launch would clean up (design §7). Not over health,
 * which flickers, nor over the revision.
 */
function planHash(request: PlanRequest, servers: SourceServer[], cleanups: string[]): string {
  const serverIds = servers.map((server) => `${server.accountId}/${server.sourceServerId}`).sort();
  const { maxWaitMinutes, continueOnFailure, parallelism, minServers } = request.options;
  const content = [
    request.verb,
    request.wave,
    { maxWaitMinutes, continueOnFailure, parallelism, minServers },
    serverIds,
    cleanups,
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/**
 * The servers to launch, each once. A server with DR-Enabled=false on any of its records is skipped by name. An extended
 * source server is known in two accounts under the same stagingSourceServerArn: it is launched where it really
 * replicates; a live instance or a running job of either record counts. When none or several of its records are that one, nobody
 * can tell which to launch, and the plan stops.
 */
function selectServers(discoveries: AccountDiscovery[]): {
  servers: SourceServer[];
  skipped: SkippedServer[];
  ambiguous: string[];
} {
  const discovered = eachOnce(discoveries.flatMap((discovery) => discovery.servers));
  const servers: SourceServer[] = [];
  const skipped: SkippedServer[] = [];
  const ambiguous: string[] = [];
  for (const records of groupBy(discovered, physicalServer).values()) {
    if (records.some((record) => record.tags[TAG.enabled] === 'false')) {
      skipped.push(...records.map((record) => skip(record, `its tag ${TAG.enabled} is false`)));
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
    skipped.push(
      ...others.map((record) => skip(record, `the same server as ${chosen.sourceServerId} in ${chosen.accountId}`)),
    );
  }
  servers.sort(
    (a, b) =>
      a.accountId.localeCompare(b.accountId) ||
      a.hostname.localeCompare(b.hostname) ||
      a.sourceServerId.localeCompare(b.sourceServerId),
  );
  return { servers, skipped, ambiguous };
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

function skip(server: SourceServer, reason: string): SkippedServer {
  return {
    sourceServerId: server.sourceServerId,
    sourceServerHostname: server.hostname,
    stagingAccountId: server.accountId,
    reason,
  };
}

function findingsOf(server: SourceServer, policy: Pick<DrillPolicy, 'stopOn'>): Finding[] {
  const about = { sourceServerId: server.sourceServerId, hostname: server.hostname, accountId: server.accountId };
  const findings: Finding[] = server.existingInstances.filter(isLive).map((instance) => ({
    ...about,
    severity: 'stop',
    kind: 'live instance',
    message: `live instance ${instance.ec2InstanceId} (${instance.state.toLowerCase()}); a drill would destroy it`,
  }));
  if (server.activeJobId !== undefined) {
    findings.push({
      ...about,
      severity: 'stop',
      kind: 'running job',
      message: `job ${server.activeJobId} is still running on it`,
    });
  }
  const health = healthOf(server.replicationState);
  if (health !== 'ok') {
    const behind = server.lagDuration === undefined ? '' : `, ${spokenDuration(server.lagDuration)} behind`;
    findings.push({
      ...about,
      severity: policy.stopOn.includes(health) ? 'stop' : 'warning',
      kind: 'replication',
      message: `replication ${describeHealth(health, server.replicationState)}${behind}`,
    });
  }
  return findings;
}

function describeHealth(health: ReplicationHealth, state: string): string {
  return health === 'not ready' || health === 'unknown' ? `${health} (${state})` : health;
}

/** `PT1H20M` as `1 h 20 min`; text that is no ISO 8601 duration is given back as it is. */
export function spokenDuration(iso: string): string {
  const match = /^P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/.exec(iso);
  if (match === null) return iso;
  const units = ['d', 'h', 'min', 's'];
  const parts = units.flatMap((unit, index) => {
    const amount = Number(match[index + 1] ?? 0);
    return amount === 0 ? [] : [`${amount} ${unit}`];
  });
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
}

function summarise(discovery: AccountDiscovery, chosen: SourceServer[]): AccountSummary {
  const servers = chosen.filter(
    (server) => server.accountId === discovery.accountId && server.region === discovery.region,
  );
  const healthy = servers.filter((server) => healthOf(server.replicationState) === 'ok').length;
  return {
    accountId: discovery.accountId,
    region: discovery.region,
    servers: servers.length,
    healthy,
    lagging: servers.length - healthy,
    cleanups: servers.filter((server) => server.existingInstances.some(isLeftover)).length,
    ...(discovery.unreachable === undefined ? {} : { unreachable: discovery.unreachable }),
  };
}

function cutIntoBatches(request: PlanRequest, servers: SourceServer[]): PlannedBatch[] {
  const size = Math.min(MAX_SERVERS_IN_JOB, request.options.parallelism);
  const chunks = [...groupBy(servers, (server) => `${server.accountId}/${server.region}`).values()].flatMap(
    (ofAccount) => chunksOf(ofAccount, size),
  );
  const numbers = new Map<string, number>();
  return chunks.flatMap((chunk) => {
    const [first] = chunk;
    if (first === undefined) return [];
    // Counted over the account and not its Regions: the id does not name the Region.
    const number = (numbers.get(first.accountId) ?? 0) + 1;
    numbers.set(first.accountId, number);
    return [
      {
        batchId: `r${request.revision}-w${request.wave}-${first.accountId}-${String(number).padStart(2, '0')}`,
        accountId: first.accountId,
        region: first.region,
        servers: chunk.map(({ sourceServerId, hostname, tags }) => ({ sourceServerId, hostname, tags })),
      },
    ];
  });
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function unreachableStops(accounts: AccountSummary[]): string[] {
  return accounts
    .filter((account) => account.unreachable !== undefined)
    .map(
      (account) =>
        `Account ${account.accountId} could not be read (${account.unreachable}), so its servers are unknown.`,
    );
}

function tooFewStop(request: PlanRequest, found: number): string[] {
  if (found >= request.options.minServers) return [];
  if (found === 0) return [`No source server matches ${request.selection}.`];
  return [
    `Only ${found} source servers match ${request.selection}; at least ${request.options.minServers} were asked for.`,
  ];
}

function findingStops(findings: Finding[]): string[] {
  return findings
    .filter((finding) => finding.severity === 'stop')
    .map((finding) => `${finding.hostname} (${finding.sourceServerId}): ${finding.message}.`);
}

/** Groups in the order of first appearance. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
