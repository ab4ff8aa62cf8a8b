import { messageOf } from '../domain/errors.ts';
import type { GateRecord } from '../domain/records.ts';
import type { ExecutionStatus } from '../domain/status.ts';
import { lateBellsMetric, waitingGateMetrics } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda, printerOf } from '../platform/platform.ts';
import { bellRinger, isToRing } from './ring.ts';

/** The statuses in which an execution waits at a gate. */
const WAITING: readonly ExecutionStatus[] = ['awaiting approval', 'paused'];
/** A bell that is not rung so long after the decision, in milliseconds, is late: the card says so and an alarm goes. */
const LATE_AFTER_MS = 60_000;

/**
 * Every minute: rings the bells of settled gates again that have not been rung, whatever went wrong before, and notes
 * those that are late. One that cannot be rung holds up no other. Counts those that wait for people.
 */
export const create: CreateHandler<unknown, { late: number }> = (platform) => {
  const store = executionStore(platform);
  const ring = bellRinger(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });

  return async () => {
    const waiting = (await Promise.all(WAITING.map(store.executionsWithStatus))).flat();
    const open: GateRecord[] = [];
    let late = 0;
    for (const { executionId } of waiting) {
      const gates = await store.getGates(executionId);
      open.push(...gates.filter(({ status }) => status === 'pending'));
      for (const gate of gates.filter(isToRing)) {
        if (!(await rings(gate)) && isLate(gate)) {
          late += 1;
          await store.markLate(gate, gate.bell.taskToken, platform.now());
        }
      }
    }
    writeMetrics([lateBellsMetric(late), ...waitingGateMetrics(open, platform.now())], {});
    return { late };
  };

  async function rings(gate: GateRecord): Promise<boolean> {
    const { executionId, gateId } = gate;
    try {
      await ring(gate);
      return true;
    } catch (error) {
      platform.log.error('The bell of a gate could not be rung', { executionId, gateId, error: messageOf(error) });
      return false;
    }
  }

  function isLate({ settledAt }: GateRecord): boolean {
    return settledAt !== undefined && platform.now() - settledAt >= LATE_AFTER_MS;
  }
};

export const handler = onLambda(create);
