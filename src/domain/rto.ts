import type { ExecutionRecord, ExecutionView, WaveRecord, WaveSettings } from './records.ts';
import { runsOf } from './request.ts';
import type { Verb } from './vocabulary.ts';

/** Recovery times of an execution against what its recovery plan allows, from what is stored and nothing else. */

/**
 * Where a wave or an execution stands for its recovery time. `incomplete`: it is over and not all of it was recovered, so
 * there is no recovery time, however fast it was. `not begun`: it will not be, any more.
 */
export type RtoState = 'to come' | 'running' | 'recovered' | 'incomplete' | 'not begun';

/** A recovery time and what it is measured against; in milliseconds. */
export interface Rto {
  state: RtoState;
  /** When it began and when it was over, in milliseconds since the epoch; each absent until then. */
  startedAt?: number;
  endedAt?: number;
  /** How long it took, with all attempts; while it runs, so far. Absent for what has not begun. */
  tookMs?: number;
  /** Within which it is to be done; absent where nobody has set it, and for what recovers nothing. */
  targetMs?: number;
  /** How much longer than its target; negative for what was to spare. Absent without one of the two. */
  overMs?: number;
}

/** The recovery time of one wave: of its servers, without the actions and questions before and after it. */
export interface WaveRto extends Rto {
  wave: number;
  /** Absent where tags and not a recovery plan say what is in the wave. */
  waveName?: string;
  /** How often it was tried; 0 for one that has not begun. */
  attempts: number;
}

/** The recovery time of a whole execution: from its first wave until its last, with everything between them. */
export interface ExecutionRto extends Rto {
  /** How long of it people were waited for, at pauses and decisions; in milliseconds. */
  waitedMs: number;
  /** In the order in which they run. */
  waves: WaveRto[];
}

/** What recovery times are read from. */
export type RtoFacts = Pick<ExecutionView, 'execution' | 'gates' | 'waves' | 'actions'>;

/** The verbs that recover: only they have targets. */
const RECOVERS: readonly Verb[] = ['drill', 'failover'];
const MINUTE_MS = 60_000;

/** The recovery times of an execution and of each wave. `now` is in milliseconds since the epoch. */
export function rtoOf(facts: RtoFacts, now: number): ExecutionRto {
  const { execution } = facts;
  const { launchStartedAt, endTime, outcome, recoveryPlan } = execution;
  const waves = wavesInTheirOrder(execution).map(({ wave, settings }) => waveRto(facts, wave, settings, now));
  const target = targetOf(execution, recoveryPlan);
  if (launchStartedAt === undefined) {
    return { ...unbegun(endTime === undefined ? 'to come' : 'not begun', target), waitedMs: 0, waves };
  }
  const endedAt = recoveredAt(facts);
  const over = outcome === 'success' ? 'recovered' : 'incomplete';
  const span = { startedAt: launchStartedAt, ...(endedAt === undefined ? {} : { endedAt }) };
  return {
    ...measured(endTime === undefined ? 'running' : over, span, target, now),
    waitedMs: waitedFor(facts, launchStartedAt, endedAt ?? now),
    waves,
  };
}

/** The waves of an execution in the order in which they run, with what its recovery plan says of each. */
export function wavesInTheirOrder({
  waves,
  recoveryPlan,
}: Pick<ExecutionRecord, 'waves' | 'recoveryPlan'>): { wave: number; settings?: WaveSettings }[] {
  if (recoveryPlan === undefined) return runsOf(waves).map((wave) => ({ wave }));
  return recoveryPlan.waves.map((settings) => ({ wave: settings.wave, settings }));
}

function waveRto(facts: RtoFacts, wave: number, settings: WaveSettings | undefined, now: number): WaveRto {
  const { execution, waves } = facts;
  const record = waves.find((candidate) => candidate.wave === wave);
  const known = {
    wave,
    ...(settings === undefined ? {} : { waveName: settings.waveName }),
    attempts: attemptsOf(facts, wave, record),
  };
  const target = targetOf(execution, settings);
  if (record?.notBegun !== undefined) return { ...known, attempts: 0, ...unbegun('not begun', target) };
  if (record !== undefined) {
    const { startedAt, endedAt, outcome } = record;
    // The time goes on while people decide about it, and while it is tried again.
    if (isOpen(facts, record)) return { ...known, ...measured('running', { startedAt }, target, now) };
    const state = outcome === 'success' ? 'recovered' : 'incomplete';
    return { ...known, ...measured(state, { startedAt, endedAt }, target, now) };
  }
  const startedAt = beginOf(facts, wave);
  const { endTime: endedAt } = execution;
  if (startedAt === undefined) {
    return { ...known, ...unbegun(endedAt === undefined ? 'to come' : 'not begun', target) };
  }
  if (endedAt === undefined) return { ...known, ...measured('running', { startedAt }, target, now) };
  // What is over without a record of the wave was ended from outside.
  const state = execution.outcome === 'success' ? 'recovered' : 'incomplete';
  return { ...known, ...measured(state, { startedAt, endedAt }, target, now) };
}

