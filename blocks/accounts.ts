import type { KnownBlock } from '@slack/types';
import type { AccountCheckRecord, AccountKind, AccountReport } from '../src/domain/account-check.ts';
import type { Finding } from '../src/domain/finding.ts';
import { dotted, listing } from './listing.ts';
import {
  context,
  count,
  fitted,
  header,
  LIMITS,
  type Message,
  message,
  name,
  section,
  sentence,
  since,
} from './message.ts';

/** An account in a list. */
export type ListedAccount = Omit<AccountReport, 'findings'> & {
  /** Left out where it was never validated. */
  check?: AccountCheckRecord;
};

/** An account that was looked at, with its worst finding. */
export type ValidatedAccount = AccountReport & { worst: Finding['state'] };

const KIND_TEXT: Record<AccountKind, string> = {
  staging: 'staging',
  target: 'actions',
  origin: 'origin',
};

const SIGN: Record<Finding['state'], string> = { ok: '✅', warning: '⚠️', wrong: '❌', skipped: '➖' };

/** Ours: a finding names everything that may be wrong with a role, and is cut only where many are to be shown. */
const LONGEST_FINDING = 750;
/** Ours: accounts that are named in one line. */
const MOST_NAMED = 60;

/** The answer to `/dr accounts list`: one line for each. */
export function accountsList(accounts: readonly ListedAccount[]): Message {
  const never = accounts.filter(({ check }) => check === undefined).length;
  return message(`${count(idsOf(accounts), 'account')} of this deployment.`, [
    header('Accounts'),
    ...listing(accounts.map(accountLine), accounts.length),
    context(
      dotted(
        never === 0 ? undefined : `${count(never, 'account')} never validated`,
        '`/dr accounts validate` looks at all, `/dr accounts validate &lt;account&gt;` says everything of one.',
      ),
    ),
  ]);
}

function accountLine({ check, ...account }: ListedAccount): string {
  return `${signOf(check)} ${dotted(accountText(account), checkText(check))}`;
}

function signOf(check: AccountCheckRecord | undefined): string {
  if (check === undefined) return SIGN.skipped;
  if (check.wrong > 0) return SIGN.wrong;
  return check.warnings > 0 ? SIGN.warning : SIGN.ok;
}

function checkText(check: AccountCheckRecord | undefined): string {
  if (check === undefined) return 'never validated';
  const found = [
    ...(check.wrong === 0 ? [] : [count(check.wrong, 'problem')]),
    ...(check.warnings === 0 ? [] : [count(check.warnings, 'warning')]),
  ];
  return `${found.length === 0 ? 'well' : found.join(' and ')}, validated ${since(check.validatedAt)}`;
}

/** The account, what it is for, and where. */
function accountText({ kind, accountId, regions }: Pick<AccountReport, 'kind' | 'accountId' | 'regions'>): string {
  return dotted(`*${name(accountId)}*`, KIND_TEXT[kind], regions.map(name).join(', '));
}

/**
 * The answer to `/dr accounts validate`: what is wrong first, with what to do; what is well is only named. Of one account
 * everything is said.
 */
export function accountsValidated(accounts: readonly ValidatedAccount[], { isOne }: { isOne: boolean }): Message {
  const withState = (...states: Finding['state'][]) => accounts.filter(({ worst }) => states.includes(worst));
  const wrong = withState('wrong');
  const warned = withState('warning');
  const well = withState('ok', 'skipped');
  const title = titleOf(idsOf(accounts), idsOf(wrong), idsOf(warned));
  const shown = isOne ? accounts : [...wrong, ...warned];
  const blocks = fitted((room) => [
    header(title),
    ...shown.slice(0, Math.ceil(LIMITS.blocks * 0.8 * room)).map((account) => accountSection(account, { isOne, room })),
    ...leftOut(shown.length - Math.ceil(LIMITS.blocks * 0.8 * room)),
    ...(isOne || well.length === 0 ? [] : [wellSection(well)]),
    ...(isOne
      ? []
      : [context('Not everything can be seen from here: `/dr accounts validate &lt;account&gt;` says what.')]),
  ]);
  return message(title, blocks);
}

/** How many accounts these are: one may be there for several things. */
function idsOf(accounts: readonly { accountId: string }[]): number {
  return new Set(accounts.map(({ accountId }) => accountId)).size;
}

function titleOf(accounts: number, wrong: number, warned: number): string {
  if (wrong > 0) return `${SIGN.wrong} ${wrong} of ${count(accounts, 'account')} with problems`;
  if (warned > 0) return `${SIGN.warning} ${warned} of ${count(accounts, 'account')} with warnings`;
  return accounts === 1 ? `${SIGN.ok} The account is well` : `${SIGN.ok} All ${count(accounts, 'account')} are well`;
}

function accountSection(
  { findings, ...account }: ValidatedAccount,
  { isOne, room }: { isOne: boolean; room: number },
): KnownBlock {
  const told = isOne ? findings : findings.filter(({ state }) => state === 'wrong' || state === 'warning');
  const lines = told.map(({ state, text }) => `${SIGN[state]} ${sentence(text, LONGEST_FINDING * room)}`);
  return section([accountText(account), ...lines].join('\n'));
}

function leftOut(more: number): KnownBlock[] {
  return more > 0 ? [section(`… and ${more} more: \`/dr accounts validate &lt;account&gt;\` says what is wrong.`)] : [];
}

/** An account that is there for several things is named once for each. */
function wellSection(well: readonly ValidatedAccount[]): KnownBlock {
  const named = well.slice(0, MOST_NAMED).map(({ accountId, kind }) => `${name(accountId)} (${KIND_TEXT[kind]})`);
  const rest = well.length - named.length;
  return section(`${SIGN.ok} Well: ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`);
}
