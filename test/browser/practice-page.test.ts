import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WebClient } from '@slack/web-api';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ScaledClock } from '../../src/local/clock.ts';
import { pageControls } from '../../src/local/controls.ts';
import { loadInventory } from '../../src/local/inventory.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import { faultsOf } from '../../src/local/rehearsal.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { CHANNELS, WORKSPACE } from '../../src/local/slack/people.ts';
import { createSlackServer } from '../../src/local/slack/server.ts';
import { SlackWorkspace } from '../../src/local/slack/workspace.ts';
import { startBrowser } from './browser.ts';
import { hasFocus, isWithin, sidewaysScroll, smallTargets, tabTo, violations } from './page-checks.ts';
import { DESK, PHONE, TABLET, WatchedPages } from './watched-pages.ts';

/** Those of the inventory that the stories are about. */
const APPLICATIONS = ['HRP', 'Connectors', 'MemberPortal', 'SharedServices'];
const INVENTORY = new URL('../../practice/inventory.json', import.meta.url);
/** Simulated seconds per real second: a drill of 25 minutes takes some seconds, of which most is the bot's own work. */
const SPEED = 1_200;
/** Of what is never faster than real for people (Slack's pace, the projector's window): a card is drawn every 150 ms. */
const WALL_SPEED = 20;
const HRP_PLAN = new URL('../../docs/examples/plans/hrp-plan.json', import.meta.url);
const BOT_TOKEN = 'xoxb-practice';
/** For what the page shows a moment after it has happened. */
const SOON = { timeout: 8_000, interval: 50 };

const clock = new ScaledClock({ speed: SPEED });
const wallClock = new ScaledClock({ speed: WALL_SPEED });
let practice: Practice;
let pages: WatchedPages;
let closeBrowser: () => Promise<void>;

beforeAll(async () => {
  const whole = loadInventory(readFileSync(INVENTORY, 'utf8'), 'practice/inventory.json');
  const sourceServers = whole.sourceServers.filter(({ tags }) => APPLICATIONS.includes(tags['DR-Application'] ?? ''));
  const [started, { browser, close }] = await Promise.all([
    startPractice({
      clock,
      wallClock,
      inventory: { ...whole, sourceServers },
      controls: (parts) => pageControls(clock, faultsOf(parts)),
      behindTheScenes: true,
      // What else the clock calls comes round many times a second at this speed, and shows nothing of what is told here.
      schedules: ['sweep-messages', 'watch-gates', 'close-execution'],
    }),
    startBrowser(),
  ]);
  practice = started;
  pages = new WatchedPages(browser);
  closeBrowser = close;
});

afterEach(async () => {
  await pages.closeAll();
  clock.setSpeed(SPEED);
  clock.resume();
  // Of all pages so far: the story that made one complain is the one that fails.
  const { strays, failures, errors } = pages.watched;
  expect({ strays: strays.splice(0), failures: failures.splice(0), errors: errors.splice(0) }).toEqual({
    strays: [],
    failures: [],
    errors: [],
  });
});

afterAll(async () => {
  await closeBrowser();
  clock.stop();
  wallClock.stop();
  await practice.close();
});

/** The page of a person of the practice, in a browser of their own. */
function opens(person: string, size = DESK, channel: string = WORKSPACE.channelName): Promise<Page> {
  return pages.open(`${practice.pageUrl}/?as=${person}&channel=${channel}`, { viewport: size });
}

function composerOf(page: Page): Locator {
  return page.getByRole('main').getByRole('combobox', { name: 'Command or message' });
}

async function types(page: Page, text: string): Promise<void> {
  await composerOf(page).fill(text);
  await composerOf(page).press('Enter');
}

function messagesOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Messages in' });
}

/** The message that asks to decide about this, e.g. `HRP wave 1`; the newest where it was asked several times. */
function questionAbout(page: Page, scope: string, verb = 'Drill'): Locator {
  return messagesOf(page)
    .getByRole('article', { name: `Approve? ${verb} ${scope}:` })
    .last();
}

/** The card about this, once its heading says `state`. */
function cardSaying(page: Page, scope: string, state: string, verb = 'Drill'): Locator {
  return messagesOf(page)
    .getByRole('article')
    .filter({ has: page.getByRole('heading', { name: `${verb}: ${scope} · ${state}` }) })
    .last();
}

