import { describe, expect, it } from 'vitest';
import {
  type Access,
  APPROVE_PERMISSION,
  ASK_PERMISSION,
  accessSchema,
  approvePermissions,
  grantees,
  hasRole,
  may,
  mayAll,
  PERMISSIONS,
  type Permission,
  ROLE_PERMISSIONS,
  type Role,
  untouchedGroups,
  userGroupsOf,
  withMembers,
} from '../../src/domain/access.ts';

const TEAM = 'T0PRACTICE';
const USER = 'U0SOMEBODY';
const OTHER = 'U0OTHER000';
const accessOf = (...grants: Access['grants']): Access => ({ teamId: TEAM, grants });
const isAllowed = (access: Access, permission: Permission, application = 'HRP') =>
  may(access, { userId: USER, teamId: TEAM }, permission, application);

describe('what a role may do', () => {
  const ALL = [...PERMISSIONS];
  it.each<[Role, readonly Permission[]]>([
    ['DRSOrchestrationAdmin', ALL],
    [
      'DRSRecoveryManager',
      ['drs:ExecuteRecovery', 'drs:ManageExecution', 'drs:TerminateInstances', 'drs:ViewResources'],
    ],
    [
      'DRSPlanManager',
      [
        'drs:CreateProtectionGroup',
        'drs:UpdateProtectionGroup',
        'drs:CreateRecoveryPlan',
        'drs:UpdateRecoveryPlan',
        'drs:ViewResources',
      ],
    ],
    ['DRSOperator', ['drs:ExecuteRecovery', 'drs:ViewResources']],
    ['DRSReadOnly', ['drs:ViewResources']],
  ])('%s: exactly its permissions', (role, permissions) => {
    const access = accessOf({ role, users: [USER] });
    expect(ALL.filter((permission) => isAllowed(access, permission))).toEqual(permissions);
  });

  it('is one of eleven permissions', () => {
    expect(new Set(PERMISSIONS).size).toBe(11);
  });

  it.each<{ role: Role; asks: boolean; approves: boolean }>([
    { role: 'DRSOrchestrationAdmin', asks: true, approves: true },
    { role: 'DRSRecoveryManager', asks: true, approves: true },
    { role: 'DRSPlanManager', asks: false, approves: false },
    { role: 'DRSOperator', asks: true, approves: false },
    { role: 'DRSReadOnly', asks: false, approves: false },
  ])('$role asks for a drill: $asks, approves one: $approves', ({ role, asks, approves }) => {
    const permissions: readonly Permission[] = ROLE_PERMISSIONS[role];
    expect(permissions.includes(ASK_PERMISSION)).toBe(asks);
    expect(permissions.includes(APPROVE_PERMISSION)).toBe(approves);
  });
});

describe('what an approver needs', () => {
  it.each(['drill', 'failover', 'failback'] as const)('for a %s: to manage executions', (verb) => {
    expect(approvePermissions(verb)).toEqual(['drs:ManageExecution']);
  });

  it('for a termination: to terminate instances as well', () => {
    expect(approvePermissions('terminate')).toEqual(['drs:ManageExecution', 'drs:TerminateInstances']);
  });

  it('is all of it, for the same application, and never nothing', () => {
    const person = { userId: USER, teamId: TEAM };
    const access = accessOf(
      { role: 'DRSRecoveryManager', users: [USER], applications: ['HRP'] },
      { role: 'DRSPlanManager', users: [USER], applications: ['CRM'] },
    );
    expect(mayAll(access, person, ['drs:ManageExecution', 'drs:TerminateInstances'], 'HRP')).toBe(true);
    expect(mayAll(access, person, ['drs:ManageExecution', 'drs:CreateRecoveryPlan'], 'HRP')).toBe(false);
    expect(mayAll(access, person, [], 'HRP')).toBe(false);
  });
});

