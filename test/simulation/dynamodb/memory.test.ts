import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Backend, startBackend } from '../../../src/local/dynamodb/backend.ts';
import { executionTable } from '../../../src/local/execution-table.ts';
import { MemoryDynamoDB } from './memory.ts';

const TABLE = 'compared';

/** One operation with its input. */
type Step = readonly [operation: string, input: Record<string, unknown>];

const id = fc.constantFrom('e-1', 'e-2', 'LOCK#HRP');
const sortKey = fc.constantFrom('EXECUTION', 'GATE#approval-1', 'BATCH#01', 'BATCH#02');
const key = fc.record({ executionId: fc.record({ S: id }), item: fc.record({ S: sortKey }) });
const status = fc.constantFrom('pending', 'running', 'completed').map((S) => ({ S }));
const number = fc.integer({ min: 0, max: 3 }).map((N) => ({ N: String(N) }));
const list = fc.array(number, { maxLength: 3 }).map((L) => ({ L }));
const server = fc.record({ state: status, sourceServerId: fc.constantFrom('s-1', 's-2').map((S) => ({ S })) });
const attributes = fc.record(
  {
    status,
    startTime: number,
    version: number,
    owner: fc.constantFrom('e-1', 'e-2').map((S) => ({ S })),
    batchIds: list,
    servers: fc.array(server, { maxLength: 2 }).map((all) => ({ L: all.map((M) => ({ M })) })),
    bell: fc.record({ taskToken: fc.constantFrom('one', 'two').map((S) => ({ S })) }).map((M) => ({ M })),
  },
  { requiredKeys: [] },
);
const names = { '#status': 'status', '#version': 'version', '#owner': 'owner', '#state': 'state', '#item': 'item' };

/** Only what an expression names may be given: DynamoDB refuses the rest. */
function given(texts: (string | undefined)[], values: Record<string, unknown>): Record<string, unknown> {
  const text = texts.join(' ');
  const used = (all: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(text)));
  const [usedNames, usedValues] = [used(names), used(values)];
  return {
    ...(Object.keys(usedNames).length === 0 ? {} : { ExpressionAttributeNames: usedNames }),
    ...(Object.keys(usedValues).length === 0 ? {} : { ExpressionAttributeValues: usedValues }),
  };
}

const values = fc.record({
  ':read': number,
  ':next': number,
  ':one': fc.constant({ N: '1' }),
  ':status': status,
  ':other': status,
  ':mine': fc.constantFrom('e-1', 'e-2').map((S) => ({ S })),
  ':token': fc.constantFrom('one', 'two').map((S) => ({ S })),
  ':ids': list,
  ':prefix': fc.constantFrom('BATCH#', 'GATE#', 'E').map((S) => ({ S })),
  ':id': id.map((S) => ({ S })),
});

