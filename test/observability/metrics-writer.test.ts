import { expect, test, vi } from 'vitest';
import { activeExecutionsMetric, type Metric, metricsOf } from '../../src/observability/metrics.ts';
import { metricsWriter, standardOutput } from '../../src/observability/metrics-writer.ts';
import { ACCOUNT, anOutput, keptLog, OTHER_ACCOUNT } from './outputs.ts';

const NOW = Date.parse('2026-03-02T03:00:00Z');
const ABOUT = { executionId: 'DR-1', correlationId: 'incident-7' };

/** Everything that is printed when `metrics` are written, and what the log got of it. */
function written(metrics: readonly Metric[]) {
  const printed: string[] = [];
  const { log, lines } = keptLog();
  metricsWriter({ now: () => NOW, log, printLine: (line) => printed.push(line) })(metrics, ABOUT);
  return { printed, documents: printed.map((line) => JSON.parse(line)), lines };
}

test('a document is what CloudWatch reads: one line, one set of dimensions, ids beside it', () => {
  const { printed, lines } = written([
    { name: 'ServersProcessed', unit: 'Count', values: [3], dimensions: { Action: 'drill', StagingAccount: ACCOUNT } },
    { name: 'FailedServers', unit: 'Count', values: [0], dimensions: { Action: 'drill', StagingAccount: ACCOUNT } },
  ]);
  expect(printed).toHaveLength(1);
  expect(printed[0]).not.toContain('\n');
  expect(JSON.parse(printed[0] ?? '')).toEqual({
    _aws: {
      Timestamp: NOW,
      CloudWatchMetrics: [
        {
          Namespace: 'DRS/Orchestration',
          Dimensions: [['Action', 'StagingAccount']],
          Metrics: [
            { Name: 'ServersProcessed', Unit: 'Count' },
            { Name: 'FailedServers', Unit: 'Count' },
          ],
        },
      ],
    },
    Action: 'drill',
    StagingAccount: ACCOUNT,
    ServersProcessed: 3,
    FailedServers: 0,
    executionId: 'DR-1',
    correlationId: 'incident-7',
  });
  expect(lines).toEqual([]);
});

test('an environment writes into a namespace of its own', () => {
  vi.stubEnv('DEPLOYMENT_ENVIRONMENT', 'test');
  const { documents } = written([activeExecutionsMetric(1)]);
  vi.unstubAllEnvs();
  expect(documents[0]._aws.CloudWatchMetrics[0].Namespace).toBe('DRS/Orchestration/test');
});

test('several accounts are several documents', () => {
  const { documents } = written(metricsOf(anOutput(), { launches: [], dataAges: [] }));
  const accounts = documents.map((document) => document.StagingAccount).filter((account) => account !== undefined);
  expect(new Set(accounts)).toEqual(new Set([ACCOUNT, OTHER_ACCOUNT]));
  const dimensions = documents.map((document) => document._aws.CloudWatchMetrics[0].Dimensions);
  expect(dimensions).toEqual([
    [['Action', 'Status']],
    [['Action']],
    [['Action', 'StagingAccount']],
    [['StagingAccount']],
    [['Action', 'StagingAccount']],
    [['StagingAccount']],
    [[]],
  ]);
});

test('a metric without dimensions has one empty set of them', () => {
  const { documents } = written([activeExecutionsMetric(2)]);
  expect(documents).toMatchObject([{ _aws: { CloudWatchMetrics: [{ Dimensions: [[]] }] }, ActiveExecutions: 2 }]);
});

test('1,000 launches in one account are all written, none by the library itself', () => {
  const print = vi.spyOn(process.stdout, 'write');
  const values = Array.from({ length: 1_000 }, (_, index) => index);
  const { documents } = written([
    { name: 'RecoveryLaunchTime', unit: 'Seconds', values, dimensions: { StagingAccount: ACCOUNT } },
  ]);
  expect(print).not.toHaveBeenCalled();
  print.mockRestore();
  expect(documents.flatMap((document) => document.RecoveryLaunchTime)).toEqual(values);
  expect(Math.max(...documents.map((document) => document.RecoveryLaunchTime.length))).toBeLessThanOrEqual(100);
});

test('nothing to write prints nothing', () => {
  expect(written([])).toMatchObject({ printed: [], lines: [] });
});

test('an output that is closed is logged and stops nothing', () => {
  const { log, lines } = keptLog();
  const printLine = () => {
    throw new Error('closed');
  };
  metricsWriter({ now: () => NOW, log, printLine })([activeExecutionsMetric(2)], ABOUT);
  expect(lines).toMatchObject([
    { level: 'error', fields: { ...ABOUT, metrics: ['ActiveExecutions'], error: 'closed' } },
  ]);
});

test('on Lambda a line goes to standard output as it is', () => {
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  standardOutput('{"a":1}');
  expect(print.mock.calls).toEqual([['{"a":1}\n']]);
  print.mockRestore();
});
