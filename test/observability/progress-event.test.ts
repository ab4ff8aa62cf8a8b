import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  EVENT_SCHEMAS,
  LAUNCH_RESULT_EVENT,
  launchResultEventSchema,
  launchResultOf,
  PROGRESS_EVENT,
  progressEventSchema,
} from '../../src/observability/progress-event.ts';

const EXECUTOR = new URL('../../infra/state-machines/drs-staging-account-executor.asl.json', import.meta.url);
const SERVER = `s-${'1'.repeat(17)}`;

/** As EventBridge delivers what the executor sends. */
const PROGRESS = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  source: 'dr-chatops.executor',
  'detail-type': 'DR Batch Progress',
  account: '111111111111',
  region: 'us-east-2',
  time: '2026-03-02T03:00:00Z',
  resources: [],
  detail: {
    executionId: 'DR-1',
    accountId: '111111111111',
    batches: [
      {
        batchId: 'r1-w1-111111111111-01',
        jobId: `drsjob-${'1'.repeat(17)}`,
        status: 'STARTED',
        servers: [{ id: SERVER, status: 'IN_PROGRESS' }],
      },
    ],
  },
};

/** The sample of DRS's user guide, "EventBridge sample events", with ids that follow the patterns. */
const LAUNCH_RESULT = {
  version: '0',
  id: '9da9af57-9253-4406-87cb-7cc400e43465',
  'detail-type': 'DRS Source Server Launch Result',
  source: 'aws.drs',
  account: '111111111111',
  time: '2026-03-02T03:00:00Z',
  region: 'us-east-2',
  resources: [`arn:aws:drs:us-east-2:111111111111:source-server/${SERVER}`],
  detail: { state: 'RECOVERY_LAUNCH_SUCCEEDED', 'job-id': `drsjob-${'1'.repeat(17)}`, 'is-drill': 'TRUE' },
};

interface State {
  Resource?: string;
  Arguments?: { Entries: { Source: string; DetailType: string; Detail: Record<string, unknown> }[] };
}

test('what the executor sends is what is published: source, type and fields', () => {
  const { States } = JSON.parse(readFileSync(EXECUTOR, 'utf8')) as { States: Record<string, State> };
  const reports = Object.values(States).filter(({ Resource }) => Resource === 'arn:aws:states:::events:putEvents');
  const entries = reports.flatMap(({ Arguments }) => Arguments?.Entries ?? []);
  expect(entries.length).toBeGreaterThan(0);
  const known = Object.keys(progressEventSchema.shape.detail.shape);
  for (const { Source, DetailType, Detail } of entries) {
    expect({ source: Source, detailType: DetailType }).toEqual(PROGRESS_EVENT);
    expect(known).toEqual(expect.arrayContaining(Object.keys(Detail)));
  }
});

test('an event of today is valid, also with what is optional and with what is added later', () => {
  expect(progressEventSchema.parse(PROGRESS)).toEqual(PROGRESS);
  const [batch] = PROGRESS.detail.batches;
  const later = {
    ...PROGRESS,
    detail: {
      ...PROGRESS.detail,
      schemaVersion: 1,
      action: 'drill',
      correlationId: 'incident-7',
      added: true,
      batches: [{ ...batch, added: 1, servers: [{ id: SERVER, status: 'LAUNCHED', instanceId: 'i-1', added: null }] }],
    },
  };
  expect(progressEventSchema.parse(later)).toEqual(later);
});

test.each([
  ['of another schema', { ...PROGRESS, detail: { ...PROGRESS.detail, schemaVersion: 2 } }],
  ['from another source', { ...PROGRESS, source: 'aws.drs' }],
  ['without an execution', { ...PROGRESS, detail: { ...PROGRESS.detail, executionId: undefined } }],
  ['without batches', { ...PROGRESS, detail: { ...PROGRESS.detail, batches: undefined } }],
])('an event %s is no progress event', (_, event) => {
  expect(progressEventSchema.safeParse(event).success).toBe(false);
});

test("DRS's launch result is read in our words", () => {
  expect(launchResultOf(launchResultEventSchema.parse(LAUNCH_RESULT))).toEqual({
    accountId: '111111111111',
    region: 'us-east-2',
    sourceServerId: SERVER,
    jobId: `drsjob-${'1'.repeat(17)}`,
    status: 'LAUNCHED',
    isDrill: true,
  });
  const failed = {
    ...LAUNCH_RESULT,
    detail: { ...LAUNCH_RESULT.detail, state: 'RECOVERY_LAUNCH_FAILED', 'is-drill': 'FALSE' },
  };
  expect(launchResultOf(launchResultEventSchema.parse(failed))).toMatchObject({ status: 'FAILED', isDrill: false });
});

test('another event of DRS is no launch result', () => {
  const stalled = { ...LAUNCH_RESULT, 'detail-type': 'DRS Source Server Data Replication Stalled Change' };
  expect(launchResultEventSchema.safeParse(stalled).success).toBe(false);
  expect(launchResultEventSchema.safeParse({ ...LAUNCH_RESULT, resources: [] }).success).toBe(false);
  expect(LAUNCH_RESULT_EVENT).toEqual({ source: LAUNCH_RESULT.source, detailType: LAUNCH_RESULT['detail-type'] });
});

test('the schemas can be published, and let readers accept fields that they do not know', () => {
  const published = EVENT_SCHEMAS.map(({ name, schema }) => ({ name, schema: z.toJSONSchema(schema) }));
  expect(published.map(({ name }) => name)).toEqual(['progress-event', 'drs-launch-result-event']);
  expect(JSON.stringify(published)).not.toContain('"additionalProperties":false');
  expect(published[0]?.schema).toMatchObject({
    required: ['source', 'detail-type', 'account', 'detail'],
    properties: { detail: { required: ['executionId', 'accountId', 'batches'] } },
  });
});
