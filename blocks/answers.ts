import type { Standing } from '../src/domain/access.ts';
import type { Choice, Refusal } from '../src/domain/gate.ts';
import type { ExecutionRecord, GateRecord } from '../src/domain/records.ts';
import type { NoRun } from '../src/domain/requested-run.ts';
import type { PlannedVerb } from '../src/domain/vocabulary.ts';
import { decisionSentence } from './decision.ts';
import { peopleText } from './help.ts';
import { count, escapeText, moment, name, sentence } from './message.ts';
import { askedBy, capital, wavesText, wordsOf } from './verbs.ts';
import { scope, shortId } from './words.ts';

/** What one person is told, only visible to them: texts in mrkdwn. */

const MOST_ASKED_NAMED = 5;

/** Where a message stands in Slack. */
export interface MessagePlace {
  channelId: string;
  /** Slack's timestamp of the message. */
  ts: string;
}

/** A link to a message. Slack opens it in the reader's own workspace. */
export function linkTo({ channelId, ts }: MessagePlace, label: string): string {
  return `<https://slack.com/archives/${channelId}/p${ts.replace('.', '')}|${label}>`;
}

/** An execution as an answer names it, with a link to its card where that is shown. */
export function executionText(execution: ExecutionRecord, card?: MessagePlace): string {
  const id = escapeText(shortId(execution.executionId));
  return `${execution.verb} ${escapeText(scope(execution))} (${card === undefined ? id : linkTo(card, id)}, ${execution.status}, asked by ${askedBy(execution)} at ${moment(execution.startTime)})`;
}

const STANDING_TEXT = {
  bot: 'Bots do not',
  guest: 'Guests of the workspace do not',
  deactivated: 'Deactivated accounts do not',
  'other workspace': 'People of other workspaces do not',
} as const satisfies Record<Exclude<Standing, 'member'>, string>;

/** Somebody whose account does not count at all. */
export function notMemberText(standing: Exclude<Standing, 'member'>): string {
  return `${STANDING_TEXT[standing]} get anything done here: only full members of this workspace do. Nothing was changed.`;
}

/** Somebody without any role. `managers` give access. */
export function noRoleText(managers: readonly string[]): string {
  const whom = managers.length === 0 ? 'whoever runs dr-chatops' : peopleText(managers, MOST_ASKED_NAMED);
  return `You have no role here, so I cannot tell or do anything for you. Ask ${whom} for access.`;
}

/** Somebody who may not do what was typed. `others` may. */
export function mayNotText(what: string, others: readonly string[]): string {
  return `You may not ${what}.${others.length === 0 ? '' : ` These people may: ${peopleText(others, MOST_ASKED_NAMED)}.`} Nothing was changed; \`/dr access\` shows what you may do.`;
}

/** What is asked for, and what it needs. */
export interface AcceptedRequest {
  verb: PlannedVerb;
  application: string;
  waves: number[];
  /** The recovery plan whose waves these are. */
  planName?: string;
  /** How many servers there are, as far as it is known. */
  servers?: number;
  /** Approvals that it needs, and whether the own one counts. */
  quorum: number;
  selfApproval: boolean;
  executionId: string;
  /** Where the card follows. */
  channelId: string;
}

/** The answer to an accepted request. */
export function acceptedText(request: AcceptedRequest): string {
  const { verb, application, waves, planName, servers, quorum, selfApproval, executionId, channelId } = request;
  const plan = planName === undefined ? '' : ` of the recovery plan ${name(planName)}`;
  const about = servers === undefined ? plan : ` (about ${count(servers, 'server')})`;
  const one = selfApproval ? 'somebody approves' : 'somebody else approves';
  return `Looking at ${escapeText(scope({ application, waves }))}${about} in every staging account. The card follows in <#${channelId}> as ${shortId(executionId)}; nothing is ${wordsOf({ verb }).done} before ${quorum === 1 ? one : `${quorum} people approve`}.`;
}

/** The answer to a request for waves that are not there, or that nobody knows. */
export function noRunText(application: string, run: NoRun): string {
  if (run.problem === 'waves unknown') {
    return `It is not known yet which waves ${name(application)} has: name them. Nothing was started.`;
  }
  const { missing, known, planName } = run;
  const whose =
    planName === undefined ? name(application) : `The recovery plan ${name(planName)} of ${name(application)}`;
  return `${whose} has no wave ${missing.join(', ')}, but ${wavesText(known)}. Nothing was started.`;
}

/** The answer to a request of what is not allowed now, e.g. in a change freeze. */
export function frozenText(verb: PlannedVerb, application: string, why: string): string {
  return `${capital(verb)} of ${name(application)} is not allowed now: “${sentence(why)}”. Nothing was started.`;
}

/** The answer to a request that has to say why. */
export function reasonNeededText(verb: PlannedVerb, application: string): string {
  return `A ${verb} of ${name(application)} needs a reason: add \`reason "…"\`. Nothing was started.`;
}

