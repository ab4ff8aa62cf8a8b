import { DrError } from '../domain/errors.ts';
import { freezePlan, type Plan, type PlanRequest, plannedVerb, stoppedWhenIdle } from '../domain/plan.ts';
import { drillPolicyOf } from '../domain/policy.ts';
import type { ExecutionRecord, RecoveryPlanRecord } from '../domain/records.ts';
import { selectionOf } from '../domain/request.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { Discover } from './discovery.ts';

/** What a plan is made for: an execution, or what would be one. */
export type PlannedFor = Pick<
  ExecutionRecord,
  'executionId' | 'correlationId' | 'verb' | 'application' | 'waves' | 'tags' | 'options' | 'recoveryPlan' | 'endsDrill'
>;

/**
 * Finds what an execution would act on and checks it: the plan, as it would be frozen now. Nothing is stored. A request
 * and somebody who only wants to see what one would do get the same answer.
 * @param recovery which servers and actions the waves have, where they are those of a recovery plan
 * @param approved the plan that was approved before, when the fleet is looked at again
 * @throws {DrError} ConfigurationError when a document is missing or wrong; ValidationError for the verb status.
 */
export type DiscoverPlan = (
  execution: PlannedFor,
  revision: number,
  recovery?: Omit<RecoveryPlanRecord, 'executionId'>,
  approved?: PlanRequest['approved'],
) => Promise<Plan>;

export function planDiscovery(config: Pick<Configuration, 'policies'>, discoverFleet: Discover): DiscoverPlan {
  return async (execution, revision, recovery, approved) => {
    const { verb, application, waves, tags, options, recoveryPlan } = execution;
    if (recovery?.version !== recoveryPlan?.version) {
      throw new DrError(
        'PlanChanged',
        `The recovery plan has changed at the moment when it was asked for. Nothing was started: ask again.`,
      );
    }
    const policies = await config.policies();
    const discoveries = await discoverFleet({ verb, tags, options, waves: recovery?.waves }, execution);
    const plan = freezePlan(
      {
        verb: plannedVerb(verb),
        waves,
        ...(recovery === undefined || recoveryPlan === undefined
          ? {}
          : { recoveryPlan: { ...recovery, planName: recoveryPlan.planName, settings: recoveryPlan } }),
        options,
        instancesMayBeGone: execution.endsDrill !== undefined,
        policy: drillPolicyOf(policies, application),
        selection: selectionOf(tags, waves, recoveryPlan?.planName),
        revision,
        approved,
      },
      discoveries,
    );
    return stoppedWhenIdle(plan);
  };
}
