import { describe, expect, it } from 'vitest';
import { parseDeployment } from '../../infra/deployment.ts';
import { CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import { targetAccountSchema } from '../../src/platform/configuration.ts';
import { OLD_SITE, STAGING } from '../actions/world.ts';
import { allowedResources, exampleDeployment, synthesize, type View } from './synthesized.ts';

const deployment = exampleDeployment();
const { central, targets, assets } = synthesize(deployment);
const targetOf = new Map(deployment.targetAccounts.map(({ accountId }, at) => [accountId, targets[at] as View]));
const oldSite = targetOf.get(OLD_SITE) as View;
const stagingTarget = targetOf.get(STAGING) as View;
const ACTIONS = 'dr-chatops-actions';
const DOCUMENTS = 'dr-chatops-action-documents';

const role = (name: string) => `arn:aws:iam::${CENTRAL_ACCOUNT}:role/dr-chatops-${name}`;
const actionsOf = (view: View, name: string) =>
  view
    .rightsOf(name)
    .flatMap(({ actions }) => actions)
    .sort();

describe('the roles of a target account', () => {
  it.each([
    [ACTIONS, role('take-action')],
    [DOCUMENTS, [role('answer-query'), role('validate-accounts')]],
  ])('%s trusts %s alone, in this organisation, which says the ExternalId', (name, by) => {
    expect(oldSite.trustOf(name)).toMatchObject([
      {
        principal: { AWS: by },
        conditions: {
          StringEquals: { 'sts:ExternalId': 'dr-chatops-practice', 'aws:PrincipalOrgID': 'o-examplepractice' },
        },
      },
    ]);
  });

  it('start the listed documents and no other, in the listed Regions', () => {
    const ssm = 'arn:aws:ssm:us-east-1';
    expect(new Set(allowedResources(oldSite.rightsOf(ACTIONS), 'ssm:StartAutomationExecution'))).toEqual(
      new Set([
        `${ssm}:${OLD_SITE}:document/HRP-FenceOldSite`,
        `${ssm}:${OLD_SITE}:automation-definition/HRP-FenceOldSite:*`,
        // Amazon's own: ARNs without an account.
        `${ssm}::document/AWS-StopRdsInstance`,
        `${ssm}::automation-definition/AWS-StopRdsInstance:*`,
        `${ssm}:${OLD_SITE}:automation-execution/*`,
      ]),
    );
    expect(actionsOf(oldSite, ACTIONS)).toEqual([
      'iam:PassRole',
      'ssm:GetAutomationExecution',
      'ssm:StartAutomationExecution',
      'ssm:StopAutomationExecution',
    ]);
  });

  it('hand the listed roles to Systems Manager, and to nothing else', () => {
    const [passing] = oldSite.rightsOf(ACTIONS).filter(({ actions }) => actions.includes('iam:PassRole'));
    expect(passing).toMatchObject({
      resources: [`arn:aws:iam::${OLD_SITE}:role/hrp-fence`],
      conditions: { StringEquals: { 'iam:PassedToService': 'ssm.amazonaws.com' } },
    });
  });

  it('send the listed commands to instances that DRS has launched', () => {
    const sending = stagingTarget.rightsOf(ACTIONS).filter(({ actions }) => actions.includes('ssm:SendCommand'));
    expect(sending).toMatchObject([
      {
        resources: [
          'arn:aws:ssm:us-east-2::document/AWS-RunPowerShellScript',
          'arn:aws:ssm:us-east-2::document/AWS-RunShellScript',
        ],
        conditions: {},
      },
      {
        resources: [`arn:aws:ec2:us-east-2:${STAGING}:instance/*`],
        conditions: { Null: { 'aws:ResourceTag/AWSElasticDisasterRecoverySourceServerID': 'false' } },
      },
    ]);
    expect(actionsOf(stagingTarget, ACTIONS)).not.toContain('ssm:StartAutomationExecution');
    expect(actionsOf(stagingTarget, ACTIONS)).not.toContain('iam:PassRole');
  });

  it('look at the listed documents, where plans are checked, and at nothing else', () => {
    expect(actionsOf(oldSite, DOCUMENTS)).toEqual(['ssm:DescribeDocument']);
    expect(allowedResources(oldSite.rightsOf(DOCUMENTS), 'ssm:DescribeDocument')).toEqual([
      `arn:aws:ssm:us-east-1:${OLD_SITE}:document/HRP-FenceOldSite`,
      'arn:aws:ssm:us-east-1::document/AWS-StopRdsInstance',
    ]);
  });

  it('are deployed without assets, each account once', () => {
    const names = assets.filter(({ name }) => name.startsWith('dr-chatops-target-'));
    expect(names).toEqual(
      deployment.targetAccounts.map(({ accountId }) => ({ name: `dr-chatops-target-${accountId}`, count: 0 })),
    );
    const [first] = deployment.targetAccounts;
    expect(() => parseDeployment({ ...deployment, targetAccounts: [first, first] }, 'file')).toThrow(
      'targetAccounts.1.accountId: 111111111111 is listed twice',
    );
  });
});

describe('the central functions', () => {
  it('assume the roles of the target accounts, each its own, and are told of them', () => {
    const accounts = deployment.targetAccounts.map(({ accountId }) => accountId);
    const rolesOf = (name: string) =>
      allowedResources(central.rightsOf(`dr-chatops-${name}`), 'sts:AssumeRole').filter((arn) =>
        String(arn).includes('dr-chatops-action'),
      );
    expect(rolesOf('take-action')).toEqual(accounts.map((account) => `arn:aws:iam::${account}:role/${ACTIONS}`));
    expect(rolesOf('answer-query')).toEqual(accounts.map((account) => `arn:aws:iam::${account}:role/${DOCUMENTS}`));
    const document = central
      .all('AWS::SSM::Parameter')
      .find(({ Properties }) => Properties.Name === `/dr-chatops/target-accounts/${OLD_SITE}`);
    expect(targetAccountSchema.parse(JSON.parse(String(document?.Properties.Value)))).toEqual({
      accountId: OLD_SITE,
      roleArn: `arn:aws:iam::${OLD_SITE}:role/${ACTIONS}`,
      documentsRoleArn: `arn:aws:iam::${OLD_SITE}:role/${DOCUMENTS}`,
      externalId: 'dr-chatops-practice',
      regions: ['us-east-1'],
      documents: [
        { name: 'HRP-FenceOldSite', type: 'Automation' },
        { name: 'AWS-StopRdsInstance', type: 'Automation' },
      ],
    });
  });

  it('may assume none where no account is listed', () => {
    const bare = synthesize(parseDeployment({ ...deployment, targetAccounts: [] }, 'file'));
    const assumed = allowedResources(bare.central.rightsOf('dr-chatops-take-action'), 'sts:AssumeRole');
    expect(JSON.stringify(assumed)).not.toContain(ACTIONS);
    expect(bare.targets).toEqual([]);
  });
});

it('health checks are made from the subnets that the deployment names, and nothing else is', () => {
  const healthChecks = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] };
  const inNetwork = synthesize(parseDeployment({ ...deployment, healthChecks }, 'file')).central;
  const functions = inNetwork.all('AWS::Lambda::Function').filter(({ Properties }) => 'VpcConfig' in Properties);
  expect(functions.map(({ Properties }) => [Properties.FunctionName, Properties.VpcConfig])).toEqual([
    ['dr-chatops-take-action', { SubnetIds: healthChecks.subnetIds, SecurityGroupIds: healthChecks.securityGroupIds }],
  ]);
  const creates = inNetwork.roleNames.filter(
    (name) => allowedResources(inNetwork.rightsOf(name), 'ec2:CreateNetworkInterface').length > 0,
  );
  expect(creates).toEqual(['dr-chatops-take-action']);
  expect(actionsOf(central, 'dr-chatops-take-action')).not.toContain('ec2:CreateNetworkInterface');
});
