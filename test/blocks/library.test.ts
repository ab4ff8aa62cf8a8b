import { describe, expect, test } from 'vitest';
import { draftAnswer, draftNotChecked, isTooLong, storedText } from '../../blocks/draft.ts';
import { actionText, groupCard, groupsList, matchBlocks, planCard, plansList } from '../../blocks/library.ts';
import { groupFormView } from '../../src/chat/group-form.ts';
import { planFormView, waveFormView } from '../../src/chat/plan-form.ts';
import type { Library } from '../../src/domain/plan-library.ts';
import { protectionGroupSchema } from '../../src/domain/protection-group.ts';
import { recoveryPlanSchema, waveActionSchema } from '../../src/domain/recovery-plan.ts';
import { LIMITS } from '../../src/local/slack/limits.ts';
import { Views } from '../../src/local/slack/views.ts';
import { DRAFT, SHOWN_GROUP, SHOWN_PLAN } from './fixtures/library.ts';
import { expectAnswer, HOSTILE } from './sendable.ts';
import { APPROVER, mrkdwnOf } from './views.ts';

/** Names as a schema lets them be: one line, 100 characters. */
const TEXTS: [string, string][] = [
  ['long names', 'hrp-database-servers-with-a-long-name'.repeat(3).slice(0, 100)],
  ['names of nothing but ampersands', '&'.repeat(100)],
  ['names of nothing but quotation marks', '"'.repeat(100)],
  [
    'hostile names',
    HOSTILE.replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, 100),
  ],
];
const stamp = { version: 3, changedBy: { userId: APPROVER, teamId: 'T0PRACTICE1' }, changedAt: 0 };
const PEOPLE = [APPROVER];

/** As large as a plan can be, with everything called so. */
function largePlan(text: string) {
  const action = { actionType: 'automation', actionName: text, description: text, documentName: 'AWS-StopRdsInstance' };
  const named = (list: object[]) =>
    list.map((one, at) => ({ ...one, actionName: `${at}${text}`.slice(0, 100).trim() }));
  return recoveryPlanSchema.parse({
    planId: 'large',
    planName: text,
    description: text,
    application: text,
    rtoTargetMinutes: 20_160,
    cleanUpAfterHours: 168,
    waves: Array.from({ length: 99 }, (_, at) => ({
      waveNumber: at + 1,
      waveName: `${at}${text}`.slice(0, 100).trim(),
      description: text,
      protectionGroupIds: [`group-${at}`],
      tagCriteria: { [text]: text },
      dependsOn: Array.from({ length: at }, (__, before) => before + 1),
      pauseBeforeWave: true,
      pauseAfterWave: true,
      maxWaitMinutes: 1_440,
      successThresholdPercent: 100,
      estimatedDuration: 86_400,
      rtoTargetMinutes: 1_440,
      preWaveActions: named([action, action, action]),
      postWaveActions: named([action, action, action]),
    })),
  });
}

const groupOf = (text: string, at: number) =>
  protectionGroupSchema.parse({
    groupId: `group-${at}`,
    groupName: `${at}${text}`.slice(0, 100).trim(),
    description: text,
    region: 'us-east-2',
    tagCriteria: { [text]: text },
  });

/** Fails unless Slack would show the view as it is. */
const shown = (view: unknown) => new Views().put(view, 'modal', APPROVER).view;

