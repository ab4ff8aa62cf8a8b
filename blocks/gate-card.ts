import type { Button, KnownBlock } from '@slack/types';
import type { ActionRecord, ExecutionRecord, ExecutionView, GateRecord, PlanRecord } from '../src/domain/records.ts';
import { BREAK_GLASS_ACTION, buttonValue, VOTE_ACTION } from './action-ids.ts';
import { decisionSentence } from './decision.ts';
import { isMachineStopped } from './machine-stopped.ts';
import {
  actions,
  button,
  confirmation,
  context,
  count,
  dayAndMoment,
  header,
  lines,
  type Message,
  mentions,
  message,
  moment,
  name,
  section,
  sentence,
} from './message.ts';
import { cleanUpText, plannedBlocks } from './planned-waves.ts';
import { replacedLines } from './preflight.ts';
import { askTitle, isMultiWave, nextWaveOf, questionTitle } from './question.ts';
import { askedBy, capital, instancesText, wordsOf } from './verbs.ts';
import { actionOf, failedActionLine, failedActions, outcomeText, totalOf, whereText } from './wave-actions.ts';
import { isDone, waveProgress } from './waves.ts';
import { failureLines, MAX_REASON_SHOWN, spokenMinutes, ticketOf, verbWord } from './words.ts';

const MOST_ASKED_BY_NAME = 10;
/** A phone shows about two lines of a push. */
const MOST_ASKED_IN_PUSH = 4;
const MOST_CHANGES_SHOWN = 10;
const MOST_LIVE_NAMED = 10;
const MOST_FAILED_NAMED = 5;
/** In characters, of what an action said when it failed. */
const MAX_SAID = 400;
const MAX_PUSHED = 100;
/** Failed actions that are named in a question about something else. */
const MOST_ACTIONS_NAMED = 5;

/**
 * The question to those who decide: a message of its own, because an updated card wakes no phone. Once it is settled, the
 * buttons give way to the record of who decided and when.
 */
export function gateCard(view: ExecutionView, gate: GateRecord): Message {
  if (gate.status !== 'pending') return record(view, gate);
  const { execution } = view;
  return message(pushText(view, gate), [
    header(`${MARKS[gate.kind]} ${askTitle(view, gate).plain}`),
    ...(gate.kind === 'approval' ? approvalBlocks(view) : betweenWaves(view, gate)),
    ...(isMachineStopped(execution) ? [section(STANDS_STILL)] : []),
    section(`${askingLine(execution, gate)}\n${decidingLines(execution, gate).join('\n')}`),
    actions(`gate:${gate.gateId}:r${gate.planRevision}`, buttons(view, gate)),
    context(notes(gate)),
  ]);
}

const STANDS_STILL =
  '🛑 *It stands still now:* what runs it has stopped, see its card. Votes are recorded, and take effect once it is resumed.';

const MARKS = { approval: '✋', pause: '⏸️', decision: '❓' } as const;

/** All that a phone shows: what is asked, about what, by whom, and of whom. */
function pushText(view: ExecutionView, gate: GateRecord): string {
  const { execution, plan } = view;
  const { mrkdwn } = askTitle(view, gate);
  const asked = mentions(gate.approvers, MOST_ASKED_IN_PUSH);
  if (gate.action !== undefined) return `${mrkdwn}. ${actionSaid(view, gate)}${asked}: decide in this message.`;
  if (gate.kind !== 'approval')
    return `${mrkdwn}. ${stateOfWaves(view, gate).replaceAll('*', '')} ${asked}: decide in this message.`;
  const size = plan === undefined ? '' : `: ${wordsOf(execution).order} ${whatIsDone(execution, plan)}`;
  return `${mrkdwn}${size}. Asked by ${askedBy(execution)}. ${asked}: decide in this message.`;
}

function approvalBlocks(view: ExecutionView): KnownBlock[] {
  const { execution, plan } = view;
  if (plan === undefined) return [];
  const { order, danger } = wordsOf(execution);
  return [
    ...changes(plan),
    ...dangers(view, danger),
    section(
      [
        `${capital(order)} *${whatIsDone(execution, plan)}*. ${sideEffects(plan)}`.trim(),
        ...(execution.verb === 'drill' ? [cleanUpText(execution)].filter((text) => text !== undefined) : []),
      ].join('\n'),
    ),
    ...plannedBlocks(view),
  ];
}

