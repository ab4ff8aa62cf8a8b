import { type Library, planSetOf } from './plan-library.ts';
import type { Catalogue, ExecutionRecord, RecoveryPlanRecord } from './records.ts';
import { isLaunch, onlyWaves, type RecoveryRun, runOf, settingsOf } from './recovery-run.ts';
import { type PlannedVerb, TAG } from './vocabulary.ts';

/** What somebody asks for, of one application. */
export interface AskedRun {
  verb: PlannedVerb;
  application: string;
  /** In ascending order; empty for all there are. */
  waves: readonly number[];
}

/** What an execution gets of the waves that were asked for. */
export interface RequestedRun {
  waves: number[];
  tags: Record<string, string>;
  /** The parts of an execution that its recovery plan says; empty for waves by tag. */
  ofPlan: Pick<ExecutionRecord, 'recoveryPlan' | 'otherApplications' | 'pauseBefore'> & { cleanUpAfterHours?: number };
  /** Stored before the execution; undefined for waves by tag. */
  record?: Omit<RecoveryPlanRecord, 'executionId'>;
}

/** Why a run cannot be asked for. */
export type NoRun =
  /** These waves are not there; of the recovery plan with this name, or of the tags. */
  | { problem: 'no such wave'; missing: number[]; known: number[]; planName?: string }
  /** Nobody knows yet which waves there are. */
  | { problem: 'waves unknown' };

/**
 * Which waves a request runs: those of the application's recovery plan, or, where none is stored, those of its servers'
 * tags.
 * @param known the application's waves by tag, as far as they are known; empty for not at all
 * @throws {DrError} ValidationError when the stored plan cannot be run
 */
export function requestedRun(asked: AskedRun, library: Library, known: readonly number[]): RequestedRun | NoRun {
  const run = recoveryRunOf(asked.application, library);
  return run === undefined ? byTag(asked, known) : byPlan(asked, run);
}

/** The recovery plan of an application as it is run; undefined where none is stored. @throws {DrError} ValidationError */
export function recoveryRunOf(application: string, library: Library): RecoveryRun | undefined {
  const stored = library.plans.find(({ plan }) => plan.application === application);
  return stored === undefined ? undefined : runOf(stored, planSetOf(library));
}

/** The waves of an application by tag, as far as they are known. */
export function knownWavesIn(catalogue: Catalogue | undefined, application: string): number[] {
  const known = catalogue?.applications.find((candidate) => candidate.name === application)?.waves ?? [];
  return known.map(({ wave }) => wave);
}

function byPlan({ verb, application, waves }: AskedRun, run: RecoveryRun): RequestedRun | NoRun {
  const known = run.waves.map(({ wave }) => wave);
  const missing = waves.filter((wave) => !known.includes(wave));
  if (missing.length > 0) return { problem: 'no such wave', missing, known, planName: run.planName };
  const meant = waves.length === 0 ? run : onlyWaves(run, waves);
  const pauses = pausesOf(meant);
  const others = run.applications.filter((other) => other !== application);
  const { cleanUpAfterHours } = run;
  return {
    waves: meant.waves.map(({ wave }) => wave),
    tags: { [TAG.application]: application },
    ofPlan: {
      recoveryPlan: settingsOf(meant, verb),
      ...(others.length === 0 ? {} : { otherApplications: others }),
      ...(pauses.length === 0 || !isLaunch(verb) ? {} : { pauseBefore: pauses }),
      ...(cleanUpAfterHours === undefined || verb !== 'drill' ? {} : { cleanUpAfterHours }),
    },
    record: { version: run.version, applications: [application, ...others], waves: meant.waves },
  };
}

/** A pause after a wave is one before the next; that after the last one is its own question. */
function pausesOf({ waves }: RecoveryRun): number[] {
  return waves.flatMap(({ wave, pauseBefore }, at) =>
    pauseBefore === true || waves[at - 1]?.pauseAfter === true ? [wave] : [],
  );
}

function byTag({ application, waves }: AskedRun, known: readonly number[]): RequestedRun | NoRun {
  const missing = waves.filter((wave) => known.length > 0 && !known.includes(wave));
  if (missing.length > 0) return { problem: 'no such wave', missing, known: [...known] };
  const meant = waves.length > 0 ? [...waves] : known.toSorted((a, b) => a - b);
  const [wave] = meant;
  if (wave === undefined) return { problem: 'waves unknown' };
  return {
    waves: meant,
    tags: { [TAG.application]: application, ...(meant.length === 1 ? { [TAG.wave]: String(wave) } : {}) },
    ofPlan: {},
  };
}