/** The answer to a request that has to name a ticket. */
export function ticketNeededText(verb: PlannedVerb, application: string): string {
  return `A ${verb} of ${name(application)} needs a ticket: add \`ticket INC…\`. Nothing was started.`;
}

/** The answer to a request in a channel where nothing can be shown. */
export const NOT_IN_CHANNEL_TEXT =
  'I am not in this channel, so nobody could see the card and decide. Nothing was started: type `/invite @dr-chatops` here and ask again.';

/** The answer to a request in a conversation of two. */
export const NO_CHANNEL_TEXT =
  'Ask in a channel, where those who decide see the card. Nothing was started: I do not work in direct messages.';

/** The answer to a request for what is busy. */
export function busyText(application: string, owner: ExecutionRecord | undefined, card?: MessagePlace): string {
  const what = owner === undefined ? 'another request' : executionText(owner, card);
  return `${name(application)} is busy with ${what}. Nothing was started: one execution at a time runs for an application.`;
}

/** Where it is said that a mention does not vote. */
export function noVoteByMentionText(word: string, execution: string): string {
  return `A mention may ask, but decides nothing. Nothing was recorded: use the buttons of the card, or type \`/dr ${word} ${name(execution)}\` in the channel.`;
}

/** What is not known here: a button or a form that no card of this version has. */
export const UNKNOWN_QUESTION_TEXT =
  'This question is not one of ours, or is from an older version. Nothing was recorded.';

const RECORDED: Record<Choice, { word: string; settled: string }> = {
  approve: {
    word: 'approval',
    settled: '✅ Your approval is recorded. What was approved is looked at once more, then it begins.',
  },
  reject: { word: 'rejection', settled: '🚫 Your rejection is recorded. Nothing will be done.' },
  resume: { word: 'answer', settled: '▶️ Recorded: it goes on with the next wave.' },
  retry: { word: 'answer', settled: '🔁 Recorded: what failed is tried again.' },
  continue: { word: 'answer', settled: '▶️ Recorded: it goes on with the next wave, without what failed.' },
  stop: {
    word: 'answer',
    settled: '⏹️ Recorded: no further wave begins. What was done stays as it is.',
  },
};

/** What is said instead where the question is about an action that failed, or comes after the last wave. */
const RECORDED_ACTION: Partial<Record<Choice, string>> = {
  retry: '🔁 Recorded: the action is done again.',
  continue: '▶️ Recorded: it goes on, although the action failed.',
};
const RECORDED_END: Partial<Record<Choice, string>> = {
  resume: '▶️ Recorded: it ends with its result.',
  stop: '⏹️ Recorded: it ends as partial. What was done stays as it is.',
};

function settledAnswer({ action, afterWave }: GateRecord, choice: Choice): string {
  const special = action !== undefined ? RECORDED_ACTION : afterWave === true ? RECORDED_END : {};
  return special[choice] ?? RECORDED[choice].settled;
}

/** The answer to a vote that is recorded. */
export function recordedText(
  gate: GateRecord,
  choice: Choice,
  how: { breakGlass: boolean } = { breakGlass: false },
): string {
  const { word } = RECORDED[choice];
  if (how.breakGlass && gate.status === 'approved') {
    return `🚨 Recorded: you passed this question alone. It is marked so on the card and in the audit. What was approved is looked at once more, then it begins.`;
  }
  if (gate.status !== 'pending') return settledAnswer(gate, choice);
  const given = gate.votes.filter((earlier) => earlier.choice === choice).length;
  return `Your ${word} is recorded: ${given} of ${gate.quorum} ${choice === 'approve' ? 'approvals' : 'answers'}.`;
}

/**
 * The answer to a vote that does not count: why, and what to do. `execution` is the gate's, when it is stored; `card` is
 * where it stands now.
 */
