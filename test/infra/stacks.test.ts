import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { definitionText, placeholdersIn } from '../../infra/constructs/state-machine-from-file.ts';
import { parseDeployment } from '../../infra/deployment.ts';
import { accessSchema } from '../../src/domain/access.ts';
import { policiesSchema } from '../../src/domain/policy.ts';
import { readinessSettingsSchema } from '../../src/domain/readiness-settings.ts';
import { FUNCTIONS, type FunctionName, placeholderOf } from '../../src/functions.ts';
import {
  CENTRAL_ACCOUNT,
  EXECUTOR_ROLE,
  EXTERNAL_ID,
  FAILBACK_ROLE,
  INVOKE_ROLE,
  READER_ROLE,
  REGION,
  STAGING_ACCOUNTS,
} from '../../src/local/accounts.ts';
import { SWEEP_EVENT } from '../../src/orchestration/sweep-event.ts';
import { componentSettingsSchema, stagingAccountSchema } from '../../src/platform/configuration.ts';
import type { CreateHandler } from '../../src/platform/platform.ts';
import {
  allowedResources,
  at,
  exampleDeployment,
  type Resource,
  synthesize,
  type View,
  validate,
} from './synthesized.ts';

const { central, staging, assets } = synthesize(exampleDeployment());

const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];
const MAIN_ARN = `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:drs-orchestration-main`;
/** What a definition's file says to Step Functions; comments are for its readers. */
const withoutComments = (definition: string): unknown =>
  JSON.parse(definition, (key, value: unknown) => (key === 'Comment' ? undefined : value));
/** What CloudFormation makes of `Fn::Sub` (user guide): `${!…}` alone is left as it is, without the mark. */
function substituted(value: unknown): string {
  const [text, parts] = at(value, 'Fn::Sub') as [string, Record<string, string>];
  return text.replace(/\$\{(!?)([^}]*)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    const part = parts[name];
    if (part === undefined) throw new Error(`nothing fills ${name}`);
    return part;
  });
}
const centralRole = (name: string): string => `arn:aws:iam::${CENTRAL_ACCOUNT}:role/dr-chatops-${name}`;

const functionNamed = (name: FunctionName): Resource => {
  const found = central
    .all('AWS::Lambda::Function')
    .find(({ Properties }) => Properties.FunctionName === `dr-chatops-${name}`);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found;
};
/** The staging account's stack; those of the others differ in the account's number only. */
const [stagingAccount] = staging as [View];
const [ACCOUNT] = STAGING_ACCOUNTS;

describe('the central functions', () => {
  it('are those of the one list, each with its own role', () => {
    const roles = FUNCTION_NAMES.map((name) => JSON.stringify(functionNamed(name).Properties.Role));
    expect(central.all('AWS::Lambda::Function')).toHaveLength(FUNCTION_NAMES.length);
    expect(new Set(roles).size).toBe(FUNCTION_NAMES.length);
    expect(central.roleNames).toEqual(expect.arrayContaining(FUNCTION_NAMES.map((name) => `dr-chatops-${name}`)));
  });

  it('run on Node 24 and arm64, traced, with a log that ends', () => {
    for (const name of FUNCTION_NAMES) {
      expect(functionNamed(name).Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON' },
      });
    }
    for (const { Properties } of central.all('AWS::Logs::LogGroup')) expect(Properties.RetentionInDays).toBe(365);
  });

  it.each(FUNCTION_NAMES)('%s finds every setting that its code reads', async (name) => {
    const file = new URL(`../../${FUNCTIONS[name]}`, import.meta.url).pathname;
    const { create } = (await import(file)) as { create: CreateHandler<unknown, unknown> };
    const variables = at(functionNamed(name).Properties, 'Environment', 'Variables') as object;
    const set = Object.fromEntries(Object.keys(variables).map((key) => [key, 'set']));
    // Lambda's own.
    const environment = { ...set, AWS_REGION: REGION };
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    expect(() => create({ environment, now: Date.now, log })).not.toThrow();
  });

  it.each([
    [
      'prepare',
      [
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
        'ssm:GetParameter',
        'ssm:GetParametersByPath',
        'sts:AssumeRole',
      ],
    ],
    [
      'answer-query',
      [
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
        'secretsmanager:GetSecretValue',
        'sqs:SendMessage',
        'ssm:GetParameter',
        'ssm:GetParametersByPath',
        'sts:AssumeRole',
      ],
    ],
    ['validate-input', ['dynamodb:GetItem', 'ssm:GetParameter']],
    [
      'clean-up-drills',
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem', 'ssm:GetParameter'],
    ],
    ['read-status', ['s3:PutObject', 'ssm:GetParametersByPath', 'sts:AssumeRole']],
    ['record-progress', ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'sqs:SendMessage']],
    [
      'slack-ingress',
      [
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
        'secretsmanager:GetSecretValue',
        'ssm:GetParameter',
        'ssm:GetParametersByPath',
      ],
    ],
  ] satisfies [FunctionName, string[]][])('%s may do what it does and nothing else', (name, expected) => {
    const everywhere = /^(kms|logs|xray):/;
    const actions = central.rightsOf(`dr-chatops-${name}`).flatMap((statement) => statement.actions);
    // On what: the proof in test/infra/iam has it.
    expect([...new Set(actions)].filter((action) => !everywhere.test(action)).sort()).toEqual(expected);
  });

  it('reach into staging accounts only where they read them', () => {
    const reaching = central.roleNames.filter(
      (role) => allowedResources(central.rightsOf(role), 'sts:AssumeRole').length > 0,
    );
    expect(reaching.sort()).toEqual(
      [
        'answer-query',
        'begin-wave',
        'check-instances',
        'check-readiness',
        'close-execution',
        'discover-servers',
        'drs-orchestration-main',
        'failback-origin',
        'prepare',
        'read-status',
        'record-account-result',
        'refresh-catalogue',
        'take-action',
        'validate-accounts',
      ].map((name) => `dr-chatops-${name}`),
    );
  });
});