/** Lets a gate wait, one jump after the other, until `end` has come. */
async function letsItWait(page: Page, end: number, goesOn: 'waiting' | 'over'): Promise<void> {
  while (clock.now() < end) {
    const before = clock.now();
    await page.getByRole('button', { name: 'Let it wait' }).click();
    // A jump counts when the bot has looked at the gate and waits again: until then nothing may be due.
    const isAt = () =>
      clock.now() > before + 1_000 && (clock.waitingForPerson || (goesOn === 'over' && clock.now() > end));
    await expect.poll(isAt, SOON).toBe(true);
  }
}

/**
 * Presses a button until its form is there. The trigger that opens a form lives for 3 s of real time, which a busy machine may
 * take: then the bot says that it was not opened, and to press again.
 */
async function opensForm(page: Page, button: Locator, title: string): Promise<void> {
  const form = page.getByRole('dialog', { name: title });
  const notOpened = page.getByText('Slack did not open the form').last();
  await button.click();
  await form.or(notOpened).first().waitFor();
  if (await form.isVisible()) return;
  await button.click();
  await form.waitFor();
}

/** Types the name into the form that asks for it, and reads in its place that the approval counts. */
async function approvesByName(page: Page, name: string): Promise<void> {
  const form = page.getByRole('dialog', { name: 'Approve failover?' });
  await form.getByRole('textbox', { name: 'What you approve' }).fill(name);
  await form.getByRole('button', { name: 'Approve Failover' }).click();
  const answer = page.getByRole('dialog', { name: 'Approved' });
  await answer.getByText('Your approval is recorded').waitFor();
  await page.keyboard.press('Escape');
  await answer.waitFor({ state: 'detached' });
}

/** Rejects by phone what still waits, so that the next story begins with time at its own speed. */
async function endsWaiting(question: Locator, page: Page): Promise<void> {
  await question.getByRole('button', { name: 'Reject Drill' }).click();
  const form = page.getByRole('dialog', { name: 'Reject drill?' });
  await form.getByRole('textbox', { name: 'Reason' }).fill('Only looked at how it is asked.');
  await form.getByRole('button', { name: 'Reject Drill' }).click();
  await closesAnswer(page);
}

/** Reads in the form's place that the rejection counts, and closes it. */
async function closesAnswer(page: Page): Promise<void> {
  const answer = page.getByRole('dialog', { name: 'Rejected' });
  await answer.getByText('Your rejection is recorded').waitFor();
  await answer.getByRole('button', { name: 'Close', exact: true }).click();
  await answer.waitFor({ state: 'detached' });
}

const SIZES = [DESK, TABLET, PHONE];

