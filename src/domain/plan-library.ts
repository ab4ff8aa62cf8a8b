import type { Person } from './access.ts';
import { canonicalJson } from './audit-chain.ts';
import { differences } from './plan-differences.ts';
import type { Removed } from './plan-import/import.ts';
import type { ProtectionGroup } from './protection-group.ts';
import type { PlanSet, RecoveryPlan } from './recovery-plan.ts';
import {
  ofGroup,
  type PlanContext,
  type PlanProblem,
  plansBelow,
  validateGroup,
  validatePlanSet,
} from './validate-plan.ts';

/** Stored recovery plans and protection groups. Every change of them goes through a draft whose differences people have seen. */

/** Who changed what is stored: somebody in Slack, or whoever ran a command with AWS credentials (the ARN that STS says). */
export type ChangedBy = Person | { arn: string };

/** A stored thing with the version it has; the first is 1. */
interface Versioned {
  version: number;
  changedBy: ChangedBy;
  /** Milliseconds since the epoch. */
  changedAt: number;
}

export interface StoredPlan extends Versioned {
  plan: RecoveryPlan;
}

export interface StoredGroup extends Versioned {
  group: ProtectionGroup;
}

/** All that is stored, as it was at one moment. */
export interface Library {
  /** Moves with every change of any plan or group; 0 before the first. */
  version: number;
  plans: StoredPlan[];
  groups: StoredGroup[];
}

/** One thing to be stored or removed. */
export type LibraryChange =
  | { kind: 'put plan'; plan: RecoveryPlan }
  | { kind: 'delete plan'; planId: string }
  | { kind: 'put group'; group: ProtectionGroup }
  | { kind: 'delete group'; groupId: string };

/** Changes that somebody has prepared and not stored yet. */
export interface Draft {
  draftId: string;
  by: ChangedBy;
  /** Milliseconds since the epoch. */
  at: number;
  /** The library that its differences were shown against. */
  baseVersion: number;
  changes: LibraryChange[];
}

/** The plans and groups of a library, without who changed them. */
export function planSetOf({ plans, groups }: Library): PlanSet {
  return { plans: plans.map(({ plan }) => plan), groups: groups.map(({ group }) => group) };
}

/** What there would be after the changes. A plan or a group takes the place of the one with its id. */
export function applyChanges({ plans, groups }: PlanSet, changes: readonly LibraryChange[]): PlanSet {
  const plansById = new Map(plans.map((plan) => [plan.planId, plan]));
  const groupsById = new Map(groups.map((group) => [group.groupId, group]));
  for (const change of changes) {
    switch (change.kind) {
      case 'put plan':
        plansById.set(change.plan.planId, change.plan);
        break;
      case 'delete plan':
        plansById.delete(change.planId);
        break;
      case 'put group':
        groupsById.set(change.group.groupId, change.group);
        break;
      case 'delete group':
        groupsById.delete(change.groupId);
        break;
    }
  }
  return { plans: [...plansById.values()], groups: [...groupsById.values()] };
}

/**
 * What would be stored of a file: its plans and groups take the place of those with their ids, and only what it says by
 * name is removed. What says the same as what is stored, or removes what is not there, is no change.
 */
export function changesOf(
  { plans, groups, removed }: PlanSet & { removed?: Removed },
  library: Library,
): LibraryChange[] {
  const stored = planSetOf(library);
  const { recoveryPlans = [], protectionGroups = [] } = removed ?? {};
  return [
    ...stored.plans
      .filter(({ planId }) => recoveryPlans.includes(planId))
      .map(({ planId }) => ({ kind: 'delete plan' as const, planId })),
    ...stored.groups
      .filter(({ groupId }) => protectionGroups.includes(groupId))
      .map(({ groupId }) => ({ kind: 'delete group' as const, groupId })),
    ...groups
      .filter((group) => !stored.groups.some((one) => one.groupId === group.groupId && isSame(one, group)))
      .map((group) => ({ kind: 'put group' as const, group })),
    ...plans
      .filter((plan) => !stored.plans.some((one) => one.planId === plan.planId && isSame(one, plan)))
      .map((plan) => ({ kind: 'put plan' as const, plan })),
  ];
}

/** A plan with all that it needs elsewhere: the plans that it runs, and the groups of them all. */
export function withParts(planId: string, { plans, groups }: PlanSet): PlanSet {
  const whole = plansBelow(planId, plans);
  const named = new Set(whole.flatMap(({ waves }) => waves.flatMap(({ protectionGroupIds }) => protectionGroupIds)));
  return { plans: whole, groups: groups.filter((group) => named.has(group.groupId)) };
}

/** What changes would come to. */
export interface CheckedChanges {
  /** Everything for which they cannot be stored, by plan, wave and field; a group's own problem once. */
  problems: PlanProblem[];
  /** A sentence each. */
  differences: string[];
}

