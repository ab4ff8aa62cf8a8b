import type { KnownBlock } from '@slack/types';
import type { Vote } from '../src/domain/gate.ts';
import type { ExecutionRecord, ExecutionView, PlanRecord, Problem } from '../src/domain/records.ts';
import type { BatchServer } from '../src/domain/result.ts';
import type { ExecutionStatus, ServerState } from '../src/domain/status.ts';
import {
  context,
  count,
  cut,
  escapeText,
  header,
  LIMITS,
  lines,
  type Message,
  message,
  moment,
  name,
  oneLine,
  section,
  sentence,
} from './message.ts';
import { askedBy, instancesText, wordsOf } from './verbs.ts';

/** The mark of a status in the card's first line, and its words where they are the same for every verb. */
const STATUS_WORDS: Record<ExecutionStatus, { mark: string; words: string }> = {
  planning: { mark: '🔎', words: 'looking for the servers' },
  'awaiting approval': { mark: '✋', words: 'waiting for approval' },
  executing: { mark: '⏳', words: '' },
  paused: { mark: '⏸️', words: 'paused' },
  completed: { mark: '✅', words: 'completed' },
  partial: { mark: '⚠️', words: '' },
  failed: { mark: '❌', words: 'failed' },
  rejected: { mark: '🚫', words: 'rejected' },
  expired: { mark: '⌛', words: 'expired unanswered' },
  cancelled: { mark: '🚫', words: 'cancelled' },
};

const MOST_ACCOUNTS_SHOWN = 40;
/** A line for each of so many accounts: under Slack's limit of a section, with room for how many more there are. */
const ACCOUNT_LIST_CHARACTERS = LIMITS.section - 50;
const MOST_NAMES_SHOWN = 10;
const BAR_WIDTH = 10;
/**
 * In characters, of one reason on a card. A reason to ask of more is refused when it is typed; one to reject may be
 * longer and is whole in the table.
 */
const MAX_REASON_SHOWN = 300;
const MAX_PROBLEM_SHOWN = 500;

/** The one card of an execution, drawn whole from what is stored: action, scope and state first. */
export function executionCard(view: ExecutionView): Message {
  const { execution } = view;
  const { mark, words } = stateWords(execution);
  const title = `${verbWord(execution)}: ${scope(execution)}`;
  return message(
    `${escapeText(title)}: ${words}. ${pushSummary(view)}`.trim(),
    [
      header(`${mark} ${title} · ${words}`),
      ...body(view),
      context(
        `Asked by ${askedBy(execution)} at ${moment(execution.startTime)} · ${escapeText(shortId(execution.executionId))}${
          execution.reason === undefined ? '' : ` · “${sentence(execution.reason, MAX_REASON_SHOWN)}”`
        }`,
      ),
    ],
    {
      status: execution.status,
      outcome: execution.outcome ?? '',
      result_file: execution.resultLocation === undefined ? '' : 'in the thread',
    },
  );
}

/** What stopped before the launch, and what ran out of time, read otherwise than a launch that failed. */
function stateWords(execution: ExecutionRecord): { mark: string; words: string } {
  const { doing, done } = wordsOf(execution);
  if (execution.status === 'executing') return { mark: STATUS_WORDS.executing.mark, words: doing };
  if (execution.status === 'partial') return { mark: STATUS_WORDS.partial.mark, words: `partly ${done}` };
  if (execution.status !== 'failed') return STATUS_WORDS[execution.status];
  if (execution.launchStartedAt === undefined) return { mark: '🛑', words: `stopped, nothing ${done}` };
  return execution.outcome === 'timeout' ? { mark: '⌛', words: 'timed out' } : STATUS_WORDS.failed;
}

/** `Drill`, `Failover`, … */
export function verbWord(execution: Pick<ExecutionRecord, 'verb'>): string {
  return execution.verb.charAt(0).toUpperCase() + execution.verb.slice(1);
}

/** `HRP wave 1`, or what else selects the servers; not escaped. */
export function scope(execution: Pick<ExecutionRecord, 'application' | 'wave' | 'selection'>): string {
  if (execution.selection !== undefined) return cut(oneLine(execution.selection), LIMITS.selection);
  return `${cut(oneLine(execution.application), LIMITS.name)} wave ${execution.wave}`;
}

/** What went wrong, in words, for mrkdwn; never empty. */
export function problemText({ code, message }: Problem): string {
  return sentence(message, MAX_PROBLEM_SHOWN) || sentence(code) || 'The reason is not known.';
}

