import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { ComponentOutput } from '../domain/contract.ts';
import type { Finding } from '../domain/plan.ts';
import type { PlanRecord, WaveRecord } from '../domain/records.ts';
import { type Batch, buildOutput } from '../domain/result.ts';
import { readSettings } from '../platform/environment.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';
import type { Run } from './run.ts';

/** The whole result of a run: built from the stored batches, kept in S3, its summary in the table. */
export interface Results {
  /** Builds, stores and answers the output. Repeated, it answers the same. */
  conclude(run: Run): Promise<ComponentOutput>;
}

export function results(platform: Platform, store: ExecutionStore): Results {
  const { RESULT_BUCKET } = readSettings(platform.environment, 'RESULT_BUCKET');
  const s3 = new S3Client({ credentials: platform.credentials, forcePathStyle: true });

  return {
    async conclude(run) {
      const plan = await store.getPlan(run.executionId, run.planRevision);
      const key = `results/${run.executionId}/wave-${String(run.wave).padStart(2, '0')}.json`;
      const build = (endedAt: number, batches: Batch[]) =>
        buildOutput({
          input: run,
          batches: plan === undefined ? [] : stopped(batches, plan),
          skipped: plan?.skipped ?? [],
          stops: plan?.stops ?? [],
          startedAt: run.startedAt,
          endedAt,
          resultLocation: `s3://${RESULT_BUCKET}/${key}`,
        });
      const batches = plan === undefined ? [] : await store.getBatches(plan);
      const output = build(platform.now(), batches);
      const wave = await store.recordWave(waveRecord(run, output));
      const final = build(wave.endedAt, batches);
      await s3.send(
        new PutObjectCommand({
          Bucket: RESULT_BUCKET,
          Key: key,
          Body: JSON.stringify(final, null, 2),
          ContentType: 'application/json',
        }),
      );
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

/** Reads a stored result by its `s3://bucket/key` location, as JSON text. */
export async function readResult(platform: Platform, location: string): Promise<string> {
  const match = /^s3:\/\/([^/]+)\/(.+)$/.exec(location);
  if (match === null) throw new Error(`not the location of a result: ${location}`);
  const s3 = new S3Client({ credentials: platform.credentials, forcePathStyle: true });
  const answer = await s3.send(new GetObjectCommand({ Bucket: match[1], Key: match[2] }));
  return (await answer.Body?.transformToString()) ?? '';
}
