import { DrError } from './errors.ts';
import type { StoredPlan } from './plan-library.ts';
import type { ProtectionGroup } from './protection-group.ts';
import type { ActionPhase, RecoveryPlanOfExecution, WaveSettings } from './records.ts';
import { type PlanSet, type PlanWave, type RecoveryPlan, type WaveAction, wavesInOrder } from './recovery-plan.ts';
import { matchesTags, type SourceServer } from './server.ts';
import type { Verb } from './vocabulary.ts';

/** A recovery plan as it is run: its waves in their order, those of the plans that it names among them. */

/** Which servers are meant: those that fit all that is given. */
export interface ServerSelector {
  tags?: Record<string, string>;
  serverIds?: string[];
  accountId?: string;
  region?: string;
}

/** One wave as it is run. */
export interface RunWave extends Omit<WaveSettings, 'preWaveActions' | 'postWaveActions'> {
  /** A server is in the wave when one of these means it. */
  selectors: ServerSelector[];
  pauseBefore?: true;
  preWaveActions: WaveAction[];
  postWaveActions: WaveAction[];
}

/** A plan as it is run. */
export interface RecoveryRun {
  planId: string;
  planName: string;
  version: number;
  /** Whose servers it may touch: the plan's application and those of the plans that it runs. */
  applications: string[];
  rtoTargetMinutes?: number;
  cleanUpAfterHours?: number;
  waves: RunWave[];
}

/** What tells whether a server is meant. */
export type MeantServer = Pick<SourceServer, 'sourceServerId' | 'accountId' | 'region' | 'tags'>;

/**
 * A stored plan as it is run. Waves keep their numbers; where that would not be the order in which they run, or waves of
 * other plans are among them, they are numbered anew from 1. A plan in a wave's place has that wave's pauses and actions
 * around its own, and what that wave says of time and threshold where its own waves say nothing.
 * @throws {DrError} ValidationError when a group or a plan that it names is gone, or its waves have no order.
 */
export function runOf({ plan, version }: StoredPlan, { plans, groups }: PlanSet): RecoveryRun {
  const applications = new Set<string>();
  const waves = wavesOfPlan(plan, []);
  const numbers = waves.map(({ wave }) => wave);
  const isOrdered = numbers.every((number, at) => number > (numbers[at - 1] ?? 0));
  const { planId, planName, rtoTargetMinutes, cleanUpAfterHours } = plan;
  return {
    planId,
    planName,
    version,
    applications: [...applications],
    ...(rtoTargetMinutes === undefined ? {} : { rtoTargetMinutes }),
    ...(cleanUpAfterHours === undefined ? {} : { cleanUpAfterHours }),
    waves: isOrdered ? waves : waves.map((wave, at) => ({ ...wave, wave: at + 1 })),
  };

  function wavesOfPlan(of: RecoveryPlan, around: readonly string[]): RunWave[] {
    if (around.includes(of.planId)) throw broken(plan, `the plan ${of.planName} runs itself`);
    if (of.application !== undefined) applications.add(of.application);
    return wavesInOrder(of).flatMap((wave) => {
      if (wave.recoveryPlanId === undefined) return [leafOf(wave)];
      const below = plans.find(({ planId: id }) => id === wave.recoveryPlanId);
      if (below === undefined) throw broken(plan, `there is no plan ${wave.recoveryPlanId}`);
      return inPlaceOf(wave, wavesOfPlan(below, [...around, of.planId]));
    });
  }

  function leafOf(wave: PlanWave): RunWave {
    const named = wave.protectionGroupIds.map((id) => {
      const group = groups.find(({ groupId }) => groupId === id);
      if (group === undefined) throw broken(plan, `there is no protection group ${id}`);
      return selectorOf(group);
    });
    const { waveNumber, waveName, estimatedDuration, preWaveActions, postWaveActions } = wave;
    return {
      wave: waveNumber,
      waveName,
      ...present({
        pauseBefore: wave.pauseBeforeWave || undefined,
        pauseAfter: wave.pauseAfterWave || undefined,
        maxWaitMinutes: wave.maxWaitMinutes,
        successThresholdPercent: wave.successThresholdPercent,
        rtoTargetMinutes: wave.rtoTargetMinutes,
        estimatedSeconds: estimatedDuration,
      }),
      selectors: [...named, ...(wave.tagCriteria === undefined ? [] : [{ tags: wave.tagCriteria }])],
      preWaveActions,
      postWaveActions,
    };
  }
}

