import {
  type DrillProof,
  newestDrillOf,
  type PlanAsRun,
  planContentOf,
  serverSetOf,
  type Verification,
  verificationOf,
} from './drill-proof.ts';
import { messageOf } from './errors.ts';
import { groupBy } from './groups.ts';
import type { AccountDiscovery, QuotaUse } from './plan.ts';
import { type Library, planSetOf, type StoredPlan, withParts } from './plan-library.ts';
import { type ReadinessSettings, type ReadinessTargets, targetsOf } from './readiness-settings.ts';
import { type RecoveryRun, runOf, wavesWith } from './recovery-run.ts';
import { waveNumberOf, wavesText } from './request.ts';
import { selectServers } from './selection.ts';
import { healthOf, type SourceServer } from './server.ts';
import { dataAgeSeconds } from './status-report.ts';
import { validatePlan } from './validate-plan.ts';
import { TAG } from './vocabulary.ts';

/**
 * Whether each application could be recovered now, looked at while nothing is launched. Nothing that is not known counts
 * as ready.
 */

/**
 * `ready`: nothing speaks against a recovery. `at risk`: it would bring everything back as far as is known, but something
 * has little room, or was not shown lately. `not ready`: it would leave servers out, or lose more data than is allowed.
 * `not known`: it could not be looked at.
 */
export const READINESS_STATES = ['ready', 'at risk', 'not ready', 'not known'] as const;
export type ReadinessState = (typeof READINESS_STATES)[number];

/** After this long without a look nobody knows: three looks were missed. In milliseconds (ours). */
export const KNOWN_FOR_MS = 90 * 60_000;

/** What a finding is about. */
export type ReadinessFindingKind =
  | 'account'
  | 'no servers'
  | 'unprotected'
  | 'stalled'
  | 'replication unknown'
  | 'lagging'
  | 'data age'
  | 'ambiguous'
  | 'instance tags'
  | 'no application'
  | 'no wave'
  | 'plan'
  | 'vCPUs'
  | 'quota'
  | 'max servers'
  | 'staging account tag'
  | 'drill'
  | 'verification';

/** `stop`: not ready. `unknown`: nobody can tell. `warning`: at risk. */
export type ReadinessSeverity = 'stop' | 'unknown' | 'warning';

/** One thing that speaks against a recovery. */
export interface ReadinessFinding {
  kind: ReadinessFindingKind;
  severity: ReadinessSeverity;
  /** How many servers, accounts or problems it is about. */
  count: number;
  /** Host names, the first few of them. */
  servers?: string[];
  /** Account ids, the first few of them. */
  accounts?: string[];
  /** What is the matter, as a sentence. */
  message: string;
  /** What to do about it, as a sentence. */
  todo: string;
}

/** How the look at a staging account ended. `denied`: its role cannot be assumed. `not read`: throttled, slow or broken. */
export type LookState = 'read' | 'denied' | 'not initialised' | 'not read';

/** A look at a staging account. */
export interface AccountLook extends AccountDiscovery {
  state: LookState;
  /** Tags of the EC2 instances that servers came from, by source server id, where they could be read. */
  originTags: Record<string, Record<string, string>>;
  /** Servers from EC2 of other accounts, or whose instance could not be read: nobody compared their tags. */
  uncompared: number;
  /** An execution holds servers of it: it was asked for its servers alone. */
  isBusy: boolean;
}

/** Where an application's servers are; of an account that could not be read now, as they were seen last. */
export interface Placement {
  accountId: string;
  region: string;
  servers: number;
}

/** An application as one check saw it. */
export interface ApplicationReadiness {
  application: string;
  state: ReadinessState;
  /** The worst first; the worst {@link MOST_FINDINGS} of them. */
  findings: ReadinessFinding[];
  /** How many findings there are in all. */
  findingCount: number;
  servers: number;
  /** Servers that are left out by their tag, or are another record of the same one. */
  skipped: number;
  accounts: Placement[];
  /** Of its worst server, in seconds; absent where DRS says it of none. */
  worstDataAgeSeconds?: number;
  /** The newest successful drill of all its waves. `endedAt`: milliseconds since the epoch. */
  lastDrill?: { executionId: string; endedAt: number };
  /** Its recovery plan, as it would be run now. */
  plan?: PlanAsRun & { verification: Verification };
  /** When servers of it were last known to be somewhere, in milliseconds since the epoch; absent for never. */
  seenAt?: number;
  /** Milliseconds since the epoch. */
  checkedAt: number;
}

/** A staging account as one check saw it. */
export interface AccountReadiness {
  accountId: string;
  region: string;
  state: LookState;
  /** Why it was not read. */
  why?: string;
  servers: number;
  /** Without a complete first copy, or not replicating. */
  unprotected: number;
  stalled: number;
  worstDataAgeSeconds?: number;
  /** What is free of its tightest quota, in percent; absent where it was not looked at. */
  headroomPercent?: number;
  /** Which one that is, e.g. `replicating servers`. */
  tightestQuota?: string;
  isBusy?: true;
  /** When it was read last, in milliseconds since the epoch; absent for never. */
  readAt?: number;
}

