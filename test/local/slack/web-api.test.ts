import type { ConversationsHistoryResponse } from '@slack/web-api';
import { describe, expect, test, vi } from 'vitest';
import { VirtualClock } from '../../../src/local/clock.ts';
import type { WorkspaceEvent } from '../../../src/local/slack/model.ts';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import { CHANNEL, createClient, createWorld, OTHER_CHANNEL, refusalOf, section } from './world.ts';

const [requester, approver] = PEOPLE.map(({ userId }) => userId);

describe('Tokens and methods', () => {
  test('auth.test says who the bot is', async () => {
    const { client } = await createWorld();
    expect(await client.auth.test()).toMatchObject({
      ok: true,
      user_id: WORKSPACE.botUserId,
      bot_id: WORKSPACE.botId,
      team_id: WORKSPACE.teamId,
    });
  });

  test('another token is invalid_auth, no token is not_authed', async () => {
    const { server } = await createWorld();
    expect(await refusalOf(createClient(server, 'xoxb-other').auth.test())).toMatchObject({ error: 'invalid_auth' });
    const response = await fetch(`${server.url}/api/auth.test`, { method: 'POST' });
    expect(await response.json()).toEqual({ ok: false, error: 'not_authed' });
  });

  test('api.test needs no token', async () => {
    const { server } = await createWorld();
    const response = await fetch(`${server.url}/api/api.test`, { method: 'POST' });
    expect(await response.json()).toEqual({ ok: true });
  });

  test('a method that does not exist is unknown_method', async () => {
    const { client } = await createWorld();
    expect(await refusalOf(client.apiCall('chat.shout'))).toMatchObject({ error: 'unknown_method' });
  });

  test('a missing argument is named', async () => {
    const { client } = await createWorld();
    expect(await refusalOf(client.apiCall('chat.postMessage', { text: 'x' }))).toEqual({
      error: 'invalid_arguments',
      messages: ['[ERROR] missing required field: channel [json-pointer:/channel]'],
    });
  });

  test('a rate rule answers 429 with Retry-After', async () => {
    const { client } = await createWorld({ rateRule: ({ method }) => (method === 'chat.postMessage' ? 2 : undefined) });
    await client.auth.test();
    await expect(client.chat.postMessage({ channel: CHANNEL, text: 'x' })).rejects.toMatchObject({ retryAfter: 2 });
  });

  test('a virtual clock is held while a call is handled, and let go after it', async () => {
    const clock = new VirtualClock();
    const held: string[] = [];
    const hold = clock.hold.bind(clock);
    vi.spyOn(clock, 'hold').mockImplementation(() => {
      const release = hold();
      held.push('held');
      return () => {
        release();
        held.push('let go');
      };
    });
    const { client, workspace } = await createWorld({ clock });
    workspace.subscribe(() => held.push('posted'));
    await client.chat.postMessage({ channel: CHANNEL, text: 'x' });
    expect(held).toEqual(['held', 'posted', 'let go']);
  });
});

