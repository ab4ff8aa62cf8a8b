import { z } from 'zod';
import { latestAttempts } from './batches.ts';
import { type ComponentOutput, outputSchema } from './contract.ts';
import type { Choice, GateStatus } from './gate.ts';
import type { Plan } from './plan.ts';
import type { ExecutionRecord, OnWaveFailure, Problem, WaveRecord } from './records.ts';
import { NO_WAVE, wavesText } from './request.ts';
import { type Batch, type BatchServer, buildOutput, type OutputContext, stoppedBatches, timing } from './result.ts';
import { isDone } from './status.ts';
import type { Outcome, PlannedVerb } from './vocabulary.ts';

/** What comes next in an execution whose waves run one after the other, and what they came to together. */

/** The code of what is not begun because somebody cancelled the execution. */
export const CANCELLED = 'Cancelled';

/** What is known right before a wave. */
export interface BeforeWave {
  execution: Pick<ExecutionRecord, 'cancelRequested' | 'pauseRequested' | 'pauseBefore' | 'options'>;
  wave: number;
  /**
   * How the waves before it ended, in their order, what was decided about those that failed, and why an action after one
   * of them lets nothing more begin.
   */
  earlier: (Pick<WaveRecord, 'wave' | 'outcome' | 'nextPhaseReady' | 'notBegun'> & {
    decision?: WaveDecision;
    actionProblem?: Problem;
  })[];
  /** The question whether it may begin; absent when nobody was asked. */
  pause?: { status: GateStatus };
}

/** The question what is to become of a wave that failed; of its last attempt. */
export interface WaveDecision {
  status: GateStatus;
  /** What was chosen, once it is passed. */
  answer?: Choice;
}

export type WaveStep =
  | { step: 'run' }
  /** Somebody has to release it first. */
  | { step: 'pause' }
  /** It is not begun, and no later one is. */
  | { step: 'leave'; problem: Problem };

/**
 * What is to be done at the boundary before a wave. Who cancels ends everything that has not begun; so does a wave that
 * did not go as it should, unless failures are to be passed over or people decided to continue. A pause that nobody
 * releases in time is no release.
 */
export function stepBefore({ execution, wave, earlier, pause }: BeforeWave): WaveStep {
  const { cancelRequested, pauseRequested, pauseBefore, options } = execution;
  const leave = (code: string, message: string): WaveStep => ({ step: 'leave', problem: { code, message } });
  const left = earlier.find(({ notBegun }) => notBegun !== undefined)?.notBegun;
  if (left !== undefined) return { step: 'leave', problem: left };
  if (cancelRequested !== undefined) {
    return leave(CANCELLED, cancelledText(cancelRequested));
  }
  const unready = earlier.find(({ nextPhaseReady, decision }) => !nextPhaseReady && !isAccepted(decision));
  if (unready !== undefined && !options.continueOnFailure) {
    const ended = `Wave ${unready.wave} ended with ${unready.outcome}`;
    const decided = unready.decision === undefined ? '' : UNACCEPTED[unready.decision.status];
    return leave('WaveFailed', `${ended}${decided}`);
  }
  const stopped = earlier.find(({ actionProblem }) => actionProblem !== undefined)?.actionProblem;
  if (stopped !== undefined) return { step: 'leave', problem: stopped };
  switch (pause?.status) {
    case 'approved':
      return { step: 'run' };
    case 'pending':
      return { step: 'pause' };
    case 'rejected':
      return leave('Stopped', `Stopped at the pause before ${waveName(wave)}`);
    case 'expired':
      return leave('NotReleased', `Nobody released the pause before ${waveName(wave)} in time`);
    case 'cancelled':
      return leave('NotReleased', `The pause before ${waveName(wave)} was cancelled`);
    case undefined:
      return pauseRequested !== undefined || pauseBefore?.includes(wave) === true ? { step: 'pause' } : { step: 'run' };
  }
}

