import { describe, expect, test, vi } from 'vitest';
import type { ExecutionView } from '../../src/domain/records.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { aWave } from '../blocks/fixtures/fleet.ts';
import { PLANNED_VIEWS } from '../blocks/fixtures/recovery.ts';
import {
  aBatchRecord,
  aDecidedGate,
  aGate,
  anExecution,
  aPlan,
  aView,
  ended,
  EXECUTION_ID as ID,
  LAUNCHING,
  minutes,
  START,
  viewsOfEveryState,
} from '../blocks/views.ts';
import { aBatchServer } from '../domain/fleet.ts';
import { BOT_TOKEN, FALLBACK, startWorld, type World } from './world.ts';

const CHANNEL = WORKSPACE.channelId;
const plan = aPlan();
const batches = [aBatchRecord()];
const ASKED = aView({ status: 'awaiting approval', planRevision: 1 }, { plan, gates: [aGate()], batches });
const APPROVED = { plan, gates: [aDecidedGate('approve')], batches };
const RESULT = 's3://results/wave-01.json';

/** A world in which the execution stands as in `view` and nothing is drawn yet. */
async function worldOf(view: ExecutionView): Promise<World> {
  const world = await startWorld();
  await world.put(view);
  return world;
}

const written = (world: World) => world.calls.filter((call) => call.startsWith('chat.') || call.startsWith('files.'));
const filesOf = (world: World) => world.workspace.files().map(({ file }) => file.name);

describe('drawing an execution', () => {
  test('posts its card, its thread and its question, each once and findable by its metadata', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    const [card] = world.shown(ID, 'card');
    expect(card).toMatchObject({ text: expect.stringContaining('waiting for approval') });
    expect(world.shown(ID, 'gate-approval-1')).toMatchObject([{ text: expect.stringContaining('Approve?') }]);
    expect(world.shown(ID, 'thread-plan-1')).toMatchObject([{ thread_ts: card?.ts }]);
    expect(world.workspace.messages(CHANNEL)).toHaveLength(4);
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'shown', ts: card?.ts });
  });

  test('sends nothing when nothing that is seen has changed', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    const before = written(world).length;
    await world.draw(ID, ID);
    await world.draw(ID);
    expect(written(world)).toHaveLength(before);
  });

  test('changes the messages whose drawing has changed, in their place, and leaves the others alone', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    const [card] = world.shown(ID, 'card');
    await world.put({ ...ASKED, gates: [aDecidedGate('approve', { version: 2 })] });
    const before = written(world).length;
    await world.draw(ID);
    // The question gives way to its record, and the thread tells it; the card says the same as before.
    expect(written(world).slice(before)).toEqual(['chat.update', 'chat.postMessage']);
    expect(world.shown(ID, 'gate-approval-1')).toMatchObject([{ text: expect.stringContaining('Approved by') }]);
    expect(world.shown(ID, 'card')).toEqual([card]);
  });

  test('tells each milestone once, however often and however late it draws', async () => {
    const world = await worldOf(aView(LAUNCHING, APPROVED));
    for (let times = 0; times < 3; times += 1) await world.draw(ID);
    await world.put(aView(ended('success', { succeeded: 3, failed: 0 }, { resultLocation: undefined }), APPROVED));
    await world.draw(ID);
    const [card] = world.shown(ID, 'card');
    const story = world.workspace.thread(CHANNEL, card?.ts ?? '').slice(1);
    expect(story.flatMap((reply) => reply.metadata?.event_payload.key ?? [])).toEqual([
      'thread-plan-1',
      'thread-opened-approval-1',
      'thread-decided-approval-1',
      'thread-launch',
      'thread-result',
      'thread-servers',
    ]);
  });

  test('posts once when stream and sweep draw the same unposted messages at the same moment', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'unavailable', { key: 'card' });
    await world.draw(ID);
    expect(world.shown(ID, 'card')).toHaveLength(0);
    await Promise.all([world.draw(ID), world.sweep(), world.draw(ID), world.sweep()]);
    for (const key of ['card', 'gate-approval-1', 'thread-plan-1']) {
      expect(world.shown(ID, key).length, key).toBeLessThanOrEqual(1);
    }
    expect(world.shown(ID, 'card')).toHaveLength(1);
    await world.sweep();
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'shown' });
  });

  test('of two claims on an unposted message one passes, and a claim ends by itself', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'unavailable', { key: 'card' });
    await world.draw(ID);
    const card = { executionId: ID, key: 'card' };
    const now = (await world.message(ID, 'card'))?.startTime ?? 0;
    const claims = await Promise.all([1, 2, 3].map(() => world.store.claimMessage(card, now + minutes(1))));
    expect(claims.filter((passed) => passed)).toHaveLength(1);
    // While it is claimed, nobody else posts it.
    await world.draw(ID);
    expect(world.shown(ID, 'card')).toHaveLength(0);
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'dirty' });
    await world.advance(minutes(2));
    await world.sweep();
    expect(world.shown(ID, 'card')).toHaveLength(1);
  });

  test('does not change what was told, also when it would be told otherwise now', async () => {
    const world = await worldOf(aView(LAUNCHING));
    await world.draw(ID);
    const told = world.shown(ID, 'thread-launch');
    expect(told).toHaveLength(1);
    await world.put(aView(LAUNCHING, APPROVED));
    await world.draw(ID);
    expect(world.shown(ID, 'thread-launch')).toEqual(told);
  });

  test('many changes of an execution in one delivery are one drawing of its newest state', async () => {
    const world = await worldOf(ASKED);
    expect(await world.draw(...Array<string>(20).fill(ID))).toEqual({ batchItemFailures: [] });
    expect(world.calls.filter((call) => call === 'chat.postMessage')).toHaveLength(4);
  });

  test.each(['MESSAGE#card', 'LOCK', 'CATALOGUE'])('a change of the item %s draws nothing', async (item) => {
    const world = await worldOf(ASKED);
    await world.deliverItem(ID, item);
    expect(world.calls).toEqual([]);
  });

  test.each(['EXECUTION', 'PLAN#01', 'BATCH#x', 'GATE#approval-1', 'WAVE#01'])(
    'a change of the item %s draws the execution',
    async (item) => {
      const world = await worldOf(ASKED);
      await world.deliverItem(ID, item);
      expect(world.shown(ID, 'card')).toHaveLength(1);
    },
  );

  test('an execution that is not stored draws nothing and fails nothing', async () => {
    const world = await startWorld();
    expect(await world.draw(ID)).toEqual({ batchItemFailures: [] });
    expect(world.calls).toEqual([]);
  });

  test('never shows or logs the task token, nor the bot’s token', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.update', 'unavailable', { times: 9 });
    await world.draw(ID);
    const seen = JSON.stringify([world.workspace.messages(CHANNEL), world.logLines]);
    expect(seen).not.toContain('AQDRTASK');
    expect(seen).not.toContain(BOT_TOKEN);
  });
});

