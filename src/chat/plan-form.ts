import type { ModalView } from '@slack/types';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Choosable } from '../../blocks/form.ts';
import { MAX_TYPED } from '../../blocks/modal.ts';
import {
  NO_APPLICATION,
  NO_PLAN,
  PAUSE_AFTER,
  PAUSE_BEFORE,
  PLAN_FIELD,
  planModal,
  WAVE_FIELD,
  waveModal,
} from '../../blocks/plan-modal.ts';
import { inWords } from '../domain/plan-import/import.ts';
import type { Library } from '../domain/plan-library.ts';
import {
  type PlanWave,
  planWaveSchema,
  type RecoveryPlan,
  recoveryPlanSchema,
  type WaveAction,
  waveActionSchema,
} from '../domain/recovery-plan.ts';
import { readPlanText } from '../platform/plan-text.ts';
import {
  allChosenIn,
  chosenIn,
  type FieldErrors,
  type FormState,
  type FormValues,
  formState,
  readTagLines,
  tagLines,
  typedIn,
} from './form-state.ts';
import { note } from './group-form.ts';

const MINUTE_S = 60;
/** An execution's waves have two digits. */
const LAST_WAVE = 99;

/** A plan without anything, for a new one; the id is given when it is submitted. */
export function emptyPlan(planName: string): RecoveryPlan {
  return { planId: '', planName, waves: [] };
}

/** The form of a plan. `applications`: those that may be chosen. */
export function planFormView(
  plan: RecoveryPlan,
  library: Library,
  { state, applications, note: told }: { state: FormState; applications: readonly string[]; note?: string },
): ModalView {
  const { application } = plan;
  const known = new Set([...applications, ...(application === undefined ? [] : [application])]);
  return planModal({
    state: formState(state),
    isNew: plan.planId === '',
    name: plan.planName,
    ...(application === undefined ? {} : { application }),
    description: plan.description ?? '',
    rto: shown(plan.rtoTargetMinutes),
    cleanUp: shown(plan.cleanUpAfterHours),
    applications: [...known].sort(),
    waves: byNumber(plan.waves),
    groupNames: new Map(library.groups.map(({ group }) => [group.groupId, group.groupName])),
    ...(told === undefined ? {} : { note: told }),
  });
}

function shown(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

/** The waves in the order of their numbers. */
export function byNumber(waves: readonly PlanWave[]): PlanWave[] {
  return waves.toSorted((a, b) => a.waveNumber - b.waveNumber);
}

/** Reads what is filled in over the plan that was there, and what is wrong with it; what is wrong keeps its old value. */
export function readPlan(view: FormValues, before: RecoveryPlan): { plan: RecoveryPlan; errors: FieldErrors } {
  const errors: FieldErrors = {};
  const { shape } = recoveryPlanSchema;
  const planName = typedIn(view, PLAN_FIELD.name);
  note(errors, PLAN_FIELD.name.blockId, shape.planName.safeParse(planName));
  const description = typedIn(view, PLAN_FIELD.description);
  const chosen = chosenIn(view, PLAN_FIELD.application);
  const application = chosen === NO_APPLICATION ? undefined : (chosen ?? before.application);
  const rto = numberIn(view, PLAN_FIELD.rto, shape.rtoTargetMinutes, errors);
  const cleanUp = numberIn(view, PLAN_FIELD.cleanUp, shape.cleanUpAfterHours, errors);
  return {
    plan: {
      planId: before.planId,
      planName: errors[PLAN_FIELD.name.blockId] === undefined ? planName : before.planName,
      ...given('description', description === '' ? undefined : description),
      ...given('application', application),
      ...given('rtoTargetMinutes', rto),
      ...given('cleanUpAfterHours', cleanUp),
      waves: before.waves,
    },
    errors,
  };
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}

function numberIn(
  view: FormValues,
  field: { blockId: string; actionId: string },
  schema: z.ZodType<number | undefined>,
  errors: FieldErrors,
  factor = 1,
): number | undefined {
  const text = typedIn(view, field);
  if (text === '') return undefined;
  const value = Number(text.replace(',', '.'));
  if (!Number.isFinite(value)) {
    errors[field.blockId] = 'This is to be a number.';
    return undefined;
  }
  const parsed = schema.safeParse(factor === 1 ? value : Math.round(value * factor));
  note(errors, field.blockId, parsed);
  return parsed.data;
}

/** The number of a wave that is added; undefined when there is no further one. */
export function nextWave({ waves }: RecoveryPlan): number | undefined {
  const next = Math.max(0, ...waves.map(({ waveNumber }) => waveNumber)) + 1;
  if (next <= LAST_WAVE) return next;
  const taken = new Set(waves.map(({ waveNumber }) => waveNumber));
  return Array.from({ length: LAST_WAVE }, (_, at) => at + 1).find((number) => !taken.has(number));
}

/** The number of a wave that a button or an option carries; undefined for what is none. */
export function waveNumberIn(value: string): number | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number >= 1 && number <= LAST_WAVE ? number : undefined;
}

