import { z } from 'zod';
import { componentOptionsSchema } from '../domain/contract.ts';
import { VERBS } from '../domain/vocabulary.ts';

/** One run of the recovery component, as its states pass it on: ids and options, no lists. */
export const runSchema = z.strictObject({
  /** Key of the run's items in the execution-history table: the execution's id, or `run-` and the name of a direct call. */
  executionId: z.string(),
  /** True when nobody's execution stands behind the run. */
  direct: z.boolean(),
  planRevision: z.int(),
  wave: z.int(),
  /** Which attempt of the wave, from 2; absent for the first. */
  attempt: z.int().optional(),
  action: z.enum(VERBS),
  tags: z.record(z.string(), z.string()),
  options: componentOptionsSchema,
  metadata: z.record(z.string(), z.unknown()),
  correlationId: z.string(),
  /** Milliseconds since the epoch. */
  startedAt: z.int(),
  /** How often it was set going again (RedriveExecution); said by the states before which servers are taken. */
  redrives: z.int().optional(),
  /** Where people follow the run; absent when it is closed from outside. */
  monitoringUrl: z.string().optional(),
});
export type Run = z.infer<typeof runSchema>;

/** `w2`, or `w2-a3` of a retry: what tells the runs of an execution apart in the names of machines. */
export function runNameOf(wave: number, attempt = 1): string {
  return `w${wave}${attempt > 1 ? `-a${attempt}` : ''}`;
}
