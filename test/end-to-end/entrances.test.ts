import { readFileSync } from 'node:fs';
import { DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandInput,
  SFNClient,
  StartExecutionCommand,
  type StartExecutionCommandInput,
  StopExecutionCommand,
  type StopExecutionCommandInput,
} from '@aws-sdk/client-sfn';
import { GetAutomationExecutionCommand, SSMClient, StartAutomationExecutionCommand } from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runbookContent } from '../../infra/constructs/recovery-runbook.ts';
import { scheduledEvent } from '../../infra/constructs/request-schedules.ts';
import type { ParentRecord } from '../../src/domain/records.ts';
import { CENTRAL_ACCOUNT, REGION } from '../../src/local/accounts.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { deployedName } from '../../src/local/names.ts';
import { startEventBridge } from '../../src/local/services/eventbridge.ts';
import { Scheduler } from '../../src/local/services/scheduler.ts';
import { startSsm } from '../../src/local/services/ssm.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { allowedResources, exampleDeployment, synthesize } from '../infra/synthesized.ts';
import { executionIdOf, startWorld, type World } from './world.ts';

const DAY = 86_400_000;
/** Input of the parent that asks for a failover. */
const HRP = { application: 'HRP', wave: '1', ticketId: 'INC0012345' };
const REQUEST = deployedName('request-recovery');
const roleArn = (name: string) => `arn:aws:iam::${CENTRAL_ACCOUNT}:role/${name}`;
const example = (file: string): string => readFileSync(new URL(`../../docs/examples/${file}`, import.meta.url), 'utf8');

/** A deployment whose requests by machines are asked about in the incident channel. */
async function requestsWorld() {
  const world = await startWorld({ wire: 'http' });
  const { practice, clock } = world;
  practice.ssm.put(`${practice.configPath}/requests`, JSON.stringify({ channelId: WORKSPACE.channelId }));

  return {
    ...world,
    request: (event: unknown) =>
      practice.host.invoke(REQUEST, event) as Promise<{ executionId: string; status: string }>,
    /** Starts one of the examples in docs as a state machine of the central account. */
    startParent: (file: string, input: unknown, name: string) => {
      const stateMachineArn = practice.engine.createStateMachine({
        name: file.replace('.asl.json', ''),
        accountId: CENTRAL_ACCOUNT,
        roleArn: roleArn('parent'),
        definition: example(file),
      });
      const { executionArn } = practice.engine.startExecution({ stateMachineArn, name, input: JSON.stringify(input) });
      const describeIt = () => practice.engine.describeExecution(executionArn);
      return {
        async end(): Promise<{ status: string; output: unknown; error: string; cause: string }> {
          await clock.runUntil(() => describeIt().status !== 'RUNNING', { what: 'the end of the parent' });
          const { status = '', output = '{}', error = '', cause = '' } = describeIt();
          return { status, output: JSON.parse(output) as unknown, error, cause };
        },
        stop: () => practice.engine.stopExecution({ executionArn }),
      };
    },
    parentOf: (executionId: string) => world.table.item<ParentRecord>(executionId, 'PARENT'),
    machineRuns: () =>
      practice.engine.listExecutions({
        stateMachineArn: `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:dr-execution`,
      }),
  };
}

type RequestsWorld = Awaited<ReturnType<typeof requestsWorld>>;

/** Task tokens that state machines gave to functions. */
function expectNoTokenShown(world: RequestsWorld, token: string): void {
  expect(token.length).toBeGreaterThan(20);
  const shown = JSON.stringify([world.messages(), world.logLines, world.calls]);
  expect(shown).not.toContain(token);
}

/** What was called, by the role that called it: each once. */
function callsBy(world: World, ...roles: string[]): string[] {
  const made = world.calls.map(
    ({ identity, service, action }) => `${identity.roleArn.split('/')[1]} ${service}:${action}`,
  );
  return [...new Set(made)].filter((call) => roles.includes(call.split(' ')[0] ?? ''));
}

let templates: ReturnType<typeof synthesize>;
beforeAll(() => {
  templates = synthesize(exampleDeployment());
});

/** Fails unless the templates allow these calls. */
function expectAllowed(calls: string[]): void {
  const { central } = templates;
  const refused = calls.filter((call) => {
    const [role = '', action = ''] = call.split(' ');
    return allowedResources(central.rightsOf(role), action).length === 0;
  });
  expect(calls.length).toBeGreaterThan(2);
  expect(refused).toEqual([]);
}

