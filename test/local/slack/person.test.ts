import { verifySlackRequest } from '@slack/bolt';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/local/clock.ts';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import { slackSignature } from '../../../src/local/slack/signature.ts';
import {
  answerUrl,
  approvalBlocks,
  CHANNEL,
  createWorld,
  fieldsOf,
  payloadOf,
  refusalOf,
  SIGNING_SECRET,
  section,
  type World,
} from './world.ts';

const requester = PEOPLE[0]?.userId ?? '';
const approver = PEOPLE[1]?.userId ?? '';

async function postCard({ client, workspace }: World) {
  const { ts = '' } = await client.chat.postMessage({ channel: CHANNEL, text: 'card', blocks: approvalBlocks() });
  const card = workspace.messages(CHANNEL).find((message) => message.ts === ts);
  if (card === undefined) throw new Error('the card was not stored');
  return card;
}

describe('Signatures', () => {
  test('agree with the worked example in Slack\'s "Verifying requests from Slack"', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
      '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
      '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
      '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    expect(slackSignature('8f742231b10e8888abcd99yyyzzz85a5', 1531420618, body)).toBe(
      'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    );
  });

  test('are accepted by Bolt', async () => {
    const { workspace, bot } = await createWorld({ now: Date.now });
    await workspace.as('requester').command('/dr', 'drill HRP wave 1', CHANNEL);
    const [request] = bot.requests;
    expect(() =>
      verifySlackRequest({
        signingSecret: SIGNING_SECRET,
        body: request?.body.toString('utf8') ?? '',
        headers: {
          'x-slack-signature': String(request?.headers['x-slack-signature']),
          'x-slack-request-timestamp': Number(request?.headers['x-slack-request-timestamp']),
        },
      }),
    ).not.toThrow();
  });
});

describe('Commands', () => {
  test('arrive as Slack sends them', async () => {
    const { workspace, bot, server } = await createWorld();
    const answer = await workspace.as('requester').command('/dr', ' drill HRP wave 1 ', CHANNEL);
    expect(answer).toMatchObject({ status: 200, body: '', error: undefined });
    expect(bot.requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(fieldsOf(bot.requests[0])).toEqual({
      token: expect.any(String),
      team_id: WORKSPACE.teamId,
      team_domain: WORKSPACE.teamDomain,
      channel_id: CHANNEL,
      channel_name: WORKSPACE.channelName,
      user_id: requester,
      user_name: 'requester',
      command: '/dr',
      text: 'drill HRP wave 1',
      api_app_id: WORKSPACE.appId,
      is_enterprise_install: 'false',
      response_url: expect.stringContaining(`${server.url}/response/`),
      trigger_id: expect.stringMatching(/^\d+\.\d+\.[0-9a-f]{32}$/),
    });
  });

  test('a plain text answer is shown to the person alone', async () => {
    const { workspace, bot } = await createWorld();
    bot.answer = async () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'Which wave?' });
    await workspace.as('requester').command('/dr', 'drill HRP', CHANNEL);
    expect(workspace.ephemerals(CHANNEL, requester)).toMatchObject([
      { user: WORKSPACE.botUserId, text: 'Which wave?' },
    ]);
    expect(workspace.messages(CHANNEL)).toEqual([]);
  });

  test('a JSON answer may go to the channel', async () => {
    const { workspace, bot } = await createWorld();
    bot.answer = async () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'in_channel', text: 'Working', blocks: [section('Working')] }),
    });
    await workspace.as('requester').command('/dr', 'drill HRP wave 1', CHANNEL);
    expect(workspace.messages(CHANNEL)).toMatchObject([{ text: 'Working', blocks: [section('Working')] }]);
  });

  test('a JSON answer with broken blocks is invalid_command_response', async () => {
    const { workspace, bot } = await createWorld();
    bot.answer = async () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'x', blocks: [{ type: 'banner' }] }),
    });
    expect(await workspace.as('requester').command('/dr', '', CHANNEL)).toMatchObject({
      error: 'invalid_command_response',
    });
  });

  test('any other status is dispatch_failed, told by Slackbot, and not sent again', async () => {
    const { workspace, bot } = await createWorld();
    bot.answer = async () => ({ status: 500, body: 'oops' });
    const answer = await workspace.as('requester').command('/dr', 'drill HRP wave 1', CHANNEL);
    expect(answer).toMatchObject({ status: 500, body: 'oops', error: 'dispatch_failed' });
    expect(workspace.ephemerals(CHANNEL, requester)).toMatchObject([
      { user: 'USLACKBOT', text: '/dr failed with the error "dispatch_failed"' },
    ]);
    expect(bot.requests).toHaveLength(1);
  });

  test('an answer that does not come in time is operation_timeout', async () => {
    const { workspace, bot } = await createWorld({ answerMs: 20 });
    bot.answer = () => new Promise(() => {});
    expect(await workspace.as('requester').command('/dr', '', CHANNEL)).toMatchObject({
      status: 0,
      error: 'operation_timeout',
    });
    expect(workspace.ephemerals(CHANNEL, requester)).toMatchObject([
      { text: '/dr failed with the error "operation_timeout"' },
    ]);
  });

  test('hold a virtual clock until the app has answered', async () => {
    const clock = new VirtualClock();
    const { workspace, bot } = await createWorld({ clock });
    const asked = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    bot.answer = async () => {
      asked.resolve();
      await mayAnswer.promise;
      return { status: 200 };
    };
    const start = clock.now();
    const command = workspace.as('requester').command('/dr', '', CHANNEL);
    await asked.promise;
    const advancing = clock.advance(1_000);
    for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(clock.now()).toBe(start);
    mayAnswer.resolve();
    await Promise.all([command, advancing]);
    expect(clock.now()).toBe(start + 1_000);
  });

  test('a command that the app does not have never reaches it', async () => {
    const { workspace, bot } = await createWorld();
    await workspace.as('requester').command('/deploy', 'now', CHANNEL);
    expect(bot.requests).toEqual([]);
    expect(workspace.ephemerals(CHANNEL, requester)).toMatchObject([
      { text: '/deploy is not a valid command. Valid here: /dr' },
    ]);
  });
});

