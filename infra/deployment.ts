import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  type Access,
  accessSchema,
  approvePermissions,
  hasRole,
  mayAll,
  type Role,
  userGroupsOf,
  withMembers,
} from '../src/domain/access.ts';
import { messageOf } from '../src/domain/errors.ts';
import { POLICY_SUBJECTS, type PolicySubject, policiesSchema, policyOf } from '../src/domain/policy.ts';
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

/** What a standard SSM parameter holds. */
const MAX_PARAMETER_BYTES = 4_096;

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
        roles: z.array(z.string().regex(/^[\w+=,.@/-]{1,128}$/, 'the name of a role')).default([]),
      }),
    )
    .min(1),
});

/** One schedule. Its correlation id is made by the deployment, another one each time. */
const scheduleSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'at most 64 letters, digits, full stops, hyphens and underscores'),
  /** `cron(…)`, `rate(…)` or `at(…)` of EventBridge Scheduler. */
  expression: z.string().regex(/^(cron|rate|at)\(.+\)$/, 'cron(…), rate(…) or at(…)'),
  /** e.g. `Europe/Berlin`. @default - UTC */
  timezone: z.string().optional(),
  /** The recovery component's input, and `channelId` where the cards are to be elsewhere. */
  input: z.looseObject({ metadata: z.record(z.string(), z.unknown()).optional() }).superRefine(isRequest),
});

/** One deployment: a central account and its staging accounts. The file in `config/` has this form. */
const deploymentSchema = z.strictObject({
  /**
   * Left out where the deployment is the only one in its accounts. Several stand side by side under different names,
   * each of which ends the names of everything that its deployment creates.
   */
  environment: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,11}$/, 'at most 12 small letters and digits, a letter first')
    .optional(),
  /** The AWS organisation; roles trust principals of it only. */
  organizationId: z.string().regex(/^o-[a-z0-9]{10,32}$/, 'an organisation id such as o-a1b2c3d4e5'),
  central: z.strictObject({
    accountId: accountIdSchema,
    /** The DR Region. The staging accounts' executors are there too: Step Functions does not start them across Regions. */
    region: stagingAccountSchema.shape.region,
  }),
  stagingAccounts: z
    .array(stagingAccount)
    .min(1)
    .superRefine((accounts, context) => {
      accounts.forEach(({ accountId }, index) => {
        if (accounts.findIndex((other) => other.accountId === accountId) === index) return;
        context.addIssue({ code: 'custom', path: [index, 'accountId'], message: `${accountId} is listed twice` });
      });
    }),
  /** Where in AWS servers came from: without an entry none of them is failed back there. */
  origins: z
    .array(originSchema.omit({ roleArn: true }))
    .default([])
    .superRefine((origins, context) => {
      origins.forEach(({ accountId, region }, index) => {
        const first = origins.findIndex((other) => other.accountId === accountId && other.region === region);
        if (first === index) return;
        context.addIssue({ code: 'custom', path: [index], message: `${region} of ${accountId} is listed twice` });
      });
    }),
  /** Where the actions of recovery plans are done: without an entry none is started in an account. */
  targetAccounts: z
    .array(targetAccount)
    .default([])
    .superRefine((accounts, context) => {
      accounts.forEach(({ accountId }, index) => {
        if (accounts.findIndex((other) => other.accountId === accountId) === index) return;
        context.addIssue({ code: 'custom', path: [index, 'accountId'], message: `${accountId} is listed twice` });
      });
    }),
  /**
   * Where HTTP and TCP health checks are made from: subnets of the central account in the DR Region, with a way to what was
   * recovered and to AWS's services.
   *
   * @default - outside of any network: only public addresses are reached
   */
  healthChecks: z
    .strictObject({
      subnetIds: z
        .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id'))
        .min(1)
        .max(16),
      securityGroupIds: z
        .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'a security group id'))
        .min(1)
        .max(5),
    })
    .optional(),
  access: accessSchema.superRefine(fitsInParameter),
  policies: policiesSchema.superRefine(fitsInParameter),
  /** What direct callers of the recovery component may do, and which topics they may have told. */
  component: componentSettingsSchema.prefault({}).superRefine(fitsInParameter),
  /** Where people are asked about requests of machines, unless a request names its own channel. */
  requests: requestSettingsSchema.prefault({}),
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
  schedules: z
    .array(scheduleSchema)
    .default([])
    .superRefine((schedules, context) => {
      schedules.forEach(({ name }, index) => {
        if (schedules.findIndex((other) => other.name === name) === index) return;
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `${name} is there twice` });
      });
    }),
});

