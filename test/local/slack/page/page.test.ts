import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { PageEvent } from '../../../../src/local/slack/page/protocol.ts';
import { CHANNELS, PEOPLE, WORKSPACE } from '../../../../src/local/slack/people.ts';
import {
  approvalBlocks,
  CHANNEL,
  createWorld,
  fieldsOf,
  OTHER_CHANNEL,
  payloadOf,
  refusalOf,
  section,
  type World,
} from '../world.ts';

const approver = PEOPLE[1]?.userId ?? '';

/** The events that the page of one person gets, one by one. */
async function openPage(world: World, as: string): Promise<() => Promise<PageEvent>> {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const response = await fetch(`${world.server.url}/page/events?as=${as}`, { signal: leaving.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return async () => {
    while (!text.includes('\n\n')) text += (await reader?.read())?.value ?? '';
    const [event = '', ...rest] = text.split('\n\n');
    text = rest.join('\n\n');
    return JSON.parse(event.replace(/^data: /, ''));
  };
}

async function act(
  world: World,
  action:
    | 'command'
    | 'click'
    | 'home'
    | 'view-click'
    | 'submit'
    | 'choose'
    | 'suggest'
    | 'shortcut'
    | 'upload'
    | 'close',
  body: object,
) {
  const response = await fetch(`${world.server.url}/page/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function postCard({ client }: World): Promise<string> {
  const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'card', blocks: approvalBlocks() });
  return ts;
}

/** A modal on the approver's screen with one input. */
async function openModal(world: World): Promise<string> {
  await world.workspace.as('approver').command('/dr', 'reject', CHANNEL);
  const { view } = await world.client.views.open({
    trigger_id: fieldsOf(world.bot.requests.at(-1)).trigger_id ?? '',
    view: {
      type: 'modal',
      title: { type: 'plain_text', text: 'Reject the drill' },
      submit: { type: 'plain_text', text: 'Reject' },
      private_metadata: 'request-1',
      blocks: [
        {
          type: 'input',
          block_id: 'why',
          label: { type: 'plain_text', text: 'Why?' },
          element: { type: 'plain_text_input', action_id: 'reason' },
        },
      ],
    },
  });
  return view?.id ?? '';
}

describe('What the page is made of', () => {
  test('loads nothing from anywhere else', async () => {
    const { server } = await createWorld();
    const page = await fetch(`${server.url}/`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(await page.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  test('is bundled from the sources when it is asked for', async () => {
    const { server } = await createWorld();
    const script = await fetch(`${server.url}/page/app.js`);
    const style = await fetch(`${server.url}/page/style.css`);
    expect(script.headers.get('content-type')).toContain('text/javascript');
    expect(await script.text()).toContain('EventSource');
    expect(await style.text()).toContain('.composer');
  });

  test('a permalink opens it', async () => {
    const { server } = await createWorld();
    expect((await fetch(`${server.url}/archives/${CHANNEL}/p1700000000000100`)).status).toBe(200);
  });
});

describe('What a person sees', () => {
  test('starts with everything of the channel and what only they see', async () => {
    const world = await createWorld({ banner: () => 'practice, 60×' });
    await postCard(world);
    await world.client.chat.postEphemeral({ channel: CHANNEL, user: approver, text: 'for the approver' });
    const next = await openPage(world, 'approver');
    expect(await next()).toMatchObject({
      kind: 'snapshot',
      snapshot: {
        directory: {
          me: 'approver',
          channels: [{ id: CHANNEL, hasBot: true }],
          people: [{ name: 'requester', may: 'may ask' }, {}, {}, {}, {}, {}],
        },
        banner: 'practice, 60×',
        messages: [{ text: 'card' }, { text: 'for the approver' }],
      },
    });
    const asReader = await openPage(world, 'reader');
    expect(await asReader()).toMatchObject({ snapshot: { messages: [{ text: 'card' }] } });
  });

  test("follows each change, without the app's metadata", async () => {
    const world = await createWorld();
    const next = await openPage(world, 'reader');
    await next();
    const metadata = { event_type: 'dr_card', event_payload: { token: 'secret' } };
    const { ts = '' } = await world.client.chat.postMessage({ channel: CHANNEL, text: 'one', metadata });
    await world.client.chat.postEphemeral({ channel: CHANNEL, user: approver, text: 'not for the reader' });
    await world.client.chat.update({ channel: CHANNEL, ts, text: 'two', blocks: [section('two')] });
    await world.client.chat.delete({ channel: CHANNEL, ts });
    const posted = await next();
    expect(posted).toMatchObject({ kind: 'message', isNew: true, message: { text: 'one' } });
    expect(JSON.stringify(posted)).not.toContain('secret');
    expect(await next()).toMatchObject({ kind: 'message', isNew: false, message: { text: 'two' } });
    expect(await next()).toEqual({ kind: 'removed', ts });
  });

  test('has a status line that is kept up to date', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    let banner = 'practice, 60×';
    const world = await createWorld({ banner: () => banner });
    const next = await openPage(world, 'reader');
    await next();
    vi.advanceTimersByTime(1_000);
    expect(await next()).toEqual({ kind: 'banner', text: 'practice, 60×' });
    banner = 'practice, 1× while a gate waits';
    vi.advanceTimersByTime(1_000);
    expect(await next()).toEqual({ kind: 'banner', text: 'practice, 1× while a gate waits' });
  });

  test('has the modals that the app opens and closes, for that person only, without what the app keeps in them', async () => {
    const world = await createWorld();
    const next = await openPage(world, 'approver');
    expect(await next()).toMatchObject({ snapshot: { modals: [] } });
    const viewId = await openModal(world);
    const opened = await next();
    expect(opened).toMatchObject({ kind: 'modals', modals: [{ id: viewId, title: { text: 'Reject the drill' } }] });
    expect(JSON.stringify(opened)).not.toContain('request-1');
    const asReader = await openPage(world, 'reader');
    expect(await asReader()).toMatchObject({ snapshot: { modals: [] } });
    await act(world, 'close', { as: 'approver', viewId, how: 'cancel' });
    expect(await next()).toEqual({ kind: 'modals', modals: [] });
  });

  test('somebody who is not of the workspace sees nothing', async () => {
    const { server } = await createWorld();
    expect((await fetch(`${server.url}/page/events?as=nobody`)).status).toBe(404);
  });
});

describe('What a person does', () => {
  test('a typed command reaches the bot as a signed request of that person', async () => {
    const world = await createWorld();
    expect(await act(world, 'command', { as: 'requester', channel: CHANNEL, text: '/dr drill HRP wave 1' })).toEqual({
      status: 200,
      body: {},
    });
    expect(fieldsOf(world.bot.requests[0])).toMatchObject({
      user_name: 'requester',
      command: '/dr',
      text: 'drill HRP wave 1',
    });
    expect(world.bot.requests[0]?.headers).toHaveProperty('x-slack-signature');
  });

  test('text without a slash is a message, which the bot is not sent', async () => {
    const world = await createWorld();
    await act(world, 'command', { as: 'reader', channel: CHANNEL, text: 'good luck' });
    expect(world.workspace.messages(CHANNEL)).toMatchObject([{ text: 'good luck', user: 'U0PREADER01' }]);
    expect(world.bot.requests).toEqual([]);
  });

  test('a click reaches the bot as a signed request of that person', async () => {
    const world = await createWorld();
    const ts = await postCard(world);
    const clicked = await act(world, 'click', {
      as: 'approver',
      channel: CHANNEL,
      ts,
      blockId: 'gate-1',
      actionId: 'approve',
    });
    expect(clicked).toEqual({ status: 200, body: {} });
    expect(payloadOf(world.bot.requests[0])).toMatchObject({
      user: { id: approver },
      actions: [{ action_id: 'approve', value: 'request-1|1' }],
    });
  });

  test('a click on what has changed or gone is told, and sends nothing', async () => {
    const world = await createWorld();
    const ts = await postCard(world);
    await world.client.chat.update({ channel: CHANNEL, ts, text: 'settled' });
    const click = { as: 'approver', channel: CHANNEL, ts, blockId: 'gate-1', actionId: 'approve' };
    expect(await act(world, 'click', click)).toMatchObject({
      status: 409,
      body: { problem: 'That button is no longer there: the card has changed.' },
    });
    expect(await act(world, 'click', { ...click, ts: '1700000000.000100' })).toMatchObject({ status: 409 });
    expect(world.bot.requests).toEqual([]);
  });

  test("nobody clicks on another person's ephemeral message", async () => {
    const world = await createWorld();
    await world.client.chat.postEphemeral({ channel: CHANNEL, user: approver, text: 'x', blocks: approvalBlocks() });
    const ts = world.workspace.ephemerals(CHANNEL, approver)[0]?.ts;
    const click = { as: 'reader', channel: CHANNEL, ts, blockId: 'gate-1', actionId: 'approve' };
    expect(await act(world, 'click', click)).toMatchObject({ status: 409 });
  });

  test('what another site could send is refused', async () => {
    const { server, bot } = await createWorld();
    const body = JSON.stringify({ as: 'approver', channel: CHANNEL, text: '/dr drill HRP wave 1' });
    const response = await fetch(`${server.url}/page/command`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(bot.requests).toEqual([]);
  });
});

describe('Channels', () => {
  const [, drills = CHANNELS[0], general = CHANNELS[0]] = CHANNELS;

  test('come with the newest of each, and are followed together', async () => {
    const world = await createWorld({ channels: CHANNELS });
    await world.client.chat.postMessage({ channel: CHANNEL, text: 'here' });
    await world.client.chat.postMessage({ channel: drills?.id ?? '', text: 'there' });
    const next = await openPage(world, 'reader');
    expect(await next()).toMatchObject({
      snapshot: {
        directory: { channels: [{ name: 'incident-hrp' }, { name: 'dr-drills' }, { name: 'general', hasBot: false }] },
        messages: [
          { channel: CHANNEL, text: 'here' },
          { channel: drills?.id, text: 'there' },
        ],
      },
    });
    await act(world, 'command', { as: 'approver', channel: general?.id, text: 'hello' });
    expect(await next()).toMatchObject({ kind: 'message', message: { channel: general?.id, text: 'hello' } });
  });

  test('that the bot is not in take commands, and refuse its posts', async () => {
    const world = await createWorld({ channels: CHANNELS });
    await act(world, 'command', { as: 'requester', channel: general?.id, text: '/dr help' });
    expect(fieldsOf(world.bot.requests[0])).toMatchObject({ channel_id: general?.id, channel_name: 'general' });
    const refusal = await refusalOf(world.client.chat.postMessage({ channel: general?.id ?? '', text: 'x' }));
    expect(refusal.error).toBe('not_in_channel');
  });

  test('the direct one with the bot is there from its first message on', async () => {
    const world = await createWorld();
    const next = await openPage(world, 'reader');
    expect(await next()).toMatchObject({ snapshot: { directory: { channels: [{ id: CHANNEL }] } } });
    const userId = PEOPLE.find(({ name }) => name === 'reader')?.userId ?? '';
    await world.client.chat.postMessage({ channel: userId, text: 'for you alone' });
    const direct = { id: `D${userId.slice(1)}`, hasBot: true, isDirect: true };
    expect(await next()).toMatchObject({
      snapshot: { directory: { channels: [{ id: CHANNEL }, direct] }, messages: [{ text: 'for you alone' }] },
    });
    await world.client.chat.postMessage({ channel: userId, text: 'more' });
    expect(await next()).toMatchObject({ kind: 'message', message: { channel: direct.id, text: 'more' } });
    const other = await openPage(world, 'approver');
    expect(await other()).toMatchObject({ snapshot: { directory: { channels: [{ id: CHANNEL }] }, messages: [] } });
  });

  test('that a person is not in are neither seen nor reached by them', async () => {
    const world = await createWorld();
    const next = await openPage(world, 'reader');
    expect(await next()).toMatchObject({ snapshot: { directory: { channels: [{ id: CHANNEL }] } } });
    world.workspace.post({ channel: OTHER_CHANNEL.id, user: approver, text: 'not for the reader' });
    const typed = { as: 'reader', channel: OTHER_CHANNEL.id, text: 'hello' };
    expect(await act(world, 'command', typed)).toMatchObject({ status: 400 });
    await act(world, 'command', { ...typed, channel: CHANNEL });
    expect(await next()).toMatchObject({ message: { text: 'hello' } });
    expect(world.workspace.messages(OTHER_CHANNEL.id)).toHaveLength(1);
  });
});

describe('A thread', () => {
  test('takes replies, also to a reply, and calls the bot when it is mentioned', async () => {
    const world = await createWorld({ events: ['app_mention'] });
    const ts = await postCard(world);
    const reply = { as: 'approver', channel: CHANNEL, threadTs: ts, text: '@dr-chatops on it' };
    expect(await act(world, 'command', reply)).toEqual({ status: 200, body: {} });
    const written = world.workspace.messages(CHANNEL).at(-1);
    expect(written).toMatchObject({ thread_ts: ts, user: approver, text: `<@${WORKSPACE.botUserId}> on it` });
    await vi.waitFor(() => expect(world.bot.requests).toHaveLength(1), { timeout: 60_000 });
    const { event } = JSON.parse(String(world.bot.requests[0]?.body));
    expect(event).toMatchObject({ type: 'app_mention', thread_ts: ts });
    await act(world, 'command', { ...reply, threadTs: written?.ts, text: 'me too' });
    expect(world.workspace.messages(CHANNEL).at(-1)).toMatchObject({ thread_ts: ts, text: 'me too' });
  });

  test('refuses commands as Slack does, to that person alone, and the bot hears nothing', async () => {
    const world = await createWorld();
    const ts = await postCard(world);
    await act(world, 'command', { as: 'approver', channel: CHANNEL, threadTs: ts, text: '/dr help' });
    expect(world.workspace.ephemerals(CHANNEL, approver)).toMatchObject([
      { text: '/dr is not supported in threads. Sorry!', thread_ts: ts, user: 'USLACKBOT' },
    ]);
    expect(world.bot.requests).toEqual([]);
  });

  test('that is gone takes nothing', async () => {
    const world = await createWorld();
    const reply = { as: 'approver', channel: CHANNEL, threadTs: '1700000000.000100', text: 'too late' };
    expect(await act(world, 'command', reply)).toMatchObject({ status: 409 });
    expect(world.workspace.messages(CHANNEL)).toEqual([]);
  });
});

describe('App Home', () => {
  const view = { type: 'home' as const, private_metadata: 'secret', blocks: approvalBlocks() };

  test('tells the app that it was opened, and shows what is published, again and again', async () => {
    const world = await createWorld({ events: ['app_home_opened'] });
    const next = await openPage(world, 'approver');
    const first = await next();
    expect(first.kind === 'snapshot' && first.snapshot.home).toBeUndefined();
    expect(await act(world, 'home', { as: 'approver' })).toEqual({ status: 200, body: {} });
    await vi.waitFor(() => expect(world.bot.requests).toHaveLength(1), { timeout: 60_000 });
    expect(JSON.parse(String(world.bot.requests[0]?.body)).event).toMatchObject({
      type: 'app_home_opened',
      user: approver,
    });
    await world.client.views.publish({ user_id: approver, view });
    const published = await next();
    expect(published).toMatchObject({ kind: 'home', home: { blocks: [{ type: 'section' }, { block_id: 'gate-1' }] } });
    expect(JSON.stringify(published)).not.toContain('secret');
    await world.client.views.publish({ user_id: approver, view: { ...view, blocks: [section('later')] } });
    expect(await next()).toMatchObject({ kind: 'home', home: { blocks: [{ text: { text: 'later' } }] } });
    const anew = await openPage(world, 'approver');
    expect(await anew()).toMatchObject({ snapshot: { home: { blocks: [{ text: { text: 'later' } }] } } });
  });

  test('has buttons that reach the bot from that person only', async () => {
    const world = await createWorld();
    await world.client.views.publish({ user_id: approver, view });
    const viewId = world.workspace.home(approver)?.id;
    const click = { as: 'approver', viewId, inputs: {}, blockId: 'gate-1', actionId: 'approve' };
    expect(await act(world, 'view-click', { ...click, as: 'reader' })).toMatchObject({ status: 409 });
    expect(await act(world, 'view-click', { ...click, actionId: 'gone' })).toMatchObject({
      status: 409,
      body: { problem: 'That button is no longer there: the Home tab has changed.' },
    });
    expect(world.bot.requests).toEqual([]);
    expect(await act(world, 'view-click', click)).toEqual({ status: 200, body: {} });
    expect(payloadOf(world.bot.requests[0])).toMatchObject({
      type: 'block_actions',
      container: { type: 'view', view_id: viewId },
      actions: [{ action_id: 'approve' }],
    });
  });
});

describe('A modal', () => {
  test('is submitted as that person, with what they typed', async () => {
    const world = await createWorld();
    const viewId = await openModal(world);
    const submitted = await act(world, 'submit', { as: 'approver', viewId, inputs: { why: ['not tonight'] } });
    expect(submitted).toEqual({ status: 200, body: { errors: {} } });
    expect(payloadOf(world.bot.requests.at(-1))).toMatchObject({
      type: 'view_submission',
      user: { id: approver },
      view: { state: { values: { why: { reason: { type: 'plain_text_input', value: 'not tonight' } } } } },
    });
    expect(world.workspace.modals(approver)).toEqual([]);
  });

  test('takes a file of the person’s machine, which the app is then told of', async () => {
    const world = await createWorld();
    await world.workspace.as('approver').command('/dr', 'import', CHANNEL);
    const plain = (text: string) => ({ type: 'plain_text' as const, text });
    const { view } = await world.client.views.open({
      trigger_id: fieldsOf(world.bot.requests.at(-1)).trigger_id ?? '',
      view: {
        type: 'modal',
        title: plain('Import'),
        submit: plain('Check'),
        blocks: [
          { type: 'input', block_id: 'file', label: plain('File'), element: { type: 'file_input', action_id: 'file' } },
        ],
      },
    });
    const file = { as: 'approver', name: 'plan.json', content: Buffer.from('{}').toString('base64') };
    const { fileId } = (await act(world, 'upload', file)).body as { fileId: string };
    await act(world, 'submit', { as: 'approver', viewId: view?.id, inputs: { file: [fileId] } });
    expect(payloadOf(world.bot.requests.at(-1))).toMatchObject({
      view: {
        state: { values: { file: { file: { type: 'file_input', files: [{ id: fileId, name: 'plan.json' }] } } } },
      },
    });
    expect(world.workspace.files().at(-1)).toMatchObject({ file: { user: approver }, content: Buffer.from('{}') });
    expect(await act(world, 'upload', { as: 'approver', name: '' })).toMatchObject({ status: 400 });
  });

  test('stays open with the errors that the app answers', async () => {
    const world = await createWorld();
    const viewId = await openModal(world);
    const errors = { why: 'Say more' };
    world.bot.answer = async () => ({ status: 200, body: JSON.stringify({ response_action: 'errors', errors }) });
    const submitted = await act(world, 'submit', { as: 'approver', viewId, inputs: { why: ['no'] } });
    expect(submitted.body).toEqual({ errors });
    expect(world.workspace.modals(approver)).toHaveLength(1);
  });

  test('with an empty required input does not reach the app', async () => {
    const world = await createWorld();
    const viewId = await openModal(world);
    const before = world.bot.requests.length;
    const submitted = await act(world, 'submit', { as: 'approver', viewId, inputs: {} });
    expect(submitted.body).toEqual({ errors: { why: 'Please complete this required field.' } });
    expect(world.bot.requests).toHaveLength(before);
  });

  test("is out of another person's reach", async () => {
    const world = await createWorld();
    const viewId = await openModal(world);
    const refused = { status: 409, body: { problem: 'That modal is no longer open.' } };
    expect(await act(world, 'submit', { as: 'reader', viewId, inputs: { why: ['x'] } })).toEqual(refused);
    // What is no modal of theirs is closed for them; the other person's stays as it is.
    expect(await act(world, 'close', { as: 'reader', viewId, how: 'cross' })).toEqual({ status: 200, body: {} });
    expect(world.workspace.modals(approver)).toHaveLength(1);
  });

  test('that the app closed first is closed without a complaint', async () => {
    const world = await createWorld();
    const viewId = await openModal(world);
    const closing = () => act(world, 'close', { as: 'approver', viewId, how: 'cancel' });
    expect([await closing(), await closing()]).toEqual(Array(2).fill({ status: 200, body: {} }));
    expect(world.workspace.modals(approver)).toEqual([]);
  });
});

describe('Menus of a modal', () => {
  const HRP = { text: { type: 'plain_text' as const, text: 'HRP &amp; payroll' }, value: 'HRP' };

  /** A modal on the approver's screen with a menu whose options the app is asked for. */
  async function openMenu(world: World): Promise<string> {
    const viewId = await openModal(world);
    await world.client.views.update({
      view_id: viewId,
      view: {
        type: 'modal',
        title: { type: 'plain_text', text: 'Ask' },
        submit: { type: 'plain_text', text: 'Ask' },
        blocks: [
          {
            type: 'input',
            block_id: 'app',
            dispatch_action: true,
            label: { type: 'plain_text', text: 'Application' },
            element: { type: 'external_select', action_id: 'choose' },
          },
        ],
      },
    });
    return viewId;
  }

  test('offer what the app answers; what was offered is chosen and submitted whole', async () => {
    const world = await createWorld();
    const viewId = await openMenu(world);
    const menu = { as: 'approver', viewId, inputs: {}, blockId: 'app', actionId: 'choose' };
    const chosen = { ...menu, inputs: { app: ['HRP'] } };
    world.bot.answer = async () => ({ status: 200, body: JSON.stringify({ options: [HRP] }) });
    expect(await act(world, 'suggest', { ...menu, typed: 'h' })).toEqual({
      status: 200,
      body: { options: [{ value: 'HRP', label: 'HRP & payroll' }] },
    });
    world.bot.answer = async () => ({ status: 200 });
    expect(await act(world, 'choose', chosen)).toEqual({ status: 200, body: {} });
    expect(payloadOf(world.bot.requests.at(-1))).toMatchObject({ actions: [{ selected_option: HRP }] });
    await act(world, 'submit', chosen);
    expect(payloadOf(world.bot.requests.at(-1))).toMatchObject({
      type: 'view_submission',
      view: { state: { values: { app: { choose: { type: 'external_select', selected_option: HRP } } } } },
    });
  });

  test('say when the app does not answer, when they are gone, and are out of the reach of others', async () => {
    const world = await createWorld();
    const viewId = await openMenu(world);
    const menu = { as: 'approver', viewId, inputs: {}, blockId: 'app', actionId: 'choose', typed: '' };
    world.bot.answer = async () => ({ status: 500 });
    const trouble = { status: 200, body: { problem: 'We had some trouble connecting. Try again?' } };
    expect(await act(world, 'suggest', menu)).toEqual(trouble);
    expect(await act(world, 'choose', menu)).toEqual(trouble);
    const gone = { status: 409, body: { problem: 'That menu is no longer there: the modal has changed.' } };
    expect(await act(world, 'suggest', { ...menu, blockId: 'other' })).toEqual(gone);
    expect(await act(world, 'choose', { ...menu, blockId: 'other' })).toEqual(gone);
    for (const action of ['suggest', 'choose'] as const)
      expect(await act(world, action, { ...menu, as: 'reader' })).toMatchObject({ status: 409 });
  });
});

describe('A shortcut', () => {
  const shortcuts = [{ callbackId: 'ask', name: 'Ask', description: 'By a form' }];

  test('is offered to everybody and reaches the app from whoever picks it', async () => {
    const world = await createWorld({ shortcuts });
    const next = await openPage(world, 'approver');
    expect(await next()).toMatchObject({ snapshot: { shortcuts } });
    expect(await act(world, 'shortcut', { as: 'approver', callbackId: 'ask' })).toEqual({ status: 200, body: {} });
    expect(payloadOf(world.bot.requests[0])).toMatchObject({ type: 'shortcut', user: { id: approver } });
    expect(await act(world, 'shortcut', { as: 'approver', callbackId: 'gone' })).toMatchObject({ status: 409 });
    world.bot.answer = async () => ({ status: 500 });
    expect(await act(world, 'shortcut', { as: 'approver', callbackId: 'ask' })).toMatchObject({
      body: { problem: 'We had some trouble connecting. Try again?' },
    });
  });
});
