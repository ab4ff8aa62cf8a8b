import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BATCH_STATUSES,
  EXECUTION_STATUSES,
  type ExecutionStatus,
  isBatchTerminal,
  isDone,
  isTerminal,
  laterServerState,
  SERVER_STATES,
  type ServerState,
  serverStateOf,
  statusesBefore,
} from '../../src/domain/status.ts';
import type { PlannedVerb } from '../../src/domain/vocabulary.ts';

const canBecome = (from: ExecutionStatus, to: ExecutionStatus) => statusesBefore(to).includes(from);
const ENDS: ExecutionStatus[] = ['completed', 'partial', 'failed', 'rejected', 'expired', 'cancelled'];

describe('the status of an execution', () => {
  it('ends as completed, partial, failed, rejected, expired or cancelled', () => {
    expect(EXECUTION_STATUSES.filter(isTerminal)).toEqual(ENDS);
  });

  it.each(ENDS)('never leaves %s', (end) => {
    expect(EXECUTION_STATUSES.filter((next) => canBecome(end, next))).toEqual([]);
  });

  it.each<[ExecutionStatus, ExecutionStatus[]]>([
    ['planning', []],
    ['awaiting approval', ['planning', 'awaiting approval']],
    ['executing', ['awaiting approval', 'executing', 'paused']],
    ['paused', ['awaiting approval', 'executing']],
    ['completed', ['executing', 'paused']],
    ['partial', ['executing', 'paused']],
    ['failed', ['planning', 'awaiting approval', 'executing', 'paused']],
    ['rejected', ['awaiting approval']],
    ['expired', ['awaiting approval']],
    ['cancelled', ['planning', 'awaiting approval', 'executing', 'paused']],
  ])('%s comes only after %j', (status, before) => {
    expect(statusesBefore(status)).toEqual(before);
  });

  it('only moves forward: a pause is the one step that is taken back', () => {
    const order = (status: ExecutionStatus) => EXECUTION_STATUSES.indexOf(status);
    const back = EXECUTION_STATUSES.flatMap((from) =>
      EXECUTION_STATUSES.filter((to) => canBecome(from, to) && order(to) < order(from)).map((to) => [from, to]),
    );
    expect(back).toEqual([['paused', 'executing']]);
  });

  it('executes only after an approval was asked for', () => {
    expect(canBecome('planning', 'executing')).toBe(false);
  });
});

describe('the state of a server', () => {
  const anyState = fc.constantFrom(...SERVER_STATES);
  const terminal = ['launched', 'terminated', 'failed', 'skipped'] as const;

  it.each(terminal)('stays %s whatever is reported later', (stored) => {
    expect(SERVER_STATES.map((reported) => laterServerState(stored, reported))).toEqual(
      SERVER_STATES.map(() => stored),
    );
  });

  it('never goes back from launching to planned', () => {
    expect(laterServerState('launching', 'planned')).toBe('launching');
  });

  it.each(terminal)('becomes %s from launching and from planned', (reported) => {
    expect(laterServerState('launching', reported)).toBe(reported);
    expect(laterServerState('planned', reported)).toBe(reported);
  });

  it('is the same when a report is delivered again', () => {
    fc.assert(
      fc.property(anyState, anyState, (stored, reported) => {
        const now = laterServerState(stored, reported);
        expect(laterServerState(now, reported)).toBe(now);
      }),
    );
  });

  it.each<[string, PlannedVerb, ServerState]>([
    ['PENDING', 'drill', 'planned'],
    ['IN_PROGRESS', 'drill', 'launching'],
    ['LAUNCHED', 'drill', 'launched'],
    ['FAILED', 'drill', 'failed'],
    ['TERMINATED', 'drill', 'failed'],
    ['TERMINATED', 'failover', 'failed'],
    ['LAUNCHED', 'failback', 'launched'],
    ['A_NEW_STATUS', 'drill', 'planned'],
    ['PENDING', 'terminate', 'planned'],
    ['IN_PROGRESS', 'terminate', 'terminating'],
    ['TERMINATED', 'terminate', 'terminated'],
    ['FAILED', 'terminate', 'failed'],
    ['LAUNCHED', 'terminate', 'planned'],
  ])('is for the launch status %s of a %s %s', (launchStatus, verb, state) => {
    expect(serverStateOf(launchStatus, verb)).toBe(state);
  });

  it('is done when it is launched or terminated', () => {
    expect(SERVER_STATES.filter(isDone)).toEqual(['launched', 'terminated']);
  });
});

describe('the status of a batch', () => {
  it('is over in every case but planned and running', () => {
    expect(BATCH_STATUSES.filter((status) => !isBatchTerminal(status))).toEqual(['planned', 'running']);
  });
});
