import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { z } from 'zod';
import type { Deployment } from '../../infra/deployment.ts';
import { deploymentDocuments } from '../../infra/deployment-documents.ts';
import { type Names, namesOf } from '../../infra/names.ts';
import { type AccountReport, accountReportsSchema } from '../../src/domain/account-check.ts';
import { canonicalJson } from '../../src/domain/audit-chain.ts';
import { messageOf, nameOf } from '../../src/domain/errors.ts';
import { type Finding, ok, skipped, warning, wrong } from '../../src/domain/finding.ts';
import { FUNCTIONS, type FunctionName } from '../../src/functions.ts';
import { concurrently } from '../../src/platform/concurrently.ts';
import { pages } from '../../src/platform/pages.ts';

/** What the functions of a deployment were deployed with, by function. */
type Environments = ReadonlyMap<FunctionName, Record<string, string>>;

/** Ours: functions asked about at the same time. */
const AT_A_TIME = 5;
const DEPLOY = 'Deploy the central stack with this file: npx cdk deploy, as docs/operations.md says';

/**
 * Looks at what is deployed of a file, with the credentials of whoever runs it, as the SDK finds them. It only reads, but
 * that `validate-accounts` keeps when it looked. Nothing is thrown for what AWS answers; one finding for each check, in order.
 */
export async function examineAws(deployment: Deployment): Promise<Finding[]> {
  const names = namesOf(deployment);
  const { region } = names;
  const who = await credentialsFinding(new STSClient({ region }), names);
  if (who.state !== 'ok') return [who];
  const { findings, environments } = await functionFindings(new LambdaClient({ region }), names);
  if (environments.size === 0) return [who, ...findings];
  return [
    who,
    ...findings,
    await machineFinding(new SFNClient({ region }), names),
    ...(await parameterFindings(new SSMClient({ region }), deployment, environments)),
    await secretFinding(new SecretsManagerClient({ region }), names, environments),
    await auditFinding(new S3Client({ region, forcePathStyle: true }), deployment, environments),
    ...(await alarmFindings(new SNSClient({ region }), deployment, names)),
    ...(await accountFindings(new LambdaClient({ region }), names)),
  ];
}

/** True for what AWS answers to somebody who may not do it: each service calls it otherwise. */
function isRefusal(error: unknown): boolean {
  return /AccessDenied|AuthorizationError|UnauthorizedOperation/.test(nameOf(error));
}

/** What could not be looked at is no fault of the deployment, unless AWS says that it is not there. */
async function looked<T extends Finding | Finding[]>(
  what: string,
  right: string,
  look: () => Promise<T>,
): Promise<T | Finding> {
  try {
    return await look();
  } catch (error) {
    return isRefusal(error)
      ? skipped(`${what}: not looked at: your role lacks ${right}.`)
      : wrong(
          `${what}: ${nameOf(error)}: ${messageOf(error)}`,
          'Look at it in the AWS console, or run the doctor again',
        );
  }
}

async function credentialsFinding(sts: STSClient, { centralAccount, region }: Names): Promise<Finding> {
  const todo = 'Set AWS_PROFILE, or sign in (aws sso login), so that the central account’s role is used';
  try {
    const { Account, Arn } = await sts.send(new GetCallerIdentityCommand());
    return Account === centralAccount
      ? ok(`Credentials: ${Arn} in ${region}.`)
      : wrong(`Credentials: they are of account ${Account}, the file’s central account is ${centralAccount}`, todo);
  } catch (error) {
    return wrong(
      `Credentials: AWS does not accept them, or there are none (${nameOf(error)}: ${messageOf(error)})`,
      todo,
    );
  }
}

/** Every function of the product: is it there, and ready? What it was deployed with leads to all the rest. */
async function functionFindings(
  lambda: LambdaClient,
  { centralName }: Names,
): Promise<{ findings: Finding[]; environments: Environments }> {
  const environments = new Map<FunctionName, Record<string, string>>();
  const functions = Object.keys(FUNCTIONS) as FunctionName[];
  const problems = await concurrently(functions, AT_A_TIME, async (name): Promise<string | undefined> => {
    try {
      const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: centralName(name) }));
      environments.set(name, found.Environment?.Variables ?? {});
      const isReady = found.State !== 'Failed' && found.LastUpdateStatus !== 'Failed';
      return isReady ? undefined : `${centralName(name)} is ${found.State} (last update: ${found.LastUpdateStatus})`;
    } catch (error) {
      if (nameOf(error) === 'ResourceNotFoundException') return `${centralName(name)} is not there`;
      return isRefusal(error) ? 'denied' : `${centralName(name)}: ${messageOf(error)}`;
    }
  });
  const told = problems.filter((problem) => problem !== undefined);
  if (told.length > 0 && told.every((problem) => problem === 'denied')) {
    const text = 'Functions: your role lacks lambda:GetFunctionConfiguration, by which all the rest is found';
    return { findings: [wrong(text, 'Run it with a role that may read the central account')], environments };
  }
  const findings =
    told.length === 0 ? [ok(`Functions: all ${functions.length}.`)] : [wrong(`Functions: ${told.join('; ')}`, DEPLOY)];
  return { findings, environments };
}

