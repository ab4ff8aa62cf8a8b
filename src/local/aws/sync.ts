import type { Clock } from '../clock.ts';
import type { ReplicationState } from '../inventory.ts';
import { durationMs, isoDuration } from './iso-time.ts';
import { seeded } from './seeded.ts';

/** Replication of a source server, or of a recovery instance back to where it came from. */
export interface Replication {
  readonly state: ReplicationState;
  /** ISO 8601 duration that the copy was behind at `since`; absent when DRS gives none. */
  readonly lagDuration?: string;
  /** When this was set; a server that is not heard any more was last heard before. Milliseconds since the epoch. */
  readonly since: number;
  /** How long before now (or before `since`, when it is not heard any more) the agent was last heard, milliseconds. */
  readonly silentMs: number;
  /** The end of the initial sync, before which there is no point in time; absent until then. Milliseconds since the epoch. */
  readonly syncedAt?: number;
  /** The initial sync that is under way. */
  readonly sync?: { readonly startedAt: number; readonly transferAt: number; readonly doneAt: number };
}

/** States in which the agent is not heard any more, so that "last seen" stands still. */
const SILENT: readonly ReplicationState[] = ['STALLED', 'DISCONNECTED', 'STOPPED'];

/** States in which nothing is copied, so that the copy gets older. */
const STANDING_STILL: readonly ReplicationState[] = [...SILENT, 'PAUSED'];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** GiB that an initial sync between Regions copies in an hour. */
const GIB_PER_HOUR = 60;
const SYNC_HOURS = { least: 1, most: 12 } as const;

/** When the agent was last heard, milliseconds since the epoch. */
export function lastSeenAt(replication: Replication, now: number): number {
  return (SILENT.includes(replication.state) ? replication.since : now) - replication.silentMs;
}

/**
 * The newest moment of which everything has been copied, milliseconds since the epoch. It agrees with {@link lagAt} and
 * {@link lastSeenAt}: where nothing is copied any more it stands still, and the lag grows.
 */
export function consistentAt(replication: Replication, now: number): number {
  const { state, since, lagDuration, syncedAt } = replication;
  const upTo = (STANDING_STILL.includes(state) ? since : now) - (durationMs(lagDuration ?? 'PT0S') ?? 0);
  return Math.max(syncedAt ?? 0, Math.min(lastSeenAt(replication, now), upTo));
}

/** `lagDuration` at `now`; undefined when DRS gives none. */
export function lagAt({ state, since, lagDuration }: Replication, now: number): string | undefined {
  if (lagDuration === undefined || !STANDING_STILL.includes(state) || now === since) return lagDuration;
  return isoDuration((durationMs(lagDuration) ?? 0) + now - since);
}

/** The part of the data that has been copied, 0 to 1. */
export function copiedPart({ sync, syncedAt }: Replication, now: number): number {
  if (sync === undefined || syncedAt !== undefined) return 1;
  return Math.min(1, Math.max(0, (now - sync.transferAt) / (sync.doneAt - sync.transferAt)));
}

/** Whose initial sync {@link Syncs} drives. */
interface Copied {
  replication?: Replication;
}

/** The initial syncs of reversed replication. Setting the replication otherwise ends one. */
export class Syncs {
  readonly #clock: Clock;
  readonly #seed: string;
  /** What is waiting for the release of what is stuck, by the source server that it is stuck with. */
  readonly #stuck = new Map<string, (() => void)[]>();

  constructor(options: { clock: Clock; seed: string }) {
    this.#clock = options.clock;
    this.#seed = options.seed;
  }

  /** Begins an initial sync: INITIATING, INITIAL_SYNC for hours that depend on the disks, CONTINUOUS. */
  start(
    copied: Copied,
    options: { name: string; diskGiB: readonly number[]; stuckWith: string; done?: () => void },
  ): void {
    const startedAt = this.#clock.now();
    const random = seeded(this.#seed, 'sync', options.name, startedAt);
    const hours = options.diskGiB.reduce((sum, gib) => sum + gib, 0) / GIB_PER_HOUR;
    const transferAt = startedAt + Math.round(random.between(10 * MINUTE, 20 * MINUTE));
    const syncTime = Math.min(SYNC_HOURS.most, Math.max(SYNC_HOURS.least, hours * random.between(0.9, 1.2))) * HOUR;
    const sync = { startedAt, transferAt, doneAt: transferAt + Math.round(syncTime) };
    const enter = (state: ReplicationState): void => {
      copied.replication = { state, since: this.#clock.now(), silentMs: 0, sync };
    };
    const ifStill = (step: () => void) => (): void => {
      if (copied.replication?.sync === sync) step();
    };
    const finish = ifStill(() => {
      const now = this.#clock.now();
      copied.replication = { state: 'CONTINUOUS', lagDuration: 'PT0S', since: now, silentMs: 0, syncedAt: now, sync };
      options.done?.();
    });
    enter('INITIATING');
    this.#clock.after(
      transferAt - startedAt,
      ifStill(() => enter('INITIAL_SYNC')),
    );
    this.#clock.after(sync.doneAt - startedAt, () => {
      const waiting = this.#stuck.get(options.stuckWith);
      if (waiting === undefined) finish();
      else waiting.push(finish);
    });
  }

  /** No sync of this source server's instances ends until {@link release}. */
  stick(sourceServerId: string): void {
    if (!this.#stuck.has(sourceServerId)) this.#stuck.set(sourceServerId, []);
  }

  /** Ends {@link stick}. */
  release(sourceServerId: string): void {
    const waiting = this.#stuck.get(sourceServerId) ?? [];
    this.#stuck.delete(sourceServerId);
    for (const finish of waiting) finish();
  }
}
