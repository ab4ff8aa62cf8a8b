import { describe, expect, test } from 'vitest';
import {
  acceptedText,
  busyText,
  cancelledText,
  executionText,
  formNotOpenedText,
  frozenText,
  linkTo,
  mayNotText,
  noRoleText,
  notMemberText,
  notSteeredText,
  noVoteByMentionText,
  otherQuestionText,
  pausedText,
  recordedText,
  refusedText,
} from '../../blocks/answers.ts';
import { type Choice, REFUSALS, type Refusal } from '../../src/domain/gate.ts';
import type { GateRecord } from '../../src/domain/records.ts';
import { aDecidedGate, aGate, anExecution, EXECUTION_ID, START } from './views.ts';

const CARD = { channelId: 'C0INCIDENT1', ts: '1772416800.000100' };
const LINK = '<https://slack.com/archives/C0INCIDENT1/p1772416800000100|';

test('a link to a message is its place, which every workspace opens', () => {
  expect(linkTo(CARD, 'the card')).toBe(`${LINK}the card>`);
});

describe('an accepted request', () => {
  const request = {
    verb: 'drill' as const,
    application: 'HRP',
    waves: [1],
    servers: 30,
    quorum: 1,
    selfApproval: false,
    executionId: EXECUTION_ID,
    channelId: 'C0INCIDENT1',
  };

  test('says what is looked at, how large it is known to be, and that nothing happens before an approval', () => {
    expect(acceptedText(request)).toMatch(
      /^Looking at HRP wave 1 \(about 30 servers\) .*as abcdef01; nothing is launched before somebody else approves\.$/,
    );
    expect(acceptedText({ ...request, servers: 1 })).toContain('(about 1 server)');
    expect(acceptedText({ ...request, servers: undefined })).toContain('Looking at HRP wave 1 in every');
    expect(acceptedText({ ...request, waves: [1, 2, 3] })).toContain('Looking at HRP waves 1–3 ');
    expect(acceptedText({ ...request, verb: 'terminate', quorum: 2 })).toContain(
      'nothing is terminated before 2 people approve.',
    );
    expect(acceptedText({ ...request, selfApproval: true })).toContain('before somebody approves.');
    expect(acceptedText(request)).toContain('The card follows in <#C0INCIDENT1>');
    expect(acceptedText({ ...request, application: '<!channel>' }).replace('<#C0INCIDENT1>', '')).not.toMatch(/[<>]/);
  });
});

describe('a request that is refused', () => {
  test.each([
    [
      mayNotText('ask for a drill of HRP', ['U1', 'U2']),
      'You may not ask for a drill of HRP. These people may: <@U1>, <@U2>.',
    ],
    [mayNotText('ask for a drill of HRP', []), 'You may not ask for a drill of HRP. Nothing was changed'],
    [noRoleText(['U1']), 'You have no role here'],
    [noRoleText([]), 'Ask whoever runs dr-chatops for access.'],
    [notMemberText('guest'), 'Guests of the workspace do not'],
    [
      frozenText('failover', 'HRP', 'year-end <freeze>'),
      'Failover of HRP is not allowed now: “year-end &lt;freeze&gt;”',
    ],
    [noVoteByMentionText('approve', '1a2b3c4d'), 'type `/dr approve 1a2b3c4d` in the channel'],
  ])('%s', (text, words) => {
    expect(text).toContain(words);
    expect(text).toMatch(/Nothing was|for access/);
  });

  test('because it is busy names who holds it, with a link to its card', () => {
    const text = busyText('HRP', anExecution({ status: 'executing' }), CARD);
    expect(text).toContain(`HRP is busy with drill HRP wave 1 (${LINK}abcdef01>, executing, asked by <@U0PREQUEST1>`);
    expect(busyText('HRP', anExecution())).toContain('(abcdef01, planning,');
    expect(busyText('HRP', undefined)).toContain('busy with another request');
  });
});

