import { describe, expect, it } from 'vitest';
import { executionStateOf, executionStateSchema } from '../../src/domain/execution-state.ts';
import type { ExecutionView, WaveRecord } from '../../src/domain/records.ts';
import { runNameOf } from '../../src/orchestration/run.ts';
import { EXECUTION_VIEWS } from '../blocks/fixtures/cards.ts';
import {
  aBatchRecord,
  aGate,
  aPlan,
  aView,
  EXECUTION_ID,
  ended,
  LAUNCHING,
  minutes,
  REQUESTER,
  START,
  viewsOfEveryState,
} from '../blocks/views.ts';
import { ACCOUNT, aBatchServer, aServer } from './fleet.ts';

const NOW = START + minutes(40);
const LAUNCHED = START + minutes(10);
const idOf = (number: number) => aServer(number).sourceServerId;

/** The example of seed 3, without what it has and DRS does not do. */
const SEED_EXAMPLE = {
  executionId: 'exec-12345',
  planId: 'plan-67890',
  status: 'in_progress',
  currentWave: 2,
  startedAt: '2026-01-07T10:00:00Z',
  waves: [
    {
      waveNumber: 1,
      name: 'Database Tier',
      status: 'completed',
      startedAt: '2026-01-07T10:00:00Z',
      completedAt: '2026-01-07T10:05:00Z',
      technologies: [
        {
          type: 'database',
          status: 'completed',
          resources: ['rds-prod-01', 'aurora-cluster-01'],
          executionTime: 'PT5M',
        },
      ],
    },
    {
      waveNumber: 2,
      name: 'Application Tier',
      status: 'in_progress',
      startedAt: '2026-01-07T10:05:00Z',
      technologies: [
        { type: 'drs', status: 'in_progress', subExecutionId: 'drs-exec-456', resources: ['i-app01', 'i-app02'] },
        { type: 'application', status: 'pending', resources: ['app-service-01'] },
      ],
    },
  ],
  enterpriseContext: {
    initiatedBy: 'Enterprise-DR-Platform',
    parentExecutionId: 'enterprise-exec-789',
    tags: { Environment: 'production', Application: 'core-banking' },
  },
};

function aWave(wave: number, from: number, to: number, differs: Partial<WaveRecord> = {}): WaveRecord {
  return {
    ...{ executionId: EXECUTION_ID, wave, planRevision: 1, outcome: 'success', nextPhaseReady: true },
    summary: { totalServers: 1, succeeded: 1, failed: 0, skipped: 0 },
    resultLocation: 's3://results/wave.json',
    startedAt: LAUNCHED + minutes(from),
    endedAt: LAUNCHED + minutes(to),
    ...differs,
  };
}

/** The second wave of HRP's plan runs, after the first was tried twice and an automation before it. */
const running: ExecutionView = {
  ...aView(
    {
      ...LAUNCHING,
      waves: [1, 2, 3],
      currentWave: 2,
      tags: { 'DR-Application': 'HRP' },
      service: { initiatedBy: 'Enterprise-DR-Platform' },
      correlationId: 'enterprise-exec-789',
      recoveryPlan: {
        ...{ planId: 'hrp-plan', planName: 'HRP', version: 2 },
        waves: [
          { wave: 1, waveName: 'Database' },
          { wave: 2, waveName: 'Application' },
          { wave: 3, waveName: 'Web' },
        ],
      },
    },
    {
      plan: aPlan({ waves: [1, 2, 3] }),
      gates: [
        aGate({
          ...{ gateId: 'decision-1-1', kind: 'decision', wave: 1, status: 'approved', answer: 'retry' },
          settledAt: LAUNCHED + minutes(7),
        }),
      ],
      waves: [aWave(1, 0, 9, { attempt: 2 })],
      batches: [
        aBatchRecord({ servers: [aBatchServer(1, { state: 'launched' })] }),
        aBatchRecord({ batchId: `r1-w1-a2-${ACCOUNT}-01`, servers: [aBatchServer(2, { state: 'launched' })] }),
        aBatchRecord({ batchId: `r1-w2-${ACCOUNT}-01`, wave: 2, servers: [aBatchServer(3, { state: 'launching' })] }),
        aBatchRecord({ batchId: `r1-w3-${ACCOUNT}-01`, wave: 3, servers: [aBatchServer(4)] }),
      ],
    },
  ),
  earlierAttempts: [aWave(1, 0, 5, { outcome: 'partial' })],
  actions: [
    {
      ...{ executionId: EXECUTION_ID, version: 2, wave: 2, phase: 'pre', index: 1, attempt: 1 },
      action: {
        ...{ actionType: 'automation', actionName: 'Stop replication', documentName: 'HRP-Stop', parameters: {} },
        ...{ timeoutMinutes: 30, onFailure: 'ask', verbs: ['drill'] },
      },
      status: 'succeeded',
      references: ['automation-1'],
      startedAt: LAUNCHED + minutes(9),
      endedAt: LAUNCHED + minutes(12),
    },
  ],
};

