import { describe, expect, test } from 'vitest';
import { lackingRight, visibleGroups, visiblePlans } from '../../src/chat/library-rights.ts';
import type { Access, Role } from '../../src/domain/access.ts';
import type { Library, LibraryChange } from '../../src/domain/plan-library.ts';
import { type RecoveryPlan, recoveryPlanSchema } from '../../src/domain/recovery-plan.ts';

const person = { userId: 'U0PLANNER01', teamId: 'T0PRACTICE1' };
const stamp = { version: 1, changedBy: person, changedAt: 0 };

const plan = (planId: string, application?: string, groups: string[] = []): RecoveryPlan =>
  recoveryPlanSchema.parse({
    planId,
    planName: planId,
    ...(application === undefined ? {} : { application }),
    waves: [{ waveNumber: 1, waveName: 'one', protectionGroupIds: groups }],
  });
const group = (groupId: string) => ({ groupId, groupName: groupId, region: 'us-east-2', tagCriteria: { a: 'b' } });

const library: Library = {
  version: 3,
  plans: [plan('hrp', 'HRP', ['hrp-db']), plan('portal', 'Portal', ['web']), plan('all')].map((one) => ({
    plan: one,
    ...stamp,
  })),
  groups: ['hrp-db', 'web', 'unused'].map((id) => ({ group: group(id), ...stamp })),
};

const accessOf = (role: Role, applications?: string[]): Access => ({
  teamId: person.teamId,
  grants: [{ role, users: [person.userId], ...(applications === undefined ? {} : { applications }) }],
});
const lacks = (access: Access, change: LibraryChange) => lackingRight(access, person, [change], library)?.permission;

describe('a planner of one application', () => {
  const access = accessOf('DRSPlanManager', ['HRP']);

  test('stores plans of it, and of no other', () => {
    expect(lacks(access, { kind: 'put plan', plan: plan('hrp', 'HRP') })).toBeUndefined();
    expect(lacks(access, { kind: 'put plan', plan: plan('new', 'HRP') })).toBeUndefined();
    expect(lacks(access, { kind: 'put plan', plan: plan('portal', 'Portal') })).toBe('drs:UpdateRecoveryPlan');
    expect(lacks(access, { kind: 'put plan', plan: plan('new', 'Portal') })).toBe('drs:CreateRecoveryPlan');
  });

  test('takes no plan from another application, and gives none to it', () => {
    expect(lacks(access, { kind: 'put plan', plan: plan('portal', 'HRP') })).toBe('drs:UpdateRecoveryPlan');
    expect(lacks(access, { kind: 'put plan', plan: plan('hrp', 'Portal') })).toBe('drs:UpdateRecoveryPlan');
  });

  test('stores no plan without an application, and no group: these may concern every server', () => {
    expect(lacks(access, { kind: 'put plan', plan: plan('new') })).toBe('drs:CreateRecoveryPlan');
    expect(lacks(access, { kind: 'put plan', plan: plan('hrp') })).toBe('drs:UpdateRecoveryPlan');
    expect(lacks(access, { kind: 'put group', group: group('hrp-db') })).toBe('drs:UpdateProtectionGroup');
    expect(lacks(access, { kind: 'put group', group: group('other') })).toBe('drs:CreateProtectionGroup');
  });

  test('sees its plans and their groups', () => {
    expect(visiblePlans(access, person, library).map((one) => one.plan.planId)).toEqual(['hrp']);
    expect(visibleGroups(access, person, library).map((one) => one.group.groupId)).toEqual(['hrp-db']);
  });
});

test('a planner of all applications stores everything and deletes nothing; an administrator deletes', () => {
  const planner = accessOf('DRSPlanManager');
  const admin = accessOf('DRSOrchestrationAdmin');
  expect(lacks(planner, { kind: 'put plan', plan: plan('new') })).toBeUndefined();
  expect(lacks(planner, { kind: 'put group', group: group('new') })).toBeUndefined();
  for (const change of [
    { kind: 'delete plan', planId: 'hrp' },
    { kind: 'delete group', groupId: 'web' },
  ] as const) {
    expect(lacks(planner, change)).toMatch(/^drs:Delete/);
    expect(lacks(admin, change)).toBeUndefined();
    expect(lacks(accessOf('DRSReadOnly'), change)).toMatch(/^drs:Delete/);
  }
  expect(visibleGroups(planner, person, library)).toHaveLength(3);
  expect(visiblePlans(planner, { ...person, teamId: 'T0OTHER' }, library)).toEqual([]);
});