describe('the answer to a vote', () => {
  const gate = (differs: Partial<GateRecord>) => aGate(differs);
  const action = { phase: 'pre', index: 1, attempt: 1 } as const;
  test.each<[Choice, GateRecord, string]>([
    ['approve', aDecidedGate('approve'), 'Your approval is recorded.'],
    ['reject', aDecidedGate('reject'), 'Your rejection is recorded. Nothing will be done.'],
    [
      'approve',
      gate({ quorum: 2, votes: aDecidedGate('approve').votes }),
      'Your approval is recorded: 1 of 2 approvals.',
    ],
    ['resume', gate({ kind: 'pause', status: 'approved' }), 'it goes on with the next wave'],
    ['stop', gate({ kind: 'pause', status: 'rejected' }), 'no further wave begins'],
    ['retry', gate({ kind: 'decision', status: 'approved' }), 'what failed is tried again'],
    ['continue', gate({ kind: 'decision', status: 'approved' }), 'without what failed'],
    ['retry', gate({ kind: 'decision', status: 'approved', action }), 'the action is done again'],
    ['continue', gate({ kind: 'decision', status: 'approved', action }), 'it goes on, although the action failed'],
    ['stop', gate({ kind: 'decision', status: 'rejected', action }), 'no further wave begins'],
    ['resume', gate({ kind: 'pause', status: 'approved', afterWave: true }), 'it ends with its result'],
    ['stop', gate({ kind: 'pause', status: 'rejected', afterWave: true }), 'it ends as partial'],
  ])('that is recorded: %s', (choice, recorded, text) => {
    expect(recordedText(recorded, choice)).toContain(text);
  });

  test('that broke the glass says so', () => {
    expect(recordedText(aDecidedGate('approve'), 'approve', { breakGlass: true })).toContain(
      'you passed this question alone',
    );
  });

  test.each<[Refusal, string]>([
    [
      'own request',
      'You asked for this drill, so somebody else has to decide: <@U0PAPPROVE1>, <@U0PAPPROVE2>. Nothing was recorded.',
    ],
    ['no permission', 'You may not decide about HRP. Asked are <@U0PAPPROVE1>, <@U0PAPPROVE2>. Nothing was recorded.'],
    ['already voted', 'it counts once'],
    ['expired', 'Nothing was recorded and nothing is done'],
    ['old card', `This card is out of date: the question has changed. Use ${LINK}the current card>.`],
    [
      'settled',
      `This is decided already: 🚫 Rejected by <@U0PAPPROVE1> at <!date^1772417100^{time}|02:05 UTC>: “too many people work at this hour”. Nothing was launched. See ${LINK}the current card>. Your press changed nothing.`,
    ],
    ['not asked', 'could not when this one was asked'],
    ['no break-glass', 'You may not pass this question alone.'],
    ['guest', 'Guests of the workspace do not decide here.'],
  ])('that does not count says why and what to do: %s', (reason, text) => {
    expect(refusedText(reason, aDecidedGate('reject'), anExecution({ planRevision: 1 }), CARD)).toContain(text);
  });

  test.each(REFUSALS)('that does not count is answered without a card, too: %s', (reason) => {
    expect(refusedText(reason, aDecidedGate('reject'), undefined).length).toBeGreaterThan(20);
  });

  test('that comes too late between waves says that nothing more is begun', () => {
    const text = refusedText('expired', gate({ kind: 'decision', action }), anExecution(), CARD);
    expect(text).toContain('Nothing was recorded, and nothing more is begun.');
  });

  test('on the card of an earlier plan names the newest card', () => {
    const execution = anExecution({ planRevision: 2 });
    const text = refusedText('settled', aDecidedGate('approve'), execution, CARD);
    expect(text).toContain('Approved by <@U0PAPPROVE1>');
    expect(text).toContain(`This card is out of date: use ${LINK}the current card>.`);
    expect(refusedText('settled', aDecidedGate('approve'), execution)).toContain('use the newest card');
  });

  test('of another kind than the question says what is asked', () => {
    expect(otherQuestionText(anExecution(), 'pause', CARD)).toContain('it is paused: `/dr resume`');
  });

  test('says what was kept when no form could be opened; Slack’s words mean nothing in it', () => {
    const text = formNotOpenedText('Reject', '<!channel> expired_trigger_id');
    expect(text).toContain('(&lt;!channel&gt; expired_trigger_id)');
    expect(text).toContain('Nothing was recorded and the question is still open: press Reject again.');
  });
});

describe('the answer to a cancel', () => {
  test('before anything began says that nothing will', () => {
    expect(cancelledText(anExecution())).toContain('is cancelled. Nothing was launched, and nothing will be.');
  });

  test('while something runs says that it goes on', () => {
    const text = cancelledText(anExecution({ status: 'executing', launchStartedAt: START }), CARD);
    expect(text).toContain('a DRS job cannot be stopped');
    expect(text).toContain('No further wave begins.');
    expect(text).not.toContain('nothing will be');
  });

  test('or a pause that comes too late changes nothing', () => {
    expect(notSteeredText(anExecution({ status: 'completed' }), 'cancel')).toContain('Nothing was changed.');
    expect(pausedText(anExecution())).toContain('`/dr resume abcdef01` goes on');
    expect(executionText(anExecution())).not.toContain('archives');
  });
});
