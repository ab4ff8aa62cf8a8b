import type { ComponentOptions } from '../domain/contract.ts';
import { messageOf } from '../domain/errors.ts';
import type { AccountDiscovery } from '../domain/plan.ts';
import { type MeantServer, type RunWave, wavesWith } from '../domain/recovery-run.ts';
import { matchesTags } from '../domain/server.ts';
import type { Verb } from '../domain/vocabulary.ts';
import { crossAccountMetrics } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { logAbout } from '../observability/redact.ts';
import type { Configuration } from '../platform/configuration.ts';
import { type Platform, printerOf } from '../platform/platform.ts';
import { type Questions, stagingAccountReaders } from '../platform/staging-account.ts';

/** What is to be discovered: the servers with all of these tags, or of these waves, as this verb needs to know them. */
export interface Wanted {
  verb: Verb;
  tags: Record<string, string>;
  /** Of a recovery plan: its waves say which servers are meant, whatever their tags. */
  waves?: readonly Pick<RunWave, 'wave' | 'selectors'>[];
  options: Pick<ComponentOptions, 'pointInTime' | 'pointInTimeSnapshot' | 'sourceServerIds'>;
}

/** For whom it is discovered: named in logs and beside metrics. */
export interface Asker {
  executionId: string;
  correlationId: string;
}

/** Discovers servers in every staging account. */
export type Discover = (wanted: Wanted, asker: Asker) => Promise<AccountDiscovery[]>;

/**
 * Looks for the servers that are wanted in every staging account at the same time. An account that cannot be read is
 * an answer too: what to do about it is the plan's decision.
 */
export function fleetDiscovery(platform: Platform, configuration: Configuration): Discover {
  const readerOf = stagingAccountReaders(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });
  return async (wanted, { executionId, correlationId }) => {
    const questions = questionsOf(wanted);
    const { waves, tags, options } = wanted;
    const isMeant = (server: MeantServer) =>
      (options.sourceServerIds?.includes(server.sourceServerId) ?? true) &&
      (waves === undefined ? matchesTags(server.tags, tags) : wavesWith(waves, server).length > 0);
    const accounts = await configuration.stagingAccounts();
    return await Promise.all(
      accounts.map(async (account) => {
        const { accountId, region, maxServers, priority } = account;
        const configured = { accountId, region, maxServers, priority };
        const log = logAbout(platform.log, { executionId, correlationId, accountId, region });
        try {
          const found = await readerOf(account).discover(isMeant, questions, log);
          writeMetrics(crossAccountMetrics(accountId), { executionId, correlationId });
          return { ...configured, ...found };
        } catch (error) {
          log.error('A staging account could not be read', { error: messageOf(error) });
          return { ...configured, servers: [], unreachable: messageOf(error) };
        }
      }),
    );
  };
}

/** What the rules of a verb look at beyond servers, instances and jobs. */
function questionsOf({ verb, options }: Wanted): Questions {
  const isLaunch = verb === 'drill' || verb === 'failover';
  const { pointInTime, pointInTimeSnapshot } = options;
  return {
    launchSettings: isLaunch,
    quotas: isLaunch || verb === 'status',
    ...(pointInTime === undefined ? {} : { snapshots: { until: pointInTime } }),
    ...(pointInTimeSnapshot === undefined ? {} : { snapshots: 'all' as const }),
  };
}
