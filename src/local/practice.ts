import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AccessDocument } from '../domain/access.ts';
import { definitionHash } from '../domain/definition-hash.ts';
import type { Policies } from '../domain/policy.ts';
import { readinessSettingsSchema } from '../domain/readiness-settings.ts';
import type { PlanSet } from '../domain/recovery-plan.ts';
import { FUNCTIONS, type FunctionName, placeholderOf, STREAM_ITEMS } from '../functions.ts';
import { SWEEP_EVENT } from '../orchestration/sweep-event.ts';
import type { RequestSettings } from '../platform/configuration.ts';
import { planLibrary } from '../platform/plan-library.ts';
import type { CreateHandler, Log, Platform } from '../platform/platform.ts';
import {
  ACTION_DOCUMENTS_ROLE,
  ACTIONS_ROLE,
  CENTRAL_ACCOUNT,
  EXECUTOR_ROLE,
  EXTERNAL_ID,
  FAILBACK_ROLE,
  INVOKE_ROLE,
  ORIGIN_ROLE,
  READER_ROLE,
  REGION,
} from './accounts.ts';
import { startDrs } from './aws/drs/drs.ts';
import { startEc2 } from './aws/ec2.ts';
import { Fleet } from './aws/fleet.ts';
import { type AwsCall, Identities } from './aws/identities.ts';
import { startSts } from './aws/sts.ts';
import { CallRecorder } from './behind-the-scenes/recorder.ts';
import { behindTheScenes } from './behind-the-scenes/routes.ts';
import type { CancelTimer, Clock } from './clock.ts';
import { COMPOSER_COMMANDS, COMPOSER_SHORTCUTS } from './composer-commands.ts';
import type { Backend } from './dynamodb/backend.ts';
import type { StreamRecord } from './dynamodb/change-feed.ts';
import { type ConsumedCapacity, startDynamoDB } from './dynamodb/dynamodb.ts';
import { executionTable } from './execution-table.ts';
import { serve } from './http.ts';
import type { Inventory } from './inventory.ts';
import { EventSourceMapping } from './lambda/event-source-mapping.ts';
import { FunctionHost } from './lambda/function-host.ts';
import { httpFront } from './lambda/http-front.ts';
import { Schedule } from './lambda/schedule.ts';
import { deployedName } from './names.ts';
import { LocalNetwork } from './network.ts';
import { planTables } from './plan-tables.ts';
import { createDocuments, DOCUMENTS } from './practice-documents.ts';
import type { Rehearsable } from './rehearsal.ts';
import { sdkIntegrations } from './sdk-integrations.ts';
import { ORGANIZATION_TRAIL, startCloudTrail } from './services/cloudtrail.ts';
import { startEventBridge } from './services/eventbridge.ts';
import { startLambda } from './services/lambda.ts';
import { startPricing } from './services/pricing.ts';
import { startS3 } from './services/s3.ts';
import { startSecretsManager } from './services/secrets-manager.ts';
import { startServiceQuotas } from './services/service-quotas.ts';
import { startSns } from './services/sns.ts';
import { startSsm } from './services/ssm.ts';
import type { ManagedNode } from './services/ssm-run-command.ts';
import type { PageControls } from './slack/page/controls.ts';
import { CHANNELS, PEOPLE, type Person, USER_GROUPS, WORKSPACE } from './slack/people.ts';
import { createSlackServer } from './slack/server.ts';
import { SlackWorkspace } from './slack/workspace.ts';
import { stepFunctionsApi } from './step-functions/api.ts';
import { StepFunctionsEngine } from './step-functions/engine.ts';

