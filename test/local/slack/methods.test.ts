import type { ConversationsHistoryResponse } from '@slack/web-api';
import { describe, expect, test } from 'vitest';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import { CHANNEL, createWorld, OTHER_CHANNEL, refusalOf } from './world.ts';

const [requester = '', approver = '', secondApprover = ''] = PEOPLE.map(({ userId }) => userId);
const GROUP = { id: 'S0APPROVERS', handle: 'dr-approvers', name: 'DR approvers', userIds: [approver] };
const ARCHIVED = { id: 'C0ARCHIVED1', name: 'old', memberIds: [WORKSPACE.botUserId, requester], isArchived: true };

describe('User groups', () => {
  // docs.slack.dev/reference/methods/usergroups.list: include_users.
  test('are listed with their members only when asked', async () => {
    const { client } = await createWorld({ userGroups: [GROUP] });
    expect((await client.usergroups.list()).usergroups?.[0]).not.toHaveProperty('users');
    expect((await client.usergroups.list({ include_users: true })).usergroups).toMatchObject([
      { id: GROUP.id, handle: 'dr-approvers', users: [approver], user_count: 1 },
    ]);
  });

  // docs.slack.dev/reference/methods/usergroups.users.update: `users` is the whole list.
  test('get a new list of members', async () => {
    const { client } = await createWorld({ userGroups: [GROUP] });
    const users = `${approver},${secondApprover}`;
    const { usergroup } = await client.usergroups.users.update({ usergroup: GROUP.id, users });
    expect(usergroup).toMatchObject({ id: GROUP.id, users: [approver, secondApprover], user_count: 2 });
    expect((await client.usergroups.users.list({ usergroup: GROUP.id })).users).toEqual([approver, secondApprover]);
  });

  // docs.slack.dev/reference/methods/usergroups.users.update and usergroups.users.list, "Errors".
  test('refuse an unknown group, no users and unknown users', async () => {
    const { client } = await createWorld({ userGroups: [GROUP] });
    const update = (usergroup: string, users: string) =>
      refusalOf(client.usergroups.users.update({ usergroup, users }));
    expect(await update('S0NOBODY01', approver)).toMatchObject({ error: 'no_such_subteam' });
    expect(await update(GROUP.id, '')).toMatchObject({ error: 'no_users_provided' });
    expect(await update(GROUP.id, `${approver},U0NOBODY001`)).toMatchObject({ error: 'invalid_users' });
    expect(await refusalOf(client.usergroups.users.list({ usergroup: 'S0NOBODY01' }))).toMatchObject({
      error: 'no_such_subteam',
    });
  });
});

describe('People and groups that change', () => {
  // docs.slack.dev/reference/objects/usergroup-object: updated_by, date_update in seconds.
  test('a group tells who changed it last, and when', async () => {
    const { client, workspace } = await createWorld({ userGroups: [GROUP] });
    workspace.addUserGroup({ ...GROUP, id: 'S0ANOTHER01' });
    workspace.setGroupMembers(GROUP.id, [secondApprover], requester);
    expect((await client.usergroups.list({ include_users: true })).usergroups).toMatchObject([
      {
        id: GROUP.id,
        users: [secondApprover],
        updated_by: requester,
        date_update: Math.floor(workspace.now() / 1_000),
        date_delete: 0,
      },
      { id: 'S0ANOTHER01', users: [approver] },
    ]);
  });

  // docs.slack.dev/reference/objects/user-object: is_bot, is_restricted, deleted.
  test('an account tells what it is', async () => {
    const { client, workspace } = await createWorld();
    const user = async () => (await client.users.info({ user: approver })).user;
    expect(await user()).toMatchObject({ is_bot: false, is_restricted: false, deleted: false });
    workspace.setAccount('approver', 'guest');
    expect(await user()).toMatchObject({ is_restricted: true });
    workspace.setAccount('approver', 'bot');
    expect(await user()).toMatchObject({ is_bot: true, is_restricted: false });
    workspace.setAccount('approver', 'deactivated');
    expect(await user()).toMatchObject({ deleted: true, is_bot: false });
    workspace.setAccount('approver', undefined);
    expect(await user()).toMatchObject({ is_bot: false, is_restricted: false, deleted: false });
  });
});

