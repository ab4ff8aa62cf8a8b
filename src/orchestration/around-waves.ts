import { DrError } from '../domain/errors.ts';
import { isPassed, isPassedWith } from '../domain/gate.ts';
import type { ActionPhase, ExecutionRecord, GateRecord, Problem, WaveRecord } from '../domain/records.ts';
import { actionsFor } from '../domain/recovery-run.ts';
import { runsOf, waveSettingsOf } from '../domain/request.ts';
import { ACTION_FAILED, type ActionStep, nextAction } from '../domain/wave-actions.ts';
import { CANCELLED, cancelledText, endProblemOf, onWaveFailureOf } from '../domain/waves.ts';
import { actionGateIdOf, pauseAfterGateIdOf } from '../gates/gate-timing.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** What is done before and after the waves of a recovery plan, as it is stored at one moment. */
export interface AroundWaves {
  /** Which action before or after a wave comes next. */
  next(wave: number, phase: ActionPhase): ActionStep;
  /** Why an action after a wave lets nothing more begin; undefined for none. */
  actionProblem(wave: number): Problem | undefined;
  /** The question whether the execution is to end, that is still to be asked or answered; undefined for none. */
  openEnd(wave: number): { gateId: string } | undefined;
  /**
   * Why all is not well although the servers may be: an action after a wave failed or was not done, or nobody released
   * the end.
   * @param ended how every wave ended
   */
  afterwards(ended: readonly EndedWave[]): Problem | undefined;
}

type EndedWave = Pick<WaveRecord, 'wave' | 'nextPhaseReady' | 'notBegun'>;

const NOTHING: AroundWaves = {
  next: () => ({ step: 'done' }),
  actionProblem: () => undefined,
  openEnd: () => undefined,
  afterwards: () => undefined,
};

/**
 * Reads what an execution's recovery plan wants before and after its waves, and how far that is.
 * @throws {DrError} NotFound when the recovery plan of an execution is gone. What is asked of the answer throws
 *   NotApproved for a decision that does not carry the votes of its policy.
 */
export async function aroundWaves(store: ExecutionStore, execution: ExecutionRecord): Promise<AroundWaves> {
  const { executionId, recoveryPlan, verb, cancelRequested } = execution;
  if (recoveryPlan === undefined) return NOTHING;
  const [recovery, records, gates] = await Promise.all([
    store.getRecoveryPlan(executionId),
    store.getActions(executionId),
    store.getGates(executionId),
  ]);
  if (recovery === undefined) throw new DrError('NotFound', `The recovery plan of ${executionId} is gone.`);
  const gateOf = (gateId: string) => gates.find((gate) => gate.gateId === gateId);
  const last = runsOf(execution.waves).at(-1);

  const around: AroundWaves = {
    next: (wave, phase) => stepOf(wave, phase, cancelRequested !== undefined),
    actionProblem(wave) {
      const step = around.next(wave, 'post');
      return step.step === 'stop' ? step.problem : undefined;
    },
    openEnd(wave) {
      if (wave !== last || waveSettingsOf(execution, wave)?.pauseAfter !== true) return undefined;
      if (cancelRequested !== undefined) return undefined;
      const gateId = pauseAfterGateIdOf(wave);
      const gate = gateOf(gateId);
      if (gate?.status === 'approved' && !isPassed(gate)) throw withoutVotes(gate);
      return gate === undefined || gate.status === 'pending' ? { gateId } : undefined;
    },
    afterwards(ended) {
      try {
        const problem = problemAfter(ended);
        return problem === undefined ? undefined : { ...problem, message: `${problem.message}.` };
      } catch (error) {
        // It ends all the same, and frees what it holds.
        if (error instanceof DrError && error.code === 'NotApproved')
          return { code: error.code, message: error.message };
        throw error;
      }
    },
  };
  return around;

  function stepOf(wave: number, phase: ActionPhase, isCancelled: boolean): ActionStep {
    const planned = recovery?.waves.find((candidate) => candidate.wave === wave);
    return nextAction({
      wave,
      phase,
      actions: planned === undefined ? [] : actionsFor(planned, phase, verb),
      records,
      decisionOf: (key) => decided(gateOf(actionGateIdOf(key))),
      isCancelled,
      ...unasked(execution),
    });
  }

  function problemAfter(ended: readonly EndedWave[]): Problem | undefined {
    const went = ended.filter(({ nextPhaseReady, notBegun }) => nextPhaseReady && notBegun === undefined);
    const problems = [
      ...ended.flatMap(({ wave }) => around.actionProblem(wave) ?? []),
      ...went.flatMap(({ wave }) => undone(wave) ?? unreleased(wave) ?? []),
      ...went.flatMap(({ wave }) => (around.openEnd(wave) === undefined ? [] : (endProblemOf(wave, PENDING) ?? []))),
    ];
    return problems[0] ?? (last === undefined ? undefined : endProblemOf(last, gateOf(pauseAfterGateIdOf(last))));
  }

  /** Of a wave that went well: somebody cancelled what was to follow it, or the execution was closed before. */
  function undone(wave: number): Problem | undefined {
    if (stepOf(wave, 'post', false).step === 'done') return undefined;
    const what = `not all was done that was to be done after wave ${wave}`;
    return cancelRequested === undefined
      ? { code: ACTION_FAILED, message: `The execution was closed: ${what}` }
      : { code: CANCELLED, message: `${cancelledText(cancelRequested)}: ${what}` };
  }

  /** Of the last wave, where it went well: somebody cancelled before anybody was asked to release the end. */
  function unreleased(wave: number): Problem | undefined {
    const isToBeReleased = wave === last && waveSettingsOf(execution, wave)?.pauseAfter === true;
    if (!isToBeReleased || cancelRequested === undefined || gateOf(pauseAfterGateIdOf(wave)) !== undefined)
      return undefined;
    const what = `nobody released the pause after wave ${wave}`;
    return { code: CANCELLED, message: `${cancelledText(cancelRequested)}: ${what}` };
  }
}

/** As a question that nobody has answered. */
const PENDING = { status: 'pending' } as const;

/** A machine is not kept waiting by a question, and who passes over failures is not asked about one. */
function unasked(execution: ExecutionRecord): { unasked?: 'stop' | 'continue' } {
  if (execution.options.continueOnFailure) return { unasked: 'continue' };
  return onWaveFailureOf(execution) === 'ask' ? {} : { unasked: 'stop' };
}

function decided(gate: GateRecord | undefined): GateRecord | undefined {
  if (gate?.status === 'approved' && (gate.answer === undefined || !isPassedWith(gate, gate.answer))) {
    throw withoutVotes(gate);
  }
  return gate;
}

function withoutVotes({ gateId }: GateRecord): DrError {
  return new DrError('NotApproved', `The decision ${gateId} does not carry the votes that its policy asks for.`);
}
