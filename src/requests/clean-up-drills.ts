import { cleanUpIdOf, drillName, terminationOf } from '../domain/clean-up.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { policyOfAll } from '../domain/policy.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { lockNameOf } from '../domain/request.ts';
import { gateIdOf } from '../gates/gate-timing.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { storeExecution } from '../platform/store-execution.ts';
import { earlierTerminations } from './drill-terminations.ts';

/**
 * Drills that were asked for earlier are looked at no more, in milliseconds: a week of clean-up after the longest drill
 * that pauses for weeks.
 */
const LOOKED_BACK_MS = 90 * 24 * 3_600_000;

/**
 * Every five minutes: ends the instances of drills whose time has come and that nobody has kept, by an execution of its
 * own for each. Whether its approval is the drill's, which has said so, or has to be asked for, is decided where its
 * gate is opened. What is busy or frozen now is begun later; one that cannot be begun holds up no other.
 */
export const create: CreateHandler<unknown, { begun: string[] }> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);

  return async () => {
    const now = platform.now();
    const begun: string[] = [];
    for (const { executionId } of await store.drillsToCleanUp(now - LOOKED_BACK_MS, now)) {
      try {
        // The index may be behind.
        const drill = await store.getExecution(executionId);
        if (drill !== undefined && (await begin(drill))) begun.push(executionId);
      } catch (error) {
        platform.log.error('A clean-up could not be begun; it is tried again', {
          executionId,
          error: messageOf(error),
        });
      }
    }
    return { begun };
  };

  async function begin(drill: ExecutionRecord): Promise<boolean> {
    const { executionId, cleanUp } = drill;
    if (cleanUp?.kept !== undefined || cleanUp?.askedAt !== undefined) return false;
    const { earlier } = await earlierTerminations(store, drill);
    if (earlier?.status === 'completed') return await settle(executionId, earlier.executionId);
    const { freeze } = policyOfAll(await config.policies(), 'terminate', drill);
    if (freeze !== undefined) return later(executionId, `terminations are frozen: ${freeze}`);
    const id = cleanUpIdOf(executionId);
    const lock = await store.lockApplication(lockNameOf(drill), id);
    if (!lock.locked) return later(executionId, `busy with ${lock.owner}`);
    const termination = await terminationFor(drill, id);
    if (!(await store.beginCleanUp(executionId, id))) {
      await store.unlockApplication(lockNameOf(drill), id);
      return later(executionId, 'somebody keeps the instances');
    }
    const isNew = await storeExecution(store, termination.execution, termination.recoveryPlan);
    await store.markCleanUpAsked(executionId, platform.now());
    platform.log.info('The clean-up of a drill was begun', { executionId: id, drill: executionId, isNew });
    return true;
  }

  /** Somebody has ended the instances before their time: nothing is left to do. */
  async function settle(executionId: string, terminationId: string): Promise<false> {
    if (await store.beginCleanUp(executionId, terminationId)) await store.markCleanUpAsked(executionId, platform.now());
    return false;
  }

  async function terminationFor(drill: ExecutionRecord, executionId: string) {
    const plan = await store.getPlan(drill.executionId, drill.planRevision);
    const batches = plan === undefined ? [] : await store.getBatches(plan);
    const termination = terminationOf(drill, batches, {
      executionId,
      requester: drill.requester,
      now: platform.now(),
      reason: `Clean-up ${drill.cleanUp?.afterHours ?? 0} h after ${drillName(drill)}, as it was approved`,
      cleansUp: { executionId: drill.executionId, gateId: gateIdOf(drill.planRevision) },
    });
    if (termination === undefined) throw new DrError('NotFound', `The instances of ${drill.executionId} are gone.`);
    return termination;
  }

  function later(executionId: string, why: string): false {
    platform.log.info('A clean-up was not begun now', { executionId, why });
    return false;
  }
};

export const handler = onLambda(create);
