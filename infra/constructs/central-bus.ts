import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';

export interface CentralBusProps {
  readonly names: Names;
  /** Accounts whose executors may report, and whose DRS events are forwarded. */
  readonly stagingAccountIds: readonly string[];
}

/** The bus to which the executors of the staging accounts report their progress, and to which DRS's own events come. */
export class CentralBus extends Construct {
  readonly bus: IEventBus;

  constructor(scope: Construct, id: string, { names, stagingAccountIds }: CentralBusProps) {
    super(scope, id);
    const bus = new EventBus(this, 'Bus', { eventBusName: names.busName });
    bus.addToResourcePolicy(
      new PolicyStatement({
        sid: 'ExecutorsReport',
        // Accounts with their roles as a condition, instead of the roles as principals: a principal must exist when the
        // policy is written, and the staging stacks are deployed after this one.
        principals: stagingAccountIds.map((account) => new AccountPrincipal(account)),
        actions: ['events:PutEvents'],
        resources: [bus.eventBusArn],
        conditions: {
          ArnEquals: {
            'aws:PrincipalArn': stagingAccountIds.flatMap((account) => [
              names.executorRoleArn(account),
              names.forwarderRoleArn(account),
            ]),
          },
        },
      }),
    );
    this.bus = bus;
  }
}