/** True when what comes after a wave may be done: it went as it should, or people decided to go on. */
export function isPassedOver(
  { nextPhaseReady, notBegun }: Pick<WaveRecord, 'nextPhaseReady' | 'notBegun'>,
  decision: WaveDecision | undefined,
  { options }: Pick<ExecutionRecord, 'options'>,
): boolean {
  return notBegun === undefined && (nextPhaseReady || isAccepted(decision) || options.continueOnFailure);
}

function isAccepted(decision: WaveDecision | undefined): boolean {
  return decision?.status === 'approved' && decision.answer === 'continue';
}

/** What became of the question whether to go on all the same. */
const UNACCEPTED: Record<GateStatus, string> = {
  pending: '',
  approved: '',
  rejected: ', and it was stopped there',
  expired: ', and nobody decided about it in time',
  cancelled: ', and the question about it was cancelled',
};

/**
 * Why the end of an execution was not released, where its recovery plan wants somebody to say so; undefined when it was,
 * or nobody was to be asked. Unanswered is no release.
 */
export function endProblemOf(wave: number, pause: { status: GateStatus } | undefined): Problem | undefined {
  switch (pause?.status) {
    case undefined:
    case 'approved':
      return undefined;
    case 'rejected':
      return { code: 'Stopped', message: `Somebody did not release the pause after wave ${wave}` };
    case 'pending':
    case 'expired':
      return { code: 'NotReleased', message: `Nobody released the pause after wave ${wave} in time` };
    case 'cancelled':
      return { code: 'NotReleased', message: `The pause after wave ${wave} was cancelled` };
  }
}

/** What follows a wave that failed: what the request says; else a person is asked, and a machine is not kept waiting. */
export function onWaveFailureOf({
  onWaveFailure,
  service,
}: Pick<ExecutionRecord, 'onWaveFailure' | 'service'>): OnWaveFailure {
  return onWaveFailure ?? (service === undefined ? 'ask' : 'stop');
}

/** What is known of a wave whose last attempt has ended. */
export interface AfterWave {
  execution: Pick<ExecutionRecord, 'cancelRequested' | 'options' | 'onWaveFailure' | 'service'>;
  /** How that attempt ended. */
  record: Pick<WaveRecord, 'attempt' | 'retryable' | 'nextPhaseReady' | 'notBegun'>;
  /** The question what now; absent when nobody was asked. */
  decision?: WaveDecision;
  /** The last attempt that was frozen: one that has begun is run to its end. */
  frozenAttempt: number;
}

export type AfterStep =
  | { step: 'over' }
  /** People decide about this attempt. */
  | { step: 'ask'; attempt: number }
  /** What is left of it is done in this attempt. */
  | { step: 'retry'; attempt: number };

/**
 * What is to be done after a wave. People are asked about one that did not meet its threshold and has something left to
 * do, unless the request passes over failures or wants no question. Unanswered means stop.
 */
export function stepAfter({ execution, record, decision, frozenAttempt }: AfterWave): AfterStep {
  const { attempt = 1, retryable = 0, nextPhaseReady, notBegun } = record;
  if (frozenAttempt > attempt) return { step: 'retry', attempt: frozenAttempt };
  const isAsked =
    notBegun === undefined &&
    !nextPhaseReady &&
    retryable > 0 &&
    !execution.options.continueOnFailure &&
    onWaveFailureOf(execution) === 'ask';
  if (!isAsked || execution.cancelRequested !== undefined) return { step: 'over' };
  if (decision === undefined || decision.status === 'pending') return { step: 'ask', attempt };
  const isRetry = decision.status === 'approved' && decision.answer === 'retry';
  return isRetry ? { step: 'retry', attempt: attempt + 1 } : { step: 'over' };
}

/** A server of a wave that another attempt may take up, and the batch in which it was tried last. */
export interface LeftServer<T extends Batch = Batch> {
  batch: T;
  server: BatchServer;
}

