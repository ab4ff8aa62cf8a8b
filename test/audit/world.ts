import type { DynamoDBRecord } from 'aws-lambda';
import { onTestFinished, vi } from 'vitest';
import { create } from '../../src/audit/audit.ts';
import { auditNotes } from '../../src/audit/notes.ts';
import { Identities } from '../../src/local/aws/identities.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { startDynamoDB } from '../../src/local/dynamodb/dynamodb.ts';
import { executionTable } from '../../src/local/execution-table.ts';
import { startS3 } from '../../src/local/services/s3.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { inProcess } from '../wire.ts';

const TABLE = 'executions';
const BUCKET = 'audit';

export type World = Awaited<ReturnType<typeof startWorld>>;

/** The table with its stream, the audit's bucket, and the audit between them; closed when the test has ended. */
export async function startWorld() {
  const calls: string[] = [];
  const services = {
    clock: new VirtualClock(),
    identities: new Identities(),
    onCall: ({ service, action, outcome }: { service: string; action: string; outcome: string }) => {
      calls.push(`${service}:${action} ${outcome}`);
    },
  };
  const [dynamodb, s3] = await inProcess(() => Promise.all([startDynamoDB(services), startS3(services)]));
  const endpoints = {
    AWS_REGION: 'us-east-2',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_S3: s3.url,
  };
  for (const [name, value] of Object.entries(endpoints)) vi.stubEnv(name, value);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await Promise.all([dynamodb.close(), s3.close()]);
  });
  await dynamodb.createTable(executionTable(TABLE));

  const changes: DynamoDBRecord[] = [];
  dynamodb.stream(TABLE).subscribe((record) => {
    if (record.dynamodb.Keys.item?.S?.startsWith('SEQ#') !== true) changes.push(record as DynamoDBRecord);
  });

  const logLines: string[] = [];
  const line = (message: string, fields?: Record<string, unknown>) => {
    logLines.push(JSON.stringify({ message, ...fields }));
  };
  const platform: Platform = {
    environment: { EXECUTION_TABLE: TABLE, AUDIT_BUCKET: BUCKET },
    credentials: services.identities.forRole('arn:aws:iam::900000000000:role/dr-chatops-audit'),
    now: () => services.clock.now(),
    log: { info: line, warn: line, error: line },
  };
  const store = executionStore(platform);
  const deliver = create(platform);

  return {
    store,
    notes: auditNotes(store, platform.now),
    clock: services.clock,
    /** Every change of the table but the audit's own, in order. */
    changes,
    calls,
    logLines,
    /** Until it is opened nothing can be put into the bucket: what reaches the table has not reached it. */
    openBucket: () => s3.createBucket(BUCKET, { objectLock: { retentionDays: 1 } }),
    /** Delivers these changes, as the stream would. */
    deliver: (records: DynamoDBRecord[] = changes) => deliver({ Records: records }),
    objects: () => s3.keys(BUCKET),
    object: (key: string) => s3.read(BUCKET, key)?.toString('utf8') ?? '',
  };
}
