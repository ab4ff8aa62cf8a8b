import type { Choice, Refusal } from '../src/domain/gate.ts';
import type { Catalogue, ExecutionRecord, GateRecord } from '../src/domain/records.ts';
import { decisionSentence } from './gate-card.ts';
import { count, escapeText, moment, name, sentence } from './message.ts';

/** What one person is told, only visible to them: texts in mrkdwn. */

/** The form of every command of this version. */
export const USAGE = '`/dr drill <application> wave <number> [reason "…"]`';

/** More would make an answer that nobody reads, and in the end one that Slack cuts. */
const MOST_APPLICATIONS_SHOWN = 40;

/** `/dr help`: the commands, and what exists to use them on. */
export function helpText(catalogue: Catalogue | undefined): string {
  return [
    `*${USAGE}*`,
    'Launches drill instances for the servers of one application and wave, after preflight and one other person’s approval. It never touches live instances. For example `/dr drill HRP wave 1`.',
    '`/dr help` shows this.',
    applicationsText(catalogue),
  ].join('\n');
}

/** Which applications and waves exist. */
export function applicationsText(catalogue: Catalogue | undefined): string {
  if (catalogue === undefined || catalogue.applications.length === 0) return 'No applications are known yet.';
  const names = catalogue.applications
    .slice(0, MOST_APPLICATIONS_SHOWN)
    .map((application) => `${name(application.name)} (${wavesText(application.waves)})`);
  const rest = catalogue.applications.length - names.length;
  return `Applications: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
}

/** `waves 1–4` */
export function wavesText(waves: Catalogue['applications'][number]['waves']): string {
  const numbers = waves.map(({ wave }) => wave);
  const first = numbers[0];
  const last = numbers.at(-1);
  if (first === undefined || last === undefined) return 'no waves';
  if (numbers.length === 1) return `wave ${first}`;
  return last - first + 1 === numbers.length ? `waves ${first}–${last}` : `waves ${numbers.join(', ')}`;
}

/** The answer to an accepted request. */
export function acceptedText(scope: string, servers: number | undefined): string {
  const about = servers === undefined ? '' : ` (about ${count(servers, 'server')})`;
  return `Looking at ${escapeText(scope)}${about} in every staging account. The card follows in this channel; nothing is launched before somebody else approves.`;
}

/** What is not known here: a button or a form that no card of this version has. */
export const UNKNOWN_QUESTION_TEXT =
  'This question is not one of ours, or is from an older version. Nothing was recorded.';

/** The answer to a vote that is recorded. */
export function recordedText(gate: GateRecord, choice: Choice): string {
  if (gate.status === 'approved')
    return '✅ Your approval is recorded. What was approved is looked at once more, then it begins.';
  if (gate.status === 'rejected') return '🚫 Your rejection is recorded. Nothing will be done.';
  const given = gate.votes.filter((earlier) => earlier.choice === 'approve').length;
  return `Your ${choice === 'approve' ? 'approval' : 'rejection'} is recorded: ${given} of ${gate.quorum} approvals.`;
}

const MOST_ASKED_NAMED = 5;

const STANDING_TEXT = {
  bot: 'Bots do not',
  guest: 'Guests of the workspace do not',
  deactivated: 'Deactivated accounts do not',
  'other workspace': 'People of other workspaces do not',
} as const;

/** The answer to a vote that does not count: why, and what to do. `execution` is the gate's, when it is stored. */
export function refusedText(reason: Refusal, gate: GateRecord, execution: ExecutionRecord | undefined): string {
  const asked = gate.approvers
    .slice(0, MOST_ASKED_NAMED)
    .map((userId) => `<@${userId}>`)
    .join(', ');
  switch (reason) {
    case 'own request':
      return `You asked for this drill, so somebody else has to decide: ${asked}. Nothing was recorded.`;
    case 'no permission':
      return `You may not decide about ${gate.application === '' ? 'this' : name(gate.application)}. Asked are ${asked}. Nothing was recorded.`;
    case 'already voted':
      return 'Your vote is recorded already; it counts once.';
    case 'expired':
      return `⌛ This question expired at ${moment(gate.expiresAt)}. Nothing was recorded and nothing is done; whoever asked has to ask again.`;
    case 'old card':
      return 'This card is out of date: the question has changed. Use the newest card of this execution. Nothing was recorded.';
    case 'settled':
      return settledText(gate, execution);
    case 'not asked':
      return `You may decide about such questions now, but could not when this one was asked. Asked are ${asked}. Nothing was recorded.`;
    case 'wrong name':
      return `What you typed is not “${name(gate.typedName ?? '')}”. Nothing was recorded: look whether this is the question you mean.`;
    case 'no break-glass':
      return `You may not pass this question alone. Asked are ${asked}. Nothing was recorded.`;
    case 'bot':
    case 'guest':
    case 'deactivated':
    case 'other workspace':
      return `${STANDING_TEXT[reason]} decide here. Asked are ${asked}. Nothing was recorded.`;
  }
}

function settledText(gate: GateRecord, execution: ExecutionRecord | undefined): string {
  const decided = execution === undefined ? 'It is decided.' : decisionSentence({ execution }, gate);
  const again =
    execution !== undefined && execution.planRevision > gate.planRevision
      ? ' This card is out of date: use the newest card of this execution.'
      : '';
  return `This is decided already: ${decided}${again} Your press changed nothing.`;
}

/** The answer to a press of Reject whose form Slack did not open. `why` is Slack's error. */
export function formNotOpenedText(why: string): string {
  return `⚠️ Slack did not open the form for your reason (${sentence(why)}). Nothing was recorded and the question is still open: press Reject again.`;
}
