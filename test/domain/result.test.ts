import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputSchema } from '../../src/domain/contract.ts';
import type { PlannedSkip } from '../../src/domain/plan.ts';
import {
  type Batch,
  buildOutput,
  type OutputContext,
  outcomeOf,
  stoppedBatches,
  withoutLists,
} from '../../src/domain/result.ts';
import { isDone, type ServerState } from '../../src/domain/status.ts';
import type { PlannedVerb } from '../../src/domain/vocabulary.ts';
import { ACCOUNT, aBatch, aBatchServer, anyBatches, DEFAULT_OPTIONS, OTHER_ACCOUNT, REGION } from './fleet.ts';

const STARTED = Date.parse('2026-03-02T14:00:00Z');

function outputOf(batches: Batch[], differs: Partial<OutputContext> = {}) {
  return buildOutput({
    input: { action: 'drill', metadata: {}, options: { ...DEFAULT_OPTIONS, continueOnFailure: true } },
    batches,
    skipped: [],
    failed: [],
    missingAccounts: [],
    warnings: [],
    stops: [],
    startedAt: STARTED,
    endedAt: STARTED + 2_730_000,
    resultLocation: 's3://results/exec-1/wave-01.json',
    ...differs,
  });
}

/** A batch with as many servers in each state as is asked for. */
function batchWith(counts: Partial<Record<ServerState, number>>): Batch {
  const states = Object.entries(counts).flatMap(([state, count]) =>
    Array<ServerState>(count).fill(state as ServerState),
  );
  return aBatch({ servers: states.map((state, index) => aBatchServer(index + 1, { state })) });
}

const disabled = (number: number): PlannedSkip => ({
  sourceServerId: aBatchServer(number).sourceServerId,
  sourceServerHostname: `disabled-${number}`,
  stagingAccountId: ACCOUNT,
  wave: 1,
  reason: 'its tag DR-Enabled is false',
});

describe('the result', () => {
  it('has every server in exactly one list and sums that agree, for any batches', () => {
    fc.assert(
      fc.property(anyBatches, fc.integer({ min: 0, max: 3 }), (batches, disabledCount) => {
        const skipped = Array.from({ length: disabledCount }, (_, index) => disabled(90_000 + index));
        const output = outputOf(batches, { skipped });
        const { summary } = output;
        const known = [...batches.flatMap((batch) => batch.servers), ...skipped].map((server) => server.sourceServerId);
        const listed = [...output.recoveryInstances, ...output.failedServers, ...output.skippedServers];
        expect(listed.map((server) => server.sourceServerId).sort()).toEqual(known.sort());
        expect(summary).toEqual({
          totalServers: known.length,
          succeeded: output.recoveryInstances.length,
          failed: output.failedServers.length,
          skipped: output.skippedServers.length,
        });
      }),
    );
  });

  it('breaks the same sums down by account and Region, for any batches', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const { summary, stagingAccountResults } = outputOf(batches);
        const sum = (count: (account: (typeof stagingAccountResults)[number]) => number) =>
          stagingAccountResults.reduce((total, account) => total + count(account), 0);
        expect(sum((account) => account.serversProcessed)).toBe(summary.totalServers);
        expect(sum((account) => account.succeeded)).toBe(summary.succeeded);
        expect(sum((account) => account.failed)).toBe(summary.failed);
        const places = stagingAccountResults.map(({ accountId, region }) => `${accountId}/${region}`);
        expect(new Set(places).size).toBe(places.length);
      }),
    );
  });

  it('is what the contract says, for any batches', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        expect(outputSchema.safeParse(outputOf(batches)).error).toBeUndefined();
      }),
    );
  });

  it('lists launched servers only as recovery instances, with what is known of them', () => {
    const launched = aBatchServer(1, {
      state: 'launched',
      recoveryInstanceId: 'i-00000001',
      ec2InstanceId: 'i-00000001',
      privateIp: '10.0.1.50',
      launchTime: '2026-03-02T14:15:00Z',
    });
    expect(outputOf([aBatch({ servers: [launched] })]).recoveryInstances).toEqual([
      {
        sourceServerId: launched.sourceServerId,
        sourceServerHostname: 'hrp-001',
        recoveryInstanceId: 'i-00000001',
        ec2InstanceId: 'i-00000001',
        stagingAccountId: ACCOUNT,
        status: 'launched',
        privateIp: '10.0.1.50',
        launchTime: '2026-03-02T14:15:00Z',
        tags: launched.tags,
      },
    ]);
  });

  it.each<[ServerState]>([['planned'], ['launching']])('counts a server that was left %s as failed', (state) => {
    const { failedServers } = outputOf([aBatch({ jobId: 'drsjob-1', servers: [aBatchServer(1, { state })] })]);
    expect(failedServers).toMatchObject([
      { errorCode: 'DRSServiceError', errorMessage: expect.stringContaining(state) },
    ]);
    expect(failedServers[0]?.errorMessage).toContain('drsjob-1');
  });

  it('names every job of an account, the first one apart as in the seed', () => {
    const batches = ['drsjob-1', undefined, 'drsjob-2'].map((jobId, index) => aBatch({ batchId: `b${index}`, jobId }));
    expect(outputOf(batches).stagingAccountResults).toMatchObject([
      { accountId: ACCOUNT, region: REGION, jobId: 'drsjob-1', jobIds: ['drsjob-1', 'drsjob-2'] },
    ]);
  });

  it('has an empty jobId for an account in which no job was started', () => {
    const [account] = outputOf([aBatch({ accountId: OTHER_ACCOUNT })]).stagingAccountResults;
    expect(account).toMatchObject({ accountId: OTHER_ACCOUNT, jobId: '', jobIds: [] });
  });

  it('hands the metadata back as they came', () => {
    const metadata = { ticketId: 'INC0012345', anything: { nested: [1] } };
    const input = { action: 'drill' as const, metadata, options: DEFAULT_OPTIONS };
    expect(outputOf([], { input }).metadata).toEqual(metadata);
  });

  it('says when it began, when it ended and how long it took', () => {
    expect(outputOf([]).timing).toEqual({
      startTime: '2026-03-02T14:00:00.000Z',
      endTime: '2026-03-02T14:45:30.000Z',
      durationSeconds: 2_730,
      durationFormatted: 'PT45M30S',
    });
  });

  it('never took less than no time, although clocks differ', () => {
    expect(outputOf([], { endedAt: STARTED - 1_500 }).timing).toMatchObject({
      durationSeconds: 0,
      durationFormatted: 'PT0S',
    });
  });
});

