import { verifySlackRequest } from '@slack/bolt';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/local/clock.ts';
import type { LocalRequest } from '../../../src/local/http.ts';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import type { WorkspaceOptions } from '../../../src/local/slack/workspace.ts';
import { CHANNEL, createWorld, OTHER_CHANNEL, SIGNING_SECRET, section } from './world.ts';

const requester = PEOPLE[0]?.userId ?? '';

/** A workspace whose app subscribes to both events, and a clock that its retries follow. */
async function eventWorld(options: Partial<WorkspaceOptions> & { answerMs?: number } = {}) {
  const clock = new VirtualClock();
  const events = ['app_mention', 'app_home_opened'] as const;
  return { clock, ...(await createWorld({ clock, events, ...options })) };
}

function envelopeOf(request: LocalRequest | undefined): Record<string, unknown> {
  return JSON.parse(request?.body.toString('utf8') ?? '{}');
}

function retryOf({ headers }: LocalRequest): unknown[] {
  return [headers['x-slack-retry-num'], headers['x-slack-retry-reason']];
}

describe('app_mention', () => {
  // docs.slack.dev/reference/events/app_mention; docs.slack.dev/apis/events-api, "Event object structure".
  test('arrives in the envelope of the Events API', async () => {
    const { workspace, bot, clock } = await eventWorld();
    const message = workspace.as('requester').say('hello @dr-chatops', CHANNEL);
    await clock.idle();
    expect(message.text).toBe(`hello <@${WORKSPACE.botUserId}>`);
    expect(bot.requests).toHaveLength(1);
    expect(bot.requests[0]?.headers['content-type']).toBe('application/json');
    expect(envelopeOf(bot.requests[0])).toMatchObject({
      type: 'event_callback',
      team_id: WORKSPACE.teamId,
      api_app_id: WORKSPACE.appId,
      event_id: expect.stringMatching(/^Ev[0-9A-Z]{10}$/),
      event_time: Math.floor(Number(message.ts)),
      authorizations: [{ team_id: WORKSPACE.teamId, user_id: WORKSPACE.botUserId, is_bot: true }],
      event: {
        type: 'app_mention',
        user: requester,
        text: message.text,
        ts: message.ts,
        event_ts: message.ts,
        channel: CHANNEL,
        team: WORKSPACE.teamId,
      },
    });
  });

  // docs.slack.dev/authentication/verifying-requests-from-slack: every request to the app is signed.
  test('is signed', async () => {
    const { workspace, bot, clock } = await eventWorld({ now: Date.now });
    workspace.as('requester').say('@dr-chatops', CHANNEL);
    await clock.idle();
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

  // docs.slack.dev/reference/events/app_mention: only for mentions of the app, in conversations that it is in.
  test('is not sent for another message, or where the bot is not', async () => {
    const { workspace, bot, clock } = await eventWorld();
    workspace.as('requester').say('hello @approver and ops@dr-chatops', CHANNEL);
    workspace.as('requester').say('@dr-chatops', OTHER_CHANNEL.id);
    await clock.idle();
    expect(bot.requests).toEqual([]);
  });

  // docs.slack.dev/apis/events-api, "Subscribing to event types".
  test('is not sent to an app that has not subscribed to it', async () => {
    const { workspace, bot, clock } = await eventWorld({ events: ['app_home_opened'] });
    workspace.as('requester').say('@dr-chatops', CHANNEL);
    await clock.idle();
    expect(bot.requests).toEqual([]);
  });

  // docs.slack.dev/reference/events/app_mention: in a thread the event has thread_ts.
  test('in a thread says which', async () => {
    const { workspace, bot, clock } = await eventWorld();
    const parent = workspace.as('approver').say('parent', CHANNEL);
    workspace.as('requester').say('@dr-chatops status', CHANNEL, parent.ts);
    await clock.idle();
    expect(envelopeOf(bot.requests[0])).toMatchObject({ event: { thread_ts: parent.ts } });
  });
});

describe('app_home_opened', () => {
  // docs.slack.dev/reference/events/app_home_opened: `view` once the app has published one.
  test('comes with the view that is shown', async () => {
    const { workspace, bot, client } = await eventWorld();
    expect(await workspace.as('requester').openHome()).toMatchObject({ attempts: 1, delivered: true });
    const first = envelopeOf(bot.requests[0]);
    expect(first).toMatchObject({
      type: 'event_callback',
      event: { type: 'app_home_opened', user: requester, tab: 'home', channel: expect.stringMatching(/^D/) },
    });
    expect(first.event).not.toHaveProperty('view');
    await client.views.publish({ user_id: requester, view: { type: 'home', blocks: [section('Your drills')] } });
    await workspace.as('requester').openHome();
    expect(envelopeOf(bot.requests[1])).toMatchObject({ event: { view: { type: 'home' } } });
  });
});

describe('Retries of events', () => {
  // docs.slack.dev/apis/events-api, "Retries": nearly immediately, after 1 minute, after 5 minutes.
  test('come at once, after one minute and after five, as the same event', async () => {
    const { workspace, bot, clock } = await eventWorld();
    bot.answer = async () => ({ status: 500 });
    const opened = workspace.as('requester').openHome();
    await clock.idle();
    expect(bot.requests).toHaveLength(2);
    await clock.advance(59_999);
    expect(bot.requests).toHaveLength(2);
    await clock.advance(1);
    expect(bot.requests).toHaveLength(3);
    await clock.advance(299_999);
    expect(bot.requests).toHaveLength(3);
    await clock.advance(1);
    await clock.advance(86_400_000);
    expect(bot.requests.map(retryOf)).toEqual([
      [undefined, undefined],
      ['1', 'http_error'],
      ['2', 'http_error'],
      ['3', 'http_error'],
    ]);
    expect(new Set(bot.requests.map((request) => request.body.toString('utf8'))).size).toBe(1);
    expect(await opened).toMatchObject({ attempts: 4, delivered: false });
  });

  // docs.slack.dev/apis/events-api, "Retries": a 2xx ends them.
  test('end with the first answer that is a 2xx', async () => {
    const { workspace, bot, clock } = await eventWorld();
    bot.answer = async () => ({ status: bot.requests.length < 2 ? 503 : 204 });
    expect(await workspace.as('requester').openHome()).toMatchObject({ attempts: 2, delivered: true });
    await clock.advance(600_000);
    expect(bot.requests).toHaveLength(2);
  });

  // docs.slack.dev/apis/events-api, "Retries": http_timeout after three seconds.
  test('say http_timeout when the app is late', async () => {
    const { workspace, bot } = await eventWorld({ answerMs: 20 });
    bot.answer = async () => (bot.requests.length < 2 ? new Promise(() => {}) : { status: 200 });
    await workspace.as('requester').openHome();
    expect(bot.requests.map(retryOf)).toEqual([
      [undefined, undefined],
      ['1', 'http_timeout'],
    ]);
  });

  // docs.slack.dev/apis/events-api, "Turning retries off": x-slack-no-retry.
  test('are turned off by x-slack-no-retry', async () => {
    const { workspace, bot, clock } = await eventWorld();
    bot.answer = async () => ({ status: 500, headers: { 'x-slack-no-retry': '1' } });
    expect(await workspace.as('requester').openHome()).toMatchObject({ attempts: 1, delivered: false });
    await clock.advance(600_000);
    expect(bot.requests).toHaveLength(1);
  });
});
