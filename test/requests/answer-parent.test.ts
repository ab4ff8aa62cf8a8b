import { describe, expect, it } from 'vitest';
import { parentAnswerer, parentAnswerOf } from '../../src/requests/answer-parent.ts';
import { create as createAnswerParents } from '../../src/requests/answer-parents.ts';
import { aDecidedGate, anExecution, aPlan, EXECUTION_ID, REASON } from '../blocks/views.ts';
import { startWorld } from './world.ts';

const OTHER_ID = EXECUTION_ID.replace('abcdef01', 'abcdef02');
const unavailable = () => async () => ({ status: 400, body: JSON.stringify({ __type: 'AccessDeniedException' }) });

describe('what a parent is told', () => {
  it.each([
    ['rejected', undefined, { error: 'Rejected', cause: expect.stringContaining('Somebody rejected') }],
    ['expired', undefined, { error: 'Expired', cause: expect.stringContaining('Nobody decided in time.') }],
    ['cancelled', undefined, { error: 'Cancelled', cause: expect.stringContaining('cancelled') }],
    [
      'failed',
      { code: 'PreflightStopped', message: 'hrp-001 is live.' },
      { error: 'Failed', cause: `Execution ${EXECUTION_ID}: PreflightStopped: hrp-001 is live.` },
    ],
    ['failed', undefined, { error: 'Failed', cause: expect.stringContaining('ended without a result') }],
  ] as const)('is an error where the component has not run: %s', (status, problem, told) => {
    expect(parentAnswerOf({ execution: anExecution({ status, problem }) })).toEqual(told);
  });

  it('says what stopped it, and why somebody rejected it', () => {
    const problem = { code: 'PreflightStopped', message: 'Preflight stopped the failover.' };
    const stopped = parentAnswerOf({
      execution: anExecution({ status: 'failed', problem }),
      plan: aPlan({ stops: ['No source server matches HRP wave 9.'] }),
    });
    expect(stopped).toMatchObject({ cause: expect.stringMatching(/stopped the failover\. No source server matches/) });
    const rejected = parentAnswerOf({ execution: anExecution({ status: 'rejected' }), gate: aDecidedGate('reject') });
    expect(rejected).toMatchObject({ cause: expect.stringContaining(`“${REASON}”`) });
  });
});

describe('the parent of several waves', () => {
  const begun = {
    executionId: EXECUTION_ID,
    wave: 1,
    planRevision: 1,
    outcome: 'success' as const,
    summary: { totalServers: 2, succeeded: 2, failed: 0, skipped: 0 },
    nextPhaseReady: true,
    resultLocation: 's3://results/wave-01.json',
    startedAt: 1,
    endedAt: 2,
  };
  const notBegun = {
    ...begun,
    wave: 2,
    outcome: 'failed' as const,
    summary: { totalServers: 3, succeeded: 0, failed: 0, skipped: 3 },
    nextPhaseReady: false,
    notBegun: { code: 'Cancelled', message: 'Cancelled by U0PREQUEST1' },
  };
  const execution = anExecution({ waves: [1, 2], status: 'cancelled', resultLocation: 's3://results/execution.json' });

  it('is told what they came to together, and what was not begun', () => {
    expect(parentAnswerOf({ execution, waves: [begun, notBegun] })).toMatchObject({
      output: {
        status: 'partial',
        summary: { totalServers: 5, succeeded: 2, skipped: 3 },
        nextPhaseReady: false,
        resultLocation: 's3://results/execution.json',
        message: 'Cancelled by U0PREQUEST1: wave 2 was not begun.',
      },
    });
  });

  it('is told an error where none was begun', () => {
    expect(parentAnswerOf({ execution, waves: [{ ...notBegun, wave: 1 }, notBegun] })).toMatchObject({
      error: 'Cancelled',
    });
  });
});

