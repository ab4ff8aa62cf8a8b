import { applyLate, requireStatusChecks } from '../domain/account-outcome.ts';
import { cutForRetry, instancesOf, isFailedBackCentrally, lastAttemptOf } from '../domain/batches.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { groupBy } from '../domain/groups.ts';
import type { BatchRecord, ExecutionRecord, PlanRecord } from '../domain/records.ts';
import { optionsOfWave } from '../domain/request.ts';
import { isGone } from '../domain/server.ts';
import { JOB_TAG } from '../domain/vocabulary.ts';
import { isLaunched, type LeftServer, leftOf } from '../domain/waves.ts';
import { logAbout } from '../observability/redact.ts';
import type { Log } from '../platform/platform.ts';
import type { StagingAccountReader } from '../platform/staging-account.ts';
import { type Results, runOfWave } from './results.ts';
import { accountReader, detailsReader, foundJob, type SettleTools } from './settle-account.ts';

/** What it takes to retry a wave. */
export interface RetryTools extends SettleTools {
  results: Results;
  log: Log;
  now: () => number;
}

/** What is retried. */
export interface Retry {
  execution: ExecutionRecord;
  plan: PlanRecord;
  wave: number;
  /** From 2. */
  attempt: number;
  /** When it was decided, in milliseconds since the epoch. */
  decidedAt: number;
}

export type RetryStep =
  /** Its batches are frozen. */
  | { step: 'run' }
  /** A job of an earlier attempt still runs. */
  | { step: 'wait'; seconds: number }
  /** Nothing is left to be done: the attempt has its result. */
  | { step: 'over' };

/** Least time between two looks at a job that still runs, in seconds. */
const LEAST_WAIT_SECONDS = 60;
/** Waits grow to this part of the time since the decision: a day of waiting must not fill the machine's history. */
const WAIT_PART = 6;

/**
 * Prepares another attempt of a wave. The jobs of the earlier ones are read first: what was launched late is launched, and
 * a job that still runs is waited for, as long as one run may take. What is left then is frozen as batches of its own, so
 * that nothing is in two jobs. What still runs after that, and what cannot be read, stays as it is: nobody knows enough to
 * start it again. Repeated, it changes nothing more.
 */
export async function retryWave(tools: RetryTools, retry: Retry): Promise<RetryStep> {
  const { execution, plan, wave, attempt, decidedAt } = retry;
  if (lastAttemptOf(plan, wave) >= attempt) return { step: 'run' };
  const left = leftOf(await tools.store.getBatches(plan, { wave }));
  const byAccount = groupBy(left, ({ batch }) => `${batch.accountId}/${batch.region}`);
  const looks = await Promise.all([...byAccount.values()].map((ofAccount) => lookAgain(tools, retry, ofAccount)));

  const age = (tools.now() - decidedAt) / 1_000;
  const timeLeft = optionsOfWave(execution, wave).maxWaitMinutes * 60 - age;
  if (looks.some(({ isRunning }) => isRunning) && timeLeft > 0) {
    const seconds = Math.ceil(Math.min(Math.max(LEAST_WAIT_SECONDS, age / WAIT_PART), timeLeft));
    return { step: 'wait', seconds };
  }
  const warnings = looks.flatMap(({ warning }) => warning ?? []);
  if (warnings.length > 0) await tools.store.addWarnings(plan, warnings);
  const again = looks
    .flatMap(({ again }) => again)
    .map(({ batch: { accountId, region }, server }) => ({ accountId, region, server }));
  if (again.length === 0) {
    await tools.results.conclude({ ...runOfWave(execution, plan, wave, attempt), startedAt: tools.now() });
    return { step: 'over' };
  }
  const { revision, verb } = plan;
  const batches = cutForRetry({ revision, verb, options: execution.options }, { wave, attempt }, again);
  if (!(await tools.store.freezeRetry(plan, batches))) {
    throw new DrError('Conflict', `Attempt ${attempt} of wave ${wave} was frozen by somebody else at the same time.`);
  }
  return { step: 'run' };
}

/** What is left of a wave in one account, now that its jobs have been read again. */
interface Look {
  /** What may be tried again. */
  again: LeftServer<BatchRecord>[];
  isRunning: boolean;
  /** Set when the account could not be read. */
  warning?: string;
}

