import type { AwsCall } from '../aws/identities.ts';
import type { Clock } from '../clock.ts';
import type { CallGroup } from './protocol.ts';

/** Calls that are kept, of all executions together: some 40 drills of 30 servers, in a few megabytes. */
export const MOST_CALLS = 20_000;
/** Newest calls of one execution that are told. */
export const MOST_CALLS_OF_EXECUTION = 10_000;
/** Equal calls within this time of each other are one group: longer than any poll interval. */
const GROUP_GAP_MS = 5 * 60_000;

/** A call and when it was made, in simulated time. */
export interface RecordedCall extends AwsCall {
  at: number;
}

/** The newest AWS calls, whoever made them. */
export class CallRecorder {
  readonly #clock: Clock;
  readonly #most: number;
  #calls: RecordedCall[] = [];
  #forgottenUntil = Number.NEGATIVE_INFINITY;

  /** `most` is how many calls are kept. @default {@link MOST_CALLS} */
  constructor({ clock, most = MOST_CALLS }: { clock: Clock; most?: number }) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Keeps a call; of the oldest, some are forgotten. */
  note({ service, action, identity, resource, outcome }: AwsCall): void {
    this.#calls.push({ service, action, identity, resource, outcome, at: this.#clock.now() });
    // A tenth at a time: moving the whole list for each call would be slow.
    if (this.#calls.length < this.#most * 1.1) return;
    const forgotten = this.#calls.splice(0, this.#calls.length - this.#most);
    this.#forgottenUntil = forgotten.at(-1)?.at ?? this.#forgottenUntil;
  }

  /** The kept calls from `from` to `to`, oldest first, and whether some of them are no longer kept. */
  between(from: number, to: number): { calls: readonly RecordedCall[]; areSomeForgotten: boolean } {
    const found = this.#calls.filter(({ at }) => at >= from && at <= to);
    const calls = found.slice(-MOST_CALLS_OF_EXECUTION);
    return { calls, areSomeForgotten: this.#forgottenUntil >= from || calls.length < found.length };
  }
}

/** The calls with equal ones put together, the group that ended last in front. */
export function grouped(calls: readonly RecordedCall[]): CallGroup[] {
  const groups: CallGroup[] = [];
  const open = new Map<string, CallGroup>();
  for (const call of calls) {
    const { service, action, identity, resource, outcome, at } = call;
    const key = [identity.roleArn, service, action, outcome].join(' ');
    const group = open.get(key);
    if (group !== undefined && at - group.lastAt <= GROUP_GAP_MS) {
      group.lastAt = at;
      group.count += 1;
      if (group.resource !== resource) group.resource = undefined;
      continue;
    }
    const { accountId, roleArn } = identity;
    const role = roleArn.split('/').at(-1) ?? roleArn;
    const begun = { firstAt: at, lastAt: at, count: 1, accountId, role, service, action, outcome, resource };
    open.set(key, begun);
    groups.push(begun);
  }
  return groups.sort((one, other) => other.lastAt - one.lastAt);
}
