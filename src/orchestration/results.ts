import { isDeepStrictEqual } from 'node:util';
import { batchNameOf } from '../domain/batches.ts';
import type { ComponentOutput } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import { plannedVerb } from '../domain/plan.ts';
import type { BatchRecord, ExecutionRecord, PlanRecord, Problem, WaveRecord } from '../domain/records.ts';
import { hasSeveralWaves, optionsOfWave, runsOf, tagsOfWave } from '../domain/request.ts';
import { type Batch, withoutLists } from '../domain/result.ts';
import { buildExecutionOutput, type ExecutionEnding, endingOf, outputOfWave, retryableOf } from '../domain/waves.ts';
import { readSettings } from '../platform/environment.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';
import { resultStore } from '../platform/result-store.ts';
import { aroundWaves } from './around-waves.ts';
import type { Run } from './run.ts';

/** Largest output that is handed on whole: the 256 KiB of a state (Step Functions) less room for nested results. */
const MAX_OUTPUT_BYTES = 32 * 1_024;
/** What is kept of texts when even an output without its lists is too large: the whole of them is in S3. */
const KEPT = { messageCharacters: 2_000, warnings: 20 } as const;

/** The whole result of a run: built from the stored batches, kept in S3, its summary in the table. */
export interface Results {
  /**
   * Builds, stores and answers the output of a wave over all its attempts, and the batches of the run's own attempt.
   * Repeated, it answers the same, unless a later attempt has changed what the servers have come to: that is answered, and
   * what is kept of this attempt stays.
   * @param notBegun why nothing was begun, for a wave of which that is so
   */
  conclude(run: Run, notBegun?: Problem): Promise<{ output: ComponentOutput; batches: BatchRecord[] }>;
  /**
   * What all waves of an execution came to, and where the result of the whole is: of one wave that wave's own, of several
   * one object that is written here. Repeated, it answers the same.
   * @throws {DrError} NotFound while a wave has no result yet.
   */
  concludeExecution(
    execution: ExecutionRecord,
    plan: PlanRecord,
  ): Promise<ExecutionEnding & { resultLocation: string }>;
  /** Where the result of a run is kept. */
  locationOf(run: Pick<Run, 'executionId' | 'wave' | 'attempt'>): string;
  /** Keeps a whole output at its resultLocation. */
  keep(output: ComponentOutput): Promise<void>;
}

/** The output as it is handed on: whole while it fits, else with empty lists and `truncated`. */
export function handedOn(output: ComponentOutput): ComponentOutput {
  const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  if (bytes(output) <= MAX_OUTPUT_BYTES) return output;
  const short = withoutLists(output);
  if (bytes(short) <= MAX_OUTPUT_BYTES) return short;
  const left = short.warnings.length - KEPT.warnings;
  return {
    ...short,
    ...(short.message === undefined ? {} : { message: `${short.message.slice(0, KEPT.messageCharacters)} …` }),
    warnings:
      left > 0 ? [...short.warnings.slice(0, KEPT.warnings), `${left} more are in the result.`] : short.warnings,
  };
}

