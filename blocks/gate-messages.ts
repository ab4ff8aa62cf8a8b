import type { ExecutionView, GateRecord } from '../src/domain/records.ts';
import { breakGlassVote } from './decision.ts';
import { dayAndMoment, link, type Message, mentions, message, moment, section } from './message.ts';
import { askTitle, questionTitle } from './question.ts';
import { reasonsText } from './words.ts';

/** Messages about a gate beside its card. Each is a new one, because only a new message wakes a phone. */

/** A phone shows about two lines of a push. */
const MOST_ASKED = 8;

const OVER: Record<Exclude<GateRecord['status'], 'pending'>, string> = {
  approved: 'decided',
  rejected: 'decided',
  expired: 'expired unanswered',
  cancelled: 'cancelled',
};

/**
 * A reminder to those who had not voted when it was due. Once the gate is settled it says so and asks nobody.
 * @param number from 1
 * @param url of the gate's card, when it is known
 */
export function reminderMessage(view: ExecutionView, gate: GateRecord, number: number, url?: string): Message {
  const at = gate.reminders?.[number - 1] ?? gate.openedAt;
  if (gate.status !== 'pending') return settled(`🔔 Reminder ${number}`, view, gate, url);
  const voted = gate.votes.filter((vote) => vote.at <= at).map(({ userId }) => userId);
  const missing = gate.approvers.filter((userId) => !voted.includes(userId));
  const asked = mentions(missing, MOST_ASKED);
  const { mrkdwn } = askTitle(view, gate);
  return message(`Reminder ${number}: ${mrkdwn}. ${asked}: it waits for you until ${dayAndMoment(gate.expiresAt)}.`, [
    section(
      `🔔 *Reminder ${number}: ${mrkdwn}*\n${asked}: ${given(gate, at)} It expires ${dayAndMoment(gate.expiresAt)}. ${link(url, 'Open the question')}${url === undefined ? ' is above.' : ''}`,
    ),
  ]);
}

/** The question, taken to those whom the policy names for when nobody decides. */
export function escalationMessage(view: ExecutionView, gate: GateRecord, url?: string): Message {
  if (gate.status !== 'pending') return settled('⏫ Escalated', view, gate, url);
  const { mrkdwn } = askTitle(view, gate);
  const told = escalationGroup(gate);
  return message(`Escalated: ${mrkdwn}. ${told}: nobody has decided, it expires ${dayAndMoment(gate.expiresAt)}.`, [
    section(
      `⏫ *Escalated: ${mrkdwn}*\n${told}: nobody has decided since ${moment(gate.openedAt)}. ${given(gate, gate.escalatedAt ?? gate.openedAt)} It expires ${dayAndMoment(gate.expiresAt)}.\nAsked were ${mentions(gate.approvers, MOST_ASKED)}: reach one of them, or decide where you may. ${link(url, 'Open the question')}${url === undefined ? ' is above.' : ''}`,
    ),
  ]);
}

/** Told to the escalation group: one person has passed the gate alone. Undefined when nobody has, or there is no group. */
export function breakGlassMessage(view: ExecutionView, gate: GateRecord, url?: string): Message | undefined {
  const vote = breakGlassVote(gate);
  const told = escalationGroup(gate);
  if (vote === undefined || told === '') return undefined;
  const { mrkdwn } = questionTitle(view, gate);
  return message(`🚨 Break-glass: <@${vote.userId}> has passed ${mrkdwn} alone. ${told}: for your information.`, [
    section(
      `🚨 *Break-glass: ${mrkdwn}*\n${told}: <@${vote.userId}> has passed it alone at ${moment(vote.at)}${reasonsText([vote])}. Look whether that was right; it can still be cancelled on its card. ${link(url, 'Open the record')}${url === undefined ? ' is above.' : ''}`,
    ),
  ]);
}

/** Mentions of whom a gate is escalated to; empty when it is to nobody. */
export function escalationGroup({ escalation }: Pick<GateRecord, 'escalation'>): string {
  const { users = [], userGroups = [] } = escalation ?? {};
  return [...users.map((id) => `<@${id}>`), ...userGroups.map((id) => `<!subteam^${id}>`)]
    .slice(0, MOST_ASKED)
    .join(' ');
}

function settled(what: string, view: ExecutionView, gate: GateRecord, url: string | undefined): Message {
  const { mrkdwn } = questionTitle(view, gate);
  const how = gate.status === 'pending' ? 'open' : OVER[gate.status];
  const at = gate.settledAt === undefined ? '' : ` at ${moment(gate.settledAt)}`;
  const over = `no longer open: ${how}${at}.`;
  return message(`${what}: ${mrkdwn} is ${over}`, [
    section(`${what}: *${mrkdwn}* is ${over} ${link(url, 'See the record')}${url === undefined ? ' above.' : ''}`),
  ]);
}

/** `1 of 2 approvals are given.` as it was at a moment. */
function given({ kind, quorum, votes }: GateRecord, at: number): string {
  const cast = votes.filter((vote) => vote.at <= at).length;
  return `${cast} of ${quorum} ${kind === 'approval' ? 'approvals' : 'votes'} given.`;
}
