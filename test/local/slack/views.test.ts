import { describe, expect, test } from 'vitest';
import { PEOPLE } from '../../../src/local/slack/people.ts';
import { approvalBlocks, CHANNEL, createWorld, fieldsOf, payloadOf, refusalOf, section, type World } from './world.ts';

const approver = PEOPLE[1]?.userId ?? '';
const plain = (text: string) => ({ type: 'plain_text' as const, text });
const modal = {
  type: 'modal' as const,
  callback_id: 'reject',
  title: plain('Reject the drill'),
  submit: plain('Reject'),
  blocks: [
    {
      type: 'input' as const,
      block_id: 'why',
      label: plain('Why?'),
      element: { type: 'plain_text_input' as const, action_id: 'reason' },
    },
  ],
};
const VALUES = { why: { reason: { type: 'plain_text_input', value: 'not tonight' } } };

async function trigger(world: World): Promise<string> {
  await world.workspace.as('approver').command('/dr', 'reject', CHANNEL);
  return fieldsOf(world.bot.requests.at(-1)).trigger_id ?? '';
}

async function openModal(world: World, view: object = modal) {
  await world.client.apiCall('views.open', { trigger_id: await trigger(world), view });
  return topModal(world);
}

function topModal({ workspace }: World) {
  const view = workspace.modals(approver).at(-1);
  if (view === undefined) throw new Error('no modal is open');
  return view;
}

const callbacks = ({ workspace }: World) => workspace.modals(approver).map(({ callback_id }) => callback_id);

/** Submits the topmost modal, which the bot answers with `answer`. */
function submit(world: World, answer: unknown) {
  world.bot.answer = async () => ({ status: 200, body: answer === undefined ? '' : JSON.stringify(answer) });
  return world.workspace.as('approver').submitView(topModal(world), VALUES);
}

describe('trigger_id', () => {
  // docs.slack.dev/interactivity/handling-user-interaction: triggers expire in three seconds.
  test('is good for exactly three seconds', async () => {
    const world = await createWorld();
    const [inTime, late] = [await trigger(world), await trigger(world)];
    world.pass(3_000);
    await world.client.views.open({ trigger_id: inTime, view: modal });
    world.pass(1);
    expect(await refusalOf(world.client.views.open({ trigger_id: late, view: modal }))).toMatchObject({
      error: 'expired_trigger_id',
    });
  });

  // docs.slack.dev/reference/methods/views.open: exchanged_trigger_id, "already exchanged in a previous call".
  test('is used up by any method, also after it has expired', async () => {
    const world = await createWorld();
    const trigger_id = await trigger(world);
    await world.client.views.open({ trigger_id, view: modal });
    expect(await refusalOf(world.client.views.push({ trigger_id, view: modal }))).toMatchObject({
      error: 'exchanged_trigger_id',
    });
    world.pass(3_001);
    expect(await refusalOf(world.client.views.open({ trigger_id, view: modal }))).toMatchObject({
      error: 'exchanged_trigger_id',
    });
  });

  // docs.slack.dev/reference/methods/views.open: invalid_trigger_id.
  test('that Slack never gave out is invalid', async () => {
    const { client } = await createWorld();
    expect(await refusalOf(client.views.open({ trigger_id: '12345.98765.abcd2358fdea', view: modal }))).toMatchObject({
      error: 'invalid_trigger_id',
    });
  });

  // docs.slack.dev/surfaces/modals: a submission's trigger can open or push a view.
  test('of a submission pushes a view', async () => {
    const world = await createWorld();
    await openModal(world);
    await submit(world, { response_action: 'errors', errors: { why: 'Say more' } });
    const trigger_id = String(payloadOf(world.bot.requests.at(-1)).trigger_id);
    await world.client.views.push({ trigger_id, view: { ...modal, callback_id: 'second' } });
    expect(callbacks(world)).toEqual(['reject', 'second']);
  });
});

