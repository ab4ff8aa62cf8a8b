import { BootstraplessSynthesizer, CfnStackSet, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type Deployment, keptByStackSet } from './deployment.ts';

export interface RolloutStackProps extends StackProps {
  readonly deployment: Deployment;
  /** Which of the deployment's accounts: a list of accounts has a StackSet of its own. */
  readonly kind: 'staging' | 'targets';
  readonly stackSetName: string;
  /** What is deployed into each account. */
  readonly template: string;
}

/** Accounts that are worked on at the same time. */
const ACCOUNTS_AT_ONCE = 5;
/** Accounts that may fail before the others are left as they are: a template that is wrong fails in the first few. */
const FAILURES_TOLERATED = 2;

/**
 * A StackSet that keeps the stacks of the staging or of the target accounts in some organisational units. It stands in the
 * organisation's management account, or in that of StackSets' delegated administrator. It has no assets: its own template,
 * which holds the other one, is as small as CloudFormation takes it without a bucket.
 */
export class RolloutStack extends Stack {
  constructor(scope: Construct, id: string, props: RolloutStackProps) {
    const { deployment, kind, stackSetName, template, ...stackProps } = props;
    const { stackSets, central } = deployment;
    const stackSet = stackSets?.[kind];
    if (stackSets === undefined || stackSet === undefined) throw new Error(`there is no StackSet of ${kind}`);
    super(scope, id, {
      description: `dr-chatops: disaster recovery by Slack, StackSet of the ${kind} accounts`,
      env: { account: stackSets.administrator.accountId, region: stackSets.administrator.region },
      synthesizer: new BootstraplessSynthesizer(),
      suppressTemplateIndentation: true,
      ...stackProps,
    });
    const { organizationalUnitIds, exceptAccounts } = stackSet;
    const accounts: { accountId: string; externalId: string }[] =
      kind === 'staging' ? deployment.stagingAccounts : deployment.targetAccounts;
    const [first] = keptByStackSet(accounts, stackSet);
    new CfnStackSet(this, 'StackSet', {
      stackSetName,
      description: `dr-chatops: the stack of each of the ${kind} accounts`,
      permissionModel: 'SERVICE_MANAGED',
      callAs: stackSets.delegated ? 'DELEGATED_ADMIN' : 'SELF',
      // The roles have names, by which accounts know each other.
      capabilities: ['CAPABILITY_NAMED_IAM'],
      // An account that leaves the unit can still be recovered into: what ends that is the deployment's file.
      autoDeployment: { enabled: true, retainStacksOnAccountRemoval: true },
      managedExecution: { Active: true },
      operationPreferences: {
        maxConcurrentCount: ACCOUNTS_AT_ONCE,
        failureToleranceCount: FAILURES_TOLERATED,
        concurrencyMode: 'SOFT_FAILURE_TOLERANCE',
      },
      parameters: first === undefined ? [] : [{ parameterKey: 'ExternalId', parameterValue: first.externalId }],
      stackInstancesGroup: [
        {
          deploymentTargets: {
            organizationalUnitIds,
            ...(exceptAccounts.length === 0 ? {} : { accounts: exceptAccounts, accountFilterType: 'DIFFERENCE' }),
          },
          // Beside the central stack: Step Functions starts no executor in another Region, and roles are of none.
          regions: [central.region],
        },
      ],
      templateBody: template,
    });
  }
}