describe('a post whose answer is lost', () => {
  test.each(['card', 'gate-approval-1', 'thread-plan-1'])('%s is not posted twice', async (key) => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'lost answer', { key });
    await world.draw(ID);
    await world.sweep();
    await world.sweep();
    const [message, ...more] = world.shown(ID, key);
    expect(more).toEqual([]);
    expect(await world.message(ID, key)).toMatchObject({ status: 'shown', ts: message?.ts });
    expect(world.workspace.messages(CHANNEL)).toHaveLength(4);
  });

  test('is found again although the answers of all tries are lost and the function dies in between', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'lost answer', { key: 'card', times: 5 });
    for (let times = 0; times < 4; times += 1) await world.draw(ID);
    await world.sweep();
    expect(world.shown(ID, 'card')).toHaveLength(1);
  });

  test('because Slack carries it out after the client gave up is found, when that is soon', async () => {
    const world = await worldOf(ASKED);
    const carryOut = world.holdNext('chat.postMessage');
    await world.draw(ID);
    await world.sweep();
    expect(world.shown(ID, 'card')).toEqual([]);
    await carryOut();
    await world.advance(20_000);
    await world.sweep();
    const [card, ...more] = world.shown(ID, 'card');
    expect(more).toEqual([]);
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'shown', ts: card?.ts });
  });

  test('another execution’s card is not taken for it', async () => {
    const world = await worldOf(ASKED);
    const other = ID.replace('abcdef01', 'abcdef02');
    await world.put({
      execution: anExecution({ executionId: other }),
      earlierPlans: [],
      gates: [],
      batches: [],
      waves: [],
    });
    await world.draw(other);
    await world.store.createMessage({
      executionId: ID,
      key: 'card',
      channelId: CHANNEL,
      status: 'intent',
      startTime: 0,
    });
    await world.draw(ID);
    expect(world.shown(ID, 'card')).toHaveLength(1);
    expect(world.shown(other, 'card')).toHaveLength(1);
  });
});

