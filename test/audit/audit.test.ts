import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAudit } from '../../src/audit/read-audit.ts';
import { readRecord, verifyChain } from '../../src/domain/audit-chain.ts';
import { APPROVER, aGate, anExecution, aPlan, EXECUTION_ID, minutes, START, TASK_TOKEN } from '../blocks/views.ts';
import { startWorld, type World } from './world.ts';

const approver = { userId: APPROVER, teamId: 'T0PRACTICE1' };

/** An execution that was asked for, planned, asked about and approved; one vote was refused. */
async function aStory({ store, notes }: World): Promise<void> {
  await store.createExecution(anExecution());
  const { batchIds: _, ...plan } = aPlan();
  await store.freezePlan(EXECUTION_ID, { ...plan, batches: [] });
  await store.createGate(aGate());
  await notes.refused({
    ...{ executionId: EXECUTION_ID, gateId: 'approval-1', planHash: plan.hash, person: approver },
    ...{ what: 'vote: approve', why: 'own request', text: 'token=xoxb-1234-secret' },
  });
  const settled = { status: 'approved', answer: 'approve', settledAt: START + minutes(1), version: 2 } as const;
  const votes = [{ ...approver, choice: 'approve' as const, reason: 'go', at: START + minutes(1) }];
  await store.decideGate(aGate({ ...settled, votes }), { version: 1 });
  await store.markRung(aGate(), TASK_TOKEN, START + minutes(2));
  await store.moveExecution(EXECUTION_ID, 'awaiting approval');
}

const STORY = ['requested', 'preflight', 'gate opened', 'refused', 'vote', 'decision', 'bell rung', 'status changed'];

/** The chain as the bucket has it. */
const kept = (world: World, folder: string) =>
  world
    .objects()
    .filter((key) => key.startsWith(`audit/${folder}/`))
    .map((key) => readRecord(world.object(key)));