describe('a parent state machine', () => {
  test('that asks for a failover is answered once: two people approve, and it goes on by nextPhaseReady', async () => {
    const world = await requestsWorld();
    const parent = world.startParent('parent-failover.asl.json', HRP, 'master-1');
    await world.untilAsked();
    const [card] = world.openGateCards();
    expect(card?.text).toBe(
      'Approve? Failover HRP wave 1: launch 30 recovery instances in 3 accounts. Asked by a machine (“enterprise-dr”). <@U0PAPPROVE1> <@U0PAPPROVE2> <@U0PDRLEAD01>: decide in this message.',
    );
    expect(world.textOf(card)).toContain('This is no drill.');
    expect(world.textOf(card)).toContain('2 approvals needed, 0 given');
    const executionId = executionIdOf(card);
    const token = (await world.parentOf(executionId))?.taskToken ?? '';

    await world.approves('approver', card);
    expect(await world.approves('approver', card)).toContain('counts once');
    await world.clock.advance(10_000);
    expect(world.launches()).toHaveLength(0);
    await world.approves('second-approver', world.openGateCards()[0]);
    // The function dies after the answer has landed: what is stored keeps it from answering again.
    const { status, output } = await parent.end();
    expect({ status, output }).toMatchObject({
      status: 'SUCCEEDED',
      output: {
        executionId,
        status: 'success',
        action: 'failover',
        isDrill: false,
        nextPhaseReady: true,
        summary: { totalServers: 30, succeeded: 30, failed: 0, skipped: 0 },
        metadata: { ticketId: 'INC0012345', correlationId: 'master-1-failover', initiatedBy: 'enterprise-dr' },
      },
    });
    await world.drawn();
    expect(world.cardStatus()).toBe('completed');
    expect(world.jobs().every((job) => job.initiatedBy === 'START_RECOVERY')).toBe(true);
    expect(world.result().metadata).toMatchObject({ ticketId: 'INC0012345', executionId });
    expect(await world.parentOf(executionId)).toMatchObject({ status: 'answered' });
    expect(
      world.calls.filter(({ action }) => action === 'SendTaskSuccess' || action === 'SendTaskFailure'),
    ).toHaveLength(
      2, // The gate's bell and the parent.
    );
    expectNoTokenShown(world, token);
    expectAllowed(callsBy(world, deployedName('request-recovery'), deployedName('effects')));
  });

  test('is told of a rejection, of a request that stops at preflight, and is let go when it has gone', async () => {
    const world = await requestsWorld();
    const rejected = world.startParent('parent-failover.asl.json', HRP, 'rejected');
    await world.untilAsked();
    await world.rejects('approver', world.openGateCards()[0], 'the original is up again');
    expect(await rejected.end()).toMatchObject({
      status: 'FAILED',
      error: 'NotApproved',
      cause: expect.stringContaining('Somebody rejected the request. “the original is up again”'),
    });

    const nothing = world.startParent('parent-failover.asl.json', { ...HRP, application: 'Nowhere' }, 'nothing');
    expect(await nothing.end()).toMatchObject({
      status: 'FAILED',
      error: 'Failed',
      cause: expect.stringContaining('No source server matches Nowhere wave 1.'),
    });

    const gone = world.startParent('parent-failover.asl.json', HRP, 'gone');
    await world.clock.advance(60000);
    await world.untilAsked(2);
    const executionId = executionIdOf(world.openGateCards()[0]);
    gone.stop();
    await world.rejects('approver', world.openGateCards()[0], 'nobody waits for it');
    await world.clock.advance(60_000);
    expect(await world.parentOf(executionId)).toMatchObject({ status: 'gone' });
    expect(world.jobs()).toHaveLength(0);
  });

  test('that drills directly goes on by nextPhaseReady', async () => {
    const world = await requestsWorld();
    const parent = world.startParent('parent-drill.asl.json', { application: 'HRP' }, 'phases');
    // Wave 2 of HRP has a server whose replication is stalled, which stops a drill.
    expect(await parent.end()).toMatchObject({
      status: 'SUCCEEDED',
      output: { wave1: 'success', wave2: 'failed', nextPhaseReady: false },
    });
    expect(world.cards()).toHaveLength(0);
  });
});

