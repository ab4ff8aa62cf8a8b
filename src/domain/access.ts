import { z } from 'zod';
import type { PlannedVerb } from './vocabulary.ts';

/** The eleven permissions of seed 5 (Security Architecture). They are the product's own, not IAM actions. */
export const PERMISSIONS = [
  'drs:CreateProtectionGroup',
  'drs:UpdateProtectionGroup',
  'drs:DeleteProtectionGroup',
  'drs:CreateRecoveryPlan',
  'drs:UpdateRecoveryPlan',
  'drs:DeleteRecoveryPlan',
  'drs:ExecuteRecovery',
  'drs:ManageExecution',
  'drs:TerminateInstances',
  'drs:ViewResources',
  'drs:ManageAccounts',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The five roles of seed 5 and what each may do. */
export const ROLE_PERMISSIONS = {
  DRSOrchestrationAdmin: PERMISSIONS,
  DRSRecoveryManager: ['drs:ExecuteRecovery', 'drs:ManageExecution', 'drs:TerminateInstances', 'drs:ViewResources'],
  DRSPlanManager: [
    'drs:CreateProtectionGroup',
    'drs:UpdateProtectionGroup',
    'drs:CreateRecoveryPlan',
    'drs:UpdateRecoveryPlan',
    'drs:ViewResources',
  ],
  DRSOperator: ['drs:ExecuteRecovery', 'drs:ViewResources'],
  DRSReadOnly: ['drs:ViewResources'],
} as const satisfies Record<string, readonly Permission[]>;
export type Role = keyof typeof ROLE_PERMISSIONS;
const ROLES = Object.keys(ROLE_PERMISSIONS) as Role[];

/** Asking for a drill, and approving one (design §7: approving needs drs:ManageExecution). */
export const ASK_PERMISSION: Permission = 'drs:ExecuteRecovery';
export const APPROVE_PERMISSION: Permission = 'drs:ManageExecution';

/** Everything that somebody needs who approves this verb: to let instances be terminated one must be allowed to. */
export function approvePermissions(verb: PlannedVerb): Permission[] {
  return verb === 'terminate' ? [APPROVE_PERMISSION, 'drs:TerminateInstances'] : [APPROVE_PERMISSION];
}

const grantSchema = z.strictObject({
  role: z.enum(ROLES),
  /** Slack user ids; never e-mail addresses or names. */
  users: z.array(z.string().regex(/^[UW][A-Z0-9]{8,}$/, 'a Slack user id begins with U or W')).min(1),
  /** Applications to which the grant is limited; left out: all. */
  applications: z.array(z.string().min(1)).min(1).optional(),
});

/** The access document: an SSM parameter, checked whenever it is read. */
export const accessSchema = z.strictObject({
  /** The one Slack workspace whose people count. */
  teamId: z.string().regex(/^T[A-Z0-9]{8,}$/, 'a Slack team id begins with T'),
  grants: z.array(grantSchema).min(1),
});
export type Access = z.infer<typeof accessSchema>;

/** A person, by Slack's ids. Names are for showing only and are never identity. */
export interface Person {
  userId: string;
  teamId: string;
}

/** True when `person` has `permission` for `application`. A person of another workspace has none. */
export function may(access: Access, person: Person, permission: Permission, application: string): boolean {
  return person.teamId === access.teamId && grantees(access, permission, application).includes(person.userId);
}

/** True when `person` has every one of `permissions` for `application`. Nobody has "every one" of none. */
export function mayAll(
  access: Access,
  person: Person,
  permissions: readonly Permission[],
  application: string,
): boolean {
  return permissions.length > 0 && permissions.every((permission) => may(access, person, permission, application));
}

/** Slack user ids of everybody who has `permission` for `application`, each once, in the order of the document. */
export function grantees(access: Access, permission: Permission, application: string): string[] {
  const users = access.grants
    .filter((grant) => (ROLE_PERMISSIONS[grant.role] as readonly Permission[]).includes(permission))
    .filter((grant) => grant.applications === undefined || grant.applications.includes(application))
    .flatMap((grant) => grant.users);
  return [...new Set(users)];
}
