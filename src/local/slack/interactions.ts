import { randomBytes } from 'node:crypto';
import { SlackRefusal } from './errors.ts';
import { slackId } from './ids.ts';
import { KEPT, LIMITS } from './limits.ts';

interface Trigger {
  userId: string;
  expiresAt: number;
  used: boolean;
}

function forgetOldest(entries: Map<string, unknown>, most: number): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(oldest);
  }
}

/** Trigger ids: each opens one view, within three seconds of the person's action (or what `lifeMs` says). */
export class Triggers {
  readonly #now: () => number;
  readonly #lifeMs: number;
  readonly #triggers = new Map<string, Trigger>();

  constructor(now: () => number, lifeMs: number = LIMITS.triggerMs) {
    this.#now = now;
    this.#lifeMs = lifeMs;
  }

  issue(userId: string): string {
    const id = `${Math.floor(this.#now())}.${randomBytes(4).readUInt32BE()}.${randomBytes(16).toString('hex')}`;
    this.#triggers.set(id, { userId, expiresAt: this.#now() + this.#lifeMs, used: false });
    forgetOldest(this.#triggers, KEPT.triggers);
    return id;
  }

  /**
   * Uses a trigger id up.
   * @returns the person who acted
   * @throws {SlackRefusal} `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`
   */
  exchange(id: string): string {
    const trigger = this.#triggers.get(id);
    if (trigger === undefined) throw new SlackRefusal('invalid_trigger_id');
    if (trigger.used) throw new SlackRefusal('exchanged_trigger_id');
    if (this.#now() > trigger.expiresAt) throw new SlackRefusal('expired_trigger_id');
    trigger.used = true;
    return trigger.userId;
  }
}

/** What a response_url answers to: a person's action in a channel, and the message it came from, if any. */
export interface ResponseTarget {
  channelId: string;
  userId: string;
  /**
   * Timestamp of the message that `replace_original` and `delete_original` mean: the one that was clicked on, or the
   * first one that a command's answer produced.
   */
  originalTs?: string;
  /** The thread that the action was in. */
  threadTs?: string;
}

interface ResponseUrl {
  target: ResponseTarget;
  expiresAt: number;
  uses: number;
}

/** The response_urls that were sent to the app: five answers within 30 minutes each. */
export class ResponseUrls {
  readonly #now: () => number;
  readonly #urls = new Map<string, ResponseUrl>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @param target kept as it is: the message that an answer produces is written into it
   * @returns the id at the end of the new URL
   */
  issue(target: ResponseTarget): string {
    const id = slackId('') + randomBytes(8).toString('hex');
    this.#urls.set(id, { target, expiresAt: this.#now() + LIMITS.responseUrlMs, uses: 0 });
    forgetOldest(this.#urls, KEPT.responseUrls);
    return id;
  }

  /**
   * Counts a use.
   * @throws {SlackRefusal} `expired_url` after 30 minutes (and for an id never given out), `used_url` after five uses
   */
  use(id: string): ResponseTarget {
    const url = this.#urls.get(id);
    if (url === undefined || this.#now() > url.expiresAt) throw new SlackRefusal('expired_url');
    if (url.uses >= LIMITS.responseUrlUses) throw new SlackRefusal('used_url');
    url.uses += 1;
    return url.target;
  }
}
