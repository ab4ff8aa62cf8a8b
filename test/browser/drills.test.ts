import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { cardSaying, closesAnswer, composerOf, messagesOf, opensForm, questionAbout, SOON, types } from './acts.ts';
import { hasFocus, isWithin, tabTo } from './page-checks.ts';
import { practicePages, SPEED } from './pages.ts';
import { DESK, PHONE } from './watched-pages.ts';

const { clock, practice, pages, opens } = practicePages({ applications: ['HRP', 'Connectors', 'MemberPortal'] });

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
    const jobs = practice().drs.jobs.list('111111111111').length;

    const reject = question.getByRole('button', { name: 'Reject Drill' });
    const form = await opensForm(approver, 'Reject drill?', () => reject.click());
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
    expect(practice().drs.jobs.list('111111111111')).toHaveLength(jobs);
  });

  it('slows time down and says so; a pause holds it, a jump moves it, but past a gate only by another name', async () => {
    const desk = await opens('requester', DESK, 'dr-drills');
    const approver = await opens('approver', PHONE, 'dr-drills');
    const bar = desk.getByRole('region', { name: 'Practice: time and faults' });
    const time = bar.getByRole('time');
    await bar.getByRole('button', { name: '60×' }).click();
    await bar.getByText('Running at 60×').waitFor();
    await types(desk, '/dr drill MemberPortal wave 1');
    await questionAbout(desk, 'MemberPortal wave 1').waitFor();
    await bar.getByText('1×, a gate waits, then 60×').waitFor();
    await bar.getByRole('button', { name: 'Let it wait' }).waitFor();
    expect(await bar.getByRole('button', { name: 'Next event' }).count()).toBe(0);

    // Slow enough for somebody to press a button while servers are launched.
    clock.setSpeed(5);
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

it('no page has asked anything of anything but the practice server', () => {
  // Each story has looked at its own strays; here it is that they were looked for.
  expect(pages().watched.requests).toBeGreaterThan(50);
});
