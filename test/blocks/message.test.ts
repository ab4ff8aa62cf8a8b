import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  actions,
  context,
  count,
  cut,
  escapeText,
  header,
  LIMITS,
  lines,
  MessageError,
  message,
  moment,
  name,
  oneLine,
  section,
  sentence,
} from '../../blocks/message.ts';
import { blockFaults } from '../../src/local/slack/blocks.ts';
import { plainText } from '../../src/local/slack/page/mrkdwn.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 400 });

describe('a message', () => {
  test.each(['', ' ', '\n'])('is refused with the text %j: it is what a phone shows', (text) => {
    expect(() => message(text, [section('x')])).toThrow(MessageError);
  });

  test('is refused with more blocks than Slack takes', () => {
    expect(message('x', Array(50).fill(section('x'))).blocks).toHaveLength(50);
    expect(() => message('x', Array(51).fill(section('x')))).toThrow(/51 blocks/);
  });

  test('is refused when its blocks are larger than Slack takes', () => {
    expect(() => message('x', Array(5).fill(section('x'.repeat(3_000))))).toThrow(/characters of blocks/);
  });

  test('has a text that fits on a phone, and not half an escape at its end', () => {
    expect(message('x'.repeat(400), []).text).toHaveLength(300);
    expect(message(`${'x'.repeat(297)}&amp;x`, []).text).toBe(`${'x'.repeat(297)}…`);
    expect(message(`${'x'.repeat(290)} <@U0PREQUEST1>`, []).text).toBe(`${'x'.repeat(290)} …`);
  });

  test('has no state when none is given', () => {
    expect(message('x', [])).not.toHaveProperty('state');
  });
});

describe('blocks', () => {
  test.each([
    ['header', header('x'.repeat(500))],
    ['section', section('x'.repeat(5_000))],
    ['context', context(...Array<string>(20).fill('x'.repeat(5_000)))],
    ['actions', actions('id', [{ type: 'button', action_id: 'a', text: { type: 'plain_text', text: 'A' } }])],
  ])('a %s is cut to what Slack takes', (_, block) => {
    expect(blockFaults([block], 'message')).toEqual([]);
  });

  test('mrkdwn is verbatim, so that Slack does not link names that look like channels or addresses', () => {
    expect(section('@channel #general https://example.com')).toMatchObject({ text: { verbatim: true } });
    expect(context('@channel')).toMatchObject({ elements: [{ verbatim: true }] });
  });
});

describe('text from outside', () => {
  test('has no meaning once it is escaped, and reads as it was', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const escaped = escapeText(value);
        expect(escaped).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        expect(plainText(escaped)).toBe(plainText(escapeText(plainText(escaped))));
      }),
    );
    expect(escapeText('<!channel> & <@U1> &lt;')).toBe('&lt;!channel&gt; &amp; &lt;@U1&gt; &amp;lt;');
  });

  test('is on one line and of bounded length', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(oneLine(value)).not.toMatch(/[\n\r\p{Cc}]/u);
        expect(oneLine(value).isWellFormed()).toBe(true);
        expect(name(value).length).toBeLessThanOrEqual(LIMITS.name * '&amp;'.length);
        expect(sentence(value).length).toBeLessThanOrEqual(LIMITS.sentence * '&amp;'.length);
      }),
    );
    expect(name('a\r\n\u0000*b*\t c')).toBe('a *b* c');
  });

  test.each([
    ['turned around', 'app-\u202eDOR-\u202c1', 'app-�DOR-�1'],
    ['isolated', '\u2067HRP\u2069', '�HRP�'],
    ['with what has no width', 'H\u200bR\u2060P\ufeff', 'H�R�P'],
    ['joined by nothing', 'HR\u200dP', 'HR�P'],
    ['with an empty letter', 'HR\u3164P', 'HR�P'],
    ['tagged', 'HRP\u{e0041}\u{e0042}', 'HRP��'],
    ['with a soft hyphen', 'HR\u00adP', 'HR�P'],
  ])('%s shows that there is something', (_, value, shown) => {
    expect(oneLine(value)).toBe(shown);
    expect(name(value)).toBe(shown);
    expect(sentence(value)).toBe(shown);
  });

  test('keeps letters of every script, and emoji whole', () => {
    const value = 'Überblick 東京 العربية עברית 👩🏽‍🚒 👨‍👩‍👧 ❤️‍🔥';
    expect(oneLine(value)).toBe(value);
  });

  test('is cut between characters', () => {
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('abcd', 3)).toBe('ab…');
    expect(cut('a😀bc', 3)).toBe('a…');
    expect(cut('', 3)).toBe('');
  });
});

describe('lists', () => {
  test('say how many lines they leave out', () => {
    expect(lines(['a', 'b', 'c'], 3)).toBe('a\nb\nc');
    expect(lines(['a', 'b', 'c'], 2)).toBe('a\nb\n… and 1 more');
    expect(lines([], 2)).toBe('');
  });

  test('are bounded however long their lines are, as they are sent', () => {
    fc.assert(
      fc.property(fc.array(anyText), fc.integer({ min: 1, max: 50 }), (all, most) => {
        const text = lines(all, most);
        expect(JSON.stringify(text).length).toBeLessThanOrEqual(LIMITS.list + 30);
        const left = Number(/… and (\d+) more$/.exec(text)?.[1] ?? 0);
        expect(text === '' ? 0 : left).toBeLessThanOrEqual(all.length);
      }),
    );
    expect(lines(['a', 'x'.repeat(2_000), 'c'], 10)).toBe('a\n… and 2 more');
  });
});

test('a moment is in the reader’s own time, with UTC for clients that cannot', () => {
  expect(moment(Date.parse('2026-03-02T02:05:59.900Z'))).toBe('<!date^1772417159^{time}|02:05 UTC>');
});

test.each([
  [0, '0 servers'],
  [1, '1 server'],
  [1_000, '1,000 servers'],
])('%i is counted as %s', (n, words) => {
  expect(count(n, 'server')).toBe(words);
});