describe('the outcome', () => {
  const counts = { done: 0, notDone: 0, copying: 0, timedOut: false, stopped: false, accountsMissing: false };
  it.each([
    { name: 'all done', differs: { done: 3 }, outcome: 'success' },
    { name: 'nothing to do', differs: {}, outcome: 'success' },
    { name: 'some done, some not', differs: { done: 2, notDone: 1 }, outcome: 'partial' },
    { name: 'none done', differs: { notDone: 3 }, outcome: 'failed' },
    { name: 'the time over with some done', differs: { done: 2, notDone: 1, timedOut: true }, outcome: 'timeout' },
    { name: 'the time over with none done', differs: { notDone: 3, timedOut: true }, outcome: 'timeout' },
    {
      name: 'the time over with an account missing',
      differs: { done: 2, timedOut: true, accountsMissing: true },
      outcome: 'timeout',
    },
    { name: 'stopped before anything was done', differs: { notDone: 3, stopped: true }, outcome: 'failed' },
    { name: 'stopped without any server', differs: { stopped: true }, outcome: 'failed' },
    { name: 'stopped, whatever else', differs: { done: 1, timedOut: true, stopped: true }, outcome: 'failed' },
    {
      name: 'all done that is known, with an account missing',
      differs: { done: 3, accountsMissing: true },
      outcome: 'partial',
    },
    { name: 'nothing done, with an account missing', differs: { accountsMissing: true }, outcome: 'failed' },
    { name: 'all still copying', differs: { notDone: 2, copying: 2 }, outcome: 'partial' },
    { name: 'some done, the others copying', differs: { done: 1, notDone: 2, copying: 2 }, outcome: 'partial' },
  ])('of $name is $outcome', ({ differs, outcome }) => {
    expect(outcomeOf({ ...counts, ...differs })).toBe(outcome);
  });

  it('is a timeout when one server’s error is JobTimeout', () => {
    const servers = [
      aBatchServer(1, { state: 'launched' }),
      aBatchServer(2, { state: 'failed', errorCode: 'JobTimeout' }),
    ];
    expect(outputOf([aBatch({ servers })]).status).toBe('timeout');
  });

  it('is a success only when every server of every batch is done, for any batches', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const states = batches.flatMap((batch) => batch.servers.map((server) => server.state));
        expect(outputOf(batches).status === 'success').toBe(states.every(isDone));
      }),
    );
  });

  it('is not spoilt by disabled servers', () => {
    expect(outputOf([batchWith({ launched: 2 })], { skipped: [disabled(9)] })).toMatchObject({
      status: 'success',
      summary: { totalServers: 3, succeeded: 2, failed: 0, skipped: 1 },
      nextPhaseReady: true,
    });
  });

  it('of no matching server is a success that says so', () => {
    expect(outputOf([])).toMatchObject({
      status: 'success',
      nextPhaseReady: true,
      message: 'No servers found matching the specified tags',
    });
  });

  it('of a stopped drill is failed, and says that nothing was launched and why', () => {
    const output = outputOf([batchWith({ skipped: 2 })], { stops: ['hrp-001 has a live instance.'] });
    expect(output).toMatchObject({
      status: 'failed',
      nextPhaseReady: false,
      message: 'Nothing was launched. hrp-001 has a live instance.',
    });
  });

  it('carries no message when something was launched', () => {
    expect(outputOf([batchWith({ launched: 1 })])).not.toHaveProperty('message');
  });
});