/** What has been done so far, what comes next, and what each answer does. */
function betweenWaves(view: ExecutionView, gate: GateRecord): KnownBlock[] {
  const { execution } = view;
  const { danger } = wordsOf(execution);
  if (gate.action !== undefined) return afterAction(view, gate);
  const next = gate.kind === 'pause' && gate.afterWave !== true ? gate.wave : nextWaveOf(view, gate);
  const nextText = waveAfterText(view, next);
  if (gate.afterWave === true) {
    return [
      section(`${stateOfWaves(view, gate)} It was the last wave: look whether all is well.`),
      ...failedBefore(view),
      section(
        `• *Finish*: it ends with its result.\n• *Stop*, and no answer: it ends as partial, because nobody released it. What is ${wordsOf(execution).done} stays either way.`,
      ),
    ];
  }
  if (gate.kind === 'pause') {
    return [
      ...(danger === undefined ? [] : [section(danger)]),
      section(`${stateOfWaves(view, gate)} ${nextText}`),
      ...failedBefore(view),
    ];
  }
  const wave = waveProgress(view).find((candidate) => candidate.wave === gate.wave);
  const failed = (wave?.servers ?? []).filter(({ state }) => state === 'failed');
  return [
    section(
      [
        `⚠️ ${stateOfWaves(view, gate)}`,
        ...(failed.length === 0 ? [] : [lines(failureLines(failed, execution), MOST_FAILED_NAMED)]),
      ].join('\n'),
    ),
    section(
      [
        `• *Retry Failed*: ${waveWords(gate)} again, only for the servers that are not ${wordsOf(execution).done}.`,
        next === undefined
          ? '• *Accept and Finish*: it ends with what there is.'
          : `• *Continue*: those servers stay behind. ${nextText}`,
        `• *Stop*: nothing more is begun; what is ${wordsOf(execution).done} stays.`,
      ].join('\n'),
    ),
  ];
}

/** The actions that failed so far: who releases what comes next should know of them. */
function failedBefore(view: ExecutionView): KnownBlock[] {
  const failed = failedActions(view).map(failedActionLine);
  return failed.length === 0 ? [] : [section(`*Failed actions*\n${lines(failed, MOST_ACTIONS_NAMED)}`)];
}

/** `Next is wave 3: launch 42 recovery instances.` */
function waveAfterText(view: ExecutionView, next: number | undefined): string {
  const { execution } = view;
  const wave = waveProgress(view).find((candidate) => candidate.wave === next);
  if (wave === undefined) return 'No wave comes after it.';
  return `Next is *wave ${wave.wave}*: ${wordsOf(execution).order} ${instancesText(execution, wave.servers.length)}.`;
}

/** Which action failed, what it said, and what each answer does. */
function afterAction(view: ExecutionView, gate: GateRecord): KnownBlock[] {
  const { execution } = view;
  const record = actionOf(view, gate);
  const isBefore = gate.action?.phase === 'pre';
  const next = isBefore ? gate.wave : nextWaveOf(view, gate);
  return [
    section([`❌ ${actionState(record)}`, ...(record === undefined ? [] : [whereText(record)])].join('\n')),
    section(`${stateOfWaves(view, gate)} ${waveAfterText(view, next)}`),
    section(
      [
        '• *Retry Action*: it is done again from its beginning.',
        `• *Continue Without It*: ${continuation(view, gate)}, although this failed.`,
        `• *Stop*: nothing more is begun; what is ${wordsOf(execution).done} stays.`,
      ].join('\n'),
    ),
  ];
}

/** What follows an action that is passed over. */
function continuation(view: ExecutionView, gate: GateRecord): string {
  const { wave = 0, action } = gate;
  const left = totalOf(view, { wave, phase: action?.phase ?? 'pre' }) - (action?.index ?? 0);
  const more = left > 0 ? 'the next action is done, then ' : '';
  const next = action?.phase === 'pre' ? wave : nextWaveOf(view, gate);
  return `${more}${next === undefined ? 'it ends' : `wave ${next} is begun`}`;
}

/** `*Switch DNS*, attempt 1, failed after 2 min: HTTP 503.` */
function actionState(record: ActionRecord | undefined): string {
  if (record === undefined) return 'What it said is not known.';
  const { action, attempt } = record;
  return `*${name(action.actionName)}*, attempt ${attempt}, ${asSentence(outcomeText(record, MAX_SAID))}`;
}

