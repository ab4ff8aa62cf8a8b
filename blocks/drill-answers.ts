import type { ExecutionRecord } from '../src/domain/records.ts';
import { executionText, linkTo, type MessagePlace } from './answers.ts';
import { count, dayAndMoment, escapeText } from './message.ts';
import { capital } from './verbs.ts';
import { shortId } from './words.ts';

/** What somebody is told who wants a drill's instances ended or kept: texts in mrkdwn, only visible to them. */

/** The answer to a request for the end of a drill's instances. */
export function drillEndAskedText(
  { executionId, channelId }: Pick<ExecutionRecord, 'executionId' | 'channelId'>,
  {
    instances,
    drill,
    quorum,
    selfApproval,
  }: { instances: number; drill: string; quorum: number; selfApproval: boolean },
): string {
  const one = selfApproval ? 'somebody approves' : 'somebody else approves';
  return `Asked for the end of the ${count(instances, 'drill instance')} of ${escapeText(drill)}, and of nothing else. The card follows in <#${channelId}> as ${shortId(executionId)}; nothing is terminated before ${quorum === 1 ? one : `${quorum} people approve`}.`;
}

/** The answer where a termination of the same instances runs, or has ended them. */
export function drillEndedText(drill: string, termination: ExecutionRecord, card?: MessagePlace): string {
  const what = executionText(termination, card);
  return termination.status === 'completed'
    ? `Nothing is left of ${escapeText(drill)}: its instances were ended by ${what}. Nothing was started.`
    : `The instances of ${escapeText(drill)} are being ended already: ${what}. Nothing more was started.`;
}

/** The answer where a drill has launched nothing. */
export function nothingLaunchedText(drill: string): string {
  return `${capital(escapeText(drill))} has launched no instance that could be ended. Nothing was started.`;
}

/** The answer to somebody who may not end instances. */
export const END_DRILL = 'ask for the end of drill instances of';
/** The answer to somebody who may not keep instances. */
export const KEEP_DRILL = 'keep the instances of a drill of';

/** The answer to a press of Keep that was recorded. */
export function keptText(drill: string): string {
  return `📌 The instances of ${escapeText(drill)} are kept: they run, and cost, until somebody ends them. Its card has the button for it.`;
}

/** The answer to a press of Keep that changes nothing, and why. */
export function notKeptText(drill: string, { cleanUp }: Pick<ExecutionRecord, 'cleanUp'>, card?: MessagePlace): string {
  const what = escapeText(drill);
  if (cleanUp?.at === undefined) return `Nothing ends the instances of ${what} by itself: there is nothing to keep.`;
  const { kept, executionId } = cleanUp;
  if (kept !== undefined)
    return `<@${kept.userId}> keeps the instances of ${what} already, since ${dayAndMoment(kept.at)}.`;
  if (executionId === undefined) return `The instances of ${what} could not be kept: press again.`;
  const which = card === undefined ? shortId(executionId) : linkTo(card, shortId(executionId));
  return `Too late: the termination of the instances of ${what} has begun as ${which}. They were not kept: until it runs, that one may still be cancelled.`;
}
