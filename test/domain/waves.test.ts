import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyNotBegun } from '../../src/domain/account-outcome.ts';
import { freezePlan, type Plan } from '../../src/domain/plan.ts';
import type { WaveRecord } from '../../src/domain/records.ts';
import { runsOf } from '../../src/domain/request.ts';
import type { Batch } from '../../src/domain/result.ts';
import type { SourceServer } from '../../src/domain/server.ts';
import { isBatchTerminal, SERVER_STATES } from '../../src/domain/status.ts';
import { OUTCOMES } from '../../src/domain/vocabulary.ts';
import {
  type BeforeWave,
  buildExecutionOutput,
  endingOf,
  notBegunText,
  outputOfWave,
  stepAfter,
  stepBefore,
} from '../../src/domain/waves.ts';
import { anyFleet, aRequest, aServer, DEFAULT_OPTIONS, discovered } from './fleet.ts';

const PERSON = { userId: 'U0PREQUEST1', teamId: 'T0PRACTICE1', at: 1 };
const STARTED = Date.parse('2026-03-02T14:00:00Z');

type Known = Omit<Partial<BeforeWave>, 'execution'> & {
  execution?: Partial<Omit<BeforeWave['execution'], 'options'>>;
  continueOnFailure?: boolean;
};

function stepOf({ execution, continueOnFailure = false, ...known }: Known) {
  const options = { ...DEFAULT_OPTIONS, continueOnFailure };
  return stepBefore({ wave: 2, earlier: [aRecord()], ...known, execution: { ...execution, options } });
}

function aRecord(differs: Partial<WaveRecord> = {}): WaveRecord {
  return {
    executionId: 'exec-1',
    wave: 1,
    planRevision: 1,
    outcome: 'success',
    summary: { totalServers: 2, succeeded: 2, failed: 0, skipped: 0 },
    nextPhaseReady: true,
    resultLocation: 's3://results/exec-1/wave-01.json',
    startedAt: STARTED,
    endedAt: STARTED + 60_000,
    ...differs,
  };
}

const FAILED = aRecord({ outcome: 'failed', nextPhaseReady: false });
const LEFT = aRecord({
  wave: 2,
  outcome: 'failed',
  nextPhaseReady: false,
  summary: { totalServers: 3, succeeded: 0, failed: 0, skipped: 3 },
  notBegun: { code: 'WaveFailed', message: 'Wave 1 ended with failed' },
  startedAt: STARTED + 90_000,
  endedAt: STARTED + 90_000,
});

describe('the boundary before a wave', () => {
  it('lets it run after a wave that went as it should, and where there is none before', () => {
    expect(stepOf({})).toEqual({ step: 'run' });
    expect(stepOf({ wave: 1, earlier: [] })).toEqual({ step: 'run' });
  });

  it('does not begin it after one that did not, unless failures are to be passed over', () => {
    const problem = { code: 'WaveFailed', message: 'Wave 1 ended with failed' };
    expect(stepOf({ earlier: [FAILED] })).toEqual({ step: 'leave', problem });
    expect(stepOf({ earlier: [FAILED], continueOnFailure: true })).toEqual({ step: 'run' });
    // A partial result may be good enough.
    expect(stepOf({ earlier: [aRecord({ outcome: 'partial' })] })).toEqual({ step: 'run' });
  });

  it.each([
    [{ status: 'approved', answer: 'continue' }, undefined],
    [{ status: 'approved', answer: 'retry' }, 'Wave 1 ended with failed'],
    [{ status: 'rejected', answer: 'stop' }, 'Wave 1 ended with failed, and it was stopped there'],
    [{ status: 'expired' }, 'Wave 1 ended with failed, and nobody decided about it in time'],
    [{ status: 'cancelled' }, 'Wave 1 ended with failed, and the question about it was cancelled'],
    [{ status: 'pending' }, 'Wave 1 ended with failed'],
  ] as const)('goes on after a wave that failed only where people decided to continue (%j)', (decision, message) => {
    const problem = { code: 'WaveFailed', message };
    expect(stepOf({ earlier: [{ ...FAILED, decision }] })).toEqual(
      message === undefined ? { step: 'run' } : { step: 'leave', problem },
    );
  });

  it('begins nothing after a wave that was not begun, for the same reason, whatever is passed over', () => {
    const left = { step: 'leave', problem: LEFT.notBegun };
    expect(stepOf({ wave: 3, earlier: [FAILED, LEFT], continueOnFailure: true })).toEqual(left);
  });

  it.each([
    [undefined, 'Cancelled by U0PREQUEST1'],
    ['the wrong day', 'Cancelled by U0PREQUEST1 (“the wrong day”)'],
  ])('begins nothing that is cancelled, although it was released (%s)', (reason, message) => {
    const cancelRequested = { ...PERSON, ...(reason === undefined ? {} : { reason }) };
    const known = { execution: { cancelRequested }, pause: { status: 'approved' as const }, continueOnFailure: true };
    expect(stepOf(known)).toEqual({ step: 'leave', problem: { code: 'Cancelled', message } });
  });

  it('waits where the request or a person wants it to, until it is released', () => {
    for (const execution of [{ pauseBefore: [2] }, { pauseRequested: PERSON }]) {
      expect(stepOf({ execution })).toEqual({ step: 'pause' });
      expect(stepOf({ execution, pause: { status: 'pending' } })).toEqual({ step: 'pause' });
      expect(stepOf({ execution, pause: { status: 'approved' } })).toEqual({ step: 'run' });
    }
    expect(stepOf({ execution: { pauseBefore: [3] } })).toEqual({ step: 'run' });
  });

  it.each([
    ['rejected', 'Stopped at the pause before wave 2'],
    ['expired', 'Nobody released the pause before wave 2 in time'],
    ['cancelled', 'The pause before wave 2 was cancelled'],
  ] as const)('takes a pause that was %s for no', (status, message) => {
    expect(stepOf({ execution: { pauseBefore: [2] }, pause: { status } })).toMatchObject({
      step: 'leave',
      problem: { message },
    });
  });
});