/** What an action said, for a phone that shows its name already. */
function actionSaid(view: ExecutionView, gate: GateRecord): string {
  const { detail } = actionOf(view, gate) ?? {};
  return detail === undefined ? '' : `${asSentence(sentence(detail, MAX_PUSHED))} `;
}

function asSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** `Wave 1 is done: 30 of 30 launched in 14 min.` of the wave before a pause, or of the one that needs a decision. */
function stateOfWaves(view: ExecutionView, gate: GateRecord): string {
  const waves = waveProgress(view);
  const isAboutBefore = (gate.kind === 'pause' && gate.afterWave !== true) || gate.action?.phase === 'pre';
  const about = waves.findIndex(({ wave }) => wave === gate.wave) - (isAboutBefore ? 1 : 0);
  const wave = waves[about];
  if (wave === undefined) return 'Nothing has been begun yet.';
  const { done } = wordsOf(view.execution);
  const { servers, startedAt, endedAt } = wave;
  const failed = servers.filter(({ state }) => state === 'failed').length;
  const took = startedAt === undefined || endedAt === undefined ? '' : ` in ${spokenMinutes(endedAt - startedAt)}`;
  const how = gate.kind === 'decision' && gate.action === undefined ? 'did not go as it should' : 'is over';
  const attempt = wave.attempt === undefined ? '' : `, attempt ${wave.attempt},`;
  return `*${capital(waveWords(wave))}${attempt} ${how}:* ${servers.filter(isDone).length} of ${servers.length} ${done}${took}${failed > 0 ? `, *${failed} failed*` : ''}.`;
}

/** `wave 2`; of an execution without waves it is all that there is. */
function waveWords({ wave = 0 }: { wave?: number }): string {
  return wave === 0 ? 'it' : `wave ${wave}`;
}

/** Who asked, why, under which ticket, and whether their own vote counts. */
function askingLine(execution: ExecutionRecord, gate: GateRecord): string {
  const ticket = ticketOf(execution);
  const rule =
    execution.service !== undefined
      ? 'which never votes'
      : gate.selfApproval === true && gate.approvers.includes(execution.requester.userId)
        ? 'whose own vote counts, too'
        : `who may not ${gate.kind === 'approval' ? 'approve' : 'decide'} it`;
  return [
    `Asked by ${askedBy(execution)}, ${rule}.`,
    ...(ticket === undefined ? [] : [`Ticket ${ticket}.`]),
    ...(execution.reason === undefined ? [] : [`Reason: “${sentence(execution.reason, MAX_REASON_SHOWN)}”`]),
  ].join(' ');
}

/** Who is asked, what they have said so far, what else it takes, and until when. */
function decidingLines(execution: ExecutionRecord, gate: GateRecord): string[] {
  const { done } = wordsOf(execution);
  const unit = gate.kind === 'approval' ? 'approval' : 'vote';
  const nothing =
    gate.kind === 'approval' ? `nothing is ${done}` : gate.afterWave === true ? 'it ends' : 'nothing more is begun';
  return [
    `${mentions(gate.approvers, MOST_ASKED_BY_NAME)}: ${count(gate.quorum, unit)} needed${gate.votes.length === 0 ? `, ${gate.votes.length} given` : ''}.`,
    ...votesLine(gate),
    ...(gate.typedName === undefined ? [] : [`⌨️ You will be asked to type *${name(gate.typedName)}*.`]),
    ...escalationLine(gate),
    `Unanswered, it expires ${dayAndMoment(gate.expiresAt)} and ${nothing}.`,
  ];
}

const VOTED = {
  approve: 'approved',
  reject: 'rejected',
  resume: 'wants to resume',
  retry: 'wants to retry',
  continue: 'wants to continue',
  stop: 'wants to stop',
} as const;

/** `1 of 2: @a approved 14:02` */
function votesLine({ votes, quorum }: GateRecord): string[] {
  if (votes.length === 0) return [];
  const said = votes.map((vote) => `<@${vote.userId}> ${VOTED[vote.choice]} ${moment(vote.at)}`);
  return [`*${votes.length} of ${quorum}:* ${said.join(', ')}`];
}

function escalationLine({ escalation, escalatedAt }: GateRecord): string[] {
  if (escalation === undefined) return [];
  return escalatedAt === undefined
    ? [`Undecided, it is escalated at ${moment(escalation.at)}.`]
    : [`⏫ *Escalated* at ${moment(escalatedAt)}: nobody had decided.`];
}

