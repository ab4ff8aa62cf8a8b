import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { sidewaysScroll, smallTargets, violations } from './page-checks.ts';
import { DESK, PHONE, TABLET } from './watched-pages.ts';

/** For what the page shows a moment after it has happened; the moment is long where much else runs. */
export const SOON = { timeout: 30_000, interval: 50 };

/** Where a person types. */
export function composerOf(page: Page): Locator {
  return page.getByRole('main').getByRole('combobox', { name: 'Command or message' });
}

/** Types a message or a command, and sends it. */
export async function types(page: Page, text: string): Promise<void> {
  await composerOf(page).fill(text);
  await composerOf(page).press('Enter');
}

/** What stands in the channel that is shown. */
export function messagesOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Messages in' });
}

/** The message that asks to decide about this, e.g. `HRP wave 1`; the newest where it was asked several times. */
export function questionAbout(page: Page, scope: string, verb = 'Drill'): Locator {
  return messagesOf(page)
    .getByRole('article', { name: `Approve? ${verb} ${scope}:` })
    .last();
}

/** The card about this, once its heading says `state`. */
export function cardSaying(page: Page, scope: string, state: string, verb = 'Drill'): Locator {
  return messagesOf(page)
    .getByRole('article')
    .filter({ has: page.getByRole('heading', { name: `${verb}: ${scope} · ${state}` }) })
    .last();
}

/**
 * Asks for a form until it is there. The bot has a second and a half of real time to have Slack open one, which a busy machine
 * may take: then it says that the form was not opened, and to try again.
 */
export async function opensForm(page: Page, title: string, ask: () => Promise<void>): Promise<Locator> {
  const form = page.getByRole('dialog', { name: title });
  const notOpened = page.getByText('Slack did not open the form');
  for (let asked = 0; asked < 5; asked += 1) {
    const before = await notOpened.count();
    await ask();
    const isAnswered = async () => (await form.isVisible()) || (await notOpened.count()) > before;
    await expect.poll(isAnswered, SOON).toBe(true);
    if (await form.isVisible()) return form;
  }
  throw new Error(`Slack does not open ${title}`);
}

/** Types the name into the form that asks for it, and reads in its place that the approval counts. */
export async function approvesByName(page: Page, name: string): Promise<void> {
  const form = page.getByRole('dialog', { name: 'Approve failover?' });
  await form.getByRole('textbox', { name: 'What you approve' }).fill(name);
  await form.getByRole('button', { name: 'Approve Failover' }).click();
  const answer = page.getByRole('dialog', { name: 'Approved' });
  await answer.getByText('Your approval is recorded').waitFor();
  await page.keyboard.press('Escape');
  await answer.waitFor({ state: 'detached' });
}

/** Rejects by phone what still waits, so that the next story begins with time at its own speed. */
export async function endsWaiting(question: Locator, page: Page): Promise<void> {
  const reject = question.getByRole('button', { name: 'Reject Drill' });
  const form = await opensForm(page, 'Reject drill?', () => reject.click());
  await form.getByRole('textbox', { name: 'Reason' }).fill('Only looked at how it is asked.');
  await form.getByRole('button', { name: 'Reject Drill' }).click();
  await closesAnswer(page);
}

/** Reads in the form's place that the rejection counts, and closes it. */
export async function closesAnswer(page: Page): Promise<void> {
  const answer = page.getByRole('dialog', { name: 'Rejected' });
  await answer.getByText('Your rejection is recorded').waitFor();
  await answer.getByRole('button', { name: 'Close', exact: true }).click();
  await answer.waitFor({ state: 'detached' });
}

const SIZES = [DESK, TABLET, PHONE];

/** Layout at each size, and what axe finds there, in the light and in the dark. */
export async function looksRight(page: Page): Promise<void> {
  const wrong: string[] = [];
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const note = (problems: string[]) => wrong.push(...problems.map((problem) => `${size.width}: ${problem}`));
    const sideways = await sidewaysScroll(page);
    if (sideways > 0) note([`scrolls ${sideways} px sideways`]);
    note(await smallTargets(page, size === PHONE ? 44 : 24));
    note(await violations(page));
    await page.emulateMedia({ colorScheme: 'dark' });
    // Nothing but the colours is different.
    note((await violations(page, ['color-contrast'])).map((problem) => `dark: ${problem}`));
    await page.emulateMedia({ colorScheme: 'light' });
  }
  await page.setViewportSize(DESK);
  expect(wrong).toEqual([]);
}