describe('every role', () => {
  it('allows named actions only', () => {
    for (const stack of [central, ...staging]) {
      for (const role of stack.roleNames) {
        const actions = stack.rightsOf(role).flatMap((statement) => statement.actions);
        expect(
          actions.filter((action) => action.includes('*')),
          role,
        ).toEqual([]);
      }
    }
  });

  it('allows on everything only what AWS does not limit to resources', () => {
    const unlimited =
      /^(drs:Describe(?!RecoverySnapshots)|drs:ListTagsForResource$|ec2:Describe|servicequotas:GetAWSDefaultServiceQuota$|dynamodb:ListStreams$|pricing:GetProducts$|cloudtrail:DescribeTrails$|xray:|logs:\w*(LogDelivery|LogDeliveries|ResourcePolic|DescribeLogGroups))/;
    for (const stack of [central, ...staging]) {
      for (const role of stack.roleNames) {
        const everywhere = stack
          .rightsOf(role)
          .filter(({ effect, resources }) => effect === 'Allow' && resources.includes('*'));
        expect(
          everywhere.flatMap(({ actions }) => actions).filter((action) => !unlimited.test(action)),
          role,
        ).toEqual([]);
      }
    }
  });

  it('that may start a recovery is an executor', () => {
    const starters = [central, ...staging].flatMap((stack) =>
      stack.roleNames.filter((role) => allowedResources(stack.rightsOf(role), 'drs:StartRecovery').length > 0),
    );
    expect(starters).toEqual(staging.map(() => EXECUTOR_ROLE));
  });

  it('is only for its machine, where Step Functions uses it', () => {
    const trusts = ([stack, role]: [View, string]) => stack.trustOf(role);
    const machines: [View, string][] = [
      [central, 'dr-chatops-dr-execution'],
      [central, 'dr-chatops-drs-orchestration-main'],
      [stagingAccount, EXECUTOR_ROLE],
    ];
    expect(machines.flatMap(trusts).map(({ conditions }) => conditions.ArnEquals)).toEqual([
      { 'aws:SourceArn': `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:dr-execution` },
      // It is started by its versions.
      { 'aws:SourceArn': [MAIN_ARN, `${MAIN_ARN}:*`] },
      { 'aws:SourceArn': `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:drs-staging-account-executor` },
    ]);
  });
});

