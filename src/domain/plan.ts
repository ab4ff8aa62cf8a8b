import { createHash } from 'node:crypto';
import { cutIntoBatches, instancesOf } from './batches.ts';
import type { ComponentOptions, FailedServer, MissingAccount, SkippedServer } from './contract.ts';
import { DrError } from './errors.ts';
import { planFailback } from './plan-failback.ts';
import { planLaunch } from './plan-launch.ts';
import { planTerminate } from './plan-terminate.ts';
import type { DrillPolicy } from './policy.ts';
import { type MeantServer, type RunWave, wavesWith } from './recovery-run.ts';
import { hasSeveralWaves, NO_WAVE, runsOf, type WaveSelection, waveAmong, wavesText } from './request.ts';
import { inWaves, selectServers, skippedServer } from './selection.ts';
import { healthOf, isLeftover, type Origin, type SourceServer } from './server.ts';
import type { Verdict } from './verdict.ts';
import { type PlannedVerb, TAG, type Verb } from './vocabulary.ts';

/** A recovery instance that a plan terminates or fails back. */
export interface PlannedInstance {
  recoveryInstanceId: string;
  ec2InstanceId: string;
  isDrill: boolean;
}

/** A server of a plan: what is needed to act on it and to speak of it. */
export interface PlannedServer {
  sourceServerId: string;
  hostname: string;
  tags: Record<string, string>;
  /** Launches: the snapshot to launch from; absent for the latest. */
  recoverySnapshotId?: string;
  /** Failover: its first copy is not complete yet, so the launch waits for it. */
  waitForReady?: true;
  /** Terminate and failback: the instance as it was found. */
  recoveryInstanceId?: string;
  ec2InstanceId?: string;
  isDrill?: boolean;
  /** Terminate: the server's other instances that go with it. */
  otherInstances?: PlannedInstance[];
  /** Failback: where it goes back to. */
  origin?: Origin;
}

/** At most 100 servers of one account that are handled by one DRS job. */
export interface PlannedBatch {
  /** e.g. `r1-w1-111111111111-01`; unique in the execution, carried by the DRS job as a tag. */
  batchId: string;
  /** 0 where the request names none. */
  wave: number;
  accountId: string;
  region: string;
  servers: PlannedServer[];
}

/** What a finding is about. `unchecked`: what it was could not be found out. */
export type FindingKind =
  | 'live instance'
  | 'replication'
  | 'running job'
  | 'snapshot'
  | 'launch settings'
  | 'failback'
  | 'unchecked';

