import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PEOPLE } from '../../../src/local/slack/people.ts';
import { plainText, terminalLines } from '../../../src/local/slack/terminal.ts';

const approver = PEOPLE.find(({ name }) => name === 'approver')?.userId;

describe('text on a terminal', () => {
  test.each([
    ['*bold* and `code`', 'bold and code'],
    [`asked by <@${approver}>`, 'asked by @approver'],
    ['by <@U0PDRBOT001>', 'by @dr-chatops'],
    ['by <@U0SOMEBODY>', 'by @U0SOMEBODY'],
    ['by <@W0SOMEBODY>', 'by @W0SOMEBODY'],
    ['at <!date^1772416800^{time}|02:00 UTC>.', 'at 02:00 UTC.'],
    ['&lt;!channel&gt; &amp; more', '<!channel> & more'],
    ['&amp;lt;', '&lt;'],
    ['', ''],
  ])('%j reads %j', (mrkdwn, text) => {
    expect(plainText(mrkdwn)).toBe(text);
  });

  test('text without marks is left as it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9 .,\n-]*$/), (text) => {
        expect(plainText(text)).toBe(text);
      }),
    );
  });
});

describe('blocks on a terminal', () => {
  test('are lines, the header underlined; buttons are left out', () => {
    const text = (value: string) => ({ type: 'mrkdwn', text: value });
    expect(
      terminalLines([
        { type: 'header', text: { type: 'plain_text', text: 'Approve?' } },
        { type: 'section', text: text('*one*\ntwo'), fields: [text('three')] },
        { type: 'divider' },
        { type: 'actions', elements: [{ type: 'button', text: text('Approve Drill') }] },
        { type: 'context', elements: [text('four'), text('five')] },
      ]),
    ).toEqual(['Approve?', '────────', 'one', 'two', 'three', 'four', 'five']);
  });

  test('a long header is underlined as far as a terminal is wide', () => {
    const [, line] = terminalLines([{ type: 'header', text: { text: 'x'.repeat(150) } }]);
    expect(line).toHaveLength(72);
  });

  test.each([undefined, null, 'text', {}])('%j is no blocks', (blocks) => {
    expect(terminalLines(blocks)).toEqual([]);
  });
});
