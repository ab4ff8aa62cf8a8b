import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Names } from '../names.ts';
import { allow } from './grant.ts';
import { launchRights, neverLosesReplication } from './launch-rights.ts';

/**
 * What failback-origin may do in a staging account, in the DR Region: reverse replication, and read what that takes. The
 * service authorization reference names DescribeReplicationConfigurationTemplates, DescribeSourceServers and
 * ec2:DescribeInstances as actions that ReverseReplication depends on. At the origin DRS acts with rights of its own: the
 * instance profile that it gave the recovery instance, and across accounts the roles that its console makes in the origin
 * account under "Trusted accounts" (DRSCrossAccountReplicationRole and the two agent roles, each named with the account).
 */
export function reversalRights(names: Names, accountId: string): PolicyStatement[] {
  return [
    // None has a resource type.
    allow(
      [
        'drs:DescribeRecoveryInstances',
        'drs:DescribeReplicationConfigurationTemplates',
        'drs:DescribeSourceServers',
        'ec2:DescribeInstances',
      ],
      ['*'],
    ),
    allow(['drs:ReverseReplication'], [names.arn('drs', accountId, 'recovery-instance/*')]),
    neverLosesReplication(),
  ];
}

/** What failback-origin may do where servers go back to: launch, and look at what it has launched. It ends nothing there. */
export function originRights(names: Names, origin: { accountId: string; region: string }): PolicyStatement[] {
  const { accountId, region } = origin;
  return [
    // None has a resource type.
    allow(['drs:DescribeJobs', 'drs:DescribeRecoveryInstances', 'drs:DescribeSourceServers'], ['*']),
    ...launchRights({ partition: names.partition, region, accountId }),
    neverLosesReplication(),
  ];
}
