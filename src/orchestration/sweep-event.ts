/** The clock's event for `close-execution`: look at all executions that are not over. */
export const SWEEP_EVENT = { sweep: true } as const;
