import { BootstraplessSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { actionRights, documentRights } from './constructs/action-rights.ts';
import { TrustedRole } from './constructs/trusted-role.ts';
import type { Deployment } from './deployment.ts';
import { namesOf } from './names.ts';

export interface TargetAccountStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly account: Deployment['targetAccounts'][number];
}

/**
 * An account in which the actions of recovery plans are done: the two roles by which the central account starts the listed
 * documents, and sees whether they are there. The central account and staging accounts have this stack, too, where actions
 * are done in them. Roles are of no Region: the stack stands in the DR Region, which is there when it is needed. No assets,
 * as in a staging account.
 */
export class TargetAccountStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, account, ...stackProps }: TargetAccountStackProps) {
    const { accountId, externalId } = account;
    const { organizationId, central } = deployment;
    super(scope, id, {
      description: `dr-chatops: disaster recovery by Slack, actions in ${accountId}`,
      env: { account: accountId, region: central.region },
      synthesizer: new BootstraplessSynthesizer(),
      suppressTemplateIndentation: true,
      ...stackProps,
    });
    const names = namesOf(deployment);
    new TrustedRole(this, 'Actions', {
      roleName: names.actionsRoleName,
      description: 'dr-chatops does the actions of recovery plans here',
      trustedRoleArns: [names.centralRoleArn('take-action')],
      externalId,
      organizationId,
      statements: actionRights(names, account),
    });
    new TrustedRole(this, 'ActionDocuments', {
      roleName: names.actionDocumentsRoleName,
      description: 'dr-chatops sees whether the documents of recovery plans are there',
      trustedRoleArns: [names.centralRoleArn('answer-query')],
      externalId,
      organizationId,
      statements: documentRights(names, account),
    });
  }
}