/** The plan with a wave and the one before it in each other's place: they change numbers, also where others name them. */
export function movedUp(plan: RecoveryPlan, wave: number): RecoveryPlan {
  const numbers = byNumber(plan.waves).map(({ waveNumber }) => waveNumber);
  const before = numbers[numbers.indexOf(wave) - 1];
  if (before === undefined) return plan;
  const now = (number: number) => (number === wave ? before : number === before ? wave : number);
  return {
    ...plan,
    waves: byNumber(
      plan.waves.map((one) => ({ ...one, waveNumber: now(one.waveNumber), dependsOn: one.dependsOn.map(now) })),
    ),
  };
}

/** The plan without a wave; nothing waits for it any more. */
export function without(plan: RecoveryPlan, wave: number): RecoveryPlan {
  return {
    ...plan,
    waves: plan.waves
      .filter(({ waveNumber }) => waveNumber !== wave)
      .map((one) => ({ ...one, dependsOn: one.dependsOn.filter((number) => number !== wave) })),
  };
}

/** The form of a wave of a plan; of a new one where the plan has none with this number. */
export function waveFormView(plan: RecoveryPlan, number: number, library: Library, state: FormState): ModalView {
  const wave = plan.waves.find(({ waveNumber }) => waveNumber === number);
  const [preActions, postActions] = [actionsText(wave?.preWaveActions), actionsText(wave?.postWaveActions)];
  const known = library.groups.map(({ group }) => ({ value: group.groupId, label: group.groupName }));
  const named = (wave?.protectionGroupIds ?? []).filter((id) => !known.some(({ value }) => value === id));
  return waveModal({
    state: formState({ ...state, wave: number }),
    wave: number,
    name: wave?.waveName ?? '',
    description: wave?.description ?? '',
    groupIds: wave?.protectionGroupIds ?? [],
    tags: tagLines(wave?.tagCriteria),
    ...given('recoveryPlanId', wave?.recoveryPlanId),
    dependsOn: wave?.dependsOn ?? [],
    pauseBefore: wave?.pauseBeforeWave ?? false,
    pauseAfter: wave?.pauseAfterWave ?? false,
    maxWait: shown(wave?.maxWaitMinutes),
    threshold: shown(wave?.successThresholdPercent),
    rto: shown(wave?.rtoTargetMinutes),
    estimate: estimateText(wave?.estimatedDuration),
    ...(preActions.length > MAX_TYPED ? {} : { preActions }),
    ...(postActions.length > MAX_TYPED ? {} : { postActions }),
    groups: [...known, ...named.map((id) => ({ value: id, label: id }))],
    plans: otherPlans(plan, wave, library),
    waves: byNumber(plan.waves)
      .filter(({ waveNumber }) => waveNumber !== number)
      .map(({ waveNumber, waveName }) => ({ wave: waveNumber, name: waveName })),
  });
}

/** The plans that the wave may run instead of servers, the one that it runs among them whoever may see that. */
function otherPlans({ planId }: RecoveryPlan, wave: PlanWave | undefined, { plans }: Library): Choosable[] {
  const known = plans
    .filter((stored) => stored.plan.planId !== planId)
    .map((stored) => ({ value: stored.plan.planId, label: stored.plan.planName }));
  const runs = wave?.recoveryPlanId;
  return runs === undefined || known.some(({ value }) => value === runs)
    ? known
    : [...known, { value: runs, label: runs }];
}

/** Seconds as minutes, exact to the second when they are read again. */
function estimateText(seconds: number | undefined): string {
  return seconds === undefined ? '' : String(Math.round((seconds / MINUTE_S) * 100) / 100);
}