describe('a request', () => {
  test('of a termination ends the instances that were approved; of a failover names what it would destroy', async () => {
    const world = await requestsWorld();
    const { clock, practice } = world;
    const tags = { 'DR-Application': 'Connectors', 'DR-Wave': '1' };
    const main = `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:drs-orchestration-main`;
    const input = JSON.stringify({ action: 'drill', tags });
    const { executionArn } = practice.engine.startExecution({ stateMachineArn: main, name: 'drill-1', input });
    await clock.runUntil(() => practice.engine.describeExecution(executionArn).status !== 'RUNNING');
    const servers = world.serversOf('Connectors', 1).filter(({ tags }) => tags['DR-Enabled'] !== 'false').length;

    const { executionId } = await world.request({ action: 'terminate', tags, metadata: { correlationId: 'end-1' } });
    await world.untilAsked();
    const [card] = world.openGateCards();
    expect(card?.text).toMatch(
      new RegExp(
        `^Approve\\? Terminate Connectors wave 1: terminate ${servers} recovery instances in .* Asked by a machine\\. <@U0PAPPROVE1> <@U0PAPPROVE2> <@U0PDRLEAD01>: decide in this message\\.$`,
      ),
    );
    expect(world.textOf(card)).toContain('This cannot be undone:');
    await world.approves('approver', card);
    await world.untilStatus('completed');
    await world.drawn();
    expect(world.result()).toMatchObject({ action: 'terminate', status: 'success', summary: { succeeded: servers } });
    expect(world.textOf(world.cards().at(-1))).toContain(`${servers} of ${servers} servers terminated`);
    expect(executionIdOf(card)).toBe(executionId);

    // hrp-web-009 of wave 3 has a live instance.
    const live = world.inventory.sourceServers.find(({ hostname }) => hostname === 'hrp-web-009')?.recoveryInstance;
    await world.request({
      action: 'failover',
      tags: { 'DR-Application': 'HRP', 'DR-Wave': '3' },
      options: { replaceLive: [live?.instanceId] },
      metadata: { correlationId: 'replace-1' },
    });
    await world.untilAsked(2);
    expect(world.textOf(world.openGateCards()[0])).toContain(
      `*Destroys and replaces 1 live instance:* ${live?.instanceId}.`,
    );
  });
});

describe('a runbook of SSM Automation', () => {
  test('calls the component and gives status, counts, nextPhaseReady and the instances', async () => {
    const world = await requestsWorld();
    const { practice, clock } = world;
    const runbookRole = 'dr-chatops-recover-servers';
    const credentials = practice.identities.forRole(roleArn(runbookRole));
    const [sfn, dynamodb] = [new SFNClient({ credentials }), new DynamoDBClient({ credentials })];
    const apis: Record<string, (input: object) => Promise<unknown>> = {
      'stepfunctions:StartExecution': (input) =>
        sfn.send(new StartExecutionCommand(input as StartExecutionCommandInput)),
      'stepfunctions:DescribeExecution': (input) =>
        sfn.send(new DescribeExecutionCommand(input as DescribeExecutionCommandInput)),
      'stepfunctions:StopExecution': (input) => sfn.send(new StopExecutionCommand(input as StopExecutionCommandInput)),
      'dynamodb:Query': (input) => dynamodb.send(new QueryCommand(input as QueryCommandInput)),
    };
    const ssm = await startSsm({
      clock,
      identities: practice.identities,
      callApi: async (service, api, parameters) => await apis[`${service}:${api}`]?.(parameters),
    });
    onTestFinished(() => ssm.close());
    ssm.automation.createDocument(
      runbookRole,
      runbookContent({
        RunbookRole: roleArn(runbookRole),
        DrsOrchestrationMain: `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:drs-orchestration-main`,
        ExecutionTable: practice.tableName,
      }),
    );
    const client = new SSMClient({
      endpoint: ssm.url,
      credentials: practice.identities.forRole(roleArn('operator')),
    });
    const run = async (Parameters: Record<string, string[]>) => {
      const { AutomationExecutionId } = await client.send(
        new StartAutomationExecutionCommand({ DocumentName: runbookRole, Parameters }),
      );
      const get = async () =>
        (await client.send(new GetAutomationExecutionCommand({ AutomationExecutionId }))).AutomationExecution;
      await clock.runUntil(async () => (await get())?.AutomationExecutionStatus !== 'InProgress', {
        what: 'the end of the runbook',
      });
      return await get();
    };

    const drilled = await run({ Action: ['drill'], Application: ['HRP'], WaveNumber: ['1'] });
    expect(drilled).toMatchObject({
      AutomationExecutionStatus: 'Success',
      Outputs: {
        'Result.Status': ['success'],
        'Result.TotalServers': ['30'],
        'Result.Succeeded': ['30'],
        'Result.Failed': ['0'],
        'Result.Skipped': ['0'],
        'Result.NextPhaseReady': ['true'],
      },
    });
    const launched = JSON.parse(drilled?.Outputs?.['Recover.output']?.[0] ?? '{}') as {
      recoveryInstances: { ec2InstanceId: string }[];
    };
    expect(drilled?.Outputs?.['Instances.RecoveryInstances']?.toSorted()).toEqual(
      launched.recoveryInstances.map(({ ec2InstanceId }) => ec2InstanceId).toSorted(),
    );

    const looked = await run({ Action: ['status'], Application: ['HRP'] });
    expect(looked?.AutomationExecutionStatus).toBe('Success');
    expect(JSON.parse(looked?.Outputs?.['Recover.output']?.[0] ?? '{}')).toMatchObject({ action: 'status' });

    const refused = await run({ Action: ['failover'], Application: ['HRP'] });
    expect(refused).toMatchObject({ AutomationExecutionStatus: 'Failed' });
    expectAllowed(callsBy(world, runbookRole));
  });
});

