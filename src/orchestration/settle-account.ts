import type { Job } from '@aws-sdk/client-drs';
import {
  applyExecutorResult,
  applyFoundInstances,
  applyFoundJobs,
  applyOriginFailback,
  type FoundInstance,
  type FoundJob,
  requireGone,
} from '../domain/account-outcome.ts';
import { instancesOf, isFailedBackCentrally } from '../domain/batches.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import type { ExecutorOutput } from '../domain/executor-contract.ts';
import { rememberedFailback } from '../domain/origin-failback.ts';
import type { BatchRecord, PlanRecord } from '../domain/records.ts';
import { isBatchTerminal, isDone } from '../domain/status.ts';
import { JOB_TAG } from '../domain/vocabulary.ts';
import { type Configuration, configuration } from '../platform/configuration.ts';
import { type ExecutionStore, executionStore } from '../platform/execution-store.ts';
import type { Log, Platform } from '../platform/platform.ts';
import { type StagingAccountReader, stagingAccountReaders } from '../platform/staging-account.ts';

/** What the executor left: its result, or the reason why it gave none. */
export type AccountOutcome = { result: ExecutorOutput } | { failure: string };

export interface SettleTools {
  store: ExecutionStore;
  configuration: Configuration;
  readerOf: ReturnType<typeof stagingAccountReaders>;
}

export function settleTools(platform: Platform): SettleTools {
  return {
    store: executionStore(platform),
    configuration: configuration(platform),
    readerOf: stagingAccountReaders(platform),
  };
}

/** Servers of an account by how they ended. */
export interface AccountCounts {
  succeeded: number;
  failed: number;
  skipped: number;
}

/**
 * Writes the final state of every server of an account in an attempt of a wave: from the executor's result, or, when it died, from what DRS says
 * now: the jobs that carry the execution's tags, and for a termination, whose jobs carry none, the instances. Batches
 * that are over stay as they are, so that it may be repeated. The log is about this run and account.
 * @throws when the account cannot be read after its executor died: then nobody knows yet, and it must be tried again.
 */
export async function settleAccount(
  tools: SettleTools & { log: Log },
  plan: PlanRecord,
  account: { wave: number; attempt: number; accountId: string; region: string },
  outcome: AccountOutcome,
): Promise<AccountCounts> {
  const { log, store } = tools;
  const reader = await accountReader(tools, account);
  const open = (await store.getBatches(plan, account)).filter((batch) => !isBatchTerminal(batch.status));
  const withDetails = detailsReader({ reader, log }, plan);
  const found = 'failure' in outcome ? await findOut(reader, plan, open) : undefined;
  for (const batch of open) {
    await settle(batch);
  }
  const servers = (await store.getBatches(plan, account)).flatMap((batch) => batch.servers);
  const count = (state: string) => servers.filter((server) => server.state === state).length;
  return {
    succeeded: servers.filter((server) => isDone(server.state)).length,
    failed: count('failed'),
    skipped: count('skipped'),
  };

  /** Progress may be recorded at the same moment: a lost race is read again and retried. */
  async function settle(batch: BatchRecord): Promise<void> {
    const ended = await withDetails(ending(batch));
    if (await store.replaceBatch({ ...batch, ...ended })) return;
    const current = await store.getBatch(batch.executionId, batch.batchId);
    if (current === undefined) throw new DrError('NotFound', `The batch ${batch.batchId} is gone.`);
    if (!isBatchTerminal(current.status)) await settle(current);
  }

  function ending(batch: BatchRecord): BatchRecord {
    // Executors have no part in it: what failback-origin did not write down was not begun.
    if (plan.verb === 'failback' && isFailedBackCentrally(batch)) {
      return applyOriginFailback(batch, rememberedFailback(batch));
    }
    if ('result' in outcome) return applyExecutorResult(batch, outcome.result, plan.verb);
    return plan.verb === 'terminate'
      ? applyFoundInstances(batch, found?.instances ?? [], outcome.failure)
      : applyFoundJobs(batch, found?.jobs ?? [], outcome.failure, plan.verb);
  }
}

/**
 * Adds to a batch that is over what people want to know of its servers: when its job began, where they run, and whether
 * what is terminated is gone in EC2, too. Details are read for the report; without them what was done still stands. The log
 * is about this run and account.
 */
