import { freezePlan, type Plan, type PlanRequest, plannedVerb, stoppedWhenIdle } from '../domain/plan.ts';
import { drillPolicyOf } from '../domain/policy.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { selectionOf } from '../domain/request.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { Discover } from './discovery.ts';

/** What a plan is made for: an execution, or what would be one. */
export type PlannedFor = Pick<
  ExecutionRecord,
  'executionId' | 'correlationId' | 'verb' | 'application' | 'waves' | 'tags' | 'options'
>;

/**
 * Finds what an execution would act on and checks it: the plan, as it would be frozen now. Nothing is stored. A request
 * and somebody who only wants to see what one would do get the same answer.
 * @param approved the plan that was approved before, when the fleet is looked at again
 * @throws {DrError} ConfigurationError when a document is missing or wrong; ValidationError for the verb status.
 */
export type DiscoverPlan = (
  execution: PlannedFor,
  revision: number,
  approved?: PlanRequest['approved'],
) => Promise<Plan>;

export function planDiscovery(config: Pick<Configuration, 'policies'>, discoverFleet: Discover): DiscoverPlan {
  return async (execution, revision, approved) => {
    const { verb, application, waves, tags, options } = execution;
    const policies = await config.policies();
    const discoveries = await discoverFleet(execution, execution);
    const plan = freezePlan(
      {
        verb: plannedVerb(verb),
        waves,
        options,
        policy: drillPolicyOf(policies, application),
        selection: selectionOf(tags, waves),
        revision,
        approved,
      },
      discoveries,
    );
    return stoppedWhenIdle(plan);
  };
}
