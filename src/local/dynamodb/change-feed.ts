import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { CancelTimer, Clock } from '../clock.ts';

/** One attribute as DynamoDB's JSON protocol and Lambda's stream events write it; binary as base64. */
export interface WireAttribute {
  S?: string;
  N?: string;
  B?: string;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  BS?: string[];
  L?: WireAttribute[];
  M?: WireItem;
}

export type WireItem = Record<string, WireAttribute>;

/** One change of one item, shaped as Lambda receives it from a DynamoDB stream with the view type NEW_AND_OLD_IMAGES. */
export interface StreamRecord {
  eventID: string;
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  eventVersion: '1.1';
  eventSource: 'aws:dynamodb';
  awsRegion: string;
  /** The stream's ARN. */
  eventSourceARN: string;
  dynamodb: {
    /** Seconds since the epoch, of the simulation's clock. */
    ApproximateCreationDateTime: number;
    Keys: WireItem;
    NewImage?: WireItem;
    OldImage?: WireItem;
    /** Decimal digits of constant length: text order is the order of the changes. */
    SequenceNumber: string;
    StreamViewType: 'NEW_AND_OLD_IMAGES';
  };
}

/** An item's key with its image before and after a write; `undefined` where there was no item. */
export interface ItemChange {
  keys: WireItem;
  before: WireItem | undefined;
  after: WireItem | undefined;
}

/** Sequence numbers of AWS have at least this many digits. */
const SEQUENCE_DIGITS = 21;

/** The stream of one table: everybody who subscribes is told of each change, in the order of the changes of an item. */
export class ChangeFeed {
  /** ARN of the stream. */
  readonly arn: string;
  readonly #region: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<(record: StreamRecord) => void>();
  #lastSequence = 0;

  constructor(options: { arn: string; region: string; clock: Clock }) {
    this.arn = options.arn;
    this.#region = options.region;
    this.#clock = options.clock;
  }

  /**
   * Calls `listener` with every change from now on, before the write that made it is answered. It must not throw and
   * must take a hold or a timer on the clock at once if it puts work off. The answer ends the subscription.
   */
  subscribe(listener: (record: StreamRecord) => void): CancelTimer {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody of `change`, unless the item is what it was: a stream has no record of a write without effect. */
  publish(change: ItemChange): void {
    const record = this.#recordOf(change);
    if (record === undefined) return;
    for (const listener of [...this.#listeners]) listener(record);
  }

  #recordOf({ keys, before, after }: ItemChange): StreamRecord | undefined {
    const isThere = [before, after].map((image) => image !== undefined);
    if (isThere[0] === isThere[1] && isDeepStrictEqual(comparable(before), comparable(after))) return undefined;
    this.#lastSequence += 1;
    return {
      eventID: randomBytes(16).toString('hex'),
      eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: this.#region,
      eventSourceARN: this.arn,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(this.#clock.now() / 1000),
        Keys: keys,
        ...(after === undefined ? {} : { NewImage: after }),
        ...(before === undefined ? {} : { OldImage: before }),
        SequenceNumber: `1${String(this.#lastSequence).padStart(SEQUENCE_DIGITS - 1, '0')}`,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    };
  }
}

/** A copy in which equal items are deeply equal: the members of a set have no order. */
function comparable(value: unknown, isSet = false): unknown {
  if (Array.isArray(value)) return isSet ? [...value].sort() : value.map((member) => comparable(member));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, comparable(member, ['SS', 'NS', 'BS'].includes(name))]),
  );
}
