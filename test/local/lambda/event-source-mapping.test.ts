import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/local/clock.ts';
import { ChangeFeed, type StreamRecord } from '../../../src/local/dynamodb/change-feed.ts';
import { EventSourceMapping, type EventSourceMappingOptions } from '../../../src/local/lambda/event-source-mapping.ts';
import { FunctionHost } from '../../../src/local/lambda/function-host.ts';
import { hostFunction } from '../services/simulated-aws.ts';

type Batch = { name: string; sequence: string }[];
type Answer = { batchItemFailures: { itemIdentifier: string }[] } | undefined;

/** A feed of items with names, and a mapping of it to a function that is told the names of each batch. */
function world(handle: (batch: Batch, time: number) => unknown, options: Partial<EventSourceMappingOptions> = {}) {
  const clock = new VirtualClock();
  const start = clock.now();
  const host = new FunctionHost({ clock });
  const feed = new ChangeFeed({ arn: 'arn:stream', region: 'us-east-2', clock });
  const discarded: string[][] = [];
  const deliveries: { names: string[]; at: number }[] = [];
  hostFunction(host, 'consumer', (event) => {
    const batch = namesOf((event as { Records: StreamRecord[] }).Records);
    deliveries.push({ names: batch.map(({ name }) => name), at: clock.now() - start });
    return handle(batch, clock.now() - start);
  });
  const mapping = new EventSourceMapping({
    feed,
    host,
    functionName: 'consumer',
    clock,
    batchSize: 10,
    windowMs: 0,
    onDiscard: ({ records }) => discarded.push(namesOf(records).map(({ name }) => name)),
    ...options,
  });
  const write = (...names: string[]): void => {
    for (const name of names)
      feed.publish({ keys: { id: { S: name } }, before: undefined, after: { id: { S: name } } });
  };
  return { clock, host, feed, mapping, write, deliveries, discarded };
}

function namesOf(records: readonly StreamRecord[]): Batch {
  return records.map(({ dynamodb }) => ({ name: dynamodb.Keys.id?.S ?? '', sequence: dynamodb.SequenceNumber }));
}

function failing(batch: Batch, name: string): Answer {
  return {
    batchItemFailures: batch.filter((record) => record.name === name).map((r) => ({ itemIdentifier: r.sequence })),
  };
}

