import { describe, expect, it } from 'vitest';
import { FUNCTIONS, type FunctionName } from '../../../src/functions.ts';
import { CENTRAL_ACCOUNT, EXTERNAL_ID, REGION } from '../../../src/local/accounts.ts';
import type { Verdict } from './evaluate.ts';
import type { Context } from './match.ts';
import { administrator, deployedOrganisation, type Identity } from './organisation.ts';
import { DOCUMENT_ROLE, practiceDeployment, TOPIC } from './practice-deployment.ts';

const organisation = deployedOrganisation(practiceDeployment());
const [A, B] = ['111111111111', '222222222222'] as const;
const ORIGIN = '555555555555';
/** Of nobody's organisation here. */
const FOREIGN = '999999999999';
const MAIN = `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:stateMachine:drs-orchestration-main`;

const central = (name: string): Identity => organisation.role(CENTRAL_ACCOUNT, `dr-chatops-${name}`);
const staging = (name: string, account: string = A): Identity => organisation.role(account, name);
const executor = staging('dr-chatops-executor');
const reader = staging('DRS-Orchestration-Role');
const invoke = staging('dr-chatops-executor-invoke');
const failback = staging('dr-chatops-failback');
const actions = staging('dr-chatops-actions');
const origin = organisation.role(ORIGIN, 'dr-chatops-origin-us-east-1');
const runbook = central('recover-servers');

const role = (account: string, name: string): string => `arn:aws:iam::${account}:role/${name}`;
const arn = (service: string, what: string, account: string = CENTRAL_ACCOUNT): string =>
  `arn:aws:${service}:${REGION}:${account}:${what}`;
const server = (account: string = A): string => arn('drs', 'source-server/s-1', account);
const instance = (account: string = A): string => arn('ec2', 'instance/i-1', account);
const table = (name: string): string => arn('dynamodb', `table/${name}`);
const execution = arn('states', 'execution:dr-execution:x');
const documentOf = (name: string): string => arn('ssm', `document/${name}`, A);
const AUDIT = 'arn:aws:s3:::dr-chatops-audit';
const AUDIT_OBJECT = `${AUDIT}/audit/executions/x/000001.json`;
const RESULT = 'arn:aws:s3:::dr-chatops-results/results/x/wave-01.json';
const BUS = arn('events', 'event-bus/dr-chatops');
const ofType = (type: string) =>
  organisation.stacks[0]?.resources.filter((resource) => resource.type === type).map(({ id }) => id) ?? [];
const [KEY = ''] = ofType('AWS::KMS::Key').map((id) => arn('kms', `key/${id}`));

const says = (externalId: string): Context => ({ 'sts:ExternalId': [externalId] });
const DRS_MADE: Context = { 'aws:ResourceTag/AWSElasticDisasterRecoveryManaged': ['drs.amazonaws.com'] };
const VIA_DRS: Context = { 'aws:ViaAWSService': ['true'], 'aws:CalledVia': ['drs.amazonaws.com'] };
const NEW_OF_DRS: Context = {
  'aws:RequestTag/AWSElasticDisasterRecoveryManaged': ['drs.amazonaws.com'],
  'aws:TagKeys': ['AWSElasticDisasterRecoveryManaged'],
};

interface Denied {
  what: string;
  by: Identity | { service: string };
  action: string;
  on: string;
  context?: Context;
  /** What stands in the way. */
  why: Exclude<Verdict, 'allowed'>;
}

const IDENTITY = 'no identity policy';
const RESOURCE = 'no resource policy';
const DENY = 'explicit deny';

const decided = ({ by, action, on, context }: Omit<Denied, 'what' | 'why'>): Verdict =>
  organisation.decide({ by, action, resource: on, context });