// Tables, parameters and the secret are called as a deployment calls them.
const TABLE = 'execution-history';
const PLAN_TABLE = 'recovery-plans';
const GROUP_TABLE = 'protection-groups';
const BUCKET = 'dr-chatops-results';
const AUDIT_BUCKET = 'dr-chatops-audit';
const ALARM_TOPIC = 'dr-chatops-alarms';
const BUS = 'dr-chatops';
const CONFIG_PATH = '/dr-chatops';
const SECRET = 'dr-chatops/slack';
const REQUEST_PATH = '/slack/events';
/** As deployed: a card is drawn at most every 3 s (Slack: chat.update). */
const PROJECTOR_WINDOW_MS = 3_000;
/** As deployed: what happens meanwhile to an execution is chained together. */
const AUDIT_WINDOW_MS = 3_000;
/** The key of what the central account keeps. */
const KEY_ARN = `arn:aws:kms:${REGION}:${CENTRAL_ACCOUNT}:key/00000000-0000-4000-8000-000000000000`;
/** Seven years, as a deployment has them that says nothing else. */
const AUDIT_RETENTION_DAYS = 7 * 366;
/** vCPUs of on-demand standard instances that each staging account may run: AWS raises the quota to what is asked for. */
const VCPU_QUOTA = { serviceCode: 'ec2', quotaCode: 'L-1216C47A', value: 10_000 };

export interface PracticeOptions {
  /** Simulated time: jobs, waits, deadlines. */
  clock: Clock;
  /** Time of the things that are never faster than real: Slack's pace, schedules. Tests pass the same virtual clock. */
  wallClock: Clock;
  inventory: Inventory;
  /** @default - a free port */
  port?: number;
  /** @default - the people of practice mode */
  people?: readonly Person[];
  /** A line about the practice's time for the page. */
  banner?: () => string;
  /** Builds what may be changed while the practice runs; faults that are on from the start begin here. */
  controls?: (parts: Rehearsable) => PageControls;
  log?: Log;
  onCall?: (call: AwsCall) => void;
  /** How many times as fast as in AWS the simulated DRS launches a server. @default 1 */
  launchPace?: number;
  /** False: DRS's own events, which are best effort, are lost. @default true */
  drsEvents?: boolean;
  /** Functions that are called by the clock alone. With none of them days may pass in which nothing is to happen. @default - all */
  schedules?: readonly FunctionName[];
  /**
   * Waits in Slack's time.
   * @default - functions never wait: a clock that jumps stands still while one of them runs
   */
  sleep?: (ms: number) => Promise<void>;
  /** Takes what each operation on a table consumes. @default - nobody asks */
  onCapacity?: (consumed: ConsumedCapacity) => void;
  /** Takes what functions write as metrics, one line of JSON at a time. */
  onMetrics?: (line: string) => void;
  /**
   * Records AWS calls and shows them, with state machine runs and DRS jobs, at `/behind-the-scenes` of the page.
   * @default false
   */
  behindTheScenes?: boolean;
  /**
   * Where cards go and whose people count. What they type and press has to be brought to the bot by the caller.
   * @default - the simulated workspace with the people of practice mode
   */
  realWorkspace?: RealWorkspace;
  /**
   * Recovery plans and protection groups that are stored at the start. They are stored as they are, unchecked.
   * @default - none: what is run is found by its tags
   */
  library?: PlanSet;
  /** What keeps the tables. @default - dynalite, in this process */
  database?: Backend;
  /**
   * How long Slack waits for an answer, and lets a form be opened, in milliseconds of real time: for whoever does not want to
   * see how fast this machine is.
   * @default 3000, as Slack's
   */
  slackWaitsMs?: number;
  /** Puts something around a function's handler; `create` makes it, as a cold start does. @default - nothing */
  around?: (name: FunctionName, create: () => Handler) => Handler;
  /** What a function's clock shows. @default - the practice's time */
  nowOf?: (name: FunctionName) => () => number;
}

/** A function's handler. */
export type Handler = (event: unknown) => Promise<unknown>;

/** What a deployment's configuration says about one Slack workspace. */
export interface WorkspaceDocuments {
  /** Who of its people may do what. */
  access: AccessDocument;
  policies: Policies;
  requests: RequestSettings;
}

