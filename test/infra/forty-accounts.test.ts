import { describe, expect, it } from 'vitest';
import { type Deployment, parseDeployment } from '../../infra/deployment.ts';
import { exampleDeployment, synthesize, type View } from './synthesized.ts';

/** Limits of CloudFormation: bytes of a template that comes from a bucket, and of one that does not; resources in one. */
const TEMPLATE_BYTES = 1_000_000;
const INLINE_TEMPLATE_BYTES = 51_200;
const RESOURCES = 500;
/** All inline policies of a role together, without white space (IAM). */
const ROLE_POLICY_CHARACTERS = 10_240;
/** A standard parameter (SSM). */
const PARAMETER_BYTES = 4_096;

function withAccounts(count: number): Deployment {
  const example = exampleDeployment();
  const stagingAccounts = Array.from({ length: count }, (_, at) => ({
    accountId: String(100_000_000_000 + at),
    externalId: `dr-chatops-${at}`,
    priority: at + 1,
  }));
  const targetAccounts = stagingAccounts.map(({ accountId, externalId }) => ({
    ...{ accountId, externalId, regions: ['us-east-2'] },
    documents: [{ name: 'AWS-RunShellScript', type: 'command' as const }],
  }));
  // Lambda's rights to a network are in every function's role.
  const network = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] };
  return parseDeployment({ ...example, stagingAccounts, targetAccounts, network }, 'forty.json');
}

function sizeOf(stack: View): number {
  return JSON.stringify(stack.template.toJSON()).length;
}

describe.each([4, 40])('%i staging accounts', (count) => {
  const { central, staging, targets } = synthesize(withAccounts(count));

  it('have a stack each that CloudFormation takes without a bucket', () => {
    expect(staging).toHaveLength(count);
    expect(targets).toHaveLength(count);
    for (const stack of [...staging, ...targets]) expect(sizeOf(stack)).toBeLessThan(INLINE_TEMPLATE_BYTES);
  });

  it('fit into one central stack: its template, its roles and its parameters', () => {
    expect(sizeOf(central)).toBeLessThan(TEMPLATE_BYTES);
    expect(Object.keys(central.template.toJSON().Resources).length).toBeLessThan(RESOURCES);
    const tooLarge = central.roleNames.filter(
      (role) => JSON.stringify(central.rightsOf(role)).length > ROLE_POLICY_CHARACTERS,
    );
    expect(tooLarge).toEqual([]);
    for (const { Properties } of central.all('AWS::SSM::Parameter')) {
      expect(JSON.stringify(Properties.Value).length, String(Properties.Name)).toBeLessThan(PARAMETER_BYTES);
    }
  });
});
