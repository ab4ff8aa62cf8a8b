import type { Button, KnownBlock } from '@slack/types';
import type { ExecutionRecord, ExecutionView, GateRecord } from '../src/domain/records.ts';
import type { ExecutionStatus } from '../src/domain/status.ts';
import { CANCEL_ACTION, PAUSE_ACTION } from './action-ids.ts';
import { breakGlassVote, decisionSentence } from './decision.ts';
import { instanceButtons } from './drill-instances.ts';
import { isMachineStopped, machineBlocks } from './machine-stopped.ts';
import {
  actions,
  button,
  confirmation,
  context,
  count,
  escapeText,
  fitted,
  header,
  link,
  type Message,
  message,
  moment,
  section,
  sentence,
} from './message.ts';
import { planLabel } from './planned-waves.ts';
import { preflightBlocks, preflightFailure } from './preflight.ts';
import { type CardFacts, progressBlocks } from './progress.ts';
import { restButtons } from './rest.ts';
import { askedBy, capital, wordsOf } from './verbs.ts';
import { actionOf, placeText, quotedName, runningAction } from './wave-actions.ts';
import { waveProgress, wavesOf } from './waves.ts';
import { MAX_REASON_SHOWN, reasonsText, scope, shortId, ticketOf, verbWord } from './words.ts';

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

/** The one card of an execution, drawn whole from what is stored: action, scope and state first. */
export function executionCard(view: ExecutionView, facts: CardFacts = {}): Message {
  const { execution } = view;
  const { mark, words } = stateWords(view);
  const title = `${verbWord(execution)}: ${scope(execution)}`;
  return message(
    `${escapeText(`${title}: ${words}`)}. ${pushSummary(view)}`.trim(),
    fitted((room) => [
      header(`${mark} ${title} · ${words}`),
      ...planBlocks(view),
      ...machineBlocks(view),
      ...unusualApprovals(view),
      ...requestedBlocks(view),
      ...body(view, facts, room),
      ...buttons(view, facts),
      context(origin(execution)),
    ]),
    {
      status: execution.status,
      outcome: execution.outcome ?? '',
      result_file: execution.resultLocation === undefined ? '' : 'in the thread',
    },
  );
}

/** By which recovery plan it is run; of a clean-up, after which drill. */
function planBlocks({ execution }: ExecutionView): KnownBlock[] {
  const label = planLabel(execution);
  const { cleansUp, endsDrill } = execution;
  return [
    ...(label === undefined ? [] : [context(`📋 ${capital(label)}`)]),
    ...(endsDrill === undefined
      ? []
      : [
          context(
            `🧹 Ends what drill ${escapeText(shortId(endsDrill))} launched, and nothing else${cleansUp === undefined ? '' : ', as the approval of that drill said'}.`,
          ),
        ]),
  ];
}

/** Who asked for it, when, why, and under which ticket. */
function origin(execution: ExecutionRecord): string {
  const ticket = ticketOf(execution);
  return [
    `Asked by ${askedBy(execution)} at ${moment(execution.startTime)}`,
    escapeText(shortId(execution.executionId)),
    ...(ticket === undefined ? [] : [ticket]),
    ...(execution.reason === undefined ? [] : [`“${sentence(execution.reason, MAX_REASON_SHOWN)}”`]),
  ].join(' · ');
}

