import type { ProtectionGroup } from './protection-group.ts';
import type { PlanSet, PlanWave, RecoveryPlan, WaveAction } from './recovery-plan.ts';

/** What would change if `after` replaced `before`, a sentence each, by group, plan, wave and field; none when nothing does. */
export function differences(before: PlanSet, after: PlanSet): string[] {
  return [
    ...compared(
      before.groups,
      after.groups,
      ({ groupId }) => groupId,
      groupName,
      (old, now, name) => changes(old, now, name),
    ),
    ...compared(before.plans, after.plans, ({ planId }) => planId, planName, planChanges),
  ];
}

function planChanges(
  { waves: oldWaves, ...old }: RecoveryPlan,
  { waves, ...now }: RecoveryPlan,
  name: string,
): string[] {
  return [
    ...changes(old, now, name),
    ...compared(
      oldWaves,
      waves,
      ({ waveNumber }) => String(waveNumber),
      (wave) => `${name}, ${waveName(wave)}`,
      waveChanges,
    ),
  ];
}

function waveChanges(old: PlanWave, now: PlanWave, name: string): string[] {
  const { preWaveActions: oldPre, postWaveActions: oldPost, ...oldFields } = old;
  const { preWaveActions: pre, postWaveActions: post, ...fields } = now;
  return [
    ...changes(oldFields, fields, name),
    ...actionChanges(oldPre, pre, `${name}, preWaveActions`),
    ...actionChanges(oldPost, post, `${name}, postWaveActions`),
  ];
}

function actionChanges(old: readonly WaveAction[], now: readonly WaveAction[], name: string): string[] {
  const nameOf = ({ actionName }: WaveAction) => actionName;
  const both = (list: readonly WaveAction[], other: readonly WaveAction[]) =>
    list.map(nameOf).filter((action) => other.some((one) => nameOf(one) === action));
  const [before, after] = [both(old, now), both(now, old)];
  return [
    ...compared(old, now, nameOf, (action) => `${name} “${nameOf(action)}”`, changes),
    ...(before.join('\n') === after.join('\n') ? [] : [`${name}: they run in another order, ${after.join(', ')}.`]),
  ];
}

/** What is new, gone or changed among things that a key tells apart. */
function compared<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (item: T) => string,
  nameOf: (item: T) => string,
  changed: (old: T, now: T, name: string) => string[],
): string[] {
  const old = new Map(before.map((item) => [keyOf(item), item]));
  const now = new Map(after.map((item) => [keyOf(item), item]));
  return [
    ...[...old].flatMap(([key, item]) => {
      const still = now.get(key);
      return still === undefined ? [`${nameOf(item)} is removed.`] : changed(item, still, nameOf(item));
    }),
    ...[...now].flatMap(([key, item]) => (old.has(key) ? [] : [`${nameOf(item)} is new.`])),
  ];
}

function changes(old: object, now: object, name: string): string[] {
  const before = new Map<string, unknown>(Object.entries(old));
  const after = new Map<string, unknown>(Object.entries(now));
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((field) => {
    const [from, to] = [inWords(before.get(field)), inWords(after.get(field))];
    return from === to ? [] : [`${name}: ${field} changes from ${from} to ${to}.`];
  });
}

function groupName(group: ProtectionGroup): string {
  return `Group ${group.groupName}`;
}

function planName(plan: RecoveryPlan): string {
  return `Plan ${plan.planName}`;
}

function waveName(wave: PlanWave): string {
  return `wave ${wave.waveNumber} (${wave.waveName})`;
}

function inWords(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'nothing';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return `“${value}”`;
  if (Array.isArray(value))
    return value.every((item) => typeof item !== 'object') ? value.join(', ') : value.map(sameText).join(', ');
  return typeof value === 'object' ? sameText(value) : String(value);
}

/** The same text for the same fields, in whatever order they stand. */
function sameText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