/**
 * Looks at what there would be after the changes. Nothing is stored while there are problems. What was wrong before with
 * things that the changes neither change nor affect stops nobody, and what is wrong between two things, of which one has
 * changed, is said of that one.
 */
export function checkChanges(
  library: Library,
  changes: readonly LibraryChange[],
  context: Omit<PlanContext, 'groups' | 'plans'>,
): CheckedChanges {
  const before = planSetOf(library);
  const after = applyChanges(before, changes);
  const impossible = changes.flatMap((change, at) => [
    ...changedTwice(change, changes.slice(0, at)),
    ...deletionProblems(change, before, after),
  ]);
  // What cannot be deleted has been named: the rest is looked at as if it stayed.
  const possible = changes.filter((change) => deletionProblems(change, before, after).length === 0);
  const known = new Set([...validatePlanSet(before, context), ...groupProblems(before, context)].map(saying));
  const isNamed = (problem: PlanProblem): boolean => {
    const { planId, groupId, wave } = problem;
    const ofPlan = changes.some((change) => change.kind === 'put plan' && change.plan.planId === planId);
    if (groupId === undefined) return ofPlan || (wave !== undefined && !known.has(saying(problem)));
    if (changes.some((change) => change.kind === 'put group' && change.group.groupId === groupId)) return true;
    return ofPlan && known.has(saying(problem));
  };
  const found = validatePlanSet(applyChanges(before, possible), context).filter(isNamed);
  return { problems: [...impossible, ...eachOnce(found)], differences: differences(before, after) };
}

/** What is wrong with each group by itself, as it is said where a wave names it. */
function groupProblems({ groups }: PlanSet, context: Omit<PlanContext, 'groups' | 'plans'>): PlanProblem[] {
  return groups.flatMap((group) =>
    validateGroup(group, { ...context, groups }).map((problem) => ({
      ...problem,
      message: ofGroup(group, problem.message),
    })),
  );
}

function changedTwice(change: LibraryChange, earlier: readonly LibraryChange[]): PlanProblem[] {
  const { planId, groupId } = changed(change);
  if (!earlier.some((one) => changed(one).planId === planId && changed(one).groupId === groupId)) return [];
  if (planId === undefined) {
    return [{ groupId, field: 'groupId', message: `The group ${groupId} is there twice. Leave one of the two out.` }];
  }
  return [{ planId, field: 'planId', message: `The plan ${planId} is there twice. Leave one of the two out.` }];
}

/** Why what is to be deleted has to stay: it is not there, or what is left still names it. */
function deletionProblems(change: LibraryChange, before: PlanSet, after: PlanSet): PlanProblem[] {
  if (change.kind === 'delete plan') {
    const { planId } = change;
    if (!before.plans.some((plan) => plan.planId === planId)) {
      return [{ planId, field: 'planId', message: `There is no plan ${planId}.` }];
    }
    return usesIn(after, ({ recoveryPlanId }) => recoveryPlanId === planId).map((use) => ({
      planId,
      field: 'planId',
      message: `${use} runs it: take it out there first.`,
    }));
  }
  if (change.kind === 'delete group') {
    const { groupId } = change;
    if (!before.groups.some((group) => group.groupId === groupId)) {
      return [{ groupId, field: 'groupId', message: `There is no group ${groupId}.` }];
    }
    return usesIn(after, ({ protectionGroupIds }) => protectionGroupIds.includes(groupId)).map((use) => ({
      groupId,
      field: 'groupId',
      message: `${use} has it: take it out there first.`,
    }));
  }
  return [];
}

/** The waves that something is true of, as people call them. */
function usesIn({ plans }: PlanSet, isUse: (wave: RecoveryPlan['waves'][number]) => boolean): string[] {
  return plans.flatMap(({ planName, waves }) =>
    waves.filter(isUse).map(({ waveNumber }) => `Wave ${waveNumber} of the plan ${planName}`),
  );
}

/** What a change is of: the id of a plan or of a group. */
function changed(change: LibraryChange): { planId?: string; groupId?: string } {
  switch (change.kind) {
    case 'put plan':
      return { planId: change.plan.planId };
    case 'delete plan':
      return { planId: change.planId };
    case 'put group':
      return { groupId: change.group.groupId };
    case 'delete group':
      return { groupId: change.groupId };
  }
}

/** What is wrong with a group by itself is said where the first wave names it. */
function eachOnce(problems: readonly PlanProblem[]): PlanProblem[] {
  return [...new Map(problems.toReversed().map((problem) => [saying(problem), problem])).values()].toReversed();
}

/** The same text for what is wrong with a group by itself, wherever it is named. */
function saying({ groupId, message, ...place }: PlanProblem): string {
  return canonicalJson(groupId === undefined ? { message, ...place } : { message, groupId });
}

function isSame(one: object, other: object): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