describe('Posting', () => {
  test('a message is stored as sent, with ids for its blocks', async () => {
    const { client, workspace } = await createWorld();
    const { ts, message } = await client.chat.postMessage({
      channel: CHANNEL,
      text: 'Drill HRP &lt;wave&gt; 1 <@U0PAPPROVE1>',
      blocks: [section('*Drill*')],
    });
    expect(ts).toMatch(/^\d{10}\.\d{6}$/);
    expect(message).toMatchObject({ bot_id: WORKSPACE.botId, text: 'Drill HRP &lt;wave&gt; 1 <@U0PAPPROVE1>' });
    expect(workspace.messages(CHANNEL)).toMatchObject([
      {
        ts,
        user: WORKSPACE.botUserId,
        blocks: [{ ...section('*Drill*'), block_id: expect.stringMatching(/^\w{5}$/) }],
      },
    ]);
  });

  test('timestamps are unique and ascend although time stands still', async () => {
    const { client, workspace } = await createWorld();
    await Promise.all(Array.from({ length: 20 }, () => client.chat.postMessage({ channel: CHANNEL, text: 'x' })));
    const stamps = workspace.messages(CHANNEL).map(({ ts }) => ts);
    expect(new Set(stamps).size).toBe(20);
    expect(stamps).toEqual(stamps.toSorted());
  });

  test('a channel can be named with #, and must exist', async () => {
    const { client } = await createWorld();
    expect(await client.chat.postMessage({ channel: '#incident-hrp', text: 'x' })).toMatchObject({ channel: CHANNEL });
    expect(await refusalOf(client.chat.postMessage({ channel: 'C0NOWHERE01', text: 'x' }))).toMatchObject({
      error: 'channel_not_found',
    });
  });

  test('the bot cannot post where it was not invited', async () => {
    const { client } = await createWorld();
    expect(await refusalOf(client.chat.postMessage({ channel: OTHER_CHANNEL.id, text: 'x' }))).toMatchObject({
      error: 'not_in_channel',
    });
  });

  test('a message needs text or blocks', async () => {
    const { client } = await createWorld();
    expect(await refusalOf(client.chat.postMessage({ channel: CHANNEL, text: '' }))).toMatchObject({
      error: 'no_text',
    });
  });

  test('metadata is kept, and returned only when asked for', async () => {
    const { client } = await createWorld();
    const metadata = { event_type: 'dr_card', event_payload: { execution: 'e-1' } };
    await client.chat.postMessage({ channel: CHANNEL, text: 'x', metadata });
    const plain = await client.conversations.history({ channel: CHANNEL });
    const full = await client.conversations.history({ channel: CHANNEL, include_all_metadata: true });
    expect(plain.messages?.[0]).not.toHaveProperty('metadata');
    expect(full.messages?.[0]?.metadata).toEqual(metadata);
  });

  test('a permalink leads to the message', async () => {
    const { client, server } = await createWorld();
    const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'x' });
    const { permalink } = await client.chat.getPermalink({ channel: CHANNEL, message_ts: ts });
    expect(permalink).toBe(`${server.url}/archives/${CHANNEL}/p${ts.replace('.', '')}`);
  });

  test('subscribers are told of each change, and hold what was there at that moment', async () => {
    const { client, workspace } = await createWorld();
    const events: WorkspaceEvent[] = [];
    const stop = workspace.subscribe((event) => events.push(event));
    const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'one' });
    await client.chat.update({ channel: CHANNEL, ts, text: 'two' });
    await client.chat.delete({ channel: CHANNEL, ts });
    stop();
    await client.chat.postMessage({ channel: CHANNEL, text: 'unheard' });
    expect(events).toMatchObject([
      { type: 'message_posted', message: { text: 'one' } },
      { type: 'message_updated', message: { text: 'two' }, previous: { text: 'one' } },
      { type: 'message_deleted', message: { text: 'two' } },
    ]);
  });

  test('only the newest 5,000 messages are kept', async () => {
    const { workspace } = await createWorld();
    for (let number = 0; number < 5_010; number += 1) {
      workspace.post({ channel: CHANNEL, user: WORKSPACE.botUserId, text: String(number) });
    }
    const texts = workspace.messages(CHANNEL).map(({ text }) => text);
    expect({ count: texts.length, first: texts[0], last: texts.at(-1) }).toEqual({
      count: 5_000,
      first: '10',
      last: '5009',
    });
  });
});

