import { WebClient } from '@slack/web-api';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { CHANNELS, WORKSPACE } from '../../src/local/slack/people.ts';
import { createSlackServer } from '../../src/local/slack/server.ts';
import { SlackWorkspace } from '../../src/local/slack/workspace.ts';
import { composerOf, messagesOf } from './acts.ts';
import { browserPages } from './pages.ts';

const BOT_TOKEN = 'xoxb-practice';
const pages = browserPages();

/** A workspace without the product: what the page does with many messages is no matter of what they say. */
async function startWorkspace() {
  const workspace = new SlackWorkspace({ botToken: BOT_TOKEN, channels: CHANNELS });
  const server = await createSlackServer({
    workspace,
    signingSecret: 'practice-signing-secret',
    requestUrl: 'http://127.0.0.1:9/slack/events',
  });
  onTestFinished(() => server.close());
  const { channelId: channel, botUserId: user } = WORKSPACE;
  const drawn = (title: string, lines: number) => ({
    text: title,
    blocks: [
      { type: 'header', block_id: 'title', text: { type: 'plain_text', text: title } },
      {
        type: 'section',
        block_id: 'lines',
        text: { type: 'mrkdwn', text: Array.from({ length: lines }, (_, line) => `line ${line + 1}`).join('\n') },
      },
    ],
  });
  return {
    workspace,
    url: server.url,
    /** Posts a card of so many lines, with replies. */
    posts(title: string, lines: number, replies: number): SlackMessage {
      const card = workspace.post({ channel, user, ...drawn(title, lines) });
      for (let reply = 1; reply <= replies; reply += 1)
        workspace.post({ channel, user, text: `${title}, reply ${reply}`, threadTs: card.ts });
      return card;
    },
    /** Draws a card anew. */
    draws(card: SlackMessage, title: string, lines: number): SlackMessage {
      return workspace.update(card, drawn(title, lines));
    },
  };
}

