import { z } from 'zod';
import { DrError } from './errors.ts';
import { isDeeperThan } from './nesting.ts';
import { ReplicationHealth } from './server.ts';
import {
  accountIdSchema,
  instanceIdSchema,
  OUTCOMES,
  snapshotIdSchema,
  sourceServerIdSchema,
  VERBS,
  type Verb,
} from './vocabulary.ts';

/**
 * Input and output of the recovery component `drs-orchestration-main` (seed 4 §3, with the additions of the design).
 * Field names are the seed's. Unknown fields are refused by name, `metadata` accepts any key. What is described here is
 * what docs/contract publishes: `node scripts/contract-schemas.ts`.
 */

/** The options of a request, with their defaults (seed 4 §3.1). */
export const componentOptionsSchema = z.strictObject({
  isDrill: z
    .boolean()
    .optional()
    .describe('Only checked: the action alone decides drill or recovery, and a value that contradicts it is refused.'),
  maxWaitMinutes: z
    .int()
    .min(1)
    .max(1_440)
    .default(120)
    .describe('Minutes until a server that is not done counts as timed out (JobTimeout).'),
  continueOnFailure: z
    .boolean()
    .default(false)
    .describe(
      'False: no new batch starts after a failed one; what runs is followed to its end. True: all batches run.',
    ),
  parallelism: z
    .int()
    .min(1)
    .max(500)
    .default(50)
    .describe('Most servers that launch at the same time in one staging account.'),
  minServers: z
    .int()
    .min(0)
    .default(0)
    .describe('Fewer matching servers than this fail the call before anything is done.'),
  successThresholdPercent: z
    .int()
    .min(0)
    .max(100)
    .default(50)
    .describe(
      'After a partial result the next phase is ready when more than this share of the servers succeeded. With 100 a partial result never is.',
    ),
  sourceServerIds: z
    .array(sourceServerIdSchema)
    .min(1)
    .optional()
    .describe(
      'Status and drill: only these source servers (s-…). A drill takes place only when each carries the tags.',
    ),
  pointInTimeSnapshot: snapshotIdSchema
    .optional()
    .describe('Drill and failover of exactly one server: the snapshot (pit-…) to launch from, instead of the latest.'),
  pointInTime: z.iso
    .datetime({ offset: true })
    .optional()
    .describe(
      'Drill and failover: launches each server from its newest snapshot at or before this time. A server without one fails with NoSnapshot.',
    ),
  replaceLive: z
    .array(instanceIdSchema)
    .default([])
    .describe(
      'Failover: live recovery instances (i-…) that the launch may destroy and replace. None is, unless named here.',
    ),
  allowMissingAccounts: z
    .boolean()
    .default(false)
    .describe('Goes on without the staging accounts that cannot be read; they are in missingAccounts.'),
  terminateLive: z
    .boolean()
    .default(false)
    .describe('Terminate: live recovery instances too, not only those of drills.'),
  instanceIds: z
    .array(instanceIdSchema)
    .min(1)
    .optional()
    .describe('Terminate: only these recovery instances (i-…). Each must be one of a matching server.'),
  statusChecks: z
    .boolean()
    .default(false)
    .describe('Drill and failover: a launched server only succeeds when its EC2 status checks have passed.'),
  notificationArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[0-9A-Za-z_-]{1,256}$/, 'an ARN of an SNS topic')
    .optional()
    .describe('SNS topic that is told of the start and the end. It must be on the deployment’s list.'),
});
export type ComponentOptions = z.infer<typeof componentOptionsSchema>;

/** Ours, in bytes as JSON: what a caller says of itself goes with every state of the run. */
const MAX_METADATA_BYTES = 8_192;
/** What an execution adds to the metadata of its request does not take from the caller's room. */
const ADDED_METADATA = ['correlationId', 'executionId', 'gateId', 'planHash', 'attempt'];
const MAX_ADDED_LENGTH = 256;

function isShort(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && value.length <= MAX_ADDED_LENGTH);
}

/** DynamoDB takes 32 levels (Service quotas: nested attributes), of which an execution has the first. */
const MOST_LEVELS = 24;
/** What DynamoDB takes as a number and JSON.parse reads exactly (data types: Number). */
const SMALLEST_NUMBER = 1e-130;

function isKept(metadata: Record<string, unknown>, context: z.RefinementCtx): void {
  if (isDeeperThan(metadata, MOST_LEVELS)) {
    context.addIssue({ code: 'custom', message: `has more than ${MOST_LEVELS} levels inside each other` });
    return;
  }
  isSmall(metadata, context);
  if (hasUnkeptNumber(metadata)) {
    context.addIssue({
      code: 'custom',
      message: `has a number that cannot be given back as it came: beyond ${Number.MAX_SAFE_INTEGER}, or too near 0. Give it as text`,
    });
  }
}

