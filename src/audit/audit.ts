import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { auditEventsOf, type EventDraft, notUnderstood, type TableChange } from '../domain/audit.ts';
import { type AuditRecord, recordsAfter } from '../domain/audit-chain.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { redactDeep } from '../observability/redact.ts';
import { auditBucket } from '../platform/audit-bucket.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda, type Platform } from '../platform/platform.ts';

/** More lost races than this in a row means that something is wrong: one shard hands a chain to one invocation. */
const MAX_ATTEMPTS = 5;
/** Chains that are kept in mind, so that one that grows by the minute is not read again each time. */
const MOST_CHAINS_KNOWN = 50;

/**
 * Turns changes of the table into events of the audit, each in the chain of its execution: first in the table, where its
 * place is decided, then as an object that nobody can change. Delivered again, an event is found in the chain, and its
 * object is written if it is missing. A chain that cannot be written holds up no other in the batch.
 */
export const create: CreateHandler<DynamoDBStreamEvent, DynamoDBBatchResponse> = (platform) => {
  const keep = auditChains(platform);

  return async (event) => {
    const chains = new Map<string, { drafts: EventDraft[]; first: string }>();
    for (const record of event.Records) {
      const key = record.dynamodb?.Keys?.executionId?.S ?? '';
      const first = record.dynamodb?.SequenceNumber ?? '';
      const drafts = draftsOf(record, platform);
      if (drafts.length === 0) continue;
      const chain = chains.get(key) ?? { drafts: [], first };
      chain.drafts.push(...drafts);
      chains.set(key, chain);
    }
    const failures = [...chains].map(async ([key, { drafts, first }]) => {
      try {
        await keep(key, drafts);
        return [];
      } catch (error) {
        platform.log.error('The audit could not be written and will be tried again', {
          // The chain's: of an execution its id.
          executionId: key,
          error: messageOf(error),
        });
        return [{ itemIdentifier: first }];
      }
    });
    return { batchItemFailures: (await Promise.all(failures)).flat() };
  };
};

/** Puts events into a chain, each once, and their records into the bucket. */
function auditChains(platform: Platform): (chain: string, drafts: EventDraft[]) => Promise<void> {
  const store = executionStore(platform);
  const bucket = auditBucket(platform);
  /** Chains as this instance has written them last; the one written longest ago first. Of others' writes a put tells. */
  const known = new Map<string, AuditRecord[]>();

  return async (chain, drafts) => {
    const records = await recorded(chain, drafts);
    const ids = new Set(drafts.map(({ id }) => id));
    const ours = records.filter(({ event }) => ids.has(event.id));
    await Promise.all(ours.map((record) => bucket.keep(chain, record)));
  };

  /** The chain with these events in it. */
  async function recorded(chain: string, drafts: EventDraft[]): Promise<AuditRecord[]> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const before = known.get(chain) ?? (await store.auditRecords(chain));
      // Kept again only when everything is written: after a failure the chain is read anew.
      known.delete(chain);
      const next = recordsAfter(before, drafts);
      if (await addAll(chain, next)) return remember(chain, [...before, ...next]);
    }
    throw new DrError('Conflict', `The audit of ${chain} is written by others all the time.`);
  }

  function remember(chain: string, records: AuditRecord[]): AuditRecord[] {
    known.set(chain, records);
    const [oldest] = known.keys();
    if (known.size > MOST_CHAINS_KNOWN && oldest !== undefined) known.delete(oldest);
    return records;
  }

  /** One after the other: a record never stands where the one before it is missing. */
  async function addAll(chain: string, records: AuditRecord[]): Promise<boolean> {
    for (const record of records) if (!(await store.addAuditRecord(chain, record))) return false;
    return true;
  }
}

function draftsOf({ dynamodb }: DynamoDBRecord, platform: Platform): EventDraft[] {
  const { Keys, OldImage, NewImage, SequenceNumber = '', ApproximateCreationDateTime = 0 } = dynamodb ?? {};
  const change: TableChange = {
    key: Keys?.executionId?.S ?? '',
    item: Keys?.item?.S ?? '',
    sequence: SequenceNumber,
    at: ApproximateCreationDateTime * 1_000,
  };
  try {
    return redactDeep(auditEventsOf({ ...change, before: imageOf(OldImage), after: imageOf(NewImage) }));
  } catch (error) {
    const { key, item } = change;
    platform.log.error('A change could not be understood', { executionId: key, item, error: messageOf(error) });
    return [notUnderstood(change, messageOf(error))];
  }
}

function imageOf(image: NonNullable<DynamoDBRecord['dynamodb']>['NewImage']): Record<string, unknown> | undefined {
  return image === undefined ? undefined : unmarshall(image as Parameters<typeof unmarshall>[0]);
}

export const handler = onLambda(create);