async function machineFinding(states: SFNClient, { machineArn }: Names): Promise<Finding> {
  return await looked('State machines', 'states:DescribeStateMachine, or kms:Decrypt by their key', async () => {
    const machines = ['dr-execution', 'drs-orchestration-main'] as const;
    const problems = await Promise.all(
      machines.map(async (name) => {
        try {
          const { status } = await states.send(new DescribeStateMachineCommand({ stateMachineArn: machineArn(name) }));
          return status === undefined || status === 'ACTIVE' ? undefined : `${name} is ${status}`;
        } catch (error) {
          if (nameOf(error) === 'StateMachineDoesNotExist') return `${name} is not there`;
          throw error;
        }
      }),
    );
    const told = problems.filter((problem) => problem !== undefined);
    return told.length === 0
      ? ok(`State machines: ${machines.join(', ')}.`)
      : wrong(`State machines: ${told.join('; ')}`, DEPLOY);
  });
}

/** Whether functions read what the file says. */
async function parameterFindings(
  ssm: SSMClient,
  deployment: Deployment,
  environments: Environments,
): Promise<Finding[]> {
  const path = environments.get('answer-query')?.CONFIG_PATH ?? namesOf(deployment).configPath;
  const found = await looked('Parameters', 'ssm:GetParametersByPath', async (): Promise<Finding[]> => {
    const stored = await pages(async (NextToken) => {
      const page = await ssm.send(new GetParametersByPathCommand({ Path: path, Recursive: true, NextToken }));
      return { items: page.Parameters, nextToken: page.NextToken };
    });
    const values = new Map(stored.map(({ Name = '', Value = '' }) => [Name.slice(path.length + 1), Value]));
    const documents = deploymentDocuments(deployment, namesOf(deployment));
    const missing = documents.filter(({ name }) => !values.has(name));
    const different = documents.filter(({ name, content }) => {
      const value = values.get(name);
      return value !== undefined && !isSame(value, content);
    });
    const unknown = [...values.keys()].filter((name) => !documents.some((document) => document.name === name));
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).join(', ');
    return [
      ...(missing.length > 0 ? [wrong(`Parameters: ${names(missing)} missing below ${path}`, DEPLOY)] : []),
      ...(different.length > 0
        ? [warning(`Parameters: the file says something else than ${path} of ${names(different)}`, DEPLOY)]
        : []),
      ...(unknown.length > 0
        ? [
            warning(
              `Parameters: the file does not have ${unknown.join(', ')} below ${path}`,
              'Look whether it is the file of this deployment',
            ),
          ]
        : []),
      ...(missing.length + different.length + unknown.length === 0
        ? [ok(`Parameters: all ${documents.length} below ${path}, as the file says.`)]
        : []),
    ];
  });
  return Array.isArray(found) ? found : [found];
}

function isSame(value: string, content: unknown): boolean {
  try {
    return canonicalJson(JSON.parse(value)) === canonicalJson(content);
  } catch {
    // What is no JSON is not what the file says.
    return false;
  }
}

const secretSchema = z.object({ botToken: z.string().startsWith('xox'), signingSecret: z.string().min(1) });