/** What belongs to no single application. */
export interface FleetReadiness {
  accounts: AccountReadiness[];
  findings: ReadinessFinding[];
  /** Servers that belong to no application: no tag says it, and no recovery plan names them. */
  untagged: number;
  /** Servers of all accounts that were read, each record counted once. */
  servers: number;
  /** How many applications are in each state. */
  counts: Record<ReadinessState, number>;
  checkedAt: number;
}

/** What a check goes by. */
export interface ReadinessFacts {
  /** Milliseconds since the epoch. */
  now: number;
  looks: readonly AccountLook[];
  library: Library;
  settings: ReadinessSettings;
  /** Applications that are known for other reasons than a server's tag of this moment. */
  known: readonly string[];
  /** Successful drills, by application. */
  drills: ReadonlyMap<string, readonly DrillProof[]>;
  /** The check before, where there was one. */
  earlier?: {
    applications: ReadonlyMap<string, Pick<ApplicationReadiness, 'accounts' | 'seenAt'>>;
    accounts: readonly AccountReadiness[];
  };
  /** The Regions that are recovered into. */
  regions: readonly string[];
}

/**
 * An application whose servers are all gone, or have lost their tags, is told of for a week: it must not be forgotten by
 * that very mistake. In milliseconds (ours).
 */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;
/** Kept of an application, and of the fleet. */
const MOST_FINDINGS = 12;
/** Names in one finding. */
const MOST_NAMED = 5;
/** Less than this of a quota free is little, in percent (ours). */
export const LITTLE_HEADROOM_PERCENT = 10;
const DAY_MS = 86_400_000;
const TAGS_THAT_COUNT: readonly string[] = [TAG.application, TAG.wave, TAG.enabled];
const DR_TAG = /^DR-/;
const SEVERITIES: readonly ReadinessSeverity[] = ['stop', 'unknown', 'warning'];
/** States of replication without a complete first copy, or of none at all. */
const UNPROTECTED = 'not ready';

/** An application's servers and what is looked at for it. */
interface Scene {
  application: string;
  facts: ReadinessFacts;
  /** All of them, also those that are left out. */
  all: readonly SourceServer[];
  /** Those that a recovery would act on. */
  servers: readonly SourceServer[];
  ambiguous: readonly string[];
  placements: readonly Placement[];
  /** Of each account where it has servers, or may have some. */
  looks: readonly AccountLook[];
  plan?: KnownPlan;
  /** Which account each value of the tag DR-StagingAccount stands for. */
  homes: ReadonlyMap<string, string>;
  targets: ReadinessTargets;
}

/** Looks at every application and account. Each discovered server is of exactly one application, or of none. */
export function assessReadiness(facts: ReadinessFacts): {
  applications: ApplicationReadiness[];
  fleet: FleetReadiness;
} {
  const plans = plansByApplication(facts.library);
  const discovered = [
    ...new Map(facts.looks.flatMap(({ servers }) => servers).map((server) => [keyOf(server), server])).values(),
  ];
  const owned = groupBy(discovered, (server) => ownerOf(server, plans));
  const homes = homesOf(discovered);
  const names = new Set([
    ...[...owned.keys()].filter((name) => name !== ''),
    ...plans.keys(),
    ...facts.known.filter((name) => name !== ''),
    ...[...(facts.earlier?.applications ?? [])].flatMap(([name, { seenAt }]) =>
      seenAt !== undefined && facts.now - seenAt <= FORGOTTEN_AFTER_MS ? [name] : [],
    ),
  ]);
  const applications = [...names]
    .sort((a, b) => a.localeCompare(b))
    .map((application) =>
      assess(sceneOf(application, owned.get(application) ?? [], plans.get(application), { facts, homes })),
    );
  const counts = Object.fromEntries(READINESS_STATES.map((state) => [state, 0])) as Record<ReadinessState, number>;
  for (const { state } of applications) counts[state] += 1;
  const untagged = owned.get('') ?? [];
  const accounts = facts.looks.map((look) => accountReadiness(look, facts));
  return {
    applications,
    fleet: {
      accounts,
      findings: worstFirst(fleetFindings(facts, accounts, untagged)).slice(0, MOST_FINDINGS),
      untagged: untagged.length,
      servers: discovered.length,
      counts,
      checkedAt: facts.now,
    },
  };
}

/** What people are shown of a state that was stored then: what was not looked at for too long is not known. */
export function stateAt(
  { state, checkedAt }: Pick<ApplicationReadiness, 'state' | 'checkedAt'>,
  now: number,
): ReadinessState {
  return now - checkedAt > KNOWN_FOR_MS ? 'not known' : state;
}

/** A change of readiness that somebody should hear of. */
export type ReadinessChange = 'lost' | 'regained';

/**
 * What has changed since it was known last. A state that is not known changes nothing: what was ready before it and is not
 * after it was lost once.
 */