function hasUnkeptNumber(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(hasUnkeptNumber);
  if (typeof value !== 'number' || value === 0) return false;
  const size = Math.abs(value);
  return size > Number.MAX_SAFE_INTEGER || size < SMALLEST_NUMBER;
}

function isSmall(metadata: Record<string, unknown>, context: z.RefinementCtx): void {
  const counted = Object.entries(metadata).filter(([name, value]) => !ADDED_METADATA.includes(name) || !isShort(value));
  const bytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(counted)));
  if (bytes <= MAX_METADATA_BYTES) return;
  context.addIssue({
    code: 'custom',
    message: `takes ${bytes} bytes as JSON; there is room for ${MAX_METADATA_BYTES}. Keep the rest elsewhere and name where`,
  });
}

/** Input of the recovery component. What contradicts itself is checked apart: see parseComponentInput. */
export const inputSchema = z
  .strictObject({
    action: z.enum(VERBS).describe('What is done. The action alone decides drill or recovery.'),
    tags: z
      .record(z.string().min(1), z.string())
      .refine((tags) => Object.keys(tags).length > 0, 'at least one tag is needed: it selects the servers')
      .meta({ minProperties: 1 })
      .describe('The servers are those that carry every one of these tags.'),
    options: componentOptionsSchema.prefault({}).describe('How it is done.'),
    metadata: z
      .looseObject({
        correlationId: z.unknown().optional().describe('Follows the run through jobs, events, logs and messages.'),
        parentExecutionId: z.unknown().optional().describe('The caller’s own execution.'),
        ticketId: z.unknown().optional().describe('The ticket that it is done for.'),
        initiatedBy: z.unknown().optional().describe('Who asked for it. Shown only: never an identity.'),
        executionId: z.unknown().optional().describe('The execution whose approved plan this is.'),
        gateId: z.unknown().optional().describe('The gate that approved it.'),
        planHash: z.unknown().optional().describe('The hash of the plan that was approved.'),
        attempt: z
          .unknown()
          .optional()
          .describe('With executionId: which attempt of the wave this is, from 2, after people decided to retry it.'),
      })
      .superRefine(isKept)
      .default({})
      .describe(
        'Given back as it came. Any key is taken; as JSON at most 8 KiB, at most 24 levels, numbers up to 2^53.',
      ),
  })
  .meta({ title: 'DRS Orchestration Input', description: 'Input of the recovery component drs-orchestration-main.' });
export type ComponentInput = z.infer<typeof inputSchema>;

/**
 * Checks an input of the component.
 * @throws {DrError} ValidationError that names every field that is wrong, or every pair that contradicts itself.
 */
export function parseComponentInput(input: unknown): ComponentInput {
  if (selectsByPrototype(input)) {
    throw new DrError('ValidationError', 'tags.__proto__: no tag is selected by this key. Nothing was started.');
  }
  const parsed = inputSchema.safeParse(input);
  if (!parsed.success) throw new DrError('ValidationError', describeIssues('The input', parsed.error));
  const contradictions = contradictionsOf(parsed.data);
  if (contradictions.length > 0) {
    throw new DrError('ValidationError', `${contradictions.join(' ')} Nothing was started.`);
  }
  return parsed.data;
}

/** Zod leaves this key out without a word, and every tag less means more servers. */
function selectsByPrototype(input: unknown): boolean {
  const given = z
    .object({ tags: z.custom<object>((tags) => typeof tags === 'object' && tags !== null) })
    .safeParse(input);
  return given.success && Object.hasOwn(given.data.tags, '__proto__');
}

function contradictionsOf({ action, options }: ComponentInput): string[] {
  const isLaunch = action === 'drill' || action === 'failover';
  const found: string[] = [];
  if (isLaunch && options.isDrill !== undefined && options.isDrill !== (action === 'drill')) {
    found.push(
      `options.isDrill is ${options.isDrill}, but the action is ${action}: the action alone decides. Leave isDrill out.`,
    );
  }
  if (options.pointInTimeSnapshot !== undefined && options.pointInTime !== undefined) {
    found.push(
      'options.pointInTimeSnapshot and options.pointInTime are both set: one of them names the point in time.',
    );
  }
  const onlyFor = (option: keyof ComponentOptions, isSet: boolean, verbs: readonly Verb[]) => {
    if (isSet && !verbs.includes(action)) {
      found.push(`options.${option} is set, but the action is ${action}: it is for ${verbs.join(' and ')} only.`);
    }
  };
  onlyFor('sourceServerIds', options.sourceServerIds !== undefined, ['status', 'drill']);
  onlyFor('pointInTimeSnapshot', options.pointInTimeSnapshot !== undefined, ['drill', 'failover']);
  onlyFor('pointInTime', options.pointInTime !== undefined, ['drill', 'failover']);
  onlyFor('statusChecks', options.statusChecks, ['drill', 'failover']);
  onlyFor('replaceLive', options.replaceLive.length > 0, ['failover']);
  onlyFor('terminateLive', options.terminateLive, ['terminate']);
  onlyFor('instanceIds', options.instanceIds !== undefined, ['terminate']);
  return found;
}

