import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { inputSchema } from '../domain/contract.ts';
import { waveNumberOf } from '../domain/request.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';
import { releaseServers } from './locks.ts';
import { readableCause } from './readable-cause.ts';

/**
 * EventBridge: an execution of drs-orchestration-main has failed, was stopped, or ran out of time. It says nothing of the
 * input and the error: the machine is encrypted with a key of ours (Step Functions developer guide, Data at rest encryption).
 */
const eventSchema = z.object({
  detail: z.object({
    executionArn: z.string(),
    name: z.string(),
    status: z.string(),
    startDate: z.number(),
    stopDate: z.number().nullish(),
    redriveCount: z.int().default(0),
  }),
});

/**
 * Tells of a run that ended without a result, however it ended: an event of Step Functions comes for stopped and timed out
 * ones too, and the run's own error stays what its caller sees, open to a redrive.
 */
export const create: CreateHandler<unknown, void> = (platform) => {
  const config = configuration(platform);
  const store = executionStore(platform);
  const announce = announcer(platform);
  const sfn = new SFNClient({ credentials: platform.credentials });

  return async (event) => {
    const { detail } = eventSchema.parse(event);
    const run = await sfn.send(new DescribeExecutionCommand({ executionArn: detail.executionArn }));
    if (run.redriveDate !== undefined && run.redriveDate.getTime() > (detail.stopDate ?? detail.startDate)) {
      // The word came late: its servers are its own again, and where it fails again that is another word.
      platform.log.info('A run of the recovery component that had failed was set going again', { run: detail.name });
      return;
    }
    const error = run.error ?? detail.status;
    const problem = { code: error, message: readableCause({ error, cause: run.cause ?? 'It was stopped.' }) };
    const parsed = inputSchema.safeParse(inputOf(run.input));
    const ids = { executionId: parsed.data?.metadata.executionId, correlationId: parsed.data?.metadata.correlationId };
    platform.log.error('A run of the recovery component failed', { run: detail.name, ...ids, error: problem.code });
    // An execution's servers are freed with it.
    if (parsed.data?.metadata.executionId === undefined) await freeServers(`run-${detail.name}`, detail.redriveCount);
    // DescribeExecution is eventually consistent: it may not say yet why the run has ended. Lambda asks again in a minute.
    if (run.status === 'RUNNING') throw new Error(`Step Functions does not say yet that ${detail.name} has ended.`);
    // Nobody can be told, nor an action counted, of an input that was none.
    if (!parsed.success) return;
    const { action, tags, options, metadata } = parsed.data;
    const { notificationTopicArns } = await config.component();
    const topic = notificationTopicArns.find((allowed) => allowed === options.notificationArn);
    const { executionId, correlationId } = metadata;
    const told = {
      executionId: typeof executionId === 'string' ? executionId : `run-${detail.name}`,
      direct: executionId === undefined,
      action,
      tags,
      options: { notificationArn: topic },
      wave: waveNumberOf(tags),
      correlationId: typeof correlationId === 'string' ? correlationId : detail.name,
      startedAt: detail.startDate,
    };
    const seconds = Math.max(0, Math.round(((detail.stopDate ?? platform.now()) - detail.startDate) / 1_000));
    await announce.failed(told, problem, seconds);
  };

  /** A direct call's, also those that it took before it had a plan. */
  async function freeServers(owner: string, redrives: number): Promise<void> {
    // It goes on: the word came late, and Step Functions did not say so.
    if (!(await store.noteRunEnded(owner, redrives))) return;
    const plan = await store.getPlan(owner, 1);
    if (plan !== undefined) await releaseServers(store, [plan], owner);
  }
};

function inputOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    // Not JSON: the schema says so.
    return undefined;
  }
}

export const handler = onLambda(create);
