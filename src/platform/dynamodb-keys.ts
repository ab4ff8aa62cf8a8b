/**
 * What can be a key (DynamoDB, "Constraints"). Ids come from outside, on buttons and in events: under what no key can be
 * there is nothing, and DynamoDB would answer with an error.
 */
const MAX_PARTITION_BYTES = 2_048;
const MAX_SORT_BYTES = 1_024;

/** True for what can be the text of a partition key. */
export function isPartitionKey(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= MAX_PARTITION_BYTES;
}

/** True for what can be the text of a sort key. */
export function isSortKey(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= MAX_SORT_BYTES;
}
