import type { AnyBlock, Button, HomeView } from '@slack/types';
import { describe, expect, test } from 'vitest';
import {
  APPROVE_ACTION,
  buttonValue,
  IMPORT_PLAN_ACTION,
  NEW_PLAN_ACTION,
  OPEN_REQUEST_ACTION,
  REFRESH_HOME_ACTION,
  REJECT_ACTION,
  VOTE_ACTION,
} from '../../blocks/action-ids.ts';
import { gateCard } from '../../blocks/gate-card.ts';
import { type HomeContent, home, homeProblem, homeWithoutRole } from '../../blocks/home.ts';
import type { Message } from '../../blocks/message.ts';
import { CARD_URL, expectHome, HOSTILE } from './sendable.ts';
import {
  APPROVER,
  aGate,
  anExecution,
  aPlan,
  aView,
  EXECUTION_ID,
  ended,
  LAUNCHING,
  REQUESTER,
  readable,
  START,
} from './views.ts';

const PEOPLE = [REQUESTER, APPROVER, 'U0PAPPROVE2'];

function content(differs: Partial<HomeContent> = {}): HomeContent {
  return {
    now: START,
    waiting: [],
    running: [],
    recent: [],
    roles: [{ role: 'DRSRecoveryManager' }],
    mayAsk: true,
    missing: [],
    ...differs,
  };
}

const textOf = (view: HomeView) => readable({ text: 'home', blocks: view.blocks as Message['blocks'] });
const buttonsOf = (blocks: readonly AnyBlock[]) =>
  blocks.flatMap((block) =>
    block.type === 'actions' && 'elements' in block
      ? block.elements.filter((element): element is Button => element.type === 'button')
      : [],
  );
const actionsOf = (view: HomeView) => buttonsOf(view.blocks).map(({ action_id }) => action_id);

function aQuestion() {
  const gate = aGate();
  return { view: aView({ status: 'awaiting approval' }, { plan: aPlan(), gates: [gate] }), gate, messageUrl: CARD_URL };
}