describe('no function of the central account, and no machine there,', () => {
  const functions = (Object.keys(FUNCTIONS) as FunctionName[]).map(central);
  const machines = [central('dr-execution'), central('drs-orchestration-main'), runbook];
  it.each([
    ['drs:StartRecovery', server(CENTRAL_ACCOUNT)],
    ['drs:TerminateRecoveryInstances', arn('drs', 'recovery-instance/i-1')],
    ['drs:StartFailbackLaunch', arn('drs', 'recovery-instance/i-1')],
    ['drs:ReverseReplication', arn('drs', 'recovery-instance/i-1')],
    ['drs:StopReplication', server(CENTRAL_ACCOUNT)],
    ['drs:DisconnectSourceServer', server(CENTRAL_ACCOUNT)],
    ['drs:DisconnectRecoveryInstance', arn('drs', 'recovery-instance/i-1')],
    ['drs:DeleteSourceServer', server(CENTRAL_ACCOUNT)],
    ['drs:DeleteRecoveryInstance', arn('drs', 'recovery-instance/i-1')],
    ['drs:DeleteJob', arn('drs', 'job/drsjob-1')],
    ['ec2:TerminateInstances', instance(CENTRAL_ACCOUNT)],
    ['ec2:RunInstances', instance(CENTRAL_ACCOUNT)],
    ['iam:CreateRole', role(CENTRAL_ACCOUNT, 'new')],
    ['iam:PutRolePolicy', role(CENTRAL_ACCOUNT, 'dr-chatops-prepare')],
    ['iam:AttachRolePolicy', role(CENTRAL_ACCOUNT, 'dr-chatops-prepare')],
    ['iam:UpdateAssumeRolePolicy', role(CENTRAL_ACCOUNT, 'dr-chatops-prepare')],
    ['iam:PassRole', role(CENTRAL_ACCOUNT, 'admin')],
    ['sts:AssumeRole', role(CENTRAL_ACCOUNT, 'admin')],
    ['sts:AssumeRole', role(A, 'admin')],
    ['sts:AssumeRole', role(A, 'dr-chatops-executor')],
    ['sts:AssumeRole', role(FOREIGN, 'DRS-Orchestration-Role')],
    ['ssm:PutParameter', arn('ssm', 'parameter/dr-chatops/access')],
    ['ssm:PutParameter', arn('ssm', 'parameter/dr-chatops/policies')],
    ['secretsmanager:PutSecretValue', arn('secretsmanager', 'secret:dr-chatops/slack-524ab0')],
    ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:somebody-elses-abc123')],
    ['dynamodb:DeleteItem', table('execution-history')],
    ['dynamodb:Scan', table('execution-history')],
    ['dynamodb:DeleteTable', table('execution-history')],
    ['dynamodb:UpdateTable', table('execution-history')],
    ['dynamodb:GetItem', table('somebody-elses')],
    ['s3:DeleteObject', RESULT],
    ['s3:GetObject', AUDIT_OBJECT],
    ['s3:DeleteObject', AUDIT_OBJECT],
    ['s3:DeleteObjectVersion', AUDIT_OBJECT],
    ['s3:PutObjectRetention', AUDIT_OBJECT],
    ['s3:PutBucketPolicy', AUDIT],
    ['s3:PutBucketObjectLockConfiguration', AUDIT],
    ['kms:ScheduleKeyDeletion', KEY],
    ['kms:PutKeyPolicy', KEY],
    // Not by an AWS service for something that the role may have.
    ['kms:Decrypt', KEY],
    ['lambda:UpdateFunctionCode', arn('lambda', 'function:dr-chatops-prepare')],
    ['states:UpdateStateMachine', MAIN],
    ['states:StopExecution', execution],
    ['events:PutEvents', arn('events', 'event-bus/default')],
    ['events:DeleteRule', arn('events', 'rule/dr-chatops/Progress')],
    ['sns:Publish', arn('sns', 'somebody-elses')],
    ['sqs:PurgeQueue', arn('sqs', 'dr-chatops-dead-letters')],
    ['logs:DeleteLogGroup', arn('logs', 'log-group:/aws/lambda/dr-chatops-audit')],
    ['cloudtrail:StopLogging', arn('cloudtrail', 'trail/organisation')],
  ])('may %s on %s', (action, on) => {
    const may = [...functions, ...machines].filter((by) => decided({ by, action, on }) === 'allowed');
    expect(may.map((by) => by.arn)).toEqual([]);
  });
});

describe('no role in another account', () => {
  const others = organisation.roles.filter(({ accountId }) => accountId !== CENTRAL_ACCOUNT);
  it.each([
    ['StopReplication', 'source-server/s-1'],
    ['StopSourceNetworkReplication', 'source-network/sn-1'],
    ['DisconnectSourceServer', 'source-server/s-1'],
    ['DisconnectRecoveryInstance', 'recovery-instance/i-1'],
    ['DeleteSourceServer', 'source-server/s-1'],
    ['DeleteRecoveryInstance', 'recovery-instance/i-1'],
    ['DeleteJob', 'job/drsjob-1'],
  ])('may %s: those that launch and end are denied it, whatever else is allowed', (name, what) => {
    const verdicts = others.map((by) => {
      const on = `arn:aws:drs:${by.accountId === ORIGIN ? 'us-east-1' : REGION}:${by.accountId}:${what}`;
      return { by, verdict: decided({ by, action: `drs:${name}`, on }) };
    });
    expect(verdicts.filter(({ verdict }) => verdict === 'allowed')).toEqual([]);
    const denied = verdicts.filter(({ verdict }) => verdict === 'explicit deny').map(({ by }) => by.name);
    expect([...new Set(denied)].sort()).toEqual([
      'dr-chatops-executor',
      'dr-chatops-failback',
      'dr-chatops-origin-us-east-1',
    ]);
  });

  it.each(['iam:CreateRole', 'iam:PutRolePolicy', 'iam:AttachRolePolicy', 'iam:UpdateAssumeRolePolicy'])(
    'may %s',
    (action) => {
      const may = others.filter((by) => decided({ by, action, on: role(by.accountId, 'admin') }) === 'allowed');
      expect(may).toEqual([]);
    },
  );

  it('may pass a role that is not listed, or to another service', () => {
    const services = ['ec2.amazonaws.com', 'ssm.amazonaws.com', 'lambda.amazonaws.com'];
    const may = others.flatMap((by) =>
      services.flatMap((service) => {
        const context = { 'iam:PassedToService': [service] };
        const passed = { by, action: 'iam:PassRole', on: role(by.accountId, 'admin'), context };
        return decided(passed) === 'allowed' ? [`${by.name} to ${service}`] : [];
      }),
    );
    expect(may).toEqual([]);
  });

  it('may assume another role', () => {
    const targets = organisation.roles.map((other) => other.arn);
    const may = others.flatMap((by) =>
      targets.filter((on) => decided({ by, action: 'sts:AssumeRole', on, context: says(EXTERNAL_ID) }) === 'allowed'),
    );
    expect(may).toEqual([]);
  });
});