/** What stopped before the launch, and what ran out of time, read otherwise than a launch that failed. */
function stateWords(view: ExecutionView): { mark: string; words: string } {
  const { execution } = view;
  const { doing, done } = wordsOf(execution);
  if (isMachineStopped(execution)) {
    if (execution.cancelRequested !== undefined) return { mark: '🛑', words: 'stands still, is being closed' };
    const mayResume = execution.machineStopped?.notResumable !== true;
    return { mark: '🛑', words: `stands still, ${mayResume ? 'resume or ' : ''}close it` };
  }
  if (execution.status === 'executing') {
    const several = actionWords(view) ?? severalWaves(view, doing);
    if (execution.cancelRequested !== undefined) return { mark: '⏹️', words: 'cancelling, what runs goes on' };
    return { mark: STATUS_WORDS.executing.mark, words: several ?? doing };
  }
  if (execution.status === 'paused') return pausedWords(view);
  if (execution.status === 'cancelled' && execution.launchStartedAt !== undefined)
    return { mark: STATUS_WORDS.cancelled.mark, words: 'cancelled under way' };
  if (execution.status === 'partial') return { mark: STATUS_WORDS.partial.mark, words: `partly ${done}` };
  if (execution.status !== 'failed') return STATUS_WORDS[execution.status];
  if (execution.launchStartedAt === undefined) return { mark: '🛑', words: `stopped, nothing ${done}` };
  return execution.outcome === 'timeout' ? { mark: '⌛', words: 'timed out' } : STATUS_WORDS.failed;
}

/** `launching wave 2 of 3`; undefined where there is only one, or none runs. */
function severalWaves(view: ExecutionView, doing: string): string | undefined {
  const waves = wavesOf(view.execution);
  const running = waveProgress(view).find(({ state }) => state === 'running');
  if (waves.length < 2 || running === undefined) return undefined;
  const what = running.startedAt === undefined ? 'preparing' : doing;
  return `${what} wave ${running.wave} (${waves.indexOf(running.wave) + 1} of ${waves.length})`;
}

/** `before wave 2 (2 of 3): “Switch DNS”`; undefined while no action is done. */
function actionWords(view: ExecutionView): string | undefined {
  const record = runningAction(view);
  if (record === undefined) return undefined;
  const waves = wavesOf(view.execution);
  const which = waves.length < 2 ? '' : ` (${waves.indexOf(record.wave) + 1} of ${waves.length})`;
  return `${placeText(record)}${which}: ${quotedName(record)}`;
}

function pausedWords(view: ExecutionView): { mark: string; words: string } {
  const open = openQuestion(view);
  if (open?.action !== undefined) {
    const record = actionOf(view, open);
    return {
      mark: '❓',
      words: `action ${record === undefined ? '' : `${quotedName(record)} `}failed, needs a decision`,
    };
  }
  if (open?.afterWave === true) return { mark: STATUS_WORDS.paused.mark, words: `paused after wave ${open.wave}` };
  if (open?.kind === 'decision')
    return { mark: '❓', words: open.wave === 0 ? 'needs a decision' : `wave ${open.wave} needs a decision` };
  if (open?.kind === 'pause') return { mark: STATUS_WORDS.paused.mark, words: `paused before wave ${open.wave}` };
  return STATUS_WORDS.paused;
}

function openQuestion({ gates }: ExecutionView): GateRecord | undefined {
  return gates.findLast((gate) => gate.status === 'pending' && gate.kind !== 'approval');
}

function pushSummary(view: ExecutionView): string {
  const { execution, plan } = view;
  if (execution.summary !== undefined)
    return `${execution.summary.succeeded} of ${execution.summary.totalServers} servers ${wordsOf(execution).done}.`;
  if (execution.problem !== undefined) return sentence(execution.problem.message);
  return plan === undefined ? '' : `${count(plan.totalServers, 'server')}.`;
}

/** That one person alone has let it begin, or that those votes were given for something else: on the card as long as it stands. */
function unusualApprovals(view: ExecutionView): KnownBlock[] {
  return view.gates
    .filter((gate) => breakGlassVote(gate) !== undefined || (gate.from !== undefined && gate.status === 'approved'))
    .map((gate) => section(decisionSentence(view, gate)));
}

