import type { CentralEvent } from '../platform/central-bus.ts';

/** By what the rule of the central bus knows that an execution whose machine has died is to be closed now. */
export const CLOSE_EVENT = { source: 'dr-chatops', detailType: 'DR Close Asked' } as const satisfies CentralEvent;
