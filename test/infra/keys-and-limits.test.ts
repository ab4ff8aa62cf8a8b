import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Deployment, readDeployment } from '../../infra/deployment.ts';
import { FUNCTIONS, type FunctionName } from '../../src/functions.ts';
import { CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import {
  allowedResources,
  at,
  type Resource,
  type Statement,
  statementsOf,
  synthesize,
  type View,
} from './synthesized.ts';

const fileOf = (name: string): Deployment =>
  readDeployment(path.join(import.meta.dirname, '../../config/both-ways', `${name}.json`));
const NETWORK = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] };

/** As the file has it, and in the other direction with all that can be set. */
const ohio = synthesize(fileOf('to-us-east-2'));
const virginia = synthesize({
  ...fileOf('to-us-east-1'),
  network: NETWORK,
  limits: { slackRequests: { rate: 20, burst: 40 }, reservedConcurrency: { 'slack-ingress': 50, effects: 10 } },
  retention: { logDays: 90, resultDays: 800 },
});
const { central } = ohio;

const REGION = 'us-east-2';
const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];
const roleOf = (name: string) => `dr-chatops-${name}-ohio`;
const machineArn = (name: string) => `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:${name}-ohio`;
const functionsOf = (view: View) => view.all('AWS::Lambda::Function').map(({ Properties }) => Properties);

const [KEY_ID] = Object.keys(central.template.findResources('AWS::KMS::Key'));
const KEY = { 'Fn::GetAtt': [KEY_ID, 'Arn'] };
const CONTEXT = 'kms:EncryptionContext:aws:states:stateMachineArn';

/** AWS does not say whether the context of an execution that was started by a version names the version. */
const ofVersionsToo = (name: string) => ({ StringLike: { [CONTEXT]: [machineArn(name), `${machineArn(name)}:*`] } });

/** What a role may do with the key, each as its actions and the one condition. */
function keyUses(role: string): [actions: string[], condition: unknown][] {
  const uses = central.rightsOf(role).filter(({ actions }) => actions.some((action) => action.startsWith('kms:')));
  for (const { resources } of uses) expect(resources).toEqual([KEY]);
  return uses.map(({ actions, conditions }) => [actions, conditions]);
}

it('an environment has metrics of its own, and every function knows whose they are', () => {
  const environments = functionsOf(central).map((properties) =>
    at(properties, 'Environment', 'Variables', 'DEPLOYMENT_ENVIRONMENT'),
  );
  expect(environments).toEqual(FUNCTION_NAMES.map(() => 'ohio'));
  const watched = JSON.stringify([
    central.all('AWS::CloudWatch::Alarm'),
    central.all('AWS::CloudWatch::Dashboard'),
  ]).match(/DRS\/Orchestration(\/ohio)?/g);
  expect([...new Set(watched)]).toEqual(['DRS/Orchestration/ohio']);
});

