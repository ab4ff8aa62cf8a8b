import { describe, expect, test } from 'vitest';
import { CLOSE_EXECUTION, RESUME_MACHINE } from '../../blocks/action-ids.ts';
import { executionCard } from '../../blocks/execution-card.ts';
import { gateCard } from '../../blocks/gate-card.ts';
import { isMachineStopped } from '../../blocks/machine-stopped.ts';
import { milestones } from '../../blocks/thread.ts';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import { buttonsOf, messageBlocks } from '../../src/local/slack/blocks.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { betweenGate } from './fixtures/fleet.ts';
import { APPROVER, anExecution, headline, minutes, readable, START } from './views.ts';

const viewOf = (name: string) => {
  const view = EXECUTION_VIEWS[name];
  if (view === undefined) throw new Error(`there is no view ${name}`);
  return view;
};
const stopped = viewOf('by plan: stands still');
const card = executionCard(stopped);

describe('the card of an execution whose machine has died', () => {
  test('says in its first line that people are needed', () => {
    expect(headline(card)).toBe('🛑 Failover: HRP waves 1–3 · stands still, resume or close it');
    expect(card.text).toContain('stands still, resume or close it');
  });

  test('says what happened, what is kept, that nothing is done twice, and when it is closed by itself', () => {
    const text = readable(card);
    expect(text).toMatch(
      /What runs this failover stopped at <[^>]*\|02:44 UTC>:\* The machine was stopped from outside\./,
    );
    expect(text).toContain('where each server stands (50 of 120 launched). Nothing was launched twice');
    expect(text).toMatch(/Undecided, it is closed <[^>]*\|2026-03-02 03:44 UTC>\./);
  });

  test('has Resume and Close above everything else, with its id, and Close asks first', () => {
    const actionsAt = card.blocks.findIndex(({ type }) => type === 'actions');
    const progressAt = card.blocks.findIndex((block) => JSON.stringify(block).includes('of 120 servers launched'));
    expect(actionsAt).toBeLessThan(progressAt);
    const buttons = buttonsOf(messageBlocks(card.blocks)).map(({ button }) => button);
    expect(buttons).toMatchObject([
      { action_id: RESUME_MACHINE, style: 'primary', value: stopped.execution.executionId },
      { action_id: CLOSE_EXECUTION, style: 'danger', value: stopped.execution.executionId, confirm: {} },
    ]);
  });

  test('that cannot be resumed says so, and offers only to close it', () => {
    const lost = executionCard(viewOf('by plan: stands still for good'));
    expect(headline(lost)).toContain('stands still, close it');
    expect(readable(lost)).toContain('It *cannot be resumed*');
    expect(buttonsOf(messageBlocks(lost.blocks)).map(({ button }) => button.action_id)).toEqual([CLOSE_EXECUTION]);
  });

  test('that somebody cancels is being closed: nothing is left to press', () => {
    const cancelRequested = { userId: APPROVER, teamId: 'T', at: START + minutes(50) };
    const closing = executionCard({ ...stopped, execution: { ...stopped.execution, cancelRequested } });
    expect(headline(closing)).toContain('stands still, is being closed');
    expect(readable(closing)).toContain('It is being closed.');
    expect(buttonsOf(messageBlocks(closing.blocks))).toEqual([]);
  });

  test('that goes on says who had it', () => {
    const text = readable(executionCard(viewOf('by plan: goes on after it stood still')));
    expect(text).toMatch(/▶️ \*Resumed by <@U0PAPPROVE1>\* at <[^>]*\|02:46 UTC>/);
    expect(text).not.toContain('🛑');
  });
});

test('a question that is open meanwhile says that it stands still', () => {
  expect(readable(gateCard(viewOf('stands still without a plan'), betweenGate('pause', 1)))).toContain(
    '🛑 *It stands still now:*',
  );
});

test('the channel is told that it stands still, with when it is closed; the thread who had it go on', () => {
  const [told] = milestones(stopped).filter(({ key }) => key.startsWith('machine-'));
  expect(told).toMatchObject({ key: `machine-stopped-${START + minutes(44)}`, needsPeople: true });
  expect(told?.message.text).toContain('What runs this failover stopped');
  const later = milestones(viewOf('by plan: goes on after it stood still')).filter(({ key }) =>
    key.startsWith('machine-'),
  );
  expect(later).toMatchObject([{ key: `machine-resumed-${START + minutes(46)}`, needsPeople: false }]);
});

describe('it stands still', () => {
  const machineStopped = { code: 'X', message: 'x', at: START + minutes(20) };
  const by = { userId: APPROVER, teamId: 'T', at: START + minutes(25) };
  test.each<[boolean, Partial<ExecutionRecord>]>([
    [false, {}],
    [true, { machineStopped }],
    [false, { machineStopped, resumeRequested: by }],
    [true, { machineStopped, resumeRequested: { ...by, at: START } }],
    [true, { machineStopped: { ...machineStopped, notResumable: true }, resumeRequested: by }],
    [false, { machineStopped, endTime: START + minutes(80) }],
  ])('%s: %j', (is, differs) => {
    expect(isMachineStopped(anExecution(differs))).toBe(is);
  });
});
