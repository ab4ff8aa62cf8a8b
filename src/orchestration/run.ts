import { z } from 'zod';
import { AVAILABLE_VERBS } from '../domain/vocabulary.ts';

/** One run of the recovery component, as its states pass it on: ids and options, no lists. */
export const runSchema = z.strictObject({
  /** Key of the run's items in the execution-history table: the execution's id, or `run-` and the name of a direct call. */
  executionId: z.string(),
  /** True when nobody's execution stands behind the run. */
  direct: z.boolean(),
  planRevision: z.int(),
  wave: z.int(),
  action: z.enum(AVAILABLE_VERBS),
  tags: z.record(z.string(), z.string()),
  options: z.strictObject({
    isDrill: z.boolean().optional(),
    maxWaitMinutes: z.int(),
    continueOnFailure: z.boolean(),
    parallelism: z.int(),
    minServers: z.int(),
  }),
  metadata: z.record(z.string(), z.unknown()),
  correlationId: z.string(),
  /** Milliseconds since the epoch. */
  startedAt: z.int(),
});
export type Run = z.infer<typeof runSchema>;
