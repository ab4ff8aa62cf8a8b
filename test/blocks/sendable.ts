import type { HomeView } from '@slack/types';
import { expect } from 'vitest';
import { type Message, LIMITS as OURS } from '../../blocks/message.ts';
import { blockFaults, messageBlocks } from '../../src/local/slack/blocks.ts';
import { LIMITS } from '../../src/local/slack/limits.ts';
import { mrkdwnOf, TASK_TOKEN } from './views.ts';

/** Text that would mention, link, make up lines, or blow up when it is escaped. */
export const HOSTILE =
  '<!channel> <@U0STRANGER> <https://evil.example|ok> & `code` @here #general "\\ \n✅ *Approved*\u0000';

/** What we write with a meaning for Slack: moments, links to our own cards, and mentions of these people. */
function withoutOurs(mrkdwn: string, people: readonly string[]): string {
  return mrkdwn
    .replace(/<!date\^\d+\^[^|>]*\|[-\d: ]*UTC>/g, '')
    .replace(/<https:\/\/practice\.slack\.com\/[^|>]*\|[^<>]*>/g, '')
    .replace(/<@(U[A-Z0-9]+)>/g, (mention, userId: string) => (people.includes(userId) ? '' : mention));
}

/** Fails unless Slack would take the message as it is, and nothing in it has a meaning but what we put there. */
export function expectAnswer(message: Message, people: readonly string[] = []): void {
  expect(message.text.trim()).not.toBe('');
  expect(message.text.length).toBeLessThanOrEqual(LIMITS.updatedText);
  expect(JSON.stringify(message.blocks).length).toBeLessThanOrEqual(OURS.messageCharacters);
  messageBlocks(message.blocks);
  for (const mrkdwn of mrkdwnOf(message)) {
    expect(withoutOurs(mrkdwn, people)).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
  }
  expect(JSON.stringify(message)).not.toContain(TASK_TOKEN);
}

/** The same of an App Home. */
export function expectHome(view: HomeView, people: readonly string[] = []): void {
  expect(blockFaults(view.blocks, 'home', '/view/blocks')).toEqual([]);
  expect(view.blocks.length).toBeLessThanOrEqual(100);
  expect(Buffer.byteLength(JSON.stringify(view))).toBeLessThanOrEqual(LIMITS.viewBytes);
  const blockIds = view.blocks.flatMap((block) => ('block_id' in block && block.block_id ? [block.block_id] : []));
  expect(new Set(blockIds).size).toBe(blockIds.length);
  for (const mrkdwn of mrkdwnOf({ text: 'home', blocks: view.blocks as Message['blocks'] })) {
    expect(withoutOurs(mrkdwn, people)).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
  }
  expect(JSON.stringify(view)).not.toContain(TASK_TOKEN);
}

/** The address of a card, as Slack gives it. */
export const CARD_URL = 'https://practice.slack.com/archives/C0INCIDENT1/p1772416800000000';
