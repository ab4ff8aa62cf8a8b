import type { ExecutionRecord, ExecutionView, GateRecord } from '../src/domain/records.ts';
import { escapeText } from './message.ts';
import { capital } from './verbs.ts';
import { actionOf, placeText, quotedName } from './wave-actions.ts';
import { wavesOf } from './waves.ts';
import { scope, verbWord } from './words.ts';

/** A title as it stands in a header, and for mrkdwn. */
export interface Title {
  plain: string;
  mrkdwn: string;
}

/** What a title is made of. */
type Known = Pick<ExecutionView, 'execution' | 'actions'>;

/** What a gate is about: `Drill HRP wave 1`; between waves also where it stands. */
export function questionTitle({ execution, actions }: Known, gate: GateRecord): Title {
  const about = `${verbWord(execution)} ${scope(execution)}`;
  if (gate.action !== undefined) return title(`${about}, ${actionText({ actions }, gate)}`);
  if (gate.kind === 'pause')
    return title(`${about}, ${gate.afterWave === true ? 'after' : 'before'} wave ${gate.wave}`);
  if (gate.kind === 'decision') return title(gate.wave === 0 ? about : `${about}, after wave ${gate.wave}`);
  return title(about);
}

/** What a gate asks: `Approve? Drill HRP wave 1`. */
export function askTitle({ execution, actions }: Known, gate: GateRecord): Title {
  const about = `${verbWord(execution)} ${scope(execution)}`;
  if (gate.action !== undefined) return title(`What now? ${capital(actionText({ actions }, gate))}: ${about}`);
  if (gate.afterWave === true) return title(`Finish after wave ${gate.wave}? ${about}`);
  if (gate.kind === 'pause') return title(`Go on with wave ${gate.wave}? ${about}`);
  if (gate.kind === 'decision') return title(`What now${gate.wave === 0 ? '' : ` after wave ${gate.wave}`}? ${about}`);
  return title(`Approve? ${about}`);
}

/** `action “Switch DNS” before wave 2 failed`. */
function actionText(view: Pick<ExecutionView, 'actions'>, gate: GateRecord): string {
  const { wave = 0, action } = gate;
  const record = actionOf(view, gate);
  const named = record === undefined ? '' : ` ${quotedName(record)}`;
  return `action${named} ${placeText({ wave, phase: action?.phase ?? 'pre' })} failed`;
}

/** True for an execution of several waves. */
export function isMultiWave(execution: ExecutionRecord): boolean {
  return wavesOf(execution).length > 1;
}

/** The wave that comes after the one that a decision is about; undefined after the last. */
export function nextWaveOf({ execution }: Pick<ExecutionView, 'execution'>, { wave }: GateRecord): number | undefined {
  const waves = wavesOf(execution);
  const at = waves.indexOf(wave ?? Number.NaN);
  return at === -1 ? undefined : waves[at + 1];
}

function title(plain: string): Title {
  return { plain, mrkdwn: escapeText(plain) };
}
