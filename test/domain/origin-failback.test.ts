import { describe, expect, test } from 'vitest';
import {
  type OriginJob,
  type ReversedServer,
  rememberedFailback,
  standingAtOrigin,
  whyNotReversible,
  withStanding,
} from '../../src/domain/origin-failback.ts';
import { aBatch, aBatchServer, anInstance, aServer } from './fleet.ts';

const PLACE = { accountId: '555555555555', region: 'us-east-1' };
const ID = aServer(1).sourceServerId;
const REVERSED = aServer(9).sourceServerId;
const reversed = (differs: Partial<ReversedServer> = {}): ReversedServer => ({ ...aServer(9), ...differs });
const job = (differs: Partial<OriginJob> & { launch?: string } = {}): { job: OriginJob; reversedId: string } => {
  const { launch = 'LAUNCHED', ...rest } = differs;
  const participants = [{ reversedId: REVERSED, status: launch, instanceId: 'i-0000000b' }];
  return { reversedId: REVERSED, job: { jobId: 'drsjob-1', status: 'COMPLETED', tags: {}, participants, ...rest } };
};

describe('whether an instance can go back', () => {
  const known = { sourceServerId: ID, recoveryInstanceId: 'i-0000000a', isDrill: false, origin: PLACE };

  test.each([
    ['unknown to DRS', undefined, 'NotInDrs'],
    ['a drill’s', { ...known, isDrill: true }, 'DrillInstance'],
    ['of unknown origin', { ...known, origin: undefined }, 'OriginUnknown'],
  ])('one that is %s cannot', (_, server, errorCode) => {
    expect(whyNotReversible(ID, server)).toMatchObject({ state: 'failed', errorCode });
  });

  test('a live one can', () => {
    expect(whyNotReversible(ID, known)).toBeUndefined();
  });
});

describe('where a reversed server stands', () => {
  test.each([
    ['CONTINUOUS', { state: 'ready' }],
    ['CREATING_SNAPSHOT', { state: 'ready' }],
    ['INITIATING', { state: 'copying' }],
    ['INITIAL_SYNC', { state: 'copying' }],
    ['BACKLOG', { state: 'copying' }],
    ['RESCAN', { state: 'copying' }],
    ['PAUSED', { state: 'copying' }],
    ['A_NEW_STATE', { state: 'copying' }],
    ['STALLED', { state: 'failed', errorCode: 'ServerNotReady' }],
    ['DISCONNECTED', { state: 'failed', errorCode: 'ServerNotReady' }],
    ['STOPPED', { state: 'failed', errorCode: 'ServerNotReady' }],
  ])('%s is %o', (replicationState, expected) => {
    expect(standingAtOrigin(ID, PLACE, reversed({ replicationState }), undefined)).toMatchObject(expected);
  });

  test('says how far it is', () => {
    const server = reversed({
      replicationState: 'BACKLOG',
      lagDuration: 'PT2H',
      readyAt: '2026-03-02T09:00:00Z',
      replicationError: 'NOT_CONVERGING',
    });
    expect(standingAtOrigin(ID, PLACE, server, undefined)).toMatchObject({
      detail:
        'copying back to us-east-1 of 555555555555 (BACKLOG, NOT_CONVERGING, 2 h behind, ready at about 2026-03-02T09:00:00Z)',
    });
  });

  test('is copying while DRS does not show it yet', () => {
    expect(standingAtOrigin(ID, PLACE, undefined, undefined)).toMatchObject({ state: 'copying' });
  });

  test('a live instance there refuses; a drill’s and one that is gone do not', () => {
    const at = (existingInstances: ReversedServer['existingInstances']) =>
      standingAtOrigin(ID, PLACE, reversed({ existingInstances }), undefined);
    expect(at([anInstance()])).toMatchObject({ state: 'failed', errorCode: 'LiveInstance' });
    expect(at([anInstance({ onlyInEc2: true, state: 'STOPPED' })])).toMatchObject({ errorCode: 'LiveInstance' });
    expect(at([anInstance({ isDrill: true }), anInstance({ state: 'TERMINATED' })])).toMatchObject({ state: 'ready' });
  });

  test('somebody else’s job refuses; the run’s own counts before the instance that it has launched', () => {
    const server = reversed({ activeJobId: 'drsjob-2', existingInstances: [anInstance()] });
    expect(standingAtOrigin(ID, PLACE, { ...server, existingInstances: [] }, undefined)).toMatchObject({
      errorCode: 'ConflictException',
      errorMessage: expect.stringContaining('drsjob-2'),
    });
    expect(standingAtOrigin(ID, PLACE, server, job())).toEqual({
      sourceServerId: ID,
      state: 'launched',
      instanceId: 'i-0000000b',
    });
  });

  test.each([
    ['PENDING', 'STARTED', 'launching'],
    ['IN_PROGRESS', 'STARTED', 'launching'],
    ['FAILED', 'STARTED', 'launching'],
    ['PENDING', 'COMPLETED', 'launching'],
    ['FAILED', 'COMPLETED', 'failed'],
    ['TERMINATED', 'COMPLETED', 'failed'],
    ['LAUNCHED', 'STARTED', 'launched'],
  ])('%s in a job that is %s is %s', (launch, status, state) => {
    expect(standingAtOrigin(ID, PLACE, reversed(), job({ launch, status })).state).toBe(state);
  });
});

describe('what is written down', () => {
  const server = aBatchServer(1, { state: 'copying', isCopied: true, errorMessage: 'waits', errorCode: 'X' });

  test('a complete copy is marked, and nothing of it is left when it is launched', () => {
    expect(withStanding(server, { sourceServerId: ID, state: 'ready' })).toMatchObject({
      state: 'copying',
      isCopied: true,
    });
    const launching = withStanding(server, { sourceServerId: ID, state: 'launching', jobId: 'drsjob-1' });
    expect(launching).toEqual(aBatchServer(1, { state: 'launching' }));
  });

  test('without news it stays', () => {
    expect(withStanding(server, undefined)).toBe(server);
  });

  test('is all that is remembered when nobody follows any more', () => {
    const batch = aBatch({
      jobId: 'drsjob-1',
      servers: [
        aBatchServer(1, { state: 'copying', errorMessage: 'half of it' }),
        aBatchServer(2, { state: 'launched', recoveryInstanceId: 'i-0000000b' }),
        aBatchServer(3, { state: 'launching' }),
        aBatchServer(4),
      ],
    });
    expect(rememberedFailback(batch)).toEqual([
      { sourceServerId: aServer(1).sourceServerId, state: 'copying', detail: 'half of it' },
      { sourceServerId: aServer(2).sourceServerId, state: 'launched', instanceId: 'i-0000000b' },
      {
        sourceServerId: aServer(3).sourceServerId,
        state: 'failed',
        errorCode: 'DRSServiceError',
        errorMessage: expect.stringContaining('drsjob-1'),
      },
    ]);
  });
});
