import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Names } from '../names.ts';
import { allow } from './grant.ts';
import { launchRights, neverLosesReplication } from './launch-rights.ts';

/**
 * What the executor of a staging account may do: launch, terminate, and fail back on premises. TerminateRecoveryInstances
 * runs with its caller's rights, too, and needs some of a launch's (ec2:TerminateInstances, ec2:DeleteVolume,
 * ec2:DescribeInstances, ec2:DescribeVolumes).
 */
export function executorRights(names: Names, accountId: string): PolicyStatement[] {
  const { partition, region } = names;
  return [
    // None has a resource type. TerminateRecoveryInstances needs DescribeSourceServers of its caller, too.
    allow(['drs:DescribeJobs', 'drs:DescribeRecoveryInstances', 'drs:DescribeSourceServers'], ['*']),
    allow(
      ['drs:TerminateRecoveryInstances', 'drs:StartFailbackLaunch'],
      [names.arn('drs', accountId, 'recovery-instance/*')],
    ),
    allow(['events:PutEvents'], [names.busArn]),
    ...launchRights({ partition, region, accountId }),
    neverLosesReplication(),
  ];
}
