import type { KnownBlock } from '@slack/types';
import type { ExecutionRecord, ExecutionView, WaveSettings } from '../src/domain/records.ts';
import type { WaveAction } from '../src/domain/recovery-plan.ts';
import { listing } from './listing.ts';
import { count, cut, name, section } from './message.ts';
import { isFor, plannedActionText, shortKindText } from './wave-actions.ts';
import { type Expected, settingsOf, wavesOf } from './waves.ts';
import { spokenMinutes } from './words.ts';

/** A recovery plan before it is run: its name, its waves, what is done around them, and where it waits for people. */

/** `recovery plan *HRP full*, version 3`, for mrkdwn; undefined for an execution of none. */
export function planLabel({
  recoveryPlan,
  endsDrill,
}: Pick<ExecutionRecord, 'recoveryPlan' | 'endsDrill'>): string | undefined {
  // The waves of a termination of a drill's instances are nobody's plan.
  if (recoveryPlan === undefined || endsDrill !== undefined) return undefined;
  const { planName, version } = recoveryPlan;
  return `recovery plan *${name(planName)}*${version === 0 ? '' : `, version ${version}`}`;
}

/** `*Wave 2 · application servers*`, for mrkdwn. */
export function waveTitle(wave: number, settings: WaveSettings | undefined): string {
  const named = settings?.waveName ?? '';
  const says = named.trim().toLowerCase() !== `wave ${wave}` && named.trim() !== '';
  return `*Wave ${wave}${says ? ` · ${name(named)}` : ''}*`;
}

/** Its waves with their sizes, and what they are expected to take, a line each; undefined for what has one and no plan. */
export function waveSizes(
  { execution, batches }: Pick<ExecutionView, 'execution' | 'batches'>,
  expected: ReadonlyMap<number, Expected> = new Map(),
): string[] {
  const waves = wavesOf(execution);
  if (waves.length < 2 && planLabel(execution) === undefined) return [];
  return waves.map((wave) => {
    const settings = settingsOf(execution, wave);
    const target = settings?.rtoTargetMinutes;
    return [
      `${waveTitle(wave, settings)} ${count(sizeOf(batches, wave), 'server')}`,
      ...expectedOf(expected.get(wave)),
      ...(target === undefined ? [] : [`RTO target ${spokenMinutes(target * 60_000)}`]),
    ].join(' · ');
  });
}

function sizeOf(batches: ExecutionView['batches'], wave: number): number {
  return batches.filter((batch) => batch.wave === wave).reduce((sum, { servers }) => sum + servers.length, 0);
}

/** What all waves are expected to take together, against the plan's target; undefined where that is not known of each. */
export function expectedInAll(
  { execution }: Pick<ExecutionView, 'execution'>,
  expected: ReadonlyMap<number, Expected> = new Map(),
): string | undefined {
  const waves = wavesOf(execution);
  const known = waves.flatMap((wave) => expected.get(wave) ?? []);
  const target = execution.recoveryPlan?.rtoTargetMinutes;
  if (known.length < waves.length || waves.length < 2) {
    return target === undefined ? undefined : `RTO target of the plan: ${spokenMinutes(target * 60_000)}.`;
  }
  const ms = known.reduce((sum, one) => sum + one.ms, 0);
  const inAll = `Expected in all: ${spokenMinutes(ms)}, without pauses and actions`;
  if (target === undefined) return `${inAll}.`;
  const against = `the plan’s RTO target of ${spokenMinutes(target * 60_000)}`;
  return ms > target * 60_000 ? `${inAll}: ⏰ *longer than ${against}*.` : `${inAll}, within ${against}.`;
}

function expectedOf(expected: Expected | undefined): string[] {
  if (expected === undefined) return [];
  const by = expected.from === 'history' ? 'earlier runs' : 'the plan’s estimate';
  return [`expected ${spokenMinutes(expected.ms)} (${by})`];
}

/** In characters, of an action's name where there is little room. */
const MAX_SHORT_NAME = 30;
/** Of a question, in characters as JSON: what is read to the end on a phone, and what a message has room for. */
const CHARACTERS = { each: 2_800, short: 5_000 } as const;

/**
 * What an approval lets loose beside the launches: actions, pauses and other thresholds, wave by wave. A plan of many actions
 * is told in fewer words; the thread has the others (see {@link plannedInFull}).
 */
export function plannedBlocks(view: ExecutionView): KnownBlock[] {
  const { execution } = view;
  const label = planLabel(execution);
  const waves = wavesOf(execution);
  const pauses = (execution.pauseBefore ?? []).filter((wave) => waves.includes(wave));
  if (label === undefined) {
    return pauses.length === 0 ? [] : [section(`⏸️ Waits for people before wave ${pauses.join(', ')}.`)];
  }
  const title = `By ${label}, one wave after the other:`;
  const rows = rowsInFull(view);
  if (sizeIn(rows) <= CHARACTERS.each) return listing([title, ...rows], rows.length + 1);
  const short = waves.map((wave) => shortRow(view, wave));
  const told = sizeIn(short) <= CHARACTERS.short ? short : waves.map((wave) => countedRow(view, wave));
  return listing([title, ...told, IN_THREAD], told.length + 2, CHARACTERS.short + 500);
}

const IN_THREAD = 'Where and what each action does stands in the thread of the card.';

/** What is done around the waves, each action with its kind and place, where the question has no room for it. */
export function plannedInFull(view: ExecutionView): string[] | undefined {
  if (planLabel(view.execution) === undefined) return undefined;
  const rows = rowsInFull(view);
  return sizeIn(rows) <= CHARACTERS.each ? undefined : rows;
}