describe('the key of the central account', () => {
  it('encrypts everything that is kept: tables, buckets, secret, topic, queue, logs, machines, settings', () => {
    const encryptedBy = (type: string, ...place: (string | number)[]) =>
      central.all(type).map(({ Properties }) => at(Properties, ...place));
    const stores = [
      encryptedBy('AWS::DynamoDB::Table', 'SSESpecification', 'KMSMasterKeyId'),
      encryptedBy(
        ...(['AWS::S3::Bucket', 'BucketEncryption', 'ServerSideEncryptionConfiguration', 0] as const),
        ...(['ServerSideEncryptionByDefault', 'KMSMasterKeyID'] as const),
      ),
      encryptedBy('AWS::SecretsManager::Secret', 'KmsKeyId'),
      encryptedBy('AWS::SNS::Topic', 'KmsMasterKeyId'),
      encryptedBy('AWS::SQS::Queue', 'KmsMasterKeyId'),
      encryptedBy('AWS::Logs::LogGroup', 'KmsKeyId'),
      encryptedBy('AWS::StepFunctions::StateMachine', 'EncryptionConfiguration', 'KmsKeyId'),
      encryptedBy('AWS::Lambda::Function', 'KmsKeyArn'),
    ];
    expect(stores.map((store) => store.length)).toEqual([
      ...[3, 2, 1, 1, 1],
      // One for each function and machine, and for the API.
      FUNCTION_NAMES.length + 3,
      ...[2, FUNCTION_NAMES.length],
    ]);
    for (const key of stores.flat()) expect(key).toEqual(KEY);
    central.template.hasResource('AWS::KMS::Key', {
      DeletionPolicy: 'Retain',
      Properties: { EnableKeyRotation: true },
    });
  });

  it('is for AWS’s services where they act for us only', () => {
    const statements = statementsOf(at(central.only('AWS::KMS::Key').Properties, 'KeyPolicy'));
    const byService = new Map(statements.map((statement) => [statement.principal.Service, statement]));
    expect([...byService.keys()].filter((service) => service !== undefined).sort()).toEqual([
      ...['cloudwatch.amazonaws.com', 'delivery.logs.amazonaws.com', 'events.amazonaws.com'],
      `logs.${REGION}.amazonaws.com`,
    ]);
    const conditionsOf = (service: string): Statement['conditions'] | undefined => byService.get(service)?.conditions;
    const groups = conditionsOf(`logs.${REGION}.amazonaws.com`)?.ArnLike?.['kms:EncryptionContext:aws:logs:arn'];
    const named = (groups as string[]).map((arn) => new RegExp(`^${arn.replaceAll('*', '.*')}$`));
    const prefix = `arn:aws:logs:${REGION}:${CENTRAL_ACCOUNT}:log-group:`;
    for (const { Properties } of central.all('AWS::Logs::LogGroup')) {
      expect(named.filter((pattern) => pattern.test(`${prefix}${Properties.LogGroupName}`))).toHaveLength(1);
    }
    expect(named.some((pattern) => pattern.test(`${prefix}/aws/lambda/payroll`))).toBe(false);
    expect(conditionsOf('events.amazonaws.com')).toEqual({
      StringEquals: { 'aws:SourceAccount': CENTRAL_ACCOUNT },
      ArnLike: { 'aws:SourceArn': `arn:aws:events:${REGION}:${CENTRAL_ACCOUNT}:rule/*` },
    });
    // Step Functions documents it without a condition.
    expect(byService.get('delivery.logs.amazonaws.com')).toMatchObject({ actions: ['kms:Decrypt'], conditions: {} });
  });

  it('is used by functions through AWS’s services, or for their own settings, and only so', () => {
    for (const name of FUNCTION_NAMES) {
      const arn = `arn:aws:lambda:${REGION}:${CENTRAL_ACCOUNT}:function:${roleOf(name)}`;
      const uses = keyUses(roleOf(name)).map(([, condition]) => condition);
      const settings = { StringLike: { 'kms:EncryptionContext:aws:lambda:FunctionArn': [arn, `${arn}:*`] } };
      expect(uses, name).toContainEqual(settings);
      for (const use of uses) {
        if (at(use, 'StringEquals') === undefined) expect(use).toEqual(settings);
        else expect(at(use, 'StringEquals'), name).toHaveProperty(['kms:ViaService']);
      }
    }
  });

  it('is used by a machine for its own executions and log; dr-execution reads what the component answers', () => {
    const own = (context: object) => [
      [['kms:Decrypt', 'kms:GenerateDataKey'], context],
      [
        ['kms:GenerateDataKey'],
        { StringEquals: { 'kms:EncryptionContext:SourceArn': `arn:aws:logs:${REGION}:${CENTRAL_ACCOUNT}:*` } },
      ],
    ];
    expect(keyUses(roleOf('drs-orchestration-main'))).toEqual(own(ofVersionsToo('drs-orchestration-main')));
    expect(keyUses(roleOf('dr-execution'))).toEqual([
      [['kms:Decrypt'], ofVersionsToo('drs-orchestration-main')],
      ...own({ StringEquals: { [CONTEXT]: machineArn('dr-execution') } }),
    ]);
  });

  it('lets those read executions who describe them, and nobody else', () => {
    const readers = central.roleNames.filter((role) =>
      central.rightsOf(role).some(({ conditions }) => JSON.stringify(conditions).includes(CONTEXT)),
    );
    const describers = central.roleNames.filter(
      (role) => allowedResources(central.rightsOf(role), 'states:DescribeExecution').length > 0,
    );
    expect(describers.sort()).toEqual(
      ['announce-failure', 'close-execution', 'dr-execution', 'recover-servers'].map(roleOf),
    );
    // The component follows executors of other accounts, which are encrypted with a key of AWS's.
    expect(readers.sort()).toEqual([...describers, roleOf('drs-orchestration-main')].sort());
    const states = `states.${REGION}.amazonaws.com`;
    for (const [name, machine] of [
      ['announce-failure', 'drs-orchestration-main'],
      ['close-execution', 'dr-execution'],
    ] as const) {
      expect(keyUses(roleOf(name))).toContainEqual([
        ['kms:Decrypt'],
        { StringEquals: { 'kms:ViaService': states }, ...ofVersionsToo(machine) },
      ]);
    }
    expect(keyUses(roleOf('recover-servers'))).toContainEqual([
      ['kms:Decrypt'],
      { StringEquals: { 'kms:ViaService': states, [CONTEXT]: machineArn('drs-orchestration-main') } },
    ]);
  });

  it('is at hand for everybody who sends dead letters', () => {
    const senders = central.roleNames.filter(
      (role) => allowedResources(central.rightsOf(role), 'sqs:SendMessage').length > 0,
    );
    expect(senders.length).toBeGreaterThan(5);
    const use = { StringEquals: { 'kms:ViaService': `sqs.${REGION}.amazonaws.com` } };
    for (const role of senders) {
      expect(keyUses(role), role).toContainEqual([['kms:Decrypt', 'kms:GenerateDataKey'], use]);
    }
  });
});