describe('Views', () => {
  // docs.slack.dev/reference/views: title, submit and close 24, private_metadata 3,000, callback_id and external_id 255,
  // at most 100 blocks, submit required with an input.
  test.each([
    ['title', { title: plain('x'.repeat(25)) }, 'must be less than 25 characters [json-pointer:/view/title]'],
    ['submit', { submit: plain('x'.repeat(25)) }, 'must be less than 25 characters [json-pointer:/view/submit]'],
    ['close', { close: plain('x'.repeat(25)) }, 'must be less than 25 characters [json-pointer:/view/close]'],
    [
      'private_metadata',
      { private_metadata: 'x'.repeat(3_001) },
      'must be less than 3001 characters [json-pointer:/view/private_metadata]',
    ],
    [
      'callback_id',
      { callback_id: 'x'.repeat(256) },
      'must be less than 256 characters [json-pointer:/view/callback_id]',
    ],
    [
      'external_id',
      { external_id: 'x'.repeat(256) },
      'must be less than 256 characters [json-pointer:/view/external_id]',
    ],
    ['no title', { title: undefined }, 'missing required field: title [json-pointer:/view]'],
    ['an input without submit', { submit: undefined }, 'missing required field: submit [json-pointer:/view]'],
    [
      '101 blocks',
      { blocks: Array(101).fill({ type: 'divider' }) },
      'no more than 100 items allowed [json-pointer:/view/blocks]',
    ],
  ])('%s: a view over its limit is invalid_arguments with the place', async (_what, change, message) => {
    const world = await createWorld();
    const view = { ...modal, ...change };
    const call = world.client.apiCall('views.open', { trigger_id: await trigger(world), view });
    expect(await refusalOf(call)).toEqual({ error: 'invalid_arguments', messages: [`[ERROR] ${message}`] });
    expect(callbacks(world)).toEqual([]);
  });

  // docs.slack.dev/reference/methods/views.open: view_too_large, "greater than 250kb".
  test('a view of more than 250 kB is view_too_large', async () => {
    const world = await createWorld();
    const blocks = Array.from({ length: 100 }, () => section('x'.repeat(2_900)));
    const call = world.client.views.open({ trigger_id: await trigger(world), view: { ...modal, blocks } });
    expect(await refusalOf(call)).toMatchObject({ error: 'view_too_large' });
  });

  // docs.slack.dev/reference/methods/views.open: duplicate_external_id.
  test('an external_id belongs to one view, which it can update', async () => {
    const world = await createWorld();
    const view = { ...modal, external_id: 'reject-1' };
    await openModal(world, view);
    const again = world.client.views.open({ trigger_id: await trigger(world), view });
    expect(await refusalOf(again)).toMatchObject({ error: 'duplicate_external_id' });
    await world.client.views.update({ external_id: 'reject-1', view: { ...view, callback_id: 'changed' } });
    expect(callbacks(world)).toEqual(['changed']);
  });

  // docs.slack.dev/reference/methods/views.update: hash_conflict.
  test('of two updates with one hash the second is hash_conflict; without a hash it passes', async () => {
    const world = await createWorld();
    const { id: view_id, hash } = await openModal(world);
    await world.client.views.update({ view_id, hash, view: { ...modal, callback_id: 'first' } });
    const second = world.client.views.update({ view_id, hash, view: { ...modal, callback_id: 'second' } });
    expect(await refusalOf(second)).toMatchObject({ error: 'hash_conflict' });
    expect(callbacks(world)).toEqual(['first']);
    await world.client.views.update({ view_id, view: { ...modal, callback_id: 'third' } });
    expect(callbacks(world)).toEqual(['third']);
  });

  // docs.slack.dev/reference/methods/views.publish: hash_conflict.
  test('App Home published with an old hash is hash_conflict', async () => {
    const { client, workspace } = await createWorld();
    const publish = (text: string, hash?: string) =>
      client.views.publish({ user_id: approver, hash, view: { type: 'home', blocks: [section(text)] } });
    const { view } = await publish('one');
    await publish('two', view?.hash);
    expect(await refusalOf(publish('three', view?.hash))).toMatchObject({ error: 'hash_conflict' });
    expect(workspace.home(approver)).toMatchObject({ blocks: [section('two')] });
  });

  // docs.slack.dev/reference/methods/views.update: not_found.
  test('a view that was closed cannot be updated', async () => {
    const world = await createWorld();
    const { id: view_id } = await openModal(world);
    await submit(world, undefined);
    expect(await refusalOf(world.client.views.update({ view_id, view: modal }))).toMatchObject({ error: 'not_found' });
  });

  // docs.slack.dev/reference/methods/views.push: not_found; push_limit_reached, "currently the limit is 3".
  test('a push needs an open modal, and makes at most three views', async () => {
    const world = await createWorld();
    const push = async () => world.client.views.push({ trigger_id: await trigger(world), view: modal });
    expect(await refusalOf(push())).toMatchObject({ error: 'not_found' });
    await openModal(world);
    await push();
    await push();
    expect(await refusalOf(push())).toMatchObject({ error: 'push_limit_reached' });
  });
});

