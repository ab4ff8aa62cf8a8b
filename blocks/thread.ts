import type {
  ActionPhase,
  ExecutionRecord,
  ExecutionView,
  GateRecord,
  PlanRecord,
  WaveRecord,
} from '../src/domain/records.ts';
import type { ExecutionRto } from '../src/domain/rto.ts';
import { breakGlassVote, decisionSentence } from './decision.ts';
import { listing } from './listing.ts';
import { machineStoppedText } from './machine-stopped.ts';
import { count, escapeText, type Message, message, moment, name, section } from './message.ts';
import { plannedInFull } from './planned-waves.ts';
import { askTitle } from './question.ts';
import { waveLabel } from './recovery-time.ts';
import { planTarget } from './targets.ts';
import { capital, instancesText, wordsOf } from './verbs.ts';
import { actionEndedText, hasFailed, isAboutAction } from './wave-actions.ts';
import { isAbout, isPauseBefore, settingsOf, type WaveProgress, waveProgress, wavesOf } from './waves.ts';
import { problemText, reasonsText, scope, shortId, spokenMinutes, verbWord } from './words.ts';

/** A line of an execution's story, told once in the card's thread. */
export interface Milestone {
  /** Tells one milestone from another; stored, so that each is told once. */
  key: string;
  message: Message;
  /** True for what needs people: it is shown in the channel, too, because an updated card wakes nobody. */
  needsPeople: boolean;
}

/**
 * What has happened so far, in order. A milestone that is in the list once stays in it.
 * @param rto the recovery times, for what the result says of them
 */