describe('when Slack cannot take a message now', () => {
  test.each(['unavailable', 'rate limited', { refused: 'internal_error' }] as const)(
    '%j: it is kept as dirty and swept, and the others are drawn',
    async (fault) => {
      const world = await worldOf(ASKED);
      world.failNext('chat.postMessage', fault, { key: 'gate-approval-1', times: 9 });
      expect(await world.draw(ID)).toEqual({ batchItemFailures: [] });
      expect(world.shown(ID, 'card')).toHaveLength(1);
      expect(world.shown(ID, 'gate-approval-1')).toEqual([]);
      expect(await world.message(ID, 'gate-approval-1')).toMatchObject({ status: 'dirty' });
    },
  );

  test('a short wait that Slack asks for is kept on the spot, once; a long one is not waited for', async () => {
    const world = await startWorld({ canWait: true });
    await world.put(ASKED);
    world.failNext('chat.postMessage', 'too fast', { key: 'card' });
    world.failNext('chat.postMessage', 'rate limited', { key: 'gate-approval-1' });
    await world.draw(ID);
    expect(world.waits).toEqual([3_000]);
    expect(world.shown(ID, 'card')).toHaveLength(1);
    expect(world.shown(ID, 'gate-approval-1')).toEqual([]);
    expect(await world.message(ID, 'gate-approval-1')).toMatchObject({ status: 'dirty' });

    world.failNext('chat.update', 'too fast', { key: 'card', times: 9 });
    await world.put(aView(LAUNCHING, APPROVED));
    await world.draw(ID);
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'dirty' });
  });

  test('a channel that takes one post a second gets them all, one after the other', async () => {
    const world = await startWorld({ canWait: true });
    await world.put(ASKED);
    const keys = ['card', 'gate-approval-1', 'thread-plan-1', 'thread-opened-approval-1'];
    for (const key of keys) world.failNext('chat.postMessage', 'too fast', { key });
    await world.draw(ID);
    for (const key of keys) expect(world.shown(ID, key), key).toHaveLength(1);
    expect(world.waits).toEqual([3_000, 3_000, 3_000, 3_000]);
  });

  test('what Slack wants later is not tried before, by nobody', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'rate limited', { key: 'gate-approval-1' });
    await world.draw(ID);
    const before = world.calls.length;
    await world.advance(29_000);
    expect(await world.sweep()).toEqual({ drawn: 0 });
    await world.draw(ID);
    expect(world.calls).toHaveLength(before);
    await world.advance(1_000);
    expect(await world.sweep()).toEqual({ drawn: 1 });
    expect(world.shown(ID, 'gate-approval-1')).toHaveLength(1);
  });

  test('what it took is measured from the change, once a message; one that stays is counted until it is shown', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'unavailable', { key: 'gate-approval-1', times: 99 });
    await world.draw(ID);
    const atOnce = world.measured('SlackDeliverySeconds');
    expect(atOnce.length).toBeGreaterThanOrEqual(2);
    for (const seconds of atOnce) expect(seconds).toBeLessThan(1);

    await world.sweep();
    await world.advance(121_000);
    // A later change of the same execution does not make the message younger.
    await world.draw(ID);
    await world.sweep();
    expect(world.measured('UndeliveredMessages')).toEqual([0, 1]);
    expect(world.measured('SlackDeliverySeconds')).toEqual(atOnce);

    world.endFaults();
    await world.sweep();
    const [late, ...more] = world.measured('SlackDeliverySeconds').slice(atOnce.length);
    expect(more).toEqual([]);
    expect(late).toBeGreaterThanOrEqual(121);
    expect(world.measured('UndeliveredMessages')).toEqual([0, 1, 0]);
    await world.draw(ID);
    expect(world.measured('SlackDeliverySeconds')).toHaveLength(atOnce.length + 1);
    expect(await world.message(ID, 'gate-approval-1')).not.toHaveProperty('waitingSince');
  });

  test('the sweep draws it once Slack can, and then no more', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'rate limited', { key: 'gate-approval-1' });
    await world.draw(ID);
    await world.advance(30_000);
    expect(await world.sweep()).toEqual({ drawn: 1 });
    expect(world.shown(ID, 'gate-approval-1')).toHaveLength(1);
    expect(await world.message(ID, 'gate-approval-1')).toMatchObject({ status: 'shown' });
    expect(await world.sweep()).toEqual({ drawn: 0 });
  });

  test('the thread waits for its card', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'rate limited', { key: 'card' });
    await world.draw(ID);
    expect(world.shown(ID, 'thread-plan-1')).toEqual([]);
    await world.advance(30_000);
    await world.sweep();
    const [card] = world.shown(ID, 'card');
    expect(world.shown(ID, 'thread-plan-1')).toMatchObject([{ thread_ts: card?.ts }]);
  });

  test('an update that failed is made up for, and shows the newest state', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    world.failNext('chat.update', 'rate limited', { key: 'card' });
    await world.put(aView(LAUNCHING, APPROVED));
    await world.draw(ID);
    expect(world.shown(ID, 'card')).toMatchObject([{ text: expect.stringContaining('waiting for approval') }]);
    await world.advance(30_000);
    await world.sweep();
    expect(world.shown(ID, 'card')).toMatchObject([{ text: expect.stringContaining('launching') }]);
    expect(await world.sweep()).toEqual({ drawn: 0 });
  });

  test('a drawing that is back at what was shown last is not swept for ever', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    const shown = await world.message(ID, 'card');
    if (shown === undefined) throw new Error('no card');
    await world.store.putMessage({ ...shown, status: 'dirty' });
    await world.sweep();
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'shown' });
  });

  test('a sweep that dies behind the card leaves the rest to the next one', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', 'unavailable', { key: 'card' });
    await world.draw(ID);
    // It is stopped when the card is posted, and nothing behind it.
    const stopped = Promise.withResolvers<void>();
    const revived = Promise.withResolvers<void>();
    let posts = 0;
    world.onCall = async (method) => {
      if (method !== 'chat.postMessage') return;
      posts += 1;
      // Only this call: what others wait for would take the client's ten seconds.
      if (posts !== 2) return;
      stopped.resolve();
      await revived.promise;
    };
    const dying = world.sweep();
    await stopped.promise;
    expect([...world.shown(ID, 'card'), ...world.shown(ID, 'thread-plan-1')]).toHaveLength(1);
    await world.advance(minutes(1));
    await world.nextSweep();
    expect(world.shown(ID, 'thread-plan-1')).toHaveLength(1);
    world.failNext('chat.postMessage', 'unavailable', { key: 'thread-plan-1' });
    revived.resolve();
    await dying;
    await world.nextSweep();
    expect(world.shown(ID, 'thread-plan-1')).toHaveLength(1);
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'shown' });
  });

  test('a note that it has to be drawn again outlives a drawing that was under way', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    await world.put(aView(LAUNCHING, APPROVED));
    world.onCall = async (method) => {
      if (method === 'chat.update') await world.store.markDirty(ID, 'card', 'it waits for Slack');
    };
    await world.draw(ID);
    world.onCall = async () => {};
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'dirty', ts: expect.any(String) });
    await world.sweep();
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'shown' });
  });

  test('a card that was dirty already and cannot be drawn stays dirty, although all else is drawn', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    await world.store.markDirty(ID, 'card', 'it waits for Slack');
    await world.put(aView(LAUNCHING, APPROVED));
    world.failNext('chat.update', 'unavailable', { key: 'card' });
    await world.draw(ID);
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'dirty' });
  });

  test('what is not to be said any more is not swept for ever', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    await world.store.markDirty(ID, 'thread-wave-2-begun', 'it waits for Slack');
    await world.sweep();
    expect(await world.sweep()).toEqual({ drawn: 0 });
    expect(world.workspace.messages(CHANNEL)).toHaveLength(4);
  });

  test('one execution’s trouble is not another’s', async () => {
    const world = await worldOf(ASKED);
    const other = ID.replace('abcdef01', 'abcdef02');
    await world.put({
      execution: anExecution({ executionId: other }),
      earlierPlans: [],
      gates: [],
      batches: [],
      waves: [],
    });
    world.failNext('chat.postMessage', 'unavailable', { key: 'card' });
    await world.draw(ID, other);
    expect(world.shown(other, 'card')).toHaveLength(1);
  });
});

