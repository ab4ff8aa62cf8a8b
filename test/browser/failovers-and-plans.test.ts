import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import {
  approvesByName,
  cardSaying,
  endsWaiting,
  looksRight,
  messagesOf,
  opensForm,
  questionAbout,
  SOON,
  types,
} from './acts.ts';
import { isWithin, tabTo, violations } from './page-checks.ts';
import { practicePages } from './pages.ts';
import { DESK, PHONE } from './watched-pages.ts';

const HRP_PLAN = new URL('../../docs/examples/plans/hrp-plan.json', import.meta.url);
const { clock, practice, pages, opens } = practicePages({ applications: ['HRP', 'Connectors', 'SharedServices'] });

// The stories are told in this order: later ones read what earlier ones have left in the channels.
describe('two people side by side', () => {
  it('see their own answers only, and what is for everybody', async () => {
    const requester = await opens('requester', DESK, 'dr-drills');
    const stranger = await opens('stranger', DESK, 'dr-drills');
    const privately = (page: Page) => messagesOf(page).getByText('Only visible to you');
    const before = await privately(requester).count();
    await types(requester, '/dr help');
    await types(stranger, '/dr frobnicate');
    await expect.poll(() => privately(requester).count(), SOON).toBe(before + 1);
    await privately(stranger).waitFor();
    // What everybody sees comes after it, so that nothing is on its way any more.
    await types(stranger, 'Good morning');
    for (const page of [requester, stranger]) {
      await messagesOf(page).getByRole('article', { name: 'stranger: Good morning' }).waitFor();
    }
    expect(await privately(requester).count()).toBe(before + 1);
    expect(await privately(stranger).count()).toBe(1);
    expect(await messagesOf(requester).getByText('frobnicate').count()).toBe(0);
  });
});

describe('a card on any screen', () => {
  it('can be read, pressed and heard: gate, thread, form, faults and behind the scenes', async () => {
    // A channel with little in it: each look at a page costs by what stands on it.
    const page = await opens('approver', DESK, 'dr-drills');
    const requester = await opens('requester', DESK, 'dr-drills');
    await types(requester, '/dr drill Connectors wave 1');
    const question = questionAbout(page, 'Connectors wave 1');
    await question.waitFor();
    const push = page
      .getByRole('region', { name: 'Notifications' })
      .getByRole('button', { name: /Notification: Approve/ });
    // A phone shows the text that stands for a message, and nothing of the message's own blocks.
    const pushed = await push.innerText();
    expect(pushed).toMatch(/^Notification:\s+Approve\? Drill Connectors wave 1: launch .+ Asked by @requester\./);
    expect(pushed).not.toMatch(/revision|Approve Drill/);
    await looksRight(page);

    await messagesOf(page)
      .getByRole('button', { name: /replies/ })
      .first()
      .click();
    await page.getByRole('complementary', { name: 'Thread' }).waitFor();
    await looksRight(page);
    await page.getByRole('button', { name: 'Close thread' }).click();

    await page.getByRole('button', { name: 'Rehearse faults' }).click();
    await looksRight(page);
    await page.getByRole('button', { name: 'Close faults' }).click();

    const reject = question.getByRole('button', { name: 'Reject Drill' });
    await opensForm(page, 'Reject drill?', () => reject.click());
    await looksRight(page);
    await page.getByRole('button', { name: 'Keep Waiting' }).click();
    await endsWaiting(question, page);

    await page.goto(`${practice().pageUrl}/behind-the-scenes`);
    await page.getByRole('rowheader', { name: 'StartExecution' }).first().waitFor();
    await looksRight(page);
  });
});

