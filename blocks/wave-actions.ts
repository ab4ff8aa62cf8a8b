import type { ActionKey, ActionRecord, ExecutionRecord, ExecutionView, GateRecord } from '../src/domain/records.ts';
import type { WaveAction } from '../src/domain/recovery-plan.ts';
import { count, cut, escapeText, name, oneLine, sentence, since } from './message.ts';
import { spokenMinutes } from './words.ts';

/** What is done before and after the waves of a recovery plan, as cards tell it. */

/** Which actions of which wave. */
type Place = Pick<ActionKey, 'wave' | 'phase'>;

/** In characters, of the name of an action in a title. */
const MAX_TITLE_NAME = 40;
/** In characters, of what an action said, where it is the point of the message. */
const MAX_DETAIL = 500;
/** Ids of commands that are told; the others are in the table. */
const MOST_REFERENCES = 3;
const MOST_NAMED = 3;

/** True for an action that did not come to a good end. */
export function hasFailed({ status }: Pick<ActionRecord, 'status'>): boolean {
  return status === 'failed' || status === 'timed out';
}

/** The last attempt of each action of a wave that has been begun, before it or after it, in their order. */
export function lastAttemptsOf(
  { actions = [] }: Pick<ExecutionView, 'actions'>,
  { wave, phase }: Place,
): ActionRecord[] {
  const last = new Map<number, ActionRecord>();
  for (const record of actions) {
    if (record.wave !== wave || record.phase !== phase) continue;
    const known = last.get(record.index);
    if (known === undefined || known.attempt < record.attempt) last.set(record.index, record);
  }
  return [...last.values()].toSorted((a, b) => a.index - b.index);
}

/** Every attempt of the actions before a wave. */
export function preWaveActionsOf({ actions = [] }: Pick<ExecutionView, 'actions'>, wave: number): ActionRecord[] {
  return actions.filter((record) => record.wave === wave && record.phase === 'pre');
}

/** True when an action of the wave has been begun. */
export function wasBegunBy({ actions = [] }: Pick<ExecutionView, 'actions'>, wave: number): boolean {
  return actions.some((record) => record.wave === wave);
}

/** True when all actions before a wave, or after it, are behind it: done, or passed over although they failed. */
export function isAllOver(view: ExecutionView, place: Place): boolean {
  const last = lastAttemptsOf(view, place);
  return last.length >= totalOf(view, place) && last.every((record) => isBehind(view, record));
}

function isBehind({ execution, gates }: Pick<ExecutionView, 'execution' | 'gates'>, record: ActionRecord): boolean {
  if (!hasFailed(record)) return record.status === 'succeeded';
  const { onFailure } = record.action;
  if (onFailure === 'continue' || (onFailure === 'ask' && execution.options.continueOnFailure)) return true;
  return gates.some((gate) => isAboutAction(gate, record) && gate.status === 'approved' && gate.answer === 'continue');
}

/** How many actions a wave has before it, or after it. */
export function totalOf({ execution, actions }: Pick<ExecutionView, 'execution' | 'actions'>, place: Place): number {
  const settings = execution.recoveryPlan?.waves.find(({ wave }) => wave === place.wave);
  const planned = place.phase === 'pre' ? settings?.preWaveActions : settings?.postWaveActions;
  return Math.max(planned ?? 0, lastAttemptsOf({ actions }, place).length);
}

/** True for the question what is to become of this attempt of an action. */
export function isAboutAction({ wave, action }: GateRecord, key: ActionKey): boolean {
  if (action === undefined || wave !== key.wave) return false;
  return action.phase === key.phase && action.index === key.index && action.attempt === key.attempt;
}

/** The attempt of an action that a question is about; undefined where that is not known. */
export function actionOf({ actions = [] }: Pick<ExecutionView, 'actions'>, gate: GateRecord): ActionRecord | undefined {
  return actions.find((record) => isAboutAction(gate, record));
}

/** The action that is done now; undefined while none is. */
export function runningAction({ actions = [] }: Pick<ExecutionView, 'actions'>): ActionRecord | undefined {
  return actions.findLast(({ status }) => status === 'running');
}

/** The actions that failed and were not done well in a later attempt. */
export function failedActions(view: Pick<ExecutionView, 'actions'>): ActionRecord[] {
  const waves = [...new Set((view.actions ?? []).map(({ wave }) => wave))];
  return waves
    .flatMap((wave) => [
      ...lastAttemptsOf(view, { wave, phase: 'pre' }),
      ...lastAttemptsOf(view, { wave, phase: 'post' }),
    ])
    .filter(hasFailed);
}

/** `“Switch DNS”`, short enough for a title; not escaped. */
export function quotedName({ action }: Pick<ActionRecord, 'action'>): string {
  return `“${cut(oneLine(action.actionName), MAX_TITLE_NAME)}”`;
}

/** `before wave 2`, `after wave 2`; of an execution without waves there are none. */
export function placeText({ wave, phase }: Place): string {
  return `${phase === 'pre' ? 'before' : 'after'} wave ${wave}`;
}

/**
 * A wave's actions in one line: how many are done, which one runs, and by name which ones failed; empty for a wave that has
 * none. `isOver`: nothing more is done, so what was not begun will not be.
 */