describe('when nothing can be drawn at all', () => {
  test('as long as the secret is broken, the card is left to the sweep, which posts it later', async () => {
    const world = await worldOf(ASKED);
    world.setSecret(undefined);
    expect(await world.draw(ID)).toEqual({ batchItemFailures: [] });
    expect(world.workspace.messages(CHANNEL)).toEqual([]);
    world.setSecret(BOT_TOKEN);
    expect(await world.sweep()).toEqual({ drawn: 1 });
    expect(world.shown(ID, 'card')).toHaveLength(1);
    expect(world.shown(ID, 'gate-approval-1')).toHaveLength(1);
    expect(await world.sweep()).toEqual({ drawn: 0 });
  });

  test.each(['invalid_auth', 'token_revoked', 'account_inactive', 'not_authed'])(
    '%s is over when the token has been replaced: the question is not lost',
    async (refused) => {
      const world = await worldOf(ASKED);
      world.failNext('chat.postMessage', { refused }, { times: 2 });
      await world.draw(ID);
      await world.sweep();
      expect(world.shown(ID, 'gate-approval-1')).toHaveLength(1);
      expect(world.shown(ID, 'card')).toHaveLength(1);
    },
  );
});

describe('when Slack refuses a message for good', () => {
  test('that is recorded, it is not tried again, and the other messages are drawn', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.postMessage', { refused: 'invalid_blocks' }, { key: 'card', times: 9 });
    expect(await world.draw(ID)).toEqual({ batchItemFailures: [] });
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'undeliverable', error: 'invalid_blocks' });
    expect(world.shown(ID, 'gate-approval-1')).toHaveLength(1);
    const before = world.calls.length;
    expect(await world.sweep()).toEqual({ drawn: 0 });
    await world.draw(ID);
    expect(world.calls).toHaveLength(before);
    expect(world.logLines.join('\n')).toContain('invalid_blocks');
    expect(world.measured('UndeliverableMessages')).toEqual([1]);
    expect(world.measured('UndeliveredMessages')).toEqual([0]);
  });

  test('a message that somebody has deleted is not posted anew', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    const [card] = world.shown(ID, 'gate-approval-1');
    await world.client.chat.delete({ channel: CHANNEL, ts: card?.ts ?? '' });
    await world.put({ ...ASKED, gates: [aDecidedGate('approve', { version: 2 })] });
    await world.draw(ID);
    expect(world.shown(ID, 'gate-approval-1')).toEqual([]);
    expect(await world.message(ID, 'gate-approval-1')).toMatchObject({ error: 'message_not_found' });
    expect(world.shown(ID, 'thread-decided-approval-1')).toHaveLength(1);
  });
});

