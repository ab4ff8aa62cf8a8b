import type { KnownBlock } from '@slack/types';
import type { Choice } from '../src/domain/gate.ts';
import type { ExecutionRecord, ExecutionView, GateRecord, PlanRecord } from '../src/domain/records.ts';
import { APPROVE_ACTION, buttonValue, REJECT_ACTION } from './action-ids.ts';
import { reasonsText, replacedLines, scope, verbWord } from './execution-card.ts';
import {
  actions,
  context,
  count,
  dayAndMoment,
  escapeText,
  header,
  lines,
  type Message,
  message,
  moment,
  name,
  section,
  sentence,
} from './message.ts';
import { askedBy, capital, instancesText, wordsOf } from './verbs.ts';

const MOST_ASKED_BY_NAME = 10;
const MOST_CHANGES_SHOWN = 10;
const MOST_LIVE_NAMED = 10;

/**
 * The question to the approvers: a message of its own, because an updated card wakes no phone. Once it is settled, the
 * buttons give way to the record of who decided and when.
 */
export function gateCard(view: ExecutionView, gate: GateRecord): Message {
  const { execution, plan } = view;
  const title = `${verbWord(execution)} ${scope(execution)}`;
  const question = escapeText(title);
  if (gate.status !== 'pending') return record(view, gate, question);
  const asked = gate.approvers.slice(0, MOST_ASKED_BY_NAME).map((userId) => `<@${userId}>`);
  const { order, danger, done } = wordsOf(execution);
  const size = plan === undefined ? '' : `: ${order} ${whatIsDone(execution, plan)}`;
  return message(`Approve? ${question}${size}. Asked by ${askedBy(execution)}.`, [
    header(`✋ Approve? ${title}`),
    ...changes(plan),
    ...dangers(view, danger),
    section(
      `${plan === undefined ? '' : `${capital(order)} *${whatIsDone(execution, plan)}*. ${sideEffects(plan)}\n`}Asked by ${askedBy(execution)}, ${execution.service === undefined ? 'who may not approve it' : 'which never votes'}.`,
    ),
    section(
      `${asked.join(' ')}${gate.approvers.length > asked.length ? ' and others' : ''}: ${count(gate.quorum, 'approval')} needed, ${approvals(gate)} given. Unanswered, it expires ${dayAndMoment(gate.expiresAt)} and nothing is ${done}.`,
    ),
    actions(`gate:${gate.gateId}:r${gate.planRevision}`, [
      {
        type: 'button',
        action_id: APPROVE_ACTION,
        style: 'primary',
        text: { type: 'plain_text', text: `Approve ${verbWord(execution)}` },
        value: buttonValue(gate),
      },
      {
        type: 'button',
        action_id: REJECT_ACTION,
        text: { type: 'plain_text', text: `Reject ${verbWord(execution)}` },
        value: buttonValue(gate),
      },
    ]),
    context('The card above says what would happen in each account.'),
  ]);
}

/** What makes this more than a drill: before anything else that is asked. */
function dangers({ plan, batches }: ExecutionView, danger: string | undefined): KnownBlock[] {
  if (danger === undefined) return [];
  const live = batches
    .flatMap((batch) => batch.servers)
    .filter((server) => server.isDrill === false)
    .map((server) => `${name(server.hostname)} (${name(server.recoveryInstanceId ?? '')})`);
  const told = [danger, ...(plan === undefined ? [] : replacedLines(plan))];
  if (plan?.verb === 'terminate' && live.length > 0) {
    told.push(`🔴 *${live.length} of them ${live.length === 1 ? 'is' : 'are'} live:*\n${lines(live, MOST_LIVE_NAMED)}`);
  }
  return [section(told.join('\n'))];
}

function whatIsDone(execution: ExecutionRecord, plan: PlanRecord): string {
  const accounts = plan.accounts.filter((account) => account.servers > 0).length;
  return `${instancesText(execution, plan.totalServers)} in ${count(accounts, 'account')}`;
}

function sideEffects(plan: PlanRecord): string {
  const warnings = plan.warnings.length + plan.findings.filter((finding) => finding.severity === 'warning').length;
  const parts = [
    ...(plan.cleanups.length > 0
      ? [`${count(plan.cleanups.length, 'instance')} of earlier drills will be cleaned up.`]
      : []),
    ...(plan.failed.length > 0 ? [`*${count(plan.failed.length, 'server')} cannot be part of it.*`] : []),
    ...(plan.missingAccounts.length > 0
      ? [`*${count(plan.missingAccounts.length, 'account')} could not be read:* its servers are left out.`]
      : []),
    ...(warnings > 0 ? [`*${count(warnings, 'warning')}.*`] : []),
  ];
  return parts.join(' ');
}

function changes(plan: PlanRecord | undefined): KnownBlock[] {
  if (plan === undefined || plan.changes.length === 0) return [];
  return [
    section(
      `⚠️ *The fleet has changed since the last approval, so it is asked again.*\n${lines(
        plan.changes.map((change) => `• ${sentence(change)}`),
        MOST_CHANGES_SHOWN,
      )}`,
    ),
  ];
}

function approvals(gate: GateRecord): number {
  return gate.votes.filter((vote) => vote.choice === 'approve').length;
}

function record(view: ExecutionView, gate: GateRecord, question: string): Message {
  const sentence = decisionSentence(view, gate);
  return message(`${question}: ${sentence}`, [section(`*${question}*\n${sentence}`)]);
}

/** Who decided, what, when and why; and what became of it when the fleet has changed since. */
export function decisionSentence(view: Pick<ExecutionView, 'execution'>, gate: GateRecord): string {
  const { nothing } = wordsOf(view.execution);
  const at = gate.settledAt === undefined ? '' : ` at ${moment(gate.settledAt)}`;
  const those = (choice: Choice) => gate.votes.filter((vote) => vote.choice === choice);
  const who = (choice: Choice) =>
    those(choice)
      .map((vote) => `<@${vote.userId}>`)
      .join(' and ');
  switch (gate.status) {
    case 'approved':
      return `✅ Approved by ${who('approve')}${at}.${view.execution.planRevision > gate.planRevision ? ' The fleet has changed since, so this approval no longer counts.' : ''}`;
    case 'rejected':
      return `🚫 Rejected by ${who('reject')}${at}${reasonsText(those('reject'))}. ${nothing}`;
    case 'expired':
      return `⌛ Expired unanswered${at}. ${nothing}`;
    case 'cancelled':
      return `🚫 Cancelled${at}.`;
    case 'pending':
      return 'Not decided yet.';
  }
}
