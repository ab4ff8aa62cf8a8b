import { ArnPrincipal, CompositePrincipal, PolicyDocument, type PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

export interface TrustedRoleProps {
  readonly roleName: string;
  readonly description: string;
  /** The roles that may assume this one, by name. They must exist when this role is created. */
  readonly trustedRoleArns: readonly string[];
  /** What whoever assumes the role must say. */
  readonly externalId: string;
  /** The AWS organisation to which the trusted roles must belong. */
  readonly organizationId: string;
  readonly statements: readonly PolicyStatement[];
}

/** A role of a staging account for named roles of the central account. */
export class TrustedRole extends Construct {
  constructor(scope: Construct, id: string, props: TrustedRoleProps) {
    super(scope, id);
    const { roleName, description, trustedRoleArns, externalId, organizationId, statements } = props;
    new Role(this, 'Role', {
      roleName,
      description,
      assumedBy: new CompositePrincipal(...trustedRoleArns.map((arn) => new ArnPrincipal(arn))).withConditions({
        StringEquals: { 'sts:ExternalId': externalId, 'aws:PrincipalOrgID': organizationId },
      }),
      inlinePolicies: { Needs: new PolicyDocument({ statements: [...statements] }) },
    });
  }
}
