import { expect, test } from 'vitest';
import type { LibraryChange } from '../../src/domain/plan-library.ts';
import type { ServerName } from '../../src/platform/server-details.ts';
import { aboutOf, withServerIds } from '../../src/queries/draft.ts';

const server = (id: string, hostname: string, accountId = '111111111111'): ServerName => ({
  sourceServerId: `s-${id.padStart(17, '0')}`,
  hostname,
  accountId,
  region: 'us-east-2',
  tags: {},
  arn: `arn:${accountId}:${id}`,
});
const SERVERS = [
  server('1', 'hrp-db-001'),
  server('2', 'hrp-db-002'),
  server('3', 'twin'),
  server('4', 'twin', '222222222222'),
];

const groupOf = (serverIds: string[], accountId?: string): LibraryChange => ({
  kind: 'put group',
  group: {
    groupId: 'g',
    groupName: 'G',
    region: 'us-east-2',
    serverIds,
    ...(accountId === undefined ? {} : { accountId }),
  },
});
const idsOf = (change: LibraryChange | undefined) =>
  change?.kind === 'put group' ? change.group.serverIds : undefined;

test('hostnames become the ids of servers in the Region and account of the group, each once', () => {
  const { changes, problems } = withServerIds([groupOf(['HRP-DB-001', 's-00000000000000001', 'hrp-db-002'])], SERVERS);
  expect(problems).toEqual([]);
  expect(idsOf(changes[0])).toEqual(['s-00000000000000001', 's-00000000000000002']);
  expect(idsOf(withServerIds([groupOf(['twin'], '222222222222')], SERVERS).changes[0])).toEqual([
    's-00000000000000004',
  ]);
});

test('what is unknown or may be several is a problem of the group, with what is near', () => {
  const { problems } = withServerIds([groupOf(['twin', 'hrp-db-01', 'hrp-db-002'])], SERVERS);
  expect(problems).toEqual([
    {
      groupId: 'g',
      field: 'serverIds',
      message:
        'twin may be any of s-00000000000000003 in 111111111111, s-00000000000000004 in 222222222222: name it by its id.',
    },
    {
      groupId: 'g',
      field: 'serverIds',
      message: 'There is no server hrp-db-01. Did you mean hrp-db-001 or hrp-db-002?',
    },
  ]);
});

test('several changes are named by their number', () => {
  const library = { version: 0, plans: [], groups: [] };
  const [group = groupOf([])] = [groupOf(['a'])];
  expect(aboutOf([group], library)).toBe('Protection group G');
  expect(aboutOf([group, { kind: 'delete plan', planId: 'x' }, group], library)).toBe(
    '1 recovery plan and 2 protection groups',
  );
  expect(aboutOf([{ kind: 'delete plan', planId: 'x' }], library)).toBe('Deleting recovery plan x');
});
