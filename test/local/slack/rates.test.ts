import type { WebClient } from '@slack/web-api';
import { describe, expect, test } from 'vitest';
import type { WorkspaceOptions } from '../../../src/local/slack/workspace.ts';
import { CHANNEL, createWorld, OTHER_CHANNEL, refusalOf } from './world.ts';

/** A workspace that keeps Slack's rate limits in a time that the test moves on. */
async function ratedWorld(options: Partial<WorkspaceOptions> = {}) {
  let now = 0;
  const world = await createWorld({ rates: 'slack', rateClock: { now: () => now }, ...options });
  return {
    ...world,
    later: (ms: number) => {
      now += ms;
    },
  };
}

async function repeat(times: number, call: () => Promise<unknown>): Promise<void> {
  for (let number = 0; number < times; number += 1) await call();
}

const post = (client: WebClient, channel: string = CHANNEL) => client.chat.postMessage({ channel, text: 'x' });

describe('Rate limits', () => {
  // docs.slack.dev/apis/web-api/rate-limits, "Posting messages": one a second, short bursts pass.
  test('a channel takes a burst of five messages, then one a second', async () => {
    const { client, later, workspace } = await ratedWorld();
    await repeat(5, () => post(client));
    await expect(post(client)).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error', retryAfter: 1 });
    later(999);
    await expect(post(client)).rejects.toMatchObject({ retryAfter: 1 });
    later(1);
    await post(client);
    await expect(post(client)).rejects.toMatchObject({ retryAfter: 1 });
    expect(workspace.messages(CHANNEL)).toHaveLength(6);
  });

  // docs.slack.dev/apis/web-api/rate-limits: "one message per second per channel".
  test('another channel has a burst of its own, and a name is the same channel as its id', async () => {
    const second = { ...OTHER_CHANNEL, memberIds: ['U0PDRBOT001'] };
    const first = { id: CHANNEL, name: 'incident-hrp', memberIds: ['U0PDRBOT001'] };
    const { client } = await ratedWorld({ channels: [first, second] });
    await repeat(5, () => post(client, '#incident-hrp'));
    await expect(post(client)).rejects.toMatchObject({ retryAfter: 1 });
    await post(client, second.id);
  });

  // docs.slack.dev/apis/web-api/rate-limits, "Responding to rate limiting conditions".
  test('a refusal is HTTP 429 with `ratelimited` and Retry-After in whole seconds', async () => {
    const { client, server, later } = await ratedWorld();
    await repeat(5, () => post(client));
    later(100);
    const response = await fetch(`${server.url}/api/chat.postMessage`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-practice', 'content-type': 'application/json' },
      body: JSON.stringify({ channel: CHANNEL, text: 'x' }),
    });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toEqual({ ok: false, error: 'ratelimited' });
  });

  // docs.slack.dev/reference/methods/chat.postMessage: a workspace-wide limit of several hundred messages per minute.
  test('many channels together are limited too', async () => {
    const channels = Array.from({ length: 61 }, (_, number) => ({
      id: `C0MANY${number}`,
      name: `many-${number}`,
      memberIds: ['U0PDRBOT001'],
    }));
    const { client } = await ratedWorld({ channels });
    for (const { id } of channels.slice(0, 60)) await repeat(5, () => post(client, id));
    await expect(post(client, 'C0MANY60')).rejects.toMatchObject({ retryAfter: 1 });
  });

  // docs.slack.dev/apis/web-api/rate-limits, "Tier 2", and the page of usergroups.users.list.
  test('usergroups.users.list takes 20 calls a minute', async () => {
    const { client, later } = await ratedWorld({
      userGroups: [{ id: 'S0APPROVERS', handle: 'dr-approvers', name: 'DR approvers', userIds: [] }],
    });
    const list = () => client.usergroups.users.list({ usergroup: 'S0APPROVERS' });
    await repeat(20, list);
    await expect(list()).rejects.toMatchObject({ retryAfter: 3 });
    later(3_000);
    await list();
    await expect(list()).rejects.toMatchObject({ retryAfter: 3 });
  });

  // docs.slack.dev/apis/web-api/rate-limits, "Tier 3", and the pages of conversations.history and conversations.replies.
  test('history and replies take 50 calls a minute each', async () => {
    const { client } = await ratedWorld();
    const { ts = '' } = await post(client);
    const history = () => client.conversations.history({ channel: CHANNEL });
    const replies = () => client.conversations.replies({ channel: CHANNEL, ts });
    await repeat(50, history);
    await expect(history()).rejects.toMatchObject({ retryAfter: 2 });
    await repeat(50, replies);
    await expect(replies()).rejects.toMatchObject({ retryAfter: 2 });
  });

  // docs.slack.dev/reference/methods/chat.update, "Tier 3". For one message Slack documents no number:
  // one in three seconds is the strict choice of UPDATES_PER_MESSAGE.
  test('one message takes one update in three seconds, another message its own', async () => {
    const { client, later } = await ratedWorld();
    const [first, second] = [await post(client), await post(client)];
    const update = ({ ts = '' }: { ts?: string }) => client.chat.update({ channel: CHANNEL, ts, text: 'y' });
    await update(first);
    await update(second);
    await expect(update(first)).rejects.toMatchObject({ retryAfter: 3 });
    later(1_500);
    await expect(update(first)).rejects.toMatchObject({ retryAfter: 2 });
    later(1_500);
    await update(first);
  });

  // docs.slack.dev/reference/methods/chat.update, "Tier 3": per method and workspace, whichever the message.
  test('chat.update takes 50 calls a minute over all messages', async () => {
    const { client, workspace } = await ratedWorld();
    const cards = Array.from({ length: 51 }, () =>
      workspace.post({ channel: CHANNEL, user: 'U0PDRBOT001', text: 'card' }),
    );
    const update = (ts = '') => client.chat.update({ channel: CHANNEL, ts, text: 'y' });
    for (const { ts } of cards.slice(0, 50)) await update(ts);
    await expect(update(cards[50]?.ts)).rejects.toMatchObject({ retryAfter: 2 });
  });

  // docs.slack.dev/apis/web-api/rate-limits, "Tier 4", and the page of users.info.
  test('users.info takes 100 calls a minute', async () => {
    const { client } = await ratedWorld();
    const info = () => client.users.info({ user: 'U0PAPPROVE1' });
    await repeat(100, info);
    await expect(info()).rejects.toMatchObject({ retryAfter: 1 });
  });

  test('calls with a wrong token take nothing from the app', async () => {
    const { client } = await ratedWorld();
    await repeat(10, () => refusalOf(client.chat.postMessage({ channel: CHANNEL, text: 'x', token: 'xoxb-other' })));
    await repeat(5, () => post(client));
  });

  test('a workspace that does not keep them takes any number', async () => {
    const { client, workspace } = await createWorld();
    await repeat(30, () => post(client));
    expect(workspace.messages(CHANNEL)).toHaveLength(30);
  });
});
