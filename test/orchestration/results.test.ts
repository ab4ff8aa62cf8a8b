import { expect, test, vi } from 'vitest';
import { inputSchema } from '../../src/domain/contract.ts';
import type { PlanRecord } from '../../src/domain/records.ts';
import type { BatchServer } from '../../src/domain/result.ts';
import { startS3 } from '../../src/local/services/s3.ts';
import { results } from '../../src/orchestration/results.ts';
import type { Run } from '../../src/orchestration/run.ts';
import { closing } from '../local/services/simulated-aws.ts';
import { startWorld } from '../requests/world.ts';

const ID = '11111111-0000-8000-8000-000000000000';
const PLACE = { accountId: '111111111111', region: 'us-east-2' };
const RUN: Run = {
  ...{ executionId: ID, direct: false, planRevision: 1, wave: 1, action: 'drill', tags: {}, metadata: {} },
  ...{ correlationId: ID, startedAt: 0, options: inputSchema.parse({ action: 'drill', tags: { a: 'b' } }).options },
};

test('the kept result of an attempt stays when its run is redriven after the wave was tried again', async () => {
  const { platform, store, services } = await startWorld();
  const s3 = closing(await startS3(services));
  s3.createBucket('results');
  vi.stubEnv('AWS_ENDPOINT_URL_S3', s3.url);
  const environment = { ...platform.environment, RESULT_BUCKET: 'results' };
  let state: BatchServer['state'] = 'failed';
  const server = () => ({ sourceServerId: 's-1', hostname: 'hrp-1', tags: {}, state });
  const { conclude } = results(
    { ...platform, environment },
    {
      ...store,
      getPlan: async () =>
        ({
          revision: 1,
          waves: [1],
          failed: [],
          skipped: [],
          warnings: [],
          stops: [],
          missingAccounts: [],
          findings: [],
        }) as unknown as PlanRecord,
      getBatches: async () =>
        [{ ...PLACE, batchId: 'r1-w1-111111111111-01', status: 'finished', servers: [server()] }] as never,
    },
  );
  const kept = (): unknown => JSON.parse(String(s3.read('results', `results/${ID}/wave-01.json`)));
  await conclude(RUN);
  expect(kept()).toMatchObject({ summary: { succeeded: 0, failed: 1 } });
  state = 'launched';
  await conclude({ ...RUN, attempt: 2 });
  const { output } = await conclude(RUN);
  expect(output.summary).toMatchObject({ succeeded: 1, failed: 0 });
  expect(kept()).toMatchObject({ summary: { succeeded: 0, failed: 1 } });
});