export function milestones(view: ExecutionView, rto?: ExecutionRto): Milestone[] {
  const { execution, plan, earlierPlans, gates } = view;
  const story: Milestone[] = [];
  const tell = (key: string, text: string, needsPeople = false) =>
    story.push({ key, message: message(text, [section(text)]), needsPeople });
  const tellGate = (gate: GateRecord) => {
    // Votes that are another gate's: nobody was asked.
    if (gate.from === undefined) tell(`opened-${gate.gateId}`, openedText(view, gate));
    if (gate.status === 'pending') return;
    // As it was said then: what came later is told by what comes later in the story.
    const then = { execution: { ...execution, planRevision: gate.planRevision } };
    tell(`decided-${gate.gateId}`, decisionSentence(then, gate), wakesPeople(gate));
  };
  const between = gates.filter(({ kind }) => kind !== 'approval');

  for (const asked of [...earlierPlans, ...(plan === undefined ? [] : [plan])]) {
    if (asked.stops.length === 0) tell(`plan-${asked.revision}`, preflightText(asked));
    // The recovery plan of an execution does not change: once.
    if (asked.stops.length === 0) tellActionsInFull();
    gates.filter((gate) => gate.kind === 'approval' && gate.planRevision === asked.revision).forEach(tellGate);
  }
  const { cancelRequested, pauseRequested } = execution;
  const isOnly = execution.launchStartedAt !== undefined && wavesOf(execution).length === 1;
  if (isOnly) {
    const [only = 0] = wavesOf(execution);
    between.filter((gate) => isPauseBefore(gate, only)).forEach(tellGate);
    tellActions(only, 'pre');
    if (waveProgress(view)[0]?.startedAt !== undefined)
      tell('launch', `${capital(wordsOf(execution).doing)} ${instancesText(execution, plan?.totalServers ?? 0)}.`);
  }
  for (const wave of waveProgress(view)) {
    if (!isOnly) {
      between.filter((gate) => isPauseBefore(gate, wave.wave)).forEach(tellGate);
      tellActions(wave.wave, 'pre');
      tellWave(wave);
    }
    tellAttempts(wave);
    tellActions(wave.wave, 'post');
    between.filter((gate) => gate.afterWave === true && gate.wave === wave.wave).forEach(tellGate);
  }
  // With the moment in the key: a wish that is given again later is told again.
  if (pauseRequested !== undefined)
    tell(
      `pause-asked-${pauseRequested.at}`,
      `⏸️ <@${pauseRequested.userId}> asked at ${moment(pauseRequested.at)} that it waits before the next wave.`,
    );
  if (cancelRequested !== undefined)
    tell(
      'cancel-asked',
      `🚫 <@${cancelRequested.userId}> cancelled it at ${moment(cancelRequested.at)}${reasonsText([cancelRequested])}. ${execution.launchStartedAt === undefined ? wordsOf(execution).nothing : 'What runs goes on; nothing more is begun.'}`,
    );
  tellMachine();
  tellEnd();
  tellInstances();
  return story;

  /** What is done around the waves, where the question has no room for all of it. */
  function tellActionsInFull(): void {
    const rows = plannedInFull(view);
    if (rows === undefined || story.some(({ key }) => key === 'actions')) return;
    const title = 'What is done around the waves:';
    const blocks = listing([`*${title}*`, ...rows], rows.length + 1);
    story.push({ key: 'actions', message: message(title, blocks), needsPeople: false });
  }

  /** How each attempt of the actions before or after a wave ended, and what was decided about those that failed. */
  function tellActions(wave: number, phase: ActionPhase): void {
    for (const record of view.actions ?? []) {
      if (record.wave !== wave || record.phase !== phase || record.status === 'running') continue;
      const { index, attempt } = record;
      tell(`action-${wave}-${phase}-${index}-${attempt}`, actionEndedText(record), hasFailed(record));
      between.filter((gate) => isAboutAction(gate, record)).forEach(tellGate);
    }
  }

  /** With the moment in the key: what dies again is told again. */
  function tellMachine(): void {
    const { machineStopped, resumeRequested } = execution;
    const stopped = machineStoppedText(execution);
    if (machineStopped !== undefined && stopped !== undefined) {
      tell(`machine-stopped-${machineStopped.at}`, stopped, true);
    }
    if (resumeRequested !== undefined)
      tell(
        `machine-resumed-${resumeRequested.at}`,
        `▶️ <@${resumeRequested.userId}> had it go on at ${moment(resumeRequested.at)}, after what runs it had stopped.`,
      );
  }

  /** What becomes of a drill's instances. */
  function tellInstances(): void {
    const { kept, executionId } = execution.cleanUp ?? {};
    if (kept !== undefined)
      tell('instances-kept', `📌 <@${kept.userId}> keeps the drill instances, since ${moment(kept.at)}.`);
    if (executionId !== undefined)
      tell(
        `clean-up-${executionId}`,
        `🧹 The termination of the drill instances has begun: ${name(shortId(executionId))}.`,
      );
  }

  function tellWave(wave: WaveProgress): void {
    if (wave.startedAt === undefined) return;
    tell(`wave-${wave.wave}-begun`, waveBegunText(execution, wave));
    const first = attemptsOf(wave)[0];
    if (first !== undefined)
      tell(`wave-${wave.wave}-ended`, waveEndedText(execution, first), first.outcome !== 'success');
  }

  /** What was decided after each attempt, and how the next one ended. */
  function tellAttempts({ wave }: WaveProgress): void {
    for (const record of attemptsOf({ wave })) {
      const { attempt = 1, outcome } = record;
      if (attempt > 1) tell(`wave-${wave}-a${attempt}-ended`, waveEndedText(execution, record), outcome !== 'success');
      between.filter((gate) => isAbout(gate, record)).forEach(tellGate);
    }
  }

  /** How the attempts of a wave ended, the first one first; none of a wave that was not begun. */
  function attemptsOf({ wave }: Pick<WaveProgress, 'wave'>): WaveRecord[] {
    return [...(view.earlierAttempts ?? []), ...view.waves].filter(
      (record) => record.wave === wave && record.notBegun === undefined,
    );
  }

  function tellEnd(): void {
    if (execution.endTime === undefined) return;
    // Who cancelled it has been told already.
    const isTold = execution.problem?.code === 'Cancelled' && cancelRequested !== undefined;
    if (execution.problem !== undefined && !isTold)
      tell('problem', endingText(execution, problemText(execution.problem)), execution.summary === undefined);
    if (execution.summary !== undefined) tell('result', resultText(view, execution.endTime, rto), true);
  }
}

/** What ends the execution, and what one person did alone. */
function wakesPeople(gate: GateRecord): boolean {
  if (breakGlassVote(gate) !== undefined) return true;
  return gate.kind === 'approval' && (gate.status === 'rejected' || gate.status === 'expired');
}

