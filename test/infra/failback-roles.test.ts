import { describe, expect, it } from 'vitest';
import { parseDeployment } from '../../infra/deployment.ts';
import { originSchema } from '../../src/platform/configuration.ts';
import { allowedResources, exampleDeployment, synthesize, type View } from './synthesized.ts';

const { central, staging, origins } = synthesize(exampleDeployment());
const [stagingAccount] = staging as [View];
const [origin] = origins as [View];
const FUNCTION_ROLE = 'arn:aws:iam::900000000000:role/dr-chatops-failback-origin';
const FAILBACK_ROLE = 'dr-chatops-failback';
const ORIGIN_ROLE = 'dr-chatops-origin-us-east-1';

const drsActions = (view: View, role: string): string[] =>
  view
    .rightsOf(role)
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ actions }) => actions)
    .filter((action) => action.startsWith('drs:'))
    .sort();

describe.each([
  ['the failback role of a staging account', stagingAccount, FAILBACK_ROLE],
  ['the origin role', origin, ORIGIN_ROLE],
])('%s', (_, view, role) => {
  it('trusts failback-origin alone, in this organisation, which says the ExternalId', () => {
    expect(view.trustOf(role)).toMatchObject([
      {
        principal: { AWS: FUNCTION_ROLE },
        conditions: {
          StringEquals: { 'sts:ExternalId': 'dr-chatops-practice', 'aws:PrincipalOrgID': 'o-examplepractice' },
        },
      },
    ]);
  });

  it('is denied to end replication', () => {
    const denied = view.rightsOf(role).filter(({ effect }) => effect === 'Deny');
    expect(denied.flatMap(({ actions }) => actions)).toEqual(
      expect.arrayContaining(['drs:StopReplication', 'drs:DisconnectSourceServer', 'drs:DeleteSourceServer']),
    );
  });
});

it('the failback role reverses recovery instances of its account, and launches nothing', () => {
  expect(drsActions(stagingAccount, FAILBACK_ROLE)).toEqual([
    'drs:DescribeRecoveryInstances',
    'drs:DescribeReplicationConfigurationTemplates',
    'drs:DescribeSourceServers',
    'drs:ReverseReplication',
  ]);
  expect(allowedResources(stagingAccount.rightsOf(FAILBACK_ROLE), 'drs:ReverseReplication')).toEqual([
    'arn:aws:drs:us-east-2:111111111111:recovery-instance/*',
  ]);
});

it('the origin role launches in its own account and Region, and ends nothing there', () => {
  expect(drsActions(origin, ORIGIN_ROLE)).toEqual([
    'drs:CreateRecoveryInstanceForDrs',
    'drs:DescribeJobs',
    'drs:DescribeRecoveryInstances',
    'drs:DescribeSourceServers',
    'drs:ListTagsForResource',
    'drs:StartRecovery',
    'drs:TagResource',
  ]);
  expect(allowedResources(origin.rightsOf(ORIGIN_ROLE), 'drs:StartRecovery')).toEqual([
    'arn:aws:drs:us-east-1:555555555555:source-server/*',
  ]);
  const launches = origin.rightsOf(ORIGIN_ROLE).filter(({ actions }) => actions.includes('ec2:RunInstances'));
  expect(launches.length).toBeGreaterThan(0);
  for (const { conditions } of launches) expect(conditions.Bool).toEqual({ 'aws:ViaAWSService': 'true' });
});

it('failback-origin assumes these roles and no others, and is told of them', () => {
  expect(allowedResources(central.rightsOf('dr-chatops-failback-origin'), 'sts:AssumeRole')).toEqual([
    ...['111111111111', '222222222222', '333333333333', '444444444444'].map(
      (account) => `arn:aws:iam::${account}:role/${FAILBACK_ROLE}`,
    ),
    `arn:aws:iam::555555555555:role/${ORIGIN_ROLE}`,
  ]);
  const document = central
    .all('AWS::SSM::Parameter')
    .find(({ Properties }) => Properties.Name === '/dr-chatops/origins/555555555555/us-east-1');
  expect(originSchema.parse(JSON.parse(String(document?.Properties.Value)))).toMatchObject({
    roleArn: `arn:aws:iam::555555555555:role/${ORIGIN_ROLE}`,
  });
});

it('an origin that is listed twice is refused', () => {
  const deployment = exampleDeployment();
  const [first] = deployment.origins;
  expect(() => parseDeployment({ ...deployment, origins: [first, first] }, 'file')).toThrow(
    'origins.1: us-east-1 of 555555555555 is listed twice',
  );
});
