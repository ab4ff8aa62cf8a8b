import type { Job } from '@aws-sdk/client-drs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyExecutorResult, applyNotBegun } from '../../src/domain/account-outcome.ts';
import { batchNameOf, lastAttemptOf, latestAttempts } from '../../src/domain/batches.ts';
import type { ExecutorOutput } from '../../src/domain/executor-contract.ts';
import { freezePlan, type PlannedBatch } from '../../src/domain/plan.ts';
import type { BatchRecord, ExecutionRecord, PlanRecord, WaveRecord } from '../../src/domain/records.ts';
import type { SourceServer } from '../../src/domain/server.ts';
import {
  notBegunText,
  outputOfWave,
  retryableOf,
  stepAfter,
  stepBefore,
  type WaveDecision,
} from '../../src/domain/waves.ts';
import { type Retry, type RetryTools, retryWave } from '../../src/orchestration/retry-wave.ts';
import { newBatch } from '../../src/platform/execution-store.ts';
import { ACCOUNT, aRequest, aServer, DEFAULT_OPTIONS, discovered, OTHER_ACCOUNT, REGION } from '../domain/fleet.ts';

/** What becomes of a server in one job: at once, or after the time allowed was over. */
const FATES = ['launched', 'failed', 'late launched', 'late failed', 'stuck', 'left out', 'not started'] as const;
type Fate = (typeof FATES)[number];
/** When a late job is over after all, and when nobody waits any more, in milliseconds after the decision. */
const LATE_MS = 30 * 60_000;

const BY = { userId: 'U0PAPPROVE1', teamId: 'T0PRACTICE1' };
const STARTED = Date.parse('2026-03-02T14:00:00Z');