/** The waves of a plan that stands in a wave's place. */
function inPlaceOf(outer: PlanWave, inner: RunWave[]): RunWave[] {
  return inner.map((wave, at) => {
    const isFirst = at === 0;
    const isLast = at === inner.length - 1;
    return {
      ...present({ maxWaitMinutes: outer.maxWaitMinutes, successThresholdPercent: outer.successThresholdPercent }),
      ...wave,
      // Its own number would be taken for the outer plan's: see `runOf`.
      wave: 0,
      waveName: `${outer.waveName}: ${wave.waveName}`,
      ...present({
        pauseBefore: (isFirst && outer.pauseBeforeWave) || wave.pauseBefore || undefined,
        pauseAfter: (isLast && outer.pauseAfterWave) || wave.pauseAfter || undefined,
      }),
      preWaveActions: isFirst ? [...outer.preWaveActions, ...wave.preWaveActions] : wave.preWaveActions,
      postWaveActions: isLast ? [...wave.postWaveActions, ...outer.postWaveActions] : wave.postWaveActions,
    };
  });
}

function selectorOf({ region, accountId, serverIds, tagCriteria }: ProtectionGroup): ServerSelector {
  return { region, ...present({ accountId, serverIds, tags: tagCriteria }) };
}

function present<T extends object>(fields: T): Partial<{ [Key in keyof T]: NonNullable<T[Key]> }> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<{
    [Key in keyof T]: NonNullable<T[Key]>;
  }>;
}

function broken({ planName }: RecoveryPlan, why: string): DrError {
  return new DrError('ValidationError', `The recovery plan ${planName} cannot be run: ${why}. Nothing was started.`);
}

/** The run, of only some of its waves: the time within which all of them are to be done says nothing of those. */
export function onlyWaves(run: RecoveryRun, waves: readonly number[]): RecoveryRun {
  const meant = run.waves.filter(({ wave }) => waves.includes(wave));
  const { rtoTargetMinutes: _, ...rest } = run;
  return { ...(meant.length === run.waves.length ? run : rest), waves: meant };
}

/** True for the verbs around whose waves a recovery plan's pauses and actions are. */
export function isLaunch(verb: Verb): boolean {
  return verb === 'drill' || verb === 'failover';
}

/** What an execution carries of its recovery plan, for a verb. */
export function settingsOf(run: RecoveryRun, verb: Verb): RecoveryPlanOfExecution {
  const { planId, planName, version, rtoTargetMinutes } = run;
  return {
    planId,
    planName,
    version,
    ...present({ rtoTargetMinutes }),
    waves: run.waves.map((wave) => {
      const {
        selectors: _,
        pauseBefore: __,
        pauseAfter,
        preWaveActions: ___,
        postWaveActions: ____,
        ...settings
      } = wave;
      return {
        ...settings,
        ...present({ pauseAfter: isLaunch(verb) ? pauseAfter : undefined }),
        ...present({
          preWaveActions: actionsFor(wave, 'pre', verb).length || undefined,
          postWaveActions: actionsFor(wave, 'post', verb).length || undefined,
        }),
      };
    }),
  };
}

/** The actions before or after a wave that are done for this verb, in their order. */
export function actionsFor(
  { preWaveActions, postWaveActions }: Pick<RunWave, 'preWaveActions' | 'postWaveActions'>,
  phase: ActionPhase,
  verb: Verb,
): WaveAction[] {
  return (phase === 'pre' ? preWaveActions : postWaveActions).filter(({ verbs }) =>
    (verbs as readonly Verb[]).includes(verb),
  );
}

/** True for a server that a selector means. */
export function isSelected({ tags, serverIds, accountId, region }: ServerSelector, server: MeantServer): boolean {
  return (
    (serverIds === undefined || serverIds.includes(server.sourceServerId)) &&
    (accountId === undefined || accountId === server.accountId) &&
    (region === undefined || region === server.region) &&
    matchesTags(server.tags, tags ?? {})
  );
}

/** Every wave that a server is in; of a stored plan that was checked there is one at most, until tags change. */
export function wavesWith(waves: readonly Pick<RunWave, 'wave' | 'selectors'>[], server: MeantServer): number[] {
  return waves.flatMap(({ wave, selectors }) =>
    selectors.some((selector) => isSelected(selector, server)) ? [wave] : [],
  );
}
