import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputSchema, type SkippedServer } from '../../src/domain/contract.ts';
import { type Batch, buildOutput, isoDuration, type OutputContext, outcomeOf } from '../../src/domain/result.ts';
import type { ServerState } from '../../src/domain/status.ts';
import { ACCOUNT, aBatch, aBatchServer, anyBatches, DEFAULT_OPTIONS, OTHER_ACCOUNT, REGION } from './fleet.ts';

const STARTED = Date.parse('2026-03-02T14:00:00Z');

function outputOf(batches: Batch[], differs: Partial<OutputContext> = {}) {
  return buildOutput({
    input: { action: 'drill', metadata: {}, options: { ...DEFAULT_OPTIONS, continueOnFailure: true } },
    batches,
    skipped: [],
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

const disabled = (number: number): SkippedServer => ({
  sourceServerId: aBatchServer(number).sourceServerId,
  sourceServerHostname: `disabled-${number}`,
  stagingAccountId: ACCOUNT,
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
  const counts = { launched: 0, failed: 0, notLaunched: 0, timedOut: false, stopped: false };
  it.each([
    { name: 'all launched', differs: { launched: 3 }, outcome: 'success' },
    { name: 'nothing to launch', differs: {}, outcome: 'success' },
    { name: 'some launched, some failed', differs: { launched: 2, failed: 1, notLaunched: 1 }, outcome: 'partial' },
    { name: 'some launched, some never started', differs: { launched: 2, notLaunched: 1 }, outcome: 'partial' },
    { name: 'none launched', differs: { failed: 3, notLaunched: 3 }, outcome: 'failed' },
    { name: 'none started', differs: { notLaunched: 3 }, outcome: 'failed' },
    {
      name: 'the time over with some launched',
      differs: { launched: 2, failed: 1, notLaunched: 1, timedOut: true },
      outcome: 'timeout',
    },
    {
      name: 'the time over with none launched',
      differs: { failed: 3, notLaunched: 3, timedOut: true },
      outcome: 'timeout',
    },
    { name: 'stopped before anything was launched', differs: { notLaunched: 3, stopped: true }, outcome: 'failed' },
    { name: 'stopped without any server', differs: { stopped: true }, outcome: 'failed' },
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

  it('is a success only when every server of every batch is launched, for any batches', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const states = batches.flatMap((batch) => batch.servers.map((server) => server.state));
        expect(outputOf(batches).status === 'success').toBe(states.every((state) => state === 'launched'));
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

describe('a duration in ISO 8601', () => {
  it.each([
    [0, 'PT0S'],
    [1, 'PT1S'],
    [59, 'PT59S'],
    [60, 'PT1M'],
    [61, 'PT1M1S'],
    [2_730, 'PT45M30S'],
    [3_600, 'PT1H'],
    [3_605, 'PT1H5S'],
    [86_400, 'PT24H'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(isoDuration(seconds)).toBe(text);
  });

  it('says as many seconds as it was given', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (seconds) => {
        const amounts = /^PT(?:(?<h>\d+)H)?(?:(?<m>\d+)M)?(?:(?<s>\d+)S)?$/.exec(isoDuration(seconds))?.groups ?? {};
        const { h = 0, m = 0, s = 0 } = amounts;
        expect(Number(h) * 3_600 + Number(m) * 60 + Number(s)).toBe(seconds);
      }),
    );
  });
});
