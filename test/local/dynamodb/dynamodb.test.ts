import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  type CreateTableCommandInput,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it, vi } from 'vitest';
import type { StreamRecord } from '../../../src/local/dynamodb/change-feed.ts';
import { startDynamoDB } from '../../../src/local/dynamodb/dynamodb.ts';
import { closing, simulatedAws } from '../services/simulated-aws.ts';

const ORDERS: CreateTableCommandInput = {
  TableName: 'orders',
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'id', KeyType: 'HASH' },
    { AttributeName: 'item', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'item', AttributeType: 'S' },
    { AttributeName: 'status', AttributeType: 'S' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'ByStatus',
      KeySchema: [{ AttributeName: 'status', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
};
const KEY = { id: { S: 'o-1' }, item: { S: 'ORDER' } };

async function world() {
  const aws = simulatedAws();
  const dynamodb = closing(await startDynamoDB(aws.options));
  await dynamodb.createTable(ORDERS);
  const records: StreamRecord[] = [];
  dynamodb.stream('orders').subscribe((record) => records.push(record));
  const client = new DynamoDBClient(aws.client(dynamodb.url));
  return { ...aws, dynamodb, records, client, documents: DynamoDBDocumentClient.from(client) };
}

describe('what operations consume', () => {
  it('is told in request units, and callers do not see that it was asked for', async () => {
    const aws = simulatedAws();
    const onCapacity = vi.fn();
    const dynamodb = closing(await startDynamoDB({ ...aws.options, onCapacity }));
    await dynamodb.createTable(ORDERS);
    const client = new DynamoDBClient(aws.client(dynamodb.url));
    const TableName = 'orders';
    const text = { S: 'x'.repeat(5_000) };
    const isNew = 'attribute_not_exists(id)';
    const put = await client.send(new PutItemCommand({ TableName, Item: { ...KEY, text } }));
    await client
      .send(new PutItemCommand({ TableName, Item: KEY, ConditionExpression: isNew }))
      .catch((error: unknown) => expect(error).toBeInstanceOf(ConditionalCheckFailedException));
    const got = await client.send(new GetItemCommand({ TableName, Key: KEY, ConsistentRead: true }));
    await client.send(new GetItemCommand({ TableName, Key: KEY }));
    const ofNobody = { ':status': { S: 'nobody' } };
    await client.send(
      new QueryCommand({
        ...{ TableName, IndexName: 'ByStatus', ExpressionAttributeValues: ofNobody },
        ...{ KeyConditionExpression: '#status = :status', ExpressionAttributeNames: { '#status': 'status' } },
      }),
    );
    expect([put.ConsumedCapacity, got.ConsumedCapacity]).toEqual([undefined, undefined]);
    expect(onCapacity.mock.calls.map(([{ readUnits, writeUnits }]) => [readUnits, writeUnits])).toEqual([
      ...[
        [0, 5],
        [0, 1],
      ],
      ...[
        [2, 0],
        [1, 0],
        [0.5, 0],
      ],
    ]);
  });
});

describe('the change feed of a table', () => {
  it('tells of an insert, a change and a removal, with both images and the time of the clock in seconds', async () => {
    const { client, records, clock } = await world();
    const one = { ...KEY, status: { S: 'new' } };
    await client.send(new PutItemCommand({ TableName: 'orders', Item: one }));
    await client.send(
      new UpdateItemCommand({
        TableName: 'orders',
        Key: KEY,
        UpdateExpression: 'SET #s = :s',
        ExpressionAttributeNames: { '#s': 'status' },
        ExpressionAttributeValues: { ':s': { S: 'paid' } },
      }),
    );
    await client.send(new DeleteItemCommand({ TableName: 'orders', Key: KEY }));

    const two = { ...KEY, status: { S: 'paid' } };
    expect(records.map(({ eventName, dynamodb }) => [eventName, dynamodb.OldImage, dynamodb.NewImage])).toEqual([
      ['INSERT', undefined, one],
      ['MODIFY', one, two],
      ['REMOVE', two, undefined],
    ]);
    expect(records[0]).toMatchObject({
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-2',
      eventSourceARN: expect.stringMatching(/^arn:aws:dynamodb:us-east-2:900000000000:table\/orders\/stream\/.+/),
      dynamodb: {
        Keys: KEY,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
        ApproximateCreationDateTime: clock.now() / 1000,
      },
    });
  });

  it('tells of concurrent updates of one item in the order of the writes, each image following the last', async () => {
    const { documents, records } = await world();
    const answers = await Promise.all(
      Array.from({ length: 25 }, () =>
        documents.send(
          new UpdateCommand({
            TableName: 'orders',
            Key: { id: 'o-1', item: 'ORDER' },
            UpdateExpression: 'ADD version :one',
            ExpressionAttributeValues: { ':one': 1 },
            ReturnValues: 'UPDATED_NEW',
          }),
        ),
      ),
    );
    expect(new Set(answers.map((answer) => answer.Attributes?.version)).size).toBe(25);
    expect(records.map((record) => Number(record.dynamodb.NewImage?.version?.N))).toEqual(
      Array.from({ length: 25 }, (_, index) => index + 1),
    );
    for (const [index, record] of records.entries()) {
      expect(record.dynamodb.OldImage).toEqual(records[index - 1]?.dynamodb.NewImage);
    }
    const sequence = records.map((record) => record.dynamodb.SequenceNumber);
    expect(sequence).toEqual([...sequence].sort());
  });

  it('is silent about a write whose condition failed', async () => {
    const { client, records } = await world();
    await client.send(new PutItemCommand({ TableName: 'orders', Item: KEY }));
    const again = new PutItemCommand({
      TableName: 'orders',
      Item: { ...KEY, status: { S: 'new' } },
      ConditionExpression: 'attribute_not_exists(id)',
    });
    await expect(client.send(again)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    expect(records).toHaveLength(1);
  });

  it('is silent about a write without effect, whatever the order of a set', async () => {
    const { client, records } = await world();
    const put = (tags: string[]) =>
      client.send(new PutItemCommand({ TableName: 'orders', Item: { ...KEY, tags: { SS: tags } } }));
    await put(['a', 'b']);
    await put(['b', 'a']);
    await client.send(new DeleteItemCommand({ TableName: 'orders', Key: { id: { S: 'none' }, item: { S: 'none' } } }));
    expect(records).toHaveLength(1);
    await put(['b', 'c']);
    expect(records.map((record) => record.eventName)).toEqual(['INSERT', 'MODIFY']);
  });

  it('tells of each item of a batch write', async () => {
    const { client, records } = await world();
    const item = (id: string) => ({ id: { S: id }, item: { S: 'ORDER' } });
    await client.send(new PutItemCommand({ TableName: 'orders', Item: item('old') }));
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          orders: [
            { PutRequest: { Item: item('a') } },
            { DeleteRequest: { Key: item('old') } },
            { PutRequest: { Item: item('b') } },
          ],
        },
      }),
    );
    expect(records.slice(1).map((record) => [record.eventName, record.dynamodb.Keys.id?.S])).toEqual([
      ['INSERT', 'a'],
      ['REMOVE', 'old'],
      ['INSERT', 'b'],
    ]);
  });

  it('exists only for a table that was created with a stream', async () => {
    const { dynamodb } = await world();
    await dynamodb.createTable({ ...ORDERS, TableName: 'quiet', StreamSpecification: undefined });
    expect(() => dynamodb.stream('quiet')).toThrow('not created with a stream');
    expect(() => dynamodb.stream('nowhere')).toThrow('not created with a stream');
  });
});

