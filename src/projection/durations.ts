import type { Expected } from '../../blocks/waves.ts';
import type { DurationRecord, ExecutionRecord, ExecutionView } from '../domain/records.ts';
import { isOfWholeWaves } from '../domain/request.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** Runs of a wave that are kept: enough for a median, and no older than the fleet is like itself. */
const KEPT_RUNS = 9;

/**
 * How long the waves of an execution are expected to take, by wave: the median of the last successful runs of the same verb
 * and application, or recovery plan, before the execution; else what the recovery plan says. Keeps what the
 * execution's own successful waves took. Empty where the tags select something else than whole waves of an application, and
 * for waves of nobody's plan.
 */
export async function expectedDurations(store: ExecutionStore, view: ExecutionView): Promise<Map<number, Expected>> {
  const { execution } = view;
  if (!isMeasured(execution)) return new Map();
  const known = await store.getDurations(execution);
  await remember(store, view, known);
  return new Map(
    execution.waves.flatMap((wave) => {
      const expected = median(known, wave, execution) ?? estimate(execution, wave);
      return expected === undefined ? [] : [[wave, expected] as const];
    }),
  );
}

/**
 * Of what earlier runs of a wave took; undefined where there are none. Those that ended after the execution was asked for do
 * not count: its card, drawn again, says what it said. Nor does its own: the clocks of who asks and who ends may differ.
 */
function median(
  known: DurationRecord[],
  wave: number,
  { executionId, startTime }: ExecutionRecord,
): Expected | undefined {
  const runs = known.find((candidate) => candidate.wave === wave)?.runs ?? [];
  const earlier = runs.filter((run) => run.endedAt <= startTime && run.executionId !== executionId);
  const ms = medianOf(earlier.map((run) => run.ms));
  return ms === undefined ? undefined : { ms, from: 'history' };
}

/** What the recovery plan says that a wave takes; undefined where it says nothing. */
function estimate({ recoveryPlan }: ExecutionRecord, wave: number): Expected | undefined {
  const seconds = recoveryPlan?.waves.find((settings) => settings.wave === wave)?.estimatedSeconds;
  return seconds === undefined ? undefined : { ms: seconds * 1_000, from: 'estimate' };
}

/** The rest of something, or what a drill has launched, is no measure of a wave, and has none; some servers are none either. */
function isMeasured(execution: ExecutionRecord): boolean {
  const { application, selection, waves, recoveryPlan } = execution;
  if (!isOfWholeWaves(execution)) return false;
  return recoveryPlan !== undefined || (application !== '' && selection === undefined && waves.length > 0);
}

async function remember(store: ExecutionStore, { execution, waves }: ExecutionView, known: DurationRecord[]) {
  const { executionId } = execution;
  for (const { wave, attempt, outcome, notBegun, startedAt, endedAt } of waves) {
    // What was tried again has waited for people.
    if (outcome !== 'success' || notBegun !== undefined || attempt !== undefined) continue;
    const read = known.find((candidate) => candidate.wave === wave);
    const runs = withRun(read?.runs ?? [], { executionId, endedAt, ms: endedAt - startedAt });
    // Another drawing that was faster has kept the same, or the next one will.
    if (runs !== undefined) await store.putDuration(execution, { wave, runs }, read);
  }
}

/** The runs with one more, the newest first; undefined where that changes nothing. */
export function withRun(
  runs: DurationRecord['runs'],
  run: DurationRecord['runs'][number],
): DurationRecord['runs'] | undefined {
  if (runs.some(({ executionId }) => executionId === run.executionId)) return undefined;
  const all = [...runs, run].toSorted((a, b) => b.endedAt - a.endedAt).slice(0, KEPT_RUNS);
  return all.includes(run) ? all : undefined;
}

/** The middle one of the given numbers, of an even count the higher one; undefined where there is none. */
export function medianOf(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
