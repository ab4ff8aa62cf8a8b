import fc from 'fast-check';
import { parseComponentInput } from '../../src/domain/contract.ts';
import type { AccountDiscovery, Plan, PlanRequest } from '../../src/domain/plan.ts';
import type { Batch, BatchServer } from '../../src/domain/result.ts';
import { type ExistingInstance, ORIGINS, ReplicationHealth, type SourceServer } from '../../src/domain/server.ts';
import { BATCH_STATUSES, SERVER_STATES } from '../../src/domain/status.ts';

export const ACCOUNT = '111111111111';
export const OTHER_ACCOUNT = '222222222222';
export const REGION = 'us-east-2';

/** Options as the component fills them in when none are given. */
export const DEFAULT_OPTIONS = parseComponentInput({ action: 'drill', tags: { 'DR-Wave': '1' } }).options;

/** A healthy source server of `ACCOUNT` that nothing speaks against. */
export function aServer(number: number, differs: Partial<SourceServer> = {}): SourceServer {
  const sourceServerId = `s-${String(number).padStart(17, '0')}`;
  const accountId = differs.accountId ?? ACCOUNT;
  const region = differs.region ?? REGION;
  return {
    sourceServerId,
    hostname: `hrp-${String(number).padStart(3, '0')}`,
    accountId,
    region,
    arn: `arn:aws:drs:${region}:${accountId}:source-server/${differs.sourceServerId ?? sourceServerId}`,
    replicationState: 'CONTINUOUS',
    tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
    existingInstances: [],
    ...differs,
  };
}

/** `count` healthy servers, numbered from 1. */
export function servers(count: number, differs: Partial<SourceServer> = {}): SourceServer[] {
  return Array.from({ length: count }, (_, index) => aServer(index + 1, differs));
}

/** A running recovery instance that is not a drill's. */
export function anInstance(differs: Partial<ExistingInstance> = {}): ExistingInstance {
  return {
    recoveryInstanceId: 'i-00000001',
    ec2InstanceId: 'i-00000001',
    state: 'RUNNING',
    isDrill: false,
    ...differs,
  };
}

/** The servers as each account would answer for its own. */
export function discovered(fleet: SourceServer[]): AccountDiscovery[] {
  const places = new Map(fleet.map(({ accountId, region }) => [`${accountId}/${region}`, { accountId, region }]));
  return [...places.values()].map((place) => ({
    ...place,
    servers: fleet.filter(({ accountId, region }) => accountId === place.accountId && region === place.region),
  }));
}

/** A request for HRP wave 1 with the default policy; `options` over the defaults. */
export function aRequest({
  options,
  ...differs
}: Partial<Omit<PlanRequest, 'options'>> & { options?: Partial<PlanRequest['options']> } = {}): PlanRequest {
  return {
    verb: 'drill',
    waves: [1],
    policy: { stopOn: ['stalled', 'not ready', 'unknown'] },
    selection: 'HRP wave 1',
    revision: 1,
    options: { ...DEFAULT_OPTIONS, minServers: 1, ...options },
    ...differs,
  };
}

/** `account/server` of everything a plan would launch, and of everything it leaves out. */
export function listsOf(plan: Plan): { launched: string[]; skipped: string[] } {
  return {
    launched: plan.batches.flatMap((batch) =>
      batch.servers.map((server) => `${batch.accountId}/${batch.region}/${server.sourceServerId}`),
    ),
    skipped: plan.skipped.map((server) => `${server.stagingAccountId}/${server.sourceServerId}`),
  };
}

export const STATES = [
  'CONTINUOUS',
  'CREATING_SNAPSHOT',
  'BACKLOG',
  'RESCAN',
  'PAUSED',
  'STALLED',
  'DISCONNECTED',
  'STOPPED',
  'INITIATING',
  'INITIAL_SYNC',
] as const;

const anyInstanceId = fc.integer({ min: 1, max: 99_999_999 }).map((number) => `i-${String(number).padStart(8, '0')}`);

const anyInstance: fc.Arbitrary<ExistingInstance> = fc.record({
  recoveryInstanceId: anyInstanceId,
  ec2InstanceId: fc.constant('i-0000000a'),
  state: fc.constantFrom('PENDING', 'RUNNING', 'STOPPED', 'TERMINATED', 'NOT_FOUND'),
  isDrill: fc.boolean(),
  onlyInEc2: fc.constantFrom(undefined, undefined, true),
  originEnvironment: fc.constantFrom(undefined, ...ORIGINS),
});

/** Noon of four days, oldest first. */
export const NOONS = ['01', '02', '03', '04'].map((day) => `2026-03-${day}T12:00:00Z`) as [string, ...string[]];
const anySnapshotId = fc.integer({ min: 1, max: 99 }).map((number) => `pit-${String(number).padStart(17, '0')}`);

