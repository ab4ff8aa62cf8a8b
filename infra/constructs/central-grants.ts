import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { definitionHash } from '../../src/domain/definition-hash.ts';
import type { MachineName, Names } from '../names.ts';
import { allow, type Grant } from './grant.ts';
import { definitionText, ofVersionsToo } from './state-machine-from-file.ts';

/** What the grants of the central functions speak of. */
export interface GrantedResources {
  readonly names: Names;
  /** Accounts whose reader roles may be assumed. */
  readonly stagingAccountIds: readonly string[];
  /** Where servers go back to in AWS. */
  readonly origins: readonly { accountId: string; region: string }[];
  /** Accounts in which actions are done. */
  readonly targetAccountIds: readonly string[];
  /** Encrypts what the central account keeps. */
  readonly key: IKey;
  /** ARN of the execution-history table's stream. */
  readonly streamArn: string;
  readonly results: IBucket;
  /** Holds the audit's objects. */
  readonly audit: IBucket;
  readonly slackSecret: ISecret;
  /** Topics that callers may have told of their runs. */
  readonly notificationTopicArns: readonly string[];
  /** Takes what a function could not handle. */
  readonly deadLetters: IQueue;
}

const READS = ['GetItem', 'Query'] as const;
const WRITES = ['PutItem', 'UpdateItem'] as const;
type TableOperation = (typeof READS)[number] | (typeof WRITES)[number];

/** The things that central functions use, each as a grant. `function-needs.ts` says which function gets which. */
export type CentralGrants = ReturnType<typeof centralGrants>;

