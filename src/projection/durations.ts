import type { DurationRecord, ExecutionRecord, ExecutionView } from '../domain/records.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** Runs of a wave that are kept: enough for a median, and no older than the fleet is like itself. */
const KEPT_RUNS = 9;

/**
 * How long the waves of an execution take, by wave, in milliseconds: the median of the last successful runs of the same
 * verb and application, without the execution's own. Keeps what the execution's own successful waves took. Empty for one
 * that has not begun, and where the tags select something else than whole waves of an application.
 */
export async function expectedDurations(store: ExecutionStore, view: ExecutionView): Promise<Map<number, number>> {
  const { execution } = view;
  if (execution.launchStartedAt === undefined || !isOfWholeWaves(execution)) return new Map();
  const known = await store.getDurations(execution.verb, execution.application);
  await remember(store, view, known);
  return new Map(
    known.flatMap(({ wave, runs }) => {
      const others = runs.filter(({ executionId }) => executionId !== execution.executionId);
      const median = medianOf(others.map(({ ms }) => ms));
      return median === undefined ? [] : [[wave, median] as const];
    }),
  );
}

function isOfWholeWaves({ application, selection, waves }: ExecutionRecord): boolean {
  return application !== '' && selection === undefined && waves.length > 0;
}

async function remember(store: ExecutionStore, { execution, waves }: ExecutionView, known: DurationRecord[]) {
  const { executionId, verb, application } = execution;
  for (const { wave, attempt, outcome, notBegun, startedAt, endedAt } of waves) {
    // What was tried again has waited for people.
    if (outcome !== 'success' || notBegun !== undefined || attempt !== undefined) continue;
    const read = known.find((candidate) => candidate.wave === wave);
    const runs = withRun(read?.runs ?? [], { executionId, endedAt, ms: endedAt - startedAt });
    // Another drawing that was faster has kept the same, or the next one will.
    if (runs !== undefined) await store.putDuration(verb, application, { wave, runs }, read);
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
