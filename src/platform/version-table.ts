import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { z } from 'zod';
import { canonicalJson } from '../domain/audit-chain.ts';
import { describeIssues } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import type { ChangedBy } from '../domain/plan-library.ts';
import { concurrently } from './concurrently.ts';
import { queryItems } from './query-items.ts';

/** What is known of a version without what was stored with it. */
export interface VersionNote {
  /** From 1. */
  version: number;
  changedBy: ChangedBy;
  /** Milliseconds since the epoch. */
  changedAt: number;
  /** With this version it was deleted. */
  deleted?: true;
}

/** A version; without content where the thing was deleted. */
export type Version<Content> = VersionNote & { id: string; content?: Content };

/** A version as it stands in its table. */
type StoredVersion<Content> = VersionNote & { content?: Content; item: string; planId?: string; groupId?: string };

/** Which version of a thing holds. One that was deleted stays known, so that its numbers go on if it comes back. */
export interface Current {
  id: string;
  version: number;
  deleted?: true;
}

const PREFIX = 'VERSION#';
/** Eight digits, so that versions stand in their order. */
const itemOf = (version: number) => `${PREFIX}${String(version).padStart(8, '0')}`;

/** Ours: items read or written at a time. */
const AT_A_TIME = 25;

/**
 * A table of things whose every version is an item that is written once. Which version holds is not known here: it is
 * said by who asks, with the versions that may not stand in the table yet (`pending`).
 */
export function versionTable<Content>(
  db: DynamoDBDocumentClient,
  { TableName, key, schema }: { TableName: string; key: 'planId' | 'groupId'; schema: z.ZodType<Content> },
) {
  /** What is stored is read as it would be read from a file: a field that is newer than it has its default. */
  function parsed({ id, version }: Version<Content>, content: unknown): Content {
    const { data, error } = schema.safeParse(content);
    if (error === undefined) return data;
    throw new DrError(
      'ValidationError',
      describeIssues(`Version ${version} of ${id} in the table ${TableName}`, error),
    );
  }

  function fromItem({ [key]: id, item: _, ...stored }: StoredVersion<Content>): Version<Content> {
    return { ...stored, id: String(id) };
  }

  async function version(id: string, wanted: number, pending: readonly Version<Content>[] = []) {
    const beside = pending.find((one) => one.id === id && one.version === wanted);
    if (beside !== undefined) return beside;
    const answer = await db.send(
      new GetCommand({ TableName, Key: { [key]: id, item: itemOf(wanted) }, ConsistentRead: true }),
    );
    return answer.Item === undefined ? undefined : fromItem(answer.Item as StoredVersion<Content>);
  }

  return {
    /** One version with its content; undefined for one that never was. */
    async version(id: string, wanted: number, pending?: readonly Version<Content>[]) {
      const found = await version(id, wanted, pending);
      return found?.content === undefined ? undefined : { ...found, content: parsed(found, found.content) };
    },

    /** The versions that hold, in the order of their ids. @throws {DrError} NotFound when one is not in the table */
    async current(known: readonly Current[], pending?: readonly Version<Content>[]) {
      const there = known.filter(({ deleted }) => deleted === undefined);
      return await concurrently(sortedById(there), AT_A_TIME, async ({ id, version: wanted }) => {
        const found = await version(id, wanted, pending);
        if (found?.content !== undefined) return { ...found, content: parsed(found, found.content) };
        throw new DrError(
          'NotFound',
          `Version ${wanted} of ${id} is not in the table ${TableName}. If tables were restored, restore both to the same moment.`,
        );
      });
    },

    /** Every version of a thing without its content, newest first. */
    async history(id: string, pending: readonly Version<Content>[] = []): Promise<VersionNote[]> {
      const stored = await queryItems<VersionNote>(db, {
        TableName,
        KeyConditionExpression: '#id = :id AND begins_with(#item, :prefix)',
        ProjectionExpression: '#version, changedBy, changedAt, deleted',
        ExpressionAttributeNames: { '#id': key, '#item': 'item', '#version': 'version' },
        ExpressionAttributeValues: { ':id': id, ':prefix': PREFIX },
        ConsistentRead: true,
      });
      const notes = new Map(stored.map((note) => [note.version, note]));
      for (const { id: of, content: _, ...note } of pending) if (of === id) notes.set(note.version, note);
      return [...notes.values()].sort((a, b) => b.version - a.version);
    },

    /** Writes versions into items of their own. What is there already is left as it is. */
    async write(versions: readonly Version<Content>[]): Promise<void> {
      await concurrently(versions, AT_A_TIME, async ({ id, ...rest }) => {
        await unlessConditionFails(
          db.send(
            new PutCommand({
              TableName,
              Item: { [key]: id, item: itemOf(rest.version), ...rest },
              ConditionExpression: 'attribute_not_exists(#id)',
              ExpressionAttributeNames: { '#id': key },
            }),
          ),
        );
      });
    },
  };
}

/** The versions that come of a change: of what is new, of what says something else, and of what is gone. */
export function nextVersions<Content>(
  known: readonly Current[],
  before: ReadonlyMap<string, Content>,
  after: ReadonlyMap<string, Content>,
  by: Pick<VersionNote, 'changedBy' | 'changedAt'>,
): Version<Content>[] {
  const versionOf = (id: string) => (known.find((one) => one.id === id)?.version ?? 0) + 1;
  const changed = [...after].filter(([id, content]) => {
    const old = before.get(id);
    return old === undefined || canonicalJson(old) !== canonicalJson(content);
  });
  const gone = [...before.keys()].filter((id) => !after.has(id));
  return [
    ...changed.map(([id, content]) => ({ id, version: versionOf(id), ...by, content })),
    ...gone.map((id) => ({ id, version: versionOf(id), ...by, deleted: true as const })),
  ];
}

/** Which versions hold after these. */
export function currentAfter(known: readonly Current[], next: readonly Version<unknown>[]): Current[] {
  const byId = new Map(known.map((one) => [one.id, one]));
  for (const { id, version, deleted } of next) byId.set(id, { id, version, ...(deleted && { deleted }) });
  return sortedById([...byId.values()]);
}

/** True when the write was done, false when its condition did not hold. */
export async function unlessConditionFails(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

function sortedById<T extends { id: string }>(things: readonly T[]): T[] {
  return things.toSorted((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
}