/** Whether the secret is filled. What is in it is told to nobody. */
async function secretFinding(
  secrets: SecretsManagerClient,
  { named }: Names,
  environments: Environments,
): Promise<Finding> {
  const SecretId = environments.get('slack-ingress')?.SLACK_SECRET_ID ?? named('dr-chatops/slack');
  const todo =
    'Put {"botToken": "xoxb-…", "signingSecret": "…"} of the Slack app into it: docs/operations.md, step 4 of the installation';
  return await looked('Slack secret', 'secretsmanager:GetSecretValue, or kms:Decrypt by its key', async () => {
    const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    return secretSchema.safeParse(jsonOf(SecretString)).success
      ? ok('Slack secret: filled.')
      : wrong('Slack secret: it still has its placeholder, or is not of the right form', todo);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function auditFinding(s3: S3Client, { audit }: Deployment, environments: Environments): Promise<Finding> {
  const Bucket = environments.get('audit')?.AUDIT_BUCKET;
  if (Bucket === undefined) {
    return skipped(
      'Audit bucket: not looked at: your role lacks kms:Decrypt, by which the functions’ settings are read.',
    );
  }
  const days = audit.retentionYears * 366;
  return await looked('Audit bucket', 's3:GetBucketObjectLockConfiguration', async () => {
    const answer = await s3.send(new GetObjectLockConfigurationCommand({ Bucket })).catch((error: unknown) => {
      if (nameOf(error) === 'ObjectLockConfigurationNotFoundError') return undefined;
      throw error;
    });
    const { Mode, Days = 0, Years = 0 } = answer?.ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
    if (Mode !== 'COMPLIANCE') {
      return wrong(`Audit bucket: ${Bucket} is not locked in compliance mode: its objects can be deleted`, DEPLOY);
    }
    const kept = Days + Years * 366;
    return kept === days
      ? ok(`Audit bucket: ${Bucket}, locked in compliance mode for ${kept} days.`)
      : warning(`Audit bucket: ${Bucket} keeps objects for ${kept} days, the file says ${days}`, DEPLOY);
  });
}

/** Who is told of alarms: an e-mail address is told nothing before its owner has confirmed it. */
async function alarmFindings(sns: SNSClient, { alarms }: Deployment, names: Names): Promise<Finding[]> {
  const TopicArn = names.arn('sns', names.centralAccount, names.named('dr-chatops-alarms'));
  const found = await looked('Alarms', 'sns:ListSubscriptionsByTopic', async (): Promise<Finding[]> => {
    const subscriptions = await pages(async (NextToken) => {
      const page = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn, NextToken }));
      return { items: page.Subscriptions, nextToken: page.NextToken };
    });
    const confirmed = subscriptions.filter(({ SubscriptionArn = '' }) => SubscriptionArn.startsWith('arn:'));
    const waiting = subscriptions.filter((one) => !confirmed.includes(one)).map(({ Endpoint = '' }) => Endpoint);
    const missing = alarms.emails.filter((email) => !subscriptions.some(({ Endpoint }) => Endpoint === email));
    return [
      ...(missing.length > 0 ? [wrong(`Alarms: ${missing.join(', ')} not subscribed`, DEPLOY)] : []),
      ...(waiting.length > 0
        ? [
            wrong(
              `Alarms: ${waiting.join(', ')} not confirmed`,
              'Open the mail of AWS Notifications and confirm the subscription',
            ),
          ]
        : []),
      confirmed.length === 0
        ? warning(
            'Alarms: nobody is told of them',
            'Subscribe whoever is on call to the topic AlarmTopicArn, or name e-mail addresses in alarms.emails',
          )
        : ok(`Alarms: ${confirmed.length === 1 ? '1 subscriber is' : `${confirmed.length} subscribers are`} told.`),
    ];
  });
  return Array.isArray(found) ? found : [found];
}

/** The accounts let named functions in and nobody else: one of these is asked. */
async function accountFindings(lambda: LambdaClient, { centralName }: Names): Promise<Finding[]> {
  const FunctionName = centralName('validate-accounts');
  const found = await looked(
    'Accounts',
    `lambda:InvokeFunction on ${FunctionName}, the only one that they let in for this`,
    async () => {
      const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
      const answer = jsonOf(Payload?.transformToString() ?? '');
      const reports = accountReportsSchema.safeParse(answer);
      if (FunctionError === undefined && reports.success) return reports.data.accounts.flatMap(accountLines);
      const failure = z.object({ errorMessage: z.string() }).safeParse(answer);
      const why = failure.success ? failure.data.errorMessage : 'its answer is of another version than this doctor';
      return [wrong(`Accounts: ${FunctionName} could not look: ${why}`, 'Look at its log')];
    },
  );
  return Array.isArray(found) ? found : [found];
}

const KIND_TEXT = { staging: 'staging account', target: 'account for actions', origin: 'origin' } as const;

function accountLines({ kind, accountId, regions, findings }: AccountReport): Finding[] {
  return findings.map(({ state, text }) => ({
    state,
    text: `${KIND_TEXT[kind]} ${accountId} (${regions.join(', ')}): ${text}`,
  }));
}