/** Layout at each size, and what axe finds there, in the light and in the dark. */
async function looksRight(page: Page): Promise<void> {
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

// The stories are told in this order: later ones read what earlier ones have left in the channels.
describe('a drill, from the command to the finished card', () => {
  it('is asked for by keyboard alone, approved on a phone, and finished on the page of the requester', async () => {
    const desk = await opens('requester');
    const composer = composerOf(desk);
    await tabTo(desk, composer);
    await desk.keyboard.type('/d');
    const commands = desk.getByRole('listbox', { name: 'Commands' });
    // The last of a list that is longer than its place.
    await desk.keyboard.press('ArrowUp');
    const last = commands.getByRole('option', { selected: true });
    await expect.poll(() => isWithin(last, desk.locator('.composer .option-list')), SOON).toBe(true);
    await desk.keyboard.press('ArrowDown');
    await commands.getByRole('option', { name: '/dr drill', selected: true }).waitFor();
    await desk.keyboard.press('Enter');
    expect(await composer.inputValue()).toBe('/dr drill ');
    await desk.keyboard.type('HRP wave 1');
    await desk.keyboard.press('Enter');
    await questionAbout(desk, 'HRP wave 1').waitFor();
    const loadedAt = await desk.evaluate(() => performance.timeOrigin);

    const phone = await opens('approver', PHONE);
    await questionAbout(phone, 'HRP wave 1').getByRole('button', { name: 'Approve Drill' }).click();
    await messagesOf(phone).getByText('Your approval is recorded.').waitFor();

    const card = cardSaying(desk, 'HRP wave 1', 'completed');
    await card.waitFor();
    await card.getByText('30 of 30 servers launched').waitFor();
    expect(await desk.evaluate(() => performance.timeOrigin)).toBe(loadedAt);
    await questionAbout(desk, 'HRP wave 1').waitFor({ state: 'detached' });
  });

  it('tells its story in the thread, with a result that can be opened; Escape gives the focus back', async () => {
    const desk = await opens('requester');
    await cardSaying(desk, 'HRP wave 1', 'completed').waitFor();
    const replies = messagesOf(desk).getByRole('button', { name: /replies.*drill-result-/ });
    await tabTo(desk, replies);
    await desk.keyboard.press('Enter');
    const thread = desk.getByRole('complementary', { name: 'Thread' });
    await thread.waitFor();
    const story = [
      'Preflight passed: 30 servers',
      'Approved by @approver',
      'Launching 30 drill instances',
      'ended with',
    ];
    for (const line of story) await thread.getByText(line).waitFor();

    const [file] = await Promise.all([
      desk.waitForEvent('popup'),
      thread.getByRole('link', { name: /^drill-result-.*\.json$/ }).click(),
    ]);
    const result = JSON.parse(await file.locator('body').innerText()) as { summary: { succeeded: number } };
    expect(result.summary.succeeded).toBe(30);
    await file.close();

    await thread.getByRole('button', { name: 'Close thread' }).focus();
    await desk.keyboard.press('Escape');
    await thread.waitFor({ state: 'detached' });
    await expect.poll(() => hasFocus(replies), SOON).toBe(true);
  });

  it('is shown behind the scenes: its runs, its DRS jobs and its AWS calls', async () => {
    const desk = await opens('requester');
    const [scenes] = await Promise.all([
      desk.waitForEvent('popup'),
      desk.getByRole('link', { name: 'Behind the scenes' }).click(),
    ]);
    const runs = scenes.getByRole('region', { name: 'State machine runs' });
    await runs.getByRole('button', { name: /^dr-execution succeeded/ }).waitFor();
    await runs.getByRole('button', { name: /^drs-staging-account-executor in 111111111111/ }).waitFor();

    const job = scenes.getByRole('region', { name: 'DRS jobs' }).getByRole('button', { name: / completed$/ });
    await job.first().click();
    await scenes.getByRole('rowheader', { name: /^hrp-/ }).first().waitFor();

    const calls = scenes.getByRole('region', { name: 'AWS calls' });
    await calls.getByRole('rowheader', { name: 'StartRecovery' }).first().waitFor();
    await calls.getByRole('combobox', { name: 'Service' }).selectOption('sts');
    await calls.getByRole('rowheader', { name: 'StartRecovery' }).first().waitFor({ state: 'detached' });
  });
});

describe('a gate', () => {
  it('is rejected with a reason that the form insists on; the card says it, and nothing is launched', async () => {
    const desk = await opens('requester');
    const approver = await opens('approver');
    await types(desk, '/dr drill Connectors wave 1');
    const question = questionAbout(approver, 'Connectors wave 1');
    const jobs = practice.drs.jobs.list('111111111111').length;

    await question.getByRole('button', { name: 'Reject Drill' }).click();
    const form = approver.getByRole('dialog', { name: 'Reject drill?' });
    const reason = form.getByRole('textbox', { name: 'Reason' });
    await expect.poll(() => hasFocus(reason), SOON).toBe(true);
    await approver.keyboard.type('no');
    await form.getByRole('button', { name: 'Reject Drill' }).click();
    await form.getByText(/Please enter at least \d+ characters/).waitFor();
    expect(await reason.getAttribute('aria-invalid')).toBe('true');
    // The field has the focus again, so that one can go on typing.
    await approver.keyboard.type(' storage is being moved tonight');
    await form.getByRole('button', { name: 'Reject Drill' }).click();
    await closesAnswer(approver);

    const card = cardSaying(desk, 'Connectors wave 1', 'rejected');
    await card.getByText('no storage is being moved tonight').waitFor();
    await card.getByText('Nothing was launched.').waitFor();
    expect(practice.drs.jobs.list('111111111111')).toHaveLength(jobs);
  });

  it('slows time down and says so; a pause holds it, a jump moves it, but past a gate only by another name', async () => {
    const desk = await opens('requester', DESK, 'dr-drills');
    const approver = await opens('approver', PHONE, 'dr-drills');
    const bar = desk.getByRole('region', { name: 'Practice: time and faults' });
    const time = bar.getByRole('time');
    await bar.getByRole('button', { name: '600×' }).click();
    await bar.getByText('Running at 600×').waitFor();
    await types(desk, '/dr drill MemberPortal wave 1');
    await questionAbout(desk, 'MemberPortal wave 1').waitFor();
    await bar.getByText('1×, a gate waits, then 600×').waitFor();
    await bar.getByRole('button', { name: 'Let it wait' }).waitFor();
    expect(await bar.getByRole('button', { name: 'Next event' }).count()).toBe(0);

    await questionAbout(approver, 'MemberPortal wave 1').getByRole('button', { name: 'Approve Drill' }).click();
    await cardSaying(desk, 'MemberPortal wave 1', 'launching').waitFor();
    await bar.getByRole('button', { name: 'Pause' }).click();
    await bar.getByText('Paused').waitFor();
    const pausedAt = await time.getAttribute('datetime');
    // A message goes round meanwhile: a tenth of a second is a minute where time runs.
    await types(approver, 'Is it still launching?');
    await messagesOf(desk).getByRole('article', { name: 'approver: Is it still launching?' }).waitFor();
    expect(await time.getAttribute('datetime')).toBe(pausedAt);
    await bar.getByRole('button', { name: 'Next event' }).click();
    await expect.poll(() => time.getAttribute('datetime'), SOON).not.toBe(pausedAt);
    await bar.getByText('Paused').waitFor();
    await bar.getByRole('button', { name: '600×' }).click();
    await bar.getByText('Running at 600×').waitFor();
    clock.setSpeed(SPEED);
    await cardSaying(desk, 'MemberPortal wave 1', 'completed').waitFor();
  });
});

describe('a question that nobody answers', () => {
  it('is brought to the user group before its deadline, and expires; both are let happen at the page', async () => {
    const requester = await opens('requester', DESK, 'dr-drills');
    const lead = await opens('lead', DESK, 'dr-drills');
    await types(requester, '/dr drill Connectors wave 1');
    const question = questionAbout(lead, 'Connectors wave 1');
    await question.waitFor();

    await lead.getByRole('button', { name: '60×' }).click();
    const MINUTE = 60_000;
    const askedAt = clock.now();
    await letsItWait(lead, askedAt + 19 * MINUTE, 'waiting');
    const escalation = messagesOf(lead).getByRole('article', { name: /Escalated: Approve\? Drill Connectors wave 1/ });
    await escalation.getByText('@dr-leads: nobody has decided').waitFor();
    await question.getByText(/Escalated at/).waitFor();
    await lead
      .getByRole('region', { name: 'Notifications' })
      .getByRole('button', { name: /^Notification: Escalated: Approve\? Drill Connectors/ })
      .waitFor();
    await question.getByRole('button', { name: 'Approve Drill' }).waitFor();

    await letsItWait(lead, askedAt + 29 * MINUTE, 'over');
    const card = cardSaying(lead, 'Connectors wave 1', 'expired unanswered');
    await card.getByText('Nothing was launched.').waitFor();
    await question.waitFor({ state: 'detached' });
    await lead.getByText('Running at 60×').waitFor();
  });
});

describe('a rehearsal', () => {
  it('denies an account, then makes a launch fail; the cards name what the panel said would go wrong', async () => {
    const desk = await opens('requester', DESK, 'dr-drills');
    const approver = await opens('approver', PHONE, 'dr-drills');
    const toggle = desk.getByRole('button', { name: 'Rehearse faults' });
    const denied = desk.getByRole('switch', { name: 'Account 111111111111 refuses every DRS call' });
    const fails = desk.getByRole('switch', { name: 'hrp-db-001 fails to launch' });

    await toggle.click();
    await denied.click();
    await desk.getByRole('switch', { name: 'Account 111111111111', checked: true }).waitFor();
    await desk.getByText('faults (1 on)').waitFor();
    await types(desk, '/dr drill HRP wave 1');
    const stopped = cardSaying(desk, 'HRP wave 1', 'stopped, nothing launched');
    await stopped.getByText('111111111111 could not be read').first().waitFor();

    await denied.click();
    await fails.click();
    await desk.getByRole('switch', { name: 'hrp-db-001', checked: true }).waitFor();
    await desk.getByRole('switch', { name: 'Account 111111111111', checked: false }).waitFor();
    await desk.keyboard.press('Escape');
    await denied.waitFor({ state: 'hidden' });
    expect(await hasFocus(toggle)).toBe(true);

    await types(desk, '/dr drill HRP wave 1');
    await questionAbout(approver, 'HRP wave 1').getByRole('button', { name: 'Approve Drill' }).click();
    const partial = cardSaying(desk, 'HRP wave 1', 'partly launched');
    await partial.getByText('29 of 30 servers launched').waitFor();
    await partial.getByText('hrp-db-001').waitFor();
    await toggle.click();
    await fails.click();
    await desk.getByRole('switch', { name: 'hrp-db-001 fails to launch', checked: false }).waitFor();
  });
});

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

    await opensForm(page, question.getByRole('button', { name: 'Reject Drill' }), 'Reject drill?');
    await looksRight(page);
    await page.getByRole('button', { name: 'Keep Waiting' }).click();
    await endsWaiting(question, page);

    await page.goto(`${practice.pageUrl}/behind-the-scenes`);
    await page.getByRole('rowheader', { name: 'StartExecution' }).first().waitFor();
    await looksRight(page);
  });
});

