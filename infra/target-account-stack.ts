import { BootstraplessSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { actionRights, documentRights } from './constructs/action-rights.ts';
import { externalIdParameter } from './constructs/external-id-parameter.ts';
import { TrustedRole } from './constructs/trusted-role.ts';
import type { Deployment } from './deployment.ts';
import { namesOf } from './names.ts';

export interface TargetAccountStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly account: Deployment['targetAccounts'][number];
  /** Whether the template is for any account with the same documents; its ExternalId is then only proposed. @default false */
  readonly forAnyAccount?: boolean;
}

/**
 * An account in which the actions of recovery plans are done: the two roles by which the central account starts the listed
 * documents, and sees whether they are there. The central account and staging accounts have this stack, too, where actions
 * are done in them. Roles are of no Region: the stack stands in the DR Region, which is there when it is needed. No assets,
 * as in a staging account.
 */
export class TargetAccountStack extends Stack {
  constructor(scope: Construct, id: string, props: TargetAccountStackProps) {
    const { deployment, forAnyAccount = false, ...stackProps } = props;
    const { organizationId, central } = deployment;
    super(scope, id, {
      description: `dr-chatops: disaster recovery by Slack, actions of plans${forAnyAccount ? '' : ` in ${props.account.accountId}`}`,
      env: { region: central.region, ...(forAnyAccount ? {} : { account: props.account.accountId }) },
      synthesizer: new BootstraplessSynthesizer(),
      suppressTemplateIndentation: true,
      ...stackProps,
    });
    const names = namesOf(deployment);
    const account = { ...props.account, accountId: this.account };
    const externalId = forAnyAccount ? externalIdParameter(this, account.externalId) : account.externalId;
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
      trustedRoleArns: [names.centralRoleArn('answer-query'), names.centralRoleArn('validate-accounts')],
      externalId,
      organizationId,
      statements: documentRights(names, account),
    });
  }
}
