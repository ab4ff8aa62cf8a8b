import { Aws, BootstraplessSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { DrsEvents } from './constructs/drs-events.ts';
import { executorRights } from './constructs/executor-rights.ts';
import { externalIdParameter } from './constructs/external-id-parameter.ts';
import { reversalRights } from './constructs/failback-rights.ts';
import { allow } from './constructs/grant.ts';
import { StateMachineFromFile } from './constructs/state-machine-from-file.ts';
import { TrustedRole } from './constructs/trusted-role.ts';
import type { Deployment } from './deployment.ts';
import { FUNCTIONS_THAT_READ_STAGING_ACCOUNTS, namesOf } from './names.ts';

export interface StagingAccountStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly account: Deployment['stagingAccounts'][number];
  /** Whether the template is for any account, and this one only gives the ExternalId that is proposed. @default false */
  readonly forAnyAccount?: boolean;
}

/**
 * A staging account: the executor, which launches, the rule that sends DRS's events to the central account, and the two
 * roles by which the central account comes in. No Lambda and no assets, so that the template needs no bootstrap and can be deployed by anything that deploys templates.
 */
export class StagingAccountStack extends Stack {
  constructor(scope: Construct, id: string, props: StagingAccountStackProps) {
    const { deployment, account, forAnyAccount = false, ...stackProps } = props;
    const { organizationId, central } = deployment;
    super(scope, id, {
      description: `dr-chatops: disaster recovery by Slack, staging account${forAnyAccount ? '' : ` ${account.accountId}`}`,
      env: { region: central.region, ...(forAnyAccount ? {} : { account: account.accountId }) },
      synthesizer: new BootstraplessSynthesizer(),
      // CloudFormation takes 51,200 bytes without a bucket.
      suppressTemplateIndentation: true,
      ...stackProps,
    });
    const names = namesOf(deployment);
    const accountId = this.account;
    const externalId = forAnyAccount ? externalIdParameter(this, account.externalId) : account.externalId;

    new StateMachineFromFile(this, 'Executor', {
      definition: 'drs-staging-account-executor',
      inlineTemplate: true,
      stateMachineName: names.executorName,
      roleName: names.executorRoleName,
      logDays: deployment.retention.logDays,
      statements: executorRights(names, accountId),
    });
    new DrsEvents(this, 'DrsEvents', { names, accountId });
    new TrustedRole(this, 'Reader', {
      roleName: names.readerRoleName,
      description: 'dr-chatops reads DRS, EC2 and the quotas',
      trustedRoleArns: FUNCTIONS_THAT_READ_STAGING_ACCOUNTS.map(names.centralRoleArn),
      externalId,
      organizationId,
      statements: [
        // None of these has a resource type.
        allow(
          [
            'cloudtrail:DescribeTrails',
            'drs:DescribeJobs',
            'drs:DescribeRecoveryInstances',
            'drs:DescribeSourceServers',
            'ec2:DescribeInstanceStatus',
            'ec2:DescribeInstances',
            'ec2:DescribeLaunchTemplateVersions',
            'ec2:DescribeSubnets',
            'servicequotas:GetAWSDefaultServiceQuota',
          ],
          ['*'],
        ),
        allow(
          ['drs:DescribeJobLogItems', 'drs:DescribeRecoverySnapshots', 'drs:GetLaunchConfiguration'],
          [names.arn('drs', accountId, 'job/*'), names.arn('drs', accountId, 'source-server/*')],
        ),
        // An organisation's trail is of another account and Region.
        allow(
          ['cloudtrail:GetEventSelectors', 'cloudtrail:GetTrailStatus'],
          [`arn:${names.partition}:cloudtrail:*:*:trail/*`],
        ),
        allow(['states:DescribeStateMachine'], [names.executorArn(accountId)]),
        allow(
          ['servicequotas:GetServiceQuota'],
          [names.arn('servicequotas', accountId, 'drs/*'), names.arn('servicequotas', accountId, 'ec2/*')],
        ),
      ],
    });
    new TrustedRole(this, 'Failback', {
      roleName: names.failbackRoleName,
      description: 'dr-chatops has recovery instances copied back to AWS',
      trustedRoleArns: [names.centralRoleArn('failback-origin')],
      externalId,
      organizationId,
      statements: reversalRights(names, accountId),
    });
    new TrustedRole(this, 'Invoke', {
      roleName: names.invokeRoleName,
      description: 'drs-orchestration-main starts the executor, waits for it, and marks drill instances',
      trustedRoleArns: [names.centralRoleArn('drs-orchestration-main')],
      // Step Functions says the calling machine's ARN as ExternalId.
      externalId: names.machineArn('drs-orchestration-main'),
      ofVersionsToo: true,
      organizationId,
      statements: [
        allow(['states:StartExecution'], [names.executorArn(accountId)]),
        allow(['states:DescribeExecution', 'states:StopExecution'], [names.executorExecutionsArn(accountId)]),
        drillMarks(central.region, accountId),
      ],
    });
  }
}

/** By which EC2 tells a drill's instance from a live one: on what DRS has made, and no other tags. */
function drillMarks(region: string, accountId: string): PolicyStatement {
  return allow(['ec2:CreateTags'], [`arn:${Aws.PARTITION}:ec2:${region}:${accountId}:instance/*`], {
    Null: { 'aws:ResourceTag/AWSElasticDisasterRecoveryManaged': 'false' },
    'ForAllValues:StringEquals': { 'aws:TagKeys': ['DR-Drill', 'DR-ExecutionId'] },
  });
}