/** Actions as YAML; without those of their fields that say nothing. */
export function actionsText(list: readonly WaveAction[] | undefined): string {
  return list === undefined || list.length === 0 ? '' : stringify(list.map(saying), { lineWidth: 0 }).trim();
}

/** What stands at its default is left out: people read what was said. */
function saying(action: WaveAction): object {
  const { timeoutMinutes, onFailure, verbs, ...fields } = action;
  const parameters = 'parameters' in fields && Object.keys(fields.parameters).length === 0;
  return {
    ...(parameters ? { ...fields, parameters: undefined } : fields),
    ...(timeoutMinutes === 30 ? {} : { timeoutMinutes }),
    ...(onFailure === 'ask' ? {} : { onFailure }),
    ...(verbs.length === 2 ? {} : { verbs }),
  };
}

/** Reads what is filled into a wave's form, and what is wrong with it. */
export function readWave(
  view: FormValues,
  number: number,
  before: PlanWave | undefined,
): { wave: PlanWave; errors: FieldErrors } {
  const errors: FieldErrors = {};
  const { shape } = planWaveSchema;
  const waveName = typedIn(view, WAVE_FIELD.name);
  note(errors, WAVE_FIELD.name.blockId, shape.waveName.safeParse(waveName));
  const description = typedIn(view, WAVE_FIELD.description);
  const tags = readTagLines(typedIn(view, WAVE_FIELD.tags));
  if ('problem' in tags) errors[WAVE_FIELD.tags.blockId] = tags.problem;
  else if (tags.tags !== undefined) note(errors, WAVE_FIELD.tags.blockId, shape.tagCriteria.safeParse(tags.tags));
  const plan = chosenIn(view, WAVE_FIELD.plan) ?? NO_PLAN;
  const pauses = allChosenIn(view, WAVE_FIELD.pauses);
  return {
    wave: {
      waveNumber: number,
      waveName,
      ...given('description', description === '' ? undefined : description),
      protectionGroupIds: allChosenIn(view, WAVE_FIELD.groups),
      ...given('tagCriteria', 'tags' in tags ? tags.tags : undefined),
      ...given('recoveryPlanId', plan === NO_PLAN ? undefined : plan),
      dependsOn: allChosenIn(view, WAVE_FIELD.dependsOn).flatMap((value) => waveNumberIn(value) ?? []),
      pauseBeforeWave: pauses.includes(PAUSE_BEFORE),
      pauseAfterWave: pauses.includes(PAUSE_AFTER),
      ...given('maxWaitMinutes', numberIn(view, WAVE_FIELD.maxWait, shape.maxWaitMinutes, errors)),
      ...given('successThresholdPercent', numberIn(view, WAVE_FIELD.threshold, shape.successThresholdPercent, errors)),
      ...given('estimatedDuration', numberIn(view, WAVE_FIELD.estimate, shape.estimatedDuration, errors, MINUTE_S)),
      ...given('rtoTargetMinutes', numberIn(view, WAVE_FIELD.rto, shape.rtoTargetMinutes, errors)),
      preWaveActions: actionsIn(view, WAVE_FIELD.pre, before?.preWaveActions ?? [], errors),
      postWaveActions: actionsIn(view, WAVE_FIELD.post, before?.postWaveActions ?? [], errors),
    },
    errors,
  };
}

/** The actions of an input; those that there were where the form has none, because they are too long for it. */
function actionsIn(
  view: FormValues,
  field: { blockId: string; actionId: string },
  before: readonly WaveAction[],
  errors: FieldErrors,
): WaveAction[] {
  if (view.state.values[field.blockId] === undefined) return [...before];
  const text = typedIn(view, field);
  if (text === '') return [];
  const read = readPlanText(text);
  if ('problems' in read) {
    errors[field.blockId] = read.problems.slice(0, 3).join(' ');
    return [];
  }
  const parsed = z.array(waveActionSchema).safeParse(read.document);
  if (parsed.success) return parsed.data;
  const told = parsed.error.issues.slice(0, 3).map((issue) => {
    const [at, ...path] = issue.path;
    const said = inWords({ ...issue, path });
    return typeof at === 'number' ? `Action ${at + 1} (line ${read.lineOf(issue.path.filter(isStep))}): ${said}` : said;
  });
  errors[field.blockId] = told.join(' ');
  return [];
}

function isStep(part: PropertyKey): part is string | number {
  return typeof part !== 'symbol';
}
