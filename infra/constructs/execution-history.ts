import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface ExecutionHistoryProps {
  readonly tableName: string;
  readonly key: IKey;
}

/** The table that is the truth: executions, plans, batches, gates, messages, locks. Its stream drives everything else. */
export class ExecutionHistory extends Construct {
  readonly streamArn: string;

  constructor(scope: Construct, id: string, { tableName, key }: ExecutionHistoryProps) {
    super(scope, id);
    const table = new Table(this, 'Table', {
      tableName,
      partitionKey: { name: 'executionId', type: AttributeType.STRING },
      sortKey: { name: 'item', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      deletionProtection: true,
      // Readiness of applications that there are no more, digests, and what people only looked at. Nothing else has it.
      timeToLiveAttribute: 'removedAfter',
      removalPolicy: RemovalPolicy.RETAIN,
    });
    table.addGlobalSecondaryIndex({
      indexName: 'StatusIndex',
      partitionKey: { name: 'status', type: AttributeType.STRING },
      sortKey: { name: 'startTime', type: AttributeType.NUMBER },
    });
    if (table.tableStreamArn === undefined) throw new Error('the table has no stream');
    this.streamArn = table.tableStreamArn;
  }
}
