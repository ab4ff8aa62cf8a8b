import type { ComponentOutput } from '../domain/contract.ts';
import { plannedVerb } from '../domain/plan.ts';
import type { BatchRecord, WaveRecord } from '../domain/records.ts';
import { type Batch, buildOutput, stoppedBatches, withoutLists } from '../domain/result.ts';
import { readSettings } from '../platform/environment.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';
import { resultStore } from '../platform/result-store.ts';
import type { Run } from './run.ts';

/** Largest output that is handed on whole: the 256 KiB of a state (Step Functions) less room for nested results. */
const MAX_OUTPUT_BYTES = 32 * 1_024;
/** What is kept of texts when even an output without its lists is too large: the whole of them is in S3. */
const KEPT = { messageCharacters: 2_000, warnings: 20 } as const;

/** The whole result of a run: built from the stored batches, kept in S3, its summary in the table. */
export interface Results {
  /** Builds, stores and answers the output, and what was known of every server. Repeated, it answers the same. */
  conclude(run: Run): Promise<{ output: ComponentOutput; batches: BatchRecord[] }>;
  /** Where the result of a run is kept. */
  locationOf(run: Pick<Run, 'executionId' | 'wave'>): string;
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

  const locationOf = ({ executionId, wave }: Pick<Run, 'executionId' | 'wave'>) =>
    `s3://${RESULT_BUCKET}/results/${executionId}/wave-${String(wave).padStart(2, '0')}.json`;
  const keep = (output: ComponentOutput) => bucket.write(output.resultLocation, JSON.stringify(output, null, 2));

  return {
    locationOf,
    keep,
    async conclude(run) {
      const plan = await store.getPlan(run.executionId, run.planRevision);
      const location = locationOf(run);
      const build = (endedAt: number, batches: Batch[]) =>
        buildOutput({
          input: { ...run, action: plannedVerb(run.action) },
          batches: plan === undefined ? [] : stoppedBatches(batches, plan),
          skipped: plan?.skipped ?? [],
          failed: plan?.failed ?? [],
          missingAccounts: plan?.missingAccounts ?? [],
          warnings: plan?.warnings ?? [],
          stops: plan?.stops ?? [],
          startedAt: run.startedAt,
          endedAt,
          resultLocation: location,
          monitoringUrl: run.monitoringUrl,
        });
      const batches = plan === undefined ? [] : await store.getBatches(plan);
      const output = build(platform.now(), batches);
      const wave = await store.recordWave(waveRecord(run, output));
      const final = build(wave.endedAt, batches);
      await keep(final);
      return { output: final, batches };
    },
  };
}

function waveRecord(run: Run, output: ComponentOutput): WaveRecord {
  return {
    executionId: run.executionId,
    wave: run.wave,
    planRevision: run.planRevision,
    outcome: output.status,
    summary: output.summary,
    nextPhaseReady: output.nextPhaseReady,
    resultLocation: output.resultLocation,
    startedAt: run.startedAt,
    endedAt: Date.parse(output.timing.endTime),
  };
}
