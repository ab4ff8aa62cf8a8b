/** A JSON value, as it travels between the states of a machine. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object, e.g. the fields of a state in a definition. */
export type JsonObject = { [key: string]: Json };

/** Whether `value` is an object, and neither an array nor null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Largest input, output, result, arguments or assignment of a state, in bytes of UTF-8 text: 256 KiB.
 * Source: Step Functions developer guide, Service quotas, "Maximum input or output size for a task, state, or execution".
 */
export const LARGEST_PAYLOAD_BYTES = 262_144;

/** Whether the text of `value` is longer than {@link LARGEST_PAYLOAD_BYTES}. */
export function isTooLarge(value: Json): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > LARGEST_PAYLOAD_BYTES;
}

/** The JSONata name of a value's type, as used in the causes of evaluation errors. */
export function jsonTypeOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