/**
 * The servers of a wave with which nothing was done: those that failed, those that were not started after that, and those
 * whose failback still copies, so that all go on together. One that was launched and did not pass its status checks runs:
 * it is looked at again, and never launched again (see {@link isLaunched}).
 */
export function leftOf<T extends Batch>(batches: readonly T[]): LeftServer<T>[] {
  return latestAttempts(batches).flatMap((batch) =>
    batch.servers.filter(({ state }) => !isDone(state)).map((server) => ({ batch, server })),
  );
}

/** True for a server that has failed although its instance was launched: only its status checks have not passed. */
export function isLaunched({ errorCode }: Pick<BatchServer, 'errorCode'>): boolean {
  return errorCode === 'StatusChecksFailed';
}

/** How many servers of a wave another attempt would take up. What only copies has not failed: a later call goes on with it. */
export function retryableOf(batches: readonly Batch[]): number {
  return leftOf(batches).filter(({ server }) => server.state !== 'copying').length;
}

/** `Cancelled by U0PREQUEST1 (“the reason”)`. */
export function cancelledText({ userId, reason }: NonNullable<ExecutionRecord['cancelRequested']>): string {
  return `Cancelled by ${userId}${reason === undefined ? '' : ` (“${reason}”)`}`;
}

/** Why a wave was not begun, as each of its servers says it: `Wave 1 ended with failed: wave 2 was not begun`. */
export function notBegunText(problem: Problem, waves: readonly number[]): string {
  const were = waves.length > 1 ? 'were' : 'was';
  return `${problem.message}: ${waves.includes(NO_WAVE) ? 'it' : wavesText(waves)} ${were} not begun`;
}

/** What a wave's output is made of. */
export interface WaveFacts
  extends Pick<OutputContext, 'input' | 'batches' | 'startedAt' | 'endedAt' | 'resultLocation' | 'monitoringUrl'> {
  wave: number;
  /** Of all waves; absent when there is none. */
  plan?: Pick<Plan, 'verb' | 'findings' | 'skipped' | 'failed' | 'missingAccounts' | 'warnings' | 'stops'>;
  /** Why it was not begun. */
  notBegun?: Problem;
}

/**
 * The component's output for one wave, from the batches of all its attempts and from what the plan says of its servers.
 * Every discovered server of the wave is in exactly one list: as it stands where it was tried last.
 */
export function outputOfWave({ wave, plan, batches, notBegun, ...facts }: WaveFacts): ComponentOutput {
  const ofWave = <T extends { wave: number }>(servers: T[] = []) => servers.filter((server) => server.wave === wave);
  return buildOutput({
    ...facts,
    batches: plan === undefined ? [] : stoppedBatches(latestAttempts(batches), plan),
    skipped: ofWave(plan?.skipped),
    failed: ofWave(plan?.failed),
    missingAccounts: plan?.missingAccounts ?? [],
    warnings: plan?.warnings ?? [],
    stops: plan?.stops ?? [],
    ...(notBegun === undefined ? {} : { notBegun: notBegunText(notBegun, [wave]) }),
  });
}

function waveName(wave: number): string {
  return wave === NO_WAVE ? 'it' : `wave ${wave}`;
}

/** How an execution has ended, over all its waves. */
export interface ExecutionEnding {
  outcome: Outcome;
  summary: ComponentOutput['summary'];
  nextPhaseReady: boolean;
  /** Milliseconds since the epoch: of what ran, or of when it was decided that nothing does. */
  startedAt: number;
  endedAt: number;
  /** Set when waves were not begun: why, and which; or when what was to follow the last one did not go as it should. */
  problem?: Problem;
}

/**
 * What the waves came to together: success only when each of them was one; a time that was over shows, whatever the
 * others did; partial as soon as something was done, or is still being copied back.
 * @param waves how every wave ended; at least one
 * @param afterwards why all is not well although the servers may be: an action after a wave failed, or nobody released
 *   the end; its message is a sentence
 */