/** Something that preflight found about one server. */
export interface Finding {
  severity: 'stop' | 'warning';
  kind: FindingKind;
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

/** A server that was discovered and may not be acted on, although the others may. */
export type PlannedFailure = FailedServer & { region: string; wave: number };

/** A server that was discovered and is left out. */
export type PlannedSkip = SkippedServer & { wave: number };

/** What would happen, frozen: the thing that is approved. */
export interface Plan {
  revision: number;
  hash: string;
  verb: PlannedVerb;
  /** The waves that run one after the other, in ascending order; empty when the request names none. */
  waves: number[];
  /** Servers in the batches. */
  totalServers: number;
  accounts: AccountSummary[];
  batches: PlannedBatch[];
  skipped: PlannedSkip[];
  /** Servers that fail whatever happens to the others: nothing is done with them. */
  failed: PlannedFailure[];
  /** Accounts that could not be read. */
  missingAccounts: MissingAccount[];
  /** Ids of the earlier drills' recovery instances that the launch would clean up. */
  cleanups: string[];
  /** Ids of the live instances that the launch would destroy and replace: replaceLive names them. */
  replaced: string[];
  findings: Finding[];
  /** What people should know although it stops nothing, e.g. more servers in an account than its maxServers. */
  warnings: string[];
  /** Why the plan may not run at all; empty when it may be put to the approvers. */
  stops: string[];
  /** What is different from the plan that was approved before, server by server; empty for a first plan. */
  changes: string[];
}

/** A quota and how much of it is taken. */
export interface QuotaUse {
  limit: number;
  inUse: number;
}

/** Quotas of one account and Region (facts: aws-drs §3). */
export interface AccountQuotas {
  /** Concurrent jobs. */
  jobs: QuotaUse;
  /** Source servers in all active jobs. */
  servers: QuotaUse;
  /** Replicating source servers. */
  replicating: QuotaUse;
  /** vCPUs of running on-demand standard instances. */
  vcpus: QuotaUse;
}

/** What was discovered in one staging account. */
export interface AccountDiscovery {
  accountId: string;
  region: string;
  servers: SourceServer[];
  /** Set when the account could not be read: why. */
  unreachable?: string;
  /** Most replicating servers, as the deployment is configured. */
  maxServers?: number;
  /** Which account goes first, 1 before 2; 1 when it is not given. */
  priority?: number;
  /** Absent when they were not asked for. */
  quotas?: AccountQuotas;
  /** Set when the quotas were asked for and could not be read: why. */
  quotasUnreadable?: string;
}

/** What a recovery plan says of the servers of its waves, and how they are run. */
export interface PlannedRecovery {
  planName: string;
  /** How the waves are run: approved with the plan. */
  settings: unknown;
  /** Whose servers it may touch. */
  applications: readonly string[];
  waves: readonly RunWave[];
}

export interface PlanRequest {
  verb: PlannedVerb;
  /** In ascending order. Of several, the servers' own tag says which is whose; otherwise all servers are in the one there is. */
  waves: number[];
  /** The recovery plan whose waves these are: what the servers' tags say of waves does not count then. */
  recoveryPlan?: PlannedRecovery;
  options: ComponentOptions;
  /** Termination: instances of `instanceIds` that nobody finds are no mistake. */
  instancesMayBeGone?: boolean;
  /** The policy of drills; the other verbs do not look at it. */
  policy: Pick<DrillPolicy, 'stopOn' | 'drillSubnets'>;
  /** How the selection is called in messages, e.g. `HRP wave 1`. */
  selection: string;
  revision: number;
  /** The plan that was approved before, when the fleet is looked at again. */
  approved?: { servers: PlannedServer[]; cleanups: string[] };
}

/**
 * The verb, where it has a plan.
 * @throws {DrError} ValidationError for status, which changes nothing and has none.
 */
export function plannedVerb(verb: Verb): PlannedVerb {
  if (verb === 'status') throw new DrError('ValidationError', 'A status changes nothing and has no plan.');
  return verb;
}

/**
 * Freezes what a verb would do: servers, batches, findings, and the hash by which a later look tells whether the fleet
 * is still what was approved. Each discovered server of the request's waves is in exactly one of the batches, `failed`
 * and `skipped`.
 */
export function freezePlan(request: PlanRequest, found: AccountDiscovery[]): Plan {
  const discoveries = inWaves(found, selectionOf(request));
  const { servers, skipped, ambiguous } = selectServers(discoveries);
  const verdict = judge(request, servers, discoveries);
  const planned = verdict.planned.map(({ server }) => server);
  const isLaunch = request.verb === 'drill' || request.verb === 'failover';
  const cleanups = isLaunch ? leftoversOf(planned) : [];
  const emptyWaves = wavesWithout(request, servers);
  // In a disaster a wave of which nothing can be seen holds up no other.
  const emptyIsToBeExpected = request.verb === 'failover' && discoveries.some(isUnread);
  const accounts = discoveries
    .map((discovery) => summarise(discovery, planned, isLaunch))
    .filter((account) => account.servers > 0 || account.unreachable !== undefined);
  return {
    revision: request.revision,
    hash: planHash(request, servers, verdict),
    verb: request.verb,
    waves: request.waves,
    totalServers: planned.length,
    accounts,
    batches: cutIntoBatches(request, verdict.planned),
    skipped: [...skipped, ...verdict.skipped].map((one) => ({
      ...skippedServer(one),
      wave: plannedWave(request, one.server),
    })),
    failed: verdict.failed.map(({ server, errorCode, errorMessage }) => ({
      ...nameOf(server),
      region: server.region,
      wave: plannedWave(request, server),
      errorCode,
      errorMessage,
    })),
    missingAccounts: discoveries.flatMap(({ accountId, region, unreachable }) =>
      unreachable === undefined ? [] : [{ accountId, region, reason: unreachable }],
    ),
    cleanups,
    replaced: verdict.replaced,
    findings: verdict.findings,
    warnings: [...discoveries.flatMap(tooManyServers), ...verdict.warnings, ...(emptyIsToBeExpected ? emptyWaves : [])],
    stops: [
      ...unreachableStops(request, accounts),
      ...ambiguous,
      ...tooFewStop(request, servers.length),
      ...unmatchedServers(request, servers),
      ...recoveryPlanStops(request, servers),
      ...(emptyIsToBeExpected ? [] : emptyWaves),
      ...verdict.stops,
      ...findingStops(verdict.findings),
    ],
    changes: request.approved === undefined ? [] : changesSince(request.approved, planned, verdict, cleanups),
  };
}

/** The wave in which a server of the plan is handled; 0 where the request names none. */
export function plannedWave(request: Pick<PlanRequest, 'waves' | 'recoveryPlan'>, server: MeantServer): number {
  return waveAmong(selectionOf(request), server) ?? NO_WAVE;
}

function selectionOf({ waves, recoveryPlan }: Pick<PlanRequest, 'waves' | 'recoveryPlan'>): WaveSelection {
  return { waves, ...(recoveryPlan === undefined ? {} : { selectors: recoveryPlan.waves }) };
}

/**
 * Servers that a recovery plan must not touch: of an application that it does not name, whose people were not asked, and
 * those that tags have brought into two waves since it was stored.
 */
function recoveryPlanStops({ recoveryPlan, waves }: PlanRequest, servers: SourceServer[]): string[] {
  if (recoveryPlan === undefined) return [];
  const { planName, applications } = recoveryPlan;
  return servers.flatMap((server) => {
    const { hostname, sourceServerId, tags } = server;
    const application = tags[TAG.application];
    const inWaves = wavesWith(recoveryPlan.waves, server).filter((wave) => waves.includes(wave));
    return [
      ...(application !== undefined && !applications.includes(application)
        ? [
            `${hostname} (${sourceServerId}) is of ${application}, which the recovery plan ${planName} does not name: run a plan of ${application} in a wave of its own.`,
          ]
        : []),
      ...(inWaves.length > 1
        ? [`${hostname} (${sourceServerId}) is in ${wavesText(inWaves)} of the recovery plan ${planName}.`]
        : []),
    ];
  });
}

function isUnread({ unreachable }: AccountDiscovery): boolean {
  return unreachable !== undefined;
}

function judge(request: PlanRequest, servers: SourceServer[], discoveries: AccountDiscovery[]): Verdict {
  switch (request.verb) {
    case 'drill':
    case 'failover':
      return planLaunch(request, servers, discoveries);
    case 'terminate':
      return planTerminate(request, servers);
    case 'failback':
      return planFailback(servers);
  }
}

function leftoversOf(servers: SourceServer[]): string[] {
  return servers
    .flatMap((server) => server.existingInstances.filter(isLeftover).map((instance) => instance.recoveryInstanceId))
    .sort();
}

function nameOf(
  server: SourceServer,
): Pick<SkippedServer, 'sourceServerId' | 'sourceServerHostname' | 'stagingAccountId'> {
  return {
    sourceServerId: server.sourceServerId,
    sourceServerHostname: server.hostname,
    stagingAccountId: server.accountId,
  };
}

function changesSince(
  approved: { servers: PlannedServer[]; cleanups: string[] },
  planned: SourceServer[],
  verdict: Verdict,
  cleanups: string[],
): string[] {
  const before = new Set(approved.servers.map((server) => server.sourceServerId));
  const now = new Set(planned.map((server) => server.sourceServerId));
  const failed = new Set(verdict.failed.map(({ server }) => server.sourceServerId));
  return [
    ...planned
      .filter((server) => !before.has(server.sourceServerId))
      .map((server) => `${server.hostname} (${server.sourceServerId}) is new`),
    ...approved.servers
      .filter((server) => !now.has(server.sourceServerId))
      .map(
        ({ hostname, sourceServerId }) =>
          `${hostname} (${sourceServerId}) ${failed.has(sourceServerId) ? 'fails now' : 'is gone'}`,
      ),
    ...cleanups
      .filter((id) => !approved.cleanups.includes(id))
      .map((id) => `${id} of an earlier drill would be cleaned up`),
    ...approved.cleanups.filter((id) => !cleanups.includes(id)).map((id) => `${id} of an earlier drill is gone`),
  ];
}

/**
 * SHA-256 over verb, waves, options, the selected servers with their wave and what would be done to each (snapshot,
 * instances), and the instances that a launch would clean up or replace (design §7). Not over health, which flickers, nor
 * over what health decides: a server that fails today because it stalls is part of it all the same. Nor over the revision,
 * nor over options that change nothing of what is done (isDrill, notificationArn).
 */
function planHash(request: PlanRequest, servers: SourceServer[], verdict: Verdict): string {
  const { isDrill: _, notificationArn: __, ...options } = request.options;
  const plans = new Map(verdict.planned.map(({ server, plan }) => [server, plan]));
  const acts = servers
    .map((server) => {
      const plan = plans.get(server);
      return [
        ...(hasOwnWaves(request) ? [`wave ${plannedWave(request, server)}`] : []),
        `${server.accountId}/${server.sourceServerId}`,
        plan?.recoverySnapshotId ?? '',
        ...(plan === undefined ? [] : instancesOf(plan).map((instance) => instance.recoveryInstanceId)),
      ].join(' ');
    })
    .sort();
  const content = [
    request.verb,
    runsOf(request.waves),
    Object.entries({
      ...options,
      replaceLive: [...new Set(options.replaceLive)].sort(),
      instanceIds: [...new Set(options.instanceIds)].sort(),
    }).sort(([a], [b]) => (a < b ? -1 : 1)),
    acts,
    request.verb === 'drill' || request.verb === 'failover' ? leftoversOf(servers) : [],
    verdict.replaced,
    ...(request.recoveryPlan === undefined
      ? []
      : [request.recoveryPlan.settings, request.recoveryPlan.waves.map(actsOf)]),
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** True where servers of one request may be in different waves. */
function hasOwnWaves({ waves, recoveryPlan }: PlanRequest): boolean {
  return recoveryPlan !== undefined || hasSeveralWaves(waves);
}

/** What is done around a wave: approved with it. */
function actsOf({ preWaveActions, postWaveActions }: RunWave): unknown {
  return [preWaveActions, postWaveActions];
}

function summarise(discovery: AccountDiscovery, planned: SourceServer[], isLaunch: boolean): AccountSummary {
  const servers = planned.filter(
    (server) => server.accountId === discovery.accountId && server.region === discovery.region,
  );
  const healthy = servers.filter((server) => healthOf(server.replicationState) === 'ok').length;
  return {
    accountId: discovery.accountId,
    region: discovery.region,
    servers: servers.length,
    healthy,
    lagging: servers.length - healthy,
    cleanups: isLaunch ? servers.filter((server) => server.existingInstances.some(isLeftover)).length : 0,
    ...(discovery.unreachable === undefined ? {} : { unreachable: discovery.unreachable }),
  };
}

/** More servers than an account is meant for: DRS takes 300 replicating servers and not one more. */
export function tooManyServers(discovery: AccountDiscovery): string[] {
  const { accountId, maxServers, quotas, servers } = discovery;
  const replicating = Math.max(servers.length, quotas?.replicating.inUse ?? 0);
  if (maxServers === undefined || replicating <= maxServers) return [];
  return [`Account ${accountId} has ${replicating} servers; it is meant for ${maxServers} at most.`];
}

/** In a disaster an account that cannot be read holds up no other; everything else waits until it can be. */
function unreachableStops(request: PlanRequest, accounts: AccountSummary[]): string[] {
  if (request.verb === 'failover' || request.options.allowMissingAccounts) return [];
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

/** Servers that were asked for by id and are not among those to act on: gone, other tags, or taking no part. */
function unmatchedServers({ options, selection }: PlanRequest, servers: SourceServer[]): string[] {
  return [...new Set(options.sourceServerIds)]
    .filter((id) => !servers.some(({ sourceServerId }) => sourceServerId === id))
    .map((id) => `${id} of sourceServerIds is no source server that matches ${selection} and takes part in drills.`);
}

/** Waves for which nothing was found, in words; a wave that was typed wrong must show. */
function wavesWithout(request: PlanRequest, servers: SourceServer[]): string[] {
  const { waves, options, selection } = request;
  if (!hasOwnWaves(request) || options.minServers === 0 || servers.length === 0) return [];
  const found = new Set(servers.map((server) => plannedWave(request, server)));
  return waves.filter((wave) => !found.has(wave)).map((wave) => `No source server of ${selection} is in wave ${wave}.`);
}

function findingStops(findings: Finding[]): string[] {
  return findings
    .filter((finding) => finding.severity === 'stop')
    .map((finding) => `${finding.hostname} (${finding.sourceServerId}): ${finding.message}.`);
}

/** The wave of a server by its tag, e.g. `1`; empty when it has none. */
export function waveOf(tags: Record<string, string>): string {
  return tags[TAG.wave] ?? '';
}

const TO_DO: Record<PlannedVerb, string> = {
  drill: 'launch',
  failover: 'launch',
  failback: 'fail back',
  terminate: 'terminate',
};

/**
 * The plan, stopped when it would do nothing: nobody is asked to approve that. For a direct call nothing to do is a success
 * (seed 4 §14.1).
 */
export function stoppedWhenIdle(plan: Plan): Plan {
  if (plan.stops.length > 0 || plan.batches.length > 0) return plan;
  const leftOut = plan.skipped.length + plan.failed.length;
  const all = leftOut === 1 ? 'the one matching server is' : `all ${leftOut} matching servers are`;
  return { ...plan, stops: [`There is nothing to ${TO_DO[plan.verb]}: ${all} left out.`] };
}