describe('Clicks', () => {
  test('arrive as Slack sends them', async () => {
    const world = await createWorld();
    const card = await postCard(world);
    const answer = await world.workspace.as('approver').click(card, 'approve');
    expect(answer).toMatchObject({ status: 200, error: undefined });
    expect(payloadOf(world.bot.requests[0])).toMatchObject({
      type: 'block_actions',
      team: { id: WORKSPACE.teamId, domain: WORKSPACE.teamDomain },
      user: { id: approver, username: 'approver', name: 'approver', team_id: WORKSPACE.teamId },
      api_app_id: WORKSPACE.appId,
      enterprise: null,
      is_enterprise_install: false,
      container: { type: 'message', message_ts: card.ts, channel_id: CHANNEL, is_ephemeral: false },
      channel: { id: CHANNEL, name: WORKSPACE.channelName },
      message: { ts: card.ts, text: 'card', blocks: card.blocks, bot_id: WORKSPACE.botId },
      state: { values: {} },
      response_url: expect.stringContaining('/response/'),
      trigger_id: expect.any(String),
      actions: [
        {
          type: 'button',
          action_id: 'approve',
          block_id: 'gate-1',
          value: 'request-1|1',
          style: 'primary',
          text: { type: 'plain_text', text: 'Approve Drill' },
          action_ts: expect.stringMatching(/^\d{10}\.\d{6}$/),
        },
      ],
    });
  });

  test('on an old card carry the old block and value', async () => {
    const world = await createWorld();
    const card = await postCard(world);
    await world.client.chat.update({ channel: CHANNEL, ts: card.ts, text: 'card', blocks: approvalBlocks(2) });
    await world.workspace.as('approver').click(card, { actionId: 'approve', blockId: 'gate-1' });
    expect(payloadOf(world.bot.requests[0])).toMatchObject({
      actions: [{ block_id: 'gate-1', value: 'request-1|1' }],
    });
  });

  test('on a button beside a section work too', async () => {
    const { client, workspace, bot } = await createWorld();
    const accessory = {
      type: 'button' as const,
      action_id: 'details',
      text: { type: 'plain_text' as const, text: 'Details' },
    };
    await client.chat.postMessage({ channel: CHANNEL, text: 'x', blocks: [{ ...section('x'), accessory }] });
    const [message] = workspace.messages(CHANNEL);
    if (message === undefined) throw new Error('nothing was posted');
    await workspace.as('requester').click(message, 'details');
    expect(payloadOf(bot.requests[0])).toMatchObject({ actions: [{ action_id: 'details' }] });
    await expect(workspace.as('requester').click(message, 'approve')).rejects.toThrow('has no button approve');
  });

  test('on an ephemeral message come without the message', async () => {
    const { client, workspace, bot } = await createWorld();
    await client.chat.postEphemeral({ channel: CHANNEL, user: requester, text: 'x', blocks: approvalBlocks() });
    const [message] = workspace.ephemerals(CHANNEL, requester);
    if (message === undefined) throw new Error('nothing was posted');
    await workspace.as('requester').click(message, 'reject');
    const payload = payloadOf(bot.requests[0]);
    expect(payload).toMatchObject({ container: { is_ephemeral: true, message_ts: message.ts } });
    expect(payload).not.toHaveProperty('message');
  });

  test('that fail are told to the clicker alone', async () => {
    const world = await createWorld();
    world.bot.answer = async () => ({ status: 401 });
    await world.workspace.as('approver').click(await postCard(world), 'approve');
    expect(world.workspace.ephemerals(CHANNEL, approver)).toMatchObject([
      { user: 'USLACKBOT', text: 'That button failed with the error "dispatch_failed"' },
    ]);
  });
});