/** A DRS that remembers every job, and an execution whose batches are kept in memory. */
function aWorld(fleet: SourceServer[], { unreadable = [] as string[], statusChecks = false } = {}) {
  let now = STARTED;
  const jobs: { batch: BatchRecord; startedAt: number; fates: Map<string, Fate> }[] = [];
  const frozen = freezePlan(aRequest({ waves: [1, 2] }), discovered(fleet));
  const { batches: first, ...rest } = frozen;
  let plan: PlanRecord = {
    ...rest,
    // The rules of a retry do not depend on why a plan would be stopped.
    stops: [],
    executionId: 'exec-1',
    batchIds: first.map(({ batchId }) => batchId),
    frozenAt: STARTED,
  };
  const stored = new Map<string, BatchRecord>();
  const put = (batches: readonly PlannedBatch[]) => {
    for (const batch of batches) {
      const { item: _, ...record } = newBatch('exec-1', frozen, batch);
      stored.set(batch.batchId, record);
    }
  };
  put(first);
  const execution = {
    ...{ executionId: 'exec-1', correlationId: 'exec-1', verb: 'drill', waves: [1, 2], tags: {} },
    ...{ options: { ...DEFAULT_OPTIONS, maxWaitMinutes: 60, statusChecks }, requester: BY },
  } as unknown as ExecutionRecord;
  const warnings: string[] = [];
  const concluded: number[] = [];

  const batchesOf = (wave: number) =>
    plan.batchIds.filter((id) => batchNameOf(id).wave === wave).flatMap((id) => stored.get(id) ?? []);
  const tools = {
    store: {
      getBatches: async (_: PlanRecord, { wave }: { wave: number }) => batchesOf(wave),
      replaceBatch: async (batch: BatchRecord) => {
        stored.set(batch.batchId, { ...batch, version: batch.version + 1 });
        return true;
      },
      freezeRetry: async (_: PlanRecord, batches: readonly PlannedBatch[]) => {
        put(batches);
        plan = { ...plan, batchIds: [...plan.batchIds, ...batches.map(({ batchId }) => batchId)] };
        return true;
      },
      addWarnings: async (_: PlanRecord, more: string[]) => void warnings.push(...more),
    },
    configuration: {
      stagingAccounts: async () => [ACCOUNT, OTHER_ACCOUNT].map((accountId) => ({ accountId, region: REGION })),
    },
    readerOf: ({ accountId }: { accountId: string }) => ({
      jobs: async () => [],
      launchedInstances: async () => [],
      jobsWithTags: async () => {
        if (unreadable.includes(accountId)) throw new Error('no access');
        return jobs.filter(({ batch }) => batch.accountId === accountId).map(asJob);
      },
    }),
    results: { conclude: async (run: { attempt?: number }) => void concluded.push(run.attempt ?? 1) },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    now: () => now,
  } as unknown as RetryTools;

  /** What DRS says of a server of a job by now. */
  function launchStatus(fate: Fate | undefined, startedAt: number): string {
    if (fate === 'stuck') return 'IN_PROGRESS';
    if (fate?.startsWith('late') && now < startedAt + LATE_MS) return 'IN_PROGRESS';
    return fate?.endsWith('launched') === true ? 'LAUNCHED' : 'FAILED';
  }

  function asJob({ batch, fates, startedAt }: (typeof jobs)[number]): Job {
    const participants = [...fates].map(([sourceServerID, fate]) => ({
      sourceServerID,
      launchStatus: launchStatus(fate, startedAt) as 'LAUNCHED',
      recoveryInstanceID: `i-${sourceServerID}`,
    }));
    const isOver = participants.every(({ launchStatus: status }) => status !== ('IN_PROGRESS' as string));
    return {
      jobID: `drsjob-${batch.batchId}`,
      status: isOver ? 'COMPLETED' : 'STARTED',
      tags: { 'DR-BatchId': batch.batchId, 'DR-ExecutionId': 'exec-1' },
      participatingServers: participants,
    };
  }

  return {
    tools,
    execution,
    jobs,
    warnings,
    concluded,
    batchesOf,
    plan: () => plan,
    wait: (ms: number) => {
      now += ms;
    },
    now: () => now,

    /** The executors of an attempt: each open batch has a job, or was not begun, and is over when the time is. */
    run(wave: number, attempt: number, fateOf: () => Fate): void {
      for (const batch of batchesOf(wave).filter(({ batchId }) => batchNameOf(batchId).attempt === attempt)) {
        const fates = new Map(batch.servers.map(({ sourceServerId }) => [sourceServerId, fateOf()]));
        const result: ExecutorOutput = { accountId: batch.accountId, finished: [], notStarted: [] };
        if ([...fates.values()].every((fate) => fate === 'not started')) {
          result.notStarted.push({ batchId: batch.batchId, reason: 'a failure before it' });
        } else {
          const inJob = new Map([...fates].filter(([, fate]) => fate !== 'left out' && fate !== 'not started'));
          if (inJob.size > 0) jobs.push({ batch, startedAt: now, fates: inJob });
          const excluded = [...fates.keys()].filter((id) => !inJob.has(id));
          const servers = [...inJob].map(([id, fate]) => {
            const status = launchStatus(fate, now);
            return { id, status, ...(status === 'LAUNCHED' ? { instanceId: `i-${id}` } : {}) };
          });
          const isOver = servers.every(({ status }) => status !== 'IN_PROGRESS');
          result.finished.push({
            batchId: batch.batchId,
            outcome: isOver ? 'finished' : 'timeout',
            ...(inJob.size > 0 ? { jobId: `drsjob-${batch.batchId}` } : {}),
            servers,
            excluded: excluded.map((id) => ({ id, error: 'ConflictException', cause: 'in another job' })),
          });
        }
        stored.set(batch.batchId, applyExecutorResult(batch, result, 'drill'));
      }
    },

    leave(wave: number, reason: string): void {
      for (const batch of batchesOf(wave)) stored.set(batch.batchId, applyNotBegun(batch, reason));
    },

    outputOf(wave: number, notBegun?: WaveRecord['notBegun']) {
      return outputOfWave({
        input: { action: 'drill', metadata: {}, options: execution.options },
        ...{ wave, plan, batches: batchesOf(wave), notBegun, startedAt: STARTED, endedAt: now, resultLocation: '' },
      });
    },

    /** Retries, waiting as often as it says, as the machine does. */
    async retry(of: Pick<Retry, 'wave' | 'attempt'>): Promise<'run' | 'over'> {
      const decidedAt = now;
      for (let looks = 0; looks < 200; looks += 1) {
        const step = await retryWave(tools, { execution, plan, decidedAt, ...of });
        if (step.step !== 'wait') return step.step;
        now += step.seconds * 1_000;
      }
      throw new Error('it waits for ever');
    },
  };
}

type World = ReturnType<typeof aWorld>;

