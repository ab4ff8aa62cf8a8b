import { readFileSync } from 'node:fs';
import { DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandInput,
  SFNClient,
  StartExecutionCommand,
  type StartExecutionCommandInput,
} from '@aws-sdk/client-sfn';
import { GetAutomationExecutionCommand, SSMClient, StartAutomationExecutionCommand } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLOSE_EXECUTION, RESUME_MACHINE, STORE_DRAFT_ACTION, VOTE_ACTION } from '../../../blocks/action-ids.ts';
import { TEXT_FIELD } from '../../../blocks/plan-modal.ts';
import { runbookContent } from '../../../infra/constructs/recovery-runbook.ts';
import { protectionGroupSchema } from '../../../src/domain/protection-group.ts';
import { type PlanSet, recoveryPlanSchema } from '../../../src/domain/recovery-plan.ts';
import type { FunctionName } from '../../../src/functions.ts';
import { CENTRAL_ACCOUNT, REGION } from '../../../src/local/accounts.ts';
import type { AwsCall } from '../../../src/local/aws/identities.ts';
import type { Inventory } from '../../../src/local/inventory.ts';
import { deployedName } from '../../../src/local/names.ts';
import { startSsm } from '../../../src/local/services/ssm.ts';
import { filledIn } from '../../../src/local/slack/page/inputs.ts';
import { PEOPLE, WORKSPACE } from '../../../src/local/slack/people.ts';
import { SWEEP_EVENT } from '../../../src/orchestration/sweep-event.ts';
import { allowDirect, call, start, tagged } from '../../end-to-end/component-call.ts';
import { executionIdOf, startWorld, type World, type WorldOptions, wholeInventory } from '../../end-to-end/world.ts';
import type { Context } from './match.ts';
import { deployedOrganisation, type Identity, type Organisation } from './organisation.ts';
import { DOCUMENT_ROLE, practiceDeployment, TOPIC } from './practice-deployment.ts';
import { askedAbout, type Right, refusals, unusedRights } from './proof.ts';

/** The calls of all that happens below, by whomever. */
const made: AwsCall[] = [];
/** Who calls the product in these stories. */
const RUNBOOK_ROLE = `arn:aws:iam::${CENTRAL_ACCOUNT}:role/dr-chatops-recover-servers`;
const OUTSIDERS = ['operator', 'parent', 'test-reader'];

/** Rights that no call above needs, each with the reason why it is there. One that is needed after all must go from here. */
const WITHOUT_A_CALL: { role?: RegExp; action: RegExp; resource?: RegExp; why: string }[] = [
  {
    action: /^(logs|xray):/,
    why: 'Lambda and Step Functions write logs and traces with the role: nothing here simulates it',
  },
  {
    action: /^dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)$/,
    why: 'Lambda reads the table’s stream with the role of the function that it hands the changes to',
  },
  { action: /^sqs:SendMessage$/, why: 'Lambda keeps what a function could not handle, with the function’s role' },
  {
    action: /^kms:(Encrypt|GenerateDataKey)$/,
    why: 'DynamoDB names them for who writes a table with a customer’s key; when it asks is a matter of its cached key',
  },
  {
    role: /^dr-chatops-(read-status|dr-execution|drs-orchestration-main)$/,
    action: /^kms:Decrypt$/,
    why: 'settings of functions, and histories of machines, are encrypted: Lambda and Step Functions ask with the role',
  },
  {
    action: /^ssm:GetParametersByPath$/,
    resource: /\/\*$/,
    why: 'what is below the path: whether IAM is asked with the slash at its end is not documented',
  },
  {
    role: /^dr-chatops-(projector|sweep-messages|send-digest)$/,
    action: /^ssm:GetParameter$/,
    why: 'where a card or the daily message goes whose channel was closed (test/projection, test/readiness)',
  },
  {
    role: /^dr-chatops-request-recovery$/,
    action: /^dynamodb:UpdateItem$/,
    why: 'the application is given back where the same request came twice at once and the execution is over by then (test/platform/store-execution.test.ts)',
  },
  {
    role: /^dr-chatops-watch-gates$/,
    action: /^dynamodb:GetItem$/,
    why: 'a bell that has come while another one was rung (test/gates)',
  },
  {
    role: /^dr-chatops-begin-wave$/,
    action: /^s3:PutObject$/,
    why: 'the result of a wave of which nothing could be begun (test/end-to-end/waves.test.ts)',
  },
  {
    role: /^dr-chatops-recover-servers$/,
    action: /^states:StopExecution$/,
    why: 'Automation stops what it has started when somebody stops the runbook',
  },
  {
    role: /^dr-chatops-(executor|origin-us-east-1)$/,
    action: /^ec2:ModifyInstanceAttribute$/,
    resource: /:(security-group|volume)\//,
    why: 'it stands in one statement with others, because the template has little room: what DRS made, through DRS',
  },
  {
    role: /^dr-chatops-drs-events$/,
    action: /^events:PutEvents$/,
    why: 'EventBridge forwards DRS’s events with the role: evaluated below',
  },
];

