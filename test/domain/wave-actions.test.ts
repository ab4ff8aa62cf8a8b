import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ActionRecord } from '../../src/domain/records.ts';
import { type WaveAction, waveActionSchema } from '../../src/domain/recovery-plan.ts';
import { type ActionsOfWave, nextAction } from '../../src/domain/wave-actions.ts';
import type { WaveDecision } from '../../src/domain/waves.ts';

const anAction = (onFailure: WaveAction['onFailure'] = 'ask', actionName = 'Switch DNS'): WaveAction =>
  waveActionSchema.parse({ actionType: 'automation', actionName, documentName: 'HRP-SwitchDNS', onFailure });

const aRecord = (over: Partial<ActionRecord> = {}): ActionRecord => ({
  executionId: 'exec-1',
  wave: 2,
  phase: 'pre',
  index: 1,
  attempt: 1,
  version: 1,
  action: anAction(),
  status: 'failed',
  detail: 'The step UpdateRecord failed',
  startedAt: 0,
  ...over,
});

const next = (over: Partial<ActionsOfWave> = {}) =>
  nextAction({
    wave: 2,
    phase: 'pre',
    actions: [anAction()],
    records: [],
    decisionOf: () => undefined,
    isCancelled: false,
    ...over,
  });

const KEY = { wave: 2, phase: 'pre', index: 1, attempt: 1 } as const;
const decided = (decision: WaveDecision) => () => decision;

describe('the actions before a wave', () => {
  test('are done one after the other, each until it is over', () => {
    const actions = [anAction(), anAction('ask', 'Warm the cache')];
    expect(next({ actions })).toEqual({ step: 'act', key: KEY });
    expect(next({ actions, records: [aRecord({ status: 'running' })] })).toEqual({ step: 'act', key: KEY });
    const first = aRecord({ status: 'succeeded' });
    expect(next({ actions, records: [first] })).toEqual({ step: 'act', key: { ...KEY, index: 2 } });
    expect(next({ actions, records: [first, aRecord({ status: 'succeeded', index: 2 })] })).toEqual({ step: 'done' });
  });

  test('of other waves and phases are not theirs', () => {
    const others = [aRecord({ wave: 1, status: 'succeeded' }), aRecord({ phase: 'post', status: 'succeeded' })];
    expect(next({ records: others })).toEqual({ step: 'act', key: KEY });
  });

  test('that fail are asked about; the answer is for that attempt alone', () => {
    expect(next({ records: [aRecord()] })).toEqual({ step: 'ask', key: KEY });
    const retry = decided({ status: 'approved', answer: 'retry' });
    expect(next({ records: [aRecord()], decisionOf: retry })).toEqual({ step: 'act', key: { ...KEY, attempt: 2 } });
    const second = aRecord({ attempt: 2, status: 'timed out' });
    expect(
      next({ records: [aRecord(), second], decisionOf: ({ attempt }) => (attempt === 1 ? retry() : undefined) }),
    ).toEqual({ step: 'ask', key: { ...KEY, attempt: 2 } });
    expect(next({ records: [aRecord()], decisionOf: decided({ status: 'approved', answer: 'continue' }) })).toEqual({
      step: 'done',
    });
  });

  test.each([
    [
      { status: 'rejected', answer: 'stop' } as const,
      'failed (The step UpdateRecord failed), and it was stopped there',
    ],
    [{ status: 'expired' } as const, 'and nobody decided about it in time'],
    [{ status: 'cancelled' } as const, 'and the question about it was cancelled'],
  ])('that fail let nothing more begin when people do not say so: %j', (decision, words) => {
    expect(next({ records: [aRecord()], decisionOf: decided(decision) })).toEqual({
      step: 'stop',
      problem: { code: 'ActionFailed', message: expect.stringContaining(words) },
    });
  });

  test('that fail do what the plan says', () => {
    expect(next({ actions: [anAction('continue')], records: [aRecord()] })).toEqual({ step: 'done' });
    expect(next({ actions: [anAction('stop')], records: [aRecord({ status: 'timed out' })] })).toMatchObject({
      step: 'stop',
      problem: { message: expect.stringContaining('The action Switch DNS before wave 2 was not done in time') },
    });
  });

  test('that fail where nobody is to be asked stop, or are passed over', () => {
    expect(next({ records: [aRecord()], unasked: 'stop' })).toMatchObject({ step: 'stop' });
    expect(next({ records: [aRecord()], unasked: 'continue' })).toEqual({ step: 'done' });
    // What the plan says of the action itself holds all the same.
    expect(next({ actions: [anAction('stop')], records: [aRecord()], unasked: 'continue' })).toMatchObject({
      step: 'stop',
    });
  });

  test('of a cancelled execution: what runs is followed to its end, nothing is begun or asked', () => {
    const isCancelled = true;
    expect(next({ isCancelled })).toEqual({ step: 'done' });
    expect(next({ isCancelled, records: [aRecord({ status: 'running' })] })).toEqual({ step: 'act', key: KEY });
    expect(next({ isCancelled, records: [aRecord()] })).toMatchObject({ step: 'stop' });
  });

  test('whatever has happened, an action is only begun after all before it are done or passed over', () => {
    const statuses = fc.constantFrom('running', 'succeeded', 'failed', 'timed out' as const);
    const record = fc.record({
      index: fc.integer({ min: 1, max: 3 }),
      attempt: fc.integer({ min: 1, max: 3 }),
      status: statuses,
    });
    const policies = fc.array(fc.constantFrom('ask', 'stop', 'continue' as const), { minLength: 1, maxLength: 3 });
    const decision = fc.constantFrom<WaveDecision | undefined>(
      undefined,
      { status: 'approved', answer: 'retry' },
      { status: 'approved', answer: 'continue' },
      { status: 'expired' },
    );
    fc.assert(
      fc.property(policies, fc.array(record), decision, (onFailure, found, answer) => {
        const records = found.map((one) => aRecord(one as Partial<ActionRecord>));
        const step = next({ actions: onFailure.map((one) => anAction(one)), records, decisionOf: () => answer });
        if (step.step !== 'act') return;
        const before = onFailure.slice(0, step.key.index - 1);
        before.forEach((policy, at) => {
          const attempts = records.filter(({ index }) => index === at + 1);
          const last = attempts.toSorted((a, b) => a.attempt - b.attempt).at(-1);
          const isOver =
            last?.status === 'succeeded' ||
            (last !== undefined &&
              last.status !== 'running' &&
              (policy === 'continue' || answer?.answer === 'continue'));
          expect(isOver).toBe(true);
        });
      }),
    );
  });
});
