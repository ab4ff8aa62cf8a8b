import type { ReplicationState } from '../../inventory.ts';
import type { SourceServer } from '../fleet.ts';
import { seeded } from '../seeded.ts';
import { consistentAt } from '../sync.ts';

/** A point in time that a server can be launched from. */
export interface RecoverySnapshot {
  snapshotId: string;
  /** Milliseconds since the epoch. */
  at: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** DRS's default point-in-time policy: every 10 minutes for an hour, every hour for a day, every day for a week. */
const POLICY = [
  { every: 10 * MINUTE, keptFor: HOUR },
  { every: HOUR, keptFor: DAY },
  { every: DAY, keptFor: 7 * DAY },
];

/** States without any point in time: initial sync is not done, or replication has ended and taken them with it. */
const WITHOUT_DATA: readonly ReplicationState[] = ['STOPPED', 'INITIATING', 'INITIAL_SYNC', 'DISCONNECTED'];

/** States in which no new snapshot can be taken, so that a launch uses an earlier one. */
const NO_NEW_SNAPSHOT: readonly ReplicationState[] = ['STALLED', 'PAUSED'];

/**
 * The points in time of a server, oldest first; none is from before the end of its initial sync. Ids stay the same as long as
 * the point in time exists.
 */
export function snapshotsOf(server: SourceServer, now: number): RecoverySnapshot[] {
  const { state, syncedAt = now } = server.replication;
  if (WITHOUT_DATA.includes(state)) return [];
  const newest = consistentAt(server.replication, now);
  const times = new Set<number>();
  for (const { every, keptFor } of POLICY) {
    const oldest = Math.max(syncedAt, now - keptFor + 1);
    for (let at = Math.floor(newest / every) * every; at >= oldest; at -= every) times.add(at);
  }
  return [...times].sort((a, b) => a - b).map((at) => ({ at, snapshotId: snapshotId(server, at) }));
}

/**
 * Age of the data that a launch without a named point in time uses now, and whether it must fall back on an earlier
 * snapshot; undefined when there is nothing to launch from. Milliseconds since the epoch.
 */
export function latestData(server: SourceServer, now: number): { at: number; isPrevious: boolean } | undefined {
  const { replication } = server;
  if (WITHOUT_DATA.includes(replication.state)) return undefined;
  if (!NO_NEW_SNAPSHOT.includes(replication.state)) return { at: consistentAt(replication, now), isPrevious: false };
  const newest = snapshotsOf(server, now).at(-1);
  return newest === undefined ? undefined : { at: newest.at, isPrevious: true };
}

function snapshotId({ sourceServerId }: SourceServer, at: number): string {
  return `pit-${seeded('snapshot', sourceServerId, at).hex(17)}`;
}
