import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { DrError, messageOf } from '../domain/errors.ts';
import {
  applyChanges,
  type ChangedBy,
  type Draft,
  type Library,
  type LibraryChange,
  planSetOf,
} from '../domain/plan-library.ts';
import { type ProtectionGroup, protectionGroupSchema } from '../domain/protection-group.ts';
import { type PlanSet, type RecoveryPlan, recoveryPlanSchema } from '../domain/recovery-plan.ts';
import { isPartitionKey } from './dynamodb-keys.ts';
import { readSettings } from './environment.ts';
import type { Platform } from './platform.ts';
import {
  type Current,
  currentAfter,
  nextVersions,
  unlessConditionFails,
  type Version,
  type VersionNote,
  versionTable,
} from './version-table.ts';

/**
 * The tables protection-groups and recovery-plans. Every version of a plan and of a group is an item that is written once
 * and kept for good; which version of each one holds is said by one item, the `LIBRARY`. A change is one conditional write
 * of it: the new versions' numbers, and beside them the new versions themselves, until they stand in items of their own.
 * So a change of many plans is all or nothing, whatever is lost after that write, and a reader needs no right to write:
 * what is beside the numbers is read from there. The next change begins by writing what an earlier one left.
 */

/** How a change of the library ended, with the version that the library has now. Not stored: it has moved since `baseVersion`. */
export interface Applied {
  stored: boolean;
  version: number;
}

/** Stored recovery plans and protection groups. */
export interface PlanLibrary {
  /** All there is, as it was at one moment, by id. @throws {DrError} NotFound when the two tables are not of one moment */
  read(): Promise<Library>;
  /** A plan as it was; undefined for a version that never was, or with which it was deleted. */
  planVersion(planId: string, version: number): Promise<RecoveryPlan | undefined>;
  /** Every version of a plan, newest first; none for a plan that never was. */
  versionsOf(planId: string): Promise<VersionNote[]>;
  /** Stores changes that somebody prepares, for a day. False when the draft is there already. @throws {DrError} ValidationError when it is too large */
  createDraft(draft: Draft): Promise<boolean>;
  /** Stores a draft in the place of itself, for a day from now. @throws {DrError} ValidationError when it is too large */
  replaceDraft(draft: Draft): Promise<void>;
  /** Undefined when there is none, or its day is over. */
  getDraft(draftId: string): Promise<Draft | undefined>;
  /**
   * Stores changes, all or none, if the library still has the version that they were checked against. What says the same
   * as what is stored gets no new version. Checks nothing: see `checkChanges`.
   * @throws {DrError} ValidationError when they are too large to be stored at once
   */
  apply(change: {
    baseVersion: number;
    changes: readonly LibraryChange[];
    by: ChangedBy;
    at: number;
  }): Promise<Applied>;
}

/** The `LIBRARY` item. */
interface LibraryItem {
  /** 0 before the first change. */
  version: number;
  /** Tells a write whose answer was lost from another one's. */
  changeId: string;
  plans: Current[];
  groups: Current[];
  /** Versions that may not stand in items of their own yet. */
  pending?: Pending;
}

interface Pending {
  plans: Version<RecoveryPlan>[];
  groups: Version<ProtectionGroup>[];
}

/** No plan has such an id. */
const LIBRARY_KEY = { planId: '#LIBRARY', item: 'LIBRARY' };
const draftKey = (draftId: string) => ({ planId: `#DRAFT#${draftId}`, item: 'DRAFT' });

const DRAFT_MS = 86_400_000;
/**
 * Most bytes of an item. DynamoDB takes 400 KB (409,600 bytes) with the names of the attributes; as JSON an item is never
 * smaller than it is there.
 */
const MOST_BYTES = 400_000;

