import { z } from 'zod';
import { lastAttemptOf } from '../domain/batches.ts';
import { DrError } from '../domain/errors.ts';
import { isApproved, isPassed, isPassedWith } from '../domain/gate.ts';
import type { ActionKey, ExecutionRecord, GateRecord, PlanRecord, WaveRecord } from '../domain/records.ts';
import { optionsOfWave, runsOf, tagsOfWave } from '../domain/request.ts';
import { NOTHING_DONE } from '../domain/result.ts';
import { isTerminal } from '../domain/status.ts';
import type { ActionStep } from '../domain/wave-actions.ts';
import { isPassedOver, stepAfter, stepBefore } from '../domain/waves.ts';
import { actionGateIdOf, decisionGateIdOf, pauseGateIdOf } from '../gates/gate-timing.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';
import { type AroundWaves, aroundWaves } from './around-waves.ts';
import { leaveWave } from './leave-wave.ts';
import { results, runOfWave } from './results.ts';
import { retryWave } from './retry-wave.ts';
import { runNameOf } from './run.ts';
import { settleTools } from './settle-account.ts';

const eventSchema = z.strictObject({ executionId: z.string(), gateId: z.string(), wave: z.int() });

/** What is allowed beyond maxWaitMinutes for discovery, recording and aggregating, in seconds. */
const MARGIN_SECONDS = 1_800;
/** Until a question is looked at for the first time, in seconds; after that the gate itself says when. */
const FIRST_TICK_SECONDS = 60;

export type BeginWaveAnswer =
  | {
      next: 'run';
      /** Input of drs-orchestration-main. */
      componentInput: Record<string, unknown>;
      timeoutSeconds: number;
      runName: string;
    }
  /** An action before or after it is begun, or taken further. */
  | { next: 'act'; action: ActionKey }
  /** Somebody has to answer this question first: whether it may begin, or what now that it has failed. */
  | { next: 'ask'; questionId: string; nextTickSeconds: number }
  /** A job of an attempt that was not over in time still runs; it is looked at again. */
  | { next: 'wait'; seconds: number }
  /** The wave is over, or it is not begun: its record says which. */
  | { next: 'leave' };

/**
 * State "Begin the wave": the boundary before each wave, and after each attempt of it. It looks whether the execution is
 * cancelled or is to pause, how the waves before have ended, and what was decided about one that failed; it checks the
 * approval for the last time before the recovery component is called, and moves the execution to `executing`. A wave that
 * is not begun has its servers skipped by name here; of one that is retried, what is left is frozen here.
 * @throws {DrError} NotApproved when a gate does not carry what its policy asks for, or the execution is over; NotFound
 *   when the wave is not the plan's next one; Conflict when something has changed while it looked: it may be repeated.
 */