describe('what follows a wave', () => {
  type Asked = Partial<Parameters<typeof stepAfter>[0]>;
  const HALF = aRecord({ outcome: 'partial', nextPhaseReady: false, retryable: 1 });
  const follows = ({ execution, ...known }: Omit<Asked, 'execution'> & { execution?: Partial<Asked['execution']> }) =>
    stepAfter({
      record: HALF,
      frozenAttempt: known.record?.attempt ?? 1,
      ...known,
      execution: { options: DEFAULT_OPTIONS, ...execution },
    });
  const passed = (answer: 'retry' | 'continue') => ({ status: 'approved' as const, answer });

  it('is a question where it did not meet its threshold and something can be tried again', () => {
    expect(follows({})).toEqual({ step: 'ask', attempt: 1 });
    expect(follows({ decision: { status: 'pending' } })).toEqual({ step: 'ask', attempt: 1 });
    expect(follows({ record: aRecord({ outcome: 'partial', retryable: 1 }) })).toEqual({ step: 'over' });
    expect(follows({ record: { ...HALF, retryable: undefined } })).toEqual({ step: 'over' });
    expect(follows({ record: LEFT })).toEqual({ step: 'over' });
  });

  it.each([
    ['failures are passed over', { options: { ...DEFAULT_OPTIONS, continueOnFailure: true } }],
    ['the request wants no question', { onWaveFailure: 'stop' as const }],
    ['a machine asked and did not say so', { service: {} }],
    ['it is cancelled', { cancelRequested: PERSON }],
  ])('is none where %s', (_, execution) => {
    expect(follows({ execution })).toEqual({ step: 'over' });
  });

  it('is a question for a machine that wants people to be asked', () => {
    expect(follows({ execution: { service: {}, onWaveFailure: 'ask' } })).toEqual({ step: 'ask', attempt: 1 });
  });

  it('is another attempt when people decide so, and only then', () => {
    expect(follows({ decision: passed('retry') })).toEqual({ step: 'retry', attempt: 2 });
    expect(follows({ record: { ...HALF, attempt: 3 }, decision: passed('retry') })).toEqual({
      step: 'retry',
      attempt: 4,
    });
    expect(follows({ decision: passed('continue') })).toEqual({ step: 'over' });
    for (const status of ['rejected', 'expired', 'cancelled'] as const)
      expect(follows({ decision: { status } })).toEqual({ step: 'over' });
    expect(follows({ decision: passed('retry'), execution: { cancelRequested: PERSON } })).toEqual({ step: 'over' });
  });

  it('is the attempt that has begun, whatever was wanted since', () => {
    const execution = { cancelRequested: PERSON };
    expect(follows({ frozenAttempt: 2, decision: passed('retry'), execution })).toEqual({ step: 'retry', attempt: 2 });
  });
});

