import type { ExecutionRecord, ExecutionView, GateRecord, PlanRecord, WaveRecord } from '../src/domain/records.ts';
import { breakGlassVote, decisionSentence } from './decision.ts';
import { count, escapeText, type Message, message, moment, section } from './message.ts';
import { askTitle } from './question.ts';
import { capital, instancesText, wordsOf } from './verbs.ts';
import { isAbout, type WaveProgress, waveProgress, wavesOf } from './waves.ts';
import { problemText, reasonsText, scope, shortId, spokenMinutes, verbWord } from './words.ts';

/** A line of an execution's story, told once in the card's thread. */
export interface Milestone {
  /** Tells one milestone from another; stored, so that each is told once. */
  key: string;
  message: Message;
  /** True for what needs people: it is shown in the channel, too, because an updated card wakes nobody. */
  needsPeople: boolean;
}

/** What has happened so far, in order. A milestone that is in the list once stays in it. */
export function milestones(view: ExecutionView): Milestone[] {
  const { execution, plan, earlierPlans, gates } = view;
  const story: Milestone[] = [];
  const tell = (key: string, text: string, needsPeople = false) =>
    story.push({ key, message: message(text, [section(text)]), needsPeople });
  const tellGate = (gate: GateRecord) => {
    tell(`opened-${gate.gateId}`, openedText(view, gate));
    if (gate.status === 'pending') return;
    // As it was said then: what came later is told by what comes later in the story.
    const then = { execution: { ...execution, planRevision: gate.planRevision } };
    tell(`decided-${gate.gateId}`, decisionSentence(then, gate), wakesPeople(gate));
  };
  const between = gates.filter(({ kind }) => kind !== 'approval');

  for (const asked of [...earlierPlans, ...(plan === undefined ? [] : [plan])]) {
    if (asked.stops.length === 0) tell(`plan-${asked.revision}`, preflightText(asked));
    gates.filter((gate) => gate.kind === 'approval' && gate.planRevision === asked.revision).forEach(tellGate);
  }
  const { cancelRequested, pauseRequested } = execution;
  const isOnly = execution.launchStartedAt !== undefined && wavesOf(execution).length === 1;
  if (isOnly) {
    between.filter(({ kind }) => kind === 'pause').forEach(tellGate);
    tell('launch', `${capital(wordsOf(execution).doing)} ${instancesText(execution, plan?.totalServers ?? 0)}.`);
  }
  for (const wave of waveProgress(view)) {
    if (!isOnly) {
      between.filter((gate) => gate.kind === 'pause' && gate.wave === wave.wave).forEach(tellGate);
      tellWave(wave);
    }
    tellAttempts(wave);
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
  tellEnd();
  return story;

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
    if (execution.summary !== undefined) tell('result', resultText(execution, execution.endTime), true);
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
  return `▶️ Wave ${wave}: ${wordsOf(execution).doing} ${instancesText(execution, servers.length)}.`;
}

/** As it was then: servers that are tried again move on. */
function waveEndedText(execution: ExecutionRecord, record: WaveRecord): string {
  const { wave, attempt, summary, outcome, startedAt, endedAt } = record;
  const { done } = wordsOf(execution);
  const { failed } = summary;
  const mark = outcome === 'success' ? '✅' : '⚠️';
  const words = outcome === 'success' ? 'is over' : `ended with *${outcome}*`;
  const which = attempt === undefined ? '' : `${execution.selection === undefined ? ',' : ''} attempt ${attempt},`;
  return `${mark} ${escapeText(scopeOfWave(execution, wave))}${which} ${words} after ${spokenMinutes(endedAt - startedAt)}: ${summary.succeeded} of ${summary.totalServers} ${done}${failed > 0 ? `, *${failed} failed*` : ''}.`;
}

function scopeOfWave(execution: ExecutionRecord, wave: number): string {
  const { selection } = execution;
  if (selection !== undefined && wave > 0) return `${verbWord(execution)} ${scope(execution)}, wave ${wave},`;
  return `${verbWord(execution)} ${scope({ ...execution, waves: [wave] })}`;
}

function resultText(execution: ExecutionRecord, endTime: number): string {
  const { succeeded = 0, totalServers = 0, failed = 0, skipped = 0 } = execution.summary ?? {};
  const duration = spokenMinutes(endTime - (execution.launchStartedAt ?? execution.startTime));
  const ending = execution.status === 'cancelled' ? 'was cancelled and ended' : `ended with *${execution.outcome}*`;
  return `${escapeText(`${verbWord(execution)} ${scope(execution)}`)} ${ending} after ${duration}: ${succeeded} of ${totalServers} ${wordsOf(execution).done}, ${failed} failed, ${skipped} skipped.${askedBySuffix(execution)}`;
}

/** Of an execution without a result this is the last word, so it says whose it was. */
function endingText(execution: ExecutionRecord, problem: string): string {
  return execution.summary === undefined ? `${problem}${askedBySuffix(execution)}` : problem;
}

/** A mention of who asked, so that their phone tells them that it is over. */
function askedBySuffix({ service, requester }: ExecutionRecord): string {
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