export const create: CreateHandler<unknown, BeginWaveAnswer> = (platform) => {
  const settling = settleTools(platform);
  const { store } = settling;
  const announce = announcer(platform);
  const concluding = results(platform, store);
  const leaveTools = { store, results: concluding, now: platform.now };
  const retryTools = { ...settling, results: concluding, log: platform.log, now: platform.now };

  return async (event) => {
    const { executionId, gateId, wave } = eventSchema.parse(event);
    const { execution, plan } = await approved(executionId, gateId);
    const numbers = runsOf(plan.waves);
    const before = numbers.slice(0, Math.max(0, numbers.indexOf(wave)));
    const pauseGateId = pauseGateIdOf(wave);
    const [[known], ended, pause, around] = await Promise.all([
      store.getWaves(executionId, [wave]),
      store.getWaves(executionId, before).then((records) => Promise.all(records.map(withDecision))),
      store.getGate(executionId, pauseGateId),
      aroundWaves(store, execution),
    ]);
    const earlier = ended.map((record) => ({ ...record, actionProblem: around.actionProblem(record.wave) }));
    if (known !== undefined) {
      // Whoever left the wave may have died between its record and its result.
      const { notBegun, startedAt } = known;
      if (notBegun !== undefined)
        await leaveTools.results.conclude({ ...runOfWave(execution, plan, wave), startedAt }, notBegun);
      return await after({ execution, plan, gateId, around }, known);
    }
    if (!numbers.includes(wave) || earlier.length < before.length) {
      throw new DrError('NotFound', `Wave ${wave} of ${executionId} is not the next one. Nothing more was done.`);
    }
    if (pause?.status === 'approved' && !isPassed(pause)) {
      throw new DrError('NotApproved', `The pause ${pauseGateId} does not carry the votes that its policy asks for.`);
    }
    const decided = stepBefore({ execution, wave, earlier, pause });
    switch (decided.step) {
      case 'leave': {
        // What was begun before it is followed to its end, as launches are.
        const running = execution.cancelRequested === undefined ? undefined : around.next(wave, 'pre');
        if (running?.step === 'act') return { next: 'act', action: running.key };
        await leaveWave(leaveTools, { execution, plan, wave }, decided.problem);
        return { next: 'leave' };
      }
      case 'pause':
        return asked(pauseGateId);
      case 'run':
        return await beginWith(around.next(wave, 'pre'), { execution, plan, gateId, wave, pause });
    }
  };

  /** The wave, once what is to be done before it is done. */
  async function beginWith(
    first: ActionStep,
    of: { execution: ExecutionRecord; plan: PlanRecord; gateId: string; wave: number; pause: GateRecord | undefined },
  ): Promise<BeginWaveAnswer> {
    const { execution, plan, gateId, wave, pause } = of;
    switch (first.step) {
      case 'ask':
        return asked(actionGateIdOf(first.key));
      case 'stop':
        await leaveWave(leaveTools, { execution, plan, wave }, first.problem);
        return { next: 'leave' };
      case 'act':
      case 'done':
        await begin(execution, plan, wave);
        await forgetPause(execution, pause);
        if (first.step === 'act') return { next: 'act', action: first.key };
        return { next: 'run', ...callOf(execution, plan, { gateId, wave, attempt: 1 }) };
    }
  }

  /** What follows a wave of which an attempt has ended. A redrive comes here again. */
  async function after(
    of: { execution: ExecutionRecord; plan: PlanRecord; gateId: string; around: AroundWaves },
    record: WaveRecord,
  ): Promise<BeginWaveAnswer> {
    const { execution, plan, gateId } = of;
    const { executionId } = execution;
    const { wave } = record;
    const { decision } = await withDecision(record);
    const decided = stepAfter({ execution, record, decision, frozenAttempt: lastAttemptOf(plan, wave) });
    switch (decided.step) {
      case 'over':
        return isPassedOver(record, decision, execution) ? await afterwards(of, wave) : { next: 'leave' };
      case 'ask':
        return asked(decisionGateIdOf(wave, decided.attempt));
      case 'retry': {
        const { attempt } = decided;
        await begin(execution, plan, wave);
        const decidedAt = decision?.settledAt ?? record.endedAt;
        const retry = await retryWave(retryTools, { execution, plan, wave, attempt, decidedAt });
        if (retry.step === 'wait') return { next: 'wait', seconds: retry.seconds };
        if (retry.step === 'run') return { next: 'run', ...callOf(execution, plan, { gateId, wave, attempt }) };
        const [last = record] = await store.getWaves(executionId, [wave]);
        return await after(of, last);
      }
    }
  }

  /** What is to be done after a wave, and at last whether somebody has to release the end. */
  async function afterwards(
    { execution, plan, around }: { execution: ExecutionRecord; plan: PlanRecord; around: AroundWaves },
    wave: number,
  ): Promise<BeginWaveAnswer> {
    const step = around.next(wave, 'post');
    switch (step.step) {
      case 'act':
        await begin(execution, plan, wave);
        return { next: 'act', action: step.key };
      case 'ask':
        return asked(actionGateIdOf(step.key));
      case 'stop':
        return { next: 'leave' };
      case 'done': {
        const end = around.openEnd(wave);
        return end === undefined ? { next: 'leave' } : asked(end.gateId);
      }
    }
  }

  /** How a wave ended, with the question about its last attempt, where there was one. */
  async function withDecision(record: WaveRecord): Promise<WaveRecord & { decision?: GateRecord }> {
    const { executionId, wave, attempt = 1, nextPhaseReady } = record;
    if (nextPhaseReady) return record;
    const decision = await store.getGate(executionId, decisionGateIdOf(wave, attempt));
    if (decision === undefined) return record;
    const { status, answer, gateId } = decision;
    if (status === 'approved' && (answer === undefined || !isPassedWith(decision, answer))) {
      throw new DrError('NotApproved', `The decision ${gateId} does not carry the votes that its policy asks for.`);
    }
    return { ...record, decision };
  }

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

function asked(questionId: string): BeginWaveAnswer {
  return { next: 'ask', questionId, nextTickSeconds: FIRST_TICK_SECONDS };
}

function isOver(executionId: string): DrError {
  return new DrError('NotApproved', `The execution ${executionId} is over. Nothing more was done.`);
}

/** The call of the recovery component for one wave. */
function callOf(
  execution: ExecutionRecord,
  plan: PlanRecord,
  { gateId, wave, attempt }: { gateId: string; wave: number; attempt: number },
) {
  const { executionId, correlationId, verb, service, requester } = execution;
  const options = optionsOfWave(execution, wave);
  // A caller's own fields of these names would be taken for a retry that nobody decided, or another wave.
  const { attempt: _, wave: __, ...metadata } = execution.metadata ?? {};
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
        ...(execution.recoveryPlan === undefined ? {} : { wave }),
        ...(attempt > 1 ? { attempt } : {}),
      },
    },
    timeoutSeconds: options.maxWaitMinutes * 60 + MARGIN_SECONDS,
    runName: `${executionId}-${runNameOf(wave, attempt)}`,
  };
}

export const handler = onLambda(create);
