import type { Deployment } from '../../../infra/deployment.ts';
import { namesOf } from '../../../infra/names.ts';
import { synthesize } from '../synthesized.ts';
import { deployedResources, type Place, type ResolvedResource } from './cloudformation.ts';
import { type Caller, evaluate, type Request, type ResourcePolicy, type Verdict } from './evaluate.ts';
import type { Context } from './match.ts';
import { type PolicyStatement, readPolicy, readStatement } from './policy.ts';

/** A deployed stack, with its resources resolved. */
export interface DeployedStack {
  /** e.g. `central`, `staging 111111111111`. */
  name: string;
  place: Place;
  resources: readonly ResolvedResource[];
}

/** A role and what its own policies say: of the product, or of somebody else, whose rights are theirs to say. */
export interface Identity {
  arn: string;
  identity: readonly PolicyStatement[];
}

/** A role of the product, as it is deployed. */
export interface DeployedRole extends Identity {
  name: string;
  accountId: string;
  /** Name of its stack. */
  stack: string;
  trust: readonly PolicyStatement[];
}

/** The rights of an administrator. */
const EVERYTHING = readPolicy({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } });

/** Somebody with all rights that their own account can give. */
export function administrator(accountId: string, name = 'admin'): Identity {
  return { arn: `arn:aws:iam::${accountId}:role/${name}`, identity: EVERYTHING };
}

/** All policies of a deployment, and what they say about calls. */
export type Organisation = ReturnType<typeof organisationOf>;

const known = new Map<string, Organisation>();

/** The policies of a deployment, read once for all who ask. */
export function deployedOrganisation(deployment: Deployment): Organisation {
  const key = JSON.stringify(deployment);
  const made = known.get(key) ?? organisationOf(deployment);
  known.set(key, made);
  return made;
}

/** The stacks of a deployment, with names for ARNs. */
export function deployedStacks(deployment: Deployment): DeployedStack[] {
  const { central, staging, origins, targets } = synthesize(deployment);
  const { partition } = namesOf(deployment);
  const { accountId, region } = deployment.central;
  const stack = (name: string, view: typeof central, place: { accountId: string; region: string }): DeployedStack => {
    const at = { partition, accountId: place.accountId, region: place.region };
    return { name, place: at, resources: deployedResources(view.template.toJSON(), at) };
  };
  const each = <Of extends { accountId: string; region?: string }>(kind: string, views: (typeof central)[], of: Of[]) =>
    of.flatMap((one, at) => {
      const view = views[at];
      const regional = kind === 'origin' ? `${one.accountId} ${one.region}` : one.accountId;
      return view === undefined
        ? []
        : [stack(`${kind} ${regional}`, view, { accountId: one.accountId, region: one.region ?? region })];
    });
  return [
    stack('central', central, { accountId, region }),
    ...each('staging', staging, deployment.stagingAccounts),
    ...each('origin', origins, deployment.origins),
    ...each('target', targets, deployment.targetAccounts),
  ];
}

function organisationOf(deployment: Deployment) {
  const stacks = deployedStacks(deployment);
  const roles = new Map(stacks.flatMap(rolesOf).map((role) => [role.arn, role]));
  const policies = new Map(stacks.flatMap(resourcePoliciesOf));
  const bucketOwners = new Map(
    stacks.flatMap(({ place, resources }) =>
      resources.flatMap(({ type, properties }): [string, string][] =>
        type === 'AWS::S3::BucketPolicy' ? [[String(properties.Bucket), place.accountId]] : [],
      ),
    ),
  );
  const members = new Set(stacks.map(({ place }) => place.accountId));

  /** The account that a resource belongs to; none where it is the caller's, whoever calls. */
  function accountOf(resource: string): string | undefined {
    const [, , service, , account = '', name = ''] = resource.split(':');
    // Trails have no policies: an organisation's is shown to its member accounts by CloudTrail, to whom their own policies let look.
    if (service === 'cloudtrail' && name.startsWith('trail/')) return undefined;
    if (service === 's3') return bucketOwners.get(name.split('/')[0] ?? '') ?? 'another account';
    return account === '' ? undefined : account;
  }

  /** What every request says of who signed it. */
  function contextOf(caller: Caller): Context {
    // Nothing is sent otherwise by the SDKs.
    const secure = { 'aws:SecureTransport': ['true'] };
    if ('service' in caller) return { ...secure, 'aws:PrincipalIsAWSService': ['true'] };
    const account = caller.roleArn.split(':')[4] ?? '';
    return {
      ...secure,
      'aws:PrincipalArn': [caller.roleArn],
      'aws:PrincipalAccount': [account],
      'aws:PrincipalIsAWSService': ['false'],
      'kms:CallerAccount': [account],
      ...(members.has(account) ? { 'aws:PrincipalOrgID': [deployment.organizationId] } : {}),
    };
  }

  return {
    stacks,
    roles: [...roles.values()],
    /** Policies of resources, by the ARNs of these. */
    resourcePolicies: policies,
    /** The product's role of this name in an account. @throws when there is none */
    role(accountId: string, name: string): DeployedRole {
      const found = [...roles.values()].find(({ arn }) => arn.endsWith(`::${accountId}:role/${name}`));
      if (found === undefined) throw new Error(`there is no role ${name} in ${accountId}`);
      return found;
    },
    /** The product's role with this ARN, if it is one. */
    roleOf: (roleArn: string): DeployedRole | undefined => roles.get(roleArn),
    contextOf,
    /** What the policies say about a call of a role of the product, of an outsider, or of an AWS service. */
    decide(call: { by: Identity | { service: string }; action: string; resource: string; context?: Context }): Verdict {
      const { by, action, resource } = call;
      const caller: Caller = 'service' in by ? by : { roleArn: by.arn };
      const request: Request = { caller, action, resource, context: { ...contextOf(caller), ...call.context } };
      return evaluate(request, {
        identity: 'service' in by ? [] : by.identity,
        resource: policyFor(action, resource),
        resourceAccount: accountOf(resource),
      });
    },
  };

  function policyFor(action: string, resource: string): ResourcePolicy | undefined {
    const role = action === 'sts:AssumeRole' ? roles.get(resource) : undefined;
    if (role !== undefined) return { kind: 'trust', statements: role.trust };
    return policies.get(ownerOf(resource));
  }
}