describe('EventSourceMapping', () => {
  it('collects for the window since the first record', async () => {
    const { clock, write, deliveries } = world(() => undefined, { windowMs: 3000 });
    write('a');
    await clock.advance(2000);
    write('b');
    await clock.advance(1000);
    write('c');
    await clock.advance(3000);
    expect(deliveries).toEqual([
      { names: ['a', 'b'], at: 3000 },
      { names: ['c'], at: 6000 },
    ]);
  });

  it('delivers a full batch without waiting for the window', async () => {
    const { clock, write, deliveries } = world(() => undefined, { windowMs: 3000, batchSize: 2 });
    write('a', 'b', 'c');
    await clock.idle();
    expect(deliveries).toEqual([{ names: ['a', 'b'], at: 0 }]);
    await clock.advance(3000);
    expect(deliveries[1]).toEqual({ names: ['c'], at: 3000 });
  });

  it('delivers at once without a window, one batch at a time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock, write, deliveries } = world(() => promise);
    write('a', 'b', 'c');
    expect(deliveries.map(({ names }) => names)).toEqual([['a']]);
    resolve();
    await clock.idle();
    expect(deliveries.map(({ names }) => names)).toEqual([['a'], ['b', 'c']]);
  });

  it('does not let the clock jump while a record is undelivered', async () => {
    const { clock, write, deliveries } = world((_, time) => {
      if (time < 1000) throw new Error('not yet');
    });
    const start = clock.now();
    let jumpedAfter = -1;
    clock.after(3_600_000, () => {
      jumpedAfter = deliveries.length;
    });
    write('a');
    await clock.runUntil(() => clock.now() >= start + 3_600_000);
    expect(deliveries.map(({ at }) => at)).toEqual([0, 500, 1500]);
    expect(jumpedAfter).toBe(3);
  });

  it('holds its own clock during a delivery and a retry, also when the functions live on another', async () => {
    const wall = new VirtualClock();
    const log: string[] = [];
    const { write } = world(
      async () => {
        await new Promise<void>((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
        log.push('delivered');
        if (log.length === 1) throw new Error('once');
      },
      { clock: wall, windowMs: 1000 },
    );
    write('a');
    wall.after(1600, () => log.push('later'));
    await wall.advance(2000);
    expect(log).toEqual(['delivered', 'delivered', 'later']);
  });

  it('goes on from the lowest sequence number that the function reports, in order', async () => {
    let failures = 0;
    const { clock, write, deliveries } = world(
      (batch) => (failures++ === 0 ? { batchItemFailures: [batch[3], batch[1]].map(itemOf) } : undefined),
      { windowMs: 1000 },
    );
    write('a', 'b', 'c', 'd');
    await clock.runUntil(() => deliveries.length === 2);
    await clock.advance(10_000);
    expect(deliveries.map(({ names }) => names)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['b', 'c', 'd'],
    ]);
  });

  it('delivers a batch again as a whole when the function throws, with newer records kept behind it', async () => {
    let calls = 0;
    const { clock, write, deliveries } = world(
      () => {
        if (++calls === 1) throw new Error('once');
      },
      { windowMs: 1000 },
    );
    write('a', 'b');
    await clock.runUntil(() => calls === 1);
    write('c');
    await clock.runUntil(() => calls === 3);
    expect(deliveries.map(({ names }) => names)).toEqual([['a', 'b'], ['a', 'b'], ['c']]);
  });

  it.each([
    ['an unknown sequence number', { batchItemFailures: [{ itemIdentifier: '7' }] }],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['a report of another shape', { batchItemFailures: [{ id: '7' }] }],
  ])('takes %s for a failure of the whole batch', async (_, answer) => {
    let calls = 0;
    const { clock, write, deliveries } = world(() => (++calls === 1 ? answer : undefined), { windowMs: 1 });
    write('a', 'b');
    await clock.runUntil(() => calls === 2);
    expect(deliveries[1]?.names).toEqual(['a', 'b']);
  });

  it.each([[null], [{}], [{ batchItemFailures: [] }], [{ batchItemFailures: null }], ['done']])(
    'takes the answer %j for a success',
    async (answer) => {
      const { clock, write, deliveries } = world(() => answer);
      write('a');
      await clock.advance(3_600_000);
      expect(deliveries).toHaveLength(1);
    },
  );

  it('gives up records after the retries, tells the failure destination, and moves on', async () => {
    const { clock, write, deliveries, discarded } = world((batch) => failing(batch, 'poison'), {
      windowMs: 1,
      maxRetries: 2,
      batchSize: 2,
    });
    write('a', 'poison', 'b', 'c');
    await clock.runUntil(() => deliveries.some(({ names }) => names.includes('c')));
    expect(deliveries.map(({ names }) => names)).toEqual([['a', 'poison'], ['poison'], ['poison'], ['b', 'c']]);
    expect(discarded).toEqual([['poison']]);
  });

  it('isolates a bad record by halving, so that it takes no other with it', async () => {
    const processed: string[] = [];
    const { clock, write, discarded } = world(
      (batch) => {
        if (batch.some(({ name }) => name === 'poison')) throw new Error('cannot read this');
        processed.push(...batch.map(({ name }) => name));
      },
      { windowMs: 1, maxRetries: 1, bisect: true },
    );
    write('a', 'b', 'poison', 'c', 'd', 'e');
    await clock.runUntil(() => processed.includes('e'));
    expect(processed).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(discarded).toEqual([['poison']]);
  });

  it('is independent of another mapping of the same feed', async () => {
    const { clock, host, feed, write, deliveries } = world(() => {
      throw new Error('always');
    });
    const seen: string[] = [];
    hostFunction(host, 'other', (event) => {
      seen.push(...namesOf((event as { Records: StreamRecord[] }).Records).map(({ name }) => name));
    });
    new EventSourceMapping({ feed, host, functionName: 'other', clock, batchSize: 10, windowMs: 0 });
    write('a');
    await clock.idle();
    write('b');
    await clock.idle();
    expect(seen).toEqual(['a', 'b']);
    expect(deliveries.map(({ names }) => names)).toEqual([['a']]);
  });

  it('passes over records that the filter does not want', async () => {
    const { clock, write, deliveries } = world(() => undefined, {
      windowMs: 1,
      filter: (record) => record.dynamodb.Keys.id?.S !== 'noise',
    });
    write('noise', 'a', 'noise');
    await clock.advance(1);
    expect(deliveries.map(({ names }) => names)).toEqual([['a']]);
  });

  it('keeps a batch below what fits into an event', async () => {
    const { clock, feed, deliveries } = world(() => undefined, { windowMs: 1 });
    const large = 'x'.repeat(399_000);
    for (let index = 0; index < 10; index++) {
      const keys = { id: { S: String(index) } };
      feed.publish({ keys, before: { ...keys, v: { S: `a${large}` } }, after: { ...keys, v: { S: `b${large}` } } });
    }
    await clock.advance(1);
    expect(deliveries.map(({ names }) => names.length)).toEqual([7, 3]);
  });

  it('delivers nothing after it was stopped', async () => {
    const { clock, write, deliveries, mapping } = world(() => undefined, { windowMs: 1000 });
    write('a');
    mapping.stop();
    write('b');
    await clock.advance(10_000);
    expect(deliveries).toEqual([]);
  });
});

function itemOf(record: { sequence: string } | undefined): { itemIdentifier: string } {
  return { itemIdentifier: record?.sequence ?? '' };
}
