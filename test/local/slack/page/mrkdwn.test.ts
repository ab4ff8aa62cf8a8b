import { describe, expect, test } from 'vitest';
import { type Inline, parseMrkdwn, plainText } from '../../../../src/local/slack/page/mrkdwn.ts';

const text = (content: string): Inline => ({ kind: 'text', text: content });

describe('parseMrkdwn', () => {
  const inline: [string, Inline[]][] = [
    ['*bold* text', [{ kind: 'bold', inside: [text('bold')] }, text(' text')]],
    ['(_it_)', [text('('), { kind: 'italic', inside: [text('it')] }, text(')')]],
    ['~no~', [{ kind: 'strike', inside: [text('no')] }]],
    ['*bold _and_*', [{ kind: 'bold', inside: [text('bold '), { kind: 'italic', inside: [text('and')] }] }]],
    ['2 * 3 * 4', [text('2 * 3 * 4')]],
    ['snake_case_name', [text('snake_case_name')]],
    ['`*code* &lt;x&gt;`', [{ kind: 'code', text: '*code* <x>' }]],
    ['a &lt;b&gt; &amp;amp;', [text('a <b> &amp;')]],
    ['&lt;@U1&gt;', [text('<@U1>')]],
    [':warning: :unheard_of:', [text('⚠️ :unheard_of:')]],
    ['<@U1> in <#C1|name>', [{ kind: 'user', id: 'U1' }, text(' in '), { kind: 'channel', id: 'C1' }]],
    [
      '<!here> <!subteam^S1|@dr>',
      [{ kind: 'mention', text: '@here' }, text(' '), { kind: 'group', id: 'S1', label: '@dr' }],
    ],
    [
      '<https://x.example/?a=1&amp;b=2|the _plan_>',
      [{ kind: 'link', href: 'https://x.example/?a=1&b=2', label: 'the _plan_' }],
    ],
    [
      'see https://x.example/a_b_c.',
      [text('see '), { kind: 'link', href: 'https://x.example/a_b_c', label: 'https://x.example/a_b_c' }, text('.')],
    ],
    [
      '<!date^1700000000^{date} at {time}|14 Nov>',
      [{ kind: 'date', at: 1_700_000_000_000, format: '{date} at {time}', href: undefined }],
    ],
    ['<!date^soon^{date}|14 Nov>', [text('14 Nov')]],
  ];

  test.each(inline)('%s', (written, expected) => {
    expect(parseMrkdwn(written)).toEqual([{ kind: 'lines', inside: expected }]);
  });

  test('code blocks and quotes stand on lines of their own', () => {
    expect(parseMrkdwn('one\n&gt; two\n>three\n```\n*four*\n  five\n```\nsix')).toEqual([
      { kind: 'lines', inside: [text('one')] },
      { kind: 'quote', inside: [text('two\nthree')] },
      { kind: 'pre', text: '*four*\n  five' },
      { kind: 'lines', inside: [text('six')] },
    ]);
  });

  test('a formatted word does not reach over a line', () => {
    expect(parseMrkdwn('*one\ntwo*')).toEqual([{ kind: 'lines', inside: [text('*one\ntwo*')] }]);
  });
});

test('plain text is not formatted', () => {
  expect(plainText('*no* &lt;x&gt; :x:')).toBe('*no* <x> ❌');
});