/** Calls that AWS makes for the product, which no simulated service makes. */
const BY_AWS: {
  what: string;
  by: (organisation: Organisation) => Identity | { service: string };
  action: string;
  on: string;
  context?: Context;
}[] = [
  {
    what: 'EventBridge forwards events of DRS to the central bus',
    by: (organisation) => organisation.role('111111111111', 'dr-chatops-drs-events'),
    action: 'events:PutEvents',
    on: `arn:aws:events:${REGION}:${CENTRAL_ACCOUNT}:event-bus/dr-chatops`,
  },
  {
    what: 'EventBridge takes the role for that, for the rule',
    by: () => ({ service: 'events.amazonaws.com' }),
    action: 'sts:AssumeRole',
    on: 'arn:aws:iam::111111111111:role/dr-chatops-drs-events',
    context: {
      'aws:SourceAccount': ['111111111111'],
      'aws:SourceArn': [`arn:aws:events:${REGION}:111111111111:rule/dr-chatops-drs-events`],
    },
  },
  {
    what: 'Step Functions takes the role of an executor, for its machine',
    by: () => ({ service: 'states.amazonaws.com' }),
    action: 'sts:AssumeRole',
    on: 'arn:aws:iam::111111111111:role/dr-chatops-executor',
    context: {
      'aws:SourceAccount': ['111111111111'],
      'aws:SourceArn': [`arn:aws:states:${REGION}:111111111111:stateMachine:drs-staging-account-executor`],
    },
  },
  {
    what: 'Lambda takes the role of a function',
    by: () => ({ service: 'lambda.amazonaws.com' }),
    action: 'sts:AssumeRole',
    on: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/dr-chatops-prepare`,
  },
  {
    what: 'Lambda keeps a change that could not be handled',
    by: (organisation) => organisation.role(CENTRAL_ACCOUNT, 'dr-chatops-effects'),
    action: 'sqs:SendMessage',
    on: `arn:aws:sqs:${REGION}:${CENTRAL_ACCOUNT}:dr-chatops-dead-letters`,
  },
  {
    what: 'Lambda writes the log of a function',
    by: (organisation) => organisation.role(CENTRAL_ACCOUNT, 'dr-chatops-effects'),
    action: 'logs:PutLogEvents',
    on: `arn:aws:logs:${REGION}:${CENTRAL_ACCOUNT}:log-group:/aws/lambda/dr-chatops-effects:log-stream:x`,
  },
];

/** One server of each wave of HRP in each account, and of Connectors, whose servers came from AWS, one in each. */
function fewServers(): Inventory {
  const whole = wholeInventory();
  const seen = new Set<string>();
  const sourceServers = whole.sourceServers.filter(({ accountId, tags, replication, recoveryInstance }) => {
    const key = `${accountId} ${tags['DR-Application']} ${tags['DR-Wave']}`;
    const isWanted = ['HRP', 'Connectors'].includes(tags['DR-Application'] ?? '');
    const isWell = replication.state === 'CONTINUOUS' && recoveryInstance === undefined;
    if (!isWanted || !isWell || tags['DR-Enabled'] === 'false' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return { ...whole, sourceServers };
}

/** Waves 1 and 2 of an application as a recovery plan: an automation before the first, a command and status checks after it. */
function library({ application = 'HRP', actions = true } = {}): PlanSet {
  const groups = [1, 2].map((wave) =>
    protectionGroupSchema.parse({
      ...{ groupId: `wave-${wave}`, groupName: `Wave ${wave}`, region: REGION },
      tagCriteria: { 'DR-Application': application, 'DR-Wave': String(wave) },
    }),
  );
  const fence = {
    ...{ actionType: 'automation' as const, actionName: 'Fence', documentName: 'HRP-FenceOldSite' },
    ...{ parameters: { Application: ['HRP'] }, timeoutMinutes: 1, verbs: ['drill' as const, 'failover' as const] },
  };
  const command = {
    ...{ actionType: 'command' as const, actionName: 'Look', documentName: 'AWS-RunShellScript' },
    parameters: { commands: ['true'] },
  };
  const status = { actionType: 'ec2Status' as const, actionName: 'Well' };
  const waves = [1, 2].map((waveNumber) => ({
    ...{ waveNumber, waveName: `Wave ${waveNumber}`, protectionGroupIds: [`wave-${waveNumber}`] },
    ...{ dependsOn: waveNumber === 1 ? [] : [1], estimatedDuration: 900, successThresholdPercent: 100 },
    preWaveActions: actions && waveNumber === 1 ? [fence] : [],
    postWaveActions: actions && waveNumber === 1 ? [command, status] : [],
  }));
  const plan = recoveryPlanSchema.parse({ planId: 'whole', planName: application, application, waves });
  return { plans: [plan], groups };
}

/** A deployment in which what happens is told to a topic, and whose calls are kept. */
async function startStory(options: WorldOptions = {}): Promise<World> {
  const world = await startWorld({ inventory: fewServers(), lookedAfter: false, database: 'dynalite', ...options });
  const { ssm, sns, configPath } = world.practice;
  expect(sns.createTopic({ name: 'recoveries' })).toBe(TOPIC);
  const { channelId } = WORKSPACE;
  const requests = { channelId, notificationTopicArn: TOPIC };
  // The stories begin at 3:00.
  const digest = { channelId, time: '03:00', timezone: 'UTC' };
  ssm.put(`${configPath}/readiness`, JSON.stringify({ digest }));
  ssm.put(`${configPath}/requests`, JSON.stringify(requests));
  allowDirect(world, ['status', 'drill', 'failover', 'terminate', 'failback'], [TOPIC]);
  onTestFinished(() => void made.push(...world.calls));
  return world;
}

async function until(world: World, what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let looks = 0; looks < 100; looks += 1) {
    if (await holds()) return;
    await world.clock.advance(20_000);
  }
  throw new Error(`it did not come true: ${what}`);
}

async function clicks(world: World, person: string, actionId: string): Promise<void> {
  const find = () => world.messages().findLast(({ blocks = [] }) => JSON.stringify(blocks).includes(`"${actionId}"`));
  await until(world, `a button ${actionId}`, () => find() !== undefined);
  const message = find();
  if (message !== undefined) await world.practice.workspace.as(person).click(message, actionId);
}

/** Stops the machine of the newest execution, as an operator might. */
function stopMachine({ practice: { engine } }: World): void {
  const machine = engine.listStateMachines(CENTRAL_ACCOUNT).find(({ name }) => name === 'dr-execution');
  const [run] = engine.listExecutions({ stateMachineArn: machine?.stateMachineArn ?? '' });
  engine.stopExecution({ executionArn: run?.executionArn ?? '', cause: 'an operator stopped it' });
}

/** Approves the newest question by two people, as far as they are needed. */
async function approved(world: World): Promise<string> {
  await until(world, 'a question', () => world.openGateCards().length > 0);
  const id = executionIdOf(world.openGateCards().at(-1));
  for (const person of ['approver', 'second-approver']) {
    const card = world.openGateCards().at(-1);
    if (card !== undefined) await world.approves(person, card);
  }
  return id;
}

/** Runs a function whose time has come: on the clock they would be most of what happens. */
async function due(world: World, ...names: FunctionName[]): Promise<void> {
  for (const name of names) await world.practice.host.invoke(deployedName(name), {});
  await world.clock.advance(5_000);
}

const ended = (world: World, id: string) => async () => (await world.table.execution(id))?.endTime !== undefined;

describe('what happens in a deployment', () => {
  it('people drill by a recovery plan: an action and a server fail, a machine dies and goes on', async () => {
    const world = await startStory({ library: library(), drsEvents: true });
    const { ssm, drs, serviceQuotas } = world.practice;
    const wait = { name: 'wait', action: 'aws:sleep', inputs: { Duration: 'PT3M' } };
    const runbook = {
      ...{ schemaVersion: '0.3', assumeRole: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/${DOCUMENT_ROLE}` },
      parameters: { Application: { type: 'String' } },
      mainSteps: [wait],
    };
    ssm.automation.createDocument('HRP-FenceOldSite', runbook);
    // AWS's default is asked for where an account has no value of its own.
    const quota = { serviceCode: 'drs', quotaCode: 'L-D88FAC3A', value: undefined };
    serviceQuotas.setQuota({ accountId: '111111111111', ...quota });
    ssm.failCalls('SendCommand', 1, 'lost');

    await world.says('requester', 'drill HRP');
    const id = await approved(world);
    // It takes longer than a minute, and is asked to stop.
    await until(world, 'the action to fail', async () =>
      (await world.table.gates(id)).some(({ gateId }) => gateId.startsWith('action-')),
    );
    ssm.automation.createDocument('HRP-FenceOldSite', {
      ...runbook,
      mainSteps: [{ ...wait, inputs: { Duration: 'PT20S' } }],
    });
    await world.drawn();
    await clicks(world, 'approver', VOTE_ACTION.retry);
    const [failing] = world.serversOf('HRP', 2);
    drs.jobs.failNextLaunch(failing?.sourceServerId ?? '');
    await until(world, 'a decision', async () =>
      (await world.table.gates(id)).some(
        ({ gateId, status }) => gateId.startsWith('decision-') && status === 'pending',
      ),
    );
    await world.drawn();
    await clicks(world, 'approver', VOTE_ACTION.retry);
    stopMachine(world);
    await clicks(world, 'approver', RESUME_MACHINE);
    await until(world, 'the end', ended(world, id));
    await world.drawn();
    const short = id.slice(0, 8);
    const looks = [
      'plan drill HRP wave 1',
      'status HRP',
      'executions',
      `server ${failing?.hostname}`,
      'plans',
      'groups',
    ];
    for (const look of [
      ...looks,
      `logs ${short}`,
      // Fewer characters than its card shows.
      `audit ${id.slice(0, 6)}`,
      `cancel ${short}`,
      'plan export HRP',
      'accounts',
      'accounts validate',
      'readiness',
    ]) {
      await world.says('approver', look);
      await world.drawn();
    }
    await world.practice.workspace.as('approver').openHome();
    await world.drawn();
  });

  it('people ask by schedules and close what has died; Slack is away; instances are ended at their time', async () => {
    const world = await startStory({ library: library({ application: 'Connectors', actions: false }) });
    const { rehearsable, host } = world.practice;
    const at = new Date(world.clock.now() + 120_000);
    const day = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(at).toLowerCase();
    const time = at.toISOString().slice(11, 16);
    await world.says('requester', `schedule drill Connectors every ${day} ${time} zone UTC cleanup 1h`);
    await world.clock.advance(180_000);
    await due(world, 'run-schedules');
    const scheduled = await approved(world);
    // The end of it is drawn when Slack is there again.
    await until(world, 'the launch', () => world.launches().length > 0);
    rehearsable.refuseMessages(true);
    await until(world, 'the end', ended(world, scheduled));
    await world.drawn();
    rehearsable.refuseMessages(false);
    await world.clock.advance(60_000);
    await due(world, 'sweep-messages', 'refresh-catalogue', 'validate-accounts', 'check-readiness');
    expect(world.cardStatus()).toBe('completed');

    await world.says('requester', 'drill HRP wave 1');
    const before = world.launches().length;
    await until(world, 'a question', () => world.openGateCards().length > 0);
    await due(world, 'watch-gates');
    // Nobody rings the bell of the decision but the clock.
    const effects = deployedName('effects');
    for (let times = 0; times < 20; times += 1) host.crashNext(effects, 'before');
    const closed = await approved(world);
    await due(world, 'watch-gates');
    host.endCrashes(effects);
    await until(world, 'another launch', () => world.launches().length > before);
    await world.clock.advance(20_000);
    stopMachine(world);
    await clicks(world, 'approver', CLOSE_EXECUTION);
    await until(world, 'the end', ended(world, closed));
    await host.invoke(deployedName('close-execution'), SWEEP_EVENT);
    // What its machine cannot do it hands over itself.
    const beginWave = deployedName('begin-wave');
    await world.says('requester', 'drill HRP wave 2');
    const failed = await approved(world);
    for (let times = 0; times < 40; times += 1) host.crashNext(beginWave, 'before');
    await until(world, 'the end', ended(world, failed));
    host.endCrashes(beginWave);
    await world.clock.advance(3_600_000);
    await due(world, 'clean-up-drills', 'refresh-catalogue');
    const { cleanUp } = (await world.table.execution(scheduled)) ?? {};
    await until(world, 'the clean-up', ended(world, cleanUp?.executionId ?? ''));
  });

  it('people store a recovery plan', async () => {
    const world = await startStory();
    const { workspace } = world.practice;
    const userId = PEOPLE.find(({ name }) => name === 'lead')?.userId ?? '';
    const told = () => workspace.ephemerals(WORKSPACE.channelId, userId);
    const text = readFileSync(new URL('../../../docs/examples/plans/hrp-plan.json', import.meta.url), 'utf8');
    await due(world, 'check-readiness', 'send-digest');
    await world.says('lead', 'group new HRP');
    await world.drawn();
    await world.says('lead', 'plan import');
    const form = workspace.modals(userId).at(-1);
    if (form === undefined) throw new Error('there is no form');
    const { values } = filledIn(form.blocks, { [TEXT_FIELD.blockId]: [text] }, {}, () => undefined);
    const before = told().length;
    await workspace.as('lead').submitView(form, values);
    await until(world, 'the differences', () => told().length > before);
    const draft = told().at(-1);
    if (draft === undefined) throw new Error('there is no draft');
    await workspace.as('lead').click(draft, STORE_DRAFT_ACTION);
    await world.drawn();
    for (const look of ['plan show hrp', 'plan show hrp version 7']) {
      await world.says('lead', look);
      await world.drawn();
    }
  });

  it('machines ask, and are answered, at once or later', async () => {
    const world = await startStory({ library: library({ actions: false }) });
    const { engine, host, identities, tableName } = world.practice;
    const example = (file: string) => readFileSync(new URL(`../../../docs/examples/${file}`, import.meta.url), 'utf8');
    const stateMachineArn = engine.createStateMachine({
      ...{ name: 'parent', accountId: CENTRAL_ACCOUNT, roleArn: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/parent` },
      definition: example('parent-failover.asl.json'),
    });
    const ask = (name: string, application: string) =>
      engine.startExecution({
        stateMachineArn,
        name,
        input: JSON.stringify({ application, wave: '1', ticketId: name }),
      });
    const end = async ({ executionArn }: { executionArn?: string }) => {
      await until(world, 'the answer', () => engine.describeExecution(executionArn ?? '').status !== 'RUNNING');
      await world.clock.advance(1_000);
    };
    // Its recovery plan is looked for.
    const request = { action: 'drill', tags: { 'DR-Application': 'HRP' }, metadata: { correlationId: 'plan' } };
    await host.invoke(deployedName('request-recovery'), request);
    await world.untilAsked();
    await world.rejects('approver', world.openGateCards().at(-1), 'not now');
    await world.drawn();

    const first = ask('at-once', 'HRP');
    await world.clock.advance(30_000);
    await approved(world);
    await end(first);
    const nothing = ask('nothing', 'Nowhere');
    await end(nothing);
    // As if the answers had been lost on their way, and effects could not send them either: the clock has them sent again.
    for (let times = 0; times < 40; times += 1) host.crashNext(deployedName('effects'), 'before');
    const credentials = identities.forRole(`arn:aws:iam::${CENTRAL_ACCOUNT}:role/operator`);
    const db = DynamoDBDocumentClient.from(new DynamoDBClient({ credentials }));
    for (const executionId of world.cards().map(executionIdOf)) {
      if ((await world.table.item(executionId, 'PARENT')) === undefined) continue;
      await db.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { executionId, item: 'PARENT' },
          UpdateExpression: 'SET #status = :waiting',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: { ':waiting': 'waiting' },
        }),
      );
    }
    await due(world, 'answer-parents');
  });

  it('the component is called: a status, a failover, a termination, and failbacks to AWS and on premises', async () => {
    const world = await startStory();
    const { fleet } = world.practice;
    const options = { notificationArn: TOPIC };
    const [server] = tagged(world, 'all', 1);
    const tags = { 'DR-Test': 'all' };
    const pointInTime = new Date(world.clock.now() - 7_200_000).toISOString();
    for (const input of [
      { action: 'status', tags, options },
      { action: 'failover', tags, options: { ...options, statusChecks: true, pointInTime } },
      { action: 'terminate', tags, options: { ...options, terminateLive: true } },
    ]) {
      expect((await call(world, input, input.action)).output?.status).toBe('success');
    }
    const { instanceId } = fleet.addRecoveryInstance(server?.sourceServerId ?? '', { isDrill: false });
    fleet.setFailback(instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    expect((await call(world, { action: 'failback', tags }, 'home')).output?.status).toBe('success');

    const [fromAws] = world.serversOf('Connectors', 1);
    const live = fleet.addRecoveryInstance(fromAws?.sourceServerId ?? '', { isDrill: false });
    const failback = { action: 'failback', tags: { Name: fromAws?.hostname } };
    await call(world, failback, 'first');
    fleet.setReplication(fleet.recoveryInstance(live.instanceId)?.reversedServerId ?? '', { state: 'CONTINUOUS' });
    expect((await call(world, failback, 'second')).output?.status).toBe('success');

    const drill = { action: 'drill', tags: { 'DR-Application': 'HRP', 'DR-Wave': '2' }, options };
    const run = await start(world, drill, 'stopped');
    const before = world.launches().length;
    await until(world, 'a launch', () => world.launches().length > before);
    world.practice.engine.stopExecution({ executionArn: run });
    await world.clock.advance(60_000);
    // It takes its servers again.
    world.practice.engine.redriveExecution(run);
    await world.clock.advance(60_000);
  });

  it('a runbook calls the component', async () => {
    const world = await startStory();
    const { practice, clock } = world;
    const credentials = practice.identities.forRole(RUNBOOK_ROLE);
    const [sfn, dynamodb] = [new SFNClient({ credentials }), new DynamoDBClient({ credentials })];
    const apis: Record<string, (input: object) => Promise<unknown>> = {
      'stepfunctions:StartExecution': (input) =>
        sfn.send(new StartExecutionCommand(input as StartExecutionCommandInput)),
      'stepfunctions:DescribeExecution': (input) =>
        sfn.send(new DescribeExecutionCommand(input as DescribeExecutionCommandInput)),
      'dynamodb:Query': (input) => dynamodb.send(new QueryCommand(input as QueryCommandInput)),
    };
    const ssm = await startSsm({
      ...{ clock, identities: practice.identities },
      callApi: async (service, api, parameters) => await apis[`${service}:${api}`]?.(parameters),
    });
    onTestFinished(() => ssm.close());
    const values = {
      RunbookRole: RUNBOOK_ROLE,
      DrsOrchestrationMain: `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:drs-orchestration-main`,
      ExecutionTable: practice.tableName,
    };
    ssm.automation.createDocument('runbook', runbookContent(values));
    const client = new SSMClient({ endpoint: ssm.url, credentials });
    const Parameters = { Action: ['drill'], Application: ['HRP'], WaveNumber: ['1'] };
    const begun = await client.send(new StartAutomationExecutionCommand({ DocumentName: 'runbook', Parameters }));
    const stands = async () =>
      (await client.send(new GetAutomationExecutionCommand({ AutomationExecutionId: begun.AutomationExecutionId })))
        .AutomationExecution;
    await until(world, 'its end', async () => (await stands())?.AutomationExecutionStatus !== 'InProgress');
    expect((await stands())?.AutomationExecutionStatus).toBe('Success');
  });
});

describe('the proof', () => {
  const organisation = deployedOrganisation(practiceDeployment());

  it('every call of all this is allowed to the role that made it, on its resources and under its conditions', () => {
    const asked = askedAbout(made, organisation);
    expect(asked.length).toBeGreaterThan(500);
    const strangers = asked.filter(({ roleArn }) => organisation.roleOf(roleArn) === undefined);
    expect([...new Set(strangers.map(({ roleArn }) => roleArn.split('/').at(-1)))].sort()).toEqual(OUTSIDERS);
    expect(refusals(asked, organisation)).toEqual([]);
  });

  it('every right of every policy is needed by one of them, or has a reason', async () => {
    const unused = await unusedRights(askedAbout(made, organisation), organisation);
    const explains = ({ role, action, resource }: (typeof WITHOUT_A_CALL)[number], right: Right) =>
      (role?.test(right.role) ?? true) && action.test(right.action) && (resource?.test(right.resource) ?? true);
    expect(unused.filter((right) => !WITHOUT_A_CALL.some((reason) => explains(reason, right)))).toEqual([]);
    const idle = WITHOUT_A_CALL.filter((reason) => !unused.some((right) => explains(reason, right)));
    expect(idle.map(({ why }) => why)).toEqual([]);
  });

  it.each(BY_AWS)('$what', ({ by, action, on, context }) => {
    const verdict = organisation.decide({ by: by(organisation), action, resource: on, context });
    expect(verdict).toBe('allowed');
  });
});
