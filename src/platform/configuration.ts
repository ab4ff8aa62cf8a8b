import { GetParameterCommand, GetParametersByPathCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { z } from 'zod';
import { type AccessDocument, accessSchema } from '../domain/access.ts';
import { describeIssues } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import { type Policies, policiesSchema } from '../domain/policy.ts';
import { type ReadinessSettings, readinessSettingsSchema } from '../domain/readiness-settings.ts';
import { documentNameSchema } from '../domain/recovery-plan.ts';
import { accountIdSchema, VERBS } from '../domain/vocabulary.ts';
import { readSettings } from './environment.ts';
import { pages } from './pages.ts';
import type { Platform } from './platform.ts';

/** ARNs in full: they become resources of policies, in which a wildcard would be one. */
const roleArnSchema = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
    'the ARN of a role: arn:aws:iam::111111111111:role/…',
  );
const stateMachineArnSchema = z
  .string()
  .regex(/^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[\w-]{1,80}$/, 'the ARN of a state machine');
const topicArnSchema = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/,
    'the ARN of an SNS topic: arn:aws:sns:us-east-2:111111111111:…',
  );

/** One staging account: an SSM parameter of its own, because a standard parameter holds 4 kB (seed 4 §6.1). */
export const stagingAccountSchema = z.strictObject({
  accountId: accountIdSchema,
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a Region such as us-east-2'),
  /** Role that central functions assume to read DRS and EC2. */
  roleArn: roleArnSchema,
  /** Role that drs-orchestration-main assumes to start the executor. */
  invokeRoleArn: roleArnSchema,
  executorArn: stateMachineArnSchema,
  /** Role that failback-origin assumes to reverse replication; without it nothing there is failed back to AWS. */
  failbackRoleArn: roleArnSchema.optional(),
  /** What STS takes as one (API reference, AssumeRole). */
  externalId: z
    .string('an external id is needed: 2 to 1,224 characters that nobody else uses')
    .regex(/^[\w+=,.@:/-]{2,1224}$/, 'an external id has 2 to 1,224 letters, digits and any of _+=,.@:/-'),
  /** Most replicating servers in the account (DRS quota). */
  maxServers: z.int().min(1).max(300).default(300),
  priority: z.int().min(1).default(1),
});
export type StagingAccount = z.infer<typeof stagingAccountSchema>;

/** An account and Region that servers came from and go back to: `origins/<accountId>/<region>`. */
export const originSchema = z.strictObject({
  accountId: accountIdSchema,
  region: stagingAccountSchema.shape.region,
  /** Role that failback-origin assumes to launch there. */
  roleArn: roleArnSchema,
  externalId: stagingAccountSchema.shape.externalId,
});
export type Origin = z.infer<typeof originSchema>;

/** An account in which the actions of recovery plans are done: `target-accounts/<accountId>`. */
export const targetAccountSchema = z.strictObject({
  accountId: accountIdSchema,
  /** Role that take-action assumes to start the documents that the deployment lists for the account. */
  roleArn: roleArnSchema,
  /** Role that answer-query assumes to look whether a document is there. */
  documentsRoleArn: roleArnSchema,
  externalId: stagingAccountSchema.shape.externalId,
  /** Where actions may be done in it. */
  regions: z.array(stagingAccountSchema.shape.region).min(1),
  /** What may be started there. Looked at when accounts are validated; what may be started is the role's to say. */
  documents: z.array(z.strictObject({ name: documentNameSchema, type: z.enum(['Automation', 'Command']) })).default([]),
});
export type TargetAccount = z.infer<typeof targetAccountSchema>;

/** What direct callers of the recovery component may do. The parameter may be missing: then the defaults hold. */
export const componentSettingsSchema = z.strictObject({
  /** Actions that run without an approved gate (design §5); every other one needs a request that people approve. */
  directActions: z.array(z.enum(VERBS)).default(['status', 'drill']),
  /** Topics that a caller may have told; the stack allows these functions to publish to the same ones. */
  notificationTopicArns: z.array(topicArnSchema).default([]),
});
export type ComponentSettings = z.infer<typeof componentSettingsSchema>;

/** A Slack channel: public ones begin with C, private ones with C or G. */
export const channelIdSchema = z.string().regex(/^[CG][A-Z0-9]{8,}$/, 'a Slack channel id begins with C or G');

/** Where people are asked about requests of machines. */
export const requestSettingsSchema = z.strictObject({
  /** The Slack channel; without it each request has to name its own. */
  channelId: channelIdSchema.optional(),
  /** The topic that is told of what is asked for in the chat; on the component's list. */
  notificationTopicArn: topicArnSchema.optional(),
});
export type RequestSettings = z.infer<typeof requestSettingsSchema>;

