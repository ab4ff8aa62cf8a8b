import type {
  ActionRecord,
  ExecutionRecord,
  GateRecord,
  RecoveryPlanRecord,
  WaveRecord,
} from '../../src/domain/records.ts';
import type { StreamRecord } from '../../src/local/dynamodb/change-feed.ts';
import { plain } from './dynamodb/plain.ts';
import type { World } from './world.ts';

/** Something that was written, and when; milliseconds since the epoch, by the one clock of the run. */
export interface Written<T> {
  at: number;
  record: T;
}

/** What was written of one execution, each list in the order of writing. */
export interface Timeline {
  execution: ExecutionRecord;
  /** As it was stored first. */
  requested: Written<ExecutionRecord>;
  recovery?: RecoveryPlanRecord;
  /** True when the recovery plan's item was written again. */
  recoveryChanged: boolean;
  /** Gates when they were settled. */
  settled: Written<GateRecord>[];
  /** Each attempt of each wave when it ended. */
  waves: Written<WaveRecord>[];
  /** Each attempt of each action when it began, and when it ended. */
  begun: Written<ActionRecord>[];
  ended: Written<ActionRecord>[];
}

/** The history of every execution, from the changes of the table. */
export function timelinesOf(world: World): Timeline[] {
  const byExecution = new Map<string, StreamChange[]>();
  for (const [index, record] of world.changes.entries()) {
    const executionId = record.dynamodb.Keys.executionId?.S ?? '';
    const of = byExecution.get(executionId) ?? [];
    of.push({ record, at: world.changedAt[index] ?? 0 });
    byExecution.set(executionId, of);
  }
  return world
    .executions()
    .flatMap((execution) => timelineOf(execution, byExecution.get(execution.executionId) ?? []) ?? []);
}

interface StreamChange {
  record: StreamRecord;
  at: number;
}

function timelineOf(execution: ExecutionRecord, changes: readonly StreamChange[]): Timeline | undefined {
  let requested: Written<ExecutionRecord> | undefined;
  let recovery: RecoveryPlanRecord | undefined;
  let recoveryChanged = false;
  const rest: Pick<Timeline, 'settled' | 'waves' | 'begun' | 'ended'> = {
    settled: [],
    waves: [],
    begun: [],
    ended: [],
  };
  for (const { record, at } of changes) {
    const { Keys, NewImage, OldImage } = record.dynamodb;
    if (NewImage === undefined) continue;
    const item = Keys.item?.S ?? '';
    const isNew = OldImage === undefined;
    const read = <T>() => plain(NewImage) as unknown as T;
    if (item === 'EXECUTION' && isNew) requested = { at, record: read() };
    if (item === 'RECOVERY-PLAN') {
      recoveryChanged ||= !isNew;
      recovery = read();
    }
    if (item.startsWith('WAVE#') && isNew) rest.waves.push({ at, record: read() });
    if (item.startsWith('ACTION#')) {
      if (isNew) rest.begun.push({ at, record: read() });
      if (NewImage.status?.S !== 'running' && (isNew || OldImage.status?.S === 'running'))
        rest.ended.push({ at, record: read() });
    }
    if (item.startsWith('GATE#')) {
      const wasOpen = isNew || OldImage.status?.S === 'pending';
      if (wasOpen && NewImage.status?.S !== 'pending') rest.settled.push({ at, record: read() });
    }
  }
  if (requested === undefined) return undefined;
  return { execution, requested, ...(recovery === undefined ? {} : { recovery }), recoveryChanged, ...rest };
}