export function changeOf(before: ReadinessState | undefined, after: ReadinessState): ReadinessChange | undefined {
  if (before === undefined || before === 'not known' || after === 'not known') return undefined;
  const was = before !== 'not ready';
  const is = after !== 'not ready';
  if (was === is) return undefined;
  return is ? 'regained' : 'lost';
}

/** A stored plan as it is run, or why it cannot be. */
type KnownPlan = { stored: StoredPlan } & (
  | { run: RecoveryRun; problem?: undefined }
  | { run?: undefined; problem: string }
);

function plansByApplication(library: Library): Map<string, KnownPlan> {
  return new Map(
    library.plans.flatMap((stored) => {
      const { application } = stored.plan;
      return application === undefined ? [] : [[application, { stored, ...runnable(stored, library) }]];
    }),
  );
}

/** The application of its tag; without one the application whose plan names it, by its id or by other tags; else none. */
function ownerOf(server: SourceServer, plans: ReadonlyMap<string, KnownPlan>): string {
  const tagged = server.tags[TAG.application];
  if (tagged !== undefined && tagged !== '') return tagged;
  for (const [application, { run }] of plans) {
    if (run !== undefined && wavesWith(run.waves, server).length > 0) return application;
  }
  return '';
}

function sceneOf(
  application: string,
  all: readonly SourceServer[],
  plan: KnownPlan | undefined,
  { facts, homes }: Pick<Scene, 'facts' | 'homes'>,
): Scene {
  const { servers, ambiguous } = selectServers(byAccount(all, facts.looks));
  const unread = facts.looks.filter(({ state }) => state !== 'read');
  const before = facts.earlier?.applications.get(application)?.accounts ?? [];
  const placements = [
    ...[...groupBy(all, placeOf).values()].flatMap((own) => {
      const [first] = own;
      return first === undefined ? [] : [{ accountId: first.accountId, region: first.region, servers: own.length }];
    }),
    ...before.filter((place) => unread.some((look) => placeOf(look) === placeOf(place))),
  ];
  const there = new Set(placements.map(placeOf));
  return {
    application,
    facts,
    all,
    servers,
    ambiguous,
    placements,
    looks: facts.looks.filter((look) => look.state !== 'read' || there.has(placeOf(look))),
    ...(plan === undefined ? {} : { plan }),
    homes,
    targets: targetsOf(facts.settings, application),
  };
}

function byAccount(servers: readonly SourceServer[], looks: readonly AccountLook[]): AccountDiscovery[] {
  return looks.map((look) => ({ ...look, servers: servers.filter((server) => placeOf(server) === placeOf(look)) }));
}