describe('the central state machines', () => {
  it.each(['dr-execution', 'drs-orchestration-main'])(
    '%s is the very file, with all placeholders filled',
    (machine) => {
      const { Properties } = machineNamed(machine);
      expect(JSON.parse(String(Properties.DefinitionString))).toEqual(withoutComments(definitionText(machine)));
      expect(Object.keys(Properties.DefinitionSubstitutions as object).sort()).toEqual(
        placeholdersIn(definitionText(machine)).sort(),
      );
      expect(Properties).toMatchObject({
        StateMachineType: 'STANDARD',
        TracingConfiguration: { Enabled: true },
        // Task tokens are execution data.
        LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
      });
    },
  );

  it('name versions, which outlive the deployment that published them', () => {
    const versions = new Map(
      Object.entries(central.template.findResources('AWS::Lambda::Version')) as [
        string,
        { DeletionPolicy: string; UpdateReplacePolicy: string },
      ][],
    );
    const substitutions = machineNamed('dr-execution').Properties.DefinitionSubstitutions as Record<string, unknown>;
    const { DrsOrchestrationMain, ...functions } = substitutions;
    // Each wave of an execution is a run of its own: it, too, is of the version that was there when the execution began.
    const [[id, version] = []] = Object.entries(
      central.template.findResources('AWS::StepFunctions::StateMachineVersion'),
    );
    expect(DrsOrchestrationMain).toEqual({ Ref: id });
    expect(version).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(at(version, 'Properties', 'StateMachineRevisionId', 'Fn::GetAtt', 1)).toBe('StateMachineRevisionId');
    for (const { Ref } of Object.values(functions) as { Ref: string }[]) {
      expect(versions.get(Ref)).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
  });

  it.each(['dr-execution', 'drs-orchestration-main'])(
    '%s invokes its functions only, in all their versions',
    (machine) => {
      const named = placeholdersIn(definitionText(machine));
      const expected = FUNCTION_NAMES.filter((name) => named.includes(placeholderOf(name))).map(
        (name) => `arn:aws:lambda:${REGION}:${CENTRAL_ACCOUNT}:function:dr-chatops-${name}:*`,
      );
      expect(allowedResources(central.rightsOf(`dr-chatops-${machine}`), 'lambda:InvokeFunction').sort()).toEqual(
        expected.sort(),
      );
    },
  );

  it('start each other as far as they do', () => {
    const execution = central.rightsOf('dr-chatops-dr-execution');
    expect(allowedResources(execution, 'states:StartExecution')).toEqual([MAIN_ARN]);
    expect(allowedResources(execution, 'events:PutRule')).toEqual([
      `arn:aws:events:${REGION}:${CENTRAL_ACCOUNT}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule`,
    ]);
    const main = central.rightsOf('dr-chatops-drs-orchestration-main');
    expect(allowedResources(main, 'states:StartExecution')).toEqual([]);
    expect(allowedResources(main, 'sts:AssumeRole')).toEqual(
      STAGING_ACCOUNTS.map((account) => `arn:aws:iam::${account}:role/${INVOKE_ROLE}`),
    );
  });

  function machineNamed(name: string): Resource {
    const found = central
      .all('AWS::StepFunctions::StateMachine')
      .find(({ Properties }) => Properties.StateMachineName === name);
    if (found === undefined) throw new Error(`there is no state machine ${name}`);
    return found;
  }
});

describe('what the central account keeps', () => {
  it('is the table that the store expects, streamed, encrypted, restorable, not to be deleted', () => {
    central.template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        TableName: 'execution-history',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'executionId', KeyType: 'HASH' },
          { AttributeName: 'item', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'StatusIndex',
            KeySchema: [
              { AttributeName: 'status', KeyType: 'HASH' },
              { AttributeName: 'startTime', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        AttributeDefinitions: Match.arrayWith([{ AttributeName: 'startTime', AttributeType: 'N' }]),
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
      },
    });
  });

  it('is a bucket of results: private, encrypted, versioned, by TLS only', () => {
    central.template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: Match.anyValue() } },
          ],
        },
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: Match.anyValue(),
      },
    });
    central.template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('is a secret without a real value', () => {
    const { Properties } = central.only('AWS::SecretsManager::Secret');
    expect(Properties.GenerateSecretString).toEqual({
      SecretStringTemplate: '{"botToken":"to be replaced"}',
      GenerateStringKey: 'signingSecret',
    });
    expect(Properties.SecretString).toBeUndefined();
  });

  it('are the documents that functions read, in the form that they check', () => {
    const documents = new Map(
      central
        .all('AWS::SSM::Parameter')
        .map(({ Properties }) => [Properties.Name as string, JSON.parse(String(Properties.Value))]),
    );
    expect(accessSchema.parse(documents.get('/dr-chatops/access')).grants).not.toHaveLength(0);
    expect(policiesSchema.parse(documents.get('/dr-chatops/policies')).drill?.quorum).toBe(1);
    expect(componentSettingsSchema.parse(documents.get('/dr-chatops/component'))).toEqual({
      directActions: ['status', 'drill'],
      notificationTopicArns: [],
    });
    const accounts = STAGING_ACCOUNTS.map((account) =>
      stagingAccountSchema.parse(documents.get(`/dr-chatops/staging-accounts/${account}`)),
    );
    expect(accounts[0]).toEqual({
      accountId: ACCOUNT,
      region: REGION,
      roleArn: `arn:aws:iam::${ACCOUNT}:role/${READER_ROLE}`,
      invokeRoleArn: `arn:aws:iam::${ACCOUNT}:role/${INVOKE_ROLE}`,
      executorArn: `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:drs-staging-account-executor`,
      failbackRoleArn: `arn:aws:iam::${ACCOUNT}:role/${FAILBACK_ROLE}`,
      externalId: EXTERNAL_ID,
      maxServers: 300,
      priority: 1,
    });
    const { origins, targetAccounts } = exampleDeployment();
    expect(readinessSettingsSchema.parse(documents.get('/dr-chatops/readiness')).drillAgeDays).toBe(90);
    expect(documents.size).toBe(5 + STAGING_ACCOUNTS.length + origins.length + targetAccounts.length);
  });
});

