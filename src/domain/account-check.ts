import { z } from 'zod';
import { type Finding, ok, skipped, warning, wrong } from './finding.ts';
import { accountIdSchema } from './vocabulary.ts';

/** What accounts are for. One account may be there for several. */
export const ACCOUNT_KINDS = ['staging', 'target', 'origin'] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/** What is known of one account in one of its parts: a staging account, one in which actions are done, or an origin. */
export const accountReportSchema = z.strictObject({
  kind: z.enum(ACCOUNT_KINDS),
  accountId: accountIdSchema,
  regions: z.array(z.string()).min(1),
  findings: z.array(z.strictObject({ state: z.enum(['ok', 'warning', 'wrong', 'skipped']), text: z.string() })),
});
export type AccountReport = z.infer<typeof accountReportSchema>;

/** What `validate-accounts` answers. `validatedAt` is in milliseconds since the epoch. */
export const accountReportsSchema = z.strictObject({
  validatedAt: z.int(),
  accounts: z.array(accountReportSchema),
});
export type AccountReports = z.infer<typeof accountReportsSchema>;

/** When an account was validated last, and how many findings of each kind there were. */
export interface AccountCheckRecord extends Pick<AccountReport, 'kind' | 'accountId' | 'regions'> {
  /** Milliseconds since the epoch. */
  validatedAt: number;
  wrong: number;
  warnings: number;
}

/** What was read; or why it could not be. `denied`: the account let us in, but not do this. */
export type Read<T> = { value: T } | { unread: string; denied?: true };

/** What a trail's event selectors say, as CloudTrail gives them (GetEventSelectors). */
export interface TrailSelectors {
  EventSelectors?: readonly {
    ReadWriteType?: string;
    IncludeManagementEvents?: boolean;
    ExcludeManagementEventSources?: readonly string[];
  }[];
  AdvancedEventSelectors?: readonly {
    FieldSelectors?: readonly { Field?: string; Equals?: readonly string[]; NotEquals?: readonly string[] }[];
  }[];
}

/** Which calls that manage something a trail records. */
export interface RecordedEvents {
  read: boolean;
  write: boolean;
}

/** A trail as it is seen in an account. */
export interface TrailFacts {
  name: string;
  homeRegion: string;
  isMultiRegion: boolean;
  /** One of the organisation, which its member accounts see and cannot change. */
  isOrganization: boolean;
  isLogging: Read<boolean>;
  records: Read<RecordedEvents>;
}

/** What was found in a staging account, in the DR Region. */
export interface StagingAccountFacts {
  accountId: string;
  region: string;
  roleArn: string;
  /** Most replicating servers, as the deployment is configured. */
  maxServers: number;
  failbackRoleArn?: string;
  /** Why its reader role cannot be assumed; then nothing else is known. `denied`: STS has refused it. */
  refused?: { why: string; denied: boolean };
  /** Replicating servers. */
  drs: Read<{ replicating: number } | 'not initialised'>;
  executor: Read<{ status: string; definitionHash: string } | 'missing'>;
  trails: Read<TrailFacts[]>;
}

/** What was found of an account in which actions are done. */
export interface TargetAccountFacts {
  accountId: string;
  regions: string[];
  documentsRoleArn: string;
  refused?: { why: string; denied: boolean };
  /** Documents that were looked for, in all Regions together. */
  documents: number;
  /** Why a document cannot be started, a sentence each. */
  problems: string[];
}

const DRS_SOURCE = 'drs.amazonaws.com';

/**
 * Which management events a trail's selectors record, those of DRS among them (CloudTrail user guide, "Logging management
 * events"). A trail without selectors records all; an advanced selector that filters by more than we know counts for none.
 */
export function recordedEvents({ EventSelectors = [], AdvancedEventSelectors = [] }: TrailSelectors): RecordedEvents {
  if (EventSelectors.length === 0 && AdvancedEventSelectors.length === 0) return { read: true, write: true };
  const kinds = [...EventSelectors.map(basicKind), ...AdvancedEventSelectors.map(advancedKind)];
  return {
    read: kinds.some((kind) => kind === 'All' || kind === 'ReadOnly'),
    write: kinds.some((kind) => kind === 'All' || kind === 'WriteOnly'),
  };
}

type SelectedKind = 'All' | 'ReadOnly' | 'WriteOnly' | 'None';

