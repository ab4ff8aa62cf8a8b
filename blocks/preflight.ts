import type { KnownBlock } from '@slack/types';
import type { ExecutionView, PlanRecord } from '../src/domain/records.ts';
import { count, LIMITS, lines, name, section, sentence } from './message.ts';
import { cleanUpText, expectedInAll, waveSizes } from './planned-waves.ts';
import { instancesText, wordsOf } from './verbs.ts';
import type { Expected } from './waves.ts';
import { listed, plannedFailureLine, problemText } from './words.ts';

const MOST_ACCOUNTS_SHOWN = 40;
/** A line for each of so many accounts: under Slack's limit of a section, with room for how many more there are. */
const ACCOUNT_LIST_CHARACTERS = LIMITS.section - 50;
const MOST_NAMES_SHOWN = 10;
const MOST_WAVES_SHOWN = 30;
const WAVE_LIST_CHARACTERS = 2_600;

/** Why preflight, or what came before it, ended the execution. */
export function preflightFailure({ execution, plan }: ExecutionView, room = 1): KnownBlock[] {
  const problem = section(problemText(execution.problem ?? { code: '', message: wordsOf(execution).nothing }));
  if (plan === undefined || plan.stops.length === 0) return [problem];
  const stops = plan.stops.map((stop) => `• ${sentence(stop)}`);
  return [problem, section(`*What stops it*\n${lines(stops, MOST_NAMES_SHOWN)}`), ...accountLines(plan, room)];
}

/**
 * What would happen: the preflight table, the warnings, and what a launch cleans up or destroys.
 * @param expected how long each wave is expected to take
 * @param room the share of each list that there is room for
 */
export function preflightBlocks(view: ExecutionView, expected?: ReadonlyMap<number, Expected>, room = 1): KnownBlock[] {
  const { execution, plan } = view;
  if (plan === undefined) return [];
  const { order, effect } = wordsOf(execution);
  const warnings = plan.findings.filter((finding) => finding.severity === 'warning');
  const accounts = plan.accounts.filter((account) => account.servers > 0).length;
  const facts = [
    `Would ${order} *${instancesText(execution, plan.totalServers)}* in ${count(accounts, 'staging account')}, in ${count(plan.batchIds.length, 'DRS job')}. ${effect}`,
    ...replacedLines(plan),
    ...(plan.cleanups.length > 0
      ? [`DRS would first clean up *${count(plan.cleanups.length, 'instance')} of earlier drills*.`]
      : []),
    ...(plan.skipped.length > 0
      ? [
          `Left out:\n${lines(
            plan.skipped.map((server) => `• ${name(server.sourceServerHostname)}: ${sentence(server.reason)}`),
            MOST_NAMES_SHOWN,
            LIMITS.list * room,
          )}`,
        ]
      : []),
    ...(execution.verb === 'drill' ? [cleanUpText(execution)].filter((text) => text !== undefined) : []),
  ];
  return [
    section(facts.join('\n')),
    ...perWave(view, expected, room),
    ...accountLines(plan, room),
    ...listed('Cannot be done', plan.failed.map(plannedFailureLine), room),
    ...listed(
      'Warnings',
      [
        ...plan.warnings.map((warning) => `• ${sentence(warning)}`),
        ...warnings.map((finding) => `• ${name(finding.hostname)}: ${sentence(finding.message)}`),
      ],
      room,
    ),
  ];
}

/** Each wave with its servers and what it is expected to take, where there are several. */
function perWave(view: ExecutionView, expected: ReadonlyMap<number, Expected> | undefined, room: number): KnownBlock[] {
  const sizes = waveSizes(view, expected);
  const inAll = expectedInAll(view, expected);
  if (sizes.length === 0) return [];
  const told = [
    ...(sizes.length > 1 ? ['One after the other:'] : []),
    lines(sizes, MOST_WAVES_SHOWN, WAVE_LIST_CHARACTERS * room),
    ...(inAll === undefined ? [] : [inAll]),
  ];
  return [section(told.join('\n'))];
}

/** Which live instances a launch would destroy: they are named, whatever else has to be cut. */
export function replacedLines(plan: Pick<PlanRecord, 'replaced'>): string[] {
  const { replaced } = plan;
  if (replaced.length === 0) return [];
  const named = replaced.slice(0, MOST_NAMES_SHOWN).map(name).join(', ');
  const rest = replaced.length > MOST_NAMES_SHOWN ? ` and ${replaced.length - MOST_NAMES_SHOWN} more` : '';
  return [`🔴 *Destroys and replaces ${count(replaced.length, 'live instance')}:* ${named}${rest}.`];
}

function accountLines(plan: PlanRecord, room: number): KnownBlock[] {
  if (plan.accounts.length === 0) return [];
  const rows = plan.accounts.map((account) => {
    if (account.unreachable !== undefined) return `⚠️ \`${account.accountId}\` could not be read`;
    const parts = [count(account.servers, 'server'), `${account.healthy} healthy`];
    if (account.lagging > 0) parts.push(`*${account.lagging} not in sync*`);
    if (account.cleanups > 0) parts.push(`${account.cleanups} to clean up`);
    return `\`${account.accountId}\` ${parts.join(' · ')}`;
  });
  return [section(lines(rows, MOST_ACCOUNTS_SHOWN, ACCOUNT_LIST_CHARACTERS * room))];
}