describe.each(TEXTS)('99 waves, 300 groups and a thousand servers: %s', (_, text) => {
  const plan = largePlan(text);
  const groups = Array.from({ length: 300 }, (__, at) => groupOf(text, at));
  const servers = Array.from({ length: 1_000 }, () => text.repeat(2));
  const lines = Array.from({ length: 500 }, () => text.repeat(4));
  const library: Library = {
    version: 1,
    plans: Array.from({ length: 300 }, (__, at) => ({ plan: { ...plan, planId: `plan-${at}`, waves: [] }, ...stamp })),
    groups: groups.map((group) => ({ group, ...stamp })),
  };

  test('every list and card fits, and nothing in it has a meaning but what we put there', () => {
    expectAnswer(
      plansList(
        Array.from({ length: 300 }, () => ({ plan, ...stamp })),
        true,
      ),
      PEOPLE,
    );
    expectAnswer(groupsList(groups.map((group) => ({ group, ...stamp, usedBy: [text, text] }))), PEOPLE);
    const waves = plan.waves.map((wave) => ({ wave, groups: [text, text], runs: text, servers, hidden: 5 }));
    expectAnswer(planCard({ ...SHOWN_PLAN, plan, waves, unread: [text, text, text, text], current: 4 }), PEOPLE);
    const [group = groupOf(text, 0)] = groups;
    expectAnswer(groupCard({ ...SHOWN_GROUP, group, servers, usedBy: [text, text], unread: [text] }), PEOPLE);
  });

  test('every answer to a draft fits', () => {
    const about = { about: text, unread: [text, text, text, text], notRunnable: lines, format: text };
    const overtaken = Array.from({ length: 300 }, () => ({ what: text, by: { arn: text }, at: 0 }));
    expectAnswer(
      draftAnswer({ ...DRAFT, ...about, differences: lines, summaries: lines, overtaken, isSent: true }),
      PEOPLE,
    );
    expectAnswer(draftAnswer({ ...DRAFT, ...about, problems: lines }), PEOPLE);
    expectAnswer(draftAnswer({ ...DRAFT, ...about, differences: [] }), PEOPLE);
    expectAnswer(draftNotChecked('Not now.', { importedBy: 'x' }), PEOPLE);
    expect(isTooLong(lines)).toBe(true);
    expect(storedText([text])).not.toMatch(/[<>]/);
  });

  test('every form is what Slack takes', () => {
    const state = { draftId: '00000000-0000-8000-8000-000000000000' };
    const applications = Array.from({ length: 300 }, (__, at) => `${at}${text}`);
    shown(planFormView(plan, library, { state, applications }));
    shown(waveFormView(plan, 99, library, state));
    const preview = matchBlocks({ servers, hidden: 3 });
    const accounts = Array.from({ length: 99 }, (__, at) => ({
      accountId: String(111_111_111_000 + at),
      region: 'us-east-2',
    }));
    const [group = groupOf(text, 0)] = groups;
    shown(groupFormView(group, accounts, { state: '{}', preview }));
  });
});

test('a group that has one record alone of an extended server says so, where it is shown and where it is edited', () => {
  const outside = [{ hostname: 'db<1>', accountId: '222222222222' }];
  const text = JSON.stringify(matchBlocks({ servers: ['db<1>'], outside }));
  expect(text).toContain('⚠️ db&lt;1&gt; (222222222222) is known in that account, too');
  expect(text).toContain('is not seen before a launch');
  expect(JSON.stringify(matchBlocks({ servers: ['db1'], outside: [] }))).not.toContain('⚠️');
  const many = Array.from({ length: 99 }, (_, at) => ({
    hostname: `${at}${'x'.repeat(300)}`,
    accountId: '222222222222',
  }));
  for (const block of matchBlocks({ servers: ['a'], outside: many }))
    expect(JSON.stringify(block).length).toBeLessThan(3_200);
});

test('a plan of twenty waves shows each of them with its settings', () => {
  const large = largePlan('App');
  const waves = large.waves.slice(0, 20).map((wave) => ({ wave, groups: ['App'], servers: ['a'] }));
  const card = planCard({ ...SHOWN_PLAN, plan: large, waves });
  const text = mrkdwnOf(card).join('\n');
  for (let wave = 1; wave <= 20; wave += 1) expect(text).toContain(`*Wave ${wave}: `);
  expect(text).toContain('3 actions before it');
});

test('the waves that do not fit into a form are told, and stay', () => {
  const view = shown(
    planFormView(largePlan('x'), { version: 1, plans: [], groups: [] }, { state: {}, applications: [] }),
  );
  expect(view.blocks.length).toBeLessThanOrEqual(LIMITS.viewBlocks);
  expect(JSON.stringify(view.blocks)).toContain('55 more waves do not fit here');
});

test.each([
  [{ actionType: 'tcp', host: 'db.example.com', port: 5432 }, 'x (db.example.com:5432 answers)'],
  [{ actionType: 'http', url: 'https://a.example/?a=1&b=2' }, 'x (https://a.example/?a=1&amp;b=2 answers 200)'],
  [{ actionType: 'ec2Status', verbs: ['drill'] }, 'only in a drill'],
  [{ actionType: 'command', documentName: 'AWS-RunShellScript', onFailure: 'stop' }, 'nothing more is begun'],
  [
    { actionType: 'automation', documentName: 'AWS-Stop', accountId: '555555555555', region: 'us-east-1' },
    'x (automation AWS-Stop in 555555555555 us-east-1) · at most 30 min · when it fails people are asked',
  ],
])('an action in words: %j', (fields, words) => {
  expect(actionText(waveActionSchema.parse({ actionName: 'x', ...fields }))).toContain(words);
});

test('what the differences mean is shown before Store', () => {
  const text = mrkdwnOf(draftAnswer(DRAFT)).join('\n');
  expect(text.indexOf('rtoTargetMinutes')).toBeGreaterThan(text.indexOf('Nothing is stored yet'));
  const problem = draftAnswer({ ...DRAFT, problems: ['x'], storeId: undefined });
  expect(JSON.stringify(problem)).not.toContain('draft_store');
});