describe('Clicks in a view', () => {
  // docs.slack.dev/reference/interaction-payloads/block_actions-payload: container and view instead of the message.
  test('arrive with the view as their container, and a trigger', async () => {
    const world = await createWorld();
    const home = { type: 'home' as const, blocks: approvalBlocks() };
    await world.client.views.publish({ user_id: approver, view: home });
    const view = world.workspace.home(approver);
    if (view === undefined) throw new Error('no App Home was published');
    expect(await world.workspace.as('approver').clickView(view, 'reject')).toMatchObject({ status: 200 });
    const payload = payloadOf(world.bot.requests.at(-1));
    expect(payload).toMatchObject({
      type: 'block_actions',
      user: { id: approver },
      container: { type: 'view', view_id: view.id },
      view: { id: view.id, hash: view.hash, state: { values: {} } },
      actions: [{ type: 'button', action_id: 'reject', block_id: 'gate-1', value: 'request-1|1' }],
    });
    for (const member of ['channel', 'message', 'response_url']) expect(payload).not.toHaveProperty(member);
    await world.client.views.open({ trigger_id: String(payload.trigger_id), view: modal });
    expect(callbacks(world)).toEqual(['reject']);
    await expect(world.workspace.as('approver').clickView(view, 'escalate')).rejects.toThrow('has no button escalate');
  });
});

describe('Menus in a view', () => {
  const option = (value: string) => ({ text: plain(value), value });
  const menus = {
    ...modal,
    blocks: [
      {
        type: 'input' as const,
        block_id: 'app',
        dispatch_action: true,
        label: plain('Application'),
        element: { type: 'external_select' as const, action_id: 'choose', placeholder: plain('Choose') },
      },
      ...modal.blocks,
    ],
  };
  const MENU = { blockId: 'app', actionId: 'choose' };
  const CHOSEN = { app: { choose: { type: 'external_select', selected_option: option('HRP') } }, ...VALUES };

  async function suggest(world: World, answer: unknown) {
    const view = await openModal(world, menus);
    world.bot.answer = async () => ({ status: 200, body: answer === undefined ? '' : JSON.stringify(answer) });
    const suggested = await world.workspace.as('approver').suggestInView(view, MENU, 'hr', VALUES);
    return { view, suggested, offered: world.workspace.stored.views.offeredIn(view.id) };
  }

  // docs.slack.dev/reference/interaction-payloads/block_suggestion-payload.
  test('ask the app for their options, with what was typed and filled in', async () => {
    const world = await createWorld();
    const { view, suggested, offered } = await suggest(world, { options: [option('HRP')] });
    expect(suggested.options).toEqual([option('HRP')]);
    expect(offered).toEqual({ app: [option('HRP')] });
    const payload = payloadOf(world.bot.requests.at(-1));
    expect(payload).toMatchObject({
      type: 'block_suggestion',
      user: { id: approver },
      action_id: 'choose',
      block_id: 'app',
      value: 'hr',
      container: { type: 'view', view_id: view.id },
      view: { id: view.id, hash: view.hash, state: { values: VALUES } },
    });
    expect(payload).not.toHaveProperty('trigger_id');
  });

  test('keep what was offered before: it may be the one that is chosen', async () => {
    const world = await createWorld();
    const { view } = await suggest(world, { options: [option('HRP')] });
    world.bot.answer = async () => ({ status: 200, body: JSON.stringify({ options: [option('CRM')] }) });
    await world.workspace.as('approver').suggestInView(view, MENU, 'c', VALUES);
    expect(world.workspace.stored.views.offeredIn(view.id)).toEqual({ app: [option('HRP'), option('CRM')] });
    await submit(world, undefined);
    expect(world.workspace.stored.views.offeredIn(view.id)).toEqual({});
  });

  // docs.slack.dev/reference/block-kit/block-elements/select-menu-element, external data source: options or option_groups;
  // at most 100 (block_suggestion payload).
  test.each([
    ['options of groups', { option_groups: [{ label: plain('g'), options: [option('HRP')] }] }, ['HRP'], undefined],
    ['an empty answer', undefined, [], undefined],
    ['an answer without options', { choices: [] }, [], 'invalid_options_response'],
    ['options without text', { options: [{ value: 'HRP' }] }, [], 'invalid_options_response'],
    ['101 options', { options: Array(101).fill(option('x')) }, [], 'invalid_options_response'],
  ])('take %s for what it is', async (_what, answer, values, error) => {
    const { suggested } = await suggest(await createWorld(), answer);
    expect(suggested.options.map(({ value }) => value)).toEqual(values);
    expect(suggested.error).toBe(error);
  });

  // docs.slack.dev/reference/block-kit/blocks/input-block: dispatch_action; block_actions payload.
  test('tell the app of a choice where the block says dispatch_action, and may be drawn anew', async () => {
    const world = await createWorld();
    const view = await openModal(world, menus);
    const person = world.workspace.as('approver');
    expect(await person.chooseInView(view, MENU, CHOSEN)).toMatchObject({ status: 200 });
    expect(payloadOf(world.bot.requests.at(-1))).toMatchObject({
      type: 'block_actions',
      container: { type: 'view', view_id: view.id },
      view: { id: view.id, hash: view.hash, state: { values: CHOSEN } },
      actions: [{ type: 'external_select', action_id: 'choose', block_id: 'app', selected_option: option('HRP') }],
    });
    await world.client.views.update({
      view_id: view.id,
      hash: view.hash,
      view: { ...menus, callback_id: 'drawn anew' },
    });
    expect(callbacks(world)).toEqual(['drawn anew']);
  });

  test('that are none cannot be used', async () => {
    const world = await createWorld();
    const view = await openModal(world, menus);
    const person = world.workspace.as('approver');
    const reason = { blockId: 'why', actionId: 'reason' };
    await expect(person.chooseInView(view, reason, VALUES)).rejects.toThrow('no such input reason');
    await expect(person.suggestInView(view, reason, '')).rejects.toThrow('no such input reason');
    await expect(person.suggestInView(view, { ...MENU, actionId: 'other' }, '')).rejects.toThrow('no such input other');
  });
});