describe('a failover', () => {
  const SCOPE = 'SharedServices wave 1';

  it('is asked for by the shortcut’s form, in which the waves follow the application', async () => {
    const desk = await opens('requester', DESK, 'dr-drills');
    const form = await opensForm(desk, 'Ask to drill or recover', async () => {
      await desk.getByRole('button', { name: 'Shortcuts' }).click();
      await desk.getByRole('button', { name: /^Ask to drill or recover/ }).click();
    });
    await form.getByRole('combobox', { name: 'What' }).selectOption('failover');
    await form.getByRole('textbox', { name: 'Live instances to replace' }).waitFor();

    const application = form.getByRole('combobox', { name: 'Application' });
    await tabTo(desk, application);
    await desk.keyboard.type('services');
    const offered = form.getByRole('listbox', { name: 'Application' }).getByRole('option');
    await expect.poll(() => offered.allInnerTexts(), SOON).toEqual(['SharedServices (waves 1–3)']);
    await looksRight(desk);
    await desk.keyboard.press('Enter');
    await expect.poll(() => application.inputValue(), SOON).toBe('SharedServices (waves 1–3)');
    const channel = form.getByRole('combobox', { name: 'Channel' });
    const wave = form.getByRole('checkbox', { name: 'Wave 1 (12 servers)' });
    await wave.waitFor();
    await form.getByRole('button', { name: 'Ask', exact: true }).click();
    await form.getByText('Please complete this required field.').waitFor();
    await wave.check();
    await desk.setViewportSize({ width: 1280, height: 600 });
    expect(await channel.locator('option:checked').innerText()).toBe('#incident-hrp');
    await channel.selectOption('#general');
    await form.getByRole('button', { name: 'Ask', exact: true }).click();
    const notThere = form.getByText('I am not in this channel');
    await expect.poll(() => isWithin(notThere, form.locator('.modal-body')), SOON).toBe(true);
    await desk.setViewportSize(DESK);
    await channel.selectOption('#dr-drills');
    await form.getByRole('button', { name: 'Ask', exact: true }).click();

    const answer = desk.getByRole('dialog', { name: 'Asked' });
    await answer.getByText('nothing is launched before 2 people approve').waitFor();
    // The keyboard is still in the dialog, though the button that was pressed is gone.
    await desk.keyboard.press('Escape');
    await answer.waitFor({ state: 'detached' });
    await questionAbout(desk, SCOPE, 'Failover').waitFor();
  });

  it('is refused to who asked and to who may only read; the answer is for their eyes only', async () => {
    const requester = await opens('requester', DESK, 'dr-drills');
    const reader = await opens('reader', DESK, 'dr-drills');
    const press = (page: Page) =>
      questionAbout(page, SCOPE, 'Failover').getByRole('button', { name: 'Approve Failover' }).click();
    await press(requester);
    await messagesOf(requester).getByText('You asked for this failover').waitFor();
    await press(reader);
    await messagesOf(reader).getByText('You may not decide about SharedServices').waitFor();
    expect(await messagesOf(reader).getByText('You asked for this failover').count()).toBe(0);
    await questionAbout(reader, SCOPE, 'Failover').getByText('2 approvals needed, 0 given').waitFor();
  });

  it('asks twice before the glass is broken, and can be left', async () => {
    const lead = await opens('lead', PHONE, 'dr-drills');
    const breakGlass = questionAbout(lead, SCOPE, 'Failover').getByRole('button', { name: 'Break Glass…' });
    await breakGlass.click();
    const sure = lead.getByRole('dialog', { name: 'Pass this failover alone?' });
    await sure.getByRole('button', { name: 'Wait for the Others' }).click();
    await sure.waitFor({ state: 'hidden' });
    const form = await opensForm(lead, 'Break the glass?', async () => {
      await breakGlass.click();
      await sure.getByRole('button', { name: 'Break Glass…' }).click();
    });
    await form.getByRole('textbox', { name: 'Reason' }).waitFor();
    await form.getByRole('button', { name: 'Keep Waiting' }).click();
    await form.waitFor({ state: 'detached' });
  });

  it('begins when two people have typed its name, one on the card and one in App Home', async () => {
    const first = await opens('approver', DESK, 'dr-drills');
    const question = questionAbout(first, SCOPE, 'Failover');
    const approve = question.getByRole('button', { name: 'Approve Failover' });
    const form = await opensForm(first, 'Approve failover?', () => approve.click());
    await form.getByRole('textbox', { name: 'What you approve' }).fill('SharedService');
    await form.getByRole('button', { name: 'Approve Failover' }).click();
    await form.getByText('This is not SharedServices. Nothing was recorded').waitFor();
    await approvesByName(first, 'SharedServices');
    await question.getByText('1 of 2:').waitFor();

    const second = await opens('second-approver', DESK, 'home');
    const home = second.getByRole('region', { name: 'Home of dr-chatops' });
    await home.getByText(`Failover ${SCOPE}: launch 12 recovery instances`).waitFor();
    await home.getByText('1 of 2 votes').waitFor();
    await looksRight(second);
    const approveHere = home.getByRole('button', { name: 'Approve Failover' });
    await opensForm(second, 'Approve failover?', () => approveHere.click());
    // Servers are launched for as long as somebody needs who looks.
    clock.setSpeed(5);
    await approvesByName(second, 'SharedServices');
    await home.getByText(`Failover ${SCOPE}: launch`).waitFor({ state: 'detached' });
    await cardSaying(first, SCOPE, 'launching', 'Failover').waitFor();
    await question.waitFor({ state: 'detached' });
  });
});

describe('recovery plans', () => {
  it('are imported from a file, and edited by a form on a form that keeps what was typed', async () => {
    const page = await opens('lead');
    const imports = await opensForm(page, 'Import plans', () => types(page, '/dr plan import'));
    await imports.getByLabel('File').setInputFiles(fileURLToPath(HRP_PLAN));
    await imports.getByText('Uploaded.').waitFor();
    await imports.getByRole('button', { name: 'Check' }).click();
    await page.getByRole('dialog', { name: 'Checking' }).getByRole('button', { name: 'Close', exact: true }).click();
    const differences = messagesOf(page).getByRole('article').filter({ hasText: 'Plan HRP is new.' });
    await differences.getByRole('button', { name: 'Store' }).click();
    await page.getByRole('dialog', { name: 'Store these changes?' }).getByRole('button', { name: 'Store' }).click();
    await page.getByText('Stored: protection group').waitFor();

    const plan = await opensForm(page, 'Edit recovery plan', () => types(page, '/dr plan edit HRP'));
    await plan.getByRole('textbox', { name: 'RTO target' }).fill('200');
    await plan.getByRole('button', { name: 'Edit', exact: true }).first().click();
    const wave = page.getByRole('dialog', { name: 'Wave 1' });
    await wave.getByRole('textbox', { name: 'Expected to take' }).fill('45');
    await wave.getByRole('checkbox', { name: 'Pause after it' }).check();
    expect(await violations(page)).toEqual([]);
    await wave.getByRole('button', { name: 'Use This Wave' }).click();
    await plan.getByText('pause after it').waitFor();
    // Escape belongs to the form on top, as long as there is one.
    await wave.waitFor({ state: 'detached' });
    expect(await plan.getByRole('textbox', { name: 'RTO target' }).inputValue()).toBe('200');
    await page.keyboard.press('Escape');
    await plan.waitFor({ state: 'detached' });

    // A file for one person comes into their own messages.
    await types(page, '/dr plan export HRP');
    await page.getByRole('button', { name: 'dr-chatops (messages)' }).click();
    await messagesOf(page).getByText('hrp-v1.json').first().waitFor();
  });
});

it('no page has asked anything of anything but the practice server', () => {
  // Each story has looked at its own strays; here it is that they were looked for.
  expect(pages().watched.requests).toBeGreaterThan(50);
});
