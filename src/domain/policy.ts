import { z } from 'zod';
import { ReplicationHealth } from './server.ts';
import type { PlannedVerb } from './vocabulary.ts';

/** Who approves, and for how long the question stands. */
const approvalOf = (quorum: number) => ({
  /** Approvals needed; the requester's never counts. */
  quorum: z.int().min(1).max(10).default(quorum),
  /** Minutes until an unanswered question expires. */
  expiresAfterMinutes: z.int().min(5).max(1_440).default(30),
});

/**
 * What an application's drill needs: who approves, for how long the question stands, and what stops it at preflight.
 * An SSM parameter, checked whenever it is read; a copy is frozen with each gate and each plan.
 */
export const drillPolicySchema = z.strictObject({
  ...approvalOf(1),
  /** Replication health that stops a drill at preflight; other health than `ok` is shown as a warning. */
  stopOn: z.array(z.enum(ReplicationHealth)).default(['stalled', 'not ready', 'unknown']),
  /** The only subnets that a drill may launch into; left out: any. */
  drillSubnets: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id begins with subnet-'))
    .min(1)
    .optional(),
});
export type DrillPolicy = z.infer<typeof drillPolicySchema>;

/** The policies by verb. What changes production needs two people (design: the verb decides the danger). */
export const policiesSchema = z.strictObject({
  drill: drillPolicySchema.prefault({}),
  failover: z.strictObject(approvalOf(2)).prefault({}),
  terminate: z.strictObject(approvalOf(1)).prefault({}),
  failback: z.strictObject(approvalOf(2)).prefault({}),
});
export type Policies = z.infer<typeof policiesSchema>;

/** What every verb's policy says. */
export interface ApprovalPolicy {
  quorum: number;
  expiresAfterMinutes: number;
}

/** Who approves a plan of this verb. */
export function policyOf(policies: Policies, verb: PlannedVerb): ApprovalPolicy {
  return policies[verb];
}
