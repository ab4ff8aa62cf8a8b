import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { isApproved } from '../domain/gate.ts';
import { type Plan, type PlanRequest, plannedVerb } from '../domain/plan.ts';
import { policyOfRequest } from '../domain/policy.ts';
import type { ExecutionRecord, PlanRecord } from '../domain/records.ts';
import { runsOf } from '../domain/request.ts';
import { NOTHING_DONE } from '../domain/result.ts';
import { keepToApproved } from '../domain/second-look.ts';
import { isTerminal } from '../domain/status.ts';
import type { PlannedVerb } from '../domain/vocabulary.ts';
import { CANCELLED, cancelledText } from '../domain/waves.ts';
import { firstTickSeconds, gateIdOf } from '../gates/gate-timing.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { planDiscovery } from './discover-plan.ts';
import { fleetDiscovery } from './discovery.ts';
import { lockServers } from './locks.ts';

const eventSchema = z.strictObject({ executionId: z.string(), approvedGateId: z.string().optional() });

export type PrepareAnswer =
  /** The plan is to be approved at this gate. */
  | { outcome: 'ask'; gateId: string; nextTickSeconds: number }
  /** The fleet is still what was approved. */
  | { outcome: 'go'; waves: { wave: number }[] }
  /** Nothing is to be done: the execution is over, or the plan may not run. */
  | { outcome: 'end' };

/**
 * States "Prepare the plan" and "Look at the fleet again": resolves, discovers, checks and freezes what would be
 * launched. After an approval it looks once more; when the plan hash has changed, the new plan is frozen as the next
 * revision and asked about again. An execution that was cancelled meanwhile ends here.
 */
export const create: CreateHandler<unknown, PrepareAnswer> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const discoverPlan = planDiscovery(config, fleetDiscovery(platform, config));

  return async (event) => {
    const { executionId, approvedGateId } = eventSchema.parse(event);
    const execution = await store.getExecution(executionId);
    if (execution === undefined) throw new DrError('NotFound', `There is no execution ${executionId}.`);
    if (isTerminal(execution.status) || (await endIfCancelled(execution))) return { outcome: 'end' };
    return approvedGateId === undefined ? await plan(execution, 1) : await lookAgain(execution, approvedGateId);
  };

  async function discover(
    execution: ExecutionRecord,
    revision: number,
    approved?: PlanRequest['approved'],
  ): Promise<Plan> {
    const recovery =
      execution.recoveryPlan === undefined ? undefined : await store.getRecoveryPlan(execution.executionId);
    return await discoverPlan(execution, revision, recovery, approved);
  }

  async function plan(execution: ExecutionRecord, revision: number): Promise<PrepareAnswer> {
    const stored = await store.getPlan(execution.executionId, revision);
    return await put(execution, stored ?? (await freeze(execution, await discover(execution, revision))));
  }

  /** Nothing is asked about servers that somebody else does something with. */
  async function freeze({ executionId }: ExecutionRecord, found: Plan): Promise<PlanRecord> {
    const held = found.stops.length > 0 ? [] : await lockServers(store, found.batches, executionId);
    return await store.freezePlan(executionId, { ...found, stops: [...found.stops, ...held] });
  }

  async function lookAgain(execution: ExecutionRecord, gateId: string): Promise<PrepareAnswer> {
    const gate = await store.getGate(execution.executionId, gateId);
    const approved = gate && (await store.getPlan(execution.executionId, gate.planRevision));
    if (!gate || !approved || !isApproved(gate, approved)) {
      throw new DrError(
        'NotApproved',
        `The gate ${gateId} is not approved. ${NOTHING_DONE[plannedVerb(execution.verb)]}`,
      );
    }
    // Only a drill is asked about again. In a disaster nobody is: servers that are gone fail by name, and what could
    // hurt is looked at by the executor right before it acts.
    if (execution.verb === 'failover') {
      await keepTo(approved, await discover(execution, approved.revision + 1));
    }
    if (execution.verb !== 'drill') return go(execution);
    // An earlier try of this state has asked again already.
    if (execution.planRevision > approved.revision) return await plan(execution, execution.planRevision);
    const servers = (await store.getBatches(approved)).flatMap((batch) => batch.servers);
    const now = await discover(execution, approved.revision + 1, { servers, cleanups: approved.cleanups });
    const unchanged = now.hash === approved.hash && now.stops.length === 0;
    if (unchanged) return go(execution);
    return await put(execution, await freeze(execution, now));
  }

  /** Repeated, it changes nothing more. What would stop another drill is told as a warning: the executor acts on it. */
  async function keepTo(approved: PlanRecord, now: Plan): Promise<void> {
    const before = await store.getBatches(approved);
    const kept = keepToApproved(before, now);
    for (const [index, batch] of kept.batches.entries()) {
      if (JSON.stringify(batch) === JSON.stringify(before[index])) continue;
      if (!(await store.replaceBatch(batch))) throw new DrError('Conflict', `The batch ${batch.batchId} has changed.`);
    }
    await store.addWarnings(approved, [...kept.warnings, ...now.stops]);
  }

  /** Puts a frozen plan to the approvers, or ends the execution when the plan may not run. */
  async function put(execution: ExecutionRecord, frozen: Pick<Plan, 'revision' | 'stops'>): Promise<PrepareAnswer> {
    const { executionId } = execution;
    const now = await store.getExecution(executionId);
    if (now !== undefined && (await endIfCancelled(now))) return { outcome: 'end' };
    if (frozen.stops.length > 0) {
      await store.moveExecution(executionId, 'failed', {
        planRevision: frozen.revision,
        endTime: platform.now(),
        outcome: 'failed',
        problem: { code: 'PreflightStopped', message: stoppedText(plannedVerb(execution.verb), frozen.revision) },
      });
      return { outcome: 'end' };
    }
    await store.moveExecution(executionId, 'awaiting approval', { planRevision: frozen.revision });
    const policies = await config.policies();
    const policy = policyOfRequest(policies, { ...execution, verb: plannedVerb(execution.verb) });
    return { outcome: 'ask', gateId: gateIdOf(frozen.revision), nextTickSeconds: firstTickSeconds(policy) };
  }

  /** True when somebody has cancelled it: nothing of it has begun yet. */
  async function endIfCancelled({ executionId, verb, cancelRequested }: ExecutionRecord): Promise<boolean> {
    if (cancelRequested === undefined) return false;
    const message = `${cancelledText(cancelRequested)}. ${NOTHING_DONE[plannedVerb(verb)]}`;
    await store.moveExecution(executionId, 'cancelled', {
      endTime: platform.now(),
      problem: { code: CANCELLED, message },
    });
    return true;
  }
};

function go({ waves }: ExecutionRecord): PrepareAnswer {
  return { outcome: 'go', waves: runsOf(waves).map((wave) => ({ wave })) };
}

function stoppedText(verb: PlannedVerb, revision: number): string {
  return revision === 1
    ? `Preflight stopped the ${verb}. ${NOTHING_DONE[verb]} Nobody was asked to approve.`
    : `The fleet was looked at again after the approval, and the ${verb} was stopped. ${NOTHING_DONE[verb]}`;
}

export const handler = onLambda(create);