async function lookAgain(tools: RetryTools, retry: Retry, left: LeftServer<BatchRecord>[]): Promise<Look> {
  const [first] = left;
  if (first === undefined) return { again: [], isRunning: false };
  const { executionId, correlationId } = retry.execution;
  const { accountId, region } = first.batch;
  const log = logAbout(tools.log, { executionId, correlationId, accountId, region });
  try {
    const reader = await accountReader(tools, { accountId, region });
    const batches = [...new Set(left.map(({ batch }) => batch))];
    const looks = await Promise.all(batches.map((batch) => lookAtBatch({ ...tools, log, reader }, retry, batch)));
    return {
      again: left.filter(({ batch, server }) => looks[batches.indexOf(batch)]?.open.includes(server.sourceServerId)),
      isRunning: looks.some(({ isRunning }) => isRunning),
    };
  } catch (error) {
    // A lost race is tried again by the machine; an account that cannot be read must not hold up the others.
    if (error instanceof DrError && error.code === 'Conflict') throw error;
    log.warn('An account could not be read before a retry', { error: messageOf(error) });
    const warning = `The staging account ${accountId} (${region}) could not be read before the retry: nothing was tried again there.`;
    return { again: [], isRunning: false, warning };
  }
}

/** Reads a batch's job again and keeps what it has come to. `open`: ids of the servers that may be tried again. */
async function lookAtBatch(
  tools: RetryTools & { reader: StagingAccountReader },
  { execution, plan }: Retry,
  batch: BatchRecord,
): Promise<{ open: string[]; isRunning: boolean }> {
  // Its jobs are at the origin, where the next step of the failback reads them before it starts one.
  if (plan.verb === 'failback' && isFailedBackCentrally(batch)) return { open: openOf(batch), isRunning: false };
  const { reader, store } = tools;
  const [job, participants] = await read(reader, plan, batch);
  const late = applyLate(batch, participants, plan.verb);
  let now = late;
  if (late !== batch) {
    const detailed = await detailsReader(tools, plan)(late);
    now = execution.options.statusChecks ? requireStatusChecks(detailed) : detailed;
    if (!(await store.replaceBatch(now))) {
      throw new DrError('Conflict', `The batch ${batch.batchId} was changed at the same time.`);
    }
  }
  const open = openOf(now);
  if (job === undefined || job.status === 'COMPLETED') return { open, isRunning: false };
  // A termination may name its instances alone.
  const isInJob = (id: string) =>
    job.participants.some((participant) => participant.id === id || participant.id === '');
  return { open: open.filter((id) => !isInJob(id)), isRunning: open.some(isInJob) };
}

/** The job of a batch, if DRS still knows it, and what is known of its servers, or of the instances that are gone. */
async function read(reader: StagingAccountReader, plan: PlanRecord, batch: BatchRecord) {
  if (plan.verb !== 'terminate') {
    const jobs = await reader.jobsWithTags({ [JOB_TAG.executionId]: plan.executionId }, plan.frozenAt);
    const job = jobs.map(foundJob).find(({ batchId }) => batchId === batch.batchId);
    return [job, job?.participants ?? []] as const;
  }
  // TERMINATE jobs carry no tags, and what counts is whether the instances are still there.
  const ids = batch.servers.flatMap(instancesOf).map(({ recoveryInstanceId }) => recoveryInstanceId);
  const [jobs, instances] = await Promise.all([
    reader.jobs(batch.jobId === undefined ? [] : [batch.jobId]),
    reader.instances(ids),
  ]);
  const standing = instances.filter(({ state }) => !isGone(state)).map(({ recoveryInstanceId }) => recoveryInstanceId);
  const gone = ids
    .filter((id) => !standing.includes(id))
    .map((instanceId) => ({ id: '', status: 'TERMINATED', instanceId }));
  return [jobs.map(foundJob)[0], gone] as const;
}

function openOf({ servers }: BatchRecord): string[] {
  const open = leftOf([{ batchId: '', accountId: '', region: '', status: 'finished', servers }]);
  return open.filter(({ server }) => !isLaunched(server)).map(({ server }) => server.sourceServerId);
}