/** One sentence that names every field that a zod error found wrong. */
export function describeIssues(what: string, error: z.ZodError): string {
  const issues = error.issues.map(
    (issue) => `${issue.path.length === 0 ? '(top)' : issue.path.join('.')}: ${issue.message}`,
  );
  return `${what} is not valid. ${issues.join('; ')}.`;
}

const instantSchema = z.iso.datetime();
const countSchema = z.int().min(0);

/** Results of EC2's status checks, as EC2 sums them up (SummaryStatus). */
export const STATUS_CHECKS = ['ok', 'impaired', 'initializing', 'insufficient-data', 'not-applicable'] as const;

const recoveryInstanceSchema = z.strictObject({
  sourceServerId: z.string(),
  sourceServerHostname: z.string(),
  recoveryInstanceId: z.string().describe('Empty when DRS did not name it.'),
  ec2InstanceId: z.string(),
  stagingAccountId: accountIdSchema,
  status: z
    .enum(['launched', 'failed', 'timeout', 'terminated'])
    .describe('launched, or terminated for the action terminate. Servers that failed are in failedServers.'),
  privateIp: z.string().optional(),
  launchTime: instantSchema.optional(),
  instanceType: z.string().optional(),
  statusChecks: z.enum(STATUS_CHECKS).optional().describe('EC2’s status checks when they were last read.'),
  pointInTime: instantSchema.optional().describe('The point in time that it was launched from.'),
  tags: z.record(z.string(), z.string()).describe('Tags of the source server.'),
});
export type RecoveryInstanceResult = z.infer<typeof recoveryInstanceSchema>;

const failedServerSchema = z.strictObject({
  sourceServerId: z.string(),
  sourceServerHostname: z.string(),
  stagingAccountId: accountIdSchema,
  errorCode: z
    .string()
    .describe(
      'e.g. LaunchFailed, TerminateFailed, JobTimeout, LiveInstance, ConflictException, ServerNotReady, NoSnapshot.',
    ),
  errorMessage: z.string().describe('What happened, in words.'),
  recoveryInstanceId: z
    .string()
    .optional()
    .describe('The instance that exists all the same, e.g. one that was launched but did not pass its status checks.'),
});
export type FailedServer = z.infer<typeof failedServerSchema>;

const skippedServerSchema = z.strictObject({
  sourceServerId: z.string(),
  sourceServerHostname: z.string(),
  stagingAccountId: accountIdSchema,
  reason: z.string().describe('Why nothing was done with it, e.g. that the tag DR-Enabled is false.'),
});
export type SkippedServer = z.infer<typeof skippedServerSchema>;

const missingAccountSchema = z.strictObject({
  accountId: accountIdSchema,
  region: z.string(),
  reason: z.string().describe('Why it could not be read.'),
});
export type MissingAccount = z.infer<typeof missingAccountSchema>;

const accountResultSchema = z.strictObject({
  accountId: accountIdSchema,
  region: z.string(),
  serversProcessed: countSchema,
  succeeded: countSchema,
  failed: countSchema,
  jobId: z.string().describe('The first job; empty when none was started.'),
  jobIds: z.array(z.string()),
});
export type AccountResult = z.infer<typeof accountResultSchema>;

const lastLaunchSchema = z.strictObject({
  at: z.string(),
  type: z.string().describe('RECOVERY or DRILL.'),
  status: z.string().describe('As DRS says it: NOT_STARTED, PENDING, SUCCEEDED or FAILED.'),
  jobId: z.string().optional(),
});