function targetOf(
  { verb }: Pick<ExecutionRecord, 'verb'>,
  of: { rtoTargetMinutes?: number } | undefined,
): number | undefined {
  const minutes = of?.rtoTargetMinutes;
  return minutes === undefined || !RECOVERS.includes(verb) ? undefined : minutes * MINUTE_MS;
}

function unbegun(state: 'to come' | 'not begun', targetMs: number | undefined): Rto {
  return { state, ...(targetMs === undefined ? {} : { targetMs }) };
}

function measured(
  state: Exclude<RtoState, 'to come' | 'not begun'>,
  span: { startedAt: number; endedAt?: number },
  targetMs: number | undefined,
  now: number,
): Rto {
  const tookMs = (span.endedAt ?? now) - span.startedAt;
  return { state, ...span, tookMs, ...(targetMs === undefined ? {} : { targetMs, overMs: tookMs - targetMs }) };
}

/** True while an attempt that has ended is not the wave's end: people decide about it, or it is tried again. */
function isOpen({ execution, gates }: RtoFacts, { wave, attempt = 1 }: WaveRecord): boolean {
  if (execution.endTime !== undefined) return false;
  // The gate of src/gates/gate-timing.ts about this attempt.
  const decision = gates.find(({ gateId }) => gateId === `decision-${wave}-${attempt}`);
  return decision?.status === 'pending' || (decision?.status === 'approved' && decision.answer === 'retry');
}

function attemptsOf(facts: RtoFacts, wave: number, record: WaveRecord | undefined): number {
  if (record === undefined) return beginOf(facts, wave) === undefined ? 0 : 1;
  const ended = record.attempt ?? 1;
  const { execution, gates } = facts;
  const isRetried = gates.some(
    ({ gateId, status, answer }) =>
      gateId === `decision-${wave}-${ended}` && status === 'approved' && answer === 'retry',
  );
  return isRetried && execution.endTime === undefined ? ended + 1 : ended;
}

/**
 * When a wave without a record began, in milliseconds since the epoch: when the last thing was over that it waited for.
 * Undefined for one that has not: an action before it still runs, or is decided about.
 */
function beginOf({ execution, gates, waves, actions = [] }: RtoFacts, wave: number): number | undefined {
  // An execution begins with its first wave.
  const { launchStartedAt, currentWave = wavesInTheirOrder(execution)[0]?.wave } = execution;
  if (launchStartedAt === undefined || currentWave !== wave) return undefined;
  const isBefore = ({ phase, status }: (typeof actions)[number]) => phase === 'pre' && status === 'running';
  if (actions.some((action) => action.wave === wave && isBefore(action))) return undefined;
  if (gates.some((gate) => gate.wave === wave && gate.status === 'pending')) return undefined;
  const over = [
    launchStartedAt,
    ...waves.filter(({ notBegun }) => notBegun === undefined).map(({ endedAt }) => endedAt),
    ...gates.flatMap(({ settledAt }) => settledAt ?? []),
    ...actions.flatMap(({ endedAt }) => endedAt ?? []),
  ];
  return Math.max(...over);
}

/**
 * When all of an execution was done, in milliseconds since the epoch: a question after the last wave is about what
 * follows, and no part of it. Undefined while it is not over.
 */
function recoveredAt({ execution, gates }: RtoFacts): number | undefined {
  const asked = gates.find(({ afterWave }) => afterWave === true);
  if (asked !== undefined) return asked.openedAt;
  return execution.endTime;
}

function waitedFor({ gates }: RtoFacts, from: number, until: number): number {
  return gates
    .filter(({ kind, afterWave }) => kind !== 'approval' && afterWave !== true)
    .map(({ openedAt, settledAt }) => Math.min(settledAt ?? until, until) - Math.max(openedAt, from))
    .reduce((sum, ms) => sum + Math.max(0, ms), 0);
}