describe('how an execution ends', () => {
  it.each([
    [['success', 'success'], 'success'],
    [['success', 'failed'], 'partial'],
    [['success', 'timeout'], 'timeout'],
    [['failed', 'failed'], 'failed'],
  ] as const)('%j is %s', (outcomes, outcome) => {
    const waves = outcomes.map((of, index) => {
      const summary = {
        totalServers: 2,
        succeeded: of === 'success' ? 2 : 0,
        failed: of === 'success' ? 0 : 2,
        skipped: 0,
      };
      return aRecord({ wave: index + 1, outcome: of, nextPhaseReady: of === 'success', summary });
    });
    expect(endingOf(waves)).toMatchObject({ outcome, nextPhaseReady: outcome === 'success' });
  });

  it('a failback that still copies is partial, although nothing is done yet', () => {
    const copying = { totalServers: 1, succeeded: 0, failed: 0, skipped: 1 };
    expect(endingOf([aRecord({ outcome: 'partial', summary: copying })])).toMatchObject({ outcome: 'partial' });
  });

  it('says why, and of which waves, where some were not begun; its time is that of what ran', () => {
    const third = { ...LEFT, wave: 3 };
    expect(endingOf([aRecord(), LEFT, third])).toEqual({
      outcome: 'partial',
      summary: { totalServers: 8, succeeded: 2, failed: 0, skipped: 6 },
      nextPhaseReady: false,
      startedAt: STARTED,
      endedAt: STARTED + 60_000,
      problem: { code: 'WaveFailed', message: 'Wave 1 ended with failed: waves 2–3 were not begun.' },
    });
    expect(notBegunText({ code: 'Cancelled', message: 'Cancelled by U1' }, [0])).toBe(
      'Cancelled by U1: it was not begun',
    );
  });
});

const WAVES = [1, 2, 10];
const anyWaves = fc.subarray(WAVES, { minLength: 1 });
/** Any fleet whose servers are in any wave, or in none. */
const anyFleetInWaves = anyFleet.chain((fleet) =>
  fc
    .array(fc.constantFrom(undefined, '', '01', '3', ...WAVES.map(String)), {
      minLength: fleet.length,
      maxLength: fleet.length,
    })
    .map((waves) => fleet.map((server, index) => inWave(server, waves[index]))),
);

function inWave(server: SourceServer, wave: string | undefined): SourceServer {
  return wave === undefined ? server : { ...server, tags: { ...server.tags, 'DR-Wave': wave } };
}

/** The plan's batches of a wave, as the executors may have left them. */
function batchesOf(plan: Plan, wave: number, states: readonly (typeof SERVER_STATES)[number][]): Batch[] {
  const ofWave = plan.batches.filter((batch) => batch.wave === wave);
  return ofWave.map((batch) => ({
    ...batch,
    status: 'finished' as const,
    servers: batch.servers.map((server, index) => ({
      ...server,
      state: states[(index + wave) % states.length] ?? ('failed' as const),
    })),
  }));
}

