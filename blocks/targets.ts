import type { ExecutionView } from '../src/domain/records.ts';
import type { ExecutionRto, WaveRto } from '../src/domain/rto.ts';
import { count, moment } from './message.ts';
import { wordsOf } from './verbs.ts';
import { spokenMinutes } from './words.ts';

/** What was to be done within how many minutes, and what came of it, in the words of cards. */

/** What a wave's line says of its target; empty where it has none. */
export function waveTarget(rto: ExecutionRto | undefined, wave: number): string {
  const of = rto?.waves.find((candidate) => candidate.wave === wave);
  if (of?.targetMs === undefined || of.state === 'not begun') return '';
  return targetText(of, of.targetMs);
}

function targetText({ state, startedAt, overMs = 0 }: WaveRto, targetMs: number): string {
  const target = `RTO target ${spokenMinutes(targetMs)}`;
  if (state === 'to come' || startedAt === undefined) return target;
  const until = moment(startedAt + targetMs);
  if (state === 'running')
    return overMs > 0 ? `⏰ *late: over its ${target} since ${until}*` : `${target}, until ${until}`;
  if (overMs > 0) return `⏰ *late: ${spokenMinutes(overMs)} over its ${target}*`;
  return state === 'recovered' ? `${target} met` : `${target} *not met*`;
}

/**
 * What is said of the whole recovery plan's target; undefined where it has none or nothing has been begun.
 * @param missing servers with which it is not done
 */
export function planTarget(
  { execution }: Pick<ExecutionView, 'execution'>,
  rto: ExecutionRto | undefined,
  missing: number,
): string | undefined {
  const { state, startedAt, endedAt, tookMs, targetMs, overMs = 0, waitedMs = 0 } = rto ?? {};
  if (targetMs === undefined || startedAt === undefined || tookMs === undefined) return undefined;
  const target = spokenMinutes(targetMs);
  if (state === 'running' && endedAt === undefined) {
    const until = moment(startedAt + targetMs);
    return overMs > 0
      ? `⏰ *Late: over the plan’s RTO target of ${target} since ${until}*`
      : `RTO target of the plan ${target}, until ${until}`;
  }
  const took = spokenMinutes(tookMs);
  // What is still asked after the last wave is no part of it.
  const isRecovered = state === 'recovered' || (state === 'running' && missing === 0);
  const left = isRecovered
    ? ''
    : missing === 0
      ? ', and it did not complete'
      : `, and ${count(missing, 'server')} ${missing === 1 ? 'is' : 'are'} not ${wordsOf(execution).done}`;
  const waited = waitedMs < MINUTE_MS ? '' : ` (${spokenMinutes(waitedMs)} of it waiting for people)`;
  if (overMs > 0) {
    return `⏰ *RTO missed: ${took}, ${spokenMinutes(overMs)} over the plan’s target of ${target}*${waited}${left}`;
  }
  if (isRecovered) return `✅ *RTO achieved: ${took}*${waited}, the plan’s target is ${target}`;
  return `⚠️ *RTO not achieved:* the plan’s target is ${target}, it ended after ${took}${waited}${left}`;
}

const MINUTE_MS = 60_000;

/** True for a wave that has taken longer than its target. */
export function isLate(rto: ExecutionRto | undefined, wave: number): boolean {
  return (rto?.waves.find((candidate) => candidate.wave === wave)?.overMs ?? 0) > 0;
}

/** True for a wave that was recovered within its target. */
export function isInTime(rto: ExecutionRto | undefined, wave: number): boolean {
  const { state, overMs } = rto?.waves.find((candidate) => candidate.wave === wave) ?? {};
  return state === 'recovered' && overMs !== undefined && overMs <= 0;
}
