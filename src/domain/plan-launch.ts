import { spokenDuration } from './duration.ts';
import type { AccountDiscovery, Finding, PlannedServer, PlanRequest } from './plan.ts';
import { healthOf, isLive, type ReplicationHealth, type SourceServer } from './server.ts';
import type { Verdict } from './verdict.ts';

/** What the rules make of one server: it is planned, or it fails; and what was found about it. */
interface ServerVerdict {
  plan: PlannedServer;
  failure?: { errorCode: string; errorMessage: string };
  findings: Finding[];
  replaced: string[];
}

/**
 * The rules of a launch. A drill stops at what it may not harm and at what it cannot check. A failover stops only at a
 * live instance that nobody named; what is not known is said, and people decide (design: fail closed, say why).
 */
export function planLaunch(request: PlanRequest, servers: SourceServer[], discoveries: AccountDiscovery[]): Verdict {
  const judged = servers.map((server) => ({ server, ...judgeServer(request, server) }));
  const planned = judged.filter(({ failure }) => failure === undefined);
  const concerns = discoveries.flatMap((discovery) =>
    accountConcerns(
      discovery,
      planned.map(({ server }) => server),
    ),
  );
  const isDrill = request.verb === 'drill';
  return {
    planned,
    failed: judged.flatMap(({ server, failure }) => (failure === undefined ? [] : [{ server, ...failure }])),
    skipped: [],
    findings: judged.flatMap(({ findings }) => findings),
    stops: [...oneSnapshotStop(request, servers), ...(isDrill ? concerns : [])],
    warnings: [...(isDrill ? [] : concerns), ...unknownReplacements(request, servers), ...discoveries.flatMap(noRoom)],
    replaced: judged.flatMap(({ replaced }) => replaced).sort(),
  };
}

function judgeServer(request: PlanRequest, server: SourceServer): ServerVerdict {
  const { sourceServerId, hostname, tags } = server;
  const verdict = request.verb === 'drill' ? judgeDrill(request, server) : judgeFailover(request, server);
  const snapshot = snapshotFor(request, server);
  const waits = request.verb === 'failover' && healthOf(server.replicationState) === 'not ready';
  return {
    plan: {
      sourceServerId,
      hostname,
      tags,
      ...(snapshot.id === undefined ? {} : { recoverySnapshotId: snapshot.id }),
      ...(waits ? { waitForReady: true as const } : {}),
    },
    failure: verdict.failure ?? snapshot.failure,
    findings: verdict.findings,
    replaced: verdict.replaced,
  };
}

type Judgement = Pick<ServerVerdict, 'failure' | 'findings' | 'replaced'>;

function judgeDrill({ policy, options }: PlanRequest, server: SourceServer): Judgement {
  const finding = findingAbout(server);
  const findings: Finding[] = server.existingInstances
    .filter(isLive)
    .map((instance) =>
      finding(
        'stop',
        'live instance',
        `live instance ${instance.ec2InstanceId} (${instance.state.toLowerCase()}); a drill would destroy it`,
      ),
    );
  if (server.activeJobId !== undefined) {
    findings.push(finding('stop', 'running job', `job ${server.activeJobId} is still running on it`));
  }
  findings.push(...settingsOfDrill(server, policy.drillSubnets));
  const health = healthOf(server.replicationState);
  if (health === 'ok') return { findings, replaced: [] };
  const message = describeReplication(server, health);
  const stops = policy.stopOn.includes(health);
  // A server that stalls spoils only its own drill; what endangers others or cannot be checked stops them all.
  if (stops && options.continueOnFailure && findings.every(({ severity }) => severity !== 'stop')) {
    return { findings, replaced: [], failure: { errorCode: 'ServerNotReady', errorMessage: `${message}.` } };
  }
  findings.push(finding(stops ? 'stop' : 'warning', 'replication', message));
  return { findings, replaced: [] };
}

