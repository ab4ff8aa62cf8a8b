import type { WireAttribute, WireItem } from '../../../src/local/dynamodb/change-feed.ts';

/** An item as a JavaScript object. */
export function plain(item: WireItem): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, valueOfAttribute(value)]));
}

function valueOfAttribute(attribute: WireAttribute): unknown {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.L !== undefined) return attribute.L.map(valueOfAttribute);
  if (attribute.M !== undefined) return plain(attribute.M);
  if (attribute.NULL !== undefined) return null;
  return attribute.SS ?? attribute.NS ?? attribute.B ?? attribute.BS;
}
