import type { Matches } from '../../blocks/library.ts';
import { messageOf } from '../domain/errors.ts';
import { type GroupServer, membersOf, type ProtectionGroup, recordsOutside } from '../domain/protection-group.ts';
import type { PlanContext } from '../domain/validate-plan.ts';
import { TAG } from '../domain/vocabulary.ts';
import type { ServerName } from '../platform/server-details.ts';
import type { Looker } from './looker.ts';
import type { QueryTools } from './tools.ts';

/** The source servers of all staging accounts, as far as they can be read. */
export interface Fleet {
  servers: ServerName[];
  /** Accounts that could not be read, and why. */
  unread: string[];
  /** True when no account at all could be read. */
  isUnknown: boolean;
}

/** Looks in every staging account at the same time. @throws {DrError} ConfigurationError */
export async function readFleet(tools: Pick<QueryTools, 'config' | 'readerOf' | 'log'>): Promise<Fleet> {
  const accounts = await tools.config.stagingAccounts();
  const unread: string[] = [];
  const names = await Promise.all(
    accounts.map(async (account) => {
      try {
        return await tools.readerOf(account).serverNames();
      } catch (error) {
        const { accountId } = account;
        tools.log.warn('A staging account could not be read', { accountId, error: messageOf(error) });
        unread.push(`${accountId} (${messageOf(error)})`);
        return [];
      }
    }),
  );
  return { servers: names.flat(), unread, isUnknown: unread.length === accounts.length };
}

/** What plans and groups are checked against. Servers are left out where none could be read. */
export async function checkContext(
  tools: Pick<QueryTools, 'config' | 'region'>,
  { servers, isUnknown }: Fleet,
): Promise<Omit<PlanContext, 'groups' | 'plans'>> {
  const targets = await tools.config.targetAccounts();
  const { region } = tools;
  return {
    regions: [region],
    actionRegions: [...new Set([region, ...targets.flatMap(({ regions }) => regions)])],
    ...(isUnknown ? {} : { servers }),
  };
}

/**
 * Servers by name as one person may see them, and how many more there are. A machine that is known in two accounts because
 * it was extended is one.
 */
export function shownServers(
  looker: Looker,
  fleet: Fleet,
  servers: readonly GroupServer[],
): { servers: string[]; hidden: number } {
  const machines = new Map(fleet.servers.map((one) => [keyOf(one), one.stagingSourceServerArn ?? one.arn]));
  const each = [...new Map(servers.map((server) => [machines.get(keyOf(server)) ?? keyOf(server), server])).values()];
  const seen = each.filter(({ tags }) => looker.maySee(tags[TAG.application] ?? ''));
  return { servers: seen.map(({ hostname }) => hostname).sort(), hidden: each.length - seen.length };
}

/** What a group matches, as one person may see it; nothing where no account could be read. */
export function shownMatches(looker: Looker, fleet: Fleet, group: ProtectionGroup): Matches {
  if (fleet.isUnknown) return {};
  const members = membersOf(group, fleet.servers);
  const outside = recordsOutside(members, fleet.servers).filter(({ tags }) =>
    looker.maySee(tags[TAG.application] ?? ''),
  );
  return { ...shownServers(looker, fleet, members), outside };
}

function keyOf({ accountId, region, sourceServerId }: GroupServer): string {
  return `${accountId}/${region}/${sourceServerId}`;
}
