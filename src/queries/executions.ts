import { executionsList, type ListedExecution } from '../../blocks/executions-list.ts';
import { executionsHistory, type PlanHistory, type WaveHistory } from '../../blocks/history.ts';
import type { Message } from '../../blocks/message.ts';
import { groupBy } from '../domain/groups.ts';
import type { QueryArgs } from '../domain/query.ts';
import type { DurationRecord, ExecutionRecord, RecoveryPlanOfExecution } from '../domain/records.ts';
import { type ExecutionRto, rtoOf, type WaveRto, wavesInTheirOrder } from '../domain/rto.ts';
import { EXECUTION_STATUSES, type ExecutionStatus } from '../domain/status.ts';
import type { Verb } from '../domain/vocabulary.ts';
import { concurrently } from '../platform/concurrently.ts';
import type { ExecutionStore, WantedExecutions } from '../platform/execution-store.ts';
import { medianOf } from '../projection/durations.ts';
import { applicationNamed, listed, maySeeAll } from './find.ts';
import { type Looker, refuseStranger } from './looker.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

const MOST_LISTED = 20;
/** Looked at for somebody who may not see all applications, and to have enough of every recovery plan. */
const MOST_LOOKED_AT = 200;
/** Recovery plans of which the history is told; of each so many runs, or more where there are fewer plans. */
const MOST_PLANS = 4;
const MOST_READ_AT_ONCE = 5;
/** The verbs that recover: how long their waves take is what a target is about. */
const RECOVERIES: readonly Verb[] = ['drill', 'failover'];

/**
 * The last executions: of one application by recovery plan, with how long its waves take; else of all that somebody may
 * see, in one list. @throws {DrError} AccessDenied.
 */
export async function executionsAnswer(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { application: typed, archived }: QueryArgs['executions'],
): Promise<Message> {
  const application = typed === undefined ? undefined : applicationNamed(typed, await tools.store.getCatalogue());
  if (application !== undefined) refuseStranger(looker, application);
  const isHistory = application !== undefined && archived === undefined;
  const executions = await visible(tools.store, looker, {
    statuses: EXECUTION_STATUSES,
    most: isHistory ? MOST_LOOKED_AT : MOST_LISTED,
    ...(application === undefined ? {} : { application }),
    ...(archived === undefined ? {} : { archived: 'only' }),
  });
  if (isHistory && executions.length > 0) {
    return executionsHistory({ application, plans: await historyOf(tools, replies, executions) });
  }
  return executionsList({
    executions: await listed(tools, replies, executions),
    ...(application === undefined ? {} : { application }),
    ...(archived === undefined ? {} : { archived }),
  });
}

/** The newest executions that somebody may see. */
export async function visible(
  store: Pick<ExecutionStore, 'newestExecutions'>,
  looker: Looker,
  {
    most,
    ...wanted
  }: { statuses: readonly ExecutionStatus[]; most: number } & Pick<WantedExecutions, 'application' | 'archived'>,
): Promise<ExecutionRecord[]> {
  const found = await store.newestExecutions({ ...wanted, limit: MOST_LOOKED_AT });
  return found.filter((execution) => maySeeAll(looker, execution)).slice(0, most);
}

/** The stored plan that an execution runs: what is made of another execution, of version 0, is none. */
function storedPlanOf({ recoveryPlan }: ExecutionRecord): RecoveryPlanOfExecution | undefined {
  return recoveryPlan?.version === 0 ? undefined : recoveryPlan;
}

/** By recovery plan, the one that ran last first. */
async function historyOf(
  tools: QueryTools,
  replies: Replies,
  executions: readonly ExecutionRecord[],
): Promise<PlanHistory[]> {
  const groups = [...groupBy(executions, (execution) => storedPlanOf(execution)?.planId ?? '').values()];
  const shown = groups.slice(0, MOST_PLANS);
  const runsOfEach = Math.floor(MOST_LISTED / shown.length);
  return await Promise.all(shown.map((runs) => planHistory(tools, replies, runs, runsOfEach)));
}

async function planHistory(
  tools: QueryTools,
  replies: Replies,
  executions: readonly ExecutionRecord[],
  most: number,
): Promise<PlanHistory> {
  const shown = await listed(tools, replies, executions.slice(0, most));
  const [newest] = executions;
  const planName = newest && storedPlanOf(newest)?.planName;
  const runs = await concurrently(shown, MOST_READ_AT_ONCE, async (run) => ({
    ...run,
    rto: await rtoOfRun(tools, run),
  }));
  return {
    ...(planName === undefined ? {} : { planName }),
    runs,
    older: executions.length - shown.length,
    waves: await wavesHistory(tools.store, runs),
  };
}

/** The recovery times of a run. Of one that is over its batches, which may be many, are not read for it. */
async function rtoOfRun({ store, now }: QueryTools, { execution, view }: ListedExecution): Promise<ExecutionRto> {
  if (view !== undefined) return rtoOf(view, now());
  const { executionId } = execution;
  const numbers = wavesInTheirOrder(execution).map(({ wave }) => wave);
  const [gates, waves] = await Promise.all([store.getGates(executionId), store.getWaves(executionId, numbers)]);
  return rtoOf({ execution, gates, waves }, now());
}

/** How long each wave of these runs took last, and takes usually; the runs are of one plan. */
async function wavesHistory(
  store: ExecutionStore,
  runs: readonly { execution: ExecutionRecord; rto: ExecutionRto }[],
): Promise<WaveHistory[]> {
  const verbs = RECOVERIES.flatMap((verb) => {
    const ofVerb = runs.filter(({ execution }) => execution.verb === verb && execution.recoveryPlan?.version !== 0);
    return ofVerb[0] === undefined ? [] : [{ verb, runs: ofVerb, newest: ofVerb[0].execution }];
  });
  const known = await Promise.all(verbs.map(async (of) => ({ ...of, durations: await store.getDurations(of.newest) })));
  const names = new Map(runs.flatMap(({ rto }) => rto.waves).map((wave) => [wave.wave, wave] as const));
  return [...names.values()]
    .toSorted((a, b) => a.wave - b.wave)
    .flatMap(({ wave, waveName }) => {
      const byVerb = known.flatMap(({ verb, runs: ofVerb, durations }) => {
        const last = ofVerb.flatMap(({ rto }) => rto.waves).find((one) => one.wave === wave && hasBegun(one));
        if (last === undefined) return [];
        const usual = usualOf(durations.find((one) => one.wave === wave));
        return [{ verb, last, ...(usual === undefined ? {} : { usual }) }];
      });
      return byVerb.length === 0 ? [] : [{ wave, ...(waveName === undefined ? {} : { waveName }), byVerb }];
    });
}

function hasBegun({ tookMs }: WaveRto): boolean {
  return tookMs !== undefined;
}

function usualOf(durations: DurationRecord | undefined): { medianMs: number; runs: number } | undefined {
  const times = (durations?.runs ?? []).map(({ ms }) => ms);
  const medianMs = medianOf(times);
  return medianMs === undefined ? undefined : { medianMs, runs: times.length };
}
