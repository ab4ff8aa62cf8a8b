import { z } from 'zod';
import type { PolicySubject } from './policy.ts';

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
export const ROLES = Object.keys(ROLE_PERMISSIONS) as Role[];

/** Asking for a drill or a recovery, deciding about one (design §7: approving needs drs:ManageExecution), and looking. */
export const ASK_PERMISSION: Permission = 'drs:ExecuteRecovery';
export const APPROVE_PERMISSION: Permission = 'drs:ManageExecution';
export const VIEW_PERMISSION: Permission = 'drs:ViewResources';

/** Everything that somebody needs who decides: to let instances be terminated one must be allowed to terminate. */
export function approvePermissions(subject: PolicySubject): Permission[] {
  return subject === 'terminate' || subject === 'terminateLive'
    ? [APPROVE_PERMISSION, 'drs:TerminateInstances']
    : [APPROVE_PERMISSION];
}

/** A Slack user id; never an e-mail address or a name. */
export const slackUserIdSchema = z.string().regex(/^[UW][A-Z0-9]{8,}$/, 'a Slack user id begins with U or W');
/** A Slack user group id. */
export const slackGroupIdSchema = z.string().regex(/^S[A-Z0-9]{8,}$/, 'a Slack user group id begins with S');

const grantSchema = z
  .strictObject({
    role: z.enum(ROLES),
    users: z.array(slackUserIdSchema).min(1).optional(),
    /** Slack user groups: their members are looked up when it counts. */
    userGroups: z.array(slackGroupIdSchema).min(1).optional(),
    /** Applications to which the grant is limited; left out: all. */
    applications: z.array(z.string().min(1)).min(1).optional(),
  })
  .refine(({ users, userGroups }) => users !== undefined || userGroups !== undefined, {
    message: 'a grant names users, userGroups, or both',
  });

/** The access document: an SSM parameter, checked whenever it is read. */
export const accessSchema = z.strictObject({
  /** The one Slack workspace whose people count. */
  teamId: z.string().regex(/^T[A-Z0-9]{8,}$/, 'a Slack team id begins with T'),
  grants: z.array(grantSchema).min(1),
});
export type AccessDocument = z.infer<typeof accessSchema>;

/** Who has which role at one moment: the access document with the members of its groups. */
export interface Access {
  teamId: string;
  grants: { role: Role; users: string[]; applications?: string[] }[];
}

/** A Slack user group as it is now. */
export interface UserGroupMembers {
  userGroupId: string;
  userIds: string[];
  /** Who changed it last, and when, in milliseconds since the epoch. */
  updatedBy?: string;
  updatedAt?: number;
}

/** The groups that a document names, each once. */
export function userGroupsOf(document: AccessDocument): string[] {
  return [...new Set(document.grants.flatMap(({ userGroups }) => userGroups ?? []))];
}

/** The document with the members of its groups. A group that is not among `groups` has no members. */
export function withMembers(document: AccessDocument, groups: readonly UserGroupMembers[]): Access {
  const members = new Map(groups.map(({ userGroupId, userIds }) => [userGroupId, userIds]));
  return {
    teamId: document.teamId,
    grants: document.grants.map(({ role, users, userGroups, applications }) => ({
      role,
      users: [...new Set([...(users ?? []), ...(userGroups ?? []).flatMap((id) => members.get(id) ?? [])])],
      ...(applications === undefined ? {} : { applications }),
    })),
  };
}

/** The groups without those that the requester changed after the request: nobody makes approvers for an own request. */
export function untouchedGroups(
  groups: readonly UserGroupMembers[],
  request: { requester: Person; startTime: number },
): UserGroupMembers[] {
  return groups.filter(
    ({ updatedBy, updatedAt }) =>
      !(
        updatedBy === request.requester.userId &&
        updatedAt !== undefined &&
        updatedAt >= floorToSecond(request.startTime)
      ),
  );
}

/** Slack tells a group's time in whole seconds: the second of the request counts as after it. */
function floorToSecond(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

/** A person, by Slack's ids. Names are for showing only and are never identity. */
export interface Person {
  userId: string;
  teamId: string;
}

/** What kind of account a Slack user has. Only members count. */
export const STANDINGS = ['member', 'bot', 'guest', 'other workspace', 'deactivated'] as const;
export type Standing = (typeof STANDINGS)[number];

/** True for the same person. */
export function isSamePerson(a: Person, b: Person): boolean {
  return a.userId === b.userId && a.teamId === b.teamId;
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

/** True when `person` has one of `roles` for `application`. */
export function hasRole(access: Access, person: Person, roles: readonly Role[], application: string): boolean {
  return (
    person.teamId === access.teamId &&
    access.grants.some(
      (grant) => roles.includes(grant.role) && isFor(grant, application) && grant.users.includes(person.userId),
    )
  );
}

/** The grants of one person, in the order of the document: for showing what somebody may do. */
export function grantsOf(access: Access, person: Person): { role: Role; applications?: string[] }[] {
  if (person.teamId !== access.teamId) return [];
  return access.grants
    .filter(({ users }) => users.includes(person.userId))
    .map(({ role, applications }) => ({ role, ...(applications === undefined ? {} : { applications }) }));
}

/** Slack user ids of everybody who has `permission` for `application`, each once, in the order of the document. */
export function grantees(access: Access, permission: Permission, application: string): string[] {
  const users = access.grants
    .filter((grant) => (ROLE_PERMISSIONS[grant.role] as readonly Permission[]).includes(permission))
    .filter((grant) => isFor(grant, application))
    .flatMap((grant) => grant.users);
  return [...new Set(users)];
}

function isFor(grant: Access['grants'][number], application: string): boolean {
  return grant.applications === undefined || grant.applications.includes(application);
}
