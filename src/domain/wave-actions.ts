import type { ActionKey, ActionPhase, ActionRecord, Problem } from './records.ts';
import type { WaveAction } from './recovery-plan.ts';
import type { WaveDecision } from './waves.ts';

/** Which action of a wave comes next, and what one that failed leads to. */

/** The code of what is not begun because an action failed. */
export const ACTION_FAILED = 'ActionFailed';

/** What is known of the actions before or after a wave. */
export interface ActionsOfWave {
  wave: number;
  phase: ActionPhase;
  /** Those that are done for the verb, in their order. */
  actions: readonly WaveAction[];
  /** Every attempt of them that has begun; of other waves, too. */
  records: readonly ActionRecord[];
  /** What was decided about an attempt that failed; undefined when nobody was asked. */
  decisionOf: (key: ActionKey) => WaveDecision | undefined;
  /** Somebody has cancelled the execution: what runs is followed to its end, nothing more is begun or asked. */
  isCancelled: boolean;
  /** What follows a failure about which people would be asked, where nobody is to be asked. */
  unasked?: 'stop' | 'continue';
}

export type ActionStep =
  /** All are done, or may be passed over. */
  | { step: 'done' }
  /** This attempt is begun, or taken further. */
  | { step: 'act'; key: ActionKey }
  /** People decide about this attempt, which failed. */
  | { step: 'ask'; key: ActionKey }
  /** Nothing more is begun. */
  | { step: 'stop'; problem: Problem };

/** The first action that is not done decides. Unanswered is no yes. */
export function nextAction(of: ActionsOfWave): ActionStep {
  const { wave, phase, actions, records, isCancelled } = of;
  for (const [at, action] of actions.entries()) {
    const index = at + 1;
    const attempts = records.filter((one) => one.wave === wave && one.phase === phase && one.index === index);
    const last = attempts.toSorted((a, b) => a.attempt - b.attempt).at(-1);
    if (last?.status === 'running') return { step: 'act', key: { wave, phase, index, attempt: last.attempt } };
    if (last?.status === 'succeeded') continue;
    if (last === undefined) {
      return isCancelled ? { step: 'done' } : { step: 'act', key: { wave, phase, index, attempt: 1 } };
    }
    const after = afterFailure(of, action, last);
    if (after !== undefined) return after;
  }
  return { step: 'done' };
}

/** What a failed attempt leads to; undefined when it is passed over. */
function afterFailure(of: ActionsOfWave, { onFailure }: WaveAction, record: ActionRecord): ActionStep | undefined {
  const { wave, phase, index, attempt } = record;
  const key = { wave, phase, index, attempt };
  switch (onFailure === 'ask' ? (of.unasked ?? 'ask') : onFailure) {
    case 'continue':
      return undefined;
    case 'stop':
      return { step: 'stop', problem: problemOf(record) };
    case 'ask': {
      const decision = of.decisionOf(key);
      if (decision?.status === 'approved' && decision.answer === 'continue') return undefined;
      if (of.isCancelled) return { step: 'stop', problem: problemOf(record) };
      if (decision === undefined || decision.status === 'pending') return { step: 'ask', key };
      if (decision.status === 'approved' && decision.answer === 'retry') {
        return { step: 'act', key: { ...key, attempt: attempt + 1 } };
      }
      return { step: 'stop', problem: problemOf(record, UNACCEPTED[decision.status]) };
    }
  }
}

const UNACCEPTED: Record<WaveDecision['status'], string> = {
  pending: '',
  approved: '',
  rejected: ', and it was stopped there',
  expired: ', and nobody decided about it in time',
  cancelled: ', and the question about it was cancelled',
};

function problemOf({ action, phase, wave, status, detail }: ActionRecord, decided = ''): Problem {
  const when = phase === 'pre' ? 'before' : 'after';
  const how = status === 'timed out' ? 'was not done in time' : 'failed';
  const why = detail === undefined ? '' : ` (${detail})`;
  return {
    code: ACTION_FAILED,
    message: `The action ${action.actionName} ${when} wave ${wave} ${how}${why}${decided}`,
  };
}
