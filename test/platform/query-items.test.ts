import type { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { expect, it } from 'vitest';
import { queryItems } from '../../src/platform/query-items.ts';

it('a query is read to its last page, also past one that has nothing', async () => {
  const pages = [
    { Items: [{ n: 1 }, { n: 2 }], LastEvaluatedKey: { id: 'a' } },
    { LastEvaluatedKey: { id: 'b' } },
    { Items: [{ n: 3 }] },
  ];
  const asked: unknown[] = [];
  const send = async ({ input }: QueryCommand) => pages[asked.push(input) - 1];
  expect(await queryItems({ send } as never, { TableName: 'things' })).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  const starts = [undefined, { id: 'a' }, { id: 'b' }];
  expect(asked).toEqual(starts.map((ExclusiveStartKey) => ({ TableName: 'things', ExclusiveStartKey })));
});