describe('the result file', () => {
  const OVER = aView(ended('success', { succeeded: 3, failed: 0 }), APPROVED);

  async function overWorld(): Promise<World> {
    const world = await worldOf(OVER);
    await world.putResult(RESULT, '{"status":"success"}');
    return world;
  }

  test('is in the card’s thread, once', async () => {
    const world = await overWorld();
    for (let times = 0; times < 3; times += 1) await world.draw(ID);
    expect(filesOf(world)).toEqual(['drill-servers-abcdef01.csv', 'drill-result-abcdef01.json']);
    expect(world.workspace.files()[1]?.content.toString('utf8')).toBe('{"status":"success"}');
    const [card] = world.shown(ID, 'card');
    const thread = world.workspace.thread(CHANNEL, card?.ts ?? '');
    expect(thread.filter((reply) => reply.files !== undefined)).toHaveLength(2);
    expect(world.workspace.files()[0]?.content.toString('utf8')).toMatch(/^accountId,wave,hostname,/);
  });

  test('is not uploaded twice when the answer is lost', async () => {
    const world = await overWorld();
    world.failNext('files.completeUploadExternal', 'lost answer');
    await world.draw(ID);
    await world.sweep();
    expect(filesOf(world)).toEqual(['drill-servers-abcdef01.csv', 'drill-result-abcdef01.json']);
    expect(await world.message(ID, 'file-result')).toMatchObject({ status: 'shown' });
  });

  test('is uploaded also when all that is stored of it is that it has to be', async () => {
    const world = await overWorld();
    // Noted between the reading of the execution and the upload.
    world.onCall = async (method) => {
      const isFirst = method === 'files.completeUploadExternal' && world.workspace.files().length < 2;
      if (isFirst) await world.store.markDirty(ID, 'file-result', 'it waits for Slack');
    };
    await world.draw(ID);
    expect(filesOf(world)).toEqual(['drill-servers-abcdef01.csv', 'drill-result-abcdef01.json']);
  });

  test('is there also when another drawing noted it as dirty while it was uploaded', async () => {
    const world = await overWorld();
    let uploads = 0;
    world.onCall = async (method) => {
      uploads += method === 'files.completeUploadExternal' ? 1 : 0;
      if (uploads === 2) await world.store.markDirty(ID, 'file-result', 'it waits for Slack');
    };
    await world.draw(ID);
    world.onCall = async () => {};
    expect(await world.message(ID, 'file-result')).toMatchObject({ status: 'dirty', ts: expect.any(String) });
    await world.sweep();
    expect(filesOf(world)).toEqual(['drill-servers-abcdef01.csv', 'drill-result-abcdef01.json']);
    expect(await world.message(ID, 'file-result')).toMatchObject({ status: 'shown' });
  });

  test('comes later when it cannot be read yet', async () => {
    const world = await worldOf(OVER);
    await world.draw(ID);
    expect(filesOf(world)).toEqual(['drill-servers-abcdef01.csv']);
    expect(await world.message(ID, 'file-result')).toMatchObject({ status: 'dirty' });
    await world.putResult(RESULT, '{}');
    await world.sweep();
    expect(filesOf(world)).toHaveLength(2);
  });

  test('does not come before the end, nor without a result', async () => {
    const world = await worldOf(aView(LAUNCHING, APPROVED));
    await world.draw(ID);
    const stopped = viewsOfEveryState()['preflight stopped'];
    if (stopped === undefined) throw new Error('no such view');
    const other = ID.replace('abcdef01', 'abcdef02');
    await world.put({ ...stopped, execution: { ...stopped.execution, executionId: other } });
    await world.draw(other);
    expect(filesOf(world)).toEqual([]);
  });
});

describe('Slack’s pace', () => {
  const RUNNING = aView(LAUNCHING, APPROVED);
  const launched = (servers: number) =>
    aView(LAUNCHING, {
      ...APPROVED,
      batches: [
        aBatchRecord({
          servers: [1, 2, 3].map((number) => aBatchServer(number, number <= servers ? { state: 'launched' } : {})),
        }),
      ],
    });

  /** Moves the servers of the stored batch, as their executor's reports would. */
  async function launch(world: World, servers: number): Promise<void> {
    const { execution, batches } = launched(servers);
    for (const [index, server] of (batches[0]?.servers ?? []).entries()) {
      if (server.state !== 'launched') continue;
      const batch = await world.store.getBatch(execution.executionId, batches[0]?.batchId ?? '');
      if (batch === undefined) throw new Error('no batch');
      await world.store.replaceBatch({
        ...batch,
        status: 'running',
        servers: batch.servers.map((other, at) => (at === index ? { ...other, state: 'launched' as const } : other)),
      });
    }
  }

  test('a message is changed at most once in three seconds, and then shows the newest state', async () => {
    const world = await startWorld({ canWait: true });
    await world.put(RUNNING);
    await world.draw(ID);
    await launch(world, 1);
    const updates = () => world.calls.filter((call) => call === 'chat.update').length;
    await world.draw(ID);
    expect([updates(), world.waits]).toEqual([1, [3_000]]);
    // Two more changes while nothing may be sent: one update, of the last.
    await launch(world, 2);
    world.onWait = () => launch(world, 3);
    await world.draw(ID);
    expect(updates()).toBe(2);
    expect(world.waits).toEqual([3_000, 3_000]);
    expect(JSON.stringify(world.shown(ID, 'card'))).toContain('3 of 3 servers launched');
  });

  test('a change that comes later than that is shown at once', async () => {
    const world = await startWorld({ canWait: true });
    await world.put(RUNNING);
    await world.draw(ID);
    vi.setSystemTime(Date.now() + 3_000);
    await launch(world, 1);
    await world.draw(ID);
    expect(world.waits).toEqual([]);
    expect(JSON.stringify(world.shown(ID, 'card'))).toContain('1 of 3 servers launched');
  });
});