/** What people have asked of it while it runs: to stop, or to wait. */
function requestedBlocks({ execution }: ExecutionView): KnownBlock[] {
  const { cancelRequested, pauseRequested, launchStartedAt, endTime } = execution;
  if (cancelRequested !== undefined) {
    const asked = `🚫 *Cancel asked by <@${cancelRequested.userId}> at ${moment(cancelRequested.at)}*${reasonsText([cancelRequested])}`;
    if (endTime !== undefined) return [section(`${asked}.`)];
    const goesOn =
      launchStartedAt === undefined
        ? `Nothing is ${wordsOf(execution).done}.`
        : 'What runs goes on, because a DRS job cannot be stopped; nothing more is begun.';
    return [section(`${asked}. ${goesOn}`)];
  }
  if (pauseRequested === undefined || endTime !== undefined || execution.status === 'paused') return [];
  return [
    section(
      `⏸️ *Pause asked by <@${pauseRequested.userId}> at ${moment(pauseRequested.at)}.* It waits before the next wave; what runs goes on.`,
    ),
  ];
}

/** While it runs: to have it wait before its next wave, and to end it; after a drill what becomes of its instances. */
function buttons(view: ExecutionView, { left = 0 }: CardFacts): KnownBlock[] {
  const { execution } = view;
  if (isMachineStopped(execution)) return [];
  if (execution.endTime !== undefined) return [...restButtons(execution, left), ...instanceButtons(view)];
  if (execution.cancelRequested !== undefined) return [];
  if (!RUNNING.includes(execution.status)) return [];
  const shown: Button[] = [
    ...(mayPause(view) ? [button(PAUSE_ACTION, 'Pause Before Next Wave', execution.executionId)] : []),
    cancelButton(execution),
  ];
  return [actions(`execution:${execution.executionId}`, shown)];
}

const RUNNING: readonly ExecutionStatus[] = ['planning', 'awaiting approval', 'executing', 'paused'];

function mayPause(view: ExecutionView): boolean {
  const { execution } = view;
  if (execution.pauseRequested !== undefined || execution.status !== 'executing') return false;
  return waveProgress(view).some(({ state }) => state === 'to come');
}

function cancelButton(execution: ExecutionRecord): Button {
  const verb = verbWord(execution);
  const hasBegun = execution.launchStartedAt !== undefined;
  return button(CANCEL_ACTION, `Cancel ${verb}`, execution.executionId, {
    style: 'danger',
    confirm: confirmation({
      title: `Cancel this ${execution.verb === 'terminate' ? 'termination' : execution.verb}?`,
      text: hasBegun
        ? 'What runs goes on: a DRS job cannot be stopped. No further wave is begun, and open questions are closed.'
        : `Nothing is ${wordsOf(execution).done} yet, and nothing will be.`,
      yes: `Cancel ${verb}`,
      no: 'Keep It Running',
    }),
  });
}

function body(view: ExecutionView, facts: CardFacts, room: number): KnownBlock[] {
  const { execution } = view;
  switch (execution.status) {
    case 'planning':
      return [
        section(
          `Reading every staging account: servers by tag, replication, live instances, running jobs. Nothing is ${wordsOf(execution).done} yet.`,
        ),
      ];
    case 'cancelled':
      if (execution.launchStartedAt !== undefined) return progressBlocks(view, facts, room);
      return [...endedWithoutLaunch(view), ...preflightBlocks(view, facts.expected, room)];
    case 'awaiting approval':
    case 'rejected':
    case 'expired':
      return [...endedWithoutLaunch(view), ...preflightBlocks(view, facts.expected, room)];
    case 'paused':
      return [
        ...pausedBlocks(view, facts),
        ...(execution.launchStartedAt === undefined
          ? preflightBlocks(view, facts.expected, room)
          : progressBlocks(view, facts, room)),
      ];
    default:
      return execution.launchStartedAt === undefined ? preflightFailure(view, room) : progressBlocks(view, facts, room);
  }
}

function pausedBlocks(view: ExecutionView, { questionUrl }: CardFacts): KnownBlock[] {
  if (openQuestion(view) === undefined) return [];
  const where =
    questionUrl === undefined ? 'The question has a message of its own.' : link(questionUrl, 'Open the question');
  return [section(`Nothing more is begun before this is decided. ${where}`)];
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
