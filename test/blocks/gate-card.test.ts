import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { APPROVE_ACTION, buttonValue, REJECT_ACTION, readButtonValue } from '../../blocks/action-ids.ts';
import { decisionSentence, gateCard } from '../../blocks/gate-card.ts';
import type { Message } from '../../blocks/message.ts';
import type { GateRecord, PlanRecord } from '../../src/domain/records.ts';
import { buttonsOf, messageBlocks } from '../../src/local/slack/blocks.ts';
import {
  aDecidedGate,
  aGate,
  anExecution,
  aPlan,
  aRejection,
  aView,
  EXECUTION_ID,
  headline,
  minutes,
  REASON,
  readable,
  START,
} from './views.ts';

function asked(gate: Partial<GateRecord> = {}, plan: Partial<PlanRecord> = {}): Message {
  const question = aGate(gate);
  return gateCard(
    aView({ status: 'awaiting approval', planRevision: 1 }, { plan: aPlan(plan), gates: [question] }),
    question,
  );
}

/** The buttons as Slack would keep them. */
const buttons = (message: Message) => buttonsOf(messageBlocks(message.blocks)).map(({ button }) => button);

describe('an open question', () => {
  test('names the action and its scope first, on the card and on the phone', () => {
    expect(headline(asked())).toBe('✋ Approve? Drill HRP wave 1');
    expect(asked().text).toBe(
      'Approve? Drill HRP wave 1: launch 3 drill instances in 1 account. Asked by <@U0PREQUEST1>.',
    );
  });

  test('says what it launches, who asks, who may answer, how many are needed and until when', () => {
    const text = readable(asked({ quorum: 2, votes: aDecidedGate('approve').votes }));
    expect(text).toContain('Launch *3 drill instances in 1 account*');
    expect(text).toContain('Asked by <@U0PREQUEST1>, who may not approve it.');
    expect(text).toContain('<@U0PAPPROVE1> <@U0PAPPROVE2>: 2 approvals needed, 1 given.');
    expect(text).toContain(
      'it expires <!date^1772418600^{date_short_pretty} at {time}|2026-03-02 02:30 UTC> and nothing is launched',
    );
  });

  test('says what a launch does besides', () => {
    const finding = {
      severity: 'warning' as const,
      kind: 'replication' as const,
      sourceServerId: 's-00000000000000001',
      hostname: 'hrp-001',
      accountId: '111111111111',
      message: 'replication lagging',
    };
    const text = readable(asked({}, { cleanups: ['i-00000001'], findings: [finding, finding] }));
    expect(text).toContain('1 instance of earlier drills will be cleaned up. *2 warnings.*');
  });

  test('mentions ten people at most', () => {
    const approvers = Array.from({ length: 14 }, (_, index) => `U0000000${String(index).padStart(2, '0')}`);
    const text = readable(asked({ approvers }));
    expect(text.match(/<@U000/g)).toHaveLength(10);
    expect(text).toContain('and others: 1 approval needed');
  });

  test('asks again with what has changed', () => {
    const text = readable(
      asked(
        { gateId: 'approval-2', planRevision: 2 },
        { revision: 2, changes: ['hrp-004 (s-00000000000000004) is new'] },
      ),
    );
    expect(text).toContain('The fleet has changed since the last approval, so it is asked again.');
    expect(text).toContain('• hrp-004 (s-00000000000000004) is new');
  });

  test('has two buttons with words that say what they do; only the approving one is primary', () => {
    expect(buttons(asked())).toMatchObject([
      { action_id: APPROVE_ACTION, style: 'primary', text: { text: 'Approve Drill' } },
      { action_id: REJECT_ACTION, text: { text: 'Reject Drill' } },
    ]);
    expect(buttons(asked()).map((button) => button.style)).toEqual(['primary', undefined]);
  });

  test('is another block, with other values, for another revision: a press on an old card is recognised', () => {
    const blockOf = (message: Message) => message.blocks.find((block) => block.type === 'actions')?.block_id;
    const again = asked({ gateId: 'approval-2', planRevision: 2 });
    expect(blockOf(again)).not.toBe(blockOf(asked()));
    expect(readButtonValue(String(buttons(again)[0]?.value))).toEqual({
      executionId: EXECUTION_ID,
      gateId: 'approval-2',
      planRevision: 2,
    });
  });
});

