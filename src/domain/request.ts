import { createHash } from 'node:crypto';
import type { ExecutionRecord, WaveSettings } from './records.ts';
import { type MeantServer, type RunWave, wavesWith } from './recovery-run.ts';
import { TAG } from './vocabulary.ts';

/** What a request's tags say of it. A request may select servers by any tags, not only by application and wave. */

/** The application that the tags name; empty when they name none. */
export function applicationOf(tags: Record<string, string>): string {
  return tags[TAG.application] ?? '';
}

/** The number of the wave that the tags name; 0 when they name none, or one that is no number from 1. */
export function waveNumberOf(tags: Record<string, string>): number {
  const wave = Number(tags[TAG.wave] ?? 0);
  return Number.isSafeInteger(wave) && wave >= 1 ? wave : 0;
}

/** The number by which the wave of a selection is called that names none. */
export const NO_WAVE = 0;

/** The waves that the tags name: one or none. */
export function wavesOf(tags: Record<string, string>): number[] {
  const wave = waveNumberOf(tags);
  return wave === NO_WAVE ? [] : [wave];
}

/** Every run that a request's waves make, by number: one for each, or a single one where it names none. */
export function runsOf(waves: readonly number[]): number[] {
  return waves.length === 0 ? [NO_WAVE] : [...waves];
}

/** True for a request that names several waves: its tags say what they have in common, and each server's own tag its wave. */
export function hasSeveralWaves(waves: readonly number[]): boolean {
  return waves.length > 1;
}

/** How a request's servers get into its waves. */
export interface WaveSelection {
  waves: readonly number[];
  /** Of a recovery plan: which servers each wave has. Left out: their tags say it. */
  selectors?: readonly Pick<RunWave, 'wave' | 'selectors'>[];
}

/**
 * In which of a request's waves a server is; undefined for none of them. A recovery plan says it itself; otherwise the
 * server's own tag does, or, where the request names one wave or none, the tags that have selected it already.
 */
export function waveAmong({ waves, selectors }: WaveSelection, server: MeantServer): number | undefined {
  if (selectors !== undefined) return wavesWith(selectors, server).find((wave) => waves.includes(wave));
  if (!hasSeveralWaves(waves)) return waves[0] ?? NO_WAVE;
  return waves.find((wave) => String(wave) === server.tags[TAG.wave]);
}

/** The tags that select the servers of one wave of a request; of a recovery plan what all its waves have in common. */
export function tagsOfWave(
  { tags, waves, recoveryPlan }: Pick<ExecutionRecord, 'tags' | 'waves' | 'recoveryPlan'>,
  wave: number,
): Record<string, string> {
  return recoveryPlan === undefined && hasSeveralWaves(waves) ? { ...tags, [TAG.wave]: String(wave) } : tags;
}

/** How a wave of a recovery plan is run; undefined for an execution of none. */
export function waveSettingsOf(
  { recoveryPlan }: Pick<ExecutionRecord, 'recoveryPlan'>,
  wave: number,
): WaveSettings | undefined {
  return recoveryPlan?.waves.find((settings) => settings.wave === wave);
}

/** The options by which a wave is run: the request's, with what its recovery plan says of this wave. */
export function optionsOfWave(
  execution: Pick<ExecutionRecord, 'options' | 'recoveryPlan'>,
  wave: number,
): ExecutionRecord['options'] {
  const { maxWaitMinutes, successThresholdPercent } = waveSettingsOf(execution, wave) ?? {};
  return {
    ...execution.options,
    ...(maxWaitMinutes === undefined ? {} : { maxWaitMinutes }),
    ...(successThresholdPercent === undefined ? {} : { successThresholdPercent }),
  };
}

/** `wave 1`, `waves 1–3`, `waves 1–3, 5`; for numbers in ascending order. */
export function wavesText(waves: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const wave of waves) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 === wave) last.to = wave;
    else ranges.push({ from: wave, to: wave });
  }
  const named = ranges.map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`));
  return `${waves.length === 1 ? 'wave' : 'waves'} ${named.join(', ')}`;
}

/**
 * True where a request means all that its waves have. Named servers, those that further tags select, and what another
 * execution has left or launched are parts of waves.
 */
export function isOfWholeWaves({
  tags,
  options,
  recoveryPlan,
}: Pick<ExecutionRecord, 'tags' | 'options' | 'recoveryPlan'>): boolean {
  if (options.sourceServerIds !== undefined) return false;
  // A stored plan's versions are counted from 1; what is made of another execution is of version 0.
  if (recoveryPlan !== undefined) return recoveryPlan.version > 0;
  return Object.keys(tags).every((key) => key === TAG.application || key === TAG.wave);
}

/**
 * How a selection is called: `HRP wave 1`, `HRP waves 1–3`, `HRP wave 1 (DR-Tier=Critical)`, or the tags as they are.
 * @param waves those that the request names
 * @param planName the recovery plan that says what they are
 */
export function selectionOf(
  tags: Record<string, string>,
  waves: readonly number[] = wavesOf(tags),
  planName?: string,
): string {
  const application = applicationOf(tags);
  if (planName !== undefined) return `${wavesText(waves)} of the recovery plan ${planName}`;
  if (application === '' || waves.length === 0) return tagsText(tags);
  const { [TAG.application]: _, [TAG.wave]: __, ...others } = tags;
  return `${application} ${wavesText(waves)}${Object.keys(others).length === 0 ? '' : ` (${tagsText(others)})`}`;
}

/**
 * What an execution locks, so that no second one runs for it: its application, or its tags where they name none. Two
 * selections that overlap without being the same do not lock each other out: DRS's jobs and the looks right before a
 * launch keep them apart.
 */
export function lockNameOf({ application, tags }: Pick<ExecutionRecord, 'application' | 'tags'>): string {
  return application === '' ? `tags ${tagsText(tags)}` : application;
}

/** `DR-Tier=Critical, DR-Wave=1`, in the order of their names. */
function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** One id for one request, however often it is delivered: a UUID (version 8, RFC 9562) of what tells it from others. */
export function executionIdOf(...key: string[]): string {
  const hex = createHash('sha256').update(key.join('/')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
