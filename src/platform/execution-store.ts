import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Person } from '../domain/access.ts';
import type { AccountCheckRecord } from '../domain/account-check.ts';
import { type AuditNote, CONFIGURATION_KEY, type SeenDocument } from '../domain/audit.ts';
import { type AuditRecord, canonicalJson, readRecord } from '../domain/audit-chain.ts';
import { type BatchScope, batchIdStart, batchNameOf, latestAttempts } from '../domain/batches.ts';
import type { Plan, PlannedBatch } from '../domain/plan.ts';
import type { QueryRecord, QueryStatus } from '../domain/query.ts';
import {
  ACTION_PHASES,
  type ActionKey,
  type ActionRecord,
  type BatchRecord,
  type Catalogue,
  type DurationRecord,
  type ExecutionRecord,
  type ExecutionView,
  type GateRecord,
  type MessageRecord,
  type ParentRecord,
  type PlanRecord,
  type RecoveryPlanRecord,
  type RunningCost,
  type WaveRecord,
} from '../domain/records.ts';
import { SCHEDULES_KEY, type ScheduleRecord } from '../domain/schedule.ts';
import {
  EXECUTION_STATUSES,
  type ExecutionStatus,
  isTerminal,
  laterServerState,
  SERVER_STATES,
  type ServerState,
  statusesBefore,
} from '../domain/status.ts';
import type { PlannedVerb, Verb } from '../domain/vocabulary.ts';
import { isPartitionKey, isSortKey } from './dynamodb-keys.ts';
import { readSettings } from './environment.ts';
import type { Platform } from './platform.ts';
import { queryItems } from './query-items.ts';

/** Sort keys of the items under an execution's key. */
export const ITEM = {
  execution: 'EXECUTION',
  plan: (revision: number) => `PLAN#${String(revision).padStart(2, '0')}`,
  batch: (batchId: string) => `BATCH#${batchId}`,
  gate: (gateId: string) => `GATE#${gateId}`,
  wave: (wave: number, attempt = 1) => `WAVE#${String(wave).padStart(2, '0')}${attempt > 1 ? `#a${attempt}` : ''}`,
  message: (key: string) => `MESSAGE#${key}`,
  duration: (wave: number) => `DURATION#${String(wave).padStart(2, '0')}`,
  recoveryPlan: 'RECOVERY-PLAN',
  action: ({ wave, phase, index, attempt }: ActionKey) =>
    `ACTION#w${String(wave).padStart(2, '0')}-${ACTION_PHASES.indexOf(phase)}${phase}-${String(index).padStart(2, '0')}-a${String(attempt).padStart(2, '0')}`,
  schedule: (scheduleId: string) => `SCHEDULE#${scheduleId}`,
  account: ({ kind, accountId, regions }: Pick<AccountCheckRecord, 'kind' | 'accountId' | 'regions'>) =>
    // An origin is a place: an account may be one in several Regions.
    `ACCOUNT#${kind}#${accountId}${kind === 'origin' ? `#${regions.join('+')}` : ''}`,
  parent: 'PARENT',
  runEnded: 'ENDED',
  /** Under `ID#` and the first characters of its id: that there may be such an execution. */
  named: (executionId: string) => `ID#${executionId}`,
  /** Thirteen digits of milliseconds, so that notes stand in the order in which they were made. */
  note: (at: number, unique: string) => `EVENT#${String(at).padStart(13, '0')}-${unique}`,
} as const;

/** What is kept of a DRS job: its own events name nothing but the job and the server. */
export interface JobNote {
  /** The execution, or the run, whose batch it is. */
  owner: string;
  batchId: string;
  verb: PlannedVerb;
  /** In the order of the batch's servers. */
  serverIds: string[];
}

/** Of a UUID. */
const EXECUTION_ID_LENGTH = 36;
/** The characters of it that cards show, and people type. */
const SHORT_ID_LENGTH = 8;
const LOCK_ITEM = 'LOCK';
/** How long it can be seen that somebody wanted to look at something; what they may not see is in the audit. */
const QUERY_KEPT_DAYS = 30;
const JOB_ITEM = 'JOB';
/** Sort key of a query, and the beginning of its partition key. */
export const QUERY_ITEM = 'QUERY';
const QUERY_KEY = `${QUERY_ITEM}#`;
const FIRST_VERSION = 1;
/** Partition key of what is kept of the accounts. */
const ACCOUNTS_KEY = 'ACCOUNTS';
const CATALOGUE_KEY = { executionId: 'CATALOGUE', item: 'CATALOGUE' };

/** `LOCK#<account>#<region>`: who holds which source server there. `version` is the optimistic lock. */
interface ServerLocks {
  version: number;
  holders: Record<string, string>;
}

/** `ENDED` of a direct run: dead after so many redrives, or set going again by so many. */
type RunNote = { endedAt: number; redrives: number; resumed?: undefined } | { endedAt?: undefined; resumed: number };

function serverLockKey({ accountId, region }: { accountId: string; region: string }): string {
  return `LOCK#${accountId}#${region}`;
}

/** The key of the lock of an application, or of tags. Many tags are longer than a key may be: then their hash is in it. */
function applicationLockKey(application: string): { executionId: string; item: string } {
  const whole = `LOCK#${application}`;
  const executionId = isPartitionKey(whole)
    ? whole
    : `LOCK#sha256-${createHash('sha256').update(application).digest('hex')}`;
  return { executionId, item: LOCK_ITEM };
}

/** Where the ids stand that begin with the same characters as this one, or as what was typed of one. */
function namesKey(typed: string): string {
  return `ID#${typed.slice(0, SHORT_ID_LENGTH)}`;
}

/** Changes of an execution that may come with a move of its status. */
export type ExecutionChanges = Partial<
  Pick<
    ExecutionRecord,
    | 'planRevision'
    | 'currentWave'
    | 'launchStartedAt'
    | 'endTime'
    | 'outcome'
    | 'summary'
    | 'resultLocation'
    | 'problem'
    | 'cleanUp'
  >
>;

/** Which executions are looked for, newest first. */
export interface WantedExecutions {
  statuses: readonly ExecutionStatus[];
  limit: number;
  application?: string;
  /** Left out: those that are not archived. */
  archived?: 'only' | 'too';
}

/** Whose durations are meant; an execution is of one such scope. */
export interface DurationScope {
  verb: Verb;
  application: string;
  recoveryPlan?: { planId: string };
}

/** Ours: executions read at once, and how many of one status are looked through at most. */
const EXECUTIONS_A_PAGE = 200;
const MOST_LOOKED_THROUGH = 4_000;

/** The execution-history table: the truth. All decisions are conditional writes of single items. */
export type ExecutionStore = ReturnType<typeof executionStore>;