describe('an hour without Slack', () => {
  test('nothing fails, nothing is lost, and the cards are right within seconds after it is back', async () => {
    const world = await startWorld({ canWait: true });
    const other = ID.replace('abcdef01', 'abcdef02');
    await world.put(ASKED);
    await world.put({ ...viewOfOther(other) });
    world.setDown(true);
    expect(await world.draw(ID, other)).toEqual({ batchItemFailures: [] });
    await world.put(aView(LAUNCHING, APPROVED));
    expect(await world.draw(ID)).toEqual({ batchItemFailures: [] });
    await world.sweep();
    expect(world.workspace.messages(CHANNEL)).toEqual([]);

    // It looks every five seconds while something is dirty, and not longer than its minute.
    expect(world.waits.filter((ms) => ms === 5_000).length).toBeGreaterThanOrEqual(8);
    expect(world.waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(55_000);

    world.setDown(false);
    const before = world.waits.length;
    expect(await world.sweep()).toEqual({ drawn: 2 });
    expect(world.waits.length - before).toBeLessThanOrEqual(1);
    expect(world.shown(ID, 'card')).toMatchObject([{ text: expect.stringContaining('launching') }]);
    expect(world.shown(ID, 'gate-approval-1')).toMatchObject([{ text: expect.stringContaining('Approved by') }]);
    expect(world.shown(other, 'card')).toHaveLength(1);
  });

  test('a Slack that answers nothing does not hold up the stream: what there is no time for is swept', async () => {
    const world = await startWorld({ canWait: true });
    const others = [2, 3, 4, 5, 6, 7, 8].map((number) => ID.replace('abcdef01', `abcdef0${number}`));
    await world.put(ASKED);
    for (const other of others) await world.put(viewOfOther(other));
    // Each call takes as long as one that is given up.
    world.onCall = async () => void vi.setSystemTime(Date.now() + 10_000);
    world.setDown(true);
    expect(await world.draw(ID, ...others)).toEqual({ batchItemFailures: [] });
    expect(world.calls.length).toBeLessThanOrEqual(5);
    world.onCall = async () => {};
    world.setDown(false);
    await world.sweep();
    for (const id of [ID, ...others]) expect(world.shown(id, 'card'), id).toHaveLength(1);
  });
});

describe('a closed channel', () => {
  test.each(['archived', 'bot removed'] as const)('%s: the card goes to the fallback channel, once', async (how) => {
    const world = await startWorld({ fallback: FALLBACK });
    await world.put(ASKED);
    world.closeChannel(how);
    await world.draw(ID);
    const [card, ...more] = world.shown(ID, 'card', FALLBACK);
    expect(more).toEqual([]);
    expect(JSON.stringify(card?.blocks)).toContain(`Meant for <#${CHANNEL}>`);
    expect(world.shown(ID, 'gate-approval-1', FALLBACK)).toHaveLength(1);
    expect(world.shown(ID, 'thread-plan-1', FALLBACK)).toMatchObject([{ thread_ts: card?.ts }]);
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'shown', channelId: FALLBACK, movedFrom: CHANNEL });

    await world.put({ ...ASKED, gates: [aDecidedGate('approve', { version: 2 })] });
    await world.draw(ID);
    await world.sweep();
    expect(world.shown(ID, 'gate-approval-1', FALLBACK)).toMatchObject([{ text: expect.stringContaining('Approved') }]);
    expect(world.shown(ID, 'thread-decided-approval-1', FALLBACK)).toHaveLength(1);
    expect(world.workspace.messages(CHANNEL)).toEqual([]);
    expect(await world.sweep()).toEqual({ drawn: 0 });
  });

  test('closed while it runs: the card goes on in the fallback channel, and its thread with it', async () => {
    const world = await startWorld({ fallback: FALLBACK });
    await world.put(ASKED);
    await world.draw(ID);
    world.closeChannel('archived');
    await world.put(aView(LAUNCHING, APPROVED));
    await world.draw(ID);
    await world.sweep();
    const [card] = world.shown(ID, 'card', FALLBACK);
    expect(card?.text).toContain('launching');
    expect(world.shown(ID, 'thread-launch', FALLBACK)).toMatchObject([{ thread_ts: card?.ts }]);
    expect(await world.sweep()).toEqual({ drawn: 0 });
  });

  test('a thread that can go nowhere brings its card along', async () => {
    const world = await startWorld({ fallback: FALLBACK });
    await world.put(aView(LAUNCHING, APPROVED));
    world.failNext('chat.postMessage', 'unavailable', { key: 'thread-launch' });
    await world.draw(ID);
    world.closeChannel('archived');
    await world.sweep();
    await world.sweep();
    const [card] = world.shown(ID, 'card', FALLBACK);
    expect(world.shown(ID, 'thread-launch', FALLBACK)).toMatchObject([{ thread_ts: card?.ts }]);
  });

  test.each([
    ['there is no fallback channel', undefined],
    ['it is the fallback channel', CHANNEL],
  ])('archived, and %s: it is recorded and not tried again', async (_, fallback) => {
    const world = await startWorld({ fallback });
    await world.put(ASKED);
    world.closeChannel('archived');
    await world.draw(ID);
    const card = await world.message(ID, 'card');
    expect(card).toMatchObject({ status: 'undeliverable', error: 'is_archived' });
    expect(card?.movedFrom).toBeUndefined();
    const before = world.calls.length;
    await world.draw(ID);
    expect(await world.sweep()).toEqual({ drawn: 0 });
    expect(world.calls).toHaveLength(before);
  });

  test('a fallback channel that is closed, too, ends it', async () => {
    const world = await startWorld({ fallback: 'C0NOWHERE01' });
    await world.put(ASKED);
    world.closeChannel('archived');
    await world.draw(ID);
    const posts = world.calls.filter((call) => call === 'chat.postMessage').length;
    expect(posts).toBeLessThanOrEqual(4);
    expect(await world.message(ID, 'card')).toMatchObject({ movedFrom: CHANNEL, status: 'dirty' });
    // Another one that is configured then does not make it wander.
    world.setFallback(FALLBACK);
    await world.advance(minutes(1));
    await world.sweep();
    expect(world.shown(ID, 'card', FALLBACK)).toEqual([]);
  });

  test('without a fallback a bot that is invited again shows its card', async () => {
    const world = await worldOf(ASKED);
    world.closeChannel('bot removed');
    await world.draw(ID);
    expect(await world.message(ID, 'card')).toMatchObject({ status: 'dirty', error: 'not_in_channel' });
    // It is not asked every five seconds.
    expect(await world.sweep()).toEqual({ drawn: 0 });
    world.openChannel();
    await world.advance(minutes(1));
    await world.sweep();
    expect(world.shown(ID, 'card')).toHaveLength(1);
  });
});