export function centralGrants(resources: GrantedResources) {
  const {
    names,
    stagingAccountIds,
    origins,
    targetAccountIds,
    key,
    streamArn,
    results,
    audit,
    slackSecret,
    notificationTopicArns,
    deadLetters,
  } = resources;

  /** The key, for use by an AWS service on the function's behalf only. */
  const keyThrough = (service: 'dynamodb' | 's3' | 'secretsmanager' | 'sqs', ...actions: string[]) =>
    allow(actions, [key.keyArn], {
      StringEquals: { 'kms:ViaService': `${service}.${names.region}.amazonaws.com` },
    });

  /** Lambda, with the function's role, sends what could not be handled (SQS developer guide, "Key management"). */
  const sendDeadLetters = [
    allow(['sqs:SendMessage'], [deadLetters.queueArn]),
    keyThrough('sqs', 'kms:Decrypt', 'kms:GenerateDataKey'),
  ];

  /** Executions of a machine, as they are and with what they were given (see state-machine-from-file.ts). */
  const lookAt = (machine: MachineName) => [
    allow(['states:DescribeExecution'], [names.machineExecutionsArn(machine)]),
    allow(['kms:Decrypt'], [key.keyArn], {
      StringEquals: { 'kms:ViaService': `states.${names.region}.amazonaws.com` },
      ...ofVersionsToo(names.machineArn(machine)),
    }),
  ];

  /** Roles of other accounts; a statement without a resource is none. */
  const assuming = (roleArns: string[]) => (roleArns.length === 0 ? [] : [allow(['sts:AssumeRole'], roleArns)]);

  const configuration = (...parameters: string[]): Grant => ({
    statements: [allow(['ssm:GetParameter'], parameters.map(names.parameterArn))],
    settings: { CONFIG_PATH: names.configPath },
  });

  const planSettings = { RECOVERY_PLAN_TABLE: names.planTableName, PROTECTION_GROUP_TABLE: names.groupTableName };

  return {
    /** Items of the execution-history table. */
    table(...operations: TableOperation[]): Grant {
      const writes = operations.some((operation) => WRITES.some((write) => write === operation));
      const keyActions = writes ? ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'] : ['kms:Decrypt'];
      return {
        statements: [
          allow(
            operations.map((operation) => `dynamodb:${operation}`),
            [names.tableArn],
          ),
          keyThrough('dynamodb', ...keyActions),
        ],
        settings: { EXECUTION_TABLE: names.tableName },
      };
    },

    /** Items by their status. */
    statusIndex: {
      statements: [allow(['dynamodb:Query'], [`${names.tableArn}/index/StatusIndex`])],
    } satisfies Grant,

    /** Stored recovery plans and protection groups, and drafts. */
    readPlans: {
      statements: [
        allow(['dynamodb:GetItem'], [names.planTableArn, names.groupTableArn]),
        keyThrough('dynamodb', 'kms:Decrypt'),
      ],
      settings: planSettings,
    } satisfies Grant,

    /** Every version of a recovery plan. */
    readPlanVersions: {
      statements: [allow(['dynamodb:Query'], [names.planTableArn]), keyThrough('dynamodb', 'kms:Decrypt')],
      settings: planSettings,
    } satisfies Grant,

    /** Changes that are not stored yet: drafts, and nothing else of the plans' table. */
    draftPlans: {
      statements: [
        allow(['dynamodb:PutItem'], [names.planTableArn], {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['#DRAFT#*'] },
        }),
        keyThrough('dynamodb', 'kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'),
      ],
      settings: planSettings,
    } satisfies Grant,

    /** Recovery plans and protection groups, and drafts. What is stored is never deleted. */
    changePlans: {
      statements: [
        allow(['dynamodb:PutItem', 'dynamodb:UpdateItem'], [names.planTableArn]),
        allow(['dynamodb:PutItem'], [names.groupTableArn]),
        keyThrough('dynamodb', 'kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'),
      ],
      settings: planSettings,
    } satisfies Grant,

    /** Changes of the table, in order; a batch that cannot be handled is noted among the dead letters. */
    changes: {
      statements: [
        allow(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], [streamArn]),
        // ListStreams has no resource type.
        allow(['dynamodb:ListStreams'], ['*']),
        keyThrough('dynamodb', 'kms:Decrypt'),
        ...sendDeadLetters,
      ],
    } satisfies Grant,

    /** An event that cannot be handled is kept. */
    deadLetters: { statements: sendDeadLetters } satisfies Grant,

    writeResults: {
      statements: [
        allow(['s3:PutObject'], [results.arnForObjects('results/*')]),
        keyThrough('s3', 'kms:GenerateDataKey'),
      ],
      settings: { RESULT_BUCKET: results.bucketName },
    } satisfies Grant,

    readResults: {
      statements: [allow(['s3:GetObject'], [results.arnForObjects('results/*')]), keyThrough('s3', 'kms:Decrypt')],
      settings: { RESULT_BUCKET: results.bucketName },
    } satisfies Grant,

    /** New objects of the audit: they can be put once, and nothing else. */
    keepAudit: {
      statements: [allow(['s3:PutObject'], [audit.arnForObjects('audit/*')]), keyThrough('s3', 'kms:GenerateDataKey')],
      settings: { AUDIT_BUCKET: audit.bucketName },
    } satisfies Grant,

    slackSecret: {
      statements: [
        allow(['secretsmanager:GetSecretValue'], [slackSecret.secretArn]),
        keyThrough('secretsmanager', 'kms:Decrypt'),
      ],
      settings: { SLACK_SECRET_ID: slackSecret.secretArn },
    } satisfies Grant,

    policies: configuration('policies'),
    accessAndPolicies: configuration('access', 'policies'),

    /** What direct callers of the recovery component may do. */
    componentSettings: configuration('component'),

    /** The topics that callers may name. */
    notifyCallers: {
      statements: notificationTopicArns.length === 0 ? [] : [allow(['sns:Publish'], [...notificationTopicArns])],
    } satisfies Grant,

    /** Which staging accounts there are. */
    stagingAccounts: {
      statements: [
        allow(
          ['ssm:GetParametersByPath'],
          [names.parameterArn('staging-accounts'), names.parameterArn('staging-accounts/*')],
        ),
      ],
      settings: { CONFIG_PATH: names.configPath },
    } satisfies Grant,

    /** DRS and EC2 of the staging accounts, by their reader roles. */
    readStagingAccounts: {
      statements: [allow(['sts:AssumeRole'], stagingAccountIds.map(names.readerRoleArn))],
    } satisfies Grant,

    /** Copying back to AWS and launching there, by the roles of the staging accounts and of the origins. */
    failBackToAws: {
      statements: [
        allow(['ssm:GetParameter'], [names.parameterArn('origins/*')]),
        allow(
          ['sts:AssumeRole'],
          [...stagingAccountIds.map(names.failbackRoleArn), ...origins.map(names.originRoleArn)],
        ),
      ],
      settings: { CONFIG_PATH: names.configPath },
    } satisfies Grant,

    /** What accounts are measured by, beside what is read in them. Origins are named and not looked at. */
    validateAccounts: {
      statements: [
        allow(['ssm:GetParametersByPath'], [names.parameterArn('origins'), names.parameterArn('origins/*')]),
      ],
      settings: {
        CONFIG_PATH: names.configPath,
        EXECUTOR_DEFINITION: definitionHash(definitionText('drs-staging-account-executor')),
      },
    } satisfies Grant,

    /** The documents of recovery plans, by the roles of the target accounts. */
    takeActions: {
      statements: [
        allow(['ssm:GetParameter'], [names.parameterArn('target-accounts/*')]),
        ...assuming(targetAccountIds.map(names.actionsRoleArn)),
      ],
      settings: { CONFIG_PATH: names.configPath, CENTRAL_ACCOUNT: names.centralAccount },
    } satisfies Grant,

    /** Whether documents that plans name are there, by roles that may look at nothing else. */
    lookAtDocuments: {
      statements: [
        allow(
          ['ssm:GetParametersByPath'],
          [names.parameterArn('target-accounts'), names.parameterArn('target-accounts/*')],
        ),
        // The account that a document is looked for in.
        allow(['ssm:GetParameter'], [names.parameterArn('target-accounts/*')]),
        ...assuming(targetAccountIds.map(names.actionDocumentsRoleArn)),
      ],
      settings: { CONFIG_PATH: names.configPath, CENTRAL_ACCOUNT: names.centralAccount },
    } satisfies Grant,

    startExecutions: {
      statements: [allow(['states:StartExecution'], [names.machineArn('dr-execution')])],
      settings: { DR_EXECUTION_ARN: names.machineArn('dr-execution') },
    } satisfies Grant,

    /** Executions whose machine has died, where it ended. */
    redriveExecutions: {
      statements: [allow(['states:RedriveExecution'], [names.machineExecutionsArn('dr-execution')])],
      settings: { DR_EXECUTION_ARN: names.machineArn('dr-execution') },
    } satisfies Grant,

    /** Whether the machine of an execution still runs. */
    lookAtExecutions: {
      statements: lookAt('dr-execution'),
      settings: { DR_EXECUTION_ARN: names.machineArn('dr-execution') },
    } satisfies Grant,

    /** What a run of the recovery component was given, and why it failed. */
    lookAtRuns: { statements: lookAt('drs-orchestration-main') } satisfies Grant,

    /** The bells of gates: waits of dr-execution. */
    ringBells: {
      statements: [allow(['states:SendTaskSuccess'], [names.machineArn('dr-execution')])],
    } satisfies Grant,

    /** Tasks of parents that wait for a request's end: of any state machine of this account. */
    answerParents: {
      statements: [
        allow(
          ['states:SendTaskSuccess', 'states:SendTaskFailure'],
          [names.arn('states', names.centralAccount, 'stateMachine:*')],
        ),
      ],
    } satisfies Grant,

    /** Where people are asked about requests. */
    requestSettings: configuration('requests'),

    /** What applications are held to, and which channel gets the daily message. */
    readinessSettings: configuration('readiness'),

    /** AWS's public price list, which has no resource type. */
    readPrices: { statements: [allow(['pricing:GetProducts'], ['*'])] } satisfies Grant,

    /** Tells the central bus. */
    putOnBus: {
      statements: [allow(['events:PutEvents'], [names.busArn])],
      settings: { EVENT_BUS_ARN: names.busArn },
    } satisfies Grant,

    /** What the table is called. Told to code that knows it and does not use it here: no rights. */
    tableAddress: { statements: [], settings: { EXECUTION_TABLE: names.tableName } } satisfies Grant,

    /** Where executors report to. Told to them, not used here: no rights. */
    busAddress: { statements: [], settings: { EVENT_BUS_ARN: names.busArn } } satisfies Grant,
  };
}
