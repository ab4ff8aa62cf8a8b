import { describe, expect, test } from 'vitest';
import {
  activeExecutionsMetric,
  crossAccountMetrics,
  executorFailureMetrics,
  type Launch,
  metricsOf,
  waitingGateMetrics,
} from '../../src/observability/metrics.ts';
import { ACCOUNT, account, anOutput, OTHER_ACCOUNT } from './outputs.ts';

const NOTHING = { launches: [], dataAges: [] };
const T0 = Date.parse('2026-03-02T03:00:00Z');

function aLaunch(seconds: number, stagingAccountId = ACCOUNT): Launch {
  return { stagingAccountId, jobStartedAt: T0, runningAt: T0 + seconds * 1_000 };
}

/** The values of a metric, by their dimensions. */
function valuesOf(metrics: ReturnType<typeof metricsOf>, name: string): [unknown, number[]][] {
  return metrics.filter((metric) => metric.name === name).map(({ dimensions, values }) => [dimensions, values]);
}

describe('the metrics of a run', () => {
  test('are those of seed 4, with their dimensions and units', () => {
    const facts = { launches: [aLaunch(600), aLaunch(900), aLaunch(300, OTHER_ACCOUNT)], dataAges: [4, 3_600, 0] };
    expect(metricsOf(anOutput(), facts)).toEqual([
      { name: 'ExecutionCount', unit: 'Count', values: [1], dimensions: { Action: 'failover', Status: 'partial' } },
      { name: 'ExecutionDuration', unit: 'Seconds', values: [4_805], dimensions: { Action: 'failover' } },
      {
        name: 'ServersProcessed',
        unit: 'Count',
        values: [3],
        dimensions: { Action: 'failover', StagingAccount: ACCOUNT },
      },
      { name: 'ServersProcessed', unit: 'Count', values: [3], dimensions: { StagingAccount: ACCOUNT } },
      {
        name: 'FailedServers',
        unit: 'Count',
        values: [1],
        dimensions: { Action: 'failover', StagingAccount: ACCOUNT },
      },
      {
        name: 'ServersProcessed',
        unit: 'Count',
        values: [2],
        dimensions: { Action: 'failover', StagingAccount: OTHER_ACCOUNT },
      },
      { name: 'ServersProcessed', unit: 'Count', values: [2], dimensions: { StagingAccount: OTHER_ACCOUNT } },
      {
        name: 'FailedServers',
        unit: 'Count',
        values: [0],
        dimensions: { Action: 'failover', StagingAccount: OTHER_ACCOUNT },
      },
      { name: 'WaveCompletionRate', unit: 'Percent', values: [80], dimensions: {} },
      { name: 'RecoveryLaunchTime', unit: 'Seconds', values: [600, 900], dimensions: { StagingAccount: ACCOUNT } },
      { name: 'RecoveryLaunchTime', unit: 'Seconds', values: [300], dimensions: { StagingAccount: OTHER_ACCOUNT } },
      { name: 'DataAgeSeconds', unit: 'Seconds', values: [3_600], dimensions: { Action: 'failover' } },
    ]);
  });

  test('add up the Regions of one account', () => {
    const stagingAccountResults = [
      account(ACCOUNT, { serversProcessed: 3, succeeded: 2, failed: 1 }),
      account(ACCOUNT, { serversProcessed: 4, succeeded: 1, failed: 2 }, 'us-west-2'),
    ];
    const metrics = metricsOf(anOutput({ stagingAccountResults }), NOTHING);
    expect(valuesOf(metrics, 'FailedServers')).toEqual([[{ Action: 'failover', StagingAccount: ACCOUNT }, [3]]]);
  });

  test('of a run without servers say that it ran, and no share of nothing', () => {
    const metrics = metricsOf(anOutput({ status: 'success', stagingAccountResults: [] }), NOTHING);
    expect(metrics.map(({ name }) => name)).toEqual(['ExecutionCount', 'ExecutionDuration']);
  });

  test('of a look at the status complete no wave', () => {
    expect(valuesOf(metricsOf(anOutput({ action: 'status' }), NOTHING), 'WaveCompletionRate')).toEqual([]);
  });

  test('do not depend on the lists, which a truncated output has not', () => {
    const whole = metricsOf(anOutput(), NOTHING);
    expect(metricsOf(anOutput({ failedServers: [], truncated: true }), NOTHING)).toEqual(whole);
  });

  test('leave out a launch whose moments cannot be right', () => {
    const launches = [aLaunch(60), aLaunch(-1), aLaunch(Number.NaN), aLaunch(-5, OTHER_ACCOUNT)];
    const metrics = metricsOf(anOutput(), { launches, dataAges: [] });
    expect(valuesOf(metrics, 'RecoveryLaunchTime')).toEqual([[{ StagingAccount: ACCOUNT }, [60]]]);
  });
});

test('executions that are not over are a gauge without dimensions', () => {
  expect(activeExecutionsMetric(3)).toEqual({ name: 'ActiveExecutions', unit: 'Count', values: [3], dimensions: {} });
});

describe('the gauges of questions', () => {
  const MINUTE = 60_000;
  const NOW = 1_000 * MINUTE;
  const asked = (ageMinutes: number, leftMinutes: number) => ({
    openedAt: NOW - ageMinutes * MINUTE,
    expiresAt: NOW + leftMinutes * MINUTE,
  });
  const gaugesOf = (...gates: ReturnType<typeof asked>[]) =>
    Object.fromEntries(waitingGateMetrics(gates, NOW).map(({ name, values }) => [name, values[0]]));

  test('say how many wait, how long the oldest has waited, and when the first one expires', () => {
    expect(gaugesOf(asked(5, 25), asked(2_880, 7_200))).toEqual({
      GatesWaiting: 2,
      OldestGateAgeSeconds: 2_880 * 60,
      GateMinutesLeft: 25,
      GatesAboutToExpire: 0,
    });
  });

  test('without a question say that there is none, and of no time left', () => {
    expect(gaugesOf()).toEqual({ GatesWaiting: 0, OldestGateAgeSeconds: 0, GatesAboutToExpire: 0 });
  });

  test.each([
    ['a pause of a week with an hour left', asked(10_020, 60), 0],
    ['a pause of a week with ten minutes left', asked(10_070, 10), 1],
    ['a question of ten minutes that was just asked', asked(0, 10), 0],
    ['a question of ten minutes with five left', asked(5, 5), 1],
    ['one whose machine has not noticed its deadline', asked(31, -1), 1],
  ])('%s', (_, gate, expiring) => {
    expect(gaugesOf(gate)).toMatchObject({ GatesAboutToExpire: expiring });
    expect(gaugesOf(gate).GateMinutesLeft).toBeGreaterThanOrEqual(0);
  });
});

test('a failed executor counts for its account and for all', () => {
  expect(executorFailureMetrics(ACCOUNT).map(({ dimensions, values }) => [dimensions, values])).toEqual([
    [{ StagingAccount: ACCOUNT }, [1]],
    [{}, [1]],
  ]);
});

test('work in a staging account counts for the account and for all', () => {
  expect(crossAccountMetrics(ACCOUNT)).toEqual([
    { name: 'CrossAccountOperations', unit: 'Count', values: [1], dimensions: { StagingAccount: ACCOUNT } },
    { name: 'CrossAccountOperations', unit: 'Count', values: [1], dimensions: {} },
  ]);
});
