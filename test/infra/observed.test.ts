import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { dashboardOf } from '../../infra/dashboard.ts';
import { parseDeployment } from '../../infra/deployment.ts';
import { DASHBOARD_FILE } from '../../scripts/dashboard.ts';
import {
  activeExecutionsMetric,
  executorFailureMetrics,
  lateBellsMetric,
  type Metric,
  metricsOf,
  readinessMetrics,
  settleDelayMetric,
  slackDeliveryMetric,
  undeliverableMetric,
  undeliveredMetric,
  waitingGateMetrics,
} from '../../src/observability/metrics.ts';
import { deployedMemory, fixedMonth } from '../bench/deployed.ts';
import { at, exampleDeployment, synthesize } from './synthesized.ts';

const example = exampleDeployment();
const { central } = synthesize(example);

describe('the alarms', () => {
  const alarms = central.all('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);

  it('tell their topic when something is wrong, and when it is right again; each says what it means', () => {
    expect(alarms.length).toBeGreaterThanOrEqual(10);
    for (const { AlarmName, AlarmActions, OKActions, AlarmDescription, TreatMissingData } of alarms) {
      expect(AlarmActions, String(AlarmName)).toHaveLength(1);
      expect(OKActions).toEqual(AlarmActions);
      expect(String(AlarmDescription).length).toBeGreaterThan(40);
      // Of the check of readiness alone: that nothing is written is what it is about.
      const isAboutSilence = AlarmName === 'dr-chatops-readiness-not-checked';
      expect(TreatMissingData).toBe(isAboutSilence ? 'breaching' : 'notBreaching');
    }
  });

  it('each have a row of their own in the documentation', () => {
    const operations = readFileSync('docs/operations.md', 'utf8');
    const rows = operations.split('\n').filter((line) => line.startsWith('| `dr-chatops-'));
    for (const { AlarmName } of alarms) {
      const ending = String(AlarmName).replace('dr-chatops', '');
      expect(
        rows.filter((row) => row.includes(`${ending}\``)),
        String(AlarmName),
      ).toHaveLength(1);
    }
  });

  it('are about functions, machines and queues that there are', () => {
    const names = new Set(
      ['AWS::Lambda::Function', 'AWS::StepFunctions::StateMachine'].flatMap((type) =>
        central.all(type).map(({ Properties }) => Properties.FunctionName ?? Properties.StateMachineName),
      ),
    );
    const dimensions = JSON.stringify(alarms).matchAll(/"Name":"(FunctionName|StateMachineArn)","Value":"(.*?)"/g);
    const meant = [...dimensions].map(([, , value = '']) => value.replace(/^arn:.*:/, ''));
    expect(meant.length).toBeGreaterThan(10);
    for (const name of meant) expect(names).toContain(name);
  });

  it('reach people by e-mail where the deployment says so, over a topic that is encrypted and speaks TLS only', () => {
    const emails = ['oncall@example.com', 'dr@example.com'];
    const told = synthesize({ ...example, alarms: { emails } }).central;
    const subscriptions = told.all('AWS::SNS::Subscription').map(({ Properties }) => Properties);
    expect(subscriptions.map(({ Protocol, Endpoint }) => [Protocol, Endpoint])).toEqual(
      emails.map((email) => ['email', email]),
    );
    expect(central.all('AWS::SNS::Subscription')).toEqual([]);
    expect(central.only('AWS::SNS::Topic').Properties.KmsMasterKeyId).toBeDefined();
    expect(JSON.stringify(central.only('AWS::SNS::TopicPolicy'))).toContain('"aws:SecureTransport":"false"');
    // CloudWatch may use the key for what it tells the topic, and only for this account's alarms.
    const keyPolicy = JSON.stringify(central.only('AWS::KMS::Key'));
    expect(keyPolicy).toMatch(/"aws:SourceAccount":"900000000000"/);
  });

  it('with an address that is none are refused with the file', () => {
    const wrong = { ...JSON.parse(readFileSync('config/example.json', 'utf8')), alarms: { emails: ['nobody'] } };
    expect(() => parseDeployment(wrong, 'config/x.json')).toThrow(/alarms\.emails\.0: an e-mail address/);
  });
});

test('what a deployment pays for each month is counted from its template', () => {
  const { alarmMetrics = 0, ...others } = fixedMonth();
  expect(others).toEqual({ kmsKeys: 1, secrets: 1, dashboards: 1 });
  // A sum of several metrics is paid for by each of them.
  expect(alarmMetrics).toBeGreaterThan(central.all('AWS::CloudWatch::Alarm').length);
  expect(deployedMemory().get('dr-chatops-slack-ingress')).toBe(1_769);
});

describe('the dashboard', () => {
  const { widgets } = dashboardOf(example);
  const titles = widgets.map(({ properties }) => properties.title);

  it('is the one of the stack, and of the published file', () => {
    expect(JSON.parse(String(central.only('AWS::CloudWatch::Dashboard').Properties.DashboardBody))).toEqual({
      widgets,
    });
    expect(JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8'))).toEqual({ widgets });
  });

  it('has the widgets of seed 4 §10.2, over every staging account', () => {
    expect(titles).toEqual(
      expect.arrayContaining([
        'DRS Orchestration Executions',
        'Servers Processed by Staging Account',
        'Average Recovery Duration',
      ]),
    );
    const accounts = at(widgets[1], 'properties', 'metrics') as string[][];
    expect(accounts.map((row) => row.at(-1))).toEqual(example.stagingAccounts.map(({ accountId }) => accountId));
  });

  it('asks for metrics by the very dimensions by which they are written, and so do the alarms', () => {
    const output = {
      status: 'success' as const,
      action: 'drill' as const,
      timing: { startTime: '', endTime: '', durationSeconds: 60, durationFormatted: '1m' },
      stagingAccountResults: [
        {
          ...{ accountId: '111111111111', region: 'us-east-2', serversProcessed: 2, succeeded: 1, failed: 1 },
          ...{ jobId: '', jobIds: [] },
        },
      ],
    };
    const launches = [{ stagingAccountId: '111111111111', jobStartedAt: 0, runningAt: 1_000 }];
    const metrics: Metric[] = [
      ...metricsOf(output, { launches, dataAges: [3] }),
      ...waitingGateMetrics([{ openedAt: 0, expiresAt: 60_000 }], 30_000),
      ...executorFailureMetrics('111111111111'),
      ...[activeExecutionsMetric(1), lateBellsMetric(0), settleDelayMetric(0, 1), slackDeliveryMetric(0, 1)],
      ...[undeliveredMetric(0), undeliverableMetric()],
      ...readinessMetrics(
        {
          accounts: [
            {
              ...{ accountId: '111111111111', region: 'us-east-2', state: 'read', servers: 1 },
              ...{ unprotected: 0, stalled: 0, worstDataAgeSeconds: 3, headroomPercent: 50 },
            },
          ],
          counts: { ready: 1, 'at risk': 0, 'not ready': 0, 'not known': 0 },
        },
        0,
      ),
    ];
    const named = (name: unknown, dimensions: string[]) => [name, ...dimensions.sort()].join(' ');
    const written = metrics.map(({ name, dimensions }) => named(name, Object.keys(dimensions)));
    const asked = widgets
      .flatMap(({ properties }) => properties.metrics as unknown[][])
      .filter(([namespace]) => namespace === 'DRS/Orchestration')
      .map(([, name, ...rest]) => {
        const dimensions = rest.filter((part) => typeof part === 'string');
        return named(
          name,
          dimensions.filter((_, index) => index % 2 === 0),
        );
      });
    const alarmed = central
      .all('AWS::CloudWatch::Alarm')
      .flatMap(({ Properties }) => [
        Properties,
        ...((Properties.Metrics ?? []) as unknown[]).map((one) => at(one, 'MetricStat', 'Metric')),
      ])
      .filter((metric) => at(metric, 'Namespace') === 'DRS/Orchestration')
      .map((metric) =>
        named(
          at(metric, 'MetricName'),
          ((at(metric, 'Dimensions') ?? []) as { Name: string }[]).map(({ Name }) => Name),
        ),
      );
    expect(asked.length).toBeGreaterThan(10);
    expect(alarmed.length).toBeGreaterThan(5);
    for (const one of new Set([...asked, ...alarmed])) expect(written).toContain(one);
  });

  it('stays within what CloudWatch shows, also of 40 staging accounts', () => {
    const stagingAccounts = Array.from({ length: 40 }, (_, index) => ({
      ...(example.stagingAccounts[0] ?? example),
      accountId: String(100_000_000_001 + index),
    })) as typeof example.stagingAccounts;
    const large = dashboardOf({ ...example, stagingAccounts }).widgets;
    const counts = large.map(({ properties }) => (properties.metrics as unknown[]).length);
    // CloudWatch's quotas: 500 widgets a dashboard, 500 metrics a widget, 2,500 metrics a dashboard.
    expect(large.length).toBeLessThanOrEqual(500);
    expect(Math.max(...counts)).toBeLessThanOrEqual(500);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(2_500);
  });

  it('fits on its grid without overlaps', () => {
    const places = widgets.map(({ x, y }) => `${x}/${y}`);
    expect(new Set(places).size).toBe(widgets.length);
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  });
});