describe('requests that nobody waits for', () => {
  test('a schedule asks each week anew, and once for what is delivered twice; a rule and a job ask likewise', async () => {
    const world = await requestsWorld();
    const { practice, clock } = world;
    const { schedules } = exampleSchedules();
    const [weekly] = schedules;
    if (weekly === undefined) throw new Error('there is no schedule in the example');
    // The weeks pass on a clock of their own: nothing else of the deployment has to live through them.
    const calendar = new VirtualClock(clock.now());
    const scheduler = new Scheduler({ clock: calendar, host: practice.host });
    onTestFinished(() => scheduler.stop());
    scheduler.createSchedule({
      name: weekly.name,
      expression: weekly.expression,
      timezone: weekly.timezone,
      target: { functionName: REQUEST, input: scheduledEvent(weekly) },
    });
    scheduler.failNext(weekly.name);
    scheduler.duplicateNext(weekly.name);
    await calendar.advance(7 * DAY);
    await world.untilAsked();
    expect(world.openGateCards()[0]?.text).toContain('Asked by a machine (“schedule weekly-drill-hrp-1”)');
    expect(world.machineRuns()).toHaveLength(1);

    // While it waits, a release asks for the same application: it is busy.
    await expect(world.request(ciRequest('4711'))).rejects.toThrow('Conflict: HRP is busy with drill');
    await world.approves('approver', world.openGateCards()[0]);
    await world.untilStatus('completed');
    await calendar.advance(7 * DAY);
    await world.untilAsked(2);
    const correlationIds = await Promise.all(
      world.cards().map(async (card) => (await world.table.execution(executionIdOf(card)))?.correlationId),
    );
    expect(new Set(correlationIds).size).toBe(2);
    await world.rejects('approver', world.openGateCards()[0], 'not this week');
    await world.untilStatus('rejected');

    const { executionId } = await world.request(ciRequest('4711'));
    expect((await world.request(ciRequest('4711'))).executionId).toBe(executionId);

    const bus = await startEventBridge({ clock, identities: practice.identities, host: practice.host });
    onTestFinished(() => bus.close());
    bus.addRule({
      busArn: bus.busArn(CENTRAL_ACCOUNT),
      pattern: JSON.parse(example('request-rule-pattern.json')) as never,
      targets: [{ functionName: REQUEST }],
    });
    const events = new EventBridgeClient({
      endpoint: bus.url,
      credentials: practice.identities.forRole(roleArn('monitoring')),
    });
    const Entries = JSON.parse(example('request-event.json')) as PutEventsRequestEntry[];
    await events.send(new PutEventsCommand({ Entries }));
    await clock.runUntil(() => world.cards().length === 4, { what: 'the card of the rule’s request' });
    // Nobody who may approve for one application only is asked about a selection without one.
    const card = world.cards().at(-1);
    expect(world.textOf(card)).toContain('Drill: DR-Tier=Critical, DR-Wave=1');
  });
});

function exampleSchedules(): ReturnType<typeof exampleDeployment> {
  return { ...exampleDeployment(), ...JSON.parse(example('schedule.json')) };
}

/** The request that the job in docs/examples sends. */
function ciRequest(run: string): unknown {
  const [, program = ''] = /'(\{[^']+\})' > request\.json/.exec(example('ci-drill.yml')) ?? [];
  return JSON.parse(program.replace('\\($run)', run).replace(/([{,]\s*)(\w+):/g, '$1"$2":'));
}
