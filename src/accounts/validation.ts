import {
  type AccountKind,
  type AccountReport,
  checkRecordOf,
  judgeOrigin,
  judgeStagingAccount,
  judgeTargetAccount,
  notLookedAt,
} from '../domain/account-check.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { readStagingAccount, readTargetAccount } from '../platform/account-check.ts';
import { documentsOf } from '../platform/action-documents.ts';
import { concurrently } from '../platform/concurrently.ts';
import { type Configuration, configuration } from '../platform/configuration.ts';
import { readSettings } from '../platform/environment.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';

/** Ours: accounts that are looked at at the same time. */
const AT_A_TIME = 10;

/** An account of the deployment, in one of its parts. */
export type KnownAccount = Omit<AccountReport, 'findings'>;

/** Looks at the accounts of a deployment, and keeps when it did. */
export interface AccountValidation {
  /** Every account in each of its parts, as the deployment is configured: staging accounts by priority first. */
  known(): Promise<KnownAccount[]>;
  /**
   * Looks at every account, or at one in each of its parts. An account that is down is part of the answer.
   * @throws {DrError} ConfigurationError; NotFound for an account that is none of the deployment's.
   */
  validate(accountId?: string): Promise<{ validatedAt: number; accounts: AccountReport[] }>;
}

/** Looks by the roles of the function that this runs in; needs EXECUTOR_DEFINITION and CONFIG_PATH. */
export function accountValidation(
  platform: Platform,
  store: Pick<ExecutionStore, 'keepAccountCheck'>,
  config: Pick<Configuration, 'stagingAccounts' | 'targetAccounts' | 'origins'> = configuration(platform),
): AccountValidation {
  const { EXECUTOR_DEFINITION } = readSettings(platform.environment, 'EXECUTOR_DEFINITION');
  const documents = documentsOf(platform);

  async function all(): Promise<(KnownAccount & { look: () => Promise<AccountReport> })[]> {
    const [staging, targets, origins] = await Promise.all([
      config.stagingAccounts(),
      config.targetAccounts(),
      config.origins(),
    ]);
    return [
      ...staging.map((account) => ({
        ...part('staging', account.accountId, [account.region]),
        look: async () => judgeStagingAccount(await readStagingAccount(platform, account), EXECUTOR_DEFINITION),
      })),
      ...targets.map((account) => ({
        ...part('target', account.accountId, account.regions),
        look: async () => judgeTargetAccount(await readTargetAccount(platform, account, documents)),
      })),
      ...origins.map((origin) => ({
        ...part('origin', origin.accountId, [origin.region]),
        look: async () => judgeOrigin(origin),
      })),
    ];
  }

  return {
    async known() {
      return (await all()).map(({ look: _, ...account }) => account);
    },

    async validate(accountId) {
      const accounts = (await all()).filter((account) => (accountId ?? account.accountId) === account.accountId);
      if (accounts.length === 0) {
        throw new DrError(
          'NotFound',
          `${accountId} is no account of this deployment. \`/dr accounts list\` shows which are.`,
        );
      }
      const validatedAt = platform.now();
      const reports = await concurrently(accounts, AT_A_TIME, async ({ look, ...account }) => {
        const report = await look().catch((error: unknown) => {
          platform.log.error('An account could not be validated', { ...account, error: messageOf(error) });
          return notLookedAt(account, messageOf(error));
        });
        await store.keepAccountCheck(checkRecordOf(report, validatedAt));
        return report;
      });
      return { validatedAt, accounts: reports };
    },
  };
}

function part(kind: AccountKind, accountId: string, regions: string[]): KnownAccount {
  return { kind, accountId, regions };
}
