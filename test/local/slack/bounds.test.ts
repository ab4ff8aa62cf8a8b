import { describe, expect, test } from 'vitest';
import { ResponseUrls, Triggers } from '../../../src/local/slack/interactions.ts';
import { KEPT } from '../../../src/local/slack/limits.ts';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import { SlackWorkspace } from '../../../src/local/slack/workspace.ts';

const CHANNEL = WORKSPACE.channelId;
const user = PEOPLE[0]?.userId ?? '';

function createWorkspace() {
  return new SlackWorkspace({ botToken: 'xoxb-practice' });
}

function times(count: number, act: (index: number) => void): void {
  for (let index = 0; index < count; index += 1) act(index);
}

describe('A day of practice fits in memory: the workspace keeps only the newest', () => {
  test('messages', () => {
    const workspace = createWorkspace();
    times(KEPT.messages + 10, (index) => workspace.post({ channel: CHANNEL, user, text: String(index) }));
    const kept = workspace.messages(CHANNEL);
    expect([kept.length, kept[0]?.text]).toEqual([KEPT.messages, '10']);
  });

  test('messages of which one is changed again and again, which is no new one', () => {
    const workspace = createWorkspace();
    const first = workspace.post({ channel: CHANNEL, user, text: 'card' });
    times(KEPT.messages, () => workspace.update(first, { text: 'changed' }));
    expect(workspace.messages(CHANNEL)).toHaveLength(1);
  });

  test('ephemeral messages', () => {
    const workspace = createWorkspace();
    times(KEPT.ephemerals + 10, (index) =>
      workspace.post({ channel: CHANNEL, user, text: String(index), visibleTo: user }),
    );
    const kept = workspace.ephemerals(CHANNEL, user);
    expect([kept.length, kept[0]?.text]).toEqual([KEPT.ephemerals, '10']);
  });

  test('modals, and never forgets an App Home for them', () => {
    const { stored } = createWorkspace();
    stored.views.put({ type: 'home', blocks: [] }, 'home', user);
    const modal = { type: 'modal', title: { type: 'plain_text', text: 'Why?' }, blocks: [] };
    times(KEPT.modals + 10, () => stored.views.put(modal, 'modal', user));
    expect(stored.views.modalsOf(user)).toHaveLength(KEPT.modals);
    expect(stored.views.homeOf(user)).toBeDefined();
  });

  test('uploads that were never finished, in number and in bytes', () => {
    const { stored } = createWorkspace();
    const first = stored.files.announce('first.txt', 1);
    times(KEPT.files, () => stored.files.announce('next.txt', 1));
    expect(stored.files.upload(first.fileId)).toBeUndefined();

    const half = Buffer.alloc(KEPT.fileBytes / 2);
    const [one, two, three] = ['one', 'two', 'three'].map((name) => stored.files.announce(name, half.length));
    for (const upload of [one, two, three]) if (upload !== undefined) stored.files.receive(upload, half);
    const held = [one, two, three].map((upload) => stored.files.upload(upload?.fileId ?? '') !== undefined);
    expect(held).toEqual([false, true, true]);
  });

  test('files, in bytes', () => {
    const { stored } = createWorkspace();
    const content = Buffer.alloc(KEPT.fileBytes / 2);
    const file = { name: 'f', title: 'f', mimetype: '', size: 0, user, created: 0, url_private: '', permalink: '' };
    for (const id of ['F1', 'F2', 'F3']) stored.files.put({ file: { ...file, id, channels: [] }, content });
    expect(stored.files.all().map((kept) => kept.file.id)).toEqual(['F2', 'F3']);
  });

  test('trigger ids', () => {
    const triggers = new Triggers(() => 0);
    const first = triggers.issue(user);
    times(KEPT.triggers, () => triggers.issue(user));
    expect(() => triggers.exchange(first)).toThrow('invalid_trigger_id');
  });

  test('response_urls', () => {
    const urls = new ResponseUrls(() => 0);
    const first = urls.issue({ channelId: CHANNEL, userId: user });
    times(KEPT.responseUrls, () => urls.issue({ channelId: CHANNEL, userId: user }));
    expect(() => urls.use(first)).toThrow('expired_url');
  });
});
