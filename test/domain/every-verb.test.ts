import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyExecutorResult,
  applyFoundInstances,
  applyFoundJobs,
  applyOriginFailback,
  type OriginFailback,
} from '../../src/domain/account-outcome.ts';
import { instancesOf, isFailedBackCentrally } from '../../src/domain/batches.ts';
import { outputSchema } from '../../src/domain/contract.ts';
import type { ExecutorOutput, FinishedBatch } from '../../src/domain/executor-contract.ts';
import { freezePlan, type Plan, type PlanRequest } from '../../src/domain/plan.ts';
import { type Batch, buildOutput, stoppedBatches } from '../../src/domain/result.ts';
import type { SourceServer } from '../../src/domain/server.ts';
import {
  ACCOUNT,
  anInstance,
  anyFleet,
  anyRequestOfAnyVerb,
  aRequest,
  aServer,
  discovered,
  NOONS,
  STATES,
  servers,
} from './fleet.ts';

/** How the executor, or what was found after it died, ends a batch. Drawn for each batch and server. */
interface Fate {
  end: 'finished' | 'refused' | 'timeout' | 'not started' | 'no time' | 'forgotten' | 'died';
  servers: ('LAUNCHED' | 'TERMINATED' | 'FAILED' | 'IN_PROGRESS' | 'excluded' | 'missing')[];
}

const anyFate: fc.Arbitrary<Fate> = fc.record({
  end: fc.constantFrom('finished', 'finished', 'refused', 'timeout', 'not started', 'no time', 'forgotten', 'died'),
  servers: fc.array(fc.constantFrom('LAUNCHED', 'TERMINATED', 'FAILED', 'IN_PROGRESS', 'excluded', 'missing'), {
    minLength: 1,
    maxLength: 6,
  }),
});

function settle(batch: Batch, { end, servers: fates }: Fate, verb: PlanRequest['verb']): Batch {
  const fated = batch.servers.map((server, index) => ({ server, fate: fates[index % fates.length] ?? 'missing' }));
  const participants = fated
    .filter(({ fate }) => fate !== 'missing' && fate !== 'excluded')
    .map(({ server, fate }) => ({ id: server.sourceServerId, status: fate }));
  if (verb === 'failback' && isFailedBackCentrally(batch)) {
    return applyOriginFailback(
      batch,
      fated.flatMap(({ server: { sourceServerId }, fate }): OriginFailback[] =>
        fate === 'LAUNCHED'
          ? [{ sourceServerId, state: 'launched', instanceId: 'i-0000000c' }]
          : fate === 'IN_PROGRESS'
            ? [{ sourceServerId, state: 'copying', detail: '40 % copied' }]
            : [],
      ),
    );
  }
  if (end === 'died' && verb === 'terminate') {
    const left = fated.filter(({ fate }) => fate === 'FAILED').flatMap(({ server }) => instancesOf(server));
    const instances = left.map(({ recoveryInstanceId }) => ({ recoveryInstanceId, state: 'RUNNING' }));
    return applyFoundInstances(batch, instances, 'It died.');
  }
  if (end === 'died') {
    const job = { batchId: batch.batchId, jobId: 'drsjob-1', status: 'STARTED', participants };
    return applyFoundJobs(batch, fates[0] === 'missing' ? [] : [job], 'It died.', verb);
  }
  const excluded = fated
    .filter(({ fate }) => fate === 'excluded')
    .map(({ server }) => ({ id: server.sourceServerId, error: 'ConflictException', cause: 'drsjob-9 holds it' }));
  const finished: FinishedBatch[] =
    end === 'finished' || end === 'refused' || end === 'timeout'
      ? [{ batchId: batch.batchId, outcome: end, jobId: 'drsjob-1', servers: participants, excluded }]
      : [];
  const reasons = { 'not started': 'an earlier batch failed', 'no time': 'the time allowed was over' };
  const notStarted =
    end === 'not started' || end === 'no time' ? [{ batchId: batch.batchId, reason: reasons[end] }] : [];
  const result: ExecutorOutput = { accountId: batch.accountId, finished, notStarted };
  return applyExecutorResult(batch, result, verb);
}

