import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { StagingAccount } from '../../src/platform/configuration.ts';
import type { StagingAccountReader } from '../../src/platform/staging-account.ts';
import { type LookTools, lookAtAccounts } from '../../src/readiness/look-at-accounts.ts';

/** The function has five minutes; what is found is stored in the last one of them. */
const MOST_MS = 240_000;

function accounts(count: number): StagingAccount[] {
  const some = { region: 'us-east-2', maxServers: 300, priority: 1 };
  return Array.from(
    { length: count },
    (_, at) => ({ ...some, accountId: `${100_000_000_000 + at}` }) as StagingAccount,
  );
}

/** Looks in time that jumps; the answer also says how long it took, in milliseconds. */
async function look(count: number, replication: (accountId: string) => Promise<unknown>) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const readerOf = ({ accountId }: StagingAccount) =>
    ({ replication: () => replication(accountId) }) as unknown as StagingAccountReader;
  const line = () => {};
  const tools: LookTools = { readerOf, isBusy: async () => false, log: { info: line, warn: line, error: line } };
  const begun = Date.now();
  const looking = lookAtAccounts(tools, accounts(count)).then((looks) => ({ looks, took: Date.now() - begun }));
  await vi.runAllTimersAsync();
  return await looking;
}

describe('accounts that do not answer', () => {
  it.each([100, 400])('are each named within the function’s time, also all of %i', async (count) => {
    const { looks, took } = await look(count, () => new Promise(() => {}));
    expect(looks.map(({ accountId, state }) => `${accountId} ${state}`)).toEqual(
      accounts(count).map(({ accountId }) => `${accountId} not read`),
    );
    for (const { unreachable } of looks)
      expect(unreachable).toMatch(/^(it did not answer within \d+ s|no time was left)/);
    expect(took).toBeLessThanOrEqual(MOST_MS);
  });

  it('hold up none that does', async () => {
    const found = { servers: [], originTags: {}, uncompared: 0 };
    const { looks } = await look(100, async (accountId) =>
      Number(accountId) % 100 === 99 ? found : new Promise(() => {}),
    );
    expect(looks.filter(({ state }) => state === 'read').map(({ accountId }) => accountId)).toEqual(['100000000099']);
  });
});