function basicKind(selector: NonNullable<TrailSelectors['EventSelectors']>[number]): SelectedKind {
  // What is left out has its default (API reference, EventSelector): management events, of both kinds.
  const { IncludeManagementEvents = true, ReadWriteType = 'All', ExcludeManagementEventSources = [] } = selector;
  if (!IncludeManagementEvents || ExcludeManagementEventSources.includes(DRS_SOURCE)) return 'None';
  return ReadWriteType === 'ReadOnly' || ReadWriteType === 'WriteOnly' ? ReadWriteType : 'All';
}

function advancedKind({
  FieldSelectors = [],
}: NonNullable<TrailSelectors['AdvancedEventSelectors']>[number]): SelectedKind {
  const field = (name: string) => FieldSelectors.find(({ Field }) => Field === name);
  const isKnown = FieldSelectors.every(({ Field }) =>
    ['eventCategory', 'readOnly', 'eventSource'].includes(Field ?? ''),
  );
  const source = field('eventSource');
  const hasDrs = !source?.NotEquals?.includes(DRS_SOURCE) && (source?.Equals?.includes(DRS_SOURCE) ?? true);
  if (!isKnown || !hasDrs || !field('eventCategory')?.Equals?.includes('Management')) return 'None';
  const readOnly = field('readOnly')?.Equals;
  if (readOnly === undefined || readOnly.length > 1) return 'All';
  return readOnly[0] === 'true' ? 'ReadOnly' : 'WriteOnly';
}

/**
 * What there is to say of a staging account.
 * @param executorDefinition the hash of the executor's definition that the central stack was deployed with
 */
export function judgeStagingAccount(facts: StagingAccountFacts, executorDefinition: string): AccountReport {
  const { accountId, region, roleArn, refused } = facts;
  const report = { kind: 'staging' as const, accountId, regions: [region] };
  if (refused !== undefined) return { ...report, findings: [refusal(roleArn, refused)] };
  return {
    ...report,
    findings: [
      ok(`Role: ${roleNameOf(roleArn)} can be assumed.`),
      judgeDrs(facts),
      judgeExecutor(facts.executor, executorDefinition),
      judgeTrails(facts.trails, region),
      unseenRoles(facts),
    ],
  };
}

/** What there is to say of an account in which actions are done. */
export function judgeTargetAccount(facts: TargetAccountFacts): AccountReport {
  const { accountId, regions, documentsRoleArn, refused, documents, problems } = facts;
  const report = { kind: 'target' as const, accountId, regions };
  if (refused !== undefined) return { ...report, findings: [refusal(documentsRoleArn, refused)] };
  return {
    ...report,
    findings: [
      ok(`Role: ${roleNameOf(documentsRoleArn)} can be assumed.`),
      ...problems.map((problem): Finding => ({ state: 'wrong', text: `Documents: ${problem}` })),
      ...(problems.length > 0 ? [] : [ok(`Documents: ${documents === 0 ? 'none are listed' : 'all are there'}.`)]),
      skipped(
        'Not seen from here: the role that starts documents, which trusts take-action alone. The first action of a plan proves it.',
      ),
    ],
  };
}

/** What there is to say of a place that servers go back to: its role trusts one function alone, which this is not. */
export function judgeOrigin({ accountId, region, roleArn }: { accountId: string; region: string; roleArn: string }) {
  const text = `Not seen from here: ${roleNameOf(roleArn)}, which trusts failback-origin alone. The first failback proves it, before anything is changed.`;
  return { kind: 'origin', accountId, regions: [region], findings: [skipped(text)] } satisfies AccountReport;
}

/** Nobody could be asked: the account is left out of nothing, and says why. */
export function notLookedAt(report: Omit<AccountReport, 'findings'>, why: string): AccountReport {
  return {
    ...report,
    findings: [wrong(`It could not be looked at: ${why}`, 'Validate it again; then look at the log')],
  };
}

/** How a report is to be seen at a glance: its worst finding. */
export function worstOf({ findings }: Pick<AccountReport, 'findings'>): Finding['state'] {
  return (
    (['wrong', 'warning', 'ok', 'skipped'] as const).find((one) => findings.some(({ state }) => state === one)) ??
    'skipped'
  );
}

/** What is kept of a report. */
export function checkRecordOf(
  { kind, accountId, regions, findings }: AccountReport,
  validatedAt: number,
): AccountCheckRecord {
  const count = (wanted: Finding['state']) => findings.filter(({ state }) => state === wanted).length;
  return { kind, accountId, regions, validatedAt, wrong: count('wrong'), warnings: count('warning') };
}

