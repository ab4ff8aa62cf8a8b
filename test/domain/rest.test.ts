import { describe, expect, it } from 'vitest';
import type { BatchRecord, ExecutionRecord, WaveRecord } from '../../src/domain/records.ts';
import { waveActionSchema } from '../../src/domain/recovery-plan.ts';
import { countRest, type EndedFacts, restIdOf, restOf } from '../../src/domain/rest.ts';
import { APPROVER, anExecution, aPlan, EXECUTION_ID, START } from '../blocks/views.ts';
import { ACCOUNT, aBatch, aBatchServer, OTHER_ACCOUNT } from './fleet.ts';

const action = (actionName: string) =>
  waveActionSchema.parse({ actionType: 'tcp', actionName, host: 'db.example.com', port: 5432 });

function batch(wave: number, differs: Partial<BatchRecord>, attempt = 1): BatchRecord {
  const place = differs.accountId ?? ACCOUNT;
  return {
    ...aBatch(),
    batchId: `r1-w${wave}${attempt > 1 ? `-a${attempt}` : ''}-${place}-01`,
    executionId: EXECUTION_ID,
    planRevision: 1,
    planHash: aPlan().hash,
    verb: 'failover',
    wave,
    version: 3,
    ...differs,
  };
}

const wave = (number: number, differs: Partial<WaveRecord> = {}): WaveRecord => ({
  executionId: EXECUTION_ID,
  wave: number,
  planRevision: 1,
  outcome: 'partial',
  summary: { totalServers: 2, succeeded: 1, failed: 1, skipped: 0 },
  nextPhaseReady: false,
  resultLocation: 's3://results/x.json',
  startedAt: START,
  endedAt: START,
  ...differs,
});

const ended = (differs: Partial<ExecutionRecord> = {}): ExecutionRecord =>
  anExecution({
    verb: 'failover',
    status: 'partial',
    waves: [1, 2],
    pauseBefore: [1, 2],
    launchStartedAt: START,
    reason: 'the site is lost',
    metadata: { ticketId: 'INC1', attempt: 9 },
    options: { ...anExecution({}).options, replaceLive: ['i-1'], maxWaitMinutes: 30 },
    recoveryPlan: {
      ...{ planId: 'hrp', planName: 'HRP full', version: 3, rtoTargetMinutes: 60 },
      waves: [
        { wave: 1, waveName: 'Database', successThresholdPercent: 100 },
        { wave: 2, waveName: 'Web', pauseAfter: true },
      ],
    },
    ...differs,
  });

const facts: EndedFacts = {
  plan: { failed: [] },
  batches: [
    batch(1, { servers: [aBatchServer(1, { state: 'launched' }), aBatchServer(2, { state: 'failed' })] }),
    batch(2, { accountId: OTHER_ACCOUNT, servers: [aBatchServer(3, { state: 'skipped' })] }),
  ],
  waves: [wave(1), wave(2, { notBegun: { code: 'WaveFailed', message: '' }, outcome: 'failed' })],
  recovery: {
    ...{ executionId: EXECUTION_ID, version: 3, applications: ['HRP', 'Shared'] },
    waves: [1, 2].map((number) => ({
      wave: number,
      waveName: '',
      selectors: [],
      preWaveActions: [action(`before ${number}`)],
      postWaveActions: [action(`after ${number}`)],
    })),
  },
};

const countOf = ({ plan, batches }: EndedFacts, execution = ended()) =>
  countRest({ execution, plan: { ...aPlan(), ...plan }, batches: [...batches] });

const request = {
  executionId: restIdOf(EXECUTION_ID, 1),
  requester: { userId: APPROVER, teamId: 'T0PRACTICE1' },
  now: START + 1,
};

