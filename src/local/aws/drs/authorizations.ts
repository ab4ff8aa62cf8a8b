import type { Fleet } from '../fleet.ts';
import { type Authorization, type RequestContext, requestTags, resourceTags } from '../identities.ts';
import type { Scope } from './operations.ts';

/** The tag that DRS puts on what it creates in EC2. */
const MANAGED = { AWSElasticDisasterRecoveryManaged: 'drs.amazonaws.com' };
/** Of calls that DRS makes elsewhere with the rights of its caller (IAM user guide, forward access sessions). */
const VIA_DRS: RequestContext = { 'aws:ViaAWSService': ['true'], 'aws:CalledVia': ['drs.amazonaws.com'] };
const NEW: RequestContext = { ...VIA_DRS, ...requestTags(MANAGED) };
const EXISTING: RequestContext = { ...VIA_DRS, ...resourceTags(MANAGED) };

/** Kinds of things in EC2, and what a call on them says of itself. `image` and `subnet` are not DRS's own. */
type Ec2Kind =
  | 'image'
  | 'instance'
  | 'launch-template'
  | 'network-interface'
  | 'security-group'
  | 'snapshot'
  | 'subnet'
  | 'volume';
interface Ec2Call {
  action: string;
  on: readonly (readonly [Ec2Kind, RequestContext])[];
}

/** On everything: these have no resource types. */
const LAUNCH_LOOKS = [
  'AccountAttributes',
  'AvailabilityZones',
  'Images',
  'InstanceStatus',
  'InstanceTypes',
  'Instances',
  'LaunchTemplateVersions',
  'LaunchTemplates',
  'SecurityGroups',
  'Snapshots',
  'Subnets',
  'Volumes',
].map((what) => `ec2:Describe${what}`);

/**
 * What a launch does in EC2: snapshots, a conversion server with its volumes, the recovery instance. The actions are those of
 * the AWS managed policy AWSElasticDisasterRecoveryConsoleFullAccess_v2, the resources those of the Service Authorization
 * Reference, the tags those that DRS gives what it makes.
 */
const LAUNCH_CALLS: readonly Ec2Call[] = [
  {
    action: 'CreateSnapshot',
    on: [
      ['snapshot', NEW],
      ['volume', EXISTING],
    ],
  },
  {
    action: 'CreateVolume',
    on: [
      ['volume', NEW],
      ['snapshot', EXISTING],
    ],
  },
  { action: 'CreateLaunchTemplate', on: [['launch-template', NEW]] },
  { action: 'CreateLaunchTemplateVersion', on: [['launch-template', EXISTING]] },
  { action: 'ModifyLaunchTemplate', on: [['launch-template', EXISTING]] },
  { action: 'DeleteLaunchTemplateVersions', on: [['launch-template', EXISTING]] },
  {
    action: 'RunInstances',
    on: [
      ['instance', NEW],
      ['volume', NEW],
      ['network-interface', VIA_DRS],
      ['launch-template', EXISTING],
      ['image', VIA_DRS],
      ['security-group', VIA_DRS],
      ['subnet', VIA_DRS],
    ],
  },
  {
    action: 'AttachVolume',
    on: [
      ['instance', EXISTING],
      ['volume', EXISTING],
    ],
  },
  // The root volume of a fresh instance carries no tag of DRS yet.
  {
    action: 'DetachVolume',
    on: [
      ['instance', EXISTING],
      ['volume', VIA_DRS],
    ],
  },
  { action: 'DescribeInstanceAttribute', on: [['instance', EXISTING]] },
  { action: 'ModifyInstanceAttribute', on: [['instance', EXISTING]] },
  { action: 'StartInstances', on: [['instance', EXISTING]] },
  { action: 'StopInstances', on: [['instance', EXISTING]] },
  { action: 'TerminateInstances', on: [['instance', EXISTING]] },
  { action: 'DeleteVolume', on: [['volume', EXISTING]] },
  { action: 'DeleteSnapshot', on: [['snapshot', EXISTING]] },
  { action: 'AuthorizeSecurityGroupEgress', on: [['security-group', EXISTING]] },
  { action: 'AuthorizeSecurityGroupIngress', on: [['security-group', EXISTING]] },
  { action: 'RevokeSecurityGroupEgress', on: [['security-group', EXISTING]] },
  ...(
    [
      ['instance', 'RunInstances'],
      ['launch-template', 'CreateLaunchTemplate'],
      ['network-interface', 'RunInstances'],
      ['snapshot', 'CreateSnapshot'],
      ['volume', 'CreateVolume'],
    ] as const
  ).map(([kind, by]): Ec2Call => ({ action: 'CreateTags', on: [[kind, { ...NEW, 'ec2:CreateAction': [by] }]] })),
];