describe('what reaches the central functions', () => {
  it('is Slack, on one route', () => {
    expect(central.only('AWS::ApiGatewayV2::Route').Properties.RouteKey).toBe('POST /slack/events');
  });

  it.each([
    ['effects', 10, undefined, 'GATE#'],
    ['projector', 500, 3, 'GATE#'],
  ] satisfies [FunctionName, number, number | undefined, string][])(
    'are the changes of the table: %s',
    (name, batchSize, window, followed) => {
      const [functionId] = Object.keys(
        central.template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: `dr-chatops-${name}` } }),
      );
      const mapping = central
        .all('AWS::Lambda::EventSourceMapping')
        .find(({ Properties }) => at(Properties, 'FunctionName', 'Ref') === functionId);
      expect(mapping?.Properties).toMatchObject({
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: 10,
        StartingPosition: 'TRIM_HORIZON',
        DestinationConfig: { OnFailure: { Destination: expect.anything() } },
        BatchSize: batchSize,
      });
      expect(mapping?.Properties.MaximumBatchingWindowInSeconds).toBe(window);
      const pattern = String(at(mapping?.Properties, 'FilterCriteria', 'Filters', 0, 'Pattern'));
      const prefixes = at(JSON.parse(pattern), 'dynamodb', 'Keys', 'item', 'S');
      expect(prefixes).toContainEqual({ prefix: followed });
      // A projector that were told of what it writes itself would call itself.
      expect(prefixes).not.toContainEqual({ prefix: 'MESSAGE#' });
    },
  );

  it('are events of executors and of machines that ended by themselves; failures are kept', () => {
    const rules = central.all('AWS::Events::Rule').map(({ Properties }) => Properties);
    const ruleFor = (source: string) => rules.find((rule) => at(rule, 'EventPattern', 'source', 0) === source);
    const progress = ruleFor('dr-chatops.executor');
    expect(progress?.EventPattern).toEqual({ source: ['dr-chatops.executor'], 'detail-type': ['DR Batch Progress'] });
    expect(progress?.EventBusName).toBeDefined();
    const launchResults = ruleFor('aws.drs');
    expect(at(launchResults, 'EventPattern', 'detail-type')).toEqual(['DRS Source Server Launch Result']);
    expect(launchResults?.EventBusName).toEqual(progress?.EventBusName);
    const ownWord = rules.filter((rule) => at(rule, 'EventPattern', 'source', 0) === 'dr-chatops');
    expect(ownWord.map((rule) => at(rule, 'EventPattern', 'account'))).toEqual([['900000000000'], ['900000000000']]);
    const ended = rules.filter((rule) => at(rule, 'EventPattern', 'source', 0) === 'aws.states');
    expect(ended).toHaveLength(2);
    for (const machine of ['dr-execution', 'drs-orchestration-main']) {
      expect(ended.map((rule) => at(rule, 'EventPattern', 'detail'))).toContainEqual({
        stateMachineArn: [`arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:${machine}`],
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
      });
    }
    for (const rule of ended) expect(rule.EventBusName).toBeUndefined();
    for (const rule of [progress, launchResults, ...ended]) {
      expect(at(rule, 'Targets', 0, 'DeadLetterConfig')).toBeDefined();
    }
  });

  it('are clocks', () => {
    const schedules = central.all('AWS::Events::Rule').flatMap(({ Properties }) => Properties.ScheduleExpression ?? []);
    const [minute, five, half] = ['rate(1 minute)', 'rate(5 minutes)', 'rate(30 minutes)'];
    expect(schedules.sort()).toEqual([minute, minute, minute, half, five, five, five, five, five]);
    // One of them has a function look at everything that a rule tells it of otherwise.
    const inputs = central
      .all('AWS::Events::Rule')
      .flatMap(({ Properties }) => at(Properties, 'Targets', 0, 'Input') ?? []);
    expect(inputs).toEqual([JSON.stringify(SWEEP_EVENT)]);
  });

  it('comes over the bus from the executors and the DRS events of the staging accounts alone', () => {
    const { Statement } = central.only('AWS::Events::EventBusPolicy').Properties;
    expect(Statement).toMatchObject({
      Effect: 'Allow',
      Action: 'events:PutEvents',
      Principal: { AWS: STAGING_ACCOUNTS.map((account) => `arn:aws:iam::${account}:root`) },
      Condition: {
        ArnEquals: {
          'aws:PrincipalArn': STAGING_ACCOUNTS.flatMap((account) =>
            [EXECUTOR_ROLE, 'dr-chatops-drs-events'].map((role) => `arn:aws:iam::${account}:role/${role}`),
          ),
        },
      },
    });
  });
});