describe('the database', () => {
  it('is found by a client that only has the endpoint setting', async () => {
    const { dynamodb, client } = await world();
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', dynamodb.url);
    const { credentials } = client.config;
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-2', credentials }));
    await documents.send(new PutCommand({ TableName: 'orders', Item: { id: 'o-1', item: 'ORDER', total: 3 } }));
    vi.unstubAllEnvs();
    const { Item } = await client.send(new GetItemCommand({ TableName: 'orders', Key: KEY }));
    expect(Item).toEqual({ ...KEY, total: { N: '3' } });
  });

  it('gives the old item with a failed condition when asked to', async () => {
    const { client } = await world();
    const item = { ...KEY, status: { S: 'new' } };
    await client.send(new PutItemCommand({ TableName: 'orders', Item: item }));
    const conditional = new DeleteItemCommand({
      TableName: 'orders',
      Key: KEY,
      ConditionExpression: '#s = :paid',
      ExpressionAttributeNames: { '#s': 'status' },
      ExpressionAttributeValues: { ':paid': { S: 'paid' } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    await expect(client.send(conditional)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: item,
    });
  });

  it('describes a table with its account, Region and stream', async () => {
    const { client, dynamodb } = await world();
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'orders' }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      TableArn: 'arn:aws:dynamodb:us-east-2:900000000000:table/orders',
      LatestStreamArn: dynamodb.stream('orders').arn,
      StreamSpecification: { StreamEnabled: true },
    });
  });

  it('refuses transactions with a clear error', async () => {
    const { client, records } = await world();
    const transaction = new TransactWriteItemsCommand({
      TransactItems: [{ Put: { TableName: 'orders', Item: KEY } }],
    });
    await expect(client.send(transaction)).rejects.toThrow('dynamodb:TransactWriteItems is not simulated');
    expect(records).toEqual([]);
  });

  it('answers what it cannot do with its own error', async () => {
    const { client } = await world();
    const get = new GetItemCommand({ TableName: 'nowhere', Key: KEY });
    await expect(client.send(get)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const half = new PutItemCommand({ TableName: 'orders', Item: { id: { S: 'o-1' } } });
    await expect(client.send(half)).rejects.toMatchObject({ name: 'ValidationException' });
    const wrongType = new PutItemCommand({ TableName: 'orders', Item: { ...KEY, item: { N: '1' } } });
    await expect(client.send(wrongType)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('refuses a signer that nobody has given keys', async () => {
    const { dynamodb, strangerClient } = await world();
    const stranger = new DynamoDBClient(strangerClient(dynamodb.url));
    const get = new GetItemCommand({ TableName: 'orders', Key: KEY });
    await expect(stranger.send(get)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  it('reports who did what to which table and index, and not its own reads', async () => {
    const { client, calls } = await world();
    await client.send(new PutItemCommand({ TableName: 'orders', Item: KEY }));
    await client.send(
      new QueryCommand({
        TableName: 'orders',
        IndexName: 'ByStatus',
        KeyConditionExpression: '#s = :s',
        ExpressionAttributeNames: { '#s': 'status' },
        ExpressionAttributeValues: { ':s': { S: 'new' } },
      }),
    );
    await client.send(new GetItemCommand({ TableName: 'nowhere', Key: KEY })).catch(() => undefined);
    const arn = 'arn:aws:dynamodb:us-east-2:900000000000:table';
    expect(calls.map(({ action, resource, outcome }) => [action, resource, outcome])).toEqual([
      ['PutItem', `${arn}/orders`, 'ok'],
      ['Query', `${arn}/orders/index/ByStatus`, 'ok'],
      ['GetItem', `${arn}/nowhere`, 'ResourceNotFoundException'],
    ]);
    expect(calls[0]?.identity.roleArn).toBe('arn:aws:iam::900000000000:role/tester');
  });

  it('holds the clock while it answers', async () => {
    const { client, clock, dynamodb } = await world();
    let held = false;
    const hold = vi.spyOn(clock, 'hold');
    dynamodb.stream('orders').subscribe(() => {
      held = hold.mock.results.length === 1;
    });
    await client.send(new PutItemCommand({ TableName: 'orders', Item: KEY }));
    expect(held).toBe(true);
  });
});