function notes({ gateId, kind, planRevision, planHash, reminders = [] }: GateRecord): string {
  return [
    kind === 'approval' ? 'The card above says what would happen in each account.' : `Question ${gateId}`,
    `Plan ${planHash.slice(0, 12)}, revision ${planRevision}`,
    ...(reminders.length === 0 ? [] : [`Reminded ${reminders.map(moment).join(', ')}`]),
  ].join(' · ');
}

function buttons(view: ExecutionView, gate: GateRecord): Button[] {
  const value = buttonValue(gate);
  const verb = verbWord(view.execution);
  switch (gate.kind) {
    case 'approval':
      return [
        button(VOTE_ACTION.approve, `Approve ${verb}`, value, { style: 'primary' }),
        button(VOTE_ACTION.reject, `Reject ${verb}`, value),
        ...(gate.breakGlass === undefined ? [] : [breakGlassButton(view, value)]),
      ];
    case 'pause':
      return [
        button(
          VOTE_ACTION.resume,
          gate.afterWave === true ? `Finish ${verb}` : `Resume With Wave ${gate.wave}`,
          value,
          { style: 'primary' },
        ),
        stopButton(view, value),
      ];
    case 'decision': {
      if (gate.action !== undefined) {
        return [
          button(VOTE_ACTION.retry, 'Retry Action', value),
          button(VOTE_ACTION.continue, 'Continue Without It', value),
          stopButton(view, value),
        ];
      }
      const next = nextWaveOf(view, gate);
      return [
        button(VOTE_ACTION.retry, 'Retry Failed', value),
        button(VOTE_ACTION.continue, next === undefined ? 'Accept and Finish' : `Continue With Wave ${next}`, value),
        stopButton(view, value),
      ];
    }
  }
}

function stopButton({ execution }: ExecutionView, value: string): Button {
  return button(VOTE_ACTION.stop, `Stop ${verbWord(execution)}`, value, {
    confirm: confirmation({
      title: `Stop this ${execution.verb}?`,
      text: `No further wave is begun. What is ${wordsOf(execution).done} stays as it is.`,
      yes: `Stop ${verbWord(execution)}`,
      no: 'Keep Waiting',
    }),
  });
}

function breakGlassButton({ execution }: ExecutionView, value: string): Button {
  return button(BREAK_GLASS_ACTION, 'Break Glass…', value, {
    style: 'danger',
    confirm: confirmation({
      title: `Pass this ${execution.verb} alone?`,
      text: 'For an emergency in which nobody else can be reached. You give a reason; everybody in the channel and the escalation group is told, and it stays in the record. The live guard and the plan are checked all the same.',
      yes: 'Break Glass…',
      no: 'Wait for the Others',
    }),
  });
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
  const waves = isMultiWave(execution) ? ', wave by wave' : '';
  return `${instancesText(execution, plan.totalServers)} in ${count(accounts, 'account')}${waves}`;
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

function changes(plan: PlanRecord): KnownBlock[] {
  if (plan.changes.length === 0) return [];
  return [
    section(
      `⚠️ *The fleet has changed since the last approval, so it is asked again.*\n${lines(
        plan.changes.map((change) => `• ${sentence(change)}`),
        MOST_CHANGES_SHOWN,
      )}`,
    ),
  ];
}

/** What stands in the question's place once it is settled. */
function record(view: ExecutionView, gate: GateRecord): Message {
  const { execution } = view;
  const question = questionTitle(view, gate).mrkdwn;
  const decided = decisionSentence(view, gate);
  const ticket = ticketOf(execution);
  return message(`${question}: ${decided}`, [
    section(`*${question}*\n${decided}`),
    ...lateBell(gate),
    context(
      [
        `Asked by ${askedBy(execution)} at ${moment(gate.openedAt)}`,
        ...(ticket === undefined ? [] : [ticket]),
        `Plan ${gate.planHash.slice(0, 12)}, revision ${gate.planRevision}`,
        ...(gate.escalatedAt === undefined ? [] : [`⏫ Escalated at ${moment(gate.escalatedAt)}`]),
      ].join(' · '),
    ),
  ]);
}

function lateBell({ bell }: GateRecord): KnownBlock[] {
  if (bell?.lateSince === undefined || bell.rungAt !== undefined) return [];
  return [
    section(
      `⚠️ *Decided, but the machine has not been reached since ${moment(bell.lateSince)}:* it is tried every minute. Nobody has to press anything.`,
    ),
  ];
}