const ARNS = [1, 2, 3].map((number) => aServer(number).arn);

/**
 * Any fleet: few server numbers in few accounts and Regions, so that the same record appears twice, servers share an
 * original, and originals are disabled or missing.
 */
export const anyFleet: fc.Arbitrary<SourceServer[]> = fc.array(
  fc
    .record({
      number: fc.integer({ min: 1, max: 12 }),
      accountId: fc.constantFrom(ACCOUNT, OTHER_ACCOUNT),
      region: fc.constantFrom(REGION, 'us-west-2'),
      stagingSourceServerArn: fc.option(fc.constantFrom('', ...ARNS), { nil: undefined }),
      replicationState: fc.constantFrom(...STATES, 'A_NEW_STATE'),
      enabled: fc.constantFrom('true', 'false', undefined),
      existingInstances: fc.array(anyInstance, { maxLength: 2 }),
      activeJobId: fc.constantFrom(undefined, 'drsjob-1'),
      priority: fc.constantFrom(undefined, 'high', 'Medium', 'low', 'whenever'),
      snapshots: fc.option(
        fc.array(fc.record({ id: anySnapshotId, at: fc.constantFrom(...NOONS) }), { maxLength: 3 }),
        { nil: undefined },
      ),
    })
    .map(({ number, enabled, priority, ...differs }) =>
      aServer(number, {
        ...differs,
        tags: {
          'DR-Application': 'HRP',
          ...(enabled === undefined ? {} : { 'DR-Enabled': enabled }),
          ...(priority === undefined ? {} : { 'DR-Priority': priority }),
        },
      }),
    ),
  { maxLength: 40 },
);

export const anyRequest: fc.Arbitrary<PlanRequest> = fc
  .record({
    wave: fc.integer({ min: 1, max: 4 }),
    revision: fc.integer({ min: 1, max: 3 }),
    parallelism: fc.integer({ min: 1, max: 500 }),
    minServers: fc.integer({ min: 0, max: 3 }),
    stopOn: fc.subarray([...ReplicationHealth]),
  })
  .map(({ wave, revision, parallelism, minServers, stopOn }) =>
    aRequest({ waves: [wave], revision, policy: { stopOn }, options: { parallelism, minServers } }),
  );

/** A request of any verb, with any options that change what it does. */
export const anyRequestOfAnyVerb: fc.Arbitrary<PlanRequest> = fc
  .record({
    verb: fc.constantFrom('drill' as const, 'failover' as const, 'terminate' as const, 'failback' as const),
    base: anyRequest,
    continueOnFailure: fc.boolean(),
    terminateLive: fc.boolean(),
    allowMissingAccounts: fc.boolean(),
    replaceLive: fc.array(fc.constantFrom('i-0000000a', 'i-00000001'), { maxLength: 2 }),
    pointInTime: fc.constantFrom(undefined, ...NOONS),
    instanceIds: fc.option(
      fc.constantFrom('i-0000000a', 'i-00000001').map((id) => [id]),
      { nil: undefined },
    ),
  })
  .map(({ verb, base, ...options }) => ({ ...base, verb, options: { ...base.options, ...options } }));

/** A server of a batch that nothing has happened to yet. */
export function aBatchServer(number: number, differs: Partial<BatchServer> = {}): BatchServer {
  const { sourceServerId, hostname, tags } = aServer(number);
  return { sourceServerId, hostname, tags, state: 'planned', ...differs };
}

/** A planned batch of three servers of `ACCOUNT`. */
export function aBatch(differs: Partial<Batch> = {}): Batch {
  return {
    batchId: `r1-w1-${ACCOUNT}-01`,
    accountId: ACCOUNT,
    region: REGION,
    status: 'planned',
    servers: [aBatchServer(1), aBatchServer(2), aBatchServer(3)],
    ...differs,
  };
}

/** Any batches, each server in one of them. */
export const anyBatches: fc.Arbitrary<Batch[]> = fc
  .array(
    fc.record({
      accountId: fc.constantFrom(ACCOUNT, OTHER_ACCOUNT),
      region: fc.constantFrom(REGION, 'us-west-2'),
      status: fc.constantFrom(...BATCH_STATUSES),
      jobId: fc.constantFrom(undefined, 'drsjob-1', 'drsjob-2'),
      states: fc.array(
        fc.record({
          state: fc.constantFrom(...SERVER_STATES),
          errorCode: fc.constantFrom(undefined, 'JobTimeout', 'LaunchFailed'),
        }),
        { maxLength: 6 },
      ),
    }),
    { maxLength: 6 },
  )
  .map((batches) =>
    batches.map(({ states, ...batch }, index) => ({
      ...batch,
      batchId: `batch-${index}`,
      servers: states.map((known, position) => aBatchServer(index * 100 + position, known)),
    })),
  );
