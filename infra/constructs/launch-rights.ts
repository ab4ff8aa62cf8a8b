import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { allow } from './grant.ts';

/** The tag that DRS puts on what it creates in EC2. */
const DRS_TAG = 'AWSElasticDisasterRecoveryManaged';
const VIA_SERVICE = { Bool: { 'aws:ViaAWSService': 'true' } };
/** Only what DRS has created, and only through DRS. */
const EXISTING_OF_DRS = { ...VIA_SERVICE, Null: { [`aws:ResourceTag/${DRS_TAG}`]: 'false' } };
/** Only what is created as DRS's, and only through DRS. */
const NEW_OF_DRS = { ...VIA_SERVICE, Null: { [`aws:RequestTag/${DRS_TAG}`]: 'false' } };

/**
 * What whoever calls StartRecovery has to be allowed in an account and Region. It runs with its caller's rights (forward
 * access): without the EC2 rights a job stops after its snapshots. They follow the pattern of the AWS managed policy
 * AWSElasticDisasterRecoveryConsoleFullAccess_v2: EC2 is written to through DRS only, and only what carries DRS's tag.
 */
export function launchRights(place: { partition: string; region: string; accountId: string }): PolicyStatement[] {
  const { partition, region, accountId } = place;
  const arn = (service: string, account: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const drs = (resource: string): string => arn('drs', accountId, resource);
  // Snapshots and images have no account in their ARNs.
  const ec2 = (...types: string[]): string[] =>
    types.map((type) => arn('ec2', type === 'snapshot' || type === 'image' ? '' : accountId, `${type}/*`));
  const serviceRole = (role: string): string =>
    `arn:${partition}:iam::${accountId}:role/service-role/AWSElasticDisasterRecovery${role}`;

  return [
    allow(['drs:StartRecovery', 'drs:CreateRecoveryInstanceForDrs'], [drs('source-server/*')]),
    // Not source servers: their tags decide what is launched, and for which application.
    allow(['drs:TagResource'], [drs('job/*'), drs('recovery-instance/*')]),

    // None has a resource type. DescribeInstances is also the caller's own: it looks for instances that a launch would
    // replace.
    allow(
      [
        'drs:ListTagsForResource',
        'ec2:DescribeAccountAttributes',
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeImages',
        'ec2:DescribeInstanceStatus',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeInstances',
        'ec2:DescribeLaunchTemplateVersions',
        'ec2:DescribeLaunchTemplates',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSnapshots',
        'ec2:DescribeSubnets',
        'ec2:DescribeVolumes',
      ],
      ['*'],
    ),
    allow(['ec2:DescribeInstanceAttribute'], ec2('instance')),
    // One statement for each condition: an inline template has little room. An action asks only for the kinds of resources
    // that it knows, so that together they allow what they would allow apart.
    allow(['ec2:CreateLaunchTemplate', 'ec2:RunInstances'], ec2('launch-template', 'instance'), NEW_OF_DRS),
    // Apart from the others: a volume is made from a snapshot, a snapshot from a volume, and both sides are to be DRS's.
    allow(['ec2:CreateVolume'], ec2('volume'), NEW_OF_DRS),
    allow(['ec2:CreateSnapshot'], ec2('snapshot'), NEW_OF_DRS),
    allow(
      [
        'ec2:AttachVolume',
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:AuthorizeSecurityGroupIngress',
        'ec2:CreateLaunchTemplateVersion',
        'ec2:CreateSnapshot',
        'ec2:CreateVolume',
        'ec2:DeleteLaunchTemplateVersions',
        'ec2:DeleteSnapshot',
        'ec2:DeleteVolume',
        'ec2:DetachVolume',
        'ec2:ModifyInstanceAttribute',
        'ec2:ModifyLaunchTemplate',
        'ec2:RevokeSecurityGroupEgress',
        'ec2:StartInstances',
        'ec2:StopInstances',
        'ec2:TerminateInstances',
      ],
      ec2('instance', 'launch-template', 'security-group', 'snapshot', 'volume'),
      EXISTING_OF_DRS,
    ),
    // DRS takes the root volume of a fresh instance away, which does not carry its tag yet.
    allow(['ec2:DetachVolume'], ec2('volume'), VIA_SERVICE),
    // A subnet and its security groups may be shared by another account.
    allow(
      ['ec2:RunInstances'],
      [
        ...ec2('image', 'launch-template', 'network-interface', 'volume'),
        arn('ec2', '*', 'security-group/*'),
        arn('ec2', '*', 'subnet/*'),
      ],
      VIA_SERVICE,
    ),
    allow(['ec2:CreateTags'], ec2('instance', 'launch-template', 'network-interface', 'snapshot', 'volume'), {
      ...VIA_SERVICE,
      StringEquals: { 'ec2:CreateAction': ['CreateLaunchTemplate', 'CreateSnapshot', 'CreateVolume', 'RunInstances'] },
    }),
    allow(['iam:PassRole'], [serviceRole('ConversionServerRole'), serviceRole('RecoveryInstanceRole')], {
      StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    }),
  ];
}

/** What ends replication or deletes points in time is denied, whatever else may come to allow it (seed 4 §12.1). */
export function neverLosesReplication(): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.DENY,
    actions: [
      'drs:DeleteJob',
      'drs:DeleteRecoveryInstance',
      'drs:DeleteSourceServer',
      'drs:DisconnectRecoveryInstance',
      'drs:DisconnectSourceServer',
      'drs:StopReplication',
      'drs:StopSourceNetworkReplication',
    ],
    resources: ['*'],
  });
}