describe('a settled question', () => {
  const settledAt = START + minutes(30);
  test.each<[string, GateRecord, string]>([
    ['approved', aDecidedGate('approve'), '✅ Approved by <@U0PAPPROVE1> at <!date^1772417100^{time}|02:05 UTC>.'],
    [
      'rejected',
      aDecidedGate('reject'),
      '🚫 Rejected by <@U0PAPPROVE1> at <!date^1772417100^{time}|02:05 UTC>: “too many people work at this hour”. Nothing was launched.',
    ],
    ['expired', aGate({ status: 'expired', settledAt }), '⌛ Expired unanswered at'],
    ['cancelled', aGate({ status: 'cancelled', settledAt }), '🚫 Cancelled at'],
  ])('%s: the buttons give way to who decided, and when', (_, gate, record) => {
    const card = gateCard(aView({ planRevision: 1 }, { plan: aPlan(), gates: [gate] }), gate);
    expect(card.text).toContain(`Drill HRP wave 1: ${record}`);
    expect(readable(card)).toContain(`*Drill HRP wave 1*\n${record}`);
    expect(buttons(card)).toEqual([]);
  });

  test('names everybody who approved', () => {
    const [vote] = aDecidedGate('approve').votes;
    if (vote === undefined) throw new Error('no vote');
    const gate = aDecidedGate('approve', { quorum: 2, votes: [vote, { ...vote, userId: 'U0PAPPROVE2' }] });
    expect(decisionSentence({ execution: anExecution() }, gate)).toContain(
      'Approved by <@U0PAPPROVE1> and <@U0PAPPROVE2>',
    );
  });

  test('a rejection without a reason is told without one', () => {
    const gate = aDecidedGate('reject', { votes: [{ ...aRejection(REASON), reason: undefined }] });
    expect(decisionSentence({ execution: anExecution() }, gate)).toMatch(/UTC>\. Nothing was launched\.$/);
  });

  test('a reason is shown in 300 characters and mentions nobody', () => {
    const sentenceFor = (reason: string) =>
      decisionSentence({ execution: anExecution() }, aDecidedGate('reject', { votes: [aRejection(reason)] }));
    expect(sentenceFor('<!channel> not now')).toContain(': “&lt;!channel&gt; not now”. Nothing was launched.');
    expect(sentenceFor('x'.repeat(500))).toContain(`: “${'x'.repeat(299)}…”. Nothing was launched.`);
  });

  test('an approval of a plan that has changed since says that it no longer counts', () => {
    const gate = aDecidedGate('approve');
    const sentence = 'The fleet has changed since, so this approval no longer counts.';
    expect(decisionSentence({ execution: anExecution({ planRevision: 2 }) }, gate)).toContain(sentence);
    expect(decisionSentence({ execution: anExecution({ planRevision: 1 }) }, gate)).not.toContain(sentence);
  });
});

describe('a button’s value', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 10_000 }), fc.nat(10_000), (executionId, gate, planRevision) => {
        const button = { executionId, gateId: `approval-${gate}`, planRevision };
        expect(readButtonValue(buttonValue(button))).toEqual(button);
      }),
    );
  });

  const good = buttonValue(aGate());
  test.each([
    undefined,
    '',
    'nonsense',
    `${good}|1`,
    `${good}\n`,
    ` ${good}`,
    good.replace('approval', 'timer'),
    good.replace('|1', '|-1'),
    good.replace('|1', '|1e3'),
    good.replace('|1', ''),
    good.toUpperCase(),
    `EXECUTION|approval-1|1`,
    `LOCK#HRP${'x'.repeat(28)}|approval-1|1`,
  ])('%j is refused: none of our cards has it', (value) => {
    expect(readButtonValue(value)).toBeUndefined();
  });

  test('any other text is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(readButtonValue(value)).toBeUndefined();
      }),
    );
  });
});
