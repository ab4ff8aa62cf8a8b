import { describe, expect, test } from 'vitest';
import { afterEvent, firstLine, isPushed, threadsOf } from '../../../../src/local/slack/page/feed-state.ts';
import type { PageMessage, Snapshot } from '../../../../src/local/slack/page/protocol.ts';

function message(ts: string, more: Partial<PageMessage> = {}): PageMessage {
  return { channel: 'C1', type: 'message', user: 'U1', team: 'T1', ts, text: `text of ${ts}`, ...more };
}

function screen(messages: PageMessage[]): Snapshot {
  return {
    directory: { me: 'approver', channel: { id: 'C1', name: 'c' }, people: [], bot: { userId: 'U0', name: 'bot' } },
    hints: [],
    banner: '',
    messages,
    modals: [],
  };
}

describe('afterEvent', () => {
  test('shows nothing before the first snapshot', () => {
    expect(afterEvent(undefined, { kind: 'message', message: message('1.0'), isNew: true })).toBeUndefined();
  });

  test('adds a new message at the end and changes a known one in its place', () => {
    const before = screen([message('1.0'), message('2.0')]);
    const added = afterEvent(before, { kind: 'message', message: message('3.0'), isNew: true });
    const changed = afterEvent(added, { kind: 'message', message: message('1.0', { text: 'new' }), isNew: false });
    expect(changed?.messages.map(({ text }) => text)).toEqual(['new', 'text of 2.0', 'text of 3.0']);
  });

  test('removes, and takes a new status line', () => {
    const removed = afterEvent(screen([message('1.0')]), { kind: 'removed', ts: '1.0' });
    expect(afterEvent(removed, { kind: 'banner', text: '1×' })).toMatchObject({ messages: [], banner: '1×' });
  });
});

test('afterEvent takes the modals and the time of the practice whole', () => {
  const modal = { id: 'V1', title: {}, submit: null, close: null, blocks: [] };
  const time = { speed: 60, rate: 1, now: 0, waitingForPerson: true };
  const withModal = afterEvent(screen([message('1.0')]), { kind: 'modals', modals: [modal] });
  const after = afterEvent(withModal, { kind: 'practice', practice: { time, faults: [] } });
  expect(after).toMatchObject({ modals: [{ id: 'V1' }], practice: { time }, messages: [{ ts: '1.0' }] });
});

test('the first line of a message is its first that says something', () => {
  expect(firstLine('\n  \nHRP wave 1\nmore')).toBe('HRP wave 1');
  expect(firstLine('')).toBe('');
});

describe('isPushed', () => {
  const directory = {
    me: 'approver',
    channel: { id: 'C1', name: 'c' },
    people: [{ name: 'approver', userId: 'UA', realName: '', may: '' }],
    bot: { userId: 'U0', name: 'bot' },
  };
  const inThread = { thread_ts: '0.5' };

  test.each<[string, Partial<PageMessage>, boolean]>([
    ['a new message of the channel', {}, true],
    ["the person's own message", { user: 'UA' }, false],
    ['a reply', inThread, false],
    ['a reply that mentions the person', { ...inThread, text: 'Asked of <@UA>' }, true],
    ['a reply that mentions somebody else', { ...inThread, text: 'Asked of <@UB>' }, false],
    ['a reply to a user group', { ...inThread, text: '<!subteam^S1|@dr-approvers>' }, true],
    [
      'a mention that stands only in the blocks',
      { ...inThread, blocks: [{ type: 'section', block_id: 'b', text: { type: 'mrkdwn', text: '<@UA>' } }] },
      true,
    ],
    ['the answer to what they have just done', { ephemeral_user: 'UA' }, false],
    ['what only they see in a thread', { ...inThread, ephemeral_user: 'UA' }, true],
  ])('%s', (_what, more, expected) => {
    expect(isPushed(message('1.0', more), directory)).toBe(expected);
  });
});

test('replies stand below their first message, and alone when that is not shown', () => {
  const messages = [
    message('1.0', { thread_ts: '1.0' }),
    message('2.0'),
    message('3.0', { thread_ts: '1.0' }),
    message('4.0', { thread_ts: '0.5' }),
  ];
  const shape = threadsOf(messages).map(({ first, replies }) => [first.ts, ...replies.map(({ ts }) => ts)]);
  expect(shape).toEqual([['1.0', '3.0'], ['2.0'], ['4.0']]);
});