describe('a failover', () => {
  const SCOPE = 'SharedServices wave 1';

  it('is asked for by the shortcut’s form, in which the waves follow the application', async () => {
    const desk = await opens('requester', DESK, 'dr-drills');
    await desk.getByRole('button', { name: 'Shortcuts' }).click();
    await desk.getByRole('button', { name: /^Ask to drill or recover/ }).click();
    const form = desk.getByRole('dialog', { name: 'Ask to drill or recover' });
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
    await breakGlass.click();
    await sure.getByRole('button', { name: 'Break Glass…' }).click();
    const form = lead.getByRole('dialog', { name: 'Break the glass?' });
    await form.getByRole('textbox', { name: 'Reason' }).waitFor();
    await form.getByRole('button', { name: 'Keep Waiting' }).click();
    await form.waitFor({ state: 'detached' });
  });

  it('begins when two people have typed its name, one on the card and one in App Home', async () => {
    const first = await opens('approver', DESK, 'dr-drills');
    const question = questionAbout(first, SCOPE, 'Failover');
    await question.getByRole('button', { name: 'Approve Failover' }).click();
    const form = first.getByRole('dialog', { name: 'Approve failover?' });
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
    await home.getByRole('button', { name: 'Approve Failover' }).click();
    await approvesByName(second, 'SharedServices');
    await home.getByText(`Failover ${SCOPE}: launch`).waitFor({ state: 'detached' });
    await cardSaying(first, SCOPE, 'launching', 'Failover').waitFor();
    await question.waitFor({ state: 'detached' });
  });
});

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

