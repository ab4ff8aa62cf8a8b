import { z } from 'zod';
import { ReplicationHealth } from './server.ts';

/**
 * What an application's drill needs: who approves, for how long the question stands, and what stops it at preflight.
 * An SSM parameter, checked whenever it is read; a copy is frozen with each gate and each plan.
 */
export const drillPolicySchema = z.strictObject({
  /** Approvals needed; the requester's never counts. */
  quorum: z.int().min(1).max(10).default(1),
  /** Minutes until an unanswered question expires. */
  expiresAfterMinutes: z.int().min(5).max(1_440).default(30),
  /** Replication health that stops a drill at preflight; other health than `ok` is shown as a warning. */
  stopOn: z.array(z.enum(ReplicationHealth)).default(['stalled', 'not ready', 'unknown']),
});
export type DrillPolicy = z.infer<typeof drillPolicySchema>;

export const policiesSchema = z.strictObject({
  drill: drillPolicySchema.prefault({}),
});
export type Policies = z.infer<typeof policiesSchema>;
