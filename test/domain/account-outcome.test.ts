import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyExecutorResult,
  applyFoundInstances,
  applyFoundJobs,
  applyNotBegun,
  applyOriginFailback,
  type FoundJob,
  requireStatusChecks,
} from '../../src/domain/account-outcome.ts';
import { type ExecutorOutput, executorOutputSchema, type FinishedBatch } from '../../src/domain/executor-contract.ts';
import { type Batch, type BatchServer, buildOutput } from '../../src/domain/result.ts';
import { BATCH_STATUSES, isBatchTerminal, isDone } from '../../src/domain/status.ts';
import { ACCOUNT, aBatch, aBatchServer, anyBatches, DEFAULT_OPTIONS } from './fleet.ts';

const [FIRST, SECOND, THIRD] = [1, 2, 3].map((number) => aBatchServer(number).sourceServerId) as [
  string,
  string,
  string,
];
const JOB = 'drsjob-1';
const NO_TIME = 'the time allowed was over';

/** What the executor says of the batch. */
function ended(differs: Partial<FinishedBatch>): ExecutorOutput {
  const batch: FinishedBatch = {
    batchId: aBatch().batchId,
    outcome: 'finished',
    jobId: JOB,
    servers: [],
    excluded: [],
    ...differs,
  };
  return { accountId: ACCOUNT, finished: [batch], notStarted: [] };
}