export function executionStore(platform: Platform) {
  const { EXECUTION_TABLE: TableName } = readSettings(platform.environment, 'EXECUTION_TABLE');
  const db = DynamoDBDocumentClient.from(new DynamoDBClient({ credentials: platform.credentials }), {
    marshallOptions: { removeUndefinedValues: true },
  });

  async function get<T>(executionId: string, item: string): Promise<T | undefined> {
    if (!isPartitionKey(executionId) || !isSortKey(item)) return undefined;
    const answer = await db.send(new GetCommand({ TableName, Key: { executionId, item }, ConsistentRead: true }));
    return answer.Item as T | undefined;
  }

  /** True when the write was done, false when its condition did not hold. */
  async function conditionally(write: Promise<unknown>): Promise<boolean> {
    try {
      await write;
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  const putIfNew = (item: Record<string, unknown>): Promise<boolean> =>
    conditionally(
      db.send(new PutCommand({ TableName, Item: item, ConditionExpression: 'attribute_not_exists(executionId)' })),
    );

  /** The items of a key whose sort key begins with `prefix`; all of them when it is empty. */
  async function query<T>(executionId: string, prefix: string): Promise<T[]> {
    return await queryItems<T>(db, {
      TableName,
      KeyConditionExpression: prefix === '' ? 'executionId = :id' : 'executionId = :id AND begins_with(#item, :prefix)',
      ...(prefix === '' ? {} : { ExpressionAttributeNames: { '#item': 'item' } }),
      ExpressionAttributeValues: { ':id': executionId, ...(prefix === '' ? {} : { ':prefix': prefix }) },
      ConsistentRead: true,
    });
  }

  /** Items of StatusIndex: eventually consistent. */
  async function byStatus<T>(status: string, itemPrefix: string): Promise<T[]> {
    return await queryItems<T>(db, {
      TableName,
      IndexName: 'StatusIndex',
      KeyConditionExpression: '#status = :status',
      FilterExpression: 'begins_with(#item, :prefix)',
      ExpressionAttributeNames: { '#status': 'status', '#item': 'item' },
      ExpressionAttributeValues: { ':status': status, ':prefix': itemPrefix },
    });
  }

  /** In pages of a known size: few executions are wanted of what may be years of them. */
  async function newestWithStatus(
    status: ExecutionStatus,
    { limit, application, archived }: WantedExecutions,
  ): Promise<ExecutionRecord[]> {
    const conditions = [
      '#item = :item',
      ...(application === undefined ? [] : ['application = :application']),
      ...(archived === 'too' ? [] : [`attribute_${archived === 'only' ? '' : 'not_'}exists(archived)`]),
    ];
    const found: ExecutionRecord[] = [];
    let ExclusiveStartKey: QueryCommandInput['ExclusiveStartKey'];
    for (let lookedAt = 0; lookedAt < MOST_LOOKED_THROUGH && found.length < limit; lookedAt += EXECUTIONS_A_PAGE) {
      const page = await db.send(
        new QueryCommand({
          TableName,
          IndexName: 'StatusIndex',
          KeyConditionExpression: '#status = :status',
          FilterExpression: conditions.join(' AND '),
          ExpressionAttributeNames: { '#status': 'status', '#item': 'item' },
          ExpressionAttributeValues: {
            ':status': status,
            ':item': ITEM.execution,
            ...(application === undefined ? {} : { ':application': application }),
          },
          ScanIndexForward: false,
          Limit: EXECUTIONS_A_PAGE,
          ExclusiveStartKey,
        }),
      );
      found.push(...((page.Items ?? []) as ExecutionRecord[]));
      ExclusiveStartKey = page.LastEvaluatedKey;
      if (ExclusiveStartKey === undefined) break;
    }
    return found.slice(0, limit);
  }

  /** Executions whose id begins with what was typed, at least as many characters as cards show. */
  async function executionsNamed(typed: string): Promise<ExecutionRecord[]> {
    const prefix = ITEM.named(typed);
    if (!isSortKey(prefix)) return [];
    const names = await query<{ item: string }>(namesKey(typed), prefix);
    const ids = names.map(({ item }) => item.slice(ITEM.named('').length));
    const found = await Promise.all(ids.map((executionId) => get<ExecutionRecord>(executionId, ITEM.execution)));
    // Who died between the name and the execution has left a name of nothing.
    return found.filter((execution) => execution !== undefined);
  }

  /** Recent executions whose id begins with what was typed: one page of each status. */
  async function recentExecutions(typed: string): Promise<ExecutionRecord[]> {
    const found = await Promise.all(
      EXECUTION_STATUSES.map((status) =>
        db.send(
          new QueryCommand({
            TableName,
            IndexName: 'StatusIndex',
            KeyConditionExpression: '#status = :status',
            FilterExpression: '#item = :item AND begins_with(executionId, :prefix)',
            ExpressionAttributeNames: { '#status': 'status', '#item': 'item' },
            ExpressionAttributeValues: { ':status': status, ':item': ITEM.execution, ':prefix': typed },
            ScanIndexForward: false,
          }),
        ),
      ),
    );
    return found.flatMap(({ Items }) => (Items ?? []) as ExecutionRecord[]);
  }

  /** Changes an execution that is not over; false when it is, or the condition does not hold. */
  function whileNotOver(
    executionId: string,
    UpdateExpression: string,
    more: { condition?: string; names?: Record<string, string>; values?: Record<string, unknown> },
  ): Promise<boolean> {
    const open = EXECUTION_STATUSES.filter((status) => !isTerminal(status));
    const isOpen = `#status IN (${open.map((_, index) => `:open${index}`).join(', ')})`;
    return conditionally(
      db.send(
        new UpdateCommand({
          TableName,
          Key: { executionId, item: ITEM.execution },
          UpdateExpression,
          ConditionExpression: more.condition === undefined ? isOpen : `${isOpen} AND ${more.condition}`,
          ExpressionAttributeNames: { '#status': 'status', ...more.names },
          ExpressionAttributeValues: {
            ...Object.fromEntries(open.map((status, index) => [`:open${index}`, status])),
            ...more.values,
          },
        }),
      ),
    );
  }

  /** Whether a direct run is dead: by redrives, not by clocks, which differ. */
  function putRunNote(executionId: string, note: RunNote, ConditionExpression: string): Promise<boolean> {
    const redrives = note.resumed ?? note.redrives;
    return conditionally(
      db.send(
        new PutCommand({
          TableName,
          Item: { executionId, item: ITEM.runEnded, ...note },
          ConditionExpression,
          ExpressionAttributeValues: { ':redrives': redrives },
        }),
      ),
    );
  }

  /** Writes the locks of a place over those that were read; false when they have moved on. */
  function putServerLocks(place: { accountId: string; region: string }, read: ServerLocks): Promise<boolean> {
    return conditionally(
      db.send(
        new PutCommand({
          TableName,
          Item: { executionId: serverLockKey(place), item: LOCK_ITEM, ...read, version: read.version + 1 },
          ConditionExpression: 'attribute_not_exists(executionId) OR #version = :read',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':read': read.version },
        }),
      ),
    );
  }

  /** A batch that has begun (its version has moved) is never put back to its beginning. */
  async function putBatches(
    executionId: string,
    plan: Pick<Plan, 'revision' | 'hash' | 'verb'>,
    batches: readonly PlannedBatch[],
  ): Promise<void> {
    const writes = batches.map((batch) =>
      conditionally(
        db.send(
          new PutCommand({
            TableName,
            Item: newBatch(executionId, plan, batch),
            ConditionExpression: 'attribute_not_exists(executionId) OR #version = :first',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: { ':first': FIRST_VERSION },
          }),
        ),
      ),
    );
    await Promise.all(writes);
  }

  return {
    /**
     * Stores a new request, and before it its id under the characters by which people name it. False when it is stored
     * already (the same request, delivered twice).
     */
    async createExecution(execution: ExecutionRecord): Promise<boolean> {
      const { executionId } = execution;
      await putIfNew({ executionId: namesKey(executionId), item: ITEM.named(executionId) });
      return await putIfNew({ ...execution, item: ITEM.execution });
    },

    getExecution: (executionId: string) => get<ExecutionRecord>(executionId, ITEM.execution),

    /**
     * Executions whose id begins with `prefix`, newest first: one at most for a whole id. By the eight characters that cards
     * show they are found however old they are, unless an earlier release stored them. Of fewer characters, and of those,
     * only recent executions are looked through, one page of each status (eventually consistent).
     */
    async findExecution(prefix: string): Promise<ExecutionRecord[]> {
      if (prefix.length === EXECUTION_ID_LENGTH) {
        const execution = await get<ExecutionRecord>(prefix, ITEM.execution);
        return execution === undefined ? [] : [execution];
      }
      const named = prefix.length < SHORT_ID_LENGTH ? [] : await executionsNamed(prefix);
      return (named.length > 0 ? named : await recentExecutions(prefix)).sort((a, b) => b.startTime - a.startTime);
    },

    /**
     * Moves an execution's status forward, with other changes. Passes only from a status that may come before `next`;
     * false otherwise: somebody was faster, or it is over.
     */
    async moveExecution(executionId: string, next: ExecutionStatus, changes: ExecutionChanges = {}): Promise<boolean> {
      const before = statusesBefore(next);
      const names: Record<string, string> = { '#status': 'status' };
      const values: Record<string, unknown> = { ':next': next };
      const sets = ['#status = :next'];
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined) continue;
        names[`#${name}`] = name;
        values[`:${name}`] = value;
        sets.push(`#${name} = :${name}`);
      }
      before.forEach((status, index) => {
        values[`:before${index}`] = status;
      });
      return await conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.execution },
            UpdateExpression: `SET ${sets.join(', ')}`,
            ConditionExpression: `#status IN (${before.map((_, index) => `:before${index}`).join(', ')})`,
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: values,
          }),
        ),
      );
    },

    /**
     * Notes that somebody wants the execution to end; read at every boundary. The first who wants it is named. False when
     * it is over.
     */
    requestCancel: (executionId: string, by: Person & { at: number; reason?: string }) =>
      whileNotOver(executionId, 'SET cancelRequested = if_not_exists(cancelRequested, :by)', { values: { ':by': by } }),

    /** Notes that somebody wants the execution to wait before its next wave. False when it is over. */
    requestPause: (executionId: string, by: Person & { at: number }) =>
      whileNotOver(executionId, 'SET pauseRequested = :by', { values: { ':by': by } }),

    /**
     * Takes the wish for a pause back; with `requestedAt` only the one of that moment, so that a newer one stays. False when
     * there is none, or the execution is over.
     */
    clearPause: (executionId: string, requestedAt?: number) =>
      whileNotOver(executionId, 'REMOVE pauseRequested', {
        condition: requestedAt === undefined ? 'attribute_exists(pauseRequested)' : 'pauseRequested.#at = :requestedAt',
        ...(requestedAt === undefined ? {} : { names: { '#at': 'at' }, values: { ':requestedAt': requestedAt } }),
      }),

    /** Takes an execution that is over off the lists. False when it is not over, or archived already. */
    archive: (executionId: string, by: Person & { at: number }) => {
      const over = EXECUTION_STATUSES.filter(isTerminal);
      return conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.execution },
            UpdateExpression: 'SET archived = :by REMOVE unarchived',
            ConditionExpression: `attribute_not_exists(archived) AND #status IN (${over.map((_, index) => `:over${index}`).join(', ')})`,
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: {
              ':by': by,
              ...Object.fromEntries(over.map((status, index) => [`:over${index}`, status])),
            },
          }),
        ),
      );
    },

    /** Puts an execution back on the lists. False when it was not archived. */
    unarchive: (executionId: string, by: Person & { at: number }) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.execution },
            UpdateExpression: 'SET unarchived = :by REMOVE archived',
            ConditionExpression: 'attribute_exists(archived)',
            ExpressionAttributeValues: { ':by': by },
          }),
        ),
      ),

    /**
     * Notes that somebody keeps a drill's instances; the first who does is named. False when no clean-up is due after it,
     * or its termination has begun.
     */
    keepInstances: (executionId: string, by: Person & { at: number }) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.execution },
            UpdateExpression: 'SET cleanUp.kept = :by',
            ConditionExpression:
              'attribute_exists(cleanUp.#at) AND attribute_not_exists(cleanUp.kept) AND attribute_not_exists(cleanUp.executionId)',
            ExpressionAttributeNames: { '#at': 'at' },
            ExpressionAttributeValues: { ':by': by },
          }),
        ),
      ),

    /** Begins a drill's clean-up: from here on nobody can keep its instances. False when somebody has kept them. */
    beginCleanUp: (executionId: string, terminationId: string) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.execution },
            UpdateExpression: 'SET cleanUp.executionId = :termination',
            ConditionExpression:
              'attribute_exists(cleanUp.#at) AND attribute_not_exists(cleanUp.kept) AND (attribute_not_exists(cleanUp.executionId) OR cleanUp.executionId = :termination)',
            ExpressionAttributeNames: { '#at': 'at' },
            ExpressionAttributeValues: { ':termination': terminationId },
          }),
        ),
      ),

    /** Records that the termination of a drill's clean-up is stored: it is looked at no more. */
    async markCleanUpAsked(executionId: string, askedAt: number): Promise<void> {
      await conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.execution },
            UpdateExpression: 'SET cleanUp.askedAt = :askedAt',
            ConditionExpression: 'attribute_exists(cleanUp.executionId)',
            ExpressionAttributeValues: { ':askedAt': askedAt },
          }),
        ),
      );
    },

    /**
     * Drills that were asked for after `since` and whose clean-up is due at `now` and not stored yet, unless somebody keeps
     * their instances (StatusIndex; eventually consistent). Both in milliseconds since the epoch.
     */
    async drillsToCleanUp(since: number, now: number): Promise<ExecutionRecord[]> {
      const over = EXECUTION_STATUSES.filter(isTerminal);
      const found = over.map((status) =>
        queryItems<ExecutionRecord>(db, {
          TableName,
          IndexName: 'StatusIndex',
          KeyConditionExpression: '#status = :status AND startTime >= :since',
          FilterExpression:
            '#item = :item AND cleanUp.#at <= :now AND attribute_not_exists(cleanUp.kept) AND attribute_not_exists(cleanUp.askedAt)',
          ExpressionAttributeNames: { '#status': 'status', '#item': 'item', '#at': 'at' },
          ExpressionAttributeValues: { ':status': status, ':since': since, ':item': ITEM.execution, ':now': now },
        }),
      );
      return (await Promise.all(found)).flat();
    },

    /** Keeps what the instances of a drill cost while they run; the first one stays. */
    async setRunningCost(executionId: string, runningCost: RunningCost): Promise<void> {
      await conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.execution },
            UpdateExpression: 'SET runningCost = :cost',
            ConditionExpression: 'attribute_exists(executionId) AND attribute_not_exists(runningCost)',
            ExpressionAttributeValues: { ':cost': runningCost },
          }),
        ),
      );
    },

    /**
     * Notes that the machine of an execution has died; false when that is noted already, or the execution is over. `at`:
     * milliseconds since the epoch.
     */
    noteMachineStopped: (executionId: string, stopped: NonNullable<ExecutionRecord['machineStopped']>) =>
      whileNotOver(executionId, 'SET machineStopped = :stopped', {
        condition: 'attribute_not_exists(machineStopped)',
        values: { ':stopped': stopped },
      }),

    /** Takes that note back, or puts another one in its place; false when it is no longer that one, or it is over. */
    replaceMachineStopped: (
      executionId: string,
      { at }: NonNullable<ExecutionRecord['machineStopped']>,
      next?: NonNullable<ExecutionRecord['machineStopped']>,
    ) =>
      whileNotOver(executionId, next === undefined ? 'REMOVE machineStopped' : 'SET machineStopped = :next', {
        condition: 'machineStopped.#at = :at',
        names: { '#at': 'at' },
        values: { ':at': at, ...(next === undefined ? {} : { ':next': next }) },
      }),

    /** Notes that somebody wants a dead machine set going again. False when none is dead, it is to be
     * closed, or the execution is over. */
    requestResume: (executionId: string, by: Person & { at: number }) =>
      whileNotOver(executionId, 'SET resumeRequested = :by', {
        condition:
          'attribute_exists(machineStopped) AND attribute_not_exists(machineStopped.notResumable) AND attribute_not_exists(cancelRequested)',
        values: { ':by': by },
      }),

    /** Gates of an execution, oldest first. */
    getGates: (executionId: string) => query<GateRecord>(executionId, 'GATE#'),

    /** Executions with this status, oldest first (StatusIndex; eventually consistent). */
    async executionsWithStatus(status: ExecutionStatus): Promise<ExecutionRecord[]> {
      return await byStatus<ExecutionRecord>(status, ITEM.execution);
    },

    /**
     * Executions, newest first: of these statuses and, where it is given, of one application. At most `limit`; what is
     * older than {@link MOST_LOOKED_THROUGH} others of its status is not found (StatusIndex; eventually consistent).
     */
    async newestExecutions(wanted: WantedExecutions): Promise<ExecutionRecord[]> {
      const found = await Promise.all(wanted.statuses.map((status) => newestWithStatus(status, wanted)));
      return found
        .flat()
        .sort((a, b) => b.startTime - a.startTime)
        .slice(0, wanted.limit);
    },

    /**
     * Freezes a plan: its batches first, the plan last, so that a plan that can be read is whole. The first freeze of a
     * revision stays; the answer is what is stored.
     */
    async freezePlan(executionId: string, plan: Plan): Promise<PlanRecord> {
      await putBatches(executionId, plan, plan.batches);
      const { batches, ...rest } = plan;
      const record: PlanRecord = {
        ...rest,
        executionId,
        batchIds: batches.map((batch) => batch.batchId),
        frozenAt: platform.now(),
      };
      const stored = await putIfNew({ ...record, item: ITEM.plan(plan.revision) });
      return stored ? record : ((await get<PlanRecord>(executionId, ITEM.plan(plan.revision))) ?? record);
    },

    getPlan: (executionId: string, revision: number) => get<PlanRecord>(executionId, ITEM.plan(revision)),

    /**
     * Freezes the batches of another attempt of a wave: the batches first, then their ids with those of the plan, so that
     * an attempt that can be read is whole. The first freeze of an attempt stays; false when that was somebody else's.
     */
    async freezeRetry(plan: PlanRecord, batches: readonly PlannedBatch[]): Promise<boolean> {
      const ids = batches.map(({ batchId }) => batchId);
      await putBatches(plan.executionId, plan, batches);
      return await conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: plan.executionId, item: ITEM.plan(plan.revision) },
            UpdateExpression: 'SET batchIds = list_append(batchIds, :ids)',
            ConditionExpression: 'size(batchIds) = :known',
            ExpressionAttributeValues: { ':ids': ids, ':known': plan.batchIds.length },
          }),
        ),
      );
    },

    /** The batches of a plan, in its order: of all attempts, or of those that are meant. */
    async getBatches(
      plan: Pick<PlanRecord, 'executionId' | 'batchIds' | 'revision'>,
      of?: BatchScope,
    ): Promise<BatchRecord[]> {
      // Ids begin alike in a wave and account: the batches of forty other accounts are not read.
      const start = batchIdStart(plan.revision, of);
      const isMeant = (batchId: string) =>
        batchId.startsWith(start) && (of?.attempt === undefined || batchNameOf(batchId).attempt === of.attempt);
      const ids = plan.batchIds.filter(isMeant);
      if (ids.length === 0) return [];
      const items = await query<BatchRecord>(plan.executionId, ITEM.batch(start));
      const wanted = of !== undefined && 'region' in of ? of.region : undefined;
      return inOrder(items, ids).filter(({ region }) => wanted === undefined || wanted === region);
    },

    getBatch: (executionId: string, batchId: string) => get<BatchRecord>(executionId, ITEM.batch(batchId)),

    /** Replaces a batch that still has the version it was read with; false when it has moved on. */
    replaceBatch: (batch: BatchRecord) =>
      conditionally(
        db.send(
          new PutCommand({
            TableName,
            Item: { ...batch, version: batch.version + 1, item: ITEM.batch(batch.batchId) },
            ConditionExpression: '#version = :read',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: { ':read': batch.version },
          }),
        ),
      ),

    /** Notes which batch a DRS job belongs to, and where its servers stand in it. */
    async noteJob({ executionId, batchId, accountId, verb, servers }: BatchRecord, jobId: string): Promise<void> {
      const note: JobNote = {
        owner: executionId,
        batchId,
        verb,
        serverIds: servers.map((server) => server.sourceServerId),
      };
      await putIfNew({ executionId: jobKey(accountId, jobId), item: JOB_ITEM, ...note });
    },

    /** What was noted of a DRS job. */
    findJob: (accountId: string, jobId: string) => get<JobNote>(jobKey(accountId, jobId), JOB_ITEM),

    /**
     * Moves one server of a running batch forward, without reading the batch: a whole job may end in one moment. False when
     * the server has come further already, or the batch is over.
     */
    moveServer: (
      { executionId, batchId }: { executionId: string; batchId: string },
      { index, sourceServerId, state }: { index: number; sourceServerId: string; state: ServerState },
    ) => {
      const before = SERVER_STATES.filter((earlier) => earlier !== state && laterServerState(earlier, state) === state);
      return conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.batch(batchId) },
            UpdateExpression: `SET servers[${index}].#state = :state, #version = #version + :one`,
            ConditionExpression: `#status = :running AND servers[${index}].sourceServerId = :id AND servers[${index}].#state IN (${before.map((_, at) => `:before${at}`).join(', ')})`,
            ExpressionAttributeNames: { '#state': 'state', '#version': 'version', '#status': 'status' },
            ExpressionAttributeValues: {
              ':state': state,
              ':one': 1,
              ':running': 'running',
              ':id': sourceServerId,
              ...Object.fromEntries(before.map((earlier, at) => [`:before${at}`, earlier])),
            },
          }),
        ),
      );
    },

    /** Adds to what a plan warns of, each warning once. */
    async addWarnings(plan: Pick<PlanRecord, 'executionId' | 'revision' | 'warnings'>, more: string[]): Promise<void> {
      await db.send(
        new UpdateCommand({
          TableName,
          Key: { executionId: plan.executionId, item: ITEM.plan(plan.revision) },
          UpdateExpression: 'SET warnings = :warnings',
          ExpressionAttributeValues: { ':warnings': [...new Set([...plan.warnings, ...more])] },
        }),
      );
    },

    /** Records how an attempt of a wave ended. The first record of it stays; the answer is what is stored. */
    async recordWave(wave: WaveRecord): Promise<WaveRecord> {
      const item = ITEM.wave(wave.wave, wave.attempt);
      if (await putIfNew({ ...wave, item })) return wave;
      return (await get<WaveRecord>(wave.executionId, item)) ?? wave;
    },

    /** Those of these waves that have ended, or were not begun, in the given order: how the last attempt of each ended. */
    async getWaves(executionId: string, waves: readonly number[]): Promise<WaveRecord[]> {
      const { last } = byAttempt(await query<WaveRecord>(executionId, 'WAVE#'));
      return waves.flatMap((wave) => last.find((record) => record.wave === wave) ?? []);
    },

    /** Which servers and actions each wave of a recovery plan has; undefined for an execution of none. */
    getRecoveryPlan: (executionId: string) => get<RecoveryPlanRecord>(executionId, ITEM.recoveryPlan),

    /** Stores what a request's recovery plan is. The first one stays; false when it is stored already. */
    createRecoveryPlan: (record: RecoveryPlanRecord) => putIfNew({ ...record, item: ITEM.recoveryPlan }),

    /** Every attempt of every action, in the order in which they are done. */
    getActions: (executionId: string) => query<ActionRecord>(executionId, 'ACTION#'),

    getAction: (executionId: string, key: ActionKey) => get<ActionRecord>(executionId, ITEM.action(key)),

    /** Stores an attempt of an action that is about to begin. False when it is stored already. */
    createAction: (action: ActionRecord) => putIfNew({ ...action, item: ITEM.action(action) }),

    /** Replaces an attempt that still runs and has the version it was read with; false when it has moved on. */
    replaceAction: (action: ActionRecord) =>
      conditionally(
        db.send(
          new PutCommand({
            TableName,
            Item: { ...action, version: action.version + 1, item: ITEM.action(action) },
            ConditionExpression: '#version = :read AND #status = :running',
            ExpressionAttributeNames: { '#version': 'version', '#status': 'status' },
            ExpressionAttributeValues: { ':read': action.version, ':running': 'running' },
          }),
        ),
      ),

    /** Stores a new gate. False when it is stored already. */
    createGate: (gate: GateRecord) => putIfNew({ ...gate, item: ITEM.gate(gate.gateId) }),

    getGate: (executionId: string, gateId: string) => get<GateRecord>(executionId, ITEM.gate(gateId)),

    /**
     * The one write that changes a gate: passes only while it is pending, still has the version it was read with and,
     * for a vote, while the deadline has not come. Of two writers at the same moment one passes; the other reads again.
     */
    decideGate: (gate: GateRecord, read: { version: number; before?: number }) => {
      const { status, version, votes, settledAt, answer, cancelledBy, reminders, escalatedAt } = gate;
      const changes = { status, version, votes, settledAt, answer, cancelledBy, reminders, escalatedAt };
      const set = Object.entries(changes).filter(([, value]) => value !== undefined);
      const before = read.before === undefined ? {} : { ':now': read.before };
      return conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: gate.executionId, item: ITEM.gate(gate.gateId) },
            UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
            ConditionExpression: `#status = :pending AND #version = :read${read.before === undefined ? '' : ' AND :now < #expiresAt'}`,
            ExpressionAttributeNames: {
              ...Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
              ...(read.before === undefined ? {} : { '#expiresAt': 'expiresAt' }),
            },
            ExpressionAttributeValues: {
              ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
              ':pending': 'pending',
              ':read': read.version,
              ...before,
            },
          }),
        ),
      );
    },

    /**
     * Keeps the bell of the newest wait: passes when there is none yet, or when the stored one is from an earlier entry of
     * the state. Votes do not depend on it, so the version does not move.
     */
    setBell: (gate: Pick<GateRecord, 'executionId' | 'gateId'>, bell: NonNullable<GateRecord['bell']>) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: gate.executionId, item: ITEM.gate(gate.gateId) },
            UpdateExpression: 'SET bell = :bell',
            ConditionExpression:
              'attribute_not_exists(bell) OR bell.redriveCount < :redriveCount' +
              ' OR (bell.redriveCount = :redriveCount AND bell.enteredTime < :enteredTime)' +
              ' OR (bell.redriveCount = :redriveCount AND bell.enteredTime = :enteredTime AND bell.retryCount <= :retryCount)',
            ExpressionAttributeValues: {
              ':bell': bell,
              ':redriveCount': bell.redriveCount,
              ':enteredTime': bell.enteredTime,
              ':retryCount': bell.retryCount,
            },
          }),
        ),
      ),

    /** Records that the bell with this token was rung; false when a newer one has taken its place. */
    markRung: (gate: Pick<GateRecord, 'executionId' | 'gateId'>, taskToken: string, rungAt: number) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: gate.executionId, item: ITEM.gate(gate.gateId) },
            UpdateExpression: 'SET bell.rungAt = :rungAt',
            ConditionExpression: 'bell.taskToken = :token',
            ExpressionAttributeValues: { ':rungAt': rungAt, ':token': taskToken },
          }),
        ),
      ),

    /** Records that the bell with this token has not been rung for a minute; once. */
    markLate: (gate: Pick<GateRecord, 'executionId' | 'gateId'>, taskToken: string, lateSince: number) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: gate.executionId, item: ITEM.gate(gate.gateId) },
            UpdateExpression: 'SET bell.lateSince = :lateSince',
            ConditionExpression:
              'bell.taskToken = :token AND attribute_not_exists(bell.rungAt) AND attribute_not_exists(bell.lateSince)',
            ExpressionAttributeValues: { ':lateSince': lateSince, ':token': taskToken },
          }),
        ),
      ),

    /**
     * Takes the lock of an application for an execution. Passes when nobody holds it or the execution itself does; when
     * its owner is over (or was never stored), the lock is taken over. Otherwise the answer is the owner.
     */
    async lockApplication(
      application: string,
      executionId: string,
    ): Promise<{ locked: true } | { locked: false; owner: string }> {
      const Key = applicationLockKey(application);
      const put = (condition: string, values: Record<string, unknown>) =>
        conditionally(
          db.send(
            new PutCommand({
              TableName,
              Item: { ...Key, owner: executionId, takenAt: platform.now() },
              ConditionExpression: condition,
              ExpressionAttributeNames: { '#owner': 'owner' },
              ExpressionAttributeValues: values,
            }),
          ),
        );
      if (await put('attribute_not_exists(#owner) OR #owner = :mine', { ':mine': executionId }))
        return { locked: true };
      const held = await get<{ owner: string; takenAt: number }>(Key.executionId, LOCK_ITEM);
      if (held === undefined) return await this.lockApplication(application, executionId);
      const owner = await this.getExecution(held.owner);
      // An owner without an execution is a request that is between its two writes, or died there: give it a minute.
      const abandoned = owner === undefined ? platform.now() - held.takenAt > 60_000 : isTerminal(owner.status);
      if (!abandoned) return { locked: false, owner: held.owner };
      if (await put('#owner = :old', { ':old': held.owner })) return { locked: true };
      return { locked: false, owner: (await get<{ owner: string }>(Key.executionId, LOCK_ITEM))?.owner ?? held.owner };
    },

    /** Frees the lock of an application, if this execution holds it. */
    async unlockApplication(application: string, executionId: string): Promise<void> {
      await conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: applicationLockKey(application),
            UpdateExpression: 'REMOVE #owner',
            ConditionExpression: '#owner = :mine',
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':mine': executionId },
          }),
        ),
      );
    },

    /**
     * Takes the servers of one account and Region for an owner: an execution, or a direct run of the component. A server
     * that another owner has is taken over only when that one is over. Nothing is taken when one of them is held.
     * @returns who holds which of them; empty when all are the owner's now
     */
    async lockServers(
      place: { accountId: string; region: string },
      serverIds: readonly string[],
      owner: string,
    ): Promise<{ serverId: string; owner: string }[]> {
      const { version = 0, holders = {} } = (await get<ServerLocks>(serverLockKey(place), LOCK_ITEM)) ?? {};
      const others = [...new Set(serverIds.flatMap((id) => holders[id] ?? []))].filter((other) => other !== owner);
      const states = await Promise.all(others.map((other) => this.isOver(other)));
      const gone = new Set(others.filter((_, at) => states[at] === true));
      const held = serverIds.flatMap((serverId) => {
        const holder = holders[serverId];
        return holder === undefined || holder === owner || gone.has(holder) ? [] : [{ serverId, owner: holder }];
      });
      if (held.length > 0) return held;
      if (serverIds.every((id) => holders[id] === owner)) return [];
      const next = { ...holders, ...Object.fromEntries(serverIds.map((id) => [id, owner])) };
      if (await putServerLocks(place, { version, holders: next })) return [];
      return await this.lockServers(place, serverIds, owner);
    },

    /** Frees every server that the owner has in one account and Region. */
    async unlockServers(place: { accountId: string; region: string }, owner: string): Promise<void> {
      const locks = await get<ServerLocks>(serverLockKey(place), LOCK_ITEM);
      const holders = Object.entries(locks?.holders ?? {});
      const kept = holders.filter(([, holder]) => holder !== owner);
      if (locks === undefined || kept.length === holders.length) return;
      const isFreed = await putServerLocks(place, { version: locks.version, holders: Object.fromEntries(kept) });
      if (!isFreed) await this.unlockServers(place, owner);
    },

    /** True when an owner of locks has ended: its execution is over, or its direct run has a result or has died. */
    async isOver(owner: string): Promise<boolean> {
      const execution = await get<ExecutionRecord>(owner, ITEM.execution);
      if (execution !== undefined) return isTerminal(execution.status);
      const [waves, died] = await Promise.all([query(owner, 'WAVE#'), get<RunNote>(owner, ITEM.runEnded)]);
      return waves.length > 0 || died?.endedAt !== undefined;
    },

    /**
     * Notes that a direct run has died: what it holds is nobody's, also what a step that was still under way takes after it.
     * `redrives`: how often it had been set going again by then. False when it was set going once more since, as it has noted.
     */
    noteRunEnded: (owner: string, redrives = 0) =>
      putRunNote(owner, { endedAt: platform.now(), redrives }, 'attribute_not_exists(resumed) OR resumed <= :redrives'),

    /**
     * Notes that a direct run which had died was set going again, for the `redrives`th time: what it takes is its own. False
     * when it has died again since.
     */
    noteRunResumed: (owner: string, redrives: number) =>
      putRunNote(owner, { resumed: redrives }, 'attribute_not_exists(redrives) OR redrives < :redrives'),

    /**
     * Keeps the token of a parent's waiting task. A newer token takes the place of an earlier one: Step Functions makes
     * another for each attempt. The same one again changes nothing, whatever became of it.
     */
    setParent: (executionId: string, taskToken: string) =>
      conditionally(
        db.send(
          new PutCommand({
            TableName,
            Item: {
              executionId,
              item: ITEM.parent,
              status: 'waiting',
              startTime: platform.now(),
              taskToken,
            } satisfies ParentRecord & { item: string },
            ConditionExpression: 'attribute_not_exists(taskToken) OR taskToken <> :token',
            ExpressionAttributeValues: { ':token': taskToken },
          }),
        ),
      ),

    getParent: (executionId: string) => get<ParentRecord>(executionId, ITEM.parent),

    /** Records what became of a parent's answer; false when a newer token has taken the place of this one. */
    markParent: (executionId: string, taskToken: string, status: Exclude<ParentRecord['status'], 'waiting'>) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId, item: ITEM.parent },
            UpdateExpression: 'SET #status = :status, answeredAt = :now',
            ConditionExpression: 'taskToken = :token',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: { ':status': status, ':now': platform.now(), ':token': taskToken },
          }),
        ),
      ),

    /** Parents that have no answer yet (StatusIndex; eventually consistent). */
    waitingParents: () => byStatus<ParentRecord>('waiting', ITEM.parent),

    getMessage: (executionId: string, key: string) => get<MessageRecord>(executionId, ITEM.message(key)),

    /** Records the intent to post. False when it is there already. */
    createMessage: (message: MessageRecord) => putIfNew({ ...message, item: ITEM.message(message.key) }),

    /**
     * Claims a message that may have been posted before, so that of two drawers only one posts it. Passes when nobody's
     * claim is still good.
     */
    claimMessage: (message: Pick<MessageRecord, 'executionId' | 'key'>, claimedUntil: number) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: message.executionId, item: ITEM.message(message.key) },
            UpdateExpression: 'SET claimedUntil = :until',
            ConditionExpression: 'attribute_not_exists(claimedUntil) OR claimedUntil <= :now',
            ExpressionAttributeValues: { ':until': claimedUntil, ':now': platform.now() },
          }),
        ),
      ),

    /**
     * Stores the message in the place of what was read of it. False when somebody else has written it since: what they drew
     * may be newer, and a note that it has to be drawn again must not be wiped out.
     */
    putMessage: ({ version: read, ...message }: MessageRecord) =>
      conditionally(
        db.send(
          new PutCommand({
            TableName,
            Item: { ...message, item: ITEM.message(message.key), version: (read ?? 0) + 1 },
            ConditionExpression: read === undefined ? 'attribute_not_exists(#version)' : '#version = :read',
            ExpressionAttributeNames: { '#version': 'version' },
            ...(read === undefined ? {} : { ExpressionAttributeValues: { ':read': read } }),
          }),
        ),
      ),

    /**
     * Notes that a message has to be drawn again, whatever else is stored of it. `changedAt`: since when there is something
     * to show, in milliseconds since the epoch. `posted`: where it stands by now, for whoever has just posted it.
     */
    async markDirty(
      executionId: string,
      key: string,
      error: string,
      { changedAt = platform.now(), posted }: { changedAt?: number; posted?: { channelId: string; ts: string } } = {},
    ): Promise<void> {
      await db.send(
        new UpdateCommand({
          TableName,
          Key: { executionId, item: ITEM.message(key) },
          UpdateExpression: `SET #status = :dirty, #error = :error, #key = :key, #startTime = if_not_exists(#startTime, :now), waitingSince = if_not_exists(waitingSince, :changedAt), #version = if_not_exists(#version, :none) + :one${posted === undefined ? '' : ', channelId = :channelId, ts = :ts'}`,
          ExpressionAttributeNames: {
            '#status': 'status',
            '#error': 'error',
            '#key': 'key',
            '#startTime': 'startTime',
            '#version': 'version',
          },
          ExpressionAttributeValues: {
            ':dirty': 'dirty',
            ':error': error,
            ':key': key,
            ':now': platform.now(),
            ':changedAt': changedAt,
            ':none': 0,
            ':one': 1,
            ...(posted === undefined ? {} : { ':channelId': posted.channelId, ':ts': posted.ts }),
          },
        }),
      );
    },

    /** Messages that could not be drawn (StatusIndex; eventually consistent). */
    dirtyMessages: () => byStatus<MessageRecord>('dirty', 'MESSAGE#'),

    /** How long each wave took when the verb last succeeded: of a recovery plan, or of an application by its tags. */
    getDurations: (of: DurationScope) => query<DurationRecord>(durationsKey(of), 'DURATION#'),

    /** Keeps how long a wave took; false when somebody else has written since `read` was read. */
    putDuration: (of: DurationScope, next: Omit<DurationRecord, 'version'>, read?: DurationRecord) =>
      conditionally(
        db.send(
          new PutCommand({
            TableName,
            Item: {
              ...next,
              version: (read?.version ?? 0) + 1,
              executionId: durationsKey(of),
              item: ITEM.duration(next.wave),
            },
            ConditionExpression: read === undefined ? 'attribute_not_exists(executionId)' : '#version = :read',
            ...(read === undefined
              ? {}
              : {
                  ExpressionAttributeNames: { '#version': 'version' },
                  ExpressionAttributeValues: { ':read': read.version },
                }),
          }),
        ),
      ),

    /** Everything of an execution that its messages are drawn from, and the messages; undefined for a key that is none. */
    async view(executionId: string): Promise<{ view: ExecutionView; messages: MessageRecord[] } | undefined> {
      // A direct run of the component has no execution: what it stores, which may be much, is not read for nothing.
      if ((await get(executionId, ITEM.execution)) === undefined) return undefined;
      const items = await query<{ item: string }>(executionId, '');
      const startingWith = <T>(prefix: string): T[] => items.filter(({ item }) => item.startsWith(prefix)) as T[];
      const [execution] = startingWith<ExecutionRecord>(ITEM.execution);
      if (execution === undefined) return undefined;
      const plans = startingWith<PlanRecord>('PLAN#');
      const plan = plans.find(({ revision }) => revision === execution.planRevision);
      const earlierPlans = plans.filter(({ revision }) => revision < execution.planRevision);
      const batches = latestAttempts(inOrder(startingWith<BatchRecord>('BATCH#'), plan?.batchIds ?? []));
      const gates = startingWith<GateRecord>('GATE#').sort((a, b) => a.planRevision - b.planRevision);
      const { last: waves, earlier } = byAttempt(startingWith<WaveRecord>('WAVE#'));
      const earlierAttempts = earlier.length === 0 ? {} : { earlierAttempts: earlier };
      const actions = startingWith<ActionRecord>('ACTION#');
      const whatWasDone = actions.length === 0 ? {} : { actions };
      const [recoveryPlan] = startingWith<RecoveryPlanRecord>(ITEM.recoveryPlan);
      const whatIsRun = recoveryPlan === undefined ? {} : { recoveryPlan };
      return {
        view: {
          execution,
          plan,
          earlierPlans,
          gates,
          batches,
          waves,
          ...earlierAttempts,
          ...whatWasDone,
          ...whatIsRun,
        },
        messages: startingWith<MessageRecord>('MESSAGE#'),
      };
    },

    /** Stores a new query. False when it is stored already (the same one, delivered twice). Queries are in no index. */
    createQuery: (asked: QueryRecord) =>
      putIfNew({
        ...asked,
        executionId: queryKey(asked.queryId),
        item: QUERY_ITEM,
        // In seconds (DynamoDB, time to live). Nothing is drawn from a question once it has been answered.
        removedAfter: Math.floor(asked.askedAt / 1_000) + QUERY_KEPT_DAYS * 86_400,
      }),

    getQuery: (queryId: string) => get<QueryRecord>(queryKey(queryId), QUERY_ITEM),

    /** Records what became of a query; false when that is recorded already. */
    markQuery: (queryId: string, status: Exclude<QueryStatus, 'waiting'>) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: queryKey(queryId), item: QUERY_ITEM },
            UpdateExpression: 'SET #status = :status, answeredAt = :now',
            ConditionExpression: '#status = :waiting',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: { ':status': status, ':now': platform.now(), ':waiting': 'waiting' },
          }),
        ),
      ),

    /** Adds a note for the audit. Nothing is ever overwritten: `unique` tells it from others of the same moment. */
    async addNote(note: AuditNote, unique: string): Promise<void> {
      await putIfNew({ ...note, item: ITEM.note(note.at, unique) });
    },

    /** A chain of the audit, first record first: of an execution, or of the key that the events' items have. */
    async auditRecords(chain: string): Promise<AuditRecord[]> {
      const items = await query<{ record: string }>(auditKey(chain), 'SEQ#');
      return items.map(({ record }) => readRecord(record));
    },

    /** Adds the next record of a chain. False when somebody else has put another in its place: read the chain again. */
    addAuditRecord: (chain: string, record: AuditRecord) =>
      putIfNew({
        executionId: auditKey(chain),
        item: `SEQ#${String(record.seq).padStart(6, '0')}`,
        // As text: it is hashed as it is, and DynamoDB does not nest as deep as JSON may.
        record: canonicalJson(record),
      }),

    /** A document of the configuration as it was seen last; undefined when it never was. */
    getSeenDocument: (name: SeenDocument['name']) => get<SeenDocument>(CONFIGURATION_KEY, name),

    /** Keeps a document that has changed; false when somebody else has kept another since `earlier` was read. */
    putSeenDocument: (seen: SeenDocument, earlier: SeenDocument | undefined) =>
      conditionally(
        db.send(
          new PutCommand({
            TableName,
            Item: { ...seen, executionId: CONFIGURATION_KEY, item: seen.name },
            ConditionExpression: earlier === undefined ? 'attribute_not_exists(#version)' : '#version = :earlier',
            ExpressionAttributeNames: { '#version': 'version' },
            ...(earlier === undefined ? {} : { ExpressionAttributeValues: { ':earlier': earlier.version } }),
          }),
        ),
      ),

    /** Stores a new schedule. False when it is stored already (the same command, delivered twice). */
    createSchedule: (schedule: ScheduleRecord) =>
      putIfNew({ ...schedule, executionId: SCHEDULES_KEY, item: ITEM.schedule(schedule.scheduleId) }),

    /** The schedules that are not deleted. */
    async schedules(): Promise<ScheduleRecord[]> {
      const all = await query<ScheduleRecord>(SCHEDULES_KEY, ITEM.schedule(''));
      return all.filter(({ deleted }) => deleted === undefined);
    },

    /** Moves a schedule on to its next run; false when somebody else has, or it was deleted. */
    advanceSchedule: ({ scheduleId, nextAt: read }: ScheduleRecord, nextAt: number) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: SCHEDULES_KEY, item: ITEM.schedule(scheduleId) },
            UpdateExpression: 'SET nextAt = :next',
            ConditionExpression: 'nextAt = :read AND attribute_not_exists(deleted)',
            ExpressionAttributeValues: { ':next': nextAt, ':read': read },
          }),
        ),
      ),

    /** Deletes a schedule: it runs no more, and is kept for auditors. False when it is not there any more. */
    deleteSchedule: (scheduleId: string, by: Person & { at: number }) =>
      conditionally(
        db.send(
          new UpdateCommand({
            TableName,
            Key: { executionId: SCHEDULES_KEY, item: ITEM.schedule(scheduleId) },
            UpdateExpression: 'SET deleted = :by',
            ConditionExpression: 'attribute_exists(executionId) AND attribute_not_exists(deleted)',
            ExpressionAttributeValues: { ':by': by },
          }),
        ),
      ),

    /** When each account was validated last, and what came of it. */
    accountChecks: () => query<AccountCheckRecord>(ACCOUNTS_KEY, 'ACCOUNT#'),

    /** Keeps what came of a validation; false when a newer one is kept already. */
    keepAccountCheck: (check: AccountCheckRecord) =>
      conditionally(
        db.send(
          new PutCommand({
            TableName,
            Item: { ...check, executionId: ACCOUNTS_KEY, item: ITEM.account(check) },
            ConditionExpression: 'attribute_not_exists(executionId) OR validatedAt < :at',
            ExpressionAttributeValues: { ':at': check.validatedAt },
          }),
        ),
      ),

    getCatalogue: () => get<Catalogue>(CATALOGUE_KEY.executionId, CATALOGUE_KEY.item),

    async putCatalogue(catalogue: Catalogue): Promise<void> {
      await db.send(new PutCommand({ TableName, Item: { ...catalogue, ...CATALOGUE_KEY } }));
    },
  };
}