function runnable(stored: StoredPlan, library: Library): { run: RecoveryRun } | { problem: string } {
  try {
    return { run: runOf(stored, planSetOf(library)) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

function assess(scene: Scene): ApplicationReadiness {
  const { application, facts, all, servers, placements } = scene;
  const plan = planAsRun(scene);
  const proofs = facts.drills.get(application) ?? [];
  const verification = plan === undefined ? undefined : verificationOf(plan, proofs);
  const drill = newestDrillOf(plan === undefined ? proofs : proofs.filter((one) => one.plan?.planId === plan.planId), [
    ...wavesIn(scene),
  ]);
  const findings = worstFirst([
    ...accountFindings(scene),
    ...serverFindings(scene),
    ...tagFindings(scene),
    ...planFindings(scene),
    ...quotaFindings(scene),
    ...drillFindings(scene, drill, proofs),
    ...(verification === undefined ? [] : verificationFindings(verification)),
  ]);
  const ages = servers.flatMap((server) => dataAgeSeconds(server, facts.now) ?? []);
  const seenAt = placements.length > 0 ? facts.now : facts.earlier?.applications.get(application)?.seenAt;
  return {
    application,
    state: stateOf(findings),
    findings: findings.slice(0, MOST_FINDINGS),
    findingCount: findings.length,
    servers: servers.length,
    skipped: all.length - servers.length,
    accounts: [...placements],
    ...(ages.length === 0 ? {} : { worstDataAgeSeconds: worst(ages) }),
    ...(drill === undefined ? {} : { lastDrill: { executionId: drill.executionId, endedAt: drill.endedAt } }),
    ...(plan === undefined || verification === undefined ? {} : { plan: { ...plan, verification } }),
    ...(seenAt === undefined ? {} : { seenAt }),
    checkedAt: facts.now,
  };
}

function stateOf(findings: readonly ReadinessFinding[]): ReadinessState {
  const has = (severity: ReadinessSeverity) => findings.some((finding) => finding.severity === severity);
  if (has('stop')) return 'not ready';
  if (has('unknown')) return 'not known';
  return has('warning') ? 'at risk' : 'ready';
}

function worstFirst(findings: readonly ReadinessFinding[]): ReadinessFinding[] {
  return findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** Accounts that could not be read: what is there is not known, and a drill of any application stops at them. */
function accountFindings({ application, facts, looks, placements, all }: Scene): ReadinessFinding[] {
  const unread = looks.filter(({ state }) => state !== 'read');
  const wasRead = (look: AccountLook) =>
    facts.earlier?.accounts.find((account) => placeOf(account) === placeOf(look))?.readAt !== undefined;
  const found = unread.map((look): ReadinessFinding => {
    const { accountId, state } = look;
    const there = placements.find((place) => placeOf(place) === placeOf(look))?.servers ?? 0;
    const seen = wasRead(look);
    const message =
      there > 0
        ? `${counted(there, 'server')} of ${application} ${there === 1 ? 'is' : 'are'} in account ${accountId}, ${NOT_READ[state]}.`
        : `Account ${accountId}, ${NOT_READ[state]}, may have servers of it: a drill stops there.`;
    const severity = there > 0 && state !== 'not read' ? 'stop' : there > 0 || !seen ? 'unknown' : 'warning';
    return { kind: 'account', severity, count: there, accounts: [accountId], message, todo: TODO_OF_ACCOUNT[state] };
  });
  if (all.length > 0 || placements.length > 0 || !unread.every(wasRead)) return found;
  return [
    ...found,
    {
      ...{ kind: 'no servers', severity: 'stop', count: 0 },
      message: `No source server of ${application} is in any staging account.`,
      todo: 'See that its servers replicate and that their source servers carry its tag. One that was given up is told of for a week, and as long as it has a recovery plan.',
    },
  ];
}

const NOT_READ: Record<LookState, string> = {
  read: 'which was read',
  denied: 'whose role cannot be assumed',
  'not initialised': 'in which DRS is not initialised',
  'not read': 'which could not be read this time',
};
const WHAT_IS_WRONG: Record<LookState, (accountId: string) => string> = {
  read: (accountId) => `Account ${accountId} was read`,
  denied: (accountId) => `The role of account ${accountId} cannot be assumed`,
  'not initialised': (accountId) => `DRS is not initialised in account ${accountId}`,
  'not read': (accountId) => `Account ${accountId} could not be read this time`,
};
const TODO_OF_ACCOUNT: Record<LookState, string> = {
  read: '',
  denied: 'Deploy the staging stack there again, or look at what was changed of the role DRS-Orchestration-Role.',
  'not initialised': 'Set DRS up in this account and Region: DRS console, Settings, Initialize.',
  'not read': 'It is looked at again in half an hour. If it stays, look at the log of check-readiness.',
};

/** What replication says. */
function serverFindings({ servers, ambiguous, facts, targets }: Scene): ReadinessFinding[] {
  const of = (...healths: string[]) =>
    servers.filter(({ replicationState }) => healths.includes(healthOf(replicationState)));
  const age = (server: SourceServer) => dataAgeSeconds(server, facts.now);
  const old = servers.filter((server) => (age(server) ?? 0) > targets.dataAgeMinutes * 60);
  const oldest = worst(old.flatMap((server) => age(server) ?? []));
  return [
    ...about(of(UNPROTECTED), {
      ...{ kind: 'unprotected', severity: 'stop' },
      says: (n) => `${counted(n, 'server')} ${n === 1 ? 'is' : 'are'} not protected: there is no complete copy.`,
      todo: 'Look at the replication in DRS. Until the first copy is complete nothing can be launched from it.',
    }),
    ...about(of('stalled'), {
      ...{ kind: 'stalled', severity: 'stop' },
      says: (n) => `The replication of ${counted(n, 'server')} has stalled.`,
      todo: 'See that the server runs, its agent too, and that it reaches DRS on TCP 443 and 1500.',
    }),
    ...about(of('unknown'), {
      ...{ kind: 'replication unknown', severity: 'unknown' },
      says: (n) => `How ${counted(n, 'server')} ${n === 1 ? 'replicates' : 'replicate'} is not known.`,
      todo: 'Look at the server in DRS: it is in a state that is not known here.',
    }),
    ...about(of('lagging', 'paused'), {
      ...{ kind: 'lagging', severity: 'warning' },
      says: (n) => `The replication of ${counted(n, 'server')} lags or is paused.`,
      todo: 'Wait, or look at the bandwidth and at the replication server; resume what is paused.',
    }),
    ...about(old, {
      ...{ kind: 'data age', severity: 'stop' },
      says: (n) =>
        `The newest copy of ${counted(n, 'server')} is older than the ${spoken(targets.dataAgeMinutes * 60)} that are allowed; the oldest is ${spoken(oldest)} old.`,
      todo: 'Bring the replication up to date, or allow more by dataAgeMinutes of the deployment’s file.',
    }),
    ...(ambiguous.length === 0
      ? []
      : [
          {
            ...{ kind: 'ambiguous' as const, severity: 'stop' as const, count: ambiguous.length },
            message: ambiguous.slice(0, 2).join(' '),
            todo: 'Leave one of the records out by the tag DR-Enabled=false.',
          },
        ]),
  ];
}

/** What tags say, and what they do not. EC2's tags do not reach DRS by themselves. */
function tagFindings({ all, servers, plan, looks, application, facts, homes }: Scene): ReadinessFinding[] {
  const lacking = lackingTags(all, looks);
  const counts = lacking.some(({ keys }) => keys.some((key) => TAGS_THAT_COUNT.includes(key)));
  const orphans = looksOf(facts).flatMap(({ servers: others, originTags }) =>
    others.filter(
      ({ sourceServerId, tags }) =>
        !tags[TAG.application] && originTags[sourceServerId]?.[TAG.application] === application,
    ),
  );
  return [
    ...about(orphans, {
      ...{ kind: 'instance tags', severity: 'stop' },
      says: (n) =>
        `${counted(n, 'EC2 instance')} ${n === 1 ? 'is' : 'are'} tagged for ${application}, but DRS’s source ${n === 1 ? 'server is' : 'servers are'} not: a recovery would leave ${n === 1 ? 'it' : 'them'} out.`,
      todo: 'Put the DR tags on the source servers in DRS, too: EC2’s do not get there by themselves.',
    }),
    ...about(
      lacking.map(({ server }) => server),
      {
        ...{ kind: 'instance tags', severity: counts ? 'stop' : 'warning' },
        says: (n) =>
          `${counted(n, 'source server')} ${n === 1 ? 'lacks' : 'lack'} DR tags that the EC2 ${n === 1 ? 'instance has' : 'instances have'}: ${[...new Set(lacking.flatMap(({ keys }) => keys))].join(', ')}.`,
        todo: 'Put the DR tags on the source servers in DRS, too: EC2’s do not get there by themselves.',
      },
    ),
    ...about(plan === undefined ? servers.filter(({ tags }) => waveNumberOf(tags) === 0) : [], {
      ...{ kind: 'no wave', severity: 'stop' },
      says: (n) => `${counted(n, 'server')} ${n === 1 ? 'is' : 'are'} in no wave: a run of all waves leaves them out.`,
      todo: 'Put the tag DR-Wave on the source server in DRS, or store a recovery plan.',
    }),
    ...about(
      servers.filter(({ tags, accountId }) => (homes.get(tags[TAG.stagingAccount] ?? '') ?? accountId) !== accountId),
      {
        ...{ kind: 'staging account tag', severity: 'warning' },
        says: (n) =>
          `The tag ${TAG.stagingAccount} of ${counted(n, 'server')} says another account than where ${n === 1 ? 'it is' : 'they are'}.`,
        todo: 'Correct the tag, or move the server: the tag decides nothing, but people go by it.',
      },
    ),
  ];
}

function looksOf({ looks }: ReadinessFacts): readonly AccountLook[] {
  return looks.filter(({ state }) => state === 'read');
}

/** Servers that lack DR tags which the EC2 instance has that they came from, and which. */
function lackingTags(
  servers: readonly SourceServer[],
  looks: readonly AccountLook[],
): { server: SourceServer; keys: string[] }[] {
  const origins = new Map(
    looks.flatMap((look) => Object.entries(look.originTags).map(([id, tags]) => [`${placeOf(look)}/${id}`, tags])),
  );
  return servers.flatMap((server) => {
    const tags = Object.keys(origins.get(keyOf(server)) ?? {});
    const keys = tags.filter((key) => DR_TAG.test(key) && server.tags[key] === undefined).sort();
    return keys.length === 0 ? [] : [{ server, keys }];
  });
}

/**
 * The account that each value of the tag stands for. A name instead of an id stands for the account in which most of the
 * servers with that name are.
 */
function homesOf(servers: readonly SourceServer[]): Map<string, string> {
  const homes = new Map<string, string>();
  for (const [said, own] of groupBy(servers, ({ tags }) => tags[TAG.stagingAccount] ?? '')) {
    const byId = [...groupBy(own, ({ accountId }) => accountId)];
    const [most] = byId.toSorted(([a, one], [b, other]) => other.length - one.length || a.localeCompare(b));
    if (said !== '' && most !== undefined) homes.set(said, /^\d{12}$/.test(said) ? said : most[0]);
  }
  return homes;
}

/** Whether the stored plan still fits what is there. */
function planFindings({ plan, all, servers, application, facts }: Scene): ReadinessFinding[] {
  if (plan === undefined) return [];
  const { planName } = plan.stored.plan;
  const todo = `Change the recovery plan (\`/dr plan edit ${planName}\`) or the tags.`;
  if (plan.run === undefined) {
    return [{ kind: 'plan', severity: 'stop', count: 1, message: plan.problem, todo }];
  }
  const { run } = plan;
  const isWhole = facts.looks.every(({ state }) => state === 'read');
  const meant = facts.looks.flatMap((look) => look.servers.filter((server) => wavesWith(run.waves, server).length > 0));
  const foreign = meant.filter(
    ({ tags }) => tags[TAG.application] !== undefined && !run.applications.includes(tags[TAG.application] ?? ''),
  );
  // By id: who may see this application may not see the others, also where the plan names them.
  const unnamed = meant.map((server) =>
    (server.tags[TAG.application] ?? application) === application
      ? server
      : { ...server, hostname: server.sourceServerId },
  );
  // What it shares with other plans is looked at when one of them is stored: with hundreds of them it takes minutes.
  const problems = validatePlan(plan.stored.plan, {
    ...withParts(run.planId, planSetOf(facts.library)),
    regions: facts.regions,
    actionRegions: 'unknown',
    // Where an account was not read, what matches nothing may be there.
    ...(isWhole ? { servers: unnamed } : {}),
  });
  const [first] = problems;
  return [
    ...(first === undefined
      ? []
      : [
          {
            ...{ kind: 'plan' as const, severity: 'stop' as const, count: problems.length },
            message: `The recovery plan ${planName} does not match what is there: ${first.wave === undefined ? '' : `wave ${first.wave}: `}${first.message}${problems.length > 1 ? ` There is more (${problems.length - 1}).` : ''}`,
            todo,
          },
        ]),
    ...about(
      servers.filter((server) => wavesWith(run.waves, server).length === 0),
      {
        ...{ kind: 'plan', severity: 'stop' },
        says: (n) =>
          `${counted(n, 'server')} of ${application} ${n === 1 ? 'is' : 'are'} in no wave of the recovery plan ${planName}: a recovery leaves ${n === 1 ? 'it' : 'them'} out.`,
        todo,
      },
    ),
    ...about(
      all.filter((server) => wavesWith(run.waves, server).length > 1),
      {
        ...{ kind: 'plan', severity: 'stop' },
        says: (n) =>
          `${counted(n, 'server')} ${n === 1 ? 'is' : 'are'} in several waves of the recovery plan ${planName}.`,
        todo,
      },
    ),
    // Not by name: who may see this application may not see the others.
    ...about(foreign, {
      ...{ kind: 'plan', severity: 'stop' },
      says: (n) =>
        `The recovery plan ${planName} has ${counted(n, 'server')} of other applications, which it does not name.`,
      todo,
    }).map((finding): ReadinessFinding => ({ ...finding, servers: [] })),
  ];
}

/** Quotas of the accounts that it is in: whether it fits, and how much is left. */
function quotaFindings({ servers, looks }: Scene): ReadinessFinding[] {
  return looks.flatMap((look): ReadinessFinding[] => {
    const { accountId, quotas, quotasUnreadable, isBusy, state } = look;
    if (state !== 'read' || isBusy) return [];
    const own = servers.filter((server) => placeOf(server) === placeOf(look));
    const at = { count: own.length, accounts: [accountId] };
    if (quotas === undefined) {
      if (quotasUnreadable === undefined) return [];
      return [
        {
          ...{ kind: 'quota', severity: 'warning', ...at },
          message: `The quotas of account ${accountId} could not be read: a drill there stops.`,
          todo: 'Look at the log of check-readiness; the role needs servicequotas:GetServiceQuota.',
        },
      ];
    }
    const needed = own.reduce((sum, { cores = 0 }) => sum + cores, 0);
    const free = quotas.vcpus.limit - quotas.vcpus.inUse;
    return [
      ...(needed <= free
        ? []
        : [
            {
              ...{ kind: 'vCPUs' as const, severity: 'stop' as const, ...at },
              message: `Its ${counted(own.length, 'server')} in account ${accountId} need ${needed} vCPUs, and ${Math.max(0, free)} of ${quotas.vcpus.limit} are free.`,
              todo: 'Have the EC2 quota of running on-demand standard instances raised (L-1216C47A), or end what runs there.',
            },
          ]),
      ...lowQuota(look, at),
      ...crowded(look),
    ];
  });
}

function lowQuota(look: AccountLook, at: { count: number; accounts: string[] }): ReadinessFinding[] {
  const tightest = tightestOf(look);
  if (tightest === undefined || tightest.percent >= LITTLE_HEADROOM_PERCENT) return [];
  const { name, use } = tightest;
  return [
    {
      ...{ kind: 'quota', severity: 'warning', ...at },
      message: `Account ${look.accountId} has little room: ${use.inUse} of ${use.limit} ${name} are taken.`,
      todo: TODO_OF_QUOTA[name] ?? 'Have the quota raised, or use another staging account.',
    },
  ];
}

const TODO_OF_QUOTA: Record<string, string> = {
  'replicating servers': 'This quota cannot be raised: let further servers replicate to another staging account.',
  jobs: 'Wait until the jobs there have ended.',
  'servers in jobs': 'Wait until the jobs there have ended.',
  vCPUs: 'Have the EC2 quota of running on-demand standard instances raised (L-1216C47A), or end what runs there.',
};

/** The quota of an account of which the smallest share is free. */
function tightestOf({ quotas }: AccountLook): { name: string; use: QuotaUse; percent: number } | undefined {
  if (quotas === undefined) return undefined;
  const { replicating, jobs, servers, vcpus } = quotas;
  const all = { 'replicating servers': replicating, jobs, 'servers in jobs': servers, vCPUs: vcpus };
  return Object.entries(all)
    .map(([name, use]) => ({ name, use, percent: percentFree(use) }))
    .sort((a, b) => a.percent - b.percent)[0];
}

function percentFree({ limit, inUse }: QuotaUse): number {
  return limit <= 0 ? 0 : Math.max(0, Math.round(((limit - inUse) * 100) / limit));
}

/** More servers than the deployment means an account for. */
function crowded({ accountId, maxServers, quotas, servers, state }: AccountLook): ReadinessFinding[] {
  const replicating = Math.max(servers.length, quotas?.replicating.inUse ?? 0);
  if (state !== 'read' || maxServers === undefined || replicating <= maxServers) return [];
  return [
    {
      ...{ kind: 'max servers', severity: 'warning', count: replicating, accounts: [accountId] },
      message: `Account ${accountId} has ${counted(replicating, 'server')}; it is meant for ${maxServers} at most.`,
      todo: 'Let servers replicate to another staging account, or raise maxServers (300 is the most that DRS takes).',
    },
  ];
}

/** The newest successful drill of all waves against its target. */
function drillFindings(
  { facts, targets, plan }: Scene,
  drill: DrillProof | undefined,
  proofs: readonly DrillProof[],
): ReadinessFinding[] {
  const todo = 'Ask for a drill of all its waves, and look at what comes of it.';
  const finding = { kind: 'drill' as const, severity: 'warning' as const, count: 1 };
  if (drill === undefined) {
    const partial = proofs[0];
    const drilled =
      partial === undefined
        ? ''
        : ` The last successful one was of ${wavesText(partial.waves.map(({ wave }) => wave))} alone, ${daysAgo(partial.endedAt, facts.now)}.`;
    const what = plan === undefined ? 'No drill of all its waves' : 'No drill of all waves of its recovery plan';
    return [{ ...finding, message: `${what} has succeeded yet.${drilled}`, todo }];
  }
  if (facts.now - drill.endedAt <= targets.drillAgeDays * DAY_MS) return [];
  return [
    {
      ...finding,
      message: `The last successful drill was ${daysAgo(drill.endedAt, facts.now)}; it is to be no more than ${counted(targets.drillAgeDays, 'day')} ago.`,
      todo,
    },
  ];
}

/** Why the plan is not verified; that it was never drilled, and that an account could not be read, has been said. */
function verificationFindings(verification: Verification): ReadinessFinding[] {
  if (verification.verified || verification.why === 'not drilled' || verification.why === 'servers not known')
    return [];
  const message =
    verification.why === 'changed'
      ? 'The recovery plan is not verified any more: it was changed after its last successful drill.'
      : `The recovery plan is not verified any more: ${wavesText(verification.waves)} ${verification.waves.length === 1 ? 'has' : 'have'} other servers than in its last successful drill.`;
  return [{ kind: 'verification', severity: 'warning', count: 1, message, todo: 'Drill all waves of the plan again.' }];
}

/** The numbers of the waves that a run of everything has. */
function wavesIn({ plan, servers }: Scene): number[] {
  if (plan?.run !== undefined) return plan.run.waves.map(({ wave }) => wave);
  return [...new Set(servers.map(({ tags }) => waveNumberOf(tags)).filter((wave) => wave !== 0))];
}

function planAsRun({ plan, facts }: Scene): PlanAsRun | undefined {
  if (plan?.run === undefined) return undefined;
  const { run } = plan;
  const isWhole = facts.looks.every(({ state }) => state === 'read');
  const { servers } = selectServers(
    facts.looks.map((look) => ({
      ...look,
      servers: look.servers.filter((server) => wavesWith(run.waves, server).length > 0),
    })),
  );
  return {
    planId: run.planId,
    content: planContentOf(run.waves),
    waves: run.waves
      .map(({ wave }) => ({
        wave,
        ...(isWhole ? { set: serverSetOf(servers.filter((server) => wavesWith(run.waves, server)[0] === wave)) } : {}),
      }))
      .sort((a, b) => a.wave - b.wave),
  };
}

function accountReadiness(look: AccountLook, { now, earlier }: ReadinessFacts): AccountReadiness {
  const { accountId, region, state, unreachable, servers, isBusy } = look;
  const before = earlier?.accounts.find((account) => placeOf(account) === placeOf(look));
  const readAt = state === 'read' ? now : before?.readAt;
  // What is left out by its tag is nobody's alarm.
  const meant = servers.filter(({ tags }) => tags[TAG.enabled] !== 'false');
  const of = (health: string) => meant.filter(({ replicationState }) => healthOf(replicationState) === health).length;
  const ages = meant.flatMap((server) => dataAgeSeconds(server, now) ?? []);
  const tightest = isBusy ? undefined : tightestOf(look);
  return {
    ...{ accountId, region, state },
    ...(unreachable === undefined ? {} : { why: unreachable }),
    servers: servers.length,
    unprotected: of(UNPROTECTED),
    stalled: of('stalled'),
    ...(ages.length === 0 ? {} : { worstDataAgeSeconds: worst(ages) }),
    ...(tightest === undefined ? {} : { headroomPercent: tightest.percent, tightestQuota: tightest.name }),
    ...(isBusy ? { isBusy: true as const } : {}),
    ...(readAt === undefined ? {} : { readAt }),
  };
}

function fleetFindings(
  { looks }: ReadinessFacts,
  accounts: readonly AccountReadiness[],
  untagged: readonly SourceServer[],
): ReadinessFinding[] {
  const uncompared = looks.reduce((sum, look) => sum + look.uncompared, 0);
  return [
    ...accounts
      .filter(({ state }) => state !== 'read')
      .map(
        ({ accountId, state, why }): ReadinessFinding => ({
          ...{ kind: 'account', severity: state === 'not read' ? 'unknown' : 'stop', count: 1, accounts: [accountId] },
          message: `${WHAT_IS_WRONG[state](accountId)}${why === undefined || state === 'not initialised' ? '' : `: ${why}`}.`,
          todo: TODO_OF_ACCOUNT[state],
        }),
      ),
    ...about(untagged, {
      ...{ kind: 'no application', severity: 'warning' },
      says: (n) =>
        `${counted(n, 'source server')} ${n === 1 ? 'belongs' : 'belong'} to no application: ${n === 1 ? 'it has' : 'they have'} no tag ${TAG.application}.${uncompared === 0 ? '' : ` The EC2 instances of ${counted(uncompared, 'server')} are in accounts that are not read: their tags were not compared.`}`,
      todo: 'Put the DR tags on the source servers in DRS: those of EC2 instances do not get there by themselves.',
    }),
    ...looks.flatMap((look) => [
      ...crowded(look),
      ...(look.isBusy ? [] : lowQuota(look, { count: look.servers.length, accounts: [look.accountId] })),
    ]),
  ];
}

/** A finding about servers; none about none of them. */
function about(
  servers: readonly SourceServer[],
  of: Pick<ReadinessFinding, 'kind' | 'severity' | 'todo'> & { says: (count: number) => string },
): ReadinessFinding[] {
  const { kind, severity, says, todo } = of;
  if (servers.length === 0) return [];
  const names = servers.map(({ hostname }) => hostname).sort((a, b) => a.localeCompare(b));
  const accounts = [...new Set(servers.map(({ accountId }) => accountId))].sort();
  return [
    {
      ...{ kind, severity, count: servers.length },
      servers: names.slice(0, MOST_NAMED),
      accounts: accounts.slice(0, MOST_NAMED),
      message: says(servers.length),
      todo,
    },
  ];
}

function placeOf({ accountId, region }: { accountId: string; region: string }): string {
  return `${accountId}/${region}`;
}

function keyOf(server: Pick<SourceServer, 'accountId' | 'region' | 'sourceServerId'>): string {
  return `${placeOf(server)}/${server.sourceServerId}`;
}

function worst(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function daysAgo(at: number, now: number): string {
  const days = Math.floor((now - at) / DAY_MS);
  return days === 0 ? 'less than a day ago' : `${counted(days, 'day')} ago`;
}

/** Seconds as `40 s`, `12 min`, `3 h 12 min` or `4 days`. */
function spoken(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  if (minutes >= 2 * 24 * 60) return counted(Math.floor(minutes / (24 * 60)), 'day');
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Whether a stored plan is verified at `now` (milliseconds since the epoch), without looking at any account: by the servers
 * that the last check has seen, or, where a drill is newer than that, by that drill's own. Undefined for a plan that
 * nobody can ask for: of no application, or one that cannot be run.
 */
export function verificationAt(
  stored: StoredPlan,
  {
    library,
    proofs,
    seen,
  }: {
    library: Library;
    proofs: readonly DrillProof[];
    seen: Pick<ApplicationReadiness, 'plan' | 'checkedAt'> | undefined;
  },
  now: number,
): Verification | undefined {
  const known = runnable(stored, library);
  if (stored.plan.application === undefined || !('run' in known)) return undefined;
  const { planId, waves } = known.run;
  const content = planContentOf(waves);
  const numbers = waves.map(({ wave }) => wave);
  const drill = newestDrillOf(
    proofs.filter(({ plan }) => plan?.planId === planId && plan.content === content),
    numbers,
  );
  const isFresh = seen !== undefined && now - seen.checkedAt <= KNOWN_FOR_MS && seen.plan?.content === content;
  const current =
    drill !== undefined && drill.endedAt > (seen?.checkedAt ?? 0)
      ? drill.waves
      : isFresh
        ? (seen.plan?.waves ?? [])
        : [];
  const sets = new Map(current.map(({ wave, set }) => [wave, set]));
  const asRun = numbers
    .toSorted((a, b) => a - b)
    .map((wave) => {
      const set = sets.get(wave);
      return { wave, ...(set === undefined ? {} : { set }) };
    });
  return verificationOf({ planId, content, waves: asRun }, proofs);
}
