import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { accessSchema } from '../src/domain/access.ts';
import { messageOf } from '../src/domain/errors.ts';
import { isDeeperThan } from '../src/domain/nesting.ts';
import { policiesSchema } from '../src/domain/policy.ts';
import { readinessSettingsSchema } from '../src/domain/readiness-settings.ts';
import { documentNameSchema } from '../src/domain/recovery-plan.ts';
import { accountIdSchema } from '../src/domain/vocabulary.ts';
import {
  componentSettingsSchema,
  originSchema,
  requestSettingsSchema,
  stagingAccountSchema,
  targetAccountSchema,
} from '../src/platform/configuration.ts';
import { readRequest } from '../src/requests/request.ts';
import { readTimeZone } from '../src/requests/timing.ts';
import { deploymentProblems } from './deployment-checks.ts';
import { regionProblem } from './regions.ts';
import { scheduleProblem } from './schedule-expression.ts';

/** How long CloudWatch Logs can keep a log, in days (API reference, PutRetentionPolicy). */
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const stagingAccount = stagingAccountSchema.pick({
  accountId: true,
  externalId: true,
  maxServers: true,
  priority: true,
});

/** An account in which the actions of recovery plans are done, with all that may be started there. */
const targetAccount = z.strictObject({
  accountId: accountIdSchema,
  externalId: stagingAccountSchema.shape.externalId,
  /** Where its documents are started. */
  regions: targetAccountSchema.shape.regions,
  documents: z
    .array(
      z.strictObject({
        /** A name, or the ARN of a document that another account shares. */
        name: documentNameSchema,
        /** `automation`: an Automation runbook. `command`: for Run Command on recovered instances. */
        type: z.enum(['automation', 'command']).default('automation'),
        /** Names of the account's roles that the runbook runs with: take-action may hand these to Systems Manager. */
        roles: z.array(z.string().regex(/^[\w+=,.@/-]{1,128}$/, 'the name of a role, not its ARN')).default([]),
      }),
    )
    .min(1),
});

/** Accounts that CloudFormation's StackSets keep: all of some organisational units. */
const stackSetSchema = z.strictObject({
  organizationalUnitIds: z
    .array(
      z
        .string()
        .regex(
          /^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$/,
          'an organisational unit such as ou-ab12-cdefgh34',
        ),
    )
    .min(1),
  /** Accounts in those units that StackSets leave alone: a listed one has a stack of its own, as without StackSets. */
  exceptAccounts: z.array(accountIdSchema).default([]),
});

/** One schedule. Its correlation id is made by the deployment, another one each time. */
const scheduleSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'at most 64 letters, digits, full stops, hyphens and underscores'),
  /** `cron(…)`, `rate(…)` or `at(…)` of EventBridge Scheduler. */
  expression: z.string().superRefine((expression, context) => {
    const message = scheduleProblem(expression);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }),
  /** e.g. `Europe/Berlin`. @default - UTC */
  timezone: z
    .string()
    .refine((zone) => readTimeZone(zone) !== undefined, 'there is no such time zone; one is e.g. Europe/Berlin')
    .optional(),
  /** The recovery component's input, and `channelId` where the cards are to be elsewhere. */
  input: z.looseObject({ metadata: z.record(z.string(), z.unknown()).optional() }).superRefine(isRequest),
});

/** The name of an environment: it ends the name of everything that its deployment creates. */
export const environmentSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,11}$/, 'at most 12 small letters and digits, a letter first');

/** Subnets and security groups, by ids. */
const networkSchema = z.strictObject({
  subnetIds: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id'))
    .min(1)
    .max(16),
  securityGroupIds: z
    .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'a security group id'))
    .min(1)
    .max(5),
});

