import type { AccountStatus, ComponentInput, ComponentOutput, ServerStatus, WaveStatus } from './contract.ts';
import { secondsOf } from './duration.ts';
import { groupBy } from './groups.ts';
import { type AccountDiscovery, type QuotaUse, tooManyServers, waveOf } from './plan.ts';
import { outcomeOf, timing } from './result.ts';
import { selectServers, skippedServer } from './selection.ts';
import { healthOf, isGone, isLive, type SourceServer } from './server.ts';

export interface StatusContext {
  input: Pick<ComponentInput, 'metadata' | 'options'>;
  discoveries: AccountDiscovery[];
  /** The moment at which the servers were looked at; milliseconds since the epoch, as the others. */
  now: number;
  startedAt: number;
  endedAt: number;
  resultLocation: string;
  monitoringUrl?: string;
}

/**
 * The output of the action status: every matching server as it is now, and sums by account and wave. A server is in
 * `servers` or, where it takes no part in recoveries, in skippedServers. Nothing is changed by it.
 */
export function buildStatusOutput(context: StatusContext): ComponentOutput {
  const { discoveries, input, now } = context;
  const { servers, skipped, ambiguous } = selectServers(discoveries);
  const tooFew =
    servers.length < input.options.minServers
      ? [`Only ${servers.length} source servers match; at least ${input.options.minServers} were asked for.`]
      : [];
  const missingAccounts = discoveries.flatMap(({ accountId, region, unreachable }) =>
    unreachable === undefined ? [] : [{ accountId, region, reason: unreachable }],
  );
  const status = outcomeOf({
    done: servers.length,
    notDone: 0,
    copying: 0,
    timedOut: false,
    stopped: tooFew.length > 0,
    accountsMissing: missingAccounts.length > 0,
  });
  const readable = discoveries.filter(({ unreachable }) => unreachable === undefined);
  const accounts = readable
    .map((discovery) => accountStatus(discovery, servers, now))
    .filter((account) => account.servers > 0);
  const message =
    tooFew[0] ?? (servers.length + skipped.length === 0 ? 'No servers found matching the specified tags' : undefined);
  return {
    status,
    action: 'status',
    isDrill: false,
    summary: {
      totalServers: servers.length + skipped.length,
      succeeded: servers.length,
      failed: 0,
      skipped: skipped.length,
    },
    timing: timing(context.startedAt, context.endedAt),
    recoveryInstances: [],
    failedServers: [],
    skippedServers: skipped.map(skippedServer),
    stagingAccountResults: accounts.map(({ accountId, region, servers: count }) => ({
      accountId,
      region,
      serversProcessed: count,
      succeeded: count,
      failed: 0,
      jobId: '',
      jobIds: [],
    })),
    missingAccounts,
    warnings: [...ambiguous, ...readable.flatMap(tooManyServers)],
    servers: servers.map((server) => serverStatus(server, now)),
    accounts,
    waves: waveStatuses(servers, now),
    metadata: input.metadata,
    nextPhaseReady: status === 'success',
    truncated: false,
    resultLocation: context.resultLocation,
    ...(context.monitoringUrl === undefined ? {} : { monitoringUrl: context.monitoringUrl }),
    ...(message === undefined ? {} : { message }),
  };
}

/**
 * How old the newest complete copy of a server is at `now` (milliseconds since the epoch), in seconds: what a launch
 * would lose. Undefined when DRS says neither up to when the copy is complete nor how far it is behind.
 */
export function dataAgeSeconds(
  server: Pick<SourceServer, 'dataAgeAt' | 'lagDuration'>,
  now: number,
): number | undefined {
  const { dataAgeAt, lagDuration } = server;
  const completeUntil = dataAgeAt === undefined ? Number.NaN : Date.parse(dataAgeAt);
  if (!Number.isNaN(completeUntil)) return Math.max(0, Math.round((now - completeUntil) / 1_000));
  return lagDuration === undefined ? undefined : secondsOf(lagDuration);
}

/** One server as it is at `now`, in milliseconds since the epoch. */
export function serverStatus(server: SourceServer, now: number): ServerStatus {
  const age = dataAgeSeconds(server, now);
  const { lagDuration, lastSeen, lastLaunch, activeJobId } = server;
  return {
    sourceServerId: server.sourceServerId,
    sourceServerHostname: server.hostname,
    stagingAccountId: server.accountId,
    region: server.region,
    replicationState: server.replicationState,
    replicationHealth: healthOf(server.replicationState),
    ...(lagDuration === undefined ? {} : { lagDuration }),
    ...(age === undefined ? {} : { dataAgeSeconds: age }),
    ...(lastSeen === undefined ? {} : { lastSeen }),
    ...(lastLaunch === undefined ? {} : { lastLaunch }),
    ...(lastLaunch?.type === 'DRILL' ? { lastDrill: lastLaunch } : {}),
    recoveryInstances: existing(server).map(({ recoveryInstanceId, ec2InstanceId, state, isDrill, failbackState }) => ({
      recoveryInstanceId,
      ec2InstanceId,
      state,
      isDrill,
      ...(failbackState === undefined ? {} : { failbackState }),
    })),
    ...(activeJobId === undefined ? {} : { jobInProgress: activeJobId }),
    tags: server.tags,
  };
}

function existing(server: SourceServer) {
  return server.existingInstances.filter((instance) => !isGone(instance.state));
}

function sumsOf(servers: SourceServer[], now: number) {
  const healthy = servers.filter((server) => healthOf(server.replicationState) === 'ok').length;
  const jobs = servers.flatMap(({ accountId, region, activeJobId }) =>
    activeJobId === undefined ? [] : [`${accountId}/${region}/${activeJobId}`],
  );
  const ages = servers.flatMap((server) => dataAgeSeconds(server, now) ?? []);
  return {
    servers: servers.length,
    healthy,
    notHealthy: servers.length - healthy,
    recoveryInstances: servers.flatMap(existing).length,
    liveInstances: servers.flatMap(existing).filter(isLive).length,
    jobsInProgress: new Set(jobs).size,
    ...(ages.length === 0 ? {} : { worstDataAgeSeconds: ages.reduce((worst, age) => Math.max(worst, age)) }),
  };
}

function accountStatus(discovery: AccountDiscovery, servers: SourceServer[], now: number): AccountStatus {
  const { accountId, region, maxServers, quotas, quotasUnreadable } = discovery;
  const own = servers.filter((server) => server.accountId === accountId && server.region === region);
  return {
    accountId,
    region,
    ...sumsOf(own, now),
    ...(maxServers === undefined ? {} : { maxServers }),
    ...(quotas === undefined
      ? {}
      : {
          quotas: {
            jobs: headroom(quotas.jobs),
            servers: headroom(quotas.servers),
            replicating: headroom(quotas.replicating),
            vcpus: headroom(quotas.vcpus),
          },
        }),
    ...(quotasUnreadable === undefined ? {} : { quotasUnreadable }),
  };
}

function headroom({ limit, inUse }: QuotaUse) {
  return { limit, inUse, free: Math.max(0, limit - inUse) };
}

function waveStatuses(servers: SourceServer[], now: number): WaveStatus[] {
  return [...groupBy(servers, (server) => waveOf(server.tags))]
    .map(([wave, ofWave]) => ({ wave, ...sumsOf(ofWave, now) }))
    .sort((a, b) => a.wave.localeCompare(b.wave, 'en', { numeric: true }));
}
