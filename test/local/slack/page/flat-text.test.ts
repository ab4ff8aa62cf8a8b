import { expect, test } from 'vitest';
import { flatText } from '../../../../src/local/slack/page/flat-text.ts';

const directory = {
  me: 'approver',
  channels: [{ id: 'C1', name: 'incident', hasBot: true }],
  people: [{ name: 'approver', userId: 'UA', realName: '', may: '' }],
  userGroups: [{ id: 'S1', handle: 'dr-leads', userIds: [] }],
  bot: { userId: 'U0', name: 'dr-chatops' },
};

test.each([
  ['*Approve?* Drill `HRP` wave 1', 'Approve? Drill HRP wave 1'],
  ['<@UA>, <@U0> and <@U9> in <#C1>', '@approver, @dr-chatops and @U9 in #incident'],
  ['<https://example.com/runbook|Runbook> &amp; <!here>', 'Runbook & @here'],
  ['<!subteam^S1>, <!subteam^S2> and <!subteam^S2|@ops>', '@dr-leads, @S2 and @ops'],
  ['two\nlines', 'two\nlines'],
])('a notification shows %j as %j', (text, expected) => {
  expect(flatText(text, directory)).toBe(expected);
});