describe('the parent of an execution', () => {
  it('is not answered before the end, and then once', async () => {
    const world = await startWorld();
    const { token, state } = await world.parent();
    const answer = parentAnswerer(world.platform);
    await world.store.setParent(EXECUTION_ID, token);
    await answer(EXECUTION_ID);
    expect(world.answers()).toHaveLength(0);

    await world.ended(anExecution({ metadata: { ticketId: 'INC1' } }));
    await answer(EXECUTION_ID);
    await answer(EXECUTION_ID);
    expect(world.answers()).toHaveLength(1);
    expect(JSON.parse(state().output ?? '')).toEqual({
      executionId: EXECUTION_ID,
      status: 'success',
      action: 'drill',
      isDrill: true,
      summary: { totalServers: 3, succeeded: 3, failed: 0, skipped: 0 },
      nextPhaseReady: true,
      resultLocation: 's3://results/wave-01.json',
      metadata: { ticketId: 'INC1', correlationId: EXECUTION_ID },
    });
    expect(await world.store.getParent(EXECUTION_ID)).toMatchObject({ status: 'answered' });
    expect(world.logLines.join()).not.toContain(token);
  });

  it('is answered again with a newer token, and not with the same', async () => {
    const world = await startWorld();
    const first = await world.parent();
    await world.store.setParent(EXECUTION_ID, first.token);
    await world.ended(anExecution());
    const answer = parentAnswerer(world.platform);
    await answer(EXECUTION_ID);
    await world.store.setParent(EXECUTION_ID, first.token);
    await answer(EXECUTION_ID);
    expect(world.answers()).toHaveLength(1);
    const again = await world.parent();
    await world.store.setParent(EXECUTION_ID, again.token);
    await answer(EXECUTION_ID);
    expect(again.state().status).toBe('SUCCEEDED');
  });

  it.each([
    ['has been stopped', '900000000000', true],
    ['is of another account, which cannot be answered', '111111111111', false],
  ])('that %s is let go', async (_, accountId, isStopped) => {
    const world = await startWorld();
    const { token, stop } = await world.parent(accountId);
    if (isStopped) stop();
    await world.store.setParent(EXECUTION_ID, token);
    await world.ended(anExecution());
    await parentAnswerer(world.platform)(EXECUTION_ID);
    expect(await world.store.getParent(EXECUTION_ID)).toMatchObject({ status: 'gone' });
  });

  it('whose answer’s receipt is lost is not told twice', async () => {
    const world = await startWorld();
    const { token, state } = await world.parent();
    await world.store.setParent(EXECUTION_ID, token);
    await world.ended(anExecution());
    let lost = 0;
    world.breakStepFunctions((handle) => async (request) => {
      const answer = await handle(request);
      lost += 1;
      return lost === 1 ? { ...answer, dropConnection: true } : answer;
    });
    await parentAnswerer(world.platform)(EXECUTION_ID);
    expect(state().status).toBe('SUCCEEDED');
    expect((await world.store.getParent(EXECUTION_ID))?.status).not.toBe('waiting');
  });

  it('that could not be answered is answered later; one that still cannot be holds up no other', async () => {
    const world = await startWorld();
    const parents = [await world.parent(), await world.parent()];
    for (const [index, executionId] of [EXECUTION_ID, OTHER_ID].entries()) {
      await world.store.setParent(executionId, parents[index]?.token ?? '');
      await world.ended(anExecution({ executionId }));
    }
    world.breakStepFunctions(unavailable);
    await expect(parentAnswerer(world.platform)(EXECUTION_ID)).rejects.toThrow();
    const sweep = createAnswerParents(world.platform);
    let refused = 0;
    world.breakStepFunctions((handle) => async (request) => {
      refused += 1;
      return refused === 1 ? await unavailable()() : await handle(request);
    });
    expect(await sweep({})).toEqual({ looked: 2 });
    expect(parents.map(({ state }) => state().status).sort()).toEqual(['RUNNING', 'SUCCEEDED']);
    expect(await sweep({})).toEqual({ looked: 1 });
    expect(parents.map(({ state }) => state().status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  });
});