describe('A global shortcut', () => {
  const shortcuts = [{ callbackId: 'ask', name: 'Ask', description: 'By a form' }];

  // docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload: no channel, no message, no response_url.
  test('arrives with a trigger that opens a view, and without a channel', async () => {
    const world = await createWorld({ shortcuts });
    expect(await world.workspace.as('approver').pickShortcut('ask')).toMatchObject({ status: 200, error: undefined });
    const payload = payloadOf(world.bot.requests.at(-1));
    expect(payload).toMatchObject({
      type: 'shortcut',
      callback_id: 'ask',
      user: { id: approver, username: 'approver' },
      action_ts: expect.any(String),
    });
    for (const member of ['channel', 'message', 'response_url']) expect(payload).not.toHaveProperty(member);
    await world.client.views.open({ trigger_id: String(payload.trigger_id), view: modal });
    expect(callbacks(world)).toEqual(['reject']);
  });

  test('that the app does not have is not sent', async () => {
    const world = await createWorld({ shortcuts });
    await expect(world.workspace.as('approver').pickShortcut('other')).rejects.toThrow('no shortcut other');
    expect(world.bot.requests).toEqual([]);
  });
});

describe('Answers to a view_submission', () => {
  // docs.slack.dev/surfaces/modals, "Displaying errors in views": keys are block_ids of input blocks.
  test('errors keep the modal open, beside the inputs they name', async () => {
    const world = await createWorld();
    await openModal(world);
    const submission = await submit(world, { response_action: 'errors', errors: { why: 'Say more' } });
    expect(submission).toMatchObject({ errors: { why: 'Say more' }, error: undefined });
    expect(callbacks(world)).toEqual(['reject']);
  });

  // docs.slack.dev/surfaces/modals, "Updating a view via response_action".
  test('update shows another view under the same id and a new hash', async () => {
    const world = await createWorld();
    const before = await openModal(world);
    await submit(world, { response_action: 'update', view: { ...modal, callback_id: 'done' } });
    const after = topModal(world);
    expect(after).toMatchObject({ id: before.id, callback_id: 'done' });
    expect(after.hash).not.toBe(before.hash);
  });

  // docs.slack.dev/surfaces/modals, "Pushing a new view via response_action" and "Closing all views".
  test('push adds a view on top, clear closes all', async () => {
    const world = await createWorld();
    const root = await openModal(world);
    await submit(world, { response_action: 'push', view: { ...modal, callback_id: 'second' } });
    expect(callbacks(world)).toEqual(['reject', 'second']);
    expect(topModal(world)).toMatchObject({ root_view_id: root.id, previous_view_id: root.id });
    await submit(world, { response_action: 'clear' });
    expect(callbacks(world)).toEqual([]);
  });

  // docs.slack.dev/surfaces/modals, "Closing current view": an empty 200.
  test('nothing closes the submitted view alone', async () => {
    const world = await createWorld();
    await openModal(world);
    await submit(world, { response_action: 'push', view: { ...modal, callback_id: 'second' } });
    await submit(world, undefined);
    expect(callbacks(world)).toEqual(['reject']);
  });

  // docs.slack.dev/surfaces/modals: the answers above are all there are; views have the limits of views.open.
  test.each([
    ['an error for a block that is no input', { response_action: 'errors', errors: { elsewhere: 'x' } }],
    ['errors without any', { response_action: 'errors', errors: {} }],
    ['an action that is not there', { response_action: 'replace' }],
    ['a view over its limits', { response_action: 'update', view: { ...modal, title: plain('x'.repeat(25)) } }],
    ['a text', 'thanks'],
  ])('%s leaves the modal open with an error', async (_what, answer) => {
    const world = await createWorld();
    await openModal(world);
    expect(await submit(world, answer)).toMatchObject({ error: 'invalid_view_response' });
    expect(callbacks(world)).toEqual(['reject']);
  });

  // docs.slack.dev/surfaces/modals: three views in a stack.
  test('a fourth view cannot be pushed', async () => {
    const world = await createWorld();
    await openModal(world);
    const push = () => submit(world, { response_action: 'push', view: modal });
    await push();
    await push();
    expect(await push()).toMatchObject({ error: 'invalid_view_response' });
    expect(callbacks(world)).toHaveLength(3);
  });
});