describe('Channels that cannot be written to', () => {
  // docs.slack.dev/reference/methods/chat.postMessage and chat.postEphemeral, "Errors": is_archived.
  test('posting to an archived channel is is_archived', async () => {
    const { client } = await createWorld({ channels: [ARCHIVED] });
    expect((await client.conversations.info({ channel: ARCHIVED.id })).channel).toMatchObject({ is_archived: true });
    const post = client.chat.postMessage({ channel: ARCHIVED.id, text: 'x' });
    expect(await refusalOf(post)).toMatchObject({ error: 'is_archived' });
    const psst = client.chat.postEphemeral({ channel: ARCHIVED.id, user: requester, text: 'x' });
    expect(await refusalOf(psst)).toMatchObject({ error: 'is_archived' });
  });

  // docs.slack.dev/reference/methods/chat.update, "Errors": is_inactive.
  test('updating a message of an archived channel is is_inactive', async () => {
    const { client, workspace } = await createWorld({ channels: [ARCHIVED] });
    const { ts } = workspace.post({ channel: ARCHIVED.id, user: WORKSPACE.botUserId, text: 'card' });
    expect(await refusalOf(client.chat.update({ channel: ARCHIVED.id, ts, text: 'x' }))).toMatchObject({
      error: 'is_inactive',
    });
  });

  // docs.slack.dev/reference/methods/chat.postEphemeral, "Errors": user_not_in_channel.
  test('an ephemeral message to somebody who is not in the channel is user_not_in_channel', async () => {
    const channel = { id: CHANNEL, name: 'incident-hrp', memberIds: [WORKSPACE.botUserId, requester] };
    const { client, workspace } = await createWorld({ channels: [channel] });
    const psst = client.chat.postEphemeral({ channel: CHANNEL, user: approver, text: 'x' });
    expect(await refusalOf(psst)).toMatchObject({ error: 'user_not_in_channel' });
    expect(workspace.ephemerals(CHANNEL, approver)).toEqual([]);
  });
});