/** `: “…”` with the reasons of these votes, for mrkdwn; empty when none was given. */
export function reasonsText(votes: Vote[]): string {
  const reasons = votes.flatMap(({ reason }) => (reason === undefined ? [] : [sentence(reason, MAX_REASON_SHOWN)]));
  return reasons.length === 0 ? '' : `: ${reasons.map((reason) => `“${reason}”`).join(' ')}`;
}

/** The first eight characters of an execution's id: enough to speak of it. */
export function shortId(executionId: string): string {
  return executionId.slice(0, 8);
}

function pushSummary(view: ExecutionView): string {
  const { execution, plan } = view;
  if (execution.summary !== undefined)
    return `${execution.summary.succeeded} of ${execution.summary.totalServers} servers ${wordsOf(execution).done}.`;
  if (execution.problem !== undefined) return sentence(execution.problem.message);
  return plan === undefined ? '' : `${count(plan.totalServers, 'server')}.`;
}

function body(view: ExecutionView): KnownBlock[] {
  const { execution } = view;
  switch (execution.status) {
    case 'planning':
      return [
        section(
          `Reading every staging account: servers by tag, replication, live instances, running jobs. Nothing is ${wordsOf(execution).done} yet.`,
        ),
      ];
    case 'cancelled':
      if (execution.launchStartedAt !== undefined) return progress(view);
      return [...endedWithoutLaunch(view), ...preflight(view)];
    case 'awaiting approval':
    case 'rejected':
    case 'expired':
      return [...endedWithoutLaunch(view), ...preflight(view)];
    default:
      return execution.launchStartedAt === undefined ? preflightFailure(view) : progress(view);
  }
}

function endedWithoutLaunch({ execution, gates }: ExecutionView): KnownBlock[] {
  if (execution.status === 'awaiting approval') return [];
  const { nothing } = wordsOf(execution);
  if (execution.status === 'rejected') {
    const rejections = (gates.at(-1)?.votes ?? []).filter((vote) => vote.choice === 'reject');
    const voters = rejections.map((vote) => `<@${vote.userId}>`).join(', ');
    // The reason comes last: a mark in it can change the look of nothing that follows.
    return [section(`*${nothing}* Rejected by ${voters}${reasonsText(rejections)}.`)];
  }
  if (execution.status === 'expired') return [section(`Nobody decided in time. *${nothing}* ${askAgain(execution)}`)];
  return [section(`*${nothing}*`)];
}

function askAgain({ service }: ExecutionRecord): string {
  return service === undefined ? 'Ask again with the same command.' : 'Ask again with another correlation id.';
}

function preflightFailure({ execution, plan }: ExecutionView): KnownBlock[] {
  const problem = section(problemText(execution.problem ?? { code: '', message: wordsOf(execution).nothing }));
  if (plan === undefined || plan.stops.length === 0) return [problem];
  const stops = plan.stops.map((stop) => `• ${sentence(stop)}`);
  return [problem, section(`*What stops it*\n${lines(stops, MOST_NAMES_SHOWN)}`), ...accountLines(plan)];
}

/** What would happen: the preflight table, the warnings, and what a launch cleans up or destroys. */
function preflight({ execution, plan }: ExecutionView): KnownBlock[] {
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
          )}`,
        ]
      : []),
  ];
  return [
    section(facts.join('\n')),
    ...accountLines(plan),
    ...listed('Cannot be done', plan.failed.map(plannedFailureLine)),
    ...listed('Warnings', [
      ...plan.warnings.map((warning) => `• ${sentence(warning)}`),
      ...warnings.map((finding) => `• ${name(finding.hostname)}: ${sentence(finding.message)}`),
    ]),
  ];
}

/** Which live instances a launch would destroy: they are named, whatever else has to be cut. */
export function replacedLines(plan: Pick<PlanRecord, 'replaced'>): string[] {
  const { replaced } = plan;
  if (replaced.length === 0) return [];
  const named = replaced.slice(0, MOST_NAMES_SHOWN).map(name).join(', ');
  const rest = replaced.length > MOST_NAMES_SHOWN ? ` and ${replaced.length - MOST_NAMES_SHOWN} more` : '';
  return [`🔴 *Destroys and replaces ${count(replaced.length, 'live instance')}:* ${named}${rest}.`];
}

function plannedFailureLine({ sourceServerHostname, errorMessage }: PlanRecord['failed'][number]): string {
  return `• ${name(sourceServerHostname)}: ${sentence(errorMessage)}`;
}

/** A section with a title, left out when there is nothing to list. */
function listed(title: string, items: string[]): KnownBlock[] {
  return items.length === 0 ? [] : [section(`*${title}*\n${lines(items, MOST_NAMES_SHOWN)}`)];
}

function accountLines(plan: PlanRecord): KnownBlock[] {
  if (plan.accounts.length === 0) return [];
  const rows = plan.accounts.map((account) => {
    if (account.unreachable !== undefined) return `⚠️ \`${account.accountId}\` could not be read`;
    const parts = [count(account.servers, 'server'), `${account.healthy} healthy`];
    if (account.lagging > 0) parts.push(`*${account.lagging} not in sync*`);
    if (account.cleanups > 0) parts.push(`${account.cleanups} to clean up`);
    return `\`${account.accountId}\` ${parts.join(' · ')}`;
  });
  return [section(lines(rows, MOST_ACCOUNTS_SHOWN, ACCOUNT_LIST_CHARACTERS))];
}

