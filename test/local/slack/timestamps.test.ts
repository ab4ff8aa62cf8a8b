import { expect, test } from 'vitest';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import { Timestamps } from '../../../src/local/slack/timestamps.ts';
import { CHANNEL, createWorld } from './world.ts';

const user = PEOPLE[0]?.userId ?? '';
const SIMULATED = Date.parse('2026-03-09T12:00:00Z');

test('timestamps are unique and increase, also when the clock stands still or is set back', () => {
  let now = 1_000_000;
  const timestamps = new Timestamps(() => now);
  const first = timestamps.next();
  const second = timestamps.next();
  now = 500_000;
  expect([first, second, timestamps.next()]).toEqual(['1000.000000', '1000.000001', '1000.000002']);
});

test('messages and files may have a time of their own; signatures and action_ts stay in real time', async () => {
  let simulated = SIMULATED;
  const { workspace, client, bot } = await createWorld({ timestampClock: { now: () => simulated } });
  const realSeconds = workspace.now() / 1_000;
  const first = workspace.post({ channel: CHANNEL, user, text: 'one' });
  expect(Number(first.ts)).toBe(SIMULATED / 1_000);
  simulated += 3_600_000;
  await client.files.uploadV2({ channel_id: CHANNEL, filename: 'r.csv', content: 'a,b' });
  expect(workspace.files()[0]?.file.created).toBe(simulated / 1_000);

  expect(Number(workspace.timestamp())).toBeCloseTo(realSeconds);
  await workspace.as('requester').command('/dr', 'help', CHANNEL);
  expect(Number(bot.requests[0]?.headers['x-slack-request-timestamp'])).toBe(realSeconds);
});

test('history is read and paged in the time of the messages', async () => {
  let simulated = SIMULATED;
  const { workspace, client } = await createWorld({ timestampClock: { now: () => simulated } });
  const posted = ['one', 'two', 'three'].map((text) => {
    simulated += 60_000;
    return workspace.post({ channel: WORKSPACE.channelId, user, text });
  });
  const after = await client.conversations.history({ channel: CHANNEL, oldest: posted[0]?.ts, limit: 1 });
  expect(after.messages).toMatchObject([{ text: 'three' }]);
  const cursor = after.response_metadata?.next_cursor;
  const next = await client.conversations.history({ channel: CHANNEL, oldest: posted[0]?.ts, limit: 1, cursor });
  expect(next.messages).toMatchObject([{ text: 'two' }]);
  expect(next.has_more).toBe(false);
});
