import type { Choice } from '../src/domain/gate.ts';

/** The action ids of our buttons, and what they carry. They stay the same: cards of earlier deployments are pressed, too. */

/** Votes on a gate, by what they choose. */
export const VOTE_ACTION = {
  approve: 'gate_approve',
  reject: 'gate_reject',
  resume: 'gate_resume',
  retry: 'gate_retry',
  continue: 'gate_continue',
  stop: 'gate_stop',
} as const satisfies Record<Choice, string>;
export const APPROVE_ACTION = VOTE_ACTION.approve;
export const REJECT_ACTION = VOTE_ACTION.reject;
/** Passes an approval alone, in an emergency. */
export const BREAK_GLASS_ACTION = 'gate_break_glass';
/** On an execution's card. Their value is the execution's id. */
export const CANCEL_ACTION = 'execution_cancel';
export const PAUSE_ACTION = 'execution_pause';
/** The global shortcut that opens the form for a request. */
export const REQUEST_SHORTCUT = 'request_recovery';
/** In App Home: opens the form for a request. */
export const OPEN_REQUEST_ACTION = 'request_open';
/** In App Home: draws it again. */
export const REFRESH_HOME_ACTION = 'home_refresh';

/** What a gate's button carries: which question, and in which revision. Never a task token, which would not fit and is secret. */
export interface GateButton {
  executionId: string;
  gateId: string;
  planRevision: number;
}

/** The button's value: opaque to Slack. */
export function buttonValue(button: GateButton): string {
  return `${button.executionId}|${button.gateId}|${button.planRevision}`;
}

/** Reads a button's value; undefined for a value that none of our cards has. */
export function readButtonValue(value: string | undefined): GateButton | undefined {
  const match = /^([0-9a-f-]{36})\|((?:approval|pause|decision)-\d+(?:-\d+)?)\|(\d+)$/.exec(value ?? '');
  if (match === null) return undefined;
  return { executionId: match[1] ?? '', gateId: match[2] ?? '', planRevision: Number(match[3]) };
}