describe('what an execution has left', () => {
  it('is exactly the servers that it did not launch, in their waves, with what has not been done around them', () => {
    const rest = restOf(ended(), facts, request);
    expect(rest?.execution).toMatchObject({
      executionId: request.executionId,
      status: 'planning',
      verb: 'failover',
      waves: [1, 2],
      // The pause before wave 1 was released.
      pauseBefore: [2],
      reason: 'the site is lost',
      metadata: { ticketId: 'INC1' },
      requester: { userId: APPROVER, teamId: 'T0PRACTICE1' },
      options: { maxWaitMinutes: 30, replaceLive: [], minServers: 1 },
      recoveryPlan: {
        planName: 'the rest of HRP full',
        version: 0,
        waves: [
          { wave: 1, waveName: 'Database', successThresholdPercent: 100, postWaveActions: 1 },
          { wave: 2, waveName: 'Web', pauseAfter: true, preWaveActions: 1, postWaveActions: 1 },
        ],
      },
    });
    expect(rest?.execution.metadata).not.toHaveProperty('attempt');
    expect(rest?.recoveryPlan).toMatchObject({
      version: 0,
      applications: ['HRP', 'Shared'],
      waves: [
        {
          selectors: [{ accountId: ACCOUNT, serverIds: [aBatchServer(2).sourceServerId] }],
          preWaveActions: [],
          postWaveActions: [{ actionName: 'after 1' }],
        },
        {
          selectors: [{ accountId: OTHER_ACCOUNT, serverIds: [aBatchServer(3).sourceServerId] }],
          preWaveActions: [{ actionName: 'before 2' }],
        },
      ],
    });
    expect(countOf(facts)).toBe(2);
  });

  it('is said by its waves alone, not by the servers that the drill named: some of them have been launched', () => {
    const sourceServerIds = ['s-00000000000000001', 's-00000000000000002'];
    const drill = ended({ verb: 'drill', options: { ...ended().options, sourceServerIds } });
    const rest = restOf(drill, facts, request);
    expect(rest?.execution.options.sourceServerIds).toBeUndefined();
    expect(rest?.recoveryPlan.waves[0]?.selectors).toEqual([
      expect.objectContaining({ serverIds: [aBatchServer(2).sourceServerId] }),
    ]);
  });

  it('is told by the last attempt; who runs and did not pass the status checks is none of it', () => {
    const again = {
      ...facts,
      batches: [
        ...facts.batches,
        batch(1, { servers: [aBatchServer(2, { state: 'launched' })] }, 2),
        batch(2, { servers: [aBatchServer(4, { state: 'failed', errorCode: 'StatusChecksFailed' })] }),
      ],
    };
    expect(restOf(ended(), again, request)?.execution.waves).toEqual([2]);
    expect(countOf(again)).toBe(1);
  });

  it('has who the plan itself let fail', () => {
    const failed = [
      {
        ...{
          sourceServerId: 's-9',
          sourceServerHostname: 'h',
          stagingAccountId: ACCOUNT,
          region: 'us-east-2',
          wave: 2,
        },
        ...{ errorCode: 'LiveInstance', errorMessage: '' },
      },
    ];
    expect(restOf(ended(), { ...facts, plan: { failed } }, request)?.recoveryPlan.waves[1]?.selectors).toContainEqual({
      accountId: ACCOUNT,
      region: 'us-east-2',
      serverIds: ['s-9'],
    });
  });

  it('of waves by tag is a plan of its own; a single run without a wave is wave 1', () => {
    const { recoveryPlan: _, ...byTag } = ended({ waves: [] });
    const rest = restOf(
      byTag,
      { ...facts, batches: [batch(0, { servers: [aBatchServer(2, { state: 'failed' })] })], recovery: undefined },
      request,
    );
    expect(rest?.execution).toMatchObject({ waves: [1], recoveryPlan: { waves: [{ wave: 1, waveName: 'Servers' }] } });
    expect(rest?.recoveryPlan.applications).toEqual(['HRP']);
  });

  it('is nothing where all was launched, while it runs, and of what launches nothing', () => {
    const all = { ...facts, batches: [batch(1, { servers: [aBatchServer(1, { state: 'launched' })] })] };
    expect(restOf(ended(), all, request)).toBeUndefined();
    for (const none of [{ status: 'paused' }, { verb: 'terminate' }, { launchStartedAt: undefined }] as const) {
      expect(restOf(ended(none), facts, request)).toBeUndefined();
      expect(countOf(facts, ended(none))).toBe(0);
    }
  });
});