describe('response_url', () => {
  async function clickedUrl(world: World): Promise<string> {
    await world.workspace.as('approver').click(await postCard(world), 'approve');
    return String(payloadOf(world.bot.requests[0]).response_url);
  }

  test('answers the person alone by default, and everybody with in_channel', async () => {
    const world = await createWorld();
    const url = await clickedUrl(world);
    await answerUrl(url, { text: 'You asked yourself' });
    await answerUrl(url, { text: 'For all', response_type: 'in_channel' });
    expect(world.workspace.ephemerals(CHANNEL, approver)).toMatchObject([{ text: 'You asked yourself' }]);
    expect(world.workspace.messages(CHANNEL).at(-1)).toMatchObject({ text: 'For all' });
  });

  test('replaces or deletes the message that was clicked on', async () => {
    const world = await createWorld();
    const url = await clickedUrl(world);
    await answerUrl(url, { text: 'Settled', replace_original: true });
    expect(world.workspace.messages(CHANNEL)).toMatchObject([{ text: 'Settled', blocks: undefined }]);
    await answerUrl(url, { delete_original: true });
    expect(world.workspace.messages(CHANNEL)).toEqual([]);
  });

  test("of a command replaces that command's own answer", async () => {
    const { workspace, bot } = await createWorld();
    bot.answer = async () => ({ status: 200, body: 'Looking …' });
    await workspace.as('requester').command('/dr', 'status', CHANNEL);
    await answerUrl(fieldsOf(bot.requests[0]).response_url ?? '', { text: 'Two drills run', replace_original: true });
    expect(workspace.ephemerals(CHANNEL, requester)).toMatchObject([{ text: 'Two drills run' }]);
  });

  test('is used up after five answers', async () => {
    const world = await createWorld();
    const url = await clickedUrl(world);
    for (let use = 1; use <= 5; use += 1) expect(await answerUrl(url, { text: 'x' })).toMatchObject({ status: 200 });
    expect(await answerUrl(url, { text: 'x' })).toEqual({ status: 404, body: { ok: false, error: 'used_url' } });
  });

  test('lives for 30 minutes of real time', async () => {
    const world = await createWorld();
    const url = await clickedUrl(world);
    world.pass(30 * 60_000);
    expect(await answerUrl(url, { text: 'x' })).toMatchObject({ status: 200 });
    world.pass(1);
    expect(await answerUrl(url, { text: 'x' })).toEqual({ status: 404, body: { ok: false, error: 'expired_url' } });
  });

  test('refuses what a message may not be', async () => {
    const world = await createWorld();
    const url = await clickedUrl(world);
    expect(await answerUrl(url, { text: '' })).toMatchObject({ status: 400, body: { error: 'no_text' } });
    expect(await answerUrl(url, { blocks: [{ type: 'banner' }] })).toMatchObject({ body: { error: 'invalid_blocks' } });
  });
});