/** Runs both waves as begin-wave does, with these answers to its questions; a Stop when there are no more. */
async function carryOut(world: World, fates: readonly Fate[], answers: readonly ('retry' | 'continue' | 'stop')[]) {
  let drawn = 0;
  let asked = 0;
  const fateOf = () => fates[drawn++ % fates.length] ?? 'failed';
  const { execution } = world;
  const earlier: (WaveRecord & { decision?: WaveDecision })[] = [];
  for (const wave of [1, 2]) {
    const before = stepBefore({ execution, wave, earlier });
    if (before.step === 'leave') {
      world.leave(wave, notBegunText(before.problem, [wave]));
      earlier.push(recordOf(world, wave, 1, before.problem));
      continue;
    }
    world.run(wave, 1, fateOf);
    let record = recordOf(world, wave, 1);
    let decision: WaveDecision | undefined;
    for (let rounds = 0; ; rounds += 1) {
      expect(rounds).toBeLessThan(50);
      const after = stepAfter({ execution, record, decision, frozenAttempt: record.attempt ?? 1 });
      if (after.step === 'over') break;
      if (after.step === 'ask') {
        const answer = answers[asked++] ?? 'stop';
        decision = answer === 'stop' ? { status: 'rejected', answer } : { status: 'approved', answer };
        continue;
      }
      const { attempt } = after;
      const step = await world.retry({ wave, attempt });
      expect(lastAttemptOf(world.plan(), wave) >= attempt).toBe(step === 'run');
      // Before anything is started: nothing that was launched, or that a job still works on, is in it.
      const again = world.batchesOf(wave).filter(({ batchId }) => batchNameOf(batchId).attempt === attempt);
      for (const { sourceServerId } of again.flatMap(({ servers }) => servers)) {
        const statuses = world.jobs.flatMap(({ fates: of, startedAt }) => {
          const fate = of.get(sourceServerId);
          if (fate === undefined) return [];
          return fate.startsWith('late') && world.now() < startedAt + LATE_MS ? ['stuck'] : [fate];
        });
        expect(statuses.filter((fate) => fate.endsWith('launched') || fate === 'stuck')).toEqual([]);
      }
      world.run(wave, attempt, fateOf);
      record = recordOf(world, wave, attempt);
      decision = undefined;
    }
    earlier.push({ ...record, ...(decision === undefined ? {} : { decision }) });
  }
  return earlier;
}

function recordOf(world: World, wave: number, attempt: number, notBegun?: WaveRecord['notBegun']): WaveRecord {
  const { status, summary, nextPhaseReady } = world.outputOf(wave, notBegun);
  const retryable = notBegun === undefined ? retryableOf(world.batchesOf(wave)) : 0;
  return {
    ...{ executionId: 'exec-1', wave, planRevision: 1, outcome: status, summary, nextPhaseReady, resultLocation: '' },
    ...(attempt > 1 ? { attempt } : {}),
    ...(retryable > 0 ? { retryable } : {}),
    ...(notBegun === undefined ? {} : { notBegun }),
    startedAt: STARTED,
    endedAt: world.now(),
  };
}

const tagged = (number: number, wave: number, accountId = ACCOUNT) =>
  aServer(number, { accountId, tags: { 'DR-Application': 'HRP', 'DR-Wave': String(wave) } });
const sixServers = [1, 2, 3, 4, 5, 6].map((n) => tagged(n, n <= 4 ? 1 : 2, n % 2 === 0 ? ACCOUNT : OTHER_ACCOUNT));
const idsOf = (batches: readonly { servers: { sourceServerId: string }[] }[]) =>
  batches.flatMap(({ servers }) => servers.map(({ sourceServerId }) => sourceServerId)).toSorted();

