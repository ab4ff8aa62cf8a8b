import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { isApproved, isPassed } from '../domain/gate.ts';
import type { ExecutionRecord, GateRecord, PlanRecord } from '../domain/records.ts';
import { runsOf, tagsOfWave } from '../domain/request.ts';
import { NOTHING_DONE } from '../domain/result.ts';
import { isTerminal } from '../domain/status.ts';
import { stepBefore } from '../domain/waves.ts';
import { pauseGateIdOf } from '../gates/gate-timing.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';
import { leaveWave } from './leave-wave.ts';
import { results } from './results.ts';

const eventSchema = z.strictObject({ executionId: z.string(), gateId: z.string(), wave: z.int() });

/** What is allowed beyond maxWaitMinutes for discovery, recording and aggregating, in seconds. */
const MARGIN_SECONDS = 1_800;
/** Until a pause is looked at for the first time, in seconds; after that the gate itself says when. */
const FIRST_TICK_SECONDS = 60;

export type BeginWaveAnswer =
  | {
      next: 'run';
      /** Input of drs-orchestration-main. */
      componentInput: Record<string, unknown>;
      timeoutSeconds: number;
      runName: string;
    }
  /** Somebody has to release the wave at this gate first. */
  | { next: 'pause'; pauseGateId: string; nextTickSeconds: number }
  /** The wave is over, or it is not begun: its record says which. */
  | { next: 'leave' };

/**
 * State "Begin the wave": the boundary before each wave. It looks whether the execution is cancelled or is to pause, and
 * how the waves before have ended; it checks the approval for the last time before the recovery component is called, and
 * moves the execution to `executing`. A wave that is not begun has its servers skipped by name here.
 * @throws {DrError} NotApproved when a gate does not carry what its policy asks for, or the execution is over; NotFound
 *   when the wave is not the plan's next one.
 */
export const create: CreateHandler<unknown, BeginWaveAnswer> = (platform) => {
  const store = executionStore(platform);
  const announce = announcer(platform);
  const leaveTools = { store, results: results(platform, store), now: platform.now };

  return async (event) => {
    const { executionId, gateId, wave } = eventSchema.parse(event);
    const { execution, plan } = await approved(executionId, gateId);
    const numbers = runsOf(plan.waves);
    const before = numbers.slice(0, Math.max(0, numbers.indexOf(wave)));
    const pauseGateId = pauseGateIdOf(wave);
    const [known, earlier, pause] = await Promise.all([
      store.getWave(executionId, wave),
      store.getWaves(executionId, before),
      store.getGate(executionId, pauseGateId),
    ]);
    // A redrive comes here again.
    if (known !== undefined) return { next: 'leave' };
    if (!numbers.includes(wave) || earlier.length < before.length) {
      throw new DrError('NotFound', `Wave ${wave} of ${executionId} is not the next one. Nothing more was done.`);
    }
    if (pause?.status === 'approved' && !isPassed(pause)) {
      throw new DrError('NotApproved', `The pause ${pauseGateId} does not carry the votes that its policy asks for.`);
    }
    const decided = stepBefore({ execution, wave, earlier, pause });
    switch (decided.step) {
      case 'leave':
        await leaveWave(leaveTools, { execution, plan, wave }, decided.problem);
        return { next: 'leave' };
      case 'pause':
        return { next: 'pause', pauseGateId, nextTickSeconds: FIRST_TICK_SECONDS };
      case 'run':
        await begin(execution, plan, wave);
        await forgetPause(execution, pause);
        return { next: 'run', ...callOf(execution, plan, { gateId, wave }) };
    }
  };

  async function approved(
    executionId: string,
    gateId: string,
  ): Promise<{ execution: ExecutionRecord; plan: PlanRecord }> {
    const [execution, gate] = await Promise.all([store.getExecution(executionId), store.getGate(executionId, gateId)]);
    const plan = execution && (await store.getPlan(executionId, execution.planRevision));
    if (!execution || !gate || !plan) throw new DrError('NotFound', `There is no plan or gate for ${executionId}.`);
    if (!isApproved(gate, plan)) {
      throw new DrError('NotApproved', `The plan is not approved. ${NOTHING_DONE[plan.verb]}`);
    }
    if (isTerminal(execution.status)) throw isOver(executionId);
    return { execution, plan };
  }

  async function begin(execution: ExecutionRecord, plan: PlanRecord, wave: number): Promise<void> {
    const { executionId, launchStartedAt } = execution;
    const isFirst = launchStartedAt === undefined;
    const moved = await store.moveExecution(executionId, 'executing', {
      currentWave: wave,
      ...(isFirst ? { launchStartedAt: platform.now() } : {}),
    });
    if (!moved) throw isOver(executionId);
    if (isFirst) await announce.executionStarted(execution, plan.totalServers);
  }

  /** A wish for a pause that has been released; a newer one is for the next wave. */
  async function forgetPause(execution: ExecutionRecord, pause: GateRecord | undefined): Promise<void> {
    const { executionId, pauseRequested } = execution;
    if (pauseRequested === undefined || pause?.settledAt === undefined || pauseRequested.at > pause.settledAt) return;
    await store.clearPause(executionId, pauseRequested.at);
  }
};

function isOver(executionId: string): DrError {
  return new DrError('NotApproved', `The execution ${executionId} is over. Nothing more was done.`);
}

/** The call of the recovery component for one wave. */
function callOf(execution: ExecutionRecord, plan: PlanRecord, { gateId, wave }: { gateId: string; wave: number }) {
  const { executionId, correlationId, options, verb, service, requester, metadata } = execution;
  return {
    componentInput: {
      action: verb,
      tags: tagsOfWave(execution, wave),
      options,
      metadata: {
        ...metadata,
        ...(service === undefined ? { initiatedBy: requester.userId } : {}),
        correlationId,
        executionId,
        gateId,
        planHash: plan.hash,
      },
    },
    timeoutSeconds: options.maxWaitMinutes * 60 + MARGIN_SECONDS,
    runName: `${executionId}-w${wave}`,
  };
}

export const handler = onLambda(create);
