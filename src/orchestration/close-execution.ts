import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { CLOSED_AFTER_MINUTES } from '../../blocks/machine-stopped.ts';
import { lastAttemptOf } from '../domain/batches.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { plannedVerb } from '../domain/plan.ts';
import type { ExecutionRecord, PlanRecord, Problem } from '../domain/records.ts';
import { runsOf } from '../domain/request.ts';
import { NOTHING_DONE } from '../domain/result.ts';
import { EXECUTION_STATUSES, type ExecutionStatus, isTerminal } from '../domain/status.ts';
import { cancelGates } from '../gates/vote.ts';
import { logAbout } from '../observability/redact.ts';
import { readSettings } from '../platform/environment.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { afterDrill } from './after-drill.ts';
import { announcer } from './announce.ts';
import { CLOSE_EVENT } from './close-event.ts';
import { STATUS_OF_OUTCOME } from './finish.ts';
import { leaveWave } from './leave-wave.ts';
import { releaseLocks, releaseServers } from './locks.ts';
import { readableCause } from './readable-cause.ts';
import { results, runOfWave } from './results.ts';
import { settleAccount, settleTools } from './settle-account.ts';
import { SWEEP_EVENT } from './sweep-event.ts';

/** An execution whose machine Step Functions does not know: between the two, the stream starts it. In milliseconds. */
const MACHINE_IS_STARTED_WITHIN_MS = 600_000;

/** How long somebody may set a dead machine going again before its execution is closed, in milliseconds (ours): as its card says. */
const RESUMABLE_FOR_MS = CLOSED_AFTER_MINUTES * 60_000;

const failureSchema = z.object({ error: z.string(), cause: z.string() });

const eventSchema = z.union([
  /** From the clock. */
  z.strictObject({ sweep: z.literal(SWEEP_EVENT.sweep) }),
  /** From the machine itself: it gives up. */
  z.strictObject({ executionId: z.string(), failure: failureSchema }),
  /** From the machine itself: a run of the recovery component has failed, and the machine goes on. */
  z.strictObject({ executionId: z.string(), wave: z.int(), failure: failureSchema }),
  /** From the central bus: somebody wants an execution closed whose machine has died. */
  z
    .object({ 'detail-type': z.literal(CLOSE_EVENT.detailType), detail: z.object({ executionId: z.string() }) })
    .transform(({ detail }) => ({ asked: detail.executionId })),
  /**
   * From EventBridge: a machine of dr-execution has ended by itself. Of a machine that is encrypted with a key of ours the
   * event says nothing of the error (Step Functions developer guide, Data at rest encryption): Step Functions is asked.
   */
  z
    .object({ detail: z.object({ name: z.string(), status: z.string() }) })
    .transform(({ detail }) => ({ died: detail.name })),
]);

interface Failure {
  error: string;
  cause: string;
}

interface Closed {
  executionId: string;
  status: ExecutionStatus;
}

/**
 * Ends an execution whose machine has failed: open gates are cancelled, jobs of the wave that was begun are looked for by
 * their tags, every server of it and of the waves after it gets a final state, the locks are freed. An execution that is
 * over only has its locks freed.
 *
 * A machine that died from outside after something was begun can be set going again: that is noted first, so that the card
 * can ask, and the execution is closed when somebody says so or nobody has within an hour. Every five minutes it looks at
 * all that are not over, for machines of which the rule did not tell, and for that hour.
 *
 * Of a machine that goes on, a failed run of the recovery component is settled as the wave's result.
 */
