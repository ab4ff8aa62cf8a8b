import { z } from 'zod';
import { DrError, messageOf } from '../domain/errors.ts';
import { ACTION_PHASES, type ActionKey, type ActionRecord, type ExecutionRecord } from '../domain/records.ts';
import type { WaveAction } from '../domain/recovery-plan.ts';
import { actionsFor } from '../domain/recovery-run.ts';
import { logAbout } from '../observability/redact.ts';
import { settleTools } from '../orchestration/settle-account.ts';
import { readSettings } from '../platform/environment.ts';
import { nodeNetwork } from '../platform/network.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { targetRegions } from '../platform/target-account.ts';
import { automations } from './automation.ts';
import { commands } from './commands.ts';
import { healthChecks } from './health-checks.ts';
import { statusChecks } from './status-checks.ts';
import { type ActionKind, NotKeptError, quoted, refusalOf, type Step, type StepContext } from './step.ts';

const eventSchema = z.strictObject({
  executionId: z.string(),
  wave: z.int(),
  phase: z.enum(ACTION_PHASES),
  /** From 1, among the actions of this phase that are done for the execution's verb. */
  index: z.int().min(1),
  attempt: z.int().min(1),
});

/** Whether an action is over, or when it is to be looked at again. */
export type ActionAnswer = { next: 'done' } | { next: 'wait'; seconds: number };

/** Seconds between two steps: a part of the time that it has taken so far, so that hours of waiting take few steps. */
const WAIT = { least: 5, most: 600, share: 0.15 };

/**
 * Takes one action of a wave one step further: starts it, or looks how it stands. What it is and how it stands are written
 * before anything is called and after every answer, so that a step that died is taken again without doing anything twice.
 *
 * When its time is over it is looked at once more: what is done by then counts. A cancelled execution starts nothing any
 * more; what it has started is followed to its end. An error that may pass is met again at the next step; one that will not
 * is the action's end.
 * @throws {DrError} NotFound for an execution or an action that is not there
 */
export const create: CreateHandler<unknown, ActionAnswer> = (platform) => {
  const settings = readSettings(platform.environment, 'CENTRAL_ACCOUNT', 'AWS_REGION');
  const tools = settleTools(platform);
  const { store, configuration } = tools;
  const { now } = platform;
  const targetIn = targetRegions(platform);
  const kinds: Record<WaveAction['actionType'], ActionKind> = {
    ...healthChecks(platform.network ?? nodeNetwork),
    automation: automations({ configuration, targetIn, log: platform.log }),
    ec2Status: statusChecks(tools),
    command: commands({ store, configuration, targetIn, now }),
  };

  return async (event) => {
    const { executionId, ...key } = eventSchema.parse(event);
    const execution = await store.getExecution(executionId);
    if (execution === undefined) throw new DrError('NotFound', `The execution ${executionId} is gone.`);
    const record = (await store.getAction(executionId, key)) ?? (await begin(execution, key));
    if (record.status !== 'running') return { next: 'done' };
    return await takeStep(execution, record);
  };

  /** Writes down that it begins. The answer is what is stored. */
  async function begin(execution: ExecutionRecord, key: ActionKey): Promise<ActionRecord> {
    const { executionId } = execution;
    const record: ActionRecord = {
      executionId,
      ...key,
      ...(await lookedUp(execution, key)),
      version: 1,
      status: 'running',
      startedAt: now(),
    };
    return (await store.createAction(record)) ? record : ((await store.getAction(executionId, key)) ?? record);
  }

  async function lookedUp(
    { executionId, verb }: ExecutionRecord,
    { wave, phase, index }: ActionKey,
  ): Promise<Pick<ActionRecord, 'action' | 'accountId' | 'region'>> {
    const plan = await store.getRecoveryPlan(executionId);
    const run = plan?.waves.find((candidate) => candidate.wave === wave);
    const action = run === undefined ? undefined : actionsFor(run, phase, verb)[index - 1];
    if (action === undefined) {
      throw new DrError('NotFound', `Wave ${wave} of ${executionId} has no ${phase}-wave action ${index}.`);
    }
    if (action.actionType !== 'automation') return { action };
    return {
      action,
      accountId: action.accountId ?? settings.CENTRAL_ACCOUNT,
      region: action.region ?? settings.AWS_REGION,
    };
  }

  async function takeStep(execution: ExecutionRecord, read: ActionRecord): Promise<ActionAnswer> {
    const { actionType, timeoutMinutes } = read.action;
    const kind = kinds[actionType];
    const deadline = read.startedAt + timeoutMinutes * 60_000;
    const isOver = now() >= deadline;
    const isCancelled = execution.cancelRequested !== undefined;
    let record = read;
    const keep: StepContext['keep'] = async (changes) => {
      const next = { ...record, ...changes };
      if (!(await store.replaceAction(next)))
        throw new NotKeptError(`${read.action.actionName} was taken further meanwhile`);
      record = { ...next, version: next.version + 1 };
      return record;
    };
    const contextNow = (): StepContext => ({ execution, record, mayStart: !isOver && !isCancelled, deadline, keep });

    const step = await stepOf(kind, contextNow());
    if (step.status !== 'running') return await end(record, step);
    const { hindrance = record.hindrance } = step;
    const because = hindrance === undefined ? '' : `: ${hindrance}`;
    if (isOver) {
      const abandoned = await kind.abandon?.(contextNow());
      const sentence = `It was not done within ${timeoutMinutes} minutes${because}.`;
      return await end(record, {
        status: 'timed out',
        detail: abandoned === undefined ? sentence : `${sentence} ${abandoned}`,
      });
    }
    const hasBegun = record.references !== undefined || record.sendingSince !== undefined;
    if (isCancelled && !hasBegun) {
      return await end(record, {
        status: 'failed',
        detail: `The execution was cancelled before it was done${because}.`,
      });
    }
    if (!hasBegun && hindrance !== record.hindrance) await keep({ hindrance });
    return { next: 'wait', seconds: waitSeconds(now() - record.startedAt, deadline - now()) };
  }

  async function stepOf(kind: ActionKind, context: StepContext): Promise<Step> {
    const { executionId, action, accountId, region } = context.record;
    try {
      return await kind.step(context);
    } catch (error) {
      if (error instanceof NotKeptError) throw error;
      const place = accountId === undefined ? "the wave's accounts" : `account ${accountId}, ${region}`;
      const documentName = 'documentName' in action ? action.documentName : undefined;
      const refusal = refusalOf(error, { documentName, place });
      if (refusal !== undefined) return { status: 'failed', detail: refusal };
      const about = { action: action.actionName, error: messageOf(error) };
      logAbout(platform.log, { executionId, accountId, region }).warn(
        'A step of an action failed and is taken again',
        about,
      );
      return { status: 'running', hindrance: quoted(messageOf(error)) };
    }
  }

  async function end(
    { hindrance: _, sendingSince: __, ...record }: ActionRecord,
    { status, detail }: Pick<ActionRecord, 'status' | 'detail'>,
  ): Promise<ActionAnswer> {
    const ended = await store.replaceAction({ ...record, status, detail, endedAt: now() });
    if (!ended) throw new NotKeptError(`${record.action.actionName} was taken further meanwhile`);
    return { next: 'done' };
  }
};

/** How long until the next step, never beyond the deadline; both in milliseconds. */
function waitSeconds(elapsed: number, left: number): number {
  const { least, most, share } = WAIT;
  const wanted = Math.min(most, Math.max(least, Math.ceil((elapsed * share) / 1_000)));
  return Math.max(1, Math.min(wanted, Math.ceil(left / 1_000)));
}

export const handler = onLambda(create);
