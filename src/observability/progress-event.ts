import { z } from 'zod';
import { accountIdSchema, sourceServerIdSchema } from '../domain/vocabulary.ts';

/**
 * The events on the central bus, as they reach a rule's target, for everybody who subscribes. Readers must accept fields
 * that they do not know: fields may be added, none that is here is taken away or changes its meaning.
 */

/** How the executors' progress events are found: the `source` and `detail-type` of a rule's pattern. */
export const PROGRESS_EVENT = { source: 'dr-chatops.executor', detailType: 'DR Batch Progress' } as const;

/** How DRS's own launch results are found. */
export const LAUNCH_RESULT_EVENT = { source: 'aws.drs', detailType: 'DRS Source Server Launch Result' } as const;

const progressDetailSchema = z.looseObject({
  schemaVersion: z
    .literal(1)
    .optional()
    .describe('Version of this detail. An event without it is version 1. Another number means another schema.'),
  executionId: z.string().min(1).describe('The execution, or run- and the name of a direct call of the component.'),
  accountId: accountIdSchema.describe('The staging account. Do not trust an event whose account is another one.'),
  action: z.string().optional().describe('drill, failover, failback or terminate.'),
  correlationId: z.string().optional().describe('The correlation id of the request.'),
  batches: z
    .array(
      z.looseObject({
        batchId: z.string().min(1),
        jobId: z.string().describe('The DRS job of the batch.'),
        status: z
          .string()
          .describe('Status of the DRS job: PENDING, STARTED or COMPLETED; UNKNOWN when it was not found.'),
        servers: z.array(
          z.looseObject({
            id: z.string().describe('Source server id.'),
            status: z
              .string()
              .describe('LaunchStatus of the DRS job: PENDING, IN_PROGRESS, LAUNCHED, FAILED or TERMINATED.'),
            instanceId: z.string().optional().describe('Recovery instance id, once there is one.'),
          }),
        ),
      }),
    )
    .describe('The batches of which something has changed since the last event, each with all its servers.'),
});

/**
 * An executor's report of what it saw change. Sent at best effort, may arrive twice, late, or out of order: states only
 * move forward, and the component's output is the truth.
 */
export const progressEventSchema = z
  .looseObject({
    source: z.literal(PROGRESS_EVENT.source),
    'detail-type': z.literal(PROGRESS_EVENT.detailType),
    account: accountIdSchema.describe('The account that sent the event, as EventBridge vouches for it.'),
    region: z.string().optional(),
    time: z.string().optional().describe('ISO 8601.'),
    detail: progressDetailSchema,
  })
  .describe('Progress of the batches of one staging account, as EventBridge delivers it.');
export type ProgressEvent = z.infer<typeof progressEventSchema>;

/**
 * The fields of DRS's own "DRS Source Server Launch Result" that are read (EventBridge events of DRS, best effort). It
 * makes progress faster; polling is the truth.
 */
export const launchResultEventSchema = z
  .looseObject({
    source: z.literal(LAUNCH_RESULT_EVENT.source),
    'detail-type': z.literal(LAUNCH_RESULT_EVENT.detailType),
    account: accountIdSchema,
    region: z.string(),
    resources: z
      .tuple([z.string().regex(/^arn:aws[a-z-]*:drs:[^:]+:\d{12}:source-server\/s-[0-9a-zA-Z]{17}$/)], z.string())
      .describe('The source server’s ARN.'),
    detail: z.looseObject({
      state: z.enum(['RECOVERY_LAUNCH_SUCCEEDED', 'RECOVERY_LAUNCH_FAILED']),
      'job-id': z.string().min(1),
      'is-drill': z.enum(['TRUE', 'FALSE']),
    }),
  })
  .describe('What is read of DRS’s own event of a launch, as EventBridge delivers it.');

/** What DRS says of one server's launch. */
export interface LaunchResult {
  accountId: string;
  region: string;
  sourceServerId: string;
  jobId: string;
  /** As a job's LaunchStatus says it. */
  status: 'LAUNCHED' | 'FAILED';
  isDrill: boolean;
}

/** The launch result in the words that are used here. The job's id tells which batch it belongs to. */
export function launchResultOf(event: z.infer<typeof launchResultEventSchema>): LaunchResult {
  const [arn] = event.resources;
  return {
    accountId: event.account,
    region: event.region,
    sourceServerId: sourceServerIdSchema.parse(arn.slice(arn.lastIndexOf('/') + 1)),
    jobId: event.detail['job-id'],
    status: event.detail.state === 'RECOVERY_LAUNCH_SUCCEEDED' ? 'LAUNCHED' : 'FAILED',
    isDrill: event.detail['is-drill'] === 'TRUE',
  };
}

/** The published contract of the central bus, by the name of its file. */
export const EVENT_SCHEMAS = [
  { name: 'progress-event', schema: progressEventSchema },
  { name: 'drs-launch-result-event', schema: launchResultEventSchema },
] as const;