export function detailsReader(
  { reader, log }: { reader: StagingAccountReader; log: Log },
  { verb }: Pick<PlanRecord, 'verb'>,
): (batch: BatchRecord) => Promise<BatchRecord> {
  return withDetails;

  async function withDetails(batch: BatchRecord): Promise<BatchRecord> {
    const jobStartedAt = batch.jobStartedAt ?? (await startOf(batch.jobId));
    const started = jobStartedAt === undefined ? batch : { ...batch, jobStartedAt };
    if (verb === 'terminate') return await withWhatStands(started);
    const ids = batch.servers.filter((server) => server.state === 'launched').map((server) => server.sourceServerId);
    // A server that has failed back runs where it came from: nothing of it is in this account any more.
    if (ids.length === 0 || verb === 'failback') return started;
    const instances = await tolerant(() => reader.launchedInstances(ids), 'The launched instances could not be read');
    return {
      ...started,
      servers: batch.servers.map((server) => {
        const instance = (instances ?? []).find(
          (candidate) =>
            candidate.sourceServerId === server.sourceServerId &&
            (server.recoveryInstanceId === undefined || candidate.recoveryInstanceId === server.recoveryInstanceId),
        );
        return server.state === 'launched' && instance !== undefined ? { ...server, ...instance } : server;
      }),
    };
  }

  /** An instance whose record was deleted from DRS runs on: only EC2 can say that it is gone. */
  async function withWhatStands(batch: BatchRecord): Promise<BatchRecord> {
    const ids = batch.servers.filter(({ state }) => state === 'terminated').map((server) => server.sourceServerId);
    if (ids.length === 0) return batch;
    const standing = await tolerant(
      () => reader.standingInstances(ids),
      'The terminated instances could not be looked at',
    );
    return standing === undefined ? batch : requireGone(batch, standing);
  }

  async function startOf(jobId: string | undefined): Promise<number | undefined> {
    if (jobId === undefined) return undefined;
    const [job] = (await tolerant(() => reader.jobs([jobId]), 'A job could not be read')) ?? [];
    const startedAt = Date.parse(job?.creationDateTime ?? '');
    return Number.isNaN(startedAt) ? undefined : startedAt;
  }

  async function tolerant<T>(read: () => Promise<T>, problem: string): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      log.warn(problem, { error: messageOf(error) });
      return undefined;
    }
  }
}

/**
 * The reader of a configured staging account.
 * @throws {DrError} ConfigurationError when it is not configured any more.
 */
export async function accountReader(
  tools: Pick<SettleTools, 'configuration' | 'readerOf'>,
  account: { accountId: string; region: string },
): Promise<StagingAccountReader> {
  const configured = (await tools.configuration.stagingAccounts()).find(
    (candidate) => candidate.accountId === account.accountId && candidate.region === account.region,
  );
  if (configured === undefined) {
    throw new DrError('ConfigurationError', `The staging account ${account.accountId} is no longer configured.`);
  }
  return tools.readerOf(configured);
}

interface Found {
  jobs: FoundJob[];
  instances: FoundInstance[];
}

/** What DRS says of the batches that are open, now that nobody follows them any more. */
async function findOut(reader: StagingAccountReader, plan: PlanRecord, open: BatchRecord[]): Promise<Found> {
  if (plan.verb === 'terminate') {
    const ids = open
      .flatMap((batch) => batch.servers.flatMap(instancesOf))
      .map((instance) => instance.recoveryInstanceId);
    return { jobs: [], instances: await reader.instances(ids) };
  }
  const jobs = await reader.jobsWithTags({ [JOB_TAG.executionId]: plan.executionId }, plan.frozenAt);
  return { jobs: jobs.map(foundJob), instances: [] };
}

/** A job of DRS as the rules of an account's outcome want it. */
export function foundJob(job: Job): FoundJob {
  return {
    batchId: job.tags?.[JOB_TAG.batchId] ?? '',
    jobId: job.jobID ?? '',
    status: job.status ?? 'unknown',
    participants: (job.participatingServers ?? []).map((server) => ({
      id: server.sourceServerID ?? '',
      status: server.launchStatus ?? 'PENDING',
      instanceId: server.recoveryInstanceID,
    })),
  };
}
