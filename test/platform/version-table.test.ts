import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { protectionGroupSchema } from '../../src/domain/protection-group.ts';
import { startDynamoDB } from '../../src/local/dynamodb/dynamodb.ts';
import { planTables } from '../../src/local/plan-tables.ts';
import { versionTable } from '../../src/platform/version-table.ts';
import { aGroup } from '../domain/plans.ts';
import { closing, simulatedAws } from '../local/services/simulated-aws.ts';

const BY = { changedBy: { arn: 'arn:aws:iam::900000000000:user/anna' }, changedAt: 5 };

async function startTable() {
  const { client, options } = simulatedAws();
  const dynamodb = closing(await startDynamoDB(options));
  for (const table of planTables({ plans: 'plans', groups: 'groups' })) await dynamodb.createTable(table);
  const db = DynamoDBDocumentClient.from(new DynamoDBClient(client(dynamodb.url)));
  return { db, groups: versionTable(db, { TableName: 'groups', key: 'groupId', schema: protectionGroupSchema }) };
}

describe('a version', () => {
  it('is written once', async () => {
    const { groups } = await startTable();
    const first = { id: 'g1', version: 1, ...BY, content: aGroup('g1', '1') };
    await groups.write([first]);
    await groups.write([{ ...first, changedAt: 6, content: aGroup('g1', '2') }]);
    expect(await groups.version('g1', 1)).toEqual(first);
    expect(await groups.history('g1')).toEqual([{ version: 1, ...BY }]);
  });

  it('that ought to be there and is not says so', async () => {
    const { groups } = await startTable();
    await expect(groups.current([{ id: 'g1', version: 3 }])).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('Version 3 of g1 is not in the table groups. If tables were restored'),
    });
    expect(await groups.current([{ id: 'g1', version: 3, deleted: true }])).toEqual([]);
  });

  it('that cannot be understood says so', async () => {
    const { db, groups } = await startTable();
    const Item = { groupId: 'g1', item: 'VERSION#00000001', version: 1, ...BY, content: { groupId: 'g1' } };
    await db.send(new PutCommand({ TableName: 'groups', Item }));
    await expect(groups.version('g1', 1)).rejects.toMatchObject({
      code: 'ValidationError',
      message: expect.stringContaining('Version 1 of g1 in the table groups is not valid'),
    });
  });
});
