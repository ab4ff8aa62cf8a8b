import { describe, expect, it } from 'vitest';
import { parseDeployment } from '../../infra/deployment.ts';
import { CENTRAL_ACCOUNT, REGION } from '../../src/local/accounts.ts';
import { readDocument } from '../../src/local/services/automation-document.ts';
import { nextCronTime, parseCron } from '../../src/local/services/cron.ts';
import { readRequest } from '../../src/requests/request.ts';
import { allowedResources, at, exampleDeployment, synthesize } from './synthesized.ts';

const RUNBOOK = 'dr-chatops-recover-servers';
const weekly = {
  name: 'weekly-drill-hrp-1',
  expression: 'cron(0 6 ? * SAT *)',
  timezone: 'Europe/Berlin',
  input: { action: 'drill', tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' }, metadata: { ticketId: 'CHG1' } },
};
const withSchedules = (...schedules: unknown[]) =>
  parseDeployment({ ...exampleDeployment(), schedules, requests: { channelId: 'C0INCIDENT1' } }, 'deployment.json');

const { central } = synthesize(withSchedules(weekly));

describe('the runbook', () => {
  const { Properties } = central.only('AWS::SSM::Document');

  it('is an Automation document that changes by versions', () => {
    expect(Properties).toMatchObject({
      Name: RUNBOOK,
      DocumentType: 'Automation',
      DocumentFormat: 'JSON',
      UpdateMethod: 'NewVersion',
    });
    const document = readDocument({
      ...(Properties.Content as object),
      assumeRole: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/x`,
    });
    expect(document.mainSteps.map(({ name }) => name)).toEqual(['Recover', 'IsThereAResult', 'Result', 'Instances']);
    expect(JSON.stringify(Properties.Content)).not.toMatch(/\$\{(?!AWS::)/);
  });

  it('waits longer than the component ever does', () => {
    const seconds = Number(at(Properties, 'Content', 'mainSteps', 0, 'timeoutSeconds'));
    expect(seconds).toBeGreaterThan(1_440 * 60 + 1_800);
  });

  it('runs with a role for Automation of this account, that may run the component and read what is stored of it', () => {
    const [trust] = central.trustOf(RUNBOOK);
    expect(trust?.principal).toEqual({ Service: 'ssm.amazonaws.com' });
    expect(JSON.stringify(trust?.conditions)).toContain(`:ssm:${REGION}:${CENTRAL_ACCOUNT}:automation-execution/*`);
    const rights = central.rightsOf(RUNBOOK);
    expect(allowedResources(rights, 'states:StartExecution')).toEqual([
      `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:drs-orchestration-main`,
    ]);
    const reads = rights.find(({ actions }) => actions.includes('dynamodb:Query'));
    expect(reads?.conditions).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['run-*'] } });
    expect(
      rights.flatMap(({ actions }) => actions).filter((action) => /dynamodb:(?!Query)|lambda:/.test(action)),
    ).toEqual([]);
  });
});

describe('a schedule', () => {
  const { Properties } = central.only('AWS::Scheduler::Schedule');

  it('makes a request whose correlation id differs each time', () => {
    const input = String(at(Properties, 'Target', 'Input'));
    const [first, second] = ['run-1', 'run-2'].map((id) =>
      readRequest(JSON.parse(input.replace('<aws.scheduler.execution-id>', id))),
    );
    expect(first).toMatchObject({
      input: {
        action: 'drill',
        tags: weekly.input.tags,
        metadata: { ticketId: 'CHG1', initiatedBy: 'schedule weekly-drill-hrp-1' },
      },
      correlationId: 'weekly-drill-hrp-1-run-1',
    });
    expect(second?.correlationId).not.toBe(first?.correlationId);
  });

  it('comes round as configured, in a group of its own, and keeps what cannot be delivered', () => {
    expect(Properties).toMatchObject({
      Name: weekly.name,
      GroupName: 'dr-chatops',
      ScheduleExpression: weekly.expression,
      ScheduleExpressionTimezone: weekly.timezone,
      Target: { DeadLetterConfig: { Arn: expect.anything() }, RetryPolicy: { MaximumEventAgeInSeconds: 3_600 } },
    });
    const cron = parseCron(weekly.expression.slice(5, -1));
    const due = nextCronTime(cron, Date.parse('2026-03-02T00:00:00Z'), weekly.timezone);
    expect(new Date(due ?? 0).toISOString()).toBe('2026-03-07T05:00:00.000Z');
  });

  it('may invoke the entrance for requests and nothing else', () => {
    const rights = central.rightsOf('dr-chatops-scheduler');
    expect(allowedResources(rights, 'lambda:InvokeFunction')).toEqual([
      `arn:aws:lambda:${REGION}:${CENTRAL_ACCOUNT}:function:dr-chatops-request-recovery`,
    ]);
    expect(rights.flatMap(({ actions }) => actions).sort()).toEqual([
      // For the queue of dead letters.
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'lambda:InvokeFunction',
      'sqs:SendMessage',
    ]);
  });

  it('is not there unless it is configured', () => {
    const { central: plain } = synthesize(exampleDeployment());
    expect(plain.all('AWS::Scheduler::Schedule')).toEqual([]);
    expect(plain.all('AWS::Scheduler::ScheduleGroup')).toEqual([]);
  });

  it.each([
    [
      'an input that the component refuses',
      { ...weekly, input: { ...weekly.input, wave: 1 } },
      /schedules\.0\.input: .*wave/,
    ],
    [
      'a status',
      { ...weekly, input: { ...weekly.input, action: 'status' } },
      /schedules\.0\.input: .*needs no request/,
    ],
    ['no expression', { ...weekly, expression: 'weekly' }, /schedules\.0\.expression/],
    ['a name that Scheduler does not take', { ...weekly, name: 'weekly drill' }, /schedules\.0\.name/],
  ])('with %s is refused by name before it is deployed', (_, schedule, why) => {
    expect(() => withSchedules(schedule)).toThrow(why);
  });

  it('is refused under a name that another one has', () => {
    expect(() => withSchedules(weekly, weekly)).toThrow(/schedules\.1\.name: weekly-drill-hrp-1 is there twice/);
  });
});

describe('the entrance for machines', () => {
  it('may store and nothing else; only those who answer may end tasks, of this account', () => {
    const actionsOf = (name: string) => central.rightsOf(`dr-chatops-${name}`).flatMap(({ actions }) => actions);
    expect(actionsOf('request-recovery').filter((action) => /^(states|sts|drs):/.test(action))).toEqual([]);
    for (const name of ['effects', 'answer-parents']) {
      expect(allowedResources(central.rightsOf(`dr-chatops-${name}`), 'states:SendTaskFailure')).toEqual([
        `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:*`,
      ]);
    }
  });
});
