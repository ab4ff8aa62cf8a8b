import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { isApproved } from '../domain/gate.ts';
import { NOTHING_DONE } from '../domain/result.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';

const eventSchema = z.strictObject({ executionId: z.string(), gateId: z.string(), wave: z.int() });

/** What is allowed beyond maxWaitMinutes for discovery, recording and aggregating, in seconds. */
const MARGIN_SECONDS = 1_800;

export interface BeginWaveAnswer {
  /** Input of drs-orchestration-main. */
  componentInput: Record<string, unknown>;
  timeoutSeconds: number;
  runName: string;
}

/**
 * State "Begin the wave": the last look at the approval before the recovery component is called, and the move to
 * `executing`.
 * @throws {DrError} NotApproved when the gate does not carry what its policy asks for, or the execution is over.
 */
export const create: CreateHandler<unknown, BeginWaveAnswer> = (platform) => {
  const store = executionStore(platform);
  const announce = announcer(platform);

  return async (event) => {
    const { executionId, gateId, wave } = eventSchema.parse(event);
    const [execution, gate] = await Promise.all([store.getExecution(executionId), store.getGate(executionId, gateId)]);
    const plan = execution && (await store.getPlan(executionId, execution.planRevision));
    if (!execution || !gate || !plan) throw new DrError('NotFound', `There is no plan or gate for ${executionId}.`);
    if (!isApproved(gate, plan)) {
      throw new DrError('NotApproved', `The plan is not approved. ${NOTHING_DONE[plan.verb]}`);
    }

    const moved = await store.moveExecution(executionId, 'executing', { launchStartedAt: platform.now() });
    if (!moved && (await store.getExecution(executionId))?.status !== 'executing') {
      throw new DrError('NotApproved', `The execution ${executionId} is over. Nothing more was done.`);
    }
    if (moved) await announce.executionStarted(execution, plan.totalServers);
    return {
      componentInput: {
        action: execution.verb,
        tags: execution.tags,
        options: execution.options,
        metadata: {
          ...(execution.service === undefined ? { initiatedBy: execution.requester.userId } : execution.metadata),
          correlationId: execution.correlationId,
          executionId,
          gateId,
          planHash: plan.hash,
        },
      },
      timeoutSeconds: execution.options.maxWaitMinutes * 60 + MARGIN_SECONDS,
      runName: `${executionId}-w${wave}`,
    };
  };
};

export const handler = onLambda(create);
