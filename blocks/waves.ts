import type {
  ExecutionRecord,
  ExecutionView,
  GateRecord,
  Problem,
  WaveRecord,
  WaveSettings,
} from '../src/domain/records.ts';
import type { BatchServer } from '../src/domain/result.ts';
import type { ServerState } from '../src/domain/status.ts';
import type { Outcome } from '../src/domain/vocabulary.ts';
import { sentence } from './message.ts';
import { isAllOver, preWaveActionsOf, wasBegunBy } from './wave-actions.ts';
import { spokenMinutes } from './words.ts';

/** Where a wave stands. `not begun`: it will not be, any more. */
export type WaveState = 'to come' | 'running' | 'ended' | 'not begun';

/** A server of a wave and the account that it replicates to. */
export type WaveServer = BatchServer & { accountId: string };

/** How long a wave is expected to take, in milliseconds, and who says so. */
export interface Expected {
  ms: number;
  /** `history`: the median of the last successful runs. `estimate`: what the recovery plan says, until there are such runs. */
  from: 'history' | 'estimate';
}

/** `earlier runs took 13 min`, `the plan’s estimate is 15 min`; empty where nothing is known. */
export function expectedText(expected: Expected | undefined): string {
  if (expected === undefined) return '';
  return `${expected.from === 'history' ? 'earlier runs took' : 'the plan’s estimate is'} ${spokenMinutes(expected.ms)}`;
}

/** A wave of an execution as its card shows it. */
export interface WaveProgress {
  wave: number;
  state: WaveState;
  /** Which attempt this is about, from 2; absent for the first. */
  attempt?: number;
  /** In the order of their batches. */
  servers: WaveServer[];
  /** How the recovery plan has it run; absent where tags alone make the waves. */
  settings?: WaveSettings;
  /** When its servers were begun with, in milliseconds since the epoch; absent while only its actions are. */
  startedAt?: number;
  endedAt?: number;
  outcome?: Outcome;
  /** Why it was not begun, to follow `because`. */
  why?: string;
}

/** The waves of an execution in their order; a single one, by the number 0, where the request names none. */
export function wavesOf({ waves }: Pick<ExecutionRecord, 'waves'>): number[] {
  return waves.length === 0 ? [0] : waves;
}

/** How the recovery plan has a wave run; undefined where tags alone make the waves. */
export function settingsOf(
  { recoveryPlan }: Pick<ExecutionRecord, 'recoveryPlan'>,
  wave: number,
): WaveSettings | undefined {
  return recoveryPlan?.waves.find((settings) => settings.wave === wave);
}

/** Every wave of an execution, from what is stored. */
export function waveProgress(view: ExecutionView): WaveProgress[] {
  const progress: WaveProgress[] = [];
  for (const wave of wavesOf(view.execution)) progress.push(oneWave(view, wave, progress));
  return progress;
}

function oneWave(view: ExecutionView, wave: number, before: WaveProgress[]): WaveProgress {
  const { execution } = view;
  const servers = serversOf(view, wave);
  const record = view.waves.find((candidate) => candidate.wave === wave);
  const retry = record === undefined ? undefined : retryOf(view, record);
  const attempt = retry === undefined ? record?.attempt : (record?.attempt ?? 1) + 1;
  const settings = settingsOf(execution, wave);
  const known = {
    ...{ wave, servers },
    ...(attempt === undefined ? {} : { attempt }),
    ...(settings === undefined ? {} : { settings }),
  };
  if (retry !== undefined) return { ...known, state: 'running', startedAt: retry.settledAt };
  if (record?.notBegun !== undefined) return { ...known, state: 'not begun', why: whyText(execution, record.notBegun) };
  if (record !== undefined) {
    const { startedAt, endedAt, outcome } = record;
    return { ...known, state: 'ended', startedAt, endedAt, outcome };
  }
  const { launchStartedAt, endTime, currentWave } = execution;
  // An execution begins with its first wave.
  const hasServersBegun = servers.some(({ state }) => state !== 'planned');
  const hasBegun = before.length === 0 || currentWave === wave || hasServersBegun || wasBegunBy(view, wave);
  if (!hasBegun || launchStartedAt === undefined) {
    if (endTime !== undefined) return { ...known, state: 'not begun', why: 'it ended before' };
    if (execution.cancelRequested === undefined) return { ...known, state: 'to come' };
    return { ...known, state: 'not begun', why: `<@${execution.cancelRequested.userId}> cancelled it` };
  }
  // While the actions before it are done, nothing is launched: its time begins with its servers.
  const isPrepared = hasServersBegun || isAllOver(view, { wave, phase: 'pre' });
  const startedAt = isPrepared ? beginOf(view, wave, before.at(-1)) : undefined;
  // What is over without a record of the wave was ended from outside.
  return endTime === undefined
    ? { ...known, state: 'running', startedAt }
    : { ...known, state: 'ended', startedAt, endedAt: endTime };
}

