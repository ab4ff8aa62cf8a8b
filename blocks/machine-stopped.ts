import type { Button, KnownBlock } from '@slack/types';
import type { ExecutionRecord, ExecutionView } from '../src/domain/records.ts';
import { CLOSE_EXECUTION, RESUME_MACHINE } from './action-ids.ts';
import { actions, button, confirmation, dayAndMoment, moment, section, sentence } from './message.ts';
import { wordsOf } from './verbs.ts';
import { isDone, waveProgress } from './waves.ts';
import { problemText, verbWord } from './words.ts';

/** An execution whose machine has died: what happened, what is kept, and how it goes on. */

/** Minutes after which an execution whose machine has died, and that nobody resumed, is closed. */
export const CLOSED_AFTER_MINUTES = 60;

/** True while a dead machine waits for somebody to resume or close the execution. */
export function isMachineStopped({ machineStopped, resumeRequested, endTime }: ExecutionRecord): boolean {
  if (machineStopped === undefined || endTime !== undefined) return false;
  const { at, notResumable } = machineStopped;
  return notResumable === true || resumeRequested === undefined || resumeRequested.at < at;
}

/** When it is closed by itself, in milliseconds since the epoch. */
function closedAt(stoppedAt: number): number {
  return stoppedAt + CLOSED_AFTER_MINUTES * 60_000;
}

/** What happened, what is kept, and what each button does; or that somebody has set it going again. */
export function machineBlocks(view: ExecutionView): KnownBlock[] {
  const { execution } = view;
  const { machineStopped, resumeRequested, cancelRequested, endTime } = execution;
  if (machineStopped !== undefined && isMachineStopped(execution)) {
    return [
      section(
        `🛑 *What runs this ${execution.verb} stopped at ${moment(machineStopped.at)}:* ${problemText(machineStopped)}\n${keptText(view)}`,
      ),
      // Who cancels it while it stands still has it closed.
      ...(cancelRequested === undefined ? choiceBlocks(execution, machineStopped) : [section('It is being closed.')]),
    ];
  }
  if (resumeRequested === undefined || endTime !== undefined) return [];
  return [
    section(
      `▶️ *Resumed by <@${resumeRequested.userId}>* at ${moment(resumeRequested.at)}, after what runs it had stopped.`,
    ),
  ];
}

function choiceBlocks(
  execution: ExecutionRecord,
  { at, notResumable }: NonNullable<ExecutionRecord['machineStopped']>,
): KnownBlock[] {
  const choices = [
    notResumable === true
      ? '• It *cannot be resumed*: nobody can set this machine going again.'
      : '• *Resume* goes on where it stopped. DRS is asked first what has happened meanwhile.',
    `• *Close* ends it here with what there is; what is ${wordsOf(execution).done} stays.`,
    `Undecided, it is closed ${dayAndMoment(closedAt(at))}.`,
  ];
  return [section(choices.join('\n')), machineButtons(execution)];
}

function keptText(view: ExecutionView): string {
  const { execution } = view;
  const { done } = wordsOf(execution);
  const servers = waveProgress(view).flatMap((wave) => wave.servers);
  const finished = servers.filter(isDone).length;
  return `Kept: the plan, its approval, every vote, and where each server stands (${finished} of ${servers.length} ${done}). Nothing was ${done} twice, and what is ${done} will not be again. DRS’s jobs go on by themselves.`;
}

/** What stands in the place of the card's own buttons, and above all else that there is to read. */
function machineButtons(execution: ExecutionRecord): KnownBlock {
  const { executionId, machineStopped } = execution;
  const verb = verbWord(execution);
  const shown: Button[] = [
    ...(machineStopped?.notResumable === true
      ? []
      : [button(RESUME_MACHINE, `Resume ${verb}`, executionId, { style: 'primary' })]),
    button(CLOSE_EXECUTION, `Close ${verb}`, executionId, {
      style: 'danger',
      confirm: confirmation({
        title: `Close this ${execution.verb === 'terminate' ? 'termination' : execution.verb}?`,
        text: `It ends here: nothing more is begun, and it cannot be resumed. What is ${wordsOf(execution).done} stays.`,
        yes: `Close ${verb}`,
        no: 'Leave It',
      }),
    }),
  ];
  return actions(`machine:${executionId}`, shown);
}

/** Told in the thread and the channel: an updated card wakes nobody. */
export function machineStoppedText({ machineStopped, verb }: ExecutionRecord): string | undefined {
  if (machineStopped === undefined) return undefined;
  return `🛑 What runs this ${verb} stopped at ${moment(machineStopped.at)}: ${sentence(machineStopped.message)} Resume or close it on its card; undecided, it is closed ${dayAndMoment(closedAt(machineStopped.at))}.`;
}