/** Nobody is mentioned: they have a message of their own. */
function openedText(view: ExecutionView, gate: GateRecord): string {
  const { mrkdwn } = askTitle(view, gate);
  const people = gate.approvers.length === 1 ? '1 person' : `${gate.approvers.length} people`;
  return `${mrkdwn}. Asked ${people} at ${moment(gate.openedAt)}, ${gate.quorum} needed.`;
}

function waveBegunText(execution: ExecutionRecord, { wave, servers }: WaveProgress): string {
  const waveName = settingsOf(execution, wave)?.waveName;
  const { doing } = wordsOf(execution);
  return `▶️ ${name(waveLabel({ wave, waveName }))}: ${doing} ${instancesText(execution, servers.length)}.`;
}

/** As it was then: servers that are tried again move on. */
function waveEndedText(execution: ExecutionRecord, record: WaveRecord): string {
  const { wave, attempt, summary, outcome, startedAt, endedAt } = record;
  const { done } = wordsOf(execution);
  const { failed } = summary;
  const mark = outcome === 'success' ? '✅' : '⚠️';
  const words = outcome === 'success' ? 'is over' : `ended with *${outcome}*`;
  const which = attempt === undefined ? '' : `${execution.selection === undefined ? ',' : ''} attempt ${attempt},`;
  return `${mark} ${escapeText(scopeOfWave(execution, wave))}${which} ${words} after ${spokenMinutes(endedAt - startedAt)}: ${summary.succeeded} of ${summary.totalServers} ${done}${failed > 0 ? `, *${failed} failed*` : ''}.${targetText(execution, record)}`;
}

/** Whether the wave has kept its target, with all its attempts; empty where it has none. */
function targetText(execution: ExecutionRecord, { wave, outcome, startedAt, endedAt }: WaveRecord): string {
  const minutes = settingsOf(execution, wave)?.rtoTargetMinutes;
  if (minutes === undefined) return '';
  const late = endedAt - startedAt - minutes * 60_000;
  const target = `RTO target of ${spokenMinutes(minutes * 60_000)}`;
  if (late > 0) return ` ⏰ *${spokenMinutes(late)} over its ${target}.*`;
  return outcome === 'success' ? ` Within its ${target}.` : '';
}

function scopeOfWave(execution: ExecutionRecord, wave: number): string {
  const { selection } = execution;
  if (selection !== undefined && wave > 0) return `${verbWord(execution)} ${scope(execution)}, wave ${wave},`;
  return `${verbWord(execution)} ${scope({ ...execution, waves: [wave] })}`;
}

function resultText(view: ExecutionView, endTime: number, rto: ExecutionRto | undefined): string {
  const { execution } = view;
  const { succeeded = 0, totalServers = 0, failed = 0, skipped = 0 } = execution.summary ?? {};
  const duration = spokenMinutes(endTime - (execution.launchStartedAt ?? execution.startTime));
  const target = planTarget(view, rto, totalServers - succeeded);
  const ending = execution.status === 'cancelled' ? 'was cancelled and ended' : `ended with *${execution.outcome}*`;
  return `${escapeText(`${verbWord(execution)} ${scope(execution)}`)} ${ending} after ${duration}: ${succeeded} of ${totalServers} ${wordsOf(execution).done}, ${failed} failed, ${skipped} skipped.${target === undefined ? '' : ` ${target}.`}${askedBySuffix(execution)}`;
}

/** Of an execution without a result this is the last word, so it says whose it was. */
function endingText(execution: ExecutionRecord, problem: string): string {
  return execution.summary === undefined ? `${problem}${askedBySuffix(execution)}` : problem;
}

/** A mention of who asked, so that their phone tells them that it is over. */
function askedBySuffix({ service, requester, schedule }: ExecutionRecord): string {
  if (schedule !== undefined) return ` Scheduled by <@${schedule.madeBy.userId}>.`;
  return service === undefined ? ` Asked by <@${requester.userId}>.` : '';
}

function preflightText(plan: PlanRecord): string {
  const findings = `${count(plan.totalServers, 'server')}, ${count(plan.findings.length, 'warning')}`;
  return `Preflight passed: ${findings}. Plan ${plan.hash.slice(0, 12)}, revision ${plan.revision}.`;
}

/** Name of the file with the component's output, posted to the thread. */
export function resultFileName({ verb, executionId }: Pick<ExecutionRecord, 'verb' | 'executionId'>): string {
  return `${verb}-result-${shortId(executionId)}.json`;
}