export const create: CreateHandler<unknown, Closed | { closed: string[] } | { wave: number }> = (platform) => {
  const { DR_EXECUTION_ARN } = readSettings(platform.environment, 'DR_EXECUTION_ARN');
  const sfn = new SFNClient({ credentials: platform.credentials });
  const tools = settleTools(platform);
  const { store } = tools;
  const concluding = results(platform, store);
  const leaveTools = { store, results: concluding, now: platform.now };
  const announce = announcer(platform);
  const after = afterDrill(platform, store);

  return async (event) => {
    const parsed = eventSchema.parse(event);
    if ('sweep' in parsed) return { closed: await sweep() };
    if ('wave' in parsed) return await settleWave(parsed);
    if ('asked' in parsed) return await closeDead(await known(parsed.asked));
    if ('died' in parsed) return await toldOfDeath(await known(parsed.died));
    return await close(parsed);
  };

  async function known(executionId: string): Promise<ExecutionRecord> {
    const execution = await store.getExecution(executionId);
    if (execution === undefined) throw new DrError('NotFound', `There is no execution ${executionId}.`);
    return execution;
  }

  /** The word may come late, or twice: somebody may have set the machine going again meanwhile. */
  async function toldOfDeath(execution: ExecutionRecord): Promise<Closed> {
    const { executionId, status } = execution;
    const failure = await endOfMachine(execution);
    return failure === undefined ? { executionId, status } : await died(execution, failure);
  }

  /** What cannot be gone on with is closed at once: nothing of it was begun, or it is over. */
  async function died(execution: ExecutionRecord, failure: Failure): Promise<Closed> {
    const { executionId, status, launchStartedAt, machineStopped, correlationId } = execution;
    if (launchStartedAt === undefined || isTerminal(status)) return await close({ executionId, failure });
    if (machineStopped !== undefined && isToClose(execution, machineStopped)) return await closeDead(execution);
    const stopped = { code: failure.error, message: readableCause(failure), at: platform.now() };
    const isNew = machineStopped === undefined && (await store.noteMachineStopped(executionId, stopped));
    if (isNew) {
      const about = { executionId, correlationId, error: failure.error };
      platform.log.error('The machine of an execution has died; somebody may set it going again', about);
    }
    return { executionId, status };
  }

  /** Who presses Resume at the last moment has another hour for it. A cancel whose word was lost is found here. */
  function isToClose({ cancelRequested, resumeRequested }: ExecutionRecord, { at }: { at: number }): boolean {
    const since = Math.max(at, resumeRequested?.at ?? at);
    return cancelRequested !== undefined || platform.now() - since >= RESUMABLE_FOR_MS;
  }

  /** Never one whose machine runs again: what it begins would be nobody's. */
  async function closeDead(execution: ExecutionRecord): Promise<Closed> {
    const { executionId, status, machineStopped } = execution;
    if (machineStopped === undefined) return { executionId, status };
    if ((await endOfMachine(execution)) === undefined) {
      await store.replaceMachineStopped(executionId, machineStopped);
      return { executionId, status };
    }
    return await close({ executionId, failure: { error: machineStopped.code, cause: machineStopped.message } });
  }

  /** The machine goes on with what people decide about the wave. */
  async function settleWave(of: { executionId: string; wave: number; failure: Failure }): Promise<{ wave: number }> {
    const { executionId, wave, failure } = of;
    const execution = await known(executionId);
    const plan = await store.getPlan(executionId, execution.planRevision);
    if (plan === undefined) throw new DrError('NotFound', `The plan of ${executionId} is gone.`);
    const { correlationId } = execution;
    platform.log.error('A run of the recovery component has failed', {
      ...{ executionId, correlationId, error: failure.error },
      cause: readableCause(failure),
    });
    const [earlier] = await store.getWaves(executionId, [wave]);
    await endWave(
      { ...execution, launchStartedAt: earlier?.startedAt ?? (await beganAt(execution, wave)) },
      plan,
      wave,
      readableCause(failure),
    );
    return { wave };
  }

  /** When a wave without a result was begun: after the one before it. Milliseconds since the epoch. */
  async function beganAt(
    { executionId, waves, launchStartedAt }: ExecutionRecord,
    wave: number,
  ): Promise<number | undefined> {
    const numbers = runsOf(waves);
    const before = await store.getWaves(executionId, numbers.slice(0, numbers.indexOf(wave)));
    return before.at(-1)?.endedAt ?? launchStartedAt;
  }

  /** The answer is the ids of those that were closed. One that cannot be closed holds up no other. */
  async function sweep(): Promise<string[]> {
    const open = EXECUTION_STATUSES.filter((status) => !isTerminal(status));
    const closed: string[] = [];
    for (const { executionId, correlationId } of (await Promise.all(open.map(store.executionsWithStatus))).flat()) {
      try {
        // The index may be behind.
        const execution = await known(executionId);
        const failure = await endOfMachine(execution);
        const { machineStopped } = execution;
        if (failure === undefined && machineStopped !== undefined) {
          await store.replaceMachineStopped(executionId, machineStopped);
        }
        if (failure === undefined) continue;
        const { status } = await died(execution, failure);
        if (isTerminal(status)) closed.push(executionId);
      } catch (error) {
        const about = { executionId, correlationId, error: messageOf(error) };
        platform.log.error('An execution could not be looked at; it is looked at again', about);
      }
    }
    return closed;
  }

  /** How the machine of an execution has ended; undefined while it runs, or may still be started. */
  async function endOfMachine({ executionId, startTime }: ExecutionRecord): Promise<Failure | undefined> {
    const executionArn = `${DR_EXECUTION_ARN.replace(':stateMachine:', ':execution:')}:${executionId}`;
    try {
      const { status = 'RUNNING', error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'RUNNING') return undefined;
      return { error: error ?? status, cause: cause ?? 'The state machine has ended without finishing it.' };
    } catch (error) {
      if (!(error instanceof ExecutionDoesNotExist)) throw error;
      if (platform.now() - startTime < MACHINE_IS_STARTED_WITHIN_MS) return undefined;
      return { error: 'ExecutionDoesNotExist', cause: 'Its state machine was never started, or is gone.' };
    }
  }

  async function close({ executionId, failure }: { executionId: string; failure: Failure }): Promise<Closed> {
    const execution = await known(executionId);
    if (!isTerminal(execution.status)) {
      const { correlationId } = execution;
      const about = { executionId, correlationId, error: failure.error };
      platform.log.error('An execution is closed after a failure', about);
      await cancelGates({ store, now: platform.now }, executionId);
      await endActions(executionId);
      const problem = { code: failure.error, message: readableCause(failure) };
      const hasBegun = execution.launchStartedAt !== undefined;
      await (hasBegun ? endLaunches(execution, problem) : endUnlaunched(execution, problem));
      await announce.executionFailed(execution, problem);
    }
    await releaseLocks(store, execution);
    await after.prove(executionId);
    await after.price(executionId);
    // A machine may die after servers were taken and before the plan that names their accounts was stored.
    await releaseServers(store, [{ accounts: await tools.configuration.stagingAccounts() }], executionId);
    return { executionId, status: (await store.getExecution(executionId))?.status ?? execution.status };
  }

  /** Nobody follows them any more. Whoever has ended one a moment before keeps the last word. */
  async function endActions(executionId: string): Promise<void> {
    const running = (await store.getActions(executionId)).filter(({ status }) => status === 'running');
    for (const { hindrance: _, sendingSince: __, ...action } of running) {
      const detail = 'The execution was closed before it had ended: what it has started may still run.';
      const ended = await store.replaceAction({ ...action, status: 'failed', detail, endedAt: platform.now() });
      if (!ended) return await endActions(executionId);
    }
  }

  async function endUnlaunched(execution: ExecutionRecord, problem: Problem): Promise<void> {
    await store.moveExecution(execution.executionId, 'failed', {
      outcome: 'failed',
      endTime: platform.now(),
      problem: { ...problem, message: `${problem.message} ${NOTHING_DONE[plannedVerb(execution.verb)]}` },
    });
  }

  async function endLaunches(execution: ExecutionRecord, problem: Problem): Promise<void> {
    const { executionId } = execution;
    const plan = await store.getPlan(executionId, execution.planRevision);
    if (plan === undefined) throw new DrError('NotFound', `The plan of ${executionId} is gone.`);
    const message = `The execution ended with ${problem.code}`;
    const waves = runsOf(plan.waves);
    const over = (await store.getWaves(executionId, waves)).filter(
      // A retry that was begun has no result yet; one that found nothing left to do has one, and no batches.
      ({ wave, attempt = 1 }) => lastAttemptOf(plan, wave) <= attempt,
    );
    const startedAt = over.at(-1)?.endedAt ?? execution.launchStartedAt;
    for (const wave of waves) {
      if (over.some((record) => record.wave === wave)) continue;
      if (wave === execution.currentWave)
        await endWave({ ...execution, launchStartedAt: startedAt }, plan, wave, `${message}.`);
      else await leaveWave(leaveTools, { execution, plan, wave }, { code: problem.code, message });
    }
    const { outcome, summary, resultLocation } = await concluding.concludeExecution(execution, plan);
    const endTime = platform.now();
    await store.moveExecution(executionId, STATUS_OF_OUTCOME[outcome], {
      ...(await after.changesAt(execution, plan, endTime)),
      outcome,
      summary,
      resultLocation,
      endTime,
      problem: { ...problem, message: `${problem.message} What was done is in the result.` },
    });
  }

  /** The wave that ran: what its jobs came to. */
  async function endWave(execution: ExecutionRecord, plan: PlanRecord, wave: number, failure: string): Promise<void> {
    const { executionId, correlationId } = execution;
    const attempt = lastAttemptOf(plan, wave);
    for (const { accountId, region } of accountsOf(plan)) {
      const log = logAbout(platform.log, { executionId, correlationId, accountId, region });
      await settleAccount({ ...tools, log }, plan, { wave, attempt, accountId, region }, { failure });
    }
    await concluding.conclude(runOfWave(execution, plan, wave, attempt));
  }
};

function accountsOf(plan: PlanRecord): PlanRecord['accounts'] {
  return plan.accounts.filter((account) => account.servers > 0);
}

export const handler = onLambda(create);