const condition = fc.constantFrom(
  undefined,
  'attribute_not_exists(executionId)',
  'attribute_exists(executionId) AND attribute_not_exists(#owner)',
  'attribute_not_exists(#owner) OR #owner = :mine',
  '#version = :read',
  '#status = :status AND #version = :read AND :read < startTime',
  '#status IN (:status, :other)',
  '#status <> :status',
  'size(batchIds) = :read',
  'bell.taskToken = :token',
  'attribute_not_exists(bell.taskToken) OR bell.taskToken <> :token',
  'servers[0].sourceServerId = :token OR servers[0].#state IN (:status)',
  'NOT (startTime > :read AND startTime < :next) AND begins_with(#item, :prefix)',
  '#version <= :read OR #version > :next',
);
const update = fc.constantFrom(
  'SET #status = :status, #version = :next',
  'SET #version = #version + :one',
  'SET batchIds = list_append(batchIds, :ids)',
  'SET servers[0].#state = :status',
  'SET bell.taskToken = :token',
  'SET bell = :token',
  'SET startTime = if_not_exists(startTime, :next)',
  'REMOVE #owner',
  'SET #status = :status REMOVE bell, #owner',
);
const returns = fc.constantFrom(undefined, 'ALL_OLD', 'ALL_NEW');

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ key, attributes, condition, values })
    .map(({ key: Key, attributes: more, condition: ConditionExpression, values: all }): Step => {
      const more2 = given([ConditionExpression], all);
      return ['PutItem', { TableName: TABLE, Item: { ...more, ...Key }, ConditionExpression, ...more2 }];
    }),
  fc
    .record({ key, update, condition, values, returns })
    .map(
      ({
        key: Key,
        update: UpdateExpression,
        condition: ConditionExpression,
        values: all,
        returns: ReturnValues,
      }): Step => {
        const more = given([UpdateExpression, ConditionExpression], all);
        return ['UpdateItem', { TableName: TABLE, Key, UpdateExpression, ConditionExpression, ReturnValues, ...more }];
      },
    ),
  fc.record({ key, condition, values }).map(({ key: Key, condition: ConditionExpression, values: all }): Step => {
    return ['DeleteItem', { TableName: TABLE, Key, ConditionExpression, ...given([ConditionExpression], all) }];
  }),
  key.map((Key): Step => ['GetItem', { TableName: TABLE, Key }]),
  fc
    .record({ values, byPrefix: fc.boolean(), forward: fc.boolean(), limit: fc.constantFrom(undefined, 1, 2) })
    .map(({ values: all, byPrefix, forward: ScanIndexForward, limit: Limit }): Step => {
      const KeyConditionExpression = `executionId = :id${byPrefix ? ' AND begins_with(#item, :prefix)' : ''}`;
      const more = given([KeyConditionExpression], all);
      return ['Query', { TableName: TABLE, KeyConditionExpression, ScanIndexForward, Limit, ...more }];
    }),
  fc.record({ values, filtered: fc.boolean() }).map(({ values: all, filtered }): Step => {
    const KeyConditionExpression = '#status = :status AND startTime >= :read';
    const FilterExpression = filtered ? 'begins_with(#item, :prefix)' : undefined;
    const more = given([KeyConditionExpression, FilterExpression], all);
    return ['Query', { TableName: TABLE, IndexName: 'StatusIndex', KeyConditionExpression, FilterExpression, ...more }];
  }),
);

/** What a caller sees: of refusals the kind; items without an order between them in one order. */
async function answerOf(backend: Backend, [operation, input]: Step): Promise<unknown> {
  const { status: http, body } = await backend.send(operation, JSON.stringify(input));
  if (http !== 200) return { http, type: String(body.__type).replace(/^.*#/, '') };
  if (input.IndexName === undefined) return { http, body };
  const items = (body.Items as unknown[]).map((item) => JSON.stringify(item, sortedMembers)).sort();
  return { http, body: { ...body, Items: items } };
}

function sortedMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

test('the database of the simulation answers as dynalite does', { timeout: 60_000 }, async () => {
  const dynalite = startBackend();
  await dynalite.send('CreateTable', JSON.stringify(executionTable(TABLE)));
  await expect
    .poll(async () => (await dynalite.send('DescribeTable', JSON.stringify({ TableName: TABLE }))).body.Table, {
      interval: 5,
    })
    .toMatchObject({ TableStatus: 'ACTIVE' });
  const kept: Step[] = [];
  for (const executionId of ['e-1', 'e-2', 'LOCK#HRP']) {
    for (const item of ['EXECUTION', 'GATE#approval-1', 'BATCH#01', 'BATCH#02']) {
      kept.push(['DeleteItem', { TableName: TABLE, Key: { executionId: { S: executionId }, item: { S: item } } }]);
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const memory = new MemoryDynamoDB();
      await memory.send('CreateTable', JSON.stringify(executionTable(TABLE)));
      for (const one of kept) await dynalite.send(one[0], JSON.stringify(one[1]));
      for (const one of steps) {
        expect({ one, answer: await answerOf(memory, one) }).toEqual({ one, answer: await answerOf(dynalite, one) });
      }
    }),
    { numRuns: 60 },
  );
});
