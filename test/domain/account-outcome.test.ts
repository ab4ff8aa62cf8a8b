import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyExecutorResult,
  applyFoundJobs,
  type ExecutorResult,
  executorResultSchema,
  type FoundJob,
} from '../../src/domain/account-outcome.ts';
import { type Batch, buildOutput } from '../../src/domain/result.ts';
import { BATCH_STATUSES, isBatchTerminal } from '../../src/domain/status.ts';
import { aBatch, aBatchServer, anyBatches, DEFAULT_OPTIONS } from './fleet.ts';

type FinishedBatch = ExecutorResult['finished'][number];

const [FIRST, SECOND, THIRD] = [1, 2, 3].map((number) => aBatchServer(number).sourceServerId) as [
  string,
  string,
  string,
];
const JOB = 'drsjob-1';
const NO_TIME = 'the time allowed was over';

/** What the executor says of the batch. */
function ended(differs: Partial<FinishedBatch>): ExecutorResult {
  const batch: FinishedBatch = { batchId: aBatch().batchId, outcome: 'finished', jobId: JOB, servers: [], ...differs };
  return { finished: [batch], notStarted: [] };
}

function notStarted(reason: string): ExecutorResult {
  return { finished: [], notStarted: [{ batchId: aBatch().batchId, reason }] };
}

const participants = (...statuses: string[]) =>
  statuses.map((status, index) => ({
    id: aBatchServer(index + 1).sourceServerId,
    status,
    ...(status === 'LAUNCHED' ? { instanceId: `i-0000000${index + 1}` } : {}),
  }));

/** Each server's state, with the error where it has failed. */
const ends = (batch: Batch) =>
  batch.servers.map(({ state, errorCode }) => (state === 'failed' ? `${state}: ${errorCode}` : state));

/** The batch as progress has left it: its job is known, and some of its servers were seen launched. */
const seenRunning = (...launched: string[]) =>
  aBatch({
    status: 'running',
    jobId: JOB,
    servers: aBatch().servers.map((server) => ({
      ...server,
      state: launched.includes(server.sourceServerId) ? 'launched' : 'launching',
    })),
  });