describe('limits', () => {
  const stageOf = (view: View) => view.only('AWS::ApiGatewayV2::Stage').Properties;

  it('let Slack in at a pace, and log who came', () => {
    expect(stageOf(central)).toMatchObject({
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
      AccessLogSettings: { DestinationArn: expect.anything() },
    });
    const format = JSON.parse(String(at(stageOf(central), 'AccessLogSettings', 'Format'))) as object;
    expect(Object.values(format).every((value) => /^\$context\.[\w.]+$/.test(String(value)))).toBe(true);
    expect(stageOf(virginia.central).DefaultRouteSettings).toEqual({
      ThrottlingRateLimit: 20,
      ThrottlingBurstLimit: 40,
    });
  });

  it('reserve nothing unless they are told to: a new account has too little', () => {
    const reserved = (view: View) =>
      functionsOf(view).flatMap(({ FunctionName: name, ReservedConcurrentExecutions: runs }) =>
        runs === undefined ? [] : [[name, runs]],
      );
    expect(reserved(central)).toEqual([]);
    expect(reserved(virginia.central)).toEqual([
      ['dr-chatops-slack-ingress-virginia', 50],
      ['dr-chatops-effects-virginia', 10],
    ]);
  });
});

describe('a network', () => {
  it('is where no function stands, unless the deployment says so: then all do', () => {
    expect(functionsOf(central).filter((properties) => 'VpcConfig' in properties)).toEqual([]);
    for (const { VpcConfig } of functionsOf(virginia.central)) {
      expect(VpcConfig).toEqual({ SubnetIds: NETWORK.subnetIds, SecurityGroupIds: NETWORK.securityGroupIds });
    }
  });

  it('is entered by Lambda with the function’s role, and never by the function’s code', () => {
    for (const name of FUNCTION_NAMES) {
      const rights = virginia.central.rightsOf(`dr-chatops-${name}-virginia`);
      const [allowed, denied] = ['Allow', 'Deny'].map((effect) =>
        rights.filter((right) => right.effect === effect && right.actions.includes('ec2:CreateNetworkInterface')),
      );
      expect(allowed, name).toHaveLength(1);
      expect(denied, name).toMatchObject([
        {
          actions: allowed?.[0]?.actions.filter((action) => action.startsWith('ec2:')),
          conditions: {
            ArnEquals: {
              'lambda:SourceFunctionArn': `arn:aws:lambda:us-east-1:${CENTRAL_ACCOUNT}:function:dr-chatops-${name}-virginia`,
            },
          },
        },
      ]);
    }
    const entering = ohio.central.roleNames.filter((role) =>
      ohio.central.rightsOf(role).some(({ actions }) => actions.includes('ec2:CreateNetworkInterface')),
    );
    expect(entering).toEqual([]);
  });
});

