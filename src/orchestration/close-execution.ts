import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { plannedVerb } from '../domain/plan.ts';
import type { ExecutionRecord, PlanRecord, Problem } from '../domain/records.ts';
import { lockNameOf, runsOf } from '../domain/request.ts';
import { NOTHING_DONE } from '../domain/result.ts';
import { type ExecutionStatus, isTerminal } from '../domain/status.ts';
import { cancelGates } from '../gates/vote.ts';
import { logAbout } from '../observability/redact.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';
import { STATUS_OF_OUTCOME } from './finish.ts';
import { leaveWave } from './leave-wave.ts';
import { readableCause } from './readable-cause.ts';
import { results, runOfWave } from './results.ts';
import { settleAccount, settleTools } from './settle-account.ts';

/** From the state machine itself, or from EventBridge when a machine of dr-execution has ended by itself. */
const eventSchema = z.union([
  z.strictObject({ executionId: z.string(), failure: z.object({ error: z.string(), cause: z.string() }) }),
  z
    .object({ detail: z.object({ name: z.string(), status: z.string(), cause: z.string().nullish() }) })
    .transform(({ detail }) => ({
      executionId: detail.name,
      failure: { error: detail.status, cause: detail.cause ?? 'The state machine was stopped.' },
    })),
]);

/**
 * Ends an execution whose machine has failed: open gates are cancelled, jobs of the wave that was begun are looked for by
 * their tags, every server of it and of the waves after it gets a final state, the lock is freed. An execution that is
 * over only has its lock freed.
 */
export const create: CreateHandler<unknown, { executionId: string; status: ExecutionStatus }> = (platform) => {
  const tools = settleTools(platform);
  const { store } = tools;
  const concluding = results(platform, store);
  const leaveTools = { store, results: concluding, now: platform.now };
  const announce = announcer(platform);

  return async (event) => {
    const { executionId, failure } = eventSchema.parse(event);
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
  };

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
    const over = await store.getWaves(executionId, waves);
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
    for (const { accountId, region } of accountsOf(plan)) {
      const log = logAbout(platform.log, { executionId, correlationId, accountId, region });
      await settleAccount({ ...tools, log }, plan, { wave, accountId, region }, { failure });
    }
    await concluding.conclude(runOfWave(execution, plan, wave));
  }
};

function accountsOf(plan: PlanRecord): PlanRecord['accounts'] {
  return plan.accounts.filter((account) => account.servers > 0);
}

export const handler = onLambda(create);
