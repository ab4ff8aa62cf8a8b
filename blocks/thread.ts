import type { ExecutionRecord, ExecutionView, PlanRecord } from '../src/domain/records.ts';
import { problemText, scope, shortId, spokenMinutes, verbWord } from './execution-card.ts';
import { decisionSentence } from './gate-card.ts';
import { count, escapeText, type Message, message, section } from './message.ts';
import { capital, instancesText, wordsOf } from './verbs.ts';

/** A line of an execution's story, told once in the card's thread. */
export interface Milestone {
  /** Tells one milestone from another; stored, so that each is told once. */
  key: string;
  message: Message;
}

/** What has happened so far, in order. A milestone that is in the list once stays in it. */
export function milestones(view: ExecutionView): Milestone[] {
  const { execution, plan, earlierPlans, gates } = view;
  const story: Milestone[] = [];
  const tell = (key: string, text: string) => story.push({ key, message: message(text, [section(text)]) });
  for (const asked of [...earlierPlans, ...(plan === undefined ? [] : [plan])]) {
    if (asked.stops.length === 0) tell(`plan-${asked.revision}`, preflightText(asked));
    for (const gate of gates.filter((candidate) => candidate.planRevision === asked.revision)) {
      if (gate.status === 'pending') continue;
      // As it was said then: what came later is told by what comes later in the story.
      const then = { execution: { ...execution, planRevision: gate.planRevision } };
      tell(`decided-${gate.gateId}`, decisionSentence(then, gate));
    }
  }
  if (execution.launchStartedAt !== undefined)
    tell('launch', `${capital(wordsOf(execution).doing)} ${instancesText(execution, plan?.totalServers ?? 0)}.`);
  if (execution.endTime !== undefined && execution.problem !== undefined)
    tell('problem', problemText(execution.problem));
  if (execution.endTime !== undefined && execution.summary !== undefined) {
    const { succeeded, totalServers, failed, skipped } = execution.summary;
    const duration = spokenMinutes(execution.endTime - (execution.launchStartedAt ?? execution.startTime));
    tell(
      'result',
      `${escapeText(`${verbWord(execution)} ${scope(execution)}`)} ended with *${execution.outcome}* after ${duration}: ${succeeded} of ${totalServers} ${wordsOf(execution).done}, ${failed} failed, ${skipped} skipped.`,
    );
  }
  return story;
}

function preflightText(plan: PlanRecord): string {
  const findings = `${count(plan.totalServers, 'server')}, ${count(plan.findings.length, 'warning')}`;
  return `Preflight passed: ${findings}. Plan ${plan.hash.slice(0, 12)}, revision ${plan.revision}.`;
}

/** Name of the file with the component's output, posted to the thread. */
export function resultFileName({ verb, executionId }: Pick<ExecutionRecord, 'verb' | 'executionId'>): string {
  return `${verb}-result-${shortId(executionId)}.json`;
}
