import { describe, expect, test } from 'vitest';
import { afterEvent, threadsOf } from '../../../../src/local/slack/page/feed-state.ts';
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
