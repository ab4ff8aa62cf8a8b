import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dashboardOf } from '../../infra/dashboard.ts';
import { parseDeployment } from '../../infra/deployment.ts';
import { DASHBOARD_FILE } from '../../scripts/dashboard.ts';
import { activeExecutionsMetric, lateBellsMetric, metricsOf } from '../../src/observability/metrics.ts';
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
      expect(TreatMissingData).toBe('notBreaching');
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

  it('asks for metrics by the very dimensions by which they are written', () => {
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
    const written = [
      ...metricsOf(output, { launches, dataAges: [3] }),
      activeExecutionsMetric(1),
      lateBellsMetric(0),
    ].map(({ name, dimensions }) => `${name} ${Object.keys(dimensions).sort().join(' ')}`.trim());
    const asked = widgets
      .flatMap(({ properties }) => properties.metrics as string[][])
      .filter(([namespace]) => namespace === 'DRS/Orchestration')
      .map(([, name, ...rest]) =>
        `${name} ${rest
          .filter((_, index) => index % 2 === 0)
          .sort()
          .join(' ')}`.trim(),
      );
    expect(asked.length).toBeGreaterThan(10);
    for (const one of new Set(asked)) expect(written).toContain(one);
  });

  it('fits on its grid without overlaps', () => {
    const places = widgets.map(({ x, y }) => `${x}/${y}`);
    expect(new Set(places).size).toBe(widgets.length);
    for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
  });
});
