import { type Authorization, type AwsCall, authorizationsOf } from '../../../src/local/aws/identities.ts';
import { knownAction, overlap } from './catalogue.ts';
import { isAbout } from './evaluate.ts';
import type { DeployedRole, Organisation } from './organisation.ts';
import type { PolicyStatement } from './policy.ts';

/** What IAM was asked about a role. */
interface Asked extends Authorization {
  roleArn: string;
}

/**
 * What a service asks the key's service in its caller's name (KMS developer guide, on each service): the proof that a role
 * may use what is encrypted. Parameters are not encrypted.
 */
const KEY_USES: Readonly<Record<string, readonly string[]>> = {
  'dynamodb:GetItem': ['kms:Decrypt'],
  'dynamodb:Query': ['kms:Decrypt'],
  'dynamodb:PutItem': ['kms:Decrypt'],
  'dynamodb:UpdateItem': ['kms:Decrypt'],
  's3:PutObject': ['kms:GenerateDataKey'],
  's3:GetObject': ['kms:Decrypt'],
  'secretsmanager:GetSecretValue': ['kms:Decrypt'],
};

/** All that IAM was asked about calls, each question once. */
export function askedAbout(calls: readonly AwsCall[], organisation: Organisation): Asked[] {
  const once = new Map<string, Asked>();
  for (const call of calls) {
    for (const authorization of authorizationsOf(call)) {
      for (const one of [authorization, ...keyUses(authorization, organisation)]) {
        const asked = { roleArn: call.identity.roleArn, ...one };
        once.set(JSON.stringify(asked), asked);
      }
    }
  }
  return [...once.values()];
}

function keyUses({ action, resource }: Authorization, { stacks }: Organisation): Authorization[] {
  const [service = ''] = action.split(':');
  const [, , , region] = resource.split(':');
  const [central] = stacks;
  const key = central?.resources.find(({ type }) => type === 'AWS::KMS::Key');
  if (central === undefined || key === undefined) throw new Error('there is no key');
  const { partition, accountId, region: here } = central.place;
  return (KEY_USES[action] ?? []).map((use) => ({
    action: use,
    resource: `arn:${partition}:kms:${here}:${accountId}:key/${key.id}`,
    context: { 'kms:ViaService': [`${service}.${region || here}.amazonaws.com`] },
  }));
}

/** What the policies refuse of what IAM was asked, in words. Roles that are not the product's are left out. */
export function refusals(asked: readonly Asked[], organisation: Organisation): string[] {
  const refused = asked.flatMap(({ roleArn, action, resource, context }) => {
    const role = organisation.roleOf(roleArn);
    if (role === undefined) return [];
    const verdict = organisation.decide({ by: role, action, resource, context });
    return verdict === 'allowed' ? [] : [`${role.accountId} ${role.name}: ${action} on ${resource}: ${verdict}`];
  });
  return [...new Set(refused)];
}

/** A right that a policy gives: an action on a resource, with accounts, Regions and documents left out. */
export interface Right {
  role: string;
  action: string;
  resource: string;
}

/**
 * The rights that no question has needed: of every statement that allows, each action with each resource that it takes.
 * Roles of the same name in several accounts have the same rights, and one of them has to use them. An action with a
 * wildcard counts as one that nothing needs.
 */
export async function unusedRights(asked: readonly Asked[], { roles, contextOf }: Organisation): Promise<Right[]> {
  const used = new Set<string>();
  const given = new Map<string, Right>();
  const byRole = Map.groupBy(asked, ({ roleArn }) => roleArn);
  for (const role of roles) {
    const made = byRole.get(role.arn) ?? [];
    for (const statement of role.identity.filter(({ effect }) => effect === 'Allow')) {
      for (const [right, part] of await partsOf(role, statement)) {
        const key = JSON.stringify(right);
        given.set(key, right);
        const needs = ({ action, resource, context }: Asked) =>
          isAbout(part, { action, resource, context: { ...contextOf({ roleArn: role.arn }), ...context } });
        if (!used.has(key) && made.some(needs)) used.add(key);
      }
    }
  }
  return [...given].filter(([key]) => !used.has(key)).map(([, right]) => right);
}

/** Each action of a statement with each resource that it takes. */
async function partsOf(role: DeployedRole, statement: PolicyStatement): Promise<[Right, PolicyStatement][]> {
  const { actions, resources } = statement;
  if (actions.negated || resources === undefined || resources.negated) {
    throw new Error(`${role.name} is allowed all but something`);
  }
  const parts: [Right, PolicyStatement][] = [];
  for (const action of actions.entries) {
    const { resourceTypes = [] } = (await knownAction(action)) ?? {};
    const takes = (resource: string) =>
      resourceTypes.length === 0 || resourceTypes.some(({ arn }) => overlap(arn, resource));
    for (const resource of resources.entries.filter(takes)) {
      parts.push([
        { role: role.name, action, resource: anywhere(resource) },
        {
          ...statement,
          // What has a wildcard matches nothing by itself.
          actions: { negated: false, entries: action.includes('*') ? [] : [action] },
          resources: { negated: false, entries: [resource] },
        },
      ]);
    }
  }
  return parts;
}

/** An ARN without what differs from account to account. */
function anywhere(resource: string): string {
  const [arn = '', partition = '', service = '', region = '', account = '', ...name] = resource.split(':');
  if (arn !== 'arn') return resource;
  // Which documents there are, and whose, is the deployment's to say.
  const what = name.join(':').replace(/(document|automation-definition)\/[\w-]+/, '$1/(document)');
  const isOfDocument = what.includes('(document)');
  const place = region === '' ? '' : '(Region)';
  return [arn, partition, service, place, account === '' && !isOfDocument ? '' : '(account)', what].join(':');
}