function settingsOfDrill(server: SourceServer, drillSubnets: string[] | undefined): Finding[] {
  const finding = findingAbout(server);
  const { launchSettings } = server;
  if (launchSettings?.unreadable !== undefined) {
    return [finding('stop', 'unchecked', `its launch settings could not be read (${launchSettings.unreadable})`)];
  }
  const findings: Finding[] = [];
  if (drillSubnets !== undefined) {
    const subnet = launchSettings?.subnetId;
    if (launchSettings === undefined) {
      findings.push(
        finding('stop', 'unchecked', 'its launch settings are not known, and drills are limited to subnets'),
      );
    } else if (subnet === undefined) {
      findings.push(
        finding('stop', 'launch settings', 'its launch settings name no subnet, and drills are limited to some'),
      );
    } else if (!drillSubnets.includes(subnet)) {
      findings.push(
        finding('stop', 'launch settings', `it would launch into ${subnet}, which is no subnet for drills`),
      );
    }
  }
  if (launchSettings?.copyPrivateIp === true) {
    findings.push(finding('warning', 'launch settings', 'it would launch with the private IP address of its source'));
  }
  return findings;
}

function judgeFailover({ options }: PlanRequest, server: SourceServer): Judgement {
  const finding = findingAbout(server);
  const live = server.existingInstances.filter(isLive);
  const named = (id: string) => options.replaceLive.includes(id);
  const replaced = live.filter((instance) => named(instance.recoveryInstanceId) || named(instance.ec2InstanceId));
  const endangered = live.filter((instance) => !replaced.includes(instance));
  const findings: Finding[] = [];
  const health = healthOf(server.replicationState);
  if (health !== 'ok') findings.push(finding('warning', 'replication', describeReplication(server, health)));
  if (server.launchSettings?.unreadable !== undefined) {
    findings.push(
      finding('warning', 'unchecked', `its launch settings could not be read (${server.launchSettings.unreadable})`),
    );
  }
  const words = endangered
    .map(
      (instance) =>
        `live instance ${instance.ec2InstanceId} (${instance.state.toLowerCase()}); a failover would destroy it, and replaceLive does not name it`,
    )
    .join('; ');
  if (endangered.length > 0 && options.continueOnFailure) {
    return { findings, replaced: [], failure: { errorCode: 'LiveInstance', errorMessage: `${words}.` } };
  }
  if (endangered.length > 0) {
    findings.push(finding('stop', 'live instance', words));
    return { findings, replaced: [] };
  }
  if (server.activeJobId !== undefined) {
    const errorMessage = `The job ${server.activeJobId} is still running on it.`;
    return { findings, replaced: [], failure: { errorCode: 'ConflictException', errorMessage } };
  }
  findings.push(
    ...replaced.map((instance) =>
      finding('warning', 'live instance', `live instance ${instance.ec2InstanceId} is destroyed and replaced`),
    ),
  );
  return { findings, replaced: replaced.map((instance) => instance.recoveryInstanceId) };
}

/** The snapshot that the request asks for; neither id nor failure when it asks for none. */
function snapshotFor(
  { options }: PlanRequest,
  server: SourceServer,
): { id?: string; failure?: ServerVerdict['failure'] } {
  const noSnapshot = (errorMessage: string) => ({ failure: { errorCode: 'NoSnapshot', errorMessage } });
  const { pointInTimeSnapshot, pointInTime } = options;
  if (pointInTimeSnapshot !== undefined) {
    return server.snapshots === undefined || server.snapshots.some(({ id }) => id === pointInTimeSnapshot)
      ? { id: pointInTimeSnapshot }
      : noSnapshot(`It has no snapshot ${pointInTimeSnapshot}.`);
  }
  if (pointInTime === undefined) return {};
  if (server.snapshots === undefined) return noSnapshot('Its snapshots could not be read.');
  const latest = Date.parse(pointInTime);
  const [newest] = server.snapshots
    .filter(({ at }) => Date.parse(at) <= latest)
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || a.id.localeCompare(b.id));
  return newest === undefined ? noSnapshot(`It has no snapshot at or before ${pointInTime}.`) : { id: newest.id };
}

