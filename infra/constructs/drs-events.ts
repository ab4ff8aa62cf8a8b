import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import { allow } from './grant.ts';

/** DRS's own events (DRS user guide, Amazon EventBridge sample events). It emits them at best effort. */
export const DRS_EVENTS = [
  'DRS Recovery Instance Failback State Change',
  'DRS Source Server Data Replication Stalled Change',
  'DRS Source Server Launch Result',
] as const;

export interface DrsEventsProps {
  readonly names: Names;
  /** The staging account whose events are forwarded. */
  readonly accountId: string;
}

/**
 * Takes DRS's own events of a staging account to the central bus. They make progress faster; polling is the truth, so
 * nothing is kept for events that cannot be delivered.
 */
export class DrsEvents extends Construct {
  constructor(scope: Construct, id: string, { names, accountId }: DrsEventsProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      roleName: names.forwarderRoleName,
      description: 'EventBridge sends the events of DRS to the central bus',
      // Only on behalf of this rule.
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': accountId },
          ArnEquals: { 'aws:SourceArn': names.arn('events', accountId, `rule/${names.forwarderRuleName}`) },
        },
      }),
      inlinePolicies: {
        Needs: new PolicyDocument({ statements: [allow(['events:PutEvents'], [names.busArn])] }),
      },
    });
    new CfnRule(this, 'Rule', {
      name: names.forwarderRuleName,
      description: 'DRS events to the central bus of dr-chatops',
      eventPattern: { source: ['aws.drs'], 'detail-type': [...DRS_EVENTS] },
      targets: [{ id: 'central-bus', arn: names.busArn, roleArn: role.roleArn }],
    });
  }
}
