import { batchIdStart } from '../domain/batches.ts';
import { DrError } from '../domain/errors.ts';
import { freezePlan, plannedVerb } from '../domain/plan.ts';
import { drillPolicyOf } from '../domain/policy.ts';
import type { PlanRecord } from '../domain/records.ts';
import { applicationOf, hasSeveralWaves, wavesOf } from '../domain/request.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';
import { fleetDiscovery } from './discovery.ts';
import { lockServers } from './locks.ts';
import { type Run, runSchema } from './run.ts';

/** A staging account in which something is to be done. */
export interface AccountOfRun {
  accountId: string;
  region: string;
}

/**
 * State "Discover the servers": for an execution, the accounts of its approved plan that have something to do in this
 * wave; for a direct call, discovers and freezes a plan first. No accounts when the plan may not run: the result says why.
 */
export const create: CreateHandler<unknown, { accounts: AccountOfRun[] }> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const discoverFleet = fleetDiscovery(platform, config);
  const announce = announcer(platform);

  return async (event) => {
    const run = runSchema.parse(event);
    const plan = (await store.getPlan(run.executionId, run.planRevision)) ?? (await discoverAndFreeze(run));
    await announce.started(run, await serversOf(run, plan));
    if (plan.stops.length > 0) return { accounts: [] };
    // An account that is in the plan in several Regions may have nothing to do in one of them: its work is then empty.
    const { wave, attempt = 1 } = run;
    const hasWork = ({ accountId }: AccountOfRun) =>
      plan.batchIds.some((batchId) => batchId.startsWith(batchIdStart(plan.revision, { wave, attempt, accountId })));
    const accounts = plan.accounts.filter((account) => account.servers > 0 && hasWork(account));
    return { accounts: accounts.map(({ accountId, region }) => ({ accountId, region })) };
  };

  /** How many servers the wave has, or this attempt of it. */
  async function serversOf({ wave, attempt = 1 }: Run, plan: PlanRecord): Promise<number> {
    if (!hasSeveralWaves(plan.waves) && attempt === 1) return plan.totalServers;
    const batches = await store.getBatches(plan, { wave, attempt });
    return batches.reduce((sum, { servers }) => sum + servers.length, 0);
  }

  async function discoverAndFreeze(run: Run): Promise<PlanRecord> {
    if (!run.direct) throw new DrError('NotFound', `The plan of ${run.executionId} is gone. Nothing was started.`);
    const policies = await config.policies();
    const plan = freezePlan(
      {
        verb: plannedVerb(run.action),
        waves: wavesOf(run.tags),
        options: run.options,
        policy: drillPolicyOf(policies, applicationOf(run.tags)),
        selection: selectionOf(run.tags),
        revision: run.planRevision,
      },
      await discoverFleet({ verb: run.action, tags: run.tags, options: run.options }, run),
    );
    // It died before it had a plan: else what it takes now would still be nobody's.
    if (run.redrives !== undefined && run.redrives > 0) await store.noteRunResumed(run.executionId, run.redrives);
    const held = plan.stops.length > 0 ? [] : await lockServers(store, plan.batches, run.executionId);
    return await store.freezePlan(run.executionId, { ...plan, stops: [...plan.stops, ...held] });
  }
};

function selectionOf(tags: Run['tags']): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' and ');
}

export const handler = onLambda(create);
