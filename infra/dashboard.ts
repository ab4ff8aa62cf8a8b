import type { MetricName } from '../src/observability/metrics.ts';
import type { Deployment } from './deployment.ts';
import { type MachineName, namesOf } from './names.ts';

/** A widget of a CloudWatch dashboard (CloudWatch: dashboard body structure). */
export interface Widget {
  type: 'metric' | 'text' | 'alarm';
  x: number;
  y: number;
  width: number;
  height: number;
  properties: Record<string, unknown>;
}

/** A dashboard is 24 units wide. */
const WIDTH = 24;
const HEIGHT = 6;
const HOUR = 3_600;
const MINUTE = 60;

type MetricRow = (string | { label?: string; stat?: string; region?: string })[];

/**
 * The dashboard of a deployment: the widgets of seed 4 §10.2, and what says whether people are waited for, decisions arrive,
 * cards are drawn and machines end well.
 */
export function dashboardOf(deployment: Deployment): {
  widgets: Widget[];
} {
  const { region } = deployment.central;
  const names = namesOf(deployment);
  const accounts = deployment.stagingAccounts.map(({ accountId }) => accountId);
  const ours = (metric: MetricName, ...dimensions: string[]): MetricRow => [
    names.metricNamespace,
    metric,
    ...dimensions,
  ];
  const statistics = (metric: MetricName, ...stats: string[]): MetricRow[] =>
    stats.map((stat) => [names.metricNamespace, metric, { label: stat, stat }]);
  const ofFunction = (name: Parameters<typeof names.centralName>[0], metric: string): MetricRow => [
    'AWS/Lambda',
    metric,
    'FunctionName',
    names.centralName(name),
    { label: name },
  ];
  const ofMachine = (name: MachineName, metric: string): MetricRow => [
    'AWS/States',
    metric,
    'StateMachineArn',
    names.machineArn(name),
    { label: `${name} ${metric.replace('Executions', '').toLowerCase()}` },
  ];
  const both = ['drill', 'failover'] as const;
  const rows: Record<string, unknown>[] = [
    {
      title: 'DRS Orchestration Executions',
      metrics: both.flatMap((action) =>
        ['success', 'partial', 'failed', 'timeout'].map((status) =>
          ours('ExecutionCount', 'Action', action, 'Status', status),
        ),
      ),
      period: HOUR,
      stat: 'Sum',
    },
    {
      title: 'Servers Processed by Staging Account',
      metrics: accounts.map((account) => ours('ServersProcessed', 'StagingAccount', account)),
      period: HOUR,
      stat: 'Sum',
    },
    {
      title: 'Average Recovery Duration',
      metrics: both.map((action) => ours('ExecutionDuration', 'Action', action)),
      period: 24 * HOUR,
      stat: 'Average',
    },
    { title: 'Executions that are not over', metrics: [ours('ActiveExecutions')], period: 5 * MINUTE, stat: 'Maximum' },
    {
      title: 'Servers that failed',
      metrics: both.flatMap((action) =>
        accounts.map((account) => ours('FailedServers', 'Action', action, 'StagingAccount', account)),
      ),
      period: HOUR,
      stat: 'Sum',
    },
    {
      title: 'Age of the worst copy at its launch (s)',
      metrics: both.map((action) => ours('DataAgeSeconds', 'Action', action)),
      period: HOUR,
      stat: 'Maximum',
    },
    {
      title: 'From the start of a job to a running instance (s)',
      metrics: accounts.map((account) => ours('RecoveryLaunchTime', 'StagingAccount', account)),
      period: HOUR,
      stat: 'p90',
    },
    {
      title: 'Decisions that have not reached their machine',
      metrics: [ours('LateBells')],
      period: MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'From a decision to its machine (s)',
      metrics: statistics('SettleDelaySeconds', 'p50', 'p99', 'Maximum'),
      period: 5 * MINUTE,
    },
    {
      title: 'Questions that wait for people',
      metrics: [ours('GatesWaiting'), ours('GatesAboutToExpire')],
      period: MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'How long the oldest question has waited (s)',
      metrics: [ours('OldestGateAgeSeconds')],
      period: MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'Minutes until the first question expires',
      metrics: [ours('GateMinutesLeft')],
      period: MINUTE,
      stat: 'Minimum',
    },
    {
      title: 'From a change to Slack (s)',
      metrics: statistics('SlackDeliverySeconds', 'p50', 'p90', 'Maximum'),
      period: 5 * MINUTE,
    },
    {
      title: 'Messages that Slack has not taken',
      metrics: [ours('UndeliveredMessages'), ours('UndeliverableMessages')],
      period: 5 * MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'Executors that failed',
      metrics: accounts.map((account) => ours('ExecutorFailures', 'StagingAccount', account)),
      period: 5 * MINUTE,
      stat: 'Sum',
    },
    {
      title: 'How far the consumers of the table are behind (ms)',
      metrics: (['effects', 'projector', 'audit'] as const).map((name) => ofFunction(name, 'IteratorAge')),
      period: MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'Answers to Slack (ms; it waits 3,000)',
      metrics: [ofFunction('slack-ingress', 'Duration')],
      period: 5 * MINUTE,
      stat: 'p99',
    },
    {
      title: 'State machines that did not end well',
      metrics: (['dr-execution', 'drs-orchestration-main'] as const).flatMap((name) =>
        ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'].map((metric) => ofMachine(name, metric)),
      ),
      period: 5 * MINUTE,
      stat: 'Sum',
    },
    {
      title: 'What could not be handled (messages)',
      metrics: [['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', names.named('dr-chatops-dead-letters')]],
      period: 5 * MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'Applications that are not ready',
      metrics: [ours('UnreadyApplications'), ours('ReadinessLost')],
      period: 30 * MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'Data age of the worst copy (s)',
      metrics: accounts.map((account) => ours('WorstDataAgeSeconds', 'StagingAccount', account)),
      period: 30 * MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'Servers that are stalled or not protected',
      metrics: accounts.flatMap((account) => [
        ours('StalledServers', 'StagingAccount', account),
        ours('UnprotectedServers', 'StagingAccount', account),
      ]),
      period: 30 * MINUTE,
      stat: 'Maximum',
    },
    {
      title: 'What is free of the tightest quota (%)',
      metrics: accounts.map((account) => ours('QuotaHeadroomPercent', 'StagingAccount', account)),
      period: 30 * MINUTE,
      stat: 'Minimum',
    },
    {
      title: 'Staging accounts that could not be read',
      metrics: [ours('UnreachableAccounts')],
      period: 30 * MINUTE,
      stat: 'Maximum',
    },
  ];
  const width = WIDTH / 3;
  return {
    widgets: rows.map((properties, at) => ({
      type: 'metric',
      x: (at % 3) * width,
      y: Math.floor(at / 3) * HEIGHT,
      width,
      height: HEIGHT,
      properties: { view: 'timeSeries', region, ...properties },
    })),
  };
}
