import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type DrillProof, withProof } from '../domain/drill-proof.ts';
import {
  type ApplicationReadiness,
  changeOf,
  type FleetReadiness,
  type ReadinessChange,
  type ReadinessState,
} from '../domain/readiness.ts';
import { readSettings } from './environment.ts';
import type { Platform } from './platform.ts';
import { queryItems } from './query-items.ts';

/** What is stored of an application's readiness: the last check, and how it came to it. */
export interface StoredReadiness extends ApplicationReadiness {
  /** The optimistic lock. */
  version: number;
  /** The last state that was known; absent where none ever was. */
  knownState?: Exclude<ReadinessState, 'not known'>;
  /** Since when the state is this, in milliseconds since the epoch. */
  since: number;
  /** The last changes of the state, newest first; `change` where it was lost or regained. */
  history: { at: number; from: ReadinessState; to: ReadinessState; change?: ReadinessChange }[];
}

/** All that is stored of the last check. */
export interface ReadinessReport {
  fleet: FleetReadiness;
  /** Those that the check knew, by name. */
  applications: StoredReadiness[];
}

/** Partition keys in the execution-history table. No execution has such an id. */
const READINESS_KEY = 'READINESS';
const PROOFS_KEY = 'DRILL-PROOFS';
const SUMMARY = 'SUMMARY';
const APPLICATION = 'APPLICATION#';
const DIGEST = 'DIGEST#';
const MOST_CHANGES = 20;
const DAY_MS = 86_400_000;
/** An application that no check knows any more, and a digest, are removed after this (DynamoDB's time to live). */
const KEPT_DAYS = 30;
/** Writes that came between: each reads again. */
const MOST_ATTEMPTS = 5;

/** Readiness, drills that prove plans, and digests: items of the execution-history table. */
export type ReadinessStore = ReturnType<typeof readinessStore>;