export type Deployment = z.infer<typeof deploymentSchema>;

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

/**
 * Checks the content of a deployment file.
 * @throws {DeploymentError} naming every wrong field
 */
export function parseDeployment(content: unknown, file: string): Deployment {
  const parsed = deploymentSchema.safeParse(content);
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => `${placeOf(issue.path)}: ${issue.message}`)),
    ...unsatisfiablePolicies(content),
    ...unlistedTopic(content),
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

function fitsInParameter(document: unknown, context: z.RefinementCtx): void {
  const bytes = Buffer.byteLength(JSON.stringify(document));
  if (bytes <= MAX_PARAMETER_BYTES) return;
  context.addIssue({
    code: 'custom',
    message: `takes ${bytes} bytes; the SSM parameter that holds it has room for ${MAX_PARAMETER_BYTES}`,
  });
}

/**
 * Policies that ask for more approvals than there are people who may approve. Looked for apart from the schema, which
 * compares fields only once the rest of the file is right: all problems are to be told at once.
 */
function unsatisfiablePolicies(content: unknown): string[] {
  const parts = z.looseObject({ access: accessSchema, policies: policiesSchema }).safeParse(content);
  if (!parts.success) return [];
  const { access, policies } = parts.data;
  // Who is in a user group is only known when it counts: then the gate says that too few people may decide.
  if (userGroupsOf(access).length > 0) return [];
  const people = withMembers(access, []);
  const places = ['', ...Object.keys(policies.applications ?? {})];
  return places.flatMap((application) =>
    POLICY_SUBJECTS.flatMap((subject) => {
      const { quorum, roles } = policyOf(policies, subject, application);
      const approvers = peopleWhoMay(people, { application, subject, roles });
      if (approvers >= quorum) return [];
      const place = application === '' ? 'policies' : `policies.applications.${application}`;
      const text = approvers === 1 ? '1 person' : `${approvers} people`;
      return [`${place}.${subject}.quorum: ${quorum} approvals are asked for, but only ${text} may approve`];
    }),
  );
}

/** A topic that the functions could not publish to. */
function unlistedTopic(content: unknown): string[] {
  const parts = z
    .looseObject({ requests: requestSettingsSchema, component: componentSettingsSchema.prefault({}) })
    .safeParse(content);
  const topic = parts.data?.requests.notificationTopicArn;
  if (topic === undefined || parts.data?.component.notificationTopicArns.includes(topic)) return [];
  return [`requests.notificationTopicArn: ${topic} is not on component.notificationTopicArns`];
}

/** How many people may decide about `subject`; without an application: about whatever application. */
function peopleWhoMay(
  access: Access,
  { application, subject, roles }: { application: string; subject: PolicySubject; roles?: Role[] },
): number {
  const permissions = approvePermissions(subject);
  const grants = application === '' ? access.grants.map(({ role, users }) => ({ role, users })) : access.grants;
  const everybody = { ...access, grants };
  return [...new Set(grants.flatMap(({ users }) => users))]
    .map((userId) => ({ userId, teamId: access.teamId }))
    .filter((person) => mayAll(everybody, person, permissions, application))
    .filter((person) => roles === undefined || hasRole(everybody, person, roles, application)).length;
}

function placeOf(path: PropertyKey[]): string {
  return path.length === 0 ? '(top)' : path.join('.');
}
