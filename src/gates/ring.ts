import { InvalidToken, SendTaskSuccessCommand, SFNClient, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { GateRecord } from '../domain/records.ts';
import { executionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';

/**
 * Rings a settled gate's bell: SendTaskSuccess wakes the machine and carries nothing, the machine reads the table. A
 * bell that Step Functions no longer knows belongs to a wait that is over: the next one reads the decision by itself.
 */
export function bellRinger(platform: Platform): (gate: GateRecord) => Promise<void> {
  const store = executionStore(platform);
  const sfn = new SFNClient({ credentials: platform.credentials });

  return async (gate) => {
    const { bell, executionId, gateId } = gate;
    if (gate.status === 'pending' || bell === undefined || bell.rungAt !== undefined) return;
    try {
      await sfn.send(new SendTaskSuccessCommand({ taskToken: bell.taskToken, output: '{}' }));
      platform.log.info('Rang the bell of a gate', { executionId, gateId, decision: gate.status });
    } catch (error) {
      if (!(error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken))
        throw error;
      platform.log.info('The wait of a gate was over already', { executionId, gateId });
    }
    await store.markRung(gate, bell.taskToken, platform.now());
  };
}
