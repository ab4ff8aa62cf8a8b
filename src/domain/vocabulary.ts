import { z } from 'zod';

/** The actions of the recovery component, in the words of seed 4 §3.1. The verb alone decides drill or recovery. */
export const VERBS = ['drill', 'failover', 'failback', 'terminate', 'status'] as const;
export type Verb = (typeof VERBS)[number];

/** The verbs that change something, and therefore have a plan: what people and machines can ask for. */
export const PLANNED_VERBS = ['drill', 'failover', 'failback', 'terminate'] as const satisfies readonly Verb[];
export type PlannedVerb = (typeof PLANNED_VERBS)[number];

/** Outcome of the recovery component (seed 4 §3.2). */
export const OUTCOMES = ['success', 'partial', 'failed', 'timeout'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** 12 digits. */
export const accountIdSchema = z.string().regex(/^\d{12}$/, 'an AWS account id has 12 digits');
/** Source server id, as in the DRS API model. */
export const sourceServerIdSchema = z
  .string()
  .regex(/^s-[0-9a-zA-Z]{17}$/, 'a source server id is s- and 17 letters or digits');
/** Recovery instance id and EC2 instance id, as in the DRS API model. */
export const instanceIdSchema = z
  .string()
  .regex(/^i-[0-9a-fA-F]{8,}$/, 'an instance id is i- and 8 or more hexadecimal digits');
/** Recovery snapshot id, as in the DRS API model. */
export const snapshotIdSchema = z
  .string()
  .regex(/^pit-[0-9a-zA-Z]{17}$/, 'a snapshot id is pit- and 17 letters or digits');

/** DR tags of a source server (seed 4 §5.2; `DR-Priority`: seed 3). */
export const TAG = {
  application: 'DR-Application',
  wave: 'DR-Wave',
  role: 'DR-Role',
  tier: 'DR-Tier',
  enabled: 'DR-Enabled',
  priority: 'DR-Priority',
  stagingAccount: 'DR-StagingAccount',
} as const;

/** Tags that the executor puts on each DRS job, by which a job is found again (design: exactly once). */
export const JOB_TAG = {
  orchestration: 'DR-Orchestration',
  correlationId: 'DR-CorrelationId',
  executionId: 'DR-ExecutionId',
  batchId: 'DR-BatchId',
} as const;