describe('what the executor answers', () => {
  it.each<{ name: string; batch?: Batch; result: ExecutorResult; status: Batch['status']; servers: string[] }>([
    {
      name: 'all launched',
      result: ended({ servers: participants('LAUNCHED', 'LAUNCHED', 'LAUNCHED') }),
      status: 'finished',
      servers: ['launched', 'launched', 'launched'],
    },
    {
      name: 'a job COMPLETED with failures is no success of all',
      result: ended({ servers: participants('LAUNCHED', 'FAILED', 'TERMINATED') }),
      status: 'finished',
      servers: ['launched', 'failed: LaunchFailed', 'failed: LaunchFailed'],
    },
    {
      name: 'a server that the job does not name has failed',
      result: ended({ servers: participants('LAUNCHED', 'LAUNCHED') }),
      status: 'finished',
      servers: ['launched', 'launched', 'failed: LaunchFailed'],
    },
    {
      name: 'a launch status that nobody knows has failed',
      result: ended({ servers: participants('LAUNCHED', 'LAUNCHED', 'A_NEW_STATUS') }),
      status: 'finished',
      servers: ['launched', 'launched', 'failed: LaunchFailed'],
    },
    {
      name: 'at the deadline: launched stays launched, what still launches timed out, what has failed has failed',
      result: ended({ outcome: 'timeout', servers: participants('LAUNCHED', 'IN_PROGRESS', 'FAILED') }),
      status: 'timeout',
      servers: ['launched', 'failed: JobTimeout', 'failed: LaunchFailed'],
    },
    {
      name: 'at the deadline without a look at the job: all timed out',
      result: ended({ outcome: 'timeout' }),
      status: 'timeout',
      servers: ['failed: JobTimeout', 'failed: JobTimeout', 'failed: JobTimeout'],
    },
    {
      name: 'at the deadline without a look at the job: what was seen launched is launched',
      batch: seenRunning(FIRST),
      result: ended({ outcome: 'timeout' }),
      status: 'timeout',
      servers: ['launched', 'failed: JobTimeout', 'failed: JobTimeout'],
    },
    {
      name: 'a launched server that was terminated since has failed',
      batch: seenRunning(FIRST),
      result: ended({ servers: participants('TERMINATED', 'LAUNCHED', 'LAUNCHED') }),
      status: 'finished',
      servers: ['failed: LaunchFailed', 'launched', 'launched'],
    },
    {
      name: 'refused because of one server: that one has failed, the others were not started',
      result: ended({
        outcome: 'refused',
        jobId: undefined,
        error: 'LiveInstance',
        cause: 'live',
        serverIds: [SECOND],
      }),
      status: 'refused',
      servers: ['skipped', 'failed: LiveInstance', 'skipped'],
    },
    {
      name: 'refused because of none in particular: all have failed',
      result: ended({ outcome: 'refused', jobId: undefined, error: 'ConflictException', cause: 'busy' }),
      status: 'refused',
      servers: ['failed: ConflictException', 'failed: ConflictException', 'failed: ConflictException'],
    },
    {
      name: 'refused without a reason: all have failed',
      result: ended({ outcome: 'refused', jobId: undefined }),
      status: 'refused',
      servers: ['failed: DRSServiceError', 'failed: DRSServiceError', 'failed: DRSServiceError'],
    },
    {
      name: 'not started because an earlier batch failed',
      result: notStarted('servers of an earlier batch failed to launch'),
      status: 'not started',
      servers: ['skipped', 'skipped', 'skipped'],
    },
    {
      name: 'not started because the time was over',
      result: notStarted(NO_TIME),
      status: 'timeout',
      servers: ['failed: JobTimeout', 'failed: JobTimeout', 'failed: JobTimeout'],
    },
    {
      name: 'nothing about the batch',
      result: { finished: [], notStarted: [] },
      status: 'not started',
      servers: ['skipped', 'skipped', 'skipped'],
    },
    {
      name: 'not started, although its job was seen: what was seen launched is launched, nothing is called not started',
      batch: seenRunning(FIRST),
      result: notStarted('the batch before was refused'),
      status: 'finished',
      servers: ['launched', 'failed: DRSServiceError', 'failed: DRSServiceError'],
    },
    {
      name: 'no time for it, although its job was seen',
      batch: seenRunning(FIRST),
      result: notStarted(NO_TIME),
      status: 'timeout',
      servers: ['launched', 'failed: JobTimeout', 'failed: JobTimeout'],
    },
    {
      name: 'refused, although its job was seen',
      batch: seenRunning(SECOND),
      result: ended({ outcome: 'refused', jobId: undefined, error: 'LiveInstance', cause: 'live' }),
      status: 'finished',
      servers: ['failed: DRSServiceError', 'launched', 'failed: DRSServiceError'],
    },
  ])('$name', ({ batch = aBatch(), result, status, servers }) => {
    const after = applyExecutorResult(batch, result);
    expect(ends(after)).toEqual(servers);
    expect(after.status).toBe(status);
  });

  it('gives a launched server its instance, and the batch its job', () => {
    const after = applyExecutorResult(aBatch(), ended({ servers: participants('LAUNCHED', 'FAILED', 'FAILED') }));
    expect(after.jobId).toBe(JOB);
    expect(after.servers[0]).toMatchObject({ recoveryInstanceId: 'i-00000001', ec2InstanceId: 'i-00000001' });
  });

  it('names the reason, and the job that goes on', () => {
    const messages = (result: ExecutorResult) =>
      applyExecutorResult(aBatch(), result).servers.map((server) => server.errorMessage);
    expect(messages(ended({ outcome: 'timeout' }))[0]).toContain(JOB);
    expect(messages(ended({ servers: participants('FAILED') }))[0]).toMatch(/FAILED.*drsjob-1/);
    expect(messages(notStarted('the batch before was refused'))[0]).toContain('the batch before was refused');
    expect(messages(ended({ outcome: 'refused', cause: 'i-1 is live', serverIds: [FIRST] }))).toEqual(
      Array(3).fill(expect.stringContaining('i-1 is live')),
    );
  });

  it('is not taken for another batch', () => {
    const other = ended({
      batchId: 'r1-w1-222222222222-01',
      servers: participants('LAUNCHED', 'LAUNCHED', 'LAUNCHED'),
    });
    expect(applyExecutorResult(aBatch(), other).status).toBe('not started');
  });

  it('says that it had no time in the words of the deployed state machine', () => {
    const definition = new URL('../../infra/state-machines/drs-staging-account-executor.asl.json', import.meta.url);
    expect(readFileSync(definition, 'utf8')).toContain(`'${NO_TIME}'`);
  });

  it('may have more fields than are read, but no unknown outcome', () => {
    const result = { accountId: '111111111111', ...ended({}) };
    expect(executorResultSchema.safeParse(result).success).toBe(true);
    const strange = { finished: [{ batchId: 'b', outcome: 'perhaps', servers: [] }], notStarted: [] };
    expect(executorResultSchema.safeParse(strange).success).toBe(false);
  });
});

