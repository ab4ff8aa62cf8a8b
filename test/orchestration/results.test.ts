import { expect, test, vi } from 'vitest';
import { inputSchema } from '../../src/domain/contract.ts';
import type { PlanRecord } from '../../src/domain/records.ts';
import type { BatchServer } from '../../src/domain/result.ts';
import { startS3 } from '../../src/local/services/s3.ts';
import { results } from '../../src/orchestration/results.ts';
import type { Run } from '../../src/orchestration/run.ts';
import { anExecution } from '../blocks/views.ts';
import { closing } from '../local/services/simulated-aws.ts';
import { startWorld } from '../requests/world.ts';

const ID = '11111111-0000-8000-8000-000000000000';
const PLACE = { accountId: '111111111111', region: 'us-east-2' };
const RUN: Run = {
  ...{ executionId: ID, direct: false, planRevision: 1, wave: 1, action: 'drill', tags: {}, metadata: {} },
  ...{ correlationId: ID, startedAt: 0, options: inputSchema.parse({ action: 'drill', tags: { a: 'b' } }).options },
};

/** A wave of one server, whose state is said by the test. */
async function worldOfOne() {
  const { platform, store, services } = await startWorld();
  const s3 = closing(await startS3(services));
  s3.createBucket('results');
  vi.stubEnv('AWS_ENDPOINT_URL_S3', s3.url);
  const server: BatchServer = { sourceServerId: 's-1', hostname: 'hrp-1', tags: {}, state: 'failed' };
  const plan = {
    ...{ executionId: ID, verb: 'drill', revision: 1, waves: [1], failed: [], skipped: [], warnings: [], stops: [] },
    ...{ missingAccounts: [], findings: [] },
  } as unknown as PlanRecord;
  const { conclude, concludeExecution } = results(
    { ...platform, environment: { ...platform.environment, RESULT_BUCKET: 'results' } },
    {
      ...store,
      getPlan: async () => plan,
      getBatches: async () =>
        [
          { ...PLACE, batchId: 'r1-w1-111111111111-01', wave: 1, status: 'finished', servers: [{ ...server }] },
        ] as never,
    },
  );
  return {
    store,
    server,
    conclude,
    ends: () => concludeExecution(anExecution({ executionId: ID, verb: 'drill' }), plan),
    kept: (name: string): unknown => JSON.parse(String(s3.read('results', `results/${ID}/${name}.json`))),
  };
}

test('the kept result of an attempt stays when its run is redriven after the wave was tried again', async () => {
  const { server, conclude, kept } = await worldOfOne();
  await conclude(RUN);
  expect(kept('wave-01')).toMatchObject({ summary: { succeeded: 0, failed: 1 } });
  server.state = 'launched';
  await conclude({ ...RUN, attempt: 2 });
  const { output } = await conclude(RUN);
  expect(output.summary).toMatchObject({ succeeded: 1, failed: 0 });
  expect(kept('wave-01')).toMatchObject({ summary: { succeeded: 0, failed: 1 } });
});

test('what a retry found launched counts also when the retry was ended before it began anything', async () => {
  const { store, server, conclude, ends, kept } = await worldOfOne();
  await conclude(RUN);
  server.state = 'launched';
  const launched = { totalServers: 1, succeeded: 1, failed: 0, skipped: 0 };
  for (let times = 0; times < 2; times += 1) {
    expect(await ends()).toMatchObject({ outcome: 'success', summary: launched });
  }
  expect(kept('wave-01-a2')).toMatchObject({ summary: launched });
  expect(await store.getWaves(ID, [1])).toMatchObject([{ attempt: 2, summary: launched }]);
});
