import type { ComponentOutput } from '../domain/contract.ts';
import type { Finding } from '../domain/plan.ts';
import type { PlanRecord, WaveRecord } from '../domain/records.ts';
import { type Batch, buildOutput } from '../domain/result.ts';
import { readSettings } from '../platform/environment.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';
import { resultStore } from '../platform/result-store.ts';
import type { Run } from './run.ts';

/** The whole result of a run: built from the stored batches, kept in S3, its summary in the table. */
export interface Results {
  /** Builds, stores and answers the output. Repeated, it answers the same. */
  conclude(run: Run): Promise<ComponentOutput>;
}

export function results(platform: Platform, store: ExecutionStore): Results {
  const { RESULT_BUCKET } = readSettings(platform.environment, 'RESULT_BUCKET');
  const bucket = resultStore(platform);

  return {
    async conclude(run) {
      const plan = await store.getPlan(run.executionId, run.planRevision);
      const location = `s3://${RESULT_BUCKET}/results/${run.executionId}/wave-${String(run.wave).padStart(2, '0')}.json`;
      const build = (endedAt: number, batches: Batch[]) =>
        buildOutput({
          input: run,
          batches: plan === undefined ? [] : stopped(batches, plan),
          skipped: plan?.skipped ?? [],
          stops: plan?.stops ?? [],
          startedAt: run.startedAt,
          endedAt,
          resultLocation: location,
        });
      const batches = plan === undefined ? [] : await store.getBatches(plan);
      const output = build(platform.now(), batches);
      const wave = await store.recordWave(waveRecord(run, output));
      const final = build(wave.endedAt, batches);
      await bucket.write(location, JSON.stringify(final, null, 2));
      return final;
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

const FINDING_CODES: Record<Finding['kind'], string> = {
  'live instance': 'LiveInstance',
  replication: 'ServerNotReady',
  'running job': 'ConflictException',
};

/** When the plan may not run: the servers that stop it have failed, the others are skipped. */
function stopped(batches: Batch[], plan: PlanRecord): Batch[] {
  if (plan.stops.length === 0) return batches;
  const stoppers = new Map(
    plan.findings.filter((finding) => finding.severity === 'stop').map((finding) => [finding.sourceServerId, finding]),
  );
  return batches.map((batch) => ({
    ...batch,
    servers: batch.servers.map((server) => {
      const finding = stoppers.get(server.sourceServerId);
      return finding === undefined
        ? { ...server, state: 'skipped' as const, errorMessage: 'the drill was stopped before anything was launched' }
        : {
            ...server,
            state: 'failed' as const,
            errorCode: FINDING_CODES[finding.kind],
            errorMessage: finding.message,
          };
    }),
  }));
}
