import type { ExecutionRecord, RecoveryPlanRecord } from '../src/domain/records.ts';
import { executionText, type MessagePlace } from './answers.ts';
import { count } from './message.ts';
import { capital, wavesText, wordsOf } from './verbs.ts';
import { shortId } from './words.ts';

/** What somebody is told who wants run what an execution has left: texts in mrkdwn, only visible to them. */

/** The answer to a request for the rest. */
export function restAskedText(
  execution: ExecutionRecord,
  { waves }: Pick<RecoveryPlanRecord, 'waves'>,
  { quorum, selfApproval }: { quorum: number; selfApproval: boolean },
): string {
  const servers = waves.flatMap(({ selectors }) => selectors.flatMap(({ serverIds = [] }) => serverIds)).length;
  const one = selfApproval ? 'somebody approves' : 'somebody else approves';
  return `Asked for the ${count(servers, 'server')} that were left, of ${wavesText(execution.waves)}, and for nothing else. The card follows in <#${execution.channelId}> as ${shortId(execution.executionId)}; nothing is ${wordsOf(execution).done} before ${quorum === 1 ? one : `${quorum} people approve`}.`;
}

/** The answer where the rest runs already. */
export function restRunsText(running: ExecutionRecord, card?: MessagePlace): string {
  return `What was left is being seen to already: ${executionText(running, card)}. Nothing more was started.`;
}

/** The answer where nothing is left, or the execution still runs. */
export function nothingLeftText(execution: ExecutionRecord, card?: MessagePlace): string {
  const what = capital(executionText(execution, card));
  return execution.endTime === undefined
    ? `${what} is not over: what failed is decided about on its card. Nothing was started.`
    : `${what} has left nothing that could be launched. Nothing was started.`;
}
