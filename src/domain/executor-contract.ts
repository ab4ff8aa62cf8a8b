import { z } from 'zod';
import { accountIdSchema, instanceIdSchema, snapshotIdSchema, sourceServerIdSchema } from './vocabulary.ts';

/** Input and output of drs-staging-account-executor: what the central account and a staging account say to each other. */

/** Most source servers in one DRS job (quota, not adjustable). */
export const MAX_SERVERS_IN_JOB = 100;

/**
 * The form of the executor's input. It is raised only where an earlier executor that passes over what is new would do
 * something else than what was approved: that one then refuses. A field that may be passed over is added without.
 */
export const EXECUTOR_INPUT_FORM = 1;

const launchBatchSchema = z.strictObject({
  batchId: z.string(),
  serverIds: z.array(sourceServerIdSchema).min(1).max(MAX_SERVERS_IN_JOB),
  snapshots: z
    .record(sourceServerIdSchema, snapshotIdSchema)
    .describe('Snapshots to launch from; a server that is not named is launched from the latest.'),
  waitForReady: z
    .boolean()
    .describe('True for servers whose first copy is not complete: they are waited for within the deadline.'),
});

const terminateBatchSchema = z.strictObject({
  batchId: z.string(),
  instances: z
    .array(z.strictObject({ id: instanceIdSchema, serverId: sourceServerIdSchema, isDrill: z.boolean() }))
    .min(1)
    .max(MAX_SERVERS_IN_JOB),
});

const failbackBatchSchema = z.strictObject({
  batchId: z.string(),
  instances: z
    .array(z.strictObject({ id: instanceIdSchema, serverId: sourceServerIdSchema }))
    .min(1)
    .max(MAX_SERVERS_IN_JOB),
});

const common = {
  form: z
    .literal(EXECUTOR_INPUT_FORM)
    .optional()
    .describe('The form of this input, 1 where it is left out. An executor refuses a later one than it knows.'),
  executionId: z.string(),
  accountId: accountIdSchema,
  region: z.string(),
  correlationId: z.string(),
  eventBusArn: z.string(),
  startedAt: z.iso.datetime().describe('Jobs of this run are not older.'),
  options: z.strictObject({
    maxWaitMinutes: z.int(),
    parallelism: z.int(),
    continueOnFailure: z.boolean(),
    replaceLive: z.array(instanceIdSchema),
  }),
};

/** Input of the executor: the approved batches of one staging account. */
export const executorInputSchema = z.discriminatedUnion('action', [
  z.strictObject({ ...common, action: z.enum(['drill', 'failover']), batches: z.array(launchBatchSchema) }),
  z.strictObject({ ...common, action: z.literal('terminate'), batches: z.array(terminateBatchSchema) }),
  z.strictObject({ ...common, action: z.literal('failback'), batches: z.array(failbackBatchSchema) }),
]);
export type ExecutorInput = z.infer<typeof executorInputSchema>;
export type LaunchBatch = z.infer<typeof launchBatchSchema>;
export type TerminateBatch = z.infer<typeof terminateBatchSchema>;
export type FailbackBatch = z.infer<typeof failbackBatchSchema>;

/**
 * One server, or one of its instances, in one text: of 300 servers in an account nothing larger fits into a state. An
 * instance that was terminated is its id alone, and its server is not named.
 */
const participantTextSchema = z
  .string()
  .regex(/^\S+( \S+){0,2}$/)
  .describe(
    'Server id, status and, where it is known, instance id, as in the object, with spaces between them; of an instance that was terminated only its own id.',
  )
  .transform((text) => {
    const [id = '', status, instanceId] = text.split(' ');
    if (status === undefined) return { id: '', status: 'TERMINATED', instanceId: id };
    return { id, status, ...(instanceId === undefined ? {} : { instanceId }) };
  });

/** As earlier executors say it, which may still run in a staging account. */
const participantObjectSchema = z.object({
  id: z.string().describe('Source server id.'),
  status: z
    .string()
    .describe('LaunchStatus of DRS for launches; TERMINATED or FAILED for terminate; LAUNCHED or FAILED for failback.'),
  instanceId: z.string().optional(),
});

const participantSchema = z.union([participantTextSchema, participantObjectSchema]);

const finishedBatchSchema = z.object({
  batchId: z.string(),
  outcome: z.enum(['finished', 'refused', 'timeout']),
  jobId: z.string().optional(),
  servers: z.array(participantSchema),
  excluded: z
    .array(z.object({ id: z.string(), error: z.string(), cause: z.string() }))
    .default([])
    .describe('Servers of the batch that were left out right before the start.'),
  error: z.string().optional().describe('Of a refused batch.'),
  cause: z.string().optional().describe('Of a refused batch: why, in words.'),
  serverIds: z.array(z.string()).optional().describe('Of a refused batch: the servers that are the cause.'),
});

/** Output of the executor. More fields than these are let pass: a staging account may run a newer executor. */
export const executorOutputSchema = z.object({
  accountId: accountIdSchema,
  finished: z.array(finishedBatchSchema),
  notStarted: z.array(z.object({ batchId: z.string(), reason: z.string() })),
});
export type ExecutorOutput = z.infer<typeof executorOutputSchema>;
export type FinishedBatch = z.infer<typeof finishedBatchSchema>;
