import { z } from 'zod';
import { DrError } from './errors.ts';
import { type AvailableVerb, accountIdSchema, isAvailable, OUTCOMES, VERBS } from './vocabulary.ts';

/**
 * Input and output of the recovery component `drs-orchestration-main` (seed 4 §3, with the additions of the design).
 * Field names are the seed's. Unknown fields are refused by name, `metadata` accepts any key.
 */

const inputSchema = z.strictObject({
  action: z.enum(VERBS),
  /** Servers must carry every one of these tags. */
  tags: z
    .record(z.string().min(1), z.string())
    .refine((tags) => Object.keys(tags).length > 0, 'at least one tag is needed: it selects the servers'),
  options: z
    .strictObject({
      /** Only checked against the action: the verb alone decides drill or recovery. */
      isDrill: z.boolean().optional(),
      /** Minutes until servers that are not launched count as timed out (seed 4 §3.1). */
      maxWaitMinutes: z.int().min(1).max(1_440).default(120),
      continueOnFailure: z.boolean().default(false),
      /** Most servers that launch at the same time in one staging account (seed 4 §3.1). */
      parallelism: z.int().min(1).max(500).default(50),
      /** Fewer matching servers than this fail the call before anything is launched. */
      minServers: z.int().min(0).default(0),
    })
    .prefault({}),
  metadata: z.record(z.string(), z.unknown()).default({}),
});
export type ComponentInput = Omit<z.infer<typeof inputSchema>, 'action'> & { action: AvailableVerb };

/** The options of a request with the seed's defaults. */
export type ComponentOptions = ComponentInput['options'];

/**
 * Checks an input of the component.
 * @throws {DrError} ValidationError that names every field that is wrong.
 */
export function parseComponentInput(input: unknown): ComponentInput {
  const parsed = inputSchema.safeParse(input);
  if (!parsed.success) throw new DrError('ValidationError', describeIssues('The input', parsed.error));
  const { action, options } = parsed.data;
  const verbIsDrill = action === 'drill';
  if (
    (action === 'drill' || action === 'failover') &&
    options.isDrill !== undefined &&
    options.isDrill !== verbIsDrill
  ) {
    throw new DrError(
      'ValidationError',
      `options.isDrill is ${options.isDrill}, but the action is ${action}: the action alone decides. Leave isDrill out. Nothing was started.`,
    );
  }
  if (!isAvailable(action)) {
    throw new DrError(
      'ValidationError',
      `The action ${action} is not available in this version; drill is. Nothing was started.`,
    );
  }
  return { ...parsed.data, action };
}

/** One sentence that names every field that a zod error found wrong. */
export function describeIssues(what: string, error: z.ZodError): string {
  const issues = error.issues.map(
    (issue) => `${issue.path.length === 0 ? '(top)' : issue.path.join('.')}: ${issue.message}`,
  );
  return `${what} is not valid. ${issues.join('; ')}.`;
}

const instantSchema = z.iso.datetime();

const recoveryInstanceSchema = z.strictObject({
  sourceServerId: z.string(),
  sourceServerHostname: z.string(),
  recoveryInstanceId: z.string(),
  ec2InstanceId: z.string(),
  stagingAccountId: accountIdSchema,
  status: z.enum(['launched', 'failed', 'timeout']),
  privateIp: z.string().optional(),
  launchTime: instantSchema.optional(),
  tags: z.record(z.string(), z.string()),
});
export type RecoveryInstanceResult = z.infer<typeof recoveryInstanceSchema>;

const failedServerSchema = z.strictObject({
  sourceServerId: z.string(),
  sourceServerHostname: z.string(),
  stagingAccountId: accountIdSchema,
  errorCode: z.string(),
  errorMessage: z.string(),
});
export type FailedServer = z.infer<typeof failedServerSchema>;

const skippedServerSchema = z.strictObject({
  sourceServerId: z.string(),
  sourceServerHostname: z.string(),
  stagingAccountId: accountIdSchema,
  /** Why it was not launched, e.g. that the tag DR-Enabled is false. */
  reason: z.string(),
});
export type SkippedServer = z.infer<typeof skippedServerSchema>;

const accountResultSchema = z.strictObject({
  accountId: accountIdSchema,
  region: z.string(),
  serversProcessed: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  /** The first job, as in the seed; empty when none was started. */
  jobId: z.string(),
  jobIds: z.array(z.string()),
});
export type AccountResult = z.infer<typeof accountResultSchema>;

/** The component's output (seed 4 §3.2; `skippedServers`, `jobIds`, `truncated`, `resultLocation`, `message` added). */
export const outputSchema = z.strictObject({
  status: z.enum(OUTCOMES),
  action: z.enum(VERBS),
  summary: z.strictObject({ totalServers: z.int(), succeeded: z.int(), failed: z.int(), skipped: z.int() }),
  timing: z.strictObject({
    startTime: instantSchema,
    endTime: instantSchema,
    durationSeconds: z.int(),
    durationFormatted: z.string(),
  }),
  recoveryInstances: z.array(recoveryInstanceSchema),
  failedServers: z.array(failedServerSchema),
  skippedServers: z.array(skippedServerSchema),
  stagingAccountResults: z.array(accountResultSchema),
  metadata: z.record(z.string(), z.unknown()),
  nextPhaseReady: z.boolean(),
  /** True when the lists were left empty because the whole result is too large; it is at `resultLocation`. */
  truncated: z.boolean(),
  /** `s3://bucket/key` of the whole result. */
  resultLocation: z.string(),
  message: z.string().optional(),
});
export type ComponentOutput = z.infer<typeof outputSchema>;