function rowsInFull(view: ExecutionView): string[] {
  return wavesOf(view.execution).flatMap((wave) => fullRows(view, wave));
}

function fullRows(view: ExecutionView, wave: number): string[] {
  const { execution } = view;
  const settings = settingsOf(execution, wave);
  const { pre, post } = actionsOf(view, wave);
  const told = (action: WaveAction) => `“${name(action.actionName)}” (${plannedActionText(action)})`;
  const rows = [
    ...(pausesBefore(view, wave) ? ['⏸️ waits for people before it'] : []),
    ...pre.map((action) => `⚙️ before it ${told(action)}`),
    ...post.map((action) => `⚙️ after it ${told(action)}`),
    ...thresholds(execution, settings),
    ...(pausesAfter(view, wave) ? ['⏸️ waits for people after it'] : []),
  ];
  return [firstRow(view, wave), ...rows.map((row) => `      ${row}`)];
}

function firstRow({ execution, batches }: ExecutionView, wave: number): string {
  const settings = settingsOf(execution, wave);
  const target = settings?.rtoTargetMinutes;
  const size = `${waveTitle(wave, settings)} ${count(sizeOf(batches, wave), 'server')}`;
  return target === undefined ? size : `${size} · RTO target ${spokenMinutes(target * 60_000)}`;
}

/** A wave in one line: its size, its pauses, and its actions by name and kind. */
function shortRow(view: ExecutionView, wave: number): string {
  const { pre, post } = actionsOf(view, wave);
  const told = (actions: WaveAction[]) =>
    actions.map((action) => `${name(cut(action.actionName, MAX_SHORT_NAME))} (${shortKindText(action)})`).join(', ');
  const acts = [
    ...(pre.length === 0 ? [] : [`⚙️ before it ${told(pre)}`]),
    ...(post.length === 0 ? [] : [`${pre.length === 0 ? '⚙️ ' : ''}after it ${told(post)}`]),
  ];
  return [
    `*Wave ${wave}* ${count(sizeOf(view.batches, wave), 'server')}`,
    ...pauseMarks(view, wave),
    ...acts,
    ...thresholds(view.execution, settingsOf(view.execution, wave)),
  ].join(' · ');
}

/** Where even the names do not fit: how many actions each wave has. */
function countedRow(view: ExecutionView, wave: number): string {
  const { preWaveActions = 0, postWaveActions = 0 } = settingsOf(view.execution, wave) ?? {};
  const acts = `⚙️ ${count(preWaveActions, 'action')} before it, ${postWaveActions} after it`;
  return [`*Wave ${wave}*`, acts, ...pauseMarks(view, wave)].join(' · ');
}

function pauseMarks(view: ExecutionView, wave: number): string[] {
  return [
    ...(pausesBefore(view, wave) ? ['⏸️ waits before it'] : []),
    ...(pausesAfter(view, wave) ? ['⏸️ waits after it'] : []),
  ];
}

/** The actions that are done around a wave; empty where only their number is known. */
function actionsOf({ execution, recoveryPlan }: ExecutionView, wave: number) {
  const run = recoveryPlan?.waves.find((candidate) => candidate.wave === wave);
  const theirs = (actions: WaveAction[] = []) => actions.filter((action) => isFor(action, execution));
  return { pre: theirs(run?.preWaveActions), post: theirs(run?.postWaveActions) };
}

function pausesBefore({ execution, recoveryPlan }: ExecutionView, wave: number): boolean {
  if (execution.pauseBefore?.includes(wave) === true) return true;
  return recoveryPlan?.waves.some((run) => run.wave === wave && run.pauseBefore === true) === true;
}

/** A pause after a wave that is not the last is the one before the next. */
function pausesAfter(view: ExecutionView, wave: number): boolean {
  if (settingsOf(view.execution, wave)?.pauseAfter !== true) return false;
  const waves = wavesOf(view.execution);
  const next = waves[waves.indexOf(wave) + 1];
  return next === undefined || !pausesBefore(view, next);
}

/** What decides about the wave otherwise than about the others. */
function thresholds({ options }: ExecutionRecord, settings: WaveSettings | undefined): string[] {
  const { successThresholdPercent: threshold, maxWaitMinutes: wait } = settings ?? {};
  return [
    ...(threshold === undefined || threshold === options.successThresholdPercent
      ? []
      : [`good with ${shareText(threshold)} of its servers (usually ${shareText(options.successThresholdPercent)})`]),
    ...(wait === undefined || wait === options.maxWaitMinutes
      ? []
      : [`waits ${wait} min for a server, not ${options.maxWaitMinutes} min`]),
  ];
}

function sizeIn(rows: readonly string[]): number {
  return rows.reduce((sum, row) => sum + JSON.stringify(row).length, 0);
}

/** What becomes of a drill's instances after it, as it is asked for; undefined where they stay. */
export function cleanUpText({ cleanUp }: Pick<ExecutionRecord, 'cleanUp'>): string | undefined {
  if (cleanUp === undefined) return undefined;
  return `🧹 Its drill instances are *terminated ${count(cleanUp.afterHours, 'hour')} after its end*, unless somebody keeps them.`;
}

/** A wave that has not done all of its servers is good from one more than this share. */
function shareText(percent: number): string {
  return percent === 100 ? 'all' : `more than ${percent} %`;
}
