import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { lastAttemptOf } from '../domain/batches.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { plannedVerb } from '../domain/plan.ts';
import type { ExecutionRecord, PlanRecord, Problem } from '../domain/records.ts';
import { lockNameOf, runsOf } from '../domain/request.ts';
import { NOTHING_DONE } from '../domain/result.ts';
import { EXECUTION_STATUSES, type ExecutionStatus, isTerminal } from '../domain/status.ts';
import { cancelGates } from '../gates/vote.ts';
import { logAbout } from '../observability/redact.ts';
import { readSettings } from '../platform/environment.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';
import { STATUS_OF_OUTCOME } from './finish.ts';
import { leaveWave } from './leave-wave.ts';
import { readableCause } from './readable-cause.ts';
import { results, runOfWave } from './results.ts';
import { settleAccount, settleTools } from './settle-account.ts';
import { SWEEP_EVENT } from './sweep-event.ts';

/** An execution whose machine Step Functions does not know: between the two, the stream starts it. In milliseconds. */
const MACHINE_IS_STARTED_WITHIN_MS = 600_000;

/** From the state machine itself, from EventBridge when a machine of dr-execution has ended by itself, or from the clock. */
const eventSchema = z.union([
  z.strictObject({ sweep: z.literal(SWEEP_EVENT.sweep) }),
  z.strictObject({ executionId: z.string(), failure: z.object({ error: z.string(), cause: z.string() }) }),
  z
    .object({ detail: z.object({ name: z.string(), status: z.string(), cause: z.string().nullish() }) })
    .transform(({ detail }) => ({
      executionId: detail.name,
      failure: { error: detail.status, cause: detail.cause ?? 'The state machine was stopped.' },
    })),
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
 * their tags, every server of it and of the waves after it gets a final state, the lock is freed. An execution that is
 * over only has its lock freed.
 *
 * Every five minutes it looks at all that are not over: one whose machine has ended is closed as if the rule had told it.
 */
export const create: CreateHandler<unknown, Closed | { closed: string[] }> = (platform) => {
  const { DR_EXECUTION_ARN } = readSettings(platform.environment, 'DR_EXECUTION_ARN');
  const sfn = new SFNClient({ credentials: platform.credentials });
  const tools = settleTools(platform);
  const { store } = tools;
  const concluding = results(platform, store);
  const leaveTools = { store, results: concluding, now: platform.now };
  const announce = announcer(platform);

  return async (event) => {
    const parsed = eventSchema.parse(event);
    return 'sweep' in parsed ? { closed: await sweep() } : await close(parsed);
  };

  /** The answer is the ids of those that were closed. One that cannot be closed holds up no other. */
  async function sweep(): Promise<string[]> {
    const open = EXECUTION_STATUSES.filter((status) => !isTerminal(status));
    const closed: string[] = [];
    for (const execution of (await Promise.all(open.map(store.executionsWithStatus))).flat()) {
      const { executionId, correlationId } = execution;
      try {
        const failure = await endOfMachine(execution);
        if (failure === undefined) continue;
        await close({ executionId, failure });
        closed.push(executionId);
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
    const execution = await store.getExecution(executionId);
    if (execution === undefined) throw new DrError('NotFound', `There is no execution ${executionId}.`);
    if (!isTerminal(execution.status)) {
      const { correlationId } = execution;
      const about = { executionId, correlationId, error: failure.error };
      platform.log.error('An execution is closed after a failure', about);
      await cancelGates({ store, now: platform.now }, executionId);
      const problem = { code: failure.error, message: readableCause(failure) };
      const hasBegun = execution.launchStartedAt !== undefined;
      await (hasBegun ? endLaunches(execution, problem) : endUnlaunched(execution, problem));
      await announce.executionFailed(execution, problem);
    }
    await store.unlockApplication(lockNameOf(execution), executionId);
    return { executionId, status: (await store.getExecution(executionId))?.status ?? execution.status };
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
      // A retry that was begun has no result yet.
      ({ wave, attempt = 1 }) => lastAttemptOf(plan, wave) === attempt,
    );
    const startedAt = over.at(-1)?.endedAt ?? execution.launchStartedAt;
    for (const wave of waves) {
      if (over.some((record) => record.wave === wave)) continue;
      if (wave === execution.currentWave)
        await endWave({ ...execution, launchStartedAt: startedAt }, plan, wave, `${message}.`);
      else await leaveWave(leaveTools, { execution, plan, wave }, { code: problem.code, message });
    }
    const { outcome, summary, resultLocation } = await concluding.concludeExecution(execution, plan);
    await store.moveExecution(executionId, STATUS_OF_OUTCOME[outcome], {
      outcome,
      summary,
      resultLocation,
      endTime: platform.now(),
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