describe("a staging account's stack", () => {
  it('needs no bootstrap: no assets, no parameters, no Lambda, small enough to be deployed as it is', () => {
    expect(assets.filter(({ name }) => name.includes('staging')).map(({ count }) => count)).toEqual([0, 0, 0, 0]);
    const template = stagingAccount.template.toJSON();
    expect(template).not.toHaveProperty('Parameters');
    expect(
      [...new Set(Object.values(template.Resources as Record<string, Resource>).map(({ Type }) => Type))].sort(),
    ).toEqual([
      'AWS::Events::Rule',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::Logs::LogGroup',
      'AWS::StepFunctions::StateMachine',
    ]);
    // CloudFormation takes 51,200 bytes without a bucket: of the file, which has no white space, and of the YAML that the
    // CDK sends. The rest is room for what is to come.
    const yaml = stringify(template, { version: '1.1', lineWidth: 0 });
    expect(Buffer.byteLength(JSON.stringify(template))).toBeLessThan(46_000);
    expect(Buffer.byteLength(yaml)).toBeLessThan(48_000);
    expect(parse(yaml, { version: '1.1' })).toEqual(template);
  });

  it('deploys the very file of the executor', () => {
    const { Properties } = stagingAccount.only('AWS::StepFunctions::StateMachine');
    expect(Properties).toMatchObject({
      StateMachineName: 'drs-staging-account-executor',
      LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
    });
    expect(JSON.parse(substituted(Properties.DefinitionString))).toEqual(
      withoutComments(definitionText('drs-staging-account-executor')),
    );
  });

  it('lets exactly the central functions that read DRS assume the reader role', () => {
    expect(stagingAccount.trustOf(READER_ROLE)).toEqual([
      {
        effect: 'Allow',
        actions: ['sts:AssumeRole'],
        resources: [],
        principal: {
          AWS: [
            'answer-query',
            'begin-wave',
            'check-instances',
            'check-readiness',
            'close-execution',
            'discover-servers',
            'prepare',
            'read-status',
            'record-account-result',
            'refresh-catalogue',
            'take-action',
            'validate-accounts',
          ].map(centralRole),
        },
        conditions: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID, 'aws:PrincipalOrgID': 'o-examplepractice' } },
      },
    ]);
    const actions = stagingAccount.rightsOf(READER_ROLE).flatMap((statement) => statement.actions);
    expect(
      actions.filter((action) => !/^(cloudtrail|drs|ec2|servicequotas|states):(Describe|Get)/.test(action)),
    ).toEqual([]);
  });

  it('lets drs-orchestration-main alone start the executor and mark drill instances, naming itself', () => {
    expect(stagingAccount.trustOf(INVOKE_ROLE)).toMatchObject([
      {
        principal: { AWS: centralRole('drs-orchestration-main') },
        conditions: {
          StringEquals: { 'aws:PrincipalOrgID': 'o-examplepractice' },
          StringLike: { 'sts:ExternalId': [MAIN_ARN, `${MAIN_ARN}:*`] },
        },
      },
    ]);
    const executor = 'drs-staging-account-executor';
    const rights = stagingAccount.rightsOf(INVOKE_ROLE);
    expect(allowedResources(rights, 'states:StartExecution')).toEqual([
      `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${executor}`,
    ]);
    for (const action of ['states:DescribeExecution', 'states:StopExecution']) {
      expect(allowedResources(rights, action)).toEqual([`arn:aws:states:${REGION}:${ACCOUNT}:execution:${executor}:*`]);
    }
    const [marking] = rights.filter(({ actions }) => actions.includes('ec2:CreateTags'));
    expect(marking?.conditions).toEqual({
      Null: { 'aws:ResourceTag/AWSElasticDisasterRecoveryManaged': 'false' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['DR-Drill', 'DR-ExecutionId'] },
    });
    expect(rights.flatMap(({ actions }) => actions)).toHaveLength(4);
  });

  it('lets the executor write to EC2 through AWS services only', () => {
    const writes = stagingAccount
      .rightsOf(EXECUTOR_ROLE)
      .filter(({ actions }) =>
        actions.some((action) => action.startsWith('ec2:') && !action.startsWith('ec2:Describe')),
      );
    expect(writes.length).toBeGreaterThan(5);
    for (const { conditions } of writes) expect(conditions.Bool).toEqual({ 'aws:ViaAWSService': 'true' });
  });

  it('lets the executor end nothing that is not tagged as DRS’s', () => {
    const ends = stagingAccount
      .rightsOf(EXECUTOR_ROLE)
      .filter(({ actions }) => actions.some((action) => /^ec2:(Terminate|Stop|Delete)/.test(action)));
    for (const { conditions } of ends) {
      expect(conditions.Null).toEqual({ 'aws:ResourceTag/AWSElasticDisasterRecoveryManaged': 'false' });
    }
  });

  it('gives every EC2 right that a launch needs of its caller', () => {
    // AWS's list for callers of StartRecovery.
    const needed =
      'AttachVolume AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateLaunchTemplate CreateLaunchTemplateVersion CreateSnapshot CreateTags CreateVolume DeleteLaunchTemplateVersions DeleteSnapshot DeleteVolume DescribeAccountAttributes DescribeAvailabilityZones DescribeImages DescribeInstanceAttribute DescribeInstanceStatus DescribeInstanceTypes DescribeInstances DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeSecurityGroups DescribeSnapshots DescribeSubnets DescribeVolumes DetachVolume ModifyInstanceAttribute ModifyLaunchTemplate RevokeSecurityGroupEgress RunInstances StartInstances StopInstances TerminateInstances';
    const given = stagingAccount
      .rightsOf(EXECUTOR_ROLE)
      .flatMap(({ actions }) => actions.filter((action) => action.startsWith('ec2:')));
    expect([...new Set(given)].sort()).toEqual(
      needed
        .split(' ')
        .map((action) => `ec2:${action}`)
        .sort(),
    );
  });

  it('denies what would lose replication', () => {
    const denied = stagingAccount.rightsOf(EXECUTOR_ROLE).filter(({ effect }) => effect === 'Deny');
    expect(denied.flatMap(({ actions }) => actions)).toEqual(
      expect.arrayContaining([
        'drs:StopReplication',
        'drs:DisconnectSourceServer',
        'drs:DisconnectRecoveryInstance',
        'drs:DeleteSourceServer',
      ]),
    );
    expect(denied.flatMap(({ resources, conditions }) => [resources, conditions])).toEqual([['*'], {}]);
  });

  it('reports to the central bus and nowhere else', () => {
    expect(allowedResources(stagingAccount.rightsOf(EXECUTOR_ROLE), 'events:PutEvents')).toEqual([
      `arn:aws:events:${REGION}:${CENTRAL_ACCOUNT}:event-bus/dr-chatops`,
    ]);
  });
});

it('a deployment with all that there is keeps the rules that the CDK checks', () => {
  const weekly = {
    name: 'weekly-drill-hrp-1',
    expression: 'cron(0 6 ? * SAT *)',
    timezone: 'Europe/Berlin',
    input: { action: 'drill', tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' } },
  };
  const more = {
    environment: 'test',
    schedules: [weekly],
    requests: { channelId: 'C0INCIDENT1' },
    network: { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] },
    limits: { reservedConcurrency: { 'slack-ingress': 50, effects: 10 } },
  };
  expect(() => validate(parseDeployment({ ...exampleDeployment(), ...more }, 'deployment.json'))).not.toThrow();
});