/** The decision by which an attempt that has ended is followed by another one, which has not. */
function retryOf({ execution, gates }: ExecutionView, record: WaveRecord): GateRecord | undefined {
  if (execution.endTime !== undefined) return undefined;
  return gates.find((gate) => isAbout(gate, record) && gate.status === 'approved' && gate.answer === 'retry');
}

/** True for the question what is to become of a wave after this attempt. */
export function isAbout({ gateId }: GateRecord, { wave, attempt = 1 }: Pick<WaveRecord, 'wave' | 'attempt'>): boolean {
  return gateId === `decision-${wave}-${attempt}`;
}

function whyText({ cancelRequested }: ExecutionRecord, { code, message }: Problem): string {
  if (code === 'Cancelled' && cancelRequested !== undefined) return `<@${cancelRequested.userId}> cancelled it`;
  const why = sentence(message);
  return `${why.charAt(0).toLowerCase()}${why.slice(1)}`;
}

/** When a wave that has no record yet began: when the last thing that it waited for was over. */
function beginOf(view: ExecutionView, wave: number, previous: WaveProgress | undefined): number | undefined {
  const { execution, gates } = view;
  const isBefore = (gate: GateRecord) =>
    isPauseBefore(gate, wave) || (gate.wave === wave && gate.action?.phase === 'pre');
  const waitedFor = [
    execution.launchStartedAt,
    previous?.endedAt,
    ...gates.filter(isBefore).map(({ settledAt }) => settledAt),
    ...preWaveActionsOf(view, wave).map(({ endedAt }) => endedAt),
  ].filter((at) => at !== undefined);
  return waitedFor.length === 0 ? undefined : Math.max(...waitedFor);
}

/** True for the question whether a wave may begin, as opposed to what is asked after the last one. */
export function isPauseBefore({ kind, wave, afterWave }: GateRecord, before: number): boolean {
  return kind === 'pause' && wave === before && afterWave !== true;
}

function serversOf({ batches, execution }: ExecutionView, wave: number): WaveServer[] {
  const isOnly = wavesOf(execution).length === 1;
  return batches
    .filter((batch) => isOnly || batch.wave === wave)
    .flatMap((batch) => batch.servers.map((server) => ({ ...server, accountId: batch.accountId })));
}

const UNDER_WAY: readonly ServerState[] = ['launching', 'terminating', 'copying'];

/** True while something is done with the server. */
export function isUnderWay({ state }: Pick<BatchServer, 'state'>): boolean {
  return UNDER_WAY.includes(state);
}

/** True when what was asked for has been done with the server. */
export function isDone({ state }: Pick<BatchServer, 'state'>): boolean {
  return state === 'launched' || state === 'terminated';
}

/**
 * Of the servers of a running wave those that keep it: what is under way, and where nothing is, what waits. The one that is
 * furthest behind comes first: what waits for its turn in the job before what launches.
 */
export function stillRunning({ servers }: WaveProgress): WaveServer[] {
  const open = servers.filter((server) => isUnderWay(server) || server.state === 'planned');
  return open.toSorted((a, b) => Number(isUnderWay(a)) - Number(isUnderWay(b)));
}

/** Of the servers of a wave the one that was launched last, and how long that took in milliseconds. */
export function slowestOf({ servers, startedAt }: WaveProgress): { server: WaveServer; ms: number } | undefined {
  if (startedAt === undefined) return undefined;
  const timed = servers.flatMap((server) => {
    const at = Date.parse(server.launchTime ?? '');
    return isDone(server) && at >= startedAt ? [{ server, ms: at - startedAt }] : [];
  });
  return timed.toSorted((a, b) => b.ms - a.ms)[0];
}