/** One deployment: a central account and its staging accounts. The file in `config/` has this form. */
const deploymentSchema = z.strictObject({
  /**
   * Left out where the deployment is the only one in its accounts. Several stand side by side under different names,
   * each of which ends the names of everything that its deployment creates.
   */
  environment: environmentSchema.optional(),
  /** The AWS organisation; roles trust principals of it only. */
  organizationId: z.string().regex(/^o-[a-z0-9]{10,32}$/, 'an organisation id such as o-a1b2c3d4e5'),
  central: z.strictObject({
    accountId: accountIdSchema,
    /** The DR Region. The staging accounts' executors are there too: Step Functions does not start them across Regions. */
    region: stagingAccountSchema.shape.region,
  }),
  stagingAccounts: z.array(stagingAccount).min(1),
  /** Where in AWS servers came from: without an entry none of them is failed back there. */
  origins: z.array(originSchema.omit({ roleArn: true })).default([]),
  /** Where the actions of recovery plans are done: without an entry none is started in an account. */
  targetAccounts: z.array(targetAccount).default([]),
  /**
   * Where HTTP and TCP health checks are made from: subnets of the central account in the DR Region, with a way to what was
   * recovered and to AWS's services.
   *
   * @default - where all functions stand: see `network`
   */
  healthChecks: networkSchema.optional(),
  /**
   * Where all functions stand: subnets of the central account in the DR Region, with a way to Slack and to AWS's services.
   *
   * @default - in no network of ours: they reach the internet, and nothing private
   */
  network: networkSchema.optional(),
  limits: z
    .strictObject({
      /** Requests of Slack that are let in: more are answered with 429. */
      slackRequests: z
        .strictObject({
          /** A second, on average. */
          rate: z.int().min(5).max(10_000).default(50),
          /** At once. */
          burst: z.int().min(5).max(5_000).default(100),
        })
        .prefault({}),
      /**
       * Runs at the same time that are kept for a function, and that are the most it can have. Lambda takes it only where the
       * account keeps 100 for all others: an account with a quota of 10, as new ones have, takes none.
       *
       * @default - none is kept
       */
      reservedConcurrency: z
        .strictObject({
          'slack-ingress': z.int().min(5).max(1_000).optional(),
          effects: z.int().min(2).max(1_000).optional(),
        })
        .prefault({}),
    })
    .prefault({}),
  retention: z
    .strictObject({
      /** How long logs are kept, also those of the executors. */
      logDays: z.literal(LOG_DAYS, `a number of days that CloudWatch Logs knows: ${LOG_DAYS.join(', ')}`).default(365),
      /** How long whole results are kept in their bucket: the default is a year's drills until those of the next are done. */
      resultDays: z.int().min(180).max(36_500).default(400),
    })
    .prefault({}),
  /**
   * Lets StackSets keep the stacks of staging and target accounts, also of accounts that come into the units later.
   *
   * @default - each account's stack is deployed with credentials of that account
   */
  stackSets: z
    .strictObject({
      /** The organisation's management account, or one that is registered as StackSets' delegated administrator. */
      administrator: z.strictObject({ accountId: accountIdSchema, region: stagingAccountSchema.shape.region }),
      /** Whether the administrator is a delegated one. */
      delegated: z.boolean().default(false),
      staging: stackSetSchema.optional(),
      targets: stackSetSchema.optional(),
    })
    .optional(),
  access: accessSchema,
  policies: policiesSchema,
  /** What direct callers of the recovery component may do, and which topics they may have told. */
  component: componentSettingsSchema.prefault({}),
  /** Where people are asked about requests of machines, unless a request names its own channel. */
  requests: requestSettingsSchema.prefault({}),
  /** What applications are held to while nothing is launched, and which channel is told each day. */
  readiness: readinessSettingsSchema.prefault({}),
  alarms: z
    .strictObject({
      /** Who is told of alarms by e-mail, once they have confirmed it. */
      emails: z.array(z.email('an e-mail address')).max(20).default([]),
    })
    .prefault({}),
  audit: z
    .strictObject({
      /** How long the audit's objects cannot be deleted by anybody, the account's root user included. S3 takes 36,500 days. */
      retentionYears: z.int().min(1).max(99).default(7),
    })
    .prefault({}),
  /** Requests that EventBridge Scheduler makes, e.g. a weekly drill. */
  schedules: z.array(scheduleSchema).default([]),
});

