import { DrError } from '../domain/errors.ts';
import { freezePlan } from '../domain/plan.ts';
import type { PlanRecord } from '../domain/records.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { fleetDiscovery } from './discovery.ts';
import { type Run, runSchema } from './run.ts';

/** A staging account in which something is to be launched. */
export interface AccountOfRun {
  accountId: string;
  region: string;
}

/**
 * State "Discover the servers": for an execution, the accounts of its approved plan; for a direct call, discovers and
 * freezes a plan first. No accounts when the plan may not run: the result says why.
 */
export const create: CreateHandler<unknown, { accounts: AccountOfRun[] }> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const discoverFleet = fleetDiscovery(platform, config);

  return async (event) => {
    const run = runSchema.parse(event);
    const plan = (await store.getPlan(run.executionId, run.planRevision)) ?? (await discoverAndFreeze(run));
    if (plan.stops.length > 0) return { accounts: [] };
    const accounts = plan.accounts.filter((account) => account.servers > 0);
    return { accounts: accounts.map(({ accountId, region }) => ({ accountId, region })) };
  };

  async function discoverAndFreeze(run: Run): Promise<PlanRecord> {
    if (!run.direct) throw new DrError('NotFound', `The plan of ${run.executionId} is gone. Nothing was launched.`);
    const policies = await config.policies();
    const plan = freezePlan(
      {
        verb: run.action,
        wave: run.wave,
        options: run.options,
        policy: policies.drill,
        selection: Object.entries(run.tags)
          .map(([key, value]) => `${key}=${value}`)
          .join(' and '),
        revision: run.planRevision,
      },
      await discoverFleet(run.tags),
    );
    return await store.freezePlan(run.executionId, plan);
  }
};

export const handler = onLambda(create);
