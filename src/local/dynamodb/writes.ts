import { z } from 'zod';
import type { WireItem } from './change-feed.ts';

/** An item that a request may write. */
export interface ItemKey {
  table: string;
  /** The key attributes, and nothing else. */
  keys: WireItem;
}

/** Names of a table's key attributes, partition key first (CreateTable accepts no other order). */
export type KeySchema = readonly string[];

const attributes = z.custom<WireItem>((value) => typeof value === 'object' && value !== null);
const byItem = z.object({ TableName: z.string(), Item: attributes });
const byKey = z.object({ TableName: z.string(), Key: attributes });
const batch = z.object({
  RequestItems: z.record(
    z.string(),
    z.array(
      z.object({
        PutRequest: z.object({ Item: attributes }).nullish(),
        DeleteRequest: z.object({ Key: attributes }).nullish(),
      }),
    ),
  ),
});

/**
 * The items that a request writes, by their keys. A request that the database will refuse anyway (malformed, unknown
 * table, incomplete key) writes none.
 */
export function itemsWritten(
  operation: string,
  input: unknown,
  schemaOf: (table: string) => KeySchema | undefined,
): ItemKey[] {
  return attributesWritten(operation, input).flatMap(({ table, item }) => {
    const keys = keysOf(item, schemaOf(table));
    return keys === undefined ? [] : [{ table, keys }];
  });
}

function attributesWritten(operation: string, input: unknown): { table: string; item: WireItem }[] {
  if (operation === 'PutItem') {
    const { data } = byItem.safeParse(input);
    return data === undefined ? [] : [{ table: data.TableName, item: data.Item }];
  }
  if (operation === 'UpdateItem' || operation === 'DeleteItem') {
    const { data } = byKey.safeParse(input);
    return data === undefined ? [] : [{ table: data.TableName, item: data.Key }];
  }
  if (operation === 'BatchWriteItem') {
    const { data } = batch.safeParse(input);
    return Object.entries(data?.RequestItems ?? {}).flatMap(([table, requests]) =>
      requests.flatMap(({ PutRequest, DeleteRequest }) => {
        const item = PutRequest?.Item ?? DeleteRequest?.Key;
        return item === undefined ? [] : [{ table, item }];
      }),
    );
  }
  return [];
}

function keysOf(item: WireItem, schema: KeySchema | undefined): WireItem | undefined {
  if (schema === undefined) return undefined;
  const keys: WireItem = {};
  for (const name of schema) {
    const value = item[name];
    if (value === undefined) return undefined;
    keys[name] = value;
  }
  return keys;
}

/** The tables that a request names: each is a resource of the call. */
export function tablesNamed(input: unknown): string[] {
  if (typeof input !== 'object' || input === null) return [];
  if ('TableName' in input && typeof input.TableName === 'string') return [input.TableName];
  if ('RequestItems' in input && typeof input.RequestItems === 'object' && input.RequestItems !== null) {
    return Object.keys(input.RequestItems);
  }
  return [];
}