export type Deployment = z.infer<typeof deploymentSchema>;

/** Every field that a deployment's file can have. */
export const DEPLOYMENT_FIELDS: readonly string[] = Object.keys(deploymentSchema.shape);

/** The accounts of a list that a StackSet keeps: all but those that are to have a stack of their own. */
export function keptByStackSet<T extends { accountId: string }>(
  accounts: readonly T[],
  stackSet: z.infer<typeof stackSetSchema> | undefined,
): T[] {
  return stackSet === undefined ? [] : accounts.filter(({ accountId }) => !stackSet.exceptAccounts.includes(accountId));
}

/** A deployment file that cannot be used. The message names everything that is wrong with it. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
}

/**
 * Reads and checks a deployment file.
 * @throws {DeploymentError} naming every wrong field
 */
export function readDeployment(file: string): Deployment {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DeploymentError(`${file} cannot be read as JSON: ${why}`, { cause });
  }
  return parseDeployment(content, file);
}

/** Ours: far more than any field of it has. */
const MOST_LEVELS = 64;

/**
 * Checks the content of a deployment file.
 * @throws {DeploymentError} naming every wrong field
 */
export function parseDeployment(content: unknown, file: string): Deployment {
  if (isDeeperThan(content, MOST_LEVELS)) {
    throw new DeploymentError(`${file} is not valid:\n  (top): more than ${MOST_LEVELS} levels inside each other`);
  }
  const parsed = deploymentSchema.safeParse(content);
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => `${placeOf(issue.path)}: ${issue.message}`)),
    ...deploymentProblems(content),
    ...unlikeAccounts(content),
  ];
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new DeploymentError(`${file} is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
}

/** Checked as it will be when the schedule comes round. */
function isRequest(input: { metadata?: Record<string, unknown> }, context: z.RefinementCtx): void {
  try {
    readRequest({ ...input, metadata: { ...input.metadata, correlationId: 'schedule' } });
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
}

/** Accounts that one template cannot serve, or that StackSets do not reach. */
function unlikeAccounts(content: unknown): string[] {
  const { stackSets: sets, stagingAccounts: staging, targetAccounts: target } = deploymentSchema.shape;
  const parts = z.looseObject({ stackSets: sets, stagingAccounts: staging, targetAccounts: target }).safeParse(content);
  if (!parts.success || parts.data.stackSets === undefined) return [];
  const { stackSets, stagingAccounts, targetAccounts } = parts.data;
  const { administrator, delegated } = stackSets;
  const region = regionProblem(administrator.region, 'any');
  const problemsOf = (
    kind: 'staging' | 'targets',
    accounts: readonly ({ accountId: string } & Record<string, unknown>)[],
    fields: readonly string[],
  ): string[] => {
    const [first, ...others] = keptByStackSet(accounts, stackSets[kind]);
    if (first === undefined) return [];
    const unlike = others.flatMap(({ accountId, ...other }) =>
      fields
        .filter((field) => !isDeepStrictEqual(other[field], first[field]))
        .map((field) => `${field} of ${accountId} is not that of ${first.accountId}: one template serves them all`),
    );
    const unreached = [first, ...others]
      .filter(({ accountId }) => !delegated && accountId === administrator.accountId)
      .map(({ accountId }) => `${accountId} is the management account, into which StackSets deploy nothing`);
    return [...unlike, ...unreached].map(
      (problem) => `stackSets.${kind}: ${problem}; an account on exceptAccounts has a stack of its own`,
    );
  };
  return [
    ...(region === undefined ? [] : [`stackSets.administrator.region: ${region}`]),
    ...problemsOf('staging', stagingAccounts, ['externalId']),
    ...problemsOf('targets', targetAccounts, ['externalId', 'regions', 'documents']),
  ];
}

function placeOf(path: PropertyKey[]): string {
  return path.length === 0 ? '(top)' : path.join('.');
}