/** Whose policy is looked at: of an object its bucket's, of a version its function's. */
function ownerOf(resource: string): string {
  if (resource.includes(':s3:::')) return resource.split('/')[0] ?? '';
  const [aFunction] = /^arn:[^:]+:lambda:[^:]*:\d+:function:[^:]+/.exec(resource) ?? [];
  return aFunction ?? resource;
}

function rolesOf({ name, place, resources }: DeployedStack): DeployedRole[] {
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  return ofType('AWS::IAM::Role').map(({ properties }) => {
    const { RoleName, ManagedPolicyArns, PermissionsBoundary, AssumeRolePolicyDocument, Policies } = properties;
    if (ManagedPolicyArns !== undefined || PermissionsBoundary !== undefined) {
      throw new Error(`${String(RoleName)} has policies that are not read here`);
    }
    const inline = ((Policies ?? []) as { PolicyDocument: unknown }[]).map(({ PolicyDocument }) => PolicyDocument);
    const attached = [...ofType('AWS::IAM::Policy'), ...ofType('AWS::IAM::ManagedPolicy')]
      .filter((policy) => ((policy.properties.Roles ?? []) as unknown[]).includes(RoleName))
      .map((policy) => policy.properties.PolicyDocument);
    return {
      arn: `arn:${place.partition}:iam::${place.accountId}:role/${String(RoleName)}`,
      name: String(RoleName),
      accountId: place.accountId,
      stack: name,
      identity: [...inline, ...attached].flatMap(readPolicy),
      trust: readPolicy(AssumeRolePolicyDocument),
    };
  });
}

type OfResource = [arn: string, policy: ResourcePolicy];

/** The policies of a stack's resources, by the ARNs of these. @throws for a kind of policy that is not known here */
function resourcePoliciesOf(stack: DeployedStack): OfResource[] {
  const found = stack.resources.flatMap((resource) => policiesOf(resource, stack.place));
  const byArn = new Map<string, ResourcePolicy>();
  for (const [arn, { kind, statements }] of found) {
    byArn.set(arn, { kind, statements: [...(byArn.get(arn)?.statements ?? []), ...statements] });
  }
  return [...byArn];
}

function policiesOf({ id, type, properties }: ResolvedResource, place: Place): OfResource[] {
  const { partition, accountId, region } = place;
  const other = (arn: string, document: unknown): OfResource => [
    arn,
    { kind: 'other', statements: readPolicy(document) },
  ];
  switch (type) {
    case 'AWS::S3::BucketPolicy':
      return [other(`arn:${partition}:s3:::${String(properties.Bucket)}`, properties.PolicyDocument)];
    case 'AWS::KMS::Key': {
      const statements = readPolicy(properties.KeyPolicy);
      return [[`arn:${partition}:kms:${region}:${accountId}:key/${id}`, { kind: 'key', statements }]];
    }
    case 'AWS::SNS::TopicPolicy':
      return (properties.Topics as string[]).map((arn) => other(arn, properties.PolicyDocument));
    case 'AWS::SQS::QueuePolicy':
      return (properties.Queues as string[]).map((url) =>
        other(`arn:${partition}:sqs:${region}:${accountId}:${url.split('/').at(-1)}`, properties.PolicyDocument),
      );
    case 'AWS::Events::EventBusPolicy': {
      const bus = `arn:${partition}:events:${region}:${accountId}:event-bus/${String(properties.EventBusName)}`;
      return [other(bus, { Statement: properties.Statement })];
    }
    case 'AWS::Lambda::Permission':
      return [permission(properties)];
    case 'AWS::SecretsManager::ResourcePolicy':
      return [other(String(properties.SecretId), properties.ResourcePolicy)];
    case 'AWS::IAM::Policy':
    case 'AWS::IAM::ManagedPolicy':
    // Of log groups that services write to: neither is asked by a role.
    case 'AWS::Logs::ResourcePolicy':
      return [];
    default:
      if (type.endsWith('Policy') || properties.ResourcePolicy !== undefined) {
        throw new Error(`policies of the type ${type} are not read here`);
      }
      return [];
  }
}

/** What a permission of Lambda adds to its function's policy. */
function permission({
  FunctionName,
  Action,
  Principal,
  SourceArn,
  SourceAccount,
}: Record<string, unknown>): OfResource {
  const service = String(Principal);
  const conditions = {
    ...(SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': SourceArn } }),
    ...(SourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
  };
  const statement = readStatement({
    Effect: 'Allow',
    Action,
    Resource: FunctionName,
    Principal: service.includes('.') ? { Service: service } : { AWS: service },
    Condition: conditions,
  });
  return [String(FunctionName), { kind: 'other', statements: [statement] }];
}
