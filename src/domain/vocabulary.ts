import { z } from 'zod';

/** The actions of the recovery component, in the words of seed 4 §3.1. The verb alone decides drill or recovery. */
export const VERBS = ['drill', 'failover', 'failback', 'terminate', 'status'] as const;
export type Verb = (typeof VERBS)[number];

/** The verbs that this version can carry out from beginning to end. The others are refused by name. */
export const AVAILABLE_VERBS = ['drill'] as const satisfies readonly Verb[];
export type AvailableVerb = (typeof AVAILABLE_VERBS)[number];

/** True where `verb` can be carried out by this version. */
export function isAvailable(verb: Verb): verb is AvailableVerb {
  return (AVAILABLE_VERBS as readonly Verb[]).includes(verb);
}

/** Outcome of the recovery component (seed 4 §3.2). */
export const OUTCOMES = ['success', 'partial', 'failed', 'timeout'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** 12 digits. */
export const accountIdSchema = z.string().regex(/^\d{12}$/, 'an AWS account id has 12 digits');
/** Source server id, as in the DRS API model. */
export const sourceServerIdSchema = z
  .string()
  .regex(/^s-[0-9a-zA-Z]{17}$/, 'a source server id is s- and 17 letters or digits');

/** DR tags of a source server (seed 4 §5.2). */
export const TAG = {
  application: 'DR-Application',
  wave: 'DR-Wave',
  role: 'DR-Role',
  tier: 'DR-Tier',
  enabled: 'DR-Enabled',
} as const;

/** Tags that the executor puts on each DRS job, by which a job is found again (design: exactly once). */
export const JOB_TAG = {
  orchestration: 'DR-Orchestration',
  correlationId: 'DR-CorrelationId',
  executionId: 'DR-ExecutionId',
  batchId: 'DR-BatchId',
} as const;