export function planLibrary(platform: Platform): PlanLibrary {
  const { PROTECTION_GROUP_TABLE, RECOVERY_PLAN_TABLE } = readSettings(
    platform.environment,
    'PROTECTION_GROUP_TABLE',
    'RECOVERY_PLAN_TABLE',
  );
  const db = DynamoDBDocumentClient.from(new DynamoDBClient({ credentials: platform.credentials }), {
    marshallOptions: { removeUndefinedValues: true },
  });
  const plans = versionTable(db, { TableName: RECOVERY_PLAN_TABLE, key: 'planId', schema: recoveryPlanSchema });
  const groups = versionTable(db, { TableName: PROTECTION_GROUP_TABLE, key: 'groupId', schema: protectionGroupSchema });

  async function readItem(): Promise<LibraryItem> {
    const answer = await db.send(
      new GetCommand({ TableName: RECOVERY_PLAN_TABLE, Key: LIBRARY_KEY, ConsistentRead: true }),
    );
    return (answer.Item as LibraryItem | undefined) ?? { version: 0, changeId: '', plans: [], groups: [] };
  }

  async function libraryOf(item: LibraryItem): Promise<Library> {
    const [storedPlans, storedGroups] = await Promise.all([
      plans.current(item.plans, item.pending?.plans),
      groups.current(item.groups, item.pending?.groups),
    ]);
    return {
      version: item.version,
      plans: storedPlans.map(({ id: _, content, ...stored }) => ({ plan: content, ...stored })),
      groups: storedGroups.map(({ id: _, content, ...stored }) => ({ group: content, ...stored })),
    };
  }

  /** Writes what a change has left beside the numbers into items of their own. Done twice it is the same. */
  async function settle({ version, pending }: LibraryItem): Promise<void> {
    if (pending === undefined) return;
    await Promise.all([plans.write(pending.plans), groups.write(pending.groups)]);
    await unlessConditionFails(
      db.send(
        new UpdateCommand({
          TableName: RECOVERY_PLAN_TABLE,
          Key: LIBRARY_KEY,
          UpdateExpression: 'REMOVE pending',
          ConditionExpression: '#version = :settled',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':settled': version },
        }),
      ),
    );
  }

  /** Puts the library's next version in the place of the one before it; false when that is not there any more. */
  async function replaceItem(item: LibraryItem): Promise<boolean> {
    const Item = checkSize(
      { ...LIBRARY_KEY, ...item },
      'The changes are too large to be stored at once. Nothing was stored: store the groups first, then some plans at a time.',
    );
    const isFirst = item.version === 1;
    const written = await unlessConditionFails(
      db.send(
        new PutCommand({
          TableName: RECOVERY_PLAN_TABLE,
          Item,
          // What an earlier change left has been settled: it goes on only with a newer version.
          ConditionExpression: isFirst ? 'attribute_not_exists(planId)' : '#version = :before',
          ...(isFirst
            ? {}
            : {
                ExpressionAttributeNames: { '#version': 'version' },
                ExpressionAttributeValues: { ':before': item.version - 1 },
              }),
        }),
      ),
    );
    // A write that is sent again because its answer was lost meets itself.
    return written || (await readItem()).changeId === item.changeId;
  }

  const draftItem = (draft: Draft) =>
    checkSize(
      { ...draft, ...draftKey(draft.draftId), expiresAt: Math.floor((platform.now() + DRAFT_MS) / 1_000) },
      'The changes are too large for one draft. Nothing was kept: take the groups first, then some plans at a time.',
    );

  return {
    read: async () => await libraryOf(await readItem()),

    async planVersion(planId, version) {
      const { pending } = await readItem();
      return (await plans.version(planId, version, pending?.plans))?.content;
    },

    async versionsOf(planId) {
      const { pending } = await readItem();
      return await plans.history(planId, pending?.plans);
    },

    createDraft: (draft) =>
      unlessConditionFails(
        db.send(
          new PutCommand({
            TableName: RECOVERY_PLAN_TABLE,
            Item: draftItem(draft),
            ConditionExpression: 'attribute_not_exists(planId)',
          }),
        ),
      ),

    async replaceDraft(draft) {
      await db.send(new PutCommand({ TableName: RECOVERY_PLAN_TABLE, Item: draftItem(draft) }));
    },

    async getDraft(draftId) {
      if (!isPartitionKey(draftKey(draftId).planId)) return undefined;
      const answer = await db.send(
        new GetCommand({ TableName: RECOVERY_PLAN_TABLE, Key: draftKey(draftId), ConsistentRead: true }),
      );
      if (answer.Item === undefined) return undefined;
      const {
        planId: _,
        item: __,
        expiresAt,
        ...draft
      } = answer.Item as Draft & { expiresAt: number } & typeof LIBRARY_KEY;
      // DynamoDB removes what has expired within days.
      return expiresAt * 1_000 > platform.now() ? draft : undefined;
    },

    async apply({ baseVersion, changes, by, at }) {
      const item = await readItem();
      if (item.version !== baseVersion) return { stored: false, version: item.version };
      await settle(item);
      const before = planSetOf(await libraryOf(item));
      const after = applyChanges(before, changes);
      const stamp = { changedBy: by, changedAt: at };
      const pending = {
        plans: nextVersions(item.plans, plansById(before), plansById(after), stamp),
        groups: nextVersions(item.groups, groupsById(before), groupsById(after), stamp),
      };
      if (pending.plans.length === 0 && pending.groups.length === 0) return { stored: true, version: baseVersion };
      const next: LibraryItem = {
        version: baseVersion + 1,
        changeId: randomUUID(),
        plans: currentAfter(item.plans, pending.plans),
        groups: currentAfter(item.groups, pending.groups),
        pending,
      };
      if (!(await replaceItem(next))) return { stored: false, version: (await readItem()).version };
      try {
        await settle(next);
      } catch (error) {
        // It is stored: the next change settles it.
        platform.log.warn('The versions of stored plans are not in items of their own yet', {
          version: next.version,
          cause: messageOf(error),
        });
      }
      return { stored: true, version: next.version };
    },
  };
}

function plansById({ plans }: PlanSet): Map<string, RecoveryPlan> {
  return new Map(plans.map((plan) => [plan.planId, plan]));
}

function groupsById({ groups }: PlanSet): Map<string, ProtectionGroup> {
  return new Map(groups.map((group) => [group.groupId, group]));
}

/** @throws {DrError} ValidationError when DynamoDB would not take the item */
function checkSize<Item extends object>(item: Item, whatToDo: string): Item {
  const bytes = Buffer.byteLength(JSON.stringify(item));
  if (bytes <= MOST_BYTES) return item;
  const kilobytes = (count: number) => `${Math.ceil(count / 1_000)} kB`;
  throw new DrError('ValidationError', `${whatToDo} (${kilobytes(bytes)} of at most ${kilobytes(MOST_BYTES)}.)`);
}
