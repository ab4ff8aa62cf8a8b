import { DrError, messageOf, nameOf } from '../domain/errors.ts';
import type { AccountLook, LookState } from '../domain/readiness.ts';
import { logAbout } from '../observability/redact.ts';
import { concurrently } from '../platform/concurrently.ts';
import type { StagingAccount } from '../platform/configuration.ts';
import type { Log } from '../platform/platform.ts';
import type { StagingAccountReader } from '../platform/staging-account.ts';

/** Accounts that are looked at at the same time: a hundred that do not answer take three of a function’s five minutes. */
const MOST_AT_ONCE = 25;
/** In real milliseconds, for one account: one that does not answer is a finding, and holds up no other. */
const ACCOUNT_ANSWERS_WITHIN_MS = 45_000;
/** In real milliseconds, for all accounts: what was found by then has to be stored in what is left of the five minutes. */
const ALL_ANSWER_WITHIN_MS = 210_000;

export interface LookTools {
  readerOf: (account: StagingAccount) => StagingAccountReader;
  /** Whether an execution is at work in a place. */
  isBusy: (place: { accountId: string; region: string }) => Promise<boolean>;
  log: Log;
}

/**
 * Looks at every staging account. One that cannot be read is an answer, too, and so is one for which no time is left. DRS
 * is asked for a page of 200 servers and for the jobs of a day, no more than three calls an account; where an execution is
 * at work, for its servers alone.
 */
export async function lookAtAccounts(tools: LookTools, accounts: readonly StagingAccount[]): Promise<AccountLook[]> {
  const until = Date.now() + ALL_ANSWER_WITHIN_MS;
  return await concurrently(accounts, MOST_AT_ONCE, (account) => lookAt(tools, account, until));
}

/** `until`: when it has to be over, in real milliseconds since the epoch. */
async function lookAt(
  { readerOf, isBusy, log }: LookTools,
  account: StagingAccount,
  until: number,
): Promise<AccountLook> {
  const { accountId, region, maxServers, priority } = account;
  const busy = await isBusy(account);
  const place = { accountId, region, maxServers, priority, isBusy: busy };
  try {
    const time = Math.min(ACCOUNT_ANSWERS_WITHIN_MS, until - Date.now());
    if (time <= 0) throw new TookTooLong('no time was left for it: too many other accounts did not answer');
    const found = await inTime(time, readerOf(account).replication(!busy, logAbout(log, { accountId, region })));
    return { ...place, state: 'read', ...found };
  } catch (error) {
    const state = stateOf(error);
    log.warn('A staging account could not be looked at', { accountId, region, state, error: messageOf(error) });
    return { ...place, state, unreachable: messageOf(error), servers: [], originTags: {}, uncompared: 0 };
  }
}

function stateOf(error: unknown): Exclude<LookState, 'read'> {
  if (error instanceof DrError && error.code === 'CrossAccountAccessDenied') return 'denied';
  return nameOf(error) === 'UninitializedAccountException' ? 'not initialised' : 'not read';
}

/** An account that does not answer. */
class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/** @throws {TookTooLong} after a while; what was begun goes on unheard. */
async function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const why = `it did not answer within ${Math.ceil(ms / 1_000)} s`;
    timer = setTimeout(() => reject(new TookTooLong(why)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