export function refusedText(
  reason: Refusal,
  gate: GateRecord,
  execution: ExecutionRecord | undefined,
  card?: MessagePlace,
): string {
  const asked = peopleText(gate.approvers, MOST_ASKED_NAMED);
  const current = card === undefined ? 'the newest card of this execution' : linkTo(card, 'the current card');
  switch (reason) {
    case 'own request':
      return `You asked for this ${execution?.verb ?? 'execution'}, so somebody else has to decide: ${asked}. Nothing was recorded.`;
    case 'no permission':
      return `You may not decide about ${gate.application === '' ? 'this' : name(gate.application)}. Asked are ${asked}. Nothing was recorded.`;
    case 'already voted':
      return 'Your vote is recorded already; it counts once.';
    case 'expired':
      return `⌛ This question expired at ${moment(gate.expiresAt)}. Nothing was recorded${gate.kind === 'approval' ? ' and nothing is done; whoever asked has to ask again' : ', and nothing more is begun'}.${card === undefined ? '' : ` See ${current}.`}`;
    case 'old card':
      return `This card is out of date: the question has changed. Use ${current}. Nothing was recorded.`;
    case 'settled':
      return settledText(gate, execution, card);
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

function settledText(gate: GateRecord, execution: ExecutionRecord | undefined, card?: MessagePlace): string {
  const decided = execution === undefined ? 'It is decided.' : decisionSentence({ execution }, gate);
  const current = card === undefined ? 'the newest card of this execution' : linkTo(card, 'the current card');
  const again =
    execution !== undefined && execution.planRevision > gate.planRevision
      ? ` This card is out of date: use ${current}.`
      : card === undefined
        ? ''
        : ` See ${current}.`;
  return `This is decided already: ${decided}${again} Your press changed nothing.`;
}

/** The answer to a press of a button whose form Slack did not open. `why` is Slack's error. */
export function formNotOpenedText(button: string, why: string): string {
  return `⚠️ Slack did not open the form for ${button} (${sentence(why)}). Nothing was recorded and the question is still open: press ${button} again.`;
}

/** The answer to a vote on an execution that asks nothing. */
export function nothingAskedText(execution: ExecutionRecord, wanted: string, card?: MessagePlace): string {
  return `Nothing is to ${wanted} at ${executionText(execution, card)}. Nothing was recorded.`;
}

/** The answer to a vote of another kind than the question that is open. */
export function otherQuestionText(execution: ExecutionRecord, kind: GateRecord['kind'], card?: MessagePlace): string {
  const how = {
    approval: 'it waits for approval: `/dr approve` or `/dr reject`',
    pause: 'it is paused: `/dr resume`, or the buttons of the card',
    decision: 'it asks what is to become of what failed: use the buttons of the card',
  }[kind];
  return `${capital(executionText(execution, card))} asks something else: ${how}. Nothing was recorded.`;
}

/** The answer to a cancel that is recorded: what goes on, and what does not. */
export function cancelledText(execution: ExecutionRecord, card?: MessagePlace): string {
  const { done, nothing } = wordsOf(execution);
  const what = capital(executionText(execution, card));
  return execution.launchStartedAt === undefined
    ? `🚫 ${what} is cancelled. ${nothing.replace('.', '')}, and nothing will be.`
    : `🚫 Your cancel is recorded. ${what}: a DRS job cannot be stopped, so what runs is followed to its end and what is ${done} stays. No further wave begins.`;
}

/** The answer to a pause that is recorded. */
export function pausedText(execution: ExecutionRecord, card?: MessagePlace): string {
  return `⏸️ Your pause is recorded. ${capital(executionText(execution, card))} stops before its next wave; what runs is followed to its end. \`/dr resume ${shortId(execution.executionId)}\` goes on.`;
}

/** The answer to a pause of what has nothing left to pause before. */
export function noFurtherWaveText(execution: ExecutionRecord, card?: MessagePlace): string {
  return `${capital(executionText(execution, card))} has no further wave to pause before. Nothing was changed.`;
}

/** The answer to a cancel or pause of what is over, or was cancelled or paused before. */
export function notSteeredText(
  execution: ExecutionRecord,
  word: 'cancel' | 'pause' | 'resume',
  card?: MessagePlace,
): string {
  const what = capital(executionText(execution, card));
  if (word === 'resume') return `${what} is over. Nothing was changed.`;
  return word === 'cancel'
    ? `${what} is over or cancelled already. Nothing was changed.`
    : `${what} is over, or is to be paused or cancelled already. Nothing was changed.`;
}

/** The answer to a resume of an execution whose machine has died. */
export function machineResumedText(execution: ExecutionRecord, card?: MessagePlace): string {
  return `▶️ Recorded: ${executionText(execution, card)} goes on where it ended. What was launched is found launched, and not launched again.`;
}

/** The answer to a resume of what is not dead, or cannot go on. */
export function machineNotResumedText(execution: ExecutionRecord, card?: MessagePlace): string {
  const what = capital(executionText(execution, card));
  if (execution.cancelRequested !== undefined) return `${what} is cancelled, and is being closed. Nothing was changed.`;
  return execution.machineStopped === undefined
    ? `${what} is not stopped: somebody was faster, or it goes on by itself. Nothing was changed.`
    : `${what} cannot be set going again. Close it, and ask for what is left.`;
}

/** The answer to an archive, or to its undoing. */
export function archivedText(execution: ExecutionRecord, { undo }: { undo: boolean }, card?: MessagePlace): string {
  const what = capital(executionText(execution, card));
  const id = escapeText(shortId(execution.executionId));
  return undo
    ? `${what} is listed again.`
    : `🗄️ ${what} is archived: it is listed no more. Its card, result and audit stay; \`/dr executions archived\`, \`/dr status ${id}\` and \`/dr audit ${id}\` find it, \`/dr archive ${id} undo\` lists it again.`;
}

/** The answer to an archive that changed nothing. */
export function notArchivedText(execution: ExecutionRecord, { undo }: { undo: boolean }, card?: MessagePlace): string {
  const what = capital(executionText(execution, card));
  if (undo) return `${what} is not archived. Nothing was changed.`;
  const why = execution.endTime === undefined ? 'is not over: only what is over is archived' : 'is archived already';
  return `${what} ${why}. Nothing was changed.`;
}

/** The answer to a look at something, which a worker answers. */
export const LOOKING_TEXT = 'Looking… The answer follows here, only visible to you.';