describe('Blocks', () => {
  const button = (text: string, more: object = {}) => ({
    type: 'actions',
    elements: [{ type: 'button', action_id: 'a', text: { type: 'plain_text', text }, ...more }],
  });
  const cases: [string, unknown[], string][] = [
    ['51 blocks', Array(51).fill({ type: 'divider' }), 'no more than 50 items allowed [json-pointer:/blocks]'],
    [
      'a long section',
      [section('x'.repeat(3_001))],
      'must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ],
    ['an empty section', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    ['a section of nothing', [{ type: 'section' }], 'must define either `text` or `fields` [json-pointer:/blocks/0]'],
    [
      'eleven fields',
      [{ type: 'section', fields: Array(11).fill({ type: 'mrkdwn', text: 'x' }) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
    ],
    [
      'a long field',
      [{ type: 'section', fields: [{ type: 'mrkdwn', text: 'x'.repeat(2_001) }] }],
      'must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]',
    ],
    [
      'a long header',
      [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }],
      'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      'mrkdwn in a header',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
      'unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]',
    ],
    [
      'a long button',
      [button('x'.repeat(76))],
      'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
    ],
    [
      'a long value',
      [button('x', { value: 'x'.repeat(2_001) })],
      'must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]',
    ],
    [
      'a style that is not there',
      [button('x', { style: 'warning' })],
      'unsupported style: warning [json-pointer:/blocks/0/elements/0/style]',
    ],
    [
      'a long confirmation',
      [
        button('x', {
          confirm: { title: { type: 'plain_text', text: 'x'.repeat(101) }, text: { type: 'mrkdwn', text: 'x' } },
        }),
      ],
      'must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]',
    ],
    [
      'two buttons of one id',
      [{ type: 'actions', elements: [...button('x').elements, ...button('y').elements] }],
      '`action_id` must be unique within its block [json-pointer:/blocks/0/elements/1/action_id]',
    ],
    [
      'no buttons',
      [{ type: 'actions', elements: [] }],
      'no less than 1 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      'eleven context elements',
      [{ type: 'context', elements: Array(11).fill({ type: 'mrkdwn', text: 'x' }) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      'an unknown block',
      [{ type: 'divider' }, { type: 'banner' }],
      'unsupported type: banner [json-pointer:/blocks/1/type]',
    ],
    [
      'a block for modals only',
      [{ type: 'alert', text: 'x' }],
      'unsupported type: alert [json-pointer:/blocks/0/type]',
    ],
    [
      'two blocks of one id',
      [
        { type: 'divider', block_id: 'b' },
        { type: 'divider', block_id: 'b' },
      ],
      '`block_id` must be unique [json-pointer:/blocks/1/block_id]',
    ],
  ];

  test.each(cases)('%s: invalid_blocks names the place', async (_what, blocks, expected) => {
    const { client, workspace } = await createWorld();
    const refusal = await refusalOf(client.apiCall('chat.postMessage', { channel: CHANNEL, text: 'x', blocks }));
    expect(refusal.error).toBe('invalid_blocks');
    expect(refusal.messages).toContain(`[ERROR] ${expected}`);
    expect(workspace.messages(CHANNEL)).toEqual([]);
  });

  test('blocks of more than 13,200 characters of JSON are msg_blocks_too_long', async () => {
    const { client } = await createWorld();
    const blocks = Array.from({ length: 5 }, () => section('x'.repeat(2_700)));
    expect(await refusalOf(client.chat.postMessage({ channel: CHANNEL, text: 'x', blocks }))).toMatchObject({
      error: 'msg_blocks_too_long',
    });
  });

  test('blocks that are not a list are invalid_blocks_format', async () => {
    const { client } = await createWorld();
    for (const blocks of ['{not json', '{"type":"divider"}']) {
      expect(
        await refusalOf(client.apiCall('chat.postMessage', { channel: CHANNEL, text: 'x', blocks })),
      ).toMatchObject({ error: 'invalid_blocks_format' });
    }
  });
});

describe('Updating and deleting', () => {
  test('text without blocks removes the blocks', async () => {
    const { client, workspace } = await createWorld();
    const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'card', blocks: [section('card')] });
    await client.chat.update({ channel: CHANNEL, ts, text: 'only text' });
    expect(workspace.messages(CHANNEL)).toMatchObject([{ text: 'only text', blocks: undefined }]);
  });

  test('blocks without text remove the text, and nobody sees "edited"', async () => {
    const { client, workspace } = await createWorld();
    const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'card', blocks: [section('old')] });
    await client.apiCall('chat.update', { channel: CHANNEL, ts, blocks: [section('new')] });
    const [message] = workspace.messages(CHANNEL);
    expect(message).toMatchObject({ text: '', blocks: [section('new')] });
    expect(message).not.toHaveProperty('edited');
  });

  test('metadata stays through an update until it is emptied', async () => {
    const { client, workspace } = await createWorld();
    const metadata = { event_type: 'dr_card', event_payload: {} };
    const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'x', metadata });
    await client.chat.update({ channel: CHANNEL, ts, text: 'y' });
    expect(workspace.messages(CHANNEL)[0]?.metadata).toEqual(metadata);
    await client.apiCall('chat.update', { channel: CHANNEL, ts, text: 'z', metadata: {} });
    expect(workspace.messages(CHANNEL)[0]?.metadata).toBeUndefined();
  });

  test('what is not there, not ours or ephemeral cannot be updated', async () => {
    const { client, workspace } = await createWorld();
    const theirs = workspace.as('requester').say('hello', CHANNEL);
    const { message_ts = '' } = await client.chat.postEphemeral({
      channel: CHANNEL,
      user: requester ?? '',
      text: 'psst',
    });
    const update = (ts: string) => refusalOf(client.chat.update({ channel: CHANNEL, ts, text: 'x' }));
    expect(await update('1700000000.000100')).toMatchObject({ error: 'message_not_found' });
    expect(await update(theirs.ts)).toMatchObject({ error: 'cant_update_message' });
    expect(await update(message_ts)).toMatchObject({ error: 'message_not_found' });
  });

  test('an updated text of more than 4,000 characters is msg_too_long', async () => {
    const { client } = await createWorld();
    const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'x' });
    expect(await refusalOf(client.chat.update({ channel: CHANNEL, ts, text: 'x'.repeat(4_001) }))).toMatchObject({
      error: 'msg_too_long',
    });
  });

  test('a deleted message is gone; one with replies leaves a stone', async () => {
    const { client, workspace } = await createWorld();
    const lonely = await client.chat.postMessage({ channel: CHANNEL, text: 'lonely' });
    const parent = await client.chat.postMessage({ channel: CHANNEL, text: 'parent' });
    await client.chat.postMessage({ channel: CHANNEL, text: 'reply', thread_ts: parent.ts });
    for (const { ts = '' } of [lonely, parent]) await client.chat.delete({ channel: CHANNEL, ts });
    expect(workspace.messages(CHANNEL).map(({ subtype, text }) => ({ subtype, text }))).toEqual([
      { subtype: 'tombstone', text: 'This message was deleted.' },
      { subtype: undefined, text: 'reply' },
    ]);
  });
});