describe('App Home', () => {
  test('lists the recovery plans, with buttons for who may make some', () => {
    const plan = { planId: 'hrp', planName: HOSTILE.slice(0, 90), application: 'HRP', waves: [] };
    const stored = { plan, version: 3, changedBy: { userId: APPROVER, teamId: 'T0PRACTICE1' }, changedAt: START };
    const plans = Array.from({ length: 40 }, () => stored);
    const full = home(content({ library: { plans, mayPlan: true } }));
    expectHome(full, PEOPLE);
    expect(textOf(full)).toContain('and 30 more');
    expect(actionsOf(full)).toEqual(expect.arrayContaining([NEW_PLAN_ACTION, IMPORT_PLAN_ACTION]));
    const reader = home(content({ library: { plans: [], mayPlan: false } }));
    expect(textOf(reader)).toContain('No recovery plan is stored that you may see.');
    expect(actionsOf(reader)).not.toContain(IMPORT_PLAN_ACTION);
  });

  test('has the buttons to ask, for who may, and to refresh', () => {
    expect(actionsOf(home(content()))).toEqual([OPEN_REQUEST_ACTION, REFRESH_HOME_ACTION]);
    expect(actionsOf(home(content({ mayAsk: false })))).toEqual([REFRESH_HOME_ACTION]);
  });

  test('shows what waits for the person, with the very buttons of the question', () => {
    const question = aQuestion();
    const view = home(content({ waiting: [question] }));
    expect(textOf(view)).toContain('*Drill HRP wave 1*: launch 3 drill instances.');
    expect(textOf(view)).toContain(`0 of 1 votes · expires <!date^1772418600^`);
    const own = buttonsOf(view.blocks).filter(({ value }) => value === buttonValue(question.gate));
    expect(own.map(({ action_id }) => action_id)).toEqual([APPROVE_ACTION, REJECT_ACTION]);
    expect(own).toEqual(buttonsOf(gateCard(question.view, question.gate).blocks));
    expectHome(view, PEOPLE);
  });

  test('shows a question between waves with its own answers', () => {
    const gate = aGate({ kind: 'pause', gateId: 'pause-2', wave: 2 });
    const view = aView({ ...LAUNCHING, status: 'paused', waves: [1, 2] }, { plan: aPlan(), gates: [gate] });
    const shown = home(content({ waiting: [{ view, gate }] }));
    expect(actionsOf(shown)).toEqual(expect.arrayContaining([VOTE_ACTION.resume, VOTE_ACTION.stop]));
    expect(textOf(shown)).toContain('before wave 2');
    expectHome(shown, PEOPLE);
  });

  test('keeps questions of several executions apart: no two blocks have one id', () => {
    const other = aQuestion();
    other.gate.executionId = EXECUTION_ID.replace('abcdef01', 'abcdef02');
    expectHome(home(content({ waiting: [aQuestion(), other] })), PEOPLE);
  });

  test('shows what is under way and what is over, with links to the cards', () => {
    const text = textOf(
      home(
        content({
          running: [{ execution: anExecution(LAUNCHING), cardUrl: CARD_URL }],
          recent: [{ execution: anExecution(ended('success', { succeeded: 3, failed: 0 })) }],
        }),
      ),
    );
    expect(text).toContain('*Under way*\n*⏳ Drill: HRP wave 1 · launching*');
    expect(text).toContain(`<${CARD_URL}|abcdef01>`);
    expect(text).toContain('*Over*\n*✅ Drill: HRP wave 1 · completed*');
    expect(textOf(home(content()))).toContain('Nothing waits for your decision.');
  });

  test('says what the person may do, and for what', () => {
    const roles = [{ role: 'DRSOperator' as const, applications: ['HRP', 'CRM'] }, { role: 'DRSReadOnly' as const }];
    expect(textOf(home(content({ roles })))).toContain(
      '• *DRSOperator* for HRP, CRM: ask for drills and recoveries, look\n• *DRSReadOnly* for all applications: look',
    );
  });

  test('says what a new deployment still needs, below what waits for the person, and nothing of it once it has it', () => {
    const missing = [{ what: 'A first drill', todo: 'Ask for one.' }];
    expect(textOf(home(content({ missing })))).toContain('☐ *A first drill*\nAsk for one.');
    expect(textOf(home(content()))).not.toContain('still needs');
    const both = textOf(
      home(content({ waiting: [aQuestion()], missing: [{ what: 'A first drill', todo: 'Ask for one.' }] })),
    );
    expect(both.indexOf('Waiting for you')).toBeLessThan(both.indexOf('A first drill'));
  });

  test('is a polite page for somebody without a role', () => {
    const view = homeWithoutRole([APPROVER]);
    expect(textOf(view)).toContain(`Ask <@${APPROVER}> if you need access.`);
    expect(textOf(homeWithoutRole([]))).toContain('whoever runs dr-chatops');
    expect(actionsOf(view)).toEqual([REFRESH_HOME_ACTION]);
    expectHome(view, PEOPLE);
  });

  test('says why it cannot be drawn, and can be tried again', () => {
    const view = homeProblem('⚠️ Slack could not tell who is in a user group.', START);
    expect(textOf(view)).toContain('Slack could not tell');
    expect(actionsOf(view)).toEqual([REFRESH_HOME_ACTION]);
    expectHome(view);
  });

  test('fits in a view, however much there is and whatever the names', () => {
    const text = HOSTILE.repeat(9);
    const execution = anExecution({ status: 'awaiting approval', application: text, selection: text });
    const waiting = Array.from({ length: 60 }, (_, index) => {
      const gate = aGate({ executionId: EXECUTION_ID.replace('abcdef01', String(10_000_000 + index)) });
      return { view: aView(execution, { plan: aPlan(), gates: [gate] }), gate, messageUrl: CARD_URL };
    });
    const many = Array.from({ length: 60 }, () => ({ execution, cardUrl: CARD_URL }));
    const view = home(
      content({
        waiting,
        running: many,
        recent: many,
        roles: Array.from({ length: 60 }, () => ({ role: 'DRSOperator' as const, applications: Array(60).fill(text) })),
        missing: Array.from({ length: 5 }, () => ({ what: 'A channel', todo: 'Name one.' })),
      }),
    );
    expectHome(view, PEOPLE);
    expect(textOf(view)).toContain('… and 40 more questions');
    expect(textOf(view)).toContain('*What you may do*');
  });
});