/** What a later release has that differs from what is here. */
export interface Release {
  /** Makes the release's handler of a function from today's. */
  handler?: (name: FunctionName, handler: Handler) => Handler;
  /** Makes the release's definition of a machine from the text of today's. */
  definition?: (machine: string, text: string) => string;
}

/** A workspace of Slack's own in the place of the simulated one: AWS alone is simulated. */
export interface RealWorkspace extends WorkspaceDocuments {
  botToken: string;
}

/** A whole deployment on this machine: the product's functions and state machines, on simulated AWS and Slack. */
export type Practice = Awaited<ReturnType<typeof startPractice>>;

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** The file's path from here, whatever the working directory. */
function fileOf(relative: string): string {
  return fileURLToPath(new URL(`../../${relative}`, import.meta.url));
}

/** ARN of the role that a function or state machine of the central account runs with. */
function centralRole(name: string): string {
  return `arn:aws:iam::${CENTRAL_ACCOUNT}:role/dr-chatops-${name}`;
}

/** ARN of the role by which servers are failed back to a Region of AWS. */
function originRole({ accountId, region }: { accountId: string; region: string }): string {
  return `arn:aws:iam::${accountId}:role/${ORIGIN_ROLE}-${region}`;
}

/** Where in AWS the servers of an inventory came from, each place once. */
function originsOf({ sourceServers }: Inventory): { accountId: string; region: string }[] {
  const places = sourceServers.flatMap(({ accountId, origin }) =>
    origin?.region === undefined ? [] : [{ accountId: origin.accountId ?? accountId, region: origin.region }],
  );
  return [...new Map(places.map((place) => [`${place.accountId}/${place.region}`, place])).values()];
}

/** The accounts in which actions are done, each in all of the practice's Regions: the central one, and whatever recovers. */
function targetsOf(inventory: Inventory): { accountId: string; regions: string[] }[] {
  const origins = originsOf(inventory);
  const staging = inventory.stagingAccounts.map(({ accountId }) => accountId);
  const accounts = new Set([CENTRAL_ACCOUNT, ...staging, ...origins.map(({ accountId }) => accountId)]);
  const regions = [...new Set([REGION, ...origins.map(({ region }) => region)])];
  return [...accounts].map((accountId) => ({ accountId, regions }));
}

