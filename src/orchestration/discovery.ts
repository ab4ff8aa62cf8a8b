import { messageOf } from '../domain/errors.ts';
import type { AccountDiscovery } from '../domain/plan.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { Platform } from '../platform/platform.ts';
import { stagingAccountReaders } from '../platform/staging-account.ts';

/** Discovers what carries given tags. */
export type Discover = (tags: Record<string, string>) => Promise<AccountDiscovery[]>;

/**
 * Looks for the servers with all of `tags` in every staging account at the same time. An account that cannot be read is
 * an answer too: what to do about it is the plan's decision.
 */
export function fleetDiscovery(platform: Platform, configuration: Configuration): Discover {
  const readerOf = stagingAccountReaders(platform);
  return async (tags) => {
    const accounts = await configuration.stagingAccounts();
    return await Promise.all(
      accounts.map(async (account) => {
        const { accountId, region } = account;
        try {
          return { accountId, region, servers: await readerOf(account).discover(tags) };
        } catch (error) {
          platform.log.error('A staging account could not be read', { accountId, region, error: messageOf(error) });
          return { accountId, region, servers: [], unreachable: messageOf(error) };
        }
      }),
    );
  };
}