describe('the result of several waves', () => {
  it('has every server of the asked waves in exactly one list of one wave, and sums that agree', () => {
    fc.assert(
      fc.property(
        anyFleetInWaves,
        anyWaves,
        fc.nat({ max: 3 }),
        fc.array(fc.constantFrom(...SERVER_STATES), { minLength: 1, maxLength: 8 }),
        (fleet, waves, begun, states) => {
          const plan = freezePlan(aRequest({ waves, options: { continueOnFailure: true } }), discovered(fleet));
          const problem = { code: 'WaveFailed', message: 'Wave 1 ended with failed' };
          const runs = runsOf(plan.waves).map((wave, index) => {
            const notBegun = index < begun ? undefined : problem;
            const batches =
              notBegun === undefined
                ? batchesOf(plan, wave, states)
                : plan.batches
                    .filter((batch) => batch.wave === wave)
                    .map((batch) => ({
                      ...batch,
                      status: 'planned' as const,
                      servers: batch.servers.map((server) => ({ ...server, state: 'planned' as const })),
                    }))
                    .map((batch) => applyNotBegun<Batch>(batch, notBegunText(problem, [wave])));
            expect(batches.every(({ status }) => isBatchTerminal(status))).toBe(true);
            const resultLocation = 's3://results/exec-1/wave.json';
            const times = { startedAt: STARTED, endedAt: STARTED };
            const input = { action: 'drill' as const, metadata: {}, options: DEFAULT_OPTIONS };
            const output = outputOfWave({
              input,
              wave,
              plan: { ...plan, stops: [] },
              batches,
              notBegun,
              resultLocation,
              ...times,
            });
            const { status: outcome, summary, nextPhaseReady } = output;
            return { record: aRecord({ wave, outcome, summary, nextPhaseReady, notBegun }), output };
          });
          const result = buildExecutionOutput({
            executionId: 'exec-1',
            action: 'drill',
            metadata: {},
            resultLocation: 's3://results/exec-1/execution.json',
            waves: runs,
            ending: endingOf(runs.map(({ record }) => record)),
          });

          const lists = result.waves.map(({ output }) => [
            ...output.recoveryInstances.map((server) => ({ ...server, list: 'done' })),
            ...output.failedServers.map((server) => ({ ...server, list: 'failed' })),
            ...output.skippedServers.map((server) => ({ ...server, list: 'skipped' })),
          ]);
          const listed = lists.flat().map((server) => `${server.stagingAccountId}/${server.sourceServerId}`);
          const [only] = waves.length === 1 ? waves : [];
          const meant = fleet.filter(
            ({ tags }) => only !== undefined || waves.some((wave) => tags['DR-Wave'] === String(wave)),
          );
          // The same id in two Regions of an account is two servers.
          const known = new Set(meant.map((server) => `${server.accountId}/${server.region}/${server.sourceServerId}`));
          expect(listed.toSorted()).toEqual([...known].map((key) => key.replace(/^(\d+)\/[^/]+\//, '$1/')).toSorted());
          expect(result.summary).toEqual({
            totalServers: listed.length,
            succeeded: lists.flat().filter(({ list }) => list === 'done').length,
            failed: lists.flat().filter(({ list }) => list === 'failed').length,
            skipped: lists.flat().filter(({ list }) => list === 'skipped').length,
          });
          expect(OUTCOMES).toContain(result.status);
          expect(result.waves.map(({ wave }) => wave)).toEqual(waves);
          expect(result.status === 'success').toBe(result.waves.every(({ output }) => output.status === 'success'));
        },
      ),
    );
  });

  it('takes a server only for the wave that its tag names exactly', () => {
    const fleet = ['1', '01', '2', ' 1', undefined].map((wave, index) =>
      inWave({ ...aServer(index + 1), tags: {} }, wave),
    );
    const plan = freezePlan(aRequest({ waves: [1, 2] }), discovered(fleet));
    expect(plan.batches.map(({ batchId, wave, servers }) => [batchId, wave, servers.length])).toEqual([
      ['r1-w1-111111111111-01', 1, 1],
      ['r1-w2-111111111111-01', 2, 1],
    ]);
  });

  it('is one plan: one hash, which moves with the wave of a server; a wave without servers stops it', () => {
    const inWaves = (...waves: string[]) => waves.map((wave, index) => inWave(aServer(index + 1), wave));
    const planOf = (fleet: SourceServer[]) => freezePlan(aRequest({ waves: [1, 2] }), discovered(fleet));
    expect(planOf(inWaves('1', '2')).hash).not.toBe(planOf(inWaves('2', '1')).hash);
    expect(planOf(inWaves('1', '2'))).toMatchObject({ stops: [], totalServers: 2, waves: [1, 2] });
    expect(planOf(inWaves('1', '1')).stops).toEqual(['No source server of HRP wave 1 is in wave 2.']);
  });

  it('of a failover goes on without a wave of which nothing can be seen, and says so', () => {
    const unread = { accountId: '999999999999', region: 'us-east-2', servers: [], unreachable: 'no access' };
    const plan = freezePlan(aRequest({ verb: 'failover', waves: [1, 2] }), [...discovered([aServer(1)]), unread]);
    expect(plan.stops).toEqual([]);
    expect(plan.warnings).toContain('No source server of HRP wave 1 is in wave 2.');
  });
});
