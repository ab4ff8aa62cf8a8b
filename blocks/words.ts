import type { KnownBlock } from '@slack/types';
import type { Vote } from '../src/domain/gate.ts';
import type { ExecutionRecord, PlanRecord, Problem } from '../src/domain/records.ts';
import type { BatchServer } from '../src/domain/result.ts';
import { count, cut, firstThatFit, LIMITS, lines, name, oneLine, section, sentence } from './message.ts';
import { wavesText } from './verbs.ts';

/** How executions are spoken of, on every card alike. */

const MOST_NAMES_SHOWN = 10;
/**
 * In characters, of one reason on a card. A reason to ask of more is refused when it is typed; one to reject may be
 * longer and is whole in the table.
 */
export const MAX_REASON_SHOWN = 300;
/** In characters, of the names of servers that are listed in a line. */
const NAMES_CHARACTERS = 600;
const MAX_PROBLEM_SHOWN = 500;

/** `Drill`, `Failover`, … */
export function verbWord(execution: Pick<ExecutionRecord, 'verb'>): string {
  return execution.verb.charAt(0).toUpperCase() + execution.verb.slice(1);
}

/** `HRP wave 1`, `HRP waves 1–3`, or what else selects the servers; not escaped. */
export function scope(execution: Pick<ExecutionRecord, 'application' | 'waves' | 'selection'>): string {
  if (execution.selection !== undefined) return cut(oneLine(execution.selection), LIMITS.selection);
  return `${cut(oneLine(execution.application), LIMITS.name)} ${wavesText(execution.waves)}`;
}

/** What went wrong, in words, for mrkdwn; never empty. */
export function problemText({ code, message }: Problem): string {
  return sentence(message, MAX_PROBLEM_SHOWN) || sentence(code) || 'The reason is not known.';
}

/** `: “…”` with the reasons of these votes, for mrkdwn; empty when none was given. */
export function reasonsText(votes: Pick<Vote, 'reason'>[]): string {
  const reasons = votes.flatMap(({ reason }) => (reason === undefined ? [] : [sentence(reason, MAX_REASON_SHOWN)]));
  return reasons.length === 0 ? '' : `: ${reasons.map((reason) => `“${reason}”`).join(' ')}`;
}

/** The first eight characters of an execution's id: enough to speak of it. */
export function shortId(executionId: string): string {
  return executionId.slice(0, 8);
}

/** The ticket that an execution is done for, for mrkdwn; undefined when none was named. */
export function ticketOf({ metadata }: Pick<ExecutionRecord, 'metadata'>): string | undefined {
  const ticket = metadata?.ticketId;
  return typeof ticket === 'string' && ticket.trim() !== '' ? name(ticket) : undefined;
}

/** A server that the plan itself left out as failed. */
export function plannedFailureLine({ sourceServerHostname, errorMessage }: PlanRecord['failed'][number]): string {
  return `• ${name(sourceServerHostname)}: ${sentence(errorMessage)}`;
}

/** A section with a title, left out when there is nothing to list. `room`: the share of a list that there is room for. */
export function listed(title: string, items: string[], room = 1): KnownBlock[] {
  return items.length === 0 ? [] : [section(`*${title}*\n${lines(items, MOST_NAMES_SHOWN, LIMITS.list * room)}`)];
}

/** Milliseconds as `24 min`, `1 h 5 min` or `2 h`. */
export function spokenMinutes(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
}

const FAILURE_OF: Record<ExecutionRecord['verb'], string> = {
  drill: 'launch',
  failover: 'launch',
  failback: 'failback',
  terminate: 'termination',
  status: 'look',
};

/** The servers for which it did not work, and why; those with the same reason together, the most first. */
export function failureLines(
  servers: readonly Pick<BatchServer, 'hostname' | 'sourceServerId' | 'errorMessage'>[],
  execution: Pick<ExecutionRecord, 'verb'>,
): string[] {
  const byReason = new Map<string, Pick<BatchServer, 'hostname' | 'sourceServerId'>[]>();
  for (const server of servers) {
    const reason = sentence(server.errorMessage ?? `the ${FAILURE_OF[execution.verb]} failed`);
    byReason.set(reason, [...(byReason.get(reason) ?? []), server]);
  }
  return [...byReason]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([reason, alike]) => {
      const [first] = alike;
      return first !== undefined && alike.length === 1
        ? `• ${name(first.hostname)} (${name(first.sourceServerId)}): ${reason}`
        : `• *${count(alike.length, 'server')}:* ${reason}\n${namesText(alike.map(({ hostname }) => hostname))}`;
    });
}

/** `hrp-db-001, hrp-db-002 and 3 more`, for mrkdwn. */
export function namesText(hostnames: readonly string[]): string {
  const shown = firstThatFit(hostnames.toSorted().map(name), MOST_NAMES_SHOWN, NAMES_CHARACTERS);
  const rest = hostnames.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`.trim();
}
