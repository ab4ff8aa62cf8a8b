import { InvalidToken, SendTaskSuccessCommand, SFNClient, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { GateRecord } from '../domain/records.ts';
import { settleDelayMetric } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type Platform, printerOf } from '../platform/platform.ts';

/** Newer tokens in a row: each is another entry of the waiting state, so there are hardly ever two. */
const MAX_TOKENS = 5;

/**
 * Rings a settled gate's bell: SendTaskSuccess wakes the machine and carries nothing, the machine reads the table. A
 * bell that Step Functions no longer knows belongs to a wait that is over: where a newer one has come meanwhile, that is
 * rung; else the machine reads the decision by itself, or is gone and closed. Measures how long each decision took to
 * reach its machine.
 */
export function bellRinger(platform: Platform): (gate: GateRecord) => Promise<void> {
  const store = executionStore(platform);
  const sfn = new SFNClient({ credentials: platform.credentials });
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });

  return async (given) => {
    let gate: GateRecord | undefined = given;
    for (let tried = 0; tried < MAX_TOKENS && gate !== undefined && isToRing(gate); tried += 1) {
      await ring(gate, gate.bell);
      // A token that came while this one was rung is not known to be rung: it is tried, too.
      if (await store.markRung(gate, gate.bell.taskToken, platform.now())) return;
      gate = await store.getGate(gate.executionId, gate.gateId);
    }
  };

  async function ring(gate: GateRecord, bell: Bell): Promise<void> {
    const { executionId, gateId, status } = gate;
    try {
      await sfn.send(new SendTaskSuccessCommand({ taskToken: bell.taskToken, output: '{}' }));
      platform.log.info('Rang the bell of a gate', { executionId, gateId, decision: status });
      measure(gate, bell);
    } catch (error) {
      if (!(error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken))
        throw error;
      platform.log.info('The wait of a gate was over already', { executionId, gateId });
    }
  }

  /** A wait that began after the decision, e.g. of a machine that was set going again, has not waited for its bell. */
  function measure({ executionId, settledAt }: GateRecord, { enteredTime }: Bell): void {
    if (settledAt === undefined || Date.parse(enteredTime) > settledAt) return;
    writeMetrics([settleDelayMetric(settledAt, platform.now())], { executionId });
  }
}

type Bell = NonNullable<GateRecord['bell']>;

/** True when a gate is settled and its newest bell has not been rung. */
export function isToRing(gate: GateRecord): gate is GateRecord & { bell: Bell } {
  return gate.status !== 'pending' && gate.bell !== undefined && gate.bell.rungAt === undefined;
}
