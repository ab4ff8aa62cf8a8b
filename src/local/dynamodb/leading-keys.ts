import type { WireItem } from './change-feed.ts';
import type { KeySchema } from './writes.ts';

/** What a request says of the items that it is about. */
interface AboutItems {
  TableName?: string;
  IndexName?: string;
  Item?: WireItem;
  Key?: WireItem;
  KeyConditionExpression?: string;
  ExpressionAttributeNames?: Readonly<Record<string, string>>;
  ExpressionAttributeValues?: WireItem;
}

/** The index that a request names. */
export function indexOf(input: unknown): string | undefined {
  return typeof (input as AboutItems | undefined)?.IndexName === 'string' ? (input as AboutItems).IndexName : undefined;
}

/**
 * The values of the condition key dynamodb:LeadingKeys: the partition keys of the items that a request on one table is
 * about. None where the request is on an index, on several tables, or malformed.
 */
export function leadingKeys(
  action: string,
  input: unknown,
  schemaOf: (table: string) => KeySchema | undefined,
): string[] {
  if (typeof input !== 'object' || input === null || indexOf(input) !== undefined) return [];
  const request = input as AboutItems;
  const [name] = (typeof request.TableName === 'string' ? schemaOf(request.TableName) : undefined) ?? [];
  if (name === undefined) return [];
  const value = action === 'Query' ? queried(request, name) : (request.Item ?? request.Key)?.[name];
  const [text] = Object.values(value ?? {});
  return typeof text === 'string' ? [text] : [];
}

/** The value that a query compares the partition key with: `name = :value`, where the name may stand behind a `#`. */
function queried(request: AboutItems, name: string): WireItem[string] | undefined {
  const { KeyConditionExpression = '', ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = request;
  for (const [, left = '', right = ''] of KeyConditionExpression.matchAll(/([#\w]+)\s*=\s*(:\w+)/g)) {
    if ((ExpressionAttributeNames[left] ?? left) === name) return ExpressionAttributeValues[right];
  }
  return undefined;
}