function notStarted(reason: string): ExecutorOutput {
  return { accountId: ACCOUNT, finished: [], notStarted: [{ batchId: aBatch().batchId, reason }] };
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
  it.each<{ name: string; batch?: Batch; result: ExecutorOutput; status: Batch['status']; servers: string[] }>([
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
      result: { accountId: ACCOUNT, finished: [], notStarted: [] },
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
    const after = applyExecutorResult(batch, result, 'drill');
    expect(ends(after)).toEqual(servers);
    expect(after.status).toBe(status);
  });

  it('gives a launched server its instance, and the batch its job', () => {
    const after = applyExecutorResult(
      aBatch(),
      ended({ servers: participants('LAUNCHED', 'FAILED', 'FAILED') }),
      'drill',
    );
    expect(after.jobId).toBe(JOB);
    expect(after.servers[0]).toMatchObject({ recoveryInstanceId: 'i-00000001', ec2InstanceId: 'i-00000001' });
  });

  it('names the reason, and the job that goes on', () => {
    const messages = (result: ExecutorOutput) =>
      applyExecutorResult(aBatch(), result, 'drill').servers.map((server) => server.errorMessage);
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
    expect(applyExecutorResult(aBatch(), other, 'drill').status).toBe('not started');
  });

  it('says that it had no time in the words of the deployed state machine', () => {
    const definition = new URL('../../infra/state-machines/drs-staging-account-executor.asl.json', import.meta.url);
    expect(readFileSync(definition, 'utf8')).toContain(`'${NO_TIME}'`);
  });

  it('may have more fields than are read, but no unknown outcome', () => {
    const result = { executor: 'a newer one', ...ended({}) };
    expect(executorOutputSchema.safeParse(result).success).toBe(true);
    const strange = {
      accountId: ACCOUNT,
      finished: [{ batchId: 'b', outcome: 'perhaps', servers: [] }],
      notStarted: [],
    };
    expect(executorOutputSchema.safeParse(strange).success).toBe(false);
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
    const after = applyFoundJobs(batch, jobs, CAUSE, 'drill');
    expect(ends(after)).toEqual(servers);
    expect(after.status).toBe(status);
  });

  it('names the job, the state that it was in, and why the executor ended', () => {
    const after = applyFoundJobs(
      aBatch(),
      [job({ status: 'STARTED', participants: participants('IN_PROGRESS') })],
      CAUSE,
      'drill',
    );
    expect(after.jobId).toBe(JOB);
    expect(after.servers[0]?.errorMessage).toMatch(/drsjob-1 \(STARTED\).*IN_PROGRESS.*States\.Timeout/);
  });

  it('never says that no job was started when one was seen', () => {
    for (const server of applyFoundJobs(seenRunning(), [], CAUSE, 'drill').servers) {
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
  const anyResult: fc.Arbitrary<ExecutorOutput> = fc.record({
    accountId: fc.constant(ACCOUNT),
    finished: fc.array(
      fc.record({
        batchId: anyBatchId,
        outcome: fc.constantFrom('finished' as const, 'refused' as const, 'timeout' as const),
        jobId: fc.constantFrom(undefined, JOB),
        servers: anyParticipants,
        excluded: fc.array(
          fc.record({
            id: fc.constantFrom(FIRST, SECOND, 's-ffffffffffffffff1'),
            error: fc.constantFrom('ConflictException', 'LiveInstance'),
            cause: fc.constant('left out'),
          }),
          { maxLength: 2 },
        ),
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
      fc.property(anyOpenBatches, anyResult, anyJobs, anyVerb, (batches, result, jobs, verb) => {
        for (const batch of batches) {
          rule(batch, applyExecutorResult(batch, result, verb));
          if (verb !== 'terminate') rule(batch, applyFoundJobs(batch, jobs, 'It died.', verb));
          else rule(batch, applyFoundInstances(batch, foundIn(result), 'It died.'));
        }
      }),
    );
  }
  const anyVerb = fc.constantFrom('drill' as const, 'failover' as const, 'terminate' as const, 'failback' as const);
  const foundIn = ({ finished }: ExecutorOutput) =>
    finished.flatMap(({ servers }) =>
      servers.map(({ instanceId, status }) => ({ recoveryInstanceId: instanceId ?? 'i-0000000f', state: status })),
    );

  it('ends the batch, and every server of it, and loses none', () => {
    holds((before, after) => {
      expect(isBatchTerminal(after.status)).toBe(true);
      expect(after.servers.map((server) => server.sourceServerId)).toEqual(
        before.servers.map((server) => server.sourceServerId),
      );
      for (const { state } of after.servers) expect(['launched', 'terminated', 'failed', 'skipped']).toContain(state);
    });
  });

  it('gives each failure a code and words, and each skipped server its reason', () => {
    holds((_, after) => {
      for (const server of after.servers) {
        if (!isDone(server.state)) expect(server.errorMessage).toBeTruthy();
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
        failed: [],
        missingAccounts: [],
        warnings: [],
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
    expect(applyExecutorResult(batch, ended({ servers: launchedAll }), 'drill')).toBe(batch);
    const job = { batchId: batch.batchId, jobId: JOB, status: 'COMPLETED', participants: launchedAll };
    expect(applyFoundJobs(batch, [job], 'It died.', 'drill')).toBe(batch);
  });
});

describe('servers that were left out right before the start', () => {
  const leftOut = (id: string, error = 'ConflictException') => ({
    id,
    error,
    cause: `the job drsjob-9 holds ${id}`,
  });

  it('have failed by their own reason, and the others are as the job says', () => {
    const result = ended({
      servers: participants('LAUNCHED').concat({ id: THIRD, status: 'LAUNCHED' }),
      excluded: [leftOut(SECOND)],
    });
    const after = applyExecutorResult(aBatch(), result, 'failover');
    expect(ends(after)).toEqual(['launched', 'failed: ConflictException', 'launched']);
    expect(after.servers[1]?.errorMessage).toContain('drsjob-9');
  });

  it('keep their reason when the deadline passes', () => {
    const result = ended({ outcome: 'timeout', excluded: [leftOut(FIRST, 'ServerNotReady')] });
    expect(ends(applyExecutorResult(aBatch(), result, 'failover'))).toEqual([
      'failed: ServerNotReady',
      'failed: JobTimeout',
      'failed: JobTimeout',
    ]);
  });

  it('keep their reason when the rest is refused: only what is named is the cause', () => {
    const result = ended({
      outcome: 'refused',
      jobId: undefined,
      error: 'ServiceQuotaExceededException',
      cause: 'no room',
      excluded: [leftOut(FIRST, 'LiveInstance')],
      serverIds: [SECOND],
    });
    expect(ends(applyExecutorResult(aBatch(), result, 'failover'))).toEqual([
      'failed: LiveInstance',
      'failed: ServiceQuotaExceededException',
      'skipped',
    ]);
  });

  it('stay launched when they were seen to be', () => {
    const result = ended({ excluded: [leftOut(FIRST)] });
    expect(ends(applyExecutorResult(seenRunning(FIRST), result, 'failover'))[0]).toBe('launched');
  });
});

/** A batch of a termination: the second server has two instances. */
const toTerminate = (differs: Partial<Batch> = {}) =>
  aBatch({
    servers: aBatch().servers.map((server, index) => ({
      ...server,
      recoveryInstanceId: `i-0000000${index + 1}`,
      ec2InstanceId: `i-0000000${index + 1}`,
      isDrill: true,
      ...(index === 1
        ? { otherInstances: [{ recoveryInstanceId: 'i-0000002b', ec2InstanceId: 'i-0000002b', isDrill: true }] }
        : {}),
    })),
    ...differs,
  });

describe('what the executor answers to a termination', () => {
  const terminated = (id: string, instanceId: string, status = 'TERMINATED') => ({ id, status, instanceId });
  const [one, two, twoB, three] = [
    terminated(FIRST, 'i-00000001'),
    terminated(SECOND, 'i-00000002'),
    terminated(SECOND, 'i-0000002b'),
    terminated(THIRD, 'i-00000003'),
  ] as const;

  it('ends every server of which all instances are gone as terminated', () => {
    const after = applyExecutorResult(toTerminate(), ended({ servers: [one, two, twoB, three] }), 'terminate');
    expect(ends(after)).toEqual(['terminated', 'terminated', 'terminated']);
    expect(after.servers[0]).toMatchObject({ recoveryInstanceId: 'i-00000001' });
  });

  it('is a failure of a server of which one instance is left', () => {
    const left = { ...twoB, status: 'FAILED' };
    const after = applyExecutorResult(toTerminate(), ended({ servers: [one, two, left, three] }), 'terminate');
    expect(ends(after)).toEqual(['terminated', 'failed: TerminateFailed', 'terminated']);
    expect(after.servers[1]?.errorMessage).toContain(JOB);
  });

  it('is a failure of what it does not name', () => {
    expect(ends(applyExecutorResult(toTerminate(), ended({ servers: [one, two] }), 'terminate'))).toEqual([
      'terminated',
      'failed: TerminateFailed',
      'failed: TerminateFailed',
    ]);
  });

  it('says at the deadline what is not over', () => {
    const after = applyExecutorResult(toTerminate(), ended({ outcome: 'timeout', servers: [one] }), 'terminate');
    expect(ends(after)).toEqual(['terminated', 'failed: JobTimeout', 'failed: JobTimeout']);
    expect(after.servers[1]?.errorMessage).toContain('termination');
  });

  it('never takes a launched server for a terminated one', () => {
    const after = applyExecutorResult(toTerminate(), ended({ servers: [{ ...one, status: 'LAUNCHED' }] }), 'terminate');
    expect(ends(after)[0]).toBe('failed: TerminateFailed');
  });
});

describe('what an executor says of servers in short', () => {
  const said = (servers: unknown[]) =>
    executorOutputSchema.parse({
      ...ended({}),
      finished: [{ batchId: aBatch().batchId, outcome: 'finished', servers }],
    });

  it('is what earlier executors say at length', () => {
    const short = said([`${FIRST} LAUNCHED i-00000001`, `${SECOND} FAILED`]);
    const long = said([
      { id: FIRST, status: 'LAUNCHED', instanceId: 'i-00000001' },
      { id: SECOND, status: 'FAILED' },
    ]);
    expect(short).toEqual(long);
    expect(() => said(['LAUNCHED s-1 i-1 more'])).toThrow();
  });

  it('names an instance that was terminated alone: its server is the one that was approved with it', () => {
    const [first, second] = [1, 2].map((number) => ({
      ...aBatchServer(number),
      recoveryInstanceId: `i-0000000${number}`,
      ec2InstanceId: `i-0000000${number}`,
    })) as [BatchServer, BatchServer];
    const otherInstances = [{ recoveryInstanceId: 'i-00000003', ec2InstanceId: 'i-00000003', isDrill: true }];
    const batch = aBatch({ servers: [{ ...first, otherInstances }, second] });
    const left = applyExecutorResult(batch, said(['i-00000001', 'i-00000002']), 'terminate');
    expect(ends(left)).toEqual(['failed: TerminateFailed', 'terminated']);
    const gone = applyExecutorResult(batch, said(['i-00000001', 'i-00000002', 'i-00000003']), 'terminate');
    expect(ends(gone)).toEqual(['terminated', 'terminated']);
  });
});

describe('a wave that is not begun', () => {
  it('has its servers skipped with the reason; what had failed before stays so', () => {
    const [gone, second, third] = aBatch().servers as [BatchServer, BatchServer, BatchServer];
    const failed = { ...gone, state: 'failed' as const, errorCode: 'ServerGone', errorMessage: 'It is gone.' };
    const left = applyNotBegun(aBatch({ status: 'planned', servers: [failed, second, third] }), 'wave 1 failed');
    expect(left).toMatchObject({ status: 'not started' });
    expect(ends(left)).toEqual(['failed: ServerGone', 'skipped', 'skipped']);
    expect(left.servers[1]?.errorMessage).toBe('wave 1 failed');
    // A batch that is over stays as it is.
    expect(applyNotBegun(left, 'another reason')).toBe(left);
  });
});

describe('what the instances say after the executor of a termination died', () => {
  it('is terminated where DRS has the instance no longer, or as gone', () => {
    const after = applyFoundInstances(
      toTerminate(),
      [{ recoveryInstanceId: 'i-00000001', state: 'TERMINATED' }],
      'It died.',
    );
    expect(ends(after)).toEqual(['terminated', 'terminated', 'terminated']);
  });

  it('is a failure where one of its instances is still there, named with its state', () => {
    const after = applyFoundInstances(
      toTerminate(),
      [{ recoveryInstanceId: 'i-0000002b', state: 'RUNNING' }],
      'It died.',
    );
    expect(ends(after)).toEqual(['terminated', 'failed: DRSServiceError', 'terminated']);
    expect(after.servers[1]?.errorMessage).toBe('i-0000002b was running when its executor ended. It died.');
  });

  it('changes nothing of a batch that is over', () => {
    const batch = toTerminate({ status: 'refused' });
    expect(applyFoundInstances(batch, [], 'It died.')).toBe(batch);
  });
});

describe('a failback', () => {
  it('to the premises has failed where the executor says so', () => {
    const after = applyExecutorResult(aBatch(), ended({ servers: participants('LAUNCHED', 'FAILED') }), 'failback');
    expect(ends(after)).toEqual(['launched', 'failed: FailbackFailed', 'failed: FailbackFailed']);
  });

  it('to AWS leaves what still copies for a later call, with how far it is', () => {
    const after = applyOriginFailback(aBatch(), [
      { sourceServerId: FIRST, state: 'copying', detail: '40 % copied' },
      { sourceServerId: SECOND, state: 'launched', instanceId: 'i-0000000c' },
    ]);
    expect(ends(after)).toEqual(['copying', 'launched', 'failed: DRSServiceError']);
    expect(after.servers[0]?.errorMessage).toBe('40 % copied');
    expect(after.servers[1]?.recoveryInstanceId).toBe('i-0000000c');
    expect(applyOriginFailback(after, [])).toBe(after);
  });

  it('to AWS has failed with the reason that the origin Region gave', () => {
    const failure = {
      sourceServerId: FIRST,
      state: 'failed',
      errorCode: 'NotInitialised',
      errorMessage: 'why',
    } as const;
    expect(applyOriginFailback(aBatch(), [failure]).servers[0]).toMatchObject({
      state: 'failed',
      errorCode: 'NotInitialised',
      errorMessage: 'why',
    });
  });
});

describe('required status checks', () => {
  const launched = (statusChecks?: 'ok' | 'impaired' | 'initializing') =>
    aBatchServer(1, { state: 'launched', recoveryInstanceId: 'i-00000001', statusChecks });

  it('fail a launched server that has not passed them, and keep its instance', () => {
    const after = requireStatusChecks(
      aBatch({ servers: [launched('ok'), launched('impaired'), launched('initializing'), launched()] }),
    );
    expect(ends(after)).toEqual(['launched', ...Array(3).fill('failed: StatusChecksFailed')]);
    expect(after.servers[1]).toMatchObject({ recoveryInstanceId: 'i-00000001' });
    expect(after.servers[1]?.errorMessage).toContain('impaired');
  });

  it('ask nothing of a server that was not launched', () => {
    const batch = aBatch({ servers: [aBatchServer(1, { state: 'skipped' })] });
    expect(requireStatusChecks(batch)).toEqual(batch);
  });
});