describe('whether the next phase may begin', () => {
  it.each([
    { name: 'all of 4 launched', counts: { launched: 4 }, ready: true },
    { name: '3 of 4 launched', counts: { launched: 3, failed: 1 }, ready: true },
    { name: '51 of 100 launched', counts: { launched: 51, failed: 49 }, ready: true },
    { name: 'exactly half launched', counts: { launched: 2, failed: 2 }, ready: false },
    { name: 'half launched, others never started', counts: { launched: 2, skipped: 2 }, ready: false },
    { name: '1 of 4 launched', counts: { launched: 1, failed: 3 }, ready: false },
    { name: 'none launched', counts: { failed: 4 }, ready: false },
  ])('$name: $ready', ({ counts, ready }) => {
    expect(outputOf([batchWith(counts)]).nextPhaseReady).toBe(ready);
  });

  it('not after a timeout, however many were launched', () => {
    const servers = [
      ...batchWith({ launched: 9 }).servers,
      aBatchServer(10, { state: 'failed', errorCode: 'JobTimeout' }),
    ];
    expect(outputOf([aBatch({ servers })]).nextPhaseReady).toBe(false);
  });
});

const input = (action: PlannedVerb, options: Partial<OutputContext['input']['options']> = {}) => ({
  action,
  metadata: {},
  options: { ...DEFAULT_OPTIONS, ...options },
});
const failedServer = (number: number, errorCode = 'NoSnapshot') => ({
  sourceServerId: aBatchServer(number).sourceServerId,
  sourceServerHostname: `failed-${number}`,
  stagingAccountId: ACCOUNT,
  region: REGION,
  wave: 1,
  errorCode,
  errorMessage: 'why',
});
const missing = [{ accountId: OTHER_ACCOUNT, region: REGION, reason: 'no access' }];

describe('servers that the plan found to fail', () => {
  it('are failed servers of their account, beside those of the batches', () => {
    const output = outputOf([batchWith({ launched: 2 })], { failed: [failedServer(9)] });
    expect(output).toMatchObject({
      status: 'partial',
      summary: { totalServers: 3, succeeded: 2, failed: 1, skipped: 0 },
      failedServers: [{ sourceServerHostname: 'failed-9', errorCode: 'NoSnapshot', errorMessage: 'why' }],
      stagingAccountResults: [{ accountId: ACCOUNT, serversProcessed: 3, succeeded: 2, failed: 1 }],
    });
    expect(outputSchema.safeParse(output).error).toBeUndefined();
  });

  it('are a failure when there is nothing else', () => {
    expect(outputOf([], { failed: [failedServer(9)] })).toMatchObject({ status: 'failed', nextPhaseReady: false });
  });
});

describe('an account that is missing', () => {
  it('is named, and the result is no success', () => {
    const output = outputOf([batchWith({ launched: 2 })], { missingAccounts: missing, warnings: ['look there'] });
    expect(output).toMatchObject({ status: 'partial', missingAccounts: missing, warnings: ['look there'] });
  });

  it.each([
    { allowMissingAccounts: false, ready: false },
    { allowMissingAccounts: true, ready: true },
  ])('lets the next phase begin only when it was allowed: $allowMissingAccounts', ({ allowMissingAccounts, ready }) => {
    const context = { input: input('failover', { allowMissingAccounts }), missingAccounts: missing };
    expect(outputOf([batchWith({ launched: 2 })], context).nextPhaseReady).toBe(ready);
  });

  it('says that nothing is known when nothing was found elsewhere', () => {
    expect(outputOf([], { missingAccounts: missing })).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('in the accounts that could be read'),
    });
  });
});

describe('the share that must succeed', () => {
  it.each([
    { percent: 0, counts: { launched: 1, failed: 9 }, ready: true },
    { percent: 75, counts: { launched: 3, failed: 1 }, ready: false },
    { percent: 75, counts: { launched: 4, failed: 1 }, ready: true },
    { percent: 100, counts: { launched: 99, failed: 1 }, ready: false },
    { percent: 100, counts: { launched: 2 }, ready: true },
  ])('is more than $percent %: $counts is $ready', ({ percent, counts, ready }) => {
    const context = { input: input('drill', { successThresholdPercent: percent }) };
    expect(outputOf([batchWith(counts)], context).nextPhaseReady).toBe(ready);
  });
});