function progress(view: ExecutionView): KnownBlock[] {
  const { execution, batches, plan } = view;
  const { done, after } = wordsOf(execution);
  const servers = batches.flatMap((batch) => batch.servers);
  const launched = servers.filter((server) => isDone(server.state)).length;
  const failed = batches.flatMap((batch) =>
    batch.servers.filter((server) => server.state === 'failed').map((server) => ({ batch, server })),
  );
  const skipped = servers.filter((server) => server.state === 'skipped');
  const accounts = [...new Set(batches.map((batch) => batch.accountId))].sort();
  const bars = accounts.map((accountId) =>
    accountBar(
      accountId,
      batches.filter((batch) => batch.accountId === accountId).flatMap((batch) => batch.servers),
    ),
  );
  const over = execution.endTime !== undefined;
  const elapsed =
    over && execution.launchStartedAt !== undefined
      ? ` in ${spokenMinutes((execution.endTime ?? 0) - execution.launchStartedAt)}`
      : '';
  const since = over || execution.launchStartedAt === undefined ? '' : ` · since ${moment(execution.launchStartedAt)}`;
  return [
    section(
      `*${launched} of ${count(servers.length, 'server')} ${done}*${elapsed}${failed.length > 0 ? ` · *${failed.length} failed*` : ''}${skipped.length > 0 ? ` · ${skipped.length} not started` : ''}${since}`,
    ),
    ...(bars.length > 0 ? [section(lines(bars, MOST_ACCOUNTS_SHOWN, ACCOUNT_LIST_CHARACTERS))] : []),
    ...listed('Failed', [
      ...failed.map(({ server }) => failureLine(server, execution)),
      ...(plan?.failed ?? []).map(plannedFailureLine),
    ]),
    ...listed(
      'Not started',
      skipped.map((server) => `• ${name(server.hostname)}`),
    ),
    ...(execution.problem === undefined ? [] : [section(`⚠️ ${problemText(execution.problem)}`)]),
    ...(over && launched > 0
      ? [section(`${after === undefined ? '' : `${after} `}The whole result is in the thread.`)]
      : []),
  ];
}

const FAILURE_OF: Record<ExecutionRecord['verb'], string> = {
  drill: 'launch',
  failover: 'launch',
  failback: 'failback',
  terminate: 'termination',
  status: 'look',
};

function failureLine(server: BatchServer, execution: ExecutionRecord): string {
  return `• ${name(server.hostname)} (${name(server.sourceServerId)}): ${sentence(server.errorMessage ?? `the ${FAILURE_OF[execution.verb]} failed`)}`;
}

const UNDER_WAY: readonly ServerState[] = ['launching', 'terminating', 'copying'];

/** True when what was asked for has been done with the server. */
function isDone(state: ServerState): boolean {
  return state === 'launched' || state === 'terminated';
}

/** `██████░░░░ 6/10 · 111111111111 · 2 launching` */
function accountBar(accountId: string, servers: BatchServer[]): string {
  const of = (state: string) => servers.filter((server) => server.state === state).length;
  const launched = servers.filter((server) => isDone(server.state)).length;
  const full = servers.length === 0 ? 0 : Math.floor((launched / servers.length) * BAR_WIDTH);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  const extras = [
    ...UNDER_WAY.flatMap((state) => (of(state) > 0 ? [`${of(state)} ${state}`] : [])),
    ...(of('failed') > 0 ? [`*${of('failed')} failed*`] : []),
  ];
  return `${bar} ${launched}/${servers.length} · \`${accountId}\`${extras.length > 0 ? ` · ${extras.join(' · ')}` : ''}`;
}

/** Milliseconds as `24 min` or `1 h 5 min`. */
export function spokenMinutes(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
