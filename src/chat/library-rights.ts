import { type Access, may, type Permission, type Person, VIEW_PERMISSION } from '../domain/access.ts';
import type { Library, LibraryChange, StoredGroup, StoredPlan } from '../domain/plan-library.ts';
import type { RecoveryPlan } from '../domain/recovery-plan.ts';
import { maySomewhere } from './rights.ts';

/**
 * Nobody names an application so: who has a permission for it has it for all. A plan without an application and a group
 * may concern every application's servers.
 */
const EVERYTHING = '';

/** What a change needs, and of which application; `''` stands for all of them. */
export interface NeededRight {
  permission: Permission;
  application: string;
  /** What the change is, e.g. `change the recovery plan HRP`. Not escaped. */
  todo: string;
}

/** Everything that somebody has to be allowed who stores these changes. */
export function neededRights(changes: readonly LibraryChange[], library: Library): NeededRight[] {
  return changes.flatMap((change) => rightsOf(change, library));
}

function rightsOf(change: LibraryChange, library: Library): NeededRight[] {
  switch (change.kind) {
    case 'put plan': {
      const { planName, planId } = change.plan;
      const stored = planWith(library, planId);
      return stored === undefined
        ? [rightFor('drs:CreateRecoveryPlan', change.plan, `make the recovery plan ${planName}`)]
        : // Whoever takes a plan from one application to another changes what both have.
          eachOnce([stored, change.plan]).map((plan) =>
            rightFor('drs:UpdateRecoveryPlan', plan, `change the recovery plan ${stored.planName}`),
          );
    }
    case 'delete plan': {
      const stored = planWith(library, change.planId);
      return [
        {
          permission: 'drs:DeleteRecoveryPlan',
          application: stored?.application ?? EVERYTHING,
          todo: `delete the recovery plan ${stored?.planName ?? change.planId}`,
        },
      ];
    }
    case 'put group': {
      const { groupId, groupName } = change.group;
      const isNew = !library.groups.some(({ group }) => group.groupId === groupId);
      return [
        {
          permission: isNew ? 'drs:CreateProtectionGroup' : 'drs:UpdateProtectionGroup',
          application: EVERYTHING,
          todo: `${isNew ? 'make' : 'change'} the protection group ${groupName}`,
        },
      ];
    }
    case 'delete group':
      return [
        {
          permission: 'drs:DeleteProtectionGroup',
          application: EVERYTHING,
          todo: `delete the protection group ${change.groupId}`,
        },
      ];
  }
}

/** The first right that somebody lacks for these changes; undefined when they may store them. */
export function lackingRight(
  access: Access,
  person: Person,
  changes: readonly LibraryChange[],
  library: Library,
): NeededRight | undefined {
  return neededRights(changes, library).find(
    ({ permission, application }) => !may(access, person, permission, application),
  );
}

/** True when somebody may see a plan: one without an application only who may see everything. */
export function maySeePlan(
  access: Access,
  person: Person,
  { application }: Pick<RecoveryPlan, 'application'>,
): boolean {
  return may(access, person, VIEW_PERMISSION, application ?? EVERYTHING);
}

/** The plans that somebody may see. */
export function visiblePlans(access: Access, person: Person, { plans }: Library): StoredPlan[] {
  return plans.filter(({ plan }) => maySeePlan(access, person, plan));
}

/** The groups that somebody may see: all of them, or those that plans name which they may see. */
export function visibleGroups(access: Access, person: Person, library: Library): StoredGroup[] {
  if (may(access, person, VIEW_PERMISSION, EVERYTHING)) return library.groups;
  const named = new Set(
    visiblePlans(access, person, library).flatMap(({ plan }) =>
      plan.waves.flatMap(({ protectionGroupIds }) => protectionGroupIds),
    ),
  );
  return library.groups.filter(({ group }) => named.has(group.groupId));
}

/** True when somebody may make or change plans of at least one application. */
export function mayPlanSomewhere(access: Access, person: Person): boolean {
  return maySomewhere(access, person, 'drs:CreateRecoveryPlan');
}

function planWith({ plans }: Library, planId: string): RecoveryPlan | undefined {
  return plans.find(({ plan }) => plan.planId === planId)?.plan;
}

function rightFor(permission: Permission, { application }: RecoveryPlan, todo: string): NeededRight {
  return { permission, application: application ?? EVERYTHING, todo };
}

/** One plan of each application. */
function eachOnce(plans: readonly RecoveryPlan[]): RecoveryPlan[] {
  return [...new Map(plans.map((plan) => [plan.application ?? EVERYTHING, plan])).values()];
}