function queryKey(queryId: string): string {
  return `${QUERY_KEY}${queryId}`;
}

/** The id of a query, from the partition key that it is stored under. */
export function queryIdOf(partitionKey: string): string {
  return partitionKey.slice(QUERY_KEY.length);
}

function auditKey(chain: string): string {
  return `AUDIT#${chain}`;
}

/** Those of the batches that a plan has, in its order: sort keys have wave 10 before wave 2. */
function inOrder(batches: BatchRecord[], batchIds: readonly string[]): BatchRecord[] {
  const known = new Map(batches.map((batch) => [batch.batchId, batch]));
  return batchIds.map((batchId) => known.get(batchId)).filter((batch) => batch !== undefined);
}

/** How each wave's last attempt ended, and those before it; by wave, then by attempt. */
function byAttempt(records: readonly WaveRecord[]): { last: WaveRecord[]; earlier: WaveRecord[] } {
  const sorted = records.toSorted((a, b) => a.wave - b.wave || (a.attempt ?? 1) - (b.attempt ?? 1));
  const last = sorted.filter(({ wave }, index) => sorted[index + 1]?.wave !== wave);
  return { last, earlier: sorted.filter((record) => !last.includes(record)) };
}

/** A plan's waves are not those of the tags, even where they have the same numbers. Its id holds no `/`, an application may. */
function durationsKey({ verb, application, recoveryPlan }: DurationScope): string {
  const plan = recoveryPlan === undefined ? '' : `#${recoveryPlan.planId}`;
  return `HISTORY#${verb}${plan}/${application}`;
}

function jobKey(accountId: string, jobId: string): string {
  return `JOB#${accountId}/${jobId}`;
}

/** A batch of a plan as it is stored before anything is done with it. */
export function newBatch(
  executionId: string,
  plan: Pick<Plan, 'revision' | 'hash' | 'verb'>,
  batch: PlannedBatch,
): BatchRecord & { item: string } {
  return {
    executionId,
    item: ITEM.batch(batch.batchId),
    batchId: batch.batchId,
    accountId: batch.accountId,
    region: batch.region,
    planRevision: plan.revision,
    planHash: plan.hash,
    verb: plan.verb,
    wave: batch.wave,
    status: 'planned',
    servers: batch.servers.map((server) => ({ ...server, state: 'planned' })),
    version: FIRST_VERSION,
  };
}
