import { type Context, holds, matchesAction, matchesPattern } from './match.ts';
import type { Patterns, PolicyStatement, PrincipalEntry } from './policy.ts';

/** Who calls: a role, or an AWS service that acts by itself. */
export type Caller = { roleArn: string } | { service: string };

/** A call as IAM is asked about it. */
export interface Request {
  caller: Caller;
  /** e.g. `drs:StartRecovery`. */
  action: string;
  /** ARN, or `*`. */
  resource: string;
  context: Context;
}

/** The policy of a resource, as far as IAM treats them differently. */
export interface ResourcePolicy {
  /** Keys and roles are used by nobody whom their policy does not let in; for others the caller's own policy is enough. */
  kind: 'trust' | 'key' | 'other';
  statements: readonly PolicyStatement[];
}

/** All that is looked at to decide about a request. */
export interface Policies {
  /** Of the caller, if it is a role. */
  identity: readonly PolicyStatement[];
  /** Of the resource, if it has one. */
  resource: ResourcePolicy | undefined;
  /** Account of the resource; undefined where it is the caller's in any case. */
  resourceAccount: string | undefined;
}

/**
 * `allowed`, or what is in the way: a statement that denies, no statement of the caller's own policies, or none of the
 * resource's policy.
 */
export type Verdict = 'allowed' | 'explicit deny' | 'no identity policy' | 'no resource policy';

/**
 * IAM's evaluation within and across accounts (IAM user guide, Policy evaluation logic), without permissions boundaries,
 * session policies and policies of the organisation, which the product does not have.
 * @throws for what the evaluation does not know
 */
export function evaluate(request: Request, { identity, resource, resourceAccount }: Policies): Verdict {
  const own = identity.filter((statement) => isAbout(statement, request));
  const others = (resource?.statements ?? []).filter(
    (statement) => isAbout(statement, request) && names(statement.principals, request.caller) !== 'nobody',
  );
  if ([...own, ...others].some(({ effect }) => effect === 'Deny')) return 'explicit deny';
  const isAllowedToCaller = own.some(({ effect }) => effect === 'Allow');
  const letIn = others
    .filter(({ effect }) => effect === 'Allow')
    .map(({ principals }) => names(principals, request.caller));
  if ('service' in request.caller) return letIn.includes('caller') ? 'allowed' : 'no resource policy';
  const isSameAccount = resourceAccount === undefined || resourceAccount === accountOf(request.caller.roleArn);
  if (!isSameAccount) {
    if (!isAllowedToCaller) return 'no identity policy';
    return letIn.length > 0 ? 'allowed' : 'no resource policy';
  }
  // A policy that names the caller itself is enough; one that names its account leaves it to the caller's own.
  if (letIn.includes('caller')) return 'allowed';
  if (!isAllowedToCaller) return 'no identity policy';
  const isShut = resource !== undefined && resource.kind !== 'other';
  return isShut && letIn.length === 0 ? 'no resource policy' : 'allowed';
}

/** Whether a statement is about a request, whoever makes it. @throws for what the evaluation does not know */
export function isAbout(
  { actions, resources, conditions }: PolicyStatement,
  request: Omit<Request, 'caller'>,
): boolean {
  const { action, resource, context } = request;
  if (!isOn(actions, (pattern) => matchesAction(pattern, action))) return false;
  if (resources !== undefined && !isOn(resources, (pattern) => matchesPattern(pattern, resource))) return false;
  return conditions.every((condition) => holds(condition, context));
}

function isOn<Entry>({ negated, entries }: Patterns<Entry>, matches: (entry: Entry) => boolean): boolean {
  return entries.some(matches) !== negated;
}

/** Whether the principals of a statement are the caller, or its whole account, or neither. */
function names(principals: Patterns<PrincipalEntry> | undefined, caller: Caller): 'caller' | 'account' | 'nobody' {
  if (principals === undefined) return 'nobody';
  if (principals.negated) throw new Error('NotPrincipal is not evaluated');
  const found = principals.entries.map((entry) => namesOne(entry, caller));
  if (found.includes('caller')) return 'caller';
  return found.includes('account') ? 'account' : 'nobody';
}

function namesOne({ kind, value }: PrincipalEntry, caller: Caller): 'caller' | 'account' | 'nobody' {
  if (kind === 'Service') return 'service' in caller && caller.service === value ? 'caller' : 'nobody';
  if (kind !== 'AWS') throw new Error(`principals of the kind ${kind} are not evaluated`);
  if (value === '*') return 'caller';
  if (!('roleArn' in caller)) return 'nobody';
  if (value === caller.roleArn) return 'caller';
  const account = /^(?:arn:[^:]+:iam::)?(\d{12})(?::root)?$/.exec(value)?.[1];
  return account !== undefined && account === accountOf(caller.roleArn) ? 'account' : 'nobody';
}

function accountOf(roleArn: string): string {
  return roleArn.split(':')[4] ?? '';
}