describe('Modals and App Home', () => {
  const modal = {
    type: 'modal' as const,
    callback_id: 'reject',
    title: { type: 'plain_text' as const, text: 'Reject the drill' },
    submit: { type: 'plain_text' as const, text: 'Reject' },
    blocks: [
      {
        type: 'input' as const,
        block_id: 'why',
        label: { type: 'plain_text' as const, text: 'Why?' },
        element: { type: 'plain_text_input' as const, action_id: 'reason' },
      },
    ],
  };

  async function clickedTrigger(world: World): Promise<string> {
    await world.workspace.as('approver').click(await postCard(world), 'reject');
    return String(payloadOf(world.bot.requests.at(-1)).trigger_id);
  }

  test('a trigger opens one view, within three seconds', async () => {
    const world = await createWorld();
    const used = await clickedTrigger(world);
    await world.client.views.open({ trigger_id: used, view: modal });
    expect(world.workspace.modals(approver)).toMatchObject([{ callback_id: 'reject' }]);
    const open = (trigger_id: string) => refusalOf(world.client.views.open({ trigger_id, view: modal }));
    expect(await open(used)).toMatchObject({ error: 'exchanged_trigger_id' });
    expect(await open('1.2.3')).toMatchObject({ error: 'invalid_trigger_id' });
    const late = await clickedTrigger(world);
    world.pass(3_001);
    expect(await open(late)).toMatchObject({ error: 'expired_trigger_id' });
  });

  test('a submission carries what was typed; errors keep the modal open, an empty answer closes it', async () => {
    const world = await createWorld();
    await world.client.views.open({ trigger_id: await clickedTrigger(world), view: modal });
    const [view] = world.workspace.modals(approver);
    if (view === undefined) throw new Error('no modal was opened');
    const values = { why: { reason: { type: 'plain_text_input', value: 'not tonight' } } };
    world.bot.answer = async () => ({
      status: 200,
      body: JSON.stringify({ response_action: 'errors', errors: { why: 'Say more' } }),
    });
    const refused = await world.workspace.as('approver').submitView(view, values);
    expect(refused.errors).toEqual({ why: 'Say more' });
    expect(world.workspace.modals(approver)).toHaveLength(1);
    world.bot.answer = async () => ({ status: 200 });
    await world.workspace.as('approver').submitView(view, values);
    expect(world.workspace.modals(approver)).toEqual([]);
    expect(payloadOf(world.bot.requests.at(-1))).toMatchObject({
      type: 'view_submission',
      user: { id: approver },
      view: { id: view.id, callback_id: 'reject', state: { values } },
    });
  });

  test('a view can be updated with the hash that was read, and not with an old one', async () => {
    const world = await createWorld();
    const opened = await world.client.views.open({ trigger_id: await clickedTrigger(world), view: modal });
    const view_id = opened.view?.id ?? '';
    const hash = opened.view?.hash;
    await world.client.views.update({ view_id, hash, view: { ...modal, callback_id: 'again' } });
    expect(world.workspace.modals(approver)).toMatchObject([{ id: view_id, callback_id: 'again' }]);
    expect(await refusalOf(world.client.views.update({ view_id, hash, view: modal }))).toMatchObject({
      error: 'hash_conflict',
    });
  });

  test('a long title is refused with its place', async () => {
    const world = await createWorld();
    const view = { ...modal, title: { type: 'plain_text' as const, text: 'x'.repeat(25) } };
    const trigger_id = await clickedTrigger(world);
    expect(await refusalOf(world.client.views.open({ trigger_id, view }))).toEqual({
      error: 'invalid_arguments',
      messages: ['[ERROR] must be less than 25 characters [json-pointer:/view/title]'],
    });
  });

  test('App Home is published per person', async () => {
    const { client, workspace } = await createWorld();
    await client.views.publish({ user_id: requester, view: { type: 'home', blocks: [section('Your drills')] } });
    expect(workspace.home(requester)).toMatchObject({ type: 'home', blocks: [section('Your drills')] });
    expect(workspace.home(approver)).toBeUndefined();
  });
});
