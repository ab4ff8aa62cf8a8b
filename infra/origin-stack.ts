import { BootstraplessSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { originRights } from './constructs/failback-rights.ts';
import { TrustedRole } from './constructs/trusted-role.ts';
import type { Deployment } from './deployment.ts';
import { namesOf } from './names.ts';

export interface OriginStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly origin: Deployment['origins'][number];
}

/**
 * An account and Region that servers came from: the role by which the central account launches them there again. A stack
 * of its own also where the account is a staging account: it stands in another Region, and has to be there before it is
 * needed. No assets, as in a staging account.
 */
export class OriginStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, origin, ...stackProps }: OriginStackProps) {
    const { accountId, region, externalId } = origin;
    super(scope, id, {
      description: `dr-chatops: disaster recovery by Slack, origin ${region} of ${accountId}`,
      env: { account: accountId, region },
      synthesizer: new BootstraplessSynthesizer(),
      suppressTemplateIndentation: true,
      ...stackProps,
    });
    const names = namesOf(deployment);
    new TrustedRole(this, 'Origin', {
      roleName: names.originRoleName(region),
      description: 'dr-chatops fails servers back to here',
      trustedRoleArns: [names.centralRoleArn('failback-origin')],
      externalId,
      organizationId: deployment.organizationId,
      statements: originRights(names, origin),
    });
  }
}