describe('who may', () => {
  const manager = { role: 'DRSRecoveryManager' as const, users: [USER] };

  it.each([
    { name: 'a grant without applications is for all', applications: undefined, application: 'HRP', allowed: true },
    { name: 'a grant for the application', applications: ['CRM', 'HRP'], application: 'HRP', allowed: true },
    { name: 'a grant for another application', applications: ['CRM'], application: 'HRP', allowed: false },
    {
      name: 'an application of which the name only begins so',
      applications: ['HRP'],
      application: 'HRP2',
      allowed: false,
    },
    { name: 'an application written otherwise', applications: ['HRP'], application: 'hrp', allowed: false },
  ])('$name: $allowed', ({ applications, application, allowed }) => {
    const access = accessOf({ ...manager, applications });
    expect(isAllowed(access, 'drs:ManageExecution', application)).toBe(allowed);
  });

  it('nobody of another workspace, whatever the user id', () => {
    expect(may(accessOf(manager), { userId: USER, teamId: 'T0ELSEWHERE' }, 'drs:ManageExecution', 'HRP')).toBe(false);
  });

  it('nobody who is in no grant', () => {
    expect(may(accessOf(manager), { userId: OTHER, teamId: TEAM }, 'drs:ViewResources', 'HRP')).toBe(false);
  });

  it('a person of two grants has the permissions of both, each for its applications', () => {
    const access = accessOf({ role: 'DRSReadOnly', users: [USER] }, { ...manager, applications: ['CRM'] });
    expect(isAllowed(access, 'drs:ManageExecution', 'CRM')).toBe(true);
    expect(isAllowed(access, 'drs:ManageExecution', 'HRP')).toBe(false);
    expect(isAllowed(access, 'drs:ViewResources', 'HRP')).toBe(true);
  });

  it('everybody who may is listed once, in the order of the document', () => {
    const access = accessOf(
      { role: 'DRSReadOnly', users: ['U0READER00'] },
      { ...manager, users: [OTHER, USER] },
      { role: 'DRSOrchestrationAdmin', users: [USER, 'U0ADMIN000'] },
    );
    expect(grantees(access, 'drs:ManageExecution', 'HRP')).toEqual([OTHER, USER, 'U0ADMIN000']);
  });
});

describe('user groups', () => {
  const document = accessSchema.parse({
    teamId: TEAM,
    grants: [
      { role: 'DRSRecoveryManager', users: [USER], userGroups: ['S0MANAGERS', 'S0NIGHT000'], applications: ['HRP'] },
      { role: 'DRSReadOnly', userGroups: ['S0MANAGERS'] },
    ],
  });
  const group = (userGroupId: string, ...userIds: string[]) => ({ userGroupId, userIds });

  it('are named once', () => {
    expect(userGroupsOf(document)).toEqual(['S0MANAGERS', 'S0NIGHT000']);
  });

  it('give their members the role, for the same applications', () => {
    const access = withMembers(document, [group('S0MANAGERS', OTHER, USER), group('S0NIGHT000', 'U0NIGHT000')]);
    expect(grantees(access, 'drs:ManageExecution', 'HRP')).toEqual([USER, OTHER, 'U0NIGHT000']);
    expect(grantees(access, 'drs:ManageExecution', 'CRM')).toEqual([]);
    expect(hasRole(access, { userId: OTHER, teamId: TEAM }, ['DRSReadOnly'], 'CRM')).toBe(true);
  });

  it('that Slack does not know have no members', () => {
    expect(grantees(withMembers(document, []), 'drs:ManageExecution', 'HRP')).toEqual([USER]);
  });

  it('do not count when the requester changed them after the request, to the second', () => {
    const request = { requester: { userId: USER, teamId: TEAM }, startTime: 1_000_900 };
    const changed = (updatedBy: string, updatedAt: number) => ({ ...group('S0MANAGERS', OTHER), updatedBy, updatedAt });
    expect(untouchedGroups([changed(USER, 1_000_000)], request)).toEqual([]);
    expect(untouchedGroups([changed(USER, 1_002_000)], request)).toEqual([]);
    expect(untouchedGroups([changed(USER, 999_000)], request)).toHaveLength(1);
    expect(untouchedGroups([changed(OTHER, 1_002_000)], request)).toHaveLength(1);
    expect(untouchedGroups([group('S0MANAGERS', OTHER)], request)).toHaveLength(1);
  });
});

describe('the access document', () => {
  const grant = { role: 'DRSOperator', users: [USER] };
  const document = { teamId: TEAM, grants: [grant] };

  it('is taken when it is right', () => {
    expect(accessSchema.parse(document)).toEqual(document);
  });

  it.each<{ name: string; wrong: unknown }>([
    { name: 'a team id of another kind', wrong: { ...document, teamId: 'E0PRACTICE' } },
    { name: 'no grants', wrong: { ...document, grants: [] } },
    { name: 'an unknown role', wrong: { ...document, grants: [{ ...grant, role: 'Superuser' }] } },
    {
      name: 'an e-mail address for a person',
      wrong: { ...document, grants: [{ ...grant, users: ['a@example.com'] }] },
    },
    { name: 'a Slack group for a person', wrong: { ...document, grants: [{ ...grant, users: ['S0GROUP000'] }] } },
    { name: 'a grant for neither people nor groups', wrong: { ...document, grants: [{ role: 'DRSOperator' }] } },
    {
      name: 'a person for a Slack group',
      wrong: { ...document, grants: [{ role: 'DRSOperator', userGroups: [USER] }] },
    },
    { name: 'a grant for nobody', wrong: { ...document, grants: [{ ...grant, users: [] }] } },
    { name: 'a grant for no application', wrong: { ...document, grants: [{ ...grant, applications: [] }] } },
    { name: 'a misspelt field', wrong: { ...document, grants: [{ ...grant, application: ['HRP'] }] } },
  ])('is refused with $name', ({ wrong }) => {
    expect(accessSchema.safeParse(wrong).success).toBe(false);
  });
});