const serverStatusSchema = z.strictObject({
  sourceServerId: z.string(),
  sourceServerHostname: z.string(),
  stagingAccountId: accountIdSchema,
  region: z.string(),
  replicationState: z.string().describe('DataReplicationState of DRS.'),
  replicationHealth: z.enum(ReplicationHealth),
  lagDuration: z.string().optional().describe('How far the copy is behind, as DRS gives it (ISO 8601).'),
  dataAgeSeconds: countSchema.optional().describe('How much would be lost by a launch now, in seconds.'),
  lastSeen: z.string().optional().describe('When DRS last heard of the server.'),
  lastLaunch: lastLaunchSchema.optional().describe('The last launch that DRS remembers.'),
  lastDrill: lastLaunchSchema.optional().describe('The last launch, when it was a drill.'),
  recoveryInstances: z.array(
    z.strictObject({
      recoveryInstanceId: z.string(),
      ec2InstanceId: z.string(),
      state: z.string().describe('EC2 state, e.g. RUNNING.'),
      isDrill: z.boolean(),
      failbackState: z.string().optional(),
    }),
  ),
  jobInProgress: z.string().optional().describe('The job that runs on it.'),
  tags: z.record(z.string(), z.string()),
});
export type ServerStatus = z.infer<typeof serverStatusSchema>;

const sumsSchema = z.strictObject({
  servers: countSchema,
  healthy: countSchema.describe('Servers whose replication is ok.'),
  notHealthy: countSchema,
  recoveryInstances: countSchema.describe('Recovery instances that exist, those of drills among them.'),
  liveInstances: countSchema.describe('Recovery instances that are not a drill’s.'),
  jobsInProgress: countSchema,
  worstDataAgeSeconds: countSchema.optional().describe('The oldest copy’s age, of the servers of which it is known.'),
});

const headroomSchema = z.strictObject({ limit: countSchema, inUse: countSchema, free: countSchema });

const accountStatusSchema = sumsSchema.extend({
  accountId: accountIdSchema,
  region: z.string(),
  maxServers: countSchema.optional().describe('Most replicating servers, as the deployment is configured.'),
  quotas: z
    .strictObject({
      jobs: headroomSchema.describe('Concurrent jobs.'),
      servers: headroomSchema.describe('Source servers in all active jobs.'),
      replicating: headroomSchema.describe('Replicating source servers.'),
      vcpus: headroomSchema.describe('vCPUs of running on-demand standard instances.'),
    })
    .optional(),
  quotasUnreadable: z.string().optional().describe('Why the quotas are not known.'),
});
export type AccountStatus = z.infer<typeof accountStatusSchema>;

const waveStatusSchema = sumsSchema.extend({
  wave: z.string().describe('Value of the tag DR-Wave; empty for servers without it.'),
});
export type WaveStatus = z.infer<typeof waveStatusSchema>;

/** The component's output (seed 4 §3.2 with the additions of the design). */
export const outputSchema = z
  .strictObject({
    status: z.enum(OUTCOMES).describe('How it ended.'),
    action: z.enum(VERBS).describe('The action that was done.'),
    isDrill: z.boolean().describe('True when the instances are a drill’s.'),
    summary: z
      .strictObject({ totalServers: countSchema, succeeded: countSchema, failed: countSchema, skipped: countSchema })
      .describe('totalServers is always succeeded + failed + skipped. Every server is in exactly one list.'),
    timing: z.strictObject({
      startTime: instantSchema,
      endTime: instantSchema,
      durationSeconds: countSchema,
      durationFormatted: z.string().describe('ISO 8601, e.g. PT45M30S.'),
    }),
    recoveryInstances: z.array(recoveryInstanceSchema).describe('The servers that succeeded.'),
    failedServers: z.array(failedServerSchema),
    skippedServers: z.array(skippedServerSchema).describe('Servers that nothing was done with, each with the reason.'),
    stagingAccountResults: z.array(accountResultSchema).describe('Broken down by staging account and Region.'),
    missingAccounts: z
      .array(missingAccountSchema)
      .describe('Staging accounts that could not be read: their servers are unknown, and the status is never success.'),
    warnings: z.array(z.string()).describe('What people should know all the same, in words.'),
    servers: z.array(serverStatusSchema).optional().describe('Action status only: every server as it is now.'),
    accounts: z.array(accountStatusSchema).optional().describe('Action status only: sums by staging account.'),
    waves: z.array(waveStatusSchema).optional().describe('Action status only: sums by wave.'),
    metadata: z.record(z.string(), z.unknown()).describe('The input’s metadata, as they came.'),
    nextPhaseReady: z.boolean().describe('True when what comes next may begin.'),
    truncated: z
      .boolean()
      .describe('True when the lists were left empty because the whole result is too large; it is at resultLocation.'),
    resultLocation: z.string().describe('s3://bucket/key of the whole result.'),
    monitoringUrl: z.string().optional().describe('Where people follow it: the execution’s card or the console.'),
    message: z.string().optional().describe('Why nothing was done.'),
  })
  .meta({ title: 'DRS Orchestration Output', description: 'Output of the recovery component drs-orchestration-main.' });
export type ComponentOutput = z.infer<typeof outputSchema>;