export function actionsLine(view: ExecutionView, wave: number, { isOver }: { isOver: boolean }): string {
  const parts = (['pre', 'post'] as const).flatMap((phase) => phaseText(view, { wave, phase }, isOver));
  return parts.length === 0 ? '' : `⚙️ ${parts.join(' · ')}`;
}

function phaseText(view: ExecutionView, place: Place, isOver: boolean): string[] {
  const total = totalOf(view, place);
  if (total === 0) return [];
  const last = lastAttemptsOf(view, place);
  const where = place.phase === 'pre' ? 'before it' : 'after it';
  if (last.length === 0)
    return [isOver ? `${count(total, 'action')} ${where} not done` : `${count(total, 'action')} ${where}`];
  const done = last.filter(({ status }) => status === 'succeeded').length;
  const running = last.filter(({ status }) => status === 'running');
  const failed = last.filter(hasFailed);
  const more = failed.length - MOST_NAMED;
  return [
    [
      `${where} ${done === total ? '' : `${done} of `}${count(total, 'action')} done`,
      ...running.map((record) => `${nameText(record)} runs since ${since(record.startedAt)}`),
      ...failed.slice(0, MOST_NAMED).map((record) => `❌ ${nameText(record)} ${record.status}`),
      ...(more > 0 ? [`${more} more failed`] : []),
    ].join(', '),
  ];
}

/** `*Switch DNS*`, `*Switch DNS* (attempt 2)`. */
function nameText({ action, attempt }: ActionRecord): string {
  return `*${name(action.actionName)}*${attempt > 1 ? ` (attempt ${attempt})` : ''}`;
}

/** A line for an action that failed: which, where, and what it said. */
export function failedActionLine(record: ActionRecord): string {
  return `• ${nameText(record)} ${placeText(record)}: ${outcomeText(record)}`;
}

/** `failed after 2 min: HTTP 503`; what an action has said, for mrkdwn. */
export function outcomeText({ status, startedAt, endedAt, detail }: ActionRecord, length?: number): string {
  const took = endedAt === undefined ? '' : ` after ${spokenMinutes(endedAt - startedAt)}`;
  const words = { running: 'runs', succeeded: 'done', failed: 'failed', 'timed out': 'timed out' }[status];
  return `${words}${took}${detail === undefined ? '' : `: ${sentence(detail, length)}`}`;
}

/** That an action has ended, with all that is known of it: for the thread. */
export function actionEndedText(record: ActionRecord): string {
  const mark = { running: '⏳', succeeded: '✅', failed: '❌', 'timed out': '⌛' }[record.status];
  const place = placeText(record);
  return `${mark} ${place.charAt(0).toUpperCase()}${place.slice(1)}, action ${nameText(record)} ${outcomeText(record, MAX_DETAIL)}\n${whereText(record)}`;
}

/** What an action is, where it was done, and by which id it is found there. */
export function whereText({ action, accountId, region, references = [] }: ActionRecord): string {
  const shown = references.slice(0, MOST_REFERENCES).map((reference) => `\`${plainId(reference)}\``);
  const rest = references.length - shown.length;
  const ids = shown.length === 0 ? '' : `, ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return `${kindText(action)}${placeOf(accountId, region)}${ids}.`;
}

/** What an action is, and where it is done: as it is approved. */
export function plannedActionText(action: WaveAction): string {
  return `${kindText(action)}${action.actionType === 'automation' ? placeOf(action.accountId, action.region, CENTRAL) : ''}`;
}

/** The same in two words: `SSM in 111111111111`, `HTTP`. */
export function shortKindText(action: WaveAction): string {
  switch (action.actionType) {
    case 'automation':
      return `SSM in ${action.accountId === undefined ? 'the central account' : name(action.accountId)}`;
    case 'http':
      return 'HTTP';
    case 'tcp':
      return 'TCP';
    case 'ec2Status':
      return 'EC2 status';
    case 'command':
      return 'SSM command';
  }
}

/** Where an automation runs that names nothing. */
const CENTRAL = { account: 'the central account', region: 'the DR Region' };

function placeOf(accountId?: string, region?: string, otherwise?: typeof CENTRAL): string {
  const account = accountId === undefined ? otherwise?.account : `\`${name(accountId)}\``;
  const place = [account, region === undefined ? otherwise?.region : name(region)].filter((part) => part !== undefined);
  return place.length === 0 ? '' : ` in ${place.join(', ')}`;
}

/** What an action is, in a few words. */
function kindText(action: WaveAction): string {
  switch (action.actionType) {
    case 'automation':
      return `SSM document ${name(action.documentName)}`;
    case 'http':
      return `HTTP check of ${name(action.url)}`;
    case 'tcp':
      return `TCP check of ${name(`${action.host}:${action.port}`)}`;
    case 'ec2Status':
      return 'EC2 status checks of what the wave launched';
    case 'command':
      return `SSM command ${name(action.documentName)} on what the wave launched`;
  }
}

/** An id as code: a backquote in it would end that early. */
function plainId(id: string): string {
  return escapeText(cut(oneLine(id).replaceAll('`', "'"), 80));
}

/** True where an action is done in executions of this verb. */
export function isFor({ verbs }: WaveAction, { verb }: Pick<ExecutionRecord, 'verb'>): boolean {
  return (verbs as readonly string[]).includes(verb);
}
