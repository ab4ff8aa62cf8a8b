import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyLate } from '../../src/domain/account-outcome.ts';
import {
  batchIdStart,
  batchNameOf,
  cutForRetry,
  executorWork,
  instancesOf,
  isFailedBackCentrally,
  lastAttemptOf,
  latestAttempts,
} from '../../src/domain/batches.ts';
import { executorInputSchema, MAX_SERVERS_IN_JOB } from '../../src/domain/executor-contract.ts';
import { freezePlan, type Plan } from '../../src/domain/plan.ts';
import type { Batch } from '../../src/domain/result.ts';
import { aBatch, aBatchServer, anyFleet, anyRequestOfAnyVerb, aRequest, aServer, discovered, REGION } from './fleet.ts';

/** The batches of a plan as they are stored. */
const stored = (plan: Plan): Batch[] =>
  plan.batches.map((batch) => ({
    ...batch,
    status: 'planned',
    servers: batch.servers.map((server) => ({ ...server, state: 'planned' })),
  }));

const SNAPSHOT = 'pit-0123456789abcdefG';

describe('the batches of any verb', () => {
  it('are of one account and Region, of at most 100 and the parallelism, each server in one, with ids of their own', () => {
    fc.assert(
      fc.property(anyFleet, anyRequestOfAnyVerb, (fleet, request) => {
        const plan = freezePlan(request, discovered(fleet));
        const records = new Set(fleet.map((server) => `${server.accountId}/${server.region}/${server.sourceServerId}`));
        const all = plan.batches.flatMap(({ accountId, region, servers }) =>
          servers.map(({ sourceServerId }) => `${accountId}/${region}/${sourceServerId}`),
        );
        expect(new Set(all).size).toBe(all.length);
        expect(all.every((record) => records.has(record))).toBe(true);
        for (const { servers } of plan.batches) {
          expect(servers.length).toBeGreaterThan(0);
          expect(servers.length).toBeLessThanOrEqual(Math.min(MAX_SERVERS_IN_JOB, request.options.parallelism));
          expect(new Set(servers.map(({ waitForReady }) => waitForReady)).size).toBe(1);
        }
        const ids = plan.batches.map(({ batchId }) => batchId);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('start with those that nobody has to wait for, in each account', () => {
    const notReady = aServer(1, { replicationState: 'INITIAL_SYNC', tags: { 'DR-Priority': 'high' } });
    const plan = freezePlan(aRequest({ verb: 'failover' }), discovered([notReady, aServer(2), aServer(3)]));
    expect(plan.batches.map(({ batchId, servers }) => [batchId, servers.map(({ hostname }) => hostname)])).toEqual([
      ['r1-w1-111111111111-01', ['hrp-002', 'hrp-003']],
      ['r1-w1-111111111111-02', ['hrp-001']],
    ]);
  });
});

describe('the executor’s work', () => {
  it('is what its input may be, for any plan', () => {
    fc.assert(
      fc.property(anyFleet, anyRequestOfAnyVerb, (fleet, request) => {
        const plan = freezePlan(request, discovered(fleet));
        for (const accountId of new Set(plan.batches.map((batch) => batch.accountId))) {
          const batches = stored(plan).filter((batch) => batch.accountId === accountId);
          const input = {
            executionId: 'run-1',
            accountId,
            region: REGION,
            correlationId: 'run-1',
            eventBusArn: 'arn:aws:events:us-east-2:999999999999:event-bus/dr',
            startedAt: '2026-03-02T14:00:00.000Z',
            options: { maxWaitMinutes: 120, parallelism: 50, continueOnFailure: false, replaceLive: [] },
            ...executorWork(request.verb, batches),
          };
          const parsed = executorInputSchema.safeParse(input);
          // A server with more instances than the parallelism is a batch of its own; DRS takes 100 all the same.
          expect(parsed.error).toBeUndefined();
        }
      }),
    );
  });

  it('is to launch servers, from their snapshots, with those to wait for apart', () => {
    const servers = [aBatchServer(1), aBatchServer(2, { recoverySnapshotId: SNAPSHOT })];
    const waiting = aBatch({ batchId: 'b2', servers: [aBatchServer(3, { waitForReady: true })] });
    expect(executorWork('failover', [aBatch({ batchId: 'b1', servers }), waiting])).toEqual({
      action: 'failover',
      batches: [
        {
          batchId: 'b1',
          serverIds: servers.map(({ sourceServerId }) => sourceServerId),
          snapshots: { [aBatchServer(2).sourceServerId]: SNAPSHOT },
          waitForReady: false,
        },
        { batchId: 'b2', serverIds: [aBatchServer(3).sourceServerId], snapshots: {}, waitForReady: true },
      ],
    });
  });

  const withInstance = aBatchServer(1, {
    recoveryInstanceId: 'i-0000000a',
    ec2InstanceId: 'i-0000000a',
    isDrill: true,
    otherInstances: [{ recoveryInstanceId: 'i-0000000b', ec2InstanceId: 'i-0000000b', isDrill: false }],
  });

  it('is to terminate every instance of a server, as it was approved', () => {
    expect(executorWork('terminate', [aBatch({ batchId: 'b1', servers: [withInstance] })]).batches).toEqual([
      {
        batchId: 'b1',
        instances: [
          { id: 'i-0000000a', serverId: withInstance.sourceServerId, isDrill: true },
          { id: 'i-0000000b', serverId: withInstance.sourceServerId, isDrill: false },
        ],
      },
    ]);
  });

  it('is to fail back to the premises only: AWS is central handlers’ work', () => {
    const to = (origin: 'AWS' | 'ON_PREMISES') =>
      aBatch({ batchId: origin, servers: [aBatchServer(1, { recoveryInstanceId: 'i-0000000a', origin })] });
    expect(executorWork('failback', [to('AWS'), to('ON_PREMISES')]).batches).toEqual([
      { batchId: 'ON_PREMISES', instances: [{ id: 'i-0000000a', serverId: aBatchServer(1).sourceServerId }] },
    ]);
    expect([to('AWS'), to('ON_PREMISES')].map(isFailedBackCentrally)).toEqual([true, false]);
  });

  it('has neither batches that are over nor servers that were left out', () => {
    const leftOut = aBatchServer(1, { state: 'failed', errorCode: 'ServerGone', errorMessage: 'gone' });
    const work = executorWork('drill', [
      aBatch({ batchId: 'b1', status: 'finished' }),
      aBatch({ batchId: 'b2', servers: [leftOut] }),
      aBatch({ batchId: 'b3', status: 'running', servers: [leftOut, aBatchServer(2)] }),
    ]);
    expect(work.batches).toMatchObject([{ batchId: 'b3', serverIds: [aBatchServer(2).sourceServerId] }]);
  });
});

describe('the instances of a planned server', () => {
  it('are none for a launch', () => {
    expect(instancesOf(aBatchServer(1))).toEqual([]);
  });
});

describe('the batches of a retry', () => {
  const plan = { revision: 1, options: { parallelism: 2 } };
  const of = { wave: 2, attempt: 3 };
  const found = { accountId: '111111111111', region: REGION };

  it('are named by their attempt, which their ids say again', () => {
    const batches = cutForRetry(
      { ...plan, verb: 'drill' },
      of,
      [1, 2, 3].map((number) => ({ ...found, server: aBatchServer(number, { state: 'failed' }) })),
    );
    expect(batches.map(({ batchId, servers }) => [batchId, servers.length])).toEqual([
      ['r1-w2-a3-111111111111-01', 2],
      ['r1-w2-a3-111111111111-02', 1],
    ]);
    expect(batches.map(({ batchId }) => batchNameOf(batchId))).toEqual([of, of]);
    expect(batchNameOf('r1-w2-111111111111-01')).toEqual({ wave: 2, attempt: 1 });
    expect(batchIdStart(1, { ...of, accountId: '111111111111' })).toBe('r1-w2-a3-111111111111-');
    const batchIds = ['r1-w1-111111111111-01', 'r1-w2-111111111111-01', ...batches.map(({ batchId }) => batchId)];
    expect([1, 2, 3].map((wave) => lastAttemptOf({ batchIds }, wave))).toEqual([1, 3, 1]);
  });

  it('have the servers as they were approved: the instances of a termination, and none for a launch', () => {
    const server = aBatchServer(1, {
      state: 'failed',
      errorCode: 'TerminateFailed',
      errorMessage: 'it failed',
      recoveryInstanceId: 'i-00000000000000001',
      ec2InstanceId: 'i-00000000000000001',
      isDrill: true,
      recoverySnapshotId: SNAPSHOT,
    });
    const planned = (verb: 'drill' | 'terminate') =>
      cutForRetry({ ...plan, verb }, of, [{ ...found, server }])[0]?.servers[0];
    const { sourceServerId, hostname, tags } = server;
    expect(planned('drill')).toEqual({ sourceServerId, hostname, tags, recoverySnapshotId: SNAPSHOT });
    expect(planned('terminate')).toMatchObject({ recoveryInstanceId: 'i-00000000000000001', isDrill: true });
    expect(planned('terminate')).not.toHaveProperty('errorCode');
  });

  it('take their servers out of the earlier ones, whose jobs stay the wave’s', () => {
    const first = aBatch({ batchId: 'r1-w2-111111111111-01', servers: [aBatchServer(1), aBatchServer(2)] });
    const again = aBatch({ batchId: 'r1-w2-a2-111111111111-01', servers: [aBatchServer(2)] });
    const elsewhere = aBatch({ batchId: 'r1-w1-111111111111-01', servers: [aBatchServer(2)] });
    const ids = latestAttempts([elsewhere, first, again]).map(({ servers }) => servers.map(({ hostname }) => hostname));
    expect(ids).toEqual([['hrp-002'], ['hrp-001'], ['hrp-002']]);
  });
});

describe('a batch that is over, looked at again', () => {
  it('has what was launched late, without the reason why it was a failure; nothing else moves', () => {
    const failed = { state: 'failed', errorCode: 'JobTimeout', errorMessage: 'out of time' } as const;
    const batch = aBatch({ servers: [aBatchServer(1, failed), aBatchServer(2, failed), aBatchServer(3)] });
    const [one, two] = batch.servers.map(({ sourceServerId }) => sourceServerId);
    const participants = [
      { id: one ?? '', status: 'LAUNCHED', instanceId: 'i-00000000000000001' },
      { id: two ?? '', status: 'FAILED' },
    ];
    const late = applyLate(batch, participants, 'drill');
    expect(late.servers[0]).toMatchObject({ state: 'launched', recoveryInstanceId: 'i-00000000000000001' });
    expect(late.servers[0]).not.toHaveProperty('errorCode');
    expect(late.servers.slice(1)).toEqual(batch.servers.slice(1));
    expect(applyLate(batch, [], 'drill')).toBe(batch);
  });

  it('of a termination has what is gone by now, when each of its instances is', () => {
    const instance = (number: number) => `i-0000000000000000${number}`;
    const server = aBatchServer(1, {
      ...{ state: 'failed', errorCode: 'JobTimeout', errorMessage: 'out of time' },
      ...{ recoveryInstanceId: instance(1), ec2InstanceId: instance(1), isDrill: true },
      otherInstances: [{ recoveryInstanceId: instance(2), ec2InstanceId: instance(2), isDrill: true }],
    });
    const gone = (...numbers: number[]) =>
      numbers.map((number) => ({ id: '', status: 'TERMINATED', instanceId: instance(number) }));
    const stateAfter = (...numbers: number[]) =>
      applyLate(aBatch({ servers: [server] }), gone(...numbers), 'terminate').servers[0]?.state;
    expect(stateAfter(1)).toBe('failed');
    expect(stateAfter(1, 2)).toBe('terminated');
  });
});