describe('messages beside a gate', () => {
  const reminders = [START + minutes(15)];

  test('a reminder is a new message with a link to the question, redrawn once that is settled', async () => {
    const world = await worldOf(ASKED);
    await world.draw(ID);
    const gate = (await world.store.getGate(ID, 'approval-1')) ?? aGate();
    await world.store.decideGate({ ...gate, reminders, version: 2 }, { version: 1 });
    await world.draw(ID);
    const [question] = world.shown(ID, 'gate-approval-1');
    const [reminder] = world.shown(ID, 'gate-approval-1-reminder-1');
    expect(reminder?.thread_ts).toBeUndefined();
    expect(reminder?.text).toContain('<@U0PAPPROVE1>');
    expect(JSON.stringify(reminder?.blocks)).toContain(`/archives/${CHANNEL}/p${question?.ts.replace('.', '')}|Open`);

    const decided = aDecidedGate('approve', { reminders, version: 3 });
    await world.store.decideGate(decided, { version: 2 });
    await world.draw(ID);
    expect(world.shown(ID, 'gate-approval-1-reminder-1')).toMatchObject([
      { ts: reminder?.ts, text: expect.stringContaining('no longer open') },
    ]);
  });

  test('the link comes later when Slack did not say the address of the question, without another post or update of it', async () => {
    const world = await worldOf(ASKED);
    world.failNext('chat.getPermalink', 'unavailable', { times: 9 });
    await world.draw(ID);
    const gate = (await world.store.getGate(ID, 'approval-1')) ?? aGate();
    await world.store.decideGate({ ...gate, reminders, version: 2 }, { version: 1 });
    const decided = aDecidedGate('approve', { reminders, version: 3 });
    await world.store.decideGate(decided, { version: 2 });
    await world.draw(ID);
    const reminder = () => JSON.stringify(world.shown(ID, 'gate-approval-1-reminder-1')[0]?.blocks);
    expect(reminder()).toContain('See the record above.');
    world.endFaults();
    const { length: callsBefore } = world.calls;
    await world.sweep();
    await world.sweep();
    const [question] = world.shown(ID, 'gate-approval-1');
    expect(reminder()).toContain(`/archives/${CHANNEL}/p${question?.ts.replace('.', '')}|See the record`);
    // The address of the question, and the reminder.
    expect(world.calls.slice(callsBefore)).toEqual(['chat.getPermalink', 'chat.update']);
    expect(await world.sweep()).toEqual({ drawn: 0 });
    expect(world.measured('UndeliveredMessages').every((count) => count === 0)).toBe(true);
  });

  test('what needs people is shown in the channel, too', async () => {
    const world = await worldOf(
      aView(ended('success', { succeeded: 3, failed: 0 }, { resultLocation: undefined }), APPROVED),
    );
    await world.draw(ID);
    expect(world.shown(ID, 'thread-result')).toMatchObject([{ subtype: 'thread_broadcast' }]);
    expect(world.shown(ID, 'thread-launch')[0]?.subtype).toBeUndefined();
  });
});