export function results(platform: Platform, store: ExecutionStore): Results {
  const { RESULT_BUCKET } = readSettings(platform.environment, 'RESULT_BUCKET');
  const bucket = resultStore(platform);

  const locationOf = ({ executionId, wave, attempt = 1 }: Pick<Run, 'executionId' | 'wave' | 'attempt'>) => {
    const name = `wave-${String(wave).padStart(2, '0')}${attempt > 1 ? `-a${attempt}` : ''}`;
    return `s3://${RESULT_BUCKET}/results/${executionId}/${name}.json`;
  };
  const keep = (output: ComponentOutput) => bucket.write(output.resultLocation, JSON.stringify(output, null, 2));

  return {
    locationOf,
    keep,

    conclude,

    async concludeExecution(execution, plan) {
      const { executionId } = execution;
      const numbers = runsOf(plan.waves);
      const stored = await store.getWaves(executionId, numbers);
      if (stored.length < numbers.length) {
        throw new DrError('NotFound', `A wave of ${executionId} has no result yet.`);
      }
      const batches = await store.getBatches(plan);
      const records: WaveRecord[] = [];
      for (const record of stored) records.push(await withWhatWasFound(execution, plan, batches, record));
      const ending = endingOf(records, (await aroundWaves(store, execution)).afterwards(records));
      const [first] = records;
      if (first !== undefined && !hasSeveralWaves(numbers)) return { ...ending, resultLocation: first.resultLocation };
      const resultLocation = `s3://${RESULT_BUCKET}/results/${executionId}/execution.json`;
      const output = buildExecutionOutput({
        executionId,
        ending,
        action: plan.verb,
        metadata: { ...execution.metadata, correlationId: execution.correlationId },
        resultLocation,
        waves: records.map((record) => {
          const run = { ...runOfWave(execution, plan, record.wave), startedAt: record.startedAt };
          const ofWave = batches.filter(({ wave }) => wave === record.wave);
          return { record, output: outputOf(run, plan, ofWave, record) };
        }),
      });
      await bucket.write(resultLocation, JSON.stringify(output, null, 2));
      return { ...ending, resultLocation };
    },
  };

  async function conclude(given: Run, notBegun?: Problem) {
    const run = await sinceFirstAttempt(given);
    const plan = await store.getPlan(run.executionId, run.planRevision);
    const batches = plan === undefined ? [] : await store.getBatches(plan, { wave: run.wave });
    const location = locationOf(run);
    const build = (endedAt: number) => outputOf(run, plan, batches, { endedAt, resultLocation: location, notBegun });
    const retryable = notBegun === undefined ? retryableOf(batches) : 0;
    const found = waveRecord(run, build(platform.now()), { notBegun, retryable });
    const wave = await store.recordWave(found);
    const output = build(wave.endedAt);
    // Somebody may redrive a run after its wave was tried again: what was recorded of this attempt stays as it was told.
    if (isDeepStrictEqual(wave.summary, found.summary)) await keep(output);
    const { attempt = 1 } = run;
    return { output, batches: batches.filter(({ batchId }) => batchNameOf(batchId).attempt === attempt) };
  }

  /**
   * A retry reads the jobs of the attempts before it. Where it was ended before it began anything, what it has found to be
   * done is recorded as its result: else nobody would be told of instances that run.
   */
  async function withWhatWasFound(
    execution: ExecutionRecord,
    plan: PlanRecord,
    batches: BatchRecord[],
    record: WaveRecord,
  ): Promise<WaveRecord> {
    const { wave, attempt = 1, startedAt, notBegun } = record;
    const ofWave = batches.filter((batch) => batch.wave === wave);
    if (notBegun !== undefined || ofWave.length === 0) return record;
    const run = { ...runOfWave(execution, plan, wave, attempt), startedAt };
    if (isDeepStrictEqual(outputOf(run, plan, ofWave, record).summary, record.summary)) return record;
    await conclude(runOfWave(execution, plan, wave, attempt + 1));
    const [found = record] = await store.getWaves(execution.executionId, [wave]);
    return found;
  }

  /** A retried wave is told as one: from the start of its first attempt. */
  async function sinceFirstAttempt(run: Run): Promise<Run> {
    if (run.attempt === undefined) return run;
    const [earlier] = await store.getWaves(run.executionId, [run.wave]);
    return { ...run, startedAt: earlier?.startedAt ?? run.startedAt };
  }
}

/** The run of a wave as it is told without the recovery component: of a wave that is closed from outside or not begun. */
export function runOfWave(execution: ExecutionRecord, plan: PlanRecord, wave: number, attempt = 1): Run {
  const { executionId, verb, metadata, correlationId, launchStartedAt, startTime } = execution;
  return {
    executionId,
    direct: false,
    planRevision: plan.revision,
    wave,
    ...(attempt > 1 ? { attempt } : {}),
    action: verb,
    tags: tagsOfWave(execution, wave),
    options: optionsOfWave(execution, wave),
    metadata: { ...metadata, executionId, correlationId },
    correlationId,
    startedAt: launchStartedAt ?? startTime,
  };
}

function outputOf(
  run: Run,
  plan: PlanRecord | undefined,
  batches: Batch[],
  { endedAt, resultLocation, notBegun }: Pick<WaveRecord, 'endedAt' | 'resultLocation' | 'notBegun'>,
): ComponentOutput {
  const { action, wave, startedAt, monitoringUrl } = run;
  const input = { ...run, action: plannedVerb(action) };
  return outputOfWave({ input, wave, plan, batches, notBegun, startedAt, endedAt, resultLocation, monitoringUrl });
}

function waveRecord(
  run: Run,
  output: ComponentOutput,
  { notBegun, retryable }: { notBegun: Problem | undefined; retryable: number },
): WaveRecord {
  return {
    executionId: run.executionId,
    wave: run.wave,
    ...(run.attempt === undefined ? {} : { attempt: run.attempt }),
    ...(retryable === 0 ? {} : { retryable }),
    planRevision: run.planRevision,
    ...(notBegun === undefined ? {} : { notBegun }),
    outcome: output.status,
    summary: output.summary,
    nextPhaseReady: output.nextPhaseReady,
    resultLocation: output.resultLocation,
    startedAt: run.startedAt,
    endedAt: Date.parse(output.timing.endTime),
  };
}
