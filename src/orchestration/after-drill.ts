import { cleanUpAfter, launchedServers } from '../domain/clean-up.ts';
import { messageOf } from '../domain/errors.ts';
import type { ExecutionRecord, PlanRecord } from '../domain/records.ts';
import { pricedTypesOf, runningCostOf } from '../domain/running-cost.ts';
import type { ExecutionChanges, ExecutionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';
import { prices } from '../platform/prices.ts';
import { readinessStore } from '../platform/readiness-store.ts';
import { noteDrill } from '../readiness/note-drill.ts';

/** What follows the end of a drill whose instances run. */
export interface AfterDrill {
  /** What is stored with its end: when its instances are ended. Nothing of other verbs. `endTime`: milliseconds since the epoch. */
  changesAt(execution: ExecutionRecord, plan: PlanRecord, endTime: number): Promise<Pick<ExecutionChanges, 'cleanUp'>>;
  /** Keeps what a drill that succeeded has shown, by which its plan is verified. What fails is only noted: the next check of readiness does it. */
  prove(executionId: string): Promise<void>;
  /** Keeps what its instances cost a day. Nothing waits for it, and what cannot be found out is only noted. */
  price(executionId: string): Promise<void>;
}

export function afterDrill(platform: Platform, store: ExecutionStore): AfterDrill {
  const { hourly } = prices(platform);
  const readiness = readinessStore(platform);

  return {
    async changesAt(execution, plan, endTime) {
      if (execution.verb !== 'drill' || execution.cleanUp === undefined) return {};
      const cleanUp = cleanUpAfter(execution, await store.getBatches(plan), endTime);
      return cleanUp === undefined ? {} : { cleanUp };
    },

    async prove(executionId) {
      try {
        const execution = await store.getExecution(executionId);
        if (execution !== undefined) await noteDrill({ store, readiness }, execution);
      } catch (error) {
        platform.log.warn('What a drill has shown could not be kept', { executionId, error: messageOf(error) });
      }
    },

    async price(executionId) {
      try {
        await priceInstances(executionId);
      } catch (error) {
        platform.log.warn('What a drill’s instances cost could not be found out', {
          executionId,
          error: messageOf(error),
        });
      }
    },
  };

  async function priceInstances(executionId: string): Promise<void> {
    const execution = await store.getExecution(executionId);
    if (execution?.verb !== 'drill' || execution.runningCost !== undefined) return;
    const plan = await store.getPlan(executionId, execution.planRevision);
    const launched = plan === undefined ? [] : launchedServers(await store.getBatches(plan));
    // Who failed EC2's checks runs all the same; the type is read of what has been launched.
    const running = launched.filter(({ state, instanceType }) => state === 'launched' || instanceType !== undefined);
    if (running.length === 0) return;
    const types = pricedTypesOf(running);
    const found = await hourly(types);
    const byType = new Map(types.map(({ instanceType, region }, at) => [`${region}/${instanceType}`, found[at]]));
    const priceOf = (instanceType: string, region: string) => byType.get(`${region}/${instanceType}`);
    await store.setRunningCost(executionId, runningCostOf(running, priceOf, platform.now()));
  }
}