describe('Reading', () => {
  test('history is newest first, without replies, in pages', async () => {
    const { client } = await createWorld();
    const { ts: first = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'one' });
    await client.chat.postMessage({ channel: CHANNEL, text: 'reply', thread_ts: first });
    await client.chat.postMessage({
      channel: CHANNEL,
      text: 'also in channel',
      thread_ts: first,
      reply_broadcast: true,
    });
    await client.chat.postMessage({ channel: CHANNEL, text: 'two' });
    const texts: unknown[] = [];
    for await (const page of client.paginate('conversations.history', { channel: CHANNEL, limit: 2 })) {
      const { messages } = page as ConversationsHistoryResponse;
      texts.push(...(messages ?? []).map(({ text }) => text));
    }
    expect(texts).toEqual(['two', 'also in channel', 'one']);
    const oldest = await client.conversations.history({ channel: CHANNEL, latest: first, inclusive: true });
    expect(oldest.messages).toMatchObject([{ text: 'one', reply_count: 2, thread_ts: first }]);
  });

  test('replies start with the thread, whichever of its messages is asked for', async () => {
    const { client } = await createWorld();
    const { ts: parent } = await client.chat.postMessage({ channel: CHANNEL, text: 'parent' });
    const { ts: reply = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'reply', thread_ts: parent });
    // Slack wants the parent's ts; a reply's leads to the same thread.
    await client.chat.postMessage({ channel: CHANNEL, text: 'second reply', thread_ts: reply });
    const { messages } = await client.conversations.replies({ channel: CHANNEL, ts: reply });
    expect(messages?.map(({ text, thread_ts }) => ({ text, thread_ts }))).toEqual(
      ['parent', 'reply', 'second reply'].map((text) => ({ text, thread_ts: parent })),
    );
  });

  test('a thread that is not there is thread_not_found', async () => {
    const { client } = await createWorld();
    const ts = '1700000000.000100';
    expect(await refusalOf(client.conversations.replies({ channel: CHANNEL, ts }))).toMatchObject({
      error: 'thread_not_found',
    });
  });

  test('an ephemeral message is seen by one person, and is in no history', async () => {
    const { client, workspace } = await createWorld();
    await client.chat.postEphemeral({ channel: CHANNEL, user: requester ?? '', text: 'psst' });
    expect(workspace.ephemerals(CHANNEL, requester ?? '')).toMatchObject([{ text: 'psst' }]);
    expect(workspace.ephemerals(CHANNEL, approver ?? '')).toEqual([]);
    expect((await client.conversations.history({ channel: CHANNEL })).messages).toEqual([]);
    const outsider = client.chat.postEphemeral({ channel: CHANNEL, user: 'U0NOBODY001', text: 'x' });
    expect(await refusalOf(outsider)).toMatchObject({ error: 'user_not_in_channel' });
  });

  test('channels, members, people and groups', async () => {
    const { client } = await createWorld({
      userGroups: [{ id: 'S0APPROVERS', handle: 'dr-approvers', name: 'DR approvers', userIds: [approver ?? ''] }],
    });
    expect((await client.conversations.info({ channel: OTHER_CHANNEL.id })).channel).toMatchObject({
      is_member: false,
    });
    expect((await client.conversations.members({ channel: CHANNEL })).members).toContain(requester);
    expect((await client.users.info({ user: approver ?? '' })).user).toMatchObject({ name: 'approver', is_bot: false });
    expect((await client.users.info({ user: WORKSPACE.botUserId })).user).toMatchObject({ is_bot: true });
    expect(await refusalOf(client.users.info({ user: 'U0NOBODY001' }))).toMatchObject({ error: 'user_not_found' });
    expect((await client.usergroups.users.list({ usergroup: 'S0APPROVERS' })).users).toEqual([approver]);
    expect((await client.usergroups.list()).usergroups).toMatchObject([{ handle: 'dr-approvers', user_count: 1 }]);
    expect(await refusalOf(client.usergroups.users.list({ usergroup: 'S0NOBODY01' }))).toMatchObject({
      error: 'no_such_subteam',
    });
  });
});

