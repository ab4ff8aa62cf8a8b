import { describe, expect, test } from 'vitest';
import {
  afterEvent,
  announcementOf,
  firstLine,
  isPushed,
  isSameThread,
  newestIn,
  newestOf,
  permalinkOf,
  SHOWN_MESSAGES,
  threadsOf,
  unreadIn,
} from '../../../../src/local/slack/page/feed-state.ts';
import type { PageMessage, Snapshot } from '../../../../src/local/slack/page/protocol.ts';

function message(ts: string, more: Partial<PageMessage> = {}): PageMessage {
  return { channel: 'C1', type: 'message', user: 'U1', team: 'T1', ts, text: `text of ${ts}`, ...more };
}

function screen(messages: PageMessage[]): Snapshot {
  return {
    directory: {
      me: 'approver',
      channels: [{ id: 'C1', name: 'c', hasBot: true }],
      people: [],
      userGroups: [],
      bot: { userId: 'U0', name: 'bot' },
    },
    hints: [],
    commands: [],
    shortcuts: [],
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

const directory = {
  me: 'approver',
  channels: [{ id: 'C1', name: 'c', hasBot: true }],
  people: [{ name: 'approver', userId: 'UA', realName: '', may: '' }],
  userGroups: [
    { id: 'S1', handle: 'dr-approvers', userIds: ['UA', 'UB'] },
    { id: 'S2', handle: 'dr-leads', userIds: ['UB'] },
  ],
  bot: { userId: 'U0', name: 'bot' },
};

describe('isPushed', () => {
  const inThread = { thread_ts: '0.5' };

  test.each<[string, Partial<PageMessage>, boolean]>([
    ['a new message of the channel', {}, true],
    ["the person's own message", { user: 'UA' }, false],
    ['a reply', inThread, false],
    ['a reply that was also sent to the channel', { ...inThread, subtype: 'thread_broadcast' }, true],
    ['a reply that mentions the person', { ...inThread, text: 'Asked of <@UA>' }, true],
    ['a reply that mentions somebody else', { ...inThread, text: 'Asked of <@UB>' }, false],
    ['a reply to a user group of theirs', { ...inThread, text: '<!subteam^S1|@dr-approvers>' }, true],
    ['a reply to a user group of others', { ...inThread, text: '<!subteam^S2>' }, false],
    ['a reply to everybody', { ...inThread, text: '<!here> look' }, true],
    [
      'a mention that stands only in the blocks',
      { ...inThread, blocks: [{ type: 'section', block_id: 'b', text: { type: 'mrkdwn', text: '<@UA>' } }] },
      true,
    ],
    ['the answer to what they have just done', { ephemeral_user: 'UA' }, false],
    ['an answer that names them', { ephemeral_user: 'UA', text: 'Asked by <@UA>' }, false],
    ['what only they see in a thread', { ...inThread, ephemeral_user: 'UA' }, true],
    ["Slackbot's refusal in a thread", { ...inThread, ephemeral_user: 'UA', user: 'USLACKBOT' }, false],
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
    message('5.0', { thread_ts: '1.0', subtype: 'thread_broadcast' }),
  ];
  const shape = threadsOf(messages).map(({ first, replies }) => [first.ts, ...replies.map(({ ts }) => ts)]);
  expect(shape).toEqual([['1.0', '3.0', '5.0'], ['2.0'], ['4.0'], ['5.0']]);
  expect(threadsOf(messages).at(-1)?.repliesTo).toBe(messages[0]);
});

describe('What is drawn again', () => {
  const card = message('1.0');
  const reply = message('2.0', { thread_ts: '1.0' });
  const other = message('3.0');
  const before = screen([card, reply, other]);

  test('is only what changed: every other message stays the same object', () => {
    const changed = message('2.0', { thread_ts: '1.0', text: 'new' });
    const after = afterEvent(before, { kind: 'message', message: changed, isNew: false })?.messages ?? [];
    expect(after.map((shown, place) => shown === before.messages[place])).toEqual([true, false, true]);
    const [was, alone] = threadsOf(before.messages);
    const [is, stillAlone] = threadsOf(after);
    expect(was && is && isSameThread(was, is)).toBe(false);
    expect(alone && stillAlone && isSameThread(alone, stillAlone)).toBe(true);
  });

  test('is nothing when the time is told', () => {
    const after = afterEvent(before, { kind: 'banner', text: '1×' });
    expect(after?.messages).toBe(before.messages);
    expect(after?.directory).toBe(before.directory);
  });
});

describe('A page that is open for a day', () => {
  function fill(count: number, more: (index: number) => Partial<PageMessage>) {
    let shown: Snapshot | undefined = screen([message('0.1', { channel: 'C2' }), message('0.5')]);
    for (let index = 1; index <= count; index += 1) {
      shown = afterEvent(shown, { kind: 'message', message: message(`${index}.0`, more(index)), isNew: true });
    }
    return shown?.messages ?? [];
  }

  test('shows the newest messages of a channel, and every one of another', () => {
    const messages = fill(SHOWN_MESSAGES * 3, () => ({}));
    expect(messages.length).toBeLessThan(SHOWN_MESSAGES * 2);
    expect(messages.length).toBeGreaterThanOrEqual(SHOWN_MESSAGES);
    expect(messages.at(-1)?.ts).toBe(`${SHOWN_MESSAGES * 3}.0`);
    expect(messages[0]?.channel).toBe('C2');
  });

  test('keeps the first message of a thread as long as one of its replies', () => {
    const messages = fill(SHOWN_MESSAGES * 3, () => ({ thread_ts: '0.5' }));
    expect(messages.map(({ ts }) => ts).slice(0, 2)).toEqual(['0.1', '0.5']);
    expect(messages.length).toBeLessThan(SHOWN_MESSAGES * 2);
  });
});

test('the newest messages come with the first ones of their threads', () => {
  const messages = [message('1.0'), message('2.0'), message('3.0', { thread_ts: '1.0' }), message('4.0')];
  expect(newestOf(messages, 2).map(({ ts }) => ts)).toEqual(['1.0', '3.0', '4.0']);
  expect(newestOf(messages, 4)).toBe(messages);
});

test('unread is what came after the last look and was not written by the reader', () => {
  const read = newestIn([message('1.0'), message('2.0')]);
  const messages = [
    message('1.0'),
    message('2.0'),
    message('3.0'),
    message('4.0', { user: 'UA' }),
    message('5.0', { thread_ts: '3.0' }),
    message('6.0', { channel: 'C2' }),
    message('10.0', { thread_ts: '3.0', text: 'for <@UA>' }),
  ];
  expect(unreadIn(messages, read, directory)).toEqual({ C1: 2, C2: 1 });
});

describe('A screen reader is told', () => {
  const seen = { place: 'C1', openThread: '0.5' };

  test.each<[string, Partial<PageMessage>, string]>([
    ['the answer to what the person did', { ephemeral_user: 'UA' }, 'text of 1.0'],
    ['a reply in the open thread', { thread_ts: '0.5', text: '*one*\ntwo' }, 'one'],
    ['nothing of another thread', { thread_ts: '0.7' }, ''],
    ['nothing of the own reply', { thread_ts: '0.5', user: 'UA' }, ''],
    ['nothing of what the phone shows', {}, ''],
    ['nothing of another channel', { channel: 'C2', ephemeral_user: 'UA' }, ''],
  ])('%s', (_what, more, expected) => {
    expect(announcementOf(message('1.0', more), directory, seen)).toBe(expected);
  });
});

test('a permalink names a channel and a message', () => {
  expect(permalinkOf('/archives/C2/p1700000000000100')).toEqual({ channelId: 'C2', anchor: 'p1700000000000100' });
  expect(permalinkOf('/archives/C2')).toBeUndefined();
});
