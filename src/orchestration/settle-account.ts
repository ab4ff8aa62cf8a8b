import { applyExecutorResult, applyFoundJobs, type ExecutorResult, type FoundJob } from '../domain/account-outcome.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import type { BatchRecord, PlanRecord } from '../domain/records.ts';
import { isBatchTerminal } from '../domain/status.ts';
import { JOB_TAG } from '../domain/vocabulary.ts';
import { type Configuration, configuration } from '../platform/configuration.ts';
import { type ExecutionStore, executionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';
import { type StagingAccountReader, stagingAccountReaders } from '../platform/staging-account.ts';

/** What the executor left: its result, or the reason why it gave none. */
export type AccountOutcome = { result: ExecutorResult } | { failure: string };

export interface SettleTools {
  platform: Platform;
  store: ExecutionStore;
  configuration: Configuration;
  readerOf: ReturnType<typeof stagingAccountReaders>;
}

export function settleTools(platform: Platform): SettleTools {
  return {
    platform,
    store: executionStore(platform),
    configuration: configuration(platform),
    readerOf: stagingAccountReaders(platform),
  };
}

/**
 * Writes the final state of every server of an account: from the executor's result, or, when it died, from the jobs
 * that carry the execution's tags. Batches that are over stay as they are, so that it may be repeated.
 * @throws when the account cannot be read after its executor died: then nobody knows yet, and it must be tried again.
 */
export async function settleAccount(
  tools: SettleTools,
  plan: PlanRecord,
  account: { accountId: string; region: string },
  outcome: AccountOutcome,
): Promise<{ launched: number; failed: number; skipped: number }> {
  const { platform, store } = tools;
  const reader = await readerOf(tools, account);
  const jobs = 'failure' in outcome ? await foundJobs(reader, plan) : [];
  const open = (await store.getBatches(plan, account)).filter((batch) => !isBatchTerminal(batch.status));
  for (const batch of open) {
    await settle(batch);
  }
  const servers = (await store.getBatches(plan, account)).flatMap((batch) => batch.servers);
  const count = (state: string) => servers.filter((server) => server.state === state).length;
  return { launched: count('launched'), failed: count('failed'), skipped: count('skipped') };

  /** Progress may be recorded at the same moment: a lost race is read again and retried. */
  async function settle(batch: BatchRecord): Promise<void> {
    const ended =
      'failure' in outcome ? applyFoundJobs(batch, jobs, outcome.failure) : applyExecutorResult(batch, outcome.result);
    if (await store.replaceBatch({ ...batch, ...(await withDetails(ended)) })) return;
    const current = await store.getBatch(batch.executionId, batch.batchId);
    if (current === undefined) throw new DrError('NotFound', `The batch ${batch.batchId} is gone.`);
    if (!isBatchTerminal(current.status)) await settle(current);
  }

  /** Address and launch time are read for the report; without them the launch still stands. */
  async function withDetails<T extends Pick<BatchRecord, 'servers'>>(batch: T): Promise<T> {
    const ids = batch.servers.filter((server) => server.state === 'launched').map((server) => server.sourceServerId);
    if (ids.length === 0) return batch;
    try {
      const instances = await reader.launchedInstances(ids);
      return {
        ...batch,
        servers: batch.servers.map((server) => {
          const instance = instances.find(
            (candidate) =>
              candidate.sourceServerId === server.sourceServerId &&
              (server.recoveryInstanceId === undefined || candidate.recoveryInstanceId === server.recoveryInstanceId),
          );
          if (server.state !== 'launched' || instance === undefined) return server;
          const { recoveryInstanceId, ec2InstanceId, privateIp, launchTime } = instance;
          return { ...server, recoveryInstanceId, ec2InstanceId, privateIp, launchTime };
        }),
      };
    } catch (error) {
      platform.log.warn('The launched instances could not be read', { ...account, error: messageOf(error) });
      return batch;
    }
  }
}

async function readerOf(
  tools: SettleTools,
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

async function foundJobs(reader: StagingAccountReader, plan: PlanRecord): Promise<FoundJob[]> {
  const jobs = await reader.jobsWithTags({ [JOB_TAG.executionId]: plan.executionId }, plan.frozenAt);
  return jobs.map((job) => ({
    batchId: job.tags?.[JOB_TAG.batchId] ?? '',
    jobId: job.jobID ?? '',
    status: job.status ?? 'unknown',
    participants: (job.participatingServers ?? []).map((server) => ({
      id: server.sourceServerID ?? '',
      status: server.launchStatus ?? 'PENDING',
      instanceId: server.recoveryInstanceID,
    })),
  }));
}