function oneSnapshotStop({ options, selection }: PlanRequest, servers: SourceServer[]): string[] {
  if (options.pointInTimeSnapshot === undefined || servers.length === 1) return [];
  return [
    `options.pointInTimeSnapshot is for one server, but ${servers.length} match ${selection}. Use pointInTime for several.`,
  ];
}

function unknownReplacements({ options }: PlanRequest, servers: SourceServer[]): string[] {
  const live = servers.flatMap((server) =>
    server.existingInstances
      .filter(isLive)
      .flatMap((instance) => [instance.recoveryInstanceId, instance.ec2InstanceId]),
  );
  return [...new Set(options.replaceLive)]
    .filter((id) => !live.includes(id))
    .map((id) => `${id} of replaceLive is no live instance of a matching server.`);
}

/** What an account's quotas say against the launch of these servers, or that they could not be asked. */
function accountConcerns(discovery: AccountDiscovery, planned: SourceServer[]): string[] {
  const servers = planned.filter(
    ({ accountId, region }) => accountId === discovery.accountId && region === discovery.region,
  );
  if (servers.length === 0) return [];
  const { accountId, quotas, quotasUnreadable } = discovery;
  if (quotasUnreadable !== undefined) {
    return [`The quotas of account ${accountId} could not be read (${quotasUnreadable}).`];
  }
  if (quotas === undefined) return [];
  const unknown = servers.filter((server) => server.cores === undefined);
  if (unknown.length > 0) {
    const [first] = unknown;
    const others = unknown.length > 1 ? ` and ${unknown.length - 1} more` : '';
    return [`How many vCPUs ${first?.hostname}${others} in account ${accountId} would need is not known.`];
  }
  const needed = servers.reduce((sum, server) => sum + (server.cores ?? 0), 0);
  const { limit, inUse } = quotas.vcpus;
  const freed = servers.reduce((sum, server) => sum + freedBy(server), 0);
  const room = Math.max(0, limit - inUse + freed);
  if (needed <= room) return [];
  const cleanedUp = freed === 0 ? '' : `, ${freed} of them by instances that the launch replaces`;
  return [
    `Account ${accountId} has room for ${room} vCPUs (${inUse} of ${limit} in use${cleanedUp}), but ${needed} are needed.`,
  ];
}

/** vCPUs of the instances that DRS cleans up before it launches this server again, as far as they are known. */
function freedBy({ existingInstances }: SourceServer): number {
  return existingInstances
    .filter((instance) => instance.onlyInEc2 !== true)
    .reduce((sum, instance) => sum + (instance.vcpus ?? 0), 0);
}

/** DRS is at a limit now: the executor waits for room, within the time allowed. */
function noRoom({ accountId, quotas }: AccountDiscovery): string[] {
  if (quotas === undefined) return [];
  const full = (what: string, { limit, inUse }: { limit: number; inUse: number }) =>
    inUse < limit ? [] : [`Account ${accountId} is at its limit of ${limit} ${what}: the launch waits for room.`];
  return [...full('jobs at a time', quotas.jobs), ...full('servers in active jobs', quotas.servers)];
}

function findingAbout(server: SourceServer) {
  const about = { sourceServerId: server.sourceServerId, hostname: server.hostname, accountId: server.accountId };
  return (severity: Finding['severity'], kind: Finding['kind'], message: string): Finding => ({
    ...about,
    severity,
    kind,
    message,
  });
}

function describeReplication(server: SourceServer, health: ReplicationHealth): string {
  const behind = server.lagDuration === undefined ? '' : `, ${spokenDuration(server.lagDuration)} behind`;
  const state = health === 'not ready' || health === 'unknown' ? `${health} (${server.replicationState})` : health;
  return `replication ${state}${behind}`;
}