/** The deployment's configuration, read from SSM each time: a right that was withdrawn is gone at the next question. */
export interface Configuration {
  /** Who may do what, with groups by their ids: see `directory`. @throws {DrError} ConfigurationError when it is missing or wrong. */
  accessDocument(): Promise<AccessDocument>;
  /** @throws {DrError} ConfigurationError when the document is missing or wrong. */
  policies(): Promise<Policies>;
  /** The defaults where there is no document. @throws {DrError} ConfigurationError when the document is wrong. */
  component(): Promise<ComponentSettings>;
  /** Empty where there is no document. @throws {DrError} ConfigurationError when the document is wrong. */
  requests(): Promise<RequestSettings>;
  /** The defaults where there is no document. @throws {DrError} ConfigurationError when the document is wrong. */
  readiness(): Promise<ReadinessSettings>;
  /** All staging accounts, by priority. @throws {DrError} ConfigurationError when there is none, or one is wrong. */
  stagingAccounts(): Promise<StagingAccount[]>;
  /** Undefined where there is no document. @throws {DrError} ConfigurationError when the document is wrong. */
  origin(place: Pick<Origin, 'accountId' | 'region'>): Promise<Origin | undefined>;
  /** Every place in AWS that servers go back to. @throws {DrError} ConfigurationError when one is wrong. */
  origins(): Promise<Origin[]>;
  /** Undefined where actions are not done in the account. @throws {DrError} ConfigurationError when the document is wrong. */
  targetAccount(accountId: string): Promise<TargetAccount | undefined>;
  /** Every account in which actions are done. @throws {DrError} ConfigurationError when one is wrong. */
  targetAccounts(): Promise<TargetAccount[]>;
}

/**
 * Documents that the deployment alone writes are let have fields that are not known here: executions that began before an
 * upgrade still read them with the code of then. Access, policies and what direct callers may do are refused instead: a
 * rule that is passed over would not hold.
 */
const written = {
  stagingAccount: stagingAccountSchema.strip(),
  origin: originSchema.strip(),
  targetAccount: targetAccountSchema.strip(),
  requests: requestSettingsSchema.strip(),
};

export function configuration(platform: Platform): Configuration {
  const { CONFIG_PATH } = readSettings(platform.environment, 'CONFIG_PATH');
  const ssm = new SSMClient({ credentials: platform.credentials });

  async function document<T>(name: string, schema: z.ZodType<T>): Promise<T> {
    const path = `${CONFIG_PATH}/${name}`;
    const answer = await ssm.send(new GetParameterCommand({ Name: path }));
    return check(path, answer.Parameter?.Value, schema);
  }

  async function documentIfThere<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    try {
      return await document(name, schema);
    } catch (error) {
      if (error instanceof ParameterNotFound) return undefined;
      throw error;
    }
  }

  async function documentsBelow<T>(folder: string, schema: z.ZodType<T>): Promise<T[]> {
    const parameters = await pages(async (NextToken) => {
      const Path = `${CONFIG_PATH}/${folder}`;
      const page = await ssm.send(new GetParametersByPathCommand({ Path, Recursive: true, NextToken }));
      return { items: page.Parameters, nextToken: page.NextToken };
    });
    return parameters.map(({ Name, Value }) => check(Name ?? '', Value, schema));
  }

  /** The document, or what its schema makes of an empty one. */
  async function optionalDocument<T>(name: string, schema: z.ZodType<T>): Promise<T> {
    return (await documentIfThere(name, schema)) ?? schema.parse({});
  }

  return {
    accessDocument: () => document('access', accessSchema),
    policies: () => document('policies', policiesSchema),
    component: () => optionalDocument('component', componentSettingsSchema),
    requests: () => optionalDocument('requests', written.requests),
    readiness: () => optionalDocument('readiness', readinessSettingsSchema),
    origin: ({ accountId, region }) => documentIfThere(`origins/${accountId}/${region}`, written.origin),
    origins: () => documentsBelow('origins', written.origin),
    targetAccount: (accountId) => documentIfThere(`target-accounts/${accountId}`, written.targetAccount),
    targetAccounts: () => documentsBelow('target-accounts', written.targetAccount),
    async stagingAccounts() {
      const accounts = await documentsBelow('staging-accounts', written.stagingAccount);
      if (accounts.length === 0) {
        throw new DrError('ConfigurationError', `There is no staging account under ${CONFIG_PATH}/staging-accounts.`);
      }
      const places = accounts.map(({ accountId, region }) => `${accountId} in ${region}`);
      const twice = places.find((place, index) => places.indexOf(place) !== index);
      if (twice !== undefined) {
        throw new DrError('ConfigurationError', `The staging account ${twice} is configured twice.`);
      }
      return accounts.sort((a, b) => a.priority - b.priority || a.accountId.localeCompare(b.accountId));
    },
  };
}

function check<T>(path: string, value: string | undefined, schema: z.ZodType<T>): T {
  let content: unknown;
  try {
    content = JSON.parse(value ?? '');
  } catch (cause) {
    throw new DrError('ConfigurationError', `The SSM parameter ${path} is not valid JSON.`, { cause });
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) {
    throw new DrError('ConfigurationError', describeIssues(`The SSM parameter ${path}`, parsed.error), {
      cause: parsed.error,
    });
  }
  return parsed.data;
}
