import { accountsList, accountsValidated } from '../../blocks/accounts.ts';
import type { Message } from '../../blocks/message.ts';
import { grantsOf } from '../domain/access.ts';
import { worstOf } from '../domain/account-check.ts';
import { DrError } from '../domain/errors.ts';
import type { QueryArgs } from '../domain/query.ts';
import type { Looker } from './looker.ts';
import type { QueryTools } from './tools.ts';

/** The accounts of the deployment, and when each was validated last. @throws {DrError} */
export async function accountsAnswer(tools: QueryTools, looker: Looker): Promise<Message> {
  refuseWithoutRole(looker);
  const [accounts, checks] = await Promise.all([tools.accounts().known(), tools.store.accountChecks()]);
  const isOf = (one: (typeof checks)[number], other: (typeof accounts)[number]) =>
    one.kind === other.kind &&
    one.accountId === other.accountId &&
    (one.kind !== 'origin' || one.regions.join() === other.regions.join());
  return accountsList(
    accounts.map((account) => {
      const check = checks.find((one) => isOf(one, account));
      return { ...account, ...(check === undefined ? {} : { check }) };
    }),
  );
}

/** Looks at every account, or at one, and says what it finds. @throws {DrError} */
export async function accountValidationAnswer(
  tools: QueryTools,
  looker: Looker,
  { accountId }: QueryArgs['account validation'],
): Promise<Message> {
  refuseWithoutRole(looker);
  const { accounts } = await tools.accounts().validate(accountId);
  return accountsValidated(
    accounts.map((account) => ({ ...account, worst: worstOf(account) })),
    { isOne: accountId !== undefined },
  );
}

/** Every role may look; accounts are of no application. @throws {DrError} AccessDenied */
function refuseWithoutRole({ access, person }: Looker): void {
  if (grantsOf(access, person).length > 0) return;
  throw new DrError('AccessDenied', 'You may not look at accounts. `/dr access` shows what you may do.');
}