/** Starts everything. Nothing has to be configured; `close` ends it. */
export async function startPractice(options: PracticeOptions) {
  const { clock, wallClock, inventory, log = quiet } = options;
  const recorder = options.behindTheScenes === true ? new CallRecorder({ clock }) : undefined;
  const onCall = (call: AwsCall) => {
    recorder?.note(call);
    options.onCall?.(call);
  };
  const origins = originsOf(inventory);
  const identities = new Identities();
  const services = { clock, identities, onCall };
  const host = new FunctionHost({ clock });
  const fleet = new Fleet({ clock, inventory });
  const network = new LocalNetwork();
  const targets = targetsOf(inventory);

  const [dynamodb, ssm, secretsManager, s3, eventBridge, drs, ec2, sts, serviceQuotas, sns, pricing, cloudTrail] =
    await Promise.all([
      startDynamoDB({ ...services, onCapacity: options.onCapacity, backend: options.database }),
      startSsm({ ...services, nodes: managedNodes }),
      startSecretsManager(services),
      startS3(services),
      startEventBridge({ ...services, host }),
      startDrs({ ...services, fleet, launchPace: options.launchPace }),
      startEc2({ ...services, fleet }),
      startSts(services),
      startServiceQuotas(services),
      startSns(services),
      startPricing(services),
      startCloudTrail(services),
    ]);
  const lambda = await startLambda({
    ...services,
    host,
    arnOf: (name) => `arn:aws:lambda:${REGION}:${CENTRAL_ACCOUNT}:function:${name}`,
    environment: () => environment,
  });

  const engine = new StepFunctionsEngine({
    clock,
    region: REGION,
    integrations: sdkIntegrations({ identities, host, region: REGION, onCall }),
    onCall,
    onStatusChange: (event) => {
      const { stateMachineArn, status } = event.detail;
      const ended = ['FAILED', 'TIMED_OUT', 'ABORTED'].includes(status);
      if (ended && stateMachineArn.endsWith(':dr-execution')) host.invokeAsync(deployedName('close-execution'), event);
      if (ended && stateMachineArn.endsWith(':drs-orchestration-main')) {
        host.invokeAsync(deployedName('announce-failure'), event);
      }
    },
  });
  const stepFunctions = await serve(stepFunctionsApi({ engine, identities, onCall }));

  // Slack first: the bot's settings name its address.
  const signingSecret = randomBytes(16).toString('hex');
  const botToken = `xoxb-practice-${randomBytes(8).toString('hex')}`;
  let refusingMessages = false;
  const workspace = new SlackWorkspace({
    botToken,
    clock,
    // What cards say and when messages were posted is one time.
    timestampClock: clock,
    channels: CHANNELS,
    people: options.people,
    userGroups: USER_GROUPS,
    shortcuts: COMPOSER_SHORTCUTS,
    events: ['app_mention', 'app_home_opened'],
    triggerMs: options.slackWaitsMs,
    rates: 'slack',
    rateClock: wallClock,
    rateRule: ({ method }) => (refusingMessages && /^(chat\.(post|update)|files\.)/.test(method) ? 30 : undefined),
  });
  const rehearsable: Rehearsable = {
    drs,
    fleet,
    host,
    inventory,
    refuseMessages: (refuse) => {
      refusingMessages = refuse;
    },
  };
  const controls = options.controls?.(rehearsable);
  let requestUrl = '';
  const slack = await createSlackServer({
    workspace,
    signingSecret,
    requestUrl: () => requestUrl,
    answerMs: options.slackWaitsMs,
    port: options.port,
    banner: options.banner,
    controls,
    commands: COMPOSER_COMMANDS,
    behindTheScenes: recorder === undefined ? undefined : '/behind-the-scenes',
    morePages: recorder === undefined ? undefined : behindTheScenes({ clock, engine, jobs: drs.jobs, fleet, recorder }),
  });

  const busArn = eventBridge.createBus({
    name: BUS,
    accountId: CENTRAL_ACCOUNT,
    allowedAccounts: inventory.stagingAccounts.map((account) => account.accountId),
  });
  const environment = {
    AWS_REGION: REGION,
    CENTRAL_ACCOUNT,
    EXECUTION_TABLE: TABLE,
    RECOVERY_PLAN_TABLE: PLAN_TABLE,
    PROTECTION_GROUP_TABLE: GROUP_TABLE,
    RESULT_BUCKET: BUCKET,
    AUDIT_BUCKET,
    CONFIG_PATH,
    EXECUTOR_DEFINITION: definitionHash(
      readFileSync(fileOf('infra/state-machines/drs-staging-account-executor.asl.json'), 'utf8'),
    ),
    SLACK_SECRET_ID: SECRET,
    EVENT_BUS_ARN: busArn,
    DR_EXECUTION_ARN: `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:dr-execution`,
  };
  // The SDK clients and the Slack client read where their services are from the environment, as they would on Lambda.
  Object.assign(process.env, {
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL_DRS: drs.url,
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_ENDPOINT_URL_EC2: ec2.url,
    AWS_ENDPOINT_URL_SFN: stepFunctions.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_EVENTBRIDGE: eventBridge.url,
    AWS_ENDPOINT_URL_SERVICE_QUOTAS: serviceQuotas.url,
    AWS_ENDPOINT_URL_SNS: sns.url,
    AWS_ENDPOINT_URL_PRICING: pricing.url,
    AWS_ENDPOINT_URL_CLOUDTRAIL: cloudTrail.url,
    AWS_ENDPOINT_URL_LAMBDA: lambda.url,
    ...(options.realWorkspace === undefined ? { SLACK_API_URL: `${slack.url}/api/` } : {}),
  });

  await dynamodb.createTable(executionTable(TABLE));
  for (const table of planTables({ plans: PLAN_TABLE, groups: GROUP_TABLE })) await dynamodb.createTable(table);
  await storeLibrary();
  s3.createBucket(BUCKET);
  s3.createBucket(AUDIT_BUCKET, {
    objectLock: { retentionDays: AUDIT_RETENTION_DAYS },
    // As the deployed bucket's policy: the audit's role puts new objects, nobody overwrites or deletes one.
    denies: ({ action, roleArn, ifNoneMatch }) =>
      action.startsWith('DeleteObject') ||
      (action === 'PutObject' && (roleArn !== centralRole('audit') || ifNoneMatch === undefined)),
  });
  for (const { accountId } of inventory.stagingAccounts) serviceQuotas.setQuota({ accountId, ...VCPU_QUOTA });
  secretsManager.put(SECRET, JSON.stringify({ botToken: options.realWorkspace?.botToken ?? botToken, signingSecret }));
  putConfiguration();
  cloudTrail.putTrail(ORGANIZATION_TRAIL);
  sns.createTopic({ name: ALARM_TOPIC });

  createDocuments(
    ssm.automation,
    targets.flatMap(({ accountId, regions }) => regions.map((region) => ({ accountId, region }))),
  );
  addRoles(await deploy({}));
  eventBridge.addRule({
    busArn,
    pattern: { source: ['dr-chatops.executor'], 'detail-type': ['DR Batch Progress'] },
    targets: [{ functionName: deployedName('record-progress') }],
  });
  eventBridge.addRule({
    busArn,
    pattern: { source: ['aws.drs'], 'detail-type': ['DRS Source Server Launch Result'] },
    targets: [{ functionName: deployedName('record-progress') }],
  });
  eventBridge.addRule({
    busArn,
    pattern: { account: [CENTRAL_ACCOUNT], source: ['dr-chatops'], 'detail-type': ['DR Query Asked'] },
    targets: [{ functionName: deployedName('answer-query') }],
  });
  eventBridge.addRule({
    busArn,
    pattern: { account: [CENTRAL_ACCOUNT], source: ['dr-chatops'], 'detail-type': ['DR Close Asked'] },
    targets: [{ functionName: deployedName('close-execution') }],
  });
  for (const { accountId } of inventory.stagingAccounts) {
    eventBridge.addRule({
      busArn: eventBridge.busArn(accountId),
      pattern: { source: ['aws.drs'] },
      targets: [{ busArn }],
    });
  }
  const stopEvents = fleet.onEvent(({ source, account, resources, detail, 'detail-type': detailType }) => {
    if (options.drsEvents !== false) eventBridge.emit(account, { source, detailType, detail, resources });
  });

  const feed = dynamodb.stream(TABLE);
  const mappings = [
    new EventSourceMapping({
      feed,
      host,
      functionName: deployedName('effects'),
      clock: wallClock,
      filter: isChangeOf(STREAM_ITEMS.effects),
      batchSize: 10,
      windowMs: 0,
    }),
    new EventSourceMapping({
      feed,
      host,
      functionName: deployedName('projector'),
      clock: wallClock,
      filter: isChangeOf(STREAM_ITEMS.projector),
      batchSize: 500,
      windowMs: PROJECTOR_WINDOW_MS,
    }),
    new EventSourceMapping({
      feed,
      host,
      functionName: deployedName('audit'),
      clock: wallClock,
      filter: isChangeOf(STREAM_ITEMS.audit),
      batchSize: 100,
      windowMs: AUDIT_WINDOW_MS,
    }),
  ];
  const bot = await serve(httpFront({ host, functionName: deployedName('slack-ingress'), path: REQUEST_PATH }));
  requestUrl = `${bot.url}${REQUEST_PATH}`;
  await host.invoke(deployedName('refresh-catalogue'), {});
  const schedule = new Schedule({ clock: wallClock, host });
  const due = new Schedule({ clock, host });
  const every = (by: Schedule, ms: number, name: FunctionName, event: unknown = {}): CancelTimer[] =>
    options.schedules?.includes(name) === false ? [] : [by.every(ms, deployedName(name), event)];
  const schedules = [
    ...every(schedule, 60_000, 'sweep-messages'),
    ...every(schedule, 60_000, 'watch-gates'),
    ...every(schedule, 300_000, 'refresh-catalogue'),
    ...every(schedule, 300_000, 'answer-parents'),
    ...every(schedule, 300_000, 'close-execution', SWEEP_EVENT),
    // What is due by the practice's time is looked for in the practice's time.
    ...every(due, 300_000, 'clean-up-drills'),
    ...every(due, 60_000, 'run-schedules'),
    ...every(due, 1_800_000, 'check-readiness'),
    ...every(due, 300_000, 'send-digest'),
  ];

  // The App Home has it from the start; nobody waits for it.
  if (options.schedules?.includes('check-readiness') !== false) host.invokeAsync(deployedName('check-readiness'), {});

  return {
    workspace,
    rehearsable,
    fleet,
    /** Where health checks look. */
    network,
    drs,
    ec2,
    sts,
    ssm,
    secretsManager,
    s3,
    serviceQuotas,
    sns,
    cloudTrail,
    engine,
    host,
    identities,
    dynamodb,
    tableName: TABLE,
    configPath: CONFIG_PATH,
    bucket: BUCKET,
    auditBucket: AUDIT_BUCKET,
    environment,
    signingSecret,
    botToken,
    /** Puts other secrets of Slack in the place of these, as somebody does who rotates them. */
    rotateSecrets(secrets: { botToken: string; signingSecret: string }): void {
      secretsManager.put(SECRET, JSON.stringify(secrets));
    },
    platformOf,
    deploy,
    /** Where Slack sends its requests. */
    requestUrl,
    /** The page for people. */
    pageUrl: slack.url,
    async close(): Promise<void> {
      for (const cancel of schedules) cancel();
      stopEvents();
      for (const mapping of mappings) mapping.stop();
      await host.settled();
      await Promise.all(
        [
          bot,
          slack,
          stepFunctions,
          dynamodb,
          ssm,
          secretsManager,
          s3,
          eventBridge,
          drs,
          ec2,
          sts,
          serviceQuotas,
          sns,
          pricing,
          cloudTrail,
          lambda,
        ].map((server) => server.close()),
      );
    },
  };

  /** Deploys functions and machines, as they are or as a later release has them; answers the ARN of drs-orchestration-main. */
  async function deploy(release: Release): Promise<string> {
    return deployMachines(await deployFunctions(release), release);
  }

  /** What a function gets from the place where it runs, with its role. */
  function platformOf(name: FunctionName): Platform {
    return {
      environment,
      credentials: identities.forRole(centralRole(name)),
      now: options.nowOf?.(name) ?? (() => clock.now()),
      sleep: options.sleep,
      network,
      log,
      printLine: options.onMetrics,
    };
  }

  async function storeLibrary(): Promise<void> {
    if (options.library === undefined) return;
    const { plans, groups } = options.library;
    await planLibrary(platformOf('slack-ingress')).apply({
      baseVersion: 0,
      changes: [
        ...groups.map((group) => ({ kind: 'put group' as const, group })),
        ...plans.map((plan) => ({ kind: 'put plan' as const, plan })),
      ],
      by: { arn: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/practice` },
      at: clock.now(),
    });
  }

  /** Every machine that runs has an agent. */
  function managedNodes(accountId: string, region: string): ManagedNode[] {
    return fleet
      .ec2Instances(accountId, region)
      .filter(({ state }) => state === 'running')
      .map(({ instanceId, windows, tags }) => ({
        instanceId,
        tags,
        platform: windows ? ('Windows' as const) : ('Linux' as const),
        isOnline: true,
      }));
  }

  /** Deploys the functions. Answers, by their placeholders, the versions that the definitions name. */
  async function deployFunctions(release: Release): Promise<Record<string, string>> {
    const versions: Record<string, string> = {};
    await Promise.all(
      (Object.entries(FUNCTIONS) as [FunctionName, string][]).map(async ([name, file]) => {
        const { create } = (await import(fileOf(file))) as { create: CreateHandler<unknown, unknown> };
        const make = () => {
          const made = create(platformOf(name));
          return release.handler?.(name, made) ?? made;
        };
        const handler = options.around?.(name, make) ?? make();
        const arn = `arn:aws:lambda:${REGION}:${CENTRAL_ACCOUNT}:function:${deployedName(name)}`;
        const hosted = {
          name: deployedName(name),
          arn,
          timeoutSeconds: 60,
          handler: (event: unknown) => handler(event),
        };
        if (host.functionNames.includes(hosted.name)) host.update(hosted);
        else host.register(hosted);
        versions[placeholderOf(name)] = host.publishVersion(hosted.name);
      }),
    );
    return versions;
  }

  /** The very files that are deployed. Answers the ARN of drs-orchestration-main. */
  function deployMachines(substitutions: Record<string, string>, release: Release): string {
    const deployMachine = (
      name: string,
      owner: { accountId: string; roleArn: string; kmsKeyId?: string },
      filled: Record<string, string>,
    ): string => {
      const file = readFileSync(fileOf(`infra/state-machines/${name}.asl.json`), 'utf8');
      const machine = { definition: release.definition?.(name, file) ?? file, substitutions: filled };
      const stateMachineArn = `arn:aws:states:${REGION}:${owner.accountId}:stateMachine:${name}`;
      const known = engine.listStateMachines(owner.accountId).some((each) => each.stateMachineArn === stateMachineArn);
      if (known) engine.updateStateMachine({ stateMachineArn, ...machine });
      else engine.createStateMachine({ name, ...owner, ...machine });
      return stateMachineArn;
    };
    for (const { accountId } of inventory.stagingAccounts) {
      const roleArn = `arn:aws:iam::${accountId}:role/${EXECUTOR_ROLE}`;
      deployMachine('drs-staging-account-executor', { accountId, roleArn }, {});
    }
    const central = (name: string, filled: Record<string, string>) =>
      // As deployed with a key: events of its executions say nothing of input and error.
      deployMachine(name, { accountId: CENTRAL_ACCOUNT, roleArn: centralRole(name), kmsKeyId: KEY_ARN }, filled);
    const main = central('drs-orchestration-main', substitutions);
    const { stateMachineVersionArn } = engine.publishStateMachineVersion(main);
    central('dr-execution', { ...substitutions, DrsOrchestrationMain: stateMachineVersionArn });
    return main;
  }

  function addRoles(mainArn: string): void {
    const readers: FunctionName[] = [
      'prepare',
      'discover-servers',
      'read-status',
      'record-account-result',
      'begin-wave',
      'check-instances',
      'take-action',
      'close-execution',
      'refresh-catalogue',
      'answer-query',
      'check-readiness',
      'validate-accounts',
    ];
    for (const { accountId } of inventory.stagingAccounts) {
      sts.addRole({
        roleArn: `arn:aws:iam::${accountId}:role/${READER_ROLE}`,
        trustedPrincipals: readers.map(centralRole),
        externalId: EXTERNAL_ID,
      });
      sts.addRole({
        roleArn: `arn:aws:iam::${accountId}:role/${INVOKE_ROLE}`,
        trustedPrincipals: [centralRole('drs-orchestration-main')],
        externalId: mainArn,
      });
      addFailbackRole(`arn:aws:iam::${accountId}:role/${FAILBACK_ROLE}`);
    }
    for (const origin of origins) addFailbackRole(originRole(origin));
    for (const { accountId } of targets) {
      for (const [role, by] of [
        [ACTIONS_ROLE, ['take-action']],
        [ACTION_DOCUMENTS_ROLE, ['answer-query', 'validate-accounts']],
      ] as const) {
        const roleArn = `arn:aws:iam::${accountId}:role/${role}`;
        sts.addRole({ roleArn, trustedPrincipals: by.map(centralRole), externalId: EXTERNAL_ID });
      }
    }
  }

  function addFailbackRole(roleArn: string): void {
    sts.addRole({ roleArn, trustedPrincipals: [centralRole('failback-origin')], externalId: EXTERNAL_ID });
  }

  function putConfiguration(): void {
    const put = (name: string, value: unknown) => ssm.put(`${CONFIG_PATH}/${name}`, JSON.stringify(value));
    const { access, policies, requests } = options.realWorkspace ?? practiceDocuments();
    put('access', access);
    put('policies', policies);
    put('requests', requests);
    put('readiness', readinessSettingsSchema.parse({}));
    for (const { accountId, region } of origins) {
      const roleArn = originRole({ accountId, region });
      put(`origins/${accountId}/${region}`, { accountId, region, roleArn, externalId: EXTERNAL_ID });
    }
    for (const { accountId, regions } of targets) {
      put(`target-accounts/${accountId}`, {
        accountId,
        roleArn: `arn:aws:iam::${accountId}:role/${ACTIONS_ROLE}`,
        documentsRoleArn: `arn:aws:iam::${accountId}:role/${ACTION_DOCUMENTS_ROLE}`,
        externalId: EXTERNAL_ID,
        regions,
        documents: Object.keys(DOCUMENTS).map((name) => ({ name, type: 'Automation' })),
      });
    }
    inventory.stagingAccounts.forEach(({ accountId }, index) => {
      put(`staging-accounts/${accountId}`, {
        accountId,
        region: REGION,
        roleArn: `arn:aws:iam::${accountId}:role/${READER_ROLE}`,
        invokeRoleArn: `arn:aws:iam::${accountId}:role/${INVOKE_ROLE}`,
        executorArn: `arn:aws:states:${REGION}:${accountId}:stateMachine:drs-staging-account-executor`,
        failbackRoleArn: `arn:aws:iam::${accountId}:role/${FAILBACK_ROLE}`,
        externalId: EXTERNAL_ID,
        maxServers: 300,
        priority: index + 1,
      });
    });
  }
}

/** Who may do what in the simulated workspace. */
function practiceDocuments(): WorkspaceDocuments {
  const people = (...names: string[]) =>
    PEOPLE.filter((person) => names.includes(person.name)).map((person) => person.userId);
  const leads = USER_GROUPS.map(({ id }) => id);
  const escalation = { beforeMinutes: 10, userGroups: leads };
  return {
    access: {
      teamId: WORKSPACE.teamId,
      grants: [
        { role: 'DRSOperator', users: people('requester') },
        { role: 'DRSRecoveryManager', users: people('approver', 'second-approver') },
        { role: 'DRSOrchestrationAdmin', userGroups: leads },
        { role: 'DRSReadOnly', users: people('reader') },
      ],
    },
    policies: {
      drill: { escalation },
      failover: { escalation, breakGlass: { roles: ['DRSOrchestrationAdmin'], byRequester: false } },
    },
    requests: { channelId: WORKSPACE.channelId },
  };
}

/** A filter of the table's stream, as the deployed mappings have it. */
function isChangeOf(prefixes: readonly string[]): (record: StreamRecord) => boolean {
  return ({ dynamodb }) => prefixes.some((prefix) => dynamodb.Keys.item?.S?.startsWith(prefix) === true);
}