/** What is ended with a recovery instance. */
const TERMINATION_CALLS: readonly Ec2Call[] = [
  { action: 'TerminateInstances', on: [['instance', EXISTING]] },
  { action: 'DeleteVolume', on: [['volume', EXISTING]] },
];
const TERMINATION_LOOKS = ['drs:DescribeSourceServers', 'ec2:DescribeInstances', 'ec2:DescribeVolumes'];

/** An ARN of this kind in EC2, of nothing that exists: policies name kinds. Images and snapshots have no account in theirs. */
function ec2Arn(kind: Ec2Kind, { accountId, region }: Scope): string {
  return `arn:aws:ec2:${region}:${kind === 'image' || kind === 'snapshot' ? '' : accountId}:${kind}/${kind}-of-drs`;
}

function inEc2(calls: readonly Ec2Call[], scope: Scope): Authorization[] {
  return calls.flatMap(({ action, on }) =>
    on.map(([kind, context]) => ({ action: `ec2:${action}`, resource: ec2Arn(kind, scope), context })),
  );
}

function looks(actions: readonly string[]): Authorization[] {
  return actions.map((action) => ({ action, resource: '*', context: VIA_DRS }));
}

/** Tags are put on a job that is made by `createAction`. */
function tagsOfJob(tags: Readonly<Record<string, string>>, createAction: string, scope: Scope, fleet: Fleet) {
  if (Object.keys(tags).length === 0) return [];
  const context = { ...requestTags(tags), 'drs:CreateAction': [createAction] };
  return [{ action: 'drs:TagResource', resource: fleet.arn(scope.accountId, 'job/drsjob-new', scope.region), context }];
}

/**
 * What IAM is asked about StartRecovery, which goes on with its caller's rights until the job ends. IAM is asked for each
 * server; what happens in EC2 is asked here once for all of them, on things that stand for those of its kind.
 */
export function ofStartRecovery(
  { sourceServerIds, tags }: { sourceServerIds: readonly string[]; tags: Readonly<Record<string, string>> },
  scope: Scope,
  fleet: Fleet,
): Authorization[] {
  const { accountId, region } = scope;
  const servers = sourceServerIds.map((id) => ({
    resource: fleet.arn(accountId, `source-server/${id}`, region),
    tags: resourceTags(fleet.sourceServer(id, accountId, region)?.tags ?? {}),
  }));
  const passed = ['ConversionServerRole', 'RecoveryInstanceRole'].map((role) => ({
    action: 'iam:PassRole',
    resource: `arn:aws:iam::${accountId}:role/service-role/AWSElasticDisasterRecovery${role}`,
    context: { ...VIA_DRS, 'iam:PassedToService': ['ec2.amazonaws.com'] },
  }));
  return [
    ...servers.map((server) => ({
      action: 'drs:StartRecovery',
      resource: server.resource,
      context: { ...server.tags, ...requestTags(tags) },
    })),
    ...tagsOfJob(tags, 'StartRecovery', scope, fleet),
    ...servers.map((server) => ({
      action: 'drs:CreateRecoveryInstanceForDrs',
      resource: server.resource,
      context: { ...server.tags, ...VIA_DRS },
    })),
    {
      action: 'drs:TagResource',
      resource: fleet.arn(accountId, 'recovery-instance/i-new', region),
      context: { ...VIA_DRS, 'drs:CreateAction': ['CreateRecoveryInstanceForDrs'] },
    },
    ...looks(['drs:ListTagsForResource', ...LAUNCH_LOOKS]),
    ...inEc2(LAUNCH_CALLS, scope),
    ...passed,
  ];
}

/** What IAM is asked about an action on recovery instances, each with its tags. */
export function ofRecoveryInstances(
  { action, instanceIds, tags = {} }: { action: string; instanceIds: readonly string[]; tags?: Record<string, string> },
  scope: Scope,
  fleet: Fleet,
): Authorization[] {
  const { accountId, region } = scope;
  return [
    ...instanceIds.map((id) => ({
      action: `drs:${action}`,
      resource: fleet.arn(accountId, `recovery-instance/${id}`, region),
      context: { ...resourceTags(fleet.recoveryInstance(id, accountId, region)?.tags ?? {}), ...requestTags(tags) },
    })),
    ...tagsOfJob(tags, action, scope, fleet),
  ];
}

/** What TerminateRecoveryInstances does with its caller's rights. */
export function ofTermination(scope: Scope): Authorization[] {
  return [...looks(TERMINATION_LOOKS), ...inEc2(TERMINATION_CALLS, scope)];
}

/** What ReverseReplication depends on (Service Authorization Reference, dependent actions). */
export function ofReversal(): Authorization[] {
  return looks(['drs:DescribeReplicationConfigurationTemplates', 'drs:DescribeSourceServers', 'ec2:DescribeInstances']);
}
