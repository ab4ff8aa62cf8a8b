import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executorWork, instancesOf, isFailedBackCentrally } from '../../src/domain/batches.ts';
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
