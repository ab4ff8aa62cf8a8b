import type { Person } from './access.ts';
import { componentOptionsSchema } from './contract.ts';
import type {
  BatchRecord,
  ExecutionRecord,
  ExecutionView,
  PlanRecord,
  RecoveryPlanRecord,
  WaveRecord,
} from './records.ts';
import { isLaunch, type RunWave, type ServerSelector, settingsOf } from './recovery-run.ts';
import { executionIdOf, NO_WAVE, waveSettingsOf } from './request.ts';
import { isTerminal } from './status.ts';
import { TAG } from './vocabulary.ts';
import { isLaunched, leftOf } from './waves.ts';

/** What an execution that is over has left undone, as a request of its own: approved anew, and of exactly those servers. */

/** What is stored of an execution that is over. */
export interface EndedFacts {
  plan: Pick<PlanRecord, 'failed'>;
  /** Of every attempt. */
  batches: readonly BatchRecord[];
  /** How its waves ended. */
  waves: readonly WaveRecord[];
  /** Absent for waves by tag. */
  recovery?: RecoveryPlanRecord;
}

/** Who asks for the rest, and as which execution. */
export interface RestRequest {
  executionId: string;
  requester: Person;
  /** Milliseconds since the epoch. */
  now: number;
}

/** An execution with what says which servers and actions its waves have. */
export interface Rest {
  execution: ExecutionRecord;
  recoveryPlan: RecoveryPlanRecord;
}

/**
 * The request for what an execution has left: the servers that it did not launch, in the waves that they were in, with the
 * pauses and actions that have not been done. Undefined where nothing is left, or it is no launch, or not over. Nothing is
 * replaced by it: live instances that the first request named have had their turn.
 */
export function restOf(ended: ExecutionRecord, facts: EndedFacts, request: RestRequest): Rest | undefined {
  const { verb, executionId: from } = ended;
  const left = selectorsByWave(facts);
  const waves = wavesOf(ended, facts, left);
  if (!canHaveRest(ended) || waves.length === 0) return undefined;
  const { executionId, requester, now } = request;
  const { application, otherApplications, onWaveFailure, channelId, reason, metadata, cleanUp } = ended;
  const planName = `the rest of ${ended.recoveryPlan?.planName ?? from.slice(0, 8)}`;
  const run = { planId: ended.recoveryPlan?.planId ?? from, planName, version: 0, applications: [], waves };
  const numbers = waves.map(({ wave }) => wave);
  const pauses = (ended.pauseBefore ?? []).filter((wave) => numbers.includes(wave) && !hasBegun(facts, wave));
  const { ticketId } = metadata ?? {};
  return {
    execution: {
      executionId,
      status: 'planning',
      startTime: now,
      verb,
      application,
      ...(otherApplications === undefined ? {} : { otherApplications }),
      recoveryPlan: settingsOf(run, verb),
      waves: numbers,
      ...(pauses.length === 0 ? {} : { pauseBefore: pauses }),
      ...(onWaveFailure === undefined ? {} : { onWaveFailure }),
      tags: application === '' ? ended.tags : { [TAG.application]: application },
      // Which servers it is of is said by its waves: those that were named are not all left.
      options: componentOptionsSchema.parse({
        ...ended.options,
        sourceServerIds: undefined,
        replaceLive: [],
        minServers: 1,
      }),
      ...(ticketId === undefined ? {} : { metadata: { ticketId } }),
      ...(reason === undefined ? {} : { reason }),
      ...(cleanUp === undefined ? {} : { cleanUp: { afterHours: cleanUp.afterHours } }),
      requester: { userId: requester.userId, teamId: requester.teamId },
      channelId,
      correlationId: executionId,
      planRevision: 0,
    },
    recoveryPlan: {
      executionId,
      version: 0,
      applications: facts.recovery?.applications ?? [application],
      waves,
    },
  };
}

/** How many servers an execution has left that {@link restOf} would take up; 0 for one that is not over or launches nothing. */
export function countRest({ execution, plan, batches }: Pick<ExecutionView, 'execution' | 'plan' | 'batches'>): number {
  if (plan === undefined || !canHaveRest(execution)) return 0;
  return [...selectorsByWave({ plan, batches }).values()]
    .flat()
    .reduce((sum, { serverIds = [] }) => sum + serverIds.length, 0);
}

/** What never began is asked for anew. */
function canHaveRest({ verb, status, launchStartedAt }: ExecutionRecord): boolean {
  return isLaunch(verb) && isTerminal(status) && launchStartedAt !== undefined;
}

/** The rest of an execution, from attempt 1: pressed twice it is one execution. */
export function restIdOf(executionId: string, attempt: number): string {
  return executionIdOf('rest', executionId, String(attempt));
}

/** Servers that were not launched, by wave and place. One that has failed its status checks alone runs. */
function selectorsByWave({ plan, batches }: Pick<EndedFacts, 'plan' | 'batches'>): Map<number, ServerSelector[]> {
  const left = [
    ...leftOf(batches).flatMap(({ batch, server }) =>
      isLaunched(server) ? [] : [{ ...place(batch), wave: batch.wave, id: server.sourceServerId }],
    ),
    ...plan.failed.map(({ wave, stagingAccountId, region, sourceServerId }) => ({
      ...{ accountId: stagingAccountId, region, wave, id: sourceServerId },
    })),
  ];
  const byWave = new Map<number, Map<string, ServerSelector & { serverIds: string[] }>>();
  for (const { wave, accountId, region, id } of left) {
    const places = byWave.get(wave) ?? new Map();
    const selector = places.get(`${accountId}/${region}`) ?? { accountId, region, serverIds: [] };
    selector.serverIds.push(id);
    byWave.set(wave, places.set(`${accountId}/${region}`, selector));
  }
  return new Map([...byWave].map(([wave, places]) => [wave, [...places.values()]]));
}

function place({ accountId, region }: BatchRecord): { accountId: string; region: string } {
  return { accountId, region };
}

function wavesOf(ended: ExecutionRecord, facts: EndedFacts, left: Map<number, ServerSelector[]>): RunWave[] {
  return [...left]
    .sort(([a], [b]) => a - b)
    .map(([number, selectors]) => {
      const planned = facts.recovery?.waves.find(({ wave }) => wave === number);
      const {
        preWaveActions: _,
        postWaveActions: __,
        ...settings
      } = waveSettingsOf(ended, number) ?? {
        wave: number,
        waveName: number === NO_WAVE ? 'Servers' : `Wave ${number}`,
      };
      return {
        ...settings,
        // A wave of a plan is counted from 1.
        wave: number === NO_WAVE ? 1 : number,
        selectors,
        preWaveActions: hasBegun(facts, number) ? [] : (planned?.preWaveActions ?? []),
        postWaveActions: planned?.postWaveActions ?? [],
      };
    });
}

function hasBegun({ waves }: EndedFacts, number: number): boolean {
  return waves.some(({ wave, notBegun }) => wave === number && notBegun === undefined);
}