describe('waves that are retried, continued and stopped', () => {
  it('leave every server in exactly one list and launch none twice, whatever becomes of each job', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 16 }),
        fc.array(fc.constantFrom('retry', 'retry', 'continue', 'stop'), { maxLength: 6 }),
        async (fates, answers) => {
          const world = aWorld(sixServers);
          const records = await carryOut(world, fates, answers);
          const lists = [1, 2].map((wave) => world.outputOf(wave, records[wave - 1]?.notBegun));
          const listed = lists.flatMap(({ recoveryInstances, failedServers, skippedServers }) =>
            [...recoveryInstances, ...failedServers, ...skippedServers].map(({ sourceServerId }) => sourceServerId),
          );
          expect(listed.toSorted()).toEqual(sixServers.map(({ sourceServerId }) => sourceServerId).toSorted());
          for (const { sourceServerId } of sixServers) {
            const launches = world.jobs.filter(
              ({ fates: of }) => of.get(sourceServerId)?.endsWith('launched') === true,
            );
            expect(launches.length).toBeLessThanOrEqual(1);
          }
          // What was launched by the last look at it is told as launched.
          for (const { fates: of } of world.jobs)
            for (const [id, fate] of of)
              if (fate === 'launched')
                expect(lists.flatMap((list) => list.recoveryInstances).some((one) => one.sourceServerId === id)).toBe(
                  true,
                );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('freezes only what failed or was not started, as it was approved, in batches of the attempt’s own', async () => {
    const world = aWorld(sixServers);
    const fates: Fate[] = ['launched', 'failed', 'left out', 'launched'];
    world.run(1, 1, () => fates.shift() ?? 'launched');
    const before = world.batchesOf(1).flatMap(({ servers }) => servers);
    const failed = before.filter(({ state }) => state === 'failed').map(({ sourceServerId }) => sourceServerId);
    expect(await world.retry({ wave: 1, attempt: 2 })).toBe('run');
    const again = world.batchesOf(1).filter(({ batchId }) => batchNameOf(batchId).attempt === 2);
    expect(again.map(({ batchId }) => batchId)).toEqual(['r1-w1-a2-111111111111-01', 'r1-w1-a2-222222222222-01']);
    expect(idsOf(again)).toEqual(failed.toSorted());
    expect(again.every(({ status, planHash }) => status === 'planned' && planHash === world.plan().hash)).toBe(true);
    expect(JSON.stringify(again)).not.toMatch(/error|jobId|recoveryInstanceId/);
    // Repeated after a crash, it is the same attempt.
    expect(await world.retry({ wave: 1, attempt: 2 })).toBe('run');
    expect(idsOf(latestAttempts(world.batchesOf(1)))).toEqual(idsOf([{ servers: before }]));
  });

  it('waits for a job that still runs, and counts what it launched late; of one that never ends nothing is started again', async () => {
    const world = aWorld(sixServers);
    world.run(1, 1, () => 'late launched');
    expect(world.outputOf(1)).toMatchObject({ status: 'timeout', summary: { succeeded: 0, failed: 4 } });
    const decidedAt = world.now();
    expect(await world.retry({ wave: 1, attempt: 2 })).toBe('over');
    expect(world.now() - decidedAt).toBeGreaterThanOrEqual(LATE_MS);
    expect(world.outputOf(1)).toMatchObject({ status: 'success', summary: { succeeded: 4, failed: 0 } });
    expect(world.concluded).toEqual([2]);

    const stuck = aWorld(sixServers);
    stuck.run(1, 1, () => 'stuck');
    const since = stuck.now();
    expect(await stuck.retry({ wave: 1, attempt: 2 })).toBe('over');
    expect(stuck.now() - since).toBe(60 * 60_000);
    expect(stuck.outputOf(1)).toMatchObject({ summary: { failed: 4 } });
  });

  it('starts nothing in an account that cannot be read, and says so; the others are tried again', async () => {
    const world = aWorld(sixServers, { unreadable: [OTHER_ACCOUNT] });
    world.run(1, 1, () => 'failed');
    expect(await world.retry({ wave: 1, attempt: 2 })).toBe('run');
    const again = world.batchesOf(1).filter(({ batchId }) => batchNameOf(batchId).attempt === 2);
    expect(again.map(({ accountId }) => accountId)).toEqual([ACCOUNT]);
    expect(world.warnings).toEqual([
      `The staging account ${OTHER_ACCOUNT} (${REGION}) could not be read before the retry: nothing was tried again there.`,
    ]);
  });

  it('never launches again what runs and has only not passed its status checks', async () => {
    const world = aWorld(sixServers, { statusChecks: true });
    world.run(1, 1, () => 'late launched');
    expect(await world.retry({ wave: 1, attempt: 2 })).toBe('over');
    expect(world.outputOf(1).failedServers.map(({ errorCode }) => errorCode)).toEqual(
      Array(4).fill('StatusChecksFailed'),
    );
    expect(await world.retry({ wave: 1, attempt: 3 })).toBe('over');
    expect(lastAttemptOf(world.plan(), 1)).toBe(1);
  });
});
