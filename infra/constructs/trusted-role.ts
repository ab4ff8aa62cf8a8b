import { ArnPrincipal, CompositePrincipal, PolicyDocument, type PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

export interface TrustedRoleProps {
  readonly roleName: string;
  readonly description: string;
  /** The roles that may assume this one, by name. They must exist when this role is created. */
  readonly trustedRoleArns: readonly string[];
  /** What whoever assumes the role must say. */
  readonly externalId: string;
  /**
   * Whether it may also say the external id with a version behind it: of a state machine whose executions are started by
   * the ARN of a version. AWS documents that Step Functions says the machine's ARN, and nothing about versions.
   *
   * @default false
   */
  readonly ofVersionsToo?: boolean;
  /** The AWS organisation to which the trusted roles must belong. */
  readonly organizationId: string;
  readonly statements: readonly PolicyStatement[];
}

/** A role of a staging account for named roles of the central account. */
export class TrustedRole extends Construct {
  constructor(scope: Construct, id: string, props: TrustedRoleProps) {
    super(scope, id);
    const { roleName, description, trustedRoleArns, externalId, organizationId, statements } = props;
    const organization = { 'aws:PrincipalOrgID': organizationId };
    new Role(this, 'Role', {
      roleName,
      description,
      assumedBy: new CompositePrincipal(...trustedRoleArns.map((arn) => new ArnPrincipal(arn))).withConditions(
        props.ofVersionsToo === true
          ? { StringEquals: organization, StringLike: { 'sts:ExternalId': [externalId, `${externalId}:*`] } }
          : { StringEquals: { 'sts:ExternalId': externalId, ...organization } },
      ),
      inlinePolicies: { Needs: new PolicyDocument({ statements: [...statements] }) },
    });
  }
}
