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
/** On the card of an execution whose machine has died. Their value is the execution's id. */
export const RESUME_MACHINE = 'execution_resume_machine';
export const CLOSE_EXECUTION = 'execution_close';
/** On the card of an execution that is over and has left servers. Its value is the execution's id. */
export const RUN_REST = 'execution_rest';
/** On the card of a drill that has ended: what becomes of its instances. Their value is the drill's id. */
export const TERMINATE_DRILL = 'drill_terminate';
export const KEEP_INSTANCES = 'drill_keep';
/** The global shortcut that opens the form for a request. */
export const REQUEST_SHORTCUT = 'request_recovery';
/** In App Home: opens the form for a request. */
export const OPEN_REQUEST_ACTION = 'request_open';
/** Under the differences of a draft; their value is the draft's id. */
export const STORE_DRAFT_ACTION = 'draft_store';
export const DISCARD_DRAFT_ACTION = 'draft_discard';
/** Under a draft's problems or differences: opens its form again. The value is the draft's id. */
export const EDIT_DRAFT_ACTION = 'draft_edit';
/** Under what an import has found: opens its form again. The value is the query's id. */
export const IMPORT_AGAIN_ACTION = 'import_again';
/** Under a plan or group, and in App Home. Their values are the id of the plan or group; of the last two: nothing. */
export const EDIT_PLAN_ACTION = 'plan_edit';
export const EDIT_GROUP_ACTION = 'group_edit';
export const NEW_PLAN_ACTION = 'plan_new';
export const IMPORT_PLAN_ACTION = 'plan_import';
/** In the form of a recovery plan: a wave is added, edited, moved up or removed. The value of the last three is its number. */
export const ADD_WAVE_ACTION = 'wave_add';
export const EDIT_WAVE_ACTION = 'wave_edit';
export const MOVE_WAVE_ACTION = 'wave_up';
export const REMOVE_WAVE_ACTION = 'wave_remove';
/** In the form of a protection group: shows which servers it would have. */
export const PREVIEW_GROUP_ACTION = 'group_preview';
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

/** Every kind of gate's id: see `src/gates/gate-timing.ts`. */
const GATE_ID = /^(?:(?:approval|pause|pause-after)-\d+|decision-\d+-\d+|action-\d+-(?:pre|post)-\d+-\d+)$/;

/** Reads a button's value; undefined for a value that none of our cards has. */
export function readButtonValue(value: string | undefined): GateButton | undefined {
  const [executionId = '', gateId = '', revision = '', more] = (value ?? '').split('|');
  if (more !== undefined || !/^[0-9a-f-]{36}$/.test(executionId) || !GATE_ID.test(gateId) || !/^\d+$/.test(revision))
    return undefined;
  return { executionId, gateId, planRevision: Number(revision) };
}