describe('the audit', () => {
  it('keeps an execution as one chain, in the table and in the bucket', async () => {
    const world = await startWorld();
    world.openBucket();
    await aStory(world);

    expect(await world.deliver()).toEqual({ batchItemFailures: [] });

    const { records, verified, jsonLines } = await readAudit(world.store, EXECUTION_ID);
    expect(records.map(({ event }) => event.kind)).toEqual(STORY);
    expect(verified).toMatchObject({ intact: true, records: STORY.length });
    expect(kept(world, `executions/${EXECUTION_ID}`)).toEqual(records);
    expect(world.objects().map(world.object).join('')).toBe(jsonLines);
    expect(world.objects()[0]).toBe(`audit/executions/${EXECUTION_ID}/000001-${records[0]?.hash.slice(0, 12)}.json`);
  });

  it('stays as it is when its execution is archived, and tells by whom, and who undid it', async () => {
    const world = await startWorld();
    world.openBucket();
    await aStory(world);
    await world.store.moveExecution(EXECUTION_ID, 'expired', { endTime: START + minutes(30) });
    await world.deliver();
    const [before, objects] = [await world.store.auditRecords(EXECUTION_ID), world.objects()];

    const told = world.changes.length;
    await world.store.archive(EXECUTION_ID, { ...approver, at: START + minutes(40) });
    await world.store.unarchive(EXECUTION_ID, { ...approver, at: START + minutes(50) });
    await world.deliver(world.changes.slice(told));

    const { records, verified } = await readAudit(world.store, EXECUTION_ID);
    expect(records.slice(0, before.length)).toEqual(before);
    expect(records.slice(before.length).map(({ event: { kind, by, time } }) => ({ kind, by, time }))).toEqual([
      { kind: 'archived', by: approver, time: '2026-03-02T02:40:00.000Z' },
      { kind: 'unarchived', by: approver, time: '2026-03-02T02:50:00.000Z' },
    ]);
    expect(verified).toMatchObject({ intact: true });
    expect(world.objects()).toEqual(expect.arrayContaining(objects));
  });

  it('names no token and no secret, whoever typed it', async () => {
    const world = await startWorld();
    world.openBucket();
    await aStory(world);
    await world.deliver();
    const all = world.objects().map(world.object).join('');
    expect(JSON.stringify(world.changes)).toContain(TASK_TOKEN);
    expect(all).toContain('(redacted)');
    expect(all).not.toContain(TASK_TOKEN);
    expect(all).not.toContain('xoxb-1234');
  });

  it('asks the table once and writes each event once', async () => {
    const world = await startWorld();
    world.openBucket();
    await aStory(world);
    const before = world.calls.length;
    await world.deliver();
    const made = world.calls.slice(before);
    expect(made.filter((call) => call === 'dynamodb:Query ok')).toHaveLength(1);
    expect(made.filter((call) => call === 's3:PutObject ok')).toHaveLength(STORY.length);
    expect(made).toHaveLength(1 + 2 * STORY.length);
  });

  it('heals what a crash between table and bucket has left, when it is delivered again', async () => {
    const world = await startWorld();
    await aStory(world);

    const failed = await world.deliver();

    const [first] = world.changes.filter(({ dynamodb }) => dynamodb?.Keys?.executionId?.S === EXECUTION_ID);
    expect(failed.batchItemFailures).toEqual([{ itemIdentifier: first?.dynamodb?.SequenceNumber }]);
    const { records } = await readAudit(world.store, EXECUTION_ID);
    expect(records).toHaveLength(STORY.length);
    expect(world.objects()).toEqual([]);

    world.openBucket();
    expect(await world.deliver()).toEqual({ batchItemFailures: [] });
    expect((await readAudit(world.store, EXECUTION_ID)).records).toEqual(records);
    expect(kept(world, `executions/${EXECUTION_ID}`)).toEqual(records);
  });

  it('makes the same chain of whatever is delivered again, in whatever pieces', async () => {
    const world = await startWorld();
    world.openBucket();
    await aStory(world);
    const { changes } = world;
    // Each piece begins at or before what was delivered last, as a stream does.
    let reached = 0;
    for (const [from, to] of fc.sample(fc.tuple(fc.nat(), fc.nat()), { numRuns: 12, seed: 5 })) {
      const end = Math.max(reached, Math.min(changes.length, reached + (to % 3)));
      await world.deliver(changes.slice(reached === 0 ? 0 : from % (reached + 1), end));
      reached = end;
    }
    await world.deliver(changes);
    const { records, verified } = await readAudit(world.store, EXECUTION_ID);
    expect(records.map(({ event }) => event.kind)).toEqual(STORY);
    expect(verified.intact).toBe(true);
    expect(kept(world, `executions/${EXECUTION_ID}`)).toEqual(records);
  });

  it('stays one chain of everything when two invocations write it at the same moment', async () => {
    const world = await startWorld();
    world.openBucket();
    await aStory(world);
    const { changes } = world;
    await Promise.all([world.deliver(changes.slice(0, 4)), world.deliver(changes.slice(4)), world.deliver(changes)]);
    const { records, verified } = await readAudit(world.store, EXECUTION_ID);
    expect(verified.intact).toBe(true);
    expect(records.map(({ event }) => event.kind).sort()).toEqual([...STORY].sort());
    expect(kept(world, `executions/${EXECUTION_ID}`)).toEqual(records);
  });

  it('holds up nobody by a change that it cannot understand, and says that there was one', async () => {
    const world = await startWorld();
    world.openBucket();
    const [other] = ['0ther0000-2345-8678-8abc-def012345678'];
    await world.store.createGate(aGate({ votes: 'odd' as never }));
    await world.store.createExecution(anExecution({ executionId: other }));

    expect(await world.deliver()).toEqual({ batchItemFailures: [] });

    const [odd] = kept(world, `executions/${EXECUTION_ID}`);
    expect(odd?.event).toMatchObject({ kind: 'not understood', details: { item: 'GATE#approval-1' } });
    expect(kept(world, `executions/${other}`).map(({ event }) => event.kind)).toEqual(['requested']);
    expect(world.logLines.join()).toContain('A change could not be understood');
  });

  it('keeps what was refused outside an execution in a chain of the day', async () => {
    const world = await startWorld();
    world.openBucket();
    const day = new Date(world.clock.now()).toISOString().slice(0, 10);
    await world.notes.refused({ person: approver, what: '/dr failover', why: 'no permission', text: 'failover HRP' });
    await world.notes.asked({ person: approver, what: '/dr audit' });
    await world.deliver();

    const records = kept(world, `refused/${day}`);
    expect(verifyChain(records)).toMatchObject({ intact: true, records: 2 });
    expect(records[0]?.event).toMatchObject({
      kind: 'refused',
      by: approver,
      details: { what: '/dr failover', why: 'no permission', text: 'failover HRP' },
    });
  });

  it('keeps every one of the refusals of a moment', async () => {
    const world = await startWorld();
    const refusal = { executionId: EXECUTION_ID, person: approver, what: 'vote: approve', why: 'settled' };
    await Promise.all(Array.from({ length: 5 }, () => world.notes.refused(refusal)));
    expect(world.changes).toHaveLength(5);
  });
});