describe('what DRS says after an executor died', () => {
  const CAUSE = 'The executor ended with States.Timeout.';
  const job = (differs: Partial<FoundJob> = {}): FoundJob => ({
    batchId: aBatch().batchId,
    jobId: JOB,
    status: 'COMPLETED',
    participants: participants('LAUNCHED', 'LAUNCHED', 'LAUNCHED'),
    ...differs,
  });

  it.each<{ name: string; batch?: Batch; jobs: FoundJob[]; status: Batch['status']; servers: string[] }>([
    {
      name: 'its job launched all',
      jobs: [job()],
      status: 'finished',
      servers: ['launched', 'launched', 'launched'],
    },
    {
      name: 'its job is still launching some: those have failed, nobody watches them',
      jobs: [job({ status: 'STARTED', participants: participants('LAUNCHED', 'IN_PROGRESS', 'PENDING') })],
      status: 'finished',
      servers: ['launched', 'failed: DRSServiceError', 'failed: DRSServiceError'],
    },
    {
      name: 'no job: all have failed',
      jobs: [],
      status: 'not started',
      servers: ['failed: DRSServiceError', 'failed: DRSServiceError', 'failed: DRSServiceError'],
    },
    {
      name: 'a job of another batch only: all have failed',
      jobs: [job({ batchId: 'r1-w1-222222222222-01' })],
      status: 'not started',
      servers: ['failed: DRSServiceError', 'failed: DRSServiceError', 'failed: DRSServiceError'],
    },
    {
      name: 'a job that was seen is not found again: what was seen launched is launched',
      batch: seenRunning(THIRD),
      jobs: [],
      status: 'finished',
      servers: ['failed: DRSServiceError', 'failed: DRSServiceError', 'launched'],
    },
  ])('$name', ({ batch = aBatch(), jobs, status, servers }) => {
    const after = applyFoundJobs(batch, jobs, CAUSE);
    expect(ends(after)).toEqual(servers);
    expect(after.status).toBe(status);
  });

  it('names the job, the state that it was in, and why the executor ended', () => {
    const after = applyFoundJobs(
      aBatch(),
      [job({ status: 'STARTED', participants: participants('IN_PROGRESS') })],
      CAUSE,
    );
    expect(after.jobId).toBe(JOB);
    expect(after.servers[0]?.errorMessage).toMatch(/drsjob-1 \(STARTED\).*IN_PROGRESS.*States\.Timeout/);
  });

  it('never says that no job was started when one was seen', () => {
    for (const server of applyFoundJobs(seenRunning(), [], CAUSE).servers) {
      expect(server.errorMessage).toContain(JOB);
      expect(server.errorMessage).not.toContain('No job');
    }
  });
});