describe('view_closed', () => {
  // docs.slack.dev/reference/interaction-payloads/view-interactions-payload, "view_closed payloads".
  test('tells the app of a cancelled view that asked for it', async () => {
    const world = await createWorld();
    const view = await openModal(world, { ...modal, notify_on_close: true });
    const answers = await world.workspace.as('approver').closeView(view);
    expect(answers).toMatchObject([{ status: 200 }]);
    expect(payloadOf(world.bot.requests.at(-1))).toMatchObject({
      type: 'view_closed',
      user: { id: approver },
      view: { id: view.id, callback_id: 'reject' },
      is_cleared: false,
    });
    expect(callbacks(world)).toEqual([]);
  });

  // docs.slack.dev/reference/views: notify_on_close defaults to false.
  test('is not sent when the view did not ask for it', async () => {
    const world = await createWorld();
    const view = await openModal(world);
    const before = world.bot.requests.length;
    expect(await world.workspace.as('approver').closeView(view)).toEqual([]);
    expect(world.bot.requests).toHaveLength(before);
  });

  // docs.slack.dev/reference/interaction-payloads/view-interactions-payload: is_cleared; docs.slack.dev/reference/views:
  // clear_on_close.
  test.each([
    ['the cross', 'cross', false],
    ['Cancel on a view with clear_on_close', 'cancel', true],
  ] as const)('%s closes every view, and says so', async (_what, how, clear_on_close) => {
    const world = await createWorld();
    await openModal(world, { ...modal, notify_on_close: true });
    await submit(world, { response_action: 'push', view: { ...modal, notify_on_close: true, clear_on_close } });
    const before = world.bot.requests.length;
    await world.workspace.as('approver').closeView(topModal(world), how);
    expect(world.bot.requests.slice(before).map((request) => payloadOf(request))).toMatchObject([
      { type: 'view_closed', is_cleared: true },
      { type: 'view_closed', is_cleared: true },
    ]);
    expect(callbacks(world)).toEqual([]);
  });
});
