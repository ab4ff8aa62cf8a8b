import { describe, expect, it } from 'vitest';
import { applyExecutorResult } from '../../src/domain/account-outcome.ts';
import { freezePlan, type Plan } from '../../src/domain/plan.ts';
import { keepToApproved } from '../../src/domain/second-look.ts';
import type { SourceServer } from '../../src/domain/server.ts';
import { ACCOUNT, aBatch, aBatchServer, aRequest, aServer, discovered, REGION, servers } from './fleet.ts';

const lookOf = (fleet: SourceServer[]): Plan => freezePlan(aRequest({ verb: 'failover' }), discovered(fleet));

describe('an approved failover, when the fleet is looked at again', () => {
  it('stays as it is when nothing has changed', () => {
    expect(keepToApproved([aBatch()], lookOf(servers(3)))).toEqual({ batches: [aBatch()], warnings: [] });
  });

  it('fails a server that is gone, by name, and goes on with the others', () => {
    const { batches } = keepToApproved([aBatch()], lookOf([aServer(1), aServer(3)]));
    expect(batches[0]?.servers).toMatchObject([
      { state: 'planned' },
      { state: 'failed', errorCode: 'ServerGone', errorMessage: expect.stringContaining('not launched') },
      { state: 'planned' },
    ]);
  });

  it('is over where all servers of a batch are gone: nobody is sent to settle it', () => {
    const { batches } = keepToApproved([aBatch()], lookOf([aServer(9)]));
    expect(batches).toMatchObject([{ status: 'not started' }]);
    expect(batches[0]?.servers.map(({ errorCode }) => errorCode)).toEqual(Array(3).fill('ServerGone'));
  });

  it('keeps that failure, whatever the executor says of the batch', () => {
    const [batch = aBatch()] = keepToApproved([aBatch()], lookOf([aServer(1), aServer(3)])).batches;
    const finished = {
      batchId: batch.batchId,
      outcome: 'finished' as const,
      jobId: 'drsjob-1',
      servers: [],
      excluded: [],
    };
    for (const result of [
      { accountId: ACCOUNT, finished: [finished], notStarted: [] },
      { accountId: ACCOUNT, finished: [], notStarted: [{ batchId: batch.batchId, reason: 'an earlier batch failed' }] },
    ]) {
      expect(applyExecutorResult(batch, result, 'failover').servers[1]).toMatchObject({ errorCode: 'ServerGone' });
    }
  });

  it('names a new match and does not launch it', () => {
    const { batches, warnings } = keepToApproved([aBatch()], lookOf(servers(4)));
    expect(batches).toEqual([aBatch()]);
    expect(warnings).toEqual([expect.stringMatching(/^hrp-004 .*not launched/)]);
  });

  it('leaves a server that has a running job now to the executor, which looks last', () => {
    const busy = [aServer(1, { activeJobId: 'drsjob-1' }), aServer(2), aServer(3)];
    expect(keepToApproved([aBatch()], lookOf(busy)).batches).toEqual([aBatch()]);
  });

  it('takes nothing for gone in an account that cannot be read now', () => {
    const unread = [{ accountId: ACCOUNT, region: REGION, servers: [], unreachable: 'no access' }];
    const now = freezePlan(aRequest({ verb: 'failover' }), unread);
    expect(keepToApproved([aBatch()], now).batches).toEqual([aBatch()]);
  });

  it('takes nothing back of a server that was seen launched since', () => {
    const running = aBatch({ status: 'running', servers: [aBatchServer(9, { state: 'launched' })] });
    expect(keepToApproved([running], lookOf([aServer(1)])).batches).toEqual([running]);
  });

  it('changes nothing of a batch that is over', () => {
    const over = aBatch({ status: 'finished' });
    expect(keepToApproved([over], lookOf([aServer(1)])).batches).toEqual([over]);
  });
});
