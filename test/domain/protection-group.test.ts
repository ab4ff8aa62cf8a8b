import { describe, expect, test } from 'vitest';
import {
  membersOf,
  type ProtectionGroup,
  protectionGroupSchema,
  recordsOutside,
} from '../../src/domain/protection-group.ts';
import { aServer } from './fleet.ts';

const GROUP: ProtectionGroup = { groupId: 'g', groupName: 'G', region: 'us-east-2', tagCriteria: { a: '1', b: '2' } };
const idsOf = (group: ProtectionGroup, ...fleet: ReturnType<typeof aServer>[]) =>
  membersOf(group, fleet).map(({ sourceServerId }) => Number(sourceServerId.slice(2)));

describe('the servers of a group', () => {
  test('have all of its tags, exactly', () => {
    const tags = { a: '1', b: '2' };
    expect(
      idsOf(
        GROUP,
        aServer(1, { tags }),
        aServer(2, { tags: { ...tags, c: '3' } }),
        aServer(3, { tags: { a: '1' } }),
        aServer(4, { tags: { a: '1', b: '22' } }),
      ),
    ).toEqual([1, 2]);
  });

  test('are in its Region, and in its account where it names one', () => {
    const tags = { a: '1', b: '2' };
    const fleet = [
      aServer(1, { tags }),
      aServer(2, { tags, accountId: '222222222222' }),
      aServer(3, { tags, region: 'us-west-2' }),
    ];
    expect(idsOf(GROUP, ...fleet)).toEqual([1, 2]);
    expect(idsOf({ ...GROUP, accountId: '222222222222' }, ...fleet)).toEqual([2]);
  });

  test('or are named by id, whatever their tags', () => {
    const { tagCriteria: _, ...place } = GROUP;
    const group = { ...place, serverIds: ['s-00000000000000002', 's-00000000000000009'] };
    expect(idsOf(group, aServer(1), aServer(2), aServer(9, { region: 'us-west-2' }))).toEqual([2]);
  });
});

describe('an extended source server', () => {
  const tags = { a: '1', b: '2' };
  const original = aServer(1, { tags });
  const copy = aServer(2, { tags, accountId: '222222222222', stagingSourceServerArn: original.arn });
  const fleet = [original, copy, aServer(3, { tags, stagingSourceServerArn: '' })];
  const outside = (group: ProtectionGroup) =>
    recordsOutside(membersOf(group, fleet), fleet).map(({ sourceServerId }) => sourceServerId);

  test.each([original, copy])(
    'of which a group has one record alone is seen by it',
    ({ accountId, sourceServerId }) => {
      const other = sourceServerId === copy.sourceServerId ? original : copy;
      const { tagCriteria: _, ...place } = GROUP;
      expect(outside({ ...GROUP, accountId })).toEqual([other.sourceServerId]);
      expect(outside({ ...place, serverIds: [sourceServerId] })).toEqual([other.sourceServerId]);
    },
  );

  test('is whole in a group that looks in every account', () => {
    expect(outside(GROUP)).toEqual([]);
    expect(outside({ ...GROUP, tagCriteria: { a: 'none' } })).toEqual([]);
  });
});

describe('a group', () => {
  const isGroup = (differs: object) => protectionGroupSchema.safeParse({ ...GROUP, ...differs }).success;

  test('names its servers by tags or by id: one of the two', () => {
    const serverIds = ['s-00000000000000001'];
    expect(isGroup({})).toBe(true);
    expect(isGroup({ tagCriteria: undefined, serverIds })).toBe(true);
    expect(isGroup({ serverIds })).toBe(false);
    expect(isGroup({ tagCriteria: undefined })).toBe(false);
    expect(isGroup({ tagCriteria: {} })).toBe(false);
    expect(isGroup({ tagCriteria: undefined, serverIds: [] })).toBe(false);
  });

  test('has an id that fits in a key, a name of one line, an account and a Region', () => {
    expect(isGroup({ groupId: '5a0e5d34-7c1b-4a8c-9a55-1f5a6f0c2b01' })).toBe(true);
    for (const wrong of [{ groupId: 'a b' }, { groupName: 'a\nb' }, { groupName: ' a' }, { groupName: '' }]) {
      expect(isGroup(wrong)).toBe(false);
    }
    expect(isGroup({ accountId: '{account-id}' })).toBe(false);
    expect(isGroup({ region: 'Ohio' })).toBe(false);
    expect(isGroup({ colour: 'red' })).toBe(false);
  });
});