describe('Files', () => {
  test('uploadV2 shares a file into a thread', async () => {
    const { client, workspace, server } = await createWorld();
    const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'parent' });
    await client.files.uploadV2({
      channel_id: CHANNEL,
      thread_ts: ts,
      filename: 'servers.csv',
      title: 'All servers',
      initial_comment: 'Every server and its state',
      file: Buffer.from('server,state\ns-1,LAUNCHED\n'),
    });
    const [, shared] = workspace.thread(CHANNEL, ts);
    expect(shared).toMatchObject({
      subtype: 'file_share',
      text: 'Every server and its state',
      thread_ts: ts,
      files: [{ name: 'servers.csv', title: 'All servers', mimetype: 'text/csv', size: 26 }],
    });
    expect(workspace.files().map(({ content }) => content.toString())).toEqual(['server,state\ns-1,LAUNCHED\n']);
    const download = await fetch(shared?.files?.[0]?.url_private ?? server.url);
    expect(await download.text()).toBe('server,state\ns-1,LAUNCHED\n');
    const info = await client.files.info({ file: shared?.files?.[0]?.id ?? '' });
    expect(info).toMatchObject({ file: { channels: [CHANNEL] }, content: 'server,state\ns-1,LAUNCHED\n' });
  });

  test('an upload whose bytes never came cannot be completed', async () => {
    const { client } = await createWorld();
    const { file_id = '' } = await client.files.getUploadURLExternal({ filename: 'a.txt', length: 3 });
    expect(await refusalOf(client.files.completeUploadExternal({ files: [{ id: file_id }] }))).toMatchObject({
      error: 'file_update_failed',
    });
  });

  test('raw bytes are taken too, but only as many as announced', async () => {
    const { client, workspace } = await createWorld();
    const { upload_url = '', file_id = '' } = await client.files.getUploadURLExternal({ filename: 'a.txt', length: 3 });
    expect((await fetch(upload_url, { method: 'POST', body: 'four' })).status).toBe(400);
    expect((await fetch(upload_url, { method: 'POST', body: 'abc' })).status).toBe(200);
    await client.files.completeUploadExternal({ files: [{ id: file_id }] });
    expect(workspace.files()).toMatchObject([{ file: { id: file_id, channels: [] } }]);
  });

  test('only the newest 200 files are kept', async () => {
    const { client, workspace } = await createWorld();
    for (let number = 0; number < 205; number += 1) {
      await client.files.uploadV2({ filename: `${number}.txt`, content: 'x' });
    }
    expect(workspace.files().map(({ file }) => file.name)).toEqual(
      Array.from({ length: 200 }, (_, n) => `${n + 5}.txt`),
    );
  });
});