describe('an execution by a recovery plan', () => {
  test('shows its plan, tells each action once when it has ended, and says what is late by now', async () => {
    const view = PLANNED_VIEWS['by plan: wave 2 runs and is late'] ?? ASKED;
    const world = await worldOf({ ...view, plan: undefined });
    await world.advance(START + minutes(58) - (await world.now()));
    await world.deliverItem(ID, 'ACTION#w02-0pre-01-a02');
    await world.draw(ID);
    expect(JSON.stringify(world.shown(ID, 'card'))).toContain('Recovery plan *HRP full*, version 3');
    expect(JSON.stringify(world.shown(ID, 'card'))).toContain('late: over its RTO target 15 min');
    expect(world.shown(ID, 'thread-action-2-pre-1-1')).toMatchObject([{ subtype: 'thread_broadcast' }]);
    const [done, ...others] = world.shown(ID, 'thread-action-2-pre-1-2');
    expect(others).toEqual([]);
    expect(JSON.stringify(done?.blocks)).toContain('SSM document DR-SwitchDns in `111111111111`, us-east-2, `8f0d1c62');
    expect(done?.subtype).toBeUndefined();
  });
});

describe('how long a wave takes', () => {
  /** The day before: what ends after a request is no earlier run of it. */
  const EARLIER = START - minutes(24 * 60);
  const wave = (executionId: string, took: number) =>
    aWave(1, 'success', [10, 10 + took], { executionId, startedAt: EARLIER, endedAt: EARLIER + minutes(took) });
  const idOf = (number: number) => ID.replace('abcdef01', `abcdef${10 + number}`);
  const over = (executionId: string, took: number): ExecutionView => {
    const view = aView({
      ...ended('success', { succeeded: 3, failed: 0 }, { resultLocation: undefined }),
      executionId,
    });
    return { ...view, execution: { ...view.execution, startTime: EARLIER }, waves: [wave(executionId, took)] };
  };

  test('is the median of the last successful runs, without the run itself', async () => {
    const world = await worldOf(aView(LAUNCHING, APPROVED));
    await world.draw(ID);
    expect(JSON.stringify(world.shown(ID, 'card'))).not.toContain('earlier runs');
    for (const [number, took] of [12, 40, 14].entries()) {
      await world.put(over(idOf(number), took));
      await world.draw(idOf(number));
      await world.draw(idOf(number));
      const card = JSON.stringify(world.shown(idOf(number), 'card'));
      expect(card).toContain('completed');
      if (number === 0) expect(card).not.toMatch(/earlier runs/i);
    }
    await world.draw(ID);
    expect(JSON.stringify(world.shown(ID, 'card'))).toContain('earlier runs took 14 min');
    const [kept] = await world.store.getDurations({ verb: 'drill', application: 'HRP' });
    expect(kept?.runs).toHaveLength(3);
  });

  test('is for a recovery plan what its own runs took, else what it says itself, before the launch, too', async () => {
    const world = await worldOf(PLANNED_VIEWS['by plan: awaiting approval'] ?? ASKED);
    await world.put(over(idOf(1), 40));
    await world.draw(idOf(1), ID);
    const card = () => JSON.stringify(world.shown(ID, 'card'));
    expect(card()).toContain('*Wave 1 · Databases* 30 servers · expected 15 min (the plan’s estimate)');
    expect(card()).toContain('*Wave 2 · Application servers* 48 servers · RTO target');
    const byPlan = PLANNED_VIEWS['by plan: completed, to be terminated'];
    if (byPlan === undefined) throw new Error('there is no such view');
    const { recoveryPlan, ...rest } = byPlan;
    const executionId = idOf(2);
    const mine = <T extends object>(all: T[]) => all.map((one) => ({ ...one, executionId }));
    await world.put({
      ...rest,
      execution: { ...rest.execution, executionId },
      gates: [],
      waves: mine(rest.waves).map((one) => ({
        ...one,
        startedAt: one.startedAt - START + EARLIER,
        endedAt: one.endedAt - START + EARLIER,
      })),
      plan: undefined,
      actions: [],
    });
    await world.draw(executionId, ID);
    expect(card()).toContain('expected 14 min (earlier runs)');
  });

  test('of a rest of something, or of a drill’s instances, teaches nothing', async () => {
    const view = over(ID, 12);
    const recoveryPlan = { planId: 'rest', planName: 'rest', version: 0, waves: [{ wave: 1, waveName: 'rest' }] };
    const world = await worldOf({ ...view, execution: { ...view.execution, recoveryPlan } });
    await world.draw(ID);
    expect(await world.store.getDurations({ verb: 'drill', application: 'HRP', recoveryPlan })).toEqual([]);
  });

  test('of some servers of a wave teaches nothing of the wave', async () => {
    const view = over(ID, 12);
    const options = { ...view.execution.options, sourceServerIds: ['s-00000000000000001'] };
    const world = await worldOf({ ...view, execution: { ...view.execution, options } });
    await world.draw(ID);
    expect(await world.store.getDurations({ verb: 'drill', application: 'HRP' })).toEqual([]);
  });

  test('a wave that failed teaches nothing', async () => {
    const world = await worldOf({ ...over(ID, 12), waves: [{ ...wave(ID, 12), outcome: 'partial' }] });
    await world.draw(ID);
    expect(await world.store.getDurations({ verb: 'drill', application: 'HRP' })).toEqual([]);
  });
});

/** Another execution, which is only asked for. */
function viewOfOther(executionId: string): ExecutionView {
  return { execution: anExecution({ executionId }), earlierPlans: [], gates: [], batches: [], waves: [] };
}