/** STS does not tell why it refuses: everything that may be wrong is named, the likeliest first. */
function refusal(roleArn: string, { why, denied }: { why: string; denied: boolean }): Finding {
  if (!denied) return wrong(`Role: ${roleNameOf(roleArn)} could not be assumed: ${why}`, 'Validate it again');
  return wrong(
    `Role: ${roleArn} cannot be assumed (AccessDenied; STS does not say why)`,
    'Look, in this order: is the account’s stack deployed, after the central one; was the central stack removed and deployed again since (then its trust has lost the roles, and a stack without a change is passed over: give the account another externalId, and deploy both); is externalId the same in the deployment’s file and in both stacks; is organizationId this organisation, with both accounts in it; does a service control policy deny sts:AssumeRole',
  );
}

function unread(what: string, read: { unread: string; denied?: true }): Finding {
  return read.denied
    ? wrong(
        `${what}: the role may not look (${read.unread})`,
        'Deploy the account’s stack again: it is older than the central one',
      )
    : skipped(`${what}: could not be read (${read.unread}). Validate again.`);
}

function judgeDrs({ drs, region, maxServers }: StagingAccountFacts): Finding {
  if ('unread' in drs) return unread('DRS', drs);
  if (drs.value === 'not initialised') {
    return wrong(
      `DRS: not initialised in ${region}`,
      'Open the DRS console in that Region as an administrator of the account and set the default replication settings, once',
    );
  }
  const { replicating } = drs.value;
  const use = `${replicating} of ${maxServers} servers replicate`;
  return replicating <= maxServers
    ? ok(`DRS: initialised, ${use}.`)
    : wrong(
        `DRS: ${use}`,
        'Extend the servers that are too many to another staging account, or raise maxServers (300 at most)',
      );
}

function judgeExecutor(executor: StagingAccountFacts['executor'], expected: string): Finding {
  if ('unread' in executor) return unread('Executor', executor);
  if (executor.value === 'missing') return wrong('Executor: not there', 'Deploy the account’s stack');
  const { status, definitionHash } = executor.value;
  if (status !== 'ACTIVE') return wrong(`Executor: ${status}`, 'Deploy the account’s stack again');
  return definitionHash === expected
    ? ok('Executor: there, of the central stack’s version.')
    : warning(
        `Executor: of another version (${definitionHash}, the central stack has ${expected})`,
        'Deploy the older of the two stacks again',
      );
}

function judgeTrails(trails: StagingAccountFacts['trails'], region: string): Finding {
  if ('unread' in trails) return unread('CloudTrail', trails);
  const covering = trails.value.filter(({ homeRegion, isMultiRegion }) => isMultiRegion || homeRegion === region);
  const known = covering
    .filter((trail) => knownOf(trail.isLogging) === true)
    .map((trail) => ({ trail, ...knownOf(trail.records) }));
  const recording = known.filter(({ read, write }) => read || write);
  if (recording.some(({ read }) => read) && recording.some(({ write }) => write)) {
    return ok(`CloudTrail: DRS calls are recorded (${recording.map(({ trail }) => trailName(trail)).join(', ')}).`);
  }
  const unclear = covering.find(
    ({ isLogging, records }) => knownOf(isLogging) !== false && ('unread' in isLogging || 'unread' in records),
  );
  if (unclear !== undefined) {
    return skipped(
      `CloudTrail: ${trailName(unclear)} covers ${region}; whether it logs, and what, cannot be read in this account. Look in the trail’s own account: management events, read and write.`,
    );
  }
  const why =
    covering.length === 0
      ? `no trail covers ${region}`
      : recording.length === 0
        ? `${covering.map(trailName).join(', ')} log no management events of DRS`
        : `only ${recording.some(({ read }) => read) ? 'reading' : 'writing'} calls are recorded`;
  return wrong(
    `CloudTrail: ${why}`,
    'Have a trail of the account or the organisation log management events there, read and write',
  );
}

function trailName({ name, isOrganization }: TrailFacts): string {
  return isOrganization ? `${name} of the organisation` : name;
}

function knownOf<T>(read: Read<T>): T | undefined {
  return 'value' in read ? read.value : undefined;
}

/** Each of these roles trusts one machine or function alone: trying them would be doing what they are for. */
function unseenRoles({ failbackRoleArn }: StagingAccountFacts): Finding {
  const drill =
    'the role that starts the executor, which trusts drs-orchestration-main alone (the first drill proves it: npm run smoke)';
  const failback =
    failbackRoleArn === undefined
      ? ''
      : `; ${roleNameOf(failbackRoleArn)}, which trusts failback-origin alone (the first failback)`;
  return skipped(`Not seen from here: ${drill}${failback}.`);
}

function roleNameOf(arn: string): string {
  return arn.split('/').at(-1) ?? arn;
}
