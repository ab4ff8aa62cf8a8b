import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  APPROVE_ACTION,
  BREAK_GLASS_ACTION,
  buttonValue,
  REJECT_ACTION,
  readButtonValue,
} from '../../blocks/action-ids.ts';
import { decisionSentence } from '../../blocks/decision.ts';
import { executionCard } from '../../blocks/execution-card.ts';
import { gateCard } from '../../blocks/gate-card.ts';
import { reminderMessage } from '../../blocks/gate-messages.ts';
import { home } from '../../blocks/home.ts';
import type { Message } from '../../blocks/message.ts';
import { milestones } from '../../blocks/thread.ts';
import type { GateRecord, PlanRecord } from '../../src/domain/records.ts';
import { buttonsOf, messageBlocks } from '../../src/local/slack/blocks.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { APPROVER_VOTE, betweenGate, SETTLED, scene, strictGate } from './fixtures/fleet.ts';
import { DNS_GATE, FINISH_GATE, SMOKE_GATE } from './fixtures/recovery.ts';
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

const textOf = (text: unknown) => String((text as { text: string }).text);

describe('an open question', () => {
  test('names the action and its scope first, on the card and on the phone', () => {
    expect(headline(asked())).toBe('✋ Approve? Drill HRP wave 1');
    expect(asked().text).toBe(
      'Approve? Drill HRP wave 1: launch 3 drill instances in 1 account. Asked by <@U0PREQUEST1>. <@U0PAPPROVE1> <@U0PAPPROVE2>: decide in this message.',
    );
  });

  test('says what it launches, who asks, who may answer, how many are needed and until when', () => {
    const text = readable(asked({ quorum: 2, votes: aDecidedGate('approve').votes }));
    expect(text).toContain('Launch *3 drill instances in 1 account*');
    expect(text).toContain('Asked by <@U0PREQUEST1>, who may not approve it.');
    expect(text).toContain(
      '<@U0PAPPROVE1> <@U0PAPPROVE2>: 2 approvals needed.\n*1 of 2:* <@U0PAPPROVE1> approved <!date^1772417100^{time}|02:05 UTC>',
    );
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
    expect(text).toContain('and 4 others: 1 approval needed, 0 given.');
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

describe('what a strict policy asks for', () => {
  const view = scene({ verb: 'failover', waves: [1, 2, 3], execution: { status: 'awaiting approval' } });
  const card = (differs: Partial<GateRecord> = {}) => gateCard(view, strictGate(differs));

  test('says that the name is typed, why it was asked for, and under which ticket', () => {
    const text = readable(card());
    expect(text).toContain('You will be asked to type *HRP*.');
    expect(text).toContain('Ticket INC-20413. Reason: “quarterly test of the runbook”');
    expect(readable(asked())).not.toContain('asked to type');
  });

  test('says whether the requester’s own approval counts', () => {
    expect(readable(card())).toContain('Asked by <@U0PREQUEST1>, who may not approve it.');
    const approvers = ['U0PAPPROVE1', 'U0PREQUEST1'];
    expect(readable(card({ selfApproval: true, approvers }))).toContain('<@U0PREQUEST1>, whose own vote counts, too.');
    // The policy lets them, and their role does not.
    expect(readable(card({ selfApproval: true }))).toContain('Asked by <@U0PREQUEST1>, who may not approve it.');
  });

  test('says when it is escalated, that it was, and when people were reminded', () => {
    expect(readable(card())).toMatch(/Undecided, it is escalated at <!date[^>]*\|02:20 UTC>\./);
    const later = readable(card({ escalatedAt: START + minutes(20), reminders: [START + minutes(15)] }));
    expect(later).toMatch(/⏫ \*Escalated\* at <!date[^>]*\|02:20 UTC>: nobody had decided\./);
    expect(later).toMatch(/Reminded <!date[^>]*\|02:15 UTC>/);
  });

  test('has Break Glass as the last button, dangerous and with a question, only where the policy has it', () => {
    const last = buttons(card()).at(-1);
    expect(last).toMatchObject({
      action_id: BREAK_GLASS_ACTION,
      style: 'danger',
      confirm: { title: { text: 'Pass this failover alone?' } },
    });
    expect(buttons(card({ breakGlass: undefined })).map(({ action_id }) => action_id)).toEqual([
      APPROVE_ACTION,
      REJECT_ACTION,
    ]);
  });

  test.each([
    ['passed by break-glass', /🚨 \*Break-glass:\* passed by <@U0PAPPROVE1> alone at .*“the data centre is flooded/],
    ['cancelled by the requester', /🚫 Cancelled by <@U0PREQUEST1> at <!date[^>]*>\./],
    ['expired unanswered', /⏫ Escalated at/],
    ['approved by two', /✅ Approved by <@U0PAPPROVE1> and <@U0PAPPROVE2> at/],
  ])('%s: the record says so', (name, text) => {
    const gate = SETTLED[name] ?? strictGate();
    expect(readable(gateCard(view, gate))).toMatch(text);
    expect(buttons(gateCard(view, gate))).toEqual([]);
  });

  test('a bell that is late is told, and no more once it has rung', () => {
    const gate = SETTLED['approved, the bell is late'] ?? strictGate();
    const late = 'Decided, but the machine has not been reached since';
    expect(readable(gateCard(view, gate))).toContain(late);
    const bell = gate.bell && { ...gate.bell, rungAt: START + minutes(12) };
    expect(readable(gateCard(view, { ...gate, bell }))).not.toContain(late);
    expect(readable(gateCard(view, SETTLED['approved by two'] ?? gate))).not.toContain(late);
  });
});

describe('a question between waves', () => {
  const view = (name: string) => EXECUTION_VIEWS[name] ?? aView();
  const pause = gateCard(view('paused before wave 2'), betweenGate('pause', 2));
  const decision = gateCard(view('wave 2 needs a decision'), betweenGate('decision', 2));

  test('a pause says what is done, what comes next, and how to go on', () => {
    expect(headline(pause)).toBe('⏸️ Go on with wave 2? Failover HRP waves 1–3');
    expect(pause.text).toContain(
      'Go on with wave 2? Failover HRP waves 1–3. Wave 1 is over: 30 of 30 launched in 14 min.',
    );
    expect(readable(pause)).toContain('Next is *wave 2*: launch 48 recovery instances.');
    expect(buttons(pause)).toMatchObject([
      { action_id: 'gate_resume', style: 'primary', text: { text: 'Resume With Wave 2' } },
      { action_id: 'gate_stop', confirm: { title: { text: 'Stop this failover?' } } },
    ]);
  });

  test('a decision says what went wrong, and what each answer does; none is proposed', () => {
    expect(headline(decision)).toBe('❓ What now after wave 2? Failover HRP waves 1–3');
    expect(readable(decision)).toContain('*Wave 2 did not go as it should:* 45 of 48 launched in 17 min, *3 failed*.');
    expect(readable(decision)).toContain('hrp-app-046');
    expect(buttons(decision).map(({ text, style }) => [textOf(text), style])).toEqual([
      ['Retry Failed', undefined],
      ['Continue With Wave 3', undefined],
      ['Stop Failover', undefined],
    ]);
  });

  test('after the last wave there is nothing to continue with', () => {
    const last = { ...view('wave 2 needs a decision') };
    const two = { ...last, execution: { ...last.execution, waves: [1, 2] } };
    expect(buttons(gateCard(two, betweenGate('decision', 2))).map(({ text }) => textOf(text))).toContain(
      'Accept and Finish',
    );
  });

  test.each([
    ['resume', 'pause', 'approved', '▶️ Resumed with wave 2 by <@U0PAPPROVE1>'],
    ['stop', 'pause', 'rejected', '⏹️ Stopped by <@U0PAPPROVE1>'],
    ['retry', 'decision', 'approved', '🔁 To be retried: wave 2 by <@U0PAPPROVE1>'],
    ['continue', 'decision', 'approved', '▶️ Continued after wave 2 by <@U0PAPPROVE1>'],
  ] as const)('%s is recorded as such', (choice, kind, status, record) => {
    const gate = betweenGate(kind, 2, {
      status,
      answer: choice,
      votes: [{ ...APPROVER_VOTE, choice }],
      settledAt: START,
    });
    expect(decisionSentence({ execution: anExecution() }, gate)).toContain(record);
  });
});

describe('a question about an action that failed', () => {
  const before = EXECUTION_VIEWS['by plan: an action before wave 2 needs a decision'] ?? aView();
  const after = EXECUTION_VIEWS['by plan: an action after wave 2 needs a decision'] ?? aView();
  const card = gateCard(before, DNS_GATE);

  test('names the action and where it stands first, on the card and on the phone, with what it said', () => {
    expect(headline(card)).toBe(
      '❓ What now? Action “Switch DNS to the DR Region” before wave 2 failed: Failover HRP waves 1–3',
    );
    expect(card.text).toBe(
      'What now? Action “Switch DNS to the DR Region” before wave 2 failed: Failover HRP waves 1–3. Step 3 (UpdateRecords) failed: AccessDenied for route53:ChangeResourceRecordSets. <@U0PAPPROVE1> <@U0PAPPROVE2>: decide in this message.',
    );
    expect(readable(card)).toContain(
      '❌ *Switch DNS to the DR Region*, attempt 1, failed after 2 min: Step 3 (UpdateRecords) failed: AccessDenied for route53:ChangeResourceRecordSets.\nSSM document DR-SwitchDns in `111111111111`, us-east-2, `8f0d1c62',
    );
  });

  test('says where the waves stand and what each answer does; none is proposed', () => {
    expect(readable(card)).toContain(
      '*Wave 1 is over:* 30 of 30 launched in 14 min. Next is *wave 2*: launch 48 recovery',
    );
    expect(readable(card)).toContain('• *Continue Without It*: wave 2 is begun, although this failed.');
    expect(buttons(card).map(({ action_id, text, style }) => [action_id, textOf(text), style])).toEqual([
      ['gate_retry', 'Retry Action', undefined],
      ['gate_continue', 'Continue Without It', undefined],
      ['gate_stop', 'Stop Failover', undefined],
    ]);
  });

  test('after a wave it is about what follows it: the next action, the next wave, or the end', () => {
    expect(readable(gateCard(after, SMOKE_GATE))).toContain(
      '*Wave 2 is over:* 48 of 48 launched in 20 min. Next is *wave 3*',
    );
    expect(readable(gateCard(after, SMOKE_GATE))).toContain('• *Continue Without It*: wave 3 is begun');
    const last = { ...after, execution: { ...after.execution, waves: [1, 2] } };
    expect(readable(gateCard(last, SMOKE_GATE))).toContain('• *Continue Without It*: it ends, although');
    const first = { ...SMOKE_GATE, wave: 1 };
    expect(readable(gateCard(after, first))).toContain('the next action is done, then wave 2 is begun');
  });

  test.each([
    ['retry', '🔁 To be done again: the action by <@U0PAPPROVE1>'],
    ['continue', '▶️ Continued although the action failed, by <@U0PAPPROVE1>'],
    ['stop', '⏹️ Stopped by <@U0PAPPROVE1>'],
  ] as const)('%s is recorded as such', (choice, record) => {
    const status = choice === 'stop' ? 'rejected' : 'approved';
    const gate: GateRecord = {
      ...DNS_GATE,
      status,
      answer: choice,
      votes: [{ ...APPROVER_VOTE, choice }],
      settledAt: START,
    };
    expect(decisionSentence({ execution: before.execution }, gate)).toContain(record);
    expect(readable(gateCard(before, gate))).toContain(
      '*Failover HRP waves 1–3, action “Switch DNS to the DR Region” before wave 2 failed*',
    );
  });

  test('reminders, App Home and the first line of the card say the same', () => {
    const reminded = { ...DNS_GATE, reminders: [START + minutes(50)] };
    expect(reminderMessage(before, reminded, 1).text).toContain(
      'What now? Action “Switch DNS to the DR Region” before wave 2 failed',
    );
    expect(headline(executionCard(before))).toBe(
      '❓ Failover: HRP waves 1–3 · action “Switch DNS to the DR Region” failed, needs a decision',
    );
    const shown = home({
      ...{ now: START, running: [], recent: [], roles: [], mayAsk: false, missing: [] },
      waiting: [{ view: before, gate: DNS_GATE }],
    });
    expect(JSON.stringify(shown.blocks)).toContain('❌ failed after 2 min: Step 3 (UpdateRecords) failed');
    expect(JSON.stringify(shown.blocks)).toContain('Continue Without It');
  });
});

describe('a question after the last wave', () => {
  const view = EXECUTION_VIEWS['by plan: paused after the last wave'] ?? aView();
  const card = gateCard(view, FINISH_GATE);

  test('asks whether it may finish, names actions that failed, and says what no answer leads to', () => {
    expect(headline(card)).toBe('⏸️ Finish after wave 3? Drill HRP waves 1–3');
    expect(readable(card)).toContain('*Wave 3 is over:* 42 of 42 launched in 12 min. It was the last wave');
    expect(readable(card)).toContain('*Failed actions*\n• *Database port* after wave 1');
    expect(readable(card)).toContain('*Stop*, and no answer: it ends as partial');
    expect(readable(card)).toMatch(/Unanswered, it expires <[^>]*> and it ends\./);
    expect(buttons(card).map(({ action_id, text }) => [action_id, textOf(text)])).toEqual([
      ['gate_resume', 'Finish Drill'],
      ['gate_stop', 'Stop Drill'],
    ]);
    expect(headline(executionCard(view))).toBe('⏸️ Drill: HRP waves 1–3 · paused after wave 3');
  });

  test('its answer is recorded as such', () => {
    const votes = [{ ...APPROVER_VOTE, choice: 'resume' as const }];
    const gate = { ...FINISH_GATE, status: 'approved' as const, answer: 'resume' as const, votes, settledAt: START };
    expect(decisionSentence({ execution: view.execution }, gate)).toContain(
      '▶️ Released to finish after wave 3 by <@U0PAPPROVE1>',
    );
    const keys = milestones({ ...view, gates: [...view.gates.slice(0, -1), gate] }).map(({ key }) => key);
    expect(keys.slice(-3)).toEqual(['wave-3-ended', 'opened-pause-after-3', 'decided-pause-after-3']);
    expect(new Set(keys).size).toBe(keys.length);
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

  test.each(['pause-2', 'pause-after-20', 'decision-2-1', 'action-12-pre-1-2', 'action-1-post-40-1'])(
    'of %s is, too',
    (gateId) => {
      const button = { executionId: EXECUTION_ID, gateId, planRevision: 3 };
      expect(readButtonValue(buttonValue(button))).toEqual(button);
    },
  );

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
    good.replace('approval-1', 'action-1-mid-1-1'),
    good.replace('approval-1', 'action-1-pre-1'),
    good.replace('approval-1', 'pause-after-'),
    good.replace('approval-1', 'decision-1'),
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