describe('these calls are denied:', () => {
  const readerArn = role(A, 'DRS-Orchestration-Role');
  const invokeArn = role(A, 'dr-chatops-executor-invoke');
  const failbackArn = role(A, 'dr-chatops-failback');
  const actionsArn = role(A, 'dr-chatops-actions');
  const originArn = role(ORIGIN, 'dr-chatops-origin-us-east-1');
  const assume = { action: 'sts:AssumeRole' };
  const cases: Denied[] = [
    // Who comes into an account.
    { what: 'prepare reads without an ExternalId', by: central('prepare'), ...assume, on: readerArn, why: RESOURCE },
    {
      what: 'prepare reads with another ExternalId',
      by: central('prepare'),
      ...assume,
      on: readerArn,
      context: says('guessed'),
      why: RESOURCE,
    },
    {
      what: 'a function that reads no accounts reads one',
      by: central('projector'),
      ...assume,
      on: readerArn,
      context: says(EXTERNAL_ID),
      why: IDENTITY,
    },
    {
      what: 'an administrator of the central account reads a staging account',
      by: administrator(CENTRAL_ACCOUNT),
      ...assume,
      on: readerArn,
      context: says(EXTERNAL_ID),
      why: RESOURCE,
    },
    {
      what: 'a role with a name like that of a function reads a staging account',
      by: administrator(CENTRAL_ACCOUNT, 'dr-chatops-prepare-2'),
      ...assume,
      on: readerArn,
      context: says(EXTERNAL_ID),
      why: RESOURCE,
    },
    {
      what: 'an administrator of another staging account reads one',
      by: administrator(B),
      ...assume,
      on: readerArn,
      context: says(EXTERNAL_ID),
      why: RESOURCE,
    },
    {
      what: 'a foreign account reads a staging account',
      by: administrator(FOREIGN),
      ...assume,
      on: readerArn,
      context: says(EXTERNAL_ID),
      why: RESOURCE,
    },
    {
      what: 'a foreign role called like a function reads a staging account',
      by: administrator(FOREIGN, 'dr-chatops-prepare'),
      ...assume,
      on: readerArn,
      context: says(EXTERNAL_ID),
      why: RESOURCE,
    },
    {
      what: 'prepare reads, after its account has left the organisation',
      by: central('prepare'),
      ...assume,
      on: readerArn,
      context: { ...says(EXTERNAL_ID), 'aws:PrincipalOrgID': ['o-another'] },
      why: RESOURCE,
    },
    {
      what: 'the main machine starts an executor without naming itself',
      by: central('drs-orchestration-main'),
      ...assume,
      on: invokeArn,
      why: RESOURCE,
    },
    {
      what: 'the main machine starts an executor, named as another machine',
      by: central('drs-orchestration-main'),
      ...assume,
      on: invokeArn,
      context: says(`${MAIN}-2`),
      why: RESOURCE,
    },
    {
      what: 'the main machine reads a staging account',
      by: central('drs-orchestration-main'),
      ...assume,
      on: readerArn,
      context: says(EXTERNAL_ID),
      why: IDENTITY,
    },
    {
      what: 'the main machine reverses replication',
      by: central('drs-orchestration-main'),
      ...assume,
      on: failbackArn,
      context: says(EXTERNAL_ID),
      why: IDENTITY,
    },
    {
      what: 'the main machine starts an executor of an account that is not listed',
      by: central('drs-orchestration-main'),
      ...assume,
      on: role(FOREIGN, 'dr-chatops-executor-invoke'),
      context: says(MAIN),
      why: IDENTITY,
    },
    {
      what: 'dr-execution starts an executor past the main machine',
      by: central('dr-execution'),
      ...assume,
      on: invokeArn,
      context: says(MAIN),
      why: IDENTITY,
    },
    {
      what: 'prepare starts an executor',
      by: central('prepare'),
      ...assume,
      on: invokeArn,
      context: says(MAIN),
      why: IDENTITY,
    },
    {
      what: 'take-action fails back',
      by: central('take-action'),
      ...assume,
      on: failbackArn,
      context: says(EXTERNAL_ID),
      why: IDENTITY,
    },
    {
      what: 'answer-query does actions',
      by: central('answer-query'),
      ...assume,
      on: actionsArn,
      context: says(EXTERNAL_ID),
      why: IDENTITY,
    },
    {
      what: 'take-action acts without an ExternalId',
      by: central('take-action'),
      ...assume,
      on: actionsArn,
      why: RESOURCE,
    },
    {
      what: 'failback-origin launches at the origin with another ExternalId',
      by: central('failback-origin'),
      ...assume,
      on: originArn,
      context: says('guessed'),
      why: RESOURCE,
    },
    {
      what: 'a staging account launches at the origin',
      by: administrator(A),
      ...assume,
      on: originArn,
      context: says(EXTERNAL_ID),
      why: RESOURCE,
    },
    {
      what: 'an administrator of the staging account takes the executor’s role',
      by: administrator(A),
      ...assume,
      on: role(A, 'dr-chatops-executor'),
      why: RESOURCE,
    },
    {
      what: 'a machine of the account takes the executor’s role',
      by: { service: 'states.amazonaws.com' },
      ...assume,
      on: role(A, 'dr-chatops-executor'),
      context: { 'aws:SourceArn': [arn('states', 'stateMachine:other', A)], 'aws:SourceAccount': [A] },
      why: RESOURCE,
    },
    {
      what: 'a machine of another account takes the main machine’s role',
      by: { service: 'states.amazonaws.com' },
      ...assume,
      on: role(CENTRAL_ACCOUNT, 'dr-chatops-drs-orchestration-main'),
      context: {
        'aws:SourceArn': [arn('states', 'stateMachine:drs-orchestration-main', FOREIGN)],
        'aws:SourceAccount': [FOREIGN],
      },
      why: RESOURCE,
    },
    {
      what: 'another rule takes the role that sends events',
      by: { service: 'events.amazonaws.com' },
      ...assume,
      on: role(A, 'dr-chatops-drs-events'),
      context: { 'aws:SourceArn': [arn('events', 'rule/other', A)], 'aws:SourceAccount': [A] },
      why: RESOURCE,
    },
    {
      what: 'Automation of another account takes the runbook’s role',
      by: { service: 'ssm.amazonaws.com' },
      ...assume,
      on: role(CENTRAL_ACCOUNT, 'dr-chatops-recover-servers'),
      context: { 'aws:SourceArn': [arn('ssm', 'automation-execution/x', FOREIGN)], 'aws:SourceAccount': [FOREIGN] },
      why: RESOURCE,
    },
    {
      what: 'an administrator takes a function’s role',
      by: administrator(CENTRAL_ACCOUNT),
      ...assume,
      on: role(CENTRAL_ACCOUNT, 'dr-chatops-audit'),
      why: RESOURCE,
    },

    // What the executor does, and where.
    {
      what: 'an executor launches in another account',
      by: executor,
      action: 'drs:StartRecovery',
      on: server(B),
      why: IDENTITY,
    },
    {
      what: 'an executor launches in another Region',
      by: executor,
      action: 'drs:StartRecovery',
      on: `arn:aws:drs:us-east-1:${A}:source-server/s-1`,
      why: IDENTITY,
    },
    {
      what: 'an executor ends instances of another account',
      by: executor,
      action: 'drs:TerminateRecoveryInstances',
      on: arn('drs', 'recovery-instance/i-1', B),
      why: IDENTITY,
    },
    {
      what: 'an executor changes the tags of a source server',
      by: executor,
      action: 'drs:TagResource',
      on: server(),
      why: IDENTITY,
    },
    {
      what: 'an executor changes what a launch makes',
      by: executor,
      action: 'drs:UpdateLaunchConfiguration',
      on: server(),
      why: IDENTITY,
    },
    {
      what: 'an executor changes how a server is copied',
      by: executor,
      action: 'drs:UpdateReplicationConfiguration',
      on: server(),
      why: IDENTITY,
    },
    {
      what: 'an executor reverses replication',
      by: executor,
      action: 'drs:ReverseReplication',
      on: arn('drs', 'recovery-instance/i-1', A),
      why: IDENTITY,
    },
    {
      what: 'an executor ends an instance by itself, past DRS',
      by: executor,
      action: 'ec2:TerminateInstances',
      on: instance(),
      context: DRS_MADE,
      why: IDENTITY,
    },
    {
      what: 'an executor ends, through DRS, an instance that DRS did not make',
      by: executor,
      action: 'ec2:TerminateInstances',
      on: instance(),
      context: VIA_DRS,
      why: IDENTITY,
    },
    {
      what: 'an executor ends, through DRS, an instance of another account',
      by: executor,
      action: 'ec2:TerminateInstances',
      on: instance(B),
      context: { ...VIA_DRS, ...DRS_MADE },
      why: IDENTITY,
    },
    {
      what: 'an executor stops an instance that DRS did not make',
      by: executor,
      action: 'ec2:StopInstances',
      on: instance(),
      context: VIA_DRS,
      why: IDENTITY,
    },
    {
      what: 'an executor deletes a volume that DRS did not make',
      by: executor,
      action: 'ec2:DeleteVolume',
      on: arn('ec2', 'volume/v-1', A),
      context: VIA_DRS,
      why: IDENTITY,
    },
    {
      what: 'an executor deletes a snapshot that DRS did not make',
      by: executor,
      action: 'ec2:DeleteSnapshot',
      on: `arn:aws:ec2:${REGION}::snapshot/snap-1`,
      context: VIA_DRS,
      why: IDENTITY,
    },
    {
      what: 'an executor makes an instance by itself, past DRS',
      by: executor,
      action: 'ec2:RunInstances',
      on: instance(),
      context: NEW_OF_DRS,
      why: IDENTITY,
    },
    {
      what: 'an executor makes, through DRS, an instance without its tag',
      by: executor,
      action: 'ec2:RunInstances',
      on: instance(),
      context: VIA_DRS,
      why: IDENTITY,
    },
    {
      what: 'an executor uses an image past DRS',
      by: executor,
      action: 'ec2:RunInstances',
      on: `arn:aws:ec2:${REGION}::image/ami-1`,
      why: IDENTITY,
    },
    {
      what: 'an executor opens a security group that DRS did not make',
      by: executor,
      action: 'ec2:AuthorizeSecurityGroupIngress',
      on: arn('ec2', 'security-group/sg-1', A),
      context: VIA_DRS,
      why: IDENTITY,
    },
    {
      what: 'an executor tags an instance as DRS’s',
      by: executor,
      action: 'ec2:CreateTags',
      on: instance(),
      context: NEW_OF_DRS,
      why: IDENTITY,
    },
    {
      what: 'an executor passes an administrator’s role',
      by: executor,
      action: 'iam:PassRole',
      on: role(A, 'admin'),
      context: { 'iam:PassedToService': ['ec2.amazonaws.com'] },
      why: IDENTITY,
    },
    {
      what: 'an executor passes DRS’s role to another service',
      by: executor,
      action: 'iam:PassRole',
      on: role(A, 'service-role/AWSElasticDisasterRecoveryRecoveryInstanceRole'),
      context: { 'iam:PassedToService': ['lambda.amazonaws.com'] },
      why: IDENTITY,
    },
    {
      what: 'an executor reports to a bus of somebody else',
      by: executor,
      action: 'events:PutEvents',
      on: arn('events', 'event-bus/dr-chatops', FOREIGN),
      why: IDENTITY,
    },
    {
      what: 'an executor writes the table',
      by: executor,
      action: 'dynamodb:PutItem',
      on: table('execution-history'),
      why: IDENTITY,
    },

    // The other roles of a staging account.
    { what: 'the reader launches', by: reader, action: 'drs:StartRecovery', on: server(), why: IDENTITY },
    {
      what: 'the reader ends an instance',
      by: reader,
      action: 'drs:TerminateRecoveryInstances',
      on: arn('drs', 'recovery-instance/i-1', A),
      why: IDENTITY,
    },
    { what: 'the reader tags a server', by: reader, action: 'drs:TagResource', on: server(), why: IDENTITY },
    {
      what: 'the reader changes launch settings',
      by: reader,
      action: 'drs:UpdateLaunchConfiguration',
      on: server(),
      why: IDENTITY,
    },
    {
      what: 'the reader asks for a higher quota',
      by: reader,
      action: 'servicequotas:RequestServiceQuotaIncrease',
      on: arn('servicequotas', 'drs/L-1', A),
      why: IDENTITY,
    },
    {
      what: 'the reader reads quotas of another service',
      by: reader,
      action: 'servicequotas:GetServiceQuota',
      on: arn('servicequotas', 'iam/L-1', A),
      why: IDENTITY,
    },
    { what: 'the failback role launches', by: failback, action: 'drs:StartRecovery', on: server(), why: IDENTITY },
    {
      what: 'the failback role ends an instance',
      by: failback,
      action: 'drs:TerminateRecoveryInstances',
      on: arn('drs', 'recovery-instance/i-1', A),
      why: IDENTITY,
    },
    {
      what: 'the failback role reverses in another account',
      by: failback,
      action: 'drs:ReverseReplication',
      on: arn('drs', 'recovery-instance/i-1', B),
      why: IDENTITY,
    },
    {
      what: 'the origin’s role ends what runs there',
      by: origin,
      action: 'drs:TerminateRecoveryInstances',
      on: `arn:aws:drs:us-east-1:${ORIGIN}:recovery-instance/i-1`,
      why: IDENTITY,
    },
    {
      what: 'the origin’s role launches in another Region',
      by: origin,
      action: 'drs:StartRecovery',
      on: server(ORIGIN),
      why: IDENTITY,
    },
    {
      what: 'the invoke role launches by itself',
      by: invoke,
      action: 'drs:StartRecovery',
      on: server(),
      why: IDENTITY,
    },
    {
      what: 'the invoke role starts another machine',
      by: invoke,
      action: 'states:StartExecution',
      on: arn('states', 'stateMachine:other', A),
      why: IDENTITY,
    },
    {
      what: 'the invoke role marks an instance that DRS did not make',
      by: invoke,
      action: 'ec2:CreateTags',
      on: instance(),
      context: { 'aws:RequestTag/DR-Drill': ['true'], 'aws:TagKeys': ['DR-Drill'] },
      why: IDENTITY,
    },
    {
      what: 'the invoke role sets another tag',
      by: invoke,
      action: 'ec2:CreateTags',
      on: instance(),
      context: { ...DRS_MADE, 'aws:RequestTag/Name': ['x'], 'aws:TagKeys': ['DR-Drill', 'Name'] },
      why: IDENTITY,
    },
    {
      what: 'the invoke role takes a mark away',
      by: invoke,
      action: 'ec2:DeleteTags',
      on: instance(),
      context: DRS_MADE,
      why: IDENTITY,
    },

    // Actions of recovery plans.
    {
      what: 'an unlisted document is started',
      by: actions,
      action: 'ssm:StartAutomationExecution',
      on: documentOf('Anything'),
      why: IDENTITY,
    },
    {
      what: 'an unlisted document of Amazon’s is started',
      by: actions,
      action: 'ssm:StartAutomationExecution',
      on: `arn:aws:ssm:${REGION}::document/AWS-DeleteSnapshot`,
      why: IDENTITY,
    },
    {
      what: 'a listed document is started in another account',
      by: actions,
      action: 'ssm:StartAutomationExecution',
      on: arn('ssm', 'document/HRP-FenceOldSite', B),
      why: IDENTITY,
    },
    {
      what: 'a document is given a role that is not listed',
      by: actions,
      action: 'iam:PassRole',
      on: role(A, 'admin'),
      context: { 'iam:PassedToService': ['ssm.amazonaws.com'] },
      why: IDENTITY,
    },
    {
      what: 'a listed role is given to another service',
      by: actions,
      action: 'iam:PassRole',
      on: role(A, DOCUMENT_ROLE),
      context: { 'iam:PassedToService': ['ec2.amazonaws.com'] },
      why: IDENTITY,
    },
    {
      what: 'a command is sent to an instance that DRS did not launch',
      by: actions,
      action: 'ssm:SendCommand',
      on: instance(),
      why: IDENTITY,
    },
    {
      what: 'an unlisted command is sent',
      by: actions,
      action: 'ssm:SendCommand',
      on: documentOf('Anything'),
      why: IDENTITY,
    },
    {
      what: 'a document is changed',
      by: actions,
      action: 'ssm:UpdateDocument',
      on: documentOf('HRP-FenceOldSite'),
      why: IDENTITY,
    },
    { what: 'a shell is opened', by: actions, action: 'ssm:StartSession', on: instance(), why: IDENTITY },
    {
      what: 'who looks at documents starts one',
      by: staging('dr-chatops-action-documents'),
      action: 'ssm:StartAutomationExecution',
      on: documentOf('HRP-FenceOldSite'),
      why: IDENTITY,
    },
    {
      what: 'who looks at documents reads one',
      by: staging('dr-chatops-action-documents'),
      action: 'ssm:GetDocument',
      on: documentOf('HRP-FenceOldSite'),
      why: IDENTITY,
    },

    // What each function leaves to others.
    {
      what: 'the projector lets a machine go on',
      by: central('projector'),
      action: 'states:SendTaskSuccess',
      on: arn('states', 'stateMachine:dr-execution'),
      why: IDENTITY,
    },
    {
      what: 'slack-ingress starts an execution',
      by: central('slack-ingress'),
      action: 'states:StartExecution',
      on: arn('states', 'stateMachine:dr-execution'),
      why: IDENTITY,
    },
    {
      what: 'slack-ingress lets a machine go on',
      by: central('slack-ingress'),
      action: 'states:SendTaskSuccess',
      on: arn('states', 'stateMachine:dr-execution'),
      why: IDENTITY,
    },
    {
      what: 'slack-ingress writes results',
      by: central('slack-ingress'),
      action: 's3:PutObject',
      on: RESULT,
      why: IDENTITY,
    },
    {
      what: 'effects starts the component past dr-execution',
      by: central('effects'),
      action: 'states:StartExecution',
      on: MAIN,
      why: IDENTITY,
    },
    {
      what: 'effects sets the component going again',
      by: central('effects'),
      action: 'states:RedriveExecution',
      on: arn('states', 'execution:drs-orchestration-main:x'),
      why: IDENTITY,
    },
    {
      what: 'answer-query starts an execution',
      by: central('answer-query'),
      action: 'states:StartExecution',
      on: arn('states', 'stateMachine:dr-execution'),
      why: IDENTITY,
    },
    {
      what: 'answer-query sets a dead execution going again',
      by: central('answer-query'),
      action: 'states:RedriveExecution',
      on: execution,
      why: IDENTITY,
    },
    {
      what: 'answer-query stores a recovery plan',
      by: central('answer-query'),
      action: 'dynamodb:PutItem',
      on: table('recovery-plans'),
      context: { 'dynamodb:LeadingKeys': ['hrp'] },
      why: IDENTITY,
    },
    {
      what: 'answer-query stores a protection group',
      by: central('answer-query'),
      action: 'dynamodb:PutItem',
      on: table('protection-groups'),
      why: IDENTITY,
    },
    {
      what: 'prepare changes a recovery plan',
      by: central('prepare'),
      action: 'dynamodb:PutItem',
      on: table('recovery-plans'),
      why: IDENTITY,
    },
    {
      what: 'prepare lets its own gate pass',
      by: central('prepare'),
      action: 'states:SendTaskSuccess',
      on: arn('states', 'stateMachine:dr-execution'),
      why: IDENTITY,
    },
    {
      what: 'a bell is rung of another machine',
      by: central('open-gate'),
      action: 'states:SendTaskSuccess',
      on: arn('states', 'stateMachine:payments'),
      why: IDENTITY,
    },
    {
      what: 'read-status writes the table',
      by: central('read-status'),
      action: 'dynamodb:PutItem',
      on: table('execution-history'),
      why: IDENTITY,
    },
    {
      what: 'read-status reads the table',
      by: central('read-status'),
      action: 'dynamodb:GetItem',
      on: table('execution-history'),
      why: IDENTITY,
    },
    {
      what: 'request-recovery starts an execution',
      by: central('request-recovery'),
      action: 'states:StartExecution',
      on: arn('states', 'stateMachine:dr-execution'),
      why: IDENTITY,
    },
    {
      what: 'record-progress reads the secret',
      by: central('record-progress'),
      action: 'secretsmanager:GetSecretValue',
      on: arn('secretsmanager', 'secret:dr-chatops/slack-524ab0'),
      why: IDENTITY,
    },
    {
      what: 'dr-execution calls a function that is none of its states',
      by: central('dr-execution'),
      action: 'lambda:InvokeFunction',
      on: arn('lambda', 'function:dr-chatops-effects:1'),
      why: IDENTITY,
    },
    {
      what: 'dr-execution starts itself',
      by: central('dr-execution'),
      action: 'states:StartExecution',
      on: arn('states', 'stateMachine:dr-execution'),
      why: IDENTITY,
    },
    {
      what: 'the runbook reads executions of people',
      by: runbook,
      action: 'dynamodb:Query',
      on: table('execution-history'),
      context: { 'dynamodb:LeadingKeys': ['d843611c-a6a2-8cf2-8e5f-f9bb413e0d45'] },
      why: IDENTITY,
    },
    {
      what: 'the runbook starts dr-execution',
      by: runbook,
      action: 'states:StartExecution',
      on: arn('states', 'stateMachine:dr-execution'),
      why: IDENTITY,
    },
    {
      what: 'a key is used for a service that the role does not use it by',
      by: central('projector'),
      action: 'kms:Decrypt',
      on: KEY,
      context: { 'kms:ViaService': [`ssm.${REGION}.amazonaws.com`] },
      why: IDENTITY,
    },

    // The evidence.
    {
      what: 'the audit writes over an object',
      by: central('audit'),
      action: 's3:PutObject',
      on: AUDIT_OBJECT,
      why: DENY,
    },
    {
      what: 'the audit deletes an object',
      by: central('audit'),
      action: 's3:DeleteObject',
      on: AUDIT_OBJECT,
      why: DENY,
    },
    { what: 'the audit reads an object', by: central('audit'), action: 's3:GetObject', on: AUDIT_OBJECT, why: DENY },
    { what: 'the audit writes results', by: central('audit'), action: 's3:PutObject', on: RESULT, why: IDENTITY },
    {
      what: 'an administrator adds to the audit',
      by: administrator(CENTRAL_ACCOUNT),
      action: 's3:PutObject',
      on: AUDIT_OBJECT,
      context: { 's3:if-none-match': ['*'] },
      why: DENY,
    },
    {
      what: 'an administrator deletes from the audit',
      by: administrator(CENTRAL_ACCOUNT),
      action: 's3:DeleteObjectVersion',
      on: AUDIT_OBJECT,
      why: DENY,
    },
    {
      what: 'an administrator goes around the retention',
      by: administrator(CENTRAL_ACCOUNT),
      action: 's3:BypassGovernanceRetention',
      on: AUDIT_OBJECT,
      why: DENY,
    },
    {
      what: 'an administrator shortens the retention',
      by: administrator(CENTRAL_ACCOUNT),
      action: 's3:PutObjectRetention',
      on: AUDIT_OBJECT,
      context: { 's3:object-lock-remaining-retention-days': ['10'] },
      why: DENY,
    },
    {
      what: 'a result is read without TLS',
      by: central('projector'),
      action: 's3:GetObject',
      on: RESULT,
      context: { 'aws:SecureTransport': ['false'] },
      why: DENY,
    },
    {
      what: 'the audit is read without TLS',
      by: administrator(CENTRAL_ACCOUNT),
      action: 's3:GetObject',
      on: AUDIT_OBJECT,
      context: { 'aws:SecureTransport': ['false'] },
      why: DENY,
    },
    {
      what: 'dead letters are sent without TLS',
      by: central('effects'),
      action: 'sqs:SendMessage',
      on: arn('sqs', 'dr-chatops-dead-letters'),
      context: { 'aws:SecureTransport': ['false'] },
      why: DENY,
    },
    {
      what: 'a foreign account reads results',
      by: administrator(FOREIGN),
      action: 's3:GetObject',
      on: RESULT,
      why: RESOURCE,
    },
    {
      what: 'a staging account reads results',
      by: administrator(A),
      action: 's3:GetObject',
      on: RESULT,
      why: RESOURCE,
    },
    { what: 'a staging account uses the key', by: administrator(A), action: 'kms:Decrypt', on: KEY, why: RESOURCE },
    {
      what: 'a staging account reads the table',
      by: administrator(A),
      action: 'dynamodb:GetItem',
      on: table('execution-history'),
      why: RESOURCE,
    },
    {
      what: 'a staging account reads the secret',
      by: administrator(A),
      action: 'secretsmanager:GetSecretValue',
      on: arn('secretsmanager', 'secret:dr-chatops/slack-524ab0'),
      why: RESOURCE,
    },

    // What comes in from outside.
    {
      what: 'a foreign account reports progress',
      by: administrator(FOREIGN),
      action: 'events:PutEvents',
      on: BUS,
      why: RESOURCE,
    },
    {
      what: 'another role of a staging account reports progress',
      by: administrator(A),
      action: 'events:PutEvents',
      on: BUS,
      why: RESOURCE,
    },
    {
      what: 'a role called like an executor, of an account that is not listed, reports progress',
      by: administrator(FOREIGN, 'dr-chatops-executor'),
      action: 'events:PutEvents',
      on: BUS,
      why: RESOURCE,
    },
    {
      what: 'a staging account changes the rules of the bus',
      by: executor,
      action: 'events:PutRule',
      on: BUS,
      why: IDENTITY,
    },
    {
      what: 'a foreign account publishes alarms',
      by: administrator(FOREIGN),
      action: 'sns:Publish',
      on: arn('sns', 'dr-chatops-alarms'),
      why: RESOURCE,
    },
    {
      what: 'a foreign account publishes to the topic of callers',
      by: administrator(FOREIGN),
      action: 'sns:Publish',
      on: TOPIC,
      why: RESOURCE,
    },
    {
      what: 'a foreign account invokes slack-ingress',
      by: administrator(FOREIGN),
      action: 'lambda:InvokeFunction',
      on: arn('lambda', 'function:dr-chatops-slack-ingress'),
      why: RESOURCE,
    },
    {
      what: 'an API of another account invokes slack-ingress',
      by: { service: 'apigateway.amazonaws.com' },
      action: 'lambda:InvokeFunction',
      on: arn('lambda', 'function:dr-chatops-slack-ingress'),
      context: { 'aws:SourceArn': [`arn:aws:execute-api:${REGION}:${FOREIGN}:abc/*/*/slack/events`] },
      why: RESOURCE,
    },
    {
      what: 'a rule of another account invokes record-progress',
      by: { service: 'events.amazonaws.com' },
      action: 'lambda:InvokeFunction',
      on: arn('lambda', 'function:dr-chatops-record-progress'),
      context: { 'aws:SourceArn': [arn('events', 'rule/any', FOREIGN)] },
      why: RESOURCE,
    },
    {
      what: 'a foreign account starts the component',
      by: administrator(FOREIGN),
      action: 'states:StartExecution',
      on: MAIN,
      why: RESOURCE,
    },
    {
      what: 'a staging account starts the component',
      by: administrator(A),
      action: 'states:StartExecution',
      on: MAIN,
      why: RESOURCE,
    },
    {
      what: 'a foreign account answers a waiting task',
      by: administrator(FOREIGN),
      action: 'states:SendTaskSuccess',
      on: arn('states', 'stateMachine:dr-execution'),
      why: RESOURCE,
    },
  ];

  it.each(cases)('$what', ({ why, ...call }) => expect(decided(call)).toBe(why));

  it('are each another one', () => {
    expect(new Set(cases.map(({ what }) => what)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });
});

describe('what the denials are next to is allowed:', () => {
  it.each<[string, Omit<Denied, 'what' | 'why'>]>([
    [
      'prepare reads a staging account',
      {
        by: central('prepare'),
        action: 'sts:AssumeRole',
        on: role(A, 'DRS-Orchestration-Role'),
        context: says(EXTERNAL_ID),
      },
    ],
    [
      'the main machine starts an executor',
      {
        by: central('drs-orchestration-main'),
        action: 'sts:AssumeRole',
        on: role(A, 'dr-chatops-executor-invoke'),
        context: says(MAIN),
      },
    ],
    [
      'the executor’s machine takes its role',
      {
        by: { service: 'states.amazonaws.com' },
        action: 'sts:AssumeRole',
        on: role(A, 'dr-chatops-executor'),
        context: {
          'aws:SourceArn': [arn('states', 'stateMachine:drs-staging-account-executor', A)],
          'aws:SourceAccount': [A],
        },
      },
    ],
    ['an executor launches', { by: executor, action: 'drs:StartRecovery', on: server() }],
    [
      'DRS ends what it has made, for an executor',
      { by: executor, action: 'ec2:TerminateInstances', on: instance(), context: { ...VIA_DRS, ...DRS_MADE } },
    ],
    ['an executor reports', { by: executor, action: 'events:PutEvents', on: BUS }],
    [
      'the audit adds an object',
      { by: central('audit'), action: 's3:PutObject', on: AUDIT_OBJECT, context: { 's3:if-none-match': ['*'] } },
    ],
    [
      'answer-query keeps a draft',
      {
        by: central('answer-query'),
        action: 'dynamodb:PutItem',
        on: table('recovery-plans'),
        context: { 'dynamodb:LeadingKeys': ['#DRAFT#1'] },
      },
    ],
    [
      'a command is sent to an instance that DRS launched',
      {
        by: actions,
        action: 'ssm:SendCommand',
        on: instance(),
        context: { 'aws:ResourceTag/AWSElasticDisasterRecoverySourceServerID': ['s-1'] },
      },
    ],
    ['the projector reads a result', { by: central('projector'), action: 's3:GetObject', on: RESULT }],
    [
      'an administrator of the central account uses the key',
      { by: administrator(CENTRAL_ACCOUNT), action: 'kms:Decrypt', on: KEY },
    ],
    [
      'a rule of ours invokes record-progress',
      {
        by: { service: 'events.amazonaws.com' },
        action: 'lambda:InvokeFunction',
        on: arn('lambda', 'function:dr-chatops-record-progress'),
        context: {
          'aws:SourceArn': ofType('AWS::Events::Rule')
            .filter((id) => id.startsWith('Progress'))
            .map((id) => arn('events', `rule/dr-chatops/${id}`)),
        },
      },
    ],
  ])('%s', (_, call) => expect(decided(call)).toBe('allowed'));
});