describe('the workspace', () => {
  it('marks what is unread in another channel, and shows the app’s Home as it is published', async () => {
    const { workspace, url } = await startWorkspace();
    const page = await pages().open(url);
    const channels = page.getByRole('navigation', { name: 'Channels' });
    await channels.getByRole('button', { name: '# incident-hrp' }).waitFor();
    workspace.post({ channel: 'C0DRDRILLS1', user: 'U0PAPPROVE1', text: 'Shall we begin?' });
    await channels.getByRole('button', { name: '# dr-drills 1 unread' }).click();
    await page.getByRole('article', { name: 'approver: Shall we begin?' }).waitFor();
    await channels.getByRole('button', { name: '# dr-drills', exact: true }).waitFor();
    await page.goBack();
    await page.getByRole('region', { name: 'Messages in #incident-hrp' }).waitFor();

    await channels.getByRole('button', { name: 'dr-chatops (app)' }).click();
    const home = page.getByRole('region', { name: 'Home of dr-chatops' });
    await home.getByText('has not published a Home').waitFor();
    const view = {
      type: 'home' as const,
      blocks: [{ type: 'header' as const, text: { type: 'plain_text' as const, text: 'Drills of today' } }],
    };
    await new WebClient(BOT_TOKEN, { slackApiUrl: `${url}/api/` }).views.publish({ user_id: 'U0PREQUEST1', view });
    await home.getByRole('heading', { name: 'Drills of today' }).waitFor();
  });

  it('stays smooth with 50 cards: replies are not drawn, and a changed card is the only one drawn again', async () => {
    const { posts, draws, url } = await startWorkspace();
    const page = await pages().open(url);
    await page.getByText('Nothing has happened in').waitFor();
    const cards = Array.from({ length: 50 }, (_, index) => posts(`Card ${index + 1} of 50`, 4, 12));
    for (let round = 1; round <= 4; round += 1) {
      for (const card of cards) draws(card, `${card.text}, round ${round}`, 4);
    }
    await messagesOf(page).getByRole('heading', { name: 'Card 50 of 50, round 4' }).waitFor();
    expect(await messagesOf(page).getByRole('article').count()).toBe(50);
    expect(await messagesOf(page).locator('*').count()).toBeLessThan(50 * 30);

    await page.evaluate(() => {
      const seen = { touched: new Set<string>(), drawn: 0 };
      const groups = [...document.querySelectorAll('.thread-group')];
      const nameOf = (node: Node) =>
        groups.find((group) => group.contains(node))?.querySelector('h3')?.textContent ?? 'the list itself';
      new MutationObserver((changes) => {
        for (const { target } of changes) seen.touched.add(nameOf(target));
      }).observe(document.querySelector('.messages') ?? document, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      });
      // A message that is drawn writes its time: what is drawn again without a difference is seen here.
      const { toISOString } = Date.prototype;
      Date.prototype.toISOString = function written(this: Date) {
        seen.drawn += 1;
        return toISOString.call(this);
      };
      Object.assign(globalThis, { seen });
    });
    const changed = cards[49];
    if (changed !== undefined) draws(changed, 'Card 50 of 50, changed', 4);
    await messagesOf(page).getByRole('heading', { name: 'Card 50 of 50, changed' }).waitFor();
    const { touched, drawn } = await page.evaluate(() => {
      const { seen } = globalThis as unknown as { seen: { touched: Set<string>; drawn: number } };
      return { touched: [...seen.touched], drawn: seen.drawn };
    });
    expect(touched).toEqual(['Card 50 of 50, changed']);
    expect(drawn).toBe(1);
  });

  it('forgets the oldest messages, so that a long day does not slow the page', async () => {
    const { workspace, url } = await startWorkspace();
    const page = await pages().open(url);
    await page.getByText('Nothing has happened in').waitFor();
    for (let line = 1; line <= 1_000; line += 1)
      workspace.post({ channel: WORKSPACE.channelId, user: 'U0PAPPROVE1', text: `Line ${line}.` });
    await page.getByRole('article', { name: 'approver: Line 1000.' }).waitFor();
    expect(await messagesOf(page).getByRole('article').count()).toBeLessThanOrEqual(600);
  });

  // What may move: a card that grows at the end of the channel pushes what is above it up, for the newest stays in view as
  // in Slack. What may not: anything else, for those at the end and for those who read further up.
  it('moves nothing under the eyes of somebody who reads when cards above and below are drawn anew', async () => {
    const { posts, draws, url } = await startWorkspace();
    const page = await pages().open(url);
    await page.getByText('Nothing has happened in').waitFor();
    const cards = Array.from({ length: 30 }, (_, index) => posts(`Card ${index + 1} of 30`, 4, 0));
    const [first, last] = [cards[0], cards[29]];
    if (first === undefined || last === undefined) throw new Error('there are no cards');
    const article = (name: string) => messagesOf(page).getByRole('article', { name: `dr-chatops: ${name}` });
    await article('Card 30 of 30').waitFor();
    const read = article('Card 15 of 30');
    await read.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    await page.getByRole('button', { name: '↓ Newest' }).waitFor();
    await page.evaluate(() => {
      let moved = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) moved += (entry as PerformanceEntry & { value: number }).value;
        Object.assign(globalThis, { moved });
      }).observe({ type: 'layout-shift' });
      Object.assign(globalThis, { moved });
    });
    const before = { read: await read.boundingBox(), composer: await composerOf(page).boundingBox() };

    draws(last, 'Card 30, grown', 12);
    draws(first, 'Card 1, grown', 12);
    await article('Card 1, grown').waitFor();
    await drawnTwice(page);
    expect(await movedBy(read, before.read)).toBeLessThan(1);
    expect(await movedBy(composerOf(page), before.composer)).toBe(0);
    expect(await page.evaluate(() => (globalThis as unknown as { moved: number }).moved)).toBeLessThan(0.001);

    await page.getByRole('button', { name: '↓ Newest' }).click();
    await page.getByRole('button', { name: '↓ Newest' }).waitFor({ state: 'detached' });
    draws(last, 'Card 30, grown again', 20);
    await article('Card 30, grown again').waitFor();
    await drawnTwice(page);
    expect(await movedBy(composerOf(page), before.composer)).toBe(0);
    const rest = await messagesOf(page).evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);
    expect(Math.abs(rest)).toBeLessThanOrEqual(1);
  });
});

/** How far something has gone from where it was, in pixels: scroll positions are rounded, so less than 1 is nowhere. */
async function movedBy(thing: Locator, before: { x: number; y: number } | null): Promise<number> {
  const now = await thing.boundingBox();
  if (now === null || before === null) throw new Error('it is not on the page');
  return Math.hypot(now.x - before.x, now.y - before.y);
}

/** Until the browser has drawn what has changed, and has counted what moved for it. */
function drawnTwice(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}

it('no page has asked anything of anything but the practice server', () => {
  // Each story has looked at its own strays; here it is that they were looked for.
  expect(pages().watched.requests).toBeGreaterThan(10);
});
