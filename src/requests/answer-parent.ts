import {
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import type { ExecutionRecord, GateRecord, PlanRecord, WaveRecord } from '../domain/records.ts';
import { runsOf } from '../domain/request.ts';
import { isTerminal } from '../domain/status.ts';
import { endingOf } from '../domain/waves.ts';
import { gateIdOf } from '../gates/gate-timing.ts';
import { executionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';

/** What a parent is told: the output of its task, or the error that it can catch. */
export type ParentAnswer = { output: Record<string, unknown> } | { error: string; cause: string };

/** Longest error of a task in characters (Step Functions API: SendTaskFailure takes 256 and 32,768). */
const MAX_CAUSE = 32_768;

/** What is stored of an execution that is over. */
export interface Ended {
  execution: ExecutionRecord;
  /** Empty when no wave was reached. */
  waves?: WaveRecord[];
  plan?: PlanRecord;
  /** The question about the last plan. */
  gate?: GateRecord;
}

/**
 * What the parent of an execution that is over is told. Once the recovery component has run, that is the head of its
 * output, of several waves together, whatever the outcome: a parent goes on by `status` and `nextPhaseReady`, as after a
 * direct call. Otherwise it is an error: Rejected, Expired, Cancelled, or Failed with the reason.
 */
export function parentAnswerOf(ended: Ended): ParentAnswer {
  const { execution, waves = [] } = ended;
  const { executionId, correlationId, verb, metadata } = execution;
  if (waves.some(({ notBegun }) => notBegun === undefined)) {
    const { outcome, summary, nextPhaseReady, problem = execution.problem } = endingOf(waves);
    return {
      output: {
        executionId,
        // What was to follow the waves may have failed, too.
        status: execution.outcome ?? outcome,
        action: verb,
        isDrill: verb === 'drill',
        summary,
        nextPhaseReady: nextPhaseReady && execution.problem === undefined,
        resultLocation: execution.resultLocation ?? '',
        metadata: { ...metadata, correlationId },
        ...(problem === undefined ? {} : { message: problem.message }),
      },
    };
  }
  const { error, cause } = whyNot(ended);
  return { error, cause: `Execution ${executionId}: ${cause}`.slice(0, MAX_CAUSE) };
}

function whyNot({ execution: { status, problem }, plan, gate }: Ended): { error: string; cause: string } {
  switch (status) {
    case 'rejected': {
      const reasons = (gate?.votes ?? []).flatMap(({ reason }) => (reason === undefined ? [] : [`“${reason}”`]));
      return { error: 'Rejected', cause: ['Somebody rejected the request.', ...reasons].join(' ') };
    }
    case 'expired':
      return { error: 'Expired', cause: 'Nobody decided in time.' };
    case 'cancelled':
      return { error: 'Cancelled', cause: problem?.message ?? 'It was cancelled.' };
    default: {
      const reason = problem === undefined ? 'It ended without a result.' : `${problem.code}: ${problem.message}`;
      return { error: 'Failed', cause: [reason, ...(plan?.stops ?? [])].join(' ') };
    }
  }
}

/**
 * Answers the waiting task of a parent, when its execution is over and it was not answered yet. A token that Step
 * Functions no longer knows belongs to a wait that is over: the parent has gone, or an earlier answer did land. That is
 * recorded; anything else that fails is thrown and tried again. Tokens are not logged.
 */
export function parentAnswerer(platform: Platform): (executionId: string) => Promise<void> {
  const store = executionStore(platform);
  const sfn = new SFNClient({ credentials: platform.credentials });

  return async (executionId) => {
    const parent = await store.getParent(executionId);
    if (parent?.status !== 'waiting') return;
    const execution = await store.getExecution(executionId);
    if (execution === undefined || !isTerminal(execution.status)) return;
    const [waves, plan, gate] = await Promise.all([
      store.getWaves(executionId, runsOf(execution.waves)),
      store.getPlan(executionId, execution.planRevision),
      store.getGate(executionId, gateIdOf(execution.planRevision)),
    ]);
    const answer = parentAnswerOf({ execution, waves, plan, gate });
    const status = (await send(parent.taskToken, answer)) ? 'answered' : 'gone';
    platform.log.info('The parent of an execution was answered', { executionId, status });
    await store.markParent(executionId, parent.taskToken, status);
  };

  /** False when nobody waits for the answer any more. */
  async function send(taskToken: string, answer: ParentAnswer): Promise<boolean> {
    try {
      if ('output' in answer) {
        await sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(answer.output) }));
      } else {
        await sfn.send(new SendTaskFailureCommand({ taskToken, ...answer }));
      }
      return true;
    } catch (error) {
      if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken)
        return false;
      throw error;
    }
  }
}
