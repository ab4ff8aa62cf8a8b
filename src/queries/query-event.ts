import type { CentralEvent } from '../platform/central-bus.ts';

/**
 * By what the rule of the central bus knows that somebody wants to look at something. The worker is not a consumer of the
 * table's stream itself: more than two or three readers of a shard are throttled (DynamoDB Streams), and what people look
 * at must not hold up what they decide.
 */
export const QUERY_EVENT = { source: 'dr-chatops', detailType: 'DR Query Asked' } as const satisfies CentralEvent;