function resultOf(plan: Plan, request: PlanRequest, batches: Batch[]) {
  return buildOutput({
    input: { action: plan.verb, metadata: {}, options: request.options },
    batches: stoppedBatches(batches, plan),
    skipped: plan.skipped,
    failed: plan.failed,
    missingAccounts: plan.missingAccounts,
    warnings: plan.warnings,
    stops: plan.stops,
    startedAt: 0,
    endedAt: 60_000,
    resultLocation: 's3://results/run-1/wave-01.json',
  });
}

const planned = (plan: Plan): Batch[] =>
  plan.batches.map((batch) => ({
    ...batch,
    status: 'planned',
    servers: batch.servers.map((server) => ({ ...server, state: 'planned' })),
  }));

describe('every discovered server, for every verb, any fleet, any options and any outcome', () => {
  const anyFates = fc.array(anyFate, { minLength: 1, maxLength: 5 });

  it('is in exactly one list, and the sums agree', () => {
    fc.assert(
      fc.property(anyFleet, anyRequestOfAnyVerb, anyFates, (fleet, request, fates) => {
        const plan = freezePlan(request, discovered(fleet));
        const before = planned(plan);
        const batches =
          plan.stops.length > 0
            ? before
            : before.map((batch, index) =>
                settle(batch, fates[index % fates.length] ?? { end: 'forgotten', servers: [] }, request.verb),
              );
        const output = resultOf(plan, request, batches);
        expect(outputSchema.safeParse(output).error).toBeUndefined();

        const records = [
          ...new Set(fleet.map((server) => `${server.accountId}/${server.region}/${server.sourceServerId}`)),
        ];
        const { recoveryInstances, failedServers, skippedServers, summary, stagingAccountResults } = output;
        const listed = [...recoveryInstances, ...failedServers, ...skippedServers];
        // The lists name no Region: compare without it.
        expect(listed.map((server) => `${server.stagingAccountId}/${server.sourceServerId}`).sort()).toEqual(
          records.map((record) => record.replace(/\/[^/]+\//, '/')).sort(),
        );
        expect(summary).toEqual({
          totalServers: records.length,
          succeeded: recoveryInstances.length,
          failed: failedServers.length,
          skipped: skippedServers.length,
        });
        const sum = (count: (account: (typeof stagingAccountResults)[number]) => number) =>
          stagingAccountResults.reduce((total, account) => total + count(account), 0);
        expect(sum(({ succeeded }) => succeeded)).toBe(summary.succeeded);
        expect(sum(({ failed }) => failed)).toBe(summary.failed);
        for (const { errorMessage, errorCode } of failedServers) {
          expect(errorCode).toBeTruthy();
          expect(errorMessage).not.toMatch(/undefined|left in the state/);
        }
        if (output.status === 'success') expect(summary.failed).toBe(0);
        if (plan.stops.length > 0) expect(output).toMatchObject({ status: 'failed', nextPhaseReady: false });
        if (recoveryInstances.length > 0) {
          const status = request.verb === 'terminate' ? 'terminated' : 'launched';
          expect(new Set(recoveryInstances.map((instance) => instance.status))).toEqual(new Set([status]));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the plan hash of every verb', () => {
  const VERBS = ['drill', 'failover', 'terminate', 'failback'] as const;
  const hashOf = (fleet: SourceServer[], request: PlanRequest) => freezePlan(request, discovered(fleet)).hash;
  /** Each server with a drill's instance, so that every verb but failback has something to do. */
  const fleetOf = (...letters: string[]) =>
    letters.map((letter, index) =>
      aServer(index + 1, {
        snapshots: [{ id: `pit-${letter.repeat(17)}`, at: NOONS[0] }],
        existingInstances: [
          anInstance({ recoveryInstanceId: `i-0000000${letter}`, ec2InstanceId: `i-0000000${letter}`, isDrill: true }),
        ],
      }),
    );

  it('does not change with health, host names, lag or the order in which servers were found', () => {
    const anyDay = fc.record({
      hostname: fc.constantFrom('hrp-a', 'hrp-b', 'hrp-c'),
      replicationState: fc.constantFrom(...STATES),
      lagDuration: fc.constantFrom(undefined, 'PT2M'),
      tags: fc.constantFrom<Record<string, string>[]>({}, { 'DR-Priority': 'high' }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...VERBS),
        fc.boolean(),
        fc.array(anyDay, { minLength: 3, maxLength: 3 }),
        fc.boolean(),
        (verb, continueOnFailure, days, flip) => {
          const request = aRequest({ verb, options: { continueOnFailure } });
          const fleet = fleetOf('a', 'b', 'c');
          const today = fleet.map((server, index) => ({ ...server, ...days[index] }));
          expect(hashOf(flip ? today.toReversed() : today, request)).toBe(hashOf(fleet, request));
        },
      ),
    );
  });

  it.each(VERBS)('of %s changes with the servers and with every option that changes what is done', (verb) => {
    const fleet = fleetOf('a', 'b');
    const hashWith = (options: Partial<PlanRequest['options']>) => hashOf(fleet, aRequest({ verb, options }));
    const hashes = [
      hashWith({}),
      hashOf(fleetOf('a', 'b', 'c'), aRequest({ verb })),
      hashOf(fleetOf('a'), aRequest({ verb })),
      hashWith({ continueOnFailure: true }),
      hashWith({ parallelism: 7 }),
      hashWith({ maxWaitMinutes: 7 }),
      hashWith({ minServers: 2 }),
      hashWith({ successThresholdPercent: 7 }),
      hashWith({ allowMissingAccounts: true }),
      hashWith({ terminateLive: true }),
      hashWith({ statusChecks: true }),
      hashWith({ pointInTime: NOONS[0] }),
      hashWith({ pointInTimeSnapshot: 'pit-0123456789abcdefG' }),
      hashWith({ replaceLive: ['i-0000000a'] }),
      hashWith({ instanceIds: ['i-0000000a'] }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it.each(VERBS)('of %s does not change with what changes nothing', (verb) => {
    const hashWith = (options: Partial<PlanRequest['options']>) => hashOf(servers(2), aRequest({ verb, options }));
    const topic = 'arn:aws:sns:us-east-1:123456789012:dr-notifications';
    expect(hashWith({ notificationArn: topic })).toBe(hashWith({}));
    expect(hashWith({ replaceLive: ['i-0000000b', 'i-0000000a', 'i-0000000a'] })).toBe(
      hashWith({ replaceLive: ['i-0000000a', 'i-0000000b'] }),
    );
  });

  it('of a failover changes with the live instances that it would replace', () => {
    const replaceLive = ['i-0000000a', 'i-0000000b'];
    const hash = (...letters: string[]) => {
      const existingInstances = letters.map((letter) =>
        anInstance({ recoveryInstanceId: `i-0000000${letter}`, ec2InstanceId: `i-0000000${letter}` }),
      );
      return hashOf([aServer(1, { existingInstances })], aRequest({ verb: 'failover', options: { replaceLive } }));
    };
    expect(new Set([hash('a'), hash('b'), hash('a', 'b'), hash()]).size).toBe(4);
  });

  it('of a launch changes with what it would clean up, also on a server that cannot be launched today', () => {
    for (const verb of ['drill', 'failover'] as const) {
      const request = aRequest({ verb, options: { continueOnFailure: true } });
      const stalled = (letter: string) => fleetOf(letter).map((server) => ({ ...server, replicationState: 'STALLED' }));
      expect(hashOf(stalled('a'), request)).not.toBe(hashOf(stalled('b'), request));
    }
  });
});

describe('a plan', () => {
  it('says what is different from the approved one, also of servers that fail now', () => {
    const approved = freezePlan(aRequest(), discovered(servers(2)));
    const stalled = [aServer(1, { replicationState: 'STALLED' }), aServer(2)];
    const request = aRequest({
      options: { continueOnFailure: true },
      approved: { servers: approved.batches.flatMap((batch) => batch.servers), cleanups: [] },
    });
    expect(freezePlan(request, discovered(stalled))).toMatchObject({
      changes: [`hrp-001 (${aServer(1).sourceServerId}) fails now`],
      failed: [{ stagingAccountId: ACCOUNT }],
    });
  });
});