export function readinessStore(platform: Pick<Platform, 'environment' | 'credentials' | 'now'>) {
  const { EXECUTION_TABLE: TableName } = readSettings(platform.environment, 'EXECUTION_TABLE');
  const db = DynamoDBDocumentClient.from(new DynamoDBClient({ credentials: platform.credentials }), {
    marshallOptions: { removeUndefinedValues: true },
  });

  async function get<T>(executionId: string, item: string): Promise<T | undefined> {
    const answer = await db.send(new GetCommand({ TableName, Key: { executionId, item }, ConsistentRead: true }));
    return answer.Item as T | undefined;
  }

  async function query<T>(executionId: string, prefix: string): Promise<T[]> {
    return await queryItems<T>(db, {
      TableName,
      KeyConditionExpression: 'executionId = :id AND begins_with(#item, :prefix)',
      ExpressionAttributeNames: { '#item': 'item' },
      ExpressionAttributeValues: { ':id': executionId, ':prefix': prefix },
      ConsistentRead: true,
    });
  }

  /** Puts an item in the place of the version that was read; false when somebody else was faster. */
  async function replace(item: Record<string, unknown>, read: number | undefined): Promise<boolean> {
    return await passes(
      db.send(
        new PutCommand({
          TableName,
          Item: { ...item, version: (read ?? 0) + 1 },
          ConditionExpression: read === undefined ? 'attribute_not_exists(executionId)' : '#version = :read',
          ...(read === undefined
            ? {}
            : { ExpressionAttributeNames: { '#version': 'version' }, ExpressionAttributeValues: { ':read': read } }),
        }),
      ),
    );
  }

  const removedAfter = (at: number) => Math.floor((at + KEPT_DAYS * DAY_MS) / 1_000);

  return {
    /** The last check; undefined before the first. */
    fleet: () => get<FleetReadiness>(READINESS_KEY, SUMMARY),

    /** What is stored of every application, those among them that no check knows any more. */
    applications: () => query<StoredReadiness>(READINESS_KEY, APPLICATION),

    /** One application; undefined for one that no check ever knew. */
    application: (name: string) => get<StoredReadiness>(READINESS_KEY, `${APPLICATION}${name}`),

    /** The last check with its applications; undefined before the first. */
    async report(): Promise<ReadinessReport | undefined> {
      const [fleet, applications] = await Promise.all([this.fleet(), this.applications()]);
      if (fleet === undefined) return undefined;
      // One that it did not know is gone; one that is newer is of a check that is being stored.
      return { fleet, applications: applications.filter(({ checkedAt }) => checkedAt >= fleet.checkedAt) };
    },

    /**
     * Stores how an application was found. A change of its state is noted with it, once, whoever stores it. Nothing is
     * stored over a newer check.
     * @returns what is stored now
     */
    async putApplication(next: ApplicationReadiness, read: StoredReadiness | undefined): Promise<StoredReadiness> {
      let before = read;
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
        if (before !== undefined && before.checkedAt >= next.checkedAt) return before;
        const stored = following(next, before);
        const item = {
          ...stored,
          executionId: READINESS_KEY,
          item: `${APPLICATION}${next.application}`,
          removedAfter: removedAfter(next.checkedAt),
        };
        if (await replace(item, before?.version)) return stored;
        before = await this.application(next.application);
      }
      throw new Error(`The readiness of ${next.application} was stored by others each time.`);
    },

    /** Stores what a check found of the whole fleet: its applications are stored before it. */
    async putFleet(fleet: FleetReadiness): Promise<void> {
      await passes(
        db.send(
          new PutCommand({
            TableName,
            Item: { ...fleet, executionId: READINESS_KEY, item: SUMMARY },
            ConditionExpression: 'attribute_not_exists(checkedAt) OR checkedAt < :checkedAt',
            ExpressionAttributeValues: { ':checkedAt': fleet.checkedAt },
          }),
        ),
      );
    },

    /** Successful drills by application, newest first. */
    async proofs(): Promise<Map<string, DrillProof[]>> {
      const items = await query<{ application: string; proofs: DrillProof[] }>(PROOFS_KEY, APPLICATION);
      return new Map(items.map(({ application, proofs }) => [application, proofs]));
    },

    /** Adds a successful drill of an application to those that are kept; the same one again changes nothing. */
    async addProof(application: string, proof: DrillProof): Promise<void> {
      const item = `${APPLICATION}${application}`;
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
        const read = await get<{ version: number; proofs: DrillProof[] }>(PROOFS_KEY, item);
        const kept = read?.proofs ?? [];
        const proofs = withProof(kept, proof);
        if (proofs.every(({ executionId }) => kept.some((one) => one.executionId === executionId))) return;
        if (await replace({ executionId: PROOFS_KEY, item, application, proofs }, read?.version)) return;
      }
      throw new Error(`The drills of ${application} were stored by others each time.`);
    },

    /** True while a source server of the place is held: an execution is at work there, or has left a lock behind. */
    async holdersOf({ accountId, region }: { accountId: string; region: string }): Promise<string[]> {
      const locks = await get<{ holders?: Record<string, string> }>(`LOCK#${accountId}#${region}`, 'LOCK');
      return [...new Set(Object.values(locks?.holders ?? {}))];
    },

    /**
     * Takes the digest of a day, so that of several senders only one posts it. `first`: nobody has tried before; else a
     * post may stand in the channel whose answer was lost. Undefined when it is sent, or somebody is about to.
     */
    async claimDigest(day: string, until: number): Promise<{ first: boolean } | undefined> {
      const Key = { executionId: READINESS_KEY, item: `${DIGEST}${day}` };
      const claim = { ...Key, claimedUntil: until, removedAfter: removedAfter(platform.now()) };
      const first = await passes(
        db.send(new PutCommand({ TableName, Item: claim, ConditionExpression: 'attribute_not_exists(executionId)' })),
      );
      if (first) return { first: true };
      const again = await passes(
        db.send(
          new UpdateCommand({
            TableName,
            Key,
            UpdateExpression: 'SET claimedUntil = :until',
            ConditionExpression: 'attribute_not_exists(sentAt) AND claimedUntil <= :now',
            ExpressionAttributeValues: { ':until': until, ':now': platform.now() },
          }),
        ),
      );
      return again ? { first: false } : undefined;
    },

    /** Records that the digest of a day stands in the channel. */
    async markDigestSent(day: string, ts: string): Promise<void> {
      await db.send(
        new UpdateCommand({
          TableName,
          Key: { executionId: READINESS_KEY, item: `${DIGEST}${day}` },
          UpdateExpression: 'SET sentAt = :now, ts = :ts',
          ExpressionAttributeValues: { ':now': platform.now(), ':ts': ts },
        }),
      );
    },
  };
}

/** True when the write was done, false when its condition did not hold. */
async function passes(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** What is stored of a check that follows `before`. */
function following(next: ApplicationReadiness, before: StoredReadiness | undefined): StoredReadiness {
  const { state, checkedAt } = next;
  const change = changeOf(before?.knownState, state);
  const isSame = before?.state === state;
  const moved =
    before === undefined || isSame
      ? []
      : [{ at: checkedAt, from: before.state, to: state, ...(change === undefined ? {} : { change }) }];
  const knownState = state === 'not known' ? before?.knownState : state;
  return {
    ...next,
    version: (before?.version ?? 0) + 1,
    ...(knownState === undefined ? {} : { knownState }),
    since: isSame ? before.since : checkedAt,
    history: [...moved, ...(before?.history ?? [])].slice(0, MOST_CHANGES),
  };
}