describe('the result of another verb', () => {
  const withInstance = (state: ServerState) =>
    aBatchServer(1, { state, recoveryInstanceId: 'i-00000001', ec2InstanceId: 'i-00000001' });

  it('terminate lists what was terminated', () => {
    const output = outputOf([aBatch({ servers: [withInstance('terminated')] })], { input: input('terminate') });
    expect(output).toMatchObject({
      status: 'success',
      isDrill: false,
      recoveryInstances: [{ status: 'terminated', recoveryInstanceId: 'i-00000001' }],
    });
    expect(outputSchema.safeParse(output).error).toBeUndefined();
  });

  it('names the instance of a failed server', () => {
    const output = outputOf([aBatch({ servers: [withInstance('failed')] })], { input: input('terminate') });
    expect(output.failedServers).toMatchObject([{ recoveryInstanceId: 'i-00000001' }]);
  });

  it('failback that still copies is partial, not ready, and says how far each server is', () => {
    const copying = aBatchServer(2, { state: 'copying', errorMessage: '40 % copied' });
    const output = outputOf([aBatch({ servers: [...batchWith({ launched: 9 }).servers, copying] })], {
      input: input('failback'),
    });
    expect(output).toMatchObject({
      status: 'partial',
      nextPhaseReady: false,
      skippedServers: [{ reason: '40 % copied' }],
    });
  });

  it('failback of which all is still copying is partial too', () => {
    const output = outputOf([batchWith({ copying: 2 })], { input: input('failback') });
    expect(output).toMatchObject({ status: 'partial', nextPhaseReady: false, summary: { failed: 0, skipped: 2 } });
  });

  it.each([
    ['drill', true],
    ['failover', false],
    ['failback', false],
    ['terminate', false],
  ] as const)('%s is a drill: %s', (verb, isDrill) => {
    expect(outputOf([], { input: input(verb) }).isDrill).toBe(isDrill);
  });

  it('says in its own words that nothing was done', () => {
    expect(outputOf([], { input: input('terminate'), stops: ['Why.'] }).message).toBe('Nothing was terminated. Why.');
    expect(outputOf([], { input: input('terminate'), skipped: [disabled(9)] }).message).toContain(
      'skippedServers says why',
    );
  });
});

describe('details of a launched server', () => {
  it('are handed on where they are known', () => {
    const known = {
      instanceType: 'm5.large',
      statusChecks: 'ok',
      pointInTime: '2026-03-02T13:50:00Z',
      privateIp: '10.0.1.50',
    } as const;
    const output = outputOf([aBatch({ servers: [aBatchServer(1, { state: 'launched', ...known })] })], {
      monitoringUrl: 'https://example.com/executions/1',
    });
    expect(output.recoveryInstances).toMatchObject([known]);
    expect(output.monitoringUrl).toBe('https://example.com/executions/1');
    expect(outputSchema.safeParse(output).error).toBeUndefined();
  });
});

describe('a plan that may not run', () => {
  const plan = (differs: Partial<Parameters<typeof stoppedBatches>[1]> = {}) => ({
    verb: 'drill' as const,
    stops: ['hrp-001 …'],
    findings: [
      { severity: 'stop' as const, kind: 'live instance' as const, message: 'live instance i-1' },
      { severity: 'stop' as const, kind: 'running job' as const, message: 'job drsjob-1 is still running on it' },
      { severity: 'warning' as const, kind: 'replication' as const, message: 'replication lagging' },
    ].map((finding) => ({
      ...finding,
      sourceServerId: aBatchServer(1).sourceServerId,
      hostname: 'hrp-001',
      accountId: ACCOUNT,
    })),
    ...differs,
  });

  it('fails the servers that stop it, with all their reasons, and skips the others', () => {
    const [batch] = stoppedBatches([aBatch()], plan());
    expect(batch?.servers).toMatchObject([
      {
        state: 'failed',
        errorCode: 'LiveInstance',
        errorMessage: 'live instance i-1; job drsjob-1 is still running on it',
      },
      { state: 'skipped', errorMessage: 'the drill was stopped before anything was done' },
      { state: 'skipped' },
    ]);
  });

  it('does not take another account’s server for it', () => {
    const [batch] = stoppedBatches([aBatch({ accountId: OTHER_ACCOUNT })], plan());
    expect(batch?.servers.map(({ state }) => state)).toEqual(['skipped', 'skipped', 'skipped']);
  });

  it('changes nothing when nothing stops it', () => {
    const batches = [aBatch()];
    expect(stoppedBatches(batches, plan({ stops: [] }))).toBe(batches);
  });
});

describe('a result that is too large', () => {
  it('keeps its sums and loses its lists', () => {
    const output = outputOf([batchWith({ launched: 2, failed: 1, skipped: 1 })]);
    expect(withoutLists(output)).toEqual({
      ...output,
      recoveryInstances: [],
      failedServers: [],
      skippedServers: [],
      truncated: true,
    });
  });
});