export function endingOf(waves: readonly WaveRecord[], afterwards?: Problem): ExecutionEnding {
  const total = (count: keyof ComponentOutput['summary']) =>
    waves.reduce((sum, { summary }) => sum + summary[count], 0);
  const summary = {
    totalServers: total('totalServers'),
    succeeded: total('succeeded'),
    failed: total('failed'),
    skipped: total('skipped'),
  };
  const begun = waves.filter(({ notBegun }) => notBegun === undefined);
  const timed = begun.length > 0 ? begun : waves;
  const left = waves.filter(({ notBegun }) => notBegun !== undefined);
  const [why] = left.flatMap(({ notBegun }) => notBegun ?? []);
  const outcome = outcomeOfAll(waves, summary.succeeded);
  return {
    outcome: outcome === 'success' && afterwards !== undefined ? 'partial' : outcome,
    summary,
    nextPhaseReady: afterwards === undefined && waves.every(({ nextPhaseReady }) => nextPhaseReady),
    startedAt: Math.min(...timed.map(({ startedAt }) => startedAt)),
    endedAt: Math.max(...timed.map(({ endedAt }) => endedAt)),
    ...(why === undefined
      ? afterwards === undefined
        ? {}
        : { problem: afterwards }
      : {
          problem: {
            code: why.code,
            message: `${notBegunText(
              why,
              left.map(({ wave }) => wave),
            )}.`,
          },
        }),
  };
}

function outcomeOfAll(waves: readonly WaveRecord[], succeeded: number): Outcome {
  const outcomes = waves.map(({ outcome }) => outcome);
  if (outcomes.every((outcome) => outcome === 'success')) return 'success';
  if (outcomes.includes('timeout')) return 'timeout';
  return succeeded > 0 || outcomes.includes('partial') ? 'partial' : 'failed';
}

/**
 * The result of an execution of several waves: what they came to together, and the component's output for each. Every
 * discovered server is in exactly one list of one wave.
 */
export const executionOutputSchema = outputSchema
  .pick({
    status: true,
    action: true,
    isDrill: true,
    summary: true,
    timing: true,
    metadata: true,
    nextPhaseReady: true,
    resultLocation: true,
    message: true,
  })
  .extend({
    executionId: z.string(),
    message: z.string().optional().describe('Why waves were not begun, and which.'),
    waves: z
      .array(
        z.strictObject({
          wave: z.int(),
          begun: z.boolean().describe('False when nothing of it was done: its servers are in skippedServers.'),
          output: outputSchema,
        }),
      )
      .describe('In the order in which they ran.'),
  })
  .meta({ title: 'DRS Execution Output', description: 'Result of one execution of several waves.' });
export type ExecutionOutput = z.infer<typeof executionOutputSchema>;

/** Builds an {@link ExecutionOutput} from how every wave ended and the component's output for it. */
export function buildExecutionOutput(of: {
  executionId: string;
  action: PlannedVerb;
  metadata: Record<string, unknown>;
  resultLocation: string;
  waves: { record: WaveRecord; output: ComponentOutput }[];
  /** What all waves came to together. */
  ending: ExecutionEnding;
}): ExecutionOutput {
  const { waves, action, executionId, metadata, resultLocation } = of;
  const { outcome, summary, nextPhaseReady, startedAt, endedAt, problem } = of.ending;
  return {
    executionId,
    status: outcome,
    action,
    isDrill: action === 'drill',
    summary,
    timing: timing(startedAt, endedAt),
    metadata,
    nextPhaseReady,
    resultLocation,
    ...(problem === undefined ? {} : { message: problem.message }),
    waves: waves.map(({ record, output }) => ({
      wave: record.wave,
      begun: record.notBegun === undefined,
      output,
    })),
  };
}