describe('what is kept', () => {
  const days = ({ template }: View) =>
    new Set(
      Object.values(template.findResources('AWS::Logs::LogGroup')).map(({ Properties }) => Properties.RetentionInDays),
    );

  it('are logs for as long as the deployment says, the executors’ too', () => {
    expect(ohio.staging.concat(central).map(days)).toEqual([new Set([365]), new Set([365]), new Set([365])]);
    expect(virginia.staging.concat(virginia.central).map(days)).toEqual([new Set([90]), new Set([90]), new Set([90])]);
  });

  it('are results until they expire, in versions, and nothing of what was never whole', () => {
    const rulesOf = (view: View) =>
      view
        .all('AWS::S3::Bucket')
        .map(({ Properties }) => at(Properties, 'LifecycleConfiguration', 'Rules') as Record<string, unknown>[])
        .find((rules) => rules.length > 1);
    expect(rulesOf(central)).toMatchObject([
      {
        ExpirationInDays: 400,
        NoncurrentVersionExpiration: { NoncurrentDays: 90 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        Transitions: [{ TransitionInDays: 90 }],
      },
      { ExpiredObjectDeleteMarker: true },
    ]);
    expect(rulesOf(virginia.central)).toMatchObject([{ ExpirationInDays: 800 }, {}]);
  });

  it('is reached by TLS only', () => {
    const policies = ['AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'].flatMap(central.all);
    expect(policies.length).toBeGreaterThanOrEqual(4);
    for (const { Properties } of policies) {
      const denied = statementsOf(Properties.PolicyDocument).filter(({ effect }) => effect === 'Deny');
      expect(denied.map(({ conditions }) => conditions)).toContainEqual({
        Bool: { 'aws:SecureTransport': 'false' },
      });
    }
  });

  it('and is tables and functions and machines whose calls can be traced', () => {
    for (const { Properties } of central.all('AWS::DynamoDB::Table')) {
      expect(Properties).toMatchObject({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    }
    for (const properties of functionsOf(central)) expect(properties.TracingConfig).toEqual({ Mode: 'Active' });
    const machines = [central, ...ohio.staging].flatMap((view) => view.all('AWS::StepFunctions::StateMachine'));
    expect(machines).toHaveLength(4);
    for (const { Properties } of machines) expect(Properties.TracingConfiguration).toEqual({ Enabled: true });
  });
});

describe('two deployments in the same accounts, each into the other’s Region', () => {
  /** Everything that a template names, and the stacks themselves. Names of roles and dashboards are for all Regions. */
  const namesIn = ({ central, staging, origins, targets, assets }: typeof ohio): string[] => [
    ...assets.map(({ name }) => `stack ${name}`),
    ...[central, ...staging, ...origins, ...targets].flatMap((view, index) =>
      Object.values(view.template.toJSON().Resources as Record<string, Resource>).flatMap(({ Type, Properties }) =>
        Object.entries(Properties ?? {})
          .filter(([key, value]) => /^(\w*Name|Name)$/.test(key) && typeof value === 'string' && !NOT_NAMES.has(key))
          .map(([key, value]) => `${index} ${Type} ${key} ${value}`),
      ),
    ),
  ];
  /** Properties that say what something is called within, or is of. */
  const NOT_NAMES = new Set(['EventBusName', 'MetricName', 'StageName', 'DisplayName', 'PolicyName']);

  it('share no name', () => {
    const first = new Set(namesIn(ohio));
    const second = namesIn(virginia);
    expect(first.size).toBeGreaterThan(100);
    expect(second.filter((name) => first.has(name))).toEqual([]);
    // What has no name of ours gets one that nothing else has: buckets' are the world's.
    for (const { Properties } of central.all('AWS::S3::Bucket')) expect(Properties).not.toHaveProperty('BucketName');
  });

  it('stand each in the Region that servers are recovered in, and go back to the other', () => {
    const regionsOf = (view: View): Set<string> =>
      new Set(JSON.stringify(view.template.toJSON()).match(/\b[a-z]{2}-[a-z]+-\d\b/g) ?? []);
    for (const view of ohio.staging) expect(regionsOf(view)).toEqual(new Set(['us-east-2']));
    for (const view of virginia.staging) expect(regionsOf(view)).toEqual(new Set(['us-east-1']));
    expect(ohio.origins.map((view) => view.roleNames)).toEqual([['dr-chatops-origin-us-east-1-ohio']]);
    expect(virginia.origins.map((view) => view.roleNames)).toEqual([['dr-chatops-origin-us-east-2-virginia']]);
  });
});
