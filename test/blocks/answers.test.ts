import { describe, expect, test } from 'vitest';
import {
  acceptedText,
  applicationsText,
  formNotOpenedText,
  helpText,
  recordedText,
  refusedText,
  USAGE,
  wavesText,
} from '../../blocks/answers.ts';
import type { Refusal } from '../../src/domain/gate.ts';
import type { Catalogue } from '../../src/domain/records.ts';
import { aDecidedGate, aGate, anExecution } from './views.ts';

const waves = (...numbers: number[]) => numbers.map((wave) => ({ wave, servers: 10 }));
const catalogueOf = (applications: Catalogue['applications']): Catalogue => ({ refreshedAt: 0, applications });

describe('help', () => {
  test('shows the form, an example and what exists', () => {
    const text = helpText(catalogueOf([{ name: 'HRP', waves: waves(1, 2, 3, 4) }]));
    expect(text).toContain(USAGE);
    expect(text).toContain('`/dr drill HRP wave 1`');
    expect(text).toContain('Applications: HRP (waves 1–4).');
  });

  test.each([undefined, catalogueOf([])])('says so when nothing is known yet', (catalogue) => {
    expect(helpText(catalogue)).toContain('No applications are known yet.');
  });

  test('stays readable with a thousand applications, and says how many it leaves out', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({
      name: `app-${index}`.padEnd(256, 'x'),
      waves: waves(1),
    }));
    expect(helpText(catalogueOf(many)).length).toBeLessThan(8_000);
    expect(applicationsText(catalogueOf(many))).toMatch(/ and 960 more\.$/);
  });

  test('a tag’s value cannot mention or link', () => {
    const text = applicationsText(catalogueOf([{ name: '<!channel>&<https://x|y>', waves: waves(1) }]));
    expect(text).toContain('&lt;!channel&gt;&amp;&lt;https://x|y&gt;');
    expect(text).not.toMatch(/[<>]/);
  });
});

test.each([
  [waves(), 'no waves'],
  [waves(3), 'wave 3'],
  [waves(1, 2), 'waves 1–2'],
  [waves(1, 2, 4), 'waves 1, 2, 4'],
])('waves in words: %j', (known, words) => {
  expect(wavesText(known)).toBe(words);
});

describe('an accepted request', () => {
  test('says what is looked at, how large it is known to be, and that nothing happens before an approval', () => {
    expect(acceptedText('HRP wave 1', 30)).toMatch(
      /^Looking at HRP wave 1 \(about 30 servers\) .*nothing is launched before somebody else approves\.$/,
    );
    expect(acceptedText('HRP wave 1', 1)).toContain('(about 1 server)');
    expect(acceptedText('HRP wave 1', undefined)).toContain('Looking at HRP wave 1 in every');
  });
});

describe('the answer to a vote', () => {
  test.each([
    ['approve', aDecidedGate('approve'), 'Your approval is recorded.'],
    ['reject', aDecidedGate('reject'), 'Your rejection is recorded. Nothing will be done.'],
    [
      'approve',
      aGate({ quorum: 2, votes: aDecidedGate('approve').votes }),
      'Your approval is recorded: 1 of 2 approvals.',
    ],
  ] as const)('that is recorded: %s', (choice, gate, text) => {
    expect(recordedText(gate, choice)).toContain(text);
  });

  test.each<[Refusal, string]>([
    ['own request', 'somebody else has to decide: <@U0PAPPROVE1>, <@U0PAPPROVE2>. Nothing was recorded.'],
    ['no permission', 'You may not decide about HRP. Asked are <@U0PAPPROVE1>, <@U0PAPPROVE2>. Nothing was recorded.'],
    ['already voted', 'it counts once'],
    ['expired', 'Nothing was recorded and nothing is done'],
    ['old card', 'This card is out of date'],
    [
      'settled',
      'This is decided already: 🚫 Rejected by <@U0PAPPROVE1> at <!date^1772417100^{time}|02:05 UTC>: “too many people work at this hour”. Nothing was launched. Your press changed nothing.',
    ],
  ])('that does not count says why and what to do: %s', (reason, text) => {
    expect(refusedText(reason, aDecidedGate('reject'), anExecution({ planRevision: 1 }))).toContain(text);
  });

  test('on the card of an earlier plan names the newest card', () => {
    const text = refusedText('settled', aDecidedGate('approve'), anExecution({ planRevision: 2 }));
    expect(text).toContain('Approved by <@U0PAPPROVE1>');
    expect(text).toContain('This card is out of date: use the newest card');
  });

  test('says what was kept when no form could be opened; Slack’s words mean nothing in it', () => {
    const text = formNotOpenedText('<!channel> expired_trigger_id');
    expect(text).toContain('(&lt;!channel&gt; expired_trigger_id)');
    expect(text).toContain('Nothing was recorded and the question is still open: press Reject again.');
  });
});
