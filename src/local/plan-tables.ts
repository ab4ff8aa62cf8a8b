import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** The tables of recovery plans and protection groups, as the central stack makes them, by other names. */
export function planTables(names: { plans: string; groups: string }): CreateTableCommandInput[] {
  return [table(names.plans, 'planId'), table(names.groups, 'groupId')];
}

function table(name: string, key: string): CreateTableCommandInput {
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: key, KeyType: 'HASH' },
      { AttributeName: 'item', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: key, AttributeType: 'S' },
      { AttributeName: 'item', AttributeType: 'S' },
    ],
  };
}