describe('conversations.history', () => {
  async function posted(texts: string[]) {
    const world = await createWorld();
    const stamps: string[] = [];
    for (const text of texts) {
      const { ts = '' } = await world.client.chat.postMessage({ channel: CHANNEL, text });
      stamps.push(ts);
    }
    const textsOf = ({ messages }: ConversationsHistoryResponse) => messages?.map(({ text }) => text);
    return { ...world, stamps, textsOf };
  }

  // docs.slack.dev/reference/methods/conversations.history: `limit`, `has_more`, `next_cursor`.
  test('a page says whether there are more, and where they start, whatever is posted meanwhile', async () => {
    const { client, textsOf } = await posted(['one', 'two', 'three']);
    const first = await client.conversations.history({ channel: CHANNEL, limit: 2 });
    expect(first).toMatchObject({ has_more: true });
    await client.chat.postMessage({ channel: CHANNEL, text: 'four' });
    const cursor = first.response_metadata?.next_cursor;
    const second = await client.conversations.history({ channel: CHANNEL, limit: 2, cursor });
    expect([textsOf(first), textsOf(second)]).toEqual([['three', 'two'], ['one']]);
    expect(second).toMatchObject({ has_more: false, response_metadata: { next_cursor: '' } });
  });

  // docs.slack.dev/reference/methods/conversations.history: `oldest`, `latest`, `inclusive`.
  test('oldest and latest leave out their own messages unless inclusive', async () => {
    const { client, stamps, textsOf } = await posted(['one', 'two', 'three', 'four']);
    const [oldest, , , latest] = stamps;
    const within = { channel: CHANNEL, oldest, latest };
    expect(textsOf(await client.conversations.history(within))).toEqual(['three', 'two']);
    expect(textsOf(await client.conversations.history({ ...within, inclusive: true }))).toEqual([
      'four',
      'three',
      'two',
      'one',
    ]);
  });

  // docs.slack.dev/reference/methods/conversations.history, "Errors".
  test.each([
    ['cursor', { cursor: 'bm90IGEgY3Vyc29y' }, 'invalid_cursor'],
    ['limit', { limit: 0 }, 'invalid_limit'],
    ['oldest', { oldest: 'yesterday' }, 'invalid_ts_oldest'],
    ['latest', { latest: 'now' }, 'invalid_ts_latest'],
    ['channel', { channel: 'C0NOWHERE01' }, 'channel_not_found'],
    ['channel without the bot', { channel: OTHER_CHANNEL.id }, 'not_in_channel'],
  ])('a wrong %s is refused', async (_what, change, error) => {
    const { client } = await posted(['one']);
    expect(await refusalOf(client.conversations.history({ channel: CHANNEL, ...change }))).toMatchObject({ error });
  });

  // docs.slack.dev/reference/methods/conversations.history and conversations.replies: include_all_metadata.
  test('metadata comes when asked for, in threads too', async () => {
    const { client } = await createWorld();
    const metadata = { event_type: 'dr_card', event_payload: { execution: 'e-1' } };
    const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'x', metadata });
    await client.chat.postMessage({ channel: CHANNEL, text: 'y', thread_ts: ts, metadata });
    const plain = await client.conversations.replies({ channel: CHANNEL, ts });
    const full = await client.conversations.replies({ channel: CHANNEL, ts, include_all_metadata: true });
    expect(plain.messages?.every((message) => !('metadata' in message))).toBe(true);
    expect(full.messages).toMatchObject([{ metadata }, { metadata }]);
  });
});

describe('Uploading a file', () => {
  // docs.slack.dev/reference/methods/files.getUploadURLExternal, "Errors": missing_argument.
  test('of no bytes is missing_argument', async () => {
    const { client } = await createWorld();
    const call = client.files.getUploadURLExternal({ filename: 'a.txt', length: 0 });
    expect(await refusalOf(call)).toMatchObject({ error: 'missing_argument' });
  });

  // docs.slack.dev/reference/methods/files.completeUploadExternal, "Errors".
  test.each([
    ['into no channel', { channel_id: 'C0NOWHERE01' }, 'invalid_channel'],
    ['where the bot is not', { channel_id: OTHER_CHANNEL.id }, 'not_in_channel'],
    ['into an archived channel', { channel_id: ARCHIVED.id }, 'posting_to_channel_denied'],
  ])('%s is refused, and the file is not stored', async (_what, where, error) => {
    const { client, workspace } = await createWorld({ channels: [ARCHIVED, OTHER_CHANNEL] });
    const { upload_url = '', file_id = '' } = await client.files.getUploadURLExternal({ filename: 'a.txt', length: 3 });
    await fetch(upload_url, { method: 'POST', body: 'abc' });
    const complete = client.apiCall('files.completeUploadExternal', { files: [{ id: file_id }], ...where });
    expect(await refusalOf(complete)).toMatchObject({ error });
    expect(workspace.files()).toEqual([]);
  });

  // docs.slack.dev/reference/methods/files.completeUploadExternal, "Errors": file_not_found.
  test('cannot be completed for a file that was never announced, or twice', async () => {
    const { client } = await createWorld();
    const complete = (id: string) => client.files.completeUploadExternal({ files: [{ id }] });
    expect(await refusalOf(complete('F0NOWHERE01'))).toMatchObject({ error: 'file_not_found' });
    const { upload_url = '', file_id = '' } = await client.files.getUploadURLExternal({ filename: 'a.txt', length: 3 });
    await fetch(upload_url, { method: 'POST', body: 'abc' });
    await complete(file_id);
    expect(await refusalOf(complete(file_id))).toMatchObject({ error: 'file_not_found' });
  });
});