describe('the execution state', () => {
  it('has the schema of seed 3: its own example is one', () => {
    expect(executionStateSchema.parse(SEED_EXAMPLE)).toEqual(SEED_EXAMPLE);
  });

  it.each([...Object.entries(viewsOfEveryState()), ...Object.entries(EXECUTION_VIEWS)])(
    'can be read out of every execution: %s',
    (_, view) => {
      expect(executionStateSchema.parse(executionStateOf(view, NOW))).toBeDefined();
    },
  );

  it('tells of each wave what is done in it, attempt by attempt', () => {
    const state = executionStateOf(running, NOW);
    expect(executionStateSchema.parse(state)).toEqual(state);
    expect(state).toEqual({
      executionId: EXECUTION_ID,
      planId: 'hrp-plan',
      status: 'in_progress',
      currentWave: 2,
      startedAt: '2026-03-02T02:00:00.000Z',
      waves: [
        {
          ...{ waveNumber: 1, name: 'Database', status: 'completed' },
          startedAt: '2026-03-02T02:10:00.000Z',
          completedAt: '2026-03-02T02:19:00.000Z',
          technologies: [
            {
              ...{ type: 'drs', status: 'completed', subExecutionId: `${EXECUTION_ID}-${runNameOf(1)}` },
              ...{ resources: [idOf(1)], executionTime: 'PT5M' },
            },
            {
              ...{ type: 'drs', status: 'completed', subExecutionId: `${EXECUTION_ID}-${runNameOf(1, 2)}` },
              ...{ resources: [idOf(2)], executionTime: 'PT2M' },
            },
          ],
        },
        {
          ...{ waveNumber: 2, name: 'Application', status: 'in_progress', startedAt: '2026-03-02T02:22:00.000Z' },
          technologies: [
            {
              ...{ type: 'application', status: 'completed', subExecutionId: 'automation-1' },
              ...{ resources: ['HRP-Stop'], executionTime: 'PT3M' },
            },
            {
              ...{ type: 'drs', status: 'in_progress', subExecutionId: `${EXECUTION_ID}-${runNameOf(2)}` },
              resources: [idOf(3)],
            },
          ],
        },
        {
          ...{ waveNumber: 3, name: 'Web', status: 'pending' },
          technologies: [{ type: 'drs', status: 'pending', resources: [idOf(4)] }],
        },
      ],
      enterpriseContext: {
        initiatedBy: 'Enterprise-DR-Platform',
        parentExecutionId: 'enterprise-exec-789',
        tags: { 'DR-Application': 'HRP' },
      },
    });
  });

  it('says that nothing is known where it is so: no plan, no parent, no wave begun', () => {
    const state = executionStateOf(aView(), NOW);
    expect(state).toMatchObject({
      ...{ planId: null, status: 'planning', currentWave: null },
      waves: [{ waveNumber: 1, name: 'Wave 1', status: 'pending', technologies: [{ type: 'drs', resources: [] }] }],
      enterpriseContext: { initiatedBy: REQUESTER, parentExecutionId: null },
    });
  });

  it('is completed only when every server was recovered', () => {
    const of = (name: string) => {
      const { status, waves } = executionStateOf(viewsOfEveryState()[name] ?? aView(), NOW);
      return [status, waves[0]?.status];
    };
    expect(of('completed')).toEqual(['completed', 'completed']);
    expect(of('partial')).toEqual(['failed', 'failed']);
    expect(of('timeout')).toEqual(['failed', 'failed']);
    expect(of('rejected')).toEqual(['cancelled', 'cancelled']);
    expect(of('expired')[0]).toBe('cancelled');
    expect(of('paused')[0]).toBe('paused');
  });

  it('names the servers that the plan found to fail', () => {
    const failed = [
      {
        ...{ sourceServerId: idOf(9), sourceServerHostname: 'hrp-9', stagingAccountId: ACCOUNT, region: 'us-east-2' },
        ...{ wave: 1, errorCode: 'NoSnapshot', errorMessage: 'no snapshot' },
      },
    ];
    const view = aView(ended('partial', { succeeded: 1, failed: 1 }, { currentWave: 1 }), {
      plan: aPlan({ failed }),
      batches: [aBatchRecord({ servers: [aBatchServer(1, { state: 'launched' })] })],
      waves: [aWave(1, 0, 9, { outcome: 'partial' })],
    });
    expect(executionStateOf(view, NOW).waves[0]).toMatchObject({
      status: 'failed',
      technologies: [{ status: 'failed', resources: [idOf(1), idOf(9)] }],
    });
  });
});
