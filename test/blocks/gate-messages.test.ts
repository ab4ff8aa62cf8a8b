import { describe, expect, test } from 'vitest';
import { breakGlassMessage, escalationMessage, reminderMessage } from '../../blocks/gate-messages.ts';
import type { GateRecord } from '../../src/domain/records.ts';
import { APPROVER_VOTE, ON_CALL_GROUP, SECOND_APPROVER, SETTLED, scene, strictGate } from './fixtures/fleet.ts';
import { APPROVER, minutes, readable, START } from './views.ts';

const view = scene({ verb: 'failover', waves: [1, 2, 3] });
const URL = 'https://practice.slack.com/archives/C0INCIDENT1/p1';
const reminders = [START + minutes(15), START + minutes(45)];
const settled = (name: string): GateRecord => ({ ...(SETTLED[name] ?? strictGate()), reminders });

describe('a reminder', () => {
  test('tells a phone what is asked, and mentions only those who had not voted when it was due', () => {
    const { text, blocks } = reminderMessage(view, strictGate({ reminders, votes: [APPROVER_VOTE] }), 1, URL);
    expect(text).toContain('Reminder 1: Approve? Failover HRP waves 1–3.');
    expect(text).toContain(`<@${SECOND_APPROVER}> <@U0PREADER01>: it waits for you until`);
    expect(JSON.stringify([text, blocks])).not.toContain(APPROVER);
    expect(readable({ text, blocks })).toContain(`1 of 2 approvals given.`);
    expect(readable({ text, blocks })).toContain(`<${URL}|Open the question>`);
  });

  test('stays as it is when somebody votes after it', () => {
    const before = strictGate({ reminders });
    const after = strictGate({ reminders, votes: [{ ...APPROVER_VOTE, at: START + minutes(16) }] });
    expect(reminderMessage(view, after, 1)).toEqual(reminderMessage(view, before, 1));
    expect(reminderMessage(view, after, 2)).not.toEqual(reminderMessage(view, before, 2));
  });

  test.each([
    ['approved by two', 'decided'],
    ['rejected with a reason', 'decided'],
    ['expired unanswered', 'expired unanswered'],
    ['cancelled by the requester', 'cancelled'],
  ])('%s: it says so and mentions nobody', (name, how) => {
    const { text, blocks } = reminderMessage(view, settled(name), 1, URL);
    expect(text).toContain(`no longer open: ${how} at`);
    expect(JSON.stringify([text, blocks])).not.toContain('<@');
    expect(readable({ text, blocks })).toContain(`<${URL}|See the record>`);
  });
});

describe('an escalation', () => {
  test('mentions the people and the groups whom the policy names, and says who was asked', () => {
    const message = escalationMessage(view, strictGate({ escalatedAt: START + minutes(20) }), URL);
    const group = `<@U0PREADER01> <!subteam^${ON_CALL_GROUP}>`;
    expect(message.text).toContain(`Escalated: Approve? Failover HRP waves 1–3. ${group}: nobody has decided`);
    expect(readable(message)).toContain(`${group}: nobody has decided since`);
    expect(readable(message)).toContain(`Asked were <@${APPROVER}> <@${SECOND_APPROVER}>`);
  });

  test('asks nobody once it is settled', () => {
    const message = escalationMessage(view, settled('approved by two'));
    expect(JSON.stringify(message)).not.toMatch(/<@|<!subteam/);
    expect(message.text).toContain('no longer open');
  });
});

describe('break-glass', () => {
  test('is told to the escalation group, with who, when and why', () => {
    const message = breakGlassMessage(view, settled('passed by break-glass'), URL);
    expect(message?.text).toContain(`🚨 Break-glass: <@${APPROVER}> has passed Failover HRP waves 1–3 alone.`);
    expect(message?.text).toContain(`<!subteam^${ON_CALL_GROUP}>`);
    expect(message && readable(message)).toContain('“the data centre is flooded, nobody else answers the phone”');
  });

  test('is not told where nobody did it, or there is nobody to tell', () => {
    expect(breakGlassMessage(view, settled('approved by two'))).toBeUndefined();
    expect(breakGlassMessage(view, { ...settled('passed by break-glass'), escalation: undefined })).toBeUndefined();
  });
});
