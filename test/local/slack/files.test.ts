import { describe, expect, test } from 'vitest';
import { blockFaults } from '../../../src/local/slack/blocks.ts';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import { BOT_TOKEN, createWorld } from './world.ts';

const requester = PEOPLE[0]?.userId ?? '';
const DIRECT = `D${requester.slice(1)}`;
const plain = (text: string) => ({ type: 'plain_text', text });

describe('a file that somebody uploads for a form', () => {
  // docs.slack.dev/reference/methods/files.info and /reference/objects/file-object: url_private_download needs the token.
  test('is told by files.info, and read with the token of the bot', async () => {
    const { workspace, client } = await createWorld();
    const { id } = workspace.as('requester').upload('plan.yaml', Buffer.from('format: x'));
    const { file } = await client.files.info({ file: id });
    expect(file).toMatchObject({ id, name: 'plan.yaml', user: requester, size: 9, filetype: 'yaml' });
    const url = file?.url_private_download ?? '';
    const read = await fetch(url, { headers: { authorization: `Bearer ${BOT_TOKEN}` } });
    expect([read.status, await read.text()]).toEqual([200, 'format: x']);
    const other = await fetch(url, { headers: { authorization: 'Bearer xoxb-other' }, redirect: 'manual' });
    expect(other.status).toBe(302);
  });
});

describe('the direct conversation with the bot', () => {
  // docs.slack.dev/reference/methods/chat.postMessage, "Posting to a user": the answer names the conversation.
  test('begins with a message to a user id, and takes files', async () => {
    const { workspace, client } = await createWorld();
    const { channel, ts } = await client.chat.postMessage({ channel: requester, text: 'here it is' });
    expect(channel).toBe(DIRECT);
    await client.files.uploadV2({
      channel_id: DIRECT,
      thread_ts: ts ?? '',
      file_uploads: [{ file: Buffer.from('{}'), filename: 'a.json' }],
    });
    expect(workspace.messages(DIRECT).map(({ text, files }) => [text, files?.[0]?.name])).toEqual([
      ['here it is', undefined],
      ['', 'a.json'],
    ]);
    expect(workspace.channel(DIRECT)?.memberIds).toEqual([WORKSPACE.botUserId, requester]);
    expect(workspace.channel('D0NOBODY000')).toBeUndefined();
  });
});

describe('inputs', () => {
  const input = (element: object) => [{ type: 'input', label: plain('x'), element: { action_id: 'it', ...element } }];
  const option = (at: number) => ({ text: plain(`Option ${at}`), value: String(at) });
  const options = (count: number) => Array.from({ length: count }, (_, at) => option(at));

  // docs.slack.dev/reference/block-kit/block-elements/file-input-element: max_files from 1 to 10.
  test.each([
    [1, []],
    [10, []],
    [11, ['must be less than 11 [json-pointer:/blocks/0/element/max_files]']],
    [0, ['must be more than 0 [json-pointer:/blocks/0/element/max_files]']],
  ])('a file_input of %i files', (max_files, faults) => {
    expect(blockFaults(input({ type: 'file_input', max_files }), 'modal')).toEqual(faults);
  });

  // docs.slack.dev/reference/block-kit/composition-objects/option-group-object: label of 75 characters, 100 options.
  test('option groups have a label and at most 100 options each', () => {
    const groups = (label: string, count: number) =>
      input({ type: 'multi_static_select', option_groups: [{ label: plain(label), options: options(count) }] });
    expect(blockFaults(groups('first', 100), 'modal')).toEqual([]);
    expect(blockFaults(groups('first', 101), 'modal')).toEqual([
      'no more than 100 items allowed [json-pointer:/blocks/0/element/option_groups/0/options]',
    ]);
    expect(blockFaults(groups('x'.repeat(76), 1), 'modal')).toHaveLength(1);
    const none = input({ type: 'static_select', option_groups: [] });
    expect(blockFaults(none, 'modal')).toEqual([
      'no less than 1 items allowed [json-pointer:/blocks/0/element/option_groups]',
    ]);
  });
});
