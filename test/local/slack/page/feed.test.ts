import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ScaledClock } from '../../../../src/local/clock.ts';
import { pageControls } from '../../../../src/local/controls.ts';
import { type FeedOptions, PageFeed } from '../../../../src/local/slack/page/feed.ts';
import { SHOWN_MESSAGES } from '../../../../src/local/slack/page/feed-state.ts';
import type { PageEvent } from '../../../../src/local/slack/page/protocol.ts';
import { PEOPLE, WORKSPACE } from '../../../../src/local/slack/people.ts';
import { SlackWorkspace } from '../../../../src/local/slack/workspace.ts';

const user = PEOPLE[0]?.userId ?? '';

function createFeed(options: FeedOptions = {}) {
  const workspace = new SlackWorkspace({ botToken: 'xoxb-practice' });
  const feed = new PageFeed(workspace, options);
  onTestFinished(() => feed.close());
  // Without a connection, what is written waits.
  const page = new ServerResponse(new IncomingMessage(new Socket()));
  return { workspace, feed, page };
}

test('a page that takes nothing any more is cut off, before what waits for it fills the memory', () => {
  const { workspace, feed, page } = createFeed();
  feed.open('reader', page);
  for (let megabytes = 0; megabytes < 15; megabytes += 1) {
    workspace.post({ channel: WORKSPACE.channelId, user, text: 'x'.repeat(1024 * 1024) });
  }
  expect(page.destroyed).toBe(false);
  for (let megabytes = 0; megabytes < 15; megabytes += 1) {
    workspace.post({ channel: WORKSPACE.channelId, user, text: 'x'.repeat(1024 * 1024) });
  }
  expect(page.destroyed).toBe(true);
  expect(page.writableLength).toBeLessThan(20 * 1024 * 1024);
});

test('a page that opens gets the newest messages of a channel, not a whole day of them', () => {
  const { workspace, feed, page } = createFeed();
  for (let index = 0; index < SHOWN_MESSAGES + 50; index += 1) {
    workspace.post({ channel: WORKSPACE.channelId, user, text: String(index) });
  }
  const written: string[] = [];
  page.write = (chunk: unknown) => written.push(String(chunk)) > 0;
  feed.open('reader', page);
  const event = JSON.parse(written[0]?.replace(/^data: /, '') ?? '') as PageEvent;
  const messages = event.kind === 'snapshot' ? event.snapshot.messages : [];
  expect([messages.length, messages[0]?.text]).toEqual([SHOWN_MESSAGES, '50']);
});

test('a page hears at once that time runs at another rate, until it is closed', () => {
  const clock = new ScaledClock({ speed: 60 });
  const { feed, page } = createFeed({ controls: pageControls(clock, {}) });
  const written: string[] = [];
  page.write = (chunk: unknown) => written.push(String(chunk)) > 0;
  feed.open('reader', page);
  const decided = clock.waitForPerson();
  const event = JSON.parse(written.at(-1)?.replace(/^data: /, '') ?? '') as PageEvent;
  expect(event).toMatchObject({ kind: 'practice', practice: { time: { rate: 1, waitingForPerson: true } } });
  feed.close();
  const before = written.length;
  decided();
  expect(written).toHaveLength(before);
});
