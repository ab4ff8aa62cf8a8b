/**
 * Slack's rate limits, from the documentation page "Rate limits" and the "Rate limits" line of each Web API method's page.
 * Slack says how many calls a minute pass at least, and that short bursts do too, without saying how long these are.
 * Each limit is therefore a bucket of tokens: it holds `burst` of them, a call takes one, and they come back evenly.
 */
export interface RateLimit {
  /** Calls that pass at once after a quiet time. */
  burst: number;
  /** Time in which one more call is allowed, in milliseconds. */
  everyMs: number;
}

/** A tier allows a minute's calls at once, and then as many a minute. */
function perMinute(calls: number): RateLimit {
  return { burst: calls, everyMs: 60_000 / calls };
}

/** Calls a minute of one method in one workspace ("Rate limits", table of tiers). */
export const TIERS = { 2: perMinute(20), 3: perMinute(50), 4: perMinute(100) } as const;

/** One message a second in a channel ("Rate limits", "Posting messages"; short bursts pass). The burst of 5 is our choice. */
export const POSTS_PER_CHANNEL: RateLimit = { burst: 5, everyMs: 1_000 };

/** "Several hundred messages a minute" in a workspace (page of chat.postMessage). The number is our choice. */
export const POSTS_PER_WORKSPACE: RateLimit = perMinute(300);

/**
 * One update of a message in three seconds. Slack documents no number for one message beside the tier of chat.update; the
 * number is our choice, on the strict side.
 */
export const UPDATES_PER_MESSAGE: RateLimit = { burst: 1, everyMs: 3_000 };

/** Methods that allow "hundreds of requests per minute" (pages of auth.test and chat.getPermalink). */
const HUNDREDS: RateLimit = perMinute(300);

/** The limit of each method in the workspace; one that is not here has none. */
const METHOD_LIMITS: Readonly<Record<string, RateLimit>> = {
  'api.test': TIERS[4],
  'apps.connections.open': TIERS[3],
  'auth.test': HUNDREDS,
  'chat.delete': TIERS[3],
  'chat.getPermalink': HUNDREDS,
  'chat.postEphemeral': TIERS[4],
  'chat.postMessage': POSTS_PER_WORKSPACE,
  'chat.update': TIERS[3],
  'conversations.history': TIERS[3],
  'conversations.info': TIERS[3],
  'conversations.members': TIERS[4],
  'conversations.replies': TIERS[3],
  'files.completeUploadExternal': TIERS[4],
  'files.getUploadURLExternal': TIERS[4],
  'files.info': TIERS[4],
  'usergroups.list': TIERS[2],
  'usergroups.users.list': TIERS[2],
  'usergroups.users.update': TIERS[2],
  'users.info': TIERS[4],
  'views.open': TIERS[4],
  'views.publish': TIERS[4],
  'views.push': TIERS[4],
  'views.update': TIERS[4],
};

/** A call that limits are counted for. */
export interface CountedCall {
  method: string;
  /** Id of the channel. */
  channel?: string;
  /** The message that an update is for. */
  ts?: string;
}

interface Bucket {
  tokens: number;
  /** When `tokens` was right. */
  at: number;
}

/** Buckets that have filled up again are forgotten when there are more than this. */
const MOST_BUCKETS = 1_000;

function limitsOf({ method, channel, ts }: CountedCall): [key: string, limit: RateLimit][] {
  const limits: [string, RateLimit][] = [];
  const ofMethod = METHOD_LIMITS[method];
  if (ofMethod !== undefined) limits.push([method, ofMethod]);
  if (method === 'chat.postMessage') limits.push([`${method} ${channel}`, POSTS_PER_CHANNEL]);
  if (method === 'chat.update') limits.push([`${method} ${channel} ${ts}`, UPDATES_PER_MESSAGE]);
  return limits;
}

/** Counts calls against Slack's rate limits. */
export class Rates {
  readonly #clock: { now(): number };
  readonly #buckets = new Map<string, Bucket & { limit: RateLimit }>();

  /** @param clock milliseconds of the time in which Slack counts */
  constructor(clock: { now(): number }) {
    this.#clock = clock;
  }

  /**
   * Counts a call, unless it comes too soon: a refused call takes nothing.
   * @returns the whole seconds after which it would pass (`Retry-After`), or undefined when it may pass now
   */
  count(call: CountedCall): number | undefined {
    const now = this.#clock.now();
    const buckets = limitsOf(call).map(([key, limit]) => this.#filled(key, limit, now));
    const waitMs = Math.max(0, ...buckets.map(({ tokens, limit }) => (1 - tokens) * limit.everyMs));
    // Half a millisecond is the fault of the division, not a wait.
    if (waitMs > 0.5) return Math.ceil((waitMs - 0.5) / 1_000);
    for (const bucket of buckets) bucket.tokens -= 1;
    this.#forgetFull(now);
    return undefined;
  }

  #filled(key: string, limit: RateLimit, now: number): Bucket & { limit: RateLimit } {
    const before = this.#buckets.get(key) ?? { tokens: limit.burst, at: now, limit };
    before.tokens = Math.min(limit.burst, before.tokens + Math.max(0, now - before.at) / limit.everyMs);
    before.at = now;
    this.#buckets.set(key, before);
    return before;
  }

  #forgetFull(now: number): void {
    if (this.#buckets.size <= MOST_BUCKETS) return;
    for (const [key, { tokens, at, limit }] of this.#buckets) {
      if (tokens + (now - at) / limit.everyMs >= limit.burst) this.#buckets.delete(key);
    }
  }
}