describe('any answer', () => {
  const anyStatus = fc.constantFrom('PENDING', 'IN_PROGRESS', 'LAUNCHED', 'FAILED', 'TERMINATED', 'A_NEW_STATUS');
  /** Participants of the right batch, of another one, and unknown ones. */
  const anyParticipants = fc.array(
    fc.record({
      id: fc.constantFrom(FIRST, SECOND, THIRD, 's-ffffffffffffffff1'),
      status: anyStatus,
      instanceId: fc.constantFrom(undefined, 'i-00000001'),
    }),
    { maxLength: 5 },
  );
  const anyBatchId = fc.constantFrom('batch-0', 'batch-1', 'batch-2', 'somebody else’s');
  const anyResult: fc.Arbitrary<ExecutorResult> = fc.record({
    finished: fc.array(
      fc.record({
        batchId: anyBatchId,
        outcome: fc.constantFrom('finished' as const, 'refused' as const, 'timeout' as const),
        jobId: fc.constantFrom(undefined, JOB),
        servers: anyParticipants,
        error: fc.constantFrom(undefined, 'LiveInstance'),
        cause: fc.constantFrom(undefined, 'because'),
        serverIds: fc.constantFrom(undefined, [], [FIRST], ['s-ffffffffffffffff1']),
      }),
      { maxLength: 3 },
    ),
    notStarted: fc.array(
      fc.record({ batchId: anyBatchId, reason: fc.constantFrom(NO_TIME, 'an earlier batch was refused') }),
      { maxLength: 3 },
    ),
  });
  const anyJobs: fc.Arbitrary<FoundJob[]> = fc.array(
    fc.record({
      batchId: anyBatchId,
      jobId: fc.constant(JOB),
      status: fc.constantFrom('PENDING', 'STARTED', 'COMPLETED'),
      participants: anyParticipants,
    }),
    { maxLength: 3 },
  );
  const anyOpenBatches = anyBatches.map((batches) =>
    batches.filter((batch) => !isBatchTerminal(batch.status)).map((batch) => ({ ...batch, ...aBatchOf(batch) })),
  );
  const aBatchOf = ({ servers }: Batch) => ({
    servers: servers.map((server, index) => ({
      ...server,
      sourceServerId: [FIRST, SECOND, THIRD][index] ?? server.sourceServerId,
    })),
  });

  /** Holds for whatever settles a batch: the executor's answer, or the jobs found without one. */
  function holds(rule: (before: Batch, after: Batch) => void): void {
    fc.assert(
      fc.property(anyOpenBatches, anyResult, anyJobs, (batches, result, jobs) => {
        for (const batch of batches) {
          rule(batch, applyExecutorResult(batch, result));
          rule(batch, applyFoundJobs(batch, jobs, 'It died.'));
        }
      }),
    );
  }

  it('ends the batch, and every server of it, and loses none', () => {
    holds((before, after) => {
      expect(isBatchTerminal(after.status)).toBe(true);
      expect(after.servers.map((server) => server.sourceServerId)).toEqual(
        before.servers.map((server) => server.sourceServerId),
      );
      for (const { state } of after.servers) expect(['launched', 'failed', 'skipped']).toContain(state);
    });
  });

  it('gives each failure a code and words, and each skipped server its reason', () => {
    holds((_, after) => {
      for (const server of after.servers) {
        if (server.state !== 'launched') expect(server.errorMessage).toBeTruthy();
        if (server.state === 'failed') expect(server.errorCode).toBeTruthy();
      }
    });
  });

  it('names the job wherever it is known', () => {
    holds((_, after) => {
      const messages = after.servers.map((server) => server.errorMessage ?? '');
      if (after.jobId !== undefined) expect(messages.join()).not.toContain('undefined');
    });
  });

  it('leaves nothing for the result to call unfinished', () => {
    holds((_, after) => {
      const { failedServers } = buildOutput({
        input: { action: 'drill', metadata: {}, options: DEFAULT_OPTIONS },
        batches: [after],
        skipped: [],
        stops: [],
        startedAt: 0,
        endedAt: 0,
        resultLocation: '',
      });
      for (const { errorMessage } of failedServers) expect(errorMessage).not.toMatch(/state (planned|launching)/);
    });
  });

  it.each(BATCH_STATUSES.filter(isBatchTerminal))('changes nothing of a batch that is %s already', (status) => {
    const batch = aBatch({ status });
    const launchedAll = participants('LAUNCHED', 'LAUNCHED', 'LAUNCHED');
    expect(applyExecutorResult(batch, ended({ servers: launchedAll }))).toBe(batch);
    const job = { batchId: batch.batchId, jobId: JOB, status: 'COMPLETED', participants: launchedAll };
    expect(applyFoundJobs(batch, [job], 'It died.')).toBe(batch);
  });
});