describe('recovery plans', () => {
  it('are imported from a file, and edited by a form on a form that keeps what was typed', async () => {
    const page = await opens('lead');
    await types(page, '/dr plan import');
    const imports = page.getByRole('dialog', { name: 'Import plans' });
    await imports.getByLabel('File').setInputFiles(fileURLToPath(HRP_PLAN));
    await imports.getByText('Uploaded.').waitFor();
    await imports.getByRole('button', { name: 'Check' }).click();
    await page.getByRole('dialog', { name: 'Checking' }).getByRole('button', { name: 'Close', exact: true }).click();
    const differences = messagesOf(page).getByRole('article').filter({ hasText: 'Plan HRP is new.' });
    await differences.getByRole('button', { name: 'Store' }).click();
    await page.getByRole('dialog', { name: 'Store these changes?' }).getByRole('button', { name: 'Store' }).click();
    await page.getByText('Stored: protection group').waitFor();

    await types(page, '/dr plan edit HRP');
    const plan = page.getByRole('dialog', { name: 'Edit recovery plan' });
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

describe('the workspace', () => {
  it('marks what is unread in another channel, and shows the app’s Home as it is published', async () => {
    const { workspace, url } = await startWorkspace();
    const page = await pages.open(url);
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
    const page = await pages.open(url);
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
    const page = await pages.open(url);
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
    const page = await pages.open(url);
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
  expect(pages.watched.requests).toBeGreaterThan(50);
});
