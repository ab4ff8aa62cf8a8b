import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface PlanTablesProps {
  /** Name of the table of recovery plans. */
  readonly planTableName: string;
  /** Name of the table of protection groups. */
  readonly groupTableName: string;
  readonly key: IKey;
}

/** What people prepare: recovery plans and protection groups, every version of them. Drafts expire. */
export class PlanTables extends Construct {
  constructor(scope: Construct, id: string, { planTableName, groupTableName, key }: PlanTablesProps) {
    super(scope, id);
    const common = {
      sortKey: { name: 'item', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    };
    new Table(this, 'Plans', {
      ...common,
      tableName: planTableName,
      partitionKey: { name: 'planId', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
    });
    new Table(this, 'Groups', {
      ...common,
      tableName: groupTableName,
      partitionKey: { name: 'groupId', type: AttributeType.STRING },
    });
  }
}
