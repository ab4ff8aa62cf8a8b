import { describe, expect, it } from 'vitest';
import { allowedResources, at, exampleDeployment, synthesize } from './synthesized.ts';

const { staging } = synthesize(exampleDeployment());
const [stack] = staging;
const ACCOUNT = '111111111111';
const EXECUTOR_ROLE = 'dr-chatops-executor';
const FORWARDER_ROLE = 'dr-chatops-drs-events';
const BUS = 'arn:aws:events:us-east-2:900000000000:event-bus/dr-chatops';

describe("the executor's role", () => {
  const rights = stack?.rightsOf(EXECUTOR_ROLE) ?? [];
  const allowed = rights.filter(({ effect }) => effect === 'Allow').flatMap(({ actions }) => actions);

  it('has exactly the DRS actions that the executor calls, and those that its calls need of their caller', () => {
    expect(allowed.filter((action) => action.startsWith('drs:')).sort()).toEqual([
      'drs:CreateRecoveryInstanceForDrs',
      'drs:DescribeJobs',
      'drs:DescribeRecoveryInstances',
      'drs:DescribeSourceServers',
      'drs:ListTagsForResource',
      'drs:StartFailbackLaunch',
      'drs:StartRecovery',
      'drs:TagResource',
      'drs:TerminateRecoveryInstances',
    ]);
  });

  it('writes to nothing else but EC2 (through DRS) and the central bus', () => {
    const others = allowed.filter((action) => !/^(drs|ec2|logs|xray):/.test(action));
    expect([...new Set(others)].sort()).toEqual(['events:PutEvents', 'iam:PassRole']);
    expect(allowedResources(rights, 'events:PutEvents')).toEqual([BUS]);
  });

  it.each(['drs:TerminateRecoveryInstances', 'drs:StartFailbackLaunch'])(
    'has %s on recovery instances only',
    (action) => {
      expect(allowedResources(rights, action)).toEqual([`arn:aws:drs:us-east-2:${ACCOUNT}:recovery-instance/*`]);
    },
  );

  it.each(['ec2:TerminateInstances', 'ec2:DeleteVolume', 'ec2:DescribeInstances', 'ec2:DescribeVolumes'])(
    'has %s, which TerminateRecoveryInstances needs of its caller',
    (action) => expect(allowed).toContain(action),
  );
});

describe("DRS's own events", () => {
  it('go to the central bus, with a role that can do nothing else', () => {
    const { Properties } = stack?.only('AWS::Events::Rule') ?? { Properties: {} as Record<string, unknown> };
    expect(Properties).toMatchObject({
      EventPattern: {
        source: ['aws.drs'],
        'detail-type': [
          'DRS Recovery Instance Failback State Change',
          'DRS Source Server Data Replication Stalled Change',
          'DRS Source Server Launch Result',
        ],
      },
      Targets: [{ Arn: BUS }],
    });
    // On the default bus: that is where AWS services put their events.
    expect(Properties.EventBusName).toBeUndefined();
    expect(at(Properties, 'Targets', 0, 'RoleArn')).toBeDefined();
    expect(stack?.rightsOf(FORWARDER_ROLE)).toMatchObject([
      { effect: 'Allow', actions: ['events:PutEvents'], resources: [BUS] },
    ]);
    expect(stack?.trustOf(FORWARDER_ROLE)).toMatchObject([
      {
        principal: { Service: 'events.amazonaws.com' },
        conditions: {
          StringEquals: { 'aws:SourceAccount': ACCOUNT },
          ArnEquals: { 'aws:SourceArn': `arn:aws:events:us-east-2:${ACCOUNT}:rule/${FORWARDER_ROLE}` },
        },
      },
    ]);
  });
});
