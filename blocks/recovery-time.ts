import type { ExecutionRto, Rto } from '../src/domain/rto.ts';
import { count } from './message.ts';
import { spokenMinutes } from './words.ts';

/** How recovery times are told in lists: against their targets, where there are any. Texts of ours, in mrkdwn. */

/** Shorter waits are no news. */
const SHORTEST_WAIT_MS = 60_000;
/** Below half a minute nothing is to spare that could be told in minutes. */
const NOTHING_TO_SPARE_MS = 30_000;

/** `24 min, within its target of 30 min (6 min to spare)`; empty where nothing is known. */
export function rtoText(rto: Rto): string {
  const { state, tookMs, targetMs } = rto;
  const target = targetMs === undefined ? '' : `target ${spokenMinutes(targetMs)}`;
  if (tookMs === undefined) return state === 'to come' ? target : '';
  const took = spokenMinutes(tookMs);
  switch (state) {
    case 'running':
      return [`${took} so far`, missed(rto) ?? target].filter((part) => part !== '').join(', ');
    case 'incomplete':
      return `*not all of it was done*, after ${took}${target === '' ? '' : ` (${target})`}`;
    default:
      return [took, missed(rto) ?? met(rto)].filter((part) => part !== '').join(', ');
  }
}

/** The same of a whole execution, with how long of it people were waited for. */
export function executionRtoText(rto: ExecutionRto): string {
  const waited = rto.waitedMs < SHORTEST_WAIT_MS ? '' : `waited for people ${spokenMinutes(rto.waitedMs)} of it`;
  return [rtoText(rto), waited].filter((part) => part !== '').join(' · ');
}

/** `Wave 1`, with its name where it has one that is not that; as plain text. */
export function waveLabel({ wave, waveName }: { wave: number; waveName?: string }): string {
  if (wave === 0) return 'All servers';
  const number = `Wave ${wave}`;
  return waveName === undefined || waveName.toLowerCase() === number.toLowerCase() ? number : `${number} ${waveName}`;
}

/** `attempt 2` and `3 attempts`: how often a wave was tried, where that was more than once. */
export function attemptsText({ attempts, state }: { attempts: number } & Pick<Rto, 'state'>): string {
  if (attempts < 2) return '';
  return state === 'running' ? `attempt ${attempts}` : count(attempts, 'attempt');
}

function met({ overMs, targetMs }: Rto): string {
  if (overMs === undefined || targetMs === undefined) return '';
  const spare = -overMs < NOTHING_TO_SPARE_MS ? '' : ` (${spokenMinutes(-overMs)} to spare)`;
  return `within its target of ${spokenMinutes(targetMs)}${spare}`;
}

/** Undefined for a target that is kept, or that nobody has set. */
function missed({ overMs, targetMs }: Rto): string | undefined {
  if (overMs === undefined || targetMs === undefined || overMs <= 0) return undefined;
  return `*${spokenMinutes(overMs)} over its target of ${spokenMinutes(targetMs)}*`;
}
